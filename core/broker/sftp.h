/* sftp - files on SFTP servers: the back end of file.c for sftp:// places.
 *
 * One link is one session with one server for one user, opened at first use
 * and kept; one that broke is opened anew by the next call. */
#ifndef BROKER_SFTP_H
#define BROKER_SFTP_H

#include "broker/listing.h"
#include "broker/partial.h"
#include "broker/patience.h"
#include "broker/place.h"

struct sftp;

/* connection and patience must outlive it. */
int sftp_new(const struct connection *connection, const struct place *place, const struct patience *patience,
             struct sftp **ret_sftp, struct err *err);
void sftp_free(struct sftp *sftp);
bool sftp_serves(const struct sftp *sftp, const struct place *place);
/* From here on it works for another connection, which logs in the same way. */
void sftp_use(struct sftp *sftp, const struct connection *connection, const struct patience *patience);
const struct connection *sftp_connection(const struct sftp *sftp);

int sftp_check(struct sftp *sftp, const struct place *place, struct err *err);
int sftp_list(struct sftp *sftp, const struct place *place, struct listing *listing, struct err *err);
int sftp_look(struct sftp *sftp, const struct place *place, bool *ret_there, int64_t *ret_mtime_ms, struct err *err);
int sftp_store(struct sftp *sftp, const struct place *place, int from, struct err *err);
int sftp_folder(struct sftp *sftp, const char *folder, struct err *err); /* made when missing, one level */
/* ret_to: its name in the folder, freed with free(). */
int sftp_archive(struct sftp *sftp, const struct place *place, const char *folder, char **ret_to, struct err *err);
int sftp_remove(struct sftp *sftp, const struct place *place, struct err *err);

/* sftp_fetch.c. A transfer that is cut off goes on where it stopped, with pauses that grow; what it has by then is
 * kept as a partial for the next run when it must be given up. */
int sftp_fetch(struct sftp *sftp, const struct place *place, const char *scratch_dir, const struct partials *partials,
               int *ret_fd, uint8_t ret_sha256[32], uint64_t *ret_size, struct err *err);

#endif
