/* map - a connector's records become rows of the model while they come. */
#include "engine/map_inside.h"

#include "engine/wanted.h"

#include <assert.h>

int map_new(const struct map_setup *setup, struct map **ret_map)
{
    struct map *map TIDY(map_free) = mem_new(1, sizeof(*map));
    if (!map)
        return -ENOMEM;
    map->setup = *setup;
    map->mapping = setup->mapping;
    size_t columns = map->mapping->column_count ? map->mapping->column_count : 1;
    map->arena = arena_new();
    map->cells = mem_new(columns, sizeof(*map->cells));
    map->blank = mem_new(columns, sizeof(*map->blank));
    map->seen_arena = arena_new();
    map->where_found = mem_new(columns, sizeof(*map->where_found));
    map->own_found = mem_new(columns, sizeof(*map->own_found));
    map->other_found = mem_new(columns, sizeof(*map->other_found));
    map->reads = mem_new(columns, sizeof(*map->reads));
    map->given = mem_new(columns, 1);
    map->maker = mem_new(1, sizeof(*map->maker));
    map->unit_maker = mem_new(1, sizeof(*map->unit_maker));
    map->sections = mem_new(1, sizeof(*map->sections));
    if (!map->maker || !map->unit_maker || !map->sections)
        return -ENOMEM;
    if (!map->arena || !map->seen_arena || !map->given || !map->cells || !map->blank || !map->where_found ||
        !map->own_found || !map->other_found || !map->reads)
        return -ENOMEM;
    for (size_t i = 0; i < columns; i++)
        map->where_found[i] = map->own_found[i] = map->other_found[i] = UNBOUND;
    for (size_t i = 0; i < map->mapping->column_count; i++) {
        const struct acceptance *about = acceptances_about(&setup->decisions, setup->stream, map->mapping->columns[i]);
        map->reads[i] = about && about->verdict == VERDICT_RENAMED ? about : NULL;
    }
    print_key_init(&map->print_key, setup->vault);
    int rc = transform_new(&map->transform);
    if (rc == 0 && setup->store)
        rc = erased_load(setup->store, &map->erased);
    if (rc == 0)
        rc = rawrow_layout_make(map->mapping, map->seen_arena, &map->layout);
    map->layout.label = setup->partition ? setup->partition : "";
    if (rc != 0)
        return rc;
    *ret_map = TAKE(map);
    return 0;
}

void map_rest(struct map *map)
{
    struct buffer *buffers[] = {&map->id,       &map->key,    &map->scratch, &map->body,   &map->place,
                                &map->finished, &map->sealed, &map->why,     &map->packed, &map->unused};
    for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++)
        buffer_done(buffers[i]);
    transform_free(TAKE(map->transform));
    arena_free(TAKE(map->arena));
    free(TAKE(map->maker));
    free(TAKE(map->unit_maker));
    free(TAKE(map->sections));
    free(TAKE(map->cells));
    free(TAKE(map->blank));
    free(TAKE(map->given));
    free(TAKE(map->binding));
    free(TAKE(map->raw_numbers));
    free(TAKE(map->item_of));
    free(TAKE(map->items));
    map->bound = 0;
    numbers_done(&map->units);
    numbers_done(&map->erased);
}

void map_free(struct map *map)
{
    if (!map)
        return;
    map_rest(map);
    free(map->where_found);
    free(map->own_found);
    free(map->other_found);
    free(map->reads);
    free(map->disputed);
    arena_free(map->seen_arena);
    explicit_bzero(&map->print_key, sizeof(map->print_key));
    free(map->flagged_place);
    buffer_done(&map->names);
    buffer_done(&map->header);
    free(map);
}

const struct map_count *map_count(const struct map *map)
{
    return &map->count;
}

const char *map_column_names(const struct map *map)
{
    return map->names.data ? map->names.data : "";
}

bool map_blocked(const struct map *map)
{
    return map->blocked;
}

struct bytes map_header(const struct map *map)
{
    return bytes(map->header.data, map->header.len);
}

const struct acceptance *map_reading(const struct map *map, size_t nth)
{
    for (size_t i = 0; map->table && i < map->mapping->column_count; i++)
        if (map->reads[i] && map->where_found[i] != UNBOUND && map->where_found[i] == map->other_found[i] && nth-- == 0)
            return map->reads[i];
    return NULL;
}

const char *map_flagged_place(const struct map *map, const char **ret_field)
{
    *ret_field = map->flagged_field;
    return map->flagged_place;
}

/* --- spool --- */

/* Where only one person is wanted: what is theirs, and units, which are nobody's. */
static bool map_wanted(struct map *map, const char *id, size_t id_len, const struct spool_row *row)
{
    struct wanted *wanted = map->setup.wanted;
    if (!wanted ||
        (id_len > strlen(SOURCE_UNIT_PREFIX) && strncmp(id, SOURCE_UNIT_PREFIX, strlen(SOURCE_UNIT_PREFIX)) == 0))
        return true;
    bool theirs =
        wanted_id(wanted, map->setup.stream, id, id_len) || (row->flags == SPOOL_ROW && wanted_body(wanted, row->body));
    map->count.wanted += theirs;
    return theirs;
}

int map_spool(struct map *map, const char *id, size_t id_len, const struct spool_row *row, struct err *err)
{
    if (!map_wanted(map, id, id_len, row))
        return 0;
    buffer_clear(&map->key);
    source_key(map->setup.stream, id, id_len, &map->key);
    if (map->key.rc != 0)
        return map->key.rc;
    uint8_t *place = sorter_reserve(map->setup.spool, bytes(map->key.data, map->key.len), spool_row_size(row));
    int rc = sorter_rc(map->setup.spool);
    if (place)
        spool_row_write(row, place);
    else
        return err_set(err, rc, "the records could not be kept while they were read: %s", err_text(rc));
    if (sorter_bytes(map->setup.spool) > map->setup.spool_max)
        return err_set(err, ERR_LIMIT,
                       "the source gave more than %lu MB in one pull (limits.spool in muster.yaml): nothing was taken.",
                       (unsigned long)(map->setup.spool_max >> 20));
    return 0;
}

/* The record was there, but nothing of it is taken: it counts as seen. `why` is packed. */
int map_seen(struct map *map, const char *id, uint8_t flags, const char *place, const struct buffer *why,
             struct bytes unused, struct err *err)
{
    if (why->rc != 0)
        return why->rc;
    return map_spool(map, id, strlen(id),
                     &(struct spool_row){.flags = flags,
                                         .place = bytes(place, strlen(place)),
                                         .body = bytes(why->data, why->len),
                                         .protected_values = unused},
                     err);
}

/* Whether it is a record of somebody who was erased: nothing of it is kept, not even that it was there. */
static bool map_erased(struct map *map, const char *id)
{
    if (map->erased.count == 0 || !id)
        return false;
    buffer_clear(&map->key);
    source_key(map->setup.stream, id, strlen(id), &map->key);
    bool erased = map->key.rc == 0 &&
                  numbers_get(&map->erased, erased_subject(map->setup.vault, bytes(map->key.data, map->key.len)));
    map->count.erased += erased;
    return erased;
}

int map_reject(struct map *map, const char *source_id, const char *place, const char *why, struct err *err)
{
    if (map->blocked)
        return 0;
    map->count.read++;
    if (map_erased(map, source_id))
        return 0;
    map->count.rejected++;
    map->count.rejected_without_id += source_id == NULL;
    place = place ? map_place(map, place, -1) : NULL; /* it may be that of a whole record */
    wait_add(map->setup.waits, &(struct wait_item){.type = WAIT_DEAD,
                                                   .stream = map->setup.stream,
                                                   .id = source_id,
                                                   .place = place,
                                                   .reason = REASON_CODE(unreadable),
                                                   .text = why});
    decision_pack(REASON_CODE(unreadable), NULL, why, &map->why);
    return source_id ? map_seen(map, source_id, SPOOL_REJECTED, place ? place : "", &map->why, bytes(NULL, 0), err) : 0;
}

int map_gone(struct map *map, const char *source_id, struct err *err)
{
    struct spool_row row = {.flags = SPOOL_GONE};
    if (map->mapping->key)
        return ERR_UNSUPPORTED;
    return map->blocked || map_erased(map, source_id) ? 0 : map_spool(map, source_id, strlen(source_id), &row, err);
}

/* --- one record --- */

/* What the columns hold, for comparing headers. */
static void map_sample(struct map *map, const struct lane_record *record)
{
    map->rows++;
    for (size_t i = 0; i < record->count; i++) {
        const struct lane_value *value = &record->values[i];
        struct sampler *sampler = value->column < map->seen_count ? map->samplers[value->column] : NULL;
        if (sampler && value->presence == PRESENCE_VALUE)
            sampler_add(sampler, &map->print_key, value->type, value->bytes, value->len);
    }
}

static int map_fill_item(struct map *map, unsigned item, int column, struct cell cell)
{
    int rc = mem_grow(&map->items, map->item_count, &map->item_room, sizeof(*map->items));
    if (rc != 0)
        return rc;
    map->items[map->item_count++] = (struct item_cell){item, column, cell};
    map->item_most = item > map->item_most ? item : map->item_most;
    return 0;
}

static int map_fill(struct map *map, const struct lane_record *record)
{
    int rc = 0;
    map->item_count = map->item_most = 0;
    memcpy(map->cells, map->blank, map->mapping->column_count * sizeof(*map->cells));
    for (size_t i = 0; i < record->count && rc == 0; i++) {
        const struct lane_value *value = &record->values[i];
        int column = map->binding[value->column];
        struct cell cell = {value->presence, value->type, value->len, value->bytes};
        if (column >= 0 && map->item_of[value->column] > 0)
            rc = map_fill_item(map, map->item_of[value->column], column, cell);
        else if (column >= 0)
            map->cells[column] = cell;
    }
    return rc;
}

/* Joins the key columns' texts with '|'. ERR_DATA: one of them is blank or no clean text; *ret_blamed says which. */
static int map_key(struct map *map, const struct transform_input *input, const int *columns, size_t count,
                   struct buffer *out, struct rejection *ret_blamed)
{
    buffer_clear(out);
    for (size_t i = 0; i < count; i++) {
        const char *text;
        size_t len;
        int rc = transform_key(map->transform, input, columns[i], &text, &len, ret_blamed);
        if (rc != 0)
            return rc;
        if (len == 0) {
            *ret_blamed = (struct rejection){REASON_CODE(empty_key), columns[i]};
            return ERR_DATA;
        }
        if (i > 0)
            buffer_byte(out, '|');
        buffer_add(out, text, len);
    }
    return out->rc;
}

/* A protected value goes to the sealed part; in the image its digest stands for it. */
int map_protect(struct map *map, struct value *value)
{
    uint8_t digest[DIGEST_KEYED];
    vault_digest(map->setup.vault, value->bytes, value->len, digest);
    buffer_add(&map->sealed, digest, sizeof(digest));
    buffer_add(&map->sealed, &value->len, sizeof(value->len));
    buffer_add(&map->sealed, value->bytes, value->len);
    value->flags |= VALUE_SEALED;
    value->len = sizeof(digest);
    value->bytes = arena_copy(map->arena, digest, sizeof(digest));
    return value->bytes ? map->sealed.rc : -ENOMEM;
}

static void map_flag(struct map *map, const struct rule *rule)
{
    map->count.flagged++;
    if (map->flagged_place || rule->column_count == 0)
        return;
    map->flagged_place = mem_text(map_place(map, map->record->place, rule->columns[0]));
    map->flagged_field = rule->field->name;
}

static bool field_is_required(const struct mapping *mapping, const struct field *field)
{
    for (size_t i = 0; mapping->require && mapping->require[i]; i++)
        if (mapping->require[i] == field)
            return true;
    return false;
}

/* One rule's value, put into the maker. Returns 1 when the whole row must be rejected. */
static int map_value(struct map *map, const struct rule *rule, const struct transform_input *input, bool main,
                     const char *id, struct err *err)
{
    struct rejection rejection = {.column = -1};
    struct value value = {0};
    int rc = transform_rule(map->transform, rule, input, &value, &rejection);
    if (rc == ERR_DATA) {
        map_dead_letter(map, id, rejection.reason, rejection.column, rule->field);
        if (!main || !field_is_required(map->mapping, rule->field)) {
            map_unread(map, rule->field);
            return 0; /* the field is as if nothing was said; the rest of the row goes on */
        }
        map_why(map, rejection.reason, rejection.column, rule->field);
        map->count.rejected++;
        return 1;
    }
    if (rc != 0)
        return rc;
    if (value.flags & VALUE_FLAGGED)
        map_flag(map, rule);
    if (map->plainly && map->layout.count > 0)
        rawrow_given(&map->layout, rule, map->cells, value, map->given);
    if (value.presence == PRESENCE_VALUE && rule->unit_type && (rc = map_unit(map, value, err)) != 0)
        return rc;
    if (value.presence == PRESENCE_VALUE && rule->field->sensitivity == SENSITIVITY_protected)
        rc = map_protect(map, &value);
    image_put(map->maker, rule->field->number, value);
    return rc;
}

static int map_values(struct map *map, const struct section *section, const struct transform_input *input,
                      const char *id, struct err *err)
{
    if (section->rule_count > IMAGE_FIELDS_MAX)
        return ERR_LIMIT;
    image_start(map->maker);
    for (size_t i = 0; i < section->rule_count; i++) {
        int rc = map_value(map, &section->rules[i], input, section == &map->mapping->sections[0], id, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int map_require(struct map *map, const char *id)
{
    const struct section *main = &map->mapping->sections[0];
    for (size_t i = 0; map->mapping->require && map->mapping->require[i]; i++) {
        const struct field *field = map->mapping->require[i];
        bool there = false;
        for (uint16_t n = 0; n < map->maker->count && !there; n++)
            there = map->maker->fields[n] == field->number && map->maker->values[n].presence == PRESENCE_VALUE;
        if (there)
            continue;
        int column = -1;
        for (size_t r = 0; r < main->rule_count; r++)
            if (main->rules[r].field == field && main->rules[r].column_count > 0)
                column = main->rules[r].columns[0];
        map_dead_letter(map, id, REASON_CODE(required_field_missing), column, field);
        map_why(map, REASON_CODE(required_field_missing), column, field);
        map->count.rejected++;
        return 1;
    }
    return 0;
}

/* Writes the image that is in the maker behind the others, with the section's key. */
int map_lay(struct map *map, enum kind kind, struct bytes key, struct laid *ret_laid)
{
    struct laid laid = {.kind = kind, .key = map->body.len, .key_len = (uint16_t)key.len};
    buffer_add(&map->body, key.data, key.len);
    laid.image = map->body.len;
    image_write(map->maker, &map->body);
    laid.image_len = (uint32_t)(map->body.len - laid.image);
    *ret_laid = laid;
    return map->body.rc;
}

int map_too_many(struct map *map, const char *id, const char *reason, int column)
{
    map_dead_letter(map, id, reason, column, NULL);
    map_why(map, reason, column, NULL);
    map->count.rejected++;
    return 1;
}

int map_section_key(struct map *map, const struct section *section, const struct transform_input *input, const char *id,
                    const char **ret_key)
{
    struct rejection blamed = {.column = -1};
    int rc = map_key(map, input, section->key, section->key_count, &map->key, &blamed);
    if (rc == ERR_DATA)
        map_dead_letter(map, id, blamed.reason, blamed.column, NULL);
    if (rc == 0)
        *ret_key = arena_copy(map->arena, map->key.data, map->key.len);
    return rc ? rc : *ret_key ? 0 : -ENOMEM;
}

int map_section(struct map *map, const struct section *section, const struct transform_input *input, const char *id,
                const char *key, struct laid *ret_laid, struct err *err)
{
    map->plainly = *key == '\0';
    int rc = map_values(map, section, input, id, err);
    if (rc == 0 && section == &map->mapping->sections[0])
        rc = map_require(map, id);
    return rc ? rc : map_lay(map, section->kind, bytes(key, strlen(key)), ret_laid);
}

/* All sections of the row, laid one behind the other in map->body. 1: the row is rejected. */
static int map_sections(struct map *map, const struct transform_input *input, const char *id, const char *row_key,
                        struct laid *laid, size_t *ret_count, struct err *err)
{
    size_t count = 0;
    int rc = 0;
    for (size_t s = 0; s < map->mapping->section_count && rc == 0; s++) {
        const struct section *section = &map->mapping->sections[s];
        if (section->each) {
            rc = map_list(map, section, input, id, laid, &count, err);
            continue;
        }
        if (section->when && !transform_condition(map->transform, section->when, input))
            continue;
        const char *key = s > 0 && strcmp(row_key, id) != 0 ? row_key : "";
        if (s > 0 && section->key && (rc = map_section_key(map, section, input, id, &key)) == ERR_DATA) {
            rc = 0;
            continue;
        }
        if (rc == 0 && (rc = map_section(map, section, input, id, key, &laid[count], err)) == 0)
            count++;
    }
    *ret_count = count;
    return rc;
}

static int map_row(struct map *map, const struct lane_record *record, const struct transform_input *input,
                   const char *id, const char *row_key, struct err *err)
{
    struct laid laid[SECTIONS_MAX];
    size_t count;
    if (map->mapping->section_count + 2 > SECTIONS_MAX)
        return ERR_LIMIT;
    buffer_clear(&map->body);
    buffer_clear(&map->finished);
    buffer_clear(&map->sealed);
    memset(map->given, 0, map->mapping->column_count);
    int rc = map_sections(map, input, id, row_key, laid, &count, err);
    if (rc == 1)
        return map_unused(map, record, id, err);
    if (rc == 0 && map->layout.count > 0 && (rc = map_mapped(map, record, id, &laid[count])) == 0)
        count++;
    if (rc == 0 && map->mapping->keep_all) {
        map_raw(map, record);
        rc = map_lay(map, KIND_RAW, bytes("", 0), &laid[count]);
        count++;
    }
    if (rc != 0)
        return rc;
    body_start(map->sections);
    for (size_t i = 0; i < count; i++) {
        struct section_view section = {
            .kind = laid[i].kind,
            .key = map->body.data + laid[i].key,
            .key_len = laid[i].key_len,
            .image = {(const uint8_t *)map->body.data + laid[i].image, laid[i].image_len},
        };
        uint16_t nth;
        if (body_add(map->sections, &section, &nth) != 0)
            return ERR_LIMIT;
    }
    buffer_clear(&map->finished);
    body_write(map->sections, &map->finished);
    if (map->finished.rc != 0 || map->sealed.rc != 0)
        return map->finished.rc ? map->finished.rc : map->sealed.rc;
    struct spool_row row = {.flags = SPOOL_ROW,
                            .place = bytes(record->place, strlen(record->place)),
                            .body = bytes(map->finished.data, map->finished.len),
                            .protected_values = bytes(map->sealed.data, map->sealed.len)};
    return map_spool(map, id, strlen(id), &row, err);
}

/* Whether a column's values are protected wherever the mapping puts them. */
static const struct field *column_protects(const struct mapping *mapping, int column)
{
    for (size_t s = 0; s < mapping->section_count; s++)
        for (size_t r = 0; r < mapping->sections[s].rule_count; r++) {
            const struct rule *rule = &mapping->sections[s].rules[r];
            for (size_t c = 0; rule->field->sensitivity == SENSITIVITY_protected && c < rule->column_count; c++)
                if (rule->columns[c] == column)
                    return rule->field;
        }
    return NULL;
}

/* `where` says it is not ours: what is kept is by which column, and what stands there. */
static int map_filtered(struct map *map, const char *id, const struct transform_input *input, struct err *err)
{
    const struct condition *blamed = map->mapping->where;
    for (; blamed->next; blamed = blamed->next) {
        struct condition alone = *blamed;
        alone.next = NULL;
        if (!transform_condition(map->transform, &alone, input))
            break;
    }
    enum { SHOWN = 60 };
    const struct cell *cell = &map->cells[blamed->column];
    bool shown = cell->presence == PRESENCE_VALUE && cell->len <= SHOWN && text_valid(cell->bytes, cell->len) &&
                 !column_protects(map->mapping, blamed->column);
    char text[SHOWN + 1] = "";
    if (shown)
        memcpy(text, cell->bytes, cell->len);
    text[shown ? cell->len : 0] = '\0';
    decision_pack(REASON_CODE(filtered_out), map->mapping->columns[blamed->column], text, &map->why);
    return map_seen(map, id, SPOOL_FILTERED, map_place(map, map->record->place, blamed->column), &map->why,
                    bytes(NULL, 0), err);
}

/* Finds the record's id (the main section's key, else the row's) and the row's own key. ERR_DATA: it has none. */
static int map_identify(struct map *map, const struct lane_record *record, const struct transform_input *input,
                        const char **ret_id, const char **ret_row_key)
{
    const struct mapping *mapping = map->mapping;
    const struct section *main = &mapping->sections[0];
    struct rejection blamed = {.reason = REASON_CODE(empty_key), .column = -1};
    if (!mapping->key) {
        *ret_id = *ret_row_key = record->source_id;
        if (record->source_id && *record->source_id)
            return 0;
        map_dead_letter(map, NULL, REASON_CODE(empty_key), -1, NULL);
        return ERR_DATA;
    }
    int rc = map_key(map, input, mapping->key, mapping->key_count, &map->id, &blamed);
    if (rc == 0)
        *ret_id = *ret_row_key = arena_copy(map->arena, map->id.data, map->id.len);
    if (rc == 0 && main->key && (rc = map_key(map, input, main->key, main->key_count, &map->id, &blamed)) == 0)
        *ret_id = arena_copy(map->arena, map->id.data, map->id.len);
    if (rc == ERR_DATA)
        map_dead_letter(map, NULL, blamed.reason, blamed.column, NULL);
    return rc != 0 ? rc : *ret_id && *ret_row_key ? 0 : -ENOMEM;
}

/* That is a mistake in the organization's file, not one in each of the rows. */
static int map_keyless(const struct lane_record *record, struct err *err)
{
    return err_set(
        err, ERR_DATA,
        "the rows of stream '%s' have no ids of their own, and its mapping has no key. Nothing was read. Say "
        "in the organization's file which column tells one row from another: key: COLUMN",
        record->stream->name);
}

int map_record(struct map *map, const struct lane_record *record, struct err *err)
{
    if (record->stream->count > map->bound) {
        int rc = map_columns(map, record->stream, err);
        if (rc != 0)
            return rc;
    }
    if (map->seen_count > 0)
        map_sample(map, record);
    if (map->blocked)
        return 0;
    map->record = record;
    map->count.read++;
    if (map->count.read == 1 && !map->mapping->key && (!record->source_id || !*record->source_id))
        return map_keyless(record, err);
    arena_clear(map->arena);
    transform_start(map->transform);
    int rc = map_fill(map, record);
    if (rc != 0)
        return rc;
    struct transform_input input = {map->cells, map->setup.partition, map->setup.zone, map->setup.partition_id};
    const char *id = NULL, *row_key = NULL;
    rc = map_identify(map, record, &input, &id, &row_key);
    map->last_id = rc == 0 ? id : NULL;
    if (rc == ERR_DATA) {
        map->count.rejected++;
        map->count.rejected_without_id++;
        return 0;
    }
    if (rc != 0 || map_erased(map, id))
        return rc;
    if (map->mapping->where && !transform_condition(map->transform, map->mapping->where, &input)) {
        map->count.filtered++;
        return map_filtered(map, id, &input, err);
    }
    return map_row(map, record, &input, id, row_key, err);
}
