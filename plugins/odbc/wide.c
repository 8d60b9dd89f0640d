/* wide - UTF-8 to and from the UTF-16 of ODBC's functions. */
#include "odbc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The text is valid UTF-8: the host sees to that. */
static uint32_t code_point(const unsigned char **at)
{
    const unsigned char *from = *at;
    size_t more = from[0] < 0x80 ? 0 : from[0] < 0xe0 ? 1 : from[0] < 0xf0 ? 2 : 3;
    uint32_t point = more == 0 ? from[0] : from[0] & (0x3f >> more);
    for (size_t i = 1; i <= more; i++)
        point = point << 6 | (from[i] & 0x3f);
    *at = from + more + 1;
    return point;
}

SQLWCHAR *wide_of(const char *text, size_t *ret_units)
{
    SQLWCHAR *wide = calloc(strlen(text) + 1, sizeof(*wide));
    size_t units = 0;
    const unsigned char *at = (const unsigned char *)text;
    while (wide && *at) {
        uint32_t point = code_point(&at);
        if (point < 0x10000) {
            wide[units++] = (SQLWCHAR)point;
        } else {
            wide[units++] = (SQLWCHAR)(0xd800 + ((point - 0x10000) >> 10));
            wide[units++] = (SQLWCHAR)(0xdc00 + ((point - 0x10000) & 0x3ff));
        }
    }
    if (ret_units)
        *ret_units = units;
    return wide;
}

static void point_add(muster_text *text, uint32_t point)
{
    char bytes[4];
    size_t len = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = len; i-- > 1; point >>= 6)
        bytes[i] = (char)(0x80 | (point & 0x3f));
    bytes[0] = (char)(first[len] | point);
    muster_text_add(text, bytes, len);
}

void wide_add(muster_text *text, const SQLWCHAR *wide, size_t units)
{
    for (size_t i = 0; i < units; i++) {
        uint32_t point = wide[i];
        if (point >= 0xd800 && point < 0xdc00 && i + 1 < units && wide[i + 1] >= 0xdc00 && wide[i + 1] < 0xe000)
            point = 0x10000 + ((point - 0xd800) << 10) + (wide[++i] - 0xdc00u);
        else if (point >= 0xd800 && point < 0xe000)
            point = 0xfffd; /* half of a pair */
        point_add(text, point);
    }
}
