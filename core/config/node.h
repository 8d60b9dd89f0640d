/* node - a YAML document as a tree that remembers where everything stood.
 *
 * Every scalar is text: `no`, `on`, `null`, `0123` mean nothing by themselves. */
#ifndef CONFIG_NODE_H
#define CONFIG_NODE_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum node_type { NODE_TEXT, NODE_LIST, NODE_MAP };

struct node {
    enum node_type type;
    unsigned line, column; /* from 1, in characters */
    const char *shipped;   /* NULL: it stands in the file; else what is made of another text, which stands in for it */
    unsigned shipped_line; /* in that text, from 1 */
    const char *tag;       /* "!secret"; NULL: none */
    const char *text;      /* NODE_TEXT, never NULL */
    bool quoted;           /* NODE_TEXT: '…' or "…" or a block */
    size_t count;          /* items or pairs */
    struct node **items;   /* NODE_LIST: the items; NODE_MAP: the values */
    struct node **keys;    /* NODE_MAP: always NODE_TEXT, each once */
};

/* NULL when the map has no such key, or `node` is NULL or no map. */
const struct node *node_get(const struct node *node, const char *key);

/* One thing that is wrong in a file. */
struct complaint {
    unsigned line, column; /* 0: the file as a whole */
    const char *text;
    bool warning; /* worth saying, takes effect all the same */
};

/* All that is wrong in one file, in the order of the file. Everything lives in the arena. */
struct complaints {
    struct arena *arena;
    const char *file; /* as people wrote it, for messages */
    struct complaint *items;
    size_t count, room;
    size_t errors; /* those that are no warnings */
};

/* Adds a complaint at a node's place (NULL: the file as a whole). Memory running out is remembered as an error. */
void complain(struct complaints *complaints, const struct node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void complain_warning(struct complaints *complaints, const struct node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* "acme.yaml:14:9: text", a line each, sorted by place. Appends to `out`. */
struct buffer;
void complaints_write(const struct complaints *complaints, struct buffer *out);

/* The name among `names` (NULL-terminated) that is nearest to what was written, if it is near enough to be meant;
 * else NULL. */
const char *nearest_name(const char *written, const char *const *names);

/* After a complaint about the key of that index: it is read as the one of `names` that was meant, where no other is as
 * near and the map does not have it, so that a misspelt word is one complaint, and what stands below it is checked as
 * well. The name; NULL: it stays as it is. */
const char *node_take_as(struct complaints *complaints, const struct node *map, size_t index, const char *const *names);

/* Complains about each key of `map` that is not among `names`, with the nearest one, as which it is read from then on,
 * or, where none is near, with all of them. So it comes before any node_get(). `what` comes before the sentence; NULL:
 * the file as a whole. Returns how many. */
size_t node_unknown_keys(struct complaints *complaints, const struct node *map, const char *const *names,
                         const char *what);

/* Reads one file or text. Syntax errors, doubled keys, anchors' cycles and non-text keys become complaints.
 * *ret_node is NULL for an empty document. Returns 0, ERR_CONFIG (see the complaints; where a tree could be made all
 * the same, as with a doubled key, *ret_node has it, so that the rest can be checked too), or a negative errno. The
 * tree lives in the complaints' arena. */
int node_read_file(const char *path, struct complaints *complaints, const struct node **ret_node);
int node_read_text(const char *text, size_t len, struct complaints *complaints, const struct node **ret_node);

#endif
