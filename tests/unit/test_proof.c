/* test_proof - who calls shows a token, a key, or a signature with its time; nothing else opens. */
#include "service/proof.h"
#include "unit.h"

#include "base/mem.h"

#include <string.h>
#include <strings.h>

static struct {
    const char *name, *text;
} headers[4];

/* In the place of the web's. */
const char *web_header(struct web_request *request, const char *name)
{
    (void)request;
    for (size_t i = 0; i < 4; i++)
        if (headers[i].name && strcasecmp(headers[i].name, name) == 0)
            return headers[i].text;
    return NULL;
}

static const struct secretref refs[] = {{.how = SECRET_ENV, .name = "TEST_KEY_ONE"},
                                        {.how = SECRET_ENV, .name = "TEST_KEY_TWO"}};
static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    setenv("TEST_KEY_ONE", "another", 1);
    setenv("TEST_KEY_TWO", "poc-shared-key", 1);
    arena = arena_new();
    return arena ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static int made(const char *way, struct proof *proof)
{
    struct err err = {0};
    return proof_make(way, refs, 2, "connection 'hr'", arena, proof, &err);
}

static bool shown(const char *way, struct web_request *request, int64_t now_s)
{
    TIDY_DONE(proof_done) struct proof proof;
    assert_int_equal(made(way, &proof), 0);
    return proof_shown(&proof, request, "/api/v1/employees", now_s * 1000);
}

static void a_signature_with_its_time_opens_within_the_tolerance(void **state)
{
    static const char way[] = "hmac-sha256 X-POC-Signature base64 {time}.{method}.{path}.{body} X-POC-Timestamp 300";
    static const char body[] = "{\"EmployeeNumber\":\"1001\"}";
    struct web_request request = {
        .method = "POST", .target = "/in/acme/hr/api/v1/employees?x=1", .body = body, .body_len = sizeof(body) - 1};
    (void)state;
    memset(headers, 0, sizeof(headers));
    headers[0].name = "x-poc-signature";
    headers[0].text = "U7+NiQtHpOTHfRwZJQeAJXGy9lP1gpRKCs1i/dzeptU=";
    headers[1].name = "x-poc-timestamp";
    headers[1].text = "1700000000";
    assert_true(shown(way, &request, 1700000000));
    assert_true(shown(way, &request, 1700000300));
    assert_true(shown(way, &request, 1699999700));
    assert_false(shown(way, &request, 1700000301));
    assert_false(shown(way, &request, 1699999699));
    request.method = "PUT";
    assert_false(shown(way, &request, 1700000000));
    request.method = "POST";
    request.body_len--;
    assert_false(shown(way, &request, 1700000000));
    request.body_len++;
    static const char *const others[] = {"1700000001", "", "x", "-1", "99999999999999999999", "1700000000 "};
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
        headers[1].text = others[i];
        assert_false(shown(way, &request, 1700000000));
    }
    headers[1].name = NULL;
    assert_false(shown(way, &request, 1700000000));
}

/* As most systems sign: the body alone, in hexadecimal digits, with or without the digest's name before it. */
static void a_signature_of_the_body_needs_no_more_words(void **state)
{
    static const char hex[] = "sha256=20799bb06bff985fe5b359015bc9827c4084011dfbed24646d01479c32e5e663";
    static const char base64[] = "IHmbsGv/mF/ls1kBW8mCfECEAR377SRkbQFHnDLl5mM=";
    struct web_request request = {.method = "POST", .target = "/x", .body = "{\"a\":1}", .body_len = 7};
    (void)state;
    memset(headers, 0, sizeof(headers));
    headers[0].name = "X-Hub-Signature-256";
    headers[0].text = hex;
    assert_true(shown("hmac-sha256 X-Hub-Signature-256", &request, 0));
    assert_true(shown("hmac-sha256 X-Hub-Signature-256 hex", &request, 0));
    assert_true(shown("hmac-sha256 X-Hub-Signature-256 hex {body}", &request, 0));
    assert_false(shown("hmac-sha256 X-Hub-Signature-256 hex {method}{body}", &request, 0));
    assert_false(shown("hmac-sha256 X-Hub-Signature-256 base64", &request, 0));
    headers[0].text = hex + 7;
    assert_true(shown("hmac-sha256 X-Hub-Signature-256", &request, 0));
    headers[0].text = hex + 8;
    assert_false(shown("hmac-sha256 X-Hub-Signature-256", &request, 0));
    headers[0].text = base64;
    assert_true(shown("hmac-sha256 X-Hub-Signature-256 base64 {body}", &request, 0));
}

static void a_key_and_a_token_open_as_they_are_and_no_part_of_them(void **state)
{
    static const char *const wrong[] = {"", "poc-shared-ke", "poc-shared-keys", "POC-SHARED-KEY",
                                        "Bearer poc-shared-key "};
    struct web_request request = {.method = "GET", .target = "/x", .body = ""};
    (void)state;
    memset(headers, 0, sizeof(headers));
    headers[0].name = "X-Key";
    headers[0].text = "poc-shared-key";
    assert_true(shown("key X-Key", &request, 0));
    assert_false(shown("key X-Other", &request, 0));
    assert_false(shown("bearer", &request, 0));
    headers[1].name = "Authorization";
    headers[1].text = "bearer  another";
    assert_true(shown("bearer", &request, 0));
    headers[1].text = "Bearer another";
    assert_true(shown("bearer", &request, 0));
    headers[1].text = "Bearer nother";
    assert_false(shown("bearer", &request, 0));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        headers[0].text = headers[1].text = wrong[i];
        assert_false(shown("key X-Key", &request, 0));
        assert_false(shown("bearer", &request, 0));
    }
}

/* A way that nobody knows must never be no way at all. */
static void a_way_that_is_not_known_lets_nobody_in(void **state)
{
    static const char *const ways[] = {"",
                                       "basic",
                                       "bearer X",
                                       "key",
                                       "key A B",
                                       "hmac-sha256",
                                       "hmac-md5 X",
                                       "hmac-sha256 X base32",
                                       "hmac-sha256 X hex {body} T",
                                       "hmac-sha256 X hex {body} T 0",
                                       "hmac-sha256 X hex {body} T 3x",
                                       "hmac-sha256 X hex {body} T 300 more"};
    (void)state;
    for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
        TIDY_DONE(proof_done) struct proof proof;
        if (made(ways[i], &proof) != ERR_CONFIG)
            fail_msg("'%s' is taken", ways[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_with_its_time_opens_within_the_tolerance),
        cmocka_unit_test(a_signature_of_the_body_needs_no_more_words),
        cmocka_unit_test(a_key_and_a_token_open_as_they_are_and_no_part_of_them),
        cmocka_unit_test(a_way_that_is_not_known_lets_nobody_in),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
