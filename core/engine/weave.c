/* weave - the golden records of everything that a run touched, root by root.
 *
 * Writes the `entity` and `journal` tables. */
#include "engine/weave_inside.h"

#include "base/fault.h"
#include "engine/roots.h"
#include "tables/refer.h"

enum { EDIT_MEMORY = 4 << 20 };

/* --- comparing with what was, and writing it down --- */

static uint64_t winner_seed(const struct weave *weave, size_t winners, uint16_t field)
{
    for (size_t i = 0; i < winners; i++)
        if (weave->winners[i].field == field)
            return weave->inputs[weave->winners[i].input].seed;
    return 0;
}

/* Journals every field that differs; false when none does. */
static bool weave_changes(struct weave *weave, enum kind kind, uint64_t id, struct image was, struct image is,
                          size_t winners, enum journal_op op)
{
    bool any = op != JOURNAL_CHANGED;
    bool gated = weave->match->gates && weave->match->gates->watched && weave->kind == KIND_person;
    if (any)
        journal_part(&weave->entry, kind, id, op);
    uint16_t a = 0, b = 0, a_count = image_count(was), b_count = image_count(is);
    while (a < a_count || b < b_count) {
        uint16_t a_field = UINT16_MAX, b_field = UINT16_MAX;
        struct value old = {0}, new = {0};
        if (a < a_count)
            old = image_nth(was, a, &a_field);
        if (b < b_count)
            new = image_nth(is, b, &b_field);
        uint16_t field = a_field < b_field ? a_field : b_field;
        if (a_field != field)
            old = (struct value){0};
        if (b_field != field)
            new = (struct value){0};
        a += a_field == field;
        b += b_field == field;
        if (value_equal(old, new))
            continue;
        if (!any)
            journal_part(&weave->entry, kind, id, op);
        any = true;
        journal_change(&weave->entry, field, old, new, winner_seed(weave, winners, field));
        if (gated)
            weave_gate(weave, kind, field, old, new);
    }
    return any;
}

static bool members_equal(const struct entity *a, const struct entity *b)
{
    if (a->member_count != b->member_count || a->child_count != b->child_count || a->state != b->state)
        return false;
    for (uint16_t n = 0; n < a->member_count; n++)
        if (a->members[n].seed != b->members[n].seed || a->members[n].id.len != b->members[n].id.len ||
            memcmp(a->members[n].id.data, b->members[n].id.data, a->members[n].id.len) != 0)
            return false;
    for (uint16_t n = 0; n < a->child_count; n++)
        if (a->children[n].kind != b->children[n].kind || a->children[n].id != b->children[n].id)
            return false;
    return true;
}

static void entity_put(struct weave *weave, enum kind kind, uint64_t id, const struct entity *made)
{
    uint8_t key[ENTITY_KEY];
    struct bytes old = {0};
    entity_key(kind, id, key);
    if (weave->had_root || kind != weave->kind)
        txn_get(weave->snapshot, TABLE_entity, bytes(key, sizeof(key)), &old);
    buffer_clear(&weave->value);
    entity_write(made, &weave->value);
    weave_fail(weave, weave->value.rc);
    if (weave->rc == 0)
        changeset_put(weave->changeset, TABLE_entity, bytes(key, sizeof(key)), old,
                      bytes(weave->value.data, weave->value.len));
}

static void members_of(struct weave *weave, size_t begin, size_t end, struct entity *made)
{
    made->member_count = 0;
    for (size_t i = begin; i < end && made->member_count < MEMBERS_MAX; i++) {
        const struct group *group = &weave->groups[weave->parts[i].group];
        const struct section_view *section = part_section(weave, &weave->parts[i]);
        made->members[made->member_count++] =
            (struct member){group->stream->number, group->id, bytes(section->key, section->key_len), section->seed};
    }
}

/* Whether the thing in weave->old hung on the root before this run; else its records came to it by a person's word. */
static bool child_was_ours(const struct weave *weave, enum kind kind)
{
    struct value owner = image_get(weave->old->image, weave_owner_field(kind));
    uint64_t id;
    if (owner.len != sizeof(id))
        return true;
    memcpy(&id, owner.bytes, sizeof(id));
    return __builtin_bswap64(id) == weave->id;
}

/* One thing that hangs on the root. */
static void weave_dependent(struct weave *weave, size_t begin, size_t end)
{
    enum kind kind = weave->parts[begin].kind;
    uint64_t id = weave->parts[begin].entity;
    size_t winners = weave_image(weave, begin, end);
    struct image image = {(const uint8_t *)weave->image.data, (uint32_t)weave->image.len};
    bool had =
        (weave->had_root || weave->match->statements.persons) && entity_get(weave->snapshot, kind, id, weave->old);
    if (had && weave->old->state == ENTITY_LIVE && child_was_ours(weave, kind))
        links_of(weave, kind, weave->old->image, weave->was);
    links_of(weave, kind, image, weave->is);
    enum journal_op op = !had ? JOURNAL_CREATED : weave->old->state == ENTITY_GONE ? JOURNAL_RETURNED : JOURNAL_CHANGED;
    bool changed = true;
    if (had)
        changed = weave_changes(weave, kind, id, weave->old->image, image, winners, op);
    else
        journal_part(&weave->entry, kind, id, op);
    struct entity *made = weave->made;
    made->state = ENTITY_LIVE;
    made->child_count = 0;
    made->image = image;
    members_of(weave, begin, end, made);
    made->first = had ? weave->old->first : weave->sequence + 1;
    made->last = changed || !had ? weave->sequence + 1 : weave->old->last;
    if (!had || changed || !members_equal(weave->old, made))
        entity_put(weave, kind, id, made);
}

/* Something hung on the root (weave->old), and no record says it any more: it stays as it was, marked. */
static void weave_orphan(struct weave *weave, enum kind kind, uint64_t id)
{
    if (weave->old->state == ENTITY_GONE)
        return; /* what it referred to was taken back when it went */
    links_of(weave, kind, weave->old->image, weave->was);
    journal_part(&weave->entry, kind, id, JOURNAL_GONE);
    *weave->made = *weave->old;
    weave->made->state = ENTITY_GONE;
    weave->made->last = weave->sequence + 1;
    entity_put(weave, kind, id, weave->made);
}

/* What hung on the root and is not among the `count` first children any more. */
static uint16_t weave_leftovers(struct weave *weave, struct child *children, uint16_t count)
{
    uint16_t all = count;
    for (uint16_t n = 0; weave->had_root && n < weave->old_root->child_count && weave->rc == 0; n++) {
        const struct child *old = &weave->old_root->children[n];
        bool there = false;
        for (uint16_t i = 0; i < count && !there; i++)
            there = children[i].kind == old->kind && children[i].id == old->id;
        if (there)
            continue;
        if (!entity_get(weave->snapshot, old->kind, old->id, weave->old) || !child_was_ours(weave, old->kind))
            continue; /* it went to another before */
        if (weave->old->state == ENTITY_LIVE && numbers_get(&weave->claimed, old->id)) {
            links_of(weave, old->kind, weave->old->image, weave->was); /* it goes to another in this run */
            continue;
        }
        weave_orphan(weave, old->kind, old->id);
        if (all < CHILDREN_MAX)     /* the journal has what does not find room */
            children[all++] = *old; /* still theirs: a history that can be shown */
    }
    return all;
}

static void weave_dependents(struct weave *weave, size_t from, struct child *children, uint16_t *ret_count)
{
    uint16_t count = 0;
    for (size_t begin = from, end; begin < weave->part_count && weave->rc == 0; begin = end) {
        for (end = begin + 1; end < weave->part_count && weave->parts[end].kind == weave->parts[begin].kind &&
                              weave->parts[end].entity == weave->parts[begin].entity;
             end++)
            ;
        if (count == CHILDREN_MAX) { /* never only some of them: what is left out would stay for ever */
            weave_fail(weave, ERR_LIMIT);
            return;
        }
        children[count++] = (struct child){weave->parts[begin].kind, weave->parts[begin].entity};
        weave_dependent(weave, begin, end);
    }
    *ret_count = weave_leftovers(weave, children, count);
}

static uint8_t image_status(struct image image)
{
    struct value value = image_get(image, FIELD_person_status);
    return value.len == 1 ? (uint8_t)*value.bytes : 0;
}

/* Whether a record of the root came again; else it was only looked at because it refers to somebody. */
static bool weave_staged(const struct weave *weave)
{
    for (size_t i = 0; i < weave->group_count; i++)
        if (weave->groups[i].staged)
            return true;
    return false;
}

static void weave_counted(struct weave *weave, struct image was, struct image is, bool said)
{
    enum { INACTIVE = 5, TERMINATED = 6 };
    if (weave->kind != KIND_person) {
        weave->count.others += said;
        return;
    }
    uint8_t old = image_status(was), now = image_status(is);
    census_out(&weave->census, weave->had_root && weave->old_root->state == ENTITY_LIVE ? was : (struct image){0});
    census_in(&weave->census, is);
    bool left = now == INACTIVE || now == TERMINATED, had_left = old == INACTIVE || old == TERMINATED;
    if (!weave->had_root || weave->old_root->state == ENTITY_GONE)
        weave->count.created++;
    else if (!said)
        weave->count.unchanged += weave_staged(weave) || weave->match->everything;
    else if (left && !had_left)
        weave->count.deactivated++;
    else if (!left && had_left)
        weave->count.reactivated++;
    else
        weave->count.updated++;
}

void weave_journal(struct weave *weave)
{
    weave_fail(weave, weave->entry.bytes.rc ? weave->entry.bytes.rc : weave->snapshot->rc);
    if (weave->rc != 0)
        return;
    uint64_t be = __builtin_bswap64(++weave->sequence);
    changeset_put(weave->changeset, TABLE_journal, bytes(&be, sizeof(be)), bytes(NULL, 0),
                  bytes(weave->entry.bytes.data, weave->entry.bytes.len));
}

void weave_journal_keep(struct txn *txn, uint64_t sequence, struct bytes entry)
{
    uint64_t be = __builtin_bswap64(sequence);
    if (entry.data)
        txn_put(txn, TABLE_journal, bytes(&be, sizeof(be)), entry);
    else
        txn_delete(txn, TABLE_journal, bytes(&be, sizeof(be)));
}

/* All records of the root have been moved to others by a person: it is kept for its history, and comes back with the
 * first record that does. */
static void weave_retire(struct weave *weave)
{
    struct entity *made = weave->made;
    struct child children[CHILDREN_MAX];
    journal_begin(&weave->entry, weave->run, weave->now_ms, weave->kind, weave->id, weave->old_root->last);
    journal_part(&weave->entry, weave->kind, weave->id, JOURNAL_GONE);
    links_of(weave, weave->kind, weave->old_root->image, weave->was);
    uint16_t child_count = weave_leftovers(weave, children, 0);
    journal_end(&weave->entry);
    *made = *weave->old_root;
    made->state = ENTITY_GONE;
    made->member_count = 0;
    made->child_count = child_count;
    memcpy(made->children, children, child_count * sizeof(*children));
    made->last = weave->sequence + 1;
    entity_put(weave, weave->kind, weave->id, made);
    if (weave->kind == KIND_person)
        census_out(&weave->census, weave->old_root->image);
    weave_index(weave);
    weave_due_rows(weave);
    links_note(weave, weave->was, weave->is, false);
    weave->count.retired++;
    weave_journal(weave);
}

/* A thing ends when all who said it take it back. People stay: they have a status. */
static bool weave_ended(const struct weave *weave, size_t own)
{
    for (size_t i = 0; i < own; i++)
        if (weave->groups[weave->parts[i].group].record->state != SOURCE_GONE)
            return false;
    return weave->kind != KIND_person;
}

/* It stays as it was, marked, and comes back with the first record that says it again. */
static void weave_end(struct weave *weave)
{
    struct entity *made = weave->made;
    journal_begin(&weave->entry, weave->run, weave->now_ms, weave->kind, weave->id, weave->old_root->last);
    journal_part(&weave->entry, weave->kind, weave->id, JOURNAL_GONE);
    journal_end(&weave->entry);
    links_of(weave, weave->kind, weave->old_root->image, weave->was);
    *made = *weave->old_root;
    made->state = ENTITY_GONE;
    made->last = weave->sequence + 1;
    entity_put(weave, weave->kind, weave->id, made);
    links_note(weave, weave->was, weave->is, false);
    weave->count.others++;
    weave_journal(weave);
}

/* What follows from others: it has no members, and no word of a person retires it. */
static bool weave_follows(const struct weave *weave)
{
    return weave->kind == KIND_work_period && weave->old_root->member_count == 0;
}

void weave_derived(struct weave *weave, struct image image)
{
    struct entity *made = weave->made;
    weave->had_root = entity_get(weave->snapshot, weave->kind, weave->id, weave->old_root);
    weave->was->count = weave->is->count = 0;
    bool had = weave->had_root, lived = had && weave->old_root->state == ENTITY_LIVE;
    if (!image.bytes && lived)
        weave_end(weave);
    if (!image.bytes)
        return;
    journal_begin(&weave->entry, weave->run, weave->now_ms, weave->kind, weave->id, had ? weave->old_root->last : 0);
    if (lived)
        links_of(weave, weave->kind, weave->old_root->image, weave->was);
    links_of(weave, weave->kind, image, weave->is);
    if (had)
        weave_changes(weave, weave->kind, weave->id, weave->old_root->image, image, 0,
                      lived ? JOURNAL_CHANGED : JOURNAL_RETURNED);
    else
        journal_part(&weave->entry, weave->kind, weave->id, JOURNAL_CREATED);
    if (!journal_end(&weave->entry))
        return;
    made->state = ENTITY_LIVE;
    made->image = image;
    made->member_count = made->child_count = 0;
    made->first = had ? weave->old_root->first : weave->sequence + 1;
    made->last = weave->sequence + 1;
    entity_put(weave, weave->kind, weave->id, made);
    links_note(weave, weave->was, weave->is, false);
    links_note(weave, weave->is, weave->was, true);
    weave->count.others++;
    weave_journal(weave);
}

/* --- who is erased --- */

void weave_erase_entity(struct weave *weave, enum kind kind, uint64_t id)
{
    uint8_t key[ENTITY_KEY];
    struct bytes old;
    entity_key(kind, id, key);
    if (!txn_get(weave->snapshot, TABLE_entity, bytes(key, sizeof(key)), &old) || !entity_read(old, weave->old))
        return;
    if (weave->old->state == ENTITY_LIVE)
        links_of(weave, kind, weave->old->image, weave->was);
    changeset_delete(weave->changeset, TABLE_entity, bytes(key, sizeof(key)), old);
}

void weave_erase_journal(struct weave *weave, uint64_t last)
{
    struct journal_reader reader;
    struct bytes value;
    for (uint64_t sequence = last; sequence != 0 && weave->rc == 0; sequence = reader.previous) {
        uint64_t be = __builtin_bswap64(sequence);
        struct bytes key = bytes(&be, sizeof(be));
        if (!txn_get(weave->snapshot, TABLE_journal, key, &value) || !journal_open(&reader, value) ||
            !journal_blank(value, &weave->entry) || reader.previous >= sequence) {
            weave_fail(weave, ERR_CORRUPT);
            return;
        }
        if (weave->entry.bytes.len != value.len)
            changeset_put(weave->changeset, TABLE_journal, key, value,
                          bytes(weave->entry.bytes.data, weave->entry.bytes.len));
    }
}

/* --- one root --- */

/* The root's own golden image; then what hangs on it; then one journal entry for all of it. */
static void weave_root(struct weave *weave, const struct root *roots, size_t count)
{
    weave->kind = roots[0].kind;
    weave->id = roots[0].id;
    weave_gather(weave, roots, count);
    if (weave->rc == 0)
        weave_parts(weave);
    weave_order_seen(weave);
    size_t own = 0;
    while (own < weave->part_count && weave->parts[own].kind == weave->kind && weave->parts[own].entity == weave->id)
        own++;
    weave->was->count = weave->is->count = 0;
    weave->due = weave->pin_due = INT64_MAX;
    bool lived = weave->had_root && weave->old_root->state == ENTITY_LIVE;
    if (weave->rc == 0 && own == 0 && lived && weave->match->statements.persons && !weave_follows(weave))
        weave_retire(weave);
    bool ended = weave->rc == 0 && own > 0 && weave_ended(weave, own);
    if (ended && lived)
        weave_end(weave);
    if (ended)
        weave_index(weave); /* it is found when it is said again */
    if (ended && lived && weave->kind == KIND_punch)
        weave_hours_punch(weave, weave->made);
    else if (ended && lived && weave->kind == KIND_work_order)
        weave_order_woven(weave, (struct image){0});
    if (weave->rc != 0 || own == 0 || ended)
        return; /* nothing speaks of it: only what refers to it was touched */
    journal_begin(&weave->entry, weave->run, weave->now_ms, weave->kind, weave->id,
                  weave->had_root ? weave->old_root->last : 0);
    size_t winners = weave_image(weave, 0, own);
    struct image image = {(const uint8_t *)arena_copy(weave->arena, weave->image.data, weave->image.len),
                          (uint32_t)weave->image.len};
    struct image was = weave->had_root ? weave->old_root->image : (struct image){0};
    if (!image.bytes) {
        weave_fail(weave, -ENOMEM);
        return;
    }
    if (lived)
        links_of(weave, weave->kind, was, weave->was);
    if (weave->had_root) {
        weave_changes(weave, weave->kind, weave->id, was, image, winners, lived ? JOURNAL_CHANGED : JOURNAL_RETURNED);
    } else {
        journal_part(&weave->entry, weave->kind, weave->id, JOURNAL_CREATED);
    }
    links_of(weave, weave->kind, image, weave->is);
    struct child children[CHILDREN_MAX];
    uint16_t child_count = 0;
    if (weave->kind == KIND_person)
        weave_dependents(weave, own, children, &child_count);
    bool said = journal_end(&weave->entry);
    struct entity *made = weave->made;
    made->state = ENTITY_LIVE;
    made->image = image;
    made->child_count = child_count;
    memcpy(made->children, children, child_count * sizeof(*children));
    members_of(weave, 0, own, made);
    made->first = weave->had_root ? weave->old_root->first : weave->sequence + 1;
    made->last = said ? weave->sequence + 1 : weave->had_root ? weave->old_root->last : 0;
    if (said || !weave->had_root || !members_equal(weave->old_root, made))
        entity_put(weave, weave->kind, weave->id, made);
    weave_index(weave);
    if (weave->kind == KIND_person)
        weave_due_rows(weave);
    links_note(weave, weave->was, weave->is, false);
    links_note(weave, weave->is, weave->was, true);
    weave_counted(weave, was, image, said);
    if (weave->kind == KIND_punch)
        weave_hours_punch(weave, made);
    else if (weave->kind == KIND_work_order && said)
        weave_order_woven(weave, image);
    weave_fail(weave, weave->entry.bytes.rc ? weave->entry.bytes.rc : weave->snapshot->rc);
    if (said)
        weave_journal(weave);
}

static void weave_done(struct weave *weave)
{
    for (size_t i = 0; i < GROUPS_MAX; i++)
        free(weave->pool[i]);
    weave_orders_done(weave);
    weave_hours_done(weave);
    arena_free(weave->arena);
    sorter_free(weave->refer_edits);
    numbers_done(&weave->units);
    numbers_done(&weave->claimed);
    struct buffer *buffers[] = {&weave->image, &weave->value, &weave->text, &weave->key, &weave->entry.bytes};
    for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++)
        buffer_done(buffers[i]);
    free(weave->parts);
    free(weave->old_root);
    free(weave->old);
    free(weave->made);
    free(weave->was);
    free(weave->is);
    free(weave->maker);
    free(weave->inputs);
    free(weave->winners);
    free(weave);
}

DEFINE_TIDY(struct weave *, weave_done)

static int weave_new(struct match *match, struct spill *spill, struct weave **ret_weave)
{
    struct weave *weave TIDY(weave_done) = mem_new(1, sizeof(*weave));
    if (!weave)
        return -ENOMEM;
    weave->match = match;
    weave->snapshot = match->snapshot;
    weave->changeset = match->changeset;
    weave->run = match->stage->run;
    weave->now_ms = match->stage->now_ms;
    weave->arena = arena_new();
    weave->old_root = mem_new(1, sizeof(*weave->old_root));
    weave->old = mem_new(1, sizeof(*weave->old));
    weave->made = mem_new(1, sizeof(*weave->made));
    weave->was = mem_new(1, sizeof(*weave->was));
    weave->is = mem_new(1, sizeof(*weave->is));
    weave->maker = mem_new(1, sizeof(*weave->maker));
    weave->inputs = mem_new(MEMBERS_MAX + 1, sizeof(*weave->inputs));
    weave->winners = mem_new(IMAGE_FIELDS_MAX, sizeof(*weave->winners));
    if (!weave->arena || !weave->old_root || !weave->old || !weave->made || !weave->was || !weave->is ||
        !weave->maker || !weave->inputs || !weave->winners)
        return -ENOMEM;
    int rc = sorter_new(spill, EDIT_MEMORY, &weave->refer_edits);
    if (rc != 0)
        return rc;
    sorter_stripe(weave->refer_edits, 2); /* what kind of row, and of target */
    *ret_weave = TAKE(weave);
    return 0;
}

static size_t root_end(const struct match *match, size_t begin)
{
    size_t end = begin + 1;
    while (end < match->root_count && match->roots[end].kind == match->roots[begin].kind &&
           match->roots[end].id == match->roots[begin].id)
        end++;
    return end;
}

/* When people have moved records: which things any root will say, so that no other one gives them up for gone. */
static void weave_claims(struct weave *weave, const struct match *match)
{
    for (size_t begin = 0, end; begin < match->root_count && weave->rc == 0; begin = end) {
        end = root_end(match, begin);
        if (match->roots[begin].kind != KIND_person)
            continue;
        weave->kind = KIND_person;
        weave->id = match->roots[begin].id;
        weave_gather(weave, match->roots + begin, end - begin);
        if (weave->rc == 0)
            weave_parts(weave);
        for (size_t i = 0; i < weave->part_count && weave->rc == 0; i++)
            if (weave->parts[i].kind != KIND_person)
                weave_fail(weave, numbers_set(&weave->claimed, weave->parts[i].entity, weave->id));
    }
}

/* What came before its order, or whose order has a later revision now. */
static void weave_followers(struct weave *weave)
{
    struct root *roots TIDY(free) = NULL;
    size_t count = weave->rc == 0 ? weave_orders_follow(weave, &roots) : 0;
    for (size_t n = 0; n < count && weave->rc == 0; n++) {
        if (!weave_is_erased(weave->match, roots[n].kind, roots[n].id))
            weave_root(weave, &roots[n], 1);
        weave_fail(weave, changeset_rc(weave->changeset));
    }
}

int weave_run(struct match *match, int64_t today, const char *scratch_dir, struct weave_count *ret_count)
{
    struct spill *spill TIDY(spill_free) = NULL;
    struct weave *weave TIDY(weave_done) = NULL;
    int rc = spill_new(scratch_dir, &spill);
    if (rc == 0)
        rc = weave_new(match, spill, &weave);
    if (rc != 0)
        return rc;
    weave->today = today;
    weave->sequence = meta_number(match->snapshot, "sequence");
    uint64_t before = weave->sequence;
    weave->rc = roots_order(match->roots, match->root_count);
    if (match->touched)
        weave_claims(weave, match);
    for (size_t begin = 0, end; begin < match->root_count && weave->rc == 0; begin = end) {
        end = root_end(match, begin);
        if (match->erased_count == 0 || !weave_is_erased(match, match->roots[begin].kind, match->roots[begin].id))
            weave_root(weave, match->roots + begin, end - begin);
        weave_fail(weave, changeset_rc(weave->changeset));
    }
    weave_followers(weave);
    weave_erased(weave);
    weave_hours(weave);
    if (weave->rc == 0)
        weave->rc = refer_write(weave->refer_edits, match->snapshot, weave->changeset);
    if (weave->rc == 0 && weave->sequence != before)
        changeset_counter(weave->changeset, "sequence", weave->sequence);
    if (weave->rc == 0)
        weave->rc = census_settle(weave->changeset, match->snapshot, &weave->census, weave->sequence);
    if (weave->rc == 0 && match->reindex)
        index_sweep(match);
    fault_kill("weave");
    if (weave->rc == 0 && weave->match->rc == 0)
        *ret_count = weave->count;
    return weave->rc ? weave->rc : weave->match->rc ? weave->match->rc : match->snapshot->rc;
}
