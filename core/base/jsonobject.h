/* jsonobject - the members of one JSON object, without building a tree: numbers keep the digits they were written with.
 *
 * The whole text is checked (RFC 8259, nesting at most 100 deep) while it is
 * walked. Nested objects and arrays are handed over as their own text. */
#ifndef BASE_JSONOBJECT_H
#define BASE_JSONOBJECT_H

#include <stddef.h>

enum jsonobject_type { JSONOBJECT_NULL, JSONOBJECT_BOOL, JSONOBJECT_NUMBER, JSONOBJECT_STRING, JSONOBJECT_NESTED };

struct jsonobject_member {
    const char *name; /* escapes resolved; lives until the function returns */
    size_t name_len;
    enum jsonobject_type type;
    const char *text; /* a string: escapes resolved, terminated; else as written, not terminated */
    size_t text_len;
};

typedef int jsonobject_fn(void *context, const struct jsonobject_member *member);

/* Calls the function for each member in order. Returns 0, what the function returned, -ENOMEM, or ERR_DATA with
 * *ret_why and the byte where it is (from 0). */
int jsonobject_split(const char *json, size_t len, jsonobject_fn *each, void *context, const char **ret_why,
                     size_t *ret_at);

#endif
