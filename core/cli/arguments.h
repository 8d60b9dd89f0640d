/* arguments - the words of a command line, taken apart by the table of commands. */
#ifndef CLI_ARGUMENTS_H
#define CLI_ARGUMENTS_H

#include "base/error.h"
#include "cli/command.h"

struct arguments {
    const struct command *command;
    const char **words; /* after the verb; `words[word_count]` is NULL */
    size_t word_count;
    const char *values[OPTION_COUNT]; /* NULL: not given; "" for a flag */
    unsigned verbose;                 /* how often -v was said */
};

/* Options may stand anywhere; after `--` everything is a word. `words` has room for argc + 1. No word at all is
 * `help`; --help and --version stand for these commands. Returns 0, or ERR_CONFIG and a sentence (then
 * ret_arguments->command is set when the verb was known). */
int arguments_read(int argc, char **argv, const char **words, struct arguments *ret_arguments, struct err *err);

#endif
