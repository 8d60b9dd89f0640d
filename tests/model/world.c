/* world - a connector that plays what a file says, in the engine's own process: stands in for connectors.c and lane.c,
 * so that thousands of syncs a minute can be run without a process for each.
 *
 * Reads the file that the connection's option `world` names, lines of tab separated words:
 *
 *   partition ID          begins one; what follows is of it
 *   table COLUMN…         its columns, told before the first record: an empty cell is empty
 *   object NAME…          its columns, not told: a cell may be absent or null
 *   row CELL…             =TEXT a value, e empty, n null, a absent
 *   reject ID WHY         a row that cannot be read; without ID nobody knows whose it is
 *   claim complete|changes|partial, or fail
 *
 * Writes nothing. */
#include "lane/connectors.h"
#include "lane/lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 64, LINE = 8192 };

struct connectors {
    int unused;
};

struct lane {
    const char *path;
    bool ended; /* a pull that was started, at once */
    int rc;
};

struct reading {
    FILE *file;
    char line[LINE], columns[LINE];
    char *words[WORDS];
    size_t count;
};

static muster_rc never(muster_run *run, void *self)
{
    (void)run, (void)self;
    abort();
}

static muster_rc never_pull(muster_run *run, void *self, const muster_pull *pull)
{
    (void)run, (void)self, (void)pull;
    abort();
}

static const muster_option options[] = {
    {.name = "world", .type = MUSTER_TEXT, .flags = MUSTER_REQUIRED, .doc = "The file to play."}, {.name = NULL}};
static const muster_stream streams[] = {{.name = "people",
                                         .kinds = "person employment",
                                         .flags = MUSTER_READ_FULL | MUSTER_READ_CHANGES,
                                         .gone = MUSTER_BY_ABSENCE,
                                         .doc = "People."},
                                        {.name = NULL}};
static const muster_connector description = {.magic = MUSTER_MAGIC,
                                             .size = sizeof(description),
                                             .abi_major = MUSTER_ABI_MAJOR,
                                             .abi_minor = MUSTER_ABI_MINOR,
                                             .option_size = sizeof(muster_option),
                                             .field_size = sizeof(muster_field),
                                             .stream_size = sizeof(muster_stream),
                                             .verb_size = sizeof(muster_verb),
                                             .route_size = sizeof(muster_route),
                                             .name = "world",
                                             .version = "1",
                                             .summary = "plays a file",
                                             .options = options,
                                             .streams = streams,
                                             .partitions = never,
                                             .pull = never_pull};

/* --- connectors --- */

int connectors_open(const struct settings *settings, struct connectors **ret_connectors)
{
    (void)settings;
    *ret_connectors = calloc(1, sizeof(**ret_connectors));
    return *ret_connectors ? 0 : -12;
}

void connectors_free(struct connectors *connectors)
{
    free(connectors);
}

const char *const *connectors_names(void *connectors)
{
    static const char *const names[] = {"world", NULL};
    (void)connectors;
    return names;
}

const muster_connector *connectors_describe(void *connectors, const char *name, struct err *err)
{
    (void)connectors;
    if (strcmp(name, "world") == 0)
        return &description;
    err_set(err, ERR_CONFIG, "there is no connector '%s' here", name);
    return NULL;
}

const char *connectors_path(struct connectors *connectors, const char *name)
{
    (void)connectors;
    return strcmp(name, "world") == 0 ? "/world.so" : NULL;
}

const char *connectors_digest(struct connectors *connectors, const char *name)
{
    (void)connectors, (void)name;
    return "0000000000000000000000000000000000000000000000000000000000000000";
}

int connectors_instead(struct connectors *connectors, const char *edition)
{
    (void)connectors, (void)edition;
    return 0;
}

const char *connectors_sandbox_lacks(struct connectors *connectors, const char *name)
{
    (void)connectors, (void)name;
    return "";
}

/* --- lane --- */

int lane_start(const struct lane_start *start, struct lane **ret_lane, struct err *err)
{
    struct lane *lane = calloc(1, sizeof(*lane));
    if (!lane || !start->connection)
        return err_set(err, ERR_CONFIG, "a world without a connection");
    lane->path = connection_option(start->connection, "world");
    *ret_lane = lane;
    return 0;
}

int lane_meet(struct lane *lane, struct err *err)
{
    (void)lane, (void)err;
    return 0;
}

int lane_begin(const struct lane_start *start, struct lane **ret_lane, struct err *err)
{
    return lane_start(start, ret_lane, err);
}

void lane_stop(struct lane *lane)
{
    free(lane);
}

const muster_connector *lane_description(const struct lane *lane)
{
    (void)lane;
    return &description;
}

const void *lane_description_bytes(const struct lane *lane, size_t *ret_len)
{
    (void)lane;
    *ret_len = 0;
    return "";
}

int lane_program(char *ret_path, struct err *err)
{
    (void)ret_path;
    return err_set(err, ERR_CONFIG, "a world needs no program");
}

const char *lane_sandbox_lacks(const struct lane *lane)
{
    (void)lane;
    return "";
}

int lane_check(struct lane *lane, const struct lane_sink *sink, struct lane_result *ret_result, struct err *err)
{
    (void)lane, (void)sink, (void)err;
    *ret_result = (struct lane_result){.rc = MUSTER_OK};
    return 0;
}

int lane_options(struct lane *lane, const struct lane_sink *sink, struct lane_result *ret_result, struct err *err)
{
    return lane_check(lane, sink, ret_result, err);
}

int lane_discover(struct lane *lane, const struct lane_sink *sink, struct lane_result *ret_result, struct err *err)
{
    return lane_check(lane, sink, ret_result, err);
}

/* A world is only read: nothing is told to it. */
int lane_apply(struct lane *lane, const struct lane_push *push, const struct lane_sink *sink,
               struct lane_result *ret_result, struct err *err)
{
    (void)lane, (void)push, (void)sink, (void)ret_result;
    return err_set(err, ERR_UNSUPPORTED, "nothing can be told to a world");
}

int lane_find(struct lane *lane, const char *stream, const struct lane_fields *fields, const struct lane_cell *cells,
              const struct lane_sink *sink, struct lane_result *ret_result, struct err *err)
{
    (void)stream, (void)fields, (void)cells;
    return lane_apply(lane, NULL, sink, ret_result, err);
}

int lane_lookup(struct lane *lane, const char *name, const struct lane_fields *arguments, const struct lane_cell *cells,
                const struct lane_sink *sink, struct lane_result *ret_result, struct err *err)
{
    return lane_find(lane, name, arguments, cells, sink, ret_result, err);
}

int lane_action(struct lane *lane, const char *name, const struct lane_fields *arguments, const struct lane_cell *cells,
                const struct lane_sink *sink, struct lane_result *ret_result, struct err *err)
{
    return lane_find(lane, name, arguments, cells, sink, ret_result, err);
}

int lane_receive(struct lane *lane, const struct lane_inbound *items, size_t count, const struct lane_sink *sink,
                 struct lane_result *ret_result, struct err *err)
{
    (void)items, (void)count;
    return lane_apply(lane, NULL, sink, ret_result, err);
}

int lane_batch_add(struct lane_batch *batch, const struct lane_change *change)
{
    (void)batch, (void)change;
    return ERR_UNSUPPORTED;
}

bool lane_batch_full(const struct lane_batch *batch)
{
    (void)batch;
    return true;
}

/* --- playing --- */

static bool next(struct reading *reading)
{
    if (!fgets(reading->line, sizeof(reading->line), reading->file))
        return false;
    reading->line[strcspn(reading->line, "\n")] = '\0';
    char *rest = reading->line;
    for (reading->count = 0; rest && reading->count < WORDS; reading->count++)
        reading->words[reading->count] = strsep(&rest, "\t");
    return true;
}

static bool is(const struct reading *reading, const char *word)
{
    return strcmp(reading->words[0], word) == 0;
}

int lane_partitions(struct lane *lane, const struct lane_sink *sink, struct lane_result *ret_result, struct err *err)
{
    struct reading reading = {.file = fopen(lane->path, "r")};
    int rc = 0;
    if (!reading.file)
        return err_set(err, ERR_NETWORK, "the world cannot be read");
    *ret_result = (struct lane_result){.claim = CLAIM_COMPLETE};
    while (rc == 0 && next(&reading))
        if (is(&reading, "partition"))
            rc = sink->partition(sink->context, reading.words[1], NULL, NULL);
    fclose(reading.file);
    return rc;
}

struct playing {
    const struct lane_sink *sink;
    struct lane_stream stream;
    char *names[WORDS];
    const char *places[WORDS];
    uint64_t count;
    size_t line;
};

static int play_columns(struct playing *playing, struct reading *reading)
{
    bool table = is(reading, "table");
    memcpy(reading->columns, reading->line, sizeof(reading->line));
    for (size_t i = 1; i < reading->count; i++) {
        playing->names[i - 1] = reading->columns + (reading->words[i] - reading->line);
        playing->places[i - 1] = table ? "C" : "";
    }
    playing->stream = (struct lane_stream){.name = "people",
                                           .table = table,
                                           .count = reading->count - 1,
                                           .names = (const char *const *)playing->names,
                                           .places = playing->places};
    return table ? playing->sink->columns(playing->sink->context, &playing->stream) : 0;
}

static int play_row(struct playing *playing, struct reading *reading)
{
    static const char kinds[] = {'=', 'e', 'n'};
    static const enum presence presences[] = {PRESENCE_VALUE, PRESENCE_EMPTY, PRESENCE_NULL};
    struct lane_value values[WORDS];
    struct lane_record record = {.stream = &playing->stream, .values = values};
    char place[32];
    snprintf(place, sizeof(place), "*%zu", playing->line);
    record.place = place;
    for (size_t i = 1; i < reading->count; i++) {
        const char *kind = memchr(kinds, reading->words[i][0], sizeof(kinds));
        if (!kind || (playing->stream.table && *kind == 'e'))
            continue;
        values[record.count++] = (struct lane_value){.column = (uint32_t)(i - 1),
                                                     .type = MUSTER_TEXT,
                                                     .presence = presences[kind - kinds],
                                                     .len = *kind == '=' ? (uint32_t)strlen(reading->words[i]) - 1 : 0,
                                                     .bytes = reading->words[i] + 1};
    }
    playing->count++;
    return playing->sink->record(playing->sink->context, &record);
}

static int play_line(struct playing *playing, struct reading *reading, struct lane_result *result)
{
    const struct lane_sink *sink = playing->sink;
    playing->line++;
    if (is(reading, "table") || is(reading, "object"))
        return play_columns(playing, reading);
    if (is(reading, "row"))
        return play_row(playing, reading);
    if (is(reading, "reject")) {
        playing->count++;
        return sink->reject(sink->context, "people", *reading->words[1] ? reading->words[1] : NULL, "*0",
                            reading->words[2]);
    }
    if (is(reading, "fail")) {
        result->rc = MUSTER_RETRY;
        snprintf(result->text, sizeof(result->text), "the system is down");
    }
    if (is(reading, "claim"))
        result->claim = strcmp(reading->words[1], "complete") == 0  ? CLAIM_COMPLETE
                        : strcmp(reading->words[1], "changes") == 0 ? CLAIM_CHANGES
                                                                    : CLAIM_PARTIAL;
    return 0;
}

int lane_pull(struct lane *lane, const muster_pull *pull, const struct lane_sink *sink, struct lane_result *ret_result,
              struct err *err)
{
    struct reading reading = {.file = fopen(lane->path, "r")};
    struct playing playing = {.sink = sink};
    bool ours = false;
    int rc = 0;
    if (!reading.file)
        return err_set(err, ERR_NETWORK, "the world cannot be read");
    *ret_result = (struct lane_result){.rc = MUSTER_OK};
    while (rc == 0 && next(&reading)) {
        if (is(&reading, "partition"))
            ours = strcmp(reading.words[1], pull->partition) == 0;
        else if (ours)
            rc = play_line(&playing, &reading, ret_result);
    }
    ret_result->count = playing.count;
    fclose(reading.file);
    return rc;
}

int lane_pull_start(struct lane *lane, const muster_pull *pull, const struct lane_left *left_out, size_t count,
                    const struct lane_sink *sink, struct lane_result *ret_result, struct err *err)
{
    (void)left_out, (void)count;
    lane->rc = lane_pull(lane, pull, sink, ret_result, err);
    lane->ended = true;
    return 0;
}

bool lane_fell_on(const struct lane *lane, struct lane_object *ret_object)
{
    (void)lane, (void)ret_object;
    return false;
}

int lanes_wait(struct lane *const *lanes, size_t count, size_t *ret_nth, int *ret_rc)
{
    for (size_t i = 0; i < count; i++) {
        if (!lanes[i] || !lanes[i]->ended)
            continue;
        lanes[i]->ended = false;
        *ret_nth = i;
        *ret_rc = lanes[i]->rc;
        return 0;
    }
    return ERR_GONE;
}
