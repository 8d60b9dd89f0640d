/* csv - rows of a text file: RFC 4180 and what spreadsheet programs make of it.
 *
 * A window of the file is decoded to UTF-8; a record that does not fit begins
 * anew once more was read, so the result cannot depend on how it was cut. */
#include "blocks.h"
#include "csv_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CHUNK 65536
#define RECORD_MAX ((size_t)64 << 20)
#define SAMPLE_RECORDS 30

/* Reads what comes next, of which up to csv->raw_len bytes are there already. UTF-8 goes where it stays. */
static int64_t csv_read(struct csv *csv)
{
    struct muster_bytes *window = &csv->window;
    size_t room = CHUNK - csv->raw_len;
    room = room < csv->chunk ? room : csv->chunk;
    bool plain = csv->encoding == ENCODING_UTF8;
    char *into = plain ? muster_bytes_reserve(window, room) : (char *)csv->raw + csv->raw_len;
    if (!into)
        return 0; /* window->rc says why */
    uint64_t left = csv->at < csv->size ? csv->size - csv->at : 0;
    int64_t got = muster_pread(csv->fd, into, room < left ? room : (size_t)left, csv->at);
    window->len -= plain ? room - (size_t)(got > 0 ? got : 0) : 0;
    if (got < 0)
        return got;
    csv->at += (uint64_t)got;
    csv->over = got == 0;
    if (plain)
        return got;
    csv->raw_len += (size_t)got;
    size_t used = muster_encoding_decode(csv->encoding, csv->raw, csv->raw_len, csv->over, window);
    memmove(csv->raw, csv->raw + used, csv->raw_len - used);
    csv->raw_len -= used;
    return got;
}

/* Reads on: at least as much again as is already there, so that long records cost no square. */
static muster_rc csv_fill(struct csv *csv, muster_table_error *error)
{
    struct muster_bytes *window = &csv->window;
    if (csv->pos > 0) {
        memmove(window->data, window->data + csv->pos, window->len - csv->pos);
        window->len -= csv->pos;
        csv->pos = 0;
    }
    muster_csv_unmark(csv);
    size_t wanted = window->len * 2 > csv->chunk / 2 ? window->len * 2 : csv->chunk / 2 + 1;
    while (window->len < wanted && !csv->over && window->rc == MUSTER_OK) {
        size_t before = window->len;
        if (csv_read(csv) < 0)
            return muster_table_fail(error, MUSTER_FAIL, "%s cannot be read", csv->name);
        if (window->len > before && memchr(window->data + before, '\0', window->len - before))
            return muster_table_fail(error, MUSTER_DATA, "%s has a NUL character: that is no text", csv->name);
    }
    char *pad = muster_bytes_reserve(window, MUSTER_PAD);
    if (pad) {
        memset(pad, 0, MUSTER_PAD);
        window->len -= MUSTER_PAD;
    }
    if (window->rc == MUSTER_DATA)
        return muster_table_fail(error, MUSTER_DATA,
                                 "%s: line %llu begins a record of more than 64 MiB: is there a quote that is never "
                                 "closed?",
                                 csv->name, (unsigned long long)csv->line);
    if (window->rc != MUSTER_OK)
        return muster_table_fail(error, window->rc, "%s: out of memory", csv->name);
    return MUSTER_OK;
}

enum step { STEP_FIELD, STEP_RECORD, STEP_MORE, STEP_UNCLOSED, STEP_MEMORY };

struct cursor {
    const char *at, *end;
    uint64_t lines;      /* ends of line that were passed */
    uint64_t quote_line; /* where the last quote opened, relative */
    uint64_t close_line; /* and where it was closed */
    bool stray;          /* text after a closing quote */
};

/* Is there an end of line at the cursor? Passes it. *ret_more: that cannot be said yet. */
static bool line_end(const struct csv *csv, struct cursor *cursor, bool *ret_more)
{
    *ret_more = false;
    if (cursor->at == cursor->end) {
        *ret_more = !csv->over;
        return csv->over;
    }
    if (*cursor->at == '\r') {
        if (cursor->at + 1 == cursor->end && !csv->over) {
            *ret_more = true;
            return false;
        }
        cursor->at += cursor->at + 1 < cursor->end && cursor->at[1] == '\n';
    } else if (*cursor->at != '\n') {
        return false;
    }
    cursor->at++;
    cursor->lines++;
    return true;
}

/* Ends of line within quotes. */
static uint64_t lines_within(const char *at, const char *quote)
{
    uint64_t lines = 0;
    for (at = block_field(at, quote, '\n'); at < quote; at = block_field(at + 1, quote, '\n'))
        lines += *at == '\n' || at[1] != '\n';
    return lines;
}

/* The text between quotes: in the window, or with quotes in it in csv->field. */
static enum step quoted(struct csv *csv, struct cursor *cursor, const char **ret_text, size_t *ret_len)
{
    struct muster_bytes *field = &csv->field;
    bool doubled = false;
    cursor->quote_line = cursor->lines;
    cursor->at++;
    for (field->len = 0;; doubled = true) {
        const char *from = cursor->at, *quote = memchr(from, '"', (size_t)(cursor->end - from));
        if (!quote)
            return csv->over ? STEP_UNCLOSED : STEP_MORE;
        cursor->lines += lines_within(from, quote);
        cursor->at = quote + 1;
        if (cursor->at == cursor->end && !csv->over)
            return STEP_MORE;
        bool closed = cursor->at == cursor->end || *cursor->at != '"';
        cursor->close_line = cursor->lines;
        if (closed && !doubled) {
            *ret_text = from;
            *ret_len = (size_t)(quote - from);
            return STEP_FIELD;
        }
        muster_bytes_add(field, from, (size_t)(quote - from) + !closed); /* one of the two quotes too */
        cursor->at += !closed;
        if (closed)
            break;
    }
    *ret_len = field->len;
    if (!muster_bytes_reserve(field, MUSTER_PAD))
        return STEP_MEMORY;
    *ret_text = field->data;
    return STEP_FIELD;
}

/* One field; then the cursor is behind its delimiter (STEP_FIELD) or behind its line (STEP_RECORD). */
static inline enum step field(struct csv *csv, struct cursor *cursor, const char **ret_text, size_t *ret_len)
{
    const char *at = cursor->at;
    if (at < cursor->end && *at == '"') {
        enum step step = quoted(csv, cursor, ret_text, ret_len);
        if (step != STEP_FIELD)
            return step;
        at = cursor->at;
        cursor->at = block_field(at, cursor->end, csv->delimiter);
        for (; at < cursor->at; at++)
            cursor->stray |= *at != ' ' && *at != '\t';
    } else {
        cursor->at = block_field(at, cursor->end, csv->delimiter);
        *ret_text = at;
        *ret_len = (size_t)(cursor->at - at);
    }
    bool more;
    if (cursor->at < cursor->end && *cursor->at == csv->delimiter) {
        cursor->at++;
        return STEP_FIELD;
    }
    return line_end(csv, cursor, &more) ? STEP_RECORD : STEP_MORE;
}

/* Where lines lie between the quotes, the one of these that is too many stands in any of them. */
static void stray_blame(const struct csv *csv, const struct cursor *cursor, struct muster_rows *rows, uint32_t column)
{
    if (cursor->close_line == cursor->quote_line)
        muster_rows_blame(rows, (int32_t)column, "there is text after a closing quote");
    else
        muster_rows_blame_text(rows, (int32_t)column,
                               "there is text after the quote that closes in line %llu and opened in line %llu: is one "
                               "missing between?",
                               (unsigned long long)(csv->line + cursor->close_line),
                               (unsigned long long)(csv->line + cursor->quote_line));
}

/* One record into rows; an empty line gives none. */
static enum step record(struct csv *csv, struct cursor *cursor, struct muster_rows *rows)
{
    const char *begin = cursor->at, *text = "";
    size_t len = 0;
    enum step step = STEP_FIELD;
    uint32_t column = 0;
    for (; step == STEP_FIELD; column++) {
        bool stray = cursor->stray;
        step = field(csv, cursor, &text, &len);
        if (step != STEP_FIELD && step != STEP_RECORD)
            break;
        if (cursor->stray && !stray)
            stray_blame(csv, cursor, rows, column);
        if (column < MUSTER_TABLE_COLUMNS)
            muster_rows_text(rows, column, text, len);
        else
            muster_rows_blame(rows, -1, "the record has more than 16,384 fields");
    }
    if (step == STEP_RECORD && !(column == 1 && len == 0 && *begin != '"'))
        muster_rows_end(rows, csv->line);
    else
        muster_rows_drop(rows);
    return step;
}

static muster_rc csv_more(void *self, struct muster_rows *rows, muster_table_error *error)
{
    struct csv *csv = self;
    for (size_t count = 0; count < 64;) {
        if (csv->pos == csv->window.len && csv->over)
            return MUSTER_OK;
        if (csv->marks && muster_csv_plain(csv, rows, 64 - count)) {
            count = rows->mark_count - rows->mark_next;
            continue;
        }
        struct cursor cursor = {.at = csv->window.data ? csv->window.data + csv->pos : NULL};
        cursor.end = csv->window.data ? csv->window.data + csv->window.len : NULL;
        enum step step = csv->pos == csv->window.len ? STEP_MORE : record(csv, &cursor, rows);
        if (step == STEP_MORE) {
            if (count > 0)
                return MUSTER_OK;
            muster_rc rc = csv_fill(csv, error);
            if (rc != MUSTER_OK)
                return rc;
            continue;
        }
        if (step == STEP_UNCLOSED && count > 0)
            return MUSTER_OK; /* first what was good before it */
        if (step == STEP_UNCLOSED)
            return muster_table_fail(error, MUSTER_DATA, "%s: line %llu: a quote that is never closed", csv->name,
                                     (unsigned long long)(csv->line + cursor.quote_line));
        if (step == STEP_MEMORY || rows->rc != MUSTER_OK)
            return muster_table_fail(error, MUSTER_FAIL, "%s: line %llu: out of memory", csv->name,
                                     (unsigned long long)csv->line);
        if (csv->over && cursor.at == cursor.end && cursor.at[-1] != '\n' && cursor.at[-1] != '\r')
            csv->open_line = csv->line;
        csv->line += cursor.lines;
        csv->pos = (size_t)(cursor.at - csv->window.data);
        count = rows->mark_count - rows->mark_next;
    }
    return MUSTER_OK;
}

/* ---- opening ---- */

static muster_rc csv_start(struct csv *csv, muster_table_error *error)
{
    csv->at = csv->skip;
    csv->pos = csv->window.len = csv->raw_len = 0;
    csv->window.rc = MUSTER_OK;
    csv->over = false;
    csv->line = 1;
    muster_rc rc;
    do
        rc = csv_fill(csv, error);
    while (rc == MUSTER_OK && csv->separated && csv->window.len < sizeof("sep=;\r\n") && !csv->over);
    if (rc != MUSTER_OK || !csv->separated)
        return rc;
    struct cursor cursor = {.at = csv->window.data + 5, .end = csv->window.data + csv->window.len};
    bool more;
    line_end(csv, &cursor, &more);
    csv->pos = (size_t)(cursor.at - csv->window.data);
    return MUSTER_OK; /* the line does not count: spreadsheet programs do not show it */
}

static muster_rc csv_rewind(void *self, muster_table_error *error)
{
    return csv_start(self, error);
}

/* "sep=;" and the end of its line: Excel's own way of saying it. */
static bool csv_separated(struct csv *csv)
{
    const struct muster_bytes *window = &csv->window;
    if (window->len < 5 || strncasecmp(window->data, "sep=", 4) != 0 ||
        (window->len > 5 && window->data[5] != '\r' && window->data[5] != '\n'))
        return false;
    csv->delimiter = window->data[4];
    csv->separated = true;
    return true;
}

/* How many of the first records have the most usual count of this delimiter; 0: none has it at all. */
static size_t delimiter_agreement(const struct csv *csv, char delimiter, size_t *ret_usual)
{
    size_t counts[SAMPLE_RECORDS] = {0}, records = 0, here = 0, best = 0;
    bool inside = false;
    for (size_t at = 0; at < csv->window.len && records < SAMPLE_RECORDS; at++) {
        char byte = csv->window.data[at];
        inside ^= byte == '"';
        here += !inside && byte == delimiter;
        bool end = !inside && (byte == '\n' || byte == '\r');
        if ((end || (at + 1 == csv->window.len && csv->over)) && here > 0)
            counts[records++] = here;
        here = end ? 0 : here;
    }
    *ret_usual = 0;
    for (size_t n = 0; n < records; n++) {
        size_t same = 0;
        for (size_t other = 0; other < records; other++)
            same += counts[other] == counts[n];
        if (same > best || (same == best && counts[n] > *ret_usual)) {
            best = same;
            *ret_usual = counts[n];
        }
    }
    return best;
}

static void delimiter_detect(struct csv *csv)
{
    static const char candidates[] = {';', '\t', ',', '|'};
    size_t best = 0, best_usual = 0;
    csv->delimiter = ',';
    for (size_t n = 0; n < sizeof(candidates); n++) {
        size_t usual = 0, agreement = delimiter_agreement(csv, candidates[n], &usual);
        if (agreement > best || (agreement == best && usual > best_usual)) {
            best = agreement;
            best_usual = usual;
            csv->delimiter = candidates[n];
        }
    }
}

static muster_rc delimiter_find(struct csv *csv, const char *wanted, muster_table_error *error)
{
    bool separated = csv_separated(csv);
    if (!wanted || !*wanted || strcasecmp(wanted, "auto") == 0) {
        if (!separated)
            delimiter_detect(csv);
        return MUSTER_OK;
    }
    if (strcasecmp(wanted, "tab") == 0 || strcmp(wanted, "\\t") == 0)
        csv->delimiter = '\t';
    else if (wanted[1] == '\0' && (unsigned char)wanted[0] < 0x80 && !strchr("\"\r\n", wanted[0]))
        csv->delimiter = wanted[0];
    else
        return muster_table_fail(error, MUSTER_CONFIG, "delimiter '%s' is not one character: use ; , | or tab", wanted);
    return MUSTER_OK;
}

static void csv_close(void *self)
{
    struct csv *csv = self;
    if (!csv)
        return;
    muster_bytes_done(&csv->window);
    muster_bytes_done(&csv->field);
    free(csv->raw);
    free(csv->marks);
    free(csv);
}

muster_rc muster_csv_open(const struct muster_source *source, void **ret_self, muster_table_error *error)
{
    struct csv *csv = calloc(1, sizeof(*csv));
    if (csv)
        csv->raw = malloc(CHUNK);
    if (!csv || !csv->raw) {
        csv_close(csv);
        return muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", source->name);
    }
    csv->fd = source->fd;
    csv->name = source->name;
    csv->size = source->size;
    csv->chunk = CHUNK;
    csv->window.ceiling = RECORD_MAX * 2;
    csv->field.ceiling = RECORD_MAX * 2;
    muster_rc rc = muster_encoding_find(source, &csv->encoding, &csv->skip, error);
    if (rc == MUSTER_OK)
        rc = csv_start(csv, error);
    if (rc == MUSTER_OK)
        rc = delimiter_find(csv, source->options->delimiter, error);
    csv->chunk = source->trial.chunk && source->trial.chunk < CHUNK ? source->trial.chunk : CHUNK;
    if (rc == MUSTER_OK)
        rc = csv_start(csv, error);
    if (rc == MUSTER_OK && !source->trial.slow)
        rc = muster_csv_plain_init(csv, error);
    if (rc != MUSTER_OK) {
        csv_close(csv);
        return rc;
    }
    *ret_self = csv;
    return MUSTER_OK;
}

static void csv_progress(const void *self, uint64_t *ret_done, uint64_t *ret_total)
{
    const struct csv *csv = self;
    *ret_done = csv->at;
    *ret_total = csv->size;
}

static bool csv_ends_within(const void *self, uint64_t row)
{
    const struct csv *csv = self;
    return csv->open_line == row;
}

const struct muster_reader muster_csv_reader = {.more = csv_more,
                                                .rewind = csv_rewind,
                                                .progress = csv_progress,
                                                .close = csv_close,
                                                .ends_within = csv_ends_within};
