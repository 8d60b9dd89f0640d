/* fault - failures on demand, so that tests can let every allocation and every I/O call fail once.
 *
 * In a build with --enable-developer each named point counts its calls; the
 * environment says which call fails: MUSTER_FAULT="alloc:17" or "store:3" or
 * "kill:stage" (the process dies there, as by kill -9); a limit and a place
 * to die together: "dirty:20000,kill:applying". Elsewhere the macros are
 * constants and cost nothing. */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stdint.h>

#ifdef HAVE_FAULTS
/* 1 when this call of the point is the one that must fail. */
int fault_hit(const char *point);
/* For tests that go through all calls in one process: from now on the nth call of the point fails, counted anew; 0 is
 * none. Returns how many calls of the last plan's point were counted. */
long fault_plan(const char *point, long nth);
/* N when the environment says POINT:N, else `usual`: a limit that tests make small. */
uint64_t fault_limit(const char *point, uint64_t usual);
/* Kills the process when "kill:WHERE" names this place, or "kill:WHERE:3" and it comes here for the third time. */
void fault_kill(const char *where);
#else
#define fault_hit(point) 0
#define fault_limit(point, usual) ((void)(point), (usual))
#define fault_kill(where) ((void)0)
#endif

#endif
