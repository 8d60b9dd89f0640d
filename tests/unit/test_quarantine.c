/* test_quarantine - when a connection that failed is set aside, and when it is tried again. */
#include "unit.h"

#include "engine/quarantine.h"
#include "logic/reason.h"

static const int64_t MINUTE = 60000, HOUR = 60 * 60000;

static struct quarantine after(uint32_t failures, int rc)
{
    return (struct quarantine){.connection = "hr",
                               .partition = "",
                               .failures = failures,
                               .rc = rc,
                               .since_ms = 1000,
                               .last_ms = 1000 + failures,
                               .sentence = ""};
}

static void three_failures_in_a_row_set_it_aside(void **state)
{
    (void)state;
    for (uint32_t failures = 0; failures < QUARANTINE_AFTER; failures++)
        assert_null(quarantine_reason(&(struct quarantine){.failures = failures, .rc = ERR_NETWORK}));
    struct quarantine third = after(3, ERR_NETWORK);
    assert_string_equal(quarantine_reason(&third), "failed_repeatedly");
    assert_non_null(reason_text(quarantine_reason(&third)));
}

static void one_refused_log_in_sets_it_aside_until_something_changes(void **state)
{
    (void)state;
    struct quarantine first = after(1, ERR_AUTH);
    assert_string_equal(quarantine_reason(&first), "login_refused");
    assert_true(quarantine_next(&first) == INT64_MAX);
}

static void pain_17_pauses_double_up_to_six_hours_and_are_never_longer(void **state)
{
    (void)state;
    int64_t whole = 5 * MINUTE;
    for (uint32_t failures = 3; failures < 400; failures++, whole *= 2) {
        struct quarantine now = after(failures, ERR_NETWORK);
        whole = whole > 6 * HOUR ? 6 * HOUR : whole;
        int64_t pause = quarantine_next(&now) - now.last_ms;
        assert_true(pause <= whole);
        assert_true(pause > whole - whole / 5);
        assert_true(pause == quarantine_next(&now) - now.last_ms);
    }
    struct quarantine most = after(UINT32_MAX, ERR_NETWORK);
    assert_true(quarantine_next(&most) - most.last_ms <= 6 * HOUR);
}

static void what_stops_reading_and_what_stops_telling(void **state)
{
    (void)state;
    struct quarantine reading = after(3, ERR_NETWORK), telling = reading, refused = after(1, ERR_AUTH);
    telling.of = QUARANTINE_TELLING;
    assert_true(quarantine_stops(&reading, QUARANTINE_READING));
    assert_false(quarantine_stops(&reading, QUARANTINE_TELLING));
    assert_true(quarantine_stops(&telling, QUARANTINE_TELLING));
    assert_false(quarantine_stops(&telling, QUARANTINE_READING));
    assert_true(quarantine_stops(&refused, QUARANTINE_TELLING)); /* a second knock may lock the account */
    refused.of = QUARANTINE_TELLING;
    assert_false(quarantine_stops(&refused, QUARANTINE_READING));
    refused.of = QUARANTINE_READING;
    refused.partition = "12";
    assert_false(quarantine_stops(&refused, QUARANTINE_TELLING));
}

static void connections_that_failed_together_are_not_tried_together(void **state)
{
    (void)state;
    struct quarantine a = after(9, ERR_NETWORK), b = a;
    b.connection = "pmt";
    assert_true(quarantine_next(&a) != quarantine_next(&b));
    struct quarantine store = a;
    store.partition = "12";
    assert_true(quarantine_next(&a) != quarantine_next(&store));
    struct quarantine telling = a;
    telling.of = QUARANTINE_TELLING;
    assert_true(quarantine_next(&a) != quarantine_next(&telling));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_failures_in_a_row_set_it_aside),
        cmocka_unit_test(one_refused_log_in_sets_it_aside_until_something_changes),
        cmocka_unit_test(pain_17_pauses_double_up_to_six_hours_and_are_never_longer),
        cmocka_unit_test(what_stops_reading_and_what_stops_telling),
        cmocka_unit_test(connections_that_failed_together_are_not_tried_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
