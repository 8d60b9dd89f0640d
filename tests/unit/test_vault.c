/* test_vault - protected values: equal digests for equal values, sealed, erased with their key. */
#include "unit.h"

#include "scratch.h"

#include "base/error.h"
#include "store/vault.h"

#include <errno.h>

static const uint8_t master[VAULT_MASTER] = "a master key that is thirty-two", other_master[VAULT_MASTER] = "another";

static struct vault vault;

static int set_up(void **state)
{
    (void)state;
    vault_init(&vault, master, "acme");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fault_set(NULL);
    vault_done(&vault);
    static const struct vault wiped;
    return memcmp(&vault, &wiped, sizeof(wiped)) == 0 ? 0 : -1;
}

static struct vault_item item(const char *plain)
{
    struct vault_item item = {.plain = plain, .len = strlen(plain)};
    vault_digest(&vault, plain, item.len, item.digest);
    return item;
}

static struct bytes row_of(const struct buffer *row)
{
    return bytes(row->data, row->len);
}

static int revealed(const struct vault *with, struct bytes row, const char *plain)
{
    struct buffer out __attribute__((cleanup(buffer_done))) = {0};
    buffer_text(&out, "before:");
    struct vault_item wanted = item(plain);
    int rc = vault_reveal(with, row, wanted.digest, &out);
    if (rc == 0) {
        assert_int_equal(out.len, 7 + wanted.len);
        assert_memory_equal(out.data + 7, plain, wanted.len);
    } else {
        assert_int_equal(out.len, 7); /* nothing is left of a failure */
    }
    return rc;
}

static void equal_values_have_equal_digests_within_one_organization_only(void **state)
{
    (void)state;
    uint8_t a[DIGEST_KEYED], b[DIGEST_KEYED];
    struct vault elsewhere, stranger;
    vault_init(&elsewhere, master, "acme2");
    vault_init(&stranger, other_master, "acme");
    vault_digest(&vault, "010190-1234", 11, a);
    vault_digest(&vault, "010190-1234", 11, b);
    assert_memory_equal(a, b, sizeof(a));
    vault_digest(&vault, "010190-1235", 11, b);
    assert_memory_not_equal(a, b, sizeof(a));
    vault_digest(&elsewhere, "010190-1234", 11, b);
    assert_memory_not_equal(a, b, sizeof(a));
    vault_digest(&stranger, "010190-1234", 11, b);
    assert_memory_not_equal(a, b, sizeof(a));
    assert_memory_not_equal(vault.digest_key, vault.wrap_key, 32);
    vault_done(&elsewhere);
    vault_done(&stranger);
}

static void what_is_sealed_is_revealed_and_nothing_else(void **state)
{
    (void)state;
    struct buffer row __attribute__((cleanup(buffer_done))) = {0};
    struct vault_item items[] = {item("010190-1234"), item(""), item("4321.50"), item("010190-1234")};
    assert_int_equal(vault_seal(&vault, bytes(NULL, 0), items, 4, &row), 0);
    assert_null(memmem(row.data, row.len, "010190", 6));
    assert_null(memmem(row.data, row.len, "4321", 4));
    assert_int_equal(revealed(&vault, row_of(&row), "010190-1234"), 0);
    assert_int_equal(revealed(&vault, row_of(&row), ""), 0);
    assert_int_equal(revealed(&vault, row_of(&row), "4321.50"), 0);
    assert_int_equal(revealed(&vault, row_of(&row), "4321.51"), ERR_GONE);
}

static void two_rows_of_the_same_values_look_different(void **state)
{
    (void)state;
    struct buffer a __attribute__((cleanup(buffer_done))) = {0}, b __attribute__((cleanup(buffer_done))) = {0};
    struct vault_item one = item("4321.50");
    assert_int_equal(vault_seal(&vault, bytes(NULL, 0), &one, 1, &a), 0);
    assert_int_equal(vault_seal(&vault, bytes(NULL, 0), &one, 1, &b), 0);
    assert_int_equal(a.len, b.len);
    assert_memory_not_equal(a.data, b.data, 72);
    assert_memory_not_equal(a.data + a.len - 23, b.data + b.len - 23, 23);
}

static void an_update_keeps_the_data_key(void **state)
{
    (void)state;
    struct buffer old __attribute__((cleanup(buffer_done))) = {0}, new __attribute__((cleanup(buffer_done))) = {0};
    struct vault_item one = item("first"), two = item("second");
    assert_int_equal(vault_seal(&vault, bytes(NULL, 0), &one, 1, &old), 0);
    assert_int_equal(vault_seal(&vault, row_of(&old), &two, 1, &new), 0);
    assert_int_equal(revealed(&vault, row_of(&new), "second"), 0);
    assert_int_equal(revealed(&vault, row_of(&new), "first"), ERR_GONE);
    /* An item sealed before opens under the head of the new row: it is the same key. */
    enum { HEAD = 72 };
    struct buffer mixed __attribute__((cleanup(buffer_done))) = {0};
    buffer_add(&mixed, new.data, HEAD);
    buffer_add(&mixed, old.data + HEAD, old.len - HEAD);
    assert_int_equal(revealed(&vault, row_of(&mixed), "first"), 0);
    /* A row without values keeps the key, too. */
    struct buffer none __attribute__((cleanup(buffer_done))) = {0};
    assert_int_equal(vault_seal(&vault, row_of(&new), NULL, 0, &none), 0);
    assert_int_equal(none.len, HEAD);
    buffer_add(&none, old.data + HEAD, old.len - HEAD);
    assert_int_equal(revealed(&vault, row_of(&none), "first"), 0);
}

static void another_master_key_opens_nothing_and_seals_nothing_over_it(void **state)
{
    (void)state;
    struct buffer row __attribute__((cleanup(buffer_done))) = {0}, out __attribute__((cleanup(buffer_done))) = {0};
    struct vault stranger;
    struct vault_item one = item("4321.50");
    vault_init(&stranger, other_master, "acme");
    assert_int_equal(vault_seal(&vault, bytes(NULL, 0), &one, 1, &row), 0);
    assert_int_equal(revealed(&stranger, row_of(&row), "4321.50"), ERR_CORRUPT);
    assert_int_equal(vault_seal(&stranger, row_of(&row), &one, 1, &out), ERR_CORRUPT);
    assert_int_equal(out.len, 0);
    vault_done(&stranger);
}

static void erased_is_erased(void **state)
{
    (void)state;
    struct buffer row __attribute__((cleanup(buffer_done))) = {0}, other __attribute__((cleanup(buffer_done))) = {0};
    struct vault_item one = item("4321.50");
    assert_int_equal(vault_seal(&vault, bytes(NULL, 0), &one, 1, &row), 0);
    assert_int_equal(vault_seal(&vault, bytes(NULL, 0), &one, 1, &other), 0);
    memset(row.data, 0, 72); /* the data key is destroyed */
    assert_int_equal(revealed(&vault, row_of(&row), "4321.50"), ERR_CORRUPT);
    memcpy(row.data, other.data, 72); /* another record's key does not help */
    assert_int_equal(revealed(&vault, row_of(&row), "4321.50"), ERR_CORRUPT);
}

static void damaged_rows_never_reveal_anything(void **state)
{
    (void)state;
    struct buffer row __attribute__((cleanup(buffer_done))) = {0};
    struct vault_item items[] = {item("first value"), item("second value")};
    assert_int_equal(vault_seal(&vault, bytes(NULL, 0), items, 2, &row), 0);
    for (size_t len = 0; len < row.len; len++) {
        char *cut = malloc(len + 1); /* so that a byte read behind it is seen */
        memcpy(cut, row.data, len);
        cut = realloc(cut, len ? len : 1);
        assert_int_not_equal(revealed(&vault, bytes(cut, len), "second value"), 0);
        free(cut);
    }
    for (size_t at = 0; at < row.len; at++)
        for (int bit = 0; bit < 8; bit++) {
            row.data[at] = (char)(row.data[at] ^ (1 << bit));
            int first = revealed(&vault, row_of(&row), "first value");
            int second = revealed(&vault, row_of(&row), "second value");
            assert_false(first == 0 && second == 0); /* each bit belongs to one of the two */
            row.data[at] = (char)(row.data[at] ^ (1 << bit));
        }
}

static void each_allocation_fails_once_and_is_said(void **state)
{
    (void)state;
#ifndef HAVE_FAULTS
    skip();
#endif
    struct vault_item items[] = {item("010190-1234"), item("4321.50")};
    int rc = -1, nth = 1;
    for (; rc != 0; nth++) {
        char plan[32];
        struct buffer row __attribute__((cleanup(buffer_done))) = {0}, out __attribute__((cleanup(buffer_done))) = {0};
        snprintf(plan, sizeof(plan), "alloc:%d", nth);
        fault_set(plan);
        rc = vault_seal(&vault, bytes(NULL, 0), items, 2, &row);
        rc = rc ? rc : vault_reveal(&vault, row_of(&row), items[1].digest, &out);
        assert_int_equal(rc, fault_seen() >= nth ? -ENOMEM : 0);
    }
    assert_true(nth > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_values_have_equal_digests_within_one_organization_only),
        cmocka_unit_test(what_is_sealed_is_revealed_and_nothing_else),
        cmocka_unit_test(two_rows_of_the_same_values_look_different),
        cmocka_unit_test(an_update_keeps_the_data_key),
        cmocka_unit_test(another_master_key_opens_nothing_and_seals_nothing_over_it),
        cmocka_unit_test(erased_is_erased),
        cmocka_unit_test(damaged_rows_never_reveal_anything),
        cmocka_unit_test(each_allocation_fails_once_and_is_said),
    };
    return cmocka_run_group_tests_name("vault", tests, set_up, tear_down);
}
