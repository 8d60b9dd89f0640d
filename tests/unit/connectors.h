/* connectors - descriptions of connectors that exist only in these tests, and a map of what they offer. */
#ifndef TESTS_CONNECTORS_H
#define TESTS_CONNECTORS_H

#include "config/organization.h"

#include <muster/connector.h>

/* Fit describe_fn and installed_fn. The context is a `const char *const *` of the names that are installed. */
const struct muster_connector *test_describe(void *context, const char *connector, struct err *err);
const char *const *test_installed(void *context);

extern const char *const test_all_connectors[];

#endif
