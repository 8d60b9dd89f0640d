/* view - what a thing looks like from outside. */
#include "delivery/view.h"

#include "base/mem.h"
#include "tables/source.h"

#include <errno.h>
#include <muster/connector.h>
#include <stdio.h>
#include <string.h>

enum { LEVELS_MAX = 32 };

/* A place on the way: what several paths have gone through. */
struct stop {
    unsigned before; /* index of the stop that the step leads from; 0 is the thing itself */
    struct path_step step;
    enum kind kind;
    uint64_t id; /* 0: there is nothing */
    struct image image;
};

struct view {
    struct view_scene scene;
    const struct path *paths;
    size_t count;
    struct stop *stops;
    unsigned stop_count;
    unsigned *at; /* the stop of each path */
    struct cell *cells;
    struct entity *entity, *other; /* the thing; scratch */
    uint64_t membership;
    uint64_t levels[LEVELS_MAX];
    size_t level_count;
    bool levels_known;
    struct source *record;
    struct arena *arena; /* of what has to be written */
    int rc;
};

static unsigned stop_find(struct view *view, unsigned before, const struct path_step *step)
{
    for (unsigned n = 1; n < view->stop_count; n++)
        if (view->stops[n].before == before && memcmp(&view->stops[n].step, step, sizeof(*step)) == 0)
            return n;
    view->stops[view->stop_count] = (struct stop){.before = before, .step = *step, .kind = step->to};
    return view->stop_count++;
}

int view_new(const struct view_scene *scene, const struct path *paths, size_t count, struct view **ret_view)
{
    TIDY(view_free) struct view *view = mem_new(1, sizeof(*view));
    if (!view)
        return -ENOMEM;
    view->scene = *scene;
    view->paths = paths;
    view->count = count;
    view->stops = mem_new(1 + count * PATH_STEPS_MAX, sizeof(*view->stops));
    view->at = mem_new(count + 1, sizeof(*view->at));
    view->cells = mem_new(count + 1, sizeof(*view->cells));
    view->entity = mem_new(1, sizeof(*view->entity));
    view->other = mem_new(1, sizeof(*view->other));
    view->record = mem_new(1, sizeof(*view->record));
    view->arena = arena_new();
    if (!view->stops || !view->at || !view->cells || !view->entity || !view->other || !view->record || !view->arena)
        return -ENOMEM;
    view->stop_count = 1;
    for (size_t n = 0; n < count; n++)
        for (unsigned s = 0; s < paths[n].step_count; s++)
            view->at[n] = stop_find(view, view->at[n], &paths[n].steps[s]);
    *ret_view = TAKE(view);
    return 0;
}

void view_free(struct view *view)
{
    if (!view)
        return;
    free(view->stops);
    free(view->at);
    free(view->cells);
    free(view->entity);
    free(view->other);
    free(view->record);
    arena_free(view->arena);
    free(view);
}

static void fail(struct view *view, int rc)
{
    if (view->rc == 0)
        view->rc = rc;
}

static bool image_of(struct view *view, enum kind kind, uint64_t id, struct image *ret_image,
                     enum entity_state *ret_state)
{
    uint8_t key[ENTITY_KEY];
    struct bytes value;
    entity_key(kind, id, key);
    if (id == 0 || !txn_get(view->scene.txn, TABLE_entity, bytes(key, sizeof(key)), &value))
        return false;
    if (entity_image(value, ret_image, ret_state))
        return true;
    fail(view, ERR_CORRUPT);
    return false;
}

static uint64_t reference(struct image image, uint16_t field)
{
    struct value value = image_get(image, field);
    uint64_t be = 0;
    if (value.presence == PRESENCE_VALUE && value.len == sizeof(be))
        memcpy(&be, value.bytes, sizeof(be));
    return __builtin_bswap64(be);
}

/* --- of several, the one that counts --- */

static int day_order(struct value a, const char *b, size_t len)
{
    size_t shorter = a.len < len ? a.len : len;
    int order = shorter ? memcmp(a.bytes, b, shorter) : 0;
    return order ? order : a.len < len ? -1 : a.len > len;
}

bool view_within(struct image image, uint16_t first, uint16_t last, const char *today)
{
    struct value from = image_get(image, first), to = image_get(image, last);
    size_t len = strlen(today);
    return (from.presence != PRESENCE_VALUE || day_order(from, today, len) <= 0) &&
           (to.presence != PRESENCE_VALUE || day_order(to, today, len) >= 0);
}

static bool day_within(const struct view *view, struct image image, uint16_t first, uint16_t last)
{
    return view_within(image, first, last, view->scene.today);
}

static bool says_yes(struct value value)
{
    return value.presence == PRESENCE_VALUE && value.len == 4 && memcmp(value.bytes, "true", 4) == 0;
}

/* Whether `a` counts before `b`: said so, active today, begun later. */
static bool employment_before(const struct view *view, struct image a, struct image b)
{
    bool said_a = says_yes(image_get(a, FIELD_employment_is_default)),
         said_b = says_yes(image_get(b, FIELD_employment_is_default));
    if (said_a != said_b)
        return said_a;
    bool active_a = day_within(view, a, FIELD_employment_start_date, FIELD_employment_end_date);
    bool active_b = day_within(view, b, FIELD_employment_start_date, FIELD_employment_end_date);
    if (active_a != active_b)
        return active_a;
    struct value start = image_get(b, FIELD_employment_start_date);
    return day_order(image_get(a, FIELD_employment_start_date), start.len ? start.bytes : "", start.len) > 0;
}

static bool absence_before(struct image a, struct image b)
{
    struct value start = image_get(b, FIELD_absence_start_date);
    return day_order(image_get(a, FIELD_absence_start_date), start.len ? start.bytes : "", start.len) > 0;
}

/* Children come by ascending id, so of those that count the same the lowest stays. */
static uint64_t child_of(struct view *view, const struct entity *person, enum kind kind, struct image *ret_image)
{
    uint64_t found = 0;
    for (uint16_t n = 0; n < person->child_count; n++) {
        struct image image;
        enum entity_state state;
        if (person->children[n].kind != kind || !image_of(view, kind, person->children[n].id, &image, &state) ||
            state == ENTITY_GONE)
            continue;
        if (kind == KIND_absence && !day_within(view, image, FIELD_absence_start_date, FIELD_absence_end_date))
            continue;
        bool better = found == 0 || (kind == KIND_absence ? absence_before(image, *ret_image)
                                                          : employment_before(view, image, *ret_image));
        if (better) {
            found = person->children[n].id;
            *ret_image = image;
        }
    }
    return found;
}

/* Whether an employment is the one of its person that counts. */
static bool is_primary(struct view *view, const struct stop *stop)
{
    struct image image;
    uint64_t person = reference(stop->image, FIELD_employment_person);
    return person && entity_get(view->scene.txn, KIND_person, person, view->other) &&
           child_of(view, view->other, KIND_employment, &image) == stop->id;
}

/* Units above the team, or above the department of who has no team; nearest first. */
static void levels_find(struct view *view)
{
    struct image image;
    enum entity_state state;
    view->level_count = 0;
    view->levels_known = true;
    if (child_of(view, view->entity, KIND_employment, &image) == 0)
        return;
    uint64_t unit = reference(image, FIELD_employment_team);
    if (unit == 0)
        unit = reference(image, FIELD_employment_department);
    while (view->level_count < LEVELS_MAX && image_of(view, KIND_org_unit, unit, &image, &state)) {
        uint64_t above = reference(image, FIELD_org_unit_parent);
        for (size_t n = 0; n < view->level_count; n++)
            if (view->levels[n] == above)
                return; /* a circle: the sources contradict each other */
        if (above == 0)
            return;
        view->levels[view->level_count++] = unit = above;
    }
}

/* --- going --- */

/* A person's children are known only from the whole record. */
static const struct entity *person_at(struct view *view, const struct stop *stop)
{
    if (stop == view->stops)
        return view->entity;
    return entity_get(view->scene.txn, stop->kind, stop->id, view->other) ? view->other : NULL;
}

/* Whoever has no manager of their own has that of the employment. */
static uint64_t refers_to(struct view *view, const struct stop *from, const struct path_step *step)
{
    struct image image;
    uint64_t id = reference(from->image, step->field);
    if (id != 0 || from->kind != KIND_person || step->field != FIELD_person_manager)
        return id;
    const struct entity *person = person_at(view, from);
    return person && child_of(view, person, KIND_employment, &image) ? reference(image, FIELD_employment_manager) : 0;
}

static uint64_t step_go(struct view *view, const struct stop *from, const struct path_step *step,
                        struct image *ret_image)
{
    const struct entity *person;
    switch (step->how) {
    case PATH_REFERENCE: return refers_to(view, from, step);
    case PATH_MEMBERSHIP: return view->membership;
    case PATH_LEVEL:
        if (!view->levels_known)
            levels_find(view);
        return step->nth < view->level_count ? view->levels[step->nth] : 0;
    case PATH_EMPLOYMENT:
    case PATH_ABSENCE: person = person_at(view, from); return person ? child_of(view, person, step->to, ret_image) : 0;
    }
    return 0;
}

static void stops_go(struct view *view)
{
    for (unsigned n = 1; n < view->stop_count; n++) {
        struct stop *stop = &view->stops[n];
        const struct stop *from = &view->stops[stop->before];
        enum entity_state state;
        stop->image = (struct image){0};
        stop->id = from->id ? step_go(view, from, &stop->step, &stop->image) : 0;
        if (stop->id && !stop->image.bytes && !image_of(view, stop->kind, stop->id, &stop->image, &state))
            stop->id = 0;
    }
}

/* --- cells --- */

uint8_t view_type(enum type type)
{
    switch (type) {
    case TYPE_INTEGER: return MUSTER_INTEGER;
    case TYPE_DECIMAL: return MUSTER_DECIMAL;
    case TYPE_BOOL: return MUSTER_BOOL;
    case TYPE_DATE: return MUSTER_DATE;
    case TYPE_TIME: return MUSTER_TIME;
    case TYPE_DATETIME: return MUSTER_DATETIME;
    case TYPE_JSON: return MUSTER_JSON;
    default: return MUSTER_TEXT;
    }
}

/* Opens the seal: it lies under the seed of one of the records behind the thing. Erased ones are not there any more. */
static struct value revealed(struct view *view, const struct stop *stop, struct value value)
{
    struct value nothing = {.presence = PRESENCE_NULL};
    const struct entity *entity = stop == view->stops                                              ? view->entity
                                  : entity_get(view->scene.txn, stop->kind, stop->id, view->other) ? view->other
                                                                                                   : NULL;
    struct buffer out __attribute__((cleanup(buffer_done))) = {0};
    int rc = ERR_GONE;
    for (uint16_t n = 0; entity && n < entity->member_count && rc == ERR_GONE; n++) {
        struct buffer key __attribute__((cleanup(buffer_done))) = {0};
        struct bytes row;
        source_key(entity->members[n].stream, entity->members[n].id.data, entity->members[n].id.len, &key);
        if (key.rc != 0 || !txn_get(view->scene.txn, TABLE_source, bytes(key.data, key.len), &row) ||
            !source_read(row, view->record) || view->record->count == 0)
            continue;
        uint64_t seed = __builtin_bswap64(view->record->sections[0].seed);
        if (txn_get(view->scene.txn, TABLE_vault, bytes(&seed, sizeof(seed)), &row))
            rc = vault_reveal(view->scene.vault, row, (const uint8_t *)value.bytes, &out);
    }
    if (rc != 0 && rc != ERR_GONE)
        fail(view, rc);
    if (rc != 0)
        return nothing;
    value.bytes = arena_copy(view->arena, out.data ? out.data : "", out.len);
    value.len = (uint32_t)out.len;
    if (out.data)
        explicit_bzero(out.data, out.len);
    if (!value.bytes)
        fail(view, -ENOMEM);
    return value.bytes ? value : nothing;
}

static struct cell cell_make(struct view *view, const struct stop *stop, const struct path *path)
{
    struct cell cell = {.presence = PRESENCE_NULL, .type = MUSTER_TEXT, .bytes = ""};
    if (stop->id == 0)
        return cell;
    if (path->primary) {
        bool yes = is_primary(view, stop);
        return (struct cell){PRESENCE_VALUE, MUSTER_BOOL, yes ? 4 : 5, yes ? "true" : "false"};
    }
    if (!path->field) {
        char *text = arena_format(view->arena, "%llu", (unsigned long long)stop->id);
        if (!text)
            fail(view, -ENOMEM);
        return text ? (struct cell){PRESENCE_VALUE, MUSTER_TEXT, (uint32_t)strlen(text), text} : cell;
    }
    struct value value = image_get(stop->image, path->field->number);
    size_t len = value.len;
    if (value.presence != PRESENCE_VALUE || (value.flags & VALUE_WAITING))
        return cell;
    if (value.flags & VALUE_SEALED) {
        value = revealed(view, stop, value);
        len = value.len;
        if (value.presence != PRESENCE_VALUE)
            return cell;
    } else if (path->field->type == TYPE_ENUM) {
        value.bytes = value.len == 1 ? enum_text(path->field, (uint8_t)*value.bytes, &len) : NULL;
        if (!value.bytes)
            return cell;
    }
    return (struct cell){PRESENCE_VALUE, view_type(path->field->type), (uint32_t)len, value.bytes};
}

bool view_look(struct view *view, enum kind kind, uint64_t id, uint64_t membership)
{
    arena_clear(view->arena);
    view->levels_known = false;
    view->membership = membership;
    if (!entity_get(view->scene.txn, kind, id, view->entity))
        return false;
    view->stops[0] = (struct stop){.kind = kind, .id = id, .image = view->entity->image};
    stops_go(view);
    for (size_t n = 0; n < view->count; n++)
        view->cells[n] = cell_make(view, &view->stops[view->at[n]], &view->paths[n]);
    return true;
}

const struct cell *view_cells(const struct view *view)
{
    return view->cells;
}

bool view_gone(const struct view *view)
{
    return view->entity->state == ENTITY_GONE;
}

const struct entity *view_entity(const struct view *view)
{
    return view->entity;
}

uint64_t view_list(struct view *view, enum kind kind, size_t nth)
{
    if (kind == KIND_org_unit) {
        if (!view->levels_known)
            levels_find(view);
        return nth < view->level_count ? view->levels[nth] : 0;
    }
    for (uint16_t n = 0; n < view->entity->child_count; n++) {
        struct image image;
        enum entity_state state;
        const struct child *child = &view->entity->children[n];
        if (child->kind != kind || !image_of(view, kind, child->id, &image, &state) || state == ENTITY_GONE)
            continue;
        if (kind == KIND_membership && view->membership && child->id != view->membership)
            continue; /* the account stands for another one */
        if (kind == KIND_membership && !day_within(view, image, FIELD_membership_start_date, FIELD_membership_end_date))
            continue;
        if (nth-- == 0)
            return child->id;
    }
    return 0;
}

int view_rc(const struct view *view)
{
    return view->rc ? view->rc : view->scene.txn->rc;
}
