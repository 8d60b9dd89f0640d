/* revert - what a run brought, taken back.
 *
 * Reads the journal entries of the run; they follow each other, because runs
 * do. What each says is compared with what holds now: only what still stands
 * as the run left it is taken back. */
#include "acts/revert.h"

#include "acts/identity.h"
#include "base/digest.h"
#include "base/jsonobject.h"
#include "base/mem.h"
#include "engine/running.h"
#include "logic/reason.h"
#include "logic/safeguard.h"
#include "query/horizon.h"
#include "tables/journal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One root on its way. */
struct reverting {
    struct revert *revert;
    struct match *match;
    uint64_t root;
    bool touched; /* something of it is taken back */
};

void revert_done(struct revert *revert)
{
    arena_free(revert->arena);
    free(revert->items);
    free(revert->entity);
    free(revert->record);
    *revert = (struct revert){0};
}

/* --- which run --- */

static int take_member(void *context, const struct jsonobject_member *member)
{
    struct revert *revert = context;
    const char **text = strcmp(member->name, "verb") == 0         ? &revert->verb
                        : strcmp(member->name, "connection") == 0 ? &revert->connection
                                                                  : NULL;
    if (text && member->type == JSONOBJECT_STRING &&
        !(*text = arena_copy(revert->arena, member->text, member->text_len)))
        return -ENOMEM;
    return 0;
}

static int run_find(struct revert *revert, struct match *match, struct err *err)
{
    uint32_t key = __builtin_bswap32(revert->run);
    struct bytes json;
    const char *why;
    size_t at;
    revert->connection = "";
    if (!horizon_knows(match->snapshot, revert->run) ||
        !txn_get(match->snapshot, TABLE_run, bytes(&key, sizeof(key)), &json))
        return horizon_no_run(match->snapshot, match->organization, revert->run, err);
    return jsonobject_split(json.data, json.len, take_member, revert, &why, &at);
}

/* --- what is told --- */

static struct value kept(struct revert *revert, struct value value)
{
    if (value.len > 0 && !(value.bytes = arena_copy(revert->arena, value.bytes, value.len)))
        value.len = 0;
    return value;
}

static int tell(struct reverting *at, const char *left, enum kind kind, uint64_t id, const struct field *field,
                const struct journal_change *change)
{
    struct revert *revert = at->revert;
    int rc = mem_grow(&revert->items, revert->count, &revert->room, sizeof(*revert->items));
    if (rc != 0)
        return rc;
    struct revert_item *item = &revert->items[revert->count++];
    *item = (struct revert_item){.left = left, .root = at->root, .kind = kind, .id = id, .field = field};
    if (change) {
        item->was = kept(revert, change->was);
        item->is = kept(revert, change->is);
    }
    at->touched |= !left;
    return 0;
}

static int say(struct reverting *at, struct statement *statement)
{
    struct revert *revert = at->revert;
    statement->person = true;
    statement->other = at->root;
    statement->ends = PIN_SOURCE_MOVES;
    statement->author = revert->author;
    statement->reason = revert->reason;
    revert->last = statements_add(&at->match->statements, statement);
    revert->first = revert->first ? revert->first : revert->last;
    return at->match->statements.rc;
}

/* --- fields --- */

static bool value_same(struct value a, struct value b)
{
    bool none_a = a.presence != PRESENCE_VALUE, none_b = b.presence != PRESENCE_VALUE;
    return none_a || none_b ? none_a && none_b : value_equal(a, b);
}

/* Why the field is not ours to put back; NULL: it is. A person's word counts before what an undoing put there. */
static const char *pinned(struct match *match, const struct entity *entity, uint16_t field)
{
    const char *why = NULL;
    bool by_person = false;
    for (uint16_t n = 0; n < entity->member_count && !by_person; n++) {
        struct statement_walk walk;
        struct statement pin;
        statement_first(&walk, &match->statements, entity->members[n].seed);
        while (!by_person && statement_next(&walk, &pin))
            if (pin.type == STATEMENT_PIN && pin.field == field) {
                by_person = pin.ends != PIN_SOURCE_MOVES;
                why = by_person ? REASON_CODE(revert_pinned) : REASON_CODE(revert_reverted);
            }
        statement_end(&walk);
    }
    return why;
}

/* The section behind a member, in revert->record; NULL: it does not say it any more. */
static const struct section_view *member_section(struct reverting *at, const struct member *member)
{
    struct match *match = at->match;
    struct source *record = at->revert->record;
    struct bytes value;
    buffer_clear(&match->key);
    source_key(member->stream, member->id.data, member->id.len, &match->key);
    if (match->key.rc != 0 || !txn_get(match->snapshot, TABLE_source, bytes(match->key.data, match->key.len), &value) ||
        !source_read(value, record))
        return NULL;
    for (uint16_t n = 0; n < record->count; n++)
        if (record->sections[n].seed == member->seed)
            return &record->sections[n];
    return NULL;
}

/* Whom the reference meant was not known before the run, and its source did not say another one: it is undone with the
 * one who came. */
static bool only_resolved(struct reverting *at, const struct entity *entity, const struct journal_change *change)
{
    if (change->was.presence == PRESENCE_VALUE || !(change->was.flags & VALUE_WAITING))
        return false;
    for (uint16_t n = 0; n < entity->member_count; n++) {
        const struct section_view *section =
            entity->members[n].seed == change->seed ? member_section(at, &entity->members[n]) : NULL;
        struct value word = section ? image_get(section->image, change->field) : (struct value){0};
        if (word.presence == PRESENCE_VALUE && word.len == change->was.len &&
            memcmp(word.bytes, change->was.bytes, word.len) == 0)
            return true;
    }
    return false;
}

static void gate_count(struct reverting *at, enum kind kind, uint16_t field)
{
    enum gate gate = gate_of_field(kind, field);
    struct revert *revert = at->revert;
    if (gate == GATE_NONE || gate == GATE_DEACTIVATE || revert->gated_root[gate] == at->root)
        return;
    revert->gated_root[gate] = at->root;
    revert->gated[gate]++;
}

/* "run 12: id:7 employment[2].title" */
static char *field_about(struct reverting *at, const struct entity *root, const struct journal_part *part,
                         const struct field *field)
{
    unsigned nth = 0;
    char number[16] = "";
    for (uint16_t n = 0; root && n < root->child_count; n++) {
        nth += root->children[n].kind == part->kind;
        if (root->children[n].kind == part->kind && root->children[n].id == part->id)
            break;
    }
    if (nth > 1)
        snprintf(number, sizeof(number), "[%u]", nth);
    return mem_format("run %u: id:%lu %s%s%s%s", at->revert->run, (unsigned long)at->root,
                      part->kind == KIND_person ? "" : kind_name(part->kind), number,
                      part->kind == KIND_person ? "" : ".", field->name);
}

static int field_pin(struct reverting *at, const struct journal_part *part, const struct field *field,
                     const struct journal_change *change)
{
    struct match *match = at->match;
    const struct entity *entity = at->revert->entity;
    uint64_t subject = entity->members[0].seed;
    for (uint16_t n = 0; n < entity->member_count; n++)
        subject = entity->members[n].seed == part->id ? part->id : subject;
    bool root = entity_get(match->snapshot, KIND_person, at->root, match->entity);
    char *about __attribute__((cleanup(tidy_free))) = field_about(at, root ? match->entity : NULL, part, field);
    struct statement pin = {.type = STATEMENT_PIN,
                            .subject = subject,
                            .field = change->field,
                            .value = change->was,
                            .against = change->is,
                            .about = about};
    if (pin.value.presence != PRESENCE_VALUE)
        pin.value = (struct value){.presence = PRESENCE_NULL};
    gate_count(at, part->kind, change->field);
    int rc = about ? say(at, &pin) : -ENOMEM;
    return rc ? rc : tell(at, NULL, part->kind, part->id, field, change);
}

static int field_revert(struct reverting *at, const struct journal_part *part, const struct journal_change *change)
{
    const struct entity *entity = at->revert->entity;
    const struct field *field = organization_field_number(at->match->organization, part->kind, change->field);
    const char *left = NULL, *pin;
    if (!field || (field->refers_to == KIND_person && part->kind != KIND_person && !strcmp(field->name, "person")))
        return 0; /* worked out: on whom it hangs */
    if (only_resolved(at, entity, change))
        return 0;
    if ((change->was.flags | change->is.flags) & VALUE_SEALED || field->sensitivity == SENSITIVITY_protected)
        left = REASON_CODE(revert_sealed);
    else if ((pin = pinned(at->match, entity, change->field)))
        left = pin;
    else if (!value_same(image_get(entity->image, change->field), change->is))
        left = REASON_CODE(revert_changed_since);
    return left ? tell(at, left, part->kind, part->id, field, change) : field_pin(at, part, field, change);
}

/* --- records, and parts of them --- */

/* Whether a record joined the person after the run. */
static bool joined_later(struct reverting *at, uint64_t id, uint64_t seed)
{
    struct statement_walk walk;
    struct statement link;
    bool then = seed == id, later = false;
    statement_first(&walk, &at->match->statements, seed);
    while (statement_next(&walk, &link)) {
        then |= link.type == STATEMENT_LINK && link.run <= at->revert->run;
        later |= link.type == STATEMENT_LINK && link.run > at->revert->run;
    }
    statement_end(&walk);
    return later && !then;
}

/* A record of another connection waited, and was linked because the person came: it is judged anew. */
static int member_unlink(struct reverting *at, uint64_t seed)
{
    struct match *match = at->match;
    struct statement_walk walk;
    struct statement link;
    bool any = false;
    statement_first(&walk, &match->statements, seed);
    while (statement_next(&walk, &link)) {
        if (link.type != STATEMENT_LINK || link.person || link.run != at->revert->run)
            continue;
        statements_withdraw(&match->statements, &link, at->revert->author, at->revert->reason);
        any = true;
    }
    statement_end(&walk);
    return any ? numbers_set(&match->undecided, seed, 1) : 0;
}

static int member_suppress(struct reverting *at, enum kind kind, const struct member *member)
{
    const struct stream_name *stream = streams_find(at->match->streams, member->stream);
    const struct section_view *section = stream ? member_section(at, member) : NULL;
    if (!section)
        return stream ? 0 : ERR_CORRUPT;
    struct bytes body = at->revert->record->body;
    uint64_t digest =
        kind == KIND_person ? digest_fast(body.data, body.len) : digest_fast(section->image.bytes, section->image.len);
    char *about __attribute__((cleanup(tidy_free))) =
        mem_format("run %u: %s/%s/%s/%.*s%s%s%s%.*s", at->revert->run, stream->connection_name, stream->partition,
                   stream->stream, (int)member->id.len, (const char *)member->id.data, kind == KIND_person ? "" : "#",
                   kind == KIND_person ? "" : kind_name(kind), member->key.len > 0 ? "/" : "", (int)member->key.len,
                   (const char *)member->key.data);
    struct statement suppress = {.type = STATEMENT_SUPPRESS,
                                 .subject = member->seed,
                                 .rule = identity_undecided(at->match, member->seed) ? RULE_UNDECIDED : 0,
                                 .against = {PRESENCE_VALUE, 0, sizeof(digest), (const char *)&digest},
                                 .about = about};
    return about ? say(at, &suppress) : -ENOMEM;
}

/* The thing was nothing before the run: what its records of that connection say makes it no more. */
static int thing_suppress(struct reverting *at, enum kind kind, uint64_t id)
{
    struct revert *revert = at->revert;
    const struct entity *entity = revert->entity;
    bool any = false;
    int rc = 0;
    for (uint16_t n = 0; n < entity->member_count && rc == 0; n++) {
        const struct member *member = &entity->members[n];
        const struct stream_name *stream = streams_find(at->match->streams, member->stream);
        if (joined_later(at, id, member->seed))
            continue;
        bool ours = stream && (!*revert->connection || strcmp(stream->connection_name, revert->connection) == 0);
        any |= ours;
        rc = ours ? member_suppress(at, kind, member) : member_unlink(at, member->seed);
    }
    return rc ? rc : tell(at, any ? NULL : REASON_CODE(revert_changed_since), kind, id, NULL, NULL);
}

/* --- one entry --- */

static int part_revert(struct reverting *at, struct journal_reader *reader, const struct journal_part *part)
{
    struct entity *entity = at->revert->entity;
    struct journal_change change;
    int rc = 0;
    if (part->op == JOURNAL_GONE)
        return tell(at, REASON_CODE(revert_not_said), part->kind, part->id, NULL, NULL);
    if (!entity_get(at->match->snapshot, part->kind, part->id, entity) || entity->state != ENTITY_LIVE ||
        entity->member_count == 0)
        return at->match->snapshot->rc ? at->match->snapshot->rc
                                       : tell(at, REASON_CODE(revert_changed_since), part->kind, part->id, NULL, NULL);
    if (part->op == JOURNAL_CREATED || part->op == JOURNAL_RETURNED)
        return thing_suppress(at, part->kind, part->id);
    while (rc == 0 && journal_next_change(reader, &change))
        rc = field_revert(at, part, &change);
    return rc;
}

static int entry_revert(struct revert *revert, struct match *match, struct journal_reader *reader)
{
    struct reverting at = {.revert = revert, .match = match, .root = reader->id};
    struct journal_part part;
    int rc = 0;
    if (reader->kind != KIND_person) {
        at.root = 0;
        return tell(&at, REASON_CODE(revert_no_person), reader->kind, reader->id, NULL, NULL);
    }
    while (rc == 0 && journal_next_part(reader, &part)) {
        rc = part_revert(&at, reader, &part);
        if (part.kind == KIND_person && part.op != JOURNAL_CHANGED)
            break; /* with the person goes what hangs on them */
    }
    if (rc == 0 && at.touched)
        match_touch_person(match, reader->id);
    return rc ? rc : match->rc;
}

/* --- all of it --- */

/* The people of the connection, as its safeguards see them. */
static int population(struct revert *revert, struct match *match)
{
    for (size_t i = 0; i < match->streams->count; i++) {
        struct checkpoint checkpoint;
        const struct stream_name *stream = &match->streams->items[i];
        if (strcmp(stream->connection_name, revert->connection) == 0 &&
            checkpoint_get(match->snapshot, stream->number, revert->arena, &checkpoint))
            revert->population += checkpoint.people;
    }
    return match->snapshot->rc;
}

static int entries_revert(struct revert *revert, struct match *match)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    struct journal_reader reader;
    int rc = population(revert, match);
    cursor_open(&cursor, match->snapshot, TABLE_journal);
    for (bool there = journal_first(&cursor, match->snapshot, revert->run, &reader);
         there && rc == 0 && reader.run == revert->run;
         there = cursor_next(&cursor) && journal_open(&reader, cursor.value))
        rc = entry_revert(revert, match, &reader);
    return rc ? rc : match->snapshot->rc;
}

/* What a person decided is withdrawn; what approve let through is a change like any other. */
static int act_revert(struct revert *revert, struct match *match, struct err *err)
{
    struct identity identity = {.author = revert->author, .reason = revert->reason, .run = revert->run};
    struct err ignored = {0};
    bool approved = strcmp(revert->verb, "approve") == 0;
    if (strcmp(revert->verb, "withdraw") == 0 || strcmp(revert->verb, "unpin") == 0)
        return err_set(err, ERR_CONFLICT,
                       "in run %u statements were withdrawn: what they said must be said again. `muster statements %s "
                       "--all` lists them",
                       revert->run, match->organization->id);
    int rc = identity_withdraw_run(&identity, match, approved ? &ignored : err);
    revert->withdrawn = identity.count;
    return approved && rc == ERR_GONE ? 0 : rc;
}

int revert_state(void *context, struct match *match, struct err *err)
{
    struct revert *revert = context;
    revert->arena = arena_new();
    revert->entity = mem_new(1, sizeof(*revert->entity));
    revert->record = mem_new(1, sizeof(*revert->record));
    if (!revert->arena || !revert->entity || !revert->record)
        return -ENOMEM;
    int rc = run_find(revert, match, err);
    if (rc == 0 && revert->verb && strcmp(revert->verb, "retain") == 0)
        return err_set(err, ERR_CONFLICT,
                       "what run %u let go was kept for its time (`retention:` in %s): nothing of it is left, and it "
                       "cannot be taken back. A backup may have it",
                       revert->run, match->organization->file);
    if (rc == 0 && revert->verb)
        rc = act_revert(revert, match, err);
    if (rc == 0 && (!revert->verb || strcmp(revert->verb, "approve") == 0))
        rc = entries_revert(revert, match);
    if (rc == 0 && revert->first == 0 && revert->withdrawn == 0)
        return err_set(err, ERR_GONE,
                       revert->count ? "nothing of what run %u brought can be taken back"
                                     : "run %u changed nobody here: there is nothing to take back. What a run told a "
                                       "target is told anew once the run that brought it is taken back",
                       revert->run);
    return rc;
}

/* --- safeguards --- */

int revert_judge(void *context, const struct run *run, struct err *err)
{
    struct revert *revert = context;
    const struct run_report *report = run->report;
    const struct connection *connection = NULL;
    const struct {
        enum gate gate;
        uint64_t going;
        const char *what;
    } cases[] = {
        {GATE_DEACTIVATE, report->deactivated + report->retired, "be let go"},
        {GATE_UPDATE, report->updated, "change"},
        {GATE_REKEY, revert->gated[GATE_REKEY], "get another number"},
        {GATE_EMAIL, revert->gated[GATE_EMAIL], "get another e-mail address"},
        {GATE_MANAGER, revert->gated[GATE_MANAGER], "get another manager"},
    };
    for (size_t i = 0; i < run->request->organization->connection_count; i++)
        if (strcmp(run->request->organization->connections[i].name, revert->connection) == 0)
            connection = &run->request->organization->connections[i];
    for (size_t i = 0; connection && i < sizeof(cases) / sizeof(cases[0]) && !*revert->held; i++) {
        struct safeguard_case at = {
            .population = revert->population, .going = cases[i].going, .today = run->today_text, .now_ms = run->now_ms};
        const struct safeguard *safeguard = gate_safeguard(connection, cases[i].gate);
        TIDY_DONE(buffer_done) struct buffer figures = {0};
        if (!safeguard_trips(safeguard, &at))
            continue;
        safeguard_tell(safeguard, gate_name(cases[i].gate), &at, &figures);
        snprintf(revert->held, sizeof(revert->held),
                 "more people would %s at once than the safeguards of '%s' allow: %s", cases[i].what, connection->name,
                 figures.rc ? "" : figures.data);
    }
    if (!*revert->held || revert->anyway || revert->dry)
        return 0;
    return err_set(err, ERR_HELD,
                   "%s. Nothing is taken back. Look at it with --plan; --anyway takes all of it back all the same.",
                   revert->held);
}
