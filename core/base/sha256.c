/* sha256 - SHA-256 piece by piece. */
#include "base/sha256.h"

#include <stdatomic.h>
#include <string.h>

static atomic_int known = -1; /* whether the instructions are there; -1: not asked yet */

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

static const uint32_t round_constants[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static int hardware_there(void)
{
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSSE3) || !(c & bit_SSE4_1))
        return 0;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & (1u << 29)) != 0;
}

/* The instructions want the eight words as ABEF and CDGH, and do two rounds each; four message words at a time are
 * made from the sixteen before. */
__attribute__((target("sha,sse4.1,ssse3"))) static void hash_blocks(uint32_t words[8], const uint8_t *bytes,
                                                                    size_t count)
{
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
    __m128i low = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)words), 0xb1);
    __m128i high = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(words + 4)), 0x1b);
    __m128i abef = _mm_alignr_epi8(low, high, 8);
    __m128i cdgh = _mm_blend_epi16(high, low, 0xf0);
    for (; count > 0; count--, bytes += 64) {
        const __m128i abef_before = abef, cdgh_before = cdgh;
        __m128i w[4];
#pragma GCC unroll 16
        for (int i = 0; i < 16; i++) {
            if (i < 4)
                w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(bytes + i * 16)), big_endian);
            else
                w[i & 3] = _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(w[i & 3], w[(i + 1) & 3]),
                                                              _mm_alignr_epi8(w[(i + 3) & 3], w[(i + 2) & 3], 4)),
                                                w[(i + 3) & 3]);
            __m128i wk = _mm_add_epi32(w[i & 3], _mm_load_si128((const __m128i *)(round_constants + i * 4)));
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, wk);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(wk, 0x0e));
        }
        abef = _mm_add_epi32(abef, abef_before);
        cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }
    low = _mm_shuffle_epi32(abef, 0x1b);
    high = _mm_shuffle_epi32(cdgh, 0xb1);
    _mm_storeu_si128((__m128i *)words, _mm_blend_epi16(low, high, 0xf0));
    _mm_storeu_si128((__m128i *)(words + 4), _mm_alignr_epi8(high, low, 8));
}
#else
static int hardware_there(void)
{
    return 0;
}

static void hash_blocks(uint32_t words[8], const uint8_t *bytes, size_t count)
{
    (void)words, (void)bytes, (void)count;
}
#endif

void sha256_allow_hardware(int allowed)
{
    atomic_store(&known, allowed ? -1 : 0);
}

void sha256_init(struct sha256 *sum)
{
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    int hardware = atomic_load(&known);
    if (hardware < 0) {
        hardware = hardware_there();
        atomic_store(&known, hardware);
    }
    sum->hardware = hardware;
    sum->len = 0;
    memcpy(sum->words, start, sizeof(start));
    if (!hardware)
        crypto_hash_sha256_init(&sum->plain);
}

void sha256_add(struct sha256 *sum, const void *bytes, size_t len)
{
    if (!sum->hardware) {
        crypto_hash_sha256_update(&sum->plain, bytes, len);
        return;
    }
    const uint8_t *at = bytes;
    size_t held = sum->len % sizeof(sum->block);
    sum->len += len;
    if (held > 0) {
        size_t fill = sizeof(sum->block) - held;
        if (len < fill) {
            if (len > 0)
                memcpy(sum->block + held, at, len);
            return;
        }
        memcpy(sum->block + held, at, fill);
        hash_blocks(sum->words, sum->block, 1);
        at += fill;
        len -= fill;
    }
    hash_blocks(sum->words, at, len / sizeof(sum->block));
    at += len - len % sizeof(sum->block);
    len %= sizeof(sum->block);
    if (len > 0)
        memcpy(sum->block, at, len);
}

void sha256_end(struct sha256 *sum, uint8_t ret_digest[32])
{
    if (!sum->hardware) {
        crypto_hash_sha256_final(&sum->plain, ret_digest);
        return;
    }
    uint64_t bits = sum->len * 8;
    uint8_t tail[72] = {0x80}; /* at most 64 of padding and the length */
    size_t pad = (sum->len % 64 < 56 ? 56 : 120) - sum->len % 64;
    for (int i = 0; i < 8; i++)
        tail[pad + (size_t)i] = (uint8_t)(bits >> (56 - 8 * i));
    sha256_add(sum, tail, pad + 8);
    for (int i = 0; i < 8; i++)
        for (int k = 0; k < 4; k++)
            ret_digest[i * 4 + k] = (uint8_t)(sum->words[i] >> (24 - 8 * k));
}
