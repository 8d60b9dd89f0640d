/* retain_inside - what the files of retaining share: retain (the walk over things, and the act), retain_rows (what
 * rows said), retain_runs (runs and history). */
#ifndef ACTS_RETAIN_INSIDE_H
#define ACTS_RETAIN_INSIDE_H

#include "acts/retain.h"
#include "engine/match.h"
#include "tables/entity.h"
#include "tables/source.h"
#include "tables/streams.h"

/* Of one slice: rows that are looked at, and things that go. */
enum { RETAIN_ROWS = 50000, RETAIN_THINGS = 2000, DAY_MS = 24 * 3600 * 1000 };

/* Records that their source has had no more for long, and the walk that finds them. */
struct rows {
    bool begun, ended; /* the day's walk */
    struct buffer at;  /* behind this key; empty: from the first one on */
    struct buffer position;
    struct arena *arena; /* of the keys */
    struct bytes *keys;  /* of records that may be stripped */
    size_t count, room;
};

/* Where the walk of a day stands, as `meta` keeps it: behind this thing. */
struct position {
    int64_t day;
    uint64_t id;
    uint32_t kind; /* KIND_COUNT: it is at its end */
    uint32_t zero;
};

struct retaining {
    const struct run_request *request;
    const char *dir;
    enum retain_how how;
    int64_t now_ms;
    struct position at;
    struct child *things; /* that may go */
    size_t count, room;
    struct rows rows;
    struct streams streams;
    struct source *record;
    struct entity *entity, *other;
    struct retained *retained;
    struct run_report *report; /* of the act */
};

/* What of a slice is as much as takes no time; `point` names the fault by which tests make it less. */
size_t retain_most(const struct retaining *retaining, const char *point, size_t usual);

/* Goes on with the day's walk; what it found is in retaining->rows. Nothing where the file does not say `source`. */
int retain_rows_look(struct retaining *retaining, struct txn *txn);
/* Whether there is more of it to be walked today. */
bool retain_rows_more(const struct retaining *retaining);
/* What was found is kept no longer, as a part of an act. */
int retain_rows_take(struct retaining *retaining, struct match *match);
/* How far the walk has come: the value of META_RETAINED_ROWS, until the next call. */
struct bytes retain_rows_position(struct retaining *retaining);
void retain_rows_done(struct rows *rows);

/* Runs that are over for long, and what only they tell; slice by slice, each in one commit. No act: that would be a run
 * for each that goes. */
int retain_runs(struct retaining *retaining, struct err *err);

#define META_RETAINED_ROWS "retained_rows"

#endif
