/* dict - names and their 32-bit numbers. */
#include "store/dict.h"

#include "base/buffer.h"
#include "base/digest.h"
#include "base/mem.h"
#include "store/store_inside.h"

#include <errno.h>
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

/* --- what is only remembered --- */

/* 0: it is not among them. */
static uint32_t names_find(struct names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], name) == 0)
            return names->first + 1 + (uint32_t)i;
    return 0;
}

static int names_add(struct names *names, const char *name, uint32_t last, uint32_t *ret_number)
{
    int rc = mem_grow(&names->items, names->count, &names->room, sizeof(*names->items));
    char *copy = rc == 0 ? mem_text(name) : NULL;
    if (!copy)
        return -ENOMEM;
    if (names->count == 0)
        names->first = last;
    names->items[names->count++] = copy;
    *ret_number = names->first + (uint32_t)names->count;
    return 0;
}

static uint32_t remembered_find(struct store *store, const char *name)
{
    struct names *names = store_names(store);
    if (!atomic_load(&names->deferred))
        return 0;
    pthread_mutex_lock(&names->lock);
    uint32_t number = names_find(names, name);
    pthread_mutex_unlock(&names->lock);
    return number;
}

static int remembered_number(struct store *store, const char *name, uint32_t *ret_number)
{
    struct names *names = store_names(store);
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, store, false);
    uint64_t last = meta_number(&txn, "dict");
    int rc = txn_end(&txn);
    if (rc != 0)
        return rc;
    pthread_mutex_lock(&names->lock);
    uint32_t number = names_find(names, name);
    if (number == 0)
        rc = names_add(names, name, (uint32_t)(last ? last : DICT_FIRST), &number);
    pthread_mutex_unlock(&names->lock);
    if (rc == 0)
        *ret_number = number;
    return rc;
}

const char *dict_remembered(struct store *store, size_t nth, uint32_t *ret_number)
{
    struct names *names = store_names(store);
    pthread_mutex_lock(&names->lock);
    const char *name = nth < names->count ? names->items[nth] : NULL;
    *ret_number = names->first + 1 + (uint32_t)nth;
    pthread_mutex_unlock(&names->lock);
    return name;
}

void dict_defer(struct store *store)
{
    atomic_store(&store_names(store)->deferred, true);
}

void dict_forget(struct store *store)
{
    struct names *names = store_names(store);
    pthread_mutex_lock(&names->lock);
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
    names->count = 0;
    pthread_mutex_unlock(&names->lock);
    atomic_store(&names->deferred, false);
}

int dict_settle(struct store *store, struct changeset *changeset)
{
    struct buffer key __attribute__((cleanup(buffer_done))) = {0};
    const char *name;
    uint32_t number, last = 0;
    for (size_t i = 0; (name = dict_remembered(store, i, &number)); i++) {
        uint8_t back[5];
        buffer_clear(&key);
        name_key(name, &key);
        number_key(last = number, back);
        if (key.rc != 0)
            return key.rc;
        changeset_put(changeset, TABLE_dict, bytes(key.data, key.len), bytes(NULL, 0), bytes(&number, sizeof(number)));
        changeset_put(changeset, TABLE_dict, bytes(back, sizeof(back)), bytes(NULL, 0), bytes(name, strlen(name)));
    }
    if (last > 0)
        changeset_counter(changeset, "dict", last);
    return changeset_rc(changeset);
}

/* --- the table --- */

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
    return number ? number : remembered_find(txn->store, name);
}

static uint32_t name_write(struct txn *txn, const char *name)
{
    struct buffer key __attribute__((cleanup(buffer_done))) = {0};
    uint64_t last = meta_number(txn, "dict");
    uint32_t number = (uint32_t)(last ? last : DICT_FIRST) + 1;
    uint8_t back[5];
    name_key(name, &key);
    txn->rc = txn->rc ? txn->rc : key.rc;
    number_key(number, back);
    meta_set_number(txn, "dict", number);
    txn_put_new(txn, TABLE_dict, bytes(key.data, key.len), bytes(&number, sizeof(number)));
    txn_put_new(txn, TABLE_dict, bytes(back, sizeof(back)), bytes(name, strlen(name)));
    return number;
}

int dict_numbers(struct store *store, const char *const *names, size_t count, uint32_t *ret_numbers)
{
    struct txn txn __attribute__((cleanup(tidy_txn)));
    bool all = true;
    txn_begin(&txn, store, false);
    for (size_t i = 0; i < count; i++) {
        ret_numbers[i] = dict_find(&txn, names[i]);
        all &= ret_numbers[i] != 0;
    }
    int rc = txn_end(&txn);
    if (rc != 0 || all)
        return rc;
    if (atomic_load(&store_names(store)->deferred)) {
        for (size_t i = 0; i < count && rc == 0; i++)
            rc = ret_numbers[i] ? 0 : remembered_number(store, names[i], &ret_numbers[i]);
        return rc;
    }
    txn_begin(&txn, store, true);
    for (size_t i = 0; i < count && txn.rc == 0; i++) {
        ret_numbers[i] = dict_find(&txn, names[i]); /* somebody may have been faster */
        if (ret_numbers[i] == 0 && txn.rc == 0)
            ret_numbers[i] = name_write(&txn, names[i]);
    }
    return txn_end(&txn);
}

int dict_number(struct store *store, const char *name, uint32_t *ret_number)
{
    uint32_t number;
    int rc = dict_numbers(store, &name, 1, &number);
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
