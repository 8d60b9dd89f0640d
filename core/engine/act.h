/* act - what a person decides, carried out at once: a run without a pull.
 *
 * States or withdraws, touches whom it concerns, and goes the same line as
 * every run: match, weave, journal, one changeset. It has a row in `run` with
 * who and why. */
#ifndef ENGINE_ACT_H
#define ENGINE_ACT_H

#include "engine/match.h"
#include "engine/run.h"

struct run;

struct act {
    const char *verb; /* "link", as typed */
    const char *author, *reason;
    bool dry; /* decided and reported; nothing is kept */
    /* Called with the snapshot open: adds statements to match->statements, touches persons and records. Returns 0, or
     * a code with a sentence: then nothing happens. */
    int (*state)(void *context, struct match *match, struct err *err);
    void *context;
    /* May be NULL: called when all is decided, with what came of it. What it returns but 0 goes out, and nothing is
     * kept.
     */
    int (*judge)(void *context, const struct run *run, struct err *err);
    /* May be NULL: called once all is kept, while no other run can begin. */
    void (*kept)(void *context, const struct run *run);
    /* May be NULL: what a dry one would bring, told before it is dropped. */
    int (*planned)(void *context, struct changeset *changeset, const struct run_report *report);
    void *planned_context;
    /* May be NULL: called with the changeset decided and before it is applied or dropped. */
    void (*decided)(void *context, struct match *match, struct changeset *changeset);
};

/* request->connection may be NULL. */
int act_run(const struct run_request *request, const struct act *act, struct run_report *ret_report, struct err *err);

#endif
