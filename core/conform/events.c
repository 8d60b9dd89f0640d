/* events - what a system would send to a connector that receives, from a file: one JSON object per line. */
#include "conform/events.h"

#include "base/jsonobject.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS_MOST = 1000 };

struct event {
    struct arena *arena;
    struct lane_inbound *inbound;
};

static int member(void *context, const struct jsonobject_member *member)
{
    struct event *event = context;
    char *text = arena_copy(event->arena, member->text ? member->text : "", member->text_len);
    if (!text)
        return -ENOMEM;
    if (strcmp(member->name, "method") == 0)
        event->inbound->method = text;
    else if (strcmp(member->name, "url") == 0)
        event->inbound->target = text;
    else if (strcmp(member->name, "body") == 0) {
        event->inbound->body = text;
        event->inbound->body_len = member->text_len;
    }
    return 0;
}

int events_read(const char *path, struct arena *arena, struct lane_inbound **ret_events, size_t *ret_count,
                struct err *err)
{
    TIDY(fclose) FILE *file = fopen(path, "re");
    TIDY(free) char *line = NULL;
    size_t room = 0, count = 0;
    if (!file)
        return err_set(err, -errno, "%s cannot be read: %s", path, err_text(-errno));
    struct lane_inbound *events = arena_get(arena, EVENTS_MOST * sizeof(*events));
    if (!events)
        return -ENOMEM;
    for (ssize_t len; count < EVENTS_MOST && (len = getline(&line, &room, file)) > 0;) {
        const char *why;
        size_t at;
        struct event event = {arena, &events[count]};
        if (line[strspn(line, " \t\r\n")] == '\0')
            continue;
        events[count] = (struct lane_inbound){.number = count + 1,
                                              .received_ms = 1772433000000 + (int64_t)count * 1000,
                                              .method = "POST",
                                              .target = "/",
                                              .type = "application/json",
                                              .body = ""};
        int rc = jsonobject_split(line, (size_t)len, member, &event, &why, &at);
        if (rc == ERR_DATA)
            return err_set(err, ERR_CONFIG, "%s:%zu: this is no event: %s", path, count + 1, why);
        if (rc != 0)
            return rc;
        count++;
    }
    *ret_events = events;
    *ret_count = count;
    return count > 0 ? 0 : err_set(err, ERR_CONFIG, "%s has no event in it", path);
}
