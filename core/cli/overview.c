/* overview - the lines of `status` that tell of an organization as a whole. */
#include "cli/overview.h"

#include "base/clock.h"
#include "base/date.h"
#include "base/jsontext.h"
#include "cli/waits.h"
#include "query/horizon.h"

#include <string.h>

enum { COUNT_MOST = 10000, COMMITS_BEHIND = 100 };

/* The statuses that anybody has, in the model's order. */
static const char *status_nth(const struct census *census, size_t *nth, size_t *ret_len, uint64_t *ret_count)
{
    const struct field *field = field_by_number(KIND_person, FIELD_person_status);
    const char *name;
    while ((name = enum_nth(field, (*nth)++, ret_len))) {
        uint8_t number = enum_number(field, name, *ret_len);
        if (number < CENSUS_STATUSES && (*ret_count = census->people[number]) > 0)
            return name;
    }
    return NULL;
}

void overview_tell(struct context *context, const struct census *census)
{
    const char *name, *between = "  people: ";
    size_t nth = 0, len;
    uint64_t count;
    while ((name = status_nth(census, &nth, &len, &count))) {
        screen_print(&context->screen, "%s%lu %.*s", between, (unsigned long)count, (int)len, name);
        between = ", ";
    }
    screen_print(&context->screen, "%s", *between == ',' ? "\n" : "");
}

void overview_json(const struct census *census, struct buffer *out)
{
    const char *name;
    size_t nth = 0, len;
    uint64_t count;
    json_name(out, "people");
    buffer_byte(out, '{');
    while ((name = status_nth(census, &nth, &len, &count))) {
        char status[32];
        snprintf(status, sizeof(status), "%.*s", (int)len, name);
        json_member_number(out, status, count);
    }
    buffer_byte(out, '}');
}

void overview_age(int64_t ms, char ret_text[32])
{
    int64_t minutes = (clock_now_ms() - ms) / 60000;
    if (minutes < 1)
        snprintf(ret_text, 32, "just now");
    else if (minutes < 120)
        snprintf(ret_text, 32, "%ld min ago", (long)minutes);
    else if (minutes < 48 * 60)
        snprintf(ret_text, 32, "%ld h ago", (long)(minutes / 60));
    else
        snprintf(ret_text, 32, "%ld days ago", (long)(minutes / 60 / 24));
}

void overview_waits(struct context *context, struct query *query)
{
    static const struct {
        enum wait_type type;
        const char *command, *rest;
    } ways[] = {{WAIT_HELD, "approve", " ID… --reason TEXT, or reject"},
                {WAIT_REVIEW, "link", " ID KEY --reason TEXT, or unlink, keep-apart"},
                {WAIT_DEAD, "deadletters", ""},
                {WAIT_DRIFT, "accept", " ID --reason TEXT"},
                {WAIT_TASK, "inbox", ""}};
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        char text[64];
        size_t count = query_count_waits(query, ways[i].type, NULL, COUNT_MOST);
        if (count == 0)
            continue;
        waits_count_text(ways[i].type, count, COUNT_MOST, text);
        screen_print(&context->screen, "  %s: muster %s %s%s\n", text, ways[i].command, query->organization->id,
                     ways[i].rest);
    }
}

static bool reader_holds(const struct query *query, long *ret_pid, uint64_t *ret_commits)
{
    return store_reader_behind(query->store, ret_pid, ret_commits) && *ret_commits >= COMMITS_BEHIND;
}

void overview_reader_json(const struct query *query, struct buffer *out)
{
    long pid;
    uint64_t commits;
    if (!reader_holds(query, &pid, &commits))
        return;
    json_name(out, "reader");
    buffer_byte(out, '{');
    json_member_number(out, "process", (uint64_t)pid);
    json_member_number(out, "commits", commits);
    buffer_byte(out, '}');
}

void overview_horizon_json(struct query *query, struct buffer *out)
{
    TIDY_DONE(screen_buffer_done) struct buffer text = {0};
    struct bygone bygone;
    char time[25];
    if (!bygone_get(&query->txn, &bygone))
        return;
    buffer_text(&text, "Runs of before ");
    horizon_tell(query->organization, &bygone, &text);
    instant_write(bygone.until_ms, time);
    json_name(out, "horizon");
    buffer_byte(out, '{');
    json_member_number(out, "run", bygone.run + 1);
    json_member_text(out, "before", time);
    json_member_text(out, "sentence", text.data);
    buffer_byte(out, '}');
}

void overview_reader(struct context *context, struct query *query)
{
    long pid;
    uint64_t commits;
    if (reader_holds(query, &pid, &commits))
        screen_print(
            &context->screen,
            "  process %ld looks at what was kept %lu commits ago: while it does, data.mdb only grows; if that "
            "stays so, end it\n",
            pid, (unsigned long)commits);
}
