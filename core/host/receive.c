/* receive - what came in for a connection, handed to its connector. */
#include "host/receive.h"

#include "base/mem.h"
#include "base/tidy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { LEAST = 32 /* bytes of one on the wire */, LINE = 48 };

struct inbound {
    muster_http http; /* first: what the connector sees */
    const char *headers[5];
    char event[LINE], received[LINE];
    char *type;
};

static void inbound_free(struct inbound *all)
{
    for (size_t i = 0; all && all[i].http.size > 0; i++)
        free(all[i].type);
    free(all);
}

DEFINE_TIDY(struct inbound *, inbound_free)

static bool inbound_read(struct inbound *one, bool waited_for, struct wire *kept)
{
    uint64_t number = wire_get_u64(kept), received = wire_get_u64(kept);
    one->http = (muster_http){.size = sizeof(one->http), .fd = -1, .rc = MUSTER_OK};
    one->http.method = wire_need_text(kept);
    one->http.url = wire_need_text(kept);
    const char *type = wire_need_text(kept);
    one->http.body = wire_get_blob(kept, &one->http.body_len);
    if (kept->bad || !one->http.body)
        session_orphaned();
    snprintf(one->event, sizeof(one->event), "Muster-Event: %" PRIu64, number);
    snprintf(one->received, sizeof(one->received), "Muster-Received: %" PRIu64, received);
    one->headers[0] = one->event;
    one->headers[1] = one->received;
    one->http.headers = one->headers;
    size_t count = 2;
    if (waited_for)
        one->headers[count++] = "Muster-Waiting: 1";
    if (*type && !(one->type = mem_format("Content-Type: %s", type)))
        return false;
    one->headers[count] = one->type;
    return true;
}

muster_rc receive_call(struct session *session, struct wire *message)
{
    /* The message itself is overwritten by the first answer that comes while the connector works. */
    __attribute__((cleanup(buffer_done))) struct buffer bytes = {0};
    buffer_add(&bytes, message->at, (size_t)(message->end - message->at));
    struct wire kept = wire_over(bytes.data, bytes.rc ? 0 : bytes.len);
    uint32_t count = wire_get_u32(&kept);
    bool waited_for = wire_get_u32(&kept) != 0;
    if (bytes.rc == 0 && count > (size_t)(kept.end - kept.at) / LEAST)
        session_orphaned();
    TIDY(inbound_free) struct inbound *all = bytes.rc == 0 ? mem_new(count + 1, sizeof(*all)) : NULL;
    TIDY(free) const muster_http **list = all ? mem_new(count + 1, sizeof(*list)) : NULL;
    if (!list)
        return session_fail(session, MUSTER_FAIL, "no memory for what came in");
    for (uint32_t i = 0; i < count; i++) {
        if (!inbound_read(&all[i], waited_for, &kept))
            return session_fail(session, MUSTER_FAIL, "no memory for what came in");
        list[i] = &all[i].http;
    }
    return session->connector->receive(&session->run, session->self, list, count);
}

/* The type of the body; NULL: it is not said. */
static const char *type_of(const muster_http *reply)
{
    static const char name[] = "Content-Type:";
    for (size_t i = 0; reply->headers && reply->headers[i]; i++)
        if (strncasecmp(reply->headers[i], name, sizeof(name) - 1) == 0)
            return reply->headers[i] + sizeof(name) - 1 + strspn(reply->headers[i] + sizeof(name) - 1, " ");
    return NULL;
}

muster_rc receive_answer(muster_run *run, const muster_http *reply)
{
    struct session *session = session_of(run);
    if (session->under != WIRE_RECEIVE)
        return session_fail(session, MUSTER_FAIL, "the connector called answer() where nobody called it");
    if (!reply || reply->status < 200 || reply->status > 599)
        return session_fail(session, MUSTER_FAIL, "the connector called answer() with a status that is none");
    size_t begin = session_begin(session, WIRE_REPLY);
    wire_put_u32(&session->out, (uint32_t)reply->status);
    wire_put_text(&session->out, type_of(reply));
    wire_put_blob(&session->out, reply->body ? reply->body : "", reply->body ? reply->body_len : 0);
    session_end(session, begin);
    return MUSTER_OK;
}
