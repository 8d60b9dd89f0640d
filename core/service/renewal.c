/* renewal - what became of each file when all were read again. */
#include "service/renewal.h"

#include "base/jsontext.h"

#include <stdlib.h>
#include <string.h>

void renewal_told(void *context, const char *organization, const char *text)
{
    struct renewal *renewal = context;
    buffer_text(&renewal->complaints, text);
    if (organization)
        buffer_add(&renewal->told, organization, strlen(organization) + 1);
}

void renewal_done(struct renewal *renewal)
{
    buffer_done(&renewal->complaints);
    buffer_done(&renewal->told);
}

static int by_id(const void *id, const void *item)
{
    return strcmp(id, (*(struct roster_organization *const *)item)->id);
}

static bool find(const struct roster *roster, const char *id)
{
    return roster->count > 0 && bsearch(id, roster->items, roster->count, sizeof(*roster->items), by_id) != NULL;
}

static bool mistaken(const struct renewal *renewal, const char *id)
{
    for (size_t at = 0; at < renewal->told.len; at += strlen(renewal->told.data + at) + 1)
        if (strcmp(renewal->told.data + at, id) == 0)
            return true;
    return false;
}

/* --- lines --- */

static void write_became(struct buffer *out, const char *id, const char *what)
{
    buffer_byte(out, '{');
    json_member_text(out, "organization", id);
    json_member_text(out, "became", what);
    buffer_text(out, "}\n");
}

static void write_complaints(struct buffer *out, const struct renewal *renewal)
{
    const char *line = renewal->complaints.len > 0 ? renewal->complaints.data : "";
    while (*line) {
        size_t len = strcspn(line, "\n");
        buffer_byte(out, '{');
        json_name(out, "complaint");
        json_string(out, line, len);
        buffer_text(out, "}\n");
        line += len + (line[len] == '\n');
    }
}

static void write_organizations(struct buffer *out, const struct renewal *renewal, const struct roster *before,
                                const struct roster *now)
{
    static const char *const words[] = {NULL, "new", "changed", "mistaken"};
    for (size_t i = 0; i < now->count; i++)
        if (words[now->items[i]->news])
            write_became(out, now->items[i]->id, words[now->items[i]->news]);
    for (size_t at = 0; at < renewal->told.len; at += strlen(renewal->told.data + at) + 1)
        if (!find(now, renewal->told.data + at))
            write_became(out, renewal->told.data + at, "left out");
    for (size_t i = 0; i < before->count; i++)
        if (!find(now, before->items[i]->id) && !mistaken(renewal, before->items[i]->id))
            write_became(out, before->items[i]->id, "gone");
}

void renewal_write(const struct renewal *renewal, const char *config, const struct roster *before,
                   const struct roster *now, const struct err *err, struct buffer *out)
{
    write_complaints(out, renewal);
    if (now)
        write_organizations(out, renewal, before, now);
    buffer_byte(out, '{');
    json_member_text(out, "configuration", config);
    json_name(out, "taken");
    buffer_text(out, now ? "true" : "false");
    json_member_number(out, "organizations", now ? now->count : before->count);
    if (!now)
        json_member_text(out, "error", err->rc ? err->text : "out of memory");
    buffer_text(out, "}\n");
}
