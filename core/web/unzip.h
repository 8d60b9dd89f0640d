/* unzip - a body that comes compressed (gzip), opened piece by piece.
 *
 * What comes out is bounded twice: by a number of bytes, and by how often the
 * same bytes may grow, so that a small sender cannot make us work for long. */
#ifndef WEB_UNZIP_H
#define WEB_UNZIP_H

#include "base/buffer.h"
#include "base/tidy.h"

#include <stdbool.h>

struct unzip;

struct unzip *unzip_new(size_t most); /* bytes that may come out; NULL: no memory */
void unzip_free(struct unzip *unzip);
/* Appends what comes out of these. Returns 0, ERR_LIMIT (too much comes out), ERR_DATA (no gzip) or -ENOMEM. */
int unzip_add(struct unzip *unzip, const void *bytes, size_t len, struct buffer *out);
/* Whether it has come to its end. */
bool unzip_whole(const struct unzip *unzip);

DEFINE_TIDY(struct unzip *, unzip_free)

#endif
