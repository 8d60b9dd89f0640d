/* json_scan - rows of JSON in their ordinary shape, taken from a piece of the file by hand, many times faster than a
 * parser.
 *
 * Takes only what is whole in the piece and whose meaning leaves no doubt, and
 * makes the same cells of it as json_events.c. Whatever else there is
 * (a fault, a member that stands twice, an exponent, half a character, a piece
 * that ends in the middle) it leaves where it is, forgets that row, and yajl
 * reads it: so what is an error, and its sentence, is said in one place only.
 * A test holds both to the same rows. */
#include "blocks.h"
#include "json_parts.h"

#include <stdlib.h>

#define DEPTH_MAX 64
#define NUMBER_MAX 300

struct scan {
    struct muster_json *json;
    const char *at, *end; /* behind what was taken; of the piece, behind which there are zero bytes */
};

/* Each function below returns false where yajl must look. */

static inline void skip(struct scan *scan)
{
    const char *at = scan->at;
    if ((unsigned char)*at > ' ')
        return;
    scan->at = (unsigned char)at[1] > ' ' && *at == ' ' ? at + 1 : block_json_space(at);
}

static bool scan_cell(struct scan *scan, uint32_t step, int32_t type, uint32_t flags, const char *text, size_t len)
{
    struct muster_json *json = scan->json;
    bool again;
    uint32_t column = muster_paths_column(&json->paths, step, &again);
    if (column == UINT32_MAX)
        return json->paths.rc == MUSTER_OK;
    if (again)
        return false;
    muster_rows_cell(json->rows, column, type, flags, text, len, false);
    return json->rows->rc == MUSTER_OK;
}

static void scan_text(struct scan *scan, const char *text, size_t len)
{
    if (scan->json->texts > 0)
        muster_bytes_add(&scan->json->text, text, len);
}

/* ---- texts ---- */

static int hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* Passes four digits; -1: they are none. */
static int32_t hex_unit(const char **at)
{
    int32_t unit = 0;
    for (int n = 0; n < 4; n++) {
        int digit = hex_digit((*at)[n]);
        if (digit < 0)
            return -1;
        unit = unit << 4 | digit;
    }
    *at += 4;
    return unit;
}

/* Passes what stands behind a backslash. Returns the length of what it means, 0: no whole character, or NUL. */
static size_t escape(const char **at, char *ret_bytes)
{
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    const char *letter = **at ? strchr(letters, **at) : NULL;
    if (letter) {
        ++*at;
        *ret_bytes = meant[letter - letters];
        return 1;
    }
    if (**at != 'u')
        return 0;
    ++*at;
    int32_t unit = hex_unit(at);
    if (unit >= 0xd800 && unit < 0xdc00 && (*at)[0] == '\\' && (*at)[1] == 'u') {
        *at += 2;
        int32_t low = hex_unit(at);
        unit = low >= 0xdc00 && low < 0xe000 ? 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00) : -1;
    }
    return unit <= 0 || (unit >= 0xd800 && unit < 0xe000) ? 0 : muster_utf8_put((uint32_t)unit, ret_bytes);
}

/* A text with escapes, from behind its quote; what it means is in json->scratch. */
static bool scan_escaped(struct scan *scan, const char *from)
{
    struct muster_bytes *scratch = &scan->json->scratch;
    scratch->len = 0;
    for (;;) {
        const char *special = block_json(from, false);
        muster_bytes_add(scratch, from, (size_t)(special - from));
        from = special + 1;
        if (*special == '"')
            break;
        char bytes[4];
        size_t len = *special == '\\' ? escape(&from, bytes) : 0;
        if (len == 0)
            return false;
        muster_bytes_add(scratch, bytes, len);
    }
    scan->at = from;
    return scratch->rc == MUSTER_OK && muster_utf8_valid(scratch->data, scratch->len) == scratch->len;
}

/* A text without escapes; *ret_len SIZE_MAX: it has some. scan->at is at its quote, and then behind the other. */
static bool scan_plain(struct scan *scan, const char **ret_text, size_t *ret_len)
{
    const char *from = scan->at + 1, *end = block_json(from, true);
    bool wide = (unsigned char)*end >= 0x80;
    if (wide)
        end = block_json(end, false);
    *ret_text = from;
    *ret_len = SIZE_MAX;
    if (*end == '\\')
        return true;
    if (*end != '"')
        return false;
    *ret_len = (size_t)(end - from);
    scan->at = end + 1;
    return !wide || muster_utf8_valid(from, *ret_len) == *ret_len;
}

static bool scan_string(struct scan *scan, uint32_t step)
{
    const char *text;
    size_t len;
    if (!scan_plain(scan, &text, &len))
        return false;
    if (len != SIZE_MAX) {
        scan_text(scan, text - 1, len + 2);
        return scan_cell(scan, step, MUSTER_TEXT, 0, text, len);
    }
    if (!scan_escaped(scan, text))
        return false;
    const struct muster_bytes *meant = &scan->json->scratch;
    if (scan->json->texts > 0)
        muster_json_text_quoted(scan->json, meant->data, meant->len);
    return scan_cell(scan, step, MUSTER_TEXT, 0, meant->data ? meant->data : "", meant->len);
}

/* ---- numbers and words ---- */

static const char *digits_end(const char *at)
{
    while (*at >= '0' && *at <= '9')
        at++;
    return at;
}

static bool scan_number(struct scan *scan, uint32_t step)
{
    const char *from = scan->at, *whole = from + (*from == '-'), *end = digits_end(whole);
    if (end == whole || (*whole == '0' && end > whole + 1))
        return false;
    if (*end == '.') {
        const char *point = end;
        end = digits_end(end + 1);
        if (end == point + 1)
            return false;
    }
    size_t len = (size_t)(end - from);
    if (*end == 'e' || *end == 'E' || *end == '\0' || len > NUMBER_MAX)
        return false; /* spelled out, or cut off where the piece ends */
    scan->at = end;
    scan_text(scan, from, len);
    return scan_cell(scan, step, MUSTER_DECIMAL, 0, from, len);
}

static bool scan_word(struct scan *scan, uint32_t step)
{
    const char *at = scan->at;
    bool null = memcmp(at, "null", 4) == 0;
    size_t len = null || memcmp(at, "true", 4) == 0 ? 4 : 5;
    if (len == 5 && memcmp(at, "false", 5) != 0)
        return false;
    scan->at += len;
    scan_text(scan, at, len);
    return null ? scan_cell(scan, step, MUSTER_TEXT, MUSTER_CELL_NULL, "", 0)
                : scan_cell(scan, step, MUSTER_BOOL, 0, at, len);
}

/* ---- objects and arrays ---- */

static bool scan_value(struct scan *scan, uint32_t step, int depth);

/* A member's name and colon. Mostly it is the one that came next in the row before. */
static inline bool scan_key(struct scan *scan, uint32_t parent, uint32_t after, uint32_t *ret_step)
{
    struct muster_paths *paths = &scan->json->paths;
    const char *key = scan->at + 1;
    size_t len = 0;
    if (*scan->at != '"' || key > scan->end)
        return false;
    uint32_t step = MUSTER_NO_PATH;
    if (parent != MUSTER_NO_PATH) {
        uint32_t likely = after == MUSTER_NO_PATH ? paths->steps[parent].first : paths->steps[after].next;
        const struct muster_path *path = &paths->steps[likely];
        if (likely != 0 && path->plain && path->key_len < (size_t)(scan->end - key) &&
            block_same(path->key, key, path->key_len) && key[path->key_len] == '"') {
            step = likely;
            len = path->key_len;
            scan->at = key + len + 1;
        }
    }
    if (step == MUSTER_NO_PATH) {
        if (!scan_plain(scan, &key, &len) || len == SIZE_MAX)
            return false;
        step = muster_paths_step(paths, parent, after, STEP_MEMBER, key, len);
    }
    scan_text(scan, key - 1, len + 2);
    scan_text(scan, ":", 1);
    skip(scan);
    *ret_step = step;
    return *scan->at++ == ':';
}

static bool scan_members(struct scan *scan, uint32_t step, int depth)
{
    uint32_t key = MUSTER_NO_PATH;
    skip(scan);
    if (*scan->at == '}')
        return true;
    for (;;) {
        if (!scan_key(scan, step, key, &key))
            return false;
        skip(scan);
        if (!scan_value(scan, key, depth))
            return false;
        skip(scan);
        if (*scan->at != ',')
            return *scan->at == '}';
        scan_text(scan, ",", 1);
        scan->at++;
        skip(scan);
    }
}

static bool scan_elements(struct scan *scan, uint32_t step, int depth)
{
    uint32_t last = MUSTER_NO_PATH;
    skip(scan);
    if (*scan->at == ']')
        return true;
    for (uint32_t index = 0;; index++) {
        last = index < MUSTER_PATH_INDEX
                   ? muster_paths_step(&scan->json->paths, step, last, STEP_INDEX, &index, sizeof(index))
                   : MUSTER_NO_PATH;
        skip(scan);
        if (!scan_value(scan, last, depth))
            return false;
        skip(scan);
        if (*scan->at != ',')
            return *scan->at == ']';
        scan_text(scan, ",", 1);
        scan->at++;
    }
}

/* An object or array in a row, with its own text unless it is too deep for one. */
static bool scan_nested(struct scan *scan, uint32_t step, int depth)
{
    struct muster_json *json = scan->json;
    char open = *scan->at;
    bool own = muster_json_gets_text(json, step);
    size_t start = json->text.len;
    json->texts += own;
    scan_text(scan, &open, 1);
    scan->at++;
    if (depth == DEPTH_MAX || !(open == '{' ? scan_members : scan_elements)(scan, step, depth + 1))
        return false;
    scan_text(scan, scan->at++, 1);
    if (!own)
        return true;
    size_t len = json->text.len - start;
    if (json->text.rc != MUSTER_OK || len > MUSTER_JSON_TEXT ||
        !scan_cell(scan, step, MUSTER_JSON, 0, json->text.data + start, len))
        return false;
    if (--json->texts == 0)
        json->text.len = 0;
    return true;
}

static bool scan_value(struct scan *scan, uint32_t step, int depth)
{
    switch (*scan->at) {
    case '"': return scan_string(scan, step);
    case '{':
    case '[': return scan_nested(scan, step, depth);
    case 't':
    case 'f':
    case 'n': return scan_word(scan, step);
    default: return scan_number(scan, step);
    }
}

/* ---- rows ---- */

/* One row, from its brace on. */
static bool scan_row(struct scan *scan)
{
    struct muster_json *json = scan->json;
    if (*scan->at != '{')
        return false;
    muster_paths_row(&json->paths);
    scan->at++;
    bool taken = scan_members(scan, 0, 0);
    scan->at++;
    return taken && json->paths.rc == MUSTER_OK && json->rows->rc == MUSTER_OK && !json->rows->why;
}

static void row_forget(struct muster_json *json)
{
    muster_rows_drop(json->rows);
    json->texts = 0;
    json->text.len = 0;
    json->text.rc = MUSTER_OK;
}

size_t muster_json_scan(struct muster_json *json, size_t offset)
{
    struct scan scan = {.json = json, .at = json->feed.data + offset, .end = json->feed.data + json->feed.len};
    const char *taken = scan.at;
    for (;;) {
        skip(&scan);
        if (*scan.at++ != ',')
            break;
        skip(&scan);
        if (!scan_row(&scan)) {
            row_forget(json);
            break;
        }
        muster_rows_end(json->rows, json->number++);
        taken = scan.at;
    }
    return (size_t)(taken - json->feed.data) - offset;
}

bool muster_json_scan_line(struct muster_json *json, size_t offset, size_t len)
{
    struct scan scan = {.json = json, .at = json->feed.data + offset, .end = json->feed.data + json->feed.len};
    const char *line_end = scan.at + len - 1;
    skip(&scan); /* to which a line end is nothing special: so what was taken must be of this line */
    bool taken = scan_row(&scan) && scan.at <= line_end;
    if (taken) {
        skip(&scan);
        taken = scan.at > line_end;
    }
    if (!taken)
        row_forget(json);
    return taken;
}
