/* running - a run that is going on: what its files share, and what pushes, plans and acts are built on. run.c (the
 * line), run_await.c, run_open.c, run_pull.c, run_decide.c, run_gate.c, run_failures.c, run_files.c, run_lanes.c,
 * run_look.c, run_overtaken.c, run_receive.c. */
#ifndef ENGINE_RUNNING_H
#define ENGINE_RUNNING_H

#include "engine/act.h"
#include "engine/match.h"
#include "engine/pull.h"
#include "engine/quarantine.h"
#include "engine/report.h"
#include "engine/run.h"
#include "engine/stage.h"
#include "tables/tally.h"

#include <assert.h>

struct partition {
    const char *id, *label, *locator;
    bool unlisted; /* the source named it once, and does not any more */
};

/* One stream of one partition on its way through the run. */
struct strand {
    struct pull pull;
    size_t partition; /* which of the report's */
    size_t nth;       /* which of its streams */
    struct wait_list waits;
    struct stage_missing missing;
    struct stage_count count;
    bool compared;         /* it was staged: what waits for it is settled anew */
    uint32_t held;         /* bit per gate: something is held there */
    bool awaited;          /* compared, but only for those whose time of grace is over: nothing new was said */
    bool look_again;       /* the same source is read again: a safeguard holds something */
    uint64_t let_go;       /* removals that went through */
    uint64_t were_present; /* of these, by the records' states before */
    /* run_gate.c */
    size_t waits_pulled;           /* things that wait, known before anything is decided */
    uint8_t *verdicts;             /* of people, one per missing record */
    uint64_t without_id;           /* rows that might be anybody's */
    uint64_t going;                /* missing ones that the safeguard looks at */
    uint64_t removed;              /* of these, let go */
    uint64_t fresh[TALLY_GATES];   /* people that pass a gate now */
    uint64_t pending[TALLY_GATES]; /* held before, and still proposed */
    uint64_t counted[TALLY_GATES]; /* the person that was counted last */
    uint32_t tripped;              /* bit per gate: too many */
};

static_assert(sizeof(struct strand) <= 1024, "there is one for each stream of each store: what is only needed while it "
                                             "is pulled belongs to pull_talk");

struct run {
    const struct run_request *request;
    struct run_report *report;
    struct err *err, begin;
    struct arena *arena;
    bool dry; /* nothing is written to the store, the numbers of names neither */
    const char *dir;
    const char *changeset_path; /* of the changeset's file; NULL: the folder's own */
    struct store *store;
    int lock;
    struct vault vault;
    struct zone *zone;
    struct slots slots;
    struct files *files;
    struct http *http; /* NULL: the connector has none */
    struct pickup *pickup;
    struct lane *lane;   /* which lists the partitions, too */
    struct spill *spill; /* of what was pulled of several partitions */
    struct partition *partitions;
    size_t partition_count, partition_room;
    struct strand *strands;
    size_t strand_count;
    struct inbox *inbox; /* of what others sent; NULL: nothing came */
    struct arrivals *arrivals;
    uint64_t received; /* number of the last event that was taken out of it */
    int64_t now_ms, today, steady_ms;
    uint8_t rules[16];  /* digest of what decides who is who and whose word counts */
    bool rules_changed; /* since the last run that was applied */
    /* deciding */
    struct txn snapshot;
    struct changeset *changeset;
    struct streams streams;
    struct stage stage;
    struct match match;
    const struct act *act;      /* what a person decides; NULL: a sync */
    struct statements standing; /* those that stood before this run */
    struct gates gates;
    struct holds holds;
    char today_text[11];
    bool first;        /* nothing was ever stored */
    bool decide_again; /* something is held that was taken: once more, without it */
};

/* run.c, the line. `run` begins as {.lock = -1}, or with `dry`; run_done() whatever came of it. */
int run_begin(struct run *run, const struct run_request *request, struct run_report *report, struct err *err);
/* Everything up to the changeset. A pull that could not be is in the report. */
int run_work_out(struct run *run, struct err *err);
void run_done(struct run *run);

/* run_open.c: the store, locked and whole; keys, zone, slots, the number of the run. */
int run_open(struct run *run);
/* Whether its connection may be read, or told, now: ERR_PAUSED and a sentence when not. */
int run_allowed(struct run *run, enum quarantine_of of, struct err *err);
/* The same of one of its partitions, for itself. */
int run_partition_allowed(struct run *run, struct txn *txn, const char *partition, struct err *err);
/* run_http.c: the connection's calls by HTTP; *ret_http stays as it is where the connector makes none. `anew`: tokens
 * of earlier log-ins are not used. */
int run_http(const struct run_request *request, bool anew, const char *scratch, struct arena *arena,
             struct http **ret_http, struct err *err);
/* Fits files_open(): context is the request. */
int run_cancelled(void *context);

/* run_failures.c: failures of the connection and its partitions, into the changeset. */
int run_failures(struct run *run);
/* A target was told something: `talk` says how that ended, and `sentence` why it failed. */
int run_told(struct run *run, int talk, const char *sentence);

/* run_decide.c: the row of the run itself, and the counters; into the changeset, last. */
int run_row(struct run *run);
/* For retain: the report of a run is kept no longer. */
void run_row_drop(struct txn *txn, uint32_t run);
/* Nothing of what was decided is kept, only that the run took place, and run->err. */
int run_only_row(struct run *run, enum outcome outcome);

/* run_pull.c: the partitions, a strand for each stream of each. */
int run_partitions(struct run *run);
int run_kept_partitions(struct run *run); /* those that the store has records of */
int run_strands(struct run *run);
/* What a pull that came to its end, or did not, means for its partition. */
void strand_judge(struct run *run, struct strand *strand);
/* run_lanes.c: all pulls; ends run->lane. */
void run_pulls(struct run *run);
/* What came of a strand's pull goes into the report; what is not staged is let go. */
void strand_pulled(struct run *run, struct strand *strand);
bool strand_stages(const struct strand *strand); /* its pull gave something to compare */
bool strand_looked(const struct strand *strand); /* only the header was looked at: a column is missing that is needed */
bool strand_of_people(const struct strand *strand); /* its rows are people first of all */
/* What came of a strand goes into its partition's outcome, if it is worse than what stands there. */
void strand_outcome(struct run *run, const struct strand *strand, enum outcome outcome, const char *claim,
                    const char *reason);
/* The same; what the pull claims stays as it was. */
void strand_adds(struct run *run, const struct strand *strand, enum outcome outcome, const char *reason);
/* The whole run could not be: every partition says so. */
void run_failed(struct run *run);

/* run_receive.c: what others sent, in the place of pulls; and once it is written down, that it was. */
bool run_receives(const struct run *run);
void run_receive(struct run *run);
void run_received(struct run *run);

/* run_files.c: what is done with files once everything read from them is kept, and what the ledger and their sender
 * are told. */
int run_pickup(struct run *run);
void run_files(struct run *run); /* names them in the report */
/* What a pull tried and could not read is among what lies there and was not taken, with its sentence. Before
 * pull_rest(). */
void run_files_left(struct run *run, const struct strand *strand);
int run_ledger(struct run *run); /* into the changeset */
void run_files_afterwards(struct run *run);
bool strand_taken(const struct strand *strand); /* all that its source said is stored, and nothing of it is held */
/* Something went wrong with a file after the commit. */
void run_file_trouble(struct run *run, const struct strand *strand, const struct err *err);
void run_marker_away(struct run *run, const struct strand *strand, const char *name, int after, const char *to,
                     const char *pattern);
/* run_overtaken.c: files of which something was held go as well, once a newer one was taken in their place. */
int run_overtaken(struct run *run);

/* run_rejects.c: the rows of a file that were not taken, as a file beside it. */
int run_rejects(struct run *run, struct strand *strand, const struct pulled_file *file, const char *pattern,
                struct err *err);

/* run_await.c: a source said nothing new, and somebody was missing when it said something last. */
bool strand_awaits(const struct run *run, const struct strand *strand);
int run_await(struct run *run, struct strand *strand, const struct stage_stream *stream);
/* hold_record() of those that were looked at. */
int run_awaited(struct run *run, const struct strand *strand, struct numbers *ret_seen);
/* The checkpoint stays that of the pull that read everybody, but for what has changed since. */
void checkpoint_awaited(const struct pull *pull, struct checkpoint *checkpoint);

/* run_gate.c: begin before anything is compared; removals after all is compared; judge after all is woven; again when
 * run->decide_again; end when nothing more is held. */
int run_gates_begin(struct run *run);
int run_removals(struct run *run);
int run_gates_judge(struct run *run);
int run_gates_again(struct run *run);
void run_gates_done(struct run *run);
/* Fits stage_stream.counts: what a person approved does not count. */
bool run_counts_gone(void *context, struct bytes key);
/* Why something of a strand is held, at each gate: with how many would change, of how many, and how many may. Never
 * NULL. */
const char *run_held_why(struct run *run, const struct strand *strand);
/* What went through its safeguards until this run. False: it is damaged. */
bool strand_tally(const struct strand *strand, struct tally *ret_tally);
/* The compared strand of a stream; NULL: it was not compared. */
struct strand *run_strand(struct run *run, uint32_t stream);

/* run_hold.c */
int run_gates_end(struct run *run, struct wait_list *reviews);
/* The approvals that --allow-held stands for. */
int run_gates_approve(struct run *run);

/* run_decide.c: stage, match, weave; everything goes into run->changeset. */
int run_decide(struct run *run);

#endif
