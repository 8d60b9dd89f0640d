/* target_match - by what people are recognised who are in a target already: `match` of `target:`. Part of reading.h. */
#include "config/reading.h"
#include "config/target.h"

#include <string.h>

/* What is sent of a person: only that can be compared with what is there. NULL: no memory. */
static const char *const *fields_sent(struct reading *reading, const struct target *target)
{
    size_t most = 0, count = 0;
    for (size_t n = 0; n < target->stream_count; n++)
        most += target->streams[n].of == KIND_person ? target->streams[n].map.rule_count : 0;
    const char **names = reading_get(reading, most + 1, sizeof(*names));
    for (size_t n = 0; names && n < target->stream_count; n++)
        for (size_t r = 0; target->streams[n].of == KIND_person && r < target->streams[n].map.rule_count; r++)
            names[count++] = target->streams[n].map.fields[r].name;
    return (const char *const *)names;
}

/* [ [Number, employee_number], … ]: their field, our field. */
void target_match_check(struct reading *reading, const struct connection *connection, const struct target *target,
                        bool theirs)
{
    const char *what = reading_format(reading, "connection '%s': target: match", connection->name);
    const struct node *list = want_list(reading, target->match, what);
    const char *const *names = list && theirs ? fields_sent(reading, target) : NULL;
    const char *no_field = reading_format(reading, "%s: the map has no field", what);
    for (size_t i = 0; list && i < list->count; i++) {
        const struct node *pair = list->items[i];
        struct path path;
        char why[PATH_WHY];
        if (pair->type != NODE_LIST || pair->count != 2 || pair->items[0]->type != NODE_TEXT ||
            pair->items[1]->type != NODE_TEXT) {
            complain(reading->complaints, pair, "%s: each item is [their field, our field]", what);
            continue;
        }
        if (names)
            want_name(reading, pair->items[0], no_field, pair->items[0]->text, names);
        if (!path_compile(reading->organization->custom, KIND_person, target->per_membership, pair->items[1]->text,
                          &path, why))
            complain(reading->complaints, pair->items[1], "%s: %s", what, why);
    }
}
