/* cassette: calls that were recorded are answered again, and nothing secret is on it. */
#include "webserver.h"

#include "broker/cassette.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *tape(void)
{
    static char path[200];
    snprintf(path, sizeof(path), "%s/tape", web_root);
    return path;
}

static struct cassette *recording(void)
{
    struct cassette *cassette = NULL;
    struct cassette_about whose = {"acme", "hr", "web", 1772433000000, false};
    assert_int_equal(cassette_record(tape(), &whose, &cassette, NULL), 0);
    return cassette;
}

static struct cassette *playing(void)
{
    struct cassette *cassette = NULL;
    struct err err = {0};
    if (cassette_open(tape(), &cassette, &err) != 0)
        fail_msg("%s", err.text);
    return cassette;
}

static void recorded(struct web *web)
{
    assert_int_equal(cassette_end(web->cassette, NULL), 0);
    cassette_free(web->cassette);
    web_end(web);
}

static char *tape_text(size_t *ret_len)
{
    int fd = open(tape(), O_RDONLY | O_CLOEXEC);
    struct stat info;
    assert_int_equal(fstat(fd, &info), 0);
    char *text = test_malloc((size_t)info.st_size + 1);
    assert_int_equal(read(fd, text, (size_t)info.st_size), info.st_size);
    text[info.st_size] = '\0';
    close(fd);
    *ret_len = (size_t)info.st_size;
    return text;
}

/* What came of a call, all of it: class, status, a header, a sum of the body. */
struct came {
    muster_rc rc;
    int32_t status;
    size_t len;
    unsigned sum;
    char type[80];
};

static struct came came_of(const struct http_reply *reply)
{
    struct came came = {.rc = reply->rc, .status = reply->status, .len = reply->body_len};
    char byte;
    for (size_t i = 0; i < reply->header_count; i++)
        if (strncasecmp(reply->headers[i], "content-type:", 13) == 0)
            snprintf(came.type, sizeof(came.type), "%s", reply->headers[i]);
    for (size_t i = 0; i < reply->body_len; i++) {
        if (reply->fd >= 0)
            assert_int_equal(read(reply->fd, &byte, 1), 1);
        else
            byte = reply->body[i];
        came.sum = came.sum * 31 + (unsigned char)byte;
    }
    return came;
}

static size_t talk(struct web *web, struct came *came)
{
    static const char odd[] = "\xff\xfe\0odd bytes";
    static const muster_part one = {"kind", NULL, NULL, "salary", 6, -1},
                             two = {"file", "a.csv", "text/csv", "a,b\r\n", 5, -1};
    static const muster_part *const parts[] = {&one, &two, NULL};
    size_t count = 0;
    web_call(web, "GET", "/people", NULL);
    came[count++] = came_of(web->reply);
    web_call(web, "GET", "/status/429?times=2&case=cassette", NULL);
    came[count++] = came_of(web->reply);
    web_ask(web, (muster_http){.method = "POST", .body = odd, .body_len = sizeof(odd)}, "/echo");
    came[count++] = came_of(web->reply);
    web_ask(web, (muster_http){.method = "POST", .body = "another", .body_len = 7}, "/echo");
    came[count++] = came_of(web->reply);
    web_ask(web, (muster_http){.method = "POST", .parts = parts}, "/status/200");
    came[count++] = came_of(web->reply);
    web_call(web, "GET", "/big?bytes=400000", NULL);
    assert_true(web->reply->fd >= 0);
    came[count++] = came_of(web->reply);
    web_call(web, "GET", "/redirect?to=/echo", NULL);
    came[count++] = came_of(web->reply);
    web_call(web, "POST", "/hang_up", NULL);
    came[count++] = came_of(web->reply);
    web_call(web, "GET", "/nowhere", NULL);
    came[count++] = came_of(web->reply);
    for (uint64_t tag = 1; tag <= 3; tag++) {
        char path[40];
        snprintf(path, sizeof(path), "/big?bytes=%d", (int)tag * 1000);
        muster_http ask = {.size = sizeof(ask), .method = "GET", .url = web_url(web, path), .fd = -1};
        assert_int_equal(http_start(web->http, &ask, tag, &web->err), 0);
    }
    for (int i = 0; i < 3; i++) {
        const struct http_reply *reply = NULL;
        assert_int_equal(http_wait(web->http, &reply, &web->err), 0);
        assert_true(reply->tag >= 1 && reply->tag <= 3);
        came[count + reply->tag - 1] = came_of(reply);
    }
    return count + 3;
}

static void what_was_recorded_is_answered_again_without_a_server_or_a_secret(void **state)
{
    (void)state;
    struct web web;
    struct came first[20], again[20];
    web_file("people.jsonl", "{\"number\":\"1\"}\n");
    web_begin(&web, "http");
    web.cassette = recording();
    web_open(&web);
    size_t count = talk(&web, first);
    recorded(&web);
    web_forget();
    web_begin(&web, "http");
    struct cassette *cassette = web.cassette = playing();
    web_open(&web);
    assert_int_equal(talk(&web, again), count);
    web_end(&web);
    for (size_t i = 0; i < count; i++)
        if (memcmp(&first[i], &again[i], sizeof(first[i])) != 0)
            fail_msg("call %zu: %d %d %zu %s, then %d %d %zu %s", i, first[i].rc, first[i].status, first[i].len,
                     first[i].type, again[i].rc, again[i].status, again[i].len, again[i].type);
    assert_int_equal(first[1].status, 200);
    assert_int_equal(first[2].len, 13);
    json_t *seen = web_seen();
    assert_int_equal(json_array_size(seen), 0);
    json_decref(seen);
    const char *sentence;
    assert_int_equal(cassette_unknown(cassette, &sentence), 0);
    assert_int_equal(cassette_left(cassette), 0);
    cassette_free(cassette);
}

static void nothing_that_logs_in_is_on_it(void **state)
{
    (void)state;
    struct web web;
    muster_auth basic = {.size = sizeof(basic), .scheme = "basic", .secret = "token", .user = "user"};
    muster_auth subject = {.size = sizeof(subject), .subject = "ann", .name = "logged-in-user-token"};
    web_begin(&web, "http");
    web_option(&web, "user", "muster");
    web_secret(&web, "token", "canary \"of/the+token");
    web.cassette = recording();
    web_open(&web);
    web_call(&web, "GET", "/repeat", &basic);
    web_expect(&web, MUSTER_OK, 200, NULL);
    web_ask(&web, (muster_http){.method = "POST", .auth = &subject, .capture = "/logged_in_user_token"}, "/login");
    web_expect(&web, MUSTER_OK, 200, NULL);
    web_call(&web, "GET", "/mine", &subject);
    web_expect(&web, MUSTER_OK, 200, NULL);
    web_call(&web, "GET", "/repeat?code=1", &subject);
    web_call(&web, "GET", "/cookie", &basic);
    web_expect(&web, MUSTER_OK, 200, NULL);
    recorded(&web);
    size_t len;
    char *text = tape_text(&len);
    static const char *const never[] = {"canary", "Y2FuYXJ5", "captured", "session-of-ours", "bXVzdGVyOmNh", "%22of"};
    for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
        if (strstr(text, never[i]))
            fail_msg("%s is on it: %s", never[i], text);
    assert_non_null(strstr(text, "*****"));
    assert_non_null(strstr(text, "user_id"));
    test_free(text);
    struct stat info;
    assert_int_equal(stat(tape(), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

/* The token is over before it says so. */
static void take_the_token_back(void)
{
    struct web web;
    web_begin(&web, "http");
    web_open(&web);
    web_call(&web, "POST", "/revoke", NULL);
    web_expect(&web, MUSTER_OK, 200, NULL);
    web_end(&web);
}

static void which_log_in_was_right_is_not_what_it_is_about(void **state)
{
    (void)state;
    struct web web;
    char url[200];
    web_file("client", "muster:client-key");
    for (int round = 0; round < 2; round++) {
        web_begin(&web, "http");
        web_option(&web, "user", "muster");
        web_secret(&web, "token", "client-key");
        snprintf(url, sizeof(url), "%s/token", web.base);
        muster_auth auth = {.size = sizeof(auth),
                            .scheme = "oauth2-client-credentials",
                            .secret = "token",
                            .user = "user",
                            .token_url = url};
        struct cassette *cassette = web.cassette = round == 0 ? recording() : playing();
        web_open(&web);
        web_call(&web, "GET", "/guarded", &auth);
        web_expect(&web, MUSTER_OK, 200, NULL);
        if (round == 0)
            take_the_token_back();
        web_call(&web, "GET", "/guarded", &auth);
        web_expect(&web, MUSTER_OK, 200, NULL);
        if (round == 0) {
            recorded(&web);
            continue;
        }
        assert_int_equal(cassette_left(cassette), 0);
        web_call(&web, "GET", "/guarded", &auth);
        web_expect(&web, MUSTER_FAIL, 0, "has no further answer");
        web_ask(&web, (muster_http){.method = "GET", .body = "x", .body_len = 1}, "/guarded");
        web_expect(&web, MUSTER_FAIL, 0, "no answer");
        web_end(&web);
        cassette_free(cassette);
    }
}

/* A connector that is refused may ask what it did not ask then; and a file may not be written. */
static void what_goes_wrong_needs_no_answer_on_it(void **state)
{
    struct cassette *cassette = recording();
    struct exchange known = {.what = "http", .asked = "GET http://a.example/x", .status = 200, .reply = ""};
    struct exchange asked = {.what = "http", .asked = "GET http://a.example/y"}, answer = {0};
    struct exchange stored = {.what = "store", .asked = "/out/list.csv"};
    const char *sentence;
    (void)state;
    cassette_note(cassette, &known);
    assert_int_equal(cassette_end(cassette, NULL), 0);
    cassette_free(cassette);
    cassette = playing();
    assert_int_equal(cassette_fault(cassette, "403,cut=1@/out/", NULL), 0);
    assert_int_equal(cassette_answer(cassette, &asked, &answer, NULL), 0);
    assert_int_equal(answer.status, 403);
    assert_int_equal(cassette_answer(cassette, &stored, &answer, NULL), 0);
    assert_int_equal(answer.code, ERR_NETWORK);
    assert_int_equal(cassette_unknown(cassette, &sentence), 0);
    assert_int_equal(cassette_answer(cassette, &asked, &answer, NULL), ERR_GONE);
    assert_int_equal(cassette_unknown(cassette, &sentence), 1);
    cassette_free(cassette);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_recorded_is_answered_again_without_a_server_or_a_secret),
        cmocka_unit_test(nothing_that_logs_in_is_on_it),
        cmocka_unit_test(which_log_in_was_right_is_not_what_it_is_about),
        cmocka_unit_test(what_goes_wrong_needs_no_answer_on_it),
    };
    return cmocka_run_group_tests(tests, web_start, web_stop);
}
