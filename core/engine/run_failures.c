/* run_failures - what fails again and again: counted in the commit of the run that failed. */
#include "engine/running.h"

#include <string.h>

/* One more failure of a partition, or of the connection (""). `rc`: why. */
static int count_failure(struct run *run, enum quarantine_of of, const char *partition, int rc, const char *reason)
{
    const struct connection *connection = run->request->connection;
    struct quarantine before = {0};
    bool stood = quarantine_get(&run->snapshot, connection, of, partition, run->arena, &before);
    struct quarantine now = {.connection = connection->name,
                             .of = of,
                             .partition = partition,
                             .failures = before.failures + 1,
                             .run = run->report->run,
                             .rc = rc,
                             .since_ms = stood ? before.since_ms : run->now_ms,
                             .last_ms = run->now_ms,
                             .sentence = reason};
    run->report->refused |= quarantine_stops(&now, QUARANTINE_READING) && quarantine_stops(&now, QUARANTINE_TELLING);
    rc = rc != ERR_AUTH ? 0 : quarantine_login(run->request->organization, connection, run->vault.wrap_key, now.login);
    if (rc == 0 && before.unmarked) /* they go on in a row that says what failed */
        rc = quarantine_ended(run->changeset, &before);
    return rc ? rc : quarantine_failed(run->changeset, &now);
}

static int end_failures(struct run *run, enum quarantine_of of, const char *partition)
{
    struct quarantine stood;
    return quarantine_get(&run->snapshot, run->request->connection, of, partition, run->arena, &stood)
               ? quarantine_ended(run->changeset, &stood)
               : 0;
}

/* Why a partition's pulls failed; ERR_PAUSED: it was not tried. */
static int partition_rc(const struct run *run, size_t partition)
{
    int rc = run->begin.rc;
    for (size_t i = 0; i < run->strand_count && rc == 0; i++)
        if (run->strands[i].partition == partition)
            rc = pull_rc(&run->strands[i].pull);
    return rc;
}

/* Whether a partition failed: all of it, or, of one of several, whatever it says of people. What comes from elsewhere,
 * as the name of a store from the list of stores, does not make up for that. */
static bool partition_failed(const struct run *run, size_t partition)
{
    const struct run_partition *report = &run->report->partitions[partition];
    size_t of_people = 0, failed = 0;
    for (size_t i = 0; i < run->strand_count; i++) {
        const struct strand *strand = &run->strands[i];
        if (strand->partition != partition || !strand_of_people(strand))
            continue;
        of_people++;
        failed += report->streams[strand->nth].outcome == OUTCOME_FAILED;
    }
    return report->outcome == OUTCOME_FAILED || (run->partition_count > 1 && failed > 0 && failed == of_people);
}

/* What was set aside of partitions that are not listed any more. */
static int end_unlisted(struct run *run)
{
    struct quarantine *aside = NULL;
    size_t count = 0;
    int rc = quarantine_list(&run->snapshot, run->request->organization, run->arena, &aside, &count);
    for (size_t i = 0; i < count && rc == 0; i++) {
        bool listed = !*aside[i].partition || strcmp(aside[i].connection, run->request->connection->name) != 0;
        for (size_t p = 0; p < run->partition_count && !listed; p++)
            listed = !run->partitions[p].unlisted && strcmp(run->partitions[p].id, aside[i].partition) == 0;
        if (!listed)
            rc = quarantine_ended(run->changeset, &aside[i]);
    }
    return rc;
}

int run_told(struct run *run, int talk, const char *sentence)
{
    if (talk == 0)
        return end_failures(run, QUARANTINE_TELLING, "");
    if (talk == ERR_CANCELLED || talk == ERR_PAUSED || talk == ERR_BUSY)
        return 0;
    return count_failure(run, QUARANTINE_TELLING, "", talk, sentence);
}

/* A run of which nothing came through is a failure of its connection; else each of several partitions has its own. What
 * came through ends the row of its failures; what is set aside was not tried. */
int run_failures(struct run *run)
{
    const struct run_report *report = run->report;
    size_t failed = 0, tried = 0;
    if (run->act || !run->request->connection || run->request->kept) /* nobody was asked */
        return 0;
    for (size_t i = 0; i < report->partition_count; i++) {
        if (report->partitions[i].outcome == OUTCOME_CANCELLED)
            return 0;
        tried += partition_rc(run, i) != ERR_PAUSED;
        failed += partition_failed(run, i) && partition_rc(run, i) != ERR_PAUSED;
    }
    if (failed > 0 && failed == report->partition_count &&
        (run->partition_count <= 1 || failed == run->partition_count))
        return count_failure(run, QUARANTINE_READING, "", partition_rc(run, 0), report->partitions[0].reason);
    int rc = tried > failed ? end_failures(run, QUARANTINE_READING, "") : 0;
    for (size_t i = 0; i < report->partition_count && rc == 0 && run->partition_count > 1; i++) {
        const struct run_partition *partition = &report->partitions[i];
        int why = partition_rc(run, i);
        if (!partition_failed(run, i))
            rc = end_failures(run, QUARANTINE_READING, partition->name);
        else if (why != ERR_PAUSED)
            rc = count_failure(run, QUARANTINE_READING, partition->name, why, partition->reason);
    }
    return rc ? rc : run->partition_count > 0 ? end_unlisted(run) : 0;
}
