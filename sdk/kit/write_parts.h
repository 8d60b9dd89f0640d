/* write_parts - what the files of the row writer share; no part of the contract with vendors.
 *
 * table_write.c checks options, columns and values, and counts rows. Below it
 * are workbook_write.c, csv_write.c, json_write.c and xml_write.c, each a
 * struct muster_format, which are given what is checked. */
#ifndef MUSTER_WRITE_PARTS_H
#define MUSTER_WRITE_PARTS_H

#include "table_parts.h"

#include <muster/table_write.h>

/* A checked value. */
struct muster_cell_value {
    int32_t type;
    bool none;  /* no value; `text` is "" */
    bool plain; /* of INTEGER, DECIMAL and SECONDS: as short as it gets, "12.5" and not "012.5" */
    const char *text;
    size_t len;
};

struct muster_table_writer {
    const struct muster_format *format;
    void *self;
    int fd;
    uint32_t flags;
    char *name;
    muster_write_column *columns; /* own copies */
    size_t count;
    uint64_t given, written; /* rows; of the header none */
    uint64_t most, flushed;  /* bytes: that the file may have; that are in fd */
    struct muster_cell_value *row;
    struct muster_bytes out; /* bytes not yet written to fd; what a row adds is taken back when it fails */
    bool finished;
    muster_table_error failed; /* the first failure of the file; rc 0: none */
};

struct muster_format {
    muster_rc (*open)(struct muster_table_writer *writer, const muster_write_options *options,
                      muster_table_error *error);
    /* writer->row has writer->count values. */
    muster_rc (*row)(struct muster_table_writer *writer, muster_table_error *error);
    muster_rc (*finish)(struct muster_table_writer *writer, muster_table_error *error);
    void (*close)(struct muster_table_writer *writer);
};

extern const struct muster_format muster_workbook_format, muster_csv_format, muster_json_format, muster_xml_format;

/* MUSTER_DATA with a sentence about a column of the present row. */
MUSTER_FMT(4, 5)
muster_rc muster_write_blame(const struct muster_table_writer *writer, size_t column, muster_table_error *error,
                             const char *format, ...);
/* Writes all that waits; MUSTER_FAIL if the disk does not take it, or when there was no memory for it. */
muster_rc muster_write_flush(struct muster_table_writer *writer, muster_table_error *error);
void muster_write_text(struct muster_table_writer *writer, const char *text);

/* One character of valid UTF-8; *at moves behind it. */
uint32_t muster_utf8_next(const char *text, size_t *at);

/* Encodings for writing. */
struct muster_encoder {
    int32_t kind;
    void *converter; /* of the C library; NULL: not needed */
};

/* MUSTER_CONFIG: not known. MUSTER_UNSUPPORTED: known, but not installed. */
muster_rc muster_encoder_open(struct muster_encoder *encoder, const char *name, muster_table_error *error);
void muster_encoder_done(struct muster_encoder *encoder);
bool muster_encoder_wide(const struct muster_encoder *encoder); /* UTF-16 */
bool muster_encoder_is_utf8(const struct muster_encoder *encoder);
/* Appends text, which is valid UTF-8. *ret_bad is the first character that the encoding has not; 0: all is written. */
muster_rc muster_encoder_add(struct muster_encoder *encoder, const char *text, size_t len, struct muster_bytes *out,
                             uint32_t *ret_bad);

#endif
