/* plan - a plan, told to people and to programs. */
#ifndef CLI_PLAN_H
#define CLI_PLAN_H

#include "acts/plan_view.h"
#include "cli/context.h"

/* Who would be changed and what would wait; ten of each kind, unless all are wanted. Returns 0 or a code. */
int plan_tell(struct context *context, struct plan_view *view, bool all);
/* The same as one object; `view` NULL: there is nothing but the report. */
int plan_json(struct context *context, const struct plan *plan, struct plan_view *view);
/* plan_push.c: the same of what a target would be told; the latter as the member "there". */
int plan_push_tell(struct context *context, struct plan_view *view, bool all);
int plan_push_json(struct plan_view *view, struct buffer *out);
/* One plan as a member of a list. */
int plan_line_json(struct context *context, const struct plan *plan);

/* "acme.yaml:14"; appends nothing when the rule does not stand in the file. */
void plan_rule_place(const struct plan_view *view, const struct planned_change *change, struct buffer *out);
/* "created" "changed" "gone" "returned" */
const char *plan_op_word(enum journal_op op);

#endif
