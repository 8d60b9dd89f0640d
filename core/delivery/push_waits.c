/* push_waits - what of a target's stream is left to people, told like everything else that waits. */
#include "delivery/pushing.h"

#include "tables/delivery_wait.h"

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

/* A person has said of just this change that it may not be, or that nobody wants to hear of it; or that it may be, and
 * a run that looks at somebody else only has not told it yet. */
static bool is_quiet(struct push *push, const struct push_stream *stream, enum kind kind, uint64_t id,
                     const struct delivery *row)
{
    if (!push->said.persons)
        return false;
    uint64_t subject = delivery_subject(stream->number, kind, id, row);
    if (row->state != DELIVERY_HELD)
        return statement_stands(&push->said, subject, STATEMENT_DISCARD, NULL);
    return statement_stands(&push->said, subject, STATEMENT_REJECT, NULL) ||
           statement_stands(&push->said, subject, STATEMENT_APPROVE, NULL);
}

/* The fields that an update would change, by name: "Department, Title". */
static void held_text(const struct push_stream *stream, const struct delivery *row, char ret_text[PUSH_WHY])
{
    struct image was = {row->confirmed.data, (uint32_t)row->confirmed.len};
    struct image is = {row->wanted.data, (uint32_t)row->wanted.len};
    size_t len = 0;
    ret_text[0] = '\0';
    for (size_t n = 0; row->op == MUSTER_UPDATE && n < stream->stream->map.rule_count && len < PUSH_WHY; n++) {
        struct value before = image_get(was, stream->numbers[n]), after = image_get(is, stream->numbers[n]);
        bool blank = before.presence != PRESENCE_VALUE && after.presence != PRESENCE_VALUE;
        if (!blank && !(before.presence == after.presence && value_equal(before, after)))
            len += (size_t)snprintf(ret_text + len, PUSH_WHY - len, "%s%s", len ? ", " : "", stream->names[n]);
    }
}

/* What this run has tried is counted as not taken already. */
static void put_off(struct run_report *report, const struct delivery *row, const char *why)
{
    struct run_pushed *pushed = &report->pushed;
    pushed->put_off += row->run != report->run || row->rc == MUSTER_OK;
    if (pushed->put_off_ms != 0 && pushed->put_off_ms <= row->next_ms)
        return;
    pushed->put_off_ms = row->next_ms;
    pushed->put_off_why = *why ? arena_text(report->arena, why) : NULL;
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
        const char *reason = delivery_wait_reason(&row);
        if (reason && is_quiet(push, stream, kind, id, &row))
            continue;
        pushed->manual += row.state == DELIVERY_MANUAL;
        pushed->held += row.state == DELIVERY_HELD;
        pushed->drifted += row.state == DELIVERY_DRIFTED;
        snprintf(name, sizeof(name), "%llu", (unsigned long long)id);
        if (row.state == DELIVERY_HELD)
            held_text(stream, &row, why);
        else
            snprintf(why, sizeof(why), "%.*s", (int)row.why.len, row.why.len ? (const char *)row.why.data : "");
        if (reason)
            wait_add(&waits, &(struct wait_item){.type = delivery_wait_type(&row),
                                                 .stream = stream->number,
                                                 .id = name,
                                                 .reason = reason,
                                                 .text = why[0] ? why : NULL,
                                                 .entity = person_of(settling->txn, kind, id)});
        if (row.state == DELIVERY_RETRY)
            put_off(push->run->report, &row, why);
        rc = waits.rc;
    }
    delivery_walk_end(&walk);
    push->run->report->held += wait_list_count(&waits, WAIT_HELD);
    push->run->report->dead_letters += wait_list_count(&waits, WAIT_DEAD);
    return rc ? rc : wait_settle(settling, &waits, stream->number, true);
}
