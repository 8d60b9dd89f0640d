/* test_safeguard - how many changes at once are too many: the judgement by itself, and the tally of what passed lately.
 */
#include "unit.h"

#include "base/buffer.h"
#include "logic/safeguard.h"
#include "tables/tally.h"

#include <limits.h>
#include <stdio.h>

#define DAY INT64_C(86400000)

static void a_safeguard_looks_at_share_number_and_population(void **state)
{
    (void)state;
    static const struct {
        double percent;
        unsigned from, count, minimum;
        uint64_t population, going, lately;
        bool trips;
    } cases[] = {
        {5, 2, 50, 0, 5, 1, 0, false}, /* in a shop of five one may go by himself */
        {5, 2, 50, 0, 5, 2, 0, true},
        {5, 2, 50, 0, 5, 1, 1, true}, /* nor one each day */
        {5, 2, 50, 0, 100, 5, 0, false},
        {5, 2, 50, 0, 100, 6, 0, true},
        {5, 2, 50, 0, 100, 3, 3, true},
        {5, 2, 50, 0, 100, 0, 99, false}, /* nobody goes now */
        {5, 2, 50, 0, 10000, 50, 0, false},
        {5, 2, 50, 0, 10000, 51, 0, true}, /* few in a hundred, but many */
        {5, 2, UINT_MAX, 0, 10000, 500, 0, false},
        {5, 2, UINT_MAX, 0, 10000, 501, 0, true},
        {5, 2, 50, 20, 19, 19, 0, false}, /* too few people for a share to mean anything */
        {5, 2, 10, 20, 19, 19, 0, true},
        {5, 2, 50, 20, 20, 2, 0, true},
        {100, 2, 50, 0, 10000, 10000, 0, false},
        {0, 1, 50, 0, 10000, 1, 0, true},
        {0, 2, 50, 0, 10000, 1, 0, false},
        {20, 3, UINT_MAX, 0, 5, 2, 0, false},
        {20, 3, UINT_MAX, 0, 5, 3, 0, true},
        {20, 3, UINT_MAX, 0, 0, 3, 0, true}, /* of nobody, three are many */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct safeguard safeguard = {.set = true,
                                      .percent = cases[i].percent,
                                      .from = cases[i].from,
                                      .count = cases[i].count,
                                      .minimum = cases[i].minimum};
        struct safeguard_case at = {.population = cases[i].population,
                                    .going = cases[i].going,
                                    .lately = cases[i].lately,
                                    .today = "2026-06-15",
                                    .now_ms = 1000};
        if (safeguard_trips(&safeguard, &at) != cases[i].trips)
            fail_msg("case %zu", i);
        safeguard.set = false;
        assert_false(safeguard_trips(&safeguard, &at));
    }
}

static void a_safeguard_tells_how_many_may_and_which_option_says_so(void **state)
{
    (void)state;
    static struct safeguard_exception summer = {"2026-06-15", "2026-06-16", "intake", 60};
    static const struct {
        struct safeguard safeguard;
        uint64_t population, going, lately;
        const char *told;
        uint64_t most; /* that many may indeed, and not one more */
    } cases[] = {
        {{.percent = 5, .from = 2, .count = 50},
         99999,
         40000,
         0,
         "40000 of 99999, and 50 may: `safeguards: x` allows 5 %, at most 50, always 1",
         50},
        {{.percent = 5, .from = 2, .count = 50, .window_ms = 7 * DAY},
         40,
         2,
         3,
         "5 of 40 (with 3 of them in the last 7 days), and 2 may: `safeguards: x` allows 5 %, at most 50, always 1",
         2},
        {{.percent = 5, .from = 2, .count = 50},
         5,
         2,
         0,
         "2 of 5, and 1 may: `safeguards: x` allows 5 %, at most 50, always 1",
         1},
        {{.percent = 0.5, .from = 1, .count = UINT_MAX, .window_ms = DAY},
         400,
         2,
         1,
         "3 of 400 (with 1 of them in the last 24 hours), and 2 may: `safeguards: x` allows 0.5 %",
         2},
        {{.percent = 5, .from = 1, .count = 10, .minimum = 20},
         19,
         11,
         0,
         "11 of 19, and 10 may: `safeguards: x` allows at most 10",
         10},
        {{.percent = 5, .from = 2, .count = UINT_MAX, .exceptions = &summer, .exception_count = 1},
         10,
         7,
         0,
         "7 of 10, and 6 may: `safeguards: x` allows 60 %, always 1",
         6},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buffer out = {0};
        struct safeguard safeguard = cases[i].safeguard;
        struct safeguard_case at = {.population = cases[i].population,
                                    .going = cases[i].going,
                                    .lately = cases[i].lately,
                                    .today = "2026-06-15",
                                    .now_ms = 1000};
        safeguard.set = true;
        safeguard_tell(&safeguard, "x", &at, &out);
        assert_int_equal(out.rc, 0);
        assert_string_equal(out.data, cases[i].told);
        buffer_done(&out);
        at.lately = 0;
        at.going = cases[i].most;
        assert_false(safeguard_trips(&safeguard, &at));
        at.going++;
        assert_true(safeguard_trips(&safeguard, &at));
    }
}

static void a_safeguard_that_is_off_or_excepted_lets_all_pass_for_as_long_as_it_says(void **state)
{
    (void)state;
    static struct safeguard_exception summer = {"2026-06-15", "2026-06-16", "intake", 60};
    struct safeguard safeguard = {.set = true, .percent = 5, .from = 2, .count = 50, .off = true, .off_until_ms = 1001};
    struct safeguard_case at = {.population = 10, .going = 6, .today = "2026-06-15", .now_ms = 1000};
    assert_false(safeguard_trips(&safeguard, &at));
    assert_false(safeguard_looks(&safeguard, at.today, at.now_ms));
    at.now_ms = 1001;
    assert_true(safeguard_trips(&safeguard, &at));
    safeguard.exceptions = &summer;
    safeguard.exception_count = 1;
    assert_false(safeguard_trips(&safeguard, &at));
    assert_true(safeguard_looks(&safeguard, at.today, at.now_ms));
    at.going = 7;
    assert_true(safeguard_trips(&safeguard, &at));
    at.going = 6;
    at.today = "2026-06-16"; /* to the end of its last day */
    assert_false(safeguard_trips(&safeguard, &at));
    at.today = "2026-06-17";
    assert_true(safeguard_trips(&safeguard, &at));
}

static void a_tally_counts_each_gate_within_its_window(void **state)
{
    (void)state;
    struct tally tally = {.count = {0}};
    tally_add(&tally, GATE_EMAIL, 10, 3);
    tally_add(&tally, GATE_EMAIL, 20, 4);
    tally_add(&tally, GATE_REKEY, 20, 1);
    tally_add(&tally, GATE_REKEY, 21, 0);
    assert_int_equal(tally_sum(&tally, GATE_EMAIL, 9), 7);
    assert_int_equal(tally_sum(&tally, GATE_EMAIL, 10), 4);
    assert_int_equal(tally_sum(&tally, GATE_EMAIL, 20), 0);
    assert_int_equal(tally_sum(&tally, GATE_REKEY, 0), 1);
    assert_int_equal(tally_sum(&tally, GATE_IDENTITY, 0), 0);
    tally_forget(&tally, GATE_EMAIL, 10);
    assert_int_equal(tally_sum(&tally, GATE_EMAIL, 0), 4);
}

static void a_tally_never_forgets_early_however_many_runs_there_are(void **state)
{
    (void)state;
    struct tally tally = {.count = {0}};
    uint64_t all = 0;
    for (int i = 1; i <= 1000; i++) {
        tally_add(&tally, GATE_EMAIL, i * 10, (uint64_t)i);
        all += (uint64_t)i;
        assert_int_equal(tally_sum(&tally, GATE_EMAIL, 0), all);
    }
    assert_int_equal(tally_sum(&tally, GATE_EMAIL, 9999), 1000);
    assert_int_equal(tally_sum(&tally, GATE_EMAIL, 9900), 1000 + 999 + 998 + 997 + 996 + 995 + 994 + 993 + 992 + 991);
    tally_add(&tally, GATE_EMAIL, 5, 1); /* the clock was put back */
    assert_int_equal(tally_sum(&tally, GATE_EMAIL, 0), all + 1);
    for (unsigned i = 1; i < tally.count[GATE_EMAIL]; i++)
        assert_true(tally.entries[GATE_EMAIL][i - 1].at_ms <= tally.entries[GATE_EMAIL][i].at_ms);
}

static void a_tally_comes_back_from_its_bytes_and_damage_is_seen(void **state)
{
    (void)state;
    struct tally tally = {.count = {0}}, back;
    struct buffer out = {0};
    tally_write(&tally, &out);
    assert_int_equal(out.len, 0);
    assert_true(tally_read("", 0, &back));
    for (int i = 0; i < 100; i++)
        tally_add(&tally, i % 2 ? GATE_EMAIL : GATE_DEACTIVATE, i, 7);
    tally_write(&tally, &out);
    assert_true(tally_read(out.data, out.len, &back));
    assert_int_equal(tally_sum(&back, GATE_EMAIL, -1), 350);
    assert_int_equal(tally_sum(&back, GATE_DEACTIVATE, -1), 350);
    for (int after = -1; after < 101; after++)
        assert_int_equal(tally_stored_sum(out.data, out.len, GATE_EMAIL, after), tally_sum(&back, GATE_EMAIL, after));
    assert_false(tally_read(out.data, out.len - 1, &back));
    out.data[0] = 17;
    assert_false(tally_read(out.data, out.len, &back));
    buffer_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_safeguard_looks_at_share_number_and_population),
        cmocka_unit_test(a_safeguard_tells_how_many_may_and_which_option_says_so),
        cmocka_unit_test(a_safeguard_that_is_off_or_excepted_lets_all_pass_for_as_long_as_it_says),
        cmocka_unit_test(a_tally_counts_each_gate_within_its_window),
        cmocka_unit_test(a_tally_never_forgets_early_however_many_runs_there_are),
        cmocka_unit_test(a_tally_comes_back_from_its_bytes_and_damage_is_seen),
    };
    return cmocka_run_group_tests_name("safeguard", tests, NULL, NULL);
}
