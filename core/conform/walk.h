/* walk - the connector at work: once with its system, then again and again with what that said, and with failures. */
#ifndef CONFORM_WALK_H
#define CONFORM_WALK_H

#include "conform/sample.h"
#include "conform/tape.h"
#include "conform/visit.h"

/* One stream of one partition. */
struct take {
    const char *partition, *locator, *stream;
    const muster_stream *declared; /* NULL: only the source knows */
    const struct mapping *mapping;
    const char *const *keys;  /* names that identify, where the connector gives no id; NULL-terminated */
    const char *const *parts; /* likewise: what parts of a record are known by that stand in rows of their own */
    struct haul haul;
};

struct reading {
    struct arena *arena;
    struct haul partitions;
    struct take *takes;
    size_t count;
    const char *unknown; /* something was asked that the cassette does not have */
};

struct walk {
    struct trial *trial;
    struct subject *subject;
    struct tape *tape;
    const struct samples *samples;
    const char *asks; /* the file of what lookups and actions are asked; NULL: none */
};

int reading_new(struct reading *ret_reading);
void reading_done(struct reading *reading);
/* Everything there is to read, in full. */
int reading_make(struct visit *visit, struct reading *reading);

/* check(): with the system itself, then with failures. */
int checking_live(const struct walk *walk, struct cassette *cassette, struct err *err);
int checking_fails(const struct walk *walk, struct err *err);
/* What is read besides a full reading: changes and single records; a sample, and a stream that is none. */
void asking_judge(struct visit *visit, struct reading *reading);
int asking_again(const struct walk *walk, const struct reading *good, struct err *err);
/* find() of those who were read; `judged`: else it is only asked, so that the answers are recorded. */
void finding_ask(struct visit *visit, const struct take *take, bool judged);
/* Each row has in the field that it was asked by what was asked for. */
void finding_row_judge(struct trial *trial, enum rule_number rule, const char *stream, const struct haul *haul,
                       const char *field, const char *asked);
/* discover(), twice, and beside what was read. */
int discovering_judge(const struct walk *walk, const struct reading *good, struct err *err);
/* Lookups, and before a mock actions. */
int verbs_judge_asked(const struct walk *walk, bool mock, struct err *err);
/* The records of a good reading. */
void reading_judge(const struct walk *walk, const struct reading *reading);
bool value_written(int type, const char *text);
void values_judge(const struct walk *walk, const struct reading *reading);
/* The same reading again, and while the system fails. */
int failing_judge(const struct walk *walk, const struct reading *good, struct err *err);
/* Nothing of people in what was said. */
void quiet_judge(struct trial *trial, const struct reading *good, const struct haul *haul, const char *call);

/* What it makes of changes. mock: what it talks to is nobody's. */
int targeting_judge(const struct walk *walk, bool mock, struct err *err);

/* All of it but that. */
int walk_judge(const struct walk *walk, struct err *err);

#endif
