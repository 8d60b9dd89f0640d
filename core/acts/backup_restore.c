/* backup_restore - reads a backup, and puts an organization back out of it: beside what is there first, then in its
 * place. */
#include "acts/backup_inside.h"

#include "base/clock.h"
#include "base/jsonobject.h"
#include "base/mem.h"
#include "base/tidy.h"
#include "engine/run.h"
#include "store/store.h"
#include "tables/brake.h"
#include "tables/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <zip.h>

enum { ABOUT_MAX = 4096, FILE_MAX = 1 << 20, PIECE = 1 << 16 };

struct packed {
    zip_t *zip;
    const char *path;
    struct backup about;
    uint64_t form;
    struct arena *arena;
};

static void packed_done(struct packed *packed)
{
    if (packed->zip)
        zip_discard(packed->zip);
}

static int damaged(const struct packed *packed, const char *name, struct err *err)
{
    return err_set(err, ERR_DATA, "%s is damaged: %s in it cannot be read. Nothing was changed; take another backup",
                   packed->path, name);
}

/* --- what it says of itself --- */

/* The whole of a small part, ended with a zero byte. */
static int part_read(const struct packed *packed, const char *name, size_t most, char **ret_text, size_t *ret_len,
                     struct err *err)
{
    zip_stat_t about;
    zip_file_t *file = NULL;
    if (zip_stat(packed->zip, name, 0, &about) != 0 || about.size > most || !(file = zip_fopen(packed->zip, name, 0)))
        return damaged(packed, name, err);
    char *text = arena_get(packed->arena, (size_t)about.size + 1);
    zip_int64_t got = text ? zip_fread(file, text, about.size) : -1;
    int code = zip_fclose(file);
    if (!text)
        return -ENOMEM;
    if (code != 0 || got != (zip_int64_t)about.size)
        return damaged(packed, name, err);
    text[about.size] = '\0';
    *ret_text = text;
    *ret_len = (size_t)about.size;
    return 0;
}

static int about_member(void *context, const struct jsonobject_member *member)
{
    struct packed *packed = context;
    const struct {
        const char *name, **text;
        uint64_t *number;
    } members[] = {{"muster_backup", NULL, &packed->form}, {"organization", &packed->about.organization, NULL},
                   {"made", &packed->about.made, NULL},    {"version", &packed->about.version, NULL},
                   {"runs", NULL, &packed->about.runs},    {"bytes", NULL, &packed->about.bytes},
                   {"key", &packed->about.key, NULL}};
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (strcmp(member->name, members[i].name) != 0)
            continue;
        if (members[i].number && member->type == JSONOBJECT_NUMBER)
            *members[i].number = strtoull(member->text, NULL, 10);
        else if (members[i].text && member->type == JSONOBJECT_STRING &&
                 !(*members[i].text = arena_text(packed->arena, member->text)))
            return -ENOMEM;
    }
    return 0;
}

/* Below our folder, at most one folder deep. */
static bool name_fits(const char *name)
{
    const char *slash = strchr(name, '/'), *last = slash ? slash + 1 : name;
    return *name && *name != '.' && slash != name && *last && *last != '.' && !strchr(last, '/');
}

static int packed_open(struct packed *packed, struct err *err)
{
    const char *why;
    char *text;
    size_t len, at;
    int code = 0;
    packed->zip = zip_open(packed->path, ZIP_RDONLY, &code);
    if (!packed->zip && code == ZIP_ER_NOENT)
        return err_set(err, -ENOENT, "%s is not there", packed->path);
    if (!packed->zip || zip_name_locate(packed->zip, BACKUP_ABOUT, 0) < 0)
        return err_set(err, ERR_DATA, "%s is not a backup that muster made, or not all of one", packed->path);
    int rc = part_read(packed, BACKUP_ABOUT, ABOUT_MAX, &text, &len, err);
    if (rc == 0)
        rc = jsonobject_split(text, len, about_member, packed, &why, &at);
    if (rc == -ENOMEM || (rc != 0 && rc != ERR_DATA))
        return rc;
    if (rc == 0 && packed->form > BACKUP_FORM)
        return err_set(err, ERR_NEWER, "%s was made by muster %s, which is newer: install that version", packed->path,
                       packed->about.version ? packed->about.version : "?");
    const struct backup *about = &packed->about;
    bool whole = rc == 0 && packed->form > 0 && about->organization && about->made && about->version && about->key;
    return whole && name_fits(about->organization) && !strchr(about->organization, '/')
               ? 0
               : damaged(packed, BACKUP_ABOUT, err);
}

/* --- out of the zip --- */

static int part_write(const struct packed *packed, zip_uint64_t index, const char *path, struct err *err)
{
    char piece[PIECE];
    zip_int64_t got = 0;
    int fd TIDY(close) = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    zip_file_t *file = fd < 0 ? NULL : zip_fopen_index(packed->zip, index, 0);
    int rc = fd < 0 ? -errno : 0;
    while (file && rc == 0 && (got = zip_fread(file, piece, sizeof(piece))) > 0)
        for (zip_int64_t done = 0; done < got && rc == 0;) {
            ssize_t wrote = write(fd, piece + done, (size_t)(got - done));
            if (wrote < 0 && errno != EINTR)
                rc = -errno;
            done += wrote > 0 ? wrote : 0;
        }
    bool whole = file && got == 0;
    if (file && zip_fclose(file) != 0)
        whole = false;
    if (rc == 0 && !whole)
        return damaged(packed, zip_get_name(packed->zip, index, 0), err);
    if (rc == 0 && fsync(fd) != 0)
        rc = -errno;
    return rc ? err_set(err, rc, "%s cannot be written: %s", path, err_text(rc)) : 0;
}

static int packed_unpack(const struct packed *packed, const char *folder, struct err *err)
{
    zip_int64_t count = zip_get_num_entries(packed->zip, 0);
    int rc = 0;
    for (zip_int64_t n = 0; n < count && rc == 0; n++) {
        const char *name = zip_get_name(packed->zip, (zip_uint64_t)n, 0);
        if (!name || strncmp(name, BACKUP_STORE, strlen(BACKUP_STORE)) != 0)
            continue;
        name += strlen(BACKUP_STORE);
        if (!name_fits(name))
            return damaged(packed, BACKUP_STORE, err);
        char *path = arena_format(packed->arena, "%s/%s", folder, name);
        char *slash = path ? strrchr(path, '/') : NULL;
        if (!path)
            return -ENOMEM;
        *slash = '\0';
        if (strchr(name, '/') && mkdir(path, 0700) != 0 && errno != EEXIST)
            return err_set(err, -errno, "%s cannot be made: %s", path, err_text(-errno));
        *slash = '/';
        rc = part_write(packed, (zip_uint64_t)n, path, err);
    }
    return rc;
}

/* --- in its place --- */

struct restoring {
    const struct settings *settings;
    const struct packed *packed;
    struct arena *arena;
    const char *dir;    /* of the organization */
    char *beside;       /* where it is unpacked */
    int daemon, folder; /* musterd's lock; STATE/organizations */
};

static void restoring_done(struct restoring *restoring)
{
    if (restoring->beside)
        backup_sweep(restoring->beside);
    tidy_close(&restoring->daemon);
    tidy_close(&restoring->folder);
}

static int daemon_away(struct restoring *restoring, struct err *err)
{
    const char *path = arena_format(restoring->arena, "%s/musterd/lock", restoring->settings->state);
    if (!path)
        return -ENOMEM;
    restoring->daemon = open(path, O_RDWR | O_CLOEXEC);
    if (restoring->daemon < 0 || flock(restoring->daemon, LOCK_EX | LOCK_NB) == 0)
        return 0;
    return err_set(err, ERR_BUSY, "musterd looks after %s: stop it, restore, and start it again",
                   restoring->settings->state);
}

static int beside_make(struct restoring *restoring, struct err *err)
{
    const char *above = arena_format(restoring->arena, "%s/organizations", restoring->settings->state);
    char *beside = above ? arena_format(restoring->arena, "%s/.restore-XXXXXX", above) : NULL;
    if (!beside)
        return -ENOMEM;
    int rc = store_make_dir(above, 0750, err);
    if (rc != 0)
        return rc;
    if (!mkdtemp(beside) || chmod(beside, 0750) != 0)
        return err_set(err, -errno, "%s cannot be written in: %s", above, err_text(-errno));
    restoring->beside = beside;
    restoring->folder = open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return restoring->folder < 0 ? err_set(err, -errno, "%s cannot be opened: %s", above, err_text(-errno)) : 0;
}

static int key_check(const struct restoring *restoring, struct err *err)
{
    const struct settings *settings = restoring->settings;
    const struct backup *about = &restoring->packed->about;
    const char *made = arena_format(restoring->arena, "%s/seal.key", settings->state);
    char key[BACKUP_KEY] = "";
    if (!made)
        return -ENOMEM;
    bool there = settings->seal_key || access(made, F_OK) == 0; /* loading would make one */
    int rc = there ? backup_key(settings, about->organization, key, err) : 0;
    if (rc == 0 && strcmp(key, about->key) != 0)
        rc = err_set(err, ERR_CONFLICT,
                     "%s was made under %s, and what is sealed in it could not be opened: put the key of that machine "
                     "back first (`seal_key` in muster.yaml, or %s). Nothing was changed",
                     restoring->packed->path, there ? "another master key" : "a master key that is not here", made);
    return rc;
}

/* What was given out since the backup is not given out again: numbers of runs, statements, people, and of changes. */
static int beside_count(struct store *store, struct store *present)
{
    static const char *const names[] = {"run", "seed", "statement", "wait", "sequence"};
    enum { COUNT = sizeof(names) / sizeof(names[0]) };
    uint64_t given_out[COUNT] = {0};
    struct txn txn __attribute__((cleanup(tidy_txn))) = {0};
    int rc = 0;
    if (present) {
        txn_begin(&txn, present, false);
        for (size_t i = 0; i < COUNT; i++)
            given_out[i] = meta_number(&txn, names[i]);
        rc = txn_end(&txn);
    }
    if (rc != 0)
        return rc;
    txn_begin(&txn, store, true);
    for (size_t i = 0; i + 1 < COUNT; i++)
        if (given_out[i] > meta_number(&txn, names[i]))
            meta_set_number(&txn, names[i], given_out[i]);
    rc = journal_leap(&txn, given_out[COUNT - 1], clock_now_ms());
    return rc ? rc : txn_end(&txn);
}

/* What was unpacked opens, is of our layout, and its whole organization is paused. */
static int beside_pause(const struct restoring *restoring, struct store *present, const char *author, struct err *err)
{
    const struct backup *about = &restoring->packed->about;
    struct pause pause = {.connection = "", .author = author, .since_ms = clock_now_ms()};
    struct store *store TIDY(store_close) = NULL;
    bool settled = false;
    uint64_t runs;
    pause.reason = arena_format(restoring->arena, "restored from a backup of %s", about->made);
    if (!pause.reason)
        return -ENOMEM;
    int rc = store_open(restoring->beside, false, &store, err);
    if (rc == 0)
        rc = backup_settled(store, &runs, &settled);
    if (rc == ERR_GONE || rc == ERR_CORRUPT || (rc == 0 && !settled)) {
        *err = (struct err){0};
        return damaged(restoring->packed, BACKUP_STORE "data.mdb", err);
    }
    if (rc == 0 && (rc = beside_count(store, present)) != 0)
        rc = store_fail(store, rc, err);
    return rc ? rc : brake_pause(store, &pause, err);
}

/* One step: whoever opens the organization finds the one or the other. */
static int swap(struct restoring *restoring, bool replace, struct restored *restored, struct err *err)
{
    struct tm tm;
    char when[32];
    time_t now = (time_t)(clock_now_ms() / 1000);
    if (!replace) {
        if (rename(restoring->beside, restoring->dir) != 0)
            return err_set(err, -errno, "%s cannot be put in its place: %s", restoring->dir, err_text(-errno));
        restoring->beside = NULL;
        return fsync(restoring->folder) != 0 ? -errno : 0;
    }
    gmtime_r(&now, &tm);
    strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &tm);
    const char *folder = arena_format(restoring->arena, "%s/replaced", restoring->settings->state);
    const char *aside =
        folder ? arena_format(restoring->arena, "%s/%s-%s", folder, restoring->packed->about.organization, when) : NULL;
    if (!aside)
        return -ENOMEM;
    if ((mkdir(folder, 0700) != 0 && errno != EEXIST) || access(aside, F_OK) == 0 ||
        renameat2(AT_FDCWD, restoring->beside, AT_FDCWD, restoring->dir, RENAME_EXCHANGE) != 0)
        return err_set(err, -errno, "%s cannot be put in its place: %s", restoring->dir, err_text(-errno));
    const char *former = TAKE(restoring->beside); /* never swept from here on */
    restored->replaced = rename(former, aside) == 0 ? aside : former;
    return fsync(restoring->folder) != 0 ? -errno : 0;
}

/* Nobody is at it, neither now nor until it is swapped. */
static int present_lock(const struct restoring *restoring, bool replace, struct store **ret_store, int *ret_lock,
                        bool *ret_there, struct err *err)
{
    const struct backup *about = &restoring->packed->about;
    *ret_there = access(restoring->dir, F_OK) == 0;
    if (!*ret_there)
        return 0;
    if (!replace)
        return err_set(
            err, ERR_CONFLICT,
            "%s is there already: --replace puts it aside (nothing of it is removed) and the backup of %s in "
            "its place",
            about->organization, about->made);
    int rc = store_open(restoring->dir, false, ret_store, err);
    if (rc == 0)
        return store_lock(*ret_store, ret_lock, err);
    if (rc == ERR_GONE || rc == ERR_CORRUPT || rc == ERR_NEWER) { /* that may be why it is restored */
        *err = (struct err){0};
        return 0;
    }
    return rc;
}

/* The organization's file as it was, where there is none now. */
static int file_put_back(const struct restoring *restoring, struct restored *restored, struct err *err)
{
    const struct settings *settings = restoring->settings;
    const char *id = restoring->packed->about.organization, *above = settings->organizations;
    TIDY(free) char *present = mem_new(FILE_MAX + 1, 1);
    char *text;
    size_t len;
    if (!present)
        return -ENOMEM;
    int rc = part_read(restoring->packed, BACKUP_FILE, FILE_MAX, &text, &len, err);
    if (rc == 0 && !above && !(above = arena_format(restoring->arena, "%s/organizations", settings->config_dir)))
        rc = -ENOMEM;
    restored->file = rc == 0 ? arena_format(restoring->arena, "%s/%s.yaml", above, id) : NULL;
    if (!restored->file)
        return rc ? rc : -ENOMEM;
    int fd TIDY(close) = open(restored->file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (fd >= 0) {
        restored->file_made = true;
        return write(fd, text, len) == (ssize_t)len && fsync(fd) == 0
                   ? 0
                   : err_set(err, -EIO, "%s cannot be written: %s", restored->file, err_text(-errno));
    }
    if (errno != EEXIST)
        return err_set(err, -errno, "%s cannot be written: %s", restored->file, err_text(-errno));
    int there TIDY(close) = open(restored->file, O_RDONLY | O_CLOEXEC);
    ssize_t got = there < 0 ? -1 : read(there, present, FILE_MAX + 1);
    restored->file_differs = got != (ssize_t)len || memcmp(present, text, len) != 0;
    return 0;
}

int backup_restore(const struct settings *settings, const char *path, bool replace, const char *author,
                   struct arena *arena, struct backup *ret_backup, struct restored *ret_restored, struct err *err)
{
    TIDY_DONE(packed_done) struct packed packed = {.path = path, .arena = arena};
    TIDY_DONE(restoring_done)
    struct restoring restoring = {.settings = settings, .packed = &packed, .arena = arena, .daemon = -1, .folder = -1};
    struct store *present TIDY(store_close) = NULL;
    struct restored restored = {0};
    int lock TIDY(close) = -1;
    bool there = false;
    int rc = packed_open(&packed, err);
    if (rc == 0 && !(restoring.dir = run_store_dir(settings, packed.about.organization, arena)))
        rc = -ENOMEM;
    if (rc != 0 || (rc = daemon_away(&restoring, err)) != 0 || (rc = key_check(&restoring, err)) != 0 ||
        (rc = present_lock(&restoring, replace, &present, &lock, &there, err)) != 0 ||
        (rc = beside_make(&restoring, err)) != 0 || (rc = packed_unpack(&packed, restoring.beside, err)) != 0 ||
        (rc = beside_pause(&restoring, present, author, err)) != 0 ||
        (rc = swap(&restoring, there, &restored, err)) != 0 || (rc = file_put_back(&restoring, &restored, err)) != 0)
        return rc;
    *ret_backup = packed.about;
    *ret_restored = restored;
    return 0;
}
