/* read_people - the API's questions about who there is, answered from the store. */
#include "api/visitor.h"
#include "base/jsontext.h"
#include "base/mem.h"
#include "base/text.h"
#include "query/horizon.h"
#include "query/json.h"
#include "query/left.h"
#include "query/person_json.h"

#include <errno.h>
#include <string.h>

/* Looked at for one page: a filter that few fit ends it early, and the next page goes on from there. */
enum { LOOKED_AT = 20000 };

bool read_organizations(struct visitor *visitor)
{
    struct buffer *out = &visitor->request->reply.body;
    const char *id;
    buffer_text(out, "{\"items\":[");
    for (size_t i = 0, told = 0; (id = shelf_nth(visitor->shelf, i)); i++)
        if (badge_sees(visitor->badge, id)) {
            buffer_text(out, told++ ? ",{" : "{");
            json_member_text(out, "id", id);
            buffer_byte(out, '}');
        }
    visitor_page_ends(visitor, 0);
    visitor_answers(visitor);
    return true;
}

static void connection_json(const struct connection *connection, struct buffer *out)
{
    buffer_byte(out, '{');
    json_member_text(out, "connection", connection->name);
    json_member_text(out, "connector", connection->connector);
    json_name(out, "streams");
    buffer_byte(out, '[');
    for (size_t i = 0; connection->mappings && connection->mappings[i]; i++) {
        buffer_text(out, i ? "," : "");
        json_text(out, connection->mappings[i]->stream);
    }
    buffer_byte(out, ']');
    json_name(out, "target");
    buffer_text(out, connection->target ? "true}" : "false}");
}

bool read_connections(struct visitor *visitor)
{
    struct buffer *out = &visitor->request->reply.body;
    if (!visitor_opens(visitor))
        return true;
    const struct organization *organization = visitor->book->organization;
    buffer_text(out, "{\"items\":[");
    for (size_t i = 0; i < organization->connection_count; i++) {
        buffer_text(out, i ? "," : "");
        connection_json(&organization->connections[i], out);
    }
    visitor_page_ends(visitor, 0);
    visitor_answers(visitor);
    return true;
}

/* --- lists --- */

struct list {
    struct visitor *visitor;
    enum kind kind;
    uint32_t statuses;   /* bits of the enumerators' numbers */
    int64_t left_before; /* a day; INT64_MAX: it does not matter */
    const char *text;    /* normalized; NULL: any */
    size_t text_len;
    struct entity *entity; /* of things: all of it is told */
    uint64_t told, limit;
};

static bool read_statuses(struct visitor *visitor, uint32_t *ret_bits)
{
    const struct field *field = field_by_number(KIND_person, FIELD_person_status);
    const char *said = visitor_text(visitor, "status");
    *ret_bits = said ? 0 : ~0u;
    for (const char *at = said; at && *at; at += strcspn(at, ","), at += *at == ',') {
        uint8_t number = enum_number(field, at, strcspn(at, ","));
        if (number == 0) {
            const struct trouble trouble = {400, "parameter_wrong", "query: status", "As in active,on_leave."};
            return !visitor_refuse(visitor, &trouble, "'%.*s' is no status.", (int)strcspn(at, ","), at);
        }
        *ret_bits |= 1u << number;
    }
    return true;
}

static bool read_left_before(struct visitor *visitor, int64_t *ret_day)
{
    const struct query *query = visitor->book->query;
    const char *said = visitor_text(visitor, "left_before");
    struct err err = {0};
    int64_t ms;
    *ret_day = INT64_MAX;
    if (!said)
        return true;
    if (query_time_read(query, said, &ms, &err) != 0) {
        const struct trouble trouble = {400, "parameter_wrong", "query: left_before", "As in 2024-01-01."};
        return !visitor_refuse(visitor, &trouble, "%s", err.text);
    }
    *ret_day = zone_day(query->zone, ms);
    return true;
}

static bool list_wants(const struct list *list, struct query *query, struct bytes row, struct image image,
                       enum entity_state state)
{
    int64_t last;
    if (list->kind != KIND_person)
        return true;
    struct value is = image_get(image, FIELD_person_status);
    if (state == ENTITY_GONE || (is.len == 1 && *is.bytes < 32 && !(list->statuses & 1u << *is.bytes)))
        return false;
    if (list->left_before != INT64_MAX && !(left_day(query, row, &last) && last < list->left_before))
        return false;
    return !list->text || query_person_has(query, image, list->text, list->text_len);
}

static void list_add(struct list *list, struct query *query, uint64_t id, struct bytes value, struct image image)
{
    struct buffer *out = &list->visitor->request->reply.body;
    if (list->entity && !entity_read(value, list->entity)) {
        query->txn.rc = ERR_CORRUPT;
        return;
    }
    buffer_text(out, list->told++ ? "," : "");
    if (list->entity) {
        buffer_byte(out, '{');
        json_entity(query, list->kind, id, list->entity, NULL, out);
        buffer_byte(out, '}');
    } else {
        person_json_line(query, id, image, out);
    }
}

/* Returns the id after which the next page begins; 0: there is none. */
static uint64_t list_page(struct list *list, uint64_t after)
{
    struct query *query = list->visitor->book->query;
    __attribute__((cleanup(tidy_cursor))) struct cursor cursor;
    uint8_t key[ENTITY_KEY], kind = (uint8_t)list->kind;
    size_t looked = 0;
    entity_key(list->kind, after + 1, key);
    cursor_open(&cursor, &query->txn, TABLE_entity);
    for (bool there = cursor_seek(&cursor, bytes(key, sizeof(key)));
         there && cursor_has_prefix(&cursor, bytes(&kind, 1)); there = cursor_next(&cursor)) {
        struct image image;
        enum entity_state state;
        if (list->told == list->limit || looked++ == LOOKED_AT)
            return after;
        after = entity_key_id(cursor.key);
        if (!entity_image(cursor.value, &image, &state))
            query->txn.rc = ERR_CORRUPT;
        else if (list_wants(list, query, cursor.value, image, state))
            list_add(list, query, after, cursor.value, image);
        if (query->txn.rc != 0)
            return 0;
    }
    return 0;
}

static void list_answers(struct list *list, uint64_t after)
{
    buffer_text(&list->visitor->request->reply.body, "{\"items\":[");
    visitor_page_ends(list->visitor, list_page(list, after));
    visitor_answers(list->visitor);
}

bool read_people(struct visitor *visitor)
{
    TIDY_DONE(buffer_done) struct buffer normal = {0};
    const char *text = visitor_text(visitor, "text");
    struct list list = {.visitor = visitor, .kind = KIND_person};
    uint64_t after;
    if (!read_statuses(visitor, &list.statuses) || !visitor_page(visitor, &after, &list.limit) ||
        !visitor_opens_store(visitor) || !read_left_before(visitor, &list.left_before))
        return true;
    if (text)
        text_normalize(text, strlen(text), &normal);
    if (normal.rc != 0)
        return visitor_fails(visitor, normal.rc, NULL);
    list.text = normal.len > 0 ? normal.data : NULL;
    list.text_len = normal.len;
    list_answers(&list, after);
    return true;
}

bool read_things(struct visitor *visitor)
{
    const char *name = visitor_text(visitor, "kind");
    struct list list = {.visitor = visitor, .statuses = ~0u, .kind = kind_by_name(name)};
    uint64_t after;
    if (list.kind == KIND_NONE) {
        const struct trouble trouble = {404, "not_found", "path: kind", "The schemas of /openapi.json are the kinds."};
        return visitor_refuse(visitor, &trouble, "There is no kind '%s'.", name);
    }
    if (!visitor_page(visitor, &after, &list.limit) || !visitor_opens_store(visitor))
        return true;
    TIDY(free) struct entity *entity = list.entity = mem_new(1, sizeof(*entity));
    if (!entity)
        return visitor_fails(visitor, -ENOMEM, NULL);
    list_answers(&list, after);
    return true;
}

/* --- one --- */

struct person {
    struct visitor *visitor;
    struct query *query;
    struct person_asked asked;
    struct cut cut;
    struct entity *entity, *scratch;
};

static void person_done(struct person *person)
{
    belief_free(person->asked.belief);
    free(person->entity);
    free(person->scratch);
}

static bool person_find(struct person *person, const char *key)
{
    __attribute__((cleanup(tidy_query_ids))) struct query_ids ids = {0};
    static const struct trouble nobody = {404, "not_found", "path: key", "GET people?text= finds by a part of it."};
    struct err err = {0};
    int rc = query_find(person->query, key, &ids, &err);
    if (rc != 0)
        return !visitor_fails(person->visitor, rc, &err);
    if (ids.count == 0)
        return !visitor_refuse(person->visitor, &nobody, "Nobody has that as number, e-mail address or in the name.");
    if (ids.count > 1) {
        char next[80];
        snprintf(next, sizeof(next), "Say which, as in id:%lu; GET people?text= lists them.",
                 (unsigned long)ids.items[0]);
        const struct trouble several = {409, "ambiguous", "path: key", next};
        return !visitor_refuse(person->visitor, &several, "%zu people fit.", ids.count);
    }
    person->asked.id = ids.items[0];
    return true;
}

static bool person_then(struct person *person, const char *at)
{
    struct err err = {0};
    int rc = query_time_read(person->query, at, &person->cut.time_ms, &err);
    if (rc != 0) {
        const struct trouble trouble = {400, "parameter_wrong", "query: at", "As in 2026-03-02T07:30."};
        return !visitor_refuse(person->visitor, &trouble, "%s", err.text);
    }
    rc = horizon_reaches(&person->query->txn, person->query->organization, person->cut, &err);
    if (rc != 0)
        return !visitor_fails(person->visitor, rc, &err);
    person->query->cut = &person->cut;
    rc = belief_read(person->query, KIND_person, person->asked.id, person->cut, &person->asked.belief);
    if (rc == 0 && belief_entity(person->asked.belief, KIND_person, person->asked.id, person->entity))
        return true;
    if (rc == ERR_GONE || rc == 0)
        err_set(&err, rc = ERR_GONE, "Who that is was not known yet then.");
    return !visitor_fails(person->visitor, rc, &err);
}

static bool person_now(struct person *person)
{
    struct err err = {0};
    if (entity_get(&person->query->txn, KIND_person, person->asked.id, person->entity))
        return true;
    int rc = query_end(person->query, &err);
    return !visitor_fails(person->visitor, rc ? rc : ERR_GONE, &err);
}

bool read_person(struct visitor *visitor)
{
    TIDY_DONE(person_done) struct person person = {.visitor = visitor};
    const char *at = visitor_text(visitor, "at");
    if (!visitor_opens_store(visitor))
        return true;
    person.query = visitor->book->query;
    person.asked.origin = visitor_flag(visitor, "origin");
    person.entity = mem_new(1, sizeof(*person.entity));
    person.scratch = mem_new(1, sizeof(*person.scratch));
    if (!person.entity || !person.scratch)
        return visitor_fails(visitor, -ENOMEM, NULL);
    if (!person_find(&person, visitor_text(visitor, "key")) || !(at ? person_then(&person, at) : person_now(&person)))
        return true;
    entity_order_children(person.entity);
    person_json(person.query, &person.asked, person.entity, person.scratch, &visitor->request->reply.body);
    visitor_answers(visitor);
    return true;
}
