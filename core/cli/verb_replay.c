/* verb_replay - what sync --record has noted, again: no network, no secrets, a state that is thrown away. */
#include "broker/cassette.h"
#include "cli/sync.h"
#include "cli/verb.h"

#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <unistd.h>

static int away(const char *path, const struct stat *info, int type, struct FTW *at)
{
    (void)info, (void)type, (void)at;
    return remove(path);
}

/* A folder of our own, until the end. */
struct place {
    char path[300];
};

static void place_done(struct place *place)
{
    if (*place->path)
        nftw(place->path, away, 16, FTW_DEPTH | FTW_PHYS);
}

static int place_make(struct place *place)
{
    const char *root = getenv("TMPDIR");
    bool fits = root && *root == '/' && strlen(root) < sizeof(place->path) - 30;
    snprintf(place->path, sizeof(place->path), "%s/muster-replay-XXXXXX", fits ? root : "/tmp");
    if (mkdtemp(place->path))
        return 0;
    int rc = -errno;
    *place->path = '\0';
    return rc;
}

/* The clock stands where it stood then: what depends on the day comes out as it did. */
static int clock_stand(const struct cassette_about *about)
{
    char now[24];
    snprintf(now, sizeof(now), "%lld", (long long)about->now_ms);
    return setenv("MUSTER_NOW", now, 1) == 0 ? 0 : -errno;
}

/* What the connection asked for and nobody had answered then fails it, whatever the connector made of that. */
static int judge(struct context *context, const struct cassette *cassette, int status)
{
    const char *sentence;
    size_t unknown = cassette_unknown(cassette, &sentence), left = cassette_left(cassette);
    if (unknown > 0)
        fprintf(stderr, "muster: %s%s\n", sentence, unknown > 1 ? "; and it was not the only one" : "");
    if (left > 0 && !context->quiet)
        fprintf(stderr, "muster: %zu answer%s on the cassette %s asked for\n", left, left == 1 ? "" : "s",
                left == 1 ? "was not" : "were not");
    return unknown > 0 && status != STATUS_WORDS ? STATUS_FAILED : status;
}

static int play(struct context *context, struct cassette *cassette)
{
    TIDY(organization_free) struct organization *organization = NULL;
    const struct cassette_about *about = cassette_about(cassette);
    const struct connection *connection = NULL;
    context->settings->seal_key = NULL; /* the state has one of its own */
    int status = context_organization(context, about->organization, &organization);
    if (status == STATUS_DONE)
        status = context_connection(organization, about->connection, &connection);
    if (status != STATUS_DONE)
        return status;
    if (strcmp(connection->connector, about->connector) != 0)
        return complain_words("the cassette is of connector '%s'; connection '%s' is of '%s' in %s", about->connector,
                              connection->name, connection->connector, organization->file);
    if (!connection->mappings || !connection->mappings[0])
        return complain_words("nothing is read from connection '%s', and who was told is not known in a new state: "
                              "such a cassette can be looked at, not played",
                              connection->name);
    struct syncing syncing = {
        .context = context, .organization = organization, .cassette = cassette, .full = about->full};
    sync_catch_signals();
    sync_read(&syncing, connection);
    status = syncing.runs == 0 && syncing.unknown ? complain_words("%s", syncing.unknown) : sync_status(&syncing);
    return judge(context, cassette, status);
}

int verb_replay(struct context *context)
{
    TIDY(cassette_free) struct cassette *cassette = NULL;
    __attribute__((cleanup(place_done))) struct place place = {""};
    const char *fault = VALUE(context, fault);
    struct err err = {0};
    int rc = cassette_open(context->arguments.words[0], &cassette, &err);
    if (rc == 0 && fault)
        rc = cassette_fault(cassette, fault, &err);
    if (rc == 0)
        rc = clock_stand(cassette_about(cassette));
    if (rc == 0 && (rc = place_make(&place)) != 0)
        err_set(&err, rc, "there is no place for a state: %s", err_text(rc));
    if (rc != 0)
        return complain_rc(rc, &err);
    context->arguments.values[OPTION_state] = place.path;
    int status = context_settings(context);
    return status == STATUS_DONE ? play(context, cassette) : status;
}
