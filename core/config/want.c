/* want - asks a node for the shape it must have. Part of reading.h. */
#include "config/reading.h"

#include "base/date.h"
#include "config/quantity.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void *reading_get(struct reading *reading, size_t count, size_t size)
{
    void *memory = arena_get(reading->arena, count * size);
    if (!memory)
        reading->rc = -ENOMEM;
    return memory;
}

const char *reading_format(struct reading *reading, const char *format, ...)
{
    char text[600];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    const char *copy = arena_text(reading->arena, text);
    if (!copy)
        reading->rc = -ENOMEM;
    return copy ? copy : "";
}

static const struct node *want_type(struct reading *reading, const struct node *node, const char *what,
                                    enum node_type type, const char *as)
{
    if (!node || node->type == type)
        return node;
    complain(reading->complaints, node, "%s must be %s", what, as);
    return NULL;
}

const struct node *want_map(struct reading *reading, const struct node *node, const char *what)
{
    return want_type(reading, node, what, NODE_MAP, "a map of keys and values");
}

const struct node *want_list(struct reading *reading, const struct node *node, const char *what)
{
    return want_type(reading, node, what, NODE_LIST, "a list, as in [a, b]");
}

const char *want_text(struct reading *reading, const struct node *node, const char *what)
{
    node = want_type(reading, node, what, NODE_TEXT, "one text");
    if (!node)
        return NULL;
    if (node->text[0] == '\0') {
        complain(reading->complaints, node, "%s is empty", what);
        return NULL;
    }
    return node->text;
}

const char *const *want_texts(struct reading *reading, const struct node *node, const char *what)
{
    if (!node)
        return NULL;
    if (node->type == NODE_MAP) {
        complain(reading->complaints, node, "%s must be a list of texts", what);
        return NULL;
    }
    size_t count = node->type == NODE_LIST ? node->count : 1;
    const char **texts = reading_get(reading, count + 1, sizeof(*texts));
    bool good = texts != NULL;
    for (size_t i = 0; good && i < count; i++) {
        const char *text = want_text(reading, node->type == NODE_LIST ? node->items[i] : node, what);
        good = text != NULL;
        texts[i] = text;
    }
    return good ? (const char *const *)texts : NULL;
}

int want_word(struct reading *reading, const struct node *node, const char *what, const char *const *words)
{
    const char *text = want_text(reading, node, what);
    if (!text)
        return -1;
    char list[400] = "";
    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], text) == 0)
            return i;
        size_t len = strlen(list);
        snprintf(list + len, sizeof(list) - len, "%s%s", i ? ", " : "", words[i]);
    }
    const char *nearest = nearest_name(text, words);
    if (nearest)
        complain(reading->complaints, node, "%s: '%s' is none of %s: did you mean '%s'?", what, text, list, nearest);
    else
        complain(reading->complaints, node, "%s: '%s' is none of %s", what, text, list);
    return -1;
}

bool want_bool(struct reading *reading, const struct node *node, const char *what, bool otherwise)
{
    int value = -1;
    const char *text = want_text(reading, node, what);
    if (!text)
        return otherwise;
    if (!quantity_bool(text, &value))
        complain(reading->complaints, node, "%s must be true or false", what);
    return value < 0 ? otherwise : value == 1;
}

unsigned want_count(struct reading *reading, const struct node *node, const char *what, unsigned min, unsigned max,
                    unsigned otherwise)
{
    int64_t value = 0;
    const char *text = want_text(reading, node, what);
    if (!text)
        return otherwise;
    if (quantity_integer(text, &value) && value >= (int64_t)min && value <= (int64_t)max)
        return (unsigned)value;
    complain(reading->complaints, node, "%s must be a whole number from %u to %u", what, min, max);
    return otherwise;
}

int64_t want_duration(struct reading *reading, const struct node *node, const char *what, int64_t otherwise)
{
    int64_t seconds;
    const char *text = want_text(reading, node, what);
    if (!text)
        return otherwise;
    if (quantity_seconds(text, false, &seconds))
        return seconds * 1000;
    complain(reading->complaints, node, "%s must be a length of time, as in 30s, 15m, 1h, 2d, 3w or 1y", what);
    return otherwise;
}

uint64_t want_bytes(struct reading *reading, const struct node *node, const char *what, uint64_t otherwise)
{
    uint64_t bytes;
    const char *text = want_text(reading, node, what);
    if (!text)
        return otherwise;
    if (quantity_bytes(text, &bytes))
        return bytes;
    complain(reading->complaints, node, "%s must be a size, as in 64MB or 4 MiB", what);
    return otherwise;
}

double want_percent(struct reading *reading, const struct node *node, const char *what, bool bare)
{
    double percent;
    const char *text = want_text(reading, node, what);
    if (!text)
        return -1;
    if (quantity_percent(text, bare, &percent))
        return percent;
    complain(reading->complaints, node, "%s must be a share from 0%% to 100%%, as in 5%%", what);
    return -1;
}

const char *want_day(struct reading *reading, const struct node *node, const char *what)
{
    struct date date;
    const char *text = want_text(reading, node, what);
    if (!text || date_read(text, strlen(text), &date))
        return text;
    complain(reading->complaints, node, "%s must be a day that exists, as in 2026-07-01", what);
    return NULL;
}

bool has_name(const char *const *names, const char *name)
{
    for (size_t i = 0; names && names[i]; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

bool want_name(struct reading *reading, const struct node *node, const char *what, const char *name,
               const char *const *names)
{
    enum { FEW = 6 };
    char known[200] = "";
    if (has_name(names, name))
        return true;
    const char *nearest = nearest_name(name, names);
    for (size_t i = 0, told = 0; !nearest && names && names[i]; i++) {
        size_t len = strlen(known), before = 0;
        while (strcmp(names[before], names[i]) != 0)
            before++;
        if (before < i)
            continue; /* what stands twice in the file is known once */
        snprintf(known + len, sizeof(known) - len, "%s%s", i ? ", " : "; known: ", names[i]);
        if (told++ == FEW || len + strlen(names[i]) + 2 >= sizeof(known)) {
            known[0] = '\0'; /* too many to be of help */
            break;
        }
    }
    complain(reading->complaints, node, "%s '%s'%s%s%s%s", what, name, known, nearest ? ": did you mean '" : "",
             nearest ? nearest : "", nearest ? "'?" : "");
    return false;
}

const struct node *key_node(const struct node *map, const char *key)
{
    for (size_t i = 0; map && map->type == NODE_MAP && i < map->count; i++)
        if (strcmp(map->keys[i]->text, key) == 0)
            return map->keys[i];
    return map;
}

bool name_valid(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len <= 64 && name[0] != '_' && name[0] != '-' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

const char *const *field_names(struct reading *reading, enum kind kind)
{
    const struct field *custom = kind == KIND_person ? reading->organization->custom : NULL;
    size_t count = 0;
    while (field_nth(kind, count))
        count++;
    for (size_t i = 0; custom && custom[i].name; i++)
        count++;
    const char **names = reading_get(reading, count + 1, sizeof(*names));
    if (!names)
        return NULL;
    count = 0;
    for (size_t n = 0; field_nth(kind, n); n++)
        names[count++] = field_nth(kind, n)->name;
    for (size_t i = 0; custom && custom[i].name; i++)
        names[count++] = custom[i].name;
    return (const char *const *)names;
}
