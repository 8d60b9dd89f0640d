/* weave_golden - what is held to be true of one thing, out of what its records say. */
#include "engine/weave_inside.h"

#include "base/date.h"

static int64_t maker_day(const struct image_maker *maker, uint16_t field)
{
    struct date date;
    for (uint16_t n = 0; n < maker->count; n++)
        if (maker->fields[n] == field && maker->values[n].presence == PRESENCE_VALUE &&
            date_read(maker->values[n].bytes, maker->values[n].len, &date))
            return date_days(date);
    return INT64_MIN;
}

/* Whether what the sources say of the field, if anything, was not understood. */
static bool weave_unread(const struct weave *weave, uint16_t field, size_t inputs, size_t winners)
{
    size_t counts = SIZE_MAX;
    for (size_t i = 0; i < winners; i++)
        if (weave->winners[i].field == field)
            counts = weave->winners[i].input;
    if (counts == inputs) /* a person has put another value above it */
        return false;
    return merge_unread(weave->match->organization, field, weave->inputs, inputs, counts);
}

/* The status as of today, computed last: over what the sources say stand their silence and the calendar. */
static void weave_status(struct weave *weave, size_t begin, size_t end, size_t input_count, size_t winners)
{
    uint8_t said = 0;
    for (uint16_t n = 0; n < weave->maker->count; n++)
        if (weave->maker->fields[n] == FIELD_person_status && weave->maker->values[n].len == 1)
            said = (uint8_t)*weave->maker->values[n].bytes;
    bool exists = merge_exists(weave->match->organization, weave->inputs, input_count);
    bool unread = weave_unread(weave, FIELD_person_status, input_count, winners) ||
                  (said == 0 && weave_unread(weave, FIELD_person_terminated_on, input_count, winners));
    char status = (char)merge_status(said, unread, exists, maker_day(weave->maker, FIELD_person_hired_on),
                                     maker_day(weave->maker, FIELD_person_terminated_on), weave->today, &weave->due);
    status = weave_pinned_status(weave, begin, end, status);
    char *place = arena_copy(weave->arena, &status, 1);
    if (!place) {
        weave_fail(weave, -ENOMEM);
        return;
    }
    image_put(weave->maker, FIELD_person_status, (struct value){PRESENCE_VALUE, 0, 1, place});
}

/* `of`: the kind that it belongs to besides, in the same record, and the field that says so. */
static const struct owned {
    enum kind kind;
    uint16_t person;
    enum kind of;
    uint16_t field;
} owned[] = {
    {KIND_employment, FIELD_employment_person, KIND_NONE, 0},
    {KIND_membership, FIELD_membership_person, KIND_NONE, 0},
    {KIND_absence, FIELD_absence_person, KIND_employment, FIELD_absence_employment},
    {KIND_pay, FIELD_pay_person, KIND_employment, FIELD_pay_employment},
    {KIND_shift, FIELD_shift_person, KIND_NONE, 0},
    {KIND_exchange, FIELD_exchange_requester, KIND_shift, FIELD_exchange_shift},
    {KIND_punch, FIELD_punch_person, KIND_NONE, 0},
    {KIND_work_period, FIELD_work_period_person, KIND_NONE, 0},
    {KIND_lookup_row, FIELD_lookup_row_person, KIND_NONE, 0},
};

uint16_t weave_owner_field(enum kind kind)
{
    for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++)
        if (owned[i].kind == kind)
            return owned[i].person;
    return 0;
}

/* Whether a section is of that other one: it has the same key, or one that begins with it, as key: [EMPLOYMENT, ITS
 * OWN] makes it. */
static bool section_of(const struct section_view *section, const struct section_view *other)
{
    size_t len = other->key_len;
    return section->key_len >= len && memcmp(other->key, section->key, len) == 0 &&
           (section->key_len == len || (len > 0 && section->key[len] == '|'));
}

/* The thing of that kind in the same record that a part belongs to: of employments whichever there is, where none has
 * its key. 0: none. */
static uint64_t owner_of(struct weave *weave, const struct part *part, enum kind of)
{
    uint64_t found = 0;
    const struct section_view *section = part_section(weave, part);
    for (size_t i = 0; of != KIND_NONE && i < weave->part_count; i++) {
        const struct part *other = &weave->parts[i];
        if (other->kind != of || other->group != part->group)
            continue;
        bool same = section_of(section, part_section(weave, other));
        if (same || (found == 0 && of == KIND_employment))
            found = other->entity;
    }
    return found;
}

/* What hangs on a person says so: the person, and what it belongs to in the same record: of absence and pay the
 * employment, of an exchange the shift. */
static void weave_owner(struct weave *weave, const struct part *part)
{
    for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++) {
        if (owned[i].kind != part->kind)
            continue;
        uint64_t other = owner_of(weave, part, owned[i].of);
        uint64_t ids[2] = {__builtin_bswap64(weave->id), __builtin_bswap64(other)};
        char *place = arena_copy(weave->arena, ids, sizeof(ids));
        if (!place) {
            weave_fail(weave, -ENOMEM);
            return;
        }
        image_put(weave->maker, owned[i].person, (struct value){PRESENCE_VALUE, 0, 8, place});
        if (other != 0)
            image_put(weave->maker, owned[i].field, (struct value){PRESENCE_VALUE, 0, 8, place + 8});
    }
}

size_t weave_image(struct weave *weave, size_t begin, size_t end)
{
    const struct part *first = &weave->parts[begin];
    size_t inputs = 0;
    for (size_t i = begin; i < end && inputs < MEMBERS_MAX; i++) {
        const struct group *group = &weave->groups[weave->parts[i].group];
        const struct section_view *section = part_section(weave, &weave->parts[i]);
        const struct connection *connection = group->stream->connection;
        weave->inputs[inputs++] = (struct merge_input){.connection = connection,
                                                       .gone = group->record->state == SOURCE_GONE || !connection,
                                                       .image = section->image,
                                                       .seed = section->seed};
    }
    size_t winners = merge_fields(weave->match->organization, first->kind, weave->inputs, inputs, weave->winners);
    winners = weave_pins(weave, begin, end, inputs, winners);
    image_start(weave->maker);
    for (size_t i = 0; i < winners; i++) {
        const struct merge_winner *winner = &weave->winners[i];
        const struct field *field = winner->field < FIELD_CUSTOM ? field_by_number(first->kind, winner->field) : NULL;
        struct value value = winner->value;
        if (field && field->type == TYPE_REF && winner->input < inputs)
            value = weave_reference(weave, value);
        if (value.presence != PRESENCE_NULL || value.flags & VALUE_WAITING)
            image_put(weave->maker, winner->field, value);
    }
    if (first->kind == KIND_person)
        weave_status(weave, begin, end, inputs, winners);
    else if (weave->kind == KIND_person)
        weave_owner(weave, first);
    else
        weave_order_put(weave);
    buffer_clear(&weave->image);
    image_write(weave->maker, &weave->image);
    weave_fail(weave, weave->image.rc);
    return winners;
}
