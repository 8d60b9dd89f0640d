/* text - text that grows. */
#include "muster/text.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 1024, DIGITS_MOST = 60 };

void muster_text_add(muster_text *text, const char *bytes, size_t len)
{
    if (text->failed)
        return;
    if (len >= text->room - text->len || !text->data) {
        size_t room = text->room ? text->room : ROOM;
        while (room - text->len <= len && room <= SIZE_MAX / 4)
            room *= 2;
        char *data = room - text->len > len ? realloc(text->data, room) : NULL;
        if (!data) {
            text->failed = 1;
            return;
        }
        text->data = data;
        text->room = room;
    }
    if (len > 0)
        memcpy(text->data + text->len, bytes, len);
    text->len += len;
    text->data[text->len] = '\0';
}

void muster_text_put(muster_text *text, const char *string)
{
    muster_text_add(text, string, strlen(string));
}

void muster_text_json(muster_text *text, const char *string)
{
    muster_text_add(text, "\"", 1);
    while (*string) {
        char escape[8];
        size_t plain = 0;
        while ((unsigned char)string[plain] >= 0x20 && string[plain] != '"' && string[plain] != '\\')
            plain++;
        muster_text_add(text, string, plain);
        string += plain;
        if (!*string)
            break;
        snprintf(escape, sizeof(escape), *string == '"' || *string == '\\' ? "\\%c" : "\\u%04x",
                 (unsigned)(unsigned char)*string);
        muster_text_put(text, escape);
        string++;
    }
    muster_text_add(text, "\"", 1);
}

static int plain_in_address(unsigned char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
           byte == '-' || byte == '.' || byte == '_' || byte == '~';
}

void muster_text_escaped(muster_text *text, const char *string)
{
    for (; *string; string++) {
        char escape[4];
        if (plain_in_address((unsigned char)*string)) {
            muster_text_add(text, string, 1);
        } else {
            snprintf(escape, sizeof(escape), "%%%02X", (unsigned)(unsigned char)*string);
            muster_text_put(text, escape);
        }
    }
}

/* Sign, digits, and where the point goes among them. */
struct number {
    bool minus;
    char digits[DIGITS_MOST + 1];
    long count, point;
};

static bool number_take(const char *text, struct number *number)
{
    char *end;
    long exponent = 0;
    bool point = false, some = false;
    *number = (struct number){.minus = *text == '-'};
    for (text += *text == '-' || *text == '+'; isdigit((unsigned char)*text) || (*text == '.' && !point); text++) {
        if (*text == '.') {
            point = true;
            continue;
        }
        some = true;
        if (number->count == 0 && *text == '0') {
            number->point -= point;
            continue; /* in front */
        }
        if (number->count == DIGITS_MOST)
            return false;
        number->digits[number->count++] = *text;
        number->point += !point;
    }
    if (some && (*text == 'e' || *text == 'E')) {
        exponent = strtol(text + 1, &end, 10);
        some = end > text + 1;
        text = end;
    }
    number->point += exponent;
    return some && *text == '\0' && number->point > -DIGITS_MOST && number->point <= DIGITS_MOST;
}

/* Without zeros that say nothing. */
int32_t muster_text_number(muster_text *out, const char *text)
{
    struct number number;
    if (!number_take(text, &number))
        return 0;
    while (number.count > 0 && number.count > number.point && number.digits[number.count - 1] == '0')
        number.count--;
    if (number.count == 0) {
        muster_text_put(out, "0");
        return 1;
    }
    if (number.minus)
        muster_text_put(out, "-");
    if (number.point <= 0)
        muster_text_put(out, "0.");
    for (long n = number.point; n < 0; n++)
        muster_text_put(out, "0");
    for (long n = 0; n < number.count || n < number.point; n++) {
        if (n > 0 && n == number.point)
            muster_text_put(out, ".");
        muster_text_add(out, n < number.count ? number.digits + n : "0", 1);
    }
    return 1;
}

void muster_text_clear(muster_text *text)
{
    text->len = 0;
    text->failed = 0;
    if (text->data)
        *text->data = '\0';
}

void muster_text_done(muster_text *text)
{
    free(text->data);
    *text = (muster_text){0};
}
