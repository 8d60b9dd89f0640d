/* selection - a tap's catalog with one stream selected, in both ways that taps look for it: in the metadata, and in the
 * schema. */
#include "singer.h"

#include <stdio.h>
#include <string.h>

enum { OPTION_ROOM = 80 };

static bool listed(const struct singer *singer, long nth, const char *list, const char *wanted)
{
    char name[OPTION_ROOM];
    snprintf(name, sizeof(name), "settings[%ld].%s", nth, list);
    size_t count = nth < 0 ? 0 : singer->host->count(singer->run, name);
    for (size_t n = 0; n < count; n++) {
        snprintf(name, sizeof(name), "settings[%ld].%s[%zu]", nth, list, n);
        if (strcmp(singer->host->text(singer->run, name), wanted) == 0)
            return true;
    }
    return false;
}

/* The top property that a piece of metadata is about; NULL: it is about the stream. */
static const char *property_of(const muster_node *item)
{
    const muster_node *first = muster_node_first(muster_node_member(item, "breadcrumb"));
    return first && first->next ? muster_node_text(first->next) : NULL;
}

struct writing {
    const struct singer *singer;
    const struct choice *choice;
    const muster_node *entry;
    muster_text *out;
    bool chosen, mine; /* mine: it is the stream itself, not one that comes along */
};

static bool field_chosen(const struct writing *w, const char *property)
{
    char list[OPTION_ROOM];
    snprintf(list, sizeof(list), "settings[%ld].fields", w->choice->nth);
    return !w->mine || w->choice->nth < 0 || w->singer->host->count(w->singer->run, list) == 0 ||
           listed(w->singer, w->choice->nth, "fields", property) ||
           (w->choice->key && strcmp(w->choice->key, property) == 0);
}

static void flag_put(muster_text *out, const char *name, bool flag)
{
    muster_text_json(out, name);
    muster_text_put(out, flag ? ":true" : ":false");
}

static void text_put(muster_text *out, const char *name, const char *text)
{
    muster_text_put(out, ",");
    muster_text_json(out, name);
    muster_text_put(out, ":");
    muster_text_json(out, text);
}

static void others_put(muster_text *out, const muster_node *object, const char *const *but)
{
    for (const muster_node *one = muster_node_first(object); one; one = one->next) {
        bool known = false;
        for (size_t n = 0; but[n] && !known; n++)
            known = strcmp(but[n], one->name) == 0;
        if (known)
            continue;
        muster_text_put(out, ",");
        muster_text_json(out, one->name);
        muster_text_put(out, ":");
        muster_node_json(one, out);
    }
}

/* How it is to be read: as the organization's file says, else as the tap does, else whole. */
static void stream_metadata(const struct writing *w, const muster_node *metadata)
{
    static const char *const all[] = {"selected", "replication-method", "replication-key", NULL};
    static const char *const only[] = {"selected", NULL};
    bool forced, said = w->mine && w->choice->method != METHOD_UNKNOWN;
    bool unknown = catalog_method(w->entry, &forced) == METHOD_UNKNOWN && !forced;
    flag_put(w->out, "selected", w->chosen);
    if (!w->chosen || (!said && !unknown)) {
        others_put(w->out, metadata, only);
        return;
    }
    bool full = !said || w->choice->method == METHOD_FULL;
    const char *key =
        w->choice->key ? w->choice->key : muster_node_text(muster_node_member(metadata, "replication-key"));
    text_put(w->out, "replication-method", full ? "FULL_TABLE" : "INCREMENTAL");
    if (!full && key)
        text_put(w->out, "replication-key", key);
    others_put(w->out, metadata, all);
}

static void item_put(const struct writing *w, const muster_node *item)
{
    static const char *const selected[] = {"selected", NULL};
    const muster_node *metadata = muster_node_member(item, "metadata");
    const char *property = property_of(item);
    muster_text_put(w->out, "{\"breadcrumb\":");
    muster_node_json(muster_node_member(item, "breadcrumb"), w->out);
    muster_text_put(w->out, ",\"metadata\":{");
    if (catalog_of_stream(item)) {
        stream_metadata(w, metadata);
    } else {
        flag_put(w->out, "selected", w->chosen && property && field_chosen(w, property));
        others_put(w->out, metadata, selected);
    }
    muster_text_put(w->out, "}}");
}

static bool has_item(const muster_node *list, const char *property)
{
    for (const muster_node *item = muster_node_first(list); item; item = item->next) {
        const char *of = property_of(item);
        if (property ? of && strcmp(of, property) == 0 : catalog_of_stream(item))
            return true;
    }
    return false;
}

static void metadata_put(const struct writing *w)
{
    const muster_node *list = muster_node_member(w->entry, "metadata");
    const muster_node *property = muster_node_first(muster_node_at(w->entry, "/schema/properties"));
    bool some = false;
    muster_text_put(w->out, "\"metadata\":[");
    if (!has_item(list, NULL)) {
        muster_text_put(w->out, "{\"breadcrumb\":[],\"metadata\":{");
        stream_metadata(w, NULL);
        muster_text_put(w->out, "}}");
        some = true;
    }
    for (const muster_node *item = muster_node_first(list); item; item = item->next, some = true) {
        muster_text_put(w->out, some ? "," : "");
        item_put(w, item);
    }
    for (; property; property = property->next) {
        if (has_item(list, property->name))
            continue;
        muster_text_put(w->out, ",{\"breadcrumb\":[\"properties\",");
        muster_text_json(w->out, property->name);
        muster_text_put(w->out, "],\"metadata\":{");
        flag_put(w->out, "selected", w->chosen && field_chosen(w, property->name));
        muster_text_put(w->out, "}}");
    }
    muster_text_put(w->out, "]");
}

static void entry_put(struct writing *w)
{
    static const char *const ours[] = {"metadata", "schema", NULL}, *const selected[] = {"selected", NULL};
    const char *id = muster_node_text(muster_node_member(w->entry, "tap_stream_id")), *name = catalog_name(w->entry);
    w->mine = w->entry == w->choice->entry;
    w->chosen = w->mine || (id && listed(w->singer, w->choice->nth, "also", id)) ||
                (name && listed(w->singer, w->choice->nth, "also", name));
    muster_text_put(w->out, "{");
    metadata_put(w);
    muster_text_put(w->out, ",\"schema\":{");
    flag_put(w->out, "selected", w->chosen);
    others_put(w->out, muster_node_member(w->entry, "schema"), selected);
    muster_text_put(w->out, "}");
    others_put(w->out, w->entry, ours);
    muster_text_put(w->out, "}");
}

muster_rc selection_write(struct singer *singer, const struct choice *choice, muster_text *out)
{
    muster_text_put(out, "{\"streams\":[");
    for (const muster_node *entry = catalog_first(singer); entry; entry = entry->next) {
        struct writing w = {.singer = singer, .choice = choice, .entry = entry, .out = out};
        muster_text_put(out, entry == catalog_first(singer) ? "" : ",");
        entry_put(&w);
    }
    muster_text_put(out, "]}");
    return out->failed ? singer->host->fail(singer->run, MUSTER_FAIL, "no memory") : MUSTER_OK;
}
