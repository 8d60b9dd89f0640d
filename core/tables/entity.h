/* entity - a golden record as it is stored: what the organization holds to be true of one thing, and from which
 * records.
 *
 * Value: u8 state, u8 0, u16 members, u16 children, u16 0, u32 image length,
 * u64 first and last sequence in the journal, then per member { u32 stream,
 * u16 id length, u16 key length, u64 seed, id, key }, per child { u8 kind,
 * u64 id }, then the image. Key: u8 kind, u64 id big-endian. */
#ifndef TABLES_ENTITY_H
#define TABLES_ENTITY_H

#include "base/buffer.h"
#include "model/image.h"
#include "store/store.h"

enum entity_state { ENTITY_LIVE = 1, ENTITY_GONE /* no source says it any more */ };

enum { MEMBERS_MAX = 256, CHILDREN_MAX = 1024, ENTITY_KEY = 9 };

/* In a golden image a reference that cannot be resolved yet is PRESENCE_NULL with the reference's bytes and this flag;
 * it heals when the other side comes. */
#define VALUE_WAITING 0x10

struct member {
    uint32_t stream;
    struct bytes id, key; /* source id; the section's key below it */
    uint64_t seed;
};

struct child {
    enum kind kind;
    uint64_t id;
};

/* A root is what is merged as a whole: a person with everything that hangs on them, a unit, or a thing of its own. */
struct root {
    enum kind kind;
    uint64_t id;
    uint64_t place; /* of a staged record in the pile; ROOT_ONLY: nothing staged, but look again */
};
#define ROOT_ONLY UINT64_MAX

struct entity {
    enum entity_state state;
    uint64_t first, last;
    uint16_t member_count, child_count;
    struct member members[MEMBERS_MAX];
    struct child children[CHILDREN_MAX];
    struct image image;
};

void entity_key(enum kind kind, uint64_t id, uint8_t ret_key[ENTITY_KEY]);
enum kind entity_key_kind(struct bytes key);
uint64_t entity_key_id(struct bytes key);

/* Reads in place. */
bool entity_read(struct bytes value, struct entity *ret_entity);
/* Only the image, without decoding members. */
bool entity_image(struct bytes value, struct image *ret_image, enum entity_state *ret_state);
void entity_write(const struct entity *entity, struct buffer *out);

/* Children by kind; those of one kind stay in their order, which is how people count them: employment[2]. */
void entity_order_children(struct entity *entity);

/* The stored one; false when there is none (or it is damaged: txn->rc). */
bool entity_get(struct txn *txn, enum kind kind, uint64_t id, struct entity *ret_entity);

#endif
