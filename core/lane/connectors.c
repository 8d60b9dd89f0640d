/* connectors - what is installed: found by name in the configured folders, described by a host process, remembered. */
#include "lane/connectors.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/wire.h"
#include "lane/description.h"
#include "lane/lane.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#define CACHE_MAGIC 0x4d434431u /* "MCD1" */
enum { CACHE_MAX = 4 * 1024 * 1024 };

struct entry {
    const char *name, *path;
    size_t nth; /* of those of this name: 0 for the first folder's, which is meant where nobody says which */
    const muster_connector *description; /* NULL: not asked yet, or it failed */
    const char *lacks, *digest;
    struct err err; /* why it failed; said again without another try */
};

struct connectors {
    const struct settings *settings;
    pthread_mutex_t lock; /* runs ask from threads of their own */
    struct arena *arena;
    struct entry *entries; /* sorted by name, then by folder */
    size_t count, room;
    const char **names;
    const char *instead; /* the edition of its connector that everybody gets; NULL: the one they ask for */
};

static bool name_valid(const char *name, size_t len)
{
    if (len == 0 || name[0] < 'a' || name[0] > 'z')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!((name[i] >= 'a' && name[i] <= 'z') || (name[i] >= '0' && name[i] <= '9') || name[i] == '_' ||
              name[i] == '-'))
            return false;
    return true;
}

/* FOLDER/NAME.so */
static int entry_add(struct connectors *connectors, const char *folder, const char *file)
{
    size_t len = strlen(file);
    if (len < 4 || strcmp(file + len - 3, ".so") != 0 || !name_valid(file, len - 3))
        return 0;
    const char *name = arena_copy(connectors->arena, file, len - 3);
    const char *path = arena_format(connectors->arena, "%s/%s", folder, file);
    if (!name || !path)
        return -ENOMEM;
    size_t nth = 0;
    for (size_t i = 0; i < connectors->count; i++)
        nth += strcmp(connectors->entries[i].name, name) == 0;
    if (mem_grow(&connectors->entries, connectors->count, &connectors->room, sizeof(*connectors->entries)) != 0)
        return -ENOMEM;
    connectors->entries[connectors->count++] = (struct entry){.name = name, .path = path, .nth = nth};
    return 0;
}

static int folder_read(struct connectors *connectors, const char *path)
{
    DIR *folder = opendir(path);
    if (!folder)
        return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : -errno;
    int rc = 0;
    for (struct dirent *entry; rc == 0 && (entry = readdir(folder)) != NULL;)
        rc = entry_add(connectors, path, entry->d_name);
    closedir(folder);
    return rc;
}

static int by_name(const void *a, const void *b)
{
    const struct entry *one = a, *other = b;
    int order = strcmp(one->name, other->name);
    return order != 0 ? order : (one->nth > other->nth) - (one->nth < other->nth);
}

static int names_make(struct connectors *connectors)
{
    if (connectors->count > 0)
        qsort(connectors->entries, connectors->count, sizeof(*connectors->entries), by_name);
    connectors->names = arena_get(connectors->arena, (connectors->count + 1) * sizeof(*connectors->names));
    for (size_t i = 0, n = 0; connectors->names && i < connectors->count; i++)
        if (connectors->entries[i].nth == 0)
            connectors->names[n++] = connectors->entries[i].name;
    return connectors->names ? 0 : -ENOMEM;
}

int connectors_open(const struct settings *settings, struct connectors **ret_connectors)
{
    TIDY(connectors_free) struct connectors *connectors = mem_new(1, sizeof(*connectors));
    if (!connectors)
        return -ENOMEM;
    pthread_mutex_init(&connectors->lock, NULL);
    connectors->settings = settings;
    connectors->arena = arena_new();
    int rc = connectors->arena ? 0 : -ENOMEM;
    for (const char *const *folder = settings->connectors; rc == 0 && folder && *folder; folder++)
        rc = folder_read(connectors, *folder);
    if (rc == 0)
        rc = names_make(connectors);
    if (rc == 0)
        *ret_connectors = TAKE(connectors);
    return rc;
}

void connectors_free(struct connectors *connectors)
{
    if (!connectors)
        return;
    pthread_mutex_destroy(&connectors->lock);
    free(connectors->entries);
    arena_free(connectors->arena);
    free(connectors);
}

const char *const *connectors_names(void *connectors)
{
    return ((struct connectors *)connectors)->names;
}

/* What a kept description is true for: this file, this host program, this kernel. */
static int identity(const struct entry *entry, struct buffer *out)
{
    char program[PATH_MAX];
    struct stat connector, host;
    struct utsname kernel;
    int rc = lane_program(program, NULL);
    if (rc != 0)
        return rc;
    if (stat(entry->path, &connector) != 0 || stat(program, &host) != 0 || uname(&kernel) != 0)
        return -errno;
    const struct stat *const files[] = {&connector, &host};
    wire_put_u32(out, CACHE_MAGIC);
    wire_put_u32(out, WIRE_VERSION);
    wire_put_text(out, entry->path);
    wire_put_text(out, program);
    wire_put_text(out, kernel.release);
    for (size_t i = 0; i < 2; i++) {
        wire_put_u64(out, files[i]->st_dev);
        wire_put_u64(out, files[i]->st_ino);
        wire_put_u64(out, (uint64_t)files[i]->st_size);
        wire_put_u64(out, (uint64_t)files[i]->st_mtim.tv_sec);
        wire_put_u64(out, (uint64_t)files[i]->st_mtim.tv_nsec);
    }
    return out->rc;
}

static int file_read(const char *path, struct buffer *out)
{
    TIDY(close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0)
        return -errno;
    if (!S_ISREG(status.st_mode) || status.st_size > CACHE_MAX)
        return ERR_CORRUPT;
    char *room = buffer_reserve(out, (size_t)status.st_size);
    if (!room)
        return out->rc;
    return read(fd, room, (size_t)status.st_size) == (ssize_t)status.st_size ? 0 : ERR_CORRUPT;
}

/* A file that is missing, of another file or damaged is as good as none. */
static bool cache_read(struct connectors *connectors, struct entry *entry, const char *path, const struct buffer *key)
{
    TIDY_DONE(buffer_done) struct buffer kept = {0};
    if (file_read(path, &kept) != 0 || kept.len < key->len + sizeof(uint64_t) ||
        memcmp(kept.data, key->data, key->len) != 0)
        return false;
    size_t len = kept.len - sizeof(uint64_t);
    uint64_t check;
    memcpy(&check, kept.data + len, sizeof(check));
    if (check != digest_fast(kept.data, len))
        return false;
    struct wire wire = wire_over(kept.data + key->len, len - key->len);
    const char *lacks = wire_need_text(&wire);
    const muster_connector *description = NULL;
    if (!lacks || description_read(&wire, connectors->arena, &description) != 0 ||
        strcmp(description->name, entry->name) != 0)
        return false;
    entry->lacks = arena_text(connectors->arena, lacks);
    entry->description = entry->lacks ? description : NULL;
    return entry->description != NULL;
}

/* Whole or not at all; a failure costs only the next process a millisecond. */
static void cache_write(const char *path, const struct lane *lane, struct buffer *key)
{
    size_t len;
    const void *bytes = lane_description_bytes(lane, &len);
    wire_put_text(key, lane_sandbox_lacks(lane));
    buffer_add(key, bytes, len);
    if (key->rc != 0)
        return;
    uint64_t check = digest_fast(key->data, key->len);
    wire_put_u64(key, check);
    char temporary[PATH_MAX];
    if (key->rc != 0 || snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >= (int)sizeof(temporary))
        return;
    TIDY(close) int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return;
    if (write(fd, key->data, key->len) != (ssize_t)key->len || rename(temporary, path) != 0)
        unlink(temporary);
}

/* STATE/connectors, made when missing; "" in ret_folder when it cannot be. */
static void folder_make(const struct connectors *connectors, char ret_folder[PATH_MAX])
{
    const char *state = connectors->settings->state;
    if (snprintf(ret_folder, PATH_MAX, "%s/connectors", state) >= PATH_MAX ||
        ((mkdir(state, 0700) != 0 && errno != EEXIST) || (mkdir(ret_folder, 0700) != 0 && errno != EEXIST)))
        ret_folder[0] = '\0';
}

static int ask_host(struct connectors *connectors, struct entry *entry, const char *folder, const char *cache,
                    struct buffer *key, struct err *err)
{
    const char *scratch = folder[0] ? folder : "/tmp";
    struct lane_start start = {.connector = entry->path, .scratch_dir = scratch, .settings = connectors->settings};
    TIDY(lane_stop) struct lane *lane = NULL;
    int rc = lane_begin(&start, &lane, err);
    if (rc != 0)
        return rc;
    size_t len;
    const void *bytes = lane_description_bytes(lane, &len);
    struct wire wire = wire_over(bytes, len);
    rc = description_read(&wire, connectors->arena, &entry->description);
    entry->lacks = arena_text(connectors->arena, lane_sandbox_lacks(lane));
    if (rc != 0 || !entry->lacks)
        return err_set(err, rc != 0 ? rc : -ENOMEM, "connector '%s': no memory for its description", entry->name);
    if (cache[0] && key->rc == 0 && key->len > 0)
        cache_write(cache, lane, key);
    return 0;
}

static void describe(struct connectors *connectors, struct entry *entry)
{
    char folder[PATH_MAX], cache[PATH_MAX + 300] = "";
    TIDY_DONE(buffer_done) struct buffer key = {0};
    folder_make(connectors, folder);
    if (folder[0] && entry->nth == 0)
        snprintf(cache, sizeof(cache), "%s/%s.cache", folder, entry->name);
    else if (folder[0])
        snprintf(cache, sizeof(cache), "%s/%s.%zu.cache", folder, entry->name, entry->nth);
    if (identity(entry, &key) != 0)
        buffer_clear(&key); /* what is wrong will be said by the host, or by its absence */
    if (cache[0] && key.len > 0 && cache_read(connectors, entry, cache, &key))
        return;
    int rc = ask_host(connectors, entry, folder, cache, &key, &entry->err);
    if (rc != 0) {
        entry->description = NULL;
        err_set(&entry->err, rc, "connector '%s': %s", entry->name, err_text(rc));
    }
}

/* Asked once; NULL: it failed, and entry->err says why. */
static const muster_connector *description_of(struct connectors *connectors, struct entry *entry)
{
    if (!entry->description && entry->err.rc == 0)
        describe(connectors, entry);
    return entry->description;
}

static const char *digest_of(struct connectors *connectors, struct entry *entry)
{
    uint8_t digest[DIGEST_SHA256];
    char hex[DIGEST_HEX];
    TIDY(close) int fd = entry->digest ? -1 : open(entry->path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && digest_fd(fd, digest) == 0) {
        digest_hex(digest, sizeof(digest), hex);
        entry->digest = arena_text(connectors->arena, hex);
    }
    return entry->digest;
}

/* What stands behind the @: a version, as the connector says it, or a digest of its file. */
static bool is_edition(struct connectors *connectors, struct entry *entry, const char *said)
{
    static const char by_digest[] = "sha256:";
    if (strncmp(said, by_digest, sizeof(by_digest) - 1) == 0) {
        const char *digest = digest_of(connectors, entry);
        return digest && strcmp(digest, said + sizeof(by_digest) - 1) == 0;
    }
    const muster_connector *description = description_of(connectors, entry);
    return description && description->version && strcmp(description->version, said) == 0;
}

static void tell_another(struct connectors *connectors, struct entry *entry, struct buffer *out)
{
    const muster_connector *description = description_of(connectors, entry);
    const char *digest = digest_of(connectors, entry);
    buffer_format(out, "%s%s is %s, sha256:%s", out->len > 0 ? "; " : "", entry->path,
                  description ? description->version : "none that can be used", digest ? digest : "unreadable");
}

/* The first file that is that edition. NULL: there is none; `err` says what there is. The lock is held. */
static struct entry *entry_find(struct connectors *connectors, const char *edition, struct err *err)
{
    TIDY_DONE(buffer_done) struct buffer others = {0};
    size_t len = strcspn(edition, "@");
    const char *instead = connectors->instead;
    if (instead && strncmp(instead, edition, len) == 0 && instead[len] == '@')
        edition = instead;
    for (size_t i = 0; i < connectors->count; i++) {
        struct entry *entry = &connectors->entries[i];
        if (strncmp(entry->name, edition, len) != 0 || entry->name[len] != '\0')
            continue;
        if (!edition[len] || is_edition(connectors, entry, edition + len + 1))
            return entry;
        tell_another(connectors, entry, &others);
    }
    const char *folder = connectors->settings->connectors ? connectors->settings->connectors[0] : NULL;
    if (others.len > 0 && others.rc == 0)
        err_set(err, ERR_GONE, "connector '%s' is not installed: %s", edition, others.data);
    else
        err_set(err, ERR_GONE, "there is no connector '%s': it would be a file %.*s.so in %s", edition, (int)len,
                edition, folder ? folder : "a folder that muster.yaml names under `connectors`");
    return NULL;
}

int connectors_instead(struct connectors *connectors, const char *edition)
{
    pthread_mutex_lock(&connectors->lock);
    connectors->instead = arena_text(connectors->arena, edition);
    int rc = connectors->instead ? 0 : -ENOMEM;
    pthread_mutex_unlock(&connectors->lock);
    return rc;
}

const muster_connector *connectors_describe(void *context, const char *edition, struct err *err)
{
    struct connectors *connectors = context;
    const muster_connector *description = NULL;
    pthread_mutex_lock(&connectors->lock);
    struct entry *entry = entry_find(connectors, edition, err);
    if (entry && !(description = description_of(connectors, entry)))
        err_set(err, entry->err.rc, "%s", entry->err.text);
    pthread_mutex_unlock(&connectors->lock);
    return description;
}

const char *connectors_path(struct connectors *connectors, const char *edition)
{
    pthread_mutex_lock(&connectors->lock);
    const struct entry *entry = entry_find(connectors, edition, NULL);
    pthread_mutex_unlock(&connectors->lock);
    return entry ? entry->path : NULL;
}

const char *connectors_digest(struct connectors *connectors, const char *edition)
{
    pthread_mutex_lock(&connectors->lock);
    struct entry *entry = entry_find(connectors, edition, NULL);
    const char *digest = entry ? digest_of(connectors, entry) : NULL;
    pthread_mutex_unlock(&connectors->lock);
    return digest;
}

const char *connectors_sandbox_lacks(struct connectors *connectors, const char *edition)
{
    pthread_mutex_lock(&connectors->lock);
    struct entry *entry = entry_find(connectors, edition, NULL);
    const char *lacks = entry && description_of(connectors, entry) ? entry->lacks : "";
    pthread_mutex_unlock(&connectors->lock);
    return lacks;
}
