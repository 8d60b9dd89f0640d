/* goodfile - the last good file of each organization: what runs read, whatever somebody has saved since.
 *
 * They lie in STATE/musterd/good. A file that is another one now is copied to
 * STATE/musterd/new and looked at there, so that what was found good is what
 * counts; all that were found good become the last good ones at once. */
#ifndef SERVICE_GOODFILE_H
#define SERVICE_GOODFILE_H

#include "base/tidy.h"
#include "config/organization.h"

struct goodfiles {
    char *config, *good, *fresh; /* folders */
};

/* Makes the folders. 0 or a negative errno; goodfiles_done() whatever came of it. */
int goodfiles_open(const struct settings *settings, struct goodfiles *files);
void goodfiles_done(struct goodfiles *files);

enum goodfile {
    GOODFILE_SAME, /* the last good one is as the file is now */
    GOODFILE_NEW,  /* a copy is to be looked at; there was none before */
    GOODFILE_CHANGED
};
/* 0 or a negative errno; then nothing is to be looked at. */
int goodfile_look(const struct goodfiles *files, const char *id, enum goodfile *ret_found);
/* The copy is not good. */
void goodfile_drop(const struct goodfiles *files, const char *id);
bool goodfile_there(const struct goodfiles *files, const char *id);

/* Copies that were not dropped are the last good ones; of organizations without a file there is none any more. 0 or a
 * negative errno. */
int goodfiles_keep(const struct goodfiles *files);

#endif
