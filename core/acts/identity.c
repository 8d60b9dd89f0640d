/* identity - what people say about who is who. */
#include "acts/identity.h"

#include "base/error.h"
#include "base/mem.h"
#include "engine/former.h"
#include "tables/entity.h"

#include <errno.h>
#include <string.h>

/* The record that the act is about. */
struct subject {
    uint64_t seed;
    uint64_t person; /* whose it is; 0: nobody's */
    bool undecided;  /* nobody's, or somebody's only by what people said when it was nobody's */
};

bool identity_undecided(struct match *match, uint64_t seed)
{
    struct statement_walk walk;
    struct statement said;
    bool undecided = false;
    statement_first(&walk, &match->statements, seed);
    while (statement_next(&walk, &said))
        undecided |= said.person && said.rule == RULE_UNDECIDED;
    statement_end(&walk);
    return undecided;
}

static int subject_find(const struct identity *identity, struct match *match, struct subject *ret_subject,
                        struct err *err)
{
    struct bytes value;
    struct source *record = &match->record;
    buffer_clear(&match->key);
    source_key(identity->stream, identity->id, strlen(identity->id), &match->key);
    if (match->key.rc != 0)
        return match->key.rc;
    if (!txn_get(match->snapshot, TABLE_source, bytes(match->key.data, match->key.len), &value))
        return err_set(err, ERR_UNKNOWN, "there is no record %s: `muster person` shows those of somebody",
                       identity->about);
    if (!source_read(value, record))
        return ERR_CORRUPT;
    if (record->count == 0 || record->sections[0].kind != KIND_person)
        return err_set(err, ERR_DATA, "%s is no record of a person", identity->about);
    ret_subject->seed = record->sections[0].seed;
    ret_subject->person = record->situation == SITUATION_LINKED ? match_resolve(match, ret_subject->seed) : 0;
    ret_subject->undecided = ret_subject->person == 0 || identity_undecided(match, ret_subject->seed);
    int rc = identity->follows ? follows_note(identity->follows, match, ret_subject->person) : 0;
    return rc == 0 && identity->follows ? follows_note(identity->follows, match, identity->person) : rc;
}

/* The record, and everybody whose records it may join or leave, are judged again. */
static int subject_touch(const struct identity *identity, struct match *match, const struct subject *subject)
{
    struct buffer key __attribute__((cleanup(buffer_done))) = {0};
    source_key(identity->stream, identity->id, strlen(identity->id), &key);
    int rc = key.rc ? key.rc : stage_touch(match->stage, bytes(key.data, key.len));
    if (rc != 0)
        return rc;
    match_touch_cluster(match, subject->seed);
    return match->rc ? match->rc : match->statements.rc;
}

static uint64_t identity_state(struct identity *identity, struct match *match, enum statement_type type, uint64_t seed,
                               uint64_t other, bool follows, bool undecided)
{
    identity->number = statements_add(&match->statements, &(struct statement){.type = type,
                                                                              .person = true,
                                                                              .subject = seed,
                                                                              .other = other,
                                                                              .follows = follows,
                                                                              .rule = undecided ? RULE_UNDECIDED : 0,
                                                                              .author = identity->author,
                                                                              .reason = identity->reason,
                                                                              .about = identity->about});
    return identity->number;
}

/* Statements of people by which the record may not be with that person. */
static void withdraw_apart(struct identity *identity, struct match *match, uint64_t seed)
{
    struct statement_walk walk;
    struct statement apart;
    statement_first(&walk, &match->statements, seed);
    while (statement_next(&walk, &apart))
        if (apart.type == STATEMENT_APART && match_resolve(match, apart.other) == identity->person)
            statements_withdraw(&match->statements, &apart, identity->author, identity->reason);
    statement_end(&walk);
}

int identity_link(void *context, struct match *match, struct err *err)
{
    struct identity *identity = context;
    struct subject subject;
    int rc = subject_find(identity, match, &subject, err);
    if (rc != 0)
        return rc;
    if (subject.person == identity->person)
        return err_set(err, ERR_CONFLICT, "%s is that person's already", identity->about);
    withdraw_apart(identity, match, subject.seed);
    uint64_t before = subject.person;
    /* whom nobody knew yet does not give its id to somebody whom people know by theirs */
    identity_state(identity, match, STATEMENT_LINK, subject.seed, identity->person,
                   before == 0 && subject.seed < identity->person, subject.undecided);
    return subject_touch(identity, match, &subject);
}

/* What its source says of the record now is held, because it seems to be somebody else's. */
static bool subject_reused(struct match *match, struct bytes key, struct proposal *proposal)
{
    bool reused = false;
    if (!proposal_get(match->snapshot, key, proposal))
        return false;
    for (size_t i = 0; i < proposal->hold_count; i++)
        reused |= proposal->holds[i].gate == GATE_IDENTITY;
    return reused;
}

/* Then unlink says that it is: who had the record stays, and who has it now is new. *ret_done: whether it was so. */
static int unlink_reused(struct identity *identity, struct match *match, bool *ret_done)
{
    struct proposal *proposal __attribute__((cleanup(tidy_free))) = mem_new(1, sizeof(*proposal));
    struct buffer key __attribute__((cleanup(buffer_done))) = {0};
    uint64_t now, before;
    source_key(identity->stream, identity->id, strlen(identity->id), &key);
    if (!proposal || key.rc != 0)
        return -ENOMEM;
    struct bytes record = bytes(key.data, key.len);
    *ret_done = subject_reused(match, record, proposal);
    if (!*ret_done)
        return match->snapshot->rc;
    int rc = former_part(match, record, proposal, &now, &before);
    if (rc != 0)
        return rc;
    identity->number = statements_add(&match->statements, &(struct statement){.type = STATEMENT_APART,
                                                                              .person = true,
                                                                              .subject = now,
                                                                              .other = before,
                                                                              .rule = RULE_SOMEBODY_ELSE,
                                                                              .author = identity->author,
                                                                              .reason = identity->reason,
                                                                              .about = identity->about});
    identity->settled = true;
    rc = numbers_set(&match->gates->settled, hold_record(record), 1);
    return rc ? rc : match->statements.rc;
}

void identity_decided(void *context, struct match *match, struct changeset *changeset)
{
    struct identity *identity = context;
    struct buffer key __attribute__((cleanup(buffer_done))) = {0};
    struct wait_item item = {
        .type = WAIT_HELD, .stream = identity->stream, .id = identity->id, .reason = gate_reason(GATE_IDENTITY)};
    if (identity->follows)
        follows_settle(identity->follows, match);
    if (!identity->settled)
        return;
    source_key(identity->stream, identity->id, strlen(identity->id), &key);
    int rc = key.rc ? key.rc : wait_remove(match->snapshot, changeset, &item);
    match->rc = match->rc ? match->rc : rc;
    if (rc == 0)
        proposal_drop(match->stage, bytes(key.data, key.len));
}

int identity_unlink(void *context, struct match *match, struct err *err)
{
    struct identity *identity = context;
    struct subject subject;
    bool done;
    int rc = subject_find(identity, match, &subject, err);
    if (rc == 0)
        rc = unlink_reused(identity, match, &done);
    if (rc != 0 || done)
        return rc;
    if (subject.person != 0 && entity_get(match->snapshot, KIND_person, subject.person, match->entity) &&
        match->entity->member_count < 2)
        return err_set(err, ERR_CONFLICT, "%s is the only record of its person: there is nothing to take it from",
                       identity->about);
    identity_state(identity, match, STATEMENT_ALONE, subject.seed, 0, false, subject.undecided);
    return subject_touch(identity, match, &subject);
}

int identity_apart(void *context, struct match *match, struct err *err)
{
    struct identity *identity = context;
    struct subject subject;
    int rc = subject_find(identity, match, &subject, err);
    if (rc != 0)
        return rc;
    if (subject.person == identity->person) {
        rc = identity_unlink(context, match, err);
        if (rc != 0 || identity->settled)
            return rc;
    }
    identity_state(identity, match, STATEMENT_APART, subject.seed, identity->person, false, subject.undecided);
    return subject_touch(identity, match, &subject);
}

/* --- taking back --- */

/* Looks a statement of a person up by its number, also a withdrawn one. */
static bool identity_find(struct txn *txn, uint64_t number, struct statement *ret_statement)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    struct statement read;
    bool found = false;
    cursor_open(&cursor, txn, TABLE_statement);
    for (bool there = cursor_seek(&cursor, bytes("", 0)); there; there = cursor_next(&cursor)) {
        if (!statement_read(cursor.key, cursor.value, &read) || read.number != number || !read.person)
            continue;
        if (!found || read.about) /* of a link's two rows the one whose subject is the record */
            *ret_statement = read;
        found = true;
    }
    return found;
}

/* Nothing that says whose the record is stands any more: rules judge it again, once it is not taken out besides. */
static void judge_again(struct match *match, uint64_t seed)
{
    struct statement suppress;
    if (numbers_get(&match->undecided, seed))
        return;
    int rc = numbers_set(&match->undecided, seed, 1);
    match->rc = match->rc ? match->rc : rc;
    if (statement_stands(&match->statements, seed, STATEMENT_SUPPRESS, &suppress) && suppress.rule != RULE_UNDECIDED)
        statements_undecided(&match->statements, &suppress);
}

/* Rules have linked records that waited, because of what people had stated: without the last of it they may wait again.
 */
static void withdraw_late(struct identity *identity, struct match *match)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    struct statement link;
    cursor_open(&cursor, match->snapshot, TABLE_statement);
    for (bool there = cursor_seek(&cursor, bytes("", 0)); there; there = cursor_next(&cursor)) {
        if (!statement_read(cursor.key, cursor.value, &link) || link.withdrawn || !link.late ||
            link.number < identity->number)
            continue;
        match_touch_cluster(match, link.subject);
        statements_withdraw(&match->statements, &link, identity->author, identity->reason);
        judge_again(match, link.subject);
    }
}

/* The key of "hr/main/employees/1002"; false: there is no such stream. */
static bool named_key(struct match *match, const char *name, struct buffer *out)
{
    for (size_t i = 0; name && i < match->streams->count; i++) {
        const struct stream_name *stream = &match->streams->items[i];
        char *prefix __attribute__((cleanup(tidy_free))) =
            mem_format("%s/%s/%s/", stream->connection_name, stream->partition, stream->stream);
        if (!prefix) {
            match->rc = match->rc ? match->rc : -ENOMEM;
            return false;
        }
        if (strncmp(name, prefix, strlen(prefix)) != 0)
            continue;
        source_key(stream->number, name + strlen(prefix), strlen(name) - strlen(prefix), out);
        match->rc = match->rc ? match->rc : out->rc;
        return match->rc == 0;
    }
    return false;
}

/* A record that is nobody's is found by its name alone. */
static void touch_named(struct match *match, const struct statement *statement)
{
    struct buffer key __attribute__((cleanup(buffer_done))) = {0};
    const char *name = statement->about;
    if (name && statement->type == STATEMENT_SUPPRESS && strstr(name, ": "))
        name = strstr(name, ": ") + 2; /* "run 12: hr/main/employees/1002" */
    if (!named_key(match, name, &key))
        return;
    int rc = stage_touch(match->stage, bytes(key.data, key.len));
    match->rc = match->rc ? match->rc : rc;
}

/* It is the same person's after all: the record is as it was, and what it says now is held again. */
static int join_again(struct match *match, const struct statement *statement, struct err *err)
{
    struct buffer key __attribute__((cleanup(buffer_done))) = {0};
    if (!named_key(match, statement->about, &key))
        return match->rc ? match->rc : ERR_CORRUPT;
    int rc = former_join(match, bytes(key.data, key.len), statement->subject, statement->other);
    return rc != ERR_CONFLICT
               ? rc
               : err_set(err, rc,
                         "%s has been given to yet another person since s%lu was said: withdraw that first, "
                         "`muster statements %s` lists it",
                         statement->about, (unsigned long)statement->number, match->organization->id);
}

/* Of a person who was erased each record has one: they go together. */
static void erased_back(struct identity *identity, struct match *match, const struct statement *first)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    struct statement other;
    uint64_t digests = __builtin_bswap64(SUBJECT_DIGEST);
    cursor_open(&cursor, match->snapshot, TABLE_statement);
    for (bool there = cursor_seek(&cursor, bytes(&digests, sizeof(digests))); there; there = cursor_next(&cursor))
        if (statement_read(cursor.key, cursor.value, &other) && other.type == STATEMENT_ERASED &&
            other.run == first->run)
            statements_withdraw(&match->statements, &other, identity->author, identity->reason);
}

/* *seeds: whether it was about who is who. */
static int take_back(struct identity *identity, struct match *match, const struct statement *statement, bool *seeds,
                     struct err *err)
{
    int rc = 0;
    bool who = statement->type != STATEMENT_APPROVE && statement->type != STATEMENT_REJECT &&
               statement->type != STATEMENT_ACCEPT && statement->type != STATEMENT_DISCARD &&
               statement->type != STATEMENT_ERASED;
    if (statement->rule == RULE_UNDECIDED)
        judge_again(match, statement->subject);
    else if (statement->type == STATEMENT_SUPPRESS && match->rc == 0)
        match->rc = numbers_set(&match->restored, statement->subject, 1);
    if (statement->rule == RULE_SOMEBODY_ELSE) {
        rc = join_again(match, statement, err);
    } else if (who) {
        match_touch_cluster(match, statement->subject);
        if (statement->other != 0)
            match_touch_cluster(match, statement->other);
        touch_named(match, statement);
    }
    if (statement->type == STATEMENT_ERASED)
        erased_back(identity, match, statement);
    statements_withdraw(&match->statements, statement, identity->author, identity->reason);
    *seeds |= who;
    return rc ? rc : match->rc;
}

int identity_withdraw(void *context, struct match *match, struct err *err)
{
    struct identity *identity = context;
    struct statement statement;
    if (!identity_find(match->snapshot, identity->number, &statement))
        return err_set(err, ERR_UNKNOWN, "there is no statement s%lu: `muster statements` lists them",
                       (unsigned long)identity->number);
    if (statement.withdrawn)
        return err_set(err, ERR_CONFLICT, "s%lu has been withdrawn already", (unsigned long)identity->number);
    identity->about = statement.about;
    bool seeds = false;
    int rc = take_back(identity, match, &statement, &seeds, err);
    if (rc == 0 && seeds)
        withdraw_late(identity, match);
    return rc ? rc : match->rc ? match->rc : match->statements.rc;
}

int identity_withdraw_run(void *context, struct match *match, struct err *err)
{
    struct identity *identity = context;
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    struct statement statement;
    char reverted[32];
    bool seeds = false;
    int rc = 0, len = snprintf(reverted, sizeof(reverted), "run %u: ", identity->run);
    identity->number = UINT64_MAX;
    cursor_open(&cursor, match->snapshot, TABLE_statement);
    for (bool there = cursor_seek(&cursor, bytes("", 0)); there && rc == 0; there = cursor_next(&cursor)) {
        if (!statement_read(cursor.key, cursor.value, &statement) || statement.withdrawn || !statement.person ||
            !statement.about) /* a link has a second row, without it */
            continue;
        if (statement.run != identity->run && strncmp(statement.about, reverted, (size_t)len) != 0)
            continue;
        identity->number = statement.number < identity->number ? statement.number : identity->number;
        identity->count++;
        rc = take_back(identity, match, &statement, &seeds, err);
    }
    if (rc != 0)
        return rc;
    if (identity->count == 0)
        return err_set(err, ERR_GONE, "nothing stands that people stated in run %u, nor by which it was reverted",
                       identity->run);
    if (seeds)
        withdraw_late(identity, match);
    return match->rc ? match->rc : match->statements.rc;
}
