/* material - what is left of a run: its report, the organization's file, and what it was answered, as a cassette. */
#ifndef BUNDLE_MATERIAL_H
#define BUNDLE_MATERIAL_H

#include "bundle/bundle.h"

struct material {
    const struct connection *connection;
    const char *version; /* of the connector */
    const char *from;    /* "recorded": sync --record noted it; "files": it was made of the files that it took */
    struct buffer report, file, cassette;
    uint32_t before_run;  /* the run before it; 0: there is none, or nothing is left of it */
    struct buffer before; /* its cassette */
};

int material_find(const struct bundle_ask *ask, struct material *ret_material, struct err *err);
void material_done(struct material *material);

#endif
