/* gate - golden changes on their way through the safeguards: what weave found of them, and what people have said.
 *
 * While a run is decided, weave notes each change of a known person that a
 * safeguard looks at, with the source record that says it. run_gate judges
 * them when all is decided; what must not pass is held, and the run is decided
 * once more. */
#ifndef ENGINE_GATE_H
#define ENGINE_GATE_H

#include "base/arena.h"
#include "config/organization.h"
#include "logic/safeguard.h"
#include "tables/hold.h"

/* One change, as it was seen passing. */
struct gate_item {
    uint64_t record; /* hold_record() */
    uint64_t key;    /* hold_key() */
    uint64_t person;
    uint32_t stream;
    uint16_t field; /* 0: the record as a whole */
    uint8_t gate, kind;
};

struct gates {
    uint32_t watched; /* bit per gate; 0: nobody looks */
    struct gate_item *items;
    size_t count, room;
    struct numbers allowed; /* hold keys that somebody lets through in this run */
    struct numbers settled; /* hold_record() of what this act decides about */
    int rc;                 /* sticky */
};

void gates_done(struct gates *gates);
/* Forgets the changes, for deciding once more. */
void gates_again(struct gates *gates);
void gates_note(struct gates *gates, const struct gate_item *item);

static inline bool gates_watch(const struct gates *gates, enum gate gate)
{
    return gates && gates->watched & 1u << gate;
}

/* Until when an approval stands: as long as the safeguard counts; connection NULL: a week. */
int64_t gate_approval_ends(const struct connection *connection, enum gate gate, int64_t now_ms);
/* "email": as the safeguard is called in the organization's file. */
const char *gate_name(enum gate gate);
/* The safeguard of a connection at that gate. */
const struct safeguard *gate_safeguard(const struct connection *connection, enum gate gate);
/* Why so many are held there: the reason's sentence with figures. Never NULL. */
const char *gate_why(const struct connection *connection, enum gate gate, const struct safeguard_case *at,
                     struct arena *arena);
/* The gate through which a change of a field goes, besides GATE_UPDATE; GATE_NONE: none. */
enum gate gate_of_field(enum kind kind, uint16_t field);

#endif
