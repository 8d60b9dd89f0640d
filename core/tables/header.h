/* header - the accepted description of a stream: which mapped columns there were, and what they held.
 *
 * Kept with the checkpoint of each good pull. A mapped column that is not there
 * today keeps what is known of it, so that it is recognised under another name
 * also next week. Of columns that are not mapped nothing is kept but the name. */
#ifndef TABLES_HEADER_H
#define TABLES_HEADER_H

#include "tables/fingerprint.h"

struct header_column {
    const char *name; /* as the mapping has it */
    uint32_t run;     /* that saw it last */
    struct fingerprint print;
};

struct header {
    struct header_column *columns;
    size_t count;
};

/* Everything in the arena. False: it is damaged, or there is no memory. No bytes: nothing is known. */
bool header_read(struct bytes value, struct arena *arena, struct header *ret_header);
void header_column_write(const struct header_column *column, struct buffer *out);
const struct header_column *header_find(const struct header *header, const char *name);

#endif
