/* cassette - all that a connection asked of the world in one run, and what it was answered, in one file; and such a
 * file in the place of the world.
 *
 * It stands between what is asked and who answers: each attempt of a call, each
 * listing and file. A call is recorded before its log-in is put into it and
 * after secrets were taken out of its reply; tokens are fetched unrecorded. So
 * a cassette has none, and playing one needs none. What was read of people
 * stands in it as it came.
 *
 * The file is UTF-8, a JSON object per line (muster-cassette(5)). The first says whose it is. */
#ifndef BROKER_CASSETTE_H
#define BROKER_CASSETTE_H

#include "base/error.h"
#include "base/tidy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cassette;

struct cassette_about {
    const char *organization, *connection, *connector;
    int64_t now_ms; /* when it was recorded */
    bool full;
};

/* One question and its answer. */
struct exchange {
    const char *what;  /* "http", "list", "fetch", "store"… */
    const char *asked; /* "GET https://…", a place */
    const char *with;  /* headers of a call, a folder; told and not compared; NULL: nothing */
    const char *body;  /* that goes there; NULL: none */
    size_t body_len;
    int code;        /* why there was no answer: one of ours, of a call curl's; 0: there was one */
    const char *why; /* to a code of ours */
    int32_t status;
    const char *headers; /* of a reply: lines */
    const char *reply;   /* NULL: none */
    size_t reply_len;
};

/* A new file, which nobody else may read. */
int cassette_record(const char *path, const struct cassette_about *about, struct cassette **ret_cassette,
                    struct err *err);
/* One that was recorded, to be played. */
int cassette_open(const char *path, struct cassette **ret_cassette, struct err *err);
void cassette_free(struct cassette *cassette);
/* Of one that plays; lives as long. */
const struct cassette_about *cassette_about(const struct cassette *cassette);
const char *cassette_path(const struct cassette *cassette);
/* NULL is fine for these two. */
bool cassette_records(const struct cassette *cassette);
bool cassette_plays(const struct cassette *cassette);

/* Writes it down, flushed at once. What goes wrong is told by cassette_end(). */
void cassette_note(struct cassette *cassette, const struct exchange *exchange);
/* Something could not be noted. */
void cassette_fail(struct cassette *cassette, int rc);
int cassette_end(struct cassette *cassette, struct err *err);

/* The next answer to this question that was not given yet; its texts live until the next question. ERR_GONE: there is
 * none (any more), with a sentence that names the nearest. */
int cassette_answer(struct cassette *cassette, const struct exchange *ask, struct exchange *ret_answer,
                    struct err *err);
/* The same for what need not be there: 0 when it is not. */
bool cassette_has(struct cassette *cassette, const struct exchange *ask, struct exchange *ret_answer);
/* Questions without an answer, and the sentence about the first one; answers that nobody asked for. */
size_t cassette_unknown(const struct cassette *cassette, const char **ret_sentence);
size_t cassette_left(const struct cassette *cassette);
/* Who wants to hear of each call, listing and file with its answer while it is under way, recorded or played (what has
 * no answer: with `code`). NULL: nobody any more. */
void cassette_watch(struct cassette *cassette, void (*watch)(void *context, const struct exchange *exchange),
                    void *context);
/* The nth question that is on it, of one that plays; NULL after the last. ret_given: its answer was given. */
const char *cassette_question(const struct cassette *cassette, size_t nth, const char **ret_what, bool *ret_given);

/* "KIND[=COUNT][@TEXT]", several with ',' between: the first COUNT (else one; "all": each) answers about what has TEXT
 * in its address or place go wrong; @N, a number: those from the Nth on that is asked. KIND: slow (no answer in time),
 * cut (in the middle), schema (JSON with other names, else a web page), or a status from 400 to 599. */
int cassette_fault(struct cassette *cassette, const char *text, struct err *err);

DEFINE_TIDY(struct cassette *, cassette_free)

#endif
