/* lane_receive - what came in goes to the connector, which makes records of it. */
#include "lane/lane_inside.h"

#include <string.h>

struct inbound {
    const struct lane_inbound *items;
    size_t count;
    bool waited_for;
};

static void put_inbound(struct buffer *out, const void *context)
{
    const struct inbound *inbound = context;
    wire_put_u32(out, (uint32_t)inbound->count);
    wire_put_u32(out, inbound->waited_for);
    for (size_t i = 0; i < inbound->count; i++) {
        const struct lane_inbound *one = &inbound->items[i];
        wire_put_u64(out, one->number);
        wire_put_u64(out, (uint64_t)one->received_ms);
        wire_put_text(out, one->method);
        wire_put_text(out, one->target);
        wire_put_text(out, one->type);
        wire_put_blob(out, one->body ? one->body : "", one->body_len);
    }
}

int lane_receive(struct lane *lane, const struct lane_inbound *items, size_t count, const struct lane_sink *sink,
                 struct lane_result *ret_result, struct err *err)
{
    const struct inbound inbound = {items, count, sink->answer != NULL};
    return lane_call(lane, &(struct lane_call){WIRE_RECEIVE, put_inbound, &inbound}, sink, ret_result, err);
}

/* It becomes a header of ours: nothing may end the line. */
static bool type_fine(const char *type)
{
    enum { MOST = 200 };
    for (const char *at = type; at && *at; at++)
        if (*at < ' ' || *at > '~')
            return false;
    return !type || strlen(type) <= MOST;
}

int lane_replies(struct lane *lane, struct wire *message)
{
    struct lane_reply reply = {.status = wire_get_u32(message)};
    reply.type = wire_get_text(message);
    reply.body = wire_get_blob(message, &reply.body_len);
    if (!wire_finished(message) || !reply.body || reply.status < 200 || reply.status > 599 || !type_fine(reply.type))
        return lane_nonsense(lane, "an answer to who called that is none");
    const struct lane_sink *sink = lane->sink;
    return sink->answer ? lane_sink_says(lane, sink->answer(sink->context, &reply)) : 0;
}
