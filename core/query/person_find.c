/* person_find - whom a connector asks for by the key that somebody typed. */
#include "query/person_find.h"

#include "base/jsontext.h"
#include "base/mem.h"
#include "query/query.h"

#include <errno.h>
#include <string.h>

enum { FIELDS = 2 };

static void record_write(struct query *query, const struct stream_name *stream, const struct member *member,
                         struct buffer *out)
{
    const struct section_view *section = query_section(query, member);
    struct value username = section ? image_get(section->image, FIELD_person_username) : (struct value){0};
    buffer_text(out, out->len > 1 ? ",{" : "{");
    json_member_text(out, "partition", stream->partition);
    json_member_text(out, "stream", stream->stream);
    json_name(out, "id");
    json_string(out, member->id.data, member->id.len);
    if (username.presence == PRESENCE_VALUE) {
        json_name(out, "username");
        json_string(out, username.bytes, username.len);
    }
    buffer_byte(out, '}');
}

static int found_write(struct query *query, const struct run_request *request, uint64_t id, struct arena *arena,
                       struct lane_found *ret_found)
{
    static const char *const names[FIELDS] = {"name", "records"};
    static const uint8_t types[FIELDS] = {MUSTER_TEXT, MUSTER_JSON};
    TIDY_DONE(buffer_done) struct buffer name = {0}, records = {0};
    struct entity *person = arena_get(arena, sizeof(*person));
    struct lane_cell *cells = arena_get(arena, FIELDS * sizeof(*cells));
    if (!person || !cells)
        return -ENOMEM;
    if (!entity_get(&query->txn, KIND_person, id, person))
        return ERR_GONE;
    query_name(query, id, person->image, &name);
    buffer_byte(&records, '[');
    for (uint16_t n = 0; n < person->member_count; n++) {
        const struct stream_name *stream = streams_find(&query->streams, person->members[n].stream);
        if (stream && strcmp(stream->connection_name, request->connection->name) == 0)
            record_write(query, stream, &person->members[n], &records);
    }
    buffer_byte(&records, ']');
    const struct buffer *texts[FIELDS] = {&name, &records};
    for (size_t i = 0; i < FIELDS; i++) {
        const char *text = texts[i]->rc == 0 ? arena_copy(arena, texts[i]->data, texts[i]->len) : NULL;
        if (!text)
            return -ENOMEM;
        cells[i] = (struct lane_cell){PRESENCE_VALUE, false, (uint32_t)texts[i]->len, text};
    }
    *ret_found = (struct lane_found){.is = true, .fields = {FIELDS, names, types}, .cells = cells};
    return 0;
}

int person_find(const struct run_request *request, struct arena *arena, const char *kind, const char *field,
                const char *value, struct lane_found *ret_found)
{
    TIDY(query_close) struct query *query = NULL;
    __attribute__((cleanup(tidy_query_ids))) struct query_ids ids = {0};
    *ret_found = (struct lane_found){0};
    if (strcmp(kind, "person") != 0 || strcmp(field, "key") != 0)
        return ERR_UNSUPPORTED;
    int rc = query_open(request->settings, request->organization, &query, NULL);
    if (rc == 0)
        rc = query_find(query, value, &ids, NULL);
    if (rc == ERR_GONE || rc == ERR_DATA)
        return 0; /* nobody */
    if (rc == 0 && ids.count > 1)
        return ERR_CONFLICT;
    return rc == 0 && ids.count == 1 ? found_write(query, request, ids.items[0], arena, ret_found) : rc;
}

/* --- all that is known --- */

/* Whom this connection's record is of, in whatever partition; 0: it has no such. */
static uint64_t of_record(struct query *query, const struct run_request *request, const char *name)
{
    size_t len = strcspn(name, "/");
    for (size_t i = 0; i < query->streams.count && name[len] == '/'; i++) {
        const struct stream_name *stream = &query->streams.items[i];
        if (strcmp(stream->connection_name, request->connection->name) != 0 ||
            strncmp(stream->stream, name, len) != 0 || stream->stream[len] != '\0')
            continue;
        uint64_t id = query_record_person(query, stream->number, name + len + 1);
        if (id != 0)
            return id;
    }
    return 0;
}

static int ids_of(struct query *query, const struct run_request *request, const char *field, const char *value,
                  uint64_t *ret_id)
{
    __attribute__((cleanup(tidy_query_ids))) struct query_ids ids = {0};
    *ret_id = 0;
    if (strcmp(field, "record") == 0) {
        *ret_id = of_record(query, request, value);
        return query_end(query, NULL);
    }
    TIDY(free) char *key = mem_format("%s:%s", strcmp(field, "work_email") == 0 ? "email" : "number", value);
    int rc = key ? query_find(query, key, &ids, NULL) : -ENOMEM;
    if (rc == ERR_DATA || (rc == 0 && ids.count == 0))
        return 0;
    if (rc == 0 && ids.count > 1)
        return ERR_CONFLICT;
    if (rc == 0)
        *ret_id = ids.items[0];
    return rc;
}

static int value_tell(struct query *query, const struct entity *person, const struct field *field, struct arena *arena,
                      struct lane_cell *ret_cell)
{
    TIDY_DONE(buffer_done) struct buffer text = {0};
    struct value value = image_get(person->image, field->number);
    query_value(query, person, field, value, &text);
    const char *copy = text.rc == 0 ? arena_copy(arena, text.data ? text.data : "", text.len) : NULL;
    if (!copy)
        return -ENOMEM;
    *ret_cell = (struct lane_cell){value.presence, false, (uint32_t)text.len, copy};
    return 0;
}

static int person_write(struct query *query, uint64_t id, struct arena *arena, struct lane_found *ret_found)
{
    size_t count = 0, most = 0;
    const struct field *field;
    while (field_nth(KIND_person, most))
        most++;
    struct entity *person = arena_get(arena, sizeof(*person));
    struct lane_cell *cells = arena_get(arena, most * sizeof(*cells));
    const char **names = arena_get(arena, most * sizeof(*names));
    uint8_t *types = arena_get(arena, most);
    if (!person || !cells || !names || !types)
        return -ENOMEM;
    if (!entity_get(&query->txn, KIND_person, id, person))
        return query_end(query, NULL);
    for (size_t n = 0; (field = field_nth(KIND_person, n)); n++) {
        if (field->sensitivity == SENSITIVITY_protected)
            continue;
        int rc = value_tell(query, person, field, arena, &cells[count]);
        if (rc != 0)
            return rc;
        names[count] = field->name;
        types[count++] = MUSTER_TEXT;
    }
    *ret_found = (struct lane_found){.is = true, .fields = {count, names, types}, .cells = cells};
    return 0;
}

int person_tell(const struct run_request *request, struct arena *arena, const char *kind, const char *field,
                const char *value, struct lane_found *ret_found)
{
    static const char *const fields[] = {"record", "employee_number", "work_email"};
    TIDY(query_close) struct query *query = NULL;
    uint64_t id = 0;
    bool known = false;
    *ret_found = (struct lane_found){0};
    for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
        known |= strcmp(field, fields[i]) == 0;
    if (strcmp(kind, "person") != 0 || !known)
        return ERR_UNSUPPORTED;
    int rc = query_open(request->settings, request->organization, &query, NULL);
    if (rc == 0)
        rc = ids_of(query, request, field, value, &id);
    if (rc == ERR_GONE)
        return 0; /* nothing was ever stored */
    return rc == 0 && id != 0 ? person_write(query, id, arena, ret_found) : rc;
}
