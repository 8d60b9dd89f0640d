/* partial - what a broken transfer has brought, kept for the next run. */
#include "broker/partial.h"

#include "base/digest.h"
#include "base/mem.h"
#include "base/seal.h"
#include "base/tidy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = PARTIAL_BLOCK, SEALED = BLOCK + SEAL_MORE, DAYS_KEPT = 7 };
static const char prefix[] = ".partial-", magic[8] = "MPARTIAL";

/* The first sealed message. */
struct partial_head {
    char magic[8];
    uint8_t of[DIGEST_KEYED];
    uint64_t size, len;
    int64_t mtime;
};

static char *partial_path(const struct partials *partials, const char *dir, const struct partial *partial,
                          uint8_t ret_of[DIGEST_KEYED])
{
    char name[2 * DIGEST_KEYED + 1];
    digest_keyed(partials->key, partial->of, strlen(partial->of), ret_of);
    digest_hex(ret_of, DIGEST_KEYED, name);
    return mem_format("%s/%s%s", dir, prefix, name);
}

/* Those that nobody came back for. */
static void sweep(const char *dir)
{
    DIR *folder = opendir(dir);
    if (!folder)
        return;
    time_t oldest = time(NULL) - (time_t)DAYS_KEPT * 24 * 3600;
    for (const struct dirent *entry; (entry = readdir(folder));) {
        struct stat info;
        if (strncmp(entry->d_name, prefix, sizeof(prefix) - 1) == 0 &&
            fstatat(dirfd(folder), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 && info.st_mtime < oldest)
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
    }
    closedir(folder);
}

static bool read_whole(int fd, void *bytes, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t got = read(fd, (char *)bytes + done, len - done);
        if (got == 0 || (got < 0 && errno != EINTR))
            return false;
        done += got > 0 ? (size_t)got : 0;
    }
    return true;
}

static bool write_whole(int fd, const void *bytes, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t put = write(fd, (const char *)bytes + done, len - done);
        if (put < 0 && errno != EINTR)
            return false;
        done += put > 0 ? (size_t)put : 0;
    }
    return true;
}

/* One sealed message of `len` plain bytes. */
static bool open_next(int fd, struct seal *seal, uint8_t *sealed, void *plain, size_t len)
{
    return read_whole(fd, sealed, len + SEAL_MORE) && seal_get(seal, sealed, len, plain);
}

static bool seal_next(int fd, struct seal *seal, uint8_t *sealed, const void *plain, size_t len)
{
    seal_put(seal, plain, len, sealed);
    return write_whole(fd, sealed, len + SEAL_MORE);
}

/* Copies the kept bytes. A block that is damaged ends it there: what came before is still good. */
static uint64_t load(const struct partials *partials, const struct partial *partial, const uint8_t of[DIGEST_KEYED],
                     int from, int to, struct sha256 *sum)
{
    __attribute__((cleanup(tidy_free))) uint8_t *sealed = mem_new(1, SEALED + BLOCK);
    struct seal seal;
    uint8_t header[SEAL_HEADER];
    struct partial_head head;
    uint64_t done = 0;
    if (!sealed || !read_whole(from, header, sizeof(header)) || !seal_open(&seal, partials->key, header) ||
        !open_next(from, &seal, sealed, &head, sizeof(head)) || memcmp(head.magic, magic, sizeof(magic)) != 0 ||
        memcmp(head.of, of, sizeof(head.of)) != 0 || head.size != partial->size || head.mtime != partial->mtime ||
        head.len > head.size)
        return 0;
    uint8_t *plain = sealed + SEALED;
    while (done < head.len) {
        size_t len = head.len - done < BLOCK ? (size_t)(head.len - done) : BLOCK;
        if (!open_next(from, &seal, sealed, plain, len))
            break;
        if (!write_whole(to, plain, len)) { /* no room: the transfer itself will say so */
            (void)lseek(to, (off_t)done, SEEK_SET);
            (void)!ftruncate(to, (off_t)done);
            break;
        }
        sha256_add(sum, plain, len);
        done += len;
    }
    explicit_bzero(plain, BLOCK);
    return done;
}

/* Ours, and nobody else's. */
static bool is_ours(int fd)
{
    struct stat info;
    return fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == geteuid() && info.st_nlink == 1;
}

uint64_t partial_load(const struct partials *partials, const char *dir, const struct partial *partial, int fd,
                      struct sha256 *sum)
{
    uint8_t of[DIGEST_KEYED];
    __attribute__((cleanup(tidy_free))) char *path = partial_path(partials, dir, partial, of);
    sweep(dir);
    __attribute__((cleanup(tidy_close))) int from = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    uint64_t done = from >= 0 && is_ours(from) ? load(partials, partial, of, from, fd, sum) : 0;
    if (path && done == 0)
        (void)unlink(path);
    return done;
}

void partial_drop(const struct partials *partials, const char *dir, const struct partial *partial)
{
    uint8_t of[DIGEST_KEYED];
    __attribute__((cleanup(tidy_free))) char *path = partial_path(partials, dir, partial, of);
    if (path)
        (void)unlink(path);
}

void partial_growing_done(struct partial_growing *growing)
{
    if (growing->fd >= 0)
        close(growing->fd);
    growing->fd = -1;
    explicit_bzero(&growing->seal, sizeof(growing->seal));
}

/* Whole blocks up to `len`. */
static bool grow(struct partial_growing *growing, uint8_t *sealed, int from, uint64_t len)
{
    uint8_t *plain = sealed + SEALED;
    bool good = true;
    for (; good && growing->len + BLOCK <= len; growing->len += BLOCK)
        good = pread(from, plain, BLOCK, (off_t)growing->len) == BLOCK &&
               seal_next(growing->fd, &growing->seal, sealed, plain, BLOCK);
    explicit_bzero(plain, BLOCK);
    return good;
}

/* A new one, with all that is there, takes the place of one of before when it is whole. */
static bool begin(const struct partials *partials, const struct partial *partial, const char *path,
                  const uint8_t of[DIGEST_KEYED], struct partial_growing *growing, uint8_t *sealed, int from,
                  uint64_t len)
{
    uint8_t header[SEAL_HEADER];
    struct partial_head head = {.size = partial->size, .len = partial->size, .mtime = partial->mtime};
    __attribute__((cleanup(tidy_free))) char *beside = mem_format("%s.new", path);
    memcpy(head.magic, magic, sizeof(magic));
    memcpy(head.of, of, sizeof(head.of));
    if (!beside)
        return false;
    (void)unlink(beside);
    growing->fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    growing->len = 0;
    seal_begin(&growing->seal, partials->key, header);
    bool good = growing->fd >= 0 && write_whole(growing->fd, header, sizeof(header)) &&
                seal_next(growing->fd, &growing->seal, sealed, &head, sizeof(head)) &&
                grow(growing, sealed, from, len) && rename(beside, path) == 0;
    if (!good)
        (void)unlink(beside);
    return good;
}

void partial_grow(const struct partials *partials, const char *dir, const struct partial *partial,
                  struct partial_growing *growing, int fd, uint64_t len)
{
    uint8_t of[DIGEST_KEYED];
    if (growing->off || len < PARTIAL_LEAST || len > partial->size || growing->len + BLOCK > PARTIAL_MOST)
        return;
    __attribute__((cleanup(tidy_free))) char *path = partial_path(partials, dir, partial, of);
    __attribute__((cleanup(tidy_free))) uint8_t *sealed = mem_new(1, SEALED + BLOCK);
    if (!path || !sealed)
        return;
    len = len < PARTIAL_MOST ? len : PARTIAL_MOST;
    bool good =
        growing->fd < 0 ? begin(partials, partial, path, of, growing, sealed, fd, len) : grow(growing, sealed, fd, len);
    if (good)
        return;
    (void)unlink(path); /* no room: it is fetched anew */
    partial_growing_done(growing);
    growing->off = true;
}
