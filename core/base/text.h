/* text - UTF-8: checking, white space, case folding, and the one normalization by which values are compared. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>

enum { TEXT_NORMALIZER = 1 }; /* raised whenever text_normalize() changes what it gives; kept in the store */

bool text_valid(const char *text, size_t len); /* well-formed UTF-8 */
/* Appends the text with each byte that is no UTF-8 as U+FFFD. */
void text_mend(const char *text, size_t len, struct buffer *out);
/* Cuts white space (Unicode's, no-break space and BOM included) off both ends, in place. */
void text_trim(const char **text, size_t *len);
/* Appends the text as matching compares it: NFKC_Casefold, trimmed, inner white space one blank. Plain lower-case
 * ASCII takes a short cut. Text that is no UTF-8 is taken bytewise. */
void text_normalize(const char *text, size_t len, struct buffer *out);
void text_digits(const char *text, size_t len, struct buffer *out); /* only ASCII digits; other scripts' folded */
void text_lower(const char *text, size_t len, struct buffer *out);
void text_upper(const char *text, size_t len, struct buffer *out);
/* Equal after text_normalize(). */
bool text_same(const char *a, size_t a_len, const char *b, size_t b_len);
/* Edit distance (insert, delete, replace, swap neighbours), at most `limit` + 1. Counts bytes. */
size_t text_distance(const char *a, const char *b, size_t limit);
/* Shell-like pattern with * and ?; ASCII case does not count when `fold`. */
bool text_glob(const char *pattern, const char *text, bool fold);
/* Columns that the text takes on a terminal (wide characters two). */
size_t text_width(const char *text, size_t len);

#endif
