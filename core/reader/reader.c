/* reader - things of a snapshot, their values, and what changed. */
#include "base/buffer.h"
#include "reader/snapshot.h"
#include "tables/journal.h"

#include <errno.h>
#include <string.h>

static int kind_asked(struct muster_reader *reader, const char *name, enum kind *ret_kind)
{
    *ret_kind = kind_by_name(name);
    return *ret_kind
               ? MUSTER_READER_OK
               : reader_fail(reader, MUSTER_READER_UNKNOWN, "there is no kind '%s'; `muster fields` lists them", name);
}

static int object_read(struct muster_reader *reader, enum kind kind, uint64_t id, struct bytes row,
                       muster_reader_object *ret_object)
{
    struct image image;
    enum entity_state state;
    if (!entity_image(row, &image, &state))
        return reader_fail(reader, MUSTER_READER_DAMAGED, "%s: data.mdb is damaged", reader->folder);
    *ret_object =
        (muster_reader_object){.id = id, .gone = state == ENTITY_GONE, .kind = kind, .row = row.data, .len = row.len};
    return MUSTER_READER_OK;
}

static int object_get(struct muster_reader *reader, enum kind kind, uint64_t id, muster_reader_object *ret_object)
{
    uint8_t key[ENTITY_KEY];
    struct bytes row;
    entity_key(kind, id, key);
    int rc = snapshot_get(reader, reader->entity, key, sizeof(key), &row);
    return rc ? rc : object_read(reader, kind, id, row, ret_object);
}

int muster_reader_get(muster_reader *reader, const char *kind_name, uint64_t id, muster_reader_object *ret_object)
{
    enum kind kind;
    int rc = kind_asked(reader, kind_name, &kind);
    return rc ? rc : object_get(reader, kind, id, ret_object);
}

/* The row behind that of `key`; the cursor stays where a walk goes on. */
static int row_next(struct muster_reader *reader, const uint8_t key[ENTITY_KEY], MDB_val *ret_key, MDB_val *ret_row)
{
    bool goes_on = reader->walk && memcmp(reader->walked, key, ENTITY_KEY) == 0;
    int rc = reader->walk ? 0 : mdb_cursor_open(reader->txn, reader->entity, &reader->walk);
    *ret_key = (MDB_val){ENTITY_KEY, (void *)(uintptr_t)key};
    if (rc == 0)
        rc = mdb_cursor_get(reader->walk, ret_key, ret_row, goes_on ? MDB_NEXT : MDB_SET_RANGE);
    if (rc == 0 && !goes_on && ret_key->mv_size == ENTITY_KEY && memcmp(ret_key->mv_data, key, ENTITY_KEY) == 0)
        rc = mdb_cursor_get(reader->walk, ret_key, ret_row, MDB_NEXT);
    if (rc == 0 && ret_key->mv_size == ENTITY_KEY)
        memcpy(reader->walked, ret_key->mv_data, ENTITY_KEY);
    else
        memset(reader->walked, 0, ENTITY_KEY); /* of no kind */
    return rc;
}

int muster_reader_next(muster_reader *reader, const char *kind_name, muster_reader_object *object)
{
    enum kind kind;
    uint8_t key[ENTITY_KEY];
    MDB_val found, row;
    int rc = kind_asked(reader, kind_name, &kind);
    if (rc == 0)
        rc = snapshot_lasts(reader);
    if (rc != 0)
        return rc;
    entity_key(kind, object->id, key);
    rc = row_next(reader, key, &found, &row);
    if (rc == MDB_NOTFOUND)
        return MUSTER_READER_END;
    if (rc != 0)
        return reader_code(reader, rc);
    if (found.mv_size != ENTITY_KEY || *(const uint8_t *)found.mv_data != kind)
        return MUSTER_READER_END;
    return object_read(reader, kind, entity_key_id(bytes(found.mv_data, found.mv_size)),
                       bytes(row.mv_data, row.mv_size), object);
}

int muster_reader_part(muster_reader *reader, const muster_reader_object *object, const char *kind_name, size_t nth,
                       muster_reader_object *ret_object)
{
    enum kind kind;
    int rc = kind_asked(reader, kind_name, &kind);
    if (rc == 0)
        rc = snapshot_lasts(reader);
    if (rc != 0)
        return rc;
    if (!entity_read(bytes(object->row, object->len), &reader->one))
        return reader_fail(reader, MUSTER_READER_DAMAGED, "%s: data.mdb is damaged", reader->folder);
    for (uint16_t n = 0; n < reader->one.child_count; n++)
        if (reader->one.children[n].kind == kind && nth-- == 0)
            return object_get(reader, kind, reader->one.children[n].id, ret_object);
    return MUSTER_READER_END;
}

/* --- values --- */

/* The organization's own fields have the numbers that its store gave them. */
static int field_custom(struct muster_reader *reader, const char *name)
{
    struct buffer key __attribute__((cleanup(buffer_done))) = {0};
    struct bytes value;
    uint32_t number = 0;
    buffer_format(&key, "nfield:%s", name);
    int rc = key.rc ? reader_code(reader, ENOMEM) : snapshot_get(reader, reader->dict, key.data, key.len, &value);
    if (rc == 0 && value.len == sizeof(number))
        memcpy(&number, value.data, sizeof(number));
    return rc < 0 ? rc : (int)number;
}

int muster_reader_field(muster_reader *reader, const char *kind_name, const char *name)
{
    enum kind kind;
    int rc = kind_asked(reader, kind_name, &kind);
    if (rc != 0)
        return rc;
    const struct field *field = field_by_name(kind, name);
    if (field)
        return field->number;
    if (kind == KIND_person && strncmp(name, "custom.", 7) == 0 && (rc = field_custom(reader, name)) != 0)
        return rc;
    return reader_fail(reader, MUSTER_READER_UNKNOWN, "%s has no field '%s'; `muster fields %s` lists them", kind_name,
                       name, kind_name);
}

int muster_reader_value(const muster_reader_object *object, int number, muster_reader_cell *ret_cell)
{
    struct image image;
    enum entity_state state;
    *ret_cell = (muster_reader_cell){0};
    if (number <= 0 || number > UINT16_MAX || !object->row ||
        !entity_image(bytes(object->row, object->len), &image, &state))
        return MUSTER_READER_ABSENT;
    const struct field *field = field_by_number((enum kind)object->kind, (uint16_t)number);
    struct value value = image_get(image, (uint16_t)number);
    ret_cell->presence = (int32_t)value.presence;
    if (value.presence != PRESENCE_VALUE || (value.flags & VALUE_SEALED))
        return ret_cell->presence;
    size_t len = value.len;
    if (field && field->type == TYPE_REF)
        ret_cell->id = reference_id(value);
    else if (field && field->type == TYPE_ENUM)
        ret_cell->text = enum_text(field, (uint8_t)*value.bytes, &len);
    else
        ret_cell->text = value.bytes;
    ret_cell->len = ret_cell->text ? (uint32_t)len : 0;
    return ret_cell->presence;
}

/* --- what changed --- */

int muster_reader_change(muster_reader *reader, uint64_t *sequence, const char **ret_kind, uint64_t *ret_id)
{
    struct bytes leaps;
    struct journal_reader entry;
    uint64_t after = __builtin_bswap64(*sequence + 1);
    MDB_val key = {sizeof(after), &after}, row;
    MDB_cursor *cursor;
    int rc = snapshot_get(reader, reader->meta, "leaps", 5, &leaps);
    if (rc < 0)
        return rc;
    if (rc == 0 && journal_leapt(leaps, *sequence)) {
        *sequence = reader->sequence;
        return reader_fail(reader, MUSTER_READER_AGAIN,
                           "%s: a backup was put back, and with it went what was read here: read everything anew",
                           reader->folder);
    }
    rc = mdb_cursor_open(reader->txn, reader->journal, &cursor);
    if (rc != 0)
        return reader_code(reader, rc);
    rc = mdb_cursor_get(cursor, &key, &row, MDB_SET_RANGE);
    if (rc == 0 && (key.mv_size != sizeof(after) || !journal_open(&entry, bytes(row.mv_data, row.mv_size))))
        rc = MDB_CORRUPTED;
    if (rc == 0) {
        memcpy(&after, key.mv_data, sizeof(after));
        *sequence = __builtin_bswap64(after);
        *ret_kind = kind_name(entry.kind);
        *ret_id = entry.id;
    }
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? MUSTER_READER_END : reader_code(reader, rc);
}
