/* zone_name - the time zone that was probably meant. Part of reading.h.
 *
 * Reads zone.tab, the list of zones that are a place's, beside the files of
 * zones themselves. */
#include "config/reading.h"

#include "base/buffer.h"
#include "base/tidy.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { LIST_MAX = 1 << 17, NAMES_MAX = 1000 };

static char *list_read(struct reading *reading)
{
    const char *dir = getenv("TZDIR");
    char path[PATH_MAX];
    int used = snprintf(path, sizeof(path), "%s/zone.tab", dir && *dir ? dir : "/usr/share/zoneinfo");
    TIDY(close) int fd = used > 0 && (size_t)used < sizeof(path) ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    char *list = fd < 0 ? NULL : reading_get(reading, LIST_MAX + 1, 1);
    size_t len = 0;
    for (ssize_t got = 1; list && got > 0 && len<LIST_MAX; len += got> 0 ? (size_t)got : 0)
        got = read(fd, list + len, LIST_MAX - len);
    return list;
}

/* "NO	+5955+01045	Europe/Oslo	comment" */
static const char *const *names_read(struct reading *reading)
{
    char *rest = list_read(reading);
    const char **names = rest ? reading_get(reading, NAMES_MAX + 1, sizeof(*names)) : NULL;
    size_t count = 0;
    for (char *line; names && count < NAMES_MAX && (line = strsep(&rest, "\n"));) {
        char *name = line;
        if (*line == '#' || !strsep(&name, "\t") || !name || !strsep(&name, "\t") || !name)
            continue;
        name[strcspn(name, "\t")] = '\0';
        names[count++] = name;
    }
    return (const char *const *)names;
}

/* "Oslo", "oslo", "europe/oslo"; then what is spelt nearly so. */
static const char *nearest(const char *written, const char *const *names)
{
    for (size_t n = 0; names && names[n]; n++) {
        const char *place = strrchr(names[n], '/');
        if (strcasecmp(names[n], written) == 0 || (place && strcasecmp(place + 1, written) == 0))
            return names[n];
    }
    return names ? nearest_name(written, names) : NULL;
}

/* "CET+1", "UTC-5", "+01:00" */
static bool is_offset(const char *written)
{
    const char *sign = strpbrk(written, "+-");
    return sign && sign[1] >= '0' && sign[1] <= '9' && !strchr(written, '/') && sign - written <= 4;
}

void zone_name_complain(struct reading *reading, const struct node *node)
{
    if (is_offset(node->text)) {
        complain(reading->complaints, node,
                 "time_zone '%s' is an offset, which knows of no summer time: write the place, as in Europe/Amsterdam",
                 node->text);
        return;
    }
    const char *near = nearest(node->text, names_read(reading));
    complain(reading->complaints, node, "time_zone '%s' is not known here: %s%s%s", node->text,
             near ? "did you mean '" : "write it as in Europe/Amsterdam", near ? near : "", near ? "'?" : "");
}
