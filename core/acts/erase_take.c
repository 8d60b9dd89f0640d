/* erase_take - what goes when somebody is erased: row by row, through whoever writes the table. */
#include "acts/erase_inside.h"

#include "acts/identity.h"
#include "base/digest.h"
#include "engine/proposal.h"
#include "logic/reason.h"
#include "store/remnants.h"
#include "tables/delivery_wait.h"
#include "tables/erased.h"

#include <stdlib.h>

/* --- records --- */

static int source_tell(struct erasing *erasing, const struct erase_record *record, bool named)
{
    struct erase *erase = erasing->erase;
    const struct stream_name *stream = streams_find(erasing->match->streams, source_key_stream(record->key));
    struct erase_source *found = NULL;
    for (size_t n = 0; stream && n < erase->source_count && !found; n++)
        if (strcmp(erase->sources[n].connection, stream->connection_name) == 0 &&
            strcmp(erase->sources[n].partition, stream->partition) == 0 &&
            strcmp(erase->sources[n].stream, stream->stream) == 0)
            found = &erase->sources[n];
    int rc = stream && !found
                 ? mem_grow(&erase->sources, erase->source_count, &erase->source_room, sizeof(*erase->sources))
                 : 0;
    if (rc != 0 || !stream)
        return rc;
    if (!found) {
        found = &erase->sources[erase->source_count++];
        *found = (struct erase_source){.connection = arena_text(erase->arena, stream->connection_name),
                                       .partition = arena_text(erase->arena, stream->partition),
                                       .stream = arena_text(erase->arena, stream->stream)};
    }
    found->records++;
    found->named += named;
    return found->connection && found->partition && found->stream ? 0 : -ENOMEM;
}

static int record_take(struct erasing *erasing, const struct erase_record *record)
{
    struct match *match = erasing->match;
    struct erase *erase = erasing->erase;
    struct bytes row;
    bool there = txn_get(match->snapshot, TABLE_source, record->key, &row);
    bool named = there && source_read(row, erasing->record) && erasing->record->state == SOURCE_PRESENT;
    erase->records += there;
    erase->held += txn_get(match->snapshot, TABLE_held, record->key, &row);
    erase->passed_over += txn_get(match->snapshot, TABLE_decision, record->key, &row);
    proposal_drop(match->stage, record->key);
    decision_erase(&match->stage->decisions, record->key);
    int rc = stage_drop(match->stage, record->key);
    return rc || record->former ? rc : source_tell(erasing, record, named);
}

/* Whatever lies sealed under one of their seeds: with its key it can be read by nobody. */
static void sealed_take(struct erasing *erasing)
{
    struct match *match = erasing->match;
    struct bytes row;
    for (size_t n = 0; n < erasing->seeds.room; n++) {
        uint64_t seed = erasing->seeds.slots[2 * n], key = __builtin_bswap64(seed);
        if (seed == 0 || !txn_get(match->snapshot, TABLE_vault, bytes(&key, sizeof(key)), &row))
            continue;
        erasing->erase->sealed++;
        stage_forget(match->stage, seed);
    }
}

/* --- what people said --- */

/* "hr/main/employees/1002", or one with more behind it. */
static bool about_record(struct erasing *erasing, const char *about)
{
    struct match *match = erasing->match;
    struct buffer key TIDY_DONE(buffer_done) = {0};
    for (size_t s = 0; s < match->streams->count; s++) {
        const struct stream_name *stream = &match->streams->items[s];
        buffer_clear(&key);
        buffer_format(&key, "%s/%s/%s/", stream->connection_name, stream->partition, stream->stream);
        if (key.rc != 0 || strncmp(about, key.data, key.len) != 0)
            continue;
        const char *id = about + key.len;
        if (delivery_is_stream(stream)) {
            uint64_t unit = strtoull(id, NULL, 10);
            for (unsigned kind = KIND_NONE + 1; kind < KIND_COUNT; kind++)
                if (erasing_has(&erasing->unit_keys, thing_key((enum kind)kind, unit)))
                    return true;
            continue;
        }
        /* an id may have blanks in it; behind it stand a field and a reason, each without */
        for (size_t len = strlen(id); len > 0; len--) {
            if (id[len] != '\0' && id[len] != ' ')
                continue;
            buffer_clear(&key);
            source_key(stream->number, id, len, &key);
            if (key.rc == 0 && erasing_has(&erasing->record_keys, digest_fast(key.data, key.len) | 1))
                return true;
        }
    }
    return false;
}

static bool statement_theirs(struct erasing *erasing, const struct statement *statement)
{
    bool digest = statement->subject & SUBJECT_DIGEST;
    if (digest)
        return statement->type != STATEMENT_ERASED && statement->about && about_record(erasing, statement->about);
    return erasing_has(&erasing->seeds, statement->subject) || erasing_has(&erasing->seeds, statement->other) ||
           erasing_has(&erasing->persons, statement->subject) || erasing_has(&erasing->persons, statement->other);
}

/* Somebody with whom they were one for a while has of their history what was said then. */
static int beside_tell(struct erasing *erasing, const struct statement *statement)
{
    struct erase *erase = erasing->erase;
    uint64_t seed = erasing_has(&erasing->seeds, statement->subject) ? statement->other : statement->subject;
    if (statement->type != STATEMENT_LINK || seed == 0 || erasing_has(&erasing->seeds, seed))
        return 0;
    uint64_t person = match_resolve(erasing->match, seed);
    bool known = erasing_has(&erasing->persons, person) ||
                 !entity_get(erasing->match->snapshot, KIND_person, person, erasing->other);
    for (size_t n = 0; n < erase->beside_count && !known; n++)
        known = erase->beside[n] == person;
    int rc = known ? 0 : mem_grow(&erase->beside, erase->beside_count, &erase->beside_room, sizeof(*erase->beside));
    if (rc == 0 && !known)
        erase->beside[erase->beside_count++] = person;
    return rc;
}

/* Somebody is said to refer to them, for as long as it stands. */
static bool pins_them(struct erasing *erasing, const struct statement *statement)
{
    uint64_t id;
    if (statement->type != STATEMENT_PIN || statement->withdrawn || statement->value.presence != PRESENCE_VALUE ||
        statement->value.len != sizeof(id))
        return false;
    memcpy(&id, statement->value.bytes, sizeof(id));
    return erasing_has(&erasing->persons, __builtin_bswap64(id));
}

static int statements_take(struct erasing *erasing)
{
    struct match *match = erasing->match;
    struct erase *erase = erasing->erase;
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    struct statement statement;
    int rc = 0;
    cursor_open(&cursor, match->snapshot, TABLE_statement);
    for (bool there = cursor_seek(&cursor, bytes("", 0)); there && rc == 0; there = cursor_next(&cursor)) {
        if (!statement_read(cursor.key, cursor.value, &statement))
            return ERR_CORRUPT;
        if (statement_theirs(erasing, &statement)) {
            rc = beside_tell(erasing, &statement);
            erase->statements += statement.person && statement.about;
            statements_erase(&match->statements, cursor.key, cursor.value, &statement);
        } else if (pins_them(erasing, &statement)) {
            statements_withdraw(&match->statements, &statement, erase->author, erase->reason);
        }
    }
    return rc ? rc : match->statements.rc ? match->statements.rc : match->snapshot->rc;
}

/* --- what waits --- */

/* Reviews about who is who every act finds anew, or lets go. */
static bool found_anew(const struct wait_item *item)
{
    return item->type == WAIT_REVIEW && item->reason && strncmp(item->reason, "match_", 6) == 0;
}

static bool wait_of_record(struct erasing *erasing, const struct wait_item *item)
{
    struct buffer key TIDY_DONE(buffer_done) = {0};
    if (!item->id)
        return false;
    source_key(item->stream, item->id, strlen(item->id), &key);
    return key.rc == 0 && erasing_has(&erasing->record_keys, digest_fast(key.data, key.len) | 1);
}

static bool wait_theirs(struct erasing *erasing, const struct wait_item *item)
{
    if (delivery_is_stream(streams_find(erasing->match->streams, item->stream))) {
        uint64_t id = item->id ? strtoull(item->id, NULL, 10) : 0;
        for (unsigned kind = KIND_NONE + 1; kind < KIND_COUNT; kind++)
            if (erasing_has(&erasing->unit_keys, thing_key((enum kind)kind, id)))
                return true;
        return false;
    }
    return wait_of_record(erasing, item) || (item->type != WAIT_REVIEW && erasing_has(&erasing->persons, item->entity));
}

static int waits_take(struct erasing *erasing)
{
    struct match *match = erasing->match;
    struct arena *arena TIDY(arena_free) = arena_new();
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    struct wait_item item;
    int rc = arena ? 0 : -ENOMEM;
    cursor_open(&cursor, match->snapshot, TABLE_wait);
    for (bool there = cursor_seek(&cursor, bytes("", 0)); there && rc == 0; there = cursor_next(&cursor)) {
        arena_clear(arena);
        if (!wait_read(cursor.key, cursor.value, arena, &item))
            return ERR_CORRUPT;
        if (!wait_theirs(erasing, &item))
            continue;
        erasing->erase->waits++;
        rc = found_anew(&item) ? 0 : wait_remove(match->snapshot, match->changeset, &item);
    }
    return rc ? rc : match->snapshot->rc;
}

/* --- what targets have --- */

static int account_tell(struct erasing *erasing, const struct stream_name *stream, enum kind kind,
                        const struct delivery *row)
{
    struct erase *erase = erasing->erase;
    if (row->remote_id.len == 0 && row->confirmed.len == 0 && row->state != DELIVERY_SENT)
        return 0; /* it never had them */
    int rc = mem_grow(&erase->accounts, erase->account_count, &erase->account_room, sizeof(*erase->accounts));
    if (rc != 0)
        return rc;
    struct erase_account *account = &erase->accounts[erase->account_count++];
    *account = (struct erase_account){.connection = arena_text(erase->arena, stream->connection_name),
                                      .stream = arena_text(erase->arena, stream->stream + strlen(DELIVERY_STREAM)),
                                      .kind = kind,
                                      .remote_id = arena_copy(erase->arena, row->remote_id.data, row->remote_id.len),
                                      .active = row->active,
                                      .state = row->state};
    return account->connection && account->stream && account->remote_id ? 0 : -ENOMEM;
}

static int deliveries_take(struct erasing *erasing)
{
    struct match *match = erasing->match;
    struct delivery row;
    int rc = 0;
    for (size_t s = 0; s < match->streams->count && rc == 0; s++) {
        const struct stream_name *stream = &match->streams->items[s];
        uint64_t fewer = 0;
        for (size_t n = 0; delivery_is_stream(stream) && n < erasing->unit_count && rc == 0; n++) {
            const struct child *unit = &erasing->units[n];
            if (!delivery_get(match->snapshot, stream->number, unit->kind, unit->id, &row))
                continue;
            rc = account_tell(erasing, stream, unit->kind, &row);
            erasing->erase->deliveries++;
            fewer += row.active;
            delivery_erase(match->changeset, match->snapshot, stream->number, unit->kind, unit->id);
        }
        delivery_fewer(match->changeset, match->snapshot, stream->number, fewer);
    }
    return rc ? rc : match->snapshot->rc;
}

/* --- all of it, and that it stays so --- */

static int statements_make(struct erasing *erasing)
{
    struct match *match = erasing->match;
    struct erase *erase = erasing->erase;
    for (size_t n = 0; n < erasing->record_count; n++) {
        if (erasing->records[n].former)
            continue;
        uint64_t number =
            statements_add(&match->statements,
                           &(struct statement){.subject = erased_subject(match->stage->vault, erasing->records[n].key),
                                               .type = STATEMENT_ERASED,
                                               .person = true,
                                               .author = erase->author,
                                               .reason = erase->reason,
                                               .about = erase->number == 0 ? "an erased person" : NULL});
        erase->number = erase->number ? erase->number : number;
    }
    if (erase->number != 0)
        changeset_counter(match->changeset, ERASED_EVER, 1);
    return match->statements.rc;
}

int erase_rows(struct erasing *erasing)
{
    struct match *match = erasing->match;
    int rc = 0;
    for (size_t n = 0; n < erasing->record_count && rc == 0; n++)
        rc = record_take(erasing, &erasing->records[n]);
    sealed_take(erasing);
    rc = rc ? rc : statements_take(erasing);
    rc = rc ? rc : waits_take(erasing);
    rc = rc ? rc : deliveries_take(erasing);
    return rc ? rc : match->stage->decisions.rc ? match->stage->decisions.rc : changeset_rc(match->changeset);
}

int erase_take(struct erasing *erasing)
{
    struct match *match = erasing->match;
    for (size_t n = 0; n < erasing->person_count && match->rc == 0; n++)
        match_forget_person(match, erasing->person_list[n]);
    int rc = match->rc ? match->rc : erase_rows(erasing);
    changeset_counter(match->changeset, REMNANTS_LEFT, 1);
    rc = rc ? rc : statements_make(erasing);
    return rc ? rc : changeset_rc(match->changeset);
}
