/* run_receive - what others sent while nobody ran: from the inbox through the connector, and then as if it was pulled.
 *
 * Events go to the connector in the order in which they came, many at once. If
 * it dies of them they go one by one, and the one that it dies of is a dead
 * letter: nobody who sends something odd stops what others send. The inbox is
 * told that they were taken when what became of them is written down; who is
 * killed before that takes them again, and nothing changes by it. */
#include "engine/running.h"

#include "base/fault.h"
#include "base/log.h"
#include "engine/arrivals.h"
#include "engine/masterkey.h"
#include "engine/warm.h"

#include <errno.h>
#include <string.h>

enum { TOGETHER = 500, TOGETHER_BYTES = 4 << 20, OF_A_RUN = 20000, OF_A_RUN_BYTES = 64 << 20 };
static const int64_t KEPT_MS = INT64_C(30) * 24 * 3600 * 1000; /* what was taken stays so long */

struct receiving {
    struct run *run;
    struct arena *arena; /* of the events under way */
    struct lane_inbound *inbound;
    size_t events, bytes;
    struct err err;
};

bool run_receives(const struct run *run)
{
    const muster_connector *connector = run->lane ? lane_description(run->lane) : NULL;
    return connector && connector->receive && !connector->pull && connector->routes;
}

/* --- what the connector says --- */

static int receive_record(void *context, const struct lane_record *record)
{
    const struct receiving *receiving = context;
    return arrivals_record(receiving->run->arrivals, record);
}

static int receive_reject(void *context, const char *stream, const char *source_id, const char *place, const char *why)
{
    const struct receiving *receiving = context;
    (void)source_id;
    return arrivals_reject(receiving->run->arrivals, stream, place, why);
}

static void receive_log(void *context, int level, const char *text)
{
    const struct receiving *receiving = context;
    struct log from = {.connection = receiving->run->request->connection->name};
    log_line(&from, (enum log_level)level, "%s", text);
}

/* --- events --- */

static int hand_over(struct receiving *receiving, const struct inbox_event *events, size_t count,
                     struct lane_result *ret_result, struct err *err)
{
    struct run *run = receiving->run;
    struct lane_sink sink = {
        .context = receiving, .record = receive_record, .reject = receive_reject, .log = receive_log};
    if (!run->lane) {
        int rc = run_lane(run->request, run->dir, &run->lane, &receiving->err);
        if (rc != 0)
            return rc;
    }
    for (size_t i = 0; i < count; i++)
        receiving->inbound[i] = (struct lane_inbound){.number = events[i].number,
                                                      .received_ms = events[i].received_ms,
                                                      .method = events[i].method,
                                                      .target = events[i].target,
                                                      .type = events[i].type,
                                                      .body = events[i].body.data,
                                                      .body_len = events[i].body.len};
    int rc = lane_receive(run->lane, receiving->inbound, count, &sink, ret_result, err);
    if (rc != 0)
        lane_stop(TAKE(run->lane));
    else if (ret_result->rc < 0)
        rc = err_set(err, pull_result_code(ret_result->rc), "%s",
                     *ret_result->text ? ret_result->text : "the connector failed without a word");
    return rc;
}

/* Whether another event would fare better: what is the machine's fault, or a person's will, is none of the event's. */
static bool of_the_event(int rc)
{
    return rc == ERR_CONNECTOR || rc == ERR_TIMEOUT || rc == ERR_LIMIT || rc == ERR_DATA;
}

static int take_one(struct receiving *receiving, const struct inbox_event *event)
{
    struct run *run = receiving->run;
    struct lane_result result = {0};
    struct err why = {0};
    size_t rejected = arrivals_rejected(run->arrivals);
    char place[40];
    int rc = hand_over(receiving, event, 1, &result, &why);
    if (rc == 0 || receiving->err.rc != 0)
        return receiving->err.rc;
    if (!of_the_event(rc))
        return err_set(&receiving->err, rc, "%s", why.text);
    arrivals_forget_rejected(run->arrivals, rejected);
    snprintf(place, sizeof(place), "inbox:%llu", (unsigned long long)event->number);
    return arrivals_reject(run->arrivals, run->strands[0].pull.mapping->stream, place, why.text);
}

static int take(struct receiving *receiving, const struct inbox_event *events, size_t count)
{
    struct lane_result result = {0};
    struct err why = {0};
    size_t rejected = arrivals_rejected(receiving->run->arrivals);
    int rc = hand_over(receiving, events, count, &result, &why);
    if (rc == 0 || receiving->err.rc != 0)
        return receiving->err.rc;
    if (!of_the_event(rc))
        return err_set(&receiving->err, rc, "%s", why.text);
    arrivals_forget_rejected(receiving->run->arrivals, rejected);
    rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = take_one(receiving, &events[i]);
    return rc;
}

static int take_all(struct receiving *receiving)
{
    struct run *run = receiving->run;
    const char *connection = run->request->connection->name;
    int rc = run->request->full ? 0 : inbox_taken(run->inbox, connection, &run->received);
    while (rc == 0) {
        struct inbox_event *events = NULL;
        size_t count = 0;
        if (run_cancelled((void *)(uintptr_t)run->request))
            return err_set(&receiving->err, ERR_CANCELLED, "cancelled");
        arena_clear(receiving->arena);
        rc = inbox_read(run->inbox, connection, run->received, TOGETHER, TOGETHER_BYTES, receiving->arena, &events,
                        &count);
        if (rc != 0 || count == 0)
            break;
        if (receiving->events >= OF_A_RUN || receiving->bytes >= OF_A_RUN_BYTES) {
            run->report->more_received = true;
            break;
        }
        warm_up(run->request->warm); /* what came in is likely to be a change that targets are to be told of */
        rc = take(receiving, events, count);
        fault_kill("receive");
        receiving->events += count;
        for (size_t i = 0; i < count; i++)
            receiving->bytes += events[i].body.len;
        run->received = events[count - 1].number;
    }
    return rc == -ENOSPC ? err_set(&receiving->err, rc,
                                   "the disk is full, so what came in is not taken yet. It is kept: make room.")
           : rc          ? err_set(&receiving->err, rc, "what came in cannot be read: %s", err_text(rc))
                         : 0;
}

/* --- into the strands --- */

static int pour_columns(void *context, const struct lane_stream *stream)
{
    struct pull *pull = context;
    return map_columns(pull->map, stream, &pull->talk->err);
}

static int pour_record(void *context, const struct lane_record *record)
{
    struct pull *pull = context;
    return map_record(pull->map, record, &pull->talk->err);
}

static int pour_reject(void *context, const char *place, const char *why)
{
    struct pull *pull = context;
    return map_reject(pull->map, NULL, place, why, &pull->talk->err);
}

static void pour(struct run *run, struct pull *pull)
{
    const struct arrivals_sink sink = {pull, pour_columns, pour_record, pour_reject};
    const char *stream = pull->mapping->stream;
    int rc = pull_begin(pull);
    pull->same = !run->arrivals || !arrivals_has(run->arrivals, stream);
    if (rc == 0 && !pull->same)
        rc = arrivals_pour(run->arrivals, stream, &sink);
    if (rc == 0 && !pull->same)
        rc = map_finish(pull->map, &pull->talk->err);
    pull->claim = CLAIM_CHANGES;
    if (rc != 0)
        err_set(pull_opens(pull), rc, "what came in could not be kept while it was read: %s", err_text(rc));
}

static int open_inbox(struct run *run, struct err *err)
{
    uint8_t master[VAULT_MASTER];
    int rc = masterkey_load(run->request->settings, master, err);
    if (rc == 0)
        rc = inbox_open(run->dir, master, run->request->organization->id, false, &run->inbox, err);
    explicit_bzero(master, sizeof(master));
    if (rc == 0)
        run->arrivals = arrivals_new(run->inbox, run->request->connection->name,
                                     run->request->connection->description); /* the lane's goes with the lane */
    return rc ? rc : run->arrivals ? 0 : -ENOMEM;
}

void run_receive(struct run *run)
{
    struct receiving receiving = {
        .run = run, .arena = arena_new(), .inbound = arena_get(run->arena, TOGETHER * sizeof(struct lane_inbound))};
    int rc = receiving.arena && receiving.inbound && run->strand_count > 0 ? open_inbox(run, &receiving.err) : -ENOMEM;
    if (rc == 0)
        rc = take_all(&receiving);
    else if (rc == ERR_GONE)
        rc = 0; /* nobody has ever sent anything */
    for (size_t i = 0; i < run->strand_count; i++) {
        struct strand *strand = &run->strands[i];
        if (rc == 0)
            pour(run, &strand->pull);
        else
            err_set(pull_opens(&strand->pull), rc, "%s", receiving.err.rc ? receiving.err.text : err_text(rc));
        strand_pulled(run, strand);
    }
    arena_free(receiving.arena);
}

/* Nothing of it is lost when this fails: it comes again. */
void run_received(struct run *run)
{
    const struct inbox_version *versions = NULL;
    size_t count = 0;
    bool all = run->inbox != NULL;
    const struct log log = {.organization = run->request->organization->id,
                            .connection = run->request->connection->name};
    for (size_t i = 0; i < run->strand_count; i++)
        all &= pull_rc(&run->strands[i].pull) == 0;
    if (!all)
        return;
    int rc = arrivals_versions(run->arrivals, &versions, &count);
    if (rc == 0)
        rc = inbox_done(run->inbox, run->request->connection->name, run->received, versions, count,
                        run->now_ms - KEPT_MS);
    if (rc != 0)
        log_warn(&log, "what was taken out of the inbox could not be marked, and is taken once more: %s", err_text(rc));
}
