/* lane - one host process with one connector: started, asked, watched, killed.
 *
 * The engine's end of the frames. The host may always write, the engine always
 * reads; the engine writes only while the host waits for it: no deadlock. A
 * host that sends nonsense, dies, hangs, floods or takes more memory or disk
 * than it may costs its call and nothing else: every violation ends the lane
 * with a sentence and ERR_CONNECTOR, ERR_TIMEOUT or ERR_LIMIT. Two clocks: silence (stopped while the engine
 * works for the host) and total. */
#ifndef LANE_H
#define LANE_H

#include "base/error.h"
#include "base/tidy.h"
#include "config/organization.h"
#include "model/image.h"

#include <muster/connector.h>
#include <stdatomic.h>
#include <stdint.h>

struct lane;
struct http;

/* The columns of one stream as the host names them; grows while records come (JSON), or is told whole (a table). */
struct lane_stream {
    const char *name;
    bool table; /* columns() was called: what a record does not have is empty, not absent */
    size_t count;
    const char *const *names;  /* as the source writes them */
    const char *const *places; /* "C"; "" when the source has none */
    void *engine;              /* for the sink: what it knows of this stream; starts as NULL */
};

struct lane_value {
    uint32_t column; /* index into lane_stream */
    uint8_t type;    /* MUSTER_TEXT … as the connector said */
    enum presence presence;
    uint32_t len;
    const char *bytes; /* not terminated; lives until the sink returns */
};

struct lane_record {
    struct lane_stream *stream;
    const char *source_id; /* NULL: the mapping's key says */
    const char *place;     /* "Employees!*17" */
    size_t count;
    const struct lane_value *values;
};

/* One value on its way to a connector. */
struct lane_cell {
    enum presence presence;
    bool changed; /* differs from what was last confirmed */
    uint32_t len;
    const char *bytes; /* not terminated; of a value only */
};

/* The fields that cells stand for, in their order. */
struct lane_fields {
    size_t count;
    const char *const *names;
    const uint8_t *types; /* MUSTER_TEXT … */
};

struct lane_push {
    const char *partition, *stream;
    bool snapshot;
    struct lane_fields fields;
};

struct lane_change {
    uint32_t nth;                           /* the engine's number of it; comes back with its answer */
    int op;                                 /* MUSTER_CREATE … MUSTER_KEEP */
    const char *key;                        /* the same for every repeat */
    const char *remote_id;                  /* NULL on create */
    const struct lane_cell *before, *after; /* fields.count each; NULL: none */
};

struct lane_batch;
/* Adds one to those that are handed out; called by sink.next and sink.ahead, keeps nothing. ERR_DATA: a text has a zero
 * byte in it, which no connector could read; that one was not added, and the caller says what becomes of it. -EEXIST:
 * that number was handed out before. */
int lane_batch_add(struct lane_batch *batch, const struct lane_change *change);
/* So many bytes are together that the next ones had better wait for the next question. */
bool lane_batch_full(const struct lane_batch *batch);

/* What the engine found for a connector; lives until the sink is called again. */
struct lane_found {
    bool is;
    struct lane_fields fields;
    const struct lane_cell *cells;
};

/* What a connector answers to who called; lives until the sink returns. */
struct lane_reply {
    unsigned status;  /* 200 to 599 */
    const char *type; /* of the body; NULL: it is not said */
    const char *body;
    size_t body_len;
};

/* What the host may ask or say during a call; each returns 0 or a code that ends the call. Functions that are NULL
 * answer MUSTER_UNSUPPORTED. All run on the caller's thread. */
struct lane_sink {
    void *context;
    int (*columns)(void *context, struct lane_stream *stream);
    int (*record)(void *context, const struct lane_record *record);
    int (*reject)(void *context, const char *stream, const char *source_id, const char *place, const char *why);
    int (*gone)(void *context, const char *stream, const char *source_id);
    int (*cursor)(void *context, const char *value, bool checkpoint);
    int (*partition)(void *context, const char *id, const char *label, const char *locator);
    int (*stream)(void *context, const muster_stream *stream); /* discover(); lives until the call ends */
    int (*field)(void *context, const char *stream, const muster_field *field); /* discover() */
    void (*progress)(void *context, uint64_t done, uint64_t total);
    void (*log)(void *context, int level, const char *text);
    /* Files: a sentence in err becomes what the connector (and the person) is told. */
    int (*list)(void *context, const char *place, size_t nth, const char **ret_name, uint64_t *ret_size,
                int64_t *ret_mtime, struct err *err);
    int (*fetch)(void *context, const char *name, int *ret_fd, struct err *err); /* the lane closes it */
    int (*store)(void *context, const char *name, int fd, struct err *err);
    int (*unchanged)(void *context); /* 1 or 0 */
    int (*afterwards)(void *context, const char *name, int what, const char *to);
    int (*lacking)(void *context, const char *stream, const char *field, const char *why);
    /* Asked once for each column that was just told: values of one that nobody asks for do not come. NULL: all. */
    bool (*wanted)(void *context, size_t column);
    /* Writing. Each answer names a change that next() added and that has no answer yet: the lane sees to it. */
    int (*next)(void *context, struct lane_batch *batch); /* adds the next changes; none: there are no more */
    /* While the connector works on what next() gave: adds changes ahead, which go out when it asks for the next ones,
     * before those that next() adds then. NULL: nothing is done meanwhile. */
    int (*ahead)(void *context, struct lane_batch *batch);
    int (*applied)(void *context, uint32_t nth, const char *remote_id); /* NULL: it has no id of its own */
    int (*refused)(void *context, uint32_t nth, muster_rc rc, const char *why);
    /* At the end: the connector was never given this one, so nothing was tried. NULL: it goes without an answer. */
    int (*untouched)(void *context, uint32_t nth);
    /* An answer to find, get, lookup, action. A connector may emit() those or give them as row(): where only one of
     * record and row is set, it gets both. */
    int (*row)(void *context, const struct lane_record *record);
    /* The connector asks for an object of the organization by a field's value; ERR_CONFLICT: there are several. */
    int (*find)(void *context, const char *kind, const char *field, const char *value, struct lane_found *ret_found);
    /* What who called is told; of several the last one counts. NULL: nobody waits for it. */
    int (*answer)(void *context, const struct lane_reply *reply);
    struct http *http; /* calls by HTTP go there; NULL: there are none */
};

/* An object as a connector names it: by an id, a place or both. */
struct lane_object {
    const char *source_id, *place; /* NULL: it has none */
};

/* One that a pull leaves out, and why. */
struct lane_left {
    struct lane_object object;
    const char *why;
};

enum claim { CLAIM_NONE, CLAIM_COMPLETE, CLAIM_CHANGES, CLAIM_PARTIAL };

/* How a call ended, in the connector's own words. */
struct lane_result {
    muster_rc rc;
    char text[1000]; /* of fail(); "" when none */
    enum claim claim;
    uint64_t count;   /* of complete() and changes() */
    char why[500];    /* of partial() */
    char tried[200];  /* calls that its process tried and may not: "fork, socket"; "" when none */
    char mended[100]; /* functions by which it said something that was no UTF-8: "log()"; "" when all was */
    char path[300];   /* the first file among them; a word of the connector's, so not for logs */
};

struct lane_start {
    const char *connector;               /* absolute path of the .so */
    const char *scratch_dir;             /* where the host's scratch folder is made; removed by lane_stop() */
    const struct connection *connection; /* options for open(); NULL: only describe */
    const struct settings *settings;     /* limits, clocks */
    const atomic_bool *cancel;           /* may be NULL */
};

/* Spawns muster-host (beside this program, or $MUSTER_HOST, or the installed one), sandboxed, loads the connector and
 * shakes hands. Each way a load can fail gives its own true sentence. Options that are secrets are not sent. */
int lane_begin(const struct lane_start *start, struct lane **ret_lane, struct err *err);
/* The same in two: the process is on its way, and loads; then it is waited for. Between them a lane can only be
 * stopped. */
int lane_start(const struct lane_start *start, struct lane **ret_lane, struct err *err);
int lane_meet(struct lane *lane, struct err *err);
/* The description as it came in the handshake; lives as long as the lane. */
const muster_connector *lane_description(const struct lane *lane);
/* The same as bytes, for description_read(); for keeping. */
const void *lane_description_bytes(const struct lane *lane, size_t *ret_len);
/* The program that lane_begin() would start; ret_path has PATH_MAX bytes. Returns 0, or ERR_CONFIG and a sentence. */
int lane_program(char *ret_path, struct err *err);
/* What this kernel lacks for the sandbox: "landlock seccomp"; "" when nothing. Lives as long as the lane. */
const char *lane_sandbox_lacks(const struct lane *lane);
/* What it tried while it was loaded and may not, of what is refused without a signal: "fork, open", and the first file;
 * "" when nothing. Live as long as the lane. */
const char *lane_tried(const struct lane *lane, const char **ret_path);
/* open() was called at the first of these; close() is called by lane_stop(). rc 0: the call came back, see the result
 * (whose rc may still be a failure); else the lane is dead. */
int lane_options(struct lane *lane, const struct lane_sink *sink, struct lane_result *ret_result, struct err *err);
int lane_check(struct lane *lane, const struct lane_sink *sink, struct lane_result *ret_result, struct err *err);
int lane_discover(struct lane *lane, const struct lane_sink *sink, struct lane_result *ret_result, struct err *err);
int lane_partitions(struct lane *lane, const struct lane_sink *sink, struct lane_result *ret_result, struct err *err);
int lane_pull(struct lane *lane, const muster_pull *pull, const struct lane_sink *sink, struct lane_result *ret_result,
              struct err *err);
/* The same by several lanes at once, on one thread: begins it, and returns. `sink`, `ret_result` and `err` are the
 * lane's until lanes_wait() has named it. Their sinks call by HTTP through one and the same `http`. Objects that are
 * left out come to sink.reject, with the reason given. */
int lane_pull_start(struct lane *lane, const muster_pull *pull, const struct lane_left *left_out, size_t count,
                    const struct lane_sink *sink, struct lane_result *ret_result, struct err *err);
/* Of one that died or fell silent in a pull: the object that its connector had taken up (connector.h, take()); its
 * texts live as long as the lane. False: none. */
bool lane_fell_on(const struct lane *lane, struct lane_object *ret_object);
/* Goes on with all that was started until one has ended: which one, and what lane_pull() would have returned. Lanes may
 * be NULL. ERR_GONE: none is under way. */
enum { LANES_MAX = 64 };
int lanes_wait(struct lane *const *lanes, size_t count, size_t *ret_nth, int *ret_rc);
/* Hands out what sink.next adds until there is no more. A connector that ends well without having asked to the end has
 * a partial result, whatever it claims. A change without an answer: nobody knows whether it was done. */
int lane_apply(struct lane *lane, const struct lane_push *push, const struct lane_sink *sink,
               struct lane_result *ret_result, struct err *err);
/* What came in for a connection. */
struct lane_inbound {
    uint64_t number;
    int64_t received_ms;
    const char *method, *target, *type;
    const char *body;
    size_t body_len;
};
/* Hands over what came in; records and rejections come to the sink. With sink.answer somebody waits for it. */
int lane_receive(struct lane *lane, const struct lane_inbound *items, size_t count, const struct lane_sink *sink,
                 struct lane_result *ret_result, struct err *err);
/* Asks the remote system for objects with these values; those that are absent do not count. */
int lane_find(struct lane *lane, const char *stream, const struct lane_fields *fields, const struct lane_cell *cells,
              const struct lane_sink *sink, struct lane_result *ret_result, struct err *err);
/* Asks for objects by their ids: rows for those that are there, gone() for the others. Only muster-conform does. */
int lane_get(struct lane *lane, const muster_pull *pull, const char *const *ids, size_t n, const struct lane_sink *sink,
             struct lane_result *ret_result, struct err *err);
int lane_lookup(struct lane *lane, const char *name, const struct lane_fields *arguments, const struct lane_cell *cells,
                const struct lane_sink *sink, struct lane_result *ret_result, struct err *err);
int lane_action(struct lane *lane, const char *name, const struct lane_fields *arguments, const struct lane_cell *cells,
                const struct lane_sink *sink, struct lane_result *ret_result, struct err *err);
/* Asks it to end, kills it if it does not within a second. NULL is fine. */
void lane_stop(struct lane *lane);

DEFINE_TIDY(struct lane *, lane_stop)

#endif
