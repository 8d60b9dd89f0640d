/* text - bytes that grow. */
#include "companyiq.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_done(struct text *text)
{
    free(text->data);
    *text = (struct text){0};
}

void text_add(struct text *text, const char *bytes, size_t len)
{
    if (text->failed)
        return;
    if (text->len + len + 1 > text->room) {
        size_t room = text->room ? text->room : 4096;
        while (room < text->len + len + 1)
            room *= 2;
        char *data = realloc(text->data, room);
        if (!data) {
            text->failed = true;
            return;
        }
        text->data = data;
        text->room = room;
    }
    memcpy(text->data + text->len, bytes, len);
    text->len += len;
    text->data[text->len] = '\0';
}

void text_put(struct text *text, const char *string)
{
    text_add(text, string, strlen(string));
}

void text_json(struct text *text, const char *string)
{
    text_add(text, "\"", 1);
    for (const char *at = string; *at;) {
        size_t plain = 0;
        char escape[8];
        while (at[plain] && (unsigned char)at[plain] >= 0x20 && at[plain] != '"' && at[plain] != '\\')
            plain++;
        text_add(text, at, plain);
        at += plain;
        if (!*at)
            break;
        if (*at == '"' || *at == '\\')
            snprintf(escape, sizeof(escape), "\\%c", *at);
        else
            snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)(unsigned char)*at);
        text_put(text, escape);
        at++;
    }
    text_add(text, "\"", 1);
}
