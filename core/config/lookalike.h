/* lookalike - characters that a word processor or a chat puts in the place of those of a keyboard. */
#ifndef CONFIG_LOOKALIKE_H
#define CONFIG_LOOKALIKE_H

#include <stdbool.h>
#include <stddef.h>

enum lookalike_of {
    LOOKALIKE_DASH = 1,
    LOOKALIKE_BLANK = 2,
    LOOKALIKE_DOUBLE = 4,
    LOOKALIKE_SINGLE = 8,
    LOOKALIKE_SIGN = 16
};

struct lookalike {
    enum lookalike_of of;
    const char *bytes; /* UTF-8 */
    const char *name;  /* "a long dash (–)" */
    const char *meant; /* "'-'" */
};

/* The one at the beginning of this text, of those asked for; NULL: it is none. */
const struct lookalike *lookalike_at(const char *text, size_t len, unsigned of);
/* The first one in it, and where. */
const struct lookalike *lookalike_in(const char *text, size_t len, unsigned of, size_t *ret_at);

/* A text that stands in typographic quotes alone, “…”, as if they were quotes: *text and *len become what is between
 * them. One that only begins with an apostrophe is none: ’s-Gravenhage. */
bool lookalike_quoted(const char **text, size_t *len);

#endif
