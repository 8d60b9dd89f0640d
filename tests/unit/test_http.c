/* test_http - calls by HTTP against a server that behaves as badly as it is told. */
#include "webserver.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define WEB __attribute__((cleanup(web_end))) struct web

static const muster_auth bearer = {.size = sizeof(bearer), .scheme = "bearer", .secret = "token"};

static const char *seen_header(json_t *seen, size_t nth, const char *name)
{
    return json_string_value(json_object_get(json_object_get(json_array_get(seen, nth), "headers"), name));
}

static void a_call_goes_out_with_its_log_in_and_its_answer_comes_back(void **state)
{
    (void)state;
    WEB web;
    web_begin(&web, "http");
    web_secret(&web, "token", "canary-token-1");
    web_open(&web);
    web_forget();
    const char *headers[] = {"X-Say: hello", "Content-Type: text/plain", NULL};
    assert_int_equal(
        web_ask(&web,
                (muster_http){.method = "POST", .headers = headers, .body = "0123", .body_len = 4, .auth = &bearer},
                "/echo?x=1"),
        MUSTER_OK);
    web_expect(&web, MUSTER_OK, 200, "");
    assert_int_equal(web.reply->body_len, 4);
    assert_string_equal(web.reply->body, "0123");
    bool echoed = false;
    for (size_t i = 0; i < web.reply->header_count; i++)
        echoed = echoed || strcmp(web.reply->headers[i], "X-Seen: hello") == 0;
    assert_true(echoed);
    json_t *seen = web_seen();
    assert_int_equal(json_array_size(seen), 1);
    assert_string_equal(seen_header(seen, 0, "Authorization"), "Bearer canary-token-1");
    assert_null(seen_header(seen, 0, "Expect"));
    json_decref(seen);
}

static void a_host_that_nobody_named_is_not_called(void **state)
{
    (void)state;
    WEB web;
    web_begin(&web, "http");
    web_open(&web);
    web_call(&web, "GET", "https://evil.example/x", NULL);
    web_expect(&web, MUSTER_PERMISSION, 0, "evil.example, which neither an option names");
    web_call(&web, "GET", "https://127.0.0.1.evil.example/", NULL);
    web_expect(&web, MUSTER_PERMISSION, 0, NULL);
    web_call(&web, "GET", "http://near.example/", NULL);
    web_expect(&web, MUSTER_CONFIG, 0, "only https is used outside of this machine");
    web_call(&web, "GET", "file:///etc/passwd", NULL);
    web_expect(&web, MUSTER_CONFIG, 0, "no http or https address");
    web_call(&web, "GET", "http://user:secret@127.0.0.1/", NULL);
    web_expect(&web, MUSTER_CONFIG, 0, "no http or https address");
}

static void a_certificate_must_be_good_and_the_sentence_says_what_is_wrong(void **state)
{
    (void)state;
    {
        WEB web;
        web_begin(&web, "tls");
        web_open(&web);
        web_call(&web, "GET", "/headers", NULL);
        web_expect(&web, MUSTER_OK, 200, "");
    }
    {
        WEB web;
        web_begin(&web, "expired");
        web_open(&web);
        web_call(&web, "GET", "/headers", NULL);
        web_expect(&web, MUSTER_RETRY, 0, "has expired: who runs it must renew it");
    }
    {
        WEB web;
        web_begin(&web, "other");
        web_open(&web);
        web_call(&web, "GET", "/headers", NULL);
        web_expect(&web, MUSTER_CONFIG, 0, "is for another host");
    }
    WEB web;
    web_begin(&web, "tls");
    web.connection.option_count--; /* without our own authority */
    web_open(&web);
    web_call(&web, "GET", "/headers", NULL);
    web_expect(&web, MUSTER_CONFIG, 0, "name its certificate in option 'ca_file'");
}

static void a_status_becomes_the_class_that_says_whose_turn_it_is(void **state)
{
    static const struct {
        int status;
        muster_rc rc;
    } table[] = {{200, MUSTER_OK},       {201, MUSTER_OK},   {204, MUSTER_OK},         {304, MUSTER_DATA},
                 {400, MUSTER_DATA},     {401, MUSTER_AUTH}, {403, MUSTER_PERMISSION}, {404, MUSTER_GONE},
                 {409, MUSTER_CONFLICT}, {410, MUSTER_GONE}, {422, MUSTER_DATA},       {501, MUSTER_UNSUPPORTED}};
    (void)state;
    WEB web;
    web_begin(&web, "http");
    web_open(&web);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        char path[40];
        snprintf(path, sizeof(path), "/status/%d", table[i].status);
        web_call(&web, "GET", path, NULL);
        web_expect(&web, table[i].rc, table[i].status, NULL);
    }
    static const int32_t accept[] = {404, 304, 0};
    web_ask(&web, (muster_http){.method = "GET", .accept = accept}, "/status/404");
    web_expect(&web, MUSTER_OK, 404, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_goes_out_with_its_log_in_and_its_answer_comes_back),
        cmocka_unit_test(a_host_that_nobody_named_is_not_called),
        cmocka_unit_test(a_certificate_must_be_good_and_the_sentence_says_what_is_wrong),
        cmocka_unit_test(a_status_becomes_the_class_that_says_whose_turn_it_is),
    };
    return cmocka_run_group_tests(tests, web_start, web_stop);
}
