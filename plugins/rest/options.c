/* options - the description of a service, as the organization's file gives it.
 *
 * Reads the options once, into structs; all that is wrong is gathered and told
 * in one sentence each, with the option that it is about. */
#include "reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct resource *named(struct rest *rest, const char *name)
{
    for (size_t n = 0; n < rest->resource_count; n++)
        if (strcmp(rest->resources[n].name, name) == 0)
            return &rest->resources[n];
    return NULL;
}

static const char *nearest(const struct rest *rest, const char *name)
{
    const char *found = NULL;
    size_t least = strlen(name) / 3 + 2;
    for (size_t n = 0; n < rest->resource_count; n++)
        if (reader_distance(name, rest->resources[n].name) < least) {
            least = reader_distance(name, rest->resources[n].name);
            found = rest->resources[n].name;
        }
    return found;
}

const struct resource *resource_find(struct rest *rest, const char *name)
{
    const struct resource *resource = named(rest, name);
    const char *near = resource ? NULL : nearest(rest, name);
    if (!resource || !resource->path)
        rest->host->fail(rest->run, MUSTER_CONFIG,
                         resource ? "stream '%s' is only written: its resource has no path%s%s%s"
                                  : "stream '%s': option 'resources' has none of that name%s%s%s",
                         name, near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
    return resource && resource->path ? resource : NULL;
}

const struct resource *resource_named(struct rest *rest, const char *name)
{
    const struct resource *resource = named(rest, name);
    if (!resource)
        rest->host->fail(rest->run, MUSTER_CONFIG, "stream '%s': option 'resources' has none of that name", name);
    return resource;
}

static struct resource *reference(struct reader *reader, const char *option, const char *member, const char *name)
{
    struct resource *found = named(reader->rest, name);
    const char *near = found ? NULL : nearest(reader->rest, name);
    if (!found)
        reader_wrong(reader, option, member, "names '%.60s', and there is no such resource%s%s%s", name,
                     near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
    return found;
}

/* ---- parts of a description ---- */

static struct pairs pairs_read(struct reader *reader, const char *option, const char *member)
{
    struct pairs pairs = {.count = reader_count(reader, option, member)};
    pairs.items = reader_many(reader, pairs.count, sizeof(*pairs.items));
    for (size_t n = 0; pairs.items && n < pairs.count; n++) {
        char inner[PATH_ROOM];
        snprintf(inner, sizeof(inner), "%.60s%s%.20s[%zu]", option, *option ? "." : "", member, n);
        pairs.items[n].name = reader_name(reader, inner);
        const char *value = reader_text(reader, inner, "value");
        pairs.items[n].value = value ? value : "";
    }
    return pairs;
}

/* "/Id", "row/Id", "parent/Id", "partition.name"; keeps nothing but `text` */
static struct place place_of(struct reader *reader, const char *option, const char *member, const char *text)
{
    static const struct {
        const char *word;
        enum base base;
    } bases[] = {{"row", BASE_ROW}, {"parent", BASE_PARENT}, {"partition", BASE_PARTITION}};
    if (!text)
        return (struct place){0};
    for (size_t n = 0; n < 3; n++) {
        size_t len = strlen(bases[n].word);
        bool part = bases[n].base == BASE_PARTITION;
        if (strncmp(text, bases[n].word, len) != 0)
            continue;
        if (part && text[len] && strcmp(text + len, ".name") != 0 && strcmp(text + len, ".url") != 0)
            break;
        if (part || text[len] == '/')
            return (struct place){bases[n].base, text + len};
    }
    if (*text != '/')
        reader_wrong(
            reader, option, member,
            "must be a JSON pointer as in /%.60s, or row/…, parent/…, partition, partition.name or partition.url",
            text);
    return (struct place){BASE_RECORD, text};
}

static struct place place_read(struct reader *reader, const char *option, const char *member)
{
    return place_of(reader, option, member, reader_text(reader, option, member));
}

/* "row/department|/department": the first that has a value. */
static void field_places(struct reader *reader, const struct resource *resource, const char *option,
                         struct field *field)
{
    const char *text = reader_text(reader, option, "at");
    field->own = text ? strdup(text) : NULL;
    char *rest = field->own;
    reader->complaints.failed |= text && !rest;
    for (char *one; rest && (one = strsep(&rest, "|"));) {
        if (field->at_count == sizeof(field->at) / sizeof(*field->at)) {
            reader_wrong(reader, option, "at", "has more than %zu places", field->at_count);
            return;
        }
        struct place place = field->at[field->at_count++] = place_of(reader, option, "at", one);
        if (place.base == BASE_ROW && !resource->rows)
            reader_wrong(reader, option, "at", "says row, and the resource has no 'rows'");
        if (place.base == BASE_PARENT && !resource->parent_name)
            reader_wrong(reader, option, "at", "says parent, and the resource has no 'parent'");
    }
}

static void field_read(struct reader *reader, const struct resource *resource, const char *option, struct field *field)
{
    static const char *const kinds[] = {"text", "integer", "decimal", "bool", "date", "time", "datetime", "json"};
    const char *type = reader_text(reader, option, "type");
    char why[WHY_ROOM];
    field->name = reader_name(reader, option);
    field->format = reader_text(reader, option, "format");
    field->text = reader_text(reader, option, "text");
    field->initial = reader_text(reader, option, "default");
    const char *otherwise = reader_text(reader, option, "otherwise");
    field->odd_is_null = otherwise && strcmp(otherwise, "null") == 0;
    field_places(reader, resource, option, field);
    for (size_t k = 0; type && k < sizeof(kinds) / sizeof(*kinds); k++)
        if (strcmp(type, kinds[k]) == 0)
            field->kind = (enum kind)k;
    bool day = field->kind == KIND_DATE || field->kind == KIND_TIME || field->kind == KIND_DATETIME;
    unsigned allowed =
        WORDS_RECORD | WORDS_PARTITION | (resource->rows ? WORDS_ROW : 0) | (resource->parent_name ? WORDS_PARENT : 0);
    if (field->format && !day)
        reader_wrong(reader, option, "format", "is for type: date, time or datetime");
    else if (field->format && !value_format_known(field->kind, field->format))
        reader_wrong(reader, option, "format",
                     "must be iso, epoch_s, epoch_ms or a form of YYYY, MM, DD, HH, mm and SS, as in "
                     "DD-MM-YYYY");
    if (field->at_count == 0 && !field->text)
        reader_wrong(reader, option, "at", "is missing: where field '%.60s' is, as in /%.60s", field->name,
                     field->name);
    if (field->text && field->at_count > 0)
        reader_wrong(reader, option, "text", "stands beside at: one of them says what the field is");
    if (field->text && !words_check(field->text, allowed, why))
        reader_wrong(reader, option, "text", "%s", why);
}

static void fields_read(struct reader *reader, struct resource *resource)
{
    resource->field_count = reader_count(reader, resource->option, "fields");
    resource->fields = reader_many(reader, resource->field_count, sizeof(*resource->fields));
    for (size_t n = 0; resource->fields && n < resource->field_count; n++) {
        char inner[PATH_ROOM];
        snprintf(inner, sizeof(inner), "%.80s.fields[%zu]", resource->option, n);
        field_read(reader, resource, inner, &resource->fields[n]);
    }
}

static void paging_read(struct reader *reader, struct resource *resource)
{
    static const char *const kinds[] = {"none", "page", "offset", "cursor", "link", "next"};
    static const char *const usual[] = {NULL, "page", "offset", "cursor", NULL, NULL};
    struct paging_rules *paging = &resource->paging;
    const char *option = resource->option, *kind = reader_text(reader, option, "pages"),
               *in = reader_text(reader, option, "page_in");
    for (size_t n = 0; kind && n < sizeof(kinds) / sizeof(*kinds); n++)
        if (strcmp(kind, kinds[n]) == 0)
            paging->kind = (enum paging)n;
    paging->in = in ? in : usual[paging->kind];
    paging->size_in = reader_text(reader, option, "size_in");
    paging->header = reader_text(reader, option, "page_header");
    paging->next = reader_pointer(reader, option, "next");
    paging->more = reader_pointer(reader, option, "more");
    paging->total = reader_pointer(reader, option, "total");
    paging->pages = reader_pointer(reader, option, "last_page");
    paging->size = reader_number(reader, option, "page_size");
    paging->most = reader_number(reader, option, "pages_most");
    const char *first = reader_text(reader, option, "first_page");
    paging->first = first ? reader_number(reader, option, "first_page") : paging->kind == PAGING_PAGE;
    paging->short_is_last = reader_number(reader, option, "short_is_last") != 0;
    bool led = paging->kind == PAGING_CURSOR || paging->kind == PAGING_NEXT;
    if (led && !paging->next)
        reader_wrong(reader, option, "next",
                     "is missing: pages: %s goes on with what a reply says there, as in next: /meta/next",
                     kinds[paging->kind]);
    if (paging->next && !led)
        reader_wrong(reader, option, "next", "is for pages: cursor or pages: next");
    if (paging->short_is_last && paging->size == 0)
        reader_wrong(reader, option, "short_is_last",
                     "needs page_size beside it: it is by that size that a page is short");
    if (paging->size_in && paging->size == 0)
        reader_wrong(reader, option, "size_in", "needs page_size beside it: the number that is asked for");
}

static void changes_read(struct reader *reader, struct resource *resource)
{
    struct changes_rules *changes = &resource->changes;
    const char *option = resource->option;
    changes->in = reader_text(reader, option, "since_in");
    changes->at = place_read(reader, option, "changed_at");
    changes->reply = reader_pointer(reader, option, "since_next");
    changes->format = reader_text(reader, option, "since_format");
    changes->overlap_s = reader_number(reader, option, "overlap");
    const char *texts[] = {resource->path, resource->body};
    bool asked = changes->in != NULL;
    for (size_t n = 0; n < 2; n++)
        asked |= texts[n] && strstr(texts[n], "{since}");
    for (size_t n = 0; n < resource->query.count; n++)
        asked |= strstr(resource->query.items[n].value, "{since}") != NULL;
    changes->set = asked && (changes->at.pointer || changes->reply);
    if (asked && !changes->set)
        reader_wrong(reader, option, "changed_at",
                     "is missing: where a record says when it changed, as in changed_at: "
                     "/updated_at, or since_next: where a reply says with what to go on");
    if (!asked && (changes->at.pointer || changes->reply))
        reader_wrong(reader, option, "since_in",
                     "is missing: the parameter that asks for what changed, as in since_in: updated_after");
}

static void ids_read(struct reader *reader, struct resource *resource)
{
    size_t count = reader_count(reader, resource->option, "id");
    if (count > sizeof(resource->ids) / sizeof(*resource->ids))
        reader_wrong(reader, resource->option, "id", "has more than %zu parts",
                     sizeof(resource->ids) / sizeof(*resource->ids));
    for (size_t n = 0; n < count && n < sizeof(resource->ids) / sizeof(*resource->ids); n++) {
        char member[40];
        snprintf(member, sizeof(member), "id[%zu]", n);
        resource->ids[resource->id_count++] = place_read(reader, resource->option, member);
    }
}

static void words_allowed(struct reader *reader, const struct resource *resource, const char *member, const char *text,
                          unsigned allowed)
{
    char why[WHY_ROOM];
    if (text && !words_check(text, allowed | (resource->parent_name ? WORDS_PARENT : 0), why))
        reader_wrong(reader, resource->option, member, "%s", why);
}

/* "PATCH /staff/{id}": a method, and where. */
static const char *call_read(struct reader *reader, const struct resource *resource, const char *member)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
    const char *text = reader_text(reader, resource->option, member);
    char why[WHY_ROOM];
    size_t len = text ? strcspn(text, " ") : 0;
    bool good = !text;
    for (size_t n = 0; text && n < sizeof(methods) / sizeof(*methods); n++)
        good |= strlen(methods[n]) == len && strncmp(text, methods[n], len) == 0;
    const char *path = text ? text + len + strspn(text + len, " ") : "/";
    if (!good || (*path != '/' && !strstr(path, "://")))
        reader_wrong(reader, resource->option, member, "must be a method and a path, as in PATCH /employees/{id}");
    else if (text && !words_check(path, WORDS_FIELDS, why))
        reader_wrong(reader, resource->option, member, "%s", why);
    return text;
}

static void write_read(struct reader *reader, struct resource *resource)
{
    static const char *const hows[] = {"changed", "whole", "merge", "patch"};
    struct write_rules *write = &resource->write;
    const char *option = resource->option, *how = reader_text(reader, option, "update_body");
    write->create = call_read(reader, resource, "create");
    write->update = call_read(reader, resource, "update");
    write->deactivate = call_read(reader, resource, "deactivate");
    write->reactivate = call_read(reader, resource, "reactivate");
    write->remove = call_read(reader, resource, "delete");
    write->find = call_read(reader, resource, "find");
    write->deactivate_body = reader_text(reader, option, "deactivate_body");
    write->reactivate_body = reader_text(reader, option, "reactivate_body");
    write->wrap = reader_pointer(reader, option, "wrap");
    write->id_at = reader_pointer(reader, option, "id_at");
    write->id_header = reader_text(reader, option, "id_header");
    for (size_t n = 0; how && n < sizeof(hows) / sizeof(*hows); n++)
        if (strcmp(how, hows[n]) == 0)
            write->how = (enum update)n;
    bool any = write->create || write->update || write->deactivate || write->remove;
    if (!resource->path && !any)
        reader_wrong(reader, option, "path",
                     "is missing: where the list is that is read, as in /employees; or say create, update "
                     "or deactivate for a target");
    if (write->deactivate_body && !write->deactivate)
        reader_wrong(reader, option, "deactivate_body", "needs deactivate beside it: the call that it is sent with");
    if (write->reactivate_body && !write->reactivate)
        reader_wrong(reader, option, "reactivate_body", "needs reactivate beside it: the call that it is sent with");
}

static void resource_read(struct reader *reader, size_t nth)
{
    struct resource *resource = &reader->rest->resources[nth];
    const char *option = resource->option;
    resource->path = reader_text(reader, option, "path");
    resource->method = reader_text(reader, option, "method");
    resource->body = reader_text(reader, option, "body");
    resource->body_type = reader_text(reader, option, "body_type");
    resource->records = reader_pointer(reader, option, "records");
    resource->rows = reader_pointer(reader, option, "rows");
    resource->headers = pairs_read(reader, option, "headers");
    resource->query = pairs_read(reader, option, "query");
    resource->parent_name = reader_text(reader, option, "parent");
    resource->where_at = place_read(reader, option, "only_at");
    resource->where_is = reader_text(reader, option, "only");
    resource->gone_at = place_read(reader, option, "gone_at");
    resource->gone_is = reader_text(reader, option, "gone");
    resource->all = reader_number(reader, option, "all_fields") != 0;
    resource->lacking_is_empty = reader_number(reader, option, "lacking_is_empty") != 0;
    ids_read(reader, resource);
    fields_read(reader, resource);
    paging_read(reader, resource);
    changes_read(reader, resource);
    write_read(reader, resource);
    if (resource->path && *resource->path != '/' && *resource->path != '{' && !strstr(resource->path, "://"))
        reader_wrong(reader, option, "path", "must begin with a slash, as in /%.60s: it stands below base_url",
                     resource->path);
    if (resource->gone_at.pointer && resource->id_count == 0)
        reader_wrong(reader, option, "gone_at", "needs id beside it: which record it is that is gone");
    unsigned most = WORDS_PARTITION | WORDS_PAGE | WORDS_SINCE;
    words_allowed(reader, resource, "path", resource->path, most);
    words_allowed(reader, resource, "body", resource->body, most);
    for (size_t n = 0; n < resource->query.count; n++)
        words_allowed(reader, resource, "query", resource->query.items[n].value, most);
}

/* ---- how resources hang together ---- */

static bool circle(const struct resource *resource, size_t most)
{
    for (const struct resource *at = resource->parent; at; at = at->parent)
        if (at == resource || most-- == 0)
            return true;
    return false;
}

static void relations_read(struct reader *reader, struct resource *resource)
{
    struct rest *rest = reader->rest;
    if (resource->parent_name)
        resource->parent = reference(reader, resource->option, "parent", resource->parent_name);
    resource->with_count = reader_count(reader, resource->option, "with");
    if (resource->with_count > 16) {
        reader_wrong(reader, resource->option, "with", "has more than 16 resources");
        resource->with_count = 16;
    }
    resource->with = reader_many(reader, resource->with_count, sizeof(struct resource *));
    for (size_t n = 0; resource->with && n < resource->with_count; n++) {
        char member[40];
        snprintf(member, sizeof(member), "with[%zu]", n);
        const char *name = reader_text(reader, resource->option, member);
        resource->with[n] = reference(reader, resource->option, member, name ? name : "");
        if (resource->with[n] &&
            (!resource->with[n]->parent_name || strcmp(resource->with[n]->parent_name, resource->name) != 0))
            reader_wrong(reader, resource->option, member, "names '%.60s', which does not say parent: %.60s",
                         resource->with[n]->name, resource->name);
    }
    if (resource->parent && !resource->parent->path)
        reader_wrong(reader, resource->option, "parent", "names '%.60s', which is not read: it has no path",
                     resource->parent_name);
    (void)rest;
}

static void partitions_read(struct reader *reader)
{
    struct rest *rest = reader->rest;
    const char *from = reader_text(reader, "", "partitions_from");
    rest->part_count = reader_count(reader, "", "partitions");
    rest->parts = reader_many(reader, rest->part_count, sizeof(*rest->parts));
    for (size_t n = 0; rest->parts && n < rest->part_count; n++) {
        char inner[40];
        snprintf(inner, sizeof(inner), "partitions[%zu]", n);
        rest->parts[n] = (struct part){reader_name(reader, inner), reader_text(reader, inner, "label"),
                                       reader_text(reader, inner, "url")};
    }
    rest->partition_id = place_read(reader, "", "partition_id");
    rest->partition_name = place_read(reader, "", "partition_name");
    rest->partition_url = place_read(reader, "", "partition_url");
    if (from && rest->part_count > 0)
        reader_wrong(reader, "", "partitions_from",
                     "stands beside partitions: one of them says which partitions there are");
    if (from)
        rest->partitions = reference(reader, "", "partitions_from", from);
    for (struct resource *one = rest->partitions; one && !one->above; one = one->parent)
        one->above = true;
    if (from && !rest->partition_id.pointer)
        reader_wrong(reader, "", "partition_id",
                     "is missing: where a record of '%.60s' says its id, as in partition_id: /id", from);
    if (!from && (rest->partition_id.pointer || rest->partition_name.pointer || rest->partition_url.pointer))
        reader_wrong(reader, "", "partitions_from", "is missing: the resource that lists the partitions");
}

/* ---- log-in ---- */

/* An option's own name, which the broker is told; NULL: the file does not set it. Secrets cannot be seen from here, so
 * their names are told where the kind needs one. */
static const char *option_name(struct reader *reader, size_t nth, const char *member)
{
    struct rest *rest = reader->rest;
    if (rest->text_count == rest->text_room)
        return NULL;
    char *name = rest->texts[rest->text_count++];
    snprintf(name, PATH_ROOM, "log_in[%zu].%s", nth, member);
    return name;
}

static void link_read(struct reader *reader, size_t nth)
{
    struct rest *rest = reader->rest;
    muster_auth *link = &rest->links[nth];
    char option[40];
    snprintf(option, sizeof(option), "log_in[%zu]", nth);
    const char *kind = reader_text(reader, option, "kind"), *in = reader_text(reader, option, "in");
    *link = (muster_auth){.size = sizeof(*link),
                          .name = reader_text(reader, option, "name"),
                          .recipe = reader_text(reader, option, "recipe"),
                          .digest = reader_text(reader, option, "digest"),
                          .encoding = reader_text(reader, option, "encoding"),
                          .token_url = reader_text(reader, option, "token_url"),
                          .token = reader_pointer(reader, option, "token_pointer"),
                          .expires = reader_pointer(reader, option, "expires_pointer"),
                          .secret = option_name(reader, nth, "secret"),
                          .fallback = option_name(reader, nth, "fallback"),
                          .where = in,
                          .extra = nth + 1 < rest->link_count ? link + 1 : NULL};
    link->user = option_name(reader, nth, reader_text(reader, option, "user") ? "user" : "user_secret");
    bool bearer = strcmp(kind, "bearer") == 0, basic = strcmp(kind, "basic") == 0, oauth2 = strcmp(kind, "oauth2") == 0;
    bool exchange = strcmp(kind, "exchange") == 0, placed = !bearer && !basic && !oauth2 && !exchange;
    link->scheme = oauth2 ? "oauth2-client-credentials" : exchange ? "exchange" : bearer || basic ? kind : "recipe";
    if (!in && placed)
        link->where = strcmp(kind, "signature") == 0 ? "header" : kind;
    else if (in && placed && strcmp(kind, "signature") != 0)
        reader_wrong(reader, option, "in", "stands beside kind: %s, which says it already", kind);
    if (placed && !link->name)
        reader_wrong(reader, option, "name", "is missing: the %s's name", link->where);
    if ((oauth2 || exchange) && !link->token_url)
        reader_wrong(reader, option, "token_url", "is missing: where the log-in is exchanged for a token");
    if (exchange && !link->recipe)
        reader_wrong(reader, option, "recipe",
                     "is missing: what is sent to token_url, as in '{\"user\":\"{user}\",\"password\":\"{secret}\"}'");
    if (link->digest && strcmp(kind, "signature") != 0)
        reader_wrong(reader, option, "digest", "is for kind: signature");
    if (strcmp(kind, "signature") == 0 && !link->recipe)
        reader_wrong(reader, option, "recipe", "is missing: the text that is signed, as in {method}\\n{path}\\n{body}");
}

static void meanings_read(struct reader *reader)
{
    static const struct {
        const char *word;
        muster_rc rc;
    } words[] = {{"done", MUSTER_OK},
                 {"retry", MUSTER_RETRY},
                 {"auth", MUSTER_AUTH},
                 {"data", MUSTER_DATA},
                 {"permission", MUSTER_PERMISSION},
                 {"conflict", MUSTER_CONFLICT},
                 {"gone", MUSTER_GONE},
                 {"unsupported", MUSTER_UNSUPPORTED}};
    struct rest *rest = reader->rest;
    rest->meaning_count = reader_count(reader, "", "errors");
    rest->meanings = reader_many(reader, rest->meaning_count, sizeof(*rest->meanings));
    for (size_t n = 0; rest->meanings && n < rest->meaning_count; n++) {
        char option[40];
        snprintf(option, sizeof(option), "errors[%zu]", n);
        const char *means = reader_text(reader, option, "means");
        rest->meanings[n] =
            (struct meaning){reader_name(reader, option), reader_pointer(reader, option, "at"), MUSTER_DATA};
        for (size_t k = 0; means && k < sizeof(words) / sizeof(*words); k++)
            if (strcmp(means, words[k].word) == 0)
                rest->meanings[n].rc = words[k].rc;
    }
}

static void links_read(struct reader *reader)
{
    struct rest *rest = reader->rest;
    rest->link_count = reader_count(reader, "", "log_in");
    if (rest->link_count > LINKS_MOST) {
        reader_wrong(reader, "", "log_in", "has more than %d parts", LINKS_MOST);
        rest->link_count = LINKS_MOST;
    }
    rest->text_room = rest->link_count * 3;
    rest->texts = reader_many(reader, rest->text_room, sizeof(*rest->texts));
    for (size_t n = 0; rest->texts && n < rest->link_count; n++)
        link_read(reader, n);
    rest->auth = rest->link_count > 0 ? rest->links : NULL;
}

/* ---- the whole ---- */

static void resources_read(struct reader *reader)
{
    struct rest *rest = reader->rest;
    rest->resource_count = reader_count(reader, "", "resources");
    rest->resources = reader_many(reader, rest->resource_count, sizeof(*rest->resources));
    for (size_t n = 0; rest->resources && n < rest->resource_count; n++) {
        struct resource *resource = &rest->resources[n];
        snprintf(resource->option, sizeof(resource->option), "resources[%zu]", n);
        resource->name = reader_name(reader, resource->option);
        if (named(rest, resource->name) != resource)
            reader_wrong(reader, resource->option, "name", "is '%.60s', as another one's", resource->name);
    }
    if (!rest->resources)
        rest->resource_count = 0;
    for (size_t n = 0; n < rest->resource_count; n++)
        resource_read(reader, n);
    for (size_t n = 0; n < rest->resource_count; n++)
        relations_read(reader, &rest->resources[n]);
    for (size_t n = 0; n < rest->resource_count; n++)
        if (circle(&rest->resources[n], rest->resource_count))
            reader_wrong(reader, rest->resources[n].option, "parent", "goes in a circle");
    if (rest->resource_count == 0)
        reader_wrong(reader, "", "resources", "is empty: there is nothing to read or write");
}

muster_rc options_read(struct rest *rest)
{
    struct reader reader = {.rest = rest};
    rest->base_url = reader_text(&reader, "", "base_url");
    rest->format = reader_text(&reader, "", "format");
    rest->error_at = reader_pointer(&reader, "", "error_at");
    rest->error_text = reader_pointer(&reader, "", "error_text");
    rest->check = reader_text(&reader, "", "check");
    rest->headers = pairs_read(&reader, "", "headers");
    links_read(&reader);
    meanings_read(&reader);
    resources_read(&reader);
    partitions_read(&reader);
    struct resource *checked = rest->check ? reference(&reader, "", "check", rest->check) : NULL;
    if (checked && !checked->path)
        reader_wrong(&reader, "", "check", "names '%.60s', which is not read: it has no path", rest->check);
    muster_rc rc = MUSTER_OK;
    if (reader.complaints.failed)
        rc = rest->host->fail(rest->run, MUSTER_FAIL, "out of memory");
    else if (reader.complaints.len > 0)
        rc = rest->host->fail(rest->run, MUSTER_CONFIG, "%s", reader.complaints.data);
    muster_text_done(&reader.complaints);
    return rc == MUSTER_OK ? resources_tell(rest) : rc;
}

void options_done(struct rest *rest)
{
    for (size_t n = 0; n < rest->resource_count; n++) {
        free(rest->resources[n].headers.items);
        free(rest->resources[n].query.items);
        for (size_t k = 0; rest->resources[n].fields && k < rest->resources[n].field_count; k++)
            free(rest->resources[n].fields[k].own);
        free(rest->resources[n].fields);
        free(rest->resources[n].with);
    }
    free(rest->resources);
    free(rest->headers.items);
    free(rest->parts);
    free(rest->meanings);
    free(rest->texts);
}
