/* retention - how long is kept what came before. Part of reading.h. */
#include "config/reading.h"

#include <string.h>

/* Hours are made of punches, an exchange is of its shift: what one needs stays as long as the other. */
static const struct {
    enum kind of, made;
} together[] = {{KIND_punch, KIND_work_period}, {KIND_shift, KIND_exchange}};

bool retention_takes(enum kind kind)
{
    static const enum kind own[] = {KIND_shift, KIND_work_order, KIND_punch, KIND_incident, KIND_note, KIND_lookup_row};
    for (size_t n = 0; n < sizeof(own) / sizeof(own[0]); n++)
        if (own[n] == kind)
            return true;
    return false;
}

int64_t retention_limit(const struct retention *retention, enum kind kind)
{
    int64_t limit = retention_takes(kind) ? retention->kind_ms[kind] : 0;
    for (size_t n = 0; n < sizeof(together) / sizeof(together[0]) && limit > 0; n++)
        if (together[n].of == kind && retention->kind_ms[together[n].made] > limit)
            limit = retention->kind_ms[together[n].made];
    return limit;
}

int64_t retention_runs(const struct retention *retention)
{
    static const int64_t least = RETENTION_RUNS_DAYS * INT64_C(86400000);
    return retention->runs_ms > 0 && retention->runs_ms < least ? least : retention->runs_ms;
}

enum kind retention_goes_with(enum kind kind)
{
    for (size_t n = 0; n < sizeof(together) / sizeof(together[0]); n++)
        if (together[n].made == kind)
            return together[n].of;
    return KIND_NONE;
}

enum kind retention_made_of(enum kind kind)
{
    for (size_t n = 0; n < sizeof(together) / sizeof(together[0]); n++)
        if (together[n].of == kind)
            return together[n].made;
    return KIND_NONE;
}

void retention_read(struct reading *reading, const struct node *node, struct retention *retention)
{
    static const char *const others[] = {"source", "calls", "runs", NULL};
    int64_t *const limits[] = {&retention->source_ms, &retention->calls_ms, &retention->runs_ms};
    const char *names[KIND_COUNT + 4] = {0};
    size_t count = 0;
    if (!want_map(reading, node, "retention"))
        return;
    retention->node = node;
    for (; others[count]; count++)
        names[count] = others[count];
    for (int kind = 1; kind < KIND_COUNT; kind++)
        names[count++] = kind_name((enum kind)kind);
    node_unknown_keys(reading->complaints, node, names, "retention");
    for (size_t i = 0; i < node->count; i++) {
        const char *name = node->keys[i]->text;
        const char *what = reading_format(reading, "retention: %s", name);
        if (!has_name(names, name))
            continue;
        int64_t limit = want_duration(reading, node->items[i], what, -1);
        if (limit == 0)
            complain(reading->complaints, node->items[i], "%s must be longer than nothing", what);
        for (size_t n = 0; others[n]; n++)
            if (limit > 0 && strcmp(name, others[n]) == 0)
                *limits[n] = limit;
        enum kind kind = kind_by_name(name);
        if (limit > 0 && kind != KIND_NONE)
            retention->kind_ms[kind] = limit;
    }
}
