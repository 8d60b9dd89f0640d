/* compile - what the files that compile a mapping share: columns, patterns, complaints of one stream. */
#ifndef CONFIG_COMPILE_H
#define CONFIG_COMPILE_H

#include "base/buffer.h"
#include "config/mapping.h"

struct pattern {
    void *code; /* pcre2_code * */
    struct pattern *next;
};

struct compile {
    struct complaints *complaints;
    struct arena *arena;
    const struct field *custom; /* may be NULL */
    const char *owner;          /* whose fields are made, for complaints: a target's stream; NULL: the field's kind */
    const char **columns;       /* each once, as first written */
    int *beside;                /* of each column; see struct mapping */
    size_t column_count, column_room;
    const char *each; /* names are those of this list's items; NULL: of the row */
    struct pattern *patterns;
    bool failed; /* no memory */
};

/* Zeroed memory of the arena; NULL sets `failed`. */
void *compile_get(struct compile *compile, size_t count, size_t size);
/* The text of a node; NULL with a complaint when it is a list, a map, a secret, or (unless `blank`) blank. `what` is
 * how the complaint begins: "person.status: 'default'". */
const char *compile_text(struct compile *compile, const struct node *node, const char *what, bool blank);
/* The index of the column that the node names, or -1 with a complaint. */
int compile_column(struct compile *compile, const struct node *node, const char *what);
/* The same for a name of the arena's, with what stands beside it. */
int compile_name(struct compile *compile, const char *name, int beside);
/* One column or a list of different ones. NULL with a complaint. */
const int *compile_columns(struct compile *compile, const struct node *node, const char *what, size_t *ret_count);
/* One text or a list of them, NULL-terminated. NULL with a complaint. */
const char *const *compile_texts(struct compile *compile, const struct node *node, const char *what, bool blank,
                                 size_t *ret_count);
/* -1 with a complaint. */
int compile_bool(struct compile *compile, const struct node *node, const char *what);

/* A pattern of PCRE2, ready for the JIT; NULL with a complaint. *ret_groups: how many it takes. */
void *compile_pattern(struct compile *compile, const struct node *node, const char *what, unsigned *ret_groups);
/* Whether `replace` can be used with the pattern; complains when it cannot. */
bool compile_replace(struct compile *compile, const struct node *node, const char *what, void *code,
                     const char *replace);

/* The model's field or the organization's own; NULL: unknown. */
const struct field *compile_field(const struct compile *compile, enum kind kind, const char *name);
/* Names of all fields of a kind and the `extra` ones (NULL-terminated), NULL-terminated. NULL: no memory. */
const char *const *compile_field_names(struct compile *compile, enum kind kind, const char *const *extra);

/* A condition: a map, or a list of maps of which all must hold. NULL with a complaint. */
const struct condition *condition_compile(struct compile *compile, const struct node *node, const char *what);

/* One field's rule. False with complaints. */
bool rule_compile(struct compile *compile, const struct field *field, const struct node *node, struct rule *ret_rule);
/* Texts and nodes in one notation, whatever the order of keys, quotes and comments: lengths before texts, keys sorted.
 * For digests. */
void canonical_text(const char *text, struct buffer *out);
void canonical_node(const struct node *node, struct buffer *out);
/* Releases what PCRE2 holds. */
void patterns_free(const struct pattern *patterns);

/* The rule on one line: "E-mail | lower". NULL: no memory. */
const char *rule_write(struct compile *compile, const struct rule *rule);

#endif
