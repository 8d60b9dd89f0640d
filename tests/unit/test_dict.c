/* test_dict - names get numbers, once and for ever. */
#include "unit.h"

#include "scratch.h"

#include "store/dict.h"

#include <errno.h>
#include <pthread.h>

enum { NAMES = 60, AT_ONCE = 4 };

static struct scratch scratch;

static int set_up(void **state)
{
    (void)state;
    scratch_make(&scratch);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fault_set(NULL);
    scratch_remove(&scratch);
    return 0;
}

static struct store *opened(void)
{
    struct store *store = NULL;
    assert_int_equal(store_open(scratch.dir, true, &store, NULL), 0);
    return store;
}

static void name_of(uint32_t nth, char out[32])
{
    snprintf(out, 32, "slot:%u", nth);
}

static void a_name_keeps_its_number_and_a_number_its_name(void **state)
{
    (void)state;
    struct store *store TIDY(store_close) = opened();
    uint32_t first = 0, again = 0, other = 0;
    assert_int_equal(dict_number(store, "custom:badge", &first), 0);
    assert_int_equal(dict_number(store, "custom:badge", &again), 0);
    assert_int_equal(dict_number(store, "custom:bad", &other), 0);
    assert_true(first > DICT_FIRST);
    assert_int_equal(first, again);
    assert_int_not_equal(first, other);
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, store, false);
    struct bytes name;
    assert_true(dict_name(&txn, first, &name));
    assert_int_equal(name.len, 12);
    assert_memory_equal(name.data, "custom:badge", 12);
    assert_false(dict_name(&txn, 999, &name));
    assert_int_equal(dict_find(&txn, "custom:badge"), first);
    assert_int_equal(dict_find(&txn, "custom:badg"), 0);
    assert_int_equal(txn_end(&txn), 0);
}

static void of_many_names_those_that_are_new_get_numbers_together(void **state)
{
    (void)state;
    static const char *const names[] = {"stream:pmt/101/users", "stream:pmt/102/users", "stream:pmt/101/users", "x"};
    struct store *store TIDY(store_close) = opened();
    uint32_t known = 0, numbers[4], again[4];
    assert_int_equal(dict_number(store, "stream:pmt/102/users", &known), 0);
    assert_int_equal(dict_numbers(store, names, 4, numbers), 0);
    assert_int_equal(numbers[1], known);
    assert_int_equal(numbers[0], known + 1);
    assert_int_equal(numbers[2], numbers[0]);
    assert_int_equal(numbers[3], known + 2);
    assert_int_equal(dict_numbers(store, names, 4, again), 0);
    assert_memory_equal(again, numbers, sizeof(again));
    assert_int_equal(dict_numbers(store, names, 0, again), 0);
    dict_defer(store);
    static const char *const others[] = {"x", "y", "z"};
    assert_int_equal(dict_numbers(store, others, 3, again), 0);
    assert_int_equal(again[0], numbers[3]);
    assert_int_equal(again[1], numbers[3] + 1);
    assert_int_equal(again[2], numbers[3] + 2);
    dict_forget(store);
}

static void who_only_decides_is_told_numbers_that_nobody_else_sees_until_they_are_settled(void **state)
{
    (void)state;
    struct store *store TIDY(store_close) = opened();
    struct changeset *changeset TIDY(changeset_free) = NULL;
    uint32_t known = 0, first = 0, second = 0, again = 0, number = 0;
    assert_int_equal(dict_number(store, "custom:badge", &known), 0);
    struct txn txn __attribute__((cleanup(tidy_txn)));
    for (int turn = 0; turn < 2; turn++) { /* given up the first time */
        dict_defer(store);
        assert_int_equal(dict_number(store, "custom:badge", &again), 0);
        assert_int_equal(again, known);
        assert_int_equal(dict_number(store, "custom:shoe", &first), 0);
        assert_int_equal(dict_number(store, "custom:hat", &second), 0);
        assert_int_equal(dict_number(store, "custom:shoe", &again), 0);
        assert_int_equal(again, first);
        assert_int_equal(first, known + 1);
        assert_int_equal(second, known + 2);
        txn_begin(&txn, store, false);
        assert_int_equal(meta_number(&txn, "dict"), known);
        assert_int_equal(dict_find(&txn, "custom:hat"), second);
        assert_string_equal(dict_remembered(store, 1, &number), "custom:hat");
        assert_int_equal(number, second);
        assert_null(dict_remembered(store, 2, &number));
        assert_int_equal(txn_end(&txn), 0);
        if (turn == 1) {
            assert_int_equal(changeset_new(store, &changeset), 0);
            assert_int_equal(dict_settle(store, changeset), 0);
        }
        dict_forget(store);
        txn_begin(&txn, store, false);
        assert_int_equal(dict_find(&txn, "custom:hat"), 0);
        assert_int_equal(txn_end(&txn), 0);
    }
    assert_int_equal(changeset_apply(changeset, NULL), 0);
    assert_int_equal(dict_number(store, "custom:hat", &again), 0);
    assert_int_equal(again, second);
    assert_int_equal(dict_number(store, "custom:coat", &again), 0);
    assert_int_equal(again, second + 1);
}

static void long_names_that_begin_alike_stay_apart(void **state)
{
    (void)state;
    struct store *store TIDY(store_close) = opened();
    char name[1200];
    uint32_t seen[4] = {0};
    static const size_t lens[4] = {509, 510, 511, 1000};
    for (int i = 0; i < 4; i++) {
        memset(name, 'x', sizeof(name));
        name[lens[i]] = '\0';
        assert_int_equal(dict_number(store, name, &seen[i]), 0);
        for (int j = 0; j < i; j++)
            assert_int_not_equal(seen[i], seen[j]);
        uint32_t again = 0;
        assert_int_equal(dict_number(store, name, &again), 0);
        assert_int_equal(again, seen[i]);
        struct txn txn __attribute__((cleanup(tidy_txn)));
        struct bytes got;
        txn_begin(&txn, store, false);
        assert_true(dict_name(&txn, seen[i], &got));
        assert_int_equal(got.len, lens[i]);
    }
}

static void *number_names(void *with)
{
    uint64_t seed = (uint64_t)(uintptr_t)with + 77;
    struct store *store TIDY(store_close) = NULL;
    if (store_open(scratch.dir, true, &store, NULL) != 0)
        return with;
    for (int i = 0; i < 2 * NAMES; i++) {
        char name[32];
        uint32_t number = 0;
        name_of(chance(&seed, NAMES), name);
        if (dict_number(store, name, &number) != 0 || number == 0)
            return with;
    }
    return NULL;
}

static void number_names_or_die(void *with)
{
    if (number_names(with))
        abort();
}

static void numbers_are_apart(void)
{
    struct store *store TIDY(store_close) = opened();
    static uint8_t taken[1 << 16];
    memset(taken, 0, sizeof(taken));
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, store, false);
    uint32_t named = 0;
    for (uint32_t nth = 0; nth < NAMES; nth++) {
        char name[32];
        name_of(nth, name);
        uint32_t number = dict_find(&txn, name);
        if (number == 0)
            continue;
        struct bytes back;
        assert_true(number < sizeof(taken) && !taken[number]++);
        assert_true(dict_name(&txn, number, &back));
        assert_int_equal(back.len, strlen(name));
        assert_memory_equal(back.data, name, back.len);
        named++;
    }
    assert_true(named > NAMES / 2);
    assert_int_equal(meta_number(&txn, "dict") - DICT_FIRST, txn_count(&txn, TABLE_dict) / 2); /* none was lost */
}

static void threads_never_get_a_number_twice(void **state)
{
    (void)state;
    pthread_t threads[AT_ONCE];
    void *failed;
    for (uintptr_t i = 0; i < AT_ONCE; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, number_names, (void *)(i + 1)), 0);
    for (int i = 0; i < AT_ONCE; i++) {
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    numbers_are_apart();
}

static void processes_never_get_a_number_twice_not_even_at_the_very_first_start(void **state)
{
    (void)state;
    pid_t children[AT_ONCE];
    for (uintptr_t i = 0; i < AT_ONCE; i++)
        if ((children[i] = fork()) == 0) {
            number_names_or_die((void *)(i + 1));
            _exit(0);
        }
    for (int i = 0; i < AT_ONCE; i++) {
        int status = -1;
        waitpid(children[i], &status, 0);
        assert_int_equal(status, 0);
    }
    numbers_are_apart();
}

static void a_failed_call_gives_no_number_and_takes_none(void **state)
{
    (void)state;
#ifndef HAVE_FAULTS
    skip();
#endif
    struct store *store TIDY(store_close) = opened();
    int nth = 1;
    uint32_t number = 0, next;
    for (int rc = -1; rc != 0; nth++) {
        char plan[32];
        snprintf(plan, sizeof(plan), "store:%d", nth);
        fault_set(plan);
        rc = dict_number(store, "partition:7", &number);
        assert_true(rc == 0 || (rc == -EIO && number == 0));
    }
    assert_true(nth > 6);
    fault_set(NULL);
    assert_int_equal(number, DICT_FIRST + 1);
    assert_int_equal(dict_number(store, "partition:8", &next), 0);
    assert_int_equal(next, DICT_FIRST + 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_name_keeps_its_number_and_a_number_its_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_many_names_those_that_are_new_get_numbers_together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_only_decides_is_told_numbers_that_nobody_else_sees_until_they_are_settled,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_names_that_begin_alike_stay_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(threads_never_get_a_number_twice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(processes_never_get_a_number_twice_not_even_at_the_very_first_start, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_failed_call_gives_no_number_and_takes_none, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("dict", tests, NULL, NULL);
}
