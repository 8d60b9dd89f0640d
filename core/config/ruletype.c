/* ruletype - what a rule's words mean for the type of its field: tables, dates, numbers, references, fixed texts. */
#include "config/rule.h"

#include "base/date.h"
#include "base/text.h"
#include "model/literal.h"

#include <stdio.h>
#include <string.h>

#define MASK(type) (1u << TYPE_##type)

enum {
    SCALAR =
        MASK(TEXT) | MASK(INTEGER) | MASK(DECIMAL) | MASK(BOOL) | MASK(DATE) | MASK(TIME) | MASK(DATETIME) | MASK(ENUM),
    /* Words that go with any type but JSON. */
    ANY = SCALAR | MASK(REF),
};

/* On which types of field a word has something to do, and what to say when it has not. */
static const struct {
    enum word word;
    unsigned types;
    const char *otherwise;
} fits[] = {
    {WORD_split, ANY, "works on text"},
    {WORD_match, ANY, "works on text"},
    {WORD_lower, ANY, "works on text"},
    {WORD_upper, ANY, "works on text"},
    {WORD_digits, ANY, "works on text"},
    {WORD_table, ANY, "works on text"},
    {WORD_otherwise, ANY, "works on text"},
    {WORD_first_of, ANY, "works on text"},
    {WORD_join, ANY, "works on text"},
    {WORD_date, MASK(DATE) | MASK(TIME) | MASK(DATETIME) | MASK(TEXT), "goes with a day, a time or a text"},
    {WORD_decimal, MASK(DECIMAL) | MASK(INTEGER), "goes with a number"},
    {WORD_bool, MASK(BOOL), "goes with a field that is true or false"},
    {WORD_columns, MASK(JSON), "gives an ordered list of values, as for lookup_row.values"},
    {WORD_unit, MASK(REF), "goes with a field that refers to an org_unit"},
    {WORD_code, MASK(REF), "goes with 'unit'"},
    {WORD_name, MASK(REF), "goes with 'unit'"},
    {WORD_person, MASK(REF), "goes with a field that refers to a person"},
};

static bool is_unit(const struct field *field)
{
    return field->type == TYPE_REF && field->refers_to == KIND_org_unit;
}

static bool is_person(const struct field *field)
{
    return field->type == TYPE_REF && field->refers_to == KIND_person;
}

/* "male, female, other": for complaints. */
static const char *const *enumerators(struct compile *compile, const struct field *field, struct buffer *ret_list)
{
    size_t count = 0, len;
    while (enum_nth(field, count, &len))
        count++;
    const char **names = compile_get(compile, count + 1, sizeof(*names));
    for (size_t n = 0; names && n < count; n++) {
        const char *text = enum_nth(field, n, &len);
        names[n] = arena_copy(compile->arena, text, len);
        if (!names[n]) {
            compile->failed = true;
            return NULL;
        }
        buffer_format(ret_list, "%s%s", n > 0 ? ", " : "", names[n]);
    }
    return names;
}

static void complain_enum(struct making *making, const struct node *node, const struct field *field, const char *text)
{
    __attribute__((cleanup(buffer_done))) struct buffer list = {0};
    const char *const *names = enumerators(making->compile, field, &list);
    const char *near = names ? nearest_name(text, names) : NULL;
    complain(making->compile->complaints, node, "%s.%s: '%s' is no value of %s.%s%s%s%s (there are: %s)",
             making_owner(making), making->field->name, text, kind_name(field->kind), field->name,
             near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "", list.data ? list.data : "");
}

static const char *how_to_write(enum type type)
{
    switch (type) {
    case TYPE_INTEGER: return "a whole number";
    case TYPE_DECIMAL: return "a number with '.', as in 37.5";
    case TYPE_BOOL: return "true or false";
    case TYPE_DATE: return "a day as YYYY-MM-DD";
    case TYPE_TIME: return "a time as HH:MM";
    case TYPE_DATETIME: return "an instant as YYYY-MM-DDTHH:MM:SSZ";
    case TYPE_JSON: return "JSON";
    default: return "a text without control characters, at most 32767 bytes";
    }
}

/* A fixed text of the file as an image holds it. A ref is made when its text is known, so it stays a text here. */
static struct value fixed(struct making *making, const struct node *node, const char *text)
{
    __attribute__((cleanup(buffer_done))) struct buffer out = {0};
    struct field as = *making->field;
    struct value made = {0};
    as.type = as.type == TYPE_REF ? TYPE_TEXT : as.type;
    const char *fault = literal_read(&as, text, strlen(text), &out, &made);
    if (fault && as.type == TYPE_ENUM && strcmp(fault, "unknown_value") == 0) {
        complain_enum(making, node, making->field, text);
    } else if (fault) {
        making_complain(making, node, "cannot be '%s': it takes %s", text, how_to_write(as.type));
    } else if (made.len > 0) {
        made.bytes = arena_copy(making->compile->arena, made.bytes, made.len);
        making->compile->failed |= !made.bytes;
    }
    making->compile->failed |= out.rc != 0;
    return fault ? (struct value){0} : made;
}

static void keep_blank(struct making *making, struct value value)
{
    struct value *blank = compile_get(making->compile, 1, sizeof(*blank));
    if (blank)
        *blank = value;
    making->rule->table_blank = blank;
}

static bool is_blank(const char *text)
{
    return text_same(text, strlen(text), "", 0);
}

static void settle_table(struct making *making)
{
    const struct node *node = making->said[WORD_table];
    struct compile *compile = making->compile;
    if (node->type != NODE_MAP || node->count == 0) {
        making_fault(making, WORD_table, "must be a map, as in { Active: active, Left: terminated }");
        return;
    }
    struct lookup *lookup = lookup_new(compile->arena, node->count);
    struct table_pair *pairs = compile_get(compile, node->count + 1, sizeof(*pairs));
    if (!lookup || !pairs) {
        compile->failed = true;
        return;
    }
    for (size_t n = 0; n < node->count; n++) {
        const char *from = node->keys[n]->text;
        const char *to = compile_text(compile, node->items[n], making_what(making, WORD_table), true);
        if (!to)
            continue;
        pairs[n] = (struct table_pair){from, to};
        struct value made = fixed(making, node->items[n], to);
        if (is_blank(from)) {
            keep_blank(making, made);
            continue;
        }
        int rc = lookup_add(lookup, compile->arena, from, strlen(from), made);
        compile->failed |= rc < 0;
        if (rc == 1)
            complain(compile->complaints, node->keys[n],
                     "%s has '%s' twice: upper and lower case and white space do not count",
                     making_what(making, WORD_table), from);
    }
    making->rule->table = pairs;
    making->rule->lookup = lookup;
}

static void settle_otherwise(struct making *making)
{
    struct rule *rule = making->rule;
    const char *text = making_text(making, WORD_otherwise, false);
    if (!making->said[WORD_table] && making->field->type != TYPE_ENUM)
        making_fault(making, WORD_otherwise, "needs 'table'");
    if (!text)
        return;
    if (strcmp(text, "reject") == 0) {
        rule->otherwise = OTHERWISE_REJECT;
    } else if (strcmp(text, "keep") == 0) {
        rule->otherwise = OTHERWISE_KEEP;
    } else {
        rule->otherwise = OTHERWISE_VALUE;
        rule->otherwise_value = text;
        rule->otherwise_made = fixed(making, making->said[WORD_otherwise], text);
    }
}

static void settle_date(struct making *making)
{
    struct rule *rule = making->rule;
    enum type type = making->field->type;
    size_t count = 0;
    const char *why;
    const char *const *patterns =
        compile_texts(making->compile, making->said[WORD_date], making_what(making, WORD_date), false, &count);
    if (!patterns)
        return;
    if (type == TYPE_TEXT && count > 1)
        making_fault(making, WORD_date, "is how this text shall be written: one pattern, not %zu", count);
    for (size_t n = 0; n < count; n++) {
        const struct node *node = making->said[WORD_date];
        node = node->type == NODE_LIST ? node->items[n] : node;
        bool day = strchr(patterns[n], 'Y') != NULL;
        if (!(type == TYPE_TEXT ? date_pattern_writable(patterns[n], &why) : date_pattern_valid(patterns[n], &why)))
            making_complain(making, node, "cannot use the date pattern '%s': %s", patterns[n], why);
        else if (day && type == TYPE_TIME)
            making_complain(making, node, "is a time, but '%s' is a day", patterns[n]);
        else if (!day && (type == TYPE_DATE || type == TYPE_DATETIME))
            making_complain(making, node, "needs a day, but '%s' has none", patterns[n]);
    }
    if (type == TYPE_TEXT)
        rule->date_written = patterns[0];
    else
        rule->dates = patterns;
}

static void settle_decimal(struct making *making)
{
    const char *text = making_text(making, WORD_decimal, false);
    if (text && strcmp(text, ",") != 0 && strcmp(text, ".") != 0)
        making_fault(making, WORD_decimal, "must be \",\" or \".\"");
    else if (text)
        making->rule->decimal = *text;
}

static void add_words(struct making *making, struct lookup *words, const struct node *node, const char *truth)
{
    size_t count;
    struct value value = {.presence = PRESENCE_VALUE, .len = (uint32_t)strlen(truth), .bytes = truth};
    const char *const *texts = compile_texts(making->compile, node, making_what(making, WORD_bool), true, &count);
    for (size_t n = 0; texts && n < count; n++) {
        if (is_blank(texts[n])) {
            if (making->rule->table_blank)
                making_fault(making, WORD_bool, "says twice what an empty cell is");
            keep_blank(making, value);
            continue;
        }
        int rc = lookup_add(words, making->compile->arena, texts[n], strlen(texts[n]), value);
        making->compile->failed |= rc < 0;
        if (rc == 1)
            making_fault(making, WORD_bool, "has the word '%s' twice", texts[n]);
    }
}

static void settle_bool(struct making *making)
{
    static const struct {
        const char *word, *truth;
    } usual[] = {{"true", "true"},   {"yes", "true"}, {"1", "true"}, {"x", "true"},
                 {"false", "false"}, {"no", "false"}, {"0", "false"}};
    const struct node *node = making->said[WORD_bool];
    size_t most = 8;
    if (node && (node->type != NODE_LIST || node->count != 2)) {
        making_fault(making, WORD_bool, "must be two words, as in [yes, no], or two lists of words");
        return;
    }
    for (size_t n = 0; node && n < 2; n++)
        most += node->items[n]->count;
    struct lookup *words = lookup_new(making->compile->arena, most);
    if (!words) {
        making->compile->failed = true;
        return;
    }
    if (node) {
        add_words(making, words, node->items[0], "true");
        add_words(making, words, node->items[1], "false");
    }
    for (size_t n = 0; !node && n < sizeof(usual) / sizeof(usual[0]); n++) {
        struct value value = {
            .presence = PRESENCE_VALUE, .len = (uint32_t)strlen(usual[n].truth), .bytes = usual[n].truth};
        making->compile->failed |=
            lookup_add(words, making->compile->arena, usual[n].word, strlen(usual[n].word), value) < 0;
    }
    making->rule->words = words;
}

static void settle_enum(struct making *making)
{
    size_t count = 0, len;
    const char *text;
    while (enum_nth(making->field, count, &len))
        count++;
    struct lookup *words = lookup_new(making->compile->arena, count);
    uint8_t *numbers = compile_get(making->compile, count, 1);
    making->compile->failed |= !words || !numbers;
    for (size_t n = 0; words && numbers && n < count; n++) {
        text = enum_nth(making->field, n, &len);
        numbers[n] = enum_number(making->field, text, len);
        struct value value = {.presence = PRESENCE_VALUE, .len = 1, .bytes = (const char *)&numbers[n]};
        making->compile->failed |= lookup_add(words, making->compile->arena, text, len, value) < 0;
    }
    making->rule->words = words;
}

static void settle_unit(struct making *making)
{
    struct rule *rule = making->rule;
    const struct node *const *said = making->said;
    const struct field *type = field_by_name(KIND_org_unit, "type");
    static const enum word idle[] = {WORD_from,  WORD_const, WORD_first_of, WORD_join,  WORD_split,   WORD_match,
                                     WORD_lower, WORD_upper, WORD_digits,   WORD_table, WORD_default, WORD_trim};
    if (!said[WORD_unit]) {
        making_complain(making, making->node,
                        "refers to an org_unit: write { unit: department, code: COLUMN, name: COLUMN }");
        return;
    }
    const char *text = making_text(making, WORD_unit, false);
    rule->unit_type = text ? enum_number(type, text, strlen(text)) : 0;
    if (text && rule->unit_type == 0)
        complain_enum(making, said[WORD_unit], type, text);
    for (size_t n = 0; n < sizeof(idle) / sizeof(idle[0]); n++)
        if (said[idle[n]])
            making_fault(making, idle[n], "does not go with 'unit', which takes columns: code, name");
    if (said[WORD_code])
        rule->unit_code = compile_column(making->compile, said[WORD_code], making_what(making, WORD_code));
    if (said[WORD_name])
        rule->unit_name = compile_column(making->compile, said[WORD_name], making_what(making, WORD_name));
    rule->unit_from_partition = said[WORD_from_partition] != NULL;
    if (said[WORD_name] && said[WORD_from_partition])
        making_fault(making, WORD_from_partition, "and 'name' both say the unit's name: keep one");
    if (!said[WORD_code] && !said[WORD_name] && !said[WORD_from_partition])
        making_fault(making, WORD_unit, "needs the column of the unit's code, of its name, or both");
}

static void settle_person(struct making *making)
{
    const char *text = NULL;
    if (!making->said[WORD_person])
        making_complain(making, making->node, "refers to a person: write { person: employee_number, from: COLUMN }");
    else
        text = making_text(making, WORD_person, false);
    if (!text)
        return;
    const struct field *field = compile_field(making->compile, KIND_person, text);
    if (field && field->type != TYPE_TEXT) {
        making_fault(making, WORD_person, "must be a text field that tells people apart, and %s is of type %s", text,
                     type_name(field->type));
    } else if (!field) {
        const char *const *names = compile_field_names(making->compile, KIND_person, NULL);
        const char *near = names ? nearest_name(text, names) : NULL;
        making_fault(making, WORD_person, "must be a field of person, and '%s' is none%s%s%s", text,
                     near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
    making->rule->person_field = field;
}

static void settle_ref(struct making *making)
{
    const struct field *field = making->field;
    if (making->said[WORD_unit] && !is_unit(field))
        making_fault(making, WORD_unit, "goes with a field that refers to an org_unit, and this is a %s",
                     kind_name(field->refers_to));
    else if (making->said[WORD_person] && !is_person(field))
        making_fault(making, WORD_person, "goes with a field that refers to a person, and this is an %s",
                     kind_name(field->refers_to));
    else if (is_unit(field))
        settle_unit(making);
    else if (is_person(field))
        settle_person(making);
    else if (field->refers_to == KIND_work_order)
        making_complain(making, making->node,
                        "is found by tenant, customer and work_order_stem, and filled in by itself: leave it out");
    else
        making_complain(making, making->node, "is the %s of the same row and is filled in by itself: leave it out",
                        kind_name(field->refers_to));
    if (!is_unit(field) && (making->said[WORD_code] || making->said[WORD_name]))
        making_fault(making, making->said[WORD_code] ? WORD_code : WORD_name, "goes with 'unit'");
}

/* Numbers that are names: leading zeros count, nobody adds them up. */
static bool is_identifier(const struct field *field)
{
    static const char *const names[] = {"username", "stem", "period", "schedule_ref", NULL};
    static const char *const ends[] = {"number", "code", "_id", "_ref", "_stem", NULL};
    size_t len = strlen(field->name);
    if (field->type == TYPE_REF)
        return true;
    if (field->type != TYPE_TEXT)
        return false;
    for (size_t n = 0; ends[n]; n++)
        if (len >= strlen(ends[n]) && strcmp(field->name + len - strlen(ends[n]), ends[n]) == 0)
            return true;
    for (size_t n = 0; names[n]; n++)
        if (strcmp(field->name, names[n]) == 0)
            return true;
    return field_is_phone(field) || strstr(field->name, "phone") != NULL;
}

void rule_settle(struct making *making)
{
    struct rule *rule = making->rule;
    const struct node *const *said = making->said;
    const struct field *field = making->field;
    bool misfit = false;
    for (size_t n = 0; n < sizeof(fits) / sizeof(fits[0]); n++)
        if (said[fits[n].word] && !(fits[n].types & 1u << field->type)) {
            making_fault(making, fits[n].word, "%s, and this field is of type %s", fits[n].otherwise,
                         type_name(field->type));
            misfit = true;
        }
    if (misfit)
        return;
    if (said[WORD_table])
        settle_table(making);
    if (said[WORD_otherwise])
        settle_otherwise(making);
    if (said[WORD_date])
        settle_date(making);
    if (said[WORD_decimal])
        settle_decimal(making);
    if (field->type == TYPE_BOOL)
        settle_bool(making);
    if (field->type == TYPE_ENUM)
        settle_enum(making);
    if (field->type == TYPE_REF)
        settle_ref(making);
    if (said[WORD_default]) {
        rule->fallback = making_text(making, WORD_default, false);
        if (rule->fallback && said[WORD_const])
            making_fault(making, WORD_default, "has nothing to do beside 'const'");
        else if (rule->fallback)
            rule->fallback_made = fixed(making, said[WORD_default], rule->fallback);
    }
    if (rule->constant)
        rule->constant_made = fixed(making, said[WORD_const], rule->constant);
    rule->identifier = is_identifier(field);
    rule->plain = field->type == TYPE_TEXT && rule->how == FROM_COLUMN && rule->column_count == 1 && !rule->split &&
                  !rule->digits && !rule->match && !rule->lower && !rule->upper && !rule->table && !rule->date_written;
}
