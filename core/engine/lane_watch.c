/* lane_watch - what a host process takes of this machine: its memory, its scratch folder, the disk below it.
 *
 * The process limits itself before it loads anything; this is for what no
 * limit of a process counts: files together, and memory where a sanitizer
 * forbids to limit addresses. */
#include "engine/lane_inside.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { WATCH_MS = 250 };
#define SLACK (UINT64_C(512) << 20) /* libraries, and pages that are shared with us */

static uint64_t scratch_bytes(const char *path)
{
    uint64_t bytes = 0;
    DIR *folder = opendir(path);
    struct stat status;
    for (struct dirent *entry; folder && (entry = readdir(folder)) != NULL;)
        if (fstatat(dirfd(folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode))
            bytes += (uint64_t)status.st_blocks * 512;
    if (folder)
        closedir(folder);
    return bytes;
}

static uint64_t resident_bytes(pid_t pid)
{
    char path[50];
    unsigned long pages = 0;
    snprintf(path, sizeof(path), "/proc/%ld/statm", (long)pid);
    FILE *file = fopen(path, "re");
    if (!file || fscanf(file, "%*s %lu", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t disk_bytes(const char *path)
{
    struct statvfs disk;
    return statvfs(path, &disk) == 0 ? (uint64_t)disk.f_bavail * disk.f_frsize : 0;
}

void lane_watch_begins(struct lane *lane)
{
    lane->watch_at = 0;
    lane->free_at_first = lane->scratch ? disk_bytes(lane->scratch) : 0;
}

int lane_watch(struct lane *lane, int64_t now, int64_t *ret_next)
{
    const uint64_t most = lane->settings->limits.memory_bytes;
    unsigned long shown = (unsigned long)(most >> 20);
    *ret_next = lane->watch_at;
    if (most == 0 || !lane->scratch || lane->pid == 0 || now < lane->watch_at)
        return 0;
    lane->watch_at = *ret_next = now + WATCH_MS;
    if (scratch_bytes(lane->scratch) > most)
        return err_set(lane->err, ERR_LIMIT,
                       "connector '%s' filled its scratch folder with more than %lu MiB (limits: memory)", lane->name,
                       shown);
    if (resident_bytes(lane->pid) > most + SLACK)
        return err_set(lane->err, ERR_LIMIT, "connector '%s' took more than %lu MiB of memory (limits: memory)",
                       lane->name, shown);
    /* Files without a name are in no folder; the disk shows them all the same. */
    uint64_t left = disk_bytes(lane->scratch);
    if (left < most && lane->free_at_first > left && lane->free_at_first - left > most)
        return err_set(lane->err, ERR_LIMIT,
                       "the disk of the state folder has less than %lu MiB left, and lost more than that while "
                       "connector '%s' worked",
                       shown, lane->name);
    return 0;
}
