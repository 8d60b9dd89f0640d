/* push_parts - changes of several parts: they are done when each of them is. */
#include "delivery/push_sets.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct push_parted *find(const struct push_parts *parts, uint64_t id)
{
    const uint64_t *at = numbers_get(&parts->by_unit, id);
    return at ? &parts->items[*at - 1] : NULL;
}

int push_parts_also(struct push_parts *parts, uint64_t id, unsigned total, muster_rc rc, const char *why)
{
    struct push_parted *parted = find(parts, id);
    if (!parted) {
        int grown = mem_grow(&parts->items, parts->count, &parts->room, sizeof(*parts->items));
        if (grown == 0)
            grown = numbers_set(&parts->by_unit, id, parts->count + 1);
        if (grown != 0)
            return grown;
        parted = &parts->items[parts->count++];
        *parted = (struct push_parted){.id = id, .left = total - 1, .rc = MUSTER_OK};
    }
    parted->left -= parted->left > 0;
    if (rc == MUSTER_OK || parted->rc != MUSTER_OK)
        return 0;
    parted->rc = rc == MUSTER_AUTH ? rc : MUSTER_RETRY; /* whatever it is called: the set has to be written again */
    parted->why = mem_text(why ? why : "");
    return parted->why ? 0 : -ENOMEM;
}

bool push_parts_close(struct push_parts *parts, uint64_t id, bool anyway, muster_rc *ret_rc, const char **ret_why)
{
    static const char never[] = "another set that this change is about was not written";
    struct push_parted *parted = find(parts, id);
    if (!anyway && (!parted || parted->left > 0))
        return false;
    if (parted && parted->rc != MUSTER_OK) {
        *ret_rc = parted->rc;
        *ret_why = parted->why;
    } else if (!parted || parted->left > 0) {
        *ret_rc = MUSTER_RETRY;
        *ret_why = never;
    }
    if (parted)
        parted->closed = true;
    return true;
}

void push_parts_done(struct push_parts *parts)
{
    for (size_t n = 0; n < parts->count; n++)
        free(parts->items[n].why);
    free(parts->items);
    numbers_done(&parts->by_unit);
}
