/* jsontext - JSON written straight into a buffer. */
#include "base/jsontext.h"

#include "base/jsonobject.h"
#include "base/text.h"

#include <string.h>

void json_string(struct buffer *out, const char *text, size_t len)
{
    if (!text) {
        buffer_text(out, "null");
        return;
    }
    bool valid = text_valid(text, len);
    size_t from = 0; /* of what can be taken as it is */
    buffer_byte(out, '"');
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte >= 0x20 && byte != '"' && byte != '\\' && byte != 0x7f && (byte < 0x80 || valid))
            continue;
        buffer_add(out, text + from, i - from);
        from = i + 1;
        if (byte == '"' || byte == '\\')
            buffer_format(out, "\\%c", byte);
        else if (byte == '\n')
            buffer_text(out, "\\n");
        else if (byte == '\t')
            buffer_text(out, "\\t");
        else if (byte >= 0x80)
            buffer_text(out, "\xef\xbf\xbd");
        else
            buffer_format(out, "\\u%04x", byte);
    }
    buffer_add(out, text + from, len - from);
    buffer_byte(out, '"');
}

void json_text(struct buffer *out, const char *text)
{
    json_string(out, text, text ? strlen(text) : 0);
}

void json_name(struct buffer *out, const char *name)
{
    if (out->len > 0 && out->data[out->len - 1] != '{')
        buffer_byte(out, ',');
    json_text(out, name);
    buffer_byte(out, ':');
}

void json_member_text(struct buffer *out, const char *name, const char *text)
{
    json_name(out, name);
    json_text(out, text);
}

void json_member_number(struct buffer *out, const char *name, uint64_t value)
{
    json_name(out, name);
    buffer_format(out, "%lu", (unsigned long)value);
}

static size_t digits(const char *text, size_t len)
{
    size_t count = 0;
    while (count < len && text[count] >= '0' && text[count] <= '9')
        count++;
    return count;
}

bool json_number_valid(const char *text, size_t len)
{
    size_t at = len > 0 && text[0] == '-', whole = digits(text + at, len - at);
    if (whole == 0 || (whole > 1 && text[at] == '0'))
        return false;
    at += whole;
    if (at < len && text[at] == '.') {
        size_t after = digits(text + at + 1, len - at - 1);
        if (after == 0)
            return false;
        at += 1 + after;
    }
    return at == len;
}

static int count_members(void *context, const struct jsonobject_member *member)
{
    (void)member;
    ++*(size_t *)context;
    return 0;
}

void json_raw(struct buffer *out, const char *text, size_t len)
{
    __attribute__((cleanup(buffer_done))) struct buffer whole = {0};
    const char *why = NULL;
    size_t at = 0, members = 0;
    buffer_text(&whole, "{\"value\":");
    buffer_add(&whole, text, len);
    buffer_byte(&whole, '}');
    if (whole.rc != 0)
        out->rc = out->rc != 0 ? out->rc : whole.rc;
    else if (jsonobject_split(whole.data, whole.len, count_members, &members, &why, &at) == 0 && members == 1)
        buffer_add(out, text, len);
    else
        json_string(out, text, len);
}
