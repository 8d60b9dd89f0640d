/* rest - what the files of the rest connector share: rest (what it offers), options and reader (the description that
 * the organization's file gives), words (texts with words in braces), ask (calls and what is answered), pages (lists in
 * pages), value (types), record (rows as records), stamp (times by which changes are told), read (streams and
 * partitions), body and write (what is told), markup (XML as a tree). */
#ifndef REST_REST_H
#define REST_REST_H

#include <muster/connector.h>
#include <muster/document.h>
#include <muster/text.h>

#include <stdbool.h>

enum { PATH_ROOM = 160, WHY_ROOM = 500, LINKS_MOST = 12 };

/* A member of a list in the options that has a name: a header, a parameter. */
struct pair {
    const char *name, *value;
};
struct pairs {
    struct pair *items;
    size_t count;
};

enum base { BASE_RECORD, BASE_ROW, BASE_PARENT, BASE_PARTITION, BASE_REPLY };

/* Where a value is: "/name/first", "row/StartDate", "parent/Id", "partition.name". */
struct place {
    enum base base;
    const char *pointer; /* NULL: nothing was said */
};

enum kind { KIND_TEXT, KIND_INTEGER, KIND_DECIMAL, KIND_BOOL, KIND_DATE, KIND_TIME, KIND_DATETIME, KIND_JSON };

struct field {
    const char *name, *format, *text; /* text: with words, in the place of `at` */
    const char *initial;              /* where nothing is there */
    bool odd_is_null;                 /* what has not its type is null */
    struct place at[4];               /* the first that has a value counts */
    size_t at_count;
    char *own; /* what `at` points into */
    enum kind kind;
};

enum paging { PAGING_NONE, PAGING_PAGE, PAGING_OFFSET, PAGING_CURSOR, PAGING_LINK, PAGING_NEXT };

struct paging_rules {
    enum paging kind;
    const char *in, *size_in, *header, *next, *more, *total, *pages;
    int64_t first, size, most;
    bool short_is_last;
};

struct changes_rules {
    const char *in, *reply; /* parameter; pointer in the last reply to what is asked with the next time */
    struct place at;        /* when a record changed */
    const char *format;
    int64_t overlap_s;
    bool set;
};

enum update { UPDATE_CHANGED, UPDATE_WHOLE, UPDATE_MERGE, UPDATE_PATCH };

/* Each call is "METHOD /path", with words. */
struct write_rules {
    const char *create, *update, *deactivate, *reactivate, *remove, *find;
    const char *deactivate_body, *reactivate_body, *wrap, *id_header;
    const char *id_at;
    enum update how;
};

/* What a status, or a code at some place in a reply, means. */
struct meaning {
    const char *name, *at;
    muster_rc rc;
};

struct resource {
    char option[PATH_ROOM]; /* "resources[2]" */
    const char *name, *path, *method, *body, *body_type, *records, *rows;
    struct pairs headers, query;
    struct place ids[4], where_at, gone_at;
    size_t id_count;
    const char *where_is, *gone_is, *parent_name;
    struct field *fields;
    size_t field_count;
    struct resource *parent;
    struct resource **with; /* children whose records are put into each record */
    size_t with_count;
    struct paging_rules paging;
    struct changes_rules changes;
    struct write_rules write;
    bool all, lacking_is_empty, above; /* above: it tells of partitions, and is in none */
};

/* One connection. */
struct rest {
    muster_run *run;
    const muster_host *host;
    muster_auth links[LINKS_MOST];
    char (*texts)[PATH_ROOM]; /* names of options, as the broker is told them */
    size_t link_count, text_count, text_room;
    const muster_auth *auth;
    struct resource *resources;
    size_t resource_count;
    struct pairs headers;
    struct meaning *meanings;
    size_t meaning_count;
    char why[WHY_ROOM]; /* what the last call was refused with */
    struct part *parts; /* as the options list them */
    size_t part_count;
    const char *base_url, *format, *error_at, *error_text, *check;
    muster_text at;              /* the address that was asked last */
    struct resource *partitions; /* that tells of partitions; NULL: none does */
    struct place partition_id, partition_name, partition_url;
};

/* A partition that is read. */
struct part {
    const char *id, *name, *url; /* name and url may be NULL */
};

/* What words stand for. Any may be NULL. */
struct scene {
    const struct part *part;
    const muster_node *record, *row, *parent;
    const char *since, *cursor, *page, *size;
    const muster_change *change; /* what is written; its fields are words, and {id} is its remote id */
    const muster_host *host;
};

/* --- options.c --- */

/* Reads all of it once. What is wrong is told with the option's name. */
muster_rc options_read(struct rest *rest);
/* tell.c: says which streams there are, and what their records have. */
muster_rc resources_tell(const struct rest *rest);
void options_done(struct rest *rest);
/* "connection" has no resource of that name: says so, with the nearest one. */
const struct resource *resource_find(struct rest *rest, const char *name); /* that is read */
const struct resource *resource_named(struct rest *rest, const char *name);

/* --- words.c --- */

enum escape { ESCAPE_NONE, ESCAPE_ADDRESS, ESCAPE_JSON };

/* NULL, or why a text cannot be written: a word that is none. `words` is one of the sets below. */
enum {
    WORDS_RECORD = 1,
    WORDS_ROW = 2,
    WORDS_PARENT = 4,
    WORDS_PARTITION = 8,
    WORDS_PAGE = 16,
    WORDS_SINCE = 32,
    WORDS_FIELDS = 64
};
bool words_check(const char *text, unsigned allowed, char ret_why[WHY_ROOM]);
/* False: what a word stands for is not there; *ret_why says which. */
bool words_write(const char *text, const struct scene *scene, enum escape escape, muster_text *out,
                 char ret_why[WHY_ROOM]);

/* --- ask.c --- */

/* What a call is about, for sentences: "employees". */
struct question {
    const struct resource *resource;
    struct scene scene;
    const char *url;         /* whole, of a page that a reply named; NULL: by the resource's path */
    const muster_text *body; /* as it stands, in the place of the resource's own */
    bool once;               /* a repeat would do it twice */
    const char *position;    /* of a page, for its parameter; NULL: none */
};

struct answer {
    muster_document *document; /* NULL: nothing was said (204, an empty body) */
    const muster_http *reply;  /* until the next call */
};

muster_rc ask(struct rest *rest, const struct question *question, struct answer *ret_answer);
void answer_done(struct answer *answer);
/* A link as a reply gives it, seen from the address that was asked last. */
void address_join(const struct rest *rest, const char *link, muster_text *out);
/* A header of the reply; NULL: it has none. It ends with the line. */
const char *reply_header(const muster_http *reply, const char *name);

/* --- pages.c --- */

/* Called with each record of a list; `reply` is the root of the page. */
typedef muster_rc (*pages_give)(void *context, const muster_node *record, const char *place);

/* Reads all pages. *ret_last, if wanted, is the text at changes.reply of the last one, malloc()ed. `most` 0: all. */
muster_rc pages_read(struct rest *rest, const struct resource *resource, const struct scene *scene, uint64_t most,
                     pages_give give, void *context, char **ret_last);

/* --- value.c --- */

/* A value as the host wants it; false with a sentence: it has not its type. *ret_text is in `room` or the node's own;
 * NULL: null. */
bool value_read(const struct field *field, const muster_node *node, muster_text *room, const char **ret_text,
                int32_t *ret_type, char ret_why[WHY_ROOM]);
int32_t value_type(enum kind kind);
bool value_format_known(enum kind kind, const char *format);
/* A value of ours as JSON, as the field says it is written. */
void value_write(const struct field *field, int32_t type, const char *text, muster_text *out);

/* --- stamp.c --- */

enum { STAMP_ROOM = 40 };

/* Ms since 1970, or the number itself; INT64_MIN: it is none. */
int64_t stamp_read(const char *format, const char *text);
void stamp_write(const char *format, int64_t stamp, char ret_text[STAMP_ROOM]);

/* --- record.c --- */

/* Beside what is put into records: what was read of children, one node each. */
struct child {
    const char *name;
    const muster_node *const *records;
    size_t count;
};

struct rows {
    struct rest *rest;
    const struct resource *resource;
    const char *stream;
    const struct part *part;
    const muster_node *parent;
    const struct child *children;
    size_t child_count;
    bool found;     /* rows are an answer to a question, and no stream's */
    uint64_t count; /* given and rejected */
};

/* All rows of one record. */
muster_rc rows_give(struct rows *rows, const muster_node *record, const char *place);
/* The node at a place; NULL: nothing is there. *ret_text is what it says, where that is no node. */
const muster_node *place_node(const struct place *place, const muster_node *record, const muster_node *row,
                              const muster_node *parent, const struct part *part, const char **ret_text);

/* --- read.c --- */

muster_rc read_partitions(struct rest *rest);
muster_rc read_pull(struct rest *rest, const muster_pull *what);
/* Some records of each resource, for whoever makes a mapping. */
muster_rc read_sample(struct rest *rest);
/* Whether one record can be had. */
muster_rc read_check(struct rest *rest);

/* --- body.c --- */

/* Which of a change's fields, and how: an object, or the operations of a JSON Patch. False: there is none to tell. */
bool body_write(struct rest *rest, const struct resource *resource, const muster_push *push,
                const muster_change *change, bool all, muster_text *out);

/* --- write.c --- */

muster_rc write_all(struct rest *rest, const muster_push *push);
muster_rc write_find(struct rest *rest, const char *stream, const muster_record *fields);

/* --- markup.c --- */

/* An XML text as JSON: elements as members, several of one name as a list, attributes as "@name", text beside them as
 * "#text". False with a sentence: it is none. */
bool markup_read(const char *bytes, size_t len, muster_text *ret_json, const char **ret_why);

#endif
