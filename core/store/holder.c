/* holder - the process that is at an organization. */
#include "store/holder.h"

#include "base/mem.h"
#include "base/tidy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>

enum { TEXT = 4096, TRIES = 3 };

static void close_dir(DIR **dir)
{
    if (*dir)
        closedir(*dir);
}

/* The first bytes of a small file, as text. */
static int read_text(int at, const char *path, char ret_text[TEXT])
{
    int fd __attribute__((cleanup(tidy_close))) = openat(at, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    ssize_t got = read(fd, ret_text, TEXT - 1);
    if (got < 0)
        return -errno;
    ret_text[got] = '\0';
    return 0;
}

/* Whether the open file of this number is, in that process, `lock`, and is what locks it. */
static bool holds_by(int process, long number, const struct stat *lock)
{
    char path[64], text[TEXT];
    struct stat now;
    snprintf(path, sizeof(path), "fd/%ld", number);
    if (fstatat(process, path, &now, 0) != 0 || now.st_dev != lock->st_dev || now.st_ino != lock->st_ino)
        return false;
    snprintf(path, sizeof(path), "fdinfo/%ld", number);
    if (read_text(process, path, text) != 0)
        return false;
    const char *line = strstr(text, "lock:");
    return line && strstr(line, "FLOCK") && strstr(line, "WRITE");
}

/* 1, 0, or a negative errno. */
static int process_holds(long pid, const struct stat *lock)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%ld", pid);
    int process __attribute__((cleanup(tidy_close))) = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int folder = process < 0 ? -1 : openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return errno == ENOENT || errno == ESRCH ? 0 : -errno;
    DIR *dir __attribute__((cleanup(close_dir))) = fdopendir(folder);
    if (!dir) {
        close(folder);
        return -ENOMEM;
    }
    for (struct dirent *entry; (entry = readdir(dir));)
        if (entry->d_name[0] != '.' && holds_by(process, strtol(entry->d_name, NULL, 10), lock))
            return 1;
    return 0;
}

static int holder_look(const char *path, struct holder *ret_holder)
{
    char text[TEXT], *end;
    struct stat lock;
    if (stat(path, &lock) != 0 || read_text(AT_FDCWD, path, text) != 0)
        return errno == ENOENT ? ERR_GONE : -errno;
    long pid = strtol(text, &end, 10);
    if (end == text || pid <= 1)
        return ERR_GONE;
    int fd __attribute__((cleanup(tidy_close))) = pidfd_open((pid_t)pid, 0);
    if (fd < 0)
        return errno == ESRCH || errno == EINVAL ? ERR_GONE : -errno;
    int holds = process_holds(pid, &lock);
    if (holds <= 0)
        return holds ? holds : ERR_GONE;
    if (pidfd_send_signal(fd, 0, NULL, 0) != 0 && errno == ESRCH) /* else /proc told of this very process */
        return ERR_GONE;
    *ret_holder = (struct holder){.fd = take_fd(&fd), .pid = pid};
    return 0;
}

int holder_find(const char *dir, struct holder *ret_holder, struct err *err)
{
    char *path __attribute__((cleanup(tidy_free))) = mem_format("%s/run.lock", dir);
    int rc = path ? ERR_GONE : -ENOMEM;
    /* A run that has just begun holds the lock a moment before its number stands in the file. */
    for (int i = 0; i < TRIES && rc == ERR_GONE; i++) {
        if (i > 0)
            poll(NULL, 0, 20);
        rc = holder_look(path, ret_holder);
    }
    if (rc == -EACCES || rc == -EPERM)
        return err_set(err, ERR_PERMISSION,
                       "%s is held by a process of another user: type this as that user, or as root", path);
    return rc == 0 || rc == ERR_GONE ? rc : err_set(err, rc, "%s cannot be read: %s", path, err_text(rc));
}

void holder_done(struct holder *holder)
{
    if (holder->fd >= 0)
        close(holder->fd);
    *holder = (struct holder){.fd = -1};
}

bool holder_listens(const struct holder *holder)
{
    char path[64], text[TEXT];
    snprintf(path, sizeof(path), "/proc/%ld/status", holder->pid);
    if (read_text(AT_FDCWD, path, text) != 0)
        return false;
    const char *caught = strstr(text, "\nSigCgt:");
    return caught && (strtoull(caught + strlen("\nSigCgt:"), NULL, 16) >> (SIGINT - 1) & 1) != 0;
}

int holder_interrupt(const struct holder *holder)
{
    if (pidfd_send_signal(holder->fd, SIGINT, NULL, 0) == 0)
        return 0;
    return errno == ESRCH ? ERR_GONE : -errno;
}

bool holder_ends(const struct holder *holder, int most_ms)
{
    struct pollfd end = {.fd = holder->fd, .events = POLLIN};
    int rc;
    do
        rc = poll(&end, 1, most_ms);
    while (rc < 0 && errno == EINTR);
    return rc > 0;
}
