/* cassette_file - listings and files on a cassette. */
#include "broker/cassette_file.h"

#include "base/buffer.h"
#include "base/digest.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int failed(const struct exchange *answer, struct err *err)
{
    return answer->code ? err_set(err, answer->code, "%s", answer->why ? answer->why : err_text(answer->code)) : 0;
}

static void outcome(struct exchange *exchange, int rc, const struct err *err)
{
    exchange->code = rc;
    exchange->why = rc != 0 && err && err->rc != 0 ? err->text : NULL;
}

static void entries_write(const struct file_entry *entries, size_t count, const char *before, struct buffer *out)
{
    for (size_t i = 0; i < count; i++)
        buffer_format(out, "%s%llu %lld %s\n", before, (unsigned long long)entries[i].size,
                      (long long)entries[i].mtime_ms, entries[i].name);
}

int cassette_list_note(struct cassette *cassette, const char *place, const struct listing *listing, int rc,
                       const struct err *err)
{
    TIDY_DONE(buffer_done) struct buffer lines = {0};
    struct exchange exchange = {.what = "list", .asked = place};
    outcome(&exchange, rc, err);
    entries_write(listing->ignored, listing->ignored_count, "ignored ", &lines);
    if (rc == 0)
        entries_write(listing->entries, listing->count, "", &lines);
    if (lines.rc != 0)
        return lines.rc;
    exchange.reply = lines.data;
    exchange.reply_len = lines.len;
    cassette_note(cassette, &exchange);
    return rc;
}

static int entry_add(struct listing *listing, const char *line, size_t len)
{
    bool ignored = len > 8 && strncmp(line, "ignored ", 8) == 0;
    char *at, *size_end;
    if (!listing->arena && !(listing->arena = arena_new()))
        return -ENOMEM;
    char *text = arena_copy(listing->arena, line, len);
    struct file_entry **entries = ignored ? &listing->ignored : &listing->entries;
    size_t *count = ignored ? &listing->ignored_count : &listing->count;
    if (!text || mem_grow(entries, *count, ignored ? &listing->ignored_room : &listing->room, sizeof(**entries)) != 0)
        return -ENOMEM;
    struct file_entry entry = {.size = strtoull(text + (ignored ? 8 : 0), &size_end, 10)};
    entry.mtime_ms = strtoll(size_end, &at, 10);
    if (*at != ' ')
        return ERR_DATA;
    entry.name = at + 1;
    (*entries)[(*count)++] = entry;
    return 0;
}

int cassette_list_play(struct cassette *cassette, const char *place, struct listing *listing, struct err *err)
{
    struct exchange ask = {.what = "list", .asked = place}, answer;
    int rc = cassette_answer(cassette, &ask, &answer, err);
    listing_clear(listing);
    for (const char *at = rc == 0 ? answer.reply : NULL, *end; at && (end = strchr(at, '\n')) && rc == 0; at = end + 1)
        rc = entry_add(listing, at, (size_t)(end - at));
    if (rc == ERR_DATA)
        return err_set(err, rc, "the cassette's listing of %s is none", place);
    return rc ? rc : failed(&answer, err);
}

/* A file's bytes, for as long as it takes to write them down. */
struct mapped {
    void *at;
    size_t len;
};

static void mapped_done(struct mapped *mapped)
{
    if (mapped->at)
        munmap(mapped->at, mapped->len);
}

static int mapped_open(int fd, struct mapped *mapped)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return -errno;
    if (info.st_size == 0)
        return 0;
    void *at = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        return -errno;
    *mapped = (struct mapped){at, (size_t)info.st_size};
    return 0;
}

int cassette_fetch_note(struct cassette *cassette, const char *name, int fd, int rc, const struct err *err)
{
    __attribute__((cleanup(mapped_done))) struct mapped mapped = {0};
    struct exchange exchange = {.what = "fetch", .asked = name};
    int unread = rc == 0 ? mapped_open(fd, &mapped) : 0;
    if (unread != 0)
        return unread;
    outcome(&exchange, rc, err);
    if (rc == 0)
        exchange.reply = mapped.at ? mapped.at : "";
    exchange.reply_len = mapped.len;
    cassette_note(cassette, &exchange);
    return rc;
}

int cassette_fetch_play(struct cassette *cassette, const char *name, const char *scratch_dir, int *ret_fd,
                        uint8_t ret_sha256[32], uint64_t *ret_size, struct err *err)
{
    struct exchange ask = {.what = "fetch", .asked = name}, answer;
    int rc = cassette_answer(cassette, &ask, &answer, err);
    if (rc == 0)
        rc = failed(&answer, err);
    if (rc != 0)
        return rc;
    TIDY(close) int fd = open(scratch_dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set(err, -errno, "there is no room for a file in %s: %s", scratch_dir, err_text(-errno));
    for (size_t done = 0; done < answer.reply_len;) {
        ssize_t wrote = write(fd, answer.reply + done, answer.reply_len - done);
        if (wrote < 0 && errno != EINTR)
            return err_set(err, -errno, "a file cannot be written in %s: %s", scratch_dir, err_text(-errno));
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    if (lseek(fd, 0, SEEK_SET) < 0)
        return -errno;
    digest_sha256(answer.reply ? answer.reply : "", answer.reply_len, ret_sha256);
    *ret_size = answer.reply_len;
    *ret_fd = take_fd(&fd);
    return 0;
}

int cassette_deed_note(struct cassette *cassette, const struct cassette_deed *deed, const char *came, int rc,
                       const struct err *err)
{
    __attribute__((cleanup(mapped_done))) struct mapped mapped = {0};
    struct exchange exchange = {.what = deed->what, .asked = deed->name, .with = deed->with, .reply = came};
    int unread = deed->fd >= 0 ? mapped_open(deed->fd, &mapped) : 0;
    if (unread != 0)
        return unread;
    outcome(&exchange, rc, err);
    exchange.reply_len = came ? strlen(came) : 0;
    exchange.body = mapped.at;
    exchange.body_len = mapped.len;
    cassette_note(cassette, &exchange);
    return rc;
}

int cassette_deed_play(struct cassette *cassette, const struct cassette_deed *deed, const char **ret_came,
                       struct err *err)
{
    __attribute__((cleanup(mapped_done))) struct mapped mapped = {0};
    struct exchange ask = {.what = deed->what, .asked = deed->name}, answer;
    int rc = deed->fd >= 0 ? mapped_open(deed->fd, &mapped) : 0;
    ask.body = mapped.at;
    ask.body_len = mapped.len;
    if (rc == 0)
        rc = cassette_answer(cassette, &ask, &answer, err);
    if (rc == 0 && ret_came)
        *ret_came = answer.reply;
    return rc ? rc : failed(&answer, err);
}
