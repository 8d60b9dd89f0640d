/* local - files in folders of this machine. */
#include "broker/local.h"

#include "base/fault.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "base/tidy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 256 << 10, NUMBER_MAX = 10000 };

static void tidy_closedir(DIR **dir)
{
    if (*dir)
        closedir(*dir);
}

static int no_memory(struct err *err)
{
    return err_set(err, -ENOMEM, "%s", err_text(-ENOMEM));
}

/* What errno means for `verb` ("read") and a path. */
static int failed(int code, const char *verb, const char *path, struct err *err)
{
    switch (code) {
    case ENOENT: return err_set(err, ERR_GONE, "there is no %s", path);
    case ENOTDIR: return err_set(err, ERR_GONE, "there is no %s: a part of it is no folder", path);
    case EACCES:
    case EPERM:
        return err_set(err, ERR_PERMISSION, "the user that muster runs as may not %s %s: change its owner or its mode",
                       verb, path);
    case ENOSPC:
    case EDQUOT: return err_set(err, -code, "cannot %s %s: no space is left there", verb, path);
    case ELOOP: return err_set(err, ERR_CONFIG, "cannot %s %s: its links go round in a circle", verb, path);
    case EROFS:
        return err_set(err, ERR_PERMISSION,
                       "cannot %s %s: it can only be read there. Of the service its unit "
                       "says where it may write: musterd(8)",
                       verb, path);
    default: return err_set(err, -code, "cannot %s %s: %s", verb, path, err_text(-code));
    }
}

static int64_t changed_ms(const struct stat *info)
{
    return (int64_t)info->st_mtim.tv_sec * 1000 + info->st_mtim.tv_nsec / 1000000;
}

static int list_folder(const char *folder, const struct place *place, struct listing *listing,
                       const struct patience *patience, struct err *err)
{
    __attribute__((cleanup(tidy_closedir))) DIR *dir = opendir(folder);
    if (!dir && errno == ENOENT)
        return err_set(err, ERR_GONE, "there is no folder %s", folder);
    if (!dir)
        return failed(errno, "list", folder, err);
    for (size_t n = 0;; n++) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (!entry && errno != 0)
            return failed(errno, "list", folder, err);
        if (!entry)
            return listing_end(listing, place, folder, err);
        if (n % 1024 == 1023 && patience_cancelled(patience))
            return err_set(err, ERR_CANCELLED, "cancelled while %s was listed", folder);
        bool link_or_file = entry->d_type == DT_REG || entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN;
        if (!link_or_file)
            continue;
        if (!place_matches(place, entry->d_name)) {
            listing_other(listing, entry->d_name);
            continue;
        }
        struct stat info;
        if (fstatat(dirfd(dir), entry->d_name, &info, 0) < 0 || !S_ISREG(info.st_mode))
            continue; /* gone meanwhile, a link to nothing, or no file at all */
        int rc = listing_add(listing, place, folder, entry->d_name, (uint64_t)info.st_size, changed_ms(&info), err);
        if (rc < 0)
            return rc;
    }
}

int local_list(const struct place *place, struct listing *listing, const struct patience *patience, struct err *err)
{
    listing_clear(listing);
    if (place->pattern || !*place->last)
        return list_folder(place->folder, place, listing, patience, err);
    __attribute__((cleanup(tidy_free))) char *path = place_path(place->folder, place->last);
    if (!path)
        return no_memory(err);
    struct stat info;
    bool there = stat(path, &info) == 0;
    if (there && S_ISREG(info.st_mode))
        return listing_add(listing, place, place->folder, place->last, (uint64_t)info.st_size, changed_ms(&info), err);
    if (there && S_ISDIR(info.st_mode)) {
        struct place inside = {.folder = path, .last = (char *)(uintptr_t) ""};
        return list_folder(path, &inside, listing, patience, err);
    }
    return list_folder(place->folder, place, listing, patience, err);
}

int local_check(const struct place *place, struct err *err)
{
    __attribute__((cleanup(tidy_free))) char *path = place_path(place->folder, place->last);
    if (!path)
        return no_memory(err);
    struct stat info;
    bool is_folder = !place->pattern && stat(path, &info) == 0 && S_ISDIR(info.st_mode);
    const char *folder = is_folder ? path : place->folder;
    __attribute__((cleanup(tidy_closedir))) DIR *dir = opendir(folder);
    if (!dir && errno == ENOENT)
        return err_set(err, ERR_GONE, "there is no folder %s", folder);
    return dir ? 0 : failed(errno, "list", folder, err);
}

/* Up to the end, or to where it is clearly longer than it was. */
static int hash_file(int fd, uint64_t expected, const char *path, const struct patience *patience, struct sha256 *sum,
                     uint64_t *ret_len, struct err *err)
{
    __attribute__((cleanup(tidy_free))) char *chunk = mem_new(1, CHUNK);
    if (!chunk)
        return no_memory(err);
    uint64_t len = 0;
    for (;;) {
        ssize_t got = fault_hit("read") ? (errno = EIO, -1) : pread(fd, chunk, CHUNK, (off_t)len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return failed(errno, "read", path, err);
        if (got == 0 || len > expected)
            break; /* one that grows as fast as it is read would never end */
        sha256_add(sum, chunk, (size_t)got);
        len += (uint64_t)got;
        if (patience_cancelled(patience))
            return err_set(err, ERR_CANCELLED, "cancelled while %s was read", path);
    }
    *ret_len = len;
    return 0;
}

int local_fetch(const struct place *place, const struct patience *patience, int *ret_fd, uint8_t ret_sha256[32],
                uint64_t *ret_size, struct err *err)
{
    __attribute__((cleanup(tidy_free))) char *path = place_path(place->folder, place->last);
    if (!path)
        return no_memory(err);
    __attribute__((cleanup(tidy_close))) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat before, after;
    if (fd < 0 || fstat(fd, &before) < 0)
        return failed(errno, "read", path, err);
    if (!S_ISREG(before.st_mode))
        return err_set(err, ERR_DATA, "%s is no ordinary file", path);
    struct sha256 sum;
    sha256_init(&sum);
    uint64_t len = 0;
    int rc = hash_file(fd, (uint64_t)before.st_size, path, patience, &sum, &len, err);
    if (rc < 0)
        return rc;
    if (fstat(fd, &after) < 0)
        return failed(errno, "read", path, err);
    if (before.st_size != after.st_size || (uint64_t)after.st_size != len ||
        before.st_mtim.tv_sec != after.st_mtim.tv_sec || before.st_mtim.tv_nsec != after.st_mtim.tv_nsec)
        return err_set(err, ERR_UNREADY,
                       "%s changes while it is read: it is still being written; try again when it is "
                       "whole",
                       path);
    sha256_end(&sum, ret_sha256);
    *ret_size = len;
    *ret_fd = take_fd(&fd);
    return 0;
}

static int copy_all(int from, int to, const char *path, const struct patience *patience, struct err *err)
{
    __attribute__((cleanup(tidy_free))) char *chunk = mem_new(1, CHUNK);
    if (!chunk)
        return no_memory(err);
    for (off_t at = 0;;) {
        ssize_t got = pread(from, chunk, CHUNK, at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set(err, -errno, "what was to be written to %s cannot be read: %s", path, err_text(-errno));
        if (got == 0)
            break;
        for (ssize_t done = 0; done < got;) {
            ssize_t put = fault_hit("write") ? (errno = ENOSPC, -1) : write(to, chunk + done, (size_t)(got - done));
            if (put < 0 && errno == EINTR)
                continue;
            if (put < 0)
                return failed(errno, "write", path, err);
            done += put;
        }
        at += got;
        if (patience_cancelled(patience))
            return err_set(err, ERR_CANCELLED, "cancelled while %s was written", path);
    }
    return fsync(to) < 0 ? failed(errno, "write", path, err) : 0;
}

static void sync_folder(const char *folder)
{
    __attribute__((cleanup(tidy_close))) int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir >= 0)
        (void)fsync(dir); /* best effort: not every file system can */
}

int local_store(const struct place *place, int from, const struct patience *patience, struct err *err)
{
    __attribute__((cleanup(tidy_free))) char *path = place_path(place->folder, place->last);
    __attribute__((cleanup(tidy_free))) char *part_name = mem_format(".%s.muster-part", place->last);
    __attribute__((cleanup(tidy_free))) char *part = part_name ? place_path(place->folder, part_name) : NULL;
    if (!path || !part)
        return no_memory(err);
    if (unlink(part) < 0 && errno != ENOENT) /* of a run that was killed */
        return failed(errno, "write", path, err);
    __attribute__((cleanup(tidy_close))) int to = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (to < 0 && errno == ENOENT)
        return err_set(err, ERR_GONE, "%s cannot be written: there is no folder %s", path, place->folder);
    if (to < 0)
        return failed(errno, "write", path, err);
    int rc = copy_all(from, to, path, patience, err);
    if (rc == 0 && rename(part, path) < 0)
        rc = failed(errno, "write", path, err);
    if (rc < 0)
        (void)unlink(part);
    else
        sync_folder(place->folder);
    return rc;
}

/* Moves without replacing anything. Returns 0 or -errno; -EEXIST: the name is taken. */
static int move_to_free_name(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -errno;
    /* A file system that cannot refuse to replace: a second link can. */
    if (link(from, to) < 0)
        return -errno;
    if (unlink(from) < 0) {
        int code = errno;
        (void)unlink(to);
        return -code;
    }
    return 0;
}

int local_look(const struct place *place, bool *ret_there, int64_t *ret_mtime_ms, struct err *err)
{
    __attribute__((cleanup(tidy_free))) char *path = place_path(place->folder, place->last);
    if (!path)
        return no_memory(err);
    struct stat info;
    bool there = stat(path, &info) == 0;
    if (!there && errno != ENOENT && errno != ENOTDIR)
        return failed(errno, "look at", path, err);
    *ret_there = there;
    *ret_mtime_ms = there ? changed_ms(&info) : 0;
    return 0;
}

int local_folder(const char *folder, struct err *err)
{
    if (mkdir(folder, 0750) == 0 || errno == EEXIST)
        return 0;
    return errno == ENOENT
               ? err_set(err, ERR_GONE, "cannot make the folder %s: the folder above it is missing too", folder)
               : failed(errno, "make the folder", folder, err);
}

int local_archive(const struct place *place, const char *folder, char **ret_to, struct err *err)
{
    __attribute__((cleanup(tidy_free))) char *from = place_path(place->folder, place->last);
    if (!from)
        return no_memory(err);
    if (access(from, F_OK) < 0 && errno == ENOENT)
        return err_set(err, ERR_GONE, "%s cannot be archived: it is no longer there", from);
    int made = local_folder(folder, err);
    if (made < 0)
        return made;
    for (unsigned number = 1; number < NUMBER_MAX; number++) {
        __attribute__((cleanup(tidy_free))) char *name = place_numbered(place->last, number);
        __attribute__((cleanup(tidy_free))) char *to = name ? place_path(folder, name) : NULL;
        if (!to)
            return no_memory(err);
        int rc = move_to_free_name(from, to);
        if (rc == -EEXIST)
            continue;
        if (rc == -EXDEV)
            return err_set(err, ERR_CONFIG,
                           "%s cannot be archived to %s: that is another file system; name a folder on the same one",
                           from, folder);
        if (rc < 0)
            return failed(-rc, "archive to", to, err);
        *ret_to = TAKE(name);
        return 0;
    }
    return err_set(err, ERR_LIMIT, "%s cannot be archived: %s holds %d files of that name; clear it", from, folder,
                   NUMBER_MAX);
}

int local_remove(const struct place *place, struct err *err)
{
    __attribute__((cleanup(tidy_free))) char *path = place_path(place->folder, place->last);
    if (!path)
        return no_memory(err);
    struct stat info;
    if (lstat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return err_set(err, ERR_DATA, "%s is a folder and is not removed", path);
    return unlink(path) < 0 ? failed(errno, "remove", path, err) : 0;
}
