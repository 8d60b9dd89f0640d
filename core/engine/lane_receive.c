/* lane_receive - what came in goes to the connector, which makes records of it. */
#include "engine/lane_inside.h"

struct inbound {
    const struct lane_inbound *items;
    size_t count;
};

static void put_inbound(struct buffer *out, const void *context)
{
    const struct inbound *inbound = context;
    wire_put_u32(out, (uint32_t)inbound->count);
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
    const struct inbound inbound = {items, count};
    return lane_call(lane, &(struct lane_call){WIRE_RECEIVE, put_inbound, &inbound}, sink, ret_result, err);
}
