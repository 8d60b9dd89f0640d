/* visit - the connector in a host of its own, with the true broker around it, for one or several calls.
 *
 * Where there is a cassette it plays or records; what goes wrong in the world
 * is asked of the cassette. Each call fills a haul; what the connector says is
 * never the failure of a call here, but something to be judged. */
#ifndef CONFORM_VISIT_H
#define CONFORM_VISIT_H

#include "broker/cassette.h"
#include "conform/circle.h"
#include "conform/haul.h"
#include "conform/subject.h"
#include "conform/tape.h"
#include "conform/trial.h"
#include "engine/pull.h"

struct visit {
    struct pull pull; /* first: it is the context of the file functions */
    struct trial *trial;
    struct subject *subject;
    struct files *files;
    struct http *http;
    struct lane *lane;
    struct cassette *cassette;    /* NULL: the world itself */
    struct cassette *own;         /* of visit_again() */
    const struct lane_sink *told; /* of visit_apply(): what its changes go to */
    struct haul *haul;            /* of the call under way */
    size_t unknown;               /* what the cassette did not have, before that call */
    struct circle circle;         /* whether that call gets anywhere; one that does not is cancelled */
    atomic_bool cancel;
    bool discovers;
    const struct lane_found *person; /* of visit_ask(): whom the organization knows by what a person typed */
    void (*overhears)(void *context, const struct exchange *exchange); /* each call with its answer; NULL: nobody */
    void *overhearer;
};

/* `cassette` stays the caller's. Failure: a sentence in err. */
int visit_begin(struct trial *trial, struct subject *subject, struct cassette *cassette, struct visit *ret_visit,
                struct err *err);
/* Before what its system said, from the beginning; `fault` goes wrong in it, as cassette_fault() reads it (NULL:
 * nothing). visit_end() whatever comes of it. */
int visit_again(struct trial *trial, struct subject *subject, const struct tape *tape, const char *fault,
                struct visit *ret_visit, struct err *err);
void visit_end(struct visit *visit);

void visit_check(struct visit *visit, struct haul *haul);
void visit_discover(struct visit *visit, struct haul *haul);
/* A lookup, or an action. `person`: who is found by any key; NULL: nobody. */
void visit_ask(struct visit *visit, bool action, const char *name, const struct lane_fields *fields,
               const struct lane_cell *cells, const struct lane_found *person, struct haul *haul);
void visit_partitions(struct visit *visit, struct haul *haul);
void visit_pull(struct visit *visit, const muster_pull *pull, struct haul *haul);
void visit_get(struct visit *visit, const muster_pull *pull, const char *const *ids, size_t count, struct haul *haul);
void visit_find(struct visit *visit, const char *stream, const struct lane_fields *fields,
                const struct lane_cell *cells, struct haul *haul);
void visit_receive(struct visit *visit, const struct lane_inbound *events, size_t count, struct haul *haul);
/* Changes as `next` adds them; these three have a context of their own. */
void visit_apply(struct visit *visit, const struct lane_push *push, int (*next)(void *, struct lane_batch *),
                 int (*applied)(void *, uint32_t, const char *),
                 int (*refused)(void *, uint32_t, muster_rc, const char *), void *context, struct haul *haul);

/* Where the last call asked something that the cassette does not have: a sentence; else NULL. */
const char *visit_unknown(const struct visit *visit);

#endif
