/* test_sftp - files on a real OpenSSH server, which tests/sshd.py starts and takes away again.
 *
 * With MUSTER_SSHD_JSON in the environment a server that already runs is used. */
#include "unit.h"

#include "base/clock.h"
#include "base/sha256.h"
#include "base/tidy.h"
#include "broker/file.h"
#include "broker/sshkey.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <libssh2.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static json_t *server;
static pid_t fixture;
static int fixture_input = -1;
static char dir[] = "/tmp/muster-sftp-XXXXXX";

/* What the organization's file gives; the table's initial values do not matter here. */
const char *connection_option(const struct connection *connection, const char *name)
{
    for (size_t i = 0; i < connection->option_count; i++)
        if (strcmp(connection->options[i].name, name) == 0)
            return connection->options[i].text;
    return NULL;
}

/* server["a"]["b"] as text */
static const char *said(const char *a, const char *b)
{
    json_t *at = json_object_get(server, a);
    return json_string_value(b ? json_object_get(at, b) : at);
}

static int number(const char *name)
{
    return (int)json_integer_value(json_object_get(server, name));
}

/* One connection, built by hand: text options and secrets by file. */
struct world {
    char location[300], name[300];
    struct option_value options[8];
    struct secretref secrets[8];
    struct connection connection;
    struct files *files;
    struct err err;
    int calls, cancel_at;
    int64_t cancelled_ms;
};

static void option(struct world *w, const char *name, const char *text)
{
    w->options[w->connection.option_count++] = (struct option_value){.name = name, .text = text};
}

static void secret_option(struct world *w, const char *name, const char *path)
{
    size_t at = w->connection.option_count++;
    w->secrets[at] = (struct secretref){.how = SECRET_FILE, .name = path};
    w->options[at] = (struct option_value){.name = name, .secret = &w->secrets[at]};
}

static const char *secret_file(const char *text)
{
    static char paths[4][100];
    static unsigned turn;
    char *path = paths[turn % 4];
    snprintf(path, sizeof(paths[0]), "%s/secret-%u", dir, turn++ % 4);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    return path;
}

static int ask(void *context)
{
    struct world *w = context;
    w->calls++;
    if (w->cancel_at && w->calls >= w->cancel_at) {
        if (!w->cancelled_ms)
            w->cancelled_ms = clock_steady_ms();
        return 1;
    }
    return 0;
}

/* A place on the server: user NULL is the fixture's own. */
static void place(struct world *w, const char *user, int port, const char *path)
{
    snprintf(w->location, sizeof(w->location), "sftp://%s@%s:%d%s", user ? user : said("user", NULL),
             said("host", NULL), port, path);
}

static void begin(struct world *w, const char *path)
{
    *w = (struct world){0};
    w->connection = (struct connection){.name = "hr", .connector = "sheet", .options = w->options};
    place(w, NULL, number("port"), path);
    option(w, "location", w->location);
    assert_int_equal(files_open(&w->connection, ask, w, &w->files, &w->err), 0);
}

static void begin_in_files(struct world *w, const char *pattern)
{
    char path[200];
    snprintf(path, sizeof(path), "%s/%s", said("files", NULL), pattern);
    begin(w, path);
}

static void trusted(struct world *w)
{
    option(w, "host_key", said("host_keys", "ed25519"));
}

static void with_key(struct world *w)
{
    trusted(w);
    secret_option(w, "private_key", said("keys", "ed25519-openssh"));
}

static void end(struct world *w)
{
    files_free(w->files);
}

static void expect(struct world *w, int rc, int wanted, const char *says)
{
    if (rc != wanted)
        fail_msg("%d instead of %d: %s", rc, wanted, w->err.text);
    if (says && !strstr(w->err.text, says))
        fail_msg("'%s' is not in: %s", says, w->err.text);
    if (getenv("MUSTER_TEST_SENTENCES") && rc < 0)
        fprintf(stderr, "    %s\n", w->err.text);
    w->err = (struct err){0};
}

static void check(struct world *w, int wanted, const char *says)
{
    expect(w, files_check(w->files, &w->err), wanted, says);
}

static const char *in_files(const char *name)
{
    static char paths[4][300];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", said("files", NULL), name);
    return path;
}

static void put(const char *name, const char *text, long age_s)
{
    int fd = open(in_files(name), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    struct timespec times[2] = {{.tv_sec = 1700000000 - age_s}, {.tv_sec = 1700000000 - age_s}};
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
}

static void put_big(const char *name, size_t megabytes, uint8_t ret_sha256[32])
{
    static uint8_t block[1 << 20];
    uint32_t x = 2463534242u;
    struct sha256 sum;
    sha256_init(&sum);
    int fd = open(in_files(name), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    for (size_t n = 0; n < megabytes; n++) {
        for (size_t i = 0; i < sizeof(block); i += 4) {
            x ^= x << 13, x ^= x >> 17, x ^= x << 5;
            memcpy(block + i, &x, 4);
        }
        assert_int_equal(write(fd, block, sizeof(block)), sizeof(block));
        sha256_add(&sum, block, sizeof(block));
    }
    close(fd);
    sha256_end(&sum, ret_sha256);
}

static void clear_files(void)
{
    char command[400];
    pid_t pid;
    int status;
    snprintf(command, sizeof(command), "rm -rf '%s'/* '%s'/.[!.]*", said("files", NULL), said("files", NULL));
    char *words[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c", command, NULL};
    assert_int_equal(posix_spawnp(&pid, "sh", NULL, NULL, words, environ), 0);
    waitpid(pid, &status, 0);
}

/* Whose key is trusted */

static void the_pinned_key_is_trusted_whatever_its_kind(void **state)
{
    (void)state;
    static const char *const kinds[] = {"ed25519", "ecdsa"};
    for (size_t i = 0; i < 2; i++)
        for (int form = 0; form < 3; form++) {
            char pin[100];
            const char *whole = said("host_keys", kinds[i]);
            snprintf(pin, sizeof(pin), "%s%s", form == 1 ? whole + 7 : whole, form == 2 ? "=" : "");
            struct world w;
            begin_in_files(&w, "*");
            option(&w, "host_key", pin);
            secret_option(&w, "private_key", said("keys", "ed25519-openssh"));
            check(&w, 0, NULL);
            end(&w);
        }
}

static void one_of_several_pins_is_enough(void **state)
{
    (void)state;
    char pins[200];
    snprintf(pins, sizeof(pins), "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA, %s",
             said("host_keys", "ed25519"));
    struct world w;
    begin_in_files(&w, "*");
    option(&w, "host_key", pins);
    secret_option(&w, "private_key", said("keys", "ed25519-openssh"));
    check(&w, 0, NULL);
    end(&w);
}

static void a_wrong_pin_is_refused_and_shows_what_the_server_has(void **state)
{
    (void)state;
    struct world w;
    begin_in_files(&w, "*");
    option(&w, "host_key", "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    secret_option(&w, "private_key", said("keys", "ed25519-openssh"));
    check(&w, ERR_AUTH, said("host_keys", "ed25519"));
    check(&w, ERR_AUTH, "ssh-keygen -lf");
    end(&w);
    begin_in_files(&w, "*");
    option(&w, "host_key", "MD5:aa:bb");
    check(&w, ERR_CONFIG, "is no SHA256 fingerprint");
    end(&w);
}

static void known_hosts_trusts_plain_and_hashed_names_with_ports(void **state)
{
    (void)state;
    static const char *const files[] = {"plain", "hashed", "only_ecdsa"};
    for (size_t i = 0; i < 3; i++) {
        struct world w;
        begin_in_files(&w, "*");
        option(&w, "known_hosts", said("known_hosts", files[i]));
        secret_option(&w, "private_key", said("keys", "ed25519-openssh"));
        check(&w, 0, NULL);
        end(&w);
    }
}

static void known_hosts_with_another_key_another_host_or_a_revoked_key_is_refused(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"wrong_key", "somebody may be in between"},
                                           {"other_host", "does not know 127.0.0.1"},
                                           {"revoked", "is revoked"}};
    for (size_t i = 0; i < 3; i++) {
        struct world w;
        begin_in_files(&w, "*");
        option(&w, "known_hosts", said("known_hosts", cases[i][0]));
        secret_option(&w, "private_key", said("keys", "ed25519-openssh"));
        check(&w, ERR_AUTH, cases[i][1]);
        end(&w);
    }
    struct world w;
    begin_in_files(&w, "*");
    option(&w, "known_hosts", "/nowhere/known_hosts");
    check(&w, ERR_CONFIG, "/nowhere/known_hosts cannot be read");
    end(&w);
}

static void a_server_of_which_nothing_is_known_is_refused_with_the_line_to_add(void **state)
{
    (void)state;
    char line[100];
    snprintf(line, sizeof(line), "`host_key: %s`", said("host_keys", "ed25519"));
    struct world w;
    begin_in_files(&w, "*");
    secret_option(&w, "private_key", said("keys", "ed25519-openssh"));
    check(&w, ERR_CONFIG, line);
    end(&w);
}

/* Logging in */

static int can_rsa(void)
{
    return libssh2_version(0x010b00) != NULL;
}

static void every_kind_and_form_of_key_logs_in_or_says_the_way_out(void **state)
{
    (void)state;
    const char *name;
    json_t *value;
    json_object_foreach(json_object_get(server, "keys"), name, value)
    {
        struct world w;
        begin_in_files(&w, "*");
        trusted(&w);
        secret_option(&w, "private_key", json_string_value(value));
        int locked = strstr(name, "-locked") != NULL, rsa = strncmp(name, "rsa", 3) == 0 && !can_rsa();
        int hidden = rsa && locked && strstr(name, "pkcs8"); /* what it is shows only once it is open */
        print_message("%s\n", name);
        if (rsa && !hidden) {
            check(&w, ERR_UNSUPPORTED, "libssh2 1.11 or newer");
        } else if (locked) {
            check(&w, ERR_AUTH, "is locked by a passphrase");
            secret_option(&w, "passphrase", secret_file("not this one"));
            check(&w, ERR_AUTH, "the passphrase does not open the key");
            w.connection.option_count--;
            secret_option(&w, "passphrase", secret_file(said("passphrase", NULL)));
            check(&w, hidden ? ERR_AUTH : 0, NULL);
        } else {
            check(&w, 0, NULL);
        }
        end(&w);
    }
}

static void a_key_with_windows_line_ends_or_without_its_last_one_still_works(void **state)
{
    (void)state;
    FILE *in = fopen(said("keys", "ed25519-openssh"), "r");
    char text[4096], windows[8192] = "";
    text[fread(text, 1, sizeof(text) - 1, in)] = '\0';
    fclose(in);
    size_t len = 0;
    for (char *c = text; *c; c++) {
        if (*c == '\n')
            windows[len++] = '\r';
        windows[len++] = *c;
    }
    text[strlen(text) - 1] = '\0';
    const char *const forms[] = {windows, text};
    for (size_t i = 0; i < 2; i++) {
        struct world w;
        begin_in_files(&w, "*");
        trusted(&w);
        secret_option(&w, "private_key", secret_file(forms[i]));
        check(&w, 0, NULL);
        end(&w);
    }
}

static void a_key_that_the_server_does_not_know_says_what_it_takes(void **state)
{
    (void)state;
    struct world w;
    begin_in_files(&w, "*");
    trusted(&w);
    secret_option(&w, "private_key", said("stranger", NULL));
    check(&w, ERR_AUTH, "(the server takes: publickey");
    end(&w);
    begin_in_files(&w, "*");
    trusted(&w);
    char public[300];
    snprintf(public, sizeof(public), "%s.pub", said("stranger", NULL));
    chmod(public, 0600);
    secret_option(&w, "private_key", public);
    check(&w, ERR_AUTH, "is a public key");
    end(&w);
}

static void damaged_keys_are_said_to_be_damaged(void **state)
{
    (void)state;
    FILE *in = fopen(said("keys", "ecdsa-pem"), "r");
    char text[4096];
    text[fread(text, 1, sizeof(text) - 1, in)] = '\0';
    fclose(in);
    char *body = strchr(text, '\n') + 8; /* four bytes are missing from here on */
    memmove(body, body + 4, strlen(body + 4) + 1);
    struct world w;
    begin_in_files(&w, "*");
    trusted(&w);
    secret_option(&w, "private_key", secret_file(text));
    check(&w, ERR_AUTH, "cannot be used");
    end(&w);
}

static void the_agent_is_asked_when_neither_key_nor_password_is_given(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"ed25519", NULL}, {"rsa", "only RSA keys"}, {"empty", "holds no keys"}, {"none", "does not answer"}};
    for (size_t i = 0; i < 4; i++) {
        struct world w;
        begin_in_files(&w, "*");
        trusted(&w);
        const char *path = said("agents", cases[i][0]);
        setenv("SSH_AUTH_SOCK", path ? path : "/nowhere/agent", 1);
        int ok = i == 0 || (i == 1 && can_rsa());
        check(&w, ok ? 0 : ERR_AUTH, ok ? NULL : cases[i][1]);
        unsetenv("SSH_AUTH_SOCK");
        end(&w);
    }
    struct world w;
    begin_in_files(&w, "*");
    trusted(&w);
    check(&w, ERR_AUTH, "nothing to log in to");
    end(&w);
}

static void passwords_are_taken_or_refused(void **state)
{
    (void)state;
    const char *user = said("password", "user");
    if (!user) {
        print_message("skipped: %s\n", said("password_missing_because", NULL));
        skip();
    }
    int pam = (int)json_integer_value(json_object_get(json_object_get(server, "password"), "port"));
    for (int asking = 0; asking < (pam ? 2 : 1); asking++)
        for (int right = 0; right < 2; right++) {
            struct world w;
            begin_in_files(&w, "*");
            place(&w, user, asking ? pam : number("port"), "/~/");
            trusted(&w);
            secret_option(&w, "password", secret_file(right ? said("password", "right") : "wrong"));
            check(&w, right ? 0 : ERR_AUTH, right ? NULL : "refuses the password of user");
            end(&w);
        }
    struct world w;
    begin_in_files(&w, "*");
    place(&w, user, number("port"), "/~/");
    trusted(&w);
    secret_option(&w, "private_key", said("stranger", NULL));
    secret_option(&w, "password", secret_file(said("password", "right")));
    check(&w, 0, NULL); /* the key is refused, the password is not */
    end(&w);
}

static void a_password_in_the_file_itself_is_refused(void **state)
{
    (void)state;
    struct world w;
    begin_in_files(&w, "*");
    trusted(&w);
    option(&w, "password", "hunter2");
    struct err err = {0};
    assert_int_equal(files_check(w.files, &err), ERR_CONFIG);
    assert_non_null(strstr(err.text, "!secret"));
    assert_null(strstr(err.text, "hunter2"));
    end(&w);
}

/* Files */

static void the_newest_match_comes_first_and_can_be_fetched(void **state)
{
    (void)state;
    clear_files();
    put("employees-1.csv", "one", 50);
    put("employees-2 ü%.csv", "two", 10);
    put("employees-3.csv", "three", 50);
    put(".employees-4.csv", "four", 1);
    put("other.csv", "five", 1);
    mkdir(in_files("employees-dir.csv"), 0755);
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
        expect(&w, files_fetch(w.files, entries[i].name, dir, &fd, digest, &size, &w.err), 0, NULL);
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
        expect(&w, files_fetch(w.files, entries[0].name, dir, &fd, digest, &size, &w.err), 0, NULL);
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
    expect(&w, files_fetch(w.files, w.location, dir, &fd, digest, &size, &w.err), ERR_GONE, "there is no ");
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
    expect(&w, files_fetch(w.files, entries[0].name, dir, &fd, digest, &size, &w.err), ERR_PERMISSION, "may not read");
    if (user) {
        int from = open("/dev/null", O_RDONLY);
        expect(&w, files_store(w.files, entries[0].name, from, &w.err), ERR_PERMISSION, "may not write");
        close(from);
        expect(&w, files_remove(w.files, entries[0].name, &w.err), ERR_PERMISSION, "may not remove");
        expect(&w, files_archive(w.files, entries[0].name, "archive", &w.err), ERR_PERMISSION,
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
        expect(&w, files_fetch(w.files, w.location, dir, &fd, digest, &size, &w.err), 0, NULL);
        close(fd);
        assert_int_equal(size, 5 << 20);
        assert_memory_equal(digest, wanted, 32);
        put("out.csv", "old", 5);
    }
    assert_int_not_equal(access(in_files(".out.csv.muster-part"), F_OK), 0);
    expect(&w, files_remove(w.files, w.location, &w.err), 0, NULL);
    expect(&w, files_remove(w.files, w.location, &w.err), ERR_GONE, "there is no");
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
        expect(&w, files_archive(w.files, w.location, "archive", &w.err), 0, NULL);
        int fd = open(in_files(names[i]), O_RDONLY);
        assert_int_equal(read(fd, got, 1), 1);
        close(fd);
        assert_string_equal(got, text);
    }
    expect(&w, files_archive(w.files, w.location, "archive", &w.err), ERR_GONE, "no longer there");
    put("e-1.csv", "4", 5);
    char folder[300], place_text[400];
    snprintf(folder, sizeof(folder), "%s/deep", said("files", NULL));
    snprintf(place_text, sizeof(place_text), "sftp://%s@%s:%d%s/er", said("user", NULL), said("host", NULL),
             number("port"), folder);
    option(&w, "archive_to", place_text);
    expect(&w, files_archive(w.files, w.location, place_text, &w.err), ERR_GONE, "the folder above it is missing");
    mkdir(folder, 0755);
    expect(&w, files_archive(w.files, w.location, place_text, &w.err), 0, NULL);
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
    expect(&w, files_fetch(files, w.location, dir, &fd, digest, &size, &w.err), ERR_NETWORK, "still being uploaded");
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
    expect(&w, files_fetch(w.files, w.location, dir, &fd, digest, &size, &w.err), 0, NULL); /* the link still works */
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
    expect(&w, files_fetch(w.files, other, dir, &fd, digest, &size, &w.err), ERR_PERMISSION, "none of its options");
    expect(&w, files_fetch(w.files, in_files("e-1.csv"), dir, &fd, digest, &size, &w.err), ERR_PERMISSION,
           "none of its options");
    expect(&w, files_remove(w.files, other, &w.err), ERR_PERMISSION, "none of its options");
    end(&w);
}

/* Trouble on the way */

static void kill_children_of(pid_t parent)
{
    char path[64], text[256];
    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)parent, (int)parent);
    FILE *file = fopen(path, "r");
    if (!file)
        return;
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    for (char *at = text; *at;) {
        char *next;
        pid_t child = (pid_t)strtol(at, &next, 10);
        if (next == at)
            break;
        kill_children_of(child);
        kill(child, SIGKILL);
        at = next;
    }
}

static int kill_server_at_third_call(void *context)
{
    struct world *w = context;
    if (++w->calls == w->cancel_at)
        kill_children_of(number("pid"));
    return 0;
}

static void a_connection_that_is_cut_in_mid_transfer_is_said_and_opened_anew(void **state)
{
    (void)state;
    clear_files();
    uint8_t wanted[32], digest[32];
    put_big("big.bin", 30, wanted);
    struct world w;
    begin_in_files(&w, "big.bin");
    with_key(&w);
    struct files *files;
    assert_int_equal(files_open(&w.connection, kill_server_at_third_call, &w, &files, &w.err), 0);
    const struct file_entry *entries;
    size_t count;
    expect(&w, files_list(files, w.location, &entries, &count, &w.err), 0, NULL);
    w.calls = 0;
    w.cancel_at = 8;
    uint64_t size;
    int fd = -7;
    expect(&w, files_fetch(files, w.location, dir, &fd, digest, &size, &w.err), ERR_NETWORK, "was cut off");
    assert_int_equal(fd, -7);
    expect(&w, files_fetch(files, w.location, dir, &fd, digest, &size, &w.err), 0, NULL);
    assert_memory_equal(digest, wanted, 32);
    close(fd);
    files_free(files);
    end(&w);
}

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
    expect(&w, files_fetch(w.files, w.location, dir, &fd, digest, &size, &w.err), ERR_CANCELLED, "cancelled while");
    assert_true(clock_steady_ms() - w.cancelled_ms < 300);
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
    files_patience(w.files, 1000, 400);
    int64_t before = clock_steady_ms();
    check(&w, ERR_NETWORK, "says nothing for 0.4 seconds");
    assert_in_range(clock_steady_ms() - before, 350, 2000);
    w.cancel_at = 1;
    files_patience(w.files, 1000, 30000);
    check(&w, ERR_CANCELLED, "cancelled while connecting");
    assert_true(clock_steady_ms() - w.cancelled_ms < 300);
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
        files_patience(w.files, 1000, 2000);
        check(&w, ERR_NETWORK, "does not answer as an SSH server does");
        end(&w);
        stranger_stop(&stranger);
    }
}

static void refused_and_unknown_hosts_are_named(void **state)
{
    (void)state;
    struct stranger stranger;
    stranger_start(&stranger, "");
    int port = stranger.port;
    stranger_stop(&stranger);
    struct world w;
    begin(&w, "/x");
    with_key(&w);
    place(&w, "hr", port, "/x");
    check(&w, ERR_NETWORK, "refuses connections");
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
    expect(&w, files_fetch(w.files, w.location, dir, &fd, digest, &size, &w.err), 0, NULL);
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

static int start_server(void **state)
{
    (void)state;
    char json[100];
    if (!mkdtemp(dir))
        return -1;
    unsetenv("SSH_AUTH_SOCK");
    const char *running = getenv("MUSTER_SSHD_JSON");
    snprintf(json, sizeof(json), "%s", running ? running : dir);
    if (!running) {
        strncat(json, "/sshd.json", sizeof(json) - strlen(json) - 1);
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) < 0)
            return -1;
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, ends[0], 0);
        const char *const words[] = {"python3", TESTS_DIR "/sshd.py", "--json", json, NULL};
        if (posix_spawnp(&fixture, "python3", &actions, NULL, (char *const *)(uintptr_t)words, environ) != 0)
            return -1;
        posix_spawn_file_actions_destroy(&actions);
        close(ends[0]);
        fixture_input = ends[1];
    }
    for (int i = 0; i < 1200 && !server; i++) {
        server = json_load_file(json, 0, NULL);
        if (!server && fixture && waitpid(fixture, NULL, WNOHANG) != 0)
            return -1; /* it has said why */
        if (!server)
            usleep(50000);
    }
    return server ? 0 : -1;
}

static int stop_server(void **state)
{
    (void)state;
    if (fixture_input >= 0)
        close(fixture_input);
    if (fixture)
        waitpid(fixture, NULL, 0);
    json_decref(server);
    for (int i = 0; i < 4; i++) {
        char path[100];
        snprintf(path, sizeof(path), "%s/secret-%d", dir, i);
        unlink(path);
    }
    return rmdir(dir);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pinned_key_is_trusted_whatever_its_kind),
        cmocka_unit_test(one_of_several_pins_is_enough),
        cmocka_unit_test(a_wrong_pin_is_refused_and_shows_what_the_server_has),
        cmocka_unit_test(known_hosts_trusts_plain_and_hashed_names_with_ports),
        cmocka_unit_test(known_hosts_with_another_key_another_host_or_a_revoked_key_is_refused),
        cmocka_unit_test(a_server_of_which_nothing_is_known_is_refused_with_the_line_to_add),
        cmocka_unit_test(every_kind_and_form_of_key_logs_in_or_says_the_way_out),
        cmocka_unit_test(a_key_with_windows_line_ends_or_without_its_last_one_still_works),
        cmocka_unit_test(a_key_that_the_server_does_not_know_says_what_it_takes),
        cmocka_unit_test(damaged_keys_are_said_to_be_damaged),
        cmocka_unit_test(the_agent_is_asked_when_neither_key_nor_password_is_given),
        cmocka_unit_test(passwords_are_taken_or_refused),
        cmocka_unit_test(a_password_in_the_file_itself_is_refused),
        cmocka_unit_test(the_newest_match_comes_first_and_can_be_fetched),
        cmocka_unit_test(below_the_home_directory_and_single_files_are_places_too),
        cmocka_unit_test(missing_files_and_folders_say_what_is_there),
        cmocka_unit_test(a_missing_right_is_said_to_be_missing),
        cmocka_unit_test(stored_files_replace_whole_ones_and_leave_no_parts),
        cmocka_unit_test(archiving_makes_the_folder_and_never_overwrites),
        cmocka_unit_test(a_file_that_is_still_being_uploaded_is_refused),
        cmocka_unit_test(a_full_scratch_folder_is_said_plainly),
        cmocka_unit_test(only_named_places_are_reached_on_a_server_too),
        cmocka_unit_test(a_connection_that_is_cut_in_mid_transfer_is_said_and_opened_anew),
        cmocka_unit_test(cancelling_is_obeyed_at_once),
        cmocka_unit_test(a_server_that_says_nothing_is_given_up_in_time),
        cmocka_unit_test(what_is_no_ssh_server_is_said_not_to_be_one),
        cmocka_unit_test(refused_and_unknown_hosts_are_named),
        cmocka_unit_test(a_large_file_arrives_whole),
    };
    return cmocka_run_group_tests_name("sftp", tests, start_server, stop_server);
}
