/* verb_people - people and person: who there is, and all that is known of one. */
#include "base/date.h"
#include "base/jsontext.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/json.h"
#include "cli/person.h"
#include "cli/verb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { STATUS_NAMES = 16 };

static enum color status_color(const char *status)
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

void person_table(struct context *context, struct grid *grid)
{
    grid_start(grid, &context->screen, "", ">ID|NUMBER|NAME|STATUS|E-MAIL");
}

void person_row(struct context *context, struct query *query, struct grid *grid, uint64_t id, struct bytes value)
{
    struct image image;
    enum entity_state state;
    TIDY_DONE(screen_buffer_done) struct buffer name = {0};
    if (!entity_image(value, &image, &state))
        return;
    query_name(query, id, image, &name);
    if (context->json) {
        TIDY_DONE(screen_buffer_done) struct buffer out = {0};
        static const uint16_t fields[] = {FIELD_person_employee_number, FIELD_person_status, FIELD_person_work_email};
        buffer_byte(&out, '{');
        json_member_number(&out, "id", id);
        json_member_text(&out, "name", name.data);
        for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
            const struct field *field = field_by_number(KIND_person, fields[i]);
            json_name(&out, field->name);
            json_value(query, NULL, field, image_get(image, fields[i]), &out);
        }
        buffer_text(&out, "}\n");
        if (out.rc == 0)
            fwrite(out.data, 1, out.len, context->screen.out);
        return;
    }
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

int verb_people(struct context *context)
{
    __attribute__((cleanup(opened_done))) struct opened opened = {0};
    TIDY_DONE(screen_buffer_done) struct buffer normal = {0};
    const char *text = context->arguments.words[1];
    uint32_t wanted;
    int status = read_status(VALUE(context, status), &wanted);
    if (status == STATUS_DONE)
        status = context_open(context, context->arguments.words[0], &opened);
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
        struct value is = image_get(image, FIELD_person_status);
        if (state == ENTITY_GONE || (is.len == 1 && *is.bytes < 32 && !(wanted & 1u << *is.bytes)))
            continue;
        if (normal.len > 0 && !query_person_has(query, image, normal.data, normal.len))
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

/* --- person --- */

static const struct query_winner *winner_of(const struct query_winner *winners, size_t count, uint16_t field)
{
    for (size_t i = 0; i < count; i++)
        if (winners[i].field == field)
            return &winners[i];
    return NULL;
}

/* What a thing shows itself, not whose it is. */
static bool field_of_owner(enum kind kind, const struct field *field)
{
    return kind != KIND_person && field->refers_to == KIND_person && strcmp(field->name, "person") == 0;
}

static void fields_tell(struct query *query, enum kind kind, const struct entity *entity, struct grid *grid)
{
    struct query_winner *winners = NULL;
    size_t count = 0;
    screen_fail(query_winners(query, kind, entity, &winners, &count));
    for (uint16_t n = 0; n < image_count(entity->image); n++) {
        uint16_t number;
        struct value value = image_nth(entity->image, n, &number);
        const struct field *field = organization_field_number(query->organization, kind, number);
        TIDY_DONE(screen_buffer_done) struct buffer text = {0};
        if (!field || field_of_owner(kind, field))
            continue;
        query_value(query, entity, field, value, &text);
        const struct query_winner *winner = winner_of(winners, count, number);
        const struct stream_name *stream =
            winner ? streams_find(&query->streams, entity->members[winner->member].stream) : NULL;
        grid_cell(grid, COLOR_DIM, field->name, strlen(field->name));
        grid_cell(grid, kind == KIND_person && number == FIELD_person_status ? status_color(text.data) : COLOR_NONE,
                  text.data ? text.data : "", text.len);
        grid_format(grid, COLOR_DIM, "%s", stream ? stream->connection_name : "worked out");
    }
}

static void records_tell(struct query *query, enum kind kind, const struct entity *entity, struct grid *grid)
{
    static const char *const states[] = {"", "like this", "missing", "gone"};
    for (uint16_t n = 0; n < entity->member_count; n++) {
        TIDY_DONE(screen_buffer_done) struct buffer record = {0};
        char since[QUERY_TIME];
        query_record(query, kind, &entity->members[n], &record);
        grid_cell(grid, COLOR_NONE, record.data ? record.data : "", record.len);
        if (!query_section(query, &entity->members[n])) {
            grid_text(grid, "no longer said");
            grid_text(grid, "");
            continue;
        }
        unsigned state = query->record->state;
        query_time(query, query->record->since_ms, since);
        grid_text(grid, state < 4 ? states[state] : "");
        grid_format(grid, COLOR_NONE, "since %s (run %u)", since, query->record->run);
    }
}

static int person_tell(struct context *context, struct query *query, uint64_t id, const struct entity *person)
{
    const struct screen *screen = &context->screen;
    TIDY_DONE(screen_buffer_done) struct buffer name = {0};
    TIDY(free) struct entity *child = mem_new(1, sizeof(*child));
    struct grid grid;
    if (!child)
        return -ENOMEM;
    query_label(query, KIND_person, id, &name);
    screen_print(screen, "%s  (id:%lu)\n", name.data, (unsigned long)id);
    if (person->state == ENTITY_GONE)
        screen_print(screen, "  all records of this person went to others: muster history %s id:%lu\n",
                     query->organization->id, (unsigned long)id);
    grid_start(&grid, screen, "  ", "||");
    fields_tell(query, KIND_person, person, &grid);
    grid_end(&grid);
    for (uint16_t n = 0; n < person->child_count; n++) {
        enum kind kind = person->children[n].kind;
        if (!entity_get(&query->txn, kind, person->children[n].id, child))
            continue;
        screen_print(screen, "\n%s%s\n", kind_name(kind), child->state == ENTITY_GONE ? "  (no longer said)" : "");
        grid_start(&grid, screen, "  ", "||");
        fields_tell(query, kind, child, &grid);
        grid_end(&grid);
    }
    screen_print(screen, "\nsources\n");
    grid_start(&grid, screen, "  ", "||");
    records_tell(query, KIND_person, person, &grid);
    grid_end(&grid);
    return query->txn.rc;
}

static void provenance_json(struct query *query, enum kind kind, const struct entity *entity, struct buffer *out)
{
    struct query_winner *winners = NULL;
    size_t count = 0;
    screen_fail(query_winners(query, kind, entity, &winners, &count));
    json_name(out, "provenance");
    buffer_byte(out, '{');
    for (uint16_t n = 0; n < image_count(entity->image); n++) {
        uint16_t number;
        TIDY_DONE(screen_buffer_done) struct buffer record = {0};
        image_nth(entity->image, n, &number);
        const struct field *field = organization_field_number(query->organization, kind, number);
        const struct query_winner *winner = winner_of(winners, count, number);
        if (!field || field_of_owner(kind, field))
            continue;
        if (winner)
            query_record(query, kind, &entity->members[winner->member], &record);
        json_member_text(out, field->name, record.data);
    }
    buffer_byte(out, '}');
}

static void sources_json(struct query *query, enum kind kind, const struct entity *entity, struct buffer *out)
{
    static const char *const states[] = {"", "present", "missing", "gone"};
    json_name(out, "sources");
    buffer_byte(out, '[');
    for (uint16_t n = 0; n < entity->member_count; n++) {
        TIDY_DONE(screen_buffer_done) struct buffer record = {0};
        char since[25];
        query_record(query, kind, &entity->members[n], &record);
        buffer_text(out, n ? ",{" : "{");
        json_member_text(out, "record", record.data);
        if (query_section(query, &entity->members[n])) {
            instant_write(query->record->since_ms, since);
            json_member_text(out, "state", query->record->state < 4 ? states[query->record->state] : "");
            json_member_text(out, "since", since);
            json_member_number(out, "run", query->record->run);
        }
        buffer_byte(out, '}');
    }
    buffer_byte(out, ']');
}

static int person_json(struct context *context, struct query *query, uint64_t id, const struct entity *person)
{
    TIDY_DONE(screen_buffer_done) struct buffer out = {0};
    TIDY(free) struct entity *child = mem_new(1, sizeof(*child));
    if (!child)
        return -ENOMEM;
    buffer_byte(&out, '{');
    json_entity(query, KIND_person, id, person, NULL, &out);
    enum kind open = KIND_NONE;
    for (uint16_t n = 0; n < person->child_count; n++) { /* children stand by kind */
        const struct child *at = &person->children[n];
        if (!entity_get(&query->txn, at->kind, at->id, child))
            continue;
        bool first = at->kind != open;
        if (first && open != KIND_NONE)
            buffer_byte(&out, ']');
        if (first) {
            json_name(&out, kind_name(open = at->kind));
            buffer_byte(&out, '[');
        }
        buffer_text(&out, first ? "{" : ",{");
        json_entity(query, at->kind, at->id, child, NULL, &out);
        sources_json(query, at->kind, child, &out);
        provenance_json(query, at->kind, child, &out);
        buffer_byte(&out, '}');
    }
    if (open != KIND_NONE)
        buffer_byte(&out, ']');
    sources_json(query, KIND_person, person, &out);
    provenance_json(query, KIND_person, person, &out);
    buffer_text(&out, "}\n");
    if (out.rc == 0)
        fwrite(out.data, 1, out.len, context->screen.out);
    return out.rc;
}

int verb_person(struct context *context)
{
    __attribute__((cleanup(opened_done))) struct opened opened = {0};
    const char *organization = context->arguments.words[0];
    uint64_t id;
    int status = context_open(context, organization, &opened);
    if (status == STATUS_DONE)
        status = context_person(context, opened.query, organization, context->arguments.words[1], &id);
    if (status != STATUS_DONE)
        return status;
    TIDY(free) struct entity *person = mem_new(1, sizeof(*person));
    int rc = person ? 0 : -ENOMEM;
    if (rc == 0 && entity_get(&opened.query->txn, KIND_person, id, person))
        rc = context->json ? person_json(context, opened.query, id, person)
                           : person_tell(context, opened.query, id, person);
    struct err err = {0};
    if (rc == 0)
        rc = query_end(opened.query, &err);
    return rc ? complain_rc(rc, &err) : STATUS_DONE;
}
