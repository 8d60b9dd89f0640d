/* test_merge - whose word counts, how somebody stands on a day, and whether that many may go. */
#include "unit.h"

#include "logic/merge.h"
#include "logic/reason.h"
#include "logic/safeguard.h"

#include <limits.h>

static struct connection connections[3] = {{.name = "hr"}, {.name = "desk"}, {.name = "pay"}};
static const struct connection *const hr_desk[] = {&connections[0], &connections[1], NULL};
static const struct connection *const desk_hr[] = {&connections[1], &connections[0], NULL};
static const struct connection *const only_hr[] = {&connections[0], NULL};
static const struct connection *const only_pay[] = {&connections[2], NULL};

enum { HR, DESK, PAY, NONE /* no longer in the organization's file */ };

static struct value said(char what, char *place)
{
    *place = what;
    switch (what) {
    case '-': return (struct value){0};
    case 'n': return (struct value){PRESENCE_NULL, 0, 0, NULL};
    case 'N': return (struct value){PRESENCE_NULL, VALUE_CLEARS, 0, NULL};
    case 'e': return (struct value){PRESENCE_EMPTY, 0, 0, NULL};
    case 'E': return (struct value){PRESENCE_EMPTY, VALUE_CLEARS, 0, NULL};
    default: return (struct value){PRESENCE_VALUE, VALUE_CARRIED | VALUE_CLEARS, 1, place};
    }
}

static void the_first_who_says_something_counts(void **state)
{
    (void)state;
    /* what each says: a letter A to D is a value, n and e null and empty under `keep`, N and E under `clear`, - absent
     */
    static const struct {
        uint16_t field;
        int who[3];
        const char *says, *gone;
        char wins; /* '0': no value wins; '-': nobody says anything */
    } cases[] = {
        {FIELD_person_phone, {HR, DESK}, "AB", "  ", 'A'},
        {FIELD_person_phone, {DESK, HR}, "AB", "  ", 'B'},
        {FIELD_person_work_email, {HR, DESK}, "AB", "  ", 'B'},
        {FIELD_person_phone, {HR, DESK}, "-B", "  ", 'B'},
        {FIELD_person_phone, {HR, DESK}, "nB", "  ", 'B'},
        {FIELD_person_phone, {HR, DESK}, "eB", "  ", 'B'},
        {FIELD_person_phone, {HR, DESK}, "NB", "  ", '0'},
        {FIELD_person_phone, {HR, DESK}, "EB", "  ", '0'},
        {FIELD_person_phone, {HR, DESK}, "AN", "  ", 'A'},
        {FIELD_person_phone, {HR, DESK}, "--", "  ", '-'},
        {FIELD_person_phone, {HR, DESK}, "ne", "  ", '-'},
        {FIELD_person_phone, {HR, DESK}, "AB", "g ", 'B'},
        {FIELD_person_phone, {HR, DESK}, "A-", "g ", 'A'},
        {FIELD_person_phone, {HR, DESK}, "AB", "gg", 'A'},
        {FIELD_person_phone, {HR, DESK}, "N-", "g ", '0'},
        {FIELD_person_phone, {HR, DESK}, "NB", "g ", 'B'}, /* who has left clears nothing that others say */
        {FIELD_person_phone, {HR, DESK}, "NB", "gg", '0'}, /* that all have left changes nothing */
        {FIELD_person_phone, {HR, DESK}, "AN", "g ", '0'},
        {FIELD_person_phone, {PAY, HR}, "AB", "  ", 'B'}, /* its word does not count */
        {FIELD_person_phone, {PAY, HR}, "A-", "  ", '-'},
        {FIELD_person_phone, {HR, HR, DESK}, "ABC", "   ", 'A'}, /* the older record of one source */
        {FIELD_person_phone, {HR, HR, DESK}, "ABC", "g  ", 'B'},
        {FIELD_person_phone, {DESK, HR, HR}, "A-C", "   ", 'C'},
        {FIELD_person_phone, {PAY}, "A", " ", '-'}, /* also where nobody else says anything */
        {FIELD_person_phone, {DESK}, "A", " ", 'A'},
        {FIELD_person_mobile_phone, {DESK}, "A", " ", '-'},
        {FIELD_person_mobile_phone, {DESK, HR}, "AB", "  ", 'B'},
        {FIELD_person_username, {PAY}, "A", " ", 'A'},
        {FIELD_person_phone, {NONE}, "A", "g", 'A'},
        {FIELD_person_phone, {NONE, DESK}, "AB", "g ", 'B'},
        {FIELD_person_phone, {NONE, DESK}, "AB", "gg", 'B'}, /* who has left says more than who is not asked any more */
    };
    const struct field *email = field_by_number(KIND_person, FIELD_person_work_email),
                       *mobile = field_by_number(KIND_person, FIELD_person_mobile_phone),
                       *username = field_by_number(KIND_person, FIELD_person_username);
    const struct authority authorities[] = {{KIND_person, NULL, hr_desk, NULL},
                                            {KIND_person, email, desk_hr, NULL},
                                            {KIND_person, mobile, only_hr, NULL},
                                            {KIND_person, username, only_pay, NULL},
                                            {0}};
    const struct organization organization = {
        .connections = connections, .connection_count = 3, .authorities = authorities, .exists = only_hr};
    static struct image_maker maker;
    static struct merge_winner winners[IMAGE_FIELDS_MAX];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct merge_input inputs[3];
        struct buffer images[3] = {{0}};
        char places[3];
        size_t count = strlen(cases[i].says);
        for (size_t n = 0; n < count; n++) {
            image_start(&maker);
            image_put(&maker, cases[i].field, said(cases[i].says[n], &places[n]));
            image_write(&maker, &images[n]);
            inputs[n] =
                (struct merge_input){.connection = cases[i].who[n] == NONE ? NULL : &connections[cases[i].who[n]],
                                     .gone = cases[i].gone[n] == 'g',
                                     .image = {(const uint8_t *)images[n].data, (uint32_t)images[n].len},
                                     .seed = n + 1};
        }
        size_t won = merge_fields(&organization, KIND_person, inputs, count, winners);
        char wins = won == 0 ? '-' : winners[0].value.presence == PRESENCE_VALUE ? *winners[0].value.bytes : '0';
        if (wins != cases[i].wins)
            print_message("case %zu\n", i);
        assert_int_equal(wins, cases[i].wins);
        if (won)
            assert_int_equal(winners[0].value.flags & (VALUE_CARRIED | VALUE_CLEARS), 0);
        for (size_t n = 0; n < count; n++)
            buffer_done(&images[n]);
    }
}

static void of_one_source_who_is_there_counts_more_than_who_has_left(void **state)
{
    (void)state;
    /* status of each record: a active, i inactive, t terminated, - nothing said; a phone: its place, from A */
    static const struct {
        int who[3];
        const char *status, *gone;
        char wins;
    } cases[] = {
        {{HR, HR}, "aa", "  ", 'A'},         {{HR, HR}, "ia", "  ", 'B'}, {{HR, HR}, "ta", "  ", 'B'},
        {{HR, HR}, "i-", "  ", 'B'},         {{HR, HR}, "ii", "  ", 'A'}, {{HR, HR}, "it", "  ", 'A'},
        {{HR, HR, HR}, "iia", "   ", 'C'},   {{HR, HR}, "ia", " g", 'A'}, /* who says nothing any more says less */
        {{HR, DESK}, "ia", "  ", 'A'},                                    /* authority is more than that */
        {{DESK, HR, HR}, "aia", "   ", 'C'},
    };
    static const char words[] = "a   it"; /* enumerators 1, 5 and 6 */
    const struct authority none[] = {{0}};
    const struct organization organization = {.connections = connections, .connection_count = 3, .authorities = none};
    static struct image_maker maker;
    static struct merge_winner winners[IMAGE_FIELDS_MAX];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct merge_input inputs[3];
        struct buffer images[3] = {{0}};
        size_t count = strlen(cases[i].status);
        char phones[] = "ABC", statuses[3];
        for (size_t n = 0; n < count; n++) {
            const char *word = strchr(words, cases[i].status[n]);
            image_start(&maker);
            image_put(&maker, FIELD_person_phone, (struct value){PRESENCE_VALUE, 0, 1, &phones[n]});
            statuses[n] = word ? (char)(word - words + 1) : 0;
            if (word)
                image_put(&maker, FIELD_person_status, (struct value){PRESENCE_VALUE, 0, 1, &statuses[n]});
            image_write(&maker, &images[n]);
            inputs[n] = (struct merge_input){.connection = &connections[cases[i].who[n]],
                                             .gone = cases[i].gone[n] == 'g',
                                             .image = {(const uint8_t *)images[n].data, (uint32_t)images[n].len},
                                             .seed = n + 1};
        }
        size_t won = merge_fields(&organization, KIND_person, inputs, count, winners);
        char phone = '-';
        for (size_t n = 0; n < won; n++)
            if (winners[n].field == FIELD_person_phone)
                phone = *winners[n].value.bytes;
        if (phone != cases[i].wins)
            print_message("case %zu\n", i);
        assert_int_equal(phone, cases[i].wins);
        for (size_t n = 0; n < count; n++)
            buffer_done(&images[n]);
    }
}

static void without_a_word_on_authority_the_order_of_the_file_counts(void **state)
{
    (void)state;
    const struct authority none[] = {{0}};
    const struct organization organization = {.connections = connections, .connection_count = 3, .authorities = none};
    const struct field *phone = field_by_number(KIND_person, FIELD_person_phone);
    for (int i = 0; i < 3; i++)
        assert_int_equal(merge_rank(&organization, KIND_person, phone, &connections[i]), i);
}

static void only_who_may_say_so_keeps_a_person_alive(void **state)
{
    (void)state;
    const struct organization organization = {.connections = connections, .exists = only_hr};
    struct merge_input inputs[] = {{.connection = &connections[DESK]}, {.connection = &connections[HR], .gone = true}};
    assert_false(merge_exists(&organization, inputs, 2));
    assert_false(merge_exists(&organization, inputs, 0));
    inputs[1].gone = false;
    assert_true(merge_exists(&organization, inputs, 2));
}

static void the_status_is_as_of_a_day(void **state)
{
    (void)state;
    enum { ACTIVE = 1, PENDING, ON_LEAVE, RELOCATION, INACTIVE, TERMINATED };
    const int64_t no = INT64_MIN, never = INT64_MAX, today = 20000;
    const struct {
        uint8_t said;
        bool exists;
        int64_t hired, left;
        uint8_t is;
        int64_t due;
    } cases[] = {
        {0, true, no, no, ACTIVE, never},
        {ON_LEAVE, true, no, no, ON_LEAVE, never},
        {TERMINATED, true, no, no, TERMINATED, never},        /* without a date: now */
        {TERMINATED, true, no, today + 5, ACTIVE, today + 6}, /* announced */
        {ACTIVE, true, no, today - 1, TERMINATED, never},
        {ACTIVE, true, no, today, ACTIVE, today + 1}, /* the last day worked */
        {ACTIVE, true, no, today + 1, ACTIVE, today + 2},
        {ACTIVE, true, today, no, ACTIVE, never},
        {ACTIVE, true, today + 1, no, PENDING, today + 1},
        {0, true, today + 3, today + 10, PENDING, today + 3},
        {0, true, today + 10, today + 3, PENDING, today + 4}, /* odd, but said */
        {0, true, today + 10, today - 3, TERMINATED, never},
        {ON_LEAVE, true, today - 10, today + 3, ON_LEAVE, today + 4},
        {ACTIVE, false, no, no, INACTIVE, never},
        {ACTIVE, false, today + 3, today + 5, INACTIVE, never},
        {TERMINATED, false, no, today - 5, INACTIVE, never},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t due = 1;
        uint8_t is = merge_status(cases[i].said, false, cases[i].exists, cases[i].hired, cases[i].left, today, &due);
        if (is != cases[i].is || due != cases[i].due)
            print_message("case %zu\n", i);
        assert_int_equal(is, cases[i].is);
        assert_true(due == cases[i].due);
    }
}

static void what_nobody_understood_makes_nobody_active(void **state)
{
    (void)state;
    enum { ACTIVE = 1, INACTIVE = 5, TERMINATED };
    /* the status of each record in the order in which they were first seen: a understood, u not understood, - nothing
     */
    static const struct {
        int who[3];
        const char *says, *gone;
        size_t counts;
        bool unread;
    } cases[] = {
        {{HR}, "u", " ", SIZE_MAX, true},
        {{HR}, "-", " ", SIZE_MAX, false},
        {{HR}, "u", "g", SIZE_MAX, false},
        {{PAY}, "u", " ", SIZE_MAX, false},        /* its word does not count */
        {{HR, DESK}, "ua", "  ", 1, false},        /* another's is understood */
        {{HR, DESK}, "ua", " g", 1, true},         /* what was said by who is gone is no news */
        {{HR, DESK}, "u-", "  ", SIZE_MAX, true},  /* who comes later knows no more */
        {{DESK, HR}, "-u", "  ", SIZE_MAX, false}, /* known before */
        {{DESK, HR}, "-u", "g ", SIZE_MAX, true},  /* not any more */
        {{DESK, HR}, "uu", "  ", SIZE_MAX, true},
        {{HR, HR}, "-u", "  ", SIZE_MAX, true},  /* another list of the same system */
        {{PAY, HR}, "-u", "  ", SIZE_MAX, true}, /* which may not say who exists */
    };
    const struct authority authorities[] = {{KIND_person, NULL, hr_desk, NULL}, {0}};
    const struct organization organization = {
        .connections = connections, .connection_count = 3, .authorities = authorities, .exists = hr_desk};
    static struct image_maker maker;
    static const char active = ACTIVE;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct merge_input inputs[3];
        struct buffer images[3] = {{0}};
        size_t count = strlen(cases[i].says);
        for (size_t n = 0; n < count; n++) {
            image_start(&maker);
            if (cases[i].says[n] == 'a')
                image_put(&maker, FIELD_person_status, (struct value){PRESENCE_VALUE, 0, 1, &active});
            if (cases[i].says[n] == 'u')
                image_put(&maker, FIELD_person_status, (struct value){PRESENCE_NULL, VALUE_UNREAD, 0, NULL});
            image_write(&maker, &images[n]);
            inputs[n] = (struct merge_input){.connection = &connections[cases[i].who[n]],
                                             .gone = cases[i].gone[n] == 'g',
                                             .image = {(const uint8_t *)images[n].data, (uint32_t)images[n].len},
                                             .seed = n + 1};
        }
        bool unread = merge_unread(&organization, FIELD_person_status, inputs, count, cases[i].counts);
        if (unread != cases[i].unread)
            print_message("case %zu\n", i);
        assert_int_equal(unread, cases[i].unread);
        for (size_t n = 0; n < count; n++)
            buffer_done(&images[n]);
    }
    int64_t due;
    assert_int_equal(merge_status(0, true, true, INT64_MIN, INT64_MIN, 20000, &due), INACTIVE);
    assert_int_equal(merge_status(0, true, true, 20010, INT64_MIN, 20000, &due),
                     INACTIVE); /* also before the first day */
    assert_int_equal(merge_status(0, true, true, INT64_MIN, 19999, 20000, &due), TERMINATED);
    assert_int_equal(merge_status(0, true, true, INT64_MIN, 20003, 20000, &due), INACTIVE);
    assert_true(due == 20004);
}

static void how_many_may_go_at_once(void **state)
{
    (void)state;
    static struct safeguard_exception summer = {"2026-07-01", "2026-07-14", "intake", 100};
    static const struct {
        double percent;
        unsigned from, count;
        uint64_t population, going, seen, without_id;
        const char *today;
        int64_t off_until;
        const char *wanted;
    } cases[] = {
        {5, 2, 50, 5, 1, 4, 0, "2026-06-01", 0, NULL}, /* in a shop of five one may leave by itself */
        {5, 2, 50, 5, 2, 3, 0, "2026-06-01", 0, reason_safeguard_deactivate},
        {5, 2, 50, 100, 5, 95, 0, "2026-06-01", 0, NULL}, /* not more than the share */
        {5, 2, 50, 100, 6, 94, 0, "2026-06-01", 0, reason_safeguard_deactivate},
        {5, 2, 50, 10000, 50, 9950, 0, "2026-06-01", 0, NULL},
        {5, 2, 50, 10000, 51, 9949, 0, "2026-06-01", 0, reason_safeguard_deactivate},
        {5, 2, 50, 100, 60, 40, 0, "2026-07-01", 0, NULL},
        {5, 2, 50, 100, 60, 40, 0, "2026-07-14", 0, NULL},
        {5, 2, 50, 100, 60, 40, 0, "2026-07-15", 0, reason_safeguard_deactivate},
        {5, 2, 50, 100, 60, 40, 0, "2026-06-30", 0, reason_safeguard_deactivate},
        {5, 2, 50, 100, 60, 40, 0, "2026-06-01", 1001, NULL},
        {5, 2, 50, 100, 60, 40, 0, "2026-06-01", 1000, reason_safeguard_deactivate},
        {5, 2, 50, 100, 100, 0, 0, "2026-06-01", 1001, reason_empty_partition}, /* always */
        {100, 2, 50, 1, 1, 0, 0, "2026-06-01", 0, reason_empty_partition},
        {100, 2, 50, 100, 1, 99, 1, "2026-06-01", 1001, reason_row_without_id},
        {5, 2, 50, 0, 0, 0, 9, "2026-06-01", 0, NULL}, /* nobody goes */
        {0, 1, 50, 100, 1, 99, 0, "2026-06-01", 0, reason_safeguard_deactivate},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct safeguard safeguard = {.set = true,
                                      .off = cases[i].off_until != 0,
                                      .percent = cases[i].percent,
                                      .from = cases[i].from,
                                      .count = cases[i].count,
                                      .off_until_ms = cases[i].off_until,
                                      .exceptions = &summer,
                                      .exception_count = 1};
        struct safeguard_case at = {.population = cases[i].population,
                                    .going = cases[i].going,
                                    .seen = cases[i].seen,
                                    .rows_without_id = cases[i].without_id,
                                    .today = cases[i].today,
                                    .now_ms = 1000};
        const char *held = safeguard_judge(&safeguard, &at);
        if (held != cases[i].wanted)
            print_message("case %zu: %s\n", i, held ? held : "may go");
        assert_ptr_equal(held, cases[i].wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_who_says_something_counts),
        cmocka_unit_test(of_one_source_who_is_there_counts_more_than_who_has_left),
        cmocka_unit_test(without_a_word_on_authority_the_order_of_the_file_counts),
        cmocka_unit_test(only_who_may_say_so_keeps_a_person_alive),
        cmocka_unit_test(the_status_is_as_of_a_day),
        cmocka_unit_test(what_nobody_understood_makes_nobody_active),
        cmocka_unit_test(how_many_may_go_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
