/* explain - why a value is what it is, in words and as JSON: what the files of verb_explain share. */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

#include "cli/context.h"
#include "query/belief.h"
#include "query/ground.h"
#include "query/passed.h"

/* One field of one thing. */
struct explained {
    struct context *context;
    struct query *query;
    uint64_t person;
    enum kind kind;
    uint64_t id;
    unsigned nth; /* of several of its kind, from 1; 0: there is but one */
    const struct entity *entity;
    const struct field *field;
    struct grounds grounds; /* as it stands today; not for a past run */
    uint32_t run;           /* --run; 0: as it stands */
    bool dated;             /* `since` is known */
    struct belief_change since;
    struct value now; /* of a past run: what it is today */
};

/* "employment[2].department" */
void explain_field_name(const struct explained *explained, struct buffer *out);
/* What a record says: a reference as it was written there. */
void explain_said(const struct explained *explained, struct value value, struct buffer *out);
/* The record of a ground: "hr/main/employees/1002". */
void explain_record(const struct explained *explained, size_t ground, struct buffer *out);
/* The record whose section has this seed; nothing when none of the thing's has. */
void explain_seed(const struct explained *explained, uint64_t seed, struct buffer *out);
/* Why a status is what it is, or would be without its pin; nothing for other fields. */
void explain_status(const struct explained *explained, struct buffer *out);
/* Of a status: a line for each record that is missing and not yet gone, with the day on which it goes. */
void explain_missing(const struct explained *explained, const char *indent, struct buffer *out);
/* Whether it can be said what would be otherwise: of a status not, where dates and silence have their say. */
bool explain_supposes(const struct explained *explained);
/* "if hr/main/employees/1002 said nothing" */
void explain_otherwise(const struct explained *explained, const struct ground_otherwise *otherwise, struct buffer *out);

void explain_tell(const struct explained *explained);
void explain_json(const struct explained *explained, struct buffer *out);
/* A line of the overview. */
void explain_row(const struct explained *explained, struct grid *grid);

/* Statements of people about the thing, and what waits about its records. */
void explain_beside(struct context *context, struct query *query, enum kind kind, const struct entity *entity);
/* "s12": a statement's number, what it says, who said it and why. */
void explain_statement(struct query *query, const struct statement *statement, struct buffer *out);

/* The hours of a person with the punches that they come from, the latest first. */
int explain_hours(struct context *context, struct query *query, uint64_t person, size_t *ret_count);

void passed_tell(struct context *context, struct query *query, const struct passed *passed);
void passed_json(struct query *query, const struct passed *passed, struct buffer *out);

/* What a target has of somebody and is to have; `field`: just that one of its fields, NULL: all. */
int explain_target(struct context *context, struct query *query, const struct connection *connection, uint64_t person,
                   const char *field);

#endif
