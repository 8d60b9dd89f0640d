/* outlived - whether what a record is about is over for longer than it is kept. */
#include "engine/outlived.h"

#include "base/date.h"
#include "logic/hours.h"
#include "model/model.h"

#include <string.h>

enum { DAY_MS = 24 * 3600 * 1000 };

static bool instant_of(struct image image, uint16_t field, int64_t *ret_ms)
{
    struct value value = image_get(image, field);
    return value.presence == PRESENCE_VALUE && instant_read(value.bytes, value.len, ret_ms);
}

/* "2026-10" is over when November begins; "2026" and "2026-10-31" alike. */
static bool period_over(struct value value, int64_t *ret_ms)
{
    char text[] = "0000-01-01";
    struct date date;
    if (value.presence != PRESENCE_VALUE || (value.len != 4 && value.len != 7 && value.len != 10))
        return false;
    memcpy(text, value.bytes, value.len);
    if (!date_read(text, strlen(text), &date))
        return false;
    if (value.len == 4)
        date.year++;
    else if (value.len == 7 && date.month < 12)
        date.month++;
    else if (value.len == 7)
        date = (struct date){date.year + 1, 1, 1};
    *ret_ms = (date_days(date) + (value.len == 10)) * DAY_MS;
    return true;
}

bool outlived_over(enum kind kind, struct image image, int64_t *ret_ms)
{
    bool says = false;
    switch (kind) {
    case KIND_shift:
        return instant_of(image, FIELD_shift_ends_at, ret_ms) || instant_of(image, FIELD_shift_starts_at, ret_ms);
    case KIND_punch: /* its out, or its in, is no further away */
        says = instant_of(image, FIELD_punch_at, ret_ms);
        *ret_ms += says ? HOURS_MOST_MS : 0;
        return says;
    case KIND_incident:
        return instant_of(image, FIELD_incident_occurred_at, ret_ms) ||
               instant_of(image, FIELD_incident_reported_at, ret_ms);
    case KIND_note: return instant_of(image, FIELD_note_created_at, ret_ms);
    case KIND_lookup_row: return period_over(image_get(image, FIELD_lookup_row_period), ret_ms);
    default: return false;
    }
}

bool outlived_thing(const struct retention *retention, enum kind kind, struct image image, int64_t now_ms)
{
    int64_t limit = retention_limit(retention, kind), over_ms;
    return limit > 0 && outlived_over(kind, image, &over_ms) && over_ms < now_ms - limit;
}

bool outlived_may(const struct retention *retention, const struct section_view *sections, uint16_t count)
{
    enum kind main = count > 0 ? sections[0].kind : KIND_NONE;
    if (kind_is_raw(main) || retention_limit(retention, main) == 0)
        return false;
    for (uint16_t n = 0; n < count; n++)
        if (!kind_is_raw(sections[n].kind) && sections[n].kind != main && retention_goes_with(sections[n].kind) != main)
            return false;
    return true;
}
