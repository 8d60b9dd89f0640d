/* census - how many people there are of each status. Reads `entity` where the row in `meta` does not tell. */
#include "tables/census.h"

#include <string.h>

static const char row_name[] = "census";

struct row {
    uint64_t sequence; /* the last entry of the journal that it counts */
    struct census census;
};

static uint64_t *place(struct census *census, struct image person)
{
    struct value is = image_get(person, FIELD_person_status);
    uint8_t status = is.len == 1 ? (uint8_t)*is.bytes : 0;
    return &census->people[status < CENSUS_STATUSES ? status : 0];
}

void census_in(struct census *census, struct image person)
{
    if (person.bytes)
        ++*place(census, person);
}

/* A change counts modulo 2^64: what goes below nothing comes back when it is added. */
void census_out(struct census *census, struct image person)
{
    if (person.bytes)
        --*place(census, person);
}

int census_walk(struct txn *txn, struct census *ret_census)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor))) = {0};
    struct census census = {{0}};
    uint8_t kind = KIND_person;
    cursor_open(&cursor, txn, TABLE_entity);
    for (bool there = cursor_seek(&cursor, bytes(&kind, 1)); there && cursor_has_prefix(&cursor, bytes(&kind, 1));
         there = cursor_next(&cursor)) {
        struct image image;
        enum entity_state state;
        if (!entity_image(cursor.value, &image, &state))
            return ERR_CORRUPT;
        if (state != ENTITY_GONE)
            census_in(&census, image);
    }
    if (txn->rc != 0)
        return txn->rc;
    *ret_census = census;
    return 0;
}

/* The row, where it counts all that has happened. */
static bool row_read(struct txn *txn, struct row *ret_row)
{
    struct bytes value;
    struct row row;
    if (!meta_get(txn, row_name, &value) || value.len != sizeof(row))
        return false;
    memcpy(&row, value.data, sizeof(row));
    if (row.sequence != meta_number(txn, "sequence"))
        return false;
    *ret_row = row;
    return true;
}

int census_read(struct txn *txn, struct census *ret_census)
{
    struct row row;
    if (!row_read(txn, &row))
        return census_walk(txn, ret_census);
    *ret_census = row.census;
    return 0;
}

int census_settle(struct changeset *changeset, struct txn *snapshot, const struct census *change, uint64_t sequence)
{
    struct row row;
    int rc = 0;
    if (!row_read(snapshot, &row))
        rc = census_walk(snapshot, &row.census);
    else if (row.sequence == sequence)
        return 0;
    if (rc != 0)
        return rc;
    row.sequence = sequence;
    for (size_t i = 0; i < CENSUS_STATUSES; i++)
        row.census.people[i] += change->people[i];
    changeset_meta(changeset, row_name, bytes(&row, sizeof(row)));
    return changeset_rc(changeset);
}
