/* test_holder - who holds an organization's lock, and that nobody else is ever taken for it. */
#include "unit.h"

#include "scratch.h"
#include "store/holder.h"
#include "store/store.h"

#include <fcntl.h>
#include <signal.h>

enum role { HOLDS, HOLDS_AND_LISTENS };

static void interrupted(int number)
{
    _exit(number == SIGINT ? 7 : 8);
}

/* A process that does so until it is interrupted, or killed; ready when this returns. */
static pid_t somebody(const char *dir, enum role role)
{
    int ready[2];
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct store *store = NULL;
        int lock = -1;
        if (role == HOLDS_AND_LISTENS)
            signal(SIGINT, interrupted);
        if (store_open(dir, true, &store, NULL) != 0 || store_lock(store, &lock, NULL) != 0)
            _exit(1);
        if (write(ready[1], &byte, 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

static int ended(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void write_pid(const char *dir, pid_t pid)
{
    char path[300];
    snprintf(path, sizeof(path), "%s/run.lock", dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "%ld\n", (long)pid);
    fclose(file);
}

static void a_run_that_listens_is_found_and_ends_when_asked(void **state)
{
    struct scratch *scratch = *state;
    struct holder holder = {.fd = -1};
    pid_t pid = somebody(scratch->dir, HOLDS_AND_LISTENS);
    assert_int_equal(holder_find(scratch->dir, &holder, NULL), 0);
    assert_int_equal(holder.pid, pid);
    assert_true(holder_listens(&holder));
    assert_false(holder_ends(&holder, 0));
    assert_int_equal(holder_interrupt(&holder), 0);
    assert_true(holder_ends(&holder, 10000));
    assert_int_equal(ended(pid), 7);
    assert_int_equal(holder_interrupt(&holder), ERR_GONE);
    holder_done(&holder);
}

static void one_that_would_die_of_it_does_not_listen(void **state)
{
    struct scratch *scratch = *state;
    struct holder holder = {.fd = -1};
    pid_t pid = somebody(scratch->dir, HOLDS);
    assert_int_equal(holder_find(scratch->dir, &holder, NULL), 0);
    assert_false(holder_listens(&holder));
    holder_done(&holder);
    kill(pid, SIGKILL);
    assert_int_equal(ended(pid), -SIGKILL);
}

static void nobody_is_found_where_nobody_is(void **state)
{
    struct scratch *scratch = *state;
    struct holder holder = {.fd = -1};
    assert_int_equal(holder_find(scratch->dir, &holder, NULL), ERR_GONE);
    write_pid(scratch->dir, 0);
    assert_int_equal(holder_find(scratch->dir, &holder, NULL), ERR_GONE);
}

static void a_number_that_somebody_else_has_now_is_not_believed(void **state)
{
    struct scratch *scratch = *state;
    struct holder holder = {.fd = -1};
    write_pid(scratch->dir, getpid()); /* we hold nothing */
    assert_int_equal(holder_find(scratch->dir, &holder, NULL), ERR_GONE);
    char path[300];
    snprintf(path, sizeof(path), "%s/run.lock", scratch->dir);
    int fd = open(path, O_RDWR | O_CLOEXEC); /* nor when we only look at it */
    assert_true(fd >= 0);
    assert_int_equal(holder_find(scratch->dir, &holder, NULL), ERR_GONE);
    close(fd);
}

static void a_lock_that_another_one_holds_is_not_its_last_holders(void **state)
{
    struct scratch *scratch = *state;
    struct holder holder = {.fd = -1};
    pid_t pid = somebody(scratch->dir, HOLDS);
    write_pid(scratch->dir, getpid());
    assert_int_equal(holder_find(scratch->dir, &holder, NULL), ERR_GONE);
    kill(pid, SIGKILL);
    ended(pid);
}

static int set_up(void **state)
{
    static struct scratch scratch;
    scratch_make(&scratch);
    *state = &scratch;
    return 0;
}

static int tear_down(void **state)
{
    scratch_remove(*state);
    return 0;
}

#define TEST(claim) cmocka_unit_test_setup_teardown(claim, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_run_that_listens_is_found_and_ends_when_asked),
        TEST(one_that_would_die_of_it_does_not_listen),
        TEST(nobody_is_found_where_nobody_is),
        TEST(a_number_that_somebody_else_has_now_is_not_believed),
        TEST(a_lock_that_another_one_holds_is_not_its_last_holders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
