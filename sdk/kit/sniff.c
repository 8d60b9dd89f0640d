/* sniff - what a file is: JSON or XML, or one of the many that people upload and we do not read. */
#include "table_parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LOOK_MAX ((uint64_t)64 << 20)
#define CHUNK 65536
#define FIRST_LINE_MAX ((uint64_t)1 << 20) /* a longer one is taken for a document's */

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

/* ---- JSON and XML ---- */

static bool is_space(unsigned char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static bool named(const struct muster_source *source, const char *ending)
{
    size_t len = strlen(source->name), end = strlen(ending);
    return len > end && strcasecmp(source->name + len - end, ending) == 0;
}

/* The first letters that count, of whatever width. */
static size_t first_letters(const struct muster_source *source, char *ret_letters, size_t room)
{
    enum muster_encoding encoding;
    size_t skip = 0, count = 0;
    bool said;
    if (muster_encoding_look(source, &encoding, &skip, &said, NULL) != MUSTER_OK)
        return 0;
    for (size_t at = skip; at < source->head_len && count < room; at++)
        if (source->head[at] != 0 && !is_space(source->head[at]))
            ret_letters[count++] = (char)source->head[at];
    return count;
}

/* Is the first line a whole object, and does another one begin behind it? */
static bool objects_in_lines(const struct muster_source *source)
{
    char *chunk = malloc(CHUNK);
    bool quoted = false, escaped = false, begun = false, ended = false;
    int depth = 0, answer = -1;
    for (uint64_t at = 0; chunk && answer < 0 && at < source->size && at < FIRST_LINE_MAX; at += CHUNK) {
        int64_t got = muster_pread(source->fd, chunk, CHUNK, at);
        for (int64_t n = 0; n < got && answer < 0; n++) {
            char byte = chunk[n];
            if (ended && byte != '\0' && !is_space((unsigned char)byte))
                answer = byte == '{';
            else if (byte == '\n' && depth > 0)
                answer = 0;
            else if (escaped || (quoted && byte == '\\'))
                escaped = !escaped;
            else if (byte == '"')
                quoted = !quoted;
            else if (!quoted)
                depth += (byte == '{' || byte == '[') - (byte == '}' || byte == ']');
            begun |= depth > 0;
            ended |= byte == '\n' && begun && !quoted && depth == 0;
        }
    }
    free(chunk);
    return answer == 1;
}

int32_t muster_sniff_nested(const struct muster_source *source)
{
    char letters[2] = "";
    size_t count = first_letters(source, letters, sizeof(letters));
    bool json = named(source, ".json"), lines = named(source, ".jsonl") || named(source, ".ndjson");
    if (count == 2 && letters[0] == '<' && (isalpha((unsigned char)letters[1]) || strchr("?!_", letters[1])))
        return MUSTER_TABLE_XML;
    if (count == 2 && letters[0] == '[' && (letters[1] == '{' || letters[1] == ']'))
        return lines ? MUSTER_TABLE_JSONL : MUSTER_TABLE_JSON;
    if (count == 2 && letters[0] == '{' && (letters[1] == '"' || letters[1] == '}')) {
        bool rows = source->options->rows && *source->options->rows;
        return lines || (!rows && objects_in_lines(source)) ? MUSTER_TABLE_JSONL : MUSTER_TABLE_JSON;
    }
    return lines                   ? MUSTER_TABLE_JSONL
           : json                  ? MUSTER_TABLE_JSON
           : named(source, ".xml") ? MUSTER_TABLE_XML
                                   : MUSTER_TABLE_AUTO;
}

/* ---- the others ---- */

bool muster_sniff_text(const struct muster_source *source)
{
    enum muster_encoding encoding;
    size_t skip = 0, letters = 0;
    bool said;
    if (muster_encoding_look(source, &encoding, &skip, &said, NULL) != MUSTER_OK)
        return false;
    bool wide = encoding == ENCODING_UTF16LE || encoding == ENCODING_UTF16BE;
    for (size_t at = skip; at < source->head_len; at++) {
        unsigned char byte = source->head[at];
        if (byte < ' ' ? !is_space(byte) && !(wide && byte == 0) : byte == 0x7f)
            return false;
        letters += byte > ' ';
    }
    return letters > 0;
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
