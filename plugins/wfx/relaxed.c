/* relaxed - JSON as the vendor's own samples have it, with comments and commas too many, made strict. */
#include "wfx.h"

#include <stdlib.h>
#include <string.h>

/* Behind a text's closing quote. */
static const char *text_end(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++)
        at += *at == '\\' && at + 1 < end;
    return at < end ? at + 1 : end;
}

/* Behind white space and comments. */
static const char *blanks_end(const char *at, const char *end)
{
    for (;;) {
        while (at < end && strchr(" \t\r\n", *at) && *at)
            at++;
        if (end - at < 2 || at[0] != '/' || (at[1] != '/' && at[1] != '*'))
            return at;
        bool line = at[1] == '/';
        for (at += 2; at < end && !(line ? *at == '\n' : end - at >= 2 && at[0] == '*' && at[1] == '/');)
            at++;
        at = line || end - at < 2 ? at : at + 2;
    }
}

char *relaxed_json(const char *bytes, size_t len, size_t *ret_len)
{
    const char *at = bytes, *end = bytes + len;
    char *made = malloc(len + 1);
    size_t used = 0;
    for (const char *from = at; made && (at = blanks_end(from, end)) < end; from = at) {
        if (at > from)
            made[used++] = ' '; /* "1 2" are two */
        const char *next = *at == '"' ? text_end(at, end) : at + 1;
        const char *after = *at == ',' ? blanks_end(next, end) : end;
        bool spare = after < end && (*after == '}' || *after == ']');
        if (!spare) {
            memcpy(made + used, at, (size_t)(next - at));
            used += (size_t)(next - at);
        }
        at = next;
    }
    if (made)
        made[used] = '\0';
    *ret_len = used;
    return made;
}
