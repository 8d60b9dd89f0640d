/* query_text - what stands in the store, in words: names, values, references, the records behind them. */
#include "query/query.h"

#include "base/mem.h"
#include "base/text.h"
#include "config/organization.h"
#include "query/belief.h"

#include <errno.h>
#include <string.h>

static const char dots[] = "••••";

static bool add_part(struct value value, struct buffer *out, bool space)
{
    if (value.presence != PRESENCE_VALUE || value.len == 0)
        return false;
    if (space)
        buffer_byte(out, ' ');
    buffer_add(out, value.bytes, value.len);
    return true;
}

void query_name(const struct query *query, uint64_t id, struct image image, struct buffer *out)
{
    (void)query;
    struct value preferred = image_get(image, FIELD_person_preferred_name);
    bool any = add_part(preferred.presence == PRESENCE_VALUE ? preferred : image_get(image, FIELD_person_given_name),
                        out, false);
    any |= add_part(image_get(image, FIELD_person_middle_name), out, any);
    any |= add_part(image_get(image, FIELD_person_family_name), out, any);
    if (any || add_part(image_get(image, FIELD_person_display_name), out, false) ||
        add_part(image_get(image, FIELD_person_username), out, false))
        return;
    if (id > 0)
        buffer_format(out, "person %lu", (unsigned long)id);
}

static bool image_then(struct query *query, enum kind kind, uint64_t id, struct image *ret_image)
{
    TIDY(belief_free) struct belief *belief = NULL;
    TIDY(free) struct entity *entity = mem_new(1, sizeof(*entity));
    int rc = entity ? belief_read(query, kind, id, *query->cut, &belief) : -ENOMEM;
    if (rc != 0 && rc != ERR_GONE && query->txn.rc == 0)
        query->txn.rc = rc;
    if (rc != 0 || !belief_entity(belief, kind, id, entity))
        return false;
    *ret_image = entity->image;
    return true;
}

bool query_image(struct query *query, enum kind kind, uint64_t id, struct image *ret_image)
{
    if (query->cut)
        return image_then(query, kind, id, ret_image);
    uint8_t key[ENTITY_KEY];
    struct bytes value;
    enum entity_state state;
    entity_key(kind, id, key);
    return txn_get(&query->txn, TABLE_entity, bytes(key, sizeof(key)), &value) &&
           entity_image(value, ret_image, &state);
}

static void lookup_label(struct query *query, struct image image, struct buffer *out)
{
    uint64_t person = reference_id(image_get(image, FIELD_lookup_row_person)); /* "salary 2026-10 of 1001 Anna Smit" */
    bool any = add_part(image_get(image, FIELD_lookup_row_module), out, false);
    any |= add_part(image_get(image, FIELD_lookup_row_period), out, any);
    if (person && any) {
        buffer_text(out, " of ");
        query_label(query, KIND_person, person, out);
    }
}

void query_label(struct query *query, enum kind kind, uint64_t id, struct buffer *out)
{
    struct image image;
    if (!query_image(query, kind, id, &image)) {
        buffer_format(out, "%s %lu", kind_name(kind), (unsigned long)id);
        return;
    }
    size_t before = out->len;
    if (kind == KIND_person) {
        bool any = add_part(image_get(image, FIELD_person_employee_number), out, false);
        size_t number = out->len;
        if (any)
            buffer_byte(out, ' ');
        query_name(query, any ? 0 : id, image, out);
        if (any && out->len == number + 1)
            out->data[out->len = number] = '\0';
    } else if (kind == KIND_org_unit) {
        bool any = add_part(image_get(image, FIELD_org_unit_code), out, false);
        add_part(image_get(image, FIELD_org_unit_name), out, any);
    } else if (kind == KIND_employment) {
        add_part(image_get(image, FIELD_employment_title), out, false);
    } else if (kind == KIND_lookup_row) {
        lookup_label(query, image, out);
    }
    if (out->rc == 0 && out->len == before)
        buffer_format(out, "%s %lu", kind_name(kind), (unsigned long)id);
}

void query_label_whose(struct query *query, enum kind kind, uint64_t id, struct buffer *out)
{
    const struct field *whose = kind == KIND_lookup_row ? NULL : field_by_name(kind, "person"); /* a lookup's says it */
    struct image image;
    query_label(query, kind, id, out);
    if (!whose || !query_image(query, kind, id, &image))
        return;
    uint64_t person = reference_id(image_get(image, whose->number));
    if (person) {
        buffer_text(out, " of ");
        query_label(query, KIND_person, person, out);
    }
}

bool query_waiting(const struct query *query, struct value value, const char **ret_by, struct buffer *out)
{
    struct reference reference;
    if (!(value.flags & VALUE_WAITING) || !reference_read(value.bytes, value.len, &reference))
        return false;
    *ret_by = "record";
    if (reference.how == REFERENCE_FIELD) {
        const struct field *field = organization_field_number(query->organization, KIND_person, reference.field);
        *ret_by = field ? field->name : "person";
    } else if (reference.how == REFERENCE_UNIT) {
        *ret_by = reference.text_len > 0 ? "code" : "name";
    }
    if (reference.text_len > 0)
        buffer_add(out, reference.text, reference.text_len);
    else
        buffer_add(out, reference.name, reference.name_len);
    return true;
}

/* The record's seal lies under the seed of its main section. */
int query_reveal(struct query *query, const struct entity *entity, struct value value, struct buffer *out)
{
    int rc = ERR_GONE;
    if (!query->unsealed || !(value.flags & VALUE_SEALED) || value.len != DIGEST_KEYED)
        return rc;
    for (uint16_t n = 0; n < entity->member_count && rc == ERR_GONE; n++) {
        struct bytes row;
        if (!query_section(query, &entity->members[n]))
            continue;
        uint64_t key = __builtin_bswap64(query->record->sections[0].seed);
        if (txn_get(&query->txn, TABLE_vault, bytes(&key, sizeof(key)), &row))
            rc = vault_reveal(&query->vault, row, (const uint8_t *)value.bytes, out);
    }
    return query->txn.rc ? query->txn.rc : rc;
}

static void sealed_value(struct query *query, const struct entity *entity, struct value value, struct buffer *out)
{
    size_t before = out->len;
    int rc = entity && query->unsealed ? query_reveal(query, entity, value, out) : 0;
    if (rc == ERR_GONE)
        buffer_text(out, "(erased)");
    else if (rc == ERR_CORRUPT)
        buffer_text(out, "(sealed by another key)");
    else if (out->len == before)
        buffer_text(out, dots);
}

void query_value(struct query *query, const struct entity *entity, const struct field *field, struct value value,
                 struct buffer *out)
{
    const char *by;
    if (value.flags & VALUE_WAITING) {
        if (query_waiting(query, value, &by, out))
            buffer_text(out, " (not known yet)");
    } else if (value.presence != PRESENCE_VALUE) {
        return;
    } else if (value.flags & VALUE_SEALED) {
        sealed_value(query, entity, value, out);
    } else if (field && field->type == TYPE_ENUM && value.len == 1) {
        size_t len;
        const char *text = enum_text(field, (uint8_t)*value.bytes, &len);
        if (text)
            buffer_add(out, text, len);
        else
            buffer_format(out, "%u", (unsigned)(uint8_t)*value.bytes);
    } else if (field && field->type == TYPE_REF) {
        query_label(query, field->refers_to, reference_id(value), out);
    } else {
        buffer_add(out, value.bytes, value.len);
    }
}

void query_record(const struct query *query, enum kind kind, const struct member *member, struct buffer *out)
{
    const struct stream_name *stream = streams_find(&query->streams, member->stream);
    if (stream)
        buffer_format(out, "%s/%s/%s/", stream->connection_name, stream->partition, stream->stream);
    buffer_add(out, member->id.data, member->id.len);
    if (kind != KIND_person && kind != KIND_NONE && !(kind == KIND_org_unit && member->key.len == 0)) {
        buffer_format(out, "#%s", kind_name(kind));
        if (member->key.len > 0) {
            buffer_byte(out, '/');
            buffer_add(out, member->key.data, member->key.len);
        }
    }
}
