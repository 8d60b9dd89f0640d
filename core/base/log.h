/* log - what happened, for who keeps the system running.
 *
 * Lines carry ids, never people or secrets; above debug nothing personal is
 * written. Library code does not log, programs and runs do: they own a
 * `struct log` that knows where it speaks from. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_DEBUG = 1, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log {
    const char *organization, *connection; /* NULL: none; not owned */
    unsigned long run;                     /* 0: none */
};

/* The lowest level that is printed to stderr; LOG_WARN at first. */
void log_level(enum log_level level);

/* The variable of the environment in which a program tells those that it starts how lines are written. */
#define LOG_VARIABLE "MUSTER_LOG"
/* How lines are written: "plain" (at first), "logfmt", "json", or "journald": logfmt behind the level as sd-daemon(3)
 * has it, without the time, which the journal notes itself. False: there is no such form, and nothing is changed. */
bool log_form(const char *name);

void log_line(const struct log *log, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define log_debug(log, ...) log_line(log, LOG_DEBUG, __VA_ARGS__)
#define log_info(log, ...) log_line(log, LOG_INFO, __VA_ARGS__)
#define log_warn(log, ...) log_line(log, LOG_WARN, __VA_ARGS__)
#define log_error(log, ...) log_line(log, LOG_ERROR, __VA_ARGS__)

#endif
