/* match_person - whose a person's record is: known, or judged by the organization's rules. */
#include "base/digest.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/match_inside.h"
#include "engine/weave.h"
#include "logic/reason.h"
#include "tables/refer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool same_stream_stands(struct match *match, uint64_t id, uint32_t stream)
{
    if (match_stands_in(match, id, stream))
        return true;
    if (!entity_get(match->snapshot, KIND_person, id, match->entity))
        return false;
    for (uint16_t n = 0; n < match->entity->member_count; n++) {
        const struct member *member = &match->entity->members[n];
        if (member->stream != stream || match_left(match, id, member->seed) ||
            numbers_get(&match->undecided, member->seed))
            continue;
        struct bytes value;
        buffer_clear(&match->key);
        source_key(stream, member->id.data, member->id.len, &match->key);
        struct bytes key = bytes(match->key.data, match->key.len);
        if (numbers_get(&match->leaving, digest_fast(key.data, key.len) | 1))
            continue; /* it goes in this very run: its place may be taken */
        if (txn_get(match->snapshot, TABLE_source, key, &value) && source_read(value, &match->other) &&
            match->other.state == SOURCE_PRESENT)
            return true;
    }
    return false;
}

void match_review(struct match *match, struct bytes key, const char *reason, uint64_t entity, const char *text)
{
    struct bytes id = source_key_id(key);
    char *id_text __attribute__((cleanup(tidy_free))) = mem_copy(id.data, id.len);
    if (!id_text)
        match_fail(match, -ENOMEM);
    else
        wait_add(match->waits, &(struct wait_item){.type = WAIT_REVIEW,
                                                   .stream = source_key_stream(key),
                                                   .id = id_text,
                                                   .reason = reason,
                                                   .text = text,
                                                   .entity = entity});
}

static bool owner_exists(const struct match *match, const struct connection *connection)
{
    for (const struct connection *const *at = match->organization->exists; *at; at++)
        if (*at == connection)
            return true;
    return false;
}

/* Whether the person has as many records as one can have, those of this run included. */
static bool person_is_full(struct match *match, uint64_t id)
{
    const uint64_t *grown = numbers_get(&match->grown, id);
    size_t count = entity_get(match->snapshot, KIND_person, id, match->entity) ? match->entity->member_count : 1;
    return count + (grown ? *grown : 0) >= MEMBERS_MAX;
}

/* The first rule with exactly one candidate decides. */
static struct judgement match_judge(struct match *match, uint32_t number, uint64_t seed, struct image image)
{
    const struct stream_name *stream = streams_find(match->streams, number);
    bool persons = match->statements.persons,
         alone = persons && statement_stands(&match->statements, seed, STATEMENT_ALONE, NULL);
    for (size_t r = 0; r < match->slots->rule_count && !alone; r++) {
        const struct slot *slot = &match->slots->person[match->slots->rules[r]];
        uint64_t ids[CANDIDATES_MAX];
        buffer_clear(&match->text);
        if (!slot_text(match->slots, slot, image, &match->text))
            continue;
        size_t count = match_candidates(match, KIND_person, slot->number, match->text.data, match->text.len, ids,
                                        persons ? CANDIDATES_MAX : 2);
        if (persons)
            count = match_apart(match, seed, ids, count);
        if (count == 0)
            continue;
        if (count > 1)
            return (struct judgement){SITUATION_DISPUTED, 0, (unsigned)r + 1, REASON_CODE(match_ambiguous)};
        if (person_is_full(match, ids[0]))
            return (struct judgement){SITUATION_DISPUTED, ids[0], (unsigned)r + 1, REASON_CODE(match_too_many)};
        if (!same_stream_stands(match, ids[0], number) || match->organization->within_partition == WITHIN_SAME)
            return (struct judgement){SITUATION_LINKED, ids[0], (unsigned)r + 1, NULL};
        if (match->organization->within_partition == WITHIN_REVIEW)
            return (struct judgement){SITUATION_DISPUTED, ids[0], (unsigned)r + 1, REASON_CODE(match_within_partition)};
        break; /* apart */
    }
    bool owner = stream && stream->connection && owner_exists(match, stream->connection);
    return (struct judgement){owner ? SITUATION_LINKED : SITUATION_NOT_OWNER, 0, 0, NULL};
}

/* What an undecided record is found by when its person comes: what it says now instead of what it said before. */
void match_waits(struct match *match, const struct staged *staged, bool waits)
{
    const struct section_view *main = &match->record.sections[0];
    struct image none = {0};
    struct bytes stored;
    bool waited = staged->what != STAGED_NEW && txn_get(match->snapshot, TABLE_source, staged->key, &stored) &&
                  source_read(stored, &match->other) && match->other.count > 0 &&
                  match->other.situation != SITUATION_LINKED && match->other.state != SOURCE_GONE;
    index_waiting(match, staged->key, main->seed, waited ? match->other.sections[0].image : none,
                  waits ? main->image : none);
}

static void match_undecided(struct match *match, const struct staged *staged, const struct judgement *verdict)
{
    bool disputed = verdict->situation == SITUATION_DISPUTED;
    if (match->record.situation == SITUATION_LINKED)
        match_leaves(match);
    match_waits(match, staged, true);
    if (disputed) {
        match->count.disputed++;
        match_review(match, staged->key, verdict->reason, verdict->entity,
                     match->organization->person_rules[verdict->rule - 1].text);
    } else {
        match->count.not_owner++;
    }
    stage_write_undecided(match->stage, staged, verdict->situation,
                          disputed ? verdict->reason : REASON_CODE(unmatched_not_owner));
}

/* Keys of matching rules that the record did not say before: somebody else may have them. */
static void match_keys_new(struct match *match, const struct staged *staged, uint64_t id, struct image was)
{
    struct buffer before __attribute__((cleanup(buffer_done))) = {0};
    const struct section_view *main = &match->record.sections[0];
    for (size_t r = 0; r < match->slots->rule_count; r++) {
        const struct slot *slot = &match->slots->person[match->slots->rules[r]];
        buffer_clear(&match->text);
        buffer_clear(&before);
        if (!slot_text(match->slots, slot, main->image, &match->text))
            continue;
        slot_text(match->slots, slot, was, &before);
        if (before.len != match->text.len || memcmp(before.data, match->text.data, before.len) != 0)
            match_shared_note(match, staged->key, main->seed, id, r, bytes(match->text.data, match->text.len));
    }
    match_fail(match, before.rc);
}

/* It is somebody, because of what people have stated: without that it is judged again. */
static void match_late(struct match *match, uint64_t seed)
{
    statements_add(&match->statements,
                   &(struct statement){.type = STATEMENT_LINK, .subject = seed, .other = seed, .late = true});
}

/* What the rules said of a record that they can tell: it is somebody's, or somebody new. */
static void match_decided(struct match *match, const struct staged *staged, uint64_t place,
                          const struct judgement *verdict)
{
    const struct section_view *main = &match->record.sections[0];
    if (staged->what != STAGED_NEW)
        match_waits(match, staged, false);
    uint64_t id = main->seed;
    bool late = staged->what != STAGED_NEW && match->statements.persons;
    if (verdict->entity != 0) {
        /* also when the record has the lower seed, because it waited: people know the person by the id they have */
        id = match_link(match, main->seed, verdict->entity, verdict->rule, true, late);
        const uint64_t *grown = numbers_get(&match->grown, id);
        match_fail(match, numbers_set(&match->grown, id, grown ? *grown + 1 : 1));
        match->count.linked++;
    } else {
        if (late)
            match_late(match, id);
        match->count.created++;
    }
    match_fresh_person(match, main->image, id, source_key_stream(staged->key));
    match_root(match, KIND_person, id, place);
    stage_write(match->stage, staged, SITUATION_LINKED);
}

/* --- records that rules judge: when all keys are known, those that have waited longest first --- */

static void pending_add(struct match *match, uint64_t seed, uint64_t place, const struct judgement *verdict)
{
    match_fail(match, mem_grow(&match->pending, match->pending_count, &match->pending_room, sizeof(*match->pending)));
    if (match->rc == 0)
        match->pending[match->pending_count++] = (struct pending){seed, place, *verdict};
}

void match_new_person(struct match *match, const struct staged *staged, uint64_t place)
{
    const struct section_view *main = &match->record.sections[0];
    struct judgement verdict = {0};
    if (statement_stands(&match->statements, main->seed, STATEMENT_LINK, NULL)) { /* a person said whose it is */
        if (numbers_get(&match->undecided, main->seed))
            match_late(match, main->seed);
        match_waits(match, staged, false);
        match_known_person(match, staged, place);
        return;
    }
    if (match->record.state == SOURCE_GONE) { /* judged when it comes back */
        if (match->record.situation == SITUATION_LINKED)
            match_leaves(match);
        stage_write(match->stage, staged, SITUATION_NOT_OWNER);
        return;
    }
    if (match->stage->known_before == 0) /* nobody's keys change in this run: no need to come again */
        verdict = match_judge(match, source_key_stream(staged->key), main->seed, main->image);
    if (verdict.situation == SITUATION_LINKED)
        match_decided(match, staged, place, &verdict);
    else
        pending_add(match, main->seed, place, &verdict);
}

static bool pending_read(struct match *match, const struct pending *pending, struct staged *ret_staged)
{
    match_fail(match, stage_read(match->stage, pending->place, 0, ret_staged));
    if (match->rc == 0 && (!source_read(ret_staged->value, &match->record) || match->record.count == 0))
        match_fail(match, ERR_CORRUPT);
    return match->rc == 0;
}

static int by_seed(const void *a, const void *b)
{
    const struct pending *x = a, *y = b;
    return x->seed < y->seed ? -1 : x->seed > y->seed;
}

bool match_pending(struct match *match)
{
    size_t count = match->pending_count, kept = 0;
    if (count > 1)
        qsort(match->pending, count, sizeof(*match->pending), by_seed);
    for (size_t i = 0; i < count && match->rc == 0; i++) {
        struct pending *pending = &match->pending[i];
        struct staged staged;
        if (!pending_read(match, pending, &staged))
            break;
        const struct section_view *main = &match->record.sections[0];
        pending->verdict = match_judge(match, source_key_stream(staged.key), main->seed, main->image);
        if (pending->verdict.situation == SITUATION_LINKED)
            match_decided(match, &staged, pending->place, &pending->verdict);
        else
            match->pending[kept++] = *pending;
    }
    match->pending_count = kept;
    return kept < count;
}

void match_pending_settle(struct match *match)
{
    for (size_t i = 0; i < match->pending_count && match->rc == 0; i++) {
        struct staged staged;
        if (pending_read(match, &match->pending[i], &staged))
            match_undecided(match, &staged, &match->pending[i].verdict);
    }
}

/* --- records of known persons --- */

/* Keys that the person no longer has: who refers to them by such a key must look again. */
static void match_keys_gone(struct match *match, uint64_t id, uint64_t place, struct image was, struct image is)
{
    struct buffer now __attribute__((cleanup(buffer_done))) = {0};
    bool gone = false;
    for (size_t i = 0; i < match->slots->person_count; i++) {
        const struct slot *slot = &match->slots->person[i];
        buffer_clear(&match->text);
        buffer_clear(&now);
        if (!slot_text(match->slots, slot, was, &match->text))
            continue;
        slot_text(match->slots, slot, is, &now);
        if (now.len == match->text.len && memcmp(now.data, match->text.data, now.len) == 0)
            continue;
        gone = true;
        uint64_t hash = match_key_hash(match, KIND_person, slot->number, match->text.data, match->text.len);
        if (match->has_waiting_refs || match->has_waiting_records) /* of two with this key one may be left */
            match_wake(match, KIND_person, bytes(match->key.data, match->key.len));
        if (!entity_get(match->snapshot, KIND_person, id, match->entity))
            continue;
        if (match->entity->member_count < 2)
            match_fail(match, numbers_set(&match->removed, removed_hash(hash, id), 1));
        else
            match_lost_note(match, &(struct match_lost){hash, id, match->record.sections[0].seed, place, i});
    }
    match_fail(match, now.rc);
    if (gone)
        match_fail(match,
                   refer_each(match->snapshot, KIND_person, id, &match->roots, &match->root_count, &match->root_room));
}

void match_known_person(struct match *match, const struct staged *staged, uint64_t place)
{
    const struct section_view *main = &match->record.sections[0];
    uint64_t id = match_resolve(match, main->seed);
    struct bytes stored;
    if (staged->what == STAGED_CHANGED || staged->what == STAGED_RETURNED) {
        bool had = txn_get(match->snapshot, TABLE_source, staged->key, &stored) && source_read(stored, &match->other) &&
                   match->other.count > 0;
        if (had && match_reused(match, staged, place, id, match->other.sections[0].image))
            return; /* nothing is taken until somebody decides */
        if (had)
            match_keys_new(match, staged, id, match->other.sections[0].image);
        if (had)
            match_keys_gone(match, id, place, match->other.sections[0].image, main->image);
        match_fresh_person(match, main->image, id, source_key_stream(staged->key));
    }
    match_root(match, KIND_person, id, place);
    stage_write(match->stage, staged, SITUATION_LINKED);
}
