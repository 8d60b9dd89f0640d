/* local - files in folders of this machine: the back end of file.c for absolute paths.
 *
 * A file is handed out as the very descriptor that was hashed: copying it
 * would cost more than everything else a run does with a file it knows. What
 * a copy would guard against, a writer that is still at it, is caught for the
 * time of reading by comparing size and time of change before and after. */
#ifndef BROKER_LOCAL_H
#define BROKER_LOCAL_H

#include "broker/listing.h"
#include "broker/patience.h"
#include "broker/place.h"

int local_check(const struct place *place, struct err *err);
int local_list(const struct place *place, struct listing *listing, const struct patience *patience, struct err *err);
int local_fetch(const struct place *place, const struct patience *patience, int *ret_fd, uint8_t ret_sha256[32],
                uint64_t *ret_size, struct err *err);
int local_store(const struct place *place, int from, const struct patience *patience, struct err *err);
int local_look(const struct place *place, bool *ret_there, int64_t *ret_mtime_ms, struct err *err);
int local_folder(const char *folder, struct err *err); /* made when missing, one level */
/* ret_to: its name in the folder, freed with free(). */
int local_archive(const struct place *place, const char *folder, char **ret_to, struct err *err);
int local_remove(const struct place *place, struct err *err);

#endif
