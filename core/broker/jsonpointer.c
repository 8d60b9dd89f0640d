/* jsonpointer - one value of a JSON text by its pointer. */
#include "broker/jsonpointer.h"

#include "base/error.h"
#include "base/jsonobject.h"

#include <stdbool.h>

struct search {
    const char *name; /* of the member, as the pointer writes it */
    size_t name_len;
    const char *rest; /* of the pointer */
    struct buffer *out;
    bool found;
};

/* A name in a pointer writes '~' as ~0 and '/' as ~1. */
static bool names(const struct search *search, const struct jsonobject_member *member)
{
    size_t at = 0;
    for (size_t i = 0; i < search->name_len; i++, at++) {
        char c = search->name[i];
        if (c == '~' && i + 1 < search->name_len)
            c = search->name[++i] == '1' ? '/' : '~';
        if (at >= member->name_len || member->name[at] != c)
            return false;
    }
    return at == member->name_len;
}

static int look(void *context, const struct jsonobject_member *member)
{
    struct search *search = context;
    if (search->found || !names(search, member) || member->type == JSONOBJECT_NULL)
        return 0;
    if (*search->rest && member->type != JSONOBJECT_NESTED)
        return 0;
    if (*search->rest) {
        int rc = jsonpointer_get(member->text, member->text_len, search->rest, search->out);
        search->found = rc == 0;
        return rc == ERR_GONE ? 0 : rc;
    }
    buffer_add(search->out, member->text, member->text_len);
    search->found = true;
    return search->out->rc;
}

int jsonpointer_get(const char *json, size_t len, const char *pointer, struct buffer *out)
{
    const char *why = NULL;
    size_t at = 0;
    struct search search = {.name = pointer + (*pointer == '/'), .out = out};
    search.name_len = strcspn(search.name, "/");
    search.rest = search.name + search.name_len;
    int rc = jsonobject_split(json, len, look, &search, &why, &at);
    return rc ? rc : search.found ? 0 : ERR_GONE;
}
