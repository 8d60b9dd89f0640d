/* addressee - one stream of a target under trial, and whom it is told of. */
#include "conform/addressee.h"

#include "delivery/view.h"

#include <errno.h>
#include <string.h>

struct lane_cell addressee_cell(const char *text, bool changed)
{
    return text ? (struct lane_cell){PRESENCE_VALUE, changed, (uint32_t)strlen(text), text} : (struct lane_cell){0};
}

const muster_field *addressee_fields(const struct target_stream *mapped, const muster_stream *stream,
                                     struct arena *arena)
{
    if (stream->fields || !mapped)
        return stream->fields;
    muster_field *fields = arena_get(arena, (mapped->map.rule_count + 1) * sizeof(*fields));
    for (size_t i = 0; fields && i < mapped->map.rule_count; i++)
        fields[i] = (muster_field){.name = mapped->map.fields[i].name, .type = view_type(mapped->map.fields[i].type)};
    return fields;
}

int addressee_make(struct addressee *target)
{
    const muster_field *declared = target->declared;
    const struct sample *sample = samples_find(target->walk->samples, target->name);
    struct arena *arena = target->walk->subject->arena;
    size_t count = 0;
    while (declared[count].name)
        count++;
    const char **names = arena_get(arena, (count + 1) * sizeof(*names));
    uint8_t *types = arena_get(arena, count + 1);
    target->create = arena_get(arena, (count + 1) * sizeof(*target->create));
    target->update = arena_get(arena, (count + 1) * sizeof(*target->update));
    target->known = arena_get(arena, (count + 1) * sizeof(*target->known));
    target->leave = arena_get(arena, (count + 1) * sizeof(*target->leave));
    if (!names || !types || !target->create || !target->update || !target->known || !target->leave)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        const muster_field *field = &declared[i];
        const char *first = sample_value(sample, field, SAMPLE_CREATE),
                   *later = sample_value(sample, field, SAMPLE_UPDATE),
                   *last = sample_value(sample, field, SAMPLE_LEAVE);
        const uint32_t when = field->flags & (MUSTER_ON_CREATE | MUSTER_ON_UPDATE | MUSTER_AFTER_LEAVING);
        names[i] = field->name;
        types[i] = (uint8_t)field->type;
        if (when == 0 || (when & MUSTER_ON_CREATE))
            target->create[i] = addressee_cell(first, true);
        target->known[i] = addressee_cell(field->flags & MUSTER_WRITE_ONLY ? NULL : target->create[i].bytes, false);
        if (when == 0 || (when & MUSTER_ON_UPDATE)) {
            target->update[i] = addressee_cell(later, later && (!first || strcmp(first, later) != 0));
            target->known[i] = addressee_cell(later, false);
        }
        target->leave[i] = addressee_cell(when & MUSTER_AFTER_LEAVING ? last : NULL, true);
        target->says_more |= target->leave[i].bytes != NULL;
    }
    target->fields = (struct lane_fields){count, names, types};
    return 0;
}
