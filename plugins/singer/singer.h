/* singer - what the files of the connector `singer` share: singer (options, streams, lifetime), config (the tap's
 * configuration, with its secrets), tap (the program while it runs), start (its process), catalog (what it has),
 * selection (what is chosen of it), schema (JSON Schema as types), read (a pull), spool (records until the tap has
 * ended well), record (one of them as fields), discover. */
#ifndef SINGER_H
#define SINGER_H

#include <muster/connector.h>
#include <muster/document.h>
#include <muster/text.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct singer {
    muster_run *run;
    const muster_host *host;
    muster_text config; /* JSON, with secrets: wiped at the end */
    muster_document *catalog;
    long silence_ms;
};

/* ---- config.c ---- */

muster_rc config_make(struct singer *singer);

/* ---- tap.c ---- */

enum { TAP_LINE = 16 << 20 /* bytes that one message may have */, TAP_WORDS = 300 };

/* What it is started with; NULL: without. */
struct tap_task {
    bool discover;
    const muster_text *catalog;
    const char *state;
};

struct tap {
    struct singer *singer;
    pid_t pid;
    int pidfd, out, log;
    char *bytes; /* of its output: [at, len) is not handed out yet, [at, looked) has no line end */
    size_t at, looked, len, room;
    uint64_t lines;    /* handed out */
    uint64_t progress; /* that people are told while it is waited for */
    bool of_people;    /* it has given records: its last words may be about somebody */
    char word[TAP_WORDS], last[TAP_WORDS];
    size_t word_len;
    unsigned logged;
    int64_t heard_ms, told_ms;
};

muster_rc tap_start(struct singer *singer, const struct tap_task *task, struct tap *ret_tap);
/* start.c: its process; on failure what was opened is left to tap_stop(). */
muster_rc start_tap(struct singer *singer, const struct tap_task *task, struct tap *ret_tap);
/* The next line, which lives until the next call; NULL after the last one. */
muster_rc tap_line(struct tap *tap, const char **ret_line, size_t *ret_len);
/* Waits for its end after the last line: only with 0 it was a good one. */
muster_rc tap_end(struct tap *tap);
/* Ends it, if it still runs, and frees. */
void tap_stop(struct tap *tap);

/* ---- catalog.c ---- */

enum method { METHOD_UNKNOWN, METHOD_FULL, METHOD_INCREMENTAL };

/* What the organization's file says of a stream, beside what the tap does. */
struct choice {
    const char *name;         /* the stream's */
    const char *tap_stream;   /* what the tap calls it */
    const char *key;          /* replication_key; NULL: the tap's own */
    enum method method;       /* UNKNOWN: the tap's own */
    bool whole_at_first;      /* without a state it gives everybody, also where it is incremental */
    long nth;                 /* of the option; -1: it says nothing of this stream */
    const muster_node *entry; /* of the catalog; NULL: there is none */
    enum method as_tap_says;
};

bool catalog_used(const struct singer *singer);
/* Asked of the tap once, or what the option has. */
muster_rc catalog_read(struct singer *singer);
const muster_node *catalog_first(const struct singer *singer);
const char *catalog_name(const muster_node *entry); /* as people call it; NULL: it has none */
/* What is known of the stream by option and catalog. */
muster_rc catalog_choose(struct singer *singer, const char *stream, struct choice *ret_choice);
/* How it is read by the tap's own word; *ret_forced: and not otherwise. */
enum method catalog_method(const muster_node *entry, bool *ret_forced);
/* Whether a piece of metadata is about the stream itself. */
bool catalog_of_stream(const muster_node *item);
/* A member of the metadata of the stream itself. */
const muster_node *catalog_metadata(const muster_node *entry, const char *name);
/* Whether the tap writes this name for it. */
bool catalog_means(const struct choice *choice, const char *stream);

/* ---- selection.c ---- */

/* The catalog with that stream selected. */
muster_rc selection_write(struct singer *singer, const struct choice *choice, muster_text *out);

/* ---- schema.c ---- */

struct schema_path {
    char *name; /* "address.since" */
    int32_t type;
};

/* The texts that are more than texts, by name. */
struct schema {
    struct schema_path *paths;
    size_t count, room;
};

bool schema_read(const muster_node *json, struct schema *schema); /* false: no memory */
void schema_done(struct schema *schema);
int32_t schema_type(const struct schema *schema, const char *name); /* MUSTER_TEXT: none of them */
/* What a property is, by its own schema: MUSTER_… ; object: its members are fields of their own. */
int32_t schema_of(const muster_node *property, bool *ret_object);

/* ---- spool.c ---- */

struct spool_row {
    uint64_t offset, line, key[2]; /* key: a digest; 0, 0: none */
    uint32_t len;                  /* 0: a later row has the same key */
};

struct spool {
    int fd;
    uint64_t end;
    struct spool_row *rows;
    size_t count, room;
    uint32_t *slots; /* hash table: row + 1 */
    size_t slot_count, keyed;
    muster_text pending;
    char *window; /* of the file, from `from` on */
    uint64_t from;
    size_t window_len, window_room;
};

muster_rc spool_open(struct singer *singer, struct spool *spool);
/* Of two rows with one key the later one counts: the other one's len is 0. key NULL: each does. */
muster_rc spool_add(struct singer *singer, struct spool *spool, const char *key, const char *line, size_t len,
                    uint64_t number);
muster_rc spool_line(struct singer *singer, struct spool *spool, const struct spool_row *row, const char **ret_line);
void spool_done(struct spool *spool);

/* ---- record.c ---- */

/* "7", "7|nl" of several; false: it lacks *ret_lacks. */
bool record_key(const muster_node *record, const muster_node *keys, muster_text *out, const char **ret_lacks);
void record_put(struct singer *singer, muster_record *record, const muster_node *object, const struct schema *schema);
bool record_utf8(const char *bytes, size_t len);

/* ---- read.c, discover.c ---- */

muster_rc read_pull(struct singer *singer, const muster_pull *asked);
muster_rc read_sample(struct singer *singer, const char *stream);
muster_rc read_check(struct singer *singer);
muster_rc discover_all(struct singer *singer);

#endif
