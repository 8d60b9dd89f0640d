/* project - what a target is to be told of one thing. */
#include "delivery/project.h"

#include "base/mem.h"
#include "model/literal.h"

#include <errno.h>
#include <muster/connector.h>
#include <string.h>

/* One map and the view it is made from; those of lists hang below. */
struct layer {
    const struct target_map *map;
    struct view *view;
    struct transform *transform;
    struct layer *lists; /* one per rule; map NULL: none */
    struct value *values;
};

struct projector {
    struct project_setup setup;
    struct layer layer;
    bool *sealed; /* per rule: a protected value is in it */
    struct image_maker *maker;
    struct buffer kept, digests, json;
};

static void layer_done(struct layer *layer)
{
    for (size_t n = 0; layer->lists && n < layer->map->rule_count; n++)
        if (layer->lists[n].map)
            layer_done(&layer->lists[n]);
    view_free(layer->view);
    transform_free(layer->transform);
    free(layer->lists);
    free(layer->values);
}

static int layer_init(struct layer *layer, const struct view_scene *scene, const struct target_map *map)
{
    layer->map = map;
    layer->lists = mem_new(map->rule_count + 1, sizeof(*layer->lists));
    layer->values = mem_new(map->rule_count + 1, sizeof(*layer->values));
    int rc = layer->lists && layer->values ? view_new(scene, map->paths, map->path_count, &layer->view) : -ENOMEM;
    if (rc == 0)
        rc = transform_new(&layer->transform);
    for (size_t n = 0; rc == 0 && n < map->rule_count; n++)
        if (map->lists[n].map)
            rc = layer_init(&layer->lists[n], scene, map->lists[n].map);
    return rc;
}

static bool map_protected(const struct target_map *map)
{
    for (size_t n = 0; n < map->path_count; n++)
        if (map->paths[n].field && map->paths[n].field->sensitivity == SENSITIVITY_protected)
            return true;
    return false;
}

bool project_protects(const struct target_map *map, size_t nth)
{
    if (map->lists[nth].map)
        return map_protected(map->lists[nth].map);
    const struct rule *rule = &map->rules[nth];
    for (size_t n = 0; n < rule->column_count; n++) {
        const struct field *field = map->paths[rule->columns[n]].field;
        if (field && field->sensitivity == SENSITIVITY_protected)
            return true;
    }
    return false;
}

/* A password that somebody maps is kept as a digest, like what is protected. */
static bool write_only(const struct target_stream *stream, size_t nth)
{
    const struct muster_field *declared = target_field(stream, &stream->map.fields[nth]);
    return declared && (declared->flags & MUSTER_WRITE_ONLY);
}

int projector_new(const struct project_setup *setup, struct projector **ret_projector)
{
    TIDY(projector_free) struct projector *projector = mem_new(1, sizeof(*projector));
    const struct target_map *map = &setup->stream->map;
    if (!projector)
        return -ENOMEM;
    projector->setup = *setup;
    projector->maker = mem_new(1, sizeof(*projector->maker));
    projector->sealed = mem_new(map->rule_count + 1, sizeof(*projector->sealed));
    int rc = projector->maker && projector->sealed ? layer_init(&projector->layer, &setup->scene, map) : -ENOMEM;
    for (size_t n = 0; rc == 0 && n < map->rule_count; n++)
        projector->sealed[n] = project_protects(map, n) || write_only(setup->stream, n);
    if (rc == 0)
        *ret_projector = TAKE(projector);
    return rc;
}

void projector_free(struct projector *projector)
{
    if (!projector)
        return;
    if (projector->layer.map)
        layer_done(&projector->layer);
    free(projector->maker);
    free(projector->sealed);
    buffer_done(&projector->kept);
    buffer_done(&projector->digests);
    buffer_done(&projector->json);
    free(projector);
}

const struct entity *projector_entity(const struct projector *projector)
{
    return view_entity(projector->layer.view);
}

static int rules_apply(struct projector *projector, struct layer *layer, struct projection *projection);

static bool is_number(enum type type)
{
    return type == TYPE_INTEGER || type == TYPE_DECIMAL || type == TYPE_BOOL || type == TYPE_JSON;
}

/* One element of a list as a JSON object; what has no value is null. */
static void object_write(const struct layer *layer, struct buffer *out)
{
    buffer_byte(out, '{');
    for (size_t n = 0; n < layer->map->rule_count; n++) {
        const struct field *field = &layer->map->fields[n];
        const struct value *value = &layer->values[n];
        buffer_text(out, n ? "," : "");
        literal_quote(field->name, strlen(field->name), out);
        buffer_byte(out, ':');
        if (value->presence == PRESENCE_VALUE && is_number(field->type))
            buffer_add(out, value->bytes, value->len);
        else if (value->presence == PRESENCE_VALUE || value->presence == PRESENCE_EMPTY)
            literal_quote(value->len ? value->bytes : "", value->len, out);
        else
            buffer_text(out, "null");
    }
    buffer_byte(out, '}');
}

/* [{…},…] in projector->json, from `begin`. */
static int list_write(struct projector *projector, struct layer *above, struct layer *list, enum kind kind,
                      struct projection *projection)
{
    uint64_t id;
    buffer_byte(&projector->json, '[');
    for (size_t nth = 0, written = 0; (id = view_list(above->view, kind, nth)) != 0; nth++) {
        if (!view_look(list->view, kind, id, 0))
            continue;
        int rc = rules_apply(projector, list, projection);
        if (rc != 0 || projection->failed)
            return rc;
        buffer_text(&projector->json, written++ ? "," : "");
        object_write(list, &projector->json);
    }
    buffer_byte(&projector->json, ']');
    return projector->json.rc ? projector->json.rc : view_rc(list->view);
}

static int rules_apply(struct projector *projector, struct layer *layer, struct projection *projection)
{
    struct transform_input input = {.cells = view_cells(layer->view), .partition = "", .zone = projector->setup.zone};
    transform_start(layer->transform);
    for (size_t n = 0; n < layer->map->rule_count; n++) {
        struct rejection rejection;
        if (layer->lists[n].map)
            continue;
        int rc = transform_rule(layer->transform, &layer->map->rules[n], &input, &layer->values[n], &rejection);
        if (rc == ERR_DATA) {
            projection->failed = &layer->map->rules[n];
            projection->reason = rejection.reason;
            return 0;
        }
        if (rc != 0)
            return rc;
        if (layer->values[n].presence == PRESENCE_ABSENT)
            layer->values[n].presence = PRESENCE_NULL;
    }
    return view_rc(layer->view);
}

/* Texts of all lists lie behind each other; they are found by offset once they do not move any more. */
static int lists_apply(struct projector *projector, struct projection *projection)
{
    struct layer *layer = &projector->layer;
    buffer_clear(&projector->json);
    for (size_t n = 0; n < layer->map->rule_count; n++) {
        size_t begin = projector->json.len;
        if (!layer->lists[n].map)
            continue;
        int rc = list_write(projector, layer, &layer->lists[n], layer->map->lists[n].of, projection);
        if (rc != 0 || projection->failed)
            return rc;
        layer->values[n] = (struct value){.presence = PRESENCE_VALUE, .len = (uint32_t)(projector->json.len - begin)};
    }
    size_t at = 0;
    for (size_t n = 0; n < layer->map->rule_count; n++)
        if (layer->lists[n].map) {
            layer->values[n].bytes = projector->json.data + at;
            at += layer->values[n].len;
        }
    return 0;
}

/* As it is kept: digests for what is protected. */
static int kept_write(struct projector *projector, struct bytes *ret_kept)
{
    const struct layer *layer = &projector->layer;
    size_t count = layer->map->rule_count;
    buffer_clear(&projector->kept);
    buffer_clear(&projector->digests);
    uint8_t *room = (uint8_t *)buffer_reserve(&projector->digests, count * DIGEST_KEYED + 1);
    if (!room)
        return -ENOMEM;
    image_start(projector->maker);
    for (size_t n = 0; n < count; n++) {
        struct value value = layer->values[n];
        if (projector->sealed[n] && value.presence == PRESENCE_VALUE) {
            uint8_t *digest = room + n * DIGEST_KEYED;
            vault_digest(projector->setup.scene.vault, value.bytes, value.len, digest);
            value = (struct value){PRESENCE_VALUE, VALUE_SEALED, DIGEST_KEYED, (const char *)digest};
        }
        value.flags &= VALUE_SEALED;
        image_put(projector->maker, projector->setup.numbers[n], value);
    }
    image_write(projector->maker, &projector->kept);
    *ret_kept = bytes(projector->kept.data, projector->kept.len);
    return projector->kept.rc;
}

int project(struct projector *projector, uint64_t id, uint64_t membership, struct projection *ret_projection)
{
    struct layer *layer = &projector->layer;
    const struct target_stream *stream = projector->setup.stream;
    *ret_projection = (struct projection){.values = layer->values};
    if (!view_look(layer->view, stream->of, id, membership) || view_gone(layer->view))
        return view_rc(layer->view);
    struct transform_input input = {.cells = view_cells(layer->view), .partition = "", .zone = projector->setup.zone};
    ret_projection->there = true;
    transform_start(layer->transform);
    ret_projection->inside = transform_condition(layer->transform, stream->scope, &input) &&
                             transform_condition(layer->transform, stream->where, &input);
    int rc = rules_apply(projector, layer, ret_projection);
    if (rc == 0 && !ret_projection->failed)
        rc = lists_apply(projector, ret_projection);
    if (rc == 0 && !ret_projection->failed)
        rc = kept_write(projector, &ret_projection->kept);
    return rc ? rc : view_rc(layer->view);
}

int projection_copy(struct projection *projection, const struct target_stream *stream, struct arena *arena)
{
    size_t count = stream->map.rule_count;
    struct value *values = arena_get(arena, (count + 1) * sizeof(*values));
    void *kept = arena_copy(arena, projection->kept.data ? projection->kept.data : "", projection->kept.len);
    if (!values || !kept)
        return -ENOMEM;
    for (size_t n = 0; n < count; n++) {
        values[n] = projection->values[n];
        if (values[n].len > 0 && !(values[n].bytes = arena_copy(arena, values[n].bytes, values[n].len)))
            return -ENOMEM;
    }
    projection->values = values;
    projection->kept.data = kept;
    return 0;
}
