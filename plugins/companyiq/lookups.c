/* lookups - rows of the lookup modules: all of one module and month at a time, as files of which the first replaces
 * what is there and further ones are appended.
 *
 * When one of several files fails the set is not done, and the next try begins
 * again with the one that replaces. */
#include "companyiq.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void set_clear(struct lookup_set *set)
{
    for (size_t n = 0; n < set->count; n++)
        free(set->rows[n].why);
    for (size_t n = 0; n < set->column_count; n++) {
        free(set->names[n]);
        free(set->headers[n]);
    }
    free(set->names);
    free(set->headers);
    free(set->module);
    free(set->period);
    set->names = set->headers = NULL;
    set->module = set->period = NULL;
    set->count = set->column_count = 0;
}

static muster_rc no_memory(const struct companyiq *companyiq)
{
    return companyiq->host->fail(companyiq->run, MUSTER_FAIL, "no memory for a lookup file");
}

bool row_leaves(const struct lookup_row *row)
{
    return row->change->op == MUSTER_DEACTIVATE || row->change->op == MUSTER_DELETE || !row->change->after;
}

void row_refuse(struct lookup_row *row, muster_rc rc, const char *why)
{
    if (row->why)
        return;
    row->rc = rc;
    row->why = strdup(why);
}

/* --- where a set goes --- */

/* What option `modules` calls it there. */
static const char *code_of(const struct companyiq *companyiq, const char *module)
{
    char name[60];
    for (size_t n = 0, count = companyiq->host->count(companyiq->run, "modules"); n < count; n++) {
        snprintf(name, sizeof(name), "modules[%zu].name", n);
        if (strcmp(companyiq_option(companyiq, name), module) != 0)
            continue;
        snprintf(name, sizeof(name), "modules[%zu].code", n);
        return *companyiq_option(companyiq, name) ? companyiq_option(companyiq, name) : module;
    }
    return module;
}

static bool is_month(const char *text)
{
    return strlen(text) == 7 && strspn(text, "0123456789") == 4 && text[4] == '-' &&
           strspn(text + 5, "0123456789") == 2 && strcmp(text + 5, "00") > 0 && strcmp(text + 5, "12") <= 0;
}

/* NULL: it has somewhere to go. */
static const char *place_find(struct lookup_set *set)
{
    const char *format = companyiq_option(set->companyiq, "period_format");
    if (!*set->module)
        return "module is empty: the mapping has to say which lookup module the row is of";
    if (!is_month(set->period))
        return "period is no month as YYYY-MM: the mapping has to make one, as in period: { from: Day, date: YYYY-MM }";
    set->code = code_of(set->companyiq, set->module);
    snprintf(set->wire_period, sizeof(set->wire_period), "%.4s%s%.2s", set->period,
             strchr(format, '/')   ? "/"
             : strchr(format, '-') ? "-"
                                   : "",
             set->period + 5);
    return NULL;
}

/* --- a set --- */

static muster_rc all_refuse(struct lookup_set *set, muster_rc rc, const char *why)
{
    muster_rc told = MUSTER_OK;
    for (size_t n = 0; n < set->count && told == MUSTER_OK; n++)
        told = set->companyiq->host->refused(set->companyiq->run, set->rows[n].change, rc, why);
    return told;
}

/* It lies there: what is in it is done, and what could not be is told one by one. */
static muster_rc all_answer(struct lookup_set *set)
{
    const muster_host *host = set->companyiq->host;
    muster_rc rc = MUSTER_OK;
    for (size_t n = 0; n < set->count && rc == MUSTER_OK; n++) {
        const struct lookup_row *row = &set->rows[n];
        rc = row->why ? host->refused(set->companyiq->run, row->change, row->rc, row->why)
                      : host->applied(set->companyiq->run, row->change, NULL);
    }
    return rc;
}

/* There are rows, and not one that can be written: an empty file is not what anybody means by that. */
static bool nothing_good(const struct lookup_set *set, const struct part *part)
{
    size_t rows = 0;
    for (size_t n = 0; n < set->count; n++)
        rows += !row_leaves(&set->rows[n]);
    return rows > 0 && part->lines == 0 && part->until == set->count && part->from == 0;
}

static void first_why(const struct lookup_set *set, struct answer *answer)
{
    const char *why = NULL;
    for (size_t n = 0; n < set->count && !why; n++)
        why = set->rows[n].why;
    answer->rc = MUSTER_RETRY;
    answer->later = true;
    snprintf(answer->why, sizeof(answer->why), "no row of it can be written, so what is there stays: %.500s",
             why ? why : "");
}

static muster_rc parts_send(struct lookup_set *set, struct answer *ret_answer)
{
    struct part part = {.fd = -1};
    unsigned nth = 0;
    do {
        if (nth > 0)
            answer_done(ret_answer);
        *ret_answer = (struct answer){.rc = MUSTER_OK};
        ret_answer->rc = part_make(set, part.until, nth, &part, ret_answer->why);
        ret_answer->later = ret_answer->rc != MUSTER_OK;
        if (ret_answer->rc == MUSTER_OK && nothing_good(set, &part))
            first_why(set, ret_answer);
        if (ret_answer->rc == MUSTER_OK)
            upload(set, &part, nth == 0, ret_answer);
        part_done(&part);
        nth++;
    } while (ret_answer->rc == MUSTER_OK && part.until < set->count);
    return ret_answer->rc;
}

/* All that was gathered. What goes wrong with it is its own, unless the next one would fail like it. */
static muster_rc set_send(struct lookup_set *set)
{
    struct companyiq *companyiq = set->companyiq;
    struct answer answer = {.rc = MUSTER_OK};
    if (set->count == 0)
        return MUSTER_OK;
    const char *nowhere = place_find(set);
    if (nowhere)
        return all_refuse(set, MUSTER_DATA, nowhere);
    if (!columns_find(set))
        return no_memory(companyiq);
    muster_rc rc = parts_send(set, &answer);
    bool ends = rc != MUSTER_OK && answer_ends_it(&answer);
    rc = rc == MUSTER_OK ? all_answer(set) : all_refuse(set, answer_of_rows(&answer), answer.why);
    if (rc == MUSTER_OK && ends)
        rc = answer.told ? answer.rc : companyiq->host->fail(companyiq->run, answer.rc, "%s", answer.why);
    answer_done(&answer);
    return rc;
}

/* --- gathering --- */

static const char *said(const struct companyiq *companyiq, const muster_change *change, const char *field)
{
    const muster_record *record = change->op == MUSTER_DEACTIVATE || !change->after ? change->before : change->after;
    const char *text = record ? companyiq->host->get(record, field) : NULL;
    return text ? text : "";
}

static bool is_of(const struct lookup_set *set, const muster_change *change)
{
    return set->module && strcmp(set->module, said(set->companyiq, change, "module")) == 0 &&
           strcmp(set->period, said(set->companyiq, change, "period")) == 0;
}

static bool row_add(struct lookup_set *set, const muster_change *change)
{
    if (!set->module) {
        set->module = strdup(said(set->companyiq, change, "module"));
        set->period = strdup(said(set->companyiq, change, "period"));
    }
    if (set->count == set->room) {
        size_t room = set->room ? 2 * set->room : 256;
        struct lookup_row *rows = realloc(set->rows, room * sizeof(*rows));
        if (!rows)
            return false;
        set->rows = rows;
        set->room = room;
    }
    set->rows[set->count++] = (struct lookup_row){.change = change};
    return set->module && set->period;
}

muster_rc lookups_apply(struct companyiq *companyiq, const muster_push *push)
{
    struct lookup_set set = {.companyiq = companyiq};
    const muster_change *change;
    muster_rc rc = MUSTER_OK;
    (void)push;
    while (rc == MUSTER_OK && (rc = companyiq->host->next(companyiq->run, &change)) == MUSTER_OK && change) {
        if (set.count > 0 && !is_of(&set, change)) {
            rc = set_send(&set);
            set_clear(&set);
        }
        if (rc != MUSTER_OK) /* it was given, and not looked at */
            companyiq->host->refused(companyiq->run, change, MUSTER_AUTH, "another file before this one was not taken");
        else if (!row_add(&set, change))
            rc = no_memory(companyiq);
    }
    if (rc == MUSTER_OK)
        rc = set_send(&set);
    set_clear(&set);
    free(set.rows);
    return rc;
}
