/* json - rows of a JSON document or of a file with one JSON object per line.
 *
 * Feeds yajl piece by piece, never a whole document, and says what is wrong
 * with the file or with one line of it. Ordinary rows between other rows are
 * taken by json_scan.c, so that yajl does not see them. */
#include "json_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_MAX ((size_t)16 << 20) /* bytes of one text or number: yajl keeps them */

/* ---- yajl's complaints, as people say it ---- */

static const char *fault_text(const char *said)
{
    static const struct {
        const char *part, *text;
    } faults[] = {
        {"invalid bytes in UTF8", "a text is not valid UTF-8: save it as UTF-8, or set encoding"},
        {"occurs before a character which it may not",
         "a backslash stands before a letter that it cannot stand before"},
        {"invalid character inside string",
         "a text has a control character (a line end or tab must be written \\n, \\t)"},
        {"invalid (non-hex) character", "\\u must be followed by four hexadecimal digits"},
        {"invalid string in json text", "a word without quotes that is neither true, false nor null"},
        {"digit is required after the decimal", "a number has no digit after its decimal point"},
        {"digit is required after the exponent", "a number has no digit after its exponent"},
        {"digit is required after the minus", "a minus sign has no digit behind it"},
        {"separated by a colon", "a member's name has no colon behind it"},
        {"invalid object key", "a member's name must be a text in quotes"},
        {"inside map", "a member must be followed by , or }"},
        {"after array element", "an element must be followed by , or ]"},
        {"trailing garbage", "there is something behind the end of the document"},
        {"premature EOF", "it ends too early: was its upload finished?"},
        {"invalid char in json text", "a character that JSON does not have outside of texts"},
        {"unallowed token", "a value or a sign stands where it cannot (a comma too many?)"},
    };
    for (size_t n = 0; n < sizeof(faults) / sizeof(*faults); n++)
        if (strstr(said, faults[n].part))
            return faults[n].text;
    return "it is no JSON";
}

static const char *json_fault(struct muster_json *json)
{
    if (json->trouble && *json->trouble)
        return json->trouble;
    unsigned char *said = yajl_get_error(json->parser, 0, NULL, 0);
    const char *fault = fault_text(said ? (const char *)said : "");
    if (said)
        yajl_free_error(json->parser, said);
    return fault;
}

/* ---- feeding ---- */

static bool parser_renew(struct muster_json *json)
{
    if (json->parser)
        yajl_free(json->parser);
    json->parser = yajl_alloc(&muster_json_events, NULL, json);
    return json->parser && (!json->lines || yajl_config(json->parser, yajl_allow_multiple_values, 1));
}

static muster_rc json_memory(const struct muster_json *json, muster_table_error *error)
{
    if (json->rows->rc == MUSTER_DATA)
        return muster_table_fail(error, MUSTER_DATA, "%s: line %llu is in a row of more than 64 MiB", json->name,
                                 (unsigned long long)muster_json_line(json));
    return muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", json->name);
}

/* Bytes of the feed's piece from `at` on. False: yajl or an event gave up. */
static bool json_parse(struct muster_json *json, size_t at, size_t len)
{
    while (len > 0) {
        const char *data = json->feed.data + at, *bad = NULL;
        size_t part = muster_json_watch(&json->watch, data, len, &bad);
        json->piece = at;
        json->since += part;
        if (part > 0 && yajl_parse(json->parser, (const unsigned char *)data, part) != yajl_status_ok)
            return false;
        if (bad)
            json->bad = bad;
        if (json->since > VALUE_MAX) {
            json->trouble = "a text of more than 16 MiB";
            return false;
        }
        at += part;
        len -= part;
    }
    return true;
}

static bool out_of_memory(const struct muster_json *json)
{
    return json->rows->rc != MUSTER_OK || json->paths.rc != MUSTER_OK || (json->trouble && !*json->trouble);
}

/* ---- a document ---- */

static muster_rc document_fault(struct muster_json *json, muster_table_error *error)
{
    if (out_of_memory(json))
        return json_memory(json, error);
    return muster_table_fail(error, MUSTER_DATA, "%s: line %llu, behind byte %llu: %s", json->name,
                             (unsigned long long)muster_json_line(json), (unsigned long long)json->event,
                             json_fault(json));
}

/* The document is over and was good. Was there a list? */
static muster_rc document_over(const struct muster_json *json, muster_table_error *error)
{
    bool root = !*json->wanted;
    if (json->found)
        return MUSTER_OK;
    const char *lists = json->lists[0] ? json->lists : NULL;
    if (json->other)
        return muster_table_fail(error, MUSTER_CONFIG, "%s: %s%s%s is %s, no list of rows: set rows to %s%s",
                                 json->name, root ? "its root" : "'", json->wanted, root ? "" : "'", json->other,
                                 lists ? "the path of one; there is " : "the path of the list", lists ? lists : "");
    return muster_table_fail(error, MUSTER_CONFIG, "%s has no '%s', where rows says that the list is; %s%s", json->name,
                             json->wanted, lists ? "there is " : "there is no list of objects at all",
                             lists ? lists : "");
}

static muster_rc document_end(struct muster_json *json, muster_table_error *error)
{
    json->piece = 0;
    if (yajl_complete_parse(json->parser) == yajl_status_ok && json->depth == 0)
        return document_over(json, error);
    if (out_of_memory(json))
        return json_memory(json, error);
    return muster_table_fail(error, MUSTER_DATA, "%s: line %llu: %s", json->name,
                             (unsigned long long)muster_feed_line(&json->feed, 0), json_fault(json));
}

/* The feed's piece, by turns: rows that are ordinary, and what yajl must read up to the end of an object. */
static bool document_parse(struct muster_json *json)
{
    const char *data = json->feed.data;
    size_t at = 0, len = json->feed.len;
    for (;;) {
        size_t taken = json->between && !json->slow ? muster_json_scan(json, at) : 0;
        at += taken;
        if (taken > 0) {
            json->event = json->feed.before + at;
            json->since = 0;
        }
        if (at == len)
            return true;
        const char *brace = memchr(data + at, '}', len - at);
        size_t part = brace ? (size_t)(brace - data) + 1 - at : len - at;
        if (!json_parse(json, at, part))
            return false;
        at += part;
        json->between = json->in_rows > 0 && json->depth == json->in_rows && json->event == json->feed.before + at;
    }
}

static muster_rc document_more(struct muster_json *json, muster_table_error *error)
{
    muster_rc rc = MUSTER_OK;
    while (rc == MUSTER_OK && json->rows->mark_count == 0) {
        rc = muster_feed_next(&json->feed, error);
        if (rc != MUSTER_OK)
            return rc;
        if (json->feed.len == 0)
            return document_end(json, error);
        if (!document_parse(json))
            rc = document_fault(json, error);
    }
    return rc;
}

/* ---- lines ---- */

static bool line_renew(struct muster_json *json)
{
    muster_json_events_reset(json);
    return parser_renew(json);
}

/* Nothing of this line counts any more but its fault. */
static bool line_blame(struct muster_json *json, const char *fault)
{
    uint64_t byte = json->event > json->line_start ? json->event - json->line_start : 0;
    muster_rows_drop(json->rows);
    muster_rows_blame_text(json->rows, -1, "behind byte %llu: %s", (unsigned long long)byte, fault);
    json->skipping = true;
    return line_renew(json);
}

/* Part of a line, in the feed's piece. */
static bool line_part(struct muster_json *json, size_t at, size_t len)
{
    bool begins = !json->slow && json->feed.before + at == json->line_start && json->feed.data[at + len - 1] == '\n';
    if (begins && muster_json_scan_line(json, at, len)) {
        json->values = 1;
        return true;
    }
    bool good = json->skipping || json_parse(json, at, len);
    if (!good && !out_of_memory(json))
        good = line_blame(json, json_fault(json));
    return good;
}

/* The line's end was read; the next begins at byte `start`. */
static bool line_end(struct muster_json *json, uint64_t start)
{
    bool good = true;
    if (!json->skipping && json->depth > 1)
        good = line_blame(json, "the line ends within an object: was it cut off?");
    if (json->values > 0 || json->skipping)
        muster_rows_end(json->rows, json->line);
    json->values = 0;
    json->skipping = false;
    json->line++;
    json->line_start = start;
    return good;
}

/* A last line may have no end: yajl gets one all the same, since a number goes on until something else comes. */
static muster_rc lines_over(struct muster_json *json, muster_table_error *error)
{
    bool good = true;
    if (json->feed.before > json->line_start) {
        json->feed.data = "\n";
        json->feed.len = 1;
        good = line_part(json, 0, 1) && line_end(json, json->feed.before);
        json->feed.len = 0;
    }
    return good && !out_of_memory(json) ? MUSTER_OK : json_memory(json, error);
}

static muster_rc lines_more(struct muster_json *json, muster_table_error *error)
{
    while (json->rows->mark_count < 64) {
        if (json->pos == json->feed.len) {
            if (json->rows->mark_count > 0)
                return MUSTER_OK;
            muster_rc rc = muster_feed_next(&json->feed, error);
            json->pos = 0;
            if (rc != MUSTER_OK)
                return rc;
            if (json->feed.len == 0)
                return lines_over(json, error);
        }
        const char *from = json->feed.data + json->pos;
        const char *end = memchr(from, '\n', json->feed.len - json->pos);
        size_t len = end ? (size_t)(end - from) + 1 : json->feed.len - json->pos;
        bool good = line_part(json, json->pos, len);
        if (good && end)
            good = line_end(json, json->feed.before + json->pos + len);
        json->pos += len;
        if (!good || out_of_memory(json))
            return json_memory(json, error);
    }
    return MUSTER_OK;
}

/* ---- the reader ---- */

static muster_rc json_more(void *self, struct muster_rows *rows, muster_table_error *error)
{
    struct muster_json *json = self;
    json->rows = rows;
    if (json->failed.rc == MUSTER_OK) {
        muster_rc rc = json->lines ? lines_more(json, &json->failed) : document_more(json, &json->failed);
        if (rc == MUSTER_OK || rows->mark_count > 0)
            return MUSTER_OK;
    }
    if (error)
        *error = json->failed;
    return json->failed.rc;
}

static muster_rc json_rewind(void *self, muster_table_error *error)
{
    struct muster_json *json = self;
    muster_feed_rewind(&json->feed);
    json->failed = (muster_table_error){0};
    json->number = 0;
    json->pos = 0;
    json->line = 1;
    json->line_start = json->event = 0;
    json->skipping = false;
    if (!line_renew(json))
        return muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", json->name);
    return MUSTER_OK;
}

static void json_close(void *self)
{
    struct muster_json *json = self;
    if (!json)
        return;
    if (json->parser)
        yajl_free(json->parser);
    muster_feed_done(&json->feed);
    muster_paths_done(&json->paths);
    muster_bytes_done(&json->outer);
    muster_bytes_done(&json->text);
    muster_bytes_done(&json->scratch);
    free(json->name);
    free(json->wanted);
    free(json);
}

muster_rc muster_json_open(const struct muster_source *source, void **ret_self, muster_table_error *error)
{
    struct muster_json *json = calloc(1, sizeof(*json));
    enum muster_encoding encoding;
    size_t skip;
    bool said;
    if (!json)
        return muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", source->name);
    json->lines = source->options->format == MUSTER_TABLE_JSONL;
    json->slow = source->trial.slow;
    json->name = strdup(source->name);
    json->wanted = strdup(source->options->rows ? source->options->rows : "");
    muster_rc rc = muster_encoding_look(source, &encoding, &skip, &said, error);
    if (rc == MUSTER_OK)
        rc = muster_feed_open(&json->feed, source, encoding, skip, error);
    if (rc == MUSTER_OK && (!json->name || !json->wanted || muster_paths_init(&json->paths) != MUSTER_OK))
        rc = muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", source->name);
    if (rc == MUSTER_OK) {
        json->feed.name = json->name;
        rc = json_rewind(json, error);
    }
    if (rc != MUSTER_OK) {
        json_close(json);
        return rc;
    }
    *ret_self = json;
    return MUSTER_OK;
}

static void json_progress(const void *self, uint64_t *ret_done, uint64_t *ret_total)
{
    const struct muster_json *json = self;
    *ret_done = json->feed.at;
    *ret_total = json->feed.size;
}

static const struct muster_paths *json_paths(const void *self)
{
    return &((const struct muster_json *)self)->paths;
}

static void json_place(const void *self, uint64_t row, char *ret_place, size_t room)
{
    const struct muster_json *json = self;
    char list[300];
    if (json->lines) {
        snprintf(ret_place, room, "line %llu", (unsigned long long)row);
        return;
    }
    muster_path_pointer(json->wanted, list, sizeof(list));
    snprintf(ret_place, room, "%s/%llu", list, (unsigned long long)row);
}

const struct muster_reader muster_json_reader = {.more = json_more,
                                                 .rewind = json_rewind,
                                                 .progress = json_progress,
                                                 .close = json_close,
                                                 .paths = json_paths,
                                                 .place = json_place};
