/* cron - five words that say when: minute, hour, day of month, month, day of week. */
#ifndef CONFIG_CRON_H
#define CONFIG_CRON_H

#include <stdbool.h>
#include <stdint.h>

struct cron {
    uint64_t minutes;          /* bit 0 to 59 */
    uint32_t hours, days;      /* bit 0 to 23; bit 1 to 31 */
    uint16_t months;           /* bit 1 to 12 */
    uint8_t weekdays;          /* bit 0 (Sunday) to 6 */
    bool any_day, any_weekday; /* the word was *: when neither is, a day that fits one of them is meant */
};

/* Reads "30 6 * * Mon-Fri" or @hourly @daily @weekly @monthly. On failure *ret_why says what is wrong, without a final
 * stop, and lives for ever. */
bool cron_read(const char *text, struct cron *ret_cron, const char **ret_why);

/* Three-letter names of days, case does not count: 0 is Sunday; -1: none. */
int weekday_by_name(const char *text, unsigned long len);

#endif
