/* pseudonym_inside - what pseudonym.c and pseudonym_cassette.c share. */
#ifndef BUNDLE_PSEUDONYM_INSIDE_H
#define BUNDLE_PSEUDONYM_INSIDE_H

#include "bundle/mask.h"
#include "bundle/pseudonym.h"

struct pseudonym {
    const struct bundle_ask *ask;
    const struct material *material;
    struct arena *arena;
    struct mask mask;
    const struct node *root; /* of the organization's file */
    unsigned line;           /* of the cassette */
    struct fetched {
        const char *name; /* as it was */
        size_t len;       /* as it is now */
    } * fetched;
    size_t fetched_count, fetched_room;
    const char *found; /* what is in it and must not be: a sentence */
};

/* Notes the first place where it says what somebody is called. */
void pseudonym_look_through(struct pseudonym *pseudonym, const char *where, const char *bytes, size_t len);

#endif
