/* test_web - a connector's calls by HTTP, all the way: host, frames, broker, server, and back. */
#include "heard.h"

#include "webserver.h"

static struct lane *begin_lane(struct web *web)
{
    struct lane *lane = NULL;
    struct err err = {0};
    struct lane_start start = {.connector = TEST_CONNECTORS "/web.so",
                               .scratch_dir = folder,
                               .connection = &web->connection,
                               .settings = &settings};
    int rc = lane_begin(&start, &lane, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(rc, 0);
    return lane;
}

/* Lets the connector do the steps; what it logs is in heard->log. */
static muster_rc steps(struct web *web, const char *what, struct heard *heard, struct lane_result *result)
{
    struct err err = {0};
    web_option(web, "do", what);
    web_open(web);
    TIDY(lane_stop) struct lane *lane = begin_lane(web);
    struct lane_sink sink = sink_of(heard);
    sink.http = web->http;
    int rc = lane_check(lane, &sink, result, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(rc, 0);
    return result->rc;
}

#define WEB __attribute__((cleanup(web_end))) struct web

static void logged(const struct heard *heard, const char *words)
{
    if (!heard->log.data || !strstr(heard->log.data, words))
        fail_msg("'%s' is not in:\n%s", words, heard->log.data ? heard->log.data : "");
}

static void a_connector_calls_and_never_holds_the_secret(void **state)
{
    (void)state;
    WEB web;
    HEARD heard = {0};
    struct lane_result result;
    web_begin(&web, "http");
    web_secret(&web, "token", "canary-secret-77");
    web_forget();
    assert_int_equal(steps(&web, "GET /headers", &heard, &result), MUSTER_OK);
    json_t *seen = web_seen();
    json_t *headers = json_object_get(json_array_get(seen, 0), "headers");
    assert_string_equal(json_string_value(json_object_get(headers, "Authorization")), "Bearer canary-secret-77");
    json_decref(seen);
    logged(&heard, "GET: 0 200 ");
}

static void bodies_of_any_size_come_and_go_whole(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 1000, 200 * 1024, 256 * 1024, 300 * 1024, 3 << 20};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        WEB web;
        HEARD heard = {0};
        struct lane_result result;
        char what[100], told[200];
        uint64_t sum = 0;
        for (size_t n = 0; n < sizes[i]; n++)
            sum += (unsigned char)('a' + n % 26);
        web_begin(&web, "http");
        web_option(&web, "auth", "none");
        snprintf(what, sizeof(what), "POST /echo %zu; file /echo %zu", sizes[i], sizes[i]);
        assert_int_equal(steps(&web, what, &heard, &result), MUSTER_OK);
        snprintf(told, sizeof(told), "POST: 0 200 %zu bytes%s, sum %llu", sizes[i],
                 sizes[i] > 255 * 1024 ? " in a file" : "", (unsigned long long)sum);
        logged(&heard, told);
        snprintf(told, sizeof(told), "file: 0 200 %zu bytes%s, sum %llu", sizes[i],
                 sizes[i] > 255 * 1024 ? " in a file" : "", (unsigned long long)sum);
        logged(&heard, told);
    }
}

static void several_calls_are_under_way_together(void **state)
{
    (void)state;
    WEB web;
    HEARD heard = {0};
    struct lane_result result;
    web_begin(&web, "http");
    web_option(&web, "auth", "none");
    /* The first answer tells that this server takes one call per connection. */
    assert_int_equal(steps(&web, "GET /headers; start 6 /together?count=6; wait 6", &heard, &result), MUSTER_OK);
    logged(&heard, "tags 3f");
}

static void a_failure_reaches_the_person_in_the_brokers_words(void **state)
{
    (void)state;
    WEB web;
    HEARD heard = {0};
    struct lane_result result;
    web_begin(&web, "http");
    web_secret(&web, "token", "canary-secret-78");
    assert_int_equal(steps(&web, "GET /status/401", &heard, &result), MUSTER_AUTH);
    assert_non_null(strstr(result.text, "/status/* answers 401: the log-in is refused; check option 'token'"));
    logged(&heard, "GET: -2 401 ");
}

static int begins_all(void **state)
{
    return begins(state) == 0 ? web_start(state) : -1;
}

static int ends_all(void **state)
{
    return web_stop(state) | rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connector_calls_and_never_holds_the_secret),
        cmocka_unit_test(bodies_of_any_size_come_and_go_whole),
        cmocka_unit_test(several_calls_are_under_way_together),
        cmocka_unit_test(a_failure_reaches_the_person_in_the_brokers_words),
    };
    return cmocka_run_group_tests(tests, begins_all, ends_all);
}
