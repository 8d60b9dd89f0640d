/* occasion - when a trigger is due next. */
#include "config/occasion.h"

#include "base/date.h"
#include "config/cron.h"
#include "config/window.h"

#include <string.h>

enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE, DAY = 24 * HOUR };
enum { DAYS_AHEAD = 366 * 9, WINDOWS_LOOKED_AT = 64, EVERY_HOUR = 0xffffff, LONGEST_JUMP = 26 * HOUR };

static int64_t local_of(const struct zone *zone, int64_t at_ms)
{
    return at_ms + (int64_t)zone_offset(zone, at_ms) * 1000;
}

static int64_t floor_to(int64_t value, int64_t unit)
{
    return value - ((value % unit) + unit) % unit;
}

/* A wall-clock time as an instant; one that the clock jumps over is the instant of the jump. */
static int64_t instant_of(const struct zone *zone, int64_t local_ms)
{
    bool odd = false;
    int64_t at = zone_to_utc(zone, local_ms, &odd);
    if (!odd || local_of(zone, at) == local_ms)
        return at;
    int64_t before = at - LONGEST_JUMP, after = at;
    int32_t offset = zone_offset(zone, at);
    while (after - before > 1) {
        int64_t middle = before + (after - before) / 2;
        if (zone_offset(zone, middle) == offset)
            after = middle;
        else
            before = middle;
    }
    return after;
}

/* --- cron words --- */

static bool day_fits(const struct cron *cron, int64_t day)
{
    struct date date = date_from_days(day);
    bool by_day = cron->days >> date.day & 1, by_weekday = cron->weekdays >> ((day + 4) % 7 + 7) % 7 & 1;
    bool either = !cron->any_day && !cron->any_weekday;
    return cron->months >> date.month & 1 && (either ? by_day || by_weekday : by_day && by_weekday);
}

/* Each hour of real time counts. */
static int64_t hourly_next(const struct cron *cron, const struct zone *zone, int64_t after_ms)
{
    int64_t at = floor_to(after_ms, MINUTE) + MINUTE, end = after_ms + (int64_t)DAYS_AHEAD * DAY;
    while (at < end) {
        int64_t local = local_of(zone, at), day = floor_to(local, DAY);
        if (day_fits(cron, day / DAY)) {
            if (cron->minutes >> local % HOUR / MINUTE & 1)
                return at;
            at += MINUTE;
        } else {
            int64_t tomorrow = instant_of(zone, day + DAY);
            at = tomorrow > at ? tomorrow : at + MINUTE; /* the clock was put back over midnight */
        }
    }
    return OCCASION_NEVER;
}

/* Wall-clock times in their order give instants in their order; several that are jumped over give the same one. */
static int64_t daily_next(const struct cron *cron, const struct zone *zone, int64_t after_ms)
{
    int64_t first = floor_to(local_of(zone, after_ms) - LONGEST_JUMP, DAY);
    for (int64_t day = first; day < first + (int64_t)DAYS_AHEAD * DAY; day += DAY) {
        if (!day_fits(cron, day / DAY))
            continue;
        for (int64_t hour = 0; hour < 24; hour++) {
            if (!(cron->hours >> hour & 1) || instant_of(zone, day + hour * HOUR + HOUR) <= after_ms)
                continue;
            for (int64_t minute = 0; minute < 60; minute++) {
                int64_t at = OCCASION_NEVER;
                if (cron->minutes >> minute & 1)
                    at = instant_of(zone, day + hour * HOUR + minute * MINUTE);
                if (at != OCCASION_NEVER && at > after_ms)
                    return at;
            }
        }
    }
    return OCCASION_NEVER;
}

static int64_t schedule_next(const char *text, const struct zone *zone, int64_t after_ms)
{
    struct cron cron;
    const char *why;
    if (!text || !cron_read(text, &cron, &why))
        return OCCASION_NEVER;
    return (cron.hours & EVERY_HOUR) == EVERY_HOUR ? hourly_next(&cron, zone, after_ms)
                                                   : daily_next(&cron, zone, after_ms);
}

/* --- one day and time; every so often --- */

static int64_t at_next(const char *text, const struct zone *zone, int64_t after_ms)
{
    struct moment moment = {0};
    if (!text || !date_parse("YYYY-MM-DD HH:MM", text, strlen(text), &moment))
        return OCCASION_NEVER;
    int64_t local = date_days(moment.date) * DAY + (int64_t)moment.hour * HOUR + (int64_t)moment.minute * MINUTE;
    int64_t at = instant_of(zone, local);
    return at > after_ms ? at : OCCASION_NEVER;
}

static uint64_t mixed(uint64_t number)
{
    number = (number ^ number >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    number = (number ^ number >> 27) * UINT64_C(0x94d049bb133111eb);
    return number ^ number >> 31;
}

static int64_t every_next(int64_t every_ms, int64_t after_ms, int64_t last_ms, uint64_t salt)
{
    int64_t tenth = every_ms / 10, spread = every_ms < MINUTE ? every_ms : MINUTE;
    int64_t at = after_ms + 1;
    if (last_ms == 0 && salt != 0)
        at += (int64_t)(mixed(salt) % (uint64_t)spread);
    else if (last_ms != 0)
        at = last_ms + every_ms;
    if (last_ms != 0 && salt != 0)
        at += (int64_t)(mixed(salt ^ (uint64_t)last_ms) % (uint64_t)(2 * tenth + 1)) - tenth;
    return at > after_ms ? at : after_ms + 1;
}

/* --- closed windows --- */

int64_t occasion_open(const struct trigger *trigger, const struct zone *zone, int64_t at_ms)
{
    for (int n = 0; n < WINDOWS_LOOKED_AT; n++) {
        int64_t local = local_of(zone, at_ms), end = 0;
        for (const char *const *text = trigger->not_when; text && *text && end == 0; text++) {
            struct window window;
            if (window_read(*text, &window))
                window_closed(&window, local, &end);
        }
        if (end == 0)
            return at_ms;
        int64_t open = instant_of(zone, end);
        at_ms = open > at_ms ? open : at_ms + HOUR; /* the clock was put back over the end of the window */
    }
    return OCCASION_NEVER;
}

/* --- all --- */

static int64_t by_clock(const struct trigger *trigger, const struct zone *zone, int64_t after_ms)
{
    return trigger->how == TRIGGER_AT ? at_next(trigger->text, zone, after_ms)
                                      : schedule_next(trigger->text, zone, after_ms);
}

int64_t occasion_next(const struct trigger *trigger, const struct zone *zone, int64_t after_ms, int64_t last_ms,
                      uint64_t salt)
{
    if (trigger->how == TRIGGER_EVERY)
        return occasion_open(trigger, zone, every_next(trigger->every_ms, after_ms, last_ms, salt));
    if (trigger->how != TRIGGER_SCHEDULE && trigger->how != TRIGGER_AT)
        return OCCASION_NEVER;
    int64_t at = by_clock(trigger, zone, after_ms), first = at;
    while (at != OCCASION_NEVER && at < first + (int64_t)DAYS_AHEAD * DAY) {
        int64_t open = occasion_open(trigger, zone, at);
        if (open == at)
            return at;
        if (open == OCCASION_NEVER)
            break;
        at = by_clock(trigger, zone, open - 1); /* what falls into a closed window is left out */
    }
    return OCCASION_NEVER;
}

const struct trigger *occasion_first(const struct connection *connection, const struct zone *zone, int64_t after_ms,
                                     int64_t last_ms, int64_t *ret_at_ms)
{
    const struct trigger *first = NULL;
    int64_t first_ms = OCCASION_NEVER;
    for (size_t i = 0; i < connection->trigger_count; i++) {
        int64_t at = occasion_next(&connection->triggers[i], zone, after_ms, last_ms, 0);
        if (at < first_ms) {
            first_ms = at;
            first = &connection->triggers[i];
        }
    }
    if (first)
        *ret_at_ms = first_ms;
    return first;
}

const char *trigger_word(const struct trigger *trigger)
{
    static const char *const words[] = {"", "schedule", "at", "every", "file", "on_change", "after", "webhook"};
    return words[trigger->how];
}
