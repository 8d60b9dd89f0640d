/* record - a record of a list as records of the host: its fields by the table, or all that it has by their names; a row
 * for each element of a list in it, where the description asks for that. */
#include "rest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_ROOM = 300, ID_ROOM = 400 };

struct row {
    struct rows *rows;
    const muster_node *record, *element; /* element: of the list that rows are made of; NULL: there is none */
    muster_record *made;
    const char *id, *place;
    muster_text room;
};

/* ---- places ---- */

const muster_node *place_node(const struct place *place, const muster_node *record, const muster_node *row,
                              const muster_node *parent, const struct part *part, const char **ret_text)
{
    *ret_text = NULL;
    if (place->base == BASE_PARTITION) {
        *ret_text = !part                                  ? NULL
                    : strcmp(place->pointer, ".name") == 0 ? (part->name ? part->name : part->id)
                    : strcmp(place->pointer, ".url") == 0  ? part->url
                                                           : part->id;
        return NULL;
    }
    const muster_node *root = place->base == BASE_ROW ? row : place->base == BASE_PARENT ? parent : record;
    return root ? muster_node_at(root, place->pointer) : NULL;
}

static const char *text_at(const struct rows *rows, const struct place *place, const muster_node *record,
                           const muster_node *element)
{
    const char *text;
    const muster_node *node = place_node(place, record, element, rows->parent, rows->part, &text);
    return text ? text : muster_node_text(node);
}

/* One value, or several with bars between them. False: one is not there. */
static bool id_write(const struct rows *rows, const muster_node *record, char ret_id[ID_ROOM])
{
    size_t len = 0;
    for (size_t n = 0; n < rows->resource->id_count; n++) {
        const char *text = text_at(rows, &rows->resource->ids[n], record, NULL);
        if (!text || !*text)
            return false;
        len += (size_t)snprintf(ret_id + len, ID_ROOM - len, "%s%s", n ? "|" : "", text);
        if (len >= ID_ROOM)
            return false;
    }
    return true;
}

/* ---- all that there is, by name ---- */

/* `but` is left out. */
static void put_nested(struct row *row, const char *name, const muster_node *node, const muster_node *but)
{
    if (muster_node_put(row->rows->rest->run, row->made, name, node, but) != MUSTER_OK)
        row->room.failed = 1;
}

/* "/employment/parts" is "employment.parts". */
static void dotted(const char *pointer, char ret_name[NAME_ROOM])
{
    snprintf(ret_name, NAME_ROOM, "%s", *pointer == '/' ? pointer + 1 : pointer);
    for (char *at = ret_name; *at; at++)
        if (*at == '/')
            *at = '.';
}

static void put_all(struct row *row)
{
    const struct rows *rows = row->rows;
    const muster_node *list = rows->resource->rows ? muster_node_at(row->record, rows->resource->rows) : NULL;
    char name[NAME_ROOM];
    put_nested(row, "", row->record, list);
    for (size_t n = 0; n < rows->child_count; n++)
        for (size_t k = 0; k < rows->children[n].count && k < MUSTER_NODE_PUT_ITEMS; k++) {
            const struct child *child = &rows->children[n];
            if (rows->resource->rows && *rows->resource->rows == '/' &&
                strcmp(rows->resource->rows + 1, child->name) == 0)
                break;
            snprintf(name, sizeof(name), "%s[%zu]", child->name, k);
            put_nested(row, name, child->records[k], NULL);
        }
    if (row->element) {
        dotted(rows->resource->rows, name);
        put_nested(row, name, row->element, NULL);
    }
}

/* ---- one row ---- */

/* A text that is put together; null where a part of it is not there. */
static void put_text(struct row *row, const struct field *field)
{
    const struct rows *rows = row->rows;
    const struct scene scene = {.part = rows->part, .record = row->record, .row = row->element, .parent = rows->parent};
    char why[WHY_ROOM];
    muster_text_clear(&row->room);
    muster_text_put(&row->room, "");
    bool good = words_write(field->text, &scene, ESCAPE_NONE, &row->room, why);
    rows->rest->host->put(row->made, field->name, MUSTER_TEXT, good ? row->room.data : NULL);
}

static bool nothing(const muster_node *node)
{
    return node->kind == MUSTER_NODE_NULL || (node->kind == MUSTER_NODE_TEXT && node->len == 0);
}

/* Of several places the first that says something; else the first that is there at all. */
static const muster_node *field_node(const struct row *row, const struct field *field, const char **ret_text)
{
    const struct rows *rows = row->rows;
    const muster_node *found = NULL;
    *ret_text = NULL;
    for (size_t n = 0; n < field->at_count; n++) {
        const muster_node *node =
            place_node(&field->at[n], row->record, row->element, rows->parent, rows->part, ret_text);
        if (*ret_text || (node && !nothing(node)))
            return node;
        found = found ? found : node;
    }
    return found;
}

/* False: a value has not its type, and the record was rejected with a sentence. */
static bool put_fields(struct row *row, muster_rc *ret_rc)
{
    const struct rows *rows = row->rows;
    const muster_host *host = rows->rest->host;
    char why[WHY_ROOM], sentence[WHY_ROOM + 200];
    for (size_t n = 0; n < rows->resource->field_count; n++) {
        const struct field *field = &rows->resource->fields[n];
        const char *text;
        int32_t type;
        const muster_node *node = field_node(row, field, &text);
        if (field->text) {
            put_text(row, field);
        } else if (text) {
            host->put(row->made, field->name, MUSTER_TEXT, text);
        } else if (field->initial && (!node || nothing(node))) {
            host->put(row->made, field->name, MUSTER_TEXT, field->initial);
        } else if (node && value_read(field, node, &row->room, &text, &type, why)) {
            host->put(row->made, field->name, type, text);
        } else if (node && field->odd_is_null) {
            host->put(row->made, field->name, value_type(field->kind), NULL);
        } else if (node) {
            snprintf(sentence, sizeof(sentence), "field '%.80s': %s", field->name, why);
            *ret_rc = host->reject(rows->rest->run, rows->stream, row->id, row->place, sentence);
            return false;
        }
    }
    return true;
}

static muster_rc row_give(struct row *row)
{
    struct rows *rows = row->rows;
    const muster_host *host = rows->rest->host;
    muster_rc rc = MUSTER_OK;
    rows->count++;
    if (!host->take(rows->rest->run, rows->stream, row->id, row->place))
        return MUSTER_OK;
    row->made = host->record(rows->rest->run, rows->stream, row->id, row->place);
    if (!row->made)
        return MUSTER_FAIL;
    if (!put_fields(row, &rc))
        return rc;
    if (rows->resource->all || rows->resource->field_count == 0)
        put_all(row);
    if (row->room.failed)
        return host->fail(rows->rest->run, MUSTER_FAIL, "out of memory");
    rc = (rows->found ? host->row : host->emit)(rows->rest->run, row->made);
    return rc == MUSTER_DATA ? MUSTER_OK : rc; /* the host has rejected it already */
}

/* The list that rows are made of: in the record, or what was read of children. */
static muster_rc each_row(struct row *row)
{
    const struct rows *rows = row->rows;
    const char *pointer = rows->resource->rows;
    const muster_node *list = pointer ? muster_node_at(row->record, pointer) : NULL;
    muster_rc rc = MUSTER_OK;
    size_t given = 0;
    for (const muster_node *one = list && list->kind == MUSTER_NODE_LIST ? list->first : NULL; rc == MUSTER_OK && one;
         one = one->next, given++) {
        row->element = one;
        rc = row_give(row);
    }
    for (size_t n = 0; pointer && *pointer == '/' && n < rows->child_count; n++)
        for (size_t k = 0;
             strcmp(rows->children[n].name, pointer + 1) == 0 && rc == MUSTER_OK && k < rows->children[n].count;
             k++, given++) {
            row->element = rows->children[n].records[k];
            rc = row_give(row);
        }
    row->element = NULL;
    return rc == MUSTER_OK && given == 0 ? row_give(row) : rc;
}

static bool is_gone(const struct rows *rows, const muster_node *record)
{
    const struct resource *resource = rows->resource;
    const char *text = resource->gone_at.pointer ? text_at(rows, &resource->gone_at, record, NULL) : NULL;
    return text && (resource->gone_is ? strcmp(text, resource->gone_is) == 0 : *text && strcmp(text, "false") != 0);
}

muster_rc rows_give(struct rows *rows, const muster_node *record, const char *place)
{
    const muster_host *host = rows->rest->host;
    char id[ID_ROOM];
    struct row row = {.rows = rows, .record = record, .place = place};
    if (record->kind != MUSTER_NODE_OBJECT) {
        rows->count++;
        return host->reject(rows->rest->run, rows->stream, NULL, place, "it is no object with members");
    }
    if (rows->resource->id_count > 0) {
        if (!id_write(rows, record, id)) {
            rows->count++;
            return host->reject(rows->rest->run, rows->stream, NULL, place, "it has no id, or one that is too long");
        }
        row.id = id;
        if (is_gone(rows, record))
            return host->gone(rows->rest->run, rows->stream, id);
    }
    muster_rc rc = each_row(&row);
    muster_text_done(&row.room);
    return rc;
}
