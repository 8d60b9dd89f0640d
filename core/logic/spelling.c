/* spelling - how a value has to be written for the rule that takes it. */
#include "logic/spelling.h"

#include "logic/reason.h"

#include <string.h>

static bool is_of(const struct section *section, const struct rule *rule, const char *field)
{
    const char *kind = kind_name(section->kind);
    size_t len = strlen(kind);
    return strncmp(field, kind, len) == 0 && field[len] == '.' && strcmp(field + len + 1, rule->field->name) == 0;
}

static const struct rule *rule_named(const struct mapping *mapping, const char *field)
{
    for (size_t s = 0; mapping && field && s < mapping->section_count; s++)
        for (size_t r = 0; r < mapping->sections[s].rule_count; r++)
            if (is_of(&mapping->sections[s], &mapping->sections[s].rules[r], field))
                return &mapping->sections[s].rules[r];
    return NULL;
}

static void moments_tell(const struct rule *rule, struct buffer *out)
{
    const char *usual = rule->field->type == TYPE_TIME       ? "HH:MM:SS or HH:MM"
                        : rule->field->type == TYPE_DATETIME ? "YYYY-MM-DDTHH:MM:SS"
                                                             : "YYYY-MM-DD";
    if (!rule->dates || rule->date_written) {
        buffer_text(out, usual);
        return;
    }
    for (size_t n = 0; rule->dates[n]; n++)
        buffer_format(out, "%s%s", n == 0 ? "" : rule->dates[n + 1] ? ", " : " or ", rule->dates[n]);
}

static void numbers_tell(const struct rule *rule, struct buffer *out)
{
    bool whole = rule->field->type == TYPE_INTEGER;
    if (rule->decimal == ',')
        buffer_text(out, whole ? "1.234" : "1.234,5");
    else if (rule->decimal == '.')
        buffer_text(out, whole ? "1,234" : "1,234.5");
    else
        buffer_text(out, whole ? "1234" : "1234.5, and no comma unless `decimal` says what it is");
}

static const struct mapping *mapping_named(const struct connection *connection, const char *stream)
{
    const struct mapping *const *mappings = connection && stream ? connection->mappings : NULL;
    while (mappings && *mappings && strcmp((*mappings)->stream, stream) != 0)
        mappings++;
    return mappings ? *mappings : NULL;
}

void spelling_sentence(const struct connection *connection, const char *stream, const char *field, const char *reason,
                       struct buffer *out)
{
    const char *sentence = reason ? reason_text(reason) : NULL;
    if (!sentence)
        return;
    buffer_text(out, sentence);
    bool moment = strcmp(reason, REASON_CODE(bad_date)) == 0 || strcmp(reason, REASON_CODE(bad_time)) == 0;
    bool written = moment || strcmp(reason, REASON_CODE(bad_number)) == 0;
    const struct rule *rule = written ? rule_named(mapping_named(connection, stream), field) : NULL;
    if (!rule)
        return;
    buffer_text(out, "; it takes ");
    if (moment)
        moments_tell(rule, out);
    else
        numbers_tell(rule, out);
}
