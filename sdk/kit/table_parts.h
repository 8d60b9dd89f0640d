/* table_parts - what the files of the row reader share; no part of the contract with vendors.
 *
 * table.c opens and hands out. Below it are the readers csv.c, xlsx.c, json.c
 * and xml.c, each a struct muster_reader. All write cells into struct
 * muster_rows; json.c and xml.c name them by struct muster_paths. */
#ifndef MUSTER_TABLE_PARTS_H
#define MUSTER_TABLE_PARTS_H

#include <muster/table.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes that grow, up to a ceiling; the first failure sticks (MUSTER_DATA: too much, MUSTER_FAIL: no memory). */
struct muster_bytes {
    char *data;
    size_t len, room, ceiling;
    muster_rc rc;
};

void muster_bytes_done(struct muster_bytes *bytes);
char *muster_bytes_reserve(struct muster_bytes *bytes, size_t len); /* len more, uninitialised; NULL on failure */
void muster_bytes_add(struct muster_bytes *bytes, const void *data, size_t len);

#define MUSTER_PAD 32                  /* readable bytes behind what is searched by blocks.h */
#define MUSTER_CELL_OFFSET 0x80000000u /* flag of a cell that is not handed out: text is an offset */

/* Rows that were read and not yet handed out, the last one perhaps unfinished. Cells refer to text by offset until
 * they are handed out, because text moves while it grows. */
struct muster_rows {
    muster_cell *cells;
    size_t cell_count, cell_room;
    struct muster_row_mark *marks; /* finished rows */
    size_t mark_count, mark_room, mark_next;
    struct muster_bytes text;
    size_t open_cell, open_text; /* where the unfinished row begins */
    const char *why;             /* of the unfinished row; a constant, or one of reasons */
    int32_t why_column;
    char **reasons; /* sentences that were made for rows */
    size_t reason_count, reason_room;
    muster_rc rc; /* sticky: MUSTER_FAIL no memory, MUSTER_DATA a row too large */
    muster_row row;
};

void muster_rows_done(struct muster_rows *rows);
void muster_rows_clear(struct muster_rows *rows);
/* Adds a cell to the unfinished row; its text is copied, or with `stays` only referred to (it must outlive the row). */
void muster_rows_cell(struct muster_rows *rows, uint32_t column, int32_t type, uint32_t flags, const char *text,
                      size_t len, bool stays);
/* A MUSTER_TEXT whose text is copied; short ones without a call. 32 bytes must be readable at text. */
static inline void muster_rows_text(struct muster_rows *rows, uint32_t column, const char *text, size_t len)
{
    struct muster_bytes *bytes = &rows->text;
    if (len > 32 || rows->rc != MUSTER_OK || rows->cell_count == rows->cell_room || bytes->rc != MUSTER_OK ||
        bytes->room - bytes->len <= 32) {
        muster_rows_cell(rows, column, MUSTER_TEXT, 0, text, len, false);
        return;
    }
    char *copy = bytes->data + bytes->len;
    memcpy(copy, text, 32);
    copy[len] = '\0';
    rows->cells[rows->cell_count++] = (muster_cell){.column = column,
                                                    .type = MUSTER_TEXT,
                                                    .flags = MUSTER_CELL_OFFSET,
                                                    .len = (uint32_t)len,
                                                    .text = (const char *)(uintptr_t)bytes->len};
    bytes->len += len + 1;
}
/* Remembers the first thing that is wrong with the unfinished row. */
void muster_rows_blame(struct muster_rows *rows, int32_t column, const char *why);
MUSTER_FMT(3, 4) void muster_rows_blame_text(struct muster_rows *rows, int32_t column, const char *format, ...);
/* Puts the unfinished row's cells into the order of their columns; one that stands there twice is blamed. */
void muster_rows_order(struct muster_rows *rows, const char *twice);
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
    const char *(*sheet_name)(const void *self); /* NULL: it has none */
    /* Whether this row is the last one and the file does not say that it ends there; NULL: nothing ends so. */
    bool (*ends_within)(const void *self, uint64_t row);
    /* Of readers of nested rows only: */
    const struct muster_paths *(*paths)(const void *self);
    void (*place)(const void *self, uint64_t row, char *ret_place, size_t room);
};

/* How a test makes a reader go another way to the same rows. */
struct muster_trial {
    bool slow; /* nothing is scanned by hand: libxml2 reads all parts of workbooks, yajl all of JSON, and no record of
                * CSV is taken by its marks */
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
muster_rc muster_json_open(const struct muster_source *source, void **ret_self, muster_table_error *error);
muster_rc muster_xml_open(const struct muster_source *source, void **ret_self, muster_table_error *error);
extern const struct muster_reader muster_csv_reader, muster_xlsx_reader, muster_json_reader, muster_xml_reader;

/* Reads up to len bytes at an offset, all that there are; -1 with errno on failure. */
int64_t muster_pread(int fd, void *data, size_t len, uint64_t offset);
/* MUSTER_TABLE_JSON, _JSONL or _XML if its first bytes say so, or else its name and bytes that do not contradict; 0. */
int32_t muster_sniff_nested(const struct muster_source *source);
/* A file that is neither: "employees.xls is an old .xls workbook: …". NULL if it may be one of ours. */
const char *muster_sniff(const struct muster_source *source);
/* Are its first bytes text, in whatever encoding? */
bool muster_sniff_text(const struct muster_source *source);

/* Puts a Unicode character as UTF-8; returns its length. */
size_t muster_utf8_put(uint32_t character, char *ret_bytes);
/* Bytes of the valid UTF-8 at the start of data; a character that is cut off at the end is not counted. */
size_t muster_utf8_valid(const char *data, size_t len);

/* How many bytes are looked at together in wide.c. A test may allow less than there is. */
enum muster_width { WIDTH_1 = 1, WIDTH_16 = 16, WIDTH_32 = 32 };
extern enum muster_width muster_width_most;
/* Where the delimiter, ends of line and quotes are. ret_marks needs room for len + 64 of them. */
size_t muster_wide_marks(const char *data, size_t len, char delimiter, uint32_t *ret_marks);
/* Bytes of valid UTF-8 at the start, whole characters, perhaps not all. */
size_t muster_wide_utf8(const char *data, size_t len);

/* Which encoding a text file has, and the translation of it. */
enum muster_encoding { ENCODING_UTF8, ENCODING_UTF16LE, ENCODING_UTF16BE, ENCODING_1252, ENCODING_LATIN1 };

/* Characters of Windows-1252 from 0x80 to 0x9f; the five that are undefined are control characters. */
extern const uint16_t muster_windows_1252[32];

/* Looks a name up; NULL, "" and "auto" set *ret_auto. False: not known. */
bool muster_encoding_named(const char *name, enum muster_encoding *ret_encoding, bool *ret_auto);
/* By a byte order mark; false: there is none. */
bool muster_encoding_mark(const struct muster_source *source, enum muster_encoding *ret_encoding, size_t *ret_skip);
/* By what the option says, a byte order mark, or NUL bytes between letters; UTF-8 otherwise, with *ret_said false. */
muster_rc muster_encoding_look(const struct muster_source *source, enum muster_encoding *ret_encoding, size_t *ret_skip,
                               bool *ret_said, muster_table_error *error);
/* By what the option says, a byte order mark, and else the whole file's bytes. *ret_skip: length of the mark. */
muster_rc muster_encoding_find(const struct muster_source *source, enum muster_encoding *ret_encoding, size_t *ret_skip,
                               muster_table_error *error);
/* Appends data as UTF-8; returns how many bytes were used (a unit or a pair may be cut off at the end of data). `last`:
 * nothing follows, so that what is cut off becomes U+FFFD. */
size_t muster_encoding_decode(enum muster_encoding encoding, const unsigned char *data, size_t len, bool last,
                              struct muster_bytes *out);

/* Zero bytes behind each piece of a feed, so that what looks at 16 bytes needs no bounds. */
#define MUSTER_FEED_PAD MUSTER_PAD

/* A text file in pieces of UTF-8. `data` and `len` are the present piece; len 0: the end. */
struct muster_feed {
    int fd;
    const char *name;
    enum muster_encoding encoding;
    size_t skip, chunk;
    uint64_t size, at; /* of the file; next byte to read */
    const char *data;
    size_t len;
    uint64_t before, lines; /* bytes and ends of line in earlier pieces */
    unsigned char *raw;
    size_t raw_len; /* left over of the last read */
    struct muster_bytes decoded;
    bool over;
};

muster_rc muster_feed_open(struct muster_feed *feed, const struct muster_source *source, enum muster_encoding encoding,
                           size_t skip, muster_table_error *error);
void muster_feed_done(struct muster_feed *feed);
void muster_feed_rewind(struct muster_feed *feed);
muster_rc muster_feed_next(struct muster_feed *feed, muster_table_error *error);
/* The line, from 1, of a byte of the present piece. */
uint64_t muster_feed_line(const struct muster_feed *feed, size_t offset);

/* The names of nested values: "address.city", "emails[0].value", "name.@lang". A tree of steps, found by parent and
 * key; mostly the one that came next in the row before. Steps beyond the ceilings are MUSTER_NO_PATH. */
enum { MUSTER_PATH_DEPTH = 16, MUSTER_PATH_INDEX = 32 };
#define MUSTER_NO_PATH UINT32_MAX

enum muster_step { STEP_MEMBER, STEP_INDEX }; /* the key of an index is an uint32_t */

struct muster_path {
    char *name, *key; /* 16 bytes may be read of any key */
    uint32_t key_len, parent, depth;
    enum muster_step kind;
    bool plain;           /* a member's key that stands in JSON as it is */
    uint32_t first, next; /* what came below it and after it last time; 0: nothing */
    uint32_t column;      /* UINT32_MAX: no value was there yet */
    uint64_t row;         /* where it was counted last */
    uint32_t times;       /* in that row */
};

struct muster_paths {
    struct muster_path *steps; /* the first is the row itself */
    size_t count, room;
    uint32_t *slots; /* open hash of steps; 0 is free */
    size_t slot_count;
    char **names;   /* of columns */
    uint64_t *rows; /* in which each column was taken last */
    size_t name_count, name_room;
    uint64_t row;
    bool over, long_text; /* what was left out: names, long JSON texts */
    muster_rc rc;
};

muster_rc muster_paths_init(struct muster_paths *paths);
void muster_paths_done(struct muster_paths *paths);
/* A new row begins. */
void muster_paths_row(struct muster_paths *paths);
/* The step below `parent`. after: the sibling before it, or MUSTER_NO_PATH. */
uint32_t muster_paths_step(struct muster_paths *paths, uint32_t parent, uint32_t after, enum muster_step kind,
                           const void *key, size_t len);
/* Which one of its name in its parent this element is, from 0. */
uint32_t muster_paths_nth(struct muster_paths *paths, uint32_t step);
/* How deep: 0 is the row. */
uint32_t muster_paths_depth(const struct muster_paths *paths, uint32_t step);
/* The column that a value at this step has. *ret_again: this row has one of that name already. UINT32_MAX: none. */
uint32_t muster_paths_column(struct muster_paths *paths, uint32_t step, bool *ret_again);
/* "emails[0].value" as "/emails/0/value". Cut off where `room` ends. */
void muster_path_pointer(const char *name, char *ret_pointer, size_t room);

#endif
