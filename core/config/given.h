/* given - the options that the broker gives: no connector declares them, and each one that has use of them has them.
 *
 * Those of HTTP go to who declares hosts, or an option that is a URL or names
 * hosts; those of a server with files to who has an option that is a place.
 * An option of its own by the same name stands before ours. */
#ifndef CONFIG_GIVEN_H
#define CONFIG_GIVEN_H

#include <muster/connector.h>
#include <stdbool.h>
#include <stddef.h>

enum given { GIVEN_http, GIVEN_files, GIVEN_COUNT };

/* Whether this connector calls by HTTP, or reads and writes files. */
bool given_has(const muster_connector *connector, enum given which);
/* The nth of those, without what it declares itself; NULL after the last, and where it has no use of them. */
const muster_option *given_nth(const muster_connector *connector, enum given which, size_t n);
/* NULL: it is given none by this name. */
const muster_option *given_option(const muster_connector *connector, const char *name);

#endif
