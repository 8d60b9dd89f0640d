/* table_parts - what the files of the row reader share; no part of the contract with vendors.
 *
 * table.c opens and hands out. Below it are two readers, csv.c and xlsx.c,
 * each a struct muster_reader. Both write cells into struct muster_rows. */
#ifndef MUSTER_TABLE_PARTS_H
#define MUSTER_TABLE_PARTS_H

#include <muster/table.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that grow, up to a ceiling; the first failure sticks (MUSTER_DATA: too much, MUSTER_FAIL: no memory). */
struct muster_bytes {
    char *data;
    size_t len, room, ceiling;
    muster_rc rc;
};

void muster_bytes_done(struct muster_bytes *bytes);
char *muster_bytes_reserve(struct muster_bytes *bytes, size_t len); /* len more, uninitialised; NULL on failure */
void muster_bytes_add(struct muster_bytes *bytes, const void *data, size_t len);

/* Rows that were read and not yet handed out, the last one perhaps unfinished. Cells refer to text by offset until
 * they are handed out, because text moves while it grows. */
struct muster_rows {
    muster_cell *cells;
    size_t cell_count, cell_room;
    struct muster_row_mark *marks; /* finished rows */
    size_t mark_count, mark_room, mark_next;
    struct muster_bytes text;
    size_t open_cell, open_text; /* where the unfinished row begins */
    const char *why;             /* of the unfinished row; a constant */
    int32_t why_column;
    muster_rc rc; /* sticky: MUSTER_FAIL no memory, MUSTER_DATA a row too large */
    muster_row row;
};

void muster_rows_done(struct muster_rows *rows);
void muster_rows_clear(struct muster_rows *rows);
/* Adds a cell to the unfinished row; its text is copied, or with `stays` only referred to (it must outlive the row). */
void muster_rows_cell(struct muster_rows *rows, uint32_t column, int32_t type, uint32_t flags, const char *text,
                      size_t len, bool stays);
/* Remembers the first thing that is wrong with the unfinished row. */
void muster_rows_blame(struct muster_rows *rows, int32_t column, const char *why);
void muster_rows_end(struct muster_rows *rows, uint64_t number); /* finishes the row */
void muster_rows_drop(struct muster_rows *rows);                 /* forgets the unfinished row */
/* The next finished row, or NULL: then room is made, and only the unfinished row is kept. */
const muster_row *muster_rows_next(struct muster_rows *rows);

/* Sets the sentence and returns rc. error may be NULL. */
MUSTER_FMT(3, 4) muster_rc muster_table_fail(muster_table_error *error, muster_rc rc, const char *format, ...);

struct muster_reader {
    /* Fills rows with at least one finished row; none: the end. */
    muster_rc (*more)(void *self, struct muster_rows *rows, muster_table_error *error);
    muster_rc (*rewind)(void *self, muster_table_error *error);
    void (*progress)(const void *self, uint64_t *ret_done, uint64_t *ret_total);
    void (*close)(void *self);
    const char *(*sheet_name)(const void *self); /* NULL for a .csv */
};

/* How a test makes a reader go another way to the same rows. */
struct muster_trial {
    bool slow;    /* workbooks: libxml2 reads all parts, nothing is scanned by hand */
    size_t chunk; /* bytes that are read of a file or of a part at once; 0: the usual */
};

/* muster_table_open() with a trial. */
muster_rc muster_table_try(int fd, const muster_table_options *options, const struct muster_trial *trial,
                           muster_table **ret_table, muster_table_error *error);

/* What the readers are given: `name` is set, the file is not empty, and `head` are its first bytes. */
struct muster_source {
    int fd;
    struct muster_trial trial;
    uint64_t size;
    const char *name;
    const muster_table_options *options;
    unsigned char head[512];
    size_t head_len;
};

muster_rc muster_csv_open(const struct muster_source *source, void **ret_self, muster_table_error *error);
muster_rc muster_xlsx_open(const struct muster_source *source, void **ret_self, muster_table_error *error);
extern const struct muster_reader muster_csv_reader, muster_xlsx_reader;

/* Reads up to len bytes at an offset, all that there are; -1 with errno on failure. */
int64_t muster_pread(int fd, void *data, size_t len, uint64_t offset);
/* A file that is neither: "employees.xls is an old .xls workbook: …". NULL if it may be one of ours. */
const char *muster_sniff(const struct muster_source *source);

/* Puts a Unicode character as UTF-8; returns its length. */
size_t muster_utf8_put(uint32_t character, char *ret_bytes);
/* Bytes of the valid UTF-8 at the start of data; a character that is cut off at the end is not counted. */
size_t muster_utf8_valid(const char *data, size_t len);

/* Which encoding a text file has, and the translation of it. */
enum muster_encoding { ENCODING_UTF8, ENCODING_UTF16LE, ENCODING_UTF16BE, ENCODING_1252, ENCODING_LATIN1 };

/* By what the option says, a byte order mark, and else the whole file's bytes. *ret_skip: length of the mark. */
muster_rc muster_encoding_find(const struct muster_source *source, enum muster_encoding *ret_encoding, size_t *ret_skip,
                               muster_table_error *error);
/* Appends data as UTF-8; returns how many bytes were used (a unit or a pair may be cut off at the end of data). `last`:
 * nothing follows, so that what is cut off becomes U+FFFD. */
size_t muster_encoding_decode(enum muster_encoding encoding, const unsigned char *data, size_t len, bool last,
                              struct muster_bytes *out);

#endif
