/* sync_streams - which streams of its connections a sync is about: --stream. */
#include "cli/sync.h"
#include "config/node.h"
#include "config/target.h"

#include <errno.h>
#include <string.h>

static bool wanted(const struct syncing *syncing, const char *stream)
{
    return run_wants(&(struct run_request){.streams = syncing->streams}, stream);
}

bool sync_reads(const struct syncing *syncing, const struct connection *connection)
{
    for (const struct mapping *const *mapping = connection->mappings; mapping && *mapping; mapping++)
        if (wanted(syncing, (*mapping)->stream))
            return true;
    return false;
}

bool sync_tells(const struct syncing *syncing, const struct connection *connection)
{
    for (size_t n = 0; connection->target && n < connection->target->stream_count; n++)
        if (wanted(syncing, connection->target->streams[n].name))
            return true;
    return connection->target && !syncing->streams;
}

/* All streams of the connections that are meant, NULL after the last. */
static const char **streams_there(struct syncing *syncing, const char *const *words)
{
    const struct organization *organization = syncing->organization;
    size_t count = 0;
    const char **names = NULL;
    for (int keep = 0; keep < 2; keep++) {
        if (keep && !(names = arena_get(syncing->context->arena, (count + 1) * sizeof(*names))))
            return NULL;
        count = 0;
        for (size_t c = 0; c < organization->connection_count; c++) {
            const struct connection *connection = &organization->connections[c];
            bool meant = !words[0];
            for (size_t w = 0; words[w]; w++)
                meant |= strcmp(words[w], connection->name) == 0;
            for (size_t m = 0; meant && connection->mappings && connection->mappings[m]; m++, count++)
                if (keep)
                    names[count] = connection->mappings[m]->stream;
            for (size_t t = 0; meant && connection->target && t < connection->target->stream_count; t++, count++)
                if (keep)
                    names[count] = connection->target->streams[t].name;
        }
    }
    return names;
}

static int check_one(const char *name, const char *const *names)
{
    for (size_t i = 0; names[i]; i++)
        if (strcmp(names[i], name) == 0)
            return STATUS_DONE;
    const char *near = nearest_name(name, names);
    return complain_words("none of these connections has a stream '%s'%s%s%s", name, near ? "; did you mean '" : "",
                          near ? near : "", near ? "'?" : "");
}

int sync_read_streams(struct syncing *syncing, const char *const *words)
{
    const char *text = VALUE(syncing->context, stream);
    if (!text)
        return STATUS_DONE;
    const char **names = streams_there(syncing, words);
    const char **streams = arena_get(syncing->context->arena, (strlen(text) / 2 + 2) * sizeof(*streams));
    size_t count = 0;
    if (!names || !streams)
        return complain_rc(-ENOMEM, NULL);
    for (const char *at = text; *at; at += strspn(at, ",")) {
        size_t len = strcspn(at, ",");
        const char *name = streams[count++] = arena_copy(syncing->context->arena, at, len);
        int status = name ? check_one(name, names) : complain_rc(-ENOMEM, NULL);
        if (status != STATUS_DONE)
            return status;
        at += len;
    }
    if (count == 0)
        return complain_words("--stream names none");
    syncing->streams = streams;
    return STATUS_DONE;
}
