/* keeper - tokens that systems gave a connection, kept sealed from run to run. */
#include "engine/keeper.h"

#include "base/buffer.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/seal.h"
#include "base/tidy.h"
#include "engine/masterkey.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TOKEN_MAX = 128 << 10 };

static void wipe(struct buffer *buffer)
{
    if (buffer->data)
        explicit_bzero(buffer->data, buffer->room);
    buffer_done(buffer);
}

#define WIPED __attribute__((cleanup(wipe))) struct buffer

/* What is sealed begins with whose it is: a file that somebody put under another's name is not taken for it. */
static void label_write(const struct keeper *keeper, const char *name, struct buffer *out)
{
    buffer_format(out, "%s\n%s", keeper->connection, name);
    buffer_byte(out, '\0');
}

static char *path_of(const struct keeper *keeper, const char *name)
{
    TIDY_DONE(buffer_done) struct buffer label = {0};
    uint8_t digest[DIGEST_SHA256];
    char hex[DIGEST_HEX];
    label_write(keeper, name, &label);
    if (label.rc != 0)
        return NULL;
    digest_sha256(label.data, label.len, digest);
    digest_hex(digest, 16, hex);
    return mem_format("%s/tokens/%s-%s", keeper->dir, keeper->connection, hex);
}

static int key_make(const struct keeper *keeper, uint8_t ret_key[SEAL_KEY])
{
    static const char *const words[] = {"token of a connection, one", "token of a connection, two"};
    uint8_t master[VAULT_MASTER];
    struct vault vault;
    int rc = masterkey_load(keeper->settings, master, NULL);
    if (rc != 0)
        return rc;
    vault_init(&vault, master, keeper->organization);
    for (size_t i = 0; i < 2; i++)
        digest_keyed(vault.wrap_key, words[i], strlen(words[i]), ret_key + i * DIGEST_KEYED);
    explicit_bzero(master, sizeof(master));
    vault_done(&vault);
    return 0;
}

static int read_file(const char *path, struct buffer *out)
{
    TIDY(close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat info;
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? ERR_GONE : -errno;
    if (fstat(fd, &info) != 0)
        return -errno;
    if (!S_ISREG(info.st_mode) || info.st_size > TOKEN_MAX || info.st_size < SEAL_HEADER + SEAL_MORE)
        return ERR_GONE;
    char *place = buffer_reserve(out, (size_t)info.st_size);
    if (!place)
        return out->rc;
    ssize_t got = pread(fd, place, (size_t)info.st_size, 0);
    return got == info.st_size ? 0 : ERR_GONE;
}

static bool of_person(const char *name)
{
    return strncmp(name, "subject\n", 8) == 0;
}

int keeper_load(void *context, const char *name, struct secret *ret_token)
{
    const struct keeper *keeper = context;
    if (keeper->anew && !of_person(name))
        return ERR_GONE;
    TIDY_DONE(buffer_done) struct buffer sealed = {0}, label = {0};
    WIPED plain = {0};
    uint8_t key[SEAL_KEY];
    struct seal seal;
    char *path __attribute__((cleanup(tidy_free))) = path_of(keeper, name);
    label_write(keeper, name, &label);
    int rc = path && label.rc == 0 ? read_file(path, &sealed) : -ENOMEM;
    if (rc == 0)
        rc = key_make(keeper, key);
    if (rc != 0)
        return rc;
    const uint8_t *from = (const uint8_t *)sealed.data;
    size_t len = sealed.len - SEAL_HEADER - SEAL_MORE;
    char *place = buffer_reserve(&plain, len);
    if (!place)
        rc = -ENOMEM;
    else if (!seal_open(&seal, key, from) || !seal_get(&seal, from + SEAL_HEADER, len, place) || len < label.len ||
             memcmp(place, label.data, label.len) != 0)
        rc = ERR_GONE;
    else
        rc = secret_set(ret_token, place + label.len, len - label.len);
    explicit_bzero(key, sizeof(key));
    explicit_bzero(&seal, sizeof(seal));
    return rc;
}

/* Somebody's log-in may come before the first run. */
static int folders_make(const struct keeper *keeper)
{
    TIDY_DONE(buffer_done) struct buffer path = {0};
    buffer_format(&path, "%s/tokens", keeper->dir);
    if (path.rc != 0)
        return path.rc;
    for (char *at = path.data + 1; *at; at++) {
        if (*at != '/')
            continue;
        *at = '\0';
        int rc = mkdir(path.data, 0700) != 0 && errno != EEXIST ? -errno : 0;
        *at = '/';
        if (rc != 0)
            return rc;
    }
    return mkdir(path.data, 0700) != 0 && errno != EEXIST ? -errno : 0;
}

/* Whole or not at all. */
static int write_file(const char *path, const struct buffer *bytes)
{
    char *part __attribute__((cleanup(tidy_free))) = mem_format("%s.part-XXXXXX", path);
    TIDY(close) int fd = part ? mkostemp(part, O_CLOEXEC) : -1;
    if (fd < 0)
        return part ? -errno : -ENOMEM;
    int rc = 0;
    ssize_t wrote = write(fd, bytes->data, bytes->len);
    if (wrote != (ssize_t)bytes->len)
        rc = wrote < 0 ? -errno : -ENOSPC;
    else if (fsync(fd) != 0 || rename(part, path) != 0)
        rc = -errno;
    if (rc != 0)
        (void)unlink(part);
    return rc;
}

int keeper_keep(void *context, const char *name, const struct secret *token)
{
    const struct keeper *keeper = context;
    TIDY_DONE(buffer_done) struct buffer sealed = {0};
    WIPED plain = {0};
    uint8_t key[SEAL_KEY];
    struct seal seal;
    char *path __attribute__((cleanup(tidy_free))) = path_of(keeper, name);
    if (!path)
        return -ENOMEM;
    if (!of_person(name) && access(keeper->dir, X_OK) != 0)
        return 0; /* there is no state yet, and looking makes none */
    if (!token)
        return unlink(path) == 0 || errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
    buffer_room(&plain, strlen(name) + token->len + 256);
    label_write(keeper, name, &plain);
    buffer_add(&plain, secret_reveal(token), token->len);
    uint8_t *place = (uint8_t *)buffer_reserve(&sealed, SEAL_HEADER + plain.len + SEAL_MORE);
    int rc = plain.rc == 0 && place ? folders_make(keeper) : -ENOMEM;
    if (rc == 0)
        rc = key_make(keeper, key);
    if (rc != 0)
        return rc;
    seal_begin(&seal, key, place);
    seal_put(&seal, plain.data, plain.len, place + SEAL_HEADER);
    explicit_bzero(key, sizeof(key));
    explicit_bzero(&seal, sizeof(seal));
    return write_file(path, &sealed);
}
