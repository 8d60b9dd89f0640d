/* wire - employees as JSON and XML. */
#include "poc.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* ---- JSON ---- */

static void json_levels(const struct employee *employee, muster_text *out)
{
    bool first = true;
    muster_text_put(out, "[");
    for (int n = 0; n < LEVELS; n++) {
        char level[40];
        if (!employee->levels[n])
            continue;
        snprintf(level, sizeof(level), "%s{\"Level\":%d,\"Name\":", first ? "" : ",", n + 1);
        muster_text_put(out, level);
        muster_text_json(out, employee->levels[n]);
        muster_text_put(out, "}");
        first = false;
    }
    muster_text_put(out, "]");
}

void wire_json(const struct settings *settings, const struct employee *employee, muster_text *out)
{
    bool first = true;
    muster_text_put(out, "{");
    for (int n = 0; n < FIELDS; n++) {
        bool levels = n == HIERARCHIES;
        if (levels ? !employee->has_levels : !employee->values[n])
            continue;
        muster_text_put(out, first ? "" : ",");
        muster_text_json(out, settings_name(settings, (enum field)n));
        muster_text_put(out, ":");
        if (levels)
            json_levels(employee, out);
        else
            muster_text_json(out, employee->values[n]);
        first = false;
    }
    muster_text_put(out, "}");
}

/* ---- XML ---- */

static void xml_text(muster_text *out, const char *value)
{
    for (; *value; value++) {
        switch (*value) {
        case '&': muster_text_put(out, "&amp;"); break;
        case '<': muster_text_put(out, "&lt;"); break;
        case '>': muster_text_put(out, "&gt;"); break;
        default: muster_text_add(out, value, 1);
        }
    }
}

static void xml_tag(muster_text *out, const char *before, const char *name, const char *after)
{
    muster_text_put(out, before);
    muster_text_put(out, name);
    muster_text_put(out, after);
}

static void xml_levels(const struct employee *employee, muster_text *out)
{
    for (int n = 0; n < LEVELS; n++) {
        char level[40];
        if (!employee->levels[n])
            continue;
        snprintf(level, sizeof(level), "<Hierarchy Level=\"%d\">", n + 1);
        muster_text_put(out, level);
        xml_text(out, employee->levels[n]);
        muster_text_put(out, "</Hierarchy>");
    }
}

void wire_xml(const struct settings *settings, const struct employee *employee, muster_text *out)
{
    muster_text_put(out, "  <Employee>");
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
    muster_text_put(out, "</Employee>\n");
}

/* ---- around them ---- */

void wire_begin(bool xml, const char *mode, int64_t now_ms, muster_text *out)
{
    char at[40], line[160];
    time_t now = (time_t)(now_ms / 1000);
    struct tm parts;
    gmtime_r(&now, &parts);
    strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%SZ", &parts);
    snprintf(line, sizeof(line),
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Employees Mode=\"%s\" GeneratedAt=\"%s\">\n", mode, at);
    muster_text_put(out, xml ? line : "{\"Employees\":[");
}

void wire_end(bool xml, const char *mode, muster_text *out)
{
    if (xml) {
        muster_text_put(out, "</Employees>\n");
        return;
    }
    muster_text_put(out, "],\"Mode\":");
    muster_text_json(out, mode);
    muster_text_put(out, "}");
}
