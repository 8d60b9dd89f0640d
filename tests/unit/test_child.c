/* test_child - `muster` as a process of its own, here a script: who may be sent a signal, and until when. */
#include "unit.h"

#include "scratch.h"

#include "api/child.h"

#include <fcntl.h>
#include <signal.h>

static struct scratch scratch;
static unsigned signals;

int __real_uv_process_kill(uv_process_t *process, int signal);
int __wrap_uv_process_kill(uv_process_t *process, int signal);

int __wrap_uv_process_kill(uv_process_t *process, int signal)
{
    signals++;
    return __real_uv_process_kill(process, signal);
}

/* A program of that name. */
static const char *script(const char *text)
{
    static char path[100];
    snprintf(path, sizeof(path), "%s/program", scratch.dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    return path;
}

static void has_ended(void *context, struct child_end *end)
{
    *(struct child_end *)context = (struct child_end){.status = end->status, .signal = end->signal};
}

static struct child *start(uv_loop_t *loop, const char *program, struct child_end *end)
{
    static const struct settings settings = {.config_dir = "config", .state = "state"};
    static const char *const words[] = {"sync", NULL};
    struct err err = {0};
    struct child *child = NULL;
    const struct child_order order = {
        .program = program, .settings = &settings, .words = words, .ended = has_ended, .context = end};
    assert_int_equal(uv_loop_init(loop), 0);
    assert_int_equal(child_start(loop, &order, &child, &err), 0);
    return child;
}

static void who_goes_on_is_asked_to_stop(void **state)
{
    (void)state;
    uv_loop_t loop;
    struct child_end end = {.status = 77};
    struct child *child = start(&loop, script("#!/bin/sh\nexec sleep 600\n"), &end);
    signals = 0;
    child_stop(child, true);
    assert_int_equal(signals, 1);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(end.signal, SIGKILL);
    assert_int_equal(uv_loop_close(&loop), 0);
}

/* What it has started holds its pipes a while longer; its number may be somebody else's by then. */
static void who_has_ended_is_sent_nothing(void **state)
{
    (void)state;
    uv_loop_t loop;
    char fifo[100];
    struct child_end end = {.status = 77};
    snprintf(fifo, sizeof(fifo), "%s/fifo", scratch.dir);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(setenv("FIFO", fifo, 1), 0);
    struct child *child = start(&loop, script("#!/bin/sh\nread line <\"$FIFO\" &\nexit 3\n"), &end);
    pid_t pid = (pid_t)child_pid(child);
    while (kill(pid, 0) == 0) /* until it was waited for */
        uv_run(&loop, UV_RUN_ONCE);
    signals = 0;
    child_stop(child, false);
    child_stop(child, true);
    assert_int_equal(signals, 0);
    assert_int_equal(end.status, 77); /* nobody was told yet */
    int fd = open(fifo, O_WRONLY | O_CLOEXEC);
    close(fd);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(end.status, 3);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_goes_on_is_asked_to_stop),
        cmocka_unit_test(who_has_ended_is_sent_nothing),
    };
    scratch_make(&scratch);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_remove(&scratch);
    return failed;
}
