/* program - where other programs and folders of ours are: in the build tree, or installed. */
#ifndef BASE_PROGRAM_H
#define BASE_PROGRAM_H

#include "base/error.h"

#include <limits.h>

struct program {
    const char *name;      /* "muster-host" */
    const char *room;      /* its folder below core/ in a build tree: "host" */
    const char *variable;  /* of the environment, which may name it: "MUSTER_HOST" */
    const char *installed; /* absolute folder */
};

/* Beside the program that runs (where it lies in a build tree, libtool's .libs included), else where it was installed.
 * ret_path has PATH_MAX bytes. ERR_CONFIG and a sentence when it is missing. */
int program_find(const struct program *program, char *ret_path, struct err *err);

/* Where a folder of ours is that was to be installed as `installed`: the tree of a package may have been unpacked
 * elsewhere, and is whole there. ret_path has PATH_MAX bytes. */
void program_folder(const char *installed, char *ret_path);

#endif
