/* plan_view - a plan as people read it. */
#include "acts/plan_view.h"

#include "base/mem.h"
#include "store/changeset.h"
#include "store/overlay.h"

#include <errno.h>
#include <string.h>

const char *planned_name(enum planned_what what)
{
    static const char *const names[] = {"created", "updated", "deactivated", "reactivated", "retired", "other"};
    return names[what];
}

void plan_view_close(struct plan_view *view)
{
    if (!view)
        return;
    query_close(view->query);
    overlay_free(view->overlay);
    free(view->entity);
    free(view);
}

/* Streams and own fields that get their numbers by the plan. */
static int view_names(struct plan_view *view, const struct organization *organization)
{
    struct changeset *changeset = view->plan->changeset;
    struct changeset_row row;
    int rc = changeset_rewind(changeset, TABLE_dict);
    while (rc == 0 && (rc = changeset_next(changeset, TABLE_dict, &row)) == 1) {
        uint32_t number = 0;
        rc = 0;
        if (*(const char *)row.key.data != 'n' || row.value.len != sizeof(number))
            continue; /* the way back, from number to name */
        memcpy(&number, row.value.data, sizeof(number));
        rc = streams_add(&view->query->streams, organization, row.key, number);
    }
    streams_sort(&view->query->streams);
    return rc == 0 ? run_find_fields(organization, &view->query->txn) : rc;
}

static int view_count(struct plan_view *view)
{
    struct planned planned;
    int rc = plan_view_rewind(view);
    while (rc == 0 && (rc = plan_view_next(view, &planned)) == 1) {
        view->counts[planned.what]++;
        rc = 0;
    }
    return rc;
}

int plan_view_open(const struct settings *settings, const struct organization *organization, const struct plan *plan,
                   struct plan_view **ret_view, struct err *err)
{
    struct plan_view *view __attribute__((cleanup(tidy_plan_view_close))) = mem_new(1, sizeof(*view));
    if (!view || !(view->entity = mem_new(1, sizeof(*view->entity))))
        return -ENOMEM;
    view->plan = plan;
    int rc = query_open(settings, organization, &view->query, err);
    if (rc == 0)
        rc = overlay_new(plan->changeset, &view->overlay);
    if (rc != 0)
        return rc;
    view->query->txn.over = view->overlay;
    rc = view_names(view, organization);
    if (rc == 0)
        rc = view_count(view);
    if (rc != 0)
        return err_set(err, rc, "plan %u cannot be shown: %s", plan->number, err_text(rc));
    *ret_view = TAKE(view);
    return 0;
}

/* --- who --- */

/* As weave counts them. */
static bool left(struct value status)
{
    enum { INACTIVE = 5, TERMINATED = 6 };
    uint8_t code = status.presence == PRESENCE_VALUE && status.len == 1 ? (uint8_t)*status.bytes : 0;
    return code == INACTIVE || code == TERMINATED;
}

static bool planned_read(struct bytes entry, struct planned *ret_planned)
{
    struct journal_reader reader;
    struct journal_part part;
    struct journal_change change;
    if (!journal_open(&reader, entry))
        return false;
    *ret_planned = (struct planned){.what = PLANNED_UPDATED, .kind = reader.kind, .id = reader.id, .entry = entry};
    if (reader.kind != KIND_person) {
        ret_planned->what = PLANNED_OTHER;
        return true;
    }
    if (!journal_next_part(&reader, &part))
        return false;
    if (part.kind != KIND_person || part.id != reader.id)
        return true; /* only what hangs on them */
    if (part.op == JOURNAL_CREATED)
        ret_planned->what = PLANNED_CREATED;
    if (part.op == JOURNAL_RETURNED || part.op == JOURNAL_GONE)
        ret_planned->what = part.op == JOURNAL_GONE ? PLANNED_RETIRED : PLANNED_REACTIVATED;
    while (part.op == JOURNAL_CHANGED && journal_next_change(&reader, &change)) {
        if (change.field != FIELD_person_status)
            continue;
        if (left(change.is) && !left(change.was))
            ret_planned->what = PLANNED_DEACTIVATED;
        else if (left(change.was) && !left(change.is))
            ret_planned->what = PLANNED_REACTIVATED;
    }
    return true;
}

int plan_view_rewind(struct plan_view *view)
{
    return changeset_rewind(view->plan->changeset, TABLE_journal);
}

int plan_view_next(struct plan_view *view, struct planned *ret_planned)
{
    struct changeset_row row;
    overlay_clear(view->overlay);
    arena_clear(view->query->arena);
    int rc = changeset_next(view->plan->changeset, TABLE_journal, &row);
    if (rc == 1 && !planned_read(row.value, ret_planned))
        rc = ERR_CORRUPT;
    return rc;
}

/* --- what --- */

/* The rule for a field in what a stream's rows give of a kind. */
static const struct rule *rule_of(const struct stream_name *stream, enum kind kind, const struct field *field)
{
    const struct mapping *const *mappings = stream && stream->connection ? stream->connection->mappings : NULL;
    for (; mappings && *mappings; mappings++) {
        if (strcmp((*mappings)->stream, stream->stream) != 0)
            continue;
        for (size_t s = 0; s < (*mappings)->section_count; s++) {
            const struct section *section = &(*mappings)->sections[s];
            for (size_t r = 0; section->kind == kind && r < section->rule_count; r++)
                if (section->rules[r].field->number == field->number)
                    return &section->rules[r];
        }
    }
    return NULL;
}

static const struct member *member_of(const struct entity *entity, uint64_t seed)
{
    for (uint16_t n = 0; seed && n < entity->member_count; n++)
        if (entity->members[n].seed == seed)
            return &entity->members[n];
    return NULL;
}

/* Whether none of the records behind an entity is said by its source any more. */
static bool planned_gone(struct plan_view *view, const struct entity *entity)
{
    for (uint16_t n = 0; n < entity->member_count; n++)
        if (query_section(view->query, &entity->members[n]) && view->query->record->state != SOURCE_GONE)
            return false;
    return entity->member_count > 0;
}

static int change_tell(struct plan_view *view, struct planned_change *change, const struct member *member,
                       int (*each)(void *context, const struct planned_change *change), void *context)
{
    change->gone = change->field && change->kind == KIND_person && change->field->number == FIELD_person_status &&
                   left(change->is) && planned_gone(view, change->entity);
    member = change->gone ? NULL : member;
    change->member = member;
    change->stream = member ? streams_find(&view->query->streams, member->stream) : NULL;
    change->rule = change->field ? rule_of(change->stream, change->kind, change->field) : NULL;
    return each(context, change);
}

/* NULL: nobody needs to see it: whose employment it is. */
static const struct field *field_shown(const struct plan_view *view, enum kind kind, uint16_t number)
{
    const struct field *field = organization_field_number(view->query->organization, kind, number);
    bool owner = field && kind != KIND_person && field->type == TYPE_REF &&
                 ((field->refers_to == KIND_person && strcmp(field->name, "person") == 0) ||
                  field->refers_to == KIND_employment);
    return owner ? NULL : field;
}

/* Every value of a thing that is created, with the record whose word counts. */
static int values_tell(struct plan_view *view, struct planned_change *change,
                       int (*each)(void *context, const struct planned_change *change), void *context)
{
    const struct entity *entity = view->entity;
    struct query_winner *winners = NULL;
    size_t count = 0;
    int rc = query_winners(view->query, change->kind, entity, &winners, &count);
    for (uint16_t n = 0; rc == 0 && n < image_count(entity->image); n++) {
        const struct member *member = NULL;
        uint16_t number;
        change->is = image_nth(entity->image, n, &number);
        change->field = field_shown(view, change->kind, number);
        for (size_t w = 0; w < count; w++)
            if (winners[w].field == number && winners[w].pin == 0)
                member = &entity->members[winners[w].member];
        if (change->field)
            rc = change_tell(view, change, member, each, context);
    }
    return rc;
}

static int part_tell(struct plan_view *view, struct journal_reader *reader, const struct journal_part *part,
                     int (*each)(void *context, const struct planned_change *change), void *context)
{
    struct planned_change change = {.kind = part->kind, .id = part->id, .op = part->op, .entity = view->entity};
    struct journal_change said;
    int rc = 0;
    if (!entity_get(&view->query->txn, part->kind, part->id, view->entity))
        return view->query->txn.rc ? view->query->txn.rc : ERR_CORRUPT;
    if (part->op != JOURNAL_CHANGED)
        rc = change_tell(view, &change, view->entity->member_count ? &view->entity->members[0] : NULL, each, context);
    if (rc == 0 && part->op == JOURNAL_CREATED)
        return values_tell(view, &change, each, context);
    while (rc == 0 && journal_next_change(reader, &said)) {
        change.was = said.was;
        change.is = said.is;
        change.field = field_shown(view, part->kind, said.field);
        if (change.field)
            rc = change_tell(view, &change, member_of(view->entity, said.seed), each, context);
    }
    return rc;
}

int planned_changes(struct plan_view *view, const struct planned *planned,
                    int (*each)(void *context, const struct planned_change *change), void *context)
{
    struct journal_reader reader;
    struct journal_part part;
    int rc = journal_open(&reader, planned->entry) ? 0 : ERR_CORRUPT;
    while (rc == 0 && journal_next_part(&reader, &part))
        rc = part_tell(view, &reader, &part, each, context);
    return rc;
}

/* --- what waits --- */

static int by_number(const void *a, const void *b)
{
    uint64_t x = ((const struct wait_item *)a)->number, y = ((const struct wait_item *)b)->number;
    return x < y ? -1 : x > y;
}

struct waiting {
    struct plan_view *view;
    struct wait_item *items;
    size_t count, room;
};

static int waiting_add(struct waiting *waiting, struct bytes key, struct bytes value)
{
    struct query *query = waiting->view->query;
    int rc = mem_grow(&waiting->items, waiting->count, &waiting->room, sizeof(*waiting->items));
    if (rc != 0)
        return rc;
    struct wait_item *item = &waiting->items[waiting->count];
    if (!wait_read(key, value, query->arena, item))
        return ERR_CORRUPT;
    const struct stream_name *stream = streams_find(&query->streams, item->stream);
    const char *connection = waiting->view->plan->connection;
    waiting->count += stream && (!connection || strcmp(stream->connection_name, connection) == 0);
    return 0;
}

int plan_view_waits(struct plan_view *view, struct wait_item **ret_items, size_t *ret_count)
{
    struct waiting waiting = {.view = view};
    struct changeset *changeset = view->plan->changeset;
    struct changeset_row row;
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    int rc = 0;
    cursor_open(&cursor, &view->query->txn, TABLE_wait);
    bool all = view->plan->connection != NULL; /* else it is no sync: what it brings */
    for (bool there = all && cursor_seek(&cursor, bytes("", 0)); rc == 0 && there; there = cursor_next(&cursor)) {
        struct bytes planned;
        rc = overlay_get(view->overlay, TABLE_wait, cursor.key, &planned);
        rc = rc == 0 ? waiting_add(&waiting, cursor.key, cursor.value) : rc > 0 ? 0 : rc;
    }
    if (rc == 0)
        rc = view->query->txn.rc ? view->query->txn.rc : changeset_rewind(changeset, TABLE_wait);
    while (rc == 0 && (rc = changeset_next(changeset, TABLE_wait, &row)) == 1)
        rc = row.goes ? 0 : waiting_add(&waiting, row.key, row.value);
    if (rc != 0) {
        free(waiting.items);
        return rc;
    }
    if (waiting.count > 1)
        qsort(waiting.items, waiting.count, sizeof(*waiting.items), by_number);
    *ret_items = waiting.items;
    *ret_count = waiting.count;
    return 0;
}
