/* wrong - what the parts of the wrong connector share. */
#ifndef WRONG_H
#define WRONG_H

#include <muster/connector.h>

enum { GATHERED_MOST = 10 };

/* Whether the fault is that one. */
int is(const char *fault);

int writes_whole(void);
int in_sets(void);
muster_rc whole_apply(muster_run *run);

#endif
