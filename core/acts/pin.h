/* pin - values that a person puts above what the sources say, as acts: pin, unpin.
 *
 * Each function fits act.state; its context is a struct pin. */
#ifndef ACTS_PIN_H
#define ACTS_PIN_H

#include "engine/act.h"

struct pin {
    const char *author, *reason;
    uint64_t person;
    uint64_t entity; /* whose field it is: the person, or what hangs on them */
    enum kind kind;
    const struct field *field;
    struct value value; /* PRESENCE_NULL: no value */
    enum pin_end ends;
    int64_t until_ms;  /* 0: no end */
    const char *about; /* "id:12 work_email" */
    uint64_t number;   /* of the statement that was made; told */
};

int pin_state(void *context, struct match *match, struct err *err);
/* All pins of that field are withdrawn. */
int pin_withdraw(void *context, struct match *match, struct err *err);

#endif
