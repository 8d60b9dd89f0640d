/* network - the options that every connector with HTTP has: the broker gives them, no connector declares them.
 *
 * A connector has HTTP when it declares hosts, or an option that is a URL or
 * names hosts. An option of its own by the same name stands before ours. */
#ifndef CONFIG_NETWORK_H
#define CONFIG_NETWORK_H

#include <muster/connector.h>
#include <stdbool.h>

bool network_offered(const muster_connector *connector);
/* Ends with an entry whose name is NULL; its stride is sizeof(muster_option). */
const muster_option *network_options(void);
/* NULL: there is none by this name. */
const muster_option *network_option(const char *name);

#endif
