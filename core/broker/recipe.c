/* recipe - a text with words in braces, written out for one attempt of one call. */
#include "broker/recipe.h"

#include "base/digest.h"
#include "base/jsontext.h"
#include "base/mem.h"
#include "base/signature.h"
#include "base/tidy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WORD_MAX = 100 };

/* What is written on the way holds secrets. */
static void wipe(struct buffer *buffer)
{
    if (buffer->data)
        explicit_bzero(buffer->data, buffer->room);
    buffer_done(buffer);
}

#define WIPED __attribute__((cleanup(wipe))) struct buffer

static const char *const words[] = {"method", "host", "path",        "query",    "target",  "option:",
                                    "secret", "user", "secret:",     "token",    "time_s",  "time_ms",
                                    "nonce",  "body", "sha256:body", "md5:body", "sorted:", NULL};

/* The length of what looks like a word that begins here, without the braces; 0: it is a brace and nothing more. */
static size_t word_at(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    size_t name = *text == '{' ? strspn(text + 1, letters) : 0;
    size_t len = name > 0 && text[1 + name] == ':' ? strcspn(text + 1, "}\n{") : name;
    return len > 0 && len < WORD_MAX && text[1 + len] == '}' ? len : 0;
}

static bool known(const char *word)
{
    for (size_t i = 0; words[i]; i++) {
        size_t len = strlen(words[i]);
        if (strncmp(word, words[i], len) == 0 && (words[i][len - 1] == ':' || !word[len]))
            return true;
    }
    return false;
}

bool recipe_uses(const char *text, const char *word)
{
    for (const char *at = text ? strchr(text, '{') : NULL; at; at = strchr(at + 1, '{'))
        if (word_at(at) > 0 && strncmp(at + 1, word, strlen(word)) == 0)
            return true;
    return false;
}

static int body_whole(const struct recipe *recipe, struct buffer *out)
{
    if (recipe->body_fd < 0) {
        buffer_add(out, recipe->body, recipe->body_len);
        return out->rc;
    }
    struct stat info;
    if (fstat(recipe->body_fd, &info) != 0)
        return -errno;
    char *place = buffer_reserve(out, (size_t)info.st_size);
    for (off_t have = 0; place && have < info.st_size;) {
        ssize_t got = pread(recipe->body_fd, place + have, (size_t)(info.st_size - have), have);
        if (got <= 0)
            return got < 0 ? -errno : -EIO;
        have += got;
    }
    return out->rc;
}

static int body_digest(const struct recipe *recipe, const char *digest, struct buffer *out)
{
    uint8_t sum[DIGEST_SHA256];
    char hex[DIGEST_HEX];
    if (recipe->body_fd < 0) {
        signature_write(digest, "hex", "", 0, recipe->body, recipe->body_len, out);
        return out->rc;
    }
    if (strcmp(digest, "sha256") == 0) {
        int rc = digest_fd(recipe->body_fd, sum);
        if (rc == 0) {
            digest_hex(sum, sizeof(sum), hex);
            buffer_text(out, hex);
        }
        return rc ? rc : out->rc;
    }
    TIDY_DONE(buffer_done) struct buffer body = {0};
    int rc = body_whole(recipe, &body);
    if (rc == 0)
        signature_write(digest, "hex", "", 0, body.data ? body.data : "", body.len, out);
    return rc ? rc : out->rc;
}

static int by_name(const void *a, const void *b)
{
    const struct recipe_pair *one = a, *other = b;
    int order = strcmp(one->name, other->name);
    return order ? order : strcmp(one->value, other->value);
}

/* name=value of all that have a value, in the order of their names. */
static int sorted(const struct recipe *recipe, const char *separator, size_t separator_len, struct buffer *out)
{
    size_t bytes = recipe->pair_count * sizeof(*recipe->pairs);
    struct recipe_pair *pairs __attribute__((cleanup(tidy_free))) = mem_new(recipe->pair_count + 1, sizeof(*pairs));
    if (!pairs)
        return -ENOMEM;
    if (bytes > 0)
        memcpy(pairs, recipe->pairs, bytes);
    qsort(pairs, recipe->pair_count, sizeof(*pairs), by_name);
    bool first = true;
    for (size_t i = 0; i < recipe->pair_count; i++) {
        if (!*pairs[i].value)
            continue;
        if (!first)
            buffer_add(out, separator, separator_len);
        first = false;
        buffer_text(out, pairs[i].name);
        buffer_byte(out, '=');
        buffer_text(out, pairs[i].value);
    }
    return out->rc;
}

static int offered(const char *value, const char *word, struct buffer *out, struct err *err)
{
    if (!value)
        return err_set(err, ERR_CONFIG, "the connector's recipe for logging in wants {%s}, and there is none here",
                       word);
    buffer_text(out, value);
    return out->rc;
}

static int option_write(const struct recipe *recipe, const char *name, struct buffer *out, struct err *err)
{
    const char *text = connection_option(recipe->keyring->connection, name);
    if (!text)
        return err_set(err, ERR_CONFIG, "option '%s' is missing: the log-in needs it", name);
    buffer_text(out, text);
    return out->rc;
}

static int target_write(const struct recipe *recipe, struct buffer *out)
{
    buffer_text(out, recipe->url->path);
    if (*recipe->url->query)
        buffer_format(out, "?%s", recipe->url->query);
    return out->rc;
}

/* What one word stands for, as it is. */
static int word_write(const char *word, const struct recipe *recipe, struct buffer *out, struct err *err)
{
    const struct secret *secret = NULL;
    if (strcmp(word, "method") == 0)
        return offered(recipe->method, word, out, err);
    if (strcmp(word, "host") == 0)
        return offered(recipe->url->host, word, out, err);
    if (strcmp(word, "path") == 0)
        return offered(recipe->url->path, word, out, err);
    if (strcmp(word, "query") == 0)
        return offered(recipe->url->query, word, out, err);
    if (strcmp(word, "target") == 0)
        return target_write(recipe, out);
    if (strncmp(word, "option:", 7) == 0)
        return option_write(recipe, word + 7, out, err);
    if (strncmp(word, "secret:", 7) == 0) {
        int rc = keyring_secret(recipe->keyring, word + 7, &secret, err);
        return rc ? rc : offered(secret_reveal(secret), word, out, err);
    }
    if (strcmp(word, "secret") == 0)
        return offered(recipe->secret, word, out, err);
    if (strcmp(word, "user") == 0)
        return offered(recipe->user, word, out, err);
    if (strcmp(word, "token") == 0)
        return offered(recipe->token, word, out, err);
    if (strcmp(word, "nonce") == 0)
        return offered(recipe->nonce, word, out, err);
    if (strcmp(word, "time_s") == 0)
        buffer_format(out, "%lld", (long long)(recipe->now_ms / 1000));
    else if (strcmp(word, "time_ms") == 0)
        buffer_format(out, "%lld", (long long)recipe->now_ms);
    else if (strcmp(word, "body") == 0)
        return body_whole(recipe, out);
    else if (strncmp(word, "sorted:", 7) == 0)
        return sorted(recipe, word + 7, strlen(word + 7), out);
    else
        return body_digest(recipe, word[0] == 'm' ? "md5" : "sha256", out);
    return out->rc;
}

static void escaped_add(const struct buffer *value, enum recipe_escape escape, struct buffer *out)
{
    const char *text = value->data ? value->data : "";
    if (escape == RECIPE_PLAIN) {
        buffer_add(out, text, value->len);
    } else if (escape == RECIPE_FORM) {
        url_escape(text, value->len, out);
    } else { /* what stands between the quotes of a JSON string */
        WIPED quoted = {0};
        json_string(&quoted, text, value->len);
        if (quoted.rc == 0)
            buffer_add(out, quoted.data + 1, quoted.len - 2);
        else
            out->rc = quoted.rc;
    }
}

int recipe_write(const char *text, const struct recipe *recipe, enum recipe_escape escape, struct buffer *out,
                 struct err *err)
{
    while (*text) {
        size_t plain = strcspn(text, "{"), len;
        buffer_add(out, text, plain);
        text += plain;
        if (!*text)
            break;
        if ((len = word_at(text)) == 0) {
            buffer_byte(out, '{');
            text++;
            continue;
        }
        char word[WORD_MAX + 1];
        WIPED value = {0};
        buffer_room(&value, 4096); /* once, so that growing leaves nothing behind */
        memcpy(word, text + 1, len);
        word[len] = '\0';
        int rc = known(word) ? word_write(word, recipe, &value, err)
                             : err_set(err, ERR_CONFIG,
                                       "the connector's recipe for logging in has the word {%s}, "
                                       "which is none",
                                       word);
        if (rc != 0)
            return err_set(err, rc, "the log-in cannot be made: %s", err_text(rc));
        escaped_add(&value, escape, out);
        text += len + 2;
    }
    return out->rc;
}
