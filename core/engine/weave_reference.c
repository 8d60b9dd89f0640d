/* weave_reference - whom a root refers to: resolved to an id, or waited for by an index key. */
#include "engine/weave_inside.h"

#include "base/digest.h"
#include "tables/refer.h"

static void link_add(struct weave *weave, struct links *links, struct link link)
{
    for (size_t i = 0; i < links->count; i++)
        if (links->items[i].waiting == link.waiting && links->items[i].kind == link.kind &&
            links->items[i].id == link.id && links->items[i].key.len == link.key.len &&
            (link.key.len == 0 || memcmp(links->items[i].key.data, link.key.data, link.key.len) == 0))
            return;
    if (links->count == LINKS_MAX)
        weave_fail(weave, ERR_LIMIT);
    else
        links->items[links->count++] = link;
}

/* The index key by which a reference is waited for, in weave->key. False: it can never be resolved. */
static bool reference_key(struct weave *weave, const struct reference *reference)
{
    buffer_clear(&weave->text);
    buffer_clear(&weave->key);
    if (reference->how == REFERENCE_FIELD) {
        const struct field *field =
            organization_field_number(weave->match->organization, KIND_person, reference->field);
        struct value value = {PRESENCE_VALUE, 0, reference->text_len, reference->text};
        if (!field || !slot_value_text(weave->match->slots, field, value, &weave->text))
            return false;
        slot_prefix(KIND_person, field->number, weave->text.data, weave->text.len, &weave->key);
    } else if (reference->how == REFERENCE_UNIT) {
        bool code = reference->text_len > 0;
        if (!slot_unit_text(reference->unit_type, code ? reference->text : reference->name,
                            code ? reference->text_len : reference->name_len, &weave->text))
            return false;
        slot_prefix(KIND_org_unit, code ? FIELD_org_unit_code : FIELD_org_unit_name, weave->text.data, weave->text.len,
                    &weave->key);
    } else {
        return false;
    }
    weave_fail(weave, weave->text.rc ? weave->text.rc : weave->key.rc);
    return weave->rc == 0;
}

/* 0: not known yet, or several answer to it. */
static uint64_t reference_resolve(struct weave *weave, const struct reference *reference)
{
    buffer_clear(&weave->text);
    if (reference->how == REFERENCE_FIELD) {
        const struct field *field =
            organization_field_number(weave->match->organization, KIND_person, reference->field);
        struct value value = {PRESENCE_VALUE, 0, reference->text_len, reference->text};
        if (!field || !slot_value_text(weave->match->slots, field, value, &weave->text))
            return 0;
        uint64_t id = match_find(weave->match, KIND_person, field->number, weave->text.data, weave->text.len);
        return id == MATCH_SEVERAL ? 0 : id;
    }
    uint64_t id = 0;
    if (slot_unit_text(reference->unit_type, reference->text, reference->text_len, &weave->text))
        id = match_find(weave->match, KIND_org_unit, FIELD_org_unit_code, weave->text.data, weave->text.len);
    buffer_clear(&weave->text);
    if (id == 0 && slot_unit_text(reference->unit_type, reference->name, reference->name_len, &weave->text))
        id = match_find(weave->match, KIND_org_unit, FIELD_org_unit_name, weave->text.data, weave->text.len);
    return id == MATCH_SEVERAL ? 0 : id;
}

static uint64_t reference_resolve_cached(struct weave *weave, const struct reference *reference, struct value value)
{
    if (reference->how != REFERENCE_UNIT)
        return reference_resolve(weave, reference);
    uint64_t hash = digest_fast(value.bytes, value.len) | 1;
    uint64_t *known = numbers_get(&weave->units, hash);
    if (known)
        return *known;
    uint64_t id = reference_resolve(weave, reference);
    if (id != 0)
        weave_fail(weave, numbers_set(&weave->units, hash, id));
    return id;
}

struct value weave_reference(struct weave *weave, struct value value)
{
    struct reference reference;
    if (value.presence != PRESENCE_VALUE || !reference_read(value.bytes, value.len, &reference))
        return value;
    uint64_t id = reference_resolve_cached(weave, &reference, value);
    if (id == 0)
        return (struct value){PRESENCE_NULL, VALUE_WAITING, value.len, value.bytes};
    uint64_t be = __builtin_bswap64(id);
    char *place = arena_copy(weave->arena, &be, sizeof(be));
    if (!place)
        weave_fail(weave, -ENOMEM);
    return (struct value){PRESENCE_VALUE, 0, sizeof(be), place};
}

void links_of(struct weave *weave, enum kind kind, struct image image, struct links *links)
{
    for (uint16_t n = 0; n < image_count(image); n++) {
        uint16_t number;
        struct value value = image_nth(image, n, &number);
        bool waiting = value.flags & VALUE_WAITING;
        if (!waiting && value.len != sizeof(uint64_t))
            continue;
        const struct field *field = number < FIELD_CUSTOM ? field_by_number(kind, number) : NULL;
        if (!field || field->type != TYPE_REF)
            continue;
        struct reference reference;
        if (waiting && reference_read(value.bytes, value.len, &reference) && reference_key(weave, &reference)) {
            char *key = arena_copy(weave->arena, weave->key.data, weave->key.len);
            link_add(weave, links, (struct link){.waiting = true, .key = bytes(key, key ? weave->key.len : 0)});
            weave_fail(weave, key ? 0 : -ENOMEM);
        } else if (!waiting && value.presence == PRESENCE_VALUE) {
            uint64_t be;
            memcpy(&be, value.bytes, sizeof(be));
            be = __builtin_bswap64(be);
            if (be != weave->id || field->refers_to != weave->kind)
                link_add(weave, links, (struct link){.kind = field->refers_to, .id = be});
        }
    }
}

static bool links_hold(const struct links *links, const struct link *link)
{
    for (size_t i = 0; i < links->count; i++)
        if (links->items[i].waiting == link->waiting && links->items[i].kind == link->kind &&
            links->items[i].id == link->id && links->items[i].key.len == link->key.len &&
            (link->key.len == 0 || memcmp(links->items[i].key.data, link->key.data, link->key.len) == 0))
            return true;
    return false;
}

void links_note(struct weave *weave, const struct links *from, const struct links *against, bool add)
{
    for (size_t i = 0; i < from->count && weave->rc == 0; i++) {
        const struct link *link = &from->items[i];
        if (links_hold(against, link))
            continue;
        weave_fail(weave, link->waiting
                              ? refer_note_waiting(weave->refer_edits, link->key, weave->kind, weave->id, add)
                              : refer_note(weave->refer_edits, link->kind, link->id, weave->kind, weave->id, add));
    }
}
