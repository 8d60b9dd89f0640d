/* act_inside - what the files of acts share: acts (the queue), act_words (the command line), act_reply (the answer). */
#ifndef API_ACT_INSIDE_H
#define API_ACT_INSIDE_H

#include "api/acts.h"
#include "api/child.h"
#include "api/record.h"

struct waiter { /* a request that is to be answered */
    struct waiter *next;
    struct visitor *visitor;
    int64_t until_ms; /* by the steady clock; 0: it waits for the end, however long */
};

struct act {
    struct act *next;
    const struct operation *operation;
    struct arena *arena;
    struct shelf *shelf; /* whose settings it goes by */
    const char *organization, *badge;
    char id[RECORD_ID];
    bool keyed; /* has an Idempotency-Key */
    uint8_t request[DIGEST_SHA256];
    const char **words;
    struct child *child; /* NULL: it waits for its turn */
    int64_t began_ms;
    uint64_t after, limit; /* of pages */
    bool later;            /* somebody was answered 202 */
    struct waiter *waiters;
    struct web_reply reply; /* when it has ended */
};

static inline bool act_asks(const struct act *act)
{
    return act->operation->shape != SHAPE_ACT;
}

/* The words of `muster` that the request stands for, in the arena. -ENOMEM. */
int act_words(const struct visitor *visitor, struct arena *arena, const char ***ret_words);
/* What came of it, as act->reply. */
void act_reply(struct act *act, const struct child_end *end);
/* {"act":…,"verb":…,"status":…: its beginning. */
void act_head(const struct act *act, const char *status, struct buffer *out);

#endif
