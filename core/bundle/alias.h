/* alias - invented words, numbers and days, the same one for the same one.
 *
 * The key is random and dies with the aliases. A word keeps how long it is, its
 * case, letter by letter, and its script; marks that combine stay, and so
 * do letters of scripts that have no place here. Different words get different words.
 * Numbers that are ids stay in their order, and none is another's: alias_expect() says first which there are. A longer
 * one keeps its zeros, and what has the same last digits has them again: so a telephone number is found without its
 * country code, too. Days
 * long before the run all move by the same number of days. */
#ifndef BUNDLE_ALIAS_H
#define BUNDLE_ALIAS_H

#include "base/buffer.h"
#include "base/tidy.h"

#include <stdbool.h>
#include <stdint.h>

struct alias;

/* avoid: a word that must not come out (folded); NULL: any may. */
struct alias *alias_new(int64_t now_ms, bool (*avoid)(void *context, const char *word, size_t len), void *context);
void alias_free(struct alias *alias);

/* How many bytes of `text` are letters (and marks on them); *ret_letters: how many letters. */
size_t alias_letters(const char *text, size_t len, size_t *ret_letters);
/* The word as it is compared: its lower case, letter by letter. */
void alias_fold(const char *word, size_t len, struct buffer *out);

void alias_word(struct alias *alias, const char *word, size_t len, struct buffer *out);
/* All numbers in a text; then once, alias_settle(). Returns 0 or -ENOMEM. */
int alias_expect(struct alias *alias, const char *text, size_t len);
int alias_settle(struct alias *alias);
/* Only digits change; whatever stands between them stays. `keep`: so many digits from the left stay, too. */
void alias_number(struct alias *alias, const char *text, size_t len, size_t keep, struct buffer *out);
/* 36 characters. */
void alias_uuid(const struct alias *alias, const char *text, struct buffer *out);
/* A day, as days since 1970: where it goes. */
int64_t alias_day(const struct alias *alias, int64_t day);

DEFINE_TIDY(struct alias *, alias_free)

#endif
