/* help - what the table of commands says, on the terminal. */
#include "cli/help.h"

#include "base/buffer.h"
#include "base/text.h"
#include "cli/context.h"
#include "cli/verb.h"

#include <string.h>

enum { WIDTH = 79 };

/* Paragraphs, broken at blanks. */
static void wrap(FILE *out, const char *indent, const char *text)
{
    size_t column = 0;
    while (*text) {
        if (*text == '\n') {
            fputs(column ? "\n\n" : "", out);
            column = 0;
            text += strspn(text, "\n");
            continue;
        }
        size_t len = strcspn(text, " \n"), width = text_width(text, len);
        if (column && column + 1 + width > WIDTH) {
            fputc('\n', out);
            column = 0;
        }
        if (column == 0)
            column = (size_t)fprintf(out, "%s", indent);
        else
            column += (size_t)fprintf(out, " ");
        fwrite(text, 1, len, out);
        column += width;
        text += len;
        text += *text == ' ';
    }
    if (column)
        fputc('\n', out);
}

static void print_options(const struct screen *screen, uint64_t which)
{
    struct grid grid;
    grid_start(&grid, screen, "  ", "|");
    for (unsigned id = 0; id < OPTION_COUNT; id++) {
        const struct option *option = command_option(id);
        if (!(which & UINT64_C(1) << id))
            continue;
        char letter[] = {'-', option->letter, ',', ' ', '\0'};
        grid_format(&grid, COLOR_NONE, "%s--%s%s%s", option->letter ? letter : "", option->name,
                    option->argument[0] ? " " : "", option->argument);
        grid_text(&grid, option->doc);
    }
    grid_end(&grid);
}

static void help_overview(const struct screen *screen)
{
    fputs("muster keeps one record per employee for every organization that it serves.\n\n"
          "  muster [OPTION…] COMMAND [WORD…]\n\n",
          screen->out);
    struct grid grid;
    grid_start(&grid, screen, "  ", "|");
    for (const struct command *command = commands; command->name; command++) {
        grid_format(&grid, COLOR_BOLD, "%s", command->name);
        grid_text(&grid, command->doc);
    }
    grid_end(&grid);
    fputs("\nOptions of every command, which may stand anywhere:\n", screen->out);
    print_options(screen, OPTIONS_GLOBAL);
    fputs("\nExit status: 0 done, 1 failed, 2 wrong words or configuration, 3 partly, 4 something waits for a\n"
          "decision, 5 another run is at it. `muster help COMMAND` says more; so do muster(1) and muster.yaml(5).\n",
          screen->out);
}

void help_command(const struct screen *screen, const struct command *command)
{
    fprintf(screen->out, "%s.\n\n  muster %s%s%s%s\n", command->doc, command->name, command->arguments[0] ? " " : "",
            command->arguments, command->options ? " [OPTION…]" : "");
    if (command->more) {
        fputc('\n', screen->out);
        wrap(screen->out, "", command->more);
    }
    if (command->options) {
        fputs("\nOptions:\n", screen->out);
        print_options(screen, command->options);
    }
    fputs("\nFor example:\n", screen->out);
    for (const char *at = command->example; *at; at += strcspn(at, "\n"), at += *at == '\n')
        fprintf(screen->out, "  %.*s\n", (int)strcspn(at, "\n"), at);
}

int verb_help(struct context *context)
{
    const char *name = context->arguments.words[0];
    if (GIVEN(context, man)) {
        help_man(stdout);
    } else if (GIVEN(context, completion)) {
        help_completion(stdout, VALUE(context, completion));
    } else if (!name) {
        help_overview(&context->screen);
    } else {
        const struct command *command = command_find(name);
        const char *near = command ? NULL : command_nearest(name);
        if (!command)
            return complain_words("there is no command '%s'%s%s%s", name, near ? "; did you mean '" : "",
                                  near ? near : "", near ? "'?" : "; `muster help` lists them");
        help_command(&context->screen, command);
    }
    return STATUS_DONE;
}

int verb_version(struct context *context)
{
    if (context->json) {
        fprintf(stdout, "{\"version\":\"%s\"}\n", PACKAGE_VERSION);
        return STATUS_DONE;
    }
    fputs("muster " PACKAGE_VERSION "\n", stdout);
    if (context->arguments.verbose > 0)
        fputs(CONFIGURE_SUMMARY "\n", stdout);
    return STATUS_DONE;
}
