/* connectors - what is installed: found by name in the configured folders, described by a host process, remembered.
 *
 * A name is [a-z][a-z0-9_-]*; the file is FOLDER/NAME.so, never a .la. Several folders may have one of a name: whoever
 * asks for an edition, NAME@VERSION or NAME@sha256:HEX, gets that one or none; by the name alone it is the first
 * folder's. A
 * description is kept in STATE/connectors/ under the file's identity (device,
 * inode, size, mtime), so that most commands start no process for it. */
#ifndef LANE_CONNECTORS_H
#define LANE_CONNECTORS_H

#include "base/error.h"
#include "base/tidy.h"
#include "config/organization.h"

#include <muster/connector.h>

struct connectors;

int connectors_open(const struct settings *settings, struct connectors **ret_connectors);
void connectors_free(struct connectors *connectors);

/* Sorted names, each once, NULL-terminated; lives as long as `connectors`. */
const char *const *connectors_names(void *connectors); /* fits installed_fn */
/* Lives as long as `connectors`. Fits describe_fn. */
const muster_connector *connectors_describe(void *connectors, const char *edition, struct err *err);
/* The absolute path of the shared object; NULL when there is none. */
const char *connectors_path(struct connectors *connectors, const char *edition);
/* SHA-256 of the file, hex; NULL when it cannot be read. */
const char *connectors_digest(struct connectors *connectors, const char *edition);
/* From now on whoever asks for that connector, in whatever edition, gets this one. `edition` is not kept. */
int connectors_instead(struct connectors *connectors, const char *edition);
/* What this kernel lacks for the sandbox of this connector's host ("" when nothing). */
const char *connectors_sandbox_lacks(struct connectors *connectors, const char *edition);

DEFINE_TIDY(struct connectors *, connectors_free)

#endif
