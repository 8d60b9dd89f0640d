/* sftp - files on SFTP servers. */
#include "broker/sftp.h"

#include "base/mem.h"
#include "base/tidy.h"
#include "broker/sftp_inside.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WRITE_CHUNK = 1 << 20, NAME_MAX_BYTES = 4096, NUMBER_MAX = 10000 };

int sftp_new(const struct connection *connection, const struct place *place, const struct patience *patience,
             struct sftp **ret_sftp, struct err *err)
{
    struct sftp *sftp = mem_new(1, sizeof(*sftp));
    if (!sftp)
        return err_set(err, -ENOMEM, "%s", err_text(-ENOMEM));
    struct link *link = &sftp->link;
    *link = (struct link){.connection = connection, .patience = patience, .port = place->port, .fd = -1};
    link->user = mem_text(place->user);
    link->host = mem_text(place->host);
    if (!link->user || !link->host) {
        sftp_free(sftp);
        return err_set(err, -ENOMEM, "%s", err_text(-ENOMEM));
    }
    snprintf(link->where, sizeof(link->where), "%s port %u", place->host, place->port);
    *ret_sftp = sftp;
    return 0;
}

void sftp_free(struct sftp *sftp)
{
    if (!sftp)
        return;
    link_close(&sftp->link);
    free(sftp->link.user);
    free(sftp->link.host);
    free(sftp);
}

void sftp_use(struct sftp *sftp, const struct connection *connection, const struct patience *patience)
{
    sftp->link.connection = connection;
    sftp->link.patience = patience;
}

const struct connection *sftp_connection(const struct sftp *sftp)
{
    return sftp->link.connection;
}

bool sftp_serves(const struct sftp *sftp, const struct place *place)
{
    const struct link *link = &sftp->link;
    return place->remote && place->port == link->port && strcmp(place->host, link->host) == 0 &&
           strcmp(place->user, link->user) == 0;
}

static int no_memory(struct err *err)
{
    return err_set(err, -ENOMEM, "%s", err_text(-ENOMEM));
}

/* The code of SFTP itself, when that is what failed; else LIBSSH2_FX_OK. */
static unsigned long sftp_refusal(struct link *link)
{
    if (link->rc != 0 || libssh2_session_last_errno(link->session) != LIBSSH2_ERROR_SFTP_PROTOCOL)
        return LIBSSH2_FX_OK;
    return libssh2_sftp_last_error(link->sftp);
}

/* Whether it refused because there is nothing of that name. */
static bool is_missing(struct link *link)
{
    unsigned long code = sftp_refusal(link);
    return code == LIBSSH2_FX_NO_SUCH_FILE || code == LIBSSH2_FX_NO_SUCH_PATH;
}

int sftp_failed(struct link *link, const char *verb, const char *path, struct err *err)
{
    switch (sftp_refusal(link)) {
    case LIBSSH2_FX_OK: {
        char doing[300];
        snprintf(doing, sizeof(doing), "it was asked to %s %.200s", verb, path);
        return link_failed(link, doing, err);
    }
    case LIBSSH2_FX_NO_SUCH_FILE:
    case LIBSSH2_FX_NO_SUCH_PATH: return err_set(err, ERR_GONE, "there is no %s on %s", path, link->where);
    case LIBSSH2_FX_PERMISSION_DENIED:
    case LIBSSH2_FX_WRITE_PROTECT:
        return err_set(err, ERR_PERMISSION, "user '%s' may not %s %s on %s: ask who runs the server for that right",
                       link->user, verb, path, link->where);
    case LIBSSH2_FX_NO_SPACE_ON_FILESYSTEM:
    case LIBSSH2_FX_QUOTA_EXCEEDED:
        return err_set(err, -ENOSPC, "cannot %s %s on %s: no space is left there", verb, path, link->where);
    case LIBSSH2_FX_NO_CONNECTION:
    case LIBSSH2_FX_CONNECTION_LOST:
        return err_set(err, ERR_NETWORK, "%s lost its own connection when asked to %s %s", link->where, verb, path);
    case LIBSSH2_FX_OP_UNSUPPORTED:
        return err_set(err, ERR_UNSUPPORTED, "%s cannot %s %s: it does not know how", link->where, verb, path);
    default:
        return err_set(err, ERR_NETWORK,
                       "%s refused to %s %s and gives no reason (SFTP code %lu): a full disk, a quota, or a name that "
                       "is taken are the usual ones",
                       link->where, verb, path, sftp_refusal(link));
    }
}

int sftp_stat(struct link *link, const char *path, LIBSSH2_SFTP_ATTRIBUTES *ret_attributes)
{
    int rc;
    LINK_DO(link, rc, libssh2_sftp_stat(link->sftp, path, ret_attributes));
    return rc;
}

bool sftp_is_file(const LIBSSH2_SFTP_ATTRIBUTES *a)
{
    return a->flags & LIBSSH2_SFTP_ATTR_PERMISSIONS && LIBSSH2_SFTP_S_ISREG(a->permissions);
}

static bool is_folder(const LIBSSH2_SFTP_ATTRIBUTES *a)
{
    return a->flags & LIBSSH2_SFTP_ATTR_PERMISSIONS && LIBSSH2_SFTP_S_ISDIR(a->permissions);
}

uint64_t sftp_size(const LIBSSH2_SFTP_ATTRIBUTES *a)
{
    return a->flags & LIBSSH2_SFTP_ATTR_SIZE ? a->filesize : 0;
}

int64_t sftp_mtime(const LIBSSH2_SFTP_ATTRIBUTES *a)
{
    return a->flags & LIBSSH2_SFTP_ATTR_ACMODTIME ? (int64_t)(uint32_t)a->mtime : 0;
}

static int handle_close(struct sftp_handle *handle)
{
    struct link *link = handle->link;
    int rc = LIBSSH2_ERROR_EAGAIN;
    if (!handle->at)
        return 0;
    if (!link_broken(link))
        LINK_DO(link, rc, libssh2_sftp_close_handle(handle->at));
    if (rc == LIBSSH2_ERROR_EAGAIN)
        (void)shutdown(link->fd, SHUT_RDWR);
    for (int i = 0; i < 100 && rc == LIBSSH2_ERROR_EAGAIN; i++)
        rc = libssh2_sftp_close_handle(handle->at);
    handle->at = NULL;
    return rc;
}

void sftp_handle_done(struct sftp_handle *handle)
{
    (void)handle_close(handle);
}

/* Folders */

static int open_folder(struct link *link, const char *folder, struct sftp_handle *handle, struct err *err)
{
    LINK_GET(link, handle->at, libssh2_sftp_opendir(link->sftp, folder));
    if (handle->at)
        return 0;
    if (is_missing(link))
        return err_set(err, ERR_GONE, "there is no folder %s on %s for user '%s'", folder, link->where, link->user);
    return sftp_failed(link, "list", folder, err);
}

/* One name of a folder. What the server says of a link is about the link: the file behind it is asked for. */
static int take_entry(struct link *link, const char *folder, const char *name, LIBSSH2_SFTP_ATTRIBUTES *a,
                      const struct place *place, struct listing *listing, struct err *err)
{
    bool known = a->flags & LIBSSH2_SFTP_ATTR_PERMISSIONS;
    bool link_or_unknown = !known || LIBSSH2_SFTP_S_ISLNK(a->permissions);
    if (strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return 0;
    if (!place_matches(place, name)) {
        if (link_or_unknown || sftp_is_file(a))
            listing_other(listing, name);
        return 0;
    }
    if (link_or_unknown) {
        __attribute__((cleanup(tidy_free))) char *path = place_path(folder, name);
        if (!path)
            return no_memory(err);
        if (sftp_stat(link, path, a) != 0)
            return link_broken(link) ? sftp_failed(link, "list", folder, err) : 0; /* a link to nothing */
    }
    if (!sftp_is_file(a))
        return 0;
    return listing_add(listing, place, folder, name, sftp_size(a), sftp_mtime(a) * 1000, err);
}

static int list_folder(struct link *link, const char *folder, const struct place *place, struct listing *listing,
                       struct err *err)
{
    __attribute__((cleanup(sftp_handle_done))) struct sftp_handle handle = {.link = link};
    int rc = open_folder(link, folder, &handle, err);
    while (rc == 0) {
        char name[NAME_MAX_BYTES];
        LIBSSH2_SFTP_ATTRIBUTES a = {0};
        int got;
        LINK_DO(link, got, libssh2_sftp_readdir(handle.at, name, sizeof(name) - 1, &a));
        if (got == LIBSSH2_ERROR_BUFFER_TOO_SMALL)
            continue; /* longer than any name that could be asked for */
        if (got < 0)
            return sftp_failed(link, "list", folder, err);
        if (got == 0)
            return listing_end(listing, place, folder, err);
        name[got] = '\0';
        rc = take_entry(link, folder, name, &a, place, listing, err);
        if (rc == 0 && patience_cancelled(link->patience))
            rc = err_set(err, ERR_CANCELLED, "cancelled while %s on %s was listed", folder, link->where);
    }
    return rc;
}

int sftp_list(struct sftp *sftp, const struct place *place, struct listing *listing, struct err *err)
{
    struct link *link = &sftp->link;
    listing_clear(listing);
    int rc = link_open(link, err);
    if (rc < 0)
        return rc;
    if (place->pattern || !*place->last)
        return list_folder(link, place->folder, place, listing, err);
    __attribute__((cleanup(tidy_free))) char *path = place_path(place->folder, place->last);
    if (!path)
        return no_memory(err);
    LIBSSH2_SFTP_ATTRIBUTES a = {0};
    rc = sftp_stat(link, path, &a);
    if (rc != 0 && sftp_refusal(link) == LIBSSH2_FX_OK)
        return sftp_failed(link, "look at", path, err);
    if (rc == 0 && sftp_is_file(&a))
        return listing_add(listing, place, place->folder, place->last, sftp_size(&a), sftp_mtime(&a) * 1000, err);
    if (rc != 0 || !is_folder(&a))
        return list_folder(link, place->folder, place, listing, err); /* for the sentence that says what is there */
    struct place inside = *place;
    inside.last = (char *)(uintptr_t) "";
    return list_folder(link, path, &inside, listing, err);
}

int sftp_check(struct sftp *sftp, const struct place *place, struct err *err)
{
    struct link *link = &sftp->link;
    int rc = link_open(link, err);
    if (rc < 0)
        return rc;
    __attribute__((cleanup(tidy_free))) char *path = place_path(place->folder, place->last);
    if (!path)
        return no_memory(err);
    LIBSSH2_SFTP_ATTRIBUTES a = {0};
    bool folder = !place->pattern && sftp_stat(link, path, &a) == 0 && is_folder(&a);
    __attribute__((cleanup(sftp_handle_done))) struct sftp_handle handle = {.link = link};
    return open_folder(link, folder ? path : place->folder, &handle, err);
}

/* Writing */

static int unlink_path(struct link *link, const char *path)
{
    int rc;
    LINK_DO(link, rc, libssh2_sftp_unlink(link->sftp, path));
    return rc;
}

static int rename_path(struct link *link, const char *from, const char *to)
{
    int rc;
    LINK_DO(link, rc, libssh2_sftp_rename_ex(link->sftp, from, (unsigned)strlen(from), to, (unsigned)strlen(to), 0));
    return rc;
}

/* Over what is there. libssh2 before 1.11 cannot ask for it in one step: then the old one is removed first, but only
 * after a rename was refused. */
static int replace_path(struct link *link, const char *from, const char *to)
{
    int rc;
#if LIBSSH2_VERSION_NUM >= 0x010b00
    LINK_DO(link, rc, libssh2_sftp_posix_rename_ex(link->sftp, from, strlen(from), to, strlen(to)));
    if (rc == 0 || sftp_refusal(link) == LIBSSH2_FX_OK)
        return rc;
#endif
    rc = rename_path(link, from, to);
    if (rc == 0 || sftp_refusal(link) == LIBSSH2_FX_OK)
        return rc;
    rc = unlink_path(link, to);
    return rc == 0 ? rename_path(link, from, to) : rc;
}

static int write_all(struct link *link, LIBSSH2_SFTP_HANDLE *at, int from, const char *path, struct err *err)
{
    __attribute__((cleanup(tidy_free))) char *chunk = mem_new(1, WRITE_CHUNK);
    if (!chunk)
        return no_memory(err);
    for (off_t offset = 0;;) {
        ssize_t got = pread(from, chunk, WRITE_CHUNK, offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set(err, -errno, "what was to be written to %s cannot be read: %s", path, err_text(-errno));
        if (got == 0)
            return 0;
        for (ssize_t done = 0; done < got;) {
            ssize_t put;
            LINK_DO(link, put, libssh2_sftp_write(at, chunk + done, (size_t)(got - done)));
            if (put < 0)
                return sftp_failed(link, "write", path, err);
            done += put;
            if (patience_cancelled(link->patience))
                return err_set(err, ERR_CANCELLED, "cancelled while %s on %s was written", path, link->where);
        }
        offset += got;
    }
}

static int store(struct link *link, const char *folder, const char *path, const char *part, int from, struct err *err)
{
    __attribute__((cleanup(sftp_handle_done))) struct sftp_handle handle = {.link = link};
    LINK_GET(link, handle.at,
             libssh2_sftp_open(link->sftp, part, LIBSSH2_FXF_WRITE | LIBSSH2_FXF_CREAT | LIBSSH2_FXF_TRUNC, 0640));
    if (!handle.at && is_missing(link))
        return err_set(err, ERR_GONE, "%s cannot be written: there is no folder %s on %s", path, folder, link->where);
    if (!handle.at)
        return sftp_failed(link, "write", path, err);
    int rc = write_all(link, handle.at, from, path, err);
    if (rc == 0 && handle_close(&handle) != 0)
        rc = sftp_failed(link, "write", path, err);
    if (rc == 0 && replace_path(link, part, path) != 0)
        rc = sftp_failed(link, "write", path, err);
    if (rc < 0 && !link_broken(link)) {
        sftp_handle_done(&handle);
        (void)unlink_path(link, part);
    }
    return rc;
}

int sftp_store(struct sftp *sftp, const struct place *place, int from, struct err *err)
{
    int rc = link_open(&sftp->link, err);
    if (rc < 0)
        return rc;
    __attribute__((cleanup(tidy_free))) char *path = place_path(place->folder, place->last);
    __attribute__((cleanup(tidy_free))) char *name = mem_format(".%s.muster-part", place->last);
    __attribute__((cleanup(tidy_free))) char *part = name ? place_path(place->folder, name) : NULL;
    return path && part ? store(&sftp->link, place->folder, path, part, from, err) : no_memory(err);
}

static int make_folder(struct link *link, const char *folder, struct err *err)
{
    LIBSSH2_SFTP_ATTRIBUTES a = {0};
    if (sftp_stat(link, folder, &a) == 0)
        return is_folder(&a) ? 0 : err_set(err, ERR_CONFIG, "%s on %s is no folder to archive to", folder, link->where);
    if (sftp_refusal(link) == LIBSSH2_FX_OK)
        return sftp_failed(link, "look at", folder, err);
    int rc;
    LINK_DO(link, rc, libssh2_sftp_mkdir(link->sftp, folder, 0750));
    if (rc == 0)
        return 0;
    if (sftp_refusal(link) == LIBSSH2_FX_NO_SUCH_FILE)
        return err_set(err, ERR_GONE, "cannot make the folder %s on %s: the folder above it is missing too", folder,
                       link->where);
    return sftp_failed(link, "make the folder", folder, err);
}

int sftp_folder(struct sftp *sftp, const char *folder, struct err *err)
{
    int rc = link_open(&sftp->link, err);
    return rc < 0 ? rc : make_folder(&sftp->link, folder, err);
}

int sftp_look(struct sftp *sftp, const struct place *place, bool *ret_there, int64_t *ret_mtime_ms, struct err *err)
{
    struct link *link = &sftp->link;
    int rc = link_open(link, err);
    if (rc < 0)
        return rc;
    __attribute__((cleanup(tidy_free))) char *path = place_path(place->folder, place->last);
    if (!path)
        return no_memory(err);
    LIBSSH2_SFTP_ATTRIBUTES a = {0};
    bool there = sftp_stat(link, path, &a) == 0;
    if (!there && !is_missing(link))
        return sftp_failed(link, "look at", path, err);
    *ret_there = there;
    *ret_mtime_ms = there ? sftp_mtime(&a) * 1000 : 0;
    return 0;
}

/* Whether the name is free; a server that does not say is asked by the rename itself. */
static int is_taken(struct link *link, const char *path, bool *ret_taken, struct err *err)
{
    LIBSSH2_SFTP_ATTRIBUTES a = {0};
    int rc;
    LINK_DO(link, rc, libssh2_sftp_lstat(link->sftp, path, &a));
    if (rc != 0 && sftp_refusal(link) == LIBSSH2_FX_OK)
        return sftp_failed(link, "look at", path, err);
    *ret_taken = rc == 0;
    return 0;
}

int sftp_archive(struct sftp *sftp, const struct place *place, const char *folder, char **ret_to, struct err *err)
{
    struct link *link = &sftp->link;
    __attribute__((cleanup(tidy_free))) char *from = place_path(place->folder, place->last);
    bool taken = false;
    int rc = from ? link_open(link, err) : no_memory(err);
    if (rc == 0)
        rc = is_taken(link, from, &taken, err);
    if (rc < 0)
        return rc;
    if (!taken)
        return err_set(err, ERR_GONE, "%s on %s cannot be archived: it is no longer there", from, link->where);
    rc = make_folder(link, folder, err);
    for (unsigned number = 1; rc == 0 && number < NUMBER_MAX; number++) {
        __attribute__((cleanup(tidy_free))) char *name = place_numbered(place->last, number);
        __attribute__((cleanup(tidy_free))) char *to = name ? place_path(folder, name) : NULL;
        if (!to)
            return no_memory(err);
        rc = is_taken(link, to, &taken, err);
        if (rc < 0 || taken)
            continue;
        if (rename_path(link, from, to) == 0) {
            *ret_to = TAKE(name);
            return 0;
        }
        unsigned long code = sftp_refusal(link);
        if (code != LIBSSH2_FX_FAILURE && code != LIBSSH2_FX_FILE_ALREADY_EXISTS)
            return sftp_failed(link, "archive to", to, err);
        rc = is_taken(link, to, &taken, err); /* somebody was faster: the next number */
        if (rc == 0 && !taken)
            return err_set(err, ERR_NETWORK, "%s refused to move %s to %s: name a folder on the same disk there",
                           link->where, from, to);
    }
    return rc < 0 ? rc
                  : err_set(err, ERR_LIMIT, "%s on %s cannot be archived: %s holds %d files of that name; clear it",
                            from, link->where, folder, NUMBER_MAX);
}

int sftp_remove(struct sftp *sftp, const struct place *place, struct err *err)
{
    int rc = link_open(&sftp->link, err);
    if (rc < 0)
        return rc;
    __attribute__((cleanup(tidy_free))) char *path = place_path(place->folder, place->last);
    if (!path)
        return no_memory(err);
    return unlink_path(&sftp->link, path) == 0 ? 0 : sftp_failed(&sftp->link, "remove", path, err);
}
