/* inbox_keep - what comes into an inbox, many events in one commit; and what goes when room is needed. */
#include "store/inbox_inside.h"

#include "base/buffer.h"

#include <errno.h>

/* --- what two events are the same by --- */

/* Who has no key of its own is known by all that it says. */
static void event_digest(const struct inbox *inbox, const struct inbox_event *event, uint8_t ret_key[DIGEST_KEYED],
                         uint8_t ret_body[DIGEST_KEYED])
{
    const struct bytes said[] = {text_bytes(event->target), event->body};
    digest_parts(inbox, said, 2, ret_body);
    const struct bytes key[] = {text_bytes(event->method), text_bytes(event->route),
                                event->key ? text_bytes(event->key) : bytes(ret_body, DIGEST_KEYED)};
    digest_parts(inbox, key, 3, ret_key);
}

/* --- keeping --- */

/* What the events of one commit share. */
struct keeping {
    struct work *work;
    uint64_t most;
    struct counters counters;
    uint8_t nonce[NONCE]; /* random, and one more for each event */
    struct buffer plain, row, frame;
};

static void keeping_done(struct keeping *keeping)
{
    buffer_done(&keeping->plain);
    buffer_done(&keeping->row);
    buffer_done(&keeping->frame);
}

static int seal_event(struct keeping *keeping, const struct inbox_event *event, const struct head *head)
{
    const char *texts[] = {event->method, event->route, event->target, event->type};
    struct buffer *plain = &keeping->plain, *row = &keeping->row;
    buffer_clear(plain);
    buffer_clear(row);
    for (size_t i = 0; i < 4; i++)
        buffer_add(plain, texts[i], strlen(texts[i]) + 1);
    buffer_add(plain, event->body.data, event->body.len);
    buffer_add(row, head, sizeof(*head));
    uint8_t *place = (uint8_t *)buffer_reserve(row, NONCE + MAC + plain->len);
    if (!place || plain->rc != 0)
        return -ENOMEM;
    memcpy(place, keeping->nonce, NONCE);
    sodium_increment(keeping->nonce, NONCE);
    crypto_secretbox_easy(place + NONCE, (const uint8_t *)plain->data, plain->len, place, keeping->work->inbox->key);
    return 0;
}

static void let_go(struct work *work, const char *connection, const struct row_key *key, struct bytes value,
                   struct counters *counters)
{
    struct head head;
    struct bytes row;
    uint64_t number;
    if (value.len < sizeof(head))
        return;
    memcpy(&head, value.data, sizeof(head));
    memcpy(&number, key->bytes + key->len - sizeof(number), sizeof(number));
    struct row_key by_key = row_key(connection, strlen(connection), head.key, sizeof(head.key));
    struct key_row known;
    counters->events--;
    counters->bytes -= value.len < counters->bytes ? value.len : counters->bytes;
    work_delete(work, BOX_event, key_bytes(key));
    if (!work_get(work, BOX_key, key_bytes(&by_key), &row) || row.len != sizeof(known))
        return;
    memcpy(&known, row.data, sizeof(known));
    if (known.number == __builtin_bswap64(number))
        work_delete(work, BOX_key, key_bytes(&by_key));
}

void inbox_make_room(struct work *work, const char *connection, uint64_t most, uint64_t room, int64_t until_ms,
                     struct counters *counters)
{
    struct row_key first = event_key(connection, strlen(connection), 0), taken = taken_key(connection);
    uint64_t done = work_number(work, key_bytes(&taken));
    while (work->rc == 0 && counters->events > 0) {
        MDB_cursor *cursor;
        MDB_val name = {first.len, first.bytes}, value;
        work->rc = store_code(mdb_cursor_open(work->txn, work->inbox->boxes[BOX_event], &cursor));
        if (work->rc != 0)
            return;
        int rc = mdb_cursor_get(cursor, &name, &value, MDB_SET_RANGE);
        struct row_key key = {.len = rc == 0 && name.mv_size == first.len ? name.mv_size : 0};
        memcpy(key.bytes, name.mv_data, key.len);
        mdb_cursor_close(cursor);
        uint64_t number = 0;
        if (key.len == 0 || memcmp(key.bytes, first.bytes, first.len - sizeof(number)) != 0)
            return;
        memcpy(&number, key.bytes + key.len - sizeof(number), sizeof(number));
        int64_t received_ms;
        memcpy(&received_ms, value.mv_data, sizeof(received_ms));
        if (__builtin_bswap64(number) > done || (counters->bytes + room <= most && received_ms >= until_ms))
            return;
        let_go(work, connection, &key, bytes(value.mv_data, value.mv_size), counters);
    }
}

static uint64_t keeping_bytes(const struct keeping *keeping, const struct wal *wal)
{
    return keeping->counters.bytes + wal->parts[0].bytes + wal->parts[1].bytes;
}

/* Whether the same was said last time. */
static bool is_known(struct keeping *keeping, struct inbox_event *event, const struct head *head, const uint8_t *body)
{
    struct work *work = keeping->work;
    struct key_row before;
    if (!wal_latest(&work->inbox->wal, event->connection, head->key, &before)) {
        struct row_key key = row_key(event->connection, strlen(event->connection), head->key, sizeof(head->key));
        struct bytes there;
        if (!work_get(work, BOX_key, key_bytes(&key), &there) || there.len != sizeof(before))
            return false;
        memcpy(&before, there.data, sizeof(before));
    }
    event->number = before.number;
    return memcmp(before.body, body, sizeof(before.body)) == 0;
}

static int keep_one(struct keeping *keeping, struct inbox_event *event)
{
    struct wal *wal = &keeping->work->inbox->wal;
    struct head head = {.received_ms = event->received_ms};
    uint8_t body[DIGEST_KEYED];
    event_digest(keeping->work->inbox, event, head.key, body);
    event->rc = 0;
    event->known = !event->apart && is_known(keeping, event, &head, body);
    if (event->known || keeping->work->rc != 0)
        return keeping->work->rc;
    int rc = seal_event(keeping, event, &head);
    if (rc == 0 && keeping_bytes(keeping, wal) + keeping->row.len > keeping->most)
        event->rc = ERR_LIMIT;
    else if (rc == 0)
        rc = wal_add(wal, &keeping->frame, event, body, &keeping->row);
    return rc;
}

static int keep_all(struct inbox *inbox, struct inbox_event *const *events, size_t count, struct keeping *keeping)
{
    uint64_t before = inbox->wal.number;
    int rc = keeping->work->rc;
    randombytes_buf(keeping->nonce, NONCE);
    wal_begin(&inbox->wal, &keeping->frame);
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = keep_one(keeping, events[i]);
    return rc || inbox->wal.number == before ? rc : wal_commit(inbox, &keeping->frame);
}

/* What stands in the way goes, if runs have taken it. */
static int make_room(struct inbox *inbox, struct inbox_event *const *events, size_t count, uint64_t most, uint64_t room)
{
    TIDY_DONE(work_abort) struct work work = {.txn = NULL};
    struct counters counters;
    int rc = inbox_settle(inbox);
    if (rc != 0)
        return rc;
    work_begin(&work, inbox, true);
    counters_get(&work, &counters);
    uint64_t before = counters.events;
    for (size_t i = 0; i < count && counters.bytes + room > most; i++)
        inbox_make_room(&work, events[i]->connection, most, room, INT64_MIN, &counters);
    if (counters.events == before)
        return work.rc; /* nothing went: nothing to write */
    counters_set(&work, &counters);
    return work_end(&work);
}

static uint64_t row_len(const struct inbox_event *event)
{
    return sizeof(struct head) + NONCE + MAC + strlen(event->method) + strlen(event->route) + strlen(event->target) +
           strlen(event->type) + 4 + event->body.len;
}

int inbox_keep(struct inbox *inbox, struct inbox_event *const *events, size_t count, uint64_t most)
{
    TIDY_DONE(work_abort) struct work work = {.txn = NULL};
    TIDY_DONE(keeping_done) struct keeping keeping = {.work = &work, .most = most};
    struct wal *wal = &inbox->wal;
    uint64_t room = 0;
    for (size_t i = 0; i < count; i++)
        room += row_len(events[i]);
    int rc = wal_take(inbox, &keeping.counters);
    if (rc == 0 && (wal_is_tight(wal) || keeping_bytes(&keeping, wal) + room > most)) {
        wal_give(wal);
        rc = make_room(inbox, events, count, most, room);
        rc = rc ? rc : wal_take(inbox, &keeping.counters);
    }
    if (rc != 0)
        return rc;
    wal_turn(inbox);
    work_begin(&work, inbox, false);
    rc = keep_all(inbox, events, count, &keeping);
    if (rc != 0)
        wal_drop(inbox);
    wal_give(wal);
    return rc;
}
