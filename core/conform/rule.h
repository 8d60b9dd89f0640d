/* rule - the table of what a connector must hold to (rule.def). */
#ifndef CONFORM_RULE_H
#define CONFORM_RULE_H

#include <stdbool.h>
#include <stddef.h>

enum level { LEVEL_CORE, LEVEL_SOURCE, LEVEL_TARGET, LEVEL_RECEIVER, LEVELS };

enum rule_number {
#define RULE(code, level, sentence, mend) RULE_##code,
#include "conform/rule.def"
#undef RULE
    RULES
};

struct rule_text {
    const char *code; /* "C1" */
    enum level level;
    const char *sentence, *mend;
};

extern const struct rule_text rule_texts[RULES];

const char *level_name(enum level level); /* "core" */
/* By its name; false: there is none of it. */
bool level_find(const char *name, enum level *ret_level);
bool rule_find(const char *code, size_t len, enum rule_number *ret_rule);

#endif
