/* next - what runs next by itself, and why something does not. */
#include "cli/next.h"

#include "api/control.h"
#include "base/clock.h"
#include "base/date.h"
#include "base/jsonobject.h"
#include "base/jsontext.h"
#include "engine/authorization.h"

#include <stdlib.h>
#include <string.h>

static const char by_hand[] = "hand", by_pause[] = "pause", by_quarantine[] = "quarantine",
                  by_authorization[] = "authorization", by_retry[] = "retry";

/* Whether all that a connection is for is set aside; *ret_at_ms: until when, of the first that goes on. */
static bool all_aside(const struct connection *connection, const struct quarantine *aside, size_t count,
                      int64_t *ret_at_ms)
{
    static const enum quarantine_of all[] = {QUARANTINE_READING, QUARANTINE_TELLING};
    *ret_at_ms = INT64_MAX;
    for (size_t n = 0; n < sizeof(all) / sizeof(all[0]); n++) {
        int64_t until_ms = 0;
        for (size_t i = 0; i < count; i++)
            if (strcmp(aside[i].connection, connection->name) == 0 && quarantine_stops(&aside[i], all[n]) &&
                quarantine_next(&aside[i]) > until_ms)
                until_ms = quarantine_next(&aside[i]);
        if (until_ms == 0 && quarantine_concerns(connection, all[n]))
            return false;
        if (until_ms > 0 && until_ms < *ret_at_ms)
            *ret_at_ms = until_ms;
    }
    return true;
}

struct next next_of(const struct connection *connection, const struct zone *zone, int64_t ran_ms,
                    const struct pause *pauses, size_t pause_count, const struct quarantine *aside, size_t aside_count)
{
    if (authorization_awaited(connection, zone_day(zone, clock_now_ms()), NULL))
        return (struct next){connection, INT64_MAX, by_authorization};
    for (size_t i = 0; i < pause_count; i++)
        if (*pauses[i].connection == '\0' || strcmp(pauses[i].connection, connection->name) == 0)
            return (struct next){connection, INT64_MAX, by_pause};
    int64_t at_ms;
    if (all_aside(connection, aside, aside_count, &at_ms))
        return (struct next){connection, at_ms, by_quarantine};
    const struct trigger *first = occasion_first(connection, zone, clock_now_ms(), ran_ms, &at_ms);
    if (first)
        return (struct next){connection, at_ms, trigger_word(first)};
    for (size_t i = 0; i < connection->trigger_count; i++)
        if (connection->triggers[i].how >= TRIGGER_FILE)
            return (struct next){connection, INT64_MAX, trigger_word(&connection->triggers[i])};
    return (struct next){connection, INT64_MAX, by_hand}; /* also when the only time it had is over */
}

/* --- what musterd tries again --- */

struct retry {
    const char *organization, *connection; /* that are looked for */
    bool organization_is, connection_is;
    int64_t at_ms;
};

static int take_retry(void *context, const struct jsonobject_member *member)
{
    struct retry *retry = context;
    if (member->type != JSONOBJECT_STRING)
        return 0;
    retry->organization_is |=
        strcmp(member->name, "organization") == 0 && strcmp(member->text, retry->organization) == 0;
    retry->connection_is |= strcmp(member->name, "connection") == 0 && strcmp(member->text, retry->connection) == 0;
    if (strcmp(member->name, "at") == 0)
        instant_read(member->text, member->text_len, &retry->at_ms);
    return 0;
}

void next_ask(const char *state, struct buffer *ret_again)
{
    struct err err = {0};
    if (control_ask(state, "again", CONTROL_KNOWN_MS, ret_again, &err) != 0)
        buffer_clear(ret_again);
}

void next_again(struct next *next, const char *organization, const struct buffer *again)
{
    const char *why;
    size_t at;
    if (next->by == by_pause || next->by == by_quarantine || next->by == by_authorization)
        return;
    for (size_t begin = 0, len; begin < again->len; begin += len + 1) {
        struct retry retry = {.organization = organization, .connection = next->connection->name};
        len = strcspn(again->data + begin, "\n");
        if (jsonobject_split(again->data + begin, len, take_retry, &retry, &why, &at) == 0 && retry.organization_is &&
            retry.connection_is && retry.at_ms > 0 && retry.at_ms < next->at_ms) {
            next->at_ms = retry.at_ms;
            next->by = by_retry;
        }
    }
}

/* --- for people and programs --- */

static int order(const void *a, const void *b)
{
    const struct next *x = a, *y = b;
    bool x_hand = x->by == by_hand, y_hand = y->by == by_hand;
    if (x_hand != y_hand)
        return x_hand ? 1 : -1;
    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return strcmp(x->connection->name, y->connection->name);
}

/* "06:30" today, else with its day. */
static void time_text(const struct zone *zone, int64_t ms, char ret_text[32])
{
    int64_t now_ms = clock_now_ms(), local_ms = ms + (int64_t)zone_offset(zone, ms) * 1000;
    int64_t minutes = local_ms / 60000;
    char day[11];
    date_write(date_from_days(zone_day(zone, ms)), day);
    bool today = zone_day(zone, ms) == zone_day(zone, now_ms);
    if (ms <= now_ms + 1)
        snprintf(ret_text, 32, "now");
    else
        snprintf(ret_text, 32, "%s%s%02d:%02d", today ? "" : day, today ? "" : " ", (int)(minutes / 60 % 24),
                 (int)(minutes % 60));
}

/* What of the triggers no clock knows: "when a file arrives". */
static const char *event_text(const struct connection *connection)
{
    static const char *const texts[] = {"when a file arrives", "when something changes", "after another one",
                                        "when it is called"};
    for (size_t i = 0; i < connection->trigger_count; i++)
        if (connection->triggers[i].how >= TRIGGER_FILE)
            return texts[connection->triggers[i].how - TRIGGER_FILE];
    return NULL;
}

static void next_text(const struct next *next, const struct zone *zone, struct buffer *out)
{
    const char *name = next->connection->name, *event = event_text(next->connection);
    char time[32] = "";
    if (next->at_ms != INT64_MAX)
        time_text(zone, next->at_ms, time);
    if (next->by == by_pause)
        buffer_format(out, "not while it is paused (%s)", name);
    else if (next->by == by_authorization)
        buffer_format(out, "not before it is authorized (%s)", name);
    else if (next->by == by_quarantine)
        buffer_format(out, "%s (%s, which is set aside)", *time ? time : "not before its log-in is another", name);
    else if (next->by == by_retry)
        buffer_format(out, "%s again, as it failed (%s)", time, name);
    else if (*time)
        buffer_format(out, "%s %s%s%s (%s)", time, next->by, event ? " or " : "", event ? event : "", name);
    else
        buffer_format(out, "%s (%s)", event ? event : "", name);
}

void next_tell(struct context *context, const struct zone *zone, struct next *items, size_t count)
{
    TIDY_DONE(screen_buffer_done) struct buffer out = {0};
    size_t hand = 0;
    if (count > 1)
        qsort(items, count, sizeof(*items), order);
    for (size_t i = 0; i < count; i++)
        hand += items[i].by == by_hand;
    for (size_t i = 0; i < count - hand; i++) {
        buffer_text(&out, i ? ", " : "");
        next_text(&items[i], zone, &out);
    }
    if (hand > 0)
        buffer_format(&out, "%sby hand only%s", hand < count ? "; " : "", hand < count ? ": " : "");
    for (size_t i = count - hand; i < count && hand < count; i++)
        buffer_format(&out, "%s%s", i > count - hand ? ", " : "", items[i].connection->name);
    if (count > 0)
        screen_print(&context->screen, "  next: %s\n", out.data ? out.data : "");
}

void next_json(const struct next *next, struct buffer *out)
{
    char at[25];
    instant_write(next->at_ms == INT64_MAX ? 0 : next->at_ms, at);
    json_name(out, "next");
    buffer_byte(out, '{');
    json_member_text(out, "at", next->at_ms == INT64_MAX ? NULL : at);
    json_member_text(out, "by", next->by);
    buffer_byte(out, '}');
}
