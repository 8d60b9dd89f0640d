/* remnants - what deleted rows leave behind in the data file, and how it is wiped. */
#include "store/remnants.h"

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/fault.h"
#include "store/store_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

enum { FREE_TABLE = 0, NAME_TABLE = 1, META_PAGES = 2 }; /* LMDB's own */
enum { WAIT = 30 * 1000, LOOK = 20 /* ms */ };

bool remnants_left(struct txn *txn)
{
    return meta_number(txn, REMNANTS_LEFT) != 0;
}

/* --- the rows --- */

static void rows_copy(struct txn *read, struct txn *write, enum table table)
{
    struct cursor from __attribute__((cleanup(tidy_cursor)));
    struct cursor to __attribute__((cleanup(tidy_cursor)));
    cursor_open(&from, read, table);
    cursor_open(&to, write, table);
    for (bool there = cursor_seek(&from, bytes(NULL, 0)); there && write->rc == 0; there = cursor_next(&from)) {
        cursor_append(&to, from.key, from.value);
        write->dirty += from.key.len + from.value.len;
    }
}

/* All of a table goes and comes again, from what it held before that; so its pages are new ones, to the last key that
 * leads to them. */
static void table_rewrite(struct txn *read, struct txn *write, enum table table)
{
    fault_kill("remnants-table");
    if (txn_count(read, table) == 0) /* it has no pages */
        return;
    write->rc = fault_hit("store") ? -EIO : store_code(mdb_drop(write->mdb, write->store->tables[table], 0));
    rows_copy(read, write, table);
}

/* Some tables from *next on; nobody else writes meanwhile. From then on nobody writes out of buffers that are older. */
static int tables_rewrite(struct store *store, int *next)
{
    struct txn write __attribute__((cleanup(tidy_txn)));
    struct txn read __attribute__((cleanup(tidy_txn)));
    uint64_t most = fault_limit("dirty", TXN_DIRTY_MAX);
    txn_begin(&write, store, true);
    txn_begin(&read, store, false);
    while (*next < TABLE_COUNT && write.rc == 0 && read.rc == 0 && write.dirty < most)
        table_rewrite(&read, &write, (enum table)(*next)++);
    uint64_t wiped = meta_number(&write, META_WIPED) + 1;
    meta_set_number(&write, META_WIPED, wiped);
    write.rc = write.rc ? write.rc : read.rc;
    int rc = txn_end(&write);
    if (rc == 0)
        store->wiped = wiped;
    return rc;
}

/* The last commit writes no table: who reads from then on looks at nothing that was freed before. */
static int rows_rewrite(struct store *store)
{
    int next = 0, rc;
    do
        rc = tables_rewrite(store, &next);
    while (rc == 0 && next < TABLE_COUNT);
    return rc ? rc : tables_rewrite(store, &next);
}

/* --- the pages --- */

struct file {
    int fd;
    size_t page, pages; /* bytes of one; how many there are */
    MDB_txn *read;
    MDB_dbi tables[TABLE_COUNT + 2];
};

typedef int pages_fn(const struct file *file, size_t first, size_t count, uint64_t *sum);

static int pages_count(const struct file *file, size_t first, size_t count, uint64_t *sum)
{
    if (first < META_PAGES || first >= file->pages || count > file->pages - first)
        return ERR_CORRUPT;
    *sum += count;
    return 0;
}

static int bytes_zero(int fd, off_t from, off_t to)
{
    if (fault_hit("store"))
        return -EIO;
    if (fault_limit("punch", 1) && fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, from, to - from) == 0)
        return 0;
    return descriptor_zero(fd, from, to); /* a file system that cannot do that */
}

static int pages_zero(const struct file *file, size_t first, size_t count, uint64_t *sum)
{
    fault_kill("remnants-page");
    *sum += count;
    return bytes_zero(file->fd, (off_t)(first * file->page), (off_t)((first + count) * file->page));
}

/* Numbers of free pages as LMDB keeps them: how many, then the highest first. */
static int list_walk(const struct file *file, const size_t *list, pages_fn *visit, uint64_t *sum)
{
    int rc = 0;
    for (size_t i = 1, count; i <= list[0] && rc == 0; i += count) {
        for (count = 1; i + count <= list[0] && list[i + count] + count == list[i]; count++)
            ;
        rc = visit(file, list[i + count - 1], count, sum);
    }
    return rc;
}

/* What was freed by transactions before that one. */
static int free_walk(const struct file *file, size_t before, pages_fn *visit, uint64_t *sum)
{
    MDB_cursor *cursor = NULL;
    MDB_val key, value;
    size_t txn;
    int rc = fault_hit("store") ? -EIO : store_code(mdb_cursor_open(file->read, FREE_TABLE, &cursor));
    while (rc == 0 && (rc = store_code(mdb_cursor_get(cursor, &key, &value, MDB_NEXT))) == 0) {
        const size_t *list = value.mv_data;
        memcpy(&txn, key.mv_data, sizeof(txn));
        if (txn >= before)
            break;
        rc = value.mv_size / sizeof(*list) > list[0] ? list_walk(file, list, visit, sum) : ERR_CORRUPT;
    }
    if (cursor)
        mdb_cursor_close(cursor);
    return rc == ERR_GONE ? 0 : rc;
}

/* Each page is LMDB's, a table's or free: else there may be some that nobody knows of, or we do not understand it. */
static int file_check(const struct file *file)
{
    uint64_t count = META_PAGES;
    int rc = free_walk(file, SIZE_MAX, pages_count, &count);
    for (size_t i = 0; rc == 0 && i < sizeof(file->tables) / sizeof(file->tables[0]); i++) {
        MDB_stat stat;
        if ((rc = store_code(mdb_stat(file->read, file->tables[i], &stat))) == 0)
            count += stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages;
    }
    return rc ? rc : count == file->pages ? 0 : ERR_CORRUPT;
}

/* Those that died while they wrote may have left something behind the last page. */
static int tail_zero(const struct file *file)
{
    struct stat stat;
    off_t end = (off_t)(file->pages * file->page);
    if (fstat(file->fd, &stat) != 0)
        return -errno;
    return stat.st_size > end ? bytes_zero(file->fd, end, stat.st_size) : 0;
}

/* `before`: what was freed by it and later may still be looked at, and was written anew. */
static int file_zero(struct store *store, struct txn *read, size_t before)
{
    struct file file = {.read = read->mdb, .tables = {FREE_TABLE, NAME_TABLE}};
    uint64_t count = 0;
    MDB_envinfo info;
    MDB_stat stat;
    memcpy(file.tables + 2, store->tables, sizeof(store->tables));
    int rc = read->rc ? read->rc : store_code(mdb_env_info(store->env, &info));
    rc = rc ? rc : store_code(mdb_env_stat(store->env, &stat));
    rc = rc ? rc : store_code(mdb_env_get_fd(store->env, &file.fd));
    if (rc != 0)
        return rc;
    file.page = stat.ms_psize;
    file.pages = info.me_last_pgno + 1;
    if ((rc = file_check(&file)) != 0 || (rc = free_walk(&file, before, pages_zero, &count)) != 0 ||
        (rc = tail_zero(&file)) != 0)
        return rc;
    fault_kill("remnants-sync");
    return fsync(file.fd) != 0 ? -errno : 0;
}

/* --- readers --- */

/* Holds all others off writing, once nobody reads what was there before the last commit. *ret_last: that one. */
static int hold(struct store *store, struct txn *write, size_t *ret_last, struct err *err)
{
    int64_t until = clock_steady_ms() + (int64_t)fault_limit("readers", WAIT);
    for (;; poll(NULL, 0, LOOK)) {
        size_t oldest;
        long pid;
        txn_begin(write, store, true);
        if (write->rc != 0)
            return store_fail(store, write->rc, err);
        size_t last = mdb_txn_id(write->mdb) - 1;
        if (store_readers(store, &oldest, &pid) >= 0 && oldest >= last) {
            *ret_last = last;
            return 0;
        }
        txn_abort(write);
        if (clock_steady_ms() >= until)
            return err_set(err, ERR_BUSY,
                           "%s: somebody has been reading here for long (process %ld), and what was deleted still "
                           "stands where they look. Nothing is lost: try again when they are done.",
                           store->dir, pid);
    }
}

/* Before anything is written: else each try would leave one more copy of all rows beside what they still look at. */
static int old_readers_gone(struct store *store, struct err *err)
{
    struct txn write __attribute__((cleanup(tidy_txn))) = {0};
    size_t last;
    return hold(store, &write, &last, err);
}

static int pages_wipe(struct store *store, struct err *err)
{
    struct txn write __attribute__((cleanup(tidy_txn))) = {0};
    struct txn read __attribute__((cleanup(tidy_txn))) = {0};
    size_t last;
    int rc = hold(store, &write, &last, err);
    if (rc != 0)
        return rc;
    txn_begin(&read, store, false);
    rc = file_zero(store, &read, last);
    return rc ? store_fail(store, rc, err) : 0;
}

static int mark_remove(struct store *store)
{
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, store, true);
    meta_set(&txn, REMNANTS_LEFT, bytes(NULL, 0));
    return txn_end(&txn);
}

int remnants_wipe(struct store *store, struct err *err)
{
    if (atomic_load(&store->open) > 0)
        return err_set(err, ERR_BUSY, "%s: this process is reading here, so what was deleted stands in the data file.",
                       store->dir);
    int rc = store_open_anew(store, err); /* what this process wrote may stand in its buffers, too */
    if (rc != 0)
        return rc == ERR_GONE ? err_set(err, rc, "%s: there is no store any more.", store->dir) : rc;
    if ((rc = old_readers_gone(store, err)) != 0)
        return rc;
    if ((rc = rows_rewrite(store)) != 0)
        return store_fail(store, rc, err);
    fault_kill("remnants-rewritten");
    if ((rc = pages_wipe(store, err)) != 0)
        return rc;
    fault_kill("remnants-wiped");
    return (rc = mark_remove(store)) != 0 ? store_fail(store, rc, err) : 0;
}
