/* verb_people - people: who there is. */
#include "base/mem.h"
#include "base/text.h"
#include "cli/person.h"
#include "cli/verb.h"
#include "query/left.h"
#include "query/person_json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum color status_color(const char *status)
{
    return strcmp(status, "active") == 0                                          ? COLOR_GREEN
           : strcmp(status, "inactive") == 0 || strcmp(status, "terminated") == 0 ? COLOR_DIM
                                                                                  : COLOR_YELLOW;
}

static void field_cell(struct query *query, struct grid *grid, struct image image, uint16_t number, bool status)
{
    TIDY_DONE(screen_buffer_done) struct buffer text = {0};
    const struct field *field = field_by_number(KIND_person, number);
    query_value(query, NULL, field, image_get(image, number), &text);
    const char *shown = text.data ? text.data : "";
    grid_cell(grid, status ? status_color(shown) : COLOR_NONE, shown, text.len);
}

/* Begins a table for person_row(). */
static void person_table(struct context *context, struct grid *grid)
{
    grid_start(grid, &context->screen, "", ">ID|NUMBER|NAME|STATUS|E-MAIL");
}

static void person_row(struct context *context, struct query *query, struct grid *grid, uint64_t id, struct bytes value)
{
    struct image image;
    enum entity_state state;
    TIDY_DONE(screen_buffer_done) struct buffer name = {0};
    if (!entity_image(value, &image, &state))
        return;
    if (context->json) {
        TIDY_DONE(screen_buffer_done) struct buffer out = {0};
        person_json_line(query, id, image, &out);
        buffer_byte(&out, '\n');
        if (out.rc == 0)
            fwrite(out.data, 1, out.len, context->screen.out);
        return;
    }
    query_name(query, id, image, &name);
    grid_number(grid, id);
    field_cell(query, grid, image, FIELD_person_employee_number, false);
    grid_cell(grid, COLOR_NONE, name.data ? name.data : "", name.len);
    field_cell(query, grid, image, FIELD_person_status, true);
    field_cell(query, grid, image, FIELD_person_work_email, false);
}

void person_list(struct context *context, struct query *query, const struct query_ids *ids)
{
    struct grid grid;
    person_table(context, &grid);
    for (size_t i = 0; i < ids->count; i++) {
        uint8_t key[ENTITY_KEY];
        struct bytes value;
        entity_key(KIND_person, ids->items[i], key);
        if (txn_get(&query->txn, TABLE_entity, bytes(key, sizeof(key)), &value))
            person_row(context, query, &grid, ids->items[i], value);
    }
    if (context->json)
        buffer_clear(&grid.cells);
    grid_end(&grid);
}

/* --- people --- */

/* "active,on_leave" as bits of the enumerators' numbers. */
static int read_status(const char *text, uint32_t *ret_bits)
{
    const struct field *field = field_by_number(KIND_person, FIELD_person_status);
    *ret_bits = text ? 0 : ~0u;
    for (const char *at = text; at && *at; at += strcspn(at, ","), at += *at == ',') {
        uint8_t number = enum_number(field, at, strcspn(at, ","));
        if (number == 0) {
            TIDY_DONE(screen_buffer_done) struct buffer names = {0};
            size_t len;
            const char *name;
            for (size_t n = 0; (name = enum_nth(field, n, &len)); n++)
                buffer_format(&names, "%s%.*s", n ? ", " : "", (int)len, name);
            return complain_words("'%.*s' is no status: %s", (int)strcspn(at, ","), at, names.data);
        }
        *ret_bits |= 1u << number;
    }
    return STATUS_DONE;
}

/* Two with one work e-mail address are often one person; a matching rule need not look at it. */
static int people_sharing(struct context *context)
{
    __attribute__((cleanup(opened_done))) struct opened opened = {0};
    __attribute__((cleanup(tidy_query_ids))) struct query_ids ids = {0};
    struct err err = {0};
    if (context->arguments.words[1] || VALUE(context, status) || VALUE(context, left_before))
        return complain_words("--duplicates looks at everybody: it does not go with TEXT, --status or --left-before");
    int status = context_open(context, context->arguments.words[0], &opened);
    if (status != STATUS_DONE)
        return status;
    int rc = query_shared(opened.query, FIELD_person_work_email, &ids);
    if (rc != 0)
        return complain_rc(store_fail(opened.query->store, rc, &err), &err);
    if (ids.count > 0)
        person_list(context, opened.query, &ids);
    rc = query_end(opened.query, &err);
    if (rc != 0)
        return complain_rc(rc, &err);
    if (!context->json && !context->quiet && ids.count > 0)
        fprintf(stderr, "%zu%s people share a work e-mail address with somebody else\n", ids.count,
                ids.count == QUERY_HITS_MOST ? " or more" : "");
    else if (!context->json && !context->quiet)
        fprintf(stderr, "nobody shares a work e-mail address\n");
    return STATUS_DONE;
}

/* Whom the words of the command ask for. */
struct asked {
    uint32_t statuses;         /* bits of the enumerators' numbers */
    const struct buffer *text; /* a part of a name and the like, normalized; empty: any */
    int64_t left_before;       /* a day; INT64_MAX: it does not matter */
};

static int read_left_before(struct context *context, struct query *query, int64_t *ret_day)
{
    struct err err = {0};
    int64_t ms;
    *ret_day = INT64_MAX;
    if (!VALUE(context, left_before))
        return STATUS_DONE;
    if (query_time_read(query, VALUE(context, left_before), &ms, &err) != 0)
        return complain_words("%s", err.text);
    *ret_day = zone_day(query->zone, ms);
    return STATUS_DONE;
}

static bool is_asked(struct query *query, const struct asked *asked, struct bytes row, struct image image)
{
    struct value is = image_get(image, FIELD_person_status);
    int64_t last;
    if (is.len == 1 && *is.bytes < 32 && !(asked->statuses & 1u << *is.bytes))
        return false;
    if (asked->left_before != INT64_MAX && !(left_day(query, row, &last) && last < asked->left_before))
        return false;
    return asked->text->len == 0 || query_person_has(query, image, asked->text->data, asked->text->len);
}

int verb_people(struct context *context)
{
    if (GIVEN(context, duplicates))
        return people_sharing(context);
    __attribute__((cleanup(opened_done))) struct opened opened = {0};
    TIDY_DONE(screen_buffer_done) struct buffer normal = {0};
    struct asked asked = {.text = &normal};
    const char *text = context->arguments.words[1];
    int status = read_status(VALUE(context, status), &asked.statuses);
    if (status == STATUS_DONE)
        status = context_open(context, context->arguments.words[0], &opened);
    if (status == STATUS_DONE)
        status = read_left_before(context, opened.query, &asked.left_before);
    if (status != STATUS_DONE)
        return status;
    if (text)
        text_normalize(text, strlen(text), &normal);
    struct query *query = opened.query;
    struct grid grid;
    uint8_t kind = KIND_person;
    size_t count = 0;
    person_table(context, &grid);
    struct cursor cursor;
    cursor_open(&cursor, &query->txn, TABLE_entity);
    for (bool there = cursor_seek(&cursor, bytes(&kind, 1)); there && cursor_has_prefix(&cursor, bytes(&kind, 1));
         there = cursor_next(&cursor)) {
        struct image image;
        enum entity_state state;
        if (!entity_image(cursor.value, &image, &state)) {
            query->txn.rc = ERR_CORRUPT;
            break;
        }
        if (state == ENTITY_GONE || !is_asked(query, &asked, cursor.value, image))
            continue;
        count++;
        person_row(context, query, &grid, entity_key_id(cursor.key), cursor.value);
    }
    cursor_close(&cursor);
    if (context->json || count == 0)
        buffer_clear(&grid.cells);
    grid_end(&grid);
    struct err err = {0};
    int rc = query_end(query, &err);
    if (rc != 0)
        return complain_rc(rc, &err);
    if (!context->json && !context->quiet)
        fprintf(stderr, "%zu %s\n", count, count == 1 ? "person" : "people");
    return STATUS_DONE;
}
