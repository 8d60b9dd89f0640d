/* letters - what musterd keeps of what others send, done by hand. */
#include "letters.h"

#include "event.h"

#include "base/arena.h"

#include <stdio.h>
#include <sys/stat.h>

enum { TOGETHER = 3, SETTLE = 7, MANY = 1000, PLENTY = 1 << 30 };

static const uint8_t master[VAULT_MASTER] = {7};

static struct inbox *open_one(const char *folder)
{
    struct err err = {0};
    struct inbox *inbox = NULL;
    if (inbox_open(folder, master, "acme", true, &inbox, &err) != 0)
        fprintf(stderr, "%s\n", err.text);
    return inbox;
}

/* In one commit; 0, or -1. */
static int keep(struct inbox *inbox, const char *said, unsigned first, unsigned count)
{
    char numbers[TOGETHER][16], path[4096];
    struct inbox_event events[TOGETHER], *list[TOGETHER] = {NULL};
    for (unsigned n = 0; n < count; n++) {
        snprintf(numbers[n], sizeof(numbers[n]), "%u", first + n);
        events[n] = event(numbers[n], numbers[n]);
        list[n] = &events[n];
    }
    if (inbox_keep(inbox, list, count, PLENTY) != 0)
        return -1;
    for (unsigned n = 0; n < count; n++) {
        snprintf(path, sizeof(path), "%s/%u", said, first + n);
        if (events[n].rc != 0 || mkdir(path, 0700) != 0)
            return -1;
    }
    return 0;
}

int letters_keep(const char *folder, const char *said, unsigned first, unsigned last)
{
    TIDY(inbox_close) struct inbox *inbox = open_one(folder);
    struct inbox_count count;
    int rc = inbox && mkdir(said, 0700) == 0 ? 0 : -1;
    for (unsigned next = first, commits = 1; rc == 0 && next <= last; commits++) {
        unsigned together = 1 + commits % TOGETHER;
        together = together > last - next + 1 ? last - next + 1 : together;
        rc = keep(inbox, said, next, together);
        next += together;
        if (rc == 0 && commits % SETTLE == 0)
            rc = inbox_count(inbox, &count);
    }
    return rc != 0;
}

int letters_read(const char *folder)
{
    TIDY(inbox_close) struct inbox *inbox = open_one(folder);
    TIDY(arena_free) struct arena *arena = arena_new();
    struct inbox_event *events;
    size_t count = 1;
    uint64_t last = 0;
    int rc = inbox ? 0 : -1;
    while (rc == 0 && count > 0) { /* what is in the tables comes first, the rest when it is asked for */
        rc = inbox_read(inbox, "guards", last, MANY, PLENTY, arena, &events, &count);
        for (size_t n = 0; rc == 0 && n < count; n++)
            printf("%.*s\n", (int)events[n].body.len, (const char *)events[n].body.data);
        last = rc == 0 && count > 0 ? events[count - 1].number : last;
    }
    return rc != 0;
}
