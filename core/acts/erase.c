/* erase - a person is erased, with all that is kept of them. */
#include "acts/erase.h"

#include "acts/erase_inside.h"
#include "acts/plan.h"
#include "engine/masterkey.h"
#include "engine/running.h"
#include "store/inbox.h"
#include "store/remnants.h"

#include <stdlib.h>

enum { INACTIVE = 5, TERMINATED = 6 }; /* of a person's status */

void erase_done(struct erase *erase)
{
    arena_free(erase->arena);
    free(erase->obstacles);
    free(erase->sources);
    free(erase->accounts);
    free(erase->beside);
    *erase = (struct erase){0};
}

void erasing_done(struct erasing *erasing)
{
    struct numbers *sets[] = {&erasing->persons,     &erasing->things, &erasing->unit_keys,
                              &erasing->record_keys, &erasing->seeds,  &erasing->others};
    for (size_t n = 0; n < sizeof(sets) / sizeof(sets[0]); n++)
        numbers_done(sets[n]);
    free(erasing->person_list);
    free(erasing->units);
    free(erasing->records);
    free(erasing->entity);
    free(erasing->other);
    free(erasing->record);
}

int erasing_init(struct erasing *erasing)
{
    erasing->entity = mem_new(1, sizeof(*erasing->entity));
    erasing->other = mem_new(1, sizeof(*erasing->other));
    erasing->record = mem_new(1, sizeof(*erasing->record));
    return erasing->entity && erasing->other && erasing->record ? 0 : -ENOMEM;
}

/* --- what stands in the way --- */

static int obstacle_add(struct erase *erase, const char *sentence)
{
    int rc = sentence
                 ? mem_grow(&erase->obstacles, erase->obstacle_count, &erase->obstacle_room, sizeof(*erase->obstacles))
                 : -ENOMEM;
    if (rc == 0)
        erase->obstacles[erase->obstacle_count++] = sentence;
    return rc;
}

/* Who is still with the organization. */
static int look_status(struct erasing *erasing)
{
    struct erase *erase = erasing->erase;
    const struct field *field = field_by_number(KIND_person, FIELD_person_status);
    size_t len = 0;
    if (!entity_get(erasing->match->snapshot, KIND_person, erase->person, erasing->entity))
        return erasing->match->snapshot->rc;
    struct value value = image_get(erasing->entity->image, FIELD_person_status);
    uint8_t status = value.presence == PRESENCE_VALUE && value.len == 1 ? (uint8_t)*value.bytes : 0;
    const char *name = enum_text(field, status, &len);
    if (erasing->entity->state == ENTITY_GONE || status == INACTIVE || status == TERMINATED || !name)
        return 0;
    return obstacle_add(erase, arena_format(erase->arena,
                                            "id:%lu is %.*s: let the source that says so let them go first "
                                            "(`muster explain %s id:%lu status` names it)",
                                            (unsigned long)erase->person, (int)len, name,
                                            erasing->match->organization->id, (unsigned long)erase->person));
}

/* What is switched on at a target, or may be. */
static int look_accounts(struct erasing *erasing)
{
    struct erase *erase = erasing->erase;
    const char *org = erasing->match->organization->id;
    int rc = 0;
    for (size_t n = 0; n < erase->account_count && rc == 0; n++) {
        const struct erase_account *account = &erase->accounts[n];
        const char *id = account->remote_id;
        if (account->active)
            rc =
                obstacle_add(erase, arena_format(erase->arena,
                                                 "%s still has a %s of theirs, switched on%s%s%s: once they are let go "
                                                 "`muster sync %s %s` tells it",
                                                 account->connection, kind_name(account->kind), *id ? " (" : "", id,
                                                 *id ? ")" : "", org, account->connection));
        else if (account->state == DELIVERY_SENT)
            rc = obstacle_add(erase, arena_format(erase->arena,
                                                  "%s was told something of them and has not answered: `muster sync %s "
                                                  "%s` asks it",
                                                  account->connection, org, account->connection));
    }
    return rc;
}

/* Whether a record that could be several people's has a key of theirs. Nobody stands in its review then. */
static bool record_may_be_theirs(struct erasing *erasing, const struct wait_item *item)
{
    struct match *match = erasing->match;
    struct buffer key TIDY_DONE(buffer_done) = {0};
    struct bytes stored;
    uint64_t ids[CANDIDATES_MAX];
    source_key(item->stream, item->id ? item->id : "", item->id ? strlen(item->id) : 0, &key);
    if (key.rc != 0 || !txn_get(match->snapshot, TABLE_source, bytes(key.data, key.len), &stored) ||
        !source_read(stored, erasing->record) || erasing->record->count == 0)
        return false;
    const struct section_view *main = &erasing->record->sections[0];
    for (size_t r = 0; main->kind == KIND_person && r < match->slots->rule_count; r++) {
        const struct slot *slot = &match->slots->person[match->slots->rules[r]];
        buffer_clear(&match->text);
        if (!slot_text(match->slots, slot, main->image, &match->text))
            continue;
        size_t count =
            match_candidates(match, KIND_person, slot->number, match->text.data, match->text.len, ids, CANDIDATES_MAX);
        count = match->statements.persons ? match_apart(match, main->seed, ids, count) : count;
        for (size_t i = 0; i < count; i++)
            if (erasing_has(&erasing->persons, ids[i]))
                return true;
    }
    return false;
}

/* Records that may be theirs, too: they would make somebody new, or be taken for the one who is left. */
static int look_reviews(struct erasing *erasing)
{
    struct erase *erase = erasing->erase;
    struct arena *arena TIDY(arena_free) = arena_new();
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    struct wait_item item;
    uint8_t type = WAIT_REVIEW;
    const char *id = erasing->match->organization->id;
    int rc = arena ? 0 : -ENOMEM;
    cursor_open(&cursor, erasing->match->snapshot, TABLE_wait);
    for (bool there = cursor_seek(&cursor, bytes(&type, 1));
         rc == 0 && there && cursor_has_prefix(&cursor, bytes(&type, 1)); there = cursor_next(&cursor)) {
        arena_clear(arena);
        if (!wait_read(cursor.key, cursor.value, arena, &item))
            return ERR_CORRUPT;
        if (item.entity ? erasing_has(&erasing->persons, item.entity) : record_may_be_theirs(erasing, &item))
            rc = obstacle_add(erase,
                              arena_format(erase->arena,
                                           "r%lu waits, about a record that may be theirs, too: `muster inbox %s` "
                                           "shows it, `muster link %s r%lu KEY --reason TEXT` or `muster keep-apart %s "
                                           "r%lu KEY --reason TEXT` decides it",
                                           (unsigned long)item.number, id, id, (unsigned long)item.number, id,
                                           (unsigned long)item.number));
    }
    return rc;
}

/* --- the act --- */

int erase_state(void *context, struct match *match, struct err *err)
{
    struct erase *erase = context;
    struct erasing erasing __attribute__((cleanup(erasing_done))) = {.erase = erase, .match = match};
    erase->arena = arena_new();
    erase->at_ms = match->stage->now_ms;
    int rc = erase->arena ? erasing_init(&erasing) : -ENOMEM;
    rc = rc ? rc : erase_find(&erasing, err);
    rc = rc ? rc : look_reviews(&erasing); /* while they are still found by their keys */
    rc = rc ? rc : erase_take(&erasing);
    rc = rc ? rc : look_status(&erasing);
    return rc ? rc : look_accounts(&erasing);
}

/* What others sent lies sealed in the inbox for a while after it was taken. What nobody took yet stays. */
static int inbox_erase(struct erase *erase, const struct run *run, struct err *err)
{
    uint8_t master[VAULT_MASTER];
    struct inbox *inbox TIDY(inbox_close) = NULL;
    uint64_t gone = 0;
    int rc = masterkey_load(run->request->settings, master, err);
    if (rc == 0)
        rc = inbox_open(run->dir, master, run->request->organization->id, false, &inbox, err);
    explicit_bzero(master, sizeof(master));
    if (rc != 0)
        return rc == ERR_GONE ? 0 : rc;
    for (size_t n = 0; n < erase->source_count && rc == 0; n++) {
        rc = inbox_let_go(inbox, erase->sources[n].connection, &gone);
        erase->received += rc == 0 ? gone : 0;
    }
    return rc;
}

/* What lies beside the store goes before the store forgets: whoever dies in between can erase again. */
int erase_judge(void *context, const struct run *run, struct err *err)
{
    struct erase *erase = context;
    erase->run = run->report->run;
    if (erase->obstacle_count > 0 && !erase->anyway && !erase->dry)
        return err_set(err, ERR_HELD,
                       "%s%s. Nothing was erased; with --plan all of it is shown, with --anyway it goes.",
                       erase->obstacles[0], erase->obstacle_count > 1 ? "; and more stands in the way" : "");
    int rc = plans_erase(run->request->settings, run->request->organization, erase->dry, &erase->plans, err);
    return rc || erase->dry ? rc : inbox_erase(erase, run, err);
}

/* Deleted rows stand on in the data file until it is wiped. What is not done now the next run does. */
void erase_kept(void *context, const struct run *run)
{
    struct erase *erase = context;
    struct err err = {0};
    int rc = remnants_wipe(run->store, &err);
    if (rc != 0)
        erase->unwiped = arena_text(erase->arena, err.rc ? err.text : err_text(rc));
}
