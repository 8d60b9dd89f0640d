/* push_send - the talk with the target about one stream: batches out, answers in, each kept before the next thing.
 *
 * One commit says what came of a batch and that the next one is sent, before
 * it is. What the next one is is worked out while the connector is busy with
 * the one before. Where a stream may be told everything twice, that it is sent
 * is written then, too: so a batch lies ready, and what a run leaves behind
 * that dies is told again; elsewhere no more is under way than one batch, for
 * it may have to be looked up by a person. */
#include "delivery/push_talk.h"

#include "base/digest.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "broker/file.h"
#include "broker/http.h"

#include <errno.h>
#include <muster/connector.h>
#include <stdlib.h>

/* --- what goes out --- */

bool push_closes(const struct push_stream *stream, const struct push_job *job)
{
    return stream->unit == KIND_org_unit && !push_is_whole(stream) && !stream->sets && job->op == MUSTER_DEACTIVATE;
}

/* One commit: what came of those before, and that these are sent. */
static int batch_write(struct sending *sending)
{
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, sending->push->run->store, true);
    int rc = push_answer_keep(sending, &txn, false);
    push_batch_note(sending, &txn);
    rc = rc ? rc : txn_end(&txn);
    sending->noted = rc == 0;
    if (rc == 0)
        fault_kill(sending->ready > 0 ? "sent" : "kept");
    return rc;
}

static int give_next(void *context, struct lane_batch *batch)
{
    struct sending *sending = context;
    int rc = sending->ready == 0 ? push_batch_make(sending, batch) : 0;
    if (rc == 0 && !sending->noted)
        rc = batch_write(sending);
    sending->ready = 0;
    return rc;
}

static int make_ahead(void *context, struct lane_batch *batch)
{
    struct sending *sending = context;
    const struct muster_stream *declared = sending->stream->stream->description;
    int rc = push_batch_make(sending, batch);
    bool may_lie = declared && (declared->flags & MUSTER_REPEAT_SAFE);
    return rc == 0 && sending->ready > 0 && may_lie ? batch_write(sending) : rc;
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

/* All that is known by now is kept. `all`: everything was handed out. */
static int sending_end(struct sending *sending, bool all)
{
    struct push *push = sending->push;
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, push->run->store, true);
    int rc = push_batch_end(sending);
    int kept = push_answer_keep(sending, &txn, true);
    if (all && sending->count == 0)
        push_file_close(push, sending->stream, &txn, true);
    rc = rc ? rc : kept;
    rc = rc ? rc : txn_end(&txn);
    for (size_t n = 0; n < sending->count; n++) {
        push->run->report->pushed.unknown += sending->sent[n].op != MUSTER_KEEP && sending->sent[n].part != PUSH_ALSO;
        sent_done(&sending->sent[n]);
    }
    free(sending->sent);
    free(sending->before);
    free(sending->after);
    free(sending->tokens);
    push_parts_done(&sending->parts);
    buffer_done(&sending->text);
    buffer_done(&sending->key);
    buffer_done(&sending->rows);
    return rc;
}

int push_send(struct push *push, struct push_stream *stream)
{
    size_t fields = stream->stream->map.rule_count + stream->generated_count;
    struct sending sending = {.push = push, .stream = stream};
    sending.before = mem_new(fields + 1, sizeof(*sending.before));
    sending.after = mem_new(fields + 1, sizeof(*sending.after));
    sending.tokens = mem_new(fields + 1, sizeof(*sending.tokens));
    struct lane_sink sink = {.context = &sending, .next = give_next, .ahead = stream->sets ? NULL : make_ahead};
    push_answer_sink(&sink);
    push_files_sink(&sink);
    push_heard_sink(&sink);
    sink.http = push->run->http;
    struct lane_push told = {.partition = "main",
                             .stream = stream->stream->name,
                             .snapshot = push_is_whole(stream),
                             .fields = {fields, stream->names, stream->types}};
    int talk = sending.before && sending.after && sending.tokens
                   ? lane_apply(push->run->lane, &told, &sink, &sending.result, push->run->err)
                   : -ENOMEM;
    bool all = talk == 0 && sending.result.rc >= 0 && sending.next >= stream->job_count && sending.ready == 0;
    int rc = sending_end(&sending, all);
    if (rc != 0)
        return store_fail(push->run->store, rc, push->run->err);
    if (talk != 0)
        return talk;
    if (run_cancelled((void *)(uintptr_t)push->run->request))
        return ERR_CANCELLED;
    if (all)
        return 0;
    return err_set(push->run->err, sending.result.rc < 0 ? pull_result_code(sending.result.rc) : ERR_CONNECTOR, "%s",
                   sending.result.text[0] ? sending.result.text
                                          : "the connector ended before everything was sent, and did not say why");
}
