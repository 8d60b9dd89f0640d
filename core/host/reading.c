/* reading - records that the engine gave: what fields there are, and the rows of values that stand for them. */
#include "host/reading.h"

#include "base/error.h"
#include "base/jsontext.h"
#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>

enum { FIELDS_MAX = 16384, LEAST_FIELD = 9 /* bytes: an empty name and a type */ };

static size_t hash(const char *name)
{
    uint32_t value = 2166136261u;
    for (; *name; name++)
        value = (value ^ (unsigned char)*name) * 16777619u;
    return value ^ value >> 15;
}

static size_t slot_of(const struct shape *shape, const char *name)
{
    size_t slot = hash(name) & (shape->slot_count - 1);
    while (shape->slots[slot] != 0 && strcmp(shape->names[shape->slots[slot] - 1], name) != 0)
        slot = (slot + 1) & (shape->slot_count - 1);
    return slot;
}

int shape_read(struct shape *shape, struct wire *wire)
{
    uint32_t count = wire_get_u32(wire);
    if (wire->bad || count > FIELDS_MAX || count > (size_t)(wire->end - wire->at) / LEAST_FIELD)
        return ERR_CORRUPT;
    *shape = (struct shape){.slot_count = 16};
    while (shape->slot_count < 2 * (size_t)count)
        shape->slot_count *= 2;
    shape->names = mem_new(count + 1, sizeof(*shape->names));
    shape->types = mem_new(count + 1, sizeof(*shape->types));
    shape->slots = mem_new(shape->slot_count, sizeof(*shape->slots));
    if (!shape->names || !shape->types || !shape->slots)
        return -ENOMEM;
    for (; shape->count < count; shape->count++) {
        const char *name = wire_need_text(wire);
        shape->types[shape->count] = (uint8_t)wire_get_u32(wire);
        if (wire->bad)
            return ERR_CORRUPT;
        shape->names[shape->count] = name;
        size_t slot = slot_of(shape, name);
        if (shape->slots[slot] == 0) /* of two fields with one name the first is found by it */
            shape->slots[slot] = (uint32_t)shape->count + 1;
    }
    return 0;
}

void shape_done(struct shape *shape)
{
    free(shape->names);
    free(shape->types);
    free(shape->slots);
    *shape = (struct shape){0};
}

bool reading_row(const struct shape *shape, struct wire *wire, struct cell *cells)
{
    uint32_t count = wire_get_u32(wire);
    if (wire->bad || count == WIRE_NO_ROW)
        return false;
    memset(cells, 0, shape->count * sizeof(*cells));
    for (uint32_t i = 0; i < count; i++) {
        const char *head = wire_get_bytes(wire, 8);
        if (!head)
            return false;
        uint16_t field;
        uint32_t len;
        memcpy(&field, head, sizeof(field));
        memcpy(&len, head + 4, sizeof(len));
        const char *text = wire_get_bytes(wire, (size_t)len + 1);
        if (!text || field >= shape->count || text[len] != '\0') {
            wire->bad = true;
            return false;
        }
        uint8_t presence = (uint8_t)head[2] & (uint8_t)~WIRE_HAS_CHANGED;
        cells[field] = (struct cell){presence >= WIRE_IS_EMPTY ? text : NULL, len, presence,
                                     ((uint8_t)head[2] & WIRE_HAS_CHANGED) != 0};
    }
    return true;
}

/* NULL: it has no such field, or it is none that is read. */
static const struct cell *cell_of(const muster_record *record, const char *field)
{
    if (!record || !record->read || !field)
        return NULL;
    const struct reading *reading = (const struct reading *)record;
    struct shape *shape = reading->shape;
    size_t at = shape->next;
    if (at >= shape->count || (shape->names[at] != field && strcmp(shape->names[at], field) != 0)) {
        uint32_t found = shape->slots[slot_of(shape, field)];
        if (found == 0)
            return NULL;
        at = found - 1;
    }
    shape->next = at + 1 < shape->count ? at + 1 : 0;
    return &reading->cells[at];
}

int32_t reading_present(const muster_record *record, const char *field)
{
    const struct cell *cell = cell_of(record, field);
    if (!cell)
        return 0;
    const struct reading *reading = (const struct reading *)record;
    reading->shape->next = (size_t)(cell - reading->cells); /* mostly it is read next */
    return cell->presence;
}

const char *reading_get(const muster_record *record, const char *field)
{
    const struct cell *cell = cell_of(record, field);
    return cell ? cell->text : NULL;
}

static void json_typed(struct buffer *out, uint8_t type, const struct cell *cell)
{
    bool number = type == MUSTER_INTEGER || type == MUSTER_DECIMAL || type == MUSTER_SECONDS || type == MUSTER_BYTES;
    if (cell->presence != WIRE_IS_VALUE)
        json_string(out, cell->text, cell->len);
    else if ((number && json_number_valid(cell->text, cell->len)) ||
             (type == MUSTER_BOOL && (strcmp(cell->text, "true") == 0 || strcmp(cell->text, "false") == 0)))
        buffer_add(out, cell->text, cell->len);
    else if (type == MUSTER_JSON || type == MUSTER_LIST)
        json_raw(out, cell->text, cell->len);
    else
        json_string(out, cell->text, cell->len);
}

const char *reading_json(muster_run *run, const muster_record *record)
{
    struct session *session = session_of(run);
    if (!record || !record->read) {
        session_fail(session, MUSTER_FAIL, "the connector called json() for a record that it was not given");
        return NULL;
    }
    const struct reading *reading = (const struct reading *)record;
    const struct shape *shape = reading->shape;
    struct buffer *out = &session->json;
    buffer_clear(out);
    buffer_byte(out, '{');
    for (size_t i = 0; i < shape->count; i++) {
        const struct cell *cell = &reading->cells[i];
        if (cell->presence == 0)
            continue;
        json_name(out, shape->names[i]);
        json_typed(out, shape->types[i], cell);
    }
    buffer_byte(out, '}');
    if (out->rc == 0)
        return out->data;
    session_spoil(session, "no memory for a record as JSON");
    return NULL;
}
