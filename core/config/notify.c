/* notify - whom to tell, and of what. Part of reading.h. */
#include "config/address.h"
#include "config/reading.h"

#include <string.h>

static bool time_of_day(const char *text)
{
    return strlen(text) == 5 && strspn(text, "0123456789:") == 5 && text[2] == ':' && text[0] != ':' &&
           text[1] != ':' && text[3] != ':' && text[4] != ':' && strncmp(text, "24", 2) < 0 && text[3] < '6';
}

/* "mailto:hr@acme.example", "https://chat.acme.example/hook"; plain http only to this machine. */
static void check_to(struct reading *reading, const struct node *to, const char *text)
{
    static const char *const here[] = {"http://127.0.0.1:", "http://127.0.0.1/",
                                       "http://localhost:", "http://localhost/"};
    bool local = false;
    for (size_t i = 0; i < sizeof(here) / sizeof(here[0]); i++)
        local |= strncmp(text, here[i], strlen(here[i])) == 0;
    if (strncmp(text, "mailto:", 7) != 0 && strncmp(text, "https://", 8) != 0 && !local)
        complain(reading->complaints, to, "notify: to must begin with mailto: or https://");
    else if (text[0] == 'h' && !address_port(strstr(text, "://") + 3))
        complain(reading->complaints, to, "notify: to has a port that is no number from 1 to 65535");
    /* What a mail server or a program is given must not be able to say more than whom. */
    if (strncmp(text, "mailto:", 7) == 0 &&
        (text[7] == '-' || text[7] == '\0' || !strchr(text + 8, '@') || strpbrk(text, " <>,;\r\n\t\"")))
        complain(reading->complaints, to, "notify: to is no e-mail address");
}

static void read_one(struct reading *reading, const struct node *map, struct notify *notify)
{
    static const char *const keys[] = {"to", "when", "daily", NULL};
    static const char *const whens[] = {"held",       "failed", "partial", "rejects", "reviews",
                                        "quarantine", "drift",  "paused",  NULL}; /* in the order of the enum */
    notify->daily_minutes = -1;
    if (!want_map(reading, map, "notify"))
        return;
    node_unknown_keys(reading->complaints, map, keys, "notify");
    const struct node *to = node_get(map, "to"), *when = node_get(map, "when"), *daily = node_get(map, "daily");
    notify->to = want_text(reading, to, "notify: to");
    if (!to)
        complain(reading->complaints, map, "notify: 'to' is missing, as in \"mailto:hr@acme.example\"");
    if (notify->to)
        check_to(reading, to, notify->to);
    const char *const *words = want_texts(reading, when, "notify: when");
    for (size_t i = 0; words && words[i]; i++) {
        int word = want_word(reading, when->type == NODE_LIST ? when->items[i] : when, "notify: when", whens);
        notify->when |= word >= 0 ? 1U << word : 0;
    }
    if (!when)
        notify->when = (1U << NOTIFY_WHENS) - 1;
    const char *text = want_text(reading, daily, "notify: daily");
    if (text && !time_of_day(text))
        complain(reading->complaints, daily, "notify: daily must be a time of day, as in \"07:00\"");
    else if (text)
        notify->daily_minutes = ((text[0] - '0') * 10 + text[1] - '0') * 60 + (text[3] - '0') * 10 + text[4] - '0';
}

void notify_read(struct reading *reading, const struct node *notify, const struct notify **ret_notifies,
                 size_t *ret_count)
{
    const struct node *list = want_list(reading, notify, "notify");
    struct notify *notifies = list ? reading_get(reading, list->count + 1, sizeof(*notifies)) : NULL;
    if (!notifies)
        return;
    for (size_t i = 0; i < list->count; i++)
        read_one(reading, list->items[i], &notifies[i]);
    *ret_notifies = notifies;
    *ret_count = list->count;
}
