/* fuzz - what the fuzz targets share. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAIN_NS "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
#define RELATIONS_NS "http://schemas.openxmlformats.org/package/2006/relationships"
#define OFFICE_NS "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

static const char *const names[] = {"_rels/.rels",   "xl/_rels/workbook.xml.rels", "xl/workbook.xml",
                                    "xl/styles.xml", "xl/sharedStrings.xml",       "xl/worksheets/sheet1.xml"};
static const char *const ordinary[] = {
    "<Relationships xmlns=\"" RELATIONS_NS "\"><Relationship Id=\"rId1\" Type=\"" OFFICE_NS
    "/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>",
    "<Relationships xmlns=\"" RELATIONS_NS "\"><Relationship Id=\"a\" Type=\"" OFFICE_NS
    "/worksheet\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"b\" Type=\"" OFFICE_NS
    "/styles\" Target=\"styles.xml\"/><Relationship Id=\"c\" Type=\"" OFFICE_NS
    "/sharedStrings\" Target=\"sharedStrings.xml\"/></Relationships>",
    "<workbook xmlns=\"" MAIN_NS "\" xmlns:r=\"" OFFICE_NS
    "\"><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"a\"/></sheets></workbook>",
    "<styleSheet xmlns=\"" MAIN_NS "\"><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"21\"/>"
    "<xf numFmtId=\"22\"/></cellXfs></styleSheet>",
    "<sst xmlns=\"" MAIN_NS "\"><si><t>zero</t></si><si><t>one</t></si></sst>",
    "<worksheet xmlns=\"" MAIN_NS "\"><sheetData><row><c t=\"s\"><v>0</v></c><c s=\"1\"><v>45000</v></c></row>"
    "</sheetData></worksheet>"};
#define PARTS (sizeof(names) / sizeof(*names))

int fuzz_file(const void *data, size_t size)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    return fd;
}

static uint32_t checksum(const char *text, size_t len)
{
    static uint32_t table[256];
    for (uint32_t n = 0; n < 256 && !table[255]; n++) {
        uint32_t value = n;
        for (int bit = 0; bit < 8; bit++)
            value = value & 1 ? 0xedb88320u ^ value >> 1 : value >> 1;
        table[n] = value;
    }
    uint32_t sum = 0xffffffffu;
    for (size_t n = 0; n < len; n++)
        sum = table[(sum ^ (unsigned char)text[n]) & 0xff] ^ sum >> 8;
    return ~sum;
}

static void put(struct muster_bytes *zip, uint64_t value, size_t width)
{
    for (size_t n = 0; n < width; n++, value >>= 8)
        muster_bytes_add(zip, &(char){(char)(value & 0xff)}, 1);
}

/* What the local header and the directory say alike of a member. */
static void put_member(struct muster_bytes *zip, const char *name, const struct fuzz_part *part)
{
    put(zip, 20, 2);
    put(zip, 0, 2 + 2 + 4); /* flags, stored, no time */
    put(zip, checksum(part->text, part->len), 4);
    put(zip, part->len, 4);
    put(zip, part->len, 4);
    put(zip, strlen(name), 2);
    put(zip, 0, 2);
}

int fuzz_workbook(const struct fuzz_book *workbook)
{
    struct fuzz_part parts[PARTS] = {workbook->root,   workbook->relations, workbook->book,
                                     workbook->styles, workbook->strings,   workbook->sheet};
    struct muster_bytes zip = {.ceiling = (size_t)64 << 20};
    size_t starts[PARTS];
    for (size_t n = 0; n < PARTS; n++) {
        if (!parts[n].text)
            parts[n] = (struct fuzz_part){ordinary[n], strlen(ordinary[n])};
        starts[n] = zip.len;
        muster_bytes_add(&zip, "PK\3\4", 4);
        put_member(&zip, names[n], &parts[n]);
        muster_bytes_add(&zip, names[n], strlen(names[n]));
        muster_bytes_add(&zip, parts[n].text, parts[n].len);
    }
    size_t directory = zip.len;
    for (size_t n = 0; n < PARTS; n++) {
        muster_bytes_add(&zip, "PK\1\2\24\0", 6);
        put_member(&zip, names[n], &parts[n]);
        put(&zip, 0, 2 + 2 + 2 + 4);
        put(&zip, starts[n], 4);
        muster_bytes_add(&zip, names[n], strlen(names[n]));
    }
    size_t len = zip.len - directory;
    muster_bytes_add(&zip, "PK\5\6\0\0\0\0", 8);
    put(&zip, PARTS, 2);
    put(&zip, PARTS, 2);
    put(&zip, len, 4);
    put(&zip, directory, 4);
    put(&zip, 0, 2);
    int fd = fuzz_file(zip.data, zip.len);
    muster_bytes_done(&zip);
    return fd;
}

/* Whatever the file is: columns ascend, or have names; texts are whole characters (of a nested row that is told as bad
 * nobody reads them, and \ud800 has none). */
static void cell_check(const muster_table *table, const muster_row *row, const muster_cell *cell, int64_t last)
{
    const char *name = muster_table_name(table, cell->column);
    bool nested = muster_table_format(table) >= MUSTER_TABLE_JSON;
    if (nested && row->why)
        return;
    if (nested ? !name || muster_utf8_valid(name, strlen(name)) != strlen(name)
               : cell->column <= last || cell->column >= MUSTER_TABLE_COLUMNS)
        abort();
    if (strlen(cell->text) > cell->len || cell->text[cell->len] != '\0' ||
        muster_utf8_valid(cell->text, cell->len) != cell->len)
        abort();
}

static void row_text(struct muster_bytes *out, const muster_table *table, const muster_row *row)
{
    char text[80], place[300];
    int64_t last = -1;
    muster_cell_place(table, row->number, row->why_column, place, sizeof(place));
    for (size_t n = 0; n < row->count; n++) {
        const muster_cell *cell = &row->cells[n];
        cell_check(table, row, cell, last);
        last = cell->column;
        muster_cell_place(table, row->number, (int32_t)cell->column, place, sizeof(place));
        /* Which number a name has depends on which names bad rows had before they were found to be bad. */
        const char *name = muster_table_name(table, cell->column);
        int len = snprintf(text, sizeof(text), "%llu %u %d %u ", (unsigned long long)row->number,
                           name ? 0 : cell->column, cell->type, cell->flags);
        muster_bytes_add(out, text, (size_t)len);
        muster_bytes_add(out, name ? name : "", name ? strlen(name) : 0);
        muster_bytes_add(out, cell->text, cell->len);
        muster_bytes_add(out, "\n", 1);
    }
    int len = snprintf(text, sizeof(text), "%llu end %d ", (unsigned long long)row->number, row->why_column);
    muster_bytes_add(out, text, (size_t)len);
    muster_bytes_add(out, row->why ? row->why : "", row->why ? strlen(row->why) : 0);
    muster_bytes_add(out, "\n", 1);
}

char *fuzz_read(int fd, const muster_table_options *options, struct muster_trial trial, char **ret_failed)
{
    struct muster_bytes out = {.ceiling = (size_t)1 << 30};
    muster_table *table = NULL;
    muster_table_error error = {0};
    const muster_row *row = NULL;
    static uint8_t seen[MUSTER_TABLE_ROWS / 8 + 1]; /* a sheet's rows come in any order, but once */
    int64_t last = -1;
    memset(seen, 0, sizeof(seen));
    muster_rc rc = muster_table_try(fd, options, &trial, &table, &error);
    while (rc == MUSTER_OK && (rc = muster_table_next(table, &row, &error)) == MUSTER_OK && row) {
        uint64_t number = row->number;
        bool sheet = muster_table_format(table) == MUSTER_TABLE_XLSX;
        if (sheet ? number == 0 || number > MUSTER_TABLE_ROWS || (seen[number / 8] & 1u << number % 8)
                  : (int64_t)number <= last)
            abort();
        if (sheet)
            seen[number / 8] |= (uint8_t)(1u << number % 8);
        last = (int64_t)number;
        row_text(&out, table, row);
    }
    muster_table_close(table);
    if (rc != MUSTER_OK && (error.rc != rc || strlen(error.text) < 10))
        abort(); /* a failure without its sentence */
    size_t rows = out.len;
    muster_bytes_add(&out, "", 1);
    muster_bytes_add(&out, error.text, strlen(error.text));
    muster_bytes_add(&out, "", 1);
    *ret_failed = rc == MUSTER_OK ? NULL : out.data + rows + 1;
    return out.data;
}

void fuzz_same(const char *one, const char *one_failed, const char *other, const char *other_failed, bool tail)
{
    bool both = one_failed && other_failed, fine = !one_failed && !other_failed;
    if (both || (fine && strcmp(one, other) == 0) || (tail && !one_failed && other_failed))
        return;
    fprintf(stderr, "%s(%s)\nis not\n%s(%s)\n", one, one_failed ? one_failed : "fine", other,
            other_failed ? other_failed : "fine");
    abort();
}
