/* test_mapping - the mapping grammar: what is accepted, what is refused and how. */
#include "unit.h"

#include "base/buffer.h"
#include "base/error.h"
#include "base/fault.h"
#include "config/mapping.h"

#include <errno.h>

static const struct field custom[] = {
    {.kind = KIND_person, .name = "custom.badge", .type = TYPE_TEXT, .doc = ""},
    {.kind = KIND_person, .name = "custom.union", .type = TYPE_BOOL, .doc = ""},
    {.name = NULL},
};

struct compiled {
    struct complaints complaints;
    struct buffer said;
    const struct mapping *mapping;
    int rc;
};

static struct compiled *compiled_with(const char *text, const struct field *own)
{
    struct compiled *compiled = calloc(1, sizeof(*compiled));
    const struct node *node = NULL;
    assert_non_null(compiled);
    compiled->complaints = (struct complaints){.arena = arena_new(), .file = "a.yaml"};
    assert_int_equal(node_read_text(text, strlen(text), &compiled->complaints, &node), 0);
    compiled->rc = mapping_compile("employees", node, own, &compiled->complaints, &compiled->mapping);
    buffer_text(&compiled->said, "");
    complaints_write(&compiled->complaints, &compiled->said);
    return compiled;
}

static struct compiled *compiled(const char *text)
{
    return compiled_with(text, custom);
}

static void done(struct compiled *compiled)
{
    mapping_done(compiled->mapping);
    arena_free(compiled->complaints.arena);
    buffer_done(&compiled->said);
    free(compiled);
}

static struct compiled *good(const char *text)
{
    struct compiled *made = compiled(text);
    assert_string_equal(made->said.data, "");
    assert_int_equal(made->rc, 0);
    assert_non_null(made->mapping);
    return made;
}

static const struct rule *rule(const struct compiled *compiled, enum kind kind, const char *field)
{
    for (size_t s = 0; s < compiled->mapping->section_count; s++) {
        const struct section *section = &compiled->mapping->sections[s];
        for (size_t n = 0; section->kind == kind && n < section->rule_count; n++)
            if (strcmp(section->rules[n].field->name, field) == 0)
                return &section->rules[n];
    }
    fail_msg("no rule for %s.%s", kind_name(kind), field);
    return NULL;
}

static const char acme[] =
    "key: Employee Number\n"
    "person:\n"
    "  status: { from: Status, table: { Active: active, Vacation: on_leave, Left: terminated }, otherwise: reject }\n"
    "  employee_number: Employee Number\n"
    "  given_name: First name\n"
    "  work_email: { from: E-mail, lower: true }\n"
    "  hired_on: { from: Start date, date: DD-MM-YYYY }\n"
    "  terminated_on: { from: End date, date: [DD-MM-YYYY, YYYYMMDD], on_empty: clear }\n"
    "  display_name: { join: [First name, Surname], with: \" \" }\n"
    "  custom.badge: { from: Badge, match: \"^B-(\\\\d+)$\", take: 1 }\n"
    "  mobile_phone: { first_of: [Mobile, Phone], digits: true, match: \"^(?:31|0)?(6\\\\d{8})$\", replace: \"+31$1\" "
    "}\n"
    "  country: { const: NO }\n"
    "  site_number: Site\n"
    "employment:\n"
    "  key: Contract\n"
    "  title: Job title\n"
    "  fte_percent: { from: FTE, decimal: \",\", default: 100 }\n"
    "  department: { unit: department, code: Dept no, name: Department }\n"
    "  manager: { person: employee_number, from: Manager }\n"
    "absence:\n"
    "  when: { from: Leave type, present: true }\n"
    "  type: { from: Leave type, table: { Parental: maternity }, otherwise: other }\n"
    "  start_date: { from: Leave from, date: DD-MM-YYYY }\n"
    "require: [employee_number, given_name, site_number]\n"
    "where: { from: Company, in: [\"100\", \"110\"] }\n"
    "keep: all\n";

static void the_whole_example_compiles(void **state)
{
    (void)state;
    struct compiled *made = good(acme);
    const struct mapping *mapping = made->mapping;
    assert_string_equal(mapping->stream, "employees");
    assert_int_equal(mapping->section_count, 3);
    assert_int_equal(mapping->sections[0].kind, KIND_person);
    assert_int_equal(mapping->sections[0].rule_count, 11);
    assert_int_equal(mapping->key_count, 1);
    assert_string_equal(mapping->columns[mapping->key[0]], "Employee Number");
    assert_string_equal(mapping->columns[mapping->sections[1].key[0]], "Contract");
    assert_null(mapping->sections[2].key);
    assert_int_equal(mapping->sections[2].when->present, 1);
    assert_int_equal(mapping->where->words->count, 2);
    assert_string_equal(mapping->require[2]->name, "site_number");
    assert_null(mapping->require[3]);
    assert_true(mapping->keep_all);
    assert_int_equal(mapping->column_count, 20);
    for (size_t a = 0; a < mapping->column_count; a++)
        for (size_t b = 0; b < a; b++)
            assert_string_not_equal(mapping->columns[a], mapping->columns[b]);
    done(made);
}

static void a_list_gives_columns_of_its_items_with_those_of_the_row_beside_them(void **state)
{
    (void)state;
    struct compiled *made = good("person: { given_name: first, family_name: role }\n"
                                 "membership: { each: 'scope[]', key: id, map: { role: role, end_date: until } }\n");
    static const struct {
        const char *name;
        int beside;
    } expected[] = {{"first", COLUMN_OF_ROW}, {"role", COLUMN_OF_ROW}, {"scope", COLUMN_ASIDE}, {"scope[].role", 1},
                    {"until", COLUMN_ASIDE},  {"scope[].until", 4},    {"id", COLUMN_ASIDE},    {"scope[].id", 6}};
    const struct mapping *mapping = made->mapping;
    const struct section *list = &mapping->sections[1];
    assert_int_equal(mapping->column_count, sizeof(expected) / sizeof(expected[0]));
    for (size_t n = 0; n < mapping->column_count; n++) {
        assert_string_equal(mapping->columns[n], expected[n].name);
        assert_int_equal(mapping->beside[n], expected[n].beside);
    }
    assert_string_equal(list->each, "scope");
    assert_int_equal(list->list, 2);
    assert_int_equal(list->member_count, 3);
    assert_int_equal(list->key[0], 7);
    assert_null(mapping->sections[0].each);
    done(made);
}

static void a_column_of_an_item_is_known_by_its_name(void **state)
{
    (void)state;
    static const struct {
        const char *column, *name;
        int nth; /* -1: it is none */
    } cases[] = {
        {"scope[].department", "scope[0].department", 0},
        {"scope[].department", "scope[12].department", 12},
        {"scope[].department", "scope.department", 0},
        {"scope[].department", "scope.department.id", -1},
        {"scope[].department", "scope[1]", -1},
        {"scope[].department", "scope[].department", -1},
        {"scope[].department", "scope[x].department", -1},
        {"scope[].department", "scopes[1].department", -1},
        {"scope[].store.id", "scope[3].store.id", 3},
        {"a.b[].c", "a.b[1].c", 1},
        {"department", "department", -1},
        {"scope[].department", "scope[99999999999].department", -1},
    };
    for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
        unsigned nth = 77;
        bool is = mapping_item_column(cases[n].column, cases[n].name, &nth);
        assert_int_equal(is ? (int)nth : -1, cases[n].nth);
        assert_int_equal(nth == 77, !is);
    }
}

static void rules_come_by_ascending_field_and_own_fields_last(void **state)
{
    (void)state;
    struct compiled *made = good(acme);
    const struct section *person = &made->mapping->sections[0];
    for (size_t n = 1; n + 1 < person->rule_count; n++)
        assert_true(person->rules[n - 1].field->number < person->rules[n].field->number);
    assert_ptr_equal(person->rules[person->rule_count - 1].field, &custom[0]);
    done(made);
}

static void person_is_the_main_section_else_the_first(void **state)
{
    (void)state;
    struct compiled *made = good("employment: { title: T }\nperson: { given_name: G }\n");
    assert_int_equal(made->mapping->sections[0].kind, KIND_person);
    done(made);
    made = good("org_unit: { name: N }\nmembership: { role: R }\nrequire: name\n");
    assert_int_equal(made->mapping->sections[0].kind, KIND_org_unit);
    assert_ptr_equal(made->mapping->require[0], field_by_name(KIND_org_unit, "name"));
    done(made);
}

static void a_stream_that_is_off_has_no_mapping(void **state)
{
    (void)state;
    struct compiled *made = compiled("off");
    assert_int_equal(made->rc, 0);
    assert_null(made->mapping);
    assert_string_equal(made->said.data, "");
    done(made);
}

static void columns_that_match_as_names_are_one(void **state)
{
    (void)state;
    struct compiled *made = good("key: e-mail\nperson: { work_email: E-Mail, display_name: ' E-MAIL ' }");
    assert_int_equal(made->mapping->column_count, 1);
    done(made);
}

static void rules_are_told_on_one_line(void **state)
{
    (void)state;
    struct compiled *made = good(acme);
    static const struct {
        enum kind kind;
        const char *field, *text;
    } cases[] = {
        {KIND_person, "given_name", "First name"},
        {KIND_person, "work_email", "E-mail | lower"},
        {KIND_person, "status", "Status | table (3) | else reject"},
        {KIND_person, "terminated_on", "End date | date DD-MM-YYYY or YYYYMMDD | empty clears"},
        {KIND_person, "display_name", "join First name, Surname with \" \""},
        {KIND_person, "custom.badge", "Badge | match ^B-(\\d+)$ take 1"},
        {KIND_person, "mobile_phone", "first of Mobile, Phone | digits | match ^(?:31|0)?(6\\d{8})$ replace \"+31$1\""},
        {KIND_person, "country", "\"NO\""},
        {KIND_employment, "fte_percent", "FTE | decimal \",\" | default \"100\""},
        {KIND_employment, "department", "department by code Dept no, by name Department"},
        {KIND_employment, "manager", "Manager | the person whose employee_number it is"},
        {KIND_absence, "type", "Leave type | table (1) | else \"other\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(rule(made, cases[i].kind, cases[i].field)->text, cases[i].text);
    done(made);
}

/* Every refusal has its place and its sentence: the whole output is compared. */
static const struct {
    const char *text, *said;
} refusals[] = {
    {"key: A\n",
     "a.yaml:1:1: stream 'employees' must say what a row gives: a section such as person: { FIELD: COLUMN }\n"},
    {"on\n", "a.yaml:1:1: stream 'employees' must be a map with a section such as person:, or off\n"},
    {"person: { given_nam: A }\n", "a.yaml:1:11: person has no 'given_nam'; did you mean 'given_name'?\n"},
    {"person: { zzzzzzzz: A }\n",
     "a.yaml:1:11: person has no 'zzzzzzzz': `muster fields person` lists what there is\n"},
    {"person: { custom.bage: A }\n", "a.yaml:1:11: person has no 'custom.bage'; did you mean 'custom.badge'?\n"},
    {"employment: { custom.badge: A }\n",
     "a.yaml:1:15: employment has no 'custom.badge': `muster fields employment` lists what there is\n"},
    {"persn: { given_name: A }\nperson: { given_name: A }\n",
     "a.yaml:1:1: stream 'employees' has no 'persn'; did you mean 'person'?\n"},
    {"person: { given_name: A }\nrequired: given_name\n",
     "a.yaml:2:1: stream 'employees' has no 'required'; did you mean 'require'?\n"},
    {"person: { given_name: A }\nrequire: [given_name, family_name, titel]\n",
     "a.yaml:2:23: 'require': no rule makes person.family_name: map it, or do not require it\n"
     "a.yaml:2:36: 'require': person has no field 'titel'\n"},
    {"person: { given_name: A }\nkeep: some\n", "a.yaml:2:7: 'keep' must be mapped or all\n"},
    {"person: { given_name: A }\nkey: [A, B, ' a']\n", "a.yaml:2:13: 'key' names the column 'A' twice\n"},
    {"person: { given_name: A }\nkey: []\n", "a.yaml:2:6: 'key' must name a column\n"},
    {"person: {}\n", "a.yaml:1:9: person must be a map of its fields, as in { FIELD: COLUMN }\n"},
    {"person: { key: A }\n", "a.yaml:1:9: person must have a field\n"},
    {"person: { given_name: }\n", "a.yaml:1:11: person.given_name: the column must not be empty\n"},
    {"person: { given_name: [A, B] }\n",
     "a.yaml:1:23: person.given_name must be a column or a map; of several columns take first_of or join\n"},
    {"person: { given_name: !secret file:x }\n",
     "a.yaml:1:23: person.given_name: the column cannot be a secret: a mapping holds none\n"},
    {"person: { given_name: { form: A } }\n",
     "a.yaml:1:25: person.given_name: unknown key 'form': did you mean 'from'?\n"},
    {"person: { given_name: { from: A, const: B } }\n",
     "a.yaml:1:41: person.given_name: 'const' and 'from' both say where the value comes from: keep one\n"},
    {"person: { given_name: { const: B, lower: true } }\n",
     "a.yaml:1:42: person.given_name: 'lower' has nothing to do beside 'const': write the constant as it shall be\n"},
    {"person: { given_name: { from: A, lower: yes } }\n",
     "a.yaml:1:41: person.given_name: 'lower' must be true or false\n"},
    {"person: { given_name: { from: A, lower: true, upper: true } }\n",
     "a.yaml:1:54: person.given_name: 'upper' and 'lower' contradict each other\n"},
    {"person: { given_name: { from: A, with: x } }\n", "a.yaml:1:40: person.given_name: 'with' belongs to 'join'\n"},
    {"person: { given_name: { join: [A] } }\n",
     "a.yaml:1:31: person.given_name: 'join' needs several columns; one alone is 'from'\n"},
    {"person: { given_name: { from: [A, B] } }\n",
     "a.yaml:1:31: person.given_name: 'from' is one column; of several take 'first_of' or 'join'\n"},
    {"person: { given_name: { from: A, split: ',' } }\n",
     "a.yaml:1:41: person.given_name: 'split' needs 'take': which piece, from 1\n"},
    {"person: { given_name: { from: A, take: 1 } }\n",
     "a.yaml:1:40: person.given_name: 'take' needs 'split' or 'match'\n"},
    {"person: { given_name: { from: A, split: ',', take: 0 } }\n",
     "a.yaml:1:52: person.given_name: 'take' must be a number from 1 to 99\n"},
    {"person: { given_name: { from: A, split: ',', take: 1, match: x } }\n",
     "a.yaml:1:52: person.given_name: 'take' could belong to 'split' or to 'match': leave one of them out\n"},
    {"person: { given_name: { from: A, match: 'a(b', take: 1 } }\n",
     "a.yaml:1:41: person.given_name: 'match' is no regular expression: missing closing parenthesis, at character 4\n"},
    {"person: { given_name: { from: A, match: 'a(b)', take: 2 } }\n",
     "a.yaml:1:55: person.given_name: 'take' is 2, but the pattern has 1 group (…)\n"},
    {"person: { given_name: { from: A, match: 'a(b)', replace: '$2' } }\n",
     "a.yaml:1:58: person.given_name: 'replace' cannot be used with this pattern: unknown substring\n"},
    {"person: { given_name: { from: A, match: 'a(b)', replace: '${1' } }\n",
     "a.yaml:1:58: person.given_name: 'replace' cannot be used with this pattern: expected closing curly bracket in "
     "replacement string\n"},
    {"person: { given_name: { from: A, replace: x } }\n", "a.yaml:1:43: person.given_name: 'replace' needs 'match'\n"},
    {"person: { given_name: { from: A, decimal: ',' } }\n",
     "a.yaml:1:43: person.given_name: 'decimal' goes with a number, and this field is of type text\n"},
    {"person: { hired_on: { from: A, bool: [a, b] } }\n",
     "a.yaml:1:38: person.hired_on: 'bool' goes with a field that is true or false, and this field is of type date\n"},
    {"person: { hired_on: { from: A, date: dd-mm-yyyy } }\n",
     "a.yaml:1:38: person.hired_on cannot use the date pattern 'dd-mm-yyyy': its letters are capitals: YYYY MM DD HH "
     "MM "
     "SS\n"},
    {"person: { hired_on: { from: A, date: [DD-MM-YYYY, YYYY-MM, HH:MM] } }\n",
     "a.yaml:1:51: person.hired_on cannot use the date pattern 'YYYY-MM': a day needs a year, a month and a day of the "
     "month\n"
     "a.yaml:1:60: person.hired_on needs a day, but 'HH:MM' has none\n"},
    {"lookup_row: { period: { from: A, date: [YYYY-MM, YYYY] } }\n",
     "a.yaml:1:40: lookup_row.period: 'date' is how this text shall be written: one pattern, not 2\n"},
    {"person: { status: { from: A, table: { A: activ } } }\n",
     "a.yaml:1:42: person.status: 'activ' is no value of person.status; did you mean 'active'? (there are: active, "
     "pending, on_leave, relocation, inactive, terminated)\n"},
    {"person: { status: { from: A, table: { Act: active, ' ACT ': pending } } }\n",
     "a.yaml:1:52: person.status: 'table' has ' ACT ' twice: upper and lower case and white space do not count\n"},
    {"person: { status: { from: A, table: [A, B] } }\n",
     "a.yaml:1:37: person.status: 'table' must be a map, as in { Active: active, Left: terminated }\n"},
    {"person: { status: { from: A, otherwise: gone } }\n",
     "a.yaml:1:41: person.status: 'gone' is no value of person.status (there are: active, pending, on_leave, "
     "relocation, inactive, terminated)\n"},
    {"person: { given_name: { from: A, otherwise: keep } }\n",
     "a.yaml:1:45: person.given_name: 'otherwise' needs 'table'\n"},
    {"person: { status: { const: aktive } }\n",
     "a.yaml:1:28: person.status: 'aktive' is no value of person.status; did you mean 'active'? (there are: active, "
     "pending, on_leave, relocation, inactive, terminated)\n"},
    {"person: { hired_on: { from: A, default: 31-02-2024 } }\n",
     "a.yaml:1:41: person.hired_on cannot be '31-02-2024': it takes a day as YYYY-MM-DD\n"},
    {"employment: { fte_percent: { const: '37,5' } }\n",
     "a.yaml:1:37: employment.fte_percent cannot be '37,5': it takes a number with '.', as in 37.5\n"},
    {"person: { given_name: { from: A, default: x, on_empty: clear } }\n",
     "a.yaml:1:56: person.given_name: 'on_empty' clear and 'default' contradict each other: a default fills what is "
     "blank\n"},
    {"person: { given_name: { from: A, on_null: drop } }\n",
     "a.yaml:1:43: person.given_name: 'on_null' must be keep or clear\n"},
    {"person: { manager: Manager }\n",
     "a.yaml:1:20: person.manager refers to a person: write { person: employee_number, from: COLUMN }\n"},
    {"person: { manager: { person: empoyee_number, from: M } }\n",
     "a.yaml:1:30: person.manager: 'person' must be a field of person, and 'empoyee_number' is none; did you mean "
     "'employee_number'?\n"},
    {"person: { manager: { person: hired_on, from: M } }\n",
     "a.yaml:1:30: person.manager: 'person' must be a text field that tells people apart, and hired_on is of type "
     "date\n"},
    {"employment: { department: D }\n",
     "a.yaml:1:27: employment.department refers to an org_unit: write { unit: department, code: COLUMN, name: COLUMN "
     "}\n"},
    {"employment: { department: { unit: departmnt, code: D } }\n",
     "a.yaml:1:35: employment.department: 'departmnt' is no value of org_unit.type; did you mean 'department'? (there "
     "are: company, site, store, community, department, team, function, cost_center, location, factory, other)\n"},
    {"employment: { department: { unit: department } }\n",
     "a.yaml:1:35: employment.department: 'unit' needs the column of the unit's code, of its name, or both\n"},
    {"employment: { department: { unit: department, name: N, lower: true } }\n",
     "a.yaml:1:63: employment.department: 'lower' does not go with 'unit', which takes columns: code, name\n"},
    {"absence: { employment: E }\n",
     "a.yaml:1:24: absence.employment is the employment of the same row and is filled in by itself: leave it out\n"},
    {"lookup_row: { period: { columns: [A, B] } }\n",
     "a.yaml:1:34: lookup_row.period: 'columns' gives an ordered list of values, as for lookup_row.values, and this "
     "field is of type text\n"},
    {"membership: { each: 'scope[]', map: { role: R } }\n",
     "a.yaml:1:13: membership cannot be made of 'each' item of a list: it is what the row itself is. Give each item a "
     "row\n"},
    {"person: { given_nam: A }\nmembership: { each: 'scope[]', map: { role: R } }\n",
     "a.yaml:1:11: person has no 'given_nam'; did you mean 'given_name'?\n"},
    {"person: { given_name: A }\nmembership: { each: scope, map: { role: R } }\n",
     "a.yaml:2:21: membership: 'each' must name a list of the row, as in scope[]\n"},
    {"person: { given_name: A }\nmembership: { each: 'a[0].b[]', map: { role: R } }\n",
     "a.yaml:2:21: membership: 'each' must name a list of the row, as in scope[]\n"},
    {"person: { given_name: A }\nmembership: { each: 'scope[]', role: R }\n",
     "a.yaml:2:21: membership: 'each' and 'map' go together, as in { each: scope[], map: { FIELD: MEMBER } }\n"},
    {"person: { given_name: A }\nmembership: { each: 'scope[]', role: R, map: { role: R } }\n",
     "a.yaml:2:32: membership: with 'each' fields stand below 'map', and 'role' does not\n"},
    {"person: { given_name: A }\nmembership: { each: 'scope[]', map: { rol: R } }\n",
     "a.yaml:2:39: membership has no 'rol'; did you mean 'role'?\n"},
    {"employment: { is_default: { from: A, bool: ja } }\n",
     "a.yaml:1:44: employment.is_default: 'bool' must be two words, as in [yes, no], or two lists of words\n"},
    {"employment: { is_default: { from: A, bool: [[ja, j], [nee, J]] } }\n",
     "a.yaml:1:44: employment.is_default: 'bool' has the word 'J' twice\n"},
    {"person: { given_name: A, when: { from: B } }\n",
     "a.yaml:1:32: person: 'when' must have equals, in, match, present or not\n"},
    {"person: { given_name: A, when: { equals: B } }\n", "a.yaml:1:32: person: 'when' must say 'from' which column\n"},
    {"person: { given_name: A, when: { from: B, equal: C, equals: D } }\n",
     "a.yaml:1:43: person: 'when': unknown key 'equal': did you mean 'equals'?\n"},
    {"person: { given_name: A, when: { from: B, equals: C, in: [D] } }\n",
     "a.yaml:1:58: person: 'when': 'equals' and 'in' ask the same thing: keep one\n"},
    {"person: { given_name: A }\nwhere: { from: B, match: '[' }\n",
     "a.yaml:2:26: 'where': 'match' is no regular expression: missing terminating ] for character class, at character "
     "2\n"},
    {"person: { given_name: A }\nwhere: { from: B, not: { not: { equals: a } } }\n",
     "a.yaml:2:24: 'where': a 'not' inside of a 'not' is too clever: say it plainly\n"
     "a.yaml:2:24: 'where': 'not' must have equals, in, match or present\n"},
};

static void refusals_name_the_place_and_the_way_out(void **state)
{
    (void)state;
    size_t failures = 0;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct compiled *made = compiled(refusals[i].text);
        if (made->rc != ERR_CONFIG || strcmp(made->said.data, refusals[i].said) != 0) {
            print_error("%s%d\n%s instead of\n%s", refusals[i].text, made->rc, made->said.data, refusals[i].said);
            failures++;
        }
        assert_null(made->mapping);
        done(made);
    }
    assert_int_equal(failures, 0);
}

static void all_complaints_come_at_once(void **state)
{
    (void)state;
    struct compiled *made =
        compiled("key: []\nperson: { given_nam: A, hired_on: { date: x } }\nrequire: titel\nkeep: x\n");
    assert_int_equal(made->complaints.errors, 6);
    done(made);
}

static void assert_digest(const char *a, const char *b, bool same)
{
    struct compiled *one = good(a), *two = good(b);
    if ((memcmp(one->mapping->digest, two->mapping->digest, 16) == 0) != same)
        fail_msg("%s\n%s\n%s", a, b, same ? "differ" : "are the same");
    done(one);
    done(two);
}

static void the_digest_changes_with_the_meaning_and_only_with_it(void **state)
{
    (void)state;
    static const char base[] = "key: A\nperson: { given_name: { from: B, lower: true }, status: { from: S, table: { a: "
                               "active, b: pending } } }\nemployment: { title: T }\n";
    assert_digest(base, base, true);
    assert_digest(
        base,
        "# told\nemployment:\n  title: 'T'\nperson:\n  status: { table: { b: pending, a: active }, from: S }\n"
        "  given_name: { lower: true, from: \"B\" }\nkey: A # here\n",
        true);
    static const char *const others[] = {
        "key: A2\nperson: { given_name: { from: B, lower: true }, status: { from: S, table: { a: active, b: pending } "
        "} "
        "}\nemployment: { title: T }\n",
        "key: A\nperson: { given_name: { from: B, lower: false }, status: { from: S, table: { a: active, b: pending } "
        "} "
        "}\nemployment: { title: T }\n",
        "key: A\nperson: { given_name: { from: B, lower: true }, status: { from: S, table: { a: active, b: active } } "
        "}\nemployment: { title: T }\n",
        "key: A\nperson: { given_name: { from: B, lower: true }, status: { from: S, table: { a: active } } "
        "}\nemployment: { title: T }\n",
        "key: A\nperson: { family_name: { from: B, lower: true }, status: { from: S, table: { a: active, b: pending } "
        "} "
        "}\nemployment: { title: T }\n",
        "key: A\nperson: { given_name: { from: B, lower: true }, status: { from: S, table: { a: active, b: pending } } "
        "}\nemployment: { title: T }\nkeep: all\n",
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_digest(base, others[i], false);
    assert_digest("person: { display_name: { join: [A, B] } }", "person: { display_name: { join: [B, A] } }", false);
    assert_digest("org_unit: { name: N }\nnote: { text: N }", "note: { text: N }\norg_unit: { name: N }", false);
    assert_digest("person: { display_name: 'a: b' }", "person: { display_name: a }", false);
}

static void the_digest_knows_the_types_of_own_fields(void **state)
{
    (void)state;
    struct field other[] = {custom[0], custom[1], {.name = NULL}};
    other[0].type = TYPE_INTEGER;
    struct compiled *one = good("person: { custom.badge: B }");
    struct compiled *two = compiled_with("person: { custom.badge: B }", other);
    assert_int_equal(two->rc, 0);
    assert_memory_not_equal(one->mapping->digest, two->mapping->digest, 16);
    done(one);
    done(two);
}

static void conditions_are_taken_apart(void **state)
{
    (void)state;
    struct compiled *made = good("person: { given_name: A }\n"
                                 "where:\n"
                                 "  - { from: B, present: true, not: { in: [x, y] } }\n"
                                 "  - { from: C, match: '^a' }\n"
                                 "  - not: { from: D, equals: z }\n");
    const struct condition *at = made->mapping->where;
    assert_int_equal(at->present, 1);
    assert_false(at->negated);
    assert_true(at->next->negated);
    assert_int_equal(at->next->column, at->column);
    assert_int_equal(at->next->words->count, 2);
    assert_non_null(at->next->next->match);
    assert_true(at->next->next->next->negated);
    assert_string_equal(made->mapping->columns[at->next->next->next->column], "D");
    assert_null(at->next->next->next->next);
    done(made);
}

static void what_comes_from_a_key_is_an_identifier(void **state)
{
    (void)state;
    struct compiled *made =
        good("key: [No]\nperson: { custom.badge: No, given_name: G, employee_number: E, mobile_phone: M, "
             "postal_code: P, hired_on: No }\nemployment: { key: C, title: C, labor_type: L }");
    static const struct {
        enum kind kind;
        const char *field;
        bool identifier;
    } cases[] = {
        {KIND_person, "custom.badge", true},    {KIND_person, "given_name", false},
        {KIND_person, "employee_number", true}, {KIND_person, "mobile_phone", true},
        {KIND_person, "postal_code", true},     {KIND_person, "hired_on", false},
        {KIND_employment, "title", true},       {KIND_employment, "labor_type", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(rule(made, cases[i].kind, cases[i].field)->identifier, cases[i].identifier);
    done(made);
}

#ifdef HAVE_FAULTS
static void every_allocation_may_fail(void **state)
{
    (void)state;
    long nth = 0, failures = 0;
    for (bool failed = true; failed;) {
        struct complaints complaints = {.arena = arena_new(), .file = "a.yaml"};
        const struct node *node = NULL;
        const struct mapping *mapping = NULL;
        assert_int_equal(node_read_text(acme, strlen(acme), &complaints, &node), 0);
        fault_plan("alloc", ++nth);
        int rc = mapping_compile("employees", node, custom, &complaints, &mapping);
        failed = fault_plan("alloc", 0) >= nth;
        assert_int_equal(rc, failed ? -ENOMEM : 0);
        assert_int_equal(mapping != NULL, !failed);
        failures += failed;
        mapping_done(mapping);
        arena_free(complaints.arena);
    }
    assert_true(failures > 20);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_example_compiles),
        cmocka_unit_test(a_list_gives_columns_of_its_items_with_those_of_the_row_beside_them),
        cmocka_unit_test(a_column_of_an_item_is_known_by_its_name),
        cmocka_unit_test(rules_come_by_ascending_field_and_own_fields_last),
        cmocka_unit_test(person_is_the_main_section_else_the_first),
        cmocka_unit_test(a_stream_that_is_off_has_no_mapping),
        cmocka_unit_test(columns_that_match_as_names_are_one),
        cmocka_unit_test(rules_are_told_on_one_line),
        cmocka_unit_test(refusals_name_the_place_and_the_way_out),
        cmocka_unit_test(all_complaints_come_at_once),
        cmocka_unit_test(the_digest_changes_with_the_meaning_and_only_with_it),
        cmocka_unit_test(the_digest_knows_the_types_of_own_fields),
        cmocka_unit_test(conditions_are_taken_apart),
        cmocka_unit_test(what_comes_from_a_key_is_an_identifier),
#ifdef HAVE_FAULTS
        cmocka_unit_test(every_allocation_may_fail),
#endif
    };
    return cmocka_run_group_tests_name("mapping", tests, NULL, NULL);
}
