/* inbox_inside - what the files of an inbox share: inbox (its environment, transactions, rows), inbox_keep (what
 * comes), inbox_wal (its write-ahead log), inbox_take (what runs take). */
#ifndef STORE_INBOX_INSIDE_H
#define STORE_INBOX_INSIDE_H

#include "base/buffer.h"
#include "base/digest.h"
#include "store/inbox.h"
#include "store/store_inside.h"

#include <lmdb.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
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

/* What the last event of each key said (inbox_latest.c). */
struct latest {
    struct latest_slot { /* a number of 0: free */
        uint8_t key[DIGEST_KEYED];
        struct key_row said;
        uint32_t name;
    } * slots;
    size_t count, room;
    struct latest_name {
        size_t len;
        char text[NAME_MAX_BYTES];
    } * names; /* of connections */
    uint32_t name_count;
    size_t name_room;
};

/* What the logs have (inbox_wal.c): as far as this process knows, and true while it has its turn. */
struct wal {
    pthread_mutex_t writes, settles; /* who settles comes first, where somebody does both */
    uint64_t settled;                /* the last number that the tables have; UINT64_MAX: not known */
    uint64_t number;                 /* the last one there is */
    struct part {
        int fd;
        off_t end; /* of the last frame */
        uint64_t last, events, bytes;
        struct latest latest;
    } parts[2];
    unsigned now; /* which is written; the other one has older events, or none */
    pthread_t settler;
    bool settler_begun;
    atomic_bool settler_ended;
};

struct inbox {
    struct inbox *next; /* in the registry */
    unsigned users;
    char *dir;
    MDB_env *env;
    MDB_dbi boxes[BOX_COUNT];
    uint8_t key[32];
    struct wal wal;
};

struct counters {
    uint64_t number, events, bytes;
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

void counters_get(struct work *work, struct counters *counters);
void counters_set(struct work *work, const struct counters *counters);

/* "connection\0" and what follows. */
struct row_key {
    uint8_t bytes[KEY_MAX];
    size_t len;
};

struct row_key row_key(const char *connection, size_t connection_len, const void *rest, size_t rest_len);
struct row_key event_key(const char *connection, size_t connection_len, uint64_t number);
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

/* inbox_latest.c */
void latest_done(struct latest *latest); /* frees; may be used again */
bool latest_get(const struct latest *latest, const char *connection, const uint8_t key[DIGEST_KEYED],
                struct key_row *ret_said);
int latest_set(struct latest *latest, const char *connection, size_t len, const uint8_t key[DIGEST_KEYED],
               const struct key_row *said);
/* All of it into table `key`, in its order. */
int latest_put(const struct latest *latest, struct work *work);

/* inbox_wal.c */
void wal_init(struct wal *wal);
int wal_open(struct inbox *inbox);
void wal_done(struct wal *wal);
/* From here on until it is given it is this thread's turn to write; what the tables have by now. */
int wal_take(struct inbox *inbox, struct counters *ret_tables);
void wal_give(struct wal *wal);
/* What the last event of this key said, if it is in a log. */
bool wal_latest(const struct wal *wal, const char *connection, const uint8_t key[DIGEST_KEYED],
                struct key_row *ret_said);
/* Goes on with the other log when this one is full, and has it settled. Tight: even that was not enough. */
void wal_turn(struct inbox *inbox);
bool wal_is_tight(const struct wal *wal);
/* A frame: begun, each event (its number is set; `said`: its row in `event`), and all of it on the disk. Where one
 * fails a drop follows. */
void wal_begin(const struct wal *wal, struct buffer *frame);
int wal_add(struct wal *wal, struct buffer *frame, struct inbox_event *event, const uint8_t body[DIGEST_KEYED],
            const struct buffer *said);
int wal_commit(struct inbox *inbox, struct buffer *frame);
void wal_drop(struct inbox *inbox);
/* All there is goes into the tables. Nobody who calls it has the turn to write. */
int inbox_settle(struct inbox *inbox);

/* inbox_keep.c: lets go of the oldest that a run has taken: until there is room for `room` bytes, or those from before
 * `until_ms`. */
void inbox_make_room(struct work *work, const char *connection, uint64_t most, uint64_t room, int64_t until_ms,
                     struct counters *counters);

#endif
