/* push_period - files of what happened in a period: which are to be written, and what belongs into the one at hand.
 *
 * Reads golden records, what the target was told of each (two marks: which
 * file it is in, which it is on its way into, and a digest of what it was
 * then), and the rows of the files. A file that is due says so in a row before
 * it is written, and the commit that keeps its answers closes it; so after a
 * death it is known which file was on its way, and what was in it.
 *
 * `next_file`: a closed file is never touched again. What becomes known of its
 * time afterwards, or is corrected, goes into the next one; what is taken back
 * is a task for a person, as a file has no words for it. A file whose answer
 * never came is written again under its name with just the rows it had.
 * `rewrite`: the file of whatever changed is written again, whole. */
#include "delivery/pushing.h"

#include "base/date.h"
#include "base/digest.h"
#include "base/mem.h"

#include <errno.h>
#include <muster/connector.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIME_TEXT = 40 };

/* --- one thing --- */

struct thing {
    bool there; /* its sources say so */
    bool dated;
    int64_t day; /* on which it happened, on the organization's clocks */
    uint64_t digest;
};

static bool day_read(const struct push *push, struct value value, int64_t *ret_day)
{
    char text[TIME_TEXT];
    int64_t ms;
    struct date date;
    if (value.presence != PRESENCE_VALUE || value.len >= sizeof(text))
        return false;
    memcpy(text, value.bytes, value.len);
    if (date_read(text, value.len, &date))
        *ret_day = date_days(date);
    else if (instant_read(text, value.len, &ms))
        *ret_day = zone_day(push->run->zone, ms);
    else
        return false;
    return true;
}

static struct thing thing_read(const struct push *push, const struct push_stream *stream, struct txn *txn, uint64_t id)
{
    uint8_t key[ENTITY_KEY];
    struct bytes value;
    struct image image;
    enum entity_state state;
    struct thing thing = {0};
    entity_key(stream->unit, id, key);
    if (!txn_get(txn, TABLE_entity, bytes(key, sizeof(key)), &value) || !entity_image(value, &image, &state))
        return thing;
    thing.there = state == ENTITY_LIVE;
    thing.digest = digest_fast(image.bytes, image.len) | 1;
    thing.dated = day_read(push, image_get(image, period_field(stream->unit)->number), &thing.day);
    return thing;
}

/* --- which files --- */

struct filing {
    struct push *push;
    struct push_stream *stream;
    struct txn *txn;
    bool write;      /* what is found out is kept */
    int64_t until;   /* up to which there are rows of files; 0: there never was one */
    struct span due; /* the last one that there is to be */
};

static int file_order(const void *a, const void *b)
{
    const struct push_file *one = a, *other = b;
    return one->span.from < other->span.from ? -1 : one->span.from > other->span.from;
}

static struct push_file *file_find(struct push_stream *stream, int64_t from)
{
    for (size_t n = 0; n < stream->file_count; n++)
        if (stream->files[n].span.from == from)
            return &stream->files[n];
    return NULL;
}

/* `must`: also when nothing of it seems to be new. */
static int file_add(struct filing *filing, struct span span, bool must)
{
    struct push_stream *stream = filing->stream;
    struct push_file *file = file_find(stream, span.from);
    if (!file) {
        int rc = mem_grow(&stream->files, stream->file_count, &stream->file_room, sizeof(*stream->files));
        if (rc != 0)
            return rc;
        file = &stream->files[stream->file_count++];
        *file = (struct push_file){.any = true, .span = span};
    }
    file->must |= must;
    return 0;
}

/* From now on it is to be written, whatever becomes of this run. */
static int file_begin(struct filing *filing, struct span span)
{
    struct delivery_file file;
    if (!delivery_file_get(filing->txn, filing->stream->number, filing->stream->unit, span.from, &file))
        file = (struct delivery_file){.from = span.from, .until = span.until};
    bool over = span.until <= filing->push->run->today;
    file.state = over ? FILE_DUE : FILE_CURRENT;
    if (filing->write)
        delivery_file_put(filing->txn, filing->stream->number, filing->stream->unit, &file);
    return file_add(filing, span, over);
}

/* Rows of files; those that are not closed are to be looked at again. */
static int files_known(struct filing *filing)
{
    struct delivery_walk walk;
    struct delivery_file file;
    enum kind kind;
    uint64_t from;
    int rc = 0;
    delivery_walk_begin(&walk, filing->txn, filing->stream->number, DELIVERY_FILE);
    while (rc == 0 && delivery_walk_next(&walk, &kind, &from)) {
        if (!delivery_file_get(filing->txn, filing->stream->number, kind, (int64_t)from, &file))
            break;
        filing->until = file.until > filing->until ? file.until : filing->until;
        bool unseen = file.run == 0 && file.until <= filing->push->run->today; /* over before anything was in it */
        if (file.state != FILE_CLOSED)
            rc = file_add(filing, (struct span){file.from, file.until}, file.state == FILE_DUE || unseen);
    }
    delivery_walk_end(&walk);
    return rc ? rc : filing->txn->rc;
}

/* A person asks for a file once more that is gone its way: it is due again, with the rows it had. */
static int file_again(struct filing *filing, const char *name)
{
    struct push_stream *stream = filing->stream;
    struct delivery_walk walk;
    struct span asked = {0};
    enum kind kind;
    uint64_t from;
    delivery_walk_begin(&walk, filing->txn, stream->number, DELIVERY_FILE);
    while (asked.until == 0 && delivery_walk_next(&walk, &kind, &from)) {
        char text[PERIOD_TEXT];
        struct delivery_file file;
        period_name(stream->stream->period, (int64_t)from, text);
        if (strcmp(text, name) == 0 && delivery_file_get(filing->txn, stream->number, kind, (int64_t)from, &file) &&
            file.run > 0)
            asked = (struct span){file.from, file.until};
    }
    delivery_walk_end(&walk);
    if (asked.until == 0)
        return filing->txn->rc;
    filing->push->again = true;
    return file_begin(filing, asked);
}

/* What there was before the first file is somebody else's: it is noted as it is, so that what changes later is seen. */
static int earlier_note(struct filing *filing)
{
    struct push_ids ids __attribute__((cleanup(push_ids_done))) = {0};
    struct push_stream *stream = filing->stream;
    int rc = push_things(filing->txn, stream->unit, &ids);
    for (size_t n = 0; rc == 0 && filing->write && n < ids.count; n++) {
        struct thing thing = thing_read(filing->push, stream, filing->txn, ids.items[n]);
        struct delivery row = {.state = DELIVERY_SETTLED,
                               .run = filing->push->run->report->run,
                               .since_ms = filing->push->run->now_ms,
                               .in = {DELIVERY_EARLIER, thing.digest}};
        if (thing.there && thing.dated && thing.day < filing->due.from)
            delivery_put(filing->txn, stream->number, stream->unit, ids.items[n], &row);
        rc = filing->txn->rc;
    }
    return rc;
}

/* Each period that has passed since the last file; at the very first, one. */
static int files_due(struct filing *filing)
{
    enum target_period period = filing->stream->stream->period;
    if (filing->until == 0) {
        int rc = earlier_note(filing);
        return rc ? rc : file_begin(filing, filing->due);
    }
    int rc = 0;
    for (struct span span = period_span(period, filing->until); rc == 0 && span.until <= filing->due.until;
         span = period_span(period, span.until))
        rc = file_begin(filing, span);
    return rc;
}

/* `rewrite`: the files of a thing that is not what it was. One that it has left is written for certain. */
static int thing_touches(struct filing *filing, uint64_t id)
{
    struct push_stream *stream = filing->stream;
    enum target_period period = stream->stream->period;
    struct thing thing = thing_read(filing->push, stream, filing->txn, id);
    struct delivery row = {0};
    bool known = delivery_get(filing->txn, stream->number, stream->unit, id, &row);
    if (known && row.state == DELIVERY_SETTLED && thing.there && row.in.thing == thing.digest)
        return 0;
    bool placed = thing.there && thing.dated;
    struct span now = placed ? period_span(period, thing.day) : (struct span){0};
    int rc = placed && now.until <= filing->due.until ? file_add(filing, now, false) : 0;
    if (rc != 0 || !row.active || row.in.file <= 0 || (placed && row.in.file == now.from))
        return rc;
    struct span left = period_span(period, row.in.file);
    return thing.there ? file_begin(filing, left) : file_add(filing, left, false);
}

static int files_touched(struct filing *filing)
{
    struct push_ids ids __attribute__((cleanup(push_ids_done))) = {0};
    int rc = push_things(filing->txn, filing->stream->unit, &ids);
    for (size_t n = 0; rc == 0 && n < ids.count; n++)
        rc = thing_touches(filing, ids.items[n]);
    return rc;
}

/* Whether it was sent and nobody knows whether it arrived. */
static int file_lost(struct filing *filing, struct push_file *file)
{
    struct delivery_walk walk;
    struct delivery row;
    enum kind kind;
    uint64_t id;
    int32_t from = (int32_t)file->span.from;
    delivery_walk_begin(&walk, filing->txn, filing->stream->number, DELIVERY_UNIT);
    while (!file->again && delivery_walk_next(&walk, &kind, &id))
        file->again = delivery_get(filing->txn, filing->stream->number, kind, id, &row) &&
                      ((row.state == DELIVERY_SENT && row.into.file == from) || (row.in.file == from && row.active));
    delivery_walk_end(&walk);
    return filing->txn->rc;
}

int push_files_find(struct push *push, struct push_stream *stream, struct txn *txn, bool write)
{
    enum target_period period = stream->stream->period;
    struct filing filing = {.push = push, .stream = stream, .txn = txn, .write = write};
    filing.due = period_due(period, push->run->today);
    stream->file_count = 0;
    int rc = files_known(&filing);
    if (rc == 0 && push->run->request->again)
        rc = file_again(&filing, push->run->request->again);
    bool first = filing.until == 0;
    size_t known = stream->file_count;
    for (size_t n = 0; rc == 0 && n < known && period < PERIOD_THIS_DAY && !stream->stream->rewrite_late; n++)
        rc = file_lost(&filing, &stream->files[n]);
    if (rc == 0)
        rc = files_due(&filing);
    if (rc == 0 && stream->stream->rewrite_late && !first)
        rc = files_touched(&filing);
    if (rc == 0 && stream->file_count > 1)
        qsort(stream->files, stream->file_count, sizeof(*stream->files), file_order);
    for (size_t n = 0; n < stream->file_count; n++)
        stream->files[n].late = n == 0 && !first;
    return rc;
}

/* The files there are, the last ones: who asks for another one has mistyped it. */
static int again_fail(struct push *push, struct txn *txn, struct err *err)
{
    enum { SHOWN = 5 };
    char names[SHOWN][PERIOD_TEXT] = {{0}};
    size_t count = 0;
    bool any = false;
    for (size_t n = 0; n < push->stream_count; n++)
        if (push->streams[n].sets)
            return 0; /* it may be one of those: push_sets_again() */
    for (size_t n = 0; n < push->stream_count; n++) {
        const struct push_stream *stream = &push->streams[n];
        struct delivery_walk walk;
        struct delivery_file file;
        enum kind kind;
        uint64_t from;
        if (stream->stream->period == PERIOD_NONE)
            continue;
        any = true;
        delivery_walk_begin(&walk, txn, stream->number, DELIVERY_FILE);
        while (delivery_walk_next(&walk, &kind, &from))
            if (delivery_file_get(txn, stream->number, kind, (int64_t)from, &file) && file.run > 0)
                period_name(stream->stream->period, (int64_t)from, names[count++ % SHOWN]);
        delivery_walk_end(&walk);
    }
    const char *connection = push->run->request->connection->name, *again = push->run->request->again;
    struct buffer list __attribute__((cleanup(buffer_done))) = {0};
    for (size_t n = count > SHOWN ? count - SHOWN : 0; n < count; n++)
        buffer_format(&list, "%s%s", list.len ? ", " : "", names[n % SHOWN]);
    buffer_byte(&list, 0);
    if (txn->rc != 0 || list.rc != 0)
        return txn->rc ? txn->rc : list.rc;
    if (!any)
        return err_set(err, ERR_UNKNOWN,
                       "'%s' writes no files by the period and nothing in sets, so there is none to write again",
                       connection);
    if (count == 0)
        return err_set(err, ERR_UNKNOWN, "'%s' has written no file yet, so there is none of %s to write again",
                       connection, again);
    return err_set(err, ERR_UNKNOWN, "'%s' has written no file of %s: the last ones are %s", connection, again,
                   list.data);
}

int push_files_begin(struct push *push, struct err *err)
{
    struct txn txn __attribute__((cleanup(tidy_txn)));
    bool write = !push->run->dry;
    txn_begin(&txn, push->run->store, write);
    int rc = 0;
    for (size_t n = 0; rc == 0 && n < push->stream_count; n++)
        if (push->streams[n].stream->period != PERIOD_NONE)
            rc = push_files_find(push, &push->streams[n], &txn, write);
    if (rc == 0 && push->run->request->again && !push->again)
        rc = again_fail(push, &txn, err);
    return rc ? rc : txn_end(&txn);
}

/* The streams that are not written by the period come first, all together; then each file by itself. One that has no
 * file to write is looked at once all the same. */
bool push_files_next(struct push *push)
{
    size_t at = push->filing ? (size_t)(push->filing - push->streams) : 0;
    if (push->filing && push->nth_file + 1 < push->filing->file_count) {
        push->file = push->filing->files[++push->nth_file];
        return true;
    }
    for (at += push->filing != NULL; at < push->stream_count; at++)
        if (push->streams[at].stream->period != PERIOD_NONE) {
            push->filing = &push->streams[at];
            push->nth_file = 0;
            push->file = push->filing->file_count ? push->filing->files[0] : (struct push_file){0};
            return true;
        }
    return false;
}

/* --- what belongs into the file at hand --- */

/* What was under way is not wanted any more, or is done. */
static void judge_nothing(struct push_verdict *verdict)
{
    bool open = verdict->known && verdict->row.state != DELIVERY_SETTLED;
    verdict->what = open ? PUSH_SETTLE : PUSH_NOTHING;
    verdict->op = 0;
}

static void judge_send(struct push_verdict *verdict, int op)
{
    verdict->what = PUSH_SEND;
    verdict->op = op;
}

static void judge_later(const struct push *push, const struct push_stream *stream, const struct thing *thing,
                        struct push_verdict *verdict)
{
    enum target_period period = stream->stream->period;
    int64_t due = period_due(period, push->run->today).until; /* what is before it waits for the next one */
    struct span span = period_span(period, thing->day < due ? due : thing->day);
    char name[PERIOD_TEXT], day[11];
    period_name(period, span.from, name);
    date_write(date_from_days(period >= PERIOD_THIS_DAY ? span.from : span.until), day);
    snprintf(verdict->why, sizeof(verdict->why), "it goes into the file of %s, from %s on", name, day);
    verdict->what = PUSH_LATER;
}

/* It was in a file that is gone its way, and files have no words for that. */
static void judge_taken_back(const struct push_stream *stream, const struct thing *thing, struct push_verdict *verdict)
{
    enum target_period period = stream->stream->period;
    char file[PERIOD_TEXT], day[11] = "";
    if (verdict->row.in.file <= 0)
        verdict->row.in = verdict->row.into;
    verdict->row.active = true;
    period_name(period, verdict->row.in.file, file);
    if (thing->dated)
        date_write(date_from_days(thing->day), day);
    snprintf(verdict->why, sizeof(verdict->why),
             "the %s of %s was in the file of %s and is taken back since: it has to be taken back there, too",
             kind_name(stream->unit), thing->dated ? day : "a day that nobody knows", file);
    verdict->what = PUSH_MANUAL;
    verdict->op = MUSTER_DEACTIVATE;
}

struct seat {
    bool in;        /* it is in the file at hand */
    bool under_way; /* it was sent in it, and no answer is known */
    bool told;      /* it is in a file */
    bool fits;      /* it would belong into this one */
};

static struct seat seat_of(const struct push *push, const struct push_stream *stream, const struct thing *thing,
                           const struct delivery *row)
{
    const struct push_file *file = &push->file;
    bool any = push->filing == stream && file->any;
    int32_t from = (int32_t)file->span.from;
    struct seat seat = {.in = any && row->active && row->in.file == from,
                        .under_way = any && row->state == DELIVERY_SENT && row->into.file == from,
                        .told = row->active && row->in.file > 0};
    bool late = file->late && !stream->stream->rewrite_late;
    seat.fits = any && thing->there && thing->dated && thing->day < file->span.until &&
                (late || thing->day >= file->span.from || seat.in || seat.under_way);
    if (stream->stream->rewrite_late)
        seat.fits = seat.fits && thing->day >= file->span.from;
    else if (any && file->again)
        seat.fits = seat.fits && (seat.in || seat.under_way);
    return seat;
}

/* It exists and is among those that the file is about. */
static void judge_inside(struct push *push, const struct push_stream *stream, const struct thing *thing,
                         const struct seat *seat, struct push_verdict *verdict)
{
    const struct delivery *row = &verdict->row;
    bool moves = stream->stream->rewrite_late && seat->fits && !seat->in; /* from another file into this one */
    if (!push_can_be_told(stream, verdict)) {
        verdict->what = PUSH_MANUAL;
    } else if (!thing->dated) {
        snprintf(verdict->why, sizeof(verdict->why), "nobody knows when it was, so it is in no file: '%s' is missing",
                 period_field(stream->unit)->name);
        verdict->what = PUSH_MANUAL;
    } else if (seat->in && !seat->fits) {
        judge_send(verdict, MUSTER_DEACTIVATE); /* its day is another now, and so is its file */
    } else if (seat->told && !seat->under_way && !moves && !push_differs(stream, verdict)) {
        judge_nothing(verdict);
    } else if (!seat->fits) {
        judge_later(push, stream, thing, verdict);
    } else {
        judge_send(verdict, seat->told ? MUSTER_UPDATE : row->confirmed.len ? MUSTER_REACTIVATE : MUSTER_CREATE);
    }
}

/* It is gone, or not among them. What the thing itself did not bring about changes nothing of the past. */
static void judge_outside(const struct push_stream *stream, const struct thing *thing, const struct seat *seat,
                          struct push_verdict *verdict)
{
    bool rewrites = stream->stream->rewrite_late;
    if (seat->in && (rewrites || stream->stream->period >= PERIOD_THIS_DAY))
        judge_send(verdict, MUSTER_DEACTIVATE);
    else if (!rewrites && (seat->told || seat->under_way))
        judge_taken_back(stream, thing, verdict);
    else if (!seat->told)
        judge_nothing(verdict);
}

int push_period_judge(struct push *push, struct push_stream *stream, struct projector *projector, struct txn *txn,
                      const struct push_job *job, struct push_verdict *verdict)
{
    const struct delivery *row = &verdict->row;
    const struct thing thing = thing_read(push, stream, txn, job->id);
    const struct seat seat = seat_of(push, stream, &thing, row);
    verdict->thing = thing.digest;
    if (!seat.under_way && row->state == DELIVERY_SENT && row->into.file != 0)
        return txn->rc; /* it is on its way in another one, whose turn comes */
    bool unchanged = thing.there && row->in.file != 0 && row->in.thing == thing.digest;
    if (!seat.in && !seat.under_way && unchanged) {
        judge_nothing(verdict);
        if (!push->shows)
            return txn->rc;
    }
    int rc = thing.there ? project(projector, job->id, 0, &verdict->projection) : 0;
    if (rc != 0 || txn->rc != 0 || (!seat.in && !seat.under_way && unchanged))
        return rc ? rc : txn->rc;
    if (verdict->projection.inside)
        judge_inside(push, stream, &thing, &seat, verdict);
    else
        judge_outside(stream, &thing, &seat, verdict);
    if (verdict->op == MUSTER_DEACTIVATE)
        verdict->settles = row->confirmed;
    else if (verdict->what == PUSH_SEND)
        return push_settles(push, stream, verdict);
    return 0;
}

/* --- what is kept of it --- */

struct delivery_mark push_file_mark(const struct push *push, const struct push_verdict *verdict)
{
    struct delivery_mark mark = {0};
    if (push->filing)
        mark = (struct delivery_mark){(int32_t)push->file.span.from,
                                      verdict->op == MUSTER_DEACTIVATE ? 0 : verdict->thing};
    return mark;
}

void push_file_close(const struct push *push, const struct push_stream *stream, struct txn *txn, bool written)
{
    const struct push_file *at = &push->file;
    struct delivery_file file;
    if (push->filing != stream || !at->any)
        return;
    bool over = at->span.until <= push->run->today;
    bool known = delivery_file_get(txn, stream->number, stream->unit, at->span.from, &file);
    if (!known && !written)
        return;
    if (!known)
        file = (struct delivery_file){.from = at->span.from, .until = at->span.until};
    enum delivery_file_state before = file.state;
    file.state = over ? FILE_CLOSED : FILE_CURRENT;
    if (written) {
        file.run = push->run->report->run;
        file.at_ms = push->run->now_ms;
        file.rows = 0;
        for (size_t n = 0; n < stream->job_count; n++)
            file.rows += stream->jobs[n].op != MUSTER_DEACTIVATE &&
                         (stream->jobs[n].what == PUSH_SEND || stream->jobs[n].what == PUSH_KEEP);
    }
    if (written || file.state != before)
        delivery_file_put(txn, stream->number, stream->unit, &file);
}
