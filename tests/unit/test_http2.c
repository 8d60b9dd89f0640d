/* http over HTTP/2, with nginx on the other side: calls share one connection, and none that may not be repeated is made
 * twice when the server says goodbye in the middle. */
#include "webserver.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static pid_t nginx;
static unsigned port;

static const char config[] = "daemon off;\nmaster_process off;\npid %1$s/nginx.pid;\nerror_log %1$s/nginx.errors;\n"
                             "events { worker_connections 256; }\n"
                             "http {\n"
                             "  log_format calls '$request_method $uri $server_protocol $connection';\n"
                             "  access_log %1$s/nginx.calls calls;\n"
                             "  client_body_temp_path %1$s/t1; proxy_temp_path %1$s/t2; fastcgi_temp_path %1$s/t3;\n"
                             "  uwsgi_temp_path %1$s/t4; scgi_temp_path %1$s/t5;\n"
                             "  default_type text/plain;\n"
                             "  server {\n"
                             "    listen 127.0.0.1:%2$u ssl http2;\n"
                             "    ssl_certificate %1$s/root/certificates/good.pem;\n"
                             "    ssl_certificate_key %1$s/root/certificates/good.key;\n"
                             "    keepalive_requests %3$u;\n"
                             "    location / { return 200 \"$server_protocol $connection\"; }\n"
                             "    location /busy { return 503; }\n"
                             "    location /file { root %1$s; limit_rate 2m; }\n"
                             "  }\n}\n";

static unsigned port_free(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    close(fd);
    return ntohs(at.sin_port);
}

static bool answers(void)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool good = connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0;
    close(fd);
    return good;
}

static const char *in_folder(const char *name)
{
    static char path[200];
    snprintf(path, sizeof(path), "%s/%s", web_root, name);
    return path;
}

static void server_end(void)
{
    if (nginx > 0) {
        kill(nginx, SIGTERM);
        waitpid(nginx, NULL, 0);
    }
    nginx = 0;
}

/* Whether it listens at the port: somebody else may have taken that since it was free. */
static bool server_try(unsigned requests)
{
    port = port_free();
    FILE *file = fopen(in_folder("nginx.conf"), "we");
    assert_non_null(file);
    fprintf(file, config, web_root, port, requests);
    fclose(file);
    const char *const words[] = {"/usr/sbin/nginx",       "-p", web_root, "-e", "stderr", "-c",
                                 in_folder("nginx.conf"), NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    assert_int_equal(posix_spawn(&nginx, words[0], &actions, NULL, (char *const *)(uintptr_t)words, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    for (int i = 0; i < 1200; i++) {
        if (waitpid(nginx, NULL, WNOHANG) != 0) {
            nginx = 0;
            return false;
        }
        if (access(in_folder("nginx.pid"), F_OK) == 0 && answers()) /* it is written when it listens */
            return true;
        usleep(50000);
    }
    return false;
}

/* So many calls it takes on one connection, then it says goodbye. */
static void server_begin(unsigned requests)
{
    if (access("/usr/sbin/nginx", X_OK) != 0)
        skip();
    bool listens = false;
    for (int i = 0; i < 5 && !listens; i++) {
        server_end();
        unlink(in_folder("nginx.pid"));
        unlink(in_folder("nginx.calls"));
        listens = server_try(requests);
    }
    assert_true(listens);
}

/* `attempts`: of a call, or NULL. */
static void talk_begin(struct web *web, const char *attempts)
{
    web_begin(web, "tls");
    if (attempts)
        web_option(web, "attempts", attempts);
    snprintf(web->base, sizeof(web->base), "https://localhost:%u", port); /* the option points to it */
    web_open(web);
}

/* Lines of the server's log that begin so. */
static unsigned calls_seen(const char *begin)
{
    char line[300];
    unsigned count = 0;
    FILE *file = fopen(in_folder("nginx.calls"), "re");
    while (file && fgets(line, sizeof(line), file))
        count += strncmp(line, begin, strlen(begin)) == 0;
    if (file)
        fclose(file);
    return count;
}

/* The same when there are as many as are to come: the server writes down a call after it has answered. */
static unsigned calls_come(const char *begin, unsigned wanted)
{
    for (int i = 0; i < 400 && calls_seen(begin) < wanted; i++)
        usleep(50000);
    return calls_seen(begin);
}

/* So many at once. Returns on how many connections they went. */
static unsigned batch(struct web *web, const char *method, uint64_t calls)
{
    char seen[64][40];
    unsigned connections = 0;
    bool done[64] = {false};
    for (uint64_t tag = 0; tag < calls; tag++) {
        char path[40];
        snprintf(path, sizeof(path), "/call/%d", (int)tag);
        muster_http ask = {.size = sizeof(ask), .method = method, .url = web_url(web, path), .fd = -1};
        ask.body = strcmp(method, "POST") == 0 ? "{\"a\":1}" : NULL;
        ask.body_len = ask.body ? 7 : 0;
        assert_int_equal(http_start(web->http, &ask, tag, &web->err), 0);
    }
    for (uint64_t i = 0; i < calls; i++) {
        assert_int_equal(http_wait(web->http, &web->reply, &web->err), 0);
        web_expect(web, MUSTER_OK, 200, NULL);
        assert_false(done[web->reply->tag]);
        done[web->reply->tag] = true;
        assert_int_equal(strncmp(web->reply->body, "HTTP/2.0 ", 9), 0);
        unsigned n = 0;
        while (n < connections && strcmp(seen[n], web->reply->body) != 0)
            n++;
        if (n == connections)
            snprintf(seen[connections++], sizeof(seen[0]), "%s", web->reply->body);
    }
    return connections;
}

static void calls_at_once_share_one_connection(void **state)
{
    (void)state;
    server_begin(1000);
    struct web web;
    talk_begin(&web, NULL);
    assert_int_equal(batch(&web, "GET", 40), 1);
    assert_int_equal(batch(&web, "POST", 40), 1);
    assert_int_equal(calls_come("GET /call/", 40), 40);
    assert_int_equal(calls_come("POST /call/", 40), 40);
    web_end(&web);
}

/* So many at once, of which some may not be repeated: what came of each, and how often the server had it. */
static unsigned goodbyes(struct web *web, const char *method, uint32_t flags, const char *path, uint64_t calls)
{
    bool good[64] = {false};
    unsigned unsure = 0;
    char one[60], line[80];
    for (uint64_t tag = 0; tag < calls; tag++) {
        snprintf(one, sizeof(one), "/%s/%d", path, (int)tag);
        muster_http ask = {.size = sizeof(ask), .method = method, .flags = flags, .url = web_url(web, one), .fd = -1};
        ask.body = strcmp(method, "POST") == 0 ? "{}" : NULL;
        ask.body_len = ask.body ? 2 : 0;
        assert_int_equal(http_start(web->http, &ask, tag, &web->err), 0);
    }
    for (uint64_t i = 0; i < calls; i++) {
        assert_int_equal(http_wait(web->http, &web->reply, &web->err), 0);
        good[web->reply->tag] = web->reply->rc == MUSTER_OK;
        if (web->reply->rc == MUSTER_OK)
            continue;
        unsure++;
        web_expect(web, MUSTER_RETRY, 0, "whether it did what it was asked is not known");
    }
    for (uint64_t tag = 0; tag < calls; tag++) {
        snprintf(line, sizeof(line), "%s /%s/%d HTTP/2.0", method, path, (int)tag);
        unsigned had = calls_come(line, good[tag] ? 1 : 0);
        if (had > 1 && flags == 0 && strcmp(method, "POST") == 0)
            fail_msg("%s was made %u times", line, had);
        if (good[tag] && had == 0)
            fail_msg("%s is said to have gone well, and never came", line);
    }
    return unsure;
}

/* Which of the calls under way it has still taken, the library does not tell: of one that may not be repeated nobody
 * knows then, and that is what is said. */
static void a_server_that_says_goodbye_gets_nothing_twice_and_what_may_be_repeated_is(void **state)
{
    (void)state;
    server_begin(5);
    struct web web;
    talk_begin(&web, NULL);
    assert_int_equal(goodbyes(&web, "GET", 0, "read", 40), 0);
    assert_int_equal(goodbyes(&web, "POST", MUSTER_IDEMPOTENT, "safe", 40), 0);
    assert_in_range(goodbyes(&web, "POST", 0, "once", 40), 0, 39);
    for (int i = 0; i < 20; i++) { /* one after the other */
        web_ask(&web, (muster_http){.method = "POST", .body = "x", .body_len = 1}, "/single");
        web_expect(&web, MUSTER_OK, 200, NULL);
    }
    assert_int_equal(calls_come("POST /single", 20), 20);
    web_end(&web);
}

static void large_answers_come_side_by_side_and_whole(void **state)
{
    (void)state;
    enum { SIZE = 700000, CALLS = 6 };
    server_begin(1000);
    FILE *file = fopen(in_folder("file"), "we");
    assert_non_null(file);
    for (unsigned i = 0; i < SIZE; i++)
        fputc((int)('a' + i % 23), file);
    fclose(file);
    struct web web;
    talk_begin(&web, NULL);
    for (uint64_t tag = 0; tag < CALLS; tag++) {
        muster_http ask = {.size = sizeof(ask), .method = "GET", .url = web_url(&web, "/file"), .fd = -1};
        assert_int_equal(http_start(web.http, &ask, tag, &web.err), 0);
    }
    static char bytes[SIZE + 1];
    for (unsigned i = 0; i < CALLS; i++) {
        assert_int_equal(http_wait(web.http, &web.reply, &web.err), 0);
        web_expect(&web, MUSTER_OK, 200, NULL);
        assert_int_equal(web.reply->body_len, SIZE);
        assert_int_equal(pread(web.reply->fd, bytes, sizeof(bytes), 0), SIZE);
        for (unsigned at = 0; at < SIZE; at++)
            if (bytes[at] != (char)('a' + at % 23))
                fail_msg("byte %u of answer %u is another one's", at, i);
    }
    web_end(&web);
}

static void what_is_refused_for_now_is_not_repeated_when_it_may_not_be(void **state)
{
    (void)state;
    server_begin(1000);
    struct web web;
    talk_begin(&web, "2");
    web_ask(&web, (muster_http){.method = "POST", .body = "x", .body_len = 1}, "/busy");
    web_expect(&web, MUSTER_RETRY, 503, NULL);
    assert_int_equal(calls_come("POST /busy HTTP/2.0", 1), 1);
    web_call(&web, "GET", "/busy", NULL);
    web_expect(&web, MUSTER_RETRY, 503, NULL);
    assert_int_equal(calls_come("GET /busy HTTP/2.0", 2), 2);
    web_end(&web);
}

static int stop(void **state)
{
    server_end();
    return web_stop(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_at_once_share_one_connection),
        cmocka_unit_test(a_server_that_says_goodbye_gets_nothing_twice_and_what_may_be_repeated_is),
        cmocka_unit_test(large_answers_come_side_by_side_and_whole),
        cmocka_unit_test(what_is_refused_for_now_is_not_repeated_when_it_may_not_be),
    };
    return cmocka_run_group_tests(tests, web_start, stop);
}
