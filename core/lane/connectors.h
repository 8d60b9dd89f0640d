/* connectors - what is installed: found by name in the configured folders, described by a host process, remembered.
 *
 * A name is [a-z][a-z0-9_-]*; the file is FOLDER/NAME.so, never a .la. A
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

/* Sorted names, NULL-terminated; lives as long as `connectors`. */
const char *const *connectors_names(void *connectors); /* fits installed_fn */
/* Lives as long as `connectors`. Fits describe_fn. */
const muster_connector *connectors_describe(void *connectors, const char *name, struct err *err);
/* The absolute path of the shared object; NULL when there is none. */
const char *connectors_path(struct connectors *connectors, const char *name);
/* SHA-256 of the file, hex; NULL when it cannot be read. */
const char *connectors_digest(struct connectors *connectors, const char *name);
/* What this kernel lacks for the sandbox of this connector's host ("" when nothing). */
const char *connectors_sandbox_lacks(struct connectors *connectors, const char *name);

DEFINE_TIDY(struct connectors *, connectors_free)

#endif
