/* verb_person - person: all that is known of one, or was believed at an earlier point. */
#include "base/mem.h"
#include "cli/person.h"
#include "cli/verb.h"
#include "query/horizon.h"
#include "query/person_json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One person, as they stand or as they were believed to be. */
struct telling {
    struct context *context;
    struct query *query;
    struct person_asked asked;
    struct entity *person, *child;
};

/* The connection whose word a field has today, unless it is a person's. */
static const char *field_source(struct query *query, const struct entity *entity, const struct query_winner *winner)
{
    if (winner && winner->pin != 0)
        return "pinned";
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
    if (!telling->asked.belief)
        screen_fail(query_winners(query, kind, entity, &winners, &count));
    for (uint16_t n = 0; n < image_count(entity->image); n++) {
        uint16_t number;
        struct value value = image_nth(entity->image, n, &number);
        const struct field *field = organization_field_number(query->organization, kind, number);
        TIDY_DONE(screen_buffer_done) struct buffer text = {0};
        struct belief_change change;
        if (!field || person_json_owner(kind, field))
            continue;
        query_value(query, entity, field, value, &text);
        grid_cell(grid, COLOR_DIM, field->name, strlen(field->name));
        grid_cell(grid, kind == KIND_person && number == FIELD_person_status ? status_color(text.data) : COLOR_NONE,
                  text.data ? text.data : "", text.len);
        if (!telling->asked.belief)
            grid_format(grid, COLOR_DIM, "%s", field_source(query, entity, person_json_winner(winners, count, number)));
        else if (belief_field(telling->asked.belief, kind, id, number, &change))
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
    query_label(query, KIND_person, telling->asked.id, &name);
    screen_print(screen, "%s  (id:%lu)", name.data, (unsigned long)telling->asked.id);
    if (telling->asked.belief) {
        query_time(query, query->cut->time_ms, time);
        screen_print(screen, "  as believed at %s", time);
    }
    screen_print(screen, "\n");
    if (telling->person->state == ENTITY_GONE)
        screen_print(screen, "  all records of this person went to others: muster history %s id:%lu\n",
                     query->organization->id, (unsigned long)telling->asked.id);
    grid_start(&grid, screen, "  ", "||");
    fields_tell(telling, KIND_person, telling->asked.id, telling->person, &grid);
    grid_end(&grid);
    for (uint16_t n = 0; n < telling->person->child_count; n++) {
        const struct child *at = &telling->person->children[n];
        if (!person_json_child(query, &telling->asked, at, telling->child))
            continue;
        screen_print(screen, "\n%s%s\n", kind_name(at->kind),
                     telling->child->state == ENTITY_GONE ? "  (no longer said)" : "");
        grid_start(&grid, screen, "  ", "||");
        fields_tell(telling, at->kind, at->id, telling->child, &grid);
        grid_end(&grid);
    }
    if (telling->asked.belief)
        return query->txn.rc;
    screen_print(screen, "\nsources\n");
    grid_start(&grid, screen, "  ", "||");
    records_tell(query, KIND_person, telling->person, &grid);
    grid_end(&grid);
    return query->txn.rc;
}

static int person_print(const struct telling *telling)
{
    TIDY_DONE(screen_buffer_done) struct buffer out = {0};
    person_json(telling->query, &telling->asked, telling->person, telling->child, &out);
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
    int rc = belief_read(query, KIND_person, telling->asked.id, *query->cut, &telling->asked.belief);
    if (rc == 0)
        return belief_entity(telling->asked.belief, KIND_person, telling->asked.id, telling->person) ? STATUS_DONE
                                                                                                     : STATUS_FAILED;
    if (rc != ERR_GONE)
        return complain_rc(rc, NULL);
    query_time(query, belief_begins(query, KIND_person, telling->asked.id, &run), begins);
    query_time(query, query->cut->time_ms, then);
    struct err err = {0};
    err_set(&err, ERR_GONE, "'%s' was not known yet at %s: the first time was %s, by run %u", key, then, begins, run);
    return complain_rc(ERR_GONE, &err);
}

static void telling_done(struct telling *telling)
{
    belief_free(telling->asked.belief);
    free(telling->person);
    free(telling->child);
}

int verb_person(struct context *context)
{
    __attribute__((cleanup(opened_done))) struct opened opened = {0};
    __attribute__((cleanup(telling_done))) struct telling telling = {.context = context, .asked.origin = true};
    const char *organization = context->arguments.words[0], *key = context->arguments.words[1];
    struct cut cut = {0};
    struct err err = {0};
    int status = context_open(context, organization, &opened);
    telling.query = opened.query;
    if (status == STATUS_DONE)
        status = context_person(context, opened.query, organization, key, &telling.asked.id);
    if (status == STATUS_DONE && GIVEN(context, at) &&
        query_time_read(opened.query, VALUE(context, at), &cut.time_ms, &err) != 0)
        status = complain_words("%s", err.text);
    if (status == STATUS_DONE && GIVEN(context, at) &&
        (horizon_reaches(&opened.query->txn, opened.query->organization, cut, &err)) != 0)
        status = complain_rc(err.rc, &err);
    if (status != STATUS_DONE)
        return status;
    telling.person = mem_new(1, sizeof(*telling.person));
    telling.child = mem_new(1, sizeof(*telling.child));
    if (!telling.person || !telling.child)
        return complain_rc(-ENOMEM, NULL);
    if (GIVEN(context, at)) {
        opened.query->cut = &cut;
        status = person_then(&telling, key);
    } else if (!entity_get(&opened.query->txn, KIND_person, telling.asked.id, telling.person)) {
        int rc = query_end(opened.query, &err);
        status = complain_rc(rc ? rc : ERR_GONE, &err);
    }
    if (status != STATUS_DONE)
        return status;
    entity_order_children(telling.person);
    int rc = context->json ? person_print(&telling) : person_tell(&telling);
    if (rc == 0)
        rc = query_end(opened.query, &err);
    return rc ? complain_rc(rc, &err) : STATUS_DONE;
}
