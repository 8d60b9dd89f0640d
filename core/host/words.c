/* words - what a connector says to people: sentences and log lines, which are UTF-8 when they leave this process. */
#include "host/words.h"

#include "base/text.h"

#include <stdio.h>

/* At most so many bytes of it, and no half character at the end. */
static size_t cut(const char *text, size_t len, size_t max)
{
    if (len <= max)
        return len;
    for (len = max; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80;)
        len--;
    return len;
}

void words_format(char *ret_text, size_t room, const char *format, va_list args)
{
    if (vsnprintf(ret_text, room, format, args) < (int)room)
        return;
    size_t len = room - 1, begin = len;
    while (begin > 0 && begin + 3 > len && ((unsigned char)ret_text[begin - 1] & 0xc0) == 0x80)
        begin--;
    if (begin > 0 && (unsigned char)ret_text[begin - 1] >= 0xc0 && !text_valid(ret_text + begin - 1, len - begin + 1))
        ret_text[begin - 1] = '\0'; /* the first bytes of a character of which the others do not fit */
}

void words_write(char *ret_text, size_t room, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    words_format(ret_text, room, format, args);
    va_end(args);
}

static void note(struct session *session, const char *function)
{
    size_t len = strlen(session->mended);
    if (!strstr(session->mended, function))
        snprintf(session->mended + len, sizeof(session->mended) - len, "%s%s", len ? ", " : "", function);
}

void words_put(struct session *session, const char *function, const char *text, size_t max)
{
    size_t len = text ? strlen(text) : 0;
    if (max > 0)
        len = cut(text ? text : "", len, max);
    if (len == 0 || text_valid(text, len)) {
        wire_put_bytes(&session->out, text ? text : "", len);
        return;
    }
    __attribute__((cleanup(buffer_done))) struct buffer mended = {0};
    text_mend(text, len, &mended);
    wire_put_bytes(&session->out, mended.data ? mended.data : "",
                   max > 0 ? cut(mended.data, mended.len, max) : mended.len);
    if (session->out.rc == 0 && mended.rc != 0)
        session->out.rc = mended.rc;
    note(session, function);
}

void words_put_if(struct session *session, const char *function, const char *text)
{
    if (text)
        words_put(session, function, text, 0);
    else
        wire_put_text(&session->out, NULL);
}
