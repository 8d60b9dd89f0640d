/* describe - a connector's description on its way to the engine, each table walked by the connector's own stride. */
#include "host/describe.h"

#include "base/error.h"
#include "base/text.h"
#include "base/wire.h"

#include <stdio.h>

enum { ENTRIES_MAX = 4096, NESTING_MAX = 4 };

struct describe {
    const muster_connector *connector;
    struct buffer *out;
    char *why;
    size_t room;
    int rc; /* the first text that is no UTF-8 */
};

/* "the sentence of option 'key'": who a text belongs to is named where that can be read. */
static void text(struct describe *describe, const char *what, const char *of, const char *name, const char *value)
{
    wire_put_text(describe->out, value);
    if (describe->rc != 0 || !value || text_valid(value, strlen(value)))
        return;
    bool named = name && text_valid(name, strlen(name));
    snprintf(describe->why, describe->room,
             "%s of %s%s%.100s%s in its description is no UTF-8: save its source as UTF-8", what, of, named ? " '" : "",
             named ? name : "", named ? "'" : "");
    describe->rc = ERR_CONNECTOR;
}

/* Counts the entries before the one without a name. */
#define COUNT(describe, table, stride, what, ret_count)                                                                \
    ({                                                                                                                 \
        uint32_t count_ = 0;                                                                                           \
        while ((table) && count_ < ENTRIES_MAX && DESCRIBE_NTH(table, stride, count_)->name)                           \
            count_++;                                                                                                  \
        *(ret_count) = count_;                                                                                         \
        count_ < ENTRIES_MAX ? 0 : endless(describe, what);                                                            \
    })

static int endless(struct describe *describe, const char *what)
{
    snprintf(describe->why, describe->room, "its table of %s has no end (an entry whose name is NULL)", what);
    return ERR_CONNECTOR;
}

static int options(struct describe *describe, const muster_option *table, int depth)
{
    uint16_t stride = describe->connector->option_size;
    uint32_t count;
    int rc = COUNT(describe, table, stride, "options", &count);
    if (rc == 0 && depth > NESTING_MAX) {
        snprintf(describe->why, describe->room, "its lists of options nest more than %d deep", NESTING_MAX);
        rc = ERR_CONNECTOR;
    }
    wire_put_u32(describe->out, count);
    for (uint32_t i = 0; rc == 0 && i < count; i++) {
        const muster_option *option = DESCRIBE_NTH(table, stride, i);
        text(describe, "the name", "an option", NULL, option->name);
        text(describe, "the initial value", "option", option->name, option->initial);
        text(describe, "the sentence", "option", option->name, option->doc);
        text(describe, "choices", "option", option->name, option->choices);
        wire_put_u32(describe->out, (uint32_t)option->type);
        wire_put_u32(describe->out, option->flags);
        wire_put_u64(describe->out, (uint64_t)option->min);
        wire_put_u64(describe->out, (uint64_t)option->max);
        wire_put_u32(describe->out, option->members != NULL);
        text(describe, "the rule when it serves", "option", option->name, DESCRIBE_HAS(stride, option, serves));
        text(describe, "the rule when it is needed", "option", option->name, DESCRIBE_HAS(stride, option, needed));
        if (option->members)
            rc = options(describe, option->members, depth + 1);
    }
    return rc;
}

static void field(struct describe *describe, const muster_field *one)
{
    text(describe, "the name", "a field", NULL, one->name);
    text(describe, "the sentence", "field", one->name, one->doc);
    text(describe, "the stream that it points to", "field", one->name, one->to);
    wire_put_u32(describe->out, (uint32_t)one->type);
    wire_put_u32(describe->out, one->flags);
}

static int fields(struct describe *describe, const muster_field *table)
{
    uint16_t stride = describe->connector->field_size;
    uint32_t count;
    int rc = COUNT(describe, table, stride, "fields", &count);
    wire_put_u32(describe->out, table != NULL);
    wire_put_u32(describe->out, count);
    for (uint32_t i = 0; rc == 0 && i < count; i++)
        field(describe, DESCRIBE_NTH(table, stride, i));
    return rc;
}

static int stream(struct describe *describe, const muster_stream *one)
{
    text(describe, "the name", "a stream", NULL, one->name);
    text(describe, "the sentence", "stream", one->name, one->doc);
    text(describe, "the mapping", "stream", one->name, one->mapping_in);
    text(describe, "the mapping out", "stream", one->name, one->mapping_out);
    text(describe, "the kinds", "stream", one->name, one->kinds);
    text(describe, "the set", "stream", one->name, one->set);
    wire_put_u32(describe->out, one->flags);
    wire_put_u32(describe->out, one->gone);
    wire_put_u32(describe->out, one->batch);
    return fields(describe, one->fields);
}

static int streams(struct describe *describe, const muster_stream *table)
{
    uint16_t stride = describe->connector->stream_size;
    uint32_t count;
    int rc = COUNT(describe, table, stride, "streams", &count);
    wire_put_u32(describe->out, count);
    for (uint32_t i = 0; rc == 0 && i < count; i++)
        rc = stream(describe, DESCRIBE_NTH(table, stride, i));
    return rc;
}

static int verbs(struct describe *describe, const muster_verb *table, const char *what)
{
    uint16_t stride = describe->connector->verb_size;
    uint32_t count;
    int rc = COUNT(describe, table, stride, what, &count);
    wire_put_u32(describe->out, count);
    for (uint32_t i = 0; rc == 0 && i < count; i++) {
        const muster_verb *verb = DESCRIBE_NTH(table, stride, i);
        text(describe, "the name", "a lookup or action", NULL, verb->name);
        text(describe, "the sentence", "lookup or action", verb->name, verb->doc);
        rc = options(describe, verb->arguments, 0);
        if (rc == 0)
            rc = fields(describe, verb->answer);
    }
    return rc;
}

/* Routes have no name: the table ends where the path is NULL. */
static int routes(struct describe *describe, const muster_route *table)
{
    uint16_t stride = describe->connector->route_size;
    uint32_t count = 0;
    while (table && count < ENTRIES_MAX && DESCRIBE_NTH(table, stride, count)->path)
        count++;
    wire_put_u32(describe->out, count);
    for (uint32_t i = 0; i < count; i++) {
        const muster_route *route = DESCRIBE_NTH(table, stride, i);
        text(describe, "the method", "route", route->path, route->method);
        text(describe, "the path", "a route", NULL, route->path);
        text(describe, "the scheme", "route", route->path, route->auth);
        text(describe, "the secret", "route", route->path, route->secret);
        text(describe, "the key", "route", route->path, route->key);
        wire_put_u32(describe->out, (uint32_t)route->replies);
        wire_put_u32(describe->out, route->body_max);
    }
    return count < ENTRIES_MAX ? 0 : endless(describe, "routes");
}

static uint32_t roles(const muster_connector *c)
{
    return (c->open ? WIRE_HAS_OPEN : 0u) | (c->close ? WIRE_HAS_CLOSE : 0u) | (c->check ? WIRE_HAS_CHECK : 0u) |
           (c->discover ? WIRE_HAS_DISCOVER : 0u) | (c->partitions ? WIRE_HAS_PARTITIONS : 0u) |
           (c->pull ? WIRE_HAS_PULL : 0u) | (c->get ? WIRE_HAS_GET : 0u) | (c->find ? WIRE_HAS_FIND : 0u) |
           (c->apply ? WIRE_HAS_APPLY : 0u) | (c->receive ? WIRE_HAS_RECEIVE : 0u) |
           (c->lookup ? WIRE_HAS_LOOKUP : 0u) | (c->action ? WIRE_HAS_ACTION : 0u);
}

int describe_write(const muster_connector *connector, struct buffer *out, char *ret_why, size_t room)
{
    struct describe describe = {connector, out, ret_why, room, 0};
    wire_put_u32(out, (uint32_t)connector->abi_major << 16 | connector->abi_minor);
    wire_put_u32(out, connector->needs_minor);
    wire_put_u32(out, connector->needs);
    text(&describe, "the name", "the connector", NULL, connector->name);
    text(&describe, "the version", "the connector", NULL, connector->version);
    text(&describe, "the summary", "the connector", NULL, connector->summary);
    text(&describe, "the list of hosts", "the connector", NULL, connector->hosts);
    text(&describe, "the account's option", "the connector", NULL, connector->account);
    wire_put_u32(out, connector->requests);
    wire_put_u32(out, connector->per_ms);
    wire_put_u32(out, roles(connector));
    int rc = options(&describe, connector->options, 0);
    if (rc == 0)
        rc = streams(&describe, connector->streams);
    if (rc == 0)
        rc = verbs(&describe, connector->lookups, "lookups");
    if (rc == 0)
        rc = verbs(&describe, connector->actions, "actions");
    if (rc == 0)
        rc = routes(&describe, connector->routes);
    return rc != 0 ? rc : describe.rc;
}

int describe_stream(const muster_connector *connector, const muster_stream *one, struct buffer *out, char *ret_why,
                    size_t room)
{
    struct describe describe = {connector, out, ret_why, room, 0};
    int rc = stream(&describe, one);
    return rc != 0 ? rc : describe.rc;
}

int describe_field(const muster_field *one, struct buffer *out, char *ret_why, size_t room)
{
    struct describe describe = {NULL, out, ret_why, room, 0};
    field(&describe, one);
    return describe.rc;
}
