/* test_circle - what goes round, and honest readings that look alike. */
#include "unit.h"

#include "base/error.h"
#include "conform/circle.h"

#include <stdio.h>
#include <string.h>

/* One question, its answer, and the record that is given after it (NULL: none). How often until it goes round. */
struct step {
    const char *asked, *reply, *id; /* with the number of the step where there is a # */
};

enum { STEPS_MOST = 100000 };

static const char *numbered(const char *text, size_t nth, char ret_text[100])
{
    int before = (int)strcspn(text, "#");
    snprintf(ret_text, 100, "%.*s", before, text);
    if (text[before])
        snprintf(ret_text + before, 100 - (size_t)before, "%zu%s", nth, text + before + 1);
    return ret_text;
}

static size_t steps_until_round(struct circle *circle, const struct step *step, size_t most)
{
    struct lane_stream stream = {.name = "people"};
    char asked[100], reply[100], id[100];
    for (size_t nth = 1; nth <= most; nth++) {
        numbered(step->reply, nth, reply);
        const struct exchange exchange = {
            .what = "http", .asked = numbered(step->asked, nth, asked), .reply = reply, .reply_len = strlen(reply)};
        if (circle_exchange(circle, &exchange))
            return nth;
        const struct lane_record record = {.stream = &stream, .source_id = numbered(step->id ? step->id : "", nth, id)};
        if (step->id)
            circle_record(circle, &record);
    }
    return SIZE_MAX;
}

static size_t round_after(struct step step)
{
    struct circle circle = {0};
    size_t steps = steps_until_round(&circle, &step, STEPS_MOST);
    assert_int_equal(steps != SIZE_MAX, *circle.text != '\0');
    circle_done(&circle);
    return steps;
}

static void the_same_question_over_and_over_is_a_circle(void **state)
{
    (void)state;
    assert_in_range(round_after((struct step){"GET /people?page=1", "[]", NULL}), 900, 1100);
    assert_in_range(round_after((struct step){"GET /people?page=1", "[7]", "7"}), 900, 1100);
    /* also where the answer tells the time, as long as the records are the same */
    assert_in_range(round_after((struct step){"GET /people?page=1", "{at: #}", "7"}), 900, 3000);
}

static void page_after_page_without_anything_new_is_a_circle(void **state)
{
    (void)state;
    assert_in_range(round_after((struct step){"GET /people?page=#", "[]", NULL}), 9000, 11000);
    assert_in_range(round_after((struct step){"GET /people?page=#", "{next: #}", "7"}), 9000, 50000);
}

static void whatever_brings_something_new_is_none(void **state)
{
    (void)state;
    assert_int_equal(round_after((struct step){"GET /people?page=#", "{next: #}", "#"}), SIZE_MAX);
    assert_int_equal(round_after((struct step){"GET /people?page=#", "{next: #}", NULL}), SIZE_MAX);
    assert_int_equal(round_after((struct step){"GET /next", "{next: #}", NULL}), SIZE_MAX);
    assert_int_equal(round_after((struct step){"GET /next", "{}", "#"}), SIZE_MAX);
}

static void an_empty_day_each_for_twenty_years_is_none(void **state)
{
    struct circle circle = {0};
    (void)state;
    assert_int_equal(steps_until_round(&circle, &(struct step){"GET /absences?day=#", "[]", NULL}, 20 * 366), SIZE_MAX);
    circle_done(&circle);
}

/* Whoever was named may be asked about, and have nothing: so many that no fixed number would do. Also where they were
 * named to a call before. */
static void a_question_about_each_who_was_named_is_none(void **state)
{
    enum { PEOPLE = 50000 };
    static char listing[PEOPLE * 10 + 1];
    const struct exchange list = {"http", "GET /people", NULL, NULL, 0, 0, NULL, 200, NULL, listing, PEOPLE * 10};
    const struct step step = {"GET /people/#/absences", "[]", NULL};
    (void)state;
    for (int calls = 1; calls <= 2; calls++) {
        struct circle circle = {0};
        for (unsigned i = 0; i < PEOPLE; i++)
            snprintf(listing + 10 * i, 11, "{id:%05u}", i % 100000);
        assert_false(circle_exchange(&circle, &list));
        if (calls == 2)
            circle_begin(&circle);
        assert_int_equal(steps_until_round(&circle, &step, PEOPLE), SIZE_MAX);
        circle_done(&circle);
    }
}

static void a_call_begins_anew(void **state)
{
    const struct step step = {"GET /people?page=1", "[]", NULL};
    struct circle circle = {0};
    (void)state;
    assert_int_equal(steps_until_round(&circle, &step, 900), SIZE_MAX);
    circle_begin(&circle);
    assert_int_equal(steps_until_round(&circle, &step, 900), SIZE_MAX);
    assert_int_not_equal(steps_until_round(&circle, &step, 900), SIZE_MAX);
    assert_non_null(strstr(circle.text, "now GET /people?page=1"));
    circle_done(&circle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_same_question_over_and_over_is_a_circle),
                                       cmocka_unit_test(page_after_page_without_anything_new_is_a_circle),
                                       cmocka_unit_test(whatever_brings_something_new_is_none),
                                       cmocka_unit_test(an_empty_day_each_for_twenty_years_is_none),
                                       cmocka_unit_test(a_question_about_each_who_was_named_is_none),
                                       cmocka_unit_test(a_call_begins_anew)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
