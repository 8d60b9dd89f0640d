/* cassette_file - listings and files on a cassette: noted as they come, and played in the place of a server.
 *
 * A listing is recorded as lines "SIZE MTIME_MS PLACE", of ignored files with "ignored " before; a file as its bytes;
 * what only does something as whether it could. */
#ifndef BROKER_CASSETTE_FILE_H
#define BROKER_CASSETTE_FILE_H

#include "broker/cassette.h"
#include "broker/listing.h"

/* `rc` and `err`: how it went; they are passed on. */
int cassette_list_note(struct cassette *cassette, const char *place, const struct listing *listing, int rc,
                       const struct err *err);
int cassette_list_play(struct cassette *cassette, const char *place, struct listing *listing, struct err *err);
int cassette_fetch_note(struct cassette *cassette, const char *name, int fd, int rc, const struct err *err);
int cassette_fetch_play(struct cassette *cassette, const char *name, const char *scratch_dir, int *ret_fd,
                        uint8_t ret_sha256[32], uint64_t *ret_size, struct err *err);

/* Something that is done to a file: what: "store", "archive", "remove", "look"…; with: a folder, a name beside it; what
 * came of it as a text, NULL: nothing but that it went well. fd: what goes there, -1: nothing. */
struct cassette_deed {
    const char *what, *name, *with;
    int fd;
};
int cassette_deed_note(struct cassette *cassette, const struct cassette_deed *deed, const char *came, int rc,
                       const struct err *err);
/* *ret_came (may be NULL) lives until the next question. */
int cassette_deed_play(struct cassette *cassette, const struct cassette_deed *deed, const char **ret_came,
                       struct err *err);

#endif
