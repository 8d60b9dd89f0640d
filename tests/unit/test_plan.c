/* test_plan - plan, what-if and sync are one path: a plan that is applied leaves what the sync would have left. */
#include "shop.h"

#include "acts/plan_view.h"
#include "base/mem.h"
#include "scratch.h"

#include <fcntl.h>
#include <stdio.h>

enum { PEOPLE = 14, BADGES = 8, STEPS = 9, LUCKS = 8 };

#define HEAD                                                                                                           \
    "time_zone: Europe/Amsterdam\n"                                                                                    \
    "custom: { badge: text }\n"                                                                                        \
    "connections:\n"                                                                                                   \
    "  hr:\n    connector: table\n    options: { location: DIR/hr }\n    streams:\n      people:\n"                    \
    "        key: Nr\n"                                                                                                \
    "        person: { employee_number: Nr, family_name: Last, work_email: Mail, national_id: Secret,\n"               \
    "          hired_on: Hired, terminated_on: { from: Left, on_empty: clear }, custom.badge: Badge }\n"               \
    "        employment: { title: Title, department: { unit: department, code: Dept },\n"                              \
    "          manager: { person: employee_number, from: Boss } }\n"                                                   \
    "        require: [family_name]\n"                                                                                 \
    "    safeguards: { deactivate: { percent: 40, window: 0s } }\n"                                                    \
    "  desk:\n    connector: table\n    options: { location: DIR/desk }\n    streams:\n      seats:\n"                 \
    "        key: Id\n"                                                                                                \
    "        person: { employee_number: Nr, phone: Phone, work_email: Mail }\n"
#define EXISTS "authority:\n  person:\n    exists: [hr]\n"
#define BY_MAIL "match:\n  person: [ [employee_number], [work_email] ]\n" EXISTS
#define BY_NUMBER "match:\n  person: [ [employee_number] ]\n" EXISTS
#define BY_HR "    default: [hr, desk]\n"
#define BY_DESK "    default: [hr, desk]\n    work_email: [desk, hr]\n"

/* --- the world that both hear of --- */

struct person {
    bool there, nameless;
    uint32_t mail, dept, boss, title, left, hired, badge;
};

struct world {
    uint64_t luck;
    struct person people[PEOPLE];
    uint32_t seats[BADGES];
};

static void world_turn(struct world *world)
{
    struct person *person = &world->people[chance(&world->luck, PEOPLE)];
    switch (chance(&world->luck, 9)) {
    case 0:
    case 1: person->there = !person->there; break;
    case 2: person->boss = chance(&world->luck, PEOPLE + 2); break;
    case 3: person->dept = chance(&world->luck, 4); break;
    case 4: person->nameless = !person->nameless; break;
    case 5: person->left = chance(&world->luck, 3); break;
    case 6: person->hired = chance(&world->luck, 3); break;
    case 7: world->seats[chance(&world->luck, BADGES)] = chance(&world->luck, 9); break;
    default:
        person->mail = chance(&world->luck, 4);
        person->title = chance(&world->luck, 3);
        person->badge = chance(&world->luck, 3);
    }
}

static char *say_hr(struct world *world)
{
    static const char *const hired[] = {"", "2020-01-01", "2026-12-01"}, *const left[] = {"", "2026-01-31",
                                                                                          "2027-01-31"};
    struct buffer out = {0};
    buffer_text(&out, "columns Nr|Last|Mail|Secret|Hired|Left|Badge|Title|Dept|Boss\n");
    for (size_t i = 0; i < PEOPLE; i++) {
        const struct person *person = &world->people[i];
        if (!person->there)
            continue;
        buffer_format(&out, "row %zu|%s|", i, person->nameless ? "" : "Name");
        if (person->mail)
            buffer_format(&out, "m%zu.%u@x", i % 5, person->mail);
        buffer_format(&out, "|secret%zu.%u|%s|%s|", i, person->title, hired[person->hired], left[person->left]);
        buffer_format(&out, "B%u|Title%u|%u|%u\n", person->badge, person->title, person->dept, person->boss);
    }
    switch (chance(&world->luck, 8)) {
    case 0: buffer_text(&out, "partial it is late\n"); break;
    case 1: buffer_text(&out, "row |Nobody||||||||\n"); break;
    default: break;
    }
    return buffer_take(&out);
}

static char *say_desk(const struct world *world)
{
    struct buffer out = {0};
    buffer_text(&out, "columns Id|Nr|Phone|Mail\n");
    for (size_t i = 0; i < BADGES; i++)
        if (world->seats[i])
            buffer_format(&out, "row s%zu|%zu|%u|m%zu.%u@x\n", i, i * 2, world->seats[i] % 3 + 100, i % 5,
                          1 + world->seats[i] % 3);
    return buffer_take(&out);
}

/* --- two shops that hear the same --- */

static void same_file(struct shop *shop, const char *name, const char *text)
{
    const struct timespec times[2] = {{.tv_sec = 1780000000}, {.tv_sec = 1780000000}};
    char path[300];
    shop_say(shop, name, text);
    snprintf(path, sizeof(path), "%s/%s", shop->dir, name);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void copy_whole(const char *from, const char *to)
{
    static char part[1 << 16];
    FILE *in = fopen(from, "r"), *out = fopen(to, "w");
    assert_true(in && out);
    for (size_t got; (got = fread(part, 1, sizeof(part), in)) > 0;)
        assert_int_equal(fwrite(part, 1, got, out), got);
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

/* The same master key in both: else the digests of sealed values differ. */
static void same_key(struct shop *one, struct shop *two)
{
    char from[300], to[300];
    snprintf(from, sizeof(from), "%s/key", one->dir);
    for (int i = 0; i < 2; i++) {
        struct shop *shop = i ? two : one;
        mkdir(shop->settings.state, 0700); /* it may be there */
        snprintf(to, sizeof(to), "%s/seal.key", shop->settings.state);
        if (i == 0) {
            FILE *file = fopen(from, "w");
            assert_non_null(file);
            assert_int_equal(fputs("this is the master key of tests.", file) < 0, 0);
            assert_int_equal(fclose(file), 0);
        }
        copy_whole(from, to);
    }
}

static char *data_file(struct shop *shop, size_t *ret_len)
{
    char path[300];
    snprintf(path, sizeof(path), "%s/organizations/a/data.mdb", shop->settings.state);
    FILE *file = fopen(path, "r");
    if (!file) {
        *ret_len = 0;
        return NULL;
    }
    fseek(file, 0, SEEK_END);
    *ret_len = (size_t)ftell(file);
    rewind(file);
    char *text = malloc(*ret_len + 1);
    assert_int_equal(fread(text, 1, *ret_len, file), *ret_len);
    fclose(file);
    return text;
}

static struct run_request request_of(struct shop *shop, const char *connection, bool full)
{
    return (struct run_request){.settings = &shop->settings,
                                .organization = shop->organization,
                                .connectors = shop->connectors,
                                .connection =
                                    connection ? organization_connection(shop->organization, connection) : NULL,
                                .full = full};
}

static void make(struct shop *shop, const char *connection, bool full, struct plan *ret_plan)
{
    struct run_request request = request_of(shop, connection, full);
    struct err err = {0};
    size_t before_len, after_len;
    char *before = data_file(shop, &before_len);
    int rc = plan_make(&request, ret_plan, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(rc, 0);
    char *after = data_file(shop, &after_len);
    if (before) { /* else it made an empty store */
        assert_int_equal(before_len, after_len);
        assert_memory_equal(before, after, before_len);
    }
    free(before);
    free(after);
}

static int apply_with(struct shop *shop, uint32_t number, bool strict, uint64_t *ret_left_out, struct err *err)
{
    struct run_request request = request_of(shop, NULL, false);
    struct plan plan __attribute__((cleanup(plan_done))) = {0};
    *err = (struct err){0};
    int rc = plan_apply(&request, number, strict, &plan, err);
    if (!shop->store)
        assert_int_equal(store_open(run_store_dir(&shop->settings, "a", shop->arena), false, &shop->store, NULL), 0);
    *ret_left_out = plan.left_out;
    return rc;
}

static int apply(struct shop *shop, uint32_t number, struct err *err)
{
    uint64_t left_out;
    return apply_with(shop, number, false, &left_out, err);
}

/* --- what they hold --- */

static void cut(struct buffer *row, const char *from, const char *to)
{
    char *begin = memmem(row->data, row->len, from, strlen(from));
    char *end =
        begin ? memmem(begin + strlen(from), row->len - (size_t)(begin - row->data) - strlen(from), to, 1) : NULL;
    if (!end)
        return;
    memmove(begin, end, row->len - (size_t)(end - row->data));
    row->len -= (size_t)(end - begin);
}

/* All rows of all tables; what cannot be the same (seals, seconds, folders, the plan's number) left out. */
static char *all_rows(struct shop *shop, size_t *ret_len)
{
    struct txn txn __attribute__((cleanup(tidy_txn)));
    struct buffer out = {0}, row = {0};
    txn_begin(&txn, shop->store, false);
    for (int table = 0; table < TABLE_COUNT; table++) {
        struct cursor cursor __attribute__((cleanup(tidy_cursor)));
        cursor_open(&cursor, &txn, (enum table)table);
        for (bool there = cursor_seek(&cursor, bytes("", 0)); there; there = cursor_next(&cursor)) {
            buffer_clear(&row);
            buffer_add(&row, cursor.value.data, table == TABLE_vault ? 0 : cursor.value.len);
            for (char *at; row.len > 0 && (at = memmem(row.data, row.len, shop->dir, strlen(shop->dir)));)
                memset(at, '_', strlen(shop->dir));
            if (table == TABLE_run) {
                cut(&row, "\"seconds\":", "}");
                cut(&row, "\"plan\":", "\"");
            }
            buffer_format(&out, "%s %zu %zu %zu ", table_name((enum table)table), cursor.key.len, row.len,
                          table == TABLE_vault ? cursor.value.len : 0);
            buffer_add(&out, cursor.key.data, cursor.key.len);
            buffer_add(&out, row.data ? row.data : "", row.len);
            buffer_byte(&out, '\n');
        }
    }
    assert_int_equal(txn.rc, 0);
    buffer_done(&row);
    *ret_len = out.len;
    return buffer_take(&out);
}

static void expect_same(struct shop *one, struct shop *two)
{
    size_t one_len, two_len, at = 0;
    char *a = all_rows(one, &one_len), *b = all_rows(two, &two_len);
    while (at < one_len && at < two_len && a[at] == b[at])
        at++;
    if (at < one_len || at < two_len) {
        size_t from = at < 100 ? 0 : at - 100;
        fail_msg("they differ at %zu of %zu and %zu:\n%.200s\n----\n%.200s", at, one_len, two_len, a + from, b + from);
    }
    free(a);
    free(b);
}

static int count_change(void *context, const struct planned_change *change)
{
    size_t *changes = context;
    assert_true(change->field || change->op != JOURNAL_CHANGED);
    assert_non_null(change->entity);
    *changes += 1;
    return 0;
}

/* What is shown has the same people as the report counts, each with something to see. */
static void expect_shown(struct shop *shop, const struct plan *plan)
{
    struct plan_view *view __attribute__((cleanup(tidy_plan_view_close))) = NULL;
    struct wait_item *items = NULL;
    struct planned planned;
    size_t count = 0, held = 0, roots = 0;
    struct err err = {0};
    int rc = plan_view_open(&shop->settings, shop->organization, plan, &view, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(rc, 0);
    assert_int_equal(view->counts[PLANNED_CREATED], plan->report.created);
    assert_int_equal(view->counts[PLANNED_UPDATED], plan->report.updated);
    assert_int_equal(view->counts[PLANNED_DEACTIVATED], plan->report.deactivated);
    assert_int_equal(view->counts[PLANNED_REACTIVATED], plan->report.reactivated);
    assert_int_equal(plan_view_rewind(view), 0);
    for (; (rc = plan_view_next(view, &planned)) == 1; roots++) {
        size_t changes = 0;
        assert_int_equal(planned_changes(view, &planned, count_change, &changes), 0);
        assert_true(changes > 0);
    }
    assert_int_equal(rc, 0);
    assert_int_equal(plan_view_waits(view, &items, &count), 0);
    for (size_t i = 0; i < count; i++)
        held += items[i].type == WAIT_HELD;
    if (plan->report.read > 0)
        assert_int_equal(held, plan->report.held);
    free(items);
}

/* --- the claim --- */

static void live(uint64_t luck)
{
    struct shop one, two;
    struct world world = {.luck = luck};
    shop_open(&one, HEAD BY_MAIL BY_HR);
    shop_open(&two, HEAD BY_MAIL BY_HR);
    same_key(&one, &two);
    for (size_t i = 0; i < PEOPLE; i++)
        world.people[i].there = chance(&world.luck, 3) > 0;
    for (int step = 0; step < STEPS; step++) {
        const char *connection = step > 0 && chance(&world.luck, 3) == 0 ? "desk" : "hr";
        char now[32];
        snprintf(now, sizeof(now), "2026-06-%02dT12:00:00", 1 + step * 3);
        shop_now(now);
        if (chance(&world.luck, 6) == 0) {
            bool desk = chance(&world.luck, 2);
            shop_edit(&one, desk ? HEAD BY_MAIL BY_DESK : HEAD BY_MAIL BY_HR);
            shop_edit(&two, desk ? HEAD BY_MAIL BY_DESK : HEAD BY_MAIL BY_HR);
        }
        for (uint32_t i = chance(&world.luck, 7); i-- > 0;)
            world_turn(&world);
        char *says = *connection == 'd' ? say_desk(&world) : say_hr(&world);
        same_file(&one, connection, says);
        same_file(&two, connection, says);
        free(says);
        bool full = chance(&world.luck, 2);
        struct plan plan __attribute__((cleanup(plan_done))) = {0};
        struct err err;
        shop_run(&one, connection, full, 0);
        if (chance(&world.luck, 3) == 0) { /* one that nobody applies is as if it had not been */
            struct plan idle __attribute__((cleanup(plan_done))) = {0};
            make(&two, connection, chance(&world.luck, 2), &idle);
        }
        make(&two, connection, full, &plan);
        assert_int_equal(plan.report.outcome, one.report.outcome);
        assert_true(plan.number > 0);
        expect_shown(&two, &plan);
        assert_int_equal(apply(&two, plan.number, &err), 0);
        assert_int_equal(apply(&two, plan.number, &err), ERR_GONE);
        expect_same(&one, &two);
    }
    shop_check(&two);
    shop_close(&one);
    shop_close(&two);
}

static void whatever_happens_plan_and_apply_leave_what_a_sync_leaves(void **state)
{
    (void)state;
    const char *wanted = getenv("TEST_LUCK");
    for (uint64_t luck = 1; luck <= LUCKS; luck++) {
        if (wanted && strtoull(wanted, NULL, 10) != luck)
            continue;
        print_message("luck %lu\n", (unsigned long)luck);
        live(luck * 0x9e3779b97f4a7c15u);
    }
}

/* (Whom an address matches depends on who has it at that moment: here only numbers match.) One syncs the desk, then hr;
 * the other plans hr, syncs the desk, and applies the plan to what is another store now.
 */
static void live_moved(uint64_t luck, uint64_t *applied, uint64_t *left_out_in_all)
{
    struct shop one, two;
    struct world world = {.luck = luck};
    shop_open(&one, HEAD BY_NUMBER BY_DESK);
    shop_open(&two, HEAD BY_NUMBER BY_DESK);
    same_key(&one, &two);
    for (size_t i = 0; i < PEOPLE; i++)
        world.people[i].there = chance(&world.luck, 3) > 0;
    for (int step = 0; step < STEPS; step++) {
        char now[32];
        uint64_t left_out = 0;
        struct plan plan __attribute__((cleanup(plan_done))) = {0};
        struct err err = {0};
        snprintf(now, sizeof(now), "2026-06-%02dT12:00:00", 1 + step * 3);
        shop_now(now);
        for (uint32_t i = 1 + chance(&world.luck, 5); i-- > 0;)
            world_turn(&world);
        for (int i = 0; i < 3; i++) { /* the same people's addresses, said by both */
            uint32_t seat = chance(&world.luck, BADGES);
            world.seats[seat] = chance(&world.luck, 9);
            world.people[(size_t)seat * 2 % PEOPLE].mail = chance(&world.luck, 4);
        }
        char *hr = say_hr(&world), *desk = say_desk(&world);
        for (int i = 0; i < 2; i++) {
            same_file(i ? &two : &one, "hr", hr);
            same_file(i ? &two : &one, "desk", desk);
        }
        free(hr);
        free(desk);
        shop_run(&one, "desk", true, 0);
        shop_run(&one, "hr", true, 0);
        if (step > 0)
            make(&two, "hr", true, &plan);
        shop_run(&two, "desk", true, 0);
        if (step > 0) {
            int rc = apply_with(&two, plan.number, false, &left_out, &err);
            if (rc != 0 && rc != ERR_CONFLICT)
                fail_msg("%d: %s", rc, err.text);
            shop_check(&two);
            *applied += rc == 0;
            *left_out_in_all += left_out;
            assert_int_equal(apply(&two, plan.number, &err), rc == 0 ? ERR_GONE : ERR_CONFLICT);
        }
        shop_run(&two, "hr", true, 0); /* what was left out */
        char *a = shop_people(&one, false), *b = shop_people(&two, false);
        assert_string_equal(a, b);
        free(a);
        free(b);
        shop_check(&two);
    }
    shop_close(&one);
    shop_close(&two);
}

static void a_plan_whose_store_has_moved_takes_only_what_it_showed_and_the_next_sync_brings_the_rest(void **state)
{
    (void)state;
    const char *wanted = getenv("TEST_LUCK");
    uint64_t applied = 0, left_out = 0;
    for (uint64_t luck = 1; luck <= LUCKS; luck++) {
        if (wanted && strtoull(wanted, NULL, 10) != luck)
            continue;
        print_message("luck %lu\n", (unsigned long)luck);
        live_moved(luck * 0x9e3779b97f4a7c15u, &applied, &left_out);
    }
    print_message("%lu applied, %lu left out\n", (unsigned long)applied, (unsigned long)left_out);
    assert_true(wanted || (applied > 20 && left_out > 5));
}

/* --- what a plan does not outlive --- */

#define TEXT                                                                                                           \
    "columns Nr|Last|Mail|Secret|Hired|Left|Badge|Title|Dept|Boss\nrow 1|Vos|||||||1|\nrow 2|Bakker|||||||1|1\n"

static void of_two_plans_only_the_first_that_is_applied_can_be(void **state)
{
    (void)state;
    struct shop shop;
    struct plan first __attribute__((cleanup(plan_done))) = {0};
    struct plan second __attribute__((cleanup(plan_done))) = {0};
    struct err err;
    shop_open(&shop, HEAD BY_MAIL BY_HR);
    shop_say(&shop, "hr", TEXT);
    make(&shop, "hr", false, &first);
    make(&shop, "hr", false, &second);
    assert_int_equal(second.number, first.number + 1);
    assert_int_equal(apply(&shop, second.number, &err), 0);
    assert_int_equal(apply(&shop, first.number, &err), ERR_CONFLICT);
    assert_non_null(strstr(err.text, "since it was made"));
    assert_int_equal(apply(&shop, second.number, &err), ERR_GONE);
    assert_non_null(strstr(err.text, "a plan is applied once"));
    shop_check(&shop);
    shop_close(&shop);
}

static void plans_that_are_over_lose_their_rows_and_later_their_file_and_no_number_comes_twice(void **state)
{
    (void)state;
    struct shop shop;
    struct err err = {0};
    struct plans plans __attribute__((cleanup(plans_done))) = {0};
    shop_open(&shop, HEAD BY_MAIL BY_HR);
    shop_say(&shop, "hr", TEXT);
    for (int day = 0; day < 3; day++) {
        struct plan plan __attribute__((cleanup(plan_done))) = {0};
        static const char *const days[] = {"2026-06-01T12:00:00", "2026-06-03T12:00:00", "2026-08-03T12:00:00"};
        shop_now(days[day]);
        make(&shop, "hr", false, &plan);
        assert_int_equal(plan.number, day + 1);
        if (day == 1)
            assert_int_equal(apply(&shop, plan.number, &err), 0);
    }
    assert_int_equal(plans_read(&shop.settings, shop.organization, &plans, &err), 0);
    assert_int_equal(plans.count, 2); /* the first is forgotten; the second was the newest when the third was made */
    assert_int_equal(plans.items[0].number, 3);
    assert_int_equal(plans.items[0].state, PLAN_OPEN);
    assert_int_equal(plans.items[1].number, 2);
    assert_int_equal(plans.items[1].state, PLAN_APPLIED);
    shop_close(&shop);
}

static void where_anything_fails_while_it_is_made_there_is_no_plan_and_the_store_is_as_it_was(void **state)
{
    (void)state;
#ifndef HAVE_FAULTS
    skip();
#endif
    static const char *const points[] = {"store", "spill", "alloc"};
    struct shop shop;
    shop_open(&shop, HEAD BY_MAIL BY_HR);
    shop_say(&shop, "hr", TEXT);
    shop_sync(&shop, "hr");
    shop_say(&shop, "hr", TEXT "row 3|Smit|||||||2|1\n");
    for (size_t p = 0; p < 3; p++) {
        bool hit = true;
        for (long nth = 1; hit; nth += p == 2 ? 61 : p == 1 ? 1 : 7) {
            struct run_request request = request_of(&shop, "hr", false);
            struct plan plan __attribute__((cleanup(plan_done))) = {0};
            struct err err = {0};
            char fault[40], path[300];
            size_t before_len, after_len;
            char *before = shop_rows(&shop, &before_len);
            snprintf(fault, sizeof(fault), "%s:%ld", points[p], nth);
            fault_set(fault);
            int rc = plan_make(&request, &plan, &err);
            hit = fault_seen() >= nth;
            fault_set(NULL);
            char *after = shop_rows(&shop, &after_len);
            assert_int_equal(before_len, after_len);
            assert_memory_equal(before, after, before_len);
            free(before);
            free(after);
            snprintf(path, sizeof(path), "%s/organizations/a/plans/part", shop.settings.state);
            assert_int_equal(access(path, F_OK), -1);
            assert_true(hit || (rc == 0 && plan.number > 0));
            assert_true(rc == 0 || err.rc != 0 || rc == -12);
        }
    }
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_happens_plan_and_apply_leave_what_a_sync_leaves),
        cmocka_unit_test(a_plan_whose_store_has_moved_takes_only_what_it_showed_and_the_next_sync_brings_the_rest),
        cmocka_unit_test(of_two_plans_only_the_first_that_is_applied_can_be),
        cmocka_unit_test(plans_that_are_over_lose_their_rows_and_later_their_file_and_no_number_comes_twice),
        cmocka_unit_test(where_anything_fails_while_it_is_made_there_is_no_plan_and_the_store_is_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
