/* journal - what changed, when, from what to what, by which run, as bytes. */
#include "tables/journal.h"

#include "base/error.h"
#include "base/mem.h"

#include <string.h>

enum { HEAD = 33, PREVIOUS = 25, PART = 12, CHANGE = 22 };

static void head_write(struct journal_entry *entry, uint32_t run, int64_t time_ms, enum kind kind, uint64_t id,
                       uint64_t previous)
{
    uint8_t *at = (uint8_t *)buffer_reserve(&entry->bytes, HEAD);
    if (!at)
        return;
    memset(at, 0, HEAD);
    memcpy(at, &run, 4);
    memcpy(at + 8, &time_ms, 8);
    at[16] = (uint8_t)kind;
    memcpy(at + 17, &id, 8);
    memcpy(at + PREVIOUS, &previous, 8);
}

void journal_begin(struct journal_entry *entry, uint32_t run, int64_t time_ms, enum kind kind, uint64_t id,
                   uint64_t previous)
{
    buffer_clear(&entry->bytes);
    entry->parts = 0;
    entry->changes = 0;
    head_write(entry, run, time_ms, kind, id, previous);
}

static void part_close(struct journal_entry *entry)
{
    if (entry->parts > 0 && entry->bytes.rc == 0)
        memcpy(entry->bytes.data + entry->part_at + 2, &entry->changes, sizeof(entry->changes));
    entry->changes = 0;
}

void journal_part(struct journal_entry *entry, enum kind kind, uint64_t id, enum journal_op op)
{
    part_close(entry);
    entry->part_at = entry->bytes.len;
    entry->parts++;
    uint8_t *at = (uint8_t *)buffer_reserve(&entry->bytes, PART);
    if (!at)
        return;
    memset(at, 0, PART);
    at[0] = (uint8_t)kind;
    at[1] = (uint8_t)op;
    memcpy(at + 4, &id, 8);
}

void journal_change(struct journal_entry *entry, uint16_t field, struct value was, struct value is, uint64_t seed)
{
    uint8_t *at = (uint8_t *)buffer_reserve(&entry->bytes, CHANGE);
    if (!at)
        return;
    entry->changes++;
    memcpy(at, &field, 2);
    at[2] = (uint8_t)was.presence;
    at[3] = was.flags;
    memcpy(at + 4, &was.len, 4);
    at[8] = (uint8_t)is.presence;
    at[9] = is.flags;
    memcpy(at + 10, &is.len, 4);
    memcpy(at + 14, &seed, 8);
    buffer_add(&entry->bytes, was.bytes, was.len);
    buffer_add(&entry->bytes, is.bytes, is.len);
}

bool journal_end(struct journal_entry *entry)
{
    part_close(entry);
    if (entry->bytes.rc == 0)
        memcpy(entry->bytes.data + 4, &entry->parts, sizeof(entry->parts));
    return entry->parts > 0;
}

bool journal_open(struct journal_reader *reader, struct bytes value)
{
    const uint8_t *at = value.data;
    if (value.len < HEAD)
        return false;
    *reader = (struct journal_reader){.kind = (enum kind)at[16], .at = at + HEAD, .end = at + value.len};
    memcpy(&reader->run, at, 4);
    memcpy(&reader->parts, at + 4, 4);
    memcpy(&reader->time_ms, at + 8, 8);
    memcpy(&reader->id, at + 17, 8);
    memcpy(&reader->previous, at + PREVIOUS, 8);
    return true;
}

bool journal_next_part(struct journal_reader *reader, struct journal_part *ret_part)
{
    struct journal_change skipped;
    while (reader->changes > 0)
        if (!journal_next_change(reader, &skipped))
            return false;
    if (reader->parts == 0 || reader->end - reader->at < PART)
        return false;
    reader->parts--;
    ret_part->kind = (enum kind)reader->at[0];
    ret_part->op = (enum journal_op)reader->at[1];
    memcpy(&ret_part->changes, reader->at + 2, 2);
    memcpy(&ret_part->id, reader->at + 4, 8);
    reader->changes = ret_part->changes;
    reader->at += PART;
    return true;
}

bool journal_next_change(struct journal_reader *reader, struct journal_change *ret_change)
{
    if (reader->changes == 0 || reader->end - reader->at < CHANGE)
        return false;
    const uint8_t *at = reader->at;
    struct journal_change change = {.was = {.presence = (enum presence)at[2], .flags = at[3]},
                                    .is = {.presence = (enum presence)at[8], .flags = at[9]}};
    memcpy(&change.field, at, 2);
    memcpy(&change.was.len, at + 4, 4);
    memcpy(&change.is.len, at + 10, 4);
    memcpy(&change.seed, at + 14, 8);
    at += CHANGE;
    if ((size_t)(reader->end - at) < (size_t)change.was.len + change.is.len)
        return false;
    change.was.bytes = (const char *)at;
    change.is.bytes = (const char *)at + change.was.len;
    reader->at = at + change.was.len + change.is.len;
    reader->changes--;
    *ret_change = change;
    return true;
}

bool journal_blank(struct bytes value, struct journal_entry *entry)
{
    struct journal_reader reader;
    struct journal_part part;
    if (!journal_open(&reader, value))
        return false;
    uint32_t parts = reader.parts;
    journal_begin(entry, reader.run, reader.time_ms, reader.kind, reader.id, reader.previous);
    while (journal_next_part(&reader, &part))
        journal_part(entry, part.kind, part.id, part.op);
    journal_end(entry);
    return entry->parts == parts && entry->bytes.rc == 0;
}

/* --- what is kept no longer --- */

static int anew_add(struct journal_anew *anew, const struct journal_part *part, uint16_t field)
{
    int rc = mem_grow(&anew->items, anew->count, &anew->room, sizeof(*anew->items));
    if (rc == 0)
        anew->items[anew->count++] = (struct journal_said){part->kind, field, part->id};
    return rc;
}

static bool anew_take(struct journal_anew *anew, const struct journal_part *part, uint16_t field)
{
    for (size_t n = 0; n < anew->count; n++)
        if (anew->items[n].field == field && anew->items[n].id == part->id && anew->items[n].kind == part->kind) {
            anew->items[n] = anew->items[--anew->count];
            return true;
        }
    return false;
}

static bool is_state(enum journal_op op)
{
    return op == JOURNAL_GONE || op == JOURNAL_RETURNED;
}

int journal_anew(struct bytes value, struct journal_anew *ret_anew)
{
    struct journal_reader reader;
    struct journal_part part;
    struct journal_change change;
    int rc = journal_open(&reader, value) ? 0 : ERR_CORRUPT;
    ret_anew->count = 0;
    for (uint32_t left = rc == 0 ? reader.parts : 0; left > 0 && rc == 0; left--) {
        if (!journal_next_part(&reader, &part))
            return ERR_CORRUPT;
        if (is_state(part.op))
            rc = anew_add(ret_anew, &part, 0);
        for (uint16_t n = part.changes; n > 0 && rc == 0; n--)
            rc = journal_next_change(&reader, &change) ? anew_add(ret_anew, &part, change.field) : ERR_CORRUPT;
    }
    return rc;
}

/* Goes through an entry: each change that stays is written. `anew` NULL: all stay, without what was before. */
static int entry_again(struct bytes value, struct journal_anew *anew, struct journal_entry *entry, uint64_t *ret_fewer)
{
    static const struct value bygone = {.presence = PRESENCE_ABSENT, .flags = VALUE_BYGONE};
    struct journal_reader reader;
    struct journal_part part;
    struct journal_change change;
    *ret_fewer = 0;
    if (!journal_open(&reader, value))
        return ERR_CORRUPT;
    journal_begin(entry, reader.run, reader.time_ms, reader.kind, reader.id, reader.previous);
    for (uint32_t left = reader.parts; left > 0; left--) {
        if (!journal_next_part(&reader, &part))
            return ERR_CORRUPT;
        bool over = anew && is_state(part.op) && anew_take(anew, &part, 0), begun = false;
        enum journal_op op = over ? JOURNAL_CHANGED : part.op;
        *ret_fewer += over;
        if (op != JOURNAL_CHANGED) {
            journal_part(entry, part.kind, part.id, op);
            begun = true;
        }
        for (uint16_t n = part.changes; n > 0; n--) {
            if (!journal_next_change(&reader, &change))
                return ERR_CORRUPT;
            bool goes = anew && anew_take(anew, &part, change.field),
                 forgets = !anew && !(change.was.flags & VALUE_BYGONE);
            *ret_fewer += goes || forgets;
            if (goes)
                continue;
            if (!begun)
                journal_part(entry, part.kind, part.id, op);
            begun = true;
            journal_change(entry, change.field, forgets ? bygone : change.was, change.is, change.seed);
        }
    }
    journal_end(entry);
    return entry->bytes.rc;
}

int journal_older(struct bytes value, struct journal_anew *anew, struct journal_entry *entry, bool *ret_less)
{
    uint64_t fewer = 0;
    int rc = entry_again(value, anew, entry, &fewer);
    *ret_less = fewer > 0;
    return rc;
}

int journal_forget(struct bytes value, struct journal_entry *entry, uint64_t *ret_values)
{
    return entry_again(value, NULL, entry, ret_values);
}

void journal_hang(struct journal_entry *entry, uint64_t previous)
{
    if (entry->bytes.rc == 0)
        memcpy(entry->bytes.data + PREVIOUS, &previous, sizeof(previous));
}

enum journal_op journal_ends(struct bytes value)
{
    struct journal_reader reader;
    struct journal_part part;
    if (!journal_open(&reader, value))
        return 0;
    while (journal_next_part(&reader, &part))
        if (part.kind == reader.kind && part.id == reader.id &&
            (part.op == JOURNAL_ERASED || part.op == JOURNAL_EXPIRED))
            return part.op;
    return 0;
}

/* --- after a restore --- */

bool journal_leapt(struct bytes leaps, uint64_t sequence)
{
    struct journal_leap leap;
    for (size_t at = 0; at + sizeof(leap) <= leaps.len; at += sizeof(leap)) {
        memcpy(&leap, (const char *)leaps.data + at, sizeof(leap));
        if (sequence > leap.from && sequence < leap.to)
            return true;
    }
    return false;
}
