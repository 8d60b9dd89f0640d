/* vault - protected values: everywhere else a keyed digest stands for them; here they lie sealed.
 *
 * Each source record has a data key of its own, sealed by a key that is
 * derived from the master key for one organization. Comparing works on
 * digests; erasing a record's values is destroying its data key. */
#ifndef STORE_VAULT_H
#define STORE_VAULT_H

#include "base/buffer.h"
#include "base/digest.h"
#include "store/store.h"

enum { VAULT_MASTER = 32, VAULT_ITEM_MAX = 64 };

/* The keys of one organization; wiped by vault_done(). */
struct vault {
    uint8_t digest_key[32], wrap_key[32];
    uint8_t plan_key[32];     /* seals plans, which lie beside the store */
    uint8_t generate_key[32]; /* values that are made for others, and kept by nobody */
};

void vault_init(struct vault *vault, const uint8_t master[VAULT_MASTER], const char *organization);
void vault_done(struct vault *vault);

void vault_digest(const struct vault *vault, const char *plain, size_t len, uint8_t ret_digest[DIGEST_KEYED]);

struct vault_item {
    uint8_t digest[DIGEST_KEYED];
    const char *plain;
    size_t len;
};

/* Seals the values of one record into a row of the vault table, under the data key of the row that was there (`old`,
 * may be empty) or a new one. Appends to `out`. Returns 0, -ENOMEM or ERR_CORRUPT (another master key). */
int vault_seal(const struct vault *vault, struct bytes old, const struct vault_item *items, size_t count,
               struct buffer *out);
/* Seals further values into a row: what is in `old` stays. */
int vault_add(const struct vault *vault, struct bytes old, const struct vault_item *items, size_t count,
              struct buffer *out);
/* Whether a row has a sealed value; opens nothing. */
bool vault_has(struct bytes row, const uint8_t digest[DIGEST_KEYED]);
/* All of a row that nobody's record holds yet, sealed as one: the same bytes for the same words. Appends to `out`. */
int vault_seal_row(const struct vault *vault, struct bytes plain, struct buffer *out);
/* ERR_CORRUPT: another master key, or it was changed. */
int vault_open_row(const struct vault *vault, struct bytes sealed, struct buffer *out);
/* Opens one value. Returns 0, ERR_GONE (no such value: erased), ERR_CORRUPT (another master key), -ENOMEM. */
int vault_reveal(const struct vault *vault, struct bytes row, const uint8_t digest[DIGEST_KEYED], struct buffer *out);

#endif
