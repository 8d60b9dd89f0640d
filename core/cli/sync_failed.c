/* sync_failed - only what did not come through the last time: --failed. */
#include "base/mem.h"
#include "cli/context.h"
#include "cli/runs.h"
#include "cli/sync.h"

#include <errno.h>
#include <string.h>

enum { BACK = 1000 }; /* so many runs are looked at */

static struct sync_part *part_find(struct sync_part *parts, size_t count, const struct connection *connection,
                                   const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (parts[i].connection == connection && strcmp(parts[i].partition, name) == 0)
            return &parts[i];
    return NULL;
}

/* Of a run each partition that no later one had. */
static int parts_take(struct syncing *syncing, struct query *query, const struct run_line *line, size_t *room)
{
    const struct connection *connection = organization_connection(syncing->organization, line->connection);
    const char *at = line->partitions, *name, *outcome;
    while (connection && runs_partition(query, &at, &name, &outcome)) {
        if (part_find(syncing->parts, syncing->part_count, connection, name))
            continue;
        int rc = mem_grow(&syncing->parts, syncing->part_count, room, sizeof(*syncing->parts));
        const char *kept = rc == 0 ? arena_text(syncing->context->arena, name) : NULL;
        if (!kept)
            return -ENOMEM;
        bool well = strcmp(outcome, "succeeded") == 0 || strcmp(outcome, "held") == 0;
        syncing->parts[syncing->part_count++] = (struct sync_part){connection, kept, !well};
    }
    return query->txn.rc;
}

int sync_read_failed(struct syncing *syncing)
{
    struct context *context = syncing->context;
    struct query *query TIDY(query_close) = NULL;
    struct run_line line;
    struct err err = {0};
    size_t room = 0, failed = 0;
    if (!GIVEN(context, failed))
        return STATUS_DONE;
    if (VALUE(context, partition) || VALUE(context, again) || VALUE(context, allow_held) || GIVEN(context, kept))
        return complain_words("--failed says itself what is run: it does not go with --partition, --again, "
                              "--allow-held or --kept");
    int rc = query_open(context->settings, syncing->organization, &query, &err);
    uint32_t last = rc == 0 ? query_last_run(query) : 0;
    for (uint32_t run = last; rc == 0 && run > 0 && last - run < BACK; run--)
        if (runs_line(query, run, &line) && !line.verb) /* what a person did is no run of a connection */
            rc = parts_take(syncing, query, &line, &room);
    if (rc != 0)
        return complain_rc(rc, &err);
    for (size_t i = 0; i < syncing->part_count; i++)
        failed += syncing->parts[i].failed;
    if (failed == 0 && !context->json)
        screen_print(&context->screen, "everything came through the last time\n");
    syncing->only_failed = true;
    return STATUS_DONE;
}

int sync_read_parts(struct syncing *syncing, const struct connection *connection)
{
    int rc = 0;
    if (!syncing->only_failed)
        return sync_read(syncing, connection);
    for (size_t i = 0; i < syncing->part_count && rc == 0 && !atomic_load(sync_cancelled()); i++) {
        const struct sync_part *part = &syncing->parts[i];
        if (part->connection != connection || !part->failed)
            continue;
        syncing->partition = strcmp(part->partition, "main") == 0 ? NULL : part->partition;
        rc = sync_read(syncing, connection);
        if (rc == ERR_UNKNOWN) { /* it is not there any more: the next sync of all says what that means */
            syncing->unknown = NULL;
            rc = 0;
        }
    }
    syncing->partition = NULL;
    return rc;
}

bool sync_held_whole(const struct run_report *report)
{
    bool whole = report->partition_count > 0;
    for (size_t i = 0; i < report->partition_count; i++)
        whole &= report->partitions[i].claim && strcmp(report->partitions[i].claim, "failed") == 0;
    return whole;
}
