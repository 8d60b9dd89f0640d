/* test_ledger - rows of files as they are kept. */
#include "unit.h"

#include "scratch.h"

#include "tables/ledger.h"

#include <muster/connector.h>

static struct scratch scratch;
static struct store *store;
static struct arena *arena;

static struct changeset *begin(void)
{
    struct changeset *changeset = NULL;
    assert_int_equal(changeset_new(store, &changeset), 0);
    return changeset;
}

static void end(struct changeset *changeset)
{
    assert_int_equal(changeset_apply(changeset, NULL), 0);
    changeset_free(changeset);
}

static void what_is_put_is_read_again(void **state)
{
    (void)state;
    struct ledger_row put = {.stream = 7,
                             .run = 12,
                             .nth = 1,
                             .name = "/in/a ü.csv",
                             .size = 99,
                             .mtime_ms = -5,
                             .at_ms = 1234,
                             .rows = 4,
                             .refused = 1,
                             .created = 2,
                             .updated = 3,
                             .missing = 5,
                             .together = 2,
                             .outcome = 1,
                             .after = MUSTER_ARCHIVE,
                             .place = "/in/archive/a ü-2.csv"};
    memset(put.sha256, 0x5a, sizeof(put.sha256));
    struct changeset *changeset = begin();
    ledger_put(changeset, &put);
    end(changeset);
    struct txn txn __attribute__((cleanup(tidy_txn)));
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    struct ledger_row row;
    struct ledger_seen seen;
    txn_begin(&txn, store, false);
    cursor_open(&cursor, &txn, TABLE_file);
    assert_false(ledger_first(&cursor, 6));
    assert_true(ledger_first(&cursor, 7));
    assert_false(ledger_read_seen(&cursor, arena, &seen));
    assert_true(ledger_read(&cursor, arena, &row));
    assert_true(row.told);
    assert_int_equal(row.run, 12);
    assert_int_equal(row.nth, 1);
    assert_string_equal(row.name, put.name);
    assert_string_equal(row.place, put.place);
    assert_memory_equal(row.sha256, put.sha256, 32);
    assert_int_equal(row.size, 99);
    assert_int_equal(row.mtime_ms, -5);
    assert_int_equal(row.at_ms, 1234);
    assert_int_equal(row.rows, 4);
    assert_int_equal(row.refused, 1);
    assert_int_equal(row.created, 2);
    assert_int_equal(row.updated, 3);
    assert_int_equal(row.missing, 5);
    assert_int_equal(row.together, 2);
    assert_int_equal(row.outcome, 1);
    assert_int_equal(row.after, MUSTER_ARCHIVE);
}

static void a_row_of_an_older_version_has_its_name_and_digest(void **state)
{
    (void)state;
    static const uint8_t key[12] = {0, 0, 0, 8, 0, 0, 0, 3, 0, 0, 0, 0};
    uint8_t old[8 + 8 + 32 + 9] = {77};
    memcpy(old + 48, "/in/b.csv", 9);
    struct txn txn __attribute__((cleanup(tidy_txn)));
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    struct ledger_row row;
    txn_begin(&txn, store, true);
    txn_put(&txn, TABLE_file, bytes(key, sizeof(key)), bytes(old, sizeof(old)));
    assert_int_equal(txn_end(&txn), 0);
    txn_begin(&txn, store, false);
    cursor_open(&cursor, &txn, TABLE_file);
    assert_true(ledger_first(&cursor, 8));
    assert_true(ledger_read(&cursor, arena, &row));
    assert_false(row.told);
    assert_string_equal(row.name, "/in/b.csv");
    assert_string_equal(row.place, "");
    assert_int_equal(row.size, 77);
    assert_int_equal(row.run, 3);
}

static size_t seen_count(uint32_t stream, struct ledger_seen *ret_last)
{
    struct txn txn __attribute__((cleanup(tidy_txn)));
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    size_t count = 0;
    txn_begin(&txn, store, false);
    cursor_open(&cursor, &txn, TABLE_file);
    for (bool there = ledger_first(&cursor, stream); there; there = cursor_next(&cursor) && ledger_of(&cursor, stream))
        count += ledger_read_seen(&cursor, arena, ret_last);
    return count;
}

static uint64_t put_seen(uint32_t stream, const struct ledger_seen *seen, size_t count)
{
    struct changeset *changeset = begin();
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, store, false);
    assert_int_equal(ledger_put_seen(changeset, &txn, stream, seen, count), 0);
    txn_abort(&txn);
    uint64_t rows = changeset_rows(changeset, TABLE_file);
    end(changeset);
    return rows;
}

static void what_was_seen_is_what_the_last_look_saw(void **state)
{
    (void)state;
    struct ledger_seen seen[2] = {{.name = "/in/c", .size = 1, .first_ms = 10, .reason = "still growing"},
                                  {.name = "/in/d", .size = 2, .first_ms = 11, .reason = "it waits"}};
    struct ledger_seen last;
    assert_int_equal(put_seen(9, seen, 2), 2);
    assert_int_equal(seen_count(9, &last), 2);
    assert_string_equal(last.reason, "it waits");
    assert_int_equal(put_seen(9, seen, 2), 0); /* the same again writes nothing */
    seen[0].size = 3;
    assert_int_equal(put_seen(9, seen, 1), 2);
    assert_int_equal(seen_count(9, &last), 1);
    assert_int_equal(last.size, 3);
    assert_int_equal(put_seen(9, NULL, 0), 1);
    assert_int_equal(seen_count(9, &last), 0);
}

static void put_instead(uint32_t run, uint32_t first_run, uint32_t last_run, const uint64_t *numbers, size_t count)
{
    uint64_t copy[8];
    memcpy(copy, numbers, count * sizeof(*numbers));
    struct ledger_instead instead = {
        .stream = 11, .run = run, .first_run = first_run, .last_run = last_run, .numbers = copy, .count = count};
    struct changeset *changeset = begin();
    ledger_put_instead(changeset, &instead);
    end(changeset);
}

static void what_took_the_place_of_something_held_is_found_by_its_number_and_by_its_run(void **state)
{
    (void)state;
    put_instead(5, 2, 4, (const uint64_t[]){9, 4, 5, 6, 12}, 5);
    put_instead(8, 6, 6, (const uint64_t[]){7, 20}, 2);
    put_instead(9, 6, 6, (const uint64_t[]){0}, 0); /* writes nothing */
    struct txn txn __attribute__((cleanup(tidy_txn)));
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    struct ledger_row row;
    struct ledger_seen seen;
    uint32_t run = 0;
    txn_begin(&txn, store, false);
    static const struct {
        uint64_t number;
        uint32_t run;
    } cases[] = {{3, 0}, {4, 5}, {5, 5}, {6, 5}, {7, 8}, {8, 0}, {9, 5}, {10, 0}, {12, 5}, {20, 8}, {21, 0}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        run = 0;
        assert_int_equal(ledger_instead_of(&txn, 11, cases[i].number, &run), cases[i].run != 0);
        assert_int_equal(run, cases[i].run);
        assert_false(ledger_instead_of(&txn, 12, cases[i].number, &run));
    }
    static const uint32_t by_run[] = {0, 0, 5, 5, 5, 0, 8, 0};
    for (uint32_t held = 1; held < 8; held++) {
        run = 0;
        assert_int_equal(ledger_instead_of_run(&txn, 11, held, &run), by_run[held] != 0);
        assert_int_equal(run, by_run[held]);
    }
    cursor_open(&cursor, &txn, TABLE_file);
    assert_true(ledger_first(&cursor, 11)); /* who looks for files passes it over */
    assert_false(ledger_read(&cursor, arena, &row));
    assert_false(ledger_read_seen(&cursor, arena, &seen));
}

static int open_store(void **state)
{
    (void)state;
    struct err err = {0};
    arena = arena_new();
    scratch_make(&scratch);
    return arena && store_open(scratch.dir, true, &store, &err) == 0 ? 0 : -1;
}

static int close_store(void **state)
{
    (void)state;
    store_close(store);
    arena_free(arena);
    scratch_remove(&scratch);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_is_read_again),
        cmocka_unit_test(a_row_of_an_older_version_has_its_name_and_digest),
        cmocka_unit_test(what_was_seen_is_what_the_last_look_saw),
        cmocka_unit_test(what_took_the_place_of_something_held_is_found_by_its_number_and_by_its_run),
    };
    return cmocka_run_group_tests_name("ledger", tests, open_store, close_store);
}
