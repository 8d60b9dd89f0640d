/* quantity - numbers as people write them. */
#include "config/quantity.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

bool quantity_integer(const char *text, int64_t *ret_value)
{
    char *end;
    if (!digit(text[text[0] == '-']))
        return false;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (*end != '\0' || errno != 0)
        return false;
    *ret_value = value;
    return true;
}

bool quantity_decimal(const char *text)
{
    text += *text == '-';
    size_t whole = strspn(text, "0123456789");
    if (whole == 0)
        return false;
    text += whole;
    if (*text == '\0')
        return true;
    return *text == '.' && digit(text[1]) && text[1 + strspn(text + 1, "0123456789")] == '\0';
}

bool quantity_bool(const char *text, int *ret_value)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};
    for (int i = 0; i < 6; i++)
        if (strcasecmp(text, words[i]) == 0) {
            *ret_value = i % 2;
            return true;
        }
    return false;
}

/* Digits at *text, which moves behind them. */
static bool digits(const char **text, uint64_t *ret_value)
{
    uint64_t value = 0;
    if (!digit(**text))
        return false;
    for (; digit(**text); (*text)++)
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(**text - '0'), &value))
            return false;
    *ret_value = value;
    return true;
}

bool quantity_seconds(const char *text, bool bare, int64_t *ret_seconds)
{
    static const char units[] = "smhdwy";
    static const uint64_t lengths[] = {1, 60, 3600, 86400, 7 * 86400, 365 * 86400};
    const uint64_t most = (uint64_t)100 * 365 * 86400; /* a hundred years: milliseconds stay far from overflow */
    uint64_t sum = 0, value;
    do {
        if (!digits(&text, &value))
            return false;
        if (bare && sum == 0 && *text == '\0') {
            sum = value;
            break;
        }
        const char *unit = *text ? strchr(units, *text++) : NULL;
        if (!unit || __builtin_mul_overflow(value, lengths[unit - units], &value) ||
            __builtin_add_overflow(sum, value, &sum))
            return false;
    } while (*text != '\0');
    if (sum > most)
        return false;
    *ret_seconds = (int64_t)sum;
    return true;
}

bool quantity_bytes(const char *text, uint64_t *ret_bytes)
{
    static const struct {
        const char *name;
        uint64_t bytes;
    } units[] = {
        {"", 1},          {"B", 1},         {"kB", 1000},     {"MB", 1000000},       {"GB", 1000000000},
        {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TB", 1000000000000}, {"TiB", (uint64_t)1 << 40},
    };
    uint64_t value;
    if (!digits(&text, &value))
        return false;
    text += strspn(text, " ");
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcasecmp(text, units[i].name) != 0)
            continue;
        if (__builtin_mul_overflow(value, units[i].bytes, &value) || value > INT64_MAX)
            return false;
        *ret_bytes = value;
        return true;
    }
    return false;
}

bool quantity_percent(const char *text, bool bare, double *ret_percent)
{
    char number[24];
    size_t len = strlen(text);
    bool sign = len > 0 && text[len - 1] == '%';
    len -= sign;
    while (sign && len > 0 && text[len - 1] == ' ')
        len--;
    if ((!sign && !bare) || len == 0 || len >= sizeof(number) || text[0] == '-')
        return false;
    memcpy(number, text, len);
    number[len] = '\0';
    if (!quantity_decimal(number))
        return false;
    double value = 0, scale = 1; /* by hand: strtod() reads what the locale calls a decimal sign */
    const char *point = strchr(number, '.');
    for (const char *c = number; *c; c++) {
        if (*c == '.')
            continue;
        value = value * 10 + (*c - '0');
        scale *= point && c > point ? 10 : 1;
    }
    if (value / scale > 100)
        return false;
    *ret_percent = value / scale;
    return true;
}
