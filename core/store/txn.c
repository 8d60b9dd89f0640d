/* txn - transactions of an organization's store, walking its tables, and what `meta` holds. */
#include "store/store_inside.h"

#include "base/fault.h"
#include "store/overlay.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>

/* --- transactions --- */

static int begin(struct store *store, bool write, MDB_txn **ret_mdb)
{
    int rc = store->env ? 0 : store_open_anew(store, NULL);
    if (rc == 0)
        rc = store_code(mdb_txn_begin(store->env, NULL, write ? 0 : MDB_RDONLY, ret_mdb));
    if (rc == 0)
        atomic_fetch_add(&store->open, 1);
    return rc;
}

static void end(struct store *store, MDB_txn *mdb)
{
    mdb_txn_abort(mdb);
    atomic_fetch_sub(&store->open, 1);
}

/* Whether no other process has wiped the file since the environment was opened here. */
static bool is_fresh(const struct store *store, MDB_txn *mdb)
{
    MDB_val key = {strlen(META_WIPED), (void *)(uintptr_t)META_WIPED}, value;
    uint64_t wiped = 0;
    if (store->tables[TABLE_meta] && mdb_get(mdb, store->tables[TABLE_meta], &key, &value) == 0 &&
        value.mv_size == sizeof(wiped))
        memcpy(&wiped, value.mv_data, sizeof(wiped));
    return !store->tables[TABLE_meta] || wiped == store->wiped;
}

/* LMDB uses the buffers of its pages again, and what stood in one shows in the gaps of the next that is written out of
 * it. So who has had rows in hand that were wiped meanwhile begins with new ones. */
static int begin_fresh(struct store *store, MDB_txn **ret_mdb)
{
    enum { TRIES = 8 };
    for (int i = 0; i < TRIES; i++) {
        MDB_txn *mdb = NULL;
        int rc = begin(store, true, &mdb);
        if (rc != 0)
            return rc;
        if (is_fresh(store, mdb)) {
            *ret_mdb = mdb;
            return 0;
        }
        end(store, mdb);
        if (atomic_load(&store->open) > 0)
            return ERR_BUSY;
        if ((rc = store_open_anew(store, NULL)) != 0)
            return rc;
    }
    return ERR_BUSY;
}

void txn_begin(struct txn *txn, struct store *store, bool write)
{
    *txn = (struct txn){.store = store, .write = write};
    MDB_txn *mdb = NULL;
    txn->rc = fault_hit("store") ? -EIO : write ? begin_fresh(store, &mdb) : begin(store, false, &mdb);
    txn->mdb = mdb;
}

uint64_t txn_last_commit(const struct txn *txn)
{
    return txn->mdb ? mdb_txn_id(txn->mdb) : 0;
}

static void near_close(struct txn *txn)
{
    for (size_t n = 0; n < TXN_NEAR; n++)
        if (txn->near[n].mdb)
            mdb_cursor_close(TAKE(txn->near[n].mdb));
}

void txn_abort(struct txn *txn)
{
    near_close(txn);
    if (txn->mdb)
        end(txn->store, TAKE(txn->mdb));
}

/* A write that the disk took only in part comes from LMDB as EIO. */
static int commit_code(const struct store *store, int rc)
{
    enum { ROOM = 1 << 16 };
    struct statvfs disk;
    if (rc == EIO && statvfs(store->dir, &disk) == 0 && disk.f_bavail * disk.f_frsize < ROOM)
        return -ENOSPC;
    return store_code(rc);
}

int txn_commit(struct txn *txn)
{
    near_close(txn);
    if (txn->rc == 0 && txn->mdb) {
        txn->rc = commit_code(txn->store, mdb_txn_commit(TAKE(txn->mdb)));
        atomic_fetch_sub(&txn->store->open, 1);
    }
    txn_abort(txn);
    return txn->rc;
}

int txn_end(struct txn *txn)
{
    if (txn->rc != 0 || !txn->write) {
        txn_abort(txn);
        return txn->rc;
    }
    if (txn->mdb && fault_hit("store"))
        txn->rc = -EIO;
    return txn_commit(txn);
}

void txn_renew(struct txn *txn)
{
    uint64_t puts = txn->puts;
    struct store *store = txn->store;
    if (txn_end(txn) != 0)
        return;
    txn_begin(txn, store, true);
    txn->puts = puts;
}

static MDB_val val(struct bytes from)
{
    return (MDB_val){from.len, (void *)(uintptr_t)from.data};
}

/* --- rows --- */

/* Mostly it is the row behind the one that was asked for last: that is one comparison in the place of several. Where
 * it was not, it is not looked for there for a while. */
static bool near_next(struct near *near, const MDB_val *key, MDB_val *ret_value)
{
    enum { A_WHILE = 8 };
    MDB_val next, value;
    if (near->wait > 0) {
        near->wait--;
        return false;
    }
    if (mdb_cursor_get(near->mdb, &next, &value, MDB_NEXT) != 0 || next.mv_size != key->mv_size ||
        memcmp(next.mv_data, key->mv_data, key->mv_size) != 0) {
        near->wait = A_WHILE;
        return false;
    }
    *ret_value = value;
    return true;
}

/* Who goes through things asks for one after the other by ascending id, and for several kinds by turns. A cursor looks
 * at the page on which it stands before it searches; so there is one for each kind, by the first byte of its keys. */
static int near_get(struct txn *txn, enum table table, MDB_val *key, MDB_val *ret_value)
{
    uint8_t first = key->mv_size > 0 ? *(const uint8_t *)key->mv_data : 0;
    struct near *near = &txn->near[((unsigned)table * 5 + first) % TXN_NEAR];
    MDB_dbi dbi = txn->store->tables[table];
    MDB_cursor *mdb = NULL;
    if (txn->write || (near->mdb && near->table != table))
        return mdb_get(txn->mdb, dbi, key, ret_value);
    if (!near->mdb) {
        int rc = mdb_cursor_open(txn->mdb, dbi, &mdb);
        if (rc != 0)
            return rc;
        *near = (struct near){.mdb = mdb, .table = table};
    } else if (near_next(near, key, ret_value)) {
        return 0;
    }
    return mdb_cursor_get(near->mdb, key, ret_value, MDB_SET);
}

bool txn_get(struct txn *txn, enum table table, struct bytes key, struct bytes *ret_value)
{
    if (txn->rc != 0)
        return false;
    if (txn->over) {
        int found = overlay_get(txn->over, table, key, ret_value);
        if (found != 0) {
            txn->rc = found < 0 ? found : 0;
            return found > 0 && ret_value->data;
        }
    }
    MDB_val k = val(key), v;
    int rc = near_get(txn, table, &k, &v);
    if (rc == MDB_NOTFOUND)
        return false;
    if (rc != 0 || fault_hit("store")) {
        txn->rc = rc ? store_code(rc) : -EIO;
        return false;
    }
    *ret_value = bytes(v.mv_data, v.mv_size);
    return true;
}

/* A row is about to be written: counts it. False when it cannot be. */
static bool txn_puts(struct txn *txn, struct bytes key)
{
    if (txn->rc != 0)
        return false;
    assert(txn->write && key.len > 0 && key.len <= STORE_KEY_MAX);
    if (fault_hit("store"))
        txn->rc = -EIO;
    txn->puts++;
    return txn->rc == 0;
}

static void txn_put_flags(struct txn *txn, enum table table, struct bytes key, struct bytes value, unsigned flags)
{
    enum { PAGE = 4096, ROW = 32 };
    if (!txn_puts(txn, key))
        return;
    MDB_val k = val(key), v = val(value);
    txn->rc = store_code(mdb_put(txn->mdb, txn->store->tables[table], &k, &v, flags));
    /* A new row fills pages in key order; an old one dirties a page of its own, as a rule. */
    txn->dirty += flags ? key.len + value.len + ROW : PAGE + value.len;
}

void txn_put(struct txn *txn, enum table table, struct bytes key, struct bytes value)
{
    txn_put_flags(txn, table, key, value, 0);
}

void txn_put_new(struct txn *txn, enum table table, struct bytes key, struct bytes value)
{
    txn_put_flags(txn, table, key, value, MDB_NOOVERWRITE);
}

void txn_append(struct txn *txn, enum table table, struct bytes key, struct bytes value)
{
    txn_put_flags(txn, table, key, value, MDB_APPEND);
}

void txn_delete(struct txn *txn, enum table table, struct bytes key)
{
    enum { PAGE = 4096 };
    if (txn->rc != 0)
        return;
    MDB_val k = val(key);
    int rc = fault_hit("store") ? EIO : mdb_del(txn->mdb, txn->store->tables[table], &k, NULL);
    if (rc != MDB_NOTFOUND)
        txn->rc = store_code(rc);
    txn->dirty += PAGE;
    txn->puts++;
}

static MDB_stat txn_stat(struct txn *txn, enum table table)
{
    MDB_stat stat = {0};
    if (txn->rc == 0)
        txn->rc = store_code(mdb_stat(txn->mdb, txn->store->tables[table], &stat));
    return stat;
}

uint64_t txn_count(struct txn *txn, enum table table)
{
    return txn_stat(txn, table).ms_entries;
}

uint64_t txn_pages(struct txn *txn, enum table table)
{
    return txn_stat(txn, table).ms_leaf_pages;
}

/* --- walking --- */

void cursor_open(struct cursor *cursor, struct txn *txn, enum table table)
{
    *cursor = (struct cursor){.txn = txn};
    MDB_cursor *mdb = NULL;
    if (txn->rc == 0)
        txn->rc = fault_hit("store") ? -EIO : store_code(mdb_cursor_open(txn->mdb, txn->store->tables[table], &mdb));
    cursor->mdb = mdb;
}

void cursor_close(struct cursor *cursor)
{
    if (cursor->mdb)
        mdb_cursor_close(cursor->mdb);
    cursor->mdb = NULL;
}

static bool cursor_move(struct cursor *cursor, MDB_val *key, MDB_cursor_op op)
{
    if (cursor->txn->rc != 0 || !cursor->mdb)
        return false;
    MDB_val value;
    int rc = fault_hit("store") ? EIO : mdb_cursor_get(cursor->mdb, key, &value, op);
    if (rc != 0) {
        if (rc != MDB_NOTFOUND)
            cursor->txn->rc = store_code(rc);
        return false;
    }
    cursor->key = bytes(key->mv_data, key->mv_size);
    cursor->value = bytes(value.mv_data, value.mv_size);
    return true;
}

bool cursor_seek(struct cursor *cursor, struct bytes key)
{
    MDB_val k = val(key);
    return cursor_move(cursor, &k, key.len ? MDB_SET_RANGE : MDB_FIRST);
}

bool cursor_next(struct cursor *cursor)
{
    MDB_val k;
    return cursor_move(cursor, &k, MDB_NEXT);
}

bool cursor_last(struct cursor *cursor)
{
    MDB_val k;
    return cursor_move(cursor, &k, MDB_LAST);
}

bool cursor_previous(struct cursor *cursor)
{
    MDB_val k;
    return cursor_move(cursor, &k, MDB_PREV);
}

void cursor_append(struct cursor *cursor, struct bytes key, struct bytes value)
{
    MDB_val k = val(key), v = val(value);
    if (txn_puts(cursor->txn, key))
        cursor->txn->rc = store_code(mdb_cursor_put(cursor->mdb, &k, &v, MDB_APPEND));
}

bool cursor_has_prefix(const struct cursor *cursor, struct bytes prefix)
{
    return cursor->key.len >= prefix.len && memcmp(cursor->key.data, prefix.data, prefix.len) == 0;
}

/* --- meta --- */

bool meta_get(struct txn *txn, const char *name, struct bytes *ret_value)
{
    return txn_get(txn, TABLE_meta, bytes(name, strlen(name)), ret_value);
}

void meta_set(struct txn *txn, const char *name, struct bytes value)
{
    if (value.len == 0)
        txn_delete(txn, TABLE_meta, bytes(name, strlen(name)));
    else
        txn_put(txn, TABLE_meta, bytes(name, strlen(name)), value);
}

uint64_t meta_number(struct txn *txn, const char *name)
{
    struct bytes value;
    uint64_t number;
    if (!meta_get(txn, name, &value) || value.len != sizeof(number))
        return 0;
    memcpy(&number, value.data, sizeof(number));
    return number;
}

void meta_set_number(struct txn *txn, const char *name, uint64_t value)
{
    meta_set(txn, name, bytes(&value, sizeof(value)));
}
