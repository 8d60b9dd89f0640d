/* sandbox - the fence around a connector: what this process gives up before foreign code runs in it.
 *
 * sandbox_enter(): limits on memory, files and descriptors; no new
 * privileges; Landlock (read libraries, the one connector, time zones; write
 * the scratch folder); seccomp (no sockets, no exec, no ptrace, no new
 * processes). sandbox_close(), after loading: no new executable pages. What the
 * kernel lacks is written down and the rest is done all the same.
 *
 * `may` opens it where a connector declares a need and the organization's file permits that. Network: sockets of IPv4
 * and IPv6, what resolving names and TLS read below /etc, and libraries that are loaded later (database drivers).
 * Files: those that are named, to be read and written, and sockets with a name. Programs: new processes, all that is
 * installed below /usr and in the folders that are named; they inherit the fence, which then forbids what is known to
 * be harmful instead of allowing what is known, and they stay in the host's process group, with which they end. */
#ifndef HOST_SANDBOX_H
#define HOST_SANDBOX_H

#include <stddef.h>
#include <stdint.h>

struct sandbox {
    const char *connector, *scratch; /* absolute */
    const char *const *files;        /* absolute; NULL-terminated */
    const char *const *programs;     /* likewise: folders that are read and run, never written */
    uint64_t memory_max;             /* bytes; 0: no limit */
    uint32_t may;                    /* MUSTER_NEEDS_…: beyond the rule */
    char lacks[100];                 /* "landlock seccomp"; "" when the kernel has everything */
};

/* Both return 0 or ERR_CONNECTOR with a sentence: a fence that the kernel has but that cannot be put up is no start. */
int sandbox_enter(struct sandbox *sandbox, char *ret_why, size_t room);
int sandbox_close(struct sandbox *sandbox, char *ret_why, size_t room);

#endif
