/* pull - one stream of one partition, from the connector into a spool.
 *
 * Stands between lane (what the connector asks and says), broker (files) and
 * map (records). No store transaction is open while it runs. Remembers what
 * was fetched, what shall be done with it after the commit, and the claim. */
#ifndef ENGINE_PULL_H
#define ENGINE_PULL_H

#include "broker/file.h"
#include "engine/map.h"
#include "engine/pickup.h"
#include "lane/lane.h"
#include "tables/checkpoint.h"
#include "tables/ledger.h"

#include <sys/stat.h>

/* A file that was fetched. */
struct pulled_file {
    const char *name;
    uint64_t size;
    int64_t mtime_ms;
    uint8_t sha256[32];
    int after; /* MUSTER_LEAVE, MUSTER_ARCHIVE, MUSTER_REMOVE */
    const char *to;
    uint64_t rows;
    struct stat is;     /* at the moment of its digest; its name may lie on a server, then nobody can change it */
    const char *prefix; /* "hr-2.xlsx:": how places in it begin when there are several */
    const char *now;    /* where it was put afterwards; "": removed; NULL: it lies where it lay */
};
/* Which of the fetched files a place is in; NULL: that cannot be told. */
struct pull;
struct pulled_file *pull_file_of(struct pull *pull, const char *place);

/* On what its connector died, or hung. */
enum { PULL_LEFT_MAX = 5 };
struct pull_falls {
    struct lane_object suspect;               /* once */
    struct lane_left left_out[PULL_LEFT_MAX]; /* twice */
    size_t left_count, tries;
};

/* What is needed while it goes on, and until somebody has told how it ended; of many pulls only those that are under
 * way have it. */
struct pull_talk {
    struct lane_sink sink;
    struct lane_result result;
    struct err unready; /* a file was not whole */
    struct err err;
    struct pull_falls falls; /* it may be more than one pull */
};

struct pull {
    /* given */
    struct arena *arena;
    struct store *store;
    struct files *files;   /* of the connection */
    struct http *http;     /* likewise; NULL: it has none */
    struct pickup *pickup; /* which of them are taken now; NULL: all that are there, to look at */
    struct spill *spill;   /* which several pulls share; NULL: it makes its own */
    const char *scratch_dir;
    const char *organization; /* its id, for commands that sentences name */
    const struct connection *connection;
    const struct mapping *mapping;
    const char *partition, *label, *locator;
    uint32_t stream, run;
    bool full;
    struct wanted *wanted;     /* only whose records these are; NULL: everybody's */
    bool unlisted;             /* its partition is not listed any more: nobody is asked, and nothing is there */
    bool kept;                 /* no source is asked: the records come from the store, as they were kept */
    struct cassette *cassette; /* NULL: the world is asked, and nothing of it noted */
    struct warm *warm;         /* who will be told of what it reads; NULL: nobody */
    const struct zone *zone;
    const struct vault *vault;
    const struct settings *settings;
    struct wait_list *waits;
    void (*progress)(void *context, const char *partition, uint64_t done, uint64_t total);
    void *context;
    /* found */
    bool had_checkpoint;
    struct checkpoint before;
    struct rawrow_layout layout; /* of before */
    bool whole;                  /* of kept ones: all that the mapping asks for was kept, of everybody */
    uint8_t mapping_digest[16];  /* of the mapping, and of what is read under another name */
    struct spill *own_spill;
    struct sorter *spool;
    struct map *map;
    struct rejects *rejects; /* NULL: nobody asks for them */
    struct pull_talk *talk;  /* NULL: not begun, or told */
    enum claim claim;
    int rc; /* how it ended: pull_rc() */
    struct pulled_file *fetched;
    size_t fetched_count, fetched_room;
    struct pulled_file *listed; /* what the connector was told */
    size_t listed_count, listed_room;
    size_t last_file; /* in which the last record was */
    const char *cursor;
    const char *lacking; /* what the account may not read, as sentences; NULL: nothing */
    uint8_t files_digest[32];
    bool same; /* unchanged: nothing was read */
};

/* From here on something can be said of it: where a failure is written. NULL: there is no memory, and rc says so. */
struct err *pull_opens(struct pull *pull);
/* How it ended, or what has failed so far. */
static inline int pull_rc(const struct pull *pull)
{
    return pull->talk && pull->talk->err.rc != 0 ? pull->talk->err.rc : pull->rc;
}
/* The sentence of a failure. */
const char *pull_sentence(const struct pull *pull);
/* How it ended was told: the talk is given back. */
void pull_rest(struct pull *pull);

/* Begins the pull; lanes_wait() goes on with it. Failure: the lane had better be stopped; a sentence is
 * in its err. */
int pull_start(struct pull *pull, struct lane *lane);
/* After lanes_wait(), which gave `rc`. 0: it came to an end, see result, same and err (a refusal by the connector is a
 * code in pull_rc()); the spool holds what may be staged. Else the lane is dead, with a sentence in its err. */
int pull_end(struct pull *pull, int rc);
/* After pull_end() failed: true when it is worth another pull_start(), with another lane (pull_again.c). */
bool pull_again(struct pull *pull, const struct lane *lane);
/* Takes a pull's place where the source names the partition no more: a complete reading of nothing. */
void pull_unlisted(struct pull *pull);
/* Takes a pull's place where no source is asked (pull_kept.c): the records of the stream as they were kept, mapped once
 * more. */
int pull_kept(struct pull *pull);
/* Whether all that the mapping asks of this record was kept of its last row. */
bool pull_kept_has(struct txn *txn, const struct mapping *mapping, uint32_t stream, const char *id,
                   struct arena *arena);
void pull_done(struct pull *pull);

/* For records that come otherwise than by a pull: prepares the spool, then what takes records; its context is the
 * pull. */
int pull_begin(struct pull *pull);
void pull_record_sink(struct pull *pull, struct lane_sink *ret_sink);

/* A sink that only answers for files and calls, for check and discover. */
void pull_file_sink(struct pull *pull, struct lane_sink *ret_sink);

/* What the stream's mapping is now, into pull->mapping_digest: the mapping, and what is read under another name. */
struct acceptances;
void pull_mapping_digest(struct pull *pull, const struct acceptances *decisions);
/* A refusal by the connector, as one of our codes. */
int pull_result_code(muster_rc rc);

#endif
