/* push - what changed is carried to a connection's target: one run, from the golden records to the answers.
 *
 * Who may have changed comes from the journal, from dates, and from what was
 * not settled before; what the target is to have of them is projected anew
 * and compared with what it was last known to have. What is to be done is sent
 * in batches: one durable commit says that it is sent, before it is, and
 * another what came of it. So nothing is lost, and nothing done twice: a change
 * without an answer is looked up before it is repeated. */
#ifndef DELIVERY_PUSH_H
#define DELIVERY_PUSH_H

#include "engine/run.h"
#include "model/model.h"

/* request->full: everybody is looked at, and what was refused is tried again. Returns and reports as run_sync(). */
int push_run(const struct run_request *request, struct run_report *ret_report, struct err *err);

/* Just what a plan says, as far as it still is so; the rest is left out, and counted. */
struct changeset;
int push_planned(const struct run_request *request, struct changeset *plan, struct run_report *ret_report,
                 struct err *err);

/* Just these things of one target, whatever became of them before: what was put off or refused is tried now. */
struct push_unit {
    uint32_t stream; /* number of the target's stream */
    uint64_t id;
};
int push_units(const struct run_request *request, const struct push_unit *units, size_t count,
               struct run_report *ret_report, struct err *err);

/* First contact with a target that has people already: who is there by the same number is known from then on by the
 * target's own id and values, so that the next push sends only what differs. Nothing is sent. */
enum push_adopted {
    ADOPTED_LINKED,     /* surely the same */
    ADOPTED_DOUBTFUL,   /* several could be: a person has to say which */
    ADOPTED_ONLY_HERE,  /* would be created */
    ADOPTED_ONLY_THERE, /* nobody that we know: left alone */
    ADOPTED_KNOWN,      /* was known before */
    ADOPTED_COUNT
};
struct push_found {
    enum push_adopted what;
    const char *stream;
    enum kind kind;
    uint64_t id;           /* ours; 0: none */
    const char *remote_id; /* theirs; NULL: none */
    const char *by;        /* the field of the target by which; NULL */
    const char *text;      /* what the target calls it: its id fields */
    bool outside;          /* the target is not to have it: the next push switches it off */
};
struct push_adoption {
    bool dry;
    const char *where; /* a part of all: "employment.department.code=10"; NULL: all */
    /* one person by hand; 0: all */
    uint64_t unit;
    const char *remote_id;
    /* told; in the report's arena */
    struct push_found *items;
    size_t count, room;
    uint64_t counts[ADOPTED_COUNT];
    bool there_known; /* the target's stream was read: who is only there is known */
};
int push_adopt(const struct run_request *request, struct push_adoption *adoption, struct run_report *ret_report,
               struct err *err);
void push_adoption_done(struct push_adoption *adoption);

#endif
