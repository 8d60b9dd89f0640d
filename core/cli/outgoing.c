/* outgoing - what waits because of targets, carried out at once. */
#include "cli/outgoing.h"

#include "base/mem.h"
#include "cli/sync.h"
#include "delivery/push.h"
#include "tables/delivery_wait.h"

#include <errno.h>
#include <stdlib.h>

bool outgoing_is(const struct query *query, const struct wait_item *item)
{
    return delivery_is_stream(streams_find(&query->streams, item->stream));
}

static int push_connection(struct syncing *syncing, const struct connection *connection, const struct push_unit *units,
                           size_t count)
{
    struct run_report report __attribute__((cleanup(run_report_done))) = {0};
    struct context *context = syncing->context;
    struct err err = {0};
    struct run_request request = {.settings = context->settings,
                                  .organization = syncing->organization,
                                  .connectors = context->connectors,
                                  .connection = connection,
                                  .author = context_author(),
                                  .cancel = sync_cancelled(),
                                  .sessions = syncing->sessions};
    int rc = push_units(&request, units, count, &report, &err);
    if (rc != 0)
        return complain_rc(rc, &err);
    sync_tell(syncing, &report);
    sync_count(syncing, &report);
    return STATUS_DONE;
}

int outgoing_push(struct syncing *syncing, struct query *query, const struct wait_item *items, size_t count)
{
    struct organization *organization = syncing->organization;
    TIDY(free) struct push_unit *units = mem_new(count + 1, sizeof(*units));
    int status = units ? STATUS_DONE : complain_rc(-ENOMEM, NULL);
    for (size_t c = 0; c < organization->connection_count && status == STATUS_DONE; c++) {
        const struct connection *connection = &organization->connections[c];
        size_t found = 0;
        for (size_t i = 0; i < count; i++) {
            const struct stream_name *stream = streams_find(&query->streams, items[i].stream);
            if (delivery_is_stream(stream) && stream->connection == connection && items[i].id)
                units[found++] = (struct push_unit){items[i].stream, strtoull(items[i].id, NULL, 10)};
        }
        if (found > 0 && connection->target)
            status = push_connection(syncing, connection, units, found);
    }
    return status;
}
