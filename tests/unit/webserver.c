/* webserver - what the tests of calls by HTTP share. */
#include "webserver.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

json_t *about;
char web_root[] = "/tmp/muster-web-XXXXXX", web_calls[60];
static pid_t server;
static int server_input = -1;

static const muster_option options[] = {
    {.name = "base_url", .type = MUSTER_URL},
    {.name = "hosts", .type = MUSTER_HOSTS},
    {.name = "token", .type = MUSTER_TEXT, .flags = MUSTER_SECRET},
    {.name = "other", .type = MUSTER_TEXT, .flags = MUSTER_SECRET},
    {.name = "user", .type = MUSTER_TEXT},
    {0},
};
static const muster_connector connector = {.size = sizeof(connector),
                                           .option_size = sizeof(muster_option),
                                           .name = "web",
                                           .account = "user",
                                           .hosts = "*.far.example near.example",
                                           .options = options};

int web_start(void **state)
{
    (void)state;
    char json[100], root[100];
    int ends[2];
    if (!mkdtemp(web_root) || pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    snprintf(web_calls, sizeof(web_calls), "%s/calls", web_root);
    snprintf(json, sizeof(json), "%s/about.json", web_root);
    snprintf(root, sizeof(root), "%s/root", web_root);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[0], 0);
    const char *const words[] = {"python3", TESTS_DIR "/sim/httpd.py", "--root", root, "--json", json, "--tls", NULL};
    if (posix_spawnp(&server, "python3", &actions, NULL, (char *const *)(uintptr_t)words, environ) != 0)
        return -1;
    posix_spawn_file_actions_destroy(&actions);
    close(ends[0]);
    server_input = ends[1];
    for (int i = 0; i < 1200 && !about; i++) {
        about = json_load_file(json, 0, NULL);
        if (!about && waitpid(server, NULL, WNOHANG) != 0)
            return -1; /* it has said why */
        if (!about)
            usleep(50000);
    }
    return about ? 0 : -1;
}

static int away(const char *path, const struct stat *info, int type, struct FTW *at)
{
    (void)info, (void)type, (void)at;
    return remove(path);
}

int web_stop(void **state)
{
    (void)state;
    close(server_input);
    waitpid(server, NULL, 0);
    json_decref(about);
    return nftw(web_root, away, 16, FTW_DEPTH | FTW_PHYS);
}

unsigned web_port(const char *name)
{
    return (unsigned)json_integer_value(json_object_get(about, name));
}

const char *web_path(const char *name)
{
    static char paths[4][200];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/root/%s", web_root, name);
    return path;
}

void web_file(const char *name, const char *text)
{
    int fd = open(web_path(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

void web_begin(struct web *web, const char *where)
{
    bool tls = strcmp(where, "http") != 0;
    *web = (struct web){0};
    web->connection =
        (struct connection){.name = "hr", .connector = "web", .description = &connector, .options = web->options};
    snprintf(web->base, sizeof(web->base), "%s://%s:%u", tls ? "https" : "http", tls ? "localhost" : "127.0.0.1",
             web_port(where));
    web_option(web, "base_url", web->base);
    if (tls)
        web_option(web, "ca_file", json_string_value(json_object_get(about, "ca")));
}

void web_option(struct web *web, const char *name, const char *text)
{
    web->options[web->connection.option_count++] = (struct option_value){.name = name, .text = text};
}

void web_secret(struct web *web, const char *name, const char *text)
{
    size_t at = web->connection.option_count++;
    char file[40];
    snprintf(file, sizeof(file), "secret-%zu", at);
    web_file(file, text);
    static char paths[12][200];
    snprintf(paths[at], sizeof(paths[at]), "%s", web_path(file));
    web->secrets[at] = (struct secretref){.how = SECRET_FILE, .name = paths[at]};
    web->options[at] = (struct option_value){.name = name, .secret = &web->secrets[at]};
}

static int asked(void *context)
{
    return ((struct web *)context)->cancel;
}

void web_open(struct web *web)
{
    static char budgets[100];
    snprintf(budgets, sizeof(budgets), "%s/budgets", web_root);
    struct http_setup setup = {.connection = &web->connection,
                               .scratch_dir = web_root,
                               .budgets_dir = budgets,
                               .calls_dir = web_calls,
                               .cancelled = asked,
                               .context = web,
                               .cassette = web->cassette};
    assert_int_equal(http_open(&setup, &web->http, &web->err), 0);
}

void web_end(struct web *web)
{
    http_free(web->http);
}

const char *web_url(const struct web *web, const char *path)
{
    static char urls[4][500];
    static unsigned turn;
    char *url = urls[turn++ % 4];
    snprintf(url, sizeof(urls[0]), "%s%s", strstr(path, "://") && *path != '/' ? "" : web->base, path);
    return url;
}

muster_rc web_ask(struct web *web, muster_http ask, const char *path)
{
    ask.size = sizeof(ask);
    ask.url = web_url(web, path);
    web->err = (struct err){0};
    int rc = http_ask(web->http, &ask, &web->reply, &web->err);
    if (rc != 0)
        fail_msg("%s", web->err.text);
    if (getenv("MUSTER_TEST_SENTENCES") && web->reply->rc < 0)
        fprintf(stderr, "    %s\n", web->reply->why);
    return web->reply->rc;
}

muster_rc web_call(struct web *web, const char *method, const char *path, const muster_auth *auth)
{
    return web_ask(web, (muster_http){.method = method, .auth = auth}, path);
}

void web_expect(const struct web *web, muster_rc rc, int status, const char *says)
{
    const struct http_reply *reply = web->reply;
    if (reply->rc != rc || reply->status != status)
        fail_msg("%d and %d instead of %d and %d: %s", reply->rc, reply->status, rc, status, reply->why);
    if (says && !strstr(reply->why, says))
        fail_msg("'%s' is not in: %s", says, reply->why);
}

void web_forget(void)
{
    unlink(web_path("seen.jsonl"));
}

json_t *web_seen(void)
{
    json_t *all = json_array();
    FILE *file = fopen(web_path("seen.jsonl"), "r");
    for (json_t *one; file && (one = json_loadf(file, JSON_DISABLE_EOF_CHECK, NULL));)
        json_array_append_new(all, one);
    if (file)
        fclose(file);
    return all;
}
