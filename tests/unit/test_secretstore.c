/* test_secretstore - secrets are read where the reference says, and only when they are kept well. */
#include "unit.h"

#include "broker/secretstore.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/muster-secretstore-XXXXXX";
static const char *const what = "connection 'hr': option 'password'";

static const char *put(const char *name, mode_t mode, const char *bytes, size_t len)
{
    static char path[200];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
    return path;
}

static int read_as(int how, const char *name, char *ret_text, size_t size, struct err *err)
{
    struct secretref ref = {.how = how, .name = name};
    struct secret secret = {0};
    int rc = secretstore_read(&ref, what, &secret, err);
    if (rc == 0)
        snprintf(ret_text, size, "%s", secret_reveal(&secret));
    secret_done(&secret);
    assert_int_equal(secretstore_present(&ref, what, NULL), rc);
    return rc;
}

static void a_file_loses_its_final_newline_and_nothing_else(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"pass word\n", "pass word"}, {"a\n\n", "a\n"}, {"a\r\n", "a"}, {" a ", " a "}, {"a", "a"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[100];
        struct err err = {0};
        const char *path = put("plain", 0600, cases[i][0], strlen(cases[i][0]));
        assert_int_equal(read_as(SECRET_FILE, path, text, sizeof(text), &err), 0);
        assert_string_equal(text, cases[i][1]);
    }
}

static void a_file_that_others_can_touch_is_refused_with_the_command_that_mends_it(void **state)
{
    (void)state;
    static const struct {
        mode_t mode;
        int rc;
    } cases[] = {{0600, 0},
                 {0400, 0},
                 {0640, 0},
                 {0440, 0},
                 {0660, ERR_PERMISSION},
                 {0644, ERR_PERMISSION},
                 {0604, ERR_PERMISSION},
                 {0602, ERR_PERMISSION}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[100], mend[300];
        struct err err = {0};
        const char *path = put("mode", cases[i].mode, "x", 1);
        assert_int_equal(read_as(SECRET_FILE, path, text, sizeof(text), &err), cases[i].rc);
        snprintf(mend, sizeof(mend), "chmod 600 %s", path);
        assert_true((strstr(err.text, mend) != NULL) == (cases[i].rc != 0));
        assert_true(cases[i].rc == 0 || strstr(err.text, what) != NULL);
    }
}

static void empty_huge_binary_and_missing_ones_each_have_their_sentence(void **state)
{
    (void)state;
    static char big[(64 << 10) + 2];
    memset(big, 'k', sizeof(big));
    char text[100];
    struct err err = {0};
    assert_int_equal(read_as(SECRET_FILE, put("e", 0600, "\n", 1), text, sizeof(text), &err), ERR_CONFIG);
    assert_non_null(strstr(err.text, "is empty"));
    err = (struct err){0};
    assert_int_equal(read_as(SECRET_FILE, put("b", 0600, big, sizeof(big)), text, sizeof(text), &err), ERR_LIMIT);
    assert_non_null(strstr(err.text, "64 KiB"));
    assert_null(strstr(err.text, "kkk"));
    err = (struct err){0};
    assert_int_equal(read_as(SECRET_FILE, put("z", 0600, "a\0b", 3), text, sizeof(text), &err), ERR_DATA);
    err = (struct err){0};
    assert_int_equal(read_as(SECRET_FILE, "/nowhere/at/all", text, sizeof(text), &err), ERR_GONE);
    assert_non_null(strstr(err.text, "there is no file /nowhere/at/all"));
    err = (struct err){0};
    assert_int_equal(read_as(SECRET_FILE, dir, text, sizeof(text), &err), ERR_CONFIG);
    struct secretref ref = {.how = SECRET_FILE, .name = put("full", 0600, big, 64 << 10)};
    assert_int_equal(secretstore_present(&ref, what, NULL), 0);
}

static void a_variable_is_read_and_a_missing_one_is_named(void **state)
{
    (void)state;
    char text[100];
    struct err err = {0};
    setenv("MUSTER_TEST_SECRET", "from the environment", 1);
    assert_int_equal(read_as(SECRET_ENV, "MUSTER_TEST_SECRET", text, sizeof(text), &err), 0);
    assert_string_equal(text, "from the environment");
    setenv("MUSTER_TEST_SECRET", "", 1);
    assert_int_equal(read_as(SECRET_ENV, "MUSTER_TEST_SECRET", text, sizeof(text), &err), ERR_CONFIG);
    unsetenv("MUSTER_TEST_SECRET");
    err = (struct err){0};
    assert_int_equal(read_as(SECRET_ENV, "MUSTER_TEST_SECRET", text, sizeof(text), &err), ERR_GONE);
    assert_non_null(strstr(err.text, "no variable MUSTER_TEST_SECRET"));
}

static void a_credential_is_found_below_the_folder_that_systemd_names(void **state)
{
    (void)state;
    char text[100];
    struct err err = {0};
    unsetenv("CREDENTIALS_DIRECTORY");
    assert_int_equal(read_as(SECRET_CREDENTIAL, "acme", text, sizeof(text), &err), ERR_GONE);
    assert_non_null(strstr(err.text, "CREDENTIALS_DIRECTORY is not set"));
    setenv("CREDENTIALS_DIRECTORY", dir, 1);
    err = (struct err){0};
    assert_int_equal(read_as(SECRET_CREDENTIAL, "acme", text, sizeof(text), &err), ERR_GONE);
    assert_non_null(strstr(err.text, "LoadCredential=acme:PATH"));
    assert_non_null(strstr(err.text, dir));
    put("acme", 0440, "sealed\n", 7);
    assert_int_equal(read_as(SECRET_CREDENTIAL, "acme", text, sizeof(text), &err), 0);
    assert_string_equal(text, "sealed");
    assert_int_equal(read_as(SECRET_CREDENTIAL, "../acme", text, sizeof(text), NULL), ERR_CONFIG);
    unsetenv("CREDENTIALS_DIRECTORY");
}

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int drop_dir(void **state)
{
    (void)state;
    static const char *const names[] = {"plain", "mode", "e", "b", "z", "full", "acme"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[200];
        snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        unlink(path);
    }
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_loses_its_final_newline_and_nothing_else),
        cmocka_unit_test(a_file_that_others_can_touch_is_refused_with_the_command_that_mends_it),
        cmocka_unit_test(empty_huge_binary_and_missing_ones_each_have_their_sentence),
        cmocka_unit_test(a_variable_is_read_and_a_missing_one_is_named),
        cmocka_unit_test(a_credential_is_found_below_the_folder_that_systemd_names),
    };
    return cmocka_run_group_tests_name("secretstore", tests, make_dir, drop_dir);
}
