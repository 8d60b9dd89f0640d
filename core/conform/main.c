/* main - the program `muster-conform`: reads the command line, lets each judge look, prints the report. */
#include "base/log.h"
#include "base/tidy.h"
#include "conform/judge.h"
#include "conform/mock.h"
#include "conform/page.h"
#include "conform/report.h"
#include "conform/walk.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONFORMS = 0, CONFORMS_NOT = 1, WRONG_WORDS = 2 };

struct words {
    const char *connector, *config, *cassette, *record, *mock, *events, *changes, *asks;
    const char *bypass, *only, *previous, *junit, *level;
    bool json, strict, quiet, list, manual, page;
};

static const char usage[] =
    "usage: muster-conform [OPTION...] CONNECTOR.so\n"
    "\n"
    "Holds a connector against the rules of the interface, in the same sandbox in which it runs in production.\n"
    "\n"
    "  --config FILE      an organization's file with a connection that uses it; {here} in it is FILE's folder\n"
    "  --mock PROGRAM     stands for its system: prints an address, which is {mock} in the configuration\n"
    "  --changes FILE     whom it is told of: lines {\"stream\":…,\"create\":{…},\"update\":{…}}; else made up\n"
    "  --asks FILE        what lookups and actions are asked: lines {\"lookup\":…,\"with\":{…}}; else made up\n"
    "  --events FILE      what its system sends by itself: lines {\"method\":…,\"url\":…,\"body\":…}\n"
    "  --cassette FILE    what its system said, in the place of that system (muster sync --record, or --record)\n"
    "  --record FILE      leave what the system said here\n"
    "  --previous FILE    the previous release's shared object, with which it must be compatible\n"
    "  --bypass FILE      lines \"RULE [SUBJECT]: why\", for what cannot be otherwise\n"
    "  --strict           no bypasses, and what could not be looked at has not passed\n"
    "  --level LEVEL      fail unless all rules of this level hold: core, source, target, receiver\n"
    "  --only RULE,...    just these rules\n"
    "  --json             one JSON document\n"
    "  --junit FILE       also as JUnit's XML, for CI\n"
    "  -q, --quiet        say nothing of rules that hold\n"
    "  --list             the rules\n"
    "  --page             the connector's manual page, made of its tables\n"
    "\n"
    "Exit status: 0 it conforms, 1 it does not, 2 wrong words or configuration. See muster-conform(1).\n";

static int wrong(int rc, const struct err *err)
{
    fprintf(stderr, "muster-conform: %s\n", err->rc ? err->text : err_text(rc));
    return rc == ERR_CONFIG || rc == -ENOENT ? WRONG_WORDS : CONFORMS_NOT;
}

enum {
    OPTION_CONFIG = 256,
    OPTION_CASSETTE,
    OPTION_RECORD,
    OPTION_PREVIOUS,
    OPTION_BYPASS,
    OPTION_STRICT,
    OPTION_LEVEL,
    OPTION_ONLY,
    OPTION_JSON,
    OPTION_JUNIT,
    OPTION_LIST,
    OPTION_MOCK,
    OPTION_EVENTS,
    OPTION_CHANGES,
    OPTION_ASKS,
    OPTION_PAGE,
    OPTION_MANUAL,
    OPTION_VERSION
};

static const struct option options[] = {{"config", required_argument, NULL, OPTION_CONFIG},
                                        {"mock", required_argument, NULL, OPTION_MOCK},
                                        {"events", required_argument, NULL, OPTION_EVENTS},
                                        {"changes", required_argument, NULL, OPTION_CHANGES},
                                        {"asks", required_argument, NULL, OPTION_ASKS},
                                        {"page", no_argument, NULL, OPTION_PAGE},
                                        {"cassette", required_argument, NULL, OPTION_CASSETTE},
                                        {"record", required_argument, NULL, OPTION_RECORD},
                                        {"previous", required_argument, NULL, OPTION_PREVIOUS},
                                        {"bypass", required_argument, NULL, OPTION_BYPASS},
                                        {"strict", no_argument, NULL, OPTION_STRICT},
                                        {"level", required_argument, NULL, OPTION_LEVEL},
                                        {"only", required_argument, NULL, OPTION_ONLY},
                                        {"json", no_argument, NULL, OPTION_JSON},
                                        {"junit", required_argument, NULL, OPTION_JUNIT},
                                        {"quiet", no_argument, NULL, 'q'},
                                        {"list", no_argument, NULL, OPTION_LIST},
                                        {"manual", no_argument, NULL, OPTION_MANUAL},
                                        {"version", no_argument, NULL, OPTION_VERSION},
                                        {"help", no_argument, NULL, 'h'},
                                        {NULL, 0, NULL, 0}};

/* Returns -1 to go on, else the exit status. */
static int words_read(int argc, char **argv, struct words *words)
{
    for (int one; (one = getopt_long(argc, argv, "qh", options, NULL)) != -1;)
        switch (one) {
        case OPTION_CONFIG: words->config = optarg; break;
        case OPTION_CASSETTE: words->cassette = optarg; break;
        case OPTION_RECORD: words->record = optarg; break;
        case OPTION_MOCK: words->mock = optarg; break;
        case OPTION_EVENTS: words->events = optarg; break;
        case OPTION_ASKS: words->asks = optarg; break;
        case OPTION_CHANGES: words->changes = optarg; break;
        case OPTION_PAGE: words->page = true; break;
        case OPTION_PREVIOUS: words->previous = optarg; break;
        case OPTION_BYPASS: words->bypass = optarg; break;
        case OPTION_STRICT: words->strict = true; break;
        case OPTION_LEVEL: words->level = optarg; break;
        case OPTION_ONLY: words->only = optarg; break;
        case OPTION_JSON: words->json = true; break;
        case OPTION_JUNIT: words->junit = optarg; break;
        case OPTION_LIST: words->list = true; break;
        case OPTION_MANUAL: words->manual = true; break;
        case OPTION_VERSION: printf("muster-conform %s\n", PACKAGE_VERSION); return 0;
        case 'q': words->quiet = true; break;
        case 'h': fputs(usage, stdout); return 0;
        default: fputs("See muster-conform --help.\n", stderr); return WRONG_WORDS;
        }
    words->connector = optind < argc ? argv[optind] : NULL;
    if (words->list || words->manual || (words->connector && optind + 1 == argc))
        return -1;
    fputs("muster-conform: say which connector: muster-conform [OPTION...] CONNECTOR.so\n", stderr);
    return WRONG_WORDS;
}

static int print(struct buffer *out, FILE *file)
{
    int rc = out->rc;
    if (rc == 0 && fwrite(out->data ? out->data : "", 1, out->len, file) != out->len)
        rc = -EIO;
    buffer_done(out);
    return fflush(file) != 0 ? -EIO : rc;
}

static int junit_write(const struct trial *trial, const struct subject *subject, const char *path, struct err *err)
{
    TIDY(fclose) FILE *file = fopen(path, "we");
    struct buffer out = {0};
    if (!file)
        return err_set(err, -errno, "%s cannot be written: %s", path, err_text(-errno));
    report_junit(trial, subject, &out);
    int rc = print(&out, file);
    return rc == 0 ? 0 : err_set(err, rc, "%s cannot be written: %s", path, err_text(rc));
}

/* The connector at work, with what stands for its system. */
static int work(struct trial *trial, struct subject *subject, const struct words *words, const char *address,
                struct err *err)
{
    struct tape tape;
    struct samples samples = {0};
    int rc = subject_configure(subject, words->config, address, err);
    if (rc == 0 && words->changes)
        rc = samples_read(words->changes, subject->arena, &samples, err);
    if (rc != 0)
        return rc;
    trial_looked(trial, RULE_C12);
    if (!subject->connection) {
        trial_fault(trial, RULE_C12, "", "%s", subject->complaints);
        return 0;
    }
    rc = subject_secrets(subject);
    if (rc == 0)
        rc = tape_init(&tape, subject, words->cassette, words->record);
    struct walk walk = {trial, subject, &tape, &samples, words->asks};
    bool mock = address || subject->scratch;
    if (rc == 0)
        rc = walk_judge(&walk, err);
    if (rc == 0)
        rc = verbs_judge_asked(&walk, mock, err);
    if (rc == 0 && subject->description->apply)
        rc = targeting_judge(&walk, mock, err);
    if (rc == 0 && subject->description->receive)
        rc = receiving_judge(trial, subject, words->events, err);
    return rc;
}

static int judge(struct trial *trial, struct subject *subject, const struct words *words, struct err *err)
{
    __attribute__((cleanup(mock_stop))) struct mock mock = {0};
    loading_judge(trial, subject);
    if (!subject->description)
        return 0;
    options_judge(trial, subject->description);
    streams_judge(trial, subject->description);
    routes_judge(trial, subject->description);
    if (words->previous)
        compatible_judge(trial, subject, words->previous);
    if (!words->config) {
        trial_unseen(trial, RULE_C12, "no --config was given");
        return 0;
    }
    int rc = words->mock && !words->cassette ? mock_start(words->mock, &mock, err) : 0;
    return rc ? rc : work(trial, subject, words, mock.pid ? mock.address : NULL, err);
}

static int page_print(struct subject *subject, struct err *err)
{
    struct buffer out = {0};
    int rc = subject_describe(subject, err);
    if (rc != 0)
        return rc;
    page_write(subject->description, &out);
    return print(&out, stdout);
}

static int conform(struct trial *trial, struct subject *subject, const struct words *words, struct err *err)
{
    struct buffer out = {0};
    enum level level = LEVEL_CORE;
    bool holds = true;
    if (words->level && !level_find(words->level, &level))
        return err_set(err, ERR_CONFIG, "there is no level '%s': core, source, target, receiver", words->level);
    int rc = words->only ? trial_only(trial, words->only, err) : 0;
    if (rc == 0 && words->bypass)
        rc = trial_bypasses(trial, words->bypass, err);
    if (rc == 0)
        rc = subject_open(words->connector, subject, err);
    if (rc == 0 && words->page)
        return page_print(subject, err);
    if (rc == 0)
        rc = judge(trial, subject, words, err);
    if (rc == 0)
        rc = trial->rc;
    if (rc == 0 && words->junit)
        rc = junit_write(trial, subject, words->junit, err);
    if (rc != 0)
        return rc;
    if (words->json)
        report_json(trial, subject, &out);
    else
        report_people(trial, subject, !words->quiet, &out);
    rc = print(&out, stdout);
    if (rc != 0)
        return rc;
    if (words->level && !trial_level(trial, level, &holds))
        return err_set(err, CONFORMS_NOT, "no rule of level %s applies to it", words->level);
    return trial_passed(trial) && holds ? 0 : CONFORMS_NOT;
}

int main(int argc, char **argv)
{
    struct words words = {0};
    struct err err = {0};
    int status = words_read(argc, argv, &words);
    if (status >= 0)
        return status;
    struct buffer out = {0};
    if (words.list || words.manual) {
        (words.list ? report_rules : report_manual)(&out);
        return print(&out, stdout) == 0 ? 0 : 1;
    }
    __attribute__((cleanup(trial_done))) struct trial trial = {.strict = words.strict, .arena = arena_new()};
    __attribute__((cleanup(subject_done))) struct subject subject = {0};
    if (!trial.arena)
        return wrong(-ENOMEM, &err);
    log_level(LOG_ERROR);
    int rc = conform(&trial, &subject, &words, &err);
    if (rc == 0 || (rc == CONFORMS_NOT && err.rc == 0))
        return rc;
    return wrong(rc, &err);
}
