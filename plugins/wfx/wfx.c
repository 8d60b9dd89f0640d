/* wfx - the connector for WFX DataConnect of Securitime.
 *
 * WFX calls us: a work order is assigned, a guard punches in or out, a punch is
 * deleted, something is reported, a note is written. The core keeps what comes;
 * here it becomes records, later and many at once. */
#include "wfx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_MAX = 1 << 20 };

static const muster_option zone_members[] = {
    {.name = "tenant", .type = MUSTER_TEXT, .doc = "The tenant; without it any."},
    {.name = "customer", .type = MUSTER_TEXT, .doc = "The number of the customer; without it any."},
    {.name = "zone",
     .type = MUSTER_TEXT,
     .flags = MUSTER_REQUIRED,
     .doc = "The time zone of their local times, as in America/Chicago."},
    {0},
};

static const muster_option options[] = {
    {.name = "tokens",
     .type = MUSTER_LIST,
     .flags = MUSTER_SECRET,
     .doc = "The personal access tokens that WFX may show; several while one takes the place of another."},
    {.name = "anonymous",
     .type = MUSTER_BOOL,
     .initial = "false",
     .doc = "No token is asked for: whoever finds the address may send events."},
    {.name = "sources",
     .type = MUSTER_LIST,
     .doc = "Addresses that WFX calls from, as in 203.0.113.0/24; without it any."},
    {.name = "time_zones",
     .type = MUSTER_LIST,
     .members = zone_members,
     .doc = "Zones of local times by tenant and customer, the first that fits; else the body's TimeZone, else the "
            "organization's."},
    {.name = "aliases",
     .type = MUSTER_JSON,
     .doc = "Where values stand in bodies: for each operation (workorderrequests, punches, incidents, notes) names and "
            "lists of JSON pointers, the first that has a value."},
    {.name = "words",
     .type = MUSTER_JSON,
     .doc = "Their words for ours: for each operation the value (punches: direction, workorderrequests: terms), our "
            "word, and the list of theirs."},
    {.name = "paths",
     .type = MUSTER_JSON,
     .doc = "Where operations are called instead of /workorderrequests, /punches, /incidents and /notes, as in "
            "{ punches: /v1/clock }."},
    {.name = "success",
     .type = MUSTER_CHOICE,
     .choices = "200|201|202|204",
     .initial = "200",
     .doc = "The status of the answer to an event that is kept; 204 has no body."},
    {.name = "body_max",
     .type = MUSTER_BYTES,
     .min = 1024,
     .max = 64 << 20,
     .doc = "How large a body may be, without it 1 MiB."},
    {.name = "relaxed_json",
     .type = MUSTER_BOOL,
     .initial = "false",
     .doc = "Bodies may have comments, and commas before a bracket that closes, as the vendor's samples do."},
    {.name = "tenant", .type = MUSTER_TEXT, .doc = "Of events that name no tenant."},
    {.name = "customer", .type = MUSTER_TEXT, .doc = "Of events that name no customer."},
    {0},
};

static const muster_route routes[] = {
    {"POST", "/workorderrequests", "bearer", "tokens", "/WorkOrderNumber", 0, BODY_MAX},
    {"POST", "/punches", "bearer", "tokens", "/PunchId /Id", 0, BODY_MAX},
    {"DELETE", "/punches", "bearer", "tokens", "/PunchId /Id ?PunchId ?punchId", 0, BODY_MAX},
    {"DELETE", "/punches/{id}", "bearer", "tokens", "{id} /PunchId", 0, BODY_MAX},
    {"POST", "/incidents", "bearer", "tokens", "/IncidentId /Id", 0, BODY_MAX},
    {"POST", "/notes", "bearer", "tokens", "/NoteId /Id", 0, BODY_MAX},
    {0},
};

static muster_rc check_zones(struct wfx *wfx)
{
    char name[64];
    for (size_t i = 0; i < wfx->host->count(wfx->run, "time_zones"); i++) {
        snprintf(name, sizeof(name), "time_zones[%zu].zone", i);
        const char *zone = wfx->host->text(wfx->run, name);
        if (!moment_zone(zone))
            return wfx->host->fail(wfx->run, MUSTER_CONFIG, "option '%s': there is no time zone %s", name,
                                   zone ? zone : "");
    }
    return MUSTER_OK;
}

/* A name in the aliases that nothing has would never be found missing. */
static bool known_alias(const char *kind, const char *part)
{
    for (const struct kind *one = wfx_kinds; one->path; one++) {
        if (strcmp(one->path + 1, kind) != 0)
            continue;
        if (!part || strcmp(part, "id") == 0 || strcmp(part, "time_zone") == 0)
            return true;
        for (const struct part *at = one->parts; at->name; at++)
            if (strcmp(at->name, part) == 0)
                return true;
    }
    return false;
}

static muster_rc check_aliases(struct wfx *wfx)
{
    const muster_node *kind = muster_node_first(muster_document_root(wfx->aliases));
    for (; kind; kind = kind->next) {
        if (!known_alias(kind->name, NULL))
            return wfx->host->fail(wfx->run, MUSTER_CONFIG, "option 'aliases': WFX has no operation '%s'", kind->name);
        for (const muster_node *part = muster_node_first(kind); part; part = part->next)
            if (!known_alias(kind->name, part->name))
                return wfx->host->fail(wfx->run, MUSTER_CONFIG, "option 'aliases': %s has no value '%s'", kind->name,
                                       part->name);
    }
    return MUSTER_OK;
}

static bool has_word(const char *words, const char *word)
{
    size_t len = strlen(word);
    for (; *words; words += strcspn(words, " "), words += *words == ' ')
        if (len > 0 && strcspn(words, " ") == len && strncmp(words, word, len) == 0)
            return true;
    return false;
}

static const struct wording *wording_of(const char *kind, const char *part)
{
    for (const struct wording *one = wfx_wordings; one->kind; one++)
        if (part && strcmp(one->kind, kind) == 0 && strcmp(one->part, part) == 0)
            return one;
    return NULL;
}

static muster_rc check_words(struct wfx *wfx)
{
    const muster_node *kind = muster_node_first(muster_document_root(wfx->words));
    for (; kind; kind = kind->next)
        for (const muster_node *node = muster_node_first(kind); node; node = node->next) {
            const struct wording *wording = wording_of(kind->name, node->name);
            if (!wording)
                return wfx->host->fail(wfx->run, MUSTER_CONFIG,
                                       "option 'words': there are words for punches.direction and "
                                       "workorderrequests.terms, not for '%s.%s'",
                                       kind->name, node->name ? node->name : "");
            for (const muster_node *word = muster_node_first(node); word; word = word->next)
                if (!has_word(wording->words, word->name ? word->name : ""))
                    return wfx->host->fail(wfx->run, MUSTER_CONFIG,
                                           "option 'words': '%s' is no word of ours for %s.%s (there are: %s)",
                                           word->name ? word->name : "", kind->name, node->name, wording->words);
        }
    return MUSTER_OK;
}

/* An option that is JSON. NULL in *ret_document: it is not set. */
static muster_rc read_json(struct wfx *wfx, const char *name, muster_document **ret_document)
{
    const char *why = NULL, *text = wfx->host->text(wfx->run, name);
    if (text && *text)
        *ret_document = muster_document_read(text, strlen(text), &why);
    const muster_node *root = muster_document_root(*ret_document);
    if (!why && root && root->kind != MUSTER_NODE_OBJECT)
        why = "it must be a map";
    return why ? wfx->host->fail(wfx->run, MUSTER_CONFIG, "option '%s': %s", name, why) : MUSTER_OK;
}

/* The streams of the description have only what the core has to know of; these are all that an event gives. */
static muster_rc tell_stream(struct wfx *wfx, const struct kind *kind, const muster_stream *declared)
{
    enum { FIELDS_MOST = 40 };
    muster_field fields[FIELDS_MOST + 1] = {0};
    muster_stream stream = *declared;
    size_t count = 0;
    for (const struct part *part = kind->parts; part->name && count < FIELDS_MOST - 1; part++)
        fields[count++] =
            (muster_field){.name = part->name, .type = part->what == PART_JSON ? MUSTER_JSON : MUSTER_TEXT};
    fields[count] = (muster_field){.name = "deleted", .type = MUSTER_BOOL};
    stream.fields = fields;
    stream.mapping_in = NULL;
    stream.flags = MUSTER_CLOSED; /* who takes none of it has said so */
    return wfx->host->stream(wfx->run, &stream);
}

static muster_rc tell_streams(struct wfx *wfx)
{
    muster_rc rc = MUSTER_OK;
    for (const struct kind *kind = wfx_kinds; kind->path && rc == MUSTER_OK; kind++)
        for (const muster_stream *stream = wfx_streams; stream->name && rc == MUSTER_OK; stream++)
            if (strcmp(stream->name, kind->stream) == 0)
                rc = tell_stream(wfx, kind, stream);
    return rc;
}

static void wfx_close(muster_run *run, void *self)
{
    struct wfx *wfx = self;
    (void)run;
    muster_document_free(wfx->aliases);
    muster_document_free(wfx->words);
    muster_document_free(wfx->paths);
    free(wfx);
}

static muster_rc wfx_open(muster_run *run, void **self)
{
    struct wfx *wfx = calloc(1, sizeof(*wfx));
    if (!wfx)
        return run->host->fail(run, MUSTER_FAIL, "no memory");
    wfx->run = run;
    wfx->host = run->host;
    muster_rc rc = read_json(wfx, "aliases", &wfx->aliases);
    rc = rc == MUSTER_OK ? read_json(wfx, "words", &wfx->words) : rc;
    rc = rc == MUSTER_OK ? read_json(wfx, "paths", &wfx->paths) : rc;
    rc = rc == MUSTER_OK ? check_zones(wfx) : rc;
    rc = rc == MUSTER_OK ? check_aliases(wfx) : rc;
    rc = rc == MUSTER_OK ? check_words(wfx) : rc;
    rc = rc == MUSTER_OK ? tell_streams(wfx) : rc;
    if (rc == MUSTER_OK)
        *self = wfx;
    else
        wfx_close(run, wfx);
    return rc;
}

static muster_rc wfx_check(muster_run *run, void *self)
{
    (void)run;
    (void)self;
    return MUSTER_OK; /* it is WFX that logs in */
}

static muster_rc wfx_receive(muster_run *run, void *self, const muster_http *const *inbound, size_t n)
{
    struct wfx *wfx = self;
    muster_rc rc = MUSTER_OK;
    wfx->run = run;
    for (size_t i = 0; i < n && rc == MUSTER_OK; i++)
        rc = event_receive(wfx, inbound[i]);
    return rc;
}

MUSTER_CONNECTOR(wfx, .version = "1.0", .summary = "Takes in what WFX DataConnect sends", .options = options,
                 .streams = wfx_streams, .routes = routes, .open = wfx_open, .close = wfx_close, .check = wfx_check,
                 .receive = wfx_receive)
