/* organization - one organization's file, checked and in structs; and muster.yaml.
 *
 * Everything lives in the arena of the struct and is read-only. Checking needs
 * to know what connectors offer: the caller passes a function that describes
 * one (the engine asks a host process; a test may answer from a table). */
#ifndef CONFIG_ORGANIZATION_H
#define CONFIG_ORGANIZATION_H

#include "base/arena.h"
#include "config/mapping.h"
#include "config/node.h"
#include "config/target.h"

#include <stdint.h>

/* A connector's description, decoded from its host: the same tables as in connector.h, in memory of our own. */
struct muster_connector;

/* Where a secret is kept; its content is read by the broker only, at each run. */
struct secretref {
    enum { SECRET_FILE = 1, SECRET_ENV, SECRET_CREDENTIAL } how;
    const char *name; /* a path (already absolute) or a name */
    const struct node *node;
};

/* One option of a connection as the file gives it. */
struct option_value {
    const char *name; /* "location", "stores[2].url": path into lists */
    const char *text; /* NULL: a secret */
    const struct secretref *secret;
    const struct node *node;
};

enum on_missing { MISSING_DEACTIVATE, MISSING_IGNORE };

/* `deactivate: 5%` or the long form. Held when at least `from` and more than `percent` of the partition's (or the whole
 * connection's) or more than `count` would be touched, counted over `window`. */
struct safeguard {
    bool set; /* it is in force */
    bool off; /* but not before off_until_ms */
    bool of_connection;
    double percent; /* of the people */
    unsigned from, count;
    unsigned minimum; /* of fewer people than that the share is not looked at */
    int64_t window_ms, off_until_ms;
    const char *off_reason;
    struct safeguard_exception {
        const char *from, *to, *reason; /* days, YYYY-MM-DD, included */
        double percent;
    } * exceptions;
    size_t exception_count;
};

struct trigger {
    const struct node *node;
    enum {
        TRIGGER_SCHEDULE = 1,
        TRIGGER_AT,
        TRIGGER_EVERY,
        TRIGGER_FILE,
        TRIGGER_CHANGE,
        TRIGGER_AFTER,
        TRIGGER_WEBHOOK
    } how;
    const char *text; /* cron words, instant */
    int64_t every_ms;
    const char *const *after;   /* connections; NULL-terminated */
    const char *const *streams; /* NULL: all */
    const char *action;         /* do: "pull" "push" "both"; NULL: as the connection is */
    bool full;
    const char *const *not_when; /* closed windows; NULL-terminated; NULL: none */
};

struct connection {
    const char *name, *connector;
    const char *edition; /* NAME, NAME@VERSION or NAME@sha256:HEX: which file of the connector may run for it */
    const struct node *node;
    const struct muster_connector *description; /* what `describe` gave; NULL when it could not */
    const struct option_value *options;
    size_t option_count;
    const struct mapping *const *mappings; /* NULL-terminated: streams that are read */
    const struct trigger *triggers;
    size_t trigger_count;
    struct safeguard deactivate, update, rekey, email, manager, create; /* create: of a target */
    int64_t grace_ms;                                                   /* -1: by the number of partitions */
    int64_t full_every_ms; /* where only changes are read: how often everybody is */
    enum on_missing on_missing;
    unsigned lanes;                   /* 1 unless said */
    const struct target *target;      /* what it is told; NULL: it is only read */
    const struct node *authorization; /* checked; read by engine/authorization */
    bool unsound;                     /* organization_look(): something of it is wrong: nothing may run by it */
    bool options_unsound;             /* then: something of what its connector would be given is */
    const char *const *allow;         /* NULL-terminated; NULL: nothing */
};

/* MUSTER_NEEDS_… that the connector declares, or has a use for beside those, and the organization's file permits. */
uint32_t connection_may(const struct connection *connection);

struct match_rule {
    const struct field *const *fields; /* all must be equal; NULL-terminated */
    const struct node *node;
    const char *text; /* "work_email, family_name" */
};

/* Whose word counts for one field; field NULL: for all that are not named. */
struct authority {
    enum kind kind;
    const struct field *field;
    const struct connection *const *connections; /* best first; NULL-terminated */
    const struct node *node;                     /* where the file says so; NULL: it does not */
};

/* Whom to tell, and of what. */
enum notify_when {
    NOTIFY_HELD,
    NOTIFY_FAILED,
    NOTIFY_PARTIAL,
    NOTIFY_REJECTS,
    NOTIFY_REVIEWS,
    NOTIFY_QUARANTINE,
    NOTIFY_DRIFT,
    NOTIFY_PAUSED,
    NOTIFY_WHENS
};

struct notify {
    const char *to;    /* "mailto:…", "https://…" */
    unsigned when;     /* bits of the enum; all when the file does not say */
    int daily_minutes; /* only once a day, after so many minutes of it; -1: as it comes */
};

/* How long is kept what came before: milliseconds, 0: for ever. */
struct retention {
    const struct node *node; /* where the file says so; NULL: it does not */
    int64_t source_ms, calls_ms, runs_ms;
    int64_t kind_ms[KIND_COUNT]; /* as the file says them */
};
/* Of a kind whose things go by themselves once they are over; 0: they stay. */
int64_t retention_limit(const struct retention *retention, enum kind kind);
/* How long runs are kept; 0: for ever. Never shorter than plans are told of (RETENTION_RUNS_DAYS), whatever it says. */
int64_t retention_runs(const struct retention *retention);
enum { RETENTION_RUNS_DAYS = 31 };
/* Whether its things are of their own, and go by themselves. */
bool retention_takes(enum kind kind);
/* Things of this kind go with those of that one; KIND_NONE: with nothing else. And the other way round. */
enum kind retention_goes_with(enum kind kind);
enum kind retention_made_of(enum kind kind);

struct organization {
    struct arena *arena;
    const char *id, *name; /* `organization:`, `name:` */
    const char *file;      /* as people wrote it, for messages */
    const char *path;
    const char *time_zone; /* IANA name; "UTC" when not said */
    bool zone_said;
    struct field *custom;                 /* number 0 until the store has given one; ends with a NULL name */
    const struct connection *connections; /* in the order of the file */
    size_t connection_count;
    const struct match_rule *person_rules;
    size_t person_rule_count;
    enum { WITHIN_REVIEW, WITHIN_SAME, WITHIN_APART } within_partition;
    const char *const *placeholder_emails;  /* glob patterns; NULL-terminated */
    const struct connection *const *exists; /* who keeps a person alive; NULL-terminated */
    const struct node *exists_said;         /* where the file says so; NULL: it does not */
    const struct authority *authorities;    /* ends with kind KIND_NONE */
    const struct notify *notifies;          /* of this organization; settings have those of all */
    size_t notify_count;
    struct retention retention;
};

/* muster.yaml. */
struct settings {
    struct arena *arena;
    const char *config_dir;           /* absolute */
    const char *organizations;        /* absolute folder of their files; NULL: organizations/ of config_dir */
    const char *state;                /* absolute folder */
    const char *const *connectors;    /* absolute folders, NULL-terminated */
    const struct secretref *seal_key; /* NULL: made at first start in the state folder */
    unsigned lanes, parallel_runs;
    const struct notify *notifies; /* told about every organization */
    size_t notify_count;
    struct mail_way {                   /* how a message leaves; all NULL: /usr/sbin/sendmail */
        const char *smtp, *user;        /* smtp://HOST:PORT or smtps://…; user: with a password */
        const char *sendmail, *program; /* absolute paths of one of them, in the place of smtp */
        const char *from;               /* NULL: muster@ and this machine's name */
        const struct secretref *password;
    } mail;
    struct {
        int64_t silence_ms, total_ms; /* the two clocks of a host */
        uint64_t record_bytes, field_bytes, spool_bytes, memory_bytes;
        uint64_t inbox_bytes;                   /* of what came in and is kept, of one organization */
        int64_t request_ms;                     /* in which a caller says all of a request */
        unsigned connections, peer_connections; /* at once; of one address */
    } limits;
    bool beginning;            /* a connection may name no stream yet: somebody asks what there is */
    const char *const *listen; /* ADDRESS:PORT, NULL-terminated; NULL: the daemon listens nowhere */
    struct {
        const struct secretref *certificate, *key; /* NULL: plain HTTP, on this machine only */
    } tls;
};

/* Gives the description of a connector by its name or edition; NULL and a sentence in `err` when there is none or it
 * does not load. What it gives must outlive the organization. */
typedef const struct muster_connector *describe_fn(void *context, const char *connector, struct err *err);
/* Names that are installed, for "did you mean"; NULL-terminated. */
typedef const char *const *installed_fn(void *context);

/* Reads DIR/muster.yaml (it may be missing). The files of organizations are in DIR/organizations; runs that musterd
 * starts are told in the environment, by MUSTER_ORGANIZATIONS, where the last good ones are. `state` and `connectors`
 * override what it says; NULL: as it says. `connectors` may be several folders with ':' between, where an empty one is
 * that in which muster's own are installed. */
int settings_read(const char *dir, const char *state, const char *connectors, struct complaints *complaints,
                  struct settings **ret_settings);
void settings_free(struct settings *settings);
/* The folder of the last good file of each organization, below STATE: what musterd has runs read. Freed with free(). */
char *settings_good(const struct settings *settings);

/* Reads DIR/organizations/ID.yaml, checks all of it and compiles the mappings. On complaints that are errors
 * *ret_organization is untouched. Returns 0, ERR_CONFIG, ERR_GONE (no such file), or a negative errno. */
int organization_read(const struct settings *settings, const char *id, describe_fn *describe, installed_fn *installed,
                      void *context, struct complaints *complaints, struct organization **ret_organization);
/* The same for whoever looks only for what is wrong: *ret_organization has what could be read also where there are
 * complaints that are errors (ERR_CONFIG); NULL: nothing could. Nothing may run by such a one. */
int organization_look(const struct settings *settings, const char *id, describe_fn *describe, installed_fn *installed,
                      void *context, struct complaints *complaints, struct organization **ret_organization);
void organization_free(struct organization *organization);
/* The ids of all files in DIR/organizations, sorted, NULL-terminated, in the arena. */
int organization_list(const struct settings *settings, struct arena *arena, const char *const **ret_ids);
/* The same of files there that nobody reads and somebody may think read, because of how they are called: acme.yml. */
int organization_list_misnamed(const struct settings *settings, struct arena *arena, const char *const **ret_files);

/* The connection, or NULL. */
const struct connection *organization_connection(const struct organization *organization, const char *name);
/* The value of an option as text: what the file says, else the connector's initial value, else NULL. */
const char *connection_option(const struct connection *connection, const char *name);
/* What the first of its options that name a place says: where it reads its files. NULL: it reads none. */
const char *connection_place(const struct connection *connection);
/* A field of the model or of the organization's own ("custom.badge"); NULL: unknown. */
const struct field *organization_field(const struct organization *organization, enum kind kind, const char *name);
/* By number, for reading what is stored; custom fields by the number that the store gave. */
const struct field *organization_field_number(const struct organization *organization, enum kind kind, uint16_t number);

DEFINE_TIDY(struct settings *, settings_free)
DEFINE_TIDY(struct organization *, organization_free)

#endif
