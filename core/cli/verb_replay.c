/* verb_replay - what sync --record has noted, or a bundle holds, again: no network, no secrets, a state that is thrown
 * away. */
#include "base/descriptor.h"
#include "base/mem.h"
#include "broker/cassette.h"
#include "bundle/bundle.h"
#include "cli/run_people.h"
#include "cli/sync.h"
#include "cli/verb.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
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

static int tape_open(struct context *context, const char *path, struct cassette **ret_cassette, struct err *err)
{
    const char *fault = VALUE(context, fault);
    int rc = cassette_open(path, ret_cassette, err);
    if (rc == 0 && fault)
        rc = cassette_fault(*ret_cassette, fault, err);
    return rc == 0 ? clock_stand(cassette_about(*ret_cassette)) : rc;
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

/* --- a bundle --- */

static int part_out(const struct place *place, const struct archive_part *part, const char *name)
{
    TIDY(free) char *path = mem_format("%s/%s", place->path, name);
    TIDY(close) int fd = path ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
    return fd >= 0 ? descriptor_write(fd, part->bytes, part->len) : path ? -errno : -ENOMEM;
}

/* The organization's file as it was then, in the place of the one here; the cassette where it can be played. */
static int unpack(const struct bundle *bundle, const struct place *place)
{
    TIDY(free) char *folder = mem_format("%s/organizations", place->path);
    int rc = !folder ? -ENOMEM : mkdir(folder, 0700) != 0 ? -errno : part_out(place, bundle->file, bundle->file->name);
    if (rc == 0)
        rc = part_out(place, bundle->cassette, "cassette.jsonl");
    if (rc == 0 && bundle->before)
        rc = part_out(place, bundle->before, "before.jsonl");
    return rc == 0 && setenv("MUSTER_ORGANIZATIONS", folder, 1) != 0 ? -errno : rc;
}

/* *ret_archive stays NULL where the file is none. */
static int bundle_open(const char *path, const struct place *place, struct archive **ret_archive,
                       struct bundle *ret_bundle, struct err *err)
{
    TIDY_DONE(buffer_done) struct buffer bytes = {0};
    int rc = descriptor_read_file(path, &bytes);
    if (rc != 0 || !archive_is(bytes.data, bytes.len))
        return 0; /* the cassette says so */
    rc = archive_read(bytes.data, bytes.len, path, ret_archive, err);
    if (rc == 0)
        rc = bundle_read(*ret_archive, path, ret_bundle, err);
    if (rc == 0 && (rc = unpack(ret_bundle, place)) != 0)
        rc = err_set(err, rc, "%s cannot be unpacked: %s", path, err_text(rc));
    return rc;
}

/* What came out otherwise than then. */
static void compare(struct context *context, const struct organization *organization, const struct bundle *bundle)
{
    struct query *query TIDY(query_close) = NULL;
    TIDY_DONE(buffer_done) struct buffer other = {0};
    struct bundle_came then, now;
    struct bytes json;
    if (query_open(context->settings, organization, &query, NULL) != 0 ||
        !query_run(query, query_last_run(query), &json) || bundle_came(json.data, json.len, &now) != 0 ||
        bundle_came(bundle->report->bytes, bundle->report->len, &then) != 0)
        return;
    if (strcmp(then.outcome, now.outcome) != 0)
        buffer_format(&other, "; it was %s", then.outcome);
    for (size_t i = 0; i < BUNDLE_COUNTS; i++)
        if (then.counts[i].value != now.counts[i].value)
            buffer_format(&other, "; %s: %lu, not %lu", then.counts[i].name, (unsigned long)then.counts[i].value,
                          (unsigned long)now.counts[i].value);
    if (other.len > 0)
        fprintf(stderr, "muster: run %u came out otherwise%s\n", bundle->run, other.data);
    else if (!context->quiet && !context->json)
        screen_print(&context->screen, "  the same as run %u then\n", bundle->run);
}

/* --- playing --- */

/* What was known already: the run before, of which nothing is told. */
static int play_before(struct context *context, struct organization *organization, const struct connection *connection,
                       const char *path)
{
    TIDY(cassette_free) struct cassette *cassette = NULL;
    TIDY(fclose) FILE *nowhere = fopen("/dev/null", "we");
    struct context silent = *context;
    struct err err = {0};
    int rc = nowhere ? cassette_open(path, &cassette, &err) : -errno;
    if (rc == 0)
        rc = clock_stand(cassette_about(cassette));
    if (rc != 0)
        return complain_rc(rc, &err);
    silent.screen.out = nowhere;
    silent.json = false;
    silent.quiet = true;
    struct syncing syncing = {
        .context = &silent, .organization = organization, .cassette = cassette, .full = cassette_about(cassette)->full};
    sync_read(&syncing, connection);
    return syncing.failed > 0 ? STATUS_FAILED : STATUS_DONE;
}

static bool among(const char *const *names, const char *name)
{
    while (*names && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

/* Whether the second reading has other counts than the first one, over which it was made: what is the same then is a
 * change in neither. */
static bool came_otherwise(const struct bundle_came *first, const struct bundle_came *second, struct buffer *out)
{
    static const char *const changes[] = {"created", "updated", "missing", "deactivated", "reactivated", NULL};
    static const char *const passing[] = {"linked", "unchanged", NULL};
    if (strcmp(first->outcome, second->outcome) != 0)
        buffer_format(out, "; %s, not %s", second->outcome, first->outcome);
    for (size_t i = 0; i < BUNDLE_COUNTS; i++) {
        const char *name = second->counts[i].name;
        uint64_t before = among(changes, name) ? 0 : first->counts[i].value, now = second->counts[i].value;
        if (before == now || among(passing, name))
            continue;
        buffer_format(out, "; %lu %s", (unsigned long)now, name);
        if (!among(changes, name))
            buffer_format(out, ", not %lu", (unsigned long)before);
    }
    return out->len > 0;
}

static int reports_compare(struct context *context, const struct organization *organization, bool *ret_otherwise)
{
    struct query *query TIDY(query_close) = NULL;
    TIDY_DONE(buffer_done) struct buffer other = {0};
    struct bundle_came first, second;
    struct bytes json;
    struct err err = {0};
    int rc = query_open(context->settings, organization, &query, &err);
    if (rc != 0)
        return complain_rc(rc, &err);
    uint32_t last = query_last_run(query);
    if (last < 2 || !query_run(query, last - 1, &json) || bundle_came(json.data, json.len, &first) != 0 ||
        !query_run(query, last, &json) || bundle_came(json.data, json.len, &second) != 0)
        return complain_rc(ERR_CORRUPT, NULL);
    *ret_otherwise = came_otherwise(&first, &second, &other);
    if (*ret_otherwise && !context->json && !context->quiet)
        run_people_tell(context, query, last, context->arguments.verbose > 0);
    if (*ret_otherwise)
        fprintf(stderr, "muster: with %s it comes out otherwise%s\n", VALUE(context, with), other.data);
    else if (!context->quiet && !context->json)
        screen_print(&context->screen, "  the same with %s\n", VALUE(context, with));
    return other.rc != 0 ? complain_rc(other.rc, NULL) : STATUS_DONE;
}

/* The same once more with another edition of the connector, over what came of the first reading. */
static int play_with(struct context *context, const struct cassette_about *about, const char *path)
{
    TIDY(organization_free) struct organization *organization = NULL;
    TIDY(cassette_free) struct cassette *cassette = NULL;
    const struct connection *connection = NULL;
    struct err err = {0};
    int rc = connectors_instead(context->connectors, VALUE(context, with));
    if (rc == 0)
        rc = tape_open(context, path, &cassette, &err);
    if (rc != 0)
        return complain_rc(rc, &err);
    int status = context_organization(context, about->organization, &organization);
    if (status == STATUS_DONE)
        status = context_connection(organization, about->connection, &connection);
    if (status != STATUS_DONE)
        return status;
    struct syncing syncing = {
        .context = context, .organization = organization, .cassette = cassette, .full = true, .anew = true};
    bool otherwise = false;
    sync_read(&syncing, connection);
    status = reports_compare(context, organization, &otherwise);
    if (status == STATUS_DONE)
        status = judge(context, cassette, sync_status(&syncing));
    return status == STATUS_DONE && otherwise ? STATUS_PARTLY : status;
}

/* What --with names is an edition of that connector, and there is one. */
static int with_read(struct context *context, const char *connector)
{
    const char *with = VALUE(context, with);
    size_t len = strlen(connector);
    struct err err = {0};
    if (!with)
        return STATUS_DONE;
    if (strncmp(with, connector, len) != 0 || with[len] != '@' || with[len + 1] == '\0')
        return complain_words("--with takes an edition of connector '%s', as in %s@2.0.0, not '%s'", connector,
                              connector, with);
    return connectors_describe(context->connectors, with, &err) ? STATUS_DONE : complain_rc(ERR_CONFIG, &err);
}

/* tape: where the cassette lies. bundle: NULL: a cassette by itself. */
static int play(struct context *context, struct cassette *cassette, const char *tape, const struct bundle *bundle,
                const char *before)
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
    status = with_read(context, connection->connector);
    sync_catch_signals();
    if (status == STATUS_DONE && bundle && bundle->before)
        status = play_before(context, organization, connection, before);
    int rc = clock_stand(about);
    if (status != STATUS_DONE || rc != 0)
        return rc != 0 ? complain_rc(rc, NULL) : status;
    struct syncing syncing = {
        .context = context, .organization = organization, .cassette = cassette, .full = about->full};
    sync_read(&syncing, connection);
    status = syncing.runs == 0 && syncing.unknown ? complain_words("%s", syncing.unknown) : sync_status(&syncing);
    if (bundle)
        compare(context, organization, bundle);
    status = judge(context, cassette, status);
    return VALUE(context, with) && syncing.failed == 0 ? play_with(context, about, tape) : status;
}

int verb_replay(struct context *context)
{
    TIDY(cassette_free) struct cassette *cassette = NULL;
    TIDY(archive_free) struct archive *archive = NULL;
    __attribute__((cleanup(place_done))) struct place place = {""};
    const char *path = context->arguments.words[0];
    struct bundle bundle;
    struct err err = {0};
    int rc = place_make(&place);
    if (rc != 0)
        err_set(&err, rc, "there is no place for a state: %s", err_text(rc));
    if (rc == 0)
        rc = bundle_open(path, &place, &archive, &bundle, &err);
    TIDY(free) char *unpacked = mem_format("%s/cassette.jsonl", place.path);
    TIDY(free) char *state = mem_format("%s/state", place.path);
    TIDY(free) char *before = mem_format("%s/before.jsonl", place.path);
    if (rc == 0)
        rc = unpacked && state && before ? tape_open(context, archive ? unpacked : path, &cassette, &err) : -ENOMEM;
    if (rc != 0)
        return complain_rc(rc, &err);
    context->arguments.values[OPTION_state] = state;
    int status = context_settings(context);
    const char *tape = archive ? unpacked : path;
    return status == STATUS_DONE ? play(context, cassette, tape, archive ? &bundle : NULL, before) : status;
}
