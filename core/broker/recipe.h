/* recipe - a text with words in braces, written out for one attempt of one call.
 *
 * {method} {host} {path} {query} {target} (path and query) {option:NAME}
 * {secret} {secret:NAME} {user} {token} {time_s} {time_ms} {nonce} {body} {sha256:body} {md5:body}
 * {sorted:SEPARATOR}. A brace that begins nothing like a word stands for
 * itself, so that a recipe may be JSON. */
#ifndef BROKER_RECIPE_H
#define BROKER_RECIPE_H

#include "base/buffer.h"
#include "base/error.h"
#include "broker/keyring.h"
#include "broker/url.h"

/* A parameter that {sorted:…} knows: in plain text. */
struct recipe_pair {
    const char *name, *value;
};

struct recipe {
    struct keyring *keyring; /* options and secrets of the connection */
    const char *method;
    const struct url *url;
    const char *secret, *user, *token; /* NULL: not offered here */
    int64_t now_ms;
    const char *nonce;
    const char *body; /* with body_fd -1 */
    size_t body_len;
    int body_fd; /* the body is this file's content, from its beginning */
    const struct recipe_pair *pairs;
    size_t pair_count;
};

/* How what stands for a word is written. */
enum recipe_escape { RECIPE_PLAIN, RECIPE_JSON, RECIPE_FORM };

/* Appends. ERR_CONFIG with a sentence: a word that is none, an option that is not set. */
int recipe_write(const char *text, const struct recipe *recipe, enum recipe_escape escape, struct buffer *out,
                 struct err *err);
/* Whether one of its words begins so: "body", "sorted:". */
bool recipe_uses(const char *text, const char *word);

#endif
