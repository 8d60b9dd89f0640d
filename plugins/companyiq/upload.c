/* upload - a file goes to the platform, and what became of it is asked until it is known. */
#include "companyiq.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PAUSE_FIRST_MS = 100, PAUSE_MOST_MS = 5000, BATCH_ID = 100 };

/* Just this file was not taken: others may be. */
static void answer_fails(struct answer *answer, muster_rc rc, const char *why)
{
    answer->rc = rc;
    answer->later = true;
    snprintf(answer->why, sizeof(answer->why), "%s", why);
}

/* One of the words of an option. */
static bool is_word(const struct companyiq *companyiq, const char *option, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = companyiq_option(companyiq, option); *at; at += strcspn(at, " ")) {
        at += strspn(at, " ");
        if (strncmp(at, word, len) == 0 && (at[len] == ' ' || !at[len]))
            return true;
    }
    return false;
}

static void send_file(struct lookup_set *set, const struct part *part, bool first, struct answer *ret_answer)
{
    struct companyiq *companyiq = set->companyiq;
    const char *mode = companyiq_option(companyiq, first ? "replace_word" : "append_word");
    const muster_part module = {.name = companyiq_option(companyiq, "module_part"),
                                .body = set->code,
                                .body_len = strlen(set->code),
                                .fd = -1},
                      period = {.name = companyiq_option(companyiq, "period_part"),
                                .body = set->wire_period,
                                .body_len = strlen(set->wire_period),
                                .fd = -1},
                      how = {.name = companyiq_option(companyiq, "mode_part"),
                             .body = mode,
                             .body_len = strlen(mode),
                             .fd = -1},
                      file = {.name = companyiq_option(companyiq, "file_part"),
                              .filename = part->name,
                              .type = part->type,
                              .fd = part->fd};
    const muster_part *const parts[] = {&module, &period, &how, &file, NULL};
    call_form(companyiq, "upload_path", parts, first, ret_answer); /* what is appended twice is there twice */
}

/* --- the outcome --- */

static bool pause_for(struct companyiq *companyiq, int64_t ms)
{
    struct timespec left = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0 && !companyiq->host->cancelled(companyiq->run))
        ;
    return !companyiq->host->cancelled(companyiq->run);
}

/* How far it is. NULL: the answer does not say. */
static const char *state_of(const struct companyiq *companyiq, const struct answer *answer)
{
    return muster_node_text(answer_at(companyiq, answer, "state_pointer"));
}

static void outcome_ask(struct companyiq *companyiq, const char *batch, struct answer *answer)
{
    int64_t patience = companyiq->host->number(companyiq->run, "batch_patience") * 1000, waited = 0;
    int64_t pause = PAUSE_FIRST_MS;
    char why[CODE_WHY];
    for (;;) {
        answer_done(answer);
        call_json(companyiq, "batch_path", batch, NULL, answer);
        const char *state = answer->rc == MUSTER_OK ? state_of(companyiq, answer) : NULL;
        if (answer->rc != MUSTER_OK || !state || is_word(companyiq, "done_words", state))
            return;
        if (!is_word(companyiq, "busy_words", state)) {
            snprintf(
                why, sizeof(why),
                "CompanyIQ says that it is '%.60s' with the file: HR looks in the back end what is wrong with it; if "
                "that is a good word, an integrator adds it to option done_words",
                state);
            answer_fails(answer, MUSTER_RETRY, why);
            return;
        }
        if (waited >= patience || !pause_for(companyiq, pause))
            break;
        waited += pause;
        pause = 2 * pause < PAUSE_MOST_MS ? 2 * pause : PAUSE_MOST_MS;
    }
    snprintf(
        why, sizeof(why),
        "CompanyIQ has not read the file within %lld seconds: the next run sends it again; raise batch_patience if it "
        "always takes so long",
        (long long)(patience / 1000));
    bool cancelled = companyiq->host->cancelled(companyiq->run);
    answer_fails(answer, cancelled ? MUSTER_CANCELLED : MUSTER_RETRY, cancelled ? "the run was cancelled" : why);
}

/* --- rows that were not taken --- */

/* Of this part, the row on that line, or of that employee. NULL: nobody knows. */
static struct lookup_row *row_meant(struct lookup_set *set, const struct part *part, const muster_node *error)
{
    int64_t first = set->companyiq->host->number(set->companyiq->run, "first_line");
    int64_t line = node_count(muster_node_member(error, "row"));
    const char *who = node_text(error, "employeeId");
    struct lookup_row *only = NULL;
    for (size_t n = part->from; n < part->until; n++) {
        struct lookup_row *row = &set->rows[n];
        const char *employee = row->line ? set->companyiq->host->get(row->change->after, "employeeId") : NULL;
        if (!employee)
            continue;
        bool named = who && strcmp(employee, who) == 0;
        if (line >= 0 && (int64_t)row->line - 1 + first == line)
            return !who || !*who || named ? row : NULL;
        if (line < 0 && named && only)
            return NULL;
        if (line < 0 && named)
            only = row;
    }
    return only;
}

static bool error_take(struct lookup_set *set, const struct part *part, const muster_node *error)
{
    char why[CODE_WHY];
    const char *number = node_text(error, "code");
    struct lookup_row *row = row_meant(set, part, error);
    if (!row || !number)
        return false;
    const struct code *means = code_find((int)strtol(number, NULL, 10));
    code_why(means, number, node_text(error, "msg"), why);
    bool later = means->of_row == MUSTER_RETRY || means->of_row == MUSTER_AUTH;
    row_refuse(row, later ? MUSTER_RETRY : means->of_row, why);
    return true;
}

static void errors_take(struct lookup_set *set, const struct part *part, struct answer *answer)
{
    const muster_node *errors = answer_at(set->companyiq, answer, "errors_pointer");
    int64_t failed = node_count(answer_at(set->companyiq, answer, "failed_pointer")), found = 0;
    bool clear = true;
    for (const muster_node *error = muster_node_first(errors); error; error = error->next, found++)
        clear &= error_take(set, part, error);
    if (!clear || (failed >= 0 && failed != found))
        answer_fails(answer, MUSTER_RETRY,
                     "CompanyIQ says that some rows of the file failed, and not clearly which: it is sent again");
}

/* --- */

static bool is_id(const char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
    return *text && strlen(text) < BATCH_ID && strspn(text, letters) == strlen(text);
}

void upload(struct lookup_set *set, const struct part *part, bool first, struct answer *ret_answer)
{
    struct companyiq *companyiq = set->companyiq;
    char id[BATCH_ID];
    send_file(set, part, first, ret_answer);
    const char *batch =
        ret_answer->rc == MUSTER_OK ? muster_node_text(answer_at(companyiq, ret_answer, "batch_pointer")) : NULL;
    if (batch && !is_id(batch)) {
        answer_fails(
            ret_answer, MUSTER_FAIL,
            "what CompanyIQ gives as the number of the file cannot be one: compare option batch_pointer with its "
            "technical document");
    } else if (batch) {
        snprintf(id, sizeof(id), "%s", batch);
        outcome_ask(companyiq, id, ret_answer);
    }
    if (ret_answer->rc == MUSTER_OK)
        errors_take(set, part, ret_answer);
}
