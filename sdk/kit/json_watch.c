/* json_watch - escapes that stand for no character: halves of one, and NUL. yajl would write something else for them.
 */
#include "json_parts.h"

#include <string.h>

enum { PLAIN, BACKSLASH, HEX, WANT_BACKSLASH, WANT_U };

static const char half[] = "it has half of a character (\\ud800 to \\udfff without its other half)";
static const char nul[] = "it has a NUL character (\\u0000)";

static int hex_value(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* Four digits are there. */
static const char *unit_done(struct muster_json_watch *watch)
{
    bool first = watch->unit >= 0xd800 && watch->unit < 0xdc00, second = watch->unit >= 0xdc00 && watch->unit < 0xe000;
    bool paired = watch->high;
    watch->high = first;
    watch->state = first ? WANT_BACKSLASH : PLAIN;
    if (paired != second)
        return half;
    return watch->unit == 0 ? nul : NULL;
}

size_t muster_json_watch(struct muster_json_watch *watch, const char *data, size_t len, const char **ret_bad)
{
    const char *bad = NULL;
    size_t at = 0;
    while (at < len && !bad) {
        const char *found;
        int digit;
        switch (watch->state) {
        case PLAIN:
            found = memchr(data + at, '\\', len - at);
            at = found ? (size_t)(found - data) + 1 : len;
            watch->state = found ? BACKSLASH : PLAIN;
            break;
        case BACKSLASH:
        case WANT_U:
            if (watch->state == WANT_U && data[at] != 'u') {
                bad = half;
                watch->high = false;
                watch->state = BACKSLASH;
                break;
            }
            watch->state = data[at++] == 'u' ? HEX : PLAIN;
            watch->digits = 0;
            watch->unit = 0;
            break;
        case WANT_BACKSLASH:
            watch->state = data[at] == '\\' ? WANT_U : PLAIN;
            at += data[at] == '\\';
            bad = watch->state == PLAIN ? half : NULL;
            watch->high &= !bad;
            break;
        default:
            digit = hex_value(data[at]);
            if (digit < 0) { /* yajl says so */
                *watch = (struct muster_json_watch){0};
                break;
            }
            at++;
            watch->unit = watch->unit << 4 | (uint32_t)digit;
            if (++watch->digits == 4)
                bad = unit_done(watch);
        }
    }
    if (bad)
        *ret_bad = bad;
    return at;
}
