/* push_adopt - first contact with a target that has people already: who of ours is which of theirs.
 *
 * Everybody of ours is looked for, also who is not to be there (any more).
 * Where the target's stream can be read it is read once, else it is asked for
 * one after the other. Who is surely the same is written down; nothing is
 * sent. */
#include "delivery/pushing.h"

#include "base/mem.h"

#include <errno.h>
#include <muster/connector.h>
#include <stdlib.h>
#include <string.h>

struct adopting {
    struct push *push;
    struct push_stream *stream;
    struct push_adoption *adoption;
    struct projector *projector;
    struct push_remotes remotes;
    bool reads;
    struct numbers taken; /* digests of ids that were found one by one → whose */
    bool hit;             /* the one that was named was there to be linked */
};

void push_adoption_done(struct push_adoption *adoption)
{
    free(adoption->items);
    adoption->items = NULL;
}

static int found_add(struct adopting *adopting, struct push_found found)
{
    struct push_adoption *adoption = adopting->adoption;
    struct arena *arena = adopting->push->run->report->arena;
    adoption->counts[found.what]++;
    if (found.what == ADOPTED_KNOWN)
        return 0;
    found.stream = adopting->stream->stream->name;
    found.kind = adopting->stream->unit;
    found.remote_id = found.remote_id ? arena_text(arena, found.remote_id) : NULL;
    int rc = mem_grow(&adoption->items, adoption->count, &adoption->room, sizeof(*adoption->items));
    if (rc == 0)
        adoption->items[adoption->count++] = found;
    return rc;
}

/* --- one of ours --- */

static int link_to(struct adopting *adopting, struct txn *txn, uint64_t id, const struct push_verdict *verdict,
                   const struct push_remote *remote)
{
    struct push_stream *stream = adopting->stream;
    adopting->hit = true;
    adopting->push->run->report->pushed.adopted++;
    if (adopting->adoption->dry)
        return 0;
    struct delivery row = push_remote_row(adopting->push, verdict->known ? &verdict->row : NULL, remote);
    delivery_put(txn, stream->number, stream->unit, id, &row);
    return txn->rc;
}

/* Of how many of theirs it could be this one; and whether another one of ours could be it as well. */
static int unit_settle(struct adopting *adopting, struct txn *txn, const struct push_job *job,
                       const struct push_verdict *verdict, const struct push_remote *remote, size_t rows, size_t field)
{
    struct push_found found = {.id = job->id, .outside = !verdict->projection.inside};
    if (rows == 0) {
        found.what = ADOPTED_ONLY_HERE;
        return verdict->projection.inside ? found_add(adopting, found) : 0;
    }
    found.what = rows > 1 || remote->doubtful ? ADOPTED_DOUBTFUL : ADOPTED_LINKED;
    found.remote_id = remote->id;
    found.by = adopting->stream->stream->map.fields[field].name;
    int rc = found.what == ADOPTED_LINKED ? link_to(adopting, txn, job->id, verdict, remote) : 0;
    return rc ? rc : found_add(adopting, found);
}

static bool is_known(const struct push_verdict *verdict)
{
    return verdict->known && (verdict->row.remote_id.len > 0 || verdict->row.confirmed.len > 0);
}

/* --- all at once --- */

/* The id fields of one of theirs, for people. */
static const char *remote_text(struct adopting *adopting, const struct push_remote *remote)
{
    struct buffer out __attribute__((cleanup(buffer_done))) = {0};
    struct image has = {remote->has.data, (uint32_t)remote->has.len};
    size_t field;
    for (size_t nth = 0; push_match_field(adopting->push, adopting->stream, nth, &field); nth++) {
        struct value value = image_get(has, adopting->stream->numbers[field]);
        if (value.presence == PRESENCE_VALUE && !(value.flags & VALUE_SEALED))
            buffer_format(&out, "%s%s %.*s", out.len ? ", " : "", adopting->stream->names[field], (int)value.len,
                          value.bytes);
    }
    return out.len ? arena_text(adopting->push->run->report->arena, out.data) : NULL;
}

static int only_there(struct adopting *adopting)
{
    int rc = 0;
    for (size_t n = 0; rc == 0 && n < adopting->remotes.count; n++) {
        const struct push_remote *row = &adopting->remotes.rows[n];
        if (row->unit == 0 && !push_remote_in_doubt(&adopting->remotes, row))
            rc = found_add(adopting, (struct push_found){.what = ADOPTED_ONLY_THERE,
                                                         .remote_id = row->id,
                                                         .text = remote_text(adopting, row)});
    }
    return rc;
}

static int unit_of_table(struct adopting *adopting, struct txn *txn, const struct push_job *job)
{
    struct push_verdict verdict;
    struct push_remote *remote = NULL;
    size_t field = 0;
    int rc = push_judge(adopting->push, adopting->stream, adopting->projector, txn, job, &verdict);
    if (rc != 0 || !verdict.projection.kept.data)
        return rc;
    if (is_known(&verdict))
        return found_add(adopting, (struct push_found){.what = ADOPTED_KNOWN});
    size_t rows = push_remotes_match(adopting->push, adopting->stream, &adopting->remotes, verdict.projection.values,
                                     &remote, &field);
    return unit_settle(adopting, txn, job, &verdict, remote, rows, field);
}

static int adopt_table(struct adopting *adopting)
{
    struct push *push = adopting->push;
    struct push_stream *stream = adopting->stream;
    struct txn txn __attribute__((cleanup(tidy_txn))) = {0};
    int rc = push_remotes_read(push, stream, &adopting->remotes);
    if (rc == 0 && !adopting->remotes.whole)
        rc = err_set(push->run->err, ERR_CONNECTOR, "not all that the target has could be read: nothing was linked");
    if (rc != 0)
        return rc;
    adopting->adoption->there_known = !adopting->adoption->where; /* else they may be those of another part */
    txn_begin(&txn, push->run->store, !adopting->adoption->dry);
    rc = push_remotes_claim(push, stream, &adopting->remotes, &txn);
    if (rc == 0)
        rc = push_projector(push, stream, &txn, &adopting->projector);
    for (size_t n = 0; rc == 0 && n < stream->job_count; n++)
        rc = stream->jobs[n].aside ? 0 : unit_of_table(adopting, &txn, &stream->jobs[n]);
    if (rc == 0 && adopting->adoption->there_known)
        rc = only_there(adopting);
    projector_free(TAKE(adopting->projector));
    return rc ? rc : txn_end(&txn);
}

/* --- one by one --- */

/* A second one of ours that finds the same one of theirs: the first is linked already, this one is in doubt. */
static int taken_by(struct adopting *adopting, uint64_t id, struct push_remote *remote)
{
    uint64_t digest = digest_fast(remote->id, strlen(remote->id)) | 1;
    const uint64_t *by = numbers_get(&adopting->taken, digest);
    remote->doubtful = by && *by != id;
    return by ? 0 : numbers_set(&adopting->taken, digest, id);
}

/* Those that were linked before. */
static int taken_before(struct adopting *adopting)
{
    const struct push_stream *stream = adopting->stream;
    struct txn txn __attribute__((cleanup(tidy_txn)));
    struct delivery_walk walk;
    struct delivery row;
    enum kind kind;
    uint64_t unit;
    int rc = 0;
    txn_begin(&txn, adopting->push->run->store, false);
    delivery_walk_begin(&walk, &txn, stream->number, DELIVERY_UNIT);
    while (rc == 0 && delivery_walk_next(&walk, &kind, &unit))
        if (delivery_get(&txn, stream->number, kind, unit, &row) && row.remote_id.len > 0)
            rc = numbers_set(&adopting->taken, digest_fast(row.remote_id.data, row.remote_id.len) | 1, unit);
    delivery_walk_end(&walk);
    return rc ? rc : txn_end(&txn);
}

static int unit_by_asking(struct adopting *adopting, const struct push_job *job, struct arena *arena)
{
    struct push *push = adopting->push;
    struct push_stream *stream = adopting->stream;
    struct push_verdict verdict;
    struct push_remote remote = {0};
    size_t rows = 0, field = 0;
    struct txn txn __attribute__((cleanup(tidy_txn)));
    TIDY(projector_free) struct projector *projector = NULL;
    txn_begin(&txn, push->run->store, false);
    int rc = push_projector(push, stream, &txn, &projector);
    if (rc == 0)
        rc = push_judge(push, stream, projector, &txn, job, &verdict);
    if (rc != 0 || !verdict.projection.kept.data)
        return rc;
    if (is_known(&verdict))
        return found_add(adopting, (struct push_found){.what = ADOPTED_KNOWN});
    rc = projection_copy(&verdict.projection, stream->stream, arena);
    txn_abort(&txn); /* nobody reads while the target is asked */
    if (rc == 0)
        rc = push_find(push, stream, verdict.projection.values, arena, &remote, &rows, &field);
    if (rc == 0 && rows == 1)
        rc = taken_by(adopting, job->id, &remote);
    if (rc != 0)
        return rc;
    txn_begin(&txn, push->run->store, !adopting->adoption->dry);
    verdict.known = delivery_get(&txn, stream->number, stream->unit, job->id, &verdict.row);
    rc = unit_settle(adopting, &txn, job, &verdict, &remote, rows, field);
    return rc ? rc : txn_end(&txn);
}

static int adopt_asking(struct adopting *adopting)
{
    struct push_stream *stream = adopting->stream;
    struct arena *arena TIDY(arena_free) = arena_new();
    int rc = arena ? taken_before(adopting) : -ENOMEM;
    for (size_t n = 0; rc == 0 && n < stream->job_count; n++) {
        if (stream->jobs[n].aside)
            continue;
        if (run_cancelled((void *)(uintptr_t)adopting->push->run->request))
            return ERR_CANCELLED;
        arena_clear(arena);
        rc = unit_by_asking(adopting, &stream->jobs[n], arena);
    }
    return rc;
}

/* --- by hand --- */

static int link_named(struct adopting *adopting, struct txn *txn, const struct push_job *job)
{
    struct push *push = adopting->push;
    const char *id = adopting->adoption->remote_id;
    struct push_verdict verdict;
    struct push_remote by_hand = {.id = id}, *remote = &by_hand;
    int rc = push_judge(push, adopting->stream, adopting->projector, txn, job, &verdict);
    if (rc != 0 || !verdict.projection.there)
        return rc;
    if (adopting->reads && !(remote = push_remotes_id(&adopting->remotes, bytes(id, strlen(id)))))
        return err_set(push->run->err, ERR_GONE, "the target has nobody with the id '%s' in stream '%s'", id,
                       adopting->stream->stream->name);
    if (remote->unit != 0 && remote->unit != job->id)
        return err_set(push->run->err, ERR_CONFLICT, "'%s' is somebody else's there already: id:%lu", id,
                       (unsigned long)remote->unit);
    rc = link_to(adopting, txn, job->id, &verdict, remote);
    return rc ? rc
              : found_add(adopting, (struct push_found){.what = ADOPTED_LINKED,
                                                        .id = job->id,
                                                        .remote_id = id,
                                                        .outside = !verdict.projection.inside});
}

/* Who has that id already, where the target cannot be read. */
static int claimed_already(struct adopting *adopting, struct txn *txn)
{
    const char *id = adopting->adoption->remote_id;
    struct push_stream *stream = adopting->stream;
    struct delivery_walk walk;
    struct delivery row;
    enum kind kind;
    uint64_t unit, owner = 0;
    delivery_walk_begin(&walk, txn, stream->number, DELIVERY_UNIT);
    while (owner == 0 && delivery_walk_next(&walk, &kind, &unit))
        if (unit != adopting->adoption->unit && delivery_get(txn, stream->number, kind, unit, &row) &&
            push_same(row.remote_id, bytes(id, strlen(id))))
            owner = unit;
    delivery_walk_end(&walk);
    return owner ? err_set(adopting->push->run->err, ERR_CONFLICT, "'%s' is somebody else's there already: id:%lu", id,
                           (unsigned long)owner)
                 : txn->rc;
}

static int adopt_named(struct adopting *adopting)
{
    struct push *push = adopting->push;
    struct push_stream *stream = adopting->stream;
    struct txn txn __attribute__((cleanup(tidy_txn))) = {0};
    const struct push_job job = {.id = adopting->adoption->unit, .person = adopting->adoption->unit};
    if (stream->unit != KIND_person)
        return 0;
    int rc = adopting->reads ? push_remotes_read(push, stream, &adopting->remotes) : 0;
    if (rc != 0)
        return rc;
    txn_begin(&txn, push->run->store, !adopting->adoption->dry);
    rc = claimed_already(adopting, &txn);
    if (rc == 0)
        rc = push_projector(push, stream, &txn, &adopting->projector);
    if (rc == 0)
        rc = link_named(adopting, &txn, &job);
    projector_free(TAKE(adopting->projector));
    return rc ? rc : txn_end(&txn);
}

/* --- all streams --- */

static int adopt_stream(struct push *push, struct push_stream *stream, struct push_adoption *adoption,
                        struct err *ret_why, bool *ret_narrowed)
{
    struct adopting adopting = {.push = push, .stream = stream, .adoption = adoption};
    bool narrowed = true;
    struct txn txn __attribute__((cleanup(tidy_txn))) = {0};
    size_t field;
    int rc;
    if (push_is_whole(stream) || !push_match_field(push, stream, 0, &field))
        return 0; /* a file is nobody's account; and by nothing nobody is found */
    adopting.reads = push_can_read(push, stream);
    if (!adopting.reads && !lane_description(push->run->lane)->find && !adoption->remote_id)
        return 0;
    txn_begin(&txn, push->run->store, false);
    rc = push_choose(push, stream, &txn);
    if (rc == 0 && adoption->where)
        rc = push_narrow(push, stream, adoption->where, &txn, &narrowed, ret_why);
    txn_abort(&txn);
    *ret_narrowed |= narrowed;
    if (rc == 0 && narrowed)
        rc = adoption->remote_id ? adopt_named(&adopting)
             : adopting.reads    ? adopt_table(&adopting)
                                 : adopt_asking(&adopting);
    push_remotes_done(&adopting.remotes);
    numbers_done(&adopting.taken);
    if (rc == 0 && adoption->remote_id && stream->unit == KIND_person && !adopting.hit)
        rc = err_set(push->run->err, ERR_GONE, "nobody is known under id:%lu any more", (unsigned long)adoption->unit);
    return rc;
}

static bool any_adopts(const struct push *push)
{
    const muster_connector *connector = lane_description(push->run->lane);
    size_t field;
    for (size_t n = 0; n < push->stream_count; n++)
        if (!push_is_whole(&push->streams[n]) && push_match_field(push, &push->streams[n], 0, &field) &&
            (connector->find || push_can_read(push, &push->streams[n])))
            return true;
    return false;
}

static int adopt_line(struct push *push, struct push_adoption *adoption, struct err *err)
{
    struct run *run = push->run;
    struct err why = {0}; /* what was named of a part can be asked of no stream */
    bool narrowed = false;
    int rc = push_connect(push);
    if (rc == 0 && !adoption->remote_id && !any_adopts(push))
        rc = err_set(err, ERR_CONFIG,
                     "connection '%s': nobody can be looked for there: its connector neither reads nor finds, or no "
                     "field says who somebody is (match:)",
                     run->request->connection->name);
    for (size_t n = 0; rc == 0 && n < push->stream_count; n++)
        rc = adopt_stream(push, &push->streams[n], adoption, &why, &narrowed);
    if (rc == 0 && adoption->where && !narrowed)
        rc = err_set(err, ERR_UNKNOWN, "%s", why.text);
    lane_stop(TAKE(run->lane));
    if (rc != 0 || adoption->dry)
        return rc;
    for (size_t n = 0; n < push->stream_count; n++)
        push->streams[n].head.active = 0; /* the next push counts them */
    return push_finish(push, 0);
}

int push_adopt(const struct run_request *request, struct push_adoption *adoption, struct run_report *ret_report,
               struct err *err)
{
    struct run run __attribute__((cleanup(run_done))) = {.lock = -1};
    struct push push __attribute__((cleanup(push_done))) = {.run = &run, .looks = true};
    int rc = run_begin(&run, request, ret_report, err);
    ret_report->verb = "adopt";
    ret_report->author = request->author;
    if (rc == 0)
        rc = push_begin(&push, err);
    if (rc == 0)
        rc = adopt_line(&push, adoption, err);
    if (rc != 0)
        return err && err->rc ? rc : store_fail(run.store, rc, err);
    return report_write(ret_report, request);
}
