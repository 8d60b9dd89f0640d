/* value - what stands in a reply as the host wants it: numbers digit by digit, days by the form in which they are
 * written, lists and objects as JSON. */
#include "rest.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int32_t value_type(enum kind kind)
{
    static const int32_t types[] = {MUSTER_TEXT, MUSTER_INTEGER, MUSTER_DECIMAL,  MUSTER_BOOL,
                                    MUSTER_DATE, MUSTER_TIME,    MUSTER_DATETIME, MUSTER_JSON};
    return types[kind];
}

/* ---- numbers ---- */

static bool number_read(const struct field *field, const char *text, muster_text *room, char ret_why[WHY_ROOM])
{
    bool good = muster_text_number(room, text);
    if (good && field->kind == KIND_INTEGER && room->data && strchr(room->data, '.'))
        good = false;
    if (!good)
        snprintf(ret_why, WHY_ROOM, "'%.60s' is no %snumber", text, field->kind == KIND_INTEGER ? "whole " : "");
    return good;
}

/* ---- days and times ---- */

/* The pieces of a form: YYYY MM DD HH mm SS. */
struct moment {
    int year, month, day, hour, minute, second;
};

static int *piece_of(struct moment *moment, const char *form, int *ret_len)
{
    const struct {
        const char *word;
        int *number;
    } pieces[] = {{"YYYY", &moment->year}, {"MM", &moment->month},  {"DD", &moment->day},
                  {"HH", &moment->hour},   {"mm", &moment->minute}, {"SS", &moment->second}};
    for (size_t n = 0; n < sizeof(pieces) / sizeof(*pieces); n++)
        if (strncmp(form, pieces[n].word, strlen(pieces[n].word)) == 0) {
            *ret_len = (int)strlen(pieces[n].word);
            return pieces[n].number;
        }
    return NULL;
}

static bool form_read(const char *form, const char *text, struct moment *moment)
{
    for (int len = 1; *form; form += len) {
        int *number = piece_of(moment, form, &len);
        if (!number) {
            len = 1;
            if (*text++ != *form)
                return false;
            continue;
        }
        *number = 0;
        for (int n = 0; n < len; n++, text++) {
            if (!isdigit((unsigned char)*text))
                return false;
            *number = *number * 10 + (*text - '0');
        }
    }
    return *text == '\0';
}

static bool exists(const struct moment *moment)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (moment->month < 1 || moment->month > 12 || moment->day < 1 || moment->year < 1)
        return false;
    bool leap = (moment->year % 4 == 0 && moment->year % 100 != 0) || moment->year % 400 == 0;
    return moment->day <= days[moment->month - 1] + (moment->month == 2 && leap) && moment->hour < 24 &&
           moment->minute < 60 && moment->second < 61;
}

bool value_format_known(enum kind kind, const char *format)
{
    struct moment moment = {0};
    bool day = strstr(format, "YYYY") && strstr(format, "MM") && strstr(format, "DD");
    int len;
    if (kind == KIND_DATE || kind == KIND_DATETIME)
        if (strcmp(format, "epoch_s") == 0 || strcmp(format, "epoch_ms") == 0 || strcmp(format, "iso") == 0)
            return true;
    for (const char *at = format; *at; at += piece_of(&moment, at, &len) ? len : 1)
        if (isalpha((unsigned char)*at) && !piece_of(&moment, at, &len) && *at != 'T' && *at != 'Z')
            return false;
    return kind == KIND_TIME ? strstr(format, "HH") != NULL && !day : day;
}

static void moment_write(enum kind kind, const struct moment *moment, muster_text *room)
{
    char text[80];
    if (kind == KIND_TIME)
        snprintf(text, sizeof(text), "%02d:%02d:%02d", moment->hour, moment->minute, moment->second);
    else if (kind == KIND_DATE)
        snprintf(text, sizeof(text), "%04d-%02d-%02d", moment->year, moment->month, moment->day);
    else
        snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d", moment->year, moment->month, moment->day,
                 moment->hour, moment->minute, moment->second);
    muster_text_put(room, text);
}

static bool epoch_read(const struct field *field, const char *text, muster_text *room)
{
    char stamp[STAMP_ROOM];
    int64_t ms = stamp_read(field->format, text);
    if (ms == INT64_MIN)
        return false;
    stamp_write(field->kind == KIND_DATE ? "date" : "iso", ms, stamp);
    muster_text_put(room, stamp);
    return true;
}

/* What an ISO text says, as it stands: the zone is the host's to mind. */
static bool iso_read(const struct field *field, const char *text, muster_text *room)
{
    struct moment moment = {.year = 1, .month = 1, .day = 1};
    char head[20];
    snprintf(head, sizeof(head), "%.10s", text);
    if (field->kind == KIND_TIME) {
        snprintf(head, sizeof(head), "%.8s", text);
        bool good = (form_read("HH:mm:SS", head, &moment) || form_read("HH:mm", head, &moment)) && exists(&moment);
        if (good)
            moment_write(KIND_TIME, &moment, room);
        return good;
    }
    if (!form_read("YYYY-MM-DD", head, &moment) || !exists(&moment) || stamp_read("iso", text) == INT64_MIN)
        return false;
    if (field->kind == KIND_DATE)
        moment_write(KIND_DATE, &moment, room);
    else if (strlen(text) == 10) {
        muster_text_put(room, text);
        muster_text_put(room, "T00:00:00");
    } else {
        muster_text_add(room, head, 10);
        muster_text_put(room, "T");
        muster_text_put(room, text + 11);
    }
    return true;
}

static bool day_read(const struct field *field, const char *text, muster_text *room, char ret_why[WHY_ROOM])
{
    static const char *const what[] = {[KIND_DATE] = "day", [KIND_TIME] = "time", [KIND_DATETIME] = "time of a day"};
    struct moment moment = {.year = 1, .month = 1, .day = 1};
    const char *form = field->format;
    bool good;
    if (!form || strcmp(form, "iso") == 0)
        good = iso_read(field, text, room);
    else if (strncmp(form, "epoch", 5) == 0)
        good = epoch_read(field, text, room);
    else if ((good = form_read(form, text, &moment) && exists(&moment)))
        moment_write(field->kind, &moment, room);
    if (!good)
        snprintf(ret_why, WHY_ROOM, "'%.60s' is no %s%s%s", text, what[field->kind],
                 form ? " written as " : ": say how it is written, as in format: DD-MM-YYYY", form ? form : "");
    return good;
}

/* ---- one value ---- */

static bool bool_read(const char *text, const char **ret_text, char ret_why[WHY_ROOM])
{
    static const char *const yes[] = {"true", "1", "yes", "Y", "True", "TRUE"};
    static const char *const no[] = {"false", "0", "no", "N", "False", "FALSE"};
    for (size_t n = 0; n < sizeof(yes) / sizeof(*yes); n++)
        if (strcmp(text, yes[n]) == 0 || strcmp(text, no[n]) == 0) {
            *ret_text = strcmp(text, yes[n]) == 0 ? "true" : "false";
            return true;
        }
    snprintf(ret_why, WHY_ROOM, "'%.60s' is neither true nor false", text);
    return false;
}

bool value_read(const struct field *field, const muster_node *node, muster_text *room, const char **ret_text,
                int32_t *ret_type, char ret_why[WHY_ROOM])
{
    bool nested = node->kind == MUSTER_NODE_LIST || node->kind == MUSTER_NODE_OBJECT, good = true;
    const char *text = node->text;
    muster_text_clear(room);
    *ret_type = value_type(field->kind);
    *ret_text = NULL;
    if (node->kind == MUSTER_NODE_NULL)
        return true;
    if (field->kind == KIND_JSON || nested) {
        if (field->kind != KIND_JSON && field->kind != KIND_TEXT) {
            snprintf(ret_why, WHY_ROOM, "it is %s, and no value",
                     node->kind == MUSTER_NODE_LIST ? "a list" : "an object");
            return false;
        }
        muster_node_json(node, room);
        *ret_type = MUSTER_JSON;
    } else if (field->kind == KIND_TEXT || !*text) {
        *ret_text = text;
        return true;
    } else if (field->kind == KIND_BOOL) {
        return bool_read(text, ret_text, ret_why);
    } else if (field->kind == KIND_INTEGER || field->kind == KIND_DECIMAL) {
        good = number_read(field, text, room, ret_why);
    } else {
        good = day_read(field, text, room, ret_why);
    }
    if (good && (room->failed || !room->data))
        snprintf(ret_why, WHY_ROOM, "no memory");
    *ret_text = room->data;
    return good && !room->failed && room->data;
}

/* ---- values of ours ---- */

static void form_write(const char *form, const struct moment *moment, muster_text *out)
{
    struct moment copy = *moment;
    for (int len = 1; *form; form += len) {
        const int *number = piece_of(&copy, form, &len);
        char text[24];
        if (number)
            snprintf(text, sizeof(text), "%0*d", len, *number);
        else
            snprintf(text, sizeof(text), "%c", *form);
        len = number ? len : 1;
        muster_text_put(out, text);
    }
}

/* A day or time of ours in the form that the field says. */
static bool formed(const struct field *field, const char *text, muster_text *out)
{
    struct moment moment = {.year = 1, .month = 1, .day = 1};
    char head[20], stamp[STAMP_ROOM];
    snprintf(head, sizeof(head), "%.19s", text);
    bool day = form_read("YYYY-MM-DD", head, &moment) || form_read("YYYY-MM-DDTHH:mm:SS", head, &moment);
    if (!field || !field->format || (!day && !form_read("HH:mm:SS", head, &moment)))
        return false;
    if (strcmp(field->format, "iso") == 0)
        return false;
    if (strncmp(field->format, "epoch", 5) == 0) {
        stamp_write(field->format, stamp_read("iso", text), stamp);
        muster_text_put(out, stamp);
        return true;
    }
    form_write(field->format, &moment, out);
    return true;
}

void value_write(const struct field *field, int32_t type, const char *text, muster_text *out)
{
    muster_text form = {0};
    bool said = field && field->kind != KIND_TEXT;
    int32_t as = said ? value_type(field->kind) : type;
    if (!text)
        muster_text_put(out, "null");
    else if ((as == MUSTER_INTEGER || as == MUSTER_DECIMAL) && *text && muster_text_number(out, text))
        (void)0; /* it is written */
    else if ((as == MUSTER_BOOL && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)) ||
             ((as == MUSTER_JSON || as == MUSTER_LIST) && *text))
        muster_text_put(out, text);
    else if (formed(field, text, &form) && !form.failed && strncmp(field->format, "epoch", 5) == 0)
        muster_text_put(out, form.data);
    else
        muster_text_json(out, form.data && !form.failed ? form.data : text);
    out->failed |= form.failed;
    muster_text_done(&form);
}
