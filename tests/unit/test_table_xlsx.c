/* test_table_xlsx - rows of workbooks: of other programs' (tests/fixtures/workbooks), and odd ones made here. */
#include "unit.h"

#include "workbook.h"

#include "xlsx_parts.h"

#include <fcntl.h>

static void expect_fd(int fd, const char *sheet, const char *expected)
{
    muster_table_options options = {.size = sizeof(options), .name = "book.xlsx", .sheet = sheet};
    char *text = table_text(fd, &options, -1);
    assert_string_equal(text, expected);
    free(text);
    close(fd);
}

static void expect_sheet(const char *sheet, const char *expected)
{
    expect_fd(workbook_fd(sheet, NULL, NULL), NULL, expected);
}

/* ---- other programs' workbooks ---- */

static int fixture(const char *name)
{
    char path[400];
    snprintf(path, sizeof(path), FIXTURES "/workbooks/%s", name);
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    return fd;
}

#define PEOPLE                                                                                                         \
    "1 A=Number B=Name C=Start D=Changed E=Shift F=Pay G=Active H=Note\n"                                              \
    "2 A=0042 B=Zoë Ångström C=@2024-02-29 D=@@2026-05-01T13:45:30 E=~07:30:00 F=#2750.5 G=?true H=R&D <1>\n"       \
    "3 A=0043 B=李 小龍 C=@1900-02-28 D=@2026-05-02 E=~23:59:59 F=#0.1 G=?false H= two\nlines \n"                   \
    "4 A=#1001 B=O'Brien \"Pat\" C=@1900-03-01 D=@@1999-12-31T23:59:59 E=~00:00:00 F=#100000 G=?true\n"

static void workbooks_of_openpyxl_are_read(void **state)
{
    (void)state;
    /* openpyxl does not escape "_x0041_", which says A; and it does not compute formulas. */
    expect_fd(fixture("openpyxl.xlsx"), "Employees",
              PEOPLE "5 A=#123456789012345 B=😀 C=@9999-12-31 F=#-0.25 H=A stays\n"
                     "8 B=after a gap C=!a formula without a result\n");
}

#define COMPUTED                                                                                                       \
    "5 A=#123456789012345 B=😀 C=@9999-12-31 F=#-0.25 H=_x0041_ stays\n"                                             \
    "8 B=rich text here C=!#DIV/0! D=ab E=#1.5625 F=#3\n"

static void workbooks_of_xlsxwriter_are_read(void **state)
{
    (void)state;
    expect_fd(fixture("xlsxwriter.xlsx"), "Employees", PEOPLE COMPUTED);
    expect_fd(fixture("inline.xlsx"), NULL, "1 A=Number B=Name\n2 A=1 B=  spaces \n3 A=2 B=Zoë\n");
}

static void workbooks_of_libreoffice_are_read(void **state)
{
    (void)state;
    expect_fd(fixture("libreoffice.xlsx"), "Employees", PEOPLE COMPUTED);
}

static void sheets_go_by_name_or_by_their_number_among_the_visible(void **state)
{
    (void)state;
    expect_fd(fixture("openpyxl.xlsx"), "Lists & more", "1 A=secret list\n");
    expect_fd(fixture("openpyxl.xlsx"), "last", "1 A=x\n");
    expect_fd(fixture("openpyxl.xlsx"), "2", "1 A=x\n");
    expect_fd(fixture("openpyxl.xlsx"), "Employes",
              "error -4: no sheet 'Employes' in book.xlsx; it has: Employees, Lists & more (hidden), Last\n");
    expect_fd(fixture("openpyxl.xlsx"), "3",
              "error -4: no sheet '3' in book.xlsx; it has: Employees, Lists & more (hidden), Last\n");
}

/* ---- cells ---- */

static void numbers_come_as_the_shortest_text_that_means_the_same(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"1001", "1001"},
                                           {"1001.0", "1001"},
                                           {"0.1", "0.1"},
                                           {"0.10000000000000001", "0.1"},
                                           {"1E+05", "100000"},
                                           {"1.5E3", "1500"},
                                           {"-0", "0"},
                                           {"0", "0"},
                                           {"-12.50", "-12.5"},
                                           {"007", "7"},
                                           {"1e-7", "0.0000001"},
                                           {"12345678901234567890", "12345678901234567890"},
                                           {"1.2345678901234567E+16", "12345678901234568"},
                                           {"5e-324", NULL},
                                           {"4.35", "4.35"},
                                           {"2.675", "2.675"},
                                           {"0.30000000000000004", "0.30000000000000004"},
                                           {"+5", "5"},
                                           {".5", "0.5"},
                                           {"1e22", "10000000000000000000000"},
                                           {"123456.789E3", "123456789"}};
    for (size_t n = 0; n < sizeof(cases) / sizeof(*cases); n++) {
        char text[MUSTER_NUMBER_ROOM + 1];
        size_t len = muster_number_text(cases[n][0], strlen(cases[n][0]), text);
        text[len] = '\0';
        assert_true(len > 0);
        if (cases[n][1])
            assert_string_equal(text, cases[n][1]);
        assert_true(strtod(text, NULL) == strtod(cases[n][0], NULL));
    }
    static const char *const none[] = {"", "abc", "1,5", "0x10", "nan", "inf", "1e999", "1.2.3", "--1", "1 ", "e5"};
    for (size_t n = 0; n < sizeof(none) / sizeof(*none); n++) {
        char text[MUSTER_NUMBER_ROOM];
        assert_int_equal(muster_number_text(none[n], strlen(none[n]), text), 0);
    }
}

static void any_double_survives_being_written_and_read(void **state)
{
    (void)state;
    uint64_t seed = 88172645463325252u;
    for (int n = 0; n < 20000; n++) {
        seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
        double number;
        memcpy(&number, &seed, sizeof(number));
        char written[40], text[MUSTER_NUMBER_ROOM + 1];
        snprintf(written, sizeof(written), "%.17g", number);
        if (strpbrk(written, "ni"))
            continue;
        size_t len = muster_number_text(written, strlen(written), text);
        assert_true(len > 0 && len <= MUSTER_NUMBER_ROOM);
        text[len] = '\0';
        assert_true(strtod(text, NULL) == number);
    }
}

static void days_follow_the_books_system_and_skip_the_day_that_never_was(void **state)
{
    (void)state;
    static const char sheet[] =
        SHEET("<row r=\"1\"><c r=\"A1\" s=\"1\"><v>1</v></c><c r=\"B1\" s=\"1\"><v>59</v></c><c r=\"C1\" "
              "s=\"1\"><v>60</v></c>"
              "<c r=\"D1\" s=\"1\"><v>61</v></c><c r=\"E1\" s=\"1\"><v>0</v></c><c r=\"F1\" s=\"1\"><v>-1</v></c>"
              "<c r=\"G1\" s=\"1\"><v>2958466</v></c><c r=\"H1\" s=\"3\"><v>45000.999999999</v></c>"
              "<c r=\"I1\" s=\"1\"><v>45000.75</v></c><c r=\"J1\" s=\"2\"><v>1.5</v></c><c r=\"K1\" "
              "s=\"4\"><v>0.5</v></c></row>");
    expect_sheet(sheet,
                 "1 A=@1900-01-01 B=@1900-02-28 C=odd#60 D=@1900-03-01 E=odd#0 F=odd#-1 G=odd#2958466 H=@2023-03-16"
                 " I=@2023-03-15 J=#1.5 K=~12:00:00\n");
    static const char book[] =
        "<workbook xmlns=\"" MAIN_NS "\" xmlns:r=\"" OFFICE_NS
        "\"><workbookPr date1904=\"1\"/><sheets><sheet name=\"S\" r:id=\"a\"/></sheets></workbook>";
    expect_fd(
        workbook_fd(SHEET("<row><c s=\"1\"><v>0</v></c><c s=\"1\"><v>60</v></c><c s=\"1\"><v>43538</v></c></row>"),
                    NULL, book),
        NULL, "1 A=@1904-01-01 B=@1904-03-01 C=@2023-03-15\n");
}

static void texts_are_rich_inline_escaped_or_computed(void **state)
{
    (void)state;
    static const char strings[] =
        "<sst xmlns=\"" MAIN_NS "\"><si><r><rPr><b/></rPr><t>bo</t></r><r><t xml:space=\"preserve\">ld "
        "</t></r></si><si><t>東京</t><rPh sb=\"0\" eb=\"2\"><t>トウキョウ</t></rPh></si>"
        "<si><t>a_x000D__x000A_b_x005F_x0041__xD83D__xDE00_</t></si><si/><si><t/></si>"
        "<si><t><![CDATA[<c&d>]]></t></si></sst>";
    static const char sheet[] = SHEET(
        "<row r=\"2\"><c t=\"s\"><v>0</v></c><c t=\"s\"><v>1</v></c><c t=\"s\"><v>2</v></c><c t=\"s\"><v>3</v></c>"
        "<c t=\"s\"><v>4</v></c><c t=\"s\"><v>5</v></c><c t=\"inlineStr\"><is><t>in &amp; &#x20AC;</t></is></c>"
        "<c t=\"str\"><f>\"x\"</f><v>x_x0009_</v></c><c t=\"str\"><f>\"\"</f><v></v></c>"
        "<c t=\"inlineStr\"><is><r><t>ri</t></r><r><t>ch</t></r></is></c></row>");
    expect_fd(workbook_fd(sheet, strings, NULL), NULL,
              "2 A=bold  B=東京 C=a\r\nb_x0041_😀 D= E= F=<c&d> G=in & € H=x\t I= J=rich\n");
}

static void types_that_lie_spoil_their_row_only(void **state)
{
    (void)state;
    expect_sheet(
        SHEET("<row r=\"1\"><c r=\"A1\"><v>abc</v></c><c r=\"B1\"><v>1</v></c></row>"
              "<row r=\"2\"><c r=\"A2\" t=\"s\"><v>2</v></c></row><row r=\"3\"><c r=\"C3\" t=\"b\"><v>x</v></c></row>"
              "<row r=\"4\"><c r=\"A9\"><v>1</v></c></row><row r=\"5\"><c r=\"B5\"><v>1</v></c><c "
              "r=\"A5\"><v>2</v></c></row>"
              "<row r=\"6\"><c r=\"XFE6\"><v>1</v></c></row><row r=\"7\"><c t=\"z\"><v>1</v></c></row>"
              "<row r=\"8\"><c t=\"b\"><v>0</v></c><c t=\"e\"><v>#N/A</v></c><c r=\"XFD8\"><v>1</v></c></row>"),
        "1 B=#1 BAD 0: the cell is marked as a number and holds none\n"
        "2 BAD 0: the cell names a shared text that the workbook does not have\n"
        "3 BAD 2: the cell is marked as true or false and is neither\n"
        "4 BAD -1: a cell of the row says that it stands elsewhere\n"
        "5 A=#2 B=#1\n"
        "6 BAD -1: a cell of the row says that it stands elsewhere\n"
        "7 BAD 0: the cell's type is none that is known\n"
        "8 A=?false B=!#N/A XFD=#1\n");
}

static void iso_dates_of_strict_workbooks_are_dates(void **state)
{
    (void)state;
    static const char strict[] = "<worksheet xmlns=\"http://purl.oclc.org/ooxml/spreadsheetml/main\"><sheetData><row>"
                                 "<c t=\"d\"><v>2026-05-01</v></c><c t=\"d\"><v>2026-05-01T00:00:00</v></c>"
                                 "<c t=\"d\"><v>2026-05-01T10:00:00.5</v></c><c t=\"d\"><v>07:30:00</v></c>"
                                 "</row></sheetData></worksheet>";
    expect_sheet(strict, "1 A=@2026-05-01 B=@2026-05-01 C=@@2026-05-01T10:00:00.5 D=~07:30:00\n");
    expect_sheet(
        SHEET("<row><c t=\"d\" s=\"4\"><v>1899-12-31T07:30:15.0</v></c><c t=\"d\" s=\"4\"><v>07:30</v></c>"
              "<c t=\"d\" s=\"1\"><v>2026-05-01T10:00:00.5</v></c><c t=\"d\" s=\"3\"><v>2026-05-01T10:00</v></c>"
              "<c t=\"d\" s=\"3\"><v>2026-05-01T00:00:00.000</v></c><c t=\"d\"><v>2024-02-29</v></c>"
              "<c t=\"d\"><v>2026-05-01T10:00:00Z</v></c><c t=\"d\"><v>2026-05-01T00:00:00+02:00</v></c></row>"),
        "1 A=~07:30:15 B=~07:30:00 C=@2026-05-01 D=@@2026-05-01T10:00:00 E=@2026-05-01 F=@2024-02-29"
        " G=@@2026-05-01T10:00:00Z H=@@2026-05-01T00:00:00+02:00\n");
    static const char *const none[] = {"soon",
                                       "2026-02-29",
                                       "2026-13-01",
                                       "2026-00-10",
                                       "2026-04-31",
                                       "2026-05-01T24:00:00",
                                       "2026-05-01T1",
                                       "2026-05-01 10:00:00",
                                       "2026-05-0",
                                       "2026-05-01T10:00:0x",
                                       "2026-05-01T10:60",
                                       "T10:00:00",
                                       "45000",
                                       "PT5H",
                                       "1900-02-29"};
    for (size_t n = 0; n < sizeof(none) / sizeof(*none); n++) {
        char sheet[400];
        snprintf(sheet, sizeof(sheet), SHEET("<row><c t=\"d\"><v>%s</v></c></row>"), none[n]);
        expect_sheet(sheet, "1 BAD 0: the cell is marked as a date and holds none\n");
    }
}

/* ---- shapes ---- */

static void odd_but_lawful_xml_is_read_all_the_same(void **state)
{
    (void)state;
    static const char *const sheets[] = {
        "<x:worksheet xmlns:x=\"" MAIN_NS "\"><x:sheetData><x:row r=\"3\"><x:c r=\"B3\"><x:v>7</x:v></x:c></x:row>"
        "</x:sheetData></x:worksheet>",
        "<?xml version='1.0' encoding='UTF-8'?><worksheet xmlns='" MAIN_NS
        "'><sheetData><row r='3'><c r='B3'><v>7</v></c></row>"
        "</sheetData></worksheet>",
        SHEET("<!-- a comment --><row r=\"3\"><c r=\"B3\"><v><![CDATA[7]]></v></c></row>"),
        SHEET("\r\n<row r=\"3\" spans=\"1:2\" x14ac:dyDescent=\"0.25\">\r\n<c r=\"B3\" s=\"0\" >\n<v>7</v></c\n></row "
              ">\n"),
        "<worksheet xmlns=\"" MAIN_NS
        "\"><cols><col min=\"1\"/></cols><sheetData><row r=\"3\"><c r=\"A3\"/><c r=\"B3\"><f>1&lt;2"
        "</f><v>7</v><extLst><ext uri=\"x\"/></extLst></c></row></sheetData><mergeCells><mergeCell "
        "ref=\"A1:B2\"/></mergeCells>"
        "</worksheet>",
        SHEET("<row r=\"3\"><c r=\"B3\"><v>&#55;</v></c></row>")};
    for (size_t n = 0; n < sizeof(sheets) / sizeof(*sheets); n++)
        expect_sheet(sheets[n], "3 B=#7\n");
}

static void missing_numbers_of_rows_and_cells_count_on(void **state)
{
    (void)state;
    expect_sheet(
        SHEET("<row><c><v>1</v></c><c/><c><v>3</v></c></row><row r=\"5\"><c r=\"C5\"><v>4</v></c><c><v>5</v></c></row>"
              "<row/><row><c><v>6</v></c></row>"),
        "1 A=#1 C=#3\n5 C=#4 D=#5\n6\n7 A=#6\n");
}

static void a_switch_to_the_slow_reader_neither_loses_nor_repeats_a_row(void **state)
{
    (void)state;
    char *sheet = NULL, *expected = NULL;
    size_t len, expected_len;
    FILE *in = open_memstream(&sheet, &len), *out = open_memstream(&expected, &expected_len);
    fprintf(in, "<worksheet xmlns=\"" MAIN_NS "\"><sheetData>");
    for (int n = 1; n <= 20000; n++) {
        fprintf(in,
                n == 15000 ? "<row r=\"%d\"><c><v><![CDATA[%d]]></v></c></row>"
                           : "<row r=\"%d\"><c><v>%d</v></c></row>",
                n, n);
        fprintf(out, "%d A=#%d\n", n, n);
    }
    fprintf(in, "</sheetData></worksheet>");
    fclose(in);
    fclose(out);
    expect_sheet(sheet, expected);
    free(sheet);
    free(expected);
}

/* ---- refusals ---- */

static void rows_and_cells_may_come_in_any_order(void **state)
{
    (void)state;
    expect_sheet(SHEET("<row r=\"5\"><c r=\"C5\"><v>3</v></c><c r=\"A5\" t=\"s\"><v>1</v></c><c><v>2</v></c></row>"
                       "<row r=\"2\"><c r=\"A2\"><v>1</v></c></row><row><c><v>7</v></c></row>"),
                 "5 A=one B=#2 C=#3\n2 A=#1\n3 A=#7\n");
    expect_sheet(SHEET("<row r=\"1\"><c r=\"B1\"><v>1</v></c><c r=\"A1\"><v>2</v></c><c r=\"B1\"><v>3</v></c></row>"),
                 "1 A=#2 BAD 1: the cell stands in the row twice\n");
}

/* Or else the rows before it would be lost. */
static void a_header_must_come_before_its_rows_wherever_its_title_is(void **state)
{
    (void)state;
    static const char late_title[] =
        SHEET("<row r=\"2\"><c t=\"s\"><v>0</v></c><c t=\"s\"><v>1</v></c></row><row r=\"4\"><c><v>4</v></c></row>"
              "<row r=\"1\"><c t=\"s\"><v>1</v></c></row><row r=\"3\"><c><v>3</v></c></row>");
    muster_table_options options = {.size = sizeof(options), .name = "book.xlsx"};
    for (int header = 0; header <= 3; header++) {
        int fd = workbook_fd(late_title, NULL, NULL);
        char *text = table_text(fd, &options, header);
        if (header % 2 == 0)
            assert_string_equal(text, "header 2: [zero] [one]\n4 A=#4\n3 A=#3\n");
        else
            assert_non_null(strstr(text, ": there is no header: the row is empty, missing or behind other rows\n"));
        free(text);
        close(fd);
    }
}

static void a_row_that_stands_twice_is_refused(void **state)
{
    (void)state;
    static const char twice[] = "error -5: S!5: the row stands in it twice: save it again with a spreadsheet program\n";
    expect_sheet(SHEET("<row r=\"5\"><c><v>1</v></c></row><row r=\"5\"><c><v>2</v></c></row>"), twice);
    expect_sheet(SHEET("<row r=\"5\"><c><v>1</v></c></row><row r=\"4\"/><row><c><v>2</v></c></row>"), twice);
    expect_sheet(SHEET("<row r=\"1048577\"/>"), "error -5: S!1048577: it has more than 1,048,576 rows\n");
    expect_sheet(SHEET("<row r=\"x\"/>"), "error -5: S!1: a row has a number that is none\n");
}

static void xml_that_is_broken_is_told_with_its_line(void **state)
{
    (void)state;
    int fd =
        workbook_fd("<worksheet xmlns=\"" MAIN_NS "\"><sheetData>\n<row><c></row></sheetData></worksheet>", NULL, NULL);
    muster_table_options options = {.size = sizeof(options), .name = "book.xlsx"};
    char *text = table_text(fd, &options, -1);
    assert_non_null(
        strstr(text, "error -5: book.xlsx: xl/worksheets/sheet1.xml: line 2 is not XML that can be read: "));
    free(text);
    close(fd);
}

static void a_document_type_is_refused(void **state)
{
    (void)state;
    expect_sheet(
        "<!DOCTYPE worksheet [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]><worksheet xmlns=\"" MAIN_NS
        "\"><sheetData><row><c t=\"str\"><v>&b;</v></c></row></sheetData></worksheet>",
        "error -5: book.xlsx: xl/worksheets/sheet1.xml: line 1 is not XML that can be read: it has a document type "
        "declaration, which no workbook needs\n");
}

static void deep_nesting_is_refused(void **state)
{
    (void)state;
    char sheet[4000] = "<worksheet xmlns=\"" MAIN_NS "\">";
    size_t len = strlen(sheet);
    for (int n = 0; n < 200; n++, len += 3)
        memcpy(sheet + len, "<a>", 4);
    int fd = workbook_fd(sheet, NULL, NULL);
    muster_table_options options = {.size = sizeof(options), .name = "book.xlsx"};
    char *text = table_text(fd, &options, -1);
    assert_non_null(strstr(text, "elements are nested too deeply"));
    free(text);
    close(fd);
}

static void a_bomb_is_refused_long_before_it_is_unpacked(void **state)
{
    (void)state;
    size_t len = (size_t)200 << 20;
    char *sheet = malloc(len + 1);
    memset(sheet, ' ', len);
    sheet[len] = '\0';
    static const char begin[] = "<worksheet xmlns=\"" MAIN_NS "\"><sheetData>";
    memcpy(sheet, begin, sizeof(begin) - 1);
    expect_sheet(sheet,
                 "error -5: book.xlsx: 'xl/worksheets/sheet1.xml' unpacks to far more than a workbook of its size "
                 "holds: it is refused as a zip bomb\n");
    free(sheet);
}

static void other_archives_are_called_what_they_are(void **state)
{
    (void)state;
    expect_fd(archive_fd((const struct part[]){{"xl/workbook.bin", "x"}, {NULL, NULL}}), NULL,
              "error -5: book.xlsx is an .xlsb workbook (binary): save it as .xlsx\n");
    expect_fd(archive_fd((const struct part[]){{"mimetype", "x"}, {"content.xml", "x"}, {NULL, NULL}}), NULL,
              "error -5: book.xlsx is an OpenDocument file (.ods): save it as .xlsx\n");
    expect_fd(archive_fd((const struct part[]){{"Index/Document.iwa", "x"}, {NULL, NULL}}), NULL,
              "error -5: book.xlsx is an Apple Numbers document: export it as .xlsx\n");
    expect_fd(archive_fd((const struct part[]){{"word/document.xml", "x"}, {NULL, NULL}}), NULL,
              "error -5: book.xlsx is a Word document, not a workbook\n");
    expect_fd(archive_fd((const struct part[]){{"readme.txt", "x"}, {NULL, NULL}}), NULL,
              "error -5: book.xlsx is a zip archive without a workbook in it\n");
    expect_fd(
        workbook_fd(NULL, NULL, NULL), NULL,
        "error -5: book.xlsx: the workbook has no part 'xl/worksheets/sheet1.xml': it is damaged, save it again\n");
}

static char *fixture_bytes(const char *name, size_t *ret_len)
{
    int fd = fixture(name);
    size_t len = (size_t)lseek(fd, 0, SEEK_END);
    char *bytes = malloc(len);
    assert_int_equal(pread(fd, bytes, len, 0), len);
    close(fd);
    *ret_len = len;
    return bytes;
}

static void a_workbook_cut_off_anywhere_says_so(void **state)
{
    (void)state;
    size_t len;
    char *bytes = fixture_bytes("xlsxwriter.xlsx", &len);
    muster_table_options options = {.size = sizeof(options), .format = MUSTER_TABLE_XLSX, .name = "book.xlsx"};
    for (size_t cut = 4; cut < len; cut += 7) {
        int fd = bytes_fd(bytes, cut);
        char *text = table_text(fd, &options, -1);
        if (!strstr(text, "error -5: book.xlsx: the zip archive is "))
            fail_msg("cut at %zu: %s", cut, text);
        free(text);
        close(fd);
    }
    free(bytes);
}

/* A flipped byte may hit what nobody reads; then all must be as it was. Else there is a sentence. Never a crash. */
static void a_flipped_byte_is_told_or_harmless(void **state)
{
    (void)state;
    static const char *const names[] = {"xlsxwriter.xlsx", "libreoffice.xlsx"};
    for (size_t n = 0; n < 2; n++) {
        size_t len, told = 0;
        char *bytes = fixture_bytes(names[n], &len);
        muster_table_options options = {.size = sizeof(options), .name = "book.xlsx", .sheet = "Employees"};
        for (size_t at = 0; at < len; at += 3) {
            bytes[at] ^= (char)(1u << at % 8);
            int fd = bytes_fd(bytes, len);
            char *text = table_text(fd, &options, -1);
            char *error = strstr(text, "error ");
            bool same = strcmp(text, PEOPLE COMPUTED) == 0, was_zip = at >= 4;
            if ((!error && !same && was_zip) || (error && strlen(error) < 30))
                fail_msg("%s: byte %zu: %s", names[n], at, text);
            told += error != NULL;
            bytes[at] ^= (char)(1u << at % 8);
            free(text);
            close(fd);
        }
        assert_true(told > len / 10);
        free(bytes);
    }
}

/* ---- memory ---- */

static long allocations_left = -1; /* then one fails; -1: none does */

static bool allocation_fails(void)
{
    return allocations_left >= 0 && allocations_left-- == 0;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t len);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t len);

void *__wrap_malloc(size_t size)
{
    return allocation_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return allocation_fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return allocation_fails() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
    return allocation_fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t len)
{
    return allocation_fails() ? NULL : __real_strndup(text, len);
}

/* The reader's own calls, one after the other: either it finds another way, with all rows, or it says so. */
static void each_allocation_that_fails_is_told_or_made_up_for(void **state)
{
    (void)state;
    muster_table_options options = {.size = sizeof(options)};
    int fds[] = {fixture("xlsxwriter.xlsx"), bytes_fd("a,\"b\"\n1,2\n", 10),
                 workbook_fd(SHEET("<row><c t=\"str\"><v><![CDATA[x]]>_x0041_</v></c></row>"), NULL, NULL)};
    for (size_t n = 0; n < sizeof(fds) / sizeof(*fds); n++) {
        char *whole = table_text(fds[n], &options, 1);
        long failed = 0;
        bool hit = true;
        for (long nth = 0; hit; nth++) {
            allocations_left = nth;
            char *text = table_text(fds[n], &options, 1);
            hit = allocations_left < 0;
            allocations_left = -1;
            bool told = strstr(text, "out of memory") != NULL;
            failed += told;
            if (!told && strcmp(text, whole) != 0)
                fail_msg("allocation %ld: %s", nth, text);
            free(text);
        }
        assert_true(failed > 5);
        free(whole);
        close(fds[n]);
    }
}

static void a_table_can_be_read_again_and_knows_its_places(void **state)
{
    (void)state;
    int fd = fixture("openpyxl.xlsx");
    muster_table *table = NULL;
    muster_table_error error;
    const muster_row *row;
    char place[100];
    assert_int_equal(muster_table_open(fd, NULL, &table, &error), MUSTER_OK);
    for (int n = 0; n < 3; n++) {
        assert_int_equal(muster_table_next(table, &row, &error), MUSTER_OK);
        assert_int_equal(row->number, 1);
        assert_string_equal(row->cells[1].text, "Name");
        assert_int_equal(muster_table_rewind(table, &error), MUSTER_OK);
    }
    assert_string_equal(muster_table_sheet_name(table), "Employees");
    muster_cell_place(table, 17, 2, place, sizeof(place));
    assert_string_equal(place, "Employees!C17");
    muster_cell_place(table, 17, -1, place, sizeof(place));
    assert_string_equal(place, "Employees!17");
    muster_column_name(16383, place);
    assert_string_equal(place, "XFD");
    muster_column_name(26, place);
    assert_string_equal(place, "AA");
    muster_table_close(table);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workbooks_of_openpyxl_are_read),
        cmocka_unit_test(workbooks_of_xlsxwriter_are_read),
        cmocka_unit_test(workbooks_of_libreoffice_are_read),
        cmocka_unit_test(sheets_go_by_name_or_by_their_number_among_the_visible),
        cmocka_unit_test(numbers_come_as_the_shortest_text_that_means_the_same),
        cmocka_unit_test(any_double_survives_being_written_and_read),
        cmocka_unit_test(days_follow_the_books_system_and_skip_the_day_that_never_was),
        cmocka_unit_test(texts_are_rich_inline_escaped_or_computed),
        cmocka_unit_test(types_that_lie_spoil_their_row_only),
        cmocka_unit_test(iso_dates_of_strict_workbooks_are_dates),
        cmocka_unit_test(odd_but_lawful_xml_is_read_all_the_same),
        cmocka_unit_test(missing_numbers_of_rows_and_cells_count_on),
        cmocka_unit_test(a_switch_to_the_slow_reader_neither_loses_nor_repeats_a_row),
        cmocka_unit_test(rows_and_cells_may_come_in_any_order),
        cmocka_unit_test(a_header_must_come_before_its_rows_wherever_its_title_is),
        cmocka_unit_test(a_row_that_stands_twice_is_refused),
        cmocka_unit_test(xml_that_is_broken_is_told_with_its_line),
        cmocka_unit_test(a_document_type_is_refused),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(a_bomb_is_refused_long_before_it_is_unpacked),
        cmocka_unit_test(other_archives_are_called_what_they_are),
        cmocka_unit_test(a_workbook_cut_off_anywhere_says_so),
        cmocka_unit_test(a_flipped_byte_is_told_or_harmless),
        cmocka_unit_test(each_allocation_that_fails_is_told_or_made_up_for),
        cmocka_unit_test(a_table_can_be_read_again_and_knows_its_places),
    };
    return cmocka_run_group_tests_name("table_xlsx", tests, NULL, NULL);
}
