/* quarantine - connections and partitions that failed: how often in a row, and from when on they are set aside.
 *
 * After three failed runs in a row a connection is set aside: it is passed
 * over until the next try is due, or a person releases it. The pauses between tries double up to six hours and are a
 * little shorter than that by chance, so that many do not come at once; the first run that comes through ends it all.
 * One whose log-in was refused is set aside at once and not tried again until a secret's content or the organization's
 * file is another, so that no account is locked. Of a connection with several partitions only the one that fails is set
 * aside; when all of them fail at once it is the connection that does.
 *
 * Reading a connection and telling it are counted apart: one that comes through says nothing of the other, and each
 * is passed over, waits and is tried again by itself. That holds for a system that is down, too: each of the two finds
 * that out, and costs it one call per try. A refused log-in is another thing, for both log in with the same options,
 * and a second knock brings an account nearer to being locked: what was refused to reading is not tried for telling
 * either. What was refused to telling does not stop reading: that comes first in a run, so it was let in with the same
 * log-in a moment ago, and if it should not be any more it notices by itself, once. Who logs in otherwise to tell than
 * to read has two connections.
 *
 * A row of before the two were counted apart is one of reading; of a connection that is only told, one of telling. What
 * the organization's file has no more is not set aside.
 *
 * Reads and writes the table `quarantine`; failures are counted in the commit
 * of the run that failed. */
#ifndef ENGINE_QUARANTINE_H
#define ENGINE_QUARANTINE_H

#include "base/buffer.h"
#include "base/zone.h"
#include "config/organization.h"
#include "store/changeset.h"

enum { QUARANTINE_AFTER = 3 };

enum quarantine_of { QUARANTINE_READING, QUARANTINE_TELLING };

struct quarantine {
    const char *connection;
    enum quarantine_of of;     /* what failed */
    bool unmarked;             /* of telling, in a row of before the two were counted apart */
    const char *partition;     /* "" or NULL: all of the connection; telling has no other */
    uint32_t failures;         /* in a row */
    uint32_t run;              /* the last one that failed */
    int rc;                    /* why that one failed */
    int64_t since_ms, last_ms; /* the first and the last of them */
    uint8_t login[32];         /* when a log-in was refused: digest of what it was made of */
    const char *sentence;      /* of the last one */
};

/* Whether a connection is read, or told. */
bool quarantine_concerns(const struct connection *connection, enum quarantine_of of);
/* "reading", "telling" */
const char *quarantine_word(enum quarantine_of of);

/* The failures of a connection, or of one partition of it, that stand; false: none. Texts in the arena. */
bool quarantine_get(struct txn *txn, const struct connection *connection, enum quarantine_of of, const char *partition,
                    struct arena *arena, struct quarantine *ret_quarantine);
/* All of them that are set aside, those of a connection one after the other. 0 or a negative code. */
int quarantine_list(struct txn *txn, const struct organization *organization, struct arena *arena,
                    struct quarantine **ret_items, size_t *ret_count);

/* Whether that is enough to be set aside; the reason code, NULL when not. */
const char *quarantine_reason(const struct quarantine *quarantine);
/* When it is tried again by itself; INT64_MAX: not before something is changed. */
int64_t quarantine_next(const struct quarantine *quarantine);
/* Whether that all of a connection is set aside keeps it from being read, or told. */
bool quarantine_stops(const struct quarantine *quarantine, enum quarantine_of of);

/* What a connection logs in with: its secrets' content, and the organization's file. */
int quarantine_login(const struct organization *organization, const struct connection *connection,
                     const uint8_t key[32], uint8_t ret_digest[32]);

/* One more failure goes into the changeset. */
int quarantine_failed(struct changeset *changeset, const struct quarantine *quarantine);
/* It came through; what stood is as quarantine_get() or quarantine_list() gave it. */
int quarantine_ended(struct changeset *changeset, const struct quarantine *stood);
/* A person lets it go on, at once: one partition, or (NULL) whatever of the connection is set aside, reading as well as
 * telling. ERR_GONE: nothing is. */
int quarantine_release(struct store *store, const struct organization *organization, const char *connection,
                       const char *partition, struct err *err);

/* "set aside since 2026-03-02 07:30: reading it failed 3 times in a row, last with: …. Its next try is due at …" */
void quarantine_sentence(const struct quarantine *quarantine, const struct zone *zone, struct buffer *out);

#endif
