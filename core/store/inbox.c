/* inbox - what came in for an organization and waits for a run: its environment, transactions and rows. */
#include "store/inbox_inside.h"

#include "base/fault.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/stat.h>

enum { READERS_MAX = 126 };
static const size_t MAP_SIZE = (size_t)32 << 30;

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static struct inbox *registry;

/* --- open --- */

static void inbox_free(struct inbox *inbox)
{
    wal_done(&inbox->wal);
    if (inbox->env)
        mdb_env_close(inbox->env);
    sodium_memzero(inbox->key, sizeof(inbox->key));
    free(inbox->dir);
    free(inbox);
}

static int boxes_open(struct inbox *inbox)
{
    static const char *const names[] = {"event", "key", "record", "meta"};
    MDB_txn *txn;
    int rc = mdb_txn_begin(inbox->env, NULL, 0, &txn);
    if (rc != 0)
        return store_code(rc);
    for (int n = 0; n < BOX_COUNT && rc == 0; n++)
        rc = mdb_dbi_open(txn, names[n], MDB_CREATE, &inbox->boxes[n]);
    if (rc != 0)
        mdb_txn_abort(txn);
    else
        rc = mdb_txn_commit(txn);
    return store_code(rc);
}

/* The folder, and its name in the organization's, are on the disk before anything is built on them. */
static int make_folder(const char *dir, const char *path, struct err *err)
{
    int rc = store_make_dir(path, 0750, err);
    TIDY(close) int above = rc == 0 ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (rc == 0 && (above < 0 || fsync(above) != 0))
        rc = err_set(err, -errno, "%s cannot be opened: %s", dir, err_text(-errno));
    return rc;
}

static int env_open(struct inbox *inbox, bool create)
{
    TIDY(free) char *data = mem_format("%s/data.mdb", inbox->dir);
    struct stat status;
    if (!data)
        return -ENOMEM;
    bool new = stat(data, &status) != 0 || status.st_size == 0;
    if (new && !create)
        return ERR_GONE;
    /* One after the other: LMDB itself is not safe from two processes that both make the file. */
    TIDY(close) int turn = open(inbox->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (turn < 0 || flock(turn, LOCK_EX) != 0)
        return -errno;
    int rc = store_code(mdb_env_create(&inbox->env));
    if (rc != 0)
        return rc;
    mdb_env_set_mapsize(inbox->env, MAP_SIZE);
    mdb_env_set_maxdbs(inbox->env, BOX_COUNT);
    mdb_env_set_maxreaders(inbox->env, READERS_MAX);
    rc = store_code(mdb_env_open(inbox->env, inbox->dir, MDB_NOTLS, 0640));
    if (rc == 0 && new)
        rc = fsync(turn) != 0 ? -errno : store_code(mdb_env_sync(inbox->env, 1));
    int dead;
    if (rc == 0)
        mdb_reader_check(inbox->env, &dead);
    rc = rc ? rc : boxes_open(inbox);
    return rc ? rc : wal_open(inbox);
}

static void derive(const uint8_t master[VAULT_MASTER], const char *organization, uint8_t ret_key[32])
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, master, VAULT_MASTER, 32);
    crypto_generichash_update(&state, (const unsigned char *)"inbox", 6);
    crypto_generichash_update(&state, (const unsigned char *)organization, strlen(organization));
    crypto_generichash_final(&state, ret_key, 32);
    sodium_memzero(&state, sizeof(state));
}

static int inbox_register(const char *dir, const uint8_t master[VAULT_MASTER], const char *organization, bool create,
                          struct inbox **ret_inbox, struct err *err)
{
    TIDY(free) char *path = mem_format("%s/inbox", dir);
    if (!path)
        return -ENOMEM;
    for (struct inbox *inbox = registry; inbox; inbox = inbox->next)
        if (strcmp(inbox->dir, path) == 0) {
            inbox->users++;
            *ret_inbox = inbox;
            return 0;
        }
    if (create) {
        int rc = make_folder(dir, path, err);
        if (rc != 0)
            return rc;
    } else if (access(path, F_OK) != 0) {
        return ERR_GONE;
    }
    struct inbox *inbox = mem_new(1, sizeof(*inbox));
    if (!inbox)
        return -ENOMEM;
    inbox->dir = TAKE(path);
    wal_init(&inbox->wal);
    derive(master, organization, inbox->key);
    int rc = env_open(inbox, create);
    if (rc != 0) {
        if (rc != ERR_GONE)
            err_set(err, rc, "%s cannot be opened: %s", inbox->dir, err_text(rc));
        inbox_free(inbox);
        return rc;
    }
    inbox->users = 1;
    inbox->next = registry;
    registry = inbox;
    *ret_inbox = inbox;
    return 0;
}

int inbox_open(const char *dir, const uint8_t master[VAULT_MASTER], const char *organization, bool create,
               struct inbox **ret_inbox, struct err *err)
{
    pthread_mutex_lock(&registry_lock);
    int rc = inbox_register(dir, master, organization, create, ret_inbox, err);
    pthread_mutex_unlock(&registry_lock);
    return rc;
}

void inbox_close(struct inbox *inbox)
{
    if (!inbox)
        return;
    /* It is closed under the lock: were it opened anew meanwhile, closing this one would let go of LMDB's locks on
     * the other one, too. */
    pthread_mutex_lock(&registry_lock);
    if (--inbox->users == 0) {
        for (struct inbox **at = &registry; *at; at = &(*at)->next)
            if (*at == inbox) {
                *at = inbox->next;
                break;
            }
        inbox_free(inbox);
    }
    pthread_mutex_unlock(&registry_lock);
}

int inbox_copy(struct inbox *inbox, const char *folder)
{
    int rc = inbox_settle(inbox);
    return rc ? rc : store_code(mdb_env_copy2(inbox->env, folder, MDB_CP_COMPACT));
}

/* --- rows --- */

void work_begin(struct work *work, struct inbox *inbox, bool write)
{
    *work = (struct work){.inbox = inbox};
    work->rc =
        fault_hit("inbox") ? -EIO : store_code(mdb_txn_begin(inbox->env, NULL, write ? 0 : MDB_RDONLY, &work->txn));
}

int work_end(struct work *work)
{
    if (!work->txn)
        return work->rc;
    if (work->rc != 0)
        mdb_txn_abort(work->txn);
    else
        work->rc = store_code(mdb_txn_commit(work->txn));
    work->txn = NULL;
    return work->rc;
}

void work_abort(struct work *work)
{
    if (work->txn)
        mdb_txn_abort(work->txn);
    work->txn = NULL;
}

bool work_get(struct work *work, enum box box, struct bytes key, struct bytes *ret_value)
{
    MDB_val name = {key.len, (void *)(uintptr_t)key.data}, value;
    if (work->rc != 0)
        return false;
    int rc = mdb_get(work->txn, work->inbox->boxes[box], &name, &value);
    if (rc == MDB_NOTFOUND)
        return false;
    work->rc = store_code(rc);
    *ret_value = bytes(value.mv_data, value.mv_size);
    return rc == 0;
}

void work_put(struct work *work, enum box box, struct bytes key, struct bytes value)
{
    MDB_val name = {key.len, (void *)(uintptr_t)key.data}, data = {value.len, (void *)(uintptr_t)value.data};
    if (work->rc == 0)
        work->rc = store_code(mdb_put(work->txn, work->inbox->boxes[box], &name, &data, 0));
}

void work_delete(struct work *work, enum box box, struct bytes key)
{
    MDB_val name = {key.len, (void *)(uintptr_t)key.data};
    int rc = work->rc == 0 ? mdb_del(work->txn, work->inbox->boxes[box], &name, NULL) : 0;
    if (rc != 0 && rc != MDB_NOTFOUND)
        work->rc = store_code(rc);
}

uint64_t work_number(struct work *work, struct bytes key)
{
    struct bytes value;
    uint64_t number = 0;
    if (work_get(work, BOX_meta, key, &value) && value.len == sizeof(number))
        memcpy(&number, value.data, sizeof(number));
    return number;
}

void work_set_number(struct work *work, struct bytes key, uint64_t number)
{
    work_put(work, BOX_meta, key, bytes(&number, sizeof(number)));
}

static const struct bytes counter_names[] = {{"number", 6}, {"events", 6}, {"bytes", 5}};

void counters_get(struct work *work, struct counters *counters)
{
    counters->number = work_number(work, counter_names[0]);
    counters->events = work_number(work, counter_names[1]);
    counters->bytes = work_number(work, counter_names[2]);
}

void counters_set(struct work *work, const struct counters *counters)
{
    work_set_number(work, counter_names[0], counters->number);
    work_set_number(work, counter_names[1], counters->events);
    work_set_number(work, counter_names[2], counters->bytes);
}

struct row_key row_key(const char *connection, size_t connection_len, const void *rest, size_t rest_len)
{
    struct row_key key = {{0}, connection_len < NAME_MAX_BYTES ? connection_len : NAME_MAX_BYTES};
    memcpy(key.bytes, connection, key.len);
    key.len++;
    memcpy(key.bytes + key.len, rest, rest_len);
    key.len += rest_len;
    return key;
}

struct row_key event_key(const char *connection, size_t connection_len, uint64_t number)
{
    uint64_t big = __builtin_bswap64(number);
    return row_key(connection, connection_len, &big, sizeof(big));
}

struct row_key taken_key(const char *connection)
{
    return row_key(connection, strlen(connection), "taken", 5);
}

void digest_parts(const struct inbox *inbox, const struct bytes *parts, size_t count, uint8_t ret_digest[DIGEST_KEYED])
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, inbox->key, sizeof(inbox->key), DIGEST_KEYED);
    for (size_t i = 0; i < count; i++) {
        uint64_t len = parts[i].len;
        crypto_generichash_update(&state, (const uint8_t *)&len, sizeof(len));
        crypto_generichash_update(&state, parts[i].data, parts[i].len);
    }
    crypto_generichash_final(&state, ret_digest, DIGEST_KEYED);
}
