/* hostile - a connector that tries, one partition after the other, whatever a connector must not be able to do.
 *
 * `attempts` are the names of partitions. Each attempt ends in fail(): "refused: WHAT CODE" or "ESCAPED: WHAT", if it
 * ends at all; "well-…" and "quiet" read a person as if nothing were. What its constructor could do "constructor"
 * tells. */
#include <muster/connector.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char told[3000];
static int escaped;

/* Notes one attempt; `worked` with errno of the call. */
static void tried(const char *what, int worked)
{
    size_t len = strlen(told);
    escaped += worked != 0;
    snprintf(told + len, sizeof(told) - len, "%s%s %s", len ? ", " : "", what,
             worked ? "WORKED" : strerrorname_np(errno));
}

static void try_open(const char *what, const char *path, int flags)
{
    int fd = open(path, flags, 0600);
    tried(what, fd >= 0);
    if (fd >= 0)
        close(fd);
}

static void try_passwd(void)
{
    try_open("passwd", "/etc/passwd", O_RDONLY);
    try_open("shadow", "/etc/shadow", O_RDONLY);
    struct stat status;
    int folder = open("/etc", O_RDONLY | O_DIRECTORY);
    tried("etc", folder >= 0);
    folder = open("/etc", O_PATH | O_DIRECTORY);
    tried("below", folder >= 0 && openat(folder, "passwd", O_RDONLY) >= 0);
    tried("link", symlink("/etc/passwd", "passwd") == 0 && stat("passwd", &status) == 0);
}

static void try_parent(const char *file)
{
    char path[100];
    snprintf(path, sizeof(path), "/proc/%ld/%s", (long)getppid(), file);
    try_open(file, path, O_RDONLY);
}

static void try_environment(void)
{
    static const char *const mine[] = {"LD_BIND_NOW", "LANG", "TMPDIR", "TZDIR", "MUSTER_NOW", "MUSTER_FAULT"};
    extern char **environ;
    size_t others = 0;
    for (char **one = environ; *one; one++) {
        size_t known = 0;
        for (size_t i = 0; i < sizeof(mine) / sizeof(mine[0]); i++)
            known += strncmp(*one, mine[i], strlen(mine[i])) == 0;
        others += known == 0;
    }
    errno = 0;
    tried("variables", others > 0);
    try_parent("environ");
    try_parent("maps");
    try_parent("mem");
    try_parent("cmdline");
}

static void try_sockets(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "\0muster"};
    int pair[2];
    tried("inet", socket(AF_INET, SOCK_STREAM, 0) >= 0);
    tried("inet6", socket(AF_INET6, SOCK_DGRAM, 0) >= 0);
    tried("unix", socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
    tried("netlink", socket(AF_NETLINK, SOCK_RAW, 0) >= 0);
    tried("pair", socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    tried("abstract", connect(3, (struct sockaddr *)&name, sizeof(name)) == 0);
    tried("ring", syscall(SYS_io_uring_setup, 1, NULL) >= 0);
}

static void try_programs(void)
{
    char *const arguments[] = {"true", NULL};
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    tried("fork", child > 0);
    child = (pid_t)syscall(SYS_vfork);
    if (child == 0)
        _exit(0);
    tried("vfork", child > 0);
    errno = posix_spawn(&child, "/usr/bin/true", NULL, NULL, arguments, NULL);
    tried("spawn", errno == 0);
    tried("exec", execv("/usr/bin/true", arguments) == 0);
    tried("linker", execv("/lib64/ld-linux-x86-64.so.2", arguments) == 0);
}

static void try_processes(void)
{
    tried("kill", kill(getppid(), SIGKILL) == 0);
    tried("group", kill(0, SIGTERM) == 0);
    tried("all", kill(-1, SIGTERM) == 0);
    tried("thread", syscall(SYS_tgkill, getppid(), getppid(), SIGKILL) == 0);
    tried("ptrace", ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0);
    tried("write", syscall(SYS_process_vm_writev, getppid(), NULL, 0, NULL, 0, 0) >= 0);
    tried("pidfd", syscall(SYS_pidfd_open, getppid(), 0) >= 0);
    tried("namespace", unshare(0x10000000) == 0);
    tried("mute", signal(SIGSYS, SIG_IGN) != SIG_ERR);
}

static void try_folder(const char *folder)
{
    char path[4200];
    try_open("folder", folder, O_RDONLY | O_DIRECTORY);
    snprintf(path, sizeof(path), "%s/data.mdb", folder);
    try_open("store", path, O_RDONLY);
    try_open("store", path, O_RDWR);
    snprintf(path, sizeof(path), "%s/../beside", getenv("TMPDIR"));
    try_open("beside", path, O_WRONLY | O_CREAT);
}

static void try_code(void)
{
    static const char one[] = "\xc3";
    char path[4200];
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    tried("mprotect", mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0);
    snprintf(path, sizeof(path), "%s/code", getenv("TMPDIR"));
    int fd = open(path, O_RDWR | O_CREAT, 0700);
    (void)!write(fd, one, sizeof(one));
    tried("mmap", mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) != MAP_FAILED);
    tried("memory", memfd_create("none", 0) >= 0);
    tried("filter", syscall(SYS_seccomp, 0, 0, NULL) == 0);
    close(fd);
    unlink(path);
}

static void fill_disk(muster_run *run)
{
    static char bytes[1 << 20];
    char path[4200];
    for (unsigned n = 0;; n++) {
        snprintf(path, sizeof(path), "%s/fill-%u", getenv("TMPDIR"), n);
        int fd = open(path, O_WRONLY | O_CREAT, 0600);
        for (int i = 0; fd >= 0 && i < 16; i++)
            if (write(fd, bytes, sizeof(bytes)) < 0)
                usleep(10000);
        close(fd);
        run->host->progress(run, n, 0); /* not silent: it is what it takes that ends it */
    }
}

static void grab_memory(muster_run *run)
{
    static void *volatile last; /* so that no compiler leaves the pieces out */
    enum { PIECE = 1 << 22 };
    for (void **piece; (piece = malloc(PIECE)) != NULL;) {
        memset(piece, 1, PIECE);
        *piece = last;
        last = piece;
        run->host->progress(run, 1, 0);
    }
}

static __attribute__((noinline)) int fall(volatile char *above, int depth)
{
    volatile char here[1000];
    here[0] = above[0];
    return depth > 0 ? fall(here, depth + 1) + here[0] : 0;
}

static void flood(muster_run *run)
{
    static char bytes[60000];
    memset(bytes, 'f', sizeof(bytes) - 1);
    for (unsigned long n = 0;; n++) {
        char id[30];
        snprintf(id, sizeof(id), "%lu", n);
        muster_record *record = run->host->record(run, "people", id, NULL);
        run->host->put(record, "name", MUSTER_TEXT, bytes);
        run->host->emit(run, record);
    }
}

static void send_descriptors(void)
{
    union {
        char bytes[CMSG_SPACE(20 * sizeof(int))];
        struct cmsghdr align;
    } control = {.bytes = {0}};
    char byte = 'x';
    struct iovec vector = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof(control.bytes)};
    struct cmsghdr *part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(20 * sizeof(int));
    (void)!sendmsg(3, &message, 0); /* twenty times our standard input */
    pause();
}

/* Well-formed, and deeper than any stack. */
static muster_rc nest(muster_run *run)
{
    enum { DEPTH = 400000 };
    static char json[2 * DEPTH + 20];
    memcpy(json, "{\"name\":", 8);
    memset(json + 8, '[', DEPTH);
    memset(json + 8 + DEPTH, ']', DEPTH);
    json[8 + 2 * DEPTH] = '}';
    muster_record *record = run->host->record(run, "people", "deep", "deep");
    run->host->put_json(record, json, strlen(json));
    muster_rc rc = run->host->emit(run, record);
    return run->host->fail(run, MUSTER_FAIL, "refused: nesting %s", rc == MUSTER_DATA ? "MUSTER_DATA" : "otherwise");
}

static void shout(void)
{
    for (int i = 0; i < 20000; i++)
        fprintf(i % 2 ? stderr : stdout, "Anna Geheim, burgerservicenummer 123456782\n");
    fflush(stdout);
    abort();
}

static muster_rc read_well(muster_run *run, const char *partition)
{
    muster_record *record = run->host->record(run, "people", partition, NULL);
    run->host->put(record, "name", MUSTER_TEXT, partition);
    run->host->emit(run, record);
    return run->host->complete(run, 1);
}

static char at_first[sizeof(told)];
static int escaped_first;

__attribute__((constructor)) static void construct(void)
{
    try_passwd();
    tried("fork", fork() > 0);
    snprintf(at_first, sizeof(at_first), "%s", told);
    escaped_first = escaped;
}

static muster_rc endless(muster_run *run, const char *what)
{
    if (strcmp(what, "hang") == 0)
        pause();
    if (strcmp(what, "spin") == 0)
        for (volatile unsigned i = 0;; i++)
            continue;
    if (strcmp(what, "disk") == 0)
        fill_disk(run);
    if (strcmp(what, "flood") == 0)
        flood(run);
    if (strcmp(what, "descriptors") == 0)
        send_descriptors();
    if (strcmp(what, "recursion") == 0) {
        signal(SIGSEGV, SIG_DFL);
        return fall("", 1);
    }
    if (strcmp(what, "shout") == 0)
        shout();
    if (strcmp(what, "memory") == 0)
        grab_memory(run);
    return MUSTER_OK;
}

static muster_rc pull(muster_run *run, void *self, const muster_pull *asked)
{
    (void)self;
    const char *what = asked->partition;
    told[0] = '\0';
    escaped = 0;
    errno = 0;
    if (strncmp(what, "well", 4) == 0)
        return read_well(run, what);
    if (strcmp(what, "quiet") == 0) {
        (void)!socket(AF_INET, SOCK_STREAM, 0);
        return read_well(run, what);
    }
    if (strcmp(what, "nesting") == 0)
        return nest(run);
    if (strcmp(what, "constructor") == 0) {
        snprintf(told, sizeof(told), "%s", at_first);
        escaped = escaped_first;
    }
    if (strcmp(what, "passwd") == 0)
        try_passwd();
    if (strcmp(what, "folder") == 0)
        try_folder(run->host->text(run, "folder"));
    if (strcmp(what, "environment") == 0)
        try_environment();
    if (strcmp(what, "sockets") == 0)
        try_sockets();
    if (strcmp(what, "programs") == 0)
        try_programs();
    if (strcmp(what, "processes") == 0)
        try_processes();
    if (strcmp(what, "code") == 0)
        try_code();
    endless(run, what);
    return run->host->fail(run, MUSTER_FAIL, "%s: %s", escaped ? "ESCAPED" : "refused", *told ? told : what);
}

static muster_rc partitions(muster_run *run, void *self)
{
    (void)self;
    char names[1000];
    uint64_t count = 0;
    snprintf(names, sizeof(names), "%s", run->host->text(run, "attempts"));
    char *rest = names;
    for (char *name; (name = strsep(&rest, " ")) != NULL; count++)
        run->host->partition(run, name, NULL, NULL);
    return run->host->complete(run, count);
}

static const muster_option options[] = {
    {"attempts", NULL, "What it tries, with a blank between", NULL, MUSTER_TEXT, MUSTER_REQUIRED, 0, 0, NULL, NULL,
     NULL},
    {"folder", "", "Another organization's folder", NULL, MUSTER_TEXT, 0, 0, 0, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, 0, 0, 0, 0, NULL, NULL, NULL}};
static const muster_stream streams[] = {
    {"people", "Everybody", NULL,
     "key: name\nperson: { employee_number: name, display_name: name, status: { const: active } }", NULL, "person",
     NULL, MUSTER_READ_FULL, MUSTER_BY_ABSENCE, 0},
    {NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0}};

MUSTER_CONNECTOR(hostile, .version = "1", .summary = "Tries what it may not", .options = options, .streams = streams,
                 .partitions = partitions, .pull = pull)
