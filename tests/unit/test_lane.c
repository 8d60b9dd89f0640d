/* test_lane - a host process with a real connector: what comes through, and what a bad one can do to us. */
#include "unit.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "engine/lane.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[PATH_MAX]; /* of this test run: scratch, copies of connectors */
static struct settings settings;

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
};

static int hears_columns(void *context, struct lane_stream *stream)
{
    struct heard *heard = context;
    buffer_format(&heard->text, "columns %s%s", stream->name, stream->table ? " table" : "");
    for (size_t i = 0; i < stream->count; i++)
        buffer_format(&heard->text, " %s%s%s", stream->names[i], stream->places[i][0] ? "@" : "", stream->places[i]);
    buffer_byte(&heard->text, '\n');
    stream->engine = heard;
    return 0;
}

static int hears_record(void *context, const struct lane_record *record)
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

static int hears_reject(void *context, const char *stream, const char *source_id, const char *place, const char *why)
{
    struct heard *heard = context;
    buffer_format(&heard->text, "reject %s %s at '%s': %s\n", stream, source_id ? source_id : "-", place, why);
    return 0;
}

static int hears_gone(void *context, const char *stream, const char *source_id)
{
    struct heard *heard = context;
    buffer_format(&heard->text, "gone %s %s\n", stream, source_id);
    return 0;
}

static int hears_cursor(void *context, const char *value, bool checkpoint)
{
    struct heard *heard = context;
    buffer_format(&heard->text, "%s %s\n", checkpoint ? "checkpoint" : "cursor", value);
    return 0;
}

static int hears_partition(void *context, const char *id, const char *label, const char *locator)
{
    struct heard *heard = context;
    buffer_format(&heard->text, "partition %s %s %s\n", id, label, locator ? locator : "-");
    return 0;
}

static int hears_stream(void *context, const muster_stream *stream)
{
    struct heard *heard = context;
    buffer_format(&heard->text, "stream %s %s %s\n", stream->name, stream->fields[1].name, stream->mapping_in);
    return 0;
}

static int hears_field(void *context, const char *stream, const muster_field *field)
{
    struct heard *heard = context;
    buffer_format(&heard->text, "field %s %s %d %s\n", stream, field->name, field->type, field->to);
    return 0;
}

static void hears_progress(void *context, uint64_t done, uint64_t total)
{
    struct heard *heard = context;
    (void)total;
    heard->progress = done;
}

static void hears_log(void *context, int level, const char *text)
{
    struct heard *heard = context;
    buffer_format(&heard->log, "%d %s\n", level, text);
}

static int gives_list(void *context, const char *place, size_t nth, const char **ret_name, uint64_t *ret_size,
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

static int gives_fetch(void *context, const char *name, int *ret_fd, struct err *err)
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

static int takes_store(void *context, const char *name, int fd, struct err *err)
{
    (void)err;
    struct heard *heard = context;
    char text[10] = "";
    assert_int_equal(pread(fd, text, sizeof(text) - 1, 0), 4);
    buffer_format(&heard->text, "store %s %s\n", name, text);
    return 0;
}

static int says_unchanged(void *context)
{
    return ((struct heard *)context)->unchanged;
}

static int takes_afterwards(void *context, const char *name, int what, const char *to)
{
    struct heard *heard = context;
    buffer_format(&heard->text, "afterwards %s %d %s\n", name, what, to ? to : "-");
    return 0;
}

static struct lane_sink sink_of(struct heard *heard)
{
    return (struct lane_sink){heard,           hears_columns, hears_record,   hears_reject,    hears_gone, hears_cursor,
                              hears_partition, hears_stream,  hears_field,    hears_progress,  hears_log,  gives_list,
                              gives_fetch,     takes_store,   says_unchanged, takes_afterwards};
}

static void heard_done(struct heard *heard)
{
    buffer_done(&heard->text);
    buffer_done(&heard->log);
}

#define HEARD __attribute__((cleanup(heard_done))) struct heard

static const struct secretref hidden = {.how = SECRET_ENV, .name = "NOT_SENT"};
static const struct option_value option_values[] = {
    {.name = "location", .text = "/here/*"},
    {.name = "password", .secret = &hidden},
    {.name = "sites[0].url", .text = "https://zero"},
    {.name = "sites[1].name", .text = "one"},
};
static const struct connection connection = {.name = "hr",
                                             .connector = "good",
                                             .options = option_values,
                                             .option_count = sizeof(option_values) / sizeof(option_values[0])};

static void settings_reset(void)
{
    settings = (struct settings){.limits = {.silence_ms = 20000,
                                            .total_ms = 60000,
                                            .record_bytes = 8 << 20,
                                            .field_bytes = 4 << 20,
                                            .spool_bytes = 1 << 30,
                                            .memory_bytes = 512 << 20}};
}

static struct lane *begin_good(const atomic_bool *cancel)
{
    struct lane *lane = NULL;
    struct err err = {0};
    struct lane_start start = {TEST_CONNECTORS "/good.so", folder, &connection, &settings, cancel};
    int rc = lane_begin(&start, &lane, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(rc, 0);
    return lane;
}

static void pulls(struct lane *lane, const char *stream, uint64_t limit, struct heard *heard,
                  struct lane_result *result)
{
    struct err err = {0};
    struct lane_sink sink = sink_of(heard);
    muster_pull pull = {.size = sizeof(pull), .partition = "main", .stream = stream, .full = 1, .limit = limit};
    int rc = lane_pull(lane, &pull, &sink, result, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(rc, 0);
}

static void a_description_comes_over_whole(void **state)
{
    (void)state;
    TIDY(lane_stop) struct lane *lane = begin_good(NULL);
    const muster_connector *c = lane_description(lane);
    assert_string_equal(c->name, "good");
    assert_string_equal(c->version, "1.2");
    assert_string_equal(c->hosts, "*.example.com");
    assert_int_equal(c->requests, 5);
    assert_string_equal(c->options[1].initial, "7");
    assert_int_equal(c->options[1].max, 9);
    assert_int_equal(c->options[2].flags, MUSTER_SECRET);
    assert_string_equal(c->options[3].members[0].name, "url");
    assert_null(c->options[4].name);
    assert_string_equal(c->streams[0].fields[1].to, "people");
    assert_null(c->streams[1].fields);
    assert_int_equal(c->streams[1].batch, 5);
    assert_null(c->streams[2].name);
    assert_string_equal(c->routes[0].path, "/hook/{id}");
    assert_non_null(c->pull);
    assert_null(c->apply);
    assert_null(c->lookups ? c->lookups[0].name : NULL);
}

static void a_table_keeps_its_columns_places_and_order(void **state)
{
    (void)state;
    TIDY(lane_stop) struct lane *lane = begin_good(NULL);
    HEARD heard = {0};
    struct lane_result result;
    pulls(lane, "people", 1, &heard, &result);
    assert_string_equal(heard.text.data,
                        "columns people table c0@A c1@B c2@C c3@D c4@E c5@F c6@G c7@H c8@I c9@J c10@K c11@L c12@M "
                        "c13@N c14@O c15@P\n"
                        "people - at 'Sheet!*2': c0/1=s c1/1=so c2/1=som c3/1=some c4/1=some  c5/1=some v c6/1=some va "
                        "c7/1=some val c8/1=some valu c9/1=some value c10/1=s c11/1=so c12/1=som c13/1=some "
                        "c14/1=some \n"
                        "cursor the end\n");
    assert_int_equal(result.rc, MUSTER_OK);
    assert_int_equal(result.claim, CLAIM_COMPLETE);
    assert_int_equal(result.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_description_comes_over_whole),
        cmocka_unit_test(a_table_keeps_its_columns_places_and_order),
    };
    snprintf(folder, sizeof(folder), "/tmp/test_lane.XXXXXX");
    if (!mkdtemp(folder))
        return 1;
    settings_reset();
    int failed = cmocka_run_group_tests_name("lane", tests, NULL, NULL);
    rmdir(folder);
    return failed;
}
