/* test_settings - muster.yaml. */
#include "unit.h"

#include "base/buffer.h"
#include "base/fault.h"
#include "config/organization.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/test_settings_XXXXXX";

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    (void)state;
    char path[100];
    snprintf(path, sizeof(path), "%s/muster.yaml", dir);
    unlink(path);
    return rmdir(dir);
}

static void write_file(const char *text)
{
    char path[100];
    snprintf(path, sizeof(path), "%s/muster.yaml", dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static struct settings *good(const char *text, const char *state, const char *connectors)
{
    struct arena *arena = arena_new();
    struct complaints complaints = {.arena = arena};
    struct settings *settings = NULL;
    write_file(text);
    assert_int_equal(settings_read(dir, state, connectors, &complaints, &settings), 0);
    assert_int_equal(complaints.count, 0);
    assert_string_equal(complaints.file, "muster.yaml");
    arena_free(arena);
    return settings;
}

static void expect_said(const char *text, const char *said)
{
    struct arena *arena = arena_new();
    struct complaints complaints = {.arena = arena};
    struct settings *settings = NULL;
    struct buffer out = {0};
    write_file(text);
    assert_int_equal(settings_read(dir, NULL, NULL, &complaints, &settings), ERR_CONFIG);
    complaints_write(&complaints, &out);
    assert_string_equal(out.data, said);
    assert_null(settings);
    buffer_done(&out);
    arena_free(arena);
}

static void are_defaults(const struct settings *settings)
{
    assert_string_equal(settings->state, "/var/lib/muster");
    assert_int_equal(settings->connectors[0][0], '/');
    assert_non_null(strstr(settings->connectors[0], "/muster/connectors"));
    assert_null(settings->connectors[1]);
    assert_null(settings->seal_key);
    assert_int_equal(settings->lanes, 8);
    assert_int_equal(settings->parallel_runs, 2);
    assert_int_equal(settings->limits.silence_ms, 30000);
    assert_int_equal(settings->limits.total_ms, 3600000);
    assert_int_equal(settings->limits.record_bytes, 4 << 20);
    assert_int_equal(settings->limits.field_bytes, 1 << 20);
    assert_true(settings->limits.spool_bytes == UINT64_C(8) << 30);
    assert_int_equal(settings->limits.memory_bytes, 1 << 30);
}

static void a_missing_or_empty_file_gives_the_defaults(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct complaints complaints = {.arena = arena};
    struct settings *settings = NULL;
    assert_int_equal(settings_read("/nonexistent", NULL, NULL, &complaints, &settings), 0);
    assert_string_equal(settings->config_dir, "/nonexistent");
    are_defaults(settings);
    settings_free(settings);
    arena_free(arena);
    settings = good("# nothing\n", NULL, NULL);
    assert_string_equal(settings->config_dir, dir);
    are_defaults(settings);
    settings_free(settings);
}

static void every_key_is_read(void **state)
{
    (void)state;
    struct settings *settings =
        good("state: /srv/state\nconnectors: [/opt/a, /opt/b]\nlisten: [127.0.0.1:8080, \"[::1]:80\", 10.0.0.1:443]\n"
             "tls: { certificate: /c.pem, key: !secret credential:tls }\nlanes: 16\nparallel_runs: 3\n"
             "limits: { silence: 1m, total: 2h, record: 8MiB, field: 2 MB, spool: 16GiB, memory: "
             "2147483648 }\nseal_key: !secret file:seal\n"
             "notify: [ { to: \"mailto:a@b.example\", when: [held], daily: \"07:00\" } ]\n",
             NULL, NULL);
    char path[100];
    snprintf(path, sizeof(path), "%s/secrets/seal", dir);
    assert_string_equal(settings->state, "/srv/state");
    assert_string_equal(settings->connectors[1], "/opt/b");
    assert_null(settings->connectors[2]);
    assert_string_equal(settings->listen[1], "[::1]:80");
    assert_string_equal(settings->tls.certificate->name, "/c.pem");
    assert_int_equal(settings->tls.key->how, SECRET_CREDENTIAL);
    assert_int_equal(settings->limits.request_ms, 30 * 1000);
    assert_int_equal(settings->limits.inbox_bytes, 1 << 30);
    assert_int_equal(settings->limits.connections, 512);
    assert_int_equal(settings->lanes, 16);
    assert_int_equal(settings->parallel_runs, 3);
    assert_int_equal(settings->limits.silence_ms, 60000);
    assert_int_equal(settings->limits.total_ms, 7200000);
    assert_int_equal(settings->limits.record_bytes, 8 << 20);
    assert_int_equal(settings->limits.field_bytes, 2000000);
    assert_true(settings->limits.spool_bytes == UINT64_C(16) << 30);
    assert_true(settings->limits.memory_bytes == UINT64_C(2) << 30);
    assert_int_equal(settings->seal_key->how, SECRET_FILE);
    assert_string_equal(settings->seal_key->name, path);
    settings_free(settings);
}

static void whom_to_tell_and_how_is_read(void **state)
{
    (void)state;
    struct settings *settings =
        good("mail: { smtp: \"smtps://mail.example\", user: me, password: !secret env:MAIL }\n"
             "notify: [ { to: \"mailto:a@b.example\", when: [held, paused], daily: \"07:05\" },\n"
             "          { to: \"https://chat.example/hook\" } ]\n",
             NULL, NULL);
    assert_string_equal(settings->mail.smtp, "smtps://mail.example");
    assert_int_equal(settings->mail.password->how, SECRET_ENV);
    assert_int_equal(settings->notify_count, 2);
    assert_string_equal(settings->notifies[0].to, "mailto:a@b.example");
    assert_int_equal(settings->notifies[0].when, 1U << NOTIFY_HELD | 1U << NOTIFY_PAUSED);
    assert_int_equal(settings->notifies[0].daily_minutes, 7 * 60 + 5);
    assert_int_equal(settings->notifies[1].when, (1U << NOTIFY_WHENS) - 1);
    assert_int_equal(settings->notifies[1].daily_minutes, -1);
    settings_free(settings);
}

static void words_of_the_command_line_come_first_and_are_made_absolute(void **state)
{
    (void)state;
    char here[4096], path[5000];
    assert_non_null(getcwd(here, sizeof(here)));
    struct settings *settings = good("state: /srv/state\nconnectors: /opt/a\n", "st", "/c");
    snprintf(path, sizeof(path), "%s/st", here);
    assert_string_equal(settings->state, path);
    assert_string_equal(settings->connectors[0], "/c");
    assert_null(settings->connectors[1]);
    settings_free(settings);
}

static void all_mistakes_are_told_at_once(void **state)
{
    (void)state;
    expect_said(
        "état: 1\nstate: var/x\nconnectors: [/a, b]\nlisten: 8080\ntls: { certificate: c.pem, kay: x }\nlanes: 0\n"
        "limits: { silence: 10, field: 5MiB, recrod: 1MB }\nseal_key: hunter2\nparallel_runs: !secret env:N\n"
        "notify: x\n",
        "muster.yaml:1:1: unknown key 'état': known are state, connectors, listen, tls, lanes, parallel_runs, "
        "limits, seal_key, notify, mail\n"
        "muster.yaml:2:8: state must be an absolute path\n"
        "muster.yaml:3:18: connectors must be an absolute path\n"
        "muster.yaml:4:9: listen must be ADDRESS:PORT, as in 127.0.0.1:8080\n"
        "muster.yaml:5:21: tls: certificate must be an absolute path\n"
        "muster.yaml:5:28: tls: unknown key 'kay': did you mean 'key'?\n"
        "muster.yaml:5:33: tls: key must be an absolute path\n"
        "muster.yaml:6:8: lanes must be a whole number from 1 to 256\n"
        "muster.yaml:7:9: limits: field must not be more than record\n"
        "muster.yaml:7:20: limits: silence must be a length of time, as in 30s, 15m, 1h, 2d, 3w or 1y\n"
        "muster.yaml:7:37: limits: unknown key 'recrod': did you mean 'record'?\n"
        "muster.yaml:8:11: seal_key is a secret: write where it is kept, as in !secret file:NAME, never the "
        "secret itself\n"
        "muster.yaml:9:16: parallel_runs is no secret: write the value without !secret\n"
        "muster.yaml:9:16: parallel_runs must be a whole number from 1 to 256\n"
        "muster.yaml:10:9: notify must be a list, as in [a, b]\n");
    expect_said("mail: { smtp: \"http://m.example\", program: bin/tell, form: x, from: nobody, user: me }\n",
                "muster.yaml:1:7: mail: smtp, sendmail and program: only one of them\n"
                "muster.yaml:1:7: mail: user and password belong together\n"
                "muster.yaml:1:15: mail: smtp must begin with smtp:// or smtps://, as in smtps://mail.acme.example\n"
                "muster.yaml:1:44: mail: program must be an absolute path\n"
                "muster.yaml:1:54: mail: unknown key 'form': did you mean 'from'?\n"
                "muster.yaml:1:69: mail: from is no e-mail address\n");
    expect_said("listen: [\"0.0.0.0:8080\", \"127.0.0.1:99999\", \"::1:80\", \"localhost:0\"]\n"
                "limits: { request: 0s, peer_connections: 0, conections: 9 }\n",
                "muster.yaml:1:10: listen: 0.0.0.0:8080 needs tls: { certificate, key }: without it everybody on the "
                "way can read along, so only this machine is listened to (127.0.0.1, [::1], localhost)\n"
                "muster.yaml:1:26: listen must be ADDRESS:PORT, as in 127.0.0.1:8080\n"
                "muster.yaml:1:45: listen must be ADDRESS:PORT, as in 127.0.0.1:8080\n"
                "muster.yaml:2:20: limits: request must be 1s or longer\n"
                "muster.yaml:2:42: limits: peer_connections must be a whole number from 1 to 16384\n"
                "muster.yaml:2:45: limits: unknown key 'conections': did you mean 'connections'?\n");
    expect_said("- a\n", "muster.yaml:1:1: the file must be a map of keys and values\n");
    expect_said("a: [\n", "muster.yaml:1:4: the [ that stands here is never closed\n");
}

#ifdef HAVE_FAULTS
static void every_allocation_may_fail(void **state)
{
    (void)state;
    write_file("state: /srv/state\nconnectors: [/opt/a, /opt/b]\nlimits: { silence: 1m }\nseal_key: !secret env:K\n");
    for (long nth = 1;; nth++) {
        struct arena *arena = arena_new();
        struct complaints complaints = {.arena = arena};
        struct settings *settings = NULL;
        fault_plan("alloc", nth);
        int rc = settings_read(dir, NULL, NULL, &complaints, &settings);
        bool failed = fault_plan("alloc", 0) >= nth;
        assert_int_equal(settings != NULL, rc == 0);
        assert_true(rc == (failed ? -ENOMEM : 0) || (failed && rc == ERR_CONFIG));
        settings_free(settings);
        arena_free(arena);
        if (!failed) {
            assert_true(nth > 4);
            break;
        }
    }
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_or_empty_file_gives_the_defaults),
        cmocka_unit_test(every_key_is_read),
        cmocka_unit_test(whom_to_tell_and_how_is_read),
        cmocka_unit_test(words_of_the_command_line_come_first_and_are_made_absolute),
        cmocka_unit_test(all_mistakes_are_told_at_once),
#ifdef HAVE_FAULTS
        cmocka_unit_test(every_allocation_may_fail),
#endif
    };
    return cmocka_run_group_tests_name("settings", tests, make_dir, remove_dir);
}
