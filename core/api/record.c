/* record - what came of an act, kept for a day. */
#include "api/record.h"

#include "base/descriptor.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/tidy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DAY = 24 * 3600 * 1000, FILE_MOST = 80 << 20 };

/* "badge organization\n", then, sealed by the organization's key: the digest of the request, the status, the body. */

static int seal(const struct record *record, struct buffer *out)
{
    TIDY_DONE(buffer_done) struct buffer plain = {0};
    struct vault vault;
    buffer_add(&plain, record->request, DIGEST_SHA256);
    buffer_be32(&plain, record->status);
    buffer_add(&plain, record->body.data ? record->body.data : "", record->body.len);
    buffer_format(out, "%s %s\n", record->badge, record->organization);
    if (plain.rc != 0)
        return plain.rc;
    vault_init(&vault, record->master, record->organization);
    int rc = vault_seal_row(&vault, bytes(plain.data, plain.len), out);
    vault_done(&vault);
    return rc ? rc : out->rc;
}

static int make_folder(const char *state, int *ret_fd)
{
    TIDY(free) char *folder = mem_format("%s/musterd/acts", state);
    if (!folder)
        return -ENOMEM;
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return -errno;
    *ret_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *ret_fd < 0 ? -errno : 0;
}

int record_keep(const struct record *record)
{
    TIDY_DONE(buffer_done) struct buffer text = {0};
    TIDY(close) int folder = -1;
    char partial[RECORD_ID + 4];
    int rc = seal(record, &text);
    rc = rc ? rc : make_folder(record->state, &folder);
    if (rc != 0)
        return rc;
    snprintf(partial, sizeof(partial), "%s.new", record->id);
    TIDY(close) int fd = openat(folder, partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    rc = fd < 0 ? -errno : descriptor_write(fd, text.data, text.len);
    if (rc == 0 && (fdatasync(fd) != 0 || renameat(folder, partial, folder, record->id) != 0 || fsync(folder) != 0))
        rc = -errno;
    return rc;
}

static int read_all(const char *path, struct buffer *out)
{
    TIDY(close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0)
        return errno == ENOENT ? ERR_GONE : -errno;
    if (status.st_size > FILE_MOST)
        return ERR_LIMIT;
    char *place = buffer_reserve(out, (size_t)status.st_size);
    if (!place)
        return out->rc;
    return read(fd, place, (size_t)status.st_size) == status.st_size ? 0 : -EIO;
}

static int unseal(struct record *record, const struct buffer *text, size_t from, const char *organization)
{
    TIDY_DONE(buffer_done) struct buffer plain = {0};
    struct vault vault;
    uint32_t be;
    vault_init(&vault, record->master, organization);
    int rc = vault_open_row(&vault, bytes(text->data + from, text->len - from), &plain);
    vault_done(&vault);
    if (rc == 0 && plain.len < DIGEST_SHA256 + sizeof(be))
        rc = ERR_CORRUPT;
    if (rc != 0)
        return rc;
    memcpy(record->request, plain.data, DIGEST_SHA256);
    memcpy(&be, plain.data + DIGEST_SHA256, sizeof(be));
    record->status = __builtin_bswap32(be);
    buffer_add(&record->body, plain.data + DIGEST_SHA256 + sizeof(be), plain.len - DIGEST_SHA256 - sizeof(be));
    return record->body.rc;
}

int record_read(struct record *record, struct buffer *organization)
{
    TIDY_DONE(buffer_done) struct buffer text = {0};
    TIDY(free) char *path = mem_format("%s/musterd/acts/%s", record->state, record->id);
    int rc = path ? read_all(path, &text) : -ENOMEM;
    if (rc != 0)
        return rc;
    size_t name = strcspn(text.data, " \n"), from = strcspn(text.data, "\n");
    if (text.data[name] != ' ' || from >= text.len)
        return ERR_CORRUPT;
    if (strlen(record->badge) != name || memcmp(record->badge, text.data, name) != 0)
        return ERR_GONE;
    buffer_add(organization, text.data + name + 1, from - name - 1);
    return organization->rc ? organization->rc : unseal(record, &text, from + 1, organization->data);
}

void record_tidy(const char *state, int64_t now_ms)
{
    TIDY(free) char *path = mem_format("%s/musterd/acts", state);
    DIR *folder = path ? opendir(path) : NULL;
    struct stat status;
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        if (entry->d_name[0] != '.' && fstatat(dirfd(folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            (int64_t)status.st_mtim.tv_sec * 1000 < now_ms - DAY)
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
    if (folder)
        closedir(folder);
}
