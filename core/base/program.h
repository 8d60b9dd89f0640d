/* program - where another program of ours is: in the build tree or where it was installed. */
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

#endif
