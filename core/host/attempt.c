/* attempt - what this process tried and may not. */
#include "host/attempt.h"

#include "base/text.h"

#include <errno.h>
#include <pthread.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

enum { CALLS = 512 }; /* numbers of system calls that are noted; all that the fence names are below */
enum { NAMES = 8, PATH_ROOM = 300 };

static uint8_t tried[CALLS];

/* What came by attempt_note(). */
static struct {
    pthread_mutex_t lock;
    const char *names[NAMES];
    size_t count;
    char path[PATH_ROOM];
} noted = {.lock = PTHREAD_MUTEX_INITIALIZER};

#if ATTEMPT_NOTES
static void note(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    ucontext_t *at = context;
    if (info->si_syscall >= 0 && info->si_syscall < CALLS)
        __atomic_store_n(&tried[info->si_syscall], 1, __ATOMIC_RELAXED);
#ifdef __x86_64__
    at->uc_mcontext.gregs[REG_RAX] = -EPERM;
#else
    at->uc_mcontext.regs[0] = (unsigned long long)-EPERM;
#endif
}

int attempt_watch(void)
{
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    return sigaction(SIGSYS, &action, NULL) == 0 ? 0 : -errno;
}
#else
int attempt_watch(void)
{
    return 0;
}
#endif

void attempt_note(const char *name, const char *path)
{
    size_t nth = 0;
    pthread_mutex_lock(&noted.lock);
    while (nth < noted.count && strcmp(noted.names[nth], name) != 0)
        nth++;
    if (nth == noted.count && nth < NAMES)
        noted.names[noted.count++] = name;
    if (path && !noted.path[0])
        snprintf(noted.path, sizeof(noted.path), "%s", path);
    pthread_mutex_unlock(&noted.lock);
}

static void name_add(char *names, size_t room, const char *name)
{
    size_t len = strlen(names);
    snprintf(names + len, room - len, "%s%s", len ? ", " : "", name);
}

bool attempt_noted(char *ret_names, size_t room, char *ret_path, size_t path_room)
{
    ret_names[0] = '\0';
    pthread_mutex_lock(&noted.lock);
    for (size_t nth = 0; nth < noted.count; nth++)
        name_add(ret_names, room, noted.names[nth]);
    snprintf(ret_path, path_room, "%s", text_valid(noted.path, strlen(noted.path)) ? noted.path : "");
    noted.count = 0;
    noted.path[0] = '\0';
    pthread_mutex_unlock(&noted.lock);
    return ret_names[0] != '\0';
}

bool attempt_told(char *ret_names, size_t room, char *ret_path, size_t path_room)
{
    attempt_noted(ret_names, room, ret_path, path_room);
    for (int call = 0; call < CALLS; call++) {
        if (!__atomic_exchange_n(&tried[call], 0, __ATOMIC_RELAXED))
            continue;
        char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, call);
        name_add(ret_names, room, name ? name : "?");
        free(name);
    }
    return ret_names[0] != '\0';
}
