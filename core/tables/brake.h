/* brake - connections that a person has paused: nothing is asked of them until they are resumed.
 *
 * Reads and writes the table `brake`. A pause is stated while a run may be
 * going: it takes no run.lock and is a transaction of its own; the run that is
 * going ends as it would have, the next one does not begin. */
#ifndef TABLES_BRAKE_H
#define TABLES_BRAKE_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/zone.h"
#include "store/store.h"

struct pause {
    const char *connection; /* "": the whole organization */
    const char *author, *reason;
    int64_t since_ms, until_ms; /* until_ms 0: until somebody resumes it */
};

/* States it, in the place of one that stands. Returns 0 or what the store said. */
int brake_pause(struct store *store, const struct pause *pause, struct err *err);
/* Takes it back. ERR_GONE: that one is not paused, or not any more. */
int brake_resume(struct store *store, const char *connection, int64_t now_ms, struct err *err);

/* What holds a connection now: its own pause, else the organization's. Texts in the arena. */
bool brake_paused(struct txn *txn, const char *connection, int64_t now_ms, struct arena *arena,
                  struct pause *ret_pause);
/* All that stand now, the organization's first. 0 or a negative code. */
int brake_list(struct txn *txn, int64_t now_ms, struct arena *arena, struct pause **ret_pauses, size_t *ret_count);

/* "paused by sam since 2026-03-02 07:30 until 2026-03-09 07:30: payroll is being migrated" */
void brake_sentence(const struct pause *pause, const struct zone *zone, struct buffer *out);

#endif
