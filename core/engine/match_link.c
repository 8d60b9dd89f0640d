/* match_link - which seeds are the same thing: clusters of links, each with the id of its lowest seed.
 *
 * Reads and writes the `statement` table. */
#include "engine/match.h"

#include <string.h>

enum { CLUSTER_MAX = 256, STATEMENT_KEY = 16 };

/* A statement's value. */
struct statement {
    uint8_t type;    /* 'l': link */
    uint8_t follows; /* the seed never gives the cluster its id: the other one was known by its own already */
    uint16_t rule;   /* from 1; 0: the kind's own rule */
    uint32_t run;
    uint64_t other;
    int64_t time_ms;
};

static bool seed_among(const uint64_t *seeds, size_t count, uint64_t seed)
{
    for (size_t i = 0; i < count; i++)
        if (seeds[i] == seed)
            return true;
    return false;
}

uint64_t match_resolve(struct match *match, uint64_t seed)
{
    uint64_t *linked = numbers_get(&match->links, seed);
    if (linked)
        return *linked;
    if (!match->has_statements)
        return seed;
    uint64_t seeds[CLUSTER_MAX] = {seed}, lowest = UINT64_MAX;
    size_t count = 1;
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    cursor_open(&cursor, match->snapshot, TABLE_statement);
    for (size_t i = 0; i < count; i++) {
        uint64_t be = __builtin_bswap64(seeds[i]);
        struct bytes prefix = bytes(&be, sizeof(be));
        bool follows = false;
        for (bool there = cursor_seek(&cursor, prefix); there && cursor_has_prefix(&cursor, prefix);
             there = cursor_next(&cursor)) {
            struct statement statement;
            if (cursor.value.len < sizeof(statement))
                continue;
            memcpy(&statement, cursor.value.data, sizeof(statement));
            follows |= statement.follows;
            if (statement.type == 'l' && count < CLUSTER_MAX && !seed_among(seeds, count, statement.other))
                seeds[count++] = statement.other;
        }
        if (!follows && seeds[i] < lowest)
            lowest = seeds[i];
    }
    return lowest != UINT64_MAX ? lowest : seed;
}

static void statement_put(struct match *match, uint64_t seed, uint64_t number, const struct statement *statement)
{
    uint64_t key[2] = {__builtin_bswap64(seed), __builtin_bswap64(number)};
    changeset_set(match->changeset, TABLE_statement, bytes(key, sizeof(key)), bytes(statement, sizeof(*statement)));
}

uint64_t match_link(struct match *match, uint64_t seed, uint64_t other, unsigned rule, bool follows)
{
    uint64_t number = ++match->next_statement, id = follows || other < seed ? other : seed;
    struct statement statement = {
        .type = 'l', .rule = (uint16_t)rule, .run = match->stage->run, .time_ms = match->stage->now_ms};
    statement.other = other;
    statement.follows = follows && seed < other;
    statement_put(match, seed, number, &statement);
    statement.other = seed;
    statement.follows = 0;
    statement_put(match, other, number, &statement);
    int rc = numbers_set(&match->links, seed, id);
    rc = rc ? rc : numbers_set(&match->links, other, id);
    match->rc = match->rc ? match->rc : rc;
    return id;
}
