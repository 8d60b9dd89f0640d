/* sandbox - the fence around a connector: what this process gives up before foreign code runs in it. */
#include "host/sandbox.h"

#include "base/error.h"
#include "base/tidy.h"
#include "host/fence.h"

#include <muster/connector.h>

#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* Landlock by its numbers: headers are often older than the kernel, and the C library has no functions for it. */
enum {
    LANDLOCK_CREATE = 444,
    LANDLOCK_ADD = 445,
    LANDLOCK_RESTRICT = 446,
    LANDLOCK_ASK_VERSION = 1,
    LANDLOCK_PATH = 1
};

#define LL_EXECUTE (1ull << 0)
#define LL_WRITE (1ull << 1)
#define LL_READ (1ull << 2)
#define LL_LIST (1ull << 3)
#define LL_REMOVE_FOLDER (1ull << 4)
#define LL_REMOVE (1ull << 5)
#define LL_MAKE_FOLDER (1ull << 7)
#define LL_MAKE_FILE (1ull << 8)
#define LL_MAKE_FIFO (1ull << 10)
#define LL_MAKE_LINK (1ull << 12)
#define LL_TRUNCATE (1ull << 14)
#define LL_CHANGE (LL_READ | LL_WRITE | LL_LIST | LL_REMOVE | LL_MAKE_FILE | LL_TRUNCATE)
#define LL_BUILD (LL_CHANGE | LL_EXECUTE | LL_REMOVE_FOLDER | LL_MAKE_FOLDER | LL_MAKE_FIFO | LL_MAKE_LINK)

struct landlock_rules {
    uint64_t files, net, scoped;
};

struct landlock_path {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

static int refuse(char *why, size_t room, const char *what, int rc)
{
    snprintf(why, room, "the host's sandbox cannot be put up: %s: %s", what, err_text(rc));
    return ERR_CONNECTOR;
}

static void lacks(struct sandbox *sandbox, const char *what)
{
    size_t len = strlen(sandbox->lacks);
    snprintf(sandbox->lacks + len, sizeof(sandbox->lacks) - len, "%s%s", len ? " " : "", what);
}

/* What a kernel lacks cannot be taken out of a running one: builds for developers can be told to believe it. */
static int pretends_lack(const char *what)
{
#ifdef HAVE_FAULTS
    const char *named = getenv("MUSTER_SANDBOX_LACKS");
    return named && strstr(named, what);
#else
    (void)what;
    return 0;
#endif
}

static int limit(int which, uint64_t value)
{
    struct rlimit now;
    if (getrlimit(which, &now) != 0)
        return -errno;
    if (now.rlim_max < value)
        value = now.rlim_max;
    struct rlimit wanted = {value, value};
    return setrlimit(which, &wanted) == 0 ? 0 : -errno;
}

static int limits(const struct sandbox *sandbox, char *why, size_t room)
{
    enum { FILES = 64, FILES_OF_PROGRAMS = 512, LIBRARIES = 512 * 1024 * 1024 };
    bool programs = (sandbox->may & MUSTER_NEEDS_EXEC) != 0;
    int rc = limit(RLIMIT_CORE, 0);
    if (rc == 0)
        rc = limit(RLIMIT_NOFILE, programs ? FILES_OF_PROGRAMS : FILES);
    if (rc == 0 && sandbox->memory_max > 0)
        rc = limit(RLIMIT_FSIZE, sandbox->memory_max);
#ifndef HAVE_SANITIZERS /* they reserve terabytes of addresses */
    if (rc == 0 && sandbox->memory_max > 0)
        rc = limit(RLIMIT_DATA, sandbox->memory_max);
    if (rc == 0 && sandbox->memory_max > 0 && !programs) /* those of some languages reserve far more than they use */
        rc = limit(RLIMIT_AS, sandbox->memory_max + LIBRARIES);
#endif
    return rc == 0 ? 0 : refuse(why, room, "limits", rc);
}

/* Lets `path` be used as said; what does not exist needs no rule. */
static int allow(int rules, const char *path, uint64_t rights)
{
    TIDY(close) int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
    struct stat status;
    if (fstat(fd, &status) != 0)
        return -errno;
    if (!S_ISDIR(status.st_mode))
        rights &= LL_EXECUTE | LL_READ | LL_WRITE | LL_TRUNCATE;
    struct landlock_path rule = {rights, fd};
    return syscall(LANDLOCK_ADD, rules, LANDLOCK_PATH, &rule, 0) == 0 ? 0 : -errno;
}

static int allow_list(int rules, const char *const *paths, uint64_t rights)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && paths && paths[i]; i++)
        rc = allow(rules, paths[i], rights);
    return rc;
}

/* For a connector with needs of its own: what names, TLS and database drivers are set up by, and programs. */
static int allow_needs(const struct sandbox *sandbox, int rules, uint64_t known)
{
    static const char *const of_network[] = {"/etc/resolv.conf",
                                             "/run/systemd/resolve",
                                             "/etc/hosts",
                                             "/etc/host.conf",
                                             "/etc/gai.conf",
                                             "/etc/nsswitch.conf",
                                             "/etc/services",
                                             "/etc/protocols",
                                             "/etc/ssl",
                                             "/etc/ca-certificates",
                                             "/etc/pki",
                                             "/usr/share/ca-certificates",
                                             "/etc/odbcinst.ini",
                                             "/etc/odbc.ini",
                                             "/etc/odbcinst.d",
                                             "/etc/freetds",
                                             "/usr/share/freetds",
                                             "/etc/mysql",
                                             "/usr/share/mysql",
                                             "/usr/share/mariadb",
                                             "/etc/krb5.conf",
                                             "/etc/krb5.conf.d",
                                             "/opt/microsoft",
                                             "/dev/urandom",
                                             "/usr/local/share/ca-certificates",
                                             NULL};
    static const char *const of_programs[] = {"/bin",
                                              "/sbin",
                                              "/usr",
                                              "/etc/passwd",
                                              "/etc/group",
                                              "/etc/alternatives",
                                              "/etc/mime.types",
                                              "/etc/timezone",
                                              "/etc/ld.so.conf",
                                              "/etc/ld.so.conf.d",
                                              NULL};
    static const char *const of_both[] = {"/dev/null", NULL};
    bool programs = (sandbox->may & MUSTER_NEEDS_EXEC) != 0;
    uint64_t look = LL_READ | LL_EXECUTE | LL_LIST;
    int rc = sandbox->may ? allow_list(rules, of_network, look) : 0;
    if (rc == 0 && sandbox->may)
        rc = allow_list(rules, of_both, LL_READ | LL_WRITE);
    if (rc == 0 && programs)
        rc = allow_list(rules, of_programs, look);
    if (rc == 0 && programs)
        rc = allow_list(rules, sandbox->programs, look);
    if (rc == 0 && (sandbox->may & MUSTER_NEEDS_FILES))
        rc = allow_list(rules, sandbox->files, (programs ? LL_CHANGE | LL_EXECUTE : LL_CHANGE) & known);
    return rc;
}

static int allow_all(const struct sandbox *sandbox, int rules, uint64_t known)
{
    static const char *const readable[] = {
        "/lib",
        "/lib64",
        "/usr/lib",
        "/usr/lib64",
        "/usr/local/lib",
        "/etc/ld.so.cache",
        "/usr/share/zoneinfo",
        "/etc/localtime",
#ifdef HAVE_SANITIZERS
        "/proc/self",
#endif
        NULL,
    };
    bool programs = (sandbox->may & MUSTER_NEEDS_EXEC) != 0;
    int rc = allow(rules, sandbox->connector, LL_READ | LL_EXECUTE);
    if (rc == 0)
        rc = allow_list(rules, readable, LL_READ | LL_EXECUTE | LL_LIST);
    if (rc == 0 && getenv("TZDIR"))
        rc = allow(rules, getenv("TZDIR"), LL_READ | LL_LIST);
    if (rc == 0)
        rc = allow(rules, sandbox->scratch, (programs ? LL_BUILD : LL_CHANGE) & known);
    return rc != 0 ? rc : allow_needs(sandbox, rules, known);
}

/* ABI 1 knows 13 rights on files, 2 adds moving between folders, 3 truncating, 5 device calls; 4 adds TCP, 6 signals
 * and abstract sockets. All that is known is handled, so all that is not allowed above is refused. */
static int landlock(struct sandbox *sandbox, char *why, size_t room)
{
    long version = pretends_lack("landlock") ? -1 : syscall(LANDLOCK_CREATE, NULL, 0, LANDLOCK_ASK_VERSION);
    if (version < 1) {
        lacks(sandbox, "landlock");
        return 0;
    }
    if (pretends_lack("truncate"))
        version = 2;
    if (version < 3)
        lacks(sandbox, "landlock-truncate");
    int bits = version >= 5 ? 16 : version >= 3 ? 15 : version == 2 ? 14 : 13;
    struct landlock_rules rules = {.files = (1ull << bits) - 1,
                                   .net = version < 4 || (sandbox->may & MUSTER_NEEDS_NETWORK) ? 0 : 3,
                                   .scoped = version >= 6 ? 3 : 0};
    size_t size = version >= 6 ? 24 : version >= 4 ? 16 : 8;
    TIDY(close) int fd = (int)syscall(LANDLOCK_CREATE, &rules, size, 0);
    if (fd < 0)
        return refuse(why, room, "Landlock", -errno);
    int rc = allow_all(sandbox, fd, rules.files);
    if (rc == 0 && syscall(LANDLOCK_RESTRICT, fd, 0) != 0)
        rc = -errno;
    return rc == 0 ? 0 : refuse(why, room, "Landlock", rc);
}

/* iconv loads a module per character set when it is first asked for, which sandbox_close() forbids. So those that
 * files of employers come in are opened now and stay open. */
static void character_sets(void)
{
    static const char *const names[] = {"WINDOWS-1252", "ISO-8859-1", "ISO-8859-15",
                                        "WINDOWS-1250", "ISO-8859-2", "IBM850"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (iconv_open("UTF-8", names[i]) == (iconv_t)-1)
            continue; /* one that does not exist here is no loss */
}

static int fence(struct sandbox *sandbox, int (*put_up)(uint32_t may), char *why, size_t room)
{
    if (pretends_lack("seccomp") || !fence_known()) {
        if (!strstr(sandbox->lacks, "seccomp"))
            lacks(sandbox, "seccomp");
        return 0;
    }
    int rc = put_up(sandbox->may);
    return rc == 0 ? 0 : refuse(why, room, "seccomp", rc);
}

int sandbox_enter(struct sandbox *sandbox, char *ret_why, size_t room)
{
    int rc = limits(sandbox, ret_why, room);
    if (rc != 0)
        return rc;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return refuse(ret_why, room, "prctl", -errno);
    rc = landlock(sandbox, ret_why, room);
    return rc != 0 ? rc : fence(sandbox, fence_calls, ret_why, room);
}

int sandbox_close(struct sandbox *sandbox, char *ret_why, size_t room)
{
    character_sets();
    return fence(sandbox, fence_pages, ret_why, room);
}
