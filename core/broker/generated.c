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

void generated_done(struct generated *generated)
{
    if (generated->items)
        explicit_bzero(generated->items, generated->room * sizeof(*generated->items));
    free(generated->items);
    numbers_done(&generated->places);
    explicit_bzero(generated, sizeof(*generated));
}

void generated_token(const char what[GENERATED_WHAT], char ret_token[GENERATED_TOKEN])
{
    memcpy(ret_token, before, BEFORE);
    memcpy(ret_token + BEFORE, what, WHAT);
    ret_token[TOKEN] = '\0';
}

/* --- those that go out now --- */

/* What it is for is a digest: half of it tells those of one batch apart. */
static uint64_t place_key(const char *what)
{
    uint64_t key = 0;
    for (size_t n = WHAT / 2; n < WHAT; n++)
        key = key << 4 | (uint64_t)(what[n] <= '9' ? what[n] - '0' : what[n] - 'a' + 10);
    return key ? key : UINT64_MAX;
}

static struct generated_item *item_find(const struct generated *generated, const char *what)
{
    const uint64_t *place = numbers_get(&generated->places, place_key(what));
    struct generated_item *item = place && *place ? &generated->items[*place - 1] : NULL;
    return item && memcmp(item->what, what, WHAT) == 0 ? item : NULL;
}

/* Where it lay nothing stays behind, as it would by realloc(). */
static int items_grow(struct generated *generated)
{
    size_t count = generated->count, room = count ? 2 * count : 64;
    if (count < generated->room)
        return 0;
    struct generated_item *items = mem_new(room, sizeof(*items));
    if (!items)
        return -ENOMEM;
    if (count > 0) {
        memcpy(items, generated->items, count * sizeof(*items));
        explicit_bzero(generated->items, count * sizeof(*items));
    }
    free(generated->items);
    generated->items = items;
    generated->room = room;
    return 0;
}

/* The one that is known, or a new one. */
static int item_for(struct generated *generated, const char *what, struct generated_item **ret_item)
{
    uint64_t key = place_key(what);
    const uint64_t *place = numbers_get(&generated->places, key);
    struct generated_item *item = item_find(generated, what);
    if (!item && place && *place)
        return ERR_CONFLICT; /* half of two digests are the same */
    int rc = item ? 0 : items_grow(generated);
    if (rc == 0 && !item && (rc = numbers_set(&generated->places, key, generated->count + 1)) == 0) {
        item = &generated->items[generated->count++];
        *item = (struct generated_item){.used = false};
        memcpy(item->what, what, WHAT);
    }
    if (rc == 0)
        *ret_item = item;
    return rc;
}

void generated_forget(struct generated *generated, const char what[GENERATED_WHAT])
{
    struct generated_item *item = item_find(generated, what);
    if (!item)
        return;
    struct generated_item *last = &generated->items[--generated->count];
    *numbers_get(&generated->places, place_key(what)) = 0;
    if (item != last) {
        *item = *last;
        *numbers_get(&generated->places, place_key(item->what)) = (uint64_t)(item - generated->items) + 1;
    }
    explicit_bzero(last, sizeof(*last));
    if (generated->count == 0) /* what was forgotten takes no room */
        numbers_done(&generated->places);
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

int generated_say(struct generated *generated, const char what[GENERATED_WHAT], const char *bytes, size_t len)
{
    struct generated_item *item;
    if (!generated_fits(bytes, len))
        return ERR_DATA;
    int rc = item_for(generated, what, &item);
    if (rc != 0)
        return rc;
    memcpy(item->value, bytes, len);
    memset(item->value + len, 0, sizeof(item->value) - len);
    return 0;
}

/* NULL: nothing was said of it. */
static const struct generated_item *said_find(const struct generated *generated, const char *what)
{
    const struct generated_item *item = item_find(generated, what);
    return item && item->value[0] ? item : NULL;
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
    const struct generated_item *said = said_find(generated, what);
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

static int use(struct generated *generated, const char *what)
{
    struct generated_item *item;
    int rc = item_for(generated, what, &item);
    if (rc == 0)
        item->used = true;
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
    const struct generated_item *item = item_find(generated, what);
    return item && item->used;
}
