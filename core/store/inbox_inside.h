/* inbox_inside - what the files of an inbox share: inbox (its environment, transactions, rows), inbox_keep (what
 * comes), inbox_take (what runs take). */
#ifndef STORE_INBOX_INSIDE_H
#define STORE_INBOX_INSIDE_H

#include "base/digest.h"
#include "store/inbox.h"
#include "store/store_inside.h"

#include <lmdb.h>
#include <sodium.h>
#include <string.h>

enum { NAME_MAX_BYTES = 64, KEY_MAX = NAME_MAX_BYTES + 1 + DIGEST_KEYED, VERSION_MAX = 100 };
enum { NONCE = crypto_secretbox_NONCEBYTES, MAC = crypto_secretbox_MACBYTES };

enum box { BOX_event, BOX_key, BOX_record, BOX_meta, BOX_COUNT };

/* A row of `event`: this, a nonce, and sealed "method\0route\0target\0type\0body". */
struct head {
    int64_t received_ms;
    uint8_t key[DIGEST_KEYED]; /* of its row in `key` */
};

struct key_row {
    uint64_t number;
    uint8_t body[DIGEST_KEYED];
};

struct inbox {
    struct inbox *next; /* in the registry */
    unsigned users;
    char *dir;
    MDB_env *env;
    MDB_dbi boxes[BOX_COUNT];
    uint8_t key[32];
};

struct work { /* a transaction, and the first thing that failed in it */
    struct inbox *inbox;
    MDB_txn *txn;
    int rc;
};

void work_begin(struct work *work, struct inbox *inbox, bool write);
int work_end(struct work *work); /* commits, unless something failed */
void work_abort(struct work *work);
bool work_get(struct work *work, enum box box, struct bytes key, struct bytes *ret_value);
void work_put(struct work *work, enum box box, struct bytes key, struct bytes value);
void work_delete(struct work *work, enum box box, struct bytes key);
uint64_t work_number(struct work *work, struct bytes key); /* of BOX_meta; 0: not set */
void work_set_number(struct work *work, struct bytes key, uint64_t number);

struct counters {
    uint64_t number, events, bytes;
};

void counters_get(struct work *work, struct counters *counters);
void counters_set(struct work *work, const struct counters *counters);

/* "connection\0" and what follows. */
struct row_key {
    uint8_t bytes[KEY_MAX];
    size_t len;
};

struct row_key row_key(const char *connection, const void *rest, size_t rest_len);
struct row_key event_key(const char *connection, uint64_t number);
struct row_key taken_key(const char *connection);

static inline struct bytes key_bytes(const struct row_key *key)
{
    return bytes(key->bytes, key->len);
}

static inline struct bytes text_bytes(const char *text)
{
    return bytes(text, strlen(text));
}

/* Parts that are apart, whatever is in them. */
void digest_parts(const struct inbox *inbox, const struct bytes *parts, size_t count, uint8_t ret_digest[DIGEST_KEYED]);

/* inbox_keep.c: lets go of the oldest that a run has taken: until there is room for `room` bytes, or those from before
 * `until_ms`. */
void inbox_make_room(struct work *work, const char *connection, uint64_t most, uint64_t room, int64_t until_ms,
                     struct counters *counters);

#endif
