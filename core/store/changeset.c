/* changeset - what a run decided, then applied table by table in key order. */
#include "store/changeset_inside.h"

#include "base/digest.h"
#include "base/fault.h"
#include "base/mem.h"

#include <errno.h>
#include <string.h>

enum { TABLE_MEMORY = 4 << 20, PAGE = 4096, ROW_COST = 48 };

static const enum table changeset_order[TABLE_COUNT] = {
    TABLE_dict,  TABLE_source,     TABLE_decision, TABLE_statement, TABLE_vault, TABLE_journal,  TABLE_entity,
    TABLE_index, TABLE_refer,      TABLE_due,      TABLE_wait,      TABLE_held,  TABLE_delivery, TABLE_file,
    TABLE_brake, TABLE_quarantine, TABLE_cursor,   TABLE_run,       TABLE_meta,
};

static int changeset_begin(struct store *store, const char *path, struct changeset **ret_changeset)
{
    struct changeset *changeset TIDY(changeset_free) = mem_new(1, sizeof(*changeset));
    if (!changeset)
        return -ENOMEM;
    changeset->store = store;
    changeset->path = path ? mem_text(path) : mem_format("%s/changeset", store_dir(store));
    if (!changeset->path)
        return -ENOMEM;
    *ret_changeset = TAKE(changeset);
    return 0;
}

static int changeset_tables(struct changeset *changeset)
{
    int rc = 0;
    for (int table = 0; table < TABLE_COUNT && rc == 0; table++)
        rc = sorter_new(changeset->spill, TABLE_MEMORY, &changeset->tables[table]);
    return rc;
}

int changeset_new_at(struct store *store, const char *path, struct changeset **ret_changeset)
{
    struct changeset *changeset TIDY(changeset_free) = NULL;
    int rc = changeset_begin(store, path, &changeset);
    if (rc == 0)
        rc = spill_create(changeset->path, &changeset->spill);
    if (rc == 0)
        rc = changeset_tables(changeset);
    if (rc != 0)
        return rc;
    sorter_stripe(changeset->tables[TABLE_entity], 1); /* kind */
    sorter_stripe(changeset->tables[TABLE_index], 3);  /* kind and slot */
    *ret_changeset = TAKE(changeset);
    return 0;
}

int changeset_new(struct store *store, struct changeset **ret_changeset)
{
    return changeset_new_at(store, NULL, ret_changeset);
}

int changeset_over(struct store *store, const char *path, const uint8_t key[SPILL_KEY],
                   struct changeset **ret_changeset)
{
    struct changeset *changeset TIDY(changeset_free) = NULL;
    int rc = changeset_begin(store, path, &changeset);
    if (rc != 0)
        return rc;
    rc = spill_open(changeset->path, key, &changeset->spill);
    if (rc == 0)
        rc = changeset_tables(changeset);
    if (rc == 0)
        *ret_changeset = TAKE(changeset);
    return rc;
}

void changeset_free(struct changeset *changeset)
{
    if (!changeset)
        return;
    for (int table = 0; table < TABLE_COUNT; table++)
        sorter_free(changeset->tables[table]);
    if (changeset->spill) {
        if (!changeset->kept)
            changeset_forget(changeset);
        spill_free(changeset->spill);
    }
    explicit_bzero(&changeset->standing, sizeof(changeset->standing));
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
    changeset->replacing[table] += op == OP_REPLACE || op == OP_DELETE;
}

static uint64_t old_digest(struct bytes old)
{
    return old.len > 0 ? digest_fast(old.data, old.len) : 0;
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

void changeset_meta(struct changeset *changeset, const char *name, struct bytes value)
{
    changeset_add(changeset, TABLE_meta, bytes(name, strlen(name)), OP_SET, 0, value);
}

void changeset_counter(struct changeset *changeset, const char *name, uint64_t value)
{
    changeset_meta(changeset, name, bytes(&value, sizeof(value)));
}

int changeset_rc(const struct changeset *changeset)
{
    return changeset->rc;
}

uint64_t changeset_rows(const struct changeset *changeset, enum table table)
{
    return sorter_count(changeset->tables[table]);
}

static uint64_t dirty_max(void)
{
    return fault_limit("dirty", TXN_DIRTY_MAX);
}

/* How a table's rows stand to what the table holds when the first of them is about to be written. */
struct meeting {
    bool append;  /* all of them come after its last row */
    size_t share; /* bytes of pages that are dirtied per row, beside the row itself */
};

static struct meeting table_meet(struct txn *txn, enum table table, struct bytes first, uint64_t rows)
{
    struct meeting meeting = {.share = PAGE};
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    cursor_open(&cursor, txn, table);
    if (!cursor_last(&cursor)) {
        meeting.append = txn->rc == 0;
    } else {
        size_t len = cursor.key.len < first.len ? cursor.key.len : first.len;
        int order = memcmp(cursor.key.data, first.data, len);
        meeting.append = order < 0 || (order == 0 && cursor.key.len < first.len);
    }
    uint64_t pages = txn_pages(txn, table);
    if (meeting.append)
        meeting.share = 0;
    else if (pages < rows) /* in key order no page is visited twice */
        meeting.share = (size_t)(pages * PAGE / rows);
    return meeting;
}

static uint64_t row_expected(struct bytes row)
{
    uint64_t expected;
    memcpy(&expected, (const uint8_t *)row.data + 1, sizeof(expected));
    return expected;
}

static uint8_t row_op(struct bytes row)
{
    return ((const uint8_t *)row.data)[0];
}

bool row_valid(struct bytes key, struct bytes row)
{
    return key.len > 0 && row.len >= ROW_HEAD && row_op(row) >= OP_NEW && row_op(row) <= OP_DELETE;
}

/* Whether what should stand there does. */
static bool row_holds(struct txn *txn, enum table table, struct bytes key, struct bytes row)
{
    struct bytes old;
    switch (row_op(row)) {
    case OP_NEW: return !txn_get(txn, table, key, &old);
    case OP_SET: return true;
    default: return txn_get(txn, table, key, &old) && old_digest(old) == row_expected(row);
    }
}

bool changeset_stands(struct txn *txn, enum table table, const struct changeset_row *row)
{
    return row_holds(txn, table, row->key, row->whole);
}

/* `behind` adds rows behind the last one of the table; open only from one such row to the next. */
static void row_apply(struct txn *txn, enum table table, struct bytes key, struct bytes row, struct meeting meeting,
                      struct cursor *behind)
{
    struct bytes value = bytes((const uint8_t *)row.data + ROW_HEAD, row.len - ROW_HEAD);
    size_t dirty = txn->dirty;
    if (row_op(row) == OP_NEW && meeting.append) {
        if (!behind->mdb)
            cursor_open(behind, txn, table);
        cursor_append(behind, key, value);
    } else {
        cursor_close(behind);
        if (row_op(row) == OP_DELETE)
            txn_delete(txn, table, key);
        else
            txn_put(txn, table, key, value);
    }
    txn->dirty = dirty + meeting.share + key.len + value.len + ROW_COST;
}

/* A changeset is either written at one go, each row after a look at what stands there, or in parts, when all have been
 * looked at before; what is finished after a crash may stand there already. */
static int table_apply(struct changeset *changeset, struct txn *txn, enum table table, bool in_parts)
{
    struct sorter *sorter = changeset->tables[table];
    struct cursor behind __attribute__((cleanup(tidy_cursor))) = {.mdb = NULL};
    uint64_t rows = sorter_count(sorter);
    int rc = rows > 0 ? sorter_rewind(sorter) : 0;
    struct bytes key, row;
    struct meeting meeting = {0};
    bool met = false;
    while (rows > 0 && rc == 0 && (rc = sorter_next(sorter, &key, &row)) == 1) {
        rc = row_valid(key, row) ? 0 : ERR_CORRUPT;
        if (rc == 0 && in_parts && txn->dirty > dirty_max()) {
            cursor_close(&behind);
            txn_renew(txn);
            met = false; /* somebody may have written between */
            fault_kill("applying");
        }
        if (rc == 0 && !met)
            meeting = table_meet(txn, table, key, rows);
        met = true;
        if (rc == 0 && !in_parts && !(meeting.append && row_op(row) == OP_NEW) && !row_holds(txn, table, key, row))
            rc = ERR_CONFLICT;
        if (rc == 0)
            row_apply(txn, table, key, row, meeting, &behind);
        rc = txn->rc ? txn->rc : rc;
    }
    return rc;
}

int changeset_apply_all(struct changeset *changeset, bool in_parts, uint64_t *ret_puts)
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

/* About how many bytes it would make dirty in one transaction. */
static int changeset_weigh(struct changeset *changeset, uint64_t *ret_dirty)
{
    struct txn txn __attribute__((cleanup(tidy_txn)));
    uint64_t dirty = 0;
    txn_begin(&txn, changeset->store, false);
    for (int table = 0; table < TABLE_COUNT && txn.rc == 0; table++) {
        struct sorter *sorter = changeset->tables[table];
        uint64_t rows = sorter_count(sorter);
        struct bytes key, row;
        if (rows == 0)
            continue;
        int rc = sorter_rewind(sorter);
        rc = rc == 0 ? sorter_next(sorter, &key, &row) : rc;
        if (rc == 1)
            dirty += rows * (table_meet(&txn, (enum table)table, key, rows).share + ROW_COST) + sorter_bytes(sorter);
        else
            txn.rc = txn.rc ? txn.rc : rc;
    }
    int rc = txn_end(&txn);
    if (rc == 0)
        *ret_dirty = dirty;
    return rc;
}

static int table_look(struct changeset *changeset, struct txn *txn, enum table table)
{
    struct sorter *sorter = changeset->tables[table];
    uint64_t rows = sorter_count(sorter);
    struct bytes key, row;
    if (rows == 0)
        return 0;
    int rc = sorter_rewind(sorter);
    for (uint64_t n = 0; rc == 0 && txn->rc == 0 && (rc = sorter_next(sorter, &key, &row)) == 1; n++) {
        if (n == 0 && table_meet(txn, table, key, rows).append)
            return changeset->replacing[table] == 0 ? 0 : ERR_CONFLICT;
        rc = row_holds(txn, table, key, row) ? 0 : ERR_CONFLICT;
    }
    return rc;
}

void changeset_look(struct changeset *changeset, struct txn *txn)
{
    for (int table = 0; table < TABLE_COUNT && txn->rc == 0; table++) {
        int rc = table_look(changeset, txn, (enum table)table);
        txn->rc = txn->rc ? txn->rc : rc;
    }
}

int changeset_apply(struct changeset *changeset, uint64_t *ret_puts)
{
    if (changeset->rc != 0)
        return changeset->rc;
    fault_kill("journal");
    uint64_t dirty;
    int rc = changeset_weigh(changeset, &dirty);
    bool in_parts = rc == 0 && dirty > dirty_max();
    if (in_parts)
        rc = changeset_keep(changeset);
    if (rc == 0)
        rc = changeset_apply_all(changeset, in_parts, ret_puts);
    if (rc == 0)
        changeset->kept = false;
    return rc;
}
