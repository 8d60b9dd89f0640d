/* reason - why a record, or a value of it, was not taken. */
#include "logic/reason.h"

#include <stddef.h>
#include <string.h>

#define REASON(code, sentence) const char reason_##code[] = #code;
#include "logic/reason.def"
#undef REASON

static const struct {
    const char *code, *sentence;
} reasons[] = {
#define REASON(code, sentence) {reason_##code, sentence},
#include "logic/reason.def"
#undef REASON
};

const char *reason_text(const char *code)
{
    for (size_t n = 0; n < sizeof(reasons) / sizeof(reasons[0]); n++)
        if (strcmp(reasons[n].code, code) == 0)
            return reasons[n].sentence;
    return NULL;
}

const char *reason_nth(unsigned n)
{
    return n < sizeof(reasons) / sizeof(reasons[0]) ? reasons[n].code : NULL;
}
