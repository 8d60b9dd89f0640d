/* checking - rules C18 to C20: what check() says of a system that is well, and of one that refuses. */
#include "conform/walk.h"

#include <stdio.h>
#include <string.h>

/* What is only written need not be there before it is. */
static bool is_well(const struct walk *walk, const struct haul *haul)
{
    const struct connection *connection = walk->subject->connection;
    bool read = connection->mappings && connection->mappings[0];
    return haul_well(haul) || (haul->rc == 0 && haul->result.rc == MUSTER_GONE && connection->target && !read);
}

int checking_live(const struct walk *walk, struct cassette *cassette, struct err *err)
{
    __attribute__((cleanup(haul_done))) struct haul haul = {0};
    struct visit visit;
    struct err why = {0};
    int rc = visit_begin(walk->trial, walk->subject, cassette, &visit, &why);
    if (rc == 0)
        rc = haul_new(&haul);
    if (rc == 0)
        visit_check(&visit, &haul);
    const char *unknown = rc == 0 ? visit_unknown(&visit) : NULL;
    if (rc != 0)
        trial_fault(walk->trial, RULE_C18, "", "%s", why.text);
    else if (unknown)
        trial_unseen(walk->trial, RULE_C18, "%s", unknown);
    else
        trial_looked(walk->trial, RULE_C18);
    if (rc == 0 && !unknown && !is_well(walk, &haul))
        trial_fault(walk->trial, RULE_C18, haul.rc ? "" : haul_code(haul.result.rc), "%s",
                    haul.rc ? haul.err.text : haul.result.text);
    visit_end(&visit);
    (void)err;
    return 0;
}

/* check() with what was answered then, but for `fault`. *ret_questions (may be NULL): what it asked. */
static int check_again(const struct walk *walk, const char *fault, struct haul *haul, const char ***ret_questions,
                       size_t *ret_count, struct err *err)
{
    struct visit visit;
    int rc = visit_again(walk->trial, walk->subject, walk->tape, fault, &visit, err);
    if (rc == 0)
        rc = haul_new(haul);
    if (rc == 0)
        visit_check(&visit, haul);
    if (rc == 0 && ret_questions)
        *ret_questions = tape_questions(visit.own, walk->subject->arena, ret_count);
    visit_end(&visit);
    return rc;
}

static void harmless(const struct walk *walk, const char *const *questions, size_t count)
{
    static const char *const harms[] = {"http PUT ", "http PATCH ", "http DELETE ", "store ", "archive ", "remove "};
    trial_looked(walk->trial, RULE_C20);
    for (size_t i = 0; i < count; i++)
        for (size_t h = 0; h < sizeof(harms) / sizeof(harms[0]); h++)
            if (strncmp(questions[i], harms[h], strlen(harms[h])) == 0)
                trial_fault(walk->trial, RULE_C20, "", "it asks %s", questions[i]);
}

static bool calls(const char *const *questions, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strncmp(questions[i], "http ", 5) == 0)
            return true;
    return false;
}

int checking_fails(const struct walk *walk, struct err *err)
{
    static const struct {
        int status;
        muster_rc rc;
    } refusals[] = {{401, MUSTER_AUTH}, {403, MUSTER_PERMISSION}, {503, MUSTER_RETRY}};
    __attribute__((cleanup(haul_done))) struct haul good = {0};
    const char **questions = NULL;
    size_t count = 0;
    enum state state = walk->trial->verdicts[RULE_C18].count > 0 ? STATE_FAILED : STATE_PASSED;
    if (state == STATE_FAILED || walk->trial->verdicts[RULE_C18].unseen) {
        trial_unseen(walk->trial, RULE_C19, "check() did not succeed in the first place");
        return 0;
    }
    int rc = check_again(walk, NULL, &good, &questions, &count, err);
    if (rc == 0 && questions)
        harmless(walk, questions, count);
    if (rc != 0 || !questions || !calls(questions, count))
        return rc;
    trial_looked(walk->trial, RULE_C19);
    for (size_t i = 0; rc == 0 && i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        __attribute__((cleanup(haul_done))) struct haul haul = {0};
        char fault[40];
        snprintf(fault, sizeof(fault), "%d=all", refusals[i].status);
        rc = check_again(walk, fault, &haul, NULL, NULL, err);
        if (rc == 0 && haul.rc == 0 && haul.result.rc != refusals[i].rc)
            trial_fault(walk->trial, RULE_C19, "", "when everything is answered %d it says %s instead of %s",
                        refusals[i].status, haul_code(haul.result.rc), haul_code(refusals[i].rc));
    }
    return rc;
}
