/* test_companyiq - CompanyIQ's signatures as the broker makes them from the connector's recipes, and its codes. */
#include "unit.h"

#include "../../plugins/companyiq/companyiq.h"
#include "broker/auth.h"

#include <stdio.h>

static const muster_option options[] = {
    {.name = "corp_id", .type = MUSTER_TEXT},
    {.name = "secret", .type = MUSTER_TEXT, .flags = MUSTER_SECRET},
    {0},
};
static const muster_connector connector = {
    .size = sizeof(connector), .option_size = sizeof(muster_option), .name = "companyiq", .options = options};
static const struct secretref secret = {.how = SECRET_ENV, .name = "TEST_COMPANYIQ_SECRET"};
static const struct option_value values[] = {{.name = "corp_id", .text = "C100001"},
                                             {.name = "secret", .secret = &secret}};
static const struct connection connection = {
    .name = "accounts", .connector = "companyiq", .description = &connector, .options = values, .option_count = 2};

/* What the organization's file says; ends with a NULL name. */
struct said {
    const char *name, *text;
};
static const struct said *file;

static const char *text_said(muster_run *run, const char *option)
{
    (void)run;
    for (const struct said *one = file; one->name; one++)
        if (strcmp(one->name, option) == 0)
            return one->text;
    return strcmp(option, "base_url") == 0     ? "https://open.companyiq.example"
           : strcmp(option, "token_path") == 0 ? "/openapi/v1/token"
           : strcmp(option, "scheme") == 0     ? "hmac"
                                               : NULL;
}

static const muster_host host = {.size = sizeof(host), .text = text_said};

#define BODY "{\"users\":[{\"employeeId\":\"1001\"}]}"

/* One call at an instant that is known, with a nonce that is. */
struct attempt {
    struct companyiq companyiq;
    struct keyring keyring;
    struct url url;
    struct auth_made made;
};

static void attempt_done(struct attempt *attempt)
{
    auth_made_done(&attempt->made);
    keyring_done(&attempt->keyring);
}

#define ATTEMPT __attribute__((cleanup(attempt_done))) struct attempt

static int token_given(void *context, const muster_auth *link, const char **ret_token, struct err *err)
{
    (void)context, (void)err;
    assert_string_equal(link->token_url, "https://open.companyiq.example/openapi/v1/token");
    assert_string_equal(link->token, "/data/accessToken");
    assert_string_equal(link->expires, "/data/expiresIn");
    assert_string_equal(link->recipe, "{\"corpId\":\"{option:corp_id}\",\"secret\":\"{secret}\"}");
    *ret_token = "token-1";
    return 0;
}

static void make(struct attempt *attempt, const struct said *said, const char *body)
{
    setenv("TEST_COMPANYIQ_SECRET", "test-secret-please-change", 1);
    file = said;
    *attempt = (struct attempt){.companyiq = {.host = &host}, .keyring = {.connection = &connection}};
    attempt->url = (struct url){.tls = true, .host = "open.companyiq.example", .port = 443, .query = ""};
    attempt->url.path = body ? "/openapi/v1/users/import" : "/openapi/v1/lookup/batches/B000001";
    login_make(&attempt->companyiq);
    struct auth_case one = {.auth = body ? attempt->companyiq.links : attempt->companyiq.empty,
                            .keyring = &attempt->keyring,
                            .method = body ? "POST" : "GET",
                            .url = &attempt->url,
                            .body = body,
                            .body_len = body ? strlen(body) : 0,
                            .body_fd = -1,
                            .now_ms = 1700000000000,
                            .nonce = "a1b2c3d4",
                            .token = token_given};
    struct err err = {0};
    if (auth_make(&one, &attempt->made, &err) != 0)
        fail_msg("%s", err.text);
}

static const char *placed(const struct attempt *attempt, enum auth_where where, const char *name)
{
    for (size_t i = 0; i < attempt->made.count; i++)
        if (attempt->made.placed[i].where == where && strcmp(attempt->made.placed[i].name, name) == 0)
            return attempt->made.placed[i].value.data;
    return "(nothing)";
}

static void hmac_signs_method_path_account_time_nonce_and_body(void **state)
{
    (void)state;
    ATTEMPT one;
    make(&one, (struct said[]){{0}}, BODY);
    assert_string_equal(placed(&one, AUTH_HEADER, "X-Corp-Id"), "C100001");
    assert_string_equal(placed(&one, AUTH_HEADER, "X-Timestamp"), "1700000000000");
    assert_string_equal(placed(&one, AUTH_HEADER, "X-Nonce"), "a1b2c3d4");
    assert_string_equal(placed(&one, AUTH_HEADER, "X-Sign"),
                        "7bbe806976bcf98a2ba2c45c34fa731d48af26addd18982c4e267301eabd7c7f");
}

static void md5_signs_the_parameters_by_name_and_the_key_behind_them(void **state)
{
    (void)state;
    ATTEMPT one;
    make(&one, (struct said[]){{"scheme", "md5-sorted"}, {0}}, BODY);
    assert_string_equal(placed(&one, AUTH_QUERY, "corpId"), "C100001");
    assert_string_equal(placed(&one, AUTH_QUERY, "sign"), "98DFE6F18FDA0E3B5322EFFEB991BD21");
    assert_string_equal(placed(&one, AUTH_QUERY, "body"), "(nothing)");
}

static void md5_signs_the_same_when_the_parameters_go_in_headers(void **state)
{
    (void)state;
    ATTEMPT one;
    make(&one, (struct said[]){{"scheme", "md5-sorted"}, {"place", "header"}, {0}}, BODY);
    assert_string_equal(placed(&one, AUTH_HEADER, "X-Corp-Id"), "C100001");
    assert_string_equal(placed(&one, AUTH_HEADER, "X-Sign"), "98DFE6F18FDA0E3B5322EFFEB991BD21");
    assert_string_equal(placed(&one, AUTH_QUERY, "corpId"), "(nothing)");
}

/* printf 'body=&corpId=C100001&nonce=a1b2c3d4&timestamp=1700000000000&key=test-secret-please-change' | md5sum */
static void md5_has_an_empty_body_among_the_parameters(void **state)
{
    (void)state;
    ATTEMPT one;
    make(&one, (struct said[]){{"scheme", "md5-sorted"}, {0}}, NULL);
    assert_string_equal(placed(&one, AUTH_QUERY, "sign"), "58616688283C0AD2E184FBF978A4CABC");
}

static void a_token_is_fetched_with_account_and_key_and_borne(void **state)
{
    (void)state;
    ATTEMPT one;
    make(&one, (struct said[]){{"scheme", "token"}, {0}}, BODY);
    assert_string_equal(placed(&one, AUTH_HEADER, "Authorization"), "Bearer token-1");
}

static void plain_puts_account_and_key_into_query_headers_or_body(void **state)
{
    (void)state;
    ATTEMPT query, header, body;
    make(&query, (struct said[]){{"scheme", "plain"}, {0}}, BODY);
    assert_string_equal(placed(&query, AUTH_QUERY, "corpId"), "C100001");
    assert_string_equal(placed(&query, AUTH_QUERY, "secret"), "test-secret-please-change");
    make(&header, (struct said[]){{"scheme", "plain"}, {"place", "header"}, {"secret_name", "X-Key"}, {0}}, BODY);
    assert_string_equal(placed(&header, AUTH_HEADER, "X-Key"), "test-secret-please-change");
    make(&body, (struct said[]){{"scheme", "plain"}, {"place", "body"}, {0}}, BODY);
    assert_true(body.made.in_body);
    assert_non_null(strstr(body.made.body.data, "\"secret\":\"test-secret-please-change\""));
}

static void names_unit_digest_encoding_and_text_are_options(void **state)
{
    (void)state;
    ATTEMPT one;
    make(&one,
         (struct said[]){{"timestamp_unit", "s"},
                         {"timestamp_name", "X-Time"},
                         {"sign_name", "Signature"},
                         {"canonical", "{option:corp_id}{time_s}"},
                         {"digest", "md5"},
                         {"encoding", "base64"},
                         {0}},
         BODY);
    assert_string_equal(placed(&one, AUTH_HEADER, "X-Time"), "1700000000");
    assert_string_equal(placed(&one, AUTH_HEADER, "Signature"), "6Q4PiIIgVTDPK/hYhSvytw==");
}

static void each_code_has_a_class_and_says_whose_turn_it_is(void **state)
{
    (void)state;
    static const struct {
        int number;
        muster_rc of_call, of_row;
        const char *turn;
    } table[] = {
        {40001, MUSTER_FAIL, MUSTER_DATA, "technical document"},
        {40101, MUSTER_AUTH, MUSTER_AUTH, "option corp_id"},
        {40102, MUSTER_AUTH, MUSTER_AUTH, "option secret"},
        {40103, MUSTER_RETRY, MUSTER_RETRY, "clock"},
        {40104, MUSTER_RETRY, MUSTER_RETRY, "made again"},
        {40301, MUSTER_PERMISSION, MUSTER_PERMISSION, "docking is switched off: HR"},
        {41001, MUSTER_DATA, MUSTER_DATA, "HR fills it in"},
        {41002, MUSTER_UNSUPPORTED, MUSTER_UNSUPPORTED, "HR changes it by hand"},
        {41003, MUSTER_CONFLICT, MUSTER_CONFLICT, "HR looks"},
        {41004, MUSTER_GONE, MUSTER_GONE, "HR looks"},
        {42001, MUSTER_CONFIG, MUSTER_CONFIG, "HR creates it"},
        {42002, MUSTER_FAIL, MUSTER_DATA, "file_max"},
        {42003, MUSTER_CONFIG, MUSTER_CONFIG, "csv_encoding"},
        {42004, MUSTER_CONFIG, MUSTER_DATA, "option modules"},
        {42901, MUSTER_RETRY, MUSTER_RETRY, "requests_per_second"},
        {50000, MUSTER_RETRY, MUSTER_RETRY, "MicroBenefits"},
        {49999, MUSTER_FAIL, MUSTER_DATA, "ask MicroBenefits"},
    };
    for (size_t n = 0; n < sizeof(table) / sizeof(table[0]); n++) {
        char number[16], why[CODE_WHY];
        const struct code *code = code_find(table[n].number);
        snprintf(number, sizeof(number), "%d", table[n].number);
        code_why(code, number, "its words", why);
        assert_int_equal(code->of_call, table[n].of_call);
        assert_int_equal(code->of_row, table[n].of_row);
        assert_non_null(strstr(why, number));
        assert_non_null(strstr(why, "(its words): "));
        assert_non_null(strstr(why, table[n].turn));
    }
}

static void what_the_platform_says_at_length_is_cut_between_characters(void **state)
{
    (void)state;
    char words[400], why[CODE_WHY];
    size_t len = 0;
    for (words[len++] = 'a'; len + 3 < sizeof(words); len += 3)
        memcpy(words + len, "公", 3);
    words[len] = '\0';
    code_why(code_find(41001), "41001", words, why);
    assert_non_null(strstr(why, "公): a field is empty"));
}

static void a_json_string_is_quoted_whatever_is_in_it(void **state)
{
    (void)state;
    struct text text = {0};
    text_json(&text, "a\"b\\c\n\x01 Zoë");
    assert_string_equal(text.data, "\"a\\\"b\\\\c\\u000a\\u0001 Zoë\"");
    text_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hmac_signs_method_path_account_time_nonce_and_body),
        cmocka_unit_test(md5_signs_the_parameters_by_name_and_the_key_behind_them),
        cmocka_unit_test(md5_signs_the_same_when_the_parameters_go_in_headers),
        cmocka_unit_test(md5_has_an_empty_body_among_the_parameters),
        cmocka_unit_test(a_token_is_fetched_with_account_and_key_and_borne),
        cmocka_unit_test(plain_puts_account_and_key_into_query_headers_or_body),
        cmocka_unit_test(names_unit_digest_encoding_and_text_are_options),
        cmocka_unit_test(each_code_has_a_class_and_says_whose_turn_it_is),
        cmocka_unit_test(what_the_platform_says_at_length_is_cut_between_characters),
        cmocka_unit_test(a_json_string_is_quoted_whatever_is_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
