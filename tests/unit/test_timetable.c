/* test_timetable - which runs are due: told what happens, asked what is to be started. No clock, no file. */
#include "unit.h"

#include "base/date.h"
#include "service/timetable.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };
#define DAY (INT64_C(24) * HOUR)

static int64_t at(const char *text)
{
    int64_t ms;
    assert_true(instant_read(text, strlen(text), &ms));
    return ms;
}

/* --- organizations without files --- */

enum { PLACES = 40 };
struct made {
    struct roster roster;
    struct roster_organization organizations[PLACES], *items[PLACES];
    struct roster_connection connections[PLACES][4];
    struct zone *zone;
};

static void make(struct made *made, size_t count)
{
    static char ids[PLACES][24];
    memset(made, 0, sizeof(*made));
    assert_int_equal(zone_open("Europe/Amsterdam", &made->zone), 0);
    for (size_t i = 0; i < count; i++) {
        snprintf(ids[i], sizeof(ids[i]), "org%zu", i);
        made->organizations[i] = (struct roster_organization){
            .id = ids[i], .file = ids[i], .zone = made->zone, .connections = made->connections[i]};
        made->items[i] = &made->organizations[i];
    }
    made->roster = (struct roster){.items = made->items, .count = count};
}

static void connect(struct made *made, size_t organization, const char *name, const struct trigger *triggers,
                    size_t count)
{
    size_t nth = made->organizations[organization].connection_count++;
    made->connections[organization][nth] =
        (struct roster_connection){.name = name, .triggers = triggers, .trigger_count = count};
}

/* One organization with one connection. */
static void begin(struct made *made, struct timetable *timetable, const char *name, const struct trigger *triggers,
                  size_t count, int64_t now)
{
    make(made, 1);
    connect(made, 0, name, triggers, count);
    assert_int_equal(timetable_make(timetable, &made->roster, NULL, NULL, NULL, now), 0);
}

static void ends(struct timetable *timetable, const struct job_order *order, enum job_end end, int64_t now)
{
    enum job_end all[JOB_CONNECTIONS];
    for (size_t i = 0; i < order->count; i++)
        all[i] = end;
    timetable_ended(timetable, order, all, now);
}

static void done(struct made *made, struct timetable *timetable)
{
    timetable_done(timetable);
    zone_free(made->zone);
}

static const struct trigger mornings[] = {{.how = TRIGGER_SCHEDULE, .text = "30 6 * * Mon-Fri"}};
static const struct trigger files[] = {{.how = TRIGGER_FILE}};
static const struct trigger changes[] = {{.how = TRIGGER_CHANGE}};
#define MORNING "2026-11-23T05:30:00Z" /* a Monday, 06:30 in Amsterdam */

/* --- times --- */

static void a_run_is_due_at_its_time_and_once(void **state)
{
    (void)state;
    struct made made;
    struct timetable timetable;
    struct job_order order;
    int64_t morning = at(MORNING);
    begin(&made, &timetable, "hr", mornings, 1, morning - HOUR);
    assert_true(timetable_wakes(&timetable) == morning);
    timetable_tick(&timetable, morning - 1);
    assert_false(timetable_pick(&timetable, morning - 1, 2, &order));
    timetable_tick(&timetable, morning);
    assert_true(timetable_pick(&timetable, morning, 2, &order));
    assert_string_equal(order.organization, "org0");
    assert_int_equal(order.count, 1);
    assert_string_equal(order.connections[0], "hr");
    timetable_tick(&timetable, morning + SECOND);
    assert_false(timetable_pick(&timetable, morning + SECOND, 2, &order));
    ends(&timetable, &order, JOB_WELL, morning + MINUTE);
    timetable_tick(&timetable, morning + HOUR);
    assert_false(timetable_pick(&timetable, morning + HOUR, 2, &order));
    assert_true(timetable_wakes(&timetable) == morning + DAY);
    done(&made, &timetable);
}

static int64_t three_days_ago(void *context, const char *organization, const char *key)
{
    (void)context;
    assert_string_equal(organization, "org0");
    assert_string_equal(key, "hr schedule 30 6 * * Mon-Fri");
    return at(MORNING) - 3 * DAY;
}

static void what_was_missed_runs_once(void **state)
{
    (void)state;
    struct made made;
    struct timetable timetable;
    struct job_order order;
    int64_t now = at(MORNING) + 2 * DAY + HOUR;
    make(&made, 1);
    connect(&made, 0, "hr", mornings, 1);
    assert_int_equal(timetable_make(&timetable, &made.roster, NULL, three_days_ago, NULL, now), 0);
    timetable_tick(&timetable, now);
    assert_true(timetable_pick(&timetable, now, 2, &order));
    ends(&timetable, &order, JOB_WELL, now + MINUTE);
    timetable_tick(&timetable, now + MINUTE);
    assert_false(timetable_pick(&timetable, now + MINUTE, 2, &order));
    assert_true(timetable_wakes(&timetable) == at(MORNING) + 3 * DAY);
    done(&made, &timetable);
}

static void a_year_has_a_run_for_each_of_its_times(void **state)
{
    (void)state;
    static const struct trigger triggers[] = {{.how = TRIGGER_SCHEDULE, .text = "30 6 * * Mon-Fri"},
                                              {.how = TRIGGER_SCHEDULE, .text = "0 2 1 * *", .full = true},
                                              {.how = TRIGGER_EVERY, .every_ms = HOUR}};
    struct made made;
    struct timetable timetable;
    struct job_order order;
    unsigned full = 0, all = 0;
    int64_t now = at("2026-01-01T12:00:00Z"), end = now + 365 * DAY;
    make(&made, 1);
    connect(&made, 0, "a", &triggers[0], 1);
    connect(&made, 0, "b", &triggers[1], 1);
    connect(&made, 0, "c", &triggers[2], 1);
    assert_int_equal(timetable_make(&timetable, &made.roster, NULL, NULL, NULL, now), 0);
    unsigned runs[3] = {0};
    while ((now = timetable_wakes(&timetable)) < end) {
        timetable_tick(&timetable, now);
        while (timetable_pick(&timetable, now, 1, &order)) {
            for (size_t i = 0; i < order.count; i++)
                runs[order.connections[i][0] - 'a']++;
            full += order.full;
            all++;
            ends(&timetable, &order, JOB_WELL, now + SECOND);
        }
    }
    assert_int_equal(runs[0], 261); /* working days from 2 January 2026 to 1 January 2027 */
    assert_int_equal(runs[1], 12);
    assert_int_equal(full, 12);
    assert_in_range(runs[2], 365 * 24 * 98 / 100, 365 * 24 * 102 / 100); /* an hour more or less a tenth */
    assert_true(all <= runs[0] + runs[1] + runs[2]);
    done(&made, &timetable);
}

/* --- coalescing --- */

static void what_comes_while_a_run_goes_is_one_more_run(void **state)
{
    (void)state;
    struct made made;
    struct timetable timetable;
    struct job_order order, next;
    int64_t now = at(MORNING);
    begin(&made, &timetable, "hr", files, 1, now);
    assert_true(timetable_pick(&timetable, now, 2, &order)); /* it may have come before we looked */
    for (int i = 0; i < 5; i++)
        timetable_arrived(&timetable.items[0], &timetable.items[0].connections[0], now + i * 2 * SECOND);
    assert_false(timetable_pick(&timetable, now + 20 * SECOND, 2, &next));
    ends(&timetable, &order, JOB_WELL, now + 20 * SECOND);
    assert_true(timetable_pick(&timetable, now + 20 * SECOND, 2, &next));
    ends(&timetable, &next, JOB_WELL, now + 30 * SECOND);
    assert_false(timetable_pick(&timetable, now + HOUR, 2, &next));
    done(&made, &timetable);
}

static void a_file_that_still_grows_is_waited_for_but_not_for_ever(void **state)
{
    (void)state;
    struct made made;
    struct timetable timetable;
    struct job_order order;
    int64_t now = at(MORNING), grown = now;
    begin(&made, &timetable, "hr", files, 1, now);
    assert_true(timetable_pick(&timetable, now, 2, &order));
    ends(&timetable, &order, JOB_WELL, now);
    for (; grown < now + 30 * SECOND; grown += SECOND / 2) {
        timetable_arrived(&timetable.items[0], &timetable.items[0].connections[0], grown);
        assert_false(timetable_pick(&timetable, grown, 2, &order));
    }
    for (; grown < now + 90 * SECOND && !timetable_pick(&timetable, grown, 2, &order); grown += SECOND / 2)
        timetable_arrived(&timetable.items[0], &timetable.items[0].connections[0], grown);
    assert_in_range(grown - now, 59 * SECOND, 63 * SECOND);
    done(&made, &timetable);
}

static void connections_with_the_same_words_are_one_run(void **state)
{
    (void)state;
    static const struct trigger full[] = {{.how = TRIGGER_SCHEDULE, .text = "30 6 * * *", .full = true}};
    struct made made;
    struct timetable timetable;
    struct job_order order;
    int64_t now = at(MORNING);
    make(&made, 1);
    connect(&made, 0, "a", mornings, 1);
    connect(&made, 0, "b", full, 1);
    connect(&made, 0, "c", mornings, 1);
    assert_int_equal(timetable_make(&timetable, &made.roster, NULL, NULL, NULL, now - 1), 0);
    timetable_tick(&timetable, now);
    assert_true(timetable_pick(&timetable, now, 9, &order));
    assert_int_equal(order.count, 2);
    assert_string_equal(order.connections[0], "a");
    assert_string_equal(order.connections[1], "c");
    assert_false(order.full);
    struct job_order other;
    assert_false(timetable_pick(&timetable, now, 9, &other)); /* one run at a time */
    ends(&timetable, &order, JOB_WELL, now);
    assert_true(timetable_pick(&timetable, now, 9, &other));
    assert_true(other.full);
    assert_string_equal(other.connections[0], "b");
    done(&made, &timetable);
}

static void a_change_is_told_within_a_second_and_once(void **state)
{
    (void)state;
    struct made made;
    struct timetable timetable;
    struct job_order order;
    int64_t now = at(MORNING);
    begin(&made, &timetable, "desk", changes, 1, now);
    assert_true(timetable_pick(&timetable, now, 1, &order));
    ends(&timetable, &order, JOB_WELL, now);
    for (int i = 0; i < 10; i++)
        timetable_changed(&timetable.items[0], now + i);
    assert_false(timetable_pick(&timetable, now + 10, 1, &order));
    assert_true(timetable_pick(&timetable, now + SECOND, 1, &order));
    ends(&timetable, &order, JOB_WELL, now + SECOND);
    assert_true(timetable_wakes(&timetable) == OCCASION_NEVER);
    done(&made, &timetable);
}

/* --- turns --- */

static void organizations_take_turns(void **state)
{
    (void)state;
    static const struct trigger often[] = {{.how = TRIGGER_EVERY, .every_ms = 10 * SECOND}};
    struct made made;
    struct timetable timetable;
    struct job_order orders[2], order;
    unsigned runs[PLACES] = {0};
    int64_t now = at(MORNING);
    make(&made, PLACES);
    for (size_t i = 0; i < PLACES; i++)
        connect(&made, i, "hr", often, 1);
    assert_int_equal(timetable_make(&timetable, &made.roster, NULL, NULL, NULL, now), 0);
    now += MINUTE; /* all of them wish for more than can be done */
    for (int round = 0; round < 5 * PLACES / 2; round++, now += 20 * SECOND) {
        timetable_tick(&timetable, now);
        for (int i = 0; i < 2; i++) {
            assert_true(timetable_pick(&timetable, now, 2, &orders[i]));
            runs[strtoul(orders[i].organization + 3, NULL, 10)]++;
        }
        assert_false(timetable_pick(&timetable, now, 2, &order)); /* the cap */
        for (int i = 0; i < 2; i++)
            ends(&timetable, &orders[i], JOB_WELL, now + SECOND);
    }
    for (size_t i = 0; i < PLACES; i++)
        assert_int_equal(runs[i], 5);
    done(&made, &timetable);
}

static void who_runs_after_others_waits_for_all_of_them(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "b", NULL};
    static const struct trigger after[] = {{.how = TRIGGER_AFTER, .after = names}};
    static const struct trigger hourly[] = {{.how = TRIGGER_EVERY, .every_ms = HOUR}};
    struct made made;
    struct timetable timetable;
    struct job_order order;
    int64_t now = at(MORNING);
    make(&made, 1);
    connect(&made, 0, "a", files, 1);
    connect(&made, 0, "b", hourly, 1);
    connect(&made, 0, "c", after, 1);
    assert_int_equal(timetable_make(&timetable, &made.roster, NULL, NULL, NULL, now), 0);
    assert_true(timetable_pick(&timetable, now, 1, &order));
    ends(&timetable, &order, JOB_WELL, now);
    assert_false(timetable_pick(&timetable, now, 1, &order));
    now += 2 * MINUTE;
    timetable_tick(&timetable, now);
    assert_true(timetable_pick(&timetable, now, 1, &order));
    assert_string_equal(order.connections[0], "b");
    ends(&timetable, &order, JOB_FAILED, now); /* it has ended all the same */
    assert_true(timetable_pick(&timetable, now, 1, &order));
    assert_string_equal(order.connections[0], "c");
    ends(&timetable, &order, JOB_WELL, now);
    now += 2 * MINUTE; /* b once more; a has not ended anew */
    assert_true(timetable_pick(&timetable, now, 1, &order));
    assert_string_equal(order.connections[0], "b");
    ends(&timetable, &order, JOB_WELL, now);
    assert_false(timetable_pick(&timetable, now, 1, &order));
    timetable_arrived(&timetable.items[0], &timetable.items[0].connections[0], now);
    now += 2 * SECOND;
    assert_true(timetable_pick(&timetable, now, 1, &order));
    assert_string_equal(order.connections[0], "a");
    ends(&timetable, &order, JOB_WELL, now);
    assert_true(timetable_pick(&timetable, now, 1, &order));
    assert_string_equal(order.connections[0], "c");
    ends(&timetable, &order, JOB_WELL, now);
    done(&made, &timetable);
}

static void who_reads_and_who_tells_is_as_the_trigger_says(void **state)
{
    (void)state;
    static const struct trigger both[] = {{.how = TRIGGER_SCHEDULE, .text = "30 6 * * *", .action = "pull"},
                                          {.how = TRIGGER_SCHEDULE, .text = "30 6 * * Mon", .action = "push"}};
    static const struct trigger full[] = {
        {.how = TRIGGER_SCHEDULE, .text = "30 6 * * *", .action = "push", .full = true}};
    struct made made;
    struct timetable timetable;
    struct job_order order;
    int64_t now = at(MORNING);
    make(&made, 1);
    connect(&made, 0, "a", both, 2);
    connect(&made, 0, "b", both + 1, 1);
    connect(&made, 0, "c", full, 1);
    connect(&made, 0, "d", mornings, 1);
    assert_int_equal(timetable_make(&timetable, &made.roster, NULL, NULL, NULL, now - 1), 0);
    static const char *const expected[][2] = {{"a", "both"}, {"b", "push"}, {"c", "push"}, {"d", NULL}};
    timetable_tick(&timetable, now);
    for (size_t i = 0; i < 4; i++) {
        assert_true(timetable_pick(&timetable, now, 1, &order));
        assert_int_equal(order.count, 1); /* none has the words of another */
        assert_string_equal(order.connections[0], expected[i][0]);
        assert_true(order.full == (i == 2));
        if (expected[i][1])
            assert_string_equal(order.action, expected[i][1]);
        else
            assert_null(order.action);
        ends(&timetable, &order, JOB_WELL, now);
    }
    now += DAY; /* a Tuesday */
    timetable_tick(&timetable, now);
    assert_true(timetable_pick(&timetable, now, 1, &order));
    assert_string_equal(order.action, "pull");
    done(&made, &timetable);
}

/* --- streams --- */

static const char *const people_only[] = {"people", NULL}, *const leave_only[] = {"leave", NULL};
static const struct trigger parts[] = {{.how = TRIGGER_SCHEDULE, .text = "30 6 * * *", .streams = people_only},
                                       {.how = TRIGGER_SCHEDULE, .text = "30 7 * * *", .streams = leave_only},
                                       {.how = TRIGGER_FILE}};

static void expect_streams(const struct job_order *order, const char *expected)
{
    struct buffer names TIDY_DONE(buffer_done) = {0};
    buffer_text(&names, "");
    for (size_t i = 0; i < order->stream_count; i++)
        buffer_format(&names, "%s%s", i ? " " : "", order->streams[i]);
    assert_string_equal(names.data, expected);
}

static void a_run_is_of_the_streams_that_were_wished_for(void **state)
{
    (void)state;
    struct made made;
    struct timetable timetable, again;
    struct job_order order;
    int64_t now = at(MORNING);
    make(&made, 1);
    connect(&made, 0, "hr", parts, 2);
    connect(&made, 0, "pay", mornings, 1);
    assert_int_equal(timetable_make(&timetable, &made.roster, NULL, NULL, NULL, now - 1), 0);
    timetable_tick(&timetable, now);
    assert_true(timetable_pick(&timetable, now, 1, &order));
    assert_int_equal(order.count, 1); /* what is wished of single streams is a run of its own */
    assert_string_equal(order.connections[0], "hr");
    expect_streams(&order, "people");
    ends(&timetable, &order, JOB_FAILED, now);
    assert_true(timetable_pick(&timetable, now, 1, &order));
    assert_string_equal(order.connections[0], "pay");
    expect_streams(&order, "");
    ends(&timetable, &order, JOB_WELL, now);
    now += 2 * MINUTE; /* the one that failed waits to be tried again, just so, also by files that were read again */
    assert_int_equal(timetable_make(&again, &made.roster, &timetable, NULL, NULL, now), 0);
    timetable_done(&timetable);
    assert_true(timetable_pick(&again, now, 1, &order));
    expect_streams(&order, "people");
    ends(&again, &order, JOB_FAILED, now);
    timetable_tick(&again, at(MORNING) + HOUR); /* and now others are wished for, too */
    assert_true(timetable_pick(&again, at(MORNING) + HOUR, 1, &order));
    expect_streams(&order, "people leave");
    ends(&again, &order, JOB_WELL, at(MORNING) + HOUR);
    done(&made, &again);
}

static void a_wish_for_all_streams_is_a_wish_for_each(void **state)
{
    (void)state;
    struct made made;
    struct timetable timetable, again;
    struct job_order order;
    int64_t now = at(MORNING);
    begin(&made, &timetable, "hr", parts, 3, now - 1);
    timetable_tick(&timetable, now); /* a file may lie there, and people are due */
    assert_true(timetable_pick(&timetable, now, 1, &order));
    expect_streams(&order, "");
    ends(&timetable, &order, JOB_WELL, now);
    timetable_tick(&timetable, now + HOUR);
    made.connections[0][0].trigger_count = 1; /* nobody names `leave` any more: then it is of all */
    assert_int_equal(timetable_make(&again, &made.roster, &timetable, NULL, NULL, now + HOUR), 0);
    timetable_done(&timetable);
    assert_true(timetable_pick(&again, now + HOUR, 1, &order));
    expect_streams(&order, "");
    done(&made, &again);
}

/* --- failures --- */

static void a_failed_run_is_tried_again_later_each_time_and_not_for_ever(void **state)
{
    (void)state;
    struct made made;
    struct timetable timetable;
    struct job_order order;
    int64_t now = at(MORNING), waited = 0;
    unsigned tries = 0;
    begin(&made, &timetable, "hr", mornings, 1, now - 1);
    for (; tries < 40; tries++) {
        timetable_tick(&timetable, now);
        if (!timetable_pick(&timetable, now, 1, &order))
            break;
        ends(&timetable, &order, JOB_FAILED, now);
        int64_t next = timetable_wakes(&timetable);
        if (next == at(MORNING) + DAY)
            break;
        assert_true(next - now > waited / 2);
        assert_true(next - now <= 70 * MINUTE);
        waited = next - now;
        now = next;
    }
    assert_in_range(tries, 6, 12);
    now = at(MORNING) + DAY;
    timetable_tick(&timetable, now);
    assert_true(timetable_pick(&timetable, now, 1, &order));
    ends(&timetable, &order, JOB_WELL, now);
    assert_int_equal(timetable.items[0].connections[0].failures, 0);
    done(&made, &timetable);
}

static void where_somebody_else_is_at_it_it_is_tried_soon(void **state)
{
    (void)state;
    struct made made;
    struct timetable timetable;
    struct job_order order;
    int64_t now = at(MORNING);
    begin(&made, &timetable, "hr", mornings, 1, now - 1);
    timetable_tick(&timetable, now);
    assert_true(timetable_pick(&timetable, now, 1, &order));
    ends(&timetable, &order, JOB_BUSY, now);
    assert_in_range(timetable_wakes(&timetable) - now, SECOND, 10 * SECOND);
    assert_int_equal(timetable.items[0].connections[0].failures, 0);
    done(&made, &timetable);
}

/* --- closed windows, files read again --- */

static void a_wish_waits_for_its_window(void **state)
{
    (void)state;
    static const char *const nights[] = {"22:00-06:00", NULL};
    static const struct trigger by_day[] = {{.how = TRIGGER_FILE, .not_when = nights}};
    struct made made;
    struct timetable timetable;
    struct job_order order;
    int64_t night = at("2026-11-23T02:00:00Z"), day = at("2026-11-23T05:00:00Z");
    begin(&made, &timetable, "hr", by_day, 1, night);
    timetable_arrived(&timetable.items[0], &timetable.items[0].connections[0], night);
    assert_false(timetable_pick(&timetable, night + HOUR, 1, &order));
    assert_true(timetable_wakes(&timetable) == day);
    assert_true(timetable_pick(&timetable, day, 1, &order));
    done(&made, &timetable);
}

static void files_that_are_read_again_lose_no_wish_and_no_run(void **state)
{
    (void)state;
    struct made made;
    struct timetable timetable, again;
    struct job_order order, next;
    int64_t now = at(MORNING);
    make(&made, 1);
    connect(&made, 0, "hr", files, 1);
    connect(&made, 0, "pay", mornings, 1);
    assert_int_equal(timetable_make(&timetable, &made.roster, NULL, NULL, NULL, now - HOUR), 0);
    assert_true(timetable_pick(&timetable, now - HOUR, 1, &order));
    timetable_arrived(&timetable.items[0], &timetable.items[0].connections[0], now - HOUR);
    made.connections[0][1].triggers = files; /* another trigger; and the one that runs loses its own */
    made.connections[0][0].trigger_count = 0;
    assert_int_equal(timetable_make(&again, &made.roster, &timetable, NULL, NULL, now), 0);
    timetable_done(&timetable);
    assert_false(timetable_pick(&again, now, 9, &next)); /* one goes still */
    ends(&again, &order, JOB_WELL, now);
    assert_true(timetable_pick(&again, now, 9, &next));
    assert_int_equal(next.count, 2); /* the wish that stood, and a file that may be there */
    made.roster.count = 0;
    assert_int_equal(timetable_make(&timetable, &made.roster, &again, NULL, NULL, now), 0);
    ends(&timetable, &next, JOB_WELL, now); /* of an organization that is gone */
    assert_int_equal(timetable.running, 0);
    timetable_done(&again);
    done(&made, &timetable);
}

/* Each trigger is known again by all of its words, and goes on where it was. */
static void triggers_that_are_read_again_keep_their_time(void **state)
{
    (void)state;
    static const struct trigger before[] = {{.how = TRIGGER_EVERY, .every_ms = 3 * DAY},
                                            {.how = TRIGGER_EVERY, .every_ms = 2 * HOUR, .full = true},
                                            {.how = TRIGGER_EVERY, .every_ms = 2 * HOUR},
                                            {.how = TRIGGER_EVERY, .every_ms = 5 * HOUR}};
    const struct trigger after[] = {before[3], before[1], before[2], before[0]};
    struct made made;
    struct timetable timetable, again;
    struct job_order order;
    int64_t now = at(MORNING);
    begin(&made, &timetable, "hr", before, 4, now);
    for (size_t t = 0; t < 4; t++) /* none at the time of another */
        timetable.items[0].connections[0].triggers[t].next_ms = now + (int64_t)(t + 1) * HOUR;
    made.connections[0][0].triggers = after;
    assert_int_equal(timetable_make(&again, &made.roster, &timetable, NULL, NULL, now + MINUTE), 0);
    timetable_done(&timetable);
    static const int64_t hours[] = {4, 2, 3, 1};
    for (size_t t = 0; t < 4; t++)
        assert_true(again.items[0].connections[0].triggers[t].next_ms == now + hours[t] * HOUR);
    assert_false(timetable_pick(&again, now + MINUTE, 1, &order));
    done(&made, &again);
}

/* Reading all files again takes its time, and the clock goes on. */
static void what_comes_due_while_files_are_read_again_runs_all_the_same(void **state)
{
    (void)state;
    static const struct trigger both[] = {{.how = TRIGGER_SCHEDULE, .text = "30 6 * * Mon-Fri"},
                                          {.how = TRIGGER_AT, .text = "2026-11-23 06:30", .full = true}};
    struct made made;
    struct timetable timetable, again;
    struct job_order order;
    int64_t morning = at(MORNING);
    begin(&made, &timetable, "hr", both, 2, morning - HOUR);
    assert_int_equal(timetable_make(&again, &made.roster, &timetable, NULL, NULL, morning + 2 * SECOND), 0);
    timetable_done(&timetable);
    timetable_tick(&again, morning + 2 * SECOND);
    assert_true(timetable_pick(&again, morning + 2 * SECOND, 1, &order));
    assert_true(order.full && timetable_wakes(&again) == morning + DAY); /* both of them, and once */
    done(&made, &again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_due_at_its_time_and_once),
        cmocka_unit_test(what_was_missed_runs_once),
        cmocka_unit_test(a_year_has_a_run_for_each_of_its_times),
        cmocka_unit_test(what_comes_while_a_run_goes_is_one_more_run),
        cmocka_unit_test(a_file_that_still_grows_is_waited_for_but_not_for_ever),
        cmocka_unit_test(connections_with_the_same_words_are_one_run),
        cmocka_unit_test(a_change_is_told_within_a_second_and_once),
        cmocka_unit_test(organizations_take_turns),
        cmocka_unit_test(who_runs_after_others_waits_for_all_of_them),
        cmocka_unit_test(who_reads_and_who_tells_is_as_the_trigger_says),
        cmocka_unit_test(triggers_that_are_read_again_keep_their_time),
        cmocka_unit_test(a_run_is_of_the_streams_that_were_wished_for),
        cmocka_unit_test(a_wish_for_all_streams_is_a_wish_for_each),
        cmocka_unit_test(a_failed_run_is_tried_again_later_each_time_and_not_for_ever),
        cmocka_unit_test(where_somebody_else_is_at_it_it_is_tried_soon),
        cmocka_unit_test(a_wish_waits_for_its_window),
        cmocka_unit_test(files_that_are_read_again_lose_no_wish_and_no_run),
        cmocka_unit_test(what_comes_due_while_files_are_read_again_runs_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
