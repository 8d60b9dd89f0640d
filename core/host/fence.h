/* fence - the system calls that are left to a connector's process. */
#ifndef HOST_FENCE_H
#define HOST_FENCE_H

#include <stdbool.h>

bool fence_known(void); /* this kernel filters system calls */
/* Before a connector is loaded: what is listed works, what reaches out (sockets, new programs, other processes) is
 * EPERM, everything else ENOSYS, as if the kernel were older. Returns 0 or a negative errno. */
int fence_calls(void);
/* Afterwards: no page becomes executable any more. */
int fence_pages(void);

#endif
