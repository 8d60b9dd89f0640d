/* walk - the connector at work: once with its system, then again and again with what that said, and with failures. */
#include "conform/walk.h"

#include "base/mem.h"

#include <errno.h>
#include <string.h>

int reading_new(struct reading *ret_reading)
{
    *ret_reading = (struct reading){.arena = arena_new()};
    return ret_reading->arena ? haul_new(&ret_reading->partitions) : -ENOMEM;
}

void reading_done(struct reading *reading)
{
    for (size_t i = 0; i < reading->count; i++)
        haul_done(&reading->takes[i].haul);
    free(reading->takes);
    haul_done(&reading->partitions);
    arena_free(reading->arena);
}

static const muster_stream *declared_of(const muster_connector *connector, const char *name)
{
    for (const muster_stream *stream = connector->streams; stream && stream->name; stream++)
        if (strcmp(stream->name, name) == 0)
            return stream;
    return NULL;
}

/* The columns of the mapping's key. */
static const char *const *keys_of(const struct mapping *mapping, struct arena *arena)
{
    const char **keys = arena_get(arena, (mapping->key_count + 1) * sizeof(*keys));
    for (size_t i = 0; keys && i < mapping->key_count; i++)
        keys[i] = mapping->columns[mapping->key[i]];
    return keys;
}

/* The columns of the keys of all sections that have one. */
static const char *const *parts_of(const struct mapping *mapping, struct arena *arena)
{
    size_t count = 0;
    for (size_t s = 0; s < mapping->section_count; s++)
        count += mapping->sections[s].key_count;
    const char **parts = arena_get(arena, (count + 1) * sizeof(*parts));
    for (size_t s = 0, n = 0; parts && s < mapping->section_count; s++)
        for (size_t i = 0; i < mapping->sections[s].key_count; i++)
            parts[n++] = mapping->columns[mapping->sections[s].key[i]];
    return parts;
}

static int take_make(struct visit *visit, struct reading *reading, const struct haul_partition *partition,
                     const struct mapping *mapping)
{
    struct take *take = &reading->takes[reading->count];
    *take = (struct take){.partition = partition->id,
                          .locator = partition->locator,
                          .stream = mapping->stream,
                          .declared = declared_of(visit->subject->description, mapping->stream),
                          .mapping = mapping,
                          .keys = keys_of(mapping, reading->arena),
                          .parts = parts_of(mapping, reading->arena)};
    int rc = haul_new(&take->haul);
    if (rc != 0)
        return rc;
    reading->count++;
    muster_pull pull = {.size = sizeof(pull),
                        .partition = partition->id,
                        .locator = partition->locator,
                        .stream = mapping->stream,
                        .full = 1};
    visit_pull(visit, &pull, &take->haul);
    if (!reading->unknown && visit_unknown(visit))
        reading->unknown = arena_text(reading->arena, visit_unknown(visit));
    return 0;
}

int reading_make(struct visit *visit, struct reading *reading)
{
    const struct mapping *const *mappings = visit->subject->connection->mappings;
    struct haul *listed = &reading->partitions;
    size_t streams = 0;
    while (mappings && mappings[streams])
        streams++;
    if (visit->subject->description->partitions)
        visit_partitions(visit, listed);
    else if (haul_partition(listed, "main", "main", "") != 0)
        return -ENOMEM;
    if (visit_unknown(visit) && !(reading->unknown = arena_text(reading->arena, visit_unknown(visit))))
        return -ENOMEM;
    reading->takes = mem_new(listed->partition_count * streams + 1, sizeof(*reading->takes));
    if (!reading->takes)
        return -ENOMEM;
    int rc = 0;
    for (size_t p = 0; rc == 0 && haul_well(listed) && p < listed->partition_count; p++)
        for (size_t s = 0; rc == 0 && s < streams; s++) {
            rc = take_make(visit, reading, &listed->partitions[p], mappings[s]);
            if (rc == 0 && reading->takes[reading->count - 1].haul.rc != 0)
                return 0; /* its process is gone */
        }
    return rc;
}

static int reading_live(const struct walk *walk, struct cassette *cassette, struct reading *reading, struct err *err)
{
    struct visit visit;
    int rc = visit_begin(walk->trial, walk->subject, cassette, &visit, err);
    if (rc == 0)
        rc = reading_make(&visit, reading);
    if (rc == 0)
        asking_judge(&visit, reading);
    visit_end(&visit);
    return rc;
}

static int source_judge(const struct walk *walk, struct cassette *cassette, struct reading *reading, struct err *err)
{
    int rc = reading_live(walk, cassette, reading, err);
    if (rc == 0 && cassette_records(cassette))
        rc = cassette_end(cassette, err);
    if (rc != 0)
        return rc;
    reading_judge(walk, reading);
    values_judge(walk, reading);
    rc = asking_again(walk, reading, err);
    if (rc == 0)
        rc = discovering_judge(walk, reading, err);
    return rc ? rc : failing_judge(walk, reading, err);
}

/* Rules before this one are about what a connector says of itself. */
static bool wanted(const struct trial *trial)
{
    for (size_t i = RULE_C18; i < RULE_T1; i++)
        if (trial_wants(trial, (enum rule_number)i))
            return true;
    return false;
}

int walk_judge(const struct walk *walk, struct err *err)
{
    TIDY(cassette_free) struct cassette *cassette = NULL;
    __attribute__((cleanup(reading_done))) struct reading reading = {0};
    const struct mapping *const *mappings = walk->subject->connection->mappings;
    bool reads = walk->subject->description->pull && mappings && mappings[0];
    if (!wanted(walk->trial))
        return 0;
    int rc = reading_new(&reading);
    if (rc == 0)
        rc = tape_live(walk->tape, walk->subject, &cassette, err);
    if (rc == 0 && walk->subject->description->check)
        rc = checking_live(walk, cassette, err);
    if (rc == 0 && reads)
        rc = source_judge(walk, cassette, &reading, err);
    else if (rc == 0 && cassette_records(cassette))
        rc = cassette_end(cassette, err);
    if (rc == 0 && walk->subject->description->check)
        rc = checking_fails(walk, err);
    return rc;
}
