/* failing - the same reading again, and while the system fails: S8, S11 to S14. */
#include "conform/walk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { QUESTIONS_MOST = 6 };

struct failure {
    const char *kind;      /* of a fault on a cassette */
    const char *told;      /* for people */
    enum rule_number rule; /* about how it ends */
    muster_rc wanted;      /* 0: any failure will do */
    bool everywhere;       /* at each question; else at the first and the last */
    bool of_files;         /* files can fail like that, too */
};

static const struct failure failures[] = {
    {"cut", "the connection is cut", RULE_S12, MUSTER_RETRY, true, true},
    {"slow", "there is no answer in time", RULE_S12, MUSTER_RETRY, false, true},
    {"503", "the answer is 503", RULE_S12, MUSTER_RETRY, false, false},
    {"429", "the answer is 429", RULE_S12, MUSTER_RETRY, false, false},
    {"401", "the answer is 401", RULE_S14, MUSTER_AUTH, false, false},
    {"403", "the answer is 403", RULE_S14, MUSTER_PERMISSION, false, false},
    {"schema", "the answer has another shape", RULE_S13, 0, true, true},
};

static int reading_again(const struct walk *walk, const char *fault, struct reading *reading,
                         const char ***ret_questions, size_t *ret_count, struct err *err)
{
    struct visit visit;
    int rc = visit_again(walk->trial, walk->subject, walk->tape, fault, &visit, err);
    if (rc == 0)
        rc = reading_new(reading);
    if (rc == 0)
        rc = reading_make(&visit, reading);
    if (rc == 0 && ret_questions && !(*ret_questions = tape_questions(visit.own, walk->subject->arena, ret_count)))
        rc = -ENOMEM;
    visit_end(&visit);
    return rc;
}

static const struct take *take_like(const struct reading *reading, const struct take *like)
{
    for (size_t i = 0; i < reading->count; i++)
        if (strcmp(reading->takes[i].partition, like->partition) == 0 &&
            strcmp(reading->takes[i].stream, like->stream) == 0)
            return &reading->takes[i];
    return NULL;
}

static void same_judge(const struct walk *walk, const struct reading *good, const struct reading *again)
{
    trial_looked(walk->trial, RULE_S8);
    if (good->partitions.partition_count != again->partitions.partition_count)
        trial_fault(walk->trial, RULE_S1, "", "there are %zu partitions, and then %zu",
                    good->partitions.partition_count, again->partitions.partition_count);
    for (size_t i = 0; i < good->count; i++) {
        const struct take *take = &good->takes[i], *other = take_like(again, take);
        size_t at = other ? haul_differs(&take->haul, &other->haul) : 0;
        if (!other)
            trial_fault(walk->trial, RULE_S8, take->stream, "was not read a second time");
        else if (at != SIZE_MAX)
            trial_fault(walk->trial, RULE_S8, take->stream, "record %zu is another one the second time", at + 1);
    }
    if (again->unknown)
        trial_fault(walk->trial, RULE_S8, "", "the second reading asks something else: %s", again->unknown);
}

/* What came while it failed, beside what came when all was well. */
static void take_judge(const struct walk *walk, const struct failure *failure, const char *where,
                       const struct take *good, const struct haul *haul)
{
    bool same = haul_differs(&good->haul, haul) == SIZE_MAX;
    bool partial = haul->result.claim == CLAIM_PARTIAL || haul->result.claim == CLAIM_NONE || haul->lacking;
    if (haul->rc != 0)
        return; /* told elsewhere */
    if (failure->rule == RULE_S13) {
        if (haul_complete(haul) && haul->emitted + haul->rejected < good->haul.emitted + good->haul.rejected)
            trial_fault(walk->trial, RULE_S13, good->stream,
                        "when %s at %s it claims that %lu records are everybody, of %lu", failure->told, where,
                        (unsigned long)haul->emitted, (unsigned long)good->haul.emitted);
        return;
    }
    if (haul_complete(haul) && !same && !haul->lacking)
        trial_fault(walk->trial, RULE_S11, good->stream,
                    "when %s at %s it claims that %lu records are everybody, of %lu", failure->told, where,
                    (unsigned long)haul->emitted, (unsigned long)good->haul.emitted);
    if (haul_well(haul) ? !same && !partial && !haul_complete(haul) : haul->result.rc != failure->wanted)
        trial_fault(walk->trial, failure->rule, good->stream, "when %s at %s it ends as %s instead of %s",
                    failure->told, where, haul_code(haul->result.rc), haul_code(failure->wanted));
}

static void failed_judge(const struct walk *walk, const struct failure *failure, const char *where,
                         const struct reading *good, const struct reading *failed)
{
    const struct haul *listed = &failed->partitions;
    trial_looked(walk->trial, RULE_S11);
    trial_looked(walk->trial, failure->rule);
    quiet_judge(walk->trial, good, listed, "partitions");
    if (listed->rc == 0 && listed->result.rc < 0 && failure->wanted != 0 && listed->result.rc != failure->wanted)
        trial_fault(walk->trial, failure->rule, "", "when %s at %s partitions() ends as %s instead of %s",
                    failure->told, where, haul_code(listed->result.rc), haul_code(failure->wanted));
    if (haul_complete(listed) && listed->partition_count < good->partitions.partition_count)
        trial_fault(walk->trial, RULE_S11, "", "when %s at %s partitions() claims that %zu are all, of %zu",
                    failure->told, where, listed->partition_count, good->partitions.partition_count);
    for (size_t i = 0; i < failed->count; i++) {
        const struct take *take = &failed->takes[i];
        for (size_t g = 0; g < good->count; g++)
            if (strcmp(good->takes[g].partition, take->partition) == 0 &&
                strcmp(good->takes[g].stream, take->stream) == 0)
                take_judge(walk, failure, where, &good->takes[g], &take->haul);
        quiet_judge(walk->trial, good, &take->haul, "pull");
    }
}

/* "http GET https://…": the first answers about what has the address in it go wrong. No comma may be in a fault, so
 * what stands before the first one has to do. */
static int fail_at(const struct walk *walk, const struct failure *failure, const char *question,
                   const struct reading *good, struct err *err)
{
    __attribute__((cleanup(reading_done))) struct reading failed = {0};
    const char *where = strchr(question, ' ') + 1;
    char fault[4200];
    if (strncmp(question, "http ", 5) != 0 && !failure->of_files)
        return 0;
    if (snprintf(fault, sizeof(fault), "%s=all@%.*s", failure->kind, (int)strcspn(where, ","), where) >=
        (int)sizeof(fault))
        return 0;
    int rc = reading_again(walk, fault, &failed, NULL, NULL, err);
    if (rc == 0)
        failed_judge(walk, failure, where, good, &failed);
    return rc;
}

static bool wanted(const struct walk *walk, const struct failure *failure)
{
    const enum rule_number rules[] = {RULE_S11, failure->rule, RULE_C21, RULE_C22, RULE_C23, RULES};
    return trial_wants_any(walk->trial, rules);
}

int failing_judge(const struct walk *walk, const struct reading *good, struct err *err)
{
    __attribute__((cleanup(reading_done))) struct reading again = {0};
    const char **questions = NULL;
    size_t count = 0;
    bool well = !good->unknown && good->count > 0;
    for (size_t i = 0; i < good->count; i++)
        well &= haul_well(&good->takes[i].haul);
    if (!well) {
        trial_unseen(walk->trial, RULE_S11, "there is no good reading to compare with");
        return 0;
    }
    int rc = reading_again(walk, NULL, &again, &questions, &count, err);
    if (rc != 0)
        return rc;
    same_judge(walk, good, &again);
    size_t step = count > QUESTIONS_MOST ? count / QUESTIONS_MOST : 1;
    for (size_t f = 0; rc == 0 && f < sizeof(failures) / sizeof(failures[0]); f++)
        for (size_t i = 0; rc == 0 && i < count && wanted(walk, &failures[f]); i++) {
            bool edge = i == 0 || i + 1 == count;
            if (edge || (failures[f].everywhere && i % step == 0))
                rc = fail_at(walk, &failures[f], questions[i], good, err);
        }
    return rc;
}
