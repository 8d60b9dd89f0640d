/* goodfile - the last good file of each organization. */
#include "service/goodfile.h"

#include "base/buffer.h"
#include "base/descriptor.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { PIECE = 16384, BYTES_MOST = 64 << 20 };

void goodfiles_done(struct goodfiles *files)
{
    free(files->config);
    free(files->good);
    free(files->fresh);
    *files = (struct goodfiles){0};
}

static int make_folder(const char *path)
{
    return mkdir(path, 0700) == 0 || errno == EEXIST ? 0 : -errno;
}

int goodfiles_open(const struct settings *settings, struct goodfiles *files)
{
    *files = (struct goodfiles){.config = mem_format("%s/organizations", settings->config_dir),
                                .good = settings_good(settings),
                                .fresh = mem_format("%s/musterd/new", settings->state)};
    if (!files->config || !files->good || !files->fresh)
        return -ENOMEM;
    int rc = make_folder(files->good);
    return rc ? rc : make_folder(files->fresh);
}

static char *path_in(const char *folder, const char *id)
{
    return mem_format("%s/%s.yaml", folder, id);
}

/* -ENOENT: there is none. */
static int read_bytes(const char *path, struct buffer *out)
{
    TIDY(close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    out->ceiling = BYTES_MOST;
    for (;;) {
        if (buffer_room(out, PIECE) != 0)
            return out->rc;
        ssize_t count = read(fd, out->data + out->len, PIECE);
        if (count <= 0)
            return count < 0 ? -errno : 0;
        out->len += (size_t)count;
    }
}

static int write_bytes(const char *path, const struct buffer *text)
{
    TIDY(close) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int rc = fd < 0 ? -errno : descriptor_write(fd, text->data, text->len);
    return rc || fdatasync(fd) == 0 ? rc : -errno;
}

int goodfile_look(const struct goodfiles *files, const char *id, enum goodfile *ret_found)
{
    TIDY_DONE(buffer_done) struct buffer now = {0}, before = {0};
    TIDY(free) char *from = path_in(files->config, id), *good = path_in(files->good, id);
    TIDY(free) char *fresh = path_in(files->fresh, id);
    if (!from || !good || !fresh)
        return -ENOMEM;
    int rc = read_bytes(from, &now);
    int old = rc ? rc : read_bytes(good, &before);
    if (rc != 0 || old == -ENOMEM)
        return rc ? rc : old;
    if (old == 0 && before.len == now.len && memcmp(before.data, now.data, now.len) == 0) {
        (void)unlink(fresh); /* of a daemon that ended in the middle */
        *ret_found = GOODFILE_SAME;
        return 0;
    }
    rc = write_bytes(fresh, &now);
    if (rc == 0)
        *ret_found = old == -ENOENT ? GOODFILE_NEW : GOODFILE_CHANGED;
    return rc;
}

void goodfile_drop(const struct goodfiles *files, const char *id)
{
    TIDY(free) char *fresh = path_in(files->fresh, id);
    if (fresh)
        (void)unlink(fresh);
}

bool goodfile_there(const struct goodfiles *files, const char *id)
{
    TIDY(free) char *good = path_in(files->good, id);
    return good && access(good, R_OK) == 0;
}

/* --- all of them --- */

static void close_folder(DIR **folder)
{
    if (*folder)
        closedir(*folder);
}

/* For each name in a folder, until one gives a failure. */
static int each(const char *path, const struct goodfiles *files, int (*visit)(const struct goodfiles *, const char *))
{
    TIDY_DONE(close_folder) DIR *folder = opendir(path);
    const struct dirent *entry;
    int rc = folder ? 0 : -errno;
    while (rc == 0 && (entry = readdir(folder)))
        if (entry->d_name[0] != '.')
            rc = visit(files, entry->d_name);
    return rc;
}

static int becomes_good(const struct goodfiles *files, const char *name)
{
    TIDY(free) char *from = mem_format("%s/%s", files->fresh, name), *to = mem_format("%s/%s", files->good, name);
    if (!from || !to)
        return -ENOMEM;
    return rename(from, to) == 0 ? 0 : -errno;
}

static int goes_with_its_file(const struct goodfiles *files, const char *name)
{
    TIDY(free) char *there = mem_format("%s/%s", files->config, name), *good = mem_format("%s/%s", files->good, name);
    if (!there || !good)
        return -ENOMEM;
    if (access(there, F_OK) != 0 && errno == ENOENT)
        (void)unlink(good);
    return 0;
}

int goodfiles_keep(const struct goodfiles *files)
{
    int rc = each(files->fresh, files, becomes_good);
    return rc ? rc : each(files->good, files, goes_with_its_file);
}
