/* xlsx_styles - what kind of number a cell shows: that alone tells a date from 45000. */
#include "xlsx_parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define STYLES_MAX ((uint64_t)64 << 20)
#define FORMATS_MAX 100000 /* Excel itself stops at 65,490 */

struct custom {
    uint64_t id;
    enum muster_shows shows;
};

struct styles_context {
    struct muster_styles *styles;
    struct custom *customs;
    size_t custom_count, custom_room, room;
    bool in_cells, failed;
};

/* What one section of a format code shows (there are up to four, between semicolons). */
struct section {
    bool date, time, month_or_minute, elapsed;
    bool number;      /* digits, or "General" */
    bool conditional; /* [<1], [=0]: the number decides whether it is this one */
};

/* Skips what is not a placeholder: quoted text, escapes, fill and width characters, colours, locales and conditions.
 * Elapsed time ([h], [mm]) counts as a duration. Returns the offset behind it, or `at` if it is none of these. */
static size_t code_skip(const char *code, size_t len, size_t at, struct section *section)
{
    if (code[at] == '"') {
        const char *end = memchr(code + at + 1, '"', len - at - 1);
        return end ? (size_t)(end - code) + 1 : len;
    }
    if (code[at] == '\\' || code[at] == '_' || code[at] == '*')
        return at + 2 < len ? at + 2 : len;
    if (code[at] != '[')
        return at;
    const char *end = memchr(code + at, ']', len - at);
    size_t close = end ? (size_t)(end - code) : len - 1;
    bool only_units = close > at + 1;
    for (size_t n = at + 1; n < close; n++)
        only_units &= strchr("hHmMsS", code[n]) != NULL;
    section->elapsed |= only_units;
    section->conditional |= close > at + 1 && strchr("<>=", code[at + 1]) != NULL;
    return close + 1;
}

/* Reads a section from code[at] on; returns where the next one begins, or `len`. */
static size_t section_read(const char *code, size_t len, size_t at, struct section *section)
{
    while (at < len && code[at] != ';') {
        size_t behind = code_skip(code, len, at, section);
        if (behind == at && len - at >= 7 && strncasecmp(code + at, "general", 7) == 0) {
            section->number = true;
            behind = at + 7;
        }
        if (behind > at) {
            at = behind;
            continue;
        }
        char letter = (char)tolower((unsigned char)code[at]), before = at > 0 ? code[at - 1] : '\0';
        char after = at + 1 < len ? code[at + 1] : '\0';
        bool fraction = letter == '0' && before != '\0' && strchr(".,0", before); /* ss.00 */
        section->number |= letter == '#' || letter == '?' || (letter == '0' && !fraction);
        section->number |= letter == 'e' && (after == '+' || after == '-'); /* 0.00E+00 */
        section->date |= letter == 'y' || letter == 'd' || letter == 'e' || letter == 'g' || letter == 'b' ||
                         (letter == 'a' && (after | 0x20) == 'a'); /* aaa: a day of the week */
        section->time |= letter == 'h' || letter == 's';
        section->month_or_minute |= letter == 'm';
        at++;
    }
    return at < len ? at + 1 : len;
}

static enum muster_shows section_shows(const struct section *section)
{
    if (section->elapsed || section->number)
        return SHOWS_NUMBER; /* a duration is no time of day */
    bool date = section->date || (section->month_or_minute && !section->time);
    return date ? (section->time ? SHOWS_DATE_TIME : SHOWS_DATE) : (section->time ? SHOWS_TIME : SHOWS_NUMBER);
}

/* The first section counts; as long as it has a condition, as in [=0]"-";d-m-yyyy, so does the next. */
enum muster_shows muster_format_shows(const char *code, size_t len)
{
    enum muster_shows shows = SHOWS_NUMBER;
    bool more = true;
    for (size_t at = 0; at < len && more;) {
        struct section section = {0};
        at = section_read(code, len, at, &section);
        enum muster_shows here = section_shows(&section);
        if (shows != SHOWS_NUMBER && here != SHOWS_NUMBER && here != shows)
            return SHOWS_EITHER;
        shows = here != SHOWS_NUMBER ? here : shows;
        more = section.conditional;
    }
    return shows;
}

/* Formats that every program knows by number. 27 to 36 and 50 to 58 are days and times of East Asia, four of them days
 * in Japan and times in China; 71 to 81 are Thailand's. */
static enum muster_shows builtin_shows(uint64_t id)
{
    if (id == 34 || id == 35 || id == 55 || id == 56)
        return SHOWS_EITHER;
    if ((id >= 14 && id <= 17) || (id >= 27 && id <= 31) || id == 36 || (id >= 50 && id <= 54) || id == 57 ||
        id == 58 || (id >= 71 && id <= 74) || id == 81)
        return SHOWS_DATE;
    if ((id >= 18 && id <= 21) || id == 32 || id == 33 || id == 45 || id == 47 || id == 75 || id == 76 || id == 78 ||
        id == 80)
        return SHOWS_TIME;
    return id == 22 || id == 77 ? SHOWS_DATE_TIME : SHOWS_NUMBER;
}

static enum muster_shows format_shows(const struct styles_context *context, uint64_t id)
{
    for (size_t n = 0; n < context->custom_count; n++)
        if (context->customs[n].id == id)
            return context->customs[n].shows;
    return builtin_shows(id);
}

static bool grow(void **items, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return true;
    size_t wanted = *room ? *room * 2 : 64;
    void *bigger = count < FORMATS_MAX ? realloc(*items, wanted * size) : NULL;
    if (!bigger)
        return false;
    *items = bigger;
    *room = wanted;
    return true;
}

static void styles_custom(struct styles_context *context, const xmlChar **attributes, int count)
{
    size_t id_len = 0, code_len = 0;
    uint64_t id;
    const char *id_text = muster_xml_attribute(attributes, count, "numFmtId", &id_len, false);
    const char *code = muster_xml_attribute(attributes, count, "formatCode", &code_len, false);
    if (!id_text || !code || !muster_digits(id_text, id_len, &id))
        return;
    /* Formats are few; what a hostile file has beyond that shows plain numbers. */
    if (context->custom_count >= 4096)
        return;
    if (!grow((void **)&context->customs, context->custom_count, &context->custom_room, sizeof(*context->customs))) {
        context->failed = true;
        return;
    }
    context->customs[context->custom_count++] = (struct custom){id, muster_format_shows(code, code_len)};
}

static void styles_start(struct muster_xml *xml, const char *name, const xmlChar **attributes, int count)
{
    struct styles_context *context = xml->self;
    struct muster_styles *styles = context->styles;
    if (strcmp(name, "numFmt") == 0)
        styles_custom(context, attributes, count);
    if (strcmp(name, "cellXfs") == 0)
        context->in_cells = true;
    if (strcmp(name, "xf") != 0 || !context->in_cells)
        return;
    size_t len = 0;
    uint64_t id = 0;
    const char *text = muster_xml_attribute(attributes, count, "numFmtId", &len, false);
    if (text && !muster_digits(text, len, &id))
        id = 0;
    if (!grow((void **)&styles->shows, styles->count, &context->room, sizeof(*styles->shows))) {
        context->failed = true;
        muster_xml_stop(xml);
        return;
    }
    styles->shows[styles->count++] = (uint8_t)format_shows(context, id);
}

static void styles_end(struct muster_xml *xml, const char *name)
{
    struct styles_context *context = xml->self;
    if (strcmp(name, "cellXfs") == 0)
        context->in_cells = false;
}

muster_rc muster_styles_read(struct muster_package *package, const char *path, struct muster_styles *ret_styles,
                             muster_table_error *error)
{
    static const struct muster_xml_events events = {.start = styles_start, .end = styles_end};
    struct styles_context context = {.styles = ret_styles};
    *ret_styles = (struct muster_styles){0};
    muster_rc rc = muster_xml_part(package, path, STYLES_MAX, &events, &context, error);
    free(context.customs);
    if (rc == MUSTER_OK && context.failed)
        rc = muster_table_fail(error, MUSTER_FAIL, "%s: out of memory, or too many cell formats",
                               muster_package_name(package));
    return rc;
}

void muster_styles_done(struct muster_styles *styles)
{
    free(styles->shows);
    *styles = (struct muster_styles){0};
}
