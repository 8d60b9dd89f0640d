/* punch - what hours are made of: when, which way, whose, and which punches it belongs with. */
#ifndef LOGIC_PUNCH_H
#define LOGIC_PUNCH_H

#include "logic/hours.h"
#include "model/image.h"

struct punch {
    struct hours_punch hours;
    uint64_t person, order; /* 0: not known; digest of whose order it is for */
};

/* Of values, and whether they are there; never 0. */
uint64_t punch_digest(const struct value values[], size_t count);
/* The golden record of one. False: nobody can say when it was, or which way; whose it is is told all the same. */
bool punch_read(uint64_t id, struct image image, bool live, struct punch *ret_punch);

#endif
