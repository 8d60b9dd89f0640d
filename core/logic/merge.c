/* merge - whose word counts for each field. */
#include "logic/merge.h"

#include <limits.h>
#include <string.h>

enum { ACTIVE = 1, PENDING = 2, INACTIVE = 5, TERMINATED = 6 }; /* enumerators of person.status */

const struct authority *merge_authority(const struct organization *organization, enum kind kind,
                                        const struct field *field)
{
    const struct authority *otherwise = NULL;
    for (const struct authority *at = organization->authorities; at && at->kind != KIND_NONE; at++) {
        if (at->kind != kind)
            continue;
        if (at->field && field && at->field->number == field->number)
            return at;
        if (!at->field)
            otherwise = at;
    }
    return otherwise;
}

int merge_rank(const struct organization *organization, enum kind kind, const struct field *field,
               const struct connection *connection)
{
    if (!connection) /* no longer in the organization's file: only where nobody else says anything */
        return INT_MAX;
    const struct authority *authority = merge_authority(organization, kind, field);
    if (!authority) /* nobody said: as in the file */
        return (int)(connection - organization->connections);
    for (int rank = 0; authority->connections[rank]; rank++)
        if (authority->connections[rank] == connection)
            return rank;
    return -1;
}

/* Whether the record itself says that the person is not there any more. */
static bool input_left(enum kind kind, const struct merge_input *input)
{
    if (kind != KIND_person)
        return false;
    struct value status = image_get(input->image, FIELD_person_status);
    uint8_t said = status.presence == PRESENCE_VALUE && status.len == 1 ? (uint8_t)*status.bytes : 0;
    return said == INACTIVE || said == TERMINATED;
}

/* Lower counts more: who still has the record, then authority; of the records of one source those of who is there (who
 * moved from one store to another has left the first), then the older one. */
static bool input_before(enum kind kind, const struct merge_input *a, int a_rank, const struct merge_input *b,
                         int b_rank)
{
    if (a->gone != b->gone)
        return !a->gone;
    if (a_rank != b_rank)
        return a_rank < b_rank;
    bool left = input_left(kind, a);
    return left != input_left(kind, b) ? !left : a->seed < b->seed;
}

static bool value_counts(struct value value)
{
    return value.presence == PRESENCE_VALUE ||
           ((value.presence == PRESENCE_NULL || value.presence == PRESENCE_EMPTY) && value.flags & VALUE_CLEARS);
}

/* How a value stands in the golden record. */
static struct value value_golden(struct value value)
{
    if (value.presence != PRESENCE_VALUE)
        return (struct value){.presence = PRESENCE_NULL};
    value.flags &= (uint8_t) ~(VALUE_CARRIED | VALUE_CLEARS);
    return value;
}

/* Whether the kind has authorities for single fields: else one rank holds for all of them. */
static bool kind_has_single(const struct organization *organization, enum kind kind)
{
    for (const struct authority *at = organization->authorities; at && at->kind != KIND_NONE; at++)
        if (at->kind == kind && at->field)
            return true;
    return false;
}

/* Best of all inputs for one field; false when nobody counts. */
static bool merge_field(const struct organization *organization, enum kind kind, uint16_t number,
                        const struct merge_input *inputs, size_t count, struct merge_winner *ret_winner)
{
    const struct field *field = organization_field_number(organization, kind, number);
    bool found = false;
    int best_rank = 0;
    for (size_t i = 0; i < count; i++) {
        struct value value = image_get(inputs[i].image, number);
        int rank = merge_rank(organization, kind, field, inputs[i].connection);
        if (rank < 0 || !value_counts(value))
            continue;
        if (found && !input_before(kind, &inputs[i], rank, &inputs[ret_winner->input], best_rank))
            continue;
        found = true;
        best_rank = rank;
        *ret_winner = (struct merge_winner){number, i, value_golden(value)};
    }
    return found;
}

/* One record says it all: what counts of it is what holds. */
static size_t merge_alone(const struct organization *organization, enum kind kind, const struct merge_input *input,
                          struct merge_winner *ret_winners)
{
    bool single = kind_has_single(organization, kind);
    int rank = merge_rank(organization, kind, NULL, input->connection);
    uint16_t count = image_count(input->image);
    size_t winners = 0;
    for (uint16_t n = 0; n < count && winners < IMAGE_FIELDS_MAX; n++) {
        uint16_t number;
        struct value value = image_nth(input->image, n, &number);
        if (!value_counts(value))
            continue;
        if (single)
            rank = merge_rank(organization, kind, organization_field_number(organization, kind, number),
                              input->connection);
        if (rank >= 0)
            ret_winners[winners++] = (struct merge_winner){number, 0, value_golden(value)};
    }
    return winners;
}

/* The next field that any input has, stepping over it; UINT32_MAX: none. */
static uint32_t merge_next(const struct merge_input *inputs, size_t count, uint16_t *at)
{
    uint32_t next = UINT32_MAX;
    uint16_t field;
    for (size_t i = 0; i < count; i++)
        if (at[i] < image_count(inputs[i].image)) {
            image_nth(inputs[i].image, at[i], &field);
            next = field < next ? field : next;
        }
    for (size_t i = 0; i < count; i++)
        if (at[i] < image_count(inputs[i].image)) {
            image_nth(inputs[i].image, at[i], &field);
            at[i] += field == next;
        }
    return next;
}

size_t merge_fields(const struct organization *organization, enum kind kind, const struct merge_input *inputs,
                    size_t count, struct merge_winner *ret_winners)
{
    if (count == 1)
        return merge_alone(organization, kind, inputs, ret_winners);
    uint16_t at[256] = {0}; /* a position in each image: fields are taken in ascending order */
    size_t winners = 0;
    for (uint32_t next; winners < IMAGE_FIELDS_MAX && (next = merge_next(inputs, count, at)) != UINT32_MAX;)
        winners += merge_field(organization, kind, (uint16_t)next, inputs, count, &ret_winners[winners]);
    return winners;
}

bool merge_exists(const struct organization *organization, const struct merge_input *inputs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (const struct connection *const *exists = organization->exists; !inputs[i].gone && *exists; exists++)
            if (*exists == inputs[i].connection)
                return true;
    return false;
}

static bool input_unread(const struct merge_input *input, uint16_t field)
{
    return !input->gone && image_get(input->image, field).flags & VALUE_UNREAD;
}

/* Whether the person was known without that record. */
static bool input_late(const struct organization *organization, uint16_t field, const struct merge_input *inputs,
                       size_t count, size_t nth)
{
    for (size_t i = 0; i < count; i++)
        if (inputs[i].seed < inputs[nth].seed && inputs[i].connection != inputs[nth].connection &&
            !input_unread(&inputs[i], field) && merge_exists(organization, &inputs[i], 1))
            return true;
    return false;
}

bool merge_unread(const struct organization *organization, uint16_t field, const struct merge_input *inputs,
                  size_t count, size_t counts)
{
    bool understood = counts < count && !inputs[counts].gone;
    for (size_t i = 0; !understood && i < count; i++)
        if (input_unread(&inputs[i], field) &&
            merge_rank(organization, KIND_person, field_by_number(KIND_person, field), inputs[i].connection) >= 0 &&
            !input_late(organization, field, inputs, count, i))
            return true;
    return false;
}

uint8_t merge_status(uint8_t said, bool unread, bool exists, int64_t hired_day, int64_t terminated_day, int64_t today,
                     int64_t *ret_due)
{
    *ret_due = INT64_MAX;
    if (!exists)
        return INACTIVE;
    if (terminated_day != INT64_MIN && terminated_day < today)
        return TERMINATED;
    if (terminated_day != INT64_MIN)
        *ret_due = terminated_day + 1; /* it is the last day worked */
    if (unread)
        return INACTIVE;
    if (hired_day != INT64_MIN && hired_day > today) {
        *ret_due = hired_day < *ret_due ? hired_day : *ret_due;
        return PENDING;
    }
    if (said == TERMINATED && terminated_day != INT64_MIN)
        return ACTIVE; /* announced, not yet so */
    return said ? said : ACTIVE;
}
