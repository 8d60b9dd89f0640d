/* verbs - lookups and actions asked as people ask them: C25. What they are asked is a file's, else made up.
 *
 * A line of the file is a JSON object: {"lookup":NAME,"with":{ARGUMENT:VALUE,…},"person":{"name":…,"records":[…]}}, or
 * "action" in the place of "lookup". `person` is whom the organization knows by the key that is asked; what is secret
 * is lent to the broker, as if somebody had typed it. Lines are asked in their order: who has to log in does so first.
 */
#include "base/jsonobject.h"
#include "broker/http.h"
#include "conform/addressee.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct line {
    struct arena *arena;
    const char *name;
    bool action;
    struct jsonobject_member with, person; /* as written; text NULL: it is not there */
};

struct asking {
    const struct walk *walk;
    struct visit *visit;
    const struct line *line;
    const muster_verb *verb;
    size_t count;
    const char **names;
    uint8_t *types;
    struct lane_cell *cells;
};

static int line_member(void *context, const struct jsonobject_member *member)
{
    struct line *line = context;
    char *text = arena_copy(line->arena, member->text, member->text_len);
    bool action = strcmp(member->name, "action") == 0;
    if (!text)
        return -ENOMEM;
    if (member->type == JSONOBJECT_STRING && (action || strcmp(member->name, "lookup") == 0)) {
        line->name = text;
        line->action = action;
        return 0;
    }
    bool person = strcmp(member->name, "person") == 0;
    if (member->type != JSONOBJECT_NESTED || !(person || strcmp(member->name, "with") == 0))
        return ERR_DATA;
    *(person ? &line->person : &line->with) = (struct jsonobject_member){.text = text, .text_len = member->text_len};
    return 0;
}

/* --- what is asked --- */

struct person_made {
    struct arena *arena;
    struct lane_found *found;
    struct lane_cell *cells;
};

static int person_member(void *context, const struct jsonobject_member *member)
{
    struct person_made *made = context;
    for (size_t i = 0; i < made->found->fields.count; i++) {
        if (strcmp(made->found->fields.names[i], member->name) != 0)
            continue;
        const char *text = arena_copy(made->arena, member->text, member->text_len);
        made->cells[i] = (struct lane_cell){PRESENCE_VALUE, false, (uint32_t)member->text_len, text};
        return text ? 0 : -ENOMEM;
    }
    return 0;
}

static int person_make(const struct line *line, struct lane_found *ret_found, struct lane_cell cells[2])
{
    static const char *const names[] = {"name", "records"};
    static const uint8_t types[] = {MUSTER_TEXT, MUSTER_JSON};
    struct person_made made = {line->arena, ret_found, cells};
    const char *why;
    size_t at;
    *ret_found = (struct lane_found){.is = true, .fields = {2, names, types}, .cells = cells};
    return jsonobject_split(line->person.text, line->person.text_len, person_member, &made, &why, &at);
}

static int lend(struct asking *asking, const struct jsonobject_member *member)
{
    struct secret secret = {0};
    if (!asking->visit->http)
        return 0;
    int rc = secret_set(&secret, member->text, member->text_len);
    if (rc == 0)
        rc = http_lend(asking->visit->http, arena_text(asking->line->arena, member->name), &secret);
    secret_done(&secret);
    return rc;
}

static int argument_take(void *context, const struct jsonobject_member *member)
{
    struct asking *asking = context;
    size_t i = 0;
    while (i < asking->count && strcmp(asking->names[i], member->name) != 0)
        i++;
    if (i == asking->count)
        return ERR_DATA;
    if (asking->verb->arguments[i].flags & MUSTER_SECRET)
        return lend(asking, member);
    const char *text = arena_copy(asking->line->arena, member->text, member->text_len);
    asking->cells[i] = (struct lane_cell){PRESENCE_VALUE, false, (uint32_t)member->text_len, text};
    return text ? 0 : -ENOMEM;
}

/* Whom, and what, nobody has. */
static const char *made_up(const muster_option *argument)
{
    if (argument->initial)
        return argument->initial;
    if (!(argument->flags & MUSTER_REQUIRED) || (argument->flags & MUSTER_SECRET))
        return NULL;
    switch (argument->type) {
    case MUSTER_INTEGER:
    case MUSTER_DECIMAL:
    case MUSTER_SECONDS: return "1";
    case MUSTER_BOOL: return "true";
    case MUSTER_DATE: return "2024-02-29";
    default: return "muster-conform-nobody";
    }
}

static int arguments_make(struct asking *asking)
{
    const muster_option *arguments = asking->verb->arguments;
    struct arena *arena = asking->walk->subject->arena;
    const char *why;
    size_t at;
    while (arguments && arguments[asking->count].name)
        asking->count++;
    asking->names = arena_get(arena, (asking->count + 1) * sizeof(*asking->names));
    asking->types = arena_get(arena, asking->count + 1);
    asking->cells = arena_get(arena, (asking->count + 1) * sizeof(*asking->cells));
    if (!asking->names || !asking->types || !asking->cells)
        return -ENOMEM;
    for (size_t i = 0; i < asking->count; i++) {
        asking->names[i] = arguments[i].name;
        asking->types[i] = (uint8_t)arguments[i].type;
        asking->cells[i] = addressee_cell(asking->line ? arguments[i].initial : made_up(&arguments[i]), false);
    }
    if (!asking->line || !asking->line->with.text)
        return 0;
    return jsonobject_split(asking->line->with.text, asking->line->with.text_len, argument_take, asking, &why, &at);
}

/* --- what comes --- */

static void value_judge(struct trial *trial, const char *verb, const muster_verb *table, const struct haul_value *value)
{
    const muster_field *field = table->answer;
    char what[300];
    while (field && field->name && strcmp(field->name, value->name) != 0)
        field++;
    snprintf(what, sizeof(what), "%s: %s", verb, value->name);
    if (!field || !field->name)
        trial_fault(trial, RULE_C25, what, "comes in a row, and the table has no such answer");
    else if (value->text && value->type != field->type && value->type != MUSTER_TEXT)
        trial_fault(trial, RULE_C25, what, "is %s in the table, and comes as %s", haul_type(field->type),
                    haul_type(value->type));
    else if (value->text && !value_written(value->type, value->text))
        trial_fault(trial, RULE_C25, what, "comes as %s, and is not written as one", haul_type(value->type));
}

static bool needs_words(const muster_verb *verb)
{
    for (const muster_option *argument = verb->arguments; argument && argument->name; argument++)
        if ((argument->flags & MUSTER_REQUIRED) && !argument->initial)
            return true;
    return false;
}

/* --- one by one --- */

enum { LINES_MOST = 100 };

struct verbs {
    const struct walk *walk;
    struct visit visit;
    struct line *lines;
    size_t count;
    bool mock, unseen; /* unseen: one of them, and why is told */
};

static void rows_judge(struct verbs *verbs, const char *what, const muster_verb *verb, bool words,
                       const struct haul *haul)
{
    struct trial *trial = verbs->walk->trial;
    const char *unknown = visit_unknown(&verbs->visit);
    bool offered = haul->rc != 0 || haul->result.rc != MUSTER_UNSUPPORTED; /* as it is set up here */
    const char *why = unknown             ? unknown
                      : haul->rc != 0     ? haul->err.text
                      : !words && offered ? "say by --asks what it is to be asked"
                                          : NULL;
    if (why)
        trial_unseen(trial, RULE_C25, "%s: %s", what, why);
    verbs->unseen |= why != NULL;
    if (unknown || haul->rc != 0)
        return;
    if (words && offered && !haul_well(haul))
        trial_fault(trial, RULE_C25, what, "ended as %s: %s", haul_code(haul->result.rc), haul->result.text);
    for (size_t i = 0; i < haul->count; i++)
        for (size_t v = 0; v < haul->records[i].count; v++)
            value_judge(trial, what, verb, &haul->records[i].values[v]);
}

/* line: NULL where what it is asked is made up. */
static int verb_ask(struct verbs *verbs, const muster_verb *verb, bool action, const struct line *line)
{
    __attribute__((cleanup(haul_done))) struct haul haul = {0};
    struct asking asking = {.walk = verbs->walk, .visit = &verbs->visit, .line = line, .verb = verb};
    struct lane_found found;
    struct lane_cell cells[2] = {0};
    char what[200];
    int rc = arguments_make(&asking);
    if (rc == 0 && line && line->person.text)
        rc = person_make(line, &found, cells);
    if (rc == 0)
        rc = haul_new(&haul);
    if (rc != 0)
        return rc;
    const struct lane_fields fields = {asking.count, asking.names, asking.types};
    visit_ask(&verbs->visit, action, verb->name, &fields, asking.cells, line && line->person.text ? &found : NULL,
              &haul);
    snprintf(what, sizeof(what), "%s %.100s", action ? "action" : "lookup", verb->name);
    rows_judge(verbs, what, verb, line || !needs_words(verb), &haul);
    return 0;
}

/* --- what the file says --- */

static int lines_read(struct verbs *verbs, struct err *err)
{
    const char *path = verbs->walk->asks;
    TIDY(fclose) FILE *file = path ? fopen(path, "re") : NULL;
    TIDY(free) char *text = NULL;
    size_t room = 0, at;
    const char *why;
    verbs->lines = arena_get(verbs->walk->subject->arena, LINES_MOST * sizeof(*verbs->lines));
    if (!verbs->lines)
        return -ENOMEM;
    if (path && !file)
        return err_set(err, -errno, "%s cannot be read: %s", path, err_text(-errno));
    for (ssize_t len; file && (len = getline(&text, &room, file)) > 0;) {
        if (text[strspn(text, " \t\r\n")] == '\0')
            continue;
        if (verbs->count == LINES_MOST)
            return err_set(err, ERR_CONFIG, "%s has more than %d lines", path, LINES_MOST);
        struct line *line = &verbs->lines[verbs->count++];
        *line = (struct line){.arena = verbs->walk->subject->arena};
        int rc = jsonobject_split(text, (size_t)len, line_member, line, &why, &at);
        if (rc == ERR_DATA || (rc == 0 && !line->name))
            return err_set(err, ERR_CONFIG, "%s:%zu: a line is {\"lookup\":NAME,\"with\":{…},\"person\":{…}}", path,
                           verbs->count);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int line_ask(struct verbs *verbs, const struct line *line, struct err *err)
{
    const muster_connector *connector = verbs->walk->subject->description;
    const muster_verb *verb = line->action ? connector->actions : connector->lookups;
    while (verb && verb->name && strcmp(verb->name, line->name) != 0)
        verb++;
    if (!verb || !verb->name)
        return err_set(err, ERR_CONFIG, "%s: there is no %s '%s'", verbs->walk->asks,
                       line->action ? "action" : "lookup", line->name);
    int rc = line->action && !verbs->mock ? 0 : verb_ask(verbs, verb, line->action, line);
    return rc == ERR_DATA
               ? err_set(err, ERR_CONFIG, "%s: %s takes other arguments than those", verbs->walk->asks, line->name)
               : rc;
}

static bool has_line(const struct verbs *verbs, const muster_verb *verb, bool action)
{
    for (size_t i = 0; i < verbs->count; i++)
        if (verbs->lines[i].action == action && strcmp(verbs->lines[i].name, verb->name) == 0)
            return true;
    return false;
}

/* Those of a table that no line is about. */
static int others_ask(struct verbs *verbs, const muster_verb *verb, bool action)
{
    int rc = 0;
    for (; verb && verb->name && rc == 0; verb++)
        if (!has_line(verbs, verb, action))
            rc = verb_ask(verbs, verb, action, NULL);
    return rc;
}

static int all_ask(struct verbs *verbs, struct err *err)
{
    const muster_connector *connector = verbs->walk->subject->description;
    bool actions = connector->actions && connector->actions->name;
    int rc = 0;
    for (size_t i = 0; i < verbs->count && rc == 0; i++)
        rc = line_ask(verbs, &verbs->lines[i], err);
    if (rc == 0)
        rc = others_ask(verbs, connector->lookups, false);
    if (rc == 0 && verbs->mock)
        rc = others_ask(verbs, connector->actions, true);
    if (actions && !verbs->mock) {
        trial_unseen(verbs->walk->trial, RULE_C25, "actions are asked of a mock only (--mock)");
        verbs->unseen = true;
    }
    if (rc == 0 && !verbs->unseen)
        trial_looked(verbs->walk->trial, RULE_C25);
    return rc;
}

int verbs_judge_asked(const struct walk *walk, bool mock, struct err *err)
{
    static const enum rule_number rules[] = {RULE_C21, RULE_C23, RULE_C24, RULE_C25, RULES};
    const muster_connector *connector = walk->subject->description;
    struct verbs verbs = {.walk = walk, .mock = mock};
    bool lookups = connector->lookups && connector->lookups->name,
         actions = connector->actions && connector->actions->name;
    if (!(lookups || actions) || !trial_wants_any(walk->trial, rules))
        return 0;
    int rc = lines_read(&verbs, err);
    if (rc == 0)
        rc = walk->tape->given ? visit_again(walk->trial, walk->subject, walk->tape, NULL, &verbs.visit, err)
                               : visit_begin(walk->trial, walk->subject, NULL, &verbs.visit, err);
    if (rc == 0)
        rc = all_ask(&verbs, err);
    visit_end(&verbs.visit);
    return rc;
}
