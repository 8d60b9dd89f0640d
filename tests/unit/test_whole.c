/* test_whole - a data file that was cut off is told from one that only ends in pages which hold nothing. */
#include "stored.h"

#include "store/whole.h"

#include <fcntl.h>
#include <sys/stat.h>

enum { ROWS = 600, PAGE = 4096 };

static uint8_t large[3 * PAGE];

static void rows_put(struct store *store, int from, int to)
{
    struct txn txn;
    char key[32];
    txn_begin(&txn, store, true);
    for (int n = from; n < to; n++) {
        snprintf(key, sizeof(key), "key %06d", n);
        txn_put(&txn, TABLE_source, text(key),
                n % 50 ? text("a value of some length, as they are") : bytes(large, sizeof(large)));
    }
    assert_int_equal(txn_end(&txn), 0);
}

static void rows_delete(struct store *store, int from, int to)
{
    struct txn txn;
    char key[32];
    txn_begin(&txn, store, true);
    for (int n = from; n < to; n++) {
        snprintf(key, sizeof(key), "key %06d", n);
        txn_delete(&txn, TABLE_source, text(key));
    }
    assert_int_equal(txn_end(&txn), 0);
}

/* Reads every byte; a page that is missing would end this program. */
static int rows_read(struct store *store)
{
    struct txn txn __attribute__((cleanup(tidy_txn)));
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    int count = 0;
    unsigned sum = 0;
    txn_begin(&txn, store, false);
    cursor_open(&cursor, &txn, TABLE_source);
    for (bool there = cursor_seek(&cursor, bytes(NULL, 0)); there; there = cursor_next(&cursor), count++)
        for (size_t at = 0; at < cursor.value.len; at++)
            sum += ((const uint8_t *)cursor.value.data)[at];
    assert_int_equal(txn.rc, 0);
    assert_true(count == 0 || sum > 0);
    return count;
}

/* Cuts the file of "org" off, page after page from its end. Returns of how many lengths nothing was missing. */
static int cut_and_read(int rows)
{
    const char *path = scratch_path(&scratch, "org/data.mdb");
    struct stat stat_of;
    int whole = 0;
    assert_int_equal(stat(path, &stat_of), 0);
    for (off_t length = stat_of.st_size; length > 2 * PAGE; length -= PAGE) {
        struct store *store = NULL;
        struct err err = {0};
        path = scratch_path(&scratch, "org/data.mdb");
        assert_int_equal(truncate(path, length), 0);
        if (store_is_cut(scratch_path(&scratch, "org"))) {
            assert_int_equal(store_open(scratch_path(&scratch, "org"), true, &store, &err), ERR_CORRUPT);
            assert_said(&err, "org/data.mdb is cut off: it ends before what it speaks of. Restore it from a backup.");
            continue;
        }
        whole++;
        store = opened("org");
        assert_int_equal(rows_read(store), rows);
        store_close(store);
    }
    return whole;
}

static void a_file_that_was_cut_off_is_refused_and_ends_nobody(void **state)
{
    (void)state;
    memset(large, 'x', sizeof(large));
    struct store *store = opened("org");
    rows_put(store, 0, ROWS);
    store_close(store);
    assert_int_equal(cut_and_read(ROWS), 1);
}

static void a_file_whose_last_pages_hold_nothing_is_whole_without_them(void **state)
{
    (void)state;
    memset(large, 'x', sizeof(large));
    struct store *store = opened("org");
    rows_put(store, 0, ROWS);
    rows_delete(store, 20, ROWS);
    rows_put(store, 20, 30);
    rows_put(store, 20, 30);
    store_close(store);
    assert_true(cut_and_read(30) > 10);
}

static void what_is_no_store_is_not_cut(void **state)
{
    (void)state;
    assert_false(store_is_cut(scratch_path(&scratch, "none")));
    mkdir(scratch_path(&scratch, "org"), 0700);
    FILE *file = fopen(scratch_path(&scratch, "org/data.mdb"), "w");
    for (int i = 0; i < 4000; i++)
        fputs("garbage ", file);
    fclose(file);
    assert_false(store_is_cut(scratch_path(&scratch, "org")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_file_that_was_cut_off_is_refused_and_ends_nobody),
        CASE(a_file_whose_last_pages_hold_nothing_is_whole_without_them),
        CASE(what_is_no_store_is_not_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
