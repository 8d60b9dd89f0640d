/* trial - what was found out about one connector, rule by rule, and what somebody has excused in writing. */
#include "conform/trial.h"

#include "base/mem.h"
#include "base/tidy.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void trial_done(struct trial *trial)
{
    free(trial->bypasses);
    arena_free(trial->arena);
}

int trial_only(struct trial *trial, const char *words, struct err *err)
{
    trial->limited = true;
    while (*words) {
        size_t len = strcspn(words, ",");
        enum rule_number rule;
        if (!rule_find(words, len, &rule))
            return err_set(err, ERR_CONFIG, "there is no rule '%.*s': see muster-conform --list", (int)len, words);
        trial->wanted[rule] = true;
        words += len + (words[len] == ',');
    }
    return 0;
}

bool trial_wants(const struct trial *trial, enum rule_number rule)
{
    return !trial->limited || trial->wanted[rule];
}

bool trial_wants_any(const struct trial *trial, const enum rule_number *rules)
{
    while (*rules != RULES)
        if (trial_wants(trial, *rules++))
            return true;
    return false;
}

/* --- what is excused --- */

static int bypass_read(struct trial *trial, char *line, unsigned number, const char *path, struct err *err)
{
    line[strcspn(line, "\r\n")] = '\0';
    size_t len = strcspn(line, " :");
    char *colon = strchr(line, ':');
    enum rule_number rule;
    if (*line == '\0' || *line == '#')
        return 0;
    if (!rule_find(line, len, &rule))
        return err_set(err, ERR_CONFIG, "%s:%u: there is no rule '%.*s': see muster-conform --list", path, number,
                       (int)len, line);
    const char *reason = colon ? colon + 1 + strspn(colon + 1, " ") : "";
    if (strlen(reason) < 10)
        return err_set(err, ERR_CONFIG, "%s:%u: a bypass says why, as in \"%s: the test system has no leavers\"", path,
                       number, rule_texts[rule].code);
    *colon = '\0';
    const char *subject = line + len + strspn(line + len, " ");
    int rc = mem_grow(&trial->bypasses, trial->bypass_count, &trial->bypass_room, sizeof(*trial->bypasses));
    struct bypass bypass = {rule, *subject ? arena_text(trial->arena, subject) : NULL, arena_text(trial->arena, reason),
                            number, false};
    if (rc != 0 || !bypass.reason || (*subject && !bypass.subject))
        return -ENOMEM;
    trial->bypasses[trial->bypass_count++] = bypass;
    return 0;
}

int trial_bypasses(struct trial *trial, const char *path, struct err *err)
{
    TIDY(fclose) FILE *file = fopen(path, "re");
    TIDY(free) char *line = NULL;
    size_t room = 0;
    int rc = 0;
    if (!file)
        return err_set(err, -errno, "%s cannot be read: %s", path, err_text(-errno));
    for (unsigned number = 1; rc == 0 && getline(&line, &room, file) >= 0; number++)
        rc = bypass_read(trial, line, number, path, err);
    return rc;
}

static const char *bypass_for(struct trial *trial, enum rule_number rule, const char *subject)
{
    const char *reason = NULL;
    for (size_t i = 0; i < trial->bypass_count; i++) {
        struct bypass *bypass = &trial->bypasses[i];
        if (bypass->rule != rule || (bypass->subject && strcmp(bypass->subject, subject) != 0))
            continue;
        bypass->used = true;
        if (!reason)
            reason = bypass->reason;
    }
    return reason;
}

/* --- what is found --- */

void trial_looked(struct trial *trial, enum rule_number rule)
{
    trial->verdicts[rule].looked = true;
}

void trial_unseen(struct trial *trial, enum rule_number rule, const char *format, ...)
{
    struct finding *verdict = &trial->verdicts[rule];
    char text[600];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (!verdict->unseen && !(verdict->unseen = arena_text(trial->arena, text)))
        trial->rc = -ENOMEM;
}

void trial_fault(struct trial *trial, enum rule_number rule, const char *subject, const char *format, ...)
{
    struct finding *verdict = &trial->verdicts[rule];
    char text[1500];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    verdict->looked = true;
    for (size_t i = 0; i < verdict->count && i < FAULTS_MAX; i++)
        if (strcmp(verdict->faults[i].subject, subject) == 0 && strcmp(verdict->faults[i].text, text) == 0)
            return;
    const char *reason = bypass_for(trial, rule, subject);
    verdict->bypassed += reason != NULL;
    if (verdict->count < FAULTS_MAX) {
        struct fault fault = {arena_text(trial->arena, subject), arena_text(trial->arena, text), reason};
        if (!fault.subject || !fault.text) {
            trial->rc = -ENOMEM;
            return;
        }
        verdict->faults[verdict->count] = fault;
    }
    verdict->count++;
}

/* --- what that means --- */

enum state trial_state(const struct trial *trial, enum rule_number rule)
{
    const struct finding *verdict = &trial->verdicts[rule];
    if (!trial_wants(trial, rule))
        return STATE_NONE;
    if (verdict->count > verdict->bypassed || (verdict->count > 0 && trial->strict))
        return STATE_FAILED;
    if (verdict->count > 0)
        return STATE_BYPASSED;
    if (verdict->looked)
        return STATE_PASSED;
    return verdict->unseen ? STATE_UNSEEN : STATE_NONE;
}

bool trial_passed(const struct trial *trial)
{
    for (size_t i = 0; i < RULES; i++) {
        enum state state = trial_state(trial, (enum rule_number)i);
        if (state == STATE_FAILED || (state == STATE_UNSEEN && trial->strict))
            return false;
    }
    return trial->rc == 0;
}

bool trial_level(const struct trial *trial, enum level level, bool *ret_holds)
{
    bool applies = false;
    *ret_holds = true;
    for (size_t i = 0; i < RULES; i++) {
        enum state state = trial_state(trial, (enum rule_number)i);
        if (rule_texts[i].level != level || state == STATE_NONE)
            continue;
        applies = true;
        *ret_holds &= state == STATE_PASSED || state == STATE_BYPASSED;
    }
    return applies;
}
