/* delivery_wait - what waits for a person because of a target. */
#include "tables/delivery_wait.h"

#include "base/digest.h"
#include "logic/reason.h"
#include "tables/statement.h"

#include <muster/connector.h>
#include <stdlib.h>
#include <string.h>

bool delivery_is_stream(const struct stream_name *stream)
{
    return stream && strncmp(stream->stream, DELIVERY_STREAM, strlen(DELIVERY_STREAM)) == 0;
}

const char *delivery_wait_reason(const struct delivery *row)
{
    switch (row->state) {
    case DELIVERY_REFUSED: return row->rc == MUSTER_RETRY ? REASON_CODE(target_gave_up) : REASON_CODE(target_refused);
    case DELIVERY_SENT: return REASON_CODE(answer_unknown);
    case DELIVERY_HELD: return gate_reason(delivery_gate(row->op));
    case DELIVERY_MANUAL: return REASON_CODE(manual_action);
    case DELIVERY_DRIFTED: return REASON_CODE(target_drift);
    default: return NULL; /* tried again without anybody's doing */
    }
}

enum wait_type delivery_wait_type(const struct delivery *row)
{
    return row->state == DELIVERY_REFUSED ? WAIT_DEAD : row->state == DELIVERY_HELD ? WAIT_HELD : WAIT_TASK;
}

enum gate delivery_gate(int op)
{
    switch (op) {
    case MUSTER_DEACTIVATE: return GATE_DEACTIVATE;
    case MUSTER_UPDATE: return GATE_UPDATE;
    case MUSTER_CREATE: return GATE_CREATE;
    default: return GATE_NONE;
    }
}

uint64_t delivery_subject(uint32_t stream, enum kind kind, uint64_t id, const struct delivery *row)
{
    /* What is left to a person is the same before and after the rest of it was sent. */
    uint64_t head[4] = {stream, (uint64_t)kind, id, row->state == DELIVERY_MANUAL ? 0 : row->op};
    uint64_t digest = digest_fast(head, sizeof(head));
    struct bytes what = row->wanted.len ? row->wanted : row->why;
    if (row->op != MUSTER_DEACTIVATE)
        digest = digest_seeded(digest, what.len ? what.data : "", what.len);
    if (row->state == DELIVERY_DRIFTED) /* another change there is another matter */
        digest = digest_seeded(digest, row->confirmed.len ? row->confirmed.data : "", row->confirmed.len);
    return digest | SUBJECT_DIGEST;
}

bool delivery_wait_unit(struct txn *txn, const struct wait_item *item, struct delivery_unit *ret_unit)
{
    struct delivery_unit unit = {.stream = item->stream, .id = item->id ? strtoull(item->id, NULL, 10) : 0};
    for (unsigned kind = KIND_NONE + 1; unit.id != 0 && kind < KIND_COUNT; kind++) {
        unit.kind = (enum kind)kind;
        if (!delivery_get(txn, item->stream, unit.kind, unit.id, &unit.row))
            continue;
        const char *reason = delivery_wait_reason(&unit.row);
        if (!reason || !item->reason || strcmp(reason, item->reason) != 0)
            return false;
        *ret_unit = unit;
        return true;
    }
    return false;
}
