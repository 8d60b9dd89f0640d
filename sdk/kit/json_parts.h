/* json_parts - what the files of the JSON reader share: json.c feeds and hands out, json_events.c makes cells of what
 * yajl reads, json_scan.c reads what is ordinary itself. */
#ifndef MUSTER_JSON_PARTS_H
#define MUSTER_JSON_PARTS_H

#include "table_parts.h"

#include <yajl/yajl_parse.h>

#define JSON_LEVELS 512
#define MUSTER_JSON_TEXT (256 * 1024) /* bytes of an object's or array's own text */

/* An object or array that is open. */
struct muster_json_level {
    uint32_t step;  /* its name within the row; MUSTER_NO_PATH: none */
    uint32_t last;  /* the step of the value before */
    uint32_t key;   /* an object's: the step of the value that comes */
    uint32_t index; /* an array's: of the value that comes */
    uint32_t count; /* members so far in its text */
    bool array;
    size_t text;  /* where its own JSON text begins; SIZE_MAX: it gets none */
    size_t outer; /* outside of rows: length of its path */
};

/* Escapes that yajl takes without a word, found beforehand: halves of characters, and NUL. */
struct muster_json_watch {
    int state, digits;
    uint32_t unit;
    bool high;
};

struct muster_json {
    struct muster_feed feed;
    struct muster_paths paths;
    yajl_handle parser;
    char *name, *wanted; /* wanted: the list's path; "" is the root */
    bool lines;          /* one object per line */
    bool slow;           /* yajl reads everything */
    bool between;        /* yajl is behind an object of the list of rows */
    /* events */
    struct muster_rows *rows;
    struct muster_json_level levels[JSON_LEVELS];
    size_t depth, in_rows; /* open levels; how many there are in the list of rows; 0: outside */
    struct muster_bytes outer, text, scratch;
    size_t texts; /* open levels that get a text */
    uint64_t number;
    uint32_t values;     /* of a line */
    bool found;          /* the list */
    const char *other;   /* what stands at its path instead */
    char lists[200];     /* other lists of objects, for a message */
    const char *bad;     /* an escape in the string that comes next */
    const char *trouble; /* why an event gave up */
    size_t piece, since; /* where in the feed's piece yajl is; bytes since the last event */
    uint64_t event;      /* where the last one was, in bytes: what yajl calls an error's place depends on the pieces */
    struct muster_json_watch watch;
    /* lines */
    size_t pos;
    uint64_t line, line_start; /* its number; where it begins, in bytes */
    bool skipping;
    muster_table_error failed; /* to be told once the rows before it are handed out */
};

extern const yajl_callbacks muster_json_events;

/* Everything as before the first byte. */
void muster_json_events_reset(struct muster_json *json);
/* Bytes up to the first bad escape, or all. *ret_bad: what is bad, unless all. */
size_t muster_json_watch(struct muster_json_watch *watch, const char *data, size_t len, const char **ret_bad);
/* Where yajl is: the line. */
uint64_t muster_json_line(const struct muster_json *json);
/* Does an object or array at this step get a text of its own? */
bool muster_json_gets_text(const struct muster_json *json, uint32_t step);
/* Adds a text in quotes to json->text. */
void muster_json_text_quoted(struct muster_json *json, const char *text, size_t len);

/* Takes rows from the feed's piece, each with the comma before it; the offset is behind a row. Returns how many bytes
 * were taken: where it stops, yajl goes on. */
size_t muster_json_scan(struct muster_json *json, size_t offset);
/* Takes the row of one line (len with its line end), but does not finish it. False: nothing was taken. */
bool muster_json_scan_line(struct muster_json *json, size_t offset, size_t len);

#endif
