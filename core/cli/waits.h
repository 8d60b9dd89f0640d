/* waits - what waits for a person, in one table for people and one object per line for programs. */
#ifndef CLI_WAITS_H
#define CLI_WAITS_H

#include "cli/context.h"

/* "3 dead letters"; ret_text has 64 bytes. `most`: counting stopped there. */
void waits_count_text(enum wait_type type, size_t count, size_t most, char ret_text[64]);
/* One item's sentence: what is wrong, where, and what stood there. */
void waits_sentence(const struct wait_item *item, struct buffer *out);
/* Prints the items; the table has a column for the organization when `organization` is not NULL. */
int waits_print(struct context *context, struct query *query, const struct wait_item *items, size_t count);
/* The record an item is about: "hr/main/employees/1003"; without an id only the stream. */
void waits_record(const struct query *query, const struct wait_item *item, struct buffer *out);

#endif
