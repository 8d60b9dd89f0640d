/* proof - how who calls shows that they may: a token, a key in a header, or a signature; held against the secrets.
 *
 * Comparing takes the same time whatever was shown, and looks at all secrets:
 * nothing is learned from how long it takes. */
#ifndef SERVICE_PROOF_H
#define SERVICE_PROOF_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/secret.h"
#include "config/organization.h"
#include "web/web.h"

struct proof {
    enum proof_how { PROOF_NONE, PROOF_BEARER, PROOF_KEY, PROOF_SIGNED } how;
    const char *header;      /* of a key, a signature */
    const char *encoding;    /* of a signature: "hex" "base64" */
    const char *text;        /* what is signed: "{time}.{body}" */
    const char *time_header; /* NULL: no time is asked for */
    int64_t tolerance_s;
    uint8_t (*digests)[DIGEST_SHA256]; /* of bearers and keys: of these no secret stays in memory */
    struct secret *secrets;            /* of signatures */
    size_t secret_count;
};

/* Reads a way to log in as config/receiving writes it, and its secrets; `what`: whose they are, for a sentence. Texts
 * in the arena. proof_done() is due in any case. Returns 0, -ENOMEM, or a code with a sentence. */
int proof_make(const char *way, const struct secretref *secrets, size_t count, const char *what, struct arena *arena,
               struct proof *ret_proof, struct err *err);
void proof_done(struct proof *proof);

/* Whether it can be told from the headers alone. */
bool proof_early(const struct proof *proof);
/* Whether the request shows it. `rest`: its path behind the connection's, which may be signed instead of the whole one,
 * for who calls may not see that something stands before us. */
bool proof_shown(const struct proof *proof, struct web_request *request, const char *rest, int64_t now_ms);

#endif
