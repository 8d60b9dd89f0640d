/* test_table_csv - rows of text files. */
#include "unit.h"

#include "table_text.h"

static void expect_bytes(const char *bytes, size_t len, const muster_table_options *options, int header,
                         const char *expected)
{
    int fd = bytes_fd(bytes, len);
    char *text = table_text(fd, options, header);
    assert_string_equal(text, expected);
    free(text);
    close(fd);
}

static void expect(const char *bytes, const char *expected)
{
    expect_bytes(bytes, strlen(bytes), NULL, -1, expected);
}

static void fields_are_split_at_commas_and_lines(void **state)
{
    (void)state;
    expect("a,b,c\n1,,3\n", "1 A=a B=b C=c\n2 A=1 B= C=3\n");
}

static void all_three_line_ends_are_one_line_each(void **state)
{
    (void)state;
    expect("a,b\r\n1,2\r3,4\n5,6", "1 A=a B=b\n2 A=1 B=2\n3 A=3 B=4\n4 A=5 B=6\n");
}

static void quoted_fields_hold_delimiters_quotes_and_lines(void **state)
{
    (void)state;
    expect("a,b\n\"x,y\",\"he said \"\"hi\"\"\"\n\"two\r\nlines\",z\nlast,1\n",
           "1 A=a B=b\n2 A=x,y B=he said \"hi\"\n3 A=two\r\nlines B=z\n5 A=last B=1\n");
}

static void empty_lines_are_no_rows_but_count(void **state)
{
    (void)state;
    expect("a,b\n\n\n1,2\n", "1 A=a B=b\n4 A=1 B=2\n");
    expect("a\n\"\"\nb\n", "1 A=a\n2 A=\n3 A=b\n");
}

static void a_quote_within_a_plain_field_is_itself(void **state)
{
    (void)state;
    expect("size,x\n5\" pipe,1\n", "1 A=size B=x\n2 A=5\" pipe B=1\n");
}

static void text_after_a_closing_quote_spoils_its_row_only(void **state)
{
    (void)state;
    expect("a,b\n\"O\"Brien,1\nc,2\n", "1 A=a B=b\n2 A=O B=1 BAD 0: there is text after a closing quote\n3 A=c B=2\n");
    expect("a,b\n\"x\" ,1\n", "1 A=a B=b\n2 A=x B=1\n");
    expect("a,b\n1,x\n\n2,\"one\n3,y\n4,\"two\"\n5,z\n",
           "1 A=a B=b\n2 A=1 B=x\n4 A=2 B=one\n3,y\n4, BAD 1: there is text after the quote that closes in line 6 and "
           "opened in line 4: is one missing between?\n7 A=5 B=z\n");
}

static void a_quote_that_is_never_closed_is_told_with_its_line(void **state)
{
    (void)state;
    expect("a,b\n1,2\n3,\"four\n5,6\n",
           "1 A=a B=b\n2 A=1 B=2\nerror -5: the file: line 3: a quote that is never closed\n");
}

static void delimiters_are_found(void **state)
{
    (void)state;
    expect("Name;Pay\n\"Jansen, P.\";1,5\nDe Vries, A.;2,5\n",
           "1 A=Name B=Pay\n2 A=Jansen, P. B=1,5\n3 A=De Vries, A. B=2,5\n");
    expect("a\tb, c\n1\t2\n", "1 A=a B=b, c\n2 A=1 B=2\n");
    expect("a|b\n1|2\n", "1 A=a B=b\n2 A=1 B=2\n");
    expect("sep=|\r\na,x|b\n1|2\n", "1 A=a,x B=b\n2 A=1 B=2\n");
    expect("sep=\t\na,x\tb\n", "1 A=a,x B=b\n");
    expect("\xef\xbb\xbfSEP=;\r\na;b,c\r\n", "1 A=a B=b,c\n");
    expect_bytes("\xff\xfes\0e\0p\0=\0;\0\r\0\n\0a\0;\0b\0", 22, NULL, -1, "1 A=a B=b\n");
    expect("sep=;\n", "");
    expect("only one column\nx\n", "1 A=only one column\n2 A=x\n");
}

static void a_delimiter_can_be_said(void **state)
{
    (void)state;
    muster_table_options tab = {.size = sizeof(tab), .delimiter = "tab"};
    expect_bytes("a;b\tc\n", 6, &tab, -1, "1 A=a;b B=c\n");
    muster_table_options wrong = {.size = sizeof(wrong), .delimiter = "::"};
    expect_bytes("a\n", 2, &wrong, -1, "error -4: delimiter '::' is not one character: use ; , | or tab\n");
}

static void encodings_are_found_by_mark_or_by_their_bytes(void **state)
{
    (void)state;
    expect("\xef\xbb\xbfn,\xc3\xbc\n", "1 A=n B=\xc3\xbc\n");
    expect_bytes("\xff\xfe"
                 "a\0,\0\x3d\xd8\x00\xde\n\0",
                 12, NULL, -1, "1 A=a B=\xf0\x9f\x98\x80\n");
    expect_bytes("\xfe\xff\0a\0,\x20\xac\0\n", 10, NULL, -1, "1 A=a B=\xe2\x82\xac\n");
    expect_bytes("a\0;\0\xe9\0\r\0\n\0b\0;\0c\0", 16, NULL, -1, "1 A=a B=\xc3\xa9\n2 A=b B=c\n");
    expect_bytes("\0a\0;\0b", 6, NULL, -1, "1 A=a B=b\n");
    muster_table_options wide = {.size = sizeof(wide), .encoding = "utf-16le"};
    expect_bytes("a\0,\0\0\0", 6, &wide, -1, "error -5: the file has a NUL character: that is no text\n");
    expect("M\xfcller,\x80 5\n", "1 A=M\xc3\xbcller B=\xe2\x82\xac 5\n");
}

static void a_fault_in_utf8_is_not_taken_for_another_encoding(void **state)
{
    (void)state;
    expect("\xc3\xbc,\xc3\xa9\n\xc3\xb6,x\xff\n",
           "error -5: the file: line 2 is not valid UTF-8: save it as UTF-8, or set encoding: windows-1252\n");
    muster_table_options latin = {.size = sizeof(latin), .encoding = "Windows-1252"};
    expect_bytes("\xc3\xbc\n", 3, &latin, -1, "1 A=\xc3\x83\xc2\xbc\n");
    muster_table_options wrong = {.size = sizeof(wrong), .encoding = "ebcdic"};
    expect_bytes("a\n", 2, &wrong, -1,
                 "error -4: encoding 'ebcdic' is not known; use auto, utf-8, utf-16le, utf-16be, windows-1252 or "
                 "iso-8859-1\n");
}

static void a_nul_byte_is_refused(void **state)
{
    (void)state;
    expect_bytes(
        "a,b\n1,\0002\n", 9, NULL, -1,
        "error -5: the file: line 2 has a NUL byte: that is no text (if it is UTF-16, set encoding: utf-16le)\n");
}

static void a_record_with_more_fields_than_the_header_is_not_trusted(void **state)
{
    (void)state;
    static const char text[] = "a,b\n1,2,3\n1\n1,2,,\n";
    expect_bytes(
        text, strlen(text), NULL, 1,
        "header 1: [a] [b]\n2 A=1 B=2 C=3 BAD -1: it has 3 fields where the header has 2\n3 A=1\n4 A=1 B=2 C= D=\n");
}

static void a_last_record_with_fewer_fields_and_no_end_of_line_was_cut_off(void **state)
{
    (void)state;
    expect_bytes(
        "a,b,c\n1,2\n1,2", 13, NULL, 1,
        "header 1: [a] [b] [c]\n2 A=1 B=2\n3 A=1 B=2 BAD -1: the file ends within this line: was it cut off?\n");
    expect_bytes("a,b,c\n1,2\n", 10, NULL, 1, "header 1: [a] [b] [c]\n2 A=1 B=2\n");
    expect_bytes("a,b,c\n1,2,3", 11, NULL, 1, "header 1: [a] [b] [c]\n2 A=1 B=2 C=3\n");
    expect_bytes("a,b,c\n1,2,", 10, NULL, 1, "header 1: [a] [b] [c]\n2 A=1 B=2 C=\n");
}

static void the_header_is_found_below_a_title(void **state)
{
    (void)state;
    static const char text[] = "Employees of Acme\n\nNumber,Name,City\n1,A,X\n2,B,X\n";
    expect_bytes(text, strlen(text), NULL, 0, "header 3: [Number] [Name] [City]\n4 A=1 B=A C=X\n5 A=2 B=B C=X\n");
}

static void a_missing_header_row_is_told(void **state)
{
    (void)state;
    expect_bytes("a,b\n", 4, NULL, 7, "error -5: the file: line 7: there is no header: the row is empty or missing\n");
    expect_bytes(",,\n1,2,3\n", 9, NULL, 1,
                 "error -5: the file: line 1: there is no header: the row is empty or missing\n");
}

static void other_files_are_called_what_they_are(void **state)
{
    (void)state;
    static const char old[] = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....";
    expect(old, "error -5: the file is an old .xls workbook: save it as .xlsx\n");
    static const char locked[] = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
                                 "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0\0";
    expect_bytes(locked, sizeof(locked), NULL, -1,
                 "error -5: the file is an encrypted workbook: save it without a password\n");
    expect(" <HTML><table>", "error -5: the file is a web page (HTML), whatever its name says: save it as .xlsx\n");
    expect("<?xml version=\"1.0\"?><Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\">",
           "error -5: the file is an XML spreadsheet of 2003: save it as .xlsx\n");
    static const char text[] = "text file (CSV), whatever its name says: save it as .xlsx, or call it .csv\n";
    static const char *const texts[] = {"a;b\n1;2\n",
                                        "\xef\xbb\xbf"
                                        "a",
                                        "Stra\xdf"
                                        "e\t1\r\n"};
    for (size_t n = 0; n < sizeof(texts) / sizeof(*texts); n++) {
        muster_table_options named = {.size = sizeof(named), .name = "hr.XLSX"};
        char wanted[200];
        snprintf(wanted, sizeof(wanted), "error -5: hr.XLSX is a %s", text);
        expect_bytes(texts[n], strlen(texts[n]), &named, -1, wanted);
    }
    muster_table_options named = {.size = sizeof(named), .name = "hr.xlsx"};
    expect_bytes("a\0\n\0", 4, &named, -1,
                 "error -5: hr.xlsx is a text file (CSV), whatever its name says: save it as .xlsx, or call it .csv\n");
    expect_bytes("\x01\x02\x03", 3, &named, -1,
                 "error -5: hr.xlsx is no .xlsx workbook: it does not begin as a zip archive does, upload it again\n");
    expect("%PDF-1.7", "error -5: the file is a PDF document, not a workbook\n");
    expect("", "error -5: the file is empty (0 bytes): was its upload finished?\n");
}

/* Whatever the bytes are, there are rows or a sentence. */
/* Whoever appends as fast as it is read would keep a reader busy for ever. */
static void what_is_appended_after_it_was_opened_is_not_read(void **state)
{
    (void)state;
    static const char *const lines[] = {"1,2\n", "{\"a\":1}\n"};
    enum { LINES = 50000 }; /* more than a reader takes at once */
    for (size_t n = 0; n < sizeof(lines) / sizeof(lines[0]); n++) {
        int fd = bytes_fd("", 0);
        FILE *file = fdopen(dup(fd), "w");
        for (size_t line = 0; line < LINES; line++)
            fputs(lines[n], file);
        fclose(file);
        muster_table *table = NULL;
        muster_table_error error = {0};
        const muster_row *row = NULL;
        size_t rows = 0, len = strlen(lines[n]);
        assert_int_equal(muster_table_open(fd, NULL, &table, &error), MUSTER_OK);
        do {
            assert_int_equal(write(fd, lines[n], len), (int)len);
            assert_int_equal(muster_table_next(table, &row, &error), MUSTER_OK);
        } while (row && ++rows < 2 * (size_t)LINES);
        assert_in_range(rows, LINES, LINES + 1); /* a table of objects has a header of its own */
        muster_table_close(table);
        close(fd);
    }
}

static void noise_gives_rows_or_a_sentence(void **state)
{
    (void)state;
    static const char alphabet[] = "aZ0\"\",,;;\t\n\r \xc3\xbc\xff\xfe|=";
    static const char *const encodings[] = {"auto", "utf-8", "utf-16le", "utf-16be", "windows-1252"};
    uint32_t seed = 12345;
    for (int n = 0; n < 3000; n++) {
        char bytes[200];
        size_t len = 1 + n % sizeof(bytes);
        for (size_t at = 0; at < len; at++) {
            seed = seed * 1664525 + 1013904223;
            bytes[at] = n % 7 == 0 ? (char)(seed >> 24) : alphabet[(seed >> 16) % (sizeof(alphabet) - 1)];
        }
        muster_table_options options = {
            .size = sizeof(options), .format = MUSTER_TABLE_CSV, .encoding = encodings[n % 5]};
        int fd = bytes_fd(bytes, len);
        char *text = table_text(fd, &options, n % 3 - 1);
        char *error = strstr(text, "error ");
        assert_true(!error || strlen(error) > 20);
        assert_null(strstr(text, "(not terminated)"));
        free(text);
        close(fd);
    }
}

/* A record that straddles two chunks must come out as any other. */
static void cuts_between_chunks_change_nothing(void **state)
{
    (void)state;
    for (size_t pad = 0; pad < 40; pad++) {
        char *bytes = NULL, *expected = NULL;
        size_t len, expected_len;
        FILE *in = open_memstream(&bytes, &len), *out = open_memstream(&expected, &expected_len);
        fprintf(in, "%*s,h\r\n", (int)pad + 1, "");
        fprintf(out, "1 A=%*s B=h\n", (int)pad + 1, "");
        for (unsigned n = 2; n < 8000; n++) {
            fprintf(in, "\"\xc3\xbc\"\"%u\",\"x\"\r\n", n);
            fprintf(out, "%u A=\xc3\xbc\"%u B=x\n", n, n);
        }
        fclose(in);
        fclose(out);
        expect_bytes(bytes, len, NULL, -1, expected);
        free(bytes);
        free(expected);
    }
}

static void a_cell_over_a_mebibyte_spoils_its_row_only(void **state)
{
    (void)state;
    size_t len = (1 << 20) + 1;
    char *bytes = malloc(len + 20);
    memset(bytes, 'x', len);
    memcpy(bytes + len, ",1\ny,2\n", 7);
    expect_bytes(bytes, len + 7, NULL, -1, "1 B=1 BAD 0: the cell is longer than 1 MiB\n2 A=y B=2\n");
    free(bytes);
}

static void a_record_of_more_than_16384_fields_spoils_its_row_only(void **state)
{
    (void)state;
    size_t len = 16384;
    char *bytes = malloc(len + 10), *found;
    memset(bytes, ',', len);
    memcpy(bytes + len, "x\ny,2\n", 7);
    int fd = bytes_fd(bytes, len + 6);
    muster_table_options options = {.size = sizeof(options), .delimiter = ","};
    char *text = table_text(fd, &options, -1);
    found = strstr(text, " XFD= BAD -1: the record has more than 16,384 fields\n2 A=y B=2\n");
    assert_non_null(found);
    free(text);
    close(fd);
    bytes[0] = ' '; /* one less */
    fd = bytes_fd(bytes, len + 6);
    text = table_text(fd, &options, -1);
    assert_non_null(strstr(text, " XFD=x\n2 A=y B=2\n"));
    free(text);
    close(fd);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_split_at_commas_and_lines),
        cmocka_unit_test(all_three_line_ends_are_one_line_each),
        cmocka_unit_test(quoted_fields_hold_delimiters_quotes_and_lines),
        cmocka_unit_test(empty_lines_are_no_rows_but_count),
        cmocka_unit_test(a_quote_within_a_plain_field_is_itself),
        cmocka_unit_test(text_after_a_closing_quote_spoils_its_row_only),
        cmocka_unit_test(a_quote_that_is_never_closed_is_told_with_its_line),
        cmocka_unit_test(delimiters_are_found),
        cmocka_unit_test(a_delimiter_can_be_said),
        cmocka_unit_test(encodings_are_found_by_mark_or_by_their_bytes),
        cmocka_unit_test(a_fault_in_utf8_is_not_taken_for_another_encoding),
        cmocka_unit_test(a_nul_byte_is_refused),
        cmocka_unit_test(a_record_with_more_fields_than_the_header_is_not_trusted),
        cmocka_unit_test(a_last_record_with_fewer_fields_and_no_end_of_line_was_cut_off),
        cmocka_unit_test(the_header_is_found_below_a_title),
        cmocka_unit_test(a_missing_header_row_is_told),
        cmocka_unit_test(other_files_are_called_what_they_are),
        cmocka_unit_test(what_is_appended_after_it_was_opened_is_not_read),
        cmocka_unit_test(noise_gives_rows_or_a_sentence),
        cmocka_unit_test(cuts_between_chunks_change_nothing),
        cmocka_unit_test(a_cell_over_a_mebibyte_spoils_its_row_only),
        cmocka_unit_test(a_record_of_more_than_16384_fields_spoils_its_row_only),
    };
    return cmocka_run_group_tests_name("table_csv", tests, NULL, NULL);
}
