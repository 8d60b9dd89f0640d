/* overview - the lines of `status` that tell of an organization as a whole. */
#include "cli/overview.h"

#include "base/jsontext.h"
#include "cli/waits.h"

#include <string.h>

enum { COUNT_MOST = 10000 };

int overview_read(struct query *query, struct overview *ret_overview)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor))) = {0};
    struct overview overview = {{0}};
    uint8_t kind = KIND_person;
    cursor_open(&cursor, &query->txn, TABLE_entity);
    for (bool there = cursor_seek(&cursor, bytes(&kind, 1)); there && cursor_has_prefix(&cursor, bytes(&kind, 1));
         there = cursor_next(&cursor)) {
        struct image image;
        enum entity_state state;
        if (!entity_image(cursor.value, &image, &state))
            return ERR_CORRUPT;
        struct value is = image_get(image, FIELD_person_status);
        if (state != ENTITY_GONE)
            overview.people[is.len == 1 && (uint8_t)*is.bytes < OVERVIEW_STATUSES ? (uint8_t)*is.bytes : 0]++;
    }
    *ret_overview = overview;
    return query->txn.rc;
}

/* The statuses that anybody has, in the model's order. */
static const char *status_nth(const struct overview *overview, size_t *nth, size_t *ret_len, uint64_t *ret_count)
{
    const struct field *field = field_by_number(KIND_person, FIELD_person_status);
    const char *name;
    while ((name = enum_nth(field, (*nth)++, ret_len))) {
        uint8_t number = enum_number(field, name, *ret_len);
        if (number < OVERVIEW_STATUSES && (*ret_count = overview->people[number]) > 0)
            return name;
    }
    return NULL;
}

void overview_tell(struct context *context, const struct overview *overview)
{
    const char *name, *between = "  people: ";
    size_t nth = 0, len;
    uint64_t count;
    while ((name = status_nth(overview, &nth, &len, &count))) {
        screen_print(&context->screen, "%s%lu %.*s", between, (unsigned long)count, (int)len, name);
        between = ", ";
    }
    screen_print(&context->screen, "%s", *between == ',' ? "\n" : "");
}

void overview_json(const struct overview *overview, struct buffer *out)
{
    const char *name;
    size_t nth = 0, len;
    uint64_t count;
    json_name(out, "people");
    buffer_byte(out, '{');
    while ((name = status_nth(overview, &nth, &len, &count))) {
        char status[32];
        snprintf(status, sizeof(status), "%.*s", (int)len, name);
        json_member_number(out, status, count);
    }
    buffer_byte(out, '}');
}

void overview_waits(struct context *context, struct query *query)
{
    static const struct {
        enum wait_type type;
        const char *command, *rest;
    } ways[] = {{WAIT_HELD, "approve", " ID… --reason TEXT, or muster reject"},
                {WAIT_REVIEW, "link", " ID KEY --reason TEXT, or muster unlink, keep-apart"},
                {WAIT_DEAD, "deadletters", ""},
                {WAIT_DRIFT, "accept", " ID --reason TEXT"}};
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        char text[64];
        size_t count = query_count_waits(query, ways[i].type, NULL, COUNT_MOST);
        if (count == 0)
            continue;
        waits_count_text(ways[i].type, count, COUNT_MOST, text);
        screen_print(&context->screen, "  %s: muster %s %s%s\n", text, ways[i].command, query->organization->id,
                     ways[i].rest);
    }
}
