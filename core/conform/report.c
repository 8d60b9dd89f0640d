/* report - what came of a trial, for people and for programs. */
#include "conform/report.h"

#include "base/jsontext.h"

#include <string.h>

static const char *const states[] = {"", "ok", "bypassed", "not seen", "FAILED"};

/* "sheet 1.0", or the name of a file that does not load. */
static void title(const struct subject *subject, struct buffer *out)
{
    const muster_connector *connector = subject->description;
    if (connector)
        buffer_format(out, "%s %s (interface %u.%u)", subject->name, connector->version, connector->abi_major,
                      connector->abi_minor);
    else
        buffer_format(out, "%s", subject->name);
}

/* --- for people --- */

static void people_rule(const struct trial *trial, enum rule_number rule, struct buffer *out)
{
    const struct finding *verdict = &trial->verdicts[rule];
    enum state state = trial_state(trial, rule);
    buffer_format(out, "%-4s %-8s  %s\n", rule_texts[rule].code, states[state], rule_texts[rule].sentence);
    for (size_t i = 0; i < verdict->count && i < FAULTS_MAX; i++) {
        const struct fault *fault = &verdict->faults[i];
        buffer_format(out, "               %s%s%s\n", fault->subject, *fault->subject ? ": " : "", fault->text);
        if (fault->bypass)
            buffer_format(out, "               %s: %s\n",
                          trial->strict ? "bypass, which --strict does not take" : "bypass", fault->bypass);
    }
    if (verdict->count > FAULTS_MAX)
        buffer_format(out, "               and %zu more\n", verdict->count - FAULTS_MAX);
    if (state == STATE_UNSEEN)
        buffer_format(out, "               %s\n", verdict->unseen);
    if (state == STATE_FAILED)
        buffer_format(out, "     Mend it:  %s\n", rule_texts[rule].mend);
}

static void people_bypasses(const struct trial *trial, struct buffer *out)
{
    for (size_t i = 0; i < trial->bypass_count; i++)
        if (!trial->bypasses[i].used && trial_state(trial, trial->bypasses[i].rule) == STATE_PASSED)
            buffer_format(out, "The bypass of %s in line %u excuses nothing: it can go.\n",
                          rule_texts[trial->bypasses[i].rule].code, trial->bypasses[i].line);
}

static void people_levels(const struct trial *trial, struct buffer *out)
{
    for (size_t level = 0; level < LEVELS; level++) {
        size_t counts[STATE_FAILED + 1] = {0}, all = 0;
        for (size_t i = 0; i < RULES; i++)
            if (rule_texts[i].level == (enum level)level) {
                counts[trial_state(trial, (enum rule_number)i)]++;
                all++;
            }
        all -= counts[STATE_NONE];
        if (all == 0)
            continue;
        buffer_format(out, "%-8s  %zu of %zu hold", level_name((enum level)level), counts[STATE_PASSED], all);
        if (counts[STATE_FAILED])
            buffer_format(out, ", %zu failed", counts[STATE_FAILED]);
        if (counts[STATE_BYPASSED])
            buffer_format(out, ", %zu bypassed", counts[STATE_BYPASSED]);
        if (counts[STATE_UNSEEN])
            buffer_format(out, ", %zu not seen", counts[STATE_UNSEEN]);
        buffer_byte(out, '\n');
    }
}

void report_people(const struct trial *trial, const struct subject *subject, bool all, struct buffer *out)
{
    title(subject, out);
    buffer_text(out, "\n\n");
    for (size_t i = 0; i < RULES; i++) {
        enum state state = trial_state(trial, (enum rule_number)i);
        if (state > STATE_PASSED || (all && state == STATE_PASSED))
            people_rule(trial, (enum rule_number)i, out);
    }
    people_bypasses(trial, out);
    people_levels(trial, out);
    buffer_text(out, trial_passed(trial) ? "It conforms.\n" : "It does not conform.\n");
}

/* --- for programs --- */

static void json_rule(const struct trial *trial, enum rule_number rule, struct buffer *out)
{
    static const char *const words[] = {"", "passed", "bypassed", "unseen", "failed"};
    const struct finding *verdict = &trial->verdicts[rule];
    json_member_text(out, "rule", rule_texts[rule].code);
    json_member_text(out, "level", level_name(rule_texts[rule].level));
    json_member_text(out, "sentence", rule_texts[rule].sentence);
    json_member_text(out, "state", words[trial_state(trial, rule)]);
    json_member_text(out, "unseen", verdict->unseen);
    json_member_text(out, "mend", rule_texts[rule].mend);
    json_member_number(out, "count", verdict->count);
    json_name(out, "faults");
    buffer_byte(out, '[');
    for (size_t i = 0; i < verdict->count && i < FAULTS_MAX; i++) {
        buffer_text(out, i ? ",{" : "{");
        json_member_text(out, "subject", verdict->faults[i].subject);
        json_member_text(out, "text", verdict->faults[i].text);
        json_member_text(out, "bypass", verdict->faults[i].bypass);
        buffer_byte(out, '}');
    }
    buffer_byte(out, ']');
}

void report_json(const struct trial *trial, const struct subject *subject, struct buffer *out)
{
    const muster_connector *connector = subject->description;
    buffer_byte(out, '{');
    json_member_text(out, "connector", subject->name);
    json_member_text(out, "version", connector ? connector->version : NULL);
    json_name(out, "conforms");
    buffer_text(out, trial_passed(trial) ? "true" : "false");
    json_name(out, "strict");
    buffer_text(out, trial->strict ? "true" : "false");
    json_name(out, "levels");
    buffer_byte(out, '{');
    for (size_t level = 0; level < LEVELS; level++) {
        bool holds;
        if (!trial_level(trial, (enum level)level, &holds))
            continue;
        json_name(out, level_name((enum level)level));
        buffer_text(out, holds ? "true" : "false");
    }
    buffer_byte(out, '}');
    json_name(out, "rules");
    buffer_byte(out, '[');
    bool first = true;
    for (size_t i = 0; i < RULES; i++) {
        if (trial_state(trial, (enum rule_number)i) == STATE_NONE)
            continue;
        buffer_text(out, first ? "{" : ",{");
        json_rule(trial, (enum rule_number)i, out);
        buffer_byte(out, '}');
        first = false;
    }
    buffer_text(out, "]}\n");
}

static void xml_text(struct buffer *out, const char *text)
{
    for (; *text; text++) {
        const char *entity = *text == '<' ? "&lt;" : *text == '>' ? "&gt;" : *text == '&' ? "&amp;" : NULL;
        if (*text == '"')
            entity = "&quot;";
        if (entity)
            buffer_text(out, entity);
        else
            buffer_byte(out, (unsigned char)*text < ' ' ? ' ' : (unsigned char)*text);
    }
}

static void junit_rule(const struct trial *trial, enum rule_number rule, struct buffer *out)
{
    const struct finding *verdict = &trial->verdicts[rule];
    enum state state = trial_state(trial, rule);
    buffer_format(out, "  <testcase classname=\"%s\" name=\"%s: ", level_name(rule_texts[rule].level),
                  rule_texts[rule].code);
    xml_text(out, rule_texts[rule].sentence);
    buffer_text(out, "\">\n");
    if (state == STATE_FAILED) {
        buffer_text(out, "    <failure message=\"");
        xml_text(out, verdict->count > 0 ? verdict->faults[0].text : "");
        buffer_text(out, "\">");
        for (size_t i = 0; i < verdict->count && i < FAULTS_MAX; i++) {
            xml_text(out, verdict->faults[i].subject);
            buffer_text(out, ": ");
            xml_text(out, verdict->faults[i].text);
            buffer_byte(out, '\n');
        }
        xml_text(out, rule_texts[rule].mend);
        buffer_text(out, "</failure>\n");
    } else if (state != STATE_PASSED) {
        buffer_text(out, "    <skipped message=\"");
        xml_text(out, state == STATE_UNSEEN ? verdict->unseen : verdict->faults[0].bypass);
        buffer_text(out, "\"/>\n");
    }
    buffer_text(out, "  </testcase>\n");
}

void report_junit(const struct trial *trial, const struct subject *subject, struct buffer *out)
{
    size_t tests = 0, failures = 0, skipped = 0;
    for (size_t i = 0; i < RULES; i++) {
        enum state state = trial_state(trial, (enum rule_number)i);
        tests += state != STATE_NONE;
        failures += state == STATE_FAILED;
        skipped += state == STATE_UNSEEN || state == STATE_BYPASSED;
    }
    buffer_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"muster-conform ");
    xml_text(out, subject->name);
    buffer_format(out, "\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\">\n", tests, failures, skipped);
    for (size_t i = 0; i < RULES; i++)
        if (trial_state(trial, (enum rule_number)i) != STATE_NONE)
            junit_rule(trial, (enum rule_number)i, out);
    buffer_text(out, "</testsuite>\n");
}

/* --- the table --- */

void report_rules(struct buffer *out)
{
    for (size_t i = 0; i < RULES; i++)
        buffer_format(out, "%-4s %-8s  %s\n", rule_texts[i].code, level_name(rule_texts[i].level),
                      rule_texts[i].sentence);
}

static void troff(struct buffer *out, const char *text)
{
    for (; *text; text++)
        if (*text == '\\')
            buffer_text(out, "\\e");
        else if (*text == '-')
            buffer_text(out, "\\-");
        else
            buffer_byte(out, (unsigned char)*text);
    buffer_byte(out, '\n');
}

void report_manual(struct buffer *out)
{
    static const char *const headings[LEVELS] = {"Core: every connector", "Source: what reads", "Target: what writes",
                                                 "Receiver: what takes in what others send"};
    for (size_t level = 0; level < LEVELS; level++) {
        bool begun = false;
        for (size_t i = 0; i < RULES; i++) {
            if (rule_texts[i].level != (enum level)level)
                continue;
            if (!begun)
                buffer_format(out, ".SS %s\n", headings[level]);
            begun = true;
            buffer_format(out, ".TP\n.B %s\n", rule_texts[i].code);
            troff(out, rule_texts[i].sentence);
            buffer_text(out, ".br\n");
            troff(out, rule_texts[i].mend);
        }
    }
}
