/* Command lines: options anywhere, wrong words with the nearest right one. */
#include "unit.h"

#include "cli/arguments.h"
#include "cli/synonym.h"

#include <stdio.h>

enum { MOST = 16 };

static const char *words[MOST + 1];
static struct arguments arguments;
static struct err err;

static int read_line(const char *line)
{
    static char text[500];
    static char *argv[MOST];
    int argc = 0;
    snprintf(text, sizeof(text), "muster %s", line);
    for (char *at = text; *at && argc < MOST; at += strspn(at, " ")) {
        argv[argc++] = at;
        at += strcspn(at, " ");
        if (*at)
            *at++ = '\0';
    }
    err = (struct err){0};
    return arguments_read(argc, argv, words, &arguments, &err);
}

static void refused(const char *line, const char *sentence)
{
    assert_int_equal(read_line(line), ERR_CONFIG);
    assert_string_equal(err.text, sentence);
}

static void options_may_stand_before_and_after_the_verb_and_between_words(void **state)
{
    (void)state;
    assert_int_equal(read_line("-c /here sync --json acme --full hr --state=/there"), 0);
    assert_string_equal(arguments.command->name, "sync");
    assert_int_equal(arguments.word_count, 2);
    assert_string_equal(words[0], "acme");
    assert_string_equal(words[1], "hr");
    assert_null(words[2]);
    assert_string_equal(arguments.values[OPTION_config], "/here");
    assert_string_equal(arguments.values[OPTION_state], "/there");
    assert_non_null(arguments.values[OPTION_json]);
    assert_non_null(arguments.values[OPTION_full]);
    assert_null(arguments.values[OPTION_quiet]);
}

static void letters_may_stand_together_and_keep_their_value_close(void **state)
{
    (void)state;
    assert_int_equal(read_line("status -vvc/here"), 0);
    assert_int_equal(arguments.verbose, 2);
    assert_string_equal(arguments.values[OPTION_config], "/here");
}

static void after_two_dashes_everything_is_a_word(void **state)
{
    (void)state;
    assert_int_equal(read_line("person acme -- --json"), 0);
    assert_string_equal(words[1], "--json");
    assert_null(arguments.values[OPTION_json]);
}

static void a_single_dash_is_a_word(void **state)
{
    (void)state;
    assert_int_equal(read_line("person acme -"), 0);
    assert_string_equal(words[1], "-");
}

static void no_word_at_all_is_help(void **state)
{
    (void)state;
    assert_int_equal(read_line(""), 0);
    assert_string_equal(arguments.command->name, "help");
    assert_int_equal(read_line("--version"), 0);
    assert_string_equal(arguments.command->name, "version");
}

static void a_word_in_capitals_among_the_choices_stands_for_any_value(void **state)
{
    (void)state;
    assert_int_equal(read_line("reject acme h1 --until 2026-12-31 --reason why"), 0);
    assert_string_equal(arguments.values[OPTION_until], "2026-12-31");
    assert_int_equal(read_line("pin acme 1001 phone=1 --until source-agrees --reason why"), 0);
    refused("export acme person --format pdf", "--format is one of jsonl|csv|xlsx|singer, not 'pdf'");
}

static void a_wrong_verb_is_answered_with_the_nearest(void **state)
{
    (void)state;
    refused("snyc acme", "there is no command 'snyc'; did you mean 'sync'?");
    refused("frobnicate", "there is no command 'frobnicate'; `muster help` lists them");
}

static void a_wrong_option_is_answered_with_the_nearest_of_that_verb(void **state)
{
    (void)state;
    refused("sync acme --ful", "there is no option --ful; did you mean --full?");
    refused("sync acme --alow-held=3", "there is no option --alow-held; did you mean --allow-held?");
    refused("status -z", "there is no option -z");
}

static void an_option_of_another_verb_is_refused(void **state)
{
    (void)state;
    refused("status --full", "`muster status` takes no --full");
    refused("--full status", "`muster status` takes no --full");
}

static void values_are_asked_for_and_checked(void **state)
{
    (void)state;
    refused("sync acme --reason", "--reason needs a value: TEXT");
    refused("sync acme --json=yes", "--json takes no value");
    refused("--color sometimes status", "--color is one of auto|never|always, not 'sometimes'");
    refused("export acme person --format cs", "--format is one of jsonl|csv|xlsx|singer, not 'cs'");
}

static void words_are_counted(void **state)
{
    (void)state;
    refused("sync", "something is missing: muster sync ORG [CONNECTION…]");
    refused("status a b", "'b' is one word too many: muster status [ORG]");
    refused("version now", "'now' is one word too many: muster version");
    assert_int_equal(read_line("check a b c d"), 0);
    assert_int_equal(read_line("sync --help"), 0); /* whatever is missing */
}

static void words_of_other_programs_are_answered_with_ours(void **state)
{
    (void)state;
    refused("undo acme 3", "there is no command 'undo'; did you mean 'revert'?");
    refused("why acme 1001", "there is no command 'why'; did you mean 'explain'?");
    refused("acme status", "the command comes first: muster status acme");
    refused("acme acme", "there is no command 'acme'; `muster help` lists them");
    for (const struct synonym *synonym = synonyms; synonym->command; synonym++)
        assert_non_null(command_find(synonym->command));
    for (const struct command *command = commands; command->name; command++)
        assert_null(synonym_find(command->name));
}

static void every_command_is_whole(void **state)
{
    (void)state;
    for (const struct command *command = commands; command->name; command++) {
        assert_non_null(command->run);
        assert_true(command->doc[0] && command->doc[strlen(command->doc) - 1] != '.');
        assert_non_null(strstr(command->example, command->name));
        assert_true(command->least <= command->most);
        assert_int_equal(command->options & OPTIONS_GLOBAL, 0);
        assert_ptr_equal(command_find(command->name), command);
    }
}

/* As a shell gives it: what is quoted is one word, here without blanks; what is behind '>' is not ours. */
static void example_line(const char *at, char *line, size_t room)
{
    size_t len = 0;
    for (bool quoted = false; *at && *at != '\n' && *at != '>' && len + 1 < room; at++) {
        quoted ^= *at == '"';
        if (*at != '"')
            line[len++] = quoted && *at == ' ' ? '_' : *at;
    }
    line[len] = '\0';
}

/* What --help shows as an example must be a line that the parser takes. */
static void every_example_can_be_typed(void **state)
{
    (void)state;
    for (const struct command *command = commands; command->name; command++)
        for (const char *at = command->example; *at; at += strcspn(at, "\n"), at += *at == '\n') {
            char line[200];
            const char *piped = strstr(at, "| muster ");
            bool first = strncmp(at, "muster ", strlen("muster ")) == 0;
            assert_true(first || (piped && piped < at + strcspn(at, "\n")));
            example_line((first ? at : piped + strlen("| ")) + strlen("muster "), line, sizeof(line));
            if (read_line(line) != 0)
                fail_msg("muster %s is not taken: %s", line, err.text);
            assert_int_equal(strncmp(line, arguments.command->name, strlen(arguments.command->name)), 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_may_stand_before_and_after_the_verb_and_between_words),
        cmocka_unit_test(letters_may_stand_together_and_keep_their_value_close),
        cmocka_unit_test(after_two_dashes_everything_is_a_word),
        cmocka_unit_test(a_single_dash_is_a_word),
        cmocka_unit_test(no_word_at_all_is_help),
        cmocka_unit_test(a_word_in_capitals_among_the_choices_stands_for_any_value),
        cmocka_unit_test(a_wrong_verb_is_answered_with_the_nearest),
        cmocka_unit_test(a_wrong_option_is_answered_with_the_nearest_of_that_verb),
        cmocka_unit_test(an_option_of_another_verb_is_refused),
        cmocka_unit_test(values_are_asked_for_and_checked),
        cmocka_unit_test(words_are_counted),
        cmocka_unit_test(words_of_other_programs_are_answered_with_ours),
        cmocka_unit_test(every_command_is_whole),
        cmocka_unit_test(every_example_can_be_typed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
