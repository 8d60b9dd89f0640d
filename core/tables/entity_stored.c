/* entity_stored - golden records in the store. */
#include "tables/entity.h"

#include "base/error.h"

bool entity_get(struct txn *txn, enum kind kind, uint64_t id, struct entity *ret_entity)
{
    uint8_t key[ENTITY_KEY];
    struct bytes value;
    entity_key(kind, id, key);
    if (!txn_get(txn, TABLE_entity, bytes(key, sizeof(key)), &value))
        return false;
    if (!entity_read(value, ret_entity)) {
        txn->rc = ERR_CORRUPT;
        return false;
    }
    return true;
}
