/* singer - any Singer tap as a source: a program that others wrote, started behind the host's fence.
 *
 * It needs what its programs need, and the organization's file has to allow each of that by name: programs always, a
 * network and secrets where the tap opens its own connections. muster-singer(7) says who sees what. */
#include "singer.h"

#include <stdlib.h>
#include <string.h>

static const muster_option secrets[] = {
    {.name = "name",
     .type = MUSTER_TEXT,
     .flags = MUSTER_REQUIRED,
     .doc = "Where in config it goes; with points for what is in an object, as in auth.password."},
    {.name = "value",
     .type = MUSTER_TEXT,
     .flags = MUSTER_REQUIRED | MUSTER_SECRET,
     .doc = "The secret itself, by reference."},
    {0},
};

static const muster_option environment[] = {
    {.name = "name", .type = MUSTER_TEXT, .flags = MUSTER_REQUIRED, .doc = "The variable."},
    {.name = "value", .type = MUSTER_TEXT, .doc = "What it says; no secret."},
    {0},
};

static const muster_option settings[] = {
    {.name = "name", .type = MUSTER_TEXT, .flags = MUSTER_REQUIRED, .doc = "The stream that this is about."},
    {.name = "tap_stream",
     .type = MUSTER_TEXT,
     .doc = "What the tap calls it (tap_stream_id), where the name is another one."},
    {.name = "replication",
     .type = MUSTER_CHOICE,
     .choices = "full|incremental",
     .doc = "How it is read; without it as the tap's catalog says. Only who is not in a full reading is missing."},
    {.name = "replication_key",
     .serves = "!replication=full",
     .type = MUSTER_TEXT,
     .doc = "The property by which the tap knows what is new."},
    {.name = "whole_at_first",
     .serves = "!replication=full",
     .type = MUSTER_BOOL,
     .initial = "false",
     .doc = "Also where it is incremental the tap gives everybody when it is started without a state: who is not among "
            "them is missing."},
    {.name = "fields",
     .type = MUSTER_LIST,
     .doc = "The properties to select, beside those that the tap always gives; without it all of them."},
    {.name = "also", .type = MUSTER_LIST, .doc = "Streams that have to be selected with it, as the tap calls them."},
    {0},
};

static const muster_option options[] = {
    {.name = "tap",
     .type = MUSTER_TEXT,
     .flags = MUSTER_REQUIRED,
     .doc = "The absolute path of the tap, a program of its own."},
    {.name = "arguments",
     .type = MUSTER_LIST,
     .doc = "What is put on its command line before the rest, as the script of an interpreter."},
    {.name = "programs",
     .type = MUSTER_LIST,
     .doc = "Absolute paths of folders where the tap is installed, if not below /usr: read and run, never written."},
    {.name = "config",
     .type = MUSTER_JSON,
     .initial = "{}",
     .doc = "The tap's configuration as a map, where all values are texts; or one text that is JSON, where the tap "
            "wants numbers or lists."},
    {.name = "secrets",
     .type = MUSTER_LIST,
     .members = secrets,
     .doc = "What of its configuration is secret, as name: !secret …; needs secrets in allow."},
    {.name = "environment",
     .type = MUSTER_LIST,
     .members = environment,
     .doc = "Variables that it finds in its environment, as HTTPS_PROXY: value; there are no others but PATH, HOME, "
            "TMPDIR and LANG."},
    {.name = "catalog",
     .type = MUSTER_TEXT,
     .initial = "discover",
     .doc =
         "discover: asked of the tap; none: the tap knows no catalog and gives all its streams; or the catalog itself, "
         "as JSON."},
    {.name = "catalog_by",
     .type = MUSTER_CHOICE,
     .initial = "catalog",
     .choices = "catalog|properties",
     .flags = MUSTER_ADVANCED,
     .doc = "How the tap is given it: old ones want --properties."},
    {.name = "settings",
     .type = MUSTER_LIST,
     .members = settings,
     .doc = "What is to be known of a stream beside what the tap says, as stream: { replication: full }."},
    {.name = "files",
     .type = MUSTER_LIST,
     .doc = "Absolute paths of files and folders that the tap itself opens. Needs files in allow."},
    {.name = "timeout",
     .type = MUSTER_SECONDS,
     .initial = "600",
     .min = 1,
     .max = 86400,
     .doc = "How long the tap may be silent, on its output and its log."},
    {0},
};

static const muster_stream streams[] = {
    {.name = "stream",
     .doc = "Any stream of the tap, by its name.",
     .flags = MUSTER_READ_FULL | MUSTER_READ_CHANGES | MUSTER_DYNAMIC,
     .gone = MUSTER_BY_ABSENCE},
    {0},
};

static void close_it(muster_run *run, void *self)
{
    struct singer *singer = self;
    (void)run;
    if (singer->config.data)
        explicit_bzero(singer->config.data, singer->config.room);
    muster_text_done(&singer->config);
    muster_document_free(singer->catalog);
    free(singer);
}

static muster_rc open_it(muster_run *run, void **ret_self)
{
    struct singer *singer = calloc(1, sizeof(*singer));
    if (!singer)
        return run->host->fail(run, MUSTER_FAIL, "no memory");
    singer->run = run;
    singer->host = run->host;
    singer->silence_ms = (long)run->host->number(run, "timeout") * 1000;
    muster_rc rc = MUSTER_OK;
    if (*run->host->text(run, "tap") != '/')
        rc = run->host->fail(run, MUSTER_CONFIG, "option 'tap' must be the absolute path of a program");
    if (rc == MUSTER_OK)
        rc = config_make(singer);
    if (rc == MUSTER_OK && catalog_used(singer) && strcmp(run->host->text(run, "catalog"), "discover") != 0)
        rc = catalog_read(singer);
    if (rc != MUSTER_OK)
        close_it(run, singer);
    else
        *ret_self = singer;
    return rc;
}

static muster_rc check_it(muster_run *run, void *self)
{
    (void)run;
    return read_check(self);
}

static muster_rc discover_it(muster_run *run, void *self)
{
    (void)run;
    return discover_all(self);
}

static muster_rc pull_it(muster_run *run, void *self, const muster_pull *asked)
{
    (void)run;
    return read_pull(self, asked);
}

MUSTER_CONNECTOR(singer, .version = "1.0", .summary = "Singer taps: programs that others wrote, as sources",
                 .needs = MUSTER_NEEDS_EXEC, .options = options, .streams = streams, .open = open_it, .close = close_it,
                 .check = check_it, .discover = discover_it, .pull = pull_it)
