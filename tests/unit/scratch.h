/* scratch - a folder of a test's own, numbers that are random and yet the same each time, a child to be killed, and
 * failures set as MUSTER_FAULT does. */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

#include "base/fault.h"

#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct scratch {
    char dir[64];
};

static inline void scratch_make(struct scratch *scratch)
{
    snprintf(scratch->dir, sizeof(scratch->dir), "scratch-XXXXXX");
    if (!mkdtemp(scratch->dir))
        abort();
}

static inline int scratch_unlink(const char *path, const struct stat *stat, int type, struct FTW *at)
{
    (void)stat, (void)type, (void)at;
    return remove(path);
}

static inline void scratch_remove(struct scratch *scratch)
{
    nftw(scratch->dir, scratch_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

/* A path in it; lives until the eighth call from now. */
static inline const char *scratch_path(const struct scratch *scratch, const char *name)
{
    static char paths[8][256];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof(paths[0]), "%s/%s", scratch->dir, name);
    return path;
}

/* The same one in every check, another one each time under TRY_ALL; printed, SEED=N repeats it. */
static inline uint64_t chance_seed(void)
{
    const char *said = getenv("SEED");
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t seed = said                ? strtoull(said, NULL, 10)
                    : getenv("TRY_ALL") ? (uint64_t)now.tv_nsec * 2654435761u + (uint64_t)now.tv_sec
                                        : 2654435761u;
    printf("SEED=%llu\n", (unsigned long long)(seed | 1));
    return seed | 1;
}

static inline uint32_t chance(uint64_t *seed, uint32_t below)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return (uint32_t)((*seed >> 16) % below);
}

/* Runs it in a process of its own; returns how that ended, as waitpid() says it. */
static inline int scratch_child(void (*work)(void *), void *with)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        work(with);
        _exit(0);
    }
    waitpid(child, &status, 0);
    return status;
}

/* "store:3", "kill:keep"; NULL: nothing fails. In a build without faults: nothing ever does. */
static inline void fault_set(const char *plan)
{
    unsetenv("MUSTER_FAULT");
    (void)plan;
#ifdef HAVE_FAULTS
    char point[32] = "";
    const char *colon = plan ? strchr(plan, ':') : NULL;
    if (colon)
        snprintf(point, sizeof(point), "%.*s", (int)(colon - plan), plan);
    if (strcmp(point, "kill") == 0)
        setenv("MUSTER_FAULT", plan, 1);
    fault_plan(point, colon ? strtol(colon + 1, NULL, 10) : 0);
#endif
}

/* How often the point that was set was reached; nothing fails any more. */
static inline long fault_seen(void)
{
#ifdef HAVE_FAULTS
    return fault_plan("", 0);
#else
    return 0;
#endif
}

#endif
