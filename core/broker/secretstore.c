/* secretstore - the content of a secret reference.
 *
 * Reads the file, variable or systemd credential that the reference names;
 * writes nothing and keeps nothing. */
#include "broker/secretstore.h"

#include "base/descriptor.h"
#include "base/mem.h"
#include "base/tidy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

enum { SECRET_MAX = 64 << 10 };

/* The bytes of a secret on their way in: on the stack, wiped at the end of the block. */
struct scratch {
    char bytes[SECRET_MAX + 1];
};

static void scratch_done(struct scratch *scratch)
{
    explicit_bzero(scratch, sizeof(*scratch));
}

static int keep(const char *bytes, size_t len, const char *what, const char *where, struct secret *ret_secret,
                struct err *err)
{
    if (len > 0 && bytes[len - 1] == '\n') {
        len--;
        if (len > 0 && bytes[len - 1] == '\r')
            len--;
    }
    if (len == 0)
        return err_set(err, ERR_CONFIG, "%s: the secret in %s is empty", what, where);
    if (len > SECRET_MAX)
        return err_set(err, ERR_LIMIT, "%s: the secret in %s is larger than 64 KiB: this cannot be the right one", what,
                       where);
    if (memchr(bytes, '\0', len))
        return err_set(err, ERR_DATA, "%s: the secret in %s holds a zero byte: it must be text", what, where);
    if (!ret_secret)
        return 0;
    int rc = secret_set(ret_secret, bytes, len);
    return rc < 0 ? err_set(err, rc, "%s: %s", what, err_text(rc)) : 0;
}

static int check_mode(const struct stat *info, const char *path, const char *what, struct err *err)
{
    if (!S_ISREG(info->st_mode))
        return err_set(err, ERR_CONFIG, "%s: the secret must be in a file, and %s is none", what, path);
    if (info->st_mode & (S_IRWXO | S_IWGRP))
        return err_set(err, ERR_PERMISSION, "%s: %s is open to others (mode %04o): run chmod 600 %s", what, path,
                       (unsigned)info->st_mode & 07777, path);
    return 0;
}

static int open_failed(int code, const char *path, const char *what, struct err *err)
{
    if (code == ENOENT || code == ENOTDIR)
        return err_set(err, ERR_GONE, "%s: there is no file %s: put the secret there and run chmod 600 %s", what, path,
                       path);
    if (code == EACCES || code == EPERM)
        return err_set(err, ERR_PERMISSION,
                       "%s: %s may not be read by the user that muster runs as: give it to that "
                       "user with chown",
                       what, path);
    return err_set(err, -code, "%s: %s cannot be opened: %s", what, path, err_text(-code));
}

/* systemd's credentials are 0400 of the service's user, or reached through an ACL that shows as group bits. */
static int read_file(const char *path, bool ours, const char *what, struct secret *ret_secret, struct err *err)
{
    __attribute__((cleanup(tidy_close))) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return open_failed(errno, path, what, err);
    struct stat info;
    if (fstat(fd, &info) < 0)
        return err_set(err, -errno, "%s: %s cannot be looked at: %s", what, path, err_text(-errno));
    int rc = ours ? check_mode(&info, path, what, err) : 0;
    if (rc < 0)
        return rc;
    __attribute__((cleanup(scratch_done))) struct scratch scratch;
    size_t len = 0;
    while (len < sizeof(scratch.bytes)) {
        ssize_t got = read(fd, scratch.bytes + len, sizeof(scratch.bytes) - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set(err, -errno, "%s: %s cannot be read: %s", what, path, err_text(-errno));
        if (got == 0)
            break;
        len += (size_t)got;
    }
    if (len > SECRET_MAX)
        return err_set(err, ERR_LIMIT, "%s: %s is larger than 64 KiB: this cannot be the right file", what, path);
    return keep(scratch.bytes, len, what, path, ret_secret, err);
}

static int read_variable(const char *name, const char *what, struct secret *ret_secret, struct err *err)
{
    const char *value = getenv(name);
    if (!value)
        return err_set(err, ERR_GONE, "%s: the environment has no variable %s", what, name);
    __attribute__((cleanup(tidy_free))) char *where = mem_format("the variable %s", name);
    if (!where)
        return err_set(err, -ENOMEM, "%s: %s", what, err_text(-ENOMEM));
    return keep(value, strlen(value), what, where, ret_secret, err);
}

static int read_credential(const char *name, const char *what, struct secret *ret_secret, struct err *err)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    if (!folder || !*folder)
        return err_set(err, ERR_GONE,
                       "%s: the credential %s is not there: CREDENTIALS_DIRECTORY is not set, so this was not started "
                       "by systemd with LoadCredential=%s:PATH",
                       what, name, name);
    if (strchr(name, '/') || name[0] == '.' || !name[0])
        return err_set(err, ERR_CONFIG, "%s: '%s' is no name of a credential", what, name);
    __attribute__((cleanup(tidy_free))) char *path = mem_format("%s/%s", folder, name);
    if (!path)
        return err_set(err, -ENOMEM, "%s: %s", what, err_text(-ENOMEM));
    if (access(path, F_OK) < 0 && errno == ENOENT)
        return err_set(err, ERR_GONE,
                       "%s: there is no credential %s: add LoadCredential=%s:PATH to the service (looked "
                       "for %s)",
                       what, name, name, path);
    return read_file(path, false, what, ret_secret, err);
}

static int look_up(const struct secretref *ref, const char *what, struct secret *ret_secret, struct err *err)
{
    switch (ref->how) {
    case SECRET_FILE: return read_file(ref->name, true, what, ret_secret, err);
    case SECRET_ENV: return read_variable(ref->name, what, ret_secret, err);
    case SECRET_CREDENTIAL: return read_credential(ref->name, what, ret_secret, err);
    }
    return err_set(err, ERR_CONFIG, "%s: the secret is kept in an unknown way", what);
}

int secretstore_read(const struct secretref *ref, const char *what, struct secret *ret_secret, struct err *err)
{
    return look_up(ref, what, ret_secret, err);
}

int secretstore_present(const struct secretref *ref, const char *what, struct err *err)
{
    return look_up(ref, what, NULL, err);
}

int secretstore_writable(const struct secretref *ref, const char *what, struct err *err)
{
    if (ref->how == SECRET_ENV)
        return err_set(err, ERR_UNSUPPORTED,
                       "%s: it is kept in the environment: set the variable %s where muster starts", what, ref->name);
    if (ref->how == SECRET_CREDENTIAL)
        return err_set(err, ERR_UNSUPPORTED,
                       "%s: it is a credential of systemd: write it with systemd-creds encrypt, and name that file in "
                       "LoadCredentialEncrypted=%s:PATH of the service",
                       what, ref->name);
    return 0;
}

static int write_whole(int fd, const char *bytes, size_t len)
{
    int rc = descriptor_write(fd, bytes, len);
    return rc == 0 && fsync(fd) != 0 ? -errno : rc;
}

int secretstore_write(const struct secretref *ref, const char *what, const char *bytes, size_t len, struct err *err)
{
    int rc = secretstore_writable(ref, what, err);
    if (rc == 0)
        rc = keep(bytes, len, what, "what was typed", NULL, err);
    if (rc != 0)
        return rc;
    __attribute__((cleanup(tidy_free))) char *folder = mem_text(ref->name);
    __attribute__((cleanup(tidy_free))) char *part = mem_format("%s.part-XXXXXX", ref->name);
    char *slash = folder ? strrchr(folder, '/') : NULL;
    if (!slash || !part)
        return err_set(err, -ENOMEM, "%s: %s", what, err_text(-ENOMEM));
    *slash = '\0';
    if (*folder && mkdir(folder, 0700) != 0 && errno != EEXIST)
        return err_set(err, -errno, "%s: the folder %s cannot be made: %s", what, folder, err_text(-errno));
    __attribute__((cleanup(tidy_close))) int fd = mkostemp(part, O_CLOEXEC); /* 0600 */
    if (fd < 0)
        return err_set(err, -errno, "%s: nothing can be written to %s: %s", what, folder, err_text(-errno));
    rc = write_whole(fd, bytes, len);
    if (rc == 0 && rename(part, ref->name) != 0)
        rc = -errno;
    if (rc != 0)
        unlink(part);
    return rc ? err_set(err, rc, "%s: %s cannot be written: %s", what, ref->name, err_text(rc)) : 0;
}
