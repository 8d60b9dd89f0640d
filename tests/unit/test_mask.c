/* mask, alias: nobody stands in what comes out, and what makes a run odd still does. */
#include "unit.h"

#include "bundle/archive.h"
#include "bundle/mask.h"

#include <string.h>

#define NOW INT64_C(1772433000000) /* 2026-03-02 */

struct scene {
    struct arena *arena;
    struct mask mask;
    struct buffer out;
};

static int begin(void **state)
{
    struct scene *scene = test_calloc(1, sizeof(*scene));
    scene->arena = arena_new();
    assert_int_equal(mask_init(&scene->mask, NOW, scene->arena), 0);
    *state = scene;
    return 0;
}

static int end(void **state)
{
    struct scene *scene = *state;
    assert_null(scene->mask.kept);
    assert_int_equal(scene->mask.rc, 0);
    mask_done(&scene->mask);
    arena_free(scene->arena);
    buffer_done(&scene->out);
    test_free(scene);
    return 0;
}

static void learn(struct scene *scene, struct numbers *set, const char *text)
{
    mask_learn(&scene->mask, set, text, strlen(text));
}

/* What becomes of a text; lives in the arena. */
static const char *masked(struct scene *scene, const char *text, enum mask_how how)
{
    buffer_clear(&scene->out);
    mask_text(&scene->mask, text, strlen(text), how, &scene->out);
    assert_int_equal(scene->out.rc, 0);
    return arena_copy(scene->arena, scene->out.len ? scene->out.data : "", scene->out.len);
}

static const char *said(struct scene *scene, const char *text)
{
    return masked(scene, text, MASK_SAID);
}

static const char *body(struct scene *scene, const char *text, enum mask_how how)
{
    buffer_clear(&scene->out);
    assert_int_equal(mask_body(&scene->mask, text, strlen(text), how, &scene->out), 0);
    return arena_copy(scene->arena, scene->out.data, scene->out.len);
}

static void a_word_becomes_the_same_other_word_in_its_case_and_script(void **state)
{
    struct scene *scene = *state;
    static const char *const words[] = {"Anna", "Søren", "Łukasz", "Иван", "Ökçe", "李小", "Nguyễn", "Bo"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const char *other = said(scene, words[i]);
        assert_string_not_equal(other, words[i]);
        assert_int_equal(strlen(other), strlen(words[i]));
        assert_string_equal(said(scene, words[i]), other);
    }
    const char *small = said(scene, "anna"), *large = said(scene, "ANNA"), *title = said(scene, "Anna");
    assert_int_equal(strcasecmp(small, large), 0);
    assert_int_equal(strcasecmp(small, title), 0);
    assert_true(title[0] >= 'A' && title[0] <= 'Z' && title[1] >= 'a' && large[1] <= 'Z' && small[0] >= 'a');
    assert_string_equal(said(scene, " \t"), " \t");
    assert_string_equal(said(scene, ""), "");
    const char *mail = said(scene, "anna.BO@x.y");
    assert_int_equal(strncmp(mail, small, 4), 0);
}

static void words_of_the_file_stay_but_not_of_somebody(void **state)
{
    struct scene *scene = *state;
    learn(scene, &scene->mask.names, "Number Store");
    learn(scene, &scene->mask.open, "Active Bakery 9000");
    learn(scene, &scene->mask.personal, "Bakery Store 4711");
    assert_string_equal(said(scene, "Active"), "Active");
    assert_string_equal(said(scene, "9000"), "9000");
    assert_string_equal(said(scene, "Store"), "Store");
    assert_string_not_equal(said(scene, "Bakery"), "Bakery");
    assert_string_equal(masked(scene, "Whoever 12345", MASK_GIVEN), "Whoever 12345");
    assert_string_not_equal(masked(scene, "4711", MASK_GIVEN), "4711");
    assert_string_equal(masked(scene, "page/people", MASK_ASKED), "page/people");
    const char *people = said(scene, "people");
    assert_string_equal(masked(scene, "people", MASK_ASKED), people);
}

static void numbers_keep_their_zeros_order_and_endings(void **state)
{
    struct scene *scene = *state;
    static const char all[] = "0100200 10057 10090 20001 20002 99999";
    learn(scene, &scene->mask.personal, "0010");
    assert_int_equal(alias_expect(scene->mask.alias, all, strlen(all)), 0);
    assert_int_equal(alias_settle(scene->mask.alias), 0);
    const char *one = said(scene, "10057"), *two = said(scene, "10090"), *three = said(scene, "20001");
    assert_true(strcmp(one, two) < 0 && strcmp(two, three) < 0 && strlen(one) == 5);
    assert_null(strstr(all, one));
    assert_string_equal(said(scene, "123"), "123");
    const char *zeros = said(scene, "0010"), *bare = said(scene, "10");
    assert_int_equal(strncmp(zeros, "00", 2), 0);
    assert_string_equal(zeros + 2, bare);
    assert_string_not_equal(bare, "10");
    const char *home = said(scene, "0612345678"), *abroad = said(scene, "+31 6 1234 5678");
    assert_int_equal(strncmp(abroad, "+31 ", 4), 0);
    assert_int_equal(strncmp(home + 6, abroad + 11, 4), 0);
    assert_string_equal(said(scene, "0612345678"), home);
}

static void old_days_move_alike_and_what_is_none_stays_none(void **state)
{
    struct scene *scene = *state;
    static const char *const none[] = {"31.02.1990", "1990-13-01", "00.00.0000", "1990-02-30"};
    const char *one = said(scene, "1990-05-12"), *other = said(scene, "12.05.1990");
    assert_string_not_equal(one, "1990-05-12");
    assert_int_equal(strncmp(one, other + 6, 4), 0);
    assert_int_equal(strncmp(one + 8, other, 2), 0);
    assert_string_equal(said(scene, "2026-04-01"), "2026-04-01");
    assert_string_equal(said(scene, "2026-02-28T07:30:00Z"), "2026-02-28T07:30:00Z");
    assert_string_not_equal(said(scene, "12.05.68"), "12.05.68");
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        const char *came = said(scene, none[i]);
        assert_int_equal(strlen(came), strlen(none[i]));
        for (size_t n = 0; came[n]; n++)
            assert_int_equal(came[n] == '-' || came[n] == '.', none[i][n] == '-' || none[i][n] == '.');
    }
    assert_int_equal(strncmp(said(scene, "31.02.1990"), "31.02.", 6), 0);
}

static void json_keeps_all_but_its_values(void **state)
{
    struct scene *scene = *state;
    const char *came =
        body(scene, "{ \"name\" : \"S\\u00f8ren\\n\",\"n\":null, \"ok\":true,\"id\":12345678901, \"a\":[\"x\"]}\n",
             MASK_SAID);
    assert_int_equal(strncmp(came, "{ \"name\" : \"", 12), 0);
    assert_non_null(strstr(came, "\\n\",\"n\":null, \"ok\":true,\"id\":"));
    assert_non_null(strstr(came, "\\u00"));
    assert_non_null(strstr(came, "\"a\":[\"x\"]}\n"));
    assert_null(strstr(came, "ren\\n"));
    assert_null(strstr(came, "12345678901"));
    came = body(scene, "{\"Josefine Vos\":{\"given_name\":1},\"104711\":2}", MASK_SAID);
    assert_null(strstr(came, "Vos"));
    assert_null(strstr(came, "104711"));
    assert_non_null(strstr(came, "\"given_name\":1"));
    const char *link =
        body(scene, "{\"next\":\"https://host.example:8443/people?limit=1000&after=Josefine%20V&x=1\"}", MASK_SAID);
    assert_int_equal(strncmp(link, "{\"next\":\"https://host.example:8443/", 35), 0);
    assert_non_null(strstr(link, "limit=1000&after="));
    assert_non_null(strstr(link, "%20V&x=1"));
    assert_null(strstr(link, "Josefine"));
    buffer_clear(&scene->out);
    mask_address(&scene->mask, "https://host.example:8443/people?limit=1000&after=Josefine+V&x=1", 63, MASK_ASKED,
                 &scene->out);
    assert_null(strstr(scene->out.data, "Josefine"));
}

static void xml_keeps_all_but_its_values(void **state)
{
    struct scene *scene = *state;
    const char *came = body(scene,
                            "<?xml version=\"1.0\"?><!-- by Anna --><a:List xmlns:a=\"urn:people\"><Person id='Henrik'>"
                            "O&apos;Brien &amp; Sons</Person><![CDATA[Anna]]><e/></a:List>",
                            MASK_SAID);
    assert_int_equal(strncmp(came, "<?xml version=\"1.0\"?><a:List xmlns:a=\"urn:people\"><Person id='", 62), 0);
    assert_non_null(strstr(came, "&apos;"));
    assert_non_null(strstr(came, " &amp; "));
    assert_non_null(strstr(came, "]]><e/></a:List>"));
    static const char *const gone[] = {"Anna", "Henrik", "Brien", "Sons"};
    for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
        assert_null(strstr(came, gone[i]));
}

static void what_has_no_words_is_not_given_out(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(mask_body(&scene->mask, "A\0n\0n\0a\0", 8, MASK_SAID, &scene->out), ERR_UNSUPPORTED);
    assert_int_equal(mask_body(&scene->mask, "PK\3\4rubbish", 11, MASK_SAID, &scene->out), ERR_UNSUPPORTED);
}

static void somebody_is_found_wherever_he_stands(void **state)
{
    struct scene *scene = *state;
    const char *at;
    size_t len;
    learn(scene, &scene->mask.personal, "Kjærgård Bo");
    assert_true(mask_finds(&scene->mask, "x.KJÆRGÅRD@y", 14, &at, &len));
    assert_int_equal(len, strlen("KJÆRGÅRD"));
    assert_false(mask_finds(&scene->mask, "Kjærgårdsen Bo", 16, &at, &len));
}

static void an_archive_comes_back_as_it_was(void **state)
{
    struct scene *scene = *state;
    TIDY(archive_free) struct archive *archive = archive_new(), *again TIDY(archive_free) = NULL;
    TIDY(free) char *bytes = NULL;
    size_t len;
    assert_int_equal(archive_add(archive, "a/b.txt", "hello", 5), 0);
    assert_int_equal(archive_add(archive, "empty", NULL, 0), 0);
    assert_int_equal(archive_pack(archive, &bytes, &len), 0);
    assert_true(archive_is(bytes, len));
    assert_int_equal(archive_read(bytes, len, "it", &again, NULL), 0);
    assert_int_equal(archive_find(again, "a/b.txt")->len, 5);
    assert_int_equal(archive_find(again, "empty")->len, 0);
    assert_null(archive_find(again, "b.txt"));
    assert_null(archive_nth(again, 2));
    for (size_t cut = 0; cut < len; cut++) {
        struct archive *none = NULL;
        assert_int_equal(archive_read(bytes, cut, "it", &none, NULL), ERR_DATA);
    }
    (void)scene;
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_word_becomes_the_same_other_word_in_its_case_and_script),
        CLAIM(words_of_the_file_stay_but_not_of_somebody),
        CLAIM(numbers_keep_their_zeros_order_and_endings),
        CLAIM(old_days_move_alike_and_what_is_none_stays_none),
        CLAIM(json_keeps_all_but_its_values),
        CLAIM(xml_keeps_all_but_its_values),
        CLAIM(what_has_no_words_is_not_given_out),
        CLAIM(somebody_is_found_wherever_he_stands),
        CLAIM(an_archive_comes_back_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
