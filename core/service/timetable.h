/* timetable - which runs are due: pure, told what time it is and what has happened, asked what is to be started.
 *
 * Each connection has at most one run that is wanted beside the one that is
 * going: what comes meanwhile is the same wish. An organization has one run at
 * a time; organizations take turns. A time that was missed while nobody
 * looked is due once. Nothing here reads a clock, a file or a store. */
#ifndef SERVICE_TIMETABLE_H
#define SERVICE_TIMETABLE_H

#include "config/occasion.h"
#include "service/roster.h"

#include <stdbool.h>

struct timed { /* one trigger */
    const struct trigger *trigger;
    int64_t next_ms;    /* by the clock; OCCASION_NEVER */
    int64_t fired_ms;   /* when it was last due */
    int64_t handled_ms; /* the last that a run has answered: what is remembered over a restart */
    uint64_t ended;     /* of `after`: bit n is the nth name, which has ended since */
};

enum { TIMED_STREAMS = 64 }; /* a trigger that names more stands for all */

struct timed_connection {
    const struct roster_connection *connection;
    struct timed *triggers;
    struct wish {
        bool stands, full, again;  /* again: because the last run failed */
        const char *action;        /* "pull" "push" "both"; NULL: as the connection is; lives for ever */
        uint64_t streams;          /* of those that its triggers name: bit n is the nth; 0: all there are */
        unsigned how;              /* of the trigger that wished first; 0: none did */
        int64_t since_ms, from_ms; /* not before `from_ms` */
    } wish;
    const char *streams[TIMED_STREAMS]; /* that its triggers name; of the roster */
    unsigned failures;                  /* in a row */
};

struct timed_organization {
    const struct roster_organization *organization;
    struct timed_connection *connections;
    bool running;
    int64_t turn; /* of its last run: the lowest is first */
};

struct timetable {
    struct timed_organization *items; /* in the order of the roster */
    size_t count;
    int64_t turns;
    unsigned running;
    struct arena *arena;
};

/* What was answered when, before a restart: 0 when nothing is remembered. `key` is "connection trigger". */
typedef int64_t timetable_memory_fn(void *context, const char *organization, const char *key);
/* "hr-workbook schedule 30 6 * * Mon-Fri": names a trigger in what is remembered. */
void timed_key(const struct roster_connection *connection, const struct trigger *trigger, struct buffer *out);

struct timed_organization *timetable_organization(const struct timetable *timetable, const char *id); /* or NULL */
struct timed_connection *timed_connection(const struct timed_organization *organization, const char *name);

/* Made for a roster, which must stay. `before` (NULL: none) is the one that stood until now: what was wanted and is
 * going goes over to whoever has the same names. Returns 0 or -ENOMEM. */
int timetable_make(struct timetable *timetable, const struct roster *roster, const struct timetable *before,
                   timetable_memory_fn *memory, void *context, int64_t now_ms);
void timetable_done(struct timetable *timetable);

/* --- what happens --- */

/* The time is now: wishes for what is due by it. */
void timetable_tick(struct timetable *timetable, int64_t now_ms);
/* A file came, or may have, for the connection that reads there. */
void timetable_arrived(struct timed_organization *organization, struct timed_connection *connection, int64_t now_ms);
/* Somebody called it, and what they said is kept. */
void timetable_called(struct timed_organization *organization, struct timed_connection *connection, int64_t now_ms);
/* What is true of the organization has changed: its targets are to be told, soon and once. */
void timetable_changed(struct timed_organization *organization, int64_t now_ms);
/* --- what is to be started --- */

enum { JOB_CONNECTIONS = 64 };
struct job_order {
    const char *organization;                 /* as the roster has it: copied by who keeps it */
    const char *connections[JOB_CONNECTIONS]; /* in the order of the file */
    size_t count;
    bool full;
    const char *action;                 /* lives for ever */
    const char *streams[TIMED_STREAMS]; /* only these, of one connection; none: all */
    size_t stream_count;
};

/* The next run to be started now, while fewer than `most` are going; false: none. It counts as going until it ended. */
bool timetable_pick(struct timetable *timetable, int64_t now_ms, unsigned most, struct job_order *ret_order);

/* A JSON object on a line for each connection that is tried again because it failed: organization, connection, at. */
void timetable_again(const struct timetable *timetable, struct buffer *out);

enum job_end {
    JOB_WELL,
    JOB_FAILED, /* is tried again, later each time */
    JOB_BUSY    /* somebody else is at the organization: soon */
};
/* `ends`: of each connection. They may have gone from the files meanwhile. */
void timetable_ended(struct timetable *timetable, const struct job_order *order, const enum job_end ends[],
                     int64_t now_ms);

/* When something will be due, if nothing happens until then; OCCASION_NEVER. */
int64_t timetable_wakes(const struct timetable *timetable);
#endif
