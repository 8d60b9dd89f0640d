/* push_waits - what of a target's stream is left to people, told like everything else that waits. */
#include "engine/push_inside.h"

#include "engine/reason.h"

#include <muster/connector.h>
#include <stdio.h>

static uint64_t person_of(struct txn *txn, enum kind kind, uint64_t id)
{
    uint8_t key[ENTITY_KEY];
    struct bytes value;
    struct image image;
    enum entity_state state;
    uint64_t be = 0;
    if (kind == KIND_person)
        return id;
    entity_key(kind, id, key);
    const struct field *field = field_by_name(kind, "person");
    if (!field || !txn_get(txn, TABLE_entity, bytes(key, sizeof(key)), &value) || !entity_image(value, &image, &state))
        return 0;
    struct value person = image_get(image, field->number);
    if (person.presence == PRESENCE_VALUE && person.len == sizeof(be))
        __builtin_memcpy(&be, person.bytes, sizeof(be));
    return __builtin_bswap64(be);
}

static const char *reason_of(const struct delivery *row)
{
    switch (row->state) {
    case DELIVERY_REFUSED: return REASON_CODE(target_refused);
    case DELIVERY_SENT: return REASON_CODE(answer_unknown);
    case DELIVERY_HELD:
        return row->op == MUSTER_DEACTIVATE ? REASON_CODE(safeguard_deactivate) : REASON_CODE(safeguard_update);
    case DELIVERY_MANUAL: return REASON_CODE(manual_action);
    default: return NULL; /* tried again without anybody's doing */
    }
}

static enum wait_type type_of(const struct delivery *row)
{
    return row->state == DELIVERY_REFUSED ? WAIT_DEAD : row->state == DELIVERY_HELD ? WAIT_HELD : WAIT_TASK;
}

int push_waits(struct push *push, struct wait_settling *settling, struct push_stream *stream)
{
    struct wait_list waits __attribute__((cleanup(wait_list_done))) = {0};
    struct run_pushed *pushed = &push->run->report->pushed;
    struct delivery_walk walk;
    enum kind kind;
    uint64_t id;
    int rc = wait_list_init(&waits);
    delivery_walk_begin(&walk, settling->txn, stream->number, DELIVERY_OPEN);
    while (rc == 0 && delivery_walk_next(&walk, &kind, &id)) {
        struct delivery row;
        char name[40], why[PUSH_WHY];
        if (!delivery_get(settling->txn, stream->number, kind, id, &row))
            continue;
        pushed->manual += row.state == DELIVERY_MANUAL;
        pushed->held += row.state == DELIVERY_HELD;
        pushed->put_off += row.state == DELIVERY_RETRY;
        const char *reason = reason_of(&row);
        snprintf(name, sizeof(name), "%llu", (unsigned long long)id);
        snprintf(why, sizeof(why), "%.*s", (int)row.why.len, row.why.len ? (const char *)row.why.data : "");
        if (reason)
            wait_add(&waits, &(struct wait_item){.type = type_of(&row),
                                                 .stream = stream->number,
                                                 .id = name,
                                                 .reason = reason,
                                                 .text = why[0] ? why : NULL,
                                                 .entity = person_of(settling->txn, kind, id)});
        rc = waits.rc;
    }
    delivery_walk_end(&walk);
    push->run->report->held += waits.by_type[WAIT_HELD];
    push->run->report->dead_letters += waits.by_type[WAIT_DEAD];
    return rc ? rc : wait_settle(settling, &waits, stream->number, true);
}
