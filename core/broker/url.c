/* url - http and https addresses, taken apart strictly. */
#include "broker/url.h"

#include "base/error.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_MAX = 32 };

/* "host:port" or "[v6]:port". False: it is neither. */
static bool authority_read(struct arena *arena, const char *text, size_t len, struct url *url)
{
    const char *end = text + len, *host = text, *after;
    bool bracket = len > 0 && *text == '[';
    if (bracket) {
        host++;
        after = memchr(host, ']', (size_t)(end - host));
    } else {
        after = memchr(host, ':', len);
        after = after ? after : end;
    }
    if (!after || after == host)
        return false;
    for (const char *c = host; c < after; c++)
        if (!isalnum((unsigned char)*c) && !strchr(bracket ? ":.%" : "-._", *c))
            return false;
    char *copy = arena_copy(arena, host, (size_t)(after - host));
    for (char *c = copy; c && *c; c++)
        *c = (char)tolower((unsigned char)*c);
    url->host = copy;
    after += bracket;
    if (after == end)
        return true;
    if (*after != ':' || end - after < 2 || end - after > 6)
        return false;
    url->port = 0;
    for (const char *c = after + 1; c < end; c++) {
        if (!isdigit((unsigned char)*c))
            return false;
        url->port = url->port * 10 + (unsigned)(*c - '0');
    }
    return url->port > 0 && url->port < 65536;
}

int url_read(struct arena *arena, const char *text, struct url *ret_url)
{
    struct url url = {.tls = strncasecmp(text, "https://", 8) == 0};
    if (!url.tls && strncasecmp(text, "http://", 7) != 0)
        return ERR_CONFIG;
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == 127 || *c == '\\')
            return ERR_CONFIG;
    const char *authority = text + (url.tls ? 8 : 7);
    size_t len = strcspn(authority, "/?#");
    url.port = url.tls ? 443 : 80;
    if (!authority_read(arena, authority, len, &url))
        return ERR_CONFIG;
    const char *path = authority + len;
    size_t path_len = strcspn(path, "?#");
    const char *query = path[path_len] == '?' ? path + path_len + 1 : "";
    url.path = path_len > 0 ? arena_copy(arena, path, path_len) : "/";
    url.query = arena_copy(arena, query, strcspn(query, "#"));
    if (!url.host || !url.path || !url.query)
        return -ENOMEM;
    *ret_url = url;
    return 0;
}

void url_origin(const struct url *url, struct buffer *out)
{
    bool v6 = strchr(url->host, ':') != NULL;
    buffer_format(out, "%s://%s%s%s", url->tls ? "https" : "http", v6 ? "[" : "", url->host, v6 ? "]" : "");
    if (url->port != (url->tls ? 443u : 80u))
        buffer_format(out, ":%u", url->port);
}

void url_write(const struct url *url, const char *query, struct buffer *out)
{
    query = query ? query : url->query;
    url_origin(url, out);
    buffer_text(out, url->path);
    if (*query) {
        buffer_byte(out, '?');
        buffer_text(out, query);
    }
}

/* A piece of a path that is a word, or a version: it names a thing of the interface, not somebody. */
static bool is_word(const char *piece, size_t len)
{
    bool digits = len > 1 && (piece[0] == 'v' || piece[0] == 'V');
    for (size_t i = 1; digits && i < len; i++)
        digits = isdigit((unsigned char)piece[i]) || piece[i] == '.';
    if (digits)
        return true;
    for (size_t i = 0; i < len; i++)
        if (!isalpha((unsigned char)piece[i]) && !strchr("-_.", piece[i]))
            return false;
    return len <= WORD_MAX;
}

void url_masked(const struct url *url, struct buffer *out)
{
    url_origin(url, out);
    for (const char *at = url->path; *at;) {
        size_t len = strcspn(at + 1, "/");
        buffer_byte(out, '/');
        if (is_word(at + 1, len))
            buffer_add(out, at + 1, len);
        else
            buffer_byte(out, '*');
        at += 1 + len;
    }
    for (const char *at = url->query; *at;) {
        size_t len = strcspn(at, "&"), name = strcspn(at, "=&");
        buffer_byte(out, at == url->query ? '?' : '&');
        if (name < len && is_word(at, name)) {
            buffer_add(out, at, name);
            buffer_text(out, "=*");
        } else {
            buffer_byte(out, '*');
        }
        at += len + (at[len] == '&');
    }
}

bool url_same_origin(const struct url *a, const struct url *b)
{
    return a->tls == b->tls && a->port == b->port && strcmp(a->host, b->host) == 0;
}

bool url_loopback(const char *host)
{
    return strcmp(host, "localhost") == 0 || strcmp(host, "127.0.0.1") == 0 || strcmp(host, "::1") == 0;
}

void url_escape(const char *text, size_t len, struct buffer *out)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
            buffer_byte(out, c);
        } else {
            char escaped[3] = {'%', hex[c >> 4], hex[c & 15]};
            buffer_add(out, escaped, sizeof(escaped));
        }
    }
}
