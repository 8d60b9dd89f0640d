/* period - the days, weeks and months that files of what happened are made of. Pure: days are days since 1970-01-01 on
 * the organization's clocks, and who has an instant asks its zone (zone_day()) for the day. */
#ifndef CONFIG_PERIOD_H
#define CONFIG_PERIOD_H

#include "model/model.h"

#include <stdint.h>

enum target_period {
    PERIOD_NONE,
    PERIOD_LAST_DAY,
    PERIOD_LAST_WEEK,
    PERIOD_LAST_MONTH,
    PERIOD_THIS_DAY,
    PERIOD_THIS_WEEK,
    PERIOD_THIS_MONTH
};

/* `until` is the first day behind it. */
struct span {
    int64_t from, until;
};

/* The one that a day lies in. Weeks begin on Monday. */
struct span period_span(enum target_period period, int64_t day);
/* The last one that has a file on that day: `last …` the one before today's, `this …` today's. */
struct span period_due(enum target_period period, int64_t today);

/* "2026-03-02", "2026-W09", "2026-03": how the one that begins on that day is called. */
enum { PERIOD_TEXT = 16 };
void period_name(enum target_period period, int64_t from, char ret_text[PERIOD_TEXT]);
/* "2026-W09": a week belongs to the year of its Thursday. */
void period_week(int64_t day, char ret_text[PERIOD_TEXT]);

/* The field that says when a thing of that kind happened; NULL: such things do not happen, they are. */
const struct field *period_field(enum kind kind);

#endif
