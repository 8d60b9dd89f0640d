/* safeguard - how much may change at once before a person is asked. Part of reading.h. */
#include "config/reading.h"

#include "base/date.h"
#include "base/zone.h"

#include <limits.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)

static const char *const gates[] = {"deactivate", "update", "rekey", "email", "manager", "create", "grace", NULL};
enum { GATES = 6 };
static const char *const keys[] = {"percent", "from", "count", "of", "window", "minimum", "except", "off", NULL};
static const char *const within[] = {"partition", "connection", NULL};

/* What holds where the file says nothing. `deactivate: 5%` is short for the first. A share that is usual for e-mail
 * addresses is a bad day for numbers; one manager may leave a shop of five, which changes the other four. Values come
 * and go all the time: only the file knows how many are too many; so it is with who is new in a target. */
static const struct safeguard usual[] = {
    {.set = true, .percent = 5, .from = 2, .count = 50, .window_ms = 7 * DAY_MS},
    {.set = false, .percent = 40, .from = 3, .count = UINT_MAX, .window_ms = 7 * DAY_MS},
    {.set = true, .percent = 20, .from = 3, .count = UINT_MAX, .window_ms = 7 * DAY_MS},
    {.set = true, .percent = 20, .from = 3, .count = UINT_MAX, .window_ms = 7 * DAY_MS},
    {.set = true, .percent = 50, .from = 5, .count = UINT_MAX, .window_ms = 7 * DAY_MS},
    {.set = false, .percent = 20, .from = 3, .count = UINT_MAX, .window_ms = 7 * DAY_MS},
};

static void read_exception(struct reading *reading, const struct node *node, const char *what,
                           struct safeguard_exception *exception)
{
    static const char *const names[] = {"from", "to", "percent", "reason", NULL};
    const char *label = reading_format(reading, "%s: except", what);
    if (!want_map(reading, node, label))
        return;
    node_unknown_keys(reading->complaints, node, names, label);
    for (size_t i = 0; names[i]; i++)
        if (!node_get(node, names[i]))
            complain(reading->complaints, node, "%s: '%s' is missing: an exception has from, to, percent and reason",
                     label, names[i]);
    exception->from = want_day(reading, node_get(node, "from"), reading_format(reading, "%s: from", label));
    exception->to = want_day(reading, node_get(node, "to"), reading_format(reading, "%s: to", label));
    exception->reason = want_text(reading, node_get(node, "reason"), reading_format(reading, "%s: reason", label));
    exception->percent =
        want_percent(reading, node_get(node, "percent"), reading_format(reading, "%s: percent", label), true);
    if (exception->from && exception->to && strcmp(exception->from, exception->to) > 0)
        complain(reading->complaints, node_get(node, "to"), "%s: it ends before it begins", label);
}

static void read_exceptions(struct reading *reading, const struct node *node, const char *what,
                            struct safeguard *safeguard)
{
    const struct node *list = want_list(reading, node, reading_format(reading, "%s: except", what));
    if (!list)
        return;
    safeguard->exceptions = reading_get(reading, list->count + 1, sizeof(*safeguard->exceptions));
    for (size_t i = 0; safeguard->exceptions && i < list->count; i++)
        read_exception(reading, list->items[i], what, &safeguard->exceptions[i]);
    safeguard->exception_count = safeguard->exceptions ? list->count : 0;
}

/* Off to the end of that day, as the organization's clocks have it. */
static int64_t end_of_day(const struct reading *reading, const char *day)
{
    struct date date;
    bool flagged;
    if (!day || !date_read(day, strlen(day), &date))
        return 0;
    int64_t local = (date_days(date) + 1) * DAY_MS;
    return reading->zone ? zone_to_utc(reading->zone, local, &flagged) : local;
}

static void off_needs(struct reading *reading, const struct node *node, const char *label)
{
    complain(reading->complaints, node, "%s needs until and reason, as in { until: 2026-07-14, reason: TEXT }", label);
}

static void read_off(struct reading *reading, const struct node *node, const char *what, struct safeguard *safeguard)
{
    static const char *const names[] = {"until", "reason", NULL};
    const char *label = reading_format(reading, "%s: off", what);
    if (!node)
        return;
    node_unknown_keys(reading->complaints, node, names, label);
    if (node->type != NODE_MAP || !node_get(node, "until") || !node_get(node, "reason")) {
        off_needs(reading, node, label);
        return;
    }
    safeguard->off = true;
    safeguard->off_until_ms =
        end_of_day(reading, want_day(reading, node_get(node, "until"), reading_format(reading, "%s: until", label)));
    safeguard->off_reason = want_text(reading, node_get(node, "reason"), reading_format(reading, "%s: reason", label));
}

static void read_long(struct reading *reading, const struct node *map, const char *what, struct safeguard *safeguard)
{
    node_unknown_keys(reading->complaints, map, keys, what);
    double percent =
        want_percent(reading, node_get(map, "percent"), reading_format(reading, "%s: percent", what), true);
    safeguard->percent = percent >= 0 ? percent : safeguard->percent;
    safeguard->from = want_count(reading, node_get(map, "from"), reading_format(reading, "%s: from", what), 1, 1000000,
                                 safeguard->from);
    safeguard->count = want_count(reading, node_get(map, "count"), reading_format(reading, "%s: count", what), 0,
                                  100000000, safeguard->count);
    safeguard->of_connection =
        want_word(reading, node_get(map, "of"), reading_format(reading, "%s: of", what), within) == 1;
    safeguard->minimum = want_count(reading, node_get(map, "minimum"), reading_format(reading, "%s: minimum", what), 0,
                                    100000000, safeguard->minimum);
    safeguard->window_ms = want_duration(reading, node_get(map, "window"), reading_format(reading, "%s: window", what),
                                         safeguard->window_ms);
    read_exceptions(reading, node_get(map, "except"), what, safeguard);
    read_off(reading, node_get(map, "off"), what, safeguard);
}

static void read_gate(struct reading *reading, const struct node *node, const char *what, struct safeguard *safeguard)
{
    if (!node)
        return;
    safeguard->set = true;
    if (node->type == NODE_MAP) {
        read_long(reading, node, what, safeguard);
        return;
    }
    if (node->type == NODE_TEXT && strcmp(node->text, "off") == 0) {
        off_needs(reading, node, reading_format(reading, "%s: off", what));
        return;
    }
    double percent = want_percent(reading, node, what, false);
    safeguard->percent = percent >= 0 ? percent : safeguard->percent;
}

void safeguards_read(struct reading *reading, struct connection *connection, const struct node *node)
{
    struct safeguard *const all[GATES] = {&connection->deactivate, &connection->update,  &connection->rekey,
                                          &connection->email,      &connection->manager, &connection->create};
    const char *what = reading_format(reading, "connection '%s': safeguards", connection->name);
    for (size_t i = 0; i < GATES; i++)
        *all[i] = usual[i];
    if (!want_map(reading, node, what))
        return;
    node_unknown_keys(reading->complaints, node, gates, what);
    if (node_get(node, "create") && !node_get(connection->node, "target"))
        complain(reading->complaints, node_get(node, "create"),
                 "connection '%s': safeguard 'create' looks at who would be new in a target, and it has none: add "
                 "target:, or leave it out",
                 connection->name);
    for (size_t i = 0; i < GATES; i++)
        read_gate(reading, node_get(node, gates[i]),
                  reading_format(reading, "connection '%s': safeguard '%s'", connection->name, gates[i]), all[i]);
    connection->grace_ms = want_duration(reading, node_get(node, "grace"),
                                         reading_format(reading, "connection '%s': grace", connection->name), -1);
}
