/* serve - calls of the engine become calls of the connector's functions, one after the other, until it says close. */
#ifndef HOST_SERVE_H
#define HOST_SERVE_H

#include "host/session.h"

/* The first answer: the description and what the kernel lacks. Returns 0, or a code with the sentence. */
int serve_describe(struct session *session, const char *lacks, char *ret_why, size_t room);
/* The other first answer: why there is no connector. */
void serve_refuse(struct session *session, const char *why);
/* Returns when the engine said close. */
void serve(struct session *session);

#endif
