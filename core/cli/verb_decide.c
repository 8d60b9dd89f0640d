/* verb_decide - what people decide: link, unlink, keep-apart, pin, unpin, withdraw. */
#include "acts/identity.h"
#include "acts/pin.h"
#include "base/date.h"
#include "base/jsontext.h"
#include "base/mem.h"
#include "base/zone.h"
#include "cli/decide.h"
#include "cli/guess.h"
#include "cli/plan.h"
#include "cli/verb.h"
#include "config/node.h"
#include "logic/reason.h"
#include "model/literal.h"
#include "query/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int decide_reason(struct context *context, const char **ret_reason)
{
    const char *reason = VALUE(context, reason);
    if (!reason || reason[strspn(reason, " \t\n")] == '\0')
        return complain_words("%s needs a reason: --reason TEXT; it is kept in the history",
                              context->arguments.command->name);
    *ret_reason = reason;
    return STATUS_DONE;
}

/* --- which record --- */

/* "r3": the record that a review is about. */
static bool record_of_review(struct query *query, const char *word, struct identity *identity)
{
    TIDY(free) struct wait_item *items = NULL;
    size_t count;
    char *end;
    if ((word[0] != WAIT_REVIEW && word[0] != WAIT_HELD) || word[1] < '0' || word[1] > '9')
        return false;
    char types[] = {word[0], '\0'};
    unsigned long number = strtoul(word + 1, &end, 10);
    if (*end != '\0' || query_waits(query, types, SIZE_MAX, &items, &count) != 0)
        return false;
    for (size_t i = 0; i < count; i++)
        if (items[i].number == number && items[i].id) {
            identity->stream = items[i].stream;
            identity->id = arena_text(query->arena, items[i].id);
            return identity->id != NULL;
        }
    return false;
}

/* "hr/main/employees/1002". */
static bool record_by_name(struct query *query, const char *word, struct identity *identity)
{
    for (size_t i = 0; i < query->streams.count; i++) {
        const struct stream_name *stream = &query->streams.items[i];
        const char *name =
            arena_format(query->arena, "%s/%s/%s/", stream->connection_name, stream->partition, stream->stream);
        if (!name || strncmp(word, name, strlen(name)) != 0 || word[strlen(name)] == '\0')
            continue;
        identity->stream = stream->number;
        identity->id = word + strlen(name);
        return true;
    }
    return false;
}

/* Whether it is written as an id of the inbox is: r3, h12. */
static bool written_as_id(const char *word)
{
    return (word[0] == WAIT_REVIEW || word[0] == WAIT_HELD) && word[1] &&
           word[1 + strspn(word + 1, "0123456789")] == '\0';
}

static int read_record(struct query *query, const char *word, struct identity *identity)
{
    bool found = record_of_review(query, word, identity) || record_by_name(query, word, identity);
    if (!found && written_as_id(word))
        return complain_unknown("no %s waits: `muster inbox %s` lists what does", word, query->organization->id);
    if (!found)
        return complain_words(
            "'%s' is no record: write CONNECTION/PARTITION/STREAM/ID, as `muster person` shows it, or "
            "the id of a review, as in r3",
            word);
    const struct stream_name *stream = streams_find(&query->streams, identity->stream);
    identity->about = stream ? arena_format(query->arena, "%s/%s/%s/%s", stream->connection_name, stream->partition,
                                            stream->stream, identity->id)
                             : NULL;
    return identity->about ? STATUS_DONE : complain_rc(-ENOMEM, NULL);
}

/* --- carrying it out --- */

void decide_tell(struct context *context, const struct run_report *report)
{
    bool suppressed = report->verb && strcmp(report->verb, "revert") == 0;
    const struct {
        uint64_t count;
        const char *one, *many;
    } said[] = {
        {report->created, "person created or back", "people created or back"},
        {report->updated, "person changed", "people changed"},
        {report->deactivated, "person deactivated", "people deactivated"},
        {report->reactivated, "person reactivated", "people reactivated"},
        {report->retired, suppressed ? "person no longer there" : "person went up in another",
         suppressed ? "people no longer there" : "people went up in others"},
    };
    const char *between = "  ";
    for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
        if (said[i].count == 0)
            continue;
        screen_print(&context->screen, "%s%lu %s", between, (unsigned long)said[i].count,
                     said[i].count == 1 ? said[i].one : said[i].many);
        between = ", ";
    }
    screen_print(&context->screen, "%s\n", *between == ' ' ? "  nobody's record changed by it" : "");
}

struct deciding {
    struct context *context;
    struct organization *organization;
    void (*tell)(void *of, const struct run_report *report);
    void *of;
};

/* What a dry act would bring, as a plan is shown. */
static int show_planned(void *context, struct changeset *changeset, const struct run_report *report)
{
    struct deciding *deciding = context;
    struct plan plan = {.report = *report, .changeset = changeset};
    struct plan_view *view __attribute__((cleanup(tidy_plan_view_close))) = NULL;
    struct err err = {0};
    int rc = plan_view_open(deciding->context->settings, deciding->organization, &plan, &view, &err);
    if (rc != 0)
        return rc;
    if (deciding->context->json)
        return plan_json(deciding->context, &plan, view);
    deciding->tell(deciding->of, report);
    return plan_tell(deciding->context, view, GIVEN(deciding->context, verbose));
}

int decide_carry_out(struct context *context, struct organization *organization, struct act *act,
                     void (*tell)(void *of, const struct run_report *report), void *of)
{
    struct run_report report __attribute__((cleanup(run_report_done))) = {0};
    struct deciding deciding = {context, organization, tell, of};
    struct err err = {0};
    struct run_request request = {
        .settings = context->settings, .organization = organization, .connectors = context->connectors};
    act->verb = context->arguments.command->name;
    act->author = context_author();
    act->dry = GIVEN(context, plan);
    act->planned = show_planned;
    act->planned_context = &deciding;
    int rc = act_run(&request, act, &report, &err);
    if (rc != 0)
        return complain_rc(rc, &err);
    if (context->json && !act->dry)
        fprintf(context->screen.out, "%s\n", report.json ? report.json : "{}");
    else if (!act->dry)
        tell(of, &report);
    return STATUS_DONE;
}

static void tell_statement(struct context *context, uint64_t number, const char *about, const struct run_report *report)
{
    const char *org = context->arguments.words[0];
    if (GIVEN(context, plan))
        screen_print(&context->screen, "%s: nothing is changed yet; it would be\n", about);
    else
        screen_print(
            &context->screen, "s%lu stands: %s %s (run %u); `muster withdraw %s s%lu --reason TEXT` takes it back\n",
            (unsigned long)number, context->arguments.command->name, about, report->run, org, (unsigned long)number);
    decide_tell(context, report);
}

struct identity_told {
    struct context *context;
    const struct identity *identity;
};

static void identity_tell(void *of, const struct run_report *report)
{
    const struct identity_told *told = of;
    const struct follows *follows = told->identity->follows;
    tell_statement(told->context, told->identity->number, told->identity->about, report);
    for (size_t i = 0; follows && i < follows->count; i++)
        screen_print(&told->context->screen, "  s%lu, pin %s, would go along: from id:%lu to id:%lu\n",
                     (unsigned long)follows->items[i].number, follows->items[i].about,
                     (unsigned long)follows->items[i].from, (unsigned long)follows->items[i].to);
}

static int identity_verb(struct context *context, int (*state)(void *, struct match *, struct err *), bool person)
{
    __attribute__((cleanup(opened_done))) struct opened opened = {0};
    struct identity identity = {.author = context_author()};
    struct identity_told told = {context, &identity};
    struct follows follows __attribute__((cleanup(follows_done))) = {0};
    const char **words = context->arguments.words;
    int status = decide_reason(context, &identity.reason);
    if (status == STATUS_DONE)
        status = context_open(context, words[0], &opened);
    if (status == STATUS_DONE)
        status = read_record(opened.query, words[1], &identity);
    if (status == STATUS_DONE && person)
        status = context_person(context, opened.query, words[0], words[2], &identity.person);
    if (status != STATUS_DONE)
        return status;
    identity.follows = GIVEN(context, plan) ? &follows : NULL;
    struct act act = {.state = state, .decided = identity_decided, .context = &identity, .reason = identity.reason};
    return decide_carry_out(context, opened.organization, &act, identity_tell, &told);
}

int verb_link(struct context *context)
{
    return identity_verb(context, identity_link, true);
}

int verb_unlink(struct context *context)
{
    return identity_verb(context, identity_unlink, false);
}

int verb_keep_apart(struct context *context)
{
    return identity_verb(context, identity_apart, true);
}

static void withdrawn_tell(void *of, const struct run_report *report)
{
    const struct identity_told *told = of;
    const struct screen *screen = &told->context->screen;
    const struct identity *identity = told->identity;
    bool dry = GIVEN(told->context, plan);
    if (identity->run != 0)
        screen_print(screen, "%lu statement%s %s\n", (unsigned long)identity->count, identity->count == 1 ? "" : "s",
                     dry ? "still there; without" : "withdrawn");
    else
        screen_print(screen, "s%lu %s\n", (unsigned long)identity->number,
                     dry ? "still stands; without it" : "stands no more");
    decide_tell(told->context, report);
}

int verb_withdraw(struct context *context)
{
    __attribute__((cleanup(opened_done))) struct opened opened = {0};
    struct identity identity = {.author = context_author()};
    struct identity_told told = {context, &identity};
    const char *word = context->arguments.words[1];
    char *end;
    int status = decide_reason(context, &identity.reason);
    if (status != STATUS_DONE)
        return status;
    bool whole = strncmp(word, "run:", 4) == 0; /* all of a run */
    const char *digits = word + (whole ? 4 : 1);
    unsigned long number =
        (whole || word[0] == 's') && *digits >= '0' && *digits <= '9' ? strtoul(digits, &end, 10) : 0;
    if (number == 0 || *end != '\0' || (whole && number > UINT32_MAX))
        return complain_words(
            "'%s' is no statement: `muster statements %s` lists them, as in s12; run:12 means all of a "
            "run",
            word, context->arguments.words[0]);
    identity.number = number;
    identity.run = whole ? (uint32_t)number : 0;
    status = context_open(context, context->arguments.words[0], &opened);
    if (status != STATUS_DONE)
        return status;
    struct act act = {
        .state = whole ? identity_withdraw_run : identity_withdraw, .context = &identity, .reason = identity.reason};
    return decide_carry_out(context, opened.organization, &act, withdrawn_tell, &told);
}

/* --- pins --- */

static int wrong_field(enum kind kind, const char *name)
{
    const char *names[IMAGE_FIELDS_MAX + 1] = {NULL};
    const struct field *field;
    for (size_t n = 0; n < IMAGE_FIELDS_MAX && (field = field_nth(kind, n)); n++)
        names[n] = field->name;
    const char *guess = guess_field(kind, name), *near = guess ? guess : nearest_name(name, names);
    return complain_words("%s has no field '%s'%s%s%s", kind_name(kind), name, near ? "; did you mean '" : "",
                          near ? near : "", near ? "'?" : "");
}

/* Says how it must be written: "one of active, pending, …", "as in 2026-12-31". */
static int wrong_value(const struct field *field, const char *text, const char *fault)
{
    TIDY_DONE(screen_buffer_done) struct buffer how = {0};
    if (field->type == TYPE_DATE)
        buffer_text(&how, ": a day is written as 2026-12-31");
    const char *name;
    size_t len;
    for (size_t n = 0; field->type == TYPE_ENUM && (name = enum_nth(field, n, &len)); n++)
        buffer_format(&how, "%s%.*s", n ? ", " : ": one of ", (int)len, name);
    const char *sentence = how.len ? how.data : reason_text(fault);
    return complain_words("'%s' cannot be the %s%s%s", text, field->name, how.len ? "" : ": ",
                          sentence ? sentence : fault);
}

/* "employment[2].title", "work_email": which thing of the person, and which of its fields. */
static int read_field(struct query *query, const char *name, struct pin *pin)
{
    TIDY(free) struct entity *entity = mem_new(1, sizeof(*entity));
    char kind_text[32];
    unsigned nth = 1;
    const char *dot = strchr(name, '.'), *field_name = name;
    pin->kind = KIND_person;
    pin->entity = pin->person;
    if (!entity || !entity_get(&query->txn, KIND_person, pin->person, entity))
        return complain_rc(entity ? ERR_GONE : -ENOMEM, NULL);
    if (dot && strncmp(name, "custom.", 7) != 0) {
        size_t len = strcspn(name, "[.");
        if (len >= sizeof(kind_text))
            return complain_words("'%s' is no field", name);
        memcpy(kind_text, name, len);
        kind_text[len] = '\0';
        if (name[len] == '[')
            nth = (unsigned)strtoul(name + len + 1, NULL, 10);
        pin->kind = kind_by_name(kind_text);
        pin->entity = 0;
        for (uint16_t i = 0; i < entity->child_count; i++)
            if (entity->children[i].kind == pin->kind && --nth == 0)
                pin->entity = entity->children[i].id;
        if (pin->entity == 0)
            return complain_words("this person has no '%s'", name);
        field_name = dot + 1;
    }
    pin->field = organization_field(query->organization, pin->kind, field_name);
    if (!pin->field)
        return wrong_field(pin->kind, field_name);
    if (pin->field->sensitivity == SENSITIVITY_protected)
        return complain_words("%s is protected and cannot be pinned", pin->field->name);
    return STATUS_DONE;
}

static int read_value(struct context *context, struct query *query, const char *text, struct pin *pin,
                      struct buffer *scratch)
{
    if (*text == '\0') {
        pin->value = (struct value){.presence = PRESENCE_NULL};
        return STATUS_DONE;
    }
    if (pin->field->type == TYPE_REF && pin->field->refers_to == KIND_person) {
        uint64_t id;
        int status = context_person(context, query, context->arguments.words[0], text, &id);
        if (status != STATUS_DONE)
            return status;
        id = __builtin_bswap64(id);
        buffer_add(scratch, &id, sizeof(id));
        pin->value = (struct value){PRESENCE_VALUE, 0, sizeof(id), scratch->data};
        return scratch->rc ? complain_rc(scratch->rc, NULL) : STATUS_DONE;
    }
    if (pin->field->type == TYPE_REF)
        return complain_words("%s refers to a unit: pin the unit's name, or link its records", pin->field->name);
    const char *fault = literal_read(pin->field, text, strlen(text), scratch, &pin->value);
    return fault ? wrong_value(pin->field, text, fault) : STATUS_DONE;
}

/* The last day counts: it ends with it. */
static int read_until(struct context *context, struct query *query, struct pin *pin)
{
    const char *until = VALUE(context, until);
    struct date date;
    pin->ends = PIN_UNTIL;
    if (!until)
        return STATUS_DONE;
    if (strcmp(until, "source-agrees") == 0) {
        pin->ends = PIN_SOURCE_AGREES;
        return STATUS_DONE;
    }
    if (!date_read(until, strlen(until), &date))
        return complain_words("--until takes a day, as in 2026-12-31, or source-agrees, not '%s'", until);
    pin->until_ms = zone_to_utc(query->zone, (date_days(date) + 1) * 86400000, NULL);
    return STATUS_DONE;
}

struct pin_told {
    struct context *context;
    const struct pin *pin;
    const char *field;
    bool stands;
};

static void pin_tell(void *of, const struct run_report *report)
{
    const struct pin_told *told = of;
    if (told->stands) {
        tell_statement(told->context, told->pin->number, told->pin->about, report);
        return;
    }
    screen_print(&told->context->screen, "%s %s\n", told->field,
                 GIVEN(told->context, plan) ? "is still pinned; without it" : "is pinned no more");
    decide_tell(told->context, report);
}

static int pin_verb(struct context *context, int (*state)(void *, struct match *, struct err *), const char *field,
                    const char *value)
{
    __attribute__((cleanup(opened_done))) struct opened opened = {0};
    TIDY_DONE(buffer_done) struct buffer scratch = {0};
    struct pin pin = {.author = context_author()};
    const char **words = context->arguments.words;
    int status = decide_reason(context, &pin.reason);
    if (status == STATUS_DONE)
        status = context_open(context, words[0], &opened);
    if (status == STATUS_DONE)
        status = context_person(context, opened.query, words[0], words[1], &pin.person);
    if (status == STATUS_DONE)
        status = read_field(opened.query, field, &pin);
    if (status == STATUS_DONE && value)
        status = read_value(context, opened.query, value, &pin, &scratch);
    if (status == STATUS_DONE)
        status = read_until(context, opened.query, &pin);
    if (status != STATUS_DONE)
        return status;
    pin.about = arena_format(context->arena, "id:%lu %s", (unsigned long)pin.person, field);
    struct act act = {.state = state, .context = &pin, .reason = pin.reason};
    struct pin_told told = {context, &pin, field, value != NULL};
    return decide_carry_out(context, opened.organization, &act, pin_tell, &told);
}

int verb_pin(struct context *context)
{
    const char *word = context->arguments.words[2], *equals = strchr(word, '=');
    if (!equals || equals == word)
        return complain_words("write FIELD=VALUE, as in work_email=a@b.example, not '%s'", word);
    char *field = arena_copy(context->arena, word, (size_t)(equals - word));
    return field ? pin_verb(context, pin_state, field, equals + 1) : complain_rc(-ENOMEM, NULL);
}

int verb_unpin(struct context *context)
{
    return pin_verb(context, pin_withdraw, context->arguments.words[2], NULL);
}
