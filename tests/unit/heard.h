/* heard - for tests of lanes: a sink that writes down what it hears, and settings with room. */
#ifndef TESTS_HEARD_H
#define TESTS_HEARD_H

#include "unit.h"

#include "base/buffer.h"
#include "base/tidy.h"
#include "lane/lane.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static char folder[PATH_MAX]; /* of this test run: scratch, copies of connectors */
static struct settings settings;

static inline void settings_reset(void)
{
    settings = (struct settings){.limits = {.silence_ms = 20000,
                                            .total_ms = 60000,
                                            .record_bytes = 8 << 20,
                                            .field_bytes = 4 << 20,
                                            .spool_bytes = 1 << 30,
                                            .memory_bytes = 512 << 20}};
}

/* A sink that writes down what it hears, one line each. */
struct heard {
    struct buffer text, log;
    uint64_t records, values;
    bool count_only;
    int record_rc; /* what the sink answers */
    uint64_t record_rc_after;
    const char *files[3];
    int unchanged;
    uint64_t progress;
    atomic_bool *cancel; /* set when there is progress */
    uint64_t unwanted;   /* a bit per column */
};

static inline int hears_columns(void *context, struct lane_stream *stream)
{
    struct heard *heard = context;
    buffer_format(&heard->text, "columns %s%s", stream->name, stream->table ? " table" : "");
    for (size_t i = 0; i < stream->count; i++)
        buffer_format(&heard->text, " %s%s%s", stream->names[i], stream->places[i][0] ? "@" : "", stream->places[i]);
    buffer_byte(&heard->text, '\n');
    stream->engine = heard;
    return 0;
}

static inline int hears_record(void *context, const struct lane_record *record)
{
    static const char *const presences[] = {"absent", "null", "empty", ""};
    struct heard *heard = context;
    assert_ptr_equal(record->stream->engine, heard);
    heard->records++;
    heard->values += record->count;
    if (heard->record_rc && heard->records > heard->record_rc_after)
        return heard->record_rc;
    if (heard->count_only)
        return 0;
    buffer_format(&heard->text, "%s %s at '%s':", record->stream->name, record->source_id ? record->source_id : "-",
                  record->place);
    for (size_t i = 0; i < record->count; i++) {
        const struct lane_value *value = &record->values[i];
        buffer_format(&heard->text, " %s/%d=%s", record->stream->names[value->column], value->type,
                      presences[value->presence]);
        if (value->len > 100)
            buffer_format(&heard->text, "%u bytes", value->len);
        else
            buffer_add(&heard->text, value->bytes, value->len);
    }
    buffer_byte(&heard->text, '\n');
    return 0;
}

static inline int hears_reject(void *context, const char *stream, const char *source_id, const char *place,
                               const char *why)
{
    struct heard *heard = context;
    buffer_format(&heard->text, "reject %s %s at '%s': %s\n", stream, source_id ? source_id : "-", place, why);
    return 0;
}

static inline int hears_gone(void *context, const char *stream, const char *source_id)
{
    struct heard *heard = context;
    buffer_format(&heard->text, "gone %s %s\n", stream, source_id);
    return 0;
}

static inline int hears_cursor(void *context, const char *value, bool checkpoint)
{
    struct heard *heard = context;
    buffer_format(&heard->text, "%s %s\n", checkpoint ? "checkpoint" : "cursor", value);
    return 0;
}

static inline int hears_partition(void *context, const char *id, const char *label, const char *locator)
{
    struct heard *heard = context;
    buffer_format(&heard->text, "partition %s %s %s\n", id, label, locator ? locator : "-");
    return 0;
}

static inline int hears_stream(void *context, const muster_stream *stream)
{
    struct heard *heard = context;
    buffer_format(&heard->text, "stream %s %s %s\n", stream->name, stream->fields[1].name, stream->mapping_in);
    return 0;
}

static inline int hears_field(void *context, const char *stream, const muster_field *field)
{
    struct heard *heard = context;
    buffer_format(&heard->text, "field %s %s %d %s\n", stream, field->name, field->type, field->to);
    return 0;
}

static inline void hears_progress(void *context, uint64_t done, uint64_t total)
{
    struct heard *heard = context;
    (void)total;
    heard->progress = done;
    if (heard->cancel)
        *heard->cancel = true;
}

static inline void hears_log(void *context, int level, const char *text)
{
    struct heard *heard = context;
    buffer_format(&heard->log, "%d %s\n", level, text);
}

static inline int gives_list(void *context, const char *place, size_t nth, const char **ret_name, uint64_t *ret_size,
                             int64_t *ret_mtime, struct err *err)
{
    struct heard *heard = context;
    if (nth > 2 || !heard->files[nth])
        return err_set(err, ERR_GONE, "nothing more in %s", place);
    *ret_name = heard->files[nth];
    *ret_size = 5;
    *ret_mtime = -5;
    return 0;
}

static inline int gives_fetch(void *context, const char *name, int *ret_fd, struct err *err)
{
    (void)context;
    if (strcmp(name, "refused") == 0)
        return err_set(err, ERR_AUTH, "the key of %s is not the pinned one", name);
    int fd = memfd_create("fetched", MFD_CLOEXEC);
    assert_int_equal(write(fd, name, strlen(name)), (ssize_t)strlen(name));
    lseek(fd, 0, SEEK_SET);
    *ret_fd = fd;
    return 0;
}

static inline int takes_store(void *context, const char *name, int fd, struct err *err)
{
    (void)err;
    struct heard *heard = context;
    char text[10] = "";
    assert_int_equal(pread(fd, text, sizeof(text) - 1, 0), 4);
    buffer_format(&heard->text, "store %s %s\n", name, text);
    return 0;
}

static inline int says_unchanged(void *context)
{
    return ((struct heard *)context)->unchanged;
}

static inline int takes_afterwards(void *context, const char *name, int what, const char *to)
{
    struct heard *heard = context;
    buffer_format(&heard->text, "afterwards %s %d %s\n", name, what, to ? to : "-");
    return 0;
}

static inline bool wants_column(void *context, size_t column)
{
    const struct heard *heard = context;
    return column >= 64 || !(heard->unwanted >> column & 1);
}

static inline struct lane_sink sink_of(struct heard *heard)
{
    return (struct lane_sink){.context = heard,
                              .columns = hears_columns,
                              .record = hears_record,
                              .reject = hears_reject,
                              .gone = hears_gone,
                              .cursor = hears_cursor,
                              .partition = hears_partition,
                              .stream = hears_stream,
                              .field = hears_field,
                              .progress = hears_progress,
                              .log = hears_log,
                              .list = gives_list,
                              .fetch = gives_fetch,
                              .store = takes_store,
                              .unchanged = says_unchanged,
                              .afterwards = takes_afterwards,
                              .wanted = wants_column};
}

static inline void heard_done(struct heard *heard)
{
    buffer_done(&heard->text);
    buffer_done(&heard->log);
}

#define HEARD __attribute__((cleanup(heard_done))) struct heard

static inline size_t open_descriptors(void)
{
    size_t count = 0;
    for (int fd = 0; fd < 200; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* The state of a group of tests: a folder of its own, settings with room, what was open before. */
static size_t descriptors_before;
static inline int begins(void **state)
{
    (void)state;
    settings_reset();
    descriptors_before = open_descriptors();
    snprintf(folder, sizeof(folder), "/tmp/test_lanes.XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

/* Nothing of a lane stays, neither files nor descriptors: the last test of a program. */
static inline void nothing_is_left_behind(void **state)
{
    (void)state;
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(open_descriptors(), descriptors_before);
}

#endif
