/* place - where a file or folder is. */
#include "broker/place.h"

#include "base/mem.h"
#include "base/text.h"
#include "base/tidy.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool has_wildcard(const char *text)
{
    return strpbrk(text, "*?") != NULL;
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* Decodes %XX in place. A NUL or a slash that was escaped cannot be part of a name. */
static int decode(char *text)
{
    char *out = text;
    for (const char *in = text; *in; in++) {
        if (*in != '%') {
            *out++ = *in;
            continue;
        }
        int high = hex_digit(in[1]);
        int low = high < 0 ? -1 : hex_digit(in[2]);
        int byte = high * 16 + low;
        if (low < 0 || byte == 0 || byte == '/')
            return ERR_CONFIG;
        *out++ = (char)byte;
        in += 2;
    }
    *out = '\0';
    return 0;
}

/* Splits a path into folder and last part; drops doubled slashes and "." parts; refuses "..". `path` begins with '/'
 * (or "./" when below a home directory) and is not decoded yet when `escaped`. */
static int split_path(const char *path, bool escaped, enum place_reading reading, struct place *place, const char *text,
                      struct err *err)
{
    __attribute__((cleanup(buffer_done))) struct buffer folder = {0};
    __attribute__((cleanup(tidy_free))) char *part = NULL;
    buffer_text(&folder, *path == '.' ? "." : "");
    const char *at = *path == '.' ? path + 1 : path;
    for (;;) {
        at += strspn(at, "/");
        size_t len = strcspn(at, "/");
        bool is_last = at[len] == '\0';
        free(part);
        part = mem_copy(at, len);
        if (!part)
            return -ENOMEM;
        bool wild = reading == PLACE_PATTERN && has_wildcard(part);
        if (escaped && decode(part) < 0)
            return err_set(err, ERR_CONFIG,
                           "'%s' is no place: '%%' must be followed by two hexadecimal digits (a percent sign itself "
                           "is written %%25)",
                           text);
        if (strcmp(part, "..") == 0)
            return err_set(err, ERR_CONFIG, "'%s' goes up with '..': write the folder that is meant", text);
        if (wild && !is_last)
            return err_set(err, ERR_CONFIG,
                           "'%s' has * or ? in a folder's name: only the last part, the file's name, may be a pattern",
                           text);
        if (is_last) {
            place->pattern = wild;
            if (strcmp(part, ".") == 0)
                part[0] = '\0';
            break;
        }
        if (strcmp(part, ".") != 0) {
            buffer_byte(&folder, '/');
            buffer_text(&folder, part);
        }
        at += len;
    }
    if (folder.len == 0)
        buffer_byte(&folder, '/');
    if (folder.rc != 0)
        return folder.rc;
    place->folder = buffer_take(&folder);
    place->last = TAKE(part);
    return place->folder ? 0 : -ENOMEM;
}

static int read_port(const char *digits, unsigned *ret_port)
{
    char *end;
    unsigned long port = strtoul(digits, &end, 10);
    if (!isdigit((unsigned char)*digits) || *end || port < 1 || port > 65535)
        return ERR_CONFIG;
    *ret_port = (unsigned)port;
    return 0;
}

/* host, host:port, [v6]:port */
static int read_host(char *server, struct place *place, const char *text, struct err *err)
{
    char *host = server, *port = strchr(server, ':');
    if (*server == '[') {
        char *close = strchr(server, ']');
        if (!close || (close[1] && close[1] != ':'))
            return err_set(err, ERR_CONFIG, "'%s' has a host that is not closed by ]: write sftp://user@[::1]/…", text);
        host = server + 1;
        port = close[1] ? close + 1 : NULL;
        *close = '\0';
    }
    place->port = 22;
    if (port) {
        *port = '\0';
        if (read_port(port + 1, &place->port) < 0)
            return err_set(err, ERR_CONFIG, "'%s' has a port that is no number from 1 to 65535", text);
    }
    if (!*host)
        return err_set(err, ERR_CONFIG, "'%s' names no host: write sftp://user@host/folder/name", text);
    for (const char *c = host; *c; c++)
        if (!isgraph((unsigned char)*c) || strchr("*?\"'\\", *c))
            return err_set(err, ERR_CONFIG, "'%s' has a host name with a character that cannot be in one", text);
    place->host = mem_text(host);
    if (!place->host)
        return -ENOMEM;
    for (char *c = place->host; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return 0;
}

static int read_remote(const char *text, enum place_reading reading, struct place *place, struct err *err)
{
    const char *rest = text + strlen("sftp://");
    const char *path = rest + strcspn(rest, "/");
    __attribute__((cleanup(tidy_free))) char *server = mem_copy(rest, (size_t)(path - rest));
    if (!server)
        return -ENOMEM;
    char *at = strrchr(server, '@');
    if (at && memchr(server, ':', (size_t)(at - server))) {
        /* The text is not repeated: it holds a password. */
        return err_set(err, ERR_CONFIG,
                       "a place on a server must not hold a password: write sftp://user@host/… and give the password "
                       "by itself, `password: !secret file:PATH`");
    }
    if (!at || at == server)
        return err_set(err, ERR_CONFIG, "'%s' names no user: write sftp://USER@%s%s", text, at ? at + 1 : server, path);
    *at = '\0';
    if (decode(server) < 0)
        return err_set(err, ERR_CONFIG,
                       "'%s' has a user name with a '%%' that is not followed by two hexadecimal digits", text);
    place->user = mem_text(server);
    if (!place->user)
        return -ENOMEM;
    int rc = read_host(at + 1, place, text, err);
    if (rc < 0)
        return rc;
    if (!*path)
        return err_set(err, ERR_CONFIG,
                       "'%s' names no file: write sftp://user@host/folder/name, or /~/name below the "
                       "home directory",
                       text);
    if (strcmp(path, "/~") == 0)
        return split_path("./", true, reading, place, text, err);
    if (strncmp(path, "/~/", 3) == 0) {
        __attribute__((cleanup(tidy_free))) char *below = mem_format("./%s", path + 3);
        return below ? split_path(below, true, reading, place, text, err) : -ENOMEM;
    }
    return split_path(path, true, reading, place, text, err);
}

int place_read(const char *text, enum place_reading reading, struct place *ret_place, struct err *err)
{
    __attribute__((cleanup(place_done))) struct place place = {0};
    int rc;
    const char *scheme = strstr(text, "://");
    if (strncasecmp(text, "sftp://", strlen("sftp://")) == 0) {
        place.remote = true;
        rc = read_remote(text, reading, &place, err);
    } else if (scheme && !memchr(text, '/', (size_t)(scheme - text))) {
        return err_set(err, ERR_CONFIG,
                       "files cannot be reached by %.*s: write sftp://user@host/folder/name, or an absolute path for a "
                       "folder of this machine",
                       (int)(scheme - text), text);
    } else if (text[0] != '/') {
        return err_set(err, ERR_CONFIG,
                       "'%s' is neither sftp://… nor an absolute path: write it from the root, as /srv/hr/%s", text,
                       text[0] == '.' || text[0] == '~' || !text[0] ? "employees-*.xlsx" : text);
    } else {
        rc = split_path(text, false, reading, &place, text, err);
    }
    if (rc < 0)
        return err_set(err, rc, "%s", err_text(rc));
    *ret_place = place;
    place = (struct place){0};
    return 0;
}

void place_done(struct place *place)
{
    free(place->user);
    free(place->host);
    free(place->folder);
    free(place->last);
    *place = (struct place){0};
}

bool place_same_server(const struct place *a, const struct place *b)
{
    if (!a->remote || !b->remote)
        return a->remote == b->remote;
    return a->port == b->port && strcmp(a->host, b->host) == 0 && strcmp(a->user, b->user) == 0;
}

bool place_matches(const struct place *place, const char *name)
{
    const char *last = *place->last ? place->last : "*";
    if (name[0] == '.' && last[0] != '.')
        return false;
    if (*place->last && !place->pattern)
        return strcmp(place->last, name) == 0;
    return text_glob(last, name, false);
}

bool place_covers(const struct place *outer, const struct place *inner)
{
    if (!place_same_server(outer, inner))
        return false;
    if (strcmp(outer->folder, inner->folder) == 0) {
        if (strcmp(outer->last, inner->last) == 0)
            return true;
        return *inner->last && !inner->pattern && place_matches(outer, inner->last);
    }
    if (outer->pattern || !*outer->last || !*inner->last)
        return false;
    /* `outer` may be the folder in which `inner` is: only a look tells, so its files count as named. */
    __attribute__((cleanup(tidy_free))) char *folder = place_path(outer->folder, outer->last);
    return folder && strcmp(folder, inner->folder) == 0 && inner->last[0] != '.';
}

static void encode(const char *text, struct buffer *out)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c >= 0x80 || isalnum(c) || strchr("/-_.~ ()+,;=@&!'[]#$", c))
            buffer_byte(out, c);
        else
            buffer_format(out, "%%%02X", c);
    }
}

void place_write(const struct place *place, const char *folder, const char *name, struct buffer *out)
{
    if (!place->remote) {
        buffer_format(out, "%s%s%s", folder, strcmp(folder, "/") == 0 ? "" : "/", name);
        return;
    }
    bool v6 = strchr(place->host, ':') != NULL;
    buffer_text(out, "sftp://");
    for (const char *c = place->user; *c; c++) {
        if (strchr("%/:@*?", *c))
            buffer_format(out, "%%%02X", (unsigned char)*c);
        else
            buffer_byte(out, (unsigned char)*c);
    }
    buffer_format(out, v6 ? "@[%s]" : "@%s", place->host);
    if (place->port != 22)
        buffer_format(out, ":%u", place->port);
    if (folder[0] == '.')
        buffer_text(out, "/~");
    encode(folder[0] == '.' ? folder + 1 : folder, out);
    if (strcmp(folder, "/") != 0)
        buffer_byte(out, '/');
    encode(name, out);
}

char *place_path(const char *folder, const char *name)
{
    if (!*name)
        return mem_text(folder);
    return mem_format("%s%s%s", folder, strcmp(folder, "/") == 0 ? "" : "/", name);
}

char *place_numbered(const char *name, unsigned number)
{
    const char *dot = strrchr(name, '.');
    int stem = dot && dot != name ? (int)(dot - name) : (int)strlen(name);
    return number < 2 ? mem_text(name) : mem_format("%.*s-%u%s", stem, name, number, name + stem);
}

const char *place_where(const struct place *place, char *room, size_t size)
{
    if (!place->remote)
        room[0] = '\0';
    else if (place->port == 22)
        snprintf(room, size, " on %s", place->host);
    else
        snprintf(room, size, " on %s port %u", place->host, place->port);
    return room;
}
