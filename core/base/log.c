/* log - what happened, for who keeps the system running. */
#include "base/log.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/date.h"
#include "base/jsontext.h"
#include "base/tidy.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TEXT = 400, NAME = 60 };
enum form { PLAIN, LOGFMT, JSON, JOURNALD, FORMS };

static const char *const forms[] = {"plain", "logfmt", "json", "journald"};
static const char *const levels[] = {"", "debug", "info", "warning", "error"};
static const char priorities[] = " 7643"; /* of syslog */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static enum log_level shown = LOG_WARN;
static enum form form = PLAIN;

void log_level(enum log_level level)
{
    shown = level;
}

bool log_form(const char *name)
{
    for (int n = 0; n < FORMS; n++)
        if (strcmp(forms[n], name) == 0) {
            form = (enum form)n;
            return true;
        }
    return false;
}

static void plain_write(const struct log *log, enum log_level level, const char *text, struct buffer *out)
{
    buffer_format(out, "%s:", levels[level]);
    if (log && log->organization)
        buffer_format(out, " %.*s", NAME, log->organization);
    if (log && log->connection)
        buffer_format(out, "/%.*s", NAME, log->connection);
    if (log && log->run)
        buffer_format(out, " run %lu", log->run);
    buffer_format(out, " %s", text);
}

/* A value is quoted where it has to be. */
static void pair(struct buffer *out, const char *name, const char *value)
{
    bool bare = *value && !strpbrk(value, " =\"\\") && !value[strcspn(value, "\a\b\t\n\v\f\r")];
    buffer_format(out, "%s%s=", out->len > 0 && out->data[out->len - 1] != '>' ? " " : "", name);
    if (bare)
        buffer_text(out, value);
    else
        json_text(out, value);
}

static void logfmt_write(const struct log *log, enum log_level level, const char *time, const char *text,
                         struct buffer *out)
{
    char run[24];
    snprintf(run, sizeof(run), "%lu", log ? log->run : 0);
    if (form == JOURNALD)
        buffer_format(out, "<%c>", priorities[level]);
    else
        pair(out, "time", time);
    pair(out, "level", levels[level]);
    if (log && log->organization)
        pair(out, "organization", log->organization);
    if (log && log->connection)
        pair(out, "connection", log->connection);
    if (log && log->run)
        pair(out, "run", run);
    pair(out, "message", text);
}

static void json_write(const struct log *log, enum log_level level, const char *time, const char *text,
                       struct buffer *out)
{
    buffer_byte(out, '{');
    json_member_text(out, "time", time);
    json_member_text(out, "level", levels[level]);
    if (log && log->organization)
        json_member_text(out, "organization", log->organization);
    if (log && log->connection)
        json_member_text(out, "connection", log->connection);
    if (log && log->run)
        json_member_number(out, "run", log->run);
    json_member_text(out, "message", text);
    buffer_byte(out, '}');
}

void log_line(const struct log *log, enum log_level level, const char *format, ...)
{
    TIDY_DONE(buffer_done) struct buffer out = {0};
    char text[TEXT], time[25];
    va_list args;
    if (level < shown)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    instant_write(clock_now_ms(), time);
    if (form == PLAIN)
        plain_write(log, level, text, &out);
    else if (form == JSON)
        json_write(log, level, time, text, &out);
    else
        logfmt_write(log, level, time, text, &out);
    pthread_mutex_lock(&lock);
    fprintf(stderr, "%s\n", out.rc == 0 && out.data ? out.data : text);
    pthread_mutex_unlock(&lock);
}
