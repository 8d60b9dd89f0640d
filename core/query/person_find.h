/* person_find - whom a connector asks for by the key that somebody typed: who that is, and the records that its own
 * connection has of them. */
#ifndef QUERY_PERSON_FIND_H
#define QUERY_PERSON_FIND_H

#include "engine/run.h"
#include "lane/lane.h"

/* Knows kind "person" and field "key". Fields: "name", and "records", a JSON list of {partition, stream, id, username}.
 * ERR_CONFLICT: the key is of several people. */
run_finder person_find;
/* The same for who answers a call: by "record" ("STREAM/ID" of the request's own connection), "employee_number" or
 * "work_email". Fields: those of the model that are not protected, as the organization holds them to be true. */
run_finder person_tell;

#endif
