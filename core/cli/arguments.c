/* arguments - the words of a command line, taken apart by the table of commands. */
#include "cli/arguments.h"

#include "config/node.h"

#include <stdio.h>
#include <string.h>

struct reader {
    int argc, at;
    char **argv;
    struct arguments *arguments;
    uint64_t given; /* bits of options */
    struct err *err;
};

static int wrong_option(struct reader *reader, const char *name, size_t len)
{
    const char *names[OPTION_COUNT + 1] = {NULL};
    char written[64];
    uint64_t known = OPTIONS_GLOBAL | (reader->arguments->command ? reader->arguments->command->options : UINT64_MAX);
    size_t count = 0;
    for (unsigned id = 0; id < OPTION_COUNT; id++)
        if (known & UINT64_C(1) << id)
            names[count++] = command_option(id)->name;
    snprintf(written, sizeof(written), "%.*s", (int)len, name);
    const struct command *command = reader->arguments->command;
    bool word = strcmp(written, "connection") == 0 || strcmp(written, "organization") == 0;
    if (word && command && !(command->options & OPTION_BIT(organizations)))
        return err_set(reader->err, ERR_CONFIG,
                       "there is no option --%s: organizations and connections are words, as in muster %s %s", written,
                       command->name, command->arguments);
    const char *near = nearest_name(written, names);
    return err_set(reader->err, ERR_CONFIG, "there is no option --%s%s%s%s", written, near ? "; did you mean --" : "",
                   near ? near : "", near ? "?" : "");
}

/* A word in capitals stands for whatever there may be. */
static bool choice_has(const char *choices, const char *value)
{
    size_t len = strlen(value);
    for (const char *at = choices; *at; at += strcspn(at, "|"), at += *at == '|')
        if ((strcspn(at, "|") == len && strncmp(at, value, len) == 0) || (*at >= 'A' && *at <= 'Z'))
            return true;
    return false;
}

static int take_option(struct reader *reader, unsigned id, const char *value)
{
    const struct option *option = command_option(id);
    if (option->argument[0] == '\0') {
        if (value)
            return err_set(reader->err, ERR_CONFIG, "--%s takes no value", option->name);
        value = "";
    } else if (!value) {
        if (reader->at >= reader->argc)
            return err_set(reader->err, ERR_CONFIG, "--%s needs a value: %s", option->name, option->argument);
        value = reader->argv[reader->at++];
    }
    if (strchr(option->argument, '|') && !choice_has(option->argument, value))
        return err_set(reader->err, ERR_CONFIG, "--%s is one of %s, not '%s'", option->name, option->argument, value);
    reader->arguments->values[id] = value;
    reader->arguments->verbose += id == OPTION_verbose;
    reader->given |= UINT64_C(1) << id;
    return 0;
}

static int take_long(struct reader *reader, const char *text)
{
    size_t len = strcspn(text, "=");
    for (unsigned id = 0; id < OPTION_COUNT; id++)
        if (strlen(command_option(id)->name) == len && strncmp(command_option(id)->name, text, len) == 0)
            return take_option(reader, id, text[len] == '=' ? text + len + 1 : NULL);
    return wrong_option(reader, text, len);
}

static int take_letters(struct reader *reader, const char *letters)
{
    while (*letters) {
        char letter = *letters++;
        unsigned id = 0;
        while (id < OPTION_COUNT && command_option(id)->letter != letter)
            id++;
        if (id == OPTION_COUNT)
            return err_set(reader->err, ERR_CONFIG, "there is no option -%c", letter);
        bool takes = command_option(id)->argument[0] != '\0';
        int rc = take_option(reader, id, takes && *letters ? letters : NULL);
        if (rc != 0 || takes)
            return rc;
    }
    return 0;
}

static int take_word(struct reader *reader, const char *word)
{
    struct arguments *arguments = reader->arguments;
    if (arguments->command) {
        arguments->words[arguments->word_count++] = word;
        return 0;
    }
    arguments->command = command_find(word);
    if (arguments->command)
        return 0;
    const char *next = reader->at < reader->argc ? reader->argv[reader->at] : "", *near = command_nearest(word);
    if (!near && command_find(next))
        return err_set(reader->err, ERR_CONFIG, "the command comes first: muster %s %s", next, word);
    return err_set(reader->err, ERR_CONFIG, "there is no command '%s'%s%s%s", word, near ? "; did you mean '" : "",
                   near ? near : "", near ? "'?" : "; `muster help` lists them");
}

/* What was given belongs to the verb, and there are as many words as it takes. */
static int check_whole(struct reader *reader)
{
    struct arguments *arguments = reader->arguments;
    const struct command *command = arguments->command;
    if (arguments->values[OPTION_help])
        return 0;
    for (unsigned id = 0; id < OPTION_COUNT; id++)
        if (reader->given & UINT64_C(1) << id && !((command->options | OPTIONS_GLOBAL) & UINT64_C(1) << id))
            return err_set(reader->err, ERR_CONFIG, "`muster %s` takes no --%s", command->name,
                           command_option(id)->name);
    if (arguments->word_count < command->least)
        return err_set(reader->err, ERR_CONFIG, "something is missing: muster %s %s", command->name,
                       command->arguments);
    if (arguments->word_count > command->most)
        return err_set(reader->err, ERR_CONFIG, "'%s' is one word too many: muster %s%s%s",
                       arguments->words[command->most], command->name, command->arguments[0] ? " " : "",
                       command->arguments);
    return 0;
}

int arguments_read(int argc, char **argv, const char **words, struct arguments *ret_arguments, struct err *err)
{
    *ret_arguments = (struct arguments){.words = words};
    struct reader reader = {.argc = argc, .at = 1, .argv = argv, .arguments = ret_arguments, .err = err};
    bool only_words = false;
    while (reader.at < argc) {
        const char *word = argv[reader.at++];
        int rc;
        if (only_words || word[0] != '-' || word[1] == '\0')
            rc = take_word(&reader, word);
        else if (word[1] != '-')
            rc = take_letters(&reader, word + 1);
        else if (word[2] == '\0')
            rc = 0, only_words = true;
        else if (strcmp(word, "--version") == 0 && !ret_arguments->command)
            rc = take_word(&reader, "version");
        else
            rc = take_long(&reader, word + 2);
        if (rc != 0)
            return rc;
    }
    words[ret_arguments->word_count] = NULL;
    if (!ret_arguments->command) { /* `muster` and `muster --help` are `muster help` */
        ret_arguments->command = command_find("help");
        ret_arguments->values[OPTION_help] = NULL;
    }
    return check_whole(&reader);
}
