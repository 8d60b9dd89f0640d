/* project - what a target is to be told of one thing: its fields, made by the target's rules from the view.
 *
 * Pure but for the snapshot it reads. Told in two forms: the values as they
 * are sent, and an image as it is kept, in which a keyed digest stands for
 * whatever came from a protected value; comparing works on the latter. */
#ifndef DELIVERY_PROJECT_H
#define DELIVERY_PROJECT_H

#include "delivery/view.h"

struct project_setup {
    struct view_scene scene;
    const struct zone *zone;
    const struct target *target;
    const struct target_stream *stream;
    const uint16_t *numbers; /* of the fields, in images that are kept */
};

struct projector;
int projector_new(const struct project_setup *setup, struct projector **ret_projector);
void projector_free(struct projector *projector);

struct projection {
    bool there;                 /* it exists, and its sources still say so */
    bool inside;                /* the target is to have it */
    const struct value *values; /* one per field of the map, as they are sent; NULL where nothing is */
    struct bytes kept;          /* an image */
    const struct rule *failed;  /* a rule that could not be applied; NULL: none */
    const char *reason;         /* then: a code of reason.def */
};

/* Everything that is handed out lives until the next call. Returns 0 or what could not be read. */
int project(struct projector *projector, uint64_t id, uint64_t membership, struct projection *ret_projection);
/* Values and image that outlive the snapshot; not the sentence of a failure. Returns 0 or -ENOMEM. */
int projection_copy(struct projection *projection, const struct target_stream *stream, struct arena *arena);
/* Whether a value of that field comes from a protected one: an image has a digest for it. */
bool project_protects(const struct target_map *map, size_t nth);
/* The thing that was looked at last. */
const struct entity *projector_entity(const struct projector *projector);

DEFINE_TIDY(struct projector *, projector_free)

#endif
