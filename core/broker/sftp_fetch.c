/* sftp_fetch - one file from an SFTP server into an unlinked one of ours, across cut connections. */
#include "broker/sftp_inside.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "base/tidy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* libssh2 asks ahead as much as the buffer is large, and more: this is what keeps a far server busy. */
enum { READ_CHUNK = 1 << 20 };
/* Cuts in a row that brought nothing, before it is given up; the first pause, doubled each time. */
enum { CUTS_MAX = 5, PAUSE_MS = 200 };

struct fetch {
    struct link *link;
    const char *path, *scratch;
    const struct partials *partials;
    struct partial part;
    struct partial_growing growing;
    int64_t kept_ms; /* when the part was written down last */
    bool doubted;    /* what is here is of an earlier run: whether the file is still that one is to be seen */
    int fd;          /* -1 until the server has said what the file is */
    struct sha256 sum;
    uint64_t len, size; /* what is here; what the server says */
    int64_t mtime;      /* seconds */
    int cuts;
};

static void fetch_done(struct fetch *fetch)
{
    partial_growing_done(&fetch->growing);
    if (fetch->fd >= 0)
        close(fetch->fd);
}

static int scratch_file(const char *dir, int *ret_fd, struct err *err)
{
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
        __attribute__((cleanup(tidy_free))) char *path = mem_format("%s/.fetch-XXXXXX", dir);
        if (!path)
            return err_set(err, -ENOMEM, "%s", err_text(-ENOMEM));
        fd = mkostemp(path, O_CLOEXEC);
        if (fd >= 0)
            (void)unlink(path);
    }
    if (fd < 0)
        return err_set(err, -errno, "cannot make a temporary file in %s: %s", dir, err_text(-errno));
    *ret_fd = fd;
    return 0;
}

static int write_out(const struct fetch *fetch, const char *bytes, size_t len, struct err *err)
{
    while (len > 0) {
        ssize_t put = fault_hit("fetch") ? (errno = ENOSPC, -1) : write(fetch->fd, bytes, len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0 && (errno == ENOSPC || errno == EDQUOT))
            return err_set(err, -errno,
                           "no space is left in %s while %s was fetched: make room, or give the state "
                           "folder a larger disk",
                           fetch->scratch, fetch->path);
        if (put < 0)
            return err_set(err, -errno, "cannot write to %s while %s was fetched: %s", fetch->scratch, fetch->path,
                           err_text(-errno));
        bytes += put;
        len -= (size_t)put;
    }
    return 0;
}

static int changes(const struct fetch *fetch, struct err *err)
{
    return err_set(err, ERR_UNREADY,
                   "%s on %s changes while it is read: it is still being uploaded; try again when it is whole",
                   fetch->path, fetch->link->where);
}

/* What the server says of the file now; once begun it must stay what it was. */
static int fetch_look(struct fetch *fetch, struct err *err)
{
    bool begun = fetch->fd >= 0;
    LIBSSH2_SFTP_ATTRIBUTES a = {0};
    if (sftp_stat(fetch->link, fetch->path, &a) != 0)
        return sftp_failed(fetch->link, "read", fetch->path, err);
    if (!sftp_is_file(&a))
        return err_set(err, ERR_DATA, "%s on %s is no ordinary file", fetch->path, fetch->link->where);
    if (begun && (sftp_size(&a) != fetch->size || sftp_mtime(&a) != fetch->mtime))
        return changes(fetch, err);
    fetch->size = sftp_size(&a);
    fetch->mtime = sftp_mtime(&a);
    return 0;
}

/* The same bytes there as here? */
static int range_same(struct fetch *fetch, LIBSSH2_SFTP_HANDLE *handle, char *chunk, uint64_t at, size_t len,
                      bool *ret_same, struct err *err)
{
    struct link *link = fetch->link;
    char *here = chunk + READ_CHUNK / 2;
    libssh2_sftp_seek64(handle, at);
    *ret_same = true;
    for (size_t done = 0; *ret_same && done < len;) {
        ssize_t got;
        LINK_DO(link, got, libssh2_sftp_read(handle, chunk, len - done));
        if (got < 0)
            return sftp_failed(link, "read", fetch->path, err);
        *ret_same = got > 0 && pread(fetch->fd, here, (size_t)got, (off_t)(at + done)) == got &&
                    memcmp(chunk, here, (size_t)got) == 0;
        done += (size_t)got;
    }
    return 0;
}

/* A server tells a file's time by the second, so another one may look the same: the first and the last block of what an
 * earlier run brought are read again, and all of it is when they differ. */
static int fetch_doubt(struct fetch *fetch, LIBSSH2_SFTP_HANDLE *handle, char *chunk, struct err *err)
{
    bool same = true;
    int rc = range_same(fetch, handle, chunk, 0, PARTIAL_BLOCK, &same, err);
    if (rc == 0 && same)
        rc = range_same(fetch, handle, chunk, fetch->len - PARTIAL_BLOCK, PARTIAL_BLOCK, &same, err);
    if (rc != 0)
        return rc;
    fetch->doubted = false;
    if (same)
        return 0;
    if (ftruncate(fetch->fd, 0) < 0 || lseek(fetch->fd, 0, SEEK_SET) != 0)
        return err_set(err, -errno, "cannot begin %s anew: %s", fetch->path, err_text(-errno));
    fetch->len = 0;
    sha256_init(&fetch->sum);
    return 0;
}

/* Writes down what has come, now and then. */
static void fetch_keep(struct fetch *fetch)
{
    int64_t now = clock_steady_ms();
    if (!fetch->partials || now - fetch->kept_ms < fetch->partials->every_ms)
        return;
    partial_grow(fetch->partials, fetch->scratch, &fetch->part, &fetch->growing, fetch->fd, fetch->len);
    fetch->kept_ms = now;
}

/* From where it stopped up to the end, or to where it is clearly longer than it was. */
static int fetch_read(struct fetch *fetch, struct err *err)
{
    struct link *link = fetch->link;
    __attribute__((cleanup(tidy_free))) char *chunk = mem_new(1, READ_CHUNK);
    __attribute__((cleanup(sftp_handle_done))) struct sftp_handle handle = {.link = link};
    if (!chunk)
        return err_set(err, -ENOMEM, "%s", err_text(-ENOMEM));
    LINK_GET(link, handle.at, libssh2_sftp_open(link->sftp, fetch->path, LIBSSH2_FXF_READ, 0));
    if (!handle.at)
        return sftp_failed(link, "read", fetch->path, err);
    int rc = fetch->doubted ? fetch_doubt(fetch, handle.at, chunk, err) : 0;
    if (rc < 0)
        return rc;
    libssh2_sftp_seek64(handle.at, fetch->len);
    for (;;) {
        ssize_t got;
        LINK_DO(link, got, libssh2_sftp_read(handle.at, chunk, READ_CHUNK));
        if (got < 0)
            return sftp_failed(link, "read", fetch->path, err);
        if (got == 0 || fetch->len > fetch->size)
            return 0;
        rc = write_out(fetch, chunk, (size_t)got, err);
        if (rc < 0)
            return rc;
        sha256_add(&fetch->sum, chunk, (size_t)got);
        fetch->len += (uint64_t)got;
        fetch->cuts = 0;
        fetch_keep(fetch);
        if (patience_cancelled(link->patience))
            return err_set(err, ERR_CANCELLED, "cancelled while %s on %s was fetched", fetch->path, link->where);
    }
}

static int fetch_pause(const struct fetch *fetch, struct err *err)
{
    int64_t until = clock_steady_ms() + ((int64_t)PAUSE_MS << fetch->cuts);
    while (clock_steady_ms() < until) {
        if (patience_cancelled(fetch->link->patience))
            return err_set(err, ERR_CANCELLED, "cancelled while %s on %s was fetched", fetch->path, fetch->link->where);
        struct timespec slice = {.tv_nsec = 20 * 1000 * 1000};
        (void)nanosleep(&slice, NULL);
    }
    return 0;
}

/* With what an earlier run has brought of the same file. */
static int fetch_begin(struct fetch *fetch, struct err *err)
{
    int rc = scratch_file(fetch->scratch, &fetch->fd, err);
    if (rc < 0 || !fetch->partials)
        return rc;
    fetch->part.size = fetch->size;
    fetch->part.mtime = fetch->mtime;
    fetch->len = partial_load(fetch->partials, fetch->scratch, &fetch->part, fetch->fd, &fetch->sum);
    fetch->doubted = fetch->len > 0;
    fetch->kept_ms = clock_steady_ms();
    return 0;
}

/* One connection's worth of it, and whether it is still the file that was begun. */
static int fetch_part(struct fetch *fetch, struct err *err)
{
    int rc = link_open(fetch->link, err);
    if (rc == 0)
        rc = fetch_look(fetch, err);
    if (rc == 0 && fetch->fd < 0)
        rc = fetch_begin(fetch, err);
    if (rc == 0)
        rc = fetch_read(fetch, err);
    if (rc == 0)
        rc = fetch_look(fetch, err);
    if (rc == 0 && fetch->len != fetch->size)
        rc = changes(fetch, err);
    return rc;
}

/* Goes on after cuts. What is left in err is what was wrong the last time. */
static int fetch_parts(struct fetch *fetch, struct err *err)
{
    for (;;) {
        struct err why = {0};
        int rc = fetch_part(fetch, &why);
        if (rc == 0)
            return 0;
        if (rc != ERR_NETWORK || !link_broken(fetch->link) || ++fetch->cuts > CUTS_MAX)
            return err_set(err, rc, "%s", why.text);
        rc = fetch_pause(fetch, err);
        if (rc < 0)
            return rc;
    }
}

int sftp_fetch(struct sftp *sftp, const struct place *place, const char *scratch_dir, const struct partials *partials,
               int *ret_fd, uint8_t ret_sha256[32], uint64_t *ret_size, struct err *err)
{
    struct link *link = &sftp->link;
    __attribute__((cleanup(fetch_done))) struct fetch fetch = {
        .link = link, .scratch = scratch_dir, .partials = partials, .growing = {.fd = -1}, .fd = -1};
    __attribute__((cleanup(tidy_free))) char *path = place_path(place->folder, place->last);
    __attribute__((cleanup(tidy_free))) char *whole =
        mem_format("%s@%s:%u %s", link->user, link->host, link->port, path ? path : "");
    if (!path || !whole)
        return err_set(err, -ENOMEM, "%s", err_text(-ENOMEM));
    fetch.path = path;
    fetch.part.of = whole;
    sha256_init(&fetch.sum);
    int rc = link_open(link, err); /* a server that is not there at all is not waited for */
    if (rc == 0)
        rc = fetch_parts(&fetch, err);
    if (partials && fetch.fd >= 0 && (rc == ERR_NETWORK || rc == ERR_CANCELLED))
        partial_grow(partials, scratch_dir, &fetch.part, &fetch.growing, fetch.fd, fetch.len);
    else if (partials && fetch.fd >= 0)
        partial_drop(partials, scratch_dir, &fetch.part);
    if (rc < 0)
        return rc;
    if (lseek(fetch.fd, 0, SEEK_SET) != 0)
        return err_set(err, -errno, "cannot go back to the beginning of the fetched file: %s", err_text(-errno));
    sha256_end(&fetch.sum, ret_sha256);
    *ret_size = fetch.len;
    *ret_fd = take_fd(&fetch.fd);
    return 0;
}
