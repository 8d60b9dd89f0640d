/* event - a call of WFX becomes records, or a rejection that says what is missing. */
#include "wfx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { WHY_ROOM = 700 };

/* One event: of an array there are several in a call. */
struct event {
    struct wfx *wfx;
    const struct kind *kind;
    const muster_http *inbound;
    const muster_node *body; /* NULL: the call has none */
    const char *number;      /* of the call, in the inbox */
    size_t nth, path_len;
    bool deletes;
    char tenant[TEXT_ROOM], customer[TEXT_ROOM], id[TEXT_ROOM], pointer[TEXT_ROOM];
    char place[TEXT_ROOM];
};

static const char *header(const muster_http *inbound, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; inbound->headers && inbound->headers[i]; i++)
        if (strncasecmp(inbound->headers[i], name, len) == 0 && inbound->headers[i][len] == ':')
            return inbound->headers[i] + len + 1 + strspn(inbound->headers[i] + len + 1, " ");
    return "";
}

/* --- the URL --- */

static int hex(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | 0x20) : NULL;
    return at ? (int)(at - digits) : -1;
}

static void decode(const char *text, size_t len, char ret_text[TEXT_ROOM])
{
    size_t used = 0;
    for (size_t i = 0; i < len && used < TEXT_ROOM - 1; i++) {
        bool escaped = text[i] == '%' && i + 2 < len && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0;
        ret_text[used++] = escaped ? (char)(hex(text[i + 1]) << 4 | hex(text[i + 2])) : text[i];
        i += escaped ? 2 : 0;
    }
    ret_text[used] = '\0';
}

/* A value of the query by one of the names, with blanks between; "" when there is none. */
static void query_find(const char *url, const char *names, char ret_text[TEXT_ROOM])
{
    const char *query = strchr(url, '?');
    ret_text[0] = '\0';
    for (const char *at = query; at; at = strpbrk(at, "&")) {
        const char *name = ++at;
        size_t len = strcspn(name, "=&");
        if (name[len] != '=')
            continue;
        for (const char *wanted = names; *wanted; wanted += strcspn(wanted, " "), wanted += *wanted == ' ')
            if (strcspn(wanted, " ") == len && strncasecmp(wanted, name, len) == 0)
                decode(name + len + 1, strcspn(name + len + 1, "&"), ret_text);
    }
}

/* "/punches/987": what stands behind the operation's path. */
static void path_find(const struct event *event, char ret_text[TEXT_ROOM])
{
    const char *rest = event->inbound->url + event->path_len;
    ret_text[0] = '\0';
    if (*rest == '/')
        decode(rest + 1, strcspn(rest + 1, "/?"), ret_text);
}

/* --- what it says --- */

static const muster_node *find(struct event *event, const char *part, const char *usual)
{
    char room[TEXT_ROOM];
    if (!event->body)
        return NULL;
    const char *kind = event->kind->path + 1;
    return body_find(event->body, body_pointers(event->wfx, kind, part, usual, room), event->pointer);
}

static void take_text(struct event *event, const char *part, const char *usual, char ret_text[TEXT_ROOM])
{
    const char *text = muster_node_text(find(event, part, usual));
    snprintf(ret_text, TEXT_ROOM, "%s", text ? text : "");
}

static const char *option(const struct event *event, const char *name)
{
    const char *text = event->wfx->host->text(event->wfx->run, name);
    return text ? text : "";
}

/* Whose it is: as the body says, else as the call does, else as the options do. */
static void identify(struct event *event)
{
    take_text(event, "tenant", "/Tenant", event->tenant);
    take_text(event, "customer", "/CustomerId", event->customer);
    take_text(event, "id", event->kind->id, event->id);
    if (!*event->id && event->deletes)
        path_find(event, event->id);
    if (!*event->id && event->deletes)
        query_find(event->inbound->url, "PunchId Id", event->id);
    if (!*event->tenant)
        query_find(event->inbound->url, "Tenant", event->tenant);
    if (!*event->customer)
        query_find(event->inbound->url, "CustomerId Customer", event->customer);
    if (!*event->tenant)
        snprintf(event->tenant, TEXT_ROOM, "%s", option(event, "tenant"));
    if (!*event->customer)
        snprintf(event->customer, TEXT_ROOM, "%s", option(event, "customer"));
}

/* The zone of its tenant and customer; else what the body says; NULL: the organization's. */
static const char *zone_of(struct event *event, char room[TEXT_ROOM])
{
    char name[64];
    const muster_host *host = event->wfx->host;
    muster_run *run = event->wfx->run;
    for (size_t i = 0; i < host->count(run, "time_zones"); i++) {
        snprintf(name, sizeof(name), "time_zones[%zu].tenant", i);
        const char *tenant = option(event, name);
        if (*tenant && strcmp(tenant, event->tenant) != 0)
            continue;
        snprintf(name, sizeof(name), "time_zones[%zu].customer", i);
        const char *customer = option(event, name);
        if (*customer && strcmp(customer, event->customer) != 0)
            continue;
        snprintf(name, sizeof(name), "time_zones[%zu].zone", i);
        return option(event, name);
    }
    take_text(event, "time_zone", "/TimeZone", room);
    return moment_zone(room) ? room : NULL;
}

/* --- records --- */

static muster_rc refuse(struct event *event, const char *why)
{
    struct wfx *wfx = event->wfx;
    return wfx->host->reject(wfx->run, event->kind->stream, NULL, event->place, why);
}

static bool ends_in_utc(const char *pointer)
{
    size_t len = strlen(pointer);
    return len >= 3 && strcasecmp(pointer + len - 3, "Utc") == 0;
}

static bool put_json_part(struct event *event, muster_record *record, const char *name, const muster_node *node)
{
    char *text = body_json(node);
    if (text)
        event->wfx->host->put(record, name, MUSTER_JSON, text);
    free(text);
    return text != NULL;
}

/* False: no memory. */
static bool put_part(struct event *event, muster_record *record, const struct part *part, const muster_node *node)
{
    const muster_host *host = event->wfx->host;
    const char *text = muster_node_text(node);
    char moment[MOMENT_ROOM], room[TEXT_ROOM];
    if (part->what == PART_JSON || !text)
        return put_json_part(event, record, part->name, node);
    if (part->what == PART_LOCAL) {
        bool utc = ends_in_utc(event->pointer);
        moment_write(text, utc, zone_of(event, room), moment);
        host->put(record, part->name, MUSTER_DATETIME, moment);
    } else {
        text = body_word(event->wfx, event->kind->path + 1, part->name, text);
        host->put(record, part->name, part->what == PART_BOOL ? MUSTER_BOOL : MUSTER_TEXT, text);
    }
    return true;
}

/* What is there and says nothing: null or an empty text. */
static void put_blank(struct event *event, muster_record *record, const struct part *part)
{
    char room[TEXT_ROOM];
    const char *pointers = body_pointers(event->wfx, event->kind->path + 1, part->name, part->pointers, room);
    const muster_node *node = event->body ? body_blank(event->body, pointers) : NULL;
    if (node)
        event->wfx->host->put(record, part->name, MUSTER_TEXT, node->kind == MUSTER_NODE_NULL ? NULL : "");
}

/* What must be there and is not: names, and where they were looked for. */
static bool lacks(struct event *event, char ret_why[WHY_ROOM])
{
    size_t used = 0;
    char room[TEXT_ROOM];
    if (event->deletes)
        return false;
    for (const struct part *part = event->kind->parts; part->name; part++) {
        if (!part->must || find(event, part->name, part->pointers) || used >= WHY_ROOM)
            continue;
        used += (size_t)snprintf(ret_why + used, WHY_ROOM - used, "%s%s (looked at %s)", used ? ", " : "", part->name,
                                 body_pointers(event->wfx, event->kind->path + 1, part->name, part->pointers, room));
    }
    return used > 0;
}

static muster_rc emit(struct event *event, const char *id)
{
    const muster_host *host = event->wfx->host;
    muster_run *run = event->wfx->run;
    muster_record *record = host->record(run, event->kind->stream, id, event->place);
    bool good = true;
    if (*event->tenant)
        host->put(record, "tenant", MUSTER_TEXT, event->tenant);
    if (*event->customer)
        host->put(record, "customer", MUSTER_TEXT, event->customer);
    for (const struct part *part = event->kind->parts; part->name; part++) {
        bool owner = strcmp(part->name, "tenant") == 0 || strcmp(part->name, "customer") == 0;
        bool version = strcmp(part->name, "version") == 0;
        const muster_node *node = owner ? NULL : find(event, part->name, part->pointers);
        if (node && (version || !event->deletes))
            good &= put_part(event, record, part, node);
        else if (!node && !owner && !version && !event->deletes)
            put_blank(event, record, part);
    }
    if (event->kind->id_must && strcmp(event->kind->stream, "punches") == 0)
        host->put(record, "deleted", MUSTER_BOOL, event->deletes ? "true" : "false");
    muster_rc rc = host->emit(run, record);
    if (!good)
        return host->fail(run, MUSTER_FAIL, "no memory for an event");
    return rc == MUSTER_DATA ? MUSTER_OK : rc; /* it was rejected already */
}

static muster_rc one(struct event *event)
{
    char why[WHY_ROOM] = "", id[4 * TEXT_ROOM];
    snprintf(event->place, sizeof(event->place), "inbox:%.32s%s", event->number, event->nth ? "" : "");
    if (event->nth > 0)
        snprintf(event->place, sizeof(event->place), "inbox:%.32s/%zu", event->number, event->nth - 1);
    if (event->body && event->body->kind != MUSTER_NODE_OBJECT)
        return refuse(event, "the body is no JSON object");
    identify(event);
    if (!*event->id && event->kind->id_must) {
        snprintf(why, sizeof(why),
                 "nothing in it says which one it is (looked at %s): name the place in the option aliases, as in "
                 "aliases: { %s: { id: [/Id] } }",
                 event->kind->id, event->kind->path + 1);
        return refuse(event, why);
    }
    if (event->deletes && (!*event->tenant || !*event->customer))
        return refuse(event, "it does not say whose punch was deleted: set the options tenant and customer to what "
                             "the other events say");
    if (lacks(event, why)) {
        char sentence[WHY_ROOM + 200];
        snprintf(sentence, sizeof(sentence), "unmapped: there is no %s; name the places in the option aliases", why);
        return refuse(event, sentence);
    }
    if (*event->id)
        snprintf(id, sizeof(id), "%s/%s/%s", event->tenant, event->customer, event->id);
    else
        snprintf(id, sizeof(id), "event/%s", event->place + 6);
    return emit(event, id);
}

/* Where an operation is, by the option `paths`; else where it is without it: so it was when older events came. */
static const char *path_of(const struct wfx *wfx, const struct kind *kind, bool said)
{
    const muster_node *paths = said ? muster_document_root(wfx->paths) : NULL;
    return said ? muster_node_text(muster_node_member(paths, kind->path + 1)) : kind->path;
}

static const struct kind *kind_of(const struct wfx *wfx, const char *url, size_t *ret_len)
{
    for (int said = 1; said >= 0; said--)
        for (const struct kind *kind = wfx_kinds; kind->path; kind++) {
            const char *path = path_of(wfx, kind, said);
            size_t len = path ? strlen(path) : 0;
            if (len > 0 && strncmp(url, path, len) == 0 && strchr("/?", url[len])) {
                *ret_len = len;
                return kind;
            }
        }
    return NULL;
}

/* NULL: it has none, or it cannot be read, as *ret_why says. */
static muster_document *body_read(const struct wfx *wfx, const muster_http *inbound, const char **ret_why)
{
    size_t len;
    if (inbound->body_len == 0)
        return NULL;
    muster_document *document = muster_document_read(inbound->body, inbound->body_len, ret_why);
    if (document || !wfx->host->number(wfx->run, "relaxed_json"))
        return document;
    char *strict = relaxed_json(inbound->body, inbound->body_len, &len);
    if (strict)
        document = muster_document_read(strict, len, ret_why);
    free(strict);
    return document;
}

muster_rc event_receive(struct wfx *wfx, const muster_http *inbound)
{
    const char *why = NULL;
    struct event event = {.wfx = wfx, .inbound = inbound};
    event.kind = kind_of(wfx, inbound->url, &event.path_len);
    event.number = header(inbound, "Muster-Event");
    event.deletes = strcmp(inbound->method, "DELETE") == 0;
    if (!event.kind)
        return MUSTER_OK; /* a path that this version does not have any more */
    muster_document *document = body_read(wfx, inbound, &why);
    const muster_node *root = muster_document_root(document);
    muster_rc rc = MUSTER_OK;
    if (inbound->body_len > 0 && !document) {
        snprintf(event.place, sizeof(event.place), "inbox:%.32s", event.number);
        rc = refuse(&event, why);
    } else if (root && root->kind == MUSTER_NODE_LIST) {
        for (event.body = muster_node_first(root); event.body && rc == MUSTER_OK; event.body = event.body->next) {
            event.nth++;
            rc = one(&event);
        }
    } else {
        event.body = root;
        rc = one(&event);
    }
    muster_document_free(document);
    return rc;
}
