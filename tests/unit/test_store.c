/* test_store - an organization's environment: opening, layouts, the run lock, readers that die, full maps and disks. */
#include "stored.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>

static void what_was_committed_is_there_again(void **state)
{
    (void)state;
    struct store *store = opened("org");
    struct txn txn;
    txn_begin(&txn, store, true);
    txn_put(&txn, TABLE_source, text("a"), text("1"));
    meta_set_number(&txn, "next", 77);
    meta_set(&txn, "note", text("hello"));
    assert_int_equal(txn_end(&txn), 0);
    txn_begin(&txn, store, true);
    txn_put(&txn, TABLE_source, text("a"), text("2"));
    txn_put(&txn, TABLE_source, text("b"), text("2"));
    txn_abort(&txn);
    store_close(store);
    store = opened("org");
    assert_true(stands(store, "a", "1"));
    assert_false(stands(store, "b", "2"));
    struct bytes got;
    txn_begin(&txn, store, true);
    assert_int_equal(meta_number(&txn, "next"), 77);
    assert_int_equal(meta_number(&txn, "note"), 0);
    assert_true(meta_get(&txn, "note", &got));
    assert_int_equal(got.len, 5);
    meta_set(&txn, "note", bytes(NULL, 0));
    assert_false(meta_get(&txn, "note", &got));
    assert_int_equal(txn_end(&txn), 0);
    assert_true(store_size(store) > 4096);
    store_close(store);
}

static void one_folder_is_one_store_by_whatever_path(void **state)
{
    (void)state;
    char *whole = realpath(scratch.dir, NULL), again[512];
    snprintf(again, sizeof(again), "%s/.//org/", whole);
    free(whole);
    struct store *one = opened("org"), *two = opened("org"), *three = NULL, *other = opened("org2");
    assert_int_equal(store_open(again, false, &three, NULL), 0);
    assert_ptr_equal(one, two);
    assert_ptr_equal(one, three);
    assert_ptr_not_equal(one, other);
    store_close(one);
    store_close(three);
    store_close(other);
    struct txn txn; /* still open: two holds it */
    txn_begin(&txn, two, true);
    txn_put(&txn, TABLE_source, text("a"), text("1"));
    assert_int_equal(txn_end(&txn), 0);
    store_close(two);
    store_close(NULL);
}

static void two_hundred_and_fifty_six_are_open_at_once_and_no_more(void **state)
{
    (void)state;
#ifndef HAVE_FAULTS /* elsewhere the map has one size */
    skip();
#endif
    setenv("MUSTER_MAP_SIZE", "1048576", 1);
    struct store *stores[257];
    struct err err = {0};
    char name[32];
    for (int i = 0; i < 256; i++) {
        snprintf(name, sizeof(name), "org%d", i);
        stores[i] = opened(name);
    }
    assert_int_equal(store_open(scratch_path(&scratch, "over"), true, &stores[256], &err), ERR_LIMIT);
    assert_said(&err, "256 organizations are open at once");
    stores[256] = opened("org7"); /* is open already */
    assert_ptr_equal(stores[256], stores[7]);
    for (int i = 0; i < 257; i++)
        store_close(stores[i]);
    store_close(opened("over"));
}

static void nothing_there_is_gone_and_nothing_is_made(void **state)
{
    (void)state;
    struct store *store = NULL;
    assert_int_equal(store_open(scratch_path(&scratch, "none"), false, &store, NULL), ERR_GONE);
    assert_null(store);
    assert_int_equal(access(scratch_path(&scratch, "none"), F_OK), -1);
}

static void a_path_through_a_file_cannot_be_made(void **state)
{
    (void)state;
    struct store *store = NULL;
    struct err err = {0};
    close(open(scratch_path(&scratch, "file"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    assert_int_equal(store_open(scratch_path(&scratch, "file/org"), true, &store, &err), -ENOTDIR);
    assert_said(&err, "cannot be made: Not a directory");
}

static void somebody_else_s_store_says_whose_it_is(void **state)
{
    (void)state;
    struct store *store = opened("org");
    struct err folder = {0}, file = {0}, lock = {0}, new = {0};
    int fd;
    store_close(store);
    if (geteuid() != 0)
        skip(); /* only root can be somebody else */
    const char *dir = scratch_path(&scratch, "org");
    assert_int_equal(chmod(scratch.dir, 0755), 0);
    assert_int_equal(chmod(dir, 0700), 0);
    assert_int_equal(seteuid(65534), 0);
    struct stat seen;
    bool reached = stat(dir, &seen) == 0;
    int of_folder = store_open(dir, false, &store, &folder);
    int of_new = store_open(scratch_path(&scratch, "none"), true, &store, &new);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(dir, 0755), 0);
    assert_int_equal(chmod(scratch_path(&scratch, "org/data.mdb"), 0644), 0);
    assert_int_equal(seteuid(65534), 0);
    int of_file = store_open(dir, false, &store, &file);
    assert_int_equal(seteuid(0), 0);
    store = opened("org");
    assert_int_equal(seteuid(65534), 0);
    int of_lock = store_lock(store, &fd, &lock);
    assert_int_equal(seteuid(0), 0);
    store_close(store);
    if (!reached)
        skip(); /* not even the folder of the build is open to others */
    assert_int_equal(of_folder, -EACCES);
    assert_int_equal(of_new, -EACCES);
    assert_int_equal(of_file, -EACCES);
    assert_int_equal(of_lock, -EACCES);
    assert_said(&folder, "org/data.mdb cannot be opened: it belongs to root. Run it as that user: `sudo -u 'root'");
    assert_said(&new, "none cannot be made: the folder that it would be in belongs to root. Run it as that user");
    assert_said(&new, "or name another folder");
    assert_said(&file, "org cannot be opened: it belongs to root. Run it as that user: `sudo -u 'root'");
    assert_said(&lock, "org/run.lock cannot be opened: it belongs to root.");
}

static void a_newer_layout_or_normalizer_is_refused_in_a_sentence(void **state)
{
    (void)state;
    static const char *const names[] = {"layout", "normalizer"};
    static const uint64_t known[] = {STORE_LAYOUT, TEXT_NORMALIZER};
    for (int i = 0; i < 2; i++) {
        struct store *store = opened("org");
        struct err err = {0};
        struct txn txn;
        txn_begin(&txn, store, true);
        meta_set_number(&txn, names[i], known[i] + 1);
        assert_int_equal(txn_end(&txn), 0);
        store_close(store);
        assert_int_equal(store_open(scratch_path(&scratch, "org"), i, &store, &err), ERR_NEWER);
        assert_said(&err, "written by a newer muster");
        assert_said(&err, "install that version, or use another state folder");
        assert_said(&err, i ? "normalizer 2" : "layout 2");
        assert_int_equal(store_open(scratch_path(&scratch, "org"), true, &store, NULL), ERR_NEWER);
        remove(scratch_path(&scratch, "org/data.mdb"));
    }
}

/* An environment that is not ours, with these tables. */
static void plant(const char *dir, const char *const *tables)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    mkdir(dir, 0700);
    assert_int_equal(mdb_env_create(&env), 0);
    mdb_env_set_maxdbs(env, 8);
    assert_int_equal(mdb_env_open(env, dir, 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    for (; *tables; tables++) {
        assert_int_equal(mdb_dbi_open(txn, *tables, MDB_CREATE, &dbi), 0);
        uint64_t number = 2;
        MDB_val key = {6, (void *)(uintptr_t) "layout"}, value = {sizeof(number), &number};
        assert_int_equal(mdb_put(txn, dbi, &key, &value, 0), 0);
    }
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

static void a_newer_store_with_other_tables_is_newer_and_not_damaged(void **state)
{
    (void)state;
    struct store *store = NULL;
    plant(scratch_path(&scratch, "org"), (const char *const[]){"meta", "persons", NULL});
    for (int create = 0; create < 2; create++) {
        struct err err = {0};
        assert_int_equal(store_open(scratch_path(&scratch, "org"), create, &store, &err), ERR_NEWER);
        assert_said(&err, "newer muster (layout 2");
    }
}

static void another_program_s_store_is_not_ours(void **state)
{
    (void)state;
    struct store *store = NULL;
    plant(scratch_path(&scratch, "org"), (const char *const[]){"mail", NULL});
    for (int create = 0; create < 2; create++) {
        struct err err = {0};
        assert_int_equal(store_open(scratch_path(&scratch, "org"), create, &store, &err), ERR_CORRUPT);
        assert_said(&err, "org/data.mdb is not a muster store");
    }
}

static void a_first_start_that_died_before_there_were_tables_is_begun_again(void **state)
{
    (void)state;
    struct store *store = NULL;
    plant(scratch_path(&scratch, "org"), (const char *const[]){NULL});
    assert_int_equal(store_open(scratch_path(&scratch, "org"), false, &store, NULL), ERR_GONE);
    store_close(opened("org"));
    assert_int_equal(store_open(scratch_path(&scratch, "org"), false, &store, NULL), 0);
    store_close(store);
    mkdir(scratch_path(&scratch, "empty"), 0700);
    close(open(scratch_path(&scratch, "empty/data.mdb"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    store_close(opened("empty"));
}

static void a_store_from_before_a_table_was_thought_of_gets_it(void **state)
{
    (void)state;
    struct store *store = opened("org");
    struct txn txn;
    txn_begin(&txn, store, true);
    txn_put(&txn, TABLE_source, text("a"), text("1"));
    assert_int_equal(txn_end(&txn), 0);
    store_close(store);
    MDB_env *env;
    MDB_txn *drop;
    MDB_dbi dbi;
    assert_int_equal(mdb_env_create(&env), 0);
    mdb_env_set_maxdbs(env, TABLE_COUNT);
    assert_int_equal(mdb_env_open(env, scratch_path(&scratch, "org"), 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &drop), 0);
    assert_int_equal(mdb_dbi_open(drop, table_name(TABLE_decision), 0, &dbi), 0);
    assert_int_equal(mdb_drop(drop, dbi, 1), 0);
    assert_int_equal(mdb_txn_commit(drop), 0);
    mdb_env_close(env);
    for (int round = 0; round < 2; round++) {
        struct err err = {0};
        assert_int_equal(store_open(scratch_path(&scratch, "org"), false, &store, &err), 0);
        assert_true(stands(store, "a", "1"));
        txn_begin(&txn, store, false);
        assert_int_equal(txn_count(&txn, TABLE_decision), 0);
        assert_int_equal(txn_end(&txn), 0);
        store_close(store);
    }
}

static void garbage_is_called_damaged(void **state)
{
    (void)state;
    struct store *store = NULL;
    struct err err = {0};
    mkdir(scratch_path(&scratch, "org"), 0700);
    FILE *file = fopen(scratch_path(&scratch, "org/data.mdb"), "w");
    for (int i = 0; i < 4000; i++)
        fputs("garbage ", file);
    fclose(file);
    assert_int_equal(store_open(scratch_path(&scratch, "org"), true, &store, &err), ERR_CORRUPT);
    assert_said(&err, "org/data.mdb is damaged; restore it from a backup");
}

struct busy {
    int said[2];
};

static void lock_and_wait(void *with)
{
    struct busy *busy = with;
    struct store *store = NULL;
    int fd = -1;
    if (store_open(scratch_path(&scratch, "org"), true, &store, NULL) != 0 || store_lock(store, &fd, NULL) != 0)
        abort();
    if (write(busy->said[1], "x", 1) != 1)
        abort();
    for (;;)
        pause();
}

static void a_busy_lock_names_the_process_and_dies_with_it(void **state)
{
    (void)state;
    struct busy busy;
    struct err err = {0};
    char byte, words[64];
    int fd = -1, again = -1;
    assert_int_equal(pipe(busy.said), 0);
    pid_t child = fork();
    if (child == 0)
        lock_and_wait(&busy);
    assert_int_equal(read(busy.said[0], &byte, 1), 1);
    struct store *store TIDY(store_close) = opened("org");
    assert_int_equal(store_lock(store, &fd, &err), ERR_BUSY);
    snprintf(words, sizeof(words), "another run of this organization is at it: process %ld;", (long)child);
    assert_said(&err, words);
    assert_int_equal(fd, -1);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_int_equal(store_lock(store, &fd, NULL), 0);
    err = (struct err){0};
    assert_int_equal(store_lock(store, &again, &err), ERR_BUSY); /* within one process, too */
    snprintf(words, sizeof(words), "process %ld;", (long)getpid());
    assert_said(&err, words);
    assert_said(&err, "look with `muster runs org`.");
    store_unlock(fd);
    assert_int_equal(store_lock(store, &again, NULL), 0);
    store_unlock(again);
    store_unlock(-1);
    close(busy.said[0]);
    close(busy.said[1]);
}

struct reader {
    int said[2];
    bool reads; /* else it has the store open, and no more */
};

static void read_and_wait(const struct reader *reader)
{
    struct store *store = NULL;
    struct txn txn = {0};
    struct bytes got;
    if (store_open(scratch_path(&scratch, "org"), false, &store, NULL) != 0)
        abort();
    if (reader->reads) {
        txn_begin(&txn, store, false);
        if (!txn_get(&txn, TABLE_source, text("a"), &got))
            abort();
    }
    if (write(reader->said[1], "x", 1) != 1)
        abort();
    for (;;)
        pause();
}

static pid_t reader_begin(struct reader *reader)
{
    char byte;
    assert_int_equal(pipe(reader->said), 0);
    pid_t child = fork();
    if (child == 0)
        read_and_wait(reader);
    assert_int_equal(read(reader->said[0], &byte, 1), 1);
    return child;
}

static void reader_end(struct reader *reader, pid_t child)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(reader->said[0]);
    close(reader->said[1]);
}

/* A line of what LMDB says of its readers. */
static int is_of(const char *line, void *context)
{
    pid_t *wanted = context;
    if (*wanted != 0 && strtol(line, NULL, 10) == *wanted)
        *wanted = 0;
    return 0;
}

/* As LMDB has it, past the store. */
static bool stands_among_readers(pid_t pid)
{
    MDB_env *env = NULL;
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, TABLE_COUNT), 0);
    assert_int_equal(mdb_env_open(env, scratch_path(&scratch, "org"), MDB_NOTLS, 0640), 0);
    pid_t wanted = pid;
    mdb_reader_list(env, is_of, &wanted);
    mdb_env_close(env);
    return wanted == 0;
}

static void pain_24_a_reader_that_was_killed_holds_nothing_back(void **state)
{
    (void)state;
    struct reader holds = {.reads = false}, reads = {.reads = true};
    struct store *store = opened("org");
    struct txn txn;
    txn_begin(&txn, store, true);
    txn_put(&txn, TABLE_source, text("a"), text("1"));
    assert_int_equal(txn_end(&txn), 0);
    store_close(store);
    pid_t holder = reader_begin(&holds); /* the last one who closes a store would begin its list of readers anew */
    pid_t reader = reader_begin(&reads);
    store_close(opened("org"));
    assert_true(stands_among_readers(reader)); /* it lives */
    reader_end(&reads, reader);
    assert_true(stands_among_readers(reader)); /* and its pages are kept for it */
    store_close(opened("org"));
    assert_false(stands_among_readers(reader));
    reader_end(&holds, holder);
}

/* Puts until it fails; returns the code. */
static int fill(struct store *store, int rows)
{
    struct txn txn;
    txn_begin(&txn, store, true);
    char value[1000] = "v", key[16];
    for (int i = 0; i < rows; i++) {
        snprintf(key, sizeof(key), "fill%d", i);
        txn_put(&txn, TABLE_source, text(key), bytes(value, sizeof(value)));
    }
    return txn_end(&txn);
}

static void a_full_map_is_said_and_keeps_nothing(void **state)
{
    (void)state;
#ifndef HAVE_FAULTS /* elsewhere the map has one size */
    skip();
#endif
    setenv("MUSTER_MAP_SIZE", "1048576", 1);
    struct store *store TIDY(store_close) = opened("org");
    struct err err = {0};
    struct txn txn;
    txn_begin(&txn, store, true);
    txn_put(&txn, TABLE_source, text("a"), text("1"));
    assert_int_equal(txn_end(&txn), 0);
    int rc = fill(store, 2000);
    assert_int_equal(rc, ERR_LIMIT);
    assert_int_equal(store_fail(store, rc, &err), ERR_LIMIT);
    assert_said(&err, "has reached its largest size");
    assert_true(stands(store, "a", "1"));
    assert_false(stands(store, "fill0", ""));
    assert_int_equal(fill(store, 100), 0); /* what fits goes on */
}

#define CHILD_CHECK(claim)                                                                                             \
    do {                                                                                                               \
        if (!(claim)) {                                                                                                \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #claim);                                                \
            _exit(1);                                                                                                  \
        }                                                                                                              \
    } while (0)

enum { NO_RIGHT = 77 };

static void fill_a_small_disk(void *with)
{
    (void)with;
    const char *disk = scratch_path(&scratch, "disk");
    struct store *store = NULL;
    struct err err = {0};
    mkdir(disk, 0700);
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", disk, "tmpfs", 0, "size=2m") != 0)
        _exit(NO_RIGHT);
    CHILD_CHECK(store_open(scratch_path(&scratch, "disk/org"), true, &store, &err) == 0);
    CHILD_CHECK(fill(store, 200) == 0);
    int rc = fill(store, 3000);
    CHILD_CHECK(rc == -ENOSPC);
    CHILD_CHECK(store_fail(store, rc, &err) == -ENOSPC);
    CHILD_CHECK(strstr(err.text, "the disk is full"));
    struct txn txn;
    txn_begin(&txn, store, false);
    CHILD_CHECK(txn_count(&txn, TABLE_source) == 200);
    CHILD_CHECK(txn_end(&txn) == 0);
    CHILD_CHECK(fill(store, 250) == 0);
    store_close(store);
    CHILD_CHECK(store_open(scratch_path(&scratch, "disk/org"), false, &store, &err) == 0);
    txn_begin(&txn, store, false);
    CHILD_CHECK(txn_count(&txn, TABLE_source) == 250);
    CHILD_CHECK(txn_end(&txn) == 0);
    store_close(store);
}

static void a_full_disk_is_said_and_keeps_nothing(void **state)
{
    (void)state;
    int status = scratch_child(fill_a_small_disk, NULL);
    if (WIFEXITED(status) && WEXITSTATUS(status) == NO_RIGHT)
        skip();
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_was_committed_is_there_again),
        CASE(one_folder_is_one_store_by_whatever_path),
        CASE(two_hundred_and_fifty_six_are_open_at_once_and_no_more),
        CASE(nothing_there_is_gone_and_nothing_is_made),
        CASE(a_path_through_a_file_cannot_be_made),
        CASE(somebody_else_s_store_says_whose_it_is),
        CASE(a_newer_layout_or_normalizer_is_refused_in_a_sentence),
        CASE(a_newer_store_with_other_tables_is_newer_and_not_damaged),
        CASE(another_program_s_store_is_not_ours),
        CASE(a_first_start_that_died_before_there_were_tables_is_begun_again),
        CASE(a_store_from_before_a_table_was_thought_of_gets_it),
        CASE(garbage_is_called_damaged),
        CASE(a_busy_lock_names_the_process_and_dies_with_it),
        CASE(pain_24_a_reader_that_was_killed_holds_nothing_back),
        CASE(a_full_map_is_said_and_keeps_nothing),
        CASE(a_full_disk_is_said_and_keeps_nothing),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
