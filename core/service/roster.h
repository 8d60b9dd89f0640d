/* roster - the organizations as the daemon knows them: what starts their runs, and nothing else of their files.
 *
 * Reads every organization's file with all its checks, keeps the triggers and
 * lets the rest go: a thousand organizations take little memory. A file that
 * has a mistake is told with its places, and the last good one counts: a copy
 * of each lies in STATE/musterd/good, and that is what runs read, so that
 * nobody who edits a file at eight in the morning stops them. Copies of what
 * is new wait in STATE/musterd/new until roster_keep(), so that all of it
 * counts at once, or nothing. */
#ifndef SERVICE_ROSTER_H
#define SERVICE_ROSTER_H

#include "base/arena.h"
#include "base/zone.h"
#include "config/cidr.h"
#include "config/organization.h"
#include "lane/connectors.h"

/* What others may call, and who is let in. */
struct roster_receiver {
    struct roster_route {
        const char *method, *path, *auth, *key;
        const struct secretref *secrets;
        size_t secret_count;
        uint32_t body_max;
        bool replies;
    } * routes;
    size_t route_count;
    const struct cidr *sources; /* none: from anywhere */
    size_t source_count;
    bool anonymous, relaxed;
    unsigned success; /* the status of what is kept */
};

struct roster_connection {
    const char *name;
    const struct roster_receiver *receiver; /* NULL: nobody calls it */
    bool target;
    const struct trigger *triggers; /* their nodes are NULL */
    size_t trigger_count;
    const char *place; /* where it reads its files; NULL: it reads none */
    bool far;          /* that is on a server */
};

/* What its file is beside the last good one. */
enum roster_news {
    ROSTER_SAME,
    ROSTER_NEW,     /* there was none */
    ROSTER_CHANGED, /* waits to be kept */
    ROSTER_MISTAKEN /* the last good one counts */
};

struct roster_organization {
    const char *id, *file;
    enum roster_news news;
    struct zone *zone;
    const struct roster_connection *connections;
    size_t connection_count;
    struct arena *arena;
};

struct roster {
    struct roster_organization **items; /* by id */
    size_t count, room;
};

/* Says what is wrong with one file, as the whole text that `muster check` would print. */
typedef void roster_told_fn(void *context, const char *organization, const char *text);

/* Reads all of them; with `keep` the new ones among the good are copied, for roster_keep(). Returns 0 or a negative
 * errno; what is wrong with a file is told and is no failure. */
int roster_read(const struct settings *settings, struct connectors *connectors, bool keep, roster_told_fn *told,
                void *context, struct roster *ret_roster);
/* What was read is from now on what runs read; files of organizations that are gone go. 0 or a negative errno. */
int roster_keep(const struct settings *settings);
/* The ids alone, NULL after the last; they live as long as the roster. Freed with free(). NULL: no memory. */
const char *const *roster_ids(const struct roster *roster);
void roster_done(struct roster *roster);

#endif
