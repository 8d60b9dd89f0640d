/* compile - what the files that compile a mapping share: texts, columns, fields and patterns out of nodes. */
#include "config/compile.h"

#include "base/text.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

void *compile_get(struct compile *compile, size_t count, size_t size)
{
    void *memory = arena_get(compile->arena, count * size + 1);
    compile->failed |= !memory;
    return memory;
}

const char *compile_text(struct compile *compile, const struct node *node, const char *what, bool blank)
{
    if (node->tag && strcmp(node->tag, "!secret") == 0)
        complain(compile->complaints, node, "%s cannot be a secret: a mapping holds none", what);
    else if (node->type != NODE_TEXT)
        complain(compile->complaints, node, "%s must be a text, not a %s", what,
                 node->type == NODE_LIST ? "list" : "map");
    else if (!blank && text_same(node->text, strlen(node->text), "", 0))
        complain(compile->complaints, node, "%s must not be empty", what);
    else
        return node->text;
    return NULL;
}

static bool column_room(struct compile *compile)
{
    size_t count = compile->column_count, room = count ? 2 * count : 16;
    if (count < compile->column_room)
        return true;
    const char **columns = compile_get(compile, room, sizeof(*columns));
    int *beside = compile_get(compile, room, sizeof(*beside));
    if (!columns || !beside)
        return false;
    if (count > 0) {
        memcpy(columns, compile->columns, count * sizeof(*columns));
        memcpy(beside, compile->beside, count * sizeof(*beside));
    }
    compile->columns = columns;
    compile->beside = beside;
    compile->column_room = room;
    return true;
}

int compile_name(struct compile *compile, const char *name, int beside)
{
    for (size_t n = 0; name && n < compile->column_count; n++)
        if (text_same(compile->columns[n], strlen(compile->columns[n]), name, strlen(name))) {
            if (beside == COLUMN_OF_ROW)
                compile->beside[n] = beside;
            return (int)n;
        }
    compile->failed |= !name;
    if (!name || !column_room(compile))
        return -1;
    compile->columns[compile->column_count] = name;
    compile->beside[compile->column_count] = beside;
    return (int)compile->column_count++;
}

int compile_column(struct compile *compile, const struct node *node, const char *what)
{
    const char *name = compile_text(compile, node, what, false);
    int beside = compile->each ? COLUMN_ASIDE : COLUMN_OF_ROW;
    int column = name ? compile_name(compile, arena_text(compile->arena, name), beside) : -1;
    if (column < 0 || !compile->each)
        return column;
    return compile_name(compile, arena_format(compile->arena, "%s[].%s", compile->each, name), column);
}

/* A node that may be a list or one thing alone. */
static size_t item_count(const struct node *node)
{
    return node->type == NODE_LIST ? node->count : 1;
}

static const struct node *item(const struct node *node, size_t n)
{
    return node->type == NODE_LIST ? node->items[n] : node;
}

const int *compile_columns(struct compile *compile, const struct node *node, const char *what, size_t *ret_count)
{
    size_t count = item_count(node);
    int *columns = compile_get(compile, count, sizeof(*columns));
    bool good = columns != NULL && count > 0;
    if (count == 0)
        complain(compile->complaints, node, "%s must name a column", what);
    for (size_t n = 0; columns && n < count; n++) {
        columns[n] = compile_column(compile, item(node, n), what);
        good &= columns[n] >= 0;
        for (size_t before = 0; before < n; before++)
            if (columns[n] >= 0 && columns[before] == columns[n]) {
                complain(compile->complaints, item(node, n), "%s names the column '%s' twice", what,
                         compile->columns[columns[n]]);
                good = false;
            }
    }
    *ret_count = count;
    return good ? columns : NULL;
}

const char *const *compile_texts(struct compile *compile, const struct node *node, const char *what, bool blank,
                                 size_t *ret_count)
{
    size_t count = item_count(node);
    const char **texts = compile_get(compile, count + 1, sizeof(*texts));
    bool good = texts != NULL && count > 0;
    if (count == 0)
        complain(compile->complaints, node, "%s must not be an empty list", what);
    for (size_t n = 0; texts && n < count; n++) {
        texts[n] = compile_text(compile, item(node, n), what, blank);
        good &= texts[n] != NULL;
    }
    *ret_count = count;
    return good ? texts : NULL;
}

int compile_bool(struct compile *compile, const struct node *node, const char *what)
{
    if (node->type == NODE_TEXT && strcmp(node->text, "true") == 0)
        return 1;
    if (node->type == NODE_TEXT && strcmp(node->text, "false") == 0)
        return 0;
    complain(compile->complaints, node, "%s must be true or false", what);
    return -1;
}

void *compile_pattern(struct compile *compile, const struct node *node, const char *what, unsigned *ret_groups)
{
    const char *text = compile_text(compile, node, what, false);
    struct pattern *pattern = text ? compile_get(compile, 1, sizeof(*pattern)) : NULL;
    int code = 0;
    PCRE2_SIZE offset = 0;
    if (!pattern)
        return NULL;
    pattern->code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
                                  PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &code, &offset, NULL);
    if (!pattern->code) {
        PCRE2_UCHAR why[256] = "";
        pcre2_get_error_message(code, why, sizeof(why));
        complain(compile->complaints, node, "%s is no regular expression: %s, at character %zu", what,
                 (const char *)why, (size_t)offset + 1);
        return NULL;
    }
    pattern->next = compile->patterns;
    compile->patterns = pattern;
    pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE); /* where there is none, matching works all the same */
    uint32_t groups = 0;
    pcre2_pattern_info(pattern->code, PCRE2_INFO_CAPTURECOUNT, &groups);
    *ret_groups = groups;
    return pattern->code;
}

/* PCRE2 looks at a replacement only when something matched. So a pattern with the same groups that always matches is
 * made, and the replacement is tried on nothing. */
static pcre2_code *stand_in(void *code)
{
    struct buffer text = {0};
    uint32_t groups = 0, names = 0, size = 0;
    PCRE2_SPTR table = NULL;
    pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups);
    pcre2_pattern_info(code, PCRE2_INFO_NAMECOUNT, &names);
    pcre2_pattern_info(code, PCRE2_INFO_NAMEENTRYSIZE, &size);
    pcre2_pattern_info(code, PCRE2_INFO_NAMETABLE, &table);
    for (uint32_t group = 1; group <= groups; group++) {
        const char *name = NULL;
        for (uint32_t n = 0; n < names; n++)
            if ((uint32_t)(table[n * size] << 8 | table[n * size + 1]) == group)
                name = (const char *)table + n * size + 2;
        buffer_format(&text, name ? "(?<%s>)" : "()", name);
    }
    int fault;
    PCRE2_SIZE offset;
    pcre2_code *made = text.rc != 0 ? NULL
                                    : pcre2_compile((PCRE2_SPTR)(text.data ? text.data : ""), text.len,
                                                    PCRE2_UTF | PCRE2_DUPNAMES, &fault, &offset, NULL);
    buffer_done(&text);
    return made;
}

bool compile_replace(struct compile *compile, const struct node *node, const char *what, void *code,
                     const char *replace)
{
    PCRE2_UCHAR out[4096];
    PCRE2_SIZE len = sizeof(out);
    pcre2_code *trial = stand_in(code);
    if (!trial) {
        compile->failed = true;
        return false;
    }
    int rc = pcre2_substitute(trial, (PCRE2_SPTR) "", 0, 0, PCRE2_SUBSTITUTE_EXTENDED | PCRE2_SUBSTITUTE_UNSET_EMPTY,
                              NULL, NULL, (PCRE2_SPTR)replace, PCRE2_ZERO_TERMINATED, out, &len);
    pcre2_code_free(trial);
    if (rc >= 0)
        return true;
    PCRE2_UCHAR why[256] = "";
    pcre2_get_error_message(rc, why, sizeof(why));
    complain(compile->complaints, node, "%s cannot be used with this pattern: %s", what, (const char *)why);
    return false;
}

const struct field *compile_field(const struct compile *compile, enum kind kind, const char *name)
{
    const struct field *field = field_by_name(kind, name);
    for (const struct field *own = compile->custom; !field && kind == KIND_person && own && own->name; own++)
        if (strcmp(own->name, name) == 0)
            field = own;
    return field;
}

const char *const *compile_field_names(struct compile *compile, enum kind kind, const char *const *extra)
{
    size_t count = 0, customs = 0, extras = 0;
    while (field_nth(kind, count))
        count++;
    for (const struct field *own = compile->custom; kind == KIND_person && own && own->name; own++)
        customs++;
    while (extra && extra[extras])
        extras++;
    const char **names = compile_get(compile, count + customs + extras + 1, sizeof(*names));
    if (!names)
        return NULL;
    for (size_t n = 0; n < count; n++)
        names[n] = field_nth(kind, n)->name;
    for (size_t n = 0; n < customs; n++)
        names[count + n] = compile->custom[n].name;
    for (size_t n = 0; n < extras; n++)
        names[count + customs + n] = extra[n];
    return names;
}
