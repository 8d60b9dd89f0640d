/* test_txn - transactions that remember their first failure, what a reader sees, and cursors. */
#include "stored.h"

#include "base/text.h"

#include <errno.h>
#include <lmdb.h>

static void the_first_failure_sticks_and_nothing_is_kept(void **state)
{
    (void)state;
    struct store *store TIDY(store_close) = opened("org");
    struct txn txn;
    struct bytes got;
    txn_begin(&txn, store, true);
    txn_put(&txn, TABLE_source, text("a"), text("1"));
    txn_put_new(&txn, TABLE_source, text("a"), text("2"));
    assert_int_equal(txn.rc, ERR_CONFLICT);
    uint64_t puts = txn.puts;
    txn_put(&txn, TABLE_source, text("b"), text("1"));
    txn_delete(&txn, TABLE_source, text("a"));
    txn_append(&txn, TABLE_source, text("z"), text("1"));
    assert_false(txn_get(&txn, TABLE_source, text("a"), &got));
    assert_int_equal(txn_count(&txn, TABLE_source), 0);
    assert_int_equal(txn.puts, puts);
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    cursor_open(&cursor, &txn, TABLE_source);
    assert_false(cursor_seek(&cursor, text("")) || cursor_last(&cursor) || cursor_next(&cursor));
    txn_renew(&txn);
    assert_int_equal(txn_end(&txn), ERR_CONFLICT);
    assert_int_equal(txn_end(&txn), ERR_CONFLICT);
    assert_false(stands(store, "a", "1"));
}

static void appending_before_the_last_key_is_a_conflict(void **state)
{
    (void)state;
    struct store *store TIDY(store_close) = opened("org");
    for (int same = 0; same < 2; same++) {
        struct txn txn;
        txn_begin(&txn, store, true);
        txn_append(&txn, TABLE_source, text("b"), text("1"));
        txn_append(&txn, TABLE_source, text(same ? "b" : "a"), text("1"));
        assert_int_equal(txn_end(&txn), ERR_CONFLICT);
        struct cursor cursor;
        txn_begin(&txn, store, true);
        cursor_open(&cursor, &txn, TABLE_source);
        cursor_append(&cursor, text("b"), text("1"));
        cursor_append(&cursor, text(same ? "b" : "a"), text("1"));
        cursor_append(&cursor, text("c"), text("1")); /* nothing is done after a failure */
        cursor_close(&cursor);
        assert_int_equal(txn.puts, 2);
        assert_int_equal(txn_end(&txn), ERR_CONFLICT);
    }
    assert_false(stands(store, "b", "1"));
}

static void renewing_commits_what_is_whole(void **state)
{
    (void)state;
    struct store *store TIDY(store_close) = opened("org");
    struct txn txn;
    txn_begin(&txn, store, true);
    txn_put(&txn, TABLE_source, text("a"), text("1"));
    assert_true(txn.dirty > 0);
    txn_renew(&txn);
    assert_int_equal(txn.dirty, 0);
    assert_true(stands(store, "a", "1"));
    txn_put(&txn, TABLE_source, text("b"), text("1"));
    assert_int_equal(txn.puts, 2);
    txn_abort(&txn);
    assert_true(stands(store, "a", "1"));
    assert_false(stands(store, "b", "1"));
}

static void deleting_what_is_not_there_is_no_failure(void **state)
{
    (void)state;
    struct store *store TIDY(store_close) = opened("org");
    struct txn txn;
    txn_begin(&txn, store, true);
    txn_put(&txn, TABLE_source, text("a"), text("1"));
    txn_delete(&txn, TABLE_source, text("b"));
    assert_int_equal(txn_count(&txn, TABLE_source), 1);
    txn_delete(&txn, TABLE_source, text("a"));
    assert_int_equal(txn_count(&txn, TABLE_source), 0);
    assert_int_equal(txn_end(&txn), 0);
}

static void a_reader_keeps_seeing_what_it_saw_first(void **state)
{
    (void)state;
    struct store *store TIDY(store_close) = opened("org");
    struct txn read __attribute__((cleanup(tidy_txn))), other __attribute__((cleanup(tidy_txn))), write;
    struct bytes got;
    txn_begin(&read, store, false);
    txn_begin(&other, store, false); /* two in one thread */
    txn_begin(&write, store, true);
    txn_put(&write, TABLE_source, text("a"), text("1"));
    assert_int_equal(txn_end(&write), 0);
    assert_false(txn_get(&read, TABLE_source, text("a"), &got));
    assert_int_equal(txn_end(&other), 0);
    assert_false(txn_get(&read, TABLE_source, text("a"), &got));
    assert_true(stands(store, "a", "1"));
}

/* Rows of three tables, of keys with several first bytes: each even number is there. */
enum { FIRSTS = 9, ROWS = 400, ASKED = 60000 };
static const enum table near_tables[] = {TABLE_source, TABLE_entity, TABLE_index};

static size_t near_key(unsigned table, unsigned first, unsigned number, char ret_key[32])
{
    ret_key[0] = (char)(first * 5 + 1);
    return 1 + (size_t)snprintf(ret_key + 1, 31, "%06u %u", number, table);
}

static void near_fill(struct store *store)
{
    struct txn txn;
    char key[32], value[120];
    txn_begin(&txn, store, true);
    for (unsigned table = 0; table < 3; table++)
        for (unsigned first = 0; first < FIRSTS; first++)
            for (unsigned number = 2; number <= 2 * ROWS; number += 2) {
                memset(value, 'x', sizeof(value));
                size_t len = near_key(table, first, number, key);
                memcpy(value, key, len);
                txn_put(&txn, near_tables[table], bytes(key, len), bytes(value, sizeof(value)));
            }
    assert_int_equal(txn_end(&txn), 0);
}

static void near_ask(struct txn *txn, unsigned table, unsigned first, unsigned number)
{
    char key[32];
    struct bytes got;
    size_t len = near_key(table, first, number, key);
    bool there = number % 2 == 0 && number > 0 && number <= 2 * ROWS;
    assert_int_equal(txn_get(txn, near_tables[table], bytes(key, len), &got), there);
    if (there)
        assert_memory_equal(got.data, key, len);
}

static void what_is_there_is_found_whatever_was_asked_before(void **state)
{
    (void)state;
    struct store *store TIDY(store_close) = opened("org");
    struct txn txn __attribute__((cleanup(tidy_txn)));
    uint32_t chance = 1;
    near_fill(store);
    txn_begin(&txn, store, false);
    for (unsigned number = 0; number <= 2 * ROWS + 3; number++) /* in order, kinds and tables by turns */
        for (unsigned table = 0; table < 3; table++)
            for (unsigned first = 0; first < FIRSTS; first++)
                near_ask(&txn, table, first, number);
    for (int n = 0; n < ASKED; n++) {
        chance = chance * 1664525u + 1013904223u;
        near_ask(&txn, (chance >> 8) % 3, (chance >> 12) % FIRSTS, (chance >> 16) % (2 * ROWS + 4));
    }
    assert_int_equal(txn_end(&txn), 0);
}

static void a_walk_over_a_prefix_sees_all_of_it_and_no_more(void **state)
{
    (void)state;
    struct store *store TIDY(store_close) = opened("org");
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, store, true);
    static const char *const keys[] = {"a", "b", "ba", "bab", "bb", "c", "b\xff"};
    for (int i = 0; i < 7; i++)
        txn_put(&txn, TABLE_index, text(keys[i]), text("x"));
    static const struct {
        const char *prefix;
        int count;
    } cases[] = {{"b", 5}, {"ba", 2}, {"bab", 1}, {"bac", 0}, {"", 7}, {"c", 1}, {"d", 0}, {"a", 1}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct cursor cursor __attribute__((cleanup(tidy_cursor)));
        struct bytes prefix = text(cases[i].prefix);
        int count = 0;
        cursor_open(&cursor, &txn, TABLE_index);
        for (bool on = cursor_seek(&cursor, prefix); on && cursor_has_prefix(&cursor, prefix);
             on = cursor_next(&cursor))
            count++;
        assert_int_equal(count, cases[i].count);
    }
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    cursor_open(&cursor, &txn, TABLE_index);
    assert_true(cursor_last(&cursor));
    assert_memory_equal(cursor.key.data, "c", 1);
    assert_true(cursor_previous(&cursor));
    assert_memory_equal(cursor.key.data, "b\xff", 2);
    assert_true(cursor_seek(&cursor, text("a")));
    assert_false(cursor_previous(&cursor));
    struct cursor none __attribute__((cleanup(tidy_cursor)));
    cursor_open(&none, &txn, TABLE_refer);
    assert_false(cursor_last(&none) || cursor_seek(&none, text("a")) || cursor_seek(&none, text("")));
    assert_int_equal(txn.rc, 0);
}

static void no_call_that_fails_is_overlooked(void **state)
{
    (void)state;
#ifndef HAVE_FAULTS
    skip();
#endif
    struct store *store TIDY(store_close) = opened("org");
    int rc = -1, nth = 1;
    for (; rc != 0; nth++) {
        char plan[32];
        struct bytes got;
        struct txn txn;
        snprintf(plan, sizeof(plan), "store:%d", nth);
        fault_set(plan);
        txn_begin(&txn, store, true);
        meta_set_number(&txn, "n", (uint64_t)nth);
        txn_put(&txn, TABLE_source, text("a"), text("1"));
        txn_get(&txn, TABLE_source, text("a"), &got);
        txn_delete(&txn, TABLE_source, text("a"));
        txn_put_new(&txn, TABLE_source, text("c"), text("1"));
        struct cursor cursor;
        cursor_open(&cursor, &txn, TABLE_source);
        cursor_seek(&cursor, text("c"));
        cursor_next(&cursor);
        cursor_close(&cursor);
        rc = txn_end(&txn);
        assert_int_equal(rc, fault_seen() >= nth ? -EIO : 0);
        fault_set(NULL);
        txn_begin(&txn, store, false);
        assert_int_equal(meta_number(&txn, "n"), rc ? 0 : (uint64_t)nth);
        assert_int_equal(txn_end(&txn), 0);
    }
    assert_true(nth > 9);
    store_close(TAKE(store));
    for (nth = 1, rc = -1; rc != 0; nth++) { /* opening, new and old */
        for (int old = 0; old < 2; old++) {
            char plan[32];
            struct err err = {0};
            struct store *opening TIDY(store_close) = NULL;
            snprintf(plan, sizeof(plan), "store:%d", nth);
            fault_set(plan);
            int one = store_open(scratch_path(&scratch, old ? "org" : "fresh"), true, &opening, &err);
            assert_true(one == 0 || (one == -EIO && err.rc == -EIO && !opening));
            rc = old ? rc : one;
        }
    }
    assert_true(nth > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_first_failure_sticks_and_nothing_is_kept),
        CASE(appending_before_the_last_key_is_a_conflict),
        CASE(renewing_commits_what_is_whole),
        CASE(deleting_what_is_not_there_is_no_failure),
        CASE(a_reader_keeps_seeing_what_it_saw_first),
        CASE(what_is_there_is_found_whatever_was_asked_before),
        CASE(a_walk_over_a_prefix_sees_all_of_it_and_no_more),
        CASE(no_call_that_fails_is_overlooked),
    };
    return cmocka_run_group_tests_name("txn", tests, NULL, NULL);
}
