/* test_engine - random lives of an organization, and what must hold after any of them. */
#include "shop.h"

#include "base/mem.h"
#include "scratch.h"
#include "store/remnants.h"
#include "tables/journal.h"

#include <stdio.h>

#define YAML                                                                                                           \
    "custom: { badge: text }\n"                                                                                        \
    "connections:\n"                                                                                                   \
    "  hr:\n"                                                                                                          \
    "    connector: table\n"                                                                                           \
    "    options: { location: DIR/hr }\n"                                                                              \
    "    safeguards: { deactivate: 100%, rekey: 100%, email: 100%, manager: 100% }\n"                                  \
    "    streams:\n"                                                                                                   \
    "      people:\n"                                                                                                  \
    "        key: [Nr, Contract]\n"                                                                                    \
    "        person:\n"                                                                                                \
    "          key: Nr\n"                                                                                              \
    "          employee_number: Nr\n"                                                                                  \
    "          family_name: Last\n"                                                                                    \
    "          work_email: { from: Mail, on_empty: clear }\n"                                                          \
    "          phone: { from: Phone, on_empty: clear }\n"                                                              \
    "          custom.badge: { from: Badge, on_empty: clear }\n"                                                       \
    "          manager: { person: employee_number, from: Boss }\n"                                                     \
    "          national_id: Secret\n"                                                                                  \
    "          hired_on: { from: Hired, on_empty: clear }\n"                                                           \
    "          terminated_on: { from: Left, on_empty: clear }\n"                                                       \
    "        employment:\n"                                                                                            \
    "          title: Title\n"                                                                                         \
    "          department: { unit: department, code: Dept, name: Dept name }\n"                                        \
    "          manager: { person: work_email, from: Boss mail }\n"                                                     \
    "        absence: { when: { from: Leave, present: true }, type: { const: sick }, start_date: Leave }\n"            \
    "  desk:\n"                                                                                                        \
    "    connector: table\n"                                                                                           \
    "    options: { location: DIR/desk }\n"                                                                            \
    "    streams:\n"                                                                                                   \
    "      seats:\n"                                                                                                   \
    "        key: Id\n"                                                                                                \
    "        person: { employee_number: Nr, phone: Phone, workstation_number: Seat }\n"                                \
    "match: { person: [[employee_number]] }\n"                                                                         \
    "authority: { person: { exists: [hr], default: [hr, desk], phone: [desk, hr] } }\n"

enum { NUMBERS = 14, DESKS = 6, STEPS = 14 };

/* --- what the sources say --- */

struct worker {
    bool there, twice, sick;
    uint32_t last, mail, phone, boss, boss_mail, title, dept, hired, left, badge;
};

struct world {
    struct worker workers[NUMBERS];
    uint32_t desk[DESKS]; /* 0: not there yet; else what it says */
    uint64_t luck;
};

static void worker_change(struct world *world, struct worker *worker)
{
    switch (chance(&world->luck, 9)) {
    case 0: worker->there = !worker->there; break;
    case 1: worker->boss = chance(&world->luck, NUMBERS + 2); break;
    case 2: worker->dept = chance(&world->luck, 4); break;
    case 3: worker->sick = !worker->sick; break;
    case 4: worker->twice = !worker->twice; break;
    case 5: worker->boss_mail = chance(&world->luck, NUMBERS * 2); break;
    case 6: worker->hired = chance(&world->luck, 3); break;
    case 7: worker->left = chance(&world->luck, 3); break;
    default:
        worker->mail = chance(&world->luck, 3);
        worker->title = chance(&world->luck, 3);
        worker->phone = chance(&world->luck, 3);
        worker->badge = chance(&world->luck, 3);
    }
}

static void say_row(struct world *world, size_t nth, char contract, struct buffer *out)
{
    static const char *const days[] = {"", "2020-01-01", "2026-12-01"}, *const left[] = {"", "2026-01-31",
                                                                                         "2027-01-31"};
    const struct worker *w = &world->workers[nth];
    buffer_format(out, "row %zu|%c|Name%zu|", nth, contract, nth);
    if (w->mail)
        buffer_format(out, "m%zu.%u@x", nth, w->mail);
    buffer_byte(out, '|');
    if (w->phone)
        buffer_format(out, "+31 %zu%u", nth, w->phone);
    buffer_byte(out, '|');
    if (w->badge)
        buffer_format(out, "B%u", w->badge);
    buffer_byte(out, '|');
    buffer_format(out, "%u|secret%zu|%s|%s|", w->boss, nth, days[w->hired], left[w->left]);
    buffer_format(out, "Title%u%c|%u|Dept %u|", w->title, contract, w->dept, w->dept);
    buffer_format(out, "m%u.%u@x|%s\n", w->boss_mail / 2, 1 + w->boss_mail % 2, w->sick ? "2026-02-02" : "");
}

static char *say_hr(struct world *world, bool complete)
{
    struct buffer out = {0};
    size_t begin = chance(&world->luck, NUMBERS);
    buffer_text(&out, "columns Nr|Contract|Last|Mail|Phone|Badge|Boss|Secret|Hired|Left|Title|Dept|Dept name|Boss mail|"
                      "Leave\n");
    for (size_t i = 0; i < NUMBERS; i++) {
        size_t nth = (begin + i) % NUMBERS;
        if (!world->workers[nth].there && nth != 0)
            continue;
        say_row(world, nth, 'a', &out);
        if (world->workers[nth].twice)
            say_row(world, nth, 'b', &out);
    }
    if (!complete)
        buffer_text(&out, "partial it is late\n");
    return buffer_take(&out);
}

static char *say_desk(const struct world *world)
{
    struct buffer out = {0};
    buffer_text(&out, "columns Id|Nr|Phone|Seat\n");
    for (size_t i = 0; i < DESKS; i++)
        if (world->desk[i])
            buffer_format(&out, "row s%zu|%zu|%u|Seat%u\n", i, i * 2, world->desk[i] % 3 + 100, world->desk[i]);
    return buffer_take(&out);
}

/* --- everything that is held to be true, as text; and the same with the journal taken back --- */

struct thing {
    enum kind kind;
    uint64_t id;
    enum entity_state state;
    size_t count;
    struct {
        uint16_t field;
        struct value value; /* its bytes are ours */
    } fields[100];
};

struct things {
    struct thing *items;
    size_t count, room;
};

static void thing_set(struct thing *thing, uint16_t field, struct value value)
{
    size_t at = 0;
    while (at < thing->count && thing->fields[at].field < field)
        at++;
    bool there = at < thing->count && thing->fields[at].field == field;
    if (there)
        free((void *)(uintptr_t)thing->fields[at].value.bytes);
    if (value.presence == PRESENCE_ABSENT && there) {
        thing->count--;
        memmove(&thing->fields[at], &thing->fields[at + 1], (thing->count - at) * sizeof(thing->fields[0]));
    }
    if (value.presence == PRESENCE_ABSENT)
        return;
    if (!there) {
        assert_true(thing->count < 100);
        memmove(&thing->fields[at + 1], &thing->fields[at], (thing->count - at) * sizeof(thing->fields[0]));
        thing->count++;
    }
    thing->fields[at].field = field;
    thing->fields[at].value = value;
    thing->fields[at].value.bytes = mem_copy(value.bytes, value.len);
}

static struct thing *things_find(struct things *things, enum kind kind, uint64_t id)
{
    for (size_t i = 0; i < things->count; i++)
        if (things->items[i].kind == kind && things->items[i].id == id)
            return &things->items[i];
    return NULL;
}

static void things_remove(struct things *things, struct thing *thing)
{
    while (thing->count > 0)
        thing_set(thing, thing->fields[0].field, (struct value){0});
    things->count--;
    memmove(thing, thing + 1, (size_t)(things->items + things->count - thing) * sizeof(*thing));
}

static void things_done(struct things *things)
{
    while (things->count > 0)
        things_remove(things, &things->items[things->count - 1]);
    free(things->items);
}

static void things_read(struct shop *shop, struct things *things)
{
    struct txn txn __attribute__((cleanup(tidy_txn)));
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    txn_begin(&txn, shop->store, false);
    cursor_open(&cursor, &txn, TABLE_entity);
    for (bool there = cursor_seek(&cursor, bytes("", 0)); there; there = cursor_next(&cursor)) {
        struct image image;
        assert_int_equal(mem_grow(&things->items, things->count, &things->room, sizeof(*things->items)), 0);
        struct thing *thing = &things->items[things->count++];
        *thing = (struct thing){.kind = entity_key_kind(cursor.key), .id = entity_key_id(cursor.key)};
        assert_true(entity_image(cursor.value, &image, &thing->state));
        for (uint16_t n = 0; n < image_count(image); n++) {
            uint16_t field;
            struct value value = image_nth(image, n, &field);
            thing_set(thing, field, value);
        }
    }
}

static char *things_text(const struct things *things)
{
    struct buffer out = {0};
    buffer_text(&out, "");
    for (size_t i = 0; i < things->count; i++) {
        const struct thing *thing = &things->items[i];
        buffer_format(&out, "%s %lu %d:", kind_name(thing->kind), (unsigned long)thing->id, (int)thing->state);
        for (size_t n = 0; n < thing->count; n++) {
            struct value value = thing->fields[n].value;
            buffer_format(&out, " %u=%d ", thing->fields[n].field, (int)value.presence);
            for (uint32_t b = 0; b < value.len; b++)
                buffer_format(&out, "%02x", (unsigned char)value.bytes[b]);
        }
        buffer_byte(&out, '\n');
    }
    return buffer_take(&out);
}

static void take_back(struct things *things, struct bytes entry)
{
    struct journal_reader reader;
    struct journal_part part;
    struct journal_change change;
    assert_true(journal_open(&reader, entry));
    while (journal_next_part(&reader, &part)) {
        struct thing *thing = things_find(things, part.kind, part.id);
        assert_non_null(thing);
        while (journal_next_change(&reader, &change)) {
            struct value now = {0};
            for (size_t n = 0; n < thing->count; n++)
                if (thing->fields[n].field == change.field)
                    now = thing->fields[n].value;
            assert_true(value_equal(now, change.is));
            assert_false(value_equal(change.was, change.is));
            thing_set(thing, change.field, change.was);
        }
        assert_int_equal(reader.changes, 0);
        if (part.op == JOURNAL_CREATED)
            things_remove(things, thing);
        else if (part.op != JOURNAL_CHANGED) {
            assert_int_equal(thing->state, part.op == JOURNAL_GONE ? ENTITY_GONE : ENTITY_LIVE);
            thing->state = part.op == JOURNAL_GONE ? ENTITY_LIVE : ENTITY_GONE;
        }
    }
    assert_int_equal(reader.parts, 0);
    assert_ptr_equal(reader.at, reader.end);
}

/* Takes back run by run; after each what stands there is what stood there then. */
static void expect_past(struct shop *shop, char *const *texts, uint32_t last_run)
{
    struct things things = {0};
    struct txn txn __attribute__((cleanup(tidy_txn)));
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    things_read(shop, &things);
    txn_begin(&txn, shop->store, false);
    cursor_open(&cursor, &txn, TABLE_journal);
    bool there = cursor_last(&cursor);
    for (uint32_t run = last_run; run > 0; run--) {
        char *text = things_text(&things);
        assert_string_equal(text, texts[run]);
        free(text);
        struct journal_reader reader;
        for (; there && journal_open(&reader, cursor.value) && reader.run == run; there = cursor_previous(&cursor))
            take_back(&things, cursor.value);
    }
    assert_false(there);
    assert_int_equal(things.count, 0);
    things_done(&things);
}

/* Each root's entries hang together, newest first. */
static void expect_chains(struct shop *shop)
{
    struct txn txn __attribute__((cleanup(tidy_txn)));
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    struct entity *entity = mem_new(1, sizeof(*entity));
    uint64_t entries = 0;
    txn_begin(&txn, shop->store, false);
    cursor_open(&cursor, &txn, TABLE_entity);
    for (bool there = cursor_seek(&cursor, bytes("", 0)); there; there = cursor_next(&cursor)) {
        enum kind kind = entity_key_kind(cursor.key);
        assert_true(entity_read(cursor.value, entity));
        assert_true(entity->first > 0 && entity->first <= entity->last);
        for (uint64_t at = entity->last; (kind == KIND_person || kind == KIND_org_unit) && at != 0;) {
            uint64_t be = __builtin_bswap64(at);
            struct bytes value;
            struct journal_reader reader;
            assert_true(txn_get(&txn, TABLE_journal, bytes(&be, 8), &value));
            assert_true(journal_open(&reader, value));
            assert_int_equal(reader.kind, kind);
            assert_int_equal(reader.id, entity_key_id(cursor.key));
            assert_true(reader.previous < at);
            if (reader.previous == 0)
                assert_int_equal(at, entity->first);
            at = reader.previous;
            entries++;
        }
    }
    assert_int_equal(entries, txn_count(&txn, TABLE_journal));
    free(entity);
}

/* --- the same told to a new organization gives the same --- */

/* Without who has left, parts that went, and whether somebody referred to is still there. */
static char *as_now(char *people)
{
    struct buffer out = {0};
    char *rest = people;
    buffer_text(&out, "");
    for (char *line; (line = strsep(&rest, "\n"));) {
        if (strstr(line, "status=inactive") || !*line)
            continue;
        for (char *at; (at = strstr(line, "waiting:"));)
            memcpy(at, " person:", 8);
        for (char *part; (part = strstr(line, "| "));) {
            bool gone = strncmp(strchr(part + 2, ' ') ? strchr(part + 2, ' ') : "", " gone", 5) == 0;
            char *next = strstr(part + 2, "| ");
            if (gone && next)
                memmove(part, next, strlen(next) + 1);
            else if (gone)
                *part = '\0';
            else
                *part = '&';
        }
        for (const char *at = line; *at; at++)
            if (*at != ' ')
                buffer_byte(&out, (unsigned char)*at);
        buffer_byte(&out, '\n');
    }
    free(people);
    return buffer_take(&out);
}

static void expect_same_anew(struct shop *shop, struct world *world)
{
    struct shop anew;
    shop_open(&anew, YAML);
    char *hr = say_hr(world, true), *desk = say_desk(world);
    shop_hear(&anew, "desk", desk);
    shop_hear(&anew, "hr", hr);
    /* digests differ with the master key: the secret is compared in the same organization only */
    char *was = as_now(shop_people(shop, false)), *is = as_now(shop_people(&anew, false));
    for (int i = 0; i < 2; i++)
        for (char *at = i ? was : is; (at = strstr(at, "national_id=")); at++)
            memset(at + 12, '.', 32);
    assert_string_equal(was, is);
    free(was);
    free(is);
    free(hr);
    free(desk);
    shop_close(&anew);
}

static void live(uint64_t luck)
{
    struct shop shop;
    struct world world = {.luck = luck};
    char *texts[STEPS + 4] = {0};
    uint32_t run = 0;
    shop_open(&shop, YAML);
    for (size_t i = 0; i < NUMBERS; i++)
        world.workers[i].there = chance(&world.luck, 3) > 0;
    for (int step = 0; step < STEPS + 2; step++) {
        bool end = step >= STEPS;
        for (uint32_t i = chance(&world.luck, 6); i-- > 0 && !end;)
            worker_change(&world, &world.workers[chance(&world.luck, NUMBERS)]);
        bool desk = end ? step == STEPS : chance(&world.luck, 3) == 0;
        if (desk && !end)
            world.desk[chance(&world.luck, DESKS)] = 1 + chance(&world.luck, 9);
        char *says = desk ? say_desk(&world) : say_hr(&world, end || chance(&world.luck, 5) > 0);
        shop_hear(&shop, desk ? "desk" : "hr", says);
        free(says);
        struct things things = {0};
        things_read(&shop, &things);
        texts[++run] = things_text(&things);
        things_done(&things);
    }
    expect_past(&shop, texts, run);
    expect_chains(&shop);
    shop_check_again(&shop);
    expect_same_anew(&shop, &world);
    for (size_t i = 0; i < STEPS + 4; i++)
        free(texts[i]);
    shop_close(&shop);
}

static void whatever_happens_the_tables_agree_the_past_is_kept_and_telling_it_anew_gives_the_same(void **state)
{
    (void)state;
    const char *one = getenv("TEST_LUCK");
    for (uint64_t luck = 1; luck <= 12; luck++) {
        if (one && strtoull(one, NULL, 10) != luck)
            continue;
        print_message("luck %lu\n", (unsigned long)luck);
        live(luck * 0x9e3779b97f4a7c15u);
    }
}

static void a_day_takes_effect_when_it_comes(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, YAML);
    static const char said[] = "columns Nr|Contract|Hired|Left\nrow 1|a|2026-06-20|2026-06-25\n";
    shop_hear(&shop, "hr", said);
    static const struct {
        const char *now, *status;
    } days[] = {{"2026-06-15T12:00:00", "pending"},    {"2026-06-19T23:59:59", "pending"},
                {"2026-06-20T00:00:00", "active"},     {"2026-06-25T23:59:59", "active"},
                {"2026-06-26T00:00:00", "terminated"}, {"2027-01-01T00:00:00", "terminated"}};
    shop_say(&shop, "desk", "columns Id|Nr|Phone|Seat\nrow x|99|1|2\n");
    for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
        shop_now(days[i].now);
        shop_sync(&shop, "desk"); /* any run sees to it, also of another connection */
        expect_field(&shop, "1", "status", days[i].status);
    }
    shop_check_again(&shop);
    shop_close(&shop);
}

static bool to_be_wiped(struct shop *shop, bool mark)
{
    struct txn txn;
    txn_begin(&txn, shop->store, mark);
    if (mark)
        meta_set_number(&txn, REMNANTS_LEFT, 1);
    bool left = remnants_left(&txn);
    assert_int_equal(txn_end(&txn), 0);
    return left;
}

static void what_an_erasing_did_not_wipe_the_next_run_does_when_nobody_reads(void **state)
{
    (void)state;
    struct shop shop;
    struct txn reader;
    shop_open(&shop, YAML);
    shop_hear(&shop, "hr", "columns Nr|Contract|Hired|Left\nrow 1|a|2026-06-20|2026-06-25\n");
    assert_true(to_be_wiped(&shop, true));
    txn_begin(&reader, shop.store, false);
    shop_sync_full(&shop, "hr"); /* it runs all the same */
    assert_true(to_be_wiped(&shop, false));
    assert_int_equal(txn_end(&reader), 0);
    shop_sync_full(&shop, "hr");
    assert_false(to_be_wiped(&shop, false));
    shop_check_again(&shop);
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_happens_the_tables_agree_the_past_is_kept_and_telling_it_anew_gives_the_same),
        cmocka_unit_test(a_day_takes_effect_when_it_comes),
        cmocka_unit_test(what_an_erasing_did_not_wipe_the_next_run_does_when_nobody_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
