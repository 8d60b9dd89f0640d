/* json - golden records as JSON, with the model's names. */
#ifndef QUERY_JSON_H
#define QUERY_JSON_H

#include "query/query.h"

/* A value: text, number, true, a reference as {"id":…} with its natural key, null. Protected values only when the
 * query is unsealed and `entity` is given; else null. */
void json_value(struct query *query, const struct entity *entity, const struct field *field, struct value value,
                struct buffer *out);
/* Members of an object: id, then the fields (NULL: all, else these, ended by NULL, where KIND_NONE
 * stands for the id); protected ones only when unsealed. */
void json_entity(struct query *query, enum kind kind, uint64_t id, const struct entity *entity,
                 const struct field *const *fields, struct buffer *out);

#endif
