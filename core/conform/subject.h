/* subject - the connector under test: where it is, what it says of itself, and a configuration to run it with.
 *
 * Lives in a folder of its own that is removed at the end: a copy of the
 * organization's file, in which {mock}, {here} and {scratch} have been
 * replaced, a state folder, what was recorded. */
#ifndef CONFORM_SUBJECT_H
#define CONFORM_SUBJECT_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "config/organization.h"
#include "lane/connectors.h"

#include <limits.h>

struct subject {
    struct arena *arena;
    const char *path, *name; /* absolute; NAME of NAME.so */
    char dir[PATH_MAX];      /* its own folder; "": none yet */
    struct settings *settings;
    struct connectors *connectors;
    const muster_connector *description; /* NULL: it does not load */
    struct organization *organization;   /* NULL: no configuration was given, or it is wrong */
    const struct connection *connection;
    bool scratch;           /* it writes into {scratch} */
    const char *complaints; /* about the configuration; NULL: none was given */
};

/* Finds the file and makes the folder. */
int subject_open(const char *path, struct subject *ret_subject, struct err *err);
/* Loads it in a host and keeps the description. A refusal is a sentence in err. */
int subject_describe(struct subject *subject, struct err *err);
/* Reads the organization's file; the first connection with this connector is taken. `mock`: what stands for {mock},
 * NULL: nothing. What is wrong in it is in subject->complaints. */
int subject_configure(struct subject *subject, const char *config, const char *mock, struct err *err);
/* Secrets that variables are to hold and do not: each is made up, so that nobody's are needed for a mock. */
int subject_secrets(const struct subject *subject);
void subject_done(struct subject *subject);

/* FILE in its folder, in the arena; NULL: no memory. */
const char *subject_file(struct subject *subject, const char *file);

#endif
