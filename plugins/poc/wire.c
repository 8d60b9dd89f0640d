/* wire - employees as JSON and XML, and text that grows. */
#include "poc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void text_add(struct text *text, const char *bytes, size_t len)
{
    if (text->failed)
        return;
    if (text->len + len + 1 > text->room) {
        size_t room = 2 * (text->len + len) + 256;
        char *bigger = realloc(text->data, room);
        text->failed = bigger == NULL;
        if (!bigger)
            return;
        text->data = bigger;
        text->room = room;
    }
    if (len > 0)
        memcpy(text->data + text->len, bytes, len);
    text->len += len;
    text->data[text->len] = '\0';
}

void text_puts(struct text *text, const char *words)
{
    text_add(text, words, strlen(words));
}

void text_clear(struct text *text)
{
    text->len = 0;
    if (text->data)
        text->data[0] = '\0';
}

void text_done(struct text *text)
{
    free(text->data);
    *text = (struct text){0};
}

/* ---- JSON ---- */

static void json_text(struct text *out, const char *value)
{
    text_puts(out, "\"");
    for (size_t from = 0, at = 0;; at++) {
        unsigned char byte = (unsigned char)value[at];
        if (byte != '\0' && byte != '"' && byte != '\\' && byte >= 0x20)
            continue;
        text_add(out, value + from, at - from);
        if (byte == '\0')
            break;
        char escape[8];
        text_add(out, escape,
                 (size_t)(byte < 0x20 ? snprintf(escape, sizeof(escape), "\\u%04x", byte)
                                      : snprintf(escape, sizeof(escape), "\\%c", byte)));
        from = at + 1;
    }
    text_puts(out, "\"");
}

static void json_levels(const struct employee *employee, struct text *out)
{
    bool first = true;
    text_puts(out, "[");
    for (int n = 0; n < LEVELS; n++) {
        char level[40];
        if (!employee->levels[n])
            continue;
        snprintf(level, sizeof(level), "%s{\"Level\":%d,\"Name\":", first ? "" : ",", n + 1);
        text_puts(out, level);
        json_text(out, employee->levels[n]);
        text_puts(out, "}");
        first = false;
    }
    text_puts(out, "]");
}

void wire_json(const struct settings *settings, const struct employee *employee, struct text *out)
{
    bool first = true;
    text_puts(out, "{");
    for (int n = 0; n < FIELDS; n++) {
        bool levels = n == HIERARCHIES;
        if (levels ? !employee->has_levels : !employee->values[n])
            continue;
        text_puts(out, first ? "" : ",");
        json_text(out, settings_name(settings, (enum field)n));
        text_puts(out, ":");
        if (levels)
            json_levels(employee, out);
        else
            json_text(out, employee->values[n]);
        first = false;
    }
    text_puts(out, "}");
}

/* ---- XML ---- */

static void xml_text(struct text *out, const char *value)
{
    for (; *value; value++) {
        switch (*value) {
        case '&': text_puts(out, "&amp;"); break;
        case '<': text_puts(out, "&lt;"); break;
        case '>': text_puts(out, "&gt;"); break;
        default: text_add(out, value, 1);
        }
    }
}

static void xml_tag(struct text *out, const char *before, const char *name, const char *after)
{
    text_puts(out, before);
    text_puts(out, name);
    text_puts(out, after);
}

static void xml_levels(const struct employee *employee, struct text *out)
{
    for (int n = 0; n < LEVELS; n++) {
        char level[40];
        if (!employee->levels[n])
            continue;
        snprintf(level, sizeof(level), "<Hierarchy Level=\"%d\">", n + 1);
        text_puts(out, level);
        xml_text(out, employee->levels[n]);
        text_puts(out, "</Hierarchy>");
    }
}

void wire_xml(const struct settings *settings, const struct employee *employee, struct text *out)
{
    text_puts(out, "  <Employee>");
    for (int n = 0; n < FIELDS; n++) {
        const char *name = settings_name(settings, (enum field)n);
        bool levels = n == HIERARCHIES;
        if (levels ? !employee->has_levels : !employee->values[n])
            continue;
        if (!levels && employee->values[n][0] == '\0') {
            xml_tag(out, "<", name, "/>");
            continue;
        }
        xml_tag(out, "<", name, ">");
        if (levels)
            xml_levels(employee, out);
        else
            xml_text(out, employee->values[n]);
        xml_tag(out, "</", name, ">");
    }
    text_puts(out, "</Employee>\n");
}

/* ---- around them ---- */

void wire_begin(bool xml, const char *mode, int64_t now_ms, struct text *out)
{
    char at[40], line[160];
    time_t now = (time_t)(now_ms / 1000);
    struct tm parts;
    gmtime_r(&now, &parts);
    strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%SZ", &parts);
    snprintf(line, sizeof(line),
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Employees Mode=\"%s\" GeneratedAt=\"%s\">\n", mode, at);
    text_puts(out, xml ? line : "{\"Employees\":[");
}

void wire_end(bool xml, const char *mode, struct text *out)
{
    if (xml) {
        text_puts(out, "</Employees>\n");
        return;
    }
    text_puts(out, "],\"Mode\":");
    json_text(out, mode);
    text_puts(out, "}");
}
