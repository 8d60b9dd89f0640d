/* node_inside - what node.c and torn.c share. */
#ifndef CONFIG_NODE_INSIDE_H
#define CONFIG_NODE_INSIDE_H

#include <stdbool.h>
#include <stddef.h>

struct lookalike;

struct torn_at {
    unsigned line, column; /* from 1; 0: nothing */
    char what;             /* the quote or bracket */
    unsigned end;          /* of a quote: the line in which it was closed all the same; 0: none */
};

/* The quote or bracket of an earlier line that is still open in the line in which the parser gave up. */
struct torn_at torn_open(const char *text, size_t len, unsigned line);
/* A character in that line or the one before it that is probably meant to be one of YAML's; NULL: none. */
const struct lookalike *torn_lookalike(const char *text, size_t len, unsigned line, unsigned *ret_line);
/* Whether that line has this in it. */
bool torn_says(const char *text, size_t len, unsigned line, const char *part);
/* What a file is that is no UTF-8 text, by its first bytes; NULL: nothing that is known. */
const char *torn_other(const char *text, size_t len);
/* What libfyaml says, in words that help; NULL: there are none. */
const char *torn_hint(const char *said);
/* Length of the well-formed UTF-8 character there; 0: it is none. */
size_t torn_character(const unsigned char *text, size_t len);

#endif
