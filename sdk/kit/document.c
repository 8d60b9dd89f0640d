/* document - a whole JSON text as a tree.
 *
 * The text is copied once and taken apart where it stands: what is unescaped
 * is never longer, and of nodes there are at most as many as of the bytes that
 * can come before one. */
#include "muster/document.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct muster_document {
    char *text; /* a byte before it is ours: a number is moved there, to make room for its end */
    muster_node *nodes;
    size_t count;
};

struct reading {
    muster_document *document;
    char *at, *end;
    const char *why;
};

static bool fail(struct reading *reading, const char *why)
{
    if (!reading->why)
        reading->why = why;
    return false;
}

static void skip(struct reading *reading)
{
    while (reading->at < reading->end && strchr(" \t\r\n", *reading->at) && *reading->at)
        reading->at++;
}

static bool take(struct reading *reading, char byte)
{
    skip(reading);
    if (reading->at == reading->end || *reading->at != byte)
        return false;
    reading->at++;
    return true;
}

static bool hex(const char *at, uint32_t *ret_code)
{
    uint32_t code = 0;
    for (int n = 0; n < 4; n++) {
        char c = at[n];
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A') + 10
                                                : 16;
        if (digit > 15)
            return false;
        code = code << 4 | digit;
    }
    *ret_code = code;
    return true;
}

static char *put_code(char *to, uint32_t code)
{
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xc0 | code >> 6);
        *to++ = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *to++ = (char)(0xe0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    } else {
        *to++ = (char)(0xf0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 0x3f));
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    }
    return to;
}

/* Behind "\u". Two halves of a pair make one letter; a half alone is the letter that stands for none. */
static bool read_code(struct reading *reading, char **to)
{
    uint32_t code, low;
    if (reading->end - reading->at < 4 || !hex(reading->at, &code))
        return fail(reading, "a \\u without four digits");
    reading->at += 4;
    if (code >= 0xd800 && code < 0xdc00 && reading->end - reading->at >= 6 && reading->at[0] == '\\' &&
        reading->at[1] == 'u' && hex(reading->at + 2, &low) && low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        reading->at += 6;
    } else if (code >= 0xd800 && code < 0xe000) {
        code = 0xfffd;
    }
    *to = put_code(*to, code);
    return true;
}

/* Behind the opening quote. */
static bool read_text(struct reading *reading, const char **ret_text, size_t *ret_len)
{
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    char *begin = reading->at, *to = begin;
    while (reading->at < reading->end && *reading->at != '"') {
        if ((unsigned char)*reading->at < 0x20)
            return fail(reading, "a control character in a text");
        if (*reading->at != '\\') {
            *to++ = *reading->at++;
            continue;
        }
        if (++reading->at == reading->end)
            break;
        char c = *reading->at++;
        const char *letter = c ? strchr(letters, c) : NULL;
        if (letter)
            *to++ = meant[letter - letters];
        else if (c != 'u')
            return fail(reading, "a \\ before a letter that means nothing");
        else if (!read_code(reading, &to))
            return false;
    }
    if (reading->at == reading->end)
        return fail(reading, "it ends within a text");
    reading->at++;
    *to = '\0';
    *ret_text = begin;
    *ret_len = (size_t)(to - begin);
    return true;
}

static size_t digits(struct reading *reading)
{
    char *begin = reading->at;
    while (reading->at < reading->end && *reading->at >= '0' && *reading->at <= '9')
        reading->at++;
    return (size_t)(reading->at - begin);
}

static bool read_number(struct reading *reading, muster_node *node)
{
    char *begin = reading->at;
    reading->at += *begin == '-';
    bool zero = reading->at < reading->end && *reading->at == '0';
    size_t whole = digits(reading);
    bool good = whole > 0 && (!zero || whole == 1);
    if (good && reading->at < reading->end && *reading->at == '.') {
        reading->at++;
        good = digits(reading) > 0;
    }
    if (good && reading->at < reading->end && (*reading->at == 'e' || *reading->at == 'E')) {
        reading->at++;
        reading->at += reading->at < reading->end && (*reading->at == '+' || *reading->at == '-');
        good = digits(reading) > 0;
    }
    if (!good)
        return fail(reading, "something that is no value");
    node->kind = MUSTER_NODE_NUMBER;
    node->len = (size_t)(reading->at - begin);
    memmove(begin - 1, begin, node->len); /* what stood before it is read */
    begin[node->len - 1] = '\0';
    node->text = begin - 1;
    return true;
}

static bool read_word(struct reading *reading, muster_node *node)
{
    static const char *const words[] = {"null", "true", "false"};
    for (int n = 0; n < 3; n++) {
        size_t len = strlen(words[n]);
        if ((size_t)(reading->end - reading->at) < len || memcmp(reading->at, words[n], len) != 0)
            continue;
        reading->at += len;
        node->kind = n == 0 ? MUSTER_NODE_NULL : MUSTER_NODE_BOOL;
        node->text = n == 0 ? NULL : words[n];
        node->len = n == 0 ? 0 : len;
        return true;
    }
    return read_number(reading, node);
}

static bool read_value(struct reading *reading, unsigned depth, muster_node **ret_node);

/* Behind the opening bracket. */
static bool read_list(struct reading *reading, muster_node *list, char close, unsigned depth)
{
    muster_node *last = NULL;
    if (depth == MUSTER_DOCUMENT_DEPTH)
        return fail(reading, "lists and objects that are nested too deeply");
    list->kind = close == '}' ? MUSTER_NODE_OBJECT : MUSTER_NODE_LIST;
    if (take(reading, close))
        return true;
    do {
        const char *name = NULL;
        size_t len;
        muster_node *one;
        if (close == '}' && (!take(reading, '"') || !read_text(reading, &name, &len) || !take(reading, ':')))
            return fail(reading, "a member without a name");
        if (!read_value(reading, depth + 1, &one))
            return false;
        one->name = name;
        if (last)
            last->next = one;
        else
            list->first = one;
        last = one;
        list->count++;
    } while (take(reading, ','));
    return take(reading, close) || fail(reading, "a list or an object without an end");
}

static bool read_value(struct reading *reading, unsigned depth, muster_node **ret_node)
{
    skip(reading);
    if (reading->at == reading->end)
        return fail(reading, "it ends too early");
    muster_node *node = *ret_node = &reading->document->nodes[reading->document->count++];
    switch (*reading->at) {
    case '{': reading->at++; return read_list(reading, node, '}', depth);
    case '[': reading->at++; return read_list(reading, node, ']', depth);
    case '"':
        reading->at++;
        node->kind = MUSTER_NODE_TEXT;
        return read_text(reading, &node->text, &node->len);
    default: return read_word(reading, node);
    }
}

/* A value is the first, or stands behind one of these. */
static size_t nodes_at_most(const char *bytes, size_t len)
{
    size_t count = 1;
    for (size_t n = 0; n < len; n++)
        count += bytes[n] == ',' || bytes[n] == '[' || bytes[n] == '{';
    return count;
}

muster_document *muster_document_read(const char *bytes, size_t len, const char **ret_why)
{
    muster_document *document = calloc(1, sizeof(*document));
    struct reading reading = {.document = document};
    muster_node *root;
    if (document && len <= MUSTER_DOCUMENT_MAX) {
        document->text = malloc(len + 2);
        document->nodes = calloc(nodes_at_most(bytes, len), sizeof(*document->nodes));
    }
    if (!document || !document->text || !document->nodes) {
        muster_document_free(document);
        *ret_why = len > MUSTER_DOCUMENT_MAX ? "it is too large" : "no memory";
        return NULL;
    }
    if (len > 0)
        memcpy(document->text + 1, bytes, len);
    reading.at = document->text + 1;
    reading.end = reading.at + len;
    if (len >= 3 && memcmp(reading.at, "\xef\xbb\xbf", 3) == 0)
        reading.at += 3;
    bool good = read_value(&reading, 0, &root);
    skip(&reading);
    if (good && reading.at == reading.end)
        return document;
    muster_document_free(document);
    *ret_why = reading.why ? reading.why : "something behind its end";
    return NULL;
}

void muster_document_free(muster_document *document)
{
    if (!document)
        return;
    free(document->text);
    free(document->nodes);
    free(document);
}

const muster_node *muster_document_root(const muster_document *document)
{
    return document ? document->nodes : NULL;
}

const muster_node *muster_node_first(const muster_node *node)
{
    return node ? node->first : NULL;
}

const muster_node *muster_node_member(const muster_node *node, const char *name)
{
    if (!node || node->kind != MUSTER_NODE_OBJECT)
        return NULL;
    for (const muster_node *one = node->first; one; one = one->next)
        if (strcmp(one->name, name) == 0)
            return one;
    return NULL;
}

const char *muster_node_text(const muster_node *node)
{
    return node ? node->text : NULL;
}
