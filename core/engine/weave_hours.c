/* weave_hours - the hours of whoever's punches a run touched: worked out anew, and compared with those that were.
 *
 * Work periods that no source says. They have no members, and the id of their
 * first punch. What stays open is a task for whoever keeps the punches. */
#include "engine/weave_inside.h"

#include "base/date.h"
#include "logic/punch.h"
#include "logic/reason.h"
#include "tables/refer.h"

/* A punch as this run has it, or as it is stored. */
struct stamp {
    struct punch punch;
    uint64_t seed; /* of the record that says it */
    uint32_t stream;
    struct bytes id; /* of that record; in the hours' arena */
};

/* What one period is to be. */
struct wanted {
    uint64_t id, person;
    struct hours_period period;
    uint64_t order; /* id; 0: none */
};

struct weave_hours {
    struct arena *arena;
    struct stamp *stamps; /* of this run; then of the person that is looked at */
    size_t stamp_count, stamp_room, of_run;
    struct numbers at;    /* punch → its place in `stamps`, of this run */
    struct numbers place; /* the same of the person that is looked at */
    uint64_t *people;
    size_t people_count, people_room;
    struct wanted *wanted;
    size_t wanted_count, wanted_room;
    struct numbers wanted_ids;
    uint64_t *had; /* periods that there were */
    size_t had_count, had_room;
    struct entity *entity;
};

/* --- what there is --- */

static bool stamp_read(uint64_t id, struct image image, bool live, struct stamp *ret_stamp)
{
    *ret_stamp = (struct stamp){.seed = 0};
    return punch_read(id, image, live, &ret_stamp->punch);
}

static struct weave_hours *hours_of(struct weave *weave)
{
    if (!weave->hours) {
        weave->hours = mem_new(1, sizeof(*weave->hours));
        if (weave->hours) {
            weave->hours->arena = arena_new();
            weave->hours->entity = mem_new(1, sizeof(*weave->hours->entity));
        }
        if (!weave->hours || !weave->hours->arena || !weave->hours->entity)
            weave_fail(weave, -ENOMEM);
    }
    return weave->rc == 0 ? weave->hours : NULL;
}

static void person_note(struct weave *weave, uint64_t person)
{
    struct weave_hours *hours = weave->hours;
    if (person == 0 || numbers_get(&weave->match->hours, person))
        return;
    weave_fail(weave, numbers_set(&weave->match->hours, person, 1));
    weave_fail(weave, mem_grow(&hours->people, hours->people_count, &hours->people_room, sizeof(*hours->people)));
    if (weave->rc == 0)
        hours->people[hours->people_count++] = person;
}

static void record_of(struct weave *weave, const struct member *member, struct stamp *stamp)
{
    char *id = arena_copy(weave->hours->arena, member->id.data, member->id.len);
    weave_fail(weave, id ? 0 : -ENOMEM);
    stamp->stream = member->stream;
    stamp->seed = member->seed;
    stamp->id = bytes(id, id ? member->id.len : 0);
}

static bool stamp_add(struct weave *weave, struct stamp *stamp, const struct member *member)
{
    struct weave_hours *hours = weave->hours;
    weave_fail(weave, mem_grow(&hours->stamps, hours->stamp_count, &hours->stamp_room, sizeof(*hours->stamps)));
    if (weave->rc == 0 && member)
        record_of(weave, member, stamp);
    if (weave->rc == 0)
        hours->stamps[hours->stamp_count++] = *stamp;
    return weave->rc == 0;
}

void weave_hours_punch(struct weave *weave, const struct entity *made)
{
    struct weave_hours *hours = hours_of(weave);
    struct stamp stamp;
    if (!hours)
        return;
    bool timed = stamp_read(weave->id, made->image, made->state == ENTITY_LIVE, &stamp);
    person_note(weave, stamp.punch.person);
    if (weave->had_root)
        person_note(weave, reference_id(image_get(weave->old_root->image, FIELD_punch_person)));
    if (!timed)
        stamp.punch.person = 0;
    if (stamp_add(weave, &stamp, made->member_count > 0 ? &made->members[0] : NULL))
        weave_fail(weave, numbers_set(&hours->at, weave->id, hours->stamp_count - 1));
    hours->of_run = hours->stamp_count;
}

/* --- one person --- */

/* Their punches that this run did not touch, and the periods that there were. */
static void stored_of(struct weave *weave, uint64_t person)
{
    struct weave_hours *hours = weave->hours;
    TIDY(free) struct root *roots = NULL;
    size_t count = 0, room = 0;
    struct stamp stamp;
    weave_fail(weave, refer_each(weave->snapshot, KIND_person, person, &roots, &count, &room));
    for (size_t n = 0; n < count && weave->rc == 0; n++) {
        bool punch = roots[n].kind == KIND_punch, period = roots[n].kind == KIND_work_period;
        if ((!punch && !period) || (punch && numbers_get(&hours->at, roots[n].id)) ||
            !entity_get(weave->snapshot, roots[n].kind, roots[n].id, hours->entity))
            continue;
        const struct entity *entity = hours->entity;
        if (punch && stamp_read(roots[n].id, entity->image, entity->state == ENTITY_LIVE, &stamp) &&
            stamp.punch.person == person &&
            stamp_add(weave, &stamp, entity->member_count > 0 ? &entity->members[0] : NULL))
            weave_fail(weave, numbers_set(&hours->place, roots[n].id, hours->stamp_count - 1));
        if (!period || entity->member_count > 0 || entity->state != ENTITY_LIVE)
            continue;
        weave_fail(weave, mem_grow(&hours->had, hours->had_count, &hours->had_room, sizeof(*hours->had)));
        if (weave->rc == 0)
            hours->had[hours->had_count++] = roots[n].id;
    }
}

static const struct stamp *stamp_of(const struct weave_hours *hours, uint64_t id)
{
    if (id == 0)
        return NULL;
    const uint64_t *at = numbers_get(&hours->at, id);
    at = at ? at : numbers_get(&hours->place, id);
    return at ? &hours->stamps[*at] : NULL;
}

/* What stays open waits for whoever keeps the punches. */
static void task_add(struct weave *weave, const struct wanted *wanted, const struct stamp *stamp)
{
    const struct hours_period *period = &wanted->period;
    char *id = stamp && stamp->id.data ? arena_copy(weave->hours->arena, stamp->id.data, stamp->id.len) : NULL;
    int64_t at = period->in ? period->started_ms : period->ended_ms;
    char instant[25], text[80];
    if (!id || period->state != HOURS_OPEN || period->running)
        return;
    instant_write(at + (weave->match->zone ? (int64_t)zone_offset(weave->match->zone, at) * 1000 : 0), instant);
    snprintf(text, sizeof(text), "%s %.10s %.5s", period->in ? "in" : "out", instant, instant + 11);
    wait_add(weave->match->waits,
             &(struct wait_item){.type = WAIT_TASK,
                                 .stream = stamp->stream,
                                 .id = id,
                                 .reason = period->in ? REASON_CODE(hours_no_out) : REASON_CODE(hours_no_in),
                                 .text = text,
                                 .entity = wanted->person});
}

static void wanted_add(struct weave *weave, uint64_t person, const struct hours_period *period)
{
    struct weave_hours *hours = weave->hours;
    struct wanted wanted = {.id = hours_id(period), .person = person, .period = *period};
    const struct stamp *sides[] = {stamp_of(hours, period->in), stamp_of(hours, period->out)};
    for (size_t n = 0; n < 2 && wanted.order == 0; n++)
        wanted.order = sides[n] ? weave_order_find(weave, sides[n]->punch.order) : 0;
    task_add(weave, &wanted, sides[0] ? sides[0] : sides[1]);
    weave_fail(weave, mem_grow(&hours->wanted, hours->wanted_count, &hours->wanted_room, sizeof(*hours->wanted)));
    if (weave->rc == 0)
        weave_fail(weave, numbers_set(&hours->wanted_ids, wanted.id, 1));
    if (weave->rc == 0)
        hours->wanted[hours->wanted_count++] = wanted;
}

/* One of an open one's punches may be kept no longer. */
static bool period_outlived(const struct weave *weave, const struct hours_period *period)
{
    int64_t limit = retention_limit(&weave->match->organization->retention, KIND_punch);
    return limit > 0 && period->state == HOURS_OPEN &&
           (period->in ? period->started_ms : period->ended_ms) < weave->now_ms - limit;
}

static void person_hours(struct weave *weave, uint64_t person)
{
    struct weave_hours *hours = weave->hours;
    size_t count = 0;
    hours->stamp_count = hours->of_run;
    stored_of(weave, person);
    TIDY(free) struct hours_punch *punches = mem_new(hours->stamp_count + 1, sizeof(*punches));
    TIDY(free) struct hours_period *periods = mem_new(hours->stamp_count + 1, sizeof(*periods));
    if (!punches || !periods) {
        weave_fail(weave, -ENOMEM);
        return;
    }
    for (size_t n = 0; n < hours->stamp_count; n++)
        if (hours->stamps[n].punch.person == person)
            punches[count++] = hours->stamps[n].punch.hours;
    count = hours_pair(punches, count, weave->now_ms, periods);
    for (size_t n = 0; n < count && weave->rc == 0; n++) {
        if (period_outlived(weave, &periods[n]))
            continue;
        wanted_add(weave, person, &periods[n]);
        if (periods[n].running) /* an out that does not come is a task by then, whatever else happens */
            weave_due_at(weave, KIND_punch, periods[n].in, periods[n].started_ms + HOURS_MOST_MS + 1);
    }
}

/* --- into the golden records --- */

static void put_id(struct weave *weave, uint16_t field, uint64_t id)
{
    uint64_t be = __builtin_bswap64(id);
    char *place = arena_copy(weave->arena, &be, sizeof(be));
    weave_fail(weave, place ? 0 : -ENOMEM);
    if (place && id != 0)
        image_put(weave->maker, field, (struct value){PRESENCE_VALUE, 0, sizeof(be), place});
}

static void put_text(struct weave *weave, uint16_t field, const char *text)
{
    char *place = arena_text(weave->arena, text);
    weave_fail(weave, place ? 0 : -ENOMEM);
    if (place)
        image_put(weave->maker, field, (struct value){PRESENCE_VALUE, 0, (uint32_t)strlen(place), place});
}

static void period_write(struct weave *weave, const struct wanted *wanted)
{
    const struct hours_period *period = &wanted->period;
    static const char states[] = {0, HOURS_OPEN, HOURS_CLOSED, HOURS_CORRECTED};
    char text[25];
    weave->kind = KIND_work_period;
    weave->id = wanted->id;
    arena_clear(weave->arena);
    image_start(weave->maker);
    put_id(weave, FIELD_work_period_person, wanted->person);
    put_id(weave, FIELD_work_period_work_order, wanted->order);
    if (period->in) {
        instant_write(period->started_ms, text);
        put_text(weave, FIELD_work_period_started_at, text);
    }
    if (period->out) {
        instant_write(period->ended_ms, text);
        put_text(weave, FIELD_work_period_ended_at, text);
    }
    if (period->in && period->out) {
        snprintf(text, sizeof(text), "%lld", (long long)((period->ended_ms - period->started_ms) / 60000));
        put_text(weave, FIELD_work_period_minutes, text);
    }
    image_put(weave->maker, FIELD_work_period_state, (struct value){PRESENCE_VALUE, 0, 1, &states[period->state]});
    buffer_clear(&weave->image);
    image_write(weave->maker, &weave->image);
    weave_fail(weave, weave->image.rc);
    if (weave->rc == 0)
        weave_derived(weave, (struct image){(const uint8_t *)weave->image.data, (uint32_t)weave->image.len});
}

void weave_hours(struct weave *weave)
{
    struct weave_hours *hours = weave->hours;
    if (!hours || weave->rc != 0)
        return;
    for (size_t n = 0; n < hours->people_count && weave->rc == 0; n++)
        person_hours(weave, hours->people[n]);
    for (size_t n = 0; n < hours->wanted_count && weave->rc == 0; n++)
        period_write(weave, &hours->wanted[n]);
    for (size_t n = 0; n < hours->had_count && weave->rc == 0; n++) {
        if (numbers_get(&hours->wanted_ids, hours->had[n]))
            continue;
        weave_fail(weave, numbers_set(&hours->wanted_ids, hours->had[n], 1)); /* once */
        weave->kind = KIND_work_period;
        weave->id = hours->had[n];
        weave_derived(weave, (struct image){0});
    }
    weave_fail(weave, weave->match->waits->rc);
}

void weave_hours_done(struct weave *weave)
{
    struct weave_hours *hours = weave->hours;
    if (!hours)
        return;
    numbers_done(&hours->at);
    numbers_done(&hours->place);
    numbers_done(&hours->wanted_ids);
    arena_free(hours->arena);
    free(hours->stamps);
    free(hours->people);
    free(hours->wanted);
    free(hours->had);
    free(hours->entity);
    free(hours);
}
