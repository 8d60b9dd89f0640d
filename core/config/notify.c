/* notify - whom to tell, and how long to keep: checked now, used by others. Part of reading.h. */
#include "config/reading.h"

#include <string.h>

static bool time_of_day(const char *text)
{
    return strlen(text) == 5 && strspn(text, "0123456789:") == 5 && text[2] == ':' && text[0] != ':' &&
           text[1] != ':' && text[3] != ':' && text[4] != ':' && strncmp(text, "24", 2) < 0 && text[3] < '6';
}

static void check_one(struct reading *reading, const struct node *map)
{
    static const char *const keys[] = {"to", "when", "daily", NULL};
    static const char *const whens[] = {"held",       "failed", "partial", "rejects", "reviews",
                                        "quarantine", "drift",  "paused",  NULL};
    if (!want_map(reading, map, "notify"))
        return;
    node_unknown_keys(reading->complaints, map, keys, "notify");
    const struct node *to = node_get(map, "to"), *when = node_get(map, "when"), *daily = node_get(map, "daily");
    const char *text = want_text(reading, to, "notify: to");
    if (!to)
        complain(reading->complaints, map, "notify: 'to' is missing, as in \"mailto:hr@acme.example\"");
    if (text && strncmp(text, "mailto:", 7) != 0 && strncmp(text, "https://", 8) != 0)
        complain(reading->complaints, to, "notify: to must begin with mailto: or https://");
    if (text && strncmp(text, "mailto:", 7) == 0 && (!strchr(text + 8, '@') || strpbrk(text, " <>")))
        complain(reading->complaints, to, "notify: to is no e-mail address");
    const char *const *words = want_texts(reading, when, "notify: when");
    for (size_t i = 0; words && words[i]; i++)
        want_word(reading, when->type == NODE_LIST ? when->items[i] : when, "notify: when", whens);
    text = want_text(reading, daily, "notify: daily");
    if (text && !time_of_day(text))
        complain(reading->complaints, daily, "notify: daily must be a time of day, as in \"07:00\"");
}

void notify_check(struct reading *reading, const struct node *notify)
{
    const struct node *list = want_list(reading, notify, "notify");
    for (size_t i = 0; list && i < list->count; i++)
        check_one(reading, list->items[i]);
}

void retention_check(struct reading *reading, const struct node *retention)
{
    static const char *const others[] = {"source", "calls", "runs", NULL};
    const char *names[KIND_COUNT + 4] = {0};
    size_t count = 0;
    if (!want_map(reading, retention, "retention"))
        return;
    for (; others[count]; count++)
        names[count] = others[count];
    for (int kind = 1; kind < KIND_COUNT; kind++)
        names[count++] = kind_name((enum kind)kind);
    for (size_t i = 0; i < retention->count; i++) {
        const char *name = retention->keys[i]->text;
        const char *what = reading_format(reading, "retention: %s", name);
        if (want_name(reading, retention->keys[i], "retention: nothing is called", name, names) &&
            want_duration(reading, retention->items[i], what, -1) == 0)
            complain(reading->complaints, retention->items[i], "%s must be longer than nothing", what);
    }
}
