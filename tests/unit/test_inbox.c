/* test_inbox - what came in for an organization: kept once, taken in its order, let go when there is need. */
#include "unit.h"

#include "event.h"
#include "scratch.h"

#include "base/arena.h"
#include "config/cidr.h"
#include "web/unzip.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { PLENTY = 1 << 30 };
static const uint8_t master[VAULT_MASTER] = {7};
static struct inbox *inbox;
static struct scratch scratch;
static unsigned folders;

static int open_one(void **state)
{
    struct err err = {0};
    char path[100];
    (void)state;
    snprintf(path, sizeof(path), "%s/%u", scratch.dir, ++folders);
    return inbox_open(path, master, "acme", true, &inbox, &err);
}

static int close_one(void **state)
{
    (void)state;
    inbox_close(inbox);
    return 0;
}

static struct inbox_event keep(const char *key, const char *body, uint64_t most)
{
    struct inbox_event one = event(key, body), *list[] = {&one};
    assert_int_equal(inbox_keep(inbox, list, 1, most), 0);
    return one;
}

/* Bodies behind a number, with a bar between. */
static const char *bodies(uint64_t after)
{
    static char text[4000];
    struct arena *arena = arena_new();
    struct inbox_event *events;
    size_t count, used = 0;
    assert_int_equal(inbox_read(inbox, "guards", after, 100, PLENTY, arena, &events, &count), 0);
    text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%.*s", i ? "|" : "", (int)events[i].body.len,
                                 (const char *)events[i].body.data);
    arena_free(arena);
    return text;
}

static void what_says_the_very_same_as_last_time_is_kept_once(void **state)
{
    (void)state;
    struct inbox_event first = keep("1", "in", PLENTY), again = keep("1", "in", PLENTY);
    assert_false(first.known);
    assert_true(again.known);
    assert_int_equal(again.number, first.number);
    assert_false(keep("1", "out", PLENTY).known);
    assert_false(keep("1", "in", PLENTY).known); /* it went back: that is news */
    assert_false(keep("2", "in", PLENTY).known);
    assert_string_equal(bodies(0), "in|out|in|in");
    assert_false(keep(NULL, "alone", PLENTY).known);
    assert_true(keep(NULL, "alone", PLENTY).known);
}

static void what_is_apart_is_kept_each_time_and_nobody_is_known_by_it(void **state)
{
    (void)state;
    struct inbox_event apart = event("1", "in"), *list[] = {&apart};
    apart.apart = true;
    for (int nth = 0; nth < 2; nth++) {
        assert_int_equal(inbox_keep(inbox, list, 1, PLENTY), 0);
        assert_false(apart.known);
    }
    assert_false(keep("1", "in", PLENTY).known);
    assert_int_equal(inbox_keep(inbox, list, 1, PLENTY), 0);
    assert_false(apart.known);
    assert_true(keep("1", "in", PLENTY).known);
    assert_string_equal(bodies(0), "in|in|in|in");
}

static void two_in_one_commit_are_told_apart_as_in_two(void **state)
{
    (void)state;
    struct inbox_event a = event("1", "x"), b = event("1", "x"), c = event("1", "y"), *list[] = {&a, &b, &c};
    assert_int_equal(inbox_keep(inbox, list, 3, PLENTY), 0);
    assert_false(a.known);
    assert_true(b.known);
    assert_false(c.known);
    assert_string_equal(bodies(0), "x|y");
}

static void an_event_comes_out_as_it_went_in(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct inbox_event *events;
    size_t count;
    struct inbox_event one = event("k", "");
    one.target = "/punches/9?a=b";
    one.body = bytes("a\0b\xff", 4);
    struct inbox_event *list[] = {&one};
    assert_int_equal(inbox_keep(inbox, list, 1, PLENTY), 0);
    assert_int_equal(inbox_read(inbox, "guards", 0, 10, 1, arena, &events, &count), 0);
    assert_int_equal(count, 1);
    assert_string_equal(events->target, "/punches/9?a=b");
    assert_string_equal(events->method, "POST");
    assert_string_equal(events->route, "/punches");
    assert_string_equal(events->type, "application/json");
    assert_int_equal(events->received_ms, 1000);
    assert_int_equal(events->body.len, 4);
    assert_memory_equal(events->body.data, "a\0b\xff", 4);
    assert_int_equal(inbox_read(inbox, "guard", 0, 10, PLENTY, arena, &events, &count), 0);
    assert_int_equal(count, 0); /* another connection's */
    arena_free(arena);
}

static void what_was_taken_goes_when_there_is_need_and_nothing_else(void **state)
{
    (void)state;
    char body[400];
    memset(body, 'x', sizeof(body) - 1);
    body[sizeof(body) - 1] = '\0';
    uint64_t most = 3000, kept = 0;
    char key[20];
    for (unsigned i = 0; i < 20; i++) {
        snprintf(key, sizeof(key), "%u", i);
        struct inbox_event one = keep(key, body, most);
        assert_true(one.rc == 0 || one.rc == ERR_LIMIT);
        kept += one.rc == 0;
    }
    assert_in_range(kept, 4, 7);
    assert_int_equal(keep("new", body, most).rc, ERR_LIMIT);
    assert_int_equal(strlen(bodies(0)), kept * sizeof(body) - 1); /* a run reads them */
    assert_int_equal(inbox_done(inbox, "guards", 2, NULL, 0, 0), 0);
    assert_int_equal(keep("new", body, most).rc, 0); /* in the place of the first */
    assert_int_equal(keep("newer", body, most).rc, 0);
    assert_int_equal(keep("newest", body, most).rc, ERR_LIMIT);
    struct inbox_count count;
    assert_int_equal(inbox_count(inbox, &count), 0);
    assert_int_equal(count.events, kept);
    assert_false(keep("0", body, PLENTY).known); /* forgotten with its event */
    bool waits = false;
    assert_int_equal(inbox_waits(inbox, "guards", &waits), 0);
    assert_true(waits);
    assert_int_equal(inbox_done(inbox, "guards", 1000, NULL, 0, 2000), 0);
    assert_int_equal(inbox_count(inbox, &count), 0);
    assert_int_equal(count.events, 0);
    assert_int_equal(count.bytes, 0);
    assert_int_equal(inbox_waits(inbox, "guards", &waits), 0);
    assert_false(waits);
}

/* Others keep more meanwhile, and nobody has taken that. */
static void what_was_taken_is_let_go_and_counted_and_nothing_else(void **state)
{
    (void)state;
    uint64_t gone = 77;
    keep("1", "a", PLENTY);
    keep("2", "b", PLENTY);
    keep("3", "c", PLENTY);
    assert_string_equal(bodies(0), "a|b|c"); /* a run reads them, and writes down two */
    assert_int_equal(inbox_done(inbox, "guards", 2, NULL, 0, 0), 0);
    keep("4", "d", PLENTY);
    assert_int_equal(inbox_let_go(inbox, "guards", &gone), 0);
    assert_int_equal(gone, 2);
    assert_string_equal(bodies(0), "c");
    assert_string_equal(bodies(3), "d");
    assert_int_equal(inbox_let_go(inbox, "guards", &gone), 0);
    assert_int_equal(gone, 0);
}

static void how_far_a_record_is_is_remembered(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    const struct inbox_version versions[] = {{"punches", "1", "2026-01-02", false}, {"punches", "2", "", true}};
    struct inbox_version version;
    uint64_t taken = 0;
    bool known;
    assert_int_equal(inbox_done(inbox, "guards", 5, versions, 2, 0), 0);
    assert_int_equal(inbox_done(inbox, "guards", 3, NULL, 0, 0), 0); /* all of it once more */
    assert_int_equal(inbox_taken(inbox, "guards", &taken), 0);
    assert_int_equal(taken, 5);
    assert_int_equal(inbox_version(inbox, "guards", "punches", "1", arena, &known, &version), 0);
    assert_true(known);
    assert_string_equal(version.version, "2026-01-02");
    assert_false(version.last);
    assert_int_equal(inbox_version(inbox, "guards", "punches", "2", arena, &known, &version), 0);
    assert_true(known && version.last);
    assert_int_equal(inbox_version(inbox, "guards", "notes", "1", arena, &known, &version), 0);
    assert_false(known);
    arena_free(arena);
}

/* ---- beside it: who may send, and what comes compressed ---- */

static bool has(const char *range, const char *address)
{
    struct cidr cidr;
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    assert_true(cidr_read(range, &cidr));
    if (inet_pton(AF_INET, address, &four.sin_addr) == 1)
        return cidr_has(&cidr, (struct sockaddr *)&four);
    assert_int_equal(inet_pton(AF_INET6, address, &six.sin6_addr), 1);
    return cidr_has(&cidr, (struct sockaddr *)&six);
}

static void addresses_are_in_their_ranges(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",         "x",       "10.0.0.1/8",     "10.0.0.0/33",  "10.0.0.0/",    "10.0.0.0/-1",
        "10.0.0/8", "::1/129", "2001:db8::1/32", "10.0.0.0/8/8", "10.0.0.0/1000"};
    struct cidr cidr;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(cidr_read(wrong[i], &cidr));
    assert_true(has("203.0.113.0/24", "203.0.113.255"));
    assert_false(has("203.0.113.0/24", "203.0.114.0"));
    assert_true(has("203.0.113.128/25", "203.0.113.200"));
    assert_false(has("203.0.113.128/25", "203.0.113.127"));
    assert_true(has("127.0.0.1", "127.0.0.1"));
    assert_true(has("127.0.0.0/8", "::ffff:127.1.2.3"));
    assert_true(has("2001:db8::/32", "2001:db8:1::5"));
    assert_false(has("2001:db8::/32", "2001:db9::"));
    assert_true(has("0.0.0.0/0", "8.8.8.8"));
    assert_false(has("0.0.0.0/0", "2001:db8::1"));
}

static size_t zipped(const void *plain, size_t len, uint8_t *ret_bytes, size_t room)
{
    z_stream stream = {
        .next_in = (Bytef *)(uintptr_t)plain, .avail_in = (uInt)len, .next_out = ret_bytes, .avail_out = (uInt)room};
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    return stream.total_out;
}

static void a_body_grows_no_more_than_it_may(void **state)
{
    (void)state;
    enum { LARGE = 32 << 20 };
    char *plain = calloc(1, LARGE);
    uint8_t bytes_[64 << 10];
    struct buffer out = {0};
    size_t len = zipped("hello", 5, bytes_, sizeof(bytes_));
    struct unzip *unzip = unzip_new(5);
    for (size_t i = 0; i < len; i++) /* byte by byte */
        assert_int_equal(unzip_add(unzip, bytes_ + i, 1, &out), 0);
    assert_true(unzip_whole(unzip));
    assert_int_equal(unzip_add(unzip, "x", 1, &out), ERR_DATA);
    assert_string_equal(out.data, "hello");
    unzip_free(unzip);
    unzip = unzip_new(4);
    assert_int_equal(unzip_add(unzip, bytes_, len, &out), ERR_LIMIT);
    unzip_free(unzip);
    len = zipped(plain, LARGE, bytes_, sizeof(bytes_));
    unzip = unzip_new(LARGE);
    assert_int_equal(unzip_add(unzip, bytes_, len, &out), ERR_LIMIT); /* a thousandfold */
    unzip_free(unzip);
    buffer_done(&out);
    free(plain);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_says_the_very_same_as_last_time_is_kept_once, open_one, close_one),
        cmocka_unit_test_setup_teardown(what_is_apart_is_kept_each_time_and_nobody_is_known_by_it, open_one, close_one),
        cmocka_unit_test_setup_teardown(two_in_one_commit_are_told_apart_as_in_two, open_one, close_one),
        cmocka_unit_test_setup_teardown(an_event_comes_out_as_it_went_in, open_one, close_one),
        cmocka_unit_test_setup_teardown(what_was_taken_goes_when_there_is_need_and_nothing_else, open_one, close_one),
        cmocka_unit_test_setup_teardown(what_was_taken_is_let_go_and_counted_and_nothing_else, open_one, close_one),
        cmocka_unit_test_setup_teardown(how_far_a_record_is_is_remembered, open_one, close_one),
        cmocka_unit_test(addresses_are_in_their_ranges),
        cmocka_unit_test(a_body_grows_no_more_than_it_may),
    };
    scratch_make(&scratch);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_remove(&scratch);
    return failed;
}
