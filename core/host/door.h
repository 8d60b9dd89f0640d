/* door - the C library's ways out of this process: what a connector is refused there is noted (attempt.h). */
#ifndef HOST_DOOR_H
#define HOST_DOOR_H

/* From now on, for the connector whose file this is (it is kept). Whoever may open files or start programs of their own
 * is not watched. Returns 0 or a negative errno. */
int door_watch(const char *connector);

#endif
