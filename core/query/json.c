/* json - golden records as JSON, with the model's names. */
#include "query/json.h"

#include "base/jsontext.h"
#include "config/organization.h"

#include <string.h>

/* The natural key of what is referred to, so that a reader needs no second look. */
static void reference_json(struct query *query, enum kind kind, uint64_t id, struct buffer *out)
{
    static const uint16_t person[] = {FIELD_person_employee_number, 0},
                          unit[] = {FIELD_org_unit_type, FIELD_org_unit_code, FIELD_org_unit_name, 0}, none[] = {0};
    struct image image;
    buffer_byte(out, '{');
    json_member_number(out, "id", id);
    if (query_image(query, kind, id, &image)) {
        const uint16_t *fields = kind == KIND_person ? person : kind == KIND_org_unit ? unit : none;
        for (; *fields; fields++) {
            const struct field *field = field_by_number(kind, *fields);
            struct value part = image_get(image, *fields);
            if (part.presence != PRESENCE_VALUE)
                continue;
            json_name(out, field->name);
            json_value(query, NULL, field, part, out);
        }
    }
    buffer_byte(out, '}');
}

/* What could not be written down makes the whole fail. */
static void fail_with(struct buffer *out, const struct buffer *part)
{
    if (part->rc != 0 && out->rc == 0)
        out->rc = part->rc;
}

static void waiting_json(struct query *query, struct value value, struct buffer *out)
{
    TIDY_DONE(buffer_done) struct buffer text = {0};
    const char *by;
    if (!query_waiting(query, value, &by, &text)) {
        buffer_text(out, "null");
        return;
    }
    buffer_text(out, "{\"waiting\":{");
    json_member_text(out, by, text.data ? text.data : "");
    buffer_text(out, "}}");
    fail_with(out, &text);
}

void json_value(struct query *query, const struct entity *entity, const struct field *field, struct value value,
                struct buffer *out)
{
    if (value.flags & VALUE_WAITING) {
        waiting_json(query, value, out);
    } else if (value.presence != PRESENCE_VALUE) {
        buffer_text(out, "null");
    } else if (value.flags & VALUE_SEALED) {
        TIDY_DONE(buffer_done) struct buffer plain = {0};
        if (entity && query_reveal(query, entity, value, &plain) == 0)
            json_string(out, plain.data ? plain.data : "", plain.len);
        else
            buffer_text(out, "null");
        fail_with(out, &plain);
    } else if (field->type == TYPE_REF) {
        reference_json(query, field->refers_to, reference_id(value), out);
    } else if (field->type == TYPE_ENUM) {
        TIDY_DONE(buffer_done) struct buffer text = {0};
        query_value(query, entity, field, value, &text);
        json_string(out, text.data ? text.data : "", text.len);
        fail_with(out, &text);
    } else if (field->type == TYPE_INTEGER || field->type == TYPE_BOOL || field->type == TYPE_JSON) {
        buffer_add(out, value.bytes, value.len);
    } else {
        json_string(out, value.bytes, value.len);
    }
}

static void field_json(struct query *query, const struct entity *entity, const struct field *field, struct value value,
                       struct buffer *out)
{
    if (value.flags & VALUE_SEALED && !query->unsealed)
        return;
    json_name(out, field->name);
    json_value(query, entity, field, value, out);
}

void json_entity(struct query *query, enum kind kind, uint64_t id, const struct entity *entity,
                 const struct field *const *fields, struct buffer *out)
{
    if (!fields)
        json_member_number(out, "id", id);
    for (; fields && *fields; fields++) {
        struct value none = {0};
        if ((*fields)->kind == KIND_NONE)
            json_member_number(out, "id", id);
        else /* an own field without a number was never stored */
            field_json(query, entity, *fields, (*fields)->number ? image_get(entity->image, (*fields)->number) : none,
                       out);
    }
    for (uint16_t n = 0; !fields && n < image_count(entity->image); n++) {
        uint16_t number;
        struct value value = image_nth(entity->image, n, &number);
        const struct field *field = organization_field_number(query->organization, kind, number);
        if (field)
            field_json(query, entity, field, value, out);
    }
    if (!fields && entity->state == ENTITY_GONE) {
        json_name(out, "gone");
        buffer_text(out, "true");
    }
}
