/* test_census - people by status are counted as they come and go, and anew only where nobody counted. */
#include "shop.h"

#include "tables/census.h"

static const char yaml[] = "connections:\n"
                           "  hr:\n"
                           "    connector: table\n"
                           "    options: { location: DIR/hr }\n"
                           "    streams:\n"
                           "      people:\n"
                           "        key: Nr\n"
                           "        person:\n"
                           "          employee_number: Nr\n"
                           "          family_name: Last\n"
                           "          status: { from: S, table: { A: active, V: on_leave, L: terminated } }\n"
                           "    safeguards: { deactivate: 100% }\n";

#define COLUMNS "columns Nr|Last|S\n"

static void expect_census(struct shop *shop, uint64_t active, uint64_t on_leave, uint64_t inactive, uint64_t left)
{
    struct census census;
    struct txn txn __attribute__((cleanup(tidy_txn)));
    const struct field *status = field_by_number(KIND_person, FIELD_person_status);
    txn_begin(&txn, shop->store, false);
    assert_int_equal(census_read(&txn, &census), 0);
    assert_int_equal(census.people[enum_number(status, "active", 6)], active);
    assert_int_equal(census.people[enum_number(status, "on_leave", 8)], on_leave);
    assert_int_equal(census.people[enum_number(status, "inactive", 8)], inactive);
    assert_int_equal(census.people[enum_number(status, "terminated", 10)], left);
}

/* What the row in `meta` says, whether or not it counts all that happened. */
static struct bytes row(struct shop *shop, struct buffer *ret)
{
    struct txn txn __attribute__((cleanup(tidy_txn)));
    struct bytes value;
    txn_begin(&txn, shop->store, false);
    if (meta_get(&txn, "census", &value))
        buffer_add(ret, value.data, value.len);
    return bytes(ret->data, ret->len);
}

static void set_row(struct shop *shop, struct bytes value)
{
    struct txn txn;
    txn_begin(&txn, shop->store, true);
    meta_set(&txn, "census", value);
    assert_int_equal(txn_end(&txn), 0);
}

static void people_are_counted_as_they_come_change_and_go(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, yaml);
    shop_hear(&shop, "hr", COLUMNS "row 1|Vos|A\nrow 2|Bos|A\nrow 3|Mol|V\n");
    expect_census(&shop, 2, 1, 0, 0);
    shop_hear(&shop, "hr", COLUMNS "row 1|Vos|V\nrow 2|Bos|L\nrow 3|Mol|V\nrow 4|Kok|A\n");
    expect_census(&shop, 1, 2, 0, 1);
    shop_hear(&shop, "hr", COLUMNS "row 1|Vos|V\nrow 2|Bos|L\nrow 4|Kok|A\n");
    expect_census(&shop, 1, 1, 1, 1);
    shop_hear(&shop, "hr", COLUMNS "row 1|Vos|V\nrow 2|Bos|A\nrow 3|Mol|A\nrow 4|Kok|A\n");
    expect_census(&shop, 3, 1, 0, 0);
    shop_close(&shop);
}

static void a_store_from_before_gets_its_count_by_one_walk(void **state)
{
    (void)state;
    struct shop shop;
    struct buffer before __attribute__((cleanup(buffer_done))) = {0};
    struct buffer after __attribute__((cleanup(buffer_done))) = {0};
    shop_open(&shop, yaml);
    shop_hear(&shop, "hr", COLUMNS "row 1|Vos|A\nrow 2|Bos|A\nrow 3|Mol|V\n");
    row(&shop, &before);
    assert_true(before.len > 0);
    set_row(&shop, bytes(NULL, 0));
    expect_census(&shop, 2, 1, 0, 0);
    shop_sync_full(&shop, "hr"); /* changes nobody */
    row(&shop, &after);
    assert_int_equal(before.len, after.len);
    assert_memory_equal(before.data, after.data, after.len);
    set_row(&shop, bytes(NULL, 0));
    shop_hear(&shop, "hr", COLUMNS "row 1|Vos|A\nrow 2|Bos|V\nrow 3|Mol|V\nrow 4|Kok|A\n");
    expect_census(&shop, 2, 2, 0, 0);
    shop_close(&shop);
}

static void a_count_of_another_time_is_not_believed(void **state)
{
    (void)state;
    struct shop shop;
    struct buffer early __attribute__((cleanup(buffer_done))) = {0};
    shop_open(&shop, yaml);
    shop_hear(&shop, "hr", COLUMNS "row 1|Vos|A\nrow 2|Bos|A\n");
    row(&shop, &early);
    shop_hear(&shop, "hr", COLUMNS "row 1|Vos|V\nrow 2|Bos|A\n");
    set_row(&shop, bytes(early.data, early.len)); /* as a muster that does not count would leave it */
    expect_census(&shop, 1, 1, 0, 0);
    set_row(&shop, bytes(early.data, early.len - 1));
    expect_census(&shop, 1, 1, 0, 0);
    shop_hear(&shop, "hr", COLUMNS "row 1|Vos|V\nrow 2|Bos|V\nrow 3|Mol|A\n");
    expect_census(&shop, 1, 2, 0, 0);
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_are_counted_as_they_come_change_and_go),
        cmocka_unit_test(a_store_from_before_gets_its_count_by_one_walk),
        cmocka_unit_test(a_count_of_another_time_is_not_believed),
    };
    return cmocka_run_group_tests_name("census", tests, NULL, NULL);
}
