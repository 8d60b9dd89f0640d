/* sniff - what a file is that is neither a workbook we read nor a text file: people upload all sorts. */
#include "table_parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LOOK_MAX ((uint64_t)64 << 20)
#define CHUNK 65536

/* An encrypted workbook and an old .xls are the same kind of container; the names in it tell them apart. */
static bool holds_encrypted(const struct muster_source *source)
{
    static const char name[] = "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e";
    char *chunk = malloc(CHUNK);
    bool found = false;
    for (uint64_t at = 0; chunk && !found && at < source->size && at < LOOK_MAX; at += CHUNK - sizeof(name)) {
        int64_t got = muster_pread(source->fd, chunk, CHUNK, at);
        found = got > 0 && memmem(chunk, (size_t)got, name, sizeof(name));
        if (got < CHUNK)
            break;
    }
    free(chunk);
    return found;
}

static bool begins(const struct muster_source *source, size_t at, const char *text)
{
    size_t len = strlen(text);
    return source->head_len >= at + len && strncasecmp((const char *)source->head + at, text, len) == 0;
}

/* The oldest .xls files are no containers: a workbook's records begin at once, with one of 4 to 16 bytes. */
static bool is_bare_biff(const struct muster_source *source)
{
    const unsigned char *head = source->head;
    return source->head_len >= 4 && head[0] == 9 && (head[1] & ~0x0e) == 0 && head[2] >= 4 && head[2] <= 16 &&
           head[3] == 0;
}

static const char *sniff_markup(const struct muster_source *source)
{
    size_t at = begins(source, 0, "\xef\xbb\xbf") ? 3 : 0;
    while (at < source->head_len && isspace(source->head[at]))
        at++;
    if (begins(source, at, "<html") || begins(source, at, "<!doctype html") || begins(source, at, "<table") ||
        begins(source, at, "<meta") || begins(source, at, "<head"))
        return "a web page (HTML), whatever its name says: save it as .xlsx";
    if (begins(source, at, "<?xml") || begins(source, at, "<Workbook")) {
        if (memmem(source->head, source->head_len, "opendocument:xmlns:office", 25))
            return "an OpenDocument file (.fods): save it as .xlsx";
        bool excel = memmem(source->head, source->head_len, "office:spreadsheet", 18) != NULL;
        return excel ? "an XML spreadsheet of 2003: save it as .xlsx" : "an XML file, not a workbook";
    }
    return NULL;
}

const char *muster_sniff(const struct muster_source *source)
{
    if (begins(source, 0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"))
        return holds_encrypted(source) ? "an encrypted workbook: save it without a password"
                                       : "an old .xls workbook: save it as .xlsx";
    if (begins(source, 0, "%PDF-"))
        return "a PDF document, not a workbook";
    if (begins(source, 0, "\x1f\x8b"))
        return "compressed with gzip: upload it uncompressed";
    if (begins(source, 0, "{\\rtf"))
        return "a text document (RTF), not a workbook";
    if (is_bare_biff(source))
        return "an old .xls workbook: save it as .xlsx";
    if (begins(source, 0, "ID;PWXL") || begins(source, 0, "ID;PSCALC"))
        return "a SYLK file: save it as .xlsx"; /* "ID;P…" may be the header of a .csv */
    if (begins(source, 0, "TABLE\r\n0,1\r\n") || begins(source, 0, "TABLE\n0,1\n"))
        return "a DIF file: save it as .xlsx";
    return sniff_markup(source);
}
