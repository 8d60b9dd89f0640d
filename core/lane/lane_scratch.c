/* lane_scratch - the folder of a host: made, held as long as it is used, removed. What programs that were killed have
 * left is removed by whoever makes the next one beside it. */
#include "base/mem.h"
#include "lane/lane_inside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "muster-host-"

enum { DEPTH = 64, TRIES = 16 };

static int folder_open(int beside, const char *path)
{
    return openat(beside, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Empties a folder. One level is all there is, unless programs of its own were at work: then as deep as those went. */
static void folder_empty(int fd, int depth)
{
    DIR *folder = fdopendir(fd);
    if (!folder) {
        close(fd);
        return;
    }
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || unlinkat(dirfd(folder), name, 0) == 0 || depth == 0)
            continue;
        int below = folder_open(dirfd(folder), name);
        if (below >= 0)
            folder_empty(below, depth - 1);
        unlinkat(dirfd(folder), name, AT_REMOVEDIR);
    }
    closedir(folder);
}

/* Holds a folder until it is closed; -1: somebody else does, or it is gone. */
static int folder_hold(int beside, const char *path)
{
    TIDY(close) int fd = folder_open(beside, path);
    struct stat info;
    if (fd < 0 || fstat(fd, &info) < 0 || info.st_uid != geteuid() || flock(fd, LOCK_EX | LOCK_NB) < 0)
        return -1;
    return fstat(fd, &info) == 0 && info.st_nlink > 0 ? take_fd(&fd) : -1;
}

/* A folder that nobody holds is of a program that was killed, or not held yet: then its maker makes another one. */
static void leavings_remove(const char *dir)
{
    DIR *folder = opendir(dir);
    for (struct dirent *entry; folder && (entry = readdir(folder)) != NULL;) {
        int fd = strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0 ? folder_hold(dirfd(folder), entry->d_name) : -1;
        if (fd < 0)
            continue;
        folder_empty(fd, DEPTH);
        unlinkat(dirfd(folder), entry->d_name, AT_REMOVEDIR);
    }
    if (folder)
        closedir(folder);
}

int lane_scratch_make(struct lane *lane, const char *dir, struct err *err)
{
    int rc = 0;
    leavings_remove(dir);
    for (int tries = 0; tries < TRIES && rc == 0 && lane->held < 0; tries++) {
        free(lane->scratch);
        lane->scratch = mem_format("%s/" PREFIX "XXXXXX", dir);
        if (!lane->scratch)
            return -ENOMEM;
        if (mkdtemp(lane->scratch))
            lane->held = folder_hold(AT_FDCWD, lane->scratch);
        else
            rc = -errno;
        if (rc == 0 && lane->held < 0)
            rmdir(lane->scratch);
    }
    if (lane->held >= 0)
        return 0;
    free(TAKE(lane->scratch));
    return err_set(err, rc ? rc : -EBUSY, "no scratch folder can be made in %s: %s", dir,
                   rc ? err_text(rc) : "it cannot be locked (flock)");
}

void lane_scratch_remove(struct lane *lane)
{
    if (lane->held >= 0) {
        folder_empty(lane->held, DEPTH);
        rmdir(lane->scratch);
    }
    lane->held = -1;
    free(TAKE(lane->scratch));
}
