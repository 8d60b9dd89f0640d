/* approval - held changes that a person lets through or turns down. */
#include "acts/approval.h"

#include "base/mem.h"
#include "engine/proposal.h"
#include "tables/delivery_wait.h"

#include <errno.h>
#include <string.h>

static int item_key(const struct wait_item *item, struct buffer *key)
{
    buffer_clear(key);
    if (item->id)
        source_key(item->stream, item->id, strlen(item->id), key);
    return key->rc;
}

/* "person.work_email" */
static bool field_named(const struct match *match, const struct hold *hold, const char *name)
{
    if (hold->field == 0 || !name)
        return hold->field == 0 && !name;
    const struct field *field = organization_field_number(match->organization, hold->kind, hold->field);
    size_t len = strlen(kind_name(hold->kind));
    return field && strncmp(name, kind_name(hold->kind), len) == 0 && name[len] == '.' &&
           strcmp(name + len + 1, field->name) == 0;
}

static const struct hold *item_hold(const struct match *match, const struct wait_item *item,
                                    const struct proposal *proposal)
{
    for (size_t i = 0; item->reason && i < proposal->hold_count; i++)
        if (strcmp(gate_reason(proposal->holds[i].gate), item->reason) == 0 &&
            field_named(match, &proposal->holds[i], item->field))
            return &proposal->holds[i];
    return NULL;
}

/* What was said of it before goes: the last word counts. */
static void unsay(struct approval *approval, struct match *match, uint64_t subject)
{
    static const enum statement_type types[] = {STATEMENT_APPROVE, STATEMENT_REJECT};
    struct statement statement;
    for (size_t i = 0; i < 2; i++)
        if (statement_stands(&match->statements, subject, types[i], &statement))
            statements_withdraw(&match->statements, &statement, approval->author, approval->reason);
}

static int say(struct approval *approval, struct match *match, const struct wait_item *item, uint64_t subject,
               enum gate gate)
{
    struct buffer about __attribute__((cleanup(buffer_done))) = {0};
    const struct stream_name *stream = streams_find(match->streams, item->stream);
    int64_t now_ms = match->stage->now_ms;
    if (stream)
        buffer_format(&about, "%s/%s/%s/", stream->connection_name, stream->partition, stream->stream);
    buffer_format(&about, "%s%s%s %s", item->id, item->field ? " " : "", item->field ? item->field : "", item->reason);
    struct statement statement = {.subject = subject,
                                  .type = approval->rejects ? STATEMENT_REJECT : STATEMENT_APPROVE,
                                  .person = true,
                                  .author = approval->author,
                                  .reason = approval->reason,
                                  .about = about.data};
    statement.until_ms =
        approval->rejects ? approval->until_ms : gate_approval_ends(stream ? stream->connection : NULL, gate, now_ms);
    if (match->statements.persons)
        unsay(approval, match, subject);
    approval->last = statements_add(&match->statements, &statement);
    approval->first = approval->first ? approval->first : approval->last;
    int rc = approval->rejects ? 0 : numbers_set(&match->gates->allowed, subject, 1);
    return about.rc ? about.rc : rc ? rc : match->statements.rc;
}

/* The record comes as it was proposed, but for what is still held of it. */
static int propose(struct match *match, struct bytes key, const struct proposal *proposal)
{
    bool removal = proposal->what == STAGED_GONE || proposal->what == STAGED_MISSING;
    for (size_t i = 0; i < proposal->hold_count; i++) {
        struct hold hold = proposal->holds[i];
        if (numbers_get(&match->gates->allowed, hold.key) ||
            statement_stands(&match->statements, hold.key, STATEMENT_APPROVE, NULL))
            continue;
        if (removal)
            return 0;
        hold.expected = hold.key;
        hold.quiet = statement_stands(&match->statements, hold.key, STATEMENT_REJECT, NULL);
        int rc = holds_add(match->stage->holds, &hold, NULL);
        if (rc != 0)
            return rc;
    }
    return stage_propose(match->stage, key, proposal->what, proposal->value, bytes(NULL, 0));
}

/* What a target is to be told is not proposed by a record. */
static bool is_outgoing(const struct match *match, const struct wait_item *item)
{
    return delivery_is_stream(streams_find(match->streams, item->stream));
}

static int item_gone(struct match *match, const struct wait_item *item, struct err *err)
{
    return match->snapshot->rc
               ? match->snapshot->rc
               : err_set(err, ERR_GONE,
                         "h%lu is not held any more: its source takes it back, or another run settled it",
                         (unsigned long)item->number);
}

/* Whether what is held in its place is still what the person was shown. */
static bool still_asked(struct match *match, const struct wait_item *item, struct arena *arena)
{
    struct wait_item now;
    arena_clear(arena);
    return wait_find(match->snapshot, item, arena, &now) && now.number == item->number;
}

static int each_item(struct approval *approval, struct match *match, struct err *err,
                     int (*take)(struct approval *, struct match *, const struct wait_item *, struct bytes,
                                 const struct proposal *))
{
    struct proposal *proposal __attribute__((cleanup(tidy_free))) = mem_new(1, sizeof(*proposal));
    struct buffer key __attribute__((cleanup(buffer_done))) = {0};
    struct arena *arena TIDY(arena_free) = arena_new();
    int rc = proposal && arena ? 0 : -ENOMEM;
    for (size_t i = 0; i < approval->count && rc == 0; i++) {
        const struct wait_item *item = &approval->items[i];
        if (is_outgoing(match, item))
            continue;
        if (!still_asked(match, item, arena))
            return item_gone(match, item, err);
        if ((rc = item_key(item, &key)) != 0)
            break;
        struct bytes at = bytes(key.data, key.len);
        if (!proposal_get(match->snapshot, at, proposal) || !item_hold(match, item, proposal))
            return item_gone(match, item, err);
        rc = take(approval, match, item, at, proposal);
    }
    return rc ? rc : match->snapshot->rc;
}

static int take_word(struct approval *approval, struct match *match, const struct wait_item *item, struct bytes key,
                     const struct proposal *proposal)
{
    (void)key;
    const struct hold *hold = item_hold(match, item, proposal);
    return say(approval, match, item, hold->key, hold->gate);
}

static int take_outgoing(struct approval *approval, struct match *match, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; i < approval->count && rc == 0; i++) {
        const struct wait_item *item = &approval->items[i];
        struct delivery_unit unit;
        if (!is_outgoing(match, item))
            continue;
        if (!delivery_wait_unit(match->snapshot, item, &unit))
            return item_gone(match, item, err);
        rc = say(approval, match, item, delivery_subject(unit.stream, unit.kind, unit.id, &unit.row),
                 delivery_gate(unit.row.op));
    }
    return rc;
}

static int take_record(struct approval *approval, struct match *match, const struct wait_item *item, struct bytes key,
                       const struct proposal *proposal)
{
    (void)approval;
    (void)item;
    if (numbers_get(&match->gates->settled, hold_record(key)))
        return 0; /* two things of one record */
    int rc = numbers_set(&match->gates->settled, hold_record(key), 1);
    return rc ? rc : propose(match, key, proposal);
}

int approval_state(void *context, struct match *match, struct err *err)
{
    struct approval *approval = context;
    int rc = each_item(approval, match, err, take_word);
    if (rc == 0)
        rc = take_outgoing(approval, match, err);
    if (rc == 0 &&
        !approval->rejects) /* all is said before any of it is carried out: one record may wait for two words */
        rc = each_item(approval, match, err, take_record);
    return rc;
}

static bool still_held(struct match *match, struct bytes key)
{
    const struct hold *hold = holds_first(match->stage->holds, hold_record(key));
    while (hold && !hold->kept)
        hold = holds_next(match->stage->holds, hold);
    return hold != NULL;
}

void approval_decided(void *context, struct match *match, struct changeset *changeset)
{
    struct approval *approval = context;
    struct buffer key __attribute__((cleanup(buffer_done))) = {0};
    struct numbers dropped = {0};
    int rc = 0;
    for (size_t i = 0; i < approval->count && rc == 0; i++) {
        rc = wait_remove(match->snapshot, changeset, &approval->items[i]);
        if (rc != 0 || approval->rejects || is_outgoing(match, &approval->items[i]) ||
            (rc = item_key(&approval->items[i], &key)) != 0)
            continue;
        struct bytes at = bytes(key.data, key.len);
        if (still_held(match, at) || numbers_get(&dropped, hold_record(at)))
            continue;
        rc = numbers_set(&dropped, hold_record(at), 1);
        proposal_drop(match->stage, at);
    }
    numbers_done(&dropped);
    match->rc = match->rc ? match->rc : rc;
}
