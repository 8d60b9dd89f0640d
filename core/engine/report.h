/* report - what came of a run, as the JSON document that is kept in the `run` table and printed by `sync --json`. */
#ifndef ENGINE_REPORT_H
#define ENGINE_REPORT_H

#include "engine/run.h"

/* Writes report->json from the other members. Returns 0 or -ENOMEM. */
int report_write(struct run_report *report, const struct run_request *request);
/* The same once more when all is stored. What was done is done: without memory the report stands as it was stored. */
void report_update(struct run_report *report, const struct run_request *request);
/* The worse of two outcomes. */
/* Add a copy. Return 0 or -ENOMEM. */
int report_column(struct run_report *report, const struct run_column *column);
int report_reading(struct run_report *report, const struct run_column *column);
enum outcome report_worse(enum outcome a, enum outcome b);

#endif
