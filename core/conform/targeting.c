/* targeting - rules about what a target makes of changes: somebody who does not exist comes, changes, leaves and
 * returns.
 *
 * Only a mock is written to. What it said is recorded, and played again while it fails. */
#include "conform/addressee.h"

#include "base/clock.h"
#include "broker/http.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* One change, and what the connector said of it. */
struct told {
    struct visit *visit;
    const struct lane_change *change;
    bool given, applied, refused;
    muster_rc rc;
    char id[256], why[600];
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

/* One change by itself. false: there is nothing to judge, the process is gone. */
static bool tell(struct addressee *target, int op, const char *key, const char *id, const struct lane_cell *before,
                 const struct lane_cell *after, struct told *ret_told, struct haul *ret_haul)
{
    struct lane_push push = {"main", target->name, false, target->fields};
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

static bool comes_again(const struct told *told, const struct haul *haul)
{
    return !told->applied && (told->refused ? told->rc : haul->result.rc) == MUSTER_RETRY;
}

/* When the system lets us go on; it has said so, or a moment is enough. */
static void wait_politely(const struct visit *visit)
{
    enum { MOMENT_MS = 50, MOST_MS = 30000 };
    int64_t until = visit->http ? http_paused_until_ms(visit->http) : 0, left = until - clock_now_ms();
    left = left < MOMENT_MS ? MOMENT_MS : left > MOST_MS ? MOST_MS : left;
    nanosleep(&(struct timespec){left / 1000, left % 1000 * 1000000}, NULL);
}

/* Tells it, and expects that it is taken. What passes comes again, as in a run: the same change, under the same key. */
static bool taken(struct addressee *target, enum rule_number rule, const char *what, int op, char id[256],
                  const struct lane_cell *before, const struct lane_cell *after)
{
    enum { TIMES_MOST = 3 };
    __attribute__((cleanup(haul_done))) struct haul haul = {0};
    struct told told;
    struct trial *trial = target->walk->trial;
    if (!tell(target, op, what, *id ? id : NULL, before, after, &told, &haul))
        return false;
    for (int times = 1; times < TIMES_MOST && comes_again(&told, &haul); times++) {
        haul_done(&haul);
        haul = (struct haul){0};
        wait_politely(target->visit);
        if (!tell(target, op, what, *id ? id : NULL, before, after, &told, &haul))
            return false;
    }
    trial_looked(trial, RULE_T6);
    if (!told.applied && !told.refused && haul_well(&haul))
        trial_fault(trial, RULE_T6, target->name, "%s has no answer, and apply() ended well", what);
    trial_looked(trial, rule);
    if (!told.applied)
        trial_fault(trial, rule, target->name, "%s is not taken: %s: %s", what, outcome(&told, &haul),
                    told.refused ? told.why : haul.result.text);
    else if (!haul_well(&haul))
        trial_fault(trial, rule, target->name, "%s is taken, and apply() ends as %s: %s", what,
                    haul_code(haul.result.rc), haul.result.text);
    if (told.applied && *told.id)
        snprintf(id, 256, "%s", told.id);
    return told.applied;
}

/* find() by each value that identifies; `nobody`: by one that nobody has. False: it is not offered for this stream. */
static bool find(struct addressee *target, const char *id, bool nobody)
{
    const muster_field *declared = target->declared;
    struct trial *trial = target->walk->trial;
    bool asked = false;
    for (size_t i = 0; i < target->fields.count; i++) {
        __attribute__((cleanup(haul_done))) struct haul haul = {0};
        const char *text = declared[i].type == MUSTER_INTEGER ? "87654321" : "muster-conform-nobody";
        struct lane_cell *cells = arena_get(target->walk->subject->arena, target->fields.count * sizeof(*cells));
        if (!(declared[i].flags & MUSTER_ID) || !target->create[i].bytes || !cells || haul_new(&haul) != 0)
            continue;
        cells[i] = nobody ? addressee_cell(text, false) : target->create[i];
        visit_find(target->visit, target->name, &target->fields, cells, &haul);
        if (haul.rc != 0 || haul.result.rc == MUSTER_UNSUPPORTED)
            return false;
        bool well = haul_well(&haul) || haul.result.rc == MUSTER_GONE;
        bool there = haul.count == 1 && haul.records[0].id && strcmp(haul.records[0].id, id) == 0;
        trial_looked(trial, RULE_T8);
        if (well && !nobody)
            finding_row_judge(trial, RULE_T8, target->name, &haul, declared[i].name,
                              arena_copy(haul.arena, cells[i].bytes, cells[i].len));
        if (!well)
            trial_fault(trial, RULE_T8, target->name, "find() by %s ended as %s: %s", declared[i].name,
                        haul_code(haul.result.rc), haul.result.text);
        else if (nobody ? haul.count > 0 : !there)
            trial_fault(trial, RULE_T8, target->name, "find() by %s of %s gives %zu rows%s", declared[i].name,
                        nobody ? "nobody" : "whom was just created", haul.count,
                        !nobody && haul.count == 1 ? ", and not the id that applied() said" : "");
        asked = true;
    }
    return asked;
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
        trial_fault(trial, RULE_T2, target->name, "who is created twice is %s instead of %s", outcome(&told, &haul),
                    safe ? "taken under the same id" : "MUSTER_CONFLICT");
}

/* Whether find() gives both ids, by any value that identifies. */
static bool gives_both(struct addressee *target, const char *one, const char *other)
{
    for (size_t i = 0; i < target->fields.count; i++) {
        __attribute__((cleanup(haul_done))) struct haul haul = {0};
        struct lane_cell *cells = arena_get(target->walk->subject->arena, target->fields.count * sizeof(*cells));
        bool has_one = false, has_other = false;
        if (!(target->declared[i].flags & MUSTER_ID) || !target->create[i].bytes || !cells || haul_new(&haul) != 0)
            continue;
        cells[i] = target->create[i];
        visit_find(target->visit, target->name, &target->fields, cells, &haul);
        for (size_t r = 0; r < haul.count; r++) {
            has_one |= haul.records[r].id && strcmp(haul.records[r].id, one) == 0;
            has_other |= haul.records[r].id && strcmp(haul.records[r].id, other) == 0;
        }
        if (has_one && has_other)
            return true;
    }
    return false;
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
    if (rc == 0 && tell(target, MUSTER_CREATE, "the same again", NULL, NULL, target->create, &told, &haul)) {
        trial_looked(walk->trial, RULE_T2);
        if (!told.applied && (!told.refused || told.rc != MUSTER_CONFLICT))
            trial_fault(walk->trial, RULE_T2, target->name, "who is created twice is %s instead of MUSTER_CONFLICT",
                        outcome(&told, &haul));
        else if (told.applied && strcmp(told.id, target->found) != 0 && !gives_both(target, target->found, told.id))
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
    if (!tell(target, MUSTER_UPDATE, "nobody", "muster-conform-nobody", target->create, target->update, &told, &haul))
        return;
    trial_looked(trial, RULE_T5);
    if (told.applied && target->stream->flags & MUSTER_REPEAT_SAFE)
        return;
    if (!told.refused || told.rc != MUSTER_GONE)
        trial_fault(trial, RULE_T5, target->name,
                    "a change of somebody whom it does not have is %s instead of MUSTER_GONE", outcome(&told, &haul));
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
    bool lives = calls && tell(target, MUSTER_CREATE, "creation", NULL, NULL, target->create, &told, &haul);
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
    int rc = tape.path ? tape_live(&tape, walk->subject, &cassette, err) : -ENOMEM;
    if (rc != 0)
        return rc;
    rc = visit_begin(walk->trial, walk->subject, cassette, &visit, err);
    target->visit = &visit;
    bool created = rc == 0 && taken(target, RULE_T1, "a creation", MUSTER_CREATE, id, NULL, target->create);
    bool known = *id || (target->stream->flags & MUSTER_REPEAT_SAFE);
    if (created && !known)
        trial_fault(walk->trial, RULE_T1, target->name, "who is created has no id there");
    bool found = created && *id && walk->subject->description->find && find(target, id, false);
    if (found)
        find(target, id, true);
    bool later = found && !(target->stream->flags & MUSTER_REPEAT_SAFE);
    target->found = later ? arena_text(walk->subject->arena, id) : NULL;
    if (created && known) {
        if (!later)
            twice(target, id);
        taken(target, RULE_T3, "a change", MUSTER_UPDATE, id, target->create, target->update);
        taken(target, RULE_T4, "a leave", MUSTER_DEACTIVATE, id, target->known,
              target->says_more ? target->leave : NULL);
        taken(target, RULE_T4, "a return", MUSTER_REACTIVATE, id, target->known, target->update);
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
    return rc ? rc : whole ? whole_judge(target, err) : life(target, err);
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
    static const enum rule_number rules[] = {RULE_T1, RULE_T2, RULE_T3, RULE_T4, RULE_T5,
                                             RULE_T6, RULE_T7, RULE_T8, RULE_T9, RULES};
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
