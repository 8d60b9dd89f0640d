/* test_roots - what a run touched, in order, against qsort. */
#include "unit.h"

#include "scratch.h"

#include "base/fault.h"
#include "engine/roots.h"

#include <errno.h>

enum { MOST = 3000 };

static int compare(const void *a, const void *b)
{
    const struct root *x = a, *y = b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

/* `series` ascending series, each of its own length, of one kind or the other. */
static size_t roots_make(struct root *roots, size_t series, uint64_t *seed)
{
    size_t count = 0;
    for (size_t s = 0; s < series; s++) {
        enum kind kind = chance(seed, 2) ? KIND_person : KIND_org_unit;
        uint64_t id = chance(seed, 50) + 1;
        for (size_t n = chance(seed, MOST / series) + 1; n > 0 && count < MOST; n--, id += chance(seed, 3))
            roots[count++] = (struct root){kind, id, chance(seed, 10) ? n : ROOT_ONLY};
    }
    return count;
}

static void series_become_one(void **state)
{
    (void)state;
    static const size_t series[] = {1, 2, 3, 4, 16, 17, 18, 100, MOST};
    uint64_t seed = 11;
    for (size_t i = 0; i < sizeof(series) / sizeof(series[0]); i++)
        for (int round = 0; round < 40; round++) {
            static struct root roots[MOST], model[MOST];
            size_t count = roots_make(roots, series[i], &seed);
            memcpy(model, roots, count * sizeof(*model));
            qsort(model, count, sizeof(*model), compare);
            assert_int_equal(roots_order(roots, count), 0);
            for (size_t n = 0; n < count; n++)
                assert_int_equal(compare(&roots[n], &model[n]), 0);
        }
}

static void nothing_is_in_order(void **state)
{
    (void)state;
    struct root one = {KIND_person, 7, ROOT_ONLY};
    assert_int_equal(roots_order(NULL, 0), 0);
    assert_int_equal(roots_order(&one, 1), 0);
    assert_int_equal(one.id, 7);
}

static void without_memory_it_is_said(void **state)
{
    (void)state;
#ifndef HAVE_FAULTS
    skip();
#endif
    struct root roots[] = {{KIND_org_unit, 1, 0}, {KIND_person, 2, 1}, {KIND_person, 3, 2}};
    fault_set("alloc:1");
    int rc = roots_order(roots, 3);
    fault_set(NULL);
    assert_int_equal(rc, -ENOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(series_become_one),
        cmocka_unit_test(nothing_is_in_order),
        cmocka_unit_test(without_memory_it_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
