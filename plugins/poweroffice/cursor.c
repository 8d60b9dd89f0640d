/* cursor - how far the lists of employees and employments were read, as the host keeps it between runs.
 *
 * "1 TICKS[:ID@TICKS,…] TICKS[:ID@TICKS,…]": of employees, of employments. A
 * filter by time is exclusive and clocks differ, so the last moments before
 * the latest change are asked for again, and who was seen in them already, at
 * that very time, is left out. */
#include "poweroffice.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT_MOST = 200, ITEM_ROOM = 44 }; /* more of them cost a question each, and nothing else */

void cursor_done(struct cursor *cursor)
{
    free(cursor->employees.seen);
    free(cursor->employments.seen);
    *cursor = (struct cursor){0};
}

bool mark_add(struct mark *mark, int64_t id, int64_t ticks)
{
    if (mark->count == mark->room) {
        size_t room = mark->room ? mark->room * 2 : 64;
        struct seen *seen = realloc(mark->seen, room * sizeof(*seen));
        if (!seen)
            return false;
        mark->seen = seen;
        mark->room = room;
    }
    mark->seen[mark->count++] = (struct seen){id, ticks};
    mark->ticks = ticks > mark->ticks ? ticks : mark->ticks;
    return true;
}

bool mark_knows(const struct mark *before, int64_t id, int64_t ticks)
{
    for (size_t n = 0; n < before->count; n++)
        if (before->seen[n].id == id && before->seen[n].ticks == ticks)
            return true;
    return false;
}

/* ---- text ---- */

static bool number_take(const char **at, int64_t *ret_number)
{
    char *end;
    long long number = strtoll(*at, &end, 10);
    if (end == *at || **at == ' ' || **at == '+')
        return false;
    *at = end;
    *ret_number = number;
    return true;
}

static bool mark_read(const char **at, struct mark *mark)
{
    int64_t id, ticks, latest;
    if (!number_take(at, &latest))
        return false;
    for (char before = ':'; **at == before; before = ',') {
        (*at)++;
        if (!number_take(at, &id) || *(*at)++ != '@' || !number_take(at, &ticks) || !mark_add(mark, id, ticks))
            return false;
    }
    mark->ticks = latest;
    return true;
}

bool cursor_read(const char *text, struct cursor *ret_cursor)
{
    struct cursor cursor = {0};
    bool good = text && strncmp(text, "1 ", 2) == 0;
    const char *at = good ? text + 2 : NULL;
    good = good && mark_read(&at, &cursor.employees) && *at++ == ' ' && mark_read(&at, &cursor.employments) && !*at;
    if (good)
        *ret_cursor = cursor;
    else
        cursor_done(&cursor);
    return good;
}

static int later(const void *a, const void *b)
{
    const struct seen *x = a, *y = b;
    return x->ticks > y->ticks ? -1 : x->ticks < y->ticks;
}

static void mark_write(struct mark *mark, int64_t overlap, char *text, size_t room)
{
    size_t len = (size_t)snprintf(text, room, "%" PRId64, mark->ticks);
    if (mark->count > 1)
        qsort(mark->seen, mark->count, sizeof(*mark->seen), later);
    for (size_t n = 0; n < mark->count && n < KEPT_MOST && mark->seen[n].ticks >= mark->ticks - overlap; n++)
        len += (size_t)snprintf(text + len, room - len, "%c%" PRId64 "@%" PRId64, n ? ',' : ':', mark->seen[n].id,
                                mark->seen[n].ticks);
}

char *cursor_write(struct cursor *cursor, int64_t overlap_ticks)
{
    size_t room = (size_t)(KEPT_MOST + 1) * ITEM_ROOM;
    char *text = malloc(2 * room + 8);
    if (!text)
        return NULL;
    memcpy(text, "1 ", 3);
    mark_write(&cursor->employees, overlap_ticks, text + 2, room);
    size_t len = strlen(text);
    text[len++] = ' ';
    mark_write(&cursor->employments, overlap_ticks, text + len, room);
    return text;
}
