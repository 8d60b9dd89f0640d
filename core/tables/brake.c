/* brake - connections that a person has paused. */
#include "tables/brake.h"

#include "base/date.h"
#include "base/mem.h"
#include "base/wire.h"

#include <errno.h>
#include <string.h>

/* Key: 'p', the connection's name. Value: u64 since, u64 until, author, reason as texts of base/wire.h. */
enum { PAUSE = 'p', KEY_MAX = 1 + 255 };

static size_t brake_key(const char *connection, char ret_key[KEY_MAX])
{
    size_t len = strlen(connection);
    len = len < KEY_MAX - 1 ? len : KEY_MAX - 1;
    ret_key[0] = PAUSE;
    memcpy(ret_key + 1, connection, len);
    return len + 1;
}

static bool brake_read(struct bytes key, struct bytes value, struct arena *arena, struct pause *ret_pause)
{
    struct wire wire = wire_over(value.data, value.len);
    struct pause pause = {.since_ms = (int64_t)wire_get_u64(&wire)};
    pause.until_ms = (int64_t)wire_get_u64(&wire);
    const char *author = wire_need_text(&wire), *reason = wire_need_text(&wire);
    if (!wire_finished(&wire) || key.len == 0)
        return false;
    pause.connection = arena_copy(arena, (const char *)key.data + 1, key.len - 1);
    pause.author = arena_text(arena, author);
    pause.reason = arena_text(arena, reason);
    *ret_pause = pause;
    return pause.connection && pause.author && pause.reason;
}

static bool brake_counts(const struct pause *pause, int64_t now_ms)
{
    return pause->until_ms == 0 || pause->until_ms > now_ms;
}

/* Exactly this one, "" for the organization's. */
static bool brake_stands(struct txn *txn, const char *connection, int64_t now_ms, struct arena *arena,
                         struct pause *ret_pause)
{
    char key[KEY_MAX];
    size_t len = brake_key(connection, key);
    struct bytes value;
    struct pause pause;
    if (!txn_get(txn, TABLE_brake, bytes(key, len), &value) || !brake_read(bytes(key, len), value, arena, &pause) ||
        !brake_counts(&pause, now_ms))
        return false;
    *ret_pause = pause;
    return true;
}

int brake_pause(struct store *store, const struct pause *pause, struct err *err)
{
    struct buffer value TIDY_DONE(buffer_done) = {0};
    struct txn txn __attribute__((cleanup(tidy_txn))) = {0};
    char key[KEY_MAX];
    size_t len = brake_key(pause->connection, key);
    wire_put_u64(&value, (uint64_t)pause->since_ms);
    wire_put_u64(&value, (uint64_t)pause->until_ms);
    wire_put_text(&value, pause->author);
    wire_put_text(&value, pause->reason);
    if (value.rc != 0)
        return value.rc;
    txn_begin(&txn, store, true);
    txn_put(&txn, TABLE_brake, bytes(key, len), bytes(value.data, value.len));
    int rc = txn_end(&txn);
    return rc ? store_fail(store, rc, err) : 0;
}

int brake_resume(struct store *store, const char *connection, int64_t now_ms, struct err *err)
{
    struct arena *arena TIDY(arena_free) = arena_new();
    struct txn txn __attribute__((cleanup(tidy_txn))) = {0};
    struct pause pause;
    char key[KEY_MAX];
    size_t len = brake_key(connection, key);
    if (!arena)
        return -ENOMEM;
    txn_begin(&txn, store, true);
    bool stood = brake_stands(&txn, connection, now_ms, arena, &pause);
    txn_delete(&txn, TABLE_brake, bytes(key, len));
    int rc = txn_end(&txn);
    return rc ? store_fail(store, rc, err) : stood ? 0 : ERR_GONE;
}

bool brake_paused(struct txn *txn, const char *connection, int64_t now_ms, struct arena *arena, struct pause *ret_pause)
{
    return brake_stands(txn, connection, now_ms, arena, ret_pause) || brake_stands(txn, "", now_ms, arena, ret_pause);
}

int brake_list(struct txn *txn, int64_t now_ms, struct arena *arena, struct pause **ret_pauses, size_t *ret_count)
{
    static const char prefix = PAUSE;
    struct cursor cursor __attribute__((cleanup(tidy_cursor))) = {0};
    size_t count = 0, room = txn_count(txn, TABLE_brake);
    struct pause *pauses = arena_get(arena, (room + 1) * sizeof(*pauses));
    if (!pauses)
        return -ENOMEM;
    cursor_open(&cursor, txn, TABLE_brake);
    for (bool there = cursor_seek(&cursor, bytes(&prefix, 1));
         there && count < room && cursor_has_prefix(&cursor, bytes(&prefix, 1)); there = cursor_next(&cursor))
        if (brake_read(cursor.key, cursor.value, arena, &pauses[count]))
            count += brake_counts(&pauses[count], now_ms);
        else
            return ERR_CORRUPT;
    *ret_pauses = pauses;
    *ret_count = count;
    return txn->rc;
}

static void time_write(const struct zone *zone, int64_t ms, struct buffer *out)
{
    int64_t local = ms + (int64_t)zone_offset(zone, ms) * 1000;
    char text[25];
    instant_write(local, text);
    buffer_format(out, "%.10s %.5s", text, text + 11);
}

void brake_sentence(const struct pause *pause, const struct zone *zone, struct buffer *out)
{
    buffer_format(out, "paused by %s since ", pause->author);
    time_write(zone, pause->since_ms, out);
    if (pause->until_ms != 0) {
        buffer_text(out, " until ");
        time_write(zone, pause->until_ms, out);
    }
    buffer_format(out, ": %s", pause->reason);
}
