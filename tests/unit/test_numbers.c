/* test_numbers - a map of numbers, against a plain array. */
#include "unit.h"

#include "scratch.h"

#include "base/numbers.h"

#include <errno.h>

enum { KEYS = 20000 };

/* The nth key of a kind: one after the other, with gaps, far apart, in blocks that fall on each other. */
static uint64_t key_of(unsigned kind, uint64_t nth)
{
    static const uint64_t step[] = {1, 2, 1 << 20, 16, UINT64_C(0x9e3779b97f4a7c15)};
    return kind < 5 ? (nth + 1) * step[kind] : (nth / 100 + 1) << 32 | (nth % 100);
}

static void what_was_set_is_found_and_nothing_else(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 6; kind++)
        for (size_t ahead = 0; ahead < 2; ahead++) {
            struct numbers numbers = {0};
            static uint64_t model[KEYS];
            uint64_t seed = 5;
            memset(model, 0, sizeof(model));
            if (ahead)
                assert_int_equal(numbers_reserve(&numbers, KEYS), 0);
            size_t room = numbers.room, count = 0;
            for (int n = 0; n < 3 * KEYS; n++) {
                uint64_t nth = chance(&seed, KEYS), value = chance(&seed, 1000) + 1;
                count += model[nth] == 0;
                model[nth] = value;
                assert_int_equal(numbers_set(&numbers, key_of(kind, nth), value), 0);
            }
            assert_int_equal(numbers.count, count);
            if (ahead)
                assert_int_equal(numbers.room, room); /* it had room for all */
            for (uint64_t nth = 0; nth < KEYS; nth++) {
                const uint64_t *found = numbers_get(&numbers, key_of(kind, nth));
                assert_int_equal(found ? *found : 0, model[nth]);
                assert_null(numbers_get(&numbers, key_of(kind, nth) + (UINT64_C(1) << 62)));
            }
            numbers_done(&numbers);
        }
}

static void room_is_made_for_more_and_never_for_less(void **state)
{
    (void)state;
    struct numbers numbers = {0};
    assert_null(numbers_get(&numbers, 1));
    assert_int_equal(numbers_set(&numbers, 1, 10), 0);
    assert_int_equal(numbers_reserve(&numbers, 5000), 0);
    size_t room = numbers.room;
    assert_true(room >= 7500);
    assert_int_equal(numbers_reserve(&numbers, 10), 0);
    assert_int_equal(numbers.room, room);
    assert_int_equal(*numbers_get(&numbers, 1), 10);
#ifdef HAVE_FAULTS
    fault_set("alloc:1");
    assert_int_equal(numbers_reserve(&numbers, 50000), -ENOMEM);
    fault_set(NULL);
    assert_int_equal(*numbers_get(&numbers, 1), 10);
#endif
    numbers_done(&numbers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_set_is_found_and_nothing_else),
        cmocka_unit_test(room_is_made_for_more_and_never_for_less),
    };
    return cmocka_run_group_tests_name("numbers", tests, NULL, NULL);
}
