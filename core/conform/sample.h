/* sample - whom a target is told of in a trial: a value for each field of its streams, out of a file or made up.
 *
 * A line of the file is a JSON object: {"stream":"users","create":{FIELD:
 * VALUE,…},"update":{…},"leave":{…}}. Fields that it does not name are not
 * told; of who leaves only what "leave" says. The first line of a stream is
 * somebody who is told alone, further ones are others who are told together;
 * without any they are like the first one but for what tells them apart.
 * {"stream":"users","refused":{…}} is somebody whom the system does not take. */
#ifndef CONFORM_SAMPLE_H
#define CONFORM_SAMPLE_H

#include "base/arena.h"
#include "base/error.h"

#include <muster/connector.h>
#include <stdbool.h>

struct sample {
    const char *stream;
    const char *const *create, *const *update, *const *leave; /* name, value, name, value, …; ends with NULL */
    bool refused;                                             /* whom `create` says the system does not take */
};

enum sample_of { SAMPLE_CREATE, SAMPLE_UPDATE, SAMPLE_LEAVE };

struct samples {
    struct sample *items;
    size_t count;
};

/* ERR_CONFIG: a line is not like that. Everything goes into the arena. */
int samples_read(const char *path, struct arena *arena, struct samples *ret_samples, struct err *err);
/* The nth one of a stream, from 0; NULL: there is none. Where there is not even a first one its values are made up. */
const struct sample *samples_nth(const struct samples *samples, const char *stream, size_t nth);
/* Whom the system does not take; NULL: nobody says so. */
const struct sample *samples_refused(const struct samples *samples, const char *stream);
/* What is told of a field then; NULL: nothing. */
const char *sample_value(const struct sample *sample, const muster_field *field, enum sample_of of);

#endif
