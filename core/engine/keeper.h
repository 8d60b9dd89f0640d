/* keeper - tokens that systems gave a connection, kept sealed from run to run.
 *
 * A file for each in STATE/organizations/ORG/tokens, sealed by a key of the
 * organization's: who has the folder without the master key has none of them.
 * Fits the broker's token_load and token_keep. */
#ifndef ENGINE_KEEPER_H
#define ENGINE_KEEPER_H

#include "base/secret.h"
#include "config/organization.h"

#include <stdbool.h>

struct keeper {
    const struct settings *settings;
    const char *organization, *connection;
    const char *dir; /* of the organization; may not be there yet */
    bool anew;       /* somebody wants to see the log-in itself go well: tokens of earlier ones are not used */
};

/* ERR_GONE: none is kept, or what is there is another organization's or damaged. */
int keeper_load(void *keeper, const char *name, struct secret *ret_token);
/* NULL: is forgotten. */
int keeper_keep(void *keeper, const char *name, const struct secret *token);

#endif
