/* quarantine - connections and partitions that failed. */
#include "engine/quarantine.h"

#include "base/arena.h"
#include "base/date.h"
#include "base/digest.h"
#include "base/secret.h"
#include "base/wire.h"
#include "broker/secretstore.h"
#include "logic/reason.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* Key: the connection's name; of a partition also a zero byte and its id; of telling two zero bytes. Value: u32
 * failures (0: none stand), u32 run, u32 code, u64 since, u64 last, 32 bytes, sentence as a text of base/wire.h. */
static const int64_t FIRST_MS = 5 * 60 * 1000, MOST_MS = (int64_t)6 * 60 * 60 * 1000;

bool quarantine_concerns(const struct connection *connection, enum quarantine_of of)
{
    bool read = connection->mappings && connection->mappings[0];
    return of == QUARANTINE_TELLING ? connection->target != NULL : read || !connection->target;
}

const char *quarantine_word(enum quarantine_of of)
{
    return of == QUARANTINE_TELLING ? "telling" : "reading";
}

static bool quarantine_read(struct bytes key, struct bytes value, struct arena *arena, struct quarantine *ret)
{
    struct wire wire = wire_over(value.data, value.len);
    struct quarantine read = {.failures = wire_get_u32(&wire)};
    read.run = wire_get_u32(&wire);
    read.rc = (int)wire_get_u32(&wire);
    read.since_ms = (int64_t)wire_get_u64(&wire);
    read.last_ms = (int64_t)wire_get_u64(&wire);
    const char *login = wire_get_bytes(&wire, sizeof(read.login)), *sentence = wire_need_text(&wire);
    if (!login || !wire_finished(&wire))
        return false;
    memcpy(read.login, login, sizeof(read.login));
    read.connection = arena_copy(arena, key.data, key.len); /* a zero byte ends it */
    read.sentence = arena_text(arena, sentence);
    if (!read.connection || !read.sentence)
        return false;
    size_t name = strlen(read.connection);
    read.partition = name < key.len ? read.connection + name + 1 : "";
    read.of = name < key.len && !*read.partition ? QUARANTINE_TELLING : QUARANTINE_READING;
    *ret = read;
    return true;
}

/* Partitions' ids are up to 200 bytes; longer ones are told apart by their beginning. */
struct row_key {
    char text[STORE_KEY_MAX];
    size_t len;
};

static struct bytes row_key(const struct quarantine *of, struct row_key *key)
{
    bool all = !of->partition || !*of->partition;
    int len = snprintf(key->text, sizeof(key->text), "%s%c%s", of->connection, '\0', all ? "" : of->partition);
    key->len = len < (int)sizeof(key->text) ? (size_t)len : sizeof(key->text) - 1;
    if (all && of->of == QUARANTINE_TELLING && !of->unmarked)
        key->text[key->len++] = '\0';
    else if (all)
        key->len = strlen(of->connection);
    return bytes(key->text, key->len);
}

/* What stands in the row of what it is asked for. */
static bool row_get(struct txn *txn, const struct quarantine *of, struct arena *arena, struct quarantine *ret)
{
    struct row_key place;
    struct bytes key = row_key(of, &place), value;
    struct quarantine read;
    if (!txn_get(txn, TABLE_quarantine, key, &value) || !quarantine_read(key, value, arena, &read) ||
        read.failures == 0)
        return false;
    read.of = of->of;
    read.unmarked = of->unmarked;
    *ret = read;
    return true;
}

bool quarantine_get(struct txn *txn, const struct connection *connection, enum quarantine_of of, const char *partition,
                    struct arena *arena, struct quarantine *ret_quarantine)
{
    struct quarantine asked = {.connection = connection->name, .of = of, .partition = partition};
    if (row_get(txn, &asked, arena, ret_quarantine))
        return true;
    asked.unmarked = of == QUARANTINE_TELLING && !quarantine_concerns(connection, QUARANTINE_READING);
    return asked.unmarked && row_get(txn, &asked, arena, ret_quarantine);
}

/* Whether a row is of something that the organization's file has. Of a connection that is only told the one without a
 * mark counts as long as telling has no row of its own. */
static bool row_counts(struct txn *txn, const struct organization *organization, struct arena *arena,
                       struct quarantine *row)
{
    const struct connection *connection = organization_connection(organization, row->connection);
    if (!connection || quarantine_concerns(connection, row->of))
        return connection != NULL;
    return !*row->partition && row->of == QUARANTINE_READING &&
           quarantine_get(txn, connection, QUARANTINE_TELLING, "", arena, row) && row->unmarked;
}

int quarantine_list(struct txn *txn, const struct organization *organization, struct arena *arena,
                    struct quarantine **ret_items, size_t *ret_count)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor))) = {0};
    size_t count = 0, room = txn_count(txn, TABLE_quarantine);
    struct quarantine *items = arena_get(arena, (room + 1) * sizeof(*items));
    if (!items)
        return -ENOMEM;
    cursor_open(&cursor, txn, TABLE_quarantine);
    for (bool there = cursor_seek(&cursor, bytes("", 1)); there && count < room; there = cursor_next(&cursor))
        if (!quarantine_read(cursor.key, cursor.value, arena, &items[count]))
            return ERR_CORRUPT;
        else if (quarantine_reason(&items[count]))
            count += row_counts(txn, organization, arena, &items[count]);
    *ret_items = items;
    *ret_count = count;
    return txn->rc;
}

const char *quarantine_reason(const struct quarantine *quarantine)
{
    if (quarantine->failures > 0 && quarantine->rc == ERR_AUTH)
        return REASON_CODE(login_refused);
    return quarantine->failures >= QUARANTINE_AFTER ? REASON_CODE(failed_repeatedly) : NULL;
}

int64_t quarantine_next(const struct quarantine *quarantine)
{
    if (quarantine->rc == ERR_AUTH)
        return INT64_MAX;
    if (!quarantine_reason(quarantine))
        return quarantine->last_ms;
    int64_t wait = FIRST_MS;
    for (uint32_t i = QUARANTINE_AFTER; i < quarantine->failures && wait < MOST_MS; i++)
        wait *= 2;
    wait = wait < MOST_MS ? wait : MOST_MS;
    /* Up to a fifth less, by what happened: asked again it is the same. */
    struct row_key place;
    struct bytes key = row_key(quarantine, &place);
    uint64_t chance = digest_seeded(quarantine->failures, key.data, key.len) ^ (uint64_t)quarantine->last_ms;
    return quarantine->last_ms + wait - (int64_t)(digest_fast(&chance, sizeof(chance)) % (uint64_t)(wait / 5));
}

bool quarantine_stops(const struct quarantine *quarantine, enum quarantine_of of)
{
    return !*quarantine->partition &&
           (quarantine->of == of || (quarantine->of == QUARANTINE_READING && quarantine->rc == ERR_AUTH));
}

/* --- what a log-in is made of --- */

static int login_file(const char *path, uint8_t ret_digest[32])
{
    int fd __attribute__((cleanup(tidy_close))) = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -errno : digest_fd(fd, ret_digest);
}

int quarantine_login(const struct organization *organization, const struct connection *connection,
                     const uint8_t key[32], uint8_t ret_digest[32])
{
    uint8_t parts[2][32] = {{0}};
    int rc = login_file(organization->path, parts[0]);
    for (size_t i = 0; rc == 0 && i < connection->option_count; i++) {
        const struct option_value *option = &connection->options[i];
        struct secret secret TIDY_DONE(secret_done) = {0};
        if (!option->secret)
            continue;
        /* One that cannot be read now is another one, too. */
        const char *text =
            secretstore_read(option->secret, option->name, &secret, NULL) == 0 ? secret_reveal(&secret) : "";
        uint8_t one[32] = {0};
        digest_keyed(key, text, strlen(text), one);
        for (size_t b = 0; b < sizeof(one); b++)
            parts[1][b] = (uint8_t)((parts[1][b] << 1 | parts[1][b] >> 7) ^ one[b]);
    }
    if (rc == 0)
        digest_sha256(parts, sizeof(parts), ret_digest);
    return rc;
}

/* --- writing --- */

static void quarantine_write(const struct quarantine *quarantine, struct buffer *out)
{
    wire_put_u32(out, quarantine->failures);
    wire_put_u32(out, quarantine->run);
    wire_put_u32(out, (uint32_t)quarantine->rc);
    wire_put_u64(out, (uint64_t)quarantine->since_ms);
    wire_put_u64(out, (uint64_t)quarantine->last_ms);
    buffer_add(out, quarantine->login, sizeof(quarantine->login));
    wire_put_text(out, quarantine->sentence ? quarantine->sentence : "");
}

int quarantine_failed(struct changeset *changeset, const struct quarantine *quarantine)
{
    struct buffer value TIDY_DONE(buffer_done) = {0};
    quarantine_write(quarantine, &value);
    if (value.rc != 0)
        return value.rc;
    struct row_key place;
    changeset_set(changeset, TABLE_quarantine, row_key(quarantine, &place), bytes(value.data, value.len));
    return changeset_rc(changeset);
}

int quarantine_ended(struct changeset *changeset, const struct quarantine *stood)
{
    struct quarantine none = {
        .connection = stood->connection, .of = stood->of, .unmarked = stood->unmarked, .partition = stood->partition};
    return quarantine_failed(changeset, &none);
}

int quarantine_release(struct store *store, const struct organization *organization, const char *connection,
                       const char *partition, struct err *err)
{
    struct arena *arena TIDY(arena_free) = arena_new();
    struct txn txn __attribute__((cleanup(tidy_txn))) = {0};
    struct quarantine *items = NULL;
    size_t count = 0;
    bool stood = false;
    if (!arena)
        return -ENOMEM;
    txn_begin(&txn, store, true);
    int rc = quarantine_list(&txn, organization, arena, &items, &count);
    for (size_t i = 0; i < count && rc == 0; i++) {
        struct row_key place;
        if (strcmp(items[i].connection, connection) != 0 || (partition && strcmp(items[i].partition, partition) != 0))
            continue;
        txn_delete(&txn, TABLE_quarantine, row_key(&items[i], &place));
        stood = true;
    }
    txn.rc = txn.rc ? txn.rc : rc;
    rc = txn_end(&txn);
    return rc ? store_fail(store, rc, err) : stood ? 0 : ERR_GONE;
}

static void time_write(const struct zone *zone, int64_t ms, struct buffer *out)
{
    char text[25];
    instant_write(ms + (int64_t)zone_offset(zone, ms) * 1000, text);
    buffer_format(out, "%.10s %.5s", text, text + 11);
}

void quarantine_sentence(const struct quarantine *quarantine, const struct zone *zone, struct buffer *out)
{
    const char *done = quarantine->of == QUARANTINE_TELLING ? "told" : "read";
    buffer_text(out, "set aside since ");
    time_write(zone, quarantine->since_ms, out);
    if (quarantine->rc == ERR_AUTH)
        buffer_format(out, ": it could not log in when it was %s", done);
    else
        buffer_format(out, ": %s it failed %u times in a row", quarantine_word(quarantine->of), quarantine->failures);
    size_t len = strlen(quarantine->sentence);
    bool stop = len > 0 && quarantine->sentence[len - 1] == '.';
    buffer_format(out, ", last in run %u with: %s%s ", quarantine->run, quarantine->sentence, stop ? "" : ".");
    if (quarantine->rc == ERR_AUTH) {
        buffer_format(out, "It is not %s again until a secret or the file is changed",
                      quarantine->of == QUARANTINE_TELLING ? done : "tried");
        return;
    }
    buffer_text(out, "Its next try is due at ");
    time_write(zone, quarantine_next(quarantine), out);
}
