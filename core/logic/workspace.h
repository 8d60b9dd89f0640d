/* workspace - what transform.c and value.c share: scratch memory of one thread and the piece of text they work on. */
#ifndef LOGIC_WORKSPACE_H
#define LOGIC_WORKSPACE_H

#include "logic/transform.h"

struct chunk;

struct transform {
    void *match, *context, *stack; /* of PCRE2 */
    struct buffer scratch[2];      /* a step reads one and writes the other */
    struct buffer normal;
    unsigned turn;
    struct chunk *first, *chunk; /* bytes of this record's values; they do not move */
    size_t used;
};

/* A text on its way through a rule. */
struct piece {
    enum presence presence;
    uint8_t type; /* MUSTER_…; MUSTER_TEXT once a word has changed it */
    bool numeric; /* it came from a numeric cell */
    bool scratch; /* the bytes are about to be overwritten: keep them */
    int column;   /* whose cell is to blame */
    const char *bytes;
    size_t len;
};

/* Bytes that stay until the next record; NULL: no memory. */
const char *workspace_keep(struct transform *transform, const char *bytes, size_t len);
/* An empty buffer that is not the one of the step before. */
struct buffer *workspace_scratch(struct transform *transform);
/* The text as tables compare it; valid until the next call. False: no memory. */
bool workspace_normal(struct transform *transform, const char *bytes, size_t len, const char **ret_text,
                      size_t *ret_len);

int workspace_reject(struct rejection *ret_rejection, const char *reason, int column);

/* Makes the piece a value of the rule's field. Returns as transform_rule(). */
int value_make(struct transform *transform, const struct rule *rule, const struct transform_input *input,
               const struct piece *piece, struct value *ret_value, struct rejection *ret_rejection);

#endif
