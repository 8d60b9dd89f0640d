/* player - muster as a server of itself for the model-based test: one warm process that forks for each request.
 *
 * Reads requests from standard input, one a line: the time (MUSTER_NOW), the nth write to die at (0: none), where to
 * record what is written below which folder (empty: nowhere), then commands; 0x1e stands between these, 0x1f between
 * the words of a command, and `env NAME=VALUE` is one; so are those of letters.h: `keep FOLDER SAID FIRST LAST` and
 * `kept FOLDER`. A request runs in a child of its own. The answer is a line with
 * the child's status as waitpid says it and the bytes of standard output and of standard error, then these bytes. On
 * standard output, 0x1e and the command's exit status end the output of each. */
#include "letters.h"
#include "writes.h"

int muster_main(int argc, char **argv);
#define main muster_main
#include "cli/main.c"
#undef main

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORDS = 64, COMMAND = '\x1e', WORD = '\x1f' };

static int said(int status)
{
    printf("%c%d\n", COMMAND, status);
    fflush(stdout);
    return status;
}

static unsigned number(const char *text)
{
    return (unsigned)strtoul(text, NULL, 10);
}

static int command(char *text)
{
    char *argv[WORDS + 1] = {"muster"};
    int argc = 1;
    for (char *word; argc < WORDS && (word = strsep(&text, "\x1f")) != NULL;)
        argv[argc++] = word;
    argv[argc] = NULL;
    if (argc == 3 && strcmp(argv[1], "env") == 0)
        return said(putenv(argv[2]) != 0);
    if (argc == 6 && strcmp(argv[1], "keep") == 0)
        return said(letters_keep(argv[2], argv[3], number(argv[4]), number(argv[5])));
    if (argc == 3 && strcmp(argv[1], "kept") == 0)
        return said(letters_read(argv[2]));
    return said(muster_main(argc, argv));
}

static void child(char *request, int out, int err)
{
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    setenv("MUSTER_NOW", strsep(&request, "\x1e"), 1);
    writes_die_at(strtol(strsep(&request, "\x1e"), NULL, 10));
    char *record = strsep(&request, "\x1e"), *folder = strsep(&request, "\x1e");
    if (*record)
        writes_record(record, folder);
    int status = 0;
    for (char *text; (text = strsep(&request, "\x1e")) != NULL;)
        status = command(text);
    exit(status);
}

struct heard {
    int fd;
    char *bytes;
    size_t len, room;
};

/* False: it was closed. */
static bool hear(struct heard *heard)
{
    if (heard->room - heard->len < 65536) {
        heard->room = heard->room * 2 + 65536;
        heard->bytes = realloc(heard->bytes, heard->room);
        if (!heard->bytes)
            abort();
    }
    ssize_t got = read(heard->fd, heard->bytes + heard->len, heard->room - heard->len);
    if (got <= 0)
        return false;
    heard->len += (size_t)got;
    return true;
}

static void answer(char *request, struct heard *out, struct heard *err)
{
    int outs[2], errs[2], status;
    if (pipe(outs) != 0 || pipe(errs) != 0)
        abort();
    pid_t pid = fork();
    if (pid == 0) {
        close(outs[0]);
        close(errs[0]);
        child(request, outs[1], errs[1]);
    }
    close(outs[1]);
    close(errs[1]);
    out->fd = outs[0];
    err->fd = errs[0];
    out->len = err->len = 0;
    struct pollfd polled[] = {{.fd = outs[0], .events = POLLIN}, {.fd = errs[0], .events = POLLIN}};
    while (polled[0].fd >= 0 || polled[1].fd >= 0) {
        poll(polled, 2, -1);
        if (polled[0].revents && !hear(out))
            polled[0].fd = -1;
        if (polled[1].revents && !hear(err))
            polled[1].fd = -1;
    }
    close(outs[0]);
    close(errs[0]);
    if (waitpid(pid, &status, 0) != pid)
        abort();
    printf("%d %zu %zu\n", status, out->len, err->len);
    fwrite(out->bytes, 1, out->len, stdout);
    fwrite(err->bytes, 1, err->len, stdout);
    fflush(stdout);
}

int main(void)
{
    struct heard out = {0}, err = {0};
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, stdin) > 0) {
        line[strcspn(line, "\n")] = '\0';
        answer(line, &out, &err);
    }
    free(line);
    free(out.bytes);
    free(err.bytes);
    return 0;
}
