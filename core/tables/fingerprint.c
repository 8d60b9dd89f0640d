/* fingerprint - what a column of a source holds, without holding any of it. */
#include "tables/fingerprint.h"

#include <errno.h>
#include <muster/connector.h>
#include <stdlib.h>

void print_key_init(struct print_key *key, const struct vault *vault)
{
    static const char purposes[][16] = {"column key 1", "column key 2", "column seed"};
    uint8_t seed[DIGEST_KEYED];
    digest_keyed(vault->digest_key, purposes[0], sizeof(purposes[0]), key->key);
    digest_keyed(vault->digest_key, purposes[1], sizeof(purposes[1]), key->key + DIGEST_KEYED);
    digest_keyed(vault->digest_key, purposes[2], sizeof(purposes[2]), seed);
    memcpy(&key->seed, seed, sizeof(key->seed));
    explicit_bzero(seed, sizeof(seed));
}

/* --- what it looks like --- */

static size_t digits_at(const char *bytes, size_t len)
{
    size_t count = 0;
    while (count < len && bytes[count] >= '0' && bytes[count] <= '9')
        count++;
    return count;
}

/* 2-3-2021, 2021/03/02 and the like, whatever comes behind. */
static bool looks_like_date(const char *bytes, size_t len)
{
    size_t at = 0, sum = 0;
    for (int part = 0; part < 3; part++) {
        size_t digits = digits_at(bytes + at, len - at);
        if (digits == 0 || digits == 3 || digits > 4)
            return false;
        at += digits;
        sum += digits;
        if (part < 2 && (at == len || !strchr("-/.", bytes[at])))
            return false;
        at += part < 2;
    }
    return sum >= 4 && (at == len || bytes[at] == ' ' || bytes[at] == 'T');
}

static enum print_type text_type(const char *bytes, size_t len)
{
    const char *at = memchr(bytes, '@', len);
    size_t digits = 0, others = 0;
    if (at && at > bytes && memchr(at, '.', len - (size_t)(at - bytes)))
        return PRINT_MAIL;
    if (looks_like_date(bytes, len))
        return PRINT_DATE;
    for (size_t i = 0; i < len && others == 0; i++) {
        digits += bytes[i] >= '0' && bytes[i] <= '9';
        others += !strchr("0123456789.,+- ()", bytes[i]) || bytes[i] == '\0';
    }
    return others == 0 && digits > 0 ? PRINT_NUMBER : PRINT_TEXT;
}

void sampler_type(struct sampler *sampler, int type, const char *bytes, size_t len)
{
    enum print_type seen;
    switch (type) {
    case MUSTER_INTEGER:
    case MUSTER_DECIMAL: seen = PRINT_NUMBER; break;
    case MUSTER_DATE:
    case MUSTER_DATETIME: seen = PRINT_DATE; break;
    case MUSTER_BOOL: seen = PRINT_BOOL; break;
    default: seen = text_type(bytes, len);
    }
    sampler->typed++;
    sampler->types[seen]++;
}

enum print_type fingerprint_type(const struct fingerprint *print)
{
    enum { ENOUGH = 3 };
    for (unsigned type = 0; type < PRINT_TYPES && print->typed >= ENOUGH; type++)
        if ((uint64_t)print->types[type] * 10 >= (uint64_t)print->typed * 9)
            return (enum print_type)type;
    return PRINT_MIXED;
}

const char *print_type_text(enum print_type type)
{
    static const char *const texts[] = {"text", "numbers", "dates", "e-mail addresses", "yes or no", "mixed values"};
    return texts[type];
}

/* --- the sample --- */

static uint32_t slot_of(const struct sampler *sampler, uint64_t hash)
{
    uint32_t at = (uint32_t)hash & (PRINT_SLOTS - 1);
    while (sampler->hashes[at] && sampler->hashes[at] != hash)
        at = (at + 1) & (PRINT_SLOTS - 1);
    return at;
}

/* One zero bit more is asked: about half of the sample goes. */
static void sampler_thin(struct sampler *sampler)
{
    uint64_t hashes[PRINT_SLOTS];
    uint32_t marks[PRINT_SLOTS];
    memcpy(hashes, sampler->hashes, sizeof(hashes));
    memcpy(marks, sampler->marks, sizeof(marks));
    memset(sampler->hashes, 0, sizeof(sampler->hashes));
    sampler->level++;
    sampler->most >>= 1;
    sampler->count = 0;
    for (size_t i = 0; i < PRINT_SLOTS; i++) {
        if (!hashes[i] || hashes[i] > sampler->most)
            continue;
        uint32_t at = slot_of(sampler, hashes[i]);
        sampler->hashes[at] = hashes[i];
        sampler->marks[at] = marks[i];
        sampler->count++;
    }
}

void sampler_take(struct sampler *sampler, const struct print_key *key, uint64_t hash, const char *bytes, size_t len)
{
    uint8_t digest[DIGEST_KEYED];
    hash = hash ? hash : 1;
    if (sampler->hashes[slot_of(sampler, hash)] == hash)
        return;
    while (sampler->count == PRINT_SAMPLE && hash <= sampler->most)
        sampler_thin(sampler);
    if (hash > sampler->most)
        return;
    digest_keyed(key->key, bytes, len, digest);
    uint32_t at = slot_of(sampler, hash), zeros = (uint32_t)__builtin_clzll(hash);
    sampler->hashes[at] = hash;
    sampler->marks[at] = zeros << 24 | (uint32_t)digest[0] << 16 | (uint32_t)digest[1] << 8 | digest[2];
    sampler->count++;
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

int sampler_finish(const struct sampler *sampler, uint64_t rows, struct arena *arena, struct fingerprint *ret_print)
{
    uint32_t *sample = arena_get(arena, (sampler->count + 1) * sizeof(*sample)), count = 0;
    if (!sample)
        return -ENOMEM;
    for (size_t i = 0; i < PRINT_SLOTS; i++)
        if (sampler->hashes[i])
            sample[count++] = sampler->marks[i];
    qsort(sample, count, sizeof(*sample), by_value);
    *ret_print = (struct fingerprint){.rows = rows < UINT32_MAX ? (uint32_t)rows : UINT32_MAX,
                                      .filled = sampler->filled,
                                      .typed = sampler->typed,
                                      .level = sampler->level,
                                      .count = count,
                                      .sample = sample};
    memcpy(ret_print->types, sampler->types, sizeof(ret_print->types));
    return 0;
}

/* The first that has so many zero bits: both samples hold all such values, so they can be compared. */
static uint32_t sample_from(const struct fingerprint *print, uint32_t level)
{
    uint32_t at = 0;
    while (at < print->count && print->sample[at] >> 24 < level)
        at++;
    return at;
}

uint32_t fingerprint_shared(const struct fingerprint *before, const struct fingerprint *now, uint32_t *ret_of)
{
    uint32_t level = before->level > now->level ? before->level : now->level, shared = 0;
    uint32_t b = sample_from(before, level), n = sample_from(now, level);
    *ret_of = before->count - b;
    while (b < before->count && n < now->count) {
        uint32_t x = before->sample[b], y = now->sample[n];
        shared += x == y;
        b += x <= y;
        n += y <= x;
    }
    return shared;
}

/* --- as bytes --- */

enum { HEAD = 4 * (3 + PRINT_TYPES + 2) };

void fingerprint_write(const struct fingerprint *print, struct buffer *out)
{
    const uint32_t head[] = {print->rows, print->filled, print->typed};
    buffer_add(out, head, sizeof(head));
    buffer_add(out, print->types, sizeof(print->types));
    buffer_add(out, &print->level, sizeof(print->level));
    buffer_add(out, &print->count, sizeof(print->count));
    buffer_add(out, print->sample, print->count * sizeof(*print->sample));
}

bool fingerprint_read(const uint8_t **at, const uint8_t *end, struct arena *arena, struct fingerprint *ret_print)
{
    struct fingerprint print = {0};
    uint32_t head[HEAD / 4];
    if (end - *at < HEAD)
        return false;
    memcpy(head, *at, sizeof(head));
    print.rows = head[0];
    print.filled = head[1];
    print.typed = head[2];
    memcpy(print.types, head + 3, sizeof(print.types));
    print.level = head[3 + PRINT_TYPES];
    print.count = head[4 + PRINT_TYPES];
    if (print.count > PRINT_SAMPLE || (size_t)(end - *at) - HEAD < print.count * sizeof(*print.sample))
        return false;
    uint32_t *sample = arena_get(arena, (print.count + 1) * sizeof(*sample));
    if (!sample)
        return false;
    memcpy(sample, *at + HEAD, print.count * sizeof(*sample));
    print.sample = sample;
    *at += HEAD + print.count * sizeof(*sample);
    *ret_print = print;
    return true;
}
