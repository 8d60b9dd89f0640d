/* haul - all that one call of the connector gave, kept to be looked at. */
#include "conform/haul.h"

#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int haul_new(struct haul *ret_haul)
{
    *ret_haul = (struct haul){.arena = arena_new()};
    return ret_haul->arena ? 0 : -ENOMEM;
}

void haul_done(struct haul *haul)
{
    free(haul->records);
    free(haul->columns);
    free(haul->partitions);
    free(haul->told);
    free(haul->gone);
    buffer_done(&haul->said);
    arena_free(haul->arena);
}

static int columns_take(struct haul *haul, const struct lane_stream *stream)
{
    int rc = 0;
    while (rc == 0 && haul->column_count < stream->count) {
        rc = mem_grow(&haul->columns, haul->column_count, &haul->column_room, sizeof(*haul->columns));
        const char *name = rc == 0 ? arena_text(haul->arena, stream->names[haul->column_count]) : NULL;
        if (name)
            haul->columns[haul->column_count++] = name;
        else
            rc = -ENOMEM;
    }
    return rc;
}

int haul_record(struct haul *haul, const struct lane_record *record)
{
    if (columns_take(haul, record->stream) != 0)
        return -ENOMEM;
    haul->emitted++;
    if (haul->count >= HAUL_MOST)
        return 0;
    struct haul_value *values = arena_get(haul->arena, (record->count + 1) * sizeof(*values));
    int rc = mem_grow(&haul->records, haul->count, &haul->room, sizeof(*haul->records));
    if (rc != 0 || !values)
        return -ENOMEM;
    for (size_t i = 0; i < record->count; i++) {
        const struct lane_value *value = &record->values[i];
        bool text = value->presence == PRESENCE_VALUE;
        values[i] = (struct haul_value){arena_text(haul->arena, record->stream->names[value->column]),
                                        text ? arena_copy(haul->arena, value->bytes, value->len) : NULL, value->type,
                                        value->presence};
        if (!values[i].name || (text && !values[i].text))
            return -ENOMEM;
    }
    struct haul_record *kept = &haul->records[haul->count++];
    *kept = (struct haul_record){arena_text(haul->arena, record->stream->name),
                                 record->source_id ? arena_text(haul->arena, record->source_id) : NULL,
                                 arena_text(haul->arena, record->place ? record->place : ""), record->count, values};
    return kept->stream && kept->place ? 0 : -ENOMEM;
}

int haul_partition(struct haul *haul, const char *id, const char *label, const char *locator)
{
    if (mem_grow(&haul->partitions, haul->partition_count, &haul->partition_room, sizeof(*haul->partitions)) != 0)
        return -ENOMEM;
    struct haul_partition *partition = &haul->partitions[haul->partition_count++];
    *partition = (struct haul_partition){arena_text(haul->arena, id), arena_text(haul->arena, label ? label : id),
                                         arena_text(haul->arena, locator ? locator : "")};
    return partition->id && partition->label && partition->locator ? 0 : -ENOMEM;
}

int haul_gone(struct haul *haul, const char *id)
{
    if (mem_grow(&haul->gone, haul->gone_count, &haul->gone_room, sizeof(*haul->gone)) != 0)
        return -ENOMEM;
    haul->gone[haul->gone_count] = arena_text(haul->arena, id);
    return haul->gone[haul->gone_count++] ? 0 : -ENOMEM;
}

int haul_tell(struct haul *haul, const char *stream, const char *field, int type)
{
    if (mem_grow(&haul->told, haul->told_count, &haul->told_room, sizeof(*haul->told)) != 0)
        return -ENOMEM;
    struct haul_told told = {arena_text(haul->arena, stream), field ? arena_text(haul->arena, field) : NULL, type};
    haul->told[haul->told_count++] = told;
    return told.stream && (told.field || !field) ? 0 : -ENOMEM;
}

const struct haul_told *haul_told(const struct haul *haul, const char *stream, const char *field)
{
    for (size_t i = 0; i < haul->told_count; i++) {
        const struct haul_told *told = &haul->told[i];
        if (strcmp(told->stream, stream) == 0 &&
            (!field || (told->field && text_same(told->field, strlen(told->field), field, strlen(field)))))
            return told;
    }
    return NULL;
}

void haul_say(struct haul *haul, const char *text)
{
    if (text && *text) {
        buffer_text(&haul->said, text);
        buffer_byte(&haul->said, '\n');
    }
}

const struct haul_value *haul_value(const struct haul *haul, size_t nth, const char *name)
{
    const struct haul_record *record = &haul->records[nth];
    for (size_t i = 0; i < record->count; i++)
        if (strcmp(record->values[i].name, name) == 0)
            return &record->values[i];
    return NULL;
}

const char *haul_values(const struct haul *haul, size_t nth, const char *const *names, struct arena *arena)
{
    const char *all = "";
    for (; names && *names && all; names++) {
        const struct haul_value *value = haul_value(haul, nth, *names);
        if (value && value->text)
            all = arena_format(arena, "%s%s%s", all, *all ? " " : "", value->text);
    }
    return all;
}

const char *haul_id(const struct haul *haul, size_t nth, const char *const *keys, struct arena *arena)
{
    const struct haul_record *record = &haul->records[nth];
    return record->id ? record->id : haul_values(haul, nth, keys, arena);
}

bool haul_well(const struct haul *haul)
{
    return haul->rc == 0 && haul->result.rc >= 0;
}

bool haul_complete(const struct haul *haul)
{
    return haul_well(haul) && haul->result.claim == CLAIM_COMPLETE &&
           haul->result.count == haul->emitted + haul->rejected;
}

static bool record_same(const struct haul_record *a, const struct haul_record *b)
{
    if (a->count != b->count || strcmp(a->stream, b->stream) != 0 ||
        strcmp(a->id ? a->id : "", b->id ? b->id : "") != 0)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct haul_value *one = &a->values[i], *other = &b->values[i];
        if (strcmp(one->name, other->name) != 0 || one->type != other->type || one->presence != other->presence ||
            strcmp(one->text ? one->text : "", other->text ? other->text : "") != 0)
            return false;
    }
    return true;
}

size_t haul_differs(const struct haul *a, const struct haul *b)
{
    size_t i = 0;
    while (i < a->count && i < b->count && record_same(&a->records[i], &b->records[i]))
        i++;
    return i == a->count && i == b->count && a->emitted == b->emitted ? SIZE_MAX : i;
}

size_t haul_told_differs(const struct haul *a, const struct haul *b)
{
    size_t i = 0;
    for (; i < a->told_count && i < b->told_count; i++) {
        const struct haul_told *one = &a->told[i], *other = &b->told[i];
        if (strcmp(one->stream, other->stream) != 0 || one->type != other->type ||
            strcmp(one->field ? one->field : "", other->field ? other->field : "") != 0)
            return i;
    }
    return a->told_count == b->told_count ? SIZE_MAX : i;
}

const char *haul_type(int type)
{
    static const char *const names[] = {"none",           "MUSTER_TEXT",  "MUSTER_INTEGER", "MUSTER_DECIMAL",
                                        "MUSTER_BOOL",    "MUSTER_DATE",  "MUSTER_TIME",    "MUSTER_DATETIME",
                                        "MUSTER_SECONDS", "MUSTER_BYTES", "MUSTER_URL",     "MUSTER_HOSTS",
                                        "MUSTER_CHOICE",  "MUSTER_JSON",  "MUSTER_LIST",    "MUSTER_REF"};
    return type > 0 && type < (int)(sizeof(names) / sizeof(names[0])) ? names[type] : names[0];
}

const char *haul_code(muster_rc rc)
{
    static const char *const names[] = {
        "MUSTER_OK",       "MUSTER_RETRY", "MUSTER_AUTH",        "MUSTER_PERMISSION", "MUSTER_CONFIG", "MUSTER_DATA",
        "MUSTER_CONFLICT", "MUSTER_GONE",  "MUSTER_UNSUPPORTED", "MUSTER_CANCELLED",  "MUSTER_FAIL"};
    return rc > 0 ? "MUSTER_SAME" : -rc < (int)(sizeof(names) / sizeof(names[0])) ? names[-rc] : "no code of ours";
}
