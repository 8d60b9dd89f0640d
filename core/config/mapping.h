/* mapping - how the columns of a stream become fields of the model: the grammar, checked and compiled.
 *
 * Made from the `streams:` section of an organization's file (or from a
 * connector's default mapping text), used by engine/map for every record. All
 * memory belongs to the arena it was compiled into; it is read-only and may be
 * shared by threads. */
#ifndef CONFIG_MAPPING_H
#define CONFIG_MAPPING_H

#include "config/lookup.h"
#include "config/node.h"
#include "model/image.h"
#include "model/model.h"

#include <stdint.h>

/* A condition: `when`, `where`. All parts must hold. `from` is a column. A blank cell equals and matches nothing. */
struct condition {
    const struct node *node;
    int column;                   /* index into mapping->columns */
    const char *equals;           /* NULL: not asked */
    const char *const *in;        /* NULL-terminated; NULL: not asked */
    const struct lookup *words;   /* of `equals` or `in`; NULL: neither */
    void *match;                  /* pcre2_code *; NULL: not asked */
    int present;                  /* -1 not asked, 0 must be absent, null or empty, 1 must be a value */
    bool negated;                 /* `not:`: holds when what it asks does not all hold */
    const struct condition *next; /* and */
};

struct table_pair {
    const char *from, *to; /* from: as written; compared as text_normalize() makes it */
};

enum { TAKE_MAX = 99 }; /* groups of a pattern that `take` and `replace` may name */

enum otherwise { OTHERWISE_NONE, OTHERWISE_REJECT, OTHERWISE_KEEP, OTHERWISE_VALUE };
enum on_blank { ON_KEEP, ON_CLEAR };

/* One field of one section. The words are applied in the order of this struct. */
struct rule {
    const struct field *field;
    const struct node *node;
    const char *text; /* the rule as written, one line, for explain: "E-mail | lower" */
    /* where the text comes from: exactly one of these */
    const int *columns; /* of from (one), first_of, join, columns */
    size_t column_count;
    const char *const *names; /* of columns: as they stand in the file */
    enum { FROM_COLUMN, FROM_CONST, FROM_FIRST_OF, FROM_JOIN, FROM_PARTITION, FROM_COLUMNS } how;
    const char *constant;
    struct value constant_made; /* the same as an image holds it; of a REF: nothing, it goes the way of a cell's text */
    const char *with;           /* join */
    bool no_trim;
    const char *split;   /* NULL: no */
    unsigned take;       /* of split, or of match without replace; from 1; 0: unset (match: all that matched) */
    bool digits;         /* before match, so that a pattern sees telephone numbers bare */
    void *match;         /* pcre2_code * */
    const char *replace; /* PCRE2 extended substitution text */
    bool lower, upper;
    const struct table_pair *table; /* NULL: none; ends with from == NULL */
    enum otherwise otherwise;
    const char *otherwise_value;
    struct value otherwise_made;     /* the same as an image holds it */
    const struct lookup *lookup;     /* of table: what each left side becomes, as an image holds it; NULL: none */
    const struct value *table_blank; /* what `table` or `bool` say of an empty cell (""); NULL: nothing */
    const char *const *dates;        /* patterns, first that fits; NULL-terminated; NULL: ISO 8601 */
    const char *date_written;        /* of a TEXT field: how a typed or ISO date is written; NULL: not asked */
    char decimal;                    /* decimal sign: '.' or ','; 0: not said: '.', and commas are refused */
    const struct lookup *words; /* ENUM: the enumerators; BOOL: `bool`, or true/false, yes/no, 1/0, and x is true */
    enum on_blank on_null, on_empty;
    bool blank_said;      /* on_null or on_empty stood in the file */
    const char *fallback; /* `default`; not for a column that is absent */
    struct value fallback_made;
    bool plain;      /* a text field that takes one column as it is */
    bool identifier; /* a number that is a name: a numeric cell is odd here */
    /* references */
    uint8_t unit_type;        /* field refers to org_unit; 0: none */
    int unit_code, unit_name; /* columns; -1: none */
    bool unit_from_partition;
    const struct field *person_field; /* field refers to person by this field of it */
};

struct section {
    enum kind kind;
    const struct node *node;
    const int *key; /* columns; NULL: the row's key */
    size_t key_count;
    const struct condition *when; /* NULL: always */
    const struct rule *rules;     /* by ascending field number */
    size_t rule_count;
    const char *each;   /* the list that has an item for each of them, "scope"; NULL: the row itself is the one */
    int list;           /* then: the column of the whole list, as some sources give it besides */
    const int *members; /* then: the columns of an item, each once, as first named */
    size_t member_count;
};

enum { COLUMN_OF_ROW = -1, COLUMN_ASIDE = -2 };

struct mapping {
    const char *stream;
    const struct node *node;
    const char *const *columns; /* every column that is named, each once, as first written */
    size_t column_count;
    /* A column of a list's items is written "scope[].department"; beside it stands the row's own column of that name,
     * which is meant where the item has none. Else COLUMN_OF_ROW, or COLUMN_ASIDE: a list alone asks for it, and it may
     * be missing. */
    const int *beside;
    const int *key; /* columns; NULL: the connector's source id */
    size_t key_count;
    const struct section *sections; /* the main one first: person if there is one, else as written */
    size_t section_count;
    const struct pattern *patterns;     /* what mapping_done() releases */
    const struct field *const *require; /* fields of the main section; NULL-terminated */
    const struct condition *where;
    bool keep_all;      /* keep: all */
    const char *lookup; /* which the store answers with a record: its arguments are the key; NULL: none */
    uint8_t digest[16]; /* of everything that decides what a record becomes */
};

/* Compiles one stream's mapping. `custom` are the organization's own fields (kind KIND_person; ends with a NULL
 * name). On errors *ret_mapping may be NULL and the complaints say why; returns 0, ERR_CONFIG or -ENOMEM. */
int mapping_compile(const char *stream, const struct node *node, const struct field *custom,
                    struct complaints *complaints, const struct mapping **ret_mapping);
/* Whether a source's column is one of items: "scope[3].department" is "scope[].department" of item 3; where a source
 * gives each item a row of its own, "scope.department" is that of item 0. */
bool mapping_item_column(const char *column, const char *name, unsigned *ret_nth);

/* What of a mapping asks for a column: without a key no row can be known, without a required one none be taken. */
enum column_need { COLUMN_SPARED, COLUMN_REQUIRED, COLUMN_KEY };
enum column_need mapping_needs(const struct mapping *mapping, const char *column);
/* Where the file names a column. Returns how many there are; the first `room` of them are told. */
size_t mapping_column_nodes(const struct mapping *mapping, const char *column, const struct node **ret_nodes,
                            size_t room);
/* Releases what PCRE2 holds; the rest goes with the arena. NULL is fine. */
void mapping_done(const struct mapping *mapping);

#endif
