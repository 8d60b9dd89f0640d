/* test_hours - punches become periods: pairs, what is left open, what was taken back, nights and clocks. */
#include "logic/hours.h"
#include "unit.h"

#include "base/date.h"

#include <stdio.h>
#include <string.h>

enum { MOST = 64 };

static char told[MOST * 80];

static void tell_moment(int64_t ms, char ret_text[8])
{
    char text[25];
    instant_write(ms, text);
    snprintf(ret_text, 8, "%.2s%.5s", text + 8, text + 11);
}

/* "i 01 08:00" and so on, with group and deletion: "i0208:00", "O0216:00" (capital: taken back), "i0208:00b" (group).
 */
static const char *periods(const char *words, const char *now)
{
    struct hours_punch punches[MOST];
    struct hours_period made[MOST];
    size_t count = 0, used = 0;
    int64_t now_ms;
    for (const char *at = words; *at; count++) {
        char text[40];
        size_t len = strcspn(at, " ");
        snprintf(text, sizeof(text), "2026-03-%.2sT%.5s:00Z", at + 1, at + 3);
        punches[count] = (struct hours_punch){.id = 100 + count,
                                              .out = *at == 'o' || *at == 'O',
                                              .deleted = *at == 'I' || *at == 'O',
                                              .group = len > 8 ? (uint64_t)at[8] : 1};
        assert_true(instant_read(text, strlen(text), &punches[count].at_ms));
        at += len;
        at += *at == ' ';
    }
    assert_true(instant_read(now, strlen(now), &now_ms));
    size_t found = hours_pair(punches, count, now_ms, made);
    told[0] = '\0';
    for (size_t n = 0; n < found; n++) {
        char in[8] = "-", out[8] = "-";
        static const char *const states[] = {"", "open", "closed", "corrected"};
        if (made[n].in)
            tell_moment(made[n].started_ms, in);
        if (made[n].out)
            tell_moment(made[n].ended_ms, out);
        used += (size_t)snprintf(told + used, sizeof(told) - used, "%s%s %s %s", used ? "; " : "", in, out,
                                 made[n].running ? "running" : states[made[n].state]);
    }
    return told;
}

#define EXPECT(words, wanted) assert_string_equal(periods(words, "2026-03-31T00:00:00Z"), wanted)

static void an_in_and_its_out_are_a_period(void **state)
{
    (void)state;
    EXPECT("", "");
    EXPECT("i0208:00 o0216:00", "0208:00 0216:00 closed");
    EXPECT("o0216:00 i0208:00", "0208:00 0216:00 closed");
    EXPECT("i0208:00 o0212:00 i0213:00 o0217:00", "0208:00 0212:00 closed; 0213:00 0217:00 closed");
    EXPECT("i0222:00 o0306:00", "0222:00 0306:00 closed");
    EXPECT("i0208:00 o0212:00 i0212:00 o0216:00", "0208:00 0212:00 closed; 0212:00 0216:00 closed");
}

static void what_has_no_other_side_stays_open(void **state)
{
    (void)state;
    EXPECT("i0208:00", "0208:00 - open");
    EXPECT("o0208:00", "- 0208:00 open");
    EXPECT("i0208:00 i0308:00 o0316:00", "0208:00 - open; 0308:00 0316:00 closed");
    EXPECT("i0208:00 o0216:00 o0217:00", "0208:00 0216:00 closed; - 0217:00 open");
    EXPECT("i0208:00 o0308:00", "0208:00 0308:00 closed");
    EXPECT("i0208:00 o0308:01", "0208:00 - open; - 0308:01 open");
    assert_string_equal(periods("i0208:00", "2026-03-02T09:00:00Z"), "0208:00 - running");
    assert_string_equal(periods("i0208:00 i0308:00", "2026-03-03T09:00:00Z"), "0208:00 - open; 0308:00 - running");
    assert_string_equal(periods("i0208:00", "2026-03-03T08:00:00Z"), "0208:00 - running");
    assert_string_equal(periods("i0208:00", "2026-03-03T08:01:00Z"), "0208:00 - open");
}

static void what_is_told_twice_counts_once(void **state)
{
    (void)state;
    EXPECT("i0208:00 i0208:00 o0216:00 o0216:00", "0208:00 0216:00 closed");
}

static void schedules_do_not_mix(void **state)
{
    (void)state;
    EXPECT("i0208:00a i0209:00b o0210:00b o0216:00a", "0208:00 0216:00 closed; 0209:00 0210:00 closed");
    EXPECT("i0208:00a o0216:00b", "0208:00 - open; - 0216:00 open");
}

static void a_punch_that_was_taken_back_corrects_what_stands_in_its_place(void **state)
{
    (void)state;
    EXPECT("i0208:00 O0216:00", "0208:00 - open");
    EXPECT("I0208:00 O0216:00", "");
    EXPECT("I0208:00 o0216:00", "- 0216:00 open");
    EXPECT("i0208:00 O0216:00 o0217:00", "0208:00 0217:00 corrected");
    EXPECT("i0208:00 o0216:00 O0217:00", "0208:00 0216:00 corrected");
    EXPECT("I0208:00 i0208:15 o0216:00", "0208:15 0216:00 corrected");
    EXPECT("i0208:00 I0208:05 o0216:00", "0208:00 0216:00 corrected");
    EXPECT("i0208:00 o0212:00 I0213:00 O0214:00 i0215:00 o0217:00", "0208:00 0212:00 closed; 0215:00 0217:00 closed");
    EXPECT("i0208:00 o0212:00 i0213:00 O0216:00 o0217:00", "0208:00 0212:00 closed; 0213:00 0217:00 corrected");
}

/* In whatever order they are given. */
static void the_same_punches_give_the_same_periods(void **state)
{
    enum { ROUNDS = 2000, PUNCHES = 24 };
    unsigned seed = 20260302;
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct hours_punch punches[PUNCHES], again[PUNCHES];
        struct hours_period made[PUNCHES], other[PUNCHES];
        memset(punches, 0, sizeof(punches));
        for (size_t n = 0; n < PUNCHES; n++) {
            seed = seed * 1103515245u + 12345u;
            punches[n].id = n + 1;
            punches[n].at_ms = (int64_t)((seed >> 8) % 100) * 3600000;
            punches[n].out = seed >> 27 & 1;
            punches[n].deleted = (seed >> 20) % 5 == 0;
            punches[n].group = (seed >> 16) % 2;
        }
        memcpy(again, punches, sizeof(again));
        for (size_t n = PUNCHES; n > 1; n--) {
            seed = seed * 1103515245u + 12345u;
            size_t with = (seed >> 8) % n;
            struct hours_punch kept = again[n - 1];
            again[n - 1] = again[with];
            again[with] = kept;
        }
        size_t count = hours_pair(punches, PUNCHES, INT64_C(1) << 40, made);
        assert_int_equal(hours_pair(again, PUNCHES, INT64_C(1) << 40, other), count);
        for (size_t n = 0; n < count; n++) {
            assert_int_equal(made[n].in, other[n].in);
            assert_int_equal(made[n].out, other[n].out);
            assert_int_equal(made[n].state, other[n].state);
            assert_true(made[n].state == HOURS_OPEN || made[n].ended_ms >= made[n].started_ms);
            assert_true(made[n].state == HOURS_OPEN || made[n].ended_ms - made[n].started_ms <= HOURS_MOST_MS);
            assert_true((made[n].state == HOURS_OPEN) == (made[n].in == 0 || made[n].out == 0));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_in_and_its_out_are_a_period),
        cmocka_unit_test(what_has_no_other_side_stays_open),
        cmocka_unit_test(what_is_told_twice_counts_once),
        cmocka_unit_test(schedules_do_not_mix),
        cmocka_unit_test(a_punch_that_was_taken_back_corrects_what_stands_in_its_place),
        cmocka_unit_test(the_same_punches_give_the_same_periods),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
