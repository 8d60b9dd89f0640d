/* dates - what takes effect by itself today, while no source is asked: who is hired today, whose last day was
 * yesterday, whose pin has ended.
 *
 * Every run does what is due; this is for the day on which there is none,
 * because a connection is paused or set aside. A run of its own, "dates". */
#ifndef ENGINE_DATES_H
#define ENGINE_DATES_H

#include "base/zone.h"
#include "engine/run.h"

/* Whether anything waits for now in the store of that folder. ERR_GONE: it has none. */
int dates_due(const char *dir, const struct zone *zone, bool *ret_due, struct err *err);

/* *ret_any: whether something was due, and is done; then *ret_report tells it. */
int dates_take_effect(const struct run_request *request, struct run_report *ret_report, bool *ret_any, struct err *err);

#endif
