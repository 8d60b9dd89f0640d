/* test_gate - what a run does where a safeguard trips: it holds, and lets go what somebody approves. */
#include "shop.h"

#include "acts/approval.h"
#include "engine/act.h"
#include "engine/proposal.h"
#include "logic/safeguard.h"
#include "tables/tally.h"

#include <limits.h>
#include <stdio.h>

#define DAY INT64_C(86400000)

/* --- what went through lately --- */

#define HEAD "connections:\n  hr:\n    connector: table\n    options: { location: DIR/hr }\n"
#define STREAMS                                                                                                        \
    "    streams:\n      people:\n        key: Id\n        person: { employee_number: Nr, family_name: Last,\n"        \
    "          work_email: Mail, status: { from: Status, table: { A: active, L: terminated } } }\n"                    \
    "        employment: { title: Title, manager: { person: employee_number, from: Boss } }\n"
#define COLUMNS "columns Id|Nr|Last|Mail|Status|Title|Boss\n"

struct row {
    const char *nr, *mail, *status, *title, *boss; /* formats with the row's number; NULL: as usual */
};

/* Rows 1 to `count`; the first `odd` of them are as `row` says. */
static const char *rows(int count, int odd, const struct row *row)
{
    static const struct row usual = {"%d", "m%d@x", "A", "Cook", "1"};
    static char text[40000];
    size_t len = (size_t)snprintf(text, sizeof(text), COLUMNS);
    for (int i = 1; i <= count; i++) {
        const struct row *at = i <= odd ? row : &usual;
        const char *const cells[] = {at->nr ? at->nr : usual.nr,          "Name%d",
                                     at->mail ? at->mail : usual.mail,    at->status ? at->status : usual.status,
                                     at->title ? at->title : usual.title, at->boss ? at->boss : usual.boss};
        len += (size_t)snprintf(text + len, sizeof(text) - len, "row r%d", i);
        for (size_t c = 0; c < sizeof(cells) / sizeof(cells[0]); c++) {
            char cell[64], *number;
            snprintf(cell, sizeof(cell), "%s", cells[c]);
            if ((number = strstr(cell, "%d")) != NULL) {
                char end[64];
                snprintf(end, sizeof(end), "%s", number + 2);
                snprintf(number, sizeof(cell) - (size_t)(number - cell), "%d%s", i, end);
            }
            len += (size_t)snprintf(text + len, sizeof(text) - len, "|%s", cell);
        }
        len += (size_t)snprintf(text + len, sizeof(text) - len, "\n");
    }
    return text;
}

static size_t count_of(struct shop *shop, const char *words)
{
    char *people = shop_people(shop, false);
    size_t count = 0;
    for (char *at = people; (at = strstr(at, words)); at++)
        count++;
    free(people);
    return count;
}

static size_t proposals(struct shop *shop)
{
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, shop->store, false);
    return txn_count(&txn, TABLE_held);
}

static void addresses_that_change_at_once_are_held_and_the_rest_is_taken(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, HEAD STREAMS);
    shop_hear(&shop, "hr", rows(5, 0, NULL));
    shop_hear(&shop, "hr", rows(5, 2, &(struct row){.mail = "n%d@x"}));
    assert_int_equal(shop.report.outcome, OUTCOME_SUCCEEDED);
    expect_field(&shop, "2", "work_email", "n2@x");
    shop_hear(&shop, "hr", rows(5, 5, &(struct row){.mail = "wrong%d@x", .title = "Chef"}));
    assert_int_equal(shop.report.outcome, OUTCOME_HELD);
    assert_int_equal(shop.report.held, 5);
    uint32_t run = shop.report.run;
    assert_int_equal(count_of(&shop, "work_email=wrong"), 0);
    assert_int_equal(count_of(&shop, "title=Chef"), 5);
    expect_waits(&shop, "h safeguard_email r1 person.work_email\nh safeguard_email r2 person.work_email\n"
                        "h safeguard_email r3 person.work_email\nh safeguard_email r4 person.work_email\n"
                        "h safeguard_email r5 person.work_email\n");
    assert_int_equal(proposals(&shop), 5);
    shop_check_again(&shop); /* tomorrow the same: found again, nothing is written */
    assert_int_equal(shop.report.held, 5);
    assert_int_equal(shop.report.outcome, OUTCOME_HELD);
    shop_run(&shop, "hr", true, run - 1); /* who lets through what an earlier run held has not seen these */
    assert_int_equal(shop.report.held, 5);
    shop_run(&shop, "hr", true, run);
    assert_int_equal(shop.report.outcome, OUTCOME_SUCCEEDED);
    assert_int_equal(count_of(&shop, "work_email=wrong"), 5);
    shop_close(&shop);
}

static void each_safeguard_that_trips_says_how_many_of_how_many(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, HEAD STREAMS);
    shop_hear(&shop, "hr", rows(6, 0, NULL));
    shop_hear(&shop, "hr", rows(6, 5, &(struct row){.mail = "wrong%d@x", .status = "L"}));
    assert_int_equal(shop.report.outcome, OUTCOME_HELD);
    assert_int_equal(shop.report.held, 10);
    const char *said = shop.report.partitions[0].reason;
    if (!strstr(said, "5 of 6, and 1 may: `safeguards: deactivate`") ||
        !strstr(said, "5 of 6, and 2 may: `safeguards: email`"))
        fail_msg("%s", said);
    shop_close(&shop);
}

static void what_is_held_waits_until_the_source_takes_it_back(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, HEAD STREAMS);
    shop_hear(&shop, "hr", rows(5, 0, NULL));
    shop_hear(&shop, "hr", rows(5, 5, &(struct row){.mail = "wrong%d@x"}));
    assert_int_equal(shop.report.held, 5);
    shop_now("2027-06-15T12:00:00"); /* nobody looked at it for a year */
    shop_hear(&shop, "hr", rows(5, 1, &(struct row){.mail = "wrong%d@x"}));
    expect_waits(&shop, "h safeguard_email r1 person.work_email\n"); /* one alone would pass; but it was held */
    assert_int_equal(proposals(&shop), 1);
    shop_hear(&shop, "hr", rows(5, 1, &(struct row){.mail = "right%d@x"}));
    expect_waits(&shop, ""); /* that is another word */
    expect_field(&shop, "1", "work_email", "right1@x");
    assert_int_equal(proposals(&shop), 0);
    shop_hear(&shop, "hr", rows(5, 0, NULL));
    expect_waits(&shop, "");
    shop_check_again(&shop);
    shop_close(&shop);
}

static void each_kind_of_change_has_a_gate_of_its_own(void **state)
{
    (void)state;
    static const struct {
        struct row row;
        const char *waits;
    } cases[] = {
        {{.nr = "9%d"}, "h safeguard_rekey r%d person.employee_number\n"},
        {{.mail = "n%d@x"}, "h safeguard_email r%d person.work_email\n"},
        {{.boss = "2"}, "h safeguard_manager r%d employment.manager\n"},
        {{.status = "L"}, "h safeguard_deactivate r%d person.status\n"},
        {{.title = "Chef"}, "h safeguard_update r%d\n"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct shop shop;
        bool update = cases[i].row.title != NULL;
        shop_open(&shop, update ? HEAD "    safeguards: { update: { percent: 50, from: 6 } }\n" STREAMS : HEAD STREAMS);
        shop_hear(&shop, "hr", rows(9, 0, NULL));
        char *before = shop_people(&shop, true);
        shop_hear(&shop, "hr", rows(9, 6, &cases[i].row));
        assert_int_equal(shop.report.outcome, OUTCOME_HELD);
        char *waits = shop_waits(&shop), *people = shop_people(&shop, true);
        for (int r = 1; r <= 6; r++) {
            char line[100], *number;
            snprintf(line, sizeof(line), "%s", cases[i].waits);
            number = strstr(line, "%d");
            *number = (char)('0' + r);
            memmove(number + 1, number + 2, strlen(number + 1));
            if (!strstr(waits, line))
                fail_msg("'%s' is not among:\n%s", line, waits);
        }
        assert_string_equal(people, before); /* nothing else changed, so nothing did */
        shop_check_again(&shop);
        shop_run(&shop, "hr", true, shop.report.run);
        assert_int_equal(shop.report.outcome, OUTCOME_SUCCEEDED);
        shop_check(&shop);
        expect_waits(&shop, "");
        assert_int_equal(proposals(&shop), 0);
        shop_check_again(&shop);
        free(waits);
        free(people);
        free(before);
        shop_close(&shop);
    }
}

static void what_was_not_known_before_is_no_change_of_it(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, HEAD STREAMS);
    shop_hear(&shop, "hr", rows(9, 9, &(struct row){.mail = "", .boss = "", .nr = ""}));
    shop_hear(&shop, "hr", rows(9, 0, NULL));
    assert_int_equal(shop.report.outcome, OUTCOME_SUCCEEDED);
    assert_int_equal(count_of(&shop, "work_email=m"), 9);
    shop_close(&shop);
}

static void a_slow_bleeding_of_three_a_day_is_held_on_the_second_day(void **state)
{
    (void)state;
    struct shop shop;
    char now[40];
    shop_open(&shop, HEAD STREAMS);
    shop_hear(&shop, "hr", rows(100, 0, NULL));
    for (int day = 1; day <= 7; day++) {
        snprintf(now, sizeof(now), "2026-06-%dT12:00:00", 15 + day);
        shop_now(now);
        shop_hear(&shop, "hr", rows(100 - 3 * day, 0, NULL));
        assert_int_equal(shop.report.outcome, day == 1 ? OUTCOME_SUCCEEDED : OUTCOME_HELD);
        assert_int_equal(count_of(&shop, "status=inactive"), 3);
        assert_int_equal(shop.report.held, day == 1 ? 0 : 3 * (day - 1));
    }
    shop_close(&shop);
}

static void a_slow_change_of_addresses_is_held_too_and_what_passed_is_forgotten_after_the_window(void **state)
{
    (void)state;
    struct shop shop;
    char now[40];
    shop_open(&shop, HEAD "    safeguards: { email: { percent: 10, window: 2d } }\n" STREAMS);
    shop_hear(&shop, "hr", rows(100, 0, NULL));
    for (int day = 1; day <= 7; day++) {
        snprintf(now, sizeof(now), "2026-06-%dT12:00:00", 15 + day);
        shop_now(now);
        shop_hear(&shop, "hr", rows(100, 5 * day, &(struct row){.mail = "n%d@x"}));
        assert_int_equal(shop.report.outcome, OUTCOME_SUCCEEDED); /* ten in two days */
    }
    shop_hear(&shop, "hr", rows(100, 36, &(struct row){.mail = "n%d@x"}));
    assert_int_equal(shop.report.held, 1);
    assert_int_equal(count_of(&shop, "work_email=n"), 35);
    shop_close(&shop);
}

static void a_status_and_somebody_missing_are_counted_together(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, HEAD "    safeguards: { deactivate: { percent: 20, from: 2 } }\n" STREAMS);
    shop_hear(&shop, "hr", rows(10, 0, NULL));
    shop_hear(&shop, "hr", rows(9, 2, &(struct row){.status = "L"}));
    assert_int_equal(shop.report.outcome, OUTCOME_HELD);
    expect_waits(&shop, "h safeguard_deactivate r1 person.status\nh safeguard_deactivate r10\n"
                        "h safeguard_deactivate r2 person.status\n");
    assert_int_equal(count_of(&shop, "status=active"), 10);
    shop_check_again(&shop);
    shop_close(&shop);
}

static void partitions_are_judged_alone_or_as_one_connection(void **state)
{
    (void)state;
    static const char *const of[] = {"partition", "connection"};
    for (int i = 0; i < 2; i++) {
        struct shop shop;
        char yaml[1000];
        snprintf(yaml, sizeof(yaml),
                 "connections:\n  hr:\n    connector: table\n    options: { location: DIR/hr, stores: a b }\n"
                 "    safeguards: { email: { of: %s } }\n" STREAMS,
                 of[i]);
        shop_open(&shop, yaml);
        shop_hear(&shop, "hr",
                  "@ a *\n" COLUMNS "row 1|1|A|a@x|A||\nrow 2|2|B|b@x|A||\n@ b *\n" COLUMNS
                  "row 3|3|C|c@x|A||\nrow 4|4|D|d@x|A||\n");
        shop_hear(&shop, "hr",
                  "@ a *\n" COLUMNS "row 1|1|A|a1@x|A||\nrow 2|2|B|b1@x|A||\n@ b *\n" COLUMNS
                  "row 3|3|C|c1@x|A||\nrow 4|4|D|d1@x|A||\n");
        assert_int_equal(shop.report.held, i == 0 ? 0 : 4);
        shop_close(&shop);
    }
}

static void a_second_source_does_not_overrule_the_first_unseen(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop,
              HEAD STREAMS "  desk:\n    connector: table\n    options: { location: DIR/desk }\n    streams:\n"
                           "      seats: { key: Id, person: { employee_number: Nr, work_email: Mail, phone: Phone } }\n"
                           "match: { person: [[employee_number]] }\n"
                           "authority: { person: { work_email: [desk, hr], exists: [hr] } }\n");
    shop_hear(&shop, "hr", rows(5, 0, NULL));
    shop_hear(&shop, "desk", "columns Id|Nr|Mail|Phone\nrow a|1|x1@x|11\nrow b|2|x2@x|12\nrow c|3|x3@x|13\n");
    assert_int_equal(shop.report.outcome, OUTCOME_HELD);
    expect_field(&shop, "2", "work_email", "m2@x");
    expect_field(&shop, "2", "phone", "12");
    expect_waits(&shop, "h safeguard_email a person.work_email\nh safeguard_email b person.work_email\n"
                        "h safeguard_email c person.work_email\n");
    shop_check_again(&shop);
    shop_run(&shop, "desk", true, shop.report.run);
    shop_check(&shop);
    expect_field(&shop, "2", "work_email", "x2@x");
    shop_check_again(&shop);
    shop_close(&shop);
}

static void a_new_record_that_is_held_as_a_whole_keeps_its_seeds_until_it_is_taken(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop,
              HEAD "    safeguards: { email: 100% }\n" STREAMS
                   "  desk:\n    connector: table\n    options: { location: DIR/desk }\n"
                   "    safeguards: { update: { percent: 1, from: 1 }, email: 100% }\n    streams:\n"
                   "      seats: { key: Id, person: { employee_number: Nr, work_email: Mail, national_id: Bsn } }\n"
                   "match: { person: [[employee_number]] }\n"
                   "authority: { person: { work_email: [desk, hr], exists: [hr] } }\n");
    shop_hear(&shop, "hr", rows(5, 0, NULL));
    shop_hear(&shop, "desk", "columns Id|Nr|Mail|Bsn\nrow a|1|x1@x|123456782\nrow b|2|x2@x|111222333\n");
    expect_waits(&shop, "h safeguard_update a\nh safeguard_update b\n");
    assert_int_equal(proposals(&shop), 2);
    shop_hear(&shop, "hr", rows(6, 0, NULL)); /* somebody else gets seeds meanwhile */
    shop_sync_full(&shop, "desk");
    assert_int_equal(shop.report.held, 2);
    shop_check_again(&shop);
    shop_run(&shop, "desk", true, shop.report.run);
    shop_check(&shop);
    expect_field(&shop, "1", "work_email", "x1@x");
    shop_check_again(&shop);
    shop_hear(&shop, "desk",
              "columns Id|Nr|Mail|Bsn\nrow a|1|x1@x|123456782\nrow b|2|x2@x|111222333\n"
              "row c|3|x3@x|999888777\n");
    expect_waits(&shop, "h safeguard_update c\n");
    shop_hear(&shop, "desk", "columns Id|Nr|Mail|Bsn\nrow a|1|x1@x|123456782\nrow b|2|x2@x|111222333\n");
    assert_int_equal(proposals(&shop), 0); /* and what was sealed for it: shop_check() */
    shop_check_again(&shop);
    shop_close(&shop);
}

static void what_a_record_adds_when_it_is_read_for_the_first_time_is_no_update(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, HEAD "    safeguards: { email: 100% }\n" STREAMS
                          "  desk:\n    connector: table\n    options: { location: DIR/desk }\n"
                          "    safeguards: { update: { percent: 1, from: 1 } }\n    streams:\n"
                          "      seats: { key: Id, person: { employee_number: Nr, workstation_number: Seat } }\n"
                          "match: { person: [[employee_number]] }\nauthority: { person: { exists: [hr] } }\n");
    shop_hear(&shop, "hr", rows(5, 0, NULL));
    shop_hear(&shop, "desk", "columns Id|Nr|Seat\nrow a|1|S1\nrow b|2|S2\nrow c|3|\n");
    expect_waits(&shop, "");
    expect_field(&shop, "2", "workstation_number", "S2");
    shop_hear(&shop, "desk", "columns Id|Nr|Seat\nrow a|1|S9\nrow b|2|S2\nrow c|3|S3\n");
    expect_waits(&shop, "h safeguard_update a\nh safeguard_update c\n");
    shop_check_again(&shop);
    shop_close(&shop);
}

static void a_safeguard_that_is_switched_off_lets_go_what_it_held(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, HEAD STREAMS);
    shop_hear(&shop, "hr", rows(5, 0, NULL));
    shop_hear(&shop, "hr", rows(5, 5, &(struct row){.mail = "n%d@x"}));
    assert_int_equal(shop.report.held, 5);
    shop_edit(&shop, HEAD "    safeguards: { email: { off: { until: 2026-06-20, reason: we moved } } }\n" STREAMS);
    shop_sync(&shop, "hr");
    assert_int_equal(shop.report.outcome, OUTCOME_SUCCEEDED);
    assert_int_equal(count_of(&shop, "work_email=n"), 5);
    expect_waits(&shop, "");
    shop_close(&shop);
}

/* --- what people say of it --- */

/* All that is held, or the first so many of it. */
static size_t decide(struct shop *shop, bool rejects, size_t most, int64_t until_ms)
{
    struct arena *arena TIDY(arena_free) = arena_new();
    struct run_report report __attribute__((cleanup(run_report_done))) = {0};
    struct wait_item items[64];
    struct err err = {0};
    size_t count = 0;
    uint8_t type = WAIT_HELD;
    {
        struct txn txn __attribute__((cleanup(tidy_txn)));
        struct cursor cursor __attribute__((cleanup(tidy_cursor)));
        txn_begin(&txn, shop->store, false);
        cursor_open(&cursor, &txn, TABLE_wait);
        for (bool there = cursor_seek(&cursor, bytes(&type, 1));
             there && cursor_has_prefix(&cursor, bytes(&type, 1)) && count < most && count < 64;
             there = cursor_next(&cursor))
            assert_true(wait_read(cursor.key, cursor.value, arena, &items[count++]));
    }
    struct approval approval = {
        .author = "me", .reason = "because", .rejects = rejects, .until_ms = until_ms, .items = items, .count = count};
    struct act act = {.verb = rejects ? "reject" : "approve",
                      .author = "me",
                      .reason = "because",
                      .state = approval_state,
                      .decided = approval_decided,
                      .context = &approval};
    struct run_request request = {
        .settings = &shop->settings, .organization = shop->organization, .connectors = shop->connectors};
    if (count == 0)
        return 0;
    int rc = act_run(&request, &act, &report, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(rc, 0);
    shop_check(shop);
    return count;
}

static void what_is_approved_is_taken_at_once_and_not_counted(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, HEAD STREAMS);
    shop_hear(&shop, "hr", rows(20, 0, NULL));
    shop_hear(&shop, "hr", rows(20, 9, &(struct row){.mail = "n%d@x", .title = "Chef"}));
    assert_int_equal(shop.report.held, 9);
    assert_int_equal(decide(&shop, false, 7, 0), 7);
    assert_int_equal(count_of(&shop, "work_email=n"), 7);
    assert_int_equal(proposals(&shop), 2);
    shop_check_again(&shop);
    assert_int_equal(shop.report.held, 2); /* two alone would pass: but they were held, and nobody let them */
    assert_int_equal(decide(&shop, false, 64, 0), 2);
    assert_int_equal(proposals(&shop), 0);
    shop_check_again(&shop);
    shop_hear(&shop, "hr", rows(20, 12, &(struct row){.mail = "n%d@x", .title = "Chef"}));
    assert_int_equal(shop.report.held, 0); /* three more of twenty: the nine do not count */
    shop_hear(&shop, "hr", rows(17, 12, &(struct row){.mail = "n%d@x", .title = "Chef"}));
    assert_int_equal(shop.report.held, 3);
    assert_int_equal(decide(&shop, false, 64, 0), 3);
    assert_int_equal(count_of(&shop, "status=inactive"), 3);
    shop_hear(&shop, "hr", rows(16, 12, &(struct row){.mail = "n%d@x", .title = "Chef"}));
    assert_int_equal(count_of(&shop, "status=inactive"), 4); /* one more may go */
    shop_check_again(&shop);
    shop_close(&shop);
}

static void what_is_rejected_is_quiet_until_its_day_or_until_something_else_is_proposed(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, HEAD STREAMS);
    shop_hear(&shop, "hr", rows(20, 0, NULL));
    shop_hear(&shop, "hr", rows(18, 5, &(struct row){.mail = "n%d@x"}));
    assert_int_equal(shop.report.held, 7);
    assert_int_equal(decide(&shop, true, 64, INT64_C(1782000000000)), 7); /* 2026-06-21T00:00Z */
    expect_waits(&shop, "");
    shop_check_again(&shop);
    assert_int_equal(shop.report.outcome, OUTCOME_SUCCEEDED);
    assert_int_equal(count_of(&shop, "work_email=n") + count_of(&shop, "status=inactive"), 0);
    shop_hear(&shop, "hr", rows(17, 5, &(struct row){.mail = "n%d@x"}));
    assert_int_equal(shop.report.held, 0); /* what is rejected does not count, either */
    assert_int_equal(count_of(&shop, "status=inactive"), 1);
    shop_hear(&shop, "hr", rows(17, 5, &(struct row){.mail = "o%d@x"}));
    assert_int_equal(shop.report.held, 5); /* other words */
    shop_hear(&shop, "hr", rows(17, 5, &(struct row){.mail = "n%d@x"}));
    assert_int_equal(shop.report.held, 0);
    shop_now("2026-06-22T12:00:00");
    shop_sync_full(&shop, "hr");
    assert_int_equal(shop.report.held, 7);
    shop_check_again(&shop);
    shop_close(&shop);
}

/* Held, and then let through, in a run or by an act: the same as if there were no safeguards at all. */
static void let_all_through(bool act)
{
    static const char *const without =
        HEAD "    safeguards: { deactivate: 100%, rekey: 100%, email: 100%, manager: 100% }\n" STREAMS;
    for (unsigned luck = 1; luck <= 12; luck++) {
        struct shop guarded, open;
        unsigned random = luck * 2654435761u;
        struct row row = {.nr = random & 1 ? "9%d" : NULL,
                          .mail = random & 2 ? "n%d@x" : NULL,
                          .status = random & 4 ? "L" : NULL,
                          .title = random & 8 ? "Chef" : NULL,
                          .boss = random & 16 ? "2" : NULL};
        int odd = 1 + (int)(random >> 8) % 9, left = 10 - (int)(random >> 12) % 4;
        char *first = strdup(rows(10, 0, NULL)), *second = strdup(rows(left, odd, &row));
        shop_open(&guarded, HEAD "    safeguards: { update: 30% }\n" STREAMS);
        shop_hear(&guarded, "hr", first);
        shop_hear(&guarded, "hr", second);
        for (int rounds = 0; guarded.report.outcome == OUTCOME_HELD; rounds++) {
            if (act)
                decide(&guarded, false, 64, 0);
            shop_run(&guarded, "hr", true, act ? 0 : guarded.report.run);
            shop_check(&guarded);
            assert_true(rounds < 4);
        }
        char *people = shop_people(&guarded, true);
        shop_check_again(&guarded);
        shop_close(&guarded);
        shop_open(&open, without);
        shop_hear(&open, "hr", first);
        shop_hear(&open, "hr", second);
        char *wanted = shop_people(&open, true);
        if (strcmp(people, wanted) != 0)
            fail_msg("luck %u:\n%s\nis not\n%s", luck, people, wanted);
        shop_close(&open);
        free(people);
        free(wanted);
        free(first);
        free(second);
    }
}

static void letting_all_through_in_a_run_gives_what_a_run_without_safeguards_gives(void **state)
{
    (void)state;
    let_all_through(false);
}

static void approving_all_gives_what_a_run_without_safeguards_gives(void **state)
{
    (void)state;
    let_all_through(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_that_change_at_once_are_held_and_the_rest_is_taken),
        cmocka_unit_test(each_safeguard_that_trips_says_how_many_of_how_many),
        cmocka_unit_test(what_is_held_waits_until_the_source_takes_it_back),
        cmocka_unit_test(each_kind_of_change_has_a_gate_of_its_own),
        cmocka_unit_test(what_was_not_known_before_is_no_change_of_it),
        cmocka_unit_test(a_slow_bleeding_of_three_a_day_is_held_on_the_second_day),
        cmocka_unit_test(a_slow_change_of_addresses_is_held_too_and_what_passed_is_forgotten_after_the_window),
        cmocka_unit_test(a_status_and_somebody_missing_are_counted_together),
        cmocka_unit_test(partitions_are_judged_alone_or_as_one_connection),
        cmocka_unit_test(a_second_source_does_not_overrule_the_first_unseen),
        cmocka_unit_test(a_new_record_that_is_held_as_a_whole_keeps_its_seeds_until_it_is_taken),
        cmocka_unit_test(what_a_record_adds_when_it_is_read_for_the_first_time_is_no_update),
        cmocka_unit_test(a_safeguard_that_is_switched_off_lets_go_what_it_held),
        cmocka_unit_test(what_is_approved_is_taken_at_once_and_not_counted),
        cmocka_unit_test(what_is_rejected_is_quiet_until_its_day_or_until_something_else_is_proposed),
        cmocka_unit_test(letting_all_through_in_a_run_gives_what_a_run_without_safeguards_gives),
        cmocka_unit_test(approving_all_gives_what_a_run_without_safeguards_gives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
