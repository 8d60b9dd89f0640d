/* json_write - rows as objects: a list in a document (.json), or one to a line (.jsonl). */
#include "write_parts.h"

#include <stdio.h>
#include <stdlib.h>

struct json {
    bool lines;
    size_t deep; /* objects around the list */
};

static void put_string(struct muster_bytes *out, const char *text, size_t len)
{
    muster_bytes_add(out, "\"", 1);
    for (const char *end = text + len; text < end;) {
        size_t plain = 0;
        while (text + plain < end && (unsigned char)text[plain] >= ' ' && text[plain] != '"' && text[plain] != '\\')
            plain++;
        muster_bytes_add(out, text, plain);
        text += plain;
        if (text == end)
            break;
        char code[8];
        const char *special = strchr("\"\\\nn\rr\tt", *text);
        if (*text == '"' || *text == '\\')
            snprintf(code, sizeof(code), "\\%c", *text);
        else if (special)
            snprintf(code, sizeof(code), "\\%c", special[1]);
        else
            snprintf(code, sizeof(code), "\\u%04x", (unsigned char)*text);
        muster_bytes_add(out, code, strlen(code));
        text++;
    }
    muster_bytes_add(out, "\"", 1);
}

static void put_value(struct muster_bytes *out, const struct muster_cell_value *value)
{
    bool number = value->type == MUSTER_INTEGER || value->type == MUSTER_DECIMAL || value->type == MUSTER_SECONDS;
    if (value->none)
        muster_bytes_add(out, "null", 4);
    else if (value->len > 0 && (value->type == MUSTER_BOOL || (number && value->plain)))
        muster_bytes_add(out, value->text, value->len);
    else
        put_string(out, value->text, value->len);
}

static muster_rc json_row(struct muster_table_writer *writer, muster_table_error *error)
{
    const struct json *json = writer->self;
    struct muster_bytes *out = &writer->out;
    (void)error;
    const char *between = "{";
    muster_write_text(writer, json->lines ? "" : writer->written > 0 ? ",\n" : "\n");
    for (size_t n = 0; n < writer->count; n++) {
        if (writer->row[n].none && (writer->flags & MUSTER_WRITE_OMIT))
            continue;
        muster_write_text(writer, between);
        put_string(out, writer->columns[n].name, strlen(writer->columns[n].name));
        muster_write_text(writer, ":");
        put_value(out, &writer->row[n]);
        between = ",";
    }
    muster_write_text(writer, *between == '{' ? "{}" : "}");
    if (json->lines)
        muster_write_text(writer, "\n");
    return MUSTER_OK;
}

/* What stands before the list: the members, and the objects that its path leads through. */
static muster_rc put_head(struct muster_table_writer *writer, const muster_write_options *options,
                          muster_table_error *error)
{
    struct json *json = writer->self;
    const char *path = options->rows ? options->rows : "";
    const muster_write_member *member = options->members;
    if (!*path && member && member->name)
        return muster_table_fail(error, MUSTER_CONFIG,
                                 "%s: members can stand beside a list that has a name only: set rows", writer->name);
    for (const char *at = path; *at;) {
        size_t len = strcspn(at, ".");
        if (len == 0 || (at[len] == '.' && !at[len + 1]))
            return muster_table_fail(error, MUSTER_CONFIG, "%s: rows '%s' is no path as in data.employees",
                                     writer->name, path);
        muster_write_text(writer, "{");
        for (; json->deep == 0 && member && member->name; member++) {
            put_string(&writer->out, member->name, strlen(member->name));
            muster_write_text(writer, ":");
            put_string(&writer->out, member->text, strlen(member->text));
            muster_write_text(writer, ",");
        }
        put_string(&writer->out, at, len);
        muster_write_text(writer, ":");
        json->deep++;
        at += len + (at[len] == '.');
    }
    muster_write_text(writer, "[");
    return MUSTER_OK;
}

static muster_rc json_open(struct muster_table_writer *writer, const muster_write_options *options,
                           muster_table_error *error)
{
    struct json *json = writer->self = calloc(1, sizeof(*json));
    if (!json)
        return muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", writer->name);
    json->lines = options->format == MUSTER_TABLE_JSONL;
    return json->lines ? MUSTER_OK : put_head(writer, options, error);
}

static muster_rc json_finish(struct muster_table_writer *writer, muster_table_error *error)
{
    struct json *json = writer->self;
    (void)error;
    if (json->lines)
        return MUSTER_OK;
    muster_write_text(writer, "\n]");
    for (; json->deep > 0; json->deep--)
        muster_write_text(writer, "}");
    muster_write_text(writer, "\n");
    return MUSTER_OK;
}

static void json_close(struct muster_table_writer *writer)
{
    free(writer->self);
}

const struct muster_format muster_json_format = {
    .open = json_open, .row = json_row, .finish = json_finish, .close = json_close};
