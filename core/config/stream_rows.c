/* stream_rows - a mapping held against what its connector says of the rows. */
#include "config/stream_rows.h"

#include "base/text.h"
#include "config/target.h"

#include <muster/connector.h>
#include <stdio.h>
#include <string.h>

static bool same(const char *a, size_t a_len, const char *b)
{
    return text_same(a, a_len, b, strlen(b));
}

static bool has(const struct muster_stream *declared, const char *name, size_t len)
{
    for (const struct muster_field *field = declared->fields; field && field->name; field++) {
        size_t own = strlen(field->name);
        bool within = field->type == MUSTER_JSON && len > own && (name[own] == '.' || name[own] == '[');
        if (same(name, within ? own : len, field->name))
            return true;
    }
    return false;
}

/* "scope[].department" is the member of a list that the rows have, a field "scope.department", or the row's own. */
static bool has_member(const struct muster_stream *declared, const char *column)
{
    const char *brackets = strstr(column, "[].");
    char joined[300];
    if (!brackets)
        return false;
    snprintf(joined, sizeof(joined), "%.*s.%s", (int)(brackets - column), column, brackets + 3);
    return has(declared, column, (size_t)(brackets - column)) || has(declared, joined, strlen(joined)) ||
           has(declared, brackets + 3, strlen(brackets + 3));
}

static bool has_column(const struct muster_stream *declared, const struct mapping *mapping, size_t nth)
{
    const char *column = mapping->columns[nth];
    if (mapping->beside && mapping->beside[nth] == COLUMN_ASIDE)
        return true; /* asked for by a list alone, which is looked at by itself */
    return has(declared, column, strlen(column)) || has_member(declared, column);
}

enum { NAMES_MOST = 512 };

/* What the file has written of a column: of an item's, the member. */
static const char *written(const char *column)
{
    const char *brackets = strstr(column, "[].");
    return brackets ? brackets + 3 : column;
}

static const char *near_to(const struct muster_stream *declared, const char *column)
{
    const char *names[NAMES_MOST + 1] = {0};
    for (size_t n = 0; n < NAMES_MOST && declared->fields[n].name; n++)
        names[n] = declared->fields[n].name;
    return nearest_name(column, names);
}

static const struct node *place_of(const struct mapping *mapping, const char *column)
{
    const struct node *place = mapping->node;
    mapping_column_nodes(mapping, column, &place, 1);
    return place;
}

/* One letter more, less, another or two exchanged; of names that are told apart by a number none is meant for another.
 */
static bool one_slip(const char *a, const char *b)
{
    size_t before = 0, behind = 0, a_len = strlen(a), b_len = strlen(b), longer = a_len > b_len ? a_len : b_len;
    while (a[before] && a[before] == b[before])
        before++;
    while (behind < a_len - before && behind < b_len - before && a[a_len - 1 - behind] == b[b_len - 1 - behind])
        behind++;
    bool number = strchr("0123456789", a[before]) || strchr("0123456789", b[before]);
    bool exchanged =
        a_len == b_len && before + behind + 2 == a_len && a[before] == b[before + 1] && a[before + 1] == b[before];
    return longer > 3 && !number && (before + behind + 1 >= longer || exchanged);
}

const char *stream_rows_near(const struct muster_stream *declared, const struct mapping *mapping, size_t column,
                             const struct node **ret_place)
{
    const char *name = written(mapping->columns[column]);
    if (has_column(declared, mapping, column))
        return NULL;
    *ret_place = place_of(mapping, name);
    const char *near = (*ret_place)->shipped ? NULL : near_to(declared, name);
    return near && one_slip(name, near) ? near : NULL;
}

enum { LIST_ROOM = 300 };

/* "; known: no, name"; of very many none is of help. */
static void list_write(const struct muster_stream *declared, char ret_list[LIST_ROOM])
{
    size_t len = 0;
    ret_list[0] = '\0';
    for (const struct muster_field *field = declared->fields; field->name; field++) {
        if (len + strlen(field->name) + 12 > LIST_ROOM) {
            ret_list[0] = '\0';
            return;
        }
        len += (size_t)snprintf(ret_list + len, LIST_ROOM - len, "%s%s", len == 0 ? "; known: " : ", ", field->name);
    }
}

static void columns_check(struct complaints *complaints, const struct connection *connection,
                          const struct muster_stream *declared, const struct mapping *mapping)
{
    for (size_t n = 0; n < mapping->column_count; n++) {
        const char *name = written(mapping->columns[n]), *near = NULL;
        char list[LIST_ROOM] = "";
        if (has_column(declared, mapping, n))
            continue;
        near = near_to(declared, name);
        list_write(declared, list);
        complain(complaints, place_of(mapping, name), "connection '%s': stream '%s' has no column '%s'%s%s%s",
                 connection->name, mapping->stream, name, near ? ": did you mean '" : "", near ? near : list,
                 near ? "'?" : "");
    }
}

void stream_rows_check(struct complaints *complaints, const struct connection *connection,
                       const struct muster_stream *declared, const struct mapping *mapping)
{
    if ((declared->flags & MUSTER_KEYLESS) && !mapping->key && !mapping->lookup)
        complain(complaints, mapping->node,
                 "connection '%s': stream '%s' has no key, and its rows have no ids of their own: say which column "
                 "tells one row from another, as in key: COLUMN",
                 connection->name, mapping->stream);
    if ((declared->flags & MUSTER_CLOSED) && declared->fields)
        columns_check(complaints, connection, declared, mapping);
}

bool stream_is_used(const struct connection *connection, const char *stream)
{
    for (const struct mapping *const *at = connection->mappings; at && *at; at++)
        if (strcmp((*at)->stream, stream) == 0)
            return true;
    return target_stream(connection->target, stream) != NULL;
}
