/* compatible - rule C17: what the previous release offered is still there, unless the major version says otherwise. */
#include "conform/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const muster_option *option_find(const muster_option *table, const char *name)
{
    for (; table && table->name; table++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}

static void options_compare(struct trial *trial, const muster_option *before, const muster_option *now,
                            const char *path)
{
    for (const muster_option *old = before; old && old->name; old++) {
        const muster_option *option = option_find(now, old->name);
        char what[300];
        snprintf(what, sizeof(what), "option %s%s", path, old->name);
        if (!option) {
            trial_fault(trial, RULE_C17, what, "is gone");
            continue;
        }
        if (option->type != old->type || ((option->flags ^ old->flags) & (MUSTER_SECRET | MUSTER_PLACE)))
            trial_fault(trial, RULE_C17, what, "is of another type");
        if ((option->flags & MUSTER_REQUIRED) && !(old->flags & MUSTER_REQUIRED))
            trial_fault(trial, RULE_C17, what, "is required now");
        if (old->initial && (!option->initial || strcmp(old->initial, option->initial) != 0))
            trial_fault(trial, RULE_C17, what, "has another initial value: it was '%s'", old->initial);
        char below[300];
        snprintf(below, sizeof(below), "%s%s[].", path, old->name);
        options_compare(trial, old->members, option->members, below);
    }
    for (const muster_option *option = now; option && option->name; option++)
        if ((option->flags & MUSTER_REQUIRED) && !option_find(before, option->name)) {
            char what[300];
            snprintf(what, sizeof(what), "option %s%s", path, option->name);
            trial_fault(trial, RULE_C17, what, "is new and required");
        }
}

static const muster_stream *stream_find(const muster_connector *connector, const char *name)
{
    for (const muster_stream *stream = connector->streams; stream && stream->name; stream++)
        if (strcmp(stream->name, name) == 0)
            return stream;
    return NULL;
}

static const muster_field *field_find(const muster_stream *stream, const char *name)
{
    for (const muster_field *field = stream->fields; field && field->name; field++)
        if (strcmp(field->name, name) == 0)
            return field;
    return NULL;
}

static void fields_compare(struct trial *trial, const muster_stream *before, const muster_stream *now)
{
    for (const muster_field *old = before->fields; old && old->name; old++) {
        const muster_field *field = field_find(now, old->name);
        char what[300];
        snprintf(what, sizeof(what), "field %s.%s", before->name, old->name);
        if (!field)
            trial_fault(trial, RULE_C17, what, "is gone");
        else if (field->type != old->type)
            trial_fault(trial, RULE_C17, what, "is of another type");
        else if ((field->flags ^ old->flags) & MUSTER_ID)
            trial_fault(trial, RULE_C17, what, "identifies now and did not, or the other way round");
        else if ((field->flags & MUSTER_MUST) && !(old->flags & MUSTER_MUST))
            trial_fault(trial, RULE_C17, what, "must be told now");
    }
}

static void streams_compare(struct trial *trial, const muster_connector *before, const muster_connector *now)
{
    for (const muster_stream *old = before->streams; old && old->name; old++) {
        const muster_stream *stream = stream_find(now, old->name);
        char what[300];
        snprintf(what, sizeof(what), "stream %s", old->name);
        if (!stream)
            trial_fault(trial, RULE_C17, what, "is gone");
        else if (old->flags & ~stream->flags)
            trial_fault(trial, RULE_C17, what, "can no longer what it could (flags 0x%x)", old->flags & ~stream->flags);
        else
            fields_compare(trial, old, stream);
    }
}

void compatible_judge(struct trial *trial, const struct subject *subject, const char *previous)
{
    __attribute__((cleanup(subject_done))) struct subject old = {0};
    struct err err = {0};
    int rc = subject_open(previous, &old, &err);
    if (rc == 0)
        rc = subject_describe(&old, &err);
    if (rc != 0) {
        trial_unseen(trial, RULE_C17, "%s does not load: %s", previous, err.rc ? err.text : err_text(rc));
        return;
    }
    trial_looked(trial, RULE_C17);
    const muster_connector *now = subject->description;
    if (strtoul(now->version, NULL, 10) > strtoul(old.description->version, NULL, 10))
        return;
    options_compare(trial, old.description->options, now->options, "");
    streams_compare(trial, old.description, now);
}
