/* hold - changes that are proposed and not taken: the set by which one deciding goes.
 *
 * A hold is about a source record: as a whole, or about one field of it. Its
 * key tells the proposal: the same words of the same record give the same key
 * tomorrow, and what a person approved or rejected is found by it. */
#ifndef TABLES_HOLD_H
#define TABLES_HOLD_H

#include "base/numbers.h"
#include "tables/source.h"

/* Numbers are stored: they never change. */
enum gate {
    GATE_NONE = 0,
    GATE_DEACTIVATE,
    GATE_UPDATE,
    GATE_REKEY,
    GATE_EMAIL,
    GATE_MANAGER,
    GATE_IDENTITY, /* the number seems to be somebody else's now */
    GATE_EMPTY,    /* removals of a source that came empty */
    GATE_NO_ID,    /* removals beside rows that might be anybody's */
    GATE_PLAN,     /* it moved since a plan was made */
    GATE_CREATE,   /* somebody would be new in a target */
    GATE_COUNT
};

/* Its stable code; see reason.def. */
const char *gate_reason(enum gate gate);
/* GATE_NONE: that is no reason of a gate. */
enum gate gate_of_reason(const char *reason);

struct hold {
    uint64_t record; /* hold_record() */
    enum gate gate;
    enum kind kind;
    uint16_t field;    /* of the kind; 0: the record as a whole. A status brings its date of termination along */
    uint64_t expected; /* 0: whatever is proposed; else only what has this key */
    bool quiet;        /* a person rejected it: nobody is asked again */
    bool kept;         /* something was proposed, and not taken */
    uint64_t key;      /* of that */
    uint64_t person;   /* whom it is about; 0: whoever the record belongs to */
    size_t before;     /* position + 1 of another one of this record; 0: none */
};

struct holds {
    struct numbers records; /* hold_record() → position + 1 of the last one */
    struct hold *items;
    size_t count, room;
};

void holds_done(struct holds *holds);
/* Adds one, unless it is there; then `expected` goes when the new one has none, and it is
 * as quiet as that. *ret_added may be NULL. */
int holds_add(struct holds *holds, const struct hold *hold, bool *ret_added);
/* The last one of a record, NULL: none; then from one to the next. */
struct hold *holds_first(const struct holds *holds, uint64_t record);
struct hold *holds_next(const struct holds *holds, const struct hold *hold);

/* What stands for a record in a set: its key in the source table, digested. */
uint64_t hold_record(struct bytes key);
/* What is proposed: of removals nothing, of an identity who it is, else the field in all parts of that kind, or all of
 * it. `sections` are the record's as proposed. Never 0; see SUBJECT_DIGEST. */
uint64_t hold_key(enum gate gate, uint64_t record, enum kind kind, uint16_t field, const struct section_view *sections,
                  uint16_t count);
/* Whether a hold on `field` keeps `other`, too. */
bool hold_covers(enum kind kind, uint16_t field, uint16_t other);

#endif
