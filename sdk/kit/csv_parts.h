/* csv_parts - what csv.c and csv_plain.c share. */
#ifndef MUSTER_CSV_PARTS_H
#define MUSTER_CSV_PARTS_H

#include "table_parts.h"

struct csv {
    int fd;
    const char *name;
    enum muster_encoding encoding;
    size_t skip;                /* byte order mark */
    uint64_t size, at;          /* of the file; next byte to read */
    struct muster_bytes window; /* decoded */
    size_t pos;                 /* next record begins here */
    struct muster_bytes field;  /* of a quoted field, without its quotes */
    uint64_t line;              /* where the next record begins */
    uint64_t open_line;         /* where the record begins at whose end the file has no end of line; 0: none was read */
    char delimiter;
    bool separated; /* the first line is sep= */
    bool over;      /* the file is in the window to its end */
    unsigned char *raw;
    size_t raw_len; /* left over of the last chunk */
    size_t chunk;   /* bytes that are read at once */
    /* of a part of the window: where its delimiters, ends of line and quotes are */
    uint32_t *marks; /* NULL: records are never taken by them */
    size_t mark_base, mark_end, mark_count, mark_next;
};

muster_rc muster_csv_plain_init(struct csv *csv, muster_table_error *error);
/* The window is no longer what was marked. */
void muster_csv_unmark(struct csv *csv);
/* Takes up to `most` records that are ordinary and whole in the window; false: none is at its place. */
bool muster_csv_plain(struct csv *csv, struct muster_rows *rows, size_t most);

#endif
