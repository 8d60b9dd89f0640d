/* dict - names and their 32-bit numbers. */
#include "store/dict.h"

#include "base/buffer.h"
#include "base/digest.h"

#include <string.h>

/* A name that is too long for a key is cut, and its digest keeps it apart from others that begin so. */
static void name_key(const char *name, struct buffer *out)
{
    enum { WHOLE = STORE_KEY_MAX - 1 };
    size_t len = strlen(name);
    buffer_byte(out, 'n');
    if (len <= WHOLE) {
        buffer_add(out, name, len);
        return;
    }
    uint8_t digest[DIGEST_SHA256];
    digest_sha256(name, len, digest);
    buffer_add(out, name, WHOLE - sizeof(digest));
    buffer_add(out, digest, sizeof(digest));
}

static void number_key(uint32_t number, uint8_t ret_key[5])
{
    uint32_t be = __builtin_bswap32(number);
    ret_key[0] = 'i';
    memcpy(ret_key + 1, &be, sizeof(be));
}

uint32_t dict_find(struct txn *txn, const char *name)
{
    struct buffer key __attribute__((cleanup(buffer_done))) = {0};
    name_key(name, &key);
    struct bytes value;
    uint32_t number = 0;
    if (key.rc != 0)
        txn->rc = txn->rc ? txn->rc : key.rc;
    else if (txn_get(txn, TABLE_dict, bytes(key.data, key.len), &value) && value.len == sizeof(number))
        memcpy(&number, value.data, sizeof(number));
    return number;
}

int dict_number(struct store *store, const char *name, uint32_t *ret_number)
{
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, store, false);
    uint32_t number = dict_find(&txn, name);
    int rc = txn_end(&txn);
    if (rc == 0 && number != 0)
        *ret_number = number;
    if (rc != 0 || number != 0)
        return rc;
    struct buffer key __attribute__((cleanup(buffer_done))) = {0};
    name_key(name, &key);
    txn_begin(&txn, store, true);
    txn.rc = txn.rc ? txn.rc : key.rc;
    number = dict_find(&txn, name); /* somebody may have been faster */
    if (number == 0 && txn.rc == 0) {
        uint64_t last = meta_number(&txn, "dict");
        number = (uint32_t)(last ? last : DICT_FIRST) + 1;
        uint8_t back[5];
        number_key(number, back);
        meta_set_number(&txn, "dict", number);
        txn_put_new(&txn, TABLE_dict, bytes(key.data, key.len), bytes(&number, sizeof(number)));
        txn_put_new(&txn, TABLE_dict, bytes(back, sizeof(back)), bytes(name, strlen(name)));
    }
    rc = txn_end(&txn);
    if (rc == 0)
        *ret_number = number;
    return rc;
}

bool dict_name(struct txn *txn, uint32_t number, struct bytes *ret_name)
{
    uint8_t key[5];
    number_key(number, key);
    return txn_get(txn, TABLE_dict, bytes(key, sizeof(key)), ret_name);
}
