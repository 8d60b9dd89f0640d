/* sample - whom a target is told of in a trial: a value for each field of its streams, out of a file or made up.
 *
 * A line of the file is a JSON object: {"stream":"users","create":{FIELD:
 * VALUE,…},"update":{…},"leave":{…}}. Fields that it does not name are not
 * told; of who leaves only what "leave" says. */
#ifndef CONFORM_SAMPLE_H
#define CONFORM_SAMPLE_H

#include "base/arena.h"
#include "base/error.h"

#include <muster/connector.h>
#include <stdbool.h>

struct sample {
    const char *stream;
    const char *const *create, *const *update, *const *leave; /* name, value, name, value, …; ends with NULL */
};

enum sample_of { SAMPLE_CREATE, SAMPLE_UPDATE, SAMPLE_LEAVE };

struct samples {
    struct sample *items;
    size_t count;
};

/* ERR_CONFIG: a line is not like that. Everything goes into the arena. */
int samples_read(const char *path, struct arena *arena, struct samples *ret_samples, struct err *err);
/* The one of a stream; NULL: its values are made up. */
const struct sample *samples_find(const struct samples *samples, const char *stream);
/* What is told of a field then; NULL: nothing. */
const char *sample_value(const struct sample *sample, const muster_field *field, enum sample_of of);

#endif
