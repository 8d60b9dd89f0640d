/* muster/document.h - a whole JSON text as a tree: what a system answered, and what a connector wants of it.
 *
 * For any connector. For answers, not for data sets: the text is copied and
 * kept until the tree is freed; rows by the thousand are better read with
 * muster/table.h.
 *
 *     const char *why;
 *     muster_document *answer = muster_document_read(reply->body, reply->body_len, &why);
 *     const char *status = muster_node_text(muster_node_member(muster_document_root(answer), "Status"));
 *     for (const muster_node *row = muster_node_first(rows); row; row = row->next)
 *         use(row);
 *     muster_document_free(answer);
 *
 * Whoever asks for what is not there gets NULL, and NULL may be asked again:
 * only the end of the way has to be looked at. */
#ifndef MUSTER_DOCUMENT_H
#define MUSTER_DOCUMENT_H

#include <muster/connector.h>
#include <muster/text.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    MUSTER_NODE_NULL = 1,
    MUSTER_NODE_BOOL,
    MUSTER_NODE_NUMBER,
    MUSTER_NODE_TEXT,
    MUSTER_NODE_LIST,
    MUSTER_NODE_OBJECT
};
enum { MUSTER_NODE_PUT_DEPTH = 12, MUSTER_NODE_PUT_ITEMS = 32 };
enum { MUSTER_DOCUMENT_DEPTH = 64, MUSTER_DOCUMENT_MAX = 256 << 20 /* bytes */ };

typedef struct muster_node {
    int32_t kind;
    uint32_t count;   /* of a list or an object */
    const char *name; /* of a member; NULL: an element, or the root */
    const char *text; /* of a text, unescaped; of a number as it stands; "true" or "false"; else NULL */
    size_t len;       /* of text, which may have a zero byte in it only as \u0000 */
    const struct muster_node *first, *next;
} muster_node;

typedef struct muster_document muster_document;

/* NULL: it is no JSON, or there is no memory, as *ret_why says. Strict but for a byte order mark at its beginning; that
 * it is UTF-8 is not looked at. Of two members with one name the first counts. */
muster_document *muster_document_read(const char *bytes, size_t len, const char **ret_why);
/* What a reply has in it, also when that is large and lies in a file. */
muster_document *muster_document_of_reply(const muster_http *reply, const char **ret_why);
void muster_document_free(muster_document *document); /* NULL is fine */
const muster_node *muster_document_root(const muster_document *document);

const muster_node *muster_node_first(const muster_node *node); /* of a list or an object */
const muster_node *muster_node_member(const muster_node *node, const char *name);
const char *muster_node_text(const muster_node *node); /* NULL: it has none */
/* Puts all that a node has into a record, each value by the way to it, as mappings name it: "names.first",
 * "jobs[0].title"; a list whole, too, as MUSTER_JSON by its own name, so that nobody takes its first items for all of
 * them. Begins with `name` ("": the names of the members themselves) and leaves out `but` (NULL: nothing), objects and
 * lists that lie deeper than MUSTER_NODE_PUT_DEPTH and items behind the first MUSTER_NODE_PUT_ITEMS of a list. Numbers
 * are MUSTER_DECIMAL, days are MUSTER_TEXT. What cannot be put comes out of emit(), as of put(); MUSTER_FAIL: no
 * memory. */
muster_rc muster_node_put(muster_run *run, muster_record *record, const char *name, const muster_node *node,
                          const muster_node *but);
/* Adds what the node is as JSON, without white space; its name is left out. Numbers stand as they were written. */
void muster_node_json(const muster_node *node, muster_text *out);
/* What is there by a JSON pointer (RFC 6901): "/data/errors/0"; "" is the node itself. */
const muster_node *muster_node_at(const muster_node *node, const char *pointer);

#ifdef __cplusplus
}
#endif
#endif
