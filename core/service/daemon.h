/* daemon - musterd: waits for what its organizations' triggers say, starts their runs, keeps count of them.
 *
 * One thread, one loop. It loads no connector and opens no store for writing:
 * a run is a process of its own, so that whatever happens to it happens to it
 * alone, and `muster cancel` finds it as it finds a run that a person began. */
#ifndef SERVICE_DAEMON_H
#define SERVICE_DAEMON_H

#include "base/error.h"
#include "config/organization.h"

#include <stdio.h>

struct daemon_words {
    const char *config, *state; /* folders; state NULL: as muster.yaml says */
};

/* Runs until it is asked to end (SIGTERM, SIGINT); SIGHUP reads the files again. 0, or a negative code and a sentence.
 */
int daemon_run(const struct daemon_words *words, struct err *err);
/* Says what would run when, and why, from now on; nothing is started. */
int daemon_next(const struct daemon_words *words, FILE *out, struct err *err);

#endif
