/* known - what is somebody's, and what is nobody's: from the store, the organization's file, and the connector. */
#ifndef BUNDLE_KNOWN_H
#define BUNDLE_KNOWN_H

#include "bundle/mask.h"
#include "bundle/material.h"

struct node;

/* Keys of the organization's file below which its words are somebody's: whom it tells, which is left out, and who
 * signed; or whose numbers may be. */
enum known_key { KNOWN_KEY, KNOWN_PRIVATE, KNOWN_SIGNED, KNOWN_MAPPED };
enum known_key known_key(const char *name);

int known_learn(struct mask *mask, const struct bundle_ask *ask, const struct material *material,
                const struct node *root);

#endif
