/* sync - what the verbs share that run something: sync, plan, apply. */
#ifndef CLI_SYNC_H
#define CLI_SYNC_H

#include "cli/context.h"
#include "engine/run.h"

/* A partition, and how it fared the last time. */
struct sync_part {
    const struct connection *connection;
    const char *partition;
    bool failed;
};

struct syncing {
    struct context *context;
    struct organization *organization;
    struct sessions *sessions;
    struct warm *warm;          /* hosts of targets; NULL: each is started when it is told */
    struct cassette *cassette;  /* that is written, or played; NULL: neither */
    bool full;                  /* as with --full */
    bool kept;                  /* as with --kept */
    bool anew;                  /* as run_request has it */
    const char *const *streams; /* as with --stream; NULL: all */
    const char *partition;      /* as with --partition; NULL: all */
    struct sync_part *parts;    /* with --failed: all there are */
    size_t part_count;
    bool only_failed;
    struct wanted *wanted; /* as with --person; NULL: everybody */
    uint64_t person;       /* then, once the sources were asked: who that is */
    uint32_t allow_held;
    size_t runs, failed;
    bool held, partly, busy, cancelled, paused;
    bool refused;        /* the log-in of the one that was read last: it is not told anything either */
    const char *said;    /* the last sentence about a pause: it is not said twice */
    const char *unknown; /* nothing was run: a partition that the connection does not have, as a sentence */
};

/* One connection, and each file of its sequence: told and counted. */
int sync_one(struct syncing *syncing, const struct connection *connection);
/* The same without its target: only what it says is taken. */
int sync_read(struct syncing *syncing, const struct connection *connection);

/* --stream, of the connections that the words name (none: of all). */
int sync_read_streams(struct syncing *syncing, const char *const *words);
/* --failed: what that is; then a connection's part in it, or without --failed all of it. */
int sync_read_failed(struct syncing *syncing);
int sync_read_parts(struct syncing *syncing, const struct connection *connection);
/* --person: whose records are looked for. */
int sync_read_person(struct syncing *syncing);
/* When the sources were asked: who that is. */
int sync_know_person(struct syncing *syncing);
/* Whether it has anything of people; without --person true. */
bool sync_concerns(const struct syncing *syncing, const struct connection *connection);
/* Whether anything is to be read from it, or it is to be told anything. */
bool sync_reads(const struct syncing *syncing, const struct connection *connection);
bool sync_tells(const struct syncing *syncing, const struct connection *connection);

/* The first interruption asks the run to end, the second one ends the process. */
void sync_catch_signals(void);
/* Set then. */
const atomic_bool *sync_cancelled(void);
/* --allow-held and --reason. */
int sync_read_words(struct syncing *syncing);
/* A run that was held as a whole has nothing of its own in the inbox; its sentence says what to do. */
bool sync_held_whole(const struct run_report *report);
/* With --allow-held and no connection: the one that the run was of. */
int sync_held_connection(struct syncing *syncing, const struct connection **ret_connection);
/* What came of a run, and the exit status that follows from all of them. */
void sync_count(struct syncing *syncing, const struct run_report *report);
int sync_status(const struct syncing *syncing);

void sync_tell_partitions(const struct screen *screen, const struct run_report *report);
void sync_tell_counts(const struct screen *screen, const struct run_report *report);
void sync_tell_pushed(const struct screen *screen, const struct run_report *report);
/* All of a report of what was carried out; with --json as it is. */
void sync_tell(struct syncing *syncing, const struct run_report *report);
enum color sync_color(enum outcome outcome);

#endif
