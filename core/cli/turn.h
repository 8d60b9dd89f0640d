/* turn - whose turn it is with something that waits, and what they type. */
#ifndef CLI_TURN_H
#define CLI_TURN_H

#include "cli/context.h"
#include "engine/quarantine.h"

enum turn {
    TURN_HERE,   /* whoever decides for the organization */
    TURN_SOURCE, /* whoever keeps the system that said so */
    TURN_TARGET, /* whoever keeps the system that is to be told */
    TURN_ACCESS  /* whoever keeps the log-in */
};

/* "source": as programs read it. */
const char *turn_word(enum turn turn);
/* "whoever keeps the source" */
const char *turn_text(enum turn turn);

enum turn turn_of(const struct query *query, const struct wait_item *item);
enum turn turn_of_quarantine(const struct quarantine *item);
/* The next command: "muster approve acme h41 --reason TEXT". */
void turn_command(const struct query *query, const struct wait_item *item, struct buffer *out);

#endif
