/* ruletext - a rule on one line, for people: "Status | table (3) | else reject". */
#include "config/compile.h"

static void write_source(const struct compile *compile, const struct rule *rule, struct buffer *out)
{
    static const char *const heads[] = {
        [FROM_FIRST_OF] = "first of ", [FROM_JOIN] = "join ", [FROM_COLUMNS] = "columns "};
    if (rule->how == FROM_CONST)
        buffer_format(out, "\"%s\"", rule->constant);
    else if (rule->how == FROM_PARTITION)
        buffer_text(out, "the partition's name");
    else if (heads[rule->how])
        buffer_text(out, heads[rule->how]);
    for (size_t n = 0; n < rule->column_count; n++)
        buffer_format(out, "%s%s", n > 0 ? ", " : "", compile->columns[rule->columns[n]]);
    if (rule->how == FROM_JOIN && rule->with && *rule->with)
        buffer_format(out, " with \"%s\"", rule->with);
}

static void write_unit(const struct compile *compile, const struct rule *rule, struct buffer *out)
{
    size_t len;
    const char *type = enum_text(field_by_name(KIND_org_unit, "type"), rule->unit_type, &len);
    buffer_format(out, "%.*s", type ? (int)len : 0, type ? type : "");
    if (rule->unit_code >= 0)
        buffer_format(out, " by code %s", compile->columns[rule->unit_code]);
    if (rule->unit_name >= 0)
        buffer_format(out, "%s by name %s", rule->unit_code >= 0 ? "," : "", compile->columns[rule->unit_name]);
    if (rule->unit_from_partition)
        buffer_format(out, "%s by the partition's name", rule->unit_code >= 0 ? "," : "");
}

static void write_pattern(const struct rule *rule, struct buffer *out)
{
    const struct node *pattern = node_get(rule->node, "match");
    buffer_format(out, " | match %s", pattern ? pattern->text : "");
    if (rule->replace)
        buffer_format(out, " replace \"%s\"", rule->replace);
    else if (rule->take > 0)
        buffer_format(out, " take %u", rule->take);
}

static void write_type(const struct rule *rule, struct buffer *out)
{
    size_t pairs = 0;
    while (rule->table && rule->table[pairs].from)
        pairs++;
    if (rule->table)
        buffer_format(out, " | table (%zu)", pairs);
    if (rule->otherwise == OTHERWISE_REJECT || rule->otherwise == OTHERWISE_KEEP)
        buffer_format(out, " | else %s", rule->otherwise == OTHERWISE_REJECT ? "reject" : "keep");
    if (rule->otherwise == OTHERWISE_VALUE)
        buffer_format(out, " | else \"%s\"", rule->otherwise_value);
    for (size_t n = 0; rule->dates && rule->dates[n]; n++)
        buffer_format(out, "%s%s", n > 0 ? " or " : " | date ", rule->dates[n]);
    if (rule->date_written)
        buffer_format(out, " | written %s", rule->date_written);
    if (rule->decimal)
        buffer_format(out, " | decimal \"%c\"", rule->decimal);
    if (rule->fallback)
        buffer_format(out, " | default \"%s\"", rule->fallback);
    if (rule->on_null == ON_CLEAR)
        buffer_text(out, " | null clears");
    if (rule->on_empty == ON_CLEAR)
        buffer_text(out, " | empty clears");
}

const char *rule_write(struct compile *compile, const struct rule *rule)
{
    struct buffer out = {0};
    if (rule->unit_type > 0)
        write_unit(compile, rule, &out);
    else
        write_source(compile, rule, &out);
    if (rule->no_trim)
        buffer_text(&out, " | untrimmed");
    if (rule->split)
        buffer_format(&out, " | split \"%s\" take %u", rule->split, rule->take);
    if (rule->digits)
        buffer_text(&out, " | digits");
    if (rule->match)
        write_pattern(rule, &out);
    if (rule->lower || rule->upper)
        buffer_text(&out, rule->lower ? " | lower" : " | upper");
    write_type(rule, &out);
    if (rule->person_field)
        buffer_format(&out, " | the person whose %s it is", rule->person_field->name);
    const char *text = out.rc == 0 && out.data ? arena_copy(compile->arena, out.data, out.len) : NULL;
    compile->failed |= !text;
    buffer_done(&out);
    return text;
}
