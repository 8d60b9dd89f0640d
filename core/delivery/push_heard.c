/* push_heard - what a target says of people while it is told of them: records of the streams that are read from it.
 *
 * They go the way of every record, mapped while they come; when all has been
 * told and that is kept, they are decided as a run of their own, as changes:
 * nobody is missing because nothing was said of them. What the target itself
 * is known to say of somebody is not told it (push_echoes()). What dies with
 * this process is read again with everything. */
#include "delivery/pushing.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/act.h"

#include <errno.h>
#include <muster/connector.h>
#include <stdlib.h>
#include <string.h>

struct push_heard {
    struct strand strand;
    bool broken; /* something of it cannot be used: nothing of it is */
    struct push_heard *next;
};

static void heard_log(const struct push *push, const char *stream, const char *why)
{
    struct log from = {.organization = push->run->request->organization->id,
                       .connection = push->run->request->connection->name};
    log_line(&from, LOG_WARN,
             "what the target said of '%s' while it was told was not taken: %s; it is read again with "
             "the rest",
             stream, why);
}

static const struct mapping *mapping_of(const struct connection *connection, const char *stream)
{
    for (size_t n = 0; connection->mappings && connection->mappings[n]; n++)
        if (strcmp(connection->mappings[n]->stream, stream) == 0)
            return connection->mappings[n];
    return NULL;
}

static struct push_heard *heard_new(struct push *push, const struct mapping *mapping)
{
    struct run *run = push->run;
    struct push_heard *heard = mem_new(1, sizeof(*heard));
    if (!heard)
        return NULL;
    struct pull *pull = &heard->strand.pull;
    *pull = (struct pull){.arena = run->arena,
                          .store = run->store,
                          .scratch_dir = run->dir,
                          .organization = run->request->organization->id,
                          .connection = run->request->connection,
                          .mapping = mapping,
                          .partition = "main",
                          .label = "main",
                          .locator = "",
                          .run = run->report->run + 1,
                          .zone = run->zone,
                          .vault = &run->vault,
                          .settings = run->request->settings,
                          .waits = &heard->strand.waits};
    int rc = wait_list_init(&heard->strand.waits);
    if (rc == 0)
        rc = streams_number(run->store, run->request->connection->name, "main", mapping->stream, &pull->stream);
    if (rc == 0)
        rc = pull_begin(pull);
    heard->broken = rc != 0;
    heard->next = push->heard;
    push->heard = heard;
    return heard;
}

/* The lane numbers columns anew for each stream that is told, so each hears for itself. */
static int take_columns(void *context, struct lane_stream *stream)
{
    struct push *push = *(struct push **)context;
    const struct connection *connection = push->run->request->connection;
    const struct mapping *mapping = mapping_of(connection, stream->name);
    struct push_heard *heard = stream->engine;
    struct lane_sink records;
    if (!mapping || lane_description(push->run->lane)->partitions)
        return 0; /* nobody reads it */
    if (!heard && !(heard = stream->engine = heard_new(push, mapping)))
        return -ENOMEM;
    pull_record_sink(&heard->strand.pull, &records);
    stream->engine = NULL; /* for what reads the records */
    if (!heard->broken && records.columns(records.context, stream) != 0)
        heard->broken = true;
    stream->engine = heard;
    return 0;
}

static int take_record(void *context, const struct lane_record *record)
{
    struct push *push = *(struct push **)context;
    struct push_heard *heard = record->stream->engine;
    struct lane_sink records;
    if (!heard || heard->broken)
        return 0;
    pull_record_sink(&heard->strand.pull, &records);
    if (records.record(records.context, record) != 0)
        heard->broken = true;
    else
        push->run->report->pushed.heard++;
    return 0;
}

void push_heard_sink(struct lane_sink *ret_sink)
{
    ret_sink->columns = take_columns;
    ret_sink->record = take_record;
}

/* ---- when all is told ---- */

/* Nothing is stated: what was heard comes by itself. */
static int nothing(void *context, struct match *match, struct err *err)
{
    (void)context;
    (void)match;
    (void)err;
    return 0;
}

static bool any_news(const struct strand *strand)
{
    return strand->count.added + strand->count.changed + strand->count.returned + strand->waits.count > 0;
}

/* A run of its own, in the same store and under the same lock; none where nothing is new. */
static int heard_decide(struct run *run, struct strand *strand, uint32_t number)
{
    static const struct act act = {
        .verb = "answers", .author = "muster", .reason = "what the target said when it was told", .state = nothing};
    struct run_partition *partition = arena_get(run->arena, sizeof(*partition));
    struct run_report *told = run->report;
    struct run_request request = *run->request;
    struct run_report report = {.arena = run->arena,
                                .run = number,
                                .organization = told->organization,
                                .connection = told->connection,
                                .verb = act.verb,
                                .author = act.author,
                                .because = act.reason,
                                .partitions = partition,
                                .partition_count = 1,
                                .started_ms = clock_now_ms()};
    if (!partition)
        return -ENOMEM;
    *partition = (struct run_partition){.name = "main", .outcome = OUTCOME_SUCCEEDED, .claim = "changes", .reason = ""};
    const struct run_request *asked = run->request;
    int64_t steady = run->steady_ms;
    request.allow_held = 0;
    run->request = &request;
    run->report = &report;
    run->act = &act;
    run->strands = strand;
    run->strand_count = 1;
    run->rules_changed = false; /* the next sync tells of that, and holds what must be held */
    run->steady_ms = clock_steady_ms();
    report.read = map_count(strand->pull.map)->read;
    changeset_free(TAKE(run->changeset));
    int rc = run_decide(run);
    bool news = rc == 0 && any_news(strand);
    if (news)
        rc = changeset_apply(run->changeset, &report.puts);
    fault_kill("heard");
    if (rc == 0 && news)
        report_update(&report, &request);
    run->request = asked;
    run->report = told;
    run->act = NULL;
    run->strands = NULL;
    run->strand_count = 0;
    run->steady_ms = steady;
    return rc;
}

static int heard_take(struct push *push, struct push_heard *heard, uint32_t number)
{
    struct pull *pull = &heard->strand.pull;
    if (heard->broken || pull_rc(pull) != 0)
        return err_set(pull_opens(pull), ERR_DATA, "it cannot be read");
    int rc = map_finish(pull->map, &pull->talk->err);
    pull->claim = CLAIM_CHANGES;
    if (rc == 0 && map_count(pull->map)->read > 0)
        rc = heard_decide(push->run, &heard->strand, number);
    return rc;
}

void push_heard_take(struct push *push)
{
    uint32_t number = push->run->report->run;
    for (struct push_heard *heard = push->heard; heard; heard = heard->next) {
        struct pull *pull = &heard->strand.pull;
        int rc = heard_take(push, heard, number + 1);
        number += rc == 0 && any_news(&heard->strand);
        if (rc != 0)
            heard_log(push, pull->mapping->stream, pull_rc(pull) ? pull_sentence(pull) : err_text(rc));
    }
}

void push_heard_done(struct push *push)
{
    while (push->heard) {
        struct push_heard *heard = push->heard;
        push->heard = heard->next;
        pull_done(&heard->strand.pull);
        wait_list_done(&heard->strand.waits);
        stage_missing_done(&heard->strand.missing);
        free(heard);
    }
}

/* ---- no echo ---- */

/* What the record says of a field of the person. False: it says nothing. */
static bool record_says(const struct source *record, uint16_t field, struct value *ret_value)
{
    for (uint16_t n = 0; n < record->count; n++) {
        *ret_value = image_get(record->sections[n].image, field);
        if (record->sections[n].kind == KIND_person && ret_value->presence != PRESENCE_ABSENT)
            return true;
    }
    return false;
}

static const muster_stream *declared(const struct connection *connection, const char *name)
{
    const muster_stream *stream = connection->description ? connection->description->streams : NULL;
    while (stream && stream->name && strcmp(stream->name, name) != 0)
        stream++;
    return stream && stream->name ? stream : NULL;
}

static const muster_field *next_id(const muster_field *field)
{
    while (field && field->name && !(field->flags & MUSTER_ID))
        field++;
    return field && field->name ? field : NULL;
}

/* Whether both are known by fields of the same names. */
static bool same_ids(const muster_stream *one, const muster_stream *other)
{
    const muster_field *a = next_id(one ? one->fields : NULL), *b = next_id(other ? other->fields : NULL);
    if (!a)
        return false;
    for (; a && b && strcmp(a->name, b->name) == 0; a = next_id(a + 1), b = next_id(b + 1))
        ;
    return !a && !b;
}

/* Whether the record is the very object that is told: it is of the stream of that name, or it has the id that was
 * answered, or both are known by the same fields. A person's file and their account are two things also where one
 * system has them. */
static bool is_told(const struct push_stream *stream, const struct push_verdict *verdict, const struct member *member,
                    const struct stream_name *of)
{
    struct bytes there = verdict->row.remote_id;
    return strcmp(of->stream, stream->stream->name) == 0 ||
           (there.len > 0 && there.len == member->id.len && memcmp(there.data, member->id.data, there.len) == 0) ||
           (of->connection && same_ids(declared(of->connection, of->stream), stream->stream->description));
}

static bool member_says(struct push *push, const struct push_stream *told, const struct push_verdict *verdict,
                        const struct member *member, uint16_t field, struct value *ret_value)
{
    struct buffer key __attribute__((cleanup(buffer_done))) = {0};
    const struct stream_name *stream = streams_find(&push->sources, member->stream);
    struct bytes row;
    if (!stream || strcmp(stream->connection_name, push->run->request->connection->name) != 0 ||
        !is_told(told, verdict, member, stream))
        return false;
    source_key(member->stream, member->id.data, member->id.len, &key);
    return key.rc == 0 && txn_get(verdict->txn, TABLE_source, bytes(key.data, key.len), &row) &&
           source_read(row, push->record) && push->record->state == SOURCE_PRESENT &&
           record_says(push->record, field, ret_value);
}

int push_echoes_begin(struct push *push, struct txn *txn)
{
    const struct connection *connection = push->run->request->connection;
    if (push->record || !connection->mappings || !connection->mappings[0])
        return 0;
    push->record = mem_new(1, sizeof(*push->record));
    return push->record ? streams_load(push->run->request->organization, txn, &push->sources) : -ENOMEM;
}

bool push_echoes(struct push *push, const struct push_stream *stream, const struct push_verdict *verdict, size_t field)
{
    const struct target_map *map = &stream->stream->map;
    const struct rule *rule = &map->rules[field];
    if (!push->record || stream->stream->of != KIND_person || map->lists[field].map || !rule->plain ||
        rule->column_count != 1)
        return false;
    const struct path *path = &map->paths[rule->columns[0]];
    if (path->step_count > 0 || !path->field)
        return false;
    const struct entity *person = projector_entity(verdict->projector);
    struct value is = image_get(person->image, path->field->number), says;
    bool blank = is.presence != PRESENCE_VALUE;
    for (uint16_t n = 0; n < person->member_count; n++)
        if (member_says(push, stream, verdict, &person->members[n], path->field->number, &says) &&
            (blank ? says.presence != PRESENCE_VALUE : value_equal(is, says)))
            return true;
    return false;
}
