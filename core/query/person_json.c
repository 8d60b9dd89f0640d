/* person_json - one person as JSON, with all that hangs on them. */
#include "query/person_json.h"

#include "base/date.h"
#include "base/jsontext.h"
#include "query/json.h"

struct telling {
    struct query *query;
    const struct person_asked *asked;
    struct buffer *out;
};

/* What a thing shows itself, not whose it is. */
bool person_json_owner(enum kind kind, const struct field *field)
{
    return kind != KIND_person && field->refers_to == KIND_person && strcmp(field->name, "person") == 0;
}

const struct query_winner *person_json_winner(const struct query_winner *winners, size_t count, uint16_t field)
{
    for (size_t i = 0; i < count; i++)
        if (winners[i].field == field)
            return &winners[i];
    return NULL;
}

static void fail_with(struct buffer *out, int rc)
{
    if (rc != 0 && out->rc == 0)
        out->rc = rc;
}

static void record_json(struct query *query, enum kind kind, const struct member *member, const char *name,
                        struct buffer *out)
{
    TIDY_DONE(buffer_done) struct buffer record = {0};
    if (member)
        query_record(query, kind, member, &record);
    fail_with(out, record.rc);
    json_member_text(out, name, record.data);
}

/* The record whose word counts, or the statement of a person. */
static void winner_json(struct query *query, enum kind kind, const struct entity *entity,
                        const struct query_winner *winner, const char *name, struct buffer *out)
{
    char id[32];
    if (!winner || winner->pin == 0) {
        record_json(query, kind, winner ? &entity->members[winner->member] : NULL, name, out);
        return;
    }
    snprintf(id, sizeof(id), "s%lu", (unsigned long)winner->pin);
    json_member_text(out, name, id);
}

static void provenance_json(const struct telling *telling, enum kind kind, const struct entity *entity)
{
    struct query *query = telling->query;
    struct query_winner *winners = NULL;
    size_t count = 0;
    fail_with(telling->out, query_winners(query, kind, entity, &winners, &count));
    json_name(telling->out, "provenance");
    buffer_byte(telling->out, '{');
    for (uint16_t n = 0; n < image_count(entity->image); n++) {
        uint16_t number;
        image_nth(entity->image, n, &number);
        const struct field *field = organization_field_number(query->organization, kind, number);
        const struct query_winner *winner = person_json_winner(winners, count, number);
        if (field && !person_json_owner(kind, field))
            winner_json(query, kind, entity, winner, field->name, telling->out);
    }
    buffer_byte(telling->out, '}');
}

static void sources_json(const struct telling *telling, enum kind kind, const struct entity *entity)
{
    static const char *const states[] = {"", "present", "missing", "gone"};
    struct query *query = telling->query;
    struct buffer *out = telling->out;
    json_name(out, "sources");
    buffer_byte(out, '[');
    for (uint16_t n = 0; n < entity->member_count; n++) {
        char since[25];
        buffer_text(out, n ? ",{" : "{");
        record_json(query, kind, &entity->members[n], "record", out);
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
static void since_json(const struct telling *telling, enum kind kind, uint64_t id, const struct entity *entity)
{
    json_name(telling->out, "since_run");
    buffer_byte(telling->out, '{');
    for (uint16_t n = 0; n < image_count(entity->image); n++) {
        uint16_t number;
        struct belief_change change;
        image_nth(entity->image, n, &number);
        const struct field *field = organization_field_number(telling->query->organization, kind, number);
        if (field && !person_json_owner(kind, field) && belief_field(telling->asked->belief, kind, id, number, &change))
            json_member_number(telling->out, field->name, change.run);
    }
    buffer_byte(telling->out, '}');
}

/* Where it all comes from. */
static void origin_json(const struct telling *telling, enum kind kind, uint64_t id, const struct entity *entity)
{
    if (telling->asked->belief) {
        since_json(telling, kind, id, entity);
    } else if (telling->asked->origin) {
        sources_json(telling, kind, entity);
        provenance_json(telling, kind, entity);
    }
}

bool person_json_child(struct query *query, const struct person_asked *asked, const struct child *child,
                       struct entity *ret_entity)
{
    return asked->belief ? belief_entity(asked->belief, child->kind, child->id, ret_entity)
                         : entity_get(&query->txn, child->kind, child->id, ret_entity);
}

void person_json(struct query *query, const struct person_asked *asked, const struct entity *person,
                 struct entity *scratch, struct buffer *out)
{
    const struct telling telling = {query, asked, out};
    enum kind open = KIND_NONE;
    char at_text[25];
    buffer_byte(out, '{');
    json_entity(query, KIND_person, asked->id, person, NULL, out);
    for (uint16_t n = 0; n < person->child_count; n++) {
        const struct child *at = &person->children[n];
        if (!person_json_child(query, asked, at, scratch))
            continue;
        bool first = at->kind != open;
        if (first && open != KIND_NONE)
            buffer_byte(out, ']');
        if (first) {
            json_name(out, kind_name(open = at->kind));
            buffer_byte(out, '[');
        }
        buffer_text(out, first ? "{" : ",{");
        json_entity(query, at->kind, at->id, scratch, NULL, out);
        origin_json(&telling, at->kind, at->id, scratch);
        buffer_byte(out, '}');
    }
    if (open != KIND_NONE)
        buffer_byte(out, ']');
    origin_json(&telling, KIND_person, asked->id, person);
    if (asked->belief) {
        instant_write(query->cut->time_ms, at_text);
        json_member_text(out, "as_believed_at", at_text);
    }
    buffer_text(out, "}\n");
}

void person_json_line(struct query *query, uint64_t id, struct image image, struct buffer *out)
{
    static const uint16_t fields[] = {FIELD_person_employee_number, FIELD_person_status, FIELD_person_work_email};
    TIDY_DONE(buffer_done) struct buffer name = {0};
    query_name(query, id, image, &name);
    fail_with(out, name.rc);
    buffer_byte(out, '{');
    json_member_number(out, "id", id);
    json_member_text(out, "name", name.data);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        const struct field *field = field_by_number(KIND_person, fields[i]);
        json_name(out, field->name);
        json_value(query, NULL, field, image_get(image, fields[i]), out);
    }
    buffer_byte(out, '}');
}
