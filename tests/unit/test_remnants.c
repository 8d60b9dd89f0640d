/* test_remnants - what was deleted is nowhere in the data file, whoever reads, writes or dies meanwhile. */
#include "unit.h"

#include "scratch.h"

#include "base/buffer.h"
#include "store/remnants.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>

static const char victim[] = "Ada Lovelace, 1815-12-10";

static struct scratch scratch;

static int set_up(void **state)
{
    (void)state;
    scratch_make(&scratch);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fault_set(NULL);
    scratch_remove(&scratch);
    return 0;
}

static struct store *opened(void)
{
    struct store *store = NULL;
    struct err err = {0};
    if (store_open(scratch_path(&scratch, "org"), true, &store, &err) != 0)
        fail_msg("%s", err.text);
    return store;
}

static void wiped(struct store *store)
{
    struct err err = {0};
    if (remnants_wipe(store, &err) != 0)
        fail_msg("%s", err.text);
}

/* How often the victim is found in a file. */
static size_t found(const char *name)
{
    FILE *file = fopen(scratch_path(&scratch, name), "rb");
    assert_non_null(file);
    struct stat stat;
    assert_int_equal(fstat(fileno(file), &stat), 0);
    char *whole = malloc((size_t)stat.st_size + 1);
    assert_int_equal(fread(whole, 1, (size_t)stat.st_size, file), stat.st_size);
    fclose(file);
    size_t count = 0;
    for (char *at = whole; (at = memmem(at, (size_t)(whole + stat.st_size - at), victim, strlen(victim))); at++)
        count++;
    free(whole);
    return count;
}

/* --- rows --- */

static const enum table tables[] = {TABLE_source, TABLE_index, TABLE_entity, TABLE_journal};

/* Most fill a few lines, some a page, and few of them several; the victim stands in keys and values. */
static void row_put(struct txn *txn, uint32_t number, bool erased, uint64_t *seed)
{
    static char value[20000];
    char key[128];
    size_t len = chance(seed, 40) == 0 ? 1 + chance(seed, sizeof(value)) : 1 + chance(seed, 300);
    snprintf(key, sizeof(key), "%05u %s %u", number, erased ? victim : "somebody who stays, 1900-01-01", number);
    memset(value, 'a' + (int)(number % 26), len);
    if (erased && len >= strlen(victim))
        memcpy(value + len - strlen(victim), victim, strlen(victim));
    txn_put(txn, tables[number % 4], bytes(key, strlen(key)), bytes(value, len));
}

static void rows_delete(struct txn *txn, enum table table)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    bool there = true;
    while (there && txn->rc == 0) {
        char key[128];
        size_t len = 0;
        cursor_open(&cursor, txn, table);
        for (there = cursor_seek(&cursor, bytes(NULL, 0)); there; there = cursor_next(&cursor))
            if (memmem(cursor.key.data, cursor.key.len, victim, strlen(victim)))
                break;
        if (there)
            memcpy(key, cursor.key.data, len = cursor.key.len);
        cursor_close(&cursor);
        if (there)
            txn_delete(txn, table, bytes(key, len));
    }
}

/* The victim is erased, and the file is to be wiped. */
static void erase(struct store *store)
{
    struct txn txn;
    txn_begin(&txn, store, true);
    for (int i = 0; i < 4; i++)
        rows_delete(&txn, tables[i]);
    meta_set_number(&txn, REMNANTS_LEFT, 1);
    assert_int_equal(txn_end(&txn), 0);
}

static void fill(struct store *store, uint32_t rows, uint32_t each, uint64_t *seed)
{
    struct txn txn;
    txn_begin(&txn, store, true);
    for (uint32_t i = 0; i < rows; i++) {
        row_put(&txn, chance(seed, rows), chance(seed, each) == 0, seed);
        if (i % 250 == 249)
            txn_renew(&txn);
    }
    assert_int_equal(txn_end(&txn), 0);
}

/* All rows, but what wiping itself counts. */
static struct buffer dump(struct store *store)
{
    struct buffer out = {0};
    struct txn txn;
    txn_begin(&txn, store, false);
    for (int table = 0; table < TABLE_COUNT; table++) {
        struct cursor cursor;
        cursor_open(&cursor, &txn, (enum table)table);
        for (bool there = cursor_seek(&cursor, bytes(NULL, 0)); there; there = cursor_next(&cursor)) {
            if (table == TABLE_meta && (memcmp(cursor.key.data, "wiped", 5) == 0 ||
                                        memcmp(cursor.key.data, REMNANTS_LEFT, strlen(REMNANTS_LEFT)) == 0))
                continue;
            size_t lens[] = {(size_t)table, cursor.key.len, cursor.value.len};
            buffer_add(&out, lens, sizeof(lens));
            buffer_add(&out, cursor.key.data, cursor.key.len);
            buffer_add(&out, cursor.value.data, cursor.value.len);
        }
        cursor_close(&cursor);
    }
    assert_int_equal(txn_end(&txn), 0);
    assert_int_equal(out.rc, 0);
    return out;
}

static void assert_rows(struct store *store, const struct buffer *rows)
{
    struct buffer now = dump(store);
    assert_int_equal(now.len, rows->len);
    assert_memory_equal(now.data, rows->data, rows->len);
    buffer_done(&now);
}

static bool left(struct store *store)
{
    struct txn txn;
    txn_begin(&txn, store, false);
    bool is = remnants_left(&txn);
    assert_int_equal(txn_end(&txn), 0);
    return is;
}

/* --- */

static void what_was_deleted_is_nowhere_and_every_row_is_as_it_was(void **state)
{
    (void)state;
    uint64_t seed = chance_seed();
    struct store *store TIDY(store_close) = opened();
    for (int round = 0; round < 3; round++) {
        fill(store, 2000, 3 + (uint32_t)round * 20, &seed);
        erase(store);
        assert_true(found("org/data.mdb") > 0);
        mkdir(scratch_path(&scratch, "copy"), 0700);
        assert_int_equal(store_copy(store, scratch_path(&scratch, "copy"), NULL), 0);
        if (round == 0) /* a copy without free pages is not enough */
            assert_true(found("copy/data.mdb") > 0);
        remove(scratch_path(&scratch, "copy/data.mdb"));
        struct buffer rows TIDY_DONE(buffer_done) = dump(store);
        assert_true(left(store));
        if (round > 0) /* in several commits; and where a file cannot have holes */
            setenv("MUSTER_FAULT", round == 1 ? "dirty:1" : "punch:0", 1);
        wiped(store);
        assert_int_equal(found("org/data.mdb"), 0);
        assert_false(left(store));
        assert_rows(store, &rows);
        wiped(store); /* what is clean stays as it is */
        assert_rows(store, &rows);
    }
}

static void an_empty_store_and_one_that_was_opened_twice_are_wiped(void **state)
{
    (void)state;
    uint64_t seed = chance_seed();
    struct store *store TIDY(store_close) = opened();
    wiped(store);
    struct store *again TIDY(store_close) = opened();
    fill(again, 300, 2, &seed);
    erase(store);
    struct txn txn;
    txn_begin(&txn, again, false);
    assert_int_equal(remnants_wipe(store, NULL), ERR_BUSY); /* it would wait for itself */
    assert_int_equal(txn_end(&txn), 0);
    struct buffer rows TIDY_DONE(buffer_done) = dump(store);
    wiped(again);
    assert_int_equal(found("org/data.mdb"), 0);
    assert_rows(store, &rows);
    fill(store, 300, 1000000, &seed);
}

static void what_a_writer_left_behind_the_last_page_goes(void **state)
{
    (void)state;
    store_close(opened());
    FILE *file = fopen(scratch_path(&scratch, "org/data.mdb"), "ab");
    for (int i = 0; i < 50000; i++)
        fputs(victim, file);
    fclose(file);
    struct store *store TIDY(store_close) = opened();
    wiped(store);
    assert_int_equal(found("org/data.mdb"), 0);
}

/* --- others --- */

struct pipes {
    int to[2], from[2];
};

/* A process of its own, before the store is open in this one. */
static pid_t other(struct pipes *pipes, void (*work)(struct pipes *))
{
    assert_int_equal(pipe(pipes->to), 0);
    assert_int_equal(pipe(pipes->from), 0);
    pid_t child = fork();
    if (child == 0) {
        close(pipes->to[1]);
        work(pipes);
        _exit(0);
    }
    close(pipes->to[0]);
    close(pipes->from[1]);
    return child;
}

static void say(int fd)
{
    if (write(fd, "x", 1) != 1)
        abort();
}

static void hear(int fd)
{
    char byte;
    if (read(fd, &byte, 1) != 1)
        abort();
}

static void ended(pid_t child, struct pipes *pipes)
{
    int status = -1;
    close(pipes->to[1]);
    close(pipes->from[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void write_before_and_after(struct pipes *pipes)
{
    uint64_t seed = 42;
    struct store *store = opened();
    fill(store, 1000, 1, &seed);
    say(pipes->from[1]);
    hear(pipes->to[0]);
    for (uint32_t i = 0; i < 20; i++) {
        struct txn txn;
        txn_begin(&txn, store, true);
        meta_set_number(&txn, "note", i);
        row_put(&txn, i, false, &seed);
        if (txn_end(&txn) != 0)
            abort();
    }
    store_close(store);
}

static void who_had_them_in_hand_does_not_bring_them_back(void **state)
{
    (void)state;
    struct pipes pipes;
    pid_t child = other(&pipes, write_before_and_after);
    hear(pipes.from[0]);
    struct store *store TIDY(store_close) = opened();
    erase(store);
    wiped(store);
    assert_int_equal(found("org/data.mdb"), 0);
    say(pipes.to[1]);
    ended(child, &pipes);
    assert_int_equal(found("org/data.mdb"), 0);
    struct txn txn;
    txn_begin(&txn, store, false);
    assert_int_equal(meta_number(&txn, "note"), 19); /* it has written */
    assert_int_equal(txn_end(&txn), 0);
}

static void read_for_long(struct pipes *pipes)
{
    struct store *store = opened();
    struct txn txn;
    txn_begin(&txn, store, false);
    uint64_t rows = txn_count(&txn, TABLE_source);
    say(pipes->from[1]);
    hear(pipes->to[0]);
    struct cursor cursor;
    cursor_open(&cursor, &txn, TABLE_source);
    for (bool there = cursor_seek(&cursor, bytes(NULL, 0)); there; there = cursor_next(&cursor)) {
        if (cursor.value.len == 0 || ((const char *)cursor.value.data)[0] == '\0')
            abort();
        rows--;
    }
    cursor_close(&cursor);
    if (txn_end(&txn) != 0 || rows != 0)
        abort();
    store_close(store);
}

static void who_still_reads_is_waited_for_and_sees_what_they_saw(void **state)
{
    (void)state;
#ifndef HAVE_FAULTS /* elsewhere it takes half a minute */
    skip();
#endif
    uint64_t seed = chance_seed();
    struct pipes pipes;
    struct err err = {0};
    struct store *store = opened();
    fill(store, 500, 2, &seed);
    store_close(store);
    pid_t child = other(&pipes, read_for_long);
    hear(pipes.from[0]);
    store = opened();
    erase(store);
    struct buffer rows TIDY_DONE(buffer_done) = dump(store);
    setenv("MUSTER_FAULT", "readers:50", 1);
    assert_int_equal(remnants_wipe(store, &err), ERR_BUSY);
    assert_non_null(strstr(err.text, "try again when they are done"));
    assert_true(found("org/data.mdb") > 0);
    assert_true(left(store));
    assert_rows(store, &rows);
    uint64_t size = store_size(store);
    assert_int_equal(remnants_wipe(store, NULL), ERR_BUSY); /* and does not grow with each try */
    assert_int_equal(store_size(store), size);
    say(pipes.to[1]);
    ended(child, &pipes);
    wiped(store);
    assert_int_equal(found("org/data.mdb"), 0);
    assert_rows(store, &rows);
    store_close(store);
}

enum { STAYS = 400 };

/* Pauses and looks all the time, as people do while a run has the lock. */
static void go_on_writing(struct pipes *pipes)
{
    struct store *store = opened();
    uint64_t count = 0;
    for (bool on = true; on; count++) {
        struct txn txn;
        txn_begin(&txn, store, true);
        if (meta_number(&txn, "paused") != count)
            abort();
        meta_set_number(&txn, "paused", count + 1);
        if (txn_end(&txn) != 0)
            abort();
        struct cursor cursor;
        uint64_t rows = 0;
        txn_begin(&txn, store, false);
        cursor_open(&cursor, &txn, TABLE_source);
        for (bool there = cursor_seek(&cursor, bytes(NULL, 0)); there; there = cursor_next(&cursor))
            rows += ((const char *)cursor.value.data)[0] == 's';
        cursor_close(&cursor);
        if (txn_end(&txn) != 0 || rows != STAYS)
            abort();
        if (count == 0)
            say(pipes->from[1]);
        struct pollfd end = {.fd = pipes->to[0], .events = POLLIN};
        on = poll(&end, 1, 0) == 0;
    }
    store_close(store);
    if (write(pipes->from[1], &count, sizeof(count)) != sizeof(count))
        abort();
}

static void people_read_and_write_meanwhile(void **state)
{
    (void)state;
    struct pipes pipes;
    struct store *store = opened();
    struct txn txn;
    txn_begin(&txn, store, true);
    for (int i = 0; i < STAYS; i++) {
        char key[16];
        snprintf(key, sizeof(key), "key%05d", i);
        txn_put(&txn, TABLE_source, bytes(key, strlen(key)), bytes("stays here", 10));
    }
    assert_int_equal(txn_end(&txn), 0);
    store_close(store);
    pid_t child = other(&pipes, go_on_writing);
    hear(pipes.from[0]);
    store = opened();
    for (int i = 0; i < 3; i++)
        wiped(store);
    uint64_t count = 0;
    say(pipes.to[1]);
    assert_int_equal(read(pipes.from[0], &count, sizeof(count)), sizeof(count));
    ended(child, &pipes);
    txn_begin(&txn, store, false);
    assert_int_equal(meta_number(&txn, "paused"), count);
    assert_int_equal(txn_end(&txn), 0);
    store_close(store);
}

/* --- what fails --- */

static void wipe_until_killed(void *with)
{
    struct store *store = opened();
    fault_set(with);
    (void)remnants_wipe(store, NULL);
}

static void who_dies_at_any_point_leaves_a_whole_store(void **state)
{
    (void)state;
#ifndef HAVE_FAULTS
    skip();
#endif
    static const char *const places[] = {"kill:remnants-table:1",   "kill:remnants-table:3", "kill:remnants-table:12",
                                         "kill:remnants-rewritten", "kill:remnants-page:1",  "kill:remnants-page:2",
                                         "kill:remnants-sync",      "kill:remnants-wiped"};
    uint64_t seed = chance_seed();
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        struct store *store = opened();
        fill(store, 300, 2, &seed);
        erase(store);
        struct buffer rows TIDY_DONE(buffer_done) = dump(store);
        store_close(store);
        int status = scratch_child(wipe_until_killed, (void *)(uintptr_t)places[i]);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
            fail_msg("%s was not passed", places[i]);
        store = opened();
        assert_rows(store, &rows);
        assert_true(left(store));
        wiped(store);
        assert_false(left(store));
        assert_int_equal(found("org/data.mdb"), 0);
        assert_rows(store, &rows);
        store_close(store);
    }
}

static void whatever_fails_no_row_is_another(void **state)
{
    (void)state;
#ifndef HAVE_FAULTS
    skip();
#endif
    uint64_t seed = chance_seed();
    struct store *store TIDY(store_close) = opened();
    fill(store, 5, 1000000, &seed);
    struct buffer rows TIDY_DONE(buffer_done) = dump(store);
    long nth = 1;
    for (int rc = -1; rc != 0; nth += 1 + nth / 16) {
        struct err err = {0};
        char plan[32];
        snprintf(plan, sizeof(plan), "store:%ld", nth);
        fault_set(plan);
        rc = remnants_wipe(store, &err);
        assert_int_equal(rc, fault_seen() >= nth ? -EIO : 0);
        assert_int_equal(err.rc, rc);
        assert_rows(store, &rows);
    }
    assert_true(nth > 40);
    assert_rows(store, &rows);
}

enum { NO_RIGHT = 77 };

static void wipe_on_a_small_disk(void *with)
{
    (void)with;
    const char *disk = scratch_path(&scratch, "org");
    uint64_t seed = 7;
    struct err err = {0};
    mkdir(disk, 0700);
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", disk, "tmpfs", 0, "size=2m") != 0)
        _exit(NO_RIGHT);
    struct store *store = opened();
    struct txn txn;
    txn_begin(&txn, store, true); /* in one, so that hardly a page of it is free */
    for (uint32_t i = 0; i < 1500; i++)
        row_put(&txn, i, i % 20 == 0, &seed);
    if (txn_end(&txn) != 0)
        abort();
    erase(store);
    int filler = open(scratch_path(&scratch, "org/filler"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    static char byte[4096];
    while (write(filler, byte, sizeof(byte)) > 0)
        ;
    struct buffer rows = dump(store);
    int rc = remnants_wipe(store, &err);
    if (rc != -ENOSPC || !strstr(err.text, "the disk is full"))
        abort();
    assert_rows(store, &rows);
    if (!left(store) || ftruncate(filler, 0) != 0 || close(filler) != 0)
        abort();
    wiped(store);
    assert_rows(store, &rows);
    if (left(store) || found("org/data.mdb") != 0)
        abort();
    buffer_done(&rows);
    store_close(store);
}

static void a_full_disk_changes_nothing_and_it_is_wiped_when_there_is_room(void **state)
{
    (void)state;
    int status = scratch_child(wipe_on_a_small_disk, NULL);
    if (WIFEXITED(status) && WEXITSTATUS(status) == NO_RIGHT)
        skip();
    assert_int_equal(status, 0);
}

#define CASE(claim) cmocka_unit_test_setup_teardown(claim, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_was_deleted_is_nowhere_and_every_row_is_as_it_was),
        CASE(an_empty_store_and_one_that_was_opened_twice_are_wiped),
        CASE(what_a_writer_left_behind_the_last_page_goes),
        CASE(who_had_them_in_hand_does_not_bring_them_back),
        CASE(who_still_reads_is_waited_for_and_sees_what_they_saw),
        CASE(people_read_and_write_meanwhile),
        CASE(who_dies_at_any_point_leaves_a_whole_store),
        CASE(whatever_fails_no_row_is_another),
        CASE(a_full_disk_changes_nothing_and_it_is_wiped_when_there_is_room),
    };
    return cmocka_run_group_tests_name("remnants", tests, NULL, NULL);
}
