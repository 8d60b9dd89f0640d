/* transform - one rule of a mapping, applied to one record.
 *
 * Reads cells, writes into its workspace. The words of the rule are applied in
 * the order of struct rule; value.c then makes the text what the field holds. */
#include "logic/transform.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/text.h"
#include "logic/reason.h"
#include "logic/workspace.h"
#include "model/literal.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <errno.h>
#include <muster/connector.h>
#include <pcre2.h>
#include <string.h>

enum {
    JSON_MAX = 1 << 20,     /* bytes of a JSON cell */
    WRITTEN_MAX = 64 << 10, /* bytes that a replacement may give */
};

static bool is_numeric(uint8_t type)
{
    return type == MUSTER_INTEGER || type == MUSTER_DECIMAL;
}

/* The text is now what the buffer holds. */
static int took(struct piece *piece, const struct buffer *out)
{
    if (out->rc != 0)
        return -ENOMEM;
    piece->bytes = out->data ? out->data : "";
    piece->len = out->len;
    piece->scratch = true;
    piece->type = MUSTER_TEXT;
    return 0;
}

/* A line end is one character, whatever system wrote the file. */
static int mend_returns(struct transform *transform, struct piece *piece)
{
    struct buffer *out = workspace_scratch(transform);
    for (size_t at = 0; at < piece->len; at++) {
        if (piece->bytes[at] != '\r')
            buffer_byte(out, (unsigned char)piece->bytes[at]);
        else if (at + 1 == piece->len || piece->bytes[at + 1] != '\n')
            buffer_byte(out, '\n');
    }
    return took(piece, out);
}

static void trim(struct piece *piece)
{
    /* Most cells begin and end with a letter or a digit. */
    const unsigned char *bytes = (const unsigned char *)piece->bytes;
    if (piece->len > 0 && bytes[0] > ' ' && bytes[0] < 0x80 && bytes[piece->len - 1] > ' ' &&
        bytes[piece->len - 1] < 0x80)
        return;
    text_trim(&piece->bytes, &piece->len);
}

static void settle(struct piece *piece, bool no_trim)
{
    if (no_trim) {
        /* White space alone is still nothing. */
        struct piece copy = *piece;
        trim(&copy);
        piece->presence = copy.len == 0 ? PRESENCE_EMPTY : PRESENCE_VALUE;
        return;
    }
    trim(piece);
    piece->presence = piece->len == 0 ? PRESENCE_EMPTY : PRESENCE_VALUE;
}

/* One cell as a clean, trimmed text. */
static int cell_read(struct transform *transform, const struct transform_input *input, int column, bool no_trim,
                     struct piece *ret_piece, struct rejection *ret_rejection)
{
    const struct cell *cell = &input->cells[column];
    struct piece piece = {.presence = cell->presence, .type = cell->type, .column = column, .bytes = ""};
    if (cell->presence != PRESENCE_VALUE) {
        *ret_piece = piece;
        return 0;
    }
    bool returns = false;
    piece.bytes = cell->bytes;
    piece.len = cell->len;
    piece.numeric = is_numeric(cell->type);
    const char *fault = NULL;
    if (cell->type == MUSTER_JSON)
        fault = cell->len > JSON_MAX ? "too_long" : text_valid(cell->bytes, cell->len) ? NULL : "not_utf8";
    else
        fault = literal_fault(cell->bytes, cell->len, &returns);
    if (fault)
        return workspace_reject(ret_rejection, fault, column);
    if (returns) {
        int rc = mend_returns(transform, &piece);
        if (rc != 0)
            return rc;
    }
    settle(&piece, no_trim);
    *ret_piece = piece;
    return 0;
}

/* Of several blank cells: what could still be said by a column that is missing is not known to be blank. */
static enum presence blanker(enum presence a, enum presence b)
{
    if (a == PRESENCE_ABSENT || b == PRESENCE_ABSENT)
        return PRESENCE_ABSENT;
    return a == PRESENCE_EMPTY || b == PRESENCE_EMPTY ? PRESENCE_EMPTY : PRESENCE_NULL;
}

static int first_of(struct transform *transform, const struct rule *rule, const struct transform_input *input,
                    struct piece *ret_piece, struct rejection *ret_rejection)
{
    struct piece piece = {0};
    enum presence blank = PRESENCE_NULL;
    for (size_t n = 0; n < rule->column_count; n++) {
        int rc = cell_read(transform, input, rule->columns[n], rule->no_trim, &piece, ret_rejection);
        if (rc != 0 || piece.presence == PRESENCE_VALUE) {
            *ret_piece = piece;
            return rc;
        }
        blank = n == 0 ? piece.presence : blanker(blank, piece.presence);
    }
    piece.presence = blank;
    *ret_piece = piece;
    return 0;
}

static int join(struct transform *transform, const struct rule *rule, const struct transform_input *input,
                struct piece *ret_piece, struct rejection *ret_rejection)
{
    struct buffer *out = workspace_scratch(transform);
    struct piece joined = {.column = rule->columns[0], .type = MUSTER_TEXT};
    enum presence blank = PRESENCE_NULL;
    bool any = false;
    for (size_t n = 0; n < rule->column_count; n++) {
        struct piece piece;
        int rc = cell_read(transform, input, rule->columns[n], rule->no_trim, &piece, ret_rejection);
        if (rc != 0)
            return rc;
        if (piece.scratch) /* mended: back to the buffer that is being filled */
            transform->turn ^= 1;
        blank = n == 0 ? piece.presence : blanker(blank, piece.presence);
        if (piece.presence != PRESENCE_VALUE)
            continue;
        if (any && rule->with)
            buffer_text(out, rule->with);
        buffer_add(out, piece.bytes, piece.len);
        joined.numeric |= piece.numeric;
        any = true;
    }
    joined.presence = any ? PRESENCE_VALUE : blank;
    if (any && out->len > LITERAL_MAX)
        return workspace_reject(ret_rejection, REASON_CODE(too_long), joined.column);
    *ret_piece = joined;
    return any ? took(ret_piece, out) : out->rc;
}

/* {"Base":"1200","Tax":null}: the columns in the mapping's order; those that are absent are left out. */
static int columns(struct transform *transform, const struct rule *rule, const struct transform_input *input,
                   const char *const *names, struct piece *ret_piece, struct rejection *ret_rejection)
{
    struct buffer *out = workspace_scratch(transform);
    struct piece object = {.column = rule->columns[0], .presence = PRESENCE_ABSENT};
    buffer_byte(out, '{');
    for (size_t n = 0; n < rule->column_count; n++) {
        struct piece piece;
        int rc = cell_read(transform, input, rule->columns[n], false, &piece, ret_rejection);
        if (rc != 0)
            return rc;
        if (piece.scratch)
            transform->turn ^= 1;
        if (piece.presence == PRESENCE_ABSENT)
            continue;
        if (object.presence == PRESENCE_VALUE)
            buffer_byte(out, ',');
        object.presence = PRESENCE_VALUE;
        literal_quote(names[n], strlen(names[n]), out);
        buffer_byte(out, ':');
        if (piece.presence == PRESENCE_NULL)
            buffer_add(out, "null", 4);
        else
            literal_quote(piece.bytes, piece.len, out);
    }
    buffer_byte(out, '}');
    *ret_piece = object;
    return took(ret_piece, out);
}

static int source_read(struct transform *transform, const struct rule *rule, const struct transform_input *input,
                       struct piece *ret_piece, struct rejection *ret_rejection)
{
    const char *text = rule->constant;
    switch (rule->how) {
    case FROM_COLUMN: return cell_read(transform, input, rule->columns[0], rule->no_trim, ret_piece, ret_rejection);
    case FROM_FIRST_OF: return first_of(transform, rule, input, ret_piece, ret_rejection);
    case FROM_JOIN: return join(transform, rule, input, ret_piece, ret_rejection);
    case FROM_COLUMNS: return columns(transform, rule, input, rule->names, ret_piece, ret_rejection);
    case FROM_PARTITION: text = input->partition ? input->partition : ""; break;
    case FROM_CONST: break;
    }
    *ret_piece = (struct piece){.type = MUSTER_TEXT, .column = -1, .bytes = text, .len = strlen(text)};
    settle(ret_piece, rule->no_trim);
    return 0;
}

static void split(const struct rule *rule, struct piece *piece)
{
    size_t width = strlen(rule->split);
    const char *at = piece->bytes, *end = at + piece->len, *found;
    for (unsigned n = 1; n < rule->take; n++) {
        found = memmem(at, (size_t)(end - at), rule->split, width);
        if (!found) {
            piece->presence = PRESENCE_NULL;
            return;
        }
        at = found + width;
    }
    found = memmem(at, (size_t)(end - at), rule->split, width);
    piece->bytes = at;
    piece->len = (size_t)((found ? found : end) - at);
    piece->type = MUSTER_TEXT;
}

/* 1: matches, 0: does not, below 0: a limit was hit. */
static int matches(struct transform *transform, const void *code, const char *bytes, size_t len)
{
    int rc = pcre2_match(code, (PCRE2_SPTR)bytes, len, 0, PCRE2_NO_UTF_CHECK, transform->match, transform->context);
    return rc >= 0 ? 1 : rc == PCRE2_ERROR_NOMATCH ? 0 : -1;
}

static int replaced(struct transform *transform, const struct rule *rule, struct piece *piece,
                    struct rejection *ret_rejection)
{
    struct buffer *out = workspace_scratch(transform);
    char *to = buffer_reserve(out, WRITTEN_MAX);
    PCRE2_SIZE len = WRITTEN_MAX;
    if (!to)
        return -ENOMEM;
    int rc = pcre2_substitute(rule->match, (PCRE2_SPTR)piece->bytes, piece->len, 0,
                              PCRE2_NO_UTF_CHECK | PCRE2_SUBSTITUTE_GLOBAL | PCRE2_SUBSTITUTE_EXTENDED |
                                  PCRE2_SUBSTITUTE_UNSET_EMPTY,
                              transform->match, transform->context, (PCRE2_SPTR)rule->replace, PCRE2_ZERO_TERMINATED,
                              (PCRE2_UCHAR *)to, &len);
    if (rc == 0)
        piece->presence = PRESENCE_NULL;
    if (rc == 0)
        return 0;
    if (rc == PCRE2_ERROR_NOMEMORY || (rc > 0 && len > LITERAL_MAX))
        return workspace_reject(ret_rejection, REASON_CODE(too_long), piece->column);
    if (rc < 0)
        return workspace_reject(ret_rejection, REASON_CODE(pattern_limit), piece->column);
    out->len = len;
    return took(piece, out);
}

static int match(struct transform *transform, const struct rule *rule, struct piece *piece,
                 struct rejection *ret_rejection)
{
    if (rule->replace)
        return replaced(transform, rule, piece, ret_rejection);
    int rc = matches(transform, rule->match, piece->bytes, piece->len);
    if (rc < 0)
        return workspace_reject(ret_rejection, REASON_CODE(pattern_limit), piece->column);
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(transform->match);
    if (rc == 0 || ends[2 * rule->take] == PCRE2_UNSET) { /* a group that took no part did not match */
        piece->presence = PRESENCE_NULL;
        return 0;
    }
    piece->bytes += ends[2 * rule->take];
    piece->len = ends[2 * rule->take + 1] - ends[2 * rule->take];
    piece->type = MUSTER_TEXT;
    return 0;
}

/* Writes the text anew by one of text.h's functions. */
static int rewritten(struct transform *transform, struct piece *piece,
                     void (*write)(const char *text, size_t len, struct buffer *out))
{
    struct buffer *out = workspace_scratch(transform);
    write(piece->bytes, piece->len, out);
    return took(piece, out);
}

static int words_apply(struct transform *transform, const struct rule *rule, struct piece *piece,
                       struct rejection *ret_rejection)
{
    int rc = 0;
    if (rule->split) {
        split(rule, piece);
        if (piece->presence == PRESENCE_VALUE)
            settle(piece, rule->no_trim);
    }
    if (rule->digits && piece->presence == PRESENCE_VALUE) {
        rc = rewritten(transform, piece, text_digits);
        settle(piece, rule->no_trim);
    }
    if (rc == 0 && rule->match && piece->presence == PRESENCE_VALUE) {
        rc = match(transform, rule, piece, ret_rejection);
        if (rc == 0 && piece->presence == PRESENCE_VALUE)
            settle(piece, rule->no_trim);
    }
    if (rc == 0 && (rule->lower || rule->upper) && piece->presence == PRESENCE_VALUE)
        rc = rewritten(transform, piece, rule->lower ? text_lower : text_upper);
    return rc;
}

/* 1: the table said what the value is; 0: the text goes on. */
static int table_apply(struct transform *transform, const struct rule *rule, const struct piece *piece,
                       struct value *ret_value, struct rejection *ret_rejection)
{
    const char *normal;
    size_t len;
    if (!workspace_normal(transform, piece->bytes, piece->len, &normal, &len))
        return -ENOMEM;
    const struct lookup_entry *entry = lookup_find(rule->lookup, normal, len);
    if (entry)
        *ret_value = entry->value;
    else if (rule->otherwise == OTHERWISE_VALUE)
        *ret_value = rule->otherwise_made;
    else if (rule->otherwise == OTHERWISE_REJECT)
        return workspace_reject(ret_rejection, REASON_CODE(unknown_value), piece->column);
    else
        return 0;
    return 1;
}

/* A fixed value of the file. Of a reference it is only the text. */
static int fixed_value(struct transform *transform, const struct rule *rule, const struct transform_input *input,
                       struct value fixed, struct value *ret_value, struct rejection *ret_rejection)
{
    *ret_value = fixed;
    if (rule->field->type != TYPE_REF || fixed.presence != PRESENCE_VALUE)
        return 0;
    struct piece piece = {PRESENCE_VALUE, MUSTER_TEXT, false, false, -1, fixed.bytes, fixed.len};
    return value_make(transform, rule, input, &piece, ret_value, ret_rejection);
}

static struct piece fixed_piece(const char *text)
{
    bool is = text && *text;
    return (struct piece){
        .presence = is ? PRESENCE_VALUE : PRESENCE_NULL, .bytes = is ? text : "", .len = is ? strlen(text) : 0};
}

/* The columns of a unit's code and name; or the partition's id and name. */
static int unit_make(struct transform *transform, const struct rule *rule, const struct transform_input *input,
                     struct value *ret_value, struct rejection *ret_rejection)
{
    struct piece code = {.presence = PRESENCE_NULL}, name = {.presence = PRESENCE_NULL};
    int rc = 0;
    if (rule->unit_code >= 0)
        rc = cell_read(transform, input, rule->unit_code, false, &code, ret_rejection);
    if (rc == 0 && rule->unit_name >= 0)
        rc = cell_read(transform, input, rule->unit_name, false, &name, ret_rejection);
    if (rc != 0)
        return rc;
    if (rule->unit_from_partition)
        name = fixed_piece(input->partition);
    if (rule->unit_from_partition && rule->unit_code < 0)
        code = fixed_piece(input->partition_id);
    if (code.presence != PRESENCE_VALUE && name.presence != PRESENCE_VALUE) {
        *ret_value = (struct value){.presence = rule->unit_code < 0   ? name.presence
                                                : rule->unit_name < 0 ? code.presence
                                                                      : blanker(code.presence, name.presence)};
        return 0;
    }
    struct reference reference = {.how = REFERENCE_UNIT, .unit_type = rule->unit_type, .text = "", .name = ""};
    if (code.presence == PRESENCE_VALUE) {
        reference.text = code.bytes;
        reference.text_len = (uint32_t)code.len;
    }
    if (name.presence == PRESENCE_VALUE) {
        reference.name = name.bytes;
        reference.name_len = (uint32_t)name.len;
    }
    /* Mended cells lie in both scratch buffers; the third is free. */
    buffer_clear(&transform->normal);
    reference_write(&reference, &transform->normal);
    const char *kept =
        transform->normal.rc != 0 ? NULL : workspace_keep(transform, transform->normal.data, transform->normal.len);
    if (!kept)
        return -ENOMEM;
    *ret_value =
        (struct value){PRESENCE_VALUE, code.numeric ? VALUE_FLAGGED : 0, (uint32_t)transform->normal.len, kept};
    return 0;
}

static int rule_apply(struct transform *transform, const struct rule *rule, const struct transform_input *input,
                      struct value *ret_value, struct rejection *ret_rejection)
{
    struct piece piece;
    if (rule->unit_type > 0)
        return unit_make(transform, rule, input, ret_value, ret_rejection);
    if (rule->how == FROM_CONST)
        return fixed_value(transform, rule, input, rule->constant_made, ret_value, ret_rejection);
    int rc = source_read(transform, rule, input, &piece, ret_rejection);
    if (rc == 0 && piece.presence == PRESENCE_VALUE)
        rc = words_apply(transform, rule, &piece, ret_rejection);
    if (rc != 0)
        return rc;
    if (piece.presence == PRESENCE_EMPTY && rule->table_blank)
        return fixed_value(transform, rule, input, *rule->table_blank, ret_value, ret_rejection);
    if (piece.presence != PRESENCE_VALUE) {
        *ret_value = (struct value){.presence = piece.presence};
        return 0;
    }
    if (rule->lookup) {
        rc = table_apply(transform, rule, &piece, ret_value, ret_rejection);
        if (rc != 0)
            return rc < 0 ? rc : fixed_value(transform, rule, input, *ret_value, ret_value, ret_rejection);
    }
    return value_make(transform, rule, input, &piece, ret_value, ret_rejection);
}

static bool is_plain(char c)
{
    return c > ' ' && (unsigned char)c < 0x7f;
}

/* The commonest rule, a column taken as it is, on the commonest cell: printable ASCII with nothing to trim. */
static bool plain_apply(const struct rule *rule, const struct transform_input *input, struct value *ret_value)
{
    if (!rule->plain)
        return false;
    const struct cell *cell = &input->cells[rule->columns[0]];
    bool returns = false;
    if (cell->presence != PRESENCE_VALUE || cell->type != MUSTER_TEXT || cell->len == 0 || !is_plain(cell->bytes[0]) ||
        !is_plain(cell->bytes[cell->len - 1]) || literal_fault(cell->bytes, cell->len, &returns) || returns)
        return false;
    *ret_value = (struct value){PRESENCE_VALUE, 0, cell->len, cell->bytes};
    return true;
}

int transform_rule(struct transform *transform, const struct rule *rule, const struct transform_input *input,
                   struct value *ret_value, struct rejection *ret_rejection)
{
    struct value value = {0};
    if (plain_apply(rule, input, ret_value))
        return 0;
    int rc = rule_apply(transform, rule, input, &value, ret_rejection);
    if (rc != 0)
        return rc;
    if (value.presence == PRESENCE_NULL || value.presence == PRESENCE_EMPTY) {
        if (rule->fallback) {
            rc = fixed_value(transform, rule, input, rule->fallback_made, &value, ret_rejection);
            if (rc != 0)
                return rc;
        } else if ((value.presence == PRESENCE_NULL ? rule->on_null : rule->on_empty) == ON_CLEAR) {
            value.flags |= VALUE_CLEARS;
        }
    }
    *ret_value = value;
    return 0;
}

static bool asked_hold(struct transform *transform, const struct condition *condition,
                       const struct transform_input *input)
{
    struct piece piece;
    struct rejection rejection;
    bool clean = cell_read(transform, input, condition->column, false, &piece, &rejection) == 0;
    bool value = !clean || piece.presence == PRESENCE_VALUE;
    if (condition->present >= 0 && value != (condition->present == 1))
        return false;
    if (!condition->words && !condition->match)
        return true;
    if (!clean || !value)
        return false;
    const char *normal;
    size_t len;
    if (condition->words && (!workspace_normal(transform, piece.bytes, piece.len, &normal, &len) ||
                             !lookup_find(condition->words, normal, len)))
        return false;
    return !condition->match || matches(transform, condition->match, piece.bytes, piece.len) == 1;
}

bool transform_condition(struct transform *transform, const struct condition *condition,
                         const struct transform_input *input)
{
    for (; condition; condition = condition->next)
        if (asked_hold(transform, condition, input) == condition->negated)
            return false;
    return true;
}

int transform_key(struct transform *transform, const struct transform_input *input, int column, const char **ret_text,
                  size_t *ret_len, struct rejection *ret_rejection)
{
    struct piece piece;
    int rc = cell_read(transform, input, column, false, &piece, ret_rejection);
    if (rc != 0)
        return rc;
    const char *text = piece.bytes;
    if (piece.scratch && !(text = workspace_keep(transform, piece.bytes, piece.len)))
        return -ENOMEM;
    *ret_text = text;
    *ret_len = piece.presence == PRESENCE_VALUE ? piece.len : 0;
    return 0;
}
