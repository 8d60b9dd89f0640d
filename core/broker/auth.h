/* auth - what proves to a system who calls, made anew for every attempt.
 *
 * Reads the connector's muster_auth, the secrets of the connection's keyring,
 * and tokens that somebody else fetched or kept; gives what is put into the
 * request and where. The connector sees nothing of it. */
#ifndef BROKER_AUTH_H
#define BROKER_AUTH_H

#include "base/arena.h"
#include "broker/recipe.h"

#include <muster/connector.h>

enum auth_where { AUTH_HEADER, AUTH_QUERY, AUTH_FORM, AUTH_JSON, AUTH_SIGN };

struct auth_placed {
    enum auth_where where;
    const char *name;
    struct buffer value; /* plain text */
};

/* One attempt. */
struct auth_case {
    const muster_auth *auth; /* NULL: none */
    struct keyring *keyring;
    const char *method;
    const struct url *url;
    const char *body; /* the file of a multipart body, or all of it */
    size_t body_len;
    int body_fd;                     /* -1: body */
    const struct recipe_pair *pairs; /* parameters of the connector's own, for {sorted:…} */
    size_t pair_count;
    int64_t now_ms;
    const char *nonce;
    bool fallback;  /* the other secret this time */
    bool capturing; /* the call brings a subject's token: that one is not needed yet */
    /* The token of a link that needs one. ERR_UNREADY: it has to be fetched first. */
    int (*token)(void *context, const muster_auth *link, const char **ret_token, struct err *err);
    void *context;
};

struct auth_made {
    struct auth_placed *placed;
    size_t count;
    struct buffer body; /* with what was put into it; in_body false: as it was */
    bool in_body;
};

/* Released with auth_made_done(), which wipes it, also after a failure. */
int auth_make(const struct auth_case *one, struct auth_made *made, struct err *err);
void auth_made_done(struct auth_made *made);

bool auth_has_token(const muster_auth *link); /* oauth2 and exchange: the broker fetches it */
/* Whether one of the links has another secret to try after 401 or 403, and the organization's file sets it. */
bool auth_has_fallback(const muster_auth *auth, const struct keyring *keyring);
/* The option that a refusal is about; NULL: none is known. */
const char *auth_option(const muster_auth *auth);
/* In the arena; NULL stays NULL. -ENOMEM, or ERR_LIMIT when it is longer than any log-in is. */
int auth_copy(struct arena *arena, const muster_auth *auth, const muster_auth **ret_copy);

#endif
