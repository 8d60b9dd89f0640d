/* archive - the zip file that a bundle is. */
#include "bundle/archive.h"

#include "base/arena.h"
#include "base/mem.h"

#include <errno.h>
#include <string.h>
#include <zip.h>

struct archive {
    struct arena *arena;
    struct archive_part *parts;
    size_t count, room, bytes;
};

struct archive *archive_new(void)
{
    struct archive *archive TIDY(archive_free) = mem_new(1, sizeof(*archive));
    if (!archive || !(archive->arena = arena_new()))
        return NULL;
    return TAKE(archive);
}

void archive_free(struct archive *archive)
{
    if (!archive)
        return;
    arena_free(archive->arena);
    free(archive->parts);
    free(archive);
}

int archive_add(struct archive *archive, const char *name, const char *bytes, size_t len)
{
    if (archive->count == ARCHIVE_PARTS_MOST || len > ARCHIVE_BYTES_MOST - archive->bytes)
        return ERR_LIMIT;
    int rc = mem_grow(&archive->parts, archive->count, &archive->room, sizeof(*archive->parts));
    struct archive_part part = {.len = len};
    if (rc == 0 && (!(part.name = arena_text(archive->arena, name)) ||
                    !(part.bytes = arena_copy(archive->arena, bytes ? bytes : "", len))))
        rc = -ENOMEM;
    if (rc == 0)
        archive->parts[archive->count++] = part;
    archive->bytes += rc == 0 ? len : 0;
    return rc;
}

const struct archive_part *archive_nth(const struct archive *archive, size_t nth)
{
    return nth < archive->count ? &archive->parts[nth] : NULL;
}

const struct archive_part *archive_find(const struct archive *archive, const char *name)
{
    for (size_t i = 0; i < archive->count; i++)
        if (strcmp(archive->parts[i].name, name) == 0)
            return &archive->parts[i];
    return NULL;
}

bool archive_is(const char *bytes, size_t len)
{
    return len >= 4 && memcmp(bytes, "PK\3\4", 4) == 0;
}

static void zip_away(zip_t **zip)
{
    if (*zip)
        zip_discard(*zip);
}

/* Takes what it says of itself only as far as it is so. */
static int member_read(struct archive *archive, zip_t *zip, zip_uint64_t nth)
{
    zip_stat_t about;
    if (zip_stat_index(zip, nth, 0, &about) != 0 || !(about.valid & ZIP_STAT_NAME) || !(about.valid & ZIP_STAT_SIZE))
        return ERR_DATA;
    if (about.size > ARCHIVE_BYTES_MOST - archive->bytes)
        return ERR_LIMIT;
    TIDY(free) char *bytes = mem_new(1, (size_t)about.size + 1);
    zip_file_t *file = bytes ? zip_fopen_index(zip, nth, 0) : NULL;
    if (!file)
        return bytes ? ERR_DATA : -ENOMEM;
    zip_int64_t got = zip_fread(file, bytes, about.size);
    int closed = zip_fclose(file);
    if (got < 0 || (zip_uint64_t)got != about.size || closed != 0)
        return ERR_DATA;
    return archive_add(archive, about.name, bytes, (size_t)about.size);
}

static int read_bytes(struct archive *archive, const char *bytes, size_t len)
{
    __attribute__((cleanup(zip_away))) zip_t *zip = NULL;
    zip_error_t why;
    zip_error_init(&why);
    zip_source_t *source = zip_source_buffer_create(bytes, len, 0, &why);
    zip = source ? zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &why) : NULL;
    int code = zip_error_code_zip(&why);
    zip_error_fini(&why);
    if (!zip) {
        zip_source_free(source);
        return code == ZIP_ER_MEMORY ? -ENOMEM : ERR_DATA;
    }
    zip_int64_t count = zip_get_num_entries(zip, 0);
    int rc = count > 0 ? 0 : ERR_DATA;
    for (zip_int64_t i = 0; rc == 0 && i < count; i++)
        rc = member_read(archive, zip, (zip_uint64_t)i);
    return rc;
}

int archive_read(const char *bytes, size_t len, const char *name, struct archive **ret_archive, struct err *err)
{
    struct archive *archive TIDY(archive_free) = archive_new();
    int rc = archive ? read_bytes(archive, bytes, len) : -ENOMEM;
    if (rc == ERR_DATA)
        return err_set(err, rc, "%s is a zip file that is cut off or damaged", name);
    if (rc != 0)
        return err_set(err, rc, "%s cannot be read: %s", name, err_text(rc));
    *ret_archive = TAKE(archive);
    return 0;
}

/* What libzip wrote, as bytes. */
static int source_bytes(zip_source_t *source, char **ret_bytes, size_t *ret_len)
{
    zip_stat_t about;
    if (zip_source_stat(source, &about) != 0 || !(about.valid & ZIP_STAT_SIZE) || zip_source_open(source) != 0)
        return -EIO;
    char *bytes = mem_new(1, (size_t)about.size + 1);
    zip_int64_t got = bytes ? zip_source_read(source, bytes, about.size) : -1;
    zip_source_close(source);
    if (got < 0 || (zip_uint64_t)got != about.size) {
        free(bytes);
        return bytes ? -EIO : -ENOMEM;
    }
    *ret_bytes = bytes;
    *ret_len = (size_t)about.size;
    return 0;
}

int archive_pack(const struct archive *archive, char **ret_bytes, size_t *ret_len)
{
    zip_error_t why;
    zip_error_init(&why);
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, &why);
    zip_t *zip = source ? zip_open_from_source(source, ZIP_TRUNCATE, &why) : NULL;
    zip_error_fini(&why);
    if (!zip) {
        zip_source_free(source);
        return -ENOMEM;
    }
    zip_source_keep(source);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < archive->count; i++) {
        const struct archive_part *part = &archive->parts[i];
        zip_source_t *bytes = zip_source_buffer(zip, part->bytes, part->len, 0);
        zip_int64_t at = bytes ? zip_file_add(zip, part->name, bytes, ZIP_FL_ENC_UTF_8) : -1;
        if (at < 0)
            zip_source_free(bytes);
        rc = at < 0 || zip_set_file_compression(zip, (zip_uint64_t)at, ZIP_CM_DEFLATE, 0) != 0 ? -ENOMEM : 0;
    }
    if (rc == 0 && zip_close(zip) != 0)
        rc = -EIO;
    if (rc != 0)
        zip_discard(zip);
    else
        rc = source_bytes(source, ret_bytes, ret_len);
    zip_source_free(source);
    return rc;
}
