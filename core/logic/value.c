/* value - the last step of a rule: a text becomes what an image holds for the field's type.
 *
 * Reads pieces that transform.c prepared; typed cells go straight in, text is
 * read by the rule's patterns and words. Part of transform.h. */
#include "logic/workspace.h"

#include "base/date.h"
#include "base/text.h"
#include "logic/reason.h"
#include "model/literal.h"

#include <errno.h>
#include <muster/connector.h>
#include <string.h>

enum { DAY_MS = 86400000 };

static int done(struct transform *transform, const char *bytes, size_t len, bool flagged, struct value *ret_value)
{
    const char *kept = workspace_keep(transform, bytes, len);
    if (!kept)
        return -ENOMEM;
    *ret_value = (struct value){PRESENCE_VALUE, flagged ? VALUE_FLAGGED : 0, (uint32_t)len, kept};
    return 0;
}

static int done_piece(struct transform *transform, const struct piece *piece, bool flagged, struct value *ret_value)
{
    if (piece->scratch)
        return done(transform, piece->bytes, piece->len, flagged, ret_value);
    *ret_value = (struct value){PRESENCE_VALUE, flagged ? VALUE_FLAGGED : 0, (uint32_t)piece->len, piece->bytes};
    return 0;
}

/* A day or a time as ISO 8601 writes it, and as typed cells carry it. */
struct iso {
    struct moment moment;
    unsigned ms;
    bool zoned;
    int32_t offset; /* seconds east */
};

static bool two_digits(const char **at, const char *end, unsigned most, unsigned *ret_number)
{
    if (end - *at < 2 || (*at)[0] < '0' || (*at)[0] > '9' || (*at)[1] < '0' || (*at)[1] > '9')
        return false;
    *ret_number = (unsigned)((*at)[0] - '0') * 10 + (unsigned)((*at)[1] - '0');
    *at += 2;
    return *ret_number <= most;
}

/* "Z", "+01:00", "+0100", "+01" */
static bool iso_zone(const char *at, const char *end, struct iso *iso)
{
    unsigned hours, minutes = 0;
    iso->zoned = true;
    if (end - at == 1 && *at == 'Z')
        return true;
    int sign = *at == '-' ? -1 : 1;
    if (*at != '+' && *at != '-')
        return false;
    at++;
    if (!two_digits(&at, end, 15, &hours))
        return false;
    if (at < end && *at == ':')
        at++;
    if (at < end && !two_digits(&at, end, 59, &minutes))
        return false;
    iso->offset = sign * (int32_t)(hours * 3600 + minutes * 60);
    return at == end;
}

static bool iso_read(const char *text, size_t len, struct iso *ret_iso)
{
    struct iso iso = {0};
    const char *at = text + 11, *end = text + len;
    if (len < 10 || !date_read(text, 10, &iso.moment.date))
        return false;
    if (len == 10) {
        *ret_iso = iso;
        return true;
    }
    iso.moment.has_time = true;
    if ((text[10] != 'T' && text[10] != ' ') || !two_digits(&at, end, 23, &iso.moment.hour) || at == end ||
        *at++ != ':' || !two_digits(&at, end, 59, &iso.moment.minute))
        return false;
    if (at < end && *at == ':' && (at++, !two_digits(&at, end, 59, &iso.moment.second)))
        return false;
    if (at < end && *at == '.') {
        unsigned weight = 100, digits = 0;
        for (at++; at < end && *at >= '0' && *at <= '9' && digits < 9; at++, digits++, weight /= 10)
            iso.ms += weight * (unsigned)(*at - '0');
        if (digits == 0)
            return false;
    }
    if (at < end && !iso_zone(at, end, &iso))
        return false;
    *ret_iso = iso;
    return true;
}

static int64_t wall_ms(const struct iso *iso)
{
    const struct moment *moment = &iso->moment;
    return date_days(moment->date) * DAY_MS + moment->hour * 3600000LL + moment->minute * 60000LL +
           moment->second * 1000LL + iso->ms;
}

/* By the rule's patterns, or ISO when it has none; a typed cell is ISO whatever the patterns say. */
static bool moment_read(const struct rule *rule, const struct piece *piece, struct iso *ret_iso)
{
    struct iso iso = {0};
    bool typed = piece->type == MUSTER_DATE || piece->type == MUSTER_DATETIME;
    if (typed || !rule->dates)
        return iso_read(piece->bytes, piece->len, ret_iso);
    for (const char *const *pattern = rule->dates; *pattern; pattern++)
        if (date_parse(*pattern, piece->bytes, piece->len, &iso.moment)) {
            *ret_iso = iso;
            return true;
        }
    return false;
}

/* The day, and the time, in the organization's zone. True when there is a time of day. */
static bool local_day(const struct transform_input *input, struct iso *iso)
{
    if (iso->zoned) {
        int64_t ms = wall_ms(iso) - (int64_t)iso->offset * 1000;
        ms += input->zone ? (int64_t)zone_offset(input->zone, ms) * 1000 : 0;
        int64_t days = ms / DAY_MS - (ms % DAY_MS < 0);
        iso->moment.date = date_from_days(days);
        iso->moment.hour = (unsigned)((ms - days * DAY_MS) / 3600000);
        iso->moment.minute = (unsigned)(ms - days * DAY_MS) / 60000 % 60;
        iso->moment.second = (unsigned)(ms - days * DAY_MS) / 1000 % 60;
        return ms != days * DAY_MS;
    }
    return iso->moment.hour || iso->moment.minute || iso->moment.second || iso->ms;
}

static int make_date(struct transform *transform, const struct rule *rule, const struct transform_input *input,
                     const struct piece *piece, struct value *ret_value, struct rejection *ret_rejection)
{
    struct iso iso;
    char text[11];
    if (piece->type == MUSTER_DATE && date_read(piece->bytes, piece->len, &iso.moment.date))
        return done_piece(transform, piece, false, ret_value);
    if (!moment_read(rule, piece, &iso))
        return workspace_reject(ret_rejection, REASON_CODE(bad_date), piece->column);
    bool cut = local_day(input, &iso);
    if (!date_valid(iso.moment.date))
        return workspace_reject(ret_rejection, REASON_CODE(bad_date), piece->column);
    date_write(iso.moment.date, text);
    return done(transform, text, 10, cut, ret_value);
}

static int make_datetime(struct transform *transform, const struct rule *rule, const struct transform_input *input,
                         const struct piece *piece, struct value *ret_value, struct rejection *ret_rejection)
{
    struct iso iso;
    char text[25];
    if (!moment_read(rule, piece, &iso))
        return workspace_reject(ret_rejection, REASON_CODE(bad_time), piece->column);
    bool guessed = !iso.moment.has_time;
    int64_t ms = wall_ms(&iso);
    if (iso.zoned)
        ms -= (int64_t)iso.offset * 1000;
    else if (input->zone)
        ms = zone_to_utc(input->zone, ms, &guessed);
    instant_write(ms, text);
    if (!instant_read(text, 24, &ms)) /* the first or last day of all years, moved out of them */
        return workspace_reject(ret_rejection, REASON_CODE(bad_time), piece->column);
    return done(transform, text, 24, guessed, ret_value);
}

static int make_time(struct transform *transform, const struct rule *rule, const struct piece *piece,
                     struct value *ret_value, struct rejection *ret_rejection)
{
    static const char *const usual[] = {"HH:MM:SS", "HH:MM", NULL};
    struct moment moment;
    const char *const *pattern = rule->dates && piece->type != MUSTER_TIME ? rule->dates : usual;
    while (*pattern && !date_parse(*pattern, piece->bytes, piece->len, &moment))
        pattern++;
    if (!*pattern)
        return workspace_reject(ret_rejection, REASON_CODE(bad_time), piece->column);
    struct buffer *out = workspace_scratch(transform);
    date_format("HH:MM:SS", &moment, out);
    return out->rc != 0 ? -ENOMEM : done(transform, out->data, out->len, false, ret_value);
}

static int make_number(struct transform *transform, const struct rule *rule, const struct piece *piece,
                       struct value *ret_value, struct rejection *ret_rejection)
{
    char text[NUMBER_MAX];
    size_t len;
    enum number_form form = rule->decimal == ',' ? NUMBER_COMMA : rule->decimal == '.' ? NUMBER_POINT : NUMBER_SAFE;
    if (piece->type == MUSTER_INTEGER || piece->type == MUSTER_DECIMAL)
        form = NUMBER_PLAIN;
    if (!literal_number(piece->bytes, piece->len, form, rule->field->type == TYPE_INTEGER, text, &len))
        return workspace_reject(ret_rejection, REASON_CODE(bad_number), piece->column);
    return done(transform, text, len, false, ret_value);
}

/* Enumerations and words for true and false. */
static int make_word(struct transform *transform, const struct rule *rule, const struct piece *piece,
                     struct value *ret_value, struct rejection *ret_rejection)
{
    const char *normal;
    size_t len;
    if (!workspace_normal(transform, piece->bytes, piece->len, &normal, &len))
        return -ENOMEM;
    const struct lookup_entry *entry = lookup_find(rule->words, normal, len);
    if (entry) {
        *ret_value = entry->value;
        return 0;
    }
    if (rule->field->type == TYPE_BOOL)
        return workspace_reject(ret_rejection, REASON_CODE(bad_bool), piece->column);
    if (rule->otherwise == OTHERWISE_VALUE) {
        *ret_value = rule->otherwise_made;
        return 0;
    }
    entry = rule->otherwise == OTHERWISE_REJECT ? NULL : lookup_find(rule->words, "other", 5);
    if (!entry)
        return workspace_reject(ret_rejection, REASON_CODE(unknown_value), piece->column);
    *ret_value = entry->value;
    ret_value->flags |= VALUE_FLAGGED;
    return 0;
}

static int make_text(struct transform *transform, const struct rule *rule, const struct transform_input *input,
                     const struct piece *piece, struct value *ret_value, struct rejection *ret_rejection)
{
    if (!rule->date_written)
        return done_piece(transform, piece, piece->numeric && rule->identifier, ret_value);
    struct iso iso;
    if (!iso_read(piece->bytes, piece->len, &iso))
        return workspace_reject(ret_rejection, REASON_CODE(bad_date), piece->column);
    if (iso.zoned)
        local_day(input, &iso);
    struct buffer *out = workspace_scratch(transform);
    date_format(rule->date_written, &iso.moment, out);
    return out->rc != 0 ? -ENOMEM : done(transform, out->data, out->len, false, ret_value);
}

static int make_person(struct transform *transform, const struct rule *rule, const struct piece *piece,
                       struct value *ret_value)
{
    struct reference reference = {.how = REFERENCE_FIELD,
                                  .field = rule->person_field->number,
                                  .text = piece->bytes,
                                  .text_len = (uint32_t)piece->len,
                                  .name = ""};
    struct buffer *out = workspace_scratch(transform);
    reference_write(&reference, out);
    return out->rc != 0 ? -ENOMEM : done(transform, out->data, out->len, piece->numeric, ret_value);
}

static int make_json(struct transform *transform, const struct rule *rule, const struct piece *piece,
                     struct value *ret_value, struct rejection *ret_rejection)
{
    if (rule->how == FROM_COLUMNS)
        return done_piece(transform, piece, false, ret_value);
    if (piece->type == MUSTER_JSON) {
        if (!literal_json(piece->bytes, piece->len))
            return workspace_reject(ret_rejection, REASON_CODE(bad_json), piece->column);
        return done_piece(transform, piece, false, ret_value);
    }
    struct buffer *out = workspace_scratch(transform);
    literal_quote(piece->bytes, piece->len, out);
    return out->rc != 0 ? -ENOMEM : done(transform, out->data, out->len, false, ret_value);
}

int value_make(struct transform *transform, const struct rule *rule, const struct transform_input *input,
               const struct piece *piece, struct value *ret_value, struct rejection *ret_rejection)
{
    switch (rule->field->type) {
    case TYPE_TEXT: return make_text(transform, rule, input, piece, ret_value, ret_rejection);
    case TYPE_INTEGER:
    case TYPE_DECIMAL: return make_number(transform, rule, piece, ret_value, ret_rejection);
    case TYPE_BOOL:
        if (piece->type == MUSTER_BOOL && (piece->len == 4 ? memcmp(piece->bytes, "true", 4) == 0
                                                           : piece->len == 5 && memcmp(piece->bytes, "false", 5) == 0))
            return done_piece(transform, piece, false, ret_value);
        return make_word(transform, rule, piece, ret_value, ret_rejection);
    case TYPE_DATE: return make_date(transform, rule, input, piece, ret_value, ret_rejection);
    case TYPE_TIME: return make_time(transform, rule, piece, ret_value, ret_rejection);
    case TYPE_DATETIME: return make_datetime(transform, rule, input, piece, ret_value, ret_rejection);
    case TYPE_ENUM: return make_word(transform, rule, piece, ret_value, ret_rejection);
    case TYPE_REF: return make_person(transform, rule, piece, ret_value);
    case TYPE_JSON: return make_json(transform, rule, piece, ret_value, ret_rejection);
    }
    return workspace_reject(ret_rejection, REASON_CODE(bad_reference), piece->column);
}

int transform_value(const struct field *field, const char *text, size_t len, struct buffer *out,
                    struct value *ret_value, struct rejection *ret_rejection)
{
    const char *fault = literal_read(field, text, len, out, ret_value);
    if (fault)
        return workspace_reject(ret_rejection, fault, -1);
    return out->rc;
}

void transform_show(const struct field *field, struct value value, struct buffer *out)
{
    size_t len;
    const char *text =
        field->type == TYPE_ENUM && value.len == 1 ? enum_text(field, (uint8_t)*value.bytes, &len) : NULL;
    if (text)
        buffer_add(out, text, len);
    else if (value.len > 0)
        buffer_add(out, value.bytes, value.len);
}
