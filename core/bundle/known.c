/* known - what is somebody's, and what is nobody's. */
#include "bundle/known.h"

#include "base/descriptor.h"
#include "base/mem.h"
#include "config/given.h"
#include "config/node.h"
#include "tables/entity.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

enum { OWN_LEAST = 4 };

static void learn(struct mask *mask, struct numbers *set, const char *text)
{
    if (text)
        mask_learn(mask, set, text, strlen(text));
}

/* --- the store --- */

static bool is_email(uint16_t field)
{
    return field == FIELD_person_work_email || field == FIELD_person_personal_email;
}

/* What a person is called: of an address what stands before the @, for its domain is everybody's. */
static void person_learn(struct mask *mask, const struct organization *organization, struct image image)
{
    for (uint16_t n = 0; n < image_count(image); n++) {
        uint16_t number;
        struct value value = image_nth(image, n, &number);
        const struct field *field = organization_field_number(organization, KIND_person, number);
        bool theirs = field && field->type == TYPE_TEXT &&
                      (field->sensitivity != SENSITIVITY_plain || number == FIELD_person_employee_number);
        if (!theirs || value.presence != PRESENCE_VALUE || (value.flags & VALUE_SEALED) ||
            number == FIELD_person_language || number == FIELD_person_country)
            continue;
        const char *at = is_email(number) ? memchr(value.bytes, '@', value.len) : NULL;
        mask_learn(mask, &mask->personal, value.bytes, at ? (size_t)(at - value.bytes) : value.len);
        int rc = alias_expect(mask->alias, value.bytes, value.len);
        mask->rc = mask->rc ? mask->rc : rc;
    }
}

static void unit_learn(struct mask *mask, struct image image)
{
    static const uint16_t fields[] = {FIELD_org_unit_code, FIELD_org_unit_name};
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        struct value value = image_get(image, fields[i]);
        if (value.presence == PRESENCE_VALUE)
            mask_learn(mask, &mask->open, value.bytes, value.len);
    }
}

static int store_learn(struct mask *mask, const struct bundle_ask *ask)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor))) = {0};
    cursor_open(&cursor, &ask->query->txn, TABLE_entity);
    for (bool there = cursor_seek(&cursor, bytes("", 0)); there; there = cursor_next(&cursor)) {
        enum entity_state state;
        struct image image;
        if (!entity_image(cursor.value, &image, &state))
            continue;
        if (entity_key_kind(cursor.key) == KIND_person)
            person_learn(mask, ask->organization, image);
        else if (entity_key_kind(cursor.key) == KIND_org_unit)
            unit_learn(mask, image);
    }
    return ask->query->txn.rc;
}

/* --- the organization's file --- */

enum known_key known_key(const char *name)
{
    static const struct {
        const char *name;
        enum known_key is;
    } keys[] = {{"notify", KNOWN_PRIVATE}, {"authorization", KNOWN_SIGNED}, {"streams", KNOWN_MAPPED}};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (strcmp(name, keys[i].name) == 0)
            return keys[i].is;
    return KNOWN_KEY;
}

/* Its words; of numbers those that do not stand in a mapping, as a port does. */
static void node_learn(struct mask *mask, const struct node *node, bool mapped)
{
    for (size_t i = 0; i < node->count; i++) {
        enum known_key key = node->type == NODE_MAP ? known_key(node->keys[i]->text) : KNOWN_KEY;
        if (node->type == NODE_MAP)
            learn(mask, &mask->names, node->keys[i]->text);
        if (key == KNOWN_KEY || key == KNOWN_MAPPED)
            node_learn(mask, node->items[i], mapped || key == KNOWN_MAPPED);
    }
    if (node->type == NODE_TEXT && mapped)
        mask_learn_words(mask, &mask->open, node->text, strlen(node->text));
    else if (node->type == NODE_TEXT)
        learn(mask, &mask->open, node->text);
}

static void dates_learn(struct mask *mask, const struct section *section)
{
    for (size_t r = 0; r < section->rule_count; r++)
        for (const char *const *date = section->rules[r].dates; date && *date; date++) {
            int rc = mem_grow(&mask->dates, mask->date_count, &mask->date_room, sizeof(*mask->dates));
            if (rc == 0)
                mask->dates[mask->date_count++] = *date;
            mask->rc = mask->rc ? mask->rc : rc;
        }
}

static void mappings_learn(struct mask *mask, const struct connection *connection)
{
    for (const struct mapping *const *mapping = connection->mappings; mapping && *mapping; mapping++) {
        for (size_t i = 0; i < (*mapping)->column_count; i++)
            learn(mask, &mask->names, (*mapping)->columns[i]);
        for (size_t s = 0; s < (*mapping)->section_count; s++)
            dates_learn(mask, &(*mapping)->sections[s]);
    }
}

/* --- the connector --- */

static void described_learn(struct mask *mask, const muster_connector *connector)
{
    const muster_option *option;
    for (option = connector->options; option && option->name; option++) {
        learn(mask, &mask->names, option->name);
        learn(mask, &mask->open, option->initial);
        learn(mask, &mask->open, option->choices);
    }
    for (enum given which = 0; which < GIVEN_COUNT; which++)
        for (size_t n = 0; (option = given_nth(connector, which, n)); n++)
            learn(mask, &mask->names, option->name);
    for (const muster_stream *stream = connector->streams; stream && stream->name; stream++) {
        learn(mask, &mask->names, stream->name);
        learn(mask, &mask->open, stream->mapping_in);
        for (const muster_field *field = stream->fields; field && field->name; field++)
            learn(mask, &mask->names, field->name);
    }
}

/* Where the constants of a shared object stand; *ret_len 0: that cannot be told. */
static size_t constants_find(const struct buffer *program, size_t *ret_len)
{
    const char *at = program->data;
    Elf64_Ehdr head;
    Elf64_Shdr names, section;
    *ret_len = 0;
    if (program->len < sizeof(head))
        return 0;
    memcpy(&head, at, sizeof(head));
    if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64 ||
        head.e_shoff > program->len || (program->len - head.e_shoff) / sizeof(section) < head.e_shnum ||
        head.e_shstrndx >= head.e_shnum)
        return 0;
    memcpy(&names, at + head.e_shoff + head.e_shstrndx * sizeof(names), sizeof(names));
    for (size_t i = 0; i < head.e_shnum; i++) {
        memcpy(&section, at + head.e_shoff + i * sizeof(section), sizeof(section));
        size_t name = names.sh_offset + section.sh_name;
        if (section.sh_type == SHT_PROGBITS && name < program->len - sizeof(".rodata") &&
            strcmp(at + name, ".rodata") == 0 && section.sh_offset < program->len &&
            section.sh_size <= program->len - section.sh_offset) {
            *ret_len = section.sh_size;
            return section.sh_offset;
        }
    }
    return 0;
}

/* What stands among its constants without a blank: an address, a word that it looks for. */
static int own_learn(struct mask *mask, const char *path)
{
    TIDY_DONE(buffer_done) struct buffer program = {0};
    int rc = path ? descriptor_read_file(path, &program) : 0;
    size_t len = 0, begin = rc == 0 ? constants_find(&program, &len) : 0, end;
    for (size_t at = begin; at < begin + len; at = end + 1) {
        for (end = at; end < begin + len && program.data[end] > ' ' && program.data[end] < 0x7f; end++)
            ;
        bool own = program.data[end] == '\0' && (at == begin || program.data[at - 1] == '\0');
        if (own && end - at >= OWN_LEAST)
            mask_learn(mask, &mask->open, program.data + at, end - at);
    }
    return rc;
}

int known_learn(struct mask *mask, const struct bundle_ask *ask, const struct material *material,
                const struct node *root)
{
    struct err err = {0};
    const muster_connector *connector = connectors_describe(ask->connectors, material->connection->edition, &err);
    int rc = connector ? store_learn(mask, ask) : err.rc;
    if (rc == 0 && root)
        node_learn(mask, root, false);
    learn(mask, &mask->names, ask->organization->id);
    learn(mask, &mask->names, ask->organization->time_zone);
    for (size_t i = 0; i < ask->organization->connection_count; i++)
        learn(mask, &mask->names, ask->organization->connections[i].connector);
    if (rc == 0)
        mappings_learn(mask, material->connection);
    if (rc == 0)
        described_learn(mask, connector);
    if (rc == 0)
        rc = own_learn(mask, connectors_path(ask->connectors, material->connection->edition));
    if (rc == 0)
        rc = alias_expect(mask->alias, material->cassette.data, material->cassette.len);
    if (rc == 0)
        rc = alias_expect(mask->alias, material->before.data ? material->before.data : "", material->before.len);
    return rc ? rc : mask->rc;
}
