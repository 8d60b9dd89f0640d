/* test_source - source records, golden records and journal entries as bytes: they come back, and damage is seen. */
#include "unit.h"

#include "scratch.h"
#include "tables/entity.h"
#include "tables/journal.h"
#include "tables/source.h"

static struct image image_of(const char *text, struct buffer *out)
{
    static struct image_maker maker;
    image_start(&maker);
    image_put(&maker, 1, (struct value){PRESENCE_VALUE, 0, (uint32_t)strlen(text), text});
    image_put(&maker, 1000, (struct value){PRESENCE_NULL, VALUE_CLEARS, 0, NULL});
    image_write(&maker, out);
    return (struct image){(const uint8_t *)out->data, (uint32_t)out->len};
}

static struct section_view section(enum kind kind, const char *key, struct image image, uint64_t seed)
{
    return (struct section_view){kind, key, (uint16_t)strlen(key), image, seed};
}

static void put_source(struct buffer *out)
{
    static struct body_maker maker;
    static struct source source;
    struct buffer image = {0}, body = {0};
    struct image one = image_of("one", &image);
    uint16_t nth;
    struct section_view sections[] = {section(KIND_pay, "b", one, 0), section(KIND_person, "", one, 0),
                                      section(KIND_RAW, "", one, 0), section(KIND_pay, "a", one, 0)};
    body_start(&maker);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(body_add(&maker, &sections[i], &nth), 0);
    assert_int_equal(body_add(&maker, &sections[0], &nth), ERR_CONFLICT);
    assert_int_equal(nth, 2);
    body_write(&maker, &body);
    source = (struct source){.body = bytes(body.data, body.len),
                             .state = SOURCE_MISSING,
                             .situation = SITUATION_DISPUTED,
                             .run = 7,
                             .since_ms = -5,
                             .place = bytes("Employees!*17", 13),
                             .several = true,
                             .dead_count = 1};
    source.dead[0] = section(KIND_absence, "gone", (struct image){0}, 99);
    assert_true(body_read(source.body, source.sections, &source.count));
    for (uint16_t n = 0; n < source.count; n++)
        source.sections[n].seed = n + 10u;
    source_write(&source, out);
    assert_int_equal(out->rc, 0);
    buffer_done(&image);
    buffer_done(&body);
}

static void a_record_comes_back_with_its_parts_in_order(void **state)
{
    (void)state;
    static struct source source;
    struct buffer value = {0};
    put_source(&value);
    assert_true(source_read(bytes(value.data, value.len), &source));
    assert_int_equal(source.count, 4);
    assert_int_equal(source.sections[0].kind, KIND_person);
    assert_int_equal(source.sections[1].key[0], 'a');
    assert_int_equal(source.sections[2].key[0], 'b');
    assert_int_equal(source.sections[3].kind, KIND_RAW);
    assert_int_equal(source.sections[3].seed, 13);
    assert_int_equal(source.dead_count, 1);
    assert_int_equal(source.dead[0].seed, 99);
    assert_memory_equal(source.dead[0].key, "gone", 4);
    assert_int_equal(source.state, SOURCE_MISSING);
    assert_int_equal(source.situation, SITUATION_DISPUTED);
    assert_int_equal(source.run, 7);
    assert_int_equal(source.since_ms, -5);
    assert_int_equal(source.place.len, 13);
    assert_memory_equal(source.place.data, "Employees!*17", 13);
    assert_true(source.several);
    struct buffer again = {0};
    source_write(&source, &again);
    assert_int_equal(again.len, value.len);
    assert_memory_equal(again.data, value.data, value.len);
    buffer_done(&value);
    buffer_done(&again);
}

static void put_entity(struct buffer *out)
{
    static struct entity entity;
    struct buffer image = {0};
    entity = (struct entity){.state = ENTITY_LIVE,
                             .first = 1,
                             .last = 5,
                             .member_count = 2,
                             .child_count = 2,
                             .image = image_of("x", &image)};
    entity.members[0] = (struct member){3, bytes("id-1", 4), bytes("", 0), 10};
    entity.members[1] = (struct member){4, bytes("id-22", 5), bytes("key", 3), 11};
    entity.children[0] = (struct child){KIND_employment, 12};
    entity.children[1] = (struct child){KIND_pay, 13};
    entity_write(&entity, out);
    buffer_done(&image);
}

static void put_journal(struct buffer *out)
{
    struct journal_entry entry = {0};
    struct value a = {PRESENCE_VALUE, 0, 1, "a"}, none = {0};
    journal_begin(&entry, 7, 1000, KIND_person, 5, 3);
    journal_part(&entry, KIND_person, 5, JOURNAL_CHANGED);
    journal_change(&entry, 1, a, none, 10);
    journal_change(&entry, 2, none, a, 11);
    journal_part(&entry, KIND_pay, 6, JOURNAL_CREATED);
    journal_part(&entry, KIND_absence, 8, JOURNAL_GONE);
    assert_true(journal_end(&entry));
    *out = entry.bytes;
}

static void an_entry_comes_back_and_parts_may_be_skipped(void **state)
{
    (void)state;
    struct buffer value = {0};
    struct journal_reader reader;
    struct journal_part part;
    struct journal_change change;
    put_journal(&value);
    for (int skip = 0; skip < 2; skip++) {
        assert_true(journal_open(&reader, bytes(value.data, value.len)));
        assert_int_equal(reader.run, 7);
        assert_int_equal(reader.id, 5);
        assert_int_equal(reader.previous, 3);
        assert_true(journal_next_part(&reader, &part));
        assert_int_equal(part.changes, 2);
        for (int i = 0; i < 2 && !skip; i++)
            assert_true(journal_next_change(&reader, &change));
        if (!skip) {
            assert_int_equal(change.seed, 11);
            assert_int_equal(change.was.presence, PRESENCE_ABSENT);
            assert_memory_equal(change.is.bytes, "a", 1);
            assert_false(journal_next_change(&reader, &change));
        }
        assert_true(journal_next_part(&reader, &part));
        assert_int_equal(part.op, JOURNAL_CREATED);
        assert_true(journal_next_part(&reader, &part));
        assert_int_equal(part.op, JOURNAL_GONE);
        assert_int_equal(part.id, 8);
        assert_false(journal_next_part(&reader, &part));
    }
    struct journal_entry nothing = {0};
    journal_begin(&nothing, 1, 1, KIND_person, 1, 0);
    assert_false(journal_end(&nothing));
    buffer_done(&nothing.bytes);
    buffer_done(&value);
}

/* --- damage: every byte of it is in memory that ends where the value ends --- */

static bool read_source(struct bytes value)
{
    static struct source source;
    return source_read(value, &source);
}

static bool read_entity(struct bytes value)
{
    static struct entity entity;
    return entity_read(value, &entity);
}

static bool read_journal(struct bytes value)
{
    struct journal_reader reader;
    struct journal_part part;
    struct journal_change change;
    if (!journal_open(&reader, value))
        return false;
    while (journal_next_part(&reader, &part))
        while (journal_next_change(&reader, &change))
            ;
    return reader.parts == 0 && reader.changes == 0 && reader.at == reader.end;
}

static bool read_spooled(struct bytes value)
{
    static struct section_view sections[SECTIONS_MAX];
    struct spool_row row;
    uint16_t count;
    return spool_row_read(value, &row) && body_read(row.body, sections, &count);
}

static void put_spooled(struct buffer *out)
{
    struct buffer source = {0};
    static struct source read;
    put_source(&source);
    assert_true(source_read(bytes(source.data, source.len), &read));
    struct spool_row row = {.flags = SPOOL_ROW, .place = bytes("Sheet!*7", 8), .body = read.body};
    spool_row_write(&row, (uint8_t *)buffer_reserve(out, spool_row_size(&row)));
    buffer_done(&source);
}

static const struct {
    void (*put)(struct buffer *);
    bool (*read)(struct bytes);
} shapes[] = {
    {put_source, read_source}, {put_entity, read_entity}, {put_journal, read_journal}, {put_spooled, read_spooled}};

static void what_is_cut_short_is_never_taken(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof(shapes) / sizeof(shapes[0]); s++) {
        struct buffer value = {0};
        shapes[s].put(&value);
        assert_true(shapes[s].read(bytes(value.data, value.len)));
        for (size_t len = 0; len < value.len; len++) {
            char *cut = malloc(len ? len : 1);
            memcpy(cut, value.data, len);
            assert_false(shapes[s].read(bytes(cut, len)));
            free(cut);
        }
        buffer_done(&value);
    }
}

static void flipped_bits_lead_nowhere_outside(void **state)
{
    (void)state;
    uint64_t luck = 42;
    for (size_t s = 0; s < sizeof(shapes) / sizeof(shapes[0]); s++) {
        struct buffer value = {0};
        shapes[s].put(&value);
        for (int round = 0; round < 20000; round++) {
            char *copy = malloc(value.len);
            memcpy(copy, value.data, value.len);
            for (uint32_t flips = 1 + chance(&luck, 3); flips-- > 0;)
                copy[chance(&luck, (uint32_t)value.len)] ^= (char)(1u << chance(&luck, 8));
            shapes[s].read(bytes(copy, value.len)); /* true or false, but within these bytes */
            free(copy);
        }
        buffer_done(&value);
    }
}

static void long_ids_keep_their_beginning_and_differ_by_the_rest(void **state)
{
    (void)state;
    char id[300], other[300];
    struct buffer a = {0}, b = {0};
    memset(id, 'x', sizeof(id));
    memset(other, 'x', sizeof(other));
    other[299] = 'y';
    source_key(1, id, SOURCE_ID_MAX, &a);
    assert_int_equal(a.len, 4 + SOURCE_ID_MAX);
    buffer_clear(&a);
    source_key(1, id, sizeof(id), &a);
    source_key(1, other, sizeof(other), &b);
    assert_true(a.len <= 4 + SOURCE_ID_MAX);
    assert_memory_equal(a.data, b.data, 4 + 184);
    assert_int_not_equal(memcmp(a.data, b.data, a.len), 0);
    struct buffer again = {0}; /* what stands in the key gives the same key */
    source_key(1, a.data + 4, a.len - 4, &again);
    assert_int_equal(again.len, a.len);
    assert_memory_equal(again.data, a.data, a.len);
    buffer_done(&a);
    buffer_done(&b);
    buffer_done(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_comes_back_with_its_parts_in_order),
        cmocka_unit_test(an_entry_comes_back_and_parts_may_be_skipped),
        cmocka_unit_test(what_is_cut_short_is_never_taken),
        cmocka_unit_test(flipped_bits_lead_nowhere_outside),
        cmocka_unit_test(long_ids_keep_their_beginning_and_differ_by_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
