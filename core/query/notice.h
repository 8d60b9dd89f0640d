/* notice - what somebody who is to be told has not been told yet: one message per cause until it changes, and one when
 * it is over.
 *
 * A cause is a kind of thing that waits (told again when something new waits),
 * or a connection that failed, was paused or set aside (told again when it is
 * for another reason). The message has counts, ids and names of connections,
 * nothing about people. What was told is kept in `meta.told`, by the address. */
#ifndef QUERY_NOTICE_H
#define QUERY_NOTICE_H

#include "query/query.h"

struct cause {
    enum notify_when what;
    const char *connection; /* "": of the whole organization, or of what waits */
    const char *only;       /* "reading", "telling": the other one goes on; NULL: all of it */
    uint64_t count, newer;  /* of what waits; newer: not told yet */
    uint64_t first[WAIT_TALLY_FIRST];
    uint32_t run;
    int64_t since_ms;
    uint64_t mark; /* what makes it another one */
    bool fresh;    /* not told yet */
    bool over;     /* was told, and is no more */
};

struct notice {
    const struct notify *notify;
    struct cause *causes; /* those that stand, then those that are over */
    size_t count;
    size_t fresh, over;
    int64_t day; /* local, of now */
    bool due;    /* there is something to be told now */
};

/* Looks at one snapshot; memory is the query's. Returns 0 or a negative code. */
int notice_make(struct query *query, const struct notify *notify, int64_t now_ms, struct notice *ret_notice);
/* It was told: kept, so that it is not told again. */
int notice_told(struct store *store, const struct notice *notice, struct err *err);

/* notice_text.c: "muster: acme: 2 dead letters, hr failed", and the message itself. */
void notice_subject(const struct query *query, const struct notice *notice, struct buffer *out);
void notice_body(const struct query *query, const struct notice *notice, int64_t now_ms, struct buffer *out);

#endif
