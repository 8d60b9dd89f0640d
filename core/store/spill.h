/* spill - bytes that do not fit in memory: an append-only file, encrypted with a key of its own.
 *
 * The key dies with the file: for an unlinked file it never leaves memory; for
 * a changeset that must survive a crash the caller keeps it where the file is
 * named. Random reads are cheap (a stream cipher by offset). */
#ifndef STORE_SPILL_H
#define STORE_SPILL_H

#include "base/tidy.h"

#include <stddef.h>
#include <stdint.h>

struct spill;

enum { SPILL_KEY = 32 };

/* An unlinked file in `dir`, made when the first byte is written. Returns 0 or -ENOMEM. */
int spill_new(const char *dir, struct spill **ret_spill);
/* The same under a name that stays until spill_remove(). A file of that name fails the first write with -EEXIST. */
int spill_create(const char *path, struct spill **ret_spill);
/* An existing one, to read. Returns 0 or a negative errno. */
int spill_open(const char *path, const uint8_t key[SPILL_KEY], struct spill **ret_spill);
void spill_free(struct spill *spill);
void spill_remove(struct spill *spill); /* the named file is gone; the struct stays */

const uint8_t *spill_key(const struct spill *spill);
/* Where the next byte will stand. */
uint64_t spill_end(const struct spill *spill);
/* Returns 0 or a negative errno (-ENOSPC …), which then stays. */
int spill_write(struct spill *spill, const void *bytes, size_t len);
/* All of `len` bytes from `offset`; what was written is seen at once. Returns 0, ERR_CORRUPT or a negative errno. */
int spill_read(struct spill *spill, uint64_t offset, void *ret_bytes, size_t len);
/* Everything written is on disk, and so is its name. */
int spill_sync(struct spill *spill);

DEFINE_TIDY(struct spill *, spill_free)

#endif
