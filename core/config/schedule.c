/* schedule - see the header. Pure. */
#include "config/schedule.h"

#include "base/date.h"
#include "config/cron.h"
#include "config/window.h"

#include <string.h>

static const int64_t MINUTE_MS = 60000, DAY_MS = 86400000;
/* From 29 February to the next one it is eight years where a century has none between. */
enum { DAYS_MOST = 366 * 8 + 2, WINDOWS_PASSED = 64 };

const char *trigger_word(const struct trigger *trigger)
{
    static const char *const words[] = {"", "schedule", "at", "every", "file", "on_change", "after", "webhook"};
    return words[trigger->how];
}

/* When a wall-clock time is: the first time the clock shows it; where it leaps over it, the instant of the leap. */
static int64_t instant_of(const struct zone *zone, int64_t local_ms)
{
    bool flagged = false;
    int64_t at = zone_to_utc(zone, local_ms, &flagged);
    int64_t shows = at + (int64_t)zone_offset(zone, at) * 1000;
    if (!flagged || shows == local_ms)
        return at;
    /* `at` is behind the leap, by less than its length */
    int32_t after = zone_offset(zone, at);
    int64_t before = at - (shows - local_ms) - 1, behind = at;
    while (behind - before > 1) {
        int64_t middle = before + (behind - before) / 2;
        if (zone_offset(zone, middle) == after)
            behind = middle;
        else
            before = middle;
    }
    return behind;
}

static int64_t local_of(const struct zone *zone, int64_t utc_ms)
{
    return utc_ms + (int64_t)zone_offset(zone, utc_ms) * 1000;
}

/* Whether a window is closed then; *ret_opens_ms: when it is open again. */
static bool closed(const struct trigger *trigger, const struct zone *zone, int64_t at_ms, int64_t *ret_opens_ms)
{
    for (const char *const *text = trigger->not_when; text && *text; text++) {
        struct window window;
        int64_t ends;
        if (window_read(*text, &window) && window_closed(&window, local_of(zone, at_ms), &ends)) {
            int64_t opens = instant_of(zone, ends);
            *ret_opens_ms = opens > at_ms ? opens : at_ms + 1; /* the clock went back meanwhile */
            return true;
        }
    }
    return false;
}

/* The first open moment from there on; INT64_MAX: there is none. */
static int64_t first_open(const struct trigger *trigger, const struct zone *zone, int64_t at_ms)
{
    int64_t opens;
    for (int passed = 0; closed(trigger, zone, at_ms, &opens); at_ms = opens)
        if (passed++ == WINDOWS_PASSED)
            return INT64_MAX;
    return at_ms;
}

/* --- cron --- */

static bool day_fits(const struct cron *cron, int64_t days)
{
    struct date date = date_from_days(days);
    bool day = cron->days >> date.day & 1, weekday = cron->weekdays >> ((days % 7 + 7 + 4) % 7) & 1;
    if (!(cron->months >> date.month & 1))
        return false;
    return cron->any_day || cron->any_weekday ? day && weekday : day || weekday;
}

/* The first time of that day that comes after `after_ms` and is not closed. Later times of the wall clock never come
 * earlier, so what it showed at `after_ms` is where to begin. */
static int64_t next_of_day(const struct cron *cron, const struct trigger *trigger, const struct zone *zone,
                           int64_t days, int64_t after_ms)
{
    int64_t shown = local_of(zone, after_ms) - days * DAY_MS;
    for (unsigned minute = shown > 0 ? (unsigned)(shown / MINUTE_MS) : 0; minute < 1440; minute++) {
        int64_t opens;
        if (!(cron->hours >> minute / 60 & 1)) {
            minute += 59 - minute % 60;
            continue;
        }
        if (!(cron->minutes >> minute % 60 & 1))
            continue;
        int64_t at = instant_of(zone, days * DAY_MS + minute * MINUTE_MS);
        if (at > after_ms && !closed(trigger, zone, at, &opens))
            return at;
    }
    return INT64_MAX;
}

static int64_t next_by_cron(const struct trigger *trigger, const struct zone *zone, int64_t after_ms)
{
    struct cron cron;
    const char *why;
    if (!trigger->text || !cron_read(trigger->text, &cron, &why) || first_open(trigger, zone, after_ms) == INT64_MAX)
        return INT64_MAX;
    int64_t today = zone_day(zone, after_ms);
    for (int64_t days = today; days < today + DAYS_MOST; days++) {
        int64_t at = day_fits(&cron, days) ? next_of_day(&cron, trigger, zone, days, after_ms) : INT64_MAX;
        if (at != INT64_MAX)
            return at;
    }
    return INT64_MAX;
}

/* --- and the others --- */

static int64_t next_at(const struct trigger *trigger, const struct zone *zone, int64_t after_ms)
{
    struct moment moment = {0};
    if (!trigger->text || !date_parse("YYYY-MM-DD HH:MM", trigger->text, strlen(trigger->text), &moment))
        return INT64_MAX;
    int64_t minutes = date_days(moment.date) * 1440 + moment.hour * 60 + moment.minute;
    int64_t at = first_open(trigger, zone, instant_of(zone, minutes * MINUTE_MS));
    return at > after_ms ? at : INT64_MAX;
}

int64_t schedule_next(const struct trigger *trigger, const struct zone *zone, int64_t after_ms, int64_t ran_ms)
{
    switch (trigger->how) {
    case TRIGGER_SCHEDULE: return next_by_cron(trigger, zone, after_ms);
    case TRIGGER_AT: return next_at(trigger, zone, after_ms);
    case TRIGGER_EVERY: {
        int64_t at = ran_ms > 0 ? ran_ms + trigger->every_ms : after_ms + 1;
        return first_open(trigger, zone, at > after_ms ? at : after_ms + 1);
    }
    default: return INT64_MAX;
    }
}

bool schedule_first(const struct connection *connection, const struct zone *zone, int64_t after_ms, int64_t ran_ms,
                    struct due *ret_due)
{
    struct due due = {.at_ms = INT64_MAX};
    for (size_t i = 0; i < connection->trigger_count; i++) {
        const struct trigger *trigger = &connection->triggers[i];
        int64_t at = schedule_next(trigger, zone, after_ms, ran_ms);
        if (at < due.at_ms)
            due = (struct due){trigger, at};
    }
    if (due.trigger)
        *ret_due = due;
    return due.trigger != NULL;
}
