/* push - what it costs to hand 100,000 changes of ten fields to a connector and to hear its answers.
 *
 * Run: push CONNECTOR.so ROUNDS. Says, for each round, wall and processor time of both sides per change, what of it
 * the making of the cells took by itself, and the largest resident memory of the host. */
#include "base/tidy.h"
#include "lane/lane.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { CHANGES = 100000, EACH = 500, FIELDS = 10 };

static const char *const names[FIELDS] = {"f0", "f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9"};
static const uint8_t types[FIELDS] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

struct work {
    uint32_t handed, applied;
};

static struct lane_change make(uint32_t nth, char text[40], struct lane_cell before[FIELDS],
                               struct lane_cell after[FIELDS])
{
    snprintf(text, 40, "%u some name", nth);
    for (size_t i = 0; i < FIELDS; i++) {
        before[i] = (struct lane_cell){PRESENCE_VALUE, false, 10 + (uint32_t)i % 3, "some value 1"};
        after[i] = (struct lane_cell){PRESENCE_VALUE, i == 3, i == 3 ? (uint32_t)strlen(text) : 12,
                                      i == 3 ? text : "some value 1"};
    }
    return (struct lane_change){nth, MUSTER_UPDATE, text, "remote", before, after};
}

static int next(void *context, struct lane_batch *batch)
{
    struct work *work = context;
    char text[40];
    struct lane_cell before[FIELDS], after[FIELDS];
    int rc = 0;
    for (int i = 0; rc == 0 && i < EACH && work->handed < CHANGES; i++, work->handed++) {
        struct lane_change change = make(work->handed, text, before, after);
        rc = lane_batch_add(batch, &change);
    }
    return rc;
}

static int applied(void *context, uint32_t nth, const char *remote_id)
{
    struct work *work = context;
    (void)nth, (void)remote_id;
    work->applied++;
    return 0;
}

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double children(void)
{
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* The making of the cells alone, so that it can be taken off. */
static double cells_alone(void)
{
    char text[40];
    struct lane_cell before[FIELDS], after[FIELDS];
    volatile size_t sum = 0;
    double from = seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (uint32_t i = 0; i < CHANGES; i++)
        sum += strlen(make(i, text, before, after).key) + after[i % FIELDS].len + before[i % FIELDS].len;
    return seconds(CLOCK_PROCESS_CPUTIME_ID) - from;
}

static int round_of(const char *connector, uint32_t changes, double *ret_wall, double *ret_cpu)
{
    static const struct settings settings = {
        .limits = {.silence_ms = 60000, .record_bytes = 8 << 20, .field_bytes = 4 << 20, .memory_bytes = 512 << 20}};
    const struct lane_start start = {connector, "/tmp", NULL, &settings, NULL};
    const struct lane_push push = {"main", "read", false, {FIELDS, names, types}};
    struct work work = {.handed = CHANGES - changes};
    const struct lane_sink sink = {.context = &work, .next = next, .applied = applied};
    struct lane_result result;
    struct err err = {0};
    double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) + children(), wall = 0;
    struct lane *lane = NULL;
    int rc = lane_begin(&start, &lane, &err);
    if (rc == 0) {
        wall = seconds(CLOCK_MONOTONIC);
        rc = lane_apply(lane, &push, &sink, &result, &err);
        wall = seconds(CLOCK_MONOTONIC) - wall;
    }
    lane_stop(lane);
    *ret_cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) + children() - cpu;
    *ret_wall = wall;
    if (rc != 0 || result.rc != MUSTER_OK || work.applied != changes)
        fprintf(stderr, "push: %s%s, %u of %u\n", err.text, rc == 0 ? result.text : "", work.applied, changes);
    return rc != 0 || work.applied != changes;
}

int main(int argc, char **argv)
{
    int rounds = argc == 3 ? (int)strtol(argv[2], NULL, 10) : 0;
    int failed = rounds <= 0;
    if (failed)
        fprintf(stderr, "usage: push CONNECTOR.so ROUNDS\n");
    for (int i = 0; i < rounds && !failed; i++) {
        double wall, cpu, idle_wall, idle_cpu;
        failed = round_of(argv[1], 0, &idle_wall, &idle_cpu) || round_of(argv[1], CHANGES, &wall, &cpu);
        const double per = 1e6 / CHANGES, cells = cells_alone();
        struct rusage usage;
        getrusage(RUSAGE_CHILDREN, &usage);
        printf("per change: wall %.2f us, processor %.2f us, of which cells %.2f us; host at most %ld KiB\n",
               (wall - idle_wall) * per, (cpu - idle_cpu) * per, cells * per, usage.ru_maxrss);
    }
    return failed;
}
