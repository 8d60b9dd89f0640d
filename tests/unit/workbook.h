/* workbook - odd workbooks made in memory, part by part. */
#ifndef TESTS_WORKBOOK_H
#define TESTS_WORKBOOK_H

#include "table_text.h"

#include <zip.h>

#define MAIN_NS "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
#define RELATIONS_NS "http://schemas.openxmlformats.org/package/2006/relationships"
#define OFFICE_NS "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

struct part {
    const char *path, *text;
};

/* A zip archive of these parts, the last one's path NULL; parts without a text are left out. */
static inline int archive_fd(const struct part *parts)
{
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *target = zip_source_buffer_create(NULL, 0, 0, &error);
    zip_t *zip = zip_open_from_source(target, ZIP_TRUNCATE, &error);
    zip_source_keep(target);
    for (; parts->path; parts++)
        if (parts->text &&
            zip_file_add(zip, parts->path, zip_source_buffer(zip, parts->text, strlen(parts->text), 0), 0) < 0)
            abort();
    if (zip_close(zip) != 0 || zip_source_open(target) != 0)
        abort();
    zip_source_seek(target, 0, SEEK_END);
    size_t len = (size_t)zip_source_tell(target);
    char *bytes = malloc(len);
    zip_source_seek(target, 0, SEEK_SET);
    if (zip_source_read(target, bytes, len) != (zip_int64_t)len)
        abort();
    int fd = bytes_fd(bytes, len);
    free(bytes);
    zip_source_close(target);
    zip_source_free(target);
    return fd;
}

static const char root_relations[] =
    "<Relationships xmlns=\"" RELATIONS_NS "\"><Relationship Id=\"rId1\" Type=\"" OFFICE_NS
    "/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>";
static const char book_relations[] =
    "<Relationships xmlns=\"" RELATIONS_NS "\"><Relationship Id=\"a\" Type=\"" OFFICE_NS
    "/worksheet\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"b\" Type=\"" OFFICE_NS
    "/styles\" Target=\"/xl/styles.xml\"/><Relationship Id=\"c\" Type=\"" OFFICE_NS
    "/sharedStrings\" Target=\"../xl/./sharedStrings.xml\"/></Relationships>";
static const char plain_book[] = "<workbook xmlns=\"" MAIN_NS "\" xmlns:r=\"" OFFICE_NS
                                 "\"><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"a\"/></sheets></workbook>";
static const char plain_styles[] =
    "<styleSheet xmlns=\"" MAIN_NS "\"><numFmts><numFmt numFmtId=\"164\" formatCode=\"dd-mm-yyyy\"/>"
    "<numFmt numFmtId=\"165\" formatCode=\"[h]:mm\"/></numFmts><cellStyleXfs><xf numFmtId=\"22\"/></cellStyleXfs>"
    "<cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"164\"/><xf numFmtId=\"165\"/><xf numFmtId=\"22\"/>"
    "<xf numFmtId=\"20\"/></cellXfs></styleSheet>";
static const char plain_strings[] = "<sst xmlns=\"" MAIN_NS "\"><si><t>zero</t></si><si><t>one</t></si></sst>";

/* An ordinary workbook with this sheet; the other parts may be NULL for ordinary ones. */
static inline int workbook_fd(const char *sheet, const char *strings, const char *book)
{
    const struct part parts[] = {{"_rels/.rels", root_relations},
                                 {"xl/workbook.xml", book ? book : plain_book},
                                 {"xl/_rels/workbook.xml.rels", book_relations},
                                 {"xl/worksheets/sheet1.xml", sheet},
                                 {"xl/styles.xml", plain_styles},
                                 {"xl/sharedStrings.xml", strings ? strings : plain_strings},
                                 {NULL, NULL}};
    return archive_fd(parts);
}

#define SHEET(rows) "<worksheet xmlns=\"" MAIN_NS "\"><sheetData>" rows "</sheetData></worksheet>"

#endif
