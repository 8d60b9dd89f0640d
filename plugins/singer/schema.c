/* schema - what a tap says of its properties, in JSON Schema, as types of ours.
 *
 * A value's own type in JSON counts first; what a schema adds is which texts are days, times and decimals. */
#include "singer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEEP = 8, NAME_ROOM = 300 };

/* What a property may be: bits. */
enum {
    OF_TEXT = 1,
    OF_INTEGER = 2,
    OF_NUMBER = 4,
    OF_BOOL = 8,
    OF_OBJECT = 16,
    OF_LIST = 32,
    OF_DATE = 64,
    OF_TIME = 128,
    OF_DATETIME = 256,
    OF_DECIMAL = 512
};

static unsigned bit_of(const char *type, const char *format)
{
    static const struct {
        const char *word;
        unsigned bit;
    } types[] = {{"integer", OF_INTEGER},
                 {"number", OF_NUMBER},
                 {"boolean", OF_BOOL},
                 {"object", OF_OBJECT},
                 {"array", OF_LIST}},
      formats[] = {{"date", OF_DATE}, {"time", OF_TIME}, {"date-time", OF_DATETIME}, {"singer.decimal", OF_DECIMAL}};
    for (size_t n = 0; n < sizeof(types) / sizeof(*types); n++)
        if (strcmp(types[n].word, type) == 0)
            return types[n].bit;
    if (strcmp(type, "string") != 0)
        return 0; /* null, and what no schema knows */
    for (size_t n = 0; format && n < sizeof(formats) / sizeof(*formats); n++)
        if (strcmp(formats[n].word, format) == 0)
            return formats[n].bit;
    return OF_TEXT;
}

static unsigned bits_of(const muster_node *property, int depth)
{
    static const char *const several[] = {"anyOf", "oneOf", "allOf"};
    const muster_node *type = muster_node_member(property, "type");
    const char *format = muster_node_text(muster_node_member(property, "format"));
    unsigned bits = 0;
    if (type && type->kind == MUSTER_NODE_TEXT)
        bits |= bit_of(type->text, format);
    for (const muster_node *one = muster_node_first(type); one; one = one->next)
        if (one->kind == MUSTER_NODE_TEXT)
            bits |= bit_of(one->text, format);
    for (size_t n = 0; n < 3 && depth < DEEP; n++)
        for (const muster_node *one = muster_node_first(muster_node_member(property, several[n])); one; one = one->next)
            bits |= bits_of(one, depth + 1);
    return bits;
}

int32_t schema_of(const muster_node *property, bool *ret_object)
{
    unsigned bits = bits_of(property, 0);
    *ret_object = bits == OF_OBJECT && muster_node_first(muster_node_member(property, "properties"));
    switch (bits) {
    case OF_INTEGER: return MUSTER_INTEGER;
    case OF_NUMBER:
    case OF_NUMBER | OF_INTEGER:
    case OF_DECIMAL: return MUSTER_DECIMAL;
    case OF_BOOL: return MUSTER_BOOL;
    case OF_DATE: return MUSTER_DATE;
    case OF_TIME: return MUSTER_TIME;
    case OF_DATETIME: return MUSTER_DATETIME;
    case OF_OBJECT:
    case OF_LIST: return MUSTER_JSON;
    default: return MUSTER_TEXT;
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct schema_path *)a)->name, ((const struct schema_path *)b)->name);
}

static bool path_add(struct schema *schema, const char *name, int32_t type)
{
    if (schema->count == schema->room) {
        size_t room = schema->room * 2 + 32;
        struct schema_path *paths = realloc(schema->paths, room * sizeof(*paths));
        if (!paths)
            return false;
        schema->paths = paths;
        schema->room = room;
    }
    char *copy = strdup(name);
    if (copy)
        schema->paths[schema->count++] = (struct schema_path){copy, type};
    return copy != NULL;
}

static bool properties_read(const muster_node *json, const char *prefix, int depth, struct schema *schema)
{
    bool good = true;
    for (const muster_node *one = muster_node_first(muster_node_member(json, "properties")); one && good;
         one = one->next) {
        char name[NAME_ROOM], inner[NAME_ROOM + 1];
        bool object;
        int32_t type = schema_of(one, &object);
        if (snprintf(name, sizeof(name), "%s%s", prefix, one->name) >= NAME_ROOM)
            continue;
        if (type == MUSTER_DATE || type == MUSTER_TIME || type == MUSTER_DATETIME ||
            (type == MUSTER_DECIMAL && bits_of(one, 0) == OF_DECIMAL))
            good = path_add(schema, name, type);
        snprintf(inner, sizeof(inner), "%s.", name);
        if (object && depth < DEEP)
            good = good && properties_read(one, inner, depth + 1, schema);
    }
    return good;
}

bool schema_read(const muster_node *json, struct schema *schema)
{
    *schema = (struct schema){0};
    if (!properties_read(json, "", 0, schema)) {
        schema_done(schema);
        return false;
    }
    if (schema->count > 0)
        qsort(schema->paths, schema->count, sizeof(*schema->paths), by_name);
    return true;
}

void schema_done(struct schema *schema)
{
    for (size_t n = 0; n < schema->count; n++)
        free(schema->paths[n].name);
    free(schema->paths);
    *schema = (struct schema){0};
}

int32_t schema_type(const struct schema *schema, const char *name)
{
    const struct schema_path key = {(char *)(uintptr_t)name, 0}, *found = NULL;
    if (schema->count > 0)
        found = bsearch(&key, schema->paths, schema->count, sizeof(key), by_name);
    return found ? found->type : MUSTER_TEXT;
}
