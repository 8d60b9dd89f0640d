/* test_sftp - files on a real OpenSSH server, and servers that are none. */
#include "sshserver.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void the_newest_match_comes_first_and_can_be_fetched(void **state)
{
    (void)state;
    clear_files();
    put("employees-1.csv", "one", 50);
    put("employees-2 ü%.csv", "two", 10);
    put("employees-3.csv", "three", 50);
    put(".employees-4.csv", "four", 1);
    put("other.csv", "five", 1);
    mkdir(in_files("employees-scratch.csv"), 0755);
    assert_int_equal(symlink("employees-1.csv", in_files("employees-link.csv")), 0);
    assert_int_equal(symlink("nothing", in_files("employees-broken.csv")), 0);
    struct world w;
    begin_in_files(&w, "employees-*.csv");
    with_key(&w);
    const struct file_entry *entries;
    size_t count;
    expect(&w, files_list(w.files, w.location, &entries, &count, &w.err), 0, NULL);
    assert_int_equal(count, 4);
    static const char *const order[] = {"employees-2 ü%25.csv", "employees-link.csv", "employees-3.csv",
                                        "employees-1.csv"};
    static const char *const texts[] = {"two", "one", "three", "one"};
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(strrchr(entries[i].name, '/') + 1, order[i]);
        uint8_t digest[32], wanted[32];
        uint64_t size;
        int fd;
        char text[10] = "";
        expect(&w, files_fetch(w.files, entries[i].name, scratch, &fd, digest, &size, &w.err), 0, NULL);
        assert_int_equal(read(fd, text, sizeof(text)), (ssize_t)strlen(texts[i]));
        assert_string_equal(text, texts[i]);
        close(fd);
        crypto_hash_sha256(wanted, (const unsigned char *)texts[i], strlen(texts[i]));
        assert_memory_equal(digest, wanted, 32);
        assert_int_equal(size, strlen(texts[i]));
    }
    assert_int_equal(entries[0].mtime_ms, 1699999990000LL);
    end(&w);
}

static void below_the_home_directory_and_single_files_are_places_too(void **state)
{
    (void)state;
    char path[300];
    snprintf(path, sizeof(path), "%s/a b.csv", said("home", NULL));
    close(open(path, O_CREAT | O_WRONLY, 0644));
    struct world w;
    static const char *const places[] = {"/~/a%20b.csv", "/~/*.csv", "/~/", "/~"};
    for (size_t i = 0; i < 4; i++) {
        begin(&w, places[i]);
        with_key(&w);
        const struct file_entry *entries;
        size_t count;
        expect(&w, files_list(w.files, w.location, &entries, &count, &w.err), 0, NULL);
        assert_int_equal(count, 1);
        assert_non_null(strstr(entries[0].name, "/~/a b.csv"));
        uint8_t digest[32];
        uint64_t size;
        int fd;
        expect(&w, files_fetch(w.files, entries[0].name, scratch, &fd, digest, &size, &w.err), 0, NULL);
        assert_int_equal(size, 0);
        close(fd);
        end(&w);
    }
    unlink(path);
}

static void missing_files_and_folders_say_what_is_there(void **state)
{
    (void)state;
    clear_files();
    put("a.csv", "1", 1);
    struct world w;
    const struct file_entry *entries;
    size_t count;
    begin_in_files(&w, "employees-*.xlsx");
    with_key(&w);
    expect(&w, files_list(w.files, w.location, &entries, &count, &w.err), ERR_GONE, "no file matches employees-*.xlsx");
    expect(&w, files_list(w.files, w.location, &entries, &count, &w.err), ERR_GONE, "the folder holds 1 file: a.csv)");
    end(&w);
    begin_in_files(&w, "b.csv");
    with_key(&w);
    expect(&w, files_list(w.files, w.location, &entries, &count, &w.err), ERR_GONE, "the folder holds 1 file: a.csv)");
    uint8_t digest[32];
    uint64_t size;
    int fd;
    expect(&w, files_fetch(w.files, w.location, scratch, &fd, digest, &size, &w.err), ERR_GONE, "there is no ");
    end(&w);
    begin_in_files(&w, "none/*.csv");
    with_key(&w);
    expect(&w, files_list(w.files, w.location, &entries, &count, &w.err), ERR_GONE, "there is no folder");
    check(&w, ERR_GONE, "there is no folder");
    end(&w);
}

static void a_missing_right_is_said_to_be_missing(void **state)
{
    (void)state;
    const char *user = said("password", "user");
    clear_files();
    put("a.csv", "1", 1);
    struct world w;
    begin_in_files(&w, "*.csv");
    if (user) /* root may everything: the temporary user may not */
        place(&w, user, number("port"), in_files("*.csv"));
    if (geteuid() == 0 && !user)
        skip();
    trusted(&w);
    secret_option(&w, "private_key", said("keys", "ed25519-openssh"));
    const struct file_entry *entries;
    size_t count;
    chmod(said("files", NULL), 0700);
    if (!user)
        chmod(said("files", NULL), 0000);
    expect(&w, files_list(w.files, w.location, &entries, &count, &w.err), ERR_PERMISSION, "may not list");
    chmod(said("files", NULL), 0755);
    chmod(in_files("a.csv"), user ? 0600 : 0000);
    expect(&w, files_list(w.files, w.location, &entries, &count, &w.err), 0, NULL);
    uint8_t digest[32];
    uint64_t size;
    int fd;
    expect(&w, files_fetch(w.files, entries[0].name, scratch, &fd, digest, &size, &w.err), ERR_PERMISSION,
           "may not read");
    if (user) {
        int from = open("/dev/null", O_RDONLY);
        expect(&w, files_store(w.files, entries[0].name, from, &w.err), ERR_PERMISSION, "may not write");
        close(from);
        expect(&w, files_remove(w.files, entries[0].name, &w.err), ERR_PERMISSION, "may not remove");
        expect(&w, files_archive(w.files, entries[0].name, "archive", NULL, &w.err), ERR_PERMISSION,
               "may not make the folder");
    }
    end(&w);
}

static void stored_files_replace_whole_ones_and_leave_no_parts(void **state)
{
    (void)state;
    clear_files();
    uint8_t wanted[32], digest[32];
    put_big("source.bin", 5, wanted);
    int from = open(in_files("source.bin"), O_RDONLY);
    struct world w;
    begin_in_files(&w, "out.csv");
    with_key(&w);
    for (int i = 0; i < 2; i++) {
        uint64_t size;
        int fd;
        expect(&w, files_store(w.files, w.location, from, &w.err), 0, NULL);
        expect(&w, files_fetch(w.files, w.location, scratch, &fd, digest, &size, &w.err), 0, NULL);
        close(fd);
        assert_int_equal(size, 5 << 20);
        assert_memory_equal(digest, wanted, 32);
        put("out.csv", "old", 5);
    }
    assert_int_not_equal(access(in_files(".out.csv.muster-part"), F_OK), 0);
    expect(&w, files_remove(w.files, w.location, &w.err), 0, NULL);
    expect(&w, files_remove(w.files, w.location, &w.err), ERR_GONE, "there is no");
    end(&w);
    begin_in_files(&w, "nowhere/out.csv");
    with_key(&w);
    expect(&w, files_store(w.files, w.location, from, &w.err), ERR_GONE, "cannot be written: there is no folder");
    close(from);
    end(&w);
}

static void archiving_makes_the_folder_and_never_overwrites(void **state)
{
    (void)state;
    clear_files();
    struct world w;
    begin_in_files(&w, "e-1.csv");
    with_key(&w);
    static const char *const names[] = {"archive/e-1.csv", "archive/e-1-2.csv", "archive/e-1-3.csv"};
    for (int i = 0; i < 3; i++) {
        char text[2] = {(char)('1' + i), '\0'}, got[2] = "";
        put("e-1.csv", text, 5);
        expect(&w, files_archive(w.files, w.location, "archive", NULL, &w.err), 0, NULL);
        int fd = open(in_files(names[i]), O_RDONLY);
        assert_int_equal(read(fd, got, 1), 1);
        close(fd);
        assert_string_equal(got, text);
    }
    expect(&w, files_archive(w.files, w.location, "archive", NULL, &w.err), ERR_GONE, "no longer there");
    put("e-1.csv", "4", 5);
    char folder[300], place_text[400];
    snprintf(folder, sizeof(folder), "%s/deep", said("files", NULL));
    snprintf(place_text, sizeof(place_text), "sftp://%s@%s:%d%s/er", said("user", NULL), said("host", NULL),
             number("port"), folder);
    option(&w, "archive_to", place_text);
    expect(&w, files_archive(w.files, w.location, place_text, NULL, &w.err), ERR_GONE,
           "the folder above it is missing");
    mkdir(folder, 0755);
    expect(&w, files_archive(w.files, w.location, place_text, NULL, &w.err), 0, NULL);
    assert_int_equal(access(in_files("deep/er/e-1.csv"), F_OK), 0);
    end(&w);
}

static int grow(void *context)
{
    (void)context;
    FILE *file = fopen(in_files("growing.bin"), "a");
    fputs("more", file);
    fclose(file);
    return 0;
}

static void a_file_that_is_still_being_uploaded_is_refused(void **state)
{
    (void)state;
    clear_files();
    uint8_t digest[32];
    put_big("growing.bin", 4, digest);
    struct world w;
    begin_in_files(&w, "growing.bin");
    with_key(&w);
    struct files *files;
    assert_int_equal(files_open(&w.connection, grow, NULL, &files, &w.err), 0);
    uint64_t size;
    int fd = -7;
    expect(&w, files_fetch(files, w.location, scratch, &fd, digest, &size, &w.err), ERR_UNREADY,
           "still being uploaded");
    assert_int_equal(fd, -7);
    files_free(files);
    end(&w);
}

static void a_full_scratch_folder_is_said_plainly(void **state)
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
    expect(&w, files_fetch(w.files, w.location, "/nowhere/scratch", &fd, digest, &size, &w.err), -ENOENT,
           "temporary file in /nowhere/scratch");
    expect(&w, files_fetch(w.files, w.location, scratch, &fd, digest, &size, &w.err), 0,
           NULL); /* the link still works */
    close(fd);
    end(&w);
}

static void only_named_places_are_reached_on_a_server_too(void **state)
{
    (void)state;
    clear_files();
    put("e-1.csv", "1", 1);
    put("secret.txt", "1", 1);
    struct world w;
    begin_in_files(&w, "e-*.csv");
    with_key(&w);
    char other[300];
    snprintf(other, sizeof(other), "sftp://%s@%s:%d%s", said("user", NULL), said("host", NULL), number("port"),
             in_files("secret.txt"));
    uint8_t digest[32];
    uint64_t size;
    int fd;
    expect(&w, files_fetch(w.files, other, scratch, &fd, digest, &size, &w.err), ERR_PERMISSION, "none of its options");
    expect(&w, files_fetch(w.files, in_files("e-1.csv"), scratch, &fd, digest, &size, &w.err), ERR_PERMISSION,
           "none of its options");
    expect(&w, files_remove(w.files, other, &w.err), ERR_PERMISSION, "none of its options");
    end(&w);
}

/* Trouble on the way */

/* "At once" is long before the thirty seconds that a server may be silent; a busy machine has a few of its own. */
enum { AT_ONCE_MS = 5000 };

static void cancelling_is_obeyed_at_once(void **state)
{
    (void)state;
    clear_files();
    uint8_t digest[32];
    put_big("big.bin", 30, digest);
    struct world w;
    begin_in_files(&w, "big.bin");
    with_key(&w);
    check(&w, 0, NULL);
    w.cancel_at = w.calls + 6;
    uint64_t size;
    int fd = -7;
    expect(&w, files_fetch(w.files, w.location, scratch, &fd, digest, &size, &w.err), ERR_CANCELLED, "cancelled while");
    assert_true(clock_steady_ms() - w.cancelled_ms < AT_ONCE_MS);
    assert_int_equal(fd, -7);
    end(&w);
}

/* Listens and lets `serve` do as it likes with each connection. */
struct stranger {
    int fd, port;
    const char *greeting; /* NULL: says nothing */
    pthread_t thread;
    int held[8];
};

static void *stranger_run(void *argument)
{
    struct stranger *stranger = argument;
    for (size_t n = 0; n < 8; n++) {
        int fd = accept(stranger->fd, NULL, NULL);
        if (fd < 0)
            break;
        stranger->held[n] = fd;
        if (!stranger->greeting)
            continue;
        ssize_t ignored = write(fd, stranger->greeting, strlen(stranger->greeting));
        (void)ignored;
        shutdown(fd, SHUT_WR);
    }
    return NULL;
}

static void stranger_start(struct stranger *stranger, const char *greeting)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    *stranger = (struct stranger){.greeting = greeting};
    stranger->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(stranger->fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(stranger->fd, 8), 0);
    assert_int_equal(getsockname(stranger->fd, (struct sockaddr *)&address, &size), 0);
    stranger->port = ntohs(address.sin_port);
    pthread_create(&stranger->thread, NULL, stranger_run, stranger);
}

static void stranger_stop(struct stranger *stranger)
{
    shutdown(stranger->fd, SHUT_RDWR);
    pthread_join(stranger->thread, NULL);
    close(stranger->fd);
    for (size_t n = 0; n < 8; n++)
        if (stranger->held[n] > 0)
            close(stranger->held[n]);
}

static void a_server_that_says_nothing_is_given_up_in_time(void **state)
{
    (void)state;
    struct stranger stranger;
    stranger_start(&stranger, NULL);
    struct world w;
    begin(&w, "/x");
    with_key(&w);
    place(&w, "hr", stranger.port, "/x");
    files_patience(w.files, 10000, 400);
    int64_t before = clock_steady_ms();
    check(&w, ERR_NETWORK, "says nothing for 0.4 seconds");
    assert_in_range(clock_steady_ms() - before, 350, AT_ONCE_MS);
    w.cancel_at = 1;
    files_patience(w.files, 10000, 30000);
    check(&w, ERR_CANCELLED, "cancelled while connecting");
    assert_true(clock_steady_ms() - w.cancelled_ms < AT_ONCE_MS);
    end(&w);
    stranger_stop(&stranger);
}

static void what_is_no_ssh_server_is_said_not_to_be_one(void **state)
{
    (void)state;
    static const char *const greetings[] = {"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", "", "220 ftp\r\n"};
    for (size_t i = 0; i < 3; i++) {
        struct stranger stranger;
        stranger_start(&stranger, greetings[i]);
        struct world w;
        begin(&w, "/x");
        with_key(&w);
        place(&w, "hr", stranger.port, "/x");
        check(&w, ERR_NETWORK, "does not answer as an SSH server does");
        end(&w);
        stranger_stop(&stranger);
    }
}

static void refused_and_unknown_hosts_are_named(void **state)
{
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int taken = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); /* nobody else gets this port, and nobody listens */
    assert_int_equal(bind(taken, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(taken, (struct sockaddr *)&address, &size), 0);
    struct world w;
    begin(&w, "/x");
    with_key(&w);
    place(&w, "hr", ntohs(address.sin_port), "/x");
    check(&w, ERR_NETWORK, "refuses connections");
    close(taken);
    snprintf(w.location, sizeof(w.location), "sftp://hr@no-such-host.invalid/x");
    check(&w, ERR_NETWORK, "no-such-host.invalid");
    end(&w);
}

/* How fast: printed with MUSTER_TEST_SPEED, never judged here. */
static void a_large_file_arrives_whole(void **state)
{
    (void)state;
    clear_files();
    uint8_t wanted[32], digest[32];
    int megabytes = 50;
    put_big("big.bin", (size_t)megabytes, wanted);
    struct world w;
    begin_in_files(&w, "big.bin");
    with_key(&w);
    int64_t start = clock_steady_ms();
    check(&w, 0, NULL);
    int64_t ready = clock_steady_ms();
    uint64_t size;
    int fd;
    expect(&w, files_fetch(w.files, w.location, scratch, &fd, digest, &size, &w.err), 0, NULL);
    int64_t done = clock_steady_ms();
    assert_memory_equal(digest, wanted, 32);
    assert_int_equal(size, (uint64_t)megabytes << 20);
    assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
    close(fd);
    end(&w);
    clear_files();
    if (getenv("MUSTER_TEST_SPEED"))
        print_message("set-up %d ms, %d MiB in %d ms\n", (int)(ready - start), megabytes, (int)(done - ready));
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_match_comes_first_and_can_be_fetched),
        cmocka_unit_test(below_the_home_directory_and_single_files_are_places_too),
        cmocka_unit_test(missing_files_and_folders_say_what_is_there),
        cmocka_unit_test(a_missing_right_is_said_to_be_missing),
        cmocka_unit_test(stored_files_replace_whole_ones_and_leave_no_parts),
        cmocka_unit_test(archiving_makes_the_folder_and_never_overwrites),
        cmocka_unit_test(a_file_that_is_still_being_uploaded_is_refused),
        cmocka_unit_test(a_full_scratch_folder_is_said_plainly),
        cmocka_unit_test(only_named_places_are_reached_on_a_server_too),
        cmocka_unit_test(cancelling_is_obeyed_at_once),
        cmocka_unit_test(a_server_that_says_nothing_is_given_up_in_time),
        cmocka_unit_test(what_is_no_ssh_server_is_said_not_to_be_one),
        cmocka_unit_test(refused_and_unknown_hosts_are_named),
        cmocka_unit_test(a_large_file_arrives_whole),
    };
    return cmocka_run_group_tests_name("sftp", tests, start_server, stop_server);
}
