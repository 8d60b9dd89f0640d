/* test_table_write - rows written as workbooks and text files. */
#include "unit.h"

#include "table_text.h"

#include <muster/table_write.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

#define TEXT(s)                                                                                                        \
    {                                                                                                                  \
        .text = (s), .len = sizeof(s) - 1                                                                              \
    }
#define TYPED(t, s)                                                                                                    \
    {                                                                                                                  \
        .text = (s), .len = sizeof(s) - 1, .type = (t)                                                                 \
    }
#define NONE                                                                                                           \
    {                                                                                                                  \
        .text = NULL                                                                                                   \
    }

static const muster_write_column names[] = {{.name = "Number", .type = MUSTER_TEXT},
                                            {.name = "Name", .type = MUSTER_TEXT}};

static muster_write_options file(int32_t format)
{
    return (muster_write_options){.size = sizeof(muster_write_options), .format = format, .name = "out", .made = 1};
}

static char *bytes_of(int fd, size_t *ret_len)
{
    off_t len = lseek(fd, 0, SEEK_END);
    char *bytes = calloc(1, (size_t)len + 1);
    assert_int_equal(pread(fd, bytes, (size_t)len, 0), len);
    *ret_len = (size_t)len;
    return bytes;
}

/* Writes rows of `count` values each; the outcome: *ret_said are the sentences of what was refused. */
static int written(const muster_write_options *options, const muster_write_column *columns, size_t count,
                   const muster_write_value *values, size_t rows, char **ret_said)
{
    size_t len;
    FILE *said = open_memstream(ret_said, &len);
    int fd = memfd_create("out", 0);
    muster_table_writer *writer = NULL;
    muster_table_error error = {0};
    muster_rc rc = muster_table_write_open(fd, options, columns, count, &writer, &error);
    for (size_t n = 0; n < rows && rc == MUSTER_OK; n++) {
        rc = muster_table_write_row(writer, values + n * count, count, &error);
        if (rc == MUSTER_DATA || rc == MUSTER_RETRY) {
            fprintf(said, "%s\n", error.text);
            rc = MUSTER_OK;
        }
    }
    if (rc == MUSTER_OK)
        rc = muster_table_write_finish(writer, &error);
    if (rc != MUSTER_OK)
        fprintf(said, "%d %s\n", rc, error.text);
    muster_table_write_close(writer);
    fclose(said);
    return fd;
}

static void expect_bytes(const muster_write_options *options, const muster_write_column *columns, size_t count,
                         const muster_write_value *values, size_t rows, const char *expected, size_t expected_len,
                         const char *refused)
{
    char *said;
    size_t len;
    int fd = written(options, columns, count, values, rows, &said);
    assert_string_equal(said, refused);
    char *bytes = bytes_of(fd, &len);
    assert_string_equal(bytes, expected);
    assert_int_equal(len, expected_len);
    assert_memory_equal(bytes, expected, len);
    free(bytes);
    free(said);
    close(fd);
}

#define EXPECT(options, columns, values, expected, refused)                                                            \
    expect_bytes(options, columns, sizeof(columns) / sizeof(*(columns)), values,                                       \
                 sizeof(values) / sizeof(*(values)) / (sizeof(columns) / sizeof(*(columns))), expected,                \
                 sizeof(expected) - 1, refused)

/* What our own reader makes of a workbook. */
static void expect_cells(const muster_write_options *options, const muster_write_column *columns, size_t count,
                         const muster_write_value *values, size_t rows, const char *expected, const char *refused)
{
    char *said;
    int fd = written(options, columns, count, values, rows, &said);
    assert_string_equal(said, refused);
    char *text = table_text(fd, NULL, -1);
    assert_string_equal(text, expected);
    free(text);
    free(said);
    close(fd);
}

static void refused_at_once(const muster_write_options *options, const muster_write_column *columns, size_t count,
                            muster_rc wanted, const char *sentence)
{
    muster_table_writer *writer = NULL;
    muster_table_error error = {0};
    int fd = memfd_create("out", 0);
    assert_int_equal(muster_table_write_open(fd, options, columns, count, &writer, &error), wanted);
    assert_string_equal(error.text, sentence);
    assert_int_equal(error.rc, wanted);
    assert_null(writer);
    close(fd);
}

/* ---- CSV ---- */

static void fields_are_quoted_where_they_must_be(void **state)
{
    (void)state;
    const muster_write_value rows[] = {TEXT("007"), TEXT("Lee, Ann"),   TEXT("8"), TEXT("\"Bob\""),
                                       TEXT("9"),   TEXT("two\nlines"), NONE,      TEXT(" blank"),
                                       TEXT("10"),  TEXT("Zo\u00eb")};
    muster_write_options options = file(MUSTER_TABLE_CSV);
    EXPECT(&options, names, rows,
           "Number,Name\r\n007,\"Lee, Ann\"\r\n8,\"\"\"Bob\"\"\"\r\n9,\"two\nlines\"\r\n,\" blank\"\r\n10,Zo\u00eb\r\n",
           "");
    options.delimiter = ";";
    options.flags = MUSTER_WRITE_BARE | MUSTER_WRITE_MARK;
    EXPECT(&options, names, rows,
           "\xef\xbb\xbf"
           "007;Lee, Ann\r\n8;\"\"\"Bob\"\"\"\r\n9;\"two\nlines\"\r\n;\" blank\"\r\n10;Zo\u00eb\r\n",
           "");
    options.delimiter = "tab";
    options.flags = MUSTER_WRITE_QUOTES;
    const muster_write_value one[] = {TEXT("1"), NONE};
    EXPECT(&options, names, one, "\"Number\"\t\"Name\"\r\n\"1\"\t\"\"\r\n", "");
}

static void a_lone_empty_field_is_no_empty_line_and_odd_first_names_are_quoted(void **state)
{
    (void)state;
    const muster_write_column id[] = {{.name = "ID", .type = MUSTER_TEXT}}, sep[] = {{.name = "sep=x", .type = 1}};
    const muster_write_value rows[] = {TEXT("1"), NONE, TEXT("2")};
    muster_write_options options = file(MUSTER_TABLE_CSV);
    EXPECT(&options, id, rows, "\"ID\"\r\n1\r\n\"\"\r\n2\r\n", "");
    EXPECT(&options, sep, rows, "\"sep=x\"\r\n1\r\n\"\"\r\n2\r\n", "");
}

static void texts_that_a_spreadsheet_would_compute_are_guarded_when_asked(void **state)
{
    (void)state;
    const muster_write_column columns[] = {{.name = "T", .type = MUSTER_TEXT}, {.name = "N", .type = MUSTER_DECIMAL}};
    const muster_write_value rows[] = {TEXT("=1+1"), TEXT("-5"), TEXT("+31 6"), TEXT("1"),
                                       TEXT("@x"),   TEXT("2"),  TEXT("a=b"),   NONE};
    muster_write_options options = file(MUSTER_TABLE_CSV);
    EXPECT(&options, columns, rows, "T,N\r\n=1+1,-5\r\n+31 6,1\r\n@x,2\r\na=b,\r\n", "");
    options.flags = MUSTER_WRITE_GUARD;
    EXPECT(&options, columns, rows, "T,N\r\n'=1+1,-5\r\n'+31 6,1\r\n'@x,2\r\na=b,\r\n", "");
}

static void other_encodings_are_written_and_what_they_have_not_is_refused_with_its_row(void **state)
{
    (void)state;
    const muster_write_value rows[] = {TEXT("1"), TEXT("Zo\u00eb \u20ac"), TEXT("2"), TEXT("\u0141ukasz"),
                                       TEXT("3"), TEXT("\xc2\x85"),        TEXT("4"), TEXT("Ann")};
    muster_write_options options = file(MUSTER_TABLE_CSV);
    options.encoding = "windows-1252";
    EXPECT(&options, names, rows, "Number,Name\r\n1,Zo\xeb \x80\r\n4,Ann\r\n",
           "out: row 2, column 'Name': the character U+0141 does not exist in this encoding: use utf-8\n"
           "out: row 3, column 'Name': the character U+0085 does not exist in this encoding: use utf-8\n");
    options.encoding = "iso-8859-1";
    EXPECT(&options, names, rows, "Number,Name\r\n4,Ann\r\n",
           "out: row 1, column 'Name': the character U+20AC does not exist in this encoding: use utf-8\n"
           "out: row 2, column 'Name': the character U+0141 does not exist in this encoding: use utf-8\n"
           "out: row 3, column 'Name': the character U+0085 does not exist in this encoding: use utf-8\n");
    options.flags = MUSTER_WRITE_BARE;
    options.encoding = "UTF-16LE";
    const muster_write_value wide[] = {TEXT("1"), TEXT("\U0001f600")};
    EXPECT(&options, names, wide, "\xff\xfe\x31\0,\0\x3d\xd8\x00\xde\r\0\n\0", "");
    options.encoding = "utf-16be";
    EXPECT(&options, names, wide, "\xfe\xff\0\x31\0,\xd8\x3d\xde\x00\0\r\0\n", "");
    options.encoding = "gb18030";
    const muster_write_value chinese[] = {TEXT("\u674e"), TEXT("\U0001f600,\u00eb")};
    EXPECT(&options, names, chinese, "\xc0\xee,\"\x94\x39\xfc\x36,\x81\x30\x8a\x35\"\r\n", "");
}

static void what_cannot_be_an_option_of_a_csv_is_told(void **state)
{
    (void)state;
    muster_write_options options = file(MUSTER_TABLE_CSV);
    options.encoding = "klingon";
    refused_at_once(&options, names, 2, MUSTER_CONFIG,
                    "encoding 'klingon' cannot be written; use utf-8, utf-16le, utf-16be, windows-1252, iso-8859-1 or "
                    "gb18030");
    options.encoding = "";
    options.delimiter = "||";
    refused_at_once(&options, names, 2, MUSTER_CONFIG,
                    "out: delimiter '||' cannot be used: it is one character, or tab");
    options.delimiter = "\u00a6";
    options.encoding = "gb18030";
    int fd = memfd_create("out", 0);
    muster_table_writer *writer = NULL;
    assert_int_equal(muster_table_write_open(fd, &options, names, 2, &writer, NULL), MUSTER_OK);
    muster_table_write_close(writer);
    close(fd);
    const muster_write_column polish[] = {{.name = "\u0141", .type = MUSTER_TEXT}};
    options.encoding = "cp1252";
    refused_at_once(&options, polish, 1, MUSTER_CONFIG,
                    "out: the column name '\u0141' has a character that does not exist in this encoding");
}

/* ---- values ---- */

static void values_that_are_not_what_they_say_spoil_their_row_only(void **state)
{
    (void)state;
    const muster_write_column columns[] = {{.name = "V", .type = MUSTER_TEXT}};
    const muster_write_value rows[] = {
        TYPED(MUSTER_INTEGER, "12"),
        TYPED(MUSTER_INTEGER, "1.5"),
        TYPED(MUSTER_INTEGER, "-"),
        TYPED(MUSTER_DECIMAL, "-0.50"),
        TYPED(MUSTER_DECIMAL, "1."),
        TYPED(MUSTER_DECIMAL, "1e3"),
        TYPED(MUSTER_BOOL, "true"),
        TYPED(MUSTER_BOOL, "yes"),
        TYPED(MUSTER_DATE, "2024-02-29"),
        TYPED(MUSTER_DATE, "2023-02-29"),
        TYPED(MUSTER_DATE, "2023-2-9"),
        TYPED(MUSTER_TIME, "23:59:59.25"),
        TYPED(MUSTER_TIME, "24:00:00"),
        TYPED(MUSTER_DATETIME, "2024-02-29T08:00:00+02:00"),
        TYPED(MUSTER_DATETIME, "2024-02-29"),
        TYPED(MUSTER_DATETIME, "2024-02-29T08:00:00 CET"),
        TYPED(MUSTER_SECONDS, "90"),
        TYPED(MUSTER_SECONDS, "1:30"),
        TYPED(MUSTER_TEXT, "\xff"),
        TYPED(MUSTER_TEXT, "a\0b"),
        TYPED(MUSTER_JSON, "{}"),
        TEXT("end"),
    };
    muster_write_options options = file(MUSTER_TABLE_CSV);
    EXPECT(&options, columns, rows,
           "V\r\n12\r\n-0.50\r\ntrue\r\n2024-02-29\r\n23:59:59.25\r\n2024-02-29T08:00:00+02:00\r\n90\r\nend\r\n",
           "out: row 2, column 'V': this is no whole number\n"
           "out: row 3, column 'V': this is no whole number\n"
           "out: row 5, column 'V': this is no number\n"
           "out: row 6, column 'V': this is no number\n"
           "out: row 8, column 'V': neither true nor false\n"
           "out: row 10, column 'V': this is no day as YYYY-MM-DD\n"
           "out: row 11, column 'V': this is no day as YYYY-MM-DD\n"
           "out: row 13, column 'V': this is no time as HH:MM:SS\n"
           "out: row 15, column 'V': this is no day and time as YYYY-MM-DDTHH:MM:SS\n"
           "out: row 16, column 'V': this is no day and time as YYYY-MM-DDTHH:MM:SS\n"
           "out: row 18, column 'V': this is no number of seconds\n"
           "out: row 19, column 'V': the text is no UTF-8\n"
           "out: row 20, column 'V': the text has a NUL byte\n"
           "out: row 21, column 'V': a value of type 13 cannot be written\n");
}

static void missing_values_are_empty_and_too_many_are_refused(void **state)
{
    (void)state;
    muster_write_options options = file(MUSTER_TABLE_CSV);
    muster_table_writer *writer = NULL;
    muster_table_error error = {0};
    const muster_write_value three[] = {TEXT("1"), TEXT("2"), TEXT("3")};
    int fd = memfd_create("out", 0);
    assert_int_equal(muster_table_write_open(fd, &options, names, 2, &writer, &error), MUSTER_OK);
    assert_int_equal(muster_table_write_row(writer, three, 1, &error), MUSTER_OK);
    assert_int_equal(muster_table_write_row(writer, three, 3, &error), MUSTER_DATA);
    assert_string_equal(error.text, "out: row 2 has 3 values, the file has 2 columns");
    assert_int_equal(muster_table_write_finish(writer, &error), MUSTER_OK);
    assert_int_equal(muster_table_write_finish(writer, &error), MUSTER_OK);
    muster_table_write_close(writer);
    size_t len;
    char *bytes = bytes_of(fd, &len);
    assert_string_equal(bytes, "Number,Name\r\n1,\r\n");
    free(bytes);
    close(fd);
}

static void columns_have_names_and_each_another_one(void **state)
{
    (void)state;
    const muster_write_column twice[] = {{.name = "A", .type = 1}, {.name = "B", .type = 1}, {.name = "A", .type = 1}};
    const muster_write_column none[] = {{.name = "A", .type = 1}, {.name = "", .type = 1}};
    const muster_write_column odd[] = {{.name = "A", .type = MUSTER_LIST}};
    muster_write_options options = file(MUSTER_TABLE_XLSX);
    refused_at_once(&options, twice, 3, MUSTER_CONFIG,
                    "out: columns 1 and 3 are both called 'A': give one another name");
    refused_at_once(&options, none, 2, MUSTER_CONFIG, "out: column 2 has no name, or one that is no UTF-8");
    refused_at_once(&options, odd, 1, MUSTER_CONFIG, "out: column 'A' has a type that cannot be written");
    refused_at_once(&options, odd, 0, MUSTER_CONFIG, "out: 0 columns cannot be written, 1 to 16384 can");
    options.format = MUSTER_TABLE_AUTO;
    refused_at_once(&options, names, 2, MUSTER_CONFIG, "out: format 0 cannot be written");
}

static void a_disk_that_is_full_ends_it(void **state)
{
    (void)state;
    for (int32_t format = MUSTER_TABLE_XLSX; format <= MUSTER_TABLE_XML; format++) {
        muster_write_options options = file(format);
        muster_table_writer *writer = NULL;
        muster_table_error error = {0};
        const muster_write_value row[] = {TEXT("1"), TEXT("Ann")};
        int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
        assert_int_equal(muster_table_write_open(fd, &options, names, 2, &writer, &error), MUSTER_OK);
        assert_int_equal(muster_table_write_row(writer, row, 2, &error), MUSTER_OK);
        assert_int_equal(muster_table_write_finish(writer, &error), MUSTER_FAIL);
        assert_string_equal(error.text, "out cannot be written: No space left on device");
        assert_int_equal(muster_table_write_row(writer, row, 2, &error), MUSTER_FAIL);
        muster_table_write_close(writer);
        close(fd);
    }
}

/* ---- JSON and XML ---- */

static const muster_write_column typed[] = {
    {.name = "Id", .type = MUSTER_TEXT}, {.name = "Pay", .type = MUSTER_DECIMAL}, {.name = "On", .type = MUSTER_BOOL}};

static void json_has_numbers_texts_and_null(void **state)
{
    (void)state;
    const muster_write_value rows[] = {TEXT("007"), TEXT("12.50"), TEXT("true"), TEXT("a\"\\\n\x01"), TEXT("012"), NONE,
                                       TEXT(""),    NONE,          TEXT("")};
    muster_write_options options = file(MUSTER_TABLE_JSON);
    EXPECT(&options, typed, rows,
           "[\n{\"Id\":\"007\",\"Pay\":12.50,\"On\":true},\n"
           "{\"Id\":\"a\\\"\\\\\\n\\u0001\",\"Pay\":\"012\",\"On\":null},\n"
           "{\"Id\":\"\",\"Pay\":null,\"On\":\"\"}\n]\n",
           "");
    options.flags = MUSTER_WRITE_OMIT;
    options.format = MUSTER_TABLE_JSONL;
    EXPECT(&options, typed, rows,
           "{\"Id\":\"007\",\"Pay\":12.50,\"On\":true}\n{\"Id\":\"a\\\"\\\\\\n\\u0001\",\"Pay\":\"012\"}\n"
           "{\"Id\":\"\",\"On\":\"\"}\n",
           "");
}

static void a_json_list_has_a_path_and_members_beside_it(void **state)
{
    (void)state;
    const muster_write_value row[] = {TEXT("1"), NONE, NONE};
    const muster_write_member members[] = {{"Mode", "full"}, {"At", "no\"w"}, {NULL, NULL}};
    muster_write_options options = file(MUSTER_TABLE_JSON);
    options.flags = MUSTER_WRITE_OMIT;
    options.members = members;
    options.rows = "data.Employees";
    EXPECT(&options, typed, row,
           "{\"Mode\":\"full\",\"At\":\"no\\\"w\",\"data\":{\"Employees\":[\n{\"Id\":\"1\"}\n]}}\n", "");
    options.rows = "data..x";
    refused_at_once(&options, names, 2, MUSTER_CONFIG, "out: rows 'data..x' is no path as in data.employees");
    options.rows = NULL;
    refused_at_once(&options, names, 2, MUSTER_CONFIG,
                    "out: members can stand beside a list that has a name only: set rows");
}

static void xml_has_elements_attributes_and_no_character_that_it_has_not(void **state)
{
    (void)state;
    const muster_write_value rows[] = {TEXT("a<&>\"\r\n"), TEXT("1.5"), NONE,          TEXT("b\x01"),  NONE, NONE,
                                       TEXT(""),           TEXT("2"),   TEXT("false"), TEXT("\uffff"), NONE, NONE};
    const muster_write_member members[] = {{"Mode", "a\"b\n"}, {NULL, NULL}};
    muster_write_options options = file(MUSTER_TABLE_XML);
    options.rows = "/Employees/Employee";
    options.members = members;
    EXPECT(&options, typed, rows,
           "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Employees Mode=\"a&quot;b&#10;\">\n"
           "  <Employee><Id>a&lt;&amp;&gt;\"&#13;\n</Id><Pay>1.5</Pay><On/></Employee>\n"
           "  <Employee><Id/><Pay>2</Pay><On>false</On></Employee>\n</Employees>\n",
           "out: row 2, column 'Id': the character U+0001 does not exist in XML\n"
           "out: row 4, column 'Id': the character U+FFFF does not exist in XML\n");
    const muster_write_column blank[] = {{.name = "First name", .type = MUSTER_TEXT}};
    refused_at_once(&options, blank, 1, MUSTER_CONFIG,
                    "out: 'First name' cannot be the name of a value in XML: it has letters, digits, - _ and . only, "
                    "and begins with a letter");
    options.rows = "Employees";
    refused_at_once(&options, names, 2, MUSTER_CONFIG, "out: rows 'Employees' is no path as in /employees/employee");
}

/* ---- workbooks ---- */

static const muster_write_column one[] = {{.name = "V", .type = MUSTER_TEXT}};

static void cells_have_the_type_of_their_value(void **state)
{
    (void)state;
    const muster_write_value rows[] = {
        TEXT("007"),
        TYPED(MUSTER_INTEGER, "7"),
        TYPED(MUSTER_INTEGER, "007"),
        TYPED(MUSTER_INTEGER, "123456789012345"),
        TYPED(MUSTER_INTEGER, "1234567890123456"),
        TYPED(MUSTER_DECIMAL, "9.95"),
        TYPED(MUSTER_DECIMAL, "-0.000001"),
        TYPED(MUSTER_BOOL, "true"),
        TYPED(MUSTER_BOOL, "false"),
        TYPED(MUSTER_DATE, "2026-05-01"),
        TYPED(MUSTER_DATE, "1900-03-01"),
        TYPED(MUSTER_DATE, "1900-02-28"),
        TYPED(MUSTER_DATE, "9999-12-31"),
        TYPED(MUSTER_TIME, "08:30:01"),
        TYPED(MUSTER_TIME, "08:30:01.5"),
        TYPED(MUSTER_DATETIME, "2000-02-29T23:59:59"),
        TYPED(MUSTER_DATETIME, "2000-02-29T23:59:59Z"),
        TYPED(MUSTER_SECONDS, "129600"),
        TYPED(MUSTER_SECONDS, "-1"),
    };
    const char *expected = "1 A=V\n2 A=007\n3 A=#7\n4 A=007\n5 A=#123456789012345\n6 A=1234567890123456\n7 A=#9.95\n"
                           "8 A=#-0.000001\n9 A=?true\n10 A=?false\n11 A=@2026-05-01\n12 A=@1900-03-01\n"
                           "13 A=1900-02-28\n14 A=@9999-12-31\n15 A=~08:30:01\n16 A=08:30:01.5\n"
                           "17 A=@@2000-02-29T23:59:59\n18 A=2000-02-29T23:59:59Z\n19 A=#1.5\n20 A=-1\n";
    muster_write_options options = file(MUSTER_TABLE_XLSX);
    for (options.expected = 0; options.expected < 20; options.expected += 19)
        expect_cells(&options, one, 1, rows, 19, expected, "");
    options.flags = MUSTER_WRITE_TEXTS | MUSTER_WRITE_BARE;
    expect_cells(&options, one, 1, rows + 5, 5, "1 A=9.95\n2 A=-0.000001\n3 A=true\n4 A=false\n5 A=2026-05-01\n", "");
}

static void a_text_is_just_that_text(void **state)
{
    (void)state;
    const muster_write_value rows[] = {TEXT("=1+1"), TEXT("_x0041_"),       TEXT("\x01\r\n\t"),
                                       TEXT(" a "),  TEXT("\ufffe"),        TEXT("https://x.example"),
                                       TEXT("a<&>"), TEXT("_x005F_x0041_"), NONE,
                                       TEXT("")};
    const char *expected = "1 A=V\n2 A==1+1\n3 A=_x0041_\n4 A=\x01\r\n\t\n5 A= a \n6 A=\ufffe\n"
                           "7 A=https://x.example\n8 A=a<&>\n9 A=_x005F_x0041_\n";
    muster_write_options options = file(MUSTER_TABLE_XLSX);
    for (options.expected = 0; options.expected < 20; options.expected += 10)
        expect_cells(&options, one, 1, rows, 10, expected, "");
}

static void a_cell_has_32767_characters_at_most(void **state)
{
    (void)state;
    char *text = malloc(4 * 20000 + 32769);
    memset(text, 'x', 32768);
    const muster_write_value fits = {.text = text, .len = 32767}, too_long = {.text = text, .len = 32768};
    const muster_write_value rows[] = {too_long, fits};
    muster_write_options options = file(MUSTER_TABLE_XLSX);
    char *said, *cells;
    int fd = written(&options, one, 1, rows, 2, &said);
    assert_string_equal(said,
                        "out: row 1, column 'V': 32768 characters are more than an Excel cell may have (32767)\n");
    cells = table_text(fd, NULL, -1);
    assert_int_equal(strlen(cells), strlen("1 A=V\n2 A=\n") + 32767);
    for (size_t n = 0; n < 16384; n++)
        memcpy(text + 4 * n, "\xf0\x9f\x98\x80", 4);
    const muster_write_value faces = {.text = text, .len = 4 * 16384}; /* two UTF-16 units each */
    close(fd);
    free(cells);
    free(said);
    fd = written(&options, one, 1, &faces, 1, &said);
    assert_non_null(strstr(said, "32768 characters are more"));
    close(fd);
    free(said);
    free(text);
}

static void a_row_that_does_not_fit_is_for_another_file(void **state)
{
    (void)state;
    static const muster_write_value rows[] = {TEXT("1"), TEXT("a"), TEXT("1"), TEXT("ab"), TEXT("1"), TEXT("a")};
    muster_write_options options = {.size = sizeof(options), .format = MUSTER_TABLE_CSV, .name = "out", .most = 23};
    EXPECT(&options, names, rows, "Number,Name\r\n1,a\r\n1,a\r\n", "out: one row more is over 23 bytes\n");
}

static void sheet_names_follow_the_rules_of_excel(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"", "out: no sheet can be called '': it is empty"},
        {"a/b", "out: no sheet can be called 'a/b': it has one of the characters [ ] : * ? / \\"},
        {"12345678901234567890123456789012",
         "out: no sheet can be called '12345678901234567890123456789012': it is longer than 31 characters"},
        {"'a", "out: no sheet can be called ''a': it begins or ends with an apostrophe"},
        {"history", "out: no sheet can be called 'history': Excel keeps that name for itself"},
        {"a\tb", "out: no sheet can be called 'a\tb': it has a control character"},
        {"\xff", "out: no sheet can be called '\xff': it is no UTF-8"}};
    muster_write_options options = file(MUSTER_TABLE_XLSX);
    for (size_t n = 0; n < sizeof(wrong) / sizeof(*wrong); n++) {
        options.sheet = wrong[n][0];
        refused_at_once(&options, one, 1, MUSTER_CONFIG, wrong[n][1]);
    }
    options.sheet = "1234567890123456789012345678 \u674e\u674e";
    expect_cells(&options, one, 1, NULL, 0, "1 A=V\n", "");
}

static void a_sheet_has_1048576_rows_and_no_more(void **state)
{
    (void)state;
    muster_write_options options = file(MUSTER_TABLE_XLSX);
    muster_table_writer *writer = NULL;
    muster_table_error error = {0};
    const muster_write_value row = TYPED(MUSTER_INTEGER, "1");
    int fd = memfd_create("out", 0);
    assert_int_equal(muster_table_write_open(fd, &options, one, 1, &writer, &error), MUSTER_OK);
    for (size_t n = 1; n < 1048576; n++)
        if (muster_table_write_row(writer, &row, 1, &error) != MUSTER_OK)
            fail_msg("row %zu: %s", n, error.text);
    assert_int_equal(muster_table_write_row(writer, &row, 1, &error), MUSTER_CONFIG);
    assert_string_equal(error.text, "out: an Excel sheet has 1048576 rows and no more, row 1048576 does not fit in: "
                                    "write a .csv, or fewer people");
    muster_table_write_close(writer);
    close(fd);
}

static size_t entries(const char *folder)
{
    DIR *dir = opendir(folder);
    size_t count = 0;
    while (readdir(dir))
        count++;
    closedir(dir);
    return count - 2;
}

static void nothing_stays_in_tmpdir_and_one_that_is_missing_or_full_is_told(void **state)
{
    (void)state;
    char folder[] = "/tmp/muster-write-XXXXXX", *said, *before = getenv("TMPDIR") ? strdup(getenv("TMPDIR")) : NULL;
    assert_non_null(mkdtemp(folder));
    setenv("TMPDIR", folder, 1);
    muster_write_options options = file(MUSTER_TABLE_XLSX);
    expect_cells(&options, one, 1, NULL, 0, "1 A=V\n", "");
    muster_table_writer *writer = NULL;
    assert_int_equal(muster_table_write_open(-1, &options, one, 1, &writer, NULL), MUSTER_OK);
    assert_int_equal(entries(folder), 1);
    muster_table_write_close(writer); /* given up */
    assert_int_equal(entries(folder), 0);
    rmdir(folder);
    int fd = written(&options, one, 1, NULL, 0, &said);
    assert_non_null(strstr(said, "-10 out: no file can be made in /tmp/muster-write-"));
    assert_non_null(strstr(said, "No such file or directory"));
    free(said);
    close(fd);
    before ? setenv("TMPDIR", before, 1) : unsetenv("TMPDIR");
    free(before);
}

static void a_workbook_that_the_disk_did_not_take_whole_is_found_out(void **state)
{
    (void)state;
    struct rlimit old, small = {.rlim_cur = 100000, .rlim_max = RLIM_INFINITY};
    muster_write_options options = file(MUSTER_TABLE_XLSX);
    muster_table_writer *writer = NULL;
    muster_table_error error = {0};
    char text[20];
    int fd = memfd_create("out", 0);
    assert_int_equal(muster_table_write_open(fd, &options, one, 1, &writer, &error), MUSTER_OK);
    getrlimit(RLIMIT_FSIZE, &old);
    small.rlim_max = old.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    for (int n = 0; n < 5000; n++) {
        muster_write_value row = {.text = text, .len = (uint32_t)snprintf(text, sizeof(text), "text %d", n)};
        assert_int_equal(muster_table_write_row(writer, &row, 1, &error), MUSTER_OK);
    }
    muster_rc rc = muster_table_write_finish(writer, &error);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_int_equal(rc, MUSTER_FAIL);
    assert_non_null(strstr(error.text, "workbook"));
    assert_int_equal(lseek(fd, 0, SEEK_END), 0); /* nothing was handed on */
    muster_table_write_close(writer);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_quoted_where_they_must_be),
        cmocka_unit_test(a_lone_empty_field_is_no_empty_line_and_odd_first_names_are_quoted),
        cmocka_unit_test(texts_that_a_spreadsheet_would_compute_are_guarded_when_asked),
        cmocka_unit_test(other_encodings_are_written_and_what_they_have_not_is_refused_with_its_row),
        cmocka_unit_test(what_cannot_be_an_option_of_a_csv_is_told),
        cmocka_unit_test(values_that_are_not_what_they_say_spoil_their_row_only),
        cmocka_unit_test(missing_values_are_empty_and_too_many_are_refused),
        cmocka_unit_test(columns_have_names_and_each_another_one),
        cmocka_unit_test(a_disk_that_is_full_ends_it),
        cmocka_unit_test(json_has_numbers_texts_and_null),
        cmocka_unit_test(a_json_list_has_a_path_and_members_beside_it),
        cmocka_unit_test(xml_has_elements_attributes_and_no_character_that_it_has_not),
        cmocka_unit_test(cells_have_the_type_of_their_value),
        cmocka_unit_test(a_text_is_just_that_text),
        cmocka_unit_test(a_cell_has_32767_characters_at_most),
        cmocka_unit_test(a_row_that_does_not_fit_is_for_another_file),
        cmocka_unit_test(sheet_names_follow_the_rules_of_excel),
        cmocka_unit_test(a_sheet_has_1048576_rows_and_no_more),
        cmocka_unit_test(nothing_stays_in_tmpdir_and_one_that_is_missing_or_full_is_told),
        cmocka_unit_test(a_workbook_that_the_disk_did_not_take_whole_is_found_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
