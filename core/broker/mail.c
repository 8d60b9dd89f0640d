/* mail - a short message leaves: by a mail server, by sendmail, by a program, or to a web address. */
#include "broker/mail.h"

#include "base/buffer.h"
#include "base/date.h"
#include "base/digest.h"
#include "base/jsontext.h"
#include "base/secret.h"
#include "base/tidy.h"
#include "broker/curl.h"
#include "broker/secretstore.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define SENDMAIL "/usr/sbin/sendmail"

enum { CONNECT_MS = 10000, MOST_MS = 30000 };

/* --- the message as it travels --- */

/* "Mon, 02 Mar 2026 06:30:00 +0000" */
static void date_header(int64_t ms, struct buffer *out)
{
    static const char *const days[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t day = ms / 86400000;
    struct date date = date_from_days(day);
    char text[25];
    instant_write(ms, text);
    buffer_format(out, "Date: %s, %02u %s %d %.8s +0000\n", days[day % 7], date.day, months[date.month - 1], date.year,
                  text + 11);
}

static const char *sender(const struct mail_way *way, char ret_from[320])
{
    char host[256] = "localhost";
    if (way->from)
        return way->from;
    gethostname(host, sizeof(host) - 1);
    snprintf(ret_from, 320, "muster@%s", host);
    return ret_from;
}

/* `crlf`: as a mail server wants its lines. */
static void message_write(const struct mail *mail, const char *from, bool crlf, struct buffer *out)
{
    struct buffer text TIDY_DONE(buffer_done) = {0};
    uint64_t digest = digest_seeded(digest_seeded((uint64_t)mail->now_ms, mail->to, strlen(mail->to)), mail->body,
                                    strlen(mail->body));
    buffer_format(&text, "From: %s\nTo: %s\nSubject: %s\n", from, mail->to + strlen("mailto:"), mail->subject);
    date_header(mail->now_ms, &text);
    buffer_format(&text, "Message-ID: <%016lx.%ld@muster.invalid>\nAuto-Submitted: auto-generated\nMIME-Version: 1.0\n",
                  (unsigned long)digest, (long)getpid());
    buffer_format(&text, "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n%s", mail->body);
    out->rc = out->rc ? out->rc : text.rc;
    for (size_t i = 0; i < text.len; i++) {
        if (crlf && text.data[i] == '\n')
            buffer_byte(out, '\r');
        buffer_byte(out, (unsigned char)text.data[i]);
    }
}

/* --- a program --- */

static int spawned_wait(pid_t pid, const char *path, struct err *err)
{
    int fd __attribute__((cleanup(tidy_close))) = pidfd_open(pid, 0), status = 0;
    struct pollfd end = {.fd = fd, .events = POLLIN};
    int got;
    do
        got = fd < 0 ? 1 : poll(&end, 1, MOST_MS);
    while (got < 0 && errno == EINTR);
    if (got == 0)
        kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (got == 0)
        return err_set(err, ERR_TIMEOUT, "%s took longer than %d s and was stopped", path, MOST_MS / 1000);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    return err_set(err, ERR_NETWORK, "%s ended with %s %d", path, WIFEXITED(status) ? "exit status" : "signal",
                   WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

/* The message on its standard input; of our environment it gets the path and nothing else, for secrets may be there. */
static int program_run(const char *path, char *const *words, const struct buffer *message, struct err *err)
{
    int input __attribute__((cleanup(tidy_close))) = memfd_create("message", MFD_CLOEXEC);
    if (input < 0 || write(input, message->data, message->len) != (ssize_t)message->len ||
        lseek(input, 0, SEEK_SET) != 0)
        return err_set(err, -errno, "the message for %s cannot be written: %s", path, err_text(-errno));
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    pid_t pid;
    char path_is[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", lang[] = "LANG=C.UTF-8";
    char *environment[] = {path_is, lang, NULL};
    sigemptyset(&none);
    sigfillset(&all);
    if (posix_spawn_file_actions_init(&actions) != 0)
        return -ENOMEM;
    if (posix_spawnattr_init(&attributes) != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return -ENOMEM;
    }
    int rc = posix_spawn_file_actions_adddup2(&actions, input, 0);
    if (rc == 0)
        rc = posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    if (rc == 0)
        rc = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    if (rc == 0)
        rc = posix_spawnattr_setsigmask(&attributes, &none);
    if (rc == 0)
        rc = posix_spawnattr_setsigdefault(&attributes, &all);
    if (rc == 0)
        rc = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (rc == 0)
        rc = posix_spawn(&pid, path, &actions, &attributes, words, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (rc != 0)
        return err_set(err, ERR_UNSUPPORTED, "%s cannot be started: %s", path, err_text(-rc));
    return spawned_wait(pid, path, err);
}

/* sendmail reads the headers that we write; a program is called with the address. */
static int send_by_program(const struct mail_way *way, const struct mail *mail, struct err *err)
{
    struct buffer message TIDY_DONE(buffer_done) = {0};
    char from[320], to[400], program[400], ignore_dots[] = "-i", end[] = "--";
    const char *path = way->program ? way->program : way->sendmail ? way->sendmail : SENDMAIL;
    message_write(mail, sender(way, from), false, &message);
    snprintf(to, sizeof(to), "%s", mail->to + strlen("mailto:"));
    snprintf(program, sizeof(program), "%s", path);
    char *by_program[] = {program, to, NULL}, *by_sendmail[] = {program, ignore_dots, end, to, NULL};
    if (message.rc != 0)
        return message.rc;
    return program_run(path, way->program ? by_program : by_sendmail, &message, err);
}

/* --- curl --- */

struct sending {
    const struct buffer *message;
    size_t at;
};

static size_t sending_read(char *out, size_t size, size_t count, void *context)
{
    struct sending *sending = context;
    size_t len = sending->message->len - sending->at;
    len = len < size * count ? len : size * count;
    memcpy(out, sending->message->data + sending->at, len);
    sending->at += len;
    return len;
}

static size_t answer_ignored(char *bytes, size_t size, size_t count, void *context)
{
    (void)bytes;
    (void)context;
    return size * count;
}

static int curl_failed(const struct curl *curl, CURLcode code, long status, const char *where, struct err *err)
{
    int rc = code == CURLE_LOGIN_DENIED                                               ? ERR_AUTH
             : code == CURLE_OPERATION_TIMEDOUT                                       ? ERR_TIMEOUT
             : code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_USE_SSL_FAILED ? ERR_AUTH
                                                                                      : ERR_NETWORK;
    if (status > 0)
        return err_set(err, rc, "%s answered with %ld", where, status);
    return err_set(err, rc, "%s: %s", where, curl->easy_strerror(code));
}

static int perform(const struct curl *curl, CURL *handle, const char *where, struct err *err)
{
    long status = 0;
    curl->easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl->easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl->easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long)MOST_MS);
    curl->easy_setopt(handle, CURLOPT_WRITEFUNCTION, answer_ignored);
    CURLcode code = curl->easy_perform(handle);
    curl->easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    return code == CURLE_OK ? 0 : curl_failed(curl, code, status >= 400 ? status : 0, where, err);
}

static int send_by_smtp(const struct mail_way *way, const struct mail *mail, struct err *err)
{
    struct buffer message TIDY_DONE(buffer_done) = {0};
    struct secret password TIDY_DONE(secret_done) = {0};
    const struct curl *curl;
    char from[320];
    int rc = curl_load(&curl, err);
    if (rc == 0 && way->password)
        rc = secretstore_read(way->password, "mail: password", &password, err);
    if (rc != 0)
        return rc;
    message_write(mail, sender(way, from), true, &message);
    CURL *handle = curl->easy_init();
    struct curl_slist *to = handle ? curl->slist_append(NULL, mail->to + strlen("mailto:")) : NULL;
    struct sending sending = {.message = &message};
    rc = message.rc ? message.rc : to ? 0 : -ENOMEM;
    if (rc == 0) {
        curl->easy_setopt(handle, CURLOPT_URL, way->smtp);
        curl->easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
        /* A password never goes in the clear; without one a server may do without. */
        curl->easy_setopt(handle, CURLOPT_USE_SSL, way->user ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_TRY);
        curl->easy_setopt(handle, CURLOPT_MAIL_FROM, sender(way, from));
        curl->easy_setopt(handle, CURLOPT_MAIL_RCPT, to);
        curl->easy_setopt(handle, CURLOPT_READFUNCTION, sending_read);
        curl->easy_setopt(handle, CURLOPT_READDATA, &sending);
        curl->easy_setopt(handle, CURLOPT_UPLOAD, 1L);
        if (way->user) {
            curl->easy_setopt(handle, CURLOPT_USERNAME, way->user);
            curl->easy_setopt(handle, CURLOPT_PASSWORD, secret_reveal(&password));
        }
        rc = perform(curl, handle, way->smtp, err);
    }
    curl->slist_free_all(to);
    curl->easy_cleanup(handle);
    return rc;
}

/* {"subject": …, "text": …} to a web address. */
static int send_by_web(const struct mail *mail, struct err *err)
{
    struct buffer document TIDY_DONE(buffer_done) = {0};
    const struct curl *curl;
    int rc = curl_load(&curl, err);
    if (rc != 0)
        return rc;
    buffer_byte(&document, '{');
    json_member_text(&document, "subject", mail->subject);
    json_member_text(&document, "text", mail->body);
    buffer_byte(&document, '}');
    CURL *handle = curl->easy_init();
    struct curl_slist *headers = handle ? curl->slist_append(NULL, "Content-Type: application/json") : NULL;
    rc = document.rc ? document.rc : headers ? 0 : -ENOMEM;
    if (rc == 0) {
        curl->easy_setopt(handle, CURLOPT_URL, mail->to);
        curl->easy_setopt(handle, CURLOPT_PROTOCOLS_STR, strncmp(mail->to, "https:", 6) == 0 ? "https" : "http");
        curl->easy_setopt(handle, CURLOPT_POSTFIELDS, document.data);
        curl->easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
        curl->easy_setopt(handle, CURLOPT_FAILONERROR, 1L);
        rc = perform(curl, handle, "the address", err); /* its path may be a secret by itself */
    }
    curl->slist_free_all(headers);
    curl->easy_cleanup(handle);
    return rc;
}

int mail_send(const struct mail_way *way, const struct mail *mail, struct err *err)
{
    if (strncmp(mail->to, "mailto:", 7) != 0)
        return send_by_web(mail, err);
    return way->smtp ? send_by_smtp(way, mail, err) : send_by_program(way, mail, err);
}
