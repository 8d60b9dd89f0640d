/* streams - rules about the streams of a connector and their fields. */
#include "conform/judge.h"

#include "model/model.h"

#include <stdio.h>
#include <string.h>

enum {
    STREAM_FLAGS = MUSTER_READ_FULL | MUSTER_READ_CHANGES | MUSTER_WRITE | MUSTER_SNAPSHOT | MUSTER_REPEAT_SAFE |
                   MUSTER_DYNAMIC | MUSTER_KEYLESS | MUSTER_CLOSED,
    FIELD_FLAGS = MUSTER_ID | MUSTER_ON_CREATE | MUSTER_ON_UPDATE | MUSTER_AFTER_LEAVING | MUSTER_MUST |
                  MUSTER_WRITE_ONLY | MUSTER_GENERATED | MUSTER_ORDER | MUSTER_FINAL,
    READS = MUSTER_READ_FULL | MUSTER_READ_CHANGES
};

static bool stream_is(const muster_connector *connector, const char *name)
{
    for (const muster_stream *stream = connector->streams; stream && stream->name; stream++)
        if (strcmp(stream->name, name) == 0)
            return true;
    return false;
}

static void field_flags(struct trial *trial, const muster_stream *stream, const muster_field *field, const char *what)
{
    if (field->type < MUSTER_TEXT || field->type > MUSTER_REF)
        trial_fault(trial, RULE_C8, what, "its type %d is none", (int)field->type);
    else if (field->type >= MUSTER_SECONDS && field->type <= MUSTER_CHOICE)
        trial_fault(trial, RULE_C8, what, "its type is one that only options have");
    if (field->flags & ~(uint32_t)FIELD_FLAGS)
        trial_fault(trial, RULE_C8, what, "has flags 0x%x that no field has", field->flags & ~(uint32_t)FIELD_FLAGS);
    if ((field->flags & MUSTER_GENERATED) && !(field->flags & MUSTER_ON_CREATE))
        trial_fault(trial, RULE_C8, what, "is MUSTER_GENERATED without MUSTER_ON_CREATE: that is when it is made");
    if ((field->flags & (MUSTER_ON_CREATE | MUSTER_ON_UPDATE | MUSTER_WRITE_ONLY)) && !(stream->flags & MUSTER_WRITE))
        trial_fault(trial, RULE_C8, what, "may be set, and its stream is not written");
}

static void fields_judge(struct trial *trial, const muster_connector *connector, const muster_stream *stream)
{
    bool identified = false;
    for (const muster_field *field = stream->fields; field && field->name; field++) {
        char what[300];
        snprintf(what, sizeof(what), "field %s.%s", stream->name, field->name);
        sentence_judge(trial, what, field->doc);
        if (*field->name == '\0' || strpbrk(field->name, " \t\r\n\"'"))
            trial_fault(trial, RULE_C5, what, "its name is empty, or has blanks or quotes in it");
        for (const muster_field *other = stream->fields; other != field; other++)
            if (strcmp(other->name, field->name) == 0)
                trial_fault(trial, RULE_C5, what, "is there twice");
        field_flags(trial, stream, field, what);
        identified |= (field->flags & MUSTER_ID) != 0;
        if (field->type != MUSTER_REF)
            continue;
        trial_looked(trial, RULE_C10);
        if (!field->to || !stream_is(connector, field->to))
            trial_fault(trial, RULE_C10, what, "refers to '%s', and there is no such stream",
                        field->to ? field->to : "");
    }
    if (!stream->fields || stream->set || (connector->receive && !connector->pull))
        return;
    trial_looked(trial, RULE_C11);
    if (!identified)
        trial_fault(trial, RULE_C11, stream->name, "none of its fields is MUSTER_ID");
}

/* "person employment" */
static void kinds_judge(struct trial *trial, const muster_stream *stream, const char *what)
{
    for (const char *at = stream->kinds ? stream->kinds : ""; *(at += strspn(at, " ")); at += strcspn(at, " ")) {
        char name[64];
        snprintf(name, sizeof(name), "%.*s", (int)strcspn(at, " "), at);
        if (kind_by_name(name) == KIND_NONE)
            trial_fault(trial, RULE_C8, what, "its .kinds has '%s', which is no kind: `muster fields` lists them",
                        name);
    }
}

static void flags_judge(struct trial *trial, const muster_stream *stream, const char *what)
{
    uint32_t flags = stream->flags;
    if (flags & ~(uint32_t)STREAM_FLAGS)
        trial_fault(trial, RULE_C8, what, "has flags 0x%x that no stream has", flags & ~(uint32_t)STREAM_FLAGS);
    if (stream->gone > MUSTER_NEVER)
        trial_fault(trial, RULE_C8, what, "its .gone is %u, which is none", stream->gone);
    if (stream->gone == 0 && (flags & READS))
        trial_fault(trial, RULE_C8, what, "is read, and its .gone does not say how one learns that something is gone");
    if (stream->gone == MUSTER_BY_EVENT && stream->mapping_in &&
        (strncmp(stream->mapping_in, "key:", 4) == 0 || strstr(stream->mapping_in, "\nkey:")))
        trial_fault(
            trial, RULE_C8, what,
            "is MUSTER_BY_EVENT, and its mapping has `key`: gone() names the ids that record() was given, so leave "
            "`key` out");
    if ((flags & MUSTER_SNAPSHOT) && !(flags & MUSTER_WRITE))
        trial_fault(trial, RULE_C8, what, "is MUSTER_SNAPSHOT and not written");
    if (stream->gone == MUSTER_BY_ABSENCE && (flags & READS) && !(flags & MUSTER_READ_FULL))
        trial_fault(trial, RULE_C8, what, "learns of leavers by absence and is never read in full");
    if (stream->set && !(flags & MUSTER_REPEAT_SAFE))
        trial_fault(trial, RULE_C8, what, "is written in sets, which replace what was there: it is MUSTER_REPEAT_SAFE");
}

static void roles_judge(struct trial *trial, const muster_connector *connector, const muster_stream *stream,
                        const char *what)
{
    if (!(stream->flags & (READS | MUSTER_WRITE)) && !connector->receive && !connector->lookups)
        trial_fault(trial, RULE_C9, what, "is neither read nor written");
    if ((stream->flags & READS) && !connector->pull && !connector->receive)
        trial_fault(trial, RULE_C9, what, "is read, and there is no pull()");
    if ((stream->flags & MUSTER_WRITE) && !connector->apply)
        trial_fault(trial, RULE_C9, what, "is written, and there is no apply()");
}

static void verbs_judge(struct trial *trial, const char *kind, const muster_verb *verbs, bool function)
{
    bool named = verbs && verbs->name;
    if (named || function)
        trial_looked(trial, RULE_C9);
    if (named && !function)
        trial_fault(trial, RULE_C9, "", "there is a table of %ss, and no %s()", kind, kind);
    if (!named && function)
        trial_fault(trial, RULE_C9, "", "there is %s(), and no table says what it can be asked", kind);
}

void streams_judge(struct trial *trial, const muster_connector *connector)
{
    bool read = false, written = false;
    verbs_judge(trial, "lookup", connector->lookups, connector->lookup != NULL);
    verbs_judge(trial, "action", connector->actions, connector->action != NULL);
    for (const muster_stream *stream = connector->streams; stream && stream->name; stream++) {
        char what[300];
        snprintf(what, sizeof(what), "stream %s", stream->name);
        trial_looked(trial, RULE_C9);
        if (*stream->name && strpbrk(stream->name, " \t\r\n\"'"))
            trial_fault(trial, RULE_C5, what, "its name has blanks or quotes in it");
        sentence_judge(trial, what, stream->doc);
        flags_judge(trial, stream, what);
        kinds_judge(trial, stream, what);
        roles_judge(trial, connector, stream, what);
        fields_judge(trial, connector, stream);
        read |= (stream->flags & READS) != 0;
        written |= (stream->flags & MUSTER_WRITE) != 0;
    }
    if (connector->pull && !read)
        trial_fault(trial, RULE_C9, "", "there is pull(), and no stream is read");
    if (connector->apply && !written)
        trial_fault(trial, RULE_C9, "", "there is apply(), and no stream is written");
}
