/* shop - an organization of a test: setting it up, syncing, and telling what it holds. */
#include "shop.h"

#include "base/mem.h"
#include "lane/connectors.h"
#include "scratch.h"
#include "tables/wait.h"

#include <stdio.h>

static void put_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fputs(text, file) < 0, 0);
    assert_int_equal(fclose(file), 0);
}

/* The text with every DIR replaced. */
static char *with_dir(const struct shop *shop, const char *text)
{
    struct buffer out = {0};
    for (const char *at; (at = strstr(text, "DIR")); text = at + 3) {
        buffer_add(&out, text, (size_t)(at - text));
        buffer_text(&out, shop->dir);
    }
    buffer_text(&out, text);
    return buffer_take(&out);
}

static void organization_open(struct shop *shop, const char *yaml)
{
    char path[300];
    struct complaints complaints = {.arena = arena_new()};
    struct buffer file = {0}, said = {0};
    char *text = with_dir(shop, yaml);
    buffer_text(&file, "organization: a\n");
    buffer_text(&file, text);
    snprintf(path, sizeof(path), "%s/organizations/a.yaml", shop->dir);
    put_file(path, file.data);
    int rc = organization_read(&shop->settings, "a", connectors_describe, connectors_names, shop->connectors,
                               &complaints, &shop->organization);
    complaints_write(&complaints, &said);
    assert_string_equal(said.data ? said.data : "", "");
    assert_int_equal(rc, 0);
    buffer_done(&file);
    buffer_done(&said);
    arena_free(complaints.arena);
    free(text);
}

void shop_open(struct shop *shop, const char *yaml)
{
    static const char *const folders[] = {TEST_CONNECTORS, NULL};
    char path[300];
    *shop = (struct shop){.dir = "/tmp/test_shop_XXXXXX"};
    assert_non_null(mkdtemp(shop->dir));
    snprintf(path, sizeof(path), "%s/organizations", shop->dir);
    assert_int_equal(mkdir(path, 0700), 0);
    shop->arena = arena_new();
    shop->settings = (struct settings){.config_dir = shop->dir,
                                       .state = arena_format(shop->arena, "%s/state", shop->dir),
                                       .connectors = folders,
                                       .limits = {.silence_ms = 30000,
                                                  .total_ms = 120000,
                                                  .record_bytes = 1 << 20,
                                                  .field_bytes = 1 << 20,
                                                  .spool_bytes = 1 << 30,
                                                  .memory_bytes = 1 << 30}};
    assert_int_equal(connectors_open(&shop->settings, &shop->connectors), 0);
    organization_open(shop, yaml);
    shop_now("2026-06-15T12:00:00");
}

void shop_edit(struct shop *shop, const char *yaml)
{
    organization_free(shop->organization);
    organization_open(shop, yaml);
}

void shop_close(struct shop *shop)
{
    run_report_done(&shop->report);
    store_close(shop->store);
    organization_free(shop->organization);
    connectors_free(shop->connectors);
    arena_free(shop->arena);
    nftw(shop->dir, scratch_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

void shop_now(const char *instant)
{
    setenv("MUSTER_NOW", instant, 1);
}

void shop_say(struct shop *shop, const char *name, const char *text)
{
    char path[300];
    snprintf(path, sizeof(path), "%s/%s", shop->dir, name);
    put_file(path, text);
}

enum outcome shop_run(struct shop *shop, const char *connection, bool full, uint32_t allow_held)
{
    struct run_request request = {.settings = &shop->settings,
                                  .organization = shop->organization,
                                  .connectors = shop->connectors,
                                  .connection = organization_connection(shop->organization, connection),
                                  .full = full,
                                  .allow_held = allow_held,
                                  .reason = "because"};
    struct err err = {0};
    assert_non_null(request.connection);
    run_report_done(&shop->report);
    int rc = run_sync(&request, &shop->report, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(rc, 0);
    if (!shop->store)
        assert_int_equal(store_open(run_store_dir(&shop->settings, "a", shop->arena), false, &shop->store, &err), 0);
    return shop->report.outcome;
}

static void expect_worked(struct shop *shop)
{
    if (shop->report.outcome > OUTCOME_HELD)
        for (size_t i = 0; i < shop->report.partition_count; i++)
            assert_string_equal(shop->report.partitions[i].reason, "");
    assert_true(shop->report.outcome <= OUTCOME_HELD);
    shop_check(shop);
}

void shop_sync(struct shop *shop, const char *connection)
{
    shop_run(shop, connection, false, 0);
    expect_worked(shop);
}

void shop_sync_full(struct shop *shop, const char *connection)
{
    shop_run(shop, connection, true, 0);
    expect_worked(shop);
}

void shop_hear(struct shop *shop, const char *connection, const char *text)
{
    shop_say(shop, connection, text);
    shop_sync_full(shop, connection);
}

/* --- telling what it holds --- */

static void entity_load(struct txn *txn, enum kind kind, uint64_t id, struct entity *entity)
{
    assert_true(entity_get(txn, kind, id, entity));
}

static void show_reference(struct shop *shop, struct txn *txn, const struct field *field, struct value value,
                           struct buffer *out)
{
    struct reference reference;
    if (value.flags & VALUE_WAITING) {
        assert_true(reference_read(value.bytes, value.len, &reference));
        buffer_format(out, "waiting:%.*s%.*s", (int)reference.text_len, reference.text,
                      reference.text_len ? 0 : (int)reference.name_len, reference.name);
        return;
    }
    uint64_t be;
    assert_int_equal(value.len, 8);
    memcpy(&be, value.bytes, 8);
    struct entity *entity = mem_new(1, sizeof(*entity));
    uint16_t names[][2] = {{FIELD_person_employee_number, FIELD_person_display_name},
                           {FIELD_org_unit_code, FIELD_org_unit_name}};
    entity_load(txn, field->refers_to, __builtin_bswap64(be), entity);
    buffer_format(out, "%s:", field->refers_to == KIND_person ? "person" : kind_name(field->refers_to));
    for (int i = 0; i < 2; i++) {
        struct value name = image_get(entity->image, names[field->refers_to != KIND_person][i]);
        if (name.presence == PRESENCE_VALUE) {
            buffer_add(out, name.bytes, name.len);
            break;
        }
    }
    free(entity);
    (void)shop;
}

static void show_image(struct shop *shop, struct txn *txn, enum kind kind, struct image image, struct buffer *out)
{
    for (uint16_t n = 0; n < image_count(image); n++) {
        uint16_t number;
        struct value value = image_nth(image, n, &number);
        const struct field *field = organization_field_number(shop->organization, kind, number);
        assert_non_null(field);
        if (field->type == TYPE_REF && field->refers_to == KIND_person && kind != KIND_person &&
            strcmp(field->name, "person") == 0)
            continue; /* whose line it is */
        if (field->type == TYPE_REF && field->refers_to == KIND_employment)
            continue;
        buffer_format(out, " %s=", field->name);
        if (field->type == TYPE_REF)
            show_reference(shop, txn, field, value, out);
        else if (value.flags & VALUE_SEALED)
            for (uint32_t i = 0; i < value.len; i++)
                buffer_format(out, "%02x", (unsigned char)value.bytes[i]);
        else if (field->type == TYPE_ENUM) {
            size_t len;
            const char *text = enum_text(field, (uint8_t)*value.bytes, &len);
            assert_non_null(text);
            buffer_add(out, text, len);
        } else
            buffer_add(out, value.bytes, value.len);
    }
}

static int line_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Joins and frees. */
static char *sorted(char **lines, size_t count)
{
    struct buffer out = {0};
    if (count > 1)
        qsort(lines, count, sizeof(*lines), line_compare);
    for (size_t i = 0; i < count; i++) {
        buffer_format(&out, "%s\n", lines[i]);
        free(lines[i]);
    }
    free(lines);
    return buffer_take(&out);
}

static void lines_add(char ***lines, size_t *count, size_t *room, struct buffer *line)
{
    assert_int_equal(mem_grow(lines, *count, room, sizeof(**lines)), 0);
    (*lines)[(*count)++] = buffer_take(line);
}

static void show_children(struct shop *shop, struct txn *txn, const struct entity *person, bool own_ids,
                          struct buffer *line)
{
    struct entity *entity = mem_new(1, sizeof(*entity));
    char **parts = NULL;
    size_t count = 0, room = 0;
    for (uint16_t n = 0; n < person->child_count; n++) {
        struct buffer part = {0};
        entity_load(txn, person->children[n].kind, person->children[n].id, entity);
        buffer_format(&part, " | %s%s", kind_name(person->children[n].kind),
                      entity->state == ENTITY_LIVE ? "" : " gone");
        if (own_ids)
            buffer_format(&part, " #%lu", (unsigned long)person->children[n].id);
        show_image(shop, txn, person->children[n].kind, entity->image, &part);
        lines_add(&parts, &count, &room, &part);
    }
    free(entity);
    char *all = sorted(parts, count);
    for (char *at = all; *at; at++)
        if (*at != '\n')
            buffer_byte(line, (unsigned char)*at);
    free(all);
}

static char *show_kind(struct shop *shop, enum kind kind, uint16_t first, bool own_ids)
{
    struct txn txn __attribute__((cleanup(tidy_txn)));
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    struct entity *entity = mem_new(1, sizeof(*entity));
    char **lines = NULL;
    size_t count = 0, room = 0;
    uint8_t prefix = (uint8_t)kind;
    txn_begin(&txn, shop->store, false);
    cursor_open(&cursor, &txn, TABLE_entity);
    for (bool there = cursor_seek(&cursor, bytes(&prefix, 1)); there && cursor_has_prefix(&cursor, bytes(&prefix, 1));
         there = cursor_next(&cursor)) {
        struct buffer line = {0};
        assert_true(entity_read(cursor.value, entity));
        struct value name = image_get(entity->image, first);
        buffer_text(&line, "");
        buffer_add(&line, name.bytes, name.len);
        if (own_ids)
            buffer_format(&line, " #%lu", (unsigned long)entity_key_id(cursor.key));
        if (entity->state != ENTITY_LIVE)
            buffer_text(&line, " gone");
        show_image(shop, &txn, kind, entity->image, &line);
        show_children(shop, &txn, entity, own_ids, &line);
        lines_add(&lines, &count, &room, &line);
    }
    assert_int_equal(txn.rc, 0);
    free(entity);
    return sorted(lines, count);
}

char *shop_people(struct shop *shop, bool own_ids)
{
    return show_kind(shop, KIND_person, FIELD_person_employee_number, own_ids);
}

char *shop_units(struct shop *shop)
{
    return show_kind(shop, KIND_org_unit, FIELD_org_unit_code, false);
}

uint64_t shop_id(struct shop *shop, const char *number)
{
    char *people = shop_people(shop, true), *rest = people, wanted[100];
    uint64_t id = 0;
    snprintf(wanted, sizeof(wanted), "%s #", number);
    for (char *line; (line = strsep(&rest, "\n"));)
        if (strncmp(line, wanted, strlen(wanted)) == 0) {
            assert_int_equal(id, 0);
            id = strtoull(line + strlen(wanted), NULL, 10);
        }
    free(people);
    return id;
}

char *shop_field(struct shop *shop, const char *number, const char *field)
{
    char *people = shop_people(shop, false), *rest = people, wanted[100], *found = NULL;
    snprintf(wanted, sizeof(wanted), " %s=", field);
    for (char *line; !found && (line = strsep(&rest, "\n"));) {
        size_t len = strlen(number);
        if (strncmp(line, number, len) != 0 || line[len] != ' ')
            continue;
        char *at = strstr(line, wanted), *end = at ? at + strlen(wanted) : NULL;
        if (!at)
            continue;
        for (; *end && *end != '|'; end++)
            if (*end == ' ' && strchr(end, '=') && strcspn(end + 1, " =|") < strcspn(end + 1, " |"))
                break;
        while (*end == '|' && end[-1] == ' ')
            end--;
        found = mem_copy(at + strlen(wanted), (size_t)(end - at) - strlen(wanted));
    }
    free(people);
    return found ? found : mem_text("");
}

void expect_field(struct shop *shop, const char *number, const char *field, const char *wanted)
{
    char *found = shop_field(shop, number, field);
    if (strcmp(found, wanted) != 0) {
        char *people = shop_people(shop, true);
        print_message("%s of %s:\n%s", field, number, people);
        free(people);
    }
    assert_string_equal(found, wanted);
    free(found);
}

char *shop_waits(struct shop *shop)
{
    struct txn txn __attribute__((cleanup(tidy_txn)));
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    struct arena *arena TIDY(arena_free) = arena_new();
    char **lines = NULL;
    size_t count = 0, room = 0;
    txn_begin(&txn, shop->store, false);
    cursor_open(&cursor, &txn, TABLE_wait);
    for (bool there = cursor_seek(&cursor, bytes("", 0)); there; there = cursor_next(&cursor)) {
        struct wait_item item;
        struct buffer line = {0};
        assert_true(wait_read(cursor.key, cursor.value, arena, &item));
        buffer_format(&line, "%c %s %s", item.type, item.reason, item.id ? item.id : "-");
        if (item.field && (item.type == WAIT_DEAD || item.type == WAIT_HELD))
            buffer_format(&line, " %s", item.field);
        lines_add(&lines, &count, &room, &line);
    }
    return sorted(lines, count);
}

void expect_waits(struct shop *shop, const char *wanted)
{
    char *waits = shop_waits(shop);
    assert_string_equal(waits, wanted);
    free(waits);
}

char *shop_rows(struct shop *shop, size_t *ret_len)
{
    static const enum table tables[] = {TABLE_source, TABLE_statement, TABLE_journal, TABLE_vault,
                                        TABLE_entity, TABLE_index,     TABLE_refer,   TABLE_due,
                                        TABLE_wait,   TABLE_held,      TABLE_decision};
    struct txn txn __attribute__((cleanup(tidy_txn)));
    struct buffer out = {0};
    txn_begin(&txn, shop->store, false);
    for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
        struct cursor cursor __attribute__((cleanup(tidy_cursor)));
        cursor_open(&cursor, &txn, tables[t]);
        for (bool there = cursor_seek(&cursor, bytes("", 0)); there; there = cursor_next(&cursor)) {
            buffer_byte(&out, (unsigned char)tables[t]);
            buffer_be32(&out, (uint32_t)cursor.key.len);
            buffer_add(&out, cursor.key.data, cursor.key.len);
            buffer_be32(&out, (uint32_t)cursor.value.len);
            buffer_add(&out, cursor.value.data, cursor.value.len);
        }
    }
    *ret_len = out.len;
    return buffer_take(&out);
}
