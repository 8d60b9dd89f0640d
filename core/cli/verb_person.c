/* verb_person - person: all that is known of one, or was believed at an earlier point. */
#include "base/date.h"
#include "base/jsontext.h"
#include "base/mem.h"
#include "cli/json.h"
#include "cli/person.h"
#include "cli/verb.h"
#include "engine/belief.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One person, as they stand or as they were believed to be. */
struct telling {
    struct context *context;
    struct query *query;
    struct belief *belief; /* NULL: as they stand */
    uint64_t id;
    struct entity *person, *child;
};

static bool child_get(const struct telling *telling, const struct child *child)
{
    return telling->belief ? belief_entity(telling->belief, child->kind, child->id, telling->child)
                           : entity_get(&telling->query->txn, child->kind, child->id, telling->child);
}

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

/* The connection whose word a field has today. */
static const char *field_source(struct query *query, const struct entity *entity, const struct query_winner *winner)
{
    const struct stream_name *stream =
        winner ? streams_find(&query->streams, entity->members[winner->member].stream) : NULL;
    return stream ? stream->connection_name : "worked out";
}

static void fields_tell(const struct telling *telling, enum kind kind, uint64_t id, const struct entity *entity,
                        struct grid *grid)
{
    struct query *query = telling->query;
    struct query_winner *winners = NULL;
    size_t count = 0;
    if (!telling->belief)
        screen_fail(query_winners(query, kind, entity, &winners, &count));
    for (uint16_t n = 0; n < image_count(entity->image); n++) {
        uint16_t number;
        struct value value = image_nth(entity->image, n, &number);
        const struct field *field = organization_field_number(query->organization, kind, number);
        TIDY_DONE(screen_buffer_done) struct buffer text = {0};
        struct belief_change change;
        if (!field || field_of_owner(kind, field))
            continue;
        query_value(query, entity, field, value, &text);
        grid_cell(grid, COLOR_DIM, field->name, strlen(field->name));
        grid_cell(grid, kind == KIND_person && number == FIELD_person_status ? status_color(text.data) : COLOR_NONE,
                  text.data ? text.data : "", text.len);
        if (!telling->belief)
            grid_format(grid, COLOR_DIM, "%s", field_source(query, entity, winner_of(winners, count, number)));
        else if (belief_field(telling->belief, kind, id, number, &change))
            grid_format(grid, COLOR_DIM, "since run %u", change.run);
        else
            grid_text(grid, "");
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

static int person_tell(const struct telling *telling)
{
    struct query *query = telling->query;
    const struct screen *screen = &telling->context->screen;
    TIDY_DONE(screen_buffer_done) struct buffer name = {0};
    struct grid grid;
    char time[QUERY_TIME];
    query_label(query, KIND_person, telling->id, &name);
    screen_print(screen, "%s  (id:%lu)", name.data, (unsigned long)telling->id);
    if (telling->belief) {
        query_time(query, query->cut->time_ms, time);
        screen_print(screen, "  as believed at %s", time);
    }
    screen_print(screen, "\n");
    if (telling->person->state == ENTITY_GONE)
        screen_print(screen, "  all records of this person went to others: muster history %s id:%lu\n",
                     query->organization->id, (unsigned long)telling->id);
    grid_start(&grid, screen, "  ", "||");
    fields_tell(telling, KIND_person, telling->id, telling->person, &grid);
    grid_end(&grid);
    for (uint16_t n = 0; n < telling->person->child_count; n++) {
        const struct child *at = &telling->person->children[n];
        if (!child_get(telling, at))
            continue;
        screen_print(screen, "\n%s%s\n", kind_name(at->kind),
                     telling->child->state == ENTITY_GONE ? "  (no longer said)" : "");
        grid_start(&grid, screen, "  ", "||");
        fields_tell(telling, at->kind, at->id, telling->child, &grid);
        grid_end(&grid);
    }
    if (telling->belief)
        return query->txn.rc;
    screen_print(screen, "\nsources\n");
    grid_start(&grid, screen, "  ", "||");
    records_tell(query, KIND_person, telling->person, &grid);
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

/* By which run each value came. */
static void since_json(const struct telling *telling, enum kind kind, uint64_t id, const struct entity *entity,
                       struct buffer *out)
{
    json_name(out, "since_run");
    buffer_byte(out, '{');
    for (uint16_t n = 0; n < image_count(entity->image); n++) {
        uint16_t number;
        struct belief_change change;
        image_nth(entity->image, n, &number);
        const struct field *field = organization_field_number(telling->query->organization, kind, number);
        if (field && !field_of_owner(kind, field) && belief_field(telling->belief, kind, id, number, &change))
            json_member_number(out, field->name, change.run);
    }
    buffer_byte(out, '}');
}

/* Where it all comes from. */
static void origin_json(const struct telling *telling, enum kind kind, uint64_t id, const struct entity *entity,
                        struct buffer *out)
{
    if (telling->belief) {
        since_json(telling, kind, id, entity, out);
        return;
    }
    sources_json(telling->query, kind, entity, out);
    provenance_json(telling->query, kind, entity, out);
}

static int person_json(const struct telling *telling)
{
    TIDY_DONE(screen_buffer_done) struct buffer out = {0};
    struct query *query = telling->query;
    char at_text[25];
    buffer_byte(&out, '{');
    json_entity(query, KIND_person, telling->id, telling->person, NULL, &out);
    enum kind open = KIND_NONE;
    for (uint16_t n = 0; n < telling->person->child_count; n++) {
        const struct child *at = &telling->person->children[n];
        if (!child_get(telling, at))
            continue;
        bool first = at->kind != open;
        if (first && open != KIND_NONE)
            buffer_byte(&out, ']');
        if (first) {
            json_name(&out, kind_name(open = at->kind));
            buffer_byte(&out, '[');
        }
        buffer_text(&out, first ? "{" : ",{");
        json_entity(query, at->kind, at->id, telling->child, NULL, &out);
        origin_json(telling, at->kind, at->id, telling->child, &out);
        buffer_byte(&out, '}');
    }
    if (open != KIND_NONE)
        buffer_byte(&out, ']');
    origin_json(telling, KIND_person, telling->id, telling->person, &out);
    if (telling->belief) {
        instant_write(query->cut->time_ms, at_text);
        json_member_text(&out, "as_believed_at", at_text);
    }
    buffer_text(&out, "}\n");
    if (out.rc == 0)
        fwrite(out.data, 1, out.len, telling->context->screen.out);
    return out.rc;
}

/* The person as of the cut. */
static int person_then(struct telling *telling, const char *key)
{
    struct query *query = telling->query;
    char begins[QUERY_TIME], then[QUERY_TIME];
    uint32_t run = 0;
    int rc = belief_read(query, KIND_person, telling->id, *query->cut, &telling->belief);
    if (rc == 0)
        return belief_entity(telling->belief, KIND_person, telling->id, telling->person) ? STATUS_DONE : STATUS_FAILED;
    if (rc != ERR_GONE)
        return complain_rc(rc, NULL);
    query_time(query, belief_begins(query, KIND_person, telling->id, &run), begins);
    query_time(query, query->cut->time_ms, then);
    struct err err = {0};
    err_set(&err, ERR_GONE, "'%s' was not known yet at %s: the first time was %s, by run %u", key, then, begins, run);
    return complain_rc(ERR_GONE, &err);
}

static void telling_done(struct telling *telling)
{
    belief_free(telling->belief);
    free(telling->person);
    free(telling->child);
}

int verb_person(struct context *context)
{
    __attribute__((cleanup(opened_done))) struct opened opened = {0};
    __attribute__((cleanup(telling_done))) struct telling telling = {.context = context};
    const char *organization = context->arguments.words[0], *key = context->arguments.words[1];
    struct cut cut = {0};
    struct err err = {0};
    int status = context_open(context, organization, &opened);
    telling.query = opened.query;
    if (status == STATUS_DONE)
        status = context_person(context, opened.query, organization, key, &telling.id);
    if (status == STATUS_DONE && GIVEN(context, at) &&
        query_time_read(opened.query, VALUE(context, at), &cut.time_ms, &err) != 0)
        status = complain_words("%s", err.text);
    if (status != STATUS_DONE)
        return status;
    telling.person = mem_new(1, sizeof(*telling.person));
    telling.child = mem_new(1, sizeof(*telling.child));
    if (!telling.person || !telling.child)
        return complain_rc(-ENOMEM, NULL);
    if (GIVEN(context, at)) {
        opened.query->cut = &cut;
        status = person_then(&telling, key);
    } else if (!entity_get(&opened.query->txn, KIND_person, telling.id, telling.person)) {
        int rc = query_end(opened.query, &err);
        status = complain_rc(rc ? rc : ERR_GONE, &err);
    }
    if (status != STATUS_DONE)
        return status;
    entity_order_children(telling.person);
    int rc = context->json ? person_json(&telling) : person_tell(&telling);
    if (rc == 0)
        rc = query_end(opened.query, &err);
    return rc ? complain_rc(rc, &err) : STATUS_DONE;
}
