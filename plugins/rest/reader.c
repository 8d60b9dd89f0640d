/* reader - options one by one, and what is wrong with them. */
#include "reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMPLAINTS_ROOM = 900 };

void reader_wrong(struct reader *reader, const char *option, const char *member, const char *format, ...)
{
    char text[WHY_ROOM + 200];
    int len = snprintf(text, sizeof(text), "option '%s%s%s' ", option, *option && *member ? "." : "", member);
    va_list args;
    va_start(args, format);
    vsnprintf(text + len, sizeof(text) - (size_t)len, format, args);
    va_end(args);
    if (reader->complaints.len + strlen(text) > COMPLAINTS_ROOM)
        return;
    if (reader->complaints.len > 0)
        muster_text_put(&reader->complaints, "\n");
    muster_text_put(&reader->complaints, text);
}

const char *reader_text(struct reader *reader, const char *option, const char *member)
{
    char name[PATH_ROOM + 40];
    snprintf(name, sizeof(name), "%s%s%s", option, *option ? "." : "", member);
    const char *text = reader->rest->host->text(reader->rest->run, name);
    return text && (*text || strcmp(member, "total") == 0 || strcmp(member, "next") == 0) ? text : NULL;
}

/* The name of something in a list. */
const char *reader_name(struct reader *reader, const char *option)
{
    const char *name = reader_text(reader, option, "name");
    if (!name)
        reader_wrong(reader, option, "name", "is empty");
    return name ? name : "";
}

int64_t reader_number(struct reader *reader, const char *option, const char *member)
{
    char name[PATH_ROOM + 40];
    snprintf(name, sizeof(name), "%s%s%s", option, *option ? "." : "", member);
    return reader->rest->host->number(reader->rest->run, name);
}

size_t reader_count(struct reader *reader, const char *option, const char *member)
{
    char name[PATH_ROOM + 40];
    snprintf(name, sizeof(name), "%s%s%s", option, *option ? "." : "", member);
    return reader->rest->host->count(reader->rest->run, name);
}

const char *reader_pointer(struct reader *reader, const char *option, const char *member)
{
    const char *text = reader_text(reader, option, member);
    if (text && *text && *text != '/')
        reader_wrong(reader, option, member, "must be a JSON pointer, which begins with a slash, as in /%.60s", text);
    return text;
}

void *reader_many(struct reader *reader, size_t count, size_t size)
{
    void *items = calloc(count + 1, size);
    reader->complaints.failed |= items == NULL;
    return items;
}

/* How far two names are apart; small is near. */
size_t reader_distance(const char *a, const char *b)
{
    size_t row[64], len = strlen(b);
    if (len >= 63 || strlen(a) >= 63)
        return 64;
    for (size_t n = 0; n <= len; n++)
        row[n] = n;
    for (size_t i = 0; a[i]; i++) {
        size_t before = row[0];
        row[0] = i + 1;
        for (size_t n = 0; n < len; n++) {
            size_t swap = before + (a[i] != b[n]), one = (row[n] < row[n + 1] ? row[n] : row[n + 1]) + 1;
            before = row[n + 1];
            row[n + 1] = swap < one ? swap : one;
        }
    }
    return row[len];
}
