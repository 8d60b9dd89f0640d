/* match_shared - keys by which two people are found now: a person decides, nothing is torn apart.
 *
 * A known person's record that begins to say a key of somebody else is noted
 * while it is matched, and looked at when all of the run is; so are the
 * reviews that stand, until one of the two does not say it any more. */
#include "engine/match_inside.h"

#include "base/mem.h"
#include "logic/reason.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void match_shared_note(struct match *match, struct bytes key, uint64_t seed, uint64_t id, size_t rule,
                       struct bytes text)
{
    match_fail(match, mem_grow(&match->shared, match->shared_count, &match->shared_room, sizeof(*match->shared)));
    if (match->rc != 0)
        return;
    char *copy = mem_new(1, key.len + text.len + 1);
    if (!copy) {
        match_fail(match, -ENOMEM);
        return;
    }
    memcpy(copy, key.data, key.len);
    memcpy(copy + key.len, text.data, text.len);
    match->shared[match->shared_count++] =
        (struct match_shared){bytes(copy, key.len), bytes(copy + key.len, text.len), seed, id, rule};
}

void match_shared_again(struct match *match, const struct wait_item *item)
{
    struct buffer place __attribute__((cleanup(buffer_done))) = {0};
    struct bytes stored;
    source_key(item->stream, item->id, strlen(item->id), &place);
    match_fail(match, place.rc);
    struct bytes key = bytes(place.data, place.len);
    if (match->rc != 0 || !txn_get(match->snapshot, TABLE_source, key, &stored) ||
        !source_read(stored, &match->other) || match->other.count == 0 || match->other.situation != SITUATION_LINKED ||
        match->other.sections[0].kind != KIND_person)
        return;
    struct section_view main = match->other.sections[0];
    uint64_t id = match_resolve(match, main.seed);
    for (size_t r = 0; r < match->slots->rule_count; r++) {
        buffer_clear(&match->text);
        if (slot_text(match->slots, &match->slots->person[match->slots->rules[r]], main.image, &match->text))
            match_shared_note(match, key, main.seed, id, r, bytes(match->text.data, match->text.len));
    }
}

/* Somebody else who has the key, too. 0: nobody, or not this one any more. */
static uint64_t shared_with(struct match *match, const struct match_shared *shared)
{
    const struct slot *slot = &match->slots->person[match->slots->rules[shared->rule]];
    uint64_t ids[CANDIDATES_MAX];
    if (match_is_lost(match, KIND_person, slot->number, shared->text.data, shared->text.len, shared->id))
        return 0;
    size_t count =
        match_candidates(match, KIND_person, slot->number, shared->text.data, shared->text.len, ids, CANDIDATES_MAX);
    if (match->statements.persons)
        count = match_apart(match, shared->seed, ids, count);
    for (size_t i = 0; i < count; i++)
        if (ids[i] != shared->id)
            return ids[i];
    return 0;
}

void match_shared_settle(struct match *match)
{
    for (size_t i = 0; i < match->shared_count && match->rc == 0; i++) {
        const struct match_shared *shared = &match->shared[i];
        uint64_t other = match->organization->within_partition == WITHIN_APART ? 0 : shared_with(match, shared);
        if (other != 0)
            match_review(match, shared->key, REASON_CODE(match_key_shared), other,
                         match->organization->person_rules[shared->rule].text);
    }
}

void match_shared_done(struct match *match)
{
    for (size_t i = 0; i < match->shared_count; i++)
        free((void *)(uintptr_t)match->shared[i].key.data);
    free(match->shared);
}
