/* wait - what waits for a person. */
#include "tables/wait.h"

#include "base/buffer.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/mem.h"
#include "logic/reason.h"
#include "tables/hold.h"
#include "tables/ledger.h"

#include <errno.h>
#include <string.h>

/* Key: u8 type, u32 stream, u64 digest of what makes the item this one. Value: u64 number, u32 run, i64 since,
 * u64 entity, then id, place, reason, field, text, offer, each u16 length (0: none, else length + 1) and bytes. */
enum { KEY = 1 + 4 + 8, FIXED = 8 + 4 + 8 + 8, TEXTS = 6 };

int wait_list_init(struct wait_list *list)
{
    *list = (struct wait_list){0};
    return 0;
}

void wait_list_done(struct wait_list *list)
{
    arena_free(list->arena);
    free(list->items);
    *list = (struct wait_list){0};
}

static const char *wait_copy(struct wait_list *list, const char *text)
{
    if (!text)
        return NULL;
    if (!list->arena) /* of many lists most stay empty */
        list->arena = arena_new();
    const char *copy = list->arena ? arena_text(list->arena, text) : NULL;
    if (!copy)
        list->rc = -ENOMEM;
    return copy;
}

void wait_add(struct wait_list *list, const struct wait_item *item)
{
    if (list->rc == 0)
        list->rc = mem_grow(&list->items, list->count, &list->room, sizeof(*item));
    if (list->rc != 0)
        return;
    struct wait_item copy = *item;
    copy.id = wait_copy(list, item->id);
    copy.place = wait_copy(list, item->place);
    copy.reason = wait_copy(list, item->reason);
    copy.field = wait_copy(list, item->field);
    copy.text = wait_copy(list, item->text);
    copy.offer = wait_copy(list, item->offer);
    list->items[list->count++] = copy;
}

size_t wait_list_count(const struct wait_list *list, enum wait_type type)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        count += list->items[i].type == type;
    return count;
}

void wait_cut(struct wait_list *list, size_t count)
{
    list->count = list->count < count ? list->count : count;
}

void wait_keep(struct wait_list *list, bool (*keeps)(void *context, const struct wait_item *item), void *context)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        if (keeps(context, &list->items[i]))
            list->items[kept++] = list->items[i];
    list->count = kept;
}

static void digest_text(struct buffer *out, const char *text)
{
    buffer_text(out, text ? text : "");
    buffer_byte(out, '\0');
}

/* What makes two items the same one: where they belong, what is wrong. The place counts only without an id: rows
 * move. */
static int wait_key(const struct wait_item *item, struct buffer *scratch, uint8_t ret_key[KEY])
{
    buffer_clear(scratch);
    digest_text(scratch, item->id);
    digest_text(scratch, item->id ? NULL : item->place);
    digest_text(scratch, item->reason);
    digest_text(scratch, item->field);
    if (scratch->rc != 0)
        return scratch->rc;
    uint32_t stream = __builtin_bswap32(item->stream);
    uint64_t digest = digest_fast(scratch->data, scratch->len);
    ret_key[0] = (uint8_t)item->type;
    memcpy(ret_key + 1, &stream, sizeof(stream));
    memcpy(ret_key + 5, &digest, sizeof(digest));
    return 0;
}

static void wait_write(const struct wait_item *item, struct buffer *out)
{
    const char *const texts[TEXTS] = {item->id, item->place, item->reason, item->field, item->text, item->offer};
    buffer_clear(out);
    buffer_add(out, &item->number, sizeof(item->number));
    buffer_add(out, &item->run, sizeof(item->run));
    buffer_add(out, &item->since_ms, sizeof(item->since_ms));
    buffer_add(out, &item->entity, sizeof(item->entity));
    for (int i = 0; i < TEXTS; i++) {
        size_t len = texts[i] ? strlen(texts[i]) : 0;
        uint16_t mark = (uint16_t)(!texts[i] ? 0 : len > 65000 ? 65001 : len + 1);
        buffer_add(out, &mark, sizeof(mark));
        if (mark > 1)
            buffer_add(out, texts[i], mark - 1u);
    }
}

bool wait_read(struct bytes key, struct bytes value, struct arena *arena, struct wait_item *ret_item)
{
    const uint8_t *at = value.data, *end = at + value.len, *head = key.data;
    if (key.len != KEY || value.len < FIXED)
        return false;
    struct wait_item item = {.type = (enum wait_type)head[0]};
    memcpy(&item.stream, head + 1, sizeof(item.stream));
    item.stream = __builtin_bswap32(item.stream);
    memcpy(&item.number, at, sizeof(item.number));
    memcpy(&item.run, at + 8, sizeof(item.run));
    memcpy(&item.since_ms, at + 12, sizeof(item.since_ms));
    memcpy(&item.entity, at + 20, sizeof(item.entity));
    at += FIXED;
    const char **texts[TEXTS] = {&item.id, &item.place, &item.reason, &item.field, &item.text, &item.offer};
    for (int i = 0; i < TEXTS; i++) {
        uint16_t mark;
        if (end - at < 2)
            return false;
        memcpy(&mark, at, sizeof(mark));
        at += 2;
        if (mark > 0 && end - at < mark - 1)
            return false;
        if (mark > 0 && !(*texts[i] = arena_copy(arena, at, mark - 1u)))
            return false;
        at += mark > 0 ? mark - 1 : 0;
    }
    *ret_item = item;
    return true;
}

bool wait_find(struct txn *txn, const struct wait_item *like, struct arena *arena, struct wait_item *ret_item)
{
    struct buffer scratch __attribute__((cleanup(buffer_done))) = {0};
    uint8_t key[KEY];
    struct bytes value;
    return wait_key(like, &scratch, key) == 0 && txn_get(txn, TABLE_wait, bytes(key, sizeof(key)), &value) &&
           wait_read(bytes(key, sizeof(key)), value, arena, ret_item);
}

int wait_numbered(struct txn *txn, enum wait_type type, uint64_t number, struct arena *arena,
                  struct wait_item *ret_item)
{
    uint8_t prefix = (uint8_t)type;
    struct bytes begins = bytes(&prefix, 1);
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    cursor_open(&cursor, txn, TABLE_wait);
    for (bool there = cursor_seek(&cursor, begins); there && cursor_has_prefix(&cursor, begins);
         there = cursor_next(&cursor)) {
        uint64_t found;
        if (cursor.value.len < FIXED)
            continue;
        memcpy(&found, cursor.value.data, sizeof(found));
        if (found == number)
            return wait_read(cursor.key, cursor.value, arena, ret_item) ? 0 : -ENOMEM;
    }
    return txn->rc ? txn->rc : ERR_GONE;
}

uint64_t wait_count(struct txn *txn, enum wait_type type, uint32_t stream)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    uint8_t prefix[5];
    uint64_t count = 0;
    stream = __builtin_bswap32(stream);
    prefix[0] = (uint8_t)type;
    memcpy(prefix + 1, &stream, sizeof(stream));
    struct bytes begins = bytes(prefix, sizeof(prefix));
    cursor_open(&cursor, txn, TABLE_wait);
    for (bool there = cursor_seek(&cursor, begins); there && cursor_has_prefix(&cursor, begins);
         there = cursor_next(&cursor))
        count++;
    return count;
}

static void tally_newer(struct wait_tally *tally, uint64_t number)
{
    size_t at = tally->newer < WAIT_TALLY_FIRST ? tally->newer : WAIT_TALLY_FIRST;
    tally->newer++;
    if (at == WAIT_TALLY_FIRST && number >= tally->first[at - 1])
        return;
    at -= at == WAIT_TALLY_FIRST;
    for (; at > 0 && tally->first[at - 1] > number; at--)
        tally->first[at] = tally->first[at - 1];
    tally->first[at] = number;
}

int wait_tally(struct txn *txn, enum wait_type type, uint64_t after, struct wait_tally *ret_tally)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    struct wait_tally tally = {0};
    uint8_t prefix = (uint8_t)type;
    struct bytes begins = bytes(&prefix, 1);
    cursor_open(&cursor, txn, TABLE_wait);
    for (bool there = cursor_seek(&cursor, begins); there && cursor_has_prefix(&cursor, begins);
         there = cursor_next(&cursor)) {
        uint64_t number;
        if (cursor.value.len < FIXED)
            return ERR_CORRUPT;
        memcpy(&number, cursor.value.data, sizeof(number));
        tally.count++;
        tally.newest = number > tally.newest ? number : tally.newest;
        if (number > after)
            tally_newer(&tally, number);
    }
    *ret_tally = tally;
    return txn->rc;
}

int wait_remove(struct txn *txn, struct changeset *changeset, const struct wait_item *item)
{
    struct buffer scratch __attribute__((cleanup(buffer_done))) = {0};
    uint8_t key[KEY];
    struct bytes value;
    int rc = wait_key(item, &scratch, key);
    if (rc == 0 && txn_get(txn, TABLE_wait, bytes(key, sizeof(key)), &value))
        changeset_delete(changeset, TABLE_wait, bytes(key, sizeof(key)), value);
    return rc ? rc : txn->rc;
}

int wait_reword(struct txn *txn, struct changeset *changeset, const struct wait_item *item)
{
    struct buffer scratch __attribute__((cleanup(buffer_done))) = {0};
    struct buffer out __attribute__((cleanup(buffer_done))) = {0};
    uint8_t key[KEY];
    struct bytes value;
    int rc = wait_key(item, &scratch, key);
    wait_write(item, &out);
    if (rc == 0 && out.rc == 0 && txn_get(txn, TABLE_wait, bytes(key, sizeof(key)), &value))
        changeset_put(changeset, TABLE_wait, bytes(key, sizeof(key)), value, bytes(out.data, out.len));
    return rc ? rc : out.rc ? out.rc : txn->rc;
}

struct keyed {
    uint8_t key[KEY];
    struct wait_item *item;
};

static int keyed_compare(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;
    int order = memcmp(x->key, y->key, KEY);
    return order ? order : (x->item > y->item) - (x->item < y->item); /* found twice: the first counts */
}

struct settling {
    struct wait_settling *run;
    struct arena *arena;
    struct buffer value, scratch;
    bool all;
    int rc;
};

/* Nobody is asked about it any more. */
static void settle_instead(struct settling *settling, const struct wait_item *item)
{
    struct ledger_instead *instead = settling->run->instead;
    if (!instead || item->type != WAIT_HELD || settling->rc != 0)
        return;
    settling->rc = mem_grow(&instead->numbers, instead->count, &instead->room, sizeof(*instead->numbers));
    if (settling->rc != 0)
        return;
    if (instead->count == 0 || item->run < instead->first_run)
        instead->first_run = item->run;
    instead->last_run = item->run > instead->last_run ? item->run : instead->last_run;
    instead->numbers[instead->count++] = item->number;
}

/* An item of this run, and what waited under its key before (data NULL: nothing). */
static void settle_one(struct settling *settling, const struct keyed *keyed, struct bytes old)
{
    struct wait_item *item = keyed->item, before = {0};
    bool known = old.data && wait_read(bytes(keyed->key, KEY), old, settling->arena, &before);
    if (known && item->other) /* whoever was asked about the other one may not say yes to this one by it */
        settle_instead(settling, &before);
    if (known && !item->other) {
        item->number = before.number;
        item->since_ms = before.since_ms;
        item->run = before.run; /* same words: same bytes, no write */
        wait_write(item, &settling->value);
        if (settling->value.len == old.len && memcmp(settling->value.data, old.data, old.len) == 0)
            return;
    } else {
        item->number = ++settling->run->last_number;
        item->since_ms = settling->run->now_ms;
    }
    item->run = settling->run->run;
    wait_write(item, &settling->value);
    changeset_put(settling->run->changeset, TABLE_wait, bytes(keyed->key, KEY), old,
                  bytes(settling->value.data, settling->value.len));
}

/* It is about a record that was heard again. */
static bool settle_seen(struct settling *settling, const struct wait_item *item)
{
    struct buffer *key = &settling->scratch;
    if (!settling->run->seen || !item->id || (item->type != WAIT_DEAD && item->type != WAIT_HELD))
        return false;
    buffer_clear(key);
    source_key(item->stream, item->id, strlen(item->id), key);
    return key->rc == 0 && numbers_get(settling->run->seen, hold_record(bytes(key->data, key->len)));
}

static bool of_hours(const struct wait_item *item)
{
    return item->type == WAIT_TASK && item->reason && strncmp(item->reason, "hours_", 6) == 0;
}

/* It was not found again. */
static void settle_gone(struct settling *settling, struct bytes key, struct bytes value)
{
    struct wait_item item;
    bool goes = settling->all, known = wait_read(key, value, settling->arena, &item);
    if (known && of_hours(&item)) /* whatever was pulled: the person's punches say it */
        goes = settling->run->hours && numbers_get(settling->run->hours, item.entity);
    else if (!goes && known)
        goes = settle_seen(settling, &item) || (item.type == WAIT_REVIEW && item.reason &&
                                                (strcmp(item.reason, REASON_CODE(match_ambiguous)) == 0 ||
                                                 strcmp(item.reason, REASON_CODE(match_key_shared)) == 0 ||
                                                 strcmp(item.reason, REASON_CODE(match_within_partition)) == 0 ||
                                                 strcmp(item.reason, REASON_CODE(match_too_many)) == 0));
    if (goes && known)
        settle_instead(settling, &item);
    if (goes)
        changeset_delete(settling->run->changeset, TABLE_wait, key, value);
}

/* Walks what waited for one stream and type beside the items of this run, both by key. */
static void settle_walk(struct settling *settling, const uint8_t prefix[5], struct keyed *keyed, size_t count)
{
    struct bytes begins = bytes(prefix, 5);
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    cursor_open(&cursor, settling->run->txn, TABLE_wait);
    bool there = cursor_seek(&cursor, begins) && cursor_has_prefix(&cursor, begins);
    size_t i = 0;
    while (i < count || there) {
        int order = i >= count ? 1 : !there ? -1 : memcmp(keyed[i].key, cursor.key.data, KEY);
        if (order <= 0)
            settle_one(settling, &keyed[i], order == 0 ? cursor.value : bytes(NULL, 0));
        else
            settle_gone(settling, cursor.key, cursor.value);
        if (order >= 0)
            there = cursor_next(&cursor) && cursor_has_prefix(&cursor, begins);
        if (order <= 0)
            for (size_t same = i++; i < count && memcmp(keyed[i].key, keyed[same].key, KEY) == 0; i++)
                ;
    }
}

static int keyed_make(struct wait_list *list, struct settling *settling, struct keyed **ret_keyed)
{
    struct keyed *keyed = mem_new(list->count ? list->count : 1, sizeof(*keyed));
    if (!keyed)
        return -ENOMEM;
    int rc = 0;
    for (size_t i = 0; i < list->count && rc == 0; i++) {
        keyed[i].item = &list->items[i];
        rc = wait_key(&list->items[i], &settling->scratch, keyed[i].key);
    }
    if (list->count > 1)
        qsort(keyed, list->count, sizeof(*keyed), keyed_compare);
    *ret_keyed = keyed;
    return rc;
}

int wait_settle(struct wait_settling *run, struct wait_list *list, uint32_t stream, bool all)
{
    static const char types[] = {WAIT_DRIFT, WAIT_DEAD, WAIT_HELD, WAIT_REVIEW, WAIT_TASK};
    if (list->rc != 0)
        return list->rc;
    struct keyed *keyed __attribute__((cleanup(tidy_free))) = NULL;
    struct arena *arena TIDY(arena_free) = arena_new();
    struct settling settling = {.run = run, .arena = arena, .all = all};
    int rc = arena ? keyed_make(list, &settling, &keyed) : -ENOMEM;
    for (size_t t = 0; t < sizeof(types) && rc == 0; t++) {
        uint8_t prefix[5] = {(uint8_t)types[t]};
        uint32_t be = __builtin_bswap32(stream);
        memcpy(prefix + 1, &be, sizeof(be));
        size_t begin = 0, end;
        while (begin < list->count && memcmp(keyed[begin].key, prefix, 5) < 0)
            begin++;
        for (end = begin; end < list->count && memcmp(keyed[end].key, prefix, 5) == 0;)
            end++;
        settle_walk(&settling, prefix, keyed + begin, end - begin);
        rc = settling.value.rc ? settling.value.rc : settling.rc ? settling.rc : run->txn->rc;
    }
    buffer_done(&settling.value);
    buffer_done(&settling.scratch);
    return rc ? rc : changeset_rc(run->changeset);
}

void wait_settled(struct wait_settling *run)
{
    if (run->last_number != meta_number(run->txn, "wait"))
        changeset_counter(run->changeset, "wait", run->last_number);
}
