/* statement - decisions about who is who and what counts. */
#include "tables/statement.h"

#include "base/error.h"
#include "base/mem.h"

#include <errno.h>
#include <string.h>

enum { KEY = 16, SHORT = 24, LONG = SHORT + 8 + 2 + 1 + 1, TEXTS = 5 };
enum { FLAG_FOLLOWS = 1, FLAG_PERSON = 2, FLAG_LATE = 4 };

static void statement_key(uint64_t subject, uint64_t number, uint8_t ret_key[KEY])
{
    uint64_t key[2] = {__builtin_bswap64(subject), __builtin_bswap64(number)};
    memcpy(ret_key, key, sizeof(key));
}

/* --- the row --- */

static void write_value(struct buffer *out, struct value value)
{
    uint8_t head[2] = {value.presence, value.flags};
    uint32_t len = value.len;
    buffer_add(out, head, sizeof(head));
    buffer_add(out, &len, sizeof(len));
    buffer_add(out, value.bytes, value.len);
}

static void write_text(struct buffer *out, const char *text)
{
    size_t len = text ? strlen(text) + 1 : 0;
    if (len > UINT16_MAX)
        out->rc = out->rc ? out->rc : ERR_LIMIT;
    uint16_t mark = (uint16_t)len;
    buffer_add(out, &mark, sizeof(mark));
    buffer_add(out, text, len);
}

static void statement_write(const struct statement *at, struct buffer *out)
{
    uint8_t head[2] = {(uint8_t)at->type, (uint8_t)((at->follows ? FLAG_FOLLOWS : 0) | (at->person ? FLAG_PERSON : 0) |
                                                    (at->late ? FLAG_LATE : 0))};
    buffer_add(out, head, sizeof(head));
    buffer_add(out, &at->rule, sizeof(at->rule));
    buffer_add(out, &at->run, sizeof(at->run));
    buffer_add(out, &at->other, sizeof(at->other));
    buffer_add(out, &at->time_ms, sizeof(at->time_ms));
    if (!at->person && !at->withdrawn)
        return;
    const char *const texts[TEXTS] = {at->author, at->reason, at->about, at->withdrawn_by, at->withdrawn_because};
    uint8_t ends[2] = {(uint8_t)at->ends, 0};
    buffer_add(out, &at->until_ms, sizeof(at->until_ms));
    buffer_add(out, &at->field, sizeof(at->field));
    buffer_add(out, ends, sizeof(ends));
    write_value(out, at->value);
    write_value(out, at->against);
    for (int i = 0; i < TEXTS; i++)
        write_text(out, texts[i]);
}

struct reader {
    const uint8_t *at;
    size_t left;
    bool bad;
};

static const void *reader_take(struct reader *reader, size_t len)
{
    static const uint8_t nothing[8];
    if (len > reader->left) {
        reader->bad = true;
        reader->left = 0;
        return nothing;
    }
    const void *taken = reader->at;
    reader->at += len;
    reader->left -= len;
    return taken;
}

static void reader_copy(struct reader *reader, void *ret, size_t len)
{
    const void *from = reader_take(reader, len);
    if (!reader->bad)
        memcpy(ret, from, len);
}

static struct value reader_value(struct reader *reader)
{
    uint8_t head[2] = {0};
    uint32_t len = 0;
    reader_copy(reader, head, sizeof(head));
    reader_copy(reader, &len, sizeof(len));
    const char *text = reader_take(reader, len);
    return (struct value){.presence = head[0], .flags = head[1], .len = reader->bad ? 0 : len, .bytes = text};
}

static const char *reader_text(struct reader *reader)
{
    uint16_t len = 0;
    reader_copy(reader, &len, sizeof(len));
    const char *text = reader_take(reader, len);
    if (len == 0 || reader->bad)
        return NULL;
    reader->bad |= text[len - 1] != '\0';
    return reader->bad ? NULL : text;
}

bool statement_read(struct bytes key, struct bytes value, struct statement *ret_statement)
{
    struct statement read = {0};
    struct reader reader = {.at = value.data, .left = value.len, .bad = key.len != KEY};
    uint8_t head[2] = {0};
    if (reader.bad)
        return false;
    memcpy(&read.subject, key.data, sizeof(read.subject));
    memcpy(&read.number, (const uint8_t *)key.data + 8, sizeof(read.number));
    read.subject = __builtin_bswap64(read.subject);
    read.number = __builtin_bswap64(read.number);
    read.withdrawn = read.subject == 0;
    if (read.withdrawn)
        reader_copy(&reader, &read.subject, sizeof(read.subject));
    reader_copy(&reader, head, sizeof(head));
    reader_copy(&reader, &read.rule, sizeof(read.rule));
    reader_copy(&reader, &read.run, sizeof(read.run));
    reader_copy(&reader, &read.other, sizeof(read.other));
    reader_copy(&reader, &read.time_ms, sizeof(read.time_ms));
    read.type = (enum statement_type)head[0];
    read.follows = head[1] & FLAG_FOLLOWS;
    read.person = head[1] & FLAG_PERSON;
    read.late = head[1] & FLAG_LATE;
    if (read.person || read.withdrawn) {
        uint8_t ends[2] = {0};
        reader_copy(&reader, &read.until_ms, sizeof(read.until_ms));
        reader_copy(&reader, &read.field, sizeof(read.field));
        reader_copy(&reader, ends, sizeof(ends));
        read.ends = (enum pin_end)ends[0];
        read.value = reader_value(&reader);
        read.against = reader_value(&reader);
        const char **texts[TEXTS] = {&read.author, &read.reason, &read.about, &read.withdrawn_by,
                                     &read.withdrawn_because};
        for (int i = 0; i < TEXTS; i++)
            *texts[i] = reader_text(&reader);
    }
    if (reader.bad)
        return false;
    *ret_statement = read;
    return true;
}

/* --- what this run adds and withdraws --- */

int statements_init(struct statements *statements, struct txn *snapshot, struct changeset *changeset, uint32_t run,
                    int64_t now_ms)
{
    *statements = (struct statements){.snapshot = snapshot,
                                      .changeset = changeset,
                                      .arena = arena_new(),
                                      .any = txn_count(snapshot, TABLE_statement) > 0,
                                      .persons = meta_number(snapshot, "statements by people") > 0,
                                      .run = run,
                                      .now_ms = now_ms,
                                      .last_number = meta_number(snapshot, "statement")};
    return statements->arena ? snapshot->rc : -ENOMEM;
}

void statements_done(struct statements *statements)
{
    arena_free(statements->arena);
    free(statements->added);
    numbers_done(&statements->added_first);
    numbers_done(&statements->added_last);
    numbers_done(&statements->withdrawn);
    buffer_done(&statements->row);
    *statements = (struct statements){0};
}

static void statements_fail(struct statements *statements, int rc)
{
    statements->rc = statements->rc ? statements->rc : rc;
}

static const char *kept_text(struct statements *statements, const char *text)
{
    const char *kept = text ? arena_text(statements->arena, text) : NULL;
    if (text && !kept)
        statements_fail(statements, -ENOMEM);
    return kept;
}

static void kept_value(struct statements *statements, struct value *value)
{
    value->bytes = value->len > 0 ? arena_copy(statements->arena, value->bytes, value->len) : NULL;
    if (value->len > 0 && !value->bytes)
        statements_fail(statements, -ENOMEM);
}

/* Rows, so that it is found from either side. */
static bool statement_has_two(const struct statement *statement)
{
    return (statement->type == STATEMENT_LINK || statement->type == STATEMENT_APART) &&
           statement->subject != statement->other;
}

static void statements_write(struct statements *statements, const struct statement *statement)
{
    uint8_t key[KEY];
    buffer_clear(&statements->row);
    statement_write(statement, &statements->row);
    statements_fail(statements, statements->row.rc);
    statement_key(statement->subject, statement->number, key);
    if (statements->rc == 0)
        changeset_set(statements->changeset, TABLE_statement, bytes(key, sizeof(key)),
                      bytes(statements->row.data, statements->row.len));
}

/* A person's is written when all is said: until then it can be withdrawn, and told what the sources say. */
static void statements_keep(struct statements *statements, const struct statement *statement)
{
    uint64_t subject = statement->subject;
    statements_fail(statements, mem_grow(&statements->added, statements->added_count, &statements->added_room,
                                         sizeof(*statements->added)));
    if (statements->rc != 0)
        return;
    uint64_t *last = numbers_get(&statements->added_last, subject);
    statements->added[statements->added_count++] = (struct statement_added){.statement = *statement};
    if (last)
        statements->added[*last - 1].next = statements->added_count;
    else
        statements_fail(statements, numbers_set(&statements->added_first, subject, statements->added_count));
    statements_fail(statements, numbers_set(&statements->added_last, subject, statements->added_count));
}

static void statements_put(struct statements *statements, const struct statement *statement)
{
    if (statement->person)
        statements_keep(statements, statement);
    else /* there may be millions: who links knows them */
        statements_write(statements, statement);
}

uint64_t statements_add(struct statements *statements, const struct statement *statement)
{
    struct statement made = *statement;
    made.number = ++statements->last_number;
    made.run = statements->run;
    made.time_ms = statements->now_ms;
    if (made.person) {
        made.author = kept_text(statements, made.author);
        made.reason = kept_text(statements, made.reason);
        made.about = kept_text(statements, made.about);
        kept_value(statements, &made.value);
        kept_value(statements, &made.against);
        statements->persons = true;
    }
    statements_put(statements, &made);
    if (statement_has_two(&made)) {
        uint64_t subject = made.other;
        made.other = made.subject;
        made.subject = subject;
        made.follows = made.late = false;
        made.rule = made.person ? 0 : made.rule;
        made.about = NULL;
        statements_put(statements, &made);
    }
    statements->any = true;
    return made.number;
}

void statements_said(struct statements *statements, const struct statement *pin, struct value said)
{
    const uint64_t *first = numbers_get(&statements->added_first, pin->subject);
    for (size_t at = first ? *first : 0; at != 0; at = statements->added[at - 1].next) {
        struct statement *added = &statements->added[at - 1].statement;
        if (added->number != pin->number)
            continue;
        added->against = said;
        kept_value(statements, &added->against);
    }
}

void statements_settled(struct statements *statements)
{
    for (size_t i = 0; i < statements->added_count; i++)
        if (!numbers_get(&statements->withdrawn, statements->added[i].statement.number))
            statements_write(statements, &statements->added[i].statement);
    if (statements->last_number != meta_number(statements->snapshot, "statement"))
        changeset_counter(statements->changeset, "statement", statements->last_number);
    if (statements->persons && meta_number(statements->snapshot, "statements by people") == 0)
        changeset_counter(statements->changeset, "statements by people", 1);
}

/* Deletes the stored row; what was added by this very run goes only from its sight. */
static void statements_delete(struct statements *statements, uint64_t subject, uint64_t number)
{
    uint8_t key[KEY];
    struct bytes old;
    statement_key(subject, number, key);
    if (txn_get(statements->snapshot, TABLE_statement, bytes(key, sizeof(key)), &old))
        changeset_delete(statements->changeset, TABLE_statement, bytes(key, sizeof(key)), old);
}

void statements_withdraw(struct statements *statements, const struct statement *statement, const char *author,
                         const char *reason)
{
    uint8_t key[KEY];
    if (numbers_get(&statements->withdrawn, statement->number))
        return;
    statements_fail(statements, numbers_set(&statements->withdrawn, statement->number, 1));
    statements_delete(statements, statement->subject, statement->number);
    if (statement_has_two(statement))
        statements_delete(statements, statement->other, statement->number);
    struct statement gone = *statement;
    gone.withdrawn = true;
    gone.withdrawn_by = author;
    gone.withdrawn_because = reason;
    buffer_clear(&statements->row);
    buffer_add(&statements->row, &gone.subject, sizeof(gone.subject));
    statement_write(&gone, &statements->row);
    statements_fail(statements, statements->row.rc);
    statement_key(0, gone.number, key);
    if (statements->rc == 0)
        changeset_set(statements->changeset, TABLE_statement, bytes(key, sizeof(key)),
                      bytes(statements->row.data, statements->row.len));
}

void statements_undecided(struct statements *statements, const struct statement *statement)
{
    uint8_t key[KEY];
    struct bytes old;
    struct statement made = *statement;
    made.rule = RULE_UNDECIDED;
    statement_key(made.subject, made.number, key);
    buffer_clear(&statements->row);
    statement_write(&made, &statements->row);
    statements_fail(statements, statements->row.rc);
    if (statements->rc == 0 && txn_get(statements->snapshot, TABLE_statement, bytes(key, sizeof(key)), &old))
        changeset_put(statements->changeset, TABLE_statement, bytes(key, sizeof(key)), old,
                      bytes(statements->row.data, statements->row.len));
}

void statements_erase(struct statements *statements, struct bytes key, struct bytes value,
                      const struct statement *statement)
{
    statements_fail(statements, numbers_set(&statements->withdrawn, statement->number, 1));
    if (statements->rc == 0)
        changeset_delete(statements->changeset, TABLE_statement, key, value);
}

/* --- asking --- */

void statement_first(struct statement_walk *walk, struct statements *statements, uint64_t subject)
{
    *walk = (struct statement_walk){.statements = statements, .subject = subject};
    if (!statements->any)
        return;
    uint64_t prefix = __builtin_bswap64(subject);
    cursor_open(&walk->cursor, statements->snapshot, TABLE_statement);
    walk->stored = cursor_seek(&walk->cursor, bytes(&prefix, sizeof(prefix)));
}

static bool statement_counts(const struct statements *statements, const struct statement *statement)
{
    bool ended = statement->until_ms != 0 && statement->until_ms <= statements->now_ms;
    return !ended && !numbers_get(&statements->withdrawn, statement->number);
}

/* Position + 1 of the next one of the subject that this run adds; 0: none. */
static size_t added_next(const struct statement_walk *walk)
{
    const struct statements *statements = walk->statements;
    if (walk->added != 0)
        return statements->added[walk->added - 1].next;
    const uint64_t *first = statements->added_count > 0 ? numbers_get(&statements->added_first, walk->subject) : NULL;
    return first ? *first : 0;
}

bool statement_next(struct statement_walk *walk, struct statement *ret_statement)
{
    struct statements *statements = walk->statements;
    uint64_t prefix = __builtin_bswap64(walk->subject);
    while (walk->stored && cursor_has_prefix(&walk->cursor, bytes(&prefix, sizeof(prefix)))) {
        bool read = statement_read(walk->cursor.key, walk->cursor.value, ret_statement);
        if (!read)
            statements_fail(statements, ERR_CORRUPT);
        walk->stored = cursor_next(&walk->cursor);
        if (read && statement_counts(statements, ret_statement))
            return true;
    }
    walk->stored = false;
    for (size_t next; (next = added_next(walk)) != 0;) {
        walk->added = next;
        *ret_statement = statements->added[next - 1].statement;
        if (statement_counts(statements, ret_statement))
            return true;
    }
    return false;
}

void statement_end(struct statement_walk *walk)
{
    if (walk->cursor.mdb)
        cursor_close(&walk->cursor);
}

bool statement_stands(struct statements *statements, uint64_t subject, enum statement_type type,
                      struct statement *ret_statement)
{
    struct statement_walk walk;
    struct statement statement;
    bool stands = false;
    if (!statements->persons && type != STATEMENT_LINK)
        return false;
    statement_first(&walk, statements, subject);
    while (!stands && statement_next(&walk, &statement))
        stands = statement.type == type;
    statement_end(&walk);
    if (stands && ret_statement)
        *ret_statement = statement;
    return stands;
}
