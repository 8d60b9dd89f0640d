/* zone - local time of an IANA zone: TZif files (RFC 8536) and the rule in their footer. */
#include "base/zone.h"

#include "base/date.h"
#include "base/error.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { FILE_MAX = 1 << 20, HEADER = 44, DAY = 86400 };

/* When a year's clock change is: Mm.w.d, Jn (29 February never counts) or n (it does). */
struct change {
    char form; /* 'M', 'J' or 'n' */
    int month, week, day;
    int32_t time; /* seconds after local midnight; may be negative or more than a day */
};

struct zone {
    size_t count;     /* transitions */
    int64_t *at;      /* UTC seconds, ascending */
    int32_t *offsets; /* from that instant on */
    int32_t first;    /* before all of them */
    bool ruled;       /* after all of them the rule decides */
    int32_t standard, summer;
    bool changes; /* the rule has a summer time */
    struct change begin, end;
};

/* The footer: a POSIX TZ text such as CET-1CEST,M3.5.0,M10.5.0/3. */

static bool rule_name(const char **at)
{
    const char *from = *at;
    if (**at == '<') {
        while (**at && **at != '>')
            (*at)++;
        return *(*at)++ == '>';
    }
    while ((**at >= 'a' && **at <= 'z') || (**at >= 'A' && **at <= 'Z'))
        (*at)++;
    return *at - from >= 3;
}

static bool rule_number(const char **at, int low, int high, int *ret_number)
{
    int number = 0;
    if (**at < '0' || **at > '9')
        return false;
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        number = number * 10 + (**at - '0');
        if (number > high)
            return false;
    }
    *ret_number = number;
    return number >= low;
}

/* [+-]hh[:mm[:ss]] in seconds. */
static bool rule_time(const char **at, int32_t *ret_seconds)
{
    int sign = **at == '-' ? -1 : 1, hours, minutes = 0, seconds = 0;
    if (**at == '-' || **at == '+')
        (*at)++;
    if (!rule_number(at, 0, 167, &hours))
        return false;
    if (**at == ':' && ((*at)++, !rule_number(at, 0, 59, &minutes)))
        return false;
    if (**at == ':' && ((*at)++, !rule_number(at, 0, 59, &seconds)))
        return false;
    *ret_seconds = sign * (hours * 3600 + minutes * 60 + seconds);
    return true;
}

static bool rule_change(const char **at, struct change *ret_change)
{
    struct change change = {.time = 7200};
    if (*(*at)++ != ',')
        return false;
    if (**at == 'M') {
        change.form = *(*at)++;
        if (!rule_number(at, 1, 12, &change.month) || *(*at)++ != '.' || !rule_number(at, 1, 5, &change.week) ||
            *(*at)++ != '.' || !rule_number(at, 0, 6, &change.day))
            return false;
    } else {
        change.form = **at == 'J' ? *(*at)++ : 'n';
        if (!rule_number(at, change.form == 'J', 365, &change.day))
            return false;
    }
    if (**at == '/' && ((*at)++, !rule_time(at, &change.time)))
        return false;
    *ret_change = change;
    return true;
}

static bool rule_read(const char *at, struct zone *zone)
{
    int32_t west;
    if (!rule_name(&at) || !rule_time(&at, &west))
        return false;
    zone->ruled = true;
    zone->standard = zone->summer = -west;
    if (*at == '\0')
        return true;
    zone->changes = true;
    zone->summer = zone->standard + 3600;
    if (!rule_name(&at))
        return false;
    if (*at != ',') {
        if (!rule_time(&at, &west))
            return false;
        zone->summer = -west;
    }
    return rule_change(&at, &zone->begin) && rule_change(&at, &zone->end) && *at == '\0';
}

/* The change in one year, in local seconds since 1970. */
static int64_t change_seconds(const struct change *change, int year)
{
    int64_t day = date_days((struct date){year, 1, 1});
    if (change->form == 'n') {
        day += change->day;
    } else if (change->form == 'J') {
        bool leap = date_valid((struct date){year, 2, 29});
        day += change->day - 1 + (leap && change->day >= 60);
    } else {
        struct date month = {year, (unsigned)change->month, 1};
        int64_t first = date_days(month);
        int64_t weekday = ((first + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
        day = first + (change->day - weekday + 7) % 7 + 7 * (change->week - 1);
        for (;; day -= 7) { /* the fifth is the last */
            struct date found = date_from_days(day);
            if (found.month == month.month)
                break;
        }
    }
    return day * DAY + change->time;
}

static int64_t floor_div(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

static int32_t rule_offset(const struct zone *zone, int64_t seconds)
{
    if (!zone->changes)
        return zone->standard;
    int year = date_from_days(floor_div(seconds + zone->standard, DAY)).year;
    int64_t begin = change_seconds(&zone->begin, year) - zone->standard;
    int64_t end = change_seconds(&zone->end, year) - zone->summer;
    bool summer = begin < end ? seconds >= begin && seconds < end : !(seconds >= end && seconds < begin);
    return summer ? zone->summer : zone->standard;
}

/* The file. */

static uint32_t load_be32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int64_t load_time(const uint8_t *at, size_t width)
{
    if (width == 4)
        return (int32_t)load_be32(at);
    return (int64_t)((uint64_t)load_be32(at) << 32 | load_be32(at + 4));
}

struct header {
    uint8_t version;
    size_t utc, standard, leaps, times, types, chars;
};

static bool header_read(const uint8_t *bytes, size_t len, struct header *ret_header)
{
    if (len < HEADER || memcmp(bytes, "TZif", 4) != 0)
        return false;
    *ret_header = (struct header){bytes[4],
                                  load_be32(bytes + 20),
                                  load_be32(bytes + 24),
                                  load_be32(bytes + 28),
                                  load_be32(bytes + 32),
                                  load_be32(bytes + 36),
                                  load_be32(bytes + 40)};
    return ret_header->types > 0 && ret_header->types <= 256 && ret_header->times <= FILE_MAX &&
           ret_header->leaps <= FILE_MAX && ret_header->chars <= FILE_MAX && ret_header->utc <= 256 &&
           ret_header->standard <= 256;
}

static size_t body_size(const struct header *header, size_t width)
{
    return header->times * (width + 1) + header->types * 6 + header->chars + header->leaps * (width + 4) +
           header->standard + header->utc;
}

static int body_read(struct zone *zone, const struct header *header, const uint8_t *bytes, size_t width)
{
    const uint8_t *indexes = bytes + header->times * width, *types = indexes + header->times;
    zone->at = mem_new(header->times + 1, sizeof(*zone->at));
    zone->offsets = mem_new(header->times + 1, sizeof(*zone->offsets));
    if (!zone->at || !zone->offsets)
        return -ENOMEM;
    zone->count = header->times;
    zone->first = (int32_t)load_be32(types);
    for (size_t n = 0; n < header->types; n++) {
        int32_t offset = (int32_t)load_be32(types + 6 * n);
        if (offset < -26 * 3600 || offset > 26 * 3600)
            return ERR_CORRUPT;
    }
    for (size_t n = 0; n < header->times; n++) {
        zone->at[n] = load_time(bytes + n * width, width);
        if (indexes[n] >= header->types || (n > 0 && zone->at[n] <= zone->at[n - 1]))
            return ERR_CORRUPT;
        zone->offsets[n] = (int32_t)load_be32(types + (size_t)6 * indexes[n]);
    }
    return 0;
}

static int zone_read(struct zone *zone, const uint8_t *bytes, size_t len)
{
    struct header header;
    size_t width = 4;
    if (!header_read(bytes, len, &header))
        return ERR_CORRUPT;
    bytes += HEADER;
    len -= HEADER;
    if (header.version >= '2') {
        /* The same again with 64 bits, and the footer. */
        size_t skip = body_size(&header, 4);
        if (len < skip || !header_read(bytes + skip, len - skip, &header))
            return ERR_CORRUPT;
        bytes += skip + HEADER;
        len -= skip + HEADER;
        width = 8;
    }
    size_t body = body_size(&header, width);
    if (len < body)
        return ERR_CORRUPT;
    int rc = body_read(zone, &header, bytes, width);
    if (rc != 0 || width == 4)
        return rc;
    char footer[128];
    const uint8_t *from = bytes + body;
    len -= body;
    if (len < 2 || from[0] != '\n')
        return ERR_CORRUPT;
    const uint8_t *end = memchr(from + 1, '\n', len - 1);
    if (!end || (size_t)(end - from) > sizeof(footer))
        return ERR_CORRUPT;
    size_t used = (size_t)(end - from) - 1;
    memcpy(footer, from + 1, used);
    footer[used] = '\0';
    return used == 0 || rule_read(footer, zone) ? 0 : ERR_CORRUPT;
}

static bool name_allowed(const char *name)
{
    if (*name == '\0' || *name == '/' || strstr(name, "..") || strlen(name) > 200)
        return false;
    for (; *name; name++)
        if (!((*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') || (*name >= '0' && *name <= '9') ||
              strchr("/_+-.", *name)))
            return false;
    return true;
}

static int file_read(const char *name, uint8_t **ret_bytes, size_t *ret_len)
{
    const char *dir = getenv("TZDIR");
    char path[PATH_MAX];
    int used = snprintf(path, sizeof(path), "%s/%s", dir && *dir ? dir : "/usr/share/zoneinfo", name);
    if (used < 0 || (size_t)used >= sizeof(path))
        return ERR_GONE;
    __attribute__((cleanup(tidy_close))) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? ERR_GONE : -errno;
    struct stat info;
    if (fstat(fd, &info) != 0)
        return -errno;
    if (!S_ISREG(info.st_mode))
        return ERR_GONE;
    if (info.st_size > FILE_MAX)
        return ERR_CORRUPT;
    __attribute__((cleanup(tidy_free))) uint8_t *bytes = mem_new((size_t)info.st_size + 1, 1);
    if (!bytes)
        return -ENOMEM;
    size_t len = 0;
    while (len < (size_t)info.st_size) {
        ssize_t got = read(fd, bytes + len, (size_t)info.st_size - len);
        if (got < 0 && errno != EINTR)
            return -errno;
        if (got == 0)
            break;
        len += got > 0 ? (size_t)got : 0;
    }
    *ret_bytes = TAKE(bytes);
    *ret_len = len;
    return 0;
}

int zone_open(const char *name, struct zone **ret_zone)
{
    if (!name_allowed(name))
        return ERR_GONE;
    TIDY(zone_free) struct zone *zone = mem_new(1, sizeof(*zone));
    if (!zone)
        return -ENOMEM;
    /* The default works without any zone data on the machine. */
    if (strcmp(name, "UTC") != 0 && strcmp(name, "Etc/UTC") != 0) {
        __attribute__((cleanup(tidy_free))) uint8_t *bytes = NULL;
        size_t len = 0;
        int rc = file_read(name, &bytes, &len);
        if (rc == 0)
            rc = zone_read(zone, bytes, len);
        if (rc != 0)
            return rc;
    }
    *ret_zone = TAKE(zone);
    return 0;
}

void zone_free(struct zone *zone)
{
    if (!zone)
        return;
    free(zone->at);
    free(zone->offsets);
    free(zone);
}

static int32_t offset_at(const struct zone *zone, int64_t seconds)
{
    if (zone->count == 0)
        return zone->ruled ? rule_offset(zone, seconds) : zone->first;
    if (seconds < zone->at[0])
        return zone->first;
    if (seconds >= zone->at[zone->count - 1])
        return zone->ruled ? rule_offset(zone, seconds) : zone->offsets[zone->count - 1];
    size_t low = 0, high = zone->count - 1; /* at[low] <= seconds < at[high] */
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (zone->at[middle] <= seconds)
            low = middle;
        else
            high = middle;
    }
    return zone->offsets[low];
}

int32_t zone_offset(const struct zone *zone, int64_t utc_ms)
{
    return offset_at(zone, floor_div(utc_ms, 1000));
}

int64_t zone_to_utc(const struct zone *zone, int64_t local_ms, bool *ret_flagged)
{
    /* Every offset that is in force around then is tried: those that give themselves back are instants with this
     * wall-clock time. */
    static const int hours[] = {-24, -12, 0, 12, 24};
    int64_t seconds = floor_div(local_ms, 1000), found = INT64_MAX;
    bool several = false;
    for (size_t n = 0; n < sizeof(hours) / sizeof(hours[0]); n++) {
        int64_t candidate = seconds - offset_at(zone, seconds + hours[n] * 3600);
        if (candidate + offset_at(zone, candidate) != seconds)
            continue;
        several |= found != INT64_MAX && found != candidate;
        found = candidate < found ? candidate : found;
    }
    bool gap = found == INT64_MAX;
    if (gap) /* as the clock stood before the gap, so that what comes out is later by the gap */
        found = seconds - offset_at(zone, seconds - DAY);
    if (several || gap)
        *ret_flagged = true;
    return local_ms + (found - seconds) * 1000;
}

int64_t zone_day(const struct zone *zone, int64_t utc_ms)
{
    return floor_div(floor_div(utc_ms, 1000) + zone_offset(zone, utc_ms), DAY);
}
