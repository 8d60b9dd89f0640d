/* reader - options one by one, and what is wrong with them: gathered, to be told together. `option` and `member` are
 * the two parts of an option's name, either of which may be "". */
#ifndef REST_READER_H
#define REST_READER_H

#include "rest.h"

struct reader {
    struct rest *rest;
    muster_text complaints;
};

__attribute__((format(printf, 4, 5))) void reader_wrong(struct reader *reader, const char *option, const char *member,
                                                        const char *format, ...);
/* NULL: unset, or nothing. */
const char *reader_text(struct reader *reader, const char *option, const char *member);
/* The name of something in a list; never NULL. */
const char *reader_name(struct reader *reader, const char *option);
int64_t reader_number(struct reader *reader, const char *option, const char *member);
size_t reader_count(struct reader *reader, const char *option, const char *member);
const char *reader_pointer(struct reader *reader, const char *option, const char *member);
/* So many and one more, all zero; NULL: no memory, which is remembered. */
void *reader_many(struct reader *reader, size_t count, size_t size);
/* How far two names are apart; small is near. */
size_t reader_distance(const char *a, const char *b);

#endif
