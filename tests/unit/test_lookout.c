/* test_lookout - how long who looks at servers waits before it is tried again: the process, and each place of it.
 *
 * The process that musterd starts is this very program once more, which ends at
 * once; every wait is noted and none is waited for. */
#include "unit.h"

#include "service/lookout.h"

#include <signal.h>
#include <string.h>

enum { WAITS = 9 };

static uint64_t waits[WAITS];
static size_t count;

int __real_uv_timer_start(uv_timer_t *timer, uv_timer_cb told, uint64_t timeout, uint64_t repeat);
int __wrap_uv_timer_start(uv_timer_t *timer, uv_timer_cb told, uint64_t timeout, uint64_t repeat);

int __wrap_uv_timer_start(uv_timer_t *timer, uv_timer_cb told, uint64_t timeout, uint64_t repeat)
{
    if (count < WAITS)
        waits[count++] = timeout;
    if (count == WAITS)
        uv_stop(timer->loop);
    return __real_uv_timer_start(timer, told, 0, repeat);
}

static void arrived(void *context, const char *organization, const char *connection)
{
    (void)organization, (void)connection;
    *(bool *)context = true;
}

static void a_process_that_dies_is_started_again_later_each_time_at_most_after_a_minute(void **state)
{
    (void)state;
    static const uint64_t wanted[WAITS] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000};
    const struct trigger trigger = {.how = TRIGGER_FILE};
    const struct roster_connection connection = {.name = "hr", .triggers = &trigger, .trigger_count = 1, .far = true};
    struct roster_organization organization = {.id = "acme", .connections = &connection, .connection_count = 1};
    struct roster_organization *items[] = {&organization};
    const struct roster roster = {.items = items, .count = 1};
    const struct settings settings = {.config_dir = "/nowhere", .state = "/nowhere"};
    bool told = false;
    uv_loop_t loop;
    assert_int_equal(uv_loop_init(&loop), 0);
    struct lookout *lookout = lookout_open(&loop, &settings, &roster, NULL, arrived, &told);
    assert_non_null(lookout);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(count, WAITS);
    assert_memory_equal(waits, wanted, sizeof(wanted));
    assert_false(told);
    lookout_close(lookout);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void a_place_that_fails_is_looked_at_later_each_time_at_most_after_a_quarter_of_an_hour(void **state)
{
    (void)state;
    assert_int_equal(lookout_later(30000, 1), 30000);
    assert_int_equal(lookout_later(30000, 2), 60000);
    assert_int_equal(lookout_later(30000, 5), 480000);
    assert_int_equal(lookout_later(30000, 6), 900000);
    assert_int_equal(lookout_later(30000, UINT32_MAX), 900000);
    assert_int_equal(lookout_later(3600000, 1), 900000);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[argc - 1], "--lookout") == 0)
        return 1;
    signal(SIGPIPE, SIG_IGN); /* as musterd does: who is written to may have ended */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_process_that_dies_is_started_again_later_each_time_at_most_after_a_minute),
        cmocka_unit_test(a_place_that_fails_is_looked_at_later_each_time_at_most_after_a_quarter_of_an_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
