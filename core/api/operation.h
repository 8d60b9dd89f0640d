/* operation - what the API can do: one table, from which requests are understood, checked and carried out, and the
 * OpenAPI document is written, so that the two cannot disagree.
 *
 * An operation either reads the store in musterd itself, or is a verb of
 * `muster`, which is started for it: then each parameter says what becomes of
 * it on that command line. */
#ifndef API_OPERATION_H
#define API_OPERATION_H

#include "api/badge.h"

#include <stdbool.h>
#include <stddef.h>

struct visitor;

enum parameter_place { IN_PATH = 1, IN_QUERY, IN_BODY };
enum parameter_type { TYPE_TEXTUAL = 1, TYPE_COUNT, TYPE_FLAG, TYPE_TEXTS, TYPE_PAIRS /* {"name": "value"} */ };

struct parameter {
    const char *name;
    enum parameter_place place;
    enum parameter_type type;
    bool required;
    const char *option;  /* "partition": as --partition=VALUE; "=": NAME=VALUE in one word with the one before;
                            NULL: a word of its own */
    const char *choices; /* "a|b"; NULL: any */
    const char *doc;
};

enum operation_shape {
    SHAPE_ONE = 1, /* an object of the schema */
    SHAPE_ITEMS,   /* {"items": [...]}, with "next" where there are pages */
    SHAPE_ACT,     /* what was done: schema Act, its results of the schema */
    SHAPE_STREAM,  /* server-sent events */
};

enum { PARAMETERS_MOST = 12 };

struct operation {
    const char *id, *method, *path, *tag;
    enum role role;
    enum operation_shape shape;
    const char *schema;
    bool (*read)(struct visitor *visitor); /* in musterd; false: it is answered later. NULL: by `verb` */
    const char *verb, *fixed;              /* of muster; an option that it always gets: "--list" */
    bool sealed;                           /* tells what is sealed: only to a token that may see it */
    bool pages;                            /* takes cursor and limit */
    const char *order;                     /* of pages that a verb gave: the member that is an instant, or ends in a
                                              number */
    bool newest;                           /* the highest of them comes first */
    bool none_first;                       /* what has none comes before all others, else behind them */
    struct parameter parameters[PARAMETERS_MOST];
    const char *doc;
    const char *example; /* a body, of an act */
};

extern const struct operation operations[]; /* ends with a NULL id */

/* The operation of a path and a method. NULL: there is none; then `ret_known` says whether the path has others, which
 * are in ret_allow. */
const struct operation *operation_find(const char *method, const char *path, char *ret_allow, size_t allow_room);
/* The part of the path that stands where the operation has "{name}"; its length, or -1. */
long operation_part(const struct operation *operation, const char *path, const char *name, const char **ret_part);

/* The parameter of that name and place; NULL: it has none. Those for pages are among them. */
const struct parameter *operation_parameter(const struct operation *operation, const char *name,
                                            enum parameter_place place);
/* The nth, those for pages last; NULL after the last. */
const struct parameter *operation_nth(const struct operation *operation, size_t n);

/* --- those that are read here; each in the file of its noun --- */
bool read_organizations(struct visitor *visitor);
bool read_connections(struct visitor *visitor);
bool read_people(struct visitor *visitor);
bool read_person(struct visitor *visitor);
bool read_things(struct visitor *visitor);
bool read_runs(struct visitor *visitor);
bool read_run(struct visitor *visitor);
bool read_changes(struct visitor *visitor);
bool read_events(struct visitor *visitor);
bool read_act(struct visitor *visitor);
bool read_token(struct visitor *visitor);

#endif
