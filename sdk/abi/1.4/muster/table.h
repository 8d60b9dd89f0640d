/* muster/table.h - rows of a workbook (.xlsx) or of a text file (.csv, .json, .jsonl, .xml), one after the other.
 *
 * For any connector. Reads from a descriptor, because a connector has no
 * files; the descriptor must be seekable (what host->fetch() gives is). Rows
 * stream: memory holds one window of the sheet and the workbook's shared
 * strings, never a whole sheet.
 *
 *     muster_table_options options = {.size = sizeof(options), .name = "employees.xlsx", .sheet = "Employees"};
 *     muster_table *table = NULL;
 *     muster_table_error error;
 *     const muster_row *row;
 *     muster_rc rc = muster_table_open(fd, &options, &table, &error);
 *     while (rc == MUSTER_OK && (rc = muster_table_next(table, &row, &error)) == MUSTER_OK && row)
 *         use(row->cells, row->count);
 *     muster_table_close(table);
 *
 * Errors are sentences with a place ("Employees!C17", "line 12") and, where
 * there is one, a way out. What is wrong with one row is told with that row
 * and the next row can be read; what is wrong with the file ends the reading:
 * MUSTER_DATA (the file), MUSTER_CONFIG (an option: no such sheet or list), or
 * MUSTER_FAIL (memory, the disk).
 *
 * JSON and XML have no columns but names: "address.city", "emails[0].value" (from
 * 0), in XML also "name.@lang" for an attribute. Of several elements with one
 * name the first is "email", the next "email[1]". Each row has the cells that
 * stand in it, in the file's order; what is not there is absent. A cell's
 * column is the number of its name, see muster_table_name(). Objects and
 * arrays down to the fourth level are cells too (MUSTER_JSON, their text
 * without white space, up to 256 KiB), besides what is in them. Numbers keep
 * their text; only an exponent is spelled out (1e3 is 1000). Not named are
 * what lies deeper than 16, elements from the 33rd on, and what comes after
 * MUSTER_TABLE_NAMES names; see muster_table_left_out().
 *
 * A table belongs to one thread at a time. Nothing here opens a file, a
 * socket or a process. */
#ifndef MUSTER_TABLE_H
#define MUSTER_TABLE_H

#include <muster/connector.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { /* formats; AUTO looks into the file, and at its name where that leaves a doubt */
       MUSTER_TABLE_AUTO = 0,
       MUSTER_TABLE_XLSX = 1,
       MUSTER_TABLE_CSV = 2,
       MUSTER_TABLE_JSON = 3,  /* one document */
       MUSTER_TABLE_JSONL = 4, /* an object per line */
       MUSTER_TABLE_XML = 5
};

enum { /* ceilings: more is refused with a sentence */
       MUSTER_TABLE_COLUMNS = 16384,
       MUSTER_TABLE_ROWS = 1048576, /* of a workbook; a .csv may be longer */
       MUSTER_TABLE_CELL = 1 << 20, /* bytes */
       MUSTER_TABLE_NAMES = 2000    /* of nested values */
};

enum {                          /* flags of a cell */
       MUSTER_CELL_ERROR = 0x1, /* the workbook computed an error; text says which: "#N/A", or that a formula has no
                                 * result because the program that wrote it does not compute */
       MUSTER_CELL_ODD =
           0x2, /* formatted as a date or time, but no such day exists: type is DECIMAL, text the number */
       MUSTER_CELL_NULL = 0x4 /* JSON's null, xsi:nil; text is "" */
};

typedef struct muster_cell {
    uint32_t column; /* from 0 */
    /* MUSTER_TEXT, MUSTER_DECIMAL, MUSTER_BOOL, MUSTER_DATE, MUSTER_TIME or MUSTER_DATETIME, written as connector.h
     * says. In a .csv all cells are TEXT. Numbers are the shortest text that means the same: 1E+05 is "100000",
     * 1001.0 is "1001"; whole numbers keep all their digits. A whole day in a date-and-time format is a DATE. A
     * duration ([h]:mm) is the DECIMAL number of days that the file holds. */
    int32_t type;
    uint32_t flags;
    uint32_t len;     /* bytes */
    const char *text; /* UTF-8 with a '\0' after the last byte; lives until the next call with this table */
} muster_cell;

typedef struct muster_row {
    uint64_t number; /* as people count: the sheet's row; in a .csv or .jsonl the line at which it starts; the element
                      * of an .xml from 1; in a .json its number in the list, from 0 as JSON pointers have it */
    size_t count;
    const muster_cell *cells; /* ascending columns, unless they are names; a sheet's cells without value are left out */
    const char *why;          /* NULL: fine. Else why this row cannot be trusted, without its place */
    int32_t why_column;       /* whose cell is to blame; -1: the row's own fault */
} muster_row;

typedef struct muster_table_options {
    uint32_t size;
    int32_t format;
    const char *name;      /* what messages call the file ("employees.xlsx"); NULL: "the file" */
    const char *sheet;     /* its name (upper and lower case count only if needed), or its number among the visible
                            * worksheets from 1; a name wins. NULL: "1". Hidden sheets can be named */
    const char *encoding;  /* of a text file: utf-8, utf-16le, utf-16be, windows-1252, iso-8859-1; NULL, "" or auto: by
                            * its first bytes (in an .xml also what it says), else UTF-8; a .csv that is no UTF-8 is
                            * windows-1252 */
    const char *delimiter; /* of a .csv: one character, or "tab"; NULL, "" or auto: found (, ; tab |, or a sep= line) */
    const char *rows;      /* of a .json: the path of the list ("data.employees"); NULL or "": the root. Of an .xml: the
                            * elements ("/employees/employee", or "employee" at any depth); NULL or "": all below the
                            * root, which must have one name */
} muster_table_options;

typedef struct muster_table_error { /* what went wrong, and the sentence that people will read */
    muster_rc rc;
    char text[500];
} muster_table_error;

typedef struct muster_header {
    uint64_t row;             /* number of the header row */
    size_t count;             /* columns up to the last one with a name */
    const char *const *names; /* trimmed; "" where the header cell is empty. They live as long as the table */
} muster_header;

typedef struct muster_table muster_table;

/* Opens a table at its first row. `fd` stays the caller's, must stay open until muster_table_close(), and its file
 * offset is neither used nor moved. On failure *ret_table is untouched and *error is set. */
muster_rc muster_table_open(int fd, const muster_table_options *options, muster_table **ret_table,
                            muster_table_error *error);
void muster_table_close(muster_table *table); /* NULL is fine */

/* The next row that the file has (a sheet's rows may jump, and a few programs write them in any order: compare numbers;
 * each comes once). *ret_row is NULL after the last one; only
 * then the whole file was read and found undamaged. It lives until the next call. After a failure each further call
 * fails likewise. */
muster_rc muster_table_next(muster_table *table, const muster_row **ret_row, muster_table_error *error);
/* Back to the first row. */
muster_rc muster_table_rewind(muster_table *table, muster_table_error *error);

/* Reads the header row, and leaves the table after it. wanted: its number, or 0 to find it: the first of the first 50
 * rows that has only texts, each another one, in at least two columns and in at least half as many as the widest
 * row. May be called once, before any muster_table_next(). From then on no row above it is given, and one of a .csv
 * with more fields than the header is told as one that cannot be trusted. */
muster_rc muster_table_header(muster_table *table, uint64_t wanted, const muster_header **ret_header,
                              muster_table_error *error);

int32_t muster_table_format(const muster_table *table);         /* MUSTER_TABLE_XLSX ... */
const char *muster_table_sheet_name(const muster_table *table); /* "Employees"; NULL if it is no workbook */
/* Of nested rows: the name of a column, which lives as long as the table; NULL beyond the last one so far. A rewind
 * changes none. In a table with a header: always NULL. */
const char *muster_table_name(const muster_table *table, uint32_t column);
/* Of nested rows: a sentence about what was not given so far, or NULL. */
const char *muster_table_left_out(const muster_table *table);
/* How far: bytes of the sheet or file that were read, and all of them. */
void muster_table_progress(const muster_table *table, uint64_t *ret_done, uint64_t *ret_total);

/* 0 is "A", 16383 is "XFD". */
void muster_column_name(uint32_t column, char ret_name[8]);
/* Where a cell stands: "Employees!C17", "line 17, column C" in a .csv, "/data/employees/12/address/city" or "line
 * 17/address/city" in JSON, "/employees/employee[12]/address/city" in XML; column -1: the row: "Employees!17", "line
 * 17", "/data/employees/12". Cut off where `room` ends. */
void muster_cell_place(const muster_table *table, uint64_t row, int32_t column, char *ret_place, size_t room);

#ifdef __cplusplus
}
#endif
#endif
