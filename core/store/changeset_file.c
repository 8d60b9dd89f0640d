/* changeset_file - a changeset that is kept for later: a sealed file of its own.
 *
 * The rows as a changeset that is applied in parts has them, ciphered with a
 * key of the file's own; then a box: that key, where the rows stand, a code
 * that tells whether they are whole, and what the caller says about them; then
 * a tail of fixed length. Who has no right key, or another file, opens nothing. */
#include "store/changeset_inside.h"

#include "base/fault.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>

static const char MAGIC[8] = "MUSTPLAN";
enum { LAYOUT = 1, PIECE = 1 << 18, BOX_MAX = 64 << 20 };
enum { NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, SEAL = crypto_aead_xchacha20poly1305_ietf_ABYTES };

/* The last bytes of the file; authenticated with the box. */
struct tail {
    uint64_t rows_end; /* where the box begins */
    uint32_t box_len, layout;
    char magic[sizeof(MAGIC)];
};

/* What the box begins with; what the caller said follows. */
struct inside {
    struct applying rows;
    uint64_t replacing[TABLE_COUNT];
    uint8_t code_key[crypto_onetimeauth_KEYBYTES], code[crypto_onetimeauth_BYTES];
};

static void inside_wipe(struct inside *inside)
{
    sodium_memzero(inside, sizeof(*inside));
}

static int read_at(int fd, void *out, size_t len, uint64_t offset)
{
    for (size_t done = 0; done < len;) {
        ssize_t got = pread(fd, (uint8_t *)out + done, len - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -errno : ERR_CORRUPT;
        done += (size_t)got;
    }
    return 0;
}

static int write_at(int fd, const void *bytes, size_t len, uint64_t offset)
{
    if (fault_hit("spill"))
        return -ENOSPC;
    for (size_t done = 0; done < len;) {
        ssize_t wrote = pwrite(fd, (const uint8_t *)bytes + done, len - done, (off_t)(offset + done));
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return wrote < 0 ? -errno : -EIO;
        done += (size_t)wrote;
    }
    return 0;
}

/* The code of the first `end` bytes. */
static int rows_code(int fd, uint64_t end, const uint8_t key[crypto_onetimeauth_KEYBYTES],
                     uint8_t ret_code[crypto_onetimeauth_BYTES])
{
    uint8_t *piece __attribute__((cleanup(tidy_free))) = mem_new(1, PIECE);
    crypto_onetimeauth_state state;
    int rc = piece ? 0 : -ENOMEM;
    crypto_onetimeauth_init(&state, key);
    for (uint64_t at = 0; at < end && rc == 0;) {
        size_t len = end - at < PIECE ? (size_t)(end - at) : PIECE;
        rc = read_at(fd, piece, len, at);
        if (rc == 0)
            crypto_onetimeauth_update(&state, piece, len);
        at += len;
    }
    crypto_onetimeauth_final(&state, ret_code);
    sodium_memzero(&state, sizeof(state));
    return rc;
}

/* Box and tail, behind the rows. */
static int box_write(int fd, const struct inside *inside, const uint8_t key[CHANGESET_KEY], struct bytes about)
{
    struct buffer plain __attribute__((cleanup(buffer_done))) = {0};
    size_t len = sizeof(*inside) + about.len;
    struct tail tail = {.rows_end = inside->rows.end, .box_len = (uint32_t)(NONCE + len + SEAL), .layout = LAYOUT};
    memcpy(tail.magic, MAGIC, sizeof(MAGIC));
    uint8_t *box __attribute__((cleanup(tidy_free))) = mem_new(1, tail.box_len + sizeof(tail));
    buffer_add(&plain, inside, sizeof(*inside));
    buffer_add(&plain, about.data, about.len);
    if (!box || plain.rc != 0 || tail.box_len > BOX_MAX)
        return plain.rc ? plain.rc : box ? ERR_LIMIT : -ENOMEM;
    randombytes_buf(box, NONCE);
    crypto_aead_xchacha20poly1305_ietf_encrypt(box + NONCE, NULL, (const uint8_t *)plain.data, len,
                                               (const uint8_t *)&tail, sizeof(tail), NULL, box, key);
    memcpy(box + tail.box_len, &tail, sizeof(tail));
    sodium_memzero(plain.data, plain.len);
    int rc = write_at(fd, box, tail.box_len + sizeof(tail), tail.rows_end);
    return rc == 0 && fdatasync(fd) != 0 ? -errno : rc;
}

static int box_read(int fd, const uint8_t key[CHANGESET_KEY], struct inside *ret_inside, struct buffer *about)
{
    struct tail tail;
    struct stat stat;
    if (fstat(fd, &stat) != 0)
        return -errno;
    uint64_t size = (uint64_t)stat.st_size;
    int rc = size < sizeof(tail) ? ERR_CORRUPT : read_at(fd, &tail, sizeof(tail), size - sizeof(tail));
    if (rc != 0)
        return rc;
    if (memcmp(tail.magic, MAGIC, sizeof(MAGIC)) == 0 && tail.layout > LAYOUT)
        return ERR_NEWER;
    if (memcmp(tail.magic, MAGIC, sizeof(MAGIC)) != 0 || tail.box_len > BOX_MAX || tail.rows_end > size ||
        tail.box_len < NONCE + SEAL + sizeof(*ret_inside) || tail.rows_end + tail.box_len + sizeof(tail) != size)
        return ERR_CORRUPT;
    size_t len = tail.box_len - NONCE - SEAL;
    uint8_t *box __attribute__((cleanup(tidy_free))) = mem_new(1, tail.box_len);
    uint8_t *plain __attribute__((cleanup(tidy_free))) = mem_new(1, len);
    rc = box && plain ? read_at(fd, box, tail.box_len, tail.rows_end) : -ENOMEM;
    if (rc == 0 && crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, box + NONCE, tail.box_len - NONCE,
                                                              (const uint8_t *)&tail, sizeof(tail), box, key) != 0)
        rc = ERR_CORRUPT;
    if (rc != 0)
        return rc;
    memcpy(ret_inside, plain, sizeof(*ret_inside));
    if (about)
        buffer_add(about, plain + sizeof(*ret_inside), len - sizeof(*ret_inside));
    sodium_memzero(plain, len);
    return ret_inside->rows.end != tail.rows_end ? ERR_CORRUPT : about ? about->rc : 0;
}

/* A file gets the name under which it is found, for good. */
static int file_rename(const char *from, const char *to)
{
    char *folder __attribute__((cleanup(tidy_free))) = mem_text(to);
    char *slash = folder ? strrchr(folder, '/') : NULL;
    if (!folder)
        return -ENOMEM;
    if (slash)
        *slash = '\0';
    int fd __attribute__((cleanup(tidy_close))) = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 || rename(from, to) != 0 || fsync(fd) != 0 ? -errno : 0;
}

int changeset_save(struct changeset *changeset, const char *path, const uint8_t key[CHANGESET_KEY], struct bytes about)
{
    struct inside inside __attribute__((cleanup(inside_wipe))) = {0};
    char *name __attribute__((cleanup(tidy_free))) = mem_text(path);
    if (changeset->rc != 0 || !name)
        return changeset->rc ? changeset->rc : -ENOMEM;
    int rc = directory_write(changeset, &inside.rows);
    if (rc != 0)
        return rc;
    memcpy(inside.replacing, changeset->replacing, sizeof(inside.replacing));
    randombytes_buf(inside.code_key, sizeof(inside.code_key));
    int fd __attribute__((cleanup(tidy_close))) = open(changeset->path, O_RDWR | O_CLOEXEC);
    rc = fd < 0 ? -errno : rows_code(fd, inside.rows.end, inside.code_key, inside.code);
    if (rc == 0)
        rc = box_write(fd, &inside, key, about);
    fault_kill("save");
    if (rc == 0)
        rc = file_rename(changeset->path, name);
    if (rc != 0)
        return rc;
    free(changeset->path);
    changeset->path = TAKE(name);
    changeset->standing = inside.rows;
    changeset->saved = true;
    return 0;
}

int changeset_save_about(const char *path, const uint8_t key[CHANGESET_KEY], struct bytes about)
{
    struct inside inside __attribute__((cleanup(inside_wipe))) = {0};
    char *part __attribute__((cleanup(tidy_free))) = mem_format("%s.part", path);
    if (!part)
        return -ENOMEM;
    int fd __attribute__((cleanup(tidy_close))) = open(part, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int rc = fd < 0 ? -errno : box_write(fd, &inside, key, about);
    return rc == 0 ? file_rename(part, path) : rc;
}

int changeset_about(const char *path, const uint8_t key[CHANGESET_KEY], struct buffer *ret_about)
{
    struct inside inside __attribute__((cleanup(inside_wipe))) = {0};
    int fd __attribute__((cleanup(tidy_close))) = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -errno : box_read(fd, key, &inside, ret_about);
}

int changeset_open(struct store *store, const char *path, const uint8_t key[CHANGESET_KEY],
                   struct changeset **ret_changeset)
{
    struct inside inside __attribute__((cleanup(inside_wipe))) = {0};
    struct changeset *changeset TIDY(changeset_free) = NULL;
    uint8_t code[crypto_onetimeauth_BYTES];
    int fd __attribute__((cleanup(tidy_close))) = open(path, O_RDONLY | O_CLOEXEC);
    int rc = fd < 0 ? -errno : box_read(fd, key, &inside, NULL);
    if (rc == 0 && inside.rows.end == 0)
        return ERR_GONE; /* only what was said about it is left */
    if (rc == 0)
        rc = rows_code(fd, inside.rows.end, inside.code_key, code);
    if (rc == 0 && sodium_memcmp(code, inside.code, sizeof(code)) != 0)
        rc = ERR_CORRUPT;
    if (rc == 0)
        rc = changeset_over(store, path, inside.rows.key, &changeset);
    if (rc != 0)
        return rc;
    changeset->saved = true;
    changeset->standing = inside.rows;
    memcpy(changeset->replacing, inside.replacing, sizeof(inside.replacing));
    rc = directory_read(changeset, &inside.rows);
    if (rc == 0)
        *ret_changeset = TAKE(changeset);
    return rc;
}

/* --- walking --- */

int changeset_rewind(struct changeset *changeset, enum table table)
{
    return sorter_rewind(changeset->tables[table]);
}

int changeset_next(struct changeset *changeset, enum table table, struct changeset_row *ret_row)
{
    struct bytes key, row;
    int rc = sorter_next(changeset->tables[table], &key, &row);
    if (rc != 1)
        return rc;
    if (!row_valid(key, row))
        return ERR_CORRUPT;
    const uint8_t *at = row.data;
    *ret_row = (struct changeset_row){.key = key, .goes = at[0] == OP_DELETE, .whole = row};
    if (!ret_row->goes)
        ret_row->value = bytes(at + ROW_HEAD, row.len - ROW_HEAD);
    return 1;
}
