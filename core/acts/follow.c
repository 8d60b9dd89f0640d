/* follow - pins that go along when people say whose a record is. */
#include "acts/follow.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>

void follows_done(struct follows *follows)
{
    arena_free(follows->arena);
    free(follows->items);
    *follows = (struct follows){0};
}

static int pin_note(struct follows *follows, const struct statement *pin, uint64_t person, uint64_t seed)
{
    for (size_t i = 0; i < follows->count; i++)
        if (follows->items[i].number == pin->number)
            return 0;
    int rc = mem_grow(&follows->items, follows->count, &follows->room, sizeof(*follows->items));
    if (rc == 0)
        follows->items[follows->count++] = (struct following){
            pin->number, arena_text(follows->arena, pin->about ? pin->about : ""), person, person, seed};
    return rc;
}

/* Pins on what one record says of the person, and of what hangs on them. */
static int record_note(struct follows *follows, struct match *match, uint64_t person)
{
    uint64_t seed = match->other.sections[0].seed;
    int rc = 0;
    for (uint16_t n = 0; n < match->other.count && rc == 0 && match->other.sections[n].kind != KIND_MAPPED; n++) {
        struct statement_walk walk;
        struct statement pin;
        statement_first(&walk, &match->statements, match->other.sections[n].seed);
        while (rc == 0 && statement_next(&walk, &pin))
            rc = pin.type == STATEMENT_PIN ? pin_note(follows, &pin, person, seed) : 0;
        statement_end(&walk);
    }
    return rc;
}

int follows_note(struct follows *follows, struct match *match, uint64_t person)
{
    struct entity *entity __attribute__((cleanup(tidy_free))) = mem_new(1, sizeof(*entity));
    struct buffer key __attribute__((cleanup(buffer_done))) = {0};
    int rc = 0;
    if (!follows->arena && !(follows->arena = arena_new()))
        return -ENOMEM;
    if (!entity)
        return -ENOMEM;
    if (person == 0 || !entity_get(match->snapshot, KIND_person, person, entity))
        return match->snapshot->rc;
    for (uint16_t n = 0; n < entity->member_count && rc == 0; n++) {
        struct bytes value;
        buffer_clear(&key);
        source_key(entity->members[n].stream, entity->members[n].id.data, entity->members[n].id.len, &key);
        if (key.rc == 0 && txn_get(match->snapshot, TABLE_source, bytes(key.data, key.len), &value) &&
            source_read(value, &match->other) && match->other.count > 0)
            rc = record_note(follows, match, person);
        rc = rc ? rc : key.rc;
    }
    return rc ? rc : match->snapshot->rc;
}

void follows_settle(struct follows *follows, struct match *match)
{
    size_t kept = 0;
    for (size_t i = 0; i < follows->count; i++) {
        struct following *following = &follows->items[i];
        following->to = match_resolve(match, following->seed);
        if (following->to != following->from)
            follows->items[kept++] = *following;
    }
    follows->count = kept;
}
