/* delivery_wait - what waits for a person because of a target: which row is behind it, and which change it is about.
 *
 * A change is known by a digest of whom it is about, what is to be done and
 * what would be sent: what a person says of it holds for just this one, and
 * tomorrow's run finds it again. */
#ifndef TABLES_DELIVERY_WAIT_H
#define TABLES_DELIVERY_WAIT_H

#include "tables/delivery.h"
#include "tables/hold.h"
#include "tables/streams.h"
#include "tables/wait.h"

/* The streams of a target are named so in the store. */
#define DELIVERY_STREAM "to:"

/* Of what a target is to be told. NULL and streams that are read: false. */
bool delivery_is_stream(const struct stream_name *stream);

/* Reason code and type of what waits because of a row; NULL: nothing does. */
const char *delivery_wait_reason(const struct delivery *row);
enum wait_type delivery_wait_type(const struct delivery *row);

/* The gate through which it goes; GATE_NONE: none. */
enum gate delivery_gate(int op);

/* A number for the change that the row is about; it has SUBJECT_DIGEST. Of who leaves it does not matter what else
 * would be said of them. */
uint64_t delivery_subject(uint32_t stream, enum kind kind, uint64_t id, const struct delivery *row);

struct delivery_unit {
    uint32_t stream;
    enum kind kind;
    uint64_t id;
    struct delivery row; /* in the snapshot */
};
/* The row behind an item. False: it waits for nothing like that any more (or txn->rc). */
bool delivery_wait_unit(struct txn *txn, const struct wait_item *item, struct delivery_unit *ret_unit);

#endif
