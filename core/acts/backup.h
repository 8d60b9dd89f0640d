/* backup - everything that is kept of an organization in one file, and an organization out of such a file.
 *
 * The file is a zip: backup.json says what it is, organization.yaml is the
 * organization's file as it stood, store/ holds what lies in
 * STATE/organizations/ORG/: the store, what came in and waits, plans, the log of
 * calls, tokens of log-ins. Nothing has to stop for it, and runs go on. The
 * master key is not in it, nor is any secret that the organization's file
 * names: whoever has the file alone cannot open what is sealed. Everything
 * else in it is personal data. */
#ifndef ACTS_BACKUP_H
#define ACTS_BACKUP_H

#include "base/arena.h"
#include "base/error.h"
#include "config/organization.h"

#include <stdbool.h>
#include <stdint.h>

/* What a backup says of itself; texts in the caller's arena. */
struct backup {
    const char *organization;
    const char *made;    /* RFC 3339, UTC */
    const char *version; /* of muster */
    const char *key;     /* tells master keys apart */
    uint64_t runs;       /* number of the last one */
    uint64_t bytes;      /* of what is in it, unpacked */
};

/* Writes all of it, or no file. `path` must not be there. */
int backup_make(const struct settings *settings, const struct organization *organization, const char *path,
                struct arena *arena, struct backup *ret_backup, struct err *err);

struct restored {
    const char *replaced; /* where what was there before is now; NULL: nothing was */
    const char *file;     /* the organization's file */
    bool file_made, file_differs;
};

/* Puts the organization back, whole or not at all, and pauses it: nobody is told anything before a person has looked.
 * `replace`: what is there now is put aside. ERR_CONFLICT: something is there, and it is not to be replaced. ERR_BUSY:
 * a run is at it, or musterd looks after that state folder. ERR_DATA: it is no backup, or it is damaged; ERR_NEWER. */
int backup_restore(const struct settings *settings, const char *path, bool replace, const char *author,
                   struct arena *arena, struct backup *ret_backup, struct restored *ret_restored, struct err *err);

#endif
