/* badge - who may use the API. */
#include "api/badge.h"

#include "base/base64.h"
#include "base/buffer.h"
#include "base/descriptor.h"
#include "base/jsonobject.h"
#include "base/jsontext.h"
#include "base/mem.h"
#include "store/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SECRET = 32, NAME_MOST = 60, FILE_MOST = 64 << 10 };
#define PREFIX "muster_"
static const int64_t JUST_NOW_NS = 50 * 1000000; /* what changes twice in one tick of a file's clock looks like once */

static const char *const roles[] = {"", "viewer", "operator", "administrator"};

const char *role_name(enum role role)
{
    return roles[role];
}

enum role role_of(const char *name)
{
    for (enum role role = ROLE_VIEWER; role <= ROLE_ADMINISTRATOR; role++)
        if (strcmp(roles[role], name) == 0)
            return role;
    return (enum role)0;
}

/* Of a badge, which is the name of a file, too. */
static bool name_fits(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");
    return len > 0 && len <= NAME_MOST && name[len] == '\0' && name[0] != '.';
}

/* --- read --- */

struct reading {
    struct arena *arena;
    struct badge *badge;
    bool digest;
    int rc;
};

static bool read_digest(const struct jsonobject_member *member, uint8_t ret_digest[DIGEST_SHA256])
{
    size_t len = 0;
    return base64_read(member->text, member->text_len, ret_digest, DIGEST_SHA256, &len) && len == DIGEST_SHA256;
}

static int member(void *context, const struct jsonobject_member *member)
{
    struct reading *reading = context;
    struct badge *badge = reading->badge;
    const struct {
        const char *name;
        const char **text;
        int64_t *number;
    } members[] = {{"organizations", &badge->organizations, NULL},
                   {"author", &badge->author, NULL},
                   {"created", NULL, &badge->created_ms},
                   {"expires", NULL, &badge->expires_ms},
                   {"revoked", NULL, &badge->revoked_ms}};
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (strcmp(members[i].name, member->name) != 0)
            continue;
        /* A list of organizations, or a day as text, that were passed over would open more than was meant. */
        if (member->type != (members[i].text ? JSONOBJECT_STRING : JSONOBJECT_NUMBER))
            return ERR_DATA;
        if (members[i].text && !(*members[i].text = arena_copy(reading->arena, member->text, member->text_len)))
            return -ENOMEM;
        if (members[i].number)
            *members[i].number = strtoll(member->text, NULL, 10);
    }
    if (strcmp(member->name, "role") == 0 && member->type == JSONOBJECT_STRING)
        badge->role = role_of(member->text);
    if (strcmp(member->name, "protected") == 0)
        badge->protected = member->type == JSONOBJECT_BOOL && member->text[0] == 't';
    if (strcmp(member->name, "sha256") == 0)
        reading->digest = member->type == JSONOBJECT_STRING && read_digest(member, badge->digest);
    return 0;
}

static int read_text(int folder, const char *name, struct buffer *out)
{
    TIDY(close) int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return -errno;
    char *place = buffer_reserve(out, FILE_MOST);
    ssize_t len = place ? read(fd, place, FILE_MOST) : -1;
    if (len < 0)
        return place ? -errno : -ENOMEM;
    out->len = (size_t)len;
    out->data[len] = '\0';
    return 0;
}

/* ERR_DATA: it is none. */
static int read_one(int folder, const char *name, struct arena *arena, struct badge *badge)
{
    TIDY_DONE(buffer_done) struct buffer text = {0};
    struct reading reading = {.arena = arena, .badge = badge};
    const char *why;
    size_t at;
    int rc = read_text(folder, name, &text);
    if (rc == 0 && !(badge->name = arena_text(arena, name)))
        rc = -ENOMEM;
    rc = rc ? rc : jsonobject_split(text.data, text.len, member, &reading, &why, &at);
    return rc ? rc : reading.digest && badge->role ? 0 : ERR_DATA;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct badge *)a)->name, ((const struct badge *)b)->name);
}

static void read_used(struct badges *badges, const char *state)
{
    TIDY(free) char *path = mem_format("%s/musterd/used", state), *line = NULL;
    TIDY(fclose) FILE *file = path ? fopen(path, "re") : NULL;
    size_t room = 0;
    while (file && getline(&line, &room, file) > 0) {
        char *end;
        int64_t ms = strtoll(line, &end, 10);
        end[strcspn(end, "\n")] = '\0';
        for (size_t i = 0; *end == ' ' && i < badges->count; i++)
            if (strcmp(badges->items[i].name, end + 1) == 0)
                atomic_store(&badges->items[i].used_ms, ms);
    }
}

static int64_t clock_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* 0: it is not there, or has changed so lately that it may do so again unseen. */
static int64_t folder_changed(const char *state)
{
    char path[PATH_MAX];
    struct stat status;
    snprintf(path, sizeof(path), "%s/musterd/tokens", state);
    if (stat(path, &status) != 0)
        return -1;
    int64_t changed = (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec;
    return clock_now_ns() - changed < JUST_NOW_NS ? 0 : changed;
}

bool badges_changed(const struct badges *badges, const char *state)
{
    int64_t changed = folder_changed(state);
    return changed == 0 || changed != badges->changed_ns;
}

static int read_folder(struct badges *badges, DIR *folder, const char **ret_bad)
{
    size_t room = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (!name_fits(entry->d_name) || strstr(entry->d_name, ".new"))
            continue;
        if (mem_grow(&badges->items, badges->count, &room, sizeof(*badges->items)) != 0)
            return -ENOMEM;
        struct badge *badge = &badges->items[badges->count];
        memset(badge, 0, sizeof(*badge));
        int rc = read_one(dirfd(folder), entry->d_name, badges->arena, badge);
        if (rc == -ENOMEM)
            return rc;
        if (rc == 0)
            badges->count++;
        else
            *ret_bad = arena_text(badges->arena, entry->d_name);
    }
    return 0;
}

int badges_read(const char *state, struct badges **ret_badges, const char **ret_bad)
{
    TIDY(badges_free) struct badges *badges = mem_new(1, sizeof(*badges));
    TIDY(free) char *path = mem_format("%s/musterd/tokens", state);
    if (!badges || !path)
        return -ENOMEM;
    atomic_store(&badges->users, 1);
    *ret_bad = NULL;
    badges->changed_ns = folder_changed(state);
    if (!(badges->arena = arena_new()))
        return -ENOMEM;
    DIR *folder = opendir(path);
    if (!folder && errno != ENOENT)
        return -errno;
    int rc = folder ? read_folder(badges, folder, ret_bad) : 0;
    if (folder)
        closedir(folder);
    if (rc != 0)
        return rc;
    if (badges->count > 1)
        qsort(badges->items, badges->count, sizeof(*badges->items), by_name);
    read_used(badges, state);
    *ret_badges = TAKE(badges);
    return 0;
}

struct badges *badges_use(struct badges *badges)
{
    atomic_fetch_add(&badges->users, 1);
    return badges;
}

void badges_free(struct badges *badges)
{
    if (!badges || atomic_fetch_sub(&badges->users, 1) > 1)
        return;
    arena_free(badges->arena);
    free(badges->items);
    free(badges);
}

/* --- asked --- */

bool badge_valid(const struct badge *badge, int64_t now_ms)
{
    return badge->revoked_ms == 0 && (badge->expires_ms == 0 || now_ms < badge->expires_ms);
}

struct badge *badges_find(struct badges *badges, const char *said, int64_t now_ms)
{
    uint8_t digest[DIGEST_SHA256];
    struct badge *found = NULL;
    digest_sha256(said, strlen(said), digest);
    for (size_t i = 0; i < badges->count; i++)
        if (digest_equal(digest, badges->items[i].digest) && badge_valid(&badges->items[i], now_ms))
            found = &badges->items[i];
    return found;
}

bool badges_have(const struct badges *badges, const struct badge *before, int64_t now_ms)
{
    for (size_t i = 0; i < badges->count; i++)
        if (digest_equal(before->digest, badges->items[i].digest))
            return badge_valid(&badges->items[i], now_ms);
    return false;
}

bool badge_sees(const struct badge *badge, const char *organization)
{
    size_t len = strlen(organization);
    if (!badge->organizations)
        return true;
    for (const char *at = badge->organizations; *at; at += strcspn(at, ","), at += *at == ',')
        if (strcspn(at, ",") == len && memcmp(at, organization, len) == 0)
            return true;
    return false;
}

/* --- kept --- */

/* Whole or not at all; the folder's own time tells musterd. */
static int keep(const char *path, const struct buffer *text)
{
    TIDY(free) char *partial = mem_format("%s.new", path);
    if (!partial || text->rc != 0)
        return -ENOMEM;
    TIDY(close) int fd = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int rc = fd < 0 ? -errno : descriptor_write(fd, text->data, text->len);
    if (rc != 0)
        return rc;
    return fsync(fd) != 0 || rename(partial, path) != 0 ? -errno : 0;
}

void badges_carry(const struct badges *from, struct badges *to)
{
    for (size_t i = 0; i < from->count; i++)
        for (size_t n = 0; n < to->count; n++)
            if (strcmp(from->items[i].name, to->items[n].name) == 0)
                atomic_store(&to->items[n].used_ms, atomic_load(&from->items[i].used_ms));
}

int badges_keep_used(const struct badges *badges, const char *state)
{
    TIDY(free) char *path = mem_format("%s/musterd/used", state);
    TIDY_DONE(buffer_done) struct buffer text = {0};
    buffer_text(&text, "");
    for (size_t i = 0; i < badges->count; i++)
        if (atomic_load(&badges->items[i].used_ms) > 0)
            buffer_format(&text, "%" PRId64 " %s\n", atomic_load(&badges->items[i].used_ms), badges->items[i].name);
    return path ? keep(path, &text) : -ENOMEM;
}

static int write_badge(const char *path, const struct badge *badge)
{
    TIDY_DONE(buffer_done) struct buffer text = {0};
    char digest[BASE64_ROOM(DIGEST_SHA256)];
    base64_write(badge->digest, DIGEST_SHA256, true, digest);
    buffer_byte(&text, '{');
    json_member_text(&text, "sha256", digest);
    json_member_text(&text, "role", role_name(badge->role));
    if (badge->organizations)
        json_member_text(&text, "organizations", badge->organizations);
    json_member_text(&text, "author", badge->author ? badge->author : "");
    json_member_number(&text, "created", (uint64_t)badge->created_ms);
    json_member_number(&text, "expires", (uint64_t)badge->expires_ms);
    json_member_number(&text, "revoked", (uint64_t)badge->revoked_ms);
    json_name(&text, "protected");
    buffer_text(&text, badge->protected ? "true}\n" : "false}\n");
    return keep(path, &text);
}

static int make_folder(const char *state, char **ret_folder, struct err *err)
{
    TIDY(free) char *above = mem_format("%s/musterd", state);
    *ret_folder = mem_format("%s/musterd/tokens", state);
    if (!above || !*ret_folder)
        return -ENOMEM;
    int rc = store_make_dir(above, 0700, err);
    return rc ? rc : store_make_dir(*ret_folder, 0700, err);
}

/* "muster_" and 43 letters and digits: easy to find where it was left lying about. */
static int make_text(char ret_text[BADGE_TEXT])
{
    uint8_t secret[SECRET];
    char text[BASE64_ROOM(SECRET)];
    if (getrandom(secret, sizeof(secret), 0) != SECRET)
        return -EIO;
    base64_write(secret, sizeof(secret), false, text);
    for (char *at = text; *at; at++)
        *at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
    snprintf(ret_text, BADGE_TEXT, PREFIX "%s", text);
    explicit_bzero(secret, sizeof(secret));
    explicit_bzero(text, sizeof(text));
    return 0;
}

int badge_create(const char *state, const struct badge *badge, char ret_text[BADGE_TEXT], struct err *err)
{
    TIDY(free) char *folder = NULL;
    struct badge made = {.role = badge->role, .protected = badge->protected, .organizations = badge->organizations};
    made.author = badge->author;
    made.created_ms = badge->created_ms;
    made.expires_ms = badge->expires_ms;
    if (!name_fits(badge->name) || strstr(badge->name, ".new"))
        return err_set(err, ERR_CONFIG, "'%s' is no name for a token: letters, digits, - _ and . up to %d", badge->name,
                       NAME_MOST);
    int rc = make_folder(state, &folder, err);
    TIDY(free) char *path = rc == 0 ? mem_format("%s/%s", folder, badge->name) : NULL;
    if (path && access(path, F_OK) == 0)
        return err_set(err, ERR_CONFIG,
                       "there is a token '%s' already, or was: names stay with what was done under them. Take another.",
                       badge->name);
    rc = rc ? rc : path ? make_text(ret_text) : -ENOMEM;
    if (rc == 0) {
        digest_sha256(ret_text, strlen(ret_text), made.digest);
        rc = write_badge(path, &made);
    }
    return rc == 0 ? 0 : err_set(err, rc, "%s/musterd/tokens cannot be written: %s", state, err_text(rc));
}

int badge_revoke(const char *state, const char *name, int64_t now_ms, struct err *err)
{
    TIDY(badges_free) struct badges *badges = NULL;
    TIDY(free) char *path = mem_format("%s/musterd/tokens/%s", state, name);
    const char *bad;
    int rc = path ? badges_read(state, &badges, &bad) : -ENOMEM;
    if (rc != 0)
        return err_set(err, rc, "%s/musterd/tokens cannot be read: %s", state, err_text(rc));
    for (size_t i = 0; i < badges->count; i++)
        if (strcmp(badges->items[i].name, name) == 0) {
            badges->items[i].revoked_ms = badges->items[i].revoked_ms ? badges->items[i].revoked_ms : now_ms;
            rc = write_badge(path, &badges->items[i]);
            return rc == 0 ? 0 : err_set(err, rc, "%s cannot be written: %s", path, err_text(rc));
        }
    return err_set(err, ERR_UNKNOWN, "there is no token '%s': `muster token list` shows them", name);
}
