/* refer - who refers to whom, and who waits for somebody not known yet. */
#include "tables/refer.h"

#include "base/error.h"
#include "base/mem.h"
#include "tables/entity.h"

#include <errno.h>
#include <string.h>

enum {
    LIST_MAX = 64,
    BUCKET_BITS = 9,
    BUCKET = 1 << (BUCKET_BITS - 3),
    TARGET = 1 + ENTITY_KEY,
    TO_KEY = TARGET + ENTITY_KEY
};

static int root_add(struct root **roots, size_t *count, size_t *room, struct root root)
{
    int rc = mem_grow(roots, *count, room, sizeof(**roots));
    if (rc == 0)
        (*roots)[(*count)++] = root;
    return rc;
}

/* The roots of one row, whichever form it has. */
static int row_roots(struct bytes key, struct bytes value, struct root **roots, size_t *count, size_t *room)
{
    const uint8_t *at = value.data;
    int rc = 0;
    if (key.len == TARGET && value.len % ENTITY_KEY == 0) {
        for (size_t n = 0; n < value.len && rc == 0; n += ENTITY_KEY) {
            struct bytes root = bytes(at + n, ENTITY_KEY);
            rc = root_add(roots, count, room, (struct root){entity_key_kind(root), entity_key_id(root), ROOT_ONLY});
        }
        return rc;
    }
    if (key.len != TO_KEY || value.len != BUCKET)
        return ERR_CORRUPT;
    struct bytes bucket = bytes((const uint8_t *)key.data + TARGET, ENTITY_KEY);
    for (unsigned bit = 0; bit < BUCKET * 8 && rc == 0; bit++)
        if (at[bit / 8] & 1u << bit % 8)
            rc =
                root_add(roots, count, room,
                         (struct root){entity_key_kind(bucket), entity_key_id(bucket) << BUCKET_BITS | bit, ROOT_ONLY});
    return rc;
}

int refer_each(struct txn *txn, enum kind kind, uint64_t id, struct root **roots, size_t *count, size_t *room)
{
    uint8_t prefix[TARGET] = {REFER_TO};
    entity_key(kind, id, prefix + 1);
    struct bytes begins = bytes(prefix, sizeof(prefix));
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    cursor_open(&cursor, txn, TABLE_refer);
    for (bool there = cursor_seek(&cursor, begins); there && cursor_has_prefix(&cursor, begins);
         there = cursor_next(&cursor)) {
        int rc = row_roots(cursor.key, cursor.value, roots, count, room);
        if (rc != 0)
            return rc;
    }
    return txn->rc;
}

/* An edit: target and root (or the waiting row's key) → whether it begins or ends. */
int refer_note(struct sorter *edits, enum kind target_kind, uint64_t target, enum kind root_kind, uint64_t root,
               bool add)
{
    uint8_t key[TO_KEY] = {REFER_TO};
    entity_key(target_kind, target, key + 1);
    entity_key(root_kind, root, key + TARGET);
    return sorter_add(edits, bytes(key, sizeof(key)), bytes(&add, sizeof(add)));
}

int refer_note_waiting(struct sorter *edits, struct bytes index_key, enum kind root_kind, uint64_t root, bool add)
{
    uint8_t key[STORE_KEY_MAX];
    if (index_key.len + 1 + ENTITY_KEY > sizeof(key))
        return ERR_LIMIT;
    key[0] = REFER_WAITING;
    memcpy(key + 1, index_key.data, index_key.len);
    entity_key(root_kind, root, key + 1 + index_key.len);
    return sorter_add(edits, bytes(key, 1 + index_key.len + ENTITY_KEY), bytes(&add, sizeof(add)));
}

struct edit {
    uint8_t root[ENTITY_KEY];
    bool add;
};

/* The edits of one target, in the order of its roots. */
struct referred {
    struct txn *snapshot;
    struct changeset *changeset;
    struct cursor cursor;
    bool none; /* the table is empty */
    uint8_t key[TARGET];
    struct edit *edits;
    size_t count, room;
};

/* The row is to hold `value`, or not to be when that is empty. */
static void row_change(struct changeset *changeset, struct bytes key, struct bytes old, struct bytes value)
{
    if (value.len == 0 && old.data)
        changeset_delete(changeset, TABLE_refer, key, old);
    else if (value.len > 0 && !(old.len == value.len && memcmp(old.data, value.data, value.len) == 0))
        changeset_put(changeset, TABLE_refer, key, old, value);
}

static uint64_t edit_bucket(const struct edit *edit)
{
    return entity_key_id(bytes(edit->root, ENTITY_KEY)) >> BUCKET_BITS;
}

/* Edits as bits, bucket by bucket. */
static void target_buckets(struct referred *target)
{
    static const uint8_t none[BUCKET];
    for (size_t begin = 0, end; begin < target->count; begin = end) {
        const struct edit *first = &target->edits[begin];
        uint8_t key[TO_KEY], bits[BUCKET] = {0};
        struct bytes row = bytes(key, sizeof(key)), old = {0};
        memcpy(key, target->key, TARGET);
        entity_key(entity_key_kind(bytes(first->root, ENTITY_KEY)), edit_bucket(first), key + TARGET);
        if (!target->none && txn_get(target->snapshot, TABLE_refer, row, &old) && old.len == BUCKET)
            memcpy(bits, old.data, BUCKET);
        for (end = begin; end < target->count && target->edits[end].root[0] == first->root[0] &&
                          edit_bucket(&target->edits[end]) == edit_bucket(first);
             end++) {
            unsigned bit = entity_key_id(bytes(target->edits[end].root, ENTITY_KEY)) & ((1u << BUCKET_BITS) - 1);
            if (target->edits[end].add)
                bits[bit / 8] |= (uint8_t)(1u << bit % 8);
            else
                bits[bit / 8] &= (uint8_t) ~(1u << bit % 8);
        }
        bool any = memcmp(bits, none, BUCKET) != 0;
        row_change(target->changeset, row, old, bytes(bits, any ? BUCKET : 0));
    }
}

/* What the list holds with the edits: at most `most` roots. Returns how many there would be. */
static size_t list_merge(struct bytes old, const struct edit *edits, size_t count, uint8_t *out, size_t most)
{
    const uint8_t *at = old.data;
    size_t left = old.len / ENTITY_KEY, made = 0;
    while (left > 0 || count > 0) {
        int order = left == 0 ? 1 : count == 0 ? -1 : memcmp(at, edits->root, ENTITY_KEY);
        bool stays = order < 0 || edits->add;
        if (stays && made < most)
            memcpy(out + made * ENTITY_KEY, order < 0 ? at : edits->root, ENTITY_KEY);
        made += stays;
        if (order <= 0) {
            at += ENTITY_KEY;
            left--;
        }
        if (order >= 0) {
            edits++;
            count--;
        }
    }
    return made;
}

/* The list has become too long: its roots join the edits, as if they were new, where none speaks of them. */
static int target_spread(struct referred *target, struct bytes old)
{
    size_t listed = old.len / ENTITY_KEY, count = 0, n = 0;
    struct edit *all = mem_new(listed + target->count, sizeof(*all));
    if (!all)
        return -ENOMEM;
    for (size_t l = 0; l < listed || n < target->count;) {
        const uint8_t *root = (const uint8_t *)old.data + l * ENTITY_KEY;
        int order = l == listed ? 1 : n == target->count ? -1 : memcmp(root, target->edits[n].root, ENTITY_KEY);
        if (order < 0) {
            all[count].add = true;
            memcpy(all[count++].root, root, ENTITY_KEY);
        } else {
            all[count++] = target->edits[n++];
        }
        l += order <= 0;
    }
    free(target->edits);
    target->edits = all;
    target->count = count;
    target->room = listed + count;
    changeset_delete(target->changeset, TABLE_refer, bytes(target->key, TARGET), old);
    return 0;
}

static int target_end(struct referred *target)
{
    uint8_t list[LIST_MAX * ENTITY_KEY];
    struct bytes key = bytes(target->key, TARGET), old = {0};
    if (target->count == 0)
        return 0;
    bool there = !target->none && cursor_seek(&target->cursor, key) && cursor_has_prefix(&target->cursor, key);
    if (there && target->cursor.key.len == TARGET)
        old = target->cursor.value;
    if (!there || old.data) {
        size_t count = list_merge(old, target->edits, target->count, list, LIST_MAX);
        if (count <= LIST_MAX) {
            row_change(target->changeset, key, old, bytes(list, count * ENTITY_KEY));
            return 0;
        }
        int rc = old.data ? target_spread(target, old) : 0;
        if (rc != 0)
            return rc;
    }
    target_buckets(target);
    return 0;
}

static int target_edit(struct referred *target, struct bytes key, bool add)
{
    struct edit edit = {.add = add};
    memcpy(edit.root, (const uint8_t *)key.data + TARGET, ENTITY_KEY);
    bool other = target->count == 0 || memcmp(target->key, key.data, TARGET) != 0;
    int rc = other ? target_end(target) : 0;
    if (other)
        target->count = 0;
    memcpy(target->key, key.data, TARGET);
    if (rc == 0 && target->count > 0 && memcmp(target->edits[target->count - 1].root, edit.root, ENTITY_KEY) == 0)
        target->count--; /* the last word counts */
    if (rc == 0)
        rc = mem_grow(&target->edits, target->count, &target->room, sizeof(*target->edits));
    if (rc == 0)
        target->edits[target->count++] = edit;
    return rc;
}

/* The row of a root that waits, and whether it does. */
struct waiting {
    uint8_t key[STORE_KEY_MAX];
    size_t len;
    bool waits;
};

static void waiting_end(struct waiting *waiting, struct txn *snapshot, struct changeset *changeset)
{
    struct bytes key = bytes(waiting->key, waiting->len), old = {0};
    if (waiting->len == 0)
        return;
    bool there = txn_get(snapshot, TABLE_refer, key, &old);
    if (there && !waiting->waits)
        changeset_delete(changeset, TABLE_refer, key, old);
    else if (!there && waiting->waits)
        changeset_put(changeset, TABLE_refer, key, bytes(NULL, 0), bytes("", 0));
    waiting->len = 0;
}

static void waiting_edit(struct waiting *waiting, struct txn *snapshot, struct changeset *changeset, struct bytes key,
                         bool add)
{
    if (key.len != waiting->len || memcmp(key.data, waiting->key, key.len) != 0)
        waiting_end(waiting, snapshot, changeset);
    memcpy(waiting->key, key.data, key.len);
    waiting->len = key.len;
    waiting->waits = add;
}

static void target_done(struct referred *target)
{
    cursor_close(&target->cursor);
    free(target->edits);
}

int refer_write(struct sorter *edits, struct txn *snapshot, struct changeset *changeset)
{
    struct referred target __attribute__((cleanup(target_done))) = {.snapshot = snapshot, .changeset = changeset};
    struct waiting waiting = {.len = 0};
    struct bytes key, value;
    target.none = txn_count(snapshot, TABLE_refer) == 0;
    cursor_open(&target.cursor, snapshot, TABLE_refer);
    int rc = sorter_rewind(edits);
    while (rc == 0 && (rc = sorter_next(edits, &key, &value)) == 1) {
        bool add = *(const uint8_t *)value.data;
        rc = 0;
        if (*(const uint8_t *)key.data == REFER_TO)
            rc = target_edit(&target, key, add);
        else
            waiting_edit(&waiting, snapshot, changeset, key, add);
    }
    if (rc == 0)
        rc = target_end(&target);
    waiting_end(&waiting, snapshot, changeset);
    return rc ? rc : snapshot->rc ? snapshot->rc : changeset_rc(changeset);
}
