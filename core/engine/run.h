/* run - one sync of one connection, from pull to commit.
 *
 * A straight-line function on the caller's thread: pull and map, stage, match,
 * weave, journal. Deciding is apart from writing. The outcome is a vector per
 * partition; the run's is the worst of them. */
#ifndef ENGINE_RUN_H
#define ENGINE_RUN_H

#include "base/arena.h"
#include "base/secret.h"
#include "lane/connectors.h"

#include <stdatomic.h>

struct ledger_seen;
struct sessions;
struct warm;
struct cassette;
struct wanted;

enum outcome { OUTCOME_SUCCEEDED, OUTCOME_PARTIAL, OUTCOME_HELD, OUTCOME_FAILED, OUTCOME_CANCELLED };

const char *outcome_name(enum outcome outcome); /* "succeeded" */

struct run_request {
    const struct settings *settings;
    const struct organization *organization;
    struct connectors *connectors;
    const struct connection *connection;
    bool full;                   /* read and compare everything, also what was taken already */
    bool push;                   /* of a plan: what the target is told, not what the source says */
    bool kept;                   /* no source is asked: its records are mapped once more, as they were kept */
    bool anew;                   /* what a source does not say any more does not stay: to compare two readings */
    const char *again;           /* of a target: the name of a period, whose file is written once more; NULL: none */
    const char *partition;       /* only this one; NULL: all */
    const char *const *streams;  /* only these, of what is read and of what is told; NULL: all */
    struct wanted *wanted;       /* whose records alone are read; NULL: everybody's */
    uint64_t person;             /* of a target: what is told of this one alone; 0: of everybody */
    uint32_t allow_held;         /* what this run held may be; 0: nothing */
    const char *author, *reason; /* who says so, and why; kept */
    const atomic_bool *cancel;   /* may be NULL */
    struct cassette *cassette;   /* where what is asked of the world is noted, or what answers for it; NULL: neither */
    struct sessions *sessions;   /* log-ins that other runs of this program share; NULL: its own */
    struct warm *warm;           /* who will be told of what this run changes; NULL: nobody yet */
    /* May be NULL; called now and then while records come. total 0: unknown. */
    void (*progress)(void *context, const char *partition, uint64_t done, uint64_t total);
    void *context;
};

struct run_partition {
    const char *name;
    enum outcome outcome;
    const char *claim;  /* "complete" "changes" "partial" "failed" "unchanged" "kept" */
    const char *reason; /* a sentence; "" when all is well */
    struct run_stream *streams;
    size_t stream_count;
    const char *code; /* of reason.def, where a connector's process misbehaved; NULL: it did not */
};

/* The same of one of its streams. */
struct run_stream {
    const char *name;
    enum outcome outcome;
    const char *claim, *reason;
};

/* A column of which there is something to say. Texts in the report's arena. */
struct run_column {
    uint64_t id; /* c12; of what is read under another name the statement: s12 */
    const char *partition, *stream, *column;
    const char *reason;   /* stable code; NULL: a statement */
    const char *offer;    /* the other column; NULL: none */
    const char *sentence; /* all of it, for people */
};

/* A set of a target's stream in which something changed. */
struct run_set {
    const char *stream, *name; /* "lookups", "salary 2026-10" */
    const char *outcome;       /* planned written "not taken" "without an answer" "not sent" held "left out" */
    const char *why;           /* ""; the target's sentence */
    uint64_t rows, changed, refused;
};

/* What a target was told. */
struct run_pushed {
    bool is; /* this run was about a target */
    uint64_t created, updated, deactivated, reactivated, adopted;
    uint64_t failed;  /* not taken; tried again or waiting for a person */
    uint64_t unknown; /* sent, and no answer came */
    uint64_t manual, held;
    uint64_t put_off;        /* not tried in this run, since it is not time yet; nobody who is among `failed` */
    int64_t put_off_ms;      /* when the first of all that are tried again is; 0: there is none */
    const char *put_off_why; /* what was said of it; NULL: nothing */
    uint64_t drifted;        /* that somebody has changed there */
    uint64_t heard;          /* records that it gave us while it was told */
    uint64_t people;         /* that the target has, switched on, after the run */
    struct run_set *sets;    /* that were to be written whole; by name */
    size_t set_count;
};

struct run_report {
    struct arena *arena; /* owns all texts */
    uint32_t run;
    uint32_t plan;     /* that it was decided as; 0: none */
    uint64_t left_out; /* people of the plan who had moved meanwhile */
    enum outcome outcome;
    const char *organization, *connection;
    const char *verb, *author, *because; /* what a person did, instead of a sync; NULL: a sync */
    struct run_partition *partitions;
    size_t partition_count;
    /* records */
    uint64_t read, filtered, flagged;
    uint64_t erased;           /* passed over: of people who were erased */
    uint64_t outlived;         /* not taken: over for longer than they would be kept */
    const char *flagged_place; /* first numeric identifier or the like; NULL: none */
    /* persons */
    uint64_t created, updated, unchanged, missing, deactivated, reactivated, linked, not_owner;
    uint64_t retired;    /* whose records all went to others, by a person's word */
    uint64_t population; /* records that are present, after the run */
    const char **files;  /* that were fetched */
    size_t file_count;
    const struct ledger_seen *not_taken; /* files that were seen, and why they were left */
    size_t not_taken_count;
    bool more;          /* in a sequence of files another one waits for its turn: run again */
    bool more_received; /* the same of what others sent */
    uint64_t held, dead_letters, reviews, drift;
    struct run_column *columns, *readings; /* what is not as it was; what was read under another name */
    size_t column_count, reading_count;
    struct run_pushed pushed;
    bool refused;  /* its log-in, when it was read: it is not told anything either */
    uint64_t puts; /* calls that changed the store */
    int64_t started_ms;
    double seconds;
    const char *json; /* the same as one JSON document, as it is kept in the store */
};

static inline bool run_wants(const struct run_request *request, const char *stream)
{
    const char *const *name = request->streams;
    while (name && *name && __builtin_strcmp(*name, stream) != 0)
        name++;
    return !name || *name;
}

/* Runs it. Whatever comes of it is in the report (also a failure: OUTCOME_FAILED, and the sentence in the partition's
 * reason); a code is returned only when not even that could be noted: ERR_BUSY, ERR_PAUSED, a store that cannot be
 * opened. */
int run_sync(const struct run_request *request, struct run_report *ret_report, struct err *err);
void run_report_done(struct run_report *report);

/* STATE/organizations/ID, in the arena. */
const char *run_store_dir(const struct settings *settings, const char *organization, struct arena *arena);
/* Gives the organization's own fields the numbers that the store has for them (write: also new ones). */
struct store;
int run_bind_fields(const struct organization *organization, struct store *store, bool write);
/* The same from a transaction, without new ones. */
struct txn;
int run_find_fields(const struct organization *organization, struct txn *txn);

/* For how long the connection's account is still left alone, because its system told somebody who shares it; 0: nobody
 * was told, or the connection has never called. */
int64_t run_account_paused_ms(const struct settings *settings, const char *organization, const char *connection,
                              struct arena *arena);

/* A host with the connection's connector, whose scratch folder is made in `scratch`. */
struct lane;
int run_lane(const struct run_request *request, const char *scratch, struct lane **ret_lane, struct err *err);

/* Whether the connector finds its options in order. ERR_CONFIG: sentences about them, a line each, that begin with
 * "option 'PATH'" where they are about one. The sink's stream function hears what it makes of them. */
struct lane_sink;
int run_options(const struct run_request *request, const struct lane_sink *sink, struct err *err);
/* Logs in to the connection's system and changes nothing: files, then the connector's check(). */
int run_check(const struct run_request *request, struct err *err);
/* Asks the connector what its source has: the sink's stream, field and record functions are called. */
int run_discover(const struct run_request *request, const struct lane_sink *sink, struct err *err);

/* As lane_sink.find, of the request's organization; `arena` keeps what is found. */
struct lane_found;
typedef int run_finder(const struct run_request *request, struct arena *arena, const char *kind, const char *field,
                       const char *value, struct lane_found *ret_found);
/* A lookup or an action of the connector, by the system itself. Rows come to the sink. */
struct lane_fields;
struct lane_cell;
struct run_secret;
struct run_ask {
    const char *name; /* of the verb */
    bool action;
    const struct lane_fields *arguments;
    const struct lane_cell *cells; /* one for each; of secrets nothing */
    const struct run_secret *secrets;
    size_t secret_count;
    run_finder *find; /* whom the connector asks for in its turn; NULL: nobody can be asked for */
};
/* What somebody typed for this question alone. The broker puts it in where the connector's recipes name it, as if it
 * were an option; the connector sees nothing of it. */
struct run_secret {
    const char *name;
    struct secret secret;
};
int run_ask(const struct run_request *request, const struct run_ask *ask, const struct lane_sink *sink,
            struct err *err);

#endif
