/* load - brings one connector into this process, or says in one true sentence why not.
 *
 * The file is opened by libltdl with every symbol bound at once. Of the
 * description magic, size and versions are looked at first; nothing else is
 * read before they fit. */
#ifndef HOST_LOAD_H
#define HOST_LOAD_H

#include <muster/connector.h>
#include <stddef.h>

/* `path` is absolute and ends in NAME.so. Returns 0 or ERR_CONNECTOR with the sentence, without the connector's name.
 */
int load_file(const char *path, const char *name, const muster_connector **ret_connector, char *ret_why, size_t room);

#endif
