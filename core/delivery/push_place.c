/* push_place - where a target's file goes this time: {date}, {week}, {month} and {run} in the names that its options
 * have. A file of a period is named after the period: the day that begins it, and that day's week and month. */
#include "delivery/pushing.h"

#include "base/date.h"

#include <errno.h>
#include <muster/connector.h>
#include <string.h>

static bool word_write(const struct push *push, const char *word, size_t len, struct buffer *out)
{
    int64_t day = push->filing ? push->file.span.from : push->run->today;
    char week[PERIOD_TEXT], date[11];
    date_write(date_from_days(day), date);
    if (len == 4 && strncmp(word, "date", len) == 0)
        buffer_text(out, date);
    else if (len == 5 && strncmp(word, "month", len) == 0)
        buffer_add(out, date, 7);
    else if (len == 3 && strncmp(word, "run", len) == 0)
        buffer_format(out, "%u", push->run->report->run);
    else if (len == 4 && strncmp(word, "week", len) == 0) {
        period_week(day, week);
        buffer_text(out, week);
    } else {
        return false;
    }
    return true;
}

static const char *expand(const struct push *push, const char *text)
{
    struct buffer out __attribute__((cleanup(buffer_done))) = {0};
    for (const char *at = text; *at;) {
        size_t len = strcspn(at, "{");
        buffer_add(&out, at, len);
        at += len;
        if (!*at)
            break;
        size_t word = strcspn(at + 1, "}");
        if (at[1 + word] == '}' && word_write(push, at + 1, word, &out))
            at += word + 2;
        else
            buffer_byte(&out, *at++);
    }
    buffer_byte(&out, 0);
    return out.rc == 0 ? arena_text(push->run->arena, out.data) : NULL;
}

static bool is_place(const struct connection *connection, const char *name)
{
    const struct muster_connector *description = connection->description;
    for (const char *at = description ? (const char *)description->options : NULL; at; at += description->option_size) {
        const muster_option *option = (const muster_option *)(const void *)at;
        if (!option->name)
            return false;
        if (strcmp(option->name, name) == 0)
            return option->flags & MUSTER_PLACE;
    }
    return false;
}

/* Only of what is written whole: elsewhere a brace is a brace. */
static bool any_whole(const struct push *push)
{
    for (size_t n = 0; n < push->stream_count; n++)
        if (push_is_whole(&push->streams[n]))
            return true;
    return false;
}

int push_place(struct push *push)
{
    const struct run_request *request = push->asked ? push->asked : push->run->request;
    const struct connection *connection = request->connection;
    bool any = false;
    for (size_t n = 0; n < connection->option_count; n++)
        any |= connection->options[n].text && strchr(connection->options[n].text, '{') &&
               is_place(connection, connection->options[n].name);
    if (!any || !any_whole(push))
        return 0;
    struct arena *arena = push->run->arena;
    size_t size = connection->option_count * sizeof(struct option_value);
    struct option_value *options = arena_get(arena, size);
    struct connection *now = arena_get(arena, sizeof(*now));
    struct run_request *asked = arena_get(arena, sizeof(*asked));
    if (!options || !now || !asked)
        return -ENOMEM;
    memcpy(options, connection->options, size);
    *now = *connection;
    *asked = *request;
    for (size_t n = 0; n < now->option_count; n++)
        if (options[n].text && is_place(now, options[n].name) && !(options[n].text = expand(push, options[n].text)))
            return -ENOMEM;
    push->asked = request;
    now->options = options;
    asked->connection = now;
    push->run->request = asked;
    return 0;
}
