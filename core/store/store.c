/* store - an organization's directory and its LMDB environment. */
#include "store/store_inside.h"

#include "base/fault.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/whole.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

enum { STORES_MAX = 256, READERS_MAX = 254 };
static const size_t MAP_SIZE = (size_t)256 << 30; /* fixed while open: resizing under a reader is SIGBUS */

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static struct store *registry;
static unsigned registry_count;

const char *table_name(enum table table)
{
    static const char *const names[] = {
#define TABLE(name, writer, primary) #name,
        TABLES(TABLE)
#undef TABLE
    };
    return names[table];
}

int store_code(int rc)
{
    switch (rc) {
    case 0: return 0;
    case MDB_KEYEXIST: return ERR_CONFLICT;
    case MDB_NOTFOUND: return ERR_GONE;
    case MDB_MAP_FULL:
    case MDB_TXN_FULL:
    case MDB_DBS_FULL: return ERR_LIMIT;
    case MDB_READERS_FULL: return ERR_BUSY;
    case MDB_VERSION_MISMATCH: return ERR_NEWER;
    case MDB_CORRUPTED:
    case MDB_INVALID:
    case MDB_PAGE_NOTFOUND:
    case MDB_PANIC: return ERR_CORRUPT;
    default: return rc > 0 ? -rc : ERR_CORRUPT;
    }
}

int store_fail(const struct store *store, int rc, struct err *err)
{
    switch (rc) {
    case 0: return 0;
    case -ENOSPC:
        return err_set(err, rc, "%s: the disk is full. Nothing is half written: make room and run it again.",
                       store->dir);
    case ERR_LIMIT:
        return err_set(err, rc, "%s: the store has reached its largest size. Nothing is half written.", store->dir);
    case ERR_BUSY: return err_set(err, rc, "%s: others are at it just now; try again later.", store->dir);
    case ERR_NEWER:
        return err_set(err, rc, "%s/data.mdb was written by a newer version of LMDB: install that one.", store->dir);
    case ERR_CORRUPT: return err_set(err, rc, "%s/data.mdb is damaged; restore it from a backup.", store->dir);
    default: return err_set(err, rc, "%s: the store failed: %s", store->dir, err_text(rc));
    }
}

static size_t store_map_size(void)
{
#ifdef HAVE_FAULTS
    const char *small = getenv("MUSTER_MAP_SIZE");
    if (small)
        return strtoul(small, NULL, 10);
#endif
    return MAP_SIZE;
}

static int store_layout_check(struct store *store, struct txn *txn, bool create, struct err *err)
{
    uint64_t layout = meta_number(txn, "layout"), normalizer = meta_number(txn, "normalizer");
    if (txn->rc != 0)
        return txn->rc;
    if (layout == 0 && create) {
        meta_set_number(txn, "layout", STORE_LAYOUT);
        meta_set_number(txn, "normalizer", TEXT_NORMALIZER);
        return txn->rc;
    }
    if (layout > STORE_LAYOUT || normalizer > TEXT_NORMALIZER)
        return err_set(err, ERR_NEWER,
                       "%s was written by a newer muster (layout %lu, normalizer %lu; this one knows %d and %d): "
                       "install that version, or use another state folder.",
                       store->dir, (unsigned long)layout, (unsigned long)normalizer, STORE_LAYOUT, TEXT_NORMALIZER);
    return layout == 0 ? ERR_GONE : 0;
}

/* ERR_GONE, without a sentence: a table is not there, though the store is ours. */
static int store_tables_open(struct store *store, bool create, struct err *err)
{
    bool ours = false;
    struct txn txn;
    txn_begin(&txn, store, create);
    for (int table = 0; table < TABLE_COUNT && txn.rc == 0; table++) {
        int rc = mdb_dbi_open(txn.mdb, table_name((enum table)table), create ? MDB_CREATE : 0, &store->tables[table]);
        txn.rc = store_code(rc == MDB_INCOMPATIBLE ? MDB_NOTFOUND : rc);
        if (table == TABLE_meta && txn.rc == 0) /* another layout may have other tables */
            ours = (txn.rc = store_layout_check(store, &txn, create, err)) == 0;
    }
    uint64_t wiped = meta_number(&txn, META_WIPED);
    int rc = create ? txn_end(&txn) : txn_commit(&txn);
    if (rc == 0)
        store->wiped = wiped;
    if (rc == ERR_GONE && ours && !create)
        return rc;
    if (rc == ERR_GONE)
        return err_set(err, ERR_CORRUPT, "%s/data.mdb is not a muster store.", store->dir);
    return rc == 0 || rc == ERR_NEWER ? rc : store_fail(store, rc, err);
}

/* The user whose it is, or its parent's that is there; false: nothing can be learned of it, or it is ours. */
static bool owner_of_other(const char *path, char name[64])
{
    char *at __attribute__((cleanup(tidy_free))) = mem_text(path), *slash;
    struct stat owned;
    while (at && stat(at, &owned) != 0) {
        if (!(slash = strrchr(at, '/')) || slash == at)
            return false;
        *slash = '\0';
    }
    if (!at || owned.st_uid == geteuid())
        return false;
    struct passwd account, *found = NULL;
    char room[4096];
    if (getpwuid_r(owned.st_uid, &account, room, sizeof(room), &found) == 0 && found)
        snprintf(name, 64, "%s", account.pw_name);
    else
        snprintf(name, 64, "#%u", (unsigned)owned.st_uid); /* as sudo takes it */
    return true;
}

/* Why not, and what to do about it: whoever reads it may have got the wrong user or the wrong folder. */
static int make_refused(const char *path, int rc, struct err *err)
{
    static const char other[] = "name another folder: `state:` in muster.yaml, or --state DIR";
    char name[64];
    if ((rc == -EACCES || rc == -EPERM) && owner_of_other(path, name))
        return err_set(err, rc,
                       "%s cannot be made: the folder that it would be in belongs to %s. Run it as that user "
                       "(`sudo -u '%s' muster …`), or %s.",
                       path, name, name, other);
    if (rc == -ENOSPC || rc == -EDQUOT)
        return err_set(err, rc, "%s cannot be made: the disk is full. Make room, or %s.", path, other);
    return err_set(err, rc, "%s cannot be made: %s; %s.", path, strerrordesc_np(-rc), other);
}

int store_make_dir(const char *dir, mode_t mode, struct err *err)
{
    char *path __attribute__((cleanup(tidy_free))) = mem_text(dir);
    if (!path)
        return -ENOMEM;
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0750) != 0 && errno != EEXIST)
            return make_refused(path, -errno, err);
        *slash = '/';
    }
    return mkdir(path, mode) != 0 && errno != EEXIST ? make_refused(path, -errno, err) : 0;
}

/* It is there and does not let us in. */
static int store_refused(const char *path, int rc, struct err *err)
{
    char name[64];
    if ((rc == -EACCES || rc == -EPERM) && owner_of_other(path, name))
        return err_set(err, rc, "%s cannot be opened: it belongs to %s. Run it as that user: `sudo -u '%s' muster …`.",
                       path, name, name);
    return err_set(err, rc, "%s cannot be opened: %s", path, strerrordesc_np(-rc));
}

/* A file of its two first pages alone has never held anything: who made it died, maybe with the power, and then there
 * may be nothing in them. It is made anew. *ret_new: there is no store yet. */
static int store_begin(const struct store *store, int folder, bool create, bool *ret_new)
{
    struct stat stat = {0};
    if (fstatat(folder, "data.mdb", &stat, 0) != 0 && errno != ENOENT)
        return -errno;
    *ret_new = stat.st_size <= 2 * sysconf(_SC_PAGESIZE);
    if (!*ret_new)
        return store_is_cut(store->dir) ? ERR_CORRUPT : 0;
    if (stat.st_size == 0)
        return 0;
    if (!create)
        return ERR_GONE;
    char *path __attribute__((cleanup(tidy_free))) = mem_format("%s/data.mdb", store->dir);
    return !path ? -ENOMEM : truncate(path, 0) != 0 ? -errno : 0;
}

static int store_env_open(struct store *store, bool create, struct err *err)
{
    /* One after the other: LMDB itself is not safe from two processes that both make the file. */
    int turn __attribute__((cleanup(tidy_close))) = open(store->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (turn < 0 || flock(turn, LOCK_EX) != 0)
        return store_refused(store->dir, -errno, err);
    bool new = false;
    int rc = store_begin(store, turn, create, &new);
    if (rc == ERR_GONE)
        return rc;
    if (rc == ERR_CORRUPT)
        return err_set(err, rc, "%s/data.mdb is cut off: it ends before what it speaks of. Restore it from a backup.",
                       store->dir);
    if (rc == 0)
        rc = store_code(mdb_env_create(&store->env));
    if (rc != 0)
        return store_fail(store, rc, err);
    mdb_env_set_mapsize(store->env, store_map_size());
    mdb_env_set_maxdbs(store->env, TABLE_COUNT);
    mdb_env_set_maxreaders(store->env, READERS_MAX);
    rc = fault_hit("store") ? -EIO : store_code(mdb_env_open(store->env, store->dir, MDB_NOTLS, 0640));
    if (rc == -EACCES || rc == -EPERM || rc == -EROFS)
        return store_refused(store->dir, rc, err);
    if (rc == 0 && new) /* its first pages and its name are on the disk before anything is built on them */
        rc = fsync(turn) != 0 ? -errno : store_code(mdb_env_sync(store->env, 1));
    if (rc != 0)
        return store_fail(store, rc, err);
    int dead;
    mdb_reader_check(store->env, &dead);
    /* Without tables: new, or whoever made it died before they were there. */
    MDB_stat stat;
    rc = store_code(mdb_env_stat(store->env, &stat));
    if (rc != 0)
        return store_fail(store, rc, err);
    bool empty = stat.ms_entries == 0;
    if (empty && !create)
        return ERR_GONE;
    rc = store_tables_open(store, empty, err);
    return rc == ERR_GONE ? store_tables_open(store, true, err) : rc; /* made before that table was thought of */
}

int store_open_anew(struct store *store, struct err *err)
{
    assert(atomic_load(&store->open) == 0);
    if (store->env)
        mdb_env_close(TAKE(store->env));
    memset(store->tables, 0, sizeof(store->tables));
    store->wiped = 0;
    int rc = store_env_open(store, false, err);
    if (rc != 0 && store->env)
        mdb_env_close(TAKE(store->env));
    return rc;
}

/* Which folder it is, made if need be. */
static int store_identify(const char *dir, bool create, struct stat *ret_stat, struct err *err)
{
    char *data __attribute__((cleanup(tidy_free))) = mem_format("%s/data.mdb", dir);
    if (!data)
        return -ENOMEM;
    struct stat data_stat;
    bool there = stat(data, &data_stat) == 0;
    if (!there && errno != ENOENT && errno != ENOTDIR)
        return store_refused(data, -errno, err);
    if (!there && !create)
        return ERR_GONE;
    int rc = there ? 0 : store_make_dir(dir, 0750, err);
    if (rc != 0)
        return rc;
    if (stat(dir, ret_stat) != 0)
        return store_refused(dir, -errno, err);
    return 0;
}

static void store_free(struct store *store)
{
    if (store->env)
        mdb_env_close(store->env);
    for (size_t i = 0; i < store->names.count; i++)
        free(store->names.items[i]);
    free(store->names.items);
    pthread_mutex_destroy(&store->names.lock);
    free(store->dir);
    free(store);
}

static int store_register(const char *dir, bool create, struct store **ret_store, struct err *err)
{
    struct stat stat;
    int rc = store_identify(dir, create, &stat, err);
    if (rc != 0)
        return rc;
    for (struct store *store = registry; store; store = store->next)
        if (store->device == stat.st_dev && store->inode == stat.st_ino) {
            store->users++;
            *ret_store = store;
            return 0;
        }
    if (registry_count >= STORES_MAX)
        return err_set(err, ERR_LIMIT, "%u organizations are open at once; that is the most.", registry_count);
    struct store *store = mem_new(1, sizeof(*store));
    if (!store || !(store->dir = mem_text(dir))) {
        free(store);
        return -ENOMEM;
    }
    pthread_mutex_init(&store->names.lock, NULL);
    store->device = stat.st_dev;
    store->inode = stat.st_ino;
    if ((rc = store_env_open(store, create, err)) != 0) {
        store_free(store);
        return rc;
    }
    store->users = 1;
    store->next = registry;
    registry = store;
    registry_count++;
    *ret_store = store;
    return 0;
}

int store_open(const char *dir, bool create, struct store **ret_store, struct err *err)
{
    pthread_mutex_lock(&registry_lock);
    int rc = store_register(dir, create, ret_store, err);
    pthread_mutex_unlock(&registry_lock);
    return rc;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    pthread_mutex_lock(&registry_lock);
    if (--store->users == 0) {
        for (struct store **at = &registry; *at; at = &(*at)->next)
            if (*at == store) {
                *at = store->next;
                break;
            }
        registry_count--;
        store_free(store);
    }
    pthread_mutex_unlock(&registry_lock);
}

int store_copy(const struct store *store, const char *folder, struct err *err)
{
    int rc = store->env ? store_code(mdb_env_copy2(store->env, folder, MDB_CP_COMPACT)) : -EBADF;
    return rc ? err_set(err, rc, "%s/data.mdb cannot be copied to %s: %s", store->dir, folder, err_text(rc)) : 0;
}

const char *store_dir(const struct store *store)
{
    return store->dir;
}

struct names *store_names(struct store *store)
{
    return &store->names;
}

uint64_t store_size(const struct store *store)
{
    MDB_envinfo info;
    MDB_stat stat;
    if (mdb_env_info(store->env, &info) != 0 || mdb_env_stat(store->env, &stat) != 0)
        return 0;
    return ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize;
}

struct oldest {
    size_t txn;
    long pid;
};

/* "PID THREAD TRANSACTION", in hexadecimal the second; "-" for a transaction: it does not read. */
static int reader_look(const char *line, void *context)
{
    struct oldest *oldest = context;
    char *end, *word;
    long pid = strtol(line, &end, 10);
    strtoull(end, &word, 16);
    size_t txn = strtoull(word, &end, 10);
    if (end != word && txn < oldest->txn)
        *oldest = (struct oldest){txn, pid};
    return 0;
}

int store_readers(const struct store *store, size_t *ret_oldest, long *ret_pid)
{
    struct oldest oldest = {.txn = SIZE_MAX};
    int dead;
    mdb_reader_check(store->env, &dead);
    int listed = mdb_reader_list(store->env, reader_look, &oldest);
    *ret_oldest = oldest.txn;
    *ret_pid = oldest.pid;
    return listed;
}

bool store_reader_behind(const struct store *store, long *ret_pid, uint64_t *ret_commits)
{
    MDB_envinfo info;
    size_t oldest;
    if (store_readers(store, &oldest, ret_pid) < 0 || mdb_env_info(store->env, &info) != 0 ||
        oldest >= info.me_last_txnid)
        return false;
    *ret_commits = info.me_last_txnid - oldest;
    return true;
}

int store_lock(struct store *store, int *ret_fd, struct err *err)
{
    char *path __attribute__((cleanup(tidy_free))) = mem_format("%s/run.lock", store->dir);
    int fd __attribute__((cleanup(tidy_close))) = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640) : -1;
    if (fd < 0)
        return path ? store_refused(path, -errno, err) : -ENOMEM;
    char holder[32] = "";
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        ssize_t got = pread(fd, holder, sizeof(holder) - 1, 0);
        holder[got > 0 ? strcspn(holder, "\n") : 0] = '\0';
        const char *slash = strrchr(store->dir, '/');
        return err_set(err, ERR_BUSY,
                       "another run of this organization is at it%s%s; wait for it to end, or look with "
                       "`muster runs %s`.",
                       *holder ? ": process " : "", holder, slash ? slash + 1 : store->dir);
    }
    /* Always as long, so that nothing is cut off: that would wait until the disk has what stood there before. */
    int len = snprintf(holder, sizeof(holder), "%ld\n", (long)getpid());
    memset(holder + len, ' ', sizeof(holder) - (size_t)len);
    errno = EIO; /* of a write that is cut short */
    if (pwrite(fd, holder, sizeof(holder), 0) != sizeof(holder))
        return err_set(err, -errno, "%s cannot be written: %s", path, strerrordesc_np(errno));
    *ret_fd = take_fd(&fd);
    return 0;
}

void store_unlock(int fd)
{
    if (fd >= 0)
        close(fd);
}
