/* judge - what looks at a connector and tells the trial: one function per file of rules. */
#ifndef CONFORM_JUDGE_H
#define CONFORM_JUDGE_H

#include "conform/subject.h"
#include "conform/trial.h"

/* C1 to C3, C13 to C17: the file, and what it says of itself as a whole. */
void loading_judge(struct trial *trial, struct subject *subject);
void compatible_judge(struct trial *trial, const struct subject *subject, const char *previous);
/* C4 to C8, of options, lookups and actions. */
void options_judge(struct trial *trial, const muster_connector *connector);
/* C8, of what options say of each other. */
void option_rules_judge(struct trial *trial, const muster_connector *connector);
/* C4, C5, C8 to C11, of streams and their fields. */
void streams_judge(struct trial *trial, const muster_connector *connector);

/* R1; and R2 to R5 with the events in this file (NULL: none). */
void routes_judge(struct trial *trial, const muster_connector *connector);
int receiving_judge(struct trial *trial, struct subject *subject, const char *events, struct err *err);

/* What all of them share: a sentence is there, short enough for a table. `what`: "option stores[].id". */
void sentence_judge(struct trial *trial, const char *what, const char *doc);

#endif
