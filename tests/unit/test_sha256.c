/* test_sha256 - the digest that files are known by. */
#include "unit.h"

#include "base/digest.h"
#include "base/sha256.h"

static void known_texts_have_their_known_digests(void **state)
{
    (void)state;
    static const struct {
        const char *text, *digest;
    } cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (int hardware = 0; hardware < 2; hardware++) {
        sha256_allow_hardware(hardware);
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            uint8_t digest[32];
            char hex[DIGEST_HEX];
            digest_sha256(cases[i].text, strlen(cases[i].text), digest);
            digest_hex(digest, sizeof(digest), hex);
            assert_string_equal(hex, cases[i].digest);
        }
    }
}

static void every_length_and_every_cut_gives_what_libsodium_gives(void **state)
{
    (void)state;
    sha256_allow_hardware(1);
    uint8_t bytes[300];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 37 + 11);
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        uint8_t expected[32];
        crypto_hash_sha256(expected, bytes, len);
        for (size_t piece = 1; piece <= 130; piece += 3) {
            struct sha256 sum;
            uint8_t digest[32];
            sha256_init(&sum);
            for (size_t at = 0; at < len; at += piece)
                sha256_add(&sum, bytes + at, len - at < piece ? len - at : piece);
            sha256_end(&sum, digest);
            assert_memory_equal(digest, expected, sizeof(digest));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_texts_have_their_known_digests),
        cmocka_unit_test(every_length_and_every_cut_gives_what_libsodium_gives),
    };
    return cmocka_run_group_tests_name("sha256", tests, NULL, NULL);
}
