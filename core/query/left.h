/* left - who is no more with the organization, and since when. */
#ifndef QUERY_LEFT_H
#define QUERY_LEFT_H

#include "query/query.h"

/* A person's last day, in days since 1970: the one that is said; else the day on which the last of their records was
 * there no more. False: they have not left, or nobody knows when. */
bool left_day(struct query *query, struct bytes row, int64_t *ret_day);
/* How many have left before that day. */
size_t left_count(struct query *query, int64_t day);

#endif
