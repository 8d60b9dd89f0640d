/* literal - text in the model's own notation, checked against a field's type and made into the bytes of an image.
 *
 * Used for what people type: constants of a mapping, pins, keys. Cells of a
 * source go through logic/transform.h, which knows their notations and comes
 * here for the last step. Faults are reason codes of logic/reason.def. */
#ifndef MODEL_LITERAL_H
#define MODEL_LITERAL_H

#include "base/buffer.h"
#include "model/image.h"
#include "model/model.h"

enum { LITERAL_MAX = 32767, NUMBER_MAX = 80 };

/* What keeps bytes from being a text: "too_long", "not_utf8", "control_character" (other than tab and line end); NULL:
 * nothing. *ret_returns is set when there are carriage
 * returns: a line end of two bytes is one, which is the caller's to mend. */
const char *literal_fault(const char *bytes, size_t len, bool *ret_returns);

enum number_form {
    NUMBER_PLAIN, /* as programs write it: 1234.5, 1.2345E3 */
    NUMBER_SAFE,  /* as people do, but with no sign that could be either: 1234.5, 1 234.5, 80 % */
    NUMBER_POINT, /* 1,234.5 */
    NUMBER_COMMA, /* 1.234,5 */
};
/* Writes a number as the model keeps it: digits with '.', no needless zeros. False when it is none, or has more than
 * 60 digits. `whole`: a fraction other than zero is refused. */
bool literal_number(const char *text, size_t len, enum number_form form, bool whole, char ret_number[NUMBER_MAX],
                    size_t *ret_len);

bool literal_json(const char *text, size_t len);                      /* well-formed, at most 32 levels */
void literal_quote(const char *text, size_t len, struct buffer *out); /* as a JSON string */

/* Appends the value's bytes to `out`, where *ret_value points. `true` `false`, YYYY-MM-DD, HH:MM or HH:MM:SS,
 * YYYY-MM-DDTHH:MM:SSZ, an enumerator's name, JSON; text trimmed. Blank text is PRESENCE_EMPTY. NULL, or the fault's
 * code; running out of memory stays in out->rc. */
const char *literal_read(const struct field *field, const char *text, size_t len, struct buffer *out,
                         struct value *ret_value);

#endif
