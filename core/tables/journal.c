/* journal - what changed, when, from what to what, by which run, as bytes. */
#include "tables/journal.h"

#include <string.h>

enum { HEAD = 33, PART = 12, CHANGE = 22 };

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
    memcpy(at + 25, &previous, 8);
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
    memcpy(&reader->previous, at + 25, 8);
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
