/* budget - how many calls a provider lets one account make, shared by all who use that account.
 *
 * A small file per provider and account in a folder; whoever calls takes a
 * turn there first. It holds when the last calls were made, so that no span of
 * time has more of them than the provider allows, and until when the provider
 * wants to be left alone. Accounts are known by a digest. */
#ifndef BROKER_BUDGET_H
#define BROKER_BUDGET_H

#include "base/error.h"
#include "base/tidy.h"
#include "broker/keyring.h"

#include <stdbool.h>
#include <stdint.h>

struct budget;

/* Of the connection's provider and account. folder NULL: shared with nobody. In the file `note` stands from now on
 * which account that was; its folder is made. NULL: nowhere. */
int budget_open(const struct connection *connection, struct keyring *keyring, const char *folder, const char *note,
                struct budget **ret_budget, struct err *err);
void budget_close(struct budget *budget);

/* Reserves the next turn: true, and how long until it comes. False: it would come after more than `patience_ms`;
 * nothing is reserved, *ret_wait_ms says when. */
bool budget_take(struct budget *budget, int64_t patience_ms, int64_t *ret_wait_ms);
/* The provider wants nobody to call for so long. */
void budget_pause(struct budget *budget, int64_t ms);

/* For how long the account in the file `note` is still left alone, because somebody who shares it was told to; 0: it is
 * not, or nobody knows. */
int64_t budget_paused_ms(const char *folder, const char *note);

/* For tests: what time it is, in ms; NULL: the system's. */
void budget_clock(int64_t (*now_ms)(void));

DEFINE_TIDY(struct budget *, budget_close)

#endif
