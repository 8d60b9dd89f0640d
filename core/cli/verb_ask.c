/* verb_ask - lookup and action: what a connector offers besides reading and writing, asked of the system itself.
 *
 * The words NAME=VALUE are held against the table of the verb in the
 * connector's description. Secrets are asked on the terminal. */
#include "base/clock.h"
#include "base/date.h"
#include "base/jsontext.h"
#include "cli/answer.h"
#include "cli/context.h"
#include "cli/prompt.h"
#include "cli/verb.h"
#include "config/choice.h"
#include "config/node.h"
#include "config/quantity.h"
#include "engine/run.h"
#include "query/kept.h"
#include "query/person_find.h"
#include "tables/brake.h"
#include "tables/slot.h"

#include <errno.h>
#include <string.h>

struct question {
    struct context *context;
    const struct connection *connection;
    const muster_verb *verb;
    size_t count; /* of the verb's arguments */
    const char **names;
    uint8_t *types;
    struct lane_cell *cells;
    struct run_secret *secrets; /* room for `count` */
    size_t secret_count;
};

static void question_done(struct question *question)
{
    for (size_t i = 0; i < question->secret_count; i++)
        secret_done(&question->secrets[i].secret);
}

static const muster_verb *verb_named(const muster_verb *verbs, const char *name)
{
    for (; verbs && verbs->name; verbs++)
        if (strcmp(verbs->name, name) == 0)
            return verbs;
    return NULL;
}

/* All names of a kind, with commas between, for a sentence. */
static const char *names_of(struct arena *arena, const muster_verb *verbs)
{
    const char *text = NULL;
    for (; verbs && verbs->name; verbs++)
        text = arena_format(arena, "%s%s%s", text ? text : "", text ? ", " : "", verbs->name);
    return text;
}

/* ---- arguments ---- */

static bool within(const muster_option *argument, int64_t number)
{
    return (argument->min == 0 && argument->max == 0) || (number >= argument->min && number <= argument->max);
}

/* The value as a connector reads it; NULL with what it must be in *ret_must. */
static const char *value_read(const struct question *question, const muster_option *argument, const char *text,
                              const char **ret_must)
{
    struct arena *arena = question->context->arena;
    struct date date;
    int64_t number = 0;
    int truth = 0;
    const char *word;
    switch (argument->type) {
    case MUSTER_INTEGER:
    case MUSTER_SECONDS:
        *ret_must = argument->type == MUSTER_INTEGER ? "a whole number" : "a length of time, as in 30s or 15m";
        if (!(argument->type == MUSTER_INTEGER ? quantity_integer(text, &number)
                                               : quantity_seconds(text, true, &number)))
            return NULL;
        if (!within(argument, number)) {
            *ret_must = arena_format(arena, "from %lld to %lld", (long long)argument->min, (long long)argument->max);
            return NULL;
        }
        return arena_format(arena, "%lld", (long long)number);
    case MUSTER_DECIMAL: *ret_must = "a number, as in 37.5"; return quantity_decimal(text) ? text : NULL;
    case MUSTER_BOOL: *ret_must = "true or false"; return quantity_bool(text, &truth) ? truth ? "true" : "false" : NULL;
    case MUSTER_DATE:
        *ret_must = "a day that exists, as in 2026-07-01";
        return date_read(text, strlen(text), &date) ? text : NULL;
    case MUSTER_CHOICE:
        *ret_must = arena_format(arena, "one of %s", argument->choices ? argument->choices : "nothing");
        word = choice_find(argument->choices, text);
        return word ? arena_format(arena, "%.*s", (int)strlen(text), word) : NULL;
    default: return text;
    }
}

static int unknown_argument(const struct question *question, const char *name)
{
    const char *all = NULL;
    for (size_t i = 0; i < question->count; i++)
        all = arena_format(question->context->arena, "%s%s%s", all ? all : "", all ? ", " : "", question->names[i]);
    const char *near = nearest_name(name, question->names);
    if (near)
        return complain_words("'%s' takes no '%s'; did you mean '%s'?", question->verb->name, name, near);
    return complain_words("'%s' takes no '%s': it takes %s", question->verb->name, name, all ? all : "nothing");
}

static int argument_take(struct question *question, const char *word)
{
    size_t len = strcspn(word, "="), at = 0;
    const char *name = arena_copy(question->context->arena, word, len), *must = NULL;
    if (!name)
        return complain_rc(-ENOMEM, NULL);
    if (word[len] != '=' || len == 0)
        return complain_words("'%s' is no NAME=VALUE", word);
    while (at < question->count && strcmp(question->names[at], name) != 0)
        at++;
    if (at == question->count)
        return unknown_argument(question, name);
    const muster_option *argument = &question->verb->arguments[at];
    if (argument->flags & MUSTER_SECRET)
        return complain_words("'%s' is secret and never taken from the command line, which others can read: leave it "
                              "out, and it is asked on the terminal",
                              name);
    if (question->cells[at].presence != PRESENCE_ABSENT)
        return complain_words("'%s' is given twice", name);
    const char *value = value_read(question, argument, word + len + 1, &must);
    if (!value)
        return complain_words("'%s' must be %s", name, must);
    question->cells[at] =
        (struct lane_cell){*value ? PRESENCE_VALUE : PRESENCE_EMPTY, false, (uint32_t)strlen(value), value};
    return STATUS_DONE;
}

static int arguments_take(struct question *question, const char *const *words)
{
    const muster_option *arguments = question->verb->arguments;
    struct arena *arena = question->context->arena;
    while (arguments && arguments[question->count].name)
        question->count++;
    question->names = arena_get(arena, (question->count + 1) * sizeof(*question->names));
    question->types = arena_get(arena, question->count + 1);
    question->cells = arena_get(arena, (question->count + 1) * sizeof(*question->cells));
    question->secrets = arena_get(arena, (question->count + 1) * sizeof(*question->secrets));
    if (!question->names || !question->types || !question->cells || !question->secrets)
        return complain_rc(-ENOMEM, NULL);
    for (size_t i = 0; i < question->count; i++) {
        question->names[i] = arguments[i].name;
        question->types[i] = (uint8_t)arguments[i].type;
    }
    int status = STATUS_DONE;
    for (; *words && status == STATUS_DONE; words++)
        status = argument_take(question, *words);
    for (size_t i = 0; i < question->count && status == STATUS_DONE; i++) {
        const char *initial = arguments[i].initial;
        if (question->cells[i].presence != PRESENCE_ABSENT || (arguments[i].flags & MUSTER_SECRET))
            continue;
        if (initial)
            question->cells[i] = (struct lane_cell){PRESENCE_VALUE, false, (uint32_t)strlen(initial), initial};
        else if (arguments[i].flags & MUSTER_REQUIRED)
            status = complain_words("'%s' needs %s=%s%s%s", question->verb->name, arguments[i].name, "VALUE",
                                    arguments[i].doc ? ": " : "", arguments[i].doc ? arguments[i].doc : "");
    }
    return status;
}

/* Last of all, when nothing else is wrong any more. An empty one is none. */
static int secrets_ask(struct question *question)
{
    for (size_t i = 0; i < question->count; i++) {
        const muster_option *argument = &question->verb->arguments[i];
        struct run_secret *one = &question->secrets[question->secret_count];
        struct err err = {0};
        if (!(argument->flags & MUSTER_SECRET))
            continue;
        int rc = prompt_secret(argument->name, &one->secret, &err);
        if (rc != 0)
            return complain_rc(rc, &err);
        one->name = argument->name;
        question->secret_count++;
        if (one->secret.len > 0)
            continue;
        if (argument->flags & MUSTER_REQUIRED)
            return complain_words("'%s' needs '%s'", question->verb->name, argument->name);
        secret_done(&question->secrets[--question->secret_count].secret);
    }
    return STATUS_DONE;
}

/* ---- asking ---- */

static int tell(const struct question *question, const struct answer *answer, bool action)
{
    struct context *context = question->context;
    TIDY_DONE(screen_buffer_done) struct buffer out = {0};
    if (context->json) {
        buffer_byte(&out, '{');
        json_member_text(&out, action ? "action" : "lookup", question->verb->name);
        json_member_text(&out, "connection", question->connection->name);
        json_name(&out, "rows");
        answer_json(answer, &out);
        buffer_text(&out, "}\n");
        if (out.rc == 0)
            fwrite(out.data, 1, out.len, context->screen.out);
        return STATUS_DONE;
    }
    if (answer->row_count > 0)
        answer_show(answer, &context->screen);
    else if (!context->quiet)
        screen_print(&context->screen, action ? "done\n" : "%s has no answer to that\n", question->connection->name);
    return STATUS_DONE;
}

static int ask(struct question *question, const struct organization *organization, bool action)
{
    struct context *context = question->context;
    TIDY_DONE(answer_done) struct answer answer = {.arena = context->arena};
    const struct lane_fields arguments = {question->count, question->names, question->types};
    const struct run_ask asked = {.name = question->verb->name,
                                  .action = action,
                                  .arguments = &arguments,
                                  .cells = question->cells,
                                  .secrets = question->secrets,
                                  .secret_count = question->secret_count,
                                  .find = person_find};
    const struct lane_sink sink = {.context = &answer, .row = answer_row};
    const struct run_request request = context_request(context, organization, question->connection);
    struct err err = {0};
    int rc = answer_columns(&answer, question->verb->answer);
    if (rc == 0)
        rc = run_ask(&request, &asked, &sink, &err);
    if (rc != 0) {
        err_prefix(&err, "connection '%s': ", question->connection->name);
        return complain_rc(rc, &err);
    }
    return tell(question, &answer, action);
}

/* Nothing is asked of what a person has paused; where nothing was ever stored, nothing is. */
static int allowed(const struct question *question, const struct organization *organization)
{
    struct context *context = question->context;
    struct query *query TIDY(query_close) = NULL;
    TIDY_DONE(screen_buffer_done) struct buffer sentence = {0};
    const char *id = organization->id, *name = question->connection->name;
    struct pause pause;
    struct err err = {0};
    int rc = query_open(context->settings, organization, &query, &err);
    if (rc == ERR_GONE)
        return STATUS_DONE;
    if (rc != 0)
        return complain_rc(rc, &err);
    if (!brake_paused(&query->txn, name, clock_now_ms(), context->arena, &pause))
        return STATUS_DONE;
    bool all = *pause.connection == '\0';
    brake_sentence(&pause, query->zone, &sentence);
    err_set(&err, ERR_PAUSED, "%s%s is %s. Nothing was asked of it; `muster resume %s%s%s` lets it go on.",
            all ? "all of " : "connection ", all ? id : name, sentence.data ? sentence.data : "paused", id,
            all ? "" : " ", all ? "" : name);
    return complain_rc(ERR_PAUSED, &err);
}

/* ---- from the store ---- */

/* What was kept, as a row like those that the system gives. */
static int row_make(struct question *question, struct query *query, const struct kept *kept, struct answer *answer)
{
    struct arena *arena = question->context->arena;
    const muster_field *fields = question->verb->answer;
    size_t count = 0, told = 0;
    while (fields && fields[count].name)
        count++;
    const char **names = arena_get(arena, (count + 1) * sizeof(*names));
    struct lane_value *values = arena_get(arena, (count + 1) * sizeof(*values));
    if (!names || !values)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        TIDY_DONE(screen_buffer_done) struct buffer text = {0};
        names[i] = fields[i].name;
        if (!kept_value(query, kept, names[i], &text))
            continue;
        const char *copy = arena_copy(arena, text.data ? text.data : "", text.len);
        if (!copy || text.rc != 0)
            return -ENOMEM;
        values[told++] = (struct lane_value){.column = (uint32_t)i,
                                             .type = MUSTER_TEXT,
                                             .presence = text.len ? PRESENCE_VALUE : PRESENCE_EMPTY,
                                             .len = (uint32_t)text.len,
                                             .bytes = copy};
    }
    struct lane_stream stream = {.name = kept->mapping->stream, .count = count, .names = names};
    const struct lane_record record = {.stream = &stream, .place = "", .count = told, .values = values};
    return answer_row(answer, &record);
}

/* Whether there is a service to be asked: what names the account there, as its address, is an option that is set. */
static bool can_ask(const struct connection *connection)
{
    const char *account = connection->description->account;
    bool set = !account || connection_option(connection, account);
    for (size_t i = 0; i < connection->option_count && !set; i++) /* a secret has no text */
        set = strcmp(connection->options[i].name, account) == 0;
    return set;
}

static int ask_store(struct question *question, const struct organization *organization)
{
    struct context *context = question->context;
    TIDY_DONE(answer_done) struct answer answer = {.arena = context->arena};
    struct query *query TIDY(query_close) = NULL;
    const char *key[SLOT_FIELDS_MAX] = {0};
    struct kept kept = {0};
    struct err err = {0};
    size_t count = 0;
    if (!kept_stream(question->connection, question->verb->name))
        return can_ask(question->connection)
                   ? complain_words("nothing is kept that answers '%s': ask the system itself with --live",
                                    question->verb->name)
                   : complain_words("nothing is kept that answers '%s', and connection '%s' has no service that could "
                                    "be asked: option '%s' is not set",
                                    question->verb->name, question->connection->name,
                                    question->connection->description->account);
    for (size_t i = 0; i < question->count && count < SLOT_FIELDS_MAX; i++)
        if (question->cells[i].presence == PRESENCE_VALUE)
            key[count++] = question->cells[i].bytes;
    int rc = answer_columns(&answer, question->verb->answer);
    if (rc == 0)
        rc = query_open(context->settings, organization, &query, &err);
    if (rc == 0 && kept_find(query, question->connection, question->verb->name, key, count, &kept))
        rc = row_make(question, query, &kept, &answer);
    if (rc == 0)
        rc = query_end(query, &err);
    if (rc != 0)
        return complain_rc(rc, &err);
    int status = tell(question, &answer, false);
    if (context->json || context->quiet)
        return status;
    if (kept.mapping)
        screen_print(&context->screen, "as it was said in run %u", kept.run);
    else
        screen_print(&context->screen, "as far as is kept");
    if (can_ask(question->connection))
        screen_print(&context->screen, "; --live asks %s itself", question->connection->name);
    screen_print(&context->screen, "\n");
    return status;
}

/* ---- which ---- */

/* "seats.workstation", or "workstation" when one connection alone offers it. */
static int offer_find(struct question *question, const struct organization *organization, const char *what)
{
    const struct connection *found = NULL;
    const char *all = NULL, *point = strchr(what, '.');
    struct arena *arena = question->context->arena;
    for (size_t i = 0; i < organization->connection_count; i++) {
        const struct connection *one = &organization->connections[i];
        const muster_verb *offers = one->description && one->description->lookup ? one->description->lookups : NULL;
        size_t len = strlen(one->name);
        bool named = point && (size_t)(point - what) == len && strncmp(what, one->name, len) == 0;
        for (const muster_verb *verb = offers; verb && verb->name; verb++)
            all = arena_format(arena, "%s%s%s.%s", all ? all : "", all ? ", " : "", one->name, verb->name);
        const muster_verb *verb = verb_named(offers, named ? point + 1 : what);
        if (!verb || (point && !named))
            continue;
        if (found)
            return complain_words("'%s' and '%s' both offer '%s': say %s.%s or %s.%s", found->name, one->name, what,
                                  found->name, what, one->name, what);
        found = one;
        question->verb = verb;
    }
    question->connection = found;
    if (found)
        return STATUS_DONE;
    return complain_words("no connection of %s can look up '%s'%s%s", organization->file, what,
                          all ? ": there are " : ", nor anything else", all ? all : "");
}

int verb_lookup(struct context *context)
{
    TIDY(organization_free) struct organization *organization = NULL;
    __attribute__((cleanup(question_done))) struct question question = {.context = context};
    const char **words = context->arguments.words;
    int status = context_organization(context, words[0], &organization);
    if (status == STATUS_DONE)
        status = offer_find(&question, organization, words[1]);
    if (status == STATUS_DONE)
        status = arguments_take(&question, words + 2);
    if (status == STATUS_DONE && !GIVEN(context, live))
        return ask_store(&question, organization);
    if (status == STATUS_DONE)
        status = allowed(&question, organization);
    if (status == STATUS_DONE)
        status = secrets_ask(&question);
    return status == STATUS_DONE ? ask(&question, organization, false) : status;
}

int verb_action(struct context *context)
{
    TIDY(organization_free) struct organization *organization = NULL;
    __attribute__((cleanup(question_done))) struct question question = {.context = context};
    const char **words = context->arguments.words;
    int status = context_organization(context, words[0], &organization);
    if (status != STATUS_DONE)
        return status;
    status = context_connection(organization, words[1], &question.connection);
    if (status != STATUS_DONE)
        return status;
    const muster_connector *connector = question.connection->description;
    const muster_verb *offers = connector && connector->action ? connector->actions : NULL;
    question.verb = verb_named(offers, words[2]);
    if (!question.verb) {
        const char *all = names_of(context->arena, offers);
        return complain_words("connection '%s' offers no action '%s'%s%s", words[1], words[2],
                              all ? ": there are " : ", nor any other", all ? all : "");
    }
    status = arguments_take(&question, words + 3);
    if (status == STATUS_DONE)
        status = allowed(&question, organization);
    if (status == STATUS_DONE)
        status = secrets_ask(&question);
    return status == STATUS_DONE ? ask(&question, organization, true) : status;
}
