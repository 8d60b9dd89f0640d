/* rule - what the files that compile one field's rule share. */
#ifndef CONFIG_RULE_H
#define CONFIG_RULE_H

#include "config/compile.h"

#define WORDS(X)                                                                                                       \
    X(from)                                                                                                            \
    X(const)                                                                                                           \
    X(first_of)                                                                                                        \
    X(join)                                                                                                            \
    X(with)                                                                                                            \
    X(from_partition)                                                                                                  \
    X(trim)                                                                                                            \
    X(split)                                                                                                           \
    X(take)                                                                                                            \
    X(match)                                                                                                           \
    X(replace)                                                                                                         \
    X(lower)                                                                                                           \
    X(upper)                                                                                                           \
    X(digits)                                                                                                          \
    X(table)                                                                                                           \
    X(otherwise)                                                                                                       \
    X(date)                                                                                                            \
    X(decimal)                                                                                                         \
    X(bool)                                                                                                            \
    X(on_null)                                                                                                         \
    X(on_empty)                                                                                                        \
    X(default)                                                                                                         \
    X(unit)                                                                                                            \
    X(code)                                                                                                            \
    X(name)                                                                                                            \
    X(person)                                                                                                          \
    X(columns)                                                                                                         \
    X(each)                                                                                                            \
    X(map)

/* clang-format off: one list, made from WORDS */
enum word {
#define WORD(name) WORD_##name,
    WORDS(WORD)
#undef WORD
        WORD_COUNT
};
/* clang-format on */

struct making {
    struct compile *compile;
    struct rule *rule;
    const struct field *field;
    const struct node *node;
    const struct node *said[WORD_COUNT]; /* what stands behind each word; NULL: not there */
    char what[160];
};

/* "person", or the target's stream. */
static inline const char *making_owner(const struct making *making)
{
    return making->compile->owner ? making->compile->owner : kind_name(making->field->kind);
}
/* "person.status: 'default'", until the next call. */
const char *making_what(struct making *making, enum word word);
#define making_complain(making, node_, format, ...)                                                                    \
    complain((making)->compile->complaints, node_, "%s.%s " format, making_owner(making), (making)->field->name,       \
             ##__VA_ARGS__)
#define making_fault(making, word, format, ...)                                                                        \
    complain((making)->compile->complaints, (making)->said[word], "%s " format, making_what(making, word),             \
             ##__VA_ARGS__)
#define making_text(making, word, blank)                                                                               \
    compile_text((making)->compile, (making)->said[word], making_what(making, word), blank)
#define making_bool(making, word) compile_bool((making)->compile, (making)->said[word], making_what(making, word))

/* The words that depend on the field's type, and fixed texts as an image holds them. */
void rule_settle(struct making *making);

#endif
