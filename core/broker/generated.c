/* generated - values that we make and nobody keeps. */
#include "broker/generated.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char before[] = "muster.generated.";
static const char small[] = "abcdefghjkmnpqrstuvwxyz", large[] = "ABCDEFGHJKLMNPQRSTUVWXYZ", digits[] = "23456789";

enum { BEFORE = sizeof(before) - 1, WHAT = GENERATED_WHAT - 1, TOKEN = BEFORE + WHAT };

_Static_assert(TOKEN + 1 <= GENERATED_TOKEN, "a token has room");

static void said_wipe(struct generated *generated)
{
    if (generated->said)
        explicit_bzero(generated->said, generated->said_room * sizeof(*generated->said));
    generated->said_count = 0;
}

void generated_done(struct generated *generated)
{
    said_wipe(generated);
    free(generated->said);
    free(generated->used);
    explicit_bzero(generated, sizeof(*generated));
}

void generated_token(const char what[GENERATED_WHAT], char ret_token[GENERATED_TOKEN])
{
    memcpy(ret_token, before, BEFORE);
    memcpy(ret_token + BEFORE, what, WHAT);
    ret_token[TOKEN] = '\0';
}

/* --- values that are said --- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool generated_fits(const char *bytes, size_t len)
{
    for (size_t n = 0; n < len; n++)
        if (!is_letter(bytes[n]) && !memchr("-._~!@$*", bytes[n], 8))
            return false;
    return len >= GENERATED_SHORTEST && len <= GENERATED_MOST;
}

/* Where it lay nothing stays behind, as it would by realloc(). */
static int said_grow(struct generated *generated)
{
    size_t count = generated->said_count, room = count ? 2 * count : 64;
    if (count < generated->said_room)
        return 0;
    struct generated_said *said = mem_new(room, sizeof(*said));
    if (!said)
        return -ENOMEM;
    if (count > 0)
        memcpy(said, generated->said, count * sizeof(*said));
    said_wipe(generated);
    free(generated->said);
    generated->said = said;
    generated->said_count = count;
    generated->said_room = room;
    return 0;
}

static struct generated_said *said_find(const struct generated *generated, const char *what)
{
    for (size_t n = generated->said_count; n > 0; n--)
        if (memcmp(generated->said[n - 1].what, what, WHAT) == 0)
            return &generated->said[n - 1];
    return NULL;
}

int generated_say(struct generated *generated, const char what[GENERATED_WHAT], const char *bytes, size_t len)
{
    struct generated_said *said = said_find(generated, what);
    if (!generated_fits(bytes, len))
        return ERR_DATA;
    int rc = said ? 0 : said_grow(generated);
    if (rc != 0)
        return rc;
    said = said ? said : &generated->said[generated->said_count++];
    memcpy(said->what, what, GENERATED_WHAT);
    memcpy(said->value, bytes, len);
    memset(said->value + len, 0, sizeof(said->value) - len);
    return 0;
}

/* --- a value --- */

/* Bytes without end that follow from the key. */
struct stream {
    const struct generated *generated;
    const char *what;
    uint32_t round;
    uint8_t bytes[DIGEST_KEYED];
    size_t left;
};

static uint8_t byte_next(struct stream *stream)
{
    if (stream->left == 0) {
        char text[WHAT + sizeof(stream->round)];
        memcpy(text, stream->what, WHAT);
        memcpy(text + WHAT, &stream->round, sizeof(stream->round));
        digest_keyed(stream->generated->key, text, sizeof(text), stream->bytes);
        stream->round++;
        stream->left = sizeof(stream->bytes);
    }
    return stream->bytes[--stream->left];
}

/* Each as likely as any other. */
static char letter_next(struct stream *stream, const char *letters, size_t count)
{
    uint8_t byte;
    do
        byte = byte_next(stream);
    while (byte >= 256 / count * count);
    return letters[byte % count];
}

void generated_value(const struct generated *generated, const char what[GENERATED_WHAT],
                     char ret_value[GENERATED_MOST + 1])
{
    char letters[sizeof(small) + sizeof(large) + sizeof(digits)];
    const struct generated_said *said = said_find(generated, what);
    if (said) {
        memcpy(ret_value, said->value, sizeof(said->value));
        return;
    }
    struct stream stream = {.generated = generated, .what = what};
    size_t count = 0;
    memcpy(letters, small, sizeof(small) - 1);
    memcpy(letters + (count += sizeof(small) - 1), large, sizeof(large) - 1);
    memcpy(letters + (count += sizeof(large) - 1), digits, sizeof(digits));
    count += sizeof(digits) - 1;
    do {
        for (unsigned n = 0; n < generated->length; n++)
            ret_value[n] = letter_next(&stream, letters, count);
        ret_value[generated->length] = '\0';
    } while (!strpbrk(ret_value, small) || !strpbrk(ret_value, large) || !strpbrk(ret_value, digits));
    explicit_bzero(&stream, sizeof(stream));
}

/* --- tokens --- */

/* The next token; NULL: there is none. */
static const char *token_next(const char *bytes, size_t len)
{
    for (const char *at; len >= TOKEN && (at = memmem(bytes, len, before, BEFORE)) != NULL; bytes = at + 1) {
        len -= (size_t)(at - bytes);
        if (len >= TOKEN && strspn(at + BEFORE, "0123456789abcdef") >= WHAT)
            return at;
        len--;
    }
    return NULL;
}

static void what_of(const char *token, char ret_what[GENERATED_WHAT])
{
    memcpy(ret_what, token + BEFORE, WHAT);
    ret_what[WHAT] = '\0';
}

bool generated_stands(const char *bytes, size_t len)
{
    return token_next(bytes, len) != NULL;
}

static int use(struct generated *generated, const char what[GENERATED_WHAT])
{
    if (generated_used(generated, what))
        return 0;
    int rc = mem_grow(&generated->used, generated->count, &generated->room, sizeof(*generated->used));
    if (rc == 0)
        memcpy(generated->used[generated->count++], what, GENERATED_WHAT);
    return rc;
}

int generated_fill(struct generated *generated, const char *bytes, size_t len, struct buffer *out)
{
    char what[GENERATED_WHAT], value[GENERATED_MOST + 1];
    int rc = 0;
    buffer_room(out, len + (len / TOKEN + 1) * (GENERATED_MOST - TOKEN)); /* nothing is left behind by growing */
    for (const char *token; rc == 0 && (token = token_next(bytes, len)) != NULL;) {
        buffer_add(out, bytes, (size_t)(token - bytes));
        what_of(token, what);
        generated_value(generated, what, value);
        buffer_text(out, value);
        rc = use(generated, what);
        len -= (size_t)(token + TOKEN - bytes);
        bytes = token + TOKEN;
    }
    explicit_bzero(value, sizeof(value));
    buffer_add(out, bytes, len);
    return rc ? rc : out->rc;
}

/* What was said may be short, and part of something else: there it has to stand alone. */
static void star(const struct generated *generated, const char *what, char *bytes, size_t len)
{
    char value[GENERATED_MOST + 1];
    bool alone = said_find(generated, what);
    generated_value(generated, what, value);
    size_t value_len = strlen(value);
    for (char *at = bytes; (at = memmem(at, len - (size_t)(at - bytes), value, value_len)) != NULL; at++)
        if (!alone ||
            ((at == bytes || !is_letter(at[-1])) && (at + value_len == bytes + len || !is_letter(at[value_len]))))
            memset(at, '*', value_len);
    explicit_bzero(value, sizeof(value));
}

void generated_scrub(const struct generated *generated, const char *asked, size_t asked_len, char *bytes, size_t len)
{
    char what[GENERATED_WHAT];
    const char *end = asked + asked_len;
    for (const char *token; (token = token_next(asked, (size_t)(end - asked))) != NULL; asked = token + TOKEN) {
        what_of(token, what);
        star(generated, what, bytes, len);
    }
}

bool generated_used(const struct generated *generated, const char what[GENERATED_WHAT])
{
    for (size_t n = 0; n < generated->count; n++)
        if (memcmp(generated->used[n], what, GENERATED_WHAT) == 0)
            return true;
    return false;
}

void generated_forget(struct generated *generated)
{
    generated->count = 0;
    said_wipe(generated);
}
