/* test_outlived - when a thing was over, by what it says of itself, and whether it is kept. */
#include "unit.h"

#include "engine/outlived.h"

#include "base/date.h"
#include "base/tidy.h"

#include <string.h>

static const int64_t DAY = INT64_C(86400000);

static int64_t ms(const char *text)
{
    int64_t at = 0;
    assert_true(instant_read(text, strlen(text), &at));
    return at;
}

/* An image of one text under a field; NULL: of nothing. */
static struct image image_of(uint16_t field, const char *text, struct buffer *out)
{
    static struct image_maker maker;
    buffer_clear(out);
    image_start(&maker);
    if (text)
        image_put(&maker, field, (struct value){PRESENCE_VALUE, 0, (uint32_t)strlen(text), text});
    image_write(&maker, out);
    assert_int_equal(out->rc, 0);
    return (struct image){(const uint8_t *)out->data, (uint32_t)out->len};
}

static void a_thing_says_itself_when_it_was_over(void **state)
{
    (void)state;
    static const struct {
        enum kind kind;
        uint16_t field;
        const char *says, *over; /* NULL: that is not known */
    } cases[] = {
        {KIND_punch, FIELD_punch_at, "2026-03-01T08:00:00.000Z", "2026-03-02T08:00:00Z"},
        {KIND_punch, FIELD_punch_at, NULL, NULL},
        {KIND_punch, FIELD_punch_at, "yesterday", NULL},
        {KIND_shift, FIELD_shift_ends_at, "2026-03-01T16:00:00.000Z", "2026-03-01T16:00:00Z"},
        {KIND_shift, FIELD_shift_starts_at, "2026-03-01T08:00:00.000Z", "2026-03-01T08:00:00Z"},
        {KIND_incident, FIELD_incident_occurred_at, "2026-03-01T08:00:00.000Z", "2026-03-01T08:00:00Z"},
        {KIND_incident, FIELD_incident_reported_at, "2026-03-01T09:00:00.000Z", "2026-03-01T09:00:00Z"},
        {KIND_note, FIELD_note_created_at, "2026-03-01T08:00:00.000Z", "2026-03-01T08:00:00Z"},
        {KIND_lookup_row, FIELD_lookup_row_period, "2026", "2027-01-01T00:00:00Z"},
        {KIND_lookup_row, FIELD_lookup_row_period, "2026-11", "2026-12-01T00:00:00Z"},
        {KIND_lookup_row, FIELD_lookup_row_period, "2026-12", "2027-01-01T00:00:00Z"},
        {KIND_lookup_row, FIELD_lookup_row_period, "2024-02-29", "2024-03-01T00:00:00Z"},
        {KIND_lookup_row, FIELD_lookup_row_period, "2026-13", NULL},
        {KIND_lookup_row, FIELD_lookup_row_period, "week 7", NULL},
        {KIND_lookup_row, FIELD_lookup_row_period, "", NULL},
        {KIND_work_order, FIELD_work_order_number, "2026", NULL},
        {KIND_person, FIELD_person_terminated_on, "2001-01-01", NULL},
        {KIND_employment, FIELD_employment_end_date, "2001-01-01", NULL},
    };
    TIDY_DONE(buffer_done) struct buffer place = {0};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t over = 0;
        struct image image = image_of(cases[i].field, cases[i].says, &place);
        assert_int_equal(outlived_over(cases[i].kind, image, &over), cases[i].over != NULL);
        if (cases[i].over)
            assert_int_equal(over, ms(cases[i].over));
    }
}

static void it_is_kept_to_the_end_of_its_time(void **state)
{
    (void)state;
    struct retention retention = {.kind_ms = {[KIND_note] = 10 * DAY, [KIND_person] = DAY}};
    TIDY_DONE(buffer_done) struct buffer place = {0};
    int64_t at = ms("2026-03-01T08:00:00Z");
    struct image image = image_of(FIELD_note_created_at, "2026-03-01T08:00:00.000Z", &place);
    assert_false(outlived_thing(&retention, KIND_note, image, at + 10 * DAY));
    assert_true(outlived_thing(&retention, KIND_note, image, at + 10 * DAY + 1));
    retention.kind_ms[KIND_note] = 0; /* for ever */
    assert_false(outlived_thing(&retention, KIND_note, image, INT64_MAX));
    image = image_of(FIELD_person_terminated_on, "2001-01-01", &place);
    assert_false(outlived_thing(&retention, KIND_person, image, INT64_MAX));
}

static void what_goes_together_is_kept_as_long_as_either(void **state)
{
    (void)state;
    struct retention retention = {.kind_ms = {[KIND_punch] = 10 * DAY, [KIND_work_period] = 20 * DAY}};
    assert_int_equal(retention_limit(&retention, KIND_punch), 20 * DAY);
    assert_int_equal(retention_limit(&retention, KIND_work_period), 0); /* not by itself */
    retention.kind_ms[KIND_work_period] = 5 * DAY;
    assert_int_equal(retention_limit(&retention, KIND_punch), 10 * DAY);
    retention.kind_ms[KIND_punch] = 0;
    assert_int_equal(retention_limit(&retention, KIND_punch), 0);
    assert_int_equal(retention_goes_with(KIND_exchange), KIND_shift);
    assert_int_equal(retention_made_of(KIND_shift), KIND_exchange);
    assert_int_equal(retention_goes_with(KIND_person), KIND_NONE);
}

static void a_record_that_says_something_else_stays(void **state)
{
    (void)state;
    struct retention retention = {.kind_ms = {[KIND_shift] = DAY, [KIND_exchange] = DAY, [KIND_person] = DAY}};
    struct section_view sections[] = {{.kind = KIND_shift},
                                      {.kind = KIND_exchange},
                                      {.kind = KIND_MAPPED},
                                      {.kind = KIND_RAW},
                                      {.kind = KIND_person}};
    assert_true(outlived_may(&retention, sections, 1));
    assert_true(outlived_may(&retention, sections, 4));
    assert_false(outlived_may(&retention, sections, 5));
    assert_false(outlived_may(&retention, sections, 0));
    assert_false(outlived_may(&retention, &sections[1], 1)); /* an exchange alone */
    assert_false(outlived_may(&retention, &sections[4], 1));
    retention.kind_ms[KIND_shift] = 0;
    assert_false(outlived_may(&retention, sections, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thing_says_itself_when_it_was_over),
        cmocka_unit_test(it_is_kept_to_the_end_of_its_time),
        cmocka_unit_test(what_goes_together_is_kept_as_long_as_either),
        cmocka_unit_test(a_record_that_says_something_else_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
