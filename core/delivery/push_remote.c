/* push_remote - what a target's stream has, where it can be read: rows by their own id, and by the fields that say who
 * somebody is. */
#include "delivery/pushing.h"

#include "base/digest.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <muster/connector.h>
#include <stdlib.h>
#include <string.h>

#define SEVERAL (UINT64_C(1) << 63) /* more than one row has this value */
#define WANTED (UINT64_C(1) << 62)  /* and one of ours, too */
#define POSITION (~(SEVERAL | WANTED))

struct reading_remotes {
    struct push *push;
    struct push_stream *stream;
    struct push_remotes *remotes;
    struct buffer text;
    uint64_t rejected;
};

bool push_match_field(const struct push *push, const struct push_stream *stream, size_t nth, size_t *ret_field)
{
    const struct target_map *map = &stream->stream->map;
    const struct node *match = stream->stream->of == KIND_person ? push->target->match : NULL;
    if (nth >= PUSH_MATCHES || (match && nth >= match->count))
        return false;
    size_t seen = 0;
    for (size_t n = 0; n < map->rule_count; n++) {
        const struct muster_field *declared = target_field(stream->stream, &map->fields[n]);
        bool named = match ? strcmp(match->items[nth]->items[0]->text, map->fields[n].name) == 0
                           : declared && (declared->flags & MUSTER_ID) && seen++ == nth;
        if (named) {
            *ret_field = n;
            return true;
        }
    }
    return false;
}

bool push_can_read(const struct push *push, const struct push_stream *stream)
{
    const struct muster_stream *declared = stream->stream->description;
    return declared && (declared->flags & MUSTER_READ_FULL) && !(declared->flags & MUSTER_SNAPSHOT) &&
           lane_description(push->run->lane)->pull;
}

void push_remotes_done(struct push_remotes *remotes)
{
    arena_free(remotes->arena);
    free(remotes->rows);
    numbers_done(&remotes->by_id);
    numbers_done(&remotes->by_value);
    *remotes = (struct push_remotes){0};
}

/* --- one row --- */

static const struct lane_value *record_value(const struct lane_record *record, const char *name)
{
    for (size_t n = 0; n < record->count; n++)
        if (strcmp(record->stream->names[record->values[n].column], name) == 0)
            return &record->values[n];
    return NULL;
}

int push_remote_image(struct push *push, const struct push_stream *stream, const struct lane_record *record,
                      struct arena *arena, struct bytes *ret_image)
{
    struct buffer out __attribute__((cleanup(buffer_done))) = {0};
    const struct target_map *map = &stream->stream->map;
    uint8_t digests[IMAGE_FIELDS_MAX][DIGEST_KEYED];
    image_start(push->maker);
    for (size_t n = 0; n < map->rule_count && n < IMAGE_FIELDS_MAX; n++) {
        const struct lane_value *read = record_value(record, map->fields[n].name);
        if (!read || read->presence == PRESENCE_ABSENT)
            continue; /* it is not told, and so not known */
        struct value value = {.presence = read->presence == PRESENCE_VALUE ? PRESENCE_VALUE : PRESENCE_NULL};
        if (value.presence == PRESENCE_VALUE && project_protects(map, n)) {
            vault_digest(&push->run->vault, read->bytes, read->len, digests[n]);
            value = (struct value){PRESENCE_VALUE, VALUE_SEALED, DIGEST_KEYED, (const char *)digests[n]};
        } else if (value.presence == PRESENCE_VALUE) {
            value.len = read->len;
            value.bytes = read->bytes;
        }
        image_put(push->maker, stream->numbers[n], value);
    }
    image_write(push->maker, &out);
    void *kept = out.rc == 0 ? arena_copy(arena, out.data, out.len) : NULL;
    if (!kept)
        return out.rc ? out.rc : -ENOMEM;
    *ret_image = bytes(kept, out.len);
    return 0;
}

static uint64_t value_digest(size_t nth, const char *text, size_t len, struct buffer *scratch)
{
    buffer_clear(scratch);
    text_normalize(text, len, scratch);
    return digest_seeded(nth + 1, scratch->len ? scratch->data : "", scratch->len) | 1;
}

static int note_value(struct reading_remotes *reading, size_t nth, const struct lane_value *value,
                      struct push_remote *row)
{
    struct numbers *by_value = &reading->remotes->by_value;
    if (!value || value->presence != PRESENCE_VALUE || value->len == 0)
        return 0;
    uint64_t digest = value_digest(nth, value->bytes, value->len, &reading->text);
    const uint64_t *there = numbers_get(by_value, digest);
    row->values[nth] = digest;
    return numbers_set(by_value, digest, there ? *there | SEVERAL : reading->remotes->count);
}

static uint64_t id_digest(const void *id, size_t len)
{
    return digest_fast(id, len) | 1;
}

static int take_record(void *context, const struct lane_record *record)
{
    struct reading_remotes *reading = context;
    struct push_remotes *remotes = reading->remotes;
    if (!record->source_id)
        return err_set(reading->push->run->err, ERR_CONNECTOR,
                       "the connector gives rows of stream '%s' without the target's own id",
                       reading->stream->stream->name);
    if (numbers_get(&remotes->by_id, id_digest(record->source_id, strlen(record->source_id))))
        return 0; /* told twice: the first counts */
    int rc = mem_grow(&remotes->rows, remotes->count, &remotes->room, sizeof(*remotes->rows));
    if (rc != 0)
        return rc;
    struct push_remote *row = &remotes->rows[remotes->count];
    *row = (struct push_remote){.id = arena_text(remotes->arena, record->source_id)};
    rc = row->id ? push_remote_image(reading->push, reading->stream, record, remotes->arena, &row->has) : -ENOMEM;
    if (rc != 0)
        return rc;
    remotes->count++;
    rc = numbers_set(&remotes->by_id, id_digest(row->id, strlen(row->id)), remotes->count);
    size_t field = 0;
    for (size_t nth = 0; rc == 0 && push_match_field(reading->push, reading->stream, nth, &field); nth++)
        rc = note_value(reading, nth, record_value(record, reading->stream->names[field]), row);
    return rc ? rc : reading->text.rc;
}

static int take_reject(void *context, const char *stream, const char *source_id, const char *place, const char *why)
{
    struct reading_remotes *reading = context;
    (void)stream, (void)source_id, (void)place, (void)why;
    reading->rejected++;
    return 0;
}

static int take_cursor(void *context, const char *value, bool checkpoint)
{
    (void)context, (void)value, (void)checkpoint;
    return 0; /* it is always read whole */
}

static bool wants_column(void *context, size_t column)
{
    (void)context, (void)column;
    return true;
}

/* --- all rows --- */

int push_remotes_read(struct push *push, struct push_stream *stream, struct push_remotes *ret_remotes)
{
    struct run *run = push->run;
    struct reading_remotes reading = {.push = push, .stream = stream, .remotes = ret_remotes};
    struct lane_sink sink = {.context = &reading,
                             .record = take_record,
                             .reject = take_reject,
                             .cursor = take_cursor,
                             .wanted = wants_column};
    struct lane_result result;
    muster_pull ask = {.size = sizeof(ask), .partition = "main", .stream = stream->stream->name, .full = 1};
    *ret_remotes = (struct push_remotes){.arena = arena_new()};
    push_files_sink(&sink);
    sink.http = run->http;
    int rc = ret_remotes->arena ? lane_pull(run->lane, &ask, &sink, &result, run->err) : -ENOMEM;
    buffer_done(&reading.text);
    if (rc == 0 && result.rc < 0)
        rc = err_set(run->err, pull_result_code(result.rc), "%s",
                     result.text[0] ? result.text : "what the target has could not be read");
    if (rc == 0)
        ret_remotes->whole = result.claim == CLAIM_COMPLETE && reading.rejected == 0;
    return rc;
}

struct push_remote *push_remotes_id(const struct push_remotes *remotes, struct bytes id)
{
    const uint64_t *at = id.len ? numbers_get(&remotes->by_id, id_digest(id.data, id.len)) : NULL;
    struct push_remote *row = at ? &remotes->rows[*at - 1] : NULL;
    return row && push_same(bytes(row->id, strlen(row->id)), id) ? row : NULL;
}

size_t push_remotes_match(const struct push *push, const struct push_stream *stream, const struct push_remotes *remotes,
                          const struct value *values, struct push_remote **ret_remote, size_t *ret_field)
{
    struct buffer text __attribute__((cleanup(buffer_done))) = {0};
    size_t field = 0;
    for (size_t nth = 0; push_match_field(push, stream, nth, &field); nth++) {
        if (values[field].presence != PRESENCE_VALUE || values[field].len == 0)
            continue;
        uint64_t *at =
            numbers_get(&remotes->by_value, value_digest(nth, values[field].bytes, values[field].len, &text));
        if (!at || text.rc != 0)
            continue;
        *at |= *at & SEVERAL ? WANTED : 0;
        *ret_remote = &remotes->rows[(*at & POSITION) - 1];
        *ret_field = field;
        return *at & SEVERAL ? 2 : 1;
    }
    return 0;
}

bool push_remote_in_doubt(const struct push_remotes *remotes, const struct push_remote *row)
{
    for (size_t n = 0; n < PUSH_MATCHES; n++) {
        const uint64_t *at = row->values[n] ? numbers_get(&remotes->by_value, row->values[n]) : NULL;
        if (at && *at & WANTED)
            return true;
    }
    return row->doubtful;
}

struct delivery push_remote_row(const struct push *push, const struct delivery *before,
                                const struct push_remote *remote)
{
    struct delivery row = before ? *before : (struct delivery){0};
    row.state = DELIVERY_SETTLED;
    row.op = 0;
    row.rc = 0;
    row.attempts = 0;
    row.active = true;
    row.run = push->run->report->run;
    row.since_ms = push->run->now_ms;
    row.remote_id = bytes(remote->id, strlen(remote->id));
    row.confirmed = remote->has;
    row.wanted = row.why = bytes("", 0);
    return row;
}

/* Whose a row is; a second one makes it doubtful. */
static void claim(struct push_remote *row, uint64_t unit)
{
    row->doubtful |= row->unit != 0 && row->unit != unit;
    row->unit = row->unit ? row->unit : unit;
}

static int claim_known(struct push_stream *stream, struct push_remotes *remotes, struct txn *txn)
{
    struct delivery_walk walk;
    struct delivery row;
    enum kind kind;
    uint64_t id;
    delivery_walk_begin(&walk, txn, stream->number, DELIVERY_UNIT);
    while (delivery_walk_next(&walk, &kind, &id))
        if (delivery_get(txn, stream->number, kind, id, &row) && row.remote_id.len > 0) {
            struct push_remote *remote = push_remotes_id(remotes, row.remote_id);
            if (remote)
                claim(remote, id);
        }
    delivery_walk_end(&walk);
    return txn->rc;
}

int push_remotes_claim(struct push *push, struct push_stream *stream, struct push_remotes *remotes, struct txn *txn)
{
    TIDY(projector_free) struct projector *projector = NULL;
    int rc = claim_known(stream, remotes, txn);
    if (rc == 0)
        rc = push_projector(push, stream, txn, &projector);
    for (size_t n = 0; rc == 0 && n < stream->job_count; n++) {
        struct push_verdict verdict;
        struct push_remote *remote;
        size_t field;
        rc = push_judge(push, stream, projector, txn, &stream->jobs[n], &verdict);
        bool known = verdict.known && verdict.row.remote_id.len > 0;
        if (rc == 0 && !known && verdict.projection.kept.data &&
            push_remotes_match(push, stream, remotes, verdict.projection.values, &remote, &field) == 1)
            claim(remote, stream->jobs[n].id);
    }
    return rc;
}
