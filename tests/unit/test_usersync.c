/* test_usersync - what a platform is told of one account, and what its refusals mean. */
#include "unit.h"

#include "../../plugins/usersync/usersync.h"

#include <stdio.h>

/* What is told of somebody; ends with a NULL name. A NULL value is null. */
struct muster_record {
    const char *name, *value;
};
static const char *const *never;

static int32_t presence(const muster_record *record, const char *field)
{
    for (; record->name; record++)
        if (strcmp(record->name, field) == 0)
            return !record->value ? 1 : *record->value ? 3 : 2;
    return 0;
}

static const char *get(const muster_record *record, const char *field)
{
    for (; record->name; record++)
        if (strcmp(record->name, field) == 0)
            return record->value;
    return NULL;
}

static size_t count(muster_run *run, const char *list)
{
    size_t n = 0;
    (void)run;
    assert_string_equal(list, "never_invite");
    while (never && never[n])
        n++;
    return n;
}

const char *usersync_option(const struct usersync *usersync, const char *option)
{
    unsigned n;
    (void)usersync;
    assert_int_equal(sscanf(option, "never_invite[%u]", &n), 1);
    return never[n];
}

static const muster_host host = {.size = sizeof(host), .present = presence, .get = get, .count = count};
static const muster_field fields[] = {{.name = "externalId", .type = MUSTER_TEXT},
                                      {.name = "email", .type = MUSTER_TEXT},
                                      {.name = "phone", .type = MUSTER_TEXT},
                                      {.name = "communities", .type = MUSTER_JSON},
                                      {0}};

#define PLACES "[{\"externalId\":\"101\"}]"
static const muster_record ann[] = {
    {"externalId", "12"}, {"email", "ann@acme.example"}, {"phone", NULL}, {"communities", PLACES}, {0}};
static const muster_record homeless[] = {
    {"externalId", "12"}, {"email", "ann@acme.example"}, {"phone", ""}, {"communities", "[ ]"}, {0}};
static const muster_record nothing[] = {{0}};

/* The object, or why there is none. */
static const char *written(const char *names, int32_t op, const char *remote, const muster_record *before,
                           const muster_record *after)
{
    static char out[WHY];
    const char *why;
    struct usersync usersync = {.host = &host,
                                .names = names ? muster_document_read(names, strlen(names), &why) : NULL};
    muster_change change = {.size = sizeof(change), .op = op, .remote_id = remote, .before = before, .after = after};
    muster_text body = {0};
    if (row_write(&usersync, row_form("users"), fields, &change, &body, out))
        snprintf(out, sizeof(out), "%s", body.data);
    else
        assert_int_equal(body.len, 0);
    muster_text_done(&body);
    muster_document_free(usersync.names);
    return out;
}

static void who_is_new_is_told_whole(void **state)
{
    (void)state;
    assert_string_equal(written(NULL, MUSTER_CREATE, NULL, NULL, ann),
                        "{\"externalId\":\"12\",\"email\":\"ann@acme.example\",\"phone\":null,\"communities\":" PLACES
                        ",\"active\":true}");
}

static void an_account_keeps_the_id_that_it_was_made_with(void **state)
{
    (void)state;
    assert_non_null(strstr(written(NULL, MUSTER_UPDATE, "7", ann, ann), "{\"externalId\":\"7\","));
}

static void who_leaves_is_told_with_what_was_known_last(void **state)
{
    (void)state;
    assert_string_equal(written(NULL, MUSTER_DEACTIVATE, "12", ann, nothing),
                        "{\"externalId\":\"12\",\"email\":\"ann@acme.example\",\"phone\":null,\"communities\":" PLACES
                        ",\"active\":false}");
}

static void who_is_in_no_community_any_more_is_removed_and_nobody_new_is_invited_to_none(void **state)
{
    (void)state;
    assert_non_null(strstr(written(NULL, MUSTER_UPDATE, "12", ann, homeless), "\"active\":false}"));
    assert_non_null(strstr(written(NULL, MUSTER_CREATE, NULL, NULL, homeless), "communities is empty"));
    assert_non_null(strstr(written(NULL, MUSTER_REACTIVATE, "12", ann, homeless), "communities is empty"));
}

static void fields_have_the_platform_s_names_or_are_not_sent(void **state)
{
    (void)state;
    assert_string_equal(
        written("{\"externalId\":\"ref\",\"phone\":\"\",\"active\":\"enabled\"}", MUSTER_CREATE, NULL, NULL, ann),
        "{\"ref\":\"12\",\"email\":\"ann@acme.example\",\"communities\":" PLACES ",\"enabled\":true}");
    assert_null(strstr(written("{\"active\":\"\"}", MUSTER_CREATE, NULL, NULL, ann), "active"));
}

static void nobody_is_invited_at_a_placeholder(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        bool fits;
    } cases[] = {
        {"ann@acme.example", true},
        {"ANN@ACME.*", true},
        {"*@acme.example", true},
        {"a*n@*e", true},
        {"*", true},
        {"*@acme", false},
        {"nn@acme.example", false},
        {"ann", false},
        {"", false},
        {"ann@acme.example?", false},
        {"**e", true},
        {"a*b@*", false},
    };
    for (size_t n = 0; n < sizeof(cases) / sizeof(*cases); n++) {
        const char *const list[] = {"*@geenmail.example", cases[n].pattern, NULL};
        never = list;
        bool refused = strstr(written(NULL, MUSTER_CREATE, NULL, NULL, ann), "is a placeholder") != NULL;
        if (refused != cases[n].fits)
            fail_msg("'%s'", cases[n].pattern);
        assert_non_null(strstr(written(NULL, MUSTER_DEACTIVATE, "12", ann, nothing), "\"active\":false"));
        never = NULL;
    }
}

static void a_refusal_says_whose_turn_it_is(void **state)
{
    (void)state;
    static const struct {
        const char *code;
        muster_rc rc;
        const char *turn;
    } cases[] = {
        {"NOT_EDITABLE", MUSTER_CONFLICT, "by hand; then muster retry"},
        {"E17", MUSTER_CONFLICT, "says E17 (a reason): the platform has an account"},
        {"EMAIL_INVALID", MUSTER_DATA, "HR has to correct"},
        {"INTERNAL", MUSTER_RETRY, "by itself"},
        {"E18", MUSTER_DATA, "not known here"},
        {NULL, MUSTER_DATA, "says nothing (a reason)"},
    };
    static const char codes[] = "{\"E17\":\"NOT_EDITABLE\"}";
    const char *why;
    struct usersync usersync = {.host = &host, .codes = muster_document_read(codes, sizeof(codes) - 1, &why)};
    for (size_t n = 0; n < sizeof(cases) / sizeof(*cases); n++) {
        char said[WHY];
        assert_int_equal(code_meaning(&usersync, cases[n].code, "a reason", said), cases[n].rc);
        assert_non_null(strstr(said, cases[n].turn));
    }
    muster_document_free(usersync.codes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_new_is_told_whole),
        cmocka_unit_test(an_account_keeps_the_id_that_it_was_made_with),
        cmocka_unit_test(who_leaves_is_told_with_what_was_known_last),
        cmocka_unit_test(who_is_in_no_community_any_more_is_removed_and_nobody_new_is_invited_to_none),
        cmocka_unit_test(fields_have_the_platform_s_names_or_are_not_sent),
        cmocka_unit_test(nobody_is_invited_at_a_placeholder),
        cmocka_unit_test(a_refusal_says_whose_turn_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
