/* test_text - checking, trimming, normalizing, comparing and measuring UTF-8. */
#include "unit.h"

#include "base/text.h"

#include <utf8proc.h>

typedef void writes_fn(const char *text, size_t len, struct buffer *out);

static void assert_writes(writes_fn *function, const char *text, size_t len, const char *wanted)
{
    struct buffer out = {0};
    buffer_text(&out, "");
    function(text, len, &out);
    assert_int_equal(out.rc, 0);
    assert_string_equal(out.data, wanted);
    assert_int_equal(out.len, strlen(wanted));
    buffer_done(&out);
}

static void only_well_formed_utf8_is_valid(void **state)
{
    (void)state;
    static const char *const good[] = {"", "plain", "Zoë", "华信电子", "😀", "\xf4\x8f\xbf\xbf", "01234567890123é"};
    static const char *const bad[] = {
        "\x80", "\xc3",    "\xc0\xaf",     "\xe0\x80\xaf",  "\xed\xa0\x80",        "\xf4\x90\x80\x80",
        "\xff", "abc\xe9", "\xf0\x9f\x98", "01234567\xc3(", "\xf8\x88\x80\x80\x80"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(text_valid(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(text_valid(bad[i], strlen(bad[i])));
    assert_true(text_valid("a\0b", 3));
}

static void what_is_no_utf8_is_mended_byte_by_byte(void **state)
{
    (void)state;
    assert_writes(text_mend, "", 0, "");
    assert_writes(text_mend, "Zoë 😀", strlen("Zoë 😀"), "Zoë 😀");
    assert_writes(text_mend, "caf\xe9.", 5, "caf\xef\xbf\xbd.");
    assert_writes(text_mend, "\xf0\x9f\x98", 3, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

static void trimming_takes_every_invisible_end_and_nothing_else(void **state)
{
    (void)state;
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"", ""},
        {"  x ", "x"},
        {"\t\r\n x y \v\f", "x y"},
        {"\xc2\xa0Jansen\xc2\xa0", "Jansen"},
        {"\xef\xbb\xbfName", "Name"},
        {"\xe3\x80\x80王\xe3\x80\x80", "王"},
        {"\xe2\x80\x8b", ""},
        {" \xe2\x80\xaf\xe2\x81\xa0 ", ""},
        {"é", "é"},
        {"\x80 ", "\x80"},
        {"a\x80\x80\x80\x80\x80 ", "a\x80\x80\x80\x80\x80"},
        {"\xa0", "\xa0"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *text = cases[i].text;
        size_t len = strlen(text);
        text_trim(&text, &len);
        assert_int_equal(len, strlen(cases[i].wanted));
        assert_memory_equal(text, cases[i].wanted, len);
    }
}

static void normalizing_folds_case_width_and_white_space(void **state)
{
    (void)state;
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"", ""},
        {"plain", "plain"},
        {"  A.B@Example.ORG ", "a.b@example.org"},
        {"Employee\n\t Number", "employee number"},
        {"STRASSE", "strasse"},
        {"@AZ[`az{@AZ[`az{", "@az[`az{@az[`az{"},
        {"ABCDEFGH  IJKLMNOPQ RSTUVWXYZ ", "abcdefgh ijklmnopq rstuvwxyz"},
        {"Straße", "strasse"},
        {"\xc2\xa0Van\xc2\xa0\xc2\xa0"
         "Dijk",
         "van dijk"},
        {"ＡＢＣ１２３", "abc123"},
        {"e\xcc\x81"
         "té",
         "été"},
        {"E\xcc\x81", "é"},
        {"ﬁ", "fi"},
        {"Ⅳ", "iv"},
        {"soft\xc2\xad"
         "hyphen",
         "softhyphen"},
        {"王 小明", "王 小明"},
        {"王\xe3\x80\x80小明", "王 小明"},
        {"\xff  A", "\xff a"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_writes(text_normalize, cases[i].text, strlen(cases[i].text), cases[i].wanted);
}

static void normalizing_appends(void **state)
{
    (void)state;
    struct buffer out = {0};
    text_normalize("  One ", 6, &out);
    buffer_byte(&out, '|');
    text_normalize(" Één ", strlen(" Één "), &out);
    assert_string_equal(out.data, "one|één");
    buffer_done(&out);
}

static void long_text_is_normalized_as_short_text_is(void **state)
{
    (void)state;
    for (size_t times = 1; times < 400; times += 13) {
        struct buffer text = {0}, wanted = {0}, out = {0};
        for (size_t n = 0; n < times; n++) {
            buffer_text(&text, "\xef\xb7\xba"
                               "Ä "); /* U+FDFA becomes 18 code points */
            buffer_text(&wanted, "صلى الله عليه وسلمä ");
        }
        wanted.len--;
        text_normalize(text.data, text.len, &out);
        assert_int_equal(out.rc, 0);
        assert_int_equal(out.len, wanted.len);
        assert_memory_equal(out.data, wanted.data, wanted.len);
        buffer_done(&text);
        buffer_done(&wanted);
        buffer_done(&out);
    }
}

/* Stored keys are compared with normalized text, so a second pass must change nothing, whatever the character. */
static void normalizing_twice_changes_nothing(void **state)
{
    (void)state;
    struct buffer once = {0}, twice = {0};
    for (int32_t point = 1; point < 0x20000; point++) {
        utf8proc_uint8_t bytes[8] = {'a'};
        if (point >= 0xd800 && point <= 0xdfff)
            continue;
        size_t len = 1 + (size_t)utf8proc_encode_char(point, bytes + 1);
        bytes[len++] = 'b';
        buffer_clear(&once);
        buffer_clear(&twice);
        text_normalize((const char *)bytes, len, &once);
        text_normalize(once.data, once.len, &twice);
        if (once.len != twice.len || memcmp(once.data, twice.data, once.len) != 0)
            fail_msg("U+%04X", (unsigned)point);
    }
    buffer_done(&once);
    buffer_done(&twice);
}

static void digits_of_every_script_are_kept_as_ascii(void **state)
{
    (void)state;
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"+31 (0)6-12 34 56 78", "31061234"
                                 "5678"},
        {"٠١٢٣٤٥٦٧٨٩", "0123456789"},
        {"०१९", "019"},
        {"１２３", "123"},
        {"𝟗𝟎𝟙", "901"},
        {"²½", ""},
        {"abc", ""},
        {"1\xff"
         "2",
         "12"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_writes(text_digits, cases[i].text, strlen(cases[i].text), cases[i].wanted);
}

static void case_changes_in_every_alphabet_and_leaves_foreign_bytes(void **state)
{
    (void)state;
    assert_writes(text_lower, "ANNA@X.NL", 9, "anna@x.nl");
    assert_writes(text_lower, "@AZ[`az{@AZ[`az{", 16, "@az[`az{@az[`az{");
    assert_writes(text_lower, "ÅSE Ödegård ΑΒΓ ЖД", strlen("ÅSE Ödegård ΑΒΓ ЖД"), "åse ödegård αβγ жд");
    assert_writes(text_upper, "anna@x.nl", 9, "ANNA@X.NL");
    assert_writes(text_upper, "åse жд", strlen("åse жд"), "ÅSE ЖД");
    assert_writes(text_lower,
                  "A\xff"
                  "É",
                  4,
                  "a\xff"
                  "é");
}

static void sameness_is_that_of_normalized_text(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool same;
    } cases[] = {
        {"", "", true},
        {"", "  ", true},
        {"E-mail", " e-MAIL ", true},
        {"Employee  Number", "employee\nnumber", true},
        {"E-mail", "Email", false},
        {"Født", "FØDT", true},
        {"Født", "Fodt", false},
        {"在职", "在职 ", true},
        {"在职", "离职", false},
        {"\xff", "\xfe", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(text_same(cases[i].a, strlen(cases[i].a), cases[i].b, strlen(cases[i].b)), cases[i].same);
    char a[600], b[600];
    memset(a, 'x', sizeof(a));
    memset(b, 'X', sizeof(b));
    assert_true(text_same(a, sizeof(a), b, sizeof(b)));
    b[599] = 'y';
    assert_false(text_same(a, sizeof(a), b, sizeof(b)));
}

static void distance_counts_edits_and_swaps_up_to_its_limit(void **state)
{
    (void)state;
    assert_int_equal(text_distance("given_name", "given_name", 3), 0);
    assert_int_equal(text_distance("gvien_name", "given_name", 3), 1);
    assert_int_equal(text_distance("givenname", "given_name", 3), 1);
    assert_int_equal(text_distance("givenName", "given_name", 3), 2);
    assert_int_equal(text_distance("kitten", "sitting", 5), 3);
    assert_int_equal(text_distance("kitten", "sitting", 2), 3);
    assert_int_equal(text_distance("", "abc", 5), 3);
    assert_int_equal(text_distance("", "abcdefghij", 2), 3);
}

static void globs_know_stars_and_question_marks(void **state)
{
    (void)state;
    assert_true(text_glob("employees-*.xlsx", "employees-2026-07.xlsx", false));
    assert_false(text_glob("employees-*.xlsx", "employees-2026.xls", false));
    assert_true(text_glob("*@GEENMAIL.example", "a@geenmail.EXAMPLE", true));
    assert_false(text_glob("*@GEENMAIL.example", "a@geenmail.example", false));
    assert_true(text_glob("*a*b*c", "xxaabbbcac", false));
    assert_false(text_glob("*a*b*c", "xxaabbbcad", false));
    assert_true(text_glob("?", "é", false));
    assert_false(text_glob("?", "", false));
    assert_true(text_glob("**", "", false));
    assert_false(text_glob("", "a", false));
}

static void width_counts_terminal_columns(void **state)
{
    (void)state;
    assert_int_equal(text_width("Jansen", 6), 6);
    assert_int_equal(text_width("Zoë", strlen("Zoë")), 3);
    assert_int_equal(text_width("Zoe\xcc\x88", 5), 3);
    assert_int_equal(text_width("王小明", strlen("王小明")), 6);
    assert_int_equal(text_width("\xff", 1), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_well_formed_utf8_is_valid),
        cmocka_unit_test(what_is_no_utf8_is_mended_byte_by_byte),
        cmocka_unit_test(trimming_takes_every_invisible_end_and_nothing_else),
        cmocka_unit_test(normalizing_folds_case_width_and_white_space),
        cmocka_unit_test(normalizing_appends),
        cmocka_unit_test(long_text_is_normalized_as_short_text_is),
        cmocka_unit_test(normalizing_twice_changes_nothing),
        cmocka_unit_test(digits_of_every_script_are_kept_as_ascii),
        cmocka_unit_test(case_changes_in_every_alphabet_and_leaves_foreign_bytes),
        cmocka_unit_test(sameness_is_that_of_normalized_text),
        cmocka_unit_test(distance_counts_edits_and_swaps_up_to_its_limit),
        cmocka_unit_test(globs_know_stars_and_question_marks),
        cmocka_unit_test(width_counts_terminal_columns),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
