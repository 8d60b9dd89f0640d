/* test_sorter - rows in key order, against qsort. */
#include "unit.h"

#include "scratch.h"

#include "base/error.h"
#include "store/sorter.h"

#include <errno.h>

static struct scratch scratch;
static struct spill *spill;

static int set_up(void **state)
{
    (void)state;
    scratch_make(&scratch);
    return spill_new(scratch.dir, &spill);
}

static int tear_down(void **state)
{
    (void)state;
    fault_set(NULL);
    spill_free(spill);
    scratch_remove(&scratch);
    return 0;
}

struct row {
    uint32_t nth;
    uint16_t key_len, value_len;
    uint8_t key[40];
};

static int row_compare(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    size_t len = x->key_len < y->key_len ? x->key_len : y->key_len;
    int order = memcmp(x->key, y->key, len);
    return order                      ? order
           : x->key_len != y->key_len ? (x->key_len < y->key_len ? -1 : 1)
           : x->nth < y->nth          ? -1
                                      : x->nth > y->nth;
}

/* What row number nth carries: its number, then bytes that follow from it. */
static void value_of(const struct row *row, uint8_t *out)
{
    for (size_t i = 0; i < row->value_len; i++)
        out[i] = (uint8_t)(row->nth * 7 + i);
    memcpy(out, &row->nth, row->value_len < 4 ? row->value_len : 4);
}

static struct row *rows_random(uint32_t count, uint32_t keys, uint32_t value_max, uint64_t seed)
{
    struct row *rows = calloc(count, sizeof(*rows));
    for (uint32_t n = 0; n < count; n++) {
        rows[n].nth = n;
        rows[n].value_len = (uint16_t)(4 + chance(&seed, value_max));
        uint64_t of = chance(&seed, keys) + 1;
        rows[n].key_len = (uint16_t)(1 + of % 38);
        for (int i = 0; i < rows[n].key_len; i++)
            rows[n].key[i] = (uint8_t)(i < 3 ? 'a' : chance(&of, 3)); /* many share how they begin */
    }
    return rows;
}

static void rows_add(struct sorter *sorter, const struct row *rows, uint32_t count)
{
    uint8_t value[4096];
    for (uint32_t n = 0; n < count; n++) {
        struct bytes key = bytes(rows[n].key, rows[n].key_len);
        value_of(&rows[n], value);
        if (n % 2)
            assert_int_equal(sorter_add(sorter, key, bytes(value, rows[n].value_len)), 0);
        else
            memcpy(sorter_reserve(sorter, key, rows[n].value_len), value, rows[n].value_len);
    }
    assert_int_equal(sorter_rc(sorter), 0);
}

static void rows_check(struct sorter *sorter, const struct row *sorted, uint32_t count)
{
    uint8_t value[4096];
    struct bytes key, got;
    for (uint32_t n = 0; n < count; n++) {
        assert_int_equal(sorter_next(sorter, &key, &got), 1);
        assert_int_equal(key.len, sorted[n].key_len);
        assert_memory_equal(key.data, sorted[n].key, key.len);
        assert_int_equal(got.len, sorted[n].value_len);
        value_of(&sorted[n], value);
        assert_memory_equal(got.data, value, got.len);
    }
    assert_int_equal(sorter_next(sorter, &key, &got), 0);
    assert_int_equal(sorter_next(sorter, &key, &got), 0);
}

static void rows_come_as_qsort_says_and_equal_keys_as_they_were_added(void **state)
{
    (void)state;
    static const size_t memories[] = {0, 1, 300, 5000, 1 << 16, 8 << 20};
    for (size_t m = 0; m < sizeof(memories) / sizeof(memories[0]); m++)
        for (uint32_t keys = 3; keys < 100000; keys *= 40) {
            uint32_t count = memories[m] < 300 ? 300 : 4000;
            struct row *rows = rows_random(count, keys, keys == 3 ? 3000 : 60, 99 + keys + m);
            struct sorter *sorter TIDY(sorter_free) = NULL;
            assert_int_equal(sorter_new(spill, memories[m], &sorter), 0);
            sorter_stripe(sorter, (m + keys / 3) % 5); /* they begin with "aaa", most of them: see rows_random() */
            rows_add(sorter, rows, count);
            assert_int_equal(sorter_count(sorter), count);
            qsort(rows, count, sizeof(*rows), row_compare);
            for (int twice = 0; twice < 2; twice++) {
                assert_int_equal(sorter_rewind(sorter), 0);
                rows_check(sorter, rows, count);
            }
            free(rows);
        }
}

/* Series that ascend, each with its own beginning, added by turns. */
static void series_that_come_by_turns_are_read_one_after_the_other(void **state)
{
    (void)state;
    enum { SERIES = 7, EACH = 2000 };
    for (size_t prefix = 0; prefix <= 4; prefix++) {
        struct sorter *sorter TIDY(sorter_free) = NULL;
        assert_int_equal(sorter_new(spill, prefix % 2 ? 1 << 20 : 3000, &sorter), 0);
        sorter_stripe(sorter, prefix);
        for (uint32_t n = 0; n < EACH; n++)
            for (uint32_t s = 0; s < SERIES; s++) {
                uint32_t key[2] = {__builtin_bswap32((SERIES - s) << 24 | 255 << (s % 3 * 8)), __builtin_bswap32(n)};
                assert_int_equal(sorter_add(sorter, bytes(key, s == 3 ? 1 : sizeof(key)), bytes(&n, sizeof(n))), 0);
            }
        struct bytes key, value, last = {0};
        uint8_t kept[STORE_KEY_MAX];
        uint32_t last_nth = 0;
        assert_int_equal(sorter_rewind(sorter), 0);
        for (uint32_t n = 0; n < SERIES * EACH; n++) {
            uint32_t nth;
            assert_int_equal(sorter_next(sorter, &key, &value), 1);
            memcpy(&nth, value.data, sizeof(nth));
            int order = memcmp(kept, key.data, last.len < key.len ? last.len : key.len);
            assert_true(last.len == 0 || order < 0 || (order == 0 && last.len < key.len) ||
                        (order == 0 && last.len == key.len && last_nth < nth));
            memcpy(kept, key.data, key.len);
            last = key;
            last_nth = nth;
        }
        assert_int_equal(sorter_next(sorter, &key, &value), 0);
    }
}

static void rows_in_order_are_read_one_run_after_the_other(void **state)
{
    (void)state;
    struct row *rows = rows_random(5000, 500, 60, 7);
    qsort(rows, 5000, sizeof(*rows), row_compare);
    struct sorter *sorter TIDY(sorter_free) = NULL;
    assert_int_equal(sorter_new(spill, 10000, &sorter), 0);
    rows_add(sorter, rows, 5000);
    struct bytes key, value;
    for (int stop = 5000; stop > 0; stop /= 7) { /* a walk that is left half-way begins anew */
        assert_int_equal(sorter_rewind(sorter), 0);
        for (int n = 0; n < stop; n++)
            assert_int_equal(sorter_next(sorter, &key, &value), 1);
    }
    assert_int_equal(sorter_rewind(sorter), 0);
    rows_check(sorter, rows, 5000);
    free(rows);
}

static void rows_in_order_stand_in_one_run(void **state)
{
    (void)state;
    struct row *rows = rows_random(5000, 500, 60, 7);
    qsort(rows, 5000, sizeof(*rows), row_compare);
    struct spill *own TIDY(spill_free) = NULL;
    struct sorter *sorter TIDY(sorter_free) = NULL;
    assert_int_equal(spill_new(scratch.dir, &own), 0);
    assert_int_equal(sorter_new(own, 10000, &sorter), 0);
    const struct sorter_run *runs;
    size_t count;
    rows_add(sorter, rows, 2500);
    assert_int_equal(sorter_flush(sorter, &runs, &count), 0);
    assert_int_equal(count, 1);
    rows_add(sorter, rows + 2500, 2500);
    assert_int_equal(sorter_flush(sorter, &runs, &count), 0);
    assert_int_equal(count, 1);
    assert_int_equal(runs[0].rows, 5000);
    assert_int_equal(sorter_rewind(sorter), 0);
    rows_check(sorter, rows, 5000);
    free(rows);
}

/* In order for a while, then a few that belong elsewhere, then in order again. */
static void rows_that_stop_to_come_in_order_are_sorted(void **state)
{
    (void)state;
    enum { COUNT = 3000, FEW = 40 };
    for (size_t prefix = 0; prefix < 3; prefix += 2)
        for (uint32_t from = 1; from + FEW < COUNT; from += 137) {
            struct row *rows = rows_random(COUNT, 100000, 60, from);
            qsort(rows, COUNT, sizeof(*rows), row_compare);
            for (uint32_t n = 0; n < FEW; n++) {
                struct row swap = rows[from + n];
                rows[from + n] = rows[(n * 71) % COUNT];
                rows[(n * 71) % COUNT] = swap;
            }
            for (uint32_t n = 0; n < COUNT; n++)
                rows[n].nth = n;
            struct sorter *sorter TIDY(sorter_free) = NULL;
            assert_int_equal(sorter_new(spill, 20000, &sorter), 0);
            sorter_stripe(sorter, prefix);
            rows_add(sorter, rows, COUNT);
            qsort(rows, COUNT, sizeof(*rows), row_compare);
            assert_int_equal(sorter_rewind(sorter), 0);
            rows_check(sorter, rows, COUNT);
            free(rows);
        }
}

static void sorters_share_a_spill_and_do_not_mix(void **state)
{
    (void)state;
    enum { SORTERS = 5, COUNT = 3000 };
    struct sorter *sorters[SORTERS];
    struct row *rows[SORTERS];
    for (int s = 0; s < SORTERS; s++) {
        rows[s] = rows_random(COUNT, 1000, 40, (uint64_t)s + 5);
        assert_int_equal(sorter_new(spill, 3000 + 1000 * (size_t)s, &sorters[s]), 0);
    }
    for (uint32_t at = 0; at < COUNT; at += 100)
        for (int s = 0; s < SORTERS; s++)
            rows_add(sorters[s], rows[s] + at, 100);
    struct bytes key, value;
    for (int s = 0; s < SORTERS; s++) { /* all are walked while others still write their last run */
        qsort(rows[s], COUNT, sizeof(struct row), row_compare);
        assert_int_equal(sorter_rewind(sorters[s]), 0);
        assert_int_equal(sorter_next(sorters[s], &key, &value), 1);
    }
    for (int s = 0; s < SORTERS; s++) {
        assert_int_equal(sorter_rewind(sorters[s]), 0);
        rows_check(sorters[s], rows[s], COUNT);
        sorter_free(sorters[s]);
        free(rows[s]);
    }
}

static void what_was_flushed_is_adopted_by_another_sorter(void **state)
{
    (void)state;
    static const size_t memories[] = {2000, 1 << 20};
    for (int m = 0; m < 2; m++)
        for (int ordered = 0; ordered < 2; ordered++) {
            struct row *rows = rows_random(3000, 900, 60, 3);
            if (ordered)
                qsort(rows, 3000, sizeof(*rows), row_compare);
            struct sorter *from TIDY(sorter_free) = NULL, *to TIDY(sorter_free) = NULL;
            assert_int_equal(sorter_new(spill, memories[m], &from), 0);
            sorter_stripe(from, ordered ? 0 : 4);
            rows_add(from, rows, 3000);
            qsort(rows, 3000, sizeof(*rows), row_compare);
            const struct sorter_run *runs;
            size_t count;
            assert_int_equal(sorter_flush(from, &runs, &count), 0);
            if (ordered)
                assert_int_equal(count, 1);
            else
                assert_true(m ? count == 5 : count > 50); /* "a", "aa", then "aaa" and 0, 1, 2 */
            assert_int_equal(sorter_new(spill, 1 << 20, &to), 0);
            assert_int_equal(sorter_adopt(to, runs, count), 0);
            assert_int_equal(sorter_count(to), 3000);
            assert_int_equal(sorter_bytes(to), sorter_bytes(from));
            for (int twice = 0; twice < 2; twice++) {
                assert_int_equal(sorter_rewind(to), 0);
                rows_check(to, rows, 3000);
            }
            assert_int_equal(sorter_rewind(from), 0);
            rows_check(from, rows, 3000);
            free(rows);
        }
}

/* A run of many partitions puts each one's rows to rest while others come. */
static void rows_that_rest_are_walked_and_joined_by_others(void **state)
{
    (void)state;
    static const size_t memories[] = {300, 8 << 20};
    for (size_t m = 0; m < sizeof(memories) / sizeof(memories[0]); m++) {
        struct row *rows = rows_random(4000, 700, 60, 31 + m);
        struct sorter *sorter TIDY(sorter_free) = NULL;
        assert_int_equal(sorter_new(spill, memories[m], &sorter), 0);
        sorter_stripe(sorter, m);
        assert_int_equal(sorter_rest(sorter), 0); /* of nothing */
        rows_add(sorter, rows, 2500);
        assert_int_equal(sorter_rest(sorter), 0);
        assert_int_equal(sorter_rest(sorter), 0);
        assert_int_equal(sorter_count(sorter), 2500);
        rows_add(sorter, rows + 2500, 1500);
        assert_int_equal(sorter_rest(sorter), 0);
        qsort(rows, 4000, sizeof(*rows), row_compare);
        for (int twice = 0; twice < 2; twice++) {
            assert_int_equal(sorter_rewind(sorter), 0);
            rows_check(sorter, rows, 4000);
        }
        free(rows);
    }
}

static void nothing_added_is_nothing_to_walk(void **state)
{
    (void)state;
    struct sorter *sorter TIDY(sorter_free) = NULL;
    struct bytes key, value;
    const struct sorter_run *runs;
    size_t count = 9;
    assert_int_equal(sorter_new(spill, 100, &sorter), 0);
    assert_int_equal(sorter_next(sorter, &key, &value), 0);
    assert_int_equal(sorter_rewind(sorter), 0);
    assert_int_equal(sorter_next(sorter, &key, &value), 0);
    assert_int_equal(sorter_flush(sorter, &runs, &count), 0);
    assert_int_equal(count, 0);
    assert_int_equal(sorter_adopt(sorter, runs, 0), 0);
}

static void empty_keys_and_values_are_rows_too(void **state)
{
    (void)state;
    for (size_t memory = 0; memory <= 1000; memory += 1000) {
        struct sorter *sorter TIDY(sorter_free) = NULL;
        struct bytes key, value;
        assert_int_equal(sorter_new(spill, memory, &sorter), 0);
        assert_int_equal(sorter_add(sorter, bytes("b", 1), bytes(NULL, 0)), 0);
        assert_int_equal(sorter_add(sorter, bytes(NULL, 0), bytes("v", 1)), 0);
        assert_int_equal(sorter_add(sorter, bytes(NULL, 0), bytes(NULL, 0)), 0);
        assert_int_equal(sorter_rewind(sorter), 0);
        assert_int_equal(sorter_next(sorter, &key, &value), 1);
        assert_int_equal(key.len, 0);
        assert_int_equal(value.len, 1);
        assert_int_equal(sorter_next(sorter, &key, &value), 1);
        assert_int_equal(value.len, 0);
        assert_int_equal(sorter_next(sorter, &key, &value), 1);
        assert_memory_equal(key.data, "b", 1);
        assert_int_equal(sorter_next(sorter, &key, &value), 0);
    }
}

static void a_key_over_the_ceiling_is_refused_for_good(void **state)
{
    (void)state;
    struct sorter *sorter TIDY(sorter_free) = NULL;
    uint8_t key[STORE_KEY_MAX + 1] = {0};
    assert_int_equal(sorter_new(spill, 100, &sorter), 0);
    assert_int_equal(sorter_add(sorter, bytes(key, STORE_KEY_MAX), bytes("a", 1)), 0);
    assert_null(sorter_reserve(sorter, bytes(key, STORE_KEY_MAX + 1), 1));
    assert_int_equal(sorter_rc(sorter), ERR_LIMIT);
    assert_int_equal(sorter_add(sorter, bytes("a", 1), bytes("a", 1)), ERR_LIMIT);
    assert_int_equal(sorter_rewind(sorter), ERR_LIMIT);
}

static void runs_that_cannot_be_are_refused_or_end_in_a_code(void **state)
{
    (void)state;
    struct sorter *from TIDY(sorter_free) = NULL;
    struct row *rows = rows_random(200, 50, 60, 21);
    const struct sorter_run *runs;
    size_t count;
    assert_int_equal(sorter_new(spill, 2000, &from), 0);
    rows_add(from, rows, 200);
    assert_int_equal(sorter_flush(from, &runs, &count), 0);
    struct sorter_run wrong[] = {
        {.offset = runs[0].end, .end = runs[0].offset, .rows = 1},
        {.offset = runs[0].offset, .end = UINT64_MAX, .rows = 1},
        {.offset = UINT64_MAX - 8, .end = UINT64_MAX, .rows = 1},
        {.offset = runs[0].offset, .end = runs[0].end, .rows = 0},
        {.offset = runs[0].offset, .end = runs[0].end, .rows = UINT64_MAX},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct sorter *to TIDY(sorter_free) = NULL;
        assert_int_equal(sorter_new(spill, 1000, &to), 0);
        assert_int_equal(sorter_adopt(to, &wrong[i], 1), ERR_CORRUPT);
    }
    int damaged = 0;
    for (uint64_t shift = 1; shift < 400; shift++) { /* a run read from the wrong place is nonsense, and ends */
        struct sorter *to TIDY(sorter_free) = NULL;
        struct sorter_run run = {.offset = runs[0].offset + shift, .end = runs[0].end, .rows = 1};
        assert_int_equal(sorter_new(spill, 1000, &to), 0);
        assert_int_equal(sorter_adopt(to, &run, 1), 0);
        struct bytes key, value;
        int rc = sorter_rewind(to);
        for (int n = 0; rc >= 0 && n < 1000; n++)
            if ((rc = sorter_next(to, &key, &value)) == 0)
                break;
        assert_true(rc == 0 || rc == ERR_CORRUPT);
        assert_true(rc == 0 || sorter_next(to, &key, &value) == ERR_CORRUPT);
        damaged += rc != 0;
    }
    assert_true(damaged > 300);
    free(rows);
}

static int sort_all(const struct row *rows, uint32_t count)
{
    struct spill *own TIDY(spill_free) = NULL;
    struct sorter *sorter TIDY(sorter_free) = NULL;
    uint8_t value[4096];
    struct bytes key, got;
    int rc = spill_new(scratch.dir, &own);
    rc = rc ? rc : sorter_new(own, 100000, &sorter);
    for (uint32_t n = 0; rc == 0 && n < count; n++) {
        value_of(&rows[n], value);
        rc = sorter_add(sorter, bytes(rows[n].key, rows[n].key_len), bytes(value, rows[n].value_len));
    }
    rc = rc ? rc : sorter_rewind(sorter);
    uint32_t seen = 0;
    while (rc == 0 && (rc = sorter_next(sorter, &key, &got)) == 1) {
        seen++;
        rc = 0;
    }
    assert_true(rc != 0 || seen == count);
    return rc;
}

static void each_allocation_and_each_write_fails_once_and_is_said(void **state)
{
    (void)state;
#ifndef HAVE_FAULTS
    skip();
#endif
    struct row *rows = rows_random(3000, 500, 500, 17);
    static const char *const points[] = {"alloc", "spill"};
    static const int codes[] = {-ENOMEM, -ENOSPC};
    for (int p = 0; p < 2; p++) {
        int rc = -1;
        for (int nth = 1; rc != 0; nth++) {
            char plan[32];
            snprintf(plan, sizeof(plan), "%s:%d", points[p], nth);
            fault_set(plan);
            rc = sort_all(rows, 3000);
            assert_int_equal(rc, fault_seen() >= nth ? codes[p] : 0);
            assert_true(nth < 1000);
        }
    }
    free(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_as_qsort_says_and_equal_keys_as_they_were_added),
        cmocka_unit_test(series_that_come_by_turns_are_read_one_after_the_other),
        cmocka_unit_test(rows_in_order_are_read_one_run_after_the_other),
        cmocka_unit_test(rows_in_order_stand_in_one_run),
        cmocka_unit_test(rows_that_stop_to_come_in_order_are_sorted),
        cmocka_unit_test(sorters_share_a_spill_and_do_not_mix),
        cmocka_unit_test(what_was_flushed_is_adopted_by_another_sorter),
        cmocka_unit_test(rows_that_rest_are_walked_and_joined_by_others),
        cmocka_unit_test(nothing_added_is_nothing_to_walk),
        cmocka_unit_test(empty_keys_and_values_are_rows_too),
        cmocka_unit_test(a_key_over_the_ceiling_is_refused_for_good),
        cmocka_unit_test(runs_that_cannot_be_are_refused_or_end_in_a_code),
        cmocka_unit_test(each_allocation_and_each_write_fails_once_and_is_said),
    };
    return cmocka_run_group_tests_name("sorter", tests, set_up, tear_down);
}
