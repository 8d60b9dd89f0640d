/* test_protected - what is protected is nowhere to be read but in the vault, by who has the key. */
#include "shop.h"

#include "engine/masterkey.h"
#include "scratch.h"
#include "store/vault.h"

#include <stdio.h>

#define YAML                                                                                                           \
    "connections:\n  hr:\n    connector: table\n    options: { location: DIR/hr }\n    streams:\n"                     \
    "      people:\n        key: [Nr, Line]\n"                                                                         \
    "        person: { key: Nr, employee_number: Nr, family_name: Last, given_name: First, date_of_birth: Born,\n"     \
    "          national_id: Id }\n"                                                                                    \
    "        pay: { when: { from: Pay, present: true }, type: { const: annual }, amount: Pay }\n"
#define COLUMNS "columns Nr|Line|First|Last|Born|Id|Pay\n"

static const char *canary;
static unsigned long found;

static int look(const char *path, const struct stat *stat, int type, struct FTW *at)
{
    if (type != FTW_F || strcmp(path + at->base, "hr") == 0 || stat->st_size == 0)
        return 0;
    FILE *file = fopen(path, "r");
    char *whole = malloc((size_t)stat->st_size);
    assert_non_null(file);
    size_t len = fread(whole, 1, (size_t)stat->st_size, file);
    if (memmem(whole, len, canary, strlen(canary))) {
        print_message("%s is in %s\n", canary, path);
        found++;
    }
    free(whole);
    fclose(file);
    return 0;
}

static void expect_nowhere(struct shop *shop, const char *text)
{
    canary = text;
    found = 0;
    nftw(shop->dir, look, 16, FTW_PHYS);
    assert_int_equal(found, 0);
}

/* What the vault gives for a value: of any record. */
static bool sealed(struct shop *shop, const char *plain)
{
    struct vault vault;
    uint8_t master[VAULT_MASTER], digest[DIGEST_KEYED];
    struct err err = {0};
    struct txn txn __attribute__((cleanup(tidy_txn)));
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    bool there = false;
    assert_int_equal(masterkey_load(&shop->settings, master, &err), 0);
    vault_init(&vault, master, "a");
    vault_digest(&vault, plain, strlen(plain), digest);
    txn_begin(&txn, shop->store, false);
    cursor_open(&cursor, &txn, TABLE_vault);
    for (bool row = cursor_seek(&cursor, bytes("", 0)); row; row = cursor_next(&cursor)) {
        struct buffer out = {0};
        if (vault_reveal(&vault, cursor.value, digest, &out) == 0) {
            assert_int_equal(out.len, strlen(plain));
            assert_memory_equal(out.data, plain, out.len);
            there = true;
        }
        buffer_done(&out);
    }
    vault_done(&vault);
    return there;
}

static void a_protected_value_is_in_no_file(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, YAML);
    shop_hear(&shop, "hr",
              COLUMNS "row 1|a|Ann|Vos|1980-01-01|CANARY-ONE|\nrow 2|a|Bob|Bos|1981-01-01|CANARY-TWO|987654.32\n");
    assert_true(sealed(&shop, "CANARY-ONE"));
    assert_true(sealed(&shop, "987654.32"));
    char *before = shop_field(&shop, "1", "national_id");
    shop_hear(&shop, "hr",
              COLUMNS "row 1|a|Ann|Vos|1980-01-01|CANARY-ONE|\nrow 2|a|Bob|Bos|1981-01-01|CANARY-NEW|123456.78\n");
    assert_int_equal(shop.report.updated, 1);
    char *after = shop_field(&shop, "1", "national_id");
    assert_string_equal(before, after);
    assert_true(sealed(&shop, "CANARY-NEW"));
    assert_true(sealed(&shop, "CANARY-TWO")); /* the history still shows it to who has the right */
    /* also where a value cannot be used: it is in no dead letter */
    shop_hear(&shop, "hr",
              COLUMNS "row 1|a|Ann|Vos|1980-01-01|CANARY-ONE|\nrow 2|a|Bob|Bos|1981-01-01|CANARY\tX\x01Y|12x34y\n");
    char *waits = shop_waits(&shop);
    assert_non_null(strstr(waits, "bad_number 2 pay.amount"));
    free(waits);
    static const char *const plain[] = {"CANARY", "987654", "123456.78", "12x34y"};
    for (size_t i = 0; i < 4; i++)
        expect_nowhere(&shop, plain[i]);
    shop_check_again(&shop);
    free(before);
    free(after);
    shop_close(&shop);
}

static void what_was_sealed_stays_when_a_record_is_not_taken(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, YAML);
    shop_hear(&shop, "hr", COLUMNS "row 1|a|Ann|Vos|1980-01-01|CANARY-ONE|\n");
    shop_hear(&shop, "hr", COLUMNS "row 1|a|Piet|Mol|1999-01-01|CANARY-TWO|\n");
    expect_waits(&shop, "h identity_reused 1\n");
    assert_true(sealed(&shop, "CANARY-ONE"));
    shop_close(&shop);
}

static void many_protected_values_of_one_record_are_all_kept(void **state)
{
    (void)state;
    struct shop shop;
    struct buffer text = {0};
    char plain[20];
    shop_open(&shop, YAML);
    buffer_text(&text, COLUMNS);
    for (int i = 0; i < 200; i++)
        buffer_format(&text, "row 1|%d|Ann|Vos||X|%d\n", i, 70000 + i);
    shop_hear(&shop, "hr", text.data);
    for (int i = 0; i < 200; i++) {
        snprintf(plain, sizeof(plain), "%d", 70000 + i);
        assert_true(sealed(&shop, plain));
    }
    assert_false(sealed(&shop, "71000"));
    shop_check_again(&shop);
    buffer_done(&text);
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_protected_value_is_in_no_file),
        cmocka_unit_test(what_was_sealed_stays_when_a_record_is_not_taken),
        cmocka_unit_test(many_protected_values_of_one_record_are_all_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
