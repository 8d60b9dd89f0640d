/* file - files of a connection: on an SFTP server or in a local folder.
 *
 * The only code that reads secrets and touches other people's files. A place
 * is what an option of the connection names (`location: sftp://…` or a path,
 * with * and ? in the last part); nothing else may be listed, read or written.
 *
 * SFTP: the host key must be pinned (`host_key: SHA256:…`) or known
 * (`known_hosts: FILE`, hashed names too); it is never trusted on first use.
 * Log-in by `private_key` (+ `passphrase`), `password`, or the agent when
 * neither is given. Every failure is a sentence with the way out. */
#ifndef BROKER_FILE_H
#define BROKER_FILE_H

#include "base/error.h"
#include "base/tidy.h"
#include "config/organization.h"

#include <stdbool.h>
#include <stdint.h>

struct files;

struct file_entry {
    const char *name; /* a whole place; lives until files_free() */
    uint64_t size;    /* bytes */
    int64_t mtime_ms;
};

/* Prepares; connects at first use. The connection must outlive it. cancelled (may be NULL) is asked during waits. */
int files_open(const struct connection *connection, int (*cancelled)(void *), void *context, struct files **ret_files,
               struct err *err);
void files_free(struct files *files);

/* How long to wait for a server to answer at all, and for progress in one thing (10 s and 30 s unless said). */
void files_patience(struct files *files, int connect_ms, int operation_ms);

/* Log-ins that others use too and that outlive these files; to be called before the first use. */
struct sessions;
void files_share(struct files *files, struct sessions *sessions);
/* What broken transfers brought is kept in the scratch folder, sealed with this key, and used by the next fetch. It is
 * written down every so many ms of a transfer: PARTIAL_EVERY_MS. */
void files_keep_partials(struct files *files, const uint8_t key[32], int every_ms);

/* Where all of it is noted, or what answers in the place of servers and folders; to be called before the first use.
 * NULL: neither. */
struct cassette;
void files_cassette(struct files *files, struct cassette *cassette);

/* Logs in and looks into every place that the connection's options name; changes nothing. */
int files_check(struct files *files, struct err *err);

/* The files that match a place, newest first (then by name, descending). None is ERR_GONE with a sentence. The array
 * lives until the next call. Names that options `ignore`, `ready_marker` and `receipts` mean are left out. */
int files_list(struct files *files, const char *place, const struct file_entry **ret_entries, size_t *ret_count,
               struct err *err);

/* Those that option `ignore` left out of the last list, LISTING_IGNORED at most; also after ERR_GONE. */
size_t files_ignored(const struct files *files, const struct file_entry **ret_entries);

/* Reads a listed file into an unlinked temporary file (of ours: in `scratch_dir`), offset 0. A file that shrinks or
 * grows while it is read is refused (ERR_UNREADY). ret_sha256 is of what was read. */
int files_fetch(struct files *files, const char *name, const char *scratch_dir, int *ret_fd, uint8_t ret_sha256[32],
                uint64_t *ret_size, struct err *err);

/* Writes to a temporary name beside it, then renames: whole or not at all. */
int files_store(struct files *files, const char *name, int fd, struct err *err);

/* After the commit. `to` is a folder, relative ones beside the file; it is made when missing (one level); a name that
 * is taken gets a number (report.xlsx → report-2.xlsx). ret_place (may be NULL): where it is now, freed with free(). */
int files_archive(struct files *files, const char *name, const char *to, char **ret_place, struct err *err);
int files_remove(struct files *files, const char *name, struct err *err);

/* What lies beside a file by a name of its own: markers of its sender, receipts of ours. Not for connectors. `beside`
 * is a name, for a receipt also folder/name. */
int files_beside_look(struct files *files, const char *name, const char *beside, bool *ret_there, int64_t *ret_mtime_ms,
                      struct err *err);
int files_beside_archive(struct files *files, const char *name, const char *beside, const char *to, struct err *err);
int files_beside_remove(struct files *files, const char *name, const char *beside, struct err *err);
/* Whole or not at all, over what was there. */
int files_beside_store(struct files *files, const char *name, const char *beside, int fd, struct err *err);

DEFINE_TIDY(struct files *, files_free)

#endif
