/* target - what a connection is to be told: which people, which of their values, and how these are written there.
 *
 * A target's stream is made of one kind of things. Its rules are those of the
 * mapping grammar, turned round: what they name are paths into a view of the
 * thing ("employment.department.name"), what they make are fields of the
 * target. Everything belongs to the organization's arena and is read-only. */
#ifndef CONFIG_TARGET_H
#define CONFIG_TARGET_H

#include "config/mapping.h"
#include "config/period.h"

struct muster_stream;

enum { PATH_STEPS_MAX = 6 };

enum path_how {
    PATH_REFERENCE = 1, /* to whom the field refers */
    PATH_EMPLOYMENT,    /* from a person to the employment that counts by default */
    PATH_ABSENCE,       /* from a person to the absence of today */
    PATH_LEVEL,         /* from a person to the nth unit above the team (or the department), from 0 */
    PATH_MEMBERSHIP     /* from a person to the membership that an account stands for */
};

struct path_step {
    enum path_how how;
    enum kind to;
    uint16_t field; /* of a reference */
    uint16_t nth;   /* of a level */
};

/* A way through the view to one value. */
struct path {
    const char *text;
    struct path_step steps[PATH_STEPS_MAX];
    unsigned step_count;
    enum kind kind;            /* of what is reached */
    const struct field *field; /* NULL: its id; or `primary` */
    bool primary;              /* of an employment: whether it is the one of its person that counts today */
};

/* A list within a field: { each: memberships, map: {…} }, one JSON object for each. */
struct target_list {
    enum kind of; /* children of the person; org_unit: the levels of the hierarchy */
    const struct target_map *map;
};

/* Rules over the values at these paths, in the order of the fields. */
struct target_map {
    const struct path *paths; /* as many as mapping columns: what the rules call columns */
    size_t path_count;
    const struct field *fields; /* of the target; ends with a NULL name; numbers count from 1 */
    const struct rule *rules;
    const struct target_list *lists; /* per rule; of == KIND_NONE: the rule itself makes the value */
    size_t rule_count;
    const struct pattern *patterns; /* what target_done() releases */
};

struct target_stream {
    const char *name;
    const struct node *node;
    const struct node *made;                 /* fields by name that options make (NAME_from): the broker puts their
                                              * values in; they are in the map. NULL: none */
    const struct muster_stream *description; /* NULL: the connector takes any */
    enum kind of;
    struct target_map map;
    const struct condition *where; /* on the map's paths; NULL: all */
    const struct condition *scope; /* likewise; the target's, when the stream has none and is of persons */
    bool protected;                /* a path leads to a protected value */
    enum target_period period;     /* the file has what happened then; PERIOD_NONE: all there is */
    bool rewrite_late;             /* `late: rewrite` */
    uint8_t digest[16];            /* of everything that decides what is sent */
};

struct target {
    const struct node *node;
    bool keep_outside;                   /* `outside: keep` */
    bool per_membership;                 /* `account_per: membership` */
    const struct node *match;            /* [their field, our field] pairs, checked; NULL: none */
    const struct target_stream *streams; /* ends with a NULL name */
    size_t stream_count;
};

/* By name; NULL: not mapped. */
const struct target_stream *target_stream(const struct target *target, const char *name);
/* The field of the connector's description behind one of a map's fields; NULL: it declares none. */
struct muster_field;
const struct muster_field *target_field(const struct target_stream *stream, const struct field *field);

/* path.c. Compiles the way that `text` names from a thing of kind `root`. `membership`: accounts stand for memberships,
 * and "account.id" is the membership's, else the person's.
 * False and a sentence in ret_why (200 bytes) when there is none. */
enum { PATH_WHY = 200 };
bool path_compile(const struct field *custom, enum kind root, bool membership, const char *text, struct path *ret_path,
                  char ret_why[PATH_WHY]);

#endif
