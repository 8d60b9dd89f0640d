/* merge - whose word counts for each field. Pure: source images in, golden values out; no I/O, no clock.
 *
 * For each field the first connection in its order of authority that has a
 * value wins. Absent falls through; null or empty falls through unless it
 * clears, then it wins as "no value". What a record said that its source has
 * let go counts only where nobody else says anything; of several records of one
 * source those count more that say that the person is there. */
#ifndef LOGIC_MERGE_H
#define LOGIC_MERGE_H

#include "config/organization.h"
#include "model/image.h"

struct merge_input {
    const struct connection *connection; /* NULL: no longer in the organization's file; then `gone` too */
    bool gone;                           /* the source has let the record go */
    struct image image;
    uint64_t seed; /* orders records of one connection: of those alike the lowest first */
};

struct merge_winner {
    uint16_t field;
    size_t input;       /* whose value it is */
    struct value value; /* points into that input's image; PRESENCE_NULL when "no value" won */
};

/* The winners by ascending field; room for IMAGE_FIELDS_MAX. Returns how many. */
size_t merge_fields(const struct organization *organization, enum kind kind, const struct merge_input *inputs,
                    size_t count, struct merge_winner *ret_winners);

/* Who may decide a field; NULL: all, in the order of the file. */
const struct authority *merge_authority(const struct organization *organization, enum kind kind,
                                        const struct field *field);
/* The place of a connection in the order of authority for a field, from 0; -1: its word does not count. */
int merge_rank(const struct organization *organization, enum kind kind, const struct field *field,
               const struct connection *connection);

/* Whether somebody who may say so still knows the person. */
bool merge_exists(const struct organization *organization, const struct merge_input *inputs, size_t count);

/* Whether a record says something of the field that nobody understood, and nothing that was understood takes its place:
 * neither another record's word, nor that an older one of another connection that may say who exists knows the person
 * without it. What a record said that is gone is no news. `counts`: the input whose word counts; SIZE_MAX: nobody's. */
bool merge_unread(const struct organization *organization, uint16_t field, const struct merge_input *inputs,
                  size_t count, size_t counts);

/* The effective status as of a day. said: 0 when no source says one; unread: what one says is not understood, so that
 * nobody is taken to be there who is not known to be. *ret_due: the next day on which the answer
 * changes by itself; INT64_MAX: never. Days are since 1970-01-01; INT64_MIN: no such date. */
uint8_t merge_status(uint8_t said, bool unread, bool exists, int64_t hired_day, int64_t terminated_day, int64_t today,
                     int64_t *ret_due);

#endif
