/* read - streams and partitions: which lists are read, in which order, and what is claimed of them.
 *
 * The cursor of a stream that tells changes is "1 STAMP" (ms, or the number
 * itself), or "t TEXT" where a reply says with what to go on. */
#include "rest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLE = 20, PARTS_MOST = 10000 };

struct reading {
    struct rest *rest;
    const struct resource *resource;
    struct part part;
    struct rows rows;
    struct scene scene; /* of the stream itself, without its parent */
    uint64_t limit;
    int64_t latest; /* INT64_MIN: nothing said when it changed */
    char *token;
    char since[STAMP_ROOM];
};

/* ---- a list below a list ---- */

struct chain {
    struct reading *reading;
    const struct resource *resource;
    pages_give give;
    void *context;
    const struct chain *below; /* whose records are read for each record of this one; NULL: none are */
};

static bool passes(const struct reading *reading, const struct resource *resource, const muster_node *record,
                   const muster_node *parent)
{
    const char *text;
    if (!resource->where_at.pointer)
        return true;
    const muster_node *node = place_node(&resource->where_at, record, NULL, parent, &reading->part, &text);
    text = text ? text : muster_node_text(node);
    return text && (!resource->where_is || strcmp(text, resource->where_is) == 0);
}

static muster_rc chain_read(const struct chain *chain, const muster_node *parent);

static muster_rc chain_record(void *context, const muster_node *record, const char *place)
{
    const struct chain *chain = context;
    if (!passes(chain->reading, chain->resource, record, chain->reading->rows.parent))
        return MUSTER_OK;
    if (!chain->below)
        return chain->give(chain->context, record, place);
    return chain_read(chain->below, record);
}

static muster_rc chain_read(const struct chain *chain, const muster_node *parent)
{
    struct reading *reading = chain->reading;
    struct scene scene = {.part = &reading->part};
    const muster_node *before = reading->rows.parent;
    if (!chain->below)
        scene = reading->scene;
    scene.parent = parent;
    reading->rows.parent = parent;
    uint64_t most = chain->below || !reading->limit ? 0 : reading->limit;
    muster_rc rc = pages_read(reading->rest, chain->resource, &scene, most, chain_record, (void *)(uintptr_t)chain,
                              chain->below ? NULL : &reading->token);
    reading->rows.parent = before;
    return rc;
}

/* The resource's records, of all parents. */
static muster_rc list_read(struct reading *reading, const struct resource *resource, pages_give give, void *context,
                           const struct chain *below)
{
    struct chain chain = {reading, resource, give, context, below};
    if (resource->parent)
        return list_read(reading, resource->parent, NULL, NULL, &chain);
    return chain_read(&chain, NULL);
}

/* ---- children that go into the record ---- */

static muster_rc child_add(void *context, const muster_node *record, const char *place)
{
    muster_text *json = context;
    (void)place;
    muster_text_put(json, json->len > 1 ? "," : "[");
    muster_node_json(record, json);
    return MUSTER_OK;
}

struct attached {
    muster_document *document;
    const muster_node **records;
};

static muster_rc child_read(struct reading *reading, const struct resource *child, const muster_node *record,
                            struct attached *attached, struct child *ret_child)
{
    struct rest *rest = reading->rest;
    struct scene scene = {.part = &reading->part, .parent = record};
    muster_text json = {0};
    const char *why = "";
    muster_rc rc = pages_read(rest, child, &scene, 0, child_add, &json, NULL);
    muster_text_put(&json, json.len ? "]" : "[]");
    if (rc == MUSTER_OK && (json.failed || !(attached->document = muster_document_read(json.data, json.len, &why))))
        rc = rest->host->fail(rest->run, MUSTER_FAIL, "out of memory");
    muster_text_done(&json);
    if (rc != MUSTER_OK)
        return rc;
    const muster_node *list = muster_document_root(attached->document);
    attached->records = calloc(list->count + 1, sizeof(*attached->records));
    if (!attached->records)
        return rest->host->fail(rest->run, MUSTER_FAIL, "out of memory");
    *ret_child = (struct child){child->name, attached->records, 0};
    for (const muster_node *one = list->first; one; one = one->next)
        attached->records[ret_child->count++] = one;
    return MUSTER_OK;
}

static void latest_note(struct reading *reading, const muster_node *record)
{
    const struct changes_rules *changes = &reading->resource->changes;
    const char *text;
    if (!changes->at.pointer)
        return;
    const muster_node *node = place_node(&changes->at, record, NULL, reading->rows.parent, &reading->part, &text);
    text = muster_node_text(node);
    int64_t stamp = text ? stamp_read(changes->format, text) : INT64_MIN;
    reading->latest = stamp > reading->latest ? stamp : reading->latest;
}

static muster_rc record_give(void *context, const muster_node *record, const char *place)
{
    struct reading *reading = context;
    const struct resource *resource = reading->resource;
    struct attached attached[16] = {{0}};
    struct child children[16];
    muster_rc rc = MUSTER_OK;
    if (reading->limit > 0 && reading->rows.count >= reading->limit)
        return MUSTER_SAME; /* a sample is enough */
    size_t count = 0;
    for (; rc == MUSTER_OK && count < resource->with_count; count++)
        rc = child_read(reading, resource->with[count], record, &attached[count], &children[count]);
    reading->rows.children = children;
    reading->rows.child_count = rc == MUSTER_OK ? count : 0;
    if (rc == MUSTER_OK)
        rc = rows_give(&reading->rows, record, place);
    reading->rows.child_count = 0;
    for (size_t n = 0; n < count; n++) {
        muster_document_free(attached[n].document);
        free(attached[n].records);
    }
    if (rc == MUSTER_OK)
        latest_note(reading, record);
    reading->rest->host->progress(reading->rest->run, reading->rows.count, 0);
    return rc;
}

/* ---- partitions ---- */

struct parts {
    struct rest *rest;
    struct reading *reading;
    char **ids;
    size_t count;
    muster_rc (*give)(struct parts *parts, const struct part *part);
    struct reading *first; /* where the first one is kept */
    char *id, *name, *url;
};

static const char *part_text(const struct place *place, const muster_node *record, const muster_node *parent)
{
    const char *text;
    if (!place->pointer)
        return NULL;
    const char *said = muster_node_text(place_node(place, record, NULL, parent, NULL, &text));
    return said && *said ? said : NULL;
}

static muster_rc part_found(void *context, const muster_node *record, const char *where)
{
    struct parts *parts = context;
    struct rest *rest = parts->rest;
    const muster_node *parent = parts->reading->rows.parent;
    struct part part = {part_text(&rest->partition_id, record, parent),
                        part_text(&rest->partition_name, record, parent),
                        part_text(&rest->partition_url, record, parent)};
    if (!part.id || strlen(part.id) > 150 || (rest->partition_url.pointer && !part.url))
        return rest->host->fail(rest->run, MUSTER_RETRY,
                                "%s at %s has no %s, by option '%s': none of them is asked, and the list is read again "
                                "at the next run",
                                rest->partitions->name, where, part.id ? "address" : "id",
                                part.id ? "partition_url" : "partition_id");
    for (size_t n = 0; n < parts->count; n++)
        if (strcmp(parts->ids[n], part.id) == 0)
            return rest->host->fail(rest->run, MUSTER_RETRY, "%s has partition %s twice", rest->partitions->name,
                                    part.id);
    char **more = parts->count < PARTS_MOST ? realloc(parts->ids, (parts->count + 1) * sizeof(*more)) : NULL;
    if (more)
        parts->ids = more;
    if (!more || !(more[parts->count] = strdup(part.id)))
        return rest->host->fail(rest->run, MUSTER_FAIL, "out of memory, or more than %d partitions", PARTS_MOST);
    parts->count++;
    return parts->give(parts, &part);
}

static muster_rc parts_each(struct parts *parts)
{
    struct rest *rest = parts->rest;
    struct reading reading = {.rest = rest, .resource = rest->partitions, .latest = INT64_MIN};
    static const struct part alone = {.id = "main"};
    muster_rc rc = MUSTER_OK;
    parts->reading = &reading;
    reading.scene.part = &reading.part;
    reading.rows.resource = rest->partitions;
    if (rest->partitions)
        rc = list_read(&reading, rest->partitions, part_found, parts, NULL);
    else if (rest->part_count == 0)
        rc = parts->give(parts, &alone);
    for (size_t n = 0; !rest->partitions && rc == MUSTER_OK && n < rest->part_count; n++)
        rc = parts->give(parts, &rest->parts[n]);
    if (rc == MUSTER_OK && rest->partitions && parts->count == 0)
        rc = rest->host->fail(rest->run, MUSTER_RETRY,
                              "%s lists no partition: nobody is asked for, and nobody is concluded to have gone",
                              rest->partitions->name);
    free(reading.token);
    for (size_t n = 0; n < parts->count; n++)
        free(parts->ids[n]);
    free(parts->ids);
    parts->ids = NULL;
    return rc;
}

/* The locator is "URL" or "URL NAME": what is known of a partition comes again with every pull. */
static muster_rc part_tell(struct parts *parts, const struct part *part)
{
    muster_text locator = {0};
    muster_text_put(&locator, part->url ? part->url : "");
    if (part->name) {
        muster_text_put(&locator, " ");
        muster_text_put(&locator, part->name);
    }
    muster_rc rc = locator.failed ? MUSTER_FAIL
                                  : parts->rest->host->partition(parts->rest->run, part->id,
                                                                 part->name ? part->name : part->id, locator.data);
    muster_text_done(&locator);
    return rc;
}

muster_rc read_partitions(struct rest *rest)
{
    struct parts parts = {.rest = rest, .give = part_tell};
    muster_rc rc = parts_each(&parts);
    size_t count = rest->partitions ? parts.count : rest->part_count ? rest->part_count : 1;
    return rc == MUSTER_OK ? rest->host->complete(rest->run, count) : rc;
}

/* ---- a stream ---- */

static bool since_set(struct reading *reading, const char *cursor)
{
    const struct changes_rules *changes = &reading->resource->changes;
    if (strncmp(cursor, "t ", 2) == 0 && changes->reply) {
        reading->scene.since = cursor + 2;
        return true;
    }
    char *end;
    long long stamp = strncmp(cursor, "1 ", 2) == 0 ? strtoll(cursor + 2, &end, 10) : 0;
    if (strncmp(cursor, "1 ", 2) != 0 || *end || changes->reply)
        return false; /* of another description: everything is read */
    bool number = strcmp(changes->format, "number") == 0;
    stamp_write(changes->format, stamp - changes->overlap_s * (number ? 1 : 1000), reading->since);
    reading->scene.since = reading->since;
    return true;
}

static muster_rc cursor_keep(struct reading *reading, const char *before)
{
    const muster_host *host = reading->rest->host;
    char text[STAMP_ROOM];
    if (reading->resource->changes.reply && reading->token) {
        muster_text token = {0};
        muster_text_put(&token, "t ");
        muster_text_put(&token, reading->token);
        muster_rc rc = token.failed ? MUSTER_FAIL : host->cursor(reading->rest->run, token.data);
        muster_text_done(&token);
        return rc;
    }
    if (reading->latest == INT64_MIN)
        return before && reading->scene.since ? host->cursor(reading->rest->run, before) : MUSTER_OK;
    int64_t known = before && reading->scene.since ? strtoll(before + 2, NULL, 10) : INT64_MIN;
    snprintf(text, sizeof(text), "1 %" PRId64, reading->latest > known ? reading->latest : known);
    return host->cursor(reading->rest->run, text);
}

static void reading_begin(struct reading *reading, struct rest *rest, const struct resource *resource)
{
    *reading = (struct reading){.rest = rest, .resource = resource, .latest = INT64_MIN};
    reading->rows = (struct rows){.rest = rest, .resource = resource, .stream = resource->name, .part = &reading->part};
    reading->scene.part = &reading->part;
}

static muster_rc stream_read(struct reading *reading)
{
    muster_rc rc = list_read(reading, reading->resource, record_give, reading, NULL);
    return rc == MUSTER_SAME ? MUSTER_OK : rc;
}

static muster_rc pull_claim(struct reading *reading, const muster_pull *what)
{
    const muster_host *host = reading->rest->host;
    muster_rc rc = MUSTER_OK;
    if (what->limit > 0)
        return host->partial(reading->rest->run, "only a sample was asked for");
    if (reading->resource->changes.set)
        rc = cursor_keep(reading, what->cursor);
    if (rc != MUSTER_OK)
        return rc;
    return reading->scene.since ? host->changes(reading->rest->run, reading->rows.count)
                                : host->complete(reading->rest->run, reading->rows.count);
}

muster_rc read_pull(struct rest *rest, const muster_pull *what)
{
    const struct resource *resource = resource_find(rest, what->stream);
    struct reading reading;
    char *url = NULL;
    if (!resource)
        return MUSTER_CONFIG;
    reading_begin(&reading, rest, resource);
    reading.limit = what->limit;
    reading.part.id = what->partition;
    const char *locator = what->locator ? what->locator : "", *blank = strchr(locator, ' ');
    if (blank)
        reading.part.name = blank + 1;
    if (*locator && *locator != ' ' && !(url = strndup(locator, strcspn(locator, " "))))
        return rest->host->fail(rest->run, MUSTER_FAIL, "out of memory");
    reading.part.url = url;
    if (!what->full && what->cursor && *what->cursor && resource->changes.set)
        since_set(&reading, what->cursor);
    muster_rc rc = stream_read(&reading);
    if (rc == MUSTER_OK)
        rc = pull_claim(&reading, what);
    free(url);
    free(reading.token);
    return rc;
}

/* ---- a look ---- */

static muster_rc part_first(struct parts *parts, const struct part *part)
{
    if (parts->id)
        return MUSTER_OK;
    parts->id = strdup(part->id);
    parts->name = part->name ? strdup(part->name) : NULL;
    parts->url = part->url ? strdup(part->url) : NULL;
    if (!parts->id || (part->name && !parts->name) || (part->url && !parts->url))
        return parts->rest->host->fail(parts->rest->run, MUSTER_FAIL, "out of memory");
    return MUSTER_OK;
}

static muster_rc sample_tell(struct rest *rest, const struct resource *resource)
{
    const muster_stream stream = {.name = resource->name, .doc = resource->path, .flags = MUSTER_READ_FULL};
    muster_rc rc = rest->host->stream(rest->run, &stream);
    for (size_t n = 0; rc == MUSTER_OK && n < resource->field_count; n++) {
        const struct field *one = &resource->fields[n];
        const muster_field field = {
            .name = one->name, .doc = one->text ? one->text : one->at[0].pointer, .type = value_type(one->kind)};
        rc = rest->host->field(rest->run, resource->name, &field);
    }
    return rc;
}

static void parts_done(struct parts *parts)
{
    free(parts->id);
    free(parts->name);
    free(parts->url);
}

static muster_rc some_read(struct parts *parts, const struct resource *resource, uint64_t limit, pages_give give)
{
    struct reading reading;
    reading_begin(&reading, parts->rest, resource);
    reading.part = (struct part){parts->id, parts->name, parts->url};
    reading.limit = limit;
    muster_rc rc = list_read(&reading, resource, give ? give : record_give, &reading, NULL);
    free(reading.token);
    return rc == MUSTER_SAME ? MUSTER_OK : rc;
}

muster_rc read_sample(struct rest *rest)
{
    struct parts parts = {.rest = rest, .give = part_first};
    muster_rc rc = parts_each(&parts);
    for (size_t n = 0; rc == MUSTER_OK && n < rest->resource_count; n++) {
        if (!rest->resources[n].path)
            continue;
        rc = sample_tell(rest, &rest->resources[n]);
        if (rc == MUSTER_OK)
            rc = some_read(&parts, &rest->resources[n], SAMPLE, NULL);
    }
    parts_done(&parts);
    return rc;
}

static muster_rc first_seen(void *context, const muster_node *record, const char *place)
{
    (void)context;
    (void)record;
    (void)place;
    return MUSTER_SAME;
}

muster_rc read_check(struct rest *rest)
{
    struct parts parts = {.rest = rest, .give = part_first};
    const struct resource *resource = rest->check ? resource_find(rest, rest->check) : NULL;
    for (size_t n = 0; !rest->check && !resource && n < rest->resource_count; n++)
        resource = rest->resources[n].path ? &rest->resources[n] : NULL;
    if (rest->check && !resource)
        return MUSTER_CONFIG;
    muster_rc rc = parts_each(&parts);
    if (rc == MUSTER_OK && resource)
        rc = some_read(&parts, resource, 1, first_seen);
    parts_done(&parts);
    return rc;
}
