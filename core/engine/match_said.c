/* match_said - what people have said about records: whom they are never linked with, which of them make nobody. */
#include "engine/match_inside.h"

#include "base/digest.h"
#include "base/mem.h"
#include "logic/reason.h"
#include "tables/refer.h"

#include <errno.h>
#include <string.h>

/* Takes out the persons with whom a person said that this record is never to be linked. */
size_t match_apart(struct match *match, uint64_t seed, uint64_t *ids, size_t count)
{
    struct statement_walk walk;
    struct statement apart;
    statement_first(&walk, &match->statements, seed);
    while (statement_next(&walk, &apart)) {
        uint64_t id = apart.type == STATEMENT_APART ? match_resolve(match, apart.other) : 0;
        for (size_t i = 0; id != 0 && i < count; i++)
            if (ids[i] == id)
                ids[i--] = ids[--count];
    }
    statement_end(&walk);
    return count;
}

/* What its source says anew lifts a statement that was made for what it said before.
 */
bool match_is_out(struct match *match)
{
    struct statement suppress;
    if (!match->statements.persons ||
        !statement_stands(&match->statements, match->record.sections[0].seed, STATEMENT_SUPPRESS, &suppress))
        return false;
    struct bytes body = match->record.body;
    uint64_t digest = digest_fast(body.data, body.len);
    bool moved =
        suppress.ends == PIN_SOURCE_MOVES && suppress.run != match->stage->run &&
        (suppress.against.len != sizeof(digest) || memcmp(suppress.against.bytes, &digest, sizeof(digest)) != 0);
    if (!moved)
        return true;
    statements_withdraw(&match->statements, &suppress, NULL, NULL);
    return false;
}

bool match_left(struct match *match, uint64_t id, uint64_t seed)
{
    return match->statements.persons &&
           (match_resolve(match, seed) != id || numbers_get(&match->out, seed) || numbers_get(&match->moved, seed));
}

void match_leaves(struct match *match)
{
    uint64_t seed = match->record.sections[0].seed;
    match_fail(match, numbers_set(&match->out, seed, 1));
    match_root(match, KIND_person, match_resolve(match, seed), ROOT_ONLY);
}

void match_out(struct match *match, const struct staged *staged)
{
    if (match->record.situation == SITUATION_LINKED)
        match_leaves(match);
    else if (staged->what != STAGED_NEW)
        match_waits(match, staged, false);
    if (staged->what == STAGED_GONE)
        stage_write(match->stage, staged, SITUATION_SUPPRESSED);
    else
        stage_write_undecided(match->stage, staged, SITUATION_SUPPRESSED, REASON_CODE(suppressed));
}

/* The keys by which the person was found: who has them now says so again. */
static void match_forget_keys(struct match *match, uint64_t id, struct image image, bool wakes)
{
    for (size_t i = 0; i < match->slots->person_count; i++) {
        const struct slot *slot = &match->slots->person[i];
        buffer_clear(&match->text);
        if (!slot_text(match->slots, slot, image, &match->text))
            continue;
        uint64_t hash = match_key_hash(match, KIND_person, slot->number, match->text.data, match->text.len);
        match_fail(match, numbers_set(&match->removed, removed_hash(hash, id), 1));
        if (wakes) /* of two with this key one may be left */
            match_wake(match, KIND_person, bytes(match->key.data, match->key.len));
    }
}

/* What the record of a member said, in match->other. */
static bool member_said(struct match *match, const struct member *member)
{
    struct bytes value;
    buffer_clear(&match->key);
    source_key(member->stream, member->id.data, member->id.len, &match->key);
    match_fail(match, match->key.rc);
    return match->rc == 0 && txn_get(match->snapshot, TABLE_source, bytes(match->key.data, match->key.len), &value) &&
           source_read(value, &match->other) && match->other.count > 0;
}

void match_forget_person(struct match *match, uint64_t id)
{
    struct entity *entity __attribute__((cleanup(tidy_free))) = mem_new(1, sizeof(*entity));
    if (!entity)
        match_fail(match, -ENOMEM);
    if (!entity || !entity_get(match->snapshot, KIND_person, id, entity))
        return;
    for (uint16_t n = 0; n < entity->member_count && match->rc == 0; n++)
        if (member_said(match, &entity->members[n]))
            match_forget_keys(match, id, match->other.sections[0].image, true);
    match_fail(match,
               refer_each(match->snapshot, KIND_person, id, &match->roots, &match->root_count, &match->root_room));
}

void match_touch_person(struct match *match, uint64_t id)
{
    struct entity *entity __attribute__((cleanup(tidy_free))) = mem_new(1, sizeof(*entity));
    if (!entity) {
        match_fail(match, -ENOMEM);
        return;
    }
    if (!entity_get(match->snapshot, KIND_person, id, entity))
        return;
    for (uint16_t n = 0; n < entity->member_count && match->rc == 0; n++) {
        bool said = member_said(match, &entity->members[n]);
        match_fail(match, stage_touch(match->stage, bytes(match->key.data, match->key.len)));
        if (said)
            match_forget_keys(match, id, match->other.sections[0].image, false);
    }
    match->touched = true;
    match_root(match, KIND_person, id, ROOT_ONLY);
    match_fail(match,
               refer_each(match->snapshot, KIND_person, id, &match->roots, &match->root_count, &match->root_room));
}
