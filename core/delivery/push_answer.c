/* push_answer - what came of changes that were sent: the row of each says so. */
#include "delivery/push_talk.h"

#include "base/digest.h"
#include "base/fault.h"
#include "base/mem.h"

#include <errno.h>
#include <muster/connector.h>
#include <stdlib.h>
#include <string.h>

enum { BACKOFF_FIRST_MS = 60 * 1000, BACKOFF_MOST_MS = 6 * 3600 * 1000, ATTEMPTS_MOST = 8 };

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
        row.state = sent->leaves_update   ? DELIVERY_RETRY /* the rest is to be told */
                    : sent->leaves_manual ? DELIVERY_MANUAL
                                          : DELIVERY_SETTLED;
        row.next_ms = sent->leaves_update ? push->run->now_ms : row.next_ms;
        stream->leaves_update |= sent->leaves_update;
        row.active = sent->op != MUSTER_DEACTIVATE && sent->op != MUSTER_DELETE;
        row.confirmed = bytes(sent->settles, sent->settles_len);
        row.wanted = row.state == DELIVERY_SETTLED ? bytes("", 0) : row.wanted;
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
            if (sent->op == MUSTER_CREATE)
                push_generated_forget(sending->push, sending->stream, sent->id);
            sent_done(sent);
        } else {
            sending->sent[left++] = *sent;
        }
    }
    sending->count = left;
    return rc;
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

int push_answer_keep(struct sending *sending, struct txn *txn, bool anyway)
{
    int rc = keep_answers(sending, txn, anyway);
    if (anyway)
        parts_end(sending, txn);
    return rc;
}

/* --- from the connector --- */

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
    int rc = take_refused(context, nth, MUSTER_RETRY, PUSH_NOT_REACHED);
    if (rc == 0)
        sent_find(context, nth)->untouched = true;
    return rc;
}

void push_answer_sink(struct lane_sink *ret_sink)
{
    ret_sink->applied = take_applied;
    ret_sink->refused = take_refused;
    ret_sink->untouched = take_untouched;
}
