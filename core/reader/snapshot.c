/* snapshot - the environment of one organization, opened to be read only, and what stands in it at one moment. */
#include "reader/snapshot.h"

#include "base/fault.h"
#include "base/mem.h"
#include "base/tidy.h"
#include "store/whole.h"
#include "tables/journal.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LEASE_MS = 10000, PATIENCE_MS = 5000, PAUSE_MS = 20, LOOK_MS = 1000, STILL_MS = 60000 };

/* LMDB's locks want a file to be open once in a process. */
static pthread_mutex_t open_lock = PTHREAD_MUTEX_INITIALIZER;
static struct muster_reader *open_readers;

int reader_fail(struct muster_reader *reader, int rc, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(reader->why, sizeof(reader->why), format, args);
    va_end(args);
    return rc;
}

int reader_code(struct muster_reader *reader, int rc)
{
    const char *folder = reader->folder;
    switch (rc) {
    case 0: return MUSTER_READER_OK;
    case ENOENT: return reader_fail(reader, MUSTER_READER_GONE, "%s: nothing is kept there", folder);
    case EACCES:
    case EPERM:
        return reader_fail(
            reader, MUSTER_READER_DENIED,
            "%s: this account has to be able to read data.mdb and to write lock.mdb there: let `setfacl` "
            "give it that, and `x` on the folders above",
            folder);
    case MDB_VERSION_MISMATCH:
        return reader_fail(reader, MUSTER_READER_NEWER, "%s: a newer version of LMDB wrote it", folder);
    case MDB_READERS_FULL:
        return reader_fail(reader, MUSTER_READER_BUSY, "%s: too many programs read it just now", folder);
    case MDB_INVALID:
    case MDB_INCOMPATIBLE:
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_NOTFOUND: return reader_fail(reader, MUSTER_READER_DAMAGED, "%s: data.mdb is no store of muster", folder);
    default: return reader_fail(reader, MUSTER_READER_FAIL, "%s: %s", folder, mdb_strerror(rc));
    }
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- the environment --- */

static uint64_t meta_of(struct muster_reader *reader, MDB_txn *txn, const char *name)
{
    MDB_val key = {strlen(name), (void *)(uintptr_t)name}, value;
    uint64_t number = 0;
    if (mdb_get(txn, reader->meta, &key, &value) == 0 && value.mv_size == sizeof(number))
        memcpy(&number, value.mv_data, sizeof(number));
    return number;
}

static int layout_look(struct muster_reader *reader, MDB_txn *txn)
{
    uint64_t layout = meta_of(reader, txn, "layout");
    if (layout <= STORE_LAYOUT)
        return reader_code(reader, layout == 0 ? MDB_INVALID : 0);
    return reader_fail(reader, MUSTER_READER_NEWER,
                       "%s: a newer muster wrote it (layout %llu; this reader knows %d): link with that one's reader",
                       reader->folder, (unsigned long long)layout, STORE_LAYOUT);
}

static int tables_open(struct muster_reader *reader)
{
    MDB_txn *txn;
    int rc = reader_code(reader, mdb_txn_begin(reader->env, NULL, MDB_RDONLY, &txn));
    if (rc != 0)
        return rc;
    rc = reader_code(reader, mdb_dbi_open(txn, "meta", 0, &reader->meta));
    if (rc == 0)
        rc = layout_look(reader, txn);
    if (rc == 0)
        rc = reader_code(reader, mdb_dbi_open(txn, "dict", 0, &reader->dict));
    if (rc == 0)
        rc = reader_code(reader, mdb_dbi_open(txn, "entity", 0, &reader->entity));
    if (rc == 0)
        rc = reader_code(reader, mdb_dbi_open(txn, "journal", 0, &reader->journal));
    if (rc == 0)
        return reader_code(reader, mdb_txn_commit(txn)); /* so that the handles stay */
    mdb_txn_abort(txn);
    return rc;
}

static int file_of(struct muster_reader *reader, const char *name, struct stat *ret_stat)
{
    char *path __attribute__((cleanup(tidy_free))) = mem_format("%s/%s", reader->folder, name);
    return !path ? ENOMEM : stat(path, ret_stat) != 0 ? errno : 0;
}

static bool is_open(const struct muster_reader *reader, const struct stat *data)
{
    for (const struct muster_reader *other = open_readers; other; other = other->next)
        if (other != reader && other->env && other->pid == reader->pid && other->device == data->st_dev &&
            other->inode == data->st_ino)
            return true;
    return false;
}

static void env_close(struct muster_reader *reader)
{
    if (reader->env)
        mdb_env_close(TAKE(reader->env));
}

static int env_open(struct muster_reader *reader)
{
    struct stat data, lock;
    int rc = file_of(reader, "data.mdb", &data);
    if (rc == 0)
        rc = file_of(reader, "lock.mdb", &lock); /* which LMDB would make, as ours */
    if (rc == 0 && data.st_size <= 2 * sysconf(_SC_PAGESIZE))
        rc = ENOENT; /* somebody is making it, or died doing so (store_begin) */
    if (rc != 0)
        return reader_code(reader, rc);
    if (is_open(reader, &data))
        return reader_fail(reader, MUSTER_READER_BUSY,
                           "%s: another reader of this process has it open: let that one be used in turns",
                           reader->folder);
    if (store_is_cut(reader->folder))
        return reader_fail(reader, MUSTER_READER_DAMAGED, "%s: data.mdb is cut off: it ends before what it speaks of",
                           reader->folder);
    rc = mdb_env_create(&reader->env);
    if (rc == 0)
        rc = mdb_env_set_maxdbs(reader->env, TABLE_COUNT);
    if (rc == 0)
        rc = mdb_env_open(reader->env, reader->folder, MDB_RDONLY | MDB_NOTLS, 0640);
    int dead;
    if (rc == 0)
        rc = mdb_reader_check(reader->env, &dead);
    MDB_stat tables;
    if (rc == 0)
        rc = mdb_env_stat(reader->env, &tables);
    if (rc == 0 && tables.ms_entries == 0)
        rc = ENOENT; /* not yet */
    rc = rc ? reader_code(reader, rc) : tables_open(reader);
    if (rc != 0)
        env_close(reader);
    reader->device = data.st_dev;
    reader->inode = data.st_ino;
    return rc;
}

/* Opened anew where it is another file by now. */
static int env_look(struct muster_reader *reader)
{
    struct stat data;
    if (reader->env && file_of(reader, "data.mdb", &data) == 0 && data.st_dev == reader->device &&
        data.st_ino == reader->inode)
        return MUSTER_READER_OK;
    pthread_mutex_lock(&open_lock);
    env_close(reader);
    int rc = env_open(reader);
    pthread_mutex_unlock(&open_lock);
    return rc;
}

/* The same folder wherever the program goes afterwards. */
static char *folder_whole(const char *folder)
{
    char *here __attribute__((cleanup(tidy_free))) = *folder == '/' ? NULL : getcwd(NULL, 0);
    return here ? mem_format("%s/%s", here, folder) : mem_text(folder);
}

int muster_reader_open(const char *folder, muster_reader **ret_reader)
{
    struct muster_reader *reader = mem_new(1, sizeof(*reader));
    *ret_reader = NULL;
    if (!reader || !(reader->folder = folder_whole(folder))) {
        free(reader);
        return MUSTER_READER_FAIL;
    }
    *ret_reader = reader;
    reader->lease_ms = LEASE_MS;
    reader->pid = getpid();
    pthread_mutex_lock(&open_lock);
    reader->next = open_readers;
    open_readers = reader;
    int rc = env_open(reader);
    pthread_mutex_unlock(&open_lock);
    return rc;
}

void muster_reader_close(muster_reader *reader)
{
    if (!reader)
        return;
    muster_reader_end(reader);
    pthread_mutex_lock(&open_lock);
    for (struct muster_reader **at = &open_readers; *at; at = &(*at)->next)
        if (*at == reader) {
            *at = reader->next;
            break;
        }
    env_close(reader);
    pthread_mutex_unlock(&open_lock);
    free(reader->folder);
    free(reader);
}

const char *muster_reader_why(const muster_reader *reader)
{
    return reader ? reader->why : "there is no memory";
}

/* --- the snapshot --- */

/* BUSY: a run is being written, in several transactions. */
static int snapshot_take(struct muster_reader *reader)
{
    static const char applying[] = "applying";
    MDB_val key = {sizeof(applying) - 1, (void *)(uintptr_t)applying}, value;
    int rc = env_look(reader);
    if (rc == 0)
        rc = reader_code(reader, mdb_txn_begin(reader->env, NULL, MDB_RDONLY, &reader->txn));
    if (rc != 0)
        return rc;
    reader->begun_ms = now_ms();
    reader->commit = mdb_txn_id(reader->txn);
    if (mdb_get(reader->txn, reader->meta, &key, &value) == MDB_NOTFOUND) {
        reader->sequence = meta_of(reader, reader->txn, "sequence");
        return MUSTER_READER_OK;
    }
    muster_reader_end(reader);
    return reader_fail(reader, MUSTER_READER_BUSY,
                       "%s: a run is being written; when that stays, it died, and any command of muster finishes it",
                       reader->folder);
}

int muster_reader_begin(muster_reader *reader)
{
    int64_t until = now_ms() + PATIENCE_MS;
    muster_reader_end(reader);
    int rc;
    while ((rc = snapshot_take(reader)) == MUSTER_READER_BUSY && now_ms() < until)
        poll(NULL, 0, PAUSE_MS);
    return rc;
}

/* What was opened before fork() is the parent's. It is not even closed here: that would take the parent's place among
 * the readers away, and what the parent looks at would be written over. */
static void parents_leave(struct muster_reader *reader)
{
    pid_t pid = getpid();
    if (reader->pid == pid)
        return;
    reader->env = NULL;
    reader->txn = NULL;
    reader->walk = NULL;
    reader->pid = pid;
}

void muster_reader_end(muster_reader *reader)
{
    parents_leave(reader);
    if (reader->walk)
        mdb_cursor_close(TAKE(reader->walk));
    if (reader->txn)
        mdb_txn_abort(TAKE(reader->txn));
}

void muster_reader_lease(muster_reader *reader, uint32_t ms)
{
    reader->lease_ms = ms;
}

int snapshot_lasts(struct muster_reader *reader)
{
    parents_leave(reader);
    if (!reader->txn)
        return reader_fail(reader, MUSTER_READER_EXPIRED, "%s: there is no snapshot: begin one", reader->folder);
    if (now_ms() - reader->begun_ms <= reader->lease_ms)
        return MUSTER_READER_OK;
    muster_reader_end(reader);
    return reader_fail(reader, MUSTER_READER_EXPIRED,
                       "%s: the snapshot lasted for longer than %u ms: begin another one, or ask for a longer lease",
                       reader->folder, reader->lease_ms);
}

int snapshot_get(struct muster_reader *reader, MDB_dbi table, const void *key, size_t len, struct bytes *ret_value)
{
    MDB_val asked = {len, (void *)(uintptr_t)key}, value;
    int rc = snapshot_lasts(reader);
    if (rc != 0)
        return rc;
    rc = mdb_get(reader->txn, table, &asked, &value);
    if (rc == 0)
        *ret_value = bytes(value.mv_data, value.mv_size);
    return rc == MDB_NOTFOUND ? MUSTER_READER_END : reader_code(reader, rc);
}

uint64_t muster_reader_sequence(const muster_reader *reader)
{
    return reader->sequence;
}

/* --- sleeping --- */

/* Whether somebody who has read up to `sequence` has something to do. BUSY: not yet. */
static int is_news(struct muster_reader *reader, uint64_t sequence)
{
    struct bytes leaps = {0};
    uint64_t shown = reader->sequence; /* of the snapshot that the program has seen */
    int rc = snapshot_take(reader);
    if (rc != 0)
        return rc;
    bool undone = snapshot_get(reader, reader->meta, "leaps", 5, &leaps) == 0 && journal_leapt(leaps, sequence);
    bool news = reader->sequence > sequence || undone;
    muster_reader_end(reader);
    reader->sequence = shown;
    return news ? MUSTER_READER_OK : MUSTER_READER_END;
}

int muster_reader_wait(muster_reader *reader, uint64_t sequence, int timeout_ms)
{
    int64_t until = now_ms() + timeout_ms, moved_ms = now_ms();
    uint64_t commit = 0;
    muster_reader_end(reader);
    int watch __attribute__((cleanup(tidy_close))) = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (watch >= 0)
        (void)inotify_add_watch(watch, reader->folder, IN_MODIFY | IN_CREATE | IN_MOVED_TO);
    for (;;) {
        int rc = is_news(reader, sequence);
        int64_t left = timeout_ms < 0 ? LOOK_MS : until - now_ms();
        if (rc != MUSTER_READER_END && rc != MUSTER_READER_BUSY)
            return rc;
        if (rc == MUSTER_READER_END || reader->commit != commit) {
            commit = reader->commit;
            moved_ms = now_ms();
        }
        if (now_ms() - moved_ms >= (int64_t)fault_limit("still", STILL_MS))
            return rc; /* whose run it was may have died */
        if (left <= 0)
            return rc;
        /* where nothing tells of changes (another kernel writes, no watch could be had) it looks now and then */
        struct pollfd one = {.fd = watch, .events = POLLIN};
        char events[4096];
        poll(&one, 1, (int)(left < LOOK_MS ? left : LOOK_MS));
        while (watch >= 0 && read(watch, events, sizeof(events)) > 0)
            continue;
    }
}
