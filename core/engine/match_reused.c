/* match_reused - a record whose number seems to be somebody else's now. */
#include "base/text.h"
#include "engine/match_inside.h"

static bool fields_differ(struct image a, struct image b, uint16_t field)
{
    struct value x = image_get(a, field), y = image_get(b, field);
    return x.presence == PRESENCE_VALUE && y.presence == PRESENCE_VALUE && !text_same(x.bytes, x.len, y.bytes, y.len);
}

static bool both_say(struct image a, struct image b, uint16_t field)
{
    return image_get(a, field).presence == PRESENCE_VALUE && image_get(b, field).presence == PRESENCE_VALUE;
}

/* The number seems to be somebody else's now: name and birth date both differ. Who marries keeps the given name. */
static bool person_replaced(struct image was, struct image is)
{
    bool name =
        both_say(was, is, FIELD_person_given_name) && both_say(was, is, FIELD_person_family_name)
            ? fields_differ(was, is, FIELD_person_given_name) && fields_differ(was, is, FIELD_person_family_name)
            : fields_differ(was, is, FIELD_person_display_name);
    return name && fields_differ(was, is, FIELD_person_date_of_birth);
}

bool match_reused(struct match *match, const struct staged *staged, uint64_t place, uint64_t id, struct image was)
{
    if (!person_replaced(was, match->record.sections[0].image))
        return false;
    uint64_t record = hold_record(staged->key);
    const struct source *source = &match->record;
    struct hold hold = {.record = record, .gate = GATE_IDENTITY, .kept = true, .person = id};
    hold.key = hold_key(GATE_IDENTITY, record, KIND_NONE, 0, source->sections, source->count);
    if ((match->gates && numbers_get(&match->gates->allowed, hold.key)) ||
        statement_stands(&match->statements, hold.key, STATEMENT_APPROVE, NULL))
        return false;
    hold.quiet = statement_stands(&match->statements, hold.key, STATEMENT_REJECT, NULL);
    match->count.reused++;
    match_fail(match, holds_add(match->stage->holds, &hold, NULL));
    match_fail(match, stage_withheld(match->stage, place));
    return true;
}
