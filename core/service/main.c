/* main - the program `musterd`: reads the command line and looks after the organizations until it is asked to end. */
#include "base/log.h"
#include "service/daemon.h"
#include "service/lookout.h"

#include <getopt.h>
#include <stdlib.h>

#define CONFIG_DIR "/etc/muster"

enum { STATUS_DONE, STATUS_FAILED, STATUS_WORDS };

static const char help[] =
    "Run what the triggers of the organizations say, day and night.\n"
    "\n"
    "  musterd [-c DIR] [--state DIR] [-q | -v] [--log FORM] [--next]\n"
    "\n"
    "  -c, --config DIR  where muster.yaml and organizations/ are; else $MUSTER_CONFIG, else " CONFIG_DIR "\n"
    "  --state DIR       where organizations are kept, in the place of muster.yaml's `state`\n"
    "  --next            say what would run when, and start nothing\n"
    "  --log FORM        how lines are written: plain, logfmt, json or journald\n"
    "  -q, --quiet       only warnings and errors\n"
    "  -v, --verbose     more of what it does\n"
    "  -h, --help        this\n"
    "  -V, --version     which version this is\n"
    "\n"
    "SIGHUP reads the files again: a file with a mistake leaves its organization as it\n"
    "was. SIGTERM asks the runs that go to stop between two changes, waits for them\n"
    "and ends.\n";

static int ended_badly(int rc, const struct err *err)
{
    fprintf(stderr, "musterd: %s\n", err->rc && err->text[0] ? err->text : err_text(rc));
    return rc == ERR_CONFIG ? STATUS_WORDS : STATUS_FAILED;
}

int main(int argc, char **argv)
{
    enum { STATE = 256, NEXT, LOOKOUT, LOG };
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"state", required_argument, NULL, STATE},
        {"next", no_argument, NULL, NEXT},        {"lookout", no_argument, NULL, LOOKOUT}, /* lookout.h */
        {"log", required_argument, NULL, LOG},    {"quiet", no_argument, NULL, 'q'},
        {"verbose", no_argument, NULL, 'v'},      {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},      {NULL, 0, NULL, 0}};
    struct daemon_words words = {.config = getenv("MUSTER_CONFIG")};
    const char *form = getenv(LOG_VARIABLE);
    struct err err = {0};
    bool next = false, looks = false;
    int word;
    log_level(LOG_INFO);
    while ((word = getopt_long(argc, argv, "c:qvhV", options, NULL)) >= 0)
        switch (word) {
        case 'c': words.config = optarg; break;
        case STATE: words.state = optarg; break;
        case NEXT: next = true; break;
        case LOOKOUT: looks = true; break;
        case LOG: form = optarg; break;
        case 'q': log_level(LOG_WARN); break;
        case 'v': log_level(LOG_DEBUG); break;
        case 'h': return fputs(help, stdout) < 0 ? STATUS_FAILED : STATUS_DONE;
        case 'V': return puts("musterd " PACKAGE_VERSION) < 0 ? STATUS_FAILED : STATUS_DONE;
        default: return STATUS_WORDS;
        }
    if (optind < argc) {
        fprintf(stderr, "musterd: '%s' is one word too many; see musterd --help\n", argv[optind]);
        return STATUS_WORDS;
    }
    if (form && (!log_form(form) || setenv(LOG_VARIABLE, form, 1) != 0)) { /* runs write as we do */
        fprintf(stderr, "musterd: --log is plain, logfmt, json or journald, not '%s'\n", form);
        return STATUS_WORDS;
    }
    if (!words.config || !words.config[0])
        words.config = CONFIG_DIR;
    int rc = looks  ? lookout_run(words.config, words.state, &err)
             : next ? daemon_next(&words, stdout, &err)
                    : daemon_run(&words, &err);
    return rc == 0 ? STATUS_DONE : ended_badly(rc, &err);
}
