/* file - files of a connection: on an SFTP server or in a local folder.
 *
 * The front: decides which places a connection's options allow, and hands the
 * work to local.c or sftp.c. */
#include "broker/file.h"

#include "base/mem.h"
#include "broker/cassette_file.h"
#include "broker/listing.h"
#include "broker/local.h"
#include "broker/patience.h"
#include "broker/place.h"
#include "broker/sessions.h"

#include <errno.h>
#include <muster/connector.h>
#include <string.h>

struct files {
    const struct connection *connection;
    struct patience patience;
    struct listing listing;
    struct sessions *sessions; /* own, or what others share with us */
    struct sessions *own;
    struct partials partials;
    bool keeps_partials;
    struct cassette *cassette;
};

int files_open(const struct connection *connection, int (*cancelled)(void *), void *context, struct files **ret_files,
               struct err *err)
{
    struct files *files = mem_new(1, sizeof(*files));
    if (!files)
        return err_set(err, -ENOMEM, "%s", err_text(-ENOMEM));
    files->connection = connection;
    files->patience = (struct patience){.cancelled = cancelled,
                                        .context = context,
                                        .connect_ms = PATIENCE_CONNECT_MS,
                                        .operation_ms = PATIENCE_OPERATION_MS};
    files->own = files->sessions = sessions_new();
    if (!files->own || ignore_read(connection, &files->listing.ignore) != 0) {
        files_free(files);
        return err_set(err, -ENOMEM, "%s", err_text(-ENOMEM));
    }
    *ret_files = files;
    return 0;
}

void files_free(struct files *files)
{
    if (!files)
        return;
    sessions_free(files->own);
    listing_done(&files->listing);
    explicit_bzero(&files->partials, sizeof(files->partials));
    free(files);
}

void files_share(struct files *files, struct sessions *sessions)
{
    files->sessions = sessions ? sessions : files->own;
}

void files_keep_partials(struct files *files, const uint8_t key[32], int every_ms)
{
    memcpy(files->partials.key, key, sizeof(files->partials.key));
    files->partials.every_ms = every_ms;
    files->keeps_partials = true;
}

void files_cassette(struct files *files, struct cassette *cassette)
{
    files->cassette = cassette;
}

void files_patience(struct files *files, int connect_ms, int operation_ms)
{
    files->patience.connect_ms = connect_ms;
    files->patience.operation_ms = operation_ms;
}

/* Every sentence that leaves this file says which connection it is about. */
static int said(struct files *files, struct err *err, int rc)
{
    if (rc < 0)
        err_prefix(err, "connection '%s': ", files->connection->name);
    return rc;
}

/* Options that are places */

typedef int place_visit(void *context, const char *option, const char *text, struct err *err);

static const muster_option *option_find(const muster_option *table, size_t stride, const char *name, size_t len)
{
    for (const char *at = (const char *)table; at && ((const muster_option *)(const void *)at)->name; at += stride) {
        const muster_option *option = (const muster_option *)(const void *)at;
        if (strlen(option->name) == len && memcmp(option->name, name, len) == 0)
            return option;
    }
    return NULL;
}

/* "stores[2].file" is the member `file` of the list `stores`. */
static bool nested_place(const struct muster_connector *description, const char *name)
{
    const char *bracket = strchr(name, '['), *dot = strchr(name, '.');
    if (!bracket)
        return false;
    const muster_option *option =
        option_find(description->options, description->option_size, name, (size_t)(bracket - name));
    if (option && dot && option->members)
        option = option_find(option->members, description->option_size, dot + 1, strlen(dot + 1));
    return option && (option->flags & MUSTER_PLACE) != 0;
}

/* Calls visit for every place that the options name, until it returns something else than 0. */
static int places_each(const struct connection *connection, place_visit *visit, void *context, struct err *err)
{
    static const char *const usual[] = {"location", "archive_to"};
    const struct muster_connector *description = connection->description;
    int rc = 0;
    for (size_t i = 0; !description && rc == 0 && i < sizeof(usual) / sizeof(usual[0]); i++) {
        const char *text = connection_option(connection, usual[i]);
        rc = text && *text ? visit(context, usual[i], text, err) : 0;
    }
    if (!description)
        return rc;
    for (const char *at = (const char *)description->options; at && rc == 0; at += description->option_size) {
        const muster_option *option = (const muster_option *)(const void *)at;
        if (!option->name)
            break;
        const char *text = option->flags & MUSTER_PLACE ? connection_option(connection, option->name) : NULL;
        rc = text && *text ? visit(context, option->name, text, err) : 0;
    }
    for (size_t i = 0; rc == 0 && i < connection->option_count; i++) {
        const struct option_value *value = &connection->options[i];
        if (value->text && *value->text && nested_place(description, value->name))
            rc = visit(context, value->name, value->text, err);
    }
    return rc;
}

static bool beside(const char *text)
{
    return text[0] != '/' && !strstr(text, "://");
}

static int visit_covers(void *context, const char *option, const char *text, struct err *err)
{
    (void)option, (void)err;
    const struct place *asked = context;
    __attribute__((cleanup(place_done))) struct place named = {0};
    if (beside(text) || place_read(text, PLACE_PATTERN, &named, NULL) < 0)
        return 0; /* a folder beside the file; or a fault that the option's own use will tell */
    return place_covers(&named, asked) ? 1 : 0;
}

/* Reads a place that a connector asks for and makes sure that it may. */
static int allowed_place(struct files *files, const char *text, enum place_reading reading, struct place *ret_place,
                         struct err *err)
{
    int rc = place_read(text, reading, ret_place, err);
    if (rc < 0)
        return said(files, err, rc);
    if (places_each(files->connection, visit_covers, ret_place, NULL) == 1)
        return 0;
    return err_set(err, ERR_PERMISSION,
                   "connection '%s': the connector asked for %s, which none of its options names; it is not touched",
                   files->connection->name, text);
}

static int server_of(struct files *files, const struct place *place, struct sftp **ret_sftp, struct err *err)
{
    return sessions_get(files->sessions, files->connection, place, &files->patience, ret_sftp, err);
}

static int visit_check(void *context, const char *option, const char *text, struct err *err)
{
    struct files *files = context;
    if (beside(text) && strcmp(option, "archive_to") == 0)
        return 0; /* made when it is needed */
    __attribute__((cleanup(place_done))) struct place place = {0};
    int rc = place_read(text, PLACE_PATTERN, &place, err);
    struct sftp *sftp = NULL;
    if (rc == 0 && place.remote)
        rc = server_of(files, &place, &sftp, err);
    if (rc == 0 && strcmp(option, "archive_to") == 0 && !place.remote)
        return 0; /* likewise; on a server the log-in is still worth a try */
    if (rc == 0)
        rc = place.remote ? sftp_check(sftp, &place, err) : local_check(&place, err);
    if (rc < 0 && !place.remote)
        err_prefix(err, "option '%s': ", option);
    return rc;
}

int files_check(struct files *files, struct err *err)
{
    if (cassette_plays(files->cassette))
        return 0;
    return said(files, err, places_each(files->connection, visit_check, files, err));
}

int files_list(struct files *files, const char *text, const struct file_entry **ret_entries, size_t *ret_count,
               struct err *err)
{
    __attribute__((cleanup(place_done))) struct place place = {0};
    struct sftp *sftp = NULL;
    int rc = allowed_place(files, text, PLACE_PATTERN, &place, err);
    if (rc < 0)
        return rc;
    if (cassette_plays(files->cassette))
        rc = cassette_list_play(files->cassette, text, &files->listing, err);
    else
        rc = place.remote ? server_of(files, &place, &sftp, err) : 0;
    if (rc == 0 && !cassette_plays(files->cassette))
        rc = place.remote ? sftp_list(sftp, &place, &files->listing, err)
                          : local_list(&place, &files->listing, &files->patience, err);
    if (cassette_records(files->cassette))
        rc = cassette_list_note(files->cassette, text, &files->listing, rc, err);
    if (rc < 0)
        return said(files, err, rc);
    *ret_entries = files->listing.entries;
    *ret_count = files->listing.count;
    return 0;
}

size_t files_ignored(const struct files *files, const struct file_entry **ret_entries)
{
    *ret_entries = files->listing.ignored;
    return files->listing.ignored_count;
}

/* A place that must be one file. */
static int allowed_file(struct files *files, const char *name, struct place *ret_place, struct sftp **ret_sftp,
                        struct err *err)
{
    int rc = allowed_place(files, name, PLACE_NAME, ret_place, err);
    if (rc < 0)
        return rc;
    if (!*ret_place->last)
        return err_set(err, ERR_CONFIG, "connection '%s': %s is a folder, where one file is meant",
                       files->connection->name, name);
    if (!ret_place->remote || cassette_plays(files->cassette))
        return 0;
    return said(files, err, server_of(files, ret_place, ret_sftp, err));
}

/* What is done to a file by its server, or by the cassette in its place; noted where one records. */
static int deed(struct files *files, const struct cassette_deed *deed, const char *came, int rc, const struct err *err)
{
    return cassette_records(files->cassette) ? cassette_deed_note(files->cassette, deed, came, rc, err) : rc;
}

static int played(struct files *files, const struct cassette_deed *deed, const char **ret_came, struct err *err)
{
    return said(files, err, cassette_deed_play(files->cassette, deed, ret_came, err));
}

int files_fetch(struct files *files, const char *name, const char *scratch_dir, int *ret_fd, uint8_t ret_sha256[32],
                uint64_t *ret_size, struct err *err)
{
    __attribute__((cleanup(place_done))) struct place place = {0};
    struct sftp *sftp = NULL;
    int rc = allowed_file(files, name, &place, &sftp, err);
    if (rc < 0)
        return rc;
    const struct partials *partials = files->keeps_partials ? &files->partials : NULL;
    if (cassette_plays(files->cassette))
        return said(files, err,
                    cassette_fetch_play(files->cassette, name, scratch_dir, ret_fd, ret_sha256, ret_size, err));
    rc = place.remote ? sftp_fetch(sftp, &place, scratch_dir, partials, ret_fd, ret_sha256, ret_size, err)
                      : local_fetch(&place, &files->patience, ret_fd, ret_sha256, ret_size, err);
    if (cassette_records(files->cassette))
        rc = cassette_fetch_note(files->cassette, name, rc == 0 ? *ret_fd : -1, rc, err);
    return said(files, err, rc);
}

int files_store(struct files *files, const char *name, int fd, struct err *err)
{
    __attribute__((cleanup(place_done))) struct place place = {0};
    struct sftp *sftp = NULL;
    const struct cassette_deed what = {"store", name, NULL, fd};
    int rc = allowed_file(files, name, &place, &sftp, err);
    if (rc == 0 && cassette_plays(files->cassette))
        return played(files, &what, NULL, err);
    if (rc < 0)
        return rc;
    rc = place.remote ? sftp_store(sftp, &place, fd, err) : local_store(&place, fd, &files->patience, err);
    return said(files, err, deed(files, &what, NULL, rc, err));
}

static int visit_same_text(void *context, const char *option, const char *text, struct err *err)
{
    (void)option, (void)err;
    return strcmp(context, text) == 0 ? 1 : 0;
}

/* "../done" beside what lies in "/out/in" is "/out/done". ERR_PERMISSION: it leads above what is known. */
static int folder_beside(const char *folder, const char *to, char **ret_folder)
{
    __attribute__((cleanup(tidy_free))) char *from = mem_text(folder);
    for (; from && strncmp(to, "../", 3) == 0; to += 3) {
        char *slash = strrchr(from, '/');
        if (!slash || !slash[1])
            return ERR_PERMISSION;
        slash[slash == from] = '\0';
    }
    if (strstr(to, "..") || *to == '~' || !*to)
        return ERR_PERMISSION;
    *ret_folder = from ? place_path(from, to) : NULL;
    return *ret_folder ? 0 : -ENOMEM;
}

/* The folder to archive to, as a path on the file's own server. A relative one is a plain name beside the file, or
 * exactly what an option says, as in ../done; a whole place is one that an option names. */
static int archive_folder(struct files *files, const struct place *file, const char *to, char **ret_folder,
                          struct err *err)
{
    __attribute__((cleanup(tidy_free))) char *text = mem_text(to);
    bool named = text && places_each(files->connection, visit_same_text, text, NULL) == 1;
    const char *name = files->connection->name;
    if (beside(to)) {
        bool plain = !strchr(to, '/') && to[0] != '.' && *to;
        int rc = plain || named ? folder_beside(file->folder, to, ret_folder) : ERR_PERMISSION;
        if (rc == ERR_PERMISSION)
            return err_set(err, rc,
                           "connection '%s': files may not be archived to '%s': name a folder beside the file, or a "
                           "whole place, in archive_to",
                           name, to);
        return rc ? err_set(err, rc, "%s", err_text(rc)) : 0;
    }
    if (!named)
        return err_set(err, ERR_PERMISSION,
                       "connection '%s': the connector asked to archive to %s, which none of its options names", name,
                       to);
    __attribute__((cleanup(place_done))) struct place place = {0};
    int rc = place_read(to, PLACE_NAME, &place, err);
    if (rc < 0)
        return said(files, err, rc);
    if (!place_same_server(&place, file))
        return err_set(err, ERR_CONFIG,
                       "connection '%s': archive_to %s is not on the same server as the file: name a folder there",
                       name, to);
    *ret_folder = place_path(place.folder, place.last);
    return *ret_folder ? 0 : err_set(err, -ENOMEM, "%s", err_text(-ENOMEM));
}

/* Moves one file whose place is allowed. */
static int archive(struct files *files, const struct place *place, struct sftp *sftp, const char *to, char **ret_place,
                   struct err *err)
{
    __attribute__((cleanup(tidy_free))) char *folder = NULL;
    __attribute__((cleanup(tidy_free))) char *name = NULL;
    __attribute__((cleanup(buffer_done))) struct buffer whole = {0};
    int rc = archive_folder(files, place, to, &folder, err);
    if (rc < 0)
        return rc;
    rc = place->remote ? sftp_archive(sftp, place, folder, &name, err) : local_archive(place, folder, &name, err);
    if (rc < 0 || !ret_place)
        return said(files, err, rc);
    place_write(place, folder, name, &whole);
    *ret_place = whole.rc == 0 ? buffer_take(&whole) : NULL; /* it is done, even when nobody can say where it is */
    return 0;
}

int files_archive(struct files *files, const char *name, const char *to, char **ret_place, struct err *err)
{
    __attribute__((cleanup(place_done))) struct place place = {0};
    struct sftp *sftp = NULL;
    const struct cassette_deed what = {"archive", name, to, -1};
    int rc = allowed_file(files, name, &place, &sftp, err);
    if (rc == 0 && cassette_plays(files->cassette)) {
        const char *came = NULL;
        rc = played(files, &what, &came, err);
        if (rc == 0 && ret_place)
            *ret_place = came ? mem_text(came) : NULL;
        return rc;
    }
    if (rc < 0)
        return rc;
    char *now __attribute__((cleanup(tidy_free))) = NULL;
    rc = archive(files, &place, sftp, to, ret_place || files->cassette ? &now : NULL, err);
    rc = deed(files, &what, now, rc, err);
    if (rc == 0 && ret_place) {
        *ret_place = now;
        now = NULL;
    }
    return rc;
}

int files_remove(struct files *files, const char *name, struct err *err)
{
    __attribute__((cleanup(place_done))) struct place place = {0};
    struct sftp *sftp = NULL;
    const struct cassette_deed what = {"remove", name, NULL, -1};
    int rc = allowed_file(files, name, &place, &sftp, err);
    if (rc == 0 && cassette_plays(files->cassette))
        return played(files, &what, NULL, err);
    if (rc < 0)
        return rc;
    rc = place.remote ? sftp_remove(sftp, &place, err) : local_remove(&place, err);
    return said(files, err, deed(files, &what, NULL, rc, err));
}

/* What lies beside a file */

static int beside_place(struct files *files, const char *name, const char *beside_name, struct place *ret_place,
                        struct sftp **ret_sftp, struct err *err)
{
    __attribute__((cleanup(place_done))) struct place place = {0};
    int rc = allowed_file(files, name, &place, ret_sftp, err);
    if (rc < 0)
        return rc;
    const char *slash = strrchr(beside_name, '/'), *last = slash ? slash + 1 : beside_name;
    __attribute__((cleanup(tidy_free))) char *below =
        slash ? mem_copy(beside_name, (size_t)(slash - beside_name)) : NULL;
    char *folder = below ? place_path(place.folder, below) : mem_text(place.folder);
    char *copy = mem_text(last);
    if (!folder || !copy || (slash && !below)) {
        free(folder);
        free(copy);
        return err_set(err, -ENOMEM, "%s", err_text(-ENOMEM));
    }
    free(place.folder);
    free(place.last);
    place.folder = folder;
    place.last = copy;
    place.pattern = false;
    *ret_place = place;
    place = (struct place){0};
    return 0;
}

/* "PLACE | NAME": a question about what lies beside a file. */
static int beside_deed(struct files *files, const char *what, const char *name, const char *beside_name, int fd,
                       struct cassette_deed *ret_deed, char **ret_text)
{
    if (!files->cassette)
        return 0;
    *ret_text = mem_format("%s | %s", name, beside_name);
    *ret_deed = (struct cassette_deed){what, *ret_text, NULL, fd};
    return *ret_text ? 0 : -ENOMEM;
}

int files_beside_look(struct files *files, const char *name, const char *beside_name, bool *ret_there,
                      int64_t *ret_mtime_ms, struct err *err)
{
    __attribute__((cleanup(place_done))) struct place place = {0};
    __attribute__((cleanup(tidy_free))) char *text = NULL;
    struct cassette_deed what;
    struct sftp *sftp = NULL;
    int rc = beside_deed(files, "look", name, beside_name, -1, &what, &text);
    if (rc == 0)
        rc = beside_place(files, name, beside_name, &place, &sftp, err);
    if (rc < 0)
        return rc;
    if (cassette_plays(files->cassette)) {
        const char *came = NULL;
        rc = played(files, &what, &came, err);
        *ret_there = rc == 0 && came && *came;
        *ret_mtime_ms = *ret_there ? strtoll(came, NULL, 10) : *ret_mtime_ms;
        return rc;
    }
    rc = place.remote ? sftp_look(sftp, &place, ret_there, ret_mtime_ms, err)
                      : local_look(&place, ret_there, ret_mtime_ms, err);
    char mtime[24] = "";
    if (rc == 0 && *ret_there)
        snprintf(mtime, sizeof(mtime), "%lld", (long long)*ret_mtime_ms);
    return said(files, err, deed(files, &what, mtime, rc, err));
}

int files_beside_archive(struct files *files, const char *name, const char *beside_name, const char *to,
                         struct err *err)
{
    __attribute__((cleanup(place_done))) struct place place = {0};
    __attribute__((cleanup(tidy_free))) char *text = NULL;
    struct cassette_deed what;
    struct sftp *sftp = NULL;
    int rc = beside_deed(files, "archive", name, beside_name, -1, &what, &text);
    if (rc == 0)
        rc = beside_place(files, name, beside_name, &place, &sftp, err);
    if (rc == 0 && cassette_plays(files->cassette))
        return played(files, &what, NULL, err);
    return rc < 0 ? rc : deed(files, &what, NULL, archive(files, &place, sftp, to, NULL, err), err);
}

int files_beside_remove(struct files *files, const char *name, const char *beside_name, struct err *err)
{
    __attribute__((cleanup(place_done))) struct place place = {0};
    __attribute__((cleanup(tidy_free))) char *text = NULL;
    struct cassette_deed what;
    struct sftp *sftp = NULL;
    int rc = beside_deed(files, "remove", name, beside_name, -1, &what, &text);
    if (rc == 0)
        rc = beside_place(files, name, beside_name, &place, &sftp, err);
    if (rc == 0 && cassette_plays(files->cassette))
        return played(files, &what, NULL, err);
    if (rc < 0)
        return rc;
    rc = place.remote ? sftp_remove(sftp, &place, err) : local_remove(&place, err);
    return said(files, err, deed(files, &what, NULL, rc, err));
}

int files_beside_store(struct files *files, const char *name, const char *beside_name, int fd, struct err *err)
{
    __attribute__((cleanup(place_done))) struct place place = {0};
    __attribute__((cleanup(tidy_free))) char *text = NULL;
    struct cassette_deed what;
    struct sftp *sftp = NULL;
    int rc = beside_deed(files, "receipt", name, beside_name, -1, &what, &text); /* its bytes tell the time */
    if (rc == 0)
        rc = beside_place(files, name, beside_name, &place, &sftp, err);
    if (rc == 0 && cassette_plays(files->cassette))
        return played(files, &what, NULL, err);
    if (rc == 0 && strchr(beside_name, '/'))
        rc = said(files, err, place.remote ? sftp_folder(sftp, place.folder, err) : local_folder(place.folder, err));
    if (rc < 0)
        return rc;
    rc = place.remote ? sftp_store(sftp, &place, fd, err) : local_store(&place, fd, &files->patience, err);
    return said(files, err, deed(files, &what, NULL, rc, err));
}
