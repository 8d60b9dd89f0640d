/* man - muster(1), made from the tables of commands, options and reasons. */
#include "cli/help.h"
#include "logic/reason.h"

#include <string.h>

/* Text for troff: backslashes, dashes that are typed, lines that begin with a dot. */
static void troff(FILE *out, const char *text)
{
    for (const char *at = text; *at; at++)
        if (*at == '\\')
            fputs("\\e", out);
        else if (*at == '-')
            fputs("\\-", out);
        else if ((*at == '.' || *at == '\'') && (at == text || at[-1] == '\n'))
            fprintf(out, "\\&%c", *at);
        else if (*at == '\n' && at[1] == '\n')
            fputs("\n.PP", out), at += strspn(at + 1, "\n") - 1;
        else
            fputc(*at, out);
}

static void option_text(FILE *out, const struct option *option)
{
    fputs(".TP\n\\fB", out);
    if (option->letter)
        fprintf(out, "\\-%c\\fR, \\fB", option->letter);
    fputs("\\-\\-", out);
    troff(out, option->name);
    fputs("\\fR", out);
    if (option->argument[0]) {
        fputs(" \\fI", out);
        troff(out, option->argument);
        fputs("\\fR", out);
    }
    fputc('\n', out);
    troff(out, option->doc);
    fputs(".\n", out);
}

static void command_text(FILE *out, const struct command *command)
{
    fprintf(out, ".SS muster %s", command->name);
    if (command->arguments[0]) {
        fputs(" \\fI", out);
        troff(out, command->arguments);
        fputs("\\fR", out);
    }
    fputc('\n', out);
    troff(out, command->doc);
    fputs(".\n", out);
    if (command->more) {
        fputs(".PP\n", out);
        troff(out, command->more);
        fputc('\n', out);
    }
    for (unsigned id = 0; id < OPTION_COUNT; id++)
        if (command->options & UINT64_C(1) << id)
            option_text(out, command_option(id));
    fputs(".PP\n.nf\n.RS\n", out);
    troff(out, command->example);
    fputs("\n.RE\n.fi\n", out);
}

static void reasons_text(FILE *out)
{
    fputs(".SH REASONS\n"
          "What waits for a person has a code that stays the same in every version, for scripts to look for.\n",
          out);
    const char *code;
    for (unsigned n = 0; (code = reason_nth(n)); n++) {
        fprintf(out, ".TP\n\\fB%s\\fR\n", code);
        troff(out, reason_text(code));
        fputs(".\n", out);
    }
}

void help_man(FILE *out)
{
    fputs(".\\\" Made by `muster help --man`; tests/script/manual holds it against the program.\n"
          ".TH MUSTER 1 2026-11-21 \"muster " PACKAGE_VERSION "\" \"User commands\"\n"
          ".SH NAME\nmuster \\- keeps one employee record per person per organization\n"
          ".SH SYNOPSIS\n\\fBmuster\\fR [\\fIOPTION\\fR…] \\fICOMMAND\\fR [\\fIWORD\\fR…]\n"
          ".SH DESCRIPTION\n"
          "muster fetches what the systems of an organization say about its people, works out what is true, and "
          "keeps it: one record per person, with the history of every field. What each system is and which of its "
          "columns is what stands in \\fBmuster.yaml\\fR(5).\n"
          ".SH OPTIONS\nThese may stand anywhere.\n",
          out);
    for (unsigned id = 0; id < OPTION_COUNT; id++)
        if (OPTIONS_GLOBAL & UINT64_C(1) << id)
            option_text(out, command_option(id));
    fputs(".SH COMMANDS\n", out);
    for (const struct command *command = commands; command->name; command++)
        command_text(out, command);
    fputs(
        ".SH EXIT STATUS\n"
        ".TP\n0\nDone.\n.TP\n1\nFailed.\n.TP\n2\nWrong words, or a wrong configuration;\n"
        "also an id or a name that there is not: a person, a run, an item of the inbox, a connection.\n"
        ".TP\n3\nPartly: a partition failed, or some records or values were not taken (dead letters);\n"
        "also when the source is the same as last time and is passed over: what was not taken then is not taken yet.\n"
        ".TP\n4\nSomething is held, a review waits for somebody to decide, or a connection is paused or set aside.\n"
        ".TP\n5\nAnother run of this organization is at it.\n",
        out);
    reasons_text(out);
    fputs(".SH ENVIRONMENT\n"
          ".TP\n\\fBMUSTER_CONFIG\\fR\nThe folder of the configuration, when \\fB\\-c\\fR is not given. Default: "
          "/etc/muster.\n"
          ".TP\n\\fBMUSTER_CONNECTORS\\fR\nThe folder of the connectors, when "
          "\\fB\\-\\-connectors\\fR is not given; also several with ':' between, where an empty one is that of "
          "muster's own.\n"
          ".TP\n\\fBNO_COLOR\\fR\nWhen not empty: no colours, unless \\fB\\-\\-color always\\fR asks for them.\n"
          ".SH FILES\n"
          ".TP\n/etc/muster/muster.yaml, /etc/muster/organizations/\\fIORG\\fR.yaml\nThe configuration.\n"
          ".TP\n/var/lib/muster/organizations/\\fIORG\\fR/\nAll that is stored of an organization.\n"
          "Root becomes the user whose /var/lib/muster is before anything is read or written there.\n"
          ".SH SEE ALSO\n\\fBmuster.yaml\\fR(5), \\fBmuster-cassette\\fR(5)\n",
          out);
}
