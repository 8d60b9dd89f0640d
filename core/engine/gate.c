/* gate - golden changes on their way through the safeguards. */
#include "engine/gate.h"

#include "base/mem.h"
#include "base/tidy.h"
#include "logic/reason.h"

#include <stdlib.h>

void gates_done(struct gates *gates)
{
    free(gates->items);
    numbers_done(&gates->allowed);
    numbers_done(&gates->settled);
    *gates = (struct gates){0};
}

void gates_again(struct gates *gates)
{
    gates->count = 0;
}

void gates_note(struct gates *gates, const struct gate_item *item)
{
    if (gates->rc == 0)
        gates->rc = mem_grow(&gates->items, gates->count, &gates->room, sizeof(*gates->items));
    if (gates->rc == 0)
        gates->items[gates->count++] = *item;
}

const struct safeguard *gate_safeguard(const struct connection *connection, enum gate gate)
{
    switch (gate) {
    case GATE_UPDATE: return &connection->update;
    case GATE_REKEY: return &connection->rekey;
    case GATE_EMAIL: return &connection->email;
    case GATE_MANAGER: return &connection->manager;
    case GATE_CREATE: return &connection->create;
    default: return &connection->deactivate;
    }
}

enum gate gate_of_field(enum kind kind, uint16_t field)
{
    if (kind == KIND_employment)
        return field == FIELD_employment_manager ? GATE_MANAGER : GATE_NONE;
    switch (kind == KIND_person ? field : 0) {
    case FIELD_person_employee_number: return GATE_REKEY;
    case FIELD_person_work_email: return GATE_EMAIL;
    case FIELD_person_manager: return GATE_MANAGER;
    case FIELD_person_status: return GATE_DEACTIVATE;
    default: return GATE_NONE;
    }
}

const char *gate_why(const struct connection *connection, enum gate gate, const struct safeguard_case *at,
                     struct arena *arena)
{
    TIDY_DONE(buffer_done) struct buffer out = {0};
    const struct safeguard *safeguard = gate_safeguard(connection, gate);
    const char *reason = reason_text(gate_reason(gate)), *why = NULL;
    if (safeguard_trips(safeguard, at)) {
        safeguard_tell(safeguard, gate_name(gate), at, &out);
        why = out.rc ? NULL : arena_format(arena, "%s: %s", reason, out.data);
    } else { /* what was held is not let go because it would pass today */
        why = arena_format(arena, "%s: it was so when they were held; now it is %lu of %lu", reason,
                           (unsigned long)at->going, (unsigned long)at->population);
    }
    return why ? why : reason;
}

/* As long as the safeguard would count it; then there is nothing to approve any more. */
int64_t gate_approval_ends(const struct connection *connection, enum gate gate, int64_t now_ms)
{
    const int64_t day_ms = 86400000;
    int64_t window = connection ? gate_safeguard(connection, gate)->window_ms : 7 * day_ms;
    return now_ms + (window > day_ms ? window : day_ms);
}

const char *gate_name(enum gate gate)
{
    static const char *const names[] = {"", "deactivate", "update", "rekey", "email", "manager"};
    return gate <= GATE_MANAGER ? names[gate] : gate == GATE_CREATE ? "create" : "";
}
