/* log - what happened, for who keeps the system running. */
#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { RING = 64, LINE = 400 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static enum log_level shown = LOG_WARN;
static char ring[RING][LINE];
static unsigned ring_next;

void log_level(enum log_level level)
{
    shown = level;
}

void log_line(const struct log *log, enum log_level level, const char *format, ...)
{
    static const char *const names[] = {"", "debug", "info", "warning", "error"};
    char line[LINE];
    int used = snprintf(line, sizeof(line), "%s:", names[level]);
    if (log && log->organization)
        used += snprintf(line + used, sizeof(line) - (size_t)used, " %.60s", log->organization);
    if (log && log->connection)
        used += snprintf(line + used, sizeof(line) - (size_t)used, "/%.60s", log->connection);
    if (log && log->run)
        used += snprintf(line + used, sizeof(line) - (size_t)used, " run %lu", log->run);
    va_list args;
    va_start(args, format);
    line[used++] = ' ';
    vsnprintf(line + used, sizeof(line) - (size_t)used, format, args);
    va_end(args);
    pthread_mutex_lock(&lock);
    if (level >= shown)
        fprintf(stderr, "%s\n", line);
    else
        memcpy(ring[ring_next++ % RING], line, sizeof(line));
    pthread_mutex_unlock(&lock);
}

void log_dump(void)
{
    pthread_mutex_lock(&lock);
    for (unsigned i = ring_next > RING ? ring_next - RING : 0; i < ring_next; i++)
        fprintf(stderr, "%s\n", ring[i % RING]);
    ring_next = 0;
    pthread_mutex_unlock(&lock);
}
