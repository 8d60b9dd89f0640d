/* test_changeset - what was decided is applied wholly or not at all, whatever happens meanwhile. */
#include "unit.h"

#include "scratch.h"

#include "base/clock.h"
#include "base/digest.h"
#include "store/changeset.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

enum { SMALL = 300, LARGE = 45000, BASE = 3000, VALUE = 800 };

static struct scratch scratch;
static uint64_t before;

static const char *place(const char *name)
{
    return scratch_path(&scratch, name);
}

static struct bytes key_of(uint32_t nth, char out[16])
{
    return bytes(out, (size_t)snprintf(out, 16, "k%08u", nth));
}

static struct bytes value_of(uint32_t nth, uint32_t salt, uint8_t out[VALUE])
{
    for (uint32_t i = 0; i < VALUE / 4; i++) {
        uint32_t word = (nth + i) * 2654435761U + salt;
        memcpy(out + 4 * i, &word, 4);
    }
    return bytes(out, VALUE / 2 + nth % (VALUE / 2));
}

static void copy_file(const char *from, const char *to)
{
    static uint8_t part[1 << 16];
    FILE *in = fopen(from, "r"), *out = fopen(to, "w");
    assert_true(in && out);
    for (size_t got; (got = fread(part, 1, sizeof(part), in)) > 0;)
        assert_int_equal(fwrite(part, 1, got, out), got);
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

static struct store *opened(void)
{
    struct store *store = NULL;
    struct err err = {0};
    if (store_open(place("org"), true, &store, &err) != 0)
        fail_msg("%s", err.text);
    return store;
}

/* Every row of every table, but for what says that one is being applied. */
static uint64_t digest_of(struct store *store)
{
    uint64_t all = 0;
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, store, false);
    for (int table = 0; table < TABLE_COUNT; table++) {
        struct cursor cursor __attribute__((cleanup(tidy_cursor)));
        cursor_open(&cursor, &txn, (enum table)table);
        for (bool on = cursor_seek(&cursor, bytes("", 0)); on; on = cursor_next(&cursor)) {
            if (table == TABLE_meta && cursor_has_prefix(&cursor, bytes("applying", 8)))
                continue;
            uint64_t row[4] = {all, (uint64_t)table, digest_fast(cursor.key.data, cursor.key.len),
                               cursor.value.len ? digest_fast(cursor.value.data, cursor.value.len) : 0};
            all = digest_fast(row, sizeof(row));
        }
    }
    assert_int_equal(txn_end(&txn), 0);
    return all;
}

/* The store before: every second of the first 2 × BASE keys of `source`, some `index` and `wait` rows. */
static int set_up_all(void **state)
{
    (void)state;
    uint8_t value[VALUE] = {0};
    char key[16];
    scratch_make(&scratch);
    struct store *store = opened();
    struct txn txn;
    txn_begin(&txn, store, true);
    for (uint32_t n = 0; n < BASE; n++) {
        txn_append(&txn, TABLE_source, key_of(2 * n, key), value_of(n, 1, value));
        txn_append(&txn, TABLE_index, key_of(3 * n, key), bytes(NULL, 0));
        if (n % 10 == 0)
            txn_append(&txn, TABLE_wait, key_of(n, key), value_of(n, 2, value));
    }
    meta_set_number(&txn, "journal", 41);
    assert_int_equal(txn_end(&txn), 0);
    before = digest_of(store);
    store_close(store);
    copy_file(place("org/data.mdb"), place("template"));
    return 0;
}

static int tear_down_all(void **state)
{
    (void)state;
    scratch_remove(&scratch);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    fault_set(NULL);
    remove(place("org/changeset"));
    remove(place("org/lock.mdb"));
    copy_file(place("template"), place("org/data.mdb"));
    return 0;
}

static struct bytes standing(struct txn *txn, enum table table, struct bytes key)
{
    struct bytes old = {0};
    if (!txn_get(txn, table, key, &old))
        old = bytes(NULL, 0);
    return old;
}

/* Replaces, deletes, inserts in between and appends `count` rows, then the counters; in no order. */
static int decide(struct store *store, uint32_t count, struct changeset **ret_changeset)
{
    struct changeset *changeset TIDY(changeset_free) = NULL;
    uint8_t value[VALUE] = {0};
    char key[16];
    uint64_t number = 42;
    int rc = changeset_new(store, &changeset);
    if (rc != 0)
        return rc;
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, store, false);
    for (uint32_t n = 0; n < count; n++) {
        struct bytes at = key_of(n, key);
        struct bytes old = standing(&txn, TABLE_source, at);
        if (n % 6 == 0 && old.data)
            changeset_delete(changeset, TABLE_source, at, old);
        else if (n % 5 != 0)
            changeset_put(changeset, TABLE_source, at, old, value_of(n, 7, value));
        changeset_put(changeset, TABLE_journal, key_of(n, key), bytes(NULL, 0), bytes(value, 80));
        at = key_of((n * 7919) % count, key);
        if (!standing(&txn, TABLE_index, at).data)
            changeset_put(changeset, TABLE_index, at, bytes(NULL, 0), bytes(NULL, 0));
        if (n % 10 == 0 && n < BASE)
            changeset_delete(changeset, TABLE_wait, key_of(n, key), standing(&txn, TABLE_wait, key_of(n, key)));
    }
    changeset_set(changeset, TABLE_run, bytes("r1", 2), bytes("started", 7));
    changeset_set(changeset, TABLE_run, bytes("r1", 2), bytes("ended", 5));
    changeset_set(changeset, TABLE_meta, bytes("journal", 7), bytes(&number, sizeof(number)));
    rc = txn_end(&txn);
    rc = rc ? rc : changeset_rc(changeset);
    if (rc == 0)
        *ret_changeset = TAKE(changeset);
    return rc;
}

static int decide_and_apply(struct store *store, uint32_t count, uint64_t *ret_puts)
{
    struct changeset *changeset TIDY(changeset_free) = NULL;
    int rc = decide(store, count, &changeset);
    return rc ? rc : changeset_apply(changeset, ret_puts);
}

/* What the store is after an undisturbed run. */
static uint64_t undisturbed(uint32_t count)
{
    set_up(NULL);
    struct store *store TIDY(store_close) = opened();
    assert_int_equal(decide_and_apply(store, count, NULL), 0);
    assert_int_equal(access(place("org/changeset"), F_OK), -1);
    uint64_t after = digest_of(store);
    assert_true(after != before);
    store_close(TAKE(store));
    set_up(NULL);
    return after;
}

/* After whatever happened: all or nothing, at once or by finishing; true when it is all. */
static bool assert_all_or_nothing(uint64_t after)
{
    struct store *store TIDY(store_close) = opened();
    struct err err = {0};
    bool finished = false, again = true;
    if (changeset_recover(store, &finished, &err) != 0)
        fail_msg("%s", err.text);
    uint64_t now = digest_of(store);
    assert_true(now == after || (now == before && !finished));
    assert_int_equal(access(place("org/changeset"), F_OK), -1);
    assert_int_equal(changeset_recover(store, &again, NULL), 0);
    assert_false(again);
    assert_int_equal(digest_of(store), now);
    return now == after;
}

static void a_small_one_is_one_transaction_and_leaves_no_file(void **state)
{
    (void)state;
    struct store *store TIDY(store_close) = opened();
    struct changeset *changeset TIDY(changeset_free) = NULL;
    uint64_t puts = 0, rows = 0;
    assert_int_equal(decide(store, SMALL, &changeset), 0);
    for (int table = 0; table < TABLE_COUNT; table++)
        rows += changeset_rows(changeset, (enum table)table);
    assert_int_equal(digest_of(store), before); /* deciding writes nothing */
    assert_int_equal(changeset_apply(changeset, &puts), 0);
    assert_int_equal(puts, rows);
    assert_int_equal(access(place("org/changeset"), F_OK), -1);
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, store, false);
    assert_memory_equal(standing(&txn, TABLE_run, bytes("r1", 2)).data, "ended", 5);
    assert_int_equal(meta_number(&txn, "journal"), 42);
    assert_int_equal(txn_count(&txn, TABLE_journal), SMALL);
    assert_int_equal(txn_count(&txn, TABLE_wait), (BASE - SMALL) / 10);
    assert_null(standing(&txn, TABLE_source, bytes("k00000006", 9)).data);
    uint8_t value[VALUE] = {0};
    struct bytes expected = value_of(8, 7, value), got = standing(&txn, TABLE_source, bytes("k00000008", 9));
    assert_int_equal(got.len, expected.len);
    assert_memory_equal(got.data, expected.data, got.len);
}

static void an_empty_one_changes_nothing(void **state)
{
    (void)state;
    struct store *store TIDY(store_close) = opened();
    struct changeset *changeset TIDY(changeset_free) = NULL;
    uint64_t puts = 9;
    assert_int_equal(changeset_new(store, &changeset), 0);
    assert_int_equal(changeset_apply(changeset, &puts), 0);
    assert_int_equal(puts, 0);
    assert_int_equal(digest_of(store), before);
}

/* Carried out row by row, as one would without any of this. */
static uint64_t oracle(uint32_t count)
{
    struct store *store TIDY(store_close) = opened();
    uint8_t value[VALUE] = {0};
    char key[16];
    struct txn txn;
    txn_begin(&txn, store, true);
    for (uint32_t n = 0; n < count; n++) {
        struct bytes at = key_of(n, key);
        if (n % 6 == 0 && standing(&txn, TABLE_source, at).data)
            txn_delete(&txn, TABLE_source, at);
        else if (n % 5 != 0)
            txn_put(&txn, TABLE_source, at, value_of(n, 7, value));
        txn_put(&txn, TABLE_journal, at, bytes(value, 80));
        txn_put(&txn, TABLE_index, key_of((n * 7919) % count, key), bytes(NULL, 0));
        if (n % 10 == 0 && n < BASE)
            txn_delete(&txn, TABLE_wait, key_of(n, key));
    }
    txn_put(&txn, TABLE_run, bytes("r1", 2), bytes("ended", 5));
    meta_set_number(&txn, "journal", 42);
    assert_int_equal(txn_end(&txn), 0);
    return digest_of(store);
}

static void small_and_large_ones_give_what_plain_puts_give(void **state)
{
    (void)state;
    static const uint32_t counts[] = {SMALL, LARGE};
    for (int i = 0; i < 2; i++) {
        uint64_t after = undisturbed(counts[i]);
        assert_true(after == oracle(counts[i]));
    }
}

static void run_in_child(void *with)
{
    struct store *store = opened();
    int rc = decide_and_apply(store, *(uint32_t *)with, NULL);
    store_close(store);
    _exit(rc == 0 ? 0 : 1);
}

static void recover_in_child(void *with)
{
    (void)with;
    bool finished;
    struct store *store = opened();
    int rc = changeset_recover(store, &finished, NULL);
    store_close(store);
    _exit(rc == 0 ? 0 : 1);
}

static bool died(int status)
{
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static void killed_anywhere_it_is_finished_or_was_never_begun(void **state)
{
    (void)state;
#ifndef HAVE_FAULTS
    skip();
#endif
    static const struct {
        const char *plan;
        uint32_t count;
        bool dies, all;
    } cases[] = {
        {"kill:journal", SMALL, true, false},  {"kill:keep", SMALL, false, true},
        {"kill:applying", SMALL, false, true}, {"kill:commit", SMALL, true, false},
        {"kill:journal", LARGE, true, false},  {"kill:keep", LARGE, true, false},
        {"kill:applying", LARGE, true, true},  {"kill:commit", LARGE, true, true},
    };
    uint64_t after[2] = {undisturbed(SMALL), undisturbed(LARGE)};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t count = cases[i].count;
        set_up(NULL);
        fault_set(cases[i].plan);
        int status = scratch_child(run_in_child, &count);
        assert_true(cases[i].dies ? died(status) : status == 0);
        if (cases[i].all && cases[i].dies) { /* dies once more while it is finished */
            status = scratch_child(recover_in_child, NULL);
            assert_true(died(status));
        }
        fault_set(NULL);
        assert_true(assert_all_or_nothing(after[count == LARGE]) == cases[i].all);
    }
}

static void killed_at_random_instants_it_is_all_or_nothing(void **state)
{
    (void)state;
    uint64_t after = undisturbed(LARGE);
    uint32_t count = LARGE;
    int64_t start = clock_steady_ms();
    assert_int_equal(scratch_child(run_in_child, &count), 0);
    uint32_t took = (uint32_t)(clock_steady_ms() - start) * 1000 + 1000;
    uint64_t seed = chance_seed();
    for (int i = 0; i < 5; i++) {
        set_up(NULL);
        pid_t child = fork();
        if (child == 0)
            run_in_child(&count);
        usleep(chance(&seed, took));
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        assert_all_or_nothing(after);
    }
}

/* Runs with the nth call of the point failing; true when there was no such call any more. */
static bool fails_at(const char *point, long nth, uint32_t count, uint64_t after)
{
    char plan[40];
    set_up(NULL);
    struct store *store TIDY(store_close) = opened();
    snprintf(plan, sizeof(plan), "%s:%ld", point, nth);
    fault_set(plan);
    int rc = decide_and_apply(store, count, NULL);
    bool hit = fault_seen() >= nth;
    fault_set(NULL);
    store_close(TAKE(store));
    bool all = assert_all_or_nothing(after);
    assert_true(rc != 0 || all);
    assert_true(hit || rc == 0);
    return !hit;
}

static void any_call_that_fails_in_a_small_one_leaves_nothing_of_it(void **state)
{
    (void)state;
#ifndef HAVE_FAULTS
    skip();
#endif
    uint64_t after = undisturbed(20);
    static const char *const points[] = {"store", "alloc", "spill"};
    for (int p = 0; p < 3; p++) {
        long nth = 1;
        while (!fails_at(points[p], nth, 20, after))
            nth++;
        assert_true(nth > (p == 2 ? 0 : 30));
    }
}

static void any_call_that_fails_in_a_large_one_leaves_all_or_nothing(void **state)
{
    (void)state;
#ifndef HAVE_FAULTS
    skip();
#endif
    uint64_t after = undisturbed(LARGE);
    struct store *store = opened();
    fault_set("store:1000000000");
    assert_int_equal(decide_and_apply(store, LARGE, NULL), 0);
    long calls = fault_seen();
    store_close(store);
    assert_true(calls > LARGE);
    for (long back = 0; back < 3; back++) /* the last calls: the end of meta, the last commit */
        assert_false(fails_at("store", calls - back, LARGE, after));
    for (long nth = calls / 2; nth < calls; nth += calls / 7) /* the first half is deciding */
        assert_false(fails_at("store", nth, LARGE, after));
    for (long nth = 1; !fails_at("spill", nth, LARGE, after); nth += 37)
        ;
    for (long nth = 1; !fails_at("alloc", nth, LARGE, after); nth += 67)
        ;
}

static void a_row_that_moved_is_a_conflict_and_nothing_is_changed(void **state)
{
    (void)state;
    static const struct {
        enum table table;
        const char *key, *value; /* NULL: gone */
    } cases[] = {
        {TABLE_source, "k00000008", "moved"}, {TABLE_source, "k00000008", NULL},  {TABLE_source, "k00000006", "moved"},
        {TABLE_source, "k00000007", "new"},   {TABLE_wait, "k00000010", "moved"}, {TABLE_wait, "k00000010", NULL},
        {TABLE_journal, "k00000007", "new"},  {TABLE_index, "k00000007", ""},
    };
    static const uint32_t counts[] = {SMALL, LARGE};
    for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
        size_t which = i / 2;
        set_up(NULL);
        struct store *store TIDY(store_close) = opened();
        struct changeset *changeset TIDY(changeset_free) = NULL;
        assert_int_equal(decide(store, counts[i % 2], &changeset), 0);
        struct txn txn;
        txn_begin(&txn, store, true);
        if (cases[which].value)
            txn_put(&txn, cases[which].table, bytes(cases[which].key, 9),
                    bytes(cases[which].value, strlen(cases[which].value)));
        else
            txn_delete(&txn, cases[which].table, bytes(cases[which].key, 9));
        assert_int_equal(txn_end(&txn), 0);
        uint64_t moved = digest_of(store);
        assert_int_equal(changeset_apply(changeset, NULL), ERR_CONFLICT);
        assert_int_equal(digest_of(store), moved);
        changeset_free(TAKE(changeset));
        bool finished = true;
        assert_int_equal(changeset_recover(store, &finished, NULL), 0);
        assert_false(finished);
        assert_int_equal(digest_of(store), moved);
    }
}

static void many_small_replacements_on_few_pages_need_no_file(void **state)
{
    (void)state;
    struct store *store TIDY(store_close) = opened();
    struct txn txn __attribute__((cleanup(tidy_txn)));
    char key[16];
    txn_begin(&txn, store, true);
    for (uint32_t n = 0; n < 20000; n++)
        txn_append(&txn, TABLE_entity, key_of(n, key), bytes("old", 3));
    assert_int_equal(txn_end(&txn), 0);
    struct changeset *changeset TIDY(changeset_free) = NULL;
    assert_int_equal(changeset_new(store, &changeset), 0);
    for (uint32_t n = 0; n < 20000; n++)
        changeset_put(changeset, TABLE_entity, key_of(n, key), bytes("old", 3), bytes("new", 3));
    fault_set("spill:1"); /* would be ENOSPC */
    assert_int_equal(changeset_apply(changeset, NULL), 0);
    txn_begin(&txn, store, false);
    assert_memory_equal(standing(&txn, TABLE_entity, bytes("k00019999", 9)).data, "new", 3);
}

static void scattered_rows_that_touch_a_page_each_are_written_in_parts(void **state)
{
    (void)state;
#ifndef HAVE_FAULTS
    skip();
#endif
    enum { ROWS = 9000, APART = 12 }; /* few bytes, but 36 MB of pages */
    struct store *store = opened();
    uint8_t value[VALUE] = {0};
    char key[16];
    struct txn txn;
    txn_begin(&txn, store, true);
    for (uint32_t n = 0; n < ROWS * APART; n++)
        txn_append(&txn, TABLE_refer, key_of(2 * n, key), bytes(value, (value_of(n, 1, value), 500)));
    assert_int_equal(txn_end(&txn), 0);
    struct changeset *changeset = NULL;
    assert_int_equal(changeset_new(store, &changeset), 0);
    for (uint32_t n = 0; n < ROWS; n++)
        changeset_put(changeset, TABLE_refer, key_of(2 * n * APART + 1, key), bytes(NULL, 0), bytes("x", 1));
    fault_set("spill:1");
    assert_int_equal(changeset_apply(changeset, NULL), -ENOSPC); /* asked for the file */
    fault_set(NULL);
    changeset_free(changeset);
    store_close(store);
}

/* A large one, killed while it was being applied. */
static void cut_short(void)
{
    uint32_t count = LARGE;
    set_up(NULL);
    fault_set("kill:applying");
    assert_true(died(scratch_child(run_in_child, &count)));
    fault_set(NULL);
}

static int recover(struct err *err)
{
    struct store *store TIDY(store_close) = opened();
    bool finished = false;
    *err = (struct err){0};
    int rc = changeset_recover(store, &finished, err);
    assert_true(finished == (rc == 0));
    return rc;
}

static void a_lost_or_cut_file_is_said_and_once_put_back_it_is_finished(void **state)
{
    (void)state;
#ifndef HAVE_FAULTS
    skip();
#endif
    uint64_t after = undisturbed(LARGE);
    struct err err;
    struct stat stat_;
    cut_short();
    assert_int_equal(stat(place("org/changeset"), &stat_), 0);
    copy_file(place("org/changeset"), place("saved"));
    assert_int_equal(remove(place("org/changeset")), 0);
    assert_int_equal(recover(&err), -ENOENT);
    assert_non_null(strstr(err.text, "org/changeset: a run was cut short while it was written down"));
    assert_non_null(strstr(err.text, "Put it back, or restore"));
    static const off_t cuts[] = {1, 30, 5000000};
    for (int i = 0; i < 3; i++) {
        copy_file(place("saved"), place("org/changeset"));
        assert_int_equal(truncate(place("org/changeset"), stat_.st_size - cuts[i]), 0);
        assert_int_equal(recover(&err), ERR_CORRUPT);
        assert_non_null(strstr(err.text, "Put it back, or restore"));
    }
    copy_file(place("saved"), place("org/changeset"));
    assert_true(assert_all_or_nothing(after));
}

static void a_damaged_file_ends_in_a_sentence_and_never_in_a_crash(void **state)
{
    (void)state;
#ifndef HAVE_FAULTS
    skip();
#endif
    struct err err;
    struct stat stat_;
    uint64_t seed = 4711;
    cut_short();
    copy_file(place("org/changeset"), place("saved"));
    copy_file(place("org/data.mdb"), place("saved.mdb"));
    assert_int_equal(stat(place("saved"), &stat_), 0);
    int refused = 0;
    for (int i = 0; i < 14; i++) {
        copy_file(place("saved.mdb"), place("org/data.mdb"));
        copy_file(place("saved"), place("org/changeset"));
        uint8_t noise[64];
        for (size_t j = 0; j < sizeof(noise); j++)
            noise[j] = (uint8_t)chance(&seed, 256);
        /* The list of runs stands at the end; elsewhere are rows. */
        off_t at = i < 10 ? stat_.st_size - 64 - 16 * i : chance(&seed, (uint32_t)stat_.st_size - 64);
        int fd = open(place("org/changeset"), O_WRONLY | O_CLOEXEC);
        assert_int_equal(pwrite(fd, noise, sizeof(noise), at), sizeof(noise));
        close(fd);
        int rc = recover(&err);
        assert_true(rc == 0 || (rc == ERR_CORRUPT && err.rc == rc));
        refused += rc != 0;
    }
    assert_true(refused >= 8);
}

#define CASE(claim) cmocka_unit_test_setup_teardown(claim, set_up, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_small_one_is_one_transaction_and_leaves_no_file),
        CASE(an_empty_one_changes_nothing),
        CASE(small_and_large_ones_give_what_plain_puts_give),
        CASE(killed_anywhere_it_is_finished_or_was_never_begun),
        CASE(killed_at_random_instants_it_is_all_or_nothing),
        CASE(any_call_that_fails_in_a_small_one_leaves_nothing_of_it),
        CASE(any_call_that_fails_in_a_large_one_leaves_all_or_nothing),
        CASE(a_row_that_moved_is_a_conflict_and_nothing_is_changed),
        CASE(many_small_replacements_on_few_pages_need_no_file),
        CASE(scattered_rows_that_touch_a_page_each_are_written_in_parts),
        CASE(a_lost_or_cut_file_is_said_and_once_put_back_it_is_finished),
        CASE(a_damaged_file_ends_in_a_sentence_and_never_in_a_crash),
    };
    return cmocka_run_group_tests_name("changeset", tests, set_up_all, tear_down_all);
}
