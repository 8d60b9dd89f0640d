/* hold - changes that are proposed and not taken. */
#include "tables/hold.h"

#include "base/digest.h"
#include "base/mem.h"
#include "logic/reason.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const reasons[GATE_COUNT] = {
    [GATE_DEACTIVATE] = reason_safeguard_deactivate,
    [GATE_UPDATE] = reason_safeguard_update,
    [GATE_REKEY] = reason_safeguard_rekey,
    [GATE_EMAIL] = reason_safeguard_email,
    [GATE_MANAGER] = reason_safeguard_manager,
    [GATE_IDENTITY] = reason_identity_reused,
    [GATE_EMPTY] = reason_empty_partition,
    [GATE_NO_ID] = reason_row_without_id,
    [GATE_PLAN] = reason_plan_moved,
    [GATE_CREATE] = reason_safeguard_create,
};

const char *gate_reason(enum gate gate)
{
    return gate < GATE_COUNT ? reasons[gate] : NULL;
}

enum gate gate_of_reason(const char *reason)
{
    for (unsigned gate = 1; reason && gate < GATE_COUNT; gate++)
        if (strcmp(reasons[gate], reason) == 0)
            return (enum gate)gate;
    return GATE_NONE;
}

/* --- the set --- */

void holds_done(struct holds *holds)
{
    numbers_done(&holds->records);
    free(holds->items);
    *holds = (struct holds){0};
}

struct hold *holds_first(const struct holds *holds, uint64_t record)
{
    const uint64_t *at = holds->count > 0 ? numbers_get(&holds->records, record) : NULL;
    return at ? &holds->items[*at - 1] : NULL;
}

struct hold *holds_next(const struct holds *holds, const struct hold *hold)
{
    return hold->before ? &holds->items[hold->before - 1] : NULL;
}

int holds_add(struct holds *holds, const struct hold *hold, bool *ret_added)
{
    bool added = false;
    struct hold *first = holds_first(holds, hold->record), *same = first;
    while (same && (same->gate != hold->gate || same->kind != hold->kind || same->field != hold->field))
        same = holds_next(holds, same);
    if (same) {
        added = same->expected != 0 && hold->expected == 0;
        same->expected = added ? 0 : same->expected;
        same->quiet =
            added ? hold->quiet : same->quiet; /* what was said of another proposal says nothing of this one */
    } else {
        int rc = mem_grow(&holds->items, holds->count, &holds->room, sizeof(*holds->items));
        if (rc == 0) {
            struct hold made = *hold;
            const uint64_t *last = numbers_get(&holds->records, hold->record);
            made.before = last ? (size_t)*last : 0;
            holds->items[holds->count] = made;
            rc = numbers_set(&holds->records, hold->record, holds->count + 1);
        }
        if (rc != 0)
            return rc;
        holds->count++;
        added = true;
    }
    if (ret_added)
        *ret_added = added;
    return 0;
}

/* --- what is proposed, as a number --- */

uint64_t hold_record(struct bytes key)
{
    return digest_fast(key.data, key.len) | 1;
}

bool hold_covers(enum kind kind, uint16_t field, uint16_t other)
{
    return field == other ||
           (kind == KIND_person && field == FIELD_person_status && other == FIELD_person_terminated_on);
}

static uint64_t mixed(uint64_t so_far, const void *bytes, size_t len)
{
    uint64_t pair[2] = {so_far, digest_fast(bytes, len)};
    return digest_fast(pair, sizeof(pair));
}

static uint64_t mixed_value(uint64_t so_far, uint16_t field, struct value value)
{
    uint8_t head[3] = {(uint8_t)value.presence, (uint8_t)(field >> 8), (uint8_t)field};
    return mixed(mixed(so_far, head, sizeof(head)), value.bytes, value.len);
}

/* Flags do not count: a value that is carried is the same value. */
static uint64_t mixed_section(uint64_t so_far, const struct section_view *section, enum gate gate, uint16_t field)
{
    static const uint16_t who[] = {FIELD_person_given_name, FIELD_person_family_name, FIELD_person_display_name,
                                   FIELD_person_date_of_birth};
    if (gate == GATE_IDENTITY) {
        for (size_t i = 0; section->kind == KIND_person && i < sizeof(who) / sizeof(who[0]); i++)
            so_far = mixed_value(so_far, who[i], image_get(section->image, who[i]));
        return so_far;
    }
    so_far = mixed(so_far, section->key, section->key_len);
    for (uint16_t n = 0; n < image_count(section->image); n++) {
        uint16_t number;
        struct value value = image_nth(section->image, n, &number);
        if (field == 0 || hold_covers(section->kind, field, number))
            so_far = mixed_value(so_far, number, value);
    }
    return so_far;
}

uint64_t hold_key(enum gate gate, uint64_t record, enum kind kind, uint16_t field, const struct section_view *sections,
                  uint16_t count)
{
    bool removal = gate == GATE_EMPTY || gate == GATE_NO_ID || (gate == GATE_DEACTIVATE && field == 0);
    uint64_t head[3] = {removal ? GATE_DEACTIVATE : (uint64_t)gate, record, (uint64_t)kind << 16 | field};
    uint64_t key = digest_fast(head, sizeof(head));
    for (uint16_t n = 0; !removal && n < count; n++)
        if (!kind_is_raw(sections[n].kind) && (kind == KIND_NONE || sections[n].kind == kind))
            key = mixed_section(key, &sections[n], gate, field);
    return key | UINT64_C(1) << 63;
}
