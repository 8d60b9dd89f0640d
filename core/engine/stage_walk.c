/* stage_walk - the spool of a pull beside what is stored, in key order: what each record's rows say together, and why
 * nothing is taken of some. */
#include "engine/stage_walk.h"

#include "base/digest.h"
#include "base/fault.h"
#include "base/mem.h"
#include "engine/outlived.h"
#include "logic/reason.h"
#include "tables/rawrow.h"

#include <errno.h>
#include <string.h>

struct walk {
    struct stage *stage;
    const struct stage_stream *stream;
    struct cursor cursor;
    struct decision_walk decisions;
    uint8_t prefix[4];
    bool stored;             /* the cursor stands on a record of this stream */
    struct bytes key, value; /* the spooled row that comes next */
    int spooled;
    /* of the group: key, protected values, the first row's place; of what is only seen, place and why */
    struct buffer key_copy, sealed, place, seen_place, seen_why, seen_kept;
};

static void walk_store_next(struct walk *walk, bool first)
{
    struct bytes prefix = bytes(walk->prefix, sizeof(walk->prefix));
    walk->stored = (first ? cursor_seek(&walk->cursor, prefix) : cursor_next(&walk->cursor)) &&
                   cursor_has_prefix(&walk->cursor, prefix);
}

static void walk_dead(struct walk *walk, struct bytes key, struct bytes where, const char *reason)
{
    struct stage *stage = walk->stage;
    struct bytes id = source_key_id(key);
    char *id_text __attribute__((cleanup(tidy_free))) = mem_copy(id.data, id.len);
    char *place __attribute__((cleanup(tidy_free))) = mem_copy(where.data, where.len);
    if (!id_text || !place) {
        stage->waits->rc = -ENOMEM;
        return;
    }
    char *star = strchr(place, '*');
    if (star)
        memmove(star, star + 1, strlen(star));
    bool several = reason == REASON_CODE(duplicate_key); /* of one id: as many dead letters */
    wait_add(stage->waits, &(struct wait_item){.type = WAIT_DEAD,
                                               .stream = walk->stream->stream,
                                               .id = id_text,
                                               .place = place,
                                               .field = several ? place : NULL,
                                               .reason = reason});
}

static void walk_duplicate(struct walk *walk, struct group *group, struct bytes where, struct stage_count *count)
{
    if (!group->ambiguous)
        walk_dead(walk, group->key, bytes(walk->place.data, walk->place.len), REASON_CODE(duplicate_key));
    walk_dead(walk, group->key, where, REASON_CODE(duplicate_key));
    count->duplicates += group->ambiguous ? 1 : 2;
    group->ambiguous = true;
}

/* What rows said cannot be kept. True: some of it was there. */
static bool mapped_drop(struct body_maker *maker, struct group *group)
{
    uint16_t left = 0, count = maker->count;
    for (uint16_t n = 0; n < count; n++)
        if (maker->sections[n].kind != KIND_MAPPED)
            maker->sections[left++] = maker->sections[n];
    maker->count = left;
    group->unkept = true;
    return left != count;
}

/* A further row is kept under a digest of what it said, so that the order of rows does not matter. `key` has room for
 * that. True: it was not there. */
static bool mapped_add(struct body_maker *maker, const struct section_view *row, char *key, struct group *group)
{
    uint16_t nth;
    struct section_view section = *row;
    uint64_t digest = digest_fast(row->image.bytes, row->image.len);
    for (uint16_t n = 0; n < maker->count; n++) {
        const struct image *image = &maker->sections[n].image;
        if (maker->sections[n].kind == KIND_MAPPED && image->len == row->image.len &&
            memcmp(image->bytes, row->image.bytes, image->len) == 0)
            return false; /* word by word the same */
    }
    memcpy(key, row->key, RAWROW_KEY);
    memcpy(key + RAWROW_KEY, &digest, sizeof(digest));
    section.key = key;
    section.key_len = RAWROW_KEY + sizeof(digest);
    return body_add(maker, &section, &nth) == 0 || mapped_drop(maker, group);
}

static int walk_unkept(struct walk *walk, struct group *group)
{
    struct stage *stage = walk->stage;
    struct buffer left __attribute__((cleanup(buffer_done))) = {0};
    if (!body_read(bytes(stage->body.data, stage->body.len), stage->maker.sections, &stage->maker.count))
        return ERR_CORRUPT;
    if (!mapped_drop(&stage->maker, group))
        return 0;
    body_write(&stage->maker, &left);
    buffer_clear(&stage->body);
    buffer_add(&stage->body, left.data, left.len);
    return left.rc ? left.rc : stage->body.rc;
}

/* A further row of the same id: gives what the first ones did not, or says the same again, or is a contradiction. */
static int walk_join(struct walk *walk, struct group *group, const struct spool_row *row, struct stage_count *count)
{
    struct stage *stage = walk->stage;
    struct section_view sections[SECTIONS_MAX];
    uint16_t section_count, nth;
    struct buffer joined __attribute__((cleanup(buffer_done))) = {0};
    bool fresh = false, disagrees = false, kept = false;
    const struct section_view *mapped = NULL;
    char key[RAWROW_KEY + sizeof(uint64_t)];
    if (!body_read(bytes(stage->body.data, stage->body.len), stage->maker.sections, &stage->maker.count) ||
        !body_read(row->body, sections, &section_count))
        return ERR_CORRUPT;
    for (uint16_t n = 0; n < section_count; n++) {
        if (sections[n].kind == KIND_MAPPED) {
            mapped = &sections[n];
            continue;
        }
        int rc = body_add(&stage->maker, &sections[n], &nth);
        if (rc == ERR_LIMIT && mapped_drop(&stage->maker, group))
            rc = body_add(&stage->maker, &sections[n], &nth);
        if (rc == ERR_LIMIT) {
            walk_dead(walk, group->key, row->place, REASON_CODE(too_many_parts));
            group->many = true;
            return 0;
        }
        fresh |= rc == 0;
        disagrees |=
            rc == ERR_CONFLICT && sections[n].kind != KIND_RAW &&
            (stage->maker.sections[nth].image.len != sections[n].image.len ||
             memcmp(stage->maker.sections[nth].image.bytes, sections[n].image.bytes, sections[n].image.len) != 0);
    }
    if (disagrees && !fresh) {
        walk_duplicate(walk, group, row->place, count);
    } else if (disagrees && count->disagreeing++ == 0) {
        wait_add(stage->waits, &(struct wait_item){.type = WAIT_DRIFT,
                                                   .stream = walk->stream->stream,
                                                   .id = "",
                                                   .reason = REASON_CODE(rows_disagree)});
    }
    if (disagrees || group->unkept)
        kept = mapped_drop(&stage->maker, group);
    else if (mapped)
        kept = mapped_add(&stage->maker, mapped, key, group);
    if (!fresh && !kept)
        return 0;
    body_write(&stage->maker, &joined);
    buffer_clear(&stage->body);
    buffer_add(&stage->body, joined.data, joined.len);
    buffer_add(&walk->sealed, row->protected_values.data, row->protected_values.len);
    return joined.rc ? joined.rc : stage->body.rc;
}

/* A row of which nothing is taken. */
static int walk_seen(struct walk *walk, struct group *group, const struct spool_row *row)
{
    uint32_t len = (uint32_t)row->protected_values.len;
    if (group->seen != SPOOL_REJECTED)
        buffer_clear(&walk->seen_kept);
    else if (walk->seen_kept.len == 0)
        len = 0; /* all of them or none */
    group->seen = row->flags;
    buffer_clear(&walk->seen_place);
    buffer_clear(&walk->seen_why);
    if (len == 0)
        buffer_clear(&walk->seen_kept);
    else
        buffer_add(&walk->seen_kept, &len, sizeof(len));
    buffer_add(&walk->seen_kept, row->protected_values.data, len);
    buffer_add(&walk->seen_place, row->place.data, row->place.len);
    buffer_add(&walk->seen_why, row->body.data, row->body.len);
    if (walk->seen_place.rc != 0 || walk->seen_why.rc != 0 || walk->seen_kept.rc != 0)
        return -ENOMEM;
    group->why = (struct decision_row){.judge = JUDGE_MAP,
                                       .place = bytes(walk->seen_place.data, row->place.len),
                                       .kept = bytes(walk->seen_kept.data, walk->seen_kept.len)};
    return decision_unpack(bytes(walk->seen_why.data, row->body.len), &group->why) ? 0 : ERR_CORRUPT;
}

/* It is said to be gone: what came before of the id does not count. */
static void walk_gone(struct walk *walk, struct group *group)
{
    *group = (struct group){.key = group->key, .gone = true};
    buffer_clear(&walk->stage->body);
    buffer_clear(&walk->sealed);
}

/* Collects all spooled rows of the next id into stage->body. */
static int walk_group(struct walk *walk, struct group *ret_group, struct stage_count *count)
{
    struct stage *stage = walk->stage;
    buffer_clear(&walk->key_copy);
    buffer_clear(&walk->sealed);
    buffer_clear(&stage->body);
    buffer_add(&walk->key_copy, walk->key.data, walk->key.len);
    struct group group = {.key = bytes(walk->key_copy.data, walk->key_copy.len)};
    int rc = walk->key_copy.rc;
    while (rc == 0 && walk->spooled == 1 && walk->key.len == group.key.len &&
           memcmp(walk->key.data, group.key.data, group.key.len) == 0) {
        struct spool_row row;
        if (!spool_row_read(walk->value, &row))
            return ERR_CORRUPT;
        group.gone = row.flags == SPOOL_GONE;
        if (group.gone) {
            walk_gone(walk, &group);
        } else if (row.flags != SPOOL_ROW) {
            rc = walk_seen(walk, &group, &row);
        } else if (group.rows++ == 0) {
            buffer_add(&stage->body, row.body.data, row.body.len);
            buffer_add(&walk->sealed, row.protected_values.data, row.protected_values.len);
            buffer_clear(&walk->place);
            buffer_add(&walk->place, row.place.data, row.place.len);
            rc = stage->body.rc ? stage->body.rc : walk->place.rc;
        } else if (!group.many) {
            rc = walk_join(walk, &group, &row, count);
            group.several = true;
        }
        if (rc == 0 && (walk->spooled = sorter_next(walk->stream->spool, &walk->key, &walk->value)) < 0)
            rc = walk->spooled;
    }
    if (rc == 0 && group.rows > 0 && group.seen == SPOOL_REJECTED) /* of that one nothing is kept */
        rc = walk_unkept(walk, &group);
    group.protected_values = bytes(walk->sealed.data, walk->sealed.len);
    if (group.rows > 0)
        group.place = bytes(walk->place.data, walk->place.len);
    *ret_group = group;
    return rc ? rc : walk->sealed.rc;
}

/* What was wrong with a record's row is over. If it was staged, or is in dispute, match has the next word. */
static void stage_decided(struct stage *stage, struct bytes key, struct bytes stored, bool judged,
                          enum situation situation)
{
    const char *reason = situation == SITUATION_SUPPRESSED ? REASON_CODE(suppressed) : REASON_CODE(unmatched_not_owner);
    decision_taken(&stage->decisions, key);
    if (judged || situation == SITUATION_DISPUTED)
        return;
    if (situation == SITUATION_NOT_OWNER || situation == SITUATION_SUPPRESSED)
        decision_say(&stage->decisions, key, stored,
                     &(struct decision_row){.judge = JUDGE_MATCH, .reason = bytes(reason, strlen(reason))}, true);
    else
        decision_drop(&stage->decisions, key);
}

static const char *group_passed(const struct group *group, int rc)
{
    return group->many || rc == ERR_LIMIT ? REASON_CODE(too_many_parts)
           : group->ambiguous             ? REASON_CODE(duplicate_key)
                                          : NULL;
}

/* Why nothing was taken of the id that stands in the spool now, or that there is no such reason any more. */
static void walk_decide(struct walk *walk, const struct group *group, const char *passed, bool staged,
                        struct bytes record)
{
    struct stage *stage = walk->stage;
    struct bytes stored = decision_walk_to(&walk->decisions, group->key);
    struct decision_row row = group->why;
    char *star = passed && walk->place.len > 0 ? memchr(walk->place.data, '*', walk->place.len) : NULL;
    if (star) /* the whole row */
        memmove(star, star + 1, --walk->place.len - (size_t)(star - walk->place.data));
    if (passed)
        row = (struct decision_row){.judge = JUDGE_MAP,
                                    .reason = bytes(passed, strlen(passed)),
                                    .place = bytes(walk->place.data, walk->place.len)};
    if (passed || (group->rows == 0 && group->seen != SPOOL_ROW))
        decision_say(&stage->decisions, group->key, stored, &row, record.data != NULL);
    else if (stored.data && decision_read(stored, &row) && row.judge == JUDGE_MAP)
        stage_decided(stage, group->key, stored, staged, record.data ? stage->old.situation : SITUATION_LINKED);
}

/* A stored record that this pull did not show: what was wrong with its row is over. */
static void walk_unseen(struct walk *walk)
{
    struct decision_row row;
    struct bytes stored = decision_walk_to(&walk->decisions, walk->cursor.key);
    if (stored.data && walk->stream->complete && decision_read(stored, &row) && row.judge == JUDGE_MAP)
        stage_decided(walk->stage, walk->cursor.key, stored, false, walk->stage->old.situation);
}

/* Who was known before, in stage->old. */
static void count_known(const struct stage *stage, const struct stage_stream *stream, struct bytes key,
                        struct stage_count *count)
{
    const struct source *old = &stage->old;
    count->population += old->state == SOURCE_PRESENT;
    count->waiting += old->state == SOURCE_MISSING;
    if (old->state == SOURCE_GONE && old->since_ms > stream->lately_ms)
        count->gone_lately += !stream->counts || stream->counts(stream->context, key);
}

/* Whether a record that is not known is over for longer than it would be kept: it would go at once. */
static bool walk_outlived(struct walk *walk)
{
    const struct stage *stage = walk->stage;
    struct section_view sections[SECTIONS_MAX];
    uint16_t count;
    return stage->retention && stage->retention->node &&
           body_read(bytes(stage->body.data, stage->body.len), sections, &count) &&
           outlived_may(stage->retention, sections, count) &&
           outlived_thing(stage->retention, sections[0].kind, sections[0].image, stage->now_ms);
}

static int walk_step(struct walk *walk, struct stage_missing *missing, struct stage_count *count)
{
    struct stage *stage = walk->stage;
    int order = walk->spooled != 1 ? 1 : !walk->stored ? -1 : 0;
    if (order == 0) {
        size_t len = walk->key.len < walk->cursor.key.len ? walk->key.len : walk->cursor.key.len;
        order = memcmp(walk->key.data, walk->cursor.key.data, len);
        order = order ? order : (int)walk->key.len - (int)walk->cursor.key.len;
    }
    struct group group = {0};
    int rc = order <= 0 ? walk_group(walk, &group, count) : 0;
    if (rc != 0)
        return rc;
    struct bytes stored = order >= 0 ? walk->cursor.value : bytes(NULL, 0);
    if (order >= 0 && !id_is_unit(walk->cursor.key)) {
        if (!source_read(stored, &stage->old))
            return ERR_CORRUPT;
        count_known(stage, walk->stream, walk->cursor.key, count);
    }
    if (order <= 0)
        count->distinct += !id_is_unit(group.key);
    size_t before = stage->count;
    bool outlived = order < 0 && group.rows > 0 && walk_outlived(walk);
    stage->outlived += outlived;
    if (group.rows > 0 && !group.ambiguous && !group.many && !outlived)
        rc = stage_record(stage, walk->stream, &group, stored, count);
    const char *passed = group_passed(&group, rc);
    if (rc == ERR_LIMIT) { /* together with what must be kept of before */
        walk_dead(walk, group.key, bytes(walk->place.data, walk->place.len), REASON_CODE(too_many_parts));
        rc = 0;
    }
    if (rc == 0 && order <= 0 && (passed || group.rows == 0 || walk->decisions.there))
        walk_decide(walk, &group, passed, stage->count > before, stored);
    else if (rc == 0 && order > 0 && walk->decisions.there)
        walk_unseen(walk);
    missing->passed_over |= order == 0 && (passed || (group.rows == 0 && group.seen != SPOOL_FILTERED && !group.gone));
    bool filtered = order == 0 && group.rows == 0 && group.seen == SPOOL_FILTERED;
    bool unseen = order > 0 && (walk->stream->complete || (walk->stream->names_units && id_is_unit(walk->cursor.key)));
    bool gone = order == 0 && group.gone;
    if (rc == 0 && (unseen || gone || (filtered && (walk->stream->complete || walk->stream->kept))))
        rc = stage_unseen(stage, walk->stream, walk->cursor.key, stored,
                          gone       ? UNSEEN_GONE
                          : filtered ? UNSEEN_FILTERED
                                     : UNSEEN_MISSING,
                          missing, count);
    if (order >= 0)
        walk_store_next(walk, false);
    return rc ? rc : stage->snapshot->rc;
}

int stage_compare(struct stage *stage, const struct stage_stream *stream, struct stage_missing *missing,
                  struct stage_count *ret_count)
{
    struct walk walk = {.stage = stage, .stream = stream};
    struct stage_count count = {0};
    uint32_t be = __builtin_bswap32(stream->stream);
    memcpy(walk.prefix, &be, sizeof(be));
    cursor_open(&walk.cursor, stage->snapshot, TABLE_source);
    walk_store_next(&walk, true);
    decision_walk_begin(&walk.decisions, &stage->decisions, stream->stream, stream->complete);
    int rc = sorter_rewind(stream->spool);
    if (rc == 0 && (walk.spooled = sorter_next(stream->spool, &walk.key, &walk.value)) < 0)
        rc = walk.spooled;
    while (rc == 0 && (walk.spooled == 1 || walk.stored))
        rc = walk_step(&walk, missing, &count);
    decision_walk_end(&walk.decisions, rc == 0);
    cursor_close(&walk.cursor);
    buffer_done(&walk.key_copy);
    buffer_done(&walk.sealed);
    buffer_done(&walk.place);
    buffer_done(&walk.seen_place);
    buffer_done(&walk.seen_why);
    buffer_done(&walk.seen_kept);
    fault_kill("stage");
    rc = rc ? rc : stage->decisions.rc;
    if (rc == 0 && (rc = stage->waits->rc) == 0)
        *ret_count = count;
    return rc ? rc : stage->snapshot->rc;
}

int stage_await(struct stage *stage, const struct stage_stream *stream, struct stage_missing *missing,
                struct stage_count *ret_count)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    struct stage_count count = {0};
    uint32_t be = __builtin_bswap32(stream->stream);
    struct bytes prefix = bytes(&be, sizeof(be));
    int rc = 0;
    cursor_open(&cursor, stage->snapshot, TABLE_source);
    for (bool there = cursor_seek(&cursor, prefix); rc == 0 && there && cursor_has_prefix(&cursor, prefix);
         there = cursor_next(&cursor)) {
        if (id_is_unit(cursor.key))
            continue;
        if (!source_read(cursor.value, &stage->old))
            return ERR_CORRUPT;
        count_known(stage, stream, cursor.key, &count);
        if (stage->old.state == SOURCE_MISSING)
            rc = stage_unseen(stage, stream, cursor.key, cursor.value, UNSEEN_MISSING, missing, &count);
    }
    count.same = count.distinct = count.population; /* they were all there when everybody was read last */
    if (rc == 0)
        *ret_count = count;
    return rc ? rc : stage->snapshot->rc;
}
