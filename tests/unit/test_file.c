/* test_file - files in local folders, through the front that connectors' wishes go through. */
#include "unit.h"

#include "base/sha256.h"
#include "broker/file.h"
#include "muster/connector.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

struct world {
    char dir[64];
    char location[128];
    struct option_value options[3];
    struct connection connection;
    struct files *files;
    struct err err;
};

static const char *in(struct world *w, const char *name)
{
    static char paths[4][256];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", w->dir, name);
    return path;
}

static void put(struct world *w, const char *name, const char *text, long age_s)
{
    int fd = open(in(w, name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    struct timespec times[2] = {{.tv_sec = 1700000000 - age_s}, {.tv_sec = 1700000000 - age_s}};
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
}

static int there(struct world *w, const char *name)
{
    return access(in(w, name), F_OK) == 0;
}

static int cancel_now(void *context)
{
    return *(int *)context;
}

static int make_world(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    snprintf(w->dir, sizeof(w->dir), "/tmp/muster-file-XXXXXX");
    if (!mkdtemp(w->dir))
        return -1;
    snprintf(w->location, sizeof(w->location), "%s/e-*.csv", w->dir);
    w->options[0] = (struct option_value){.name = "location", .text = w->location};
    w->connection = (struct connection){.name = "hr", .connector = "sheet", .options = w->options, .option_count = 1};
    *state = w;
    return files_open(&w->connection, NULL, NULL, &w->files, &w->err);
}

static int drop_one(const char *path, const struct stat *info, int flag, struct FTW *ftw)
{
    (void)info, (void)flag, (void)ftw;
    return remove(path);
}

static int drop_world(void **state)
{
    struct world *w = *state;
    files_free(w->files);
    nftw(w->dir, drop_one, 8, FTW_DEPTH | FTW_PHYS);
    free(w);
    return 0;
}

static void list_fails(struct world *w, const char *place, int rc, const char *says)
{
    const struct file_entry *entries = NULL;
    size_t count = 77;
    w->err = (struct err){0};
    assert_int_equal(files_list(w->files, place, &entries, &count, &w->err), rc);
    assert_int_equal(count, 77);
    if (!strstr(w->err.text, says))
        fail_msg("'%s' is not in: %s", says, w->err.text);
}

static void the_newest_comes_first_and_equal_times_go_by_name_descending(void **state)
{
    struct world *w = *state;
    put(w, "e-1.csv", "1", 50);
    put(w, "e-2.csv", "22", 10);
    put(w, "e-3.csv", "333", 50);
    put(w, ".e-4.csv", "4", 1);
    put(w, "other.csv", "5", 1);
    mkdir(in(w, "e-dir.csv"), 0700);
    assert_int_equal(mkfifo(in(w, "e-fifo.csv"), 0600), 0);
    assert_int_equal(symlink("e-1.csv", in(w, "e-link.csv")), 0);
    assert_int_equal(symlink("nothing", in(w, "e-broken.csv")), 0);
    const struct file_entry *entries;
    size_t count;
    assert_int_equal(files_list(w->files, w->location, &entries, &count, &w->err), 0);
    static const char *const order[] = {"e-2.csv", "e-link.csv", "e-3.csv", "e-1.csv"};
    assert_int_equal(count, 4);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(entries[i].name, in(w, order[i]));
    assert_int_equal(entries[0].size, 2);
    assert_int_equal(entries[0].mtime_ms, 1699999990000LL);
}

static void one_file_or_a_whole_folder_can_be_a_place_too(void **state)
{
    struct world *w = *state;
    const struct file_entry *entries;
    size_t count;
    put(w, "e-1.csv", "1", 5);
    put(w, "x*.csv", "2", 6);
    put(w, ".hidden", "3", 7);
    snprintf(w->location, sizeof(w->location), "%s/e-1.csv", w->dir);
    assert_int_equal(files_list(w->files, w->location, &entries, &count, &w->err), 0);
    assert_int_equal(count, 1);
    snprintf(w->location, sizeof(w->location), "%s", w->dir);
    assert_int_equal(files_list(w->files, w->location, &entries, &count, &w->err), 0);
    assert_int_equal(count, 2);
    uint8_t digest[32];
    uint64_t size;
    int fd;
    assert_int_equal(files_fetch(w->files, in(w, "x*.csv"), w->dir, &fd, digest, &size, &w->err), 0);
    close(fd);
    snprintf(w->location, sizeof(w->location), "%s/", w->dir);
    assert_int_equal(files_list(w->files, w->location, &entries, &count, &w->err), 0);
    assert_int_equal(count, 2);
}

static void when_nothing_matches_the_sentence_says_what_there_is(void **state)
{
    struct world *w = *state;
    list_fails(w, w->location, ERR_GONE, "the folder holds no files");
    put(w, "a.csv", "1", 5);
    list_fails(w, w->location, ERR_GONE, "no file matches e-*.csv in ");
    list_fails(w, w->location, ERR_GONE, "the folder holds 1 file: a.csv)");
    assert_non_null(strstr(w->err.text, "connection 'hr'"));
    put(w, "b\033[31m.csv", "1", 5);
    put(w, "c.csv", "1", 5);
    put(w, "d.csv", "1", 5);
    list_fails(w, w->location, ERR_GONE, "the folder holds 4 files: ");
    assert_null(strchr(w->err.text, '\033'));
    snprintf(w->location, sizeof(w->location), "%s/none/e-*.csv", w->dir);
    list_fails(w, w->location, ERR_GONE, "there is no folder");
    snprintf(w->location, sizeof(w->location), "%s/a.csv/e-*.csv", w->dir);
    list_fails(w, w->location, ERR_GONE, "is no folder");
}

static void a_folder_that_may_not_be_read_says_who_may_not(void **state)
{
    struct world *w = *state;
    uid_t me = geteuid();
    chmod(w->dir, me == 0 ? 0700 : 0000);
    if (me == 0)
        assert_int_equal(seteuid(65534), 0); /* root may everything */
    list_fails(w, w->location, ERR_PERMISSION, "may not list");
    assert_int_equal(seteuid(me), 0);
    chmod(w->dir, 0700);
}

static void only_places_that_options_name_are_touched(void **state)
{
    struct world *w = *state;
    put(w, "e-1.csv", "1", 5);
    put(w, "secret.txt", "1", 5);
    list_fails(w, "/etc/*", ERR_PERMISSION, "none of its options names");
    list_fails(w, in(w, "*"), ERR_PERMISSION, "none of its options names");
    list_fails(w, "relative.csv", ERR_CONFIG, "absolute path");
    uint8_t digest[32];
    uint64_t size;
    int fd = -7;
    static const char *const forbidden[] = {"secret.txt", "e-1.csv/../secret.txt", "sub/e-1.csv", ".e-1.csv"};
    for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
        w->err = (struct err){0};
        int rc = files_fetch(w->files, in(w, forbidden[i]), w->dir, &fd, digest, &size, &w->err);
        assert_true(rc == ERR_PERMISSION || rc == ERR_CONFIG);
        assert_int_equal(fd, -7);
        assert_int_equal(files_store(w->files, in(w, forbidden[i]), 0, NULL), rc);
        assert_int_equal(files_remove(w->files, in(w, forbidden[i]), NULL), rc);
        assert_int_equal(files_archive(w->files, in(w, forbidden[i]), "archive", NULL, NULL), rc);
    }
    assert_true(there(w, "secret.txt"));
    assert_int_equal(files_archive(w->files, in(w, "e-1.csv"), "/tmp", NULL, NULL), ERR_PERMISSION);
    assert_int_equal(files_archive(w->files, in(w, "e-1.csv"), "../up", NULL, NULL), ERR_PERMISSION);
    assert_int_equal(files_archive(w->files, in(w, "e-1.csv"), "a/b", NULL, NULL), ERR_PERMISSION);
    assert_int_equal(files_archive(w->files, in(w, "e-1.csv"), "", NULL, NULL), ERR_PERMISSION);
    assert_true(there(w, "e-1.csv"));
}

static void a_connectors_own_table_says_which_options_are_places(void **state)
{
    struct world *w = *state;
    static const muster_option members[] = {{.name = "file", .type = MUSTER_URL, .flags = MUSTER_PLACE},
                                            {.name = "note", .type = MUSTER_TEXT},
                                            {.name = NULL}};
    static const muster_option table[] = {{.name = "location", .type = MUSTER_TEXT},
                                          {.name = "inbox", .type = MUSTER_URL, .flags = MUSTER_PLACE},
                                          {.name = "stores", .type = MUSTER_LIST, .members = members},
                                          {.name = NULL}};
    static const struct muster_connector description = {.option_size = sizeof(muster_option), .options = table};
    char file[128], note[128];
    snprintf(file, sizeof(file), "%s/one.csv", w->dir);
    snprintf(note, sizeof(note), "%s/two.csv", w->dir);
    put(w, "one.csv", "1", 5);
    put(w, "two.csv", "2", 5);
    put(w, "e-1.csv", "3", 5);
    w->options[1] = (struct option_value){.name = "stores[12].file", .text = file};
    w->options[2] = (struct option_value){.name = "stores[12].note", .text = note};
    w->connection.option_count = 3;
    w->connection.description = &description;
    const struct file_entry *entries;
    size_t count;
    assert_int_equal(files_list(w->files, file, &entries, &count, &w->err), 0);
    list_fails(w, note, ERR_PERMISSION, "none of its options names");
    list_fails(w, w->location, ERR_PERMISSION, "none of its options names"); /* no place in this table */
    w->options[0].name = "inbox";
    assert_int_equal(files_list(w->files, w->location, &entries, &count, &w->err), 0);
}

static void a_fetched_file_comes_from_its_beginning_with_its_digest(void **state)
{
    struct world *w = *state;
    put(w, "e-1.csv", "abc", 5);
    uint8_t digest[32], expected[32];
    uint64_t size = 0;
    int fd = -1;
    assert_int_equal(files_fetch(w->files, in(w, "e-1.csv"), w->dir, &fd, digest, &size, &w->err), 0);
    char text[10] = "";
    assert_int_equal(read(fd, text, sizeof(text)), 3);
    assert_string_equal(text, "abc");
    assert_true(write(fd, "x", 1) < 0); /* it can only be read */
    close(fd);
    crypto_hash_sha256(expected, (const unsigned char *)"abc", 3);
    assert_memory_equal(digest, expected, 32);
    assert_int_equal(size, 3);
    assert_int_equal(mkfifo(in(w, "e-fifo.csv"), 0600), 0);
    assert_int_equal(files_fetch(w->files, in(w, "e-fifo.csv"), w->dir, &fd, digest, &size, &w->err), ERR_DATA);
    assert_int_equal(files_fetch(w->files, in(w, "e-none.csv"), w->dir, &fd, digest, &size, NULL), ERR_GONE);
}

static int append_once(void *context)
{
    struct world *w = context;
    FILE *file = fopen(in(w, "e-1.csv"), "a");
    fputs("more", file);
    fclose(file);
    return 0;
}

static int touch_it(void *context)
{
    struct world *w = context;
    put(w, "e-1.csv", "xyz", 0);
    return 0;
}

static void a_file_that_changes_while_it_is_read_is_refused(void **state)
{
    struct world *w = *state;
    int (*const changes[])(void *) = {append_once, touch_it};
    for (int i = 0; i < 2; i++) {
        put(w, "e-1.csv", "abc", 5);
        struct files *files;
        assert_int_equal(files_open(&w->connection, changes[i], w, &files, &w->err), 0);
        uint8_t digest[32];
        uint64_t size;
        int fd = -7;
        w->err = (struct err){0};
        assert_int_equal(files_fetch(files, in(w, "e-1.csv"), w->dir, &fd, digest, &size, &w->err), ERR_UNREADY);
        assert_non_null(strstr(w->err.text, "still being written"));
        assert_int_equal(fd, -7);
        files_free(files);
    }
}

static void cancelling_stops_a_fetch(void **state)
{
    struct world *w = *state;
    put(w, "e-1.csv", "abc", 5);
    struct files *files;
    int yes = 1, fd;
    uint8_t digest[32];
    uint64_t size;
    assert_int_equal(files_open(&w->connection, cancel_now, &yes, &files, &w->err), 0);
    assert_int_equal(files_fetch(files, in(w, "e-1.csv"), w->dir, &fd, digest, &size, &w->err), ERR_CANCELLED);
    files_free(files);
}

static void storing_replaces_the_whole_file_or_nothing(void **state)
{
    struct world *w = *state;
    put(w, "e-1.csv", "old", 5);
    put(w, "source", "new text", 5);
    put(w, ".e-1.csv.muster-part", "left by a killed run", 5);
    int from = open(in(w, "source"), O_RDONLY);
    assert_int_equal(files_store(w->files, in(w, "e-1.csv"), from, &w->err), 0);
    assert_false(there(w, ".e-1.csv.muster-part"));
    uint8_t digest[32];
    uint64_t size;
    int fd;
    assert_int_equal(files_fetch(w->files, in(w, "e-1.csv"), w->dir, &fd, digest, &size, &w->err), 0);
    assert_int_equal(size, 8);
    close(fd);
    struct files *files;
    int yes = 1;
    assert_int_equal(files_open(&w->connection, cancel_now, &yes, &files, &w->err), 0);
    assert_int_equal(files_store(files, in(w, "e-2.csv"), from, &w->err), ERR_CANCELLED);
    files_free(files);
    assert_false(there(w, "e-2.csv"));
    assert_false(there(w, ".e-2.csv.muster-part"));
    close(from);
}

static void archiving_makes_the_folder_and_numbers_names_that_are_taken(void **state)
{
    struct world *w = *state;
    for (int i = 1; i <= 3; i++) {
        char text[2] = {(char)('0' + i), '\0'};
        put(w, "e-1.csv", text, 5);
        assert_int_equal(files_archive(w->files, in(w, "e-1.csv"), "archive", NULL, &w->err), 0);
    }
    assert_false(there(w, "e-1.csv"));
    static const char *const names[] = {"archive/e-1.csv", "archive/e-1-2.csv", "archive/e-1-3.csv"};
    for (int i = 0; i < 3; i++) {
        char text[2] = "";
        int fd = open(in(w, names[i]), O_RDONLY);
        assert_int_equal(read(fd, text, 1), 1);
        assert_int_equal(text[0], '1' + i);
        close(fd);
    }
    assert_int_equal(files_archive(w->files, in(w, "e-1.csv"), "archive", NULL, &w->err), ERR_GONE);
}

static void archiving_to_a_whole_place_needs_an_option_that_names_it(void **state)
{
    struct world *w = *state;
    char place[128];
    snprintf(place, sizeof(place), "%s/done", w->dir);
    put(w, "e-1.csv", "1", 5);
    assert_int_equal(files_archive(w->files, in(w, "e-1.csv"), place, NULL, NULL), ERR_PERMISSION);
    w->options[1] = (struct option_value){.name = "archive_to", .text = place};
    w->connection.option_count = 2;
    assert_int_equal(files_check(w->files, &w->err), 0); /* the folder need not be there yet */
    assert_int_equal(files_archive(w->files, in(w, "e-1.csv"), place, NULL, &w->err), 0);
    assert_true(there(w, "done/e-1.csv"));
    put(w, "e-1.csv", "1", 5);
    w->options[1].text = "deep/er";
    assert_int_equal(files_archive(w->files, in(w, "e-1.csv"), "deep/er", NULL, &w->err), ERR_GONE);
    assert_non_null(strstr(w->err.text, "the folder above it is missing"));
    mkdir(in(w, "deep"), 0700);
    assert_int_equal(files_archive(w->files, in(w, "e-1.csv"), "deep/er", NULL, NULL), 0);
    assert_true(there(w, "deep/er/e-1.csv"));
    put(w, "e-1.csv", "1", 5);
    w->options[1].text = "../beside";
    w->err = (struct err){0};
    snprintf(place, sizeof(place), "%s/deep/e-*.csv", w->dir);
    snprintf(w->location, sizeof(w->location), "%s", place);
    put(w, "deep/e-2.csv", "1", 5);
    assert_int_equal(files_archive(w->files, in(w, "deep/e-2.csv"), "../beside", NULL, &w->err), 0);
    assert_true(there(w, "beside/e-2.csv"));
    snprintf(w->location, sizeof(w->location), "%s/e-*.csv", w->dir);
    static const char *const up[] = {"../../../../../../../../etc", "../a/../../b", ".."};
    for (size_t n = 0; n < sizeof(up) / sizeof(*up); n++) {
        w->options[1].text = up[n];
        assert_int_equal(files_archive(w->files, in(w, "e-1.csv"), up[n], NULL, NULL), ERR_PERMISSION);
    }
    assert_true(there(w, "e-1.csv"));
    w->options[1].text = "sftp://u@h/done";
    w->err = (struct err){0};
    assert_int_equal(files_archive(w->files, in(w, "e-1.csv"), "sftp://u@h/done", NULL, &w->err), ERR_CONFIG);
    assert_non_null(strstr(w->err.text, "not on the same server"));
}

static void removing_takes_files_only(void **state)
{
    struct world *w = *state;
    put(w, "e-1.csv", "1", 5);
    mkdir(in(w, "e-d.csv"), 0700);
    assert_int_equal(files_remove(w->files, in(w, "e-1.csv"), &w->err), 0);
    assert_false(there(w, "e-1.csv"));
    assert_int_equal(files_remove(w->files, in(w, "e-1.csv"), &w->err), ERR_GONE);
    assert_int_equal(files_remove(w->files, in(w, "e-d.csv"), NULL), ERR_DATA);
}

static void checking_looks_into_every_place_and_changes_nothing(void **state)
{
    struct world *w = *state;
    assert_int_equal(files_check(w->files, &w->err), 0);
    snprintf(w->location, sizeof(w->location), "%s/none/x*", w->dir);
    assert_int_equal(files_check(w->files, &w->err), ERR_GONE);
    assert_non_null(strstr(w->err.text, "connection 'hr': option 'location': there is no folder"));
    assert_false(there(w, "none"));
    snprintf(w->location, sizeof(w->location), "relative");
    assert_int_equal(files_check(w->files, NULL), ERR_CONFIG);
}

static void a_disk_that_takes_no_more_leaves_nothing_behind(void **state)
{
    struct world *w = *state;
    static char big[600 << 10];
    int source = open(in(w, "source"), O_RDWR | O_CREAT, 0600);
    assert_int_equal(write(source, big, sizeof(big)), (ssize_t)sizeof(big));
    struct rlimit before, small = {.rlim_cur = 300 << 10};
    getrlimit(RLIMIT_FSIZE, &before);
    small.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    put(w, "e-9.csv", "old", 5);
    int rc = files_store(w->files, in(w, "e-9.csv"), source, &w->err);
    setrlimit(RLIMIT_FSIZE, &before);
    close(source);
    assert_int_equal(rc, -EFBIG);
    assert_non_null(strstr(w->err.text, "cannot write "));
    assert_false(there(w, ".e-9.csv.muster-part"));
    struct stat info;
    assert_int_equal(stat(in(w, "e-9.csv"), &info), 0);
    assert_int_equal(info.st_size, 3);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, make_world, drop_world)
    const struct CMUnitTest tests[] = {
        CASE(a_disk_that_takes_no_more_leaves_nothing_behind),
        CASE(the_newest_comes_first_and_equal_times_go_by_name_descending),
        CASE(one_file_or_a_whole_folder_can_be_a_place_too),
        CASE(when_nothing_matches_the_sentence_says_what_there_is),
        CASE(a_folder_that_may_not_be_read_says_who_may_not),
        CASE(only_places_that_options_name_are_touched),
        CASE(a_connectors_own_table_says_which_options_are_places),
        CASE(a_fetched_file_comes_from_its_beginning_with_its_digest),
        CASE(a_file_that_changes_while_it_is_read_is_refused),
        CASE(cancelling_stops_a_fetch),
        CASE(storing_replaces_the_whole_file_or_nothing),
        CASE(archiving_makes_the_folder_and_numbers_names_that_are_taken),
        CASE(archiving_to_a_whole_place_needs_an_option_that_names_it),
        CASE(removing_takes_files_only),
        CASE(checking_looks_into_every_place_and_changes_nothing),
    };
    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
