/* test_refer - who refers to whom, run after run, against a plain table of bits. */
#include "unit.h"

#include "scratch.h"

#include "tables/refer.h"

enum { TARGETS = 4, ROOTS = 3000, KINDS = 2 };

static struct scratch scratch;
static struct store *store;

static int set_up(void **state)
{
    (void)state;
    struct err err = {0};
    scratch_make(&scratch);
    return store_open(scratch.dir, true, &store, &err);
}

static int tear_down(void **state)
{
    (void)state;
    fault_set(NULL);
    store_close(TAKE(store));
    scratch_remove(&scratch);
    return 0;
}

/* What has been noted: [target][kind of root][root]. */
static bool model[TARGETS][KINDS][ROOTS];
static const enum kind root_kinds[KINDS] = {KIND_person, KIND_shift};

static uint64_t target_id(size_t target)
{
    return target * 0x100 + 1;
}

struct note {
    size_t target, kind, root;
    bool add;
};

/* One run: notes what is asked for, writes it, gives the number of puts. */
static uint64_t notes_write(const struct note *notes, size_t count, size_t memory)
{
    struct spill *spill TIDY(spill_free) = NULL;
    struct sorter *edits TIDY(sorter_free) = NULL;
    struct changeset *changeset TIDY(changeset_free) = NULL;
    struct txn snapshot __attribute__((cleanup(tidy_txn)));
    uint64_t puts = 0;
    assert_int_equal(spill_new(scratch.dir, &spill), 0);
    assert_int_equal(sorter_new(spill, memory, &edits), 0);
    sorter_stripe(edits, 2);
    assert_int_equal(changeset_new(store, &changeset), 0);
    for (size_t i = 0; i < count; i++) {
        const struct note *note = &notes[i];
        assert_int_equal(
            refer_note(edits, KIND_org_unit, target_id(note->target), root_kinds[note->kind], note->root, note->add),
            0);
        model[note->target][note->kind][note->root] = note->add;
    }
    txn_begin(&snapshot, store, false);
    assert_int_equal(refer_write(edits, &snapshot, changeset), 0);
    txn_abort(&snapshot);
    assert_int_equal(changeset_apply(changeset, &puts), 0);
    return puts;
}

static void all_is_as_noted(void)
{
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, store, false);
    for (size_t t = 0; t < TARGETS; t++) {
        struct root *roots __attribute__((cleanup(tidy_free))) = NULL;
        size_t count = 0, room = 0, expected = 0;
        assert_int_equal(refer_each(&txn, KIND_org_unit, target_id(t), &roots, &count, &room), 0);
        for (size_t i = 0; i < count; i++) {
            size_t kind = roots[i].kind == root_kinds[1];
            assert_int_equal(roots[i].kind, root_kinds[kind]);
            assert_int_equal(roots[i].place, ROOT_ONLY);
            assert_true(roots[i].id < ROOTS && model[t][kind][roots[i].id]);
        }
        for (size_t kind = 0; kind < KINDS; kind++)
            for (size_t root = 0; root < ROOTS; root++)
                expected += model[t][kind][root];
        assert_int_equal(count, expected); /* and each came once: keys are apart */
    }
}

static void whatever_begins_and_ends_is_found_from_the_other_side(void **state)
{
    (void)state;
    uint64_t seed = 7;
    memset(model, 0, sizeof(model));
    for (int run = 0; run < 120; run++) {
        /* target 0 stays short, 1 grows beyond a list, 2 does at one go, 3 shrinks again and again */
        struct note notes[400];
        size_t count = 0, most = run % 7 == 0 ? 400 : 12;
        while (count < most) {
            struct note note = {chance(&seed, TARGETS), chance(&seed, KINDS), 0, true};
            size_t range = note.target == 0 ? 9 : note.target == 3 ? 60 : ROOTS;
            note.root = chance(&seed, range);
            bool often = note.target == 3 || note.target == 0;
            note.add = chance(&seed, often ? 2 : 8) != 0;
            notes[count++] = note;
        }
        notes_write(notes, count, run % 2 ? 1000 : 1 << 20);
        all_is_as_noted();
    }
}

static void as_many_as_a_list_holds_are_one_row(void **state)
{
    (void)state;
    memset(model, 0, sizeof(model));
    struct note notes[65];
    for (size_t i = 0; i < 65; i++)
        notes[i] = (struct note){0, 0, i * 46, true};
    assert_int_equal(notes_write(notes, 63, 1 << 20), 1);
    all_is_as_noted();
    assert_int_equal(notes_write(notes + 63, 1, 1 << 20), 1);
    all_is_as_noted();
    assert_int_equal(notes_write(notes, 64, 1 << 20), 0);         /* as it was */
    assert_int_equal(notes_write(notes + 64, 1, 1 << 20), 1 + 6); /* 65 of them, in six times 512 numbers */
    all_is_as_noted();
    for (size_t i = 0; i < 65; i++)
        notes[i].add = false;
    assert_int_equal(notes_write(notes, 65, 1 << 20), 6);
    all_is_as_noted();
    assert_int_equal(notes_write(notes, 65, 1 << 20), 0);
}

static void who_waits_for_a_key_has_a_row_until_it_waits_no_more(void **state)
{
    (void)state;
    for (int waits = 1; waits >= 0; waits--) {
        struct spill *spill TIDY(spill_free) = NULL;
        struct sorter *edits TIDY(sorter_free) = NULL;
        struct changeset *changeset TIDY(changeset_free) = NULL;
        struct txn snapshot __attribute__((cleanup(tidy_txn)));
        assert_int_equal(spill_new(scratch.dir, &spill), 0);
        assert_int_equal(sorter_new(spill, 1 << 20, &edits), 0);
        assert_int_equal(changeset_new(store, &changeset), 0);
        for (uint64_t root = 1; root < 5; root++)
            for (int word = 0; word < 2; word++) /* the last one counts */
                assert_int_equal(refer_note_waiting(edits, bytes("key", 4), KIND_person, root, word ? waits : !waits),
                                 0);
        txn_begin(&snapshot, store, false);
        assert_int_equal(refer_write(edits, &snapshot, changeset), 0);
        txn_abort(&snapshot);
        assert_int_equal(changeset_apply(changeset, NULL), 0);
        txn_begin(&snapshot, store, false);
        assert_int_equal(txn_count(&snapshot, TABLE_refer), waits ? 4 : 0);
    }
}

static void a_damaged_row_is_said_to_be_one(void **state)
{
    (void)state;
    static const uint8_t key[10] = {REFER_TO, KIND_org_unit, 0, 0, 0, 0, 0, 0, 0, 1};
    struct root *roots __attribute__((cleanup(tidy_free))) = NULL;
    size_t count = 0, room = 0;
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, store, true);
    txn_put(&txn, TABLE_refer, bytes(key, sizeof(key)), bytes("short", 5));
    assert_int_equal(refer_each(&txn, KIND_org_unit, target_id(0), &roots, &count, &room), ERR_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whatever_begins_and_ends_is_found_from_the_other_side, set_up, tear_down),
        cmocka_unit_test_setup_teardown(as_many_as_a_list_holds_are_one_row, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_waits_for_a_key_has_a_row_until_it_waits_no_more, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_row_is_said_to_be_one, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("refer", tests, NULL, NULL);
}
