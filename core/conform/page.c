/* page - the manual page of a connector, made of its tables. */
#include "conform/page.h"

#include <stdbool.h>

static const char *const types[] = {"",       "text",    "integer", "decimal",  "true or false", "day",
                                    "time",   "instant", "seconds", "bytes",    "address",       "hosts",
                                    "choice", "JSON",    "list",    "reference"};

static void troff(struct buffer *out, const char *text)
{
    if (*text == '.' || *text == '\'')
        buffer_text(out, "\\&");
    for (; *text; text++)
        if (*text == '\\')
            buffer_text(out, "\\e");
        else if (*text == '-')
            buffer_text(out, "\\-");
        else
            buffer_byte(out, (unsigned char)*text);
}

static const char *type_name(int32_t type)
{
    return type > 0 && type < (int32_t)(sizeof(types) / sizeof(types[0])) ? types[type] : "";
}

static void options(struct buffer *out, const muster_option *table, const char *list)
{
    for (const muster_option *option = table; option && option->name; option++) {
        buffer_text(out, ".TP\n\\fB");
        if (*list)
            buffer_format(out, "%s[].", list);
        troff(out, option->name);
        buffer_text(out, "\\fR (");
        troff(out, option->flags & MUSTER_SECRET ? "secret"
                   : option->choices             ? option->choices
                                                 : type_name(option->type));
        if (option->flags & MUSTER_REQUIRED)
            buffer_text(out, ", required");
        if (option->initial && *option->initial) {
            buffer_text(out, ", ");
            troff(out, option->initial);
            buffer_text(out, " unless said");
        }
        buffer_text(out, ")\n");
        troff(out, option->doc ? option->doc : "");
        buffer_byte(out, '\n');
        options(out, option->members, option->name);
    }
}

static void fields(struct buffer *out, const muster_field *table)
{
    for (const muster_field *field = table; field && field->name; field++) {
        buffer_text(out, ".TP\n\\fB");
        troff(out, field->name);
        buffer_format(out, "\\fR (%s%s)\n", type_name(field->type), field->flags & MUSTER_ID ? ", identifies" : "");
        troff(out, field->doc ? field->doc : "");
        buffer_byte(out, '\n');
    }
}

static void streams(struct buffer *out, const muster_connector *connector)
{
    for (const muster_stream *stream = connector->streams; stream && stream->name; stream++) {
        bool reads = stream->flags & (MUSTER_READ_FULL | MUSTER_READ_CHANGES), writes = stream->flags & MUSTER_WRITE;
        buffer_text(out, ".SS ");
        troff(out, stream->name);
        buffer_text(out, "\n");
        troff(out, stream->doc ? stream->doc : "");
        buffer_format(out, "\nIt is %s%s%s.\n", reads ? "read" : "", reads && writes ? " and " : "",
                      writes  ? "written"
                      : reads ? ""
                              : "neither read nor written");
        fields(out, stream->fields);
    }
}

static void verbs(struct buffer *out, const muster_verb *table, const char *heading)
{
    if (table && table->name)
        buffer_format(out, ".SH %s\n", heading);
    for (; table && table->name; table++) {
        buffer_text(out, ".SS ");
        troff(out, table->name);
        buffer_byte(out, '\n');
        troff(out, table->doc ? table->doc : "");
        buffer_byte(out, '\n');
        options(out, table->arguments, "");
    }
}

void page_write(const muster_connector *connector, struct buffer *out)
{
    buffer_text(out, ".TH MUSTER\\-");
    for (const char *at = connector->name; *at; at++)
        buffer_byte(out, (unsigned char)(*at >= 'a' && *at <= 'z' ? *at - 'a' + 'A' : *at));
    buffer_format(out, " 7 \"\" \"%s %s\" \"Connectors of muster\"\n.SH NAME\nmuster\\-", connector->name,
                  connector->version);
    troff(out, connector->name);
    buffer_text(out, " \\- ");
    troff(out, connector->summary);
    buffer_text(out, "\n.SH OPTIONS\nIn the organization's file, below \\fBoptions:\\fR of the connection.\n");
    options(out, connector->options, "");
    if (connector->streams && connector->streams->name)
        buffer_text(out, ".SH STREAMS\n");
    streams(out, connector);
    verbs(out, connector->lookups, "LOOKUPS");
    verbs(out, connector->actions, "ACTIONS");
    buffer_text(out, ".SH SEE ALSO\n.BR muster (1),\n.BR muster.yaml (5)\n");
}
