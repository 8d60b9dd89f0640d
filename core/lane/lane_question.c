/* lane_question - what is asked for by name: find, get, lookup and action of the connector, and its own find(). */
#include "lane/lane_inside.h"

#include "base/text.h"

#include <string.h>

struct by_name {
    const char *name;
    const struct lane_fields *fields;
    const struct lane_cell *cells;
};

static void put_by_name(struct buffer *out, const void *context)
{
    static const struct lane_fields none;
    static const struct lane_cell no_cells[1];
    const struct by_name *asked = context;
    wire_put_text(out, asked->name);
    bool some = asked->fields && asked->cells;
    lane_put_fields(out, some ? asked->fields : &none);
    lane_put_row(out, some ? asked->fields : &none, some ? asked->cells : no_cells);
}

int lane_find(struct lane *lane, const char *stream, const struct lane_fields *fields, const struct lane_cell *cells,
              const struct lane_sink *sink, struct lane_result *ret_result, struct err *err)
{
    const struct by_name asked = {stream, fields, cells};
    return lane_call(lane, &(struct lane_call){WIRE_SEEK, put_by_name, &asked}, sink, ret_result, err);
}

int lane_lookup(struct lane *lane, const char *name, const struct lane_fields *arguments, const struct lane_cell *cells,
                const struct lane_sink *sink, struct lane_result *ret_result, struct err *err)
{
    const struct by_name asked = {name, arguments, cells};
    return lane_call(lane, &(struct lane_call){WIRE_LOOKUP, put_by_name, &asked}, sink, ret_result, err);
}

int lane_action(struct lane *lane, const char *name, const struct lane_fields *arguments, const struct lane_cell *cells,
                const struct lane_sink *sink, struct lane_result *ret_result, struct err *err)
{
    const struct by_name asked = {name, arguments, cells};
    return lane_call(lane, &(struct lane_call){WIRE_ACTION, put_by_name, &asked}, sink, ret_result, err);
}

struct by_ids {
    const muster_pull *pull;
    const char *const *ids;
    size_t n;
};

static void put_by_ids(struct buffer *out, const void *context)
{
    const struct by_ids *asked = context;
    lane_put_pull(out, asked->pull);
    wire_put_u32(out, (uint32_t)asked->n);
    for (size_t i = 0; i < asked->n; i++)
        wire_put_text(out, asked->ids[i]);
}

int lane_get(struct lane *lane, const muster_pull *pull, const char *const *ids, size_t n, const struct lane_sink *sink,
             struct lane_result *ret_result, struct err *err)
{
    const struct by_ids asked = {pull, ids, n};
    return lane_call(lane, &(struct lane_call){WIRE_GET, put_by_ids, &asked}, sink, ret_result, err);
}

int lane_finds(struct lane *lane, struct wire *message)
{
    const char *kind = wire_need_text(message), *field = wire_need_text(message), *value = wire_need_text(message);
    if (!wire_finished(message) || !text_valid(value, strlen(value)))
        return lane_nonsense(lane, "a question for an object of the organization that is none");
    const struct lane_sink *sink = lane->sink;
    struct lane_found found = {0};
    int rc = sink->find ? sink->find(sink->context, kind, field, value, &found) : ERR_UNSUPPORTED;
    size_t begin = lane_answer(lane, rc, NULL);
    if (rc == 0) {
        wire_put_u32(&lane->out, found.is);
        if (found.is) {
            lane_put_fields(&lane->out, &found.fields);
            lane_put_row(&lane->out, &found.fields, found.cells);
        }
    }
    return lane_answer_sends(lane, begin, -1);
}
