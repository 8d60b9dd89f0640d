/* whole - a rule about what is written whole, or in sets: two who are told together, and the same while it fails. */
#include "conform/addressee.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { ALL = 2 };

struct all {
    struct lane_change changes[ALL];
    bool given, applied[ALL];
    char why[ALL][300];
};

static int all_next(void *context, struct lane_batch *batch)
{
    struct all *all = context;
    int rc = 0;
    for (size_t i = 0; i < ALL && !all->given && rc == 0; i++)
        rc = lane_batch_add(batch, &all->changes[i]);
    all->given = true;
    return rc;
}

static int all_applied(void *context, uint32_t nth, const char *remote_id)
{
    struct all *all = context;
    (void)remote_id;
    all->applied[nth - 1] = true;
    return 0;
}

static int all_refused(void *context, uint32_t nth, muster_rc rc, const char *why)
{
    struct all *all = context;
    snprintf(all->why[nth - 1], sizeof(all->why[0]), "%s %s", haul_code(rc), why ? why : "");
    return 0;
}

/* Two of them, who differ in what identifies them. */
static int all_tell(struct addressee *target, struct all *all, struct haul *haul)
{
    struct lane_push push = {"main", target->name, target->stream->flags & MUSTER_SNAPSHOT, target->fields};
    struct arena *arena = target->walk->subject->arena;
    struct lane_cell *other = arena_get(arena, (target->fields.count + 1) * sizeof(*other));
    if (!other || haul_new(haul) != 0)
        return -ENOMEM;
    for (size_t i = 0; i < target->fields.count; i++) {
        other[i] = target->first.create[i];
        if (other[i].bytes && (target->declared[i].flags & MUSTER_ID))
            other[i] = addressee_cell(arena_format(arena, "%s2", (const char *)other[i].bytes), true);
    }
    *all = (struct all){.changes = {{1, MUSTER_CREATE, "one", NULL, NULL, target->first.create},
                                    {2, MUSTER_CREATE, "another", NULL, NULL, other}}};
    visit_apply(target->visit, &push, all_next, all_applied, all_refused, all, haul);
    return 0;
}

static int all_fail(struct addressee *target, const struct tape *tape, const char *fault, struct err *err)
{
    TIDY(cassette_free) struct cassette *cassette = NULL;
    __attribute__((cleanup(haul_done))) struct haul haul = {0};
    struct visit visit;
    struct all all;
    int rc = tape_play(tape, fault, &cassette, err);
    if (rc != 0 || (*fault == '5' && !tape_calls(cassette)))
        return rc;
    rc = visit_begin(target->walk->trial, target->walk->subject, cassette, &visit, err);
    target->visit = &visit;
    if (rc == 0)
        rc = all_tell(target, &all, &haul);
    visit_end(&visit);
    for (size_t i = 0; rc == 0 && i < ALL; i++)
        if (all.applied[i])
            trial_fault(target->walk->trial, RULE_T9, target->name,
                        "when everything is answered by %s it says that somebody is in what it wrote", fault);
    return rc;
}

int whole_judge(struct addressee *target, struct err *err)
{
    TIDY(cassette_free) struct cassette *cassette = NULL;
    __attribute__((cleanup(haul_done))) struct haul haul = {0};
    const struct walk *walk = target->walk;
    struct tape tape = {.path = subject_file(walk->subject, "told")};
    struct visit visit;
    struct all all = {0};
    int rc = tape.path ? tape_live(&tape, walk->subject, &cassette, err) : -ENOMEM;
    if (rc != 0)
        return rc;
    rc = visit_begin(walk->trial, walk->subject, cassette, &visit, err);
    target->visit = &visit;
    if (rc == 0)
        rc = all_tell(target, &all, &haul);
    visit_end(&visit);
    if (rc == 0)
        rc = cassette_end(cassette, err);
    trial_looked(walk->trial, RULE_T9);
    bool well = rc == 0 && haul.rc == 0;
    for (size_t i = 0; well && i < ALL; i++)
        if (!all.applied[i])
            trial_fault(walk->trial, RULE_T9, target->name, "one of %d is not taken: %s", ALL,
                        *all.why[i] ? all.why[i] : haul.result.text);
    rc = well ? all_fail(target, &tape, "cut=999", err) : rc;
    return well && rc == 0 ? all_fail(target, &tape, "503=999", err) : rc;
}
