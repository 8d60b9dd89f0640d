/* values - rules about how values are written: S5 by their type, S18 ids as the source has them. */
#include "conform/walk.h"

#include "base/date.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static bool digits(const char *text, bool point)
{
    text += *text == '-';
    if (!isdigit((unsigned char)*text))
        return false;
    text += strspn(text, "0123456789");
    if (point && *text == '.' && isdigit((unsigned char)text[1]))
        text += 1 + strspn(text + 1, "0123456789");
    return *text == '\0';
}

static bool clock_read(const char *text, size_t len)
{
    int hour, minute, second, used = 0;
    return len == 8 && sscanf(text, "%2d:%2d:%2d%n", &hour, &minute, &second, &used) == 3 && used == 8 && hour >= 0 &&
           hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 61;
}

/* YYYY-MM-DDTHH:MM:SS[.fraction][Z|+HH:MM] */
static bool moment_read(const char *text)
{
    struct date day;
    size_t len = strlen(text);
    if (len < 19 || text[10] != 'T' || !date_read(text, 10, &day) || !clock_read(text + 11, 8))
        return false;
    text += 19;
    if (*text == '.')
        text += 1 + strspn(text + 1, "0123456789");
    if (strcmp(text, "") == 0 || strcmp(text, "Z") == 0)
        return true;
    return (*text == '+' || *text == '-') && strlen(text) == 6 && text[3] == ':' && isdigit((unsigned char)text[1]);
}

bool value_written(int type, const char *text)
{
    struct date day;
    switch (type) {
    case MUSTER_INTEGER: return digits(text, false);
    case MUSTER_DECIMAL: return digits(text, true);
    case MUSTER_BOOL: return strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
    case MUSTER_DATE: return date_read(text, strlen(text), &day);
    case MUSTER_TIME: return clock_read(text, strlen(text));
    case MUSTER_DATETIME: return moment_read(text);
    default: return true;
    }
}

static void value_judge(struct trial *trial, const struct take *take, const struct haul_value *value)
{
    char what[300];
    if (!value->text || value_written(value->type, value->text))
        return;
    snprintf(what, sizeof(what), "field %s.%s", take->stream, value->name);
    trial_fault(trial, RULE_S5, what, "comes as %s, and is not written as one (%zu bytes)", haul_type(value->type),
                strlen(value->text));
}

/* The whole tape, as bytes. */
static int tape_read(const char *path, struct buffer *out)
{
    TIDY(fclose) FILE *file = fopen(path, "re");
    char piece[8192];
    for (size_t got; file && (got = fread(piece, 1, sizeof(piece), file)) > 0;)
        buffer_add(out, piece, got);
    return file ? out->rc : -1;
}

static bool stands_alone(const char *text, const char *id)
{
    size_t len = strlen(id);
    for (const char *at = text; (at = strstr(at, id)); at++)
        if (!(at > text && isdigit((unsigned char)at[-1])) && !isdigit((unsigned char)at[len]))
            return true;
    return false;
}

static void ids_judge(const struct walk *walk, const struct reading *reading)
{
    enum { IDS_MOST = 50 };
    TIDY_DONE(buffer_done) struct buffer tape = {0};
    if (!trial_wants(walk->trial, RULE_S18) || tape_read(walk->tape->path, &tape) != 0 || !tape.data ||
        strstr(tape.data, "\"reply_base64\"") || !strstr(tape.data, "\"reply\""))
        return;
    for (size_t t = 0; t < reading->count; t++)
        for (size_t i = 0; i < reading->takes[t].haul.count && i < IDS_MOST; i++) {
            const char *id = reading->takes[t].haul.records[i].id;
            if (!id || !*id || strspn(id, "0123456789") != strlen(id))
                continue;
            trial_looked(walk->trial, RULE_S18);
            if (!stands_alone(tape.data, id))
                trial_fault(walk->trial, RULE_S18, reading->takes[t].stream,
                            "the id '%s' stands nowhere in what the system answered", id);
        }
}

void values_judge(const struct walk *walk, const struct reading *reading)
{
    for (size_t t = 0; t < reading->count; t++) {
        const struct take *take = &reading->takes[t];
        for (size_t i = 0; i < take->haul.count; i++) {
            trial_looked(walk->trial, RULE_S5);
            for (size_t v = 0; v < take->haul.records[i].count; v++)
                value_judge(walk->trial, take, &take->haul.records[i].values[v]);
        }
    }
    ids_judge(walk, reading);
}
