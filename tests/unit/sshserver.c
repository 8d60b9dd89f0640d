/* sshserver - what the tests on a real OpenSSH server share. */
#include "sshserver.h"

#include "base/clock.h"
#include "base/sha256.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

json_t *server;
char scratch[] = "/tmp/muster-sftp-XXXXXX";
static pid_t fixture;
static int fixture_input = -1;

/* server["a"]["b"] as text */
const char *said(const char *a, const char *b)
{
    json_t *at = json_object_get(server, a);
    return json_string_value(b ? json_object_get(at, b) : at);
}

int number(const char *name)
{
    return (int)json_integer_value(json_object_get(server, name));
}

void option(struct world *w, const char *name, const char *text)
{
    w->options[w->connection.option_count++] = (struct option_value){.name = name, .text = text};
}

void secret_option(struct world *w, const char *name, const char *path)
{
    size_t at = w->connection.option_count++;
    w->secrets[at] = (struct secretref){.how = SECRET_FILE, .name = path};
    w->options[at] = (struct option_value){.name = name, .secret = &w->secrets[at]};
}

const char *secret_file(const char *text)
{
    static char paths[4][100];
    static unsigned turn;
    char *path = paths[turn % 4];
    snprintf(path, sizeof(paths[0]), "%s/secret-%u", scratch, turn++ % 4);
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
void place(struct world *w, const char *user, int port, const char *path)
{
    snprintf(w->location, sizeof(w->location), "sftp://%s@%s:%d%s", user ? user : said("user", NULL),
             said("host", NULL), port, path);
}

void begin(struct world *w, const char *path)
{
    *w = (struct world){0};
    w->connection = (struct connection){.name = "hr", .connector = "sheet", .options = w->options};
    place(w, NULL, number("port"), path);
    option(w, "location", w->location);
    assert_int_equal(files_open(&w->connection, ask, w, &w->files, &w->err), 0);
}

void begin_in_files(struct world *w, const char *pattern)
{
    char path[200];
    snprintf(path, sizeof(path), "%s/%s", said("files", NULL), pattern);
    begin(w, path);
}

void trusted(struct world *w)
{
    option(w, "host_key", said("host_keys", "ed25519"));
}

void with_key(struct world *w)
{
    trusted(w);
    secret_option(w, "private_key", said("keys", "ed25519-openssh"));
}

void end(struct world *w)
{
    files_free(w->files);
}

void expect(struct world *w, int rc, int wanted, const char *says)
{
    if (rc != wanted)
        fail_msg("%d instead of %d: %s", rc, wanted, w->err.text);
    if (says && !strstr(w->err.text, says))
        fail_msg("'%s' is not in: %s", says, w->err.text);
    if (getenv("MUSTER_TEST_SENTENCES") && rc < 0)
        fprintf(stderr, "    %s\n", w->err.text);
    w->err = (struct err){0};
}

void check(struct world *w, int wanted, const char *says)
{
    expect(w, files_check(w->files, &w->err), wanted, says);
}

const char *in_files(const char *name)
{
    static char paths[4][300];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", said("files", NULL), name);
    return path;
}

void put(const char *name, const char *text, long age_s)
{
    int fd = open(in_files(name), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    struct timespec times[2] = {{.tv_sec = 1700000000 - age_s}, {.tv_sec = 1700000000 - age_s}};
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
}

void put_big(const char *name, size_t megabytes, uint8_t ret_sha256[32])
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

void clear_files(void)
{
    char command[400];
    pid_t pid;
    int status;
    snprintf(command, sizeof(command), "rm -rf '%s'/* '%s'/.[!.]*", said("files", NULL), said("files", NULL));
    char *words[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c", command, NULL};
    assert_int_equal(posix_spawnp(&pid, "sh", NULL, NULL, words, environ), 0);
    waitpid(pid, &status, 0);
}

int start_server(void **state)
{
    (void)state;
    char json[100];
    if (!mkdtemp(scratch))
        return -1;
    unsetenv("SSH_AUTH_SOCK");
    const char *running = getenv("MUSTER_SSHD_JSON");
    snprintf(json, sizeof(json), "%s", running ? running : scratch);
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

int stop_server(void **state)
{
    (void)state;
    if (fixture_input >= 0)
        close(fixture_input);
    if (fixture)
        waitpid(fixture, NULL, 0);
    json_decref(server);
    for (int i = 0; i < 4; i++) {
        char path[100];
        snprintf(path, sizeof(path), "%s/secret-%d", scratch, i);
        unlink(path);
    }
    return rmdir(scratch);
}

bool has_children(pid_t parent)
{
    char path[64], byte;
    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)parent, (int)parent);
    FILE *file = fopen(path, "r");
    bool has = file && fread(&byte, 1, 1, file) == 1;
    if (file)
        fclose(file);
    return has;
}

void kill_children_of(pid_t parent)
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
