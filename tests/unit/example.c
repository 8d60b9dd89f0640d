/* example - compiles the rule of an example, fills its cells and says what came of it. */
#include "example.h"

#include "base/error.h"
#include "logic/reason.h"

#include <muster/connector.h>
#include <stdio.h>

static const struct field custom[] = {
    {.kind = KIND_person, .number = 1000, .name = "custom.badge", .type = TYPE_TEXT, .doc = ""},
    {.kind = KIND_person, .number = 1001, .name = "custom.since", .type = TYPE_TIME, .doc = ""},
    {.kind = KIND_person, .number = 1002, .name = "custom.count", .type = TYPE_INTEGER, .doc = ""},
    {.name = NULL},
};

struct zone *amsterdam;
struct transform *transform;

/* One stream with the one field: `person.work_email: E-mail`. Its columns are A, B, C. */
struct made compiled(const char *text)
{
    struct made made = {.complaints = {.arena = arena_new(), .file = "a.yaml"}};
    const struct node *node = NULL;
    struct buffer said = {0};
    assert_int_equal(node_read_text(text, strlen(text), &made.complaints, &node), 0);
    int rc = mapping_compile("s", node, custom, &made.complaints, &made.mapping);
    complaints_write(&made.complaints, &said);
    if (rc != 0)
        fail_msg("%s\n%s", text, said.data ? said.data : "");
    buffer_done(&said);
    return made;
}

void done(struct made *made)
{
    mapping_done(made->mapping);
    arena_free(made->complaints.arena);
}

struct made field_made(const char *field, const char *rule)
{
    struct buffer text = {0};
    const char *dot = strchr(field, '.');
    buffer_format(&text, "%.*s: { %s: %s }\n", (int)(dot - field), field, dot + 1, rule);
    struct made made = compiled(text.data);
    buffer_done(&text);
    return made;
}

/* Cells as the tables below write them: "text", "-" absent, "0" null is "~"; "date:", "datetime:", "decimal:",
 * "bool:", "time:", "integer:", "json:" give the type. */
struct cell cell_of(const char *written)
{
    static const struct {
        const char *prefix;
        uint8_t type;
    } types[] = {{"date:", MUSTER_DATE}, {"datetime:", MUSTER_DATETIME}, {"decimal:", MUSTER_DECIMAL},
                 {"bool:", MUSTER_BOOL}, {"time:", MUSTER_TIME},         {"integer:", MUSTER_INTEGER},
                 {"json:", MUSTER_JSON}};
    struct cell cell = {.presence = PRESENCE_VALUE, .type = MUSTER_TEXT, .bytes = written ? written : ""};
    if (!written || strcmp(written, "absent:") == 0)
        return (struct cell){.presence = PRESENCE_ABSENT};
    if (strcmp(written, "null:") == 0)
        return (struct cell){.presence = PRESENCE_NULL};
    if (strcmp(written, "empty:") == 0)
        return (struct cell){.presence = PRESENCE_EMPTY};
    for (size_t n = 0; n < sizeof(types) / sizeof(types[0]); n++)
        if (strncmp(written, types[n].prefix, strlen(types[n].prefix)) == 0) {
            cell.type = types[n].type;
            cell.bytes = written + strlen(types[n].prefix);
        }
    cell.len = (uint32_t)strlen(cell.bytes);
    return cell;
}

/* Cells by the names of the mapping's columns: A is the first text, B the second … */
void fill(const struct mapping *mapping, const char *const written[3], struct cell *cells)
{
    for (size_t n = 0; n < mapping->column_count; n++) {
        const char *name = mapping->columns[n];
        assert_true(name[0] >= 'A' && name[0] <= 'C' && name[1] == '\0');
        cells[n] = cell_of(written[name[0] - 'A']);
    }
}

/* The outcome in words: the value, "!" when flagged; "absent", "null", "empty", "clears"; "reject CODE". */
void tell(const struct field *field, int rc, struct value value, const struct rejection *rejection, struct buffer *out)
{
    static const char *const blanks[] = {"absent", "null", "empty"};
    struct reference reference;
    buffer_clear(out);
    if (rc == ERR_DATA) {
        assert_non_null(reason_text(rejection->reason));
        buffer_format(out, "reject %s", rejection->reason);
        return;
    }
    assert_int_equal(rc, 0);
    if (value.presence != PRESENCE_VALUE) {
        buffer_format(out, "%s%s", blanks[value.presence], value.flags & VALUE_CLEARS ? " clears" : "");
        assert_int_equal(value.len, 0);
        return;
    }
    assert_true(value.len > 0);
    if (field->type == TYPE_REF) {
        assert_true(reference_read(value.bytes, value.len, &reference));
        buffer_format(out, "%c%u:%u:%.*s:%.*s", reference.how, reference.unit_type, reference.field,
                      (int)reference.text_len, reference.text, (int)reference.name_len, reference.name);
    } else {
        transform_show(field, value, out);
    }
    if (value.flags & VALUE_FLAGGED)
        buffer_text(out, " !");
}

size_t check(const struct example *examples, size_t count)
{
    size_t failures = 0;
    struct buffer said = {0};
    for (size_t n = 0; n < count; n++) {
        struct made made = field_made(examples[n].field, examples[n].rule);
        const struct rule *rule = &made.mapping->sections[0].rules[0];
        struct cell cells[3] = {0};
        fill(made.mapping, examples[n].cells, cells);
        struct transform_input input = {cells, "Utrecht Centrum", amsterdam, "s7"};
        /* Twice: the second time nothing of the first may be left. */
        for (int again = 0; again < 2; again++) {
            struct value value = {0};
            struct rejection rejection = {0};
            transform_start(transform);
            int rc = transform_rule(transform, rule, &input, &value, &rejection);
            tell(rule->field, rc, value, &rejection, &said);
            if (strcmp(said.data, examples[n].wanted) != 0) {
                print_error("%s: %s | %s | %s: %s instead of %s\n", examples[n].field, examples[n].rule,
                            examples[n].cells[0] ? examples[n].cells[0] : "",
                            examples[n].cells[1] ? examples[n].cells[1] : "", said.data, examples[n].wanted);
                failures++;
            }
        }
        done(&made);
    }
    buffer_done(&said);
    return failures;
}

int examples_begin(void **state)
{
    (void)state;
    return zone_open("Europe/Amsterdam", &amsterdam) | transform_new(&transform);
}

int examples_end(void **state)
{
    (void)state;
    zone_free(amsterdam);
    transform_free(transform);
    return 0;
}
