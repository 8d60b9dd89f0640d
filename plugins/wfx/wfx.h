/* wfx - what the files of this connector share: wfx (options and routes), event (a call becomes records), body (where a
 * value stands in a body), moment (local times), relaxed (JSON with comments), tables (what events and streams look
 * like). */
#ifndef WFX_H
#define WFX_H

#include <muster/connector.h>
#include <muster/document.h>

#include <stdbool.h>

enum { TEXT_ROOM = 512, MOMENT_ROOM = 48 };

/* One value of an event: where it stands in the body unless the aliases say otherwise, and what it is. */
struct part {
    const char *name;     /* of the stream's field, and in the aliases */
    const char *pointers; /* with blanks between; the first that has a value counts */
    enum { PART_TEXT, PART_BOOL, PART_NUMBER, PART_JSON, PART_LOCAL } what;
    bool must;
};

/* A value that is one of a few words. */
struct wording {
    const char *kind, *part;
    const char *words; /* of our model, with blanks between */
};

/* An operation that WFX calls. */
struct kind {
    const char *path, *stream;
    const char *id;           /* pointers of what names it */
    bool id_must;             /* without one it cannot be deleted */
    const struct part *parts; /* ends with a NULL name */
};

extern const struct kind wfx_kinds[];       /* ends with a NULL path */
extern const struct wording wfx_wordings[]; /* ends with a NULL kind */
extern const muster_stream wfx_streams[];

struct wfx {
    muster_run *run;
    const muster_host *host;
    muster_document *aliases, *words, *paths; /* NULL: none */
};

/* event.c: records, or a rejection, of one call. */
muster_rc event_receive(struct wfx *wfx, const muster_http *inbound);

/* body.c: the first of the pointers that has a value there; *ret_pointer: which. NULL: none. */
const muster_node *body_find(const muster_node *body, const char *pointers, char ret_pointer[TEXT_ROOM]);
/* The first of the pointers that is there, where none has a value: null or an empty text. NULL: none is, or one has. */
const muster_node *body_blank(const muster_node *body, const char *pointers);
/* The pointers of a part: those of the aliases, else `usual`. The room is for a list that has to be joined. */
const char *body_pointers(const struct wfx *wfx, const char *kind, const char *part, const char *usual,
                          char room[TEXT_ROOM]);
/* What the option `words` says that a text of the part means, else the text. */
const char *body_word(const struct wfx *wfx, const char *kind, const char *part, const char *text);
/* A node as JSON text, freed with free(); NULL: no memory. */
char *body_json(const muster_node *node);

/* relaxed.c: the same without comments, and without commas before a bracket that closes; freed with free(). NULL: no
 * memory. */
char *relaxed_json(const char *bytes, size_t len, size_t *ret_len);

/* moment.c: "2023-05-16T08:02:11" with the offset that a zone had then. What has a zone already, and what is no moment,
 * comes out as it is. `zone` NULL: none is known. */
void moment_write(const char *text, bool utc, const char *zone, char ret_text[MOMENT_ROOM]);
/* Whether there is such a zone here. */
bool moment_zone(const char *zone);

#endif
