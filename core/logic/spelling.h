/* spelling - how a value has to be written for the rule that takes it: what a sentence about one that could not be read
 * says besides. */
#ifndef LOGIC_SPELLING_H
#define LOGIC_SPELLING_H

#include "base/buffer.h"
#include "config/organization.h"

/* Appends the sentence of a reason, and where that is about how a day, a time or a number is written, what the rule of
 * that stream for the field ("person.hired_on") takes now: "…; it takes DD-MM-YYYY or YYYYMMDD". All but `out` may
 * be NULL. */
void spelling_sentence(const struct connection *connection, const char *stream, const char *field, const char *reason,
                       struct buffer *out);

#endif
