/* timesheet - a person's hours with the punches that they come from. */
#include "query/timesheet.h"

#include "base/mem.h"
#include "base/numbers.h"
#include "logic/punch.h"
#include "logic/reason.h"
#include "tables/entity.h"
#include "tables/refer.h"
#include "tables/wait.h"

#include <errno.h>
#include <string.h>

struct reading {
    struct txn *txn;
    struct arena *arena;
    struct entity *entity;
    struct hours_punch *punches;
    size_t count;
};

static void reading_done(struct reading *reading)
{
    free(reading->entity);
    free(reading->punches);
}

static int read_punches(struct reading *reading, uint64_t person)
{
    TIDY(free) struct root *roots = NULL;
    size_t count = 0, room = 0;
    struct punch punch;
    int rc = refer_each(reading->txn, KIND_person, person, &roots, &count, &room);
    reading->entity = mem_new(1, sizeof(*reading->entity));
    reading->punches = mem_new(count + 1, sizeof(*reading->punches));
    if (rc != 0 || !reading->entity || !reading->punches)
        return rc ? rc : -ENOMEM;
    for (size_t n = 0; n < count; n++)
        if (roots[n].kind == KIND_punch && entity_get(reading->txn, KIND_punch, roots[n].id, reading->entity) &&
            punch_read(roots[n].id, reading->entity->image, reading->entity->state == ENTITY_LIVE, &punch) &&
            punch.person == person)
            reading->punches[reading->count++] = punch.hours;
    return reading->txn->rc;
}

static int read_side(struct reading *reading, uint64_t id, struct timesheet_side *side)
{
    *side = (struct timesheet_side){.id = id};
    if (id == 0 || !entity_get(reading->txn, KIND_punch, id, reading->entity) || reading->entity->member_count == 0)
        return reading->txn->rc;
    const struct member *member = &reading->entity->members[0];
    side->stream = member->stream;
    side->record = arena_copy(reading->arena, member->id.data, member->id.len);
    return side->record ? 0 : -ENOMEM;
}

static int read_line(struct reading *reading, const struct hours_period *period, struct timesheet_line *line)
{
    *line = (struct timesheet_line){.period = *period};
    int rc = read_side(reading, period->in, &line->in);
    rc = rc ? rc : read_side(reading, period->out, &line->out);
    const struct timesheet_side *side = period->in ? &line->in : &line->out;
    if (rc != 0 || period->state != HOURS_OPEN || !side->record)
        return rc;
    struct wait_item item, like = {.type = WAIT_TASK, .stream = side->stream, .id = side->record};
    like.reason = period->in ? REASON_CODE(hours_no_out) : REASON_CODE(hours_no_in);
    if (wait_find(reading->txn, &like, reading->arena, &item))
        line->task = item.number;
    return reading->txn->rc;
}

static int latest_first(const void *a_item, const void *b_item)
{
    const struct hours_period *a = a_item, *b = b_item;
    int64_t x = a->in ? a->started_ms : a->ended_ms, y = b->in ? b->started_ms : b->ended_ms;
    return x > y ? -1 : x < y;
}

int timesheet_read(struct txn *txn, uint64_t person, int64_t now_ms, size_t most, struct arena *arena,
                   struct timesheet_line **ret_lines, size_t *ret_count, size_t *ret_more)
{
    TIDY_DONE(reading_done) struct reading reading = {.txn = txn, .arena = arena};
    int rc = read_punches(&reading, person);
    TIDY(free) struct hours_period *periods = mem_new(reading.count + 1, sizeof(*periods));
    if (rc != 0 || !periods)
        return rc ? rc : -ENOMEM;
    size_t all = hours_pair(reading.punches, reading.count, now_ms, periods), count = all < most ? all : most;
    struct timesheet_line *lines = arena_get(arena, (count + 1) * sizeof(*lines));
    if (!lines)
        return -ENOMEM;
    if (all > 1)
        qsort(periods, all, sizeof(*periods), latest_first);
    for (size_t n = 0; n < count && rc == 0; n++)
        rc = read_line(&reading, &periods[n], &lines[n]);
    if (rc != 0)
        return rc;
    *ret_lines = lines;
    *ret_count = count;
    *ret_more = all - count;
    return 0;
}
