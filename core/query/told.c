/* told - what a target has of one person, what it is to have, and what becomes of the difference. */
#include "query/told.h"

#include "base/clock.h"
#include "base/mem.h"
#include "delivery/pushing.h"
#include "store/dict.h"
#include "tables/refer.h"

#include <errno.h>
#include <muster/connector.h>
#include <stdlib.h>

enum { HAPPENED_MAX = 20 /* of what happened so many are told, the newest */ };

struct telling {
    struct query *query;
    struct push push;
    uint64_t id;
    struct entity *person;
    struct told *items;
    size_t count, room;
};

const char *told_next_name(enum told_next next)
{
    static const char *const names[] = {"nothing", "send", "wait", "ask", "held", "manual", "later"};
    return names[next];
}

const char *told_op_name(int op)
{
    static const char *const names[] = {"", "create", "update", "deactivate", "reactivate", "delete", "keep"};
    return op > 0 && op <= MUSTER_KEEP ? names[op] : "";
}

static enum told_next next_of(enum push_what what, enum push_said said)
{
    switch (what) {
    case PUSH_SEND: return said == PUSH_PENDING || said == PUSH_TURNED_DOWN ? TOLD_HELD : TOLD_SEND;
    case PUSH_ASK: return TOLD_ASK;
    case PUSH_WAIT: return TOLD_WAIT;
    case PUSH_MANUAL: return TOLD_MANUAL;
    case PUSH_HELD: return TOLD_HELD;
    case PUSH_LATER: return TOLD_LATER;
    default: return TOLD_NOTHING;
    }
}

/* What somebody said of the change that is under way. */
static void said_read(struct telling *telling, const struct push_stream *stream, struct told *told)
{
    static const enum statement_type types[] = {STATEMENT_APPROVE, STATEMENT_REJECT, STATEMENT_DISCARD};
    uint64_t subject = delivery_subject(stream->number, told->kind, told->unit, &told->row);
    for (size_t n = 0; told->known && n < sizeof(types) / sizeof(types[0]); n++)
        if (statement_stands(&telling->push.said, subject, types[n], &told->said)) {
            told->quiet = types[n] != STATEMENT_APPROVE;
            struct arena *arena = telling->query->arena; /* the statement may lie in what ends before the query */
            told->said.author = arena_text(arena, told->said.author ? told->said.author : "");
            told->said.reason = arena_text(arena, told->said.reason ? told->said.reason : "");
            told->said.about = NULL;
            return;
        }
}

static void waits_read(struct telling *telling, struct told *told)
{
    char name[40];
    struct wait_item found;
    const char *reason = told->known ? delivery_wait_reason(&told->row) : NULL;
    snprintf(name, sizeof(name), "%llu", (unsigned long long)told->unit);
    struct wait_item like = {
        .type = delivery_wait_type(&told->row), .stream = told->number, .id = name, .reason = reason};
    if (reason && wait_find(&telling->query->txn, &like, telling->query->arena, &found)) {
        told->waits = found.number;
        told->type = (char)found.type;
    }
}

static bool blank(struct value value)
{
    return value.presence != PRESENCE_VALUE;
}

static int fields_read(struct telling *telling, const struct push_stream *stream, const struct push_verdict *verdict,
                       struct told *told)
{
    const struct target_map *map = &stream->stream->map;
    struct bytes kept = verdict->projection.kept;
    void *copy = kept.len ? arena_copy(telling->query->arena, kept.data, kept.len) : NULL;
    told->fields = arena_get(telling->query->arena, (map->rule_count + 1) * sizeof(*told->fields));
    if (!told->fields || (kept.len && !copy))
        return -ENOMEM;
    struct image is = {copy, (uint32_t)kept.len};
    struct image has = {told->row.confirmed.data, (uint32_t)told->row.confirmed.len};
    for (size_t n = 0; n < map->rule_count && copy; n++) {
        struct told_field *field = &told->fields[told->field_count++];
        *field = (struct told_field){.field = &map->fields[n],
                                     .rule = &map->rules[n],
                                     .has = image_get(has, stream->numbers[n]),
                                     .is = image_get(is, stream->numbers[n])};
        field->unknown = field->has.presence == PRESENCE_ABSENT;
        field->differs = blank(field->has) || blank(field->is) ? blank(field->has) != blank(field->is)
                                                               : !value_equal(field->has, field->is);
    }
    return 0;
}

/* Whose file it is in; NULL: none. */
static const char *file_text(struct telling *telling, const struct push_stream *stream,
                             const struct push_verdict *verdict)
{
    char name[PERIOD_TEXT];
    if (verdict->row.in.file <= 0 || !verdict->row.active)
        return NULL;
    period_name(stream->stream->period, verdict->row.in.file, name);
    return arena_text(telling->query->arena, name);
}

static int unit_tell(struct telling *telling, struct push_stream *stream, struct projector *projector, uint64_t id)
{
    struct push_verdict verdict;
    struct query *query = telling->query;
    const struct push_job job = {.id = id, .person = telling->id};
    int rc = push_judge(&telling->push, stream, projector, &query->txn, &job, &verdict);
    if (rc == 0)
        rc = mem_grow(&telling->items, telling->count, &telling->room, sizeof(*telling->items));
    if (rc != 0)
        return rc;
    struct told *told = &telling->items[telling->count++];
    *told = (struct told){.connection = telling->push.run->request->connection,
                          .stream = stream->stream,
                          .number = stream->number,
                          .kind = stream->unit,
                          .unit = id,
                          .there = verdict.projection.there,
                          .inside = verdict.projection.inside,
                          .known = verdict.known,
                          .file = file_text(telling, stream, &verdict),
                          .row = verdict.known ? verdict.row : (struct delivery){0},
                          .op = verdict.op};
    enum push_said said =
        verdict.what == PUSH_SEND ? push_said_of(&telling->push, stream, &job, &verdict) : PUSH_UNSAID;
    told->next = next_of(verdict.what, said);
    told->why = arena_text(query->arena, verdict.why);
    if (stream->sets && (rc = push_sets_name(stream, &verdict, query->arena, &told->set)) != 0)
        return rc;
    said_read(telling, stream, told);
    waits_read(telling, told);
    return told->why ? fields_read(telling, stream, &verdict, told) : -ENOMEM;
}

static int newest_first(const void *a, const void *b)
{
    const struct root *one = a, *other = b;
    return one->id > other->id ? -1 : one->id < other->id;
}

/* The newest things that are the person's, whether they hang on them or stand by themselves. */
static int things_tell(struct telling *telling, struct push_stream *stream, struct projector *projector)
{
    TIDY(free) struct root *roots = NULL;
    const struct entity *person = telling->person;
    size_t count = 0, room = 0, told = 0;
    int rc = refer_each(&telling->query->txn, KIND_person, telling->id, &roots, &count, &room);
    for (uint16_t n = 0; rc == 0 && n < person->child_count; n++)
        if ((rc = mem_grow(&roots, count, &room, sizeof(*roots))) == 0)
            roots[count++] = (struct root){person->children[n].kind, person->children[n].id, ROOT_ONLY};
    if (count > 1)
        qsort(roots, count, sizeof(*roots), newest_first);
    for (size_t n = 0; rc == 0 && n < count && told < HAPPENED_MAX; n++) {
        bool ours = roots[n].kind == stream->unit && (n == 0 || roots[n - 1].id != roots[n].id);
        rc = ours ? unit_tell(telling, stream, projector, roots[n].id) : 0;
        told += ours;
    }
    return rc;
}

static int happened_tell(struct telling *telling, struct push_stream *stream, struct projector *projector)
{
    int rc = push_files_find(&telling->push, stream, &telling->query->txn, false);
    telling->push.filing = stream;
    telling->push.file = rc == 0 && stream->file_count ? stream->files[0] : (struct push_file){0};
    if (rc == 0)
        rc = things_tell(telling, stream, projector);
    telling->push.filing = NULL;
    return rc;
}

/* The person's units in a stream: they themselves, or what hangs on them. */
static int stream_tell(struct telling *telling, struct push_stream *stream)
{
    TIDY(projector_free) struct projector *projector = NULL;
    const struct entity *person = telling->person;
    int rc = push_projector(&telling->push, stream, &telling->query->txn, &projector);
    if (rc == 0 && stream->stream->period != PERIOD_NONE)
        return happened_tell(telling, stream, projector);
    if (rc == 0 && stream->sets)
        return things_tell(telling, stream, projector);
    if (rc == 0 && stream->unit == KIND_person)
        rc = unit_tell(telling, stream, projector, telling->id);
    for (uint16_t n = 0; rc == 0 && n < person->child_count; n++)
        if (person->children[n].kind == stream->unit)
            rc = unit_tell(telling, stream, projector, person->children[n].id);
    return rc;
}

int told_read(struct query *query, const struct settings *settings, const struct connection *connection,
              uint64_t person, struct told **ret_items, size_t *ret_count)
{
    struct run_request request = {.settings = settings, .organization = query->organization, .connection = connection};
    struct run_report report = {.run = query_last_run(query) + 1};
    struct run run = {.request = &request,
                      .report = &report,
                      .store = query->store,
                      .vault = query->vault,
                      .zone = query->zone,
                      .now_ms = clock_now_ms(),
                      .lock = -1};
    struct push push = {.run = &run, .shows = true};
    struct telling telling = {
        .query = query, .push = push, .id = person, .person = mem_new(1, sizeof(*telling.person))};
    struct err err = {0};
    run.today = zone_day(query->zone, run.now_ms);
    dict_defer(query->store);
    int rc = telling.person ? push_begin(&telling.push, &err) : -ENOMEM;
    if (rc == 0)
        rc = push_said_begin(&telling.push, &query->txn);
    if (rc == 0 && !entity_get(&query->txn, KIND_person, person, telling.person))
        rc = query->txn.rc ? query->txn.rc : ERR_GONE;
    for (size_t n = 0; rc == 0 && n < telling.push.stream_count; n++)
        rc = stream_tell(&telling, &telling.push.streams[n]);
    push_said_end(&telling.push);
    rc = rc ? rc : query->txn.rc ? query->txn.rc : telling.push.said.rc;
    push_done(&telling.push);
    dict_forget(query->store);
    free(telling.person);
    if (rc != 0) {
        free(telling.items);
        return rc;
    }
    *ret_items = telling.items;
    *ret_count = telling.count;
    return 0;
}
