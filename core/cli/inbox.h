/* inbox - the inbox beyond the screen: as a workbook, and what is paused or set aside as lines for programs. */
#ifndef CLI_INBOX_H
#define CLI_INBOX_H

#include "cli/pauses.h"

/* What a person has to let go on: nothing new comes from it. */
struct stopped {
    struct pause *pauses;
    struct quarantine *aside;
    size_t pause_count, aside_count;
};
/* 0 or a negative code. */
int stopped_read(struct context *context, struct query *query, struct stopped *ret_stopped);

/* One object per line, with the members of anything that waits; ids "pause:hr" ("pause:" alone: all of it) and
 * "quarantine:hr", of telling "quarantine:hr:telling". */
void inbox_stopped_json(struct context *context, struct query *query, const struct stopped *stopped);
/* The same of connections that await their customer's authorization: ids "authorization:pmt". */
void inbox_awaiting_json(struct context *context, const struct organization *organization,
                         const struct connection *const *awaiting);
/* All that waits in these organizations, in one sheet. Returns an exit status. */
int inbox_workbook(struct context *context, const char *const *ids, const char *path);

#endif
