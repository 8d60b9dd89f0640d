/* alias - invented words, numbers and days. */
#include "bundle/alias.h"

#include "base/arena.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/numbers.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

enum { NEAR_DAYS = 400, DAY_MS = 86400000, WORD_MOST = 200, TRIES = 200, NICE_TRIES = 20 };
enum { LENGTH_LEAST = 4, LENGTH_IDS = 7, LENGTH_MOST = 15, DENSE = 5 };

/* Numbers of so many digits, and what each becomes. */
struct ids {
    uint64_t *values;
    size_t count, room;
    struct numbers others;
};

struct alias {
    struct arena *arena;
    uint8_t key[32];
    int64_t near, shift; /* days: what is before `near` moves */
    bool (*avoid)(void *context, const char *word, size_t len);
    void *context;
    struct ids *ids[LENGTH_MOST + 1]; /* by how many digits they have */
    struct numbers given, taken;      /* digest of a folded word → place in `words`; of an invented one → 1 */
    const uint32_t **words;
    size_t count, room;
};

struct alias *alias_new(int64_t now_ms, bool (*avoid)(void *context, const char *word, size_t len), void *context)
{
    struct alias *alias TIDY(alias_free) = mem_new(1, sizeof(*alias));
    if (!alias || !(alias->arena = arena_new()))
        return NULL;
    randombytes_buf(alias->key, sizeof(alias->key));
    alias->near = now_ms / DAY_MS - NEAR_DAYS;
    alias->shift = 30 + (int64_t)randombytes_uniform(150);
    alias->avoid = avoid;
    alias->context = context;
    return TAKE(alias);
}

void alias_free(struct alias *alias)
{
    if (!alias)
        return;
    sodium_memzero(alias->key, sizeof(alias->key));
    arena_free(alias->arena);
    for (size_t n = 0; n <= LENGTH_MOST; n++)
        if (alias->ids[n]) {
            free(alias->ids[n]->values);
            numbers_done(&alias->ids[n]->others);
            free(alias->ids[n]);
        }
    numbers_done(&alias->given);
    numbers_done(&alias->taken);
    free(alias->words);
    free(alias);
}

/* --- letters --- */

/* Lower-case letters that stand for one another. `upper`: how far the capitals are from them, 1: the one before. */
struct alphabet {
    const char *listed; /* NULL: all from first to last */
    uint32_t first, last;
    uint32_t upper;
};

static const struct alphabet alphabets[] = {
    {NULL, 'a', 'z', 32},
    {"àáâãäåæçèéêëìíîïñòóôõöøùúûüý", 0xe0, 0xfd, 32},
    {"āăąćĉċčďđēĕėęěĝğġģĥħĩīĭįķĺļľńņňōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷźżž", 0x101, 0x17e, 1},
    {NULL, 0x3b1, 0x3c9, 32}, /* Greek */
    {NULL, 0x430, 0x44f, 32}, /* Cyrillic */
    {NULL, 0x5d0, 0x5ea, 0},  /* Hebrew */
    {NULL, 0x627, 0x63a, 0},  /* Arabic */
    {NULL, 0xe01, 0xe2e, 0},  /* Thai */
    {NULL, 0x915, 0x939, 0},  /* Devanagari */
    {"ạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ", 0x1ea1, 0x1ef9, 1},
    {NULL, 0x3041, 0x3093, 0},
    {NULL, 0x30a1, 0x30f3, 0},
    {NULL, 0x4e00, 0x9fa5, 0},
    {NULL, 0xac00, 0xd7a3, 0},
};
enum { ALPHABETS = sizeof(alphabets) / sizeof(alphabets[0]), NO_ALPHABET = ALPHABETS };

/* The code at `text`, and its length; what is no UTF-8 is a byte that is no letter. */
static uint32_t code_at(const char *text, size_t len, size_t *ret_len)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t more = *at < 0x80 ? 0 : *at >= 0xf0 ? 3 : *at >= 0xe0 ? 2 : *at >= 0xc0 ? 1 : 99;
    *ret_len = 1;
    if (more == 0)
        return *at;
    if (more > 3 || more >= len)
        return 0xfffd;
    uint32_t code = *at & (0x3fu >> more);
    for (size_t i = 1; i <= more; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0xfffd;
        code = code << 6 | (at[i] & 0x3f);
    }
    *ret_len = more + 1;
    return code;
}

static void code_write(uint32_t code, struct buffer *out)
{
    if (code < 0x80) {
        buffer_byte(out, (unsigned char)code);
        return;
    }
    if (code < 0x800) {
        buffer_byte(out, (unsigned char)(0xc0 | code >> 6));
    } else if (code < 0x10000) {
        buffer_byte(out, (unsigned char)(0xe0 | code >> 12));
        buffer_byte(out, (unsigned char)(0x80 | (code >> 6 & 0x3f)));
    } else {
        buffer_byte(out, (unsigned char)(0xf0 | code >> 18));
        buffer_byte(out, (unsigned char)(0x80 | (code >> 12 & 0x3f)));
        buffer_byte(out, (unsigned char)(0x80 | (code >> 6 & 0x3f)));
    }
    buffer_byte(out, (unsigned char)(0x80 | (code & 0x3f)));
}

/* The nth letter of an alphabet; 0 after the last. */
static uint32_t letter_nth(const struct alphabet *alphabet, size_t nth)
{
    if (!alphabet->listed)
        return nth <= alphabet->last - alphabet->first ? alphabet->first + (uint32_t)nth : 0;
    const char *at = alphabet->listed;
    for (size_t len; *at; at += len) {
        uint32_t code = code_at(at, strlen(at), &len);
        if (nth-- == 0)
            return code;
    }
    return 0;
}

static size_t letter_count(const struct alphabet *alphabet)
{
    static size_t counts[ALPHABETS];
    size_t *count = &counts[alphabet - alphabets];
    if (!alphabet->listed)
        return alphabet->last - alphabet->first + 1;
    while (*count == 0 || letter_nth(alphabet, *count))
        (*count)++;
    return *count;
}

static bool letter_is(const struct alphabet *alphabet, uint32_t code)
{
    if (code < alphabet->first || code > alphabet->last)
        return false;
    for (size_t n = 0; alphabet->listed && n < letter_count(alphabet); n++)
        if (letter_nth(alphabet, n) == code)
            return true;
    return !alphabet->listed;
}

/* What a letter is: its alphabet, its lower case, and how far it is from that. */
static size_t letter_find(uint32_t code, uint32_t *ret_lower)
{
    for (size_t a = 0; a < ALPHABETS; a++) {
        const struct alphabet *alphabet = &alphabets[a];
        *ret_lower = code;
        if (letter_is(alphabet, code))
            return a;
        *ret_lower = code + alphabet->upper;
        if (alphabet->upper > 0 && letter_is(alphabet, *ret_lower))
            return a;
    }
    *ret_lower = code;
    return NO_ALPHABET;
}

/* Marks on a letter, and letters that have no place here: they belong to a word. */
static bool is_mark(uint32_t code)
{
    return (code >= 0x300 && code <= 0x36f) ||
           (code >= 0xaa && code <= 0x24f && code != 0xd7 && code != 0xf7 &&
            (code >= 0xc0 || code == 0xaa || code == 0xba)) ||
           (code >= 0x370 && code < 0x2000) || (code >= 0x2c00 && code < 0xd800 && (code < 0x3000 || code > 0x3040)) ||
           (code >= 0xf900 && code < 0xfe00);
}

size_t alias_letters(const char *text, size_t len, size_t *ret_letters)
{
    size_t at = 0, letters = 0;
    while (at < len) {
        size_t wide;
        uint32_t lower, code = code_at(text + at, len - at, &wide);
        bool letter = letter_find(code, &lower) != NO_ALPHABET;
        if (!letter && !is_mark(code))
            break;
        letters += code >= 0x3041 ? 2 : letter || code >= 0x370; /* one sign may be a whole name */
        at += wide;
    }
    *ret_letters = letters;
    return at;
}

void alias_fold(const char *word, size_t len, struct buffer *out)
{
    for (size_t at = 0, wide; at < len; at += wide) {
        uint32_t lower, code = code_at(word + at, len - at, &wide);
        letter_find(code, &lower);
        if (code == 0xfffd && wide == 1)
            buffer_byte(out, (unsigned char)word[at]);
        else
            code_write(lower, out);
    }
}

/* --- words --- */

/* Letters of a try: consonants and vowels by turns, as far as there are enough such words. */
static uint32_t letter_make(const struct alphabet *alphabet, uint64_t dice, size_t place, bool nice)
{
    static const char vowels[] = "aeiou", others[] = "bdfghjklmnprstvz";
    if (alphabet != alphabets || !nice)
        return letter_nth(alphabet, dice % letter_count(alphabet));
    return place % 2 ? (uint32_t)vowels[dice % 5] : (uint32_t)others[dice % 16];
}

static bool invent(struct alias *alias, const char *folded, size_t len, unsigned nth, uint32_t *codes,
                   struct buffer *made)
{
    uint8_t dice[DIGEST_KEYED];
    uint64_t seed;
    size_t count = 0, letters = 0;
    digest_keyed(alias->key, folded, len, dice);
    memcpy(&seed, dice, sizeof(seed));
    buffer_clear(made);
    for (size_t at = 0, wide; at < len && count < WORD_MOST; at += wide) {
        uint32_t lower, code = code_at(folded + at, len - at, &wide);
        size_t alphabet = letter_find(code, &lower);
        uint32_t place[2] = {(uint32_t)count, nth};
        uint64_t roll = digest_seeded(seed, place, sizeof(place));
        codes[count] = alphabet == NO_ALPHABET
                           ? code
                           : letter_make(&alphabets[alphabet], roll, letters + (seed >> 60) % 2, nth < NICE_TRIES);
        letters += alphabet != NO_ALPHABET;
        code_write(codes[count++], made);
    }
    codes[count] = 0;
    return made->rc == 0 && (made->len != len || memcmp(made->data, folded, len) != 0) &&
           !numbers_get(&alias->taken, digest_fast(made->data, made->len) | 1) &&
           (!alias->avoid || !alias->avoid(alias->context, made->data, made->len));
}

/* The letters of a folded word's alias; NULL: no memory. */
static const uint32_t *word_of(struct alias *alias, const char *folded, size_t len)
{
    uint64_t digest = digest_fast(folded, len) | 1, *known = numbers_get(&alias->given, digest);
    TIDY_DONE(buffer_done) struct buffer made = {0};
    uint32_t codes[WORD_MOST + 1];
    if (known)
        return alias->words[*known];
    for (unsigned nth = 0; nth < TRIES && !invent(alias, folded, len, nth, codes, &made); nth++)
        ;
    uint32_t *kept = arena_get(alias->arena, sizeof(codes));
    if (!kept || made.rc != 0 || mem_grow(&alias->words, alias->count, &alias->room, sizeof(*alias->words)) != 0 ||
        numbers_set(&alias->given, digest, alias->count) != 0 ||
        numbers_set(&alias->taken, digest_fast(made.data, made.len) | 1, 1) != 0)
        return NULL;
    memcpy(kept, codes, sizeof(codes));
    alias->words[alias->count++] = kept;
    return kept;
}

void alias_word(struct alias *alias, const char *word, size_t len, struct buffer *out)
{
    TIDY_DONE(buffer_done) struct buffer folded = {0};
    alias_fold(word, len, &folded);
    const uint32_t *codes = folded.rc == 0 ? word_of(alias, folded.data, folded.len) : NULL;
    if (!codes) {
        out->rc = out->rc ? out->rc : -ENOMEM;
        return;
    }
    for (size_t at = 0, wide; at < len && *codes; at += wide, codes++) {
        uint32_t lower, code = code_at(word + at, len - at, &wide);
        letter_find(code, &lower);
        code_write(*codes - (lower - code), out);
    }
}

/* --- numbers --- */

/* From the right: what a digit becomes depends on those behind it. No digit stays; a zero is one, and nothing else is.
 */
static char digit_of(const struct alias *alias, const char *behind, size_t len, char digit)
{
    uint8_t digest[DIGEST_KEYED];
    char order[9];
    digest_keyed(alias->key, behind, len, digest);
    for (int i = 0; i < 9; i++)
        order[i] = (char)('1' + i);
    for (int i = 8; i > 0; i--) { /* one cycle of all nine: no digit is its own alias */
        int other = digest[i] % i;
        char kept = order[i];
        order[i] = order[other];
        order[other] = kept;
    }
    return order[digit - '1'];
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static uint64_t value_of(const char *digits, size_t len)
{
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++)
        value = value * 10 + (uint64_t)(digits[i] - '0');
    return value;
}

/* A number of JSON: `"id": 10057`, or with its quotes escaped. */
static bool is_figure(const char *text, size_t at)
{
    while (at > 0 && text[at - 1] == ' ')
        at--;
    return at > 1 && text[at - 1] == ':' && text[at - 2] == '"';
}

int alias_expect(struct alias *alias, const char *text, size_t len)
{
    int rc = 0;
    for (size_t at = 0, end; rc == 0 && at < len; at = end + 1) {
        size_t begin = at;
        for (end = at; end < len && is_digit(text[end]); end++)
            begin += begin == end && text[end] == '0';
        size_t digits = end - begin;
        if (digits < LENGTH_LEAST || digits > LENGTH_MOST || (digits > LENGTH_IDS && !is_figure(text, at)))
            continue;
        struct ids **ids = &alias->ids[digits];
        if (!*ids && !(*ids = mem_new(1, sizeof(**ids))))
            return -ENOMEM;
        uint64_t value = value_of(text + begin, digits);
        if (numbers_get(&(*ids)->others, value))
            continue;
        rc = mem_grow(&(*ids)->values, (*ids)->count, &(*ids)->room, sizeof(*(*ids)->values));
        if (rc == 0) {
            (*ids)->values[(*ids)->count++] = value;
            rc = numbers_set(&(*ids)->others, value, 0);
        }
    }
    return rc;
}

static int by_value(const void *a_item, const void *b_item)
{
    const uint64_t *a = a_item, *b = b_item;
    return *a < *b ? -1 : *a > *b;
}

/* As many others as there are, none of which is one of them, in the same order. Where too many of all that there could
 * be are there, none is found: then a number has others digit by digit. */
static int ids_settle(struct ids *ids, size_t digits)
{
    struct numbers taken = {0};
    uint64_t first = 1, dice;
    int rc = 0;
    for (size_t n = 1; n < digits; n++)
        first *= 10;
    TIDY(free) uint64_t *others = ids->count * DENSE > first * 9 ? NULL : mem_new(ids->count, sizeof(*others));
    for (size_t i = 0; others && i < ids->count;) {
        randombytes_buf(&dice, sizeof(dice));
        uint64_t other = first + dice % (first * 9);
        if (numbers_get(&ids->others, other) || numbers_get(&taken, other))
            continue;
        others[i++] = other;
        if ((rc = numbers_set(&taken, other, 1)) != 0)
            break;
    }
    numbers_done(&taken);
    if (!others || rc != 0)
        return rc;
    qsort(others, ids->count, sizeof(*others), by_value);
    qsort(ids->values, ids->count, sizeof(*ids->values), by_value);
    for (size_t i = 0; i < ids->count; i++)
        *numbers_get(&ids->others, ids->values[i]) = others[i];
    return 0;
}

int alias_settle(struct alias *alias)
{
    int rc = 0;
    for (size_t n = 0; rc == 0 && n <= LENGTH_MOST; n++)
        if (alias->ids[n])
            rc = ids_settle(alias->ids[n], n);
    return rc;
}

/* False: it is no id that was expected. */
static bool id_out(const struct alias *alias, const char *text, size_t len, struct buffer *out)
{
    size_t zeros = strspn(text, "0"), digits = len > zeros ? len - zeros : 0;
    for (size_t i = 0; i < len; i++)
        if (!is_digit(text[i]))
            return false;
    if (digits < LENGTH_LEAST || digits > LENGTH_MOST || !alias->ids[digits])
        return false;
    const uint64_t *other = numbers_get(&alias->ids[digits]->others, value_of(text + zeros, digits));
    if (!other || *other == 0)
        return false;
    buffer_add(out, text, zeros);
    buffer_format(out, "%llu", (unsigned long long)*other);
    return true;
}

void alias_number(struct alias *alias, const char *text, size_t len, size_t keep, struct buffer *out)
{
    char behind[64];
    size_t digits = 0, first = sizeof(behind);
    if (keep == 0 && id_out(alias, text, len, out))
        return;
    for (size_t i = 0; i < len; i++)
        digits += is_digit(text[i]);
    char *place = buffer_reserve(out, len);
    for (size_t i = len; place && i-- > 0;) {
        place[i] = text[i];
        if (!is_digit(text[i]) || digits-- <= keep)
            continue;
        if (text[i] != '0')
            place[i] = digit_of(alias, behind + first, sizeof(behind) - first, text[i]);
        if (first > 0)
            behind[--first] = text[i];
    }
}

int64_t alias_day(const struct alias *alias, int64_t day)
{
    return day < alias->near ? day - alias->shift : day;
}

void alias_uuid(const struct alias *alias, const char *text, struct buffer *out)
{
    static const char hex[] = "0123456789abcdef";
    uint8_t digest[DIGEST_KEYED];
    char folded[36];
    for (size_t i = 0; i < sizeof(folded); i++)
        folded[i] = (char)(text[i] >= 'A' && text[i] <= 'F' ? text[i] + 32 : text[i]);
    digest_keyed(alias->key, folded, sizeof(folded), digest);
    char *place = buffer_reserve(out, sizeof(folded));
    for (size_t i = 0, nth = 0; place && i < sizeof(folded); i++) {
        place[i] = text[i]; /* version and variant stay */
        if (text[i] == '-' || i == 14 || i == 19)
            continue;
        char made = hex[digest[nth / 2] >> (nth % 2 * 4) & 15];
        place[i] = (char)(text[i] >= 'A' && text[i] <= 'F' && made >= 'a' ? made - 32 : made);
        nth++;
    }
}
