/* completion - of the shell's words, made from the table of commands. */
#include "cli/help.h"

#include <string.h>

static void option_names(FILE *out, uint64_t which)
{
    for (unsigned id = 0; id < OPTION_COUNT; id++)
        if (which & UINT64_C(1) << id)
            fprintf(out, " --%s", command_option(id)->name);
}

static void choices(FILE *out, const char *argument)
{
    for (const char *at = argument; *at; at++)
        fputc(*at == '|' ? ' ' : *at, out);
}

/* Organizations are the files of the folder that -c or MUSTER_CONFIG names. */
static void bash(FILE *out)
{
    fputs("# muster: completion for bash, made by `muster help --completion bash`.\n"
          "_muster() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
          "    local folder=${MUSTER_CONFIG:-/etc/muster} verb= count=0 i options=\n"
          "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
          "        case ${COMP_WORDS[i]} in\n"
          "        -c|--config) folder=${COMP_WORDS[++i]} ;;\n",
          out);
    fputs("        ", out);
    for (unsigned id = 0, first = 1; id < OPTION_COUNT; id++)
        if (command_option(id)->argument[0] && id != OPTION_config)
            fprintf(out, "%s--%s", first ? "" : "|", command_option(id)->name), first = 0;
    fputs(") ((i++)) ;;\n"
          "        -*) ;;\n"
          "        *) if [[ -z $verb ]]; then verb=${COMP_WORDS[i]}; else ((count++)); fi ;;\n"
          "        esac\n"
          "    done\n"
          "    case $before in\n",
          out);
    for (unsigned id = 0; id < OPTION_COUNT; id++) {
        const char *argument = command_option(id)->argument;
        if (strchr(argument, '|')) {
            fprintf(out, "    --%s) COMPREPLY=($(compgen -W '", command_option(id)->name);
            choices(out, argument);
            fputs("' -- \"$word\")); return ;;\n", out);
        }
    }
    fputs("    -c|--config|--state|--connectors) COMPREPLY=($(compgen -d -- \"$word\")); return ;;\n    esac\n"
          "    case $verb in\n",
          out);
    for (const struct command *command = commands; command->name; command++) {
        fprintf(out, "    %s) options='", command->name);
        option_names(out, command->options);
        fputs("' ;;\n", out);
    }
    fputs("    esac\n    if [[ $word == -* ]]; then\n        COMPREPLY=($(compgen -W \"$options", out);
    option_names(out, OPTIONS_GLOBAL);
    fputs("\" -- \"$word\"))\n    elif [[ -z $verb || ($verb == help && $count -eq 0) ]]; then\n"
          "        COMPREPLY=($(compgen -W '",
          out);
    for (const struct command *command = commands; command->name; command++)
        fprintf(out, "%s%s", command == commands ? "" : " ", command->name);
    fputs("' -- \"$word\"))\n"
          "    elif ((count == 0)) && [[ $verb != connectors && $verb != version ]]; then\n"
          "        COMPREPLY=($(compgen -W \"$(cd \"$folder/organizations\" 2>/dev/null && "
          "printf '%s\\n' *.yaml | sed 's/\\.yaml$//;/^\\*$/d')\" -- \"$word\"))\n"
          "    fi\n}\ncomplete -F _muster muster\n",
          out);
}

/* Inside single quotes of a shell. */
static void quoted(FILE *out, const char *text)
{
    for (; *text; text++)
        if (*text == '\'')
            fputs("'\\''", out);
        else if (*text == ':' || *text == '[' || *text == ']')
            fprintf(out, "\\%c", *text);
        else
            fputc(*text, out);
}

static void zsh_options(FILE *out, uint64_t which, const char *indent)
{
    for (unsigned id = 0; id < OPTION_COUNT; id++) {
        const struct option *option = command_option(id);
        if (!(which & UINT64_C(1) << id))
            continue;
        fprintf(out, "%s'--%s[", indent, option->name);
        quoted(out, option->doc);
        fputc(']', out);
        if (option->argument[0]) {
            fprintf(out, ":%s:", option->name);
            if (strchr(option->argument, '|')) {
                fputc('(', out);
                choices(out, option->argument);
                fputc(')', out);
            } else if (strcmp(option->argument, "DIR") == 0) {
                fputs("_files -/", out);
            }
        }
        fputs("' \\\n", out);
    }
}

static void zsh(FILE *out)
{
    fputs("#compdef muster\n# muster: completion for zsh, made by `muster help --completion zsh`.\n"
          "_muster_organizations() {\n"
          "    local folder=${opt_args[--config]:-${opt_args[-c]:-${MUSTER_CONFIG:-/etc/muster}}}\n"
          "    local -a found=($folder/organizations/*.yaml(N:t:r))\n"
          "    _describe organization found\n}\n"
          "_muster() {\n    local -a verbs=(\n",
          out);
    for (const struct command *command = commands; command->name; command++) {
        fprintf(out, "        '%s:", command->name);
        quoted(out, command->doc);
        fputs("'\n", out);
    }
    fputs("    )\n    local state line\n    typeset -A opt_args\n    _arguments -C \\\n", out);
    zsh_options(out, OPTIONS_GLOBAL, "        ");
    fputs("        '-c+[the folder of the configuration]:folder:_files -/' \\\n"
          "        '1: :->verb' '*:: :->rest' && return\n"
          "    case $state in\n    verb) _describe command verbs ;;\n    rest)\n        case $words[1] in\n",
          out);
    for (const struct command *command = commands; command->name; command++) {
        fprintf(out, "        %s) _arguments \\\n", command->name);
        zsh_options(out, command->options | OPTIONS_GLOBAL, "            ");
        if (strcmp(command->name, "help") == 0)
            fputs("            '1: :_describe command verbs' ;;\n", out);
        else if (strstr(command->arguments, "ORG"))
            fputs("            '1: :_muster_organizations' '*: :' ;;\n", out);
        else
            fputs("            '*: :' ;;\n", out);
    }
    fputs("        esac ;;\n    esac\n}\n_muster \"$@\"\n", out);
}

static void fish(FILE *out)
{
    fputs("# muster: completion for fish, made by `muster help --completion fish`.\n"
          "function __muster_organizations\n"
          "    set -l folder /etc/muster\n"
          "    set -q MUSTER_CONFIG; and set folder $MUSTER_CONFIG\n"
          "    for file in $folder/organizations/*.yaml\n        basename $file .yaml\n    end\nend\n"
          "complete -c muster -f\n",
          out);
    for (const struct command *command = commands; command->name; command++) {
        fprintf(out, "complete -c muster -n __fish_use_subcommand -a %s -d '", command->name);
        quoted(out, command->doc);
        fputs("'\n", out);
        if (strstr(command->arguments, "ORG"))
            fprintf(out, "complete -c muster -n '__fish_seen_subcommand_from %s' -a '(__muster_organizations)'\n",
                    command->name);
    }
    for (unsigned id = 0; id < OPTION_COUNT; id++) {
        const struct option *option = command_option(id);
        fprintf(out, "complete -c muster -l %s", option->name);
        if (option->letter)
            fprintf(out, " -s %c", option->letter);
        if (!(OPTIONS_GLOBAL & UINT64_C(1) << id)) {
            fputs(" -n '__fish_seen_subcommand_from", out);
            for (const struct command *command = commands; command->name; command++)
                if (command->options & UINT64_C(1) << id)
                    fprintf(out, " %s", command->name);
            fputc('\'', out);
        }
        if (strchr(option->argument, '|')) {
            fputs(" -x -a '", out);
            choices(out, option->argument);
            fputc('\'', out);
        } else if (option->argument[0]) {
            fputs(" -r", out);
        }
        fputs(" -d '", out);
        quoted(out, option->doc);
        fputs("'\n", out);
    }
}

void help_completion(FILE *out, const char *shell)
{
    if (strcmp(shell, "bash") == 0)
        bash(out);
    else if (strcmp(shell, "zsh") == 0)
        zsh(out);
    else
        fish(out);
}
