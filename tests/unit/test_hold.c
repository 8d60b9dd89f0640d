/* test_hold - what is proposed and not taken: how it is told from other proposals, and how staging goes by it. */
#include "shop.h"

#include "engine/proposal.h"

#define YAML                                                                                                           \
    "connections:\n  hr:\n    connector: table\n    options: { location: DIR/hr }\n    streams:\n"                     \
    "      people:\n        key: Nr\n        person: { employee_number: Nr, family_name: Last, work_email: Mail,\n"    \
    "          status: { from: Status, table: { A: active, L: terminated } } }\n"                                      \
    "        employment: { title: Title }\n"

/* A stage on the store of a shop, as in an act. */
struct bench {
    struct shop shop;
    struct txn txn;
    struct changeset *changeset;
    struct stage stage;
    struct holds holds;
    struct vault vault;
    struct buffer key, value;
    struct source source;
};

static void bench_open(struct bench *bench)
{
    shop_open(&bench->shop, YAML);
    shop_hear(&bench->shop, "hr",
              "columns Nr|Last|Mail|Status|Title\nrow 1|One|one@x|A|Cook\nrow 2|Two|two@x|A|Cook\n");
    txn_begin(&bench->txn, bench->shop.store, false);
    assert_int_equal(changeset_new(bench->shop.store, &bench->changeset), 0);
    bench->stage = (struct stage){.snapshot = &bench->txn,
                                  .changeset = bench->changeset,
                                  .vault = &bench->vault,
                                  .holds = &bench->holds,
                                  .run = 9,
                                  .now_ms = 1234,
                                  .next_seed = 100};
    assert_int_equal(stage_init(&bench->stage, bench->shop.dir), 0);
}

static void bench_close(struct bench *bench)
{
    stage_done(&bench->stage);
    holds_done(&bench->holds);
    changeset_free(bench->changeset);
    txn_abort(&bench->txn);
    buffer_done(&bench->key);
    buffer_done(&bench->value);
    shop_close(&bench->shop);
    free(bench);
}

static struct bench *bench_new(void)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    bench_open(bench);
    return bench;
}

static struct bytes bench_key(struct bench *bench, const char *id)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    cursor_open(&cursor, &bench->txn, TABLE_source);
    assert_true(cursor_seek(&cursor, bytes("", 0)));
    buffer_clear(&bench->key);
    source_key(source_key_stream(cursor.key), id, strlen(id), &bench->key);
    return bytes(bench->key.data, bench->key.len);
}

/* The record of `like` with these words of its person. */
static struct bytes bench_words(struct bench *bench, const char *like, const char *last, const char *mail)
{
    static struct image_maker maker;
    static struct body_maker body;
    struct buffer image = {0}, made = {0};
    struct bytes stored;
    uint16_t field, nth;
    assert_true(txn_get(&bench->txn, TABLE_source, bench_key(bench, like), &stored));
    assert_true(source_read(stored, &bench->source));
    image_start(&maker);
    for (uint16_t n = 0; n < image_count(bench->source.sections[0].image); n++) {
        struct value value = image_nth(bench->source.sections[0].image, n, &field);
        image_put(&maker, field, value);
    }
    image_put(&maker, FIELD_person_family_name, (struct value){PRESENCE_VALUE, 0, (uint32_t)strlen(last), last});
    image_put(&maker, FIELD_person_work_email, (struct value){PRESENCE_VALUE, 0, (uint32_t)strlen(mail), mail});
    image_write(&maker, &image);
    body_start(&body);
    for (uint16_t n = 0; n < bench->source.count; n++) {
        struct section_view section = bench->source.sections[n];
        if (n == 0)
            section.image = (struct image){(const uint8_t *)image.data, (uint32_t)image.len};
        assert_int_equal(body_add(&body, &section, &nth), 0);
    }
    body_write(&body, &made);
    bench->source.body = bytes(made.data, made.len);
    buffer_clear(&bench->value);
    source_write(&bench->source, &bench->value);
    buffer_done(&image);
    buffer_done(&made);
    return bytes(bench->value.data, bench->value.len);
}

static int propose(struct bench *bench, const char *id, enum staged_what what, struct bytes value)
{
    return stage_propose(&bench->stage, bench_key(bench, id), what, value, bytes(NULL, 0));
}

static const struct source *staged_at(struct bench *bench, uint64_t place, enum staged_what what)
{
    static struct source source;
    struct staged staged;
    assert_int_equal(stage_read(&bench->stage, place, 0, &staged), 0);
    assert_int_equal(staged.what, what);
    assert_true(source_read(staged.value, &source));
    return &source;
}

static void expect_text(const struct source *source, uint16_t field, const char *wanted, uint8_t flags)
{
    struct value value = image_get(source->sections[0].image, field);
    assert_int_equal(value.len, strlen(wanted));
    assert_memory_equal(value.bytes, wanted, value.len);
    assert_int_equal(value.flags & VALUE_CARRIED, flags);
}

/* --- staging what was proposed --- */

static void what_the_store_says_already_is_not_staged(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    assert_int_equal(propose(bench, "1", STAGED_CHANGED, bench_words(bench, "1", "One", "one@x")), 0);
    assert_int_equal(bench->stage.count, 0);
    bench_close(bench);
}

static void a_change_keeps_the_seeds_and_a_new_record_gets_some(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    assert_int_equal(propose(bench, "1", STAGED_NEW, bench_words(bench, "1", "Other", "one@x")), 0);
    assert_int_equal(propose(bench, "3", STAGED_CHANGED, bench_words(bench, "1", "New", "new@x")), 0);
    assert_int_equal(bench->stage.count, 2);
    const struct source *source = staged_at(bench, bench->stage.places[0], STAGED_CHANGED);
    assert_true(source->sections[0].seed < 100);
    assert_int_equal(source->situation, SITUATION_LINKED);
    assert_int_equal(source->run, 9);
    source = staged_at(bench, bench->stage.places[1], STAGED_NEW);
    assert_int_equal(source->sections[0].seed, 101);
    assert_int_equal(source->sections[1].seed, 102);
    assert_int_equal(source->situation, 0);
    bench_close(bench);
}

static void a_record_leaves_once_and_is_staged_once(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    assert_int_equal(propose(bench, "3", STAGED_GONE, bench_words(bench, "1", "", "")), 0); /* nobody there */
    assert_int_equal(bench->stage.count, 0);
    assert_int_equal(stage_touch(&bench->stage, bench_key(bench, "1")), 0);
    assert_int_equal(propose(bench, "1", STAGED_CHANGED, bench_words(bench, "1", "Other", "one@x")), 0);
    assert_int_equal(bench->stage.count, 1);
    assert_int_equal(propose(bench, "1", STAGED_GONE, bench_words(bench, "1", "One", "one@x")), 0);
    assert_int_equal(bench->stage.count, 1);
    const struct source *source = staged_at(bench, bench->stage.places[0], STAGED_GONE);
    assert_int_equal(source->state, SOURCE_GONE);
    expect_text(source, FIELD_person_family_name, "One", 0);
    assert_int_equal(stage_touch(&bench->stage, bench_key(bench, "1")), 0);
    assert_int_equal(stage_touch(&bench->stage, bench_key(bench, "2")), 0);
    assert_int_equal(bench->stage.count, 2);
    bench_close(bench);
}

/* --- holds --- */

static void hold(struct bench *bench, const char *id, enum gate gate, uint16_t field, uint64_t expected)
{
    struct hold made = {.record = hold_record(bench_key(bench, id)),
                        .gate = gate,
                        .kind = field ? KIND_person : KIND_NONE,
                        .field = field,
                        .expected = expected};
    assert_int_equal(holds_add(&bench->holds, &made, NULL), 0);
}

static void a_held_field_keeps_what_stood_there_and_the_rest_is_taken(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    hold(bench, "1", GATE_EMAIL, FIELD_person_work_email, 0);
    assert_int_equal(propose(bench, "1", STAGED_CHANGED, bench_words(bench, "1", "Other", "new@x")), 0);
    assert_int_equal(bench->stage.count, 1);
    const struct source *source = staged_at(bench, bench->stage.places[0], STAGED_CHANGED);
    expect_text(source, FIELD_person_family_name, "Other", 0);
    expect_text(source, FIELD_person_work_email, "one@x", VALUE_CARRIED);
    assert_int_equal(source->count, 3);
    assert_int_equal(source->sections[2].kind, KIND_MAPPED); /* how the row wrote its status */
    assert_true(source->sections[1].seed != 0 && source->sections[1].seed < 100);
    assert_int_equal(bench->stage.held_count, 1);
    source = staged_at(bench, bench->stage.held[0], STAGED_CHANGED);
    expect_text(source, FIELD_person_family_name, "Other", 0);
    expect_text(source, FIELD_person_work_email, "new@x", 0);
    assert_true(bench->holds.items[0].kept);
    bench_close(bench);
}

static void a_held_field_of_a_new_record_is_not_there(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    hold(bench, "3", GATE_EMAIL, FIELD_person_work_email, 0);
    assert_int_equal(propose(bench, "3", STAGED_NEW, bench_words(bench, "1", "New", "new@x")), 0);
    const struct source *source = staged_at(bench, bench->stage.places[0], STAGED_NEW);
    assert_int_equal(image_get(source->sections[0].image, FIELD_person_work_email).presence, PRESENCE_ABSENT);
    expect_text(source, FIELD_person_family_name, "New", 0);
    bench_close(bench);
}

static void a_record_that_is_held_as_a_whole_is_not_staged(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    hold(bench, "1", GATE_UPDATE, 0, 0);
    hold(bench, "2", GATE_DEACTIVATE, 0, 0); /* of a removal: it is there */
    assert_int_equal(propose(bench, "1", STAGED_CHANGED, bench_words(bench, "1", "Other", "new@x")), 0);
    assert_int_equal(propose(bench, "2", STAGED_CHANGED, bench_words(bench, "2", "Other", "new@x")), 0);
    assert_int_equal(bench->stage.count, 1);
    assert_int_equal(bench->stage.held_count, 1);
    bench_close(bench);
}

static void nothing_is_left_to_take_when_only_the_held_field_differs(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    hold(bench, "1", GATE_EMAIL, FIELD_person_work_email, 0);
    assert_int_equal(propose(bench, "1", STAGED_CHANGED, bench_words(bench, "1", "One", "new@x")), 0);
    assert_int_equal(bench->stage.held_count, 1);
    assert_int_equal(bench->stage.count, 1); /* once: the value is flagged as carried */
    hold(bench, "2", GATE_EMAIL, FIELD_person_work_email, 0);
    assert_int_equal(propose(bench, "2", STAGED_CHANGED, bench_words(bench, "2", "Other", "two@x")), 0);
    assert_int_equal(bench->stage.held_count, 1); /* it is not about the field */
    assert_int_equal(bench->stage.count, 2);
    bench_close(bench);
}

static uint64_t key_of(struct bench *bench, const char *id, enum gate gate, uint16_t field, struct bytes value)
{
    static struct source source;
    assert_true(source_read(value, &source));
    return hold_key(gate, hold_record(bench_key(bench, id)), field ? KIND_person : KIND_NONE, field, source.sections,
                    source.count);
}

static void a_hold_is_for_what_was_proposed_and_for_nothing_else(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    uint64_t key = key_of(bench, "1", GATE_EMAIL, FIELD_person_work_email, bench_words(bench, "1", "One", "new@x"));
    hold(bench, "1", GATE_EMAIL, FIELD_person_work_email, key);
    assert_int_equal(propose(bench, "1", STAGED_CHANGED, bench_words(bench, "1", "One", "newer@x")), 0);
    assert_int_equal(bench->stage.held_count, 0);
    assert_int_equal(propose(bench, "1", STAGED_CHANGED, bench_words(bench, "1", "Other", "new@x")), 0);
    assert_int_equal(bench->stage.held_count, 1);
    bool added = true;
    assert_int_equal(holds_add(&bench->holds, &bench->holds.items[0], &added), 0);
    assert_false(added);
    bench->holds.items[0].kept = false;
    hold(bench, "1", GATE_EMAIL, FIELD_person_work_email, 0); /* whatever it is, now */
    assert_int_equal(bench->holds.count, 1);
    assert_int_equal(propose(bench, "1", STAGED_CHANGED, bench_words(bench, "1", "One", "newer@x")), 0);
    assert_int_equal(bench->stage.held_count, 2);
    bench_close(bench);
}

static void the_key_of_a_hold_tells_proposals_apart(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    uint64_t keys[8];
    size_t count = 0;
    keys[count++] = key_of(bench, "1", GATE_EMAIL, FIELD_person_work_email, bench_words(bench, "1", "One", "new@x"));
    keys[count++] = key_of(bench, "1", GATE_EMAIL, FIELD_person_work_email, bench_words(bench, "1", "One", "newer@x"));
    keys[count++] = key_of(bench, "2", GATE_EMAIL, FIELD_person_work_email, bench_words(bench, "1", "One", "new@x"));
    keys[count++] = key_of(bench, "1", GATE_UPDATE, 0, bench_words(bench, "1", "One", "new@x"));
    keys[count++] = key_of(bench, "1", GATE_UPDATE, 0, bench_words(bench, "1", "Other", "new@x"));
    keys[count++] = key_of(bench, "1", GATE_DEACTIVATE, 0, bench_words(bench, "1", "One", "new@x"));
    keys[count++] = key_of(bench, "1", GATE_IDENTITY, 0, bench_words(bench, "1", "One", "new@x"));
    for (size_t i = 0; i < count; i++) {
        assert_true(keys[i] >> 63);
        for (size_t j = 0; j < i; j++)
            assert_true(keys[i] != keys[j]);
    }
    /* the rest of the record does not matter to a field, nor the address to who it is, nor anything to a removal */
    assert_true(keys[0] ==
                key_of(bench, "1", GATE_EMAIL, FIELD_person_work_email, bench_words(bench, "1", "Other", "new@x")));
    assert_true(keys[6] == key_of(bench, "1", GATE_IDENTITY, 0, bench_words(bench, "1", "One", "newer@x")));
    assert_true(keys[5] == key_of(bench, "1", GATE_EMPTY, 0, bench_words(bench, "1", "Other", "newer@x")));
    bench_close(bench);
}

static void every_gate_has_a_reason_that_leads_back_to_it(void **state)
{
    (void)state;
    for (unsigned gate = 1; gate < GATE_COUNT; gate++) {
        assert_non_null(gate_reason((enum gate)gate));
        assert_int_equal(gate_of_reason(gate_reason((enum gate)gate)), gate);
    }
    assert_int_equal(gate_of_reason("bad_date"), GATE_NONE);
    assert_int_equal(gate_of_reason(NULL), GATE_NONE);
    assert_null(gate_reason(GATE_COUNT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_store_says_already_is_not_staged),
        cmocka_unit_test(a_change_keeps_the_seeds_and_a_new_record_gets_some),
        cmocka_unit_test(a_record_leaves_once_and_is_staged_once),
        cmocka_unit_test(a_held_field_keeps_what_stood_there_and_the_rest_is_taken),
        cmocka_unit_test(a_held_field_of_a_new_record_is_not_there),
        cmocka_unit_test(a_record_that_is_held_as_a_whole_is_not_staged),
        cmocka_unit_test(nothing_is_left_to_take_when_only_the_held_field_differs),
        cmocka_unit_test(a_hold_is_for_what_was_proposed_and_for_nothing_else),
        cmocka_unit_test(the_key_of_a_hold_tells_proposals_apart),
        cmocka_unit_test(every_gate_has_a_reason_that_leads_back_to_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
