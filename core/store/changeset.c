/* changeset - what a run decided, then applied table by table in key order. */
#include "store/changeset.h"

#include "base/buffer.h"
#include "base/digest.h"
#include "base/fault.h"
#include "base/mem.h"
#include "store/sorter.h"

#include <assert.h>
#include <errno.h>
#include <lmdb.h>
#include <string.h>

/* A row's value in its sorter: u8 op, u64 digest of the expected old value, new value. */
enum { OP_NEW = 1, OP_REPLACE, OP_SET, OP_DELETE };
enum { ROW_HEAD = 1 + 8, TABLE_MEMORY = 8 << 20, PAGE = 4096, ROW_COST = 48 };

static const enum table changeset_order[TABLE_COUNT] = {
    TABLE_dict,  TABLE_source, TABLE_statement, TABLE_vault, TABLE_journal, TABLE_entity, TABLE_index,
    TABLE_refer, TABLE_due,    TABLE_wait,      TABLE_file,  TABLE_cursor,  TABLE_run,    TABLE_meta,
};

/* What `meta.applying` holds. */
struct applying {
    uint8_t key[SPILL_KEY];
    uint64_t directory; /* where in the file the list of runs stands */
    uint64_t end;
};

struct changeset {
    struct store *store;
    char *path;
    struct spill *spill;
    struct sorter *tables[TABLE_COUNT];
    uint64_t dirty;
    bool kept;  /* named in meta.applying: the file outlives us until all of it is in the store */
    bool again; /* finishing after a crash: rows may be there already */
    int rc;
};

int changeset_new(struct store *store, struct changeset **ret_changeset)
{
    struct changeset *changeset TIDY(changeset_free) = mem_new(1, sizeof(*changeset));
    if (!changeset)
        return -ENOMEM;
    changeset->store = store;
    changeset->path = mem_format("%s/changeset", store_dir(store));
    int rc = changeset->path ? spill_create(changeset->path, &changeset->spill) : -ENOMEM;
    for (int table = 0; table < TABLE_COUNT && rc == 0; table++)
        rc = sorter_new(changeset->spill, TABLE_MEMORY, &changeset->tables[table]);
    if (rc != 0)
        return rc;
    *ret_changeset = TAKE(changeset);
    return 0;
}

void changeset_free(struct changeset *changeset)
{
    if (!changeset)
        return;
    for (int table = 0; table < TABLE_COUNT; table++)
        sorter_free(changeset->tables[table]);
    if (changeset->spill) {
        if (!changeset->kept)
            spill_remove(changeset->spill);
        spill_free(changeset->spill);
    }
    free(changeset->path);
    free(changeset);
}

static void changeset_add(struct changeset *changeset, enum table table, struct bytes key, uint8_t op, uint64_t old,
                          struct bytes value)
{
    if (changeset->rc != 0)
        return;
    uint8_t *row = sorter_reserve(changeset->tables[table], key, ROW_HEAD + value.len);
    if (!row) {
        changeset->rc = sorter_rc(changeset->tables[table]);
        return;
    }
    row[0] = op;
    memcpy(row + 1, &old, sizeof(old));
    if (value.len > 0)
        memcpy(row + ROW_HEAD, value.data, value.len);
    changeset->dirty += op == OP_NEW ? key.len + value.len + ROW_COST : PAGE + value.len;
}

static uint64_t old_digest(struct bytes old)
{
    return digest_fast(old.data, old.len);
}

void changeset_put(struct changeset *changeset, enum table table, struct bytes key, struct bytes old,
                   struct bytes value)
{
    changeset_add(changeset, table, key, old.data ? OP_REPLACE : OP_NEW, old.data ? old_digest(old) : 0, value);
}

void changeset_delete(struct changeset *changeset, enum table table, struct bytes key, struct bytes old)
{
    changeset_add(changeset, table, key, OP_DELETE, old_digest(old), bytes(NULL, 0));
}

void changeset_set(struct changeset *changeset, enum table table, struct bytes key, struct bytes value)
{
    changeset_add(changeset, table, key, OP_SET, 0, value);
}

int changeset_rc(const struct changeset *changeset)
{
    return changeset->rc;
}

uint64_t changeset_rows(const struct changeset *changeset, enum table table)
{
    return sorter_count(changeset->tables[table]);
}

/* Writes one row, if what should stand there still does. */
static void row_apply(struct txn *txn, enum table table, struct bytes key, struct bytes row, bool again, bool append)
{
    const uint8_t *head = row.data;
    struct bytes value = bytes(head + ROW_HEAD, row.len - ROW_HEAD), old;
    uint64_t expected;
    memcpy(&expected, head + 1, sizeof(expected));
    if (!again && (head[0] == OP_REPLACE || head[0] == OP_DELETE) &&
        !(txn_get(txn, table, key, &old) && old_digest(old) == expected)) {
        txn->rc = txn->rc ? txn->rc : ERR_CONFLICT;
        return;
    }
    if (head[0] == OP_DELETE)
        txn_delete(txn, table, key);
    else if (head[0] == OP_NEW && append)
        txn_append(txn, table, key, value);
    else if (head[0] == OP_NEW && !again)
        txn_put_new(txn, table, key, value);
    else
        txn_put(txn, table, key, value);
}

/* Whether all of the table's rows come after what the table holds. */
static bool table_appends(struct txn *txn, enum table table, struct bytes first)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    cursor_open(&cursor, txn, table);
    if (!cursor_last(&cursor))
        return txn->rc == 0;
    size_t len = cursor.key.len < first.len ? cursor.key.len : first.len;
    int order = memcmp(cursor.key.data, first.data, len);
    return order < 0 || (order == 0 && cursor.key.len < first.len);
}

static int table_apply(struct changeset *changeset, struct txn *txn, enum table table, bool in_parts)
{
    struct sorter *sorter = changeset->tables[table];
    int rc = sorter_rewind(sorter);
    struct bytes key, row;
    bool first = true, append = false;
    while (rc == 0 && (rc = sorter_next(sorter, &key, &row)) == 1) {
        rc = 0;
        if (in_parts && txn->dirty > TXN_DIRTY_MAX) {
            txn_renew(txn);
            fault_kill("applying");
        }
        if (first)
            append = table_appends(txn, table, key);
        first = false;
        row_apply(txn, table, key, row, changeset->again, append);
        rc = txn->rc;
    }
    return rc;
}

static int changeset_apply_all(struct changeset *changeset, bool in_parts, uint64_t *ret_puts)
{
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, changeset->store, true);
    for (size_t i = 0; i < TABLE_COUNT && txn.rc == 0; i++) {
        int rc = table_apply(changeset, &txn, changeset_order[i], in_parts);
        txn.rc = txn.rc ? txn.rc : rc;
    }
    if (in_parts)
        meta_set(&txn, "applying", bytes(NULL, 0));
    fault_kill("commit");
    int rc = txn_end(&txn);
    if (rc == 0 && ret_puts)
        *ret_puts = txn.puts;
    return rc;
}

/* The list of runs, written behind them: u32 table, u32 count, then the runs. */
static int directory_write(struct changeset *changeset, struct applying *ret_applying)
{
    struct buffer list __attribute__((cleanup(buffer_done))) = {0};
    for (uint32_t table = 0; table < TABLE_COUNT; table++) {
        const struct sorter_run *runs;
        size_t count;
        int rc = sorter_flush(changeset->tables[table], &runs, &count);
        if (rc != 0)
            return rc;
        uint32_t head[2] = {table, (uint32_t)count};
        buffer_add(&list, head, sizeof(head));
        buffer_add(&list, runs, count * sizeof(*runs));
    }
    ret_applying->directory = spill_end(changeset->spill);
    int rc = list.rc ? list.rc : spill_write(changeset->spill, list.data, list.len);
    ret_applying->end = spill_end(changeset->spill);
    memcpy(ret_applying->key, spill_key(changeset->spill), SPILL_KEY);
    return rc != 0 ? rc : spill_sync(changeset->spill);
}

static int directory_read(struct changeset *changeset, const struct applying *applying)
{
    if (applying->end < applying->directory || applying->end - applying->directory > BUFFER_CEILING)
        return ERR_CORRUPT;
    size_t len = (size_t)(applying->end - applying->directory), at = 0;
    uint8_t *list __attribute__((cleanup(tidy_free))) = mem_new(1, len + 1);
    int rc = list ? spill_read(changeset->spill, applying->directory, list, len) : -ENOMEM;
    while (rc == 0 && at < len) {
        uint32_t head[2];
        if (len - at < sizeof(head))
            return ERR_CORRUPT;
        memcpy(head, list + at, sizeof(head));
        at += sizeof(head);
        size_t size = head[1] * sizeof(struct sorter_run);
        if (head[0] >= TABLE_COUNT || size > len - at)
            return ERR_CORRUPT;
        struct sorter_run *runs __attribute__((cleanup(tidy_free))) = (void *)mem_copy(list + at, size);
        rc = runs ? sorter_adopt(changeset->tables[head[0]], runs, head[1]) : -ENOMEM;
        at += size;
    }
    return rc;
}

/* Makes the file durable and says in `meta` that it is being applied. */
static int changeset_keep(struct changeset *changeset)
{
    struct applying applying = {0};
    int rc = directory_write(changeset, &applying);
    if (rc != 0)
        return rc;
    fault_kill("keep");
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, changeset->store, true);
    meta_set(&txn, "applying", bytes(&applying, sizeof(applying)));
    return txn_end(&txn);
}

int changeset_apply(struct changeset *changeset, uint64_t *ret_puts)
{
    if (changeset->rc != 0)
        return changeset->rc;
    fault_kill("journal");
    bool in_parts = changeset->dirty > TXN_DIRTY_MAX;
    int rc = in_parts ? changeset_keep(changeset) : 0;
    changeset->kept = in_parts && rc == 0;
    if (rc == 0)
        rc = changeset_apply_all(changeset, in_parts, ret_puts);
    if (rc == 0)
        changeset->kept = false;
    return rc;
}

int changeset_recover(struct store *store, bool *ret_finished, struct err *err)
{
    struct applying applying;
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, store, false);
    struct bytes value;
    bool there = meta_get(&txn, "applying", &value) && value.len == sizeof(applying);
    if (there)
        memcpy(&applying, value.data, sizeof(applying));
    int rc = txn_end(&txn);
    *ret_finished = false;
    struct changeset *changeset TIDY(changeset_free) = NULL;
    if (rc == 0)
        rc = changeset_new(store, &changeset);
    if (rc != 0)
        return store_fail(store, rc, err);
    if (!there) {
        unlink(changeset->path); /* of a run that died before it was named; decided again */
        return 0;
    }
    spill_free(TAKE(changeset->spill));
    rc = spill_open(changeset->path, applying.key, &changeset->spill);
    if (rc != 0)
        return err_set(err, rc,
                       "%s: a run was cut short while it was written down, and this file of it cannot be read: "
                       "%s. Put it back, or restore the organization from a backup.",
                       changeset->path, err_text(rc));
    for (int table = 0; table < TABLE_COUNT && rc == 0; table++) {
        sorter_free(TAKE(changeset->tables[table]));
        rc = sorter_new(changeset->spill, TABLE_MEMORY, &changeset->tables[table]);
    }
    changeset->again = changeset->kept = true;
    if (rc == 0)
        rc = directory_read(changeset, &applying);
    if (rc == 0)
        rc = changeset_apply_all(changeset, true, NULL);
    *ret_finished = rc == 0;
    changeset->kept = rc != 0; /* the file stays for the next try */
    return rc == 0 ? 0 : store_fail(store, rc, err);
}
