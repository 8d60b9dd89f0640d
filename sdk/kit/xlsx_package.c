/* xlsx_package - the zip archive that a workbook is, read from a descriptor by libzip.
 *
 * Reads with pread only. Refuses what is cut off, damaged, encrypted or a
 * bomb, each with its own sentence; libzip checks each member's checksum. */
#include "xlsx_parts.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#define MEMBERS_MAX 20000
#define PATH_MAX_LEN 1000
#define RATIO_FROM ((uint64_t)64 << 20) /* unpacked bytes from which the ratio counts */
#define RATIO_MAX 400

struct muster_package {
    zip_t *zip;
    const char *name;
    int fd;
    uint64_t size, at; /* at: where libzip reads next */
    size_t chunk;      /* of a trial; 0: as much as there is room */
    zip_error_t error;
};

struct muster_member {
    zip_file_t *file;
    struct muster_package *package;
    char path[200];
    uint64_t done, total, packed, ceiling;
};

static zip_int64_t package_read(struct muster_package *package, void *data, uint64_t len)
{
    int64_t got = muster_pread(package->fd, data, len, package->at);
    if (got < 0) {
        zip_error_set(&package->error, ZIP_ER_READ, errno);
        return -1;
    }
    package->at += (uint64_t)got;
    return got;
}

static zip_int64_t package_seek(struct muster_package *package, void *data, uint64_t len)
{
    zip_int64_t at = zip_source_seek_compute_offset(package->at, package->size, data, len, &package->error);
    if (at < 0)
        return -1;
    package->at = (uint64_t)at;
    return 0;
}

/* What libzip asks of a source. */
static zip_int64_t package_source(void *self, void *data, zip_uint64_t len, zip_source_cmd_t command)
{
    struct muster_package *package = self;
    switch (command) {
    case ZIP_SOURCE_OPEN: package->at = 0; return 0;
    case ZIP_SOURCE_READ: return package_read(package, data, len);
    case ZIP_SOURCE_SEEK: return package_seek(package, data, len);
    case ZIP_SOURCE_TELL: return (zip_int64_t)package->at;
    case ZIP_SOURCE_STAT: {
        zip_stat_t *stat = ZIP_SOURCE_GET_ARGS(zip_stat_t, data, len, &package->error);
        if (!stat)
            return -1;
        zip_stat_init(stat);
        stat->size = package->size;
        stat->valid |= ZIP_STAT_SIZE;
        return sizeof(*stat);
    }
    case ZIP_SOURCE_ERROR: return zip_error_to_data(&package->error, data, len);
    case ZIP_SOURCE_CLOSE:
    case ZIP_SOURCE_FREE: return 0;
    case ZIP_SOURCE_SUPPORTS:
        return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT,
                                              ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE, ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL,
                                              ZIP_SOURCE_SUPPORTS, -1);
    default: zip_error_set(&package->error, ZIP_ER_OPNOTSUPP, 0); return -1;
    }
}

/* What libzip says, as a sentence about the file. */
static muster_rc package_fail(const char *name, zip_error_t *zip_error, muster_table_error *error)
{
    switch (zip_error_code_zip(zip_error)) {
    case ZIP_ER_NOZIP:
    case ZIP_ER_EOF:
    case ZIP_ER_SEEK:
        return muster_table_fail(error, MUSTER_DATA, "%s: the zip archive is cut off: upload it again", name);
    case ZIP_ER_MEMORY: return muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", name);
    case ZIP_ER_READ:
        return muster_table_fail(error, MUSTER_FAIL, "%s cannot be read: %s", name, zip_error_strerror(zip_error));
    default:
        return muster_table_fail(error, MUSTER_DATA, "%s: the zip archive is damaged (%s): upload it again", name,
                                 zip_error_strerror(zip_error));
    }
}

muster_rc muster_package_open(int fd, uint64_t size, const char *name, struct muster_package **ret_package,
                              muster_table_error *error)
{
    struct muster_package *package = calloc(1, sizeof(*package));
    if (!package)
        return muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", name);
    package->fd = fd;
    package->size = size;
    package->name = name;
    zip_error_init(&package->error);
    zip_error_t why;
    zip_error_init(&why);
    zip_source_t *source = zip_source_function_create(package_source, package, &why);
    package->zip = source ? zip_open_from_source(source, ZIP_RDONLY, &why) : NULL;
    muster_rc rc = MUSTER_OK;
    if (!package->zip) {
        rc = package_fail(name, &why, error);
        zip_source_free(source);
    } else if (zip_get_num_entries(package->zip, 0) > MEMBERS_MAX) {
        rc = muster_table_fail(error, MUSTER_DATA, "%s: the zip archive has more than %d members: that is no workbook",
                               name, MEMBERS_MAX);
    }
    zip_error_fini(&why);
    if (rc != MUSTER_OK) {
        muster_package_close(package);
        return rc;
    }
    *ret_package = package;
    return MUSTER_OK;
}

void muster_package_close(struct muster_package *package)
{
    if (!package)
        return;
    if (package->zip)
        zip_discard(package->zip);
    zip_error_fini(&package->error);
    free(package);
}

void muster_package_chunk(struct muster_package *package, size_t chunk)
{
    package->chunk = chunk;
}

const char *muster_package_name(const struct muster_package *package)
{
    return package->name;
}

static int64_t find_one(struct muster_package *package, const char *path)
{
    zip_int64_t index = zip_name_locate(package->zip, path, ZIP_FL_ENC_GUESS);
    return index >= 0 ? index : zip_name_locate(package->zip, path, ZIP_FL_NOCASE | ZIP_FL_ENC_GUESS);
}

static unsigned hex(char digit)
{
    return digit <= '9' ? (unsigned)(digit - '0') : (unsigned)((digit | 0x20) - 'a') + 10;
}

int64_t muster_package_find(struct muster_package *package, const char *path)
{
    int64_t index = find_one(package, path);
    size_t len = strlen(path), to = 0;
    if (index >= 0 || len >= PATH_MAX_LEN)
        return index;
    char other[PATH_MAX_LEN];
    for (size_t n = 0; n <= len; n++)
        other[n] = path[n] == '/' ? '\\' : path[n];
    index = find_one(package, other);
    if (index >= 0 || !strchr(path, '%'))
        return index;
    for (size_t n = 0; n <= len; n++) { /* a target is a URL, a member's name is not: "sheet%201.xml" */
        bool escape = path[n] == '%' && isxdigit((unsigned char)path[n + 1]) && isxdigit((unsigned char)path[n + 2]);
        other[to++] = escape ? (char)(hex(path[n + 1]) << 4 | hex(path[n + 2])) : path[n];
        n += escape ? 2 : 0;
    }
    return find_one(package, other);
}

/* Is there another member of this name behind it? Which one counts is each program's own guess. */
static bool member_twice(struct muster_package *package, zip_uint64_t index)
{
    zip_uint64_t count = (zip_uint64_t)zip_get_num_entries(package->zip, 0);
    const char *name = zip_get_name(package->zip, index, ZIP_FL_ENC_RAW);
    for (zip_uint64_t n = index + 1; name && n < count; n++) {
        const char *other = zip_get_name(package->zip, n, ZIP_FL_ENC_RAW);
        if (other && strcmp(name, other) == 0)
            return true;
    }
    return false;
}

muster_rc muster_member_open(struct muster_package *package, const char *path, uint64_t ceiling,
                             struct muster_member **ret_member, muster_table_error *error)
{
    const char *name = package->name;
    int64_t index = muster_package_find(package, path);
    zip_stat_t stat;
    zip_stat_init(&stat);
    if (index < 0)
        return muster_table_fail(error, MUSTER_DATA, "%s: the workbook has no part '%s': it is damaged, save it again",
                                 name, path);
    if (member_twice(package, (zip_uint64_t)index))
        return muster_table_fail(error, MUSTER_DATA, "%s: the zip archive has two members '%s': save it again", name,
                                 path);
    if (zip_stat_index(package->zip, (zip_uint64_t)index, 0, &stat) != 0)
        return package_fail(name, zip_get_error(package->zip), error);
    if ((stat.valid & ZIP_STAT_ENCRYPTION_METHOD) && stat.encryption_method != ZIP_EM_NONE)
        return muster_table_fail(error, MUSTER_DATA, "%s: the zip archive is encrypted: save it without a password",
                                 name);
    if (stat.size > ceiling)
        return muster_table_fail(error, MUSTER_DATA,
                                 "%s: '%s' unpacks to %llu MiB, more than the %llu that are allowed", name, path,
                                 (unsigned long long)(stat.size >> 20), (unsigned long long)(ceiling >> 20));
    struct muster_member *member = calloc(1, sizeof(*member));
    if (!member)
        return muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", name);
    member->package = package;
    member->ceiling = ceiling;
    member->total = stat.size;
    member->packed = stat.comp_size;
    strncpy(member->path, path, sizeof(member->path) - 1);
    member->file = zip_fopen_index(package->zip, (zip_uint64_t)index, 0);
    if (!member->file) {
        free(member);
        return package_fail(name, zip_get_error(package->zip), error);
    }
    *ret_member = member;
    return MUSTER_OK;
}

muster_rc muster_member_read(struct muster_member *member, void *data, size_t room, size_t *ret_len,
                             muster_table_error *error)
{
    const char *name = member->package->name;
    size_t chunk = member->package->chunk;
    zip_int64_t got = zip_fread(member->file, data, chunk && chunk < room ? chunk : room);
    if (got < 0)
        return package_fail(name, zip_file_get_error(member->file), error);
    member->done += (uint64_t)got;
    if (member->done > member->ceiling ||
        (member->done > RATIO_FROM && member->done / RATIO_MAX > (member->packed ? member->packed : 1)))
        return muster_table_fail(error, MUSTER_DATA,
                                 "%s: '%s' unpacks to far more than a workbook of its size holds: it is refused as a "
                                 "zip bomb",
                                 name, member->path);
    if (got == 0 && member->done < member->total)
        return muster_table_fail(error, MUSTER_DATA, "%s: the zip archive is cut off: upload it again", name);
    *ret_len = (size_t)got;
    return MUSTER_OK;
}

void muster_member_progress(const struct muster_member *member, uint64_t *ret_done, uint64_t *ret_total)
{
    *ret_done = member->done;
    *ret_total = member->total;
}

void muster_member_close(struct muster_member *member)
{
    if (!member)
        return;
    zip_fclose(member->file);
    free(member);
}
