/* words - what a connector says to people: sentences and log lines, which are UTF-8 when they leave this process.
 *
 * What a system answered in a charset that nobody named is no reason to lose
 * the sentence around it, nor the run: bytes that are no UTF-8 become U+FFFD.
 * By which function they came is noted, and told at the end of the call. */
#ifndef HOST_WORDS_H
#define HOST_WORDS_H

#include "host/session.h"

#include <stdarg.h>

/* As vsnprintf(), but what does not fit ends with a whole character. */
void words_format(char *ret_text, size_t room, const char *format, va_list args) __attribute__((format(printf, 3, 0)));
void words_write(char *ret_text, size_t room, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Adds it to the message under way, at most so many bytes of it (0: all); NULL is "". function: "log()". */
void words_put(struct session *session, const char *function, const char *text, size_t max);
/* The same where the other end does not mind whether there is one. */
void words_put_if(struct session *session, const char *function, const char *text);

#endif
