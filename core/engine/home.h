/* home - the configuration folder that an organization's folder belongs to. */
#ifndef ENGINE_HOME_H
#define ENGINE_HOME_H

#include "base/error.h"

struct organization;
struct settings;

/* Notes in `dir` whose it is where nothing is noted, or where the organization's file is no more in the folder that is:
 * it was moved. Who calls holds the run's lock. Returns 0, ERR_CONFIG where another folder has such a file of its own,
 * or a negative errno, with a sentence. */
int home_claim(const struct settings *settings, const struct organization *organization, const char *dir,
               struct err *err);

/* The same without a note: for who only tells that runs will be refused. */
int home_look(const struct settings *settings, const char *id, struct err *err);

#endif
