/* metrics - what is counted while the daemon runs, as Prometheus reads it: numbers of organizations and connections,
 * nothing about people. */
#ifndef SERVICE_METRICS_H
#define SERVICE_METRICS_H

#include "base/buffer.h"
#include "base/tidy.h"

#include <stdint.h>

struct metrics;

struct metrics *metrics_new(void);
void metrics_free(struct metrics *metrics);

/* From any thread. */
void metrics_answered(struct metrics *metrics, unsigned status); /* 0: the caller went before there was an answer */

/* Of an operation of the API, whose name lives for ever. */
void metrics_asked(struct metrics *metrics, const char *operation, unsigned status, uint64_t ms);

enum received { RECEIVED_KEPT, RECEIVED_KNOWN, RECEIVED_REFUSED, RECEIVED_ANSWERED, RECEIVED_FATES };
void metrics_received(struct metrics *metrics, const char *organization, const char *connection, enum received fate,
                      size_t bytes);

struct metrics_run {
    const char *outcome; /* "succeeded" */
    uint64_t read, created, updated, deactivated, held, dead_letters, reviews;
};
void metrics_ran(struct metrics *metrics, const char *organization, const char *connection,
                 const struct metrics_run *run, int64_t now_ms);

struct metrics_now {
    uint64_t organizations, running, callers, commits, letters;
    uint64_t acts, waiting; /* processes for callers; those who wait for a change */
    int64_t now_ms;
};
void metrics_write(struct metrics *metrics, const struct metrics_now *now, struct buffer *out);

DEFINE_TIDY(struct metrics *, metrics_free)

#endif
