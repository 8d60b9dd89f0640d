/* drift - what people decided about headers that changed.
 *
 * A run finds that a mapped column is missing, that one is new, or another
 * than before (map_drift.c), and opens an item in `wait`. Accepting it is a
 * statement with author, time and reason: the next run reads the column under
 * its old name, or does not ask again. Statements stay until withdrawn. */
#ifndef ENGINE_DRIFT_H
#define ENGINE_DRIFT_H

#include "base/zone.h"
#include "config/organization.h"
#include "tables/streams.h"
#include "tables/wait.h"

enum verdict {
    VERDICT_NONE = 0,      /* in a request: what the item offers */
    VERDICT_RENAMED = 'r', /* `other` is read as `column` */
    VERDICT_NEW = 'n',     /* `column` is new and nobody's; or `other` is not `column` under another name */
    VERDICT_VANISHED = 'v' /* `column` is gone, what it said stays; ends when it comes back */
};
const char *verdict_text(enum verdict verdict); /* "renamed" */

struct acceptance {
    uint64_t number;      /* s12 */
    uint32_t stream, run; /* run: the last one before it */
    enum verdict verdict;
    int64_t time_ms;
    const char *column, *other; /* other: NULL when there is none */
    const char *author, *reason;
    int64_t withdrawn_ms; /* 0: in force */
    const char *withdrawn_by, *withdrawn_reason;
};

struct acceptances {
    struct acceptance *items; /* oldest first */
    size_t count, room;
};

/* All that are in force for one stream. Texts are in the arena. */
int acceptances_load(struct txn *txn, uint32_t stream, struct arena *arena, struct acceptances *ret_decisions);
/* Those that matter now: the last word about each column that the organization's mappings name. */
int acceptances_now(struct txn *txn, const struct streams *streams, struct arena *arena,
                    struct acceptances *ret_decisions);
/* The last word about one mapped column: renamed, vanished, or NULL. */
const struct acceptance *acceptances_about(const struct acceptances *decisions, uint32_t stream, const char *column);
/* Whether somebody said that `other` is not `column` (NULL: that it is new and nobody's). */
bool acceptances_apart(const struct acceptances *decisions, const char *column, const char *other);
/* "reads 'Staff no' as 'Employee number' (s1, accepted by anna on 2026-03-02)" */
void acceptance_sentence(const struct acceptance *decision, const struct zone *zone, struct buffer *out);
/* "'Mobile': a mapped column is missing; what it said before stays (column_missing)", and what it may be now. */
void drift_sentence(const struct wait_item *item, struct buffer *out);

struct drift_request {
    const struct settings *settings;
    const struct organization *organization;
    uint64_t item;      /* c12 */
    enum verdict as;    /* VERDICT_NONE: what the item offers */
    const char *column; /* the other column, where the item does not say or somebody knows better; NULL */
    const char *author, *reason;
};

struct drift_answer {
    struct acceptance decision;
    bool withdrawn;                /* the decision is one that was in force until now */
    const struct mapping *mapping; /* of the stream; NULL: it is no longer in the organization's file */
    const char *connection;
};

/* The mapping of a stream; NULL: it is no longer in the organization's file. */
const struct mapping *drift_mapping(const struct stream_name *name);

/* Decides one item: an act, with a run of its own; `withdraw` takes it back as any statement. Texts are in the arena.
 * Returns 0, ERR_GONE (no such item), ERR_CONFIG (it cannot be decided so), ERR_BUSY or another code, with a sentence;
 * or -ENOMEM.
 */
int drift_accept(const struct drift_request *request, struct arena *arena, struct drift_answer *ret_answer,
                 struct err *err);

#endif
