/* blocks - sixteen bytes at a time, for what looks for few special bytes among many ordinary ones.
 *
 * What a search is given must be readable 32 bytes beyond where the search ends.
 * Where the processor has no SSE2 it goes byte by byte, to the same places. */
#ifndef MUSTER_BLOCKS_H
#define MUSTER_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>

static inline __m128i block_load(const char *at)
{
    return _mm_loadu_si128((const __m128i *)(const void *)at);
}

static inline uint32_t block_mask(__m128i found)
{
    return (uint32_t)_mm_movemask_epi8(found);
}

static inline __m128i block_is(__m128i block, char byte)
{
    return _mm_cmpeq_epi8(block, _mm_set1_epi8(byte));
}

/* The first quote, backslash or control character, or with `ascii` byte beyond ASCII. */
static inline const char *block_json(const char *at, bool ascii)
{
    for (;; at += 16) {
        __m128i block = block_load(at), low = _mm_set1_epi8(0x1f);
        __m128i control = ascii ? _mm_cmplt_epi8(block, _mm_set1_epi8(0x20)) /* signed: those beyond ASCII too */
                                : _mm_cmpeq_epi8(_mm_min_epu8(block, low), block);
        uint32_t mask = block_mask(_mm_or_si128(control, _mm_or_si128(block_is(block, '"'), block_is(block, '\\'))));
        if (mask)
            return at + __builtin_ctz(mask);
    }
}

/* The first byte that is no white space. */
static inline const char *block_json_space(const char *at)
{
    for (;; at += 16) {
        __m128i block = block_load(at);
        __m128i line = _mm_or_si128(block_is(block, '\n'), block_is(block, '\r'));
        __m128i blank = _mm_or_si128(block_is(block, ' '), block_is(block, '\t'));
        uint32_t mask = block_mask(_mm_or_si128(line, blank)) ^ 0xffff;
        if (mask)
            return at + __builtin_ctz(mask);
    }
}

/* The first end of line or `delimiter`, or `end`. */
static inline const char *block_field(const char *at, const char *end, char delimiter)
{
    for (; at < end; at += 16) {
        __m128i block = block_load(at), line = _mm_or_si128(block_is(block, '\n'), block_is(block, '\r'));
        uint32_t mask = block_mask(_mm_or_si128(line, block_is(block, delimiter)));
        if (mask) {
            at += __builtin_ctz(mask);
            break;
        }
    }
    return at < end ? at : end;
}

static inline bool block_same(const char *one, const char *other, size_t len)
{
    if (len > 16)
        return memcmp(one, other, len) == 0;
    uint32_t wanted = (1u << len) - 1;
    return (block_mask(_mm_cmpeq_epi8(block_load(one), block_load(other))) & wanted) == wanted;
}

#else

static inline const char *block_json(const char *at, bool ascii)
{
    while ((unsigned char)*at >= 0x20 && *at != '"' && *at != '\\' && !(ascii && (unsigned char)*at >= 0x80))
        at++;
    return at;
}

static inline const char *block_json_space(const char *at)
{
    while (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')
        at++;
    return at;
}

static inline const char *block_field(const char *at, const char *end, char delimiter)
{
    while (at < end && *at != delimiter && *at != '\n' && *at != '\r')
        at++;
    return at;
}

static inline bool block_same(const char *one, const char *other, size_t len)
{
    return memcmp(one, other, len) == 0;
}

#endif

/* How many bytes are among low to high. */
static inline uint64_t block_count(const char *data, size_t len, uint8_t low, uint8_t high)
{
    typedef uint8_t lanes __attribute__((vector_size(16)));
    const unsigned char *bytes = (const unsigned char *)data;
    uint64_t count = 0;
    size_t at = 0;
    while (len - at >= 16) {
        lanes sum = {0};
        for (size_t round = 0; round < 255 && len - at >= 16; round++, at += 16) {
            lanes part;
            memcpy(&part, bytes + at, 16);
            sum -= (lanes)(part - low <= (uint8_t)(high - low));
        }
        for (size_t n = 0; n < 16; n++)
            count += sum[n];
    }
    for (; at < len; at++)
        count += bytes[at] >= low && bytes[at] <= high;
    return count;
}

#endif
