/* signature - digests and HMACs as text. */
#include "base/signature.h"

#include "base/base64.h"
#include "base/digest.h"
#include "base/md5.h"

#include <ctype.h>
#include <sodium.h>
#include <string.h>

enum { SUM_MAX = 64 };

static void md5_of(const void *text, size_t len, uint8_t *ret_sum)
{
    struct md5 sum;
    md5_init(&sum);
    md5_add(&sum, text, len);
    md5_end(&sum, ret_sum);
}

static void hmac_md5(const char *key, size_t key_len, const void *text, size_t len, uint8_t *ret_sum)
{
    uint8_t inner[MD5_BLOCK] = {0}, outer[MD5_BLOCK];
    struct md5 sum;
    if (key_len > MD5_BLOCK)
        md5_of(key, key_len, inner);
    else
        memcpy(inner, key, key_len);
    for (size_t i = 0; i < MD5_BLOCK; i++) {
        outer[i] = inner[i] ^ 0x5c;
        inner[i] ^= 0x36;
    }
    md5_init(&sum);
    md5_add(&sum, inner, sizeof(inner));
    md5_add(&sum, text, len);
    md5_end(&sum, ret_sum);
    md5_init(&sum);
    md5_add(&sum, outer, sizeof(outer));
    md5_add(&sum, ret_sum, MD5_BYTES);
    md5_end(&sum, ret_sum);
    explicit_bzero(inner, sizeof(inner));
    explicit_bzero(outer, sizeof(outer));
}

/* The number of bytes; 0: nobody knows this digest. */
static size_t sum_of(const char *digest, const char *key, size_t key_len, const void *text, size_t len, uint8_t *ret)
{
    if (strcmp(digest, "md5") == 0) {
        md5_of(text, len, ret);
        return MD5_BYTES;
    }
    if (strcmp(digest, "hmac-md5") == 0) {
        hmac_md5(key, key_len, text, len, ret);
        return MD5_BYTES;
    }
    if (strcmp(digest, "sha256") == 0) {
        digest_sha256(text, len, ret);
        return DIGEST_SHA256;
    }
    if (strcmp(digest, "sha512") == 0) {
        crypto_hash_sha512(ret, text, len);
        return crypto_hash_sha512_BYTES;
    }
    if (strcmp(digest, "hmac-sha256") == 0) {
        crypto_auth_hmacsha256_state state;
        crypto_auth_hmacsha256_init(&state, (const uint8_t *)key, key_len);
        crypto_auth_hmacsha256_update(&state, text, len);
        crypto_auth_hmacsha256_final(&state, ret);
        explicit_bzero(&state, sizeof(state));
        return crypto_auth_hmacsha256_BYTES;
    }
    if (strcmp(digest, "hmac-sha512") == 0) {
        crypto_auth_hmacsha512_state state;
        crypto_auth_hmacsha512_init(&state, (const uint8_t *)key, key_len);
        crypto_auth_hmacsha512_update(&state, text, len);
        crypto_auth_hmacsha512_final(&state, ret);
        explicit_bzero(&state, sizeof(state));
        return crypto_auth_hmacsha512_BYTES;
    }
    return 0;
}

bool signature_known(const char *digest, const char *encoding)
{
    uint8_t sum[SUM_MAX];
    return sum_of(digest, "", 0, "", 0, sum) > 0 &&
           (strcmp(encoding, "hex") == 0 || strcmp(encoding, "HEX") == 0 || strcmp(encoding, "base64") == 0);
}

void signature_write(const char *digest, const char *encoding, const char *key, size_t key_len, const void *text,
                     size_t len, struct buffer *out)
{
    uint8_t sum[SUM_MAX];
    char written[2 * SUM_MAX + 1];
    size_t bytes = sum_of(digest, key, key_len, text, len, sum);
    if (strcmp(encoding, "base64") == 0)
        base64_write(sum, bytes, true, written);
    else
        digest_hex(sum, bytes, written);
    for (char *c = written; strcmp(encoding, "HEX") == 0 && *c; c++)
        *c = (char)toupper((unsigned char)*c);
    buffer_text(out, written);
}
