/* lookalike - characters that a word processor or a chat puts in the place of those of a keyboard. */
#include "config/lookalike.h"

#include <string.h>

static const struct lookalike all[] = {
    {LOOKALIKE_DASH, "\u2010", "a typographic hyphen", "'-'"},
    {LOOKALIKE_DASH, "\u2011", "a no-break hyphen", "'-'"},
    {LOOKALIKE_DASH, "\u2012", "a long dash (\u2012)", "'-'"},
    {LOOKALIKE_DASH, "\u2013", "a long dash (\u2013)", "'-'"},
    {LOOKALIKE_DASH, "\u2014", "a long dash (\u2014)", "'-'"},
    {LOOKALIKE_DASH, "\u2015", "a long dash (\u2015)", "'-'"},
    {LOOKALIKE_DASH, "\u2212", "a minus sign (\u2212)", "'-'"},
    {LOOKALIKE_DASH, "\uff0d", "a wide dash (\uff0d)", "'-'"},
    {LOOKALIKE_BLANK, "\xc2\xa0", "a no-break space", "an ordinary space"},
    {LOOKALIKE_BLANK, "\u2007", "a figure space", "an ordinary space"},
    {LOOKALIKE_BLANK, "\u2009", "a thin space", "an ordinary space"},
    {LOOKALIKE_BLANK, "\u202f", "a narrow no-break space", "an ordinary space"},
    {LOOKALIKE_BLANK, "\u3000", "a wide space", "an ordinary space"},
    {LOOKALIKE_BLANK, "\u200b", "a space of no width", "nothing"},
    {LOOKALIKE_BLANK, "\ufeff", "a space of no width", "nothing"},
    {LOOKALIKE_DOUBLE, "\u201c", "a typographic quote (\u201c)", "the straight \""},
    {LOOKALIKE_DOUBLE, "\u201d", "a typographic quote (\u201d)", "the straight \""},
    {LOOKALIKE_DOUBLE, "\u201e", "a typographic quote (\u201e)", "the straight \""},
    {LOOKALIKE_SINGLE, "\u2018", "a typographic quote (\u2018)", "the straight '"},
    {LOOKALIKE_SINGLE, "\u2019", "a typographic quote (\u2019)", "the straight '"},
    {LOOKALIKE_SINGLE, "\u201a", "a typographic quote (\u201a)", "the straight '"},
    {LOOKALIKE_SIGN, "\uff1a", "a wide colon (\uff1a)", "':'"},
    {LOOKALIKE_SIGN, "\uff0c", "a wide comma (\uff0c)", "','"},
};

const struct lookalike *lookalike_at(const char *text, size_t len, unsigned of)
{
    if (len == 0 || ((unsigned char)*text & 0x80) == 0)
        return NULL;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        size_t own = strlen(all[i].bytes);
        if ((all[i].of & of) && own <= len && memcmp(text, all[i].bytes, own) == 0)
            return &all[i];
    }
    return NULL;
}

const struct lookalike *lookalike_in(const char *text, size_t len, unsigned of, size_t *ret_at)
{
    for (size_t at = 0; at < len; at++) {
        const struct lookalike *found = lookalike_at(text + at, len - at, of);
        if (!found)
            continue;
        *ret_at = at;
        return found;
    }
    return NULL;
}

/* All of them are three bytes long. */
enum { QUOTE = 3 };

bool lookalike_quoted(const char **text, size_t *len)
{
    const char *inner = *text + QUOTE;
    size_t inner_len = *len > QUOTE ? *len - QUOTE : 0, at;
    const struct lookalike *first = lookalike_at(*text, *len, LOOKALIKE_DOUBLE | LOOKALIKE_SINGLE);
    if (!first || inner_len == 0)
        return false;
    bool ends = inner_len >= QUOTE && lookalike_at(inner + inner_len - QUOTE, QUOTE, first->of);
    if (ends)
        inner_len -= QUOTE;
    /* “Best” of all has them within; “a, b” in a list is cut at the comma. */
    if (lookalike_in(inner, inner_len, first->of, &at) || (!ends && first->of == LOOKALIKE_SINGLE))
        return false;
    *text = inner;
    *len = inner_len;
    return true;
}
