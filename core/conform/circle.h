/* circle - whether a call still gets anywhere: whether anything new comes of what it asks.
 *
 * A connector that asks for page after page without end would be waited for
 * until a limit ends it. A question was in vain when what came of it had come
 * before in this call: the answer, and all records that were given after it. Many
 * in vain, one after the other, are a circle: a thousand that were asked before,
 * ten thousand of others (a day each may well be empty for years), and one more
 * for whatever the system may have named, about which somebody asks in turn. */
#ifndef CONFORM_CIRCLE_H
#define CONFORM_CIRCLE_H

#include "broker/cassette.h"
#include "lane/lane.h"

enum { CIRCLE_MOST = 10000, CIRCLE_AGAIN = 10, CIRCLE_NAMED = 8 }; /* one asked again counts as ten; bytes of a name */

struct circle_set {
    uint64_t *seen; /* digests; 0: free */
    size_t count, room;
};

struct circle {
    struct circle_set questions, answers, records;
    size_t named;       /* bytes of all answers that brought news, also to calls before */
    size_t vain, spent; /* questions in vain since the last news; what they count */
    /* of the last question */
    bool asks, again, new_answer, new_record, known_record;
    size_t answer_len;
    bool round;
    char text[500]; /* a sentence, once it is round */
};

/* Of the next call. */
void circle_begin(struct circle *circle);
void circle_done(struct circle *circle);
/* One more question and its answer. True: it goes round, and circle->text says how. */
bool circle_exchange(struct circle *circle, const struct exchange *exchange);
/* One more record. */
void circle_record(struct circle *circle, const struct lane_record *record);

#endif
