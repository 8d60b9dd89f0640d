/* sheet - what the files of the sheet connector share. */
#ifndef SHEET_SHEET_H
#define SHEET_SHEET_H

#include <muster/connector.h>
#include <muster/table.h>

#include <stdbool.h>

/* Which columns a file has, and how its rows are called.
 *
 * A column is taken when its header cell has a text, or when cells below an
 * empty one have values ("column D"). JSON and XML have no columns: then names
 * are those that the first rows have, and place_list says where they were. */
struct layout {
    const muster_table *table; /* of JSON and XML only */
    char **names;              /* of the taken columns */
    char (*places)[8];         /* "C" */
    const char **place_list;   /* the same, as host->columns() wants them */
    int32_t *types;            /* seen in the first rows: MUSTER_TEXT ...; 0: no value seen */
    size_t count;
    int32_t *nth;     /* sheet column → taken column, -1: not taken */
    size_t width;     /* sheet columns known */
    char prefix[400]; /* "hr-2.xlsx:Employees!"; a row's place goes on with *17 */
    bool warned;      /* about values in columns without a header */
};

/* Reads the header and the first rows, and leaves the table behind its header. file: base name. */
muster_rc layout_read(struct layout *layout, muster_table *table, uint64_t header_row, const char *file, bool several,
                      muster_table_error *error);
void layout_done(struct layout *layout);
/* True when both have the same columns in the same order; else *error says which differs. */
bool layout_same(const struct layout *first, const char *first_file, const struct layout *other, const char *other_file,
                 muster_table_error *error);
/* "Employees!*17" with column -1, else "Employees!C17". */
void layout_place(const struct layout *layout, uint64_t row, int32_t column, char *ret_place, size_t room);

/* Likewise of a JSON or XML table: looks at the first rows and begins anew. */
bool nested_is(const muster_table *table);
muster_rc nested_read(struct layout *layout, muster_table *table, const char *file, bool several,
                      muster_table_error *error);
/* Emits or rejects one row. */
muster_rc nested_give(muster_run *run, const char *stream, const struct layout *layout, const muster_row *row);

/* A row without a single cell that is more than white space is none. */
bool row_blank(const muster_row *row);

/* write.c: everybody as one file, anew. */
muster_rc sheet_apply(muster_run *run, void *self, const muster_push *push);

#endif
