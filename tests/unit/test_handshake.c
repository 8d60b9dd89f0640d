/* test_handshake - which connectors load, and why others do not: each refusal is a sentence of its own, and true. */
#include "unit.h"

#include "lane/lane.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[PATH_MAX];
static const struct settings settings = {.limits = {.silence_ms = 20000,
                                                    .total_ms = 60000,
                                                    .record_bytes = 1 << 20,
                                                    .field_bytes = 1 << 20,
                                                    .memory_bytes = 512 << 20}};

static void copy(const char *from, const char *to)
{
    char bytes[65536];
    TIDY(close) int in = open(from, O_RDONLY | O_CLOEXEC);
    TIDY(close) int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
    assert_true(in >= 0 && out >= 0);
    for (ssize_t got; (got = read(in, bytes, sizeof(bytes))) > 0;)
        assert_int_equal(write(out, bytes, (size_t)got), got);
}

/* The sentence with which `name`.so is refused; "" when it loads. `source` NULL: the file is as it is. */
static const char *refusal(const char *source, const char *name)
{
    static struct err err;
    static char path[PATH_MAX + 100], from[PATH_MAX];
    snprintf(path, sizeof(path), "%s/%s.so", folder, name);
    if (source) {
        snprintf(from, sizeof(from), TEST_CONNECTORS "/%s.so", source);
        copy(from, path);
    }
    err = (struct err){0};
    TIDY(lane_stop) struct lane *lane = NULL;
    struct lane_start start = {.connector = path, .scratch_dir = folder, .settings = &settings};
    int rc = lane_begin(&start, &lane, &err);
    assert_int_equal(rc, err.rc);
    assert_true((rc == 0) == (lane != NULL));
    if (rc == 0)
        assert_string_equal(lane_description(lane)->name, name);
    else
        assert_int_equal(rc, ERR_CONNECTOR);
    unlink(path);
    return err.text;
}

/* Every case: the file's name (which tells odd.c what to be) and words that its sentence must have. */
static const struct {
    const char *name, *source, *words;
} refused[] = {
    {"wrong-magic", "odd", "begins with 0x12345678 instead of 0x4d535431"},
    {"major-old", "odd", "major version 0 of the connector interface, which is too old"},
    {"major-new", "odd", "major version 2 of the connector interface, which is too new"},
    {"minor-needed", "odd", "needs version 1.7 of the connector interface and this host has 1.6"},
    {"tiny", "odd", "8 bytes long: not even its versions fit"},
    {"short", "odd", "its description is too short"},
    {"wrong-stride", "odd", "stream_size in its description is 64, and no entry of that table can be so short"},
    {"short-options", "odd", "option_size in its description is 56, and no entry of that table can be so short"},
    {"crooked-stride", "odd",
     "route_size in its description is 51, and no entry of that table can be of such a length"},
    {"other-name", "odd", "names it 'somebody', and its file 'other-name'"},
    {"no-name", "odd", "its description has no name"},
    {"no-version", "odd", "its description has no version"},
    {"doubled-option", "odd", "two options named 'a'"},
    {"nameless-option", "odd", "option 1 in its description has an empty name"},
    {"nothing", "odd", "it offers nothing"},
    {"null", "odd", "muster_connector_entry gives no description"},
    {"undefined", "undefined", "uses the symbol 'function_that_no_library_has', which no library gives"},
    {"needy", "needy", "needs the library libabsent.so, which is not installed"},
    {"plain", "plain", "has no function muster_connector_entry: it is no connector"},
    {"dies-early", "odd", "was killed by signal 11 (Segmentation fault) while it was being loaded"},
};

static void pain_18_each_bad_connector_is_refused_with_its_own_true_sentence(void **state)
{
    (void)state;
    char sentences[sizeof(refused) / sizeof(refused[0])][1000];
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        const char *text = refusal(refused[i].source, refused[i].name);
        if (!strstr(text, refused[i].words) || !strstr(text, refused[i].name))
            fail_msg("%s: \"%s\" does not say \"%s\"", refused[i].name, text, refused[i].words);
        snprintf(sentences[i], sizeof(sentences[i]), "%s", text);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(sentences[i], sentences[k]);
    }
}

static void a_longer_description_and_a_newer_minor_that_needs_nothing_new_load(void **state)
{
    (void)state;
    assert_string_equal(refusal("odd", "long"), "");
    assert_string_equal(refusal("odd", "minor-newer"), "");
    assert_string_equal(refusal("odd", "a"), "");
    assert_string_equal(refusal("odd", "a_b-9"), "");
}

static void walk(const char *name)
{
    char path[PATH_MAX + 100];
    snprintf(path, sizeof(path), "%s/%s.so", folder, name);
    copy(TEST_CONNECTORS "/odd.so", path);
    struct err err = {0};
    struct lane *lane = NULL;
    struct lane_start start = {.connector = path, .scratch_dir = folder, .settings = &settings};
    assert_int_equal(lane_begin(&start, &lane, &err), 0);
    const muster_option *options = lane_description(lane)->options;
    assert_string_equal(options[0].name, "first");
    assert_null(options[0].serves);
    assert_null(options[0].needed);
    assert_string_equal(options[1].name, "second");
    assert_null(options[2].name);
    lane_stop(lane);
    unlink(path);
}

static void longer_entries_are_walked_by_the_connectors_own_stride(void **state)
{
    (void)state;
    walk("long-options");
}

static void entries_of_a_connector_that_was_built_before_they_grew_are_read(void **state)
{
    (void)state;
    walk("old-options");
}

static void a_file_that_is_missing_or_no_shared_object_is_called_so(void **state)
{
    (void)state;
    char path[PATH_MAX + 100], words[PATH_MAX + 200];
    const char *text = refusal(NULL, "nowhere");
    snprintf(words, sizeof(words), "there is no file %s/nowhere.so", folder);
    assert_non_null(strstr(text, words));
    snprintf(path, sizeof(path), "%s/letter.so", folder);
    FILE *file = fopen(path, "we");
    fputs("Dear colleagues,\nplease find enclosed a plug-in.\n", file);
    fclose(file);
    text = refusal(NULL, "letter");
    assert_non_null(strstr(text, "letter.so is not a shared object"));
    snprintf(path, sizeof(path), "%s/half.so", folder);
    copy(TEST_CONNECTORS "/plain.so", path);
    assert_int_equal(truncate(path, 100), 0);
    text = refusal(NULL, "half");
    assert_non_null(strstr(text, "half.so does not load: "));
    snprintf(path, sizeof(path), "%s/dir.so", folder);
    mkdir(path, 0700);
    text = refusal(NULL, "dir");
    assert_non_null(strstr(text, "dir.so is not a file"));
    rmdir(path);
}

static void only_absolute_paths_of_plain_names_are_tried(void **state)
{
    (void)state;
    static const char *const bad[] = {"good.so",
                                      TEST_CONNECTORS "/good.la",
                                      "/tmp/Good.so",
                                      "/tmp/9good.so",
                                      "/tmp/.so",
                                      "/tmp/a b.so",
                                      "/tmp/good",
                                      "/tmp/good.so.1",
                                      ""};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct err err = {0};
        struct lane *lane = NULL;
        struct lane_start start = {.connector = bad[i], .scratch_dir = folder, .settings = &settings};
        assert_int_equal(lane_begin(&start, &lane, &err), ERR_CONNECTOR);
        assert_non_null(strstr(err.text, "is no name for a connector"));
        assert_null(lane);
    }
}

static void a_host_program_that_is_missing_is_named_with_the_way_out(void **state)
{
    (void)state;
    struct err err = {0};
    struct lane *lane = NULL;
    struct lane_start start = {.connector = TEST_CONNECTORS "/good.so", .scratch_dir = folder, .settings = &settings};
    setenv("MUSTER_HOST", "/nowhere/muster-host", 1);
    int rc = lane_begin(&start, &lane, &err);
    unsetenv("MUSTER_HOST");
    assert_int_equal(rc, ERR_CONFIG);
    assert_non_null(strstr(err.text, "MUSTER_HOST names /nowhere/muster-host"));
}

static void a_program_that_is_no_host_at_all_ends_the_start(void **state)
{
    (void)state;
    char script[PATH_MAX + 20];
    snprintf(script, sizeof(script), "%s/script", folder);
    FILE *file = fopen(script, "we");
    fputs("#!/bin/sh\nexec 3>&-\nexec sleep 100\n", file);
    fclose(file);
    chmod(script, 0755);
    const struct {
        const char *program, *words;
    } cases[] = {{"/bin/true", "exited with 0 while it was being loaded"},
                 {"/bin/false", "exited with 1 while it was being loaded"},
                 {script, "closed its line to muster and was killed while it was being loaded"}};
    for (size_t i = 0; i < 3; i++) {
        struct err err = {0};
        struct lane *lane = NULL;
        struct lane_start start = {
            .connector = TEST_CONNECTORS "/good.so", .scratch_dir = folder, .settings = &settings};
        setenv("MUSTER_HOST", cases[i].program, 1);
        int rc = lane_begin(&start, &lane, &err);
        unsetenv("MUSTER_HOST");
        assert_int_equal(rc, ERR_CONNECTOR);
        assert_non_null(strstr(err.text, cases[i].words));
    }
    unlink(script);
}

/* Nothing of a refused connector stays: the last test finds the folder empty. */
static void scratch_folders_are_removed_whatever_happened(void **state)
{
    (void)state;
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pain_18_each_bad_connector_is_refused_with_its_own_true_sentence),
        cmocka_unit_test(a_longer_description_and_a_newer_minor_that_needs_nothing_new_load),
        cmocka_unit_test(longer_entries_are_walked_by_the_connectors_own_stride),
        cmocka_unit_test(entries_of_a_connector_that_was_built_before_they_grew_are_read),
        cmocka_unit_test(entries_of_a_connector_that_was_built_before_they_grew_are_read),
        cmocka_unit_test(a_file_that_is_missing_or_no_shared_object_is_called_so),
        cmocka_unit_test(only_absolute_paths_of_plain_names_are_tried),
        cmocka_unit_test(a_host_program_that_is_missing_is_named_with_the_way_out),
        cmocka_unit_test(a_program_that_is_no_host_at_all_ends_the_start),
        cmocka_unit_test(scratch_folders_are_removed_whatever_happened),
    };
    snprintf(folder, sizeof(folder), "/tmp/test_handshake.XXXXXX");
    return mkdtemp(folder) ? cmocka_run_group_tests_name("handshake", tests, NULL, NULL) : 1;
}
