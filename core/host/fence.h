/* fence - the system calls that are left to a connector's process. */
#ifndef HOST_FENCE_H
#define HOST_FENCE_H

#include <stdbool.h>
#include <stdint.h>

bool fence_known(void); /* this kernel filters system calls */
/* Before a connector is loaded: what is listed works, what reaches out (sockets, new programs, other processes) is
 * EPERM, everything else ENOSYS, as if the kernel were older. `may`: MUSTER_NEEDS_… beyond that. Returns 0 or a
 * negative errno. */
int fence_calls(uint32_t may);
/* Afterwards: no page becomes executable any more; with needs, none but a file's. */
int fence_pages(uint32_t may);

#endif
