/* user - whose the files are that we write. */
#ifndef BASE_USER_H
#define BASE_USER_H

#include "base/error.h"

/* Root becomes the user whose `path` is, for good: what root wrote there, that user could not read. Nothing happens to
 * anybody else, nor where there is no such path. Returns 1 (somebody else by now), 0, or a code and a sentence. */
int user_become(const char *path, struct err *err);

#endif
