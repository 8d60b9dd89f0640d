/* bookmark - the state of a Singer tap that we are: how far each stream was told.
 *
 *     {"bookmarks": {"person": {"sequence": 12}}} */
#ifndef CLI_BOOKMARK_H
#define CLI_BOOKMARK_H

#include "base/buffer.h"
#include "base/error.h"

#include <stdint.h>

/* `file` has that, or a whole STATE message. *ret_sequence: 0 when it says nothing of the stream; *ret_state: all of
 * it, free() it. Returns 0, ERR_CONFIG and a sentence, or -ENOMEM. */
int bookmark_read(const char *file, const char *stream, uint64_t *ret_sequence, char **ret_state, struct err *err);
/* Adds the same state with this stream's mark; state NULL: nothing was told before. Returns the buffer's code. */
int bookmark_write(const char *state, const char *stream, uint64_t sequence, struct buffer *out);

#endif
