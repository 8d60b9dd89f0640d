/* prompt - what must not stand on a command line is asked on the terminal, and not shown while it is typed. */
#ifndef CLI_PROMPT_H
#define CLI_PROMPT_H

#include "base/error.h"
#include "base/secret.h"

/* Asks on the terminal itself, whatever standard input is. ERR_CONFIG: there is none; ERR_CANCELLED: Ctrl-C or
 * Ctrl-D. An empty answer is an empty secret. */
int prompt_secret(const char *what, struct secret *ret_secret, struct err *err);

#endif
