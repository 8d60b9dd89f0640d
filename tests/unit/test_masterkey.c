/* test_masterkey - the key from which all others come. */
#include "unit.h"

#include "engine/masterkey.h"
#include "scratch.h"

static struct scratch scratch;
static struct settings settings;

static int make(void **state)
{
    (void)state;
    scratch_make(&scratch);
    static char dir[100];
    snprintf(dir, sizeof(dir), "%s/state", scratch.dir);
    settings = (struct settings){.state = dir};
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    scratch_remove(&scratch);
    return 0;
}

static void put(const char *name, const void *bytes, size_t len)
{
    FILE *file = fopen(scratch_path(&scratch, name), "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
}

static void it_is_made_once_and_for_its_owner_only(void **state)
{
    (void)state;
    uint8_t first[VAULT_MASTER], again[VAULT_MASTER], nothing[VAULT_MASTER] = {0};
    struct err err = {0};
    struct stat stat_of;
    assert_int_equal(masterkey_load(&settings, first, &err), 0);
    assert_int_equal(masterkey_load(&settings, again, &err), 0);
    assert_memory_equal(first, again, sizeof(first));
    assert_memory_not_equal(first, nothing, sizeof(first));
    assert_int_equal(stat(scratch_path(&scratch, "state/seal.key"), &stat_of), 0);
    assert_int_equal(stat_of.st_mode & 07777, 0600);
    assert_int_equal(stat_of.st_size, VAULT_MASTER);
    assert_int_equal(stat_of.st_nlink, 1); /* nothing is left of making it */
}

static void start(void *with)
{
    uint8_t key[VAULT_MASTER];
    struct err err = {0};
    if (masterkey_load(&settings, key, &err) != 0 || write(*(int *)with, key, sizeof(key)) != VAULT_MASTER)
        _exit(1);
    _exit(0);
}

static void many_starts_at_once_have_one_key(void **state)
{
    (void)state;
    enum { STARTS = 8 };
    uint8_t keys[STARTS][VAULT_MASTER];
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    for (int round = 0; round < 5; round++) {
        unlink(scratch_path(&scratch, "state/seal.key"));
        for (int i = 0; i < STARTS; i++)
            if (fork() == 0)
                start(&ends[1]);
        for (int i = 0; i < STARTS; i++) {
            int status;
            wait(&status);
            assert_int_equal(status, 0);
            assert_int_equal(read(ends[0], keys[i], VAULT_MASTER), VAULT_MASTER);
            assert_memory_equal(keys[0], keys[i], VAULT_MASTER);
        }
    }
    close(ends[0]);
    close(ends[1]);
}

static void a_damaged_one_is_never_replaced(void **state)
{
    (void)state;
    uint8_t key[VAULT_MASTER];
    static const size_t lengths[] = {0, 1, VAULT_MASTER - 1, VAULT_MASTER + 1, 100};
    static const char bytes[100] = "half of it";
    uint8_t before[VAULT_MASTER];
    memset(key, 7, sizeof(key));
    memcpy(before, key, sizeof(key));
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct err err = {0};
        put("state/seal.key", bytes, lengths[i]);
        assert_int_equal(masterkey_load(&settings, key, &err), ERR_CORRUPT);
        assert_non_null(strstr(err.text, "seal.key is damaged"));
        assert_memory_equal(key, before, sizeof(key));
        struct stat stat_of;
        assert_int_equal(stat(scratch_path(&scratch, "state/seal.key"), &stat_of), 0);
        assert_int_equal(stat_of.st_size, lengths[i]);
    }
    unlink(scratch_path(&scratch, "state/seal.key"));
}

static void what_a_killed_start_left_behind_is_in_nobodys_way(void **state)
{
    (void)state;
    uint8_t key[VAULT_MASTER];
    char name[60];
    struct err err = {0};
    snprintf(name, sizeof(name), "state/seal.key.%ld", (long)getpid());
    put(name, "half", 4);
    assert_int_equal(masterkey_load(&settings, key, &err), 0);
}

static void it_may_be_given_as_a_secret(void **state)
{
    (void)state;
    static const struct secretref ref = {.how = SECRET_ENV, .name = "TEST_SEAL_KEY"};
    struct settings given = settings;
    given.seal_key = &ref;
    uint8_t key[VAULT_MASTER], wanted[VAULT_MASTER];
    for (size_t i = 0; i < sizeof(wanted); i++)
        wanted[i] = (uint8_t)(i * 8);
    setenv("TEST_SEAL_KEY", "0008101820283038404850586068707880889098a0a8b0b8c0c8d0d8E0E8F0F8", 1);
    struct err err = {0};
    assert_int_equal(masterkey_load(&given, key, &err), 0);
    assert_memory_equal(key, wanted, sizeof(key));
    static const char *const wrong[] = {"", "00", "0008101820283038404850586068707880889098a0a8b0b8c0c8d0d8E0E8F0F",
                                        "0008101820283038404850586068707880889098a0a8b0b8c0c8d0d8E0E8F0Fx",
                                        "0008101820283038404850586068707880889098a0a8b0b8c0c8d0d8E0E8F0F800"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct err fault = {0};
        setenv("TEST_SEAL_KEY", wrong[i], 1);
        assert_int_not_equal(masterkey_load(&given, key, &fault), 0);
        assert_non_null(strstr(fault.text, "seal_key"));
        if (*wrong[i])
            assert_null(strstr(fault.text, wrong[i])); /* a secret is not repeated */
        assert_memory_equal(key, wanted, sizeof(key));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_made_once_and_for_its_owner_only),
        cmocka_unit_test(many_starts_at_once_have_one_key),
        cmocka_unit_test(a_damaged_one_is_never_replaced),
        cmocka_unit_test(what_a_killed_start_left_behind_is_in_nobodys_way),
        cmocka_unit_test(it_may_be_given_as_a_secret),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
