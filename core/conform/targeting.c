/* targeting - rules about what a target makes of changes: somebody who does not exist comes, changes, leaves and
 * returns.
 *
 * Only a mock is written to. What it said is recorded, and played again while it fails. */
#include "conform/telling.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NOBODY "muster-conform-nobody" /* under this id */

/* Tells it, and expects that it is taken. What passes comes again, as in a run: the same change, under the same key. */
static bool taken(struct addressee *target, enum rule_number rule, const char *what, int op, char id[256],
                  const struct lane_cell *before, const struct lane_cell *after)
{
    enum { TIMES_MOST = 3 };
    __attribute__((cleanup(haul_done))) struct haul haul = {0};
    struct told told;
    struct trial *trial = target->walk->trial;
    if (!telling_one(target, op, what, *id ? id : NULL, before, after, &told, &haul))
        return false;
    for (int times = 1; times < TIMES_MOST && telling_comes_again(&told, &haul); times++) {
        haul_done(&haul);
        haul = (struct haul){0};
        telling_wait(target->visit);
        if (!telling_one(target, op, what, *id ? id : NULL, before, after, &told, &haul))
            return false;
    }
    trial_looked(trial, RULE_T6);
    if (!told.applied && !told.refused && haul_well(&haul))
        trial_fault(trial, RULE_T6, target->name, "%s has no answer, and apply() ended well", what);
    trial_looked(trial, rule);
    if (!told.applied)
        trial_fault(trial, rule, target->name, "%s is not taken: %s: %s", what, telling_outcome(&told, &haul),
                    told.refused ? told.why : haul.result.text);
    else if (!haul_well(&haul))
        trial_fault(trial, rule, target->name, "%s is taken, and apply() ends as %s: %s", what,
                    haul_code(haul.result.rc), haul.result.text);
    if (told.applied && *told.id)
        snprintf(id, 256, "%s", told.id);
    return told.applied;
}

/* What was refused because of what it is will be so among others, too. */
static void bad_note(struct addressee *target, const struct told *told, int op, const char *id,
                     const struct lane_cell *after)
{
    const struct lane_change bad = {0, op, NULL, id, op == MUSTER_CREATE ? NULL : target->first.had, after};
    bool own = told->refused && told->rc != MUSTER_RETRY && told->rc != MUSTER_AUTH && told->rc != MUSTER_CANCELLED;
    struct lane_change *kept = own && !target->bad ? arena_get(target->walk->subject->arena, sizeof(*kept)) : NULL;
    if (!kept)
        return;
    *kept = bad;
    target->bad = kept;
    target->bad_rc = told->rc;
}

static void twice(struct addressee *target, const char *id)
{
    __attribute__((cleanup(haul_done))) struct haul haul = {0};
    struct told told;
    bool safe = target->stream->flags & MUSTER_REPEAT_SAFE;
    struct trial *trial = target->walk->trial;
    if (!telling_one(target, MUSTER_CREATE, "the same again", NULL, NULL, target->first.create, &told, &haul))
        return;
    trial_looked(trial, RULE_T2);
    if (safe ? !told.applied || strcmp(told.id, id) != 0 : !told.refused || told.rc != MUSTER_CONFLICT)
        trial_fault(trial, RULE_T2, target->name, "who is created twice is %s instead of %s",
                    telling_outcome(&told, &haul), safe ? "taken under the same id" : "MUSTER_CONFLICT");
    bad_note(target, &told, MUSTER_CREATE, NULL, target->first.create);
}

/* Where it can find, a run asks first, and who is there twice was created by two at once: then people have to hear of
 * it. Only when all streams were judged: who is there twice is in the way of those that refer to them. */
static int twice_found(struct addressee *target, struct err *err)
{
    __attribute__((cleanup(haul_done))) struct haul haul = {0};
    const struct walk *walk = target->walk;
    struct visit visit;
    struct told told = {0};
    int rc = visit_begin(walk->trial, walk->subject, NULL, &visit, err);
    target->visit = &visit;
    if (rc == 0 &&
        telling_one(target, MUSTER_CREATE, "the same again", NULL, NULL, target->first.create, &told, &haul)) {
        trial_looked(walk->trial, RULE_T2);
        if (!told.applied && (!told.refused || told.rc != MUSTER_CONFLICT))
            trial_fault(walk->trial, RULE_T2, target->name, "who is created twice is %s instead of MUSTER_CONFLICT",
                        telling_outcome(&told, &haul));
        else if (told.applied && strcmp(told.id, target->found) != 0 &&
                 !telling_finds_both(target, target->first.create, target->found, told.id))
            trial_fault(walk->trial, RULE_T2, target->name,
                        "who is created twice is there twice, and find() does not give both");
    }
    visit_end(&visit);
    return rc;
}

static void unknown(struct addressee *target)
{
    __attribute__((cleanup(haul_done))) struct haul haul = {0};
    struct told told;
    struct trial *trial = target->walk->trial;
    if (!telling_one(target, MUSTER_UPDATE, "nobody", NOBODY, target->first.had, target->first.update, &told, &haul))
        return;
    trial_looked(trial, RULE_T5);
    if (told.applied && target->stream->flags & MUSTER_REPEAT_SAFE)
        return;
    if (!told.refused || told.rc != MUSTER_GONE)
        trial_fault(trial, RULE_T5, target->name,
                    "a change of somebody whom it does not have is %s instead of MUSTER_GONE",
                    telling_outcome(&told, &haul));
    bad_note(target, &told, MUSTER_UPDATE, NOBODY, target->first.update);
}

/* Whom the system does not take, if anybody says who that is. */
static void refused(struct addressee *target)
{
    __attribute__((cleanup(haul_done))) struct haul haul = {0};
    struct somebody one;
    struct told told;
    if (addressee_refused(target, &one) == 0 &&
        telling_one(target, MUSTER_CREATE, "somebody whom it does not take", NULL, NULL, one.create, &told, &haul))
        bad_note(target, &told, MUSTER_CREATE, NULL, one.create);
}

/* The creation once more, by what was said then, but for the fault. */
static int fails(struct addressee *target, const struct tape *tape, const char *fault, muster_rc wanted,
                 struct err *err)
{
    __attribute__((cleanup(haul_done))) struct haul haul = {0};
    const struct walk *walk = target->walk;
    struct visit visit;
    struct told told = {0};
    int rc = visit_again(walk->trial, walk->subject, tape, fault, &visit, err);
    target->visit = &visit;
    bool calls = rc == 0 && tape_calls(visit.cassette); /* who opens connections of their own cannot be made to fail */
    bool lives =
        calls && telling_one(target, MUSTER_CREATE, "creation", NULL, NULL, target->first.create, &told, &haul);
    visit_end(&visit);
    if (!lives)
        return rc;
    trial_looked(walk->trial, RULE_T7);
    if (told.applied)
        trial_fault(walk->trial, RULE_T7, target->name,
                    "when everything is answered by %s it says that somebody "
                    "was created",
                    fault);
    else if (!(told.refused ? told.rc == wanted : haul.result.rc == wanted))
        trial_fault(walk->trial, RULE_T7, target->name,
                    "when everything is answered by %s it says %s instead "
                    "of %s",
                    fault, telling_outcome(&told, &haul), haul_code(wanted));
    return 0;
}

static int life(struct addressee *target, struct err *err)
{
    TIDY(cassette_free) struct cassette *cassette = NULL;
    const struct walk *walk = target->walk;
    struct tape tape = {.path = subject_file(walk->subject, "told")};
    struct visit visit;
    char id[256] = "";
    int rc = tape.path ? tape_live(&tape, walk->subject, &cassette, err) : -ENOMEM;
    if (rc != 0)
        return rc;
    rc = visit_begin(walk->trial, walk->subject, cassette, &visit, err);
    target->visit = &visit;
    bool created = rc == 0 && taken(target, RULE_T1, "a creation", MUSTER_CREATE, id, NULL, target->first.create);
    bool known = *id || (target->stream->flags & MUSTER_REPEAT_SAFE);
    if (created && !known)
        trial_fault(walk->trial, RULE_T1, target->name, "who is created has no id there");
    bool found = created && *id && walk->subject->description->find &&
                 telling_finds(target, RULE_T8, target->first.create, id, false);
    if (found)
        telling_finds(target, RULE_T8, target->first.create, id, true);
    bool later = found && !(target->stream->flags & MUSTER_REPEAT_SAFE);
    target->found = later ? arena_text(walk->subject->arena, id) : NULL;
    if (created && known) {
        const struct somebody *first = &target->first;
        refused(target);
        if (!later)
            twice(target, id);
        target->changes = taken(target, RULE_T3, "a change", MUSTER_UPDATE, id, first->had, first->update);
        target->leaves = taken(target, RULE_T4, "a leave", MUSTER_DEACTIVATE, id, first->known,
                               first->says_more ? first->leave : NULL);
        target->returns = taken(target, RULE_T4, "a return", MUSTER_REACTIVATE, id, first->known, first->update);
        unknown(target);
    }
    target->created = created && known;
    target->id = target->created ? arena_text(walk->subject->arena, id) : NULL;
    visit_end(&visit);
    if (rc == 0)
        rc = cassette_end(cassette, err);
    if (rc == 0 && created)
        rc = fails(target, &tape, "401=all", MUSTER_AUTH, err);
    if (rc == 0 && created)
        rc = fails(target, &tape, "503=all", MUSTER_RETRY, err);
    return rc == 0 && created ? fails(target, &tape, "cut=all", MUSTER_RETRY, err) : rc;
}

/* One by one, or all of it. */
static int stream_judge(struct addressee *target, bool mock, struct err *err)
{
    const struct walk *walk = target->walk;
    bool whole = (target->stream->flags & MUSTER_SNAPSHOT) || target->stream->set;
    target->declared = addressee_fields(target->mapped, target->stream, walk->subject->arena);
    if (!(target->stream->flags & MUSTER_WRITE) || !target->declared)
        return 0;
    if (!mock) {
        trial_unseen(walk->trial, whole ? RULE_T9 : RULE_T1,
                     "only a mock is written to (--mock), or files in {scratch}");
        return 0;
    }
    int rc = addressee_make(target);
    if (rc == 0)
        rc = whole ? whole_judge(target, err) : life(target, err);
    return rc == 0 && target->created ? together_judge(target, err) : rc;
}

/* Those that the organization's file names, else all there are. With room for them. */
static size_t targets_list(const struct walk *walk, struct addressee *ret_targets)
{
    const struct target *target = walk->subject->connection->target;
    const muster_stream *stream = walk->subject->description->streams;
    size_t count = 0;
    for (size_t i = 0; target && i < target->stream_count; i++)
        if (target->streams[i].description)
            ret_targets[count++] = (struct addressee){.walk = walk,
                                                      .name = target->streams[i].name,
                                                      .stream = target->streams[i].description,
                                                      .mapped = &target->streams[i]};
    for (; !target && stream && stream->name; stream++)
        ret_targets[count++] = (struct addressee){.walk = walk, .name = stream->name, .stream = stream};
    return count;
}

int targeting_judge(const struct walk *walk, bool mock, struct err *err)
{
    static const enum rule_number rules[] = {RULE_T1,  RULE_T2,  RULE_T3,  RULE_T4,  RULE_T5,
                                             RULE_T6,  RULE_T7,  RULE_T8,  RULE_T9,  RULE_T10,
                                             RULE_T11, RULE_T12, RULE_T13, RULE_T14, RULES};
    const struct target *target = walk->subject->connection->target;
    size_t room = target ? target->stream_count : 0;
    for (const muster_stream *stream = walk->subject->description->streams; stream && stream->name; stream++)
        room++;
    struct addressee *targets = arena_get(walk->subject->arena, (room + 1) * sizeof(*targets));
    size_t count = targets && trial_wants_any(walk->trial, rules) ? targets_list(walk, targets) : 0;
    int rc = targets ? 0 : -ENOMEM;
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = stream_judge(&targets[i], mock, err);
    for (size_t i = 0; i < count && rc == 0; i++)
        if (targets[i].found)
            rc = twice_found(&targets[i], err);
    return rc;
}
