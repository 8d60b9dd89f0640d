/* changeset_keep - a changeset that is written down in parts: in a file that survives a crash, named in `meta.applying`
 * until all of it is in the store. */
#include "store/changeset_inside.h"

#include "base/buffer.h"
#include "base/fault.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>

/* u32 table, u32 count, then the runs. */
int directory_write(struct changeset *changeset, struct applying *ret_applying)
{
    struct buffer list __attribute__((cleanup(buffer_done))) = {0};
    for (uint32_t table = 0; table < TABLE_COUNT; table++) {
        const struct sorter_run *runs;
        size_t count;
        int rc = sorter_flush(changeset->tables[table], &runs, &count);
        if (rc != 0)
            return rc;
        uint32_t head[2] = {table, (uint32_t)count};
        buffer_add(&list, head, sizeof(head));
        buffer_add(&list, runs, count * sizeof(*runs));
    }
    ret_applying->directory = spill_end(changeset->spill);
    int rc = list.rc ? list.rc : spill_write(changeset->spill, list.data, list.len);
    ret_applying->end = spill_end(changeset->spill);
    memcpy(ret_applying->key, spill_key(changeset->spill), SPILL_KEY);
    return rc != 0 ? rc : spill_sync(changeset->spill);
}

int changeset_settle(struct changeset *changeset)
{
    int rc = changeset->rc;
    for (uint32_t table = 0; table < TABLE_COUNT && rc == 0; table++) {
        const struct sorter_run *runs;
        size_t count;
        rc = sorter_flush(changeset->tables[table], &runs, &count);
    }
    return rc;
}

int directory_read(struct changeset *changeset, const struct applying *applying)
{
    if (applying->end < applying->directory || applying->end - applying->directory > BUFFER_CEILING ||
        applying->end > spill_end(changeset->spill))
        return ERR_CORRUPT;
    size_t len = (size_t)(applying->end - applying->directory), at = 0;
    uint8_t *list __attribute__((cleanup(tidy_free))) = mem_new(1, len + 1);
    int rc = list ? spill_read(changeset->spill, applying->directory, list, len) : -ENOMEM;
    /* who wrote it may have known fewer tables: new ones are added behind the others */
    for (uint32_t table = 0; rc == 0 && table < TABLE_COUNT && (table == 0 || at < len); table++) {
        uint32_t head[2];
        if (len - at < sizeof(head))
            return ERR_CORRUPT;
        memcpy(head, list + at, sizeof(head));
        at += sizeof(head);
        size_t size = head[1] * sizeof(struct sorter_run);
        if (head[0] != table || size > len - at)
            return ERR_CORRUPT;
        struct sorter_run *runs __attribute__((cleanup(tidy_free))) = (void *)mem_copy(list + at, size);
        rc = runs ? sorter_adopt(changeset->tables[table], runs, head[1]) : -ENOMEM;
        at += size;
    }
    return rc == 0 && at != len ? ERR_CORRUPT : rc;
}

/* Whether `meta` names a changeset that is being applied, and where it stands. */
static int applying_read(struct store *store, bool *ret_there, struct applying *ret_applying)
{
    struct txn txn __attribute__((cleanup(tidy_txn)));
    struct bytes value;
    txn_begin(&txn, store, false);
    bool there = meta_get(&txn, "applying", &value);
    if (there && value.len != sizeof(*ret_applying))
        txn.rc = ERR_CORRUPT;
    else if (there)
        memcpy(ret_applying, value.data, sizeof(*ret_applying));
    int rc = txn_end(&txn);
    if (rc == 0)
        *ret_there = there;
    return rc;
}

/* A name is on disk only when its folder is. */
static int folder_sync(const char *path)
{
    int fd __attribute__((cleanup(tidy_close))) = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 || fsync(fd) != 0 ? -errno : 0;
}

/* A saved one gets a second name, under which a restart finds it; its own stays whatever becomes of this. */
static int changeset_link(struct changeset *changeset)
{
    char *name __attribute__((cleanup(tidy_free))) = mem_format("%s/changeset", store_dir(changeset->store));
    if (!name)
        return -ENOMEM;
    if (link(changeset->path, name) != 0)
        return -errno;
    changeset->linked = true;
    return folder_sync(store_dir(changeset->store));
}

void changeset_forget(struct changeset *changeset)
{
    if (!changeset->saved)
        spill_remove(changeset->spill);
    if (!changeset->linked)
        return;
    char *name __attribute__((cleanup(tidy_free))) = mem_format("%s/changeset", store_dir(changeset->store));
    if (name) /* else the next run removes it: nothing names it */
        unlink(name);
}

int changeset_keep(struct changeset *changeset)
{
    struct applying applying = changeset->standing;
    int rc = changeset->saved ? changeset_link(changeset) : directory_write(changeset, &applying);
    if (rc != 0)
        return rc;
    fault_kill("keep");
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, changeset->store, true);
    changeset_look(changeset, &txn);
    meta_set(&txn, "applying", bytes(&applying, sizeof(applying)));
    rc = txn_end(&txn);
    changeset->kept = true;
    if (rc != 0) { /* a commit that failed: the file may go only when it is sure that nothing names it */
        bool there = true;
        changeset->kept = applying_read(changeset->store, &there, &applying) != 0 || there;
    }
    sodium_memzero(applying.key, sizeof(applying.key));
    return rc;
}

static int changeset_finish(struct store *store, const struct applying *applying, struct err *err)
{
    struct changeset *changeset TIDY(changeset_free) = NULL;
    int rc = changeset_over(store, NULL, applying->key, &changeset);
    if (rc == 0) {
        changeset->kept = true;
        rc = directory_read(changeset, applying);
    }
    if (rc == 0)
        rc = changeset_apply_all(changeset, true, NULL);
    if (rc == 0)
        changeset->kept = false; /* else the file stays for the next try */
    if (rc == ERR_CORRUPT || rc == -ENOENT)
        return err_set(err, rc,
                       "%s/changeset: a run was cut short while it was written down, and this file of it cannot be "
                       "read: %s. Put it back, or restore the organization from a backup.",
                       store_dir(store), err_text(rc));
    return store_fail(store, rc, err);
}

int changeset_recover(struct store *store, bool *ret_finished, struct err *err)
{
    struct applying applying;
    bool there;
    int rc = applying_read(store, &there, &applying);
    if (rc != 0)
        return store_fail(store, rc, err);
    if (there) {
        rc = changeset_finish(store, &applying, err);
        sodium_memzero(applying.key, sizeof(applying.key));
    } else {
        char *path __attribute__((cleanup(tidy_free))) = mem_format("%s/changeset", store_dir(store));
        if (!path)
            return -ENOMEM;
        unlink(path); /* of a run that died before it was named: decided again */
    }
    if (rc == 0)
        *ret_finished = there;
    return rc;
}
