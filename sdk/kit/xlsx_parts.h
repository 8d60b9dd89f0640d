/* xlsx_parts - what the files of the .xlsx reader share.
 *
 * package  the zip archive: members by name, streamed, with ceilings
 * xml      libxml2's SAX2 push parser with our rules
 * book     which parts there are: relationships, sheets, date system
 * styles   what kind of number each cell format shows
 * strings  the shared strings
 * value    a cell's text and type out of what the sheet wrote
 * sheet    the sheet's tokenizer by libxml2: any well-formed XML
 * scan     the sheet's tokenizer by hand: the ordinary shape, many times faster
 * xlsx     all of them together: rows */
#ifndef MUSTER_XLSX_PARTS_H
#define MUSTER_XLSX_PARTS_H

#include "table_parts.h"

#include <libxml/parser.h>

/* package */

struct muster_package;
struct muster_member;

/* `name` must outlive it. */
muster_rc muster_package_open(int fd, uint64_t size, const char *name, struct muster_package **ret_package,
                              muster_table_error *error);
void muster_package_chunk(struct muster_package *package, size_t chunk); /* at most that many bytes are read at once */
void muster_package_close(struct muster_package *package);
const char *muster_package_name(const struct muster_package *package);
/* Number of a member, -1: none. Upper and lower case, \ for / and % of a URL are forgiven. */
int64_t muster_package_find(struct muster_package *package, const char *path);

muster_rc muster_member_open(struct muster_package *package, const char *path, uint64_t ceiling,
                             struct muster_member **ret_member, muster_table_error *error);
/* *ret_len is 0 at the end, after the checksum was found right. */
muster_rc muster_member_read(struct muster_member *member, void *data, size_t room, size_t *ret_len,
                             muster_table_error *error);
void muster_member_progress(const struct muster_member *member, uint64_t *ret_done, uint64_t *ret_total);
void muster_member_close(struct muster_member *member);

/* xml */

/* Callbacks get the parser as context: XML_SELF gives `self`. */
struct muster_xml {
    xmlParserCtxtPtr parser;
    void *self;
    const char *what; /* "employees.xlsx: xl/workbook.xml", for sentences */
    char where[600];
    char trouble[300]; /* libxml2's first complaint */
    int line;
    bool stopped; /* by muster_xml_stop() */
    unsigned depth;
};

typedef void (*muster_xml_start)(struct muster_xml *xml, const char *name, const xmlChar **attributes, int count);
typedef void (*muster_xml_end)(struct muster_xml *xml, const char *name);
typedef void (*muster_xml_text)(struct muster_xml *xml, const char *text, size_t len);

/* start and end see elements of the spreadsheet, relationship and content type namespaces only, by local name. */
struct muster_xml_events {
    muster_xml_start start;
    muster_xml_end end;
    muster_xml_text text;
};

muster_rc muster_xml_begin(struct muster_xml *xml, const struct muster_xml_events *events, void *self, const char *file,
                           const char *part, muster_table_error *error);
muster_rc muster_xml_feed(struct muster_xml *xml, const char *data, size_t len, muster_table_error *error);
muster_rc muster_xml_finish(struct muster_xml *xml, muster_table_error *error);
void muster_xml_done(struct muster_xml *xml);
void muster_xml_stop(struct muster_xml *xml); /* enough was seen; what follows is not parsed */
/* An attribute's value (not terminated), NULL: there is none. namespaced: one with a prefix, like r:id. */
const char *muster_xml_attribute(const xmlChar **attributes, int count, const char *name, size_t *ret_len,
                                 bool namespaced);
/* A whole part through the parser. */
muster_rc muster_xml_part(struct muster_package *package, const char *path, uint64_t ceiling,
                          const struct muster_xml_events *events, void *self, muster_table_error *error);

/* book */

struct muster_sheet_entry {
    char *name, *relation, *path; /* path: NULL when it is no worksheet */
    bool hidden;
};

struct muster_book {
    char *path;    /* of the workbook part */
    char *strings; /* paths; NULL: none */
    char *styles;
    struct muster_sheet_entry *sheets;
    size_t count;
    bool is_1904;
};

muster_rc muster_book_read(struct muster_package *package, struct muster_book *ret_book, muster_table_error *error);
/* NULL with *error set, naming the sheets there are. */
const struct muster_sheet_entry *muster_book_sheet(const struct muster_book *book, const char *file, const char *wanted,
                                                   muster_table_error *error);
void muster_book_done(struct muster_book *book);

/* styles */

/* EITHER: a time of day where the number is below 1, or else a day, with its time if there is one. */
enum muster_shows { SHOWS_NUMBER, SHOWS_DATE, SHOWS_TIME, SHOWS_DATE_TIME, SHOWS_EITHER };

struct muster_styles {
    uint8_t *shows; /* by cell format */
    size_t count;
};

enum muster_shows muster_format_shows(const char *code, size_t len); /* of a format code: "dd-mm-yyyy" */
muster_rc muster_styles_read(struct muster_package *package, const char *path, struct muster_styles *ret_styles,
                             muster_table_error *error);
void muster_styles_done(struct muster_styles *styles);

/* strings */

struct muster_strings {
    struct muster_bytes bytes; /* each ends in '\0' */
    uint32_t *starts;          /* count + 1; NULL: the workbook has no shared strings */
    size_t count, room;
};

/* slow: by libxml2, not by hand. */
muster_rc muster_strings_read(struct muster_package *package, const char *path, bool slow,
                              struct muster_strings *ret_strings, muster_table_error *error);
void muster_strings_done(struct muster_strings *strings);
/* Ends the string whose bytes were added since the last one. */
muster_rc muster_strings_end(struct muster_strings *strings);

/* value */

/* What all cells of a sheet need. */
struct muster_sheet {
    const struct muster_strings *strings;
    const struct muster_styles *styles;
    bool is_1904;
    struct muster_rows *rows;
    uint64_t row;                            /* number of the last row that began */
    int64_t column;                          /* of the last cell that began in it; -1 */
    bool disorder;                           /* the cells of the present row do not ascend */
    uint8_t seen[MUSTER_TABLE_ROWS / 8 + 1]; /* a bit for each row that ended: rows may come in any order, but once */
    const char *damaged;                     /* what makes the sheet unreadable; NULL */
    uint64_t finished;                       /* rows that ended */
    uint64_t skip;                           /* rows to pass over: another tokenizer gave them already */
};

/* A row begins: number 0 is the one after the last. */
void muster_sheet_row(struct muster_sheet *sheet, uint64_t number);
/* A cell: ref NULL is the one after the last; type and style are the attributes t and s. */
struct muster_written {
    const char *ref, *type, *style;
    size_t ref_len, type_len, style_len;
    const char *value; /* NULL: none */
    size_t value_len;
    bool formula;
};
void muster_sheet_cell(struct muster_sheet *sheet, const struct muster_written *written);
void muster_sheet_row_end(struct muster_sheet *sheet);

bool muster_digits(const char *text, size_t len, uint64_t *ret_number); /* only digits, at most 18 */
/* Takes _x000D_ and the like out of text, in place; returns the new length. */
size_t muster_unescape(char *text, size_t len);
/* The shortest decimal text of what a number cell holds; 0 if it is no number. */
enum { MUSTER_NUMBER_ROOM = 400 };
size_t muster_number_text(const char *text, size_t len, char ret_text[MUSTER_NUMBER_ROOM]);

/* sheet and scan: tokenizers */

struct muster_tokenizer;
struct muster_tokens {
    muster_rc (*begin)(struct muster_sheet *sheet, struct muster_member *member, const char *file, const char *part,
                       struct muster_tokenizer **ret_tokenizer, muster_table_error *error);
    /* Reads on until at least one row is finished; none: the end. MUSTER_UNSUPPORTED: only the other one can. */
    muster_rc (*more)(struct muster_tokenizer *tokenizer, muster_table_error *error);
    void (*done)(struct muster_tokenizer *tokenizer);
};
extern const struct muster_tokens muster_sheet_tokens, muster_scan_tokens;

#endif
