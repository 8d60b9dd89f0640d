/* vault - protected values lie sealed. */
#include "store/vault.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

/* Row: nonce, sealed data key; then per value: digest, u32 length of the sealed bytes, nonce, sealed bytes. */
enum {
    NONCE = crypto_secretbox_NONCEBYTES,
    MAC = crypto_secretbox_MACBYTES,
    DATA_KEY = crypto_secretbox_KEYBYTES,
    ROW_HEAD = NONCE + MAC + DATA_KEY,
    ITEM_HEAD = DIGEST_KEYED + 4 + NONCE,
};

static void vault_derive(const uint8_t master[VAULT_MASTER], const char *organization, const char *purpose,
                         uint8_t ret_key[32])
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, master, VAULT_MASTER, 32);
    crypto_generichash_update(&state, (const unsigned char *)purpose, strlen(purpose) + 1);
    crypto_generichash_update(&state, (const unsigned char *)organization, strlen(organization));
    crypto_generichash_final(&state, ret_key, 32);
    sodium_memzero(&state, sizeof(state));
}

void vault_init(struct vault *vault, const uint8_t master[VAULT_MASTER], const char *organization)
{
    vault_derive(master, organization, "digest", vault->digest_key);
    vault_derive(master, organization, "wrap", vault->wrap_key);
    vault_derive(master, organization, "plan", vault->plan_key);
    vault_derive(master, organization, "generate", vault->generate_key);
}

void vault_done(struct vault *vault)
{
    sodium_memzero(vault, sizeof(*vault));
}

void vault_digest(const struct vault *vault, const char *plain, size_t len, uint8_t ret_digest[DIGEST_KEYED])
{
    digest_keyed(vault->digest_key, plain, len, ret_digest);
}

static int data_key_open(const struct vault *vault, struct bytes row, uint8_t ret_key[DATA_KEY])
{
    const uint8_t *at = row.data;
    if (row.len < ROW_HEAD || crypto_secretbox_open_easy(ret_key, at + NONCE, MAC + DATA_KEY, at, vault->wrap_key) != 0)
        return ERR_CORRUPT;
    return 0;
}

int vault_seal(const struct vault *vault, struct bytes old, const struct vault_item *items, size_t count,
               struct buffer *out)
{
    uint8_t key[DATA_KEY], nonce[NONCE];
    int rc = old.len ? data_key_open(vault, old, key) : 0;
    if (rc != 0)
        return rc;
    if (!old.len)
        randombytes_buf(key, sizeof(key));
    uint8_t *at = (uint8_t *)buffer_reserve(out, ROW_HEAD);
    if (at) {
        randombytes_buf(at, NONCE);
        crypto_secretbox_easy(at + NONCE, key, sizeof(key), at, vault->wrap_key);
    }
    for (size_t i = 0; i < count && out->rc == 0; i++) {
        uint32_t len = (uint32_t)(MAC + items[i].len);
        randombytes_buf(nonce, sizeof(nonce));
        buffer_add(out, items[i].digest, DIGEST_KEYED);
        buffer_add(out, &len, sizeof(len));
        buffer_add(out, nonce, sizeof(nonce));
        at = (uint8_t *)buffer_reserve(out, len);
        if (at)
            crypto_secretbox_easy(at, (const unsigned char *)items[i].plain, items[i].len, nonce, key);
    }
    sodium_memzero(key, sizeof(key));
    return out->rc;
}

int vault_add(const struct vault *vault, struct bytes old, const struct vault_item *items, size_t count,
              struct buffer *out)
{
    int rc = vault_seal(vault, old, items, count, out);
    if (rc == 0 && old.len > ROW_HEAD)
        buffer_add(out, (const uint8_t *)old.data + ROW_HEAD, old.len - ROW_HEAD);
    return rc ? rc : out->rc;
}

bool vault_has(struct bytes row, const uint8_t digest[DIGEST_KEYED])
{
    if (row.len < ROW_HEAD)
        return false;
    const uint8_t *at = (const uint8_t *)row.data + ROW_HEAD, *end = (const uint8_t *)row.data + row.len;
    while (end - at >= ITEM_HEAD) {
        uint32_t len;
        memcpy(&len, at + DIGEST_KEYED, sizeof(len));
        if (len > (size_t)(end - at) - ITEM_HEAD)
            return false;
        if (memcmp(at, digest, DIGEST_KEYED) == 0)
            return true;
        at += ITEM_HEAD + len;
    }
    return false;
}

int vault_reveal(const struct vault *vault, struct bytes row, const uint8_t digest[DIGEST_KEYED], struct buffer *out)
{
    uint8_t key[DATA_KEY];
    int rc = data_key_open(vault, row, key);
    if (rc != 0)
        return rc;
    rc = ERR_GONE;
    const uint8_t *at = (const uint8_t *)row.data + ROW_HEAD, *end = (const uint8_t *)row.data + row.len;
    while (end - at >= ITEM_HEAD) {
        uint32_t len;
        memcpy(&len, at + DIGEST_KEYED, sizeof(len));
        if (len < MAC || len > (size_t)(end - at) - ITEM_HEAD)
            break;
        if (sodium_memcmp(at, digest, DIGEST_KEYED) == 0) {
            size_t before = out->len;
            uint8_t *plain = (uint8_t *)buffer_reserve(out, len - MAC);
            const uint8_t *nonce = at + DIGEST_KEYED + sizeof(len);
            rc = !plain                                                               ? out->rc
                 : crypto_secretbox_open_easy(plain, at + ITEM_HEAD, len, nonce, key) ? ERR_CORRUPT
                                                                                      : 0;
            if (plain && rc != 0)
                out->data[out->len = before] = '\0';
            break;
        }
        at += ITEM_HEAD + len;
    }
    sodium_memzero(key, sizeof(key));
    return rc;
}

/* The nonce follows from what is sealed: two rows have the same one only when they are the same. */
int vault_seal_row(const struct vault *vault, struct bytes plain, struct buffer *out)
{
    uint8_t *at = (uint8_t *)buffer_reserve(out, NONCE + MAC + plain.len);
    if (!at)
        return out->rc;
    crypto_generichash(at, NONCE, plain.data, plain.len, vault->digest_key, sizeof(vault->digest_key));
    crypto_secretbox_easy(at + NONCE, plain.data, plain.len, at, vault->wrap_key);
    return 0;
}

int vault_open_row(const struct vault *vault, struct bytes sealed, struct buffer *out)
{
    const uint8_t *at = sealed.data;
    if (sealed.len < NONCE + MAC)
        return ERR_CORRUPT;
    size_t begin = out->len, len = sealed.len - NONCE - MAC;
    uint8_t *plain = (uint8_t *)buffer_reserve(out, len);
    if (!plain)
        return out->rc;
    if (crypto_secretbox_open_easy(plain, at + NONCE, MAC + len, at, vault->wrap_key) == 0)
        return 0;
    out->data[out->len = begin] = '\0';
    return ERR_CORRUPT;
}
