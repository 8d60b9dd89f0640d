/* inbox_wal - the write-ahead log of an inbox: what comes is on the disk with one write and one wait, a frame for each
 * commit. Much later a log as a whole is settled: goes into the tables, where its keys, which are as good as random,
 * share pages by then. Meanwhile the other of two logs is written.
 *
 * A frame says which number its first event has. It counts when that is the next one after what the tables, and the
 * frames before it, have, and its digest is right. So a frame that was cut off is none, nor are those of an earlier
 * round that stand behind the last one; and nothing is written to a log when it is settled: its frames count no more as
 * soon as the tables have them, and the next round begins at its beginning.
 *
 * What this process remembers of the logs is held against tables and logs each time that its turn comes: another one
 * may have settled them, and may have written to them. */
#include "store/inbox_inside.h"

#include "base/descriptor.h"
#include "base/fault.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FULL = 16 << 20, MUCH = 4, SHORT = 256 << 10 };

struct frame {                    /* and its rows */
    uint8_t digest[DIGEST_KEYED]; /* of all that follows */
    uint64_t first;
    uint64_t len; /* of the rows */
};

struct row { /* the connection's name follows, and its row in `event` */
    uint32_t len;
    uint16_t name_len, apart;
    uint8_t body[DIGEST_KEYED];
};

/* --- the files, and whose turn it is --- */

static int part_open(const struct inbox *inbox, const char *name, int *ret_fd)
{
    TIDY(free) char *path = mem_format("%s/%s", inbox->dir, name);
    if (!path)
        return -ENOMEM;
    *ret_fd = open(path, O_RDWR | O_CLOEXEC);
    if (*ret_fd >= 0 || errno != ENOENT)
        return *ret_fd < 0 ? -errno : 0;
    TIDY(close) int dir = open(inbox->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *ret_fd = dir < 0 ? -1 : open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    return *ret_fd < 0 || fsync(dir) != 0 ? -errno : 0;
}

void wal_init(struct wal *wal)
{
    pthread_mutex_init(&wal->writes, NULL);
    pthread_mutex_init(&wal->settles, NULL);
    wal->settled = UINT64_MAX;
    wal->parts[0].fd = wal->parts[1].fd = -1;
}

int wal_open(struct inbox *inbox)
{
    int rc = part_open(inbox, "wal.0", &inbox->wal.parts[0].fd);
    return rc ? rc : part_open(inbox, "wal.1", &inbox->wal.parts[1].fd);
}

void wal_done(struct wal *wal)
{
    if (wal->settler_begun)
        pthread_join(wal->settler, NULL);
    for (size_t n = 0; n < 2; n++) {
        if (wal->parts[n].fd >= 0)
            close(wal->parts[n].fd);
        latest_done(&wal->parts[n].latest);
    }
    pthread_mutex_destroy(&wal->writes);
    pthread_mutex_destroy(&wal->settles);
}

/* A turn among the threads of this process, which share the descriptor, and then among processes. */
static int turn_take(pthread_mutex_t *lock, int fd)
{
    int rc;
    pthread_mutex_lock(lock);
    while ((rc = flock(fd, LOCK_EX)) != 0 && errno == EINTR)
        ;
    if (rc == 0)
        return 0;
    rc = -errno;
    pthread_mutex_unlock(lock);
    return rc;
}

static void turn_give(pthread_mutex_t *lock, int fd)
{
    (void)flock(fd, LOCK_UN);
    pthread_mutex_unlock(lock);
}

/* A file that grows costs each commit a second wait, for its size: so its length is doubled, with zeros. */
static int make_long(int fd, off_t least)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return -errno;
    off_t end = status.st_size > SHORT ? status.st_size : SHORT;
    while (end < least)
        end *= 2;
    return descriptor_zero(fd, status.st_size, end);
}

/* --- frames --- */

/* The frame there that begins with event `first`: all of it, or nothing. */
static int frame_read(const struct inbox *inbox, int fd, off_t at, uint64_t first, struct buffer *frame)
{
    struct frame head;
    struct stat status;
    uint8_t digest[DIGEST_KEYED];
    buffer_clear(frame);
    ssize_t got = pread(fd, &head, sizeof(head), at);
    if (got < 0)
        return -errno;
    if (got != (ssize_t)sizeof(head) || head.first != first)
        return 0;
    if (fstat(fd, &status) != 0)
        return -errno;
    if (head.len > (uint64_t)(status.st_size - at))
        return 0;
    char *place = buffer_reserve(frame, sizeof(head) + head.len);
    if (!place)
        return frame->rc;
    got = pread(fd, place, frame->len, at);
    if (got < 0)
        return -errno;
    digest_keyed(inbox->key, place + sizeof(digest), frame->len - sizeof(digest), digest);
    if (got != (ssize_t)frame->len || memcmp(digest, place, sizeof(digest)) != 0)
        buffer_clear(frame);
    return 0;
}

struct reading { /* a row of a frame */
    size_t at;
    struct row row;
    const char *name;
    struct bytes event;
    struct head head; /* of the event */
};

static bool row_next(const struct buffer *frame, struct reading *reading)
{
    size_t at = reading->at ? reading->at : sizeof(struct frame), left = frame->len - at;
    struct row *row = &reading->row;
    if (left < sizeof(*row))
        return false;
    memcpy(row, frame->data + at, sizeof(*row));
    left -= sizeof(*row);
    if (row->name_len > left || row->len > left - row->name_len || row->len < sizeof(reading->head))
        return false;
    reading->name = frame->data + at + sizeof(*row);
    reading->event = bytes(reading->name + row->name_len, row->len);
    memcpy(&reading->head, reading->event.data, sizeof(reading->head));
    reading->at = at + sizeof(*row) + row->name_len + row->len;
    return true;
}

static int row_remember(struct latest *latest, const struct reading *reading, uint64_t number)
{
    struct key_row said = {.number = number};
    memcpy(said.body, reading->row.body, sizeof(said.body));
    return reading->row.apart ? 0 : latest_set(latest, reading->name, reading->row.name_len, reading->head.key, &said);
}

/* --- what the logs have --- */

static void part_forget(struct part *part)
{
    latest_done(&part->latest);
    part->end = 0;
    part->events = part->bytes = part->last = 0;
}

static void forget(struct wal *wal, uint64_t settled)
{
    part_forget(&wal->parts[0]);
    part_forget(&wal->parts[1]);
    wal->settled = wal->number = settled;
}

static int part_remember(struct wal *wal, struct part *part, const struct buffer *frame)
{
    struct reading reading = {.at = 0};
    int rc = 0;
    while (rc == 0 && row_next(frame, &reading)) {
        rc = row_remember(&part->latest, &reading, ++wal->number);
        part->events++;
        part->bytes += reading.event.len;
    }
    part->last = wal->number;
    part->end += (off_t)frame->len;
    return rc;
}

/* What came to the logs since this process looked last: to the one that was written, and then to the other. */
static int learn_more(struct inbox *inbox)
{
    struct wal *wal = &inbox->wal;
    TIDY_DONE(buffer_done) struct buffer frame = {0};
    for (;;) {
        struct part *part = &wal->parts[wal->now], *other = &wal->parts[!wal->now];
        int rc = frame_read(inbox, part->fd, part->end, wal->number + 1, &frame);
        if (rc == 0 && frame.len == 0 && other->events == 0) {
            rc = frame_read(inbox, other->fd, 0, wal->number + 1, &frame);
            if (frame.len > 0)
                wal->now = !wal->now;
        }
        if (rc != 0 || frame.len == 0)
            return rc;
        if ((rc = part_remember(wal, &wal->parts[wal->now], &frame)) != 0)
            return rc;
    }
}

static int learn(struct inbox *inbox, struct counters *ret_tables)
{
    struct wal *wal = &inbox->wal;
    struct part *older = &wal->parts[!wal->now];
    TIDY_DONE(work_abort) struct work work;
    work_begin(&work, inbox, false);
    counters_get(&work, ret_tables);
    if (work.rc != 0)
        return work.rc;
    if (ret_tables->number != wal->settled && wal->settled != UINT64_MAX && ret_tables->number == older->last) {
        part_forget(older);
        wal->settled = ret_tables->number;
    } else if (ret_tables->number != wal->settled) {
        forget(wal, ret_tables->number);
    }
    uint64_t before = wal->number;
    int rc = learn_more(inbox);
    /* Who wrote it may have died before it was on the disk, and whoever says the same again is told that it is kept. */
    if (rc == 0 && wal->number != before && (fdatasync(wal->parts[0].fd) != 0 || fdatasync(wal->parts[1].fd) != 0))
        rc = -errno;
    if (rc != 0)
        forget(wal, UINT64_MAX);
    return rc;
}

int wal_take(struct inbox *inbox, struct counters *ret_tables)
{
    struct wal *wal = &inbox->wal;
    int rc = turn_take(&wal->writes, wal->parts[0].fd);
    if (rc == 0 && (rc = learn(inbox, ret_tables)) != 0)
        wal_give(wal);
    return rc;
}

void wal_give(struct wal *wal)
{
    turn_give(&wal->writes, wal->parts[0].fd);
}

bool wal_latest(const struct wal *wal, const char *connection, const uint8_t key[DIGEST_KEYED],
                struct key_row *ret_said)
{
    return latest_get(&wal->parts[wal->now].latest, connection, key, ret_said) ||
           latest_get(&wal->parts[!wal->now].latest, connection, key, ret_said);
}

/* --- into a log --- */

void wal_begin(const struct wal *wal, struct buffer *frame)
{
    const struct frame head = {.first = wal->number + 1};
    buffer_clear(frame);
    buffer_add(frame, &head, sizeof(head));
}

int wal_add(struct wal *wal, struct buffer *frame, struct inbox_event *event, const uint8_t body[DIGEST_KEYED],
            const struct buffer *said)
{
    struct part *part = &wal->parts[wal->now];
    struct reading reading = {.name = event->connection, .event = bytes(said->data, said->len)};
    reading.row = (struct row){.len = (uint32_t)said->len, .apart = event->apart};
    reading.row.name_len = (uint16_t)strlen(event->connection);
    memcpy(reading.row.body, body, DIGEST_KEYED);
    memcpy(&reading.head, said->data, sizeof(reading.head));
    buffer_add(frame, &reading.row, sizeof(reading.row));
    buffer_add(frame, event->connection, reading.row.name_len);
    buffer_add(frame, said->data, said->len);
    int rc = frame->rc ? frame->rc : row_remember(&part->latest, &reading, wal->number + 1);
    if (rc != 0)
        return rc;
    event->number = part->last = ++wal->number;
    part->events++;
    part->bytes += said->len;
    return 0;
}

static int write_out(const struct part *part, const struct buffer *frame)
{
    int rc = fault_hit("wal") ? -EIO : make_long(part->fd, part->end + (off_t)frame->len);
    for (size_t done = 0; rc == 0 && done < frame->len;) {
        ssize_t got = pwrite(part->fd, frame->data + done, frame->len - done, part->end + (off_t)done);
        if (got < 0 && errno != EINTR)
            rc = -errno;
        done += got > 0 ? (size_t)got : 0;
    }
    fault_kill("wal");
    if (rc == 0 && fdatasync(part->fd) != 0)
        rc = -errno;
    return rc == 0 && fault_hit("wal") ? -EIO : rc;
}

int wal_commit(struct inbox *inbox, struct buffer *frame)
{
    struct part *part = &inbox->wal.parts[inbox->wal.now];
    struct frame head;
    memcpy(&head, frame->data, sizeof(head));
    head.len = frame->len - sizeof(head);
    memcpy(frame->data, &head, sizeof(head));
    digest_keyed(inbox->key, frame->data + DIGEST_KEYED, frame->len - DIGEST_KEYED, head.digest);
    memcpy(frame->data, &head, sizeof(head));
    int rc = write_out(part, frame);
    if (rc == 0)
        part->end += (off_t)frame->len;
    return rc;
}

/* Its senders are asked to come again, so it should not count; where even that cannot be written, it may: most of what
 * comes again is known by its key then. */
void wal_drop(struct inbox *inbox)
{
    static const struct frame none;
    struct part *part = &inbox->wal.parts[inbox->wal.now];
    (void)!pwrite(part->fd, &none, sizeof(none), part->end);
    forget(&inbox->wal, UINT64_MAX);
}

/* --- out of a log, into the tables --- */

static int settle_frame(struct work *work, const struct buffer *frame, struct latest *latest, struct counters *counters)
{
    struct reading reading = {.at = 0};
    int rc = 0;
    while (rc == 0 && row_next(frame, &reading)) {
        struct row_key key = event_key(reading.name, reading.row.name_len, ++counters->number);
        work_put(work, BOX_event, key_bytes(&key), reading.event);
        counters->events++;
        counters->bytes += reading.event.len;
        rc = work->rc ? work->rc : row_remember(latest, &reading, counters->number);
    }
    return rc;
}

/* All of a log that nobody writes to meanwhile. */
static int settle(struct inbox *inbox, int fd, uint64_t last)
{
    TIDY_DONE(work_abort) struct work work;
    TIDY_DONE(buffer_done) struct buffer frame = {0};
    TIDY_DONE(latest_done) struct latest latest = {.slots = NULL};
    struct counters counters;
    off_t at = 0;
    work_begin(&work, inbox, true);
    counters_get(&work, &counters);
    int rc = work.rc;
    while (rc == 0 && (rc = frame_read(inbox, fd, at, counters.number + 1, &frame)) == 0 && frame.len > 0) {
        rc = settle_frame(&work, &frame, &latest, &counters);
        at += (off_t)frame.len;
    }
    if (rc == 0 && counters.number != last)
        rc = ERR_CORRUPT;
    if (rc == 0)
        rc = latest_put(&latest, &work);
    if (rc != 0)
        return rc;
    counters_set(&work, &counters);
    fault_kill("settle");
    rc = work_end(&work);
    fault_kill("settled");
    return rc;
}

/* The one that is full, while the other is written: it stays what it is until it is settled. */
static int settle_older(struct inbox *inbox)
{
    struct wal *wal = &inbox->wal;
    struct counters tables;
    int rc = wal_take(inbox, &tables);
    if (rc != 0)
        return rc;
    const struct part *older = &wal->parts[!wal->now];
    bool any = older->events > 0;
    uint64_t last = older->last;
    int fd = older->fd;
    wal_give(wal);
    return any ? settle(inbox, fd, last) : 0;
}

/* The one that is written, and the other one if it is full by now. */
static int settle_both(struct inbox *inbox)
{
    struct wal *wal = &inbox->wal;
    struct counters tables;
    int rc = wal_take(inbox, &tables);
    if (rc != 0)
        return rc;
    const struct part *now = &wal->parts[wal->now], *older = &wal->parts[!wal->now];
    if (older->events > 0)
        rc = settle(inbox, older->fd, older->last);
    if (rc == 0 && now->events > 0)
        rc = settle(inbox, now->fd, now->last);
    wal_give(wal);
    return rc;
}

/* Whoever writes waits for the smaller part of it only. */
int inbox_settle(struct inbox *inbox)
{
    struct wal *wal = &inbox->wal;
    int rc = turn_take(&wal->settles, wal->parts[1].fd);
    if (rc != 0)
        return rc;
    rc = settle_older(inbox);
    rc = rc ? rc : settle_both(inbox);
    turn_give(&wal->settles, wal->parts[1].fd);
    return rc;
}

static void *settler(void *context)
{
    struct inbox *inbox = context;
    struct wal *wal = &inbox->wal;
    if (turn_take(&wal->settles, wal->parts[1].fd) == 0) {
        (void)settle_older(inbox); /* what fails is tried again when the other one is full, too */
        turn_give(&wal->settles, wal->parts[1].fd);
    }
    atomic_store(&wal->settler_ended, true);
    return NULL;
}

void wal_turn(struct inbox *inbox)
{
    struct wal *wal = &inbox->wal;
    if ((uint64_t)wal->parts[wal->now].end < fault_limit("full", FULL))
        return;
    if (wal->parts[!wal->now].events == 0)
        wal->now = !wal->now;
    if (wal->settler_begun && !atomic_load(&wal->settler_ended))
        return;
    if (wal->settler_begun)
        pthread_join(wal->settler, NULL);
    atomic_store(&wal->settler_ended, false);
    wal->settler_begun = pthread_create(&wal->settler, NULL, settler, inbox) == 0;
}

bool wal_is_tight(const struct wal *wal)
{
    return (uint64_t)wal->parts[wal->now].end >= MUCH * fault_limit("full", FULL);
}
