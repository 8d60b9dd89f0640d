/* sync_person - one person at once: --person. */
#include "cli/context.h"
#include "cli/sync.h"
#include "engine/wanted.h"

#include <errno.h>

int sync_read_person(struct syncing *syncing)
{
    struct context *context = syncing->context;
    struct query *query TIDY(query_close) = NULL;
    __attribute__((cleanup(tidy_query_ids))) struct query_ids ids = {0};
    const char *key = VALUE(context, person);
    struct err err = {0};
    uint64_t id = 0;
    if (!key)
        return STATUS_DONE;
    if (GIVEN(context, full) || GIVEN(context, kept) || VALUE(context, again) || VALUE(context, allow_held) ||
        VALUE(context, record))
        return complain_words("--person is about one person: it does not go with --full, --kept, --again, --allow-held "
                              "or --record");
    int rc = query_open(context->settings, syncing->organization, &query, &err);
    if (rc != 0 && rc != ERR_GONE) /* nothing is stored yet */
        return complain_rc(rc, &err);
    err = (struct err){0};
    rc = rc == 0 ? query_find(query, key, &ids, &err) : 0;
    if (rc == ERR_DATA)
        return complain_words("%s", err.text);
    if (rc != 0)
        return complain_rc(rc, &err);
    if (ids.count > 0) {
        int status = context_person(context, query, syncing->organization->id, key, &id);
        if (status != STATUS_DONE)
            return status;
    }
    rc = wanted_new(query ? &query->txn : NULL, key, id, &syncing->wanted, &err);
    return rc == ERR_DATA ? complain_words("%s", err.text) : rc ? complain_rc(rc, &err) : STATUS_DONE;
}

bool sync_concerns(const struct syncing *syncing, const struct connection *connection)
{
    for (const struct mapping *const *mapping = connection->mappings; mapping && *mapping; mapping++)
        if (!syncing->wanted || wanted_concerns(*mapping))
            return true;
    return !syncing->wanted;
}

int sync_know_person(struct syncing *syncing)
{
    struct context *context = syncing->context;
    struct query *query TIDY(query_close) = NULL;
    struct err err = {0};
    if (!syncing->wanted)
        return STATUS_DONE;
    int rc = query_open(context->settings, syncing->organization, &query, &err);
    return rc ? complain_rc(rc, &err)
              : context_person(context, query, syncing->organization->id, VALUE(context, person), &syncing->person);
}
