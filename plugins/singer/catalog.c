/* catalog - the streams that a tap has, and which of them it is to read.
 *
 * A tap reads what is selected in the catalog that it is given. Ours is the one that it told, or that option `catalog`
 * has, with one stream selected, in both ways that taps look for it: in the metadata, and in the schema. */
#include "singer.h"

#include <stdio.h>
#include <string.h>

enum { CATALOG_MOST = 64 << 20, OPTION_ROOM = 80, NAME_SHOWN = 60, NAMES_SHOWN = 300 };

static const char *choice_text(const struct singer *singer, long nth, const char *member)
{
    char name[OPTION_ROOM];
    snprintf(name, sizeof(name), "settings[%ld].%s", nth, member);
    return nth < 0 ? NULL : singer->host->text(singer->run, name);
}

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

/* ---- where it is from ---- */

bool catalog_used(const struct singer *singer)
{
    return strcmp(singer->host->text(singer->run, "catalog"), "none") != 0;
}

const muster_node *catalog_first(const struct singer *singer)
{
    return muster_node_first(muster_node_member(muster_document_root(singer->catalog), "streams"));
}

static muster_rc catalog_take(struct singer *singer, const char *bytes, size_t len, const char *what, muster_rc wrong)
{
    const char *why = "";
    singer->catalog = muster_document_read(bytes, len, &why);
    const muster_node *list = muster_node_member(muster_document_root(singer->catalog), "streams");
    if (!singer->catalog)
        return singer->host->fail(singer->run, wrong, "%s is no JSON: %s", what, why);
    if (!list || list->kind != MUSTER_NODE_LIST || !record_utf8(bytes, len)) {
        muster_document_free(singer->catalog);
        singer->catalog = NULL;
        return singer->host->fail(singer->run, wrong, "%s is no catalog: it has no list of streams, or is no UTF-8",
                                  what);
    }
    return MUSTER_OK;
}

static muster_rc discover(struct singer *singer)
{
    struct tap tap;
    muster_text told = {0};
    const struct tap_task task = {.discover = true};
    const char *line = "";
    size_t len;
    muster_rc rc = tap_start(singer, &task, &tap);
    if (rc != MUSTER_OK)
        return rc;
    while ((rc = tap_line(&tap, &line, &len)) == MUSTER_OK && line) {
        muster_text_add(&told, line, len);
        if (told.failed || told.len > CATALOG_MOST) {
            rc = singer->host->fail(singer->run, MUSTER_DATA, "the tap's catalog is larger than %d MiB",
                                    CATALOG_MOST >> 20);
            break;
        }
    }
    if (rc == MUSTER_OK)
        rc = tap_end(&tap);
    tap_stop(&tap);
    if (rc == MUSTER_OK)
        rc = catalog_take(singer, told.data ? told.data : "", told.len, "what the tap answers to --discover",
                          MUSTER_DATA);
    muster_text_done(&told);
    return rc;
}

muster_rc catalog_read(struct singer *singer)
{
    const char *option = singer->host->text(singer->run, "catalog");
    if (singer->catalog || !catalog_used(singer))
        return MUSTER_OK;
    if (strcmp(option, "discover") == 0)
        return discover(singer);
    return catalog_take(singer, option, strlen(option), "option 'catalog'", MUSTER_CONFIG);
}

/* ---- what it says of a stream ---- */

static const char *member(const muster_node *entry, const char *name)
{
    return muster_node_text(muster_node_member(entry, name));
}

const char *catalog_name(const muster_node *entry)
{
    const char *name = member(entry, "stream");
    return name ? name : member(entry, "tap_stream_id");
}

static bool of_stream(const muster_node *item)
{
    const muster_node *breadcrumb = muster_node_member(item, "breadcrumb");
    return breadcrumb && breadcrumb->kind == MUSTER_NODE_LIST && breadcrumb->count == 0;
}

/* The top property that a piece of metadata is about; NULL: it is about the stream. */
static const char *property_of(const muster_node *item)
{
    const muster_node *first = muster_node_first(muster_node_member(item, "breadcrumb"));
    return first && first->next ? muster_node_text(first->next) : NULL;
}

const muster_node *catalog_metadata(const muster_node *entry, const char *name)
{
    const muster_node *item = muster_node_first(muster_node_member(entry, "metadata"));
    for (; item; item = item->next)
        if (of_stream(item))
            return muster_node_member(muster_node_member(item, "metadata"), name);
    return NULL;
}

static enum method method_of(const char *word)
{
    return !word                              ? METHOD_UNKNOWN
           : strcmp(word, "FULL_TABLE") == 0  ? METHOD_FULL
           : strcmp(word, "INCREMENTAL") == 0 ? METHOD_INCREMENTAL
           : strcmp(word, "LOG_BASED") == 0   ? METHOD_INCREMENTAL
                                              : METHOD_UNKNOWN;
}

static enum method method_told(const muster_node *entry, bool *ret_forced)
{
    const char *forced = muster_node_text(catalog_metadata(entry, "forced-replication-method"));
    const char *said = muster_node_text(catalog_metadata(entry, "replication-method"));
    *ret_forced = forced != NULL;
    return method_of(forced ? forced : said ? said : member(entry, "replication_method"));
}

bool catalog_means(const struct choice *choice, const char *stream)
{
    const char *id = member(choice->entry, "tap_stream_id"), *name = member(choice->entry, "stream");
    return strcmp(stream, choice->tap_stream) == 0 || (id && strcmp(stream, id) == 0) ||
           (name && strcmp(stream, name) == 0);
}

static muster_rc entry_find(struct singer *singer, struct choice *choice)
{
    const muster_node *entry = catalog_first(singer), *by_name = NULL;
    muster_text names = {0};
    for (; entry; entry = entry->next) {
        const char *id = member(entry, "tap_stream_id"), *name = member(entry, "stream");
        if (id && strcmp(id, choice->tap_stream) == 0)
            break;
        if (name && !by_name && strcmp(name, choice->tap_stream) == 0)
            by_name = entry;
        if (catalog_name(entry) && strlen(catalog_name(entry)) < NAME_SHOWN && names.len < NAMES_SHOWN) {
            muster_text_put(&names, names.len ? ", " : "");
            muster_text_put(&names, catalog_name(entry));
        }
    }
    choice->entry = entry ? entry : by_name;
    muster_rc rc = MUSTER_OK;
    if (!choice->entry)
        rc = singer->host->fail(singer->run, MUSTER_CONFIG, "the tap has no stream '%.100s': it has %.400s",
                                choice->tap_stream, names.data ? names.data : "none");
    muster_text_done(&names);
    return rc;
}

static void option_find(const struct singer *singer, const char *stream, struct choice *choice)
{
    size_t count = singer->host->count(singer->run, "settings");
    for (size_t n = 0; n < count && choice->nth < 0; n++)
        if (strcmp(choice_text(singer, (long)n, "name"), stream) == 0)
            choice->nth = (long)n;
    const char *tap_stream = choice_text(singer, choice->nth, "tap_stream");
    const char *replication = choice_text(singer, choice->nth, "replication");
    const char *whole = choice_text(singer, choice->nth, "whole_at_first");
    choice->tap_stream = tap_stream ? tap_stream : stream;
    choice->key = choice_text(singer, choice->nth, "replication_key");
    choice->whole_at_first = whole && strcmp(whole, "true") == 0;
    choice->method = !replication                       ? METHOD_UNKNOWN
                     : strcmp(replication, "full") == 0 ? METHOD_FULL
                                                        : METHOD_INCREMENTAL;
}

muster_rc catalog_choose(struct singer *singer, const char *stream, struct choice *ret_choice)
{
    struct choice *choice = ret_choice;
    bool forced = false;
    *choice = (struct choice){.name = stream, .nth = -1};
    option_find(singer, stream, choice);
    muster_rc rc = catalog_read(singer);
    if (rc != MUSTER_OK || !singer->catalog)
        return rc;
    rc = entry_find(singer, choice);
    if (rc != MUSTER_OK)
        return rc;
    choice->as_tap_says = method_told(choice->entry, &forced);
    if (forced && choice->method == METHOD_FULL && choice->as_tap_says == METHOD_INCREMENTAL)
        return singer->host->fail(
            singer->run, MUSTER_CONFIG,
            "option 'settings[%ld].replication': the tap reads '%.100s' incrementally and not otherwise. "
            "If it gives everybody when it begins anew, say whole_at_first: true instead",
            choice->nth, choice->tap_stream);
    return MUSTER_OK;
}

/* ---- the same with a stream selected ---- */

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
    bool unknown = method_told(w->entry, &forced) == METHOD_UNKNOWN && !forced;
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
    if (of_stream(item)) {
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
        if (property ? of && strcmp(of, property) == 0 : of_stream(item))
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
    const char *id = member(w->entry, "tap_stream_id"), *name = catalog_name(w->entry);
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

muster_rc catalog_write(struct singer *singer, const struct choice *choice, muster_text *out)
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
