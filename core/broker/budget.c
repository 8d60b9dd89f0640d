/* budget - how many calls a provider lets one account make. */
#include "broker/budget.h"

#include "base/digest.h"
#include "base/mem.h"
#include "base/tidy.h"
#include "broker/url.h"

#include <errno.h>
#include <fcntl.h>
#include <muster/connector.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

enum {
    TURNS_MAX = 1000,
    MARGIN = 50,  /* one part in so many: calls arrive closer together than they left */
    NAME_LEN = 32 /* of a file: the account's digest, in hex */
};
#define MARK 0x31746462u /* "bdt1" */

/* As it lies in the file. */
struct shared {
    uint32_t mark, turns; /* how many of `taken` are in use */
    int64_t paused_until_ms;
    uint64_t next;            /* which one is the oldest */
    int64_t taken[TURNS_MAX]; /* when the last calls were, or will be, made */
};

struct budget {
    int fd; /* -1: in memory of our own */
    struct shared *shared;
    uint32_t turns; /* so many calls in `span_ms`; 0: as many as one likes */
    int64_t span_ms;
};

static int64_t real_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t (*now_ms)(void) = real_ms;

void budget_clock(int64_t (*clock_ms)(void))
{
    now_ms = clock_ms ? clock_ms : real_ms;
}

/* What the provider allows: the connection's own word, else the connector's. */
static void limit_read(const struct connection *connection, struct budget *budget)
{
    const char *own = connection_option(connection, "requests_per_second");
    double per_second = own ? strtod(own, NULL) : 0;
    const muster_connector *connector = connection->description;
    uint64_t requests = connector ? connector->requests : 0;
    uint64_t span = connector && connector->per_ms ? connector->per_ms : 1000;
    if (own && per_second > 0) {
        span = per_second < 1 ? (uint64_t)(1000 / per_second) : 1000;
        requests = per_second < 1 ? 1 : (uint64_t)per_second;
    }
    if (requests > TURNS_MAX) {
        span = span * TURNS_MAX / requests;
        requests = TURNS_MAX;
    }
    budget->turns = (uint32_t)requests;
    budget->span_ms = (int64_t)(span + span / MARGIN);
}

/* Who is asked, and as whom: connector, account, or where there is no account the host. */
static int account_digest(const struct connection *connection, struct keyring *keyring, char *ret_hex, struct err *err)
{
    const muster_connector *connector = connection->description;
    const char *account = NULL, *host = NULL;
    struct arena *arena TIDY(arena_free) = arena_new();
    TIDY_DONE(buffer_done) struct buffer text = {0};
    uint8_t sum[DIGEST_SHA256];
    if (connector && connector->account &&
        (keyring_has(keyring, connector->account) || connection_option(connection, connector->account))) {
        int rc = keyring_text(keyring, connector->account, &account, err);
        if (rc != 0)
            return rc;
    }
    for (size_t i = 0; !account && !host && arena && i < connection->option_count; i++) {
        struct url url;
        if (connection->options[i].text && url_read(arena, connection->options[i].text, &url) == 0)
            host = url.host;
    }
    buffer_format(&text, "muster budget\n%s\n%s\n%s", connection->connector, account ? account : "", host ? host : "");
    if (text.rc == 0)
        digest_sha256(text.data, text.len, sum);
    if (text.data)
        explicit_bzero(text.data, text.room);
    if (text.rc != 0)
        return text.rc;
    digest_hex(sum, NAME_LEN / 2, ret_hex);
    return 0;
}

static int file_open(struct budget *budget, const char *folder, const char *name, struct err *err)
{
    char *path __attribute__((cleanup(tidy_free))) = mem_format("%s/%s", folder, name);
    if (!path)
        return -ENOMEM;
    if (mkdir(folder, 0700) != 0 && errno == ENOENT)
        return 0; /* there is no state folder yet, so there is nobody to share with */
    if (access(folder, W_OK) != 0)
        return err_set(err, -errno, "the folder %s cannot be used: %s", folder, err_text(-errno));
    budget->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct stat info;
    if (budget->fd < 0 || fstat(budget->fd, &info) != 0 ||
        (info.st_size < (off_t)sizeof(struct shared) && ftruncate(budget->fd, sizeof(struct shared)) != 0))
        return err_set(err, -errno, "%s cannot be written: %s", path, err_text(-errno));
    return 0;
}

static bool note_read(const char *note, char ret_name[NAME_LEN + 1])
{
    int fd __attribute__((cleanup(tidy_close))) = open(note, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool there = fd >= 0 && read(fd, ret_name, NAME_LEN) == NAME_LEN;
    ret_name[there ? NAME_LEN : 0] = '\0';
    return there && strspn(ret_name, "0123456789abcdef") == NAME_LEN;
}

/* For whoever asks about the account without having its secrets. */
static int note_write(const char *note, const char *name, struct err *err)
{
    char before[NAME_LEN + 1];
    if (note_read(note, before) && strcmp(before, name) == 0)
        return 0;
    const char *slash = strrchr(note, '/');
    char *folder __attribute__((cleanup(tidy_free))) = slash ? mem_copy(note, (size_t)(slash - note)) : NULL;
    char *other __attribute__((cleanup(tidy_free))) = mem_format("%s.new", note);
    if (!folder || !other)
        return -ENOMEM;
    if (mkdir(folder, 0700) != 0 && errno == ENOENT)
        return 0; /* nothing of the organization is kept yet */
    int fd __attribute__((cleanup(tidy_close))) =
        open(other, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0)
        errno = EIO; /* of a write that is cut short */
    if (fd < 0 || write(fd, name, NAME_LEN) != NAME_LEN || rename(other, note) != 0)
        return err_set(err, -errno, "%s cannot be written: %s", note, err_text(-errno));
    return 0;
}

int64_t budget_paused_ms(const char *folder, const char *note)
{
    char name[NAME_LEN + 1];
    struct shared shared;
    size_t head = offsetof(struct shared, next);
    char *path __attribute__((cleanup(tidy_free))) = note_read(note, name) ? mem_format("%s/%s", folder, name) : NULL;
    int fd __attribute__((cleanup(tidy_close))) = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    if (fd < 0 || read(fd, &shared, head) != (ssize_t)head || shared.mark != MARK)
        return 0;
    int64_t rest = shared.paused_until_ms - now_ms();
    return rest > 0 ? rest : 0;
}

int budget_open(const struct connection *connection, struct keyring *keyring, const char *folder, const char *note,
                struct budget **ret_budget, struct err *err)
{
    struct budget *budget TIDY(budget_close) = mem_new(1, sizeof(*budget));
    char name[NAME_LEN + 1];
    if (!budget)
        return -ENOMEM;
    budget->fd = -1;
    limit_read(connection, budget);
    int rc = folder ? account_digest(connection, keyring, name, err) : 0;
    if (rc == 0 && folder)
        rc = file_open(budget, folder, name, err);
    if (rc == 0 && folder && note)
        rc = note_write(note, name, err);
    if (rc != 0)
        return rc;
    int flags = budget->fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
    void *shared = mmap(NULL, sizeof(*budget->shared), PROT_READ | PROT_WRITE, flags, budget->fd, 0);
    if (shared == MAP_FAILED)
        return err_set(err, -errno, "the budget of calls cannot be opened: %s", err_text(-errno));
    budget->shared = shared;
    *ret_budget = TAKE(budget);
    return 0;
}

void budget_close(struct budget *budget)
{
    if (!budget)
        return;
    if (budget->shared)
        munmap(budget->shared, sizeof(*budget->shared));
    if (budget->fd >= 0)
        close(budget->fd);
    free(budget);
}

static void lock(struct budget *budget)
{
    while (budget->fd >= 0 && flock(budget->fd, LOCK_EX) != 0 && errno == EINTR)
        continue;
}

static void unlock(struct budget *budget)
{
    if (budget->fd >= 0)
        flock(budget->fd, LOCK_UN);
}

/* A new file, another limit than before, nonsense: from the beginning. */
static void make_sense(struct budget *budget)
{
    struct shared *shared = budget->shared;
    if (shared->mark == MARK && shared->turns == budget->turns)
        return;
    int64_t paused = shared->mark == MARK ? shared->paused_until_ms : 0;
    memset(shared, 0, sizeof(*shared));
    shared->mark = MARK;
    shared->turns = budget->turns;
    shared->paused_until_ms = paused;
}

bool budget_take(struct budget *budget, int64_t patience_ms, int64_t *ret_wait_ms)
{
    int64_t now = now_ms(), at = now;
    lock(budget);
    make_sense(budget);
    struct shared *shared = budget->shared;
    int64_t *oldest = budget->turns > 0 ? &shared->taken[shared->next % budget->turns] : NULL;
    /* A clock that was put back must not keep everybody waiting. */
    if (oldest && *oldest > now + budget->span_ms + patience_ms)
        *oldest = now;
    if (oldest && *oldest + budget->span_ms > at)
        at = *oldest + budget->span_ms;
    if (shared->paused_until_ms > at)
        at = shared->paused_until_ms;
    bool taken = at - now <= patience_ms;
    if (taken && oldest) {
        *oldest = at;
        shared->next++;
    }
    unlock(budget);
    *ret_wait_ms = at - now;
    return taken;
}

void budget_pause(struct budget *budget, int64_t ms)
{
    int64_t until = now_ms() + ms;
    lock(budget);
    make_sense(budget);
    if (until > budget->shared->paused_until_ms)
        budget->shared->paused_until_ms = until;
    unlock(budget);
}
