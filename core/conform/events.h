/* events - what a system would send to a connector that receives, from a file: one JSON object per line.
 *
 * {"method":"POST","url":"/people","body":{…}}; a body that is a string is
 * taken as it is. */
#ifndef CONFORM_EVENTS_H
#define CONFORM_EVENTS_H

#include "base/arena.h"
#include "lane/lane.h"

int events_read(const char *path, struct arena *arena, struct lane_inbound **ret_events, size_t *ret_count,
                struct err *err);

#endif
