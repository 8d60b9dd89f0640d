/* jsonobject - the members of one JSON object, without building a tree. */
#include "base/jsonobject.h"

#include "base/buffer.h"
#include "base/error.h"
#include "base/tidy.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { DEPTH_MAX = 100 };

struct walk {
    const char *start, *at, *end;
    const char *why;
};

static int wrong(struct walk *walk, const char *why)
{
    walk->why = why;
    return ERR_DATA;
}

static void skip_space(struct walk *walk)
{
    while (walk->at < walk->end && (*walk->at == ' ' || *walk->at == '\t' || *walk->at == '\n' || *walk->at == '\r'))
        walk->at++;
}

static bool take(struct walk *walk, char wanted)
{
    if (walk->at == walk->end || *walk->at != wanted)
        return false;
    walk->at++;
    return true;
}

static int hex4(struct walk *walk, uint32_t *ret_code)
{
    uint32_t code = 0;
    if (walk->end - walk->at < 4)
        return wrong(walk, "a \\u escape that is cut off");
    for (int i = 0; i < 4; i++) {
        char c = *walk->at++;
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                                : 16;
        if (digit == 16)
            return wrong(walk, "a \\u escape without four hexadecimal digits");
        code = code * 16 + digit;
    }
    *ret_code = code;
    return 0;
}

static void add_utf8(struct buffer *out, uint32_t code)
{
    if (code < 0x80) {
        buffer_byte(out, (unsigned char)code);
    } else if (code < 0x800) {
        buffer_byte(out, (unsigned char)(0xc0 | code >> 6));
        buffer_byte(out, (unsigned char)(0x80 | (code & 0x3f)));
    } else if (code < 0x10000) {
        buffer_byte(out, (unsigned char)(0xe0 | code >> 12));
        buffer_byte(out, (unsigned char)(0x80 | (code >> 6 & 0x3f)));
        buffer_byte(out, (unsigned char)(0x80 | (code & 0x3f)));
    } else {
        buffer_byte(out, (unsigned char)(0xf0 | code >> 18));
        buffer_byte(out, (unsigned char)(0x80 | (code >> 12 & 0x3f)));
        buffer_byte(out, (unsigned char)(0x80 | (code >> 6 & 0x3f)));
        buffer_byte(out, (unsigned char)(0x80 | (code & 0x3f)));
    }
}

static int escape(struct walk *walk, struct buffer *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (walk->at == walk->end)
        return wrong(walk, "a text without an end");
    char c = *walk->at++;
    const char *found = c ? strchr(from, c) : NULL;
    if (found) {
        buffer_byte(out, (unsigned char)to[found - from]);
        return 0;
    }
    if (c != 'u')
        return wrong(walk, "an escape that is none");
    uint32_t code, low;
    int rc = hex4(walk, &code);
    if (rc != 0)
        return rc;
    if (code >= 0xd800 && code < 0xdc00) {
        if (!take(walk, '\\') || !take(walk, 'u'))
            return wrong(walk, "half of a surrogate pair");
        rc = hex4(walk, &low);
        if (rc != 0)
            return rc;
        if (low < 0xdc00 || low > 0xdfff)
            return wrong(walk, "half of a surrogate pair");
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code >= 0xdc00 && code < 0xe000) {
        return wrong(walk, "half of a surrogate pair");
    } else if (code == 0) {
        return wrong(walk, "a NUL character");
    }
    add_utf8(out, code);
    return 0;
}

/* After the opening quote. `out` NULL: only checked. */
static int string(struct walk *walk, struct buffer *out)
{
    TIDY_DONE(buffer_done) struct buffer nowhere = {0};
    for (;;) {
        const char *from = walk->at;
        while (walk->at < walk->end && *walk->at != '"' && *walk->at != '\\' && (unsigned char)*walk->at >= 0x20)
            walk->at++;
        if (out && walk->at > from)
            buffer_add(out, from, (size_t)(walk->at - from));
        if (walk->at == walk->end)
            return wrong(walk, "a text without an end");
        char c = *walk->at++;
        if (c == '"')
            return 0;
        if (c != '\\') {
            walk->at--;
            return wrong(walk, "a control character within a text");
        }
        int rc = escape(walk, out ? out : &nowhere);
        buffer_clear(&nowhere);
        if (rc != 0)
            return rc;
    }
}

static size_t digits(struct walk *walk)
{
    const char *from = walk->at;
    while (walk->at < walk->end && *walk->at >= '0' && *walk->at <= '9')
        walk->at++;
    return (size_t)(walk->at - from);
}

static int number(struct walk *walk)
{
    take(walk, '-');
    const char *from = walk->at;
    size_t whole = digits(walk);
    if (whole == 0 || (whole > 1 && *from == '0'))
        return wrong(walk, "a number that is none");
    if (take(walk, '.') && digits(walk) == 0)
        return wrong(walk, "a number without digits after the point");
    if (take(walk, 'e') || take(walk, 'E')) {
        if (!take(walk, '+'))
            take(walk, '-');
        if (digits(walk) == 0)
            return wrong(walk, "a number without an exponent");
    }
    return 0;
}

static int word(struct walk *walk, const char *wanted)
{
    size_t len = strlen(wanted);
    if ((size_t)(walk->end - walk->at) < len || memcmp(walk->at, wanted, len) != 0)
        return wrong(walk, "a value that is none");
    walk->at += len;
    return 0;
}

static int scalar(struct walk *walk, enum jsonobject_type *ret_type)
{
    char c = walk->at < walk->end ? *walk->at : '\0';
    if (c == 'n') {
        *ret_type = JSONOBJECT_NULL;
        return word(walk, "null");
    }
    if (c == 't' || c == 'f') {
        *ret_type = JSONOBJECT_BOOL;
        return word(walk, c == 't' ? "true" : "false");
    }
    if (c == '-' || (c >= '0' && c <= '9')) {
        *ret_type = JSONOBJECT_NUMBER;
        return number(walk);
    }
    return wrong(walk, walk->at == walk->end ? "an end before its time" : "a value that is none");
}

static int name_and_colon(struct walk *walk, struct buffer *out)
{
    skip_space(walk);
    if (!take(walk, '"'))
        return wrong(walk, "a member without a name");
    int rc = string(walk, out);
    if (rc != 0)
        return rc;
    skip_space(walk);
    return take(walk, ':') ? 0 : wrong(walk, "a member without ':'");
}

/* At an opening bracket or brace: walks to behind its end, without recursion. */
static int nested(struct walk *walk)
{
    char open[DEPTH_MAX];
    size_t depth = 0;
    enum { OPENED, WANTED, AFTER } state = WANTED;
    do {
        enum jsonobject_type type;
        skip_space(walk);
        char closing = depth > 0 && open[depth - 1] == '[' ? ']' : '}';
        if (state != WANTED && take(walk, closing)) {
            depth--;
            state = AFTER;
            continue;
        }
        if (state == AFTER) {
            if (!take(walk, ','))
                return wrong(walk, walk->at == walk->end ? "an end before its time" : "a ',' that is missing");
            state = WANTED;
            continue;
        }
        int rc = depth > 0 && closing == '}' ? name_and_colon(walk, NULL) : 0;
        skip_space(walk);
        state = AFTER;
        if (rc == 0 && walk->at < walk->end && (*walk->at == '{' || *walk->at == '[')) {
            if (depth == DEPTH_MAX)
                return wrong(walk, "nesting that is too deep");
            open[depth++] = *walk->at++;
            state = OPENED;
        } else if (rc == 0) {
            rc = take(walk, '"') ? string(walk, NULL) : scalar(walk, &type);
        }
        if (rc != 0)
            return rc;
    } while (depth > 0);
    return 0;
}

static int member(struct walk *walk, struct buffer *name, struct buffer *text, jsonobject_fn *each, void *context)
{
    buffer_clear(name);
    buffer_clear(text);
    int rc = name_and_colon(walk, name);
    if (rc != 0)
        return rc;
    skip_space(walk);
    struct jsonobject_member found = {.text = walk->at};
    if (take(walk, '"')) {
        found.type = JSONOBJECT_STRING;
        rc = string(walk, text);
        buffer_add(text, "", 0);
        found.text = text->data;
        found.text_len = text->len;
    } else if (walk->at < walk->end && (*walk->at == '{' || *walk->at == '[')) {
        found.type = JSONOBJECT_NESTED;
        rc = nested(walk);
        found.text_len = (size_t)(walk->at - found.text);
    } else {
        rc = scalar(walk, &found.type);
        found.text_len = (size_t)(walk->at - found.text);
    }
    buffer_add(name, "", 0);
    if (rc == 0)
        rc = name->rc != 0 ? name->rc : text->rc;
    found.name = name->data;
    found.name_len = name->len;
    return rc != 0 ? rc : each(context, &found);
}

static int members(struct walk *walk, jsonobject_fn *each, void *context)
{
    TIDY_DONE(buffer_done) struct buffer name = {0}, text = {0};
    skip_space(walk);
    if (!take(walk, '{'))
        return wrong(walk, "something that is no object");
    skip_space(walk);
    if (!take(walk, '}')) {
        do {
            int rc = member(walk, &name, &text, each, context);
            if (rc != 0)
                return rc;
            skip_space(walk);
        } while (take(walk, ','));
        if (!take(walk, '}'))
            return wrong(walk, walk->at == walk->end ? "an end before its time" : "a ',' that is missing");
    }
    skip_space(walk);
    return walk->at == walk->end ? 0 : wrong(walk, "something behind the end");
}

int jsonobject_split(const char *json, size_t len, jsonobject_fn *each, void *context, const char **ret_why,
                     size_t *ret_at)
{
    struct walk walk = {.start = json, .at = json, .end = json + len};
    int rc = json ? members(&walk, each, context) : wrong(&walk, "no text at all");
    if (rc == ERR_DATA && walk.why) {
        *ret_why = walk.why;
        *ret_at = (size_t)(walk.at - walk.start);
    }
    return rc;
}
