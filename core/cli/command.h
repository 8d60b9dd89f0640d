/* command - the verbs and options of `muster`: one table, from which the parser, --help, the man page and completion
 * are made. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* OPTION(id, letter, name, argument, doc): argument "" for a flag; "a|b" when there is a choice. */
#define OPTIONS(OPTION)                                                                                                \
    OPTION(config, 'c', "config", "DIR", "the folder with muster.yaml and organizations/")                             \
    OPTION(state, 0, "state", "DIR", "where organizations are stored; default: what muster.yaml says")                 \
    OPTION(connectors, 0, "connectors", "DIR", "where connectors are; default: what muster.yaml says")                 \
    OPTION(json, 0, "json", "", "print JSON and nothing else; messages go to standard error")                          \
    OPTION(quiet, 'q', "quiet", "", "print only what is wrong")                                                        \
    OPTION(verbose, 'v', "verbose", "", "tell more; what the engine does goes to standard error")                      \
    OPTION(color, 0, "color", "auto|never|always", "colours; auto: on a terminal")                                     \
    OPTION(help, 'h', "help", "", "explain the command")                                                               \
    OPTION(connect, 0, "connect", "", "also log in to every system; changes nothing there")                            \
    OPTION(full, 0, "full", "", "read and compare everything, also a file that was taken before")                      \
    OPTION(kept, 0, "kept", "", "ask no source: map what is kept of its records once more")                            \
    OPTION(partition, 0, "partition", "NAME", "only this partition of the connection")                                 \
    OPTION(stream, 0, "stream", "NAME,NAME", "only these streams, of what is read and of what is told")                \
    OPTION(pull_only, 0, "pull-only", "", "take what the systems say, and tell nobody")                                \
    OPTION(push_only, 0, "push-only", "", "tell what has changed, and ask nobody")                                     \
    OPTION(failed, 0, "failed", "", "read only what did not come through the last time, then tell the targets")        \
    OPTION(person, 0, "person", "KEY", "only this one: asked for now, and told to the targets at once")                \
    OPTION(again, 0, "again", "PERIOD", "write the file of that period again, as in 2026-W45 or 2026-11, or that set") \
    OPTION(allow_held, 0, "allow-held", "RUN", "take what this run held, as approve does; needs --reason")             \
    OPTION(as, 0, "as", "renamed|new|vanished", "what became of the column; default: what the inbox offers")           \
    OPTION(column, 0, "column", "NAME", "the other column, where another one is meant than the inbox offers")          \
    OPTION(reason, 0, "reason", "TEXT", "why; kept in the history")                                                    \
    OPTION(until, 0, "until", "TIME|source-agrees",                                                                    \
           "how long it stands: through that day (of a pause also a time of it), or until the sources say it too")     \
    OPTION(plan, 0, "plan", "", "tell what would come of it, and change nothing")                                      \
    OPTION(anyway, 0, "anyway", "", "all of it, also what a safeguard would hold")                                     \
    OPTION(for_good, 0, "for-good", "", "it stands until it is withdrawn")                                             \
    OPTION(all, 0, "all", "", "all there are: whatever is held; of statements also those that have been withdrawn")    \
    OPTION(except, 0, "except", "ID,ID", "with --all: but for these")                                                  \
    OPTION(where, 0, "where", "NAME=VALUE,…",                                                                          \
           "those of that connection, partition, stream, reason, field or run; of adopt those of whom a path of the "  \
           "view "                                                                                                     \
           "has that value; several hold together")                                                                    \
    OPTION(at, 0, "at", "TIME", "as it was believed then: 2026-03-02, \"2026-03-02 07:30\", or \"yesterday 17:00\"")   \
    OPTION(run, 0, "run", "RUN", "as it was after that run")                                                           \
    OPTION(status, 0, "status", "STATUS", "only people of this status, as in active or active,on_leave")               \
    OPTION(duplicates, 0, "duplicates", "", "only people who share a work e-mail address with somebody else")          \
    OPTION(left_before, 0, "left-before", "DAY", "only people whose last day was before that one")                     \
    OPTION(protected, 0, "protected", "", "tell also what is sealed: national numbers, pay")                           \
    OPTION(format, 0, "format", "jsonl|csv|xlsx|singer",                                                               \
           "one JSON object per line, CSV with a header, a workbook, or what a Singer tap writes")                     \
    OPTION(since, 0, "since", "FILE", "the last STATE of an export as singer: only what changed since")                \
    OPTION(output, 0, "output", "FILE", "where the workbook of --format xlsx, or the certificate, goes")               \
    OPTION(fields, 0, "fields", "A,B", "only these fields, in this order")                                             \
    OPTION(list, 0, "list", "", "list the plans there are, with their age and what has become of them")                \
    OPTION(show, 0, "show", "PLAN", "show this plan again, whole")                                                     \
    OPTION(strict, 0, "strict", "", "all of the plan or nothing of it")                                                \
    OPTION(push, 0, "push", "", "what the target would be told, not what the source says")                             \
    OPTION(target, 0, "target", "CONNECTION", "what that connection is told: what it has, is to have, and why not")    \
    OPTION(record, 0, "record", "FILE", "note all that is asked of the world and answered in this file, for replay")   \
    OPTION(fault, 0, "fault", "KIND[=COUNT][@TEXT|@N]", "let answers go wrong: slow, cut, schema, or a status as 429") \
    OPTION(with, 0, "with", "NAME@EDITION",                                                                            \
           "once more with that edition of the connector; tell what comes out otherwise")                              \
    OPTION(pseudonymize, 0, "pseudonymize", "", "with other people in the place of those who are in it")               \
    OPTION(cassette, 0, "cassette", "FILE", "where the run was recorded, if that lies elsewhere by now")               \
    OPTION(role, 0, "role", "viewer|operator|administrator", "what a token may do: look; also act; also undo")         \
    OPTION(organizations, 0, "organizations", "ORG,ORG", "those that a token sees; default: all")                      \
    OPTION(replace, 0, "replace", "", "put what is there aside, and the backup in its place")                          \
    OPTION(live, 0, "live", "", "ask the system itself, now")                                                          \
    OPTION(verify, 0, "verify", "FILE", "whether this certificate is as it was written")                               \
    OPTION(kind, 0, "kind", "rest|soap|file|receiver|raw", "what the connector speaks to; default: rest")              \
    OPTION(man, 0, "man", "", "the manual page, as troff")                                                             \
    OPTION(completion, 0, "completion", "bash|zsh|fish", "completion for a shell")

enum option_id {
#define OPTION(id, letter, name, argument, doc) OPTION_##id,
    OPTIONS(OPTION)
#undef OPTION
        OPTION_COUNT
};

struct option {
    const char *name, *argument, *doc;
    char letter; /* 0: none */
};

const struct option *command_option(unsigned id);
#define OPTION_BIT(id) (UINT64_C(1) << OPTION_##id)
/* Those that every verb takes. */
#define OPTIONS_GLOBAL                                                                                                 \
    (OPTION_BIT(config) | OPTION_BIT(state) | OPTION_BIT(connectors) | OPTION_BIT(json) | OPTION_BIT(quiet) |          \
     OPTION_BIT(verbose) | OPTION_BIT(color) | OPTION_BIT(help))

struct context;

struct command {
    const char *name;
    const char *arguments; /* "ORG [CONNECTION…]" */
    unsigned least, most;  /* words after the verb */
    uint64_t options;      /* besides the global ones */
    const char *doc;       /* one sentence without a stop */
    const char *more;      /* paragraphs for --help and the man page, separated by an empty line; NULL: none */
    const char *example;   /* one command line each line */
    int (*run)(struct context *context);
};

enum { WORDS_MANY = 1000000 };

extern const struct command commands[]; /* ends with a NULL name */
const struct command *command_find(const char *name);
/* The name that was probably meant; NULL: none is near. */
const char *command_nearest(const char *name);

#endif
