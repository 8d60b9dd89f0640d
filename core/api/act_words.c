/* act_words - the command line that a request stands for. */
#include "api/act_inside.h"

#include <errno.h>
#include <string.h>

enum { WORDS_MOST = 1050 };

static int option_word(const struct visitor *visitor, const struct said *said, struct arena *arena, const char **word)
{
    (void)visitor;
    if (said->parameter->type == TYPE_FLAG)
        *word = arena_format(arena, "--%s", said->parameter->option);
    else
        *word = arena_format(arena, "--%s=%s", said->parameter->option, said->text);
    return *word ? 0 : -ENOMEM;
}

static bool is_word(const struct parameter *parameter)
{
    return !parameter->option || strcmp(parameter->option, "=") == 0;
}

/* All that was said of one parameter. */
static int plain_words(const struct visitor *visitor, const struct parameter *parameter, struct arena *arena,
                       const char **words, size_t *count)
{
    for (size_t i = 0; i < visitor->said_count; i++) {
        const struct said *said = &visitor->said[i];
        if (said->parameter != parameter)
            continue;
        if (*count == WORDS_MOST)
            return ERR_LIMIT;
        if (parameter->option && *count > 0)
            words[*count - 1] = arena_format(arena, "%s=%s", words[*count - 1], said->text);
        else
            words[(*count)++] = arena_text(arena, said->text);
        if (!words[*count - 1])
            return -ENOMEM;
    }
    return 0;
}

int act_words(const struct visitor *visitor, struct arena *arena, const char ***ret_words)
{
    const struct operation *operation = visitor->operation;
    const struct parameter *parameter;
    const char **words = arena_get(arena, (WORDS_MOST + 1) * sizeof(*words));
    size_t count = 0;
    int rc = words ? 0 : -ENOMEM;
    if (rc != 0)
        return rc;
    words[count++] = operation->verb;
    if (operation->fixed)
        words[count++] = operation->fixed;
    for (size_t i = 0; rc == 0 && i < visitor->said_count; i++) {
        const struct said *said = &visitor->said[i];
        bool off = said->parameter->type == TYPE_FLAG && strcmp(said->text, "true") != 0;
        if (!is_word(said->parameter) && strcmp(said->parameter->option, "-") != 0 && !off)
            rc = option_word(visitor, said, arena, &words[count++]);
    }
    words[count++] = "--"; /* nothing that was said is an option */
    for (size_t n = 0; rc == 0 && (parameter = operation_nth(operation, n)); n++)
        if (is_word(parameter))
            rc = plain_words(visitor, parameter, arena, words, &count);
    *ret_words = words;
    return rc;
}
