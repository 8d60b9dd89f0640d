/* push_send - the talk with the target about one stream: batches out, answers in, each kept before the next thing. */
#include "engine/push_inside.h"

#include "base/digest.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "broker/file.h"
#include "broker/http.h"

#include <errno.h>
#include <muster/connector.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 100, BACKOFF_FIRST_MS = 60 * 1000, BACKOFF_MOST_MS = 6 * 3600 * 1000, ATTEMPTS_MOST = 8, KEY_TEXT = 33 };

/* One change on its way: handed out, or answered and not kept yet. */
struct sent {
    uint32_t nth;
    uint64_t id;
    uint8_t op;
    bool answered, leaves_manual;
    uint8_t part, parts; /* of a stream in sets */
    uint32_t set;
    bool heard;     /* the set has noted the answer */
    bool untouched; /* the connector never saw it */
    bool counts;    /* a safeguard counts it */
    bool left;      /* it was switched off before */
    muster_rc rc;
    char *remote_id, *why; /* of the answer; NULL: none */
    char *manual;
    void *settles;
    size_t settles_len;
};

struct sending {
    struct push *push;
    struct push_stream *stream;
    size_t next; /* job */
    uint32_t nth;
    struct sent *sent; /* in the order of nth; those kept are gone */
    size_t count, room;
    size_t answers; /* among them */
    struct lane_cell *before, *after;
    char (*tokens)[GENERATED_TOKEN];
    struct buffer text;
    struct push_parts parts;
    struct lane_result result;
};

static void sent_done(struct sent *sent)
{
    free(sent->remote_id);
    free(sent->why);
    free(sent->manual);
    free(sent->settles);
}

/* --- what came of it --- */

static int64_t backoff(uint32_t attempts, uint64_t id)
{
    int64_t wait = BACKOFF_FIRST_MS;
    for (uint32_t n = 1; n < attempts && wait < BACKOFF_MOST_MS; n++)
        wait *= 2;
    wait = wait < BACKOFF_MOST_MS ? wait : BACKOFF_MOST_MS;
    return wait / 2 + (int64_t)(digest_fast(&id, sizeof(id)) % (uint64_t)(wait / 2)); /* not all at once */
}

/* A row of a set that was written anew without it: the target has it no more. */
static bool lost(const struct push_stream *stream, const struct sent *sent)
{
    return stream->sets && sent->rc != MUSTER_OK && sent->rc != MUSTER_RETRY && sent->rc != MUSTER_AUTH &&
           sent->rc != MUSTER_CANCELLED;
}

static void count_answer(const struct sending *sending, const struct sent *sent)
{
    struct run_pushed *pushed = &sending->push->run->report->pushed;
    if (sent->op == MUSTER_KEEP && !lost(sending->stream, sent))
        return;
    if (sent->rc != MUSTER_OK) {
        pushed->failed++;
        return;
    }
    switch (sent->op) {
    case MUSTER_CREATE: pushed->created++; break;
    case MUSTER_UPDATE: pushed->updated++; break;
    case MUSTER_REACTIVATE: pushed->reactivated++; break;
    case MUSTER_DEACTIVATE: *(sent->left ? &pushed->updated : &pushed->deactivated) += 1; break;
    default: break;
    }
}

/* What is wrong with the target as a whole is nobody's dead letter, nor that a file could not be written; what it will
 * not take of one person is, at last. */
static bool may_pass_later(const struct push_stream *stream, const struct sent *sent, uint32_t attempts)
{
    return sent->rc == MUSTER_AUTH || sent->rc == MUSTER_CANCELLED ||
           (sent->rc == MUSTER_RETRY && (attempts < ATTEMPTS_MOST || push_is_whole(stream)));
}

static void keep_one(struct sending *sending, struct txn *txn, const struct sent *sent)
{
    struct push_stream *stream = sending->stream;
    struct push *push = sending->push;
    struct delivery row = {0};
    if ((sent->op == MUSTER_KEEP && !lost(stream, sent)) ||
        !delivery_get(txn, stream->number, stream->unit, sent->id, &row))
        return;
    bool was_active = row.active;
    row.rc = sent->rc;
    row.run = push->run->report->run;
    row.since_ms = push->run->now_ms;
    row.why = bytes("", 0);
    if (sent->remote_id)
        row.remote_id = bytes(sent->remote_id, strlen(sent->remote_id));
    bool gone_already = sent->rc == MUSTER_GONE && sent->op == MUSTER_DEACTIVATE;
    if (sent->rc == MUSTER_OK || gone_already) {
        row.state = sent->leaves_manual ? DELIVERY_MANUAL : DELIVERY_SETTLED;
        row.active = sent->op != MUSTER_DEACTIVATE && sent->op != MUSTER_DELETE;
        row.confirmed = bytes(sent->settles, sent->settles_len);
        row.wanted = sent->leaves_manual ? row.wanted : bytes("", 0);
        row.attempts = 0;
        if (row.into.file != 0)
            row.in = row.into;
        row.into = (struct delivery_mark){0};
        if (sent->manual)
            row.why = bytes(sent->manual, strlen(sent->manual));
        unsigned slot = tally_slot(delivery_gate(sent->op));
        if (slot < TALLY_GATES)
            stream->passed[slot] += sent->counts;
        if (sent->op == MUSTER_CREATE)
            push_generated_note(push, stream, txn, sent->id);
    } else {
        row.attempts += !sent->untouched;
        row.state = may_pass_later(stream, sent, row.attempts) ? DELIVERY_RETRY : DELIVERY_REFUSED;
        row.next_ms = push->run->now_ms + (sent->untouched ? 0 : backoff(row.attempts, sent->id));
        row.why = bytes(sent->why ? sent->why : "", sent->why ? strlen(sent->why) : 0);
        row.active &= !lost(stream, sent);
        if (sent->op == MUSTER_KEEP) {
            row.op = MUSTER_REACTIVATE;
            row.wanted = row.confirmed;
        }
    }
    stream->head.active += row.active;
    stream->head.active -= was_active && stream->head.active > 0;
    delivery_put(txn, stream->number, stream->unit, sent->id, &row);
}

/* Of a stream in sets: the set hears of it; and whether all that belongs to the change is answered. */
static int set_hears(struct sending *sending, struct sent *sent)
{
    if (sent->heard)
        return 0;
    sent->heard = true;
    push_sets_hear(sending->stream, sent->set, sent->op == MUSTER_KEEP, sent->rc, sent->why);
    return sent->part == PUSH_ALSO ? push_parts_also(&sending->parts, sent->id, sent->parts, sent->rc, sent->why) : 0;
}

static int sets_hear(struct sending *sending)
{
    int rc = 0;
    for (size_t n = 0; sending->stream->sets && n < sending->count && rc == 0; n++)
        if (sending->sent[n].answered)
            rc = set_hears(sending, &sending->sent[n]);
    return rc;
}

/* False: other parts of it have no answer yet. */
static bool change_ends(struct sending *sending, struct sent *sent, bool anyway)
{
    muster_rc rc = sent->rc;
    const char *why = NULL;
    if (sent->part == PUSH_ALSO || sent->parts < 2)
        return true;
    if (!push_parts_close(&sending->parts, sent->id, anyway, &rc, &why))
        return false;
    sent->rc = rc;
    if (why) {
        free(sent->why);
        sent->why = mem_text(why);
    }
    return true;
}

/* Keeps all answers there are; those without stay. `anyway`: no more will come. */
static int keep_answers(struct sending *sending, struct txn *txn, bool anyway)
{
    size_t left = 0;
    int rc = 0;
    if (sending->answers == 0 && !anyway)
        return 0;
    sending->answers = 0;
    rc = sets_hear(sending);
    for (size_t n = 0; n < sending->count; n++) {
        struct sent *sent = &sending->sent[n];
        if (sent->answered && change_ends(sending, sent, anyway)) {
            if (sent->part != PUSH_ALSO) {
                keep_one(sending, txn, sent);
                count_answer(sending, sent);
            }
            sent_done(sent);
        } else {
            sending->sent[left++] = *sent;
        }
    }
    sending->count = left;
    if (left == 0 && http_generated(sending->push->run->http))
        generated_forget(http_generated(sending->push->run->http));
    return rc;
}

static struct sent *sent_find(struct sending *sending, uint32_t nth)
{
    size_t low = 0, high = sending->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (sending->sent[middle].nth < nth)
            low = middle + 1;
        else
            high = middle;
    }
    return low < sending->count && sending->sent[low].nth == nth ? &sending->sent[low] : NULL;
}

static int take_applied(void *context, uint32_t nth, const char *remote_id)
{
    struct sending *sending = context;
    struct sent *sent = sent_find(sending, nth);
    if (!sent)
        return ERR_CORRUPT;
    sent->answered = true;
    sending->answers++;
    sent->rc = MUSTER_OK;
    sent->remote_id = remote_id ? mem_text(remote_id) : NULL;
    fault_kill("answered");
    return remote_id && !sent->remote_id ? -ENOMEM : 0;
}

static int take_refused(void *context, uint32_t nth, muster_rc rc, const char *why)
{
    struct sending *sending = context;
    struct sent *sent = sent_find(sending, nth);
    if (!sent)
        return ERR_CORRUPT;
    sent->answered = true;
    sending->answers++;
    sent->rc = rc >= 0 ? MUSTER_FAIL : rc;
    sent->why = mem_text(why ? why : "");
    return sent->why ? 0 : -ENOMEM;
}

/* The connector was never given it: it is as if it had not been said to be sent. */
static int take_untouched(void *context, uint32_t nth)
{
    int rc = take_refused(context, nth, MUSTER_RETRY, "the connector ended before it came to this");
    if (rc == 0)
        sent_find(context, nth)->untouched = true;
    return rc;
}

/* --- what goes out --- */

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
static void change_key(const struct sending *sending, const struct push_job *job, const struct push_verdict *verdict,
                       char ret_key[KEY_TEXT])
{
    const struct run_request *request = sending->push->run->request;
    struct buffer text __attribute__((cleanup(buffer_done))) = {0};
    uint8_t digest[DIGEST_SHA256] = {0};
    buffer_format(&text, "%s/%s/%s/%d/%llu/%d/", request->organization->id, request->connection->name,
                  sending->stream->stream->name, (int)sending->stream->unit, (unsigned long long)job->id, verdict->op);
    buffer_format(&text, "%u/", intent_of(sending, verdict));
    if (job->part == PUSH_ALSO)
        buffer_format(&text, "%s/", sending->stream->sets->items[job->set].name);
    buffer_add(&text, verdict->settles.data, verdict->settles.len);
    if (text.rc == 0)
        digest_sha256(text.data, text.len, digest);
    for (size_t n = 0; n < (KEY_TEXT - 1) / 2; n++) {
        ret_key[2 * n] = "0123456789abcdef"[digest[n] >> 4];
        ret_key[2 * n + 1] = "0123456789abcdef"[digest[n] & 15];
    }
    ret_key[KEY_TEXT - 1] = '\0';
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
static void mark_sent(struct sending *sending, struct txn *txn, const struct push_job *job,
                      const struct push_verdict *verdict)
{
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
    delivery_put(txn, sending->stream->number, sending->stream->unit, job->id, &row);
}

bool push_closes(const struct push_stream *stream, const struct push_job *job)
{
    return stream->unit == KIND_org_unit && !push_is_whole(stream) && !stream->sets && job->op == MUSTER_DEACTIVATE;
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
    change_key(sending, job, &verdict, key);
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
        mark_sent(sending, txn, job, &verdict);
    if (rc == 0 && !keep && stream->sets)
        stream->sets->items[job->set].sent++;
    return rc;
}

/* One commit: what came of those before, and that these are sent. */
static int give_next(void *context, struct lane_batch *batch)
{
    struct sending *sending = context;
    struct push_stream *stream = sending->stream;
    const struct muster_stream *declared = stream->stream->description;
    size_t most = declared && declared->batch ? declared->batch : BATCH, given = 0;
    TIDY(projector_free) struct projector *projector = NULL;
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, sending->push->run->store, true);
    int rc = keep_answers(sending, &txn, false);
    if (rc == 0)
        rc = push_projector(sending->push, stream, &txn, &projector);
    for (; rc == 0 && given < most && sending->next < stream->job_count && !lane_batch_full(batch); sending->next++) {
        if (run_cancelled((void *)(uintptr_t)sending->push->run->request))
            break; /* between two changes */
        struct push_job *job = &stream->jobs[sending->next];
        if (job->what != PUSH_SEND && job->what != PUSH_KEEP && !job_stays(stream, job))
            continue;
        if (push_closes(stream, job) != sending->push->closing)
            continue;
        size_t before = sending->count;
        rc = job_goes(sending, &txn, projector, job, batch);
        given += sending->count > before;
    }
    if (rc == 0)
        rc = txn_end(&txn);
    if (rc == 0)
        fault_kill(given > 0 ? "sent" : "kept");
    return rc;
}

/* --- what the connector asks for besides --- */

static int give_listed(void *context, const char *place, size_t nth, const char **ret_name, uint64_t *ret_size,
                       int64_t *ret_mtime, struct err *err)
{
    struct push *const *push = context;
    const struct file_entry *entries;
    size_t count;
    int rc = files_list((*push)->run->files, place, &entries, &count, err);
    if (rc != 0)
        return rc;
    if (nth >= count)
        return ERR_GONE;
    *ret_name = entries[nth].name;
    *ret_size = entries[nth].size;
    *ret_mtime = entries[nth].mtime_ms;
    return 0;
}

static int give_fetched(void *context, const char *name, int *ret_fd, struct err *err)
{
    struct push *const *push = context;
    uint8_t digest[DIGEST_SHA256];
    uint64_t size;
    return files_fetch((*push)->run->files, name, (*push)->run->dir, ret_fd, digest, &size, err);
}

static int take_stored(void *context, const char *name, int fd, struct err *err)
{
    struct push *const *push = context;
    return files_store((*push)->run->files, name, fd, err);
}

static void take_log(void *context, int level, const char *text)
{
    struct push *const *push = context;
    struct log from = {.organization = (*push)->run->request->organization->id,
                       .connection = (*push)->run->request->connection->name};
    log_line(&from, (enum log_level)level, "%s", text);
}

void push_files_sink(struct lane_sink *ret_sink)
{
    ret_sink->list = give_listed;
    ret_sink->fetch = give_fetched;
    ret_sink->store = take_stored;
    ret_sink->log = take_log;
}

/* Of a change with several parts the target was told some, and the change itself never came to its turn. */
static void parts_end(struct sending *sending, struct txn *txn)
{
    for (size_t n = 0; n < sending->parts.count; n++) {
        struct sent sent = {.id = sending->parts.items[n].id, .untouched = true};
        const char *why = NULL;
        if (sending->parts.items[n].closed)
            continue;
        sent.rc = MUSTER_RETRY;
        push_parts_close(&sending->parts, sent.id, true, &sent.rc, &why);
        sent.why = mem_text(why ? why : "");
        keep_one(sending, txn, &sent);
        count_answer(sending, &sent);
        sent_done(&sent);
    }
}

int push_send(struct push *push, struct push_stream *stream)
{
    size_t fields = stream->stream->map.rule_count + stream->generated_count;
    struct sending sending = {.push = push, .stream = stream};
    sending.before = mem_new(fields + 1, sizeof(*sending.before));
    sending.after = mem_new(fields + 1, sizeof(*sending.after));
    sending.tokens = mem_new(fields + 1, sizeof(*sending.tokens));
    struct lane_sink sink = {.context = &sending,
                             .next = give_next,
                             .applied = take_applied,
                             .refused = take_refused,
                             .untouched = take_untouched};
    push_files_sink(&sink);
    push_heard_sink(&sink);
    sink.http = push->run->http;
    struct lane_push told = {.partition = "main",
                             .stream = stream->stream->name,
                             .snapshot = push_is_whole(stream),
                             .fields = {fields, stream->names, stream->types}};
    int rc = sending.before && sending.after && sending.tokens
                 ? lane_apply(push->run->lane, &told, &sink, &sending.result, push->run->err)
                 : -ENOMEM;
    int talk = rc;
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, push->run->store, true);
    rc = keep_answers(&sending, &txn, true);
    parts_end(&sending, &txn);
    if (talk == 0 && sending.result.rc >= 0 && sending.next >= stream->job_count && sending.count == 0)
        push_file_close(push, stream, &txn, true);
    rc = rc ? rc : txn_end(&txn);
    for (size_t n = 0; n < sending.count; n++) {
        push->run->report->pushed.unknown += sending.sent[n].op != MUSTER_KEEP && sending.sent[n].part != PUSH_ALSO;
        sent_done(&sending.sent[n]);
    }
    free(sending.sent);
    free(sending.before);
    free(sending.after);
    free(sending.tokens);
    push_parts_done(&sending.parts);
    buffer_done(&sending.text);
    if (rc != 0)
        return store_fail(push->run->store, rc, push->run->err);
    if (talk != 0)
        return talk;
    if (run_cancelled((void *)(uintptr_t)push->run->request))
        return ERR_CANCELLED;
    if (sending.result.rc >= 0 && sending.next >= stream->job_count)
        return 0;
    return err_set(push->run->err, sending.result.rc < 0 ? pull_result_code(sending.result.rc) : ERR_CONNECTOR, "%s",
                   sending.result.text[0] ? sending.result.text
                                          : "the connector ended before everything was sent, and did not say why");
}
