/* pseudonym - the parts of a bundle without the people in them.
 *
 * Reads who there is from the store, and what is nobody's from the organization's
 * file, the connector, and units. Each value of what was recorded goes through
 * mask.h; the organization's file loses its remarks and whom it tells. */
#ifndef BUNDLE_PSEUDONYM_H
#define BUNDLE_PSEUDONYM_H

#include "bundle/material.h"

struct pseudonym;

/* `ask` and `material` must outlive it. */
int pseudonym_new(const struct bundle_ask *ask, const struct material *material, struct pseudonym **ret_pseudonym,
                  struct err *err);
void pseudonym_free(struct pseudonym *pseudonym);

/* First: what is said in it decides what is replaced elsewhere. ERR_UNSUPPORTED: something in it has no words that
 * could be found. */
int pseudonym_cassette(struct pseudonym *pseudonym, const struct buffer *cassette, struct buffer *out, struct err *err);
int pseudonym_report(struct pseudonym *pseudonym, struct buffer *out, struct err *err);
int pseudonym_file(struct pseudonym *pseudonym, struct buffer *out, struct err *err);
/* Looks through all of it for what somebody is called. ERR_HELD, and where. */
int pseudonym_check(struct pseudonym *pseudonym, const struct archive *archive, struct err *err);

DEFINE_TIDY(struct pseudonym *, pseudonym_free)

#endif
