/* test_auth - log-ins by recipe: the answers that the interfaces' own pages give, and those that we know otherwise. */
#include "unit.h"

#include "base/md5.h"
#include "base/signature.h"
#include "broker/auth.h"

#include <stdio.h>

static const muster_option options[] = {
    {.name = "corp_id", .type = MUSTER_TEXT},
    {.name = "secret", .type = MUSTER_TEXT, .flags = MUSTER_SECRET},
    {.name = "other", .type = MUSTER_TEXT, .flags = MUSTER_SECRET},
    {.name = "user", .type = MUSTER_TEXT},
    {0},
};
static const muster_connector connector = {
    .size = sizeof(connector), .option_size = sizeof(muster_option), .name = "web", .options = options};
static const struct secretref secret = {.how = SECRET_ENV, .name = "TEST_AUTH_SECRET"};
static const struct secretref other = {.how = SECRET_ENV, .name = "TEST_AUTH_OTHER"};
static const struct option_value values[] = {{.name = "corp_id", .text = "C100001"},
                                             {.name = "user", .text = "app-key"},
                                             {.name = "secret", .secret = &secret},
                                             {.name = "other", .secret = &other}};
static const struct connection connection = {.name = "hr",
                                             .connector = "web",
                                             .description = &connector,
                                             .options = values,
                                             .option_count = sizeof(values) / sizeof(values[0])};

/* One attempt: a POST at an instant that is known, with a nonce that is. */
struct attempt {
    struct keyring keyring;
    struct url url;
    struct auth_case one;
    struct auth_made made;
    struct err err;
    int rc;
};

static void attempt_done(struct attempt *attempt)
{
    auth_made_done(&attempt->made);
    keyring_done(&attempt->keyring);
}

#define ATTEMPT __attribute__((cleanup(attempt_done))) struct attempt

static void attempt_with(struct attempt *attempt, const muster_auth *auth, const char *path, const char *body,
                         const char *key)
{
    setenv("TEST_AUTH_SECRET", key, 1);
    setenv("TEST_AUTH_OTHER", "the-other-secret", 1);
    *attempt = (struct attempt){.keyring = {.connection = &connection}};
    attempt->url = (struct url){.tls = true, .host = "api.example", .port = 443, .path = path, .query = ""};
    attempt->one = (struct auth_case){.auth = auth,
                                      .keyring = &attempt->keyring,
                                      .method = "POST",
                                      .url = &attempt->url,
                                      .body = body,
                                      .body_len = strlen(body),
                                      .body_fd = -1,
                                      .now_ms = 1700000000000,
                                      .nonce = "a1b2c3d4"};
}

static const char *placed(const struct attempt *attempt, const char *name)
{
    for (size_t i = 0; i < attempt->made.count; i++)
        if (strcmp(attempt->made.placed[i].name, name) == 0)
            return attempt->made.placed[i].value.data;
    return "(nothing)";
}

static void make(struct attempt *attempt)
{
    attempt->rc = auth_make(&attempt->one, &attempt->made, &attempt->err);
    if (attempt->rc != 0)
        fail_msg("%s", attempt->err.text);
}

static void digests_are_those_of_the_standards(void **state)
{
    (void)state;
    static const struct {
        const char *digest, *encoding, *key, *text, *sum;
    } table[] = {
        {"md5", "hex", "", "", "d41d8cd98f00b204e9800998ecf8427e"},
        {"md5", "hex", "", "abc", "900150983cd24fb0d6963f7d28e17f72"},
        {"md5", "HEX", "", "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
         "57EDF4A22BE3C955AC49DA2E2107B67A"},
        {"hmac-md5", "hex", "Jefe", "what do ya want for nothing?", "750c783e6ab0b503eaa86e310a5db738"},
        {"hmac-sha256", "hex", "Jefe", "what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {"sha256", "base64", "", "abc", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        __attribute__((cleanup(buffer_done))) struct buffer out = {0};
        assert_true(signature_known(table[i].digest, table[i].encoding));
        signature_write(table[i].digest, table[i].encoding, table[i].key, strlen(table[i].key), table[i].text,
                        strlen(table[i].text), &out);
        assert_string_equal(out.data, table[i].sum);
    }
    assert_false(signature_known("crc32", "hex"));
    assert_false(signature_known("md5", "binary"));
}

static void md5_of_pieces_is_md5_of_the_whole(void **state)
{
    (void)state;
    char text[300];
    uint8_t whole[MD5_BYTES], pieces[MD5_BYTES];
    struct md5 sum;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)(i * 7);
    for (size_t len = 0; len < sizeof(text); len++)
        for (size_t cut = 0; cut <= len; cut += 13) {
            md5_init(&sum);
            md5_add(&sum, text, len);
            md5_end(&sum, whole);
            md5_init(&sum);
            md5_add(&sum, text, cut);
            md5_add(&sum, text + cut, len - cut);
            md5_end(&sum, pieces);
            assert_memory_equal(whole, pieces, sizeof(whole));
        }
}

static void a_signature_over_method_path_time_nonce_and_body_is_the_known_one(void **state)
{
    (void)state;
    const muster_auth sign = {.scheme = "recipe",
                              .secret = "secret",
                              .name = "X-Sign",
                              .recipe = "{method}\n{path}\n{option:corp_id}\n{time_ms}\n{nonce}\n{sha256:body}",
                              .digest = "hmac-sha256",
                              .encoding = "hex"};
    const muster_auth nonce = {.scheme = "recipe", .name = "X-Nonce", .recipe = "{nonce}", .extra = &sign};
    const muster_auth stamp = {.scheme = "recipe", .name = "X-Timestamp", .recipe = "{time_ms}", .extra = &nonce};
    const muster_auth corp = {.scheme = "recipe", .name = "X-Corp-Id", .recipe = "{option:corp_id}", .extra = &stamp};
    ATTEMPT attempt;
    attempt_with(&attempt, &corp, "/openapi/v1/users/import", "{\"users\":[{\"employeeId\":\"1001\"}]}",
                 "test-secret-please-change");
    make(&attempt);
    assert_string_equal(placed(&attempt, "X-Corp-Id"), "C100001");
    assert_string_equal(placed(&attempt, "X-Timestamp"), "1700000000000");
    assert_string_equal(placed(&attempt, "X-Nonce"), "a1b2c3d4");
    assert_string_equal(placed(&attempt, "X-Sign"), "7bbe806976bcf98a2ba2c45c34fa731d48af26addd18982c4e267301eabd7c7f");
}

static void sorted_parameters_by_md5_are_the_known_ones(void **state)
{
    (void)state;
    const muster_auth body = {.scheme = "recipe", .where = "sign", .name = "body", .recipe = "{body}"};
    const muster_auth stamp = {
        .scheme = "recipe", .where = "sign", .name = "timestamp", .recipe = "{time_ms}", .extra = &body};
    const muster_auth nonce = {
        .scheme = "recipe", .where = "sign", .name = "nonce", .recipe = "{nonce}", .extra = &stamp};
    const muster_auth corp = {
        .scheme = "recipe", .where = "sign", .name = "corpId", .recipe = "{option:corp_id}", .extra = &nonce};
    const muster_auth sign = {.scheme = "recipe",
                              .secret = "secret",
                              .name = "X-Sign",
                              .recipe = "{sorted:&}&key={secret}",
                              .digest = "md5",
                              .encoding = "HEX",
                              .extra = &corp};
    ATTEMPT attempt;
    attempt_with(&attempt, &sign, "/openapi/v1/users/import", "{\"users\":[{\"employeeId\":\"1001\"}]}",
                 "test-secret-please-change");
    make(&attempt);
    assert_string_equal(placed(&attempt, "X-Sign"), "98DFE6F18FDA0E3B5322EFFEB991BD21");
}

static void a_signature_in_base64_over_time_method_path_and_body_is_the_known_one(void **state)
{
    (void)state;
    const muster_auth sign = {.scheme = "recipe",
                              .secret = "secret",
                              .name = "X-POC-Signature",
                              .recipe = "{time_s}.{method}.{path}.{body}",
                              .digest = "hmac-sha256",
                              .encoding = "base64"};
    ATTEMPT attempt;
    attempt_with(&attempt, &sign, "/api/v1/employees", "{\"EmployeeNumber\":\"1001\"}", "poc-shared-key");
    make(&attempt);
    assert_string_equal(placed(&attempt, "X-POC-Signature"), "U7+NiQtHpOTHfRwZJQeAJXGy9lP1gpRKCs1i/dzeptU=");
}

static void basic_and_bearer_are_as_everybody_writes_them(void **state)
{
    (void)state;
    const muster_auth bearer = {.scheme = "bearer", .secret = "secret"};
    const muster_auth basic = {.scheme = "basic", .secret = "secret", .user = "user"};
    ATTEMPT one, two;
    attempt_with(&one, &bearer, "/", "", "abcdef");
    make(&one);
    assert_string_equal(placed(&one, "Authorization"), "Bearer abcdef");
    attempt_with(&two, &basic, "/", "", "client-key");
    make(&two);
    assert_string_equal(placed(&two, "Authorization"), "Basic YXBwLWtleTpjbGllbnQta2V5");
}

static void the_other_secret_is_used_when_it_is_its_turn(void **state)
{
    (void)state;
    const muster_auth key = {.scheme = "recipe", .name = "X-Key", .secret = "secret", .fallback = "other"};
    ATTEMPT attempt;
    attempt_with(&attempt, &key, "/", "", "first");
    attempt.one.fallback = true;
    make(&attempt);
    assert_string_equal(placed(&attempt, "X-Key"), "the-other-secret");
    assert_true(auth_has_fallback(&key, &attempt.keyring));
}

static void a_log_in_in_the_body_is_put_there_and_signed_with_it(void **state)
{
    (void)state;
    const muster_auth sign = {.scheme = "recipe", .name = "X-Body", .recipe = "{body}"};
    const muster_auth json = {
        .scheme = "recipe", .where = "json", .name = "/secret", .secret = "secret", .extra = &sign};
    const muster_auth form = {.scheme = "recipe", .where = "form", .name = "key", .secret = "secret"};
    ATTEMPT one, two, three;
    attempt_with(&one, &json, "/", "{ \"a\": 1}", "say \"hi\"");
    make(&one);
    assert_true(one.made.in_body);
    assert_string_equal(one.made.body.data, "{\"secret\":\"say \\\"hi\\\"\", \"a\": 1}");
    assert_string_equal(placed(&one, "X-Body"), one.made.body.data);
    attempt_with(&two, &json, "/", "{}", "x");
    make(&two);
    assert_string_equal(two.made.body.data, "{\"secret\":\"x\"}");
    attempt_with(&three, &form, "/", "a=1", "b&c");
    make(&three);
    assert_string_equal(three.made.body.data, "a=1&key=b%26c");
}

static void a_recipe_that_is_wrong_is_told(void **state)
{
    (void)state;
    static const struct {
        muster_auth auth;
        const char *says;
    } table[] = {
        {{.scheme = "kerberos", .secret = "secret"}, "log in by 'kerberos', which muster does not know"},
        {{.scheme = "recipe", .name = "X", .recipe = "{sceret}"}, "has the word {sceret}, which is none"},
        {{.scheme = "recipe", .name = "X", .where = "cookie"}, "in 'cookie', which is no place"},
        {{.scheme = "recipe", .secret = "secret"}, "under which name"},
        {{.scheme = "recipe", .name = "X", .recipe = "{option:nothing}"}, "option 'nothing' is missing"},
        {{.scheme = "recipe", .name = "X", .secret = "user"},
         "takes option 'user' for its secret: declare it MUSTER_SECRET"},
        {{.scheme = "recipe", .name = "X", .recipe = "{path}", .digest = "crc32"}, "a signature by 'crc32'"},
        {{.scheme = "recipe", .name = "X", .recipe = "{path}", .digest = "hmac-sha256"}, "names no key for it"},
        {{.scheme = "recipe", .name = "X", .secret = "secret"}, "has a line break"},
        {{.scheme = "recipe", .name = "/a", .where = "json", .secret = "other"}, "JSON object at its top"},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        ATTEMPT attempt;
        attempt_with(&attempt, &table[i].auth, "/", "[]", "one\ntwo");
        attempt.rc = auth_make(&attempt.one, &attempt.made, &attempt.err);
        assert_true(attempt.rc < 0);
        if (!strstr(attempt.err.text, table[i].says))
            fail_msg("'%s' is not in: %s", table[i].says, attempt.err.text);
        assert_null(strstr(attempt.err.text, "one\ntwo"));
    }
}

static void what_a_system_repeats_is_overwritten(void **state)
{
    (void)state;
    const muster_auth bearer = {.scheme = "bearer", .secret = "secret"};
    char text[] = "you said hidden-words, hidden-words!";
    ATTEMPT attempt;
    attempt_with(&attempt, &bearer, "/", "", "hidden-words");
    make(&attempt);
    keyring_scrub(&attempt.keyring, text, strlen(text));
    assert_string_equal(text, "you said ************, ************!");
}

/* The known answer of the Standard Webhooks libraries. */
static void a_webhook_is_signed_as_the_standard_has_it_and_with_each_secret(void **state)
{
    (void)state;
    static const char sent[] = "{\"test\": 2432232314}", known[] = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    static const muster_auth time = {.scheme = "recipe", .name = "webhook-timestamp", .recipe = "{time_s}"};
    static const muster_auth alone = {.scheme = "standard-webhooks",
                                      .secret = "secret",
                                      .recipe = "msg_p5jXN8AQM9LWM0D4loKWxJek.{time_s}.{body}",
                                      .extra = &time};
    static const char *const keys[] = {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"};
    for (size_t i = 0; i < 2; i++) {
        ATTEMPT attempt;
        attempt_with(&attempt, &alone, "/hook", sent, keys[i]);
        attempt.one.now_ms = 1614265330999;
        make(&attempt);
        assert_string_equal(placed(&attempt, "webhook-signature"), known);
        assert_string_equal(placed(&attempt, "webhook-timestamp"), "1614265330");
    }
    muster_auth both = alone;
    both.fallback = "other";
    ATTEMPT rotated;
    attempt_with(&rotated, &both, "/hook", sent, keys[0]);
    setenv("TEST_AUTH_OTHER", "whsec_c2Vjb25kIGtleSBmb3Igcm90YXRpb24=", 1);
    rotated.one.now_ms = 1614265330000;
    assert_false(auth_has_fallback(&both, &rotated.keyring));
    make(&rotated);
    const char *value = placed(&rotated, "webhook-signature");
    assert_int_equal(strncmp(value, known, strlen(known)), 0);
    assert_string_equal(value + strlen(known), " v1,8NZpewiozgAtZcE/ehZT5n7eXLsDsulJYpaCa1MXLbA=");
    ATTEMPT wrong;
    attempt_with(&wrong, &alone, "/hook", sent, "whsec_not base64!");
    assert_int_equal(auth_make(&wrong.one, &wrong.made, &wrong.err), ERR_CONFIG);
    assert_non_null(strstr(wrong.err.text, "whsec_ and up to"));
    assert_null(strstr(wrong.err.text, "not base64"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_webhook_is_signed_as_the_standard_has_it_and_with_each_secret),
        cmocka_unit_test(digests_are_those_of_the_standards),
        cmocka_unit_test(md5_of_pieces_is_md5_of_the_whole),
        cmocka_unit_test(a_signature_over_method_path_time_nonce_and_body_is_the_known_one),
        cmocka_unit_test(sorted_parameters_by_md5_are_the_known_ones),
        cmocka_unit_test(a_signature_in_base64_over_time_method_path_and_body_is_the_known_one),
        cmocka_unit_test(basic_and_bearer_are_as_everybody_writes_them),
        cmocka_unit_test(the_other_secret_is_used_when_it_is_its_turn),
        cmocka_unit_test(a_log_in_in_the_body_is_put_there_and_signed_with_it),
        cmocka_unit_test(a_recipe_that_is_wrong_is_told),
        cmocka_unit_test(what_a_system_repeats_is_overwritten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
