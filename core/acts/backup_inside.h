/* backup_inside - what making a backup (backup.c) and reading one (backup_restore.c) share. */
#ifndef ACTS_BACKUP_INSIDE_H
#define ACTS_BACKUP_INSIDE_H

#include "acts/backup.h"

enum { BACKUP_FORM = 1 };

#define BACKUP_ABOUT "backup.json"
#define BACKUP_FILE "organization.yaml"
#define BACKUP_STORE "store/"

enum { BACKUP_KEY = 33 };

/* Which master key it is, without a word about what it is. */
int backup_key(const struct settings *settings, const char *organization, char ret_key[BACKUP_KEY], struct err *err);

/* A folder of ours and all that is in it, gone. */
void backup_sweep(const char *folder);

/* Whether nothing of a run that was cut short waits to be written; of an open store. */
struct store;
int backup_settled(struct store *store, uint64_t *ret_runs, bool *ret_settled);

#endif
