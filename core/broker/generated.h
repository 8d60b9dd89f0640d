/* generated - values that we make and nobody keeps: first passwords.
 *
 * A value follows from a key and from what it is for (`what`: 32 hex digits),
 * so that it is the same however often it is made. A connector is handed a
 * token in its place, which stands in the bodies of its calls; here the token
 * is replaced at each attempt. Letters and digits that nobody mistakes for
 * others, at least one small, one large and one digit. Or it is said what the
 * value is, by whoever makes it from a field; that is known until it is
 * forgotten. */
#ifndef BROKER_GENERATED_H
#define BROKER_GENERATED_H

#include "base/buffer.h"
#include "base/numbers.h"

#include <stdbool.h>

enum { GENERATED_WHAT = 33, GENERATED_TOKEN = 50, GENERATED_LEAST = 8, GENERATED_MOST = 64, GENERATED_SHORTEST = 4 };

/* One that is about to go out, or has gone out, until it is forgotten. */
struct generated_item {
    char what[GENERATED_WHAT];
    char value[GENERATED_MOST + 1]; /* as it was said; "": it follows from the key */
    bool used;                      /* it has gone out */
};

struct generated {
    uint8_t key[32];
    unsigned length; /* of a value */
    struct generated_item *items;
    size_t count, room;
    struct numbers places; /* of 64 bits of what it is for: position + 1; 0: forgotten */
};

void generated_done(struct generated *generated);
/* "muster.generated." and what it is for. */
void generated_token(const char what[GENERATED_WHAT], char ret_token[GENERATED_TOKEN]);
/* Whether it can be said: of GENERATED_SHORTEST to GENERATED_MOST characters that stand for themselves in any body:
 * letters and digits of ASCII, and - . _ ~ ! @ $ * */
bool generated_fits(const char *bytes, size_t len);
/* From now on this is the value. Returns 0, ERR_DATA (it does not fit) or -ENOMEM. */
int generated_say(struct generated *generated, const char what[GENERATED_WHAT], const char *bytes, size_t len);
/* The value; the caller wipes it. */
void generated_value(const struct generated *generated, const char what[GENERATED_WHAT],
                     char ret_value[GENERATED_MOST + 1]);

/* Whether a token stands in the bytes. */
bool generated_stands(const char *bytes, size_t len);
/* Appends the bytes with values in the place of tokens, and notes what was used. The caller wipes `out`. */
int generated_fill(struct generated *generated, const char *bytes, size_t len, struct buffer *out);
/* Overwrites with '*' whatever stands in `bytes` of the values whose tokens stand in `asked`. */
void generated_scrub(const struct generated *generated, const char *asked, size_t asked_len, char *bytes, size_t len);
/* Whether a value has gone out and was not forgotten since. */
bool generated_used(const struct generated *generated, const char what[GENERATED_WHAT]);
/* That it has gone out, and what was said of it. */
void generated_forget(struct generated *generated, const char what[GENERATED_WHAT]);

#endif
