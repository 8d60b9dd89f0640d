/* test_login - which servers are trusted and which credentials are taken, on a real OpenSSH server. */
#include "sshserver.h"

#include <fcntl.h>
#include <libssh2.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whose key is trusted */

static void the_pinned_key_is_trusted_whatever_its_kind(void **state)
{
    (void)state;
    static const char *const kinds[] = {"ed25519", "ecdsa"};
    for (size_t i = 0; i < 2; i++)
        for (int form = 0; form < 3; form++) {
            char pin[100];
            const char *whole = said("host_keys", kinds[i]);
            snprintf(pin, sizeof(pin), "%s%s", form == 1 ? whole + 7 : whole, form == 2 ? "=" : "");
            struct world w;
            begin_in_files(&w, "*");
            option(&w, "host_key", pin);
            secret_option(&w, "private_key", said("keys", "ed25519-openssh"));
            check(&w, 0, NULL);
            end(&w);
        }
}

static void one_of_several_pins_is_enough(void **state)
{
    (void)state;
    char pins[200];
    snprintf(pins, sizeof(pins), "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA, %s",
             said("host_keys", "ed25519"));
    struct world w;
    begin_in_files(&w, "*");
    option(&w, "host_key", pins);
    secret_option(&w, "private_key", said("keys", "ed25519-openssh"));
    check(&w, 0, NULL);
    end(&w);
}

static void a_wrong_pin_is_refused_and_shows_what_the_server_has(void **state)
{
    (void)state;
    struct world w;
    begin_in_files(&w, "*");
    option(&w, "host_key", "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    secret_option(&w, "private_key", said("keys", "ed25519-openssh"));
    check(&w, ERR_AUTH, said("host_keys", "ed25519"));
    check(&w, ERR_AUTH, "ssh-keygen -lf");
    end(&w);
    begin_in_files(&w, "*");
    option(&w, "host_key", "MD5:aa:bb");
    check(&w, ERR_CONFIG, "is no SHA256 fingerprint");
    end(&w);
}

static void known_hosts_trusts_plain_and_hashed_names_with_ports(void **state)
{
    (void)state;
    static const char *const files[] = {"plain", "hashed", "only_ecdsa"};
    for (size_t i = 0; i < 3; i++) {
        struct world w;
        begin_in_files(&w, "*");
        option(&w, "known_hosts", said("known_hosts", files[i]));
        secret_option(&w, "private_key", said("keys", "ed25519-openssh"));
        check(&w, 0, NULL);
        end(&w);
    }
}

static void known_hosts_with_another_key_another_host_or_a_revoked_key_is_refused(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"wrong_key", "somebody may be in between"},
                                           {"other_host", "does not know 127.0.0.1"},
                                           {"revoked", "is revoked"}};
    for (size_t i = 0; i < 3; i++) {
        struct world w;
        begin_in_files(&w, "*");
        option(&w, "known_hosts", said("known_hosts", cases[i][0]));
        secret_option(&w, "private_key", said("keys", "ed25519-openssh"));
        check(&w, ERR_AUTH, cases[i][1]);
        end(&w);
    }
    struct world w;
    begin_in_files(&w, "*");
    option(&w, "known_hosts", "/nowhere/known_hosts");
    check(&w, ERR_CONFIG, "/nowhere/known_hosts cannot be read");
    end(&w);
}

static void a_server_of_which_nothing_is_known_is_refused_with_the_line_to_add(void **state)
{
    (void)state;
    char line[100];
    snprintf(line, sizeof(line), "`host_key: %s`", said("host_keys", "ed25519"));
    struct world w;
    begin_in_files(&w, "*");
    secret_option(&w, "private_key", said("keys", "ed25519-openssh"));
    check(&w, ERR_CONFIG, line);
    end(&w);
}

/* Logging in */

static int can_rsa(void)
{
    return libssh2_version(0x010b00) != NULL;
}

static void every_kind_and_form_of_key_logs_in_or_says_the_way_out(void **state)
{
    (void)state;
    const char *name;
    json_t *value;
    json_object_foreach(json_object_get(server, "keys"), name, value)
    {
        struct world w;
        begin_in_files(&w, "*");
        trusted(&w);
        secret_option(&w, "private_key", json_string_value(value));
        int locked = strstr(name, "-locked") != NULL, rsa = strncmp(name, "rsa", 3) == 0 && !can_rsa();
        int hidden = rsa && locked && strstr(name, "pkcs8"); /* what it is shows only once it is open */
        print_message("%s\n", name);
        if (rsa && !hidden) {
            check(&w, ERR_UNSUPPORTED, "libssh2 1.11 or newer");
        } else if (locked) {
            check(&w, ERR_AUTH, "is locked by a passphrase");
            secret_option(&w, "passphrase", secret_file("not this one"));
            check(&w, ERR_AUTH, "the passphrase does not open the key");
            w.connection.option_count--;
            secret_option(&w, "passphrase", secret_file(said("passphrase", NULL)));
            check(&w, hidden ? ERR_AUTH : 0, NULL);
        } else {
            check(&w, 0, NULL);
        }
        end(&w);
    }
}

static void a_key_with_windows_line_ends_or_without_its_last_one_still_works(void **state)
{
    (void)state;
    FILE *in = fopen(said("keys", "ed25519-openssh"), "r");
    char text[4096], windows[8192] = "";
    text[fread(text, 1, sizeof(text) - 1, in)] = '\0';
    fclose(in);
    size_t len = 0;
    for (char *c = text; *c; c++) {
        if (*c == '\n')
            windows[len++] = '\r';
        windows[len++] = *c;
    }
    text[strlen(text) - 1] = '\0';
    const char *const forms[] = {windows, text};
    for (size_t i = 0; i < 2; i++) {
        struct world w;
        begin_in_files(&w, "*");
        trusted(&w);
        secret_option(&w, "private_key", secret_file(forms[i]));
        check(&w, 0, NULL);
        end(&w);
    }
}

static void a_key_that_the_server_does_not_know_says_what_it_takes(void **state)
{
    (void)state;
    struct world w;
    begin_in_files(&w, "*");
    trusted(&w);
    secret_option(&w, "private_key", said("stranger", NULL));
    check(&w, ERR_AUTH, "(the server takes: publickey");
    end(&w);
    begin_in_files(&w, "*");
    trusted(&w);
    char public[300];
    snprintf(public, sizeof(public), "%s.pub", said("stranger", NULL));
    chmod(public, 0600);
    secret_option(&w, "private_key", public);
    check(&w, ERR_AUTH, "is a public key");
    end(&w);
}

static void damaged_keys_are_said_to_be_damaged(void **state)
{
    (void)state;
    FILE *in = fopen(said("keys", "ecdsa-pem"), "r");
    char text[4096];
    text[fread(text, 1, sizeof(text) - 1, in)] = '\0';
    fclose(in);
    char *body = strchr(text, '\n') + 8; /* four bytes are missing from here on */
    memmove(body, body + 4, strlen(body + 4) + 1);
    struct world w;
    begin_in_files(&w, "*");
    trusted(&w);
    secret_option(&w, "private_key", secret_file(text));
    check(&w, ERR_AUTH, "cannot be used");
    end(&w);
}

static void the_agent_is_asked_when_neither_key_nor_password_is_given(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"ed25519", NULL}, {"rsa", "only RSA keys"}, {"empty", "holds no keys"}, {"none", "does not answer"}};
    for (size_t i = 0; i < 4; i++) {
        struct world w;
        begin_in_files(&w, "*");
        trusted(&w);
        const char *path = said("agents", cases[i][0]);
        setenv("SSH_AUTH_SOCK", path ? path : "/nowhere/agent", 1);
        int ok = i == 0 || (i == 1 && can_rsa());
        check(&w, ok ? 0 : ERR_AUTH, ok ? NULL : cases[i][1]);
        unsetenv("SSH_AUTH_SOCK");
        end(&w);
    }
    struct world w;
    begin_in_files(&w, "*");
    trusted(&w);
    check(&w, ERR_AUTH, "nothing to log in to");
    end(&w);
}

static void passwords_are_taken_or_refused(void **state)
{
    (void)state;
    const char *user = said("password", "user");
    if (!user) {
        print_message("skipped: %s\n", said("password_missing_because", NULL));
        skip();
    }
    int pam = (int)json_integer_value(json_object_get(json_object_get(server, "password"), "port"));
    for (int asking = 0; asking < (pam ? 2 : 1); asking++)
        for (int right = 0; right < 2; right++) {
            struct world w;
            begin_in_files(&w, "*");
            place(&w, user, asking ? pam : number("port"), "/~/");
            trusted(&w);
            secret_option(&w, "password", secret_file(right ? said("password", "right") : "wrong"));
            check(&w, right ? 0 : ERR_AUTH, right ? NULL : "refuses the password of user");
            end(&w);
        }
    struct world w;
    begin_in_files(&w, "*");
    place(&w, user, number("port"), "/~/");
    trusted(&w);
    secret_option(&w, "private_key", said("stranger", NULL));
    secret_option(&w, "password", secret_file(said("password", "right")));
    check(&w, 0, NULL); /* the key is refused, the password is not */
    end(&w);
}

static void a_password_in_the_file_itself_is_refused(void **state)
{
    (void)state;
    struct world w;
    begin_in_files(&w, "*");
    trusted(&w);
    option(&w, "password", "hunter2");
    struct err err = {0};
    assert_int_equal(files_check(w.files, &err), ERR_CONFIG);
    assert_non_null(strstr(err.text, "!secret"));
    assert_null(strstr(err.text, "hunter2"));
    end(&w);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pinned_key_is_trusted_whatever_its_kind),
        cmocka_unit_test(one_of_several_pins_is_enough),
        cmocka_unit_test(a_wrong_pin_is_refused_and_shows_what_the_server_has),
        cmocka_unit_test(known_hosts_trusts_plain_and_hashed_names_with_ports),
        cmocka_unit_test(known_hosts_with_another_key_another_host_or_a_revoked_key_is_refused),
        cmocka_unit_test(a_server_of_which_nothing_is_known_is_refused_with_the_line_to_add),
        cmocka_unit_test(every_kind_and_form_of_key_logs_in_or_says_the_way_out),
        cmocka_unit_test(a_key_with_windows_line_ends_or_without_its_last_one_still_works),
        cmocka_unit_test(a_key_that_the_server_does_not_know_says_what_it_takes),
        cmocka_unit_test(damaged_keys_are_said_to_be_damaged),
        cmocka_unit_test(the_agent_is_asked_when_neither_key_nor_password_is_given),
        cmocka_unit_test(passwords_are_taken_or_refused),
        cmocka_unit_test(a_password_in_the_file_itself_is_refused),
    };
    return cmocka_run_group_tests_name("login", tests, start_server, stop_server);
}
