/* reading - rules about a good reading: partitions, claims, ids, fields. */
#include "conform/walk.h"

#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void partitions_judge(const struct walk *walk, const struct reading *reading)
{
    const struct haul *listed = &reading->partitions;
    if (!walk->subject->description->partitions)
        return;
    trial_looked(walk->trial, RULE_S1);
    if (!haul_well(listed)) {
        trial_fault(walk->trial, RULE_S1, "", "partitions() ended as %s: %s", haul_code(listed->result.rc),
                    listed->rc ? listed->err.text : listed->result.text);
        return;
    }
    if (listed->partition_count == 0)
        trial_fault(walk->trial, RULE_S1, "", "there is no partition");
    if (listed->result.claim != CLAIM_COMPLETE || listed->result.count != listed->partition_count)
        trial_fault(walk->trial, RULE_S1, "", "partitions() does not end with complete() of all it named");
    for (size_t i = 0; i < listed->partition_count; i++) {
        if (*listed->partitions[i].id == '\0')
            trial_fault(walk->trial, RULE_S1, "", "a partition has an empty id");
        for (size_t k = 0; k < i; k++)
            if (strcmp(listed->partitions[i].id, listed->partitions[k].id) == 0)
                trial_fault(walk->trial, RULE_S1, listed->partitions[i].id, "is named twice");
    }
}

static void claim_judge(const struct walk *walk, const struct take *take)
{
    const struct haul *haul = &take->haul;
    trial_looked(walk->trial, RULE_S3);
    if (haul->rc == 0 && !haul_well(haul))
        trial_fault(walk->trial, RULE_S3, take->stream, "ended as %s: %s", haul_code(haul->result.rc),
                    haul->result.text);
    else if (haul_well(haul) && haul->result.claim == CLAIM_NONE && haul->result.rc != MUSTER_SAME)
        trial_fault(walk->trial, RULE_S3, take->stream, "ended without a claim");
    else if (haul_well(haul) && haul->result.claim == CLAIM_CHANGES && take->declared &&
             (take->declared->flags & MUSTER_READ_FULL))
        trial_fault(walk->trial, RULE_S3, take->stream,
                    "everything was asked for, and it claims changes(): nobody could ever be missing");
    else if (haul_well(haul) && haul->result.claim == CLAIM_COMPLETE && !haul_complete(haul))
        trial_fault(walk->trial, RULE_S3, take->stream, "claims %lu records; %lu were emitted and %lu rejected",
                    (unsigned long)haul->result.count, (unsigned long)haul->emitted, (unsigned long)haul->rejected);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Rows of which several make one record are told apart by what their parts are known by. */
static void ids_judge(const struct walk *walk, const struct take *take, struct arena *arena)
{
    const struct haul *haul = &take->haul;
    TIDY(free) const char **ids = mem_new(haul->count + 1, sizeof(*ids));
    if (haul->count > 0)
        trial_looked(walk->trial, RULE_S4);
    for (size_t i = 0; ids && i < haul->count; i++) {
        ids[i] = haul_id(haul, i, take->keys, arena);
        const char *part = haul_values(haul, i, take->parts, arena);
        if (ids[i] && *ids[i] && part && *part)
            ids[i] = arena_format(arena, "%s %s", ids[i], part);
        if (!ids[i])
            ids[i] = "";
        if (*ids[i] == '\0')
            trial_fault(walk->trial, RULE_S4, take->stream, "the record at '%s' has no id", haul->records[i].place);
    }
    if (!ids)
        return;
    qsort(ids, haul->count, sizeof(*ids), by_text);
    for (size_t i = 1; i < haul->count; i++)
        if (*ids[i] && strcmp(ids[i], ids[i - 1]) == 0)
            trial_fault(walk->trial, RULE_S4, take->stream, "two records have the id '%s'", ids[i]);
}

static bool declares(const muster_stream *stream, const char *name)
{
    for (const muster_field *field = stream->fields; field && field->name; field++)
        if (strcmp(field->name, name) == 0)
            return true;
    return false;
}

static void fields_judge(const struct walk *walk, const struct take *take)
{
    if (!take->declared || !take->declared->fields || take->haul.count == 0)
        return;
    trial_looked(walk->trial, RULE_S6);
    for (size_t i = 0; i < take->haul.count; i++)
        for (size_t v = 0; v < take->haul.records[i].count; v++) {
            const char *name = take->haul.records[i].values[v].name;
            char what[300];
            snprintf(what, sizeof(what), "field %s.%s", take->stream, name);
            if (!declares(take->declared, name))
                trial_fault(walk->trial, RULE_S6, what, "comes, and is not declared");
        }
}

static bool field_seen(const struct reading *reading, const char *stream, const char *name)
{
    for (size_t t = 0; t < reading->count; t++) {
        const struct haul *haul = &reading->takes[t].haul;
        for (size_t i = 0; strcmp(reading->takes[t].stream, stream) == 0 && i < haul->count; i++)
            for (size_t v = 0; v < haul->records[i].count; v++)
                if (haul->records[i].values[v].text && strcmp(haul->records[i].values[v].name, name) == 0)
                    return true;
    }
    return false;
}

static bool column_comes(const struct reading *reading, const char *stream, const char *column)
{
    for (size_t t = 0; t < reading->count; t++)
        for (size_t i = 0; strcmp(reading->takes[t].stream, stream) == 0 && i < reading->takes[t].haul.column_count;
             i++) {
            const char *name = reading->takes[t].haul.columns[i];
            if (text_same(name, strlen(name), column, strlen(column)))
                return true;
        }
    return false;
}

/* What the mapping asks for, but for what may stand in the items of a list; fields that are declared are told by S7. */
static void columns_judge(const struct walk *walk, const struct reading *reading, const struct take *take)
{
    const struct mapping *mapping = take->mapping;
    if (!haul_complete(&take->haul) || take->haul.count == 0)
        return;
    trial_looked(walk->trial, RULE_S20);
    for (size_t i = 0; i < mapping->column_count; i++) {
        const char *column = mapping->columns[i];
        char what[300];
        snprintf(what, sizeof(what), "column %s.%s", take->stream, column);
        bool declared = take->declared && declares(take->declared, column);
        if (mapping->beside[i] == COLUMN_OF_ROW && !declared && !column_comes(reading, take->stream, column))
            trial_fault(walk->trial, RULE_S20, what, "the mapping names it, and no record has it");
    }
}

static uint64_t stream_count(const struct reading *reading, const char *stream, bool *ret_read)
{
    uint64_t count = 0;
    *ret_read = false;
    for (size_t t = 0; t < reading->count; t++)
        if (strcmp(reading->takes[t].stream, stream) == 0) {
            *ret_read = true;
            count += reading->takes[t].haul.emitted;
        }
    return count;
}

/* "; 4 were rejected, the first one because it has no id" */
static const char *rejected(const struct reading *reading, const char *stream)
{
    uint64_t count = 0;
    const char *why = NULL;
    for (size_t t = 0; t < reading->count; t++)
        if (strcmp(reading->takes[t].stream, stream) == 0) {
            count += reading->takes[t].haul.rejected;
            why = why ? why : reading->takes[t].haul.why;
        }
    const char *text =
        arena_format(reading->arena, "; %lu were rejected, the first one: %s", (unsigned long)count, why ? why : "");
    return count > 0 && text ? text : "";
}

static void streams_judge_read(const struct walk *walk, const struct reading *reading)
{
    const muster_stream *stream = walk->subject->description->streams;
    for (; stream && stream->name; stream++) {
        bool read;
        char what[300];
        if (!(stream->flags & (MUSTER_READ_FULL | MUSTER_READ_CHANGES)) || (stream->flags & MUSTER_DYNAMIC))
            continue;
        uint64_t count = stream_count(reading, stream->name, &read);
        if (!read)
            trial_unseen(walk->trial, RULE_S2, "stream %s is not read by this configuration", stream->name);
        else
            trial_looked(walk->trial, RULE_S2);
        if (read && count == 0)
            trial_fault(walk->trial, RULE_S2, stream->name, "gave no record%s", rejected(reading, stream->name));
        for (const muster_field *field = stream->fields; count > 0 && field && field->name; field++) {
            snprintf(what, sizeof(what), "field %s.%s", stream->name, field->name);
            trial_looked(walk->trial, RULE_S7);
            if (!(field->flags & (MUSTER_WRITE_ONLY | MUSTER_GENERATED)) &&
                !field_seen(reading, stream->name, field->name))
                trial_fault(walk->trial, RULE_S7, what, "came with no value in %lu records", (unsigned long)count);
        }
    }
}

/* As words of their own, not within longer ones. */
static bool says(const char *said, const char *text)
{
    size_t len = strlen(text);
    for (const char *at = said; (at = strstr(at, text)); at++)
        if (!(at > said && isalnum((unsigned char)at[-1])) && !isalnum((unsigned char)at[len]))
            return true;
    return false;
}

/* A value that belongs to one record only, and is long enough to be nobody else's word. */
static bool personal(const struct take *take, size_t record, const struct haul_value *value)
{
    if (!value->text || strlen(value->text) < 5 || value->type != MUSTER_TEXT || take->haul.count < 2 ||
        (take->haul.records[record].id && strcmp(take->haul.records[record].id, value->text) == 0))
        return false;
    const char *const *const keys[] = {take->keys, take->parts};
    for (size_t i = 0; i < 2; i++)
        for (const char *const *key = keys[i]; key && *key; key++)
            if (strcmp(*key, value->name) == 0)
                return false;
    for (size_t i = 0; i < take->haul.count; i++)
        for (size_t v = 0; i != record && v < take->haul.records[i].count; v++)
            if (take->haul.records[i].values[v].text && strcmp(take->haul.records[i].values[v].text, value->text) == 0)
                return false;
    return true;
}

void quiet_judge(struct trial *trial, const struct reading *good, const struct haul *haul, const char *call)
{
    enum { RECORDS_MOST = 20 };
    const char *said = haul->said.data;
    trial_looked(trial, RULE_C22);
    for (size_t t = 0; said && t < good->count; t++)
        for (size_t i = 0; i < good->takes[t].haul.count && i < RECORDS_MOST; i++)
            for (size_t v = 0; v < good->takes[t].haul.records[i].count; v++) {
                const struct haul_value *value = &good->takes[t].haul.records[i].values[v];
                if (value->text && says(said, value->text) && personal(&good->takes[t], i, value))
                    trial_fault(trial, RULE_C22, call, "it says what field '%s' of a record holds", value->name);
            }
}

void reading_judge(const struct walk *walk, const struct reading *reading)
{
    partitions_judge(walk, reading);
    if (reading->unknown) {
        trial_fault(walk->trial, RULE_S3, "", "%s", reading->unknown);
        return;
    }
    for (size_t i = 0; i < reading->count; i++) {
        const struct take *take = &reading->takes[i];
        claim_judge(walk, take);
        ids_judge(walk, take, reading->arena);
        fields_judge(walk, take);
        columns_judge(walk, reading, take);
        quiet_judge(walk->trial, reading, &take->haul, "pull");
    }
    streams_judge_read(walk, reading);
}
