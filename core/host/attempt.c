/* attempt - what this process tried and may not. */
#include "host/attempt.h"

#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

enum { CALLS = 512 }; /* numbers of system calls that are noted; all that the fence names are below */

static uint8_t tried[CALLS];

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

bool attempt_told(char *ret_names, size_t room)
{
    size_t len = 0;
    ret_names[0] = '\0';
    for (int call = 0; call < CALLS; call++) {
        if (!__atomic_exchange_n(&tried[call], 0, __ATOMIC_RELAXED))
            continue;
        char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, call);
        if (len < room)
            len += (size_t)snprintf(ret_names + len, room - len, "%s%s", len ? ", " : "", name ? name : "?");
        free(name);
    }
    return len > 0;
}
