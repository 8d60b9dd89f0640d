/* targeting - rules about what a target makes of changes: somebody who does not exist comes, changes, leaves and
 * returns.
 *
 * Only a mock is written to. What it said is recorded, and played again while it fails. */
#include "conform/walk.h"

#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One change, and what the connector said of it. */
struct told {
    struct visit *visit;
    const struct lane_change *change;
    bool given, applied, refused;
    muster_rc rc;
    char id[256], why[600];
};

struct addressee {
    const struct walk *walk;
    struct visit *visit;
    const muster_stream *stream;
    struct lane_fields fields;
    struct lane_cell *create, *update; /* one for each field */
};

static int told_next(void *context, struct lane_batch *batch)
{
    struct told *told = context;
    if (told->given)
        return 0;
    told->given = true;
    return lane_batch_add(batch, told->change);
}

static int told_applied(void *context, uint32_t nth, const char *remote_id)
{
    struct told *told = context;
    (void)nth;
    told->applied = true;
    snprintf(told->id, sizeof(told->id), "%s", remote_id ? remote_id : "");
    return 0;
}

static int told_refused(void *context, uint32_t nth, muster_rc rc, const char *why)
{
    struct told *told = context;
    (void)nth;
    told->refused = true;
    told->rc = rc;
    snprintf(told->why, sizeof(told->why), "%s", why ? why : "");
    return 0;
}

static struct lane_cell cell_of(const char *text, bool changed)
{
    return (struct lane_cell){PRESENCE_VALUE, changed, (uint32_t)strlen(text), text};
}

/* Somebody whom nobody has; letters that many a system spoils. */
static const char *value_of(const muster_field *field, bool later)
{
    switch (field->type) {
    case MUSTER_INTEGER: return later ? "90002" : "90001";
    case MUSTER_DECIMAL: return later ? "0.5" : "1.0";
    case MUSTER_BOOL: return "true";
    case MUSTER_DATE: return "2024-02-29";
    case MUSTER_TIME: return "07:30:00";
    case MUSTER_DATETIME: return "2024-02-29T07:30:00Z";
    case MUSTER_JSON: return "{}";
    default:
        if (field->flags & MUSTER_ID)
            return "0090001";
        return later ? "Zo\xc3\xab"
                       " d'Arc & \"Co\" <2>"
                     : "\xc3\x85"
                       "se \xc3\x87"
                       "elik";
    }
}

static int target_make(struct addressee *target)
{
    struct arena *arena = target->walk->subject->arena;
    size_t count = 0;
    while (target->stream->fields[count].name)
        count++;
    const char **names = arena_get(arena, (count + 1) * sizeof(*names));
    uint8_t *types = arena_get(arena, count + 1);
    target->create = arena_get(arena, (count + 1) * sizeof(*target->create));
    target->update = arena_get(arena, (count + 1) * sizeof(*target->update));
    if (!names || !types || !target->create || !target->update)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        const muster_field *field = &target->stream->fields[i];
        const uint32_t when = field->flags & (MUSTER_ON_CREATE | MUSTER_ON_UPDATE);
        bool any = field->type != MUSTER_REF && field->type != MUSTER_LIST && !(field->flags & MUSTER_GENERATED);
        names[i] = field->name;
        types[i] = (uint8_t)field->type;
        if (any && (when == 0 || (when & MUSTER_ON_CREATE)))
            target->create[i] = cell_of(value_of(field, false), true);
        if (any && (when == 0 || (when & MUSTER_ON_UPDATE)))
            target->update[i] = cell_of(value_of(field, !(field->flags & MUSTER_ID)), !(field->flags & MUSTER_ID));
    }
    target->fields = (struct lane_fields){count, names, types};
    return 0;
}

/* One change by itself. false: there is nothing to judge, the process is gone. */
static bool tell(struct addressee *target, int op, const char *key, const char *id, const struct lane_cell *before,
                 const struct lane_cell *after, struct told *ret_told, struct haul *ret_haul)
{
    struct lane_push push = {"main", target->stream->name, false, target->fields};
    struct lane_change change = {1, op, key, id, before, after};
    *ret_told = (struct told){.visit = target->visit, .change = &change};
    if (haul_new(ret_haul) != 0)
        return false;
    visit_apply(target->visit, &push, told_next, told_applied, told_refused, ret_told, ret_haul);
    ret_told->change = NULL;
    return ret_haul->rc == 0;
}

static const char *outcome(const struct told *told, const struct haul *haul)
{
    return told->refused ? haul_code(told->rc) : told->applied ? "taken" : haul_code(haul->result.rc);
}

/* Tells it, and expects that it is taken. */
static bool taken(struct addressee *target, enum rule_number rule, const char *what, int op, char id[256],
                  const struct lane_cell *before, const struct lane_cell *after)
{
    __attribute__((cleanup(haul_done))) struct haul haul = {0};
    struct told told;
    struct trial *trial = target->walk->trial;
    if (!tell(target, op, what, *id ? id : NULL, before, after, &told, &haul))
        return false;
    trial_looked(trial, RULE_T6);
    if (!told.applied && !told.refused && haul_well(&haul))
        trial_fault(trial, RULE_T6, target->stream->name, "%s has no answer, and apply() ended well", what);
    trial_looked(trial, rule);
    if (!told.applied)
        trial_fault(trial, rule, target->stream->name, "%s is not taken: %s %s", what, outcome(&told, &haul),
                    told.refused ? told.why : haul.result.text);
    if (told.applied && *told.id)
        snprintf(id, 256, "%s", told.id);
    return told.applied;
}

static void twice(struct addressee *target, const char *id)
{
    __attribute__((cleanup(haul_done))) struct haul haul = {0};
    struct told told;
    bool safe = target->stream->flags & MUSTER_REPEAT_SAFE;
    struct trial *trial = target->walk->trial;
    if (!tell(target, MUSTER_CREATE, "the same again", NULL, NULL, target->create, &told, &haul))
        return;
    trial_looked(trial, RULE_T2);
    if (safe ? !told.applied || strcmp(told.id, id) != 0 : !told.refused || told.rc != MUSTER_CONFLICT)
        trial_fault(trial, RULE_T2, target->stream->name, "who is created twice is %s instead of %s",
                    outcome(&told, &haul), safe ? "taken under the same id" : "MUSTER_CONFLICT");
}

static void unknown(struct addressee *target)
{
    __attribute__((cleanup(haul_done))) struct haul haul = {0};
    struct told told;
    struct trial *trial = target->walk->trial;
    if (!tell(target, MUSTER_UPDATE, "nobody", "muster-conform-nobody", target->create, target->update, &told, &haul))
        return;
    trial_looked(trial, RULE_T5);
    if (!told.refused || told.rc != MUSTER_GONE)
        trial_fault(trial, RULE_T5, target->stream->name,
                    "a change of somebody whom it does not have is %s instead of "
                    "MUSTER_GONE",
                    outcome(&told, &haul));
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
    bool lives = rc == 0 && tell(target, MUSTER_CREATE, "creation", NULL, NULL, target->create, &told, &haul);
    visit_end(&visit);
    if (!lives)
        return rc;
    trial_looked(walk->trial, RULE_T7);
    if (told.applied)
        trial_fault(walk->trial, RULE_T7, target->stream->name,
                    "when everything is answered by %s it says that somebody "
                    "was created",
                    fault);
    else if (!(told.refused ? told.rc == wanted : haul.result.rc == wanted))
        trial_fault(walk->trial, RULE_T7, target->stream->name,
                    "when everything is answered by %s it says %s instead "
                    "of %s",
                    fault, outcome(&told, &haul), haul_code(wanted));
    return 0;
}

static int life(struct addressee *target, struct err *err)
{
    TIDY(cassette_free) struct cassette *cassette = NULL;
    const struct walk *walk = target->walk;
    struct tape tape = {.path = subject_file(walk->subject, "told")};
    struct visit visit;
    char id[256] = "";
    int rc = target_make(target);
    if (rc == 0)
        rc = tape.path ? tape_live(&tape, walk->subject, &cassette, err) : -ENOMEM;
    if (rc != 0)
        return rc;
    rc = visit_begin(walk->trial, walk->subject, cassette, &visit, err);
    target->visit = &visit;
    bool created = rc == 0 && taken(target, RULE_T1, "a creation", MUSTER_CREATE, id, NULL, target->create);
    if (created && !*id)
        trial_fault(walk->trial, RULE_T1, target->stream->name, "who is created has no id there");
    if (created && *id) {
        twice(target, id);
        taken(target, RULE_T3, "a change", MUSTER_UPDATE, id, target->create, target->update);
        taken(target, RULE_T4, "a leave", MUSTER_DEACTIVATE, id, target->update, NULL);
        taken(target, RULE_T4, "a return", MUSTER_REACTIVATE, id, target->update, target->update);
        unknown(target);
    }
    visit_end(&visit);
    if (rc == 0)
        rc = cassette_end(cassette, err);
    if (rc == 0 && created)
        rc = fails(target, &tape, "401=all", MUSTER_AUTH, err);
    if (rc == 0 && created)
        rc = fails(target, &tape, "503=all", MUSTER_RETRY, err);
    return rc == 0 && created ? fails(target, &tape, "cut=all", MUSTER_RETRY, err) : rc;
}

int targeting_judge(const struct walk *walk, bool mock, struct err *err)
{
    static const enum rule_number rules[] = {RULE_T1, RULE_T2, RULE_T3, RULE_T4, RULE_T5, RULE_T6, RULE_T7, RULES};
    const muster_stream *stream = walk->subject->description->streams;
    int rc = 0;
    if (!trial_wants_any(walk->trial, rules))
        return 0;
    for (; rc == 0 && stream && stream->name; stream++) {
        struct addressee target = {.walk = walk, .stream = stream};
        if (!(stream->flags & MUSTER_WRITE) || (stream->flags & MUSTER_SNAPSHOT) || stream->set || !stream->fields)
            continue;
        if (mock)
            rc = life(&target, err);
        else
            trial_unseen(walk->trial, RULE_T1, "only a mock is written to: --mock");
    }
    return rc;
}
