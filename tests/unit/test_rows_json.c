/* test_rows_json - rows of JSON documents and of files with an object per line. */
#include "unit.h"

#include "rows_text.h"

static muster_table_options json_options(const char *rows)
{
    return (muster_table_options){.size = sizeof(muster_table_options), .name = "hr.json", .rows = rows};
}

static void expect(const char *bytes, const char *rows, const char *expected)
{
    muster_table_options options = json_options(rows);
    expect_rows(bytes, strlen(bytes), &options, expected);
}

static void expect_lines(const char *bytes, const char *expected)
{
    muster_table_options options = {.size = sizeof(options), .name = "hr.jsonl"};
    expect_rows(bytes, strlen(bytes), &options, expected);
}

static void objects_of_the_root_list_are_rows(void **state)
{
    (void)state;
    expect("[{\"id\":\"007\",\"name\":\"Zo\xc3\xab\"},\n {\"name\":\"B\",\"id\":\"8\"}]", NULL,
           "/0 id=\"007\" name=\"Zo\xc3\xab\"\n/1 name=\"B\" id=\"8\"\n");
    expect("[]", NULL, "");
    expect(" [ { } ] ", NULL, "/0\n");
}

static void numbers_keep_their_text_and_the_four_kinds_of_nothing_stay_apart(void **state)
{
    (void)state;
    expect(
        "[{\"a\":12345678901234567890123,\"b\":1.50,\"c\":-0,\"d\":true,\"e\":false,\"f\":null,\"g\":\"\"},{\"g\":0}]",
        NULL, "/0 a=#12345678901234567890123 b=#1.50 c=#-0 d=?true e=?false f=null g=\"\"\n/1 g=#0\n");
}

static void exponents_are_spelled_out(void **state)
{
    (void)state;
    expect("[{\"a\":1e3,\"b\":1.5E3,\"c\":-1.25e1,\"d\":12e-3,\"e\":1.5e-1,\"f\":0e5,\"z\":-0.00e2,\"g\":1E+0,\"h\":0."
           "05e1,\"i\":1234e-2}]",
           NULL, "/0 a=#1000 b=#1500 c=#-12.5 d=#0.012 e=#0.15 f=#0 z=#-0 g=#1 h=#0.5 i=#12.34\n");
}

static void nested_values_have_paths_and_their_own_text(void **state)
{
    (void)state;
    expect("[{\"address\" : { \"city\" : \"Bergen\", \"geo\": {\"lat\": 60.4} },\n \"emails\": [ {\"value\": \"a@b\"}, "
           "{\"value\": null} ], \"tags\": [1, \"x\\\"\\n\", true], \"none\": [], \"nothing\": {}}]",
           NULL,
           "/0 address.city=\"Bergen\" address.geo.lat=#60.4 address.geo={\"lat\":60.4} "
           "address={\"city\":\"Bergen\",\"geo\":{\"lat\":60.4}} emails[0].value=\"a@b\" emails[0]={\"value\":\"a@b\"} "
           "emails[1].value=null emails[1]={\"value\":null} emails=[{\"value\":\"a@b\"},{\"value\":null}] tags[0]=#1 "
           "tags[1]=\"x\"\n\" tags[2]=?true tags=[1,\"x\\\"\\u000a\",true] none=[] nothing={}\n");
}

static void the_list_is_found_by_its_path(void **state)
{
    (void)state;
    static const char document[] =
        "{\"meta\":{\"n\":[1,2],\"employees\":[{\"x\":1}]},\"data\":{\"employees\":[{\"id\":1},"
        "{\"id\":2}],\"more\":[[{\"id\":3}]]},\"employees\":7}";
    expect(document, "data.employees", "/data/employees/0 id=#1\n/data/employees/1 id=#2\n");
    expect(document, "data.more[0]", "/data/more/0/0 id=#3\n");
    expect(document, "meta.employees", "/meta/employees/0 x=#1\n");
}

static void a_list_that_is_not_there_is_an_option_that_is_wrong(void **state)
{
    (void)state;
    static const char document[] = "{\"data\":{\"people\":[{\"id\":1}],\"n\":[1]},\"teams\":[{\"id\":1}],\"one\":{}}";
    expect(document, "people",
           "error -4: hr.json has no 'people', where rows says that the list is; there is "
           "data.people, teams\n");
    expect(document, NULL,
           "error -4: hr.json: its root is an object, no list of rows: set rows to the path of one; "
           "there is data.people, teams\n");
    expect(document, "one",
           "error -4: hr.json: 'one' is an object, no list of rows: set rows to the path of one; there "
           "is data.people, teams\n");
    expect("{\"a\":1}", NULL,
           "error -4: hr.json: its root is an object, no list of rows: set rows to the path of the list\n");
    expect("{\"a\":null}", "a", "error -4: hr.json: 'a' is null, no list of rows: set rows to the path of the list\n");
    expect("{\"a\":1}", "b",
           "error -4: hr.json has no 'b', where rows says that the list is; there is no list of objects at all\n");
    expect("{\"a\":[{}],\"a\":[{}]}", "a",
           "/a/0\nerror -5: hr.json: line 1, behind byte 15: the list of rows stands in it twice\n");
}

static void an_element_that_is_no_object_is_told_and_the_rest_goes_on(void **state)
{
    (void)state;
    expect("[1,\n\"x\",null,[{\"a\":1}],true,{\"a\":2}]", NULL,
           "/0 BAD line 1: it is no object but a number\n/1 BAD line 2: it is no object but a text\n"
           "/2 BAD line 2: it is no object but null\n/3 BAD line 2: it is no object but an array\n"
           "/4 BAD line 2: it is no object but true\n/5 a=#2\n");
}

static void a_member_that_stands_twice_spoils_its_row_only(void **state)
{
    (void)state;
    expect("[{\"a\":1,\n\"a\":2},{\"b\":{\"c\":1,\"c\":2}},{\"b\":{},\"b\":{}},{\"x.y\":1,\"x\":{\"y\":2}},{\"a\":3}]",
           NULL,
           "/0 BAD line 2: 'a' stands in it twice\n/1 BAD line 2: 'b.c' stands in it twice\n"
           "/2 BAD line 2: 'b' stands in it twice\n/3 BAD line 2: 'x.y' stands in it twice\n/4 a=#3\n");
}

static void halves_of_characters_and_nul_spoil_their_row_only(void **state)
{
    (void)state;
    expect("[{\"a\":\"\\ud83d\\ude00 \\u00fc \\\\ud83d\"},{\"a\":\"\\ud83d\"},{\"a\":\"\\ud83dx\"},{\"a\":\"\\ude00\"},"
           "{\"a\":\"\\ud83d\\n\"},{\"a\":\"\\ud83d\\ud83d\\ude00\"},{\"a\":\"x\\u0000y\"},{\"\\ud83d\":1},{\"a\":["
           "\"\\udc00\"]},"
           "{\"a\":1}]",
           NULL,
           "/0 a=\"\xf0\x9f\x98\x80 \xc3\xbc \\ud83d\"\n"
           "/1 BAD line 1: it has half of a character (\\ud800 to \\udfff without its other half)\n"
           "/2 BAD line 1: it has half of a character (\\ud800 to \\udfff without its other half)\n"
           "/3 BAD line 1: it has half of a character (\\ud800 to \\udfff without its other half)\n"
           "/4 BAD line 1: it has half of a character (\\ud800 to \\udfff without its other half)\n"
           "/5 BAD line 1: it has half of a character (\\ud800 to \\udfff without its other half)\n"
           "/6 BAD line 1: it has a NUL character (\\u0000)\n"
           "/7 BAD line 1: it has half of a character (\\ud800 to \\udfff without its other half)\n"
           "/8 BAD line 1: it has half of a character (\\ud800 to \\udfff without its other half)\n/9 a=#1\n");
}

static void what_is_no_json_is_told_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *document, *expected;
    } cases[] = {
        {"[{\"a\":1},\n{\"a\":2,}]",
         "/0 a=#1\nerror -5: hr.json: line 2, behind byte 16: a member's name must be a text in quotes\n"},
        {"[{\"a\":1}\n", "/0 a=#1\nerror -5: hr.json: line 2: it ends too early: was its upload finished?\n"},
        {"[{\"a\":\"b", "error -5: hr.json: line 1: it ends too early: was its upload finished?\n"},
        {"[{}] x", "/0\nerror -5: hr.json: line 1, behind byte 4: there is something behind the end of the document\n"},
        {"[{}]\n[{}]",
         "/0\nerror -5: hr.json: line 2, behind byte 4: there is something behind the end of the document\n"},
        {"[{\"a\":\"\n\"}]",
         "error -5: hr.json: line 1, behind byte 5: a text has a control character (a line end or tab must be "
         "written \\n, \\t)\n"},
        {"[{\"a\":\"\xff\"}]",
         "error -5: hr.json: line 1, behind byte 5: a text is not valid UTF-8: save it as UTF-8, or set "
         "encoding\n"},
        {"[{\"a\":nil}]",
         "error -5: hr.json: line 1, behind byte 5: a word without quotes that is neither true, false nor null\n"},
        {"[{\"a\":\"\\x\"}]",
         "error -5: hr.json: line 1, behind byte 5: a backslash stands before a letter that it cannot stand "
         "before\n"},
        {"[{\"a\":\"\\u12g4\"}]",
         "error -5: hr.json: line 1, behind byte 5: \\u must be followed by four hexadecimal digits\n"},
        {"[{\"a\" 1}]", "error -5: hr.json: line 1, behind byte 5: a member's name has no colon behind it\n"},
        {"[{\"a\":1 \"b\":2}]", "error -5: hr.json: line 1, behind byte 7: a member must be followed by , or }\n"},
        {"[{\"a\":[1 2]}]", "error -5: hr.json: line 1, behind byte 8: an element must be followed by , or ]\n"},
        {"[{\"a\":-}]", "error -5: hr.json: line 1, behind byte 5: a minus sign has no digit behind it\n"},
        {"[{\"a\":1.}]", "error -5: hr.json: line 1, behind byte 5: a number has no digit after its decimal point\n"},
        {"[{\"a\":1e}]", "error -5: hr.json: line 1, behind byte 5: a number has no digit after its exponent\n"},
        {"[{\"a\":'x'}]",
         "error -5: hr.json: line 1, behind byte 5: a character that JSON does not have outside of texts\n"},
        {"[{\"a\":1},]",
         "/0 a=#1\nerror -5: hr.json: line 1, behind byte 8: a value or a sign stands where it cannot (a comma too "
         "many?)\n"},
        {"[{}] /* note */",
         "/0\nerror -5: hr.json: line 1, behind byte 4: there is something behind the end of the document\n"},
        {"nothing",
         "error -5: hr.json: line 1, behind byte 0: a word without quotes that is neither true, false nor null\n"},
        {"  \n ", "error -5: hr.json: line 2: it ends too early: was its upload finished?\n"},
    };
    for (size_t n = 0; n < sizeof(cases) / sizeof(*cases); n++)
        expect(cases[n].document, NULL, cases[n].expected);
}

static void one_object_per_line(void **state)
{
    (void)state;
    expect_lines("{\"a\":1}\n\r\n  {\"a\":{\"b\":2}}\r\n{\"a\":3}",
                 "line 1 a=#1\nline 3 a.b=#2 a={\"b\":2}\nline 4 a=#3\n");
}

static void a_bad_line_is_told_and_the_next_is_read(void **state)
{
    (void)state;
    expect_lines(
        "{\"a\":1}\n{\"a\":\n{\"a\":3}x\n{\"a\":4} {\"a\":5}\n[1]\n7\n{\"a\":\"\xff\"}\n{\"a\":tru}\n{\"a\":\"\t\"}\n"
        "{\"a\":1,\"a\":2}\n{\"a\":\"\\ud800\"}\n\"x\n{\"a\":13}\n{\"a\":14",
        "line 1 a=#1\nline 2 BAD behind byte 4: the line ends within an object: was it cut off?\n"
        "line 3 BAD behind byte 7: a character that JSON does not have outside of texts\n"
        "line 4 BAD there is more than one value in the line\n"
        "line 5 BAD it is no object but an array\nline 6 BAD it is no object but a number\n"
        "line 7 BAD behind byte 4: a text is not valid UTF-8: save it as UTF-8, or set encoding\n"
        "line 8 BAD behind byte 4: a word without quotes that is neither true, false nor null\n"
        "line 9 BAD behind byte 4: a text has a control character (a line end or tab must be written \\n, \\t)\n"
        "line 10 BAD 'a' stands in it twice\n"
        "line 11 BAD it has half of a character (\\ud800 to \\udfff without its other half)\n"
        "line 12 BAD behind byte 0: a text has a control character (a line end or tab must be written \\n, \\t)\n"
        "line 13 a=#13\nline 14 BAD behind byte 7: the line ends within an object: was it cut off?\n");
}

static void formats_are_found_by_what_is_in_the_file(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes;
        int32_t format;
    } cases[] = {
        {"x", "[{\"a\":1}]", MUSTER_TABLE_JSON},
        {"x.csv", "\xef\xbb\xbf [\n {\"a\":1}]", MUSTER_TABLE_JSON},
        {"x", "{\"a\":{\"b\":\"}\\\"{\"}}\n{\"a\":1}\n", MUSTER_TABLE_JSONL},
        {"x.json", "{\"a\":1}\n{\"a\":1}\n", MUSTER_TABLE_JSONL},
        {"x.json", "{\"a\":[\n{}]}\n", MUSTER_TABLE_JSON},
        {"x.json", "{\"a\":[]}\n", MUSTER_TABLE_JSON},
        {"x.jsonl", "{\"a\":[]}\n", MUSTER_TABLE_JSONL},
        {"x.ndjson", "nonsense", MUSTER_TABLE_JSONL},
        {"x.json", "nonsense", MUSTER_TABLE_JSON},
        {"x", "[name],[surname]\n1,2\n", MUSTER_TABLE_CSV},
        {"x", "{a},{b}\n", MUSTER_TABLE_CSV},
        {"x", "<people/>", MUSTER_TABLE_XML},
        {"x.xml", "nonsense", MUSTER_TABLE_XML},
    };
    for (size_t n = 0; n < sizeof(cases) / sizeof(*cases); n++) {
        int fd = bytes_fd(cases[n].bytes, strlen(cases[n].bytes));
        muster_table_options options = {.size = sizeof(options), .name = cases[n].name};
        muster_table *table = NULL;
        muster_table_error error = {0};
        assert_int_equal(muster_table_open(fd, &options, &table, &error), MUSTER_OK);
        assert_int_equal(muster_table_format(table), cases[n].format);
        muster_table_close(table);
        close(fd);
    }
}

static void other_encodings_are_read(void **state)
{
    (void)state;
    muster_table_options options = json_options(NULL);
    expect_rows("\xff\xfe[\0{\0\"\0a\0\"\0:\0\"\0\x3d\xd8\x00\xde\"\0}\0]\0", 26, &options,
                "/0 a=\"\xf0\x9f\x98\x80\"\n");
    expect_rows("\0[\0{\0\"\0a\0\"\0:\0\"\0\xfc\0\"\0}\0]", 22, &options, "/0 a=\"\xc3\xbc\"\n");
    expect("\xef\xbb\xbf[{\"a\":1}]", NULL, "/0 a=#1\n");
    options.encoding = "windows-1252";
    expect_rows("[{\"a\":\"\x80\xfc\"}]", 12, &options, "/0 a=\"\xe2\x82\xac\xc3\xbc\"\n");
    options.encoding = "ebcdic";
    expect_rows("[]", 2, &options,
                "error -4: encoding 'ebcdic' is not known; use auto, utf-8, utf-16le, utf-16be, windows-1252 or "
                "iso-8859-1\n");
}

static void a_path_is_no_option_of_other_files(void **state)
{
    (void)state;
    muster_table_options options = {.size = sizeof(options), .rows = "a", .format = MUSTER_TABLE_JSONL};
    expect_rows("{}", 2, &options,
                "error -4: the file is a file of one JSON object per line, where rows means nothing: "
                "it is for json and xml\n");
    options.format = MUSTER_TABLE_AUTO;
    expect_rows("a,b\n", 4, &options,
                "error -4: the file is a CSV file, where rows means nothing: it is for json and xml\n");
}

/* `count` times one text between two others. */
static char *repeated(const char *before, const char *text, size_t count, const char *after, size_t *ret_len)
{
    char *bytes = NULL;
    FILE *out = open_memstream(&bytes, ret_len);
    fputs(before, out);
    for (size_t n = 0; n < count; n++)
        fputs(text, out);
    fputs(after, out);
    fclose(out);
    return bytes;
}

static void expect_whole(const char *bytes, size_t len, const char *name, const char *expected)
{
    muster_table_options options = {.size = sizeof(options), .name = name};
    int fd = bytes_fd(bytes, len);
    char *text = rows_text(fd, &options, 0);
    assert_string_equal(text, expected);
    free(text);
    close(fd);
}

static void nesting_has_a_ceiling(void **state)
{
    (void)state;
    size_t len;
    char *deep = repeated("[{\"a\":", "[", 100000, "", &len);
    expect_whole(deep, len, "x.json",
                 "error -5: x.json: line 1, behind byte 517: objects and arrays are nested more than 512 deep\n");
    free(deep);
    deep = repeated("{\"a\":", "[", 100000, "\n{\"a\":1}\n", &len);
    expect_whole(deep, len, "x.jsonl",
                 "line 1 BAD behind byte 516: objects and arrays are nested more than 512 deep\nline 2 a=#1\n");
    free(deep);
}

static void numbers_have_a_ceiling(void **state)
{
    (void)state;
    size_t len;
    char *digits = repeated("[{\"a\":", "7", 400,
                            "},{\"a\":1e400},{\"a\":1e-400},{\"a\":1e99999999999999999999},{\"a\":1}]", &len);
    expect(digits, NULL,
           "/0 BAD line 1: it has a number of more than 310 digits\n"
           "/1 BAD line 1: it has a number of more than 310 digits\n"
           "/2 BAD line 1: it has a number of more than 310 digits\n"
           "/3 BAD line 1: it has a number of more than 310 digits\n/4 a=#1\n");
    free(digits);
    digits = repeated("[{\"a\":0.", "7", 1000, "e-5}]", &len);
    expect(digits, NULL, "/0 BAD line 1: it has a number of more than 310 digits\n");
    free(digits);
}

static void texts_have_a_ceiling(void **state)
{
    (void)state;
    size_t len;
    char *bytes = repeated("[{\"a\":\"", "0123456789abcdef", 65537, "\"},{\"a\":1}]", &len);
    expect_whole(bytes, len, "x.json", "/0 BAD the cell is longer than 1 MiB\n/1 a=#1\n");
    free(bytes);
    bytes = repeated("[{\"a\":\"", "0123456789abcdef", 20 << 16, "\"},{\"a\":1}]", &len);
    char *text = NULL;
    int fd = bytes_fd(bytes, len);
    muster_table_options options = {.size = sizeof(options), .name = "x.json"};
    text = rows_text(fd, &options, 0);
    assert_non_null(strstr(text, ": a text of more than 16 MiB\n"));
    free(text);
    close(fd);
    free(bytes);
    bytes = repeated("{\"a\":\"", "0123456789abcdef", 20 << 16, "\"}\n{\"a\":1}\n", &len);
    fd = bytes_fd(bytes, len);
    options.name = "x.jsonl";
    text = rows_text(fd, &options, 0);
    assert_true(strncmp(text, "line 1 BAD behind byte ", 23) == 0);
    assert_non_null(strstr(text, ": a text of more than 16 MiB\nline 2 a=#1\n"));
    free(text);
    close(fd);
    free(bytes);
}

/* The other members of the row stay. */
static const char *left_out_of(const char *bytes, size_t len, size_t *ret_cells)
{
    static char note[200];
    muster_table_options options = {.size = sizeof(options), .name = "x.json"};
    muster_table *table = NULL;
    const muster_row *row = NULL;
    int fd = bytes_fd(bytes, len);
    assert_int_equal(muster_table_open(fd, &options, &table, NULL), MUSTER_OK);
    assert_null(muster_table_left_out(table));
    *ret_cells = 0;
    while (muster_table_next(table, &row, NULL) == MUSTER_OK && row) {
        assert_null(row->why);
        *ret_cells += row->count;
    }
    snprintf(note, sizeof(note), "%s", muster_table_left_out(table) ? muster_table_left_out(table) : "");
    muster_table_close(table);
    close(fd);
    return note;
}

static void what_is_too_much_is_left_out_and_said(void **state)
{
    (void)state;
    char *bytes = NULL;
    size_t len, cells;
    FILE *out = open_memstream(&bytes, &len);
    fprintf(out, "[{\"m\":{");
    for (int n = 0; n < 3000; n++)
        fprintf(out, "\"k%d\":1,", n);
    fprintf(out, "\"z\":1},\"last\":1}]");
    fclose(out);
    assert_string_equal(
        left_out_of(bytes, len, &cells),
        "there are more than 2,000 names of values (or names of more than 1,000 bytes): the others are not read");
    assert_in_range(cells, 1490, 1510); /* 'last' among them: lists of things leave room for a row's own members */
    free(bytes);
    bytes = repeated("[{\"m\":[\"", "0123456789abcdef", 17000, "\",1],\"last\":[1]}]", &len);
    assert_string_equal(left_out_of(bytes, len, &cells),
                        "objects or arrays of more than 256 KiB are not read as a whole, only what is in them");
    assert_int_equal(cells, 4);
    free(bytes);
    bytes = repeated("[{\"m\":[0", ",1", 100, "]}]", &len);
    assert_string_equal(left_out_of(bytes, len, &cells), "");
    assert_int_equal(cells, 33);
    free(bytes);
    bytes = repeated("[{\"m\":", "{\"n\":", 30, "1}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}]", &len);
    assert_string_equal(left_out_of(bytes, len, &cells), "");
    assert_int_equal(cells, 5); /* four levels, and the sixteenth with all that is below it */
    free(bytes);
}

static void a_rewind_reads_the_same_again(void **state)
{
    (void)state;
    static const char *const files[] = {"[{\"a\":1},{\"b\":2}]", "{\"a\":1}\n{\"b\":2}\n"};
    for (size_t n = 0; n < 2; n++) {
        muster_table *table = NULL;
        const muster_row *row = NULL;
        int fd = bytes_fd(files[n], strlen(files[n]));
        assert_int_equal(muster_table_open(fd, NULL, &table, NULL), MUSTER_OK);
        for (int round = 0; round < 3; round++) {
            for (int step = 0; step <= round; step++)
                assert_int_equal(muster_table_next(table, &row, NULL), MUSTER_OK);
            assert_int_equal(muster_table_rewind(table, NULL), MUSTER_OK);
        }
        assert_int_equal(muster_table_next(table, &row, NULL), MUSTER_OK);
        assert_int_equal(row->cells[0].column, 0);
        assert_string_equal(muster_table_name(table, 1), "b");
        assert_null(muster_table_name(table, 2));
        char place[100];
        muster_cell_place(table, row->number, 0, place, sizeof(place));
        assert_string_equal(place, n == 0 ? "/0/a" : "line 1/a");
        const muster_header *header;
        muster_table_error error;
        assert_int_equal(muster_table_header(table, 1, &header, &error), MUSTER_CONFIG);
        muster_table_close(table);
        close(fd);
    }
}

/* Whatever the bytes are, there are rows or a sentence. */
static void noise_gives_rows_or_a_sentence(void **state)
{
    (void)state;
    static const char *const words[] = {"{",    "}",      "[",   "]",      ",",       ":",       "\"a\"",   "\"",
                                        "1",    "-2.5e3", "tru", "true",   "null",    "\\ud83d", "\\u0000", "\xc3\xbc",
                                        "\xff", "\n",     " ",   "\"b\":", "\"c\":[", "{\"d\":"};
    uint32_t seed = 4711;
    for (int n = 0; n < 4000; n++) {
        char bytes[300];
        size_t len = (size_t)snprintf(bytes, sizeof(bytes), "%s", n % 2 ? "[{\"a\":" : "{\"a\":");
        for (int word = 0; word < n % 25; word++) {
            seed = seed * 1664525 + 1013904223;
            len += (size_t)snprintf(bytes + len, sizeof(bytes) - len, "%s",
                                    words[(seed >> 16) % (sizeof(words) / sizeof(*words))]);
        }
        muster_table_options options = {.size = sizeof(options), .name = n % 2 ? "x.json" : "x.jsonl"};
        int fd = bytes_fd(bytes, len);
        char *whole = rows_text(fd, &options, 0), *text = rows_text(fd, &options, 1 + (size_t)n % 5);
        assert_string_equal(whole, text);
        assert_null(strstr(text, "(not terminated)"));
        free(text);
        free(whole);
        close(fd);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_of_the_root_list_are_rows),
        cmocka_unit_test(numbers_keep_their_text_and_the_four_kinds_of_nothing_stay_apart),
        cmocka_unit_test(exponents_are_spelled_out),
        cmocka_unit_test(nested_values_have_paths_and_their_own_text),
        cmocka_unit_test(the_list_is_found_by_its_path),
        cmocka_unit_test(a_list_that_is_not_there_is_an_option_that_is_wrong),
        cmocka_unit_test(an_element_that_is_no_object_is_told_and_the_rest_goes_on),
        cmocka_unit_test(a_member_that_stands_twice_spoils_its_row_only),
        cmocka_unit_test(halves_of_characters_and_nul_spoil_their_row_only),
        cmocka_unit_test(what_is_no_json_is_told_with_its_line),
        cmocka_unit_test(one_object_per_line),
        cmocka_unit_test(a_bad_line_is_told_and_the_next_is_read),
        cmocka_unit_test(formats_are_found_by_what_is_in_the_file),
        cmocka_unit_test(other_encodings_are_read),
        cmocka_unit_test(a_path_is_no_option_of_other_files),
        cmocka_unit_test(nesting_has_a_ceiling),
        cmocka_unit_test(numbers_have_a_ceiling),
        cmocka_unit_test(texts_have_a_ceiling),
        cmocka_unit_test(what_is_too_much_is_left_out_and_said),
        cmocka_unit_test(a_rewind_reads_the_same_again),
        cmocka_unit_test(noise_gives_rows_or_a_sentence),
    };
    return cmocka_run_group_tests_name("rows_json", tests, NULL, NULL);
}
