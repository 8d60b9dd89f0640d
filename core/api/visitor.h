/* visitor - one request to the API: who asks, for what, and what the request says of it. */
#ifndef API_VISITOR_H
#define API_VISITOR_H

#include "api/operation.h"
#include "api/shelf.h"
#include "web/web.h"

struct api;

struct said { /* a value of a parameter */
    const struct parameter *parameter;
    const char *text; /* of TYPE_PAIRS "name=value" */
};

struct visitor {
    struct web_request *request;
    struct api *api;
    const struct operation *operation;
    struct badges *badges;
    struct badge *badge;
    struct shelf *shelf;
    struct book *book;        /* taken */
    const char *organization; /* NULL: the operation is of none */
    struct arena *arena;
    struct said *said; /* in the order of the operation's parameters */
    size_t said_count, said_room;
    int64_t began_ms;
};

/* A problem document (RFC 9457) with members of our own: `reason` for programs, where it is wrong (NULL: nowhere), and
 * a way out (NULL: none). */
struct trouble {
    unsigned status;
    const char *reason, *place, *next;
};
bool visitor_refuse(struct visitor *visitor, const struct trouble *trouble, const char *format, ...)
    __attribute__((format(printf, 3, 4))); /* always true: the answer is made */
/* As it belongs to a code of ours. */
bool visitor_fails(struct visitor *visitor, int rc, const struct err *err);

/* Reads path, query and, if it has come, the body. False: what is wrong is the answer. */
bool visitor_reads(struct visitor *visitor, bool body);

/* NULL: not said. */
const char *visitor_text(const struct visitor *visitor, const char *name);
bool visitor_flag(const struct visitor *visitor, const char *name);
/* False: the number is out of bounds, and that is the answer. */
bool visitor_number(struct visitor *visitor, const char *name, uint64_t least, uint64_t most, uint64_t otherwise,
                    uint64_t *ret_number);

/* The organization's book, given back by visitor_closes(). False: there is none, and that is the answer. */
bool visitor_opens(struct visitor *visitor);
/* The same, and ERR_GONE as an answer where it has no store yet. */
bool visitor_opens_store(struct visitor *visitor);
/* The book goes back: while the answer is on its way others read. */
void visitor_closes(struct visitor *visitor);
void visitor_done(struct visitor *visitor);

/* Where a page begins: what `cursor` says was told last; 0: at the beginning. */
bool visitor_page(struct visitor *visitor, uint64_t *ret_after, uint64_t *ret_limit);
/* The end of {"items":[…]. `after` 0: there is no more. */
void visitor_page_ends(struct visitor *visitor, uint64_t after);

/* Answers 200 with an ETag of the body; 304 when the caller has that one. */
void visitor_answers(struct visitor *visitor);

#endif
