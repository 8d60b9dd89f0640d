/* lane_inside - what the files of a lane share: lane (its beginning and end), lane_call (calls and clocks), lane_spawn
 * (the process), lane_watch (what it takes of this machine), lane_message (what the host says), lane_push (writing),
 * lane_question (what is asked for by name). */
#ifndef LANE_INSIDE_H
#define LANE_INSIDE_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/frame.h"
#include "base/numbers.h"
#include "base/wire.h"
#include "broker/keyring.h"
#include "lane/lane.h"

#include <sys/types.h>

struct lane_column_table {
    struct lane_stream seen; /* first: what the sink gets */
    char **names, **places;
    size_t room;
    size_t place_room;
};

/* Changes that go out with the next answer. */
struct lane_batch {
    struct lane *lane;
    struct buffer bytes;
    uint32_t *numbers; /* of each */
    size_t count, room;
};

/* What is out with the connector. Of 32 changes each: key is nth / 32 + 1; below, who was added to a batch; above, who
 * of them has no answer to come: it was not handed out yet, or was answered. */
struct lane_pushing {
    const struct lane_push *push;
    struct lane_batch batch;
    struct numbers out;
    bool ended; /* next() was asked, and there was no more */
};

/* What the engine's next word to the host depends on. */
enum lane_awaits {
    LANE_HEARS, /* nothing: the host has the word */
    LANE_ALONE, /* the reply to the call by HTTP that it asked for by itself */
    LANE_NEXT   /* the next reply to those that it started */
};

/* A call of the connector: what is said at its beginning. */
struct lane_call {
    enum wire_type type;
    void (*put)(struct buffer *out, const void *context); /* NULL: nothing */
    const void *context;
};

struct lane_part {
    muster_part part; /* what it points to is in http_arena */
    int fd;           /* ours; -1: none */
};

struct lane {
    char *name, *path, *scratch;
    const struct connection *connection;
    const struct settings *settings;
    const atomic_bool *cancel;
    uint32_t may;           /* MUSTER_NEEDS_… that it is given */
    struct keyring secrets; /* those that it was told, to be taken out of what it says */
    /* the process */
    pid_t pid;
    int pidfd, socket, errors;
    int held;               /* its scratch folder, which nobody removes while it is open */
    struct wire_page *page; /* shared with the host */
    char line[500];         /* of its stderr, as far as it came */
    size_t line_len;
    char last_line[500];
    uint64_t error_bytes;
    int64_t watch_at;       /* steady ms; when it is looked at again */
    uint64_t free_at_first; /* bytes on the disk of its scratch folder when the call began */
    char tried[200];        /* what was refused and is not told yet */
    char tried_path[300];
    char loading_tried[200], loading_path[300]; /* the same of what its constructors did */
    /* the talk */
    struct frame_reader in;
    struct buffer out;
    bool dead, is_open, opening, only_open, done;
    bool fell;      /* it died or fell silent in the middle of its work */
    bool same;      /* in this call unchanged() was answered so */
    bool under_way; /* a call that lanes_wait() goes on with */
    bool ended;     /* and its end was not told yet; `rc` */
    int rc;
    enum lane_awaits awaits;
    struct buffer asked; /* what is called as soon as it is open */
    char *lacks;
    struct arena *arena; /* the description */
    struct buffer description_bytes;
    const muster_connector *description;
    /* the call under way */
    struct arena *call_arena;
    const struct lane_sink *sink;
    struct lane_result result, *ret_result;
    struct err *err;
    int64_t total_until, silent_until, cancelled_until; /* steady ms; 0: not set */
    uint64_t lines, heard;                              /* that it logged; bytes that it handed over */
    struct lane_column_table **streams;
    size_t stream_count, stream_room;
    struct lane_value *values;
    size_t value_room;
    struct lane_pushing *pushing; /* NULL: it is no apply() */
    /* parts of a form that came before their call (lane_http) */
    struct arena *http_arena;
    struct lane_part *parts;
    size_t part_count, part_room;
};

/* lane_scratch.c */
int lane_scratch_make(struct lane *lane, const char *dir, struct err *err);
void lane_scratch_remove(struct lane *lane);

int lane_spawn(struct lane *lane, const char *scratch_dir, int *ret_page_fd, struct err *err);
/* Passes on what came on the host's stderr. */
void lane_hear(struct lane *lane);
/* The host closed its socket or died: waits for its end, says how. Gives ERR_CONNECTOR. */
int lane_died(struct lane *lane, struct err *err);
void lane_kill(struct lane *lane);
void lane_despawn(struct lane *lane); /* closes, removes the scratch folder */

/* What it may beyond the rule, for the first word to the host. Returns 0 or ERR_CONFIG with the sentence. */
int lane_put_needs(struct lane *lane, struct err *err);
/* A secret of the connection, for a connector that may have them: its text, or NULL with the reason in lane->err. */
const char *lane_secret(struct lane *lane, const char *option);
/* Takes the secrets it was told out of what it says. */
void lane_scrub(const struct lane *lane, const char *text);

/* A call begins. */
void lane_watch_begins(struct lane *lane);
/* Looks every now and then at what the process takes of memory and disk. Returns 0 or ERR_LIMIT with the sentence. */
int lane_watch(struct lane *lane, int64_t now, int64_t *ret_next);

/* Waits for the answer to the handshake. */
int lane_first_frame(struct lane *lane, struct frame *ret_frame);
/* Takes one message of the host; sets lane->done at the end of a call. Returns 0 or what ends the lane. */
int lane_message(struct lane *lane, uint32_t type, struct wire *message);
void lane_forget_streams(struct lane *lane);
/* Opens at first, then calls. Whatever fails here costs the host its life. */
int lane_call_start(struct lane *lane, const struct lane_call *call, const struct lane_sink *sink,
                    struct lane_result *ret_result, struct err *err);
int lane_call(struct lane *lane, const struct lane_call *call, const struct lane_sink *sink,
              struct lane_result *ret_result, struct err *err);
void lane_put_pull(struct buffer *out, const muster_pull *pull);
void lane_put_fields(struct buffer *out, const struct lane_fields *fields);
void lane_put_row(struct buffer *out, const struct lane_fields *fields, const struct lane_cell *cells);
/* Messages of their files. */
int lane_next(struct lane *lane, struct wire *message);
int lane_applied(struct lane *lane, struct wire *message);
int lane_refuses(struct lane *lane, struct wire *message);
int lane_untouched(struct lane *lane, struct wire *message);
int lane_finds(struct lane *lane, struct wire *message);
int lane_replies(struct lane *lane, struct wire *message);
int lane_record(struct lane *lane, struct wire *message, bool row);
/* A sink that refused: its own sentence stands, if it left one. */
int lane_sink_says(struct lane *lane, int rc);
/* Begins an answer; fields follow when rc is 0. Then lane_answer_sends(). */
size_t lane_answer(struct lane *lane, int rc, const struct err *why);
int lane_answer_sends(struct lane *lane, size_t begin, int passed);
/* lane_http.c: the messages about calls by HTTP. */
int lane_http_part(struct lane *lane, struct wire *message);
int lane_http(struct lane *lane, struct wire *message);
int lane_http_wait(struct lane *lane, struct wire *message);
bool lane_http_ready(const struct lane *lane); /* the reply that it awaits is there */
int lane_http_came(struct lane *lane);         /* hands it over; -EAGAIN: it is not there yet */
void lane_http_forget(struct lane *lane);      /* parts that no call came for */
/* Answers of the engine; the fd, unless -1, goes with it and stays the caller's. */
int lane_send(struct lane *lane, int passed);
int lane_nonsense(struct lane *lane, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
