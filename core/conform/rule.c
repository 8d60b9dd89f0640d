/* rule - the table of what a connector must hold to. */
#include "conform/rule.h"

#include <string.h>
#include <strings.h>

const struct rule_text rule_texts[RULES] = {
#define RULE(code, level, sentence, mend) {#code, LEVEL_##level, sentence, mend},
#include "conform/rule.def"
#undef RULE
};

static const char *const levels[LEVELS] = {"core", "source", "target", "receiver"};

const char *level_name(enum level level)
{
    return levels[level];
}

bool level_find(const char *name, enum level *ret_level)
{
    for (size_t i = 0; i < LEVELS; i++)
        if (strcmp(levels[i], name) == 0) {
            *ret_level = (enum level)i;
            return true;
        }
    return false;
}

bool rule_find(const char *code, size_t len, enum rule_number *ret_rule)
{
    for (size_t i = 0; i < RULES; i++)
        if (strlen(rule_texts[i].code) == len && strncasecmp(rule_texts[i].code, code, len) == 0) {
            *ret_rule = (enum rule_number)i;
            return true;
        }
    return false;
}
