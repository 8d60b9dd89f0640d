/* control - the local socket of musterd, by which `muster` asks it for something: a word, and an answer.
 *
 * STATE/musterd/control, in a folder that only the service's user may enter;
 * who calls must be that user, or root. */
#ifndef SERVICE_CONTROL_H
#define SERVICE_CONTROL_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/tidy.h"

/* --- of who asks; control_ask.c --- */

/* How long an answer is waited for: one that is known; and to "reload", as a thousand organizations are read again in a
 * second or two. */
enum { CONTROL_KNOWN_MS = 2000, CONTROL_RELOAD_MS = 120 * 1000 };

/* Says the word to the musterd that looks after that state folder. ERR_GONE: none does; each with a sentence. */
int control_ask(const char *state, const char *word, unsigned wait_ms, struct buffer *answer, struct err *err);

/* Whether a musterd looks after that state folder: 0, ERR_GONE (none does), or what keeps us from knowing. */
int control_there(const char *state);

/* --- of musterd --- */

struct control;
struct uv_loop_s;

/* On the loop's thread; what is put into `answer` is the answer. A word that is not known: none. */
typedef void control_asked_fn(void *context, const char *word, struct buffer *answer);

/* The folder STATE/musterd must be there, and no other musterd may look after it. */
int control_open(struct uv_loop_s *loop, const char *state, control_asked_fn *asked, void *context,
                 struct control **ret_control, struct err *err);
void control_close(struct control *control); /* after it, the loop runs once more */

#endif
