/* muster-host - one connector in a process of its own, behind a fence: reads frames on descriptor 3, answers there.
 *
 * Started by the engine only. Order: hello, fence, load the connector (its
 * constructors already run behind the fence), close the fence further,
 * describe, serve. */
#include "base/error.h"
#include "host/door.h"
#include "host/load.h"
#include "host/sandbox.h"
#include "host/serve.h"

#include <muster/connector.h>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SOCKET = 3 };

static bool starts_programs; /* set before the thread that looks at it begins */

/* Ends the process when the engine is gone, even while the connector is busy or hangs; and the programs that it has
 * started: they cannot leave its group. */
static void *watch(void *unused)
{
    (void)unused;
    struct pollfd poller = {.fd = SOCKET};
    while (poll(&poller, 1, -1) <= 0 || !(poller.revents & (POLLHUP | POLLERR | POLLNVAL)))
        continue;
    if (starts_programs)
        kill(0, SIGKILL);
    _exit(0);
}

static int watch_start(char *ret_why, size_t room)
{
    pthread_t thread;
    pthread_attr_t attributes;
    sigset_t all, before;
    sigfillset(&all);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 256 * 1024);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&thread, &attributes, watch, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (rc != 0)
        snprintf(ret_why, room, "no thread for watching the engine: %s", err_text(-rc));
    return -rc;
}

static int prepare(struct session *session, char *ret_why, size_t room)
{
    struct sandbox sandbox = {0};
    int rc = session_hello(session, ret_why, room);
    if (rc != 0)
        return rc;
    sandbox.connector = session->path;
    sandbox.scratch = session->scratch;
    sandbox.memory_max = session->memory_max;
    sandbox.may = session->may;
    sandbox.files = (const char *const *)session->files;
    sandbox.programs = (const char *const *)session->programs;
    starts_programs = (session->may & MUSTER_NEEDS_EXEC) != 0;
    rc = sandbox_enter(&sandbox, ret_why, room);
    if (rc == 0)
        rc = watch_start(ret_why, room); /* behind the fence: a thread takes over what its maker may */
    if (rc == 0 && (session->may & ~(uint32_t)MUSTER_NEEDS_SECRETS) == 0)
        rc = door_watch(session->path);
    if (rc == 0)
        rc = load_file(session->path, session->name, &session->connector, ret_why, room);
    if (rc == 0)
        rc = sandbox_close(&sandbox, ret_why, room);
    return rc != 0 ? rc : serve_describe(session, sandbox.lacks, ret_why, room);
}

#ifdef HAVE_SANITIZERS
/* Leaks are looked for by tracing oneself, which the fence forbids. */
const char *__asan_default_options(void);
__attribute__((visibility("default"))) const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}
#endif

int main(void)
{
    static struct session session;
    char why[SESSION_SENTENCE];
    int type;
    socklen_t len = sizeof(type);
    if (getsockopt(SOCKET, SOL_SOCKET, SO_TYPE, &type, &len) != 0) {
        fprintf(stderr, "muster-host is started by muster, not by people: it loads one connector\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);           /* a file that grows too large is an error, not a death */
    fcntl(SOCKET, F_SETFD, FD_CLOEXEC); /* no program that a connector starts speaks with the engine */
    session_start(&session, SOCKET);
    if (prepare(&session, why, sizeof(why)) != 0) {
        serve_refuse(&session, why);
        return 1;
    }
    serve(&session);
    session_done(&session);
    return 0;
}
