/* new_organization - a file to begin an organization with: small, whole and explained. */
#ifndef CLI_NEW_ORGANIZATION_H
#define CLI_NEW_ORGANIZATION_H

#include "cli/context.h"

/* Writes organizations/NAME.yaml, where there is none; says what comes next. Returns an exit status. */
int new_organization(struct context *context, const char *name);

#endif
