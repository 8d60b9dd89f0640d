/* run_look - looking without taking: check and discover. */
#include "engine/run_inside.h"

#include "broker/http.h"

#include <errno.h>
#include <stdlib.h>

/* Answers for files itself and passes the rest on. */
struct look {
    struct pull pull; /* first: it is the context of the file functions */
    const struct lane_sink *sink;
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

static int run_look(const struct run_request *request, const struct lane_sink *sink,
                    int (*call)(struct lane *, const struct lane_sink *, struct lane_result *, struct err *),
                    struct err *err)
{
    static const char scratch[] = "/tmp"; /* nothing of it is kept, and there may be no state folder yet */
    static const struct lane_sink nothing;
    struct arena *arena TIDY(arena_free) = arena_new();
    struct files *files TIDY(files_free) = NULL;
    struct http *http TIDY(http_free) = NULL;
    struct lane *lane TIDY(lane_stop) = NULL;
    int rc = arena ? files_open(request->connection, run_cancelled, (void *)(uintptr_t)request, &files, err) : -ENOMEM;
    if (rc == 0)
        rc = files_check(files, err);
    if (rc == 0)
        rc = run_http(request, scratch, arena, &http, err);
    if (rc == 0)
        rc = run_lane(request, scratch, &lane, err);
    if (rc != 0)
        return rc;
    struct look look = {.pull = {.arena = arena,
                                 .files = files,
                                 .http = http,
                                 .scratch_dir = scratch,
                                 .connection = request->connection},
                        .sink = sink ? sink : &nothing};
    struct lane_sink all;
    struct lane_result result;
    pull_file_sink(&look.pull, &all);
    all.columns = look_columns;
    all.record = look_record;
    all.stream = look_stream;
    all.field = look_field;
    rc = call(lane, &all, &result, err);
    if (rc == 0 && result.rc < 0)
        rc = err_set(err, ERR_CONNECTOR, "%s", *result.text ? result.text : "the connector failed without a word");
    pull_done(&look.pull);
    return rc;
}

int run_check(const struct run_request *request, struct err *err)
{
    return run_look(request, NULL, lane_check, err);
}

int run_discover(const struct run_request *request, const struct lane_sink *sink, struct err *err)
{
    return run_look(request, sink, lane_discover, err);
}
