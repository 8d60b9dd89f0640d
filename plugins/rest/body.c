/* body - what a system is told of a change: an object in which each field stands where the description says, or the
 * operations of a JSON Patch.
 *
 * A field that the table does not name stands at its own name, a point in which
 * leads into an object: "name.first" is {"name": {"first": …}}. */
#include "rest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    char path[PATH_ROOM]; /* "/name/first" */
    muster_text json;
    bool written;
};

struct entries {
    struct entry *items;
    size_t count;
};

static const struct field *field_of(const struct resource *resource, const char *name)
{
    for (size_t n = 0; n < resource->field_count; n++)
        if (strcmp(resource->fields[n].name, name) == 0)
            return &resource->fields[n];
    return NULL;
}

static void path_set(struct entry *entry, const struct field *field, const char *name)
{
    bool placed = field && field->at_count > 0 && field->at[0].base == BASE_RECORD;
    snprintf(entry->path, sizeof(entry->path), "%s%s", placed ? "" : "/", placed ? field->at[0].pointer : name);
    for (char *at = entry->path; !placed && *at; at++)
        if (*at == '.')
            *at = '/';
}

static bool is_changed(struct rest *rest, const muster_change *change, const char *name)
{
    const char *one;
    for (size_t n = 0; (one = rest->host->changed(change, n)); n++)
        if (strcmp(one, name) == 0)
            return true;
    return false;
}

static void entries_read(struct rest *rest, const struct resource *resource, const muster_push *push,
                         const muster_change *change, bool all, struct entries *entries)
{
    for (const muster_field *one = push->fields; one->name; one++) {
        int32_t present = change->after ? rest->host->present(change->after, one->name) : 0;
        bool told = all ? present >= 2 : present >= 1 && is_changed(rest, change, one->name);
        const struct field *field = field_of(resource, one->name);
        if (!told)
            continue;
        struct entry *entry = &entries->items[entries->count++];
        path_set(entry, field, one->name);
        value_write(field, one->type, present >= 2 ? rest->host->get(change->after, one->name) : NULL, &entry->json);
    }
}

/* The word behind the slash at `from`. */
static size_t word_len(const struct entry *entry, size_t from)
{
    return strcspn(entry->path + from + 1, "/");
}

static void name_put(const struct entry *entry, size_t from, muster_text *out)
{
    char name[PATH_ROOM];
    size_t len = 0;
    for (const char *at = entry->path + from + 1; *at && *at != '/'; at++) {
        bool escaped = *at == '~' && (at[1] == '0' || at[1] == '1');
        name[len++] = escaped ? (at[1] == '0' ? '~' : '/') : *at;
        at += escaped;
    }
    name[len] = '\0';
    muster_text_json(out, name);
}

/* All that stand below the first `from` bytes of one's path. */
static void object_write(struct entries *entries, const struct entry *of, size_t from, muster_text *out)
{
    size_t count = 0;
    muster_text_put(out, "{");
    for (size_t n = 0; n < entries->count; n++) {
        struct entry *one = &entries->items[n];
        if (one->written || strncmp(one->path, of->path, from) != 0 || one->path[from] != '/')
            continue;
        size_t behind = from + 1 + word_len(one, from);
        muster_text_put(out, count++ ? "," : "");
        name_put(one, from, out);
        muster_text_put(out, ":");
        if (one->path[behind] == '/') {
            object_write(entries, one, behind, out);
        } else {
            muster_text_put(out, one->json.data ? one->json.data : "null");
            one->written = true;
        }
    }
    muster_text_put(out, "}");
}

static void patch_write(const struct entries *entries, muster_text *out)
{
    for (size_t n = 0; n < entries->count; n++) {
        muster_text_put(out, n ? "," : "[");
        muster_text_put(out, "{\"op\":\"replace\",\"path\":");
        muster_text_json(out, entries->items[n].path);
        muster_text_put(out, ",\"value\":");
        muster_text_put(out, entries->items[n].json.data ? entries->items[n].json.data : "null");
        muster_text_put(out, "}");
    }
    muster_text_put(out, "]");
}

bool body_write(struct rest *rest, const struct resource *resource, const muster_push *push,
                const muster_change *change, bool all, muster_text *out)
{
    struct entries entries = {0};
    size_t room = 0;
    while (push->fields && push->fields[room].name)
        room++;
    entries.items = calloc(room + 1, sizeof(*entries.items));
    if (entries.items)
        entries_read(rest, resource, push, change, all, &entries);
    bool wrapped = resource->write.wrap && *resource->write.wrap == '/';
    if (entries.count > 0 && !all && resource->write.how == UPDATE_PATCH) {
        patch_write(&entries, out);
    } else if (entries.count > 0) {
        if (wrapped) {
            muster_text_put(out, "{");
            muster_text_json(out, resource->write.wrap + 1);
            muster_text_put(out, ":");
        }
        object_write(&entries, &entries.items[0], 0, out);
        muster_text_put(out, wrapped ? "}" : "");
    }
    for (size_t n = 0; n < entries.count; n++) {
        out->failed |= entries.items[n].json.failed;
        muster_text_done(&entries.items[n].json);
    }
    out->failed |= entries.items == NULL;
    size_t count = entries.count;
    free(entries.items);
    return count > 0;
}
