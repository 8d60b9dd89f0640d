/* receipt - a small CSV file for whoever sent a file: what came of it. No value of anybody's stands in it.
 *
 * One line for the file, then one for each row or value that was refused:
 *   file,taken,run,outcome,rows,refused,place,field,reason */
#ifndef ENGINE_RECEIPT_H
#define ENGINE_RECEIPT_H

#include "base/buffer.h"
#include "tables/wait.h"

#include <stdbool.h>

struct receipt {
    const char *name; /* of the file, without its folder */
    int64_t at_ms;
    uint32_t run;
    const char *outcome;
    uint64_t rows, refused;
};

void receipt_head(const struct receipt *receipt, struct buffer *out);
/* `why` in words. */
void receipt_refusal(const struct receipt *receipt, const struct wait_item *item, const char *why, struct buffer *out);

#endif
