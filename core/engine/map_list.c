/* map_list - one section for each item of a list, as in membership: { each: scope[], map: {...} }.
 *
 * Reads the cells of the record's items, map->items. */
#include "engine/map_inside.h"

#include <muster/connector.h>

/* The cells of one item in the place of its columns; what it does not have is the row's. False: there is no such item.
 */
static bool item_fill(struct map *map, const struct section *section, unsigned item)
{
    bool there = false;
    for (size_t n = 0; n < section->member_count; n++)
        map->cells[section->members[n]] = map->cells[map->mapping->beside[section->members[n]]];
    buffer_clear(&map->key);
    for (size_t m = 0; m < section->member_count; m++) {
        int column = section->members[m];
        buffer_text(&map->key, m > 0 ? "|" : "");
        for (size_t n = 0; n < map->item_count; n++) {
            const struct item_cell *found = &map->items[n];
            if (found->item != item || found->column != column || found->cell.presence == PRESENCE_ABSENT)
                continue;
            map->cells[column] = found->cell;
            there = true;
            if (found->cell.presence == PRESENCE_VALUE)
                buffer_add(&map->key, found->cell.bytes, found->cell.len);
        }
    }
    return there;
}

/* What tells it from other items, where the file names no key: what it says itself in the columns that are used. */
static int item_key(struct map *map, const struct section *section, const struct transform_input *input, const char *id,
                    const char **ret_key)
{
    if (section->key)
        return map_section_key(map, section, input, id, ret_key);
    size_t len = map->key.len;
    while (len > 0 && map->key.data[len - 1] == '|')
        len--;
    *ret_key = arena_copy(map->arena, len > 0 ? map->key.data : "", len);
    return map->key.rc ? map->key.rc : *ret_key ? 0 : -ENOMEM;
}

/* Whether an item before it has the same key already. */
static bool item_known(const struct map *map, const struct laid *laid, size_t first, size_t count, const char *key)
{
    for (size_t n = first; n < count; n++)
        if (laid[n].key_len == strlen(key) && memcmp(map->body.data + laid[n].key, key, laid[n].key_len) == 0)
            return true;
    return false;
}

/* How many items a list has that is given as a whole: JSON that was checked on its way. */
static unsigned list_length(const struct cell *cell)
{
    unsigned depth = 0, count = 0;
    bool text = false, any = false;
    for (uint32_t n = 0; cell->presence == PRESENCE_VALUE && cell->type == MUSTER_JSON && n < cell->len; n++) {
        char at = cell->bytes[n];
        if (text) {
            n += at == '\\';
            text = at != '"';
            continue;
        }
        any |= depth == 1 && at != ']' && at != ' ';
        count += depth == 1 && at == ',';
        depth += (at == '[' || at == '{') - (at == ']' || at == '}');
        text = at == '"';
    }
    return any ? count + 1 : 0;
}

int map_list(struct map *map, const struct section *section, const struct transform_input *input, const char *id,
             struct laid *laid, size_t *count, struct err *err)
{
    enum { BESIDE = 2 }; /* what the row said, and what of it is kept besides */
    size_t first = *count;
    if (list_length(&map->cells[section->list]) > map->item_most)
        return map_too_many(map, id, REASON_CODE(list_too_long), section->list);
    for (unsigned item = 1; item <= map->item_most; item++) {
        const char *key = "";
        if (!item_fill(map, section, item) ||
            (section->when && !transform_condition(map->transform, section->when, input)))
            continue;
        int rc = item_key(map, section, input, id, &key);
        if (rc == ERR_DATA || (rc == 0 && item_known(map, laid, first, *count, key)))
            continue;
        if (rc == 0 && *count + BESIDE >= SECTIONS_MAX)
            return map_too_many(map, id, REASON_CODE(too_many_parts), -1);
        if (rc == 0)
            rc = map_section(map, section, input, id, key, &laid[*count], err);
        if (rc != 0)
            return rc;
        ++*count;
    }
    return 0;
}
