/* test_sheet - the sheet connector against a host that writes down what it is told. */
#include "unit.h"

#include "workbook.h"

#include <fcntl.h>

const muster_connector *muster_connector_entry(void);

struct setting {
    const char *name, *value;
};

struct fake {
    muster_run run; /* first: the connector sees only this */
    const struct setting *settings;
    const char *const *places; /* newest first, NULL-terminated */
    int fds[4];
    int32_t same;
    int cancel_after; /* asks; 0: never */
    FILE *out;
    bool table;
    size_t columns;
};

static struct fake *fake_of(muster_run *run)
{
    return (struct fake *)run;
}

static const char *fake_text(muster_run *run, const char *name)
{
    for (const struct setting *setting = fake_of(run)->settings; setting && setting->name; setting++)
        if (strcmp(setting->name, name) == 0)
            return setting->value;
    for (const muster_option *option = muster_connector_entry()->options; option->name; option++)
        if (strcmp(option->name, name) == 0)
            return option->initial;
    fail_msg("the connector asked for option '%s', which it does not declare", name);
    return NULL;
}

MUSTER_FMT(3, 4) static void fake_log(muster_run *run, int32_t level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(fake_of(run)->out, "log %d: ", level);
    vfprintf(fake_of(run)->out, format, args);
    fputc('\n', fake_of(run)->out);
    va_end(args);
}

MUSTER_FMT(3, 4) static muster_rc fake_fail(muster_run *run, muster_rc rc, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(fake_of(run)->out, "fail %d: ", rc);
    vfprintf(fake_of(run)->out, format, args);
    fputc('\n', fake_of(run)->out);
    va_end(args);
    return rc;
}

static int32_t fake_cancelled(muster_run *run)
{
    struct fake *fake = fake_of(run);
    return fake->cancel_after > 0 && --fake->cancel_after == 0;
}

static void fake_progress(muster_run *run, uint64_t done, uint64_t total)
{
    (void)run;
    assert_true(done <= total);
}

static muster_rc fake_list(muster_run *run, const char *place, size_t nth, const char **name, uint64_t *size,
                           int64_t *mtime)
{
    struct fake *fake = fake_of(run);
    assert_string_equal(place, "/in/*");
    for (size_t n = 0; n <= nth; n++)
        if (!fake->places[n])
            return MUSTER_GONE;
    *name = fake->places[nth];
    *size = 100;
    *mtime = 0;
    return MUSTER_OK;
}

static muster_rc fake_fetch(muster_run *run, const char *name, int *fd)
{
    struct fake *fake = fake_of(run);
    for (size_t n = 0; fake->places[n]; n++)
        if (strcmp(fake->places[n], name) == 0) {
            *fd = dup(fake->fds[n]);
            return MUSTER_OK;
        }
    return MUSTER_GONE;
}

static int32_t fake_unchanged(muster_run *run)
{
    return fake_of(run)->same;
}

static muster_rc fake_afterwards(muster_run *run, const char *name, int32_t what, const char *to)
{
    fprintf(fake_of(run)->out, "afterwards %s %d %s\n", name, what, to ? to : "-");
    return MUSTER_OK;
}

static muster_rc fake_columns(muster_run *run, const char *stream, const char *const *names, const char *const *places,
                              size_t n)
{
    struct fake *fake = fake_of(run);
    assert_false(fake->table);
    fake->table = true;
    fake->columns = n;
    fprintf(fake->out, "columns %s:", stream);
    for (size_t at = 0; at < n; at++)
        fprintf(fake->out, " %s=%s", places[at], names[at]);
    fputc('\n', fake->out);
    return MUSTER_OK;
}

static muster_record *fake_record(muster_run *run, const char *stream, const char *source_id, const char *place)
{
    struct fake *fake = fake_of(run);
    assert_null(source_id);
    fprintf(fake->out, "%s %s:", stream, place);
    return (muster_record *)fake;
}

static void fake_put_nth(muster_record *record, size_t column, int32_t type, const char *value, size_t len)
{
    struct fake *fake = (struct fake *)record;
    assert_true(fake->table && column < fake->columns);
    fprintf(fake->out, " %zu=%s%.*s", column, value ? type_mark(type) : "null", (int)len, value ? value : "");
}

static void fake_put(muster_record *record, const char *field, int32_t type, const char *value)
{
    struct fake *fake = (struct fake *)record;
    assert_false(fake->table);
    fprintf(fake->out, " %s=%s%s", field, value ? type_mark(type) : "null", value ? value : "");
}

static muster_rc fake_emit(muster_run *run, muster_record *record)
{
    assert_ptr_equal(record, run);
    fputc('\n', fake_of(run)->out);
    return MUSTER_OK;
}

static int32_t fake_take(muster_run *run, const char *stream, const char *source_id, const char *place)
{
    (void)run, (void)stream, (void)source_id, (void)place;
    return 1;
}

static muster_rc fake_reject(muster_run *run, const char *stream, const char *source_id, const char *place,
                             const char *why)
{
    assert_null(source_id);
    fprintf(fake_of(run)->out, "reject %s %s: %s\n", stream, place, why);
    return MUSTER_OK;
}

static muster_rc fake_complete(muster_run *run, uint64_t count)
{
    fprintf(fake_of(run)->out, "complete %llu\n", (unsigned long long)count);
    return MUSTER_OK;
}

static muster_rc fake_partial(muster_run *run, const char *why)
{
    fprintf(fake_of(run)->out, "partial: %s\n", why);
    return MUSTER_OK;
}

static muster_rc fake_field(muster_run *run, const char *stream, const muster_field *field)
{
    fprintf(fake_of(run)->out, "field %s %s%s at %s\n", stream, type_mark(field->type), field->name, field->doc);
    return MUSTER_OK;
}

static const muster_host host = {.size = sizeof(host),
                                 .abi_major = MUSTER_ABI_MAJOR,
                                 .abi_minor = MUSTER_ABI_MINOR,
                                 .text = fake_text,
                                 .log = fake_log,
                                 .fail = fake_fail,
                                 .cancelled = fake_cancelled,
                                 .progress = fake_progress,
                                 .list = fake_list,
                                 .fetch = fake_fetch,
                                 .unchanged = fake_unchanged,
                                 .afterwards = fake_afterwards,
                                 .columns = fake_columns,
                                 .record = fake_record,
                                 .put = fake_put,
                                 .put_nth = fake_put_nth,
                                 .emit = fake_emit,
                                 .reject = fake_reject,
                                 .take = fake_take,
                                 .complete = fake_complete,
                                 .partial = fake_partial,
                                 .field = fake_field};

enum role { CHECK, DISCOVER, PULL };

/* Plays one role over these files and compares all that was said, and the result code at its end. */
static void expect(struct fake fake, enum role role, uint64_t limit, const char *expected)
{
    char *text = NULL;
    size_t len;
    const muster_connector *connector = muster_connector_entry();
    struct setting settings[12] = {{"location", "/in/*"}};
    for (size_t n = 0; fake.settings && fake.settings[n].name; n++)
        settings[n + 1] = fake.settings[n];
    fake.settings = settings;
    fake.run.host = &host;
    fake.out = open_memstream(&text, &len);
    muster_pull pull = {.size = sizeof(pull), .partition = "main", .stream = "people", .full = 1, .limit = limit};
    muster_rc rc = role == CHECK      ? connector->check(&fake.run, NULL)
                   : role == DISCOVER ? connector->discover(&fake.run, NULL)
                                      : connector->pull(&fake.run, NULL, &pull);
    fprintf(fake.out, "= %d\n", rc);
    fclose(fake.out);
    assert_string_equal(text, expected);
    free(text);
    for (size_t n = 0; fake.places[n]; n++)
        close(fake.fds[n]);
}

static const char *const one_book[] = {"sftp://host/in/hr.xlsx", NULL};
static const char *const one_text[] = {"/in/hr.csv", NULL};
static const char *const two_texts[] = {"/in/b.csv", "/in/a.csv", NULL};
static const char *const none[] = {NULL};

static int text_fd(const char *text)
{
    return bytes_fd(text, strlen(text));
}

#define TEXT_CELL(text) "<c t=\"str\"><v>" text "</v></c>"
static const char book[] = SHEET("<row>" TEXT_CELL("Number") TEXT_CELL(" Name ") "<c/>" TEXT_CELL(
    "Start") "</row>"
             "<row>" TEXT_CELL("0042") TEXT_CELL("Zo\xc3\xab") TEXT_CELL(
                 "x") "<c s=\"1\"><v>45000</v></c></row>"
                      "<row><c t=\"str\"><v> </v></c></row>"
                      "<row><c><v>43</v></c><c t=\"e\"><v>#N/A</v></c><c/><c t=\"str\"><v>soon</v></c></row>"
                      "<row>" TEXT_CELL("44") "<c><v>bad</v></c></row>");

static void rows_become_records_with_their_places(void **state)
{
    (void)state;
    expect((struct fake){.places = one_book, .fds = {workbook_fd(book, NULL, NULL)}}, PULL, 0,
           "columns people: A=Number B=Name C=column C D=Start\n"
           "people S!*2: 0=0042 1=Zo\xc3\xab 2=x 3=@2023-03-15\n"
           "people S!*4: 0=#43 1=null 3=soon\n"
           "reject people S!B5: the cell is marked as a number and holds none\n"
           "complete 3\n= 0\n");
}

static void text_files_are_places_too(void **state)
{
    (void)state;
    expect((struct fake){.places = one_text, .fds = {text_fd("a,b\n1,\n\n,\n2,x,y\n")}}, PULL, 0,
           "columns people: A=a B=b\npeople hr.csv:*2: 0=1\n"
           "reject people hr.csv:*5: it has 3 fields where the header has 2\ncomplete 2\n= 0\n");
}

static void all_files_are_one_table_when_asked(void **state)
{
    (void)state;
    static const struct setting all[] = {{"files", "all"}, {"after_read", "archive"}, {NULL, NULL}};
    expect((struct fake){.settings = all, .places = two_texts, .fds = {text_fd("a,b\n1,2\n"), text_fd("a,b\n3,4\n")}},
           PULL, 0,
           "afterwards /in/b.csv 1 archive\nafterwards /in/a.csv 1 archive\ncolumns people: A=a B=b\n"
           "people b.csv:*2: 0=1 1=2\npeople a.csv:*2: 0=3 1=4\ncomplete 2\n= 0\n");
    expect(
        (struct fake){.settings = all + 1, .places = two_texts, .fds = {text_fd("a,b\n1,2\n"), text_fd("a,b\n3,4\n")}},
        PULL, 0,
        "afterwards /in/b.csv 1 archive\ncolumns people: A=a B=b\npeople b.csv:*2: 0=1 1=2\ncomplete 1\n= 0\n");
}

static void files_that_differ_in_their_columns_are_not_mixed(void **state)
{
    (void)state;
    static const struct setting all[] = {{"files", "all"}, {NULL, NULL}};
    expect(
        (struct fake){.settings = all, .places = two_texts, .fds = {text_fd("a,b\n1,2\n"), text_fd("a,c\n3,4\n")}},
        PULL, 0,
        "columns people: A=a B=b\npeople b.csv:*2: 0=1 1=2\nfail -5: a.csv: column B is 'c' where b.csv has 'b': files "
        "that are read together need the same columns\n= -5\n");
}

static void the_same_files_again_are_not_read(void **state)
{
    (void)state;
    expect((struct fake){.places = one_text, .same = 1, .fds = {text_fd("\"never read")}}, PULL, 0, "= 1\n");
}

static void a_sample_claims_nothing(void **state)
{
    (void)state;
    expect((struct fake){.places = one_text, .fds = {text_fd("a,b\n1,2\n3,4\n")}}, PULL, 1,
           "columns people: A=a B=b\npeople hr.csv:*2: 0=1 1=2\npartial: only a sample was asked for\n= 0\n");
}

static void a_file_that_breaks_off_makes_no_claim(void **state)
{
    (void)state;
    expect((struct fake){.places = one_text, .fds = {text_fd("a,b\n1,2\n\"3,4\n")}}, PULL, 0,
           "fail -5: hr.csv: line 3: a quote that is never closed\n= -5\n");
    expect((struct fake){.places = one_text, .fds = {text_fd("")}}, PULL, 0,
           "fail -5: hr.csv is empty (0 bytes): was its upload finished?\n= -5\n");
}

static void what_an_integrator_got_wrong_is_said(void **state)
{
    (void)state;
    static const struct setting sheet[] = {{"sheet", "Staff"}, {NULL, NULL}};
    expect((struct fake){.settings = sheet, .places = one_book, .fds = {workbook_fd(book, NULL, NULL)}}, CHECK, 0,
           "fail -4: no sheet 'Staff' in hr.xlsx; it has: S\n= -4\n");
    static const struct setting row[] = {{"header_row", "9"}, {NULL, NULL}};
    expect((struct fake){.settings = row, .places = one_book, .fds = {workbook_fd(book, NULL, NULL)}}, CHECK, 0,
           "fail -5: hr.xlsx: S!9: there is no header: the row is empty or missing\n= -5\n");
    static const struct setting format[] = {{"format", "xlsx"}, {NULL, NULL}};
    expect((struct fake){.settings = format, .places = one_text, .fds = {text_fd("a,b\n")}}, CHECK, 0,
           "fail -5: hr.csv is a text file (CSV), no workbook: set format: csv, or leave it out\n= -5\n");
    expect((struct fake){.places = none}, CHECK, 0, "= -7\n");
}

static void a_header_below_a_title_is_found_when_asked(void **state)
{
    (void)state;
    static const struct setting find[] = {{"header_row", "0"}, {NULL, NULL}};
    expect((struct fake){.settings = find, .places = one_text, .fds = {text_fd("Our people\n\nNumber,Name\n1,A\n")}},
           PULL, 0, "columns people: A=Number B=Name\npeople hr.csv:*4: 0=1 1=A\ncomplete 1\n= 0\n");
}

static void discover_tells_fields_and_a_few_rows(void **state)
{
    (void)state;
    expect((struct fake){.places = one_book, .fds = {workbook_fd(book, NULL, NULL)}}, DISCOVER, 0,
           "field employees Number at A\nfield employees Name at B\nfield employees column C at C\nfield employees "
           "Start at "
           "D\ncolumns employees: A=Number B=Name C=column C D=Start\n"
           "employees S!*2: 0=0042 1=Zo\xc3\xab 2=x 3=@2023-03-15\nemployees S!*4: 0=#43 1=null 3=soon\n"
           "reject employees S!B5: the cell is marked as a number and holds none\n= 0\n");
}

static void discover_guesses_types_from_the_first_rows(void **state)
{
    (void)state;
    static const char types[] = SHEET("<row>" TEXT_CELL("a") TEXT_CELL("b") TEXT_CELL("c") TEXT_CELL(
        "d") "</row>"
             "<row><c s=\"3\"><v>45000</v></c><c><v>1</v></c><c t=\"b\"><v>1</v></c><c s=\"4\"><v>0.5</v></c></row>"
             "<row><c s=\"3\"><v>45000.5</v></c>" TEXT_CELL("x") "</row>");
    expect((struct fake){.places = one_book, .fds = {workbook_fd(types, NULL, NULL)}}, DISCOVER, 0,
           "field employees @@a at A\nfield employees b at B\nfield employees ?c at C\nfield employees ~d at D\n"
           "columns employees: A=a B=b C=c D=d\nemployees S!*2: 0=@2023-03-15 1=#1 2=?true 3=~12:00:00\n"
           "employees S!*3: 0=@@2023-03-15T12:00:00 1=x\n= 0\n");
}

static void check_looks_and_changes_nothing(void **state)
{
    (void)state;
    static const struct setting archive[] = {{"after_read", "delete"}, {NULL, NULL}};
    expect((struct fake){.settings = archive, .places = one_book, .fds = {workbook_fd(book, NULL, NULL)}}, CHECK, 0,
           "log 2: hr.xlsx: 4 columns\n= 0\n");
}

static void a_cancelled_pull_ends_without_a_claim(void **state)
{
    (void)state;
    expect((struct fake){.places = one_text, .cancel_after = 1, .fds = {text_fd("a,b\n1,2\n")}}, PULL, 0,
           "columns people: A=a B=b\n= -9\n");
}

/* Beyond the rows that were looked at before the columns were told. */
static void a_late_value_without_a_header_is_warned_about_once(void **state)
{
    (void)state;
    char *sheet = NULL, *expected = NULL;
    size_t len, expected_len;
    FILE *in = open_memstream(&sheet, &len), *out = open_memstream(&expected, &expected_len);
    fprintf(in, "<worksheet xmlns=\"" MAIN_NS "\"><sheetData><row>" TEXT_CELL("a") TEXT_CELL("b") "</row>");
    fprintf(out, "columns people: A=a B=b\n");
    for (int n = 2; n < 300; n++) {
        fprintf(in, "<row><c><v>%d</v></c><c/>%s</row>", n, n >= 290 ? "<c><v>1</v></c>" : "");
        fprintf(out, "people S!*%d: 0=#%d\n", n, n);
    }
    fprintf(in, "</sheetData></worksheet>");
    fprintf(out, "complete 298\n= 0\n");
    fclose(in);
    fclose(out);
    static const char warning[] =
        "log 3: row 290 has a value in column C, which has no header: such values are not read\n";
    char *with_warning = NULL, *row = strstr(expected, "people S!*290: 0=#290");
    assert_non_null(row);
    size_t before = (size_t)(row - expected) + strlen("people S!*290: 0=#290");
    FILE *whole = open_memstream(&with_warning, &len);
    fprintf(whole, "%.*s%s%s", (int)before, expected, warning, expected + before);
    fclose(whole);
    expect((struct fake){.places = one_book, .fds = {workbook_fd(sheet, NULL, NULL)}}, PULL, 0, with_warning);
    free(sheet);
    free(expected);
    free(with_warning);
}

static const char *const one_json[] = {"/in/hr.json", NULL};
static const char *const one_lines[] = {"/in/hr.jsonl", NULL};
static const char *const one_xml[] = {"/in/hr.xml", NULL};
static const char *const mixed[] = {"/in/b.json", "/in/a.csv", NULL};
static const char *const two_json[] = {"/in/b.json", "/in/a.json", NULL};

static void json_rows_are_records_of_what_is_there(void **state)
{
    (void)state;
    static const struct setting rows[] = {{"rows", "data.staff"}, {NULL, NULL}};
    expect((struct fake){.settings = rows,
                         .places = one_json,
                         .fds = {text_fd(
                             "{\"data\":{\"staff\":[{\"id\":\"01\",\"name\":{\"first\":\"A\"},\"end\":null},{},"
                             "{\"id\":1,\"id\":2},{\"mail\":\"\",\"id\":3}]}}")}},
           PULL, 0,
           "people /data/staff/0: id=01 name.first=A name={\"first\":\"A\"} end=null\npeople /data/staff/1:\n"
           "reject people /data/staff/2: line 1: 'id' stands in it twice\npeople /data/staff/3: mail= id=#3\n"
           "complete 4\n= 0\n");
}

static void a_bad_line_is_rejected_and_the_rest_goes_on(void **state)
{
    (void)state;
    expect((struct fake){.places = one_lines, .fds = {text_fd("{\"id\":1}\n{\"id\":\n{\"id\":3}\n")}}, PULL, 0,
           "people line 1: id=#1\n"
           "reject people line 2: behind byte 5: the line ends within an object: was it cut off?\n"
           "people line 3: id=#3\ncomplete 3\n= 0\n");
}

static void xml_elements_are_records(void **state)
{
    (void)state;
    expect(
        (struct fake){.places = one_xml, .fds = {text_fd("<staff><p id='1'><n>A</n></p><p id='2'><n/></p></staff>")}},
        PULL, 0, "people /staff/p[1]: @id=1 n=A\npeople /staff/p[2]: @id=2 n=\ncomplete 2\n= 0\n");
}

static void a_document_that_breaks_off_makes_no_claim(void **state)
{
    (void)state;
    expect((struct fake){.places = one_json, .fds = {text_fd("[{\"id\":1},{\"id\"")}}, PULL, 0,
           "fail -5: hr.json: line 1: it ends too early: was its upload finished?\n= -5\n");
    expect((struct fake){.places = one_xml, .fds = {text_fd("<a><b/>\n<b>")}}, PULL, 0,
           "fail -5: hr.xml: line 2: it ends too early: was its upload finished?\n= -5\n");
    expect((struct fake){.places = one_json, .fds = {text_fd("{\"staff\":[{}]}")}}, PULL, 0,
           "fail -4: hr.json: its root is an object, no list of rows: set rows to the path of one; there is staff\n= "
           "-4\n");
}

static void nested_files_are_read_together_but_not_with_tables(void **state)
{
    (void)state;
    static const struct setting all[] = {{"files", "all"}, {NULL, NULL}};
    expect((struct fake){.settings = all, .places = two_json, .fds = {text_fd("[{\"a\":1}]"), text_fd("[{\"b\":2}]")}},
           PULL, 0, "people b.json:/0: a=#1\npeople a.json:/0: b=#2\ncomplete 2\n= 0\n");
    expect(
        (struct fake){.settings = all, .places = mixed, .fds = {text_fd("[{\"a\":1}]"), text_fd("a,b\n1,2\n")}}, PULL,
        0,
        "people b.json:/0: a=#1\nfail -5: a.csv has columns and b.json has named values: files that are read together "
        "need the same format\n= -5\n");
}

static void discover_tells_paths_with_types_and_a_few_rows(void **state)
{
    (void)state;
    expect(
        (struct fake){.places = one_json,
                      .fds = {text_fd("[{\"id\":1,\"x\":null,\"a\":{\"b\":true}},{\"id\":\"2\",\"c\":\"\"}]")}},
        DISCOVER, 0,
        "field employees id at /0/id\nfield employees x at /0/x\nfield employees ?a.b at /0/a/b\nfield employees a at "
        "/0/a\nfield employees c at /1/c\nemployees /0: id=#1 x=null a.b=?true a={\"b\":true}\n"
        "employees /1: id=2 c=\n= 0\n");
    expect((struct fake){.places = one_xml, .fds = {text_fd("<a><b><c/></b></a>")}}, CHECK, 0,
           "log 2: hr.xml: 1 names of values in the first rows\n= 0\n");
}

static void every_option_has_one_sentence(void **state)
{
    (void)state;
    const muster_connector *connector = muster_connector_entry();
    assert_string_equal(connector->name, "sheet");
    assert_int_equal(connector->magic, MUSTER_MAGIC);
    for (const muster_option *option = connector->options; option->name; option++) {
        size_t len = strlen(option->doc);
        assert_true(len > 10 && option->doc[len - 1] == '.');
        assert_true(!(option->type == MUSTER_CHOICE) == !option->choices);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_become_records_with_their_places),
        cmocka_unit_test(text_files_are_places_too),
        cmocka_unit_test(all_files_are_one_table_when_asked),
        cmocka_unit_test(files_that_differ_in_their_columns_are_not_mixed),
        cmocka_unit_test(the_same_files_again_are_not_read),
        cmocka_unit_test(a_sample_claims_nothing),
        cmocka_unit_test(a_file_that_breaks_off_makes_no_claim),
        cmocka_unit_test(what_an_integrator_got_wrong_is_said),
        cmocka_unit_test(a_header_below_a_title_is_found_when_asked),
        cmocka_unit_test(discover_tells_fields_and_a_few_rows),
        cmocka_unit_test(discover_guesses_types_from_the_first_rows),
        cmocka_unit_test(check_looks_and_changes_nothing),
        cmocka_unit_test(a_cancelled_pull_ends_without_a_claim),
        cmocka_unit_test(a_late_value_without_a_header_is_warned_about_once),
        cmocka_unit_test(json_rows_are_records_of_what_is_there),
        cmocka_unit_test(a_bad_line_is_rejected_and_the_rest_goes_on),
        cmocka_unit_test(xml_elements_are_records),
        cmocka_unit_test(a_document_that_breaks_off_makes_no_claim),
        cmocka_unit_test(nested_files_are_read_together_but_not_with_tables),
        cmocka_unit_test(discover_tells_paths_with_types_and_a_few_rows),
        cmocka_unit_test(every_option_has_one_sentence),
    };
    return cmocka_run_group_tests_name("sheet", tests, NULL, NULL);
}
