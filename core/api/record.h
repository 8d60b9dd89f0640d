/* record - what came of an act, kept for a day: sealed, and on the disk before it is told. */
#ifndef API_RECORD_H
#define API_RECORD_H

#include "base/buffer.h"
#include "base/digest.h"
#include "store/vault.h"

enum { RECORD_ID = 33 };

struct record {
    const char *state;
    const uint8_t *master; /* VAULT_MASTER */
    char id[RECORD_ID];
    const char *organization, *badge; /* whose it is */
    uint8_t request[DIGEST_SHA256];   /* what was asked */
    unsigned status;                  /* 0: it had begun, and nothing else is known */
    struct buffer body;
};

/* Writes it over what there was. */
int record_keep(const struct record *record);
/* Reads it by state, master, id and badge into the rest. ERR_GONE: there is none, or it is not that badge's. The
 * organization is appended to `organization`. */
int record_read(struct record *record, struct buffer *organization);
/* Forgets those that are older than a day. */
void record_tidy(const char *state, int64_t now_ms);

#endif
