/* runs - the reports of runs that the store keeps, read back. */
#ifndef CLI_RUNS_H
#define CLI_RUNS_H

#include "cli/screen.h"
#include "query/query.h"

/* What of a report is shown in lists. Texts are in the query's arena. */
struct run_line {
    uint32_t run;
    const char *connection, *outcome, *partitions; /* partitions: the JSON list */
    int64_t started_ms;
    uint64_t read, created, updated, unchanged, deactivated, reactivated, missing, population;
    uint64_t held, dead_letters, reviews, drift;
    struct run_told { /* to a target */
        uint64_t created, updated, deactivated, reactivated, adopted, failed, unknown, held, manual, drifted, heard,
            people;
    } told;
    bool push; /* it told a target something: what it read is nothing */
    double seconds;
    uint32_t allowed_held;     /* the run of which this one took what was held; 0: none */
    const char *verb, *author; /* what a person did, and who; NULL: a sync */
    const char *reason, *flagged_place;
    const char *files, *not_taken;  /* JSON lists */
    const char *columns, *readings; /* JSON lists: of the header what was not as before, what was read otherwise */
};

/* False when there is no such run, or its report cannot be read. */
bool runs_line(struct query *query, uint32_t run, struct run_line *ret_line);
/* "[{"name":"main","reason":"…"}]": the next partition with a reason; *at begins as the list. False after the last. */
bool runs_reason(struct query *query, const char **at, const char **ret_name, const char **ret_reason);

/* All of them as member "reasons", a list of {partition, reason}; NULL: none. */
void runs_reasons_json(struct query *query, const char *partitions, struct buffer *out);
/* The same: the next partition and its outcome. */
bool runs_partition(struct query *query, const char **at, const char **ret_name, const char **ret_outcome);
/* The same of `columns` and `readings`: the next one's id and sentence. */
bool runs_column(struct query *query, const char **at, const char **ret_id, const char **ret_sentence);

/* The colour of a run's outcome. */
enum color runs_color(const char *outcome);

#endif
