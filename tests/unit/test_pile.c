/* test_pile - things are found again where they lie, in memory and on disk. */
#include "unit.h"

#include "scratch.h"

#include "store/pile.h"

#include <errno.h>

static struct scratch scratch;

static int set_up(void **state)
{
    (void)state;
    scratch_make(&scratch);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fault_set(NULL);
    scratch_remove(&scratch);
    return 0;
}

enum { COUNT = 2000, THING_MAX = 1200 };

static size_t thing_fill(uint32_t nth, uint8_t out[THING_MAX])
{
    uint64_t seed = nth * 2654435761ULL + 1;
    size_t len = nth % 10 == 0 ? 0 : chance(&seed, THING_MAX);
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)chance(&seed, 256);
    return len;
}

static int pile_all(size_t memory)
{
    struct pile *pile TIDY(pile_free) = NULL;
    static uint64_t places[COUNT];
    uint8_t thing[THING_MAX];
    int rc = pile_new(scratch.dir, memory, &pile);
    for (uint32_t n = 0; rc == 0 && n < COUNT; n++) {
        places[n] = 4711;
        rc = pile_add(pile, bytes(thing, thing_fill(n, thing)), &places[n]);
        if (rc != 0)
            assert_int_equal(places[n], 4711); /* untouched on failure */
    }
    uint64_t seed = 5;
    for (int i = 0; rc == 0 && i < COUNT; i++) {
        struct bytes got[4];
        uint32_t nth[4];
        for (unsigned slot = 0; rc == 0 && slot < 4; slot++) { /* four at once stay what they are */
            nth[slot] = chance(&seed, COUNT);
            rc = pile_get(pile, places[nth[slot]], slot, &got[slot]);
        }
        for (unsigned slot = 0; rc == 0 && slot < 4; slot++) {
            assert_int_equal(got[slot].len, thing_fill(nth[slot], thing));
            assert_memory_equal(got[slot].data, thing, got[slot].len);
        }
    }
    return rc;
}

static void things_are_found_wherever_they_lie(void **state)
{
    (void)state;
    assert_int_equal(pile_all(0), 0);
    assert_int_equal(pile_all(1000), 0);
    assert_int_equal(pile_all(500000), 0);
    assert_int_equal(pile_all(64 << 20), 0);
}

static void a_small_thing_after_the_first_on_disk_goes_to_disk_too(void **state)
{
    (void)state;
    struct pile *pile TIDY(pile_free) = NULL;
    uint64_t places[3];
    struct bytes got;
    assert_int_equal(pile_new(scratch.dir, 20, &pile), 0);
    assert_int_equal(pile_add(pile, bytes("abc", 3), &places[0]), 0);
    assert_int_equal(pile_add(pile, bytes("0123456789abcdef", 16), &places[1]), 0);
    assert_int_equal(pile_add(pile, bytes("d", 1), &places[2]), 0);
    assert_true(places[0] < places[1] && places[1] < places[2]);
    assert_int_equal(pile_get(pile, places[0], 0, &got), 0);
    assert_memory_equal(got.data, "abc", 3);
    assert_int_equal(pile_get(pile, places[1], 0, &got), 0);
    assert_memory_equal(got.data, "0123456789abcdef", 16);
    assert_int_equal(pile_get(pile, places[2], 0, &got), 0);
    assert_int_equal(got.len, 1);
    assert_memory_equal(got.data, "d", 1);
}

static void each_allocation_and_each_write_fails_once_and_is_said(void **state)
{
    (void)state;
#ifndef HAVE_FAULTS
    skip();
#endif
    static const char *const points[] = {"alloc", "spill"};
    static const int codes[] = {-ENOMEM, -ENOSPC};
    for (int p = 0; p < 2; p++) {
        int rc = -1;
        for (int nth = 1; rc != 0; nth += nth < 40 ? 1 : 500) { /* reading asks for memory at each thing */
            char plan[32];
            snprintf(plan, sizeof(plan), "%s:%d", points[p], nth);
            fault_set(plan);
            rc = pile_all(100000);
            assert_int_equal(rc, fault_seen() >= nth ? codes[p] : 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(things_are_found_wherever_they_lie),
        cmocka_unit_test(a_small_thing_after_the_first_on_disk_goes_to_disk_too),
        cmocka_unit_test(each_allocation_and_each_write_fails_once_and_is_said),
    };
    return cmocka_run_group_tests_name("pile", tests, set_up, tear_down);
}
