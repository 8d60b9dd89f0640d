/* guess - what a column probably is: from its name and from the shape of what stands in it. */
#ifndef CLI_GUESS_H
#define CLI_GUESS_H

#include "base/buffer.h"
#include "model/model.h"

#include <stdbool.h>

/* What mapping a column probably has. */
struct guess {
    enum kind kind;
    const char *field;
    enum {
        GUESS_PLAIN,
        GUESS_LOWER,
        GUESS_DATE,
        GUESS_STATUS,
        GUESS_NUMBER,
        GUESS_UNIT_CODE,
        GUESS_UNIT_NAME,
        GUESS_PERSON
    } how;
};

/* NULL: nothing comes to mind. */
const struct guess *guess_column(const char *name);
/* The field of that kind which people call so, "surname" or "last_name"; NULL: nothing comes to mind. */
const char *guess_field(enum kind kind, const char *text);
/* The model's status that a word of a source probably means; NULL: nothing comes to mind. */
const char *guess_status(const char *text);
/* The pattern of a date in a text, "DD-MM-YYYY"; NULL: it is none of this century or the last one. */
const char *guess_date(const char *text, size_t len);
/* "37,5": a number with the decimal sign of most of Europe. */
bool guess_decimal_comma(const char *text, size_t len);
/* First letter, dots for the others, 9 for each digit; punctuation stays. Cut after some characters. */
void guess_mask(const char *text, size_t len, struct buffer *out);
/* A YAML scalar: as it is, or in quotes where YAML would read something else. */
void guess_yaml(const char *text, struct buffer *out);

#endif
