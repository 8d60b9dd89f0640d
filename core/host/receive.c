/* receive - what came in for a connection, handed to its connector. */
#include "host/receive.h"

#include "base/mem.h"
#include "base/tidy.h"

#include <inttypes.h>
#include <stdio.h>

enum { LEAST = 32 /* bytes of one on the wire */, LINE = 48 };

struct inbound {
    muster_http http; /* first: what the connector sees */
    const char *headers[4];
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

static bool inbound_read(struct inbound *one, struct wire *kept)
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
    if (*type && !(one->type = mem_format("Content-Type: %s", type)))
        return false;
    one->headers[2] = one->type;
    return true;
}

muster_rc receive_call(struct session *session, struct wire *message)
{
    /* The message itself is overwritten by the first answer that comes while the connector works. */
    __attribute__((cleanup(buffer_done))) struct buffer bytes = {0};
    buffer_add(&bytes, message->at, (size_t)(message->end - message->at));
    struct wire kept = wire_over(bytes.data, bytes.rc ? 0 : bytes.len);
    uint32_t count = wire_get_u32(&kept);
    if (bytes.rc == 0 && count > (size_t)(kept.end - kept.at) / LEAST)
        session_orphaned();
    TIDY(inbound_free) struct inbound *all = bytes.rc == 0 ? mem_new(count + 1, sizeof(*all)) : NULL;
    TIDY(free) const muster_http **list = all ? mem_new(count + 1, sizeof(*list)) : NULL;
    if (!list)
        return session_fail(session, MUSTER_FAIL, "no memory for what came in");
    for (uint32_t i = 0; i < count; i++) {
        if (!inbound_read(&all[i], &kept))
            return session_fail(session, MUSTER_FAIL, "no memory for what came in");
        list[i] = &all[i].http;
    }
    return session->connector->receive(&session->run, session->self, list, count);
}
