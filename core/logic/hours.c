/* hours - what punches of one person come to. */
#include "logic/hours.h"

#include <stdlib.h>

/* Of two at the same instant what was taken back comes first, then the out: who hands over to himself goes, then comes.
 */
static int punch_order(const void *a, const void *b)
{
    const struct hours_punch *x = a, *y = b;
    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    if (x->deleted != y->deleted)
        return x->deleted ? -1 : 1;
    if (x->out != y->out)
        return x->out ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

/* One group, punch by punch. */
struct pairing {
    struct hours_period *open, *last; /* NULL: none */
    bool taken_back;                  /* an in that was, and stands before what comes next */
    bool dirty;                       /* something within the open one was */
};

static void take_back(struct pairing *pairing, const struct hours_punch *punch)
{
    if (!punch->out)
        pairing->taken_back = true;
    else if (pairing->taken_back)
        pairing->taken_back = false; /* with its in: nobody else's matter */
    else if (pairing->open)
        pairing->dirty = true;
    else if (pairing->last)
        pairing->last->state = HOURS_CORRECTED;
}

/* Where a new one begins: `next`, if the punch makes one. */
static bool come(struct pairing *pairing, const struct hours_punch *punch, struct hours_period *next)
{
    if (pairing->open && pairing->open->started_ms == punch->at_ms)
        return false; /* told twice */
    *next = (struct hours_period){.in = punch->id, .started_ms = punch->at_ms, .state = HOURS_OPEN};
    pairing->open = next;
    pairing->dirty = pairing->taken_back;
    pairing->taken_back = false;
    return true;
}

static bool go(struct pairing *pairing, const struct hours_punch *punch, struct hours_period *next)
{
    struct hours_period *open = pairing->open;
    pairing->open = NULL;
    if (open && punch->at_ms - open->started_ms <= HOURS_MOST_MS) {
        open->out = punch->id;
        open->ended_ms = punch->at_ms;
        open->state = pairing->dirty || pairing->taken_back ? HOURS_CORRECTED : HOURS_CLOSED;
        pairing->last = open;
        pairing->taken_back = false;
        return false;
    }
    if (!open && pairing->last && pairing->last->ended_ms == punch->at_ms)
        return false; /* told twice */
    *next = (struct hours_period){.out = punch->id, .ended_ms = punch->at_ms, .state = HOURS_OPEN};
    pairing->last = NULL;
    return true;
}

size_t hours_pair(struct hours_punch *punches, size_t count, int64_t now_ms, struct hours_period *ret_periods)
{
    struct pairing pairing = {0};
    size_t made = 0;
    if (count > 1)
        qsort(punches, count, sizeof(*punches), punch_order);
    for (size_t n = 0; n < count; n++) {
        const struct hours_punch *punch = &punches[n];
        if (n > 0 && punches[n - 1].group != punch->group)
            pairing = (struct pairing){0};
        if (punch->deleted)
            take_back(&pairing, punch);
        else
            made += (punch->out ? go : come)(&pairing, punch, &ret_periods[made]);
        bool ends = n + 1 == count || punches[n + 1].group != punch->group;
        if (ends && pairing.open)
            pairing.open->running = now_ms - pairing.open->started_ms <= HOURS_MOST_MS;
    }
    return made;
}
