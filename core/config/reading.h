/* reading - what the files that read an organization's file share: where they put things, and how they ask a node
 * for the shape it must have.
 *
 * Every want_… function complains at the node's place when it is something
 * else and then gives NULL, 0 or what its line says; a missing node (NULL) is
 * never an error of its own. `what` names it for the sentence: "connection
 * 'hr': lanes". Memory running out sticks in reading->rc. */
#ifndef CONFIG_READING_H
#define CONFIG_READING_H

#include "config/organization.h"

#include <muster/connector.h>

struct reading {
    struct arena *arena;           /* of what is made */
    struct complaints *complaints; /* in the same arena */
    const char *config_dir;
    struct organization *organization; /* being made; NULL: muster.yaml */
    describe_fn *describe;
    installed_fn *installed;
    void *context;
    const char *const *connectors;       /* as settings have them */
    struct zone *zone;                   /* of the organization; NULL: it names none that exists */
    struct connection *connections;      /* the same as organization->connections, still writable */
    const struct node *key;              /* of the connection that is read: its place */
    const char *const *connection_names; /* NULL-terminated */
    bool beginning;                      /* as settings have it */
    bool torn;                           /* the text itself has mistakes: keys that stand twice and the like */
    bool looked;                         /* what there is of the organization can be looked at */
    int rc;
};

/* Zeroed memory of the arena; NULL sets reading->rc. */
void *reading_get(struct reading *reading, size_t count, size_t size);
const char *reading_format(struct reading *reading, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The node itself when it is a map (or list), else a complaint and NULL. */
const struct node *want_map(struct reading *reading, const struct node *node, const char *what);
const struct node *want_list(struct reading *reading, const struct node *node, const char *what);
/* One text that is not empty. */
const char *want_text(struct reading *reading, const struct node *node, const char *what);
/* One text or a list of them, NULL-terminated; NULL: missing or a complaint. */
const char *const *want_texts(struct reading *reading, const struct node *node, const char *what);
/* One of these words: its index, or -1. */
int want_word(struct reading *reading, const struct node *node, const char *what, const char *const *words);
bool want_bool(struct reading *reading, const struct node *node, const char *what, bool otherwise);
/* A whole number within bounds, else `otherwise`. */
unsigned want_count(struct reading *reading, const struct node *node, const char *what, unsigned min, unsigned max,
                    unsigned otherwise);
/* "15m", "1h", "30s", "2d", "400d", "2y": milliseconds, else `otherwise`. */
int64_t want_duration(struct reading *reading, const struct node *node, const char *what, int64_t otherwise);
/* "64MB", "4 MiB": bytes, else `otherwise`. */
uint64_t want_bytes(struct reading *reading, const struct node *node, const char *what, uint64_t otherwise);
/* "5%", with `bare` also "5": 0 to 100, else -1. */
double want_percent(struct reading *reading, const struct node *node, const char *what, bool bare);
/* A day YYYY-MM-DD as it stands, else NULL. */
const char *want_day(struct reading *reading, const struct node *node, const char *what);
/* Complains about a name that is none of these, with the nearest one. True when it is one. */
bool want_name(struct reading *reading, const struct node *node, const char *what, const char *name,
               const char *const *names);
/* Whether a list ending in NULL has this name. */
bool has_name(const char *const *names, const char *name);

/* The key itself, for its place; `map` when it has no such key. */
const struct node *key_node(const struct node *map, const char *key);
/* [a-z0-9][a-z0-9_-]*, at most 64 long: names of organizations and connections. */
bool name_valid(const char *name);
/* The names of a person's fields that a rule may use, own ones included; NULL-terminated. NULL: no memory. */
const char *const *field_names(struct reading *reading, enum kind kind);

/* Says again, in another arena, what was said. Returns 0, or ERR_CONFIG when there is an error among it. */
int complaints_hand_over(const struct complaints *from, struct complaints *to);

/* zone_name.c: says that there is no such time zone, and which one is probably meant. */
void zone_name_complain(struct reading *reading, const struct node *node);

/* secretref.c */
const struct secretref *secretref_read(struct reading *reading, const struct node *node, const char *what);
void secretref_refuse_elsewhere(struct reading *reading, const struct node *root);

/* option.c: fills connection->options and on_missing. */
void options_read(struct reading *reading, struct connection *connection, const struct node *options);
/* Walk a description's tables by the stride that its maker had. NULL after the last. */
const struct muster_option *option_nth(const struct muster_connector *connector, const struct muster_option *table,
                                       size_t n);
const struct muster_stream *stream_nth(const struct muster_connector *connector, size_t n);

/* option_rule.c: complains of what the connector's rules need and the file does not give; all else has been read. */
void options_need(struct reading *reading, const struct connection *connection);

/* named.c: whether a list of things with a name is written as a map, and that map as the list; NULL: no memory. */
bool named_may_be(const struct muster_connector *connector, const struct muster_option *option,
                  const struct node *node);
const struct node *named_list(struct reading *reading, const struct muster_connector *connector,
                              const struct muster_option *option, const struct node *map);
/* The words of a text, with blanks or commas between, as a list of them; NULL: no memory. */
const struct node *words_list(struct reading *reading, const struct node *text);

/* stream.c: fills connection->mappings. */
void streams_read(struct reading *reading, struct connection *connection, const struct node *streams);
/* True when the connector declares it, or takes any; complains otherwise. */
bool stream_known(struct reading *reading, const struct connection *connection, const struct node *node,
                  const char *name);
/* What the connector says of a stream; NULL: nothing, it takes any. */
const struct muster_stream *stream_declared(const struct connection *connection, const char *name);
bool stream_is_off(const struct node *node); /* `users: off` */
/* A mapping that a connector ships, as a tree of the file; NULL: there is none, or it is broken (a complaint).
 * *ret_wanted: the connection has it although the file does not name it. */
const struct node *stream_shipped(struct reading *reading, const struct connection *connection, const char *name,
                                  const char *text, bool *ret_wanted);
/* What `over` says, then what only `under` says; maps of both are merged, `depth` levels down. What is `off` goes. */
const struct node *stream_lay_over(struct reading *reading, const struct node *over, const struct node *under,
                                   unsigned depth);

/* The rest of a connection, and of the organization, one file each. */
bool connection_key(const char *name); /* whether a connection has such a key, beside its options */
void connections_read(struct reading *reading, const struct node *connections);
void triggers_read(struct reading *reading, struct connection *connection, const struct node *triggers);
void triggers_check_circles(struct reading *reading);
void safeguards_read(struct reading *reading, struct connection *connection, const struct node *safeguards);
struct target_stream;
/* target.c: the section compiled; NULL: the connection has none. */
const struct target *target_read(struct reading *reading, const struct connection *connection, const struct node *node);
/* target_place.c: how its file is called. */
void target_place_check(struct reading *reading, const struct connection *connection, const struct target *target);
/* target_value.c: whether such values can stand at the end of a path: one or a list of them; those of a `where`. */
struct path;
struct target_map;
void target_value_check(struct reading *reading, const struct path *path, const struct node *value, const char *what);
void target_where_check(struct reading *reading, const struct target_map *map, const struct node *where,
                        const char *what);
/* target_match.c: how its people are recognised; `theirs`: the maps of its streams are known. */
void target_match_check(struct reading *reading, const struct connection *connection, const struct target *target,
                        bool theirs);
void target_done(const struct target *target);
/* target_made.c: whether an option makes a field that the connector calls generated, and may be a rule; the rules of a
 * stream's fields that are made so, as a map; NULL: none are. */
bool target_made_by(const struct muster_connector *connector, const char *option);
const struct node *target_made(struct reading *reading, const struct connection *connection,
                               const struct muster_stream *stream);
/* The stream's node with these rules in its map. */
const struct node *target_made_over(struct reading *reading, const struct node *made, const struct node *node,
                                    const char *what);
/* What such fields need besides: fields that their text names, or a place to be written to. */
void target_made_check(struct reading *reading, const struct connection *connection);
/* target_sets.c: what tells the sets of a stream apart has to be sent, and seen. */
void target_sets_check(struct reading *reading, const struct target_stream *stream, const char *what);
void match_read(struct reading *reading, const struct node *match);
void authority_read(struct reading *reading, const struct node *authority);
void notify_read(struct reading *reading, const struct node *notify, const struct notify **ret_notifies,
                 size_t *ret_count);
void mail_read(struct reading *reading, const struct node *mail, struct mail_way *ret_way);
/* receiving.c: what the options of a connector with routes must say besides. */
void receiving_check(struct reading *reading, const struct connection *connection);
/* listening.c: where musterd listens, from muster.yaml. */
void listening_read(struct reading *reading, const struct node *root, struct settings *settings);
void retention_read(struct reading *reading, const struct node *node, struct retention *retention);

#endif
