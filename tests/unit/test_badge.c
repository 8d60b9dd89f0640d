/* test_badge - who may use the API, and what is kept of what they did. */
#include "unit.h"

#include "api/badge.h"
#include "api/record.h"
#include "scratch.h"

#include <fcntl.h>

static struct scratch scratch;

static int make(void **state)
{
    (void)state;
    scratch_make(&scratch);
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    scratch_remove(&scratch);
    return 0;
}

static void create(struct badge *badge, char text[BADGE_TEXT])
{
    struct err err = {0};
    assert_int_equal(badge_create(scratch.dir, badge, text, &err), 0);
}

static struct badges *read_all(void)
{
    struct badges *badges = NULL;
    const char *bad;
    assert_int_equal(badges_read(scratch.dir, &badges, &bad), 0);
    return badges;
}

static void it_is_known_by_what_was_told_once(void **state)
{
    (void)state;
    struct badge first = {.name = "first", .role = ROLE_OPERATOR, .created_ms = 1, .author = "ann"};
    struct badge second = {.name = "second", .role = ROLE_VIEWER, .created_ms = 2};
    char one[BADGE_TEXT], two[BADGE_TEXT];
    create(&first, one);
    create(&second, two);
    assert_string_not_equal(one, two);
    TIDY(badges_free) struct badges *badges = read_all();
    assert_int_equal(badges->count, 2);
    struct badge *found = badges_find(badges, one, 1000);
    assert_non_null(found);
    assert_string_equal(found->name, "first");
    assert_int_equal(found->role, ROLE_OPERATOR);
    assert_string_equal(found->author, "ann");
    assert_string_equal(badges_find(badges, two, 1000)->name, "second");
    one[strlen(one) - 1] ^= 1;
    assert_null(badges_find(badges, one, 1000));
    assert_null(badges_find(badges, "", 1000));
}

static void it_counts_until_its_end_or_until_it_is_revoked(void **state)
{
    (void)state;
    struct err err = {0};
    struct badge badge = {.name = "desk", .role = ROLE_VIEWER, .created_ms = 1, .expires_ms = 5000};
    char text[BADGE_TEXT];
    create(&badge, text);
    TIDY(badges_free) struct badges *before = read_all();
    assert_non_null(badges_find(before, text, 4999));
    assert_null(badges_find(before, text, 5000));
    assert_int_equal(badge_revoke(scratch.dir, "desk", 3000, &err), 0);
    assert_true(badges_changed(before, scratch.dir));
    TIDY(badges_free) struct badges *after = read_all();
    assert_null(badges_find(after, text, 4000));
    assert_int_equal(after->items[0].revoked_ms, 3000);
    assert_int_equal(badge_revoke(scratch.dir, "nobody", 1, &err), ERR_UNKNOWN);
}

static void a_name_is_given_once_and_is_no_path(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "../x", "a/b", ".hidden", "a b", "x.new"};
    struct badge badge = {.name = "desk", .role = ROLE_VIEWER};
    char text[BADGE_TEXT];
    create(&badge, text);
    struct err again = {0};
    assert_int_equal(badge_create(scratch.dir, &badge, text, &again), ERR_CONFIG);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct err err = {0};
        badge.name = wrong[i];
        assert_int_equal(badge_create(scratch.dir, &badge, text, &err), ERR_CONFIG);
    }
}

static void it_sees_whole_names_only(void **state)
{
    (void)state;
    const struct badge some = {.organizations = "acme,blik"}, all = {0};
    assert_true(badge_sees(&some, "acme") && badge_sees(&some, "blik"));
    assert_false(badge_sees(&some, "acm") || badge_sees(&some, "acme2") || badge_sees(&some, "") ||
                 badge_sees(&some, "acme,blik"));
    assert_true(badge_sees(&all, "anything"));
}

static void a_file_that_is_none_makes_nobody_elses_bad(void **state)
{
    (void)state;
    struct badge badge = {.name = "good", .role = ROLE_VIEWER};
    char text[BADGE_TEXT];
    struct badges *badges = NULL;
    const char *bad = NULL;
    create(&badge, text);
    FILE *file = fopen(scratch_path(&scratch, "musterd/tokens/broken"), "w");
    assert_non_null(file);
    fputs("{\"role\":\"administrator\"}", file);
    fclose(file);
    assert_int_equal(badges_read(scratch.dir, &badges, &bad), 0);
    assert_int_equal(badges->count, 1);
    assert_string_equal(bad, "broken");
    assert_non_null(badges_find(badges, text, 1));
    badges_free(badges);
}

/* Each is a token's file but for one thing. */
static void a_file_that_says_something_else_opens_nothing(void **state)
{
    (void)state;
    static const char *const odd[] = {
        "\"role\":\"viewer\",\"sha256\":\"AAAA\"", /* Base64 that is well, but too short for a digest */
        "\"role\":\"viewer\",\"sha256\":1",
        "\"role\":\"owner\"",
        "\"role\":\"viewer\",\"organizations\":[\"acme\"]",
        "\"role\":\"viewer\",\"expires\":\"2020-01-01\"",
        "\"role\":\"viewer\",\"revoked\":true"};
    static const char whole[] = "\"role\":\"viewer\",\"organizations\":\"acme\",\"expires\":5,\"revoked\":0";
    struct badge badge = {.name = "desk", .role = ROLE_VIEWER};
    char text[BADGE_TEXT];
    create(&badge, text);
    for (size_t i = 0; i <= sizeof(odd) / sizeof(odd[0]); i++) {
        bool well = i == sizeof(odd) / sizeof(odd[0]);
        struct badges *badges = NULL;
        const char *bad = NULL;
        FILE *file = fopen(scratch_path(&scratch, "musterd/tokens/desk"), "w");
        assert_non_null(file);
        fprintf(file, "{\"sha256\":\"%s\",%s}", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", well ? whole : odd[i]);
        fclose(file);
        assert_int_equal(badges_read(scratch.dir, &badges, &bad), 0);
        if (badges->count != well || (bad == NULL) != well)
            fail_msg("%s is %s", well ? whole : odd[i], well ? "bad" : "taken");
        if (well)
            assert_true(badges->items[0].expires_ms == 5 && !badge_sees(&badges->items[0], "bolt"));
        badges_free(badges);
    }
}

/* Revoking writes it anew: what it may see stays as it was given. */
static void what_it_may_see_is_kept_with_it(void **state)
{
    (void)state;
    struct err err = {0};
    struct badge badge = {.name = "desk", .role = ROLE_OPERATOR, .organizations = "acme,blik", .protected = true};
    char text[BADGE_TEXT];
    create(&badge, text);
    for (int turn = 0; turn < 2; turn++) {
        TIDY(badges_free) struct badges *badges = read_all();
        assert_string_equal(badges->items[0].organizations, "acme,blik");
        assert_true(badges->items[0].protected && badges->items[0].role == ROLE_OPERATOR);
        assert_int_equal(badge_revoke(scratch.dir, "desk", 3000, &err), 0);
    }
}

static void folder_as_of(time_t seconds)
{
    const struct timespec times[2] = {{seconds, 0}, {seconds, 0}};
    assert_int_equal(utimensat(AT_FDCWD, scratch_path(&scratch, "musterd/tokens"), times, 0), 0);
}

static void files_are_read_anew_when_their_folder_has_changed(void **state)
{
    (void)state;
    TIDY(badges_free) struct badges *none = read_all();
    assert_int_equal(none->count, 0);
    assert_false(badges_changed(none, scratch.dir));
    struct badge badge = {.name = "desk", .role = ROLE_VIEWER};
    char text[BADGE_TEXT];
    create(&badge, text);
    assert_true(badges_changed(none, scratch.dir));
    TIDY(badges_free) struct badges *at_once = read_all();
    assert_true(badges_changed(at_once, scratch.dir)); /* another file may come in the same instant */
    folder_as_of(1000000000);
    TIDY(badges_free) struct badges *later = read_all();
    assert_false(badges_changed(later, scratch.dir));
    folder_as_of(1000000001);
    assert_true(badges_changed(later, scratch.dir));
}

static void when_it_was_used_outlives_musterd(void **state)
{
    (void)state;
    struct badge badge = {.name = "desk", .role = ROLE_VIEWER};
    char text[BADGE_TEXT];
    create(&badge, text);
    TIDY(badges_free) struct badges *badges = read_all();
    atomic_store(&badges->items[0].used_ms, 12345);
    assert_int_equal(badges_keep_used(badges, scratch.dir), 0);
    TIDY(badges_free) struct badges *again = read_all();
    assert_int_equal(atomic_load(&again->items[0].used_ms), 12345);
}

/* --- records --- */

static const uint8_t master[VAULT_MASTER] = {1, 2, 3}, other_master[VAULT_MASTER] = {3, 2, 1};

static struct record record_about(const uint8_t *key, const char *badge)
{
    struct record record = {.state = scratch.dir, .master = key, .badge = badge, .id = "0123456789abcdef"};
    return record;
}

static int read_record(const uint8_t *key, const char *badge, struct buffer *body)
{
    TIDY_DONE(buffer_done) struct buffer organization = {0};
    struct record record = record_about(key, badge);
    int rc = record_read(&record, &organization);
    if (rc == 0) {
        assert_string_equal(organization.data, "acme");
        assert_int_equal(record.status, 200);
        assert_int_equal(record.request[0], 7);
        buffer_add(body, record.body.data, record.body.len);
    }
    buffer_done(&record.body);
    return rc;
}

static void what_came_of_an_act_is_for_who_began_it(void **state)
{
    (void)state;
    struct badge badge = {.name = "desk", .role = ROLE_VIEWER};
    char text[BADGE_TEXT];
    TIDY_DONE(buffer_done) struct buffer body = {0};
    create(&badge, text); /* makes the folder */
    struct record record = record_about(master, "desk");
    record.organization = "acme";
    record.request[0] = 7;
    record.status = 200;
    buffer_text(&record.body, "{\"name\":\"Ann\"}");
    assert_int_equal(record_keep(&record), 0);
    buffer_done(&record.body);
    assert_int_equal(read_record(master, "desk", &body), 0);
    assert_string_equal(body.data, "{\"name\":\"Ann\"}");
    assert_int_equal(read_record(master, "des", &body), ERR_GONE);
    assert_int_equal(read_record(master, "desk2", &body), ERR_GONE);
    assert_int_equal(read_record(other_master, "desk", &body), ERR_CORRUPT);
    struct stat status;
    assert_int_equal(stat(scratch_path(&scratch, "musterd/acts/0123456789abcdef"), &status), 0);
    int64_t then = (int64_t)status.st_mtim.tv_sec * 1000;
    record_tidy(scratch.dir, then + 23 * 3600 * 1000);
    assert_int_equal(read_record(master, "desk", &body), 0);
    record_tidy(scratch.dir, then + 25 * 3600 * 1000);
    assert_int_equal(read_record(master, "desk", &body), ERR_GONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_known_by_what_was_told_once, make, unmake),
        cmocka_unit_test_setup_teardown(it_counts_until_its_end_or_until_it_is_revoked, make, unmake),
        cmocka_unit_test_setup_teardown(a_name_is_given_once_and_is_no_path, make, unmake),
        cmocka_unit_test_setup_teardown(it_sees_whole_names_only, make, unmake),
        cmocka_unit_test_setup_teardown(a_file_that_is_none_makes_nobody_elses_bad, make, unmake),
        cmocka_unit_test_setup_teardown(a_file_that_says_something_else_opens_nothing, make, unmake),
        cmocka_unit_test_setup_teardown(what_it_may_see_is_kept_with_it, make, unmake),
        cmocka_unit_test_setup_teardown(files_are_read_anew_when_their_folder_has_changed, make, unmake),
        cmocka_unit_test_setup_teardown(when_it_was_used_outlives_musterd, make, unmake),
        cmocka_unit_test_setup_teardown(what_came_of_an_act_is_for_who_began_it, make, unmake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
