/* test_xlsx_styles - which formats show days, times and numbers. */
#include "unit.h"

#include "workbook.h"

#include "xlsx_parts.h"

static void formats_tell_dates_times_and_numbers_apart(void **state)
{
    (void)state;
    static const struct {
        const char *code;
        enum muster_shows shows;
    } cases[] = {{"General", SHOWS_NUMBER},
                 {"0.00", SHOWS_NUMBER},
                 {"dd-mm-yyyy", SHOWS_DATE},
                 {"mmm", SHOWS_DATE},
                 {"yyyy\\-mm\\-dd", SHOWS_DATE},
                 {"h:mm", SHOWS_TIME},
                 {"mm:ss.0", SHOWS_TIME},
                 {"h:mm AM/PM", SHOWS_TIME},
                 {"d/m/yy h:mm", SHOWS_DATE_TIME},
                 {"[h]:mm", SHOWS_NUMBER},
                 {"[mm]:ss", SHOWS_NUMBER},
                 {"[$-409]d-mmm-yy;@", SHOWS_DATE},
                 {"[Red]0.00", SHOWS_NUMBER},
                 {"0 \"days\"", SHOWS_NUMBER},
                 {"\"date: \"0", SHOWS_NUMBER},
                 {"0.00E+00", SHOWS_NUMBER},
                 {"#,##0_);[Red](#,##0)", SHOWS_NUMBER},
                 {"0\\d", SHOWS_NUMBER},
                 {"_d0", SHOWS_NUMBER},
                 {"*d0", SHOWS_NUMBER},
                 {"@", SHOWS_NUMBER},
                 {"[$-F800]dddd, mmmm dd, yyyy", SHOWS_DATE},
                 {"[<1]h:mm;d", SHOWS_EITHER},
                 {"[<1]h:mm;0.0", SHOWS_TIME},
                 {"[=0]\"-\";d-m-yyyy", SHOWS_DATE},
                 {"[=0]0;d-m-yyyy", SHOWS_DATE},
                 {"[=0]\"\";[>9]h:mm;0", SHOWS_TIME},
                 {"0;d-m-yyyy", SHOWS_NUMBER},
                 {";;;d", SHOWS_NUMBER},
                 {"[Red]General", SHOWS_NUMBER},
                 {"\"# \"General", SHOWS_NUMBER},
                 {"[$-407]General;[Red]-General", SHOWS_NUMBER},
                 {"0 g", SHOWS_NUMBER},
                 {"#,##0 bed", SHOWS_NUMBER},
                 {"ss.00", SHOWS_TIME},
                 {"h:mm:ss,000", SHOWS_TIME},
                 {"[$-407]dd.mm.yyyy", SHOWS_DATE},
                 {"[$-F400]h:mm:ss AM/PM", SHOWS_TIME},
                 {"[$-ja-JP-x-gannen]ggge\"年\"m\"月\"d\"日\";@", SHOWS_DATE},
                 {"[$-1070000]d/mm/yyyy;@", SHOWS_DATE},
                 {"[$-404]aaaa;@", SHOWS_DATE},
                 {"上午/下午h\"时\"mm\"分\"", SHOWS_TIME},
                 {"yyyy\"年\"m\"月\"d\"日\" h\"時\"", SHOWS_DATE_TIME},
                 {"bbbb", SHOWS_DATE},
                 {"d & mmm", SHOWS_DATE},
                 {"[$€-407] #,##0.00", SHOWS_NUMBER},
                 {"[hh]:mm:ss;@", SHOWS_NUMBER},
                 {"[s]", SHOWS_NUMBER},
                 {"", SHOWS_NUMBER},
                 {"\"unclosed d", SHOWS_NUMBER},
                 {"[unclosed", SHOWS_NUMBER},
                 {"\\", SHOWS_NUMBER}};
    for (size_t n = 0; n < sizeof(cases) / sizeof(*cases); n++)
        if (muster_format_shows(cases[n].code, strlen(cases[n].code)) != cases[n].shows)
            fail_msg("%s shows %d", cases[n].code, muster_format_shows(cases[n].code, strlen(cases[n].code)));
}

/* Formats without a code of their own, as programs of East Asia and Thailand write them. */
static void formats_of_other_countries_are_known_by_number(void **state)
{
    (void)state;
    char *styles = NULL, *sheet = NULL;
    size_t len;
    static const int ids[] = {14, 27, 31, 32, 34, 36, 50, 56, 58, 46, 49, 71, 75, 77, 79, 81, 82};
    FILE *out = open_memstream(&styles, &len);
    fprintf(out, "<styleSheet xmlns=\"" MAIN_NS
                 "\"><numFmts><numFmt numFmtId=\"164\" formatCode=\"d &amp; mmm\"/></numFmts><cellXfs>");
    for (size_t n = 0; n < sizeof(ids) / sizeof(*ids); n++)
        fprintf(out, "<xf numFmtId=\"%d\"/>", ids[n]);
    fprintf(out, "<xf numFmtId=\"164\"/></cellXfs></styleSheet>");
    fclose(out);
    out = open_memstream(&sheet, &len);
    fprintf(out, "<worksheet xmlns=\"" MAIN_NS "\"><sheetData>");
    for (int row = 1; row <= 2; row++) {
        fprintf(out, "<row>");
        for (size_t n = 0; n <= sizeof(ids) / sizeof(*ids); n++)
            fprintf(out, "<c s=\"%zu\"><v>%s</v></c>", n, row == 1 ? "45000" : "0.25");
        fprintf(out, "</row>");
    }
    fprintf(out, "</sheetData></worksheet>");
    fclose(out);
    const struct part parts[] = {{"_rels/.rels", root_relations},
                                 {"xl/workbook.xml", plain_book},
                                 {"xl/_rels/workbook.xml.rels", book_relations},
                                 {"xl/worksheets/sheet1.xml", sheet},
                                 {"xl/styles.xml", styles},
                                 {"xl/sharedStrings.xml", plain_strings},
                                 {NULL, NULL}};
    int fd = archive_fd(parts);
    char *text = table_text(fd, NULL, -1);
    assert_string_equal(
        text, "1 A=@2023-03-15 B=@2023-03-15 C=@2023-03-15 D=~00:00:00 E=@2023-03-15 F=@2023-03-15 G=@2023-03-15"
              " H=@2023-03-15 I=@2023-03-15 J=#45000 K=#45000 L=@2023-03-15 M=~00:00:00 N=@2023-03-15 O=#45000"
              " P=@2023-03-15 Q=#45000 R=@2023-03-15\n"
              "2 A=odd#0.25 B=odd#0.25 C=odd#0.25 D=~06:00:00 E=~06:00:00 F=odd#0.25 G=odd#0.25 H=~06:00:00"
              " I=odd#0.25 J=#0.25 K=#0.25 L=odd#0.25 M=~06:00:00 N=odd#0.25 O=#0.25 P=odd#0.25 Q=#0.25 R=odd#0.25\n");
    close(fd);
    free(text);
    free(styles);
    free(sheet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_tell_dates_times_and_numbers_apart),
        cmocka_unit_test(formats_of_other_countries_are_known_by_number),
    };
    return cmocka_run_group_tests_name("xlsx_styles", tests, NULL, NULL);
}
