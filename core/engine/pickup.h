/* pickup - which of a connection's files are taken now, and why others are not.
 *
 * Stands between what a connector asks for and the broker. Works by options
 * of these names, of any connector that has them:
 *   files         newest: the newest one; all: together, one snapshot; sequence: the next one, oldest first
 *   order         what "next" goes by: time or name
 *   stable_for    seconds that a file must have stayed as it is
 *   ready_marker  the name of a file that says another one is whole: "{name}.done", or one for all
 *   after_read    keep: what was taken before is passed over in a sequence; else what was held is put away, too, once
 *                 a newer one was taken in its place (archive_to says where)
 * A file that is not whole yet ends the pull with ERR_UNREADY: nothing newer or older is taken in its place. What is
 * decided for a place holds for the whole run, whoever asks. */
#ifndef ENGINE_PICKUP_H
#define ENGINE_PICKUP_H

#include "broker/file.h"
#include "tables/ledger.h"

struct pickup;

/* What the options say. */
struct pickup_rule {
    enum { PICKUP_NEWEST, PICKUP_ALL, PICKUP_SEQUENCE } mode;
    bool by_name, keeps;
    int64_t stable_ms;
    const char *marker; /* NULL: none is asked for */
    int after;          /* MUSTER_LEAVE, MUSTER_ARCHIVE, MUSTER_REMOVE */
    const char *to;     /* where to, of archived ones */
};
void pickup_rule_read(const struct connection *connection, struct pickup_rule *ret_rule);
/* Whether its marker says that a file is whole: *ret_reason stays NULL, or is why not, in the arena. */
int pickup_marked(const struct pickup_rule *rule, struct files *files, const struct file_entry *entry,
                  struct arena *arena, const char **ret_reason, struct err *err);

struct pickup_setup {
    const struct connection *connection;
    struct files *files;
    struct store *store;
    int (*cancelled)(void *context);
    void *context;
};

int pickup_new(const struct pickup_setup *setup, struct pickup **ret_pickup);
void pickup_free(struct pickup *pickup);
/* A stream that will be pulled in this run: its ledger counts. */
int pickup_stream(struct pickup *pickup, uint32_t stream);

/* The files to take, newest first. May wait. ERR_GONE: there is none; ERR_UNREADY: one is not whole yet; each with a
 * sentence. */
int pickup_list(struct pickup *pickup, const char *place, const struct file_entry **ret_entries, size_t *ret_count,
                struct err *err);
/* A file was to be taken, and could not be: it is among what was seen and not taken. The first reason stays. */
int pickup_left(struct pickup *pickup, const char *name, const char *reason);
/* A file turned out not to be whole while it was fetched. Returns ERR_UNREADY, with the sentence. */
int pickup_refuse(struct pickup *pickup, const char *name, const char *reason, struct err *err);
bool pickup_is_sequence(const struct pickup *pickup);
bool pickup_by_name(const struct pickup *pickup); /* a sequence whose files' times do not count */
/* In a sequence: another file waits for its turn. */
bool pickup_more(const struct pickup *pickup);
/* Whether it has found out what lies there. */
bool pickup_looked(const struct pickup *pickup);
/* What was seen and not taken. */
const struct ledger_seen *pickup_seen(const struct pickup *pickup, size_t *ret_count);

/* A file of which something was held, and in whose place a newer one was taken, or is now: it is left, and goes the way
 * of files that were taken. */
struct pickup_overtaken {
    struct file_entry entry;
    const struct ledger_row *held; /* how it was noted last, by each stream that held it */
    size_t held_count;
};
const struct pickup_overtaken *pickup_overtaken(const struct pickup *pickup, size_t *ret_count);
const struct pickup_rule *pickup_rule(const struct pickup *pickup);

/* The name of a companion of a file: {name} and {stem} are the file's, {date} and {run} when they are given. */
char *pickup_companion(const char *pattern, const char *name, const char *date, uint32_t run);
/* Whether one companion stands for all files. */
bool pickup_shared(const char *pattern);

static inline void tidy_pickup_free(struct pickup **pickup)
{
    pickup_free(*pickup);
}

#endif
