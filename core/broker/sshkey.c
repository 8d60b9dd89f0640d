/* sshkey - what kind of private key a text holds. */
#include "broker/sshkey.h"

#include "base/base64.h"
#include "base/mem.h"
#include "base/tidy.h"

#include <stdint.h>
#include <string.h>

#define OPENSSH_MAGIC "openssh-key-v1"

struct frame {
    const char *body; /* base64 between the lines */
    size_t len;
};

/* Finds "-----BEGIN label-----" and its end. */
static bool find_frame(const char *text, size_t len, const char *label, struct frame *ret_frame)
{
    char begin[64], end[64];
    snprintf(begin, sizeof(begin), "-----BEGIN %s-----", label);
    snprintf(end, sizeof(end), "-----END %s-----", label);
    const char *head = memmem(text, len, begin, strlen(begin));
    if (!head)
        return false;
    const char *body = head + strlen(begin);
    const char *tail = memmem(body, len - (size_t)(body - text), end, strlen(end));
    if (!tail)
        return false;
    *ret_frame = (struct frame){body, (size_t)(tail - body)};
    return true;
}

/* The decoded bytes, to be wiped by the caller; NULL when it is no base64. */
static uint8_t *decode(const struct frame *frame, size_t *ret_len)
{
    uint8_t *bytes = mem_new(1, frame->len + 1);
    if (bytes && base64_read(frame->body, frame->len, bytes, frame->len + 1, ret_len))
        return bytes;
    if (bytes)
        explicit_bzero(bytes, frame->len + 1);
    free(bytes);
    return NULL;
}

/* A length-prefixed string of the SSH wire format. */
static bool next_string(const uint8_t **at, size_t *left, const uint8_t **ret_bytes, size_t *ret_len)
{
    if (*left < 4)
        return false;
    size_t len = (size_t)(*at)[0] << 24 | (size_t)(*at)[1] << 16 | (size_t)(*at)[2] << 8 | (*at)[3];
    if (len > *left - 4)
        return false;
    *ret_bytes = *at + 4;
    *ret_len = len;
    *at += 4 + len;
    *left -= 4 + len;
    return true;
}

static int type_of_name(const uint8_t *name, size_t len)
{
    static const struct {
        const char *begins;
        int type;
    } types[] = {{"ssh-rsa", SSHKEY_RSA},
                 {"ssh-dss", SSHKEY_DSA},
                 {"ecdsa-sha2-", SSHKEY_ECDSA},
                 {"ssh-ed25519", SSHKEY_ED25519},
                 {"sk-", SSHKEY_HARDWARE}};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (len >= strlen(types[i].begins) && memcmp(name, types[i].begins, strlen(types[i].begins)) == 0)
            return types[i].type;
    return SSHKEY_UNKNOWN;
}

/* magic, cipher, kdf, its options, number of keys, first public key: its own first string is the type. */
static void read_openssh(const uint8_t *bytes, size_t len, struct sshkey *key)
{
    const uint8_t *at = bytes, *string, *blob;
    size_t left = len, string_len, blob_len;
    if (left < sizeof(OPENSSH_MAGIC) || memcmp(at, OPENSSH_MAGIC, sizeof(OPENSSH_MAGIC)) != 0)
        return;
    at += sizeof(OPENSSH_MAGIC);
    left -= sizeof(OPENSSH_MAGIC);
    if (!next_string(&at, &left, &string, &string_len))
        return;
    key->encrypted = string_len != 4 || memcmp(string, "none", 4) != 0;
    if (!next_string(&at, &left, &string, &string_len) || !next_string(&at, &left, &string, &string_len) || left < 4)
        return;
    at += 4;
    left -= 4;
    if (next_string(&at, &left, &blob, &blob_len) && next_string(&blob, &blob_len, &string, &string_len))
        key->type = type_of_name(string, string_len);
}

/* The algorithm's object identifier stands near the front of the DER. */
static void read_pkcs8(const uint8_t *bytes, size_t len, struct sshkey *key)
{
    static const struct {
        const char *oid;
        size_t len;
        int type;
    } oids[] = {{"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", 11, SSHKEY_RSA},
                {"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01", 9, SSHKEY_ECDSA},
                {"\x06\x03\x2b\x65\x70", 5, SSHKEY_ED25519},
                {"\x06\x07\x2a\x86\x48\xce\x38\x04\x01", 9, SSHKEY_DSA}};
    for (size_t i = 0; i < sizeof(oids) / sizeof(oids[0]); i++)
        if (memmem(bytes, len < 40 ? len : 40, oids[i].oid, oids[i].len))
            key->type = oids[i].type;
}

static void look_inside(const struct frame *frame, struct sshkey *key)
{
    size_t len = 0;
    uint8_t *bytes = decode(frame, &len);
    if (!bytes) {
        key->form = SSHKEY_NONE;
        return;
    }
    if (key->form == SSHKEY_OPENSSH)
        read_openssh(bytes, len, key);
    else
        read_pkcs8(bytes, len, key);
    explicit_bzero(bytes, frame->len + 1);
    free(bytes);
}

struct sshkey sshkey_recognise(const char *text, size_t len)
{
    static const struct {
        const char *label;
        int type;
    } pems[] = {{"RSA PRIVATE KEY", SSHKEY_RSA}, {"EC PRIVATE KEY", SSHKEY_ECDSA}, {"DSA PRIVATE KEY", SSHKEY_DSA}};
    static const char putty[] = "PuTTY-User-Key-File-";
    struct sshkey key = {0};
    struct frame frame;
    if (find_frame(text, len, "OPENSSH PRIVATE KEY", &frame)) {
        key.form = SSHKEY_OPENSSH;
        look_inside(&frame, &key);
        return key;
    }
    for (size_t i = 0; i < sizeof(pems) / sizeof(pems[0]); i++)
        if (find_frame(text, len, pems[i].label, &frame)) {
            key.form = SSHKEY_PEM;
            key.type = pems[i].type;
            key.encrypted = memmem(frame.body, frame.len, "ENCRYPTED", 9) != NULL;
            return key;
        }
    if (find_frame(text, len, "PRIVATE KEY", &frame)) {
        key.form = SSHKEY_PKCS8;
        look_inside(&frame, &key);
    } else if (find_frame(text, len, "ENCRYPTED PRIVATE KEY", &frame)) {
        key.form = SSHKEY_PKCS8; /* its type is inside what is encrypted */
        key.encrypted = true;
    } else if (memmem(text, len, putty, strlen(putty))) {
        key.form = SSHKEY_PUTTY;
    } else if (type_of_name((const uint8_t *)text, len) != SSHKEY_UNKNOWN || memmem(text, len, "PUBLIC KEY", 10)) {
        key.form = SSHKEY_PUBLIC;
    }
    return key;
}

int sshkey_usable(const struct sshkey *key, bool has_passphrase, bool rsa, const char *what, struct err *err)
{
    if (key->form == SSHKEY_NONE)
        return err_set(err, ERR_AUTH,
                       "%s is no private key, or not a whole one: it must begin with -----BEGIN OPENSSH PRIVATE "
                       "KEY----- or the like and keep its lines; make one with ssh-keygen -t ed25519",
                       what);
    if (key->form == SSHKEY_PUBLIC)
        return err_set(err, ERR_AUTH,
                       "%s is a public key: the private one is needed, in the file of the same name without .pub",
                       what);
    if (key->form == SSHKEY_PUTTY)
        return err_set(err, ERR_UNSUPPORTED,
                       "%s is a key in PuTTY's format: convert it with puttygen KEY.ppk -O private-openssh -o KEY",
                       what);
    if (key->type == SSHKEY_RSA && !rsa)
        return err_set(err, ERR_UNSUPPORTED,
                       "%s is an RSA key, and this libssh2 (before 1.11) can only sign with it in a way that servers "
                       "no longer take: use an ed25519 or ecdsa key (ssh-keygen -t ed25519), or a password, or install "
                       "libssh2 1.11 or newer",
                       what);
    if (key->type == SSHKEY_DSA || key->type == SSHKEY_HARDWARE)
        return err_set(err, ERR_UNSUPPORTED,
                       "%s is a key of a kind that cannot be used here: make one with ssh-keygen "
                       "-t ed25519",
                       what);
    if (key->form == SSHKEY_PKCS8 && key->type == SSHKEY_ED25519)
        return err_set(err, ERR_UNSUPPORTED,
                       "%s is an ed25519 key in PKCS#8 format, which libssh2 does not read: convert it to OpenSSH's "
                       "format (ssh-keygen -p -f KEY), or make a new one with ssh-keygen -t ed25519",
                       what);
    if (key->encrypted && !has_passphrase)
        return err_set(err, ERR_AUTH,
                       "%s is locked by a passphrase, and none is given: add passphrase: !secret file:PATH", what);
    return 0;
}
