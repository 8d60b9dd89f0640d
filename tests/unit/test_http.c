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

static void what_passes_is_tried_again_and_a_call_that_is_not_idempotent_is_not(void **state)
{
    (void)state;
    WEB web;
    web_begin(&web, "http");
    web_open(&web);
    web_call(&web, "GET", "/status/503?times=2&a=1", NULL);
    web_expect(&web, MUSTER_OK, 200, "");
    web_call(&web, "GET", "/status/429?times=1&after=1", NULL);
    web_expect(&web, MUSTER_OK, 200, "");
    web_call(&web, "GET", "/status/503?times=1&after=date1", NULL);
    web_expect(&web, MUSTER_OK, 200, "");
    web_call(&web, "GET", "/cut?times=1", NULL);
    web_expect(&web, MUSTER_OK, 200, "");
    web_call(&web, "GET", "/hang-up?times=1", NULL);
    web_expect(&web, MUSTER_OK, 200, "");
    static const char *const once[] = {"/status/503?times=1&b=1", "/cut?times=1&b=1", "/hang-up?times=1&b=1"};
    for (size_t i = 0; i < 3; i++) {
        web_forget();
        web_ask(&web, (muster_http){.method = "POST", .body = "x", .body_len = 1}, once[i]);
        assert_int_equal(web.reply->rc, MUSTER_RETRY);
        json_t *seen = web_seen();
        assert_int_equal(json_array_size(seen), 1);
        json_decref(seen);
    }
    assert_non_null(strstr(web.reply->why, "whether it did what it was asked is not known"));
    web_ask(&web, (muster_http){.method = "POST", .flags = MUSTER_IDEMPOTENT, .body = "x", .body_len = 1},
            "/hang-up?times=1&c=1");
    web_expect(&web, MUSTER_OK, 200, "");
}

static void a_kept_connection_that_died_repeats_nothing_by_itself(void **state)
{
    (void)state;
    WEB web;
    web_begin(&web, "http");
    web_open(&web);
    for (int i = 0; i < 5; i++) {
        web_forget();
        web_ask(&web, (muster_http){.method = "POST", .body = "x", .body_len = 1}, "/close-after");
        json_t *seen = web_seen();
        assert_true(json_array_size(seen) <= 1);
        json_decref(seen);
    }
}

/* The library would ask again by itself: the connection was kept, and not a byte came back. */
static void a_call_that_was_taken_without_a_word_on_a_kept_connection_is_not_made_again(void **state)
{
    (void)state;
    WEB web;
    web_begin(&web, "http");
    web_open(&web);
    web_call(&web, "GET", "/headers", NULL);
    web_expect(&web, MUSTER_OK, 200, NULL);
    web_forget();
    web_ask(&web, (muster_http){.method = "POST", .body = "pay him", .body_len = 7}, "/hang_up?case=kept");
    web_expect(&web, MUSTER_RETRY, 0, "whether it did what it was asked is not known");
    json_t *seen = web_seen();
    assert_int_equal(json_array_size(seen), 1);
    json_decref(seen);
}

static void nor_is_one_that_sends_a_form(void **state)
{
    (void)state;
    static const muster_part word = {.name = "word", .body = "pay him", .body_len = 7, .fd = -1};
    static const muster_part *const parts[] = {&word, NULL};
    WEB web;
    web_begin(&web, "http");
    web_open(&web);
    web_call(&web, "GET", "/headers", NULL);
    web_expect(&web, MUSTER_OK, 200, NULL);
    web_forget();
    web_ask(&web, (muster_http){.method = "POST", .parts = parts}, "/hang_up?case=kept");
    web_expect(&web, MUSTER_RETRY, 0, "whether it did what it was asked is not known");
    json_t *seen = web_seen();
    assert_int_equal(json_array_size(seen), 1);
    json_decref(seen);
}

static void connections_are_kept(void **state)
{
    (void)state;
    WEB web;
    web_begin(&web, "tls");
    web_open(&web);
    web_forget();
    for (int i = 0; i < 5; i++)
        web_call(&web, "GET", "/headers", NULL);
    json_t *seen = web_seen();
    for (size_t i = 1; i < 5; i++)
        assert_int_equal(json_integer_value(json_object_get(json_array_get(seen, 0), "connection")),
                         json_integer_value(json_object_get(json_array_get(seen, i), "connection")));
    json_decref(seen);
}

static void a_long_wait_that_is_asked_for_ends_the_call_and_says_until_when(void **state)
{
    (void)state;
    WEB web, next;
    web_begin(&web, "http");
    web_option(&web, "user", "long-wait");
    web_open(&web);
    web_call(&web, "GET", "/status/429?after=90", NULL);
    web_expect(&web, MUSTER_RETRY, 429, "too many calls for the moment");
    assert_int_equal(web.reply->retry_after_ms, 90000);
    assert_true(http_paused_until_ms(web.http) > 0);
    web_begin(&next, "http"); /* somebody else with the same account is not let through either */
    web_option(&next, "user", "long-wait");
    web_open(&next);
    web_forget();
    web_call(&next, "GET", "/headers", NULL);
    web_expect(&next, MUSTER_RETRY, 0, "lets this account make no more calls for");
    json_t *seen = web_seen();
    assert_int_equal(json_array_size(seen), 0);
    json_decref(seen);
}

static void a_redirect_stays_on_its_server(void **state)
{
    (void)state;
    WEB web;
    web_begin(&web, "http");
    web_open(&web);
    web_call(&web, "GET", "/redirect?to=/headers", NULL);
    web_expect(&web, MUSTER_OK, 200, "");
    web_call(&web, "GET", "/redirect?to=/headers?back=https://evil.example/", NULL);
    web_expect(&web, MUSTER_OK, 200, "");
    web_call(&web, "GET", "/redirect?to=headers", NULL);
    web_expect(&web, MUSTER_OK, 200, "");
    web_call(&web, "GET", "/redirect?to=?to=headers", NULL);
    web_expect(&web, MUSTER_OK, 200, "");
    web_call(&web, "GET", "/redirect?to=https://evil.example/x", NULL);
    web_expect(&web, MUSTER_CONFIG, 302, "sends us to another server, evil.example");
    web_call(&web, "GET", "/redirect?to=//127.0.0.1:1/x", NULL);
    web_expect(&web, MUSTER_CONFIG, 302, "another server");
    web_call(&web, "POST", "/redirect?to=/headers&code=307", NULL);
    web_expect(&web, MUSTER_CONFIG, 307, "put the final address into the options");
}

static void a_token_is_fetched_kept_and_renewed(void **state)
{
    (void)state;
    WEB web;
    web_begin(&web, "http");
    web_option(&web, "user", "app");
    web_secret(&web, "token", "client-canary-secret");
    web_open(&web);
    web_file("client", "app:client-canary-secret");
    char url[200];
    snprintf(url, sizeof(url), "%s/token", web.base);
    const muster_auth oauth = {
        .scheme = "oauth2-client-credentials", .secret = "token", .user = "user", .token_url = url};
    web_forget();
    for (int i = 0; i < 3; i++) {
        web_call(&web, "GET", "/guarded", &oauth);
        web_expect(&web, MUSTER_OK, 200, "");
        assert_null(strstr(web.reply->body, "tok-")); /* what the system repeats does not come back */
    }
    json_t *seen = web_seen();
    assert_int_equal(json_array_size(seen), 4); /* one of them for the token */
    json_decref(seen);
    web_call(&web, "POST", "/revoke", NULL);
    web_call(&web, "GET", "/guarded", &oauth); /* 401, a fresh token, once more */
    web_expect(&web, MUSTER_OK, 200, "");
    muster_auth exchange = {.scheme = "exchange",
                            .secret = "token",
                            .token_url = url,
                            .recipe = "{\"corpId\":\"{option:user}\",\"secret\":\"{secret}\"}",
                            .token = "/data/accessToken",
                            .expires = "/data/expiresIn"};
    web_call(&web, "GET", "/guarded", &exchange);
    web_expect(&web, MUSTER_OK, 200, "");
    exchange.token = "/data/nothing";
    exchange.user = "user";
    web_call(&web, "GET", "/guarded", &exchange);
    web_expect(&web, MUSTER_AUTH, 0, "answers without a token at /data/nothing");
    /* A server that talks nonsense has refused nobody: the same log-in is tried again. */
    snprintf(url, sizeof(url), "%s/nonsense", web.base);
    exchange.token_url = url;
    web_call(&web, "GET", "/guarded", &exchange);
    web_expect(&web, MUSTER_RETRY, 0, "answers the log-in with what is no whole JSON object");
}

/* Some systems say 0 of tokens that do not end; a number that no clock has is none either. */
static void a_token_that_says_no_time_of_its_own_is_not_fetched_for_each_call(void **state)
{
    static const char *const lives[] = {"0", "-1", "9223372036854775807"};
    (void)state;
    for (size_t n = 0; n < sizeof(lives) / sizeof(lives[0]); n++) {
        WEB web;
        web_begin(&web, "http");
        web_option(&web, "user", "app");
        web_secret(&web, "token", "client-canary-secret");
        web_open(&web);
        web_file("client", "app:client-canary-secret");
        char url[200];
        snprintf(url, sizeof(url), "%s/token?really=1200&life=%s", web.base, lives[n]);
        const muster_auth oauth = {
            .scheme = "oauth2-client-credentials", .secret = "token", .user = "user", .token_url = url};
        web_forget();
        for (int i = 0; i < 5; i++) {
            web_call(&web, "GET", "/guarded", &oauth);
            web_expect(&web, MUSTER_OK, 200, "");
        }
        json_t *seen = web_seen();
        assert_int_equal(json_array_size(seen), 6); /* one of them for the token */
        json_decref(seen);
    }
}

static void a_refused_log_in_says_which_option_and_the_other_key_is_tried_once(void **state)
{
    (void)state;
    WEB web;
    web_begin(&web, "http");
    web_option(&web, "user", "app");
    web_secret(&web, "token", "wrong-secret-1");
    web_secret(&web, "other", "right-secret-2");
    web_open(&web);
    web_file("client", "app:right-secret-2");
    web_file("key", "right-secret-2");
    char url[200];
    snprintf(url, sizeof(url), "%s/token", web.base);
    muster_auth oauth = {.scheme = "oauth2-client-credentials", .secret = "token", .user = "user", .token_url = url};
    web_call(&web, "GET", "/guarded", &oauth);
    web_expect(&web, MUSTER_AUTH, 0, "refuses the log-in (400 (unknown client)): check option 'token'");
    const muster_auth key = {.scheme = "recipe", .name = "X-Key", .secret = "token", .fallback = "other"};
    web_forget();
    web_ask(&web, (muster_http){.method = "POST", .body = "x", .body_len = 1, .auth = &key}, "/either");
    web_expect(&web, MUSTER_OK, 200, "");
    json_t *seen = web_seen();
    assert_int_equal(json_array_size(seen), 2);
    json_decref(seen);
    web_file("key", "neither");
    web_call(&web, "GET", "/either", &key);
    web_expect(&web, MUSTER_PERMISSION, 403, NULL);
}

static void a_persons_token_is_taken_out_of_the_reply_and_used_by_name(void **state)
{
    (void)state;
    WEB web;
    web_begin(&web, "http");
    web_open(&web);
    const muster_auth ann = {.scheme = "recipe", .subject = "ann", .name = "logged-in-user-token"};
    web_call(&web, "GET", "/mine", &ann);
    web_expect(&web, MUSTER_AUTH, 0, "ann has not logged in yet");
    web_ask(&web, (muster_http){.method = "POST", .capture = "/logged_in_user_token", .auth = &ann}, "/login");
    web_expect(&web, MUSTER_OK, 200, "");
    assert_null(strstr(web.reply->body, "captured-canary"));
    assert_non_null(strstr(web.reply->body, "***"));
    web_call(&web, "GET", "/mine", &ann);
    web_expect(&web, MUSTER_OK, 200, "");
}

static void trouble_on_the_way_is_told_as_what_it_is(void **state)
{
    (void)state;
    {
        WEB web;
        web_begin(&web, "http");
        web_open(&web);
        web_call(&web, "GET", "https://nowhere.far.example/", NULL);
        web_expect(&web, MUSTER_RETRY, 0, "no address is known for nowhere.far.example");
    }
    static const char *const proxies[][2] = {{"proxy", "wants a log-in (407)"}, {"wall", "does not let us through"}};
    for (size_t i = 0; i < 2; i++) {
        WEB web;
        char proxy[60];
        web_begin(&web, "http");
        snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%u", web_port(proxies[i][0]));
        web_option(&web, "proxy", proxy);
        web_open(&web);
        web_call(&web, "GET", "https://near.example/", NULL);
        web_expect(&web, MUSTER_CONFIG, 0, proxies[i][1]);
    }
}

static void a_wait_can_be_called_off(void **state)
{
    (void)state;
    WEB web;
    web_begin(&web, "http");
    web_open(&web);
    web.cancel = 1;
    web_call(&web, "GET", "/slow?seconds=5", NULL);
    web_expect(&web, MUSTER_CANCELLED, 0, "cancelled");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_goes_out_with_its_log_in_and_its_answer_comes_back),
        cmocka_unit_test(a_host_that_nobody_named_is_not_called),
        cmocka_unit_test(a_certificate_must_be_good_and_the_sentence_says_what_is_wrong),
        cmocka_unit_test(a_status_becomes_the_class_that_says_whose_turn_it_is),
        cmocka_unit_test(what_passes_is_tried_again_and_a_call_that_is_not_idempotent_is_not),
        cmocka_unit_test(a_kept_connection_that_died_repeats_nothing_by_itself),
        cmocka_unit_test(a_call_that_was_taken_without_a_word_on_a_kept_connection_is_not_made_again),
        cmocka_unit_test(nor_is_one_that_sends_a_form),
        cmocka_unit_test(connections_are_kept),
        cmocka_unit_test(a_long_wait_that_is_asked_for_ends_the_call_and_says_until_when),
        cmocka_unit_test(a_redirect_stays_on_its_server),
        cmocka_unit_test(a_token_is_fetched_kept_and_renewed),
        cmocka_unit_test(a_token_that_says_no_time_of_its_own_is_not_fetched_for_each_call),
        cmocka_unit_test(a_refused_log_in_says_which_option_and_the_other_key_is_tried_once),
        cmocka_unit_test(a_persons_token_is_taken_out_of_the_reply_and_used_by_name),
        cmocka_unit_test(trouble_on_the_way_is_told_as_what_it_is),
        cmocka_unit_test(a_wait_can_be_called_off),
    };
    return cmocka_run_group_tests(tests, web_start, web_stop);
}
