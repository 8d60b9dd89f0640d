/* quarantine - connections and partitions that failed: how often in a row, and from when on they are set aside.
 *
 * After three failed runs in a row a connection is set aside: it is passed
 * over until the next try is due, or a person releases it. The pauses between tries double up to six hours and are a
 * little shorter than that by chance, so that many do not come at once; the first run that comes through ends it all.
 * One whose log-in was refused is set aside at once and not tried again until a secret's content or the organization's
 * file is another, so that no account is locked. A target that cannot be told anything is a connection that fails. Of a
 * connection with several partitions only the one that fails is set aside; when all of them fail at once it is the
 * connection that does.
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

struct quarantine {
    const char *connection;
    const char *partition;     /* "" or NULL: all of the connection */
    uint32_t failures;         /* in a row */
    uint32_t run;              /* the last one that failed */
    int rc;                    /* why that one failed */
    int64_t since_ms, last_ms; /* the first and the last of them */
    uint8_t login[32];         /* when a log-in was refused: digest of what it was made of */
    const char *sentence;      /* of the last one */
};

/* The failures of a connection, or of one partition of it, that stand; false: none. Texts in the arena. */
bool quarantine_get(struct txn *txn, const char *connection, const char *partition, struct arena *arena,
                    struct quarantine *ret_quarantine);
/* All of them that are set aside. 0 or a negative code. */
int quarantine_list(struct txn *txn, struct arena *arena, struct quarantine **ret_items, size_t *ret_count);

/* Whether that is enough to be set aside; the reason code, NULL when not. */
const char *quarantine_reason(const struct quarantine *quarantine);
/* When it is tried again by itself; INT64_MAX: not before something is changed. */
int64_t quarantine_next(const struct quarantine *quarantine);

/* What a connection logs in with: its secrets' content, and the organization's file. */
int quarantine_login(const struct organization *organization, const struct connection *connection,
                     const uint8_t key[32], uint8_t ret_digest[32]);

/* One more failure goes into the changeset; `before` NULL: it is the first. */
int quarantine_failed(struct changeset *changeset, const struct quarantine *quarantine);
/* It came through. */
int quarantine_ended(struct changeset *changeset, const char *connection, const char *partition);
/* A person lets it go on, at once: one partition, or (NULL) whatever of the connection is set aside. ERR_GONE: nothing
 * is. */
int quarantine_release(struct store *store, const char *connection, const char *partition, struct err *err);

/* "set aside since 2026-03-02 07:30: it failed 3 times in a row, last with: …; the next try is due at …" */
void quarantine_sentence(const struct quarantine *quarantine, const struct zone *zone, struct buffer *out);

#endif
