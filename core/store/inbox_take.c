/* inbox_take - what runs take out of an inbox, and how far each record is. */
#include "store/inbox_inside.h"

#include <errno.h>

/* --- taking --- */

static int event_read(const struct inbox *inbox, const char *connection, uint64_t number, struct bytes value,
                      struct arena *arena, struct inbox_event *ret_event)
{
    struct head head;
    if (value.len < sizeof(head) + NONCE + MAC)
        return ERR_CORRUPT;
    memcpy(&head, value.data, sizeof(head));
    const uint8_t *sealed = (const uint8_t *)value.data + sizeof(head);
    size_t len = value.len - sizeof(head) - NONCE - MAC;
    char *plain = arena_get(arena, len + 1);
    if (!plain)
        return -ENOMEM;
    if (crypto_secretbox_open_easy((uint8_t *)plain, sealed + NONCE, len + MAC, sealed, inbox->key) != 0)
        return ERR_CORRUPT;
    const char *texts[4], *at = plain, *end = plain + len;
    for (size_t i = 0; i < 4; i++) {
        texts[i] = at;
        at = memchr(at, '\0', (size_t)(end - at));
        if (!at)
            return ERR_CORRUPT;
        at++;
    }
    *ret_event = (struct inbox_event){.number = number,
                                      .received_ms = head.received_ms,
                                      .connection = connection,
                                      .method = texts[0],
                                      .route = texts[1],
                                      .target = texts[2],
                                      .type = texts[3],
                                      .body = bytes(at, (size_t)(end - at))};
    return 0;
}

static int settled_read(struct inbox *inbox, const char *connection, uint64_t after, size_t most, size_t most_bytes,
                        struct arena *arena, struct inbox_event **ret_events, size_t *ret_count)
{
    TIDY_DONE(work_abort) struct work work;
    struct row_key from = event_key(connection, strlen(connection), after + 1);
    struct inbox_event *events = arena_get(arena, (most + 1) * sizeof(*events));
    MDB_cursor *cursor;
    MDB_val name = {from.len, from.bytes}, value;
    size_t count = 0, taken = 0;
    work_begin(&work, inbox, false);
    if (work.rc == 0 && !events)
        work.rc = -ENOMEM;
    if (work.rc == 0)
        work.rc = store_code(mdb_cursor_open(work.txn, inbox->boxes[BOX_event], &cursor));
    if (work.rc != 0)
        return work.rc;
    size_t prefix = from.len - sizeof(uint64_t);
    int rc = mdb_cursor_get(cursor, &name, &value, MDB_SET_RANGE);
    for (; rc == 0 && work.rc == 0 && count < most && (count == 0 || taken + value.mv_size <= most_bytes);
         rc = mdb_cursor_get(cursor, &name, &value, MDB_NEXT)) {
        uint64_t number;
        if (name.mv_size != from.len || memcmp(name.mv_data, from.bytes, prefix) != 0)
            break;
        memcpy(&number, (const uint8_t *)name.mv_data + prefix, sizeof(number));
        work.rc = event_read(inbox, connection, __builtin_bswap64(number), bytes(value.mv_data, value.mv_size), arena,
                             &events[count]);
        count += work.rc == 0;
        taken += value.mv_size;
    }
    mdb_cursor_close(cursor);
    if (work.rc == 0 && rc != 0 && rc != MDB_NOTFOUND)
        work.rc = store_code(rc);
    if (work.rc == 0) {
        *ret_events = events;
        *ret_count = count;
    }
    return work.rc;
}

/* What is in the tables comes first, and only who wants more waits for them to get it. */
int inbox_read(struct inbox *inbox, const char *connection, uint64_t after, size_t most, size_t most_bytes,
               struct arena *arena, struct inbox_event **ret_events, size_t *ret_count)
{
    int rc = settled_read(inbox, connection, after, most, most_bytes, arena, ret_events, ret_count);
    if (rc != 0 || *ret_count > 0)
        return rc;
    rc = inbox_settle(inbox);
    return rc ? rc : settled_read(inbox, connection, after, most, most_bytes, arena, ret_events, ret_count);
}

int inbox_taken(struct inbox *inbox, const char *connection, uint64_t *ret_number)
{
    TIDY_DONE(work_abort) struct work work;
    struct row_key taken = taken_key(connection);
    work_begin(&work, inbox, false);
    uint64_t number = work_number(&work, key_bytes(&taken));
    if (work.rc == 0)
        *ret_number = number;
    return work.rc;
}

int inbox_waits(struct inbox *inbox, const char *connection, bool *ret_waits)
{
    TIDY_DONE(work_abort) struct work work = {.txn = NULL};
    struct row_key taken = taken_key(connection);
    MDB_cursor *cursor;
    int rc = inbox_settle(inbox);
    if (rc != 0)
        return rc;
    work_begin(&work, inbox, false);
    struct row_key from = event_key(connection, strlen(connection), work_number(&work, key_bytes(&taken)) + 1);
    MDB_val name = {from.len, from.bytes}, value;
    if (work.rc == 0)
        work.rc = store_code(mdb_cursor_open(work.txn, inbox->boxes[BOX_event], &cursor));
    if (work.rc != 0)
        return work.rc;
    *ret_waits = mdb_cursor_get(cursor, &name, &value, MDB_SET_RANGE) == 0 && name.mv_size == from.len &&
                 memcmp(name.mv_data, from.bytes, from.len - sizeof(uint64_t)) == 0;
    mdb_cursor_close(cursor);
    return 0;
}

/* --- records --- */

static struct row_key record_key(const struct inbox *inbox, const char *connection, const char *stream, const char *id)
{
    uint8_t digest[DIGEST_KEYED];
    struct bytes parts[] = {text_bytes(stream), text_bytes(id)};
    digest_parts(inbox, parts, 2, digest);
    return row_key(connection, strlen(connection), digest, sizeof(digest));
}

int inbox_version(struct inbox *inbox, const char *connection, const char *stream, const char *id, struct arena *arena,
                  bool *ret_known, struct inbox_version *ret_version)
{
    TIDY_DONE(work_abort) struct work work;
    struct row_key key = record_key(inbox, connection, stream, id);
    struct bytes value;
    work_begin(&work, inbox, false);
    bool known = work_get(&work, BOX_record, key_bytes(&key), &value) && value.len > 0;
    const char *version = known ? arena_copy(arena, (const char *)value.data + 1, value.len - 1) : "";
    if (work.rc == 0 && !version)
        work.rc = -ENOMEM;
    if (work.rc != 0)
        return work.rc;
    *ret_known = known;
    *ret_version = (struct inbox_version){stream, id, version, known && *(const uint8_t *)value.data == 1};
    return 0;
}

int inbox_done(struct inbox *inbox, const char *connection, uint64_t number, const struct inbox_version *versions,
               size_t count, int64_t kept_ms)
{
    TIDY_DONE(work_abort) struct work work;
    struct row_key taken = taken_key(connection);
    struct counters counters;
    work_begin(&work, inbox, true);
    counters_get(&work, &counters);
    for (size_t i = 0; i < count && work.rc == 0; i++) {
        uint8_t row[1 + VERSION_MAX] = {versions[i].last};
        size_t len = strnlen(versions[i].version, VERSION_MAX);
        struct row_key key = record_key(inbox, connection, versions[i].stream, versions[i].id);
        memcpy(row + 1, versions[i].version, len);
        work_put(&work, BOX_record, key_bytes(&key), bytes(row, len + 1));
    }
    if (number > work_number(&work, key_bytes(&taken)))
        work_set_number(&work, key_bytes(&taken), number);
    inbox_make_room(&work, connection, UINT64_MAX, 0, kept_ms, &counters);
    counters_set(&work, &counters);
    return work_end(&work);
}

int inbox_let_go(struct inbox *inbox, const char *connection, uint64_t *ret_gone)
{
    TIDY_DONE(work_abort) struct work work;
    struct counters counters;
    work_begin(&work, inbox, true);
    counters_get(&work, &counters);
    uint64_t before = counters.events;
    inbox_make_room(&work, connection, UINT64_MAX, 0, INT64_MAX, &counters);
    counters_set(&work, &counters);
    int rc = work_end(&work);
    if (rc == 0)
        *ret_gone = before - counters.events;
    return rc;
}

int inbox_count(struct inbox *inbox, struct inbox_count *ret_count)
{
    TIDY_DONE(work_abort) struct work work = {.txn = NULL};
    struct counters counters = {0};
    int rc = inbox_settle(inbox);
    if (rc != 0)
        return rc;
    work_begin(&work, inbox, false);
    counters_get(&work, &counters);
    if (work.rc == 0)
        *ret_count = (struct inbox_count){counters.events, counters.bytes};
    return work.rc;
}
