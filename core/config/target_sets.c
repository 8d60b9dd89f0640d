/* target_sets - streams of a target that are written in sets, as a connector says: checked when the file is read. Part
 * of reading.h. */
#include "config/reading.h"
#include "config/target.h"

#include <muster/connector.h>
#include <string.h>

void target_sets_check(struct reading *reading, const struct target_stream *stream, const char *what)
{
    const struct target_map *map = &stream->map;
    const char *set = stream->description ? stream->description->set : NULL;
    for (const char *at = set; at && *at; at += strspn(at, " ")) {
        int len = (int)strcspn(at, " ");
        const struct rule *rule = NULL;
        bool seen = true;
        for (size_t r = 0; r < map->rule_count; r++)
            if (strncmp(map->fields[r].name, at, (size_t)len) == 0 && !map->fields[r].name[len])
                rule = &map->rules[r];
        for (size_t n = 0; rule && n < rule->column_count; n++) {
            const struct field *field = map->paths[rule->columns[n]].field;
            seen &= !field || field->sensitivity != SENSITIVITY_protected;
        }
        if (!rule)
            complain(reading->complaints, stream->node, "%s is written in sets of '%s': map '%.*s'", what, set, len,
                     at);
        else if (!seen || rule->how == FROM_COLUMNS)
            complain(reading->complaints, rule->node ? rule->node : stream->node,
                     "%s is written in sets of '%s': '%.*s' cannot come from a protected value, or from several", what,
                     set, len, at);
        at += len;
    }
}
