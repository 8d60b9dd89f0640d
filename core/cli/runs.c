/* runs - the reports of runs that the store keeps, read back. */
#include "cli/runs.h"

#include "base/date.h"
#include "base/jsonobject.h"
#include "base/jsontext.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

struct taking {
    struct query *query;
    struct run_line *line;
};

#define NUMBER(name)                                                                                                   \
    {                                                                                                                  \
#name, offsetof(struct run_line, name)                                                                         \
    }
#define TOLD(name)                                                                                                     \
    {                                                                                                                  \
#name, offsetof(struct run_told, name)                                                                         \
    }
#define TEXT(name)                                                                                                     \
    {                                                                                                                  \
#name, offsetof(struct run_line, name)                                                                         \
    }

static void take_number(struct run_line *line, const struct jsonobject_member *member)
{
    static const struct {
        const char *name;
        size_t at;
    } numbers[] = {NUMBER(read),        NUMBER(created),      NUMBER(updated), NUMBER(unchanged),
                   NUMBER(deactivated), NUMBER(reactivated),  NUMBER(missing), NUMBER(population),
                   NUMBER(held),        NUMBER(dead_letters), NUMBER(reviews), NUMBER(drift)};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (strcmp(numbers[i].name, member->name) == 0)
            *(uint64_t *)(void *)((char *)line + numbers[i].at) = strtoull(member->text, NULL, 10);
    if (strcmp(member->name, "run") == 0)
        line->run = (uint32_t)strtoul(member->text, NULL, 10);
    if (strcmp(member->name, "allowed_held") == 0)
        line->allowed_held = (uint32_t)strtoul(member->text, NULL, 10);
    if (strcmp(member->name, "seconds") == 0)
        line->seconds = strtod(member->text, NULL);
}

static int take_told(void *context, const struct jsonobject_member *member)
{
    struct run_line *line = context;
    static const struct {
        const char *name;
        size_t at;
    } numbers[] = {TOLD(created), TOLD(updated), TOLD(deactivated), TOLD(reactivated), TOLD(adopted), TOLD(failed),
                   TOLD(unknown), TOLD(held),    TOLD(manual),      TOLD(drifted),     TOLD(heard),   TOLD(people)};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (member->type == JSONOBJECT_NUMBER && strcmp(numbers[i].name, member->name) == 0) {
            uint64_t number = strtoull(member->text, NULL, 10);
            *(uint64_t *)(void *)((char *)&line->told + numbers[i].at) = number;
            line->push |= number > 0;
        }
    return 0;
}

static int take(void *context, const struct jsonobject_member *member)
{
    struct taking *taking = context;
    static const struct {
        const char *name;
        size_t at;
    } texts[] = {TEXT(connection), TEXT(outcome), TEXT(partitions), TEXT(reason), TEXT(flagged_place), TEXT(files),
                 TEXT(not_taken),  TEXT(columns), TEXT(readings),   TEXT(verb),   TEXT(author)};
    char *text = arena_copy(taking->query->arena, member->text, member->text_len);
    if (!text)
        return taking->query->txn.rc = -ENOMEM;
    struct jsonobject_member ended = *member;
    ended.text = text;
    if (member->type == JSONOBJECT_NUMBER)
        take_number(taking->line, &ended);
    if (member->type != JSONOBJECT_STRING && member->type != JSONOBJECT_NESTED)
        return 0;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (strcmp(texts[i].name, member->name) == 0)
            *(const char **)(void *)((char *)taking->line + texts[i].at) = text;
    if (strcmp(member->name, "pushed") == 0) {
        const char *why;
        size_t at;
        return jsonobject_split(text, member->text_len, take_told, taking->line, &why, &at);
    }
    if (strcmp(member->name, "started") == 0)
        instant_read(text, member->text_len, &taking->line->started_ms);
    return 0;
}

bool runs_line(struct query *query, uint32_t run, struct run_line *ret_line)
{
    struct bytes json;
    const char *why;
    size_t at;
    *ret_line = (struct run_line){.run = run,
                                  .connection = "",
                                  .outcome = "",
                                  .partitions = "[]",
                                  .files = "[]",
                                  .not_taken = "[]",
                                  .columns = "[]",
                                  .readings = "[]"};
    struct taking taking = {query, ret_line};
    if (!query_run(query, run, &json))
        return false;
    int rc = jsonobject_split(json.data, json.len, take, &taking, &why, &at);
    if (rc == -ENOMEM)
        query->txn.rc = rc;
    return rc == 0;
}

/* Two texts of one object of a list. */
struct reason {
    struct query *query;
    const char *names[2];
    const char *name, *reason;
};

static int take_reason(void *context, const struct jsonobject_member *member)
{
    struct reason *reason = context;
    const char **place = strcmp(member->name, reason->names[0]) == 0   ? &reason->name
                         : strcmp(member->name, reason->names[1]) == 0 ? &reason->reason
                                                                       : NULL;
    if (place && member->type == JSONOBJECT_STRING)
        if (!(*place = arena_copy(reason->query->arena, member->text, member->text_len)))
            return reason->query->txn.rc = -ENOMEM;
    return 0;
}

/* The length of one object, strings skipped. */
static size_t object_len(const char *text)
{
    size_t depth = 0, at = 0;
    bool quoted = false;
    for (; text[at]; at++) {
        if (quoted && text[at] == '\\' && text[at + 1])
            at++;
        else if (text[at] == '"')
            quoted = !quoted;
        else if (!quoted && text[at] == '{')
            depth++;
        else if (!quoted && text[at] == '}' && --depth == 0)
            return at + 1;
    }
    return at;
}

static bool list_next(struct query *query, const char *first, const char *second, const char **at,
                      const char **ret_name, const char **ret_reason)
{
    while ((*at = strchr(*at, '{'))) {
        struct reason reason = {query, {first, second}, "", ""};
        size_t len = object_len(*at), where;
        const char *why;
        int rc = jsonobject_split(*at, len, take_reason, &reason, &why, &where);
        *at += len;
        if (rc == -ENOMEM)
            query->txn.rc = rc;
        if (rc == 0 && reason.name && reason.reason && *reason.reason) {
            *ret_name = reason.name;
            *ret_reason = reason.reason;
            return true;
        }
        if (rc != 0)
            return false;
    }
    return false;
}

bool runs_reason(struct query *query, const char **at, const char **ret_name, const char **ret_reason)
{
    return list_next(query, "name", "reason", at, ret_name, ret_reason);
}

void runs_reasons_json(struct query *query, const char *partitions, struct buffer *out)
{
    const char *name, *reason, *between = "";
    json_name(out, "reasons");
    buffer_byte(out, '[');
    while (partitions && runs_reason(query, &partitions, &name, &reason)) {
        buffer_format(out, "%s{", between);
        json_member_text(out, "partition", name);
        json_member_text(out, "reason", reason);
        buffer_byte(out, '}');
        between = ",";
    }
    buffer_byte(out, ']');
}

bool runs_partition(struct query *query, const char **at, const char **ret_name, const char **ret_outcome)
{
    return list_next(query, "name", "outcome", at, ret_name, ret_outcome);
}

bool runs_column(struct query *query, const char **at, const char **ret_id, const char **ret_sentence)
{
    return list_next(query, "id", "sentence", at, ret_id, ret_sentence);
}

enum color runs_color(const char *outcome)
{
    return strcmp(outcome, "succeeded") == 0 ? COLOR_GREEN : strcmp(outcome, "failed") == 0 ? COLOR_RED : COLOR_YELLOW;
}
