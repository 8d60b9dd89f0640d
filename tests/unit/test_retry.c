/* test_retry - what is tried again and when, and how many calls a provider gets. */
#include "unit.h"

#include "broker/budget.h"
#include "broker/retry.h"
#include "broker/url.h"
#include "scratch.h"

#include <muster/connector.h>

static int64_t date_of_test(const char *text)
{
    return strcmp(text, "Fri, 31 Dec 1999 23:59:59 GMT") == 0 ? 946684799 : -1;
}

static void retry_after_is_read_in_both_forms_and_nonsense_is_none(void **state)
{
    (void)state;
    assert_int_equal(retry_after_ms("120", 0, date_of_test), 120000);
    assert_int_equal(retry_after_ms(" 0 ", 0, date_of_test), 0);
    assert_int_equal(retry_after_ms("Fri, 31 Dec 1999 23:59:59 GMT", 946684789000, date_of_test), 10000);
    assert_int_equal(retry_after_ms("Fri, 31 Dec 1999 23:59:59 GMT", 946684900000, date_of_test), 0);
    assert_int_equal(retry_after_ms("soon", 0, date_of_test), -1);
    assert_int_equal(retry_after_ms("12 monkeys", 0, date_of_test), -1);
    assert_int_equal(retry_after_ms("", 0, date_of_test), -1);
    assert_int_equal(retry_after_ms("99999999999999999999", 0, date_of_test), 30LL * 86400000);
}

static void waits_double_with_jitter_and_come_to_an_end(void **state)
{
    (void)state;
    static const int64_t most[] = {0, 500, 1000, 2000, 4000};
    for (unsigned attempts = 1; attempts < 5; attempts++)
        for (uint32_t chance = 0; chance < 5000; chance += 37) {
            struct retry_case one = {attempts, true, true, 0, -1, chance};
            int64_t wait = retry_wait_ms(&one);
            assert_true(wait >= most[attempts] / 2 && wait <= most[attempts]);
        }
    assert_int_equal(retry_wait_ms(&(struct retry_case){5, true, true, 0, -1, 1}), -1);
    assert_int_equal(retry_wait_ms(&(struct retry_case){1, false, true, 0, -1, 1}), -1);
    assert_int_equal(retry_wait_ms(&(struct retry_case){1, true, false, 0, -1, 1}), -1);
}

static void pain_10_a_wait_that_is_asked_for_is_kept_unless_it_is_longer_than_a_minute(void **state)
{
    (void)state;
    int64_t wait = retry_wait_ms(&(struct retry_case){1, true, true, 0, 5000, 77});
    assert_true(wait >= 5000 && wait < 5250);
    assert_int_equal(retry_wait_ms(&(struct retry_case){1, true, true, 0, 61000, 77}), -1);
    assert_int_equal(retry_wait_ms(&(struct retry_case){1, true, true, 58000, 5000, 77}), -1);
}

/* --- budgets --- */

static int64_t clock_ms = 1000000;

static int64_t test_clock(void)
{
    return clock_ms;
}

static const muster_option options[] = {
    {.name = "account", .type = MUSTER_TEXT}, {.name = "requests_per_second", .type = MUSTER_DECIMAL}, {0}};
static const muster_connector connector = {.size = sizeof(connector),
                                           .option_size = sizeof(muster_option),
                                           .name = "web",
                                           .account = "account",
                                           .requests = 3,
                                           .per_ms = 1000,
                                           .options = options};

struct shop {
    struct option_value values[2];
    struct connection connection;
    struct keyring keyring;
    struct budget *budget;
};

static void opened(struct shop *shop, const char *account, const char *per_second, const char *folder)
{
    *shop = (struct shop){0};
    shop->values[0] = (struct option_value){.name = "account", .text = account};
    shop->values[1] = (struct option_value){.name = "requests_per_second", .text = per_second};
    shop->connection = (struct connection){.name = "hr",
                                           .connector = "web",
                                           .description = &connector,
                                           .options = shop->values,
                                           .option_count = per_second ? 2 : 1};
    shop->keyring.connection = &shop->connection;
    assert_int_equal(budget_open(&shop->connection, &shop->keyring, folder, NULL, &shop->budget, NULL), 0);
}

static void closed(struct shop *shop)
{
    budget_close(shop->budget);
    keyring_done(&shop->keyring);
}

#define SHOP __attribute__((cleanup(closed))) struct shop

static int64_t taken(struct shop *shop)
{
    int64_t wait = -1;
    assert_true(budget_take(shop->budget, 60000, &wait));
    return wait;
}

static void no_span_of_time_has_more_calls_than_the_provider_allows(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    budget_clock(test_clock);
    {
        SHOP shop;
        int64_t at[200];
        uint64_t seed = chance_seed();
        opened(&shop, "A", NULL, scratch.dir);
        for (size_t i = 0; i < 200; i++) {
            at[i] = clock_ms + taken(&shop);
            if (i >= 3)
                assert_true(at[i] - at[i - 3] >= 1000);
            clock_ms += chance(&seed, 700);
        }
    }
    scratch_remove(&scratch);
}

static void first_10_all_who_use_an_account_share_its_turns_and_others_do_not(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    budget_clock(test_clock);
    clock_ms += 100000;
    {
        SHOP one, two, other;
        opened(&one, "A", NULL, scratch.dir);
        opened(&two, "A", NULL, scratch.dir);
        opened(&other, "B", NULL, scratch.dir);
        assert_int_equal(taken(&one), 0);
        assert_int_equal(taken(&two), 0);
        assert_int_equal(taken(&one), 0);
        assert_true(taken(&two) >= 1000);
        assert_int_equal(taken(&other), 0);
        budget_pause(one.budget, 5000);
        assert_true(taken(&two) >= 5000);
        assert_int_equal(taken(&other), 0);
    }
    scratch_remove(&scratch);
}

static void who_asks_is_told_how_long_an_account_is_left_alone(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    budget_clock(test_clock);
    clock_ms += 100000;
    {
        SHOP one, other;
        char note[300], another[300];
        opened(&one, "A", NULL, scratch.dir);
        opened(&other, "B", NULL, scratch.dir);
        snprintf(note, sizeof(note), "%s/of/one", scratch.dir);
        snprintf(another, sizeof(another), "%s/of/another", scratch.dir);
        assert_int_equal(budget_paused_ms(scratch.dir, note), 0); /* there is no note */
        struct budget *noted = NULL;
        assert_int_equal(budget_open(&one.connection, &one.keyring, scratch.dir, note, &noted, NULL), 0);
        budget_close(noted);
        assert_int_equal(budget_open(&other.connection, &other.keyring, scratch.dir, another, &noted, NULL), 0);
        budget_close(noted);
        budget_pause(one.budget, 5000);
        clock_ms += 1000;
        assert_int_equal(budget_paused_ms(scratch.dir, note), 4000);
        assert_int_equal(budget_paused_ms(scratch.dir, another), 0);
        /* it calls with another account now */
        assert_int_equal(budget_open(&other.connection, &other.keyring, scratch.dir, note, &noted, NULL), 0);
        budget_close(noted);
        assert_int_equal(budget_paused_ms(scratch.dir, note), 0);
        assert_int_equal(budget_open(&one.connection, &one.keyring, scratch.dir, note, &noted, NULL), 0);
        budget_close(noted);
        clock_ms += 4000;
        assert_int_equal(budget_paused_ms(scratch.dir, note), 0);
    }
    scratch_remove(&scratch);
}

static void pain_10_longer_than_anybody_waits_is_said_and_nothing_is_reserved(void **state)
{
    (void)state;
    budget_clock(test_clock);
    clock_ms += 100000;
    SHOP shop;
    int64_t wait = 0;
    opened(&shop, "A", NULL, NULL);
    budget_pause(shop.budget, 90000);
    assert_false(budget_take(shop.budget, 60000, &wait));
    assert_int_equal(wait, 90000);
    clock_ms += 90000;
    assert_int_equal(taken(&shop), 0);
}

static void the_connections_own_word_counts_and_a_clock_put_back_stops_nobody(void **state)
{
    (void)state;
    budget_clock(test_clock);
    clock_ms += 1000000;
    SHOP shop;
    opened(&shop, "A", "0.5", NULL);
    assert_int_equal(taken(&shop), 0);
    assert_true(taken(&shop) >= 2000);
    clock_ms -= 500000;
    assert_true(taken(&shop) <= 2100);
}

/* --- addresses --- */

static void addresses_are_taken_apart_strictly(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "ftp://a.example/",
                                        "https://",
                                        "https:///x",
                                        "https://user@a.example/",
                                        "https://a.example:0/",
                                        "https://a.example:99999/",
                                        "https://a.example:8o/",
                                        "https://a b.example/",
                                        "https://a.example\\@evil.example/",
                                        "https://[::1/",
                                        "https://a.example/x\r\nHost: b"};
    struct arena *arena TIDY(arena_free) = arena_new();
    struct url url;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        if (url_read(arena, wrong[i], &url) == 0)
            fail_msg("taken: %s", wrong[i]);
    assert_int_equal(url_read(arena, "HTTPS://A.Example:8443/a/b?c=d&e#f", &url), 0);
    assert_string_equal(url.host, "a.example");
    assert_int_equal(url.port, 8443);
    assert_string_equal(url.path, "/a/b");
    assert_string_equal(url.query, "c=d&e");
    assert_int_equal(url_read(arena, "http://[::1]:80", &url), 0);
    assert_string_equal(url.host, "::1");
    assert_string_equal(url.path, "/");
}

static void what_is_written_down_of_an_address_names_nobody(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {"https://a.example/api/v1/employees/1001/workstation?siteNumber=12&key=abc",
         "https://a.example/api/v1/employees/*/workstation?siteNumber=*&key=*"},
        {"https://a.example/users/ann@acme.example", "https://a.example/users/*"},
        {"https://a.example:8443/x/550e8400-e29b-41d4-a716-446655440000/", "https://a.example:8443/x/*/"},
        {"https://a.example/?1001", "https://a.example/?*"},
        {"https://a.example/v2.1/list", "https://a.example/v2.1/list"},
    };
    struct arena *arena TIDY(arena_free) = arena_new();
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        __attribute__((cleanup(buffer_done))) struct buffer out = {0};
        struct url url;
        assert_int_equal(url_read(arena, table[i][0], &url), 0);
        url_masked(&url, &out);
        assert_string_equal(out.data, table[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(retry_after_is_read_in_both_forms_and_nonsense_is_none),
        cmocka_unit_test(waits_double_with_jitter_and_come_to_an_end),
        cmocka_unit_test(pain_10_a_wait_that_is_asked_for_is_kept_unless_it_is_longer_than_a_minute),
        cmocka_unit_test(no_span_of_time_has_more_calls_than_the_provider_allows),
        cmocka_unit_test(first_10_all_who_use_an_account_share_its_turns_and_others_do_not),
        cmocka_unit_test(who_asks_is_told_how_long_an_account_is_left_alone),
        cmocka_unit_test(pain_10_longer_than_anybody_waits_is_said_and_nothing_is_reserved),
        cmocka_unit_test(the_connections_own_word_counts_and_a_clock_put_back_stops_nobody),
        cmocka_unit_test(addresses_are_taken_apart_strictly),
        cmocka_unit_test(what_is_written_down_of_an_address_names_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
