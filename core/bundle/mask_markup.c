/* mask_markup - XML and web pages: elements stay, texts and values of attributes do not. Part of mask.h. */
#include "bundle/mask.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    char byte;
} entities[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
enum { ENTITIES = sizeof(entities) / sizeof(entities[0]) };

static void code_write(unsigned long code, struct buffer *out)
{
    if (code >= 0x800)
        buffer_byte(out, (unsigned char)(code >= 0x10000 ? 0xf0 | code >> 18 : 0xe0 | code >> 12));
    if (code >= 0x10000)
        buffer_byte(out, (unsigned char)(0x80 | (code >> 12 & 0x3f)));
    if (code >= 0x80) {
        buffer_byte(out, (unsigned char)(code >= 0x800 ? 0x80 | (code >> 6 & 0x3f) : 0xc0 | code >> 6));
        buffer_byte(out, (unsigned char)(0x80 | (code & 0x3f)));
    } else {
        buffer_byte(out, (unsigned char)code);
    }
}

static size_t entity_read(const char *at, size_t left, struct buffer *out)
{
    for (size_t i = 0; i < ENTITIES; i++)
        if (strlen(entities[i].name) <= left && strncmp(at, entities[i].name, strlen(entities[i].name)) == 0) {
            buffer_byte(out, (unsigned char)entities[i].byte);
            return strlen(entities[i].name);
        }
    const char *end = memchr(at, ';', left < 12 ? left : 12);
    if (left > 3 && at[1] == '#' && end) {
        unsigned long code = strtoul(at + (at[2] == 'x' ? 3 : 2), NULL, at[2] == 'x' ? 16 : 10);
        if (code > 0 && code < 0x110000) {
            code_write(code, out);
            return (size_t)(end - at) + 1;
        }
    }
    buffer_byte(out, '&');
    return 1;
}

static void text_out(struct mask *mask, const char *at, size_t len, enum mask_how how, struct buffer *out)
{
    TIDY_DONE(buffer_done) struct buffer text = {0};
    TIDY_DONE(buffer_done) struct buffer made = {0};
    for (size_t i = 0; i < len;)
        if (at[i] == '&')
            i += entity_read(at + i, len - i, &text);
        else
            buffer_byte(&text, (unsigned char)at[i++]);
    mask_text(mask, text.data ? text.data : "", text.len, how, &made);
    if (text.rc != 0 || made.rc != 0) {
        out->rc = text.rc ? text.rc : made.rc;
        return;
    }
    if (mask_same(&text, &made)) {
        buffer_add(out, at, len);
        return;
    }
    for (size_t i = 0; i < made.len; i++) {
        size_t n = 0;
        while (n < ENTITIES && entities[n].byte != made.data[i])
            n++;
        if (n < ENTITIES)
            buffer_text(out, entities[n].name);
        else
            buffer_byte(out, (unsigned char)made.data[i]);
    }
}

/* Whose value is no word of anybody: namespaces, types, encodings. */
static bool says_how(const char *name, size_t len)
{
    static const char *const names[] = {"xmlns", "xsi:", "xml:", "encoding", "version", "standalone"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (len >= strlen(names[i]) && strncmp(name, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

static void tag_out(struct mask *mask, const char *at, const char *end, enum mask_how how, struct buffer *out)
{
    while (at < end) {
        const char *name = at;
        while (at < end && *at != '"' && *at != '\'')
            at++;
        buffer_add(out, name, (size_t)(at - name));
        if (at == end)
            return;
        const char *begin = at + 1, *close = memchr(begin, *at, (size_t)(end - begin));
        const char *word = at;
        close = close ? close : end;
        while (word > name && !strchr(" \t\r\n<", word[-1]))
            word--;
        buffer_byte(out, (unsigned char)*at);
        if (says_how(word, (size_t)(at - word)))
            buffer_add(out, begin, (size_t)(close - begin));
        else
            text_out(mask, begin, (size_t)(close - begin), how, out);
        if (close < end)
            buffer_byte(out, (unsigned char)*close);
        at = close < end ? close + 1 : end;
    }
}

static const char *after(const char *at, const char *end, const char *what)
{
    const char *found = memmem(at, (size_t)(end - at), what, strlen(what));
    return found ? found + strlen(what) : end;
}

/* Where a tag ends: not within quotes. */
static const char *tag_end(const char *at, const char *end)
{
    for (char quote = 0; at < end; at++) {
        if (quote ? *at == quote : *at == '"' || *at == '\'')
            quote = quote ? 0 : *at;
        else if (!quote && *at == '>')
            return at + 1;
    }
    return end;
}

void mask_markup(struct mask *mask, const char *text, size_t len, enum mask_how how, struct buffer *out)
{
    static const char cdata[] = "<![CDATA[";
    const char *end = text + len;
    for (const char *at = text; at < end;) {
        const char *begin = at;
        size_t left = (size_t)(end - at);
        if (*at != '<') {
            at = memchr(at, '<', left);
            at = at ? at : end;
            text_out(mask, begin, (size_t)(at - begin), how, out);
        } else if (left > 4 && strncmp(at, "<!--", 4) == 0) {
            at = after(at, end, "-->"); /* remarks are nobody's business */
        } else if (left > sizeof(cdata) && strncmp(at, cdata, sizeof(cdata) - 1) == 0) {
            at = after(at, end, "]]>");
            buffer_text(out, cdata);
            mask_text(mask, begin + sizeof(cdata) - 1,
                      (size_t)(at - begin) - (sizeof(cdata) - 1) - (at[-1] == '>' ? 3 : 0), how, out);
            buffer_text(out, "]]>");
        } else if (left > 1 && (at[1] == '?' || at[1] == '!')) {
            at = tag_end(at, end);
            buffer_add(out, begin, (size_t)(at - begin));
        } else {
            at = tag_end(at, end);
            tag_out(mask, begin, at, how, out);
        }
    }
}
