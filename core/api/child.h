/* child - `muster` as a process of its own, for what a caller asked: what it prints, what it says, how it ends. */
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
    int status; /* its exit status; -1: a signal ended it, or it could not be started */
    int code;   /* ERR_… of what it complained about; 0: it did not */
    struct buffer out, said;
};

/* What a process of ours is given: all that we have, where the last good files are, and in whose name it acts (NULL: in
 * that of whoever runs musterd). `heard`: its descriptor 3 is read for the code of its complaint. Freed with
 * child_environment_free(). */
char **child_environment(const struct settings *settings, const char *author, bool heard);
void child_environment_free(char **environment);
DEFINE_TIDY(char **, child_environment_free)

/* Called once, when nothing of it is left; `end` is the child's. */
typedef void child_ended_fn(void *context, struct child_end *end);

/* How far it is: an object of JSON. NULL: nobody wants to know. */
typedef void child_progress_fn(void *context, const char *json, size_t len);
/* The lines of descriptor 3, as many as are whole; the rest stays. Objects are told, a number is *code. */
void child_lines(struct buffer *text, child_progress_fn *progress, void *context, int *code);

/* `words`: after `muster --json -q`; NULL-terminated. */
int child_start(uv_loop_t *loop, const char *program, const struct settings *settings, const char *author,
                const char *const *words, child_ended_fn *ended, child_progress_fn *progress, void *context,
                struct child **ret_child);
/* Asks it to stop between two changes; with `now` it is ended on the spot. */
void child_stop(struct child *child, bool now);
/* It is ended, and nobody is told; the loop runs once more. */
void child_drop(struct child *child);

#endif
