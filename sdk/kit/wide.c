/* wide - thirty-two bytes at a time where the processor can (AVX2, looked up when the program runs), else sixteen, else
 * one: where the marks of a text are, and how much of it is UTF-8. All ways give the same. */
#include "blocks.h"
#include "table_parts.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define HAS_AVX2 1
#define AVX2 __attribute__((target("avx2")))
#else
#define HAS_AVX2 0
#endif

enum muster_width muster_width_most = WIDTH_32;

static enum muster_width width(void)
{
    enum muster_width here = WIDTH_1;
#ifdef __SSE2__
    here = WIDTH_16;
#endif
#if HAS_AVX2
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("popcnt"))
        here = WIDTH_32;
#endif
    return here < muster_width_most ? here : muster_width_most;
}

/* ---- marks ---- */

/* Writes down where the bits of one block are. Eight at a time whether they are there or not: that is faster than
 * asking, and what was too much is written over. */
static inline uint32_t *marks_put(uint32_t *marks, uint64_t bits, uint32_t base)
{
    uint32_t *end = marks + __builtin_popcountll(bits);
    for (; bits != 0; marks += 8)
        for (int n = 0; n < 8; n++) {
            marks[n] = base + (uint32_t)(bits ? __builtin_ctzll(bits) : 64);
            bits &= bits - 1;
        }
    return end;
}

static uint32_t *marks_tail(const char *data, size_t at, size_t len, char delimiter, uint32_t *marks)
{
    for (; at < len; at++)
        if (data[at] == delimiter || data[at] == '\n' || data[at] == '\r' || data[at] == '"')
            *marks++ = (uint32_t)at;
    return marks;
}

#ifdef __SSE2__
static inline uint64_t marks_16(const char *at, char delimiter)
{
    __m128i block = block_load(at), line = _mm_or_si128(block_is(block, '\n'), block_is(block, '\r'));
    return block_mask(_mm_or_si128(line, _mm_or_si128(block_is(block, delimiter), block_is(block, '"'))));
}

static uint32_t *marks_sse2(const char *data, size_t len, char delimiter, uint32_t *marks)
{
    size_t at = 0;
    for (; len - at >= 64; at += 64) {
        uint64_t low = marks_16(data + at, delimiter) | marks_16(data + at + 16, delimiter) << 16;
        uint64_t high = marks_16(data + at + 32, delimiter) | marks_16(data + at + 48, delimiter) << 16;
        marks = marks_put(marks, low | high << 32, (uint32_t)at);
    }
    return marks_tail(data, at, len, delimiter, marks);
}
#endif

#if HAS_AVX2
AVX2 static inline uint64_t marks_32(const char *at, char delimiter)
{
    __m256i block = _mm256_loadu_si256((const __m256i *)(const void *)at);
    __m256i line = _mm256_or_si256(_mm256_cmpeq_epi8(block, _mm256_set1_epi8('\n')),
                                   _mm256_cmpeq_epi8(block, _mm256_set1_epi8('\r')));
    __m256i other = _mm256_or_si256(_mm256_cmpeq_epi8(block, _mm256_set1_epi8(delimiter)),
                                    _mm256_cmpeq_epi8(block, _mm256_set1_epi8('"')));
    return (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(line, other));
}

__attribute__((target("avx2,bmi,popcnt"))) static uint32_t *marks_avx2(const char *data, size_t len, char delimiter,
                                                                       uint32_t *marks)
{
    size_t at = 0;
    for (; len - at >= 64; at += 64)
        marks =
            marks_put(marks, marks_32(data + at, delimiter) | marks_32(data + at + 32, delimiter) << 32, (uint32_t)at);
    return marks_tail(data, at, len, delimiter, marks);
}
#endif

size_t muster_wide_marks(const char *data, size_t len, char delimiter, uint32_t *ret_marks)
{
    uint32_t *end;
    switch (width()) {
#if HAS_AVX2
    case WIDTH_32: end = marks_avx2(data, len, delimiter, ret_marks); break;
#endif
#ifdef __SSE2__
    case WIDTH_16: end = marks_sse2(data, len, delimiter, ret_marks); break;
#endif
    default: end = marks_tail(data, 0, len, delimiter, ret_marks);
    }
    return (size_t)(end - ret_marks);
}

/* ---- UTF-8 ---- */

#if HAS_AVX2
/* What can be wrong with a byte and the one before it, one bit each; what all three tables know of the pair is wrong
 * with it. The method is Keiser's and Lemire's ("Validating UTF-8 in less than one instruction per byte"). */
enum {
    TOO_SHORT = 1 << 0,   /* 11______ 0_______, 11______ 11______ */
    TOO_LONG = 1 << 1,    /* 0_______ 10______ */
    OVERLONG_3 = 1 << 2,  /* 11100000 100_____ */
    SURROGATE = 1 << 3,   /* 11101101 101_____ */
    OVERLONG_2 = 1 << 4,  /* 1100000_ 10______ */
    TOO_LARGE = 1 << 5,   /* 11110100 1001____ and larger ones */
    TOO_LARGE_4 = 1 << 6, /* 11110101 1000____ and larger ones; also OVERLONG_4, 11110000 1000____ */
    TWO_TRAILS = 1 << 7,  /* 10______ 10______ */
    CARRY = TOO_SHORT | TOO_LONG | TWO_TRAILS,
};

AVX2 static inline __m256i both_halves(const uint8_t table[16])
{
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)table));
}

/* The bytes n places before those of `block`; `before` is the block before it. */
#define BYTES_BEFORE(block, before, n)                                                                                 \
    _mm256_alignr_epi8(block, _mm256_permute2x128_si256(before, block, 0x21), 16 - (n))

AVX2 static inline __m256i utf8_faults(__m256i block, __m256i before)
{
    static const uint8_t first_high[16] = {TOO_LONG,
                                           TOO_LONG,
                                           TOO_LONG,
                                           TOO_LONG,
                                           TOO_LONG,
                                           TOO_LONG,
                                           TOO_LONG,
                                           TOO_LONG,
                                           TWO_TRAILS,
                                           TWO_TRAILS,
                                           TWO_TRAILS,
                                           TWO_TRAILS,
                                           TOO_SHORT | OVERLONG_2,
                                           TOO_SHORT,
                                           TOO_SHORT | OVERLONG_3 | SURROGATE,
                                           TOO_SHORT | TOO_LARGE | TOO_LARGE_4};
    static const uint8_t first_low[16] = {CARRY | OVERLONG_3 | OVERLONG_2 | TOO_LARGE_4,
                                          CARRY | OVERLONG_2,
                                          CARRY,
                                          CARRY,
                                          CARRY | TOO_LARGE,
                                          CARRY | TOO_LARGE | TOO_LARGE_4,
                                          CARRY | TOO_LARGE | TOO_LARGE_4,
                                          CARRY | TOO_LARGE | TOO_LARGE_4,
                                          CARRY | TOO_LARGE | TOO_LARGE_4,
                                          CARRY | TOO_LARGE | TOO_LARGE_4,
                                          CARRY | TOO_LARGE | TOO_LARGE_4,
                                          CARRY | TOO_LARGE | TOO_LARGE_4,
                                          CARRY | TOO_LARGE | TOO_LARGE_4,
                                          CARRY | TOO_LARGE | TOO_LARGE_4 | SURROGATE,
                                          CARRY | TOO_LARGE | TOO_LARGE_4,
                                          CARRY | TOO_LARGE | TOO_LARGE_4};
    enum { TRAIL = TOO_LONG | OVERLONG_2 | TWO_TRAILS };
    static const uint8_t second_high[16] = {TOO_SHORT,
                                            TOO_SHORT,
                                            TOO_SHORT,
                                            TOO_SHORT,
                                            TOO_SHORT,
                                            TOO_SHORT,
                                            TOO_SHORT,
                                            TOO_SHORT,
                                            TRAIL | OVERLONG_3 | TOO_LARGE_4,
                                            TRAIL | OVERLONG_3 | TOO_LARGE,
                                            TRAIL | SURROGATE | TOO_LARGE,
                                            TRAIL | SURROGATE | TOO_LARGE,
                                            TOO_SHORT,
                                            TOO_SHORT,
                                            TOO_SHORT,
                                            TOO_SHORT};
    __m256i low_bits = _mm256_set1_epi8(0x0f), one = BYTES_BEFORE(block, before, 1);
    __m256i high_nibble = _mm256_and_si256(_mm256_srli_epi16(one, 4), low_bits);
    __m256i faults = _mm256_and_si256(
        _mm256_and_si256(_mm256_shuffle_epi8(both_halves(first_high), high_nibble),
                         _mm256_shuffle_epi8(both_halves(first_low), _mm256_and_si256(one, low_bits))),
        _mm256_shuffle_epi8(both_halves(second_high), _mm256_and_si256(_mm256_srli_epi16(block, 4), low_bits)));
    /* a third or fourth byte must be a trail behind a trail, and nothing else may be */
    __m256i third = _mm256_subs_epu8(BYTES_BEFORE(block, before, 2), _mm256_set1_epi8((char)(0xe0 - 0x80)));
    __m256i fourth = _mm256_subs_epu8(BYTES_BEFORE(block, before, 3), _mm256_set1_epi8((char)(0xf0 - 0x80)));
    __m256i wanted = _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8((char)0x80));
    return _mm256_xor_si256(wanted, faults);
}

/* Whether the last bytes of `before` begin a character that goes on. */
AVX2 static inline bool utf8_goes_on(__m256i before)
{
    __m256i most = _mm256_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
                                    -1, -1, -1, -1, -1, -1, -1, -1, (char)0xef, (char)0xdf, (char)0xbf);
    __m256i over = _mm256_subs_epu8(before, most);
    return !_mm256_testz_si256(over, over);
}

AVX2 static size_t utf8_avx2(const char *data, size_t len)
{
    __m256i before = _mm256_setzero_si256();
    size_t at = 0;
    for (; len - at >= 32; at += 32) {
        __m256i block = _mm256_loadu_si256((const __m256i *)(const void *)(data + at));
        if (_mm256_movemask_epi8(block) == 0) {
            if (utf8_goes_on(before))
                break;
        } else {
            __m256i faults = utf8_faults(block, before);
            if (!_mm256_testz_si256(faults, faults))
                break;
        }
        before = block;
    }
    return at;
}
#endif

size_t muster_wide_utf8(const char *data, size_t len)
{
    size_t at = 0;
#if HAS_AVX2
    if (width() == WIDTH_32)
        at = utf8_avx2(data, len);
#else
    (void)data, (void)len;
#endif
    /* the last character of what was good may go on behind it, or may not and should */
    for (size_t n = 1; n <= 3 && n <= at && (data[at - n] & 0x80); n++)
        if ((unsigned char)data[at - n] >= 0xc0)
            return at - n;
    return at;
}
