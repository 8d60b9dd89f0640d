/* choice - one word of those that an option knows. */
#include "config/choice.h"

#include <string.h>
#include <strings.h>

const char *choice_find(const char *choices, const char *text)
{
    const char *found = NULL;
    size_t len = strlen(text), count = 0;
    for (const char *at = choices; at && len > 0;) {
        size_t one = strcspn(at, "|");
        if (one == len && memcmp(at, text, len) == 0)
            return at;
        if (one == len && strncasecmp(at, text, len) == 0) {
            found = at;
            count++;
        }
        at = at[one] ? at + one + 1 : NULL;
    }
    return count == 1 ? found : NULL;
}
