/* cron - five words that say when. */
#include "config/cron.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static const char days_of_week[] = "sunmontuewedthufrisat";
static const char months_of_year[] = "janfebmaraprmayjunjulaugsepoctnovdec";

struct word {
    unsigned low, high;
    const char *names; /* three letters each, the first is `low` */
    const char *why;
};

static const struct word words[5] = {
    {0, 59, NULL, "the first word is the minute, 0 to 59"},
    {0, 23, NULL, "the second word is the hour, 0 to 23"},
    {1, 31, NULL, "the third word is the day of the month, 1 to 31"},
    {1, 12, months_of_year, "the fourth word is the month, 1 to 12 or Jan to Dec"},
    {0, 7, days_of_week, "the fifth word is the day of the week, 0 to 7 or Mon to Sun"},
};

static int by_name(const char *names, const char *text, size_t len)
{
    if (len != 3)
        return -1;
    for (int i = 0; names[i]; i += 3)
        if (strncasecmp(names + i, text, 3) == 0)
            return i / 3;
    return -1;
}

int weekday_by_name(const char *text, unsigned long len)
{
    return by_name(days_of_week, text, len);
}

/* A number or a name at *text, which moves behind it. */
static bool value(const struct word *word, const char **text, unsigned *ret_value)
{
    size_t len = strspn(*text, "0123456789");
    unsigned number = 0;
    if (len == 0) {
        int named = word->names ? by_name(word->names, *text, strcspn(*text, "-,/ \t")) : -1;
        if (named < 0)
            return false;
        *text += 3;
        *ret_value = word->low + (unsigned)named;
        return true;
    }
    for (size_t i = 0; i < len && number < 1000; i++)
        number = number * 10 + (unsigned)((*text)[i] - '0');
    *text += len;
    *ret_value = number;
    return number >= word->low && number <= word->high;
}

/* One of the parts between commas: "*", "5", "1-5", "Mon-Fri", each with "/2". */
static bool part(const struct word *word, const char **text, uint64_t *set)
{
    unsigned first = word->low, last = word->high, step = 1;
    bool star = **text == '*';
    if (star)
        (*text)++;
    else if (!value(word, text, &first))
        return false;
    last = star ? last : first;
    bool range = star || **text == '-';
    if (!star && range) {
        (*text)++;
        if (!value(word, text, &last))
            return false;
        if (word->high == 7 && last == 0)
            last = 7; /* Fri-Sun */
    }
    if (**text == '/') {
        static const struct word steps = {1, 59, NULL, NULL};
        (*text)++;
        last = range ? last : word->high;
        if (!value(&steps, text, &step))
            return false;
    }
    if (last < first)
        return false;
    for (unsigned i = first; i <= last; i += step)
        *set |= UINT64_C(1) << i;
    return true;
}

static bool read_word(const struct word *word, const char **text, uint64_t *ret_set)
{
    uint64_t set = 0;
    for (;;) {
        if (!part(word, text, &set))
            return false;
        if (**text != ',')
            break;
        (*text)++;
    }
    *ret_set = set;
    return **text == '\0' || **text == ' ' || **text == '\t';
}

/* "0 0 31 2 *" waits for ever. */
static bool comes(const struct cron *cron)
{
    static const unsigned lengths[] = {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (cron->any_day || !cron->any_weekday)
        return true;
    for (unsigned month = 1; month <= 12; month++)
        for (unsigned day = 1; (cron->months >> month & 1) && day <= lengths[month]; day++)
            if (cron->days >> day & 1)
                return true;
    return false;
}

static const char *spelled_out(const char *text)
{
    static const char *const names[][2] = {
        {"@hourly", "0 * * * *"}, {"@daily", "0 0 * * *"}, {"@weekly", "0 0 * * 0"}, {"@monthly", "0 0 1 * *"}};
    for (size_t i = 0; i < 4; i++)
        if (strcmp(names[i][0], text) == 0)
            return names[i][1];
    return NULL;
}

bool cron_read(const char *text, struct cron *ret_cron, const char **ret_why)
{
    uint64_t sets[5];
    bool stars[5];
    if (text[0] == '@' && !(text = spelled_out(text))) {
        *ret_why = "with @ there are @hourly, @daily, @weekly and @monthly";
        return false;
    }
    for (size_t i = 0; i < 5; i++) {
        text += strspn(text, " \t");
        stars[i] = *text == '*';
        *ret_why = *text ? words[i].why : "five words are needed: minute, hour, day, month, day of the week";
        if (!*text || !read_word(&words[i], &text, &sets[i]))
            return false;
    }
    if (text[strspn(text, " \t")] != '\0') {
        *ret_why = "five words are enough: minute, hour, day, month, day of the week";
        return false;
    }
    struct cron cron = {.minutes = sets[0],
                        .hours = (uint32_t)sets[1],
                        .days = (uint32_t)sets[2],
                        .months = (uint16_t)sets[3],
                        .weekdays = (uint8_t)((sets[4] | sets[4] >> 7) & 0x7f),
                        .any_day = stars[2],
                        .any_weekday = stars[4]};
    *ret_why = "that day never comes";
    if (!comes(&cron))
        return false;
    *ret_cron = cron;
    return true;
}
