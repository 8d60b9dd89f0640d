/* example - a rule as integrators write it, what its columns hold, and what is to become of that; for the tests of
 * transform. */
#ifndef TESTS_EXAMPLE_H
#define TESTS_EXAMPLE_H

#include "unit.h"

#include "base/buffer.h"
#include "base/zone.h"
#include "config/mapping.h"
#include "logic/transform.h"

/* A mapping that was compiled; done() ends it. */
struct made {
    struct complaints complaints;
    const struct mapping *mapping;
};

struct example {
    const char *field, *rule;
    const char *cells[3]; /* of the columns A, B and C, as cell_of() reads them */
    const char *wanted;   /* as tell() says it */
};

extern struct zone *amsterdam;
extern struct transform *transform;

int examples_begin(void **state); /* group set-up and tear-down: the two above */
int examples_end(void **state);

struct made compiled(const char *text);                      /* a stream's mapping; its columns are A, B, C */
struct made field_made(const char *field, const char *rule); /* of one field: "person.work_email", "A" */
void done(struct made *made);
struct cell cell_of(const char *written);
void fill(const struct mapping *mapping, const char *const written[3], struct cell *cells);
void tell(const struct field *field, int rc, struct value value, const struct rejection *rejection, struct buffer *out);
/* Tries each example twice, prints what came out otherwise, returns how many did. */
size_t check(const struct example *examples, size_t count);

#define CHECK(examples) assert_int_equal(check(examples, sizeof(examples) / sizeof(examples[0])), 0)
#define TEXT "person.family_name"
#define STATUS "person.status"

#endif
