/* call - what a call says besides its body. */
#include "pocservice.h"

#include <string.h>
#include <strings.h>

const char *call_header(const muster_http *inbound, const char *name)
{
    size_t len = strlen(name);
    for (size_t n = 0; inbound->headers && inbound->headers[n]; n++)
        if (strncasecmp(inbound->headers[n], name, len) == 0 && inbound->headers[n][len] == ':')
            return inbound->headers[n] + len + 1 + strspn(inbound->headers[n] + len + 1, " ");
    return "";
}

bool call_waits(const muster_http *inbound)
{
    return *call_header(inbound, "Muster-Waiting") != '\0';
}

static int hex(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | 0x20) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* %XX and, in a query, '+'. False: it is too long, or has a zero byte in it. */
static bool decode(const char *text, size_t len, bool query, char ret_text[TEXT_ROOM])
{
    size_t used = 0;
    for (size_t n = 0; n < len; n++) {
        bool escaped = text[n] == '%' && n + 2 < len && hex(text[n + 1]) >= 0 && hex(text[n + 2]) >= 0;
        char c = escaped ? (char)(hex(text[n + 1]) << 4 | hex(text[n + 2])) : query && text[n] == '+' ? ' ' : text[n];
        if (c == '\0' || used == TEXT_ROOM - 1)
            return false;
        ret_text[used++] = c;
        n += escaped ? 2 : 0;
    }
    ret_text[used] = '\0';
    return true;
}

bool call_query(const muster_http *inbound, const char *name, char ret_text[TEXT_ROOM])
{
    for (const char *at = strchr(inbound->url, '?'); at; at = strchr(at, '&')) {
        size_t len = strcspn(++at, "=&");
        if (len == strlen(name) && strncasecmp(at, name, len) == 0 && at[len] == '=')
            return decode(at + len + 1, strcspn(at + len + 1, "&"), true, ret_text);
    }
    return false;
}

bool call_part(const muster_http *inbound, size_t nth, char ret_text[TEXT_ROOM])
{
    const char *at = inbound->url;
    for (; *at == '/'; nth--) {
        size_t len = strcspn(++at, "/?");
        if (nth == 0)
            return decode(at, len, false, ret_text);
        at += len;
    }
    return false;
}
