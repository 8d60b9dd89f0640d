/* serve - calls of the engine become calls of the connector's functions. */
#include "host/serve.h"

#include "base/error.h"
#include "base/mem.h"
#include "host/attempt.h"
#include "host/calls.h"
#include "host/describe.h"
#include "host/push.h"
#include "host/question.h"
#include "host/receive.h"
#include "host/words.h"

#include <stdio.h>
#include <stdlib.h>

int serve_describe(struct session *session, const char *lacks, char *ret_why, size_t room)
{
    char names[200], path[300];
    size_t begin = session_begin(session, WIRE_DESCRIPTION);
    wire_put_u32(&session->out, WIRE_VERSION);
    wire_put_text(&session->out, lacks);
    attempt_noted(names, sizeof(names), path, sizeof(path));
    wire_put_text(&session->out, names);
    wire_put_text(&session->out, path);
    int rc = describe_write(session->connector, &session->out, ret_why, room);
    if (rc == 0 && session->out.rc != 0) {
        snprintf(ret_why, room, "its description is too large");
        rc = ERR_CONNECTOR;
    }
    if (rc != 0) {
        buffer_clear(&session->out);
        return rc;
    }
    wire_end(&session->out, begin);
    session_flush(session, -1);
    return 0;
}

void serve_refuse(struct session *session, const char *why)
{
    size_t begin = session_begin(session, WIRE_REFUSED);
    wire_put_u32(&session->out, WIRE_VERSION);
    wire_put_text(&session->out, why);
    wire_end(&session->out, begin);
    session_flush(session, -1);
}

static void done(struct session *session, muster_rc rc)
{
    if (rc >= 0 && session->spoiled)
        rc = session->spoiled;
    /* A refusal of the engine that the connector merely handed on is explained by the engine's own sentence. */
    const char *sentence = session->failed[0]                  ? session->failed
                           : rc < 0 && rc == session->asked_rc ? session->asked
                                                               : "";
    char names[200], path[300];
    if (attempt_told(names, sizeof(names), path, sizeof(path))) {
        size_t tried = session_begin(session, WIRE_TRIED);
        wire_put_text(&session->out, names);
        wire_put_text(&session->out, path);
        session_end(session, tried);
    }
    size_t begin = session_begin(session, WIRE_DONE);
    wire_put_u32(&session->out, (uint32_t)rc);
    words_put(session, "fail()", rc < 0 ? sentence : "", sizeof(session->failed) - 1);
    wire_put_u32(&session->out, session->claim);
    wire_put_u64(&session->out, session->claim_count);
    words_put(session, "partial()", session->claim_why, sizeof(session->claim_why) - 1);
    wire_put_text(&session->out, session->mended);
    wire_end(&session->out, begin);
    session_flush(session, -1);
}

/* The options stay as they came, in one piece of memory, until close(). */
static int options_keep(struct session *session, struct wire *message)
{
    free(session->options);
    session->options = NULL;
    session->option_count = 0;
    buffer_clear(&session->option_bytes);
    buffer_add(&session->option_bytes, message->at, (size_t)(message->end - message->at));
    if (session->option_bytes.rc != 0)
        return session->option_bytes.rc;
    struct wire kept = wire_over(session->option_bytes.data, session->option_bytes.len);
    uint32_t count = wire_get_u32(&kept);
    session->options = mem_new(count ? count : 1, sizeof(*session->options));
    for (uint32_t i = 0; session->options && i < count; i++) {
        session->options[i].name = wire_get_text(&kept);
        session->options[i].text = wire_get_text(&kept);
    }
    session->option_count = session->options ? count : 0;
    return session->options ? 0 : ERR_LIMIT;
}

static muster_rc call_open(struct session *session, struct wire *message)
{
    const muster_connector *c = session->connector;
    if (options_keep(session, message) != 0)
        return session_fail(session, MUSTER_FAIL, "no memory for the options");
    muster_rc rc = c->open ? c->open(&session->run, &session->self) : MUSTER_OK;
    session->is_open = rc == MUSTER_OK;
    return rc;
}

static muster_rc call_pull(struct session *session, struct wire *message)
{
    /* The message itself is overwritten by the first answer that comes while the connector pulls. */
    __attribute__((cleanup(buffer_done))) struct buffer bytes = {0};
    buffer_add(&bytes, message->at, (size_t)(message->end - message->at));
    if (bytes.rc != 0)
        return session_fail(session, MUSTER_FAIL, "no memory");
    struct wire kept = wire_over(bytes.data, bytes.len);
    muster_pull pull = {.size = sizeof(pull)};
    pull.partition = wire_get_text(&kept);
    pull.locator = wire_get_text(&kept);
    pull.stream = wire_get_text(&kept);
    pull.full = (int32_t)wire_get_u32(&kept);
    pull.cursor = wire_get_text(&kept);
    pull.limit = wire_get_u64(&kept);
    session->left_out = kept;
    return session->connector->pull(&session->run, session->self, &pull);
}

static bool asks_by_name(const muster_connector *c, uint32_t type)
{
    return (type == WIRE_GET && c->get) || (type == WIRE_SEEK && c->find) || (type == WIRE_LOOKUP && c->lookup) ||
           (type == WIRE_ACTION && c->action);
}

static muster_rc call(struct session *session, uint32_t type, struct wire *message)
{
    const muster_connector *c = session->connector;
    session->under = type;
    muster_rc (*simple)(muster_run *, void *) = type == WIRE_CHECK        ? c->check
                                                : type == WIRE_DISCOVER   ? c->discover
                                                : type == WIRE_PARTITIONS ? c->partitions
                                                                          : NULL;
    if (type == WIRE_OPEN)
        return call_open(session, message);
    if (type == WIRE_PULL && c->pull)
        return call_pull(session, message);
    if (type == WIRE_APPLY && c->apply)
        return push_call(session, message);
    if (type == WIRE_RECEIVE && c->receive)
        return receive_call(session, message);
    if (asks_by_name(c, type))
        return question_call(session, message);
    if (simple)
        return simple(&session->run, session->self);
    return session_fail(session, MUSTER_UNSUPPORTED, "the connector does not offer this");
}

void serve(struct session *session)
{
    struct wire message;
    session->run.host = &calls_table;
    for (uint32_t type; (type = session_wait(session, &message)) != WIRE_CLOSE;) {
        session_call_begins(session);
        done(session, call(session, type, &message));
    }
    if (session->is_open && session->connector->close)
        session->connector->close(&session->run, session->self);
    session_flush(session, -1);
}
