/* digest - fingerprints: SHA-256 for what people compare, keyed BLAKE2b for what nobody may guess, XXH3 for speed. */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

enum { DIGEST_SHA256 = 32, DIGEST_HEX = 65, DIGEST_KEYED = 16 };

struct digest_file {
    uint8_t bytes[DIGEST_SHA256];
};

/* Before any key is used: only then libsodium takes the instructions that this processor has, and gives random numbers
 * to several threads. Returns 0 or ERR_UNSUPPORTED. */
int digest_begin(void);

void digest_sha256(const void *bytes, size_t len, uint8_t ret_digest[DIGEST_SHA256]);
/* The whole of an open file from its beginning; the offset is put back. Returns 0 or a negative errno. */
int digest_fd(int fd, uint8_t ret_digest[DIGEST_SHA256]);
/* Takes the same time wherever they differ. */
int digest_equal(const uint8_t a[DIGEST_SHA256], const uint8_t b[DIGEST_SHA256]);
void digest_hex(const uint8_t *bytes, size_t len, char *ret_text); /* 2 × len + 1 */
void digest_keyed(const uint8_t key[32], const void *bytes, size_t len, uint8_t ret_digest[DIGEST_KEYED]);
uint64_t digest_fast(const void *bytes, size_t len);
uint64_t digest_seeded(uint64_t seed, const void *bytes, size_t len); /* as fast; another order for each seed */

#endif
