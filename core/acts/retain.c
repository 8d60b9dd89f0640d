/* retain - what is older than the organization's file wants it kept goes. */
#include "acts/retain_inside.h"

#include "acts/erase_inside.h"
#include "base/clock.h"
#include "base/fault.h"
#include "broker/calls.h"
#include "engine/outlived.h"
#include "tables/delivery_wait.h"
#include "tables/refer.h"

#include <stdlib.h>

#define META_RETAINED "retained"

static void retaining_done(struct retaining *retaining)
{
    streams_done(&retaining->streams);
    free(retaining->things);
    retain_rows_done(&retaining->rows);
    free(retaining->record);
    free(retaining->entity);
    free(retaining->other);
}

/* --- what may go --- */

static bool member_read(struct retaining *retaining, struct txn *txn, const struct member *member)
{
    struct buffer key TIDY_DONE(buffer_done) = {0};
    struct bytes row;
    source_key(member->stream, member->id.data, member->id.len, &key);
    return key.rc == 0 && txn_get(txn, TABLE_source, bytes(key.data, key.len), &row) &&
           source_read(row, retaining->record);
}

/* No source says it any more, for as long as it is kept. */
static bool gone_for_long(struct retaining *retaining, struct txn *txn, const struct entity *entity, int64_t limit_ms)
{
    if (entity->state != ENTITY_GONE)
        return false;
    for (uint16_t n = 0; n < entity->member_count; n++)
        if (!member_read(retaining, txn, &entity->members[n]) || retaining->record->state == SOURCE_PRESENT ||
            retaining->record->since_ms >= retaining->now_ms - limit_ms)
            return false;
    return entity->member_count > 0;
}

/* What a record says besides is a thing that goes with it, and that no other record says. */
static bool part_goes(struct retaining *retaining, struct txn *txn, const struct section_view *part, enum kind kind)
{
    return kind_is_raw(part->kind) ||
           (retention_goes_with(part->kind) == kind && entity_get(txn, part->kind, part->seed, retaining->other) &&
            retaining->other->member_count <= 1);
}

/* Whether a record that was read is about a thing of the kind and goes with it: all of it, also what it said once. */
static bool record_goes(struct retaining *retaining, struct txn *txn, enum kind kind)
{
    const struct source *record = retaining->record;
    if (!outlived_may(&retaining->request->organization->retention, record->sections, record->count) ||
        record->sections[0].kind != kind)
        return false;
    for (uint16_t n = 1; n < record->count; n++)
        if (!part_goes(retaining, txn, &record->sections[n], kind))
            return false;
    for (uint16_t n = 0; n < record->dead_count; n++)
        if (!part_goes(retaining, txn, &record->dead[n], kind))
            return false;
    return true;
}

/* Whether nothing else is said by the thing's records, and targets have been told all there is to tell. */
static bool records_go(struct retaining *retaining, struct txn *txn, enum kind kind, uint64_t id)
{
    struct delivery row;
    for (uint16_t n = 0; n < retaining->entity->member_count; n++)
        if (!member_read(retaining, txn, &retaining->entity->members[n]) || !record_goes(retaining, txn, kind))
            return false;
    for (size_t s = 0; s < retaining->streams.count; s++)
        if (delivery_is_stream(&retaining->streams.items[s]) &&
            delivery_get(txn, retaining->streams.items[s].number, kind, id, &row) && row.state != DELIVERY_SETTLED)
            return false;
    return retaining->entity->member_count > 0;
}

/* What refers to a thing and does not go with it keeps it. */
static int referred(struct txn *txn, enum kind kind, uint64_t id, bool *ret_is)
{
    TIDY(free) struct root *roots = NULL;
    size_t count = 0, room = 0;
    int rc = refer_each(txn, kind, id, &roots, &count, &room);
    *ret_is = false;
    for (size_t n = 0; n < count; n++)
        *ret_is |= retention_goes_with(roots[n].kind) != kind;
    return rc;
}

/* Whether the thing whose row it is goes. */
static int thing_goes(struct retaining *retaining, struct txn *txn, enum kind kind, uint64_t id, struct bytes row,
                      bool *ret_goes)
{
    const struct retention *retention = &retaining->request->organization->retention;
    int64_t limit = retention_limit(retention, kind);
    struct image image;
    enum entity_state state;
    bool kept = false;
    *ret_goes = false;
    if (!entity_image(row, &image, &state))
        return ERR_CORRUPT;
    bool over = outlived_thing(retention, kind, image, retaining->now_ms);
    if (!over && state != ENTITY_GONE)
        return 0;
    if (!entity_read(row, retaining->entity))
        return ERR_CORRUPT;
    if ((!over && !gone_for_long(retaining, txn, retaining->entity, limit)) || !records_go(retaining, txn, kind, id))
        return txn->rc;
    int rc = referred(txn, kind, id, &kept);
    *ret_goes = rc == 0 && !kept;
    return rc;
}

/* Hours of which nobody says but the punches: those that begin with this one. */
static bool period_of(struct retaining *retaining, struct txn *txn, const struct child *thing, struct child *ret_period)
{
    *ret_period = (struct child){retention_made_of(thing->kind), thing->id};
    return ret_period->kind == KIND_work_period &&
           entity_get(txn, ret_period->kind, ret_period->id, retaining->other) && retaining->other->member_count == 0;
}

/* The thing in retaining->entity would go, with what is made of it. */
static void thing_count(struct retaining *retaining, struct txn *txn, const struct child *thing)
{
    struct retained *retained = retaining->retained;
    struct child period;
    retained->things[thing->kind]++;
    retained->things[KIND_work_period] += period_of(retaining, txn, thing, &period);
    for (uint16_t n = 0; n < retaining->entity->member_count; n++) {
        bool there = member_read(retaining, txn, &retaining->entity->members[n]);
        retained->records += there;
        for (uint16_t s = 1; there && s < retaining->record->count; s++)
            if (!kind_is_raw(retaining->record->sections[s].kind))
                retained->things[retaining->record->sections[s].kind]++;
    }
}

/* --- the walk --- */

size_t retain_most(const struct retaining *retaining, const char *point, size_t usual)
{
    return retaining->how == RETAIN_LOOK ? SIZE_MAX : (size_t)fault_limit(point, usual);
}

/* The next kind whose things go by themselves. */
static enum kind kind_next(const struct retaining *retaining, enum kind kind)
{
    const struct retention *retention = &retaining->request->organization->retention;
    while (kind < KIND_COUNT && retention_limit(retention, kind) == 0)
        kind++;
    return kind;
}

static int walk(struct retaining *retaining, struct txn *txn)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    size_t rows = retain_most(retaining, "retain-rows", RETAIN_ROWS),
           things = retain_most(retaining, "retain-things", RETAIN_THINGS);
    int rc = 0;
    cursor_open(&cursor, txn, TABLE_entity);
    retaining->at.kind = kind_next(retaining, (enum kind)retaining->at.kind);
    while (rc == 0 && retaining->at.kind < KIND_COUNT && rows > 0 && retaining->count < things) {
        enum kind kind = (enum kind)retaining->at.kind;
        uint8_t key[ENTITY_KEY];
        bool goes = false;
        entity_key(kind, retaining->at.id + 1, key);
        bool there =
            cursor.key.data && entity_key_kind(cursor.key) == kind && entity_key_id(cursor.key) == retaining->at.id
                ? cursor_next(&cursor)
                : cursor_seek(&cursor, bytes(key, sizeof(key)));
        if (!there || entity_key_kind(cursor.key) != kind) {
            retaining->at.kind = kind_next(retaining, kind + 1);
            retaining->at.id = 0;
            continue;
        }
        rows--;
        retaining->at.id = entity_key_id(cursor.key);
        rc = thing_goes(retaining, txn, kind, retaining->at.id, cursor.value, &goes);
        if (rc == 0 && goes)
            rc = mem_grow(&retaining->things, retaining->count, &retaining->room, sizeof(*retaining->things));
        if (rc == 0 && goes)
            retaining->things[retaining->count++] = (struct child){kind, retaining->at.id};
        if (rc == 0 && goes && retaining->how == RETAIN_LOOK)
            thing_count(retaining, txn, &retaining->things[retaining->count - 1]);
    }
    return rc ? rc : txn->rc;
}

/* From where the last slice came to; a day's walk that is at its end is not begun again. */
static void walk_begin(struct retaining *retaining, struct txn *txn)
{
    struct position kept;
    struct bytes value;
    int64_t today = retaining->now_ms / DAY_MS;
    bool knows = retaining->how == RETAIN_SLICE && meta_get(txn, META_RETAINED, &value) && value.len == sizeof(kept);
    if (knows)
        memcpy(&kept, value.data, sizeof(kept));
    if (knows && (kept.day == today || kept.kind < KIND_COUNT))
        retaining->at = kept;
}

static int look(struct retaining *retaining, struct store *store)
{
    struct txn txn __attribute__((cleanup(tidy_txn))) = {0};
    txn_begin(&txn, store, false);
    if (retaining->at.day == 0) {
        retaining->at = (struct position){.day = retaining->now_ms / DAY_MS};
        walk_begin(retaining, &txn);
    }
    streams_done(&retaining->streams);
    retaining->streams = (struct streams){0};
    retaining->count = 0;
    int rc = streams_load(retaining->request->organization, &txn, &retaining->streams);
    rc = rc ? rc : walk(retaining, &txn);
    if (rc == 0 && retaining->at.kind == KIND_COUNT && (retaining->count == 0 || retaining->how == RETAIN_LOOK))
        rc = retain_rows_look(retaining, &txn); /* never in one act with things: their records go as a whole */
    int end = txn_end(&txn);
    return rc ? rc : end;
}

/* --- they go --- */

/* What its records said once goes, too. */
static int dead_take(struct retaining *retaining, struct erasing *erasing)
{
    struct txn *txn = erasing->match->snapshot;
    const struct source *record = retaining->record;
    int rc = 0;
    for (uint16_t n = 0; n < retaining->entity->member_count; n++) {
        bool there = member_read(retaining, txn, &retaining->entity->members[n]);
        for (uint16_t d = 0; there && rc == 0 && d < record->dead_count; d++)
            if (!kind_is_raw(record->dead[d].kind))
                rc = erase_root(erasing, (struct child){record->dead[d].kind, record->dead[d].seed});
    }
    return rc;
}

static int thing_take(struct retaining *retaining, struct erasing *erasing, const struct child *thing)
{
    struct txn *txn = erasing->match->snapshot;
    struct child period;
    uint8_t key[ENTITY_KEY];
    struct bytes row;
    bool goes = false;
    entity_key(thing->kind, thing->id, key);
    if (!txn_get(txn, TABLE_entity, bytes(key, sizeof(key)), &row)) /* it went meanwhile */
        return txn->rc;
    int rc = thing_goes(retaining, txn, thing->kind, thing->id, row, &goes);
    if (rc != 0 || !goes)
        return rc;
    rc = erase_thing(erasing, retaining->entity, *thing);
    rc = rc ? rc : dead_take(retaining, erasing);
    if (rc == 0 && period_of(retaining, txn, thing, &period))
        rc = erase_root(erasing, period);
    return rc ? rc : txn->rc;
}

static int went_sentence(struct retaining *retaining, const struct erase *erase, uint64_t rows)
{
    struct buffer text TIDY_DONE(buffer_done) = {0};
    for (unsigned kind = KIND_NONE + 1; kind < KIND_COUNT; kind++)
        if (erase->things[kind] > 0)
            buffer_format(&text, "%s%lu %s", text.len ? ", " : "kept no longer: ", (unsigned long)erase->things[kind],
                          kind_name((enum kind)kind));
    if (rows > 0)
        buffer_format(&text, "%swhat %lu records said", text.len ? ", " : "kept no longer: ", (unsigned long)rows);
    buffer_format(&text, "%s", text.len ? "" : "nothing had to go");
    retaining->report->because = text.rc ? NULL : arena_text(retaining->report->arena, text.data);
    return text.rc ? text.rc : retaining->report->because ? 0 : -ENOMEM;
}

static int retain_state(void *context, struct match *match, struct err *err)
{
    struct retaining *retaining = context;
    struct erase erase __attribute__((cleanup(erase_done))) = {.author = "muster", .arena = arena_new()};
    struct erasing erasing __attribute__((cleanup(erasing_done))) = {.erase = &erase, .match = match};
    int rc = erase.arena ? erasing_init(&erasing) : -ENOMEM;
    (void)err;
    for (size_t n = 0; n < retaining->count && rc == 0; n++)
        rc = thing_take(retaining, &erasing, &retaining->things[n]);
    match->outlived = true;
    erase_order(match);
    rc = rc ? rc : erase_rows(&erasing);
    uint64_t before = retaining->retained->source;
    rc = rc ? rc : retain_rows_take(retaining, match);
    rc = rc ? rc : went_sentence(retaining, &erase, retaining->retained->source - before);
    for (unsigned kind = 0; kind < KIND_COUNT && rc == 0; kind++)
        retaining->retained->things[kind] += erase.things[kind];
    retaining->retained->records += rc == 0 ? erase.records : 0;
    changeset_meta(match->changeset, META_RETAINED, bytes(&retaining->at, sizeof(retaining->at)));
    if (retaining->rows.begun)
        changeset_meta(match->changeset, META_RETAINED_ROWS, retain_rows_position(retaining));
    return rc ? rc : changeset_rc(match->changeset);
}

static int take(struct retaining *retaining, struct err *err)
{
    struct run_report report __attribute__((cleanup(run_report_done))) = {0};
    struct act act = {
        .verb = "retain", .author = "muster", .reason = "kept no longer", .state = retain_state, .context = retaining};
    retaining->report = &report;
    int rc = act_run(retaining->request, &act, &report, err);
    if (rc == 0)
        retaining->retained->run = report.run;
    return rc;
}

static bool meta_is(struct txn *txn, const char *name, struct bytes value)
{
    struct bytes is;
    return meta_get(txn, name, &is) && is.len == value.len && memcmp(is.data, value.data, is.len) == 0;
}

/* Nothing goes: only how far the walk has come is written down. */
static int remember(struct retaining *retaining, struct store *store, struct err *err)
{
    struct txn txn __attribute__((cleanup(tidy_txn))) = {0};
    const struct bytes rows = retain_rows_position(retaining);
    int lock = -1;
    txn_begin(&txn, store, false);
    bool same = meta_is(&txn, META_RETAINED, bytes(&retaining->at, sizeof(retaining->at))) &&
                (!retaining->rows.begun || meta_is(&txn, META_RETAINED_ROWS, rows));
    int rc = txn_end(&txn);
    if (rc != 0 || same)
        return rc;
    rc = store_lock(store, &lock, err);
    if (rc != 0)
        return rc;
    txn_begin(&txn, store, true);
    meta_set(&txn, META_RETAINED, bytes(&retaining->at, sizeof(retaining->at)));
    if (retaining->rows.begun)
        meta_set(&txn, META_RETAINED_ROWS, rows);
    rc = txn_end(&txn);
    store_unlock(lock);
    return rc;
}

/* One slice; *ret_more: there is another one. */
static int slice(struct retaining *retaining, bool *ret_more, struct err *err)
{
    TIDY(store_close) struct store *store = NULL;
    int rc = store_open(retaining->dir, false, &store, err);
    if (rc != 0)
        return rc == ERR_GONE ? 0 : rc;
    rc = look(retaining, store);
    *ret_more = rc == 0 && (retaining->at.kind < KIND_COUNT || retain_rows_more(retaining));
    if (rc == 0 && retaining->how != RETAIN_LOOK)
        rc = retaining->count + retaining->rows.count > 0 ? take(retaining, err) : remember(retaining, store, err);
    return rc && !err->rc ? store_fail(store, rc, err) : rc;
}

static int store_retain(struct retaining *retaining, struct err *err)
{
    bool more = kind_next(retaining, KIND_NONE) < KIND_COUNT || retain_rows_more(retaining);
    int rc = 0;
    while (more && rc == 0) {
        more = false;
        rc = slice(retaining, &more, err);
        more = more && retaining->how == RETAIN_ALL;
    }
    return rc;
}

/* --- calls --- */

static int calls_retain(const struct retaining *retaining, struct err *err)
{
    int64_t limit = retaining->request->organization->retention.calls_ms;
    char *calls __attribute__((cleanup(tidy_free))) = limit > 0 ? mem_format("%s/calls", retaining->dir) : NULL;
    if (limit == 0)
        return 0;
    int rc =
        calls ? calls_trim(calls, retaining->now_ms - limit, retaining->how == RETAIN_LOOK, &retaining->retained->calls)
              : -ENOMEM;
    return rc ? err_set(err, rc, "what is known of calls cannot be taken out of %s/calls: %s", retaining->dir,
                        err_text(rc))
              : 0;
}

int retain(const struct run_request *request, enum retain_how how, struct retained *ret_retained, struct err *err)
{
    struct arena *arena TIDY(arena_free) = arena_new();
    *ret_retained = (struct retained){0};
    struct retaining retaining __attribute__((cleanup(retaining_done))) = {
        .request = request,
        .dir = arena ? run_store_dir(request->settings, request->organization->id, arena) : NULL,
        .how = how,
        .now_ms = clock_now_ms(),
        .record = mem_new(1, sizeof(*retaining.record)),
        .entity = mem_new(1, sizeof(*retaining.entity)),
        .other = mem_new(1, sizeof(*retaining.other)),
        .retained = ret_retained};
    if (!retaining.dir || !retaining.record || !retaining.entity || !retaining.other)
        return -ENOMEM;
    int rc = calls_retain(&retaining, err);
    rc = rc ? rc : store_retain(&retaining, err);
    return rc ? rc : retain_runs(&retaining, err);
}
