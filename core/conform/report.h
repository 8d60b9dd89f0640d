/* report - what came of a trial, for people and for programs. */
#ifndef CONFORM_REPORT_H
#define CONFORM_REPORT_H

#include "base/buffer.h"
#include "conform/subject.h"
#include "conform/trial.h"

void report_people(const struct trial *trial, const struct subject *subject, bool all, struct buffer *out);
void report_json(const struct trial *trial, const struct subject *subject, struct buffer *out);
void report_junit(const struct trial *trial, const struct subject *subject, struct buffer *out);
/* The table of rules: a line each, or as the manual page has them. */
void report_rules(struct buffer *out);
void report_manual(struct buffer *out);

#endif
