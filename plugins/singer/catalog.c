/* catalog - the streams that a tap has: as it told, or as option `catalog` has them; and what is known of one of them
 * by that and by option `settings`. */
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

bool catalog_of_stream(const muster_node *item)
{
    const muster_node *breadcrumb = muster_node_member(item, "breadcrumb");
    return breadcrumb && breadcrumb->kind == MUSTER_NODE_LIST && breadcrumb->count == 0;
}

const muster_node *catalog_metadata(const muster_node *entry, const char *name)
{
    const muster_node *item = muster_node_first(muster_node_member(entry, "metadata"));
    for (; item; item = item->next)
        if (catalog_of_stream(item))
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

enum method catalog_method(const muster_node *entry, bool *ret_forced)
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
    choice->as_tap_says = catalog_method(choice->entry, &forced);
    if (forced && choice->method == METHOD_FULL && choice->as_tap_says == METHOD_INCREMENTAL)
        return singer->host->fail(
            singer->run, MUSTER_CONFIG,
            "option 'settings[%ld].replication': the tap reads '%.100s' incrementally and not otherwise. "
            "If it gives everybody when it begins anew, say whole_at_first: true instead",
            choice->nth, choice->tap_stream);
    return MUSTER_OK;
}
