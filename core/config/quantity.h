/* quantity - numbers as people write them: 15m, 64MB, 5%, yes. */
#ifndef CONFIG_QUANTITY_H
#define CONFIG_QUANTITY_H

#include <stdbool.h>
#include <stdint.h>

/* All give false for anything else and leave their output alone. */
bool quantity_integer(const char *text, int64_t *ret_value); /* digits, '-' before */
bool quantity_decimal(const char *text);                     /* -12.50 */
bool quantity_bool(const char *text, int *ret_value);        /* true false yes no on off */
/* s m h d w y (365 days); with `bare` also plain digits, which are seconds. Several may follow: 1h30m. */
bool quantity_seconds(const char *text, bool bare, int64_t *ret_seconds);
bool quantity_bytes(const char *text, uint64_t *ret_bytes); /* plain, kB MB GB (1000), KiB MiB GiB (1024) */
bool quantity_percent(const char *text, bool bare, double *ret_percent); /* 0 to 100 */

#endif
