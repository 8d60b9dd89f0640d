/* roots - what a run touched, brought into the order in which it is merged. */
#include "engine/roots.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int root_compare(const void *a, const void *b)
{
    const struct root *x = a, *y = b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

/* How many of the first roots are in order. */
static size_t roots_ascend(const struct root *roots, size_t count)
{
    size_t len = count > 0;
    while (len > 0 && len < count && root_compare(&roots[len - 1], &roots[len]) <= 0)
        len++;
    return len;
}

/* Two series in order, the second behind the `first` roots, become one. The shorter one makes room for the other. */
static int roots_join(struct root *roots, size_t first, size_t count)
{
    size_t second = count - first, few = first < second ? first : second;
    struct root *kept = mem_new(few, sizeof(*kept));
    if (!kept)
        return -ENOMEM;
    memcpy(kept, first < second ? roots : roots + first, few * sizeof(*kept));
    if (first < second) {
        for (size_t k = 0, next = first, at = 0; k < few; at++)
            roots[at] = next < count && root_compare(&roots[next], &kept[k]) < 0 ? roots[next++] : kept[k++];
    } else {
        for (size_t k = few, next = first, at = count; k > 0;)
            roots[--at] = next > 0 && root_compare(&roots[next - 1], &kept[k - 1]) > 0 ? roots[--next] : kept[--k];
    }
    free(kept);
    return 0;
}

int roots_order(struct root *roots, size_t count)
{
    enum { SERIES_MAX = 16 };
    size_t series = 0, done = roots_ascend(roots, count);
    while (done < count && series++ < SERIES_MAX) {
        size_t next = roots_ascend(roots + done, count - done);
        int rc = roots_join(roots, done, done + next);
        if (rc != 0)
            return rc;
        done += next;
    }
    if (done < count)
        qsort(roots, count, sizeof(*roots), root_compare);
    return 0;
}
