/* masterkey - the key from which every organization's sealing keys are derived. */
#include "engine/masterkey.h"

#include "base/digest.h"
#include "base/mem.h"
#include "base/tidy.h"
#include "broker/secretstore.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

static int hex_read(const char *text, size_t len, uint8_t ret_key[VAULT_MASTER])
{
    if (len != 2 * VAULT_MASTER)
        return ERR_CONFIG;
    uint8_t key[VAULT_MASTER] = {0};
    for (size_t i = 0; i < len; i++) {
        const char *digit = strchr("0123456789abcdef", text[i] | 0x20);
        if (!digit || !*digit)
            return ERR_CONFIG;
        int value = (int)(digit - "0123456789abcdef");
        key[i / 2] |= (uint8_t)(i % 2 ? value : value << 4);
    }
    memcpy(ret_key, key, sizeof(key));
    explicit_bzero(key, sizeof(key));
    return 0;
}

static int masterkey_secret(const struct secretref *ref, uint8_t ret_key[VAULT_MASTER], struct err *err)
{
    struct secret secret __attribute__((cleanup(secret_done))) = {0};
    int rc = secretstore_read(ref, "muster.yaml: seal_key", &secret, err);
    if (rc == 0 && hex_read(secret_reveal(&secret), secret.len, ret_key) != 0)
        rc = err_set(err, ERR_CONFIG,
                     "muster.yaml: seal_key must be %d hex digits, as `openssl rand -hex %d` makes them.",
                     2 * VAULT_MASTER, VAULT_MASTER);
    return rc;
}

static int masterkey_read(const char *path, uint8_t ret_key[VAULT_MASTER], struct err *err)
{
    uint8_t key[VAULT_MASTER + 1];
    int fd __attribute__((cleanup(tidy_close))) = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? -ENOENT : err_set(err, -errno, "%s cannot be read: %s", path, strerrordesc_np(errno));
    ssize_t got = read(fd, key, sizeof(key));
    if (got != VAULT_MASTER)
        return err_set(err, ERR_CORRUPT,
                       "%s is damaged: without the key that was there, sealed values cannot be read. "
                       "Put it back from where it is kept.",
                       path);
    memcpy(ret_key, key, VAULT_MASTER);
    explicit_bzero(key, sizeof(key));
    return 0;
}

/* Its name is on disk, too: a key that is gone after a power cut has sealed values that nobody can read. */
static int masterkey_keep(const char *state, const char *part, const char *path)
{
    int folder __attribute__((cleanup(tidy_close))) = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0 || (link(part, path) != 0 && errno != EEXIST) || fsync(folder) != 0)
        return -errno;
    return 0;
}

/* Written under another name first, so that a half-written key is never taken for one. */
static int masterkey_make(const char *state, const char *path, uint8_t ret_key[VAULT_MASTER], struct err *err)
{
    uint8_t key[VAULT_MASTER];
    char *part __attribute__((cleanup(tidy_free))) = mem_format("%s.XXXXXX", path);
    if (!part)
        return -ENOMEM;
    int rc = store_make_dir(state, 0750, err);
    if (rc != 0)
        return rc;
    int fd __attribute__((cleanup(tidy_close))) = mkostemp(part, O_CLOEXEC); /* 0600 */
    if (fd < 0)
        return err_set(err, -errno, "%s cannot be written: %s", path, strerrordesc_np(errno));
    if (getrandom(key, sizeof(key), 0) != VAULT_MASTER || write(fd, key, sizeof(key)) != VAULT_MASTER ||
        fsync(fd) != 0 || (rc = masterkey_keep(state, part, path)) != 0)
        rc = err_set(err, rc ? rc : -EIO, "%s cannot be written: %s", path, strerrordesc_np(rc ? -rc : errno));
    explicit_bzero(key, sizeof(key));
    unlink(part);
    return rc ? rc : masterkey_read(path, ret_key, err); /* of two starts at once, one made it */
}

/* Whoever seals, or makes keyed digests, comes by here first. */
int masterkey_load(const struct settings *settings, uint8_t ret_key[VAULT_MASTER], struct err *err)
{
    if (digest_begin() != 0)
        return err_set(err, ERR_UNSUPPORTED, "libsodium finds no random numbers on this machine");
    if (settings->seal_key)
        return masterkey_secret(settings->seal_key, ret_key, err);
    char *path __attribute__((cleanup(tidy_free))) = mem_format("%s/seal.key", settings->state);
    if (!path)
        return -ENOMEM;
    int rc = masterkey_read(path, ret_key, err);
    return rc == -ENOENT ? masterkey_make(settings->state, path, ret_key, err) : rc;
}
