/* test_belief - what was held to be true after an earlier run is what was told right after that run. */
#include "shop.h"

#include "engine/act.h"
#include "query/belief.h"
#include "scratch.h"

static const char yaml[] = "connections:\n"
                           "  hr:\n"
                           "    connector: table\n"
                           "    options: { location: DIR/hr }\n"
                           "    safeguards: { deactivate: { percent: 100 }, update: { percent: 100 } }\n"
                           "    streams:\n"
                           "      people:\n"
                           "        key: Id\n"
                           "        person: { employee_number: Nr, given_name: First, family_name: Last,\n"
                           "                  work_email: Mail, manager: { person: employee_number, from: Boss },\n"
                           "                  hired_on: From, terminated_on: { from: To, on_empty: clear } }\n"
                           "        employment:\n"
                           "          key: Contract\n"
                           "          when: { from: Contract, present: true }\n"
                           "          title: { from: Title, on_empty: clear }\n"
                           "          department: { unit: department, code: Dept }\n"
                           "  desk:\n"
                           "    connector: table\n"
                           "    options: { location: DIR/desk }\n"
                           "    safeguards: { deactivate: { percent: 100 }, update: { percent: 100 } }\n"
                           "    streams:\n"
                           "      seats:\n"
                           "        key: Id\n"
                           "        person: { employee_number: Nr, workstation_number: Seat }\n"
                           "        employment: { title: Title }\n"
                           "authority: { person: { exists: [hr, desk], default: [hr, desk] } }\n"
                           "match: { person: [[employee_number]], within_partition: same }\n";

enum { PEOPLE = 14, ROUNDS = 30, TEXT_MAX = 1 << 16 };

/* --- what is told of everybody --- */

static void image_tell(struct image image, struct buffer *out)
{
    for (uint16_t n = 0; n < image_count(image); n++) {
        uint16_t field;
        struct value value = image_nth(image, n, &field);
        buffer_format(out, " %u=%d", field, (int)value.presence);
        for (uint32_t i = 0; i < value.len; i++)
            buffer_format(out, "%02x", (unsigned char)value.bytes[i]);
    }
}

static int child_compare(const void *a, const void *b)
{
    const struct child *x = a, *y = b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

/* A root as it stands today, or as `belief` has it. */
static void root_tell(struct query *query, struct belief *belief, enum kind kind, uint64_t id, struct buffer *out)
{
    struct entity *root TIDY(free) = calloc(1, sizeof(*root)), *child TIDY(free) = calloc(1, sizeof(*child));
    assert_true(belief ? belief_entity(belief, kind, id, root) : entity_get(&query->txn, kind, id, root));
    qsort(root->children, root->child_count, sizeof(*root->children), child_compare);
    buffer_format(out, "%s %lu state=%d", kind_name(kind), (unsigned long)id, (int)root->state);
    image_tell(root->image, out);
    for (uint16_t n = 0; n < root->child_count; n++) {
        enum kind of = root->children[n].kind;
        uint64_t child_id = root->children[n].id;
        assert_true(belief ? belief_entity(belief, of, child_id, child) : entity_get(&query->txn, of, child_id, child));
        const struct field *owner = field_by_name(of, "person");
        if (reference_id(image_get(child->image, owner->number)) != id)
            continue; /* it went to somebody else; only its history is here */
        buffer_format(out, " | %s %lu state=%d", kind_name(of), (unsigned long)child_id, (int)child->state);
        image_tell(child->image, out);
    }
    buffer_byte(out, '\n');
}

static struct query *query_of(struct shop *shop)
{
    struct query *query = NULL;
    struct err err = {0};
    if (query_open(&shop->settings, shop->organization, &query, &err) != 0)
        fail_msg("%s", err.text);
    return query;
}

/* All persons and units; as of the cut, or NULL: as they stand. */
static char *all_tell(struct shop *shop, const struct cut *cut)
{
    static const enum kind kinds[] = {KIND_person, KIND_org_unit};
    struct query *query TIDY(query_close) = query_of(shop);
    struct buffer out = {0};
    for (size_t k = 0; k < 2; k++) {
        struct cursor cursor __attribute__((cleanup(tidy_cursor)));
        uint8_t prefix = (uint8_t)kinds[k];
        cursor_open(&cursor, &query->txn, TABLE_entity);
        for (bool there = cursor_seek(&cursor, bytes(&prefix, 1));
             there && cursor_has_prefix(&cursor, bytes(&prefix, 1)); there = cursor_next(&cursor)) {
            struct belief *belief TIDY(belief_free) = NULL;
            uint64_t id = entity_key_id(cursor.key);
            int rc = cut ? belief_read(query, kinds[k], id, *cut, &belief) : 0;
            if (rc == ERR_GONE)
                continue; /* not known yet */
            assert_int_equal(rc, 0);
            root_tell(query, belief, kinds[k], id, &out);
        }
    }
    buffer_byte(&out, '\0');
    return buffer_take(&out);
}

static void expect_belief(struct shop *shop, struct cut cut, const char *wanted)
{
    char *text __attribute__((cleanup(tidy_free))) = all_tell(shop, &cut);
    for (const char *is = text, *was = wanted; *is || *was;) { /* one by one: a message has its limits */
        char one[4000], other[4000];
        size_t len = strcspn(is, "\n"), was_len = strcspn(was, "\n");
        snprintf(one, sizeof(one), "%.*s", (int)len, is);
        snprintf(other, sizeof(other), "%.*s", (int)was_len, was);
        if (strcmp(one, other) != 0)
            print_message("after run %u\n", cut.run);
        assert_string_equal(one, other);
        is += len + (is[len] != '\0');
        was += was_len + (was[was_len] != '\0');
    }
}

/* --- a random life --- */

struct life {
    struct shop shop;
    uint64_t seed;
    bool present[PEOPLE], seated[PEOPLE];
    unsigned number[PEOPLE], title[PEOPLE], boss[PEOPLE], contracts[PEOPLE], day[PEOPLE], department[PEOPLE];
};

static void life_say(struct life *life)
{
    struct buffer hr = {0}, desk = {0};
    buffer_text(&hr, "columns Id|Nr|First|Last|Mail|Boss|From|To|Contract|Title|Dept\n");
    buffer_text(&desk, "columns Id|Nr|Seat|Title\n");
    for (unsigned n = 0; n < PEOPLE; n++) {
        for (unsigned c = 0; life->present[n] && c < 3; c++)
            if (life->contracts[n] & 1u << c || (c == 0 && life->contracts[n] == 0))
                buffer_format(&hr, "row p%u|%u|Ann%u|Vos|a%u@x|%u|2026-06-%02u|%s|%s%u|%s|%u\n", n, life->number[n], n,
                              life->title[n], life->boss[n], life->day[n] % 28 + 1,
                              life->day[n] % 3 ? "" : "2026-06-29", life->contracts[n] ? "c" : "", c,
                              life->title[n] % 3 ? "Clerk" : "", life->department[n]);
        if (life->seated[n])
            buffer_format(&desk, "row d%u|%u|S%u|Seat%u\n", n, life->number[n], life->title[n], life->title[n] % 2);
    }
    buffer_byte(&hr, '\0');
    buffer_byte(&desk, '\0');
    shop_say(&life->shop, "hr", hr.data);
    shop_say(&life->shop, "desk", desk.data);
    buffer_done(&hr);
    buffer_done(&desk);
}

static void life_change(struct life *life)
{
    for (unsigned times = 1 + chance(&life->seed, 4); times > 0; times--) {
        unsigned n = chance(&life->seed, PEOPLE);
        switch (chance(&life->seed, 8)) {
        case 0: life->present[n] = !life->present[n]; break;
        case 1: life->seated[n] = !life->seated[n]; break;
        case 2: life->title[n] = chance(&life->seed, 9); break;
        case 3: life->boss[n] = chance(&life->seed, PEOPLE) + 1; break;
        case 4: life->contracts[n] = chance(&life->seed, 8); break;
        case 5: life->day[n] = chance(&life->seed, 60); break;
        case 6: life->department[n] = chance(&life->seed, 4) + 1; break;
        default: life->number[n] = chance(&life->seed, 4) ? n + 1 : chance(&life->seed, PEOPLE) + 1; break;
        }
    }
}

/* What somebody says once in a while: two persons are one, a record stands alone, a name is another, none of it. */
static int life_state(void *context, struct match *match, struct err *err)
{
    struct life *life = context;
    uint64_t ids[64], count = 0;
    uint8_t prefix = KIND_person;
    (void)err;
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    cursor_open(&cursor, match->snapshot, TABLE_entity);
    for (bool there = cursor_seek(&cursor, bytes(&prefix, 1));
         there && count < 64 && cursor_has_prefix(&cursor, bytes(&prefix, 1)); there = cursor_next(&cursor)) {
        struct image image;
        enum entity_state state;
        if (entity_image(cursor.value, &image, &state) && state == ENTITY_LIVE)
            ids[count++] = entity_key_id(cursor.key);
    }
    if (count == 0)
        return 0;
    uint64_t one = ids[chance(&life->seed, (uint32_t)count)], two = ids[chance(&life->seed, (uint32_t)count)];
    struct statement made = {.person = true, .subject = one, .author = "ann", .reason = "said so"};
    if (chance(&life->seed, 2) == 0) {
        made.type = STATEMENT_PIN;
        made.field = FIELD_person_family_name;
        made.ends = PIN_SOURCE_AGREES;
        made.value = (struct value){PRESENCE_VALUE, 0, 3, "Mol"};
    } else if (chance(&life->seed, 3) == 0) {
        made.type = STATEMENT_SUPPRESS;
    } else if (one != two) {
        made.type = STATEMENT_LINK;
        made.other = two;
    } else {
        return 0;
    }
    struct statement withdrawn;
    struct statement_walk walk;
    statement_first(&walk, &match->statements, one);
    bool undo = statement_next(&walk, &withdrawn) && withdrawn.person && chance(&life->seed, 3) > 0;
    statement_end(&walk);
    match_touch_person(match, one);
    match_touch_person(match, two);
    if (undo) {
        match_touch_person(match, withdrawn.other);
        statements_withdraw(&match->statements, &withdrawn, "bob", "no");
    } else {
        statements_add(&match->statements, &made);
    }
    return match->rc;
}

static void life_act(struct life *life)
{
    struct run_request request = {
        .settings = &life->shop.settings, .organization = life->shop.organization, .connectors = life->shop.connectors};
    struct act act = {.verb = "say", .author = "ann", .reason = "to see", .state = life_state, .context = life};
    struct err err = {0};
    run_report_done(&life->shop.report);
    assert_int_equal(act_run(&request, &act, &life->shop.report, &err), 0);
}

static void life_step(struct life *life, unsigned round, bool acts)
{
    char now[40];
    snprintf(now, sizeof(now), "2026-06-%02uT%02u:00:00", round / 3 + 10, round % 3 * 5 + 6);
    shop_now(now);
    life_change(life);
    life_say(life);
    if (acts && round > 2 && chance(&life->seed, 3) == 0)
        life_act(life);
    else
        shop_run(&life->shop, chance(&life->seed, 3) ? "hr" : "desk", true, 0);
}

static void whole_life(uint64_t seed, bool acts)
{
    struct life life = {.seed = seed};
    char *texts[ROUNDS + 1] = {NULL};
    int64_t times[ROUNDS + 1];
    shop_open(&life.shop, yaml);
    for (unsigned n = 0; n < PEOPLE; n++) {
        life.present[n] = chance(&life.seed, 4) > 0;
        life.number[n] = n + 1;
    }
    for (unsigned round = 1; round <= ROUNDS; round++) {
        life_step(&life, round, acts);
        assert_int_equal(life.shop.report.run, round);
        times[round] = life.shop.report.started_ms;
        texts[round] = all_tell(&life.shop, NULL);
    }
    for (unsigned round = 1; round <= ROUNDS; round++) {
        expect_belief(&life.shop, (struct cut){.run = round}, texts[round]);
        expect_belief(&life.shop, (struct cut){.time_ms = times[round] + 3600000}, texts[round]);
        free(texts[round]);
    }
    shop_close(&life.shop);
}

static void after_each_run_of_a_random_history_it_is_what_was_told_then(void **state)
{
    (void)state;
    whole_life(chance_seed(), false);
}

static void also_where_people_linked_moved_and_pinned(void **state)
{
    (void)state;
    for (int life = 0; life < 3; life++)
        whole_life(chance_seed(), true);
}

static void who_was_not_known_yet_has_a_beginning(void **state)
{
    (void)state;
    struct shop shop;
    struct belief *belief = NULL;
    uint32_t run = 0;
    shop_open(&shop, yaml);
    shop_now("2026-06-15T12:00:00");
    shop_hear(&shop, "hr", "columns Id|Nr|First|Last|Mail|Boss|From|To|Contract|Title|Dept\nrow a|1|Ann|Vos|||||||\n");
    shop_now("2026-06-16T12:00:00");
    shop_hear(&shop, "hr",
              "columns Id|Nr|First|Last|Mail|Boss|From|To|Contract|Title|Dept\n"
              "row a|1|Ann|Mol|||||||\nrow b|2|Bob|Bos|||||||\n");
    struct query *query TIDY(query_close) = query_of(&shop);
    uint64_t ann = shop_id(&shop, "1"), bob = shop_id(&shop, "2");
    assert_int_equal(belief_read(query, KIND_person, bob, (struct cut){.run = 1}, &belief), ERR_GONE);
    assert_true(belief_begins(query, KIND_person, bob, &run) > 0);
    assert_int_equal(run, 2);
    assert_int_equal(belief_read(query, KIND_person, 4711, (struct cut){.run = 1}, &belief), ERR_GONE);
    struct belief_change change;
    assert_int_equal(belief_read(query, KIND_person, ann, (struct cut){.run = 1}, &belief), 0);
    assert_true(belief_field(belief, KIND_person, ann, FIELD_person_family_name, &change));
    assert_true(change.created);
    assert_int_equal(change.run, 1);
    belief_free(belief);
    assert_int_equal(belief_read(query, KIND_person, ann, (struct cut){.run = 2}, &belief), 0);
    assert_true(belief_field(belief, KIND_person, ann, FIELD_person_family_name, &change));
    assert_false(change.created);
    assert_int_equal(change.run, 2);
    assert_int_equal(change.was.len, 3);
    assert_memory_equal(change.was.bytes, "Vos", 3);
    assert_int_not_equal(change.seed, 0);
    belief_free(belief);
    query_close(TAKE(query));
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_each_run_of_a_random_history_it_is_what_was_told_then),
        cmocka_unit_test(also_where_people_linked_moved_and_pinned),
        cmocka_unit_test(who_was_not_known_yet_has_a_beginning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
