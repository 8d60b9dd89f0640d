/* unheard - fields that a target maps and that stay empty. */
#include "cli/unheard.h"

#include "config/target.h"
#include "logic/merge.h"

#include <stdio.h>
#include <string.h>

static bool connection_says(const struct connection *connection, enum kind kind, const struct field *field)
{
    for (const struct mapping *const *at = connection->mappings; at && *at; at++)
        for (size_t s = 0; s < (*at)->section_count; s++)
            for (size_t r = 0; (*at)->sections[s].kind == kind && r < (*at)->sections[s].rule_count; r++)
                if ((*at)->sections[s].rules[r].field->number == field->number)
                    return true;
    return false;
}

/* The first who says it when nobody does whose word counts; NULL: somebody's counts, or nobody says it. */
static const struct connection *says_in_vain(const struct organization *organization, enum kind kind,
                                             const struct field *field)
{
    const struct connection *vain = NULL;
    for (size_t i = 0; i < organization->connection_count; i++) {
        const struct connection *connection = &organization->connections[i];
        if (!connection_says(connection, kind, field))
            continue;
        if (merge_rank(organization, kind, field, connection) >= 0)
            return NULL;
        vain = vain ? vain : connection;
    }
    return vain;
}

static bool told_before(const struct target_map *map, size_t nth)
{
    for (size_t p = 0; p < nth; p++)
        if (map->paths[p].step_count == 0 && map->paths[p].field == map->paths[nth].field)
            return true;
    return false;
}

static void stream_tell(struct context *context, const struct organization *organization,
                        const struct connection *target, const struct target_stream *stream)
{
    for (size_t p = 0; p < stream->map.path_count; p++) {
        const struct path *path = &stream->map.paths[p];
        if (path->step_count > 0 || !path->field || path->kind != stream->of || told_before(&stream->map, p))
            continue;
        if (path->kind == KIND_person && path->field->number == FIELD_person_status)
            continue; /* worked out where nobody says it */
        const struct connection *vain = says_in_vain(organization, path->kind, path->field);
        const struct authority *authority = merge_authority(organization, path->kind, path->field);
        if (!vain || !authority || !authority->node)
            continue;
        context_warn(context, organization, authority->node,
                     "%s.%s stays empty, and stream '%s' of target '%s' has it in its map: '%s' says it, and its word "
                     "does not count here",
                     kind_name(path->kind), path->field->name, stream->name, target->name, vain->name);
    }
}

void unheard_tell(struct context *context, const struct organization *organization)
{
    for (size_t i = 0; i < organization->connection_count; i++) {
        const struct connection *target = &organization->connections[i];
        for (size_t s = 0; target->target && s < target->target->stream_count; s++)
            stream_tell(context, organization, target, &target->target->streams[s]);
    }
}
