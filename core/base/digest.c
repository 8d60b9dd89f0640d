/* digest - fingerprints. */
#include "base/digest.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "base/tidy.h"

#include <errno.h>
#include <sodium.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

int digest_begin(void)
{
    return sodium_init() < 0 ? ERR_UNSUPPORTED : 0;
}

void digest_sha256(const void *bytes, size_t len, uint8_t ret_digest[DIGEST_SHA256])
{
    struct sha256 sum;
    sha256_init(&sum);
    sha256_add(&sum, bytes, len);
    sha256_end(&sum, ret_digest);
}

int digest_fd(int fd, uint8_t ret_digest[DIGEST_SHA256])
{
    enum { CHUNK = 1 << 18 };
    __attribute__((cleanup(tidy_free))) unsigned char *chunk = mem_new(1, CHUNK);
    if (!chunk)
        return -ENOMEM;
    struct sha256 sum;
    sha256_init(&sum);
    off_t at = 0;
    for (;;) {
        ssize_t got = pread(fd, chunk, CHUNK, at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        sha256_add(&sum, chunk, (size_t)got);
        at += got;
    }
    sha256_end(&sum, ret_digest);
    return 0;
}

int digest_equal(const uint8_t a[DIGEST_SHA256], const uint8_t b[DIGEST_SHA256])
{
    return sodium_memcmp(a, b, DIGEST_SHA256) == 0;
}

void digest_hex(const uint8_t *bytes, size_t len, char *ret_text)
{
    sodium_bin2hex(ret_text, 2 * len + 1, bytes, len);
}

void digest_keyed(const uint8_t key[32], const void *bytes, size_t len, uint8_t ret_digest[DIGEST_KEYED])
{
    crypto_generichash(ret_digest, DIGEST_KEYED, bytes, len, key, 32);
}

uint64_t digest_fast(const void *bytes, size_t len)
{
    return XXH3_64bits(bytes, len);
}

uint64_t digest_seeded(uint64_t seed, const void *bytes, size_t len)
{
    return XXH3_64bits_withSeed(bytes, len, seed);
}
