/* mask - texts in which people stand, and the same texts without them.
 *
 * A text is words and numbers. Of what a system said every word of two letters
 * and every number of four digits is replaced (alias.h), whatever it is called
 * there, unless it is known to be nobody's: words of the connector itself
 * and of the organization's file (names of columns, codes, conditions), codes and
 * names of units, and then only when no person is called that. What a
 * connector asked is its own words and what it was told before: only that
 * is replaced. Days near the run stay, for what a run does follows from them. */
#ifndef BUNDLE_MASK_H
#define BUNDLE_MASK_H

#include "base/arena.h"
#include "base/error.h"
#include "base/numbers.h"
#include "bundle/alias.h"

#include <stdbool.h>

enum mask_how {
    MASK_SAID,  /* by a system: all that is not known to be nobody's */
    MASK_ASKED, /* by a connector: what somebody is called, and what was said before */
    MASK_GIVEN  /* by whoever wrote the organization's file: what somebody is called */
};

struct mask {
    struct alias *alias;
    struct arena *arena;
    int64_t now_ms;
    /* digests of words and numbers */
    struct numbers names;    /* of columns, members and options: they stay, whoever is called so */
    struct numbers open;     /* nobody's, as long as nobody is called so */
    struct numbers personal; /* what somebody is called */
    struct numbers born;     /* that were said */
    const char **dates;      /* patterns of the mappings */
    size_t date_count, date_room;
    const char *kept; /* what should have been replaced and was not: a sentence; NULL: nothing */
    int rc;
};

int mask_init(struct mask *mask, int64_t now_ms, struct arena *arena);
void mask_done(struct mask *mask);

/* Each word and number of a text goes into a set. */
void mask_learn(struct mask *mask, struct numbers *set, const char *text, size_t len);
/* The same without numbers. */
void mask_learn_words(struct mask *mask, struct numbers *set, const char *text, size_t len);
/* Whether a word of a text of four or more letters is what somebody is called; the first such. */
bool mask_finds(const struct mask *mask, const char *text, size_t len, const char **ret_at, size_t *ret_len);

/* One value: a cell, a member's text. */
void mask_text(struct mask *mask, const char *text, size_t len, enum mask_how how, struct buffer *out);
/* A number of JSON, which may be an instant. */
void mask_figure(struct mask *mask, const char *text, size_t len, enum mask_how how, struct buffer *out);
/* "https://host/path?query", or a path; of a host nothing is replaced. */
void mask_address(struct mask *mask, const char *text, size_t len, enum mask_how how, struct buffer *out);
/* A whole body, by what it looks like: JSON, XML, a workbook, else lines of cells. ERR_UNSUPPORTED: it is nothing in
 * which words could be found; then it must not be given out. */
int mask_body(struct mask *mask, const char *bytes, size_t len, enum mask_how how, struct buffer *out);

/* Whether nothing was replaced. */
bool mask_same(const struct buffer *text, const struct buffer *made);

/* The kinds of body. */
void mask_json(struct mask *mask, const char *text, size_t len, enum mask_how how, struct buffer *out);
/* `cells`: part of a workbook, whose attributes are no values. */
void mask_markup(struct mask *mask, const char *text, size_t len, enum mask_how how, struct buffer *out);
int mask_workbook(struct mask *mask, const char *bytes, size_t len, enum mask_how how, struct buffer *out);

#endif
