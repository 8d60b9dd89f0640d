/* waits - what waits for a person, in one table for people and one object per line for programs. */
#ifndef CLI_WAITS_H
#define CLI_WAITS_H

#include "cli/context.h"
#include "engine/drift.h"

/* "held", as programs read it. */
const char *waits_type_word(enum wait_type type);
/* "3 dead letters"; ret_text has 64 bytes. `most`: counting stopped there. */
void waits_count_text(enum wait_type type, size_t count, size_t most, char ret_text[64]);
/* One item's sentence: whom it is about, what stood there, what is wrong with it. `alone`: also where. */
void waits_sentence(struct query *query, const struct wait_item *item, bool alone, struct buffer *out);
/* Why it waits: its reason in words, and how it would have to be written. */
void waits_why(const struct query *query, const struct wait_item *item, struct buffer *out);
/* "Employees!F4"; of a header "column M". */
void waits_place(const struct wait_item *item, struct buffer *out);
/* As people look for them: those of one connection together, in the order of the organization's file, of these held
 * ones first and so on, the newest last. */
void waits_sort(struct query *query, struct wait_item *items, size_t count);
/* A table, or one object per line. */
int waits_print(struct context *context, struct query *query, const struct wait_item *items, size_t count);
/* The record an item is about: "hr/main/employees/1003"; without an id only the stream. */
void waits_record(const struct query *query, const struct wait_item *item, struct buffer *out);

/* What was accepted about headers and is in force, a line each after `indent` and the connection's name. */
void waits_readings(struct context *context, struct query *query, const char *indent);
/* The same as a JSON member "readings"; nothing when there are none. */
void waits_readings_json(struct query *query, struct buffer *out);

#endif
