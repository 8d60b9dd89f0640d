/* statement - decisions about who is who and what counts, by a rule or by a person; they stand until withdrawn.
 *
 * Reads and writes the `statement` table. Whoever decides asks through struct
 * statements: what the snapshot has, with what this run adds and without what
 * it withdraws, so that a decision sees them before they are committed.
 *
 * Key: u64 subject, u64 number. Value: u8 type, u8 flags, u16 rule, u32 run,
 * u64 other, i64 time; of a person's also i64 until, u16 field, u8 ends, u8 0,
 * the pinned and the reverted value, each u8 presence, u8 flags, u32 length, bytes, then author, reason, about,
 * withdrawn by, withdrawn because, each u16 length (0: none) and bytes with a NUL at their end. A withdrawn one is kept
 * under subject 0, its subject in front of the value. */
#ifndef TABLES_STATEMENT_H
#define TABLES_STATEMENT_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/numbers.h"
#include "model/image.h"
#include "store/changeset.h"

enum statement_type {
    STATEMENT_LINK = 'l',     /* two seeds are the same thing */
    STATEMENT_ALONE = 'u',    /* the record of this seed stands by itself, whatever older links say (unlink) */
    STATEMENT_APART = 'k',    /* never link these two by a rule */
    STATEMENT_PIN = 'p',      /* a value above every source */
    STATEMENT_SUPPRESS = 's', /* the record of this seed makes nobody */
    STATEMENT_APPROVE = 'a',  /* a held change may be */
    STATEMENT_REJECT = 'r',   /* a held change may not be */
    STATEMENT_ACCEPT = 'd',   /* a drift of columns is right */
    STATEMENT_DISCARD = 'x',  /* nobody is asked about a dead letter */
    STATEMENT_ERASED = 'e',   /* the record is passed over: see erased.h */
};

enum pin_end {
    PIN_UNTIL = 1,     /* the instant `until_ms`; 0: for good */
    PIN_SOURCE_AGREES, /* the sources say the same */
    PIN_SOURCE_MOVES,  /* the sources say something other than `against` */
};

/* What `rule` says of a person's statement. */
enum {
    RULE_UNDECIDED = 1,     /* it said whose the record is before any rule had: once withdrawn, rules judge it again */
    RULE_SOMEBODY_ELSE = 2, /* keep-apart of who has a record's id now and who had it: see former.h */
};

/* Subjects of approve, reject, accept, erased are digests of what they are about; seeds never have this bit. */
#define SUBJECT_DIGEST (UINT64_C(1) << 63)

struct statement {
    uint64_t number; /* s12; both rows of a link have the same */
    uint64_t subject;
    enum statement_type type;
    bool follows;  /* link: the subject never gives the cluster its id: the other one was known by its own already */
    bool late;     /* a rule's link of a record that had waited, or of an employment that had stood alone, made when
                    * people had stated things already; with itself when it became a person of its own */
    bool person;   /* a person's, not a rule's */
    uint16_t rule; /* that made it, from 1; 0: the kind's own, or a person. A person's: RULE_… */
    uint32_t run;
    uint64_t other;
    int64_t time_ms;
    /* of a person's only */
    int64_t until_ms; /* 0: no end */
    uint16_t field;
    enum pin_end ends;
    struct value value, against;
    const char *author, *reason, *about; /* about: what people call it, "hr/main/employees/1002"; none
                                          in the second row of a link */
    bool withdrawn;
    const char *withdrawn_by, *withdrawn_because; /* NULL: by itself */
};

/* A person's that this run adds. */
struct statement_added {
    struct statement statement;
    size_t next; /* position + 1 of the next one of its subject; 0: none */
};

struct statements {
    struct txn *snapshot;
    struct changeset *changeset;
    struct arena *arena;
    struct statement_added *added;
    size_t added_count, added_room;
    struct numbers added_first, added_last; /* subject → position + 1 */
    struct numbers withdrawn;               /* numbers */
    bool any, persons;                      /* whether there are any at all; any of a person's */
    uint32_t run;
    int64_t now_ms;
    uint64_t last_number; /* as it will stand in `meta` */
    struct buffer row;
    int rc; /* sticky */
};

int statements_init(struct statements *statements, struct txn *snapshot, struct changeset *changeset, uint32_t run,
                    int64_t now_ms);
void statements_done(struct statements *statements);

/* Adds one (a link both ways), with the next number, this run and time; texts and values are copied. Returns the
 * number; failures are sticky. What a rule adds is not seen by statement_next() in the same run. */
uint64_t statements_add(struct statements *statements, const struct statement *statement);
/* What the sources say as `pin` is stated, in this very run: it ends when they say something else. */
void statements_said(struct statements *statements, const struct statement *pin, struct value said);
/* The rows of what people said in this run, and the counters, when all has been added. */
void statements_settled(struct statements *statements);
/* It stands no more; kept with who said so and why (NULL: it released itself). `statement` as it was read. */
void statements_withdraw(struct statements *statements, const struct statement *statement, const char *author,
                         const char *reason);

/* It was not said of a record that was somebody's by itself: see RULE_UNDECIDED. `statement` as it was read. */
void statements_undecided(struct statements *statements, const struct statement *statement);

/* A stored row goes without a trace, whether it stands or was withdrawn; `key` and `statement` as they were read. */
void statements_erase(struct statements *statements, struct bytes key, struct bytes value,
                      const struct statement *statement);

/* All that stand for a subject, rules' and persons', in the order of their numbers; what has ended is passed over.
 * Texts and values point into the snapshot or the arena. */
struct statement_walk {
    struct statements *statements;
    struct cursor cursor;
    uint64_t subject;
    size_t added; /* position + 1 of the last one that was given; 0: none yet */
    bool stored;
};
void statement_first(struct statement_walk *walk, struct statements *statements, uint64_t subject);
bool statement_next(struct statement_walk *walk, struct statement *ret_statement);
void statement_end(struct statement_walk *walk);

/* The one of that type that stands for a subject; false: none. */
bool statement_stands(struct statements *statements, uint64_t subject, enum statement_type type,
                      struct statement *ret_statement);

/* Reads one row of the table in place. False: damaged. */
bool statement_read(struct bytes key, struct bytes value, struct statement *ret_statement);

#endif
