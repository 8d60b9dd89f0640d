/* rawrow - what a row said in the columns that its mapping uses, kept beside what was made of it. */
#include "tables/rawrow.h"

#include "base/digest.h"

#include <errno.h>
#include <muster/connector.h>
#include <string.h>

/* In the flags, beside VALUE_SEALED: the lowest bit of the type, that a field gives the value, the rest of the type. */
enum { TYPE_LOW = 0x1, ROW_GIVEN = 0x2, TYPE_HIGH = 0x38, TYPE_SHIFT = 2 };

static uint8_t type_flags(uint8_t type)
{
    return (uint8_t)((type & 1u) | ((type >> 1 & 7u) << (TYPE_SHIFT + 1)));
}

static uint8_t flags_type(uint8_t flags)
{
    return (uint8_t)((flags & TYPE_LOW) | (flags & TYPE_HIGH) >> TYPE_SHIFT);
}

/* --- the layout --- */

static void column_from(struct rawrow_layout *layout, int column, enum rawrow_how how, const struct section *section,
                        const struct rule *rule)
{
    struct rawrow_column *at = column < 0 ? NULL : &layout->columns[column];
    if (!at || at->how != RAWROW_KEPT)
        return;
    at->how = how;
    at->kind = section->kind;
    at->field = rule->field->number;
    at->rule = rule;
}

static void section_gives(struct rawrow_layout *layout, const struct section *section, bool plain)
{
    for (size_t n = 0; n < section->rule_count; n++) {
        const struct rule *rule = &section->rules[n];
        if (rule->unit_type > 0) {
            column_from(layout, rule->unit_code, RAWROW_CODE, section, rule);
            column_from(layout, rule->unit_from_partition ? -1 : rule->unit_name, RAWROW_NAME, section, rule);
        } else if (rule->how == FROM_COLUMN && rule->plain == plain && rule->field->type != TYPE_ENUM) {
            column_from(layout, rule->columns[0], rule->person_field ? RAWROW_PERSON : RAWROW_FIELD, section, rule);
        }
    }
}

static void section_seals(struct rawrow_layout *layout, const struct section *section)
{
    for (size_t n = 0; n < section->rule_count; n++) {
        const struct rule *rule = &section->rules[n];
        for (size_t c = 0; rule->field->sensitivity == SENSITIVITY_protected && c < rule->column_count; c++)
            layout->columns[rule->columns[c]].sealed = true;
    }
}

static void layout_digest(struct rawrow_layout *layout)
{
    uint64_t digest = layout->table | layout->all << 1 | layout->keyed << 2;
    for (size_t n = 0; n < layout->count; n++) {
        const struct rawrow_column *column = &layout->columns[n];
        uint16_t numbers[4] = {(uint16_t)column->how, (uint16_t)column->kind, column->field, column->sealed};
        digest = digest_seeded(digest, column->name, strlen(column->name));
        digest = digest_seeded(digest, numbers, sizeof(numbers));
    }
    memcpy(layout->digest, &digest, sizeof(layout->digest));
}

static uint64_t text_mix(uint64_t digest, const char *text)
{
    return text ? digest_seeded(digest, text, strlen(text)) : digest + 1;
}

/* Which rows are ours. */
static uint64_t where_digest(const struct mapping *mapping)
{
    uint64_t digest = 0;
    for (const struct condition *part = mapping->where; part; part = part->next) {
        const struct node *match = part->match ? node_get(part->node, "match") : NULL;
        digest = text_mix(digest + (uint64_t)(part->present + 2) * 2 + part->negated, mapping->columns[part->column]);
        digest = text_mix(digest, part->equals);
        for (const char *const *word = part->in; word && *word; word++)
            digest = text_mix(digest, *word);
        digest = text_mix(digest, match && match->type == NODE_TEXT ? match->text : NULL);
    }
    return digest;
}

int rawrow_layout_make(const struct mapping *mapping, struct arena *arena, struct rawrow_layout *ret_layout)
{
    struct rawrow_layout layout = {
        .all = mapping->keep_all, .keyed = mapping->key != NULL, .where = where_digest(mapping), .label = ""};
    bool lists = false; /* of those a row says more than one thing in a column */
    for (size_t s = 0; s < mapping->section_count; s++)
        lists |= mapping->sections[s].each != NULL;
    if (lists || mapping->column_count > RAWROW_COLUMNS_MOST) {
        *ret_layout = layout;
        return 0;
    }
    layout.count = mapping->column_count;
    layout.columns = arena_get(arena, (layout.count + 1) * sizeof(*layout.columns));
    if (!layout.columns)
        return -ENOMEM;
    for (size_t n = 0; n < layout.count; n++)
        layout.columns[n] = (struct rawrow_column){.name = mapping->columns[n], .place = "", .known = true};
    const struct section *sections = mapping->sections;
    if (mapping->key_count == 1 && mapping->section_count > 0 && !sections[0].key)
        layout.columns[mapping->key[0]].how = RAWROW_ID;
    for (int plain = 1; plain >= 0; plain--)
        for (size_t s = 0; s < mapping->section_count; s++)
            if (!sections[s].key)
                section_gives(&layout, &sections[s], plain);
    for (size_t s = 0; s < mapping->section_count; s++)
        section_seals(&layout, &sections[s]);
    layout_digest(&layout);
    *ret_layout = layout;
    return 0;
}

void rawrow_layout_table(struct rawrow_layout *layout, bool table)
{
    layout->table = table;
    layout_digest(layout);
}

/* u8 version, u8 flags, u16 columns, digest, u64 where, label with its end, then each column: u8 how, u8 kind, u16
 * field, u8 sealed and known, name and place with their ends. */
enum { LAYOUT = 1, HEAD = 4 + RAWROW_KEY + 8, COLUMN = 5, IS_SEALED = 1, IS_KNOWN = 2 };

void rawrow_layout_write(const struct rawrow_layout *layout, struct buffer *out)
{
    uint8_t head[2] = {LAYOUT,
                       (uint8_t)(layout->table | layout->all << 1 | layout->keyed << 2 | layout->filtered << 3)};
    uint16_t count = (uint16_t)layout->count;
    buffer_add(out, head, sizeof(head));
    buffer_add(out, &count, sizeof(count));
    buffer_add(out, layout->digest, RAWROW_KEY);
    buffer_add(out, &layout->where, sizeof(layout->where));
    buffer_add(out, layout->label, strlen(layout->label) + 1);
    for (size_t n = 0; n < layout->count; n++) {
        const struct rawrow_column *column = &layout->columns[n];
        uint8_t is[2] = {(uint8_t)column->how, (uint8_t)column->kind};
        buffer_add(out, is, sizeof(is));
        buffer_add(out, &column->field, sizeof(column->field));
        buffer_byte(out, (unsigned char)((column->sealed ? IS_SEALED : 0) | (column->known ? IS_KNOWN : 0)));
        buffer_add(out, column->name, strlen(column->name) + 1);
        buffer_add(out, column->place, strlen(column->place) + 1);
    }
}

static const char *text_read(const uint8_t **at, const uint8_t *end, struct arena *arena)
{
    const uint8_t *begin = *at, *stop = end > begin ? memchr(begin, '\0', (size_t)(end - begin)) : NULL;
    if (!stop)
        return NULL;
    *at = stop + 1;
    return arena_copy(arena, begin, (size_t)(stop - begin));
}

bool rawrow_layout_read(struct bytes value, struct arena *arena, struct rawrow_layout *ret_layout)
{
    struct rawrow_layout layout = {.label = ""};
    const uint8_t *at = value.data, *end = at + value.len;
    uint16_t count;
    *ret_layout = layout;
    if (value.len == 0)
        return true;
    if (value.len < HEAD || at[0] != LAYOUT)
        return false;
    layout.table = at[1] & 1;
    layout.all = at[1] & 2;
    layout.keyed = at[1] & 4;
    layout.filtered = at[1] & 8;
    memcpy(&count, at + 2, sizeof(count));
    memcpy(layout.digest, at + 4, RAWROW_KEY);
    memcpy(&layout.where, at + 4 + RAWROW_KEY, sizeof(layout.where));
    at += HEAD;
    layout.label = text_read(&at, end, arena);
    layout.columns = arena_get(arena, ((size_t)count + 1) * sizeof(*layout.columns));
    if (!layout.columns || !layout.label)
        return false;
    for (; layout.count < count; layout.count++) {
        struct rawrow_column *column = &layout.columns[layout.count];
        if (end - at < COLUMN)
            return false;
        column->how = (enum rawrow_how)at[0];
        column->kind = (enum kind)at[1];
        memcpy(&column->field, at + 2, sizeof(column->field));
        column->sealed = at[4] & IS_SEALED;
        column->known = at[4] & IS_KNOWN;
        at += COLUMN;
        column->name = text_read(&at, end, arena);
        column->place = column->name ? text_read(&at, end, arena) : NULL;
        if (!column->place)
            return false;
    }
    *ret_layout = layout;
    return at == end;
}

/* --- writing --- */

static bool same_bytes(const struct cell *cell, const char *text, size_t len)
{
    return cell->presence == PRESENCE_VALUE && len > 0 && cell->len == len && memcmp(cell->bytes, text, len) == 0;
}

/* A part of a reference: blank in a table is empty, elsewhere it may be null. */
static bool part_gives(const struct rawrow_layout *layout, const struct cell *cell, const char *text, uint32_t len)
{
    return len > 0 ? same_bytes(cell, text, len) : layout->table && cell->presence == PRESENCE_EMPTY;
}

static bool value_gives(const struct rawrow_layout *layout, enum rawrow_how how, const struct cell *cell,
                        struct value value)
{
    struct reference reference;
    if (value.presence != PRESENCE_VALUE)
        return cell->presence == value.presence;
    if (how == RAWROW_FIELD)
        return same_bytes(cell, value.bytes, value.len);
    if (!reference_read(value.bytes, value.len, &reference))
        return false;
    return how == RAWROW_NAME ? part_gives(layout, cell, reference.name, reference.name_len)
                              : part_gives(layout, cell, reference.text, reference.text_len);
}

static void column_given(const struct rawrow_layout *layout, const struct rule *rule, const struct cell *cells,
                         struct value value, int column, uint8_t *given)
{
    if (column >= 0 && layout->columns[column].rule == rule)
        given[column] = value_gives(layout, layout->columns[column].how, &cells[column], value);
}

void rawrow_given(const struct rawrow_layout *layout, const struct rule *rule, const struct cell *cells,
                  struct value value, uint8_t *given)
{
    if (rule->unit_type > 0) {
        column_given(layout, rule, cells, value, rule->unit_code, given);
        column_given(layout, rule, cells, value, rule->unit_name, given);
    } else if (rule->how == FROM_COLUMN) {
        column_given(layout, rule, cells, value, rule->columns[0], given);
    }
}

bool rawrow_entry(const struct cell *cell, bool given, struct value *ret_value)
{
    if (cell->presence == PRESENCE_ABSENT)
        return false;
    if (cell->presence != PRESENCE_VALUE || cell->len == 0) {
        *ret_value = (struct value){.presence = cell->presence == PRESENCE_NULL ? PRESENCE_NULL : PRESENCE_EMPTY};
        return !given;
    }
    if (given && cell->type == MUSTER_TEXT)
        return false;
    *ret_value = (struct value){.presence = PRESENCE_VALUE,
                                .flags = (uint8_t)(type_flags(cell->type) | (given ? ROW_GIVEN : 0)),
                                .len = given ? 0 : cell->len,
                                .bytes = given ? "" : cell->bytes};
    return true;
}

void rawrow_pack(const struct rawrow_layout *layout, const char *place, struct image row, struct buffer *out)
{
    uint16_t len = (uint16_t)strnlen(place, PLACE_MAX);
    buffer_add(out, layout->digest, RAWROW_KEY);
    buffer_add(out, &len, sizeof(len));
    buffer_add(out, place, len);
    buffer_add(out, row.bytes, row.len);
}

bool rawrow_unpack(struct bytes packed, struct section_view *ret_row, struct bytes *ret_place)
{
    const uint8_t *at = packed.data;
    uint16_t len;
    if (packed.len < RAWROW_KEY + sizeof(len))
        return false;
    memcpy(&len, at + RAWROW_KEY, sizeof(len));
    size_t begin = RAWROW_KEY + sizeof(len) + len;
    if (packed.len < begin)
        return false;
    struct image image = {at + begin, (uint32_t)(packed.len - begin)};
    if (!image_valid(image))
        return false;
    *ret_place = bytes(at + RAWROW_KEY + sizeof(len), len);
    *ret_row =
        (struct section_view){.kind = KIND_MAPPED, .key = (const char *)at, .key_len = RAWROW_KEY, .image = image};
    return true;
}

/* --- reading --- */

bool rawrow_is(const struct rawrow_layout *layout, const struct section_view *section)
{
    return layout->count > 0 && section->kind == KIND_MAPPED && section->key_len >= RAWROW_KEY &&
           memcmp(section->key, layout->digest, RAWROW_KEY) == 0;
}

static const struct section_view *plain_section(const struct source *record, enum kind kind)
{
    for (uint16_t n = 0; n < record->count; n++)
        if (record->sections[n].kind == kind && record->sections[n].key_len == 0)
            return &record->sections[n];
    return NULL;
}

static struct cell text_cell(const char *text, size_t len)
{
    return (struct cell){len > 0 ? PRESENCE_VALUE : PRESENCE_EMPTY, MUSTER_TEXT, (uint32_t)len, text};
}

/* What a field says is what the cell said, where the row has no entry of its own. What the field has from before
 * tells only that the cell was blank, or not there. */
static struct cell cell_given(const struct rawrow_layout *layout, const struct source *record,
                              const struct rawrow_column *column, bool *ret_sealed)
{
    const struct section_view *section = plain_section(record, column->kind);
    struct value value = section ? image_get(section->image, column->field) : (struct value){0};
    struct reference reference;
    if (value.presence != PRESENCE_ABSENT && value.flags & VALUE_CARRIED)
        return (struct cell){.presence = layout->table && column->known ? PRESENCE_EMPTY : PRESENCE_ABSENT};
    if (value.presence != PRESENCE_VALUE)
        return (struct cell){.presence = value.presence};
    *ret_sealed = value.flags & VALUE_SEALED;
    if (column->how == RAWROW_FIELD)
        return text_cell(value.bytes, value.len);
    if (!reference_read(value.bytes, value.len, &reference))
        return (struct cell){0};
    return column->how == RAWROW_NAME ? text_cell(reference.name, reference.name_len)
                                      : text_cell(reference.text, reference.text_len);
}

struct cell rawrow_cell(const struct rawrow_layout *layout, const struct source *record, const struct section_view *row,
                        struct bytes id, size_t nth, bool *ret_sealed)
{
    const struct rawrow_column *column = &layout->columns[nth];
    struct value entry = image_get(row->image, (uint16_t)(nth + 1));
    struct cell cell = {0};
    *ret_sealed = false;
    if (entry.presence == PRESENCE_ABSENT || entry.flags & ROW_GIVEN) {
        if (column->how == RAWROW_ID)
            cell = text_cell(id.data, id.len);
        else if (column->how != RAWROW_KEPT)
            cell = cell_given(layout, record, column, ret_sealed);
        if (entry.flags & ROW_GIVEN)
            cell.type = flags_type(entry.flags);
        return cell;
    }
    *ret_sealed = entry.flags & VALUE_SEALED;
    return (struct cell){entry.presence, flags_type(entry.flags), entry.len, entry.bytes};
}

struct bytes rawrow_source_id(const struct section_view *row)
{
    struct value entry = image_get(row->image, 0);
    return entry.presence == PRESENCE_VALUE ? bytes(entry.bytes, entry.len) : bytes(NULL, 0);
}
