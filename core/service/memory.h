/* memory - when each trigger was last answered, kept over a restart: STATE/musterd/times, a line each. */
#ifndef SERVICE_MEMORY_H
#define SERVICE_MEMORY_H

#include "service/timetable.h"

struct memory;

/* Reads what is kept; nothing, or something damaged, is an empty memory. NULL: out of memory. */
struct memory *memory_open(const char *state);
void memory_free(struct memory *memory);
int64_t memory_get(void *memory, const char *organization, const char *key); /* fits timetable_memory_fn */
/* Keeps what the timetable says, in the place of all that was kept. 0 or a negative errno; then the old one stays. */
int memory_keep(const char *state, const struct timetable *timetable);

DEFINE_TIDY(struct memory *, memory_free)

#endif
