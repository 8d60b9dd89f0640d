/* archive - the zip file that a bundle is: a few named parts, all in memory. */
#ifndef BUNDLE_ARCHIVE_H
#define BUNDLE_ARCHIVE_H

#include "base/error.h"
#include "base/tidy.h"

#include <stdbool.h>
#include <stddef.h>

enum { ARCHIVE_PARTS_MOST = 10000 };
#define ARCHIVE_BYTES_MOST ((size_t)1 << 30) /* of all parts together, unpacked */

struct archive_part {
    const char *name, *bytes;
    size_t len;
};

struct archive;

struct archive *archive_new(void); /* NULL: no memory */
void archive_free(struct archive *archive);
/* Copies both. */
int archive_add(struct archive *archive, const char *name, const char *bytes, size_t len);
/* The nth part; NULL after the last. */
const struct archive_part *archive_nth(const struct archive *archive, size_t nth);
/* The part of that name; NULL: there is none. */
const struct archive_part *archive_find(const struct archive *archive, const char *name);

/* Whether bytes begin as a zip does. */
bool archive_is(const char *bytes, size_t len);
/* From bytes; `name` is for the sentence. ERR_DATA: it is damaged, ERR_LIMIT: it holds too much. */
int archive_read(const char *bytes, size_t len, const char *name, struct archive **ret_archive, struct err *err);
/* As bytes, to be freed. */
int archive_pack(const struct archive *archive, char **ret_bytes, size_t *ret_len);

DEFINE_TIDY(struct archive *, archive_free)

#endif
