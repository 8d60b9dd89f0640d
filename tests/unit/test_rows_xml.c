/* test_rows_xml - rows of XML documents. */
#include "unit.h"

#include "rows_text.h"

static void expect(const char *bytes, const char *rows, const char *expected)
{
    muster_table_options options = {.size = sizeof(options), .name = "hr.xml", .rows = rows};
    expect_rows(bytes, strlen(bytes), &options, expected);
}

static const char people[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<employees at=\"x\">\n <employee id=\"7\" active='yes'>\n"
    "  <name lang=\"nb\"><first> Zo\xc3\xab </first><last><![CDATA[O'Brien & Co]]></last></name>\n"
    "  <email>a@b</email><email kind=\"home\">c@d</email><mobile/><left></left>\n </employee>\n"
    "<!-- none --><employee><name><first>B</first></name><note>a &amp; <b>b</b> c</note></employee></employees>\n";

static void children_and_attributes_are_fields_by_path(void **state)
{
    (void)state;
    static const char expected[] =
        "/employees/employee[1] @id=\"7\" @active=\"yes\" name.@lang=\"nb\" name.first=\"Zo\xc3\xab\" "
        "name.last=\"O'Brien & Co\" email=\"a@b\" email[1].@kind=\"home\" email[1]=\"c@d\" mobile=\"\" left=\"\"\n"
        "/employees/employee[2] name.first=\"B\" note.b=\"b\" note=\"a &  c\"\n";
    expect(people, NULL, expected);
    expect(people, "/employees/employee", expected);
}

static void entities_mean_the_same_in_attributes_and_texts(void **state)
{
    (void)state;
    expect("<a><b c='R&amp;D &#38; &lt;&quot;&#39;&amp;amp; &amp;#38; &#xfc;'>"
           "<d>R&amp;D &#38; &lt;&quot;&#39;&amp;amp; &amp;#38; &#xfc;</d></b></a>",
           NULL, "/a/b[1] @c=\"R&D & <\"'&amp; &#38; \xc3\xbc\" d=\"R&D & <\"'&amp; &#38; \xc3\xbc\"\n");
}

static void rows_are_found_by_path_or_by_name(void **state)
{
    (void)state;
    static const char document[] =
        "<hr><info><x/></info><org><e><n>1</n></e><e><e><n>2</n></e></e></org><e><n>3</n></e></hr>";
    expect(document, "/hr/org/e", "/hr/org/e[1] n=\"1\"\n/hr/org/e[2] e.n=\"2\"\n");
    expect(document, "e", "//e[1] n=\"1\"\n//e[2] e.n=\"2\"\n//e[3] n=\"3\"\n");
    expect(document, "//e", "//e[1] n=\"1\"\n//e[2] e.n=\"2\"\n//e[3] n=\"3\"\n");
    expect(document, "/hr/e", "/hr/e[1] n=\"3\"\n");
    expect("<e><n>1</n></e>", "/e", "/e[1] n=\"1\"\n");
    expect("<a/>", NULL, "");
    expect("<a/>", "/a/b", "");
    expect("<a><c/></a>", "/a/b", "");
}

static void rows_that_are_not_there_are_an_option_that_is_wrong(void **state)
{
    (void)state;
    expect("<hr><people><p/></people><teams/><people/></hr>", "employee",
           "error -4: hr.xml has no element 'employee', which rows asks for; below the root there is people, teams\n");
    expect(
        "<hr><people/></hr>", "/hr/staff/employee",
        "error -4: hr.xml has no element '/hr/staff/employee', which rows asks for; below the root there is people\n");
    expect("<hr/>", "/x/y",
           "error -4: hr.xml has no element '/x/y', which rows asks for; below the root there is nothing\n");
    expect("<hr>\n<person/>\n<team/></hr>", NULL,
           "/hr/person[1]\nerror -4: hr.xml: line 3: the root has elements of several names: say which are the rows, "
           "as in "
           "rows: /hr/person\n");
    expect("<hr/>", "a/b",
           "error -4: rows: 'a/b' is no path of elements: write /employees/employee, or employee for any "
           "depth, without prefixes\n");
    expect("<hr/>", "/h:a/h:b",
           "error -4: rows: '/h:a/h:b' is no path of elements: write /employees/employee, or employee "
           "for any depth, without prefixes\n");
}

static void namespaces_do_not_matter_and_nil_is_null(void **state)
{
    (void)state;
    expect("<h:hr xmlns:h=\"urn:h\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"a b\">"
           "<h:p h:id=\"1\" xsi:type=\"T\"><h:a xsi:nil=\"true\"/><b xsi:nil=\"1\"></b><c xsi:nil=\"false\"/>"
           "<d xmlns=\"urn:d\" xml:lang=\"en\">x</d></h:p></h:hr>",
           "/hr/p", "/hr/p[1] @id=\"1\" a=null b=null c=\"\" d.@lang=\"en\" d=\"x\"\n");
}

static void an_attribute_that_stands_twice_spoils_its_row_only(void **state)
{
    (void)state;
    expect("<a xmlns:x=\"urn:x\">\n<b id=\"1\" x:id=\"2\"/><b id=\"3\"/></a>", NULL,
           "/a/b[1] BAD line 2: '@id' stands in it twice\n/a/b[2] @id=\"3\"\n");
}

static void text_beside_the_fields_spoils_its_row_only(void **state)
{
    (void)state;
    expect("<a><b>\n x <c>1</c>\n</b><b> <c>2</c></b></a>", NULL,
           "/a/b[1] BAD line 3: there is text in it that belongs to no element\n/a/b[2] c=\"2\"\n");
}

static void document_types_and_entities_are_refused(void **state)
{
    (void)state;
    static const char refused[] =
        "error -5: hr.xml: line 1: it has a document type (<!DOCTYPE …>), which is refused: take it out\n";
    expect("<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a><b>&b;</b></a>", NULL, refused);
    expect("<!DOCTYPE a SYSTEM \"http://x.example/a.dtd\"><a><b/></a>", NULL, refused);
    expect("<!DOCTYPE a [<!ENTITY x \"xxxxxxxxxx\"><!ENTITY y \"&x;&x;&x;&x;\">]><a>&y;</a>", NULL, refused);
    expect("<a>\n<b>&eacute;</b></a>", NULL, "error -5: hr.xml: line 2: Entity 'eacute' not defined\n");
}

static void what_is_no_xml_is_told_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *document, *expected;
    } cases[] = {
        {"<a>\n<b/>\n<b>", ""},
        {"<a>\n<b>1</c>\n</a>", "line 2: Opening and ending tag mismatch: b line 2 and c"},
        {"<a><b x=1/></a>", "line 1: AttValue: \" or ' expected"},
        {"<a><b x=\"1\" x=\"2\"/></a>", "line 1: Attribute x redefined"},
        {"<a><b>\x01</b></a>", "line 1: "},
        {"<a>\n<b>\xe2\x82\xac\xe2\x82<c/></b>\n</a>", "line 2 is not valid UTF-8: save it as UTF-8, or set encoding"},
        {"<a>\n<b>\xff</b></a>", "line 2 is not valid UTF-8: save it as UTF-8, or set encoding"},
        {"<a><b>&#0;</b></a>", "line 1: xmlParseCharRef: invalid xmlChar value 0"},
        {"<a/>\n<a/>", "line 2: Extra content at the end of the document"},
        {"<a", "line 1: "},
        {"<?xml version=\"1.0\"?>\n", "line 2: "},
    };
    for (size_t n = 1; n < sizeof(cases) / sizeof(*cases); n++) {
        muster_table_options options = {.size = sizeof(options), .name = "hr.xml"};
        char *text = rows_in_all_chunks(cases[n].document, strlen(cases[n].document), &options);
        char wanted[300];
        snprintf(wanted, sizeof(wanted), "error -5: hr.xml: %s", cases[n].expected);
        if (!strstr(text, wanted))
            fail_msg("case %zu: '%s' is not in '%s'", n, wanted, text);
        free(text);
    }
    muster_table_options options = {.size = sizeof(options), .name = "hr.xml"};
    char *text = rows_in_all_chunks(cases[0].document, strlen(cases[0].document), &options);
    assert_non_null(strstr(text, "/a/b[1]\nerror -5: hr.xml: line 3: "));
    free(text);
}

static void encodings_are_read_without_looking_anywhere(void **state)
{
    (void)state;
    expect("<?xml version='1.0' encoding='ISO-8859-1'?><a><b><c>M\xfcller</c></b></a>", NULL,
           "/a/b[1] c=\"M\xc3\xbcller\"\n");
    expect("<?xml version='1.0' encoding=\"windows-1252\"?><a><b c='\x80'/></a>", NULL,
           "/a/b[1] @c=\"\xe2\x82\xac\"\n");
    expect("<?xml version='1.0' encoding='us-ascii'?><a><b c='x'/></a>", NULL, "/a/b[1] @c=\"x\"\n");
    expect("<?xml version='1.0' encoding='utf-16'?><a><b c='\xc3\xbc'/></a>", NULL, "/a/b[1] @c=\"\xc3\xbc\"\n");
    expect("\xef\xbb\xbf<?xml version='1.0' encoding='ISO-8859-1'?><a><b c='\xc3\xbc'/></a>", NULL,
           "/a/b[1] @c=\"\xc3\xbc\"\n");
    expect("<?xml version='1.0' encoding='Shift_JIS'?><a/>", NULL,
           "error -5: hr.xml is written in 'Shift_JIS', which cannot be read: save it as UTF-8, UTF-16, ISO-8859-1 or "
           "Windows-1252\n");
    muster_table_options options = {.size = sizeof(options), .name = "hr.xml"};
    expect_rows("\xff\xfe<\0a\0>\0<\0b\0 \0c\0=\0'\0\xfc\0'\0/\0>\0<\0/\0a\0>\0", 36, &options,
                "/a/b[1] @c=\"\xc3\xbc\"\n");
    expect_rows("\0<\0a\0>\0<\0b\0 \0c\0=\0'\0\xfc\0'\0/\0>\0<\0/\0a\0>", 34, &options, "/a/b[1] @c=\"\xc3\xbc\"\n");
}

static void expect_whole(const char *bytes, size_t len, const char *expected)
{
    muster_table_options options = {.size = sizeof(options), .name = "x.xml"};
    int fd = bytes_fd(bytes, len);
    char *text = rows_text(fd, &options, 0);
    if (!strstr(text, expected))
        fail_msg("'%s' is not in '%.300s'", expected, text);
    free(text);
    close(fd);
}

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

static void depth_size_and_number_have_ceilings(void **state)
{
    (void)state;
    size_t len;
    char *bytes = repeated("<a>", "<b>", 100000, "", &len);
    expect_whole(bytes, len, "error -5: x.xml: line 1: elements are nested more than 200 deep\n");
    free(bytes);
    bytes = repeated("<a><b><c>", "0123456789abcdef", 65537, "</c></b><b/></a>", &len);
    expect_whole(bytes, len, "/a/b[1] BAD the cell is longer than 1 MiB\n/a/b[2]\n");
    free(bytes);
    bytes = repeated("<a><b><c>", "0123456789abcdef", 5 << 20, "</c></b><b/></a>", &len);
    expect_whole(bytes, len, "error -5: x.xml: line 1: a row of more than 64 MiB\n");
    free(bytes);
    bytes = repeated("<a><b x='", "0123456789abcdef", 1 << 20, "'/><b/></a>", &len);
    expect_whole(bytes, len, "error -5: x.xml: line 1: "); /* libxml2's own ceiling of an attribute */
    free(bytes);
    bytes = repeated("<a><b>", "<c>1</c>", 40, "<d/></b></a>", &len);
    expect_whole(bytes, len, " c[31]=\"1\" d=\"\"\n");
    free(bytes);
}

static void noise_gives_rows_or_a_sentence(void **state)
{
    (void)state;
    static const char *const words[] = {"<b>",      "</b>",      "<c x='1'>", "</c>", "text", "&amp;",
                                        "&#233;",   "<![CDATA[", "]]>",       "<!--", "-->",  "<?p q?>",
                                        "\xc3\xbc", "\xff",      "\n",        " ",    "<",    ">",
                                        "'",        "</a>",      "<d/>",      "&",    "\"",   "<x:y/>"};
    uint32_t seed = 815;
    for (int n = 0; n < 3000; n++) {
        char bytes[400];
        size_t len = (size_t)snprintf(bytes, sizeof(bytes), "<a><b>");
        for (int word = 0; word < n % 30; word++) {
            seed = seed * 1664525 + 1013904223;
            len += (size_t)snprintf(bytes + len, sizeof(bytes) - len, "%s",
                                    words[(seed >> 16) % (sizeof(words) / sizeof(*words))]);
        }
        muster_table_options options = {.size = sizeof(options), .name = "x.xml", .rows = n % 3 ? NULL : "b"};
        int fd = bytes_fd(bytes, len);
        char *text = rows_text(fd, &options, 1 + (size_t)n % 5);
        char *error = strstr(text, "error ");
        assert_true(!error || strlen(error) > 20);
        assert_null(strstr(text, "(not terminated)"));
        free(text);
        close(fd);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(children_and_attributes_are_fields_by_path),
        cmocka_unit_test(entities_mean_the_same_in_attributes_and_texts),
        cmocka_unit_test(rows_are_found_by_path_or_by_name),
        cmocka_unit_test(rows_that_are_not_there_are_an_option_that_is_wrong),
        cmocka_unit_test(namespaces_do_not_matter_and_nil_is_null),
        cmocka_unit_test(an_attribute_that_stands_twice_spoils_its_row_only),
        cmocka_unit_test(text_beside_the_fields_spoils_its_row_only),
        cmocka_unit_test(document_types_and_entities_are_refused),
        cmocka_unit_test(what_is_no_xml_is_told_with_its_line),
        cmocka_unit_test(encodings_are_read_without_looking_anywhere),
        cmocka_unit_test(depth_size_and_number_have_ceilings),
        cmocka_unit_test(noise_gives_rows_or_a_sentence),
    };
    return cmocka_run_group_tests_name("rows_xml", tests, NULL, NULL);
}
