/* inbox_latest - what the last event of each key said: an open hash of what is yet to come into table `key`. */
#include "store/inbox_inside.h"

#include "base/mem.h"

#include <errno.h>

enum { FEW = 64 };

void latest_done(struct latest *latest)
{
    free(latest->slots);
    free(latest->names);
    *latest = (struct latest){.slots = NULL};
}

/* How the name of a connection is called here; as many as there are: not at all. */
static uint32_t name_find(const struct latest *latest, const char *name, size_t len)
{
    uint32_t n = 0;
    while (n < latest->name_count && (latest->names[n].len != len || memcmp(latest->names[n].text, name, len) != 0))
        n++;
    return n;
}

static int name_add(struct latest *latest, const char *name, size_t len)
{
    if (len > NAME_MAX_BYTES)
        return ERR_CORRUPT;
    if (mem_grow(&latest->names, latest->name_count, &latest->name_room, sizeof(*latest->names)) != 0)
        return -ENOMEM;
    struct latest_name *added = &latest->names[latest->name_count++];
    memcpy(added->text, name, len);
    added->len = len;
    return 0;
}

/* Where it stands, or is to stand: keys are digests, each part of one is as good as random. */
static struct latest_slot *slot_find(const struct latest *latest, uint32_t name, const uint8_t key[DIGEST_KEYED])
{
    size_t at;
    memcpy(&at, key, sizeof(at));
    for (at += name;; at++) {
        struct latest_slot *slot = &latest->slots[at & (latest->room - 1)];
        if (slot->said.number == 0 || (slot->name == name && memcmp(slot->key, key, DIGEST_KEYED) == 0))
            return slot;
    }
}

static int make_room(struct latest *latest)
{
    if (latest->count < latest->room / 2)
        return 0;
    struct latest wider = {.room = latest->room ? latest->room * 2 : FEW};
    wider.slots = mem_new(wider.room, sizeof(*wider.slots));
    if (!wider.slots)
        return -ENOMEM;
    for (size_t n = 0; n < latest->room; n++)
        if (latest->slots[n].said.number != 0)
            *slot_find(&wider, latest->slots[n].name, latest->slots[n].key) = latest->slots[n];
    free(latest->slots);
    latest->slots = wider.slots;
    latest->room = wider.room;
    return 0;
}

bool latest_get(const struct latest *latest, const char *connection, const uint8_t key[DIGEST_KEYED],
                struct key_row *ret_said)
{
    uint32_t name = name_find(latest, connection, strlen(connection));
    if (latest->count == 0 || name == latest->name_count)
        return false;
    *ret_said = slot_find(latest, name, key)->said;
    return ret_said->number != 0;
}

int latest_set(struct latest *latest, const char *connection, size_t len, const uint8_t key[DIGEST_KEYED],
               const struct key_row *said)
{
    uint32_t name = name_find(latest, connection, len);
    int rc = name == latest->name_count ? name_add(latest, connection, len) : 0;
    if (rc == 0)
        rc = make_room(latest);
    if (rc != 0)
        return rc;
    struct latest_slot *slot = slot_find(latest, name, key);
    latest->count += slot->said.number == 0;
    slot->name = name;
    memcpy(slot->key, key, DIGEST_KEYED);
    slot->said = *said;
    return 0;
}

static int compare(const void *left, const void *right)
{
    const struct latest_slot *const *a = left, *const *b = right;
    int order = (*a)->name < (*b)->name ? -1 : (*a)->name > (*b)->name;
    return order ? order : memcmp((*a)->key, (*b)->key, DIGEST_KEYED);
}

int latest_put(const struct latest *latest, struct work *work)
{
    TIDY(free) const struct latest_slot **sorted = mem_new(latest->count + 1, sizeof(*sorted));
    size_t count = 0;
    if (!sorted)
        return -ENOMEM;
    for (size_t n = 0; n < latest->room; n++)
        if (latest->slots[n].said.number != 0)
            sorted[count++] = &latest->slots[n];
    qsort(sorted, count, sizeof(*sorted), compare);
    for (size_t n = 0; n < count; n++) {
        const struct latest_name *name = &latest->names[sorted[n]->name];
        struct row_key key = row_key(name->text, name->len, sorted[n]->key, DIGEST_KEYED);
        work_put(work, BOX_key, key_bytes(&key), bytes(&sorted[n]->said, sizeof(sorted[n]->said)));
    }
    return work->rc;
}
