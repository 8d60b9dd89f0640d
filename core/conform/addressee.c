/* addressee - one stream of a target under trial, and whom it is told of. */
#include "conform/addressee.h"

#include "delivery/view.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
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

/* --- somebody --- */

/* Where an address of mail is told apart: before its '@'. */
static const char *numbered(const char *text, size_t nth, struct arena *arena)
{
    size_t len = strcspn(text, "@");
    return arena_format(arena, "%.*s%zu%s", (int)len, text, nth, text + len);
}

static bool is_number(const char *text)
{
    return *text && strspn(text, "0123456789") == strlen(text);
}

/* By what somebody of a stream is told apart: what the connector calls an id; else what is a number. */
static bool tells_apart(const muster_field *declared, const muster_field *field, const char *value)
{
    bool any = false;
    for (const muster_field *one = declared; one->name && !any; one++)
        any = (one->flags & MUSTER_ID) != 0;
    bool plain = field->type == MUSTER_TEXT || field->type == MUSTER_INTEGER;
    return value && plain && (any ? (field->flags & MUSTER_ID) != 0 : is_number(value));
}

/* A value of the nth other one: like that of the first, but for what tells them apart, wherever that stands. NULL: no
 * memory. */
static const char *of_another(const struct addressee *target, const muster_field *field, const char *value, size_t nth)
{
    struct arena *arena = target->walk->subject->arena;
    if (tells_apart(target->declared, field, value) || (field->type == MUSTER_TEXT && strchr(value, '@')))
        return numbered(value, nth, arena);
    for (size_t i = 0; i < target->fields.count; i++) {
        const char *id = target->first.create[i].bytes, *at = id ? strstr(value, id) : NULL;
        if (at && tells_apart(target->declared, &target->declared[i], id))
            return arena_format(arena, "%.*s%s%s", (int)(at - value), value, numbered(id, nth, arena), at + strlen(id));
    }
    return value;
}

/* What a sample says; nth > 0: of another one who is like the first. */
static const char *value_of(const struct addressee *target, const struct sample *sample, const muster_field *field,
                            enum sample_of of, size_t nth)
{
    const char *value = sample_value(sample, field, of);
    return value && nth > 0 ? of_another(target, field, value, nth) : value;
}

static struct lane_cell *cells_new(const struct addressee *target)
{
    return arena_get(target->walk->subject->arena, (target->fields.count + 1) * sizeof(struct lane_cell));
}

static int somebody_make(const struct addressee *target, const struct sample *sample, size_t nth,
                         struct somebody *ret_somebody)
{
    struct somebody one = {cells_new(target),
                           cells_new(target),
                           cells_new(target),
                           cells_new(target),
                           cells_new(target),
                           cells_new(target),
                           false};
    if (!one.create || !one.update || !one.back || !one.had || !one.known || !one.leave)
        return -ENOMEM;
    for (size_t i = 0; i < target->fields.count; i++) {
        const muster_field *field = &target->declared[i];
        const char *first = value_of(target, sample, field, SAMPLE_CREATE, nth),
                   *later = value_of(target, sample, field, SAMPLE_UPDATE, nth),
                   *last = value_of(target, sample, field, SAMPLE_LEAVE, nth);
        const uint32_t when = field->flags & (MUSTER_ON_CREATE | MUSTER_ON_UPDATE | MUSTER_AFTER_LEAVING);
        if (when == 0 || (when & MUSTER_ON_CREATE))
            one.create[i] = addressee_cell(first, true);
        one.had[i] = addressee_cell(field->flags & MUSTER_WRITE_ONLY ? NULL : one.create[i].bytes, false);
        one.known[i] = one.had[i];
        if (when == 0 || (when & MUSTER_ON_UPDATE)) {
            bool changed = later && (!first || strcmp(first, later) != 0);
            one.update[i] = addressee_cell(later, changed);
            one.back[i] = addressee_cell(first, changed);
            one.known[i] = addressee_cell(later, false);
        }
        one.leave[i] = addressee_cell(when & MUSTER_AFTER_LEAVING ? last : NULL, true);
        one.says_more |= one.leave[i].bytes != NULL;
    }
    *ret_somebody = one;
    return 0;
}

int addressee_make(struct addressee *target)
{
    const struct walk *walk = target->walk;
    size_t count = 0;
    while (target->declared[count].name)
        count++;
    const char **names = arena_get(walk->subject->arena, (count + 1) * sizeof(*names));
    uint8_t *types = arena_get(walk->subject->arena, count + 1);
    if (!names || !types)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        names[i] = target->declared[i].name;
        types[i] = (uint8_t)target->declared[i].type;
    }
    target->fields = (struct lane_fields){count, names, types};
    return somebody_make(target, samples_nth(walk->samples, target->name, 0), 0, &target->first);
}

int addressee_other(const struct addressee *target, size_t nth, struct somebody *ret_somebody)
{
    const struct samples *samples = target->walk->samples;
    const struct sample *first = samples_nth(samples, target->name, 0);
    if (samples_nth(samples, target->name, 1)) {
        const struct sample *own = samples_nth(samples, target->name, nth);
        return own ? somebody_make(target, own, 0, ret_somebody) : ERR_GONE;
    }
    bool apart = false;
    for (size_t i = 0; i < target->fields.count; i++)
        apart |= tells_apart(target->declared, &target->declared[i], target->first.create[i].bytes);
    return apart ? somebody_make(target, first, nth, ret_somebody) : ERR_GONE;
}

int addressee_refused(const struct addressee *target, struct somebody *ret_somebody)
{
    const struct sample *refused = samples_refused(target->walk->samples, target->name);
    return refused ? somebody_make(target, refused, 0, ret_somebody) : ERR_GONE;
}

/* --- in what was told --- */

const char *addressee_stands(const char *text, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = text; len > 0 && (at = strstr(at, word)); at++)
        if (!(at > text && isalnum((unsigned char)at[-1])) && !isalnum((unsigned char)at[len]))
            return at;
    return NULL;
}

const char *addressee_word(const struct addressee *target, const struct somebody *people, size_t count, size_t nth)
{
    enum { LEAST = 3 };
    for (size_t f = 0; f < target->fields.count; f++) {
        const char *value = people[nth].create[f].bytes;
        bool own = value && strlen(value) >= LEAST;
        for (size_t i = 0; i < count && own; i++) {
            const char *other = people[i].create[f].bytes;
            own = i == nth || (other && strcmp(other, value) != 0);
        }
        if (own)
            return value;
    }
    return NULL;
}
