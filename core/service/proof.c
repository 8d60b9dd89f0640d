/* proof - how who calls shows that they may. */
#include "service/proof.h"

#include "base/mem.h"
#include "base/signature.h"
#include "broker/secretstore.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { WORDS = 6, SECONDS_MOST = 86400 };

/* --- made --- */

static size_t words_of(const char *way, struct arena *arena, const char *ret_words[WORDS + 1])
{
    size_t count = 0;
    while (*way && count <= WORDS) {
        size_t len = strcspn(way, " ");
        if (!(ret_words[count++] = arena_copy(arena, way, len)))
            return 0;
        way += len;
        way += strspn(way, " ");
    }
    return count;
}

/* "hmac-sha256 HEADER [ENCODING [TEXT [TIME_HEADER SECONDS]]]". */
static bool signature_words(const char *const *words, size_t count, struct proof *proof)
{
    char *end = NULL;
    proof->how = PROOF_SIGNED;
    proof->header = words[1];
    proof->encoding = count > 2 ? words[2] : "hex";
    proof->text = count > 3 ? words[3] : "{body}";
    if (count > 4)
        proof->time_header = words[4];
    if (count > 5)
        proof->tolerance_s = strtoll(words[5], &end, 10);
    bool encoded = strcmp(proof->encoding, "hex") == 0 || strcmp(proof->encoding, "base64") == 0;
    bool timed = count == 6 && *end == '\0' && proof->tolerance_s > 0 && proof->tolerance_s <= SECONDS_MOST;
    return encoded && (count <= 4 || timed);
}

static bool way_read(const char *way, struct arena *arena, struct proof *proof)
{
    const char *words[WORDS + 1];
    size_t count = words_of(way, arena, words);
    if (count == 1 && strcmp(words[0], "bearer") == 0)
        proof->how = PROOF_BEARER;
    else if (count == 2 && strcmp(words[0], "key") == 0)
        proof->how = PROOF_KEY;
    else if (count >= 2 && count <= WORDS && strcmp(words[0], "hmac-sha256") == 0)
        return signature_words(words, count, proof);
    proof->header = proof->how == PROOF_KEY ? words[1] : "Authorization";
    return proof->how != PROOF_NONE;
}

int proof_make(const char *way, const struct secretref *secrets, size_t count, const char *what, struct arena *arena,
               struct proof *ret_proof, struct err *err)
{
    *ret_proof = (struct proof){0};
    if (!way_read(way, arena, ret_proof))
        return err_set(err, ERR_CONFIG,
                       "%s: its connector asks for a way to show who one is that is not known here: %s", what,
                       *way ? way : "none");
    ret_proof->digests = arena_get(arena, (count + 1) * sizeof(*ret_proof->digests));
    ret_proof->secrets = arena_get(arena, (count + 1) * sizeof(*ret_proof->secrets));
    if (!ret_proof->digests || !ret_proof->secrets)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        TIDY_DONE(secret_done) struct secret secret = {0};
        int rc = secretstore_read(&secrets[i], what, &secret, err);
        if (rc != 0)
            return rc;
        digest_sha256(secret_reveal(&secret), secret.len, ret_proof->digests[i]);
        if (ret_proof->how == PROOF_SIGNED) {
            ret_proof->secrets[i] = secret;
            secret = (struct secret){0};
        }
        ret_proof->secret_count++;
    }
    return 0;
}

void proof_done(struct proof *proof)
{
    for (size_t i = 0; i < proof->secret_count; i++)
        secret_done(&proof->secrets[i]);
}

/* --- shown --- */

bool proof_early(const struct proof *proof)
{
    return proof->how == PROOF_BEARER || proof->how == PROOF_KEY;
}

static bool known(const struct proof *proof, const char *said)
{
    uint8_t digest[DIGEST_SHA256];
    int fits = 0;
    digest_sha256(said, strlen(said), digest);
    for (size_t i = 0; i < proof->secret_count; i++)
        fits |= digest_equal(digest, proof->digests[i]);
    return fits != 0;
}

static void text_write(const struct proof *proof, const struct web_request *request, const char *time, const char *path,
                       struct buffer *out)
{
    const struct {
        const char *word;
        const char *bytes;
        size_t len;
    } words[] = {{"{time}", time, strlen(time)},
                 {"{method}", request->method, strlen(request->method)},
                 {"{path}", path, strlen(path)},
                 {"{body}", request->body, request->body_len}};
    for (const char *at = proof->text; *at;) {
        size_t n = 0, count = sizeof(words) / sizeof(*words);
        while (n < count && strncmp(at, words[n].word, strlen(words[n].word)) != 0)
            n++;
        if (n < count)
            buffer_add(out, words[n].bytes, words[n].len);
        else
            buffer_byte(out, (unsigned char)*at);
        at += n < count ? strlen(words[n].word) : 1;
    }
}

/* With or without "sha256=" before it. */
static int signed_so(const struct proof *proof, const struct web_request *request, const char *time, const char *path,
                     const uint8_t shown[DIGEST_SHA256])
{
    TIDY_DONE(buffer_done) struct buffer text = {0};
    int fits = 0;
    text_write(proof, request, time, path, &text);
    for (size_t i = 0; i < proof->secret_count && text.rc == 0; i++) {
        TIDY_DONE(buffer_done) struct buffer written = {0};
        uint8_t made[DIGEST_SHA256];
        signature_write("hmac-sha256", proof->encoding, secret_reveal(&proof->secrets[i]), proof->secrets[i].len,
                        text.data ? text.data : "", text.len, &written);
        if (written.rc != 0)
            return 0;
        digest_sha256(written.data, written.len, made);
        fits |= digest_equal(shown, made);
    }
    return fits;
}

/* As it came, without the query. NULL: no memory. */
static char *path_of(const struct web_request *request)
{
    return mem_copy(request->target, strcspn(request->target, "?"));
}

static bool signature_shown(const struct proof *proof, struct web_request *request, const char *rest, int64_t now_ms)
{
    const char *said = web_header(request, proof->header);
    const char *time = proof->time_header ? web_header(request, proof->time_header) : "";
    uint8_t shown[DIGEST_SHA256];
    char *end = NULL;
    TIDY(free) char *whole = path_of(request);
    if (!said || !time || !whole)
        return false;
    said += strncmp(said, "sha256=", 7) == 0 ? 7 : 0;
    digest_sha256(said, strlen(said), shown);
    int fits = signed_so(proof, request, time, whole, shown);
    if (strstr(proof->text, "{path}"))
        fits |= signed_so(proof, request, time, rest, shown);
    if (!proof->time_header)
        return fits != 0;
    errno = 0;
    long long then = strtoll(time, &end, 10);
    bool number = errno == 0 && end != time && *end == '\0';
    int64_t off = number && then > 0 && then < INT64_MAX / 2000 ? then - now_ms / 1000 : INT64_MAX;
    return fits != 0 && off <= proof->tolerance_s && off >= -proof->tolerance_s;
}

bool proof_shown(const struct proof *proof, struct web_request *request, const char *rest, int64_t now_ms)
{
    if (proof->how == PROOF_NONE)
        return true;
    if (proof->how == PROOF_SIGNED)
        return signature_shown(proof, request, rest, now_ms);
    const char *said = web_header(request, proof->header);
    if (!said)
        return false;
    if (proof->how == PROOF_BEARER && strncasecmp(said, "Bearer ", 7) != 0)
        return false;
    if (proof->how == PROOF_BEARER) {
        said += 7;
        said += strspn(said, " ");
    }
    return known(proof, said);
}
