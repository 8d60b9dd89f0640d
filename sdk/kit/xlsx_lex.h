/* xlsx_lex - pieces of XML in its ordinary shape, found by hand in a window of a part.
 *
 * Made for one purpose: what spreadsheet programs ordinarily write, many times
 * faster than a parser. It never repairs and never guesses: whatever is not
 * of the ordinary shape (prefixes, CDATA, comments, single quotes, carriage
 * returns, bytes that are no UTF-8, ...) is LEX_ODD, and libxml2 decides. So
 * what it takes, libxml2 takes with the same meaning; a test holds it to that.
 *
 * What does not fit into the window is LEX_MORE: the caller reads on and
 * begins that piece anew. */
#ifndef MUSTER_XLSX_LEX_H
#define MUSTER_XLSX_LEX_H

#include "xlsx_parts.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LEX_PAD 16              /* zero bytes after the window, so that short comparisons need no bounds */
#define LEX_WINDOW (256u << 10) /* bytes at the beginning; one row must fit, so it grows */
#define LEX_WINDOW_MAX ((size_t)64 << 20)

enum lex { LEX_OK, LEX_MORE, LEX_ODD };

struct muster_lex {
    struct muster_member *member;
    char *data;
    size_t len, room;
    const char *at, *end; /* the next piece begins at `at` */
    bool over;            /* the part is in the window to its end */
    struct muster_bytes scratch;
};

struct lex_text {
    const char *text; /* in the window, or in scratch */
    size_t len;
};

struct lex_attributes {
    struct lex_text r, s, t; /* text NULL: not there */
    bool closed;             /* <v/> */
    bool namespaces;         /* xmlns or xmlns:… is among the others */
};

/* Reads on, and keeps what begins at `at`. MUSTER_UNSUPPORTED: one piece is too large for the window. */
static inline muster_rc lex_fill(struct muster_lex *lex, muster_table_error *error)
{
    size_t left = (size_t)(lex->end - lex->at), got = 0;
    if (left > 0)
        memmove(lex->data, lex->at, left);
    if (!lex->data || left > lex->room / 2) {
        size_t room = lex->room ? lex->room * 2 : LEX_WINDOW;
        char *bigger = room <= LEX_WINDOW_MAX ? realloc(lex->data, room + LEX_PAD) : NULL;
        if (!bigger)
            return MUSTER_UNSUPPORTED;
        lex->data = bigger;
        lex->room = room;
    }
    muster_rc rc = muster_member_read(lex->member, lex->data + left, lex->room - left, &got, error);
    if (rc != MUSTER_OK)
        return rc;
    lex->over = got == 0;
    lex->at = lex->data;
    lex->end = lex->data + left + got;
    memset(lex->data + left + got, 0, LEX_PAD);
    return MUSTER_OK;
}

static inline void lex_done(struct muster_lex *lex)
{
    free(lex->data);
    muster_bytes_done(&lex->scratch);
}

/* Something else stands here than what was expected: perhaps only because the window ends. */
static inline enum lex lex_unexpected(const struct muster_lex *lex, const char *at)
{
    return !lex->over && lex->end - at < LEX_PAD ? LEX_MORE : LEX_ODD;
}

static inline bool lex_space(char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r';
}

static inline const char *lex_skip(const char *at)
{
    while (lex_space(*at))
        at++;
    return at;
}

#define LEX_IS(at, literal) (memcmp((at), literal, sizeof(literal) - 1) == 0)
/* "<c" as the whole name of an element */
#define LEX_TAG(at, literal)                                                                                           \
    (LEX_IS(at, literal) &&                                                                                            \
     (lex_space((at)[sizeof(literal) - 1]) || (at)[sizeof(literal) - 1] == '>' || (at)[sizeof(literal) - 1] == '/'))

static inline bool lex_name_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           byte == ':' || byte == '_' || byte == '-' || byte == '.';
}

/* Names of attributes that mean nothing here: none may come twice. */
struct lex_others {
    struct lex_text names[16];
    size_t count;
};

static inline bool lex_other(struct lex_others *others, const char *name, size_t len)
{
    for (size_t n = 0; n < others->count; n++)
        if (others->names[n].len == len && memcmp(others->names[n].text, name, len) == 0)
            return false;
    if (others->count == sizeof(others->names) / sizeof(*others->names))
        return false;
    others->names[others->count++] = (struct lex_text){name, len};
    return true;
}

/* The attributes behind an element's name, up to and with its > or />. */
static inline enum lex lex_attributes_any(const struct muster_lex *lex, const char **at, struct lex_attributes *ret)
{
    struct lex_others others;
    const char *p = *at;
    others.count = 0;
    *ret = (struct lex_attributes){0};
    for (;;) {
        const char *name = lex_skip(p);
        if (*name == '>' || (*name == '/' && name[1] == '>')) {
            ret->closed = *name == '/';
            *at = name + (ret->closed ? 2 : 1);
            return LEX_OK;
        }
        const char *equals = name;
        while (lex_name_byte(*equals))
            equals++;
        if (name == p || equals == name || (*name >= '-' && *name <= ':') || *equals != '=' || equals[1] != '"')
            return lex_unexpected(lex, equals);
        const char *value = equals + 2, *end = value;
        while ((unsigned char)*end >= ' ' && (unsigned char)*end < 0x7f && *end != '"' && *end != '<' && *end != '&')
            end++;
        if (*end != '"')
            return lex_unexpected(lex, end);
        p = end + 1;
        size_t len = (size_t)(equals - name);
        bool one = len == 1;
        struct lex_text *wanted = one && *name == 'r'   ? &ret->r
                                  : one && *name == 's' ? &ret->s
                                  : one && *name == 't' ? &ret->t
                                                        : NULL;
        if (wanted ? wanted->text != NULL : !lex_other(&others, name, len))
            return LEX_ODD; /* twice */
        if (wanted)
            *wanted = (struct lex_text){value, (size_t)(end - value)};
        ret->namespaces |= len >= 5 && LEX_IS(name, "xmlns");
    }
}

/* Likewise, of any element but the root: whose namespaces stay. */
static inline enum lex lex_attributes(const struct muster_lex *lex, const char **at, struct lex_attributes *ret)
{
    enum lex rc = lex_attributes_any(lex, at, ret);
    return rc == LEX_OK && ret->namespaces ? LEX_ODD : rc;
}

/* Passes an entity; returns the character, 0: none of the ordinary ones. */
static inline uint32_t lex_entity(const char **at, const char *end)
{
    static const struct {
        const char *text;
        size_t len;
        char character;
    } named[] = {{"&amp;", 5, '&'}, {"&lt;", 4, '<'}, {"&gt;", 4, '>'}, {"&quot;", 6, '"'}, {"&apos;", 6, '\''}};
    const char *p = *at;
    for (size_t n = 0; n < sizeof(named) / sizeof(*named); n++)
        if ((size_t)(end - p) >= named[n].len && memcmp(p, named[n].text, named[n].len) == 0) {
            *at = p + named[n].len;
            return (unsigned char)named[n].character;
        }
    if (end - p < 4 || p[1] != '#')
        return 0;
    bool hex = p[2] == 'x';
    uint32_t character = 0;
    const char *digits = p += hex ? 3 : 2;
    for (; p < end && *p != ';' && p - digits < 8; p++) {
        char low = (char)(*p | 0x20);
        if (*p >= '0' && *p <= '9')
            character = character * (hex ? 16 : 10) + (uint32_t)(*p - '0');
        else if (hex && low >= 'a' && low <= 'f')
            character = character * 16 + (uint32_t)(low - 'a' + 10);
        else
            return 0;
    }
    bool good = p < end && *p == ';' && p > digits &&
                (character == 9 || character == 10 || character == 13 || (character >= 0x20 && character < 0xd800) ||
                 (character >= 0xe000 && character < 0xfffe) || (character >= 0x10000 && character < 0x110000));
    *at = p + 1;
    return good ? character : 0;
}

/* The bytes that keep a text from being taken as it stands. */
static inline bool lex_special(unsigned char byte)
{
    return byte < ' ' || byte >= 0x7f || byte == '&' || byte == ']';
}

/* Text that is not plain: checks it, and resolves entities into scratch. */
static inline enum lex lex_text_special(struct muster_lex *lex, const char *begin, const char *end,
                                        struct lex_text *ret)
{
    bool entities = false;
    for (const char *p = begin; p < end; p++) {
        unsigned char byte = (unsigned char)*p;
        if ((byte < ' ' && byte != '\n' && byte != '\t') || (byte == ']' && end - p >= 3 && LEX_IS(p, "]]>")) ||
            (byte == 0xef && end - p >= 3 && (LEX_IS(p, "\xef\xbf\xbe") || LEX_IS(p, "\xef\xbf\xbf"))))
            return LEX_ODD;
        entities |= byte == '&';
    }
    if (muster_utf8_valid(begin, (size_t)(end - begin)) != (size_t)(end - begin))
        return LEX_ODD;
    *ret = (struct lex_text){begin, (size_t)(end - begin)};
    if (!entities)
        return LEX_OK;
    struct muster_bytes *scratch = &lex->scratch;
    scratch->len = 0;
    scratch->ceiling = LEX_WINDOW_MAX;
    for (const char *p = begin; p < end;) {
        const char *plain = memchr(p, '&', (size_t)(end - p));
        muster_bytes_add(scratch, p, (size_t)((plain ? plain : end) - p));
        if (!plain)
            break;
        p = plain;
        uint32_t character = lex_entity(&p, end);
        char utf8[4];
        if (character == 0)
            return LEX_ODD;
        muster_bytes_add(scratch, utf8, muster_utf8_put(character, utf8));
    }
    *ret = (struct lex_text){scratch->data ? scratch->data : "", scratch->len};
    return scratch->rc == MUSTER_OK ? LEX_OK : LEX_ODD;
}

/* Text up to the next <. It lives until the next one, or until the window moves. */
static inline enum lex lex_text(struct muster_lex *lex, const char **at, struct lex_text *ret)
{
    const char *begin = *at, *p = begin;
    while (*p != '<' && !lex_special((unsigned char)*p))
        p++;
    if (*p == '<') {
        *ret = (struct lex_text){begin, (size_t)(p - begin)};
        *at = p;
        return LEX_OK;
    }
    const char *end = memchr(p, '<', (size_t)(lex->end - p));
    if (!end)
        return lex->over ? LEX_ODD : LEX_MORE;
    *at = end;
    return lex_text_special(lex, begin, end, ret);
}

/* An XML declaration and the root element in the spreadsheet namespace; passes them. */
static inline enum lex lex_root(struct muster_lex *lex, const char **at, const char *root,
                                struct lex_attributes *ret_attributes)
{
    static const char *const namespaces[] = {" xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"",
                                             " xmlns=\"http://purl.oclc.org/ooxml/spreadsheetml/main\""};
    const char *p = *at;
    p += LEX_IS(p, "\xef\xbb\xbf") ? 3 : 0;
    if (LEX_IS(p, "<?xml ")) {
        const char *end = memmem(p, (size_t)(lex->end - p), "?>", 2);
        const char *encoding = end ? memmem(p, (size_t)(end - p), "encoding", 8) : NULL;
        if (!end)
            return lex->over || lex->end - p > 1000 ? LEX_ODD : LEX_MORE;
        if (encoding && strncasecmp(encoding + 8, "=\"utf-8\"", 8) != 0)
            return LEX_ODD;
        p = lex_skip(end + 2);
    }
    const char *begin = p;
    if (strncmp(p, root, strlen(root)) != 0)
        return lex_unexpected(lex, p);
    p += strlen(root);
    enum lex rc = lex_attributes_any(lex, &p, ret_attributes);
    if (rc != LEX_OK)
        return rc;
    bool ours = false;
    for (size_t n = 0; n < sizeof(namespaces) / sizeof(*namespaces); n++)
        ours |= memmem(begin, (size_t)(p - begin), namespaces[n], strlen(namespaces[n])) != NULL;
    *at = p;
    return ours ? LEX_OK : LEX_ODD;
}

/* What stands before the first row: the root, and elements that say nothing to us. Passes everything up to and with
 * the start tag of `element`. */
static inline enum lex lex_prolog(struct muster_lex *lex, const char *root, const char *element,
                                  struct lex_attributes *ret_attributes)
{
    const char *p = lex->at;
    enum lex rc = lex_root(lex, &p, root, ret_attributes);
    if (rc != LEX_OK)
        return rc;
    const char *found = memmem(p, (size_t)(lex->end - p), element, strlen(element));
    if (!found)
        return lex->over || lex->end - p > (1 << 20) ? LEX_ODD : LEX_MORE;
    size_t between = (size_t)(found - p);
    if (memmem(p, between, "<!", 2) || memmem(p, between, "<?", 2) || memchr(p, '&', between) ||
        muster_utf8_valid(p, between) != between)
        return LEX_ODD;
    p = found + strlen(element);
    rc = lex_attributes(lex, &p, ret_attributes);
    if (rc == LEX_OK)
        lex->at = p;
    return rc;
}

#endif
