/* push_sets_told - sets on their way: what is told of a change in them, and how they fared. */
#include "delivery/push_sets.h"

#include "base/mem.h"
#include "delivery/pushing.h"

#include <errno.h>
#include <muster/connector.h>
#include <string.h>

bool push_sets_goes(const struct push_job *job, struct push_verdict *verdict)
{
    if (job->what == PUSH_KEEP) {
        bool keeps = verdict->what == PUSH_NOTHING || (verdict->what == PUSH_MANUAL && verdict->leaves_manual);
        verdict->op = MUSTER_KEEP;
        verdict->settles = verdict->row.confirmed;
        return keeps;
    }
    if (verdict->what == PUSH_MANUAL && job->op == MUSTER_DEACTIVATE) {
        verdict->what = PUSH_SEND;
        verdict->op = MUSTER_DEACTIVATE;
        verdict->leaves_manual = true;
        verdict->settles = verdict->projection.kept = bytes(NULL, 0);
    }
    if (verdict->what == PUSH_WAIT)
        verdict->what = PUSH_SEND;
    return verdict->what == PUSH_SEND && (job->part == PUSH_ALSO || verdict->op == job->op);
}

void push_sets_cells(const struct push_stream *stream, const struct push_job *job, struct lane_cell *cells)
{
    const struct push_sets *sets = stream->sets;
    if (job->part == PUSH_ALSO)
        memset(cells, 0, stream->stream->map.rule_count * sizeof(*cells));
    for (size_t n = 0; n < sets->field_count; n++) {
        const struct value *value = &sets->items[job->set].values[n];
        cells[sets->fields[n]] =
            (struct lane_cell){.presence = value->presence == PRESENCE_ABSENT ? PRESENCE_NULL : value->presence,
                               .len = value->len,
                               .bytes = value->bytes};
    }
}

void push_sets_hear(struct push_stream *stream, uint32_t set, bool keep, muster_rc rc, const char *why)
{
    struct push_set *of = &stream->sets->items[set];
    bool later = rc == MUSTER_RETRY || rc == MUSTER_AUTH || rc == MUSTER_CANCELLED;
    of->heard += !keep;
    if (rc == MUSTER_OK || (keep && later))
        return;
    of->failed += later;
    of->refused += !later;
    if (!of->why && why)
        of->why = mem_text(why);
}

static const char *outcome_of(const struct push_set *set, bool talked, bool only)
{
    return set->blocked               ? only ? "left out" : "held"
           : !talked                  ? "planned"
           : set->failed > 0          ? "not taken"
           : set->heard < set->sent   ? "without an answer"
           : set->sent < set->changed ? "not sent"
                                      : "written";
}

int push_sets_tell(struct push *push, bool talked)
{
    struct run_report *report = push->run->report;
    struct run_pushed *pushed = &report->pushed;
    size_t count = 0;
    for (size_t n = 0; n < push->stream_count; n++)
        count += push->streams[n].sets ? push_sets_dirty(push->streams[n].sets) : 0;
    if (count == 0)
        return 0;
    pushed->sets = arena_get(report->arena, count * sizeof(*pushed->sets));
    if (!pushed->sets)
        return -ENOMEM;
    for (size_t n = 0; n < push->stream_count; n++) {
        const struct push_stream *stream = &push->streams[n];
        for (size_t s = 0; stream->sets && s < stream->sets->count; s++) {
            const struct push_set *set = &stream->sets->items[s];
            if (!set->dirty)
                continue;
            pushed->sets[pushed->set_count++] =
                (struct run_set){.stream = arena_text(report->arena, stream->stream->name),
                                 .name = arena_text(report->arena, set->name),
                                 .outcome = outcome_of(set, talked, push->only != NULL),
                                 .why = arena_text(report->arena, set->why ? set->why : ""),
                                 .rows = set->rows,
                                 .changed = set->changed,
                                 .refused = set->refused};
        }
    }
    return 0;
}
