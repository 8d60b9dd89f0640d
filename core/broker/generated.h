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

#include <stdbool.h>

enum { GENERATED_WHAT = 33, GENERATED_TOKEN = 50, GENERATED_LEAST = 8, GENERATED_MOST = 64, GENERATED_SHORTEST = 4 };

struct generated {
    uint8_t key[32];
    unsigned length; /* of a value */
    char (*used)[GENERATED_WHAT];
    size_t count, room;
    struct generated_said {
        char what[GENERATED_WHAT], value[GENERATED_MOST + 1];
    } * said;
    size_t said_count, said_room;
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
/* Whether a value has gone out since generated_forget(). */
bool generated_used(const struct generated *generated, const char what[GENERATED_WHAT]);
/* What has gone out, and what was said. */
void generated_forget(struct generated *generated);

#endif
