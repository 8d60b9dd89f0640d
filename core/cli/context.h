/* context - what every verb works with: the words of the command line, settings, organizations, the screen. */
#ifndef CLI_CONTEXT_H
#define CLI_CONTEXT_H

#include "cli/arguments.h"
#include "cli/screen.h"
#include "lane/connectors.h"
#include "query/query.h"

/* Exit statuses; the man page has the same list. */
enum status {
    STATUS_DONE = 0,
    STATUS_FAILED = 1,
    STATUS_WORDS = 2, /* wrong words or configuration */
    STATUS_PARTLY = 3,
    STATUS_HELD = 4,
    STATUS_BUSY = 5,
};

struct context {
    struct arguments arguments;
    struct screen screen;
    bool json, quiet;
    bool is_roots;               /* what this writes is of the configuration, which may be root's: root stays root */
    size_t warnings;             /* told of files of the configuration */
    struct complaints *gathered; /* NULL: warnings are told at once; else with all that is wrong in that file */
    struct arena *arena;
    struct settings *settings;
    struct connectors *connectors;
};

/* Each of these says on standard error what is wrong and returns STATUS_DONE or another exit status. */
int context_settings(struct context *context);
/* Reads the organization's file, connectors and all. */
int context_organization(struct context *context, const char *id, struct organization **ret_organization);
/* The same for who only wants to know what is wrong: nothing is said, `complaints` has it, and *ret_organization what
 * could be read all the same; NULL: nothing, and STATUS_WORDS when that is among the complaints. */
int context_look(struct context *context, const char *id, struct complaints *complaints,
                 struct organization **ret_organization);
/* Says what is wrong in a file, and counts the warnings. */
void context_complaints(struct context *context, const struct complaints *complaints);
/* "acme.yaml:14:9: warning: …" on standard error, and counted. */
void context_warn(struct context *context, const struct organization *organization, const struct node *at,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The same, and its store to look at. */
struct opened {
    struct organization *organization;
    struct query *query;
};
int context_open(struct context *context, const char *id, struct opened *ret_opened);
void opened_done(struct opened *opened);
/* The connection of that name; when there is none the nearest name is told. */
int context_connection(const struct organization *organization, const char *name,
                       const struct connection **ret_connection);
/* What is asked of a run, of that connection (NULL: of the organization) and nothing else. */
struct run_request;
struct run_request context_request(const struct context *context, const struct organization *organization,
                                   const struct connection *connection);
/* The one person whom a key means; when several fit they are listed. */
int context_person(struct context *context, struct query *query, const char *organization, const char *key,
                   uint64_t *ret_id);

/* "muster: …" on standard error. Returns the exit status that belongs to the code. */
int complain_rc(int rc, const struct err *err);
/* At the beginning: where musterd started us for a caller of its own, it is told the code, too. */
void complain_to_caller(void);
/* Whether there is one, and a line for it. */
bool caller_listens(void);
void caller_tell(const char *line, size_t len);
int complain_words(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Somebody named what there is not: an id, a connection. To a caller that is another answer than wrong words. */
int complain_unknown(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Whether an option was given; its value. */
#define GIVEN(context, id) ((context)->arguments.values[OPTION_##id] != NULL)
#define VALUE(context, id) ((context)->arguments.values[OPTION_##id])

/* Who types: under sudo the person behind it; of a caller of musterd the token. */
const char *context_author(void);

#endif
