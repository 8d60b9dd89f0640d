/* spill - bytes that do not fit in memory: an append-only, encrypted file.
 *
 * Whole chunks are encrypted and written by a thread of the spill's own, while
 * whoever fills the next ones goes on: rows come in bursts, so several may
 * wait for it. Who reads one piece after the other finds the next ones read
 * and decrypted. */
#include "store/spill.h"

#include "base/error.h"
#include "base/fault.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>

enum { BLOCK = 64, CHUNK = 1 << 18, RING = 12, SYNC_STEP = 8 << 20 };

static const uint8_t nonce[crypto_stream_chacha20_NONCEBYTES]; /* each file has a fresh key, so zero will do */

/* The thread, and what it is to do. */
struct worker {
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t turn;
    size_t full;     /* chunks that are to be written, those before the one that is filled */
    uint64_t offset; /* of the first of them */
    bool reads;      /* the window ahead */
    bool ends;
    int wrote, read; /* what came of it */
};

/* A part of the file, decrypted. */
struct window {
    uint64_t offset;
    size_t len; /* 0: nothing */
    uint8_t *bytes;
};

struct spill {
    int fd; /* -1: not made yet */
    int rc;
    bool reopened;    /* to read: its end is no whole block */
    bool named;       /* its folder knows it for good */
    char *dir, *path; /* path: named */
    uint64_t flushed; /* bytes in the file, or on their way; a multiple of BLOCK until synced */
    size_t filled;
    uint8_t *chunk;      /* plain bytes that follow `flushed` */
    uint8_t *ring[RING]; /* chunk by chunk, by its number in the file; NULL: never needed yet */
    uint8_t key[SPILL_KEY];
    struct worker worker;
    /* reading one after the other */
    uint64_t next_read;          /* where it goes on if it is so */
    unsigned in_turn;            /* how many reads went on where the one before ended */
    struct window window, ahead; /* what is read from now; what is on its way, or here */
};

static void worker_end(struct worker *worker)
{
    if (worker->started) {
        pthread_mutex_lock(&worker->lock);
        worker->ends = true;
        pthread_cond_broadcast(&worker->turn);
        pthread_mutex_unlock(&worker->lock);
        pthread_join(worker->thread, NULL);
    }
    pthread_cond_destroy(&worker->turn);
    pthread_mutex_destroy(&worker->lock);
}

static int spill_alloc(const char *dir, const char *path, struct spill **ret_spill)
{
    struct spill *spill = mem_new(1, sizeof(*spill));
    if (!spill)
        return -ENOMEM;
    spill->fd = -1;
    pthread_mutex_init(&spill->worker.lock, NULL);
    pthread_cond_init(&spill->worker.turn, NULL);
    spill->chunk = spill->ring[0] = mem_new(1, CHUNK);
    spill->window.bytes = mem_new(1, CHUNK);
    spill->ahead.bytes = mem_new(1, CHUNK);
    spill->dir = mem_text(dir);
    spill->path = mem_text(path);
    if (!spill->chunk || !spill->window.bytes || !spill->ahead.bytes || (dir && !spill->dir) ||
        (path && !spill->path)) {
        spill_free(spill);
        return -ENOMEM;
    }
    randombytes_buf(spill->key, sizeof(spill->key));
    *ret_spill = spill;
    return 0;
}

int spill_new(const char *dir, struct spill **ret_spill)
{
    return spill_alloc(dir, NULL, ret_spill);
}

int spill_create(const char *path, struct spill **ret_spill)
{
    return spill_alloc(NULL, path, ret_spill);
}

int spill_open(const char *path, const uint8_t key[SPILL_KEY], struct spill **ret_spill)
{
    struct spill *spill TIDY(spill_free) = NULL;
    int rc = spill_alloc(NULL, path, &spill);
    if (rc != 0)
        return rc;
    memcpy(spill->key, key, SPILL_KEY);
    spill->reopened = spill->named = true;
    spill->fd = open(path, O_RDWR | O_CLOEXEC);
    off_t end = spill->fd < 0 ? -1 : lseek(spill->fd, 0, SEEK_END);
    if (end < 0)
        return -errno;
    spill->flushed = (uint64_t)end;
    *ret_spill = TAKE(spill);
    return 0;
}

void spill_free(struct spill *spill)
{
    if (!spill)
        return;
    worker_end(&spill->worker);
    if (spill->fd >= 0)
        close(spill->fd);
    sodium_memzero(spill->key, sizeof(spill->key));
    for (size_t n = 0; n < RING; n++)
        free(spill->ring[n]);
    free(spill->window.bytes);
    free(spill->ahead.bytes);
    free(spill->dir);
    free(spill->path);
    free(spill);
}

void spill_remove(struct spill *spill)
{
    if (spill->path && spill->fd >= 0)
        unlink(spill->path);
}

const uint8_t *spill_key(const struct spill *spill)
{
    return spill->key;
}

uint64_t spill_end(const struct spill *spill)
{
    return spill->flushed + spill->filled;
}

static int spill_make(struct spill *spill)
{
    if (spill->path) /* never over a file that may be the only place where something stands */
        spill->fd = open(spill->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    else
        spill->fd = open(spill->dir, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
    if (spill->fd < 0 && !spill->path) { /* a file system without O_TMPFILE */
        char *name __attribute__((cleanup(tidy_free))) = mem_format("%s/spill-XXXXXX", spill->dir);
        if (!name)
            return -ENOMEM;
        spill->fd = mkostemp(name, O_CLOEXEC);
        if (spill->fd >= 0)
            unlink(name);
    }
    return spill->fd < 0 ? -errno : 0;
}

/* Where the chunk at that offset is, or will be, in memory. */
static uint8_t **ring_at(struct spill *spill, uint64_t offset)
{
    return &spill->ring[offset / CHUNK % RING];
}

/* Encrypts bytes, into `coded` or in place, and writes them where they belong. */
static int spill_put(struct spill *spill, const uint8_t *plain, uint8_t *coded, size_t len, uint64_t offset)
{
    crypto_stream_chacha20_xor_ic(coded, plain, len, nonce, offset / BLOCK, spill->key);
    for (size_t done = 0; done < len;) {
        ssize_t wrote = pwrite(spill->fd, coded + done, len - done, (off_t)(offset + done));
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return wrote < 0 ? -errno : -EIO;
        done += (size_t)wrote;
    }
    uint64_t end = offset + len;
    if (spill->path && end % SYNC_STEP == 0) /* it will be synced: the disk may as well begin */
        sync_file_range(spill->fd, (off_t)(end - SYNC_STEP), SYNC_STEP, SYNC_FILE_RANGE_WRITE);
    return 0;
}

static int spill_read_file(struct spill *spill, uint64_t offset, uint8_t *out, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t got = pread(spill->fd, out + done, len - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -errno : ERR_CORRUPT;
        done += (size_t)got;
    }
    size_t lead = offset % BLOCK, part = 0;
    if (lead > 0) { /* begins inside a block of the cipher */
        uint8_t block[BLOCK] = {0};
        part = BLOCK - lead < len ? BLOCK - lead : len;
        memcpy(block + lead, out, part);
        crypto_stream_chacha20_xor_ic(block, block, sizeof(block), nonce, offset / BLOCK, spill->key);
        memcpy(out, block + lead, part);
    }
    if (part < len)
        crypto_stream_chacha20_xor_ic(out + part, out + part, len - part, nonce, (offset + part) / BLOCK, spill->key);
    return 0;
}

static void *worker_run(void *context)
{
    struct spill *spill = context;
    struct worker *worker = &spill->worker;
    pthread_mutex_lock(&worker->lock);
    for (;;) {
        while (worker->full == 0 && !worker->reads && !worker->ends)
            pthread_cond_wait(&worker->turn, &worker->lock);
        if (worker->ends)
            break;
        bool reads = worker->reads;
        uint64_t offset = worker->offset;
        int rc = worker->wrote;
        pthread_mutex_unlock(&worker->lock);
        if (reads)
            rc = spill_read_file(spill, spill->ahead.offset, spill->ahead.bytes, spill->ahead.len);
        else if (rc == 0) /* behind a gap nothing is of use */
            rc = spill_put(spill, *ring_at(spill, offset), *ring_at(spill, offset), CHUNK, offset);
        pthread_mutex_lock(&worker->lock);
        if (reads) {
            worker->read = rc;
            worker->reads = false;
        } else {
            worker->wrote = rc;
            worker->offset += CHUNK;
            worker->full--;
        }
        pthread_cond_broadcast(&worker->turn);
    }
    pthread_mutex_unlock(&worker->lock);
    return NULL;
}

/* Gives the thread one more chunk to write, or the window ahead to read; false: there is none. */
static bool spill_employ(struct spill *spill, bool reads)
{
    struct worker *worker = &spill->worker;
    if (!worker->started) {
        sigset_t all, before; /* signals are for the threads that are prepared for them */
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        worker->started = pthread_create(&worker->thread, NULL, worker_run, spill) == 0;
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    if (!worker->started)
        return false;
    pthread_mutex_lock(&worker->lock);
    worker->reads |= reads;
    worker->full += !reads;
    pthread_cond_broadcast(&worker->turn);
    pthread_mutex_unlock(&worker->lock);
    return true;
}

/* Waits until at most so many things are on their way. Returns spill->rc. */
static int spill_wait(struct spill *spill, size_t most)
{
    struct worker *worker = &spill->worker;
    if (!worker->started)
        return spill->rc;
    pthread_mutex_lock(&worker->lock);
    while (worker->full + worker->reads > most)
        pthread_cond_wait(&worker->turn, &worker->lock);
    spill->rc = spill->rc ? spill->rc : worker->wrote;
    pthread_mutex_unlock(&worker->lock);
    return spill->rc;
}

/* Waits until nothing is on its way. */
static int spill_settle(struct spill *spill)
{
    return spill_wait(spill, 0);
}

/* What every write begins with, when there may be so many before it. */
static int spill_begin(struct spill *spill, size_t most)
{
    if (spill_wait(spill, most) == 0 && spill->fd < 0)
        spill->rc = spill_make(spill);
    if (spill->rc == 0 && fault_hit("spill"))
        spill->rc = -ENOSPC;
    return spill->rc;
}

/* The place of the next chunk, which is free. */
static uint8_t *spill_next(struct spill *spill)
{
    uint8_t **next = ring_at(spill, spill->flushed + CHUNK);
    if (!*next && !(*next = mem_new(1, CHUNK)))
        spill->rc = -ENOMEM;
    return *next;
}

/* Hands the full chunk over; without a thread it is written here and now. */
static int spill_hand_over(struct spill *spill)
{
    uint8_t *next = spill_begin(spill, RING - 2) == 0 ? spill_next(spill) : NULL;
    if (!next)
        return spill->rc;
    if (!spill_employ(spill, false)) {
        if ((spill->rc = spill_put(spill, spill->chunk, spill->chunk, CHUNK, spill->flushed)) != 0)
            return spill->rc;
        spill->worker.offset += CHUNK;
    }
    spill->flushed += CHUNK;
    spill->filled = 0;
    spill->chunk = next;
    return 0;
}

int spill_write(struct spill *spill, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    if (spill->reopened)
        return -EROFS;
    while (len > 0 && spill->rc == 0) {
        size_t part = CHUNK - spill->filled < len ? CHUNK - spill->filled : len;
        memcpy(spill->chunk + spill->filled, at, part);
        spill->filled += part;
        at += part;
        len -= part;
        if (spill->filled == CHUNK)
            spill_hand_over(spill);
    }
    return spill->rc;
}

/* The next window is to be read while this one is used. */
static void window_ahead(struct spill *spill, uint64_t offset)
{
    uint64_t left = spill->flushed - offset;
    spill->ahead.offset = offset;
    spill->ahead.len = left < CHUNK ? (size_t)left : CHUNK;
    if (spill->ahead.len > 0 && !spill_employ(spill, true))
        spill->ahead.len = 0;
}

static bool window_holds(const struct window *window, uint64_t offset)
{
    return offset >= window->offset && offset - window->offset < window->len;
}

/* The window in which the offset lies, if there is one. */
static const struct window *window_find(struct spill *spill, uint64_t offset)
{
    if (window_holds(&spill->window, offset))
        return &spill->window;
    if (!window_holds(&spill->ahead, offset))
        return NULL;
    spill_settle(spill);
    if (spill->worker.read != 0) { /* whoever reads it by themselves is told */
        spill->ahead.len = 0;
        return NULL;
    }
    struct window used = spill->window;
    spill->window = spill->ahead;
    spill->ahead = used;
    window_ahead(spill, spill->window.offset + spill->window.len);
    return &spill->window;
}

/* `len` bytes that are all in the file. */
static int spill_fetch(struct spill *spill, uint64_t offset, uint8_t *out, size_t len)
{
    enum { OFTEN = 3 };
    spill->in_turn = offset == spill->next_read ? spill->in_turn + 1 : 0;
    spill->next_read = offset + len;
    while (len > 0) {
        const struct window *window = window_find(spill, offset);
        if (!window)
            break;
        size_t from = (size_t)(offset - window->offset), part = window->len - from < len ? window->len - from : len;
        memcpy(out, window->bytes + from, part);
        offset += part;
        out += part;
        len -= part;
    }
    int rc = len > 0 && spill_settle(spill) == 0 ? spill_read_file(spill, offset, out, len) : spill->rc;
    if (rc == 0 && len > 0 && spill->in_turn >= OFTEN)
        window_ahead(spill, offset + len);
    return rc;
}

int spill_read(struct spill *spill, uint64_t offset, void *ret_bytes, size_t len)
{
    if (spill->rc != 0)
        return spill->rc;
    if (len > spill_end(spill) || offset > spill_end(spill) - len)
        return ERR_CORRUPT;
    size_t in_file = offset >= spill->flushed        ? 0
                     : spill->flushed - offset < len ? (size_t)(spill->flushed - offset)
                                                     : len;
    if (in_file > 0) {
        int rc = spill_fetch(spill, offset, ret_bytes, in_file);
        if (rc != 0)
            return rc;
    }
    if (in_file < len)
        memcpy((uint8_t *)ret_bytes + in_file, spill->chunk + (offset + in_file - spill->flushed), len - in_file);
    return 0;
}

/* A new name is on disk only when its folder is. */
static int spill_sync_folder(struct spill *spill)
{
    char *folder __attribute__((cleanup(tidy_free))) = mem_text(spill->path);
    if (!folder)
        return -ENOMEM;
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = '\0';
    int fd __attribute__((cleanup(tidy_close))) = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return -errno;
    spill->named = true;
    return 0;
}

int spill_sync(struct spill *spill)
{
    uint8_t *coded = spill_begin(spill, 0) == 0 ? spill_next(spill) : NULL;
    int rc = spill->rc;
    if (coded) /* the bytes stay in the chunk, too: it is no whole one yet */
        rc = spill_put(spill, spill->chunk, coded, spill->filled, spill->flushed);
    if (rc == 0)
        rc = fault_hit("spill") ? -EIO : fdatasync(spill->fd) != 0 ? -errno : 0;
    if (rc == 0 && spill->path && !spill->named)
        rc = spill_sync_folder(spill);
    return spill->rc = spill->rc ? spill->rc : rc;
}
