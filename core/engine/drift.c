/* drift - what people decided about headers that changed. */
#include "engine/drift.h"

#include "base/clock.h"
#include "base/date.h"
#include "base/digest.h"
#include "base/text.h"
#include "engine/act.h"
#include "engine/pull.h"
#include "engine/run.h"
#include "logic/reason.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *verdict_text(enum verdict verdict)
{
    return verdict == VERDICT_RENAMED ? "renamed" : verdict == VERDICT_NEW ? "new" : "vanished";
}

static bool same(const char *a, const char *b)
{
    return a && b && text_same(a, strlen(a), b, strlen(b));
}

/* --- as statements: their subject is the stream; verdict, column and the other one stand where a pin has its field and
 * values --- */

static uint64_t header_subject(uint32_t stream)
{
    char text[32];
    int len = snprintf(text, sizeof(text), "header %u", stream);
    return digest_fast(text, (size_t)len) | SUBJECT_DIGEST;
}

static struct value text_value(const char *text)
{
    return text ? (struct value){.presence = PRESENCE_VALUE, .len = (uint32_t)strlen(text), .bytes = text}
                : (struct value){0};
}

static const char *value_text(struct arena *arena, struct value value, int *rc)
{
    const char *text = value.presence == PRESENCE_VALUE ? arena_copy(arena, value.bytes, value.len) : NULL;
    *rc = value.presence == PRESENCE_VALUE && !text ? -ENOMEM : *rc;
    return text;
}

static int acceptance_of(const struct statement *statement, struct arena *arena, struct acceptance *ret_decision)
{
    int rc = 0;
    struct acceptance decision = {.number = statement->number,
                                  .stream = (uint32_t)statement->other,
                                  .run = statement->run,
                                  .verdict = (enum verdict)statement->field,
                                  .time_ms = statement->time_ms,
                                  .column = value_text(arena, statement->value, &rc),
                                  .other = value_text(arena, statement->against, &rc),
                                  .author = arena_text(arena, statement->author ? statement->author : ""),
                                  .reason = arena_text(arena, statement->reason ? statement->reason : "")};
    if (rc != 0 || !decision.author || !decision.reason)
        return -ENOMEM;
    if (!decision.column)
        return ERR_CORRUPT;
    *ret_decision = decision;
    return 0;
}

static int acceptances_add(struct acceptances *decisions, const struct acceptance *decision, struct arena *arena)
{
    if (decisions->count == decisions->room) {
        size_t room = decisions->room ? 2 * decisions->room : 8;
        struct acceptance *more = arena_get(arena, room * sizeof(*more));
        if (!more)
            return -ENOMEM;
        if (decisions->count > 0)
            memcpy(more, decisions->items, decisions->count * sizeof(*more));
        decisions->items = more;
        decisions->room = room;
    }
    decisions->items[decisions->count++] = *decision;
    return 0;
}

/* Adds those of one stream. */
static int acceptances_walk(struct statements *statements, uint32_t stream, struct arena *arena,
                            struct acceptances *decisions)
{
    struct statement_walk walk;
    struct statement statement;
    struct acceptance decision;
    int rc = 0;
    statement_first(&walk, statements, header_subject(stream));
    while (rc == 0 && statement_next(&walk, &statement)) {
        if (statement.type != STATEMENT_ACCEPT || (uint32_t)statement.other != stream)
            continue;
        rc = acceptance_of(&statement, arena, &decision);
        if (rc == 0)
            rc = acceptances_add(decisions, &decision, arena);
    }
    statement_end(&walk);
    return rc ? rc : statements->rc ? statements->rc : statements->snapshot->rc;
}

int acceptances_load(struct txn *txn, uint32_t stream, struct arena *arena, struct acceptances *ret_decisions)
{
    struct statements statements __attribute__((cleanup(statements_done))) = {0};
    struct acceptances decisions = {0};
    int rc = statements_init(&statements, txn, NULL, 0, clock_now_ms());
    if (rc == 0 && statements.persons)
        rc = acceptances_walk(&statements, stream, arena, &decisions);
    if (rc == 0)
        *ret_decisions = decisions;
    return rc ? rc : txn->rc;
}

/* --- in force --- */

const struct acceptance *acceptances_about(const struct acceptances *decisions, uint32_t stream, const char *column)
{
    for (size_t i = decisions->count; i-- > 0;) {
        const struct acceptance *decision = &decisions->items[i];
        if (decision->stream == stream && decision->verdict != VERDICT_NEW && same(decision->column, column))
            return decision;
    }
    return NULL;
}

bool acceptances_apart(const struct acceptances *decisions, const char *column, const char *other)
{
    for (size_t i = 0; i < decisions->count; i++) {
        const struct acceptance *decision = &decisions->items[i];
        if (decision->verdict != VERDICT_NEW)
            continue;
        if (column ? same(decision->column, column) && same(decision->other, other)
                   : same(decision->column, other) || same(decision->other, other))
            return true;
    }
    return false;
}

const struct mapping *drift_mapping(const struct stream_name *name)
{
    for (size_t i = 0; name && name->connection && name->connection->mappings && name->connection->mappings[i]; i++)
        if (strcmp(name->connection->mappings[i]->stream, name->stream) == 0)
            return name->connection->mappings[i];
    return NULL;
}

static bool mapping_names(const struct mapping *mapping, const char *column)
{
    for (size_t i = 0; mapping && i < mapping->column_count; i++)
        if (same(mapping->columns[i], column))
            return true;
    return false;
}

/* Gone for good, and then it came again. */
static bool acceptance_spent(struct txn *txn, const struct acceptance *decision, struct arena *arena)
{
    struct checkpoint checkpoint;
    struct header header;
    if (decision->verdict != VERDICT_VANISHED || !checkpoint_get(txn, decision->stream, arena, &checkpoint) ||
        !header_read(checkpoint.header, arena, &header))
        return false;
    const struct header_column *seen = header_find(&header, decision->column);
    return seen && seen->run > decision->run;
}

int acceptances_now(struct txn *txn, const struct streams *streams, struct arena *arena,
                    struct acceptances *ret_decisions)
{
    struct acceptances all, now = {0};
    int rc = 0;
    for (size_t n = 0; n < streams->count && rc == 0; n++) {
        const struct mapping *mapping = drift_mapping(&streams->items[n]);
        uint32_t stream = streams->items[n].number;
        rc = acceptances_load(txn, stream, arena, &all);
        for (size_t i = 0; rc == 0 && i < all.count; i++) {
            const struct acceptance *decision = &all.items[i];
            if (acceptances_about(&all, stream, decision->column) == decision &&
                mapping_names(mapping, decision->column) && !acceptance_spent(txn, decision, arena))
                rc = acceptances_add(&now, decision, arena);
        }
    }
    *ret_decisions = now;
    return rc ? rc : txn->rc;
}

void acceptance_sentence(const struct acceptance *decision, const struct zone *zone, struct buffer *out)
{
    char day[11];
    date_write(date_from_days(zone_day(zone, decision->time_ms)), day);
    if (decision->verdict == VERDICT_RENAMED)
        buffer_format(out, "reads '%s' as '%s'", decision->other, decision->column);
    else if (decision->verdict == VERDICT_VANISHED)
        buffer_format(out, "does without '%s'", decision->column);
    else if (decision->other)
        buffer_format(out, "does not take '%s' for '%s'", decision->other, decision->column);
    else
        buffer_format(out, "knows '%s' and does not use it", decision->column);
    buffer_format(out, " (s%lu, accepted by %s on %s)", (unsigned long)decision->number, decision->author, day);
}

void drift_sentence(const struct wait_item *item, struct buffer *out)
{
    const char *sentence = item->reason ? reason_text(item->reason) : NULL;
    if (item->id && *item->id)
        buffer_format(out, "'%s': ", item->id);
    buffer_format(out, "%s (%s)", sentence ? sentence : "", item->reason ? item->reason : "");
    if (item->text)
        buffer_format(out, ": %s", item->text);
}

/* --- deciding --- */

struct deciding {
    const struct drift_request *request;
    struct arena *arena;
    struct err *err;
    struct match *match; /* of the act */
    struct drift_answer answer;
};

/* A mapped column is missing: it has another name now, or is gone, or the one that was offered is not it. */
static int decide_missing(struct deciding *deciding, const struct wait_item *item, const struct mapping *mapping,
                          struct acceptance *decision)
{
    const struct drift_request *request = deciding->request;
    const char *other = request->column ? request->column : item->offer;
    decision->column = item->id;
    if (decision->verdict == VERDICT_NONE)
        decision->verdict = other ? VERDICT_RENAMED : VERDICT_VANISHED;
    if (decision->verdict == VERDICT_VANISHED) {
        if (mapping_needs(mapping, item->id))
            return err_set(deciding->err, ERR_CONFIG,
                           "no row can be read without '%s', so it cannot be done without: say which column it is now "
                           "(--as renamed --column NAME), or put it back.",
                           item->id);
        return 0;
    }
    if (!other)
        return err_set(deciding->err, ERR_CONFIG, "no column is like '%s': say which one is meant with --column NAME.",
                       item->id);
    if (decision->verdict == VERDICT_RENAMED && mapping_names(mapping, other))
        return err_set(deciding->err, ERR_CONFIG,
                       "'%s' is used by the mapping already, so it cannot be '%s' as well: change the mapping in %s.",
                       other, item->id, request->organization->file);
    decision->other = other;
    return 0;
}

/* A column is new: nobody's, or a mapped one under another name. */
static int decide_new(struct deciding *deciding, const struct wait_item *item, const struct mapping *mapping,
                      struct acceptance *decision)
{
    const char *column = deciding->request->column;
    if (decision->verdict == VERDICT_NONE)
        decision->verdict = VERDICT_NEW;
    if (decision->verdict == VERDICT_VANISHED)
        return err_set(deciding->err, ERR_CONFIG, "'%s' has not vanished: it is new.", item->id);
    if (decision->verdict == VERDICT_RENAMED && !mapping_names(mapping, column ? column : ""))
        return err_set(deciding->err, ERR_CONFIG,
                       "which column of the mapping is '%s' now? Say it with --column NAME, as the mapping writes it.",
                       item->id);
    decision->column = decision->verdict == VERDICT_RENAMED ? column : item->id;
    decision->other = decision->verdict == VERDICT_RENAMED ? item->id : NULL;
    return 0;
}

/* The old name is back: the statement that renamed it ends. */
static int decide_back(struct deciding *deciding, const struct wait_item *item, struct drift_answer *answer)
{
    struct acceptances decisions = {0};
    int rc = acceptances_walk(&deciding->match->statements, item->stream, deciding->arena, &decisions);
    const struct acceptance *about = rc ? NULL : acceptances_about(&decisions, item->stream, item->id);
    if (rc != 0)
        return rc;
    if (deciding->request->as != VERDICT_NONE)
        return err_set(deciding->err, ERR_CONFIG,
                       "accepting that '%s' is back takes no --as; if the other column is right, write its name into "
                       "the mapping in %s.",
                       item->id, deciding->request->organization->file);
    if (!about || about->verdict != VERDICT_RENAMED)
        return err_set(deciding->err, ERR_GONE, "nothing is read as '%s' any more: the next run settles this.",
                       item->id);
    answer->decision = *about;
    answer->withdrawn = true;
    return 0;
}

static int decide(struct deciding *deciding, const struct wait_item *item, struct drift_answer *answer)
{
    const struct drift_request *request = deciding->request;
    struct acceptance *decision = &answer->decision;
    *decision = (struct acceptance){.stream = item->stream,
                                    .run = deciding->match->statements.run,
                                    .verdict = request->as,
                                    .time_ms = deciding->match->statements.now_ms,
                                    .author = request->author,
                                    .reason = request->reason};
    if (strcmp(item->reason, REASON_CODE(column_missing)) == 0)
        return decide_missing(deciding, item, answer->mapping, decision);
    if (strcmp(item->reason, REASON_CODE(column_new)) == 0)
        return decide_new(deciding, item, answer->mapping, decision);
    if (strcmp(item->reason, REASON_CODE(column_back)) == 0)
        return decide_back(deciding, item, answer);
    return err_set(deciding->err, ERR_CONFIG,
                   "c%lu is a note that asks for no decision: it goes by itself with the next file.",
                   (unsigned long)request->item);
}

/* --- the acts --- */

static int answer_stream(struct deciding *deciding, uint32_t stream, const char **ret_about)
{
    const struct stream_name *name = streams_find(deciding->match->streams, stream);
    deciding->answer.mapping = drift_mapping(name);
    deciding->answer.connection = name ? arena_text(deciding->arena, name->connection_name) : "";
    *ret_about =
        name ? arena_format(deciding->arena, "%s/%s/%s", name->connection_name, name->partition, name->stream) : "";
    return deciding->answer.connection && *ret_about ? 0 : -ENOMEM;
}

/* Ends the statement with the decision's number. */
static int statement_withdraw(struct deciding *deciding, const struct acceptance *decision)
{
    struct statements *statements = &deciding->match->statements;
    struct statement_walk walk;
    struct statement statement;
    bool found = false;
    statement_first(&walk, statements, header_subject(decision->stream));
    while (!found && statement_next(&walk, &statement))
        found = statement.number == decision->number && statement.type == STATEMENT_ACCEPT;
    if (found)
        statements_withdraw(statements, &statement, deciding->request->author, deciding->request->reason);
    statement_end(&walk);
    deciding->answer.decision.withdrawn_ms = statements->now_ms;
    deciding->answer.decision.withdrawn_by = deciding->request->author;
    deciding->answer.decision.withdrawn_reason = deciding->request->reason;
    return statements->rc;
}

/* What `statements` calls it: "hr/main/employees: 'Staff no' is read as 'Employee number'". */
static const char *acceptance_about(struct deciding *deciding, const char *stream)
{
    const struct acceptance *decision = &deciding->answer.decision;
    if (decision->verdict == VERDICT_RENAMED)
        return arena_format(deciding->arena, "%s: '%s' is read as '%s'", stream, decision->other, decision->column);
    if (decision->verdict == VERDICT_NEW && decision->other)
        return arena_format(deciding->arena, "%s: '%s' is not '%s'", stream, decision->other, decision->column);
    return arena_format(deciding->arena, "%s: '%s' is %s", stream, decision->column, verdict_text(decision->verdict));
}

static int state_accept(void *context, struct match *match, struct err *err)
{
    struct deciding *deciding = context;
    struct drift_answer *answer = &deciding->answer;
    struct acceptance *decision = &answer->decision;
    struct wait_item item;
    const char *about;
    deciding->match = match;
    deciding->err = err;
    int rc = wait_numbered(match->snapshot, WAIT_DRIFT, deciding->request->item, deciding->arena, &item);
    if (rc == ERR_GONE)
        return err_set(err, ERR_UNKNOWN, "no c%lu waits: `muster inbox %s` lists what does.",
                       (unsigned long)deciding->request->item, match->organization->id);
    if (rc == 0)
        rc = answer_stream(deciding, item.stream, &about);
    if (rc == 0)
        rc = decide(deciding, &item, answer);
    if (rc != 0)
        return rc;
    about = acceptance_about(deciding, about);
    if (!about)
        return -ENOMEM;
    if (answer->withdrawn)
        rc = statement_withdraw(deciding, decision);
    else
        decision->number =
            statements_add(&match->statements, &(struct statement){.type = STATEMENT_ACCEPT,
                                                                   .subject = header_subject(item.stream),
                                                                   .other = item.stream | SUBJECT_DIGEST,
                                                                   .person = true,
                                                                   .field = (uint16_t)decision->verdict,
                                                                   .value = text_value(decision->column),
                                                                   .against = text_value(decision->other),
                                                                   .author = decision->author,
                                                                   .reason = decision->reason,
                                                                   .about = about});
    if (decision->verdict == VERDICT_NEW && decision->other) { /* what it is now is still not known */
        item.offer = item.text = NULL;
        rc = rc ? rc : wait_reword(match->snapshot, match->changeset, &item);
    } else {
        rc = rc ? rc : wait_remove(match->snapshot, match->changeset, &item);
    }
    return rc ? rc : match->statements.rc;
}

int drift_accept(const struct drift_request *request, struct arena *arena, struct drift_answer *ret_answer,
                 struct err *err)
{
    struct deciding deciding = {.request = request, .arena = arena};
    struct run_request run = {.settings = request->settings, .organization = request->organization};
    struct run_report report __attribute__((cleanup(run_report_done))) = {0};
    struct act act = {.verb = "accept",
                      .author = request->author,
                      .reason = request->reason,
                      .state = state_accept,
                      .context = &deciding};
    int rc = act_run(&run, &act, &report, err);
    if (rc == 0)
        *ret_answer = deciding.answer;
    return rc;
}
