/* push_batch - what goes out of a stream: each change as it is told, and the row that says that it is sent. */
#include "delivery/push_talk.h"

#include "base/digest.h"
#include "base/mem.h"

#include <errno.h>
#include <muster/connector.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 100, KEY_TEXT = 33 };

/* The run that first meant to do this: what is under way and the same is a repeat. */
static uint32_t intent_of(const struct sending *sending, const struct push_verdict *verdict)
{
    const struct delivery *row = &verdict->row;
    const struct bytes *kept = &verdict->projection.kept;
    bool under_way = verdict->known && (row->state == DELIVERY_SENT || row->state == DELIVERY_RETRY);
    bool same = under_way && row->op == verdict->op && push_same(row->wanted, *kept);
    return same ? row->intent : sending->push->run->report->run;
}

/* The same for every repeat of this change, and for nothing else. */
static int change_key(struct sending *sending, const struct push_job *job, const struct push_verdict *verdict,
                      char ret_key[KEY_TEXT])
{
    const struct run_request *request = sending->push->run->request;
    struct buffer *text = &sending->key;
    uint8_t digest[DIGEST_SHA256];
    if (sending->key_begin == 0) {
        buffer_format(text, "%s/%s/%s/%d/", request->organization->id, request->connection->name,
                      sending->stream->stream->name, (int)sending->stream->unit);
        sending->key_begin = text->len;
    }
    text->len = sending->key_begin;
    buffer_number(text, job->id);
    buffer_byte(text, '/');
    buffer_number(text, (uint64_t)verdict->op);
    buffer_byte(text, '/');
    buffer_number(text, intent_of(sending, verdict));
    buffer_byte(text, '/');
    if (job->part == PUSH_ALSO) {
        buffer_text(text, sending->stream->sets->items[job->set].name);
        buffer_byte(text, '/');
    }
    buffer_add(text, verdict->settles.data, verdict->settles.len);
    if (text->rc != 0)
        return text->rc;
    digest_sha256(text->data, text->len, digest);
    for (size_t n = 0; n < (KEY_TEXT - 1) / 2; n++) {
        ret_key[2 * n] = "0123456789abcdef"[digest[n] >> 4];
        ret_key[2 * n + 1] = "0123456789abcdef"[digest[n] & 15];
    }
    ret_key[KEY_TEXT - 1] = '\0';
    return 0;
}

/* What is told: the values in plain; what may not be told now is absent. */
static void cells_make(struct sending *sending, const struct push_verdict *verdict)
{
    const struct push_stream *stream = sending->stream;
    struct image was = {verdict->row.confirmed.data, (uint32_t)verdict->row.confirmed.len};
    struct image becomes = {verdict->settles.data, (uint32_t)verdict->settles.len};
    for (size_t n = 0; n < stream->stream->map.rule_count; n++) {
        struct value before = image_get(was, stream->numbers[n]), after = image_get(becomes, stream->numbers[n]);
        struct value plain = verdict->projection.kept.data ? verdict->projection.values[n] : (struct value){0};
        bool told =
            verdict->projection.kept.data &&
            value_equal(after,
                        image_get((struct image){verdict->projection.kept.data, (uint32_t)verdict->projection.kept.len},
                                  stream->numbers[n]));
        bool sealed = before.flags & VALUE_SEALED;
        if (!told && after.presence == PRESENCE_VALUE && push_is_whole(stream)) {
            told = true; /* a file is written anew: what it had stays, of what is sealed only what it is now is known */
            plain = after.flags & VALUE_SEALED ? plain : after;
            before = after;
        }
        sending->before[n] = (struct lane_cell){.presence = sealed ? PRESENCE_ABSENT : before.presence,
                                                .len = sealed ? 0 : before.len,
                                                .bytes = before.bytes};
        sending->after[n] =
            (struct lane_cell){.presence = told ? plain.presence : PRESENCE_ABSENT,
                               .changed = told && !(before.presence == after.presence && value_equal(before, after)),
                               .len = told ? plain.len : 0,
                               .bytes = plain.bytes};
    }
}

static int sent_add(struct sending *sending, const struct push_job *job, const struct push_verdict *verdict)
{
    int rc = mem_grow(&sending->sent, sending->count, &sending->room, sizeof(*sending->sent));
    if (rc != 0)
        return rc;
    struct sent sent = {.nth = sending->nth++,
                        .id = job->id,
                        .op = (uint8_t)verdict->op,
                        .part = job->part,
                        .parts = job->parts,
                        .set = job->set,
                        .leaves_manual = verdict->leaves_manual,
                        .leaves_update = verdict->leaves_update && !push_is_common(sending->stream),
                        .counts = job->said == PUSH_UNSAID,
                        .left = verdict->known && !verdict->row.active};
    sent.settles_len = verdict->op == MUSTER_KEEP ? 0 : verdict->settles.len;
    sent.settles = sent.settles_len ? mem_new(sent.settles_len, 1) : NULL;
    sent.manual = verdict->leaves_manual ? mem_text(verdict->why) : NULL;
    if ((sent.settles_len && !sent.settles) || (verdict->leaves_manual && !sent.manual)) {
        sent_done(&sent);
        return -ENOMEM;
    }
    if (sent.settles_len)
        memcpy(sent.settles, verdict->settles.data, sent.settles_len);
    sending->sent[sending->count++] = sent;
    return 0;
}

/* It is said to be sent before it is. */
static int row_make(struct sending *sending, const struct push_verdict *verdict)
{
    struct sent *sent = &sending->sent[sending->count - 1];
    struct delivery row = verdict->row;
    if (!verdict->known)
        row = (struct delivery){0};
    row.intent = intent_of(sending, verdict);
    row.state = DELIVERY_SENT;
    row.op = (uint8_t)verdict->op;
    row.run = sending->push->run->report->run;
    row.since_ms = sending->push->run->now_ms;
    row.wanted = verdict->projection.kept;
    row.why = bytes("", 0);
    row.into = push_file_mark(sending->push, verdict);
    sent->row = sending->rows.len;
    delivery_row(&row, &sending->rows);
    sent->row_len = sending->rows.len - sent->row;
    return sending->rows.rc;
}

/* In a file that is written anew, whoever may not be changed stays as they are. */
static bool job_stays(const struct push_stream *stream, const struct push_job *job)
{
    return push_is_whole(stream) && (job->what == PUSH_HELD || job->what == PUSH_MANUAL);
}

/* What was decided about it is still so. */
static bool job_stands(const struct sending *sending, const struct push_job *job, struct push_verdict *verdict)
{
    const struct push *push = sending->push;
    bool stays = job_stays(sending->stream, job);
    if (!stays && job->what != PUSH_KEEP)
        return verdict->what == PUSH_SEND && verdict->op == job->op;
    verdict->op = MUSTER_KEEP;
    verdict->settles = verdict->row.confirmed;
    if (!stays)
        return verdict->what == PUSH_NOTHING;
    bool elsewhere = push->filing && (!push->file.any || verdict->row.in.file != (int32_t)push->file.span.from);
    return verdict->known && verdict->row.active && !elsewhere;
}

static int job_goes(struct sending *sending, struct txn *txn, struct projector *projector, struct push_job *job,
                    struct lane_batch *batch)
{
    struct push_verdict verdict;
    char key[KEY_TEXT];
    struct push_stream *stream = sending->stream;
    int rc = push_judge(sending->push, stream, projector, txn, job, &verdict);
    bool keep = job->what == PUSH_KEEP || job_stays(stream, job);
    if (rc != 0 || !(stream->sets ? push_sets_goes(job, &verdict) : job_stands(sending, job, &verdict)))
        return rc; /* nothing moves under run.lock */
    bool leaves = stream->sets && job->op == MUSTER_DEACTIVATE;
    if ((rc = change_key(sending, job, &verdict, key)) != 0)
        return rc;
    cells_make(sending, &verdict);
    if (leaves)
        push_sets_cells(stream, job, sending->before);
    rc = push_generated_cells(sending->push, stream, job->id, verdict.op, sending->after, sending->tokens);
    if (rc != 0)
        return rc;
    buffer_clear(&sending->text);
    buffer_add(&sending->text, verdict.row.remote_id.data, verdict.row.remote_id.len);
    buffer_byte(&sending->text, 0);
    struct lane_change change = {.nth = sending->nth,
                                 .op = leaves ? MUSTER_DEACTIVATE : verdict.op,
                                 .key = key,
                                 .remote_id = verdict.row.remote_id.len ? sending->text.data : NULL,
                                 .before = verdict.row.confirmed.len || leaves ? sending->before : NULL,
                                 .after = leaves ? NULL : sending->after};
    if (sending->text.rc != 0)
        return sending->text.rc;
    rc = lane_batch_add(batch, &change);
    if (rc == 0)
        rc = sent_add(sending, job, &verdict);
    if (rc == 0 && !keep)
        rc = row_make(sending, &verdict);
    if (rc == 0 && !keep && stream->sets)
        stream->sets->items[job->set].sent++;
    return rc;
}

static bool is_to_go(const struct sending *sending, const struct push_job *job)
{
    const struct push_stream *stream = sending->stream;
    return (job->what == PUSH_SEND || job->what == PUSH_KEEP || job_stays(stream, job)) &&
           push_closes(stream, job) == sending->push->closing;
}

int push_batch_make(struct sending *sending, struct lane_batch *batch)
{
    struct push_stream *stream = sending->stream;
    const struct muster_stream *declared = stream->stream->description;
    size_t most = declared && declared->batch ? declared->batch : BATCH;
    TIDY(projector_free) struct projector *projector = NULL;
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, sending->push->run->store, false);
    int rc = push_projector(sending->push, stream, &txn, &projector);
    buffer_clear(&sending->rows);
    sending->ready = 0;
    sending->noted = false;
    for (; rc == 0 && sending->ready < most && sending->next < stream->job_count && !lane_batch_full(batch);
         sending->next++) {
        struct push_job *job = &stream->jobs[sending->next];
        size_t before = sending->count;
        if (run_cancelled((void *)(uintptr_t)sending->push->run->request))
            break; /* between two changes */
        if (is_to_go(sending, job))
            rc = job_goes(sending, &txn, projector, job, batch);
        sending->ready += sending->count - before;
    }
    return rc ? rc : txn_end(&txn);
}

void push_batch_note(struct sending *sending, struct txn *txn)
{
    const struct push_stream *stream = sending->stream;
    for (size_t n = sending->count - sending->ready; n < sending->count; n++) {
        const struct sent *sent = &sending->sent[n];
        if (sent->row_len > 0)
            delivery_put_row(txn, stream->number, stream->unit, sent->id,
                             bytes(sending->rows.data + sent->row, sent->row_len));
    }
}

int push_batch_end(struct sending *sending)
{
    int rc = 0;
    for (; sending->ready > 0; sending->ready--) {
        struct sent *sent = &sending->sent[sending->count - sending->ready];
        if (!sending->noted) {
            sent_done(&sending->sent[--sending->count]);
            continue;
        }
        sent->answered = sent->untouched = true;
        sent->rc = MUSTER_RETRY;
        sent->why = mem_text(PUSH_NOT_REACHED);
        sending->answers++;
        rc = sent->why ? rc : -ENOMEM;
    }
    return rc;
}
