/* next - what runs next by itself, and why something does not. */
#ifndef CLI_NEXT_H
#define CLI_NEXT_H

#include "cli/pauses.h"
#include "config/occasion.h"

/* Of one connection. */
struct next {
    const struct connection *connection;
    int64_t at_ms;  /* INT64_MAX: no clock starts it */
    const char *by; /* "schedule" … as a trigger is called; "hand", "pause", "quarantine", "authorization", "retry" */
};

/* `ran_ms`: when it ran last, 0: never. `pauses` are those of the organization. */
struct next next_of(const struct connection *connection, const struct zone *zone, int64_t ran_ms,
                    const struct pause *pauses, size_t pause_count, const struct quarantine *aside, size_t aside_count);
/* What the musterd of that state folder is going to try again because it failed, for next_again(); nothing where none
 * runs or it does not hear us. */
void next_ask(const char *state, struct buffer *ret_again);
/* It may be that which comes first. */
void next_again(struct next *next, const char *organization, const struct buffer *again);
/* A line of `status`: "next: 06:30 schedule (hr); by hand only: pay". Sorts the items. */
void next_tell(struct context *context, const struct zone *zone, struct next *items, size_t count);
/* Member "next" of a connection: {at, by}. */
void next_json(const struct next *next, struct buffer *out);

#endif
