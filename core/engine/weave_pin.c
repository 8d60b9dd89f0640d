/* weave_pin - values that a person has put above what the sources say.
 *
 * A pin stands on a field of a thing until its time is over, until the sources
 * say the same, or until they say something other than what was reverted; then
 * it withdraws itself. */
#include "engine/weave_inside.h"

#include "base/zone.h"

static bool value_same(struct value a, struct value b)
{
    bool none_a = a.presence != PRESENCE_VALUE, none_b = b.presence != PRESENCE_VALUE;
    return none_a || none_b ? none_a && none_b : value_equal(a, b);
}

/* Whether what the sources say ends the pin. What this very run stated stands at least until the next look. `word`: as
 * the source wrote it, which of a reference is not whom it means. */
static bool pin_released(const struct weave *weave, const struct statement *pin, struct value said, struct value word)
{
    if (pin->run == weave->run)
        return false;
    return (pin->ends == PIN_SOURCE_AGREES && value_same(said, pin->value)) ||
           (pin->ends == PIN_SOURCE_MOVES && !value_same(word, pin->against));
}

static void pin_stands(struct weave *weave, const struct statement *pin)
{
    if (pin->until_ms == 0 || !weave->match->zone)
        return;
    int64_t day = zone_day(weave->match->zone, pin->until_ms);
    weave->pin_due = day < weave->pin_due ? day : weave->pin_due;
}

/* What is held to be true when the sources say `said`. */
static struct value pin_apply(struct weave *weave, const struct statement *pin, struct value said, struct value word)
{
    if (pin->ends == PIN_SOURCE_MOVES && pin->run == weave->run)
        statements_said(&weave->match->statements, pin, word);
    if (pin_released(weave, pin, said, word)) {
        statements_withdraw(&weave->match->statements, pin, NULL, NULL);
        return said;
    }
    pin_stands(weave, pin);
    return pin->value;
}

static struct value winner_said(struct weave *weave, enum kind kind, const struct merge_winner *winner)
{
    const struct field *field = winner->field < FIELD_CUSTOM ? field_by_number(kind, winner->field) : NULL;
    return field && field->type == TYPE_REF ? weave_reference(weave, winner->value) : winner->value;
}

/* Puts the pin among the winners, which are by ascending field. */
static size_t winners_pin(struct weave *weave, enum kind kind, const struct statement *pin, size_t inputs,
                          size_t winners)
{
    size_t at = 0;
    while (at < winners && weave->winners[at].field < pin->field)
        at++;
    bool there = at < winners && weave->winners[at].field == pin->field;
    struct value word = there ? weave->winners[at].value : (struct value){0};
    struct value said = there ? winner_said(weave, kind, &weave->winners[at]) : word;
    struct value held = pin_apply(weave, pin, said, word);
    if (held.bytes == said.bytes && held.presence == said.presence)
        return winners;
    if (!there) {
        if (winners == IMAGE_FIELDS_MAX)
            return winners;
        memmove(&weave->winners[at + 1], &weave->winners[at], (winners - at) * sizeof(*weave->winners));
        winners++;
    }
    weave->winners[at] = (struct merge_winner){.field = pin->field, .input = inputs, .value = held};
    return winners;
}

size_t weave_pins(struct weave *weave, size_t begin, size_t end, size_t inputs, size_t winners)
{
    enum kind kind = weave->parts[begin].kind;
    weave->inputs[inputs] = (struct merge_input){0}; /* nobody's word */
    for (size_t i = begin; i < end && weave->match->statements.persons; i++) {
        struct statement_walk walk;
        struct statement pin;
        statement_first(&walk, &weave->match->statements, part_section(weave, &weave->parts[i])->seed);
        while (statement_next(&walk, &pin)) {
            bool status = kind == KIND_person && pin.field == FIELD_person_status; /* worked out last */
            if (pin.type == STATEMENT_PIN && !status)
                winners = winners_pin(weave, kind, &pin, inputs, winners);
        }
        statement_end(&walk);
    }
    weave_fail(weave, weave->match->statements.rc);
    return winners;
}

char weave_pinned_status(struct weave *weave, size_t begin, size_t end, char status)
{
    for (size_t i = begin; i < end && weave->match->statements.persons; i++) {
        struct statement_walk walk;
        struct statement pin;
        statement_first(&walk, &weave->match->statements, part_section(weave, &weave->parts[i])->seed);
        while (statement_next(&walk, &pin)) {
            if (pin.type != STATEMENT_PIN || pin.field != FIELD_person_status)
                continue;
            struct value said = {PRESENCE_VALUE, 0, 1, &status}, held = pin_apply(weave, &pin, said, said);
            if (held.presence == PRESENCE_VALUE && held.len == 1)
                status = *held.bytes;
        }
        statement_end(&walk);
    }
    return status;
}
