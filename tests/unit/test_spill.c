/* test_spill - encrypted files that only grow. */
#include "unit.h"

#include "scratch.h"

#include "base/error.h"
#include "store/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { CHUNK = 1 << 18 };

static struct scratch scratch;

static int set_up(void **state)
{
    (void)state;
    scratch_make(&scratch);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fault_set(NULL);
    scratch_remove(&scratch);
    return 0;
}

static void check_reads(struct spill *spill, const uint8_t *shadow, size_t end, uint64_t *seed, int times)
{
    uint8_t *got = malloc(end + 1);
    for (int i = 0; i < times; i++) {
        size_t len = chance(seed, i % 4 ? 300 : (uint32_t)end + 1), offset;
        len = len > end ? end : len;
        offset = chance(seed, (uint32_t)(end - len) + 1);
        if (i % 5 == 0 && end > CHUNK + len) /* across a border */
            offset = CHUNK - (len < CHUNK ? len / 2 : 0);
        assert_int_equal(spill_read(spill, offset, got, len), 0);
        assert_memory_equal(got, shadow + offset, len);
    }
    free(got);
}

static void what_was_written_is_read_at_any_offset_and_size(void **state)
{
    (void)state;
    struct spill *spill TIDY(spill_free) = NULL;
    assert_int_equal(spill_new(scratch.dir, &spill), 0);
    uint64_t seed = 88172645463325252ULL;
    size_t end = 0, room = 3 << 20;
    uint8_t *shadow = malloc(room);
    for (int round = 0; end < room - CHUNK - 300; round++) {
        size_t len = chance(&seed, round % 7 == 0 ? CHUNK + 300 : 5000);
        for (size_t i = 0; i < len; i++)
            shadow[end + i] = (uint8_t)chance(&seed, 256);
        assert_int_equal(spill_write(spill, shadow + end, len), 0);
        end += len;
        assert_int_equal(spill_end(spill), end);
        check_reads(spill, shadow, end, &seed, 3);
    }
    check_reads(spill, shadow, end, &seed, 100);
    free(shadow);
}

/* Stretches that are read in turn, with jumps between and more written meanwhile. */
static void what_is_read_in_turn_is_right_whatever_comes_between(void **state)
{
    (void)state;
    struct spill *spill TIDY(spill_free) = NULL;
    assert_int_equal(spill_new(scratch.dir, &spill), 0);
    uint64_t seed = 11;
    size_t end = 0, room = 6 << 20;
    uint8_t *shadow = malloc(room), *got = malloc(room);
    for (size_t i = 0; i < room; i++)
        shadow[i] = (uint8_t)(i * 2654435761U >> 7);
    while (end < room) {
        size_t more = chance(&seed, 700000);
        more = more < room - end ? more : room - end;
        assert_int_equal(spill_write(spill, shadow + end, more), 0);
        end += more;
        for (int stretch = 0; stretch < 3; stretch++) {
            size_t piece = stretch ? 1 << 16 : 1 + chance(&seed, 300000), at = chance(&seed, (uint32_t)end);
            for (size_t len; at < end; at += len) {
                len = piece < end - at ? piece : end - at;
                assert_int_equal(spill_read(spill, at, got, len), 0);
                assert_memory_equal(got, shadow + at, len);
                if (chance(&seed, 40) == 0)
                    break;
                if (chance(&seed, 10) == 0 && end < room) {
                    assert_int_equal(spill_write(spill, shadow + end, 1), 0);
                    end++;
                }
            }
        }
    }
    free(got);
    free(shadow);
}

/* More than may wait for the thread at once, and what is still under way when it is not wanted any more. */
static void a_burst_of_many_chunks_is_read_back_or_let_go(void **state)
{
    (void)state;
    size_t len = 40 * CHUNK + 17, piece = 3 * CHUNK + 5;
    uint8_t *shadow = malloc(len), *got = malloc(len);
    for (size_t i = 0; i < len; i++)
        shadow[i] = (uint8_t)(i * 2654435761U >> 11);
    for (int times = 0; times < 4; times++) {
        struct spill *spill TIDY(spill_free) = NULL;
        assert_int_equal(spill_new(scratch.dir, &spill), 0);
        assert_int_equal(spill_write(spill, shadow, len), 0);
        for (size_t at = 0; times > 0 && at < len; at += piece) { /* the first one is never read */
            size_t part = piece < len - at ? piece : len - at;
            assert_int_equal(spill_read(spill, at, got, part), 0);
            assert_memory_equal(got, shadow + at, part);
            assert_int_equal(spill_write(spill, shadow, CHUNK * (size_t)times / 2), 0);
        }
    }
    free(got);
    free(shadow);
}

static void each_side_of_a_chunk_s_border_reads_right(void **state)
{
    (void)state;
    uint8_t *shadow = malloc(2 * CHUNK);
    for (size_t i = 0; i < 2 * CHUNK; i++)
        shadow[i] = (uint8_t)(i * 31 + (i >> 8));
    for (size_t end = CHUNK - 2; end <= CHUNK + 65; end += end == CHUNK + 2 ? 62 : 1) {
        struct spill *spill TIDY(spill_free) = NULL;
        assert_int_equal(spill_new(scratch.dir, &spill), 0);
        assert_int_equal(spill_write(spill, shadow, end), 0);
        for (size_t offset = CHUNK - 66; offset < end; offset++) {
            uint8_t got[140];
            size_t len = end - offset;
            assert_int_equal(spill_read(spill, offset, got, len), 0);
            assert_memory_equal(got, shadow + offset, len);
            assert_int_equal(spill_read(spill, offset, got, len + 1), ERR_CORRUPT);
        }
    }
    free(shadow);
}

static void offsets_that_cannot_be_are_refused(void **state)
{
    (void)state;
    struct spill *spill TIDY(spill_free) = NULL;
    assert_int_equal(spill_new(scratch.dir, &spill), 0);
    assert_int_equal(spill_write(spill, "abc", 3), 0);
    char got[8];
    assert_int_equal(spill_read(spill, 3, got, 1), ERR_CORRUPT);
    assert_int_equal(spill_read(spill, UINT64_MAX, got, 1), ERR_CORRUPT);
    assert_int_equal(spill_read(spill, UINT64_MAX - 2, got, 8), ERR_CORRUPT);
    assert_int_equal(spill_read(spill, 0, got, SIZE_MAX), ERR_CORRUPT);
    assert_int_equal(spill_read(spill, 2, got, SIZE_MAX), ERR_CORRUPT);
    assert_int_equal(spill_read(spill, 3, got, 0), 0);
}

static void synced_then_written_on_then_reopened_by_its_key(void **state)
{
    (void)state;
    const char *path = scratch_path(&scratch, "kept");
    uint64_t seed = 42;
    size_t end = 0;
    uint8_t *shadow = malloc(1 << 20), key[SPILL_KEY];
    struct spill *spill = NULL;
    assert_int_equal(spill_create(path, &spill), 0);
    memcpy(key, spill_key(spill), sizeof(key));
    while (end < (1 << 20) - 50000) {
        size_t len = chance(&seed, 50000);
        for (size_t i = 0; i < len; i++)
            shadow[end + i] = (uint8_t)chance(&seed, 256);
        assert_int_equal(spill_write(spill, shadow + end, len), 0);
        assert_int_equal(spill_sync(spill), 0);
        end += len;
        check_reads(spill, shadow, end, &seed, 2);
    }
    spill_free(spill);
    struct stat stat_;
    assert_int_equal(stat(path, &stat_), 0);
    assert_int_equal(stat_.st_size, end);
    assert_int_equal(stat_.st_mode & 0777, 0600);
    assert_int_equal(spill_open(path, key, &spill), 0);
    assert_int_equal(spill_end(spill), end);
    check_reads(spill, shadow, end, &seed, 50);
    assert_int_equal(spill_write(spill, "x", 1), -EROFS);
    check_reads(spill, shadow, end, &seed, 1);
    spill_remove(spill);
    spill_free(spill);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(spill_open(path, key, &spill), -ENOENT);
    free(shadow);
}

static void nothing_plain_reaches_the_disk(void **state)
{
    (void)state;
    const char *path = scratch_path(&scratch, "sealed");
    struct spill *spill TIDY(spill_free) = NULL;
    assert_int_equal(spill_create(path, &spill), 0);
    char line[64] = "Jansdottir, salary 4321";
    for (int i = 0; i < 6000; i++)
        assert_int_equal(spill_write(spill, line, sizeof(line)), 0);
    assert_int_equal(spill_sync(spill), 0);
    char *all = malloc(6000 * 64);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, all, 6000 * 64), 6000 * 64);
    close(fd);
    assert_null(memmem(all, 6000 * 64, "Jansdottir", 10));
    assert_memory_not_equal(all, all + 64, 64); /* no block of key stream is used twice */
    assert_memory_not_equal(all, all + CHUNK, 64);
    free(all);
}

static void a_file_that_is_there_is_never_written_over(void **state)
{
    (void)state;
    const char *path = scratch_path(&scratch, "changeset");
    struct spill *first TIDY(spill_free) = NULL, *second TIDY(spill_free) = NULL;
    assert_int_equal(spill_create(path, &first), 0);
    assert_int_equal(spill_write(first, "one", 3), 0);
    assert_int_equal(spill_sync(first), 0);
    assert_int_equal(spill_create(path, &second), 0);
    assert_int_equal(spill_write(second, "two", 3), 0);
    assert_int_equal(spill_sync(second), -EEXIST);
    spill_remove(second); /* is not its file */
    assert_int_equal(access(path, F_OK), 0);
    char got[3];
    assert_int_equal(spill_read(first, 0, got, 3), 0);
    assert_memory_equal(got, "one", 3);
}

static void a_full_disk_is_said_and_stays_said(void **state)
{
    (void)state;
#ifndef HAVE_FAULTS
    skip();
#endif
    struct spill *spill TIDY(spill_free) = NULL;
    assert_int_equal(spill_new(scratch.dir, &spill), 0);
    uint8_t *bytes = calloc(1, CHUNK);
    assert_int_equal(spill_write(spill, bytes, CHUNK), 0);
    fault_set("spill:1");
    assert_int_equal(spill_write(spill, bytes, CHUNK), -ENOSPC);
    fault_set(NULL);
    assert_int_equal(spill_write(spill, bytes, 1), -ENOSPC);
    assert_int_equal(spill_read(spill, 0, bytes, 1), -ENOSPC);
    assert_int_equal(spill_sync(spill), -ENOSPC);
    free(bytes);
}

/* What the thread could not write is told to whoever comes next, and stays told. */
static void a_write_that_fails_behind_one_s_back_is_said(void **state)
{
    (void)state;
    struct spill *spill TIDY(spill_free) = NULL;
    struct rlimit before, small;
    assert_int_equal(spill_new(scratch.dir, &spill), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){3 * CHUNK, before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    uint8_t *bytes = calloc(40, CHUNK);
    int rc = spill_write(spill, bytes, (size_t)40 * CHUNK);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(rc, -EFBIG);
    assert_int_equal(spill_write(spill, bytes, 1), -EFBIG);
    assert_int_equal(spill_read(spill, 0, bytes, 1), -EFBIG);
    assert_int_equal(spill_sync(spill), -EFBIG);
    free(bytes);
}

/* The last chunks that were handed over: nobody has waited for them yet. */
static void a_write_that_fails_at_the_end_is_said_by_the_sync_and_by_a_read(void **state)
{
    (void)state;
    uint8_t *bytes = calloc(2, CHUNK);
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){CHUNK / 2, before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    for (int reads = 0; reads < 2; reads++) {
        struct spill *spill TIDY(spill_free) = NULL;
        assert_int_equal(spill_new(scratch.dir, &spill), 0);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        int wrote = spill_write(spill, bytes, CHUNK);
        int rc = reads ? spill_read(spill, 0, bytes, CHUNK) : spill_sync(spill);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_int_equal(wrote, 0);
        assert_int_equal(rc, -EFBIG);
    }
    free(bytes);
}

static void a_folder_that_is_not_there_fails_the_first_flush(void **state)
{
    (void)state;
    struct spill *spill TIDY(spill_free) = NULL;
    assert_int_equal(spill_new(scratch_path(&scratch, "nowhere"), &spill), 0);
    assert_int_equal(spill_write(spill, "a", 1), 0);
    assert_int_equal(spill_sync(spill), -ENOENT);
    assert_int_equal(spill_write(spill, "a", 1), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read_at_any_offset_and_size),
        cmocka_unit_test(what_is_read_in_turn_is_right_whatever_comes_between),
        cmocka_unit_test(a_burst_of_many_chunks_is_read_back_or_let_go),
        cmocka_unit_test(each_side_of_a_chunk_s_border_reads_right),
        cmocka_unit_test(offsets_that_cannot_be_are_refused),
        cmocka_unit_test(synced_then_written_on_then_reopened_by_its_key),
        cmocka_unit_test(nothing_plain_reaches_the_disk),
        cmocka_unit_test(a_file_that_is_there_is_never_written_over),
        cmocka_unit_test(a_full_disk_is_said_and_stays_said),
        cmocka_unit_test(a_write_that_fails_behind_one_s_back_is_said),
        cmocka_unit_test(a_write_that_fails_at_the_end_is_said_by_the_sync_and_by_a_read),
        cmocka_unit_test(a_folder_that_is_not_there_fails_the_first_flush),
    };
    return cmocka_run_group_tests_name("spill", tests, set_up, tear_down);
}
