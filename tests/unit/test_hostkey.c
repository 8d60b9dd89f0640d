/* test_hostkey - pins and known_hosts without a server. What a server shows is in test_sftp. */
#include "unit.h"

#include "broker/hostkey.h"

#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

static struct option_value options[2];

static int read_options(const char *pins, const char *known_hosts, struct hostkey *ret_hostkey, struct err *err)
{
    struct connection connection = {.name = "hr", .options = options, .option_count = 2};
    options[0] = (struct option_value){.name = "host_key", .text = pins};
    options[1] = (struct option_value){.name = "known_hosts", .text = known_hosts};
    return hostkey_read(&connection, ret_hostkey, err);
}

static void pins_are_read_with_and_without_word_and_padding(void **state)
{
    (void)state;
    static const char *const good[] = {
        "SHA256:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0",
        "sha256:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0"};
    static const char *const bad[] = {"",
                                      "SHA256:",
                                      "SHA256:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa",
                                      "SHA256:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa00",
                                      "SHA256:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0",
                                      "MD5:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0",
                                      "16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48"};
    uint8_t pin[32], wanted[32];
    crypto_hash_sha256(wanted, (const unsigned char *)"abc", 3);
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(hostkey_pin(good[i], strlen(good[i]), pin));
        assert_memory_equal(pin, wanted, 32);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(hostkey_pin(bad[i], strlen(bad[i]), pin));
    char text[64];
    hostkey_fingerprint("abc", 3, text);
    assert_string_equal(text, good[0]);
}

static void a_pin_decides_alone(void **state)
{
    (void)state;
    struct hostkey hostkey;
    assert_int_equal(read_options("SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA "
                                  "SHA256:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0",
                                  NULL, &hostkey, NULL),
                     0);
    assert_int_equal(hostkey.pin_count, 2);
    assert_int_equal(hostkey_judge(&hostkey, NULL, "h", 22, "abc", 3, LIBSSH2_HOSTKEY_TYPE_ED25519), HOSTKEY_TRUSTED);
    assert_int_equal(hostkey_judge(&hostkey, NULL, "h", 22, "abd", 3, LIBSSH2_HOSTKEY_TYPE_ED25519), HOSTKEY_OTHER);
    assert_int_equal(read_options(NULL, "", &hostkey, NULL), 0);
    assert_int_equal(hostkey_judge(&hostkey, NULL, "h", 22, "abc", 3, LIBSSH2_HOSTKEY_TYPE_ED25519),
                     HOSTKEY_UNKNOWN_HOST);
}

static void options_that_cannot_be_are_refused(void **state)
{
    (void)state;
    struct hostkey hostkey = {.pin_count = 7};
    struct err err = {0};
    assert_int_equal(read_options("SHA256:short", NULL, &hostkey, &err), ERR_CONFIG);
    assert_non_null(strstr(err.text, "'SHA256:short' is no SHA256 fingerprint"));
    err = (struct err){0};
    assert_int_equal(read_options(NULL, "known_hosts", &hostkey, &err), ERR_CONFIG);
    assert_non_null(strstr(err.text, "must be an absolute path"));
    assert_int_equal(hostkey.pin_count, 7);
}

static void known_hosts_counts_the_port_and_asks_for_the_known_kind_first(void **state)
{
    (void)state;
    static const char key[] = "\0\0\0\x0bssh-ed25519\0\0\0\x20"
                              "0123456789abcdef0123456789abcdef";
    size_t len = sizeof(key) - 1;
    char encoded[200], path[] = "/tmp/muster-hostkey-XXXXXX";
    sodium_bin2base64(encoded, sizeof(encoded), (const unsigned char *)key, len, sodium_base64_VARIANT_ORIGINAL);
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");
    fprintf(file, "plain.example,10.0.0.1 ssh-ed25519 %s\n", encoded);
    fprintf(file, "[port.example]:2222 ssh-ed25519 %s\n", encoded);
    fprintf(file, "ec.example ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTY=\n");
    fclose(file);
    LIBSSH2_SESSION *session = libssh2_session_init();
    LIBSSH2_KNOWNHOSTS *hosts = NULL;
    struct hostkey hostkey;
    assert_int_equal(read_options(NULL, path, &hostkey, NULL), 0);
    assert_int_equal(hostkey_hosts(&hostkey, session, &hosts, NULL), 0);
    static const struct {
        const char *host;
        unsigned port;
        int verdict;
    } cases[] = {
        {"plain.example", 22, HOSTKEY_TRUSTED},        {"10.0.0.1", 22, HOSTKEY_TRUSTED},
        {"plain.example", 2222, HOSTKEY_UNKNOWN_HOST}, {"port.example", 2222, HOSTKEY_TRUSTED},
        {"port.example", 22, HOSTKEY_UNKNOWN_HOST},    {"ec.example", 22, HOSTKEY_OTHER},
        {"other.example", 22, HOSTKEY_UNKNOWN_HOST},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(
            hostkey_judge(&hostkey, hosts, cases[i].host, cases[i].port, key, len, LIBSSH2_HOSTKEY_TYPE_ED25519),
            cases[i].verdict);
    char list[200];
    hostkey_algorithms(session, hosts, "ec.example", 22, 0, list, sizeof(list));
    assert_int_equal(strncmp(list, "ecdsa-sha2-nistp256,", 20), 0);
    hostkey_algorithms(session, hosts, "plain.example", 22, 0, list, sizeof(list));
    assert_int_equal(strncmp(list, "ssh-ed25519,", 12), 0);
    hostkey_algorithms(session, hosts, "plain.example", 22, 1u << LIBSSH2_HOSTKEY_TYPE_ED25519, list, sizeof(list));
    assert_null(strstr(list, "ssh-ed25519"));
    hostkey_algorithms(session, hosts, "plain.example", 22, ~0u, list, sizeof(list));
    assert_string_equal(list, "");
    libssh2_knownhost_free(hosts);
    libssh2_session_free(session);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pins_are_read_with_and_without_word_and_padding),
        cmocka_unit_test(a_pin_decides_alone),
        cmocka_unit_test(options_that_cannot_be_are_refused),
        cmocka_unit_test(known_hosts_counts_the_port_and_asks_for_the_known_kind_first),
    };
    return cmocka_run_group_tests_name("hostkey", tests, NULL, NULL);
}
