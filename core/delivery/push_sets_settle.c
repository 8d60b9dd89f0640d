/* push_sets_settle - what goes out of a stream that is written in sets: all that is in a set in which something
 * changed, unless something of it is held. */
#include "delivery/push_sets.h"

#include "base/mem.h"
#include "base/text.h"
#include "delivery/pushing.h"

#include <errno.h>
#include <muster/connector.h>
#include <stdlib.h>
#include <string.h>

/* --- what goes out --- */

size_t push_sets_dirty(const struct push_sets *sets)
{
    size_t count = 0;
    for (size_t n = 0; n < sets->count; n++)
        count += sets->items[n].dirty;
    return count;
}

/* What waits, or cannot be made any more, goes along when its set is written; then its other sets are written, too. */
static void ripple(struct push_sets *sets)
{
    for (size_t before = SIZE_MAX, now = 0; before != now; before = now, now = push_sets_dirty(sets))
        for (size_t n = 0, parts; n < sets->job_count; n += parts) {
            const struct push_job *job = &sets->jobs[n];
            bool any = false;
            parts = job->parts;
            for (size_t part = 0; part < parts && parts > 1; part++)
                any |= sets->items[job[part].set].dirty;
            for (size_t part = 0; any && part < parts; part++)
                sets->items[job[part].set].dirty = true;
        }
}

static int rest_judge(struct push *push, struct push_stream *stream, struct projector *projector, struct txn *txn,
                      uint64_t id)
{
    struct push_job job = {.id = id, .person = stream->unit == KIND_person ? id : 0};
    struct push_verdict verdict;
    int rc = push_judge(push, stream, projector, txn, &job, &verdict);
    job.what = (uint8_t)verdict.what;
    job.op = (uint8_t)push_sets_op(stream, &verdict);
    if (rc != 0)
        return rc;
    if (push->only && verdict.what != PUSH_NOTHING) {
        push->left_out++; /* it has changed since the plan was made */
        return push_sets_leave(stream, &job, &verdict);
    }
    return push_sets_place(stream, &job, &verdict);
}

/* Who else is in a set that is written: known by what the target has of them. */
static int rest_find(struct push *push, struct push_stream *stream, struct projector *projector, struct txn *txn)
{
    struct delivery_walk walk;
    struct delivery row;
    enum kind kind;
    uint64_t id;
    int rc = 0;
    delivery_walk_begin(&walk, txn, stream->number, DELIVERY_UNIT);
    while (rc == 0 && delivery_walk_next(&walk, &kind, &id)) {
        uint32_t set = PUSH_NO_SET;
        if (numbers_get(&stream->sets->known, id) || !delivery_get(txn, stream->number, kind, id, &row) || !row.active)
            continue;
        rc = push_sets_find(stream, row.confirmed, false, &set);
        if (rc == 0 && set != PUSH_NO_SET && stream->sets->items[set].dirty)
            rc = rest_judge(push, stream, projector, txn, id);
    }
    delivery_walk_end(&walk);
    return rc ? rc : txn->rc;
}

static int set_order(const void *a, const void *b, void *context)
{
    const struct push_set *items = context;
    return strcmp(items[*(const uint32_t *)a].name, items[*(const uint32_t *)b].name);
}

static int job_order(const void *a, const void *b)
{
    const struct push_job *one = a, *other = b;
    if (one->set != other->set)
        return one->set < other->set ? -1 : 1;
    return one->id < other->id ? -1 : one->id > other->id;
}

/* Sets by their names, jobs by sets and units. */
static int sets_order(struct push_sets *sets)
{
    TIDY(free) uint32_t *order = mem_new(sets->count + 1, sizeof(*order));
    TIDY(free) uint32_t *rank = mem_new(sets->count + 1, sizeof(*rank));
    struct push_set *items = mem_new(sets->count + 1, sizeof(*items));
    if (!order || !rank || !items) {
        free(items);
        return -ENOMEM;
    }
    for (size_t n = 0; n < sets->count; n++)
        order[n] = (uint32_t)n;
    qsort_r(order, sets->count, sizeof(*order), set_order, sets->items);
    for (size_t n = 0; n < sets->count; n++) {
        rank[order[n]] = (uint32_t)n;
        items[n] = sets->items[order[n]];
    }
    free(sets->items);
    sets->items = items;
    sets->room = sets->count + 1;
    numbers_done(&sets->by_values); /* it is not asked any more */
    sets->by_values = (struct numbers){0};
    for (size_t n = 0; n < sets->job_count; n++)
        if (sets->jobs[n].set != PUSH_NO_SET)
            sets->jobs[n].set = rank[sets->jobs[n].set];
    if (sets->job_count > 1)
        qsort(sets->jobs, sets->job_count, sizeof(*sets->jobs), job_order);
    return 0;
}

/* Whether the job stays one, and as what. */
static bool job_select(struct push_sets *sets, struct push_job *job)
{
    if (job->set == PUSH_NO_SET)
        return true;
    struct push_set *set = &sets->items[job->set];
    if (!set->dirty) {
        job->set = PUSH_NO_SET;
        return job->part == PUSH_UNMADE;
    }
    if (job->what != PUSH_KEEP)
        job->what = PUSH_SEND;
    set->rows += job->part == PUSH_UNIT && job->op != MUSTER_DEACTIVATE;
    set->changed += job->what == PUSH_SEND;
    return true;
}

int push_sets_settle(struct push *push, struct push_stream *stream, struct projector *projector, struct txn *txn)
{
    struct push_sets *sets = stream->sets;
    const char *again = push->run->request->again;
    for (size_t n = 0; again && n < sets->count; n++)
        if (text_same(sets->items[n].name, strlen(sets->items[n].name), again, strlen(again)))
            push->again = sets->items[n].dirty = true; /* somebody wants it written */
    int rc = 0;
    ripple(sets);
    for (size_t looked = 0, dirty; rc == 0 && !stream->whole && (dirty = push_sets_dirty(sets)) > looked;
         looked = dirty) {
        rc = rest_find(push, stream, projector, txn);
        ripple(sets);
    }
    if (rc == 0)
        rc = sets_order(sets);
    if (rc != 0)
        return rc;
    size_t kept = 0;
    for (size_t n = 0; n < sets->job_count; n++)
        if (job_select(sets, &sets->jobs[n]))
            sets->jobs[kept++] = sets->jobs[n];
    free(stream->jobs);
    stream->jobs = TAKE(sets->jobs);
    stream->job_count = kept;
    stream->job_room = sets->job_room;
    sets->job_count = sets->job_room = 0;
    return 0;
}

int push_sets_again(const struct push *push, struct err *err)
{
    enum { SHOWN = 5 };
    struct buffer list __attribute__((cleanup(buffer_done))) = {0};
    const char *again = push->run->request->again;
    if (!again || push->again)
        return 0;
    for (size_t n = 0; n < push->stream_count; n++) {
        const struct push_sets *sets = push->streams[n].sets;
        for (size_t s = sets && sets->count > SHOWN ? sets->count - SHOWN : 0; sets && s < sets->count; s++)
            buffer_format(&list, "%s%s", list.len ? ", " : "", sets->items[s].name);
    }
    buffer_byte(&list, 0);
    return list.rc ? list.rc
                   : err_set(err, ERR_UNKNOWN, "'%s' has nothing that is named %s: the last ones are %s",
                             push->run->request->connection->name, again, list.len > 1 ? list.data : "none");
}

/* --- what is held --- */

/* Whoever is held stays as they are, so their sets do, and so do others that would leave these or come to them from
 * another one. */
static int block(struct push_sets *sets, const struct push_job *jobs, size_t count)
{
    struct numbers units __attribute__((cleanup(numbers_done))) = {0};
    int rc = 0;
    for (bool again = true; again && rc == 0;) {
        again = false;
        for (size_t n = 0; n < count && rc == 0; n++) {
            const struct push_job *job = &jobs[n];
            struct push_set *set = job->set != PUSH_NO_SET ? &sets->items[job->set] : NULL;
            bool stays = set && numbers_get(&units, job->id);
            if (!stays && (job->what == PUSH_HELD || (set && set->blocked && job->parts > 1))) {
                rc = numbers_set(&units, job->id, 1);
                again = stays = true;
            }
            if (set && stays && !set->blocked)
                again = set->blocked = true;
        }
    }
    return rc;
}

int push_sets_hold(struct push *push, struct push_stream *stream)
{
    struct push_sets *sets = stream->sets;
    size_t kept = 0;
    int rc = block(sets, stream->jobs, stream->job_count);
    for (size_t n = 0; n < stream->job_count && rc == 0; n++) {
        struct push_job job = stream->jobs[n];
        bool blocked = job.set != PUSH_NO_SET && sets->items[job.set].blocked;
        bool goes = job.what == PUSH_SEND || job.what == PUSH_KEEP;
        if (blocked && goes && job.part == PUSH_UNMADE) {
            job.what = PUSH_MANUAL;
            job.op = 0;
        } else if (blocked && goes) {
            stream->behind |= job.what == PUSH_SEND; /* the next push looks at it again */
            push->left_out += push->only && job.part == PUSH_UNIT && job.what == PUSH_SEND;
            continue;
        }
        stream->jobs[kept++] = job;
    }
    stream->job_count = kept;
    return rc;
}
