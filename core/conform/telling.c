/* telling - what targets are told and asked, one thing at a time, and what came of it. */
#include "conform/telling.h"

#include "base/clock.h"
#include "broker/http.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

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

bool telling_one(struct addressee *target, int op, const char *key, const char *id, const struct lane_cell *before,
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

const char *telling_outcome(const struct told *told, const struct haul *haul)
{
    return told->refused ? haul_code(told->rc) : told->applied ? "taken" : haul_code(haul->result.rc);
}

bool telling_comes_again(const struct told *told, const struct haul *haul)
{
    return !told->applied && (told->refused ? told->rc : haul->result.rc) == MUSTER_RETRY;
}

void telling_wait(const struct visit *visit)
{
    enum { MOMENT_MS = 50, MOST_MS = 30000 };
    int64_t until = visit->http ? http_paused_until_ms(visit->http) : 0, left = until - clock_now_ms();
    left = left < MOMENT_MS ? MOMENT_MS : left > MOST_MS ? MOST_MS : left;
    nanosleep(&(struct timespec){left / 1000, left % 1000 * 1000000}, NULL);
}

bool telling_finds(struct addressee *target, enum rule_number rule, const struct lane_cell *create, const char *id,
                   bool nobody)
{
    const muster_field *declared = target->declared;
    struct trial *trial = target->walk->trial;
    bool asked = false;
    for (size_t i = 0; i < target->fields.count; i++) {
        __attribute__((cleanup(haul_done))) struct haul haul = {0};
        const char *text = declared[i].type == MUSTER_INTEGER ? "87654321" : "muster-conform-nobody";
        struct lane_cell *cells = arena_get(target->walk->subject->arena, target->fields.count * sizeof(*cells));
        if (!(declared[i].flags & MUSTER_ID) || !create[i].bytes || !cells || haul_new(&haul) != 0)
            continue;
        cells[i] = nobody ? addressee_cell(text, false) : create[i];
        visit_find(target->visit, target->name, &target->fields, cells, &haul);
        if (haul.rc != 0 || haul.result.rc == MUSTER_UNSUPPORTED)
            return false;
        bool well = haul_well(&haul) || haul.result.rc == MUSTER_GONE;
        bool there = haul.count == 1 && haul.records[0].id && strcmp(haul.records[0].id, id) == 0;
        trial_looked(trial, rule);
        if (well && !nobody)
            finding_row_judge(trial, rule, target->name, &haul, declared[i].name,
                              arena_copy(haul.arena, cells[i].bytes, cells[i].len));
        if (!well)
            trial_fault(trial, rule, target->name, "find() by %s ended as %s: %s", declared[i].name,
                        haul_code(haul.result.rc), haul.result.text);
        else if (nobody ? haul.count > 0 : !there)
            trial_fault(trial, rule, target->name, "find() by %s of %s gives %zu rows%s", declared[i].name,
                        nobody ? "nobody" : "whom was just created", haul.count,
                        !nobody && haul.count == 1 ? ", and not the id that applied() said" : "");
        asked = true;
    }
    return asked;
}

bool telling_finds_both(struct addressee *target, const struct lane_cell *create, const char *one, const char *other)
{
    for (size_t i = 0; i < target->fields.count; i++) {
        __attribute__((cleanup(haul_done))) struct haul haul = {0};
        struct lane_cell *cells = arena_get(target->walk->subject->arena, target->fields.count * sizeof(*cells));
        bool has_one = false, has_other = false;
        if (!(target->declared[i].flags & MUSTER_ID) || !create[i].bytes || !cells || haul_new(&haul) != 0)
            continue;
        cells[i] = create[i];
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
