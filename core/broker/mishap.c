/* mishap - what goes wrong with an answer that a cassette gives. */
#include "broker/mishap.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- what is to go wrong --- */

static bool is_number(const char *text)
{
    return *text && strspn(text, "0123456789") == strlen(text) && strlen(text) < 6;
}

static int count_read(const char *word, const char *text, struct mishap *mishap, struct err *err)
{
    mishap->count = strcmp(text, "all") == 0 ? MISHAP_EVERY : is_number(text) ? (unsigned)strtoul(text, NULL, 10) : 0;
    return mishap->count > 0 ? 0
                             : err_set(err, ERR_CONFIG, "'%s' is no number of answers: write as in %s=2, or %s=all",
                                       text, word, word);
}

int mishap_read(char *word, struct mishap *ret_mishap, struct err *err)
{
    static const char *const kinds[] = {"slow", "cut", "schema"};
    char *where = strchr(word, '@'), *equals;
    struct mishap mishap = {.kind = MISHAP_STATUS, .count = 1};
    if (where) {
        *where++ = '\0';
        mishap.nth = is_number(where) ? (unsigned)strtoul(where, NULL, 10) : 0;
        mishap.where = mishap.nth > 0 ? NULL : where;
    }
    if ((equals = strchr(word, '=')))
        *equals++ = '\0';
    int rc = equals ? count_read(word, equals, &mishap, err) : 0;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(word, kinds[i]) == 0)
            mishap.kind = (__typeof__(mishap.kind))i;
    mishap.status = is_number(word) ? (int32_t)strtol(word, NULL, 10) : 0;
    if (rc == 0 && mishap.kind == MISHAP_STATUS && (mishap.status < 400 || mishap.status > 599))
        rc = err_set(err, ERR_CONFIG,
                     "'%s' is nothing that can go wrong: there are slow, cut, schema and a status from 400 to 599, as "
                     "in 429=2@/people or cut@3",
                     word);
    if (rc == 0)
        *ret_mishap = mishap;
    return rc;
}

bool mishap_befalls(const struct mishap *mishap, const struct exchange *ask, unsigned nth)
{
    bool call = strcmp(ask->what, "http") == 0;
    bool fits = mishap->kind == MISHAP_STATUS   ? call
                : mishap->kind == MISHAP_SCHEMA ? call || strcmp(ask->what, "fetch") == 0
                                                : true;
    return fits && mishap->count > 0 && nth >= mishap->nth && (!mishap->where || strstr(ask->asked, mishap->where));
}

/* --- its going wrong --- */

/* "name": becomes "name_": */
static int other_names(struct arena *arena, struct exchange *answer)
{
    TIDY_DONE(buffer_done) struct buffer out = {0};
    const char *at = answer->reply, *end = at + answer->reply_len;
    bool inside = false;
    for (; at < end; at++) {
        if (inside && *at == '\\' && at + 1 < end) {
            buffer_byte(&out, (unsigned char)*at++);
        } else if (*at == '"') {
            size_t blanks = strspn(at + 1, " \t\r\n");
            if (inside && at[1 + blanks] == ':')
                buffer_byte(&out, '_');
            inside = !inside;
        }
        buffer_byte(&out, (unsigned char)*at);
    }
    answer->reply = out.rc == 0 ? arena_copy(arena, out.data ? out.data : "", out.len) : NULL;
    answer->reply_len = out.len;
    return answer->reply ? 0 : -ENOMEM;
}

/* A file stays as long as its listing says. */
static int wrong_file(struct arena *arena, struct exchange *answer)
{
    static const char line[] = "<!DOCTYPE html><html><body>We will be back soon.</body></html>\n";
    char *bytes = arena_get(arena, answer->reply_len + 1);
    for (size_t i = 0; bytes && i < answer->reply_len; i++)
        bytes[i] = line[i % (sizeof(line) - 1)];
    answer->reply = bytes;
    return bytes ? 0 : -ENOMEM;
}

static int wrong_schema(struct arena *arena, struct exchange *answer)
{
    static const char page[] = "<!DOCTYPE html>\n<html><body>We will be back soon.</body></html>\n";
    size_t blanks = answer->reply ? strspn(answer->reply, " \t\r\n") : 0;
    if (answer->reply && (answer->reply[blanks] == '{' || answer->reply[blanks] == '['))
        return other_names(arena, answer);
    answer->reply = page;
    answer->reply_len = sizeof(page) - 1;
    return 0;
}

int mishap_happen(const struct mishap *mishap, struct arena *arena, struct exchange *answer)
{
    bool call = strcmp(answer->what, "http") == 0, slow = mishap->kind == MISHAP_SLOW;
    switch (mishap->kind) {
    case MISHAP_SCHEMA: return call ? wrong_schema(arena, answer) : wrong_file(arena, answer);
    case MISHAP_STATUS:
        *answer =
            (struct exchange){.what = answer->what, .asked = answer->asked, .status = mishap->status, .reply = ""};
        return 0;
    case MISHAP_SLOW:
    case MISHAP_CUT:
        answer->code = !call ? ERR_NETWORK : slow ? CURLE_OPERATION_TIMEDOUT : CURLE_PARTIAL_FILE;
        answer->why = slow ? "the server did not answer in time" : "the connection was cut off in the middle";
        answer->reply_len /= 2;
        break;
    }
    return 0;
}
