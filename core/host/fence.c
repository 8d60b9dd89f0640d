/* fence - the system calls that are left to a connector's process. */
#include "host/fence.h"

#include "host/attempt.h"

#include <muster/connector.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static void tidy_filter(scmp_filter_ctx *filter)
{
    seccomp_release(*filter);
}

#define FILTER __attribute__((cleanup(tidy_filter))) scmp_filter_ctx

bool fence_known(void)
{
    uint32_t action = SECCOMP_RET_ERRNO;
    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

/* Memory, time, threads, files that Landlock lets through, and the socket that is open already. */
static const int allowed[] = {
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),
    SCMP_SYS(preadv),
    SCMP_SYS(pwritev),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmsg),
    SCMP_SYS(recvfrom),
    SCMP_SYS(sendto),
    SCMP_SYS(open),
    SCMP_SYS(openat),
    SCMP_SYS(close),
    SCMP_SYS(close_range),
    SCMP_SYS(creat),
    SCMP_SYS(stat),
    SCMP_SYS(fstat),
    SCMP_SYS(lstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(getcwd),
    SCMP_SYS(lseek),
    SCMP_SYS(ftruncate),
    SCMP_SYS(truncate),
    SCMP_SYS(fallocate),
    SCMP_SYS(fadvise64),
    SCMP_SYS(fsync),
    SCMP_SYS(fdatasync),
    SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),
    SCMP_SYS(rename),
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(getdents64),
    SCMP_SYS(fstatfs),
    SCMP_SYS(statfs),
    SCMP_SYS(flock),
    SCMP_SYS(fcntl),
    SCMP_SYS(dup),
    SCMP_SYS(dup2),
    SCMP_SYS(dup3),
    SCMP_SYS(pipe2),
    SCMP_SYS(copy_file_range),
    SCMP_SYS(umask),
    SCMP_SYS(fchmod),
    SCMP_SYS(utimensat),
    SCMP_SYS(mmap),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(mprotect),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(msync),
    SCMP_SYS(mincore),
    SCMP_SYS(membarrier),
    SCMP_SYS(futex),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(get_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(set_tid_address),
    SCMP_SYS(arch_prctl),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(pause),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(select),
    SCMP_SYS(pselect6),
    SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(eventfd2),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(times),
    SCMP_SYS(getrusage),
    SCMP_SYS(getrandom),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getppid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(uname),
    SCMP_SYS(sysinfo),
    SCMP_SYS(getrlimit),
    SCMP_SYS(seccomp),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
};

/* What reaches out of this process: refused, and noted. */
static const int outside[] = {
    SCMP_SYS(socket),
    SCMP_SYS(socketpair),
    SCMP_SYS(connect),
    SCMP_SYS(bind),
    SCMP_SYS(listen),
    SCMP_SYS(accept),
    SCMP_SYS(accept4),
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(fork),
    SCMP_SYS(vfork),
    SCMP_SYS(ptrace),
    SCMP_SYS(kill),
    SCMP_SYS(tkill),
    SCMP_SYS(rt_sigqueueinfo),
    SCMP_SYS(rt_tgsigqueueinfo),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(mount),
    SCMP_SYS(unshare),
    SCMP_SYS(setns),
    SCMP_SYS(keyctl),
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(pidfd_open),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(chroot),
};

/* What clients of a network and of databases need besides. The sockets themselves: rules_of_sockets(). */
static const int of_network[] = {
    SCMP_SYS(connect),
    SCMP_SYS(bind),
    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
    SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt),
    SCMP_SYS(shutdown),
    SCMP_SYS(sendmmsg),
    SCMP_SYS(recvmmsg),
    SCMP_SYS(rt_sigpending),
    SCMP_SYS(rt_sigtimedwait),
    SCMP_SYS(getresuid),
    SCMP_SYS(getresgid),
    SCMP_SYS(getgroups),
    SCMP_SYS(getpgrp),
    SCMP_SYS(alarm),
    SCMP_SYS(setitimer),
    SCMP_SYS(sched_getscheduler),
    SCMP_SYS(pipe),
    SCMP_SYS(epoll_create),
    SCMP_SYS(getdents),
};

/* Of programs, which need more than anybody can list: what no program has to do with people's data. */
static const int harmful[] = {
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(unshare),
    SCMP_SYS(setns),
    SCMP_SYS(keyctl),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(personality),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(pidfd_open),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(chroot),
    SCMP_SYS(pivot_root),
    SCMP_SYS(kexec_load),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(reboot),
    SCMP_SYS(swapon),
    SCMP_SYS(swapoff),
    SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime),
    SCMP_SYS(rt_sigqueueinfo),
    SCMP_SYS(rt_tgsigqueueinfo),
    SCMP_SYS(tkill),
    SCMP_SYS(setsid), /* they end with their group, so they stay in it */
    SCMP_SYS(setpgid),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(listen),
    SCMP_SYS(accept),
    SCMP_SYS(accept4),
};

/* A plain "no" where a library should not believe that the kernel is merely old. */
static const int refused[] = {
    SCMP_SYS(mkdir),       SCMP_SYS(mkdirat), SCMP_SYS(mknod),     SCMP_SYS(mknodat),      SCMP_SYS(link),
    SCMP_SYS(linkat),      SCMP_SYS(symlink), SCMP_SYS(symlinkat), SCMP_SYS(chmod),        SCMP_SYS(fchmodat),
    SCMP_SYS(chown),       SCMP_SYS(fchown),  SCMP_SYS(lchown),    SCMP_SYS(fchownat),     SCMP_SYS(setrlimit),
    SCMP_SYS(personality), SCMP_SYS(chdir),   SCMP_SYS(fchdir),    SCMP_SYS(memfd_create), /* memory that no limit
                                                                                              counts */
};

static bool among(const int *calls, size_t count, int call)
{
    for (size_t i = 0; i < count; i++)
        if (calls[i] == call)
            return true;
    return false;
}

#define COUNT(calls) (sizeof(calls) / sizeof((calls)[0]))

static int rules(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t count, uint32_t may)
{
    int rc = 0;
    bool network = (may & MUSTER_NEEDS_NETWORK) != 0 && action != SCMP_ACT_ALLOW;
    for (size_t i = 0; rc == 0 && i < count; i++)
        if (calls[i] >= 0 && /* below: this machine's architecture has no such call */
            !(network && (calls[i] == SCMP_SYS(socket) || among(of_network, COUNT(of_network), calls[i]))))
            rc = seccomp_rule_add(filter, action, calls[i], 0);
    return rc;
}

#define REFUSE_OUTSIDE (ATTEMPT_NOTES ? SCMP_ACT_TRAP : SCMP_ACT_ERRNO(EPERM))

/* Calls that are harmless or not by what they are asked. */
static int rules_by_argument(scmp_filter_ctx filter)
{
    const uint32_t no = REFUSE_OUTSIDE;
    int rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                              SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
    if (rc == 0) /* not noted: the C library asks with all signals blocked, and the note is one */
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                              SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
    if (rc == 0) /* raise() and abort() */
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                              SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));
    if (rc == 0)
        rc = seccomp_rule_add(filter, no, SCMP_SYS(tgkill), 1, SCMP_A0(SCMP_CMP_NE, (scmp_datum_t)getpid(), 0));
    if (rc == 0) /* whose signal it is that notes attempts */
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(rt_sigaction), 1, SCMP_A0(SCMP_CMP_NE, SIGSYS, 0));
    if (rc == 0)
        rc =
            seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(rt_sigaction), 1, SCMP_A0(SCMP_CMP_EQ, SIGSYS, 0));
    if (rc == 0) /* isatty() of stdio */
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, TCGETS, 0));
    if (rc == 0) /* reading limits, of oneself */
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1, SCMP_A2(SCMP_CMP_EQ, 0, 0));
    for (int option = 0; rc == 0 && option < 3; option++) {
        static const int harmless[] = {PR_SET_NAME, PR_GET_NAME, PR_SET_VMA};
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
                              SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)harmless[option], 0));
    }
    return rc;
}

/* Sockets of the internet, and with files those that are files: no raw ones, none of the kernel's own. */
static int rules_of_sockets(scmp_filter_ctx filter, uint32_t may, bool all_else_goes)
{
    static const int families[] = {AF_INET, AF_INET6, AF_UNIX};
    size_t count = may & MUSTER_NEEDS_FILES ? 3 : 2;
    int rc = 0;
    for (size_t i = 0; rc == 0 && !all_else_goes && i < count; i++)
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
                              SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i], 0));
    if (rc == 0 && !all_else_goes)
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, FIONBIO, 0));
    if (rc == 0 && !all_else_goes)
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, FIONREAD, 0));
    if (rc == 0 && all_else_goes)
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_GT, AF_INET6, 0));
    if (rc == 0 && all_else_goes && !(may & MUSTER_NEEDS_FILES))
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0));
    return rc;
}

/* No new privileges were given up before, and the kernel's own error is wanted. */
static int ready(scmp_filter_ctx filter)
{
    int rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
    return rc != 0 ? rc : seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
}

/* For a connector that starts programs, and for those: all but what is harmful. */
static int fence_programs(uint32_t may)
{
    FILTER filter = seccomp_init(SCMP_ACT_ALLOW);
    if (!filter)
        return -ENOMEM;
    int rc = ready(filter);
    if (rc == 0)
        rc = rules(filter, SCMP_ACT_ERRNO(EPERM), harmful, COUNT(harmful), 0);
    if (rc == 0) /* nobody can look into what it is asked */
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    if (rc == 0)
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                              SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER));
    if (rc == 0) /* one's own group, and nobody else */
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(kill), 1, SCMP_A0(SCMP_CMP_NE, 0, 0));
    if (rc == 0) /* Go wakes its own threads by this one; to others it means nothing */
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(tgkill), 1, SCMP_A2(SCMP_CMP_NE, SIGURG, 0));
    if (rc == 0 && (may & MUSTER_NEEDS_NETWORK))
        rc = rules_of_sockets(filter, may, true);
    else if (rc == 0)
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 0);
    return rc != 0 ? rc : seccomp_load(filter);
}

int fence_calls(uint32_t may)
{
    if (may & MUSTER_NEEDS_EXEC)
        return fence_programs(may);
    FILTER filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    if (!filter)
        return -ENOMEM;
    int rc = attempt_watch();
    if (rc == 0)
        rc = ready(filter);
    if (rc == 0) /* a tree, not a list: each call is looked up */
        rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (rc == 0)
        rc = rules(filter, SCMP_ACT_ALLOW, allowed, COUNT(allowed), may);
    if (rc == 0)
        rc = rules(filter, SCMP_ACT_ERRNO(EPERM), refused, COUNT(refused), may);
    if (rc == 0)
        rc = rules(filter, REFUSE_OUTSIDE, outside, COUNT(outside), may);
    if (rc == 0 && (may & MUSTER_NEEDS_NETWORK))
        rc = rules(filter, SCMP_ACT_ALLOW, of_network, COUNT(of_network), may);
    if (rc == 0 && (may & MUSTER_NEEDS_NETWORK))
        rc = rules_of_sockets(filter, may, false);
    if (rc == 0)
        rc = rules_by_argument(filter);
    return rc != 0 ? rc : seccomp_load(filter);
}

int fence_pages(uint32_t may)
{
    const uint32_t no = SCMP_ACT_ERRNO(EPERM);
    if (may & MUSTER_NEEDS_EXEC) /* whoever may start programs has no need of pages */
        return 0;
    FILTER filter = seccomp_init(SCMP_ACT_ALLOW);
    if (!filter)
        return -ENOMEM;
    int rc = ready(filter);
    if (rc == 0) /* threads that constructors began, too */
        rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    if (rc == 0 && may) /* a database's driver is loaded when it is asked for */
        rc = seccomp_rule_add(filter, no, SCMP_SYS(mmap), 2, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC),
                              SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS));
    else if (rc == 0)
        rc = seccomp_rule_add(filter, no, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
    if (rc == 0)
        rc = seccomp_rule_add(filter, no, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
    if (rc == 0)
        rc = seccomp_rule_add(filter, no, SCMP_SYS(seccomp), 0);
    return rc != 0 ? rc : seccomp_load(filter);
}
