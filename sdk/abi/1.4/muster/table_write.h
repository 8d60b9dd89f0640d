/* muster/table_write.h - writes rows as a workbook (.xlsx) or a text file (.csv, .json, .jsonl, .xml).
 *
 * For any connector. Writes to a descriptor (what host->scratch() gives is
 * one), from where it stands; hand that to host->store() once the writer has
 * finished, never before.
 *
 *     muster_write_column columns[] = {{.name = "Employee Number", .type = MUSTER_TEXT},
 *                                      {.name = "Start date", .type = MUSTER_DATE}};
 *     muster_write_options options = {.size = sizeof(options), .format = MUSTER_TABLE_XLSX, .name = "employees.xlsx"};
 *     muster_table_writer *writer = NULL;
 *     muster_table_error error;
 *     muster_rc rc = muster_table_write_open(fd, &options, columns, 2, &writer, &error);
 *     while (rc == MUSTER_OK && next(values))
 *         rc = muster_table_write_row(writer, values, 2, &error);
 *     if (rc == MUSTER_OK)
 *         rc = muster_table_write_finish(writer, &error);
 *     muster_table_write_close(writer);
 *
 * A row is written whole or not at all. What is wrong with one row is told with
 * that row (MUSTER_DATA), and the next one can be written; each other failure is
 * the file's and final: MUSTER_CONFIG (an option, or the format's limits),
 * MUSTER_UNSUPPORTED (an encoding that is not installed), MUSTER_FAIL (memory,
 * the disk). Sentences name a row by its number among those that were given,
 * from 1, and a column by its name; never a value.
 *
 * A workbook has a bold header row that stays in sight, a filter, widths by
 * content, and typed cells: numbers that Excel keeps to the last digit (up to
 * 15 of them, no leading zeros), days and times that it knows (from March
 * 1900, no zone); others are texts, just as they are. A text is a text,
 * whatever it begins with. It is made in a file in TMPDIR and read back before
 * it counts as written. In JSON numbers without leading zeros stand as they
 * are.
 *
 * A writer belongs to one thread at a time. */
#ifndef MUSTER_TABLE_WRITE_H
#define MUSTER_TABLE_WRITE_H

#include <muster/table.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {                            /* flags of a file */
       MUSTER_WRITE_TEXTS = 0x1,  /* of a workbook: all cells are texts */
       MUSTER_WRITE_GUARD = 0x2,  /* of a .csv: an apostrophe before texts that a spreadsheet would compute (= + - @) */
       MUSTER_WRITE_QUOTES = 0x4, /* of a .csv: every field stands in quotes */
       MUSTER_WRITE_BARE = 0x8,   /* of a workbook or .csv: no header row */
       MUSTER_WRITE_OMIT = 0x10,  /* of JSON and XML: what has no value is left out, not null or an empty element */
       MUSTER_WRITE_MARK = 0x20   /* of a .csv in UTF-8: a byte order mark; UTF-16 has one always */
};

typedef struct muster_write_column {
    const char *name;   /* of the header, member or element; each another one */
    int32_t type;       /* MUSTER_TEXT, _INTEGER, _DECIMAL, _BOOL, _DATE, _TIME, _DATETIME, _SECONDS */
    uint32_t width;     /* of a workbook, in characters; 0: by content */
    const char *format; /* of a workbook: how its numbers, days or times are shown ("dd-mm-yyyy"); NULL: by type */
} muster_write_column;

typedef struct muster_write_value {
    const char *text; /* as connector.h has it, SECONDS as digits; NULL: no value. "" is an empty one */
    uint32_t len;     /* bytes */
    int32_t type;     /* 0: the column's */
} muster_write_value;

typedef struct muster_write_member { /* what stands once in a file: of JSON a member beside the list, of XML an
                                      * attribute of the root */
    const char *name, *text;
} muster_write_member;

typedef struct muster_write_options {
    uint32_t size;
    int32_t format;                     /* MUSTER_TABLE_XLSX, _CSV, _JSON, _JSONL, _XML */
    uint32_t flags;                     /* MUSTER_WRITE_... */
    const char *name;                   /* what messages call the file; NULL: "the file" */
    const char *sheet;                  /* of a workbook; NULL: "Sheet1" */
    const char *encoding;               /* of a .csv: utf-8 (also NULL and ""), utf-16le, utf-16be, windows-1252,
                                         * iso-8859-1, gb18030 */
    const char *delimiter;              /* of a .csv: one character, or "tab"; NULL or "": a comma */
    const char *rows;                   /* of a .json: the path of the list ("data.employees"); NULL or "": the root. Of
                                         * an .xml: "/root/row"; NULL or "": "/rows/row" */
    const muster_write_member *members; /* ending with a name NULL; NULL: none */
    uint64_t expected;                  /* about how many rows will come; 0: unknown. A workbook of a few thousand has
                                         * its texts in a table of their own, as Excel writes them; a larger one takes
                                         * little memory */
    int64_t made;                       /* seconds since 1970: when a workbook says it was made; 0: now */
    uint64_t most;                      /* of a .csv: bytes that it may have; a row that would be more is not written:
                                         * MUSTER_RETRY, in another file. 0: any */
} muster_write_options;

typedef struct muster_table_writer muster_table_writer;

/* Begins a file. `fd` stays the caller's. Nothing of options and columns is kept. On failure *ret_writer is untouched
 * and *error is set. */
muster_rc muster_table_write_open(int fd, const muster_write_options *options, const muster_write_column *columns,
                                  size_t count, muster_table_writer **ret_writer, muster_table_error *error);
/* Adds a row; values beyond `count` are missing. */
muster_rc muster_table_write_row(muster_table_writer *writer, const muster_write_value *values, size_t count,
                                 muster_table_error *error);
/* Ends the file: only now is it whole. */
muster_rc muster_table_write_finish(muster_table_writer *writer, muster_table_error *error);
void muster_table_write_close(muster_table_writer *writer); /* NULL is fine */

#ifdef __cplusplus
}
#endif
#endif
