/* child - `muster` as a process of its own, for a trigger or for what a caller asked: what it prints, what it says, how
 * it ends. */
#ifndef API_CHILD_H
#define API_CHILD_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/tidy.h"
#include "config/organization.h"

#include <stdbool.h>
#include <uv.h>

struct child;

struct child_end {
    int status; /* its exit status; -1: a signal ended it */
    int signal; /* that one; 0: none */
    int code;   /* ERR_… of what it complained about; 0: it did not */
    struct buffer out, said;
};

/* Called once, when nothing of it is left; `end` is the child's. */
typedef void child_ended_fn(void *context, struct child_end *end);

/* A line, without its end. */
typedef void child_line_fn(void *context, const char *line, size_t len);

/* It is given all that we have, and where the last good files are. */
struct child_order {
    const char *program;
    const struct settings *settings;
    const char *author;       /* in whose name it acts; NULL: in that of whoever runs musterd */
    const char *const *words; /* after `muster --json -q`; NULL-terminated */
    child_ended_fn *ended;
    child_line_fn *progress; /* how far it is: an object of JSON */
    child_line_fn *line; /* each line that it prints, which is not gathered then, and what it says goes where our own
                            lines go; NULL: both are its end's */
    void *context;
};

/* 0, or a negative code with a sentence; then nobody is told of an end. */
int child_start(uv_loop_t *loop, const struct child_order *order, struct child **ret_child, struct err *err);
long child_pid(const struct child *child);
/* Asks it to stop between two changes; with `now` it is ended on the spot. */
void child_stop(struct child *child, bool now);
/* It is ended, and nobody is told; the loop runs once more. */
void child_drop(struct child *child);

#endif
