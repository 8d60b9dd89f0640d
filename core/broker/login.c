/* login - who we are to a server.
 *
 * Reads the secrets that the options private_key, passphrase and password
 * refer to, and asks the agent of SSH_AUTH_SOCK when neither key nor password
 * is given. Writes nothing. */
#include "broker/login.h"

#include "base/buffer.h"
#include "base/mem.h"
#include "base/tidy.h"
#include "broker/secretstore.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#ifdef HAVE_SANITIZERS
void __lsan_disable(void);
void __lsan_enable(void);
#endif

enum { AGENT_TRIES = 5 }; /* servers hang up after six */

static bool rsa_works(void)
{
    return libssh2_version(0x010b00) != NULL;
}

static int read_option(const struct connection *connection, const char *name, struct secret *secret, struct err *err)
{
    for (size_t i = 0; i < connection->option_count; i++) {
        const struct option_value *value = &connection->options[i];
        if (strcmp(value->name, name) != 0)
            continue;
        char what[64];
        snprintf(what, sizeof(what), "option '%s'", name);
        if (!value->secret)
            return err_set(err, ERR_CONFIG, "%s must refer to a secret: write %s: !secret file:PATH", what, name);
        return secretstore_read(value->secret, what, secret, err);
    }
    return 0;
}

/* libssh2 wants lines that end in '\n', the last one too; keys that went through a Windows editor have others. */
static int tidy_key(struct secret *key)
{
    size_t room = key->len + 2, len = 0;
    char *copy = mem_new(1, room);
    if (!copy)
        return -ENOMEM;
    for (const char *c = secret_reveal(key); *c; c++)
        if (*c != '\r')
            copy[len++] = *c;
    if (len > 0 && copy[len - 1] != '\n')
        copy[len++] = '\n';
    int rc = secret_set(key, copy, len);
    explicit_bzero(copy, room);
    free(copy);
    return rc;
}

int login_read(const struct connection *connection, struct login *login, struct err *err)
{
    int rc = read_option(connection, "private_key", &login->key, err);
    if (rc == 0)
        rc = read_option(connection, "passphrase", &login->passphrase, err);
    if (rc == 0)
        rc = read_option(connection, "password", &login->password, err);
    if (rc < 0 || login->key.len == 0)
        return rc;
    if (tidy_key(&login->key) < 0)
        return err_set(err, -ENOMEM, "%s", err_text(-ENOMEM));
    login->kind = sshkey_recognise(secret_reveal(&login->key), login->key.len);
    return sshkey_usable(&login->kind, login->passphrase.len > 0, rsa_works(), "the content of option 'private_key'",
                         err);
}

void login_done(struct login *login)
{
    secret_done(&login->key);
    secret_done(&login->passphrase);
    secret_done(&login->password);
}

/* What the server would take, as it says itself: "publickey,password". */
static int ask_methods(struct link *link, char *ret_methods, size_t size, struct err *err)
{
    char *methods;
    LINK_GET(link, methods, libssh2_userauth_list(link->session, link->user, (unsigned)strlen(link->user)));
    ret_methods[0] = '\0';
    if (methods) {
        size_t used = 0;
        for (const char *c = methods; *c && used + 3 < size; c++) {
            ret_methods[used++] = *c;
            if (*c == ',')
                ret_methods[used++] = ' ';
        }
        ret_methods[used] = '\0';
        return 0;
    }
    if (libssh2_userauth_authenticated(link->session))
        return 0;
    return link_failed(link, "logging in", err);
}

/* libssh2 1.10 loses one number of an ecdsa key in OpenSSH's format each time that it reads one. */
static void expect_leak(const struct login *login, bool begins)
{
#ifdef HAVE_SANITIZERS
    if (login->kind.type == SSHKEY_ECDSA && login->kind.form == SSHKEY_OPENSSH)
        begins ? __lsan_disable() : __lsan_enable();
#endif
    (void)login, (void)begins;
}

/* 1: not accepted, or not enough, and there is a password to try. */
static int try_key(struct link *link, const struct login *login, const char *methods, struct err *err)
{
    int rc;
    expect_leak(login, true);
    LINK_DO(link, rc,
            libssh2_userauth_publickey_frommemory(
                link->session, link->user, strlen(link->user), NULL, 0, secret_reveal(&login->key), login->key.len,
                login->passphrase.len > 0 ? secret_reveal(&login->passphrase) : NULL));
    expect_leak(login, false);
    if (rc == 0)
        return 0;
    if (link_lost(link, rc))
        return link_failed(link, "logging in", err);
    if (rc == LIBSSH2_ERROR_AUTHENTICATION_FAILED || rc == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED) {
        if (login->password.len > 0)
            return 1; /* the password may still do, or be the second thing that the server asks for */
        return err_set(err, ERR_AUTH,
                       "%s does not accept the key of option 'private_key' for user '%s' (the server takes: %s): its "
                       "public half must be in the authorized keys of that user there",
                       link->where, link->user, methods);
    }
    if (login->kind.encrypted)
        return err_set(err, ERR_AUTH,
                       "the passphrase does not open the key of option 'private_key': check option 'passphrase'");
    return err_set(
        err, ERR_AUTH,
        "the key of option 'private_key' cannot be used: it is damaged or of a kind that libssh2 %s does not "
        "know; make one with ssh-keygen -t ed25519",
        libssh2_version(0));
}

/* Answers every hidden question with the password. The struct stands behind the link for the time of the call. */
static _Thread_local const struct secret *asked_for;

static LIBSSH2_USERAUTH_KBDINT_RESPONSE_FUNC(answer)
{
    (void)name, (void)name_len, (void)instruction, (void)instruction_len, (void)abstract;
    for (int i = 0; i < num_prompts; i++) {
        const char *text = prompts[i].echo ? "" : secret_reveal(asked_for);
        size_t len = strlen(text) + 1;
        responses[i].text = link_memory(len); /* libssh2 gives it back through the link, which wipes it */
        if (responses[i].text)
            memcpy(responses[i].text, text, len);
        responses[i].length = responses[i].text ? (unsigned)(len - 1) : 0;
    }
}

static int try_password(struct link *link, const struct login *login, const char *methods, struct err *err)
{
    int rc = LIBSSH2_ERROR_AUTHENTICATION_FAILED;
    bool plain = strstr(methods, "password") != NULL, asking = strstr(methods, "keyboard-interactive") != NULL;
    if (!plain && !asking)
        return err_set(err, ERR_AUTH,
                       "%s takes no password from user '%s' (the server takes: %s): use option 'private_key'",
                       link->where, link->user, methods);
    if (plain)
        LINK_DO(link, rc,
                libssh2_userauth_password_ex(link->session, link->user, (unsigned)strlen(link->user),
                                             secret_reveal(&login->password), (unsigned)login->password.len, NULL));
    if (rc == LIBSSH2_ERROR_PASSWORD_EXPIRED)
        return err_set(err, ERR_AUTH, "%s says that the password of user '%s' has expired: set a new one there",
                       link->where, link->user);
    if (rc != 0 && asking && !link_lost(link, rc)) {
        asked_for = &login->password;
        LINK_DO(link, rc, libssh2_userauth_keyboard_interactive(link->session, link->user, answer));
        asked_for = NULL;
    }
    if (rc == 0)
        return 0;
    if (link_lost(link, rc))
        return link_failed(link, "logging in", err);
    return err_set(err, ERR_AUTH,
                   "%s refuses the password of user '%s' (the server takes: %s): check option 'password', and that the "
                   "account is not locked",
                   link->where, link->user, methods);
}

static void tidy_agent(LIBSSH2_AGENT **agent)
{
    if (!*agent)
        return;
    libssh2_agent_disconnect(*agent);
    libssh2_agent_free(*agent);
}

static bool is_rsa(const struct libssh2_agent_publickey *identity)
{
    return identity->blob_len >= 11 && memcmp(identity->blob + 4, "ssh-rsa", 7) == 0;
}

static int try_agent(struct link *link, const char *methods, struct err *err)
{
    const char *path = getenv("SSH_AUTH_SOCK");
    if (!path || !*path)
        return err_set(err, ERR_AUTH,
                       "nothing to log in to %s with: give option 'private_key' or 'password' (both are secrets), or "
                       "run an agent (SSH_AUTH_SOCK)",
                       link->where);
    __attribute__((cleanup(tidy_agent))) LIBSSH2_AGENT *agent = libssh2_agent_init(link->session);
    if (!agent)
        return err_set(err, -ENOMEM, "%s", err_text(-ENOMEM));
    if (libssh2_agent_connect(agent) != 0 || libssh2_agent_list_identities(agent) != 0)
        return err_set(err, ERR_AUTH,
                       "the agent at %s (SSH_AUTH_SOCK) does not answer: start it, or give option "
                       "'private_key' or 'password'",
                       path);
    unsigned tried = 0, skipped = 0;
    struct libssh2_agent_publickey *identity = NULL;
    while (tried < AGENT_TRIES && libssh2_agent_get_identity(agent, &identity, identity) == 0) {
        if (is_rsa(identity) && !rsa_works()) {
            skipped++;
            continue;
        }
        int rc;
        LINK_DO(link, rc, libssh2_agent_userauth(agent, link->user, identity));
        if (rc == 0)
            return 0;
        if (link_lost(link, rc))
            return link_failed(link, "logging in", err);
        tried++;
    }
    if (tried == 0 && skipped > 0)
        return err_set(err, ERR_AUTH,
                       "the agent holds only RSA keys, which this libssh2 (before 1.11) cannot use with present-day "
                       "servers: add an ed25519 or ecdsa key with ssh-add");
    if (tried == 0)
        return err_set(err, ERR_AUTH, "the agent at %s holds no keys: add one with ssh-add", path);
    return err_set(err, ERR_AUTH, "%s accepts none of the agent's keys for user '%s' (%u tried; the server takes: %s)",
                   link->where, link->user, tried, methods);
}

int login_try(struct link *link, const struct login *login, struct err *err)
{
    char methods[200];
    int rc = ask_methods(link, methods, sizeof(methods), err);
    if (rc < 0 || libssh2_userauth_authenticated(link->session))
        return rc;
    if (login->key.len == 0 && login->password.len == 0)
        return try_agent(link, methods, err);
    rc = login->key.len > 0 ? try_key(link, login, methods, err) : 1;
    return rc == 1 ? try_password(link, login, methods, err) : rc;
}
