/* decide - what the verbs share by which people decide something. */
#ifndef CLI_DECIDE_H
#define CLI_DECIDE_H

#include "cli/context.h"
#include "engine/act.h"

/* --reason, which is required. */
int decide_reason(struct context *context, const char **ret_reason);
/* Runs the act, as the verb and whoever types it, and says what came of it: by `tell`, or the report with --json; with
 * --plan then what it would change, field by field. */
int decide_carry_out(struct context *context, struct organization *organization, struct act *act,
                     void (*tell)(void *of, const struct run_report *report), void *of);
/* How many people it changed. */
void decide_tell(struct context *context, const struct run_report *report);

#endif
