/* mask_workbook - a workbook (.xlsx): its texts and numbers in the places where they stand, with its styles, merged
 * cells and all that makes a workbook odd. Pictures, remarks and who wrote it are left out. Part of mask.h. */
#include "bundle/mask.h"

#include "base/mem.h"
#include "bundle/archive.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STYLES_MOST = 4096, EPOCH_1900 = 25569 };

struct book {
    struct mask *mask;
    enum mask_how how;
    bool dates[STYLES_MOST]; /* by number of a cell's style */
    size_t styles;
};

/* The value of an attribute of the tag that begins at `tag`; NULL: it has none. */
static const char *attribute(const char *tag, size_t len, const char *name, size_t *ret_len)
{
    char wanted[40];
    snprintf(wanted, sizeof(wanted), " %s=\"", name);
    const char *at = memmem(tag, len, wanted, strlen(wanted)), *end;
    if (!at)
        return NULL;
    at += strlen(wanted);
    end = memchr(at, '"', (size_t)(tag + len - at));
    *ret_len = end ? (size_t)(end - at) : 0;
    return end ? at : NULL;
}

/* A number format in which days are: "dd.mm.yyyy", and not "General" or "[Red]0.00". */
static bool tells_day(const char *code, size_t len)
{
    bool text = false, square = false, day = false, year = false;
    for (size_t i = 0; i < len; i++) {
        text ^= code[i] == '"';
        square = code[i] == '[' || (square && code[i] != ']');
        day |= !text && !square && (code[i] == 'd' || code[i] == 'D');
        year |= !text && !square && (code[i] == 'y' || code[i] == 'Y');
    }
    return day || year;
}

static bool format_tells_day(const char *styles, size_t len, unsigned long id)
{
    if ((id >= 14 && id <= 17) || id == 22 || (id >= 27 && id <= 36) || (id >= 50 && id <= 58))
        return true;
    for (const char *at = styles, *end = styles + len; (at = memmem(at, (size_t)(end - at), "<numFmt ", 8)); at++) {
        const char *close = memchr(at, '>', (size_t)(end - at));
        size_t wide, code_len;
        const char *number = close ? attribute(at, (size_t)(close - at), "numFmtId", &wide) : NULL;
        if (number && strtoul(number, NULL, 10) == id) {
            const char *code = attribute(at, (size_t)(close - at), "formatCode", &code_len);
            return code && tells_day(code, code_len);
        }
    }
    return false;
}

static void styles_read(struct book *book, const struct archive_part *part)
{
    const char *at = memmem(part->bytes, part->len, "<cellXfs", 8), *all = part->bytes + part->len;
    const char *end = at ? memmem(at, (size_t)(all - at), "</cellXfs>", 10) : NULL;
    for (; at && end && (at = memmem(at, (size_t)(end - at), "<xf ", 4)) && book->styles < STYLES_MOST; at++) {
        const char *close = memchr(at, '>', (size_t)(end - at));
        size_t wide;
        const char *number = close ? attribute(at, (size_t)(close - at), "numFmtId", &wide) : NULL;
        book->dates[book->styles++] = number && format_tells_day(part->bytes, part->len, strtoul(number, NULL, 10));
    }
}

/* "32874.5", of a cell whose style shows a day. */
static void serial_out(struct book *book, const char *at, size_t len, struct buffer *out)
{
    size_t whole = strspn(at, "0123456789");
    if (whole == 0 || whole > 6 || whole > len) {
        mask_text(book->mask, at, len, book->how, out);
        return;
    }
    long serial = strtol(at, NULL, 10);
    int64_t day = serial - EPOCH_1900, other = alias_day(book->mask->alias, day);
    buffer_format(out, "%lld", (long long)(other + EPOCH_1900));
    buffer_add(out, at + whole, len - whole);
}

/* Values: <v>, <t>, <f> of cells; names of sheets stand in attributes, which stay. */
static void sheet_out(struct book *book, const struct archive_part *part, struct buffer *out)
{
    const char *end = part->bytes + part->len;
    bool day = false, shared = false;
    for (const char *at = part->bytes; at < end;) {
        const char *open = memchr(at, '<', (size_t)(end - at)),
                   *close = open ? memchr(open, '>', (size_t)(end - open)) : NULL;
        if (!close) {
            buffer_add(out, at, (size_t)(end - at));
            return;
        }
        size_t wide;
        const char *theirs;
        if (mask_finds(book->mask, open, (size_t)(close + 1 - open), &theirs, &wide))
            mask_markup(book->mask, at, (size_t)(close + 1 - at), MASK_GIVEN, out); /* a link to somebody */
        else
            buffer_add(out, at, (size_t)(close + 1 - at));
        const char *style = attribute(open, (size_t)(close - open), "s", &wide);
        const char *type = attribute(open, (size_t)(close - open), "t", &wide);
        if (strncmp(open, "<c ", 3) == 0) {
            unsigned long number = style ? strtoul(style, NULL, 10) : 0;
            shared = type && *type != 'n' && (*type == 's' ? wide == 1 : *type == 'b' || *type == 'e');
            day = (!type || *type == 'n') && number < book->styles && book->dates[number];
        }
        at = close + 1;
        const char *next = memchr(at, '<', (size_t)(end - at));
        bool value = strncmp(open, "<v", 2) == 0 && (open[2] == '>' || open[2] == ' ') && close[-1] != '/';
        next = next ? next : end;
        if (value && shared)
            buffer_add(out, at, (size_t)(next - at));
        else if (value && day)
            serial_out(book, at, (size_t)(next - at), out);
        else
            mask_markup(book->mask, at, (size_t)(next - at), book->how, out);
        at = next;
    }
}

static bool ends(const char *name, const char *with)
{
    size_t len = strlen(name), tail = strlen(with);
    return len >= tail && strcmp(name + len - tail, with) == 0;
}

static bool structure(const char *name)
{
    return ends(name, ".rels") || ends(name, "workbook.xml") || ends(name, "styles.xml") ||
           ends(name, "[Content_Types].xml") || strstr(name, "/theme/");
}

static int part_out(struct book *book, const struct archive_part *part, struct archive *made)
{
    TIDY_DONE(buffer_done) struct buffer out = {0};
    const char *at;
    size_t wide;
    if (structure(part->name) && mask_finds(book->mask, part->bytes, part->len, &at, &wide))
        mask_markup(book->mask, part->bytes, part->len, MASK_GIVEN, &out);
    else if (structure(part->name))
        buffer_add(&out, part->bytes, part->len);
    else if (ends(part->name, "sharedStrings.xml") || strstr(part->name, "/worksheets/") ||
             strstr(part->name, "/tables/"))
        sheet_out(book, part, &out);
    else
        return 0;
    return out.rc ? out.rc : archive_add(made, part->name, out.data, out.len);
}

int mask_workbook(struct mask *mask, const char *bytes, size_t len, enum mask_how how, struct buffer *out)
{
    TIDY(archive_free) struct archive *archive = NULL;
    TIDY(archive_free) struct archive *made = archive_new();
    TIDY(free) struct book *book = mem_new(1, sizeof(*book));
    TIDY(free) char *packed = NULL;
    size_t packed_len;
    int rc = made && book ? archive_read(bytes, len, "a workbook", &archive, NULL) : -ENOMEM;
    if (rc == ERR_DATA)
        return ERR_UNSUPPORTED;
    if (rc != 0)
        return rc;
    *book = (struct book){.mask = mask, .how = how};
    const struct archive_part *part;
    for (size_t i = 0; (part = archive_nth(archive, i)); i++)
        if (ends(part->name, "styles.xml"))
            styles_read(book, part);
    for (size_t i = 0; rc == 0 && (part = archive_nth(archive, i)); i++)
        rc = part_out(book, part, made);
    if (rc == 0)
        rc = archive_pack(made, &packed, &packed_len);
    if (rc == 0)
        buffer_add(out, packed, packed_len);
    return rc ? rc : out->rc;
}
