/* inbox_keep - what comes into an inbox, many events in one commit; and what goes when room is needed. */
#include "store/inbox_inside.h"

#include "base/buffer.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGE = 4096, AHEAD = 1 << 20 };

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
    struct buffer plain, row;
};

static void keeping_done(struct keeping *keeping)
{
    buffer_done(&keeping->plain);
    buffer_done(&keeping->row);
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
    struct row_key by_key = row_key(connection, head.key, sizeof(head.key));
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
    struct row_key first = event_key(connection, 0), taken = taken_key(connection);
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

static void keep_one(struct keeping *keeping, struct inbox_event *event)
{
    struct work *work = keeping->work;
    struct counters *counters = &keeping->counters;
    const struct buffer *row = &keeping->row;
    struct head head = {.received_ms = event->received_ms};
    struct key_row known = {0}, before;
    struct bytes there;
    event_digest(work->inbox, event, head.key, known.body);
    struct row_key by_key = row_key(event->connection, head.key, sizeof(head.key));
    if (!event->apart && work_get(work, BOX_key, key_bytes(&by_key), &there) && there.len == sizeof(before)) {
        memcpy(&before, there.data, sizeof(before));
        event->known = memcmp(before.body, known.body, sizeof(known.body)) == 0;
        event->number = before.number;
    }
    if (event->known || work->rc != 0)
        return;
    int rc = seal_event(keeping, event, &head);
    if (rc != 0) {
        event->rc = rc;
        return;
    }
    if (counters->bytes + row->len > keeping->most)
        inbox_make_room(work, event->connection, keeping->most, row->len, INT64_MIN, counters);
    if (counters->bytes + row->len > keeping->most) {
        event->rc = ERR_LIMIT;
        return;
    }
    event->number = known.number = ++counters->number;
    counters->events++;
    counters->bytes += row->len;
    struct row_key key = event_key(event->connection, event->number);
    work_put(work, BOX_event, key_bytes(&key), bytes(row->data, row->len));
    if (!event->apart)
        work_put(work, BOX_key, key_bytes(&by_key), bytes(&known, sizeof(known)));
}

/* A file that grows costs each commit a second wait, for its size: so it grows by a piece at a time, of zeros, under
 * the lock of who writes. What cannot be written now fails, if it is needed, where it is. */
static void grow_ahead(const struct work *work)
{
    static char zeros[AHEAD / 16];
    MDB_envinfo info;
    struct stat status;
    int fd;
    if (work->rc != 0 || mdb_env_info(work->inbox->env, &info) != 0 || mdb_env_get_fd(work->inbox->env, &fd) != 0 ||
        fstat(fd, &status) != 0)
        return;
    off_t used = (off_t)((info.me_last_pgno + 1) * PAGE);
    off_t end = used > status.st_size ? used : status.st_size;
    for (off_t at = end; end - used < AHEAD / 4 && at < end + AHEAD; at += (off_t)sizeof(zeros))
        if (pwrite(fd, zeros, sizeof(zeros), at) != (ssize_t)sizeof(zeros))
            return;
}

int inbox_keep(struct inbox *inbox, struct inbox_event *const *events, size_t count, uint64_t most)
{
    TIDY_DONE(work_abort) struct work work;
    TIDY_DONE(keeping_done) struct keeping keeping = {.work = &work, .most = most};
    randombytes_buf(keeping.nonce, NONCE);
    work_begin(&work, inbox, true);
    grow_ahead(&work);
    counters_get(&work, &keeping.counters);
    uint64_t before = keeping.counters.number;
    for (size_t i = 0; i < count && work.rc == 0; i++) {
        events[i]->rc = 0;
        events[i]->known = false;
        keep_one(&keeping, events[i]);
    }
    if (work.rc == 0 && keeping.counters.number == before) { /* nothing new: nothing to write */
        work_abort(&work);
        return 0;
    }
    counters_set(&work, &keeping.counters);
    return work_end(&work);
}
