/* verb_retain - retain: what is kept for longer than the organization's file says goes, or is only counted. */
#include "base/clock.h"
#include "base/date.h"
#include "base/jsontext.h"
#include "cli/retaining.h"
#include "cli/verb.h"
#include "query/left.h"

#include <string.h>

/* --- people --- */

/* Nobody goes by a word in a file: those whose time is over are only counted. */
struct leavers {
    size_t count;
    char before[11]; /* the day before which they left */
};

static int leavers_look(struct context *context, const struct organization *organization, struct leavers *ret_leavers)
{
    TIDY(query_close) struct query *query = NULL;
    int64_t limit_ms = organization->retention.kind_ms[KIND_person], day;
    struct err err = {0};
    *ret_leavers = (struct leavers){0};
    int rc = limit_ms > 0 ? query_open(context->settings, organization, &query, &err) : ERR_GONE;
    if (rc != 0)
        return rc == ERR_GONE ? STATUS_DONE : complain_rc(rc, &err);
    day = zone_day(query->zone, clock_now_ms() - limit_ms);
    date_write(date_from_days(day), ret_leavers->before);
    ret_leavers->count = left_count(query, day);
    rc = query_end(query, &err);
    return rc ? complain_rc(rc, &err) : STATUS_DONE;
}

static void leavers_tell(const struct context *context, const struct organization *organization,
                         const struct leavers *leavers)
{
    if (leavers->count > 0)
        screen_print(&context->screen,
                     "%s: %zu %s left before %s, longer ago than retention: person. Nobody goes by that alone: "
                     "`muster people %s --left-before %s` lists them, and `muster erase` lets one go\n",
                     organization->file, leavers->count, leavers->count == 1 ? "person" : "people", leavers->before,
                     organization->id, leavers->before);
}

/* --- what went --- */

struct went {
    const char *word; /* of `retention:`, where there is one */
    const char *what;
    uint64_t count;
    bool silent; /* goes with every sync and is no news, or is told by another one */
};

/* The nth; false: there are no more. */
static bool went_nth(const struct retained *retained, size_t nth, struct went *ret_went)
{
    const struct went others[] = {{"calls", "calls of connections", retained->calls, true},
                                  {"source", "rows of records that are gone", retained->source, false},
                                  {"runs", "reports of runs", retained->runs, true},
                                  {"history", "values of history that were replaced", retained->replaced, true},
                                  {"records", "records of sources", retained->records, true}};
    enum { OTHERS = sizeof(others) / sizeof(others[0]) };
    if (nth >= OTHERS + KIND_COUNT)
        return false;
    const char *name = nth < OTHERS ? NULL : kind_name((enum kind)(nth - OTHERS));
    *ret_went = name ? (struct went){name, name, retained->things[nth - OTHERS], false} : others[nth];
    return true;
}

static void retained_json(struct context *context, const char *id, bool planned, const struct retained *retained,
                          const struct leavers *leavers)
{
    TIDY_DONE(buffer_done) struct buffer out = {0};
    struct went went;
    buffer_byte(&out, '{');
    json_member_text(&out, "organization", id);
    json_name(&out, "planned");
    buffer_text(&out, planned ? "true" : "false");
    if (retained->run)
        json_member_number(&out, "run", retained->run);
    json_name(&out, planned ? "would_go" : "went");
    buffer_byte(&out, '{');
    for (size_t n = 0; went_nth(retained, n, &went); n++)
        if (went.count > 0)
            json_member_number(&out, went.word, went.count);
    buffer_byte(&out, '}');
    if (leavers->before[0]) {
        json_member_number(&out, "left", leavers->count);
        json_member_text(&out, "left_before", leavers->before);
    }
    buffer_text(&out, "}\n");
    if (out.rc == 0)
        fwrite(out.data, 1, out.len, context->screen.out);
}

static void retained_tell(struct context *context, const struct organization *organization, bool planned,
                          const struct retained *retained, const struct leavers *leavers)
{
    const struct screen *screen = &context->screen;
    struct grid grid;
    struct went went;
    uint64_t sum = 0;
    for (size_t n = 0; went_nth(retained, n, &went); n++)
        sum += went.count;
    leavers_tell(context, organization, leavers);
    if (sum == 0 && leavers->count == 0)
        screen_print(screen, "%s: nothing is kept for longer than its retention says\n", organization->file);
    if (sum == 0)
        return;
    screen_print(screen, "%s: kept for longer than its retention says, %s\n", organization->file,
                 planned ? "would go" : "went");
    grid_start(&grid, screen, "  ", "|>");
    for (size_t n = 0; went_nth(retained, n, &went); n++)
        if (went.count > 0) {
            grid_text(&grid, went.what);
            grid_number(&grid, went.count);
        }
    grid_end(&grid);
}

/* --- the verb, and the end of a sync --- */

/* Calls go with every sync, and are no news; of things there is one record each, or two. */
static void slice_tell(const struct screen *screen, const struct retained *retained)
{
    const char *between = "";
    struct went went;
    screen_print(screen, "retain  run %u: kept no longer: ", retained->run);
    for (size_t n = 0; went_nth(retained, n, &went); n++)
        if (went.count > 0 && !went.silent) {
            screen_print(screen, "%s%lu %s", between, (unsigned long)went.count, went.what);
            between = ", ";
        }
    screen_print(screen, "\n");
}

void retain_after_sync(struct context *context, const struct organization *organization)
{
    struct run_request request = context_request(context, organization, NULL);
    struct retained retained;
    struct err err = {0};
    int rc = retain(&request, RETAIN_SLICE, &retained, &err);
    if (rc != 0 && rc != ERR_BUSY) /* whoever runs does it */
        complain_rc(rc, &err);
    if (retained.run && !context->json && !context->quiet)
        slice_tell(&context->screen, &retained);
}

int verb_retain(struct context *context)
{
    TIDY(organization_free) struct organization *organization = NULL;
    int status = context_organization(context, context->arguments.words[0], &organization);
    if (status != STATUS_DONE)
        return status;
    if (!organization->retention.node && !context->json) {
        screen_print(&context->screen,
                     "%s says nothing of retention: all is kept. As in retention: { calls: 30d }; muster.yaml(5) tells "
                     "what can be said\n",
                     organization->file);
        return STATUS_DONE;
    }
    struct run_request request = context_request(context, organization, NULL);
    bool planned = GIVEN(context, plan);
    struct retained retained;
    struct leavers leavers;
    struct err err = {0};
    int rc = retain(&request, planned ? RETAIN_LOOK : RETAIN_ALL, &retained, &err);
    if (rc != 0)
        return complain_rc(rc, &err);
    if ((status = leavers_look(context, organization, &leavers)) != STATUS_DONE)
        return status;
    if (context->json) {
        retained_json(context, organization->id, planned, &retained, &leavers);
        return STATUS_DONE;
    }
    retained_tell(context, organization, planned, &retained, &leavers);
    return STATUS_DONE;
}
