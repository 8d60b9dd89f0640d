/* test_transfer - fetches from a real OpenSSH server that are cut off, given up, taken up again, or have no room. */
#include "sshserver.h"

#include "base/fault.h"
#include "broker/partial.h"
#include "broker/sessions.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Changes one byte of a file, but not what a server says of it: who reads it again gets other bytes. */
static void spoil_byte(const char *name, off_t at)
{
    struct stat info;
    int fd = open(in_files(name), O_RDWR);
    char byte;
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &info), 0);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte = (char)~byte;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    struct timespec times[2] = {info.st_atim, info.st_mtim};
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
}

/* How much of a file is here, in bytes: a fetch writes it to one without a name. */
static off_t arrived(void)
{
    off_t most = 0;
    DIR *dir = opendir("/proc/self/fd");
    for (const struct dirent *entry; (entry = readdir(dir));) {
        char target[300];
        struct stat info;
        ssize_t len = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target));
        if (len > (ssize_t)strlen(scratch) && memcmp(target, scratch, strlen(scratch)) == 0 &&
            fstatat(dirfd(dir), entry->d_name, &info, 0) == 0 && info.st_nlink == 0 && info.st_size > most)
            most = info.st_size;
    }
    closedir(dir);
    return most;
}

enum { MIDWAY = 4 << 20 };

/* Once, and whatever the machine's speed when the transfer is going on and far from its end. */
static bool midway(struct world *w)
{
    return w->calls == 0 && arrived() >= MIDWAY && ++w->calls;
}

static int cut_and_spoil(void *context)
{
    if (midway(context)) {
        spoil_byte("big.bin", 0);
        kill_children_of(number("pid"));
    }
    return 0;
}

static void a_transfer_that_is_cut_off_goes_on_where_it_stopped(void **state)
{
    (void)state;
    clear_files();
    uint8_t wanted[32], digest[32];
    put_big("big.bin", 30, wanted);
    struct world w;
    begin_in_files(&w, "big.bin");
    with_key(&w);
    struct files *files;
    assert_int_equal(files_open(&w.connection, cut_and_spoil, &w, &files, &w.err), 0);
    uint64_t size;
    int fd = -7;
    expect(&w, files_fetch(files, w.location, scratch, &fd, digest, &size, &w.err), 0, NULL);
    assert_int_equal(w.calls, 1);
    assert_int_equal(size, 30 << 20);
    assert_memory_equal(digest, wanted, 32);
    close(fd);
    files_free(files);
    end(&w);
}

static int cut_and_touch(void *context)
{
    if (midway(context)) {
        put("big.bin", "another file", 7);
        kill_children_of(number("pid"));
    }
    return 0;
}

static void a_file_that_was_replaced_while_the_connection_was_cut_is_not_taken(void **state)
{
    (void)state;
    clear_files();
    uint8_t digest[32];
    put_big("big.bin", 30, digest);
    struct world w;
    begin_in_files(&w, "big.bin");
    with_key(&w);
    struct files *files;
    assert_int_equal(files_open(&w.connection, cut_and_touch, &w, &files, &w.err), 0);
    uint64_t size;
    int fd = -7;
    expect(&w, files_fetch(files, w.location, scratch, &fd, digest, &size, &w.err), ERR_UNREADY, "changes while");
    assert_int_equal(w.calls, 1);
    assert_int_equal(fd, -7);
    files_free(files);
    end(&w);
}

/* And how much is in them, in bytes. */
static size_t partials_with(off_t *ret_size)
{
    size_t count = 0;
    DIR *dir = opendir(scratch);
    *ret_size = 0;
    for (const struct dirent *entry; (entry = readdir(dir));) {
        struct stat info;
        if (strncmp(entry->d_name, ".partial-", 9) != 0 || fstatat(dirfd(dir), entry->d_name, &info, 0) != 0)
            continue;
        count++;
        *ret_size += info.st_size;
        assert_int_equal(info.st_mode & 07777, 0600);
    }
    closedir(dir);
    return count;
}

static size_t partials_kept(void)
{
    off_t size;
    return partials_with(&size);
}

/* Fetches with the key that keeps partials. */
static int fetch_keeping(struct world *w, struct files *files, int every_ms, uint8_t ret_digest[32])
{
    static const uint8_t key[32] = "the key of an organization";
    uint64_t size;
    int fd = -1;
    files_keep_partials(files, key, every_ms);
    int rc = files_fetch(files, w->location, scratch, &fd, ret_digest, &size, &w->err);
    if (fd >= 0)
        close(fd);
    return rc;
}

static int enough(void *context)
{
    (void)context;
    return arrived() >= MIDWAY;
}

static void give_up_midway(struct world *w)
{
    uint8_t digest[32];
    begin_in_files(w, "big.bin");
    with_key(w);
    struct files *files;
    assert_int_equal(files_open(&w->connection, enough, w, &files, &w->err), 0);
    expect(w, fetch_keeping(w, files, PARTIAL_EVERY_MS, digest), ERR_CANCELLED, "cancelled");
    files_free(files);
    end(w);
    assert_int_equal(partials_kept(), 1);
}

static void the_next_run_goes_on_where_a_transfer_was_given_up(void **state)
{
    (void)state;
    clear_files();
    uint8_t wanted[32], digest[32];
    put_big("big.bin", 30, wanted);
    struct world w;
    give_up_midway(&w);
    spoil_byte("big.bin", MIDWAY / 2);
    begin_in_files(&w, "big.bin");
    with_key(&w);
    expect(&w, fetch_keeping(&w, w.files, PARTIAL_EVERY_MS, digest), 0, NULL);
    assert_memory_equal(digest, wanted, 32);
    assert_int_equal(partials_kept(), 0);
    end(&w);
}

static void what_was_kept_of_another_file_or_is_damaged_is_not_used(void **state)
{
    (void)state;
    struct world w;
    for (int damaged = 0; damaged < 2; damaged++) {
        clear_files();
        uint8_t wanted[32], digest[32];
        put_big("big.bin", 30, wanted);
        give_up_midway(&w);
        if (damaged) { /* in the middle: what stands before it is still good */
            char line[300];
            snprintf(line, sizeof(line),
                     "printf x | dd of=$(echo %s/.partial-*) bs=1 seek=1200000 conv=notrunc 2>/dev/null", scratch);
            FILE *shell = popen(line, "r");
            assert_int_equal(pclose(shell), 0);
        } else {
            put_big("big.bin", 31, wanted);
        }
        begin_in_files(&w, "big.bin");
        with_key(&w);
        expect(&w, fetch_keeping(&w, w.files, PARTIAL_EVERY_MS, digest), 0, NULL);
        assert_memory_equal(digest, wanted, 32);
        assert_int_equal(partials_kept(), 0);
        end(&w);
    }
}

static int kill_midway(void *context)
{
    off_t size;
    (void)context;
    if (partials_with(&size) == 1 && size >= MIDWAY)
        raise(SIGKILL);
    return 0;
}

/* Another process fetches, and dies in the middle without a word. */
static void killed_midway(void)
{
    pid_t child = fork();
    if (child == 0) {
        struct world w;
        struct files *files;
        uint8_t digest[32];
        begin_in_files(&w, "big.bin");
        with_key(&w);
        if (files_open(&w.connection, kill_midway, &w, &files, &w.err) == 0)
            (void)fetch_keeping(&w, files, 0, digest);
        _exit(1); /* it was not killed */
    }
    int status = 0;
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_int_equal(partials_kept(), 1);
}

static void the_next_run_goes_on_where_a_process_was_killed(void **state)
{
    (void)state;
    clear_files();
    uint8_t wanted[32], digest[32];
    put_big("big.bin", 12, wanted);
    killed_midway();
    spoil_byte("big.bin", MIDWAY / 2);
    struct world w;
    begin_in_files(&w, "big.bin");
    with_key(&w);
    expect(&w, fetch_keeping(&w, w.files, PARTIAL_EVERY_MS, digest), 0, NULL);
    assert_memory_equal(digest, wanted, 32);
    assert_int_equal(partials_kept(), 0);
    end(&w);
}

static void a_file_that_only_looks_the_same_is_fetched_anew(void **state)
{
    (void)state;
    for (int last = 0; last < 2; last++) {
        clear_files();
        uint8_t wanted[32], digest[32], anew[32];
        off_t size;
        uint64_t len;
        int fd = -1;
        put_big("big.bin", 12, wanted);
        killed_midway();
        partials_with(&size);
        spoil_byte("big.bin", MIDWAY / 2); /* nobody looks there: it comes only when all is read again */
        spoil_byte("big.bin", last ? size / (64 << 10) * (64 << 10) - 1 : 1);
        struct world w;
        begin_in_files(&w, "big.bin");
        with_key(&w);
        expect(&w, fetch_keeping(&w, w.files, PARTIAL_EVERY_MS, digest), 0, NULL);
        expect(&w, files_fetch(w.files, w.location, scratch, &fd, anew, &len, &w.err), 0, NULL);
        assert_memory_equal(digest, anew, 32);
        assert_memory_not_equal(digest, wanted, 32);
        close(fd);
        end(&w);
    }
}

static void a_disk_that_fills_up_during_a_fetch_is_said_with_the_way_out(void **state)
{
    (void)state;
    clear_files();
    uint8_t digest[32];
    put_big("big.bin", 4, digest);
    struct world w;
    begin_in_files(&w, "big.bin");
    with_key(&w);
    uint64_t size;
    int fd = -7;
#ifdef HAVE_FAULTS
    fault_plan("fetch", 3);
    expect(&w, files_fetch(w.files, w.location, scratch, &fd, digest, &size, &w.err), -ENOSPC,
           "make room, or give the state folder a larger disk");
    fault_plan("fetch", 0);
    assert_int_equal(fd, -7);
#endif
    struct rlimit before, small = {.rlim_cur = 2 << 20};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int rc = files_fetch(w.files, w.location, scratch, &fd, digest, &size, &w.err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    expect(&w, rc, -EFBIG, "cannot write to ");
    assert_int_equal(fd, -7);
    expect(&w, files_fetch(w.files, w.location, scratch, &fd, digest, &size, &w.err), 0, NULL);
    close(fd);
    end(&w);
}

static size_t logins(void)
{
    char path[300], line[1000];
    size_t count = 0;
    snprintf(path, sizeof(path), "%s/sshd.log", said("root", NULL));
    FILE *log = fopen(path, "r");
    assert_non_null(log);
    while (fgets(line, sizeof(line), log))
        count += strstr(line, "Accepted publickey") != NULL;
    fclose(log);
    return count;
}

static void connections_that_log_in_the_same_way_log_in_once(void **state)
{
    (void)state;
    clear_files();
    put("a.csv", "1", 1);
    size_t before = logins();
    struct sessions *sessions = sessions_new();
    struct world w[3];
    for (size_t i = 0; i < 3; i++) {
        const struct file_entry *entries;
        size_t count;
        begin_in_files(&w[i], "*.csv");
        if (i < 2)
            with_key(&w[i]);
        else { /* the same user with another key is another log-in */
            trusted(&w[i]);
            secret_option(&w[i], "private_key", said("keys", "ecdsa-openssh"));
        }
        files_share(w[i].files, sessions);
        expect(&w[i], files_list(w[i].files, w[i].location, &entries, &count, &w[i].err), 0, NULL);
        assert_int_equal(logins() - before, i < 2 ? 1 : 2);
    }
    kill_children_of(number("pid"));                               /* a server that hung up meanwhile is no failure */
    for (int i = 0; i < 20000 && has_children(number("pid")); i++) /* a busy machine takes its time to end them */
        usleep(1000);
    usleep(100000); /* those below them, too */
    const struct file_entry *entries;
    size_t count;
    expect(&w[0], files_list(w[0].files, w[0].location, &entries, &count, &w[0].err), 0, NULL);
    assert_int_equal(logins() - before, 3);
    for (size_t i = 0; i < 3; i++)
        end(&w[i]);
    sessions_free(sessions);
}

static void unfinished_uploads_markers_and_receipts_are_passed_over_by_name(void **state)
{
    (void)state;
    clear_files();
    static const char *const names[] = {"a.csv", "b.csv.tmp", "c.PART", "~$d.csv", "a.csv.done", "a.csv.receipt"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        put(names[i], "1", (long)i);
    struct world w;
    begin_in_files(&w, "*");
    with_key(&w);
    option(&w, "ignore", "*.tmp, *.part,~$*");
    option(&w, "ready_marker", "{name}.done");
    option(&w, "receipts", "{name}.receipt");
    struct files *files;
    assert_int_equal(files_open(&w.connection, NULL, NULL, &files, &w.err), 0);
    const struct file_entry *entries;
    size_t count;
    expect(&w, files_list(files, w.location, &entries, &count, &w.err), 0, NULL);
    assert_int_equal(count, 1);
    assert_non_null(strstr(entries[0].name, "/a.csv"));
    assert_int_equal(files_ignored(files, &entries), 3);
    files_free(files);
    end(&w);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_transfer_that_is_cut_off_goes_on_where_it_stopped),
        cmocka_unit_test(a_file_that_was_replaced_while_the_connection_was_cut_is_not_taken),
        cmocka_unit_test(the_next_run_goes_on_where_a_transfer_was_given_up),
        cmocka_unit_test(what_was_kept_of_another_file_or_is_damaged_is_not_used),
        cmocka_unit_test(the_next_run_goes_on_where_a_process_was_killed),
        cmocka_unit_test(a_file_that_only_looks_the_same_is_fetched_anew),
        cmocka_unit_test(a_disk_that_fills_up_during_a_fetch_is_said_with_the_way_out),
        cmocka_unit_test(connections_that_log_in_the_same_way_log_in_once),
        cmocka_unit_test(unfinished_uploads_markers_and_receipts_are_passed_over_by_name),
    };
    return cmocka_run_group_tests_name("transfer", tests, start_server, stop_server);
}
