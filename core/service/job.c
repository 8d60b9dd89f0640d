/* job - a run that goes: `muster sync` as a process of its own. */
#include "service/job.h"

#include "api/child.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/jsonobject.h"
#include "base/mem.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

enum { WORDS = JOB_CONNECTIONS + 16 };
enum { EXIT_HELD = 4, EXIT_BUSY = 5 }; /* as `muster` ends */

struct job {
    struct child *child;
    job_progress_fn *progress;
    struct job_order order; /* its names are our own */
    char *streams;          /* "a,b"; NULL: all */
    bool told[JOB_CONNECTIONS];
    enum job_end ends[JOB_CONNECTIONS];
    bool stopped;
    struct metrics *metrics;
    job_ended_fn *ended;
    void *context;
};

void job_free(struct job *job)
{
    free((void *)(uintptr_t)job->order.organization);
    for (size_t i = 0; i < job->order.count; i++)
        free((void *)(uintptr_t)job->order.connections[i]);
    for (size_t i = 0; i < job->order.stream_count; i++)
        free((void *)(uintptr_t)job->order.streams[i]);
    free(job->streams);
    free(job);
}

DEFINE_TIDY(struct job *, job_free)

static int keep_order(struct job *job, const struct job_order *order)
{
    job->order.full = order->full;
    job->order.action = order->action;
    job->order.organization = mem_text(order->organization);
    if (!job->order.organization)
        return -ENOMEM;
    for (size_t i = 0; i < order->count; i++) {
        job->order.connections[i] = mem_text(order->connections[i]);
        if (!job->order.connections[i])
            return -ENOMEM;
        job->order.count++;
    }
    struct buffer streams TIDY_DONE(buffer_done) = {0};
    for (size_t i = 0; i < order->stream_count; i++) {
        job->order.streams[i] = mem_text(order->streams[i]);
        if (!job->order.streams[i])
            return -ENOMEM;
        job->order.stream_count++;
        buffer_format(&streams, "%s%s", i ? "," : "", order->streams[i]);
    }
    job->streams = streams.len > 0 ? buffer_take(&streams) : NULL;
    return streams.rc;
}

/* --- what it says --- */

struct said {
    char connection[128], outcome[32];
    struct metrics_run run;
    bool cut_short;       /* a partition did not come to its end */
    uint64_t undelivered; /* changes that a target is to be told again */
};

static void count(struct metrics_run *run, const struct jsonobject_member *found)
{
    const struct {
        const char *name;
        uint64_t *number;
    } counts[] = {{"read", &run->read},       {"created", &run->created},
                  {"updated", &run->updated}, {"deactivated", &run->deactivated},
                  {"held", &run->held},       {"dead_letters", &run->dead_letters},
                  {"reviews", &run->reviews}};
    char digits[24];
    snprintf(digits, sizeof(digits), "%.*s", (int)(found->text_len < 20 ? found->text_len : 20), found->text);
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        if (strcmp(found->name, counts[i].name) == 0)
            *counts[i].number = strtoull(digits, NULL, 10);
}

static int pushed(void *context, const struct jsonobject_member *found)
{
    struct said *said = context;
    bool again = strcmp(found->name, "failed") == 0 || strcmp(found->name, "unknown") == 0 ||
                 strcmp(found->name, "put_off") == 0;
    if (again && found->type == JSONOBJECT_NUMBER && found->text[0] != '0')
        said->undelivered++;
    return 0;
}

/* A quote within a text is escaped there, so that no text looks like a member. */
static bool has_claim(const char *partitions, size_t len, const char *member)
{
    return memmem(partitions, len, member, strlen(member)) != NULL;
}

static int member(void *context, const struct jsonobject_member *found)
{
    struct said *said = context;
    const char *why;
    size_t at;
    if (found->type == JSONOBJECT_NESTED && strcmp(found->name, "pushed") == 0)
        return jsonobject_split(found->text, found->text_len, pushed, said, &why, &at);
    if (found->type == JSONOBJECT_NESTED && strcmp(found->name, "partitions") == 0)
        said->cut_short = has_claim(found->text, found->text_len, "\"claim\":\"failed\"") ||
                          has_claim(found->text, found->text_len, "\"claim\":\"partial\"");
    if (found->type == JSONOBJECT_NUMBER)
        count(&said->run, found);
    if (found->type != JSONOBJECT_STRING)
        return 0;
    if (strcmp(found->name, "connection") == 0)
        snprintf(said->connection, sizeof(said->connection), "%s", found->text);
    if (strcmp(found->name, "outcome") == 0)
        snprintf(said->outcome, sizeof(said->outcome), "%s", found->text);
    return 0;
}

/* What could not be taken is the same the next time, until somebody mends it: all else came through. */
static bool only_dead_letters(const struct said *said)
{
    return strcmp(said->outcome, "partial") == 0 && said->run.dead_letters > 0 && !said->cut_short &&
           said->undelivered == 0;
}

/* A connection may have several runs: one that did not come through counts. */
static void read_line(void *context, const char *line, size_t len)
{
    struct job *job = context;
    struct said said = {.outcome = ""};
    const char *why;
    size_t at;
    if (jsonobject_split(line, len, member, &said, &why, &at) != 0)
        return;
    said.run.outcome = said.outcome;
    if (*said.connection)
        metrics_ran(job->metrics, job->order.organization, said.connection, &said.run, clock_now_ms());
    bool partial = strcmp(said.outcome, "partial") == 0 && !only_dead_letters(&said);
    bool failed = strcmp(said.outcome, "failed") == 0 || partial;
    for (size_t i = 0; i < job->order.count; i++)
        if (strcmp(job->order.connections[i], said.connection) == 0) {
            job->ends[i] = failed || (job->told[i] && job->ends[i] == JOB_FAILED) ? JOB_FAILED : JOB_WELL;
            job->told[i] = true;
        }
}

/* --- its end --- */

static void has_ended(void *context, struct child_end *ended)
{
    struct job *job = context;
    bool asked = job->stopped && ended->signal == SIGINT;
    enum job_end end = JOB_FAILED;
    if (ended->status == 0 || ended->status == EXIT_HELD || asked) /* who says nothing then is paused */
        end = JOB_WELL;
    else if (ended->status == EXIT_BUSY)
        end = JOB_BUSY;
    for (size_t i = 0; i < job->order.count; i++)
        if (!job->told[i])
            job->ends[i] = end;
    job->ended(job->context, job, &job->order, job->ends);
}

static void progressed(void *context, const char *json, size_t len)
{
    struct job *job = context;
    job->progress(job->context, job->order.organization, json, len);
}

/* --- start and stop --- */

static void write_words(const char *words[WORDS], const struct job *job)
{
    const struct job_order *order = &job->order;
    size_t count = 0;
    words[count++] = "sync";
    words[count++] = order->organization;
    for (size_t i = 0; i < order->count; i++)
        words[count++] = order->connections[i];
    if (order->full)
        words[count++] = "--full";
    if (job->streams) {
        words[count++] = "--stream";
        words[count++] = job->streams;
    }
    if (order->action && strcmp(order->action, "pull") == 0)
        words[count++] = "--pull-only";
    if (order->action && strcmp(order->action, "push") == 0)
        words[count++] = "--push-only";
    words[count] = NULL;
}

int job_start(uv_loop_t *loop, const char *program, const struct settings *settings, const struct job_order *order,
              struct metrics *metrics, job_ended_fn *ended, job_progress_fn *progress, void *context,
              struct job **ret_job, struct err *err)
{
    TIDY(job_free) struct job *job = mem_new(1, sizeof(*job));
    const char *words[WORDS];
    if (!job || keep_order(job, order) != 0)
        return -ENOMEM;
    job->metrics = metrics;
    job->ended = ended;
    job->progress = progress;
    job->context = context;
    write_words(words, job);
    const struct child_order child = {.program = program,
                                      .settings = settings,
                                      .words = words,
                                      .ended = has_ended,
                                      .progress = progressed,
                                      .line = read_line,
                                      .context = job};
    int rc = child_start(loop, &child, &job->child, err);
    if (rc == 0)
        *ret_job = TAKE(job);
    return rc;
}

void job_stop(struct job *job, bool now)
{
    job->stopped = true;
    child_stop(job->child, now);
}

long job_pid(const struct job *job)
{
    return child_pid(job->child);
}
