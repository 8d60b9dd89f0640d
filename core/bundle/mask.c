/* mask - words, numbers and days of one value. */
#include "bundle/mask.h"

#include "base/date.h"
#include "base/digest.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>

enum { WORD_LEAST = 2, NUMBER_LEAST = 4, NAME_LEAST = 4, PHONE_LEAST = 7, UUID_LEN = 36, DAY_MS = 86400000 };

static bool avoided(void *context, const char *word, size_t len)
{
    const struct mask *mask = context;
    uint64_t digest = digest_fast(word, len) | 1;
    return numbers_get(&mask->personal, digest) || numbers_get(&mask->open, digest) ||
           numbers_get(&mask->names, digest);
}

int mask_init(struct mask *mask, int64_t now_ms, struct arena *arena)
{
    *mask = (struct mask){.arena = arena, .now_ms = now_ms};
    mask->alias = alias_new(now_ms, avoided, mask);
    return mask->alias ? 0 : -ENOMEM;
}

void mask_done(struct mask *mask)
{
    alias_free(mask->alias);
    numbers_done(&mask->names);
    numbers_done(&mask->open);
    numbers_done(&mask->personal);
    numbers_done(&mask->born);
    free(mask->dates);
}

/* --- words and numbers --- */

struct token {
    enum { TOKEN_OTHER, TOKEN_WORD, TOKEN_NUMBER, TOKEN_DAY, TOKEN_UUID } type;
    const char *text;
    size_t len;
    size_t size; /* letters; digits without zeros in front */
};

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_hex(char byte)
{
    return is_digit(byte) || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}

static bool is_uuid(const char *text, size_t len)
{
    for (size_t i = 0; i < UUID_LEN; i++)
        if (i >= len || (i == 8 || i == 13 || i == 18 || i == 23 ? text[i] != '-' : !is_hex(text[i])))
            return false;
    return len == UUID_LEN || (!is_hex(text[UUID_LEN]) && text[UUID_LEN] != '-');
}

static bool token_next(const char *text, size_t len, size_t *at, struct token *ret_token)
{
    struct token token = {.text = text + *at, .len = 1};
    size_t left = len - *at;
    struct date date;
    if (left == 0)
        return false;
    bool begins = *at == 0 || !is_hex(text[*at - 1]);
    if (begins && is_uuid(token.text, left)) {
        token.type = TOKEN_UUID;
        token.len = UUID_LEN;
    } else if (is_digit(*token.text) && left >= 10 && date_read(token.text, 10, &date) &&
               (left == 10 || !is_digit(token.text[10]))) {
        token.type = TOKEN_DAY;
        token.len = 10;
    } else if (is_digit(*token.text)) {
        token.type = TOKEN_NUMBER;
        while (token.len < left && is_digit(token.text[token.len]))
            token.len++;
        while (token.size < token.len && token.text[token.size] == '0')
            token.size++;
        token.size = token.len - token.size;
    } else {
        size_t letters, wide = alias_letters(token.text, left, &letters);
        token.type = wide > 0 ? TOKEN_WORD : TOKEN_OTHER;
        token.len = wide > 0 ? wide : 1;
        token.size = letters;
    }
    *at += token.len;
    *ret_token = token;
    return true;
}

/* What it is known by: a word without its case, a number without the zeros in front. 0: no memory. */
static uint64_t token_digest(const struct token *token)
{
    TIDY_DONE(buffer_done) struct buffer folded = {0};
    if (token->type == TOKEN_NUMBER)
        return digest_fast(token->text + token->len - token->size, token->size) | 1;
    alias_fold(token->text, token->len, &folded);
    return folded.rc == 0 ? digest_fast(folded.data ? folded.data : "", folded.len) | 1 : 0;
}

static bool in(const struct numbers *set, uint64_t digest)
{
    return numbers_get(set, digest) != NULL;
}

static void set_add(struct mask *mask, struct numbers *set, uint64_t digest)
{
    int rc = digest == 0 ? -ENOMEM : numbers_set(set, digest, 1);
    mask->rc = mask->rc ? mask->rc : rc;
}

/* Of people what is too short to be told from other words is not theirs alone. */
static bool learns(const struct mask *mask, const struct numbers *set, const struct token *token)
{
    if (token->type == TOKEN_WORD)
        return set != &mask->personal || token->size >= NAME_LEAST;
    return token->type == TOKEN_NUMBER && token->size > 0 && (set != &mask->personal || token->len >= NUMBER_LEAST);
}

static void tokens_learn(struct mask *mask, struct numbers *set, const char *text, size_t len, bool numbers)
{
    struct token token;
    for (size_t at = 0; token_next(text, len, &at, &token);)
        if (learns(mask, set, &token) && (numbers || token.type != TOKEN_NUMBER))
            set_add(mask, set, token_digest(&token));
}

void mask_learn(struct mask *mask, struct numbers *set, const char *text, size_t len)
{
    tokens_learn(mask, set, text, len, true);
}

void mask_learn_words(struct mask *mask, struct numbers *set, const char *text, size_t len)
{
    tokens_learn(mask, set, text, len, false);
}

bool mask_finds(const struct mask *mask, const char *text, size_t len, const char **ret_at, size_t *ret_len)
{
    struct token token;
    for (size_t at = 0; token_next(text, len, &at, &token);) {
        if (token.type != TOKEN_WORD || token.size < NAME_LEAST)
            continue;
        uint64_t digest = token_digest(&token);
        if (!in(&mask->personal, digest) || in(&mask->names, digest))
            continue;
        *ret_at = token.text;
        *ret_len = token.len;
        return true;
    }
    return false;
}

/* --- what stays --- */

static bool stays(const struct mask *mask, const struct token *token, uint64_t digest, bool whole, enum mask_how how)
{
    bool personal = in(&mask->personal, digest);
    if (token->type == TOKEN_WORD && (token->size < WORD_LEAST || in(&mask->names, digest)))
        return true;
    if (token->type == TOKEN_NUMBER && token->size < NUMBER_LEAST)
        return token->size == 0 || !personal || (!whole && token->len < NUMBER_LEAST);
    if (personal)
        return false;
    return in(&mask->open, digest) || how == MASK_GIVEN || (how == MASK_ASKED && !in(&mask->born, digest));
}

bool mask_same(const struct buffer *text, const struct buffer *made)
{
    return text->len == made->len && (text->len == 0 || memcmp(text->data, made->data, text->len) == 0);
}

/* What is somebody's and came out as it went in: that must never be. */
static void watch(struct mask *mask, const struct token *token, uint64_t digest, const char *came)
{
    if (!mask->kept && in(&mask->personal, digest) && memcmp(token->text, came, token->len) == 0)
        mask->kept = "a word or number of somebody has no other in its place";
}

static void token_out(struct mask *mask, const struct token *token, bool whole, enum mask_how how, struct buffer *out)
{
    uint64_t digest = token_digest(token);
    if (stays(mask, token, digest, whole, how)) {
        buffer_add(out, token->text, token->len);
        return;
    }
    if (how == MASK_SAID)
        set_add(mask, &mask->born, digest);
    size_t begins = out->len;
    if (token->type == TOKEN_WORD)
        alias_word(mask->alias, token->text, token->len, out);
    else if (token->type == TOKEN_NUMBER)
        alias_number(mask->alias, token->text, token->len, 0, out);
    else
        alias_uuid(mask->alias, token->text, out);
    if (out->rc == 0 && out->len - begins == token->len)
        watch(mask, token, digest, out->data + begins);
}

/* --- days --- */

/* Writes the day that stands for this one. What was not said stays: a connector knows days of its own. */
static void day_out(struct mask *mask, struct moment *moment, const char *pattern, const struct token *token,
                    enum mask_how how, struct buffer *out)
{
    int64_t day = date_days(moment->date), now = mask->now_ms / DAY_MS;
    uint64_t digest = token_digest(token);
    bool century = day > now + 3653 && !strstr(pattern, "YYYY"); /* 68 is not to come */
    if (century)
        moment->date.year -= 100;
    day = date_days(moment->date);
    int64_t other =
        how == MASK_SAID || (how == MASK_ASKED && in(&mask->born, digest)) ? alias_day(mask->alias, day) : day;
    if (how == MASK_SAID)
        set_add(mask, &mask->born, digest);
    if (other == day) {
        buffer_add(out, token->text, token->len);
        return;
    }
    moment->date = date_from_days(other);
    date_format(pattern, moment, out);
}

static bool day_by(struct mask *mask, const char *pattern, const struct token *token, enum mask_how how,
                   struct buffer *out)
{
    TIDY_DONE(buffer_done) struct buffer again = {0};
    struct moment moment;
    if (!date_parse(pattern, token->text, token->len, &moment))
        return false;
    date_format(pattern, &moment, &again);
    if (again.rc != 0 || again.len != token->len || memcmp(again.data, token->text, token->len) != 0 ||
        !date_valid(moment.date))
        return false;
    day_out(mask, &moment, pattern, token, how, out);
    return true;
}

/* By the first pattern that fits. */
static bool day_by_any(struct mask *mask, const struct token *token, enum mask_how how, struct buffer *out)
{
    static const char *const usual[] = {"YYYY-MM-DD", "DD.MM.YYYY", "DD-MM-YYYY", "DD/MM/YYYY", "MM/DD/YYYY",
                                        "YYYY/MM/DD", "D.M.YYYY",   "D-M-YYYY",   "D/M/YYYY",   "DD.MM.YY",
                                        "DD-MM-YY",   "DD/MM/YY",   "YYYYMMDD"};
    bool made = false;
    for (size_t i = 0; i < mask->date_count && !made; i++)
        made = day_by(mask, mask->dates[i], token, how, out);
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]) && !made; i++)
        made = day_by(mask, usual[i], token, how, out);
    return made;
}

static bool whole_day(struct mask *mask, const char *text, size_t len, enum mask_how how, struct buffer *out)
{
    const struct token token = {.type = TOKEN_DAY, .text = text, .len = len};
    struct token number;
    size_t at = 0;
    bool theirs = token_next(text, len, &at, &number) && number.type == TOKEN_NUMBER &&
                  in(&mask->personal, token_digest(&number));
    return len >= 6 && len <= 40 && !theirs && day_by_any(mask, &token, how, out);
}

/* "31.02.1990": written as a day is, and none. */
static bool is_no_day(const char *text, size_t len)
{
    size_t groups = 0, digits = 0;
    char between = 0;
    for (size_t i = 0; i <= len; i++) {
        if (i < len && is_digit(text[i])) {
            digits++;
        } else if (digits == 0 || (digits > 2 && digits != 4) || (i < len && between && text[i] != between)) {
            return false;
        } else {
            groups++;
            digits = 0;
            between = i < len ? text[i] : between;
        }
    }
    return groups == 3 && strchr("-./", between);
}

static void tokens_out(struct mask *mask, const char *text, size_t len, enum mask_how how, struct buffer *out)
{
    struct token token;
    struct moment moment = {0};
    for (size_t at = 0; token_next(text, len, &at, &token);)
        if (token.type == TOKEN_OTHER)
            buffer_add(out, token.text, token.len);
        else if (token.type == TOKEN_DAY && date_read(token.text, token.len, &moment.date))
            day_out(mask, &moment, "YYYY-MM-DD", &token, how, out);
        else
            token_out(mask, &token, token.len == len, how, out);
}

/* What is no day must not become one. */
static void no_day_out(struct mask *mask, const char *text, size_t len, enum mask_how how, struct buffer *out)
{
    TIDY_DONE(buffer_done) struct buffer made = {0};
    TIDY_DONE(buffer_done) struct buffer unused = {0};
    tokens_out(mask, text, len, how, &made);
    const struct token token = {.type = TOKEN_DAY, .text = made.data, .len = made.len};
    if (made.rc == 0 && day_by_any(mask, &token, MASK_GIVEN, &unused))
        buffer_add(out, text, len);
    else
        buffer_add(out, made.data, made.len);
    out->rc = out->rc ? out->rc : made.rc;
}

/* --- a value --- */

/* Digits, and what people write between those of a telephone number. */
static bool is_phone(const char *text, size_t len)
{
    size_t digits = 0, others = 0;
    for (size_t i = 0; i < len; i++) {
        if (is_digit(text[i]))
            digits++;
        else if (strchr("+-(). /", text[i]) && text[i])
            others++;
        else
            return false;
    }
    return others > 0 && digits >= PHONE_LEAST;
}

static void phone_out(struct mask *mask, const char *text, size_t len, enum mask_how how, struct buffer *out)
{
    TIDY_DONE(buffer_done) struct buffer digits = {0};
    text_digits(text, len, &digits);
    struct token token = {.type = TOKEN_NUMBER, .text = digits.data, .len = digits.len, .size = digits.len};
    while (token.size > 0 && token.text[token.len - token.size] == '0')
        token.size--;
    uint64_t digest = token_digest(&token);
    size_t keep = text[0] == '+' ? 2 : digits.len > 9 && strncmp(digits.data, "00", 2) == 0 ? 4 : 0;
    if (stays(mask, &token, digest, true, how)) {
        buffer_add(out, text, len);
        return;
    }
    if (how == MASK_SAID)
        set_add(mask, &mask->born, digest);
    alias_number(mask->alias, text, len, keep, out);
}

static bool is_address(const char *text, size_t len)
{
    return (len > 8 && (strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0)) ||
           (len > 2 && text[0] == '/' && memchr(text, '?', len) && !memchr(text, ' ', len));
}

void mask_text(struct mask *mask, const char *text, size_t len, enum mask_how how, struct buffer *out)
{
    const char *inner = text;
    size_t inner_len = len;
    text_trim(&inner, &inner_len);
    buffer_add(out, text, (size_t)(inner - text));
    if (is_address(inner, inner_len))
        mask_address(mask, inner, inner_len, how, out);
    else if (inner_len == 0 || whole_day(mask, inner, inner_len, how, out))
        ;
    else if (is_no_day(inner, inner_len))
        no_day_out(mask, inner, inner_len, how, out);
    else if (is_phone(inner, inner_len))
        phone_out(mask, inner, inner_len, how, out);
    else
        tokens_out(mask, inner, inner_len, how, out);
    buffer_add(out, inner + inner_len, len - (size_t)(inner + inner_len - text));
}

void mask_figure(struct mask *mask, const char *text, size_t len, enum mask_how how, struct buffer *out)
{
    int64_t unit = len == 13 ? 1 : len == 10 ? 1000 : 0;
    int64_t value = 0;
    for (size_t i = 0; i < len && unit > 0; i++) {
        unit = is_digit(text[i]) ? unit : 0;
        value = value * 10 + (text[i] - '0');
    }
    int64_t ms = value * unit;
    if (unit == 0 || ms < INT64_C(10) * 365 * DAY_MS || ms > mask->now_ms + INT64_C(10) * 365 * DAY_MS) {
        mask_text(mask, text, len, how, out);
        return;
    }
    int64_t moved = how == MASK_SAID ? alias_day(mask->alias, ms / DAY_MS) - ms / DAY_MS : 0;
    buffer_format(out, "%lld", (long long)(value + moved * (DAY_MS / (unit == 1 ? 1 : 1000))));
}

int mask_body(struct mask *mask, const char *bytes, size_t len, enum mask_how how, struct buffer *out)
{
    size_t blanks = 0;
    if (len >= 4 && memcmp(bytes, "PK\3\4", 4) == 0)
        return mask_workbook(mask, bytes, len, how, out);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)bytes[i] < 9)
            return ERR_UNSUPPORTED;
    while (blanks < len && strchr(" \t\r\n", bytes[blanks]))
        blanks++;
    if (blanks + 3 < len && memcmp(bytes + blanks, "\xef\xbb\xbf", 3) == 0)
        blanks += 3;
    if (blanks < len && (bytes[blanks] == '{' || bytes[blanks] == '[')) {
        mask_json(mask, bytes, len, how, out);
    } else if (blanks < len && bytes[blanks] == '<') {
        mask_markup(mask, bytes, len, how, out);
    } else {
        for (size_t at = 0, end; at < len; at = end + 1) {
            for (end = at; end < len && !strchr(",;\t|\"\r\n", bytes[end]); end++)
                ;
            mask_text(mask, bytes + at, end - at, how, out);
            if (end < len)
                buffer_byte(out, (unsigned char)bytes[end]);
        }
    }
    return out->rc ? out->rc : mask->rc;
}
