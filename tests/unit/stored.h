/* stored - for tests of the store: an organization's environment in a folder of the test's own. */
#ifndef TESTS_STORED_H
#define TESTS_STORED_H

#include "unit.h"

#include "scratch.h"

#include "store/store.h"

static struct scratch scratch;

static inline int set_up(void **state)
{
    (void)state;
    scratch_make(&scratch);
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    fault_set(NULL);
    unsetenv("MUSTER_MAP_SIZE");
    scratch_remove(&scratch);
    return 0;
}

static inline struct bytes text(const char *words)
{
    return bytes(words, strlen(words));
}

static inline struct store *opened(const char *name)
{
    struct store *store = NULL;
    struct err err = {0};
    if (store_open(scratch_path(&scratch, name), true, &store, &err) != 0)
        fail_msg("%s", err.text);
    return store;
}

static inline bool stands(struct store *store, const char *key, const char *value)
{
    struct txn txn __attribute__((cleanup(tidy_txn)));
    struct bytes got;
    txn_begin(&txn, store, false);
    bool there = txn_get(&txn, TABLE_source, text(key), &got);
    assert_int_equal(txn.rc, 0);
    return there && got.len == strlen(value) && memcmp(got.data, value, got.len) == 0;
}

static inline void assert_said(const struct err *err, const char *words)
{
    if (!strstr(err->text, words))
        fail_msg("\"%s\" does not say \"%s\"", err->text, words);
}

/* A test in a folder of its own. */
#define CASE(claim) cmocka_unit_test_setup_teardown(claim, set_up, tear_down)

#endif
