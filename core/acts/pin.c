/* pin - values that a person puts above what the sources say. */
#include "acts/pin.h"

#include "base/error.h"
#include "tables/entity.h"

/* Of the thing in match->entity: a pin stands on one of its records, and came along with it. */
static size_t pins_withdraw(const struct pin *pin, struct match *match)
{
    struct statement_walk walk;
    struct statement statement;
    size_t count = 0;
    for (uint16_t n = 0; n < match->entity->member_count; n++) {
        statement_first(&walk, &match->statements, match->entity->members[n].seed);
        while (statement_next(&walk, &statement)) {
            if (statement.type != STATEMENT_PIN || statement.field != pin->field->number)
                continue;
            statements_withdraw(&match->statements, &statement, pin->author, pin->reason);
            count++;
        }
        statement_end(&walk);
    }
    return count;
}

static int pin_touch(struct pin *pin, struct match *match)
{
    match_touch_person(match, pin->person);
    return match->rc ? match->rc : match->statements.rc;
}

int pin_state(void *context, struct match *match, struct err *err)
{
    struct pin *pin = context;
    if (!entity_get(match->snapshot, pin->kind, pin->entity, match->entity) || match->entity->state != ENTITY_LIVE)
        return err_set(err, ERR_GONE, "%s: it is not there any more", pin->about);
    pins_withdraw(pin, match); /* one pin a field: the later word counts */
    pin->number = statements_add(&match->statements, &(struct statement){.type = STATEMENT_PIN,
                                                                         .person = true,
                                                                         .subject = pin->entity,
                                                                         .other = pin->person,
                                                                         .field = pin->field->number,
                                                                         .ends = pin->ends,
                                                                         .until_ms = pin->until_ms,
                                                                         .value = pin->value,
                                                                         .author = pin->author,
                                                                         .reason = pin->reason,
                                                                         .about = pin->about});
    return pin_touch(pin, match);
}

int pin_withdraw(void *context, struct match *match, struct err *err)
{
    struct pin *pin = context;
    if (!entity_get(match->snapshot, pin->kind, pin->entity, match->entity) || pins_withdraw(pin, match) == 0)
        return err_set(err, ERR_GONE, "nothing is pinned there");
    return pin_touch(pin, match);
}
