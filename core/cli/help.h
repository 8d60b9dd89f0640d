/* help - what the table of commands says: on the terminal, as a manual page, as completion. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/command.h"
#include "cli/screen.h"

void help_command(const struct screen *screen, const struct command *command);
/* muster(1), made from the tables of commands, options and reasons. */
void help_man(FILE *out);
/* For "bash", "zsh" or "fish". */
void help_completion(FILE *out, const char *shell);

#endif
