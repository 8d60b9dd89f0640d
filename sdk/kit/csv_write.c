/* csv_write - rows as lines of fields: RFC 4180, CR LF, quotes where they are needed. */
#include "write_parts.h"

#include <stdlib.h>
#include <strings.h>

struct csv {
    struct muster_encoder encoder;
    struct muster_bytes field; /* with its quotes and the delimiter before it, in UTF-8 */
    char delimiter[5];
};

/* Would a spreadsheet compute it? */
static bool computes(const struct muster_cell_value *value)
{
    return value->type == MUSTER_TEXT && value->len > 0 && strchr("=+-@\t\r", value->text[0]);
}

static bool needs_quotes(const struct csv *csv, const char *text, size_t len)
{
    if (len == 0)
        return false;
    if (text[0] == ' ' || text[len - 1] == ' ' || text[0] == '\t' || text[len - 1] == '\t')
        return true;
    return memchr(text, '"', len) || memchr(text, '\r', len) || memchr(text, '\n', len) ||
           memmem(text, len, csv->delimiter, strlen(csv->delimiter));
}

static void make_field(struct csv *csv, const char *before, const char *mark, const char *text, size_t len, bool quotes)
{
    struct muster_bytes *field = &csv->field;
    field->len = 0;
    muster_bytes_add(field, before, strlen(before));
    if (quotes)
        muster_bytes_add(field, "\"", 1);
    muster_bytes_add(field, mark, strlen(mark));
    for (const char *end = text + len; text < end;) {
        const char *quote = quotes ? memchr(text, '"', (size_t)(end - text)) : NULL;
        size_t part = quote ? (size_t)(quote - text) + 1 : (size_t)(end - text);
        muster_bytes_add(field, text, part);
        if (quote)
            muster_bytes_add(field, "\"", 1);
        text += part;
    }
    if (quotes)
        muster_bytes_add(field, "\"", 1);
}

/* What was made, in the file's encoding. *ret_bad: as muster_encoder_add(). */
static muster_rc put_field(struct muster_table_writer *writer, uint32_t *ret_bad)
{
    struct csv *csv = writer->self;
    if (csv->field.rc != MUSTER_OK) {
        writer->out.rc = csv->field.rc;
        csv->field.rc = MUSTER_OK;
        return MUSTER_OK;
    }
    return muster_encoder_add(&csv->encoder, csv->field.data, csv->field.len, &writer->out, ret_bad);
}

static muster_rc put_end(struct muster_table_writer *writer)
{
    struct csv *csv = writer->self;
    uint32_t bad;
    return muster_encoder_add(&csv->encoder, "\r\n", 2, &writer->out, &bad);
}

static muster_rc csv_row(struct muster_table_writer *writer, muster_table_error *error)
{
    struct csv *csv = writer->self;
    for (size_t n = 0; n < writer->count; n++) {
        const struct muster_cell_value *value = &writer->row[n];
        bool guard = (writer->flags & MUSTER_WRITE_GUARD) && computes(value);
        bool lone = writer->count == 1 && value->len == 0; /* an empty line is no row */
        bool quotes = (writer->flags & MUSTER_WRITE_QUOTES) || lone || needs_quotes(csv, value->text, value->len);
        uint32_t bad = 0;
        make_field(csv, n > 0 ? csv->delimiter : "", guard ? "'" : "", value->text, value->len, quotes);
        if (put_field(writer, &bad) != MUSTER_OK)
            return muster_write_blame(
                writer, n, error, "the character U+%04X does not exist in this encoding: use utf-8", (unsigned int)bad);
    }
    return put_end(writer);
}

static muster_rc csv_header(struct muster_table_writer *writer, muster_table_error *error)
{
    struct csv *csv = writer->self;
    for (size_t n = 0; n < writer->count; n++) {
        const char *name = writer->columns[n].name;
        /* Excel takes a file that begins with ID for another format, and sep= for an order. */
        bool odd = n == 0 && (strncmp(name, "ID", 2) == 0 || strncasecmp(name, "sep=", 4) == 0);
        bool quotes = (writer->flags & MUSTER_WRITE_QUOTES) || odd || needs_quotes(csv, name, strlen(name));
        uint32_t bad = 0;
        make_field(csv, n > 0 ? csv->delimiter : "", "", name, strlen(name), quotes);
        if (put_field(writer, &bad) != MUSTER_OK)
            return muster_table_fail(error, MUSTER_CONFIG,
                                     "%s: the column name '%s' has a character that does not exist in this encoding",
                                     writer->name, name);
    }
    return put_end(writer);
}

static muster_rc delimiter_take(struct csv *csv, const char *said, const char *name, muster_table_error *error)
{
    if (!said || !*said)
        said = ",";
    if (strcasecmp(said, "tab") == 0)
        said = "\t";
    size_t at = 0, len = strlen(said);
    if (len < sizeof(csv->delimiter) && muster_utf8_valid(said, len) == len)
        muster_utf8_next(said, &at);
    if (at != len || strchr("\"\r\n '", said[0]))
        return muster_table_fail(error, MUSTER_CONFIG, "%s: delimiter '%s' cannot be used: it is one character, or tab",
                                 name, said);
    memcpy(csv->delimiter, said, len + 1);
    return MUSTER_OK;
}

static muster_rc csv_open(struct muster_table_writer *writer, const muster_write_options *options,
                          muster_table_error *error)
{
    struct csv *csv = writer->self = calloc(1, sizeof(*csv));
    if (!csv)
        return muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", writer->name);
    csv->field.ceiling = 4 * (size_t)MUSTER_TABLE_CELL;
    muster_rc rc = delimiter_take(csv, options->delimiter, writer->name, error);
    if (rc == MUSTER_OK)
        rc = muster_encoder_open(&csv->encoder, options->encoding, error);
    if (rc != MUSTER_OK)
        return rc;
    bool utf8 = muster_encoder_is_utf8(&csv->encoder);
    uint32_t bad;
    if (muster_encoder_wide(&csv->encoder) || (utf8 && (writer->flags & MUSTER_WRITE_MARK)))
        rc = muster_encoder_add(&csv->encoder, "\xef\xbb\xbf", 3, &writer->out, &bad);
    if (rc == MUSTER_OK && muster_encoder_add(&csv->encoder, csv->delimiter, strlen(csv->delimiter), &csv->field, &bad))
        return muster_table_fail(error, MUSTER_CONFIG, "%s: the delimiter does not exist in this encoding",
                                 writer->name);
    return writer->flags & MUSTER_WRITE_BARE ? MUSTER_OK : csv_header(writer, error);
}

static muster_rc csv_finish(struct muster_table_writer *writer, muster_table_error *error)
{
    (void)writer;
    (void)error;
    return MUSTER_OK;
}

static void csv_close(struct muster_table_writer *writer)
{
    struct csv *csv = writer->self;
    if (!csv)
        return;
    muster_encoder_done(&csv->encoder);
    muster_bytes_done(&csv->field);
    free(csv);
}

const struct muster_format muster_csv_format = {
    .open = csv_open, .row = csv_row, .finish = csv_finish, .close = csv_close};
