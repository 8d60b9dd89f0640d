/* test_sshkey - what a secret holds that should be a private key. The real ones are in test_sftp. */
#include "unit.h"

#include "broker/sshkey.h"

/* An ed25519 key made for this test and used nowhere. */
static const char ed25519[] = "-----BEGIN OPENSSH PRIVATE KEY-----\n"
                              "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n"
                              "QyNTUxOQAAACD//////////////////////////////////////////w==\n"
                              "-----END OPENSSH PRIVATE KEY-----\n";

static void other_things_are_recognised_and_answered_with_the_way_out(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int form;
        int rc;
        const char *says;
    } cases[] = {
        {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA me@here", SSHKEY_PUBLIC, ERR_AUTH, "is a public key"},
        {"ecdsa-sha2-nistp256 AAAA", SSHKEY_PUBLIC, ERR_AUTH, "without .pub"},
        {"---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n", SSHKEY_PUBLIC, ERR_AUTH, "is a public key"},
        {"PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n", SSHKEY_PUTTY, ERR_UNSUPPORTED, "puttygen"},
        {"hunter2", SSHKEY_NONE, ERR_AUTH, "is no private key"},
        {"", SSHKEY_NONE, ERR_AUTH, "is no private key"},
        {"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXkt\n", SSHKEY_NONE, ERR_AUTH, "not a whole one"},
        {"-----BEGIN OPENSSH PRIVATE KEY-----\n*** not base64\n-----END OPENSSH PRIVATE KEY-----\n", SSHKEY_NONE,
         ERR_AUTH, "not a whole one"},
        {"-----BEGIN DSA PRIVATE KEY-----\nAAAA\n-----END DSA PRIVATE KEY-----\n", SSHKEY_PEM, ERR_UNSUPPORTED,
         "ssh-keygen -t ed25519"},
        {"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
         "-----END PRIVATE KEY-----\n",
         SSHKEY_PKCS8, ERR_UNSUPPORTED, "PKCS#8"},
        {"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n", SSHKEY_PKCS8, ERR_AUTH,
         "locked by a passphrase"},
        {"-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n", SSHKEY_PEM, ERR_UNSUPPORTED,
         "libssh2 1.11"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct err err = {0};
        struct sshkey key = sshkey_recognise(cases[i].text, strlen(cases[i].text));
        assert_int_equal(key.form, cases[i].form);
        assert_int_equal(sshkey_usable(&key, false, false, "it", &err), cases[i].rc);
        if (!strstr(err.text, cases[i].says))
            fail_msg("%s: %s", cases[i].text, err.text);
    }
}

static void rsa_is_fine_where_libssh2_can_sign_with_it(void **state)
{
    (void)state;
    struct sshkey rsa = {.form = SSHKEY_OPENSSH, .type = SSHKEY_RSA};
    assert_int_equal(sshkey_usable(&rsa, false, true, "it", NULL), 0);
    assert_int_equal(sshkey_usable(&rsa, false, false, "it", NULL), ERR_UNSUPPORTED);
}

static void damage_anywhere_never_reads_past_the_end(void **state)
{
    (void)state;
    struct sshkey whole = sshkey_recognise(ed25519, strlen(ed25519));
    assert_int_equal(whole.form, SSHKEY_OPENSSH);
    assert_int_equal(whole.type, SSHKEY_ED25519);
    assert_false(whole.encrypted);
    for (size_t len = 0; len < sizeof(ed25519); len++) {
        char *copy = malloc(len + 1);
        memcpy(copy, ed25519, len);
        (void)sshkey_recognise(copy, len);
        for (size_t at = 0; len + 1 == sizeof(ed25519) && at < len; at++)
            for (int byte = '/'; byte < 'g'; byte += 7) {
                char kept = copy[at];
                copy[at] = (char)byte;
                (void)sshkey_recognise(copy, len);
                copy[at] = kept;
            }
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_things_are_recognised_and_answered_with_the_way_out),
        cmocka_unit_test(rsa_is_fine_where_libssh2_can_sign_with_it),
        cmocka_unit_test(damage_anywhere_never_reads_past_the_end),
    };
    return cmocka_run_group_tests_name("sshkey", tests, NULL, NULL);
}
