/* person_json - one person as JSON: what `muster person --json` prints and what the API answers.
 *
 * The fields by the model's names, then a list for each kind of thing that hangs on the person. A protected value is
 * left out unless the query was unsealed. What could not be read is in query->txn.rc, or the buffer's rc. */
#ifndef QUERY_PERSON_JSON_H
#define QUERY_PERSON_JSON_H

#include "query/belief.h"
#include "query/query.h"

struct person_asked {
    uint64_t id;
    struct belief *belief; /* NULL: as they stand; else as of the query's cut, with the run of each value */
    bool origin;           /* as they stand: with the records behind it, and which one each value is from */
};

/* `person`: its children in order (entity_order_children()). Ends with a newline. */
void person_json(struct query *query, const struct person_asked *asked, const struct entity *person,
                 struct entity *scratch, struct buffer *out);
/* As in a list of people: id, name, number, status, e-mail. */
void person_json_line(struct query *query, uint64_t id, struct image image, struct buffer *out);

/* One of the things that hang on the person; false: it was not there. */
bool person_json_child(struct query *query, const struct person_asked *asked, const struct child *child,
                       struct entity *ret_entity);
/* Whether the field only says whose the thing is. */
bool person_json_owner(enum kind kind, const struct field *field);
/* Among those that query_winners() gave; NULL: the value was worked out. */
const struct query_winner *person_json_winner(const struct query_winner *winners, size_t count, uint16_t field);

#endif
