/* test_zone - local time of IANA zones. */
#include "unit.h"

#include "base/date.h"
#include "base/error.h"
#include "base/zone.h"

#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct zone *opened(const char *name)
{
    struct zone *zone = NULL;
    int rc = zone_open(name, &zone);
    if (rc != 0)
        fail_msg("%s: %s", name, err_text(rc));
    return zone;
}

static int64_t ms(const char *text)
{
    int64_t instant;
    assert_true(instant_read(text, strlen(text), &instant));
    return instant;
}

static void offsets_follow_the_file_and_then_its_rule(void **state)
{
    (void)state;
    static const struct {
        const char *zone, *at;
        int32_t offset;
    } cases[] = {
        {"Europe/Amsterdam", "2024-01-15T12:00:00Z", 3600},
        {"Europe/Amsterdam", "2024-07-15T12:00:00Z", 7200},
        {"Europe/Amsterdam", "2024-03-31T00:59:59Z", 3600},
        {"Europe/Amsterdam", "2024-03-31T01:00:00Z", 7200},
        {"Europe/Amsterdam", "2024-10-27T00:59:59Z", 7200},
        {"Europe/Amsterdam", "2024-10-27T01:00:00Z", 3600},
        {"Europe/Amsterdam", "2087-07-15T12:00:00Z", 7200}, /* after the last transition of any file */
        {"Europe/Amsterdam", "2087-01-15T12:00:00Z", 3600},
        {"Europe/Amsterdam", "2087-03-30T00:59:59Z", 3600},
        {"Europe/Amsterdam", "2087-03-30T01:00:00Z", 7200},
        {"America/New_York", "2087-03-09T06:59:59Z", -18000},
        {"America/New_York", "2087-03-09T07:00:00Z", -14400},
        {"Australia/Sydney", "2087-01-15T12:00:00Z", 39600}, /* summer spans the year's end */
        {"Australia/Sydney", "2087-07-15T12:00:00Z", 36000},
        {"Europe/Dublin", "2087-01-15T12:00:00Z", 0}, /* the rule's summer time is the winter */
        {"Europe/Dublin", "2087-07-15T12:00:00Z", 3600},
        {"Asia/Shanghai", "2026-07-15T12:00:00Z", 28800},
        {"Asia/Kolkata", "2087-07-15T12:00:00Z", 19800},
        {"Pacific/Chatham", "2026-01-15T12:00:00Z", 49500},
        {"Europe/Amsterdam", "1960-07-15T12:00:00Z", 3600},
        {"UTC", "2087-07-15T12:00:00Z", 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        TIDY(zone_free) struct zone *zone = opened(cases[i].zone);
        if (zone_offset(zone, ms(cases[i].at)) != cases[i].offset)
            fail_msg("%s %s: %d", cases[i].zone, cases[i].at, zone_offset(zone, ms(cases[i].at)));
    }
}

/* glibc reads the same files with code of its own. */
static void offsets_are_those_of_the_c_library(void **state)
{
    (void)state;
    static const char *const names[] = {
        "Europe/Amsterdam", "Europe/Oslo",  "Europe/Dublin",       "America/New_York",  "America/Chicago",
        "Asia/Shanghai",    "Asia/Tehran",  "Australia/Lord_Howe", "Africa/Casablanca", "America/Santiago",
        "Pacific/Apia",     "America/Nuuk", "Africa/Cairo",        "Asia/Gaza",         "Antarctica/Troll"};
    for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
        TIDY(zone_free) struct zone *zone = opened(names[n]);
        setenv("TZ", names[n], 1);
        tzset();
        for (time_t at = -2000000000; at < 4102444800; at += 432123) {
            struct tm local;
            assert_non_null(localtime_r(&at, &local));
            if (zone_offset(zone, (int64_t)at * 1000) != local.tm_gmtoff)
                fail_msg("%s at %lld: %d, not %ld", names[n], (long long)at, zone_offset(zone, (int64_t)at * 1000),
                         local.tm_gmtoff);
        }
    }
    unsetenv("TZ");
}

static void wall_clock_times_become_instants(void **state)
{
    (void)state;
    static const struct {
        const char *zone, *local, *utc;
        bool flagged;
    } cases[] = {
        {"Europe/Amsterdam", "2024-01-15T12:00:00Z", "2024-01-15T11:00:00Z", false},
        {"Europe/Amsterdam", "2024-07-15T12:00:00Z", "2024-07-15T10:00:00Z", false},
        {"Europe/Amsterdam", "2024-10-27T01:59:59Z", "2024-10-26T23:59:59Z", false},
        {"Europe/Amsterdam", "2024-10-27T02:30:00Z", "2024-10-27T00:30:00Z", true}, /* twice: the first */
        {"Europe/Amsterdam", "2024-10-27T03:00:00Z", "2024-10-27T02:00:00Z", false},
        {"Europe/Amsterdam", "2024-03-31T01:59:59Z", "2024-03-31T00:59:59Z", false},
        {"Europe/Amsterdam", "2024-03-31T02:30:00Z", "2024-03-31T01:30:00Z", true}, /* never: 03:30 */
        {"Europe/Amsterdam", "2024-03-31T03:00:00Z", "2024-03-31T01:00:00Z", false},
        {"America/New_York", "2087-11-02T01:30:00Z", "2087-11-02T05:30:00Z", true},
        {"Pacific/Apia", "2011-12-30T12:00:00Z", "2011-12-30T22:00:00Z", true}, /* a day that was left out */
        {"Pacific/Apia", "2011-12-31T12:00:00Z", "2011-12-30T22:00:00Z", false},
        {"Asia/Shanghai", "2024-01-01T00:00:00Z", "2023-12-31T16:00:00Z", false},
        {"UTC", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        TIDY(zone_free) struct zone *zone = opened(cases[i].zone);
        bool flagged = false;
        int64_t utc = zone_to_utc(zone, ms(cases[i].local) + 5, &flagged);
        char text[25];
        instant_write(utc, text);
        if (utc != ms(cases[i].utc) + 5 || flagged != cases[i].flagged)
            fail_msg("%s %s: %s%s", cases[i].zone, cases[i].local, text, flagged ? " flagged" : "");
    }
}

static void the_local_day_begins_at_local_midnight(void **state)
{
    (void)state;
    TIDY(zone_free) struct zone *zone = opened("Europe/Amsterdam");
    assert_int_equal(zone_day(zone, ms("2024-01-14T22:59:59Z")), date_days((struct date){2024, 1, 14}));
    assert_int_equal(zone_day(zone, ms("2024-01-14T23:00:00Z")), date_days((struct date){2024, 1, 15}));
    assert_int_equal(zone_day(zone, ms("1969-12-31T23:30:00Z")), 0);
    assert_int_equal(zone_day(zone, ms("1969-12-31T22:30:00Z")), -1);
}

static void names_that_are_no_zones_are_gone(void **state)
{
    (void)state;
    static const char *const names[] = {
        "",       "Europe/Amsterdm",    "../../etc/passwd", "/etc/localtime", "Europe/../UTC",
        "Europe", "Europe/Amsterdam/x", "Eu rope"};
    struct zone *zone = NULL;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_int_equal(zone_open(names[i], &zone), ERR_GONE);
    assert_null(zone);
}

/* --- files made here: what no zone of today has in its rule --- */

static const char some_dir[] = "/tmp/test_zone.XXXXXX";
static char made_dir[sizeof(some_dir)];

static void put_be32(FILE *file, uint32_t number)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        fputc((int)(number >> shift & 0xff), file);
}

/* A header and its body: `at`, when there is one, is the instant from which on it is two hours instead of one. */
static void put_part(FILE *file, char version, const int32_t *at)
{
    fwrite("TZif", 1, 4, file);
    fputc(version, file);
    for (int n = 0; n < 15; n++)
        fputc(0, file);
    const uint32_t counts[] = {0, 0, 0, at ? 1 : 0, 2, 4};
    for (size_t n = 0; n < 6; n++)
        put_be32(file, counts[n]);
    if (at) {
        put_be32(file, (uint32_t)*at);
        fputc(1, file);
    }
    for (uint32_t hours = 1; hours <= 2; hours++) {
        put_be32(file, hours * 3600);
        fputc(0, file);
        fputc(0, file);
    }
    fwrite("AAA", 1, 4, file);
}

/* The zone "Made" with that rule, and of old files, which have none, with one change. */
static int made(const char *rule, const int32_t *at, struct zone **ret_zone)
{
    char path[64];
    snprintf(path, sizeof(path), "%s/Made", made_dir);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    put_part(file, rule ? '2' : '\0', at);
    if (rule) {
        put_part(file, '2', NULL);
        fprintf(file, "\n%s\n", rule);
    }
    fclose(file);
    return zone_open("Made", ret_zone);
}

static int make_dir(void **state)
{
    (void)state;
    memcpy(made_dir, some_dir, sizeof(some_dir));
    return mkdtemp(made_dir) && setenv("TZDIR", made_dir, 1) == 0 ? 0 : -1;
}

static int remove_dir(void **state)
{
    (void)state;
    char path[64];
    snprintf(path, sizeof(path), "%s/Made", made_dir);
    unlink(path);
    return unsetenv("TZDIR") == 0 && rmdir(made_dir) == 0 ? 0 : -1;
}

static void rules_name_days_in_three_ways(void **state)
{
    (void)state;
    /* The first instants of summer and of winter, in a leap year and in another one. */
    static const struct {
        const char *rule;
        int32_t standard, summer;
        const char *starts[4];
    } cases[] = {
        /* The 60th day is always 1 March; the 59th always 28 February. */
        {"AAA-2BBB,J60/0,J300/0",
         7200,
         10800,
         {"2024-02-29T22:00:00Z", "2024-10-26T21:00:00Z", "2023-02-28T22:00:00Z", "2023-10-26T21:00:00Z"}},
        {"AAA-2BBB,J59/0,J300/0",
         7200,
         10800,
         {"2024-02-27T22:00:00Z", "2024-10-26T21:00:00Z", "2023-02-27T22:00:00Z", "2023-10-26T21:00:00Z"}},
        /* Day 59, counted from 0, is 29 February where there is one. */
        {"AAA-2BBB,59/0,299/0",
         7200,
         10800,
         {"2024-02-28T22:00:00Z", "2024-10-25T21:00:00Z", "2023-02-28T22:00:00Z", "2023-10-26T21:00:00Z"}},
        {"<-03>3:00:30<-01>1,M3.2.0/-1:30,M11.1.6/24:00:15",
         -10830,
         -3600,
         {"2024-03-10T01:30:30Z", "2024-11-03T01:00:15Z", "2023-03-12T01:30:30Z", "2023-11-05T01:00:15Z"}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        TIDY(zone_free) struct zone *zone = NULL;
        assert_int_equal(made(cases[i].rule, NULL, &zone), 0);
        for (size_t n = 0; n < 4; n++) {
            int64_t start = ms(cases[i].starts[n]);
            int32_t before = n % 2 == 0 ? cases[i].standard : cases[i].summer;
            int32_t after = n % 2 == 0 ? cases[i].summer : cases[i].standard;
            if (zone_offset(zone, start - 1) != before || zone_offset(zone, start) != after)
                fail_msg("%s at %s: %d, then %d", cases[i].rule, cases[i].starts[n], zone_offset(zone, start - 1),
                         zone_offset(zone, start));
        }
    }
}

static void rules_that_are_none_are_damage(void **state)
{
    (void)state;
    static const char *const rules[] = {"AA-2",
                                        "AAA",
                                        "<AAA-2",
                                        "AAA-2BBB",
                                        "AAA-2BB,M3.5.0,M10.5.0",
                                        "AAA-2BBB,M3.5.0",
                                        "AAA-2BBB,M3.5.0,M10.5.0 ",
                                        "AAA-2BBB,M0.5.0,M10.5.0",
                                        "AAA-2BBB,M13.5.0,M10.5.0",
                                        "AAA-2BBB,M3.0.0,M10.5.0",
                                        "AAA-2BBB,M3.6.0,M10.5.0",
                                        "AAA-2BBB,M3.5.7,M10.5.0",
                                        "AAA-2BBB,M3.5,M10.5.0",
                                        "AAA-2BBB,J0,J300",
                                        "AAA-2BBB,J60,J366",
                                        "AAA-2BBB,J60/168,J300",
                                        "AAA-2BBB,J60/1:60,J300",
                                        "AAA-2BBB,J60/1:00:60,J300",
                                        "AAA-2BBB,J60/1:,J300"};
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        TIDY(zone_free) struct zone *zone = NULL;
        if (made(rules[i], NULL, &zone) != ERR_CORRUPT)
            fail_msg("'%s' is taken", rules[i]);
    }
    char longest[200]; /* well but for its length */
    memset(longest, 'A', sizeof(longest));
    memcpy(longest + sizeof(longest) - 3, "-2", 3);
    TIDY(zone_free) struct zone *zone = NULL;
    assert_int_equal(made(longest, NULL, &zone), ERR_CORRUPT);
}

static void a_file_of_the_first_version_counts_in_32_bits(void **state)
{
    (void)state;
    static const int32_t before_1970 = -86400;
    TIDY(zone_free) struct zone *zone = NULL;
    assert_int_equal(made(NULL, &before_1970, &zone), 0);
    assert_int_equal(zone_offset(zone, -86400001), 3600);
    assert_int_equal(zone_offset(zone, -86400000), 7200);
    assert_int_equal(zone_offset(zone, 4102444800000), 7200);
}

/* Every shortening and every changed byte of a file: an error or a zone, never a crash. */
static void damaged_files_harm_nothing(void **state)
{
    (void)state;
    char dir[] = "/tmp/test_zone.XXXXXX", path[64];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/Bad", dir);
    static unsigned char bytes[65536];
    FILE *file = fopen("/usr/share/zoneinfo/Europe/Amsterdam", "rb");
    assert_non_null(file);
    size_t len = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    setenv("TZDIR", dir, 1);
    size_t refused = 0;
    for (size_t at = 0; at < 2 * len; at += at < 120 || (at > len && at < len + 120) ? 1 : 31) {
        size_t kept = at < len ? at : len;
        unsigned char old = bytes[at % len];
        if (at >= len)
            bytes[at % len] ^= 0x85;
        file = fopen(path, "wb");
        assert_int_equal(fwrite(bytes, 1, kept, file), kept);
        fclose(file);
        bytes[at % len] = old;
        TIDY(zone_free) struct zone *zone = NULL;
        int rc = zone_open("Bad", &zone);
        refused += rc != 0;
        if (at < len)
            assert_int_equal(rc, ERR_CORRUPT);
        if (rc == 0)
            zone_offset(zone, 4102444800000);
    }
    assert_true(refused > len / 31);
    unsetenv("TZDIR");
    unlink(path);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_follow_the_file_and_then_its_rule),
        cmocka_unit_test(offsets_are_those_of_the_c_library),
        cmocka_unit_test(wall_clock_times_become_instants),
        cmocka_unit_test(the_local_day_begins_at_local_midnight),
        cmocka_unit_test(names_that_are_no_zones_are_gone),
        cmocka_unit_test_setup_teardown(rules_name_days_in_three_ways, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(rules_that_are_none_are_damage, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(a_file_of_the_first_version_counts_in_32_bits, make_dir, remove_dir),
        cmocka_unit_test(damaged_files_harm_nothing),
    };
    return cmocka_run_group_tests_name("zone", tests, NULL, NULL);
}
