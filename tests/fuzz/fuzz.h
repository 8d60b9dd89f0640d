/* fuzz - what the fuzz targets share: a workbook around any part of one, and rows as text to be compared. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include "table_parts.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The target: libFuzzer calls it, or tests/fuzz/main.c for each file that it is given. It aborts at what must not be.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Parts of a workbook; text NULL: an ordinary one. */
struct fuzz_part {
    const char *text;
    size_t len;
};
struct fuzz_book {
    struct fuzz_part root, relations, book, styles, strings, sheet;
};

int fuzz_file(const void *data, size_t size);        /* a descriptor of these bytes */
int fuzz_workbook(const struct fuzz_book *workbook); /* likewise, a workbook of these parts that is not compressed */

/* What is read, as text: rows, and then the error if there is one (ret_failed points at it, else NULL). The caller
 * frees. */
char *fuzz_read(int fd, const muster_table_options *options, struct muster_trial trial, char **ret_failed);
/* Both readings must be the same: rows, and whether they fail. `tail`: what the first does not look at may fail
 * the second. */
void fuzz_same(const char *one, const char *one_failed, const char *other, const char *other_failed, bool tail);

#endif
