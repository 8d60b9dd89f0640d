/* hostkey - whether a server is the one it should be.
 *
 * Reads the known_hosts file that an option names; writes nothing. */
#include "broker/hostkey.h"

#include "base/base64.h"
#include "base/buffer.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/tidy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
    int type, known;
    const char *name, *algorithms;
} kinds[] = {
    {LIBSSH2_HOSTKEY_TYPE_ED25519, LIBSSH2_KNOWNHOST_KEY_ED25519, "ED25519", "ssh-ed25519"},
    {LIBSSH2_HOSTKEY_TYPE_ECDSA_256, LIBSSH2_KNOWNHOST_KEY_ECDSA_256, "ECDSA", "ecdsa-sha2-nistp256"},
    {LIBSSH2_HOSTKEY_TYPE_ECDSA_384, LIBSSH2_KNOWNHOST_KEY_ECDSA_384, "ECDSA", "ecdsa-sha2-nistp384"},
    {LIBSSH2_HOSTKEY_TYPE_ECDSA_521, LIBSSH2_KNOWNHOST_KEY_ECDSA_521, "ECDSA", "ecdsa-sha2-nistp521"},
    {LIBSSH2_HOSTKEY_TYPE_RSA, LIBSSH2_KNOWNHOST_KEY_SSHRSA, "RSA", "rsa-sha2-512,rsa-sha2-256,ssh-rsa"},
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

bool hostkey_pin(const char *text, size_t len, uint8_t ret_pin[32])
{
    if (len > 7 && strncasecmp(text, "SHA256:", 7) == 0) {
        text += 7;
        len -= 7;
    }
    size_t got = 0;
    return len >= 43 && len <= 44 && base64_read(text, len, ret_pin, 32, &got) && got == 32;
}

int hostkey_read(const struct connection *connection, struct hostkey *ret_hostkey, struct err *err)
{
    struct hostkey hostkey = {0};
    const char *pins = connection_option(connection, "host_key");
    for (const char *at = pins; at && *at;) {
        at += strspn(at, " ,\t\n");
        size_t len = strcspn(at, " ,\t\n");
        if (len == 0)
            break;
        if (hostkey.pin_count == HOSTKEY_PINS)
            return err_set(err, ERR_CONFIG, "option 'host_key': at most %d fingerprints", HOSTKEY_PINS);
        if (!hostkey_pin(at, len, hostkey.pins[hostkey.pin_count]))
            return err_set(err, ERR_CONFIG,
                           "option 'host_key': '%.*s' is no SHA256 fingerprint: write SHA256: and 43 characters, as "
                           "ssh-keygen -lf shows it",
                           (int)(len < 100 ? len : 100), at);
        hostkey.pin_count++;
        at += len;
    }
    const char *path = connection_option(connection, "known_hosts");
    if (path && *path && *path != '/')
        return err_set(err, ERR_CONFIG, "option 'known_hosts': '%s' must be an absolute path", path);
    hostkey.known_hosts = path && *path ? path : NULL;
    *ret_hostkey = hostkey;
    return 0;
}

static void tidy_hosts(LIBSSH2_KNOWNHOSTS **hosts)
{
    if (*hosts)
        libssh2_knownhost_free(*hosts);
}

int hostkey_hosts(const struct hostkey *hostkey, LIBSSH2_SESSION *session, LIBSSH2_KNOWNHOSTS **ret_hosts,
                  struct err *err)
{
    *ret_hosts = NULL;
    if (!hostkey->known_hosts)
        return 0;
    __attribute__((cleanup(tidy_fclose))) FILE *file = fopen(hostkey->known_hosts, "re");
    if (!file)
        return err_set(err, ERR_CONFIG, "option 'known_hosts': %s cannot be read: %s", hostkey->known_hosts,
                       err_text(-errno));
    __attribute__((cleanup(tidy_hosts))) LIBSSH2_KNOWNHOSTS *hosts = libssh2_knownhost_init(session);
    if (!hosts)
        return err_set(err, -ENOMEM, "%s", err_text(-ENOMEM));
    __attribute__((cleanup(tidy_free))) char *line = NULL;
    size_t room = 0;
    ssize_t len;
    /* Line by line: one that libssh2 does not understand (a marker, a new kind of key) must not hide the others. */
    while ((len = getline(&line, &room, file)) > 0)
        if (line[0] != '@')
            (void)libssh2_knownhost_readline(hosts, line, (size_t)len, LIBSSH2_KNOWNHOST_FILE_OPENSSH);
    if (ferror(file))
        return err_set(err, ERR_CONFIG, "option 'known_hosts': %s cannot be read: %s", hostkey->known_hosts,
                       err_text(-errno));
    *ret_hosts = TAKE(hosts);
    return 0;
}

/* A port other than 22 is known as [host]:port only, as OpenSSH has it. */
static void known_name(const char *host, unsigned port, char *ret_name, size_t size)
{
    if (port == 22)
        snprintf(ret_name, size, "%s", host);
    else
        snprintf(ret_name, size, "[%s]:%u", host, port);
}

static int look_up(LIBSSH2_KNOWNHOSTS *hosts, const char *host, unsigned port, const char *key, size_t len, int mask)
{
    char name[300];
    known_name(host, port, name, sizeof(name));
    return libssh2_knownhost_checkp(hosts, name, -1, key, len, LIBSSH2_KNOWNHOST_TYPE_PLAIN | mask, NULL);
}

/* Appends those of a kind's algorithms that this libssh2 has. It must not be given others to leave out by itself:
 * 1.10 copies over its own feet then. */
static size_t add_algorithms(const char *wanted, const char *const *supported, int count, size_t used, char *list,
                             size_t size)
{
    for (const char *at = wanted; *at; at += *at == ',') {
        size_t len = strcspn(at, ",");
        for (int i = 0; i < count && used + len + 2 < size; i++)
            if (strlen(supported[i]) == len && memcmp(supported[i], at, len) == 0) {
                used += (size_t)snprintf(list + used, size - used, "%s%.*s", used > 0 ? "," : "", (int)len, at);
                break;
            }
        at += len;
    }
    return used;
}

void hostkey_algorithms(LIBSSH2_SESSION *session, LIBSSH2_KNOWNHOSTS *hosts, const char *host, unsigned port,
                        unsigned avoid, char *ret_list, size_t size)
{
    const char **supported = NULL;
    int count = libssh2_session_supported_algs(session, LIBSSH2_METHOD_HOSTKEY, &supported);
    bool known[KINDS] = {false};
    for (int i = 0; hosts && i < KINDS; i++) /* no key is "AAAA": a mismatch says that one of this kind is there */
        known[i] = look_up(hosts, host, port, "AAAA", 4, LIBSSH2_KNOWNHOST_KEYENC_BASE64 | kinds[i].known) ==
                   LIBSSH2_KNOWNHOST_CHECK_MISMATCH;
    size_t used = 0;
    ret_list[0] = '\0';
    for (int turn = 0; turn < 2; turn++)
        for (int i = 0; i < KINDS; i++)
            if (known[i] == (turn == 0) && !(avoid & (1u << kinds[i].type)))
                used = add_algorithms(kinds[i].algorithms, supported, count, used, ret_list, size);
    if (count > 0)
        libssh2_free(session, supported);
}

/* Whether a line `@revoked hosts type key` names this very key, for whatever host. */
static bool revoked(const char *path, const char *key, size_t len)
{
    __attribute__((cleanup(tidy_fclose))) FILE *file = fopen(path, "re");
    __attribute__((cleanup(tidy_free))) char *line = NULL;
    __attribute__((cleanup(tidy_free))) char *encoded = mem_new(1, BASE64_ROOM(len));
    if (!file || !encoded)
        return true; /* what cannot be ruled out is not trusted */
    base64_write(key, len, true, encoded);
    size_t room = 0;
    while (getline(&line, &room, file) > 0)
        if (strncmp(line, "@revoked", 8) == 0 && strstr(line, encoded))
            return true;
    return false;
}

static int known_mask(int type)
{
    for (int i = 0; i < KINDS; i++)
        if (kinds[i].type == type)
            return kinds[i].known;
    return LIBSSH2_KNOWNHOST_KEY_UNKNOWN;
}

/* A host that is known by other kinds of keys only is known, and this is not its key. */
static bool known_otherwise(LIBSSH2_KNOWNHOSTS *hosts, const char *host, unsigned port)
{
    for (int i = 0; i < KINDS; i++)
        if (look_up(hosts, host, port, "AAAA", 4, LIBSSH2_KNOWNHOST_KEYENC_BASE64 | kinds[i].known) ==
            LIBSSH2_KNOWNHOST_CHECK_MISMATCH)
            return true;
    return false;
}

enum hostkey_verdict hostkey_judge(const struct hostkey *hostkey, LIBSSH2_KNOWNHOSTS *hosts, const char *host,
                                   unsigned port, const char *key, size_t len, int type)
{
    uint8_t digest[32];
    digest_sha256(key, len, digest);
    if (hostkey->known_hosts && revoked(hostkey->known_hosts, key, len))
        return HOSTKEY_REVOKED;
    if (hostkey->pin_count > 0) {
        int same = 0;
        for (size_t i = 0; i < hostkey->pin_count; i++)
            same |= digest_equal(digest, hostkey->pins[i]);
        return same ? HOSTKEY_TRUSTED : HOSTKEY_OTHER;
    }
    if (!hosts)
        return HOSTKEY_UNKNOWN_HOST;
    int rc = look_up(hosts, host, port, key, len, LIBSSH2_KNOWNHOST_KEYENC_RAW | known_mask(type));
    if (rc == LIBSSH2_KNOWNHOST_CHECK_MATCH)
        return HOSTKEY_TRUSTED;
    return rc == LIBSSH2_KNOWNHOST_CHECK_MISMATCH || known_otherwise(hosts, host, port) ? HOSTKEY_OTHER
                                                                                        : HOSTKEY_UNKNOWN_HOST;
}

void hostkey_fingerprint(const char *key, size_t len, char ret_text[64])
{
    uint8_t digest[32];
    digest_sha256(key, len, digest);
    memcpy(ret_text, "SHA256:", 7);
    base64_write(digest, sizeof(digest), false, ret_text + 7);
}

const char *hostkey_type_name(int type)
{
    for (int i = 0; i < KINDS; i++)
        if (kinds[i].type == type)
            return kinds[i].name;
    return "unknown";
}
