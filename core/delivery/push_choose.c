/* push_choose - who may have to be told to a target: everybody, or whom the journal, references and what was left open
 * name. */
#include "delivery/pushing.h"

#include "base/mem.h"
#include "tables/journal.h"
#include "tables/refer.h"

#include <errno.h>
#include <muster/connector.h>
#include <stdlib.h>
#include <string.h>

enum { FAR = 3 /* references that a change is followed through */ };

struct choice {
    struct push *push;
    struct push_stream *stream;
    struct txn *txn;
    struct root *roots;
    size_t count, room;
    struct entity *entity;
};

/* Units of which a person has several hang below the person. */
static bool hangs_below(enum kind kind)
{
    return kind == KIND_employment || kind == KIND_membership || kind == KIND_absence || kind == KIND_pay;
}

static enum kind root_kind(const struct push_stream *stream)
{
    return hangs_below(stream->unit) ? KIND_person : stream->unit;
}

/* Most of them come in order: a walk over a table, and another one behind it. */
static void order(void *items, size_t count, size_t size, int (*compare)(const void *, const void *))
{
    const char *at = items;
    for (size_t n = 1; n < count; n++)
        if (compare(at + (n - 1) * size, at + n * size) > 0) {
            qsort(items, count, size, compare);
            return;
        }
}

static int root_order(const void *a, const void *b)
{
    const struct root *one = a, *other = b;
    if (one->kind != other->kind)
        return one->kind < other->kind ? -1 : 1;
    return one->id < other->id ? -1 : one->id > other->id;
}

static void roots_settle(struct choice *choice)
{
    size_t kept = 0;
    order(choice->roots, choice->count, sizeof(*choice->roots), root_order);
    for (size_t n = 0; n < choice->count; n++)
        if (kept == 0 || root_order(&choice->roots[kept - 1], &choice->roots[n]) != 0)
            choice->roots[kept++] = choice->roots[n];
    choice->count = kept;
}

static int root_add(struct choice *choice, enum kind kind, uint64_t id)
{
    int rc = mem_grow(&choice->roots, choice->count, &choice->room, sizeof(*choice->roots));
    if (rc == 0)
        choice->roots[choice->count++] = (struct root){kind, id, ROOT_ONLY};
    return rc;
}

/* --- everybody --- */

static int choose_all(struct choice *choice)
{
    uint8_t first[ENTITY_KEY];
    int rc = 0;
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    enum kind kind = root_kind(choice->stream);
    entity_key(kind, 0, first);
    cursor_open(&cursor, choice->txn, TABLE_entity);
    for (bool there = cursor_seek(&cursor, bytes(first, sizeof(first)));
         there && rc == 0 && entity_key_kind(cursor.key) == kind; there = cursor_next(&cursor))
        rc = root_add(choice, kind, entity_key_id(cursor.key));
    return rc ? rc : choice->txn->rc;
}

/* --- those of whom something changed --- */

/* Things that came with a person's record, and may have gone with it. */
static int choose_parts(struct choice *choice, struct journal_reader *reader)
{
    struct journal_part part;
    int rc = 0;
    while (rc == 0 && journal_next_part(reader, &part))
        if (part.kind == choice->stream->unit)
            rc = push_job_add(choice->stream, part.id, 0);
    return rc;
}

static int choose_from_journal(struct choice *choice)
{
    uint64_t be = __builtin_bswap64(choice->stream->head.sequence + 1);
    struct journal_reader reader;
    int rc = 0;
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    cursor_open(&cursor, choice->txn, TABLE_journal);
    for (bool there = cursor_seek(&cursor, bytes(&be, sizeof(be))); there && rc == 0; there = cursor_next(&cursor)) {
        if (!journal_open(&reader, cursor.value))
            return ERR_CORRUPT;
        rc = root_add(choice, reader.kind, reader.id);
        if (rc == 0 && choice->stream->sets && reader.kind != choice->stream->unit)
            rc = choose_parts(choice, &reader);
    }
    return rc ? rc : choice->txn->rc;
}

/* A unit that was renamed reaches everybody in it, and whoever is below; as far as paths can go. */
static int choose_referring(struct choice *choice)
{
    for (size_t from = 0, far = 0; far < FAR; far++) {
        size_t until = choice->count;
        for (size_t n = from; n < until; n++) {
            int rc = refer_each(choice->txn, choice->roots[n].kind, choice->roots[n].id, &choice->roots, &choice->count,
                                &choice->room);
            if (rc != 0)
                return rc;
        }
        if (choice->count == until)
            break;
        from = until;
    }
    return 0;
}

/* --- units --- */

int push_job_add(struct push_stream *stream, uint64_t id, uint64_t person)
{
    int rc = mem_grow(&stream->jobs, stream->job_count, &stream->job_room, sizeof(*stream->jobs));
    if (rc == 0)
        stream->jobs[stream->job_count++] = (struct push_job){.id = id, .person = person};
    return rc;
}

int push_things(struct txn *txn, enum kind kind, struct push_ids *ids)
{
    uint8_t first[ENTITY_KEY];
    int rc = 0;
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    entity_key(kind, 0, first);
    cursor_open(&cursor, txn, TABLE_entity);
    for (bool there = cursor_seek(&cursor, bytes(first, sizeof(first)));
         there && rc == 0 && entity_key_kind(cursor.key) == kind; there = cursor_next(&cursor))
        if ((rc = mem_grow(&ids->items, ids->count, &ids->room, sizeof(*ids->items))) == 0)
            ids->items[ids->count++] = entity_key_id(cursor.key);
    return rc ? rc : txn->rc;
}

static int units_of(struct choice *choice, const struct root *root)
{
    struct push_stream *stream = choice->stream;
    if (root->kind == stream->unit)
        return push_job_add(stream, root->id, root->kind == KIND_person ? root->id : 0);
    int rc = 0;
    if (!entity_get(choice->txn, KIND_person, root->id, choice->entity))
        return choice->txn->rc;
    for (uint16_t n = 0; n < choice->entity->child_count && rc == 0; n++)
        if (choice->entity->children[n].kind == stream->unit)
            rc = push_job_add(stream, choice->entity->children[n].id, root->id);
    return rc;
}

static int job_order(const void *a, const void *b)
{
    const struct push_job *one = a, *other = b;
    if (one->id != other->id)
        return one->id < other->id ? -1 : 1;
    return one->person > other->person ? -1 : one->person < other->person; /* who is known comes first */
}

static void jobs_settle(struct push_stream *stream)
{
    size_t kept = 0;
    order(stream->jobs, stream->job_count, sizeof(*stream->jobs), job_order);
    for (size_t n = 0; n < stream->job_count; n++)
        if (kept == 0 || stream->jobs[kept - 1].id != stream->jobs[n].id)
            stream->jobs[kept++] = stream->jobs[n];
    stream->job_count = kept;
}

/* Units that are not settled; and those that the target has and whose person lost them. Both come by ascending id, and
 * mostly they are there already. Of a whole stream the active are counted by the way. */
static int choose_left_over(struct choice *choice, enum delivery_zone zone)
{
    struct push_stream *stream = choice->stream;
    struct delivery_walk walk;
    enum kind kind;
    uint64_t id, active = 0;
    int rc = 0;
    jobs_settle(stream);
    size_t at = 0, known = stream->job_count;
    delivery_walk_begin(&walk, choice->txn, stream->number, zone);
    while (rc == 0 && delivery_walk_next(&walk, &kind, &id)) {
        struct delivery row;
        if (stream->whole)
            active += delivery_walk_row(&walk, &row) && row.active;
        while (at < known && stream->jobs[at].id < id)
            at++;
        if (at == known || stream->jobs[at].id != id)
            rc = push_job_add(stream, id, kind == KIND_person ? id : 0);
    }
    delivery_walk_end(&walk);
    if (stream->whole)
        stream->head.active = active;
    return rc ? rc : choice->txn->rc;
}

/* What is of today may be another tomorrow although nothing was said; a manager may be that of the employment. */
static bool step_looks_at_today(const struct path_step *step)
{
    return step->how == PATH_REFERENCE ? step->to == KIND_person && step->field == FIELD_person_manager
                                       : step->how != PATH_MEMBERSHIP;
}

static bool looks_at_today(const struct target_map *map)
{
    for (size_t n = 0; n < map->path_count; n++) {
        if (map->paths[n].primary)
            return true;
        for (unsigned s = 0; s < map->paths[n].step_count; s++)
            if (step_looks_at_today(&map->paths[n].steps[s]))
                return true;
    }
    for (size_t n = 0; n < map->rule_count; n++)
        if (map->lists[n].map && (map->lists[n].of == KIND_membership || looks_at_today(map->lists[n].map)))
            return true;
    return false;
}

static bool wants_all(const struct push *push, const struct push_stream *stream)
{
    const struct muster_stream *declared = stream->stream->description;
    return push->run->request->full || push->looks || !stream->head_known ||
           memcmp(stream->head.digest, stream->stream->digest, sizeof(stream->head.digest)) != 0 ||
           (declared && (declared->flags & MUSTER_SNAPSHOT)) ||
           ((push->units || push->run->request->again) && stream->sets) ||
           ((looks_at_today(&stream->stream->map) || stream->unit != stream->stream->of) &&
            strcmp(stream->head.day, push->run->today_text) != 0);
}

/* What somebody named. */
static int choose_named(struct push *push, struct push_stream *stream)
{
    int rc = 0;
    for (size_t n = 0; n < push->unit_count && rc == 0; n++)
        if (push->units[n].stream == stream->number)
            rc = push_job_add(stream, push->units[n].id, stream->unit == KIND_person ? push->units[n].id : 0);
    return rc;
}

/* What of a person hangs on them, hung on them once, or is what they are in. */
static int choose_hanging(struct choice *choice, const struct root *person)
{
    struct journal_reader reader;
    struct bytes value;
    uint64_t sequence = choice->entity->last;
    int rc = units_of(choice, person);
    for (uint64_t be; rc == 0 && sequence != 0; sequence = reader.previous) {
        be = __builtin_bswap64(sequence);
        if (!txn_get(choice->txn, TABLE_journal, bytes(&be, sizeof(be)), &value) || !journal_open(&reader, value))
            return choice->txn->rc ? choice->txn->rc : ERR_CORRUPT;
        rc = hangs_below(choice->stream->unit) ? choose_parts(choice, &reader) : 0;
    }
    return rc;
}

static int choose_referred(struct choice *choice, enum kind kind, struct image image)
{
    const struct field *field;
    int rc = 0;
    for (size_t n = 0; rc == 0 && (field = field_nth(kind, n)); n++) {
        uint64_t id = field->type == TYPE_REF && field->refers_to == choice->stream->unit
                          ? reference_id(image_get(image, field->number))
                          : 0;
        if (id != 0)
            rc = push_job_add(choice->stream, id, 0);
    }
    return rc;
}

static int choose_person(struct choice *choice, uint64_t id)
{
    const struct root person = {KIND_person, id, ROOT_ONLY};
    enum kind unit = choice->stream->unit;
    struct bytes value;
    struct image image;
    enum entity_state state;
    uint8_t key[ENTITY_KEY];
    if (!entity_get(choice->txn, KIND_person, id, choice->entity))
        return choice->txn->rc ? choice->txn->rc : ERR_GONE;
    if (root_kind(choice->stream) == KIND_person)
        return choose_hanging(choice, &person);
    int rc = choose_referred(choice, KIND_person, choice->entity->image);
    for (uint16_t n = 0; rc == 0 && unit != KIND_person && n < choice->entity->child_count; n++) {
        entity_key(choice->entity->children[n].kind, choice->entity->children[n].id, key);
        if (txn_get(choice->txn, TABLE_entity, bytes(key, sizeof(key)), &value) && entity_image(value, &image, &state))
            rc = choose_referred(choice, choice->entity->children[n].kind, image);
    }
    return rc;
}

/* Of what happened everything: most of it is passed over at a glance. */
static int choose_things(struct choice *choice)
{
    struct push_ids ids __attribute__((cleanup(push_ids_done))) = {0};
    int rc = push_things(choice->txn, choice->stream->unit, &ids);
    for (size_t n = 0; rc == 0 && n < ids.count; n++)
        rc = push_job_add(choice->stream, ids.items[n], 0);
    return rc ? rc : choose_left_over(choice, DELIVERY_UNIT);
}

int push_choose(struct push *push, struct push_stream *stream, struct txn *txn)
{
    struct choice choice = {.push = push, .stream = stream, .txn = txn, .entity = mem_new(1, sizeof(*choice.entity))};
    int rc = choice.entity ? 0 : -ENOMEM;
    stream->head_known = delivery_head_get(txn, stream->number, &stream->head);
    if (push->filing && (!push->only || stream->stream->rewrite_late)) {
        stream->whole = true;
        free(choice.entity);
        rc = choose_things(&choice);
        jobs_settle(stream);
        return rc;
    }
    if (push->only || (push->units && !push_is_whole(stream) && !stream->sets)) {
        free(choice.entity);
        rc = push->only ? push_choose_planned(push, stream) : choose_named(push, stream);
        jobs_settle(stream);
        return rc;
    }
    if (push->run->request->person) {
        rc = rc ? rc : choose_person(&choice, push->run->request->person);
        jobs_settle(stream);
        free(choice.entity);
        return rc;
    }
    stream->whole = wants_all(push, stream);
    if (rc == 0 && stream->whole)
        rc = choose_all(&choice);
    else if (rc == 0 && (rc = choose_from_journal(&choice)) == 0)
        rc = choose_referring(&choice);
    roots_settle(&choice);
    for (size_t n = 0; rc == 0 && n < choice.count; n++)
        if (choice.roots[n].kind == root_kind(stream) || (stream->sets && choice.roots[n].kind == KIND_person))
            rc = units_of(&choice, &choice.roots[n]);
    if (rc == 0)
        rc = choose_left_over(&choice, stream->whole || hangs_below(stream->unit) ? DELIVERY_UNIT : DELIVERY_OPEN);
    jobs_settle(stream);
    free(choice.roots);
    free(choice.entity);
    return rc ? rc : txn->rc;
}
