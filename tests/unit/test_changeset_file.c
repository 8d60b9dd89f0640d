/* test_changeset_file - what was decided can be kept for later: sealed, whole, and applied as if it had been at once.
 */
#include "unit.h"

#include "scratch.h"

#include "base/digest.h"
#include "store/changeset.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>

enum { SMALL = 200, LARGE = 45000, VALUE = 800 };

static struct scratch scratch;
static const uint8_t key[CHANGESET_KEY] = "a key of this organization only";

static const char *place(const char *name)
{
    return scratch_path(&scratch, name);
}

static struct store *opened(void)
{
    struct store *store = NULL;
    struct err err = {0};
    if (store_open(place("org"), true, &store, &err) != 0)
        fail_msg("%s", err.text);
    return store;
}

static int set_up(void **state)
{
    (void)state;
    scratch_make(&scratch);
    fault_set(NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fault_set(NULL);
    scratch_remove(&scratch);
    return 0;
}

static struct bytes row_key(uint32_t nth, char out[16])
{
    return bytes(out, (size_t)snprintf(out, 16, "k%08u", nth));
}

static struct bytes row_value(uint32_t nth, uint32_t salt, char out[VALUE])
{
    size_t len = (size_t)snprintf(out, VALUE, "Jansen-%u-%u ", nth, salt);
    for (; len < VALUE; len++)
        out[len] = (char)('a' + (nth + len) % 26);
    return bytes(out, VALUE / 2 + nth % (VALUE / 2));
}

/* Rows in two tables, in no order; `salt` 2 replaces and deletes what 1 brought. */
static void decide(struct store *store, uint32_t count, uint32_t salt, struct changeset *changeset)
{
    char name[16], value[VALUE] = "";
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, store, false);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t n = (uint32_t)(((uint64_t)i * 7919) % count);
        struct bytes old = {0};
        if (txn_get(&txn, TABLE_source, row_key(n, name), &old) && n % 5 == 0)
            changeset_delete(changeset, TABLE_source, row_key(n, name), old);
        else
            changeset_put(changeset, TABLE_source, row_key(n, name), old, row_value(n, salt, value));
        char further[20];
        size_t len = (size_t)snprintf(further, sizeof(further), "%u/%08u", salt, n);
        changeset_put(changeset, TABLE_journal, bytes(further, len), bytes(NULL, 0), bytes(value, 30));
    }
    changeset_counter(changeset, "sequence", salt * 1000);
    assert_int_equal(txn_end(&txn), 0);
}

static void apply_at_once(struct store *store, uint32_t count, uint32_t salt)
{
    struct changeset *changeset TIDY(changeset_free) = NULL;
    assert_int_equal(changeset_new(store, &changeset), 0);
    decide(store, count, salt, changeset);
    assert_int_equal(changeset_apply(changeset, NULL), 0);
}

static int save(struct store *store, uint32_t count, uint32_t salt)
{
    struct changeset *changeset TIDY(changeset_free) = NULL;
    int rc = changeset_new_at(store, place("part"), &changeset);
    if (rc == 0)
        decide(store, count, salt, changeset);
    return rc ? rc : changeset_save(changeset, place("plan"), key, bytes("what it is about", 16));
}

static uint64_t digest_of(struct store *store)
{
    uint64_t all = 0;
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, store, false);
    for (int table = 0; table < TABLE_COUNT; table++) {
        struct cursor cursor __attribute__((cleanup(tidy_cursor)));
        cursor_open(&cursor, &txn, (enum table)table);
        for (bool on = cursor_seek(&cursor, bytes("", 0)); on; on = cursor_next(&cursor)) {
            uint64_t row[4] = {all, (uint64_t)table, digest_fast(cursor.key.data, cursor.key.len),
                               cursor.value.len ? digest_fast(cursor.value.data, cursor.value.len) : 0};
            all = digest_fast(row, sizeof(row));
        }
    }
    assert_int_equal(txn_end(&txn), 0);
    return all;
}

static char *whole(const char *path, size_t *ret_len)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *ret_len = (size_t)ftell(file);
    rewind(file);
    char *text = malloc(*ret_len + 1);
    assert_int_equal(fread(text, 1, *ret_len, file), *ret_len);
    fclose(file);
    return text;
}

static void put(const char *path, const char *text, size_t len)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

/* The digest after both changesets went in at once, in a store of its own. */
static uint64_t undisturbed(uint32_t count)
{
    struct scratch here = scratch;
    scratch_make(&scratch);
    struct store *store = opened();
    apply_at_once(store, count, 1);
    apply_at_once(store, count, 2);
    uint64_t digest = digest_of(store);
    store_close(store);
    scratch_remove(&scratch);
    scratch = here;
    return digest;
}

static void kept_and_applied_later_it_does_what_it_would_have_done_at_once(void **state)
{
    (void)state;
    static const uint32_t counts[] = {SMALL, LARGE};
    for (size_t i = 0; i < 2; i++) {
        uint64_t wanted = undisturbed(counts[i]);
        struct store *store = opened();
        struct changeset *changeset TIDY(changeset_free) = NULL;
        struct buffer about = {0};
        apply_at_once(store, counts[i], 1);
        uint64_t before = digest_of(store);
        assert_int_equal(save(store, counts[i], 2), 0);
        assert_int_equal(digest_of(store), before);
        assert_int_equal(access(place("part"), F_OK), -1);
        store_close(store);
        store = opened(); /* another process, another day */
        assert_int_equal(changeset_about(place("plan"), key, &about), 0);
        assert_int_equal(about.len, 16);
        assert_memory_equal(about.data, "what it is about", 16);
        assert_int_equal(changeset_open(store, place("plan"), key, &changeset), 0);
        assert_int_equal(changeset_apply(changeset, NULL), 0);
        changeset_free(TAKE(changeset));
        assert_int_equal(digest_of(store), wanted);
        assert_int_equal(access(place("plan"), F_OK), 0); /* whoever made it removes it */
        assert_int_equal(access(place("org/changeset"), F_OK), -1);
        /* once more: what should stand there does not */
        assert_int_equal(changeset_open(store, place("plan"), key, &changeset), 0);
        assert_int_equal(changeset_apply(changeset, NULL), ERR_CONFLICT);
        changeset_free(TAKE(changeset));
        assert_int_equal(digest_of(store), wanted);
        store_close(store);
        buffer_done(&about);
        scratch_remove(&scratch);
        scratch_make(&scratch);
    }
}

static void its_rows_can_be_walked_when_it_is_saved_and_when_it_is_opened(void **state)
{
    (void)state;
    struct store *store TIDY(store_close) = opened();
    struct changeset *changeset TIDY(changeset_free) = NULL;
    char name[16];
    apply_at_once(store, SMALL, 1);
    assert_int_equal(changeset_new_at(store, place("part"), &changeset), 0);
    decide(store, SMALL, 2, changeset);
    assert_int_equal(changeset_save(changeset, place("plan"), key, bytes(NULL, 0)), 0);
    for (int turn = 0; turn < 2; turn++) {
        struct changeset_row row;
        uint32_t count = 0;
        assert_int_equal(changeset_rewind(changeset, TABLE_source), 0);
        for (; changeset_next(changeset, TABLE_source, &row) == 1; count++) {
            struct bytes wanted = row_key(count, name);
            assert_int_equal(row.key.len, wanted.len);
            assert_memory_equal(row.key.data, wanted.data, wanted.len);
            assert_int_equal(row.goes, count % 5 == 0);
        }
        assert_int_equal(count, SMALL);
        changeset_free(TAKE(changeset));
        assert_int_equal(changeset_open(store, place("plan"), key, &changeset), 0);
    }
}

static void nothing_of_it_can_be_read_without_the_key(void **state)
{
    (void)state;
    struct store *store TIDY(store_close) = opened();
    struct changeset *changeset TIDY(changeset_free) = NULL;
    struct buffer about = {0};
    uint8_t other[CHANGESET_KEY] = "of another organization";
    size_t len;
    assert_int_equal(save(store, SMALL, 1), 0);
    char *text = whole(place("plan"), &len);
    assert_null(memmem(text, len, "Jansen", 6));
    assert_null(memmem(text, len, "k0000", 5));
    assert_null(memmem(text, len, "about", 5));
    assert_int_equal(changeset_about(place("plan"), other, &about), ERR_CORRUPT);
    assert_int_equal(changeset_open(store, place("plan"), other, &changeset), ERR_CORRUPT);
    assert_int_equal(changeset_open(store, place("none"), key, &changeset), -ENOENT);
    struct stat stat_of;
    assert_int_equal(stat(place("plan"), &stat_of), 0);
    assert_int_equal(stat_of.st_mode & 0777, 0600);
    free(text);
    buffer_done(&about);
}

static void a_damaged_one_is_refused_wherever_the_damage_is(void **state)
{
    (void)state;
    struct store *store TIDY(store_close) = opened();
    struct changeset *changeset = NULL;
    size_t len;
    assert_int_equal(save(store, SMALL, 1), 0);
    char *text = whole(place("plan"), &len);
    for (size_t at = 0; at < len; at += at + 400 < len ? 397 : 1) {
        text[at] ^= 4;
        put(place("bad"), text, len);
        int rc = changeset_open(store, place("bad"), key, &changeset);
        if (rc != ERR_CORRUPT && rc != ERR_NEWER)
            fail_msg("byte %zu of %zu: %d", at, len, rc);
        text[at] ^= 4;
    }
    for (size_t cut = 0; cut < len; cut += cut + 200 < len ? 997 : 1) {
        put(place("bad"), text, cut);
        assert_int_equal(changeset_open(store, place("bad"), key, &changeset), ERR_CORRUPT);
    }
    text = realloc(text, len + 1);
    text[len] = 'x';
    put(place("bad"), text, len + 1);
    assert_int_equal(changeset_open(store, place("bad"), key, &changeset), ERR_CORRUPT);
    put(place("bad"), text, len);
    assert_int_equal(changeset_open(store, place("bad"), key, &changeset), 0);
    changeset_free(changeset);
    free(text);
}

static void of_one_that_is_over_only_what_was_said_about_it_is_left(void **state)
{
    (void)state;
    struct store *store TIDY(store_close) = opened();
    struct changeset *changeset = NULL;
    struct buffer about = {0};
    assert_int_equal(save(store, SMALL, 1), 0);
    assert_int_equal(changeset_save_about(place("plan"), key, bytes("over", 4)), 0);
    assert_int_equal(changeset_about(place("plan"), key, &about), 0);
    assert_string_equal(about.data, "over");
    assert_int_equal(changeset_open(store, place("plan"), key, &changeset), ERR_GONE);
    struct stat stat_of;
    assert_int_equal(stat(place("plan"), &stat_of), 0);
    assert_true(stat_of.st_size < 2000);
    buffer_done(&about);
}

static void save_in_child(void *with)
{
    struct store *store = opened();
    _exit(save(store, *(uint32_t *)with, 2) == 0 ? 0 : 1);
}

static void apply_in_child(void *with)
{
    (void)with;
    struct store *store = opened();
    struct changeset *changeset = NULL;
    if (changeset_open(store, place("plan"), key, &changeset) != 0)
        _exit(2);
    _exit(changeset_apply(changeset, NULL) == 0 ? 0 : 1);
}

static bool died(int status)
{
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static void killed_while_it_is_saved_there_is_none(void **state)
{
    (void)state;
#ifndef HAVE_FAULTS
    skip();
#endif
    uint32_t count = SMALL;
    fault_set("kill:save");
    assert_true(died(scratch_child(save_in_child, &count)));
    fault_set(NULL);
    assert_int_equal(access(place("plan"), F_OK), -1);
}

static void killed_while_it_is_applied_it_is_finished_or_still_there(void **state)
{
    (void)state;
#ifndef HAVE_FAULTS
    skip();
#endif
    static const struct {
        const char *plan;
        bool all;
    } cases[] = {{"kill:journal", false}, {"kill:keep", false}, {"kill:applying", true}, {"kill:commit", true}};
    uint64_t wanted = undisturbed(LARGE);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct store *store = opened();
        struct changeset *changeset TIDY(changeset_free) = NULL;
        struct err err = {0};
        bool finished;
        apply_at_once(store, LARGE, 1);
        uint64_t before = digest_of(store);
        assert_int_equal(save(store, LARGE, 2), 0);
        store_close(store);
        fault_set(cases[i].plan);
        assert_true(died(scratch_child(apply_in_child, NULL)));
        fault_set(NULL);
        store = opened();
        assert_int_equal(changeset_recover(store, &finished, &err), 0);
        assert_int_equal(finished, cases[i].all);
        assert_int_equal(digest_of(store), finished ? wanted : before);
        assert_int_equal(access(place("org/changeset"), F_OK), -1);
        assert_int_equal(changeset_open(store, place("plan"), key, &changeset), 0); /* it stays, and is whole */
        assert_int_equal(changeset_apply(changeset, NULL), finished ? ERR_CONFLICT : 0);
        changeset_free(TAKE(changeset));
        assert_int_equal(digest_of(store), wanted);
        store_close(store);
        scratch_remove(&scratch);
        scratch_make(&scratch);
    }
}

static void any_call_that_fails_while_it_is_saved_leaves_none_or_a_whole_one(void **state)
{
    (void)state;
#ifndef HAVE_FAULTS
    skip();
#endif
    static const char *const points[] = {"alloc", "spill"};
    struct store *store TIDY(store_close) = opened();
    for (size_t p = 0; p < 2; p++) {
        bool hit = true;
        for (long nth = 1; hit; nth++) {
            struct changeset *changeset TIDY(changeset_free) = NULL;
            char plan[40];
            snprintf(plan, sizeof(plan), "%s:%ld", points[p], nth);
            fault_set(plan);
            int rc = save(store, 20, 1);
            hit = fault_seen() >= nth;
            fault_set(NULL);
            assert_true(hit || rc == 0);
            assert_int_equal(access(place("part"), F_OK), -1);
            int opened_rc = changeset_open(store, place("plan"), key, &changeset);
            assert_int_equal(opened_rc, rc == 0 ? 0 : -ENOENT);
            remove(place("plan"));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(kept_and_applied_later_it_does_what_it_would_have_done_at_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(its_rows_can_be_walked_when_it_is_saved_and_when_it_is_opened, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(nothing_of_it_can_be_read_without_the_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_one_is_refused_wherever_the_damage_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_one_that_is_over_only_what_was_said_about_it_is_left, set_up, tear_down),
        cmocka_unit_test_setup_teardown(killed_while_it_is_saved_there_is_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(killed_while_it_is_applied_it_is_finished_or_still_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(any_call_that_fails_while_it_is_saved_leaves_none_or_a_whole_one, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
