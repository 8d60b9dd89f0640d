/* window - hours in which something is left alone. Pure. */
#include "config/window.h"

#include "config/cron.h"

#include <stddef.h>
#include <string.h>

static const int64_t MINUTE_MS = 60000;
enum { DAY = 1440 };

/* "08:30", in minutes; -1: it is no time of a day. */
static int clock_time(const char *text)
{
    for (size_t i = 0; i < 5; i++)
        if (i == 2 ? text[i] != ':' : text[i] < '0' || text[i] > '9')
            return -1;
    int hour = (text[0] - '0') * 10 + text[1] - '0', minute = (text[3] - '0') * 10 + text[4] - '0';
    return hour < 24 && minute < 60 ? hour * 60 + minute : -1;
}

static bool read_hours(const char *text, struct window *window)
{
    if (strlen(text) != 11 || text[5] != '-')
        return false;
    int from = clock_time(text), end = clock_time(text + 6);
    if (from < 0 || end < 0)
        return false;
    window->from = (unsigned)from;
    window->end = (unsigned)(end > from ? end : end + DAY);
    return true;
}

/* "Sat,Sun", "Mon-Fri", "Fri-Mon,Wed" */
static bool read_days(const char *text, size_t len, struct window *window)
{
    window->days = 0;
    for (;;) {
        int first = len >= 3 ? weekday_by_name(text, 3) : -1, last = first;
        text += 3, len -= len >= 3 ? 3 : len;
        if (first >= 0 && len >= 4 && text[0] == '-') {
            last = weekday_by_name(text + 1, 3);
            text += 4, len -= 4;
        }
        if (first < 0 || last < 0)
            return false;
        for (int day = first;; day = (day + 1) % 7) {
            window->days |= (uint8_t)(1 << day);
            if (day == last)
                break;
        }
        if (len == 0)
            return true;
        if (text[0] != ',')
            return false;
        text++, len--;
    }
}

bool window_read(const char *text, struct window *ret_window)
{
    struct window window = {.days = 0x7f, .from = 0, .end = DAY};
    size_t first = strcspn(text, " ");
    bool well = text[first] ? read_days(text, first, &window) && read_hours(text + first + 1, &window)
                            : read_days(text, first, &window);
    if (!well && !text[first]) {
        window.days = 0x7f;
        well = read_hours(text, &window);
    }
    if (well)
        *ret_window = window;
    return well;
}

bool window_closed(const struct window *window, int64_t local_ms, int64_t *ret_ends_ms)
{
    int64_t day_ms = DAY * MINUTE_MS;
    int64_t day = local_ms / day_ms - (local_ms % day_ms < 0);
    for (int64_t began = day - 1; began <= day; began++) {
        int64_t weekday = ((began + 4) % 7 + 7) % 7;
        int64_t from = began * day_ms + (int64_t)window->from * MINUTE_MS;
        int64_t end = began * day_ms + (int64_t)window->end * MINUTE_MS;
        if ((window->days >> weekday & 1) && local_ms >= from && local_ms < end) {
            *ret_ends_ms = end;
            return true;
        }
    }
    return false;
}
