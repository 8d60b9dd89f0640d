/* left - who is no more with the organization, and since when. */
#include "query/left.h"

#include "base/date.h"
#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>

static bool has_left(struct image image)
{
    const struct field *field = field_by_number(KIND_person, FIELD_person_status);
    struct value is = image_get(image, FIELD_person_status);
    uint8_t number = is.presence == PRESENCE_VALUE && is.len == 1 ? (uint8_t)*is.bytes : 0;
    return number == enum_number(field, "inactive", 8) || number == enum_number(field, "terminated", 10);
}

/* One that is still there may be of somebody who is only said to have left. */
static bool records_gone(struct query *query, const struct entity *person, int64_t *ret_ms)
{
    int64_t last_ms = INT64_MIN;
    for (uint16_t n = 0; n < person->member_count; n++) {
        if (!query_section(query, &person->members[n]) || query->record->state == SOURCE_PRESENT)
            return false;
        last_ms = query->record->since_ms > last_ms ? query->record->since_ms : last_ms;
    }
    *ret_ms = last_ms;
    return person->member_count > 0;
}

bool left_day(struct query *query, struct bytes row, int64_t *ret_day)
{
    TIDY(free) struct entity *person = NULL;
    struct image image;
    enum entity_state state;
    struct date date;
    int64_t gone_ms;
    if (!entity_image(row, &image, &state) || state == ENTITY_GONE || !has_left(image))
        return false;
    struct value last = image_get(image, FIELD_person_terminated_on);
    if (last.presence == PRESENCE_VALUE && date_read(last.bytes, last.len, &date)) {
        *ret_day = date_days(date);
        return true;
    }
    person = mem_new(1, sizeof(*person));
    if (!person || !entity_read(row, person)) {
        query->txn.rc = person ? ERR_CORRUPT : -ENOMEM;
        return false;
    }
    if (!records_gone(query, person, &gone_ms))
        return false;
    *ret_day = zone_day(query->zone, gone_ms);
    return true;
}

size_t left_count(struct query *query, int64_t day)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    const uint8_t kind = KIND_person;
    size_t count = 0;
    int64_t last;
    cursor_open(&cursor, &query->txn, TABLE_entity);
    for (bool there = cursor_seek(&cursor, bytes(&kind, 1));
         there && query->txn.rc == 0 && cursor_has_prefix(&cursor, bytes(&kind, 1)); there = cursor_next(&cursor))
        count += left_day(query, cursor.value, &last) && last < day;
    return count;
}
