/* backup - makes a backup: copies of the databases, then one zip with all of it. */
#include "acts/backup_inside.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/date.h"
#include "base/digest.h"
#include "base/jsontext.h"
#include "base/mem.h"
#include "base/tidy.h"
#include "engine/masterkey.h"
#include "engine/run.h"
#include "store/inbox.h"
#include "store/store.h"
#include "store/vault.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <zip.h>

/* Folders of an organization that are taken file by file, beside the databases. */
static const char *const folders[] = {"plans", "calls", "tokens"};

enum { SETTLES_MS = 100, SETTLES_MOST_MS = 30000, LEVEL = 1 };

struct making {
    const struct settings *settings;
    const struct organization *organization;
    struct arena *arena;
    const char *dir;     /* of the organization */
    const char *staging; /* below it: the copies */
    zip_t *zip;
    struct backup *about;
    uint8_t master[VAULT_MASTER];
};

static void making_done(struct making *making)
{
    if (making->zip)
        zip_discard(making->zip);
    if (making->staging)
        backup_sweep(making->staging);
    explicit_bzero(making->master, sizeof(making->master));
}

static int away(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
    (void)stat, (void)type, (void)ftw;
    return remove(path), 0;
}

void backup_sweep(const char *folder)
{
    nftw(folder, away, 8, FTW_DEPTH | FTW_PHYS);
}

static void key_text(const uint8_t master[VAULT_MASTER], const char *organization, char ret_key[BACKUP_KEY])
{
    struct vault vault;
    uint8_t digest[DIGEST_KEYED];
    vault_init(&vault, master, organization);
    vault_digest(&vault, "backup", strlen("backup"), digest);
    vault_done(&vault);
    digest_hex(digest, sizeof(digest), ret_key);
}

int backup_key(const struct settings *settings, const char *organization, char ret_key[BACKUP_KEY], struct err *err)
{
    uint8_t master[VAULT_MASTER];
    int rc = masterkey_load(settings, master, err);
    if (rc == 0)
        key_text(master, organization, ret_key);
    explicit_bzero(master, sizeof(master));
    return rc;
}

int backup_settled(struct store *store, uint64_t *ret_runs, bool *ret_settled)
{
    struct txn txn __attribute__((cleanup(tidy_txn))) = {0};
    struct bytes applying;
    txn_begin(&txn, store, false);
    *ret_settled = !meta_get(&txn, "applying", &applying);
    *ret_runs = meta_number(&txn, "run");
    return txn.rc;
}

/* --- the copies --- */

static int staging_make(struct making *making, struct err *err)
{
    char *path = arena_format(making->arena, "%s/backup-XXXXXX", making->dir);
    if (!path)
        return -ENOMEM;
    if (!mkdtemp(path))
        return err_set(err, -errno, "%s cannot be written in: %s", making->dir, err_text(-errno));
    making->staging = path;
    return 0;
}

static const char *staged(struct making *making, const char *name)
{
    return arena_format(making->arena, "%s/%s", making->staging, name);
}

/* Before the store: an event that a run takes meanwhile is in both then, and taken once. */
static int inbox_stage(struct making *making, struct err *err)
{
    struct inbox *inbox = NULL;
    int rc = inbox_open(making->dir, making->master, making->organization->id, false, &inbox, err);
    if (rc == ERR_GONE)
        return 0;
    const char *folder = rc == 0 ? staged(making, "inbox") : NULL;
    if (rc == 0)
        rc = !folder ? -ENOMEM : mkdir(folder, 0700) != 0 ? -errno : inbox_copy(inbox, folder);
    inbox_close(inbox);
    return rc ? err_set(err, rc, "%s/inbox cannot be copied: %s", making->dir, err_text(rc)) : 0;
}

static bool run_goes_on(struct store *store)
{
    int lock;
    if (store_lock(store, &lock, NULL) != 0)
        return true;
    store_unlock(lock);
    return false;
}

/* A copy that was taken while a run wrote its changes is taken again. */
static int store_stage(struct making *making, struct store *store, struct err *err)
{
    const char *data = staged(making, "data.mdb");
    if (!data)
        return -ENOMEM;
    for (int waited = 0;; waited += SETTLES_MS) {
        struct store *copy TIDY(store_close) = NULL;
        bool settled = false;
        int rc = store_copy(store, making->staging, err);
        if (rc == 0)
            rc = store_open(making->staging, false, &copy, err);
        if (rc == ERR_GONE)
            return err_set(err, rc, "%s: nothing was ever kept of it", making->organization->id);
        if (rc == 0 && (rc = backup_settled(copy, &making->about->runs, &settled)) != 0)
            store_fail(copy, rc, err);
        if (rc != 0 || settled)
            return rc;
        if (waited >= SETTLES_MOST_MS || !run_goes_on(store))
            return err_set(err, ERR_BUSY,
                           "%s: a run that was cut short has changes left to write: `muster sync %s` writes them, then "
                           "make the backup again",
                           making->organization->id, making->organization->id);
        unlink(data);
        poll(NULL, 0, SETTLES_MS);
    }
}

/* --- the zip --- */

static int zip_failed(struct making *making, struct err *err)
{
    zip_error_t *error = zip_get_error(making->zip);
    int rc = zip_error_system_type(error) == ZIP_ET_SYS && zip_error_code_system(error) ? -zip_error_code_system(error)
                                                                                        : -EIO;
    return err_set(err, rc, "the backup cannot be written: %s", zip_error_strerror(error));
}

static int zip_put(struct making *making, const char *name, zip_source_t *source, struct err *err)
{
    zip_int64_t index = source ? zip_file_add(making->zip, name, source, ZIP_FL_ENC_UTF_8) : -1;
    if (index >= 0 && zip_set_file_compression(making->zip, (zip_uint64_t)index, ZIP_CM_DEFLATE, LEVEL) == 0)
        return 0;
    if (index < 0)
        zip_source_free(source);
    return zip_failed(making, err);
}

static int zip_put_file(struct making *making, const char *name, const char *path, struct err *err)
{
    struct stat stat_of;
    if (stat(path, &stat_of) != 0)
        return err_set(err, -errno, "%s cannot be read: %s", path, err_text(-errno));
    making->about->bytes += (uint64_t)stat_of.st_size;
    return zip_put(making, name, zip_source_file(making->zip, path, 0, -1), err);
}

static int zip_put_folder(struct making *making, const char *name, struct err *err)
{
    const char *path = arena_format(making->arena, "%s/%s", making->dir, name);
    DIR *folder = path ? opendir(path) : NULL;
    if (!path)
        return -ENOMEM;
    if (!folder)
        return errno == ENOENT ? 0 : err_set(err, -errno, "%s cannot be read: %s", path, err_text(-errno));
    int rc = 0;
    for (struct dirent *entry; rc == 0 && (entry = readdir(folder));) {
        const char *file = arena_format(making->arena, "%s/%s", path, entry->d_name);
        const char *packed = arena_format(making->arena, BACKUP_STORE "%s/%s", name, entry->d_name);
        struct stat stat_of;
        if (!file || !packed)
            rc = -ENOMEM;
        else if (entry->d_name[0] != '.' && lstat(file, &stat_of) == 0 && S_ISREG(stat_of.st_mode))
            rc = zip_put_file(making, packed, file, err);
    }
    closedir(folder);
    return rc;
}

static int zip_put_about(struct making *making, struct err *err)
{
    const struct backup *about = making->about;
    TIDY_DONE(buffer_done) struct buffer out = {0};
    buffer_byte(&out, '{');
    json_member_number(&out, "muster_backup", BACKUP_FORM);
    json_member_text(&out, "organization", about->organization);
    json_member_text(&out, "made", about->made);
    json_member_text(&out, "version", about->version);
    json_member_number(&out, "runs", about->runs);
    json_member_number(&out, "bytes", about->bytes);
    json_member_text(&out, "key", about->key);
    buffer_text(&out, "}\n");
    size_t len = out.len;
    char *text = buffer_take(&out); /* the zip reads it when it is closed, and frees it then */
    return text ? zip_put(making, BACKUP_ABOUT, zip_source_buffer(making->zip, text, len, 1), err) : -ENOMEM;
}

static int zip_fill(struct making *making, struct err *err)
{
    const char *data = staged(making, "data.mdb"), *inbox = staged(making, "inbox/data.mdb");
    int rc = data && inbox ? zip_put_file(making, BACKUP_FILE, making->organization->path, err) : -ENOMEM;
    if (rc == 0)
        rc = zip_put_file(making, BACKUP_STORE "data.mdb", data, err);
    if (rc == 0 && access(inbox, F_OK) == 0)
        rc = zip_put_file(making, BACKUP_STORE "inbox/data.mdb", inbox, err);
    for (size_t i = 0; rc == 0 && i < sizeof(folders) / sizeof(folders[0]); i++)
        rc = zip_put_folder(making, folders[i], err);
    return rc ? rc : zip_put_about(making, err);
}

/* On the disk under a name of its own; then, in one step, under the one that was asked for. */
static int zip_write(struct making *making, const char *path, struct err *err)
{
    const char *part = arena_format(making->arena, "%s.part", path);
    int code = 0;
    if (!part)
        return -ENOMEM;
    unlink(part);
    mode_t mask = umask(077);
    making->zip = zip_open(part, ZIP_CREATE | ZIP_EXCL, &code);
    int rc =
        making->zip ? zip_fill(making, err) : err_set(err, -EIO, "%s cannot be written: %s", part, err_text(-errno));
    if (rc == 0 && zip_close(making->zip) != 0)
        rc = zip_failed(making, err);
    else if (rc == 0)
        making->zip = NULL;
    umask(mask);
    int fd TIDY(close) = rc == 0 ? open(part, O_RDONLY | O_CLOEXEC) : -1;
    if (rc == 0 && (fd < 0 || fsync(fd) != 0 || link(part, path) != 0))
        rc = err_set(err, -errno, "%s cannot be written: %s", path, err_text(-errno));
    unlink(part);
    return rc;
}

int backup_make(const struct settings *settings, const struct organization *organization, const char *path,
                struct arena *arena, struct backup *ret_backup, struct err *err)
{
    struct backup about = {.organization = organization->id, .version = PACKAGE_VERSION};
    TIDY_DONE(making_done)
    struct making making = {.settings = settings, .organization = organization, .arena = arena, .about = &about};
    struct store *store TIDY(store_close) = NULL;
    char made[25], *key = arena_get(arena, BACKUP_KEY);
    instant_write(clock_now_ms(), made);
    about.made = arena_text(arena, made);
    about.key = key;
    making.dir = run_store_dir(settings, organization->id, arena);
    if (!about.made || !key || !making.dir)
        return -ENOMEM;
    if (access(path, F_OK) == 0)
        return err_set(err, -EEXIST, "%s is there already: a backup is never written over; name another file", path);
    int rc = store_open(making.dir, false, &store, err);
    if (rc == ERR_GONE)
        return err_set(err, rc, "%s: nothing was ever kept of it, so there is nothing to back up", organization->id);
    if (rc == 0)
        rc = masterkey_load(settings, making.master, err);
    if (rc == 0)
        rc = staging_make(&making, err);
    if (rc != 0)
        return rc;
    key_text(making.master, organization->id, key);
    if ((rc = inbox_stage(&making, err)) != 0 || (rc = store_stage(&making, store, err)) != 0 ||
        (rc = zip_write(&making, path, err)) != 0)
        return rc;
    *ret_backup = about;
    return 0;
}
