/* options - rules about the options of a connector, and about the arguments of its lookups and actions. */
#include "conform/judge.h"

#include "base/date.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SENTENCE_MOST = 400, OPTION_FLAGS = MUSTER_REQUIRED | MUSTER_SECRET | MUSTER_ADVANCED | MUSTER_PLACE };

void sentence_judge(struct trial *trial, const char *what, const char *doc)
{
    if (!doc || strlen(doc) < 3)
        trial_fault(trial, RULE_C4, what, "has no sentence");
    else if (strlen(doc) > SENTENCE_MOST || strchr(doc, '\n'))
        trial_fault(trial, RULE_C4, what, "its sentence is longer than a line of a table can be (%d bytes)",
                    SENTENCE_MOST);
}

/* Letters, digits, '_' and '-' only, a letter first; `lower`: no capitals. */
static bool name_plain(const char *name, bool lower)
{
    if (!((*name >= 'a' && *name <= 'z') || (!lower && *name >= 'A' && *name <= 'Z')))
        return false;
    for (; *name; name++)
        if (!((*name >= 'a' && *name <= 'z') || (*name >= '0' && *name <= '9') || *name == '_' || *name == '-' ||
              (!lower && *name >= 'A' && *name <= 'Z')))
            return false;
    return true;
}

/* --- C6 --- */

/* The words that people give to what nobody else may know; of what only says where or how long one is, they do not
 * count. */
static bool sounds_secret(const char *name)
{
    static const char *const secret[] = {"password", "passwd", "passphrase",  "secret",     "token",
                                         "api_key",  "apikey", "private_key", "shared_key", "client_key"};
    static const char *const about[] = {"_name",   "_header", "_path",  "_url",   "_file", "_length",
                                        "_policy", "_from",   "_field", "_type",  "_unit", "_pointer",
                                        "_value",  "_id",     "_scope", "_member"};
    size_t len = strlen(name);
    for (size_t i = 0; i < sizeof(about) / sizeof(about[0]); i++)
        if (len > strlen(about[i]) && strcmp(name + len - strlen(about[i]), about[i]) == 0)
            return false;
    for (size_t i = 0; i < sizeof(secret) / sizeof(secret[0]); i++)
        if (strstr(name, secret[i]))
            return true;
    return false;
}

static void secret_judge(struct trial *trial, const muster_option *option, const char *what)
{
    bool holds_text = option->type == MUSTER_TEXT || (option->type == MUSTER_LIST && !option->members);
    if (holds_text && sounds_secret(option->name) && !(option->flags & MUSTER_SECRET))
        trial_fault(trial, RULE_C6, what, "sounds like a secret and is not MUSTER_SECRET");
    if ((option->flags & MUSTER_SECRET) && option->initial)
        trial_fault(trial, RULE_C6, what, "is a secret and has an initial value");
    if ((option->flags & MUSTER_SECRET) && !holds_text)
        trial_fault(trial, RULE_C6, what, "is a secret and no text: only texts, or a list of them, can be kept");
}

/* --- C7 --- */

static bool among(const char *choices, const char *value)
{
    size_t len = strlen(value);
    for (const char *at = choices; *at;) {
        size_t one = strcspn(at, "|");
        if (one == len && memcmp(at, value, len) == 0)
            return true;
        at += one + (at[one] == '|');
    }
    return false;
}

/* Seconds may be written with a unit, so only what is a number is held against the bounds. */
static void number_judge(struct trial *trial, const muster_option *option, const char *what)
{
    char *end;
    errno = 0;
    long long value = strtoll(option->initial, &end, 10);
    bool number = end != option->initial && *end == '\0' && errno == 0;
    if (!number && option->type == MUSTER_INTEGER)
        trial_fault(trial, RULE_C7, what, "its initial value '%s' is no whole number", option->initial);
    else if (number && (option->min != 0 || option->max != 0) && (value < option->min || value > option->max))
        trial_fault(trial, RULE_C7, what, "its initial value %lld is not from %lld to %lld", value,
                    (long long)option->min, (long long)option->max);
}

static void initial_judge(struct trial *trial, const muster_option *option, const char *what)
{
    const char *initial = option->initial;
    struct date day;
    if (initial && (option->flags & MUSTER_REQUIRED))
        trial_fault(trial, RULE_C7, what, "is required and has an initial value");
    if (option->type == MUSTER_CHOICE && (!option->choices || !strchr(option->choices, '|')))
        trial_fault(trial, RULE_C7, what, "is a choice and has not two of them");
    if (option->max < option->min)
        trial_fault(trial, RULE_C7, what, "its max is less than its min");
    if (!initial || !*initial)
        return;
    if (option->type == MUSTER_CHOICE && option->choices && !among(option->choices, initial))
        trial_fault(trial, RULE_C7, what, "its initial value '%s' is none of its choices %s", initial, option->choices);
    if (option->type == MUSTER_BOOL && strcmp(initial, "true") != 0 && strcmp(initial, "false") != 0)
        trial_fault(trial, RULE_C7, what, "its initial value '%s' is neither true nor false", initial);
    if (option->type == MUSTER_INTEGER || option->type == MUSTER_SECONDS || option->type == MUSTER_BYTES)
        number_judge(trial, option, what);
    if (option->type == MUSTER_URL && !strstr(initial, "://"))
        trial_fault(trial, RULE_C7, what, "its initial value '%s' is no address", initial);
    if (option->type == MUSTER_DATE && !date_read(initial, strlen(initial), &day))
        trial_fault(trial, RULE_C7, what, "its initial value '%s' is no day", initial);
}

/* --- C8 --- */

static void flags_judge(struct trial *trial, const muster_option *option, const char *what)
{
    if (option->type < MUSTER_TEXT || option->type > MUSTER_LIST)
        trial_fault(trial, RULE_C8, what, "its type %d is none that an option can have", (int)option->type);
    if (option->flags & ~(uint32_t)OPTION_FLAGS)
        trial_fault(trial, RULE_C8, what, "has flags 0x%x that no option has", option->flags & ~(uint32_t)OPTION_FLAGS);
    if ((option->flags & MUSTER_PLACE) && option->type != MUSTER_TEXT)
        trial_fault(trial, RULE_C8, what, "is MUSTER_PLACE and no text");
    if (option->choices && option->type != MUSTER_CHOICE && option->type != MUSTER_LIST)
        trial_fault(trial, RULE_C8, what, "has choices and is no MUSTER_CHOICE");
}

static void table_judge(struct trial *trial, const muster_option *table, const char *kind, const char *before)
{
    for (const muster_option *option = table; option && option->name; option++) {
        char what[300], path[200];
        snprintf(path, sizeof(path), "%s%s", before, option->name);
        snprintf(what, sizeof(what), "%s %s", kind, path);
        sentence_judge(trial, what, option->doc);
        if (!name_plain(option->name, true))
            trial_fault(trial, RULE_C5, what, "its name has something else in it than a-z, 0-9 and '_'");
        for (const muster_option *other = table; other != option; other++)
            if (strcmp(other->name, option->name) == 0)
                trial_fault(trial, RULE_C5, what, "is there twice");
        secret_judge(trial, option, what);
        initial_judge(trial, option, what);
        flags_judge(trial, option, what);
        snprintf(path, sizeof(path), "%s%s[].", before, option->name);
        table_judge(trial, option->members, kind, path);
    }
}

static void verbs_judge(struct trial *trial, const muster_verb *verbs, const char *kind)
{
    for (const muster_verb *verb = verbs; verb && verb->name; verb++) {
        char what[300];
        snprintf(what, sizeof(what), "%s %s", kind, verb->name);
        sentence_judge(trial, what, verb->doc);
        if (!name_plain(verb->name, true))
            trial_fault(trial, RULE_C5, what, "its name has something else in it than a-z, 0-9, '_' and '-'");
        snprintf(what, sizeof(what), "argument of %s %s:", kind, verb->name);
        table_judge(trial, verb->arguments, what, "");
        for (const muster_field *field = verb->answer; field && field->name; field++) {
            snprintf(what, sizeof(what), "answer of %s %s: %s", kind, verb->name, field->name);
            sentence_judge(trial, what, field->doc);
            if (field->type < MUSTER_TEXT || field->type > MUSTER_REF)
                trial_fault(trial, RULE_C8, what, "its type %d is none", (int)field->type);
            for (const muster_field *other = verb->answer; other != field; other++)
                if (strcmp(other->name, field->name) == 0)
                    trial_fault(trial, RULE_C5, what, "is there twice");
        }
    }
}

void options_judge(struct trial *trial, const muster_connector *connector)
{
    static const enum rule_number rules[] = {RULE_C4, RULE_C5, RULE_C6, RULE_C7, RULE_C8, RULES};
    for (const enum rule_number *rule = rules; *rule != RULES; rule++)
        trial_looked(trial, *rule);
    sentence_judge(trial, "", connector->summary);
    table_judge(trial, connector->options, "option", "");
    option_rules_judge(trial, connector);
    verbs_judge(trial, connector->lookups, "lookup");
    verbs_judge(trial, connector->actions, "action");
}
