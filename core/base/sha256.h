/* sha256 - SHA-256 piece by piece, with the processor's own instructions where it has them.
 *
 * Files are known by this digest, so it stands in the way of every run: the
 * plain code of libsodium takes 48 ms for 8 MB here, the instructions take 6. */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include <sodium.h>
#include <stddef.h>
#include <stdint.h>

struct sha256 {
    int hardware;
    uint32_t words[8]; /* with hardware: the chaining value */
    uint64_t len;
    uint8_t block[64]; /* bytes that do not fill a block yet */
    crypto_hash_sha256_state plain;
};

void sha256_init(struct sha256 *sum);
void sha256_add(struct sha256 *sum, const void *bytes, size_t len);
void sha256_end(struct sha256 *sum, uint8_t ret_digest[32]); /* then init again */

/* For tests: 0 keeps to the plain code from the next init on, 1 takes the instructions if there are any. */
void sha256_allow_hardware(int allowed);

#endif
