/* test_connectors - what is installed, and what is remembered of it. */
#include "unit.h"

#include "lane/connectors.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[100], first[200], second[200], state_dir[200];
static const char *folders[4];
static struct settings settings;

static void path_in(char *path, const char *dir, const char *name)
{
    snprintf(path, PATH_MAX, "%s/%s", dir, name);
}

static void put(const char *dir, const char *name, const char *source)
{
    char path[PATH_MAX], from[PATH_MAX], bytes[65536];
    path_in(path, dir, name);
    snprintf(from, sizeof(from), TEST_CONNECTORS "/%s.so", source);
    TIDY(close) int in = open(from, O_RDONLY | O_CLOEXEC);
    TIDY(close) int out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
    assert_true(in >= 0 && out >= 0);
    for (ssize_t got; (got = read(in, bytes, sizeof(bytes))) > 0;)
        assert_int_equal(write(out, bytes, (size_t)got), got);
}

static struct connectors *opened(void)
{
    struct connectors *connectors = NULL;
    assert_int_equal(connectors_open(&settings, &connectors), 0);
    return connectors;
}

static void setup_files(void)
{
    snprintf(root, sizeof(root), "/tmp/test_connectors.XXXXXX");
    assert_non_null(mkdtemp(root));
    snprintf(first, sizeof(first), "%s/first", root);
    snprintf(second, sizeof(second), "%s/second", root);
    snprintf(state_dir, sizeof(state_dir), "%s/state", root);
    mkdir(first, 0700);
    mkdir(second, 0700);
    folders[0] = first;
    folders[1] = "/nowhere";
    folders[2] = second;
    settings = (struct settings){.state = state_dir,
                                 .connectors = folders,
                                 .limits = {.silence_ms = 20000,
                                            .total_ms = 60000,
                                            .record_bytes = 1 << 20,
                                            .field_bytes = 1 << 20,
                                            .memory_bytes = 512 << 20}};
    put(second, "good.so", "good");
    put(first, "zebra.so", "odd");
    put(second, "zebra.so", "plain"); /* hidden by the first folder's */
    put(first, "letter.so", "plain");
    put(first, "Big.so", "odd");
    put(first, "good.la", "odd");
    put(first, "good.so.1", "odd");
    put(first, ".so", "odd");
}

static void names_are_sorted_and_only_what_can_be_a_connector_is_there(void **state)
{
    (void)state;
    TIDY(connectors_free) struct connectors *connectors = opened();
    const char *const *names = connectors_names(connectors);
    assert_string_equal(names[0], "good");
    assert_string_equal(names[1], "letter");
    assert_string_equal(names[2], "zebra");
    assert_null(names[3]);
    char path[PATH_MAX];
    path_in(path, first, "zebra.so");
    assert_string_equal(connectors_path(connectors, "zebra"), path);
    assert_null(connectors_path(connectors, "nothing"));
}

static void each_gets_its_description_or_its_own_sentence(void **state)
{
    (void)state;
    TIDY(connectors_free) struct connectors *connectors = opened();
    struct err err = {0};
    const muster_connector *good = connectors_describe(connectors, "good", &err);
    assert_string_equal(err.text, "");
    assert_string_equal(good->options[0].name, "location");
    assert_ptr_equal(connectors_describe(connectors, "good", &err), good);
    assert_null(connectors_describe(connectors, "letter", &err));
    assert_non_null(strstr(err.text, "connector 'letter' cannot be used"));
    err = (struct err){0};
    assert_null(connectors_describe(connectors, "letter", &err)); /* said again, without another host */
    assert_non_null(strstr(err.text, "connector 'letter' cannot be used"));
    err = (struct err){0};
    assert_null(connectors_describe(connectors, "gone", &err));
    assert_int_equal(err.rc, ERR_GONE);
    assert_non_null(strstr(err.text, "there is no connector 'gone'"));
}

static const char *path_of(struct connectors *connectors, const char *edition, const char *dir)
{
    static char expected[PATH_MAX];
    path_in(expected, dir, "table.so");
    const char *path = connectors_path(connectors, edition);
    return path ? strcmp(path, expected) == 0 ? "that one" : path : "none";
}

static void an_edition_is_that_file_in_whatever_folder_or_none(void **state)
{
    (void)state;
    put(first, "table.so", "table");
    put(second, "table.so", "table2");
    char edition[200];
    struct err err = {0};
    {
        TIDY(connectors_free) struct connectors *connectors = opened();
        assert_string_equal(path_of(connectors, "table", first), "that one");
        assert_string_equal(path_of(connectors, "table@1", first), "that one");
        assert_string_equal(path_of(connectors, "table@2", second), "that one");
        snprintf(edition, sizeof(edition), "table@sha256:%s", connectors_digest(connectors, "table@2"));
        assert_string_equal(path_of(connectors, edition, second), "that one");
        assert_string_equal(connectors_describe(connectors, edition, NULL)->version, "2");
        edition[strlen(edition) - 1] ^= 1;
        static const char *const none[] = {"table@3", "table@", "table@1 ", "tab@1", "table@sha256:", "@1", "good@1@1"};
        for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
            assert_null(connectors_path(connectors, none[i]));
        assert_null(connectors_describe(connectors, edition, &err));
        assert_int_equal(err.rc, ERR_GONE);
        assert_non_null(strstr(err.text, "second/table.so is 2, sha256:"));
        assert_int_equal(connectors_instead(connectors, "table@2"), 0);
        assert_string_equal(path_of(connectors, "table", second), "that one");
        assert_string_equal(path_of(connectors, "table@1", second), "that one");
        assert_non_null(connectors_path(connectors, "good"));
    }
    for (int again = 0; again < 2; again++) { /* also when it is remembered, each under its own name */
        TIDY(connectors_free) struct connectors *connectors = opened();
        assert_string_equal(connectors_describe(connectors, "table@1", NULL)->version, "1");
        assert_string_equal(connectors_describe(connectors, "table@2", NULL)->version, "2");
    }
    char path[PATH_MAX];
    path_in(path, first, "table.so");
    unlink(path);
    path_in(path, second, "table.so");
    unlink(path);
}

/* With a host program that answers nothing only what is remembered can be described. */
static const muster_connector *remembered(struct connectors *connectors, const char *name)
{
    return connectors_describe(connectors, name, NULL);
}

static void a_description_is_remembered_as_long_as_the_file_is_the_same(void **state)
{
    (void)state;
    char cache[PATH_MAX], path[PATH_MAX];
    snprintf(cache, sizeof(cache), "%s/connectors/good.cache", state_dir);
    unlink(cache);
    {
        TIDY(connectors_free) struct connectors *connectors = opened();
        assert_non_null(remembered(connectors, "good"));
    }
    struct stat before, after;
    assert_int_equal(stat(cache, &before), 0);
    {
        TIDY(connectors_free) struct connectors *connectors = opened();
        const muster_connector *good = remembered(connectors, "good");
        assert_string_equal(good->streams[0].name, "people");
        assert_non_null(good->pull);
        assert_string_equal(connectors_sandbox_lacks(connectors, "good"), "");
    }
    assert_int_equal(stat(cache, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino); /* was not written again: no host was asked */
    path_in(path, second, "good.so");
    put(second, "good.so", "good"); /* the same bytes, another time */
    {
        TIDY(connectors_free) struct connectors *connectors = opened();
        assert_non_null(remembered(connectors, "good"));
    }
    assert_int_equal(stat(cache, &after), 0);
    assert_int_not_equal(before.st_ino, after.st_ino);
}

static void a_damaged_memory_is_no_memory(void **state)
{
    (void)state;
    char cache[PATH_MAX], bytes[20000];
    snprintf(cache, sizeof(cache), "%s/connectors/good.cache", state_dir);
    {
        TIDY(connectors_free) struct connectors *connectors = opened();
        assert_non_null(remembered(connectors, "good"));
    }
    TIDY(close) int fd = open(cache, O_RDONLY | O_CLOEXEC);
    ssize_t len = read(fd, bytes, sizeof(bytes));
    assert_in_range(len, 500, sizeof(bytes) - 1);
    for (ssize_t at = 0; at < len; at += at < len - 60 ? 53 : 1) {
        bytes[at] = (char)~bytes[at];
        TIDY(close) int out = open(cache, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        assert_int_equal(write(out, bytes, (size_t)len), len);
        bytes[at] = (char)~bytes[at];
        TIDY(connectors_free) struct connectors *connectors = opened();
        const muster_connector *good = remembered(connectors, "good");
        assert_non_null(good);
        assert_string_equal(good->version, "1.2");
    }
    assert_int_equal(truncate(cache, 10), 0);
    TIDY(connectors_free) struct connectors *connectors = opened();
    assert_non_null(remembered(connectors, "good"));
}

static void a_digest_is_that_of_the_file(void **state)
{
    (void)state;
    TIDY(connectors_free) struct connectors *connectors = opened();
    char command[500], wanted[65] = "";
    snprintf(command, sizeof(command), "sha256sum %s/good.so", second);
    FILE *pipe = popen(command, "r");
    assert_int_equal(fread(wanted, 1, 64, pipe), 64);
    pclose(pipe);
    assert_string_equal(connectors_digest(connectors, "good"), wanted);
    assert_null(connectors_digest(connectors, "nothing"));
}

static void a_state_folder_that_cannot_be_written_costs_only_the_memory(void **state)
{
    (void)state;
    settings.state = "/proc/nowhere";
    TIDY(connectors_free) struct connectors *connectors = opened();
    assert_non_null(remembered(connectors, "good"));
    settings.state = state_dir;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_sorted_and_only_what_can_be_a_connector_is_there),
        cmocka_unit_test(each_gets_its_description_or_its_own_sentence),
        cmocka_unit_test(an_edition_is_that_file_in_whatever_folder_or_none),
        cmocka_unit_test(a_description_is_remembered_as_long_as_the_file_is_the_same),
        cmocka_unit_test(a_damaged_memory_is_no_memory),
        cmocka_unit_test(a_digest_is_that_of_the_file),
        cmocka_unit_test(a_state_folder_that_cannot_be_written_costs_only_the_memory),
    };
    setup_files();
    int failed = cmocka_run_group_tests_name("connectors", tests, NULL, NULL);
    char command[200];
    snprintf(command, sizeof(command), "rm -rf %s", root);
    FILE *pipe = popen(command, "r");
    if (pipe)
        pclose(pipe);
    return failed;
}
