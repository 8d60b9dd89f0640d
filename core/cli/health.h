/* health - how an organization is doing: what of its runs went well, since when, and what waits of each connection. */
#ifndef CLI_HEALTH_H
#define CLI_HEALTH_H

#include "cli/next.h"
#include "cli/runs.h"
#include "cli/verb.h"
#include "cli/waits.h"

enum { HEALTH_WAITS = 4, HEALTH_MOST = 10000 };
extern const enum wait_type health_waits[HEALTH_WAITS];

/* What is read of a system, and what it is told: runs of their own. */
enum way { WAY_READ, WAY_TOLD, WAYS };

struct way_health {
    struct run_line last; /* run 0: there was none */
    bool turned;          /* an older run went otherwise than the last one */
    int64_t since_ms;     /* the first of the newest ones that went as the last one */
};

struct connection_health {
    const struct connection *connection;
    struct way_health ways[WAYS];
    struct run_line last, good; /* last: of the way that needs somebody, else of the newest */
    bool settled;               /* what its last run did not do was decided since */
    int64_t since_ms;           /* of the same way as last */
    int64_t leavers_ms;         /* the last one that saw everybody; 0: none is known */
    int64_t spared_ms;          /* until when its account is left alone; 0: it is not */
    size_t waits[HEALTH_WAITS]; /* of each of health_waits; HEALTH_MOST: so many, or more */
};

struct health {
    const char *id;
    struct organization *organization;
    struct query *query; /* NULL: no store yet */
    struct connection_health *connections;
    size_t count;
    struct census *census; /* NULL: only looked at when one organization is asked for */
    struct pause *pauses;
    size_t pause_count;
    struct quarantine *quarantines;
    size_t quarantine_count;
    const struct connection **awaiting; /* their customer's authorization */
    struct err home;                    /* what is kept is another configuration's: runs are refused */
    const struct buffer *again;         /* what musterd tries again */
    int status;                         /* of the organization */
    int failed;                         /* exit status of reading it; 0: it could be read */
};

/* health_done() either way; what went wrong was told, and is in `failed`. */
void health_read(struct context *context, const char *id, struct health *ret_health);
void health_done(struct health *health);

/* The last thing that has become well, or the first that is not; 0: there is none. */
int64_t health_since(const struct health *health);
/* Nobody is known to have left since the oldest of the last full readings; 0: there is none. */
int64_t health_leavers(const struct health *health);
/* When its nth connection runs next. */
struct next health_next(const struct health *health, size_t nth);

#endif
