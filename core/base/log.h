/* log - what happened, for who keeps the system running.
 *
 * Lines carry ids, never people or secrets; above debug nothing personal is
 * written. Library code does not log, programs and runs do: they own a
 * `struct log` that knows where it speaks from. A ring of debug lines is kept
 * and printed only when something failed. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_DEBUG = 1, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log {
    const char *organization, *connection; /* NULL: none; not owned */
    unsigned long run;                     /* 0: none */
};

/* The lowest level that is printed to stderr; LOG_WARN at first. */
void log_level(enum log_level level);
void log_line(const struct log *log, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Prints the ring of debug lines that were not shown. */
void log_dump(void);

#define log_debug(log, ...) log_line(log, LOG_DEBUG, __VA_ARGS__)
#define log_info(log, ...) log_line(log, LOG_INFO, __VA_ARGS__)
#define log_warn(log, ...) log_line(log, LOG_WARN, __VA_ARGS__)
#define log_error(log, ...) log_line(log, LOG_ERROR, __VA_ARGS__)

#endif
