/* former - a record whose id its source has given to somebody else. */
#include "engine/former.h"

#include "base/error.h"
#include "engine/match_inside.h"
#include "engine/stage_inside.h"

#include <string.h>

static const char infix[] = "#former-";

bool former_is(struct bytes id)
{
    return id.len > sizeof(infix) && memmem(id.data, id.len, infix, sizeof(infix) - 1) != NULL;
}

static int former_key(struct bytes key, uint64_t seed, struct buffer *out)
{
    struct buffer id __attribute__((cleanup(buffer_done))) = {0};
    struct bytes was = source_key_id(key);
    buffer_add(&id, was.data, was.len);
    buffer_format(&id, "%s%lu", infix, (unsigned long)seed);
    if (id.rc == 0)
        source_key(source_key_stream(key), id.data, id.len, out);
    return id.rc ? id.rc : out->rc;
}

/* The records of both persons are judged again; what stood under the old key counts for neither. */
static int both_moved(struct match *match, uint64_t now, uint64_t before)
{
    int rc = numbers_set(&match->moved, now, 1);
    rc = rc ? rc : numbers_set(&match->moved, before, 1);
    match_touch_cluster(match, before);
    match_touch_cluster(match, now);
    return rc ? rc : match->rc;
}

/* --- parting --- */

int former_part(struct match *match, struct bytes key, const struct proposal *proposal, uint64_t *ret_now,
                uint64_t *ret_before)
{
    struct stage *stage = match->stage;
    struct source *made = &stage->made, *old = &stage->old;
    struct buffer former __attribute__((cleanup(buffer_done))) = {0};
    struct bytes stored;
    if (!txn_get(match->snapshot, TABLE_source, key, &stored) || !source_read(stored, old) ||
        !source_read(proposal->value, made))
        return match->snapshot->rc ? match->snapshot->rc : ERR_CORRUPT;
    uint64_t before = old->sections[0].seed;
    for (uint16_t n = 0; n < made->count; n++)
        made->sections[n].seed = made->sections[n].kind == KIND_MAPPED ? 0 : ++stage->next_seed;
    uint64_t now = made->sections[0].seed;
    made->dead_count = 0;
    made->situation = 0;
    int rc = former_key(key, before, &former);
    rc = rc ? rc : stage_reseal(stage, before, made, now, false);
    rc = rc ? rc : stage_finish(stage, STAGED_CHANGED, key, SOURCE_PRESENT);
    rc = rc ? rc : stage_reseal(stage, before, old, before, false);
    stage->made = *old;
    rc = rc ? rc : stage_finish(stage, STAGED_GONE, bytes(former.data, former.len), SOURCE_GONE);
    rc = rc ? rc : stage_know(stage);
    rc = rc ? rc : both_moved(match, now, before);
    if (rc != 0)
        return rc;
    *ret_now = now;
    *ret_before = before;
    return 0;
}

/* --- joining --- */

/* What the record says now is proposed again: it waits for a word as it did before. stage->old: who had it. */
static int propose_again(struct match *match, struct bytes key, uint64_t now, uint64_t before)
{
    struct stage *stage = match->stage;
    struct source *made = &stage->made;
    uint64_t place;
    int rc = stage_seeds(stage, key, true);
    rc = rc ? rc : stage_reseal(stage, now, made, before, true);
    struct hold hold = {.record = hold_record(key), .gate = GATE_IDENTITY, .kept = true, .person = before};
    hold.key = hold_key(GATE_IDENTITY, hold.record, KIND_NONE, 0, made->sections, made->count);
    hold.quiet = statement_stands(&match->statements, hold.key, STATEMENT_REJECT, NULL);
    made->situation = SITUATION_LINKED;
    buffer_clear(&stage->value);
    source_write(made, &stage->value);
    rc = rc ? rc : stage->value.rc;
    rc = rc ? rc : stage_keep(stage, STAGED_CHANGED, key, bytes(stage->value.data, stage->value.len), &place);
    rc = rc ? rc : stage_withheld(stage, place);
    return rc ? rc : holds_add(stage->holds, &hold, NULL);
}

/* The record says what it said before. */
static int put_back(struct match *match, struct bytes key, enum source_state state)
{
    struct stage *stage = match->stage;
    enum staged_what what = state == SOURCE_PRESENT   ? STAGED_CHANGED
                            : state == SOURCE_MISSING ? STAGED_MISSING
                                                      : STAGED_GONE;
    uint64_t hold = hold_key(GATE_IDENTITY, hold_record(key), KIND_NONE, 0, stage->old.sections, stage->old.count);
    stage->made = stage->old;
    stage->made.situation = SITUATION_LINKED;
    int rc = numbers_set(&match->gates->allowed, hold, 1);
    return rc ? rc : stage_finish(stage, what, key, state);
}

/* Whom rules had linked with who is nobody now, they judge again. */
static void unlink_all(struct match *match, uint64_t now)
{
    struct statement_walk walk;
    struct statement link;
    statement_first(&walk, &match->statements, now);
    while (statement_next(&walk, &link)) {
        if (link.type != STATEMENT_LINK || link.person)
            continue;
        statements_withdraw(&match->statements, &link, NULL, NULL);
        if (link.other != now)
            match_fail(match, numbers_set(&match->undecided, link.other, 1));
    }
    statement_end(&walk);
}

int former_join(struct match *match, struct bytes key, uint64_t now, uint64_t before)
{
    struct stage *stage = match->stage;
    struct buffer former __attribute__((cleanup(buffer_done))) = {0};
    struct bytes current, was;
    int rc = former_key(key, before, &former);
    if (rc != 0)
        return rc;
    struct bytes beside = bytes(former.data, former.len);
    if (!txn_get(match->snapshot, TABLE_source, key, &current) || !txn_get(match->snapshot, TABLE_source, beside, &was))
        return match->snapshot->rc ? match->snapshot->rc : ERR_CONFLICT;
    if (!source_read(current, &stage->made) || !source_read(was, &stage->old) || stage->made.count == 0)
        return ERR_CORRUPT;
    if (stage->made.sections[0].seed != now)
        return ERR_CONFLICT;
    enum source_state state = stage->made.state;
    if (state == SOURCE_PRESENT)
        rc = propose_again(match, key, now, before);
    rc = rc ? rc : put_back(match, key, state);
    rc = rc ? rc : stage_drop(stage, beside);
    stage_forget(stage, now);
    rc = rc ? rc : both_moved(match, now, before);
    match_root(match, KIND_person, match_resolve(match, now), ROOT_ONLY);
    unlink_all(match, now);
    return rc ? rc : match->rc;
}
