/* json_events - what yajl reads becomes cells: scalars by the names of their paths, and short JSON texts of objects and
 * arrays. Outside of the list of rows only the path counts. */
#include "json_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_DEPTH 4   /* objects and arrays further down have no text of their own, unless nothing is named below */
#define NUMBER_MAX 310 /* digits: what any program that counts in doubles can write */
#define OUTER_MAX 3000

void muster_json_events_reset(struct muster_json *json)
{
    json->depth = json->in_rows = json->texts = 0;
    json->outer.len = json->text.len = 0;
    json->outer.rc = json->text.rc = MUSTER_OK;
    json->text.ceiling = MUSTER_JSON_TEXT * 2;
    json->outer.ceiling = OUTER_MAX * 2;
    json->bad = json->trouble = json->other = NULL;
    json->found = false;
    json->lists[0] = '\0';
    json->between = false;
    json->since = 0;
    json->values = 0;
    json->scratch.ceiling = (size_t)1 << 20;
    json->watch = (struct muster_json_watch){0};
    if (json->lines) { /* each line is an element of a list that is never closed */
        json->levels[0] = (struct muster_json_level){.array = true, .text = SIZE_MAX};
        json->depth = json->in_rows = 1;
    }
}

uint64_t muster_json_line(const struct muster_json *json)
{
    return muster_feed_line(&json->feed, json->piece + yajl_get_bytes_consumed(json->parser));
}

static void blame(struct muster_json *json, const char *what, const char *name, const char *rest)
{
    if (json->rows->why)
        return;
    if (json->lines)
        muster_rows_blame_text(json->rows, -1, "%s%.200s%s", what, name, rest);
    else
        muster_rows_blame_text(json->rows, -1, "line %llu: %s%.200s%s", (unsigned long long)muster_json_line(json),
                               what, name, rest);
}

/* Each event begins with it. */
static void event(struct muster_json *json)
{
    json->since = 0;
    json->event = json->feed.before + json->piece + yajl_get_bytes_consumed(json->parser);
}

static int give_up(struct muster_json *json, const char *why)
{
    json->trouble = why;
    return 0;
}

static struct muster_json_level *top(struct muster_json *json)
{
    return &json->levels[json->depth - 1];
}

static bool in_row(const struct muster_json *json)
{
    return json->in_rows > 0 && json->depth > json->in_rows;
}

static bool is_element(const struct muster_json *json)
{
    return json->in_rows > 0 && json->depth == json->in_rows;
}

/* ---- JSON texts ---- */

static void text_add(struct muster_json *json, const char *text, size_t len)
{
    if (json->texts > 0)
        muster_bytes_add(&json->text, text, len);
}

static bool is_special(unsigned char byte)
{
    return byte < 0x20 || byte == '"' || byte == '\\';
}

void muster_json_text_quoted(struct muster_json *json, const char *text, size_t len)
{
    size_t plain = 0;
    while (plain < len && !is_special((unsigned char)text[plain]))
        plain++;
    char *place = plain == len ? muster_bytes_reserve(&json->text, len + 2) : NULL;
    if (place) {
        place[0] = place[len + 1] = '"';
        memcpy(place + 1, text, len);
    }
    if (plain == len)
        return; /* as nearly all are */
    text_add(json, "\"", 1);
    for (size_t from = 0, at = 0; at <= len; at++) {
        unsigned char byte = at < len ? (unsigned char)text[at] : '"';
        if (!is_special(byte))
            continue;
        text_add(json, text + from, at - from);
        from = at + 1;
        char escape[8];
        if (at < len && byte < 0x20)
            text_add(json, escape, (size_t)snprintf(escape, sizeof(escape), "\\u%04x", byte));
        else if (at < len)
            text_add(json, byte == '"' ? "\\\"" : "\\\\", 2);
    }
    text_add(json, "\"", 1);
}

/* ---- values in a row ---- */

/* The step of the value that comes. */
static uint32_t value_step(struct muster_json *json)
{
    struct muster_json_level *level = top(json);
    if (!level->array)
        return level->key;
    if (level->count++ > 0)
        text_add(json, ",", 1);
    uint32_t step = MUSTER_NO_PATH, index = level->index++;
    if (index < MUSTER_PATH_INDEX)
        step = muster_paths_step(&json->paths, level->step, level->last, STEP_INDEX, &index, sizeof(index));
    level->last = step;
    return step;
}

static void value_cell(struct muster_json *json, uint32_t step, int32_t type, uint32_t flags, const char *text,
                       size_t len)
{
    bool again;
    uint32_t column = muster_paths_column(&json->paths, step, &again);
    if (json->bad)
        blame(json, json->bad, "", "");
    json->bad = NULL;
    if (column == UINT32_MAX)
        return;
    if (again)
        blame(json, "'", json->paths.names[column], "' stands in it twice");
    else
        muster_rows_cell(json->rows, column, type, flags, text, len, false);
}

static void row_begin(struct muster_json *json)
{
    muster_paths_row(&json->paths);
    if (json->lines && json->values++ > 0)
        blame(json, "there is more than one value in the line", "", "");
}

static void row_end(struct muster_json *json)
{
    if (!json->lines) /* a line is one when its end is seen */
        muster_rows_end(json->rows, json->number++);
}

/* ---- outside of the rows ---- */

/* Puts the number of an array's next element behind its path. */
static void outer_value(struct muster_json *json)
{
    if (json->depth == 0 || !top(json)->array)
        return;
    char index[16];
    json->outer.len = top(json)->outer;
    muster_bytes_add(&json->outer, index, (size_t)snprintf(index, sizeof(index), "[%u]", top(json)->index++));
}

static void outer_key(struct muster_json *json, const char *key, size_t len)
{
    json->outer.len = top(json)->outer;
    if (json->outer.len > 0)
        muster_bytes_add(&json->outer, ".", 1);
    if (json->outer.len + len > OUTER_MAX)
        muster_bytes_add(&json->outer, "\n", 1); /* equals no path that anybody asks for */
    else
        muster_bytes_add(&json->outer, key, len);
}

static bool is_wanted(const struct muster_json *json)
{
    size_t len = strlen(json->wanted);
    return json->in_rows == 0 && json->outer.len == len &&
           (len == 0 ? json->depth == 0 : memcmp(json->outer.data, json->wanted, len) == 0);
}

static void outer_other(struct muster_json *json, const char *what)
{
    if (is_wanted(json) && !json->other)
        json->other = what;
}

/* An object opens: is it the first of a list that somebody may have meant? Lists within lists are not. */
static void outer_list(struct muster_json *json)
{
    size_t len = strlen(json->lists);
    const struct muster_json_level *level = json->depth > 0 ? top(json) : NULL;
    if (level && level->array && level->index == 1 && level->outer > 0 &&
        !memchr(json->outer.data, '[', level->outer) && len + level->outer + 3 < sizeof(json->lists))
        snprintf(json->lists + len, sizeof(json->lists) - len, "%s%.*s", len ? ", " : "", (int)level->outer,
                 json->outer.data);
}

/* ---- events ---- */

static int on_scalar(struct muster_json *json, int32_t type, uint32_t flags, const char *text, size_t len,
                     const char *what)
{
    event(json);
    if (is_element(json)) {
        row_begin(json);
        blame(json, "it is no object but ", what, "");
        json->bad = NULL;
        row_end(json);
    } else if (in_row(json)) {
        uint32_t step = value_step(json);
        if (json->texts > 0 && type == MUSTER_TEXT && !(flags & MUSTER_CELL_NULL))
            muster_json_text_quoted(json, text, len);
        else
            text_add(json, flags & MUSTER_CELL_NULL ? "null" : text, flags & MUSTER_CELL_NULL ? 4 : len);
        value_cell(json, step, type, flags, text, len);
    } else {
        outer_value(json);
        outer_other(json, what);
        json->bad = NULL;
    }
    return json->paths.rc == MUSTER_OK && json->rows->rc == MUSTER_OK ? 1 : give_up(json, "");
}

static int on_null(void *self)
{
    return on_scalar(self, MUSTER_TEXT, MUSTER_CELL_NULL, "", 0, "null");
}

static int on_boolean(void *self, int value)
{
    return on_scalar(self, MUSTER_BOOL, 0, value ? "true" : "false", value ? 4 : 5, value ? "true" : "false");
}

static int on_string(void *self, const unsigned char *text, size_t len)
{
    return on_scalar(self, MUSTER_TEXT, 0, (const char *)text, len, "a text");
}

/* The digits of what stands before an exponent, without zeros in front. Returns where the point goes among them. */
static long number_digits(const char *text, const char *end, char *digits, long *ret_count)
{
    long count = 0, point = -1, zeros = 0;
    for (text += *text == '-'; text < end; text++) {
        if (*text == '.')
            point = count;
        else if (count == 0 && *text == '0')
            zeros += point >= 0;
        else
            digits[count++] = *text;
    }
    *ret_count = count;
    return point < 0 ? count : point - zeros;
}

/* Without its exponent, digit by digit: 1.5e3 is 1500. Returns the length, 0: more than NUMBER_MAX. */
static size_t number_spelled(const char *text, const char *sign, char *ret_text)
{
    char digits[NUMBER_MAX * 2];
    size_t out = 0;
    long count, point = number_digits(text, sign, digits, &count), exponent = strtol(sign + 1, NULL, 10);
    if (exponent > NUMBER_MAX || exponent < -NUMBER_MAX || count + labs(point + exponent) > NUMBER_MAX)
        return 0;
    point = count == 0 ? 1 : point + exponent;
    if (text[0] == '-')
        ret_text[out++] = '-';
    if (point <= 0)
        ret_text[out++] = '0';
    if (point < 0)
        ret_text[out++] = '.';
    for (long n = point; n < 0; n++)
        ret_text[out++] = '0';
    for (long n = 0; n < count || n < point; n++) {
        if (n == point)
            ret_text[out++] = '.';
        ret_text[out++] = n < count ? digits[n] : '0';
    }
    return out;
}

static int on_number(void *self, const char *text, size_t len)
{
    struct muster_json *json = self;
    char spelled[NUMBER_MAX * 2 + 8], copy[NUMBER_MAX * 2];
    const char *exponent = NULL;
    for (size_t n = 0; n < len && !exponent; n++)
        exponent = text[n] == 'e' || text[n] == 'E' ? text + n : NULL;
    if (exponent && len < sizeof(copy)) { /* yajl's text does not end */
        memcpy(copy, text, len);
        copy[len] = '\0';
        len = number_spelled(copy, copy + (exponent - text), spelled);
        text = spelled;
    } else if (exponent || len > NUMBER_MAX) {
        len = 0;
    }
    if (len == 0 && in_row(json)) {
        blame(json, "it has a number of more than 310 digits", "", "");
        text = "0", len = 1;
    }
    return on_scalar(json, MUSTER_DECIMAL, 0, text, len, "a number");
}

static int on_key(void *self, const unsigned char *key, size_t len)
{
    struct muster_json *json = self;
    struct muster_json_level *level = top(json);
    event(json);
    if (!in_row(json)) {
        json->bad = NULL;
        outer_key(json, (const char *)key, len);
        return 1;
    }
    if (json->bad) {
        blame(json, json->bad, "", "");
        json->bad = NULL;
        level->key = MUSTER_NO_PATH;
        return 1;
    }
    level->key = muster_paths_step(&json->paths, level->step, level->last, STEP_MEMBER, key, len);
    level->last = level->key;
    if (json->texts > 0) {
        text_add(json, ",", level->count++ > 0);
        muster_json_text_quoted(json, (const char *)key, len);
        text_add(json, ":", 1);
    }
    return 1;
}

bool muster_json_gets_text(const struct muster_json *json, uint32_t step)
{
    if (step == MUSTER_NO_PATH)
        return false;
    uint32_t depth = muster_paths_depth(&json->paths, step);
    return depth <= TEXT_DEPTH || depth == MUSTER_PATH_DEPTH;
}

static int on_start(struct muster_json *json, bool array)
{
    struct muster_json_level level = {.array = array, .step = MUSTER_NO_PATH, .last = MUSTER_NO_PATH, .text = SIZE_MAX};
    bool rows_begin = false;
    event(json);
    if (json->depth == JSON_LEVELS)
        return give_up(json, "objects and arrays are nested more than 512 deep");
    if (is_element(json)) {
        row_begin(json);
        level.step = array ? MUSTER_NO_PATH : 0;
        if (array)
            blame(json, "it is no object but an array", "", "");
    } else if (in_row(json)) {
        level.step = value_step(json);
        if (muster_json_gets_text(json, level.step)) {
            level.text = json->text.len;
            json->texts++;
        }
        text_add(json, array ? "[" : "{", 1);
    } else {
        outer_value(json);
        if (!array)
            outer_list(json);
        rows_begin = array && is_wanted(json);
        if (rows_begin && json->found)
            return give_up(json, "the list of rows stands in it twice");
        outer_other(json, "an object");
        level.outer = json->outer.len;
    }
    json->levels[json->depth++] = level;
    if (rows_begin) {
        json->found = true;
        json->in_rows = json->depth;
    }
    return json->paths.rc == MUSTER_OK ? 1 : give_up(json, "");
}

static void text_finish(struct muster_json *json, const struct muster_json_level *level)
{
    size_t len = json->text.len - level->text;
    if (json->text.rc != MUSTER_OK || len > MUSTER_JSON_TEXT)
        json->paths.long_text = true;
    else
        value_cell(json, level->step, MUSTER_JSON, 0, json->text.data + level->text, len);
    if (--json->texts == 0) {
        json->text.len = 0;
        json->text.rc = MUSTER_OK;
    }
}

static int on_end(struct muster_json *json, bool array)
{
    event(json);
    struct muster_json_level level = json->levels[--json->depth];
    if (in_row(json)) {
        text_add(json, array ? "]" : "}", 1);
        if (level.text != SIZE_MAX)
            text_finish(json, &level);
    } else if (is_element(json)) {
        row_end(json);
    } else if (json->in_rows > json->depth) {
        json->in_rows = 0;
    }
    return json->rows->rc == MUSTER_OK ? 1 : give_up(json, "");
}

static int on_start_map(void *self)
{
    return on_start(self, false);
}

static int on_end_map(void *self)
{
    return on_end(self, false);
}

static int on_start_array(void *self)
{
    return on_start(self, true);
}

static int on_end_array(void *self)
{
    return on_end(self, true);
}

const yajl_callbacks muster_json_events = {.yajl_null = on_null,
                                           .yajl_boolean = on_boolean,
                                           .yajl_number = on_number,
                                           .yajl_string = on_string,
                                           .yajl_start_map = on_start_map,
                                           .yajl_map_key = on_key,
                                           .yajl_end_map = on_end_map,
                                           .yajl_start_array = on_start_array,
                                           .yajl_end_array = on_end_array};
