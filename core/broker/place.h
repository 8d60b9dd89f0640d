/* place - where a file or folder is: `sftp://user@host:port/path` or an absolute path here.
 *
 * The last part of a pattern may hold * and ?; a path that begins with /~/ on
 * a server is below the home directory. In a URL percent-escapes are decoded,
 * and an escaped * is a plain character. */
#ifndef BROKER_PLACE_H
#define BROKER_PLACE_H

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>

struct place {
    bool remote;
    char *user, *host; /* remote only; host in lower case, IPv6 without brackets */
    unsigned port;     /* remote only; 22 unless said */
    char *folder;      /* decoded: "/", "/outgoing"; remote also "." (home) and "./below" */
    char *last;        /* decoded last part: a name or a pattern; "" when the place is the folder itself */
    bool pattern;      /* last holds * or ? that are meant */
};

/* How a text is to be read: as an option has it, or as the name of one file (then * and ? mean themselves). */
enum place_reading { PLACE_PATTERN, PLACE_NAME };

/* Releases with place_done(). ERR_CONFIG with a sentence when the text is no place. */
int place_read(const char *text, enum place_reading reading, struct place *ret_place, struct err *err);
void place_done(struct place *place);

bool place_same_server(const struct place *a, const struct place *b); /* both here, or same user, host and port */
/* Whether a file of that name in the place's folder is meant. Dot files only when the pattern says the dot. */
bool place_matches(const struct place *place, const char *name);
/* Whether the one file or folder `inner` is within what `outer` names. */
bool place_covers(const struct place *outer, const struct place *inner);

/* The whole place of a file in this folder, as place_read(PLACE_NAME) takes it. */
void place_write(const struct place *place, const char *folder, const char *name, struct buffer *out);
/* folder/name, on the server or here. NULL: no memory. Freed with free(). */
char *place_path(const char *folder, const char *name);
/* report.xlsx, 2 → report-2.xlsx; 1 gives the name itself. NULL: no memory. Freed with free(). */
char *place_numbered(const char *name, unsigned number);
/* " on files.example" (with the port unless it is 22), or "" for a place here. */
const char *place_where(const struct place *place, char *room, size_t size);

#endif
