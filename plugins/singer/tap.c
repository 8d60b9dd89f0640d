/* tap - the tap while it runs: its lines one by one, its log, and its end as a sentence. */
#include "singer.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 1 << 18, LOOK_MS = 200, TOLD_MS = 1000, LOGGED_MOST = 5000 };

static int64_t steady_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

muster_rc tap_start(struct singer *singer, const struct tap_task *task, struct tap *ret_tap)
{
    *ret_tap = (struct tap){.singer = singer, .pidfd = -1, .out = -1, .log = -1};
    muster_rc rc = start_tap(singer, task, ret_tap);
    ret_tap->heard_ms = ret_tap->told_ms = steady_ms();
    if (rc != MUSTER_OK)
        tap_stop(ret_tap);
    return rc;
}

/* ---- its log ---- */

static void word_ends(struct tap *tap)
{
    tap->word[tap->word_len] = '\0';
    if (!record_utf8(tap->word, tap->word_len))
        for (char *at = tap->word; *at; at++)
            *at = (unsigned char)*at >= 0x80 ? '?' : *at;
    if (tap->word_len > 0) {
        memcpy(tap->last, tap->word, tap->word_len + 1);
        if (tap->logged++ < LOGGED_MOST)
            tap->singer->host->log(tap->singer->run, MUSTER_DEBUG, "tap: %s", tap->word);
    }
    tap->word_len = 0;
}

static void log_hear(struct tap *tap)
{
    char bytes[4096];
    ssize_t got = read(tap->log, bytes, sizeof(bytes));
    for (ssize_t i = 0; i < got; i++) {
        if (bytes[i] == '\n')
            word_ends(tap);
        else if (tap->word_len < TAP_WORDS - 1)
            tap->word[tap->word_len++] = (unsigned char)bytes[i] < ' ' || bytes[i] == 127 ? ' ' : bytes[i];
    }
    if (got > 0)
        tap->heard_ms = steady_ms();
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        word_ends(tap);
        close(tap->log);
        tap->log = -1;
    }
}

/* ---- its lines ---- */

/* Waits until there is something to read of it, or it has ended; hears its log meanwhile. */
static muster_rc await(struct tap *tap, int fd)
{
    const muster_host *host = tap->singer->host;
    muster_run *run = tap->singer->run;
    for (;;) {
        struct pollfd pollers[] = {{.fd = fd, .events = POLLIN}, {.fd = tap->log, .events = POLLIN}};
        poll(pollers, 2, LOOK_MS);
        int64_t now = steady_ms();
        if (pollers[1].revents)
            log_hear(tap);
        if (now - tap->told_ms >= TOLD_MS) {
            tap->told_ms = now;
            host->progress(run, tap->progress, 0);
        }
        if (host->cancelled(run))
            return host->fail(run, MUSTER_CANCELLED, "cancelled");
        if (pollers[0].revents) {
            tap->heard_ms = now;
            return MUSTER_OK;
        }
        if (now - tap->heard_ms >= tap->singer->silence_ms)
            return host->fail(run, MUSTER_RETRY, "the tap said nothing for %ld seconds and was ended (option timeout)",
                              tap->singer->silence_ms / 1000);
    }
}

static muster_rc more(struct tap *tap)
{
    struct singer *singer = tap->singer;
    if (tap->len - tap->at > TAP_LINE)
        return singer->host->fail(singer->run, MUSTER_DATA, "line %llu of what the tap wrote is longer than %d MiB",
                                  (unsigned long long)tap->lines + 1, TAP_LINE >> 20);
    if (tap->at > 0) {
        memmove(tap->bytes, tap->bytes + tap->at, tap->len - tap->at);
        tap->len -= tap->at;
        tap->looked -= tap->at;
        tap->at = 0;
    }
    if (tap->room - tap->len < BLOCK) {
        size_t room = (tap->room + BLOCK) * 2;
        char *bytes = realloc(tap->bytes, room);
        if (!bytes)
            return singer->host->fail(singer->run, MUSTER_FAIL, "no memory");
        tap->bytes = bytes;
        tap->room = room;
    }
    muster_rc rc = await(tap, tap->out);
    if (rc != MUSTER_OK)
        return rc;
    ssize_t got = read(tap->out, tap->bytes + tap->len, BLOCK);
    if (got > 0)
        tap->len += (size_t)got;
    else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        close(tap->out);
        tap->out = -1;
    }
    return MUSTER_OK;
}

muster_rc tap_line(struct tap *tap, const char **ret_line, size_t *ret_len)
{
    for (;;) {
        char *end = tap->len > tap->looked ? memchr(tap->bytes + tap->looked, '\n', tap->len - tap->looked) : NULL;
        bool last = !end && tap->out < 0;
        tap->looked = tap->len;
        if (end || last) {
            *ret_line = last && tap->at == tap->len ? NULL : tap->bytes + tap->at;
            *ret_len = (size_t)((end ? end : tap->bytes + tap->len) - (tap->bytes + tap->at));
            tap->at = tap->looked = end ? (size_t)(end + 1 - tap->bytes) : tap->len;
            tap->lines += *ret_line != NULL;
            return MUSTER_OK;
        }
        muster_rc rc = more(tap);
        if (rc != MUSTER_OK)
            return rc;
    }
}

/* ---- its end ---- */

static void reap(struct tap *tap, siginfo_t *ret_info)
{
    memset(ret_info, 0, sizeof(*ret_info));
    while (tap->pid > 0 && waitid(P_PID, (id_t)tap->pid, ret_info, WEXITED) != 0 && errno == EINTR)
        continue;
    tap->pid = 0;
}

/* The words of those who refuse a log-in: it is not tried again and again, which could lock somebody out. */
static bool of_log_in(const char *words)
{
    static const char *const signs[] = {"401 ",           "HTTP 401",       "nauthorized",          "invalid_grant",
                                        "invalid_client", "nvalid API key", "uthentication failed", NULL};
    for (size_t n = 0; signs[n]; n++)
        if (strstr(words, signs[n]))
            return true;
    return false;
}

muster_rc tap_end(struct tap *tap)
{
    const muster_host *host = tap->singer->host;
    muster_run *run = tap->singer->run;
    siginfo_t info;
    muster_rc rc = await(tap, tap->pidfd);
    if (rc != MUSTER_OK)
        return rc;
    reap(tap, &info);
    for (int rounds = 0; tap->log >= 0 && rounds < 64; rounds++) {
        struct pollfd poller = {.fd = tap->log, .events = POLLIN};
        if (poll(&poller, 1, 0) <= 0)
            break;
        log_hear(tap);
    }
    if (tap->word_len > 0)
        word_ends(tap);
    if (info.si_code == CLD_EXITED && info.si_status == 0)
        return MUSTER_OK;
    const char *words = tap->of_people ? "" : tap->last;
    const char *before = *words ? "; its last words: " : *tap->last ? "; its last words are in the log (-vv)" : "";
    if (info.si_code == CLD_EXITED)
        return host->fail(run, of_log_in(words) ? MUSTER_AUTH : MUSTER_FAIL, "the tap ended with %d%s%s",
                          info.si_status, before, words);
    return host->fail(run, MUSTER_RETRY, "the tap was killed by signal %d (%s)%s%s", info.si_status,
                      strsignal(info.si_status), before, words);
}

void tap_stop(struct tap *tap)
{
    siginfo_t info;
    if (tap->pid > 0) {
        syscall(SYS_pidfd_send_signal, tap->pidfd, SIGKILL, NULL, 0);
        reap(tap, &info);
    }
    int *const fds[] = {&tap->pidfd, &tap->out, &tap->log};
    for (size_t n = 0; n < sizeof(fds) / sizeof(*fds); n++) {
        if (*fds[n] >= 0)
            close(*fds[n]);
        *fds[n] = -1;
    }
    free(tap->bytes);
    tap->bytes = NULL;
}
