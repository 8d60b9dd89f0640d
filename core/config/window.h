/* window - hours in which something is left alone: "Sat,Sun", "22:00-06:00", "Mon-Fri 08:00-17:00". */
#ifndef CONFIG_WINDOW_H
#define CONFIG_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

/* One that ends before it begins goes on into the next day, and belongs to the day on which it began. */
struct window {
    uint8_t days;       /* bit 0 (Sunday) to 6, on which it begins */
    unsigned from, end; /* minutes of the day; of a whole day 0 and 1440; the end is open again */
};

bool window_read(const char *text, struct window *ret_window);
/* Whether it holds at a wall-clock time (ms since 1970 as if it were UTC); then when it ends. */
bool window_closed(const struct window *window, int64_t local_ms, int64_t *ret_ends_ms);

#endif
