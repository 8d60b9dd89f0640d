/* sight - whether files that lie at a place are worth a run. */
#include "engine/sight.h"

#include "base/arena.h"
#include "base/digest.h"
#include "base/mem.h"
#include "engine/pickup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct seen {
    uint64_t what; /* digest of name, size and time */
    bool twice, ready, told;
};

struct sight {
    const char *place;
    struct pickup_rule rule;
    struct seen *items; /* by `what` */
    size_t count;
    uint64_t told;
    bool begun; /* something was listed; before that `told` is of an earlier one */
};

struct sight *sight_new(const struct connection *connection, uint64_t told)
{
    struct sight *sight = mem_new(1, sizeof(*sight));
    if (!sight)
        return NULL;
    sight->place = connection_place(connection);
    sight->told = told;
    pickup_rule_read(connection, &sight->rule);
    return sight;
}

void sight_free(struct sight *sight)
{
    free(sight->items);
    free(sight);
}

uint64_t sight_told(const struct sight *sight)
{
    return sight->told;
}

static uint64_t what_of(const struct file_entry *entry)
{
    uint64_t parts[] = {digest_fast(entry->name, strlen(entry->name)), entry->size, (uint64_t)entry->mtime_ms};
    return digest_fast(parts, sizeof(parts));
}

static int by_what(const void *a_item, const void *b_item)
{
    const struct seen *a = a_item, *b = b_item;
    return a->what < b->what ? -1 : a->what > b->what;
}

/* Those that a run would look at: of the newest only that one. */
static size_t chosen(const struct sight *sight, size_t count)
{
    return sight->rule.mode == PICKUP_NEWEST && count > 1 ? 1 : count;
}

static int remember(struct sight *sight, const struct file_entry *entries, size_t count)
{
    struct seen *items = mem_new(count + 1, sizeof(*items));
    if (!items)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        items[i] = (struct seen){.what = what_of(&entries[i])};
        const struct seen *before =
            sight->count > 0 ? bsearch(&items[i], sight->items, sight->count, sizeof(*items), by_what) : NULL;
        items[i].twice = before;
        items[i].told = before && before->told;
    }
    qsort(items, count, sizeof(*items), by_what);
    free(sight->items);
    sight->items = items;
    sight->count = count;
    return 0;
}

/* Whatever the order in which they are listed. */
static uint64_t all_of(const struct sight *sight)
{
    uint64_t all = 1;
    for (size_t i = 0; i < sight->count; i++)
        all += sight->items[i].what;
    return all;
}

static struct seen *find(struct sight *sight, const struct file_entry *entry)
{
    struct seen wanted = {.what = what_of(entry)};
    return bsearch(&wanted, sight->items, sight->count, sizeof(wanted), by_what);
}

/* Markers are asked for where something is new only. `coming`: some of them are not ready. */
static int judge(struct sight *sight, struct files *files, const struct file_entry *entries, struct arena *arena,
                 bool *ret_fresh, bool *ret_coming, struct err *err)
{
    for (size_t i = 0; i < sight->count; i++) {
        struct seen *seen = find(sight, &entries[i]);
        const char *reason = NULL;
        if (seen->told)
            continue;
        int rc = seen->twice && sight->rule.marker
                     ? pickup_marked(&sight->rule, files, &entries[i], arena, &reason, err)
                     : 0;
        if (rc != 0)
            return rc;
        seen->ready = seen->twice && !reason;
        *ret_fresh |= seen->ready;
        *ret_coming |= !seen->twice;
        if (reason && sight->rule.mode == PICKUP_ALL) { /* they are taken together */
            *ret_fresh = false;
            return 0;
        }
    }
    if (sight->rule.mode == PICKUP_ALL && *ret_coming)
        *ret_fresh = false;
    return 0;
}

int sight_look(struct sight *sight, struct files *files, enum sight_seen *ret_seen, struct err *err)
{
    TIDY(arena_free) struct arena *arena = arena_new();
    const struct file_entry *entries = NULL;
    size_t count = 0;
    bool fresh = false, coming = false;
    int listed = arena ? files_list(files, sight->place, &entries, &count, err) : -ENOMEM;
    if (listed != 0 && listed != ERR_GONE)
        return listed;
    int rc = remember(sight, entries, chosen(sight, listed == 0 ? count : 0));
    if (rc != 0)
        return rc;
    if (!sight->begun && all_of(sight) == sight->told) /* as it lay there when it was told last */
        for (size_t i = 0; i < sight->count; i++)
            sight->items[i].told = true;
    sight->begun = true;
    rc = judge(sight, files, entries, arena, &fresh, &coming, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; fresh && i < sight->count; i++)
        sight->items[i].told |= sight->items[i].ready;
    if (fresh)
        sight->told = all_of(sight);
    *ret_seen = fresh ? SIGHT_NEWS : coming ? SIGHT_COMING : SIGHT_NOTHING;
    return listed;
}
