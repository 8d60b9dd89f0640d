/* sftp_inside - what sftp.c and sftp_fetch.c share. */
#ifndef BROKER_SFTP_INSIDE_H
#define BROKER_SFTP_INSIDE_H

#include "broker/link.h"
#include "broker/sftp.h"

struct sftp {
    struct link link;
};

/* The sentence for something that was refused or did not get through. `verb` as in "may not read". */
int sftp_failed(struct link *link, const char *verb, const char *path, struct err *err);

int sftp_stat(struct link *link, const char *path, LIBSSH2_SFTP_ATTRIBUTES *ret_attributes);
bool sftp_is_file(const LIBSSH2_SFTP_ATTRIBUTES *a);
uint64_t sftp_size(const LIBSSH2_SFTP_ATTRIBUTES *a);
int64_t sftp_mtime(const LIBSSH2_SFTP_ATTRIBUTES *a); /* seconds */

/* A handle that is given back at the end of the block. On a broken link nobody is told any more, but what libssh2 had
 * asked ahead for it must be freed. */
struct sftp_handle {
    struct link *link;
    LIBSSH2_SFTP_HANDLE *at;
};
void sftp_handle_done(struct sftp_handle *handle);

#endif
