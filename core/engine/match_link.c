/* match_link - which seeds are the same thing: clusters of links, each with the id of its lowest seed.
 *
 * A record that a person has set apart (STATEMENT_ALONE) leaves its cluster:
 * older links hold the others together through it, but it is not among them.
 * Links that a person made later count for it. */
#include "engine/match.h"

#include "base/error.h"

#include <string.h>

enum { CLUSTER_MAX = 256 };

struct linked {
    uint64_t seed;
    uint64_t alone;   /* number of the statement that sets it apart; 0: none */
    uint64_t follows; /* it never gives the id to a cluster in which this one is; 0: none */
    bool member;      /* else it only holds others together */
};

struct cluster {
    struct linked seeds[CLUSTER_MAX];
    size_t count;
};

static uint64_t alone_number(struct match *match, uint64_t seed)
{
    struct statement statement;
    return statement_stands(&match->statements, seed, STATEMENT_ALONE, &statement) ? statement.number : 0;
}

static void cluster_add(struct match *match, struct cluster *cluster, uint64_t seed, bool personal, uint64_t number)
{
    uint64_t alone = match->statements.persons ? alone_number(match, seed) : 0;
    bool member = alone == 0 || (personal && number > alone);
    for (size_t i = 0; i < cluster->count; i++)
        if (cluster->seeds[i].seed == seed && cluster->seeds[i].member == member)
            return;
    if (cluster->count < CLUSTER_MAX)
        cluster->seeds[cluster->count++] = (struct linked){.seed = seed, .alone = alone, .member = member};
}

/* A link of a node that is apart counts for it when a person made it afterwards, else only for the others. */
static bool link_counts(const struct linked *node, const struct statement *link)
{
    return node->alone == 0 || node->member == (link->person && link->number > node->alone);
}

static bool cluster_has(const struct cluster *cluster, uint64_t seed)
{
    for (size_t i = 0; i < cluster->count; i++)
        if (cluster->seeds[i].seed == seed && cluster->seeds[i].member)
            return true;
    return false;
}

static uint64_t cluster_id(const struct cluster *cluster)
{
    uint64_t lowest = UINT64_MAX;
    for (size_t i = 0; i < cluster->count; i++) {
        const struct linked *node = &cluster->seeds[i];
        bool follows = node->follows && cluster_has(cluster, node->follows);
        if (node->member && !follows && node->seed < lowest)
            lowest = node->seed;
    }
    return lowest;
}

uint64_t match_resolve(struct match *match, uint64_t seed)
{
    uint64_t *linked = numbers_get(&match->links, seed);
    if (linked)
        return *linked;
    if (!match->statements.any)
        return seed;
    struct cluster cluster;
    cluster.seeds[0] = (struct linked){.seed = seed, .member = true};
    cluster.seeds[0].alone = match->statements.persons ? alone_number(match, seed) : 0;
    cluster.count = 1;
    for (size_t i = 0; i < cluster.count; i++) {
        struct linked *node = &cluster.seeds[i];
        struct statement_walk walk;
        struct statement link;
        statement_first(&walk, &match->statements, node->seed);
        while (statement_next(&walk, &link)) {
            if (link.type != STATEMENT_LINK || !link_counts(node, &link))
                continue;
            if (link.follows)
                node->follows = link.other;
            cluster_add(match, &cluster, link.other, link.person, link.number);
        }
        statement_end(&walk);
    }
    uint64_t id = cluster_id(&cluster);
    return id != UINT64_MAX ? id : seed;
}

/* Whose employment it is: other records are one with it, or not, as they are that person's. */
static void touch_owner(struct match *match, uint64_t seed)
{
    uint64_t owner;
    if (!entity_get(match->snapshot, KIND_employment, seed, match->entity))
        return;
    struct value person = image_get(match->entity->image, FIELD_employment_person);
    if (person.len != sizeof(owner))
        return;
    memcpy(&owner, person.bytes, sizeof(owner));
    match_touch_person(match, __builtin_bswap64(owner));
}

/* Every person's id is the seed of one of their records. */
void match_touch_cluster(struct match *match, uint64_t seed)
{
    uint64_t seeds[CLUSTER_MAX] = {seed};
    size_t count = 1;
    for (size_t i = 0; i < count; i++) {
        struct statement_walk walk;
        struct statement link;
        statement_first(&walk, &match->statements, seeds[i]);
        while (statement_next(&walk, &link)) {
            bool there = link.type != STATEMENT_LINK || count == CLUSTER_MAX;
            for (size_t j = 0; j < count && !there; j++)
                there = seeds[j] == link.other;
            if (!there)
                seeds[count++] = link.other;
        }
        statement_end(&walk);
    }
    for (size_t i = 0; i < count; i++) {
        match_touch_person(match, seeds[i]);
        touch_owner(match, seeds[i]);
    }
}

uint64_t match_link(struct match *match, uint64_t seed, uint64_t other, unsigned rule, bool follows, bool late)
{
    uint64_t id = follows || other < seed ? other : seed;
    statements_add(&match->statements, &(struct statement){.type = STATEMENT_LINK,
                                                           .subject = seed,
                                                           .other = other,
                                                           .rule = (uint16_t)rule,
                                                           .late = late,
                                                           .follows = follows && seed < other});
    int rc = numbers_set(&match->links, seed, id);
    rc = rc ? rc : numbers_set(&match->links, other, id);
    match->rc = match->rc ? match->rc : rc;
    return id;
}
