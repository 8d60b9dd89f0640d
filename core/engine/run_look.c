/* run_look - looking without taking: open, check and discover, lookups; and actions, which take nothing here either. */
#include "engine/running.h"

#include "broker/http.h"
#include "engine/authorization.h"

#include <errno.h>
#include <stdlib.h>

/* Answers for files itself and passes the rest on. */
struct look {
    struct pull pull; /* first: it is the context of the file functions */
    const struct lane_sink *sink;
    const struct run_request *request;
    const struct run_ask *ask; /* NULL: nothing by name */
};

static int look_columns(void *context, struct lane_stream *stream)
{
    const struct look *look = context;
    return look->sink->columns ? look->sink->columns(look->sink->context, stream) : 0;
}

static int look_record(void *context, const struct lane_record *record)
{
    const struct look *look = context;
    return look->sink->record ? look->sink->record(look->sink->context, record) : 0;
}

static int look_stream(void *context, const muster_stream *stream)
{
    const struct look *look = context;
    return look->sink->stream ? look->sink->stream(look->sink->context, stream) : 0;
}

static int look_field(void *context, const char *stream, const muster_field *field)
{
    const struct look *look = context;
    return look->sink->field ? look->sink->field(look->sink->context, stream, field) : 0;
}

static int look_row(void *context, const struct lane_record *record)
{
    const struct look *look = context;
    return look->sink->row ? look->sink->row(look->sink->context, record) : 0;
}

static int look_find(void *context, const char *kind, const char *field, const char *value,
                     struct lane_found *ret_found)
{
    const struct look *look = context;
    if (!look->ask || !look->ask->find)
        return ERR_UNSUPPORTED;
    return look->ask->find(look->request, look->pull.arena, kind, field, value, ret_found);
}

static int look_check(struct lane *lane, const struct run_ask *ask, const struct lane_sink *sink,
                      struct lane_result *ret_result, struct err *err)
{
    (void)ask;
    return lane_check(lane, sink, ret_result, err);
}

static int look_discover(struct lane *lane, const struct run_ask *ask, const struct lane_sink *sink,
                         struct lane_result *ret_result, struct err *err)
{
    (void)ask;
    return lane_discover(lane, sink, ret_result, err);
}

static int look_ask(struct lane *lane, const struct run_ask *ask, const struct lane_sink *sink,
                    struct lane_result *ret_result, struct err *err)
{
    return (ask->action ? lane_action : lane_lookup)(lane, ask->name, ask->arguments, ask->cells, sink, ret_result,
                                                     err);
}

/* What was typed for this question goes to the broker, if this connector calls anybody through it. */
static int secrets_lend(const struct run_request *request, const struct run_ask *ask, struct http *http,
                        struct err *err)
{
    int rc = 0;
    for (size_t i = 0; ask && i < ask->secret_count && rc == 0; i++)
        rc = http ? http_lend(http, ask->secrets[i].name, &ask->secrets[i].secret)
                  : err_set(err, ERR_UNSUPPORTED, "connector '%s' makes no calls by HTTP into which '%s' could be put",
                            request->connection->connector, ask->secrets[i].name);
    return rc;
}

/* A file that is only written is made by the first run. */
static bool is_made_later(const struct connection *connection, const struct lane_result *result)
{
    bool read = connection->mappings && connection->mappings[0];
    return result->rc == MUSTER_GONE && connection->target && !read;
}

static int run_look(const struct run_request *request, const struct lane_sink *sink,
                    int (*call)(struct lane *, const struct run_ask *, const struct lane_sink *, struct lane_result *,
                                struct err *),
                    const struct run_ask *ask, struct err *err)
{
    static const char scratch[] = "/tmp"; /* nothing of it is kept, and there may be no state folder yet */
    static const struct lane_sink nothing;
    struct arena *arena TIDY(arena_free) = arena_new();
    struct files *files TIDY(files_free) = NULL;
    struct http *http TIDY(http_free) = NULL;
    struct lane *lane TIDY(lane_stop) = NULL;
    int rc = authorization_check(request->organization, request->connection, err);
    if (rc != 0)
        return rc;
    rc = arena ? files_open(request->connection, run_cancelled, (void *)(uintptr_t)request, &files, err) : -ENOMEM;
    if (rc == 0)
        rc = files_check(files, err);
    if (rc == 0)
        rc = run_http(request, call == look_check, scratch, arena, &http, err);
    if (rc == 0)
        rc = secrets_lend(request, ask, http, err);
    if (rc == 0)
        rc = run_lane(request, scratch, &lane, err);
    if (rc != 0)
        return rc;
    struct look look = {.pull = {.arena = arena,
                                 .files = files,
                                 .http = http,
                                 .scratch_dir = scratch,
                                 .connection = request->connection},
                        .sink = sink ? sink : &nothing,
                        .request = request,
                        .ask = ask};
    struct lane_sink all;
    struct lane_result result;
    pull_file_sink(&look.pull, &all);
    all.columns = look_columns;
    all.record = look_record;
    all.stream = look_stream;
    all.field = look_field;
    all.row = look_row;
    all.find = look_find;
    rc = call(lane, ask, &all, &result, err);
    if (rc == 0 && result.rc < 0 && !(call == look_check && is_made_later(request->connection, &result)))
        rc = err_set(err, ask ? pull_result_code(result.rc) : ERR_CONNECTOR, "%s",
                     *result.text ? result.text : "the connector failed without a word");
    pull_done(&look.pull);
    return rc;
}

/* Nobody is called: what the connector says of its options is all that is wanted. */
int run_options(const struct run_request *request, const struct lane_sink *sink, struct err *err)
{
    struct lane *lane TIDY(lane_stop) = NULL;
    struct lane_result result;
    int rc = run_lane(request, "/tmp", &lane, err);
    if (rc == 0)
        rc = lane_options(lane, sink, &result, err);
    if (rc != 0 || result.rc != MUSTER_CONFIG)
        return rc;
    return err_set(err, ERR_CONFIG, "%s", result.text);
}

int run_check(const struct run_request *request, struct err *err)
{
    return run_look(request, NULL, look_check, NULL, err);
}

int run_discover(const struct run_request *request, const struct lane_sink *sink, struct err *err)
{
    return run_look(request, sink, look_discover, NULL, err);
}

int run_ask(const struct run_request *request, const struct run_ask *ask, const struct lane_sink *sink, struct err *err)
{
    return run_look(request, sink, look_ask, ask, err);
}
