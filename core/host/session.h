/* session - the host's end of the talk with the engine: what is under way, what waits to be sent.
 *
 * Messages gather in `out` and go when 256 KiB are together, when the engine
 * is asked something, when a call ends, and when the last sending is a while
 * ago. The engine reads always; it writes only while we wait. When it is gone
 * there is nobody to work for, and the process ends at once. */
#ifndef HOST_SESSION_H
#define HOST_SESSION_H

#include "base/buffer.h"
#include "base/frame.h"
#include "base/wire.h"

#include <muster/connector.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SESSION_FLUSH_MS = 200, SESSION_SENTENCE = 1000 };

struct stream;
struct push;
struct found;

struct session_option {
    const char *name, *text;
};

/* What a connector holds: either of the two that begin with it. */
struct muster_record {
    bool read; /* true: a struct reading, from the engine; false: the struct building */
};

/* The one record under way. */
struct building {
    struct muster_record head;
    struct session *session;
    struct stream *stream; /* NULL: none is under way */
    struct buffer bytes;   /* the message without its header */
    size_t count_at;       /* where the number of values goes */
    uint32_t count;
    size_t source_id_at, place_at; /* in bytes; SIZE_MAX: NULL */
    muster_rc rc;                  /* the first failure */
    char why[200];
};

struct session {
    muster_run run; /* first: this is what the connector sees */
    int fd;
    struct frame_reader in;
    struct buffer out;
    int64_t flushed_ms;
    uint64_t record_max, field_max, memory_max;
    char *name, *path, *scratch;
    uint32_t may;           /* MUSTER_NEEDS_… that it is given */
    char **files;           /* files and folders of its own; NULL-terminated */
    char **programs;        /* folders with programs that it may start; likewise */
    struct wire_page *page; /* shared with the engine */
    const muster_connector *connector;
    void *self;
    bool is_open;
    struct session_option *options;
    size_t option_count;
    struct buffer option_bytes;
    struct stream **streams;
    size_t stream_count, stream_room;
    struct building record;
    struct push *push;    /* of apply(); NULL: no apply() is under way */
    struct found *found;  /* what find() gave last */
    struct buffer json;   /* what json() gave last */
    uint32_t under;       /* the WIRE_ type of the call under way */
    struct wire left_out; /* of a pull: count, { source id, place, why } */
    int64_t progress_ms;
    char *listed;     /* the last name that list() gave */
    size_t http_open; /* calls that were started and not waited for yet */
    muster_http http; /* the last reply; it points into http_frame */
    const char **http_headers;
    char *http_frame;
    size_t http_room;
    muster_rc asked_rc; /* the last refusal of the engine, and its sentence */
    char asked[SESSION_SENTENCE];
    char failed[SESSION_SENTENCE]; /* of fail() */
    muster_rc spoiled;             /* a record was lost: whatever the connector says, the call did not go well */
    uint32_t claim;
    uint64_t claim_count;
    char claim_why[500];
    char mended[100]; /* by which functions something was said that is no UTF-8: "log(), fail()" */
};

static inline struct session *session_of(muster_run *run)
{
    return (struct session *)run;
}

void session_start(struct session *session, int fd);
void session_done(struct session *session);

/* Reads the first message. Returns 0 or a code with the sentence in `why`. */
int session_hello(struct session *session, char *ret_why, size_t room);

/* Adding one message to `out`. */
size_t session_begin(struct session *session, enum wire_type type);
void session_end(struct session *session, size_t begin); /* sends when there is enough or it is time */
void session_flush(struct session *session, int passed);

/* Waits for the next message of the engine; it lives until the next call. */
uint32_t session_wait(struct session *session, struct wire *ret_message);
/* Sends what there is (with a descriptor, unless -1) and waits for the answer: its code; fields stay in *ret_answer. */
muster_rc session_ask(struct session *session, int passed, struct wire *ret_answer);

/* The engine is gone or talks nonsense: nobody is left to tell. The connector is somewhere on the stack, so there is
 * no way back to main. */
_Noreturn void session_orphaned(void);

/* Keeps the sentence for the end of the call. */
muster_rc session_fail(struct session *session, muster_rc rc, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for what was lost by a fault that must not go unnoticed: said at the end of the call, even if the connector
 * does not look. Gives MUSTER_FAIL. */
muster_rc session_spoil(struct session *session, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Forgets what belonged to the last call. */
void session_call_begins(struct session *session);

#endif
