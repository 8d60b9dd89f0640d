/* mapping - how the columns of a stream become fields of the model: sections, keys, what is required, the digest.
 *
 * Reads the nodes of one stream, writes a struct mapping into the arena of the
 * complaints. Single fields are compiled in rule.c, conditions in condition.c. */
#include "config/mapping.h"

#include "base/digest.h"
#include "config/compile.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <errno.h>
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Raised whenever the same mapping makes something else of the same record. */
enum { MAPPING_VERSION = 1 };

static const char *const stream_words[] = {"key", "require", "where", "keep", "lookup", NULL};
static const char *const section_words[] = {"key", "when", "each", "map", NULL};

static bool is_word(const char *const *words, const char *text)
{
    for (; *words; words++)
        if (strcmp(*words, text) == 0)
            return true;
    return false;
}

/* `kind` is that of whose fields the names are; "" where they are kinds. True when the key is read as another one. */
static bool complain_unknown(struct compile *compile, const struct node *map, size_t nth, const char *where,
                             const char *kind, const char *const *names)
{
    const struct node *key = map->keys[nth];
    const char *near = names ? nearest_name(key->text, names) : NULL;
    if (near)
        complain(compile->complaints, key, "%s has no '%s'; did you mean '%s'?", where, key->text, near);
    else
        complain(compile->complaints, key, "%s has no '%s': `muster fields%s%s` lists what there is", where, key->text,
                 *kind ? " " : "", kind);
    return node_take_as(compile->complaints, map, nth, names) != NULL;
}

/* Own fields come after those of the model, in the order of their declaration: they may have no number yet. */
static uint32_t rule_order(const struct compile *compile, const struct rule *rule)
{
    const struct field *field = rule->field;
    bool own = compile->custom && strncmp(field->name, "custom.", 7) == 0;
    return own ? 0x10000u + (uint32_t)(field - compile->custom) : field->number;
}

static void sort_rules(const struct compile *compile, struct rule *rules, size_t count)
{
    for (size_t n = 1; n < count; n++) {
        struct rule rule = rules[n];
        size_t at = n;
        for (; at > 0 && rule_order(compile, &rules[at - 1]) > rule_order(compile, &rule); at--)
            rules[at] = rules[at - 1];
        rules[at] = rule;
    }
}

/* "scope[]": the list, without the brackets. NULL with a complaint. */
static const char *each_read(struct compile *compile, const struct node *node, enum kind kind)
{
    char what[80];
    snprintf(what, sizeof(what), "%s: 'each'", kind_name(kind));
    const char *text = compile_text(compile, node, what, false);
    size_t len = text ? strlen(text) : 0;
    if (text && (len < 3 || strcmp(text + len - 2, "[]") != 0 || strchr(text, '[') != text + len - 2)) {
        complain(compile->complaints, node, "%s must name a list of the row, as in scope[]", what);
        return NULL;
    }
    char *list = text ? arena_text(compile->arena, text) : NULL;
    compile->failed |= text && !list;
    if (list)
        list[len - 2] = '\0';
    return list;
}

/* Where the fields of a section stand: in it, or below `map`, one made of each item of a list. NULL with complaints. */
static const struct node *fields_node(struct compile *compile, enum kind kind, const struct node *node,
                                      struct section *section)
{
    const struct node *each = node_get(node, "each"), *map = node_get(node, "map");
    if (!each && !map)
        return node;
    if (!each || !map || map->type != NODE_MAP || map->count == 0) {
        complain(compile->complaints, each ? each : map,
                 "%s: 'each' and 'map' go together, as in { each: scope[], map: { FIELD: MEMBER } }", kind_name(kind));
        return NULL;
    }
    for (size_t n = 0; n < node->count; n++)
        if (!is_word(section_words, node->keys[n]->text))
            complain(compile->complaints, node->keys[n], "%s: with 'each' fields stand below 'map', and '%s' does not",
                     kind_name(kind), node->keys[n]->text);
    section->each = each_read(compile, each, kind);
    section->list = section->each ? compile_name(compile, section->each, COLUMN_ASIDE) : -1;
    return section->each ? map : NULL;
}

/* The columns of its items, once all that name some have been read. */
static void members_find(struct compile *compile, struct section *section)
{
    int *members = compile_get(compile, compile->column_count, sizeof(*members));
    size_t len = strlen(section->each);
    for (size_t n = 0; members && n < compile->column_count; n++)
        if (compile->beside[n] >= 0 && strncmp(compile->columns[n], section->each, len) == 0 &&
            strncmp(compile->columns[n] + len, "[].", 3) == 0)
            members[section->member_count++] = (int)n;
    section->members = members;
}

static void fields_compile(struct compile *compile, const struct node *fields, const char *const *names,
                           struct rule *rules, struct section *section)
{
    bool own = !section->each;
    for (size_t n = 0; n < fields->count; n++) {
        const char *kind = kind_name(section->kind);
        const struct field *field = compile_field(compile, section->kind, fields->keys[n]->text);
        if (!field && (!own || !is_word(section_words, fields->keys[n]->text)) &&
            complain_unknown(compile, fields, n, kind, kind, names))
            field = compile_field(compile, section->kind, fields->keys[n]->text);
        if (field)
            section->rule_count += rule_compile(compile, field, fields->items[n], &rules[section->rule_count]);
    }
}

static bool section_compile(struct compile *compile, enum kind kind, const struct node *node,
                            struct section *ret_section)
{
    struct section section = {.kind = kind, .node = node};
    size_t errors = compile->complaints->errors;
    char what[80];
    if (node->type != NODE_MAP || node->count == 0) {
        complain(compile->complaints, node, "%s must be a map of its fields, as in { FIELD: COLUMN }", kind_name(kind));
        return false;
    }
    const struct node *fields = fields_node(compile, kind, node, &section);
    struct rule *rules = fields ? compile_get(compile, fields->count, sizeof(*rules)) : NULL;
    const char *const *names = compile_field_names(compile, kind, section_words);
    if (!rules || !names)
        return false;
    compile->each = section.each;
    fields_compile(compile, fields, names, rules, &section);
    snprintf(what, sizeof(what), "%s: 'key'", kind_name(kind));
    if (node_get(node, "key"))
        section.key = compile_columns(compile, node_get(node, "key"), what, &section.key_count);
    snprintf(what, sizeof(what), "%s: 'when'", kind_name(kind));
    if (node_get(node, "when"))
        section.when = condition_compile(compile, node_get(node, "when"), what);
    compile->each = NULL;
    if (section.each)
        members_find(compile, &section);
    if (section.rule_count == 0 && compile->complaints->errors == errors)
        complain(compile->complaints, node, "%s must have a field", kind_name(kind));
    sort_rules(compile, rules, section.rule_count);
    section.rules = rules;
    *ret_section = section;
    return compile->complaints->errors == errors && !compile->failed;
}

bool mapping_item_column(const char *column, const char *name, unsigned *ret_nth)
{
    const char *brackets = strstr(column, "[].");
    size_t len = brackets ? (size_t)(brackets - column) : 0;
    unsigned long nth = 0;
    if (!brackets || strncmp(column, name, len) != 0)
        return false;
    name += len;
    if (*name == '[') {
        char *end;
        nth = strtoul(name + 1, &end, 10);
        if (end == name + 1 || *end != ']' || nth > UINT32_MAX)
            return false;
        name = end + 1;
    }
    if (strcmp(brackets + 2, name) != 0)
        return false;
    *ret_nth = (unsigned)nth;
    return true;
}

/* Names for "did you mean" at the stream's level: its words and all kinds. */
static const char *const *stream_names(struct compile *compile)
{
    const char **names = compile_get(compile, KIND_COUNT + 5, sizeof(*names));
    for (size_t n = 0; names && n < 5; n++)
        names[n] = stream_words[n];
    for (int kind = 1; names && kind < KIND_COUNT; kind++)
        names[4 + kind] = kind_name((enum kind)kind);
    return names;
}

/* The main section's node, also when its rules could not be compiled. */
static const struct node *main_node(const struct node *stream, enum kind *ret_kind)
{
    *ret_kind = KIND_person;
    for (size_t n = 0; n < stream->count && !node_get(stream, "person"); n++) {
        *ret_kind = kind_by_name(stream->keys[n]->text);
        if (*ret_kind != KIND_NONE)
            return stream->items[n];
    }
    return node_get(stream, "person");
}

static void sections_compile(struct compile *compile, const struct node *node, const char *stream,
                             struct mapping *mapping)
{
    struct section *sections = compile_get(compile, node->count, sizeof(*sections));
    const char *const *names = stream_names(compile);
    size_t found = 0;
    char where[160];
    snprintf(where, sizeof(where), "stream '%.100s'", stream);
    for (size_t n = 0; sections && names && n < node->count; n++) {
        enum kind kind = kind_by_name(node->keys[n]->text);
        if (kind == KIND_NONE && !is_word(stream_words, node->keys[n]->text) &&
            complain_unknown(compile, node, n, where, "", names))
            kind = kind_by_name(node->keys[n]->text);
        if (kind == KIND_NONE)
            continue;
        found++;
        struct section section;
        if (!section_compile(compile, kind, node->items[n], &section))
            continue;
        size_t at = mapping->section_count++;
        for (; kind == KIND_person && at > 0; at--)
            sections[at] = sections[at - 1];
        sections[at] = section;
    }
    if (found == 0)
        complain(compile->complaints, node, "%s must say what a row gives: a section such as person: { FIELD: COLUMN }",
                 where);
    enum kind main_kind;
    const struct node *row = main_node(node, &main_kind);
    if (row && row->type == NODE_MAP && node_get(row, "each"))
        complain(compile->complaints, row,
                 "%s cannot be made of 'each' item of a list: it is what the row itself is. Give each item a row",
                 kind_name(main_kind));
    mapping->sections = sections;
}

static void require_compile(struct compile *compile, const struct node *stream, struct mapping *mapping)
{
    const struct node *node = node_get(stream, "require");
    enum kind kind;
    const struct node *section = main_node(stream, &kind);
    size_t count;
    const char *const *texts = compile_texts(compile, node, "'require'", false, &count);
    const struct field **fields = texts && section ? compile_get(compile, count + 1, sizeof(*fields)) : NULL;
    for (size_t n = 0; fields && n < count; n++) {
        const struct node *at = node->type == NODE_LIST ? node->items[n] : node;
        fields[n] = compile_field(compile, kind, texts[n]);
        if (!fields[n]) {
            const char *const *names = compile_field_names(compile, kind, NULL);
            const char *near = names ? nearest_name(texts[n], names) : NULL;
            complain(compile->complaints, at, "'require': %s has no field '%s'%s%s%s", kind_name(kind), texts[n],
                     near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
        } else if (!node_get(section, texts[n])) {
            complain(compile->complaints, at, "'require': no rule makes %s.%s: map it, or do not require it",
                     kind_name(kind), texts[n]);
        }
    }
    mapping->require = fields;
}

void canonical_text(const char *text, struct buffer *out)
{
    buffer_format(out, "%zu:", strlen(text));
    buffer_text(out, text);
}

void canonical_node(const struct node *node, struct buffer *out)
{
    if (node->type == NODE_TEXT) {
        canonical_text(node->text, out);
        return;
    }
    buffer_format(out, "%c%zu", node->type == NODE_LIST ? '[' : '{', node->count);
    const char *last = NULL;
    for (size_t n = 0; n < node->count; n++) {
        size_t next = n;
        if (node->type == NODE_MAP) {
            next = node->count;
            for (size_t k = 0; k < node->count; k++)
                if ((!last || strcmp(node->keys[k]->text, last) > 0) &&
                    (next == node->count || strcmp(node->keys[k]->text, node->keys[next]->text) < 0))
                    next = k;
            if (next == node->count)
                break;
            last = node->keys[next]->text;
            canonical_text(last, out);
        }
        canonical_node(node->items[next], out);
    }
}

static void digest_compile(struct compile *compile, struct mapping *mapping)
{
    __attribute__((cleanup(buffer_done))) struct buffer out = {0};
    uint8_t digest[DIGEST_SHA256];
    buffer_format(&out, "mapping %d ", MAPPING_VERSION);
    canonical_text(mapping->stream, &out);
    canonical_node(mapping->node, &out);
    /* The order of sections counts for one thing only; types of own fields are declared elsewhere. */
    canonical_text(kind_name(mapping->sections[0].kind), &out);
    for (size_t s = 0; s < mapping->section_count; s++)
        for (size_t n = 0; n < mapping->sections[s].rule_count; n++) {
            const struct field *field = mapping->sections[s].rules[n].field;
            canonical_text(field->name, &out);
            canonical_text(type_name(field->type), &out);
            canonical_text(field->enumerators ? field->enumerators : "", &out);
        }
    compile->failed |= out.rc != 0;
    if (out.rc != 0)
        return;
    digest_sha256(out.data, out.len, digest);
    memcpy(mapping->digest, digest, sizeof(mapping->digest));
}

static bool in_key(const int *key, size_t count, int column)
{
    for (size_t n = 0; n < count; n++)
        if (key[n] == column)
            return true;
    return false;
}

/* A text that comes from a key column names something, so a numeric cell is odd there too. */
static void mark_identifiers(struct mapping *mapping)
{
    for (size_t s = 0; s < mapping->section_count; s++) {
        const struct section *section = &mapping->sections[s];
        for (size_t n = 0; n < section->rule_count; n++) {
            struct rule *rule = (struct rule *)&section->rules[n];
            for (size_t c = 0; rule->field->type == TYPE_TEXT && !rule->date_written && c < rule->column_count; c++)
                rule->identifier |= in_key(mapping->key, mapping->key_count, rule->columns[c]) ||
                                    in_key(section->key, section->key_count, rule->columns[c]);
        }
    }
}

static void stream_words_compile(struct compile *compile, const struct node *node, struct mapping *mapping)
{
    const struct node *key = node_get(node, "key"), *where = node_get(node, "where");
    const struct node *keep = node_get(node, "keep");
    if (key)
        mapping->key = compile_columns(compile, key, "'key'", &mapping->key_count);
    if (where)
        mapping->where = condition_compile(compile, where, "'where'");
    if (keep && keep->type == NODE_TEXT && strcmp(keep->text, "all") == 0)
        mapping->keep_all = true;
    else if (keep && (keep->type != NODE_TEXT || strcmp(keep->text, "mapped") != 0))
        complain(compile->complaints, keep, "'keep' must be mapped or all");
    const struct node *lookup = node_get(node, "lookup");
    if (lookup && (lookup->type != NODE_TEXT || mapping->key_count == 0))
        complain(compile->complaints, lookup,
                 "'lookup' must be the name of one, and 'key' the columns that its arguments stand for");
    else if (lookup)
        mapping->lookup = lookup->text;
    if (node_get(node, "require"))
        require_compile(compile, node, mapping);
}

void patterns_free(const struct pattern *patterns)
{
    for (const struct pattern *pattern = patterns; pattern; pattern = pattern->next)
        pcre2_code_free(pattern->code);
}

void mapping_done(const struct mapping *mapping)
{
    if (mapping)
        patterns_free(mapping->patterns);
}

int mapping_compile(const char *stream, const struct node *node, const struct field *custom,
                    struct complaints *complaints, const struct mapping **ret_mapping)
{
    struct compile compile = {.complaints = complaints, .arena = complaints->arena, .custom = custom};
    size_t errors = complaints->errors;
    if (node && node->type == NODE_TEXT && strcmp(node->text, "off") == 0) {
        *ret_mapping = NULL;
        return 0;
    }
    if (!node || node->type != NODE_MAP) {
        complain(complaints, node, "stream '%s' must be a map with a section such as person:, or off", stream);
        return ERR_CONFIG;
    }
    struct mapping *mapping = compile_get(&compile, 1, sizeof(*mapping));
    if (!mapping)
        return -ENOMEM;
    mapping->stream = arena_text(compile.arena, stream);
    mapping->node = node;
    compile.failed |= !mapping->stream;
    sections_compile(&compile, node, stream, mapping);
    stream_words_compile(&compile, node, mapping);
    mapping->columns = compile.columns;
    mapping->beside = compile.beside;
    mapping->column_count = compile.column_count;
    mapping->patterns = compile.patterns;
    if (complaints->errors == errors && !compile.failed) {
        mark_identifiers(mapping);
        digest_compile(&compile, mapping);
    }
    if (complaints->errors != errors || compile.failed) {
        patterns_free(compile.patterns);
        return compile.failed ? -ENOMEM : ERR_CONFIG;
    }
    *ret_mapping = mapping;
    return 0;
}
