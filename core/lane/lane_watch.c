/* lane_watch - what a host process takes of this machine: its memory, its scratch folder, the disk below it.
 *
 * The process limits itself before it loads anything; this is for what no
 * limit of a process counts: files together, memory where a sanitizer forbids
 * to limit addresses, and all programs together that it has started. */
#include "lane/lane_inside.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { WATCH_MS = 250, WATCH_GROUP_MS = 1000, PROCESSES_MOST = 200, FOLDERS_DEEP = 16 };
#define SLACK (UINT64_C(512) << 20) /* libraries, and pages that are shared with us */

/* One level is all there is, unless programs are at work there. */
static uint64_t scratch_bytes(int fd, int deeper)
{
    uint64_t bytes = 0;
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    struct stat status;
    for (struct dirent *entry; folder && (entry = readdir(folder)) != NULL;) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
            fstatat(dirfd(folder), name, &status, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (S_ISREG(status.st_mode))
            bytes += (uint64_t)status.st_blocks * 512;
        else if (S_ISDIR(status.st_mode) && deeper > 0)
            bytes +=
                scratch_bytes(openat(dirfd(folder), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), deeper - 1);
    }
    if (folder)
        closedir(folder);
    else if (fd >= 0)
        close(fd);
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

/* Its part of what it shares with others: those of a group share nearly all that they have not written to. */
static uint64_t own_bytes(pid_t pid)
{
    char path[50], line[200];
    unsigned long kib = 0;
    snprintf(path, sizeof(path), "/proc/%ld/smaps_rollup", (long)pid);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof(line), file))
        if (sscanf(line, "Pss: %lu", &kib) == 1)
            break;
    if (file)
        fclose(file);
    return (uint64_t)kib << 10;
}

static bool of_group(pid_t pid, pid_t group)
{
    char path[50], line[512] = "";
    long its = 0;
    snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
    FILE *file = fopen(path, "re");
    if (file && !fgets(line, sizeof(line), file))
        line[0] = '\0';
    if (file)
        fclose(file);
    const char *name_ends = strrchr(line, ')');
    return name_ends && sscanf(name_ends, ") %*c %*d %ld", &its) == 1 && its == group;
}

/* The programs that the host has started: none can leave its group. */
static void group_look(pid_t group, uint64_t *ret_bytes, unsigned *ret_count)
{
    DIR *all = opendir("/proc");
    *ret_bytes = 0;
    *ret_count = 0;
    for (struct dirent *entry; all && (entry = readdir(all)) != NULL;) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid <= 0 || pid == group || !of_group(pid, group))
            continue;
        *ret_bytes += own_bytes(pid);
        ++*ret_count;
    }
    if (all)
        closedir(all);
}

static int watch_programs(struct lane *lane, uint64_t most)
{
    uint64_t bytes;
    unsigned count;
    group_look(lane->pid, &bytes, &count);
    if (count > PROCESSES_MOST)
        return err_set(lane->err, ERR_LIMIT, "connector '%s' started more than %d programs", lane->name,
                       PROCESSES_MOST);
    if (bytes > most + SLACK)
        return err_set(lane->err, ERR_LIMIT,
                       "the programs of connector '%s' took more than %lu MiB of memory (limits: memory)", lane->name,
                       (unsigned long)(most >> 20));
    return 0;
}

static uint64_t disk_bytes(const char *path)
{
    struct statvfs disk;
    return statvfs(path, &disk) == 0 ? (uint64_t)disk.f_bavail * disk.f_frsize : 0;
}

void lane_watch_begins(struct lane *lane)
{
    lane->free_at_first = lane->scratch ? disk_bytes(lane->scratch) : 0;
}

int lane_watch(struct lane *lane, int64_t now, int64_t *ret_next)
{
    const uint64_t most = lane->settings->limits.memory_bytes;
    unsigned long shown = (unsigned long)(most >> 20);
    int rc;
    *ret_next = lane->watch_at;
    if (most == 0 || !lane->scratch || lane->pid == 0 || now < lane->watch_at)
        return 0;
    bool programs = (lane->may & MUSTER_NEEDS_EXEC) != 0;
    lane->watch_at = *ret_next = now + (programs ? WATCH_GROUP_MS : WATCH_MS);
    if (programs && (rc = watch_programs(lane, most)) != 0)
        return rc;
    if (scratch_bytes(open(lane->scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC), programs ? FOLDERS_DEEP : 0) > most)
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
