/* test_xlsx_scan - the fast tokenizer of sheets, held against libxml2's. */
#include "unit.h"

#include "workbook.h"

#include "xlsx_parts.h"

/* Both tokenizers, at every size of chunk, must give the same rows. */
static char *tokens_text(const char *sheet_xml, const struct muster_tokens *tokens, size_t chunk, bool *ret_odd)
{
    int fd = workbook_fd(sheet_xml, NULL, NULL);
    struct muster_rows rows = {0};
    struct muster_strings strings = {0};
    struct muster_styles styles = {0};
    struct muster_package *package = NULL;
    struct muster_member *member = NULL;
    struct muster_tokenizer *tokenizer = NULL;
    muster_table_error error = {0};
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    muster_rows_clear(&rows);
    uint64_t size = (uint64_t)lseek(fd, 0, SEEK_END);
    assert_int_equal(muster_package_open(fd, size, "book.xlsx", &package, &error), 0);
    muster_package_chunk(package, chunk);
    assert_int_equal(
        muster_strings_read(package, "xl/sharedStrings.xml", tokens == &muster_sheet_tokens, &strings, &error), 0);
    assert_int_equal(muster_styles_read(package, "xl/styles.xml", &styles, &error), 0);
    assert_int_equal(muster_member_open(package, "xl/worksheets/sheet1.xml", 1 << 30, &member, &error), 0);
    struct muster_sheet sheet = {.strings = &strings, .styles = &styles, .rows = &rows, .column = -1};
    muster_rc rc = tokens->begin(&sheet, member, "book.xlsx", "sheet1.xml", &tokenizer, &error);
    const muster_row *row = NULL;
    while (rc == MUSTER_OK &&
           ((row = muster_rows_next(&rows)) || (rc = tokens->more(tokenizer, &error)) == MUSTER_OK)) {
        if (!row && !(row = muster_rows_next(&rows)))
            break;
        row_text(out, row);
    }
    *ret_odd = rc == MUSTER_UNSUPPORTED;
    if (rc != MUSTER_OK || sheet.damaged)
        fprintf(out, "error %d %s\n", rc, sheet.damaged ? sheet.damaged : "");
    if (tokenizer)
        tokens->done(tokenizer);
    muster_member_close(member);
    muster_package_close(package);
    muster_strings_done(&strings);
    muster_styles_done(&styles);
    muster_rows_done(&rows);
    fclose(out);
    close(fd);
    return text;
}

static const char mixed[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\r\n<worksheet xmlns=\"" MAIN_NS
    "\" xmlns:r=\"" OFFICE_NS
    "\"><dimension ref=\"A1:D9\"/><sheetData><row r=\"1\" spans=\"1:4\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" "
    "t=\"inlineStr\"><is><t xml:space=\"preserve\"> Zo\xc3\xab &amp; \xf0\x9f\x98\x80 &#x41;]] </t></is></c></row>\n"
    "<row r=\"4\"><c r=\"A4\" s=\"1\"><v>45000</v></c><c r=\"B4\" s=\"2\"/><c "
    "r=\"C4\"><f>SUM(A1:B2)&gt;1</f><v>1.50</v></c>"
    "<c r=\"D4\" t=\"b\"><v>1</v></c></row><row r=\"5\"/><row r=\"9\"><c r=\"A9\" t=\"str\"><f t=\"shared\" "
    "si=\"0\"/><v></v></c>"
    "<c r=\"C9\"><f>1</f></c><c r=\"D9\" t=\"s\"><v>1</v></c></row></sheetData><pageMargins left=\"0.7\"/></worksheet>";

static void both_tokenizers_agree_at_every_size_of_chunk(void **state)
{
    (void)state;
    bool odd;
    char *whole = tokens_text(mixed, &muster_sheet_tokens, 0, &odd);
    assert_non_null(strstr(whole, "1 A=zero B= Zoë & 😀 A]] \n4 A=@2023-03-15 C=#1.5 D=?true\n5\n9 A= C=!a formula"));
    for (size_t chunk = 1; chunk <= sizeof(mixed); chunk += chunk < 200 ? 1 : 37) {
        char *slow = tokens_text(mixed, &muster_sheet_tokens, chunk, &odd);
        assert_string_equal(slow, whole);
        char *fast = tokens_text(mixed, &muster_scan_tokens, chunk, &odd);
        assert_false(odd);
        assert_string_equal(fast, whole);
        free(slow);
        free(fast);
    }
    free(whole);
}

/* What the fast one takes, libxml2 takes with the same meaning, however the XML is spoiled. */
static void the_fast_tokenizer_never_takes_what_libxml2_does_not(void **state)
{
    (void)state;
    const size_t first = (size_t)(strstr(mixed, "<row") - mixed),
                 last = (size_t)(strstr(mixed, "</sheetData>") - mixed);
    static const char bytes[] = "<>&\"'/ \t\r;]x0=\x01\x7f\xc3\xff!?:";
    char spoiled[sizeof(mixed)];
    size_t taken = 0, left = 0;
    for (size_t at = first; at < last; at++)
        for (size_t n = at % 4; n < sizeof(bytes) - 1; n += 4) {
            memcpy(spoiled, mixed, sizeof(mixed));
            spoiled[at] = bytes[n];
            bool odd, ignored;
            char *fast = tokens_text(spoiled, &muster_scan_tokens, 0, &odd);
            if (!odd) {
                char *slow = tokens_text(spoiled, &muster_sheet_tokens, 0, &ignored);
                if (strcmp(fast, slow) != 0)
                    fail_msg("%s\ngives\n%s\nwhere libxml2 gives\n%s", spoiled, fast, slow);
                free(slow);
            }
            taken += !odd;
            left += odd;
            free(fast);
        }
    assert_true(taken > 100 && left > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_tokenizers_agree_at_every_size_of_chunk),
        cmocka_unit_test(the_fast_tokenizer_never_takes_what_libxml2_does_not),
    };
    return cmocka_run_group_tests_name("xlsx_scan", tests, NULL, NULL);
}
