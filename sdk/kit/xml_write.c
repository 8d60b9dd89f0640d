/* xml_write - rows as elements below one root, their values as elements below them. UTF-8, no namespace. */
#include "write_parts.h"

#include <libxml/tree.h>

#include <stdlib.h>

struct xml {
    char *root, *row;
};

static muster_rc name_check(const struct muster_table_writer *writer, const char *what, const char *name,
                            muster_table_error *error)
{
    if (xmlValidateNCName((const xmlChar *)name, 0) == 0)
        return MUSTER_OK;
    return muster_table_fail(error, MUSTER_CONFIG,
                             "%s: '%s' cannot be the name of %s in XML: it has letters, digits, - _ and . only, and "
                             "begins with a letter",
                             writer->name, name, what);
}

/* The first character that XML has not; 0: none. */
static uint32_t forbidden(const char *text, size_t len)
{
    for (size_t at = 0; at < len;) {
        uint32_t character = muster_utf8_next(text, &at);
        if ((character < ' ' && character != '\t' && character != '\n' && character != '\r') || character == 0xfffe ||
            character == 0xffff)
            return character == 0 ? 0xfffd : character;
    }
    return 0;
}

/* In attributes white space is written so that it is read back. */
static void put_escaped(struct muster_bytes *out, const char *text, size_t len, bool attribute)
{
    for (const char *end = text + len; text < end; text++) {
        const char *code = *text == '&'                 ? "&amp;"
                           : *text == '<'               ? "&lt;"
                           : *text == '>'               ? "&gt;"
                           : *text == '\r'              ? "&#13;"
                           : attribute && *text == '"'  ? "&quot;"
                           : attribute && *text == '\n' ? "&#10;"
                           : attribute && *text == '\t' ? "&#9;"
                                                        : NULL;
        muster_bytes_add(out, code ? code : text, code ? strlen(code) : 1);
    }
}

static void put_tag(struct muster_table_writer *writer, const char *before, const char *name, const char *after)
{
    muster_write_text(writer, before);
    muster_write_text(writer, name);
    muster_write_text(writer, after);
}

static muster_rc xml_row(struct muster_table_writer *writer, muster_table_error *error)
{
    const struct xml *xml = writer->self;
    put_tag(writer, "  <", xml->row, ">");
    for (size_t n = 0; n < writer->count; n++) {
        const struct muster_cell_value *value = &writer->row[n];
        const char *name = writer->columns[n].name;
        if (value->none && (writer->flags & MUSTER_WRITE_OMIT))
            continue;
        uint32_t bad = forbidden(value->text, value->len);
        if (bad)
            return muster_write_blame(writer, n, error, "the character U+%04X does not exist in XML",
                                      (unsigned int)bad);
        put_tag(writer, "<", name, value->len > 0 ? ">" : "/>");
        if (value->len == 0)
            continue;
        put_escaped(&writer->out, value->text, value->len, false);
        put_tag(writer, "</", name, ">");
    }
    put_tag(writer, "</", xml->row, ">\n");
    return MUSTER_OK;
}

/* "/Employees/Employee". */
static muster_rc path_take(struct muster_table_writer *writer, const char *path, muster_table_error *error)
{
    struct xml *xml = writer->self;
    if (!path || !*path)
        path = "/rows/row";
    const char *slash = path[0] == '/' ? strchr(path + 1, '/') : NULL;
    if (!slash)
        return muster_table_fail(error, MUSTER_CONFIG, "%s: rows '%s' is no path as in /employees/employee",
                                 writer->name, path);
    xml->root = strndup(path + 1, (size_t)(slash - path) - 1);
    xml->row = strdup(slash + 1);
    if (!xml->root || !xml->row)
        return muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", writer->name);
    muster_rc rc = name_check(writer, "the root", xml->root, error);
    return rc == MUSTER_OK ? name_check(writer, "a row", xml->row, error) : rc;
}

static muster_rc put_root(struct muster_table_writer *writer, const muster_write_member *member,
                          muster_table_error *error)
{
    const struct xml *xml = writer->self;
    put_tag(writer, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<", xml->root, "");
    for (; member && member->name; member++) {
        muster_rc rc = name_check(writer, "an attribute", member->name, error);
        if (rc != MUSTER_OK)
            return rc;
        size_t len = strlen(member->text);
        if (muster_utf8_valid(member->text, len) != len || forbidden(member->text, len))
            return muster_table_fail(error, MUSTER_CONFIG, "%s: attribute %s has a character that XML has not",
                                     writer->name, member->name);
        put_tag(writer, " ", member->name, "=\"");
        put_escaped(&writer->out, member->text, len, true);
        muster_write_text(writer, "\"");
    }
    muster_write_text(writer, ">\n");
    return MUSTER_OK;
}

static muster_rc xml_open(struct muster_table_writer *writer, const muster_write_options *options,
                          muster_table_error *error)
{
    writer->self = calloc(1, sizeof(struct xml));
    if (!writer->self)
        return muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", writer->name);
    muster_rc rc = path_take(writer, options->rows, error);
    for (size_t n = 0; n < writer->count && rc == MUSTER_OK; n++)
        rc = name_check(writer, "a value", writer->columns[n].name, error);
    return rc == MUSTER_OK ? put_root(writer, options->members, error) : rc;
}

static muster_rc xml_finish(struct muster_table_writer *writer, muster_table_error *error)
{
    const struct xml *xml = writer->self;
    (void)error;
    put_tag(writer, "</", xml->root, ">\n");
    return MUSTER_OK;
}

static void xml_close(struct muster_table_writer *writer)
{
    struct xml *xml = writer->self;
    if (!xml)
        return;
    free(xml->root);
    free(xml->row);
    free(xml);
}

const struct muster_format muster_xml_format = {
    .open = xml_open, .row = xml_row, .finish = xml_finish, .close = xml_close};
