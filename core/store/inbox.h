/* inbox - what came in for an organization and waits for a run: a small environment beside the store.
 *
 * STATE/organizations/ORG/inbox/ is an LMDB environment of its own, so that who
 * receives never waits for a run that writes. Many events share a commit; when
 * inbox_keep() is back, what it kept is on the disk: in a log beside the
 * tables, which later goes into them as a whole. Each event has the next
 * number. Bodies lie sealed. An event whose business key said the very same
 * last time is kept already. Runs take events in the order in which they came
 * and note how far they are; what they took stays for a while, so that it can
 * be taken again, and goes first when room is needed.
 *
 * It also remembers how far each record is: the latest version that a run saw
 * of it, and whether that was its last word. */
#ifndef STORE_INBOX_H
#define STORE_INBOX_H

#include "base/arena.h"
#include "base/error.h"
#include "base/tidy.h"
#include "store/store.h"
#include "store/vault.h"

struct inbox;

/* Opens that of an organization, `dir` being the organization's folder; once per process, counted. Returns 0, ERR_GONE
 * (without `create`: nothing ever came), or a code with a sentence. */
int inbox_open(const char *dir, const uint8_t master[VAULT_MASTER], const char *organization, bool create,
               struct inbox **ret_inbox, struct err *err);
void inbox_close(struct inbox *inbox);

/* Writes all it holds now as data.mdb of another folder; nobody has to wait. */
int inbox_copy(struct inbox *inbox, const char *folder);

struct inbox_event {
    uint64_t number; /* given by inbox_keep() */
    int64_t received_ms;
    const char *connection, *method;
    const char *route;  /* "/punches/{id}": as the connector declares it */
    const char *target; /* "/punches/987?x=y": as it was called */
    const char *type;   /* of its body; "" */
    const char *key;    /* what makes two of them the same thing; NULL: nothing but their bodies */
    bool apart;         /* no two of them are: it is kept, whatever was kept before */
    struct bytes body;
    int rc;     /* ret: what became of it */
    bool known; /* ret: the same was kept before */
};

/* Keeps all of them, or those that there is room for, in one durable commit. Each one's rc is 0, or ERR_LIMIT: there is
 * no room for it. Returns 0, or what failed for all. `most`: bytes in all. */
int inbox_keep(struct inbox *inbox, struct inbox_event *const *events, size_t count, uint64_t most);

/* Events of one connection behind number `after`, in their order, at most so many and so many bytes (one at least).
 * They live in the arena. */
int inbox_read(struct inbox *inbox, const char *connection, uint64_t after, size_t most, size_t most_bytes,
               struct arena *arena, struct inbox_event **ret_events, size_t *ret_count);
/* Up to which number runs have taken them. */
int inbox_taken(struct inbox *inbox, const char *connection, uint64_t *ret_number);
/* Whether any waits behind that number. */
int inbox_waits(struct inbox *inbox, const char *connection, bool *ret_waits);

/* How far a record is. */
struct inbox_version {
    const char *stream, *id;
    const char *version; /* "": it says none */
    bool last;           /* nothing comes after it */
};
/* False: nothing is known of it. Texts in the arena. */
int inbox_version(struct inbox *inbox, const char *connection, const char *stream, const char *id, struct arena *arena,
                  bool *ret_known, struct inbox_version *ret_version);

/* A run took all up to `number`, and these records are so far now. What was taken before `kept_ms` is let go. */
int inbox_done(struct inbox *inbox, const char *connection, uint64_t number, const struct inbox_version *versions,
               size_t count, int64_t kept_ms);
/* Lets go of all that was taken; how many events that were. */
int inbox_let_go(struct inbox *inbox, const char *connection, uint64_t *ret_gone);

struct inbox_count {
    uint64_t events, bytes;
};
int inbox_count(struct inbox *inbox, struct inbox_count *ret_count);

DEFINE_TIDY(struct inbox *, inbox_close)

#endif
