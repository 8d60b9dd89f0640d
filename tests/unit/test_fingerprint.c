/* test_fingerprint - columns are recognised by what they hold, and nothing of it is kept. */
#include "unit.h"

#include "base/mem.h"
#include "tables/fingerprint.h"
#include "tables/header.h"

#include <muster/connector.h>
#include <stdio.h>

static struct print_key key;
static struct arena *arena;

static int set_up(void **state)
{
    struct vault vault;
    static const uint8_t master[VAULT_MASTER] = "the master key of this test";
    (void)state;
    vault_init(&vault, master, "acme");
    print_key_init(&key, &vault);
    arena = arena_new();
    return arena ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* The values FORMAT % first … FORMAT % last, in one order or the other. */
static struct fingerprint print_of(const struct print_key *by, const char *prefix, unsigned first, unsigned last,
                                   bool backwards)
{
    struct sampler *sampler TIDY(free) = mem_new(1, sizeof(*sampler));
    struct fingerprint print;
    assert_non_null(sampler);
    sampler->most = UINT64_MAX;
    for (unsigned i = first; i <= last; i++) {
        char text[64];
        int len = snprintf(text, sizeof(text), "%s%u", prefix, backwards ? first + last - i : i);
        sampler_add(sampler, by, MUSTER_TEXT, text, (size_t)len);
    }
    assert_int_equal(sampler_finish(sampler, last - first + 1, arena, &print), 0);
    return print;
}

static void the_same_values_in_another_order_give_the_same_sample(void **state)
{
    (void)state;
    for (unsigned count = 1; count <= 100000; count *= 10) {
        struct fingerprint one = print_of(&key, "A-", 1, count, false), other = print_of(&key, "A-", 1, count, true);
        uint32_t of, shared = fingerprint_shared(&one, &other, &of);
        assert_int_equal(shared, of);
        assert_int_equal(of, one.count);
        assert_int_equal(one.count, other.count);
        assert_memory_equal(one.sample, other.sample, one.count * sizeof(*one.sample));
        assert_true(count < PRINT_SAMPLE ? one.count == count && one.level == 0 : one.count > PRINT_SAMPLE / 4);
        assert_true(one.count <= PRINT_SAMPLE);
    }
}

static void values_that_come_again_do_not_count_again(void **state)
{
    struct sampler *sampler TIDY(free) = mem_new(1, sizeof(*sampler));
    struct fingerprint print;
    (void)state;
    sampler->most = UINT64_MAX;
    for (int i = 0; i < 10000; i++)
        sampler_add(sampler, &key, MUSTER_TEXT, i % 3 ? "active" : "on leave", i % 3 ? 6 : 8);
    assert_int_equal(sampler_finish(sampler, 20000, arena, &print), 0);
    assert_int_equal(print.count, 2);
    assert_int_equal(print.filled, 10000);
    assert_int_equal(print.rows, 20000);
}

static void the_share_is_what_it_is_within_a_few_percent(void **state)
{
    static const struct {
        unsigned first, last, share;
    } cases[] = {{1, 50000, 100}, {5001, 55000, 90}, {25001, 75000, 50}, {45001, 95000, 10}, {50001, 100000, 0}};
    struct fingerprint before = print_of(&key, "", 1, 50000, false);
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fingerprint now = print_of(&key, "", cases[i].first, cases[i].last, true);
        uint32_t of, shared = fingerprint_shared(&before, &now, &of);
        assert_true(of >= PRINT_SAMPLE / 4);
        assert_in_range(100 * shared / of + 12, cases[i].share, cases[i].share + 24);
    }
}

static void a_small_column_is_found_in_a_large_one_only_as_far_as_both_samples_reach(void **state)
{
    struct fingerprint few = print_of(&key, "", 1, 40, false), many = print_of(&key, "", 1, 1000000, false);
    uint32_t of, shared = fingerprint_shared(&few, &many, &of);
    (void)state;
    assert_true(of < 5); /* those of the forty that a sample of a million would have */
    assert_int_equal(shared, of);
}

static void another_organization_s_sample_is_like_no_other(void **state)
{
    static const uint8_t master[VAULT_MASTER] = "the master key of this test";
    struct vault vault;
    struct print_key others;
    (void)state;
    vault_init(&vault, master, "other");
    print_key_init(&others, &vault);
    struct fingerprint one = print_of(&key, "", 1, 200, false), other = print_of(&others, "", 1, 200, false);
    uint32_t of;
    assert_true(fingerprint_shared(&one, &other, &of) <= 1);
}

static void types_are_told_by_the_cells_and_by_the_looks(void **state)
{
    static const struct {
        int type;
        const char *text;
        enum print_type wanted;
    } cases[] = {{MUSTER_DATE, "2021-05-01", PRINT_DATE},
                 {MUSTER_DATETIME, "2021-05-01T10:00:00", PRINT_DATE},
                 {MUSTER_INTEGER, "17", PRINT_NUMBER},
                 {MUSTER_BOOL, "true", PRINT_BOOL},
                 {MUSTER_TEXT, "1-5-2021", PRINT_DATE},
                 {MUSTER_TEXT, "2021/05/01 10:00", PRINT_DATE},
                 {MUSTER_TEXT, "01.05.21", PRINT_DATE},
                 {MUSTER_TEXT, "0017", PRINT_NUMBER},
                 {MUSTER_TEXT, "+31 6 1234", PRINT_NUMBER},
                 {MUSTER_TEXT, "1.234,50", PRINT_NUMBER},
                 {MUSTER_TEXT, "192.168.1.1000", PRINT_NUMBER},
                 {MUSTER_TEXT, "a@b.example", PRINT_MAIL},
                 {MUSTER_TEXT, "@home", PRINT_TEXT},
                 {MUSTER_TEXT, "B-7", PRINT_TEXT},
                 {MUSTER_TEXT, "--", PRINT_TEXT}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sampler *sampler TIDY(free) = mem_new(1, sizeof(*sampler));
        struct fingerprint print;
        sampler->most = UINT64_MAX;
        for (int n = 0; n < 3; n++) {
            assert_int_equal(sampler_finish(sampler, 3, arena, &print), 0);
            assert_int_equal(fingerprint_type(&print), PRINT_MIXED); /* one or two values say nothing */
            sampler_add(sampler, &key, cases[i].type, cases[i].text, strlen(cases[i].text));
        }
        assert_int_equal(sampler_finish(sampler, 3, arena, &print), 0);
        if (fingerprint_type(&print) != cases[i].wanted)
            fail_msg("'%s' is %s", cases[i].text, print_type_text(fingerprint_type(&print)));
    }
}

static void a_header_is_read_as_it_was_written_and_no_part_of_one_is(void **state)
{
    struct buffer out = {0};
    struct header header;
    (void)state;
    struct header_column columns[] = {
        {.name = "Employee Number", .run = 7, .print = print_of(&key, "", 1, 1000, false)},
        {.name = "E-mail", .run = 9, .print = print_of(&key, "x@y.z", 1, 3, false)}};
    header_column_write(&columns[0], &out);
    size_t first = out.len;
    header_column_write(&columns[1], &out);
    assert_int_equal(out.rc, 0);
    assert_true(header_read(bytes(out.data, out.len), arena, &header));
    assert_int_equal(header.count, 2);
    const struct header_column *found = header_find(&header, " employee  NUMBER");
    assert_non_null(found);
    assert_int_equal(found->run, 7);
    uint32_t of, shared = fingerprint_shared(&columns[0].print, &found->print, &of);
    assert_int_equal(shared, of);
    assert_int_equal(of, columns[0].print.count);
    assert_null(header_find(&header, "Mobile"));
    for (size_t len = 1; len < out.len; len++) {
        char *cut = memcpy(malloc(len), out.data, len); /* so that reading beyond it is seen */
        bool read = header_read(bytes(cut, len), arena, &header);
        assert_int_equal(read, len == first);
        free(cut);
    }
    assert_true(header_read(bytes(NULL, 0), arena, &header));
    assert_int_equal(header.count, 0);
    buffer_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_values_in_another_order_give_the_same_sample),
        cmocka_unit_test(values_that_come_again_do_not_count_again),
        cmocka_unit_test(the_share_is_what_it_is_within_a_few_percent),
        cmocka_unit_test(a_small_column_is_found_in_a_large_one_only_as_far_as_both_samples_reach),
        cmocka_unit_test(another_organization_s_sample_is_like_no_other),
        cmocka_unit_test(types_are_told_by_the_cells_and_by_the_looks),
        cmocka_unit_test(a_header_is_read_as_it_was_written_and_no_part_of_one_is),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
