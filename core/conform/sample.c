/* sample - whom a target is told of in a trial: a value for each field of its streams, out of a file or made up. */
#include "conform/sample.h"

#include "base/jsonobject.h"
#include "base/tidy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES_MOST = 100, PAIRS_MOST = 200 };

struct pairs {
    struct arena *arena;
    const char **words;
    size_t count;
};

static int pair_read(void *context, const struct jsonobject_member *member)
{
    struct pairs *pairs = context;
    if (member->type == JSONOBJECT_NULL)
        return 0;
    if (pairs->count == PAIRS_MOST)
        return ERR_DATA;
    pairs->words[2 * pairs->count] = arena_text(pairs->arena, member->name);
    pairs->words[2 * pairs->count + 1] = arena_copy(pairs->arena, member->text, member->text_len);
    return pairs->words[2 * pairs->count] && pairs->words[2 * pairs->count++ + 1] ? 0 : -ENOMEM;
}

struct line {
    struct arena *arena;
    struct sample *sample;
};

static int member_read(void *context, const struct jsonobject_member *member)
{
    struct line *line = context;
    const struct {
        const char *name;
        const char *const **to;
    } lists[] = {{"create", &line->sample->create},
                 {"update", &line->sample->update},
                 {"leave", &line->sample->leave},
                 {"refused", &line->sample->create}};
    const char *why;
    size_t at, nth = 0;
    if (strcmp(member->name, "stream") == 0) {
        line->sample->stream = arena_copy(line->arena, member->text, member->text_len);
        return line->sample->stream ? 0 : -ENOMEM;
    }
    while (nth < sizeof(lists) / sizeof(*lists) && strcmp(member->name, lists[nth].name) != 0)
        nth++;
    if (member->type != JSONOBJECT_NESTED || nth == sizeof(lists) / sizeof(*lists))
        return ERR_DATA;
    struct pairs pairs = {line->arena, arena_get(line->arena, (2 * PAIRS_MOST + 1) * sizeof(*pairs.words)), 0};
    if (!pairs.words)
        return -ENOMEM;
    int rc = jsonobject_split(member->text, member->text_len, pair_read, &pairs, &why, &at);
    *lists[nth].to = pairs.words;
    line->sample->refused |= strcmp(member->name, "refused") == 0;
    return rc;
}

int samples_read(const char *path, struct arena *arena, struct samples *ret_samples, struct err *err)
{
    TIDY(fclose) FILE *file = fopen(path, "re");
    TIDY(free) char *text = NULL;
    size_t room = 0, count = 0;
    if (!file)
        return err_set(err, -errno, "%s cannot be read: %s", path, err_text(-errno));
    struct sample *items = arena_get(arena, SAMPLES_MOST * sizeof(*items));
    if (!items)
        return -ENOMEM;
    for (ssize_t len; count < SAMPLES_MOST && (len = getline(&text, &room, file)) > 0;) {
        const char *why;
        size_t at;
        struct line line = {arena, &items[count]};
        if (text[strspn(text, " \t\r\n")] == '\0')
            continue;
        items[count++] = (struct sample){0};
        int rc = jsonobject_split(text, (size_t)len, member_read, &line, &why, &at);
        if (rc == ERR_DATA || (rc == 0 && (!line.sample->stream || !line.sample->create)))
            return err_set(
                err, ERR_CONFIG,
                "%s:%zu: a line is {\"stream\":NAME,\"create\":{…},\"update\":{…}}, or with \"refused\" alone", path,
                count);
        if (rc != 0)
            return rc;
    }
    *ret_samples = (struct samples){items, count};
    return 0;
}

static const struct sample *find(const struct samples *samples, const char *stream, bool refused, size_t nth)
{
    for (size_t i = 0; i < samples->count; i++)
        if (strcmp(samples->items[i].stream, stream) == 0 && samples->items[i].refused == refused && nth-- == 0)
            return &samples->items[i];
    return NULL;
}

const struct sample *samples_nth(const struct samples *samples, const char *stream, size_t nth)
{
    return find(samples, stream, false, nth);
}

const struct sample *samples_refused(const struct samples *samples, const char *stream)
{
    return find(samples, stream, true, 0);
}

static const char *pair_find(const char *const *pairs, const char *name)
{
    for (; pairs && *pairs; pairs += 2)
        if (strcmp(*pairs, name) == 0)
            return pairs[1];
    return NULL;
}

/* Somebody whom nobody has; letters that many a system spoils. */
static const char *made_up(const muster_field *field, bool later)
{
    switch (field->type) {
    case MUSTER_INTEGER: return later ? "90002" : "90001";
    case MUSTER_DECIMAL: return later ? "0.5" : "1.0";
    case MUSTER_BOOL: return "true";
    case MUSTER_DATE: return "2024-02-29";
    case MUSTER_TIME: return "07:30:00";
    case MUSTER_DATETIME: return "2024-02-29T07:30:00Z";
    case MUSTER_JSON: return "{}";
    case MUSTER_REF:
    case MUSTER_LIST: return NULL;
    default:
        return later ? "Zo\xc3\xab"
                       " d'Arc & \"Co\" <2>"
                     : "\xc3\x85"
                       "se \xc3\x87"
                       "elik";
    }
}

const char *sample_value(const struct sample *sample, const muster_field *field, enum sample_of of)
{
    const char *changed = sample && of == SAMPLE_UPDATE ? pair_find(sample->update, field->name) : NULL;
    if (of == SAMPLE_LEAVE)
        return sample ? pair_find(sample->leave, field->name) : NULL;
    if (sample)
        return changed ? changed : pair_find(sample->create, field->name);
    if (field->flags & MUSTER_GENERATED)
        return NULL;
    if (field->flags & MUSTER_ID)
        return field->type == MUSTER_TEXT ? "0090001" : made_up(field, false);
    return made_up(field, of == SAMPLE_UPDATE);
}
